#include "test/support/unit.h"
#include "test/unit/sctp_link.h"

static uint8_t block[60000];

static size_t count_data(const sctp_link *l, int from) {
  size_t n = 0;
  for (size_t i = 0; i < l->queued; i++) {
    weft_sctp_packet p;
    weft_sctp_chunk c;
    if (l->queue[i].to == from || weft_sctp_packet_read(&p, l->queue[i].data, l->queue[i].len) != WEFT_OK) continue;
    while (weft_sctp_chunk_next(&p.chunks, &c) == 1) n += c.type == WEFT_SCTP_DATA;
  }
  return n;
}

START_TEST(small_messages_share_packets) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  weft_sctp_hold(l.end[0].s);
  weft_sctp_hold(l.end[0].s); /* holds nest */
  for (int i = 0; i < 30; i++) link_send(&l, 0, 1, "0123456789", 10);
  ck_assert_int_eq(weft_sctp_release(l.end[0].s, l.now), WEFT_OK);
  ck_assert_uint_eq(l.queued, 0);
  ck_assert_int_eq(weft_sctp_release(l.end[0].s, l.now), WEFT_OK);
  ck_assert_uint_eq(l.queued, 1); /* 30 * 28 + 12 bytes */
  ck_assert_uint_eq(count_data(&l, 0), 30);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_uint_eq(l.end[1].bytes, 300);
  sctp_link_close(&l);
}
END_TEST

START_TEST(packets_are_filled_and_fit) {
  sctp_link l;
  sctp_link_init(&l, 1);
  l.end[0].cfg.mtu = 600;
  sctp_link_connect(&l);
  link_send(&l, 0, 1, block, 20000);
  sctp_link_run(&l, WEFT_SEC(3));
  ck_assert_uint_eq(l.end[0].largest, 600);
  ck_assert_uint_eq(l.end[1].bytes, 20000);
  sctp_link_close(&l);
}
END_TEST

/* Streams take turns message by message: a short one does not wait for all of a long queue. */
START_TEST(streams_take_turns) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  for (int i = 0; i < 10; i++) link_send(&l, 0, 1, block, 5000);
  link_send(&l, 0, 2, "b", 1);
  link_send(&l, 0, 3, "c", 1);
  sctp_link_run(&l, WEFT_SEC(5));
  ck_assert_uint_eq(l.end[1].log_n, 12);
  size_t at[4] = {0};
  for (size_t i = 0; i < 12; i++) at[l.end[1].log_stream[i]] = i;
  ck_assert_uint_le(at[2], 3);
  ck_assert_uint_le(at[3], 3);
  ck_assert_uint_eq(at[1], 11);
  sctp_link_close(&l);
}
END_TEST

/* EAGAIN of output: not sent, no effect on cwnd, RTO or counts; offered again in tick. */
START_TEST(output_may_say_not_now) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  weft_sctp *s = l.end[0].s;
  l.end[0].blocked = true;
  weft_sctp_stats before = link_stats(&l, 0);
  ck_assert_int_eq(link_send(&l, 0, 1, block, 3000), WEFT_OK);
  for (int i = 0; i < 50; i++) {
    ck_assert_uint_eq(weft_sctp_deadline(s), l.now + WEFT_MS(10));
    l.now += WEFT_MS(10);
    weft_sctp_tick(s, l.now);
  }
  weft_sctp_stats after = link_stats(&l, 0);
  ck_assert_uint_eq(after.outstanding, 0);
  ck_assert_uint_eq(after.cwnd, before.cwnd);
  ck_assert_uint_eq(after.rto, before.rto);
  ck_assert_uint_eq(after.packets_out, before.packets_out);
  ck_assert_uint_eq(after.data_chunks_out, 0);
  ck_assert_uint_eq(s->t3_at, WEFT_NEVER);
  l.end[0].blocked = false;
  weft_sctp_tick(s, l.now);
  ck_assert_uint_eq(count_data(&l, 0), 3);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_uint_eq(l.end[1].bytes, 3000);
  ck_assert_uint_eq(link_stats(&l, 0).retransmits, 0);
  ck_assert(s->rto.measured);
  sctp_link_close(&l);
}
END_TEST

