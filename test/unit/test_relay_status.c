#include "test/unit/relay_rig.h"

START_TEST(names_and_positions_are_of_the_spec) {
  static const struct {
    int status;
    const char *name;
  } want[] = {{100, "OK"},
              {200, "RESERVATION_REFUSED"},
              {201, "RESOURCE_LIMIT_EXCEEDED"},
              {202, "PERMISSION_DENIED"},
              {203, "CONNECTION_FAILED"},
              {204, "NO_RESERVATION"},
              {400, "MALFORMED_MESSAGE"},
              {401, "UNEXPECTED_MESSAGE"}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(want); i++) {
    ck_assert_str_eq(weft_relay_status_name(want[i].status), want[i].name);
    ck_assert_int_eq(weft_relay_status_at(i), want[i].status);
    ck_assert_uint_eq(weft_relay_status_index(want[i].status), i);
  }
  ck_assert_int_eq(weft_relay_status_at(8), 0);
  ck_assert_int_eq(weft_relay_status_at(SIZE_MAX), 0);
  ck_assert_str_eq(weft_relay_status_name(101), "unknown status");
  ck_assert_uint_eq(weft_relay_status_index(101), 8);
}
END_TEST

Suite *test_relay_status(void) {
  static const unit_test tests[] = {UNIT(names_and_positions_are_of_the_spec)};
  return unit_suite("relay/status", tests, sizeof tests / sizeof tests[0]);
}
