#include "test/support/unit.h"
#include "test/unit/sctp_link.h"

static uint8_t block[20000];

static void inject_sack(sctp_link *l, int to, uint32_t cumulative, uint32_t window, const uint16_t *gaps, uint16_t n) {
  uint8_t chunk[1400];
  weft_wr w;
  weft_wr_init(&w, chunk, sizeof chunk);
  size_t at = weft_sctp_open_chunk(&w, WEFT_SCTP_SACK, 0);
  weft_wr_u32(&w, cumulative);
  weft_wr_u32(&w, window);
  weft_wr_u16(&w, n);
  weft_wr_u16(&w, 0);
  for (uint16_t i = 0; i < 2 * n; i++) weft_wr_u16(&w, gaps[i]);
  weft_sctp_close_chunk(&w, at);
  link_inject(l, to, chunk, weft_wr_len(&w));
}

/* An association whose peer is the test: side 0 sends, nothing is answered. */
static void alone(sctp_link *l, size_t n) {
  sctp_link_init(l, 1);
  sctp_link_connect(l);
  link_send(l, 0, 1, block, n);
  link_clear(l);
}

/* CVE-2025-4820 and F7: nothing that was not sent can be acknowledged. */
START_TEST(acknowledging_the_future_aborts) {
  for (int kind = 0; kind < 6; kind++) {
    sctp_link l;
    alone(&l, 3000);
    const weft_sctp_send_state *tx = &l.end[0].s->tx;
    uint32_t sent = tx->fresh - tx->acked - 1;
    ck_assert_uint_eq(sent, 3);
    uint32_t before = tx->acked;
    uint32_t cumulative = kind == 0 ? tx->fresh : kind == 1 ? tx->acked + 0x7fffffff : tx->acked;
    uint16_t gaps[4] = {2, 4};                            /* beyond what was sent */
    if (kind == 3) gaps[0] = 3, gaps[1] = 2;              /* backwards */
    if (kind == 4) gaps[0] = 0, gaps[1] = 1;              /* starts at the cumulative TSN */
    if (kind == 5) gaps[1] = 3, gaps[2] = 3, gaps[3] = 3; /* overlapping */
    inject_sack(&l, 0, cumulative, 1 << 20, gaps, (uint16_t)(kind < 2 ? 0 : kind == 5 ? 2 : 1));
    ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 1);
    ck_assert_uint_eq(l.end[0].last[WEFT_SCTP_EVENT_CLOSED].closed.wire_code, WEFT_SCTP_CAUSE_PROTOCOL);
    ck_assert_str_eq(l.end[0].text, "a SACK of data that was never sent");
    (void)before;
    sctp_link_close(&l);
  }
}
END_TEST

START_TEST(an_old_sack_changes_nothing) {
  sctp_link l;
  alone(&l, 4000);
  uint32_t base = l.end[0].s->tx.acked;
  inject_sack(&l, 0, base + 2, 1 << 20, NULL, 0);
  ck_assert_uint_eq(l.end[0].s->tx.acked, base + 2);
  uint32_t flight = l.end[0].s->tx.flight;
  inject_sack(&l, 0, base + 1, 7, NULL, 0);
  ck_assert_uint_eq(l.end[0].s->tx.acked, base + 2);
  ck_assert_uint_eq(l.end[0].s->tx.flight, flight);
  ck_assert_uint_eq(l.end[0].s->peer_window, 1 << 20);
  sctp_link_close(&l);
}
END_TEST

/* RFC 9260 section 7.2.4: the third report retransmits, once, in one packet, and halves the window. */
START_TEST(fast_retransmit) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  weft_sctp *s = l.end[0].s;
  s->cc.cwnd = 40000;
  link_send(&l, 0, 1, block, 11000);
  ck_assert_uint_eq(s->tx.fresh - s->tx.acked - 1, 10);
  link_clear(&l);
  uint32_t base = s->tx.acked;
  uint16_t gaps[2] = {2, 2};
  for (uint16_t i = 0; i < 2; i++) {
    gaps[1] = (uint16_t)(2 + i);
    inject_sack(&l, 0, base, 1 << 20, gaps, 1);
    ck_assert_uint_eq(l.queued, 0);
  }
  inject_sack(&l, 0, base, 1 << 20, gaps, 1); /* the same again: nothing newly acknowledged, no report */
  ck_assert_uint_eq(l.queued, 0);
  gaps[1] = 4;
  s->cc.cwnd = 5000; /* less than what is flying: the first packet goes all the same */
  inject_sack(&l, 0, base, 1 << 20, gaps, 1);
  weft_sctp_chunk c;
  ck_assert(link_find(&l, 0, WEFT_SCTP_DATA, &c, NULL));
  ck_assert_uint_eq(weft_sctp_be32(c.value), base + 1);
  ck_assert_uint_eq(link_stats(&l, 0).fast_retransmits, 1);
  ck_assert_uint_eq(link_stats(&l, 0).retransmits, 1);
  ck_assert_uint_eq(s->cc.cwnd, 4 * s->cc.pmdcs);
  ck_assert(s->cc.recovery);
  link_clear(&l);
  gaps[1] = 6; /* sent before the retransmission: says nothing about it */
  inject_sack(&l, 0, base, 1 << 20, gaps, 1);
  gaps[1] = 7;
  inject_sack(&l, 0, base, 1 << 20, gaps, 1);
  gaps[1] = 8;
  inject_sack(&l, 0, base, 1 << 20, gaps, 1);
  ck_assert_uint_eq(link_stats(&l, 0).retransmits, 1);
  inject_sack(&l, 0, base + 10, 1 << 20, NULL, 0);
  ck_assert(!s->cc.recovery);
  ck_assert_uint_eq(s->tx.flight, 0);
  ck_assert_uint_eq(s->t3_at, WEFT_NEVER);
  sctp_link_close(&l);
}
END_TEST

