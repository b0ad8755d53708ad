#include <string.h>

#include "multiaddr/multiaddr.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

/* draft-msporny-base58-03 section 5, test vectors. */
START_TEST(published_base58) {
  static const struct {
    const char *hex, *text;
  } cases[] = {{"48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U"},
               {"54686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a7920646f672e",
                "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"},
               {"0000287fb4cd", "11233QC4"}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    uint8_t in[64], back[64];
    char text[96];
    size_t n, len = hex_into(in, sizeof in, cases[i].hex);
    ck_assert_int_eq(weft_base58_encode(in, len, text, sizeof text, &n), WEFT_OK);
    ck_assert_str_eq(text, cases[i].text);
    ck_assert_int_eq(weft_base58_decode(cases[i].text, strlen(cases[i].text), back, sizeof back, &n), WEFT_OK);
    ck_assert_hex(back, n, cases[i].hex);
  }
}
END_TEST

START_TEST(nothing_is_nothing) {
  char text[2] = "x";
  uint8_t out[1];
  size_t n = 9;
  ck_assert_int_eq(weft_base58_encode(NULL, 0, text, sizeof text, &n), WEFT_OK);
  ck_assert_str_eq(text, "");
  ck_assert_int_eq(weft_base58_decode("", 0, out, sizeof out, &n), WEFT_OK);
  ck_assert_uint_eq(n, 0);
  ck_assert_int_eq(weft_base58_encode(NULL, 0, text, 0, &n), WEFT_ETOOBIG);
}
END_TEST

START_TEST(only_zeros) {
  uint8_t out[4] = {9, 9, 9, 9};
  size_t n;
  ck_assert_int_eq(weft_base58_decode("1111", 4, out, 3, &n), WEFT_ETOOBIG);
  ck_assert_int_eq(out[3], 9);
  ck_assert_int_eq(weft_base58_decode("1111", 4, out, 4, &n), WEFT_OK);
  ck_assert_hex(out, n, "00000000");
}
END_TEST

START_TEST(the_largest_number_of_a_size_fits_it) {
  uint8_t ones[32], back[32];
  char text[64];
  size_t n;
  memset(ones, 0xff, sizeof ones);
  ck_assert_int_eq(weft_base58_encode(ones, sizeof ones, text, sizeof text, &n), WEFT_OK);
  ck_assert_str_eq(text, "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG"); /* 2^256 - 1 */
  ck_assert_int_eq(weft_base58_decode(text, n, back, sizeof back, &n), WEFT_OK);
  ck_assert_mem_eq(back, ones, sizeof ones);
  ck_assert_int_eq(weft_base58_decode(text, strlen(text), back, sizeof back - 1, &n), WEFT_ETOOBIG);
}
END_TEST

START_TEST(characters_left_out_are_refused) {
  uint8_t out[8];
  size_t n;
  static const char *const bad[] = {"0", "O", "I", "l", "2\n", "2 ", "\xc3\xa9", "11!"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++)
    ck_assert_int_eq(weft_base58_decode(bad[i], strlen(bad[i]), out, sizeof out, &n), WEFT_EMALFORMED);
}
END_TEST

Suite *test_multiaddr_base_x(void) {
  static const unit_test tests[] = {UNIT(published_base58), UNIT(nothing_is_nothing), UNIT(only_zeros),
                                    UNIT(the_largest_number_of_a_size_fits_it), UNIT(characters_left_out_are_refused)};
  return unit_suite("multiaddr/base_x", tests, sizeof tests / sizeof tests[0]);
}
