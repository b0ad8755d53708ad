/* Partial reliability (RFC 3758, RFC 7496), both ways. */
#include "test/support/unit.h"
#include "test/unit/sctp_link.h"

static uint8_t block[20000];

static int send_limited(sctp_link *l, uint16_t stream, size_t n, bool unordered, int retransmits, weft_time lifetime) {
  weft_sctp_message m = {.stream = stream,
                         .ppid = 53,
                         .unordered = unordered,
                         .limit_retransmits = retransmits >= 0,
                         .max_retransmits = (uint16_t)(retransmits < 0 ? 0 : retransmits),
                         .lifetime = lifetime};
  return weft_sctp_send(l->end[0].s, &m, block, n, l->now);
}

static bool lose_data(sctp_link *l, int from, const uint8_t *data, size_t len) {
  (void)len;
  bool *on = l->ctx;
  return !(*on && from == 0 && data[12] == WEFT_SCTP_DATA);
}

/* A lost message is given up, what follows on its stream is delivered, and no byte stays anywhere. */
START_TEST(gives_up_after_so_many_retransmissions) {
  for (int limit = 0; limit < 4; limit++) {
    sctp_link l;
    bool lossy = true;
    sctp_link_init(&l, 1);
    for (int i = 0; i < 2; i++) l.end[i].cfg.heartbeat_interval = WEFT_NEVER;
    sctp_link_connect(&l);
    l.keep = lose_data;
    l.ctx = &lossy;
    uint64_t sent = l.end[0].sent;
    ck_assert_int_eq(send_limited(&l, 1, 500, false, limit, 0), WEFT_OK);
    sctp_link_run(&l, WEFT_SEC(120));
    ck_assert_uint_eq(l.end[0].sent - sent, (unsigned)limit + 1 + 1); /* each sending, then FORWARD-TSN */
    ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_MESSAGE], 0);
    ck_assert_uint_eq(link_stats(&l, 0).buffered, 0);
    lossy = false;
    ck_assert_int_eq(link_send(&l, 0, 1, "next", 4), WEFT_OK);
    sctp_link_run(&l, WEFT_SEC(2));
    ck_assert_uint_eq(l.end[1].bytes, 4);
    ck_assert_uint_eq(l.end[0].s->tx.acked + 1, l.end[0].s->tx.next);
    ck_assert_uint_eq(l.end[0].s->tx.memory, 0);
    sctp_link_close(&l);
  }
}
END_TEST

START_TEST(gives_up_after_so_long) {
  sctp_link l;
  bool lossy = true;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  l.keep = lose_data;
  l.ctx = &lossy;
  send_limited(&l, 1, 500, false, -1, WEFT_MS(1500)); /* sent at 0 and 1 s; at 3 s it is over */
  sctp_link_run(&l, WEFT_SEC(2));
  ck_assert_uint_eq(link_stats(&l, 0).buffered, 500);
  sctp_link_run(&l, WEFT_SEC(2));
  ck_assert_uint_eq(link_stats(&l, 0).buffered, 0);
  lossy = false;
  link_send(&l, 0, 1, "next", 4);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_uint_eq(l.end[1].bytes, 4);
  sctp_link_close(&l);
}
END_TEST

/* What runs out of time before it was ever sent needs no FORWARD-TSN and takes no sequence number. */
START_TEST(unsent_messages_vanish) {
  sctp_link l;
  weft_sctp_chunk c;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  l.end[0].blocked = true;
  send_limited(&l, 1, 500, false, -1, WEFT_MS(100));
  send_limited(&l, 1, 600, false, -1, WEFT_MS(100));
  send_limited(&l, 2, 700, false, -1, WEFT_MS(100));
  link_send(&l, 0, 1, "stays", 5);
  uint32_t assigned = l.end[0].s->tx.next - l.end[0].s->tx.acked - 1;
  ck_assert_uint_le(assigned, 4);
  l.now += WEFT_SEC(1);
  l.end[0].blocked = false;
  weft_sctp_tick(l.end[0].s, l.now);
  (void)link_find(&l, 0, WEFT_SCTP_FORWARD_TSN, &c, NULL);
  sctp_link_run(&l, WEFT_SEC(3));
  ck_assert_uint_ge(l.end[1].bytes, 5);
  ck_assert_uint_eq(link_stats(&l, 0).buffered, 0);
  sctp_link_close(&l);
}
END_TEST

