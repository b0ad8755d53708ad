#include "test/unit/relay_rig.h"

/* test/conformance/public/relay.json: voucher-1700000000 */
#define RELAY "002408011220f9b7f5c3c40a5239cbcdae85233e094bdd7c461a651538b22304beabd5fc4e3d"
#define PEER "002408011220487a358fc20be61479f9c7503dd90bb9b5c948274d19bd946bf691fda56cb0d7"
#define VOUCHER "0a26" RELAY "1226" PEER "1880e2cfaa06"

START_TEST(round_trip) {
  uint8_t in[128], out[128];
  weft_relay_voucher v;
  size_t len, n = hex_into(in, sizeof in, VOUCHER);
  ck_assert_int_eq(weft_relay_voucher_decode(&v, in, n), WEFT_OK);
  ck_assert_hex(v.relay.data, v.relay.len, RELAY);
  ck_assert_hex(v.peer.data, v.peer.len, PEER);
  ck_assert_uint_eq(v.expiration, 1700000000);
  ck_assert_int_eq(weft_relay_voucher_encode(&v, out, sizeof out, &len), WEFT_OK);
  ck_assert_hex(out, len, VOUCHER);
  ck_assert_int_eq(weft_relay_voucher_encode(&v, out, len - 1, &n), WEFT_ETOOBIG);
}
END_TEST

START_TEST(refuses_what_is_no_voucher) {
  static const char *const bad[] = {"",
                                    "0a26" RELAY,
                                    "1226" PEER,
                                    "0a0200 1226" PEER,
                                    "0a26" RELAY "120200",
                                    "0801 1226" PEER,
                                    "0a26" RELAY "1001",
                                    VOUCHER "1a00",
                                    VOUCHER "18"};
  uint8_t in[256];
  weft_relay_voucher v;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++)
    ck_assert_msg(weft_relay_voucher_decode(&v, in, hex_into(in, sizeof in, bad[i])) == WEFT_EMALFORMED, "%s", bad[i]);
}
END_TEST

static int sign(void *user, const uint8_t *msg, size_t len, uint8_t *sig, size_t cap, size_t *sig_len) {
  const char *who = user;
  if (cap < 8 || !who) return WEFT_EINTERNAL;
  return rig_sign_as(*who, msg, len, sig, sig_len);
}

/* A voucher of relay for peer, signed by signer who shows the key of `key`, until `expiration`. */
static size_t make(uint8_t *out, char relay, char peer, char signer, char key, uint64_t expiration) {
  uint8_t relay_id[RIG_ID], peer_id[RIG_ID], key_bytes[RIG_KEY];
  size_t len = 0;
  rig_id(relay_id, relay);
  rig_id(peer_id, peer);
  rig_key(key_bytes, key);
  weft_relay_voucher v = {{relay_id, RIG_ID}, {peer_id, RIG_ID}, expiration};
  ck_assert_int_eq(weft_relay_voucher_sign(&v, (weft_relay_bytes){key_bytes, RIG_KEY}, sign, &signer, out, 512, &len),
                   WEFT_OK);
  return len;
}

/* What relay 'r' and peer 'a' make of it at second 1000; "" when it is good. */
static const char *judge(const uint8_t *voucher, size_t len) {
  weft_peer_id relay, self;
  uint8_t id[RIG_ID];
  rig_id(id, 'r');
  ck_assert_int_eq(weft_peer_id_from_bytes(&relay, id, sizeof id), WEFT_OK);
  rig_id(id, 'a');
  ck_assert_int_eq(weft_peer_id_from_bytes(&self, id, sizeof id), WEFT_OK);
  weft_relay_voucher_expect x = {&relay, &self, 1000, rig_verify, NULL};
  const char *wrong = weft_relay_voucher_check((weft_relay_bytes){voucher, len}, &x);
  return wrong ? wrong : "";
}

START_TEST(accepts_what_the_relay_signed) {
  uint8_t v[512];
  ck_assert_str_eq(judge(v, make(v, 'r', 'a', 'r', 'r', 1001)), "");
  ck_assert_str_eq(judge(v, make(v, 'r', 'a', 'r', 'r', UINT64_MAX)), "");
}
END_TEST

START_TEST(refuses_every_other_relay_peer_signer_and_time) {
  uint8_t v[512];
  ck_assert_str_eq(judge(v, make(v, 'x', 'a', 'r', 'r', 1001)), "the voucher names another relay");
  ck_assert_str_eq(judge(v, make(v, 'r', 'b', 'r', 'r', 1001)), "the voucher is for another peer");
  ck_assert_str_eq(judge(v, make(v, 'r', 'a', 'x', 'x', 1001)), "the voucher is signed by another than the relay");
  ck_assert_str_eq(judge(v, make(v, 'r', 'a', 'x', 'r', 1001)), "the voucher's signature does not verify");
  ck_assert_str_eq(judge(v, make(v, 'r', 'a', 'r', 'r', 1000)), "the voucher has expired");
  ck_assert_str_eq(judge(v, make(v, 'r', 'a', 'r', 'r', 0)), "the voucher has expired");
}
END_TEST

