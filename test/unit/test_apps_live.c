#include "apps/live.h"
#include "test/support/unit.h"

static live_flight flight;

static void begin(void) { flight = (live_flight){.packets = 0}; }

START_TEST(a_packet_alone_is_timed_until_its_sack) {
  begin();
  live_flight_left(&flight, 10, WEFT_MS(100));
  live_flight_acked(&flight, 9, WEFT_MS(110)); /* of what came before */
  ck_assert_uint_eq(flight.alone.n, 0);
  live_flight_acked(&flight, 10, WEFT_MS(300));
  live_flight_left(&flight, 11, WEFT_MS(400));
  live_flight_acked(&flight, 11, WEFT_MS(450));
  live_flight_acked(&flight, 11, WEFT_MS(900)); /* again: nothing is under way */
  ck_assert_uint_eq(flight.alone.n, 2);
  ck_assert_uint_eq(flight.alone.least, WEFT_MS(50));
  ck_assert_uint_eq(flight.alone.most, WEFT_MS(200));
  ck_assert_uint_eq(flight.second.n, 0);
}
END_TEST

START_TEST(the_second_of_two_is_timed_since_it_left) {
  begin();
  live_flight_left(&flight, 0xffffffff, WEFT_MS(100)); /* serial numbers: 0 comes next */
  live_flight_left(&flight, 0, WEFT_MS(130));
  live_flight_acked(&flight, 0xffffffff, WEFT_MS(140));
  ck_assert_uint_eq(flight.second.n, 0);
  ck_assert_uint_eq(flight.packets, 2);
  live_flight_acked(&flight, 0, WEFT_MS(135 + 100));
  ck_assert_uint_eq(flight.alone.n, 0);
  ck_assert_uint_eq(flight.second.n, 1);
  ck_assert_uint_eq(flight.second.most, WEFT_MS(105));
  ck_assert_uint_eq(flight.packets, 0);
}
END_TEST

START_TEST(the_second_of_many_is_timed_once) {
  begin();
  for (uint32_t tsn = 5; tsn < 9; tsn++) live_flight_left(&flight, tsn, WEFT_MS(tsn));
  live_flight_acked(&flight, 6, WEFT_MS(20));
  live_flight_acked(&flight, 7, WEFT_MS(21));
  ck_assert_uint_eq(flight.packets, 4);
  live_flight_acked(&flight, 8, WEFT_MS(22));
  ck_assert_uint_eq(flight.second.n, 1);
  ck_assert_uint_eq(flight.second.least, WEFT_MS(14));
  ck_assert_uint_eq(flight.packets, 0);
}
END_TEST

/* A SHUTDOWN without more: the connection is still there, and an alert would be no answer to ours. Nothing is sent: there is nothing to send it with. */
START_TEST(who_has_said_that_he_closes_is_not_asked) {
  static live l;
  static const live_behaviour of = {"close_notify answered", "RFC 5246 section 7.2.1"};
  for (unsigned told = LIVE_TOLD_ABORT; told <= LIVE_TOLD_ALERT; told *= 2) {
    l = (live){.seen = {.told = told}, .over = true};
    live_close_answered(&l, &of);
    ck_assert_uint_eq(l.checks_len, 1);
    ck_assert_int_eq(l.checks[0].result, LIVE_NOT_TESTABLE);
    ck_assert_str_eq(l.checks[0].seen, "the peer had closed the connection");
  }
}
END_TEST

Suite *test_apps_live(void) {
  static const unit_test tests[] = {
      UNIT(a_packet_alone_is_timed_until_its_sack),
      UNIT(the_second_of_two_is_timed_since_it_left),
      UNIT(the_second_of_many_is_timed_once),
      UNIT(who_has_said_that_he_closes_is_not_asked),
  };
  return unit_suite("apps/live", tests, sizeof tests / sizeof tests[0]);
}
