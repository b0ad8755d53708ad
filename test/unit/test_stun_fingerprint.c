#include <string.h>

#include "stun/stun.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

/* RFC 5769 section 2.2 */
static const char response_hex[] =
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96";

START_TEST(every_bit) {
  uint8_t buf[128];
  weft_stun_msg m;
  size_t n = hex_into(buf, sizeof buf, response_hex);
  ck_assert_int_eq(weft_stun_parse(&m, buf, n), WEFT_OK);
  ck_assert_int_eq(weft_stun_check_fingerprint(&m), 1);
  for (size_t bit = 8 * 8; bit < 8 * n; bit++) {
    buf[bit / 8] ^= (uint8_t)(1 << (bit % 8));
    if (weft_stun_parse(&m, buf, n) == WEFT_OK) ck_assert_int_ne(weft_stun_check_fingerprint(&m), 1);
    buf[bit / 8] ^= (uint8_t)(1 << (bit % 8));
  }
}
END_TEST

START_TEST(absent_or_short) {
  uint8_t buf[64];
  weft_stun_msg m;
  size_t n = hex_into(buf, sizeof buf, "000100002112a442b7e7a701bc34d686fa87dfae");
  ck_assert_int_eq(weft_stun_parse(&m, buf, n), WEFT_OK);
  ck_assert_int_eq(weft_stun_check_fingerprint(&m), 0);
  n = hex_into(buf, sizeof buf, "000100042112a442b7e7a701bc34d686fa87dfae80280000");
  ck_assert_int_eq(weft_stun_parse(&m, buf, n), WEFT_OK);
  ck_assert_int_eq(weft_stun_check_fingerprint(&m), WEFT_EAUTH);
}
END_TEST

Suite *test_stun_fingerprint(void) {
  static const unit_test tests[] = {UNIT(every_bit), UNIT(absent_or_short)};
  return unit_suite("stun/fingerprint", tests, sizeof tests / sizeof tests[0]);
}
