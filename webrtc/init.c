/* The channel "init" of /webrtc: the offerer opens it so that the offer has a data-channel section, and closes it when the connection is up
 * (libp2p specs webrtc/webrtc.md). The peer's acknowledgement says that its association is up too. */
#include <string.h>

#include "webrtc/webrtc_int.h"

static const char label[] = "init";

int weft_webrtc_init_open(weft_webrtc *c) {
  weft_datachannel_params p = {.label = label, .label_len = sizeof label - 1};
  c->init_id = WEFT_DATACHANNEL_ID_NONE; /* OPENED is raised before open returns */
  return weft_datachannel_open(c->dc, &p, &c->init_id, c->now);
}

bool weft_webrtc_init_take(weft_webrtc *c, const weft_datachannel_params *p) {
  if (c->setup.secured || c->setup.open_init || c->init_taken) return false;
  if (p->label_len != sizeof label - 1 || memcmp(p->label, label, sizeof label - 1) != 0) return false;
  c->init_taken = true;
  return true;
}

/* One that closes it has seen it, whether it acknowledged it or not. */
void weft_webrtc_init_seen(weft_webrtc *c, uint16_t id) {
  if (!c->setup.open_init || c->init_acked || id != c->init_id) return;
  c->init_acked = true;
  (void)weft_datachannel_close_channel(c->dc, id, c->now);
}
