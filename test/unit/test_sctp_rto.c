#include "sctp/congestion.h"
#include "test/support/unit.h"

/* RFC 9260 section 6.3.1 by hand. */
START_TEST(samples) {
  weft_sctp_rto r;
  weft_sctp_rto_init(&r, WEFT_SEC(1), WEFT_MS(100), WEFT_SEC(60));
  ck_assert_uint_eq(r.rto, WEFT_SEC(1));
  weft_sctp_rto_sample(&r, WEFT_MS(80)); /* SRTT = R, RTTVAR = R/2, RTO = SRTT + 4 RTTVAR */
  ck_assert_uint_eq(r.srtt, WEFT_MS(80));
  ck_assert_uint_eq(r.rttvar, WEFT_MS(40));
  ck_assert_uint_eq(r.rto, WEFT_MS(240));
  weft_sctp_rto_sample(&r, WEFT_MS(120)); /* RTTVAR = 3/4 40 + 1/4 40 = 40; SRTT = 7/8 80 + 1/8 120 = 85 */
  ck_assert_uint_eq(r.rttvar, WEFT_MS(40));
  ck_assert_uint_eq(r.srtt, WEFT_MS(85));
  ck_assert_uint_eq(r.rto, WEFT_MS(245));
}
END_TEST

START_TEST(bounds_and_back_off) {
  weft_sctp_rto r;
  weft_sctp_rto_init(&r, WEFT_SEC(1), WEFT_SEC(1), WEFT_SEC(60));
  weft_sctp_rto_sample(&r, 10);
  ck_assert_uint_eq(r.rto, WEFT_SEC(1));
  for (int i = 0; i < 5; i++) weft_sctp_rto_back_off(&r);
  ck_assert_uint_eq(r.rto, WEFT_SEC(32));
  weft_sctp_rto_back_off(&r);
  weft_sctp_rto_back_off(&r);
  ck_assert_uint_eq(r.rto, WEFT_SEC(60));
  weft_sctp_rto_sample(&r, WEFT_NEVER - 1);
  ck_assert_uint_eq(r.rto, WEFT_SEC(60));
  ck_assert_uint_gt(r.rttvar, 0);
}
END_TEST

Suite *test_sctp_rto(void) {
  static const unit_test tests[] = {UNIT(samples), UNIT(bounds_and_back_off)};
  return unit_suite("sctp/rto", tests, sizeof tests / sizeof tests[0]);
}