/* Section 6.2.1 D iii: what a later SACK no longer lists is missing again, and is sent again in the end. */
START_TEST(reneging) {
  sctp_link l;
  alone(&l, 4000);
  weft_sctp *s = l.end[0].s;
  uint32_t base = s->tx.acked, flight = s->tx.flight;
  inject_sack(&l, 0, base, 1 << 20, (uint16_t[]){2, 4}, 1);
  ck_assert_uint_lt(s->tx.flight, flight);
  ck_assert_uint_eq(s->tx.gap_n, 3);
  inject_sack(&l, 0, base, 1 << 20, (uint16_t[]){2, 2}, 1);
  ck_assert_uint_eq(s->tx.gap_n, 1);
  ck_assert_uint_eq(*weft_sctp_send_mark(&s->tx, base + 4), WEFT_SCTP_FLYING);
  inject_sack(&l, 0, base + 1, 1 << 20, NULL, 0);
  ck_assert_uint_eq(s->tx.gap_n, 0);
  link_clear(&l);
  weft_sctp_tick(s, weft_sctp_deadline(s));
  weft_sctp_chunk c;
  ck_assert(link_find(&l, 0, WEFT_SCTP_DATA, &c, NULL));
  ck_assert_uint_eq(weft_sctp_be32(c.value), base + 2);
  sctp_link_close(&l);
}
END_TEST

/* Section 6.3.3: cwnd one packet, RTO doubles to its maximum, the eleventh expiry ends it. */
START_TEST(t3_backs_off_and_gives_up) {
  sctp_link l;
  alone(&l, 4000);
  weft_sctp *s = l.end[0].s;
  weft_time expected = WEFT_SEC(1);
  for (int i = 0; i < 10; i++) {
    ck_assert_uint_eq(s->rto.rto, expected);
    weft_time due = s->t3_at;
    ck_assert_uint_eq(due, l.now + expected);
    l.now = due;
    weft_sctp_tick(s, l.now);
    ck_assert_uint_eq(l.queued, 1);
    ck_assert_uint_eq(s->cc.cwnd, s->cc.pmdcs);
    link_clear(&l);
    expected = expected * 2 < WEFT_SEC(60) ? expected * 2 : WEFT_SEC(60);
  }
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 0);
  l.now = s->t3_at;
  weft_sctp_tick(s, l.now);
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 1);
  ck_assert_int_eq(l.end[0].last[WEFT_SCTP_EVENT_CLOSED].closed.who, WEFT_WHO_TIMEOUT);
  ck_assert_str_eq(l.end[0].last[WEFT_SCTP_EVENT_CLOSED].closed.step, "retransmission");
  sctp_link_close(&l);
}
END_TEST

/* Karn: a chunk that was sent twice measures nothing; the next one does. */
START_TEST(karn) {
  sctp_link l;
  alone(&l, 100);
  weft_sctp *s = l.end[0].s;
  l.now = s->t3_at;
  weft_sctp_tick(s, l.now);
  l.now += WEFT_MS(7);
  s->now = l.now;
  inject_sack(&l, 0, s->tx.acked + 1, 1 << 20, NULL, 0);
  ck_assert(!s->rto.measured);
  ck_assert_uint_eq(s->rto.rto, WEFT_SEC(2)); /* backed off until there is a measurement */
  link_send(&l, 0, 1, block, 100);
  l.now += WEFT_MS(50);
  inject_sack(&l, 0, s->tx.acked + 1, 1 << 20, NULL, 0);
  ck_assert(s->rto.measured);
  ck_assert_uint_eq(s->rto.srtt, WEFT_MS(50));
  ck_assert_uint_eq(s->rto.rto, WEFT_SEC(1));
  sctp_link_close(&l);
}
END_TEST