/* Every bit of it counts. */
START_TEST(refuses_every_flipped_bit_and_every_cut) {
  uint8_t v[512];
  size_t len = make(v, 'r', 'a', 'r', 'r', 1001);
  for (size_t bit = 0; bit < 8 * len; bit++) {
    v[bit / 8] ^= (uint8_t)(1u << bit % 8);
    ck_assert_msg(*judge(v, len), "bit %zu", bit);
    v[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  for (size_t n = 0; n < len; n++) ck_assert_msg(*judge(v, n), "cut at %zu", n);
  ck_assert_str_eq(judge(v, len), "");
}
END_TEST

/* Signed rightly in all but one thing: the domain, the payload type, a payload that is no voucher. */
static size_t seal(uint8_t *out, const char *domain, uint8_t type, const uint8_t *payload, size_t n) {
  uint8_t key[RIG_KEY], msg[512], sig[8], types[2] = {0x03, type};
  size_t len;
  rig_key(key, 'r');
  weft_relay_envelope e = {{key, RIG_KEY}, {types, 2}, {payload, n}, {sig, 0}};
  ck_assert_int_eq(weft_relay_envelope_signing_input(domain, &e, msg, sizeof msg, &len), WEFT_OK);
  rig_sign_as('r', msg, len, sig, &e.signature.len);
  ck_assert_int_eq(weft_relay_envelope_encode(&e, out, 512, &len), WEFT_OK);
  return len;
}

START_TEST(refuses_other_domains_types_and_payloads) {
  uint8_t relay[RIG_ID], peer[RIG_ID], payload[128], v[512];
  size_t n;
  rig_id(relay, 'r');
  rig_id(peer, 'a');
  weft_relay_voucher good = {{relay, RIG_ID}, {peer, RIG_ID}, 1001};
  ck_assert_int_eq(weft_relay_voucher_encode(&good, payload, sizeof payload, &n), WEFT_OK);
  ck_assert_str_eq(judge(v, seal(v, "libp2p-relay-rsvp", 0x02, payload, n)), "");
  ck_assert_str_eq(judge(v, seal(v, "libp2p-peer-record", 0x02, payload, n)),
                   "the voucher's signature does not verify");
  ck_assert_str_eq(judge(v, seal(v, "libp2p-relay-rsvp", 0x01, payload, n)),
                   "the envelope holds something else than a voucher");
  ck_assert_str_eq(judge(v, seal(v, "libp2p-relay-rsvp", 0x02, payload, n - 1)), "the voucher is malformed");
  ck_assert_str_eq(judge((const uint8_t *)"x", 1), "the voucher is no signed envelope");
}
END_TEST

START_TEST(a_payload_longer_than_any_message_is_refused) {
  static uint8_t big[4200], v[4400];
  uint8_t key[RIG_KEY];
  size_t len;
  rig_key(key, 'r');
  weft_relay_envelope e = {{key, RIG_KEY}, {(const uint8_t *)"\x03\x02", 2}, {big, sizeof big}, {key, 8}};
  ck_assert_int_eq(weft_relay_envelope_encode(&e, v, sizeof v, &len), WEFT_OK);
  ck_assert_str_eq(judge(v, len), "the voucher is longer than any voucher");
}
END_TEST

START_TEST(signing_hands_errors_on) {
  uint8_t id[RIG_ID], key[RIG_KEY], out[512];
  static uint8_t long_id[300], long_key[4200];
  size_t len;
  rig_id(id, 'r');
  rig_key(key, 'r');
  weft_relay_voucher v = {{id, RIG_ID}, {id, RIG_ID}, 1};
  weft_relay_bytes k = {key, RIG_KEY};
  ck_assert_int_eq(weft_relay_voucher_sign(&v, k, sign, NULL, out, sizeof out, &len), WEFT_EINTERNAL);
  ck_assert_int_eq(weft_relay_voucher_sign(&v, k, sign, "r", out, 60, &len), WEFT_ETOOBIG);
  k = (weft_relay_bytes){long_key, sizeof long_key};
  ck_assert_int_eq(weft_relay_voucher_sign(&v, k, sign, "r", out, sizeof out, &len), WEFT_ETOOBIG);
  v.relay = (weft_relay_bytes){long_id, sizeof long_id};
  ck_assert_int_eq(weft_relay_voucher_sign(&v, k, sign, "r", out, sizeof out, &len), WEFT_ETOOBIG);
}
END_TEST

Suite *test_relay_voucher(void) {
  static const unit_test tests[] = {UNIT(round_trip),
                                    UNIT(refuses_what_is_no_voucher),
                                    UNIT(accepts_what_the_relay_signed),
                                    UNIT(refuses_every_other_relay_peer_signer_and_time),
                                    UNIT(refuses_every_flipped_bit_and_every_cut),
                                    UNIT(refuses_other_domains_types_and_payloads),
                                    UNIT(a_payload_longer_than_any_message_is_refused),
                                    UNIT(signing_hands_errors_on)};
  return unit_suite("relay/voucher", tests, sizeof tests / sizeof tests[0]);
}
