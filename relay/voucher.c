/* Reservation vouchers: libp2p specs relay/circuit-v2.md, "Reservation Vouchers", in a signed envelope of RFC 0002. */
#include <string.h>

#include "base/pb.h"
#include "relay/relay_int.h"

enum { RELAY = 1, PEER = 2, EXPIRATION = 3 };

/* The domain, the type, three lengths and the payload of a voucher; anything longer is none. */
enum { SIGNED_MAX = WEFT_RELAY_MESSAGE_MAX + 64 };

/* multicodec table.csv: libp2p-relay-rsvp */
static const uint8_t payload_type[2] = {0x03, 0x02};

static int check_ids(const weft_relay_voucher *v) {
  weft_peer_id id;
  if (weft_peer_id_from_bytes(&id, v->relay.data, v->relay.len) != WEFT_OK) return WEFT_EMALFORMED;
  return weft_peer_id_from_bytes(&id, v->peer.data, v->peer.len);
}

int weft_relay_voucher_decode(weft_relay_voucher *v, const uint8_t *data, size_t len) {
  weft_pb pb;
  weft_pb_field f;
  memset(v, 0, sizeof *v);
  weft_pb_init(&pb, data, len);
  while (weft_pb_next(&pb, &f)) {
    if (f.number < RELAY || f.number > EXPIRATION) continue;
    if (f.wire != (f.number == EXPIRATION ? WEFT_PB_VARINT : WEFT_PB_BYTES)) return WEFT_EMALFORMED;
    if (f.number == RELAY) v->relay = (weft_relay_bytes){f.data, f.len};
    if (f.number == PEER) v->peer = (weft_relay_bytes){f.data, f.len};
    if (f.number == EXPIRATION) v->expiration = f.value;
  }
  return weft_pb_ok(&pb) ? check_ids(v) : WEFT_EMALFORMED;
}

int weft_relay_voucher_encode(const weft_relay_voucher *v, uint8_t *out, size_t cap, size_t *len) {
  weft_wr w;
  weft_wr_init(&w, out, cap);
  weft_pb_put_bytes(&w, RELAY, v->relay.data, v->relay.len);
  weft_pb_put_bytes(&w, PEER, v->peer.data, v->peer.len);
  weft_pb_put_varint(&w, EXPIRATION, v->expiration);
  if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
  *len = weft_wr_len(&w);
  return WEFT_OK;
}

int weft_relay_voucher_sign(const weft_relay_voucher *v, weft_relay_bytes public_key, weft_relay_sign_fn sign,
                            void *sign_user, uint8_t *out, size_t cap, size_t *len) {
  uint8_t payload[3 * WEFT_PEER_ID_BYTES_MAX], msg[SIGNED_MAX], sig[WEFT_RELAY_SIGNATURE_MAX];
  weft_relay_envelope e = {.public_key = public_key,
                           .payload_type = {payload_type, sizeof payload_type},
                           .payload = {payload, 0},
                           .signature = {sig, 0}};
  size_t n;
  if (weft_relay_voucher_encode(v, payload, sizeof payload, &e.payload.len) != WEFT_OK) return WEFT_ETOOBIG;
  int rc = weft_relay_envelope_signing_input(WEFT_RELAY_VOUCHER_DOMAIN, &e, msg, sizeof msg, &n);
  if (rc != WEFT_OK) return rc;
  rc = sign(sign_user, msg, n, sig, sizeof sig, &e.signature.len);
  return rc == WEFT_OK ? weft_relay_envelope_encode(&e, out, cap, len) : rc;
}

bool weft_relay_bytes_equal(weft_relay_bytes a, const uint8_t *data, size_t len) {
  return a.len == len && (len == 0 || memcmp(a.data, data, len) == 0);
}

static bool is_id(weft_relay_bytes a, const weft_peer_id *id) { return weft_relay_bytes_equal(a, id->bytes, id->len); }

static const char *check_signature(const weft_relay_envelope *e, const weft_relay_voucher_expect *x) {
  uint8_t msg[SIGNED_MAX], signer[WEFT_PEER_ID_BYTES_MAX];
  size_t n, signer_len = 0;
  if (weft_relay_envelope_signing_input(WEFT_RELAY_VOUCHER_DOMAIN, e, msg, sizeof msg, &n) != WEFT_OK)
    return "the voucher is longer than any voucher";
  if (x->verify(x->verify_user, e->public_key.data, e->public_key.len, msg, n, e->signature.data, e->signature.len,
                signer, sizeof signer, &signer_len) != WEFT_OK)
    return "the voucher's signature does not verify";
  if (!is_id((weft_relay_bytes){signer, signer_len}, x->relay))
    return "the voucher is signed by another than the relay";
  return NULL;
}

const char *weft_relay_voucher_check(weft_relay_bytes voucher, const weft_relay_voucher_expect *x) {
  weft_relay_envelope e;
  weft_relay_voucher v;
  if (weft_relay_envelope_decode(&e, voucher.data, voucher.len) != WEFT_OK) return "the voucher is no signed envelope";
  if (!weft_relay_bytes_equal(e.payload_type, payload_type, sizeof payload_type))
    return "the envelope holds something else than a voucher";
  const char *wrong = check_signature(&e, x);
  if (wrong) return wrong;
  if (weft_relay_voucher_decode(&v, e.payload.data, e.payload.len) != WEFT_OK) return "the voucher is malformed";
  if (!is_id(v.relay, x->relay)) return "the voucher names another relay";
  if (!is_id(v.peer, x->self)) return "the voucher is for another peer";
  if (v.expiration <= x->unix_now) return "the voucher has expired";
  return NULL;
}
