#include <string.h>

#include "base/mem.h"
#include "noise/noise_int.h"

size_t weft_noise_establish_limit(const weft_noise *n) {
  return weft_noise_handshake_overhead(&n->hs) + (n->hs.next == 0 ? 0 : (size_t)WEFT_NOISE_PAYLOAD_MAX);
}

/* Message 1 has no payload: it would travel in the clear (libp2p noise, "Libp2p Data in Handshake Messages"). */
static int write_message(weft_noise *n) {
  size_t len = n->hs.next == 0 ? 0 : n->payload_len, out_len = 0;
  size_t size = weft_noise_handshake_overhead(&n->hs) + len;
  uint8_t *at = weft_noise_frame_reserve(n, size);
  if (!at) return WEFT_ENOMEM;
  int rc = weft_noise_handshake_write(&n->hs, n->payload, len, at, &out_len);
  if (rc != WEFT_OK) return rc;
  weft_noise_frame_commit(n, out_len);
  weft_noise_traced(n, WEFT_TRACE_OUT, "handshake", at, out_len);
  return rc;
}

static void drop_payload(weft_noise *n) {
  weft_mem_free(&n->alloc, n->payload, n->payload_len);
  n->payload = NULL;
  n->payload_len = 0;
}

static void secured(weft_noise *n, const weft_noise_payload *p, const weft_noise_muxers *m) {
  weft_noise_handshake_split(&n->hs, &n->sending, &n->receiving);
  memcpy(n->hash, n->hs.h, sizeof n->hash);
  weft_wipe(&n->hs, sizeof n->hs);
  drop_payload(n);
  n->limit_at = WEFT_NEVER;
  weft_noise_set_state(n, WEFT_NOISE_STATE_SECURED);
  weft_noise_event ev = {.type = WEFT_NOISE_EVENT_SECURED,
                         .peer_id = n->peer_id,
                         .peer_id_len = n->peer_id_len,
                         .peer_key = p->key,
                         .peer_key_len = p->key_len,
                         .muxers = m->list,
                         .muxers_len = m->n};
  n->cb.event(n->user, &ev, n->now);
}

int weft_noise_establish_send(weft_noise *n) {
  if (!weft_noise_handshake_our_turn(&n->hs)) return WEFT_OK;
  int rc = write_message(n);
  if (rc == WEFT_EPROTO)
    return weft_noise_fail(n, WEFT_WHO_PEER, "handshake", rc, "the peer's key is a point of low order");
  if (rc != WEFT_OK) return weft_noise_fail(n, WEFT_WHO_SELF, "handshake", rc, "no handshake message could be made");
  weft_noise_flush(n);
  return n->state == WEFT_NOISE_STATE_HANDSHAKE ? WEFT_OK : WEFT_ECLOSED;
}

static const char *why(int code) {
  if (code == WEFT_EPROTO) return "the peer's key is a point of low order";
  if (code == WEFT_EMALFORMED) return "a handshake message is too short";
  return "a handshake message could not be authenticated: the two sides saw different certificates or prologues, or it "
         "was "
         "altered";
}

/* The first message is 32 octets; establish_limit has refused longer ones. */
static int read_message(weft_noise *n, const uint8_t *msg, size_t len, uint8_t **payload, size_t *payload_len) {
  uint8_t *out = weft_buf_reserve(&n->plain, len);
  if (!out) return WEFT_ENOMEM;
  int rc = weft_noise_handshake_read(&n->hs, msg, len, out, payload_len);
  if (rc != WEFT_OK) return weft_noise_fail(n, WEFT_WHO_PEER, "handshake", rc, why(rc));
  *payload = out;
  return WEFT_OK;
}

static int check_peer(weft_noise *n, const weft_noise_payload *p) {
  int rc = weft_noise_payload_verify(p, n->hs.rs);
  if (rc == WEFT_EUNSUPPORTED)
    return weft_noise_fail(n, WEFT_WHO_PEER, "identity key", rc,
                           "the peer's identity key is of a kind or size not spoken here");
  if (rc == WEFT_EMALFORMED)
    return weft_noise_fail(n, WEFT_WHO_PEER, "identity key", rc, "the peer's identity key is malformed");
  if (rc != WEFT_OK)
    return weft_noise_fail(n, WEFT_WHO_PEER, "identity signature", rc, "the peer did not prove the identity it claims");
  rc = weft_identity_peer_id(p->key, p->key_len, n->peer_id, &n->peer_id_len);
  if (rc != WEFT_OK)
    return weft_noise_fail(n, WEFT_WHO_PEER, "identity key", rc, "the peer's identity key is too large");
  if (n->expected_peer_len == 0) return WEFT_OK;
  if (n->expected_peer_len == n->peer_id_len && memcmp(n->expected_peer, n->peer_id, n->peer_id_len) == 0)
    return WEFT_OK;
  return weft_noise_fail(
      n, WEFT_WHO_PEER, "peer id", WEFT_EAUTH,
      "the peer is not the one that was dialled: check the /p2p/ part of the address, or that no other "
      "program answers there");
}

static int read_payload(weft_noise *n, const uint8_t *data, size_t len, weft_noise_payload *p, weft_noise_muxers *m) {
  int rc = weft_noise_payload_decode(p, data, len);
  if (rc == WEFT_OK && p->extensions) rc = weft_noise_muxers_decode(m, p->extensions, p->extensions_len);
  if (rc != WEFT_OK)
    return weft_noise_fail(n, WEFT_WHO_PEER, "payload", rc, "the peer's handshake payload is malformed");
  return check_peer(n, p);
}

int weft_noise_establish_read(weft_noise *n, const uint8_t *msg, size_t len) {
  weft_noise_payload p = {0};
  weft_noise_muxers m;
  uint8_t *payload = NULL;
  size_t payload_len = 0;
  m.n = 0;
  bool first = n->hs.next == 0;
  int rc = read_message(n, msg, len, &payload, &payload_len);
  if (rc == WEFT_OK && !first) rc = read_payload(n, payload, payload_len, &p, &m);
  if (rc == WEFT_OK) rc = weft_noise_establish_send(n);
  if (rc == WEFT_OK && n->hs.next == 3) secured(n, &p, &m);
  return rc;
}
