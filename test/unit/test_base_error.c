#include <string.h>

#include "base/base.h"
#include "test/support/unit.h"

START_TEST(every_code_has_a_text_and_a_name) {
  for (int code = WEFT_OK; code >= WEFT_EINTERNAL; code--) {
    ck_assert_str_ne(weft_strerror(code), "unknown error");
    ck_assert_str_ne(weft_errname(code), "WEFT_E?");
    for (int other = code - 1; other >= WEFT_EINTERNAL; other--) {
      ck_assert_str_ne(weft_strerror(code), weft_strerror(other));
      ck_assert_str_ne(weft_errname(code), weft_errname(other));
    }
  }
}
END_TEST

START_TEST(names_stand_at_their_codes) {
  ck_assert_str_eq(weft_errname(WEFT_OK), "WEFT_OK");
  ck_assert_str_eq(weft_errname(WEFT_EAGAIN), "WEFT_EAGAIN");
  ck_assert_str_eq(weft_errname(WEFT_EAUTH), "WEFT_EAUTH");
  ck_assert_str_eq(weft_errname(WEFT_ELIMIT), "WEFT_ELIMIT");
  ck_assert_str_eq(weft_errname(WEFT_EINTERNAL), "WEFT_EINTERNAL");
  ck_assert_str_eq(weft_strerror(WEFT_EAGAIN), "would block");
}
END_TEST

START_TEST(other_values_are_unknown) {
  static const int values[] = {1, 100, WEFT_EINTERNAL - 1, -1000, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(values); i++) {
    ck_assert_str_eq(weft_strerror(values[i]), "unknown error");
    ck_assert_str_eq(weft_errname(values[i]), "WEFT_E?");
  }
}
END_TEST

START_TEST(values_never_change) {
  ck_assert_int_eq(WEFT_EAGAIN, -1);
  ck_assert_int_eq(WEFT_ECLOSED, -7);
  ck_assert_int_eq(WEFT_ENOTFOUND, -13);
  ck_assert_int_eq(WEFT_EINTERNAL, -17);
}
END_TEST

Suite *test_base_error(void) {
  static const unit_test tests[] = {
      UNIT(every_code_has_a_text_and_a_name),
      UNIT(names_stand_at_their_codes),
      UNIT(other_values_are_unknown),
      UNIT(values_never_change),
  };
  return unit_suite("base/error", tests, sizeof tests / sizeof tests[0]);
}
