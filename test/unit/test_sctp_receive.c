#include "test/support/unit.h"
#include "test/unit/sctp_link.h"

static uint32_t sack_window(const sctp_link *l, int from) {
  weft_sctp_chunk c;
  weft_sctp_sack s;
  ck_assert(link_find(l, from, WEFT_SCTP_SACK, &c, NULL));
  ck_assert_int_eq(weft_sctp_sack_read(&s, &c), WEFT_OK);
  return s.a_rwnd;
}

/* RFC 9260 section 6.2: the second packet at once, the first after sack_delay. */
START_TEST(delayed_sack) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_inject_data(&l, 1, 3, 1, 1, 0, "a", 1);
  ck_assert_uint_eq(l.queued, 0);
  ck_assert_uint_eq(weft_sctp_deadline(l.end[1].s), l.now + WEFT_MS(20));
  link_inject_data(&l, 1, 3, 1, 1, 1, "b", 1);
  ck_assert_uint_eq(l.queued, 1);
  link_clear(&l);
  link_inject_data(&l, 1, 3, 1, 1, 2, "c", 1);
  ck_assert_uint_eq(l.queued, 0);
  weft_sctp_tick(l.end[1].s, l.now + WEFT_MS(20));
  ck_assert_uint_eq(l.queued, 1);
  sctp_link_close(&l);
}
END_TEST

START_TEST(sack_at_once) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_inject_data(&l, 1, 3 | WEFT_SCTP_FLAG_I, 1, 1, 0, "a", 1);
  ck_assert_uint_eq(l.queued, 1);
  link_clear(&l);
  link_inject_data(&l, 1, 3, 2, 1, 2, "c", 1); /* a gap */
  ck_assert_uint_eq(l.queued, 1);
  link_clear(&l);
  link_inject_data(&l, 1, 3, 2, 1, 2, "c", 1); /* a duplicate */
  weft_sctp_chunk c;
  weft_sctp_sack s;
  ck_assert(link_find(&l, 1, WEFT_SCTP_SACK, &c, NULL));
  weft_sctp_sack_read(&s, &c);
  ck_assert_uint_eq(s.gaps_n, 1);
  ck_assert_uint_eq(s.dups_n, 1);
  ck_assert_uint_eq(weft_sctp_be32(s.dups), l.end[1].s->rx.cumulative + 2);
  sctp_link_close(&l);
}
END_TEST

/* At most one SACK per batch. */
START_TEST(one_sack_per_batch) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  weft_sctp_hold(l.end[1].s);
  for (uint16_t i = 0; i < 50; i++) link_inject_data(&l, 1, 3, 1, 1, i, "a", 1);
  ck_assert_uint_eq(l.queued, 0);
  ck_assert_int_eq(weft_sctp_release(l.end[1].s, l.now), WEFT_OK);
  ck_assert_uint_eq(l.queued, 1);
  ck_assert_uint_eq(link_stats(&l, 1).sacks_out, 1);
  ck_assert_uint_eq(l.end[1].bytes, 50);
  ck_assert_int_eq(weft_sctp_release(l.end[1].s, l.now), WEFT_ESTATE);
  sctp_link_close(&l);
}
END_TEST

/* The delayed SACK rides on DATA that goes the other way. */
START_TEST(sack_with_data) {
  sctp_link l;
  weft_sctp_chunk c;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_inject_data(&l, 1, 3, 1, 1, 0, "a", 1);
  link_send(&l, 1, 1, "reply", 5);
  ck_assert_uint_eq(l.queued, 1);
  ck_assert(link_find(&l, 1, WEFT_SCTP_SACK, &c, NULL));
  ck_assert(link_find(&l, 1, WEFT_SCTP_DATA, &c, NULL));
  sctp_link_close(&l);
}
END_TEST

START_TEST(a_stream_that_is_not) {
  sctp_link l;
  weft_sctp_chunk c;
  sctp_link_init(&l, 1);
  l.end[1].cfg.streams_in = 10;
  sctp_link_connect(&l);
  uint32_t before = l.end[1].s->rx.cumulative;
  link_inject_data(&l, 1, 3, 1, 10, 0, "a", 1);
  ck_assert_uint_eq(l.end[1].bytes, 0);
  ck_assert_uint_eq(l.end[1].s->rx.cumulative, before + 1); /* acknowledged all the same */
  ck_assert(link_find(&l, 1, WEFT_SCTP_ERROR, &c, NULL));
  ck_assert_uint_eq(weft_sctp_be16(c.value), WEFT_SCTP_CAUSE_INVALID_STREAM);
  ck_assert_uint_eq(weft_sctp_be16(c.value + 4), 10);
  sctp_link_close(&l);
}
END_TEST

