#include "test/support/hex.h"
#include "test/support/unit.h"
#include "test/unit/sctp_link.h"

static uint8_t block[30000];

static void closed_once(const sctp_link *l, int side, weft_who who, int code) {
  ck_assert_uint_eq(l->end[side].events[WEFT_SCTP_EVENT_CLOSED], 1);
  ck_assert_int_eq(l->end[side].last[WEFT_SCTP_EVENT_CLOSED].closed.who, who);
  ck_assert_int_eq(l->end[side].last[WEFT_SCTP_EVENT_CLOSED].closed.code, code);
  ck_assert_str_eq(l->end[side].last[WEFT_SCTP_EVENT_CLOSED].closed.layer, "sctp");
}

static bool lose_nth(sctp_link *l, int from, const uint8_t *data, size_t len) {
  int *n = l->ctx;
  (void)from, (void)data, (void)len;
  return --*n != 0;
}

/* With data both ways outstanding; each packet lost in turn. */
START_TEST(each_packet_lost_in_turn) {
  for (int both = 0; both < 2; both++) {
    for (int nth = 1; nth < 80; nth += nth < 8 ? 1 : 3) {
      sctp_link l;
      int n = nth;
      sctp_link_init(&l, (uint64_t)nth);
      sctp_link_connect(&l);
      l.keep = lose_nth;
      l.ctx = &n;
      for (int i = 0; i < 2; i++) link_send(&l, i, 1, block, sizeof block);
      weft_sctp_close(l.end[0].s, 7, l.now);
      if (both) weft_sctp_close(l.end[1].s, WEFT_OK, l.now);
      sctp_link_run(&l, WEFT_SEC(400));
      for (int i = 0; i < 2; i++) ck_assert_uint_eq(l.end[i].bytes, sizeof block);
      closed_once(&l, 0, WEFT_WHO_SELF, 7);
      if (both)
        closed_once(&l, 1, WEFT_WHO_SELF, WEFT_OK);
      else
        ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], 1); /* SHUTDOWN-COMPLETE lost: by timeout */
      sctp_link_close(&l);
    }
  }
}
END_TEST

START_TEST(lossless_and_idle) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  weft_sctp_close(l.end[0].s, WEFT_OK, l.now);
  ck_assert_int_eq(weft_sctp_get_state(l.end[0].s), WEFT_SCTP_SHUTDOWN_SENT);
  ck_assert_int_eq(weft_sctp_close(l.end[0].s, WEFT_OK, l.now), WEFT_OK);
  sctp_link_run(&l, WEFT_MS(25));
  closed_once(&l, 0, WEFT_WHO_SELF, WEFT_OK);
  sctp_link_run(&l, WEFT_MS(10));
  closed_once(&l, 1, WEFT_WHO_PEER, WEFT_OK);
  sctp_link_close(&l);
}
END_TEST

START_TEST(before_it_is_up) {
  sctp_link l;
  weft_sctp_chunk c;
  for (int stage = 0; stage < 3; stage++) {
    sctp_link_init(&l, 1);
    sctp_link_open(&l);
    if (stage) weft_sctp_connect(l.end[0].s, l.now);
    for (int i = 1; i < stage; i++) sctp_link_run(&l, WEFT_MS(20)); /* COOKIE_ECHOED */
    link_clear(&l);
    weft_sctp_close(l.end[0].s, WEFT_OK, l.now);
    closed_once(&l, 0, WEFT_WHO_SELF, WEFT_OK);
    ck_assert_int_eq(link_find(&l, 0, WEFT_SCTP_ABORT, &c, NULL), stage == 2);
    sctp_link_close(&l);
  }
}
END_TEST

static bool lose_all(sctp_link *l, int from, const uint8_t *data, size_t len) {
  (void)l, (void)from, (void)data, (void)len;
  return false;
}

START_TEST(nobody_answers) {
  sctp_link l;
  sctp_link_init(&l, 1);
  for (int i = 0; i < 2; i++) l.end[i].cfg.heartbeat_interval = WEFT_NEVER;
  sctp_link_connect(&l);
  l.keep = lose_all;
  weft_sctp_close(l.end[0].s, WEFT_OK, l.now);
  sctp_link_run(&l, WEFT_SEC(299));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 0);
  sctp_link_run(&l, WEFT_SEC(2)); /* T5-shutdown-guard: 5 times RTO.Max */
  closed_once(&l, 0, WEFT_WHO_TIMEOUT, WEFT_ETIMEDOUT);
  ck_assert_str_eq(l.end[0].last[WEFT_SCTP_EVENT_CLOSED].closed.step, "shutdown");
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], 0);
  sctp_link_close(&l);
}
END_TEST

