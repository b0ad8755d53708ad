#include "webrtc/webrtc_int.h"

enum { MTU_LEAST = 576 }; /* what SCTP needs (512) and a record around it */

void weft_webrtc_config_init(weft_webrtc_config *c, size_t size) {
  weft_webrtc_config d = {
      .size = sizeof d,
      .direct_version = 1,
      .ice_limit = WEFT_SEC(15),
      .idle_timeout = WEFT_SEC(30), /* RFC 7675 section 5.1 */
      .mtu = 1200,                  /* RFC 8831 section 5, RFC 8261 section 5: a safe size without path MTU discovery */
      .max_streams = 1024,
      .early_streams = 10, /* as js-libp2p keeps */
      .early_bytes = 16 * 1024,
      .stream_send_limit = 256 * 1024,
      .recv_window = 1024 * 1024,
      .stall_limit = WEFT_SEC(30),
      .fin_ack_limit = WEFT_SEC(10), /* as go-libp2p and js-libp2p wait */
      .auto_consume = true,
      .max_connections = 1024,
      .max_in_flight = 128, /* as go-libp2p */
      .max_admitted = 32,   /* as go-libp2p */
  };
  c->size = size;
  weft_sized_copy(c, size, &d);
}

int weft_webrtc_check_config(const weft_webrtc_config *cfg, weft_webrtc_config *full) {
  weft_webrtc_config_default(full);
  weft_sized_copy(full, sizeof *full, cfg);
  if (!full->rng.fill || !full->cert || full->mtu < MTU_LEAST) return WEFT_EINVAL;
  if (full->expected_peer_len > WEFT_PEER_ID_MAX || full->stream_send_limit == 0) return WEFT_EINVAL;
  return full->recv_window >= 4 * WEFT_WEBRTC_FRAME_MAX ? WEFT_OK : WEFT_EINVAL;
}