/* Half of a long message was sent: FORWARD-TSN covers it to its end, and the rest is dropped. */
START_TEST(half_sent_messages) {
  for (int unordered = 0; unordered < 2; unordered++) {
    sctp_link l;
    bool lossy = true;
    sctp_link_init(&l, 1);
    sctp_link_connect(&l);
    l.keep = lose_data;
    l.ctx = &lossy;
    send_limited(&l, 1, sizeof block, unordered, 0, 0);
    ck_assert_ptr_nonnull(l.end[0].s->tx.current); /* cwnd let four packets out */
    sctp_link_run(&l, WEFT_MS(1050));
    ck_assert_ptr_null(l.end[0].s->tx.current);
    ck_assert_uint_eq(link_stats(&l, 0).buffered, 0);
    lossy = false;
    link_send(&l, 0, 1, "next", 4);
    sctp_link_run(&l, WEFT_SEC(5));
    ck_assert_uint_eq(l.end[1].bytes, 4);
    ck_assert_uint_eq(l.end[1].s->reassembly.bytes, 0);
    sctp_link_close(&l);
  }
}
END_TEST

/* Without the peer's word nothing is given up. */
START_TEST(reliable_towards_a_peer_that_cannot) {
  sctp_link l;
  bool lossy = true;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  l.end[0].s->tx.partial = l.end[0].s->peer.forward = false;
  l.keep = lose_data;
  l.ctx = &lossy;
  send_limited(&l, 1, 500, false, 0, WEFT_MS(1));
  sctp_link_run(&l, WEFT_SEC(20));
  lossy = false;
  sctp_link_run(&l, WEFT_SEC(60));
  ck_assert_uint_eq(l.end[1].bytes, 500);
  sctp_link_close(&l);
}
END_TEST

/* pion 104, 106, 107 and usrsctp 597: the matrix of orders, sizes and loss; at the end the window is whole. */
START_TEST(matrix) {
  for (uint64_t seed = 0; seed < 24; seed++) {
    sctp_link l;
    sctp_link_init(&l, seed);
    l.end[1].cfg.recv_window = 30000;
    sctp_link_connect(&l);
    l.loss = (unsigned)(4 + seed % 7);
    l.jitter = seed & 1 ? WEFT_MS(15) : 0;
    size_t reliable = 0;
    for (int i = 0; i < 300; i++) {
      size_t n = 1 + test_rng_below(&l.rng, seed % 3 == 0 ? 200 : 6000);
      bool limited = test_rng_chance(&l.rng, 70);
      int rc = limited ? send_limited(&l, (uint16_t)(i % 3), n, i & 1, (int)(seed % 2), seed % 5 == 0 ? WEFT_MS(80) : 0)
                       : link_send(&l, 0, 3, block, n);
      if (rc == WEFT_OK && !limited) reliable += n;
      if (i % 10 == 0) sctp_link_run(&l, WEFT_MS(test_rng_below(&l.rng, 100)));
    }
    sctp_link_run(&l, WEFT_SEC(600));
    weft_sctp_stats a = link_stats(&l, 0), b = link_stats(&l, 1);
    ck_assert_uint_eq(a.buffered, 0);
    ck_assert_uint_eq(a.outstanding, 0);
    ck_assert_uint_eq(b.reassembly, 0);
    ck_assert_uint_eq(l.end[1].s->reassembly.charge, 0);
    ck_assert_uint_eq(weft_sctp_window(l.end[1].s), 30000);
    ck_assert_uint_ge(l.end[1].bytes, reliable);
    l.loss = 0;
    l.end[1].bytes = 0;
    for (uint16_t i = 0; i < 4; i++) link_send(&l, 0, i, "end", 3);
    sctp_link_run(&l, WEFT_SEC(5));
    ck_assert_uint_eq(l.end[1].bytes, 12);
    sctp_link_close(&l);
  }
}
END_TEST

/* ---- FORWARD-TSN by hand --------------------------------------------------------------------------------------------- */

static void forward(sctp_link *l, uint32_t cumulative, const uint16_t *pairs, size_t n) {
  uint8_t chunk[1400];
  weft_wr w;
  weft_wr_init(&w, chunk, sizeof chunk);
  size_t at = weft_sctp_open_chunk(&w, WEFT_SCTP_FORWARD_TSN, 0);
  weft_wr_u32(&w, cumulative);
  for (size_t i = 0; i < 2 * n; i++) weft_wr_u16(&w, pairs[i]);
  weft_sctp_close_chunk(&w, at);
  link_inject(l, 1, chunk, weft_wr_len(&w));
}

