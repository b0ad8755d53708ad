#include "test/unit/relay_rig.h"

START_TEST(seconds_saturate_below_never) {
  ck_assert_uint_eq(weft_relay_seconds(0), 0);
  ck_assert_uint_eq(weft_relay_seconds(3600), UINT64_C(3600000000));
  ck_assert_uint_eq(weft_relay_seconds(UINT64_C(18446744073709)), UINT64_C(18446744073709000000));
  ck_assert_uint_eq(weft_relay_seconds(UINT64_C(18446744073710)), WEFT_NEVER - 1);
  ck_assert_uint_eq(weft_relay_seconds(UINT64_MAX), WEFT_NEVER - 1);
}
END_TEST

START_TEST(unix_seconds) {
  ck_assert_uint_eq(weft_relay_unix(1700000000, WEFT_SEC(7) + 999999), 1700000007);
  ck_assert_uint_eq(weft_relay_unix(-5, WEFT_SEC(7)), 2);
  ck_assert_uint_eq(weft_relay_unix(-7, WEFT_SEC(7)), 0);
  ck_assert_uint_eq(weft_relay_unix(INT64_MIN, WEFT_SEC(7)), 0);
  ck_assert_uint_eq(weft_relay_unix(INT64_MAX, WEFT_NEVER - 1), (uint64_t)INT64_MAX + UINT64_C(18446744073709));
}
END_TEST

Suite *test_relay_seconds(void) {
  static const unit_test tests[] = {UNIT(seconds_saturate_below_never), UNIT(unix_seconds)};
  return unit_suite("relay/seconds", tests, sizeof tests / sizeof tests[0]);
}