/* A reset on its way when SHUTDOWN goes out is not asked again: its answer would be dropped, and asking counts as an error. */
START_TEST(a_reset_under_way) {
  sctp_link l;
  sctp_link_init(&l, 1);
  for (int i = 0; i < 2; i++) l.end[i].cfg.heartbeat_interval = WEFT_NEVER;
  sctp_link_connect(&l);
  l.keep = lose_all;
  weft_sctp_reset_streams(l.end[0].s, &(uint16_t){1}, 1, l.now);
  weft_sctp_close(l.end[0].s, WEFT_OK, l.now);
  sctp_link_run(&l, WEFT_SEC(299)); /* the T5-shutdown-guard is the first that gives up, as without a reset */
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 0);
  sctp_link_run(&l, WEFT_SEC(2));
  closed_once(&l, 0, WEFT_WHO_TIMEOUT, WEFT_ETIMEDOUT);
  sctp_link_close(&l);
}
END_TEST

/* Section 9.2: in SHUTDOWN_SENT DATA is still taken and answered by SHUTDOWN. */
START_TEST(data_after_shutdown) {
  sctp_link l;
  weft_sctp_chunk c;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  weft_sctp_close(l.end[1].s, WEFT_OK, l.now);
  link_clear(&l);
  link_inject_data(&l, 1, 3, 1, 1, 0, "late", 4);
  ck_assert_uint_eq(l.end[1].bytes, 4);
  ck_assert(link_find(&l, 1, WEFT_SCTP_SHUTDOWN, &c, NULL));
  ck_assert_uint_eq(weft_sctp_be32(c.value), l.end[1].s->rx.cumulative);
  ck_assert(!link_find(&l, 1, WEFT_SCTP_SACK, &c, NULL));
  link_clear(&l);
  link_inject_data(&l, 1, 3, 2, 1, 2, "gap", 3);
  ck_assert(link_find(&l, 1, WEFT_SCTP_SHUTDOWN, &c, NULL));
  ck_assert(link_find(&l, 1, WEFT_SCTP_SACK, &c, NULL));
  sctp_link_close(&l);
}
END_TEST

/* F19: a SHUTDOWN acknowledges, and may not acknowledge the future. */
START_TEST(shutdown_of_the_future) {
  sctp_link l;
  uint8_t chunk[8] = {WEFT_SCTP_SHUTDOWN, 0, 0, 8};
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_send(&l, 1, 1, "x", 1);
  link_clear(&l);
  weft_sctp_put32(chunk + 4, l.end[1].s->tx.next);
  link_inject(&l, 1, chunk, 8);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], 1);
  ck_assert_uint_eq(l.end[1].last[WEFT_SCTP_EVENT_CLOSED].closed.wire_code, WEFT_SCTP_CAUSE_PROTOCOL);
  sctp_link_close(&l);
}
END_TEST

START_TEST(stray_ends) {
  sctp_link l;
  uint8_t ack[4] = {WEFT_SCTP_SHUTDOWN_ACK, 0, 0, 4}, complete[4] = {WEFT_SCTP_SHUTDOWN_COMPLETE, 0, 0, 4};
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  for (int i = 0; i < 100; i++) {
    link_inject(&l, 1, ack, 4);
    link_inject(&l, 1, complete, 4);
  }
  ck_assert_int_eq(weft_sctp_get_state(l.end[1].s), WEFT_SCTP_ESTABLISHED);
  ck_assert_uint_eq(l.queued, 0);
  sctp_link_close(&l);
}
END_TEST

/* The text of an ABORT is cut and made printable. */
START_TEST(reasons) {
  sctp_link l;
  uint8_t chunk[400] = {WEFT_SCTP_ABORT, 0, 0, 200, 0, 12, 0, 196, 'a', 27, '[', 0x80, 0};
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  memset(chunk + 13, 'z', 187);
  link_inject(&l, 1, chunk, 200);
  closed_once(&l, 1, WEFT_WHO_PEER, WEFT_ERESET);
  ck_assert_uint_eq(strlen(l.end[1].text), WEFT_SCTP_REASON);
  ck_assert_mem_eq(l.end[1].text, "a.[..zzz", 8);
  ck_assert_uint_eq(l.end[1].last[WEFT_SCTP_EVENT_CLOSED].closed.wire_code, 12);
  sctp_link_close(&l);
}
END_TEST

START_TEST(our_abort_on_the_wire) {
  sctp_link l;
  weft_sctp_chunk c;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  weft_sctp_abort(l.end[0].s, "Close called", l.now);
  ck_assert(link_find(&l, 0, WEFT_SCTP_ABORT, &c, NULL));
  ck_assert_hex(c.start, c.length, "06000014000c0010436c6f73652063616c6c6564");
  closed_once(&l, 0, WEFT_WHO_SELF, WEFT_OK);
  sctp_link_close(&l);
}
END_TEST

Suite *test_sctp_shutdown(void) {
  static const unit_test tests[] = {
      UNIT(each_packet_lost_in_turn), UNIT(lossless_and_idle),      UNIT(before_it_is_up), UNIT(nobody_answers),
      UNIT(data_after_shutdown),      UNIT(shutdown_of_the_future), UNIT(stray_ends),      UNIT(reasons),
      UNIT(our_abort_on_the_wire),    UNIT(a_reset_under_way)};
  return unit_suite("sctp/shutdown", tests, sizeof tests / sizeof tests[0]);
}
