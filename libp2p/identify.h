/* weft libp2p: identify (/ipfs/id/1.0.0) and identify push, as a codec and a reader. The responder writes one message and closes.
 *
 *   weft_identify me = {.agent_version = "weft/0.1.0", .protocol_version = "ipfs/0.1.0", .public_key = id.key_protobuf,
 *                       .public_key_len = 36, .protocols = protos, .protocols_len = 3};
 *   uint8_t buf[WEFT_IDENTIFY_MAX + 2];
 *   size_t len;
 *   weft_identify_encode(&me, buf, sizeof buf, &len);         with its uvarint length in front: write it, then close
 *
 *   weft_identify_reader r;
 *   weft_identify_reader_init(&r);
 *   on bytes:  int rc = weft_identify_reader_input(&r, data, len);
 *              if (rc == WEFT_OK) use(&r.message);           WEFT_EAGAIN: more bytes are needed
 *
 * Source: libp2p specs identify/README.md. Callable from anywhere; no allocation.
 */
#ifndef WEFT_LIBP2P_IDENTIFY_H
#define WEFT_LIBP2P_IDENTIFY_H

#include "../base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_IDENTIFY_PROTOCOL "/ipfs/id/1.0.0"
#define WEFT_IDENTIFY_PUSH_PROTOCOL "/ipfs/id/push/1.0.0"
#define WEFT_IDENTIFY_MAX 4096      /* what we send: rust-libp2p refuses more */
#define WEFT_IDENTIFY_READ_MAX 8192 /* what we accept: as go-libp2p */
#define WEFT_IDENTIFY_LIST_MAX 64   /* protocols or addresses kept of one message; the rest is ignored */

typedef struct weft_identify_bytes {
  const uint8_t *data;
  size_t len;
} weft_identify_bytes;

/* All pointers are borrowed (encode) or point into the reader's buffer or the decoded bytes (decode). Absent: NULL or 0. */
typedef struct weft_identify {
  const char *protocol_version, *agent_version; /* encode: terminated, length fields ignored */
  size_t protocol_version_len, agent_version_len;
  const uint8_t *public_key;
  size_t public_key_len;
  const uint8_t *observed_addr; /* multiaddr bytes */
  size_t observed_addr_len;
  const char *const *protocols; /* encode: terminated strings */
  size_t protocols_len;
  const weft_identify_bytes *listen_addrs; /* encode */
  size_t listen_addrs_len;
  weft_identify_bytes got_protocols[WEFT_IDENTIFY_LIST_MAX]; /* decode */
  size_t got_protocols_len;
  weft_identify_bytes got_addrs[WEFT_IDENTIFY_LIST_MAX];
  size_t got_addrs_len;
  const uint8_t *signed_peer_record;
  size_t signed_peer_record_len;
} weft_identify;

/* With the uvarint length in front; WEFT_ETOOBIG above WEFT_IDENTIFY_MAX (drop some addresses). */
int weft_identify_encode(const weft_identify *m, uint8_t *out, size_t cap, size_t *len);
int weft_identify_decode(weft_identify *m, const uint8_t *data, size_t len); /* without the length */
bool weft_identify_has_protocol(const weft_identify *m, const char *protocol);

typedef struct weft_identify_reader {
  uint8_t buf[WEFT_IDENTIFY_READ_MAX + 4];
  size_t len;
  weft_identify message;
} weft_identify_reader;
void weft_identify_reader_init(weft_identify_reader *r);
/* WEFT_OK: message is there; WEFT_EAGAIN; WEFT_EMALFORMED; WEFT_ETOOBIG. */
int weft_identify_reader_input(weft_identify_reader *r, const uint8_t *data, size_t len);

#ifdef __cplusplus
}
#endif
#endif
