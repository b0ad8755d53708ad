#include "test/support/hex.h"
#include "test/unit/datachannel_rig.h"

/* RFC 8832 section 5.1, written out by hand: timed, unordered, priority 512, 3000 ms, "ab", "cde" */
static const char *const WIRE = "03 82 0200 00000bb8 0002 0003 6162 636465";

START_TEST(encodes) {
  uint8_t out[64];
  size_t len = 0;
  weft_datachannel_params p = {.reliability = WEFT_DATACHANNEL_TIMED,
                               .unordered = true,
                               .priority = 512,
                               .parameter = 3000,
                               .label = "ab",
                               .label_len = 2,
                               .protocol = "cde",
                               .protocol_len = 3};
  ck_assert_int_eq(weft_datachannel_open_encode(&p, out, sizeof out, &len), WEFT_OK);
  ck_assert_hex(out, len,
                "03820200"
                "00000bb8"
                "00020003"
                "6162636465");
  ck_assert_uint_eq(len, weft_datachannel_open_size(&p));
}
END_TEST

START_TEST(encodes_within_the_buffer_only) {
  uint8_t out[64];
  size_t len = 0;
  weft_datachannel_params p = {.label = "ab", .label_len = 2};
  for (size_t cap = 0; cap < 14; cap++)
    ck_assert_int_eq(weft_datachannel_open_encode(&p, out, cap, &len), WEFT_ETOOBIG);
  ck_assert_int_eq(weft_datachannel_open_encode(&p, out, 14, &len), WEFT_OK);
}
END_TEST

START_TEST(encodes_known_reliabilities_only) {
  uint8_t out[64];
  size_t len = 0;
  weft_datachannel_params p = {.reliability = (weft_datachannel_reliability)3};
  ck_assert_int_eq(weft_datachannel_open_encode(&p, out, sizeof out, &len), WEFT_EINVAL);
}
END_TEST

START_TEST(decodes) {
  uint8_t in[64];
  size_t len = hex_into(in, sizeof in, WIRE);
  weft_datachannel_params p;
  ck_assert_int_eq(weft_datachannel_open_decode(&p, in, len), WEFT_OK);
  ck_assert_int_eq(p.reliability, WEFT_DATACHANNEL_TIMED);
  ck_assert(p.unordered);
  ck_assert_uint_eq(p.priority, 512);
  ck_assert_uint_eq(p.parameter, 3000);
  ck_assert(p.label_len == 2 && memcmp(p.label, "ab", 2) == 0);
  ck_assert(p.protocol_len == 3 && memcmp(p.protocol, "cde", 3) == 0);
}
END_TEST

START_TEST(refuses_every_other_length) {
  uint8_t in[64];
  size_t len = hex_into(in, sizeof in, WIRE);
  weft_datachannel_params p;
  for (size_t n = 0; n < len; n++) ck_assert_int_eq(weft_datachannel_open_decode(&p, in, n), WEFT_EMALFORMED);
  in[len] = 0;
  ck_assert_int_eq(weft_datachannel_open_decode(&p, in, len + 1), WEFT_EMALFORMED);
}
END_TEST

START_TEST(refuses_unassigned_channel_types) {
  uint8_t in[64];
  size_t len = hex_into(in, sizeof in, WIRE);
  weft_datachannel_params p;
  for (unsigned type = 0; type < 256; type++) {
    in[1] = (uint8_t)type;
    int rc = weft_datachannel_open_decode(&p, in, len);
    ck_assert_int_eq(rc, (type & 0x7f) <= 2 ? WEFT_OK : WEFT_EMALFORMED);
  }
}
END_TEST

START_TEST(knows_message_types) {
  for (unsigned type = 0; type < 256; type++) {
    uint8_t byte = (uint8_t)type;
    int want = type == 2 ? WEFT_DATACHANNEL_ACK : type == 3 ? WEFT_DATACHANNEL_OPEN : WEFT_EMALFORMED;
    ck_assert_int_eq(weft_datachannel_message_type(&byte, 1), want);
  }
  ck_assert_int_eq(weft_datachannel_message_type(NULL, 0), WEFT_EMALFORMED);
}
END_TEST

START_TEST(longest_label_and_protocol_round_trip) {
  static uint8_t wire[12 + 2 * 65535];
  static char text[65535];
  memset(text, 'a', sizeof text);
  weft_datachannel_params p = {.label = text, .label_len = 65535, .protocol = text, .protocol_len = 65535}, got;
  size_t len = 0;
  ck_assert_int_eq(weft_datachannel_open_encode(&p, wire, sizeof wire, &len), WEFT_OK);
  ck_assert_uint_eq(len, sizeof wire);
  ck_assert_int_eq(weft_datachannel_open_decode(&got, wire, len), WEFT_OK);
  ck_assert(got.label_len == 65535 && got.protocol_len == 65535);
  wire[8] = wire[9] = 0xff;
  ck_assert_int_eq(weft_datachannel_open_decode(&got, wire, len - 1), WEFT_EMALFORMED);
}
END_TEST

Suite *test_datachannel_dcep(void) {
  static const unit_test tests[] = {UNIT(encodes),
                                    UNIT(encodes_within_the_buffer_only),
                                    UNIT(encodes_known_reliabilities_only),
                                    UNIT(decodes),
                                    UNIT(refuses_every_other_length),
                                    UNIT(refuses_unassigned_channel_types),
                                    UNIT(knows_message_types),
                                    UNIT(longest_label_and_protocol_round_trip)};
  return unit_suite("datachannel/dcep", tests, sizeof tests / sizeof tests[0]);
}