/* The same in the middle of everything: handshake, transfer, reset, shutdown, with a pipe that is full half of the time. */
START_TEST(a_stuttering_output) {
  for (uint64_t seed = 0; seed < 20; seed++) {
    sctp_link l;
    sctp_link_init(&l, seed);
    sctp_link_open(&l);
    l.end[0].blocked = true;
    weft_sctp_connect(l.end[0].s, l.now);
    bool sent = false, asked = false, closed = false;
    for (int i = 0; i < 20000 && !l.end[0].events[WEFT_SCTP_EVENT_CLOSED]; i++) {
      for (int k = 0; k < 2; k++) l.end[k].blocked = test_rng_chance(&l.rng, 50);
      sctp_link_run(&l, WEFT_MS(3));
      if (!sent && l.end[0].events[WEFT_SCTP_EVENT_CONNECTED])
        sent = link_send(&l, 0, 1, block, sizeof block) == WEFT_OK;
      if (sent && !asked && l.end[1].bytes)
        asked = weft_sctp_reset_streams(l.end[0].s, &(uint16_t){1}, 1, l.now) == WEFT_OK;
      if (asked && !closed && l.end[0].events[WEFT_SCTP_EVENT_RESET_OUT])
        closed = weft_sctp_close(l.end[0].s, WEFT_OK, l.now) == WEFT_OK;
    }
    ck_assert_uint_eq(l.end[1].bytes, sizeof block);
    ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESET_IN], 1);
    ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 1);
    ck_assert_uint_eq(link_stats(&l, 0).t3_expiries, 0);
    sctp_link_close(&l);
  }
}
END_TEST

static int failing(void *user, const uint8_t *data, size_t len, weft_time now) {
  (void)user, (void)data, (void)len, (void)now;
  return WEFT_ECLOSED;
}

/* Any other failure is a lost packet. */
START_TEST(output_that_fails) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  l.end[0].s->cb.output = failing;
  link_send(&l, 0, 1, "x", 1);
  ck_assert_uint_eq(link_stats(&l, 0).outstanding, 1);
  l.end[0].s->cb.output = link_output;
  sctp_link_run(&l, WEFT_SEC(2));
  ck_assert_uint_eq(l.end[1].bytes, 1);
  sctp_link_close(&l);
}
END_TEST

typedef struct seen {
  unsigned in, out, state, drop;
  char states[200];
} seen;

static void on_trace(void *user, const weft_trace *t) {
  seen *s = user;
  ck_assert_str_eq(t->layer, "sctp");
  if (t->kind == WEFT_TRACE_IN) s->in++;
  if (t->kind == WEFT_TRACE_OUT) s->out++;
  if (t->kind == WEFT_TRACE_DROP) s->drop++;
  if (t->kind != WEFT_TRACE_STATE) return;
  strcat(s->states, t->text);
  strcat(s->states, " ");
}

START_TEST(traces) {
  sctp_link l;
  seen s = {0};
  sctp_link_init(&l, 1);
  l.end[0].cfg.trace = (weft_tracer){on_trace, &s};
  sctp_link_connect(&l);
  weft_sctp_input(l.end[0].s, block, 5, l.now);
  weft_sctp_close(l.end[0].s, WEFT_OK, l.now);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_str_eq(s.states, "COOKIE_WAIT COOKIE_ECHOED ESTABLISHED SHUTDOWN_PENDING SHUTDOWN_SENT CLOSED ");
  ck_assert_uint_eq(s.out, l.end[0].sent);
  ck_assert_uint_eq(s.in, link_stats(&l, 0).packets_in);
  ck_assert_uint_eq(s.drop, 1);
  sctp_link_close(&l);
}
END_TEST

static size_t chunks_of(const sctp_link *l, int from, uint8_t type) {
  size_t n = 0;
  for (size_t i = 0; i < l->queued; i++) {
    weft_sctp_packet p;
    weft_sctp_chunk c;
    if (l->queue[i].to == from) continue;
    ck_assert_int_eq(weft_sctp_packet_check(l->queue[i].data, l->queue[i].len), WEFT_OK);
    ck_assert_int_eq(weft_sctp_packet_read(&p, l->queue[i].data, l->queue[i].len), WEFT_OK);
    while (weft_sctp_chunk_next(&p.chunks, &c) == 1) n += c.type == type;
  }
  return n;
}