/* F11: backwards, far ahead, of streams never seen and of streams that do not exist. */
START_TEST(forward_of_anything) {
  sctp_link l;
  static uint16_t many[600];
  sctp_link_init(&l, 1);
  l.end[1].cfg.streams_in = 1000;
  sctp_link_connect(&l);
  weft_sctp *s = l.end[1].s;
  uint32_t cum = s->rx.cumulative;
  forward(&l, cum - 1, NULL, 0);
  forward(&l, cum, NULL, 0);
  forward(&l, cum + 0x80000000u, NULL, 0);
  forward(&l, cum + 0x7fffffffu, NULL, 0);
  forward(&l, cum + WEFT_SCTP_TSN_WINDOW + 1, NULL, 0);
  ck_assert_uint_eq(s->rx.cumulative, cum);
  for (uint16_t i = 0; i < 300; i++) many[2 * i] = (uint16_t)(i * 200), many[2 * i + 1] = 0x1234;
  forward(&l, cum + 3, many, 300);
  ck_assert_uint_eq(s->rx.cumulative, cum + 3);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], 0);
  link_inject_data(&l, 1, 3, 1, 200, 0x1235, "x", 1); /* its turn after the skip */
  ck_assert_uint_eq(l.end[1].bytes, 1);
  sctp_link_close(&l);
}
END_TEST

/* A TSN beyond the window is not worth a byte; half the number space away, where a plain comparison decides, either. */
START_TEST(forward_far_away_costs_nothing) {
  static const uint32_t first[] = {7, 0x90000000u},
                        far[] = {WEFT_SCTP_TSN_WINDOW + 1, 0x40000000u, 0x7fffffffu, 0x80000000u};
  for (size_t i = 0; i < 2; i++) {
    sctp_link l;
    sctp_link_init(&l, 1);
    l.end[0].cfg.use_initial_tsn = true;
    l.end[0].cfg.initial_tsn = first[i];
    sctp_link_connect(&l);
    for (size_t k = 0; k < 4; k++) forward(&l, first[i] - 1 + far[k], NULL, 0);
    ck_assert_uint_eq(l.end[1].s->rx.cumulative, first[i] - 1);
    ck_assert_uint_eq(l.end[1].s->rx.bits_n, 0);
    sctp_link_close(&l);
  }
}
END_TEST

/* Without memory for a stream that it names, a FORWARD-TSN is as good as lost: passed half, the stream would wait for ever. */
START_TEST(forward_without_memory) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  uint32_t cum = l.end[1].s->rx.cumulative;
  const uint16_t pairs[] = {7, 3, 5000, 0};
  for (size_t at = 1; at <= 3; at++) {
    test_leak()->fail_at = at;
    forward(&l, cum + 4, pairs, 2);
    ck_assert_uint_eq(test_leak()->fail_at, 0);
    ck_assert_uint_eq(l.end[1].s->rx.cumulative, cum);
  }
  forward(&l, cum + 4, pairs, 2);
  link_inject_data(&l, 1, 3, 1, 7, 4, "a", 1);
  link_inject_data(&l, 1, 3, 1, 5000, 1, "b", 1);
  ck_assert_uint_eq(l.end[1].bytes, 2);
  sctp_link_close(&l);
}
END_TEST

/* A peer that answers every FORWARD-TSN is there, although none of the data reaches it: Association.Max.Retrans is not counted up. */
START_TEST(an_answered_forward_is_an_answer) {
  sctp_link l;
  bool lossy = true;
  sctp_link_init(&l, 1);
  for (int i = 0; i < 2; i++) l.end[i].cfg.heartbeat_interval = WEFT_NEVER;
  sctp_link_connect(&l);
  l.keep = lose_data;
  l.ctx = &lossy;
  for (int i = 0; i < 15; i++) {
    ck_assert_int_eq(send_limited(&l, 1, 500, false, 0, 0), WEFT_OK);
    sctp_link_run(&l, WEFT_SEC(70));
    ck_assert_uint_eq(l.end[0].s->tx.acked + 1, l.end[0].s->tx.next);
  }
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 0);
  sctp_link_close(&l);
}
END_TEST

