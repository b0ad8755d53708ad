#include "sctp/congestion.h"
#include "test/support/unit.h"

enum { P = 1148 };

START_TEST(starts_as_the_rfc_says) {
  weft_sctp_cc c;
  weft_sctp_cc_init(&c, P, 1 << 20, 2 << 20);
  ck_assert_uint_eq(c.cwnd, 4404); /* min(4P, max(2P, 4404)) */
  ck_assert_uint_eq(c.ssthresh, 1 << 20);
  weft_sctp_cc_init(&c, 500, 1 << 20, 2 << 20);
  ck_assert_uint_eq(c.cwnd, 2000);
  weft_sctp_cc_init(&c, 5000, 1 << 20, 2 << 20);
  ck_assert_uint_eq(c.cwnd, 10000);
}
END_TEST

START_TEST(slow_start_needs_a_full_window_and_progress) {
  weft_sctp_cc c;
  weft_sctp_cc_init(&c, P, 1 << 20, 2 << 20);
  weft_sctp_cc_acked(&c, 1, true, P, 4404);
  ck_assert_uint_eq(c.cwnd, 4404 + P);
  weft_sctp_cc_acked(&c, 2, true, P, 1000); /* not used */
  ck_assert_uint_eq(c.cwnd, 4404 + P);
  weft_sctp_cc_acked(&c, 2, false, P, 6000); /* no cumulative progress */
  ck_assert_uint_eq(c.cwnd, 4404 + P);
  weft_sctp_cc_acked(&c, 3, true, 100 * P, 6000); /* one SACK opens only so much */
  ck_assert_uint_eq(c.cwnd, 4404 + P + 4 * P);
}
END_TEST

START_TEST(avoidance_opens_by_one_per_window) {
  weft_sctp_cc c;
  weft_sctp_cc_init(&c, P, 1 << 20, 2 << 20);
  c.cwnd = 20 * P;
  c.ssthresh = 10 * P;
  for (int i = 0; i < 19; i++) weft_sctp_cc_acked(&c, 1, true, P, 20 * P);
  ck_assert_uint_eq(c.cwnd, 20 * P);
  weft_sctp_cc_acked(&c, 1, true, P, 20 * P);
  ck_assert_uint_eq(c.cwnd, 21 * P);
  ck_assert_uint_eq(c.partial, 0);
}
END_TEST

START_TEST(loss_halves_once_per_recovery) {
  weft_sctp_cc c;
  weft_sctp_cc_init(&c, P, 1 << 20, 2 << 20);
  c.cwnd = 40 * P;
  ck_assert(weft_sctp_cc_lost(&c, 100));
  ck_assert_uint_eq(c.cwnd, 20 * P);
  ck_assert_uint_eq(c.ssthresh, 20 * P);
  ck_assert(!weft_sctp_cc_lost(&c, 120));
  ck_assert_uint_eq(c.cwnd, 20 * P);
  weft_sctp_cc_acked(&c, 99, true, P, 20 * P);
  ck_assert(c.recovery);
  ck_assert_uint_eq(c.cwnd, 20 * P);
  weft_sctp_cc_acked(&c, 100, true, P, 20 * P);
  ck_assert(!c.recovery);
  c.cwnd = 5 * P;
  weft_sctp_cc_lost(&c, 200);
  ck_assert_uint_eq(c.cwnd, 4 * P); /* never below four */
}
END_TEST

START_TEST(timeout_and_idleness) {
  weft_sctp_cc c;
  weft_sctp_cc_init(&c, P, 1 << 20, 2 << 20);
  c.cwnd = 40 * P;
  weft_sctp_cc_idle(&c, 1);
  ck_assert_uint_eq(c.cwnd, 20 * P);
  weft_sctp_cc_idle(&c, 30);
  ck_assert_uint_eq(c.cwnd, 4 * P);
  c.cwnd = 40 * P;
  weft_sctp_cc_timeout(&c);
  ck_assert_uint_eq(c.cwnd, P);
  ck_assert_uint_eq(c.ssthresh, 20 * P);
}
END_TEST

START_TEST(the_limit_holds) {
  weft_sctp_cc c;
  weft_sctp_cc_init(&c, P, 0xffffffffu, 100 * P);
  for (int i = 0; i < 1000; i++) weft_sctp_cc_acked(&c, 1, true, 50 * P, c.cwnd);
  ck_assert_uint_eq(c.cwnd, 100 * P);
}
END_TEST

Suite *test_sctp_congestion(void) {
  static const unit_test tests[] = {UNIT(starts_as_the_rfc_says),
                                    UNIT(slow_start_needs_a_full_window_and_progress),
                                    UNIT(avoidance_opens_by_one_per_window),
                                    UNIT(loss_halves_once_per_recovery),
                                    UNIT(timeout_and_idleness),
                                    UNIT(the_limit_holds)};
  return unit_suite("sctp/congestion", tests, sizeof tests / sizeof tests[0]);
}