/* Section 6.1 A: with a closed window one chunk probes; answered probes are no errors; opening sends it again at once. */
START_TEST(zero_window_probe) {
  sctp_link l;
  alone(&l, 100);
  weft_sctp *s = l.end[0].s;
  inject_sack(&l, 0, s->tx.acked + 1, 0, NULL, 0);
  link_send(&l, 0, 1, block, 5000);
  ck_assert_uint_eq(l.queued, 1); /* the probe */
  link_clear(&l);
  for (int i = 0; i < 30; i++) {
    inject_sack(&l, 0, s->tx.acked, 0, NULL, 0); /* answered, not taken */
    ck_assert_uint_eq(l.queued, 0);
    l.now = s->t3_at;
    weft_sctp_tick(s, l.now);
    ck_assert_uint_eq(l.queued, 1);
    link_clear(&l);
  }
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 0);
  inject_sack(&l, 0, s->tx.acked, 1000, NULL, 0); /* too little for the chunk: not yet */
  ck_assert_uint_eq(l.queued, 0);
  inject_sack(&l, 0, s->tx.acked, 100000, NULL, 0);
  ck_assert_uint_ge(l.queued, 1);
  weft_sctp_chunk c;
  ck_assert(link_find(&l, 0, WEFT_SCTP_DATA, &c, NULL));
  ck_assert_uint_eq(weft_sctp_be32(c.value), s->tx.acked + 1);
  link_clear(&l);
  inject_sack(&l, 0, s->tx.acked, 100000, NULL, 0); /* said again: not answered at its pace */
  ck_assert_uint_eq(l.queued, 0);
  sctp_link_close(&l);
}
END_TEST

/* A probe that may not be sent again is given up when the window opens, and the peer is told at once. */
START_TEST(a_probe_given_up) {
  sctp_link l;
  weft_sctp_chunk c;
  alone(&l, 100);
  weft_sctp *s = l.end[0].s;
  inject_sack(&l, 0, s->tx.acked + 1, 0, NULL, 0);
  weft_sctp_message m = {.stream = 1, .ppid = 53, .limit_retransmits = true};
  ck_assert_int_eq(weft_sctp_send(s, &m, block, 500, l.now), WEFT_OK);
  link_clear(&l);
  inject_sack(&l, 0, s->tx.acked, 100000, NULL, 0);
  ck_assert(link_find(&l, 0, WEFT_SCTP_FORWARD_TSN, &c, NULL));
  ck_assert_uint_eq(weft_sctp_be32(c.value), s->tx.acked + 1);
  ck_assert_uint_ne(s->t3_at, WEFT_NEVER);
  sctp_link_close(&l);
}
END_TEST

/* Section 6.1 A and B: neither the peer's window nor cwnd is overrun. */
START_TEST(windows_hold) {
  sctp_link l;
  sctp_link_init(&l, 1);
  l.end[1].cfg.recv_window = 3000;
  sctp_link_connect(&l);
  weft_sctp *s = l.end[0].s;
  s->cc.cwnd = 100000;
  link_send(&l, 0, 1, block, sizeof block);
  ck_assert_uint_le(s->tx.flight_payload, 3000);
  ck_assert_uint_ge(s->tx.flight_payload, 2000);
  link_clear(&l);
  inject_sack(&l, 0, s->tx.fresh - 1, 1 << 20, NULL, 0);
  s->cc.cwnd = 4000;
  link_clear(&l);
  inject_sack(&l, 0, s->tx.fresh - 1, 1 << 20, NULL, 0);
  ck_assert_uint_lt(s->tx.flight, 4000u + 1148u + 4u * 1148u);
  sctp_link_close(&l);
}
END_TEST

/* F15: SACKs that acknowledge byte-wise or repeat themselves gain nothing. */
START_TEST(sack_splitting_gains_nothing) {
  sctp_link l;
  alone(&l, 20000);
  weft_sctp *s = l.end[0].s;
  uint32_t base = s->tx.acked, cwnd = s->cc.cwnd;
  for (int i = 0; i < 100; i++) inject_sack(&l, 0, base, 1 << 20, NULL, 0);
  ck_assert_uint_eq(s->cc.cwnd, cwnd);
  ck_assert_uint_eq(l.queued, 0);
  sctp_link_close(&l);
}
END_TEST

/* After a silence cwnd shrinks (section 7.2.1), and a burst is limited. */
START_TEST(after_idleness) {
  sctp_link l;
  alone(&l, 100);
  weft_sctp *s = l.end[0].s;
  inject_sack(&l, 0, s->tx.acked + 1, 1 << 20, NULL, 0);
  s->cc.cwnd = 100000;
  l.now += WEFT_SEC(2);
  link_send(&l, 0, 1, block, sizeof block);
  ck_assert_uint_le(s->cc.cwnd, 25000 + 1148);
  ck_assert_uint_le(l.queued, WEFT_SCTP_MAX_BURST);
  sctp_link_close(&l);
}
END_TEST

Suite *test_sctp_acknowledge(void) {
  static const unit_test tests[] = {UNIT(acknowledging_the_future_aborts),
                                    UNIT(an_old_sack_changes_nothing),
                                    UNIT(fast_retransmit),
                                    UNIT(reneging),
                                    UNIT(t3_backs_off_and_gives_up),
                                    UNIT(karn),
                                    UNIT(zero_window_probe),
                                    UNIT(a_probe_given_up),
                                    UNIT(windows_hold),
                                    UNIT(sack_splitting_gains_nothing),
                                    UNIT(after_idleness)};
  return unit_suite("sctp/acknowledge", tests, sizeof tests / sizeof tests[0]);
}
