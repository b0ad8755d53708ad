#include "test/support/unit.h"
#include "test/unit/sctp_link.h"

START_TEST(connects_and_talks) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  ck_assert_uint_eq(l.end[0].last[WEFT_SCTP_EVENT_CONNECTED].streams_out, 65535);
  ck_assert_int_eq(link_send(&l, 0, 0, "hello", 5), WEFT_OK);
  ck_assert_int_eq(link_send(&l, 1, 7, "world", 5), WEFT_OK);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_mem_eq(l.end[1].message, "hello", 5);
  ck_assert_mem_eq(l.end[0].message, "world", 5);
  ck_assert_uint_eq(l.end[0].last[WEFT_SCTP_EVENT_MESSAGE].stream, 7);
  ck_assert_uint_eq(l.end[0].last[WEFT_SCTP_EVENT_MESSAGE].ppid, 53);
  ck_assert_uint_eq(link_stats(&l, 0).buffered, 0);
  sctp_link_close(&l);
}
END_TEST

START_TEST(both_connect_at_once) {
  sctp_link l;
  sctp_link_init(&l, 2);
  sctp_link_open(&l);
  weft_sctp_connect(l.end[0].s, l.now);
  weft_sctp_connect(l.end[1].s, l.now);
  sctp_link_run(&l, WEFT_SEC(2));
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(weft_sctp_get_state(l.end[i].s), WEFT_SCTP_ESTABLISHED);
    ck_assert_uint_eq(l.end[i].events[WEFT_SCTP_EVENT_CONNECTED], 1);
    ck_assert_uint_eq(l.end[i].events[WEFT_SCTP_EVENT_RESTARTED], 0);
    ck_assert_int_eq(link_send(&l, i, 3, "x", 1), WEFT_OK);
  }
  sctp_link_run(&l, WEFT_SEC(1));
  for (int i = 0; i < 2; i++) ck_assert_uint_eq(l.end[i].bytes, 1);
  sctp_link_close(&l);
}
END_TEST

START_TEST(closes_gracefully) {
  sctp_link l;
  sctp_link_init(&l, 3);
  sctp_link_connect(&l);
  static uint8_t big[100000];
  ck_assert_int_eq(link_send(&l, 0, 1, big, sizeof big), WEFT_OK);
  ck_assert_int_eq(weft_sctp_close(l.end[0].s, WEFT_OK, l.now), WEFT_OK);
  ck_assert_int_eq(link_send(&l, 0, 1, big, 1), WEFT_ESTATE);
  sctp_link_run(&l, WEFT_SEC(5));
  ck_assert_uint_eq(l.end[1].bytes, sizeof big);
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 1);
  ck_assert_int_eq(l.end[0].last[WEFT_SCTP_EVENT_CLOSED].closed.who, WEFT_WHO_SELF);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], 1);
  ck_assert_int_eq(l.end[1].last[WEFT_SCTP_EVENT_CLOSED].closed.who, WEFT_WHO_PEER);
  ck_assert_int_eq(l.end[1].last[WEFT_SCTP_EVENT_CLOSED].closed.code, WEFT_OK);
  sctp_link_close(&l);
}
END_TEST

START_TEST(aborts_with_a_reason) {
  sctp_link l;
  sctp_link_init(&l, 4);
  sctp_link_connect(&l);
  ck_assert_int_eq(weft_sctp_abort(l.end[0].s, "Close called", l.now), WEFT_OK);
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 1);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], 1);
  ck_assert_int_eq(l.end[1].last[WEFT_SCTP_EVENT_CLOSED].closed.code, WEFT_ERESET);
  ck_assert_uint_eq(l.end[1].last[WEFT_SCTP_EVENT_CLOSED].closed.wire_code, 12);
  ck_assert_str_eq(l.end[1].text, "Close called");
  ck_assert_int_eq(weft_sctp_abort(l.end[0].s, NULL, l.now), WEFT_ECLOSED);
  sctp_link_close(&l);
}
END_TEST

Suite *test_sctp_assoc(void) {
  static const unit_test tests[] = {UNIT(connects_and_talks), UNIT(both_connect_at_once), UNIT(closes_gracefully),
                                    UNIT(aborts_with_a_reason)};
  return unit_suite("sctp/assoc", tests, sizeof tests / sizeof tests[0]);
}
