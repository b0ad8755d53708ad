#include "test/support/hex.h"
#include "test/support/unit.h"
#include "test/unit/sctp_link.h"

START_TEST(idle_associations_beat) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  uint64_t sent = l.end[0].sent + l.end[1].sent;
  sctp_link_run(&l, WEFT_SEC(320));
  sent = l.end[0].sent + l.end[1].sent - sent;
  ck_assert_uint_ge(sent, 2 * 2 * 8); /* each every 30.5 to 31.5 s, and each answered */
  ck_assert_uint_le(sent, 2 * 2 * 11);
  ck_assert(l.end[0].s->rto.measured);
  ck_assert_uint_eq(l.end[0].s->rto.srtt, WEFT_MS(20));
  ck_assert_uint_eq(l.end[0].s->errors, 0);
  sctp_link_close(&l);
}
END_TEST

START_TEST(none_when_switched_off) {
  sctp_link l;
  sctp_link_init(&l, 1);
  for (int i = 0; i < 2; i++) l.end[i].cfg.heartbeat_interval = WEFT_NEVER;
  sctp_link_connect(&l);
  ck_assert_uint_eq(weft_sctp_deadline(l.end[0].s), WEFT_NEVER);
  ck_assert_uint_eq(weft_sctp_deadline(l.end[1].s), WEFT_NEVER);
  sctp_link_close(&l);
}
END_TEST

static bool lose_all(sctp_link *l, int from, const uint8_t *data, size_t len) {
  (void)l, (void)from, (void)data, (void)len;
  return false;
}

/* Section 8.1 and 8.3: unanswered ones are counted, and the eleventh ends it. */
START_TEST(a_dead_peer_is_noticed) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  l.keep = lose_all;
  sctp_link_run(&l, WEFT_SEC(600));
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(l.end[i].events[WEFT_SCTP_EVENT_CLOSED], 1);
    ck_assert_str_eq(l.end[i].last[WEFT_SCTP_EVENT_CLOSED].closed.step, "heartbeat");
    ck_assert_int_eq(l.end[i].last[WEFT_SCTP_EVENT_CLOSED].closed.who, WEFT_WHO_TIMEOUT);
  }
  sctp_link_close(&l);
}
END_TEST

START_TEST(echoes_what_it_got) {
  sctp_link l;
  weft_sctp_chunk c;
  uint8_t hb[20];
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_inject(&l, 1, hb, hex_into(hb, sizeof hb, "04000011 0001000d 0102030405060708 09000000"));
  ck_assert(link_find(&l, 1, WEFT_SCTP_HEARTBEAT_ACK, &c, NULL));
  ck_assert_hex(c.start, c.length, "050000110001000d010203040506070809");
  sctp_link_close(&l);
}
END_TEST

/* F16: as large as fits a packet is echoed, larger is dropped; a flood in one batch is answered once. */
START_TEST(floods_and_giants) {
  sctp_link l;
  static uint8_t giant[1400];
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  for (size_t value = 1136; value <= 1156; value += 4) {
    memcpy(giant,
           (uint8_t[8]){4, 0, (uint8_t)((value + 4) >> 8), (uint8_t)(value + 4), 0, 1, (uint8_t)(value >> 8),
                        (uint8_t)value},
           8);
    link_inject(&l, 1, giant, value + 4);
    ck_assert_uint_eq(l.queued, 12 + 4 + value <= 1160 ? 1 : 0);
    link_clear(&l);
  }
  ck_assert_uint_eq(link_stats(&l, 1).drop_malformed, 3);
  uint8_t hb[8] = {4, 0, 0, 8, 0, 1, 0, 4};
  weft_sctp_hold(l.end[1].s);
  for (int i = 0; i < 10000; i++) link_inject(&l, 1, hb, 8);
  weft_sctp_release(l.end[1].s, l.now);
  ck_assert_uint_eq(l.queued, 1);
  sctp_link_close(&l);
}
END_TEST

START_TEST(only_its_own_answer_counts) {
  sctp_link l;
  weft_sctp_chunk c;
  uint8_t ack[24];
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  l.now = l.end[0].s->hb.at;
  weft_sctp_tick(l.end[0].s, l.now);
  ck_assert(link_find(&l, 0, WEFT_SCTP_HEARTBEAT, &c, NULL));
  ck_assert_uint_eq(c.length, 24);
  memcpy(ack, c.start, 24);
  ack[0] = WEFT_SCTP_HEARTBEAT_ACK;
  for (unsigned i = 4; i < 24; i++) {
    ack[i] ^= 1;
    if (i < 6 || i > 7) link_inject(&l, 0, ack, 24);
    ck_assert(l.end[0].s->hb.open);
    ack[i] ^= 1;
  }
  link_inject(&l, 0, ack, 24);
  ck_assert(!l.end[0].s->hb.open);
  sctp_link_close(&l);
}
END_TEST

/* What a busy time needed is given back when it is over. */
START_TEST(memory_comes_back) {
  sctp_link l;
  static uint8_t big[200000];
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  size_t idle = test_leak()->bytes;
  for (int i = 0; i < 8; i++) link_send(&l, 0, 1, big, sizeof big);
  sctp_link_run(&l, WEFT_SEC(10));
  ck_assert_uint_gt(test_leak()->bytes, idle + 200000);
  sctp_link_run(&l, WEFT_SEC(100));
  ck_assert_uint_lt(test_leak()->bytes, idle + 24000);
  sctp_link_close(&l);
}
END_TEST

Suite *test_sctp_heartbeat(void) {
  static const unit_test tests[] = {UNIT(idle_associations_beat), UNIT(none_when_switched_off),
                                    UNIT(a_dead_peer_is_noticed), UNIT(echoes_what_it_got),
                                    UNIT(floods_and_giants),      UNIT(only_its_own_answer_counts),
                                    UNIT(memory_comes_back)};
  return unit_suite("sctp/heartbeat", tests, sizeof tests / sizeof tests[0]);
}
