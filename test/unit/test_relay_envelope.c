#include "test/unit/relay_rig.h"

/* test/conformance/public/relay.json: sign-in-9223372036854775807, made with Python's cryptography from RFC 0002. */
#define PAYLOAD \
  "0a26002408011220f9b7f5c3c40a5239cbcdae85233e094bdd7c461a651538b22304beabd5fc4e3d1226002408011220487a358fc20be61479" \
  "f9" \
  "c7503dd90bb9b5c948274d19bd946bf691fda56cb0d718ffffffffffffffff7f"

START_TEST(signs_domain_type_and_payload_each_with_its_length) {
  uint8_t payload[128], out[256];
  size_t len, n = hex_into(payload, sizeof payload, PAYLOAD);
  weft_relay_envelope e = {.payload_type = {(const uint8_t *)"\x03\x02", 2}, .payload = {payload, n}};
  ck_assert_int_eq(weft_relay_envelope_signing_input("libp2p-relay-rsvp", &e, out, sizeof out, &len), WEFT_OK);
  ck_assert_hex(out, len, "116c69627032702d72656c61792d72737670 020302 5a" PAYLOAD);
  ck_assert_int_eq(weft_relay_envelope_signing_input("libp2p-relay-rsvp", &e, out, len - 1, &n), WEFT_ETOOBIG);
}
END_TEST

START_TEST(round_trip) {
  static const char hex[] = "0a02a1a2 12020302 1a03b1b2b3 2a04c1c2c3c4";
  uint8_t in[64], out[64];
  weft_relay_envelope e;
  size_t len, n = hex_into(in, sizeof in, hex);
  ck_assert_int_eq(weft_relay_envelope_decode(&e, in, n), WEFT_OK);
  ck_assert_hex(e.public_key.data, e.public_key.len, "a1a2");
  ck_assert_hex(e.payload_type.data, e.payload_type.len, "0302");
  ck_assert_hex(e.payload.data, e.payload.len, "b1b2b3");
  ck_assert_hex(e.signature.data, e.signature.len, "c1c2c3c4");
  ck_assert_int_eq(weft_relay_envelope_encode(&e, out, sizeof out, &len), WEFT_OK);
  ck_assert_hex(out, len, hex);
  ck_assert_int_eq(weft_relay_envelope_encode(&e, out, len - 1, &n), WEFT_ETOOBIG);
}
END_TEST

START_TEST(refuses_what_is_no_envelope) {
  static const char *const bad[] = {"",
                                    "12020302 1a03b1b2b3 2a04c1c2c3c4",
                                    "0a02a1a2 12020302 1a03b1b2b3",
                                    "0a02a1a2 2a05c1c2c3c4",
                                    "0801 0a02a1a2 2a01c1",
                                    "0a02a1a2 2801",
                                    "0a02a1a2 1001 2a01c1",
                                    "0a02a1a2 1801 2a01c1"};
  uint8_t in[64];
  weft_relay_envelope e;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++)
    ck_assert_msg(weft_relay_envelope_decode(&e, in, hex_into(in, sizeof in, bad[i])) == WEFT_EMALFORMED, "%s", bad[i]);
  ck_assert_int_eq(weft_relay_envelope_decode(&e, in, hex_into(in, sizeof in, "0a02a1a2 2205aaaaaaaaaa 2a01c1")),
                   WEFT_OK); /* field 4 was the spec's once */
}
END_TEST

Suite *test_relay_envelope(void) {
  static const unit_test tests[] = {UNIT(signs_domain_type_and_payload_each_with_its_length), UNIT(round_trip),
                                    UNIT(refuses_what_is_no_envelope)};
  return unit_suite("relay/envelope", tests, sizeof tests / sizeof tests[0]);
}
