#include "base/timer.h"
#include "test/support/unit.h"

START_TEST(sums_saturate_below_never) {
  ck_assert_uint_eq(weft_time_add(5, 7), 12);
  ck_assert_uint_eq(weft_time_add(5, WEFT_NEVER), WEFT_NEVER);
  ck_assert_uint_eq(weft_time_add(WEFT_NEVER - 3, 100), WEFT_NEVER - 1);
  ck_assert_uint_eq(weft_time_add(WEFT_NEVER - 3, 2), WEFT_NEVER - 1);
  ck_assert_uint_eq(weft_time_add(WEFT_NEVER - 3, 1), WEFT_NEVER - 2);
  ck_assert_uint_eq(weft_time_add(0, WEFT_NEVER - 1), WEFT_NEVER - 1);
}
END_TEST

START_TEST(differences_are_never_negative) {
  ck_assert_uint_eq(weft_time_since(9, 4), 5);
  ck_assert_uint_eq(weft_time_since(4, 9), 0);
  ck_assert_uint_eq(weft_time_since(4, 4), 0);
}
END_TEST

START_TEST(due_from_the_deadline_on) {
  ck_assert(!weft_time_due(10, 9));
  ck_assert(weft_time_due(10, 10));
  ck_assert(weft_time_due(10, 11));
  ck_assert(!weft_time_due(WEFT_NEVER, WEFT_NEVER));
  ck_assert_uint_eq(weft_time_min(3, WEFT_NEVER), 3);
  ck_assert_uint_eq(weft_time_max(3, 4), 4);
  ck_assert_uint_eq(WEFT_MS(5), 5000);
  ck_assert_uint_eq(WEFT_SEC(5), 5000000);
}
END_TEST

Suite *test_base_timer(void) {
  static const unit_test tests[] = {
      UNIT(sums_saturate_below_never),
      UNIT(differences_are_never_negative),
      UNIT(due_from_the_deadline_on),
  };
  return unit_suite("base/timer", tests, sizeof tests / sizeof tests[0]);
}