START_TEST(data_without_data) {
  sctp_link l;
  weft_sctp_chunk c;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_inject_data(&l, 1, 3, 1, 1, 0, "", 0);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], 1);
  ck_assert_uint_eq(l.end[1].last[WEFT_SCTP_EVENT_CLOSED].closed.wire_code, WEFT_SCTP_CAUSE_NO_DATA);
  ck_assert(link_find(&l, 1, WEFT_SCTP_ABORT, &c, NULL));
  ck_assert_uint_eq(weft_sctp_be16(c.value), WEFT_SCTP_CAUSE_NO_DATA);
  sctp_link_close(&l);
}
END_TEST

START_TEST(nonsense_fragments_abort) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_inject_data(&l, 1, 0, 1, 1, 0, "middle", 6);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], 1);
  ck_assert_int_eq(l.end[1].last[WEFT_SCTP_EVENT_CLOSED].closed.code, WEFT_EPROTO);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_uint_eq(l.end[0].last[WEFT_SCTP_EVENT_CLOSED].closed.wire_code, WEFT_SCTP_CAUSE_PROTOCOL);
  ck_assert_str_eq(l.end[0].text, "fragments that cannot belong together");
  sctp_link_close(&l);
}
END_TEST

/* One byte over max_message_in; the largest itself passes. */
START_TEST(the_largest_message) {
  for (int over = 0; over < 2; over++) {
    sctp_link l;
    static uint8_t big[50001];
    sctp_link_init(&l, 1);
    l.end[1].cfg.max_message_in = 50000;
    sctp_link_connect(&l);
    ck_assert_int_eq(link_send(&l, 0, 1, big, 50000u + (unsigned)over), WEFT_OK);
    sctp_link_run(&l, WEFT_SEC(3));
    ck_assert_uint_eq(l.end[1].bytes, over ? 0 : 50000);
    ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], over ? 1 : 0);
    if (over) ck_assert_int_eq(l.end[1].last[WEFT_SCTP_EVENT_CLOSED].closed.code, WEFT_ETOOBIG);
    sctp_link_close(&l);
  }
}
END_TEST

/* ---- window ---------------------------------------------------------------------------------------------------------- */

START_TEST(a_slow_reader_closes_the_window_and_loses_nothing) {
  sctp_link l;
  static uint8_t block[10000];
  sctp_link_init(&l, 1);
  l.end[1].cfg.auto_consume = false;
  l.end[1].cfg.recv_window = 100000;
  sctp_link_connect(&l);
  for (int i = 0; i < 50; i++) ck_assert_int_eq(link_send(&l, 0, 1, block, sizeof block), WEFT_OK);
  sctp_link_run(&l, WEFT_SEC(200));
  weft_sctp_stats st = link_stats(&l, 1);
  ck_assert_uint_le(st.unconsumed + st.reassembly, 100000 + 2000);
  ck_assert_uint_ge(st.unconsumed, 80000);
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED],
                    0); /* probes that are answered are no errors, however long */
  ck_assert_uint_lt(link_stats(&l, 0).peer_rwnd, 20000);
  size_t taken = 0;
  for (int i = 0; i < 400 && taken < 500000; i++) {
    size_t n = link_stats(&l, 1).unconsumed;
    ck_assert_int_eq(weft_sctp_consumed(l.end[1].s, 1, n, l.now), WEFT_OK);
    taken += n;
    sctp_link_run(&l, WEFT_MS(200));
  }
  ck_assert_uint_eq(taken, 500000);
  ck_assert_uint_eq(l.end[1].bytes, 500000);
  ck_assert_int_eq(weft_sctp_consumed(l.end[1].s, 1, 1, l.now), WEFT_EINVAL);
  sctp_link_close(&l);
}
END_TEST