/* Four answers are two chunks, behind a SACK that leaves any room or none. */
START_TEST(answers_behind_a_long_sack) {
  for (uint16_t gaps = 100; gaps < 290; gaps++) {
    sctp_link l;
    uint8_t ask[4][24] = {{0}};
    sctp_link_init(&l, 1);
    sctp_link_connect(&l);
    weft_sctp_hold(l.end[1].s);
    for (uint32_t i = 0; i < gaps; i++) link_inject_data(&l, 1, 7, 2 + 2 * i, 1, 0, "x", 1);
    for (uint32_t i = 0; i < 4; i++) { /* numbers out of sequence: each gets an answer */
      uint8_t chunk[24] = {WEFT_SCTP_RE_CONFIG, 0, 0, 22, 0, WEFT_SCTP_PARAM_RESET_OUT, 0, 18};
      memcpy(ask[i], chunk, sizeof chunk);
      weft_sctp_put32(ask[i] + 8, l.end[1].s->resets.peer_seq + 100 + i);
      link_inject(&l, 1, ask[i], sizeof ask[i]);
    }
    weft_sctp_release(l.end[1].s, l.now);
    ck_assert_uint_eq(chunks_of(&l, 1, WEFT_SCTP_SACK), 1);
    ck_assert_uint_eq(chunks_of(&l, 1, WEFT_SCTP_RE_CONFIG), 2);
    sctp_link_close(&l);
  }
}
END_TEST

/* Memory that is short for a while delays what was accepted, and does not strand it. */
START_TEST(no_memory_to_send_with) {
  sctp_link l;
  sctp_link_init(&l, 1);
  for (int i = 0; i < 2; i++) l.end[i].cfg.heartbeat_interval = WEFT_NEVER;
  sctp_link_connect(&l);
  weft_sctp_hold(l.end[0].s);
  ck_assert_int_eq(link_send(&l, 0, 1, "first", 5), WEFT_OK);
  test_leak()->fail_at = 1; /* the ring */
  weft_sctp_release(l.end[0].s, l.now);
  ck_assert_uint_eq(test_leak()->fail_at, 0);
  ck_assert_uint_le(weft_sctp_deadline(l.end[0].s), l.now + WEFT_MS(WEFT_SCTP_RETRY_MS));
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_uint_eq(l.end[1].bytes, 5);
  weft_sctp_hold(l.end[0].s);
  ck_assert_int_eq(weft_sctp_reset_streams(l.end[0].s, &(uint16_t){1}, 1, l.now), WEFT_OK);
  test_leak()->fail_at = 1; /* the list of streams of the request */
  weft_sctp_release(l.end[0].s, l.now);
  ck_assert_uint_eq(test_leak()->fail_at, 0);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_RESET_OUT], 1);
  sctp_link_close(&l);
}
END_TEST

/* In steady state nothing is asked of the allocator. */
START_TEST(no_allocation_per_packet) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  size_t calls = 0;
  for (int i = 0; i < 60; i++) {
    if (i == 20) calls = test_leak()->calls;
    for (uint16_t k = 0; k < 5; k++) link_send(&l, i & 1, k, block, 16384);
    sctp_link_run(&l, WEFT_MS(400));
  }
  ck_assert_uint_eq(test_leak()->calls, calls);
  ck_assert_uint_eq(l.end[0].bytes + l.end[1].bytes, 60 * 5 * 16384);
  sctp_link_close(&l);
}
END_TEST

Suite *test_sctp_output(void) {
  static const unit_test tests[] = {UNIT(small_messages_share_packets),
                                    UNIT(packets_are_filled_and_fit),
                                    UNIT(streams_take_turns),
                                    UNIT(output_may_say_not_now),
                                    UNIT(a_stuttering_output),
                                    UNIT(output_that_fails),
                                    UNIT(traces),
                                    UNIT(answers_behind_a_long_sack),
                                    UNIT(no_memory_to_send_with),
                                    UNIT(no_allocation_per_packet)};
  return unit_suite("sctp/output", tests, sizeof tests / sizeof tests[0]);
}
