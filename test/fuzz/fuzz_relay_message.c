/* Hop and stop messages, envelopes, vouchers, peer records: any bytes. What is read is written and read again the same;
 * the voucher check takes nothing that the verifier did not. The first byte picks. */
#include <stdlib.h>
#include <string.h>

#include "relay/relay_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

static const uint8_t *start, *stop;

static bool inside(weft_relay_bytes b) { return b.len == 0 || (b.data >= start && b.data + b.len <= stop); }

static bool same(weft_relay_bytes a, weft_relay_bytes b) { return weft_relay_bytes_equal(a, b.data, b.len); }

static void check_same(const weft_relay_message *m, const weft_relay_message *n) {
  REQUIRE(m->type == n->type && m->status == n->status);
  REQUIRE(m->has_peer == n->has_peer && m->has_reservation == n->has_reservation && m->has_limit == n->has_limit);
  REQUIRE(same(m->peer_id, n->peer_id) && same(m->voucher, n->voucher) && m->expire == n->expire);
  REQUIRE(m->limit_duration == n->limit_duration && m->limit_data == n->limit_data && m->addrs_len == n->addrs_len);
  for (size_t i = 0; i < m->addrs_len; i++) REQUIRE(same(m->addrs[i], n->addrs[i]));
}

static void message(const uint8_t *data, size_t size, bool hop) {
  weft_relay_message m, n;
  uint8_t out[WEFT_RELAY_FRAME_MAX];
  size_t len;
  int rc = hop ? weft_relay_hop_decode(&m, data, size) : weft_relay_stop_decode(&m, data, size);
  if (rc != WEFT_OK) return;
  REQUIRE(m.addrs_len <= WEFT_RELAY_ADDRS_MAX && inside(m.peer_id) && inside(m.voucher));
  for (size_t i = 0; i < m.addrs_len; i++) REQUIRE(inside(m.addrs[i]));
  rc = hop ? weft_relay_hop_encode(&m, out, sizeof out, &len) : weft_relay_stop_encode(&m, out, sizeof out, &len);
  REQUIRE(rc == WEFT_OK || rc == WEFT_ETOOBIG);
  if (rc != WEFT_OK) return;
  uint64_t body;
  int prefix = weft_uvarint_peek(out, len, &body);
  REQUIRE(prefix > 0 && (size_t)prefix + body == len && body <= WEFT_RELAY_MESSAGE_MAX);
  rc = hop ? weft_relay_hop_decode(&n, out + prefix, (size_t)body)
           : weft_relay_stop_decode(&n, out + prefix, (size_t)body);
  REQUIRE(rc == WEFT_OK);
  check_same(&m, &n);
}

static void envelope(const uint8_t *data, size_t size) {
  weft_relay_envelope e, f;
  uint8_t out[8192];
  size_t len;
  if (weft_relay_envelope_decode(&e, data, size) != WEFT_OK) return;
  REQUIRE(inside(e.public_key) && inside(e.payload_type) && inside(e.payload) && inside(e.signature));
  REQUIRE(e.public_key.len > 0 && e.signature.len > 0);
  if (weft_relay_envelope_encode(&e, out, sizeof out, &len) != WEFT_OK) return;
  REQUIRE(weft_relay_envelope_decode(&f, out, len) == WEFT_OK);
  REQUIRE(same(e.public_key, f.public_key) && same(e.payload, f.payload) && same(e.signature, f.signature));
  REQUIRE(same(e.payload_type, f.payload_type));
}

static void voucher(const uint8_t *data, size_t size) {
  weft_relay_voucher v, w;
  uint8_t out[8192];
  size_t len;
  if (weft_relay_voucher_decode(&v, data, size) != WEFT_OK) return;
  REQUIRE(inside(v.relay) && inside(v.peer));
  if (weft_relay_voucher_encode(&v, out, sizeof out, &len) != WEFT_OK) return;
  REQUIRE(weft_relay_voucher_decode(&w, out, len) == WEFT_OK);
  REQUIRE(same(v.relay, w.relay) && same(v.peer, w.peer) && v.expiration == w.expiration);
}

static void record(const uint8_t *data, size_t size) {
  weft_relay_peer_record p;
  if (weft_relay_peer_record_decode(&p, data, size) != WEFT_OK) return;
  REQUIRE(inside(p.peer_id) && p.addrs_len <= WEFT_RELAY_ADDRS_MAX);
  for (size_t i = 0; i < p.addrs_len; i++) REQUIRE(inside(p.addrs[i]));
}

static int refuse(void *user, const uint8_t *key, size_t key_len, const uint8_t *msg, size_t len, const uint8_t *sig,
                  size_t sig_len, uint8_t *peer_id, size_t cap, size_t *peer_id_len) {
  (void)user, (void)key, (void)key_len, (void)msg, (void)len, (void)sig, (void)sig_len, (void)peer_id, (void)cap;
  *peer_id_len = 0;
  return WEFT_EAUTH;
}

/* Whoever signed what is in there, the relay did not. */
static void check(const uint8_t *data, size_t size) {
  weft_peer_id relay = {.len = 34, .bytes = {0x12, 0x20, 1}}, self = {.len = 34, .bytes = {0x12, 0x20, 2}};
  weft_relay_voucher_expect x = {&relay, &self, 1700000000, refuse, NULL};
  REQUIRE(weft_relay_voucher_check((weft_relay_bytes){data, size}, &x) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  start = data + 1;
  stop = data + size;
  switch (data[0] % 6) {
  case 0: message(data + 1, size - 1, true); break;
  case 1: message(data + 1, size - 1, false); break;
  case 2: envelope(data + 1, size - 1); break;
  case 3: voucher(data + 1, size - 1); break;
  case 4: record(data + 1, size - 1); break;
  default: check(data + 1, size - 1); break;
  }
  return 0;
}
