#include <string.h>

#include "base/hash.h"
#include "test/support/unit.h"

START_TEST(encode_is_lower_case_and_terminated) {
  static const uint8_t in[] = {0x00, 0x0f, 0xf0, 0xab, 0xff};
  char out[2 * sizeof in + 1];
  weft_hex_encode(out, in, sizeof in);
  ck_assert_str_eq(out, "000ff0abff");
  weft_hex_encode(out, in, 0);
  ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(every_byte_comes_back_in_both_cases) {
  for (unsigned v = 0; v < 256; v++) {
    uint8_t in = (uint8_t)v, back = 0;
    char text[3];
    weft_hex_encode(text, &in, 1);
    ck_assert_int_eq(weft_hex_decode(&back, 1, text, 2), WEFT_OK);
    ck_assert_uint_eq(back, v);
    for (char *c = text; *c; c++)
      if (*c >= 'a') *c = (char)(*c - 'a' + 'A');
    ck_assert_int_eq(weft_hex_decode(&back, 1, text, 2), WEFT_OK);
    ck_assert_uint_eq(back, v);
  }
}
END_TEST

START_TEST(decode_refuses_wrong_lengths_and_digits) {
  uint8_t out[4];
  static const char *const bad[] = {"",         "0",        "00112",    "0011223",  "001122334", "0011223344",
                                    "0011223g", "0011 233", "g0112233", "0x112233", "-1112233"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++)
    ck_assert_int_eq(weft_hex_decode(out, 4, bad[i], strlen(bad[i])), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_hex_decode(out, 0, "", 0), WEFT_OK);
}
END_TEST

Suite *test_base_hex(void) {
  static const unit_test tests[] = {
      UNIT(encode_is_lower_case_and_terminated),
      UNIT(every_byte_comes_back_in_both_cases),
      UNIT(decode_refuses_wrong_lengths_and_digits),
  };
  return unit_suite("base/hex", tests, sizeof tests / sizeof tests[0]);
}
