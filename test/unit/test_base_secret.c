#include <string.h>

#include "base/bytes.h"
#include "test/support/unit.h"

START_TEST(a_difference_in_any_bit_is_seen) {
  uint8_t a[33], b[33];
  memset(a, 0x5a, sizeof a);
  for (size_t i = 0; i < sizeof a; i++) {
    for (int bit = 0; bit < 8; bit++) {
      memcpy(b, a, sizeof a);
      b[i] ^= (uint8_t)(1 << bit);
      ck_assert(!weft_ct_equal(a, b, sizeof a));
      ck_assert(weft_ct_equal(a, b, i));
    }
  }
  memcpy(b, a, sizeof a);
  ck_assert(weft_ct_equal(a, b, sizeof a));
  ck_assert(weft_ct_equal(a, b, 0));
}
END_TEST

START_TEST(wiped_bytes_are_zero_and_the_rest_is_not) {
  uint8_t p[10];
  memset(p, 0xff, sizeof p);
  weft_wipe(p + 1, 8);
  ck_assert_uint_eq(p[0], 0xff);
  ck_assert_uint_eq(p[9], 0xff);
  for (size_t i = 1; i < 9; i++) ck_assert_uint_eq(p[i], 0);
  weft_wipe(NULL, 0);
}
END_TEST

Suite *test_base_secret(void) {
  static const unit_test tests[] = {
      UNIT(a_difference_in_any_bit_is_seen),
      UNIT(wiped_bytes_are_zero_and_the_rest_is_not),
  };
  return unit_suite("base/secret", tests, sizeof tests / sizeof tests[0]);
}