/* A lost message runs out of time while output takes nothing, and nothing else is to be sent: the FORWARD-TSN still goes out. */
START_TEST(expires_while_output_is_blocked) {
  sctp_link l;
  bool lossy = true;
  sctp_link_init(&l, 1);
  for (int i = 0; i < 2; i++) l.end[i].cfg.heartbeat_interval = WEFT_NEVER;
  sctp_link_connect(&l);
  l.keep = lose_data;
  l.ctx = &lossy;
  ck_assert_int_eq(send_limited(&l, 1, 500, false, -1, WEFT_MS(1100)), WEFT_OK);
  l.end[0].blocked = true;
  sctp_link_run(&l, WEFT_MS(1050)); /* T3 has said that it is lost */
  ck_assert_uint_eq(l.end[0].s->tx.lost_n, 1);
  weft_sctp_hold(l.end[0].s);
  l.end[0].blocked = false;
  l.now += WEFT_MS(100);
  weft_sctp_release(l.end[0].s, l.now);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_uint_eq(l.end[0].s->tx.acked + 1, l.end[0].s->tx.next);
  sctp_link_close(&l);
}
END_TEST

START_TEST(forward_only_when_agreed) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  l.end[1].s->peer.forward = false;
  uint32_t cum = l.end[1].s->rx.cumulative;
  forward(&l, cum + 3, NULL, 0);
  ck_assert_uint_eq(l.end[1].s->rx.cumulative, cum);
  ck_assert_uint_eq(link_stats(&l, 1).drop_state, 1);
  sctp_link_close(&l);
}
END_TEST

/* usrsctp 547: half of a message is there when it is skipped, ordered and not. */
START_TEST(forward_over_halves) {
  for (int unordered = 0; unordered < 2; unordered++) {
    for (int part = 0; part < 3; part++) {
      sctp_link l;
      sctp_link_init(&l, 1);
      sctp_link_connect(&l);
      uint32_t cum = l.end[1].s->rx.cumulative;
      uint8_t u = unordered ? WEFT_SCTP_FLAG_U : 0;
      static const uint8_t flags[] = {2, 0, 1};
      for (int i = 0; i < 3; i++) {
        if (i == part) continue; /* this one never comes */
        link_inject_data(&l, 1, flags[i] | u, (uint32_t)(cum + 1 + (uint32_t)i - l.end[1].s->rx.cumulative), 1, 0,
                         "half", 4);
      }
      uint16_t pair[] = {1, 0};
      forward(&l, cum + 3, pair, unordered ? 0 : 1);
      ck_assert_uint_eq(l.end[1].s->reassembly.bytes, 0);
      ck_assert_uint_eq(l.end[1].s->rx.cumulative, cum + 3);
      link_inject_data(&l, 1, 3, 1, 1, unordered ? 0 : 1, "next", 4);
      ck_assert_uint_eq(l.end[1].bytes, 4);
      sctp_link_close(&l);
    }
  }
}
END_TEST

/* The stream list of a FORWARD-TSN never outgrows the packet: it then reaches less far and the rest follows. */
START_TEST(long_lists_are_cut) {
  sctp_link l;
  bool lossy = true;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  l.end[0].s->cc.cwnd = 100000;
  l.keep = lose_data;
  l.ctx = &lossy;
  weft_sctp_hold(l.end[0].s);
  for (uint16_t i = 0; i < 200; i++) send_limited(&l, i, 20, false, 0, 0);
  weft_sctp_release(l.end[0].s, l.now);
  sctp_link_run(&l, WEFT_MS(1100));
  lossy = false;
  for (uint16_t i = 0; i < 200; i++) link_send(&l, 0, i, "n", 1);
  sctp_link_run(&l, WEFT_SEC(30));
  ck_assert_uint_eq(l.end[1].bytes, 200);
  ck_assert_uint_le(l.end[0].largest, l.end[0].cfg.mtu);
  sctp_link_close(&l);
}
END_TEST

Suite *test_sctp_abandon(void) {
  static const unit_test tests[] = {UNIT(gives_up_after_so_many_retransmissions),
                                    UNIT(gives_up_after_so_long),
                                    UNIT(unsent_messages_vanish),
                                    UNIT(half_sent_messages),
                                    UNIT(reliable_towards_a_peer_that_cannot),
                                    UNIT(matrix),
                                    UNIT(forward_of_anything),
                                    UNIT(forward_far_away_costs_nothing),
                                    UNIT(forward_without_memory),
                                    UNIT(an_answered_forward_is_an_answer),
                                    UNIT(expires_while_output_is_blocked),
                                    UNIT(forward_only_when_agreed),
                                    UNIT(forward_over_halves),
                                    UNIT(long_lists_are_cut)};
  return unit_suite("sctp/abandon", tests, sizeof tests / sizeof tests[0]);
}
