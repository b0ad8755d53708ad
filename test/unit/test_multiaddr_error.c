#include <string.h>

#include "multiaddr/multiaddr_int.h"
#include "test/support/unit.h"

START_TEST(component_name_and_cause) {
  weft_multiaddr_error err;
  ck_assert_int_eq(weft_multiaddr_fail(&err, WEFT_EMALFORMED, 12, "udp", 3, "what"), WEFT_EMALFORMED);
  ck_assert_str_eq(err.text, "component 12: udp: what");
  ck_assert_uint_eq(err.component, 12);
  weft_multiaddr_fail(&err, WEFT_EMALFORMED, 0, "", 0, "empty");
  ck_assert_str_eq(err.text, "address: empty");
  weft_multiaddr_fail(&err, WEFT_EMALFORMED, SIZE_MAX, "", 0, "x");
  ck_assert_str_eq(err.text, "component 18446744073709551615: x");
  ck_assert_int_eq(weft_multiaddr_fail(NULL, WEFT_ETOOBIG, 1, "udp", 3, "what"), WEFT_ETOOBIG);
}
END_TEST

START_TEST(a_long_text_is_cut_and_terminated) {
  weft_multiaddr_error err;
  char what[400];
  memset(what, 'w', sizeof what - 1);
  what[sizeof what - 1] = '\0';
  memset(&err, 0xff, sizeof err);
  weft_multiaddr_fail(&err, WEFT_EMALFORMED, 1, what, sizeof what - 1, what);
  ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
  ck_assert_uint_eq(strlen(err.protocol), sizeof err.protocol - 1);
}
END_TEST

Suite *test_multiaddr_error(void) {
  static const unit_test tests[] = {UNIT(component_name_and_cause), UNIT(a_long_text_is_cut_and_terminated)};
  return unit_suite("multiaddr/error", tests, sizeof tests / sizeof tests[0]);
}