START_TEST(the_window_follows_consumed) {
  sctp_link l;
  sctp_link_init(&l, 1);
  l.end[1].cfg.auto_consume = false;
  l.end[1].cfg.recv_window = 10000;
  sctp_link_connect(&l);
  static uint8_t kb[1000];
  for (uint16_t i = 0; i < 10; i++) link_inject_data(&l, 1, 3, 1, 1, i, kb, sizeof kb);
  weft_sctp_tick(l.end[1].s, l.now + WEFT_MS(30));
  ck_assert_uint_eq(l.end[1].s->advertised, 0);
  link_clear(&l);
  uint64_t drops = link_stats(&l, 1).drop_window;
  link_inject_data(&l, 1, 3, 1, 1, 10, kb, sizeof kb); /* a probe: dropped, answered */
  ck_assert_uint_eq(link_stats(&l, 1).drop_window, drops + 1);
  ck_assert_uint_eq(sack_window(&l, 1), 0);
  link_clear(&l);
  weft_sctp_consumed(l.end[1].s, 1, 1000, l.now); /* too little to tell */
  ck_assert_uint_eq(l.queued, 0);
  weft_sctp_consumed(l.end[1].s, 1, 4000, l.now);
  ck_assert_uint_eq(sack_window(&l, 1), 5000);
  sctp_link_close(&l);
}
END_TEST

/* F10 and F22: whatever is thrown at it, memory stays within twice the window and a bit. */
START_TEST(fragment_bombs_are_bounded) {
  sctp_link l;
  sctp_link_init(&l, 1);
  l.end[1].cfg.recv_window = 100000;
  l.end[1].cfg.max_message_in = 50000;
  sctp_link_connect(&l);
  link_clear(&l);
  size_t before = test_leak()->bytes;
  for (uint32_t i = 0; i < 20000; i++) { /* first fragments on all streams, one byte each, none ever completed */
    link_inject_data(&l, 1, 2, 2 + 2 * (i % 16000), (uint16_t)(i * 7), 0, "x", 1);
    link_clear(&l);
  }
  ck_assert_uint_le(test_leak()->bytes - before, 2 * 150000 + 200000);
  ck_assert_uint_le(l.end[1].s->reassembly.charge, 150000 + 2000);
  ck_assert_uint_gt(link_stats(&l, 1).drop_window, 0);
  sctp_link_close(&l);
}
END_TEST

START_TEST(an_endless_message_ends) {
  sctp_link l;
  sctp_link_init(&l, 1);
  l.end[1].cfg.max_message_in = 20000;
  l.end[1].cfg.recv_window = 15000; /* smaller than a message: the window stays open for its rest */
  sctp_link_connect(&l);
  static uint8_t kb[1000];
  for (int i = 0; i < 25 && !l.end[1].events[WEFT_SCTP_EVENT_CLOSED]; i++) {
    link_inject_data(&l, 1, i == 0 ? 2 : 0, 1, 1, 0, kb, sizeof kb);
    link_clear(&l);
  }
  ck_assert_int_eq(l.end[1].last[WEFT_SCTP_EVENT_CLOSED].closed.code, WEFT_ETOOBIG);
  sctp_link_close(&l);
}
END_TEST

START_TEST(a_message_larger_than_the_window_passes) {
  sctp_link l;
  static uint8_t big[60000];
  sctp_link_init(&l, 1);
  l.end[1].cfg.recv_window = 10000;
  sctp_link_connect(&l);
  ck_assert_int_eq(link_send(&l, 0, 1, big, sizeof big), WEFT_OK);
  sctp_link_run(&l, WEFT_SEC(20));
  ck_assert_uint_eq(l.end[1].bytes, sizeof big);
  sctp_link_close(&l);
}
END_TEST

START_TEST(far_ahead_is_dropped) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_inject_data(&l, 1, 3, WEFT_SCTP_TSN_WINDOW + 1, 1, 0, "a", 1);
  ck_assert_uint_eq(link_stats(&l, 1).drop_window, 1);
  link_inject_data(&l, 1, 3, WEFT_SCTP_TSN_WINDOW, 1, 5, "a", 1);
  ck_assert_uint_eq(link_stats(&l, 1).drop_window, 1);
  ck_assert_uint_le(l.end[1].s->rx.bits_n, 65536);
  sctp_link_close(&l);
}
END_TEST

Suite *test_sctp_receive(void) {
  static const unit_test tests[] = {UNIT(delayed_sack),
                                    UNIT(sack_at_once),
                                    UNIT(one_sack_per_batch),
                                    UNIT(sack_with_data),
                                    UNIT(a_stream_that_is_not),
                                    UNIT(data_without_data),
                                    UNIT(nonsense_fragments_abort),
                                    UNIT(the_largest_message),
                                    UNIT(a_slow_reader_closes_the_window_and_loses_nothing),
                                    UNIT(the_window_follows_consumed),
                                    UNIT(fragment_bombs_are_bounded),
                                    UNIT(an_endless_message_ends),
                                    UNIT(a_message_larger_than_the_window_passes),
                                    UNIT(far_ahead_is_dropped)};
  return unit_suite("sctp/receive", tests, sizeof tests / sizeof tests[0]);
}
