#include "dtls/alert.h"

#include "test/support/unit.h"

START_TEST(words_and_codes) {
  ck_assert_int_eq(weft_dtls_alert_code(0), WEFT_OK);
  ck_assert_int_eq(weft_dtls_alert_code(42), WEFT_EAUTH);
  ck_assert_int_eq(weft_dtls_alert_code(40), WEFT_EPROTO);
  ck_assert_int_eq(weft_dtls_alert_code(70), WEFT_EUNSUPPORTED);
  ck_assert_ptr_nonnull(strstr(weft_dtls_alert_text(42), "bad_certificate"));
  for (int i = 0; i < 256; i++) {
    ck_assert_ptr_nonnull(weft_dtls_alert_text((uint8_t)i));
    ck_assert(i == 0 || weft_dtls_alert_code((uint8_t)i) < 0);
  }
}
END_TEST

START_TEST(reasons) {
  ck_assert_uint_eq(weft_dtls_alert_for(WEFT_OK), 0);
  ck_assert_uint_eq(weft_dtls_alert_for(WEFT_EAUTH), 49);
  ck_assert_uint_eq(weft_dtls_alert_for(WEFT_EPROTO), 40);
  ck_assert_uint_eq(weft_dtls_alert_for(WEFT_ECLOSED), 90);
  ck_assert_uint_eq(weft_dtls_alert_for(WEFT_ENOMEM), 80);
}
END_TEST

Suite *test_dtls_alert(void) {
  static const unit_test tests[] = {UNIT(words_and_codes), UNIT(reasons)};
  return unit_suite("dtls/alert", tests, sizeof tests / sizeof tests[0]);
}
