#include <string.h>

#include "test/support/hex.h"
#include "test/support/unit.h"
#include "weft/webrtc/webrtc.h"

START_TEST(encodes_flag_and_message) {
  uint8_t out[64];
  size_t len;
  weft_webrtc_frame f = {.flag = WEFT_WEBRTC_FIN, .message = (const uint8_t *)"hi", .len = 2};
  ck_assert_int_eq(weft_webrtc_frame_encode(&f, out, sizeof out, &len), WEFT_OK);
  ck_assert_hex(out, len, "06 0800 1202 6869");
}
END_TEST

START_TEST(encodes_nothing_as_an_empty_message) {
  uint8_t out[64];
  size_t len;
  weft_webrtc_frame f = {.flag = WEFT_WEBRTC_FLAG_NONE};
  ck_assert_int_eq(weft_webrtc_frame_encode(&f, out, sizeof out, &len), WEFT_OK);
  ck_assert_hex(out, len, "00");
}
END_TEST

/* "Encoded messages including their length prefix MUST NOT exceed 16 KiB" */
START_TEST(sixteen_kib_is_the_limit) {
  static uint8_t data[WEFT_WEBRTC_FRAME_MAX], out[WEFT_WEBRTC_FRAME_MAX + 16];
  size_t len;
  weft_webrtc_frame f = {.flag = WEFT_WEBRTC_FLAG_NONE, .message = data, .len = 16384 - 2 - 3};
  ck_assert_int_eq(weft_webrtc_frame_encode(&f, out, sizeof out, &len), WEFT_OK);
  ck_assert_uint_eq(len, 16384);
  f.len++;
  ck_assert_int_eq(weft_webrtc_frame_encode(&f, out, sizeof out, &len), WEFT_ETOOBIG);
  f.len = WEFT_WEBRTC_PAYLOAD_MAX;
  f.flag = WEFT_WEBRTC_FIN;
  ck_assert_int_eq(weft_webrtc_frame_encode(&f, out, sizeof out, &len), WEFT_OK);
  f.len = 100;
  ck_assert_int_eq(weft_webrtc_frame_encode(&f, out, 100, &len), WEFT_ETOOBIG);
}
END_TEST

START_TEST(decodes_what_matters) {
  static const struct {
    const char *hex;
    int rc, flag;
    const char *message; /* NULL: absent */
  } cases[] = {
      {"", WEFT_OK, -1, NULL},
      {"0803", WEFT_OK, WEFT_WEBRTC_FIN_ACK, NULL},
      {"08001202abcd", WEFT_OK, WEFT_WEBRTC_FIN, "abcd"},
      {"1200", WEFT_OK, -1, ""},
      {"0863", WEFT_OK, 0x63, NULL}, /* a flag of the future */
      {"08ffffffffffffffffff01", WEFT_OK, INT32_MAX, NULL},
      {"18051201ee", WEFT_OK, -1, "ee"}, /* go's error code */
      {"0800 0802", WEFT_OK, WEFT_WEBRTC_RESET, NULL},
      {"1201aa 1201bb", WEFT_OK, -1, "bb"},
      {"0a00", WEFT_EMALFORMED, 0, NULL}, /* the flag as bytes */
      {"1001", WEFT_EMALFORMED, 0, NULL}, /* the message as a number */
      {"1205aa", WEFT_EMALFORMED, 0, NULL},
      {"0880", WEFT_EMALFORMED, 0, NULL},
      {"0b", WEFT_EMALFORMED, 0, NULL},
      {"0000", WEFT_EMALFORMED, 0, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t in[64];
    weft_webrtc_frame f;
    size_t n = hex_into(in, sizeof in, cases[i].hex);
    ck_assert_msg(weft_webrtc_frame_decode(&f, in, n) == cases[i].rc, "case %s", cases[i].hex);
    if (cases[i].rc != WEFT_OK) continue;
    ck_assert_int_eq(f.flag, cases[i].flag);
    ck_assert_msg((f.message != NULL) == (cases[i].message != NULL), "case %s", cases[i].hex);
    if (f.message) ck_assert_hex(f.message, f.len, cases[i].message);
  }
}
END_TEST

Suite *test_webrtc_framing(void) {
  static const unit_test tests[] = {UNIT(encodes_flag_and_message), UNIT(encodes_nothing_as_an_empty_message),
                                    UNIT(sixteen_kib_is_the_limit), UNIT(decodes_what_matters)};
  return unit_suite("webrtc/framing", tests, sizeof tests / sizeof tests[0]);
}
