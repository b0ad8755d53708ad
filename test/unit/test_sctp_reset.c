#include "test/support/unit.h"
#include "test/unit/sctp_link.h"

static uint8_t block[20000];

static int reset(sctp_link *l, int side, uint16_t stream) {
  return weft_sctp_reset_streams(l->end[side].s, &stream, 1, l->now);
}

START_TEST(resets_and_uses_again) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  for (unsigned round = 1; round <= 3; round++) {
    link_send(&l, 0, 4, "one", 3);
    link_send(&l, 0, 4, "two", 3);
    ck_assert_int_eq(reset(&l, 0, 4), WEFT_OK);
    ck_assert_int_eq(link_send(&l, 0, 4, "x", 1), WEFT_ESTATE);
    ck_assert_int_eq(link_send(&l, 0, 6, "x", 1), WEFT_OK);
    sctp_link_run(&l, WEFT_SEC(1));
    ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_RESET_OUT], round);
    ck_assert_int_eq(l.end[0].last[WEFT_SCTP_EVENT_RESET_OUT].code, WEFT_OK);
    ck_assert_uint_eq(l.end[0].streams_n, 1);
    ck_assert_uint_eq(l.end[0].streams[0], 4);
    ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESET_IN], round);
    ck_assert_uint_eq(l.end[1].streams[0], 4);
    ck_assert_uint_eq(l.end[1].bytes, 7 * round);
    ck_assert_ptr_null(weft_sctp_send_stream(&l.end[0].s->tx, 4)); /* as good as new: nothing is kept */
  }
  sctp_link_close(&l);
}
END_TEST

/* The request waits for the stream's data, and for no other's. */
START_TEST(waits_for_its_data_only) {
  sctp_link l;
  weft_sctp_chunk c;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_send(&l, 0, 1, "mine", 4);
  sctp_link_run(&l, WEFT_MS(100));
  link_send(&l, 0, 2, block, sizeof block); /* under way for long */
  reset(&l, 0, 1);
  ck_assert(link_find(&l, 0, WEFT_SCTP_RE_CONFIG, &c, NULL));
  link_clear(&l);
  reset(&l, 0, 2);
  ck_assert(!link_find(&l, 0, WEFT_SCTP_RE_CONFIG, &c, NULL));
  sctp_link_run(&l, WEFT_SEC(10));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_RESET_OUT], 2);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESET_IN], 2);
  ck_assert_uint_eq(l.end[1].bytes, sizeof block + 4);
  sctp_link_close(&l);
}
END_TEST

static bool lose_some(sctp_link *l, int from, const uint8_t *data, size_t len) {
  (void)from;
  int *n = l->ctx;
  weft_sctp_packet p;
  weft_sctp_chunk c;
  weft_sctp_packet_read(&p, data, len);
  while (weft_sctp_chunk_next(&p.chunks, &c) == 1) {
    if (c.type == WEFT_SCTP_RE_CONFIG && (*n)-- > 0) return false;
  }
  return true;
}

/* Requests and answers lost: asked again with the same number, performed once. */
START_TEST(lost_requests_and_answers) {
  for (int lost = 1; lost <= 6; lost++) {
    sctp_link l;
    int n = lost;
    sctp_link_init(&l, 1);
    sctp_link_connect(&l);
    l.keep = lose_some;
    l.ctx = &n;
    reset(&l, 0, 9);
    sctp_link_run(&l, WEFT_SEC(200));
    ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_RESET_OUT], 1);
    ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESET_IN], 1);
    sctp_link_close(&l);
  }
}
END_TEST

START_TEST(nobody_answers) {
  sctp_link l;
  int n = 1000;
  sctp_link_init(&l, 1);
  l.end[0].cfg.heartbeat_interval = l.end[1].cfg.heartbeat_interval = WEFT_NEVER;
  sctp_link_connect(&l);
  l.keep = lose_some;
  l.ctx = &n;
  reset(&l, 0, 9);
  sctp_link_run(&l, WEFT_SEC(360)); /* 1 + 2 + 4 + ... + 32 + 5 times 60 s */
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 0);
  sctp_link_run(&l, WEFT_SEC(10));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 1);
  ck_assert_str_eq(l.end[0].last[WEFT_SCTP_EVENT_CLOSED].closed.step, "reset");
  ck_assert_int_eq(n, 1000 - 11);
  sctp_link_close(&l);
}
END_TEST

/* Many streams travel in requests that fit a packet. */
START_TEST(batches) {
  sctp_link l;
  static uint16_t many[2000];
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  for (uint16_t i = 0; i < 2000; i++) {
    many[i] = (uint16_t)(i * 3);
    if (i % 7 == 0) link_send(&l, 0, many[i], "d", 1);
  }
  ck_assert_int_eq(weft_sctp_reset_streams(l.end[0].s, many, 2000, l.now), WEFT_OK);
  ck_assert_int_eq(weft_sctp_reset_streams(l.end[0].s, many, 2000, l.now), WEFT_OK); /* again: no more */
  sctp_link_run(&l, WEFT_SEC(10));
  ck_assert_uint_ge(l.end[0].events[WEFT_SCTP_EVENT_RESET_OUT], 4);
  ck_assert_uint_le(l.end[0].events[WEFT_SCTP_EVENT_RESET_OUT], 8);
  ck_assert_uint_le(l.end[0].largest, l.end[0].cfg.mtu);
  ck_assert_uint_eq(l.end[0].s->tx.streams.count, 0);
  sctp_link_close(&l);
}
END_TEST

START_TEST(the_whole_association) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_send(&l, 0, 1, "a", 1);
  link_send(&l, 0, 2, block, sizeof block);
  ck_assert_int_eq(weft_sctp_reset_streams(l.end[0].s, NULL, 0, l.now), WEFT_OK);
  ck_assert_int_eq(link_send(&l, 0, 5, "a", 1), WEFT_ESTATE);
  sctp_link_run(&l, WEFT_SEC(10));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_RESET_OUT], 1);
  ck_assert_uint_eq(l.end[0].last[WEFT_SCTP_EVENT_RESET_OUT].streams_n, 0);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESET_IN], 1);
  ck_assert_ptr_null(l.end[1].last[WEFT_SCTP_EVENT_RESET_IN].streams);
  link_send(&l, 0, 1, "b", 1);
  link_send(&l, 0, 2, "c", 1);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_uint_eq(l.end[1].bytes, sizeof block + 3);
  sctp_link_close(&l);
}
END_TEST

/* ---- the peer's requests, by hand ------------------------------------------------------------------------------------ */

static void inject_reset(sctp_link *l, uint32_t seq, uint32_t last_tsn, const uint16_t *streams, size_t n) {
  uint8_t chunk[1200];
  weft_wr w;
  weft_wr_init(&w, chunk, sizeof chunk);
  size_t at = weft_sctp_open_chunk(&w, WEFT_SCTP_RE_CONFIG, 0), p = weft_sctp_open_tlv(&w, WEFT_SCTP_PARAM_RESET_OUT);
  weft_wr_u32(&w, seq);
  weft_wr_u32(&w, 0);
  weft_wr_u32(&w, last_tsn);
  for (size_t i = 0; i < n; i++) weft_wr_u16(&w, streams[i]);
  weft_sctp_close_tlv(&w, p);
  weft_sctp_close_chunk(&w, at);
  link_inject(l, 1, chunk, weft_wr_len(&w));
}

static uint32_t result_of(sctp_link *l, uint32_t seq) {
  weft_sctp_chunk c;
  weft_sctp_tlv t;
  weft_rd r;
  ck_assert(link_find(l, 1, WEFT_SCTP_RE_CONFIG, &c, NULL));
  weft_rd_init(&r, c.value, c.value_len);
  ck_assert_int_eq(weft_sctp_tlv_next(&r, &t), 1);
  ck_assert_uint_eq(t.type, WEFT_SCTP_PARAM_RESPONSE);
  ck_assert_uint_eq(weft_sctp_be32(t.value), seq);
  link_clear(l);
  return weft_sctp_be32(t.value + 4);
}

/* RFC 6525 section 5.2.1; F12. */
START_TEST(sequence_numbers) {
  sctp_link l;
  uint16_t two[] = {3, 5}, wrong[] = {3, 500};
  sctp_link_init(&l, 1);
  l.end[1].cfg.streams_in = 100;
  sctp_link_connect(&l);
  uint32_t seq = l.end[1].s->resets.peer_seq + 1, cum = l.end[1].s->rx.cumulative;
  ck_assert_uint_eq(seq, l.end[0].s->peer.my_tsn);
  inject_reset(&l, seq + 1, cum, two, 2);
  ck_assert_uint_eq(result_of(&l, seq + 1), 5); /* error: bad sequence number */
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESET_IN], 0);
  for (int i = 0; i < 100; i++) { /* a replay is answered as before and does nothing */
    inject_reset(&l, seq, cum, two, 2);
    ck_assert_uint_eq(result_of(&l, seq), 1);
  }
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESET_IN], 1);
  ck_assert_uint_eq(l.end[1].streams_n, 2);
  inject_reset(&l, seq + 1, cum, wrong, 2);
  ck_assert_uint_eq(result_of(&l, seq + 1), 3); /* error: wrong SSN */
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESET_IN], 1);
  inject_reset(&l, seq - 5, cum, two, 2);
  ck_assert_uint_eq(result_of(&l, seq - 5), 5);
  sctp_link_close(&l);
}
END_TEST

/* Deferred until the peer's last TSN is here; the answer then goes out unasked, once, also to a peer that asks again with a new
 * number. */
START_TEST(in_progress) {
  for (int new_number = 0; new_number < 2; new_number++) {
    sctp_link l;
    uint16_t one[] = {3};
    sctp_link_init(&l, 1);
    sctp_link_connect(&l);
    uint32_t seq = l.end[1].s->resets.peer_seq + 1, cum = l.end[1].s->rx.cumulative;
    link_inject_data(&l, 1, 3, 2, 3, 1, "second", 6);
    link_clear(&l);
    for (int i = 0; i < 3; i++) {
      inject_reset(&l, seq, cum + 2, one, 1);
      ck_assert_uint_eq(result_of(&l, seq), 6);
    }
    ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESET_IN], 0);
    link_inject_data(&l, 1, 3, 1, 3, 0, "first", 5);
    ck_assert_uint_eq(l.end[1].bytes, 11); /* the data came first */
    ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESET_IN], 1);
    ck_assert_uint_eq(result_of(&l, seq), 1);
    inject_reset(&l, seq + (uint32_t)new_number, cum + 2, one, 1);
    ck_assert_uint_eq(result_of(&l, seq + (uint32_t)new_number), 1);
    ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESET_IN], 1);
    link_inject_data(&l, 1, 3, 1, 3, 0, "anew", 4);
    ck_assert_uint_eq(l.end[1].bytes, 15);
    sctp_link_close(&l);
  }
}
END_TEST

/* Incoming resets, TSN resets and more streams are not granted; each gets its answer. */
START_TEST(other_requests_are_denied) {
  static const uint16_t types[] = {WEFT_SCTP_PARAM_RESET_IN, WEFT_SCTP_PARAM_RESET_TSN, WEFT_SCTP_PARAM_ADD_OUT,
                                   WEFT_SCTP_PARAM_ADD_IN};
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  for (size_t i = 0; i < 4; i++) {
    uint32_t seq = l.end[1].s->resets.peer_seq + 1;
    uint8_t chunk[16] = {WEFT_SCTP_RE_CONFIG, 0, 0, 16, 0, (uint8_t)types[i], 0, 12};
    weft_sctp_put32(chunk + 8, seq);
    link_inject(&l, 1, chunk, 16);
    ck_assert_uint_eq(result_of(&l, seq), 2);
  }
  uint8_t stub[8] = {WEFT_SCTP_RE_CONFIG, 0, 0, 8, 0, WEFT_SCTP_PARAM_RESET_IN, 0, 4};
  link_inject(&l, 1, stub, 8);
  ck_assert_uint_eq(l.queued, 0);
  sctp_link_close(&l);
}
END_TEST

static void answer(sctp_link *l, uint32_t seq, uint32_t result) {
  uint8_t chunk[16] = {WEFT_SCTP_RE_CONFIG, 0, 0, 16, 0, WEFT_SCTP_PARAM_RESPONSE, 0, 12};
  weft_sctp_put32(chunk + 8, seq);
  weft_sctp_put32(chunk + 12, result);
  link_inject(l, 0, chunk, 16);
}

START_TEST(what_answers_mean) {
  static const struct {
    uint32_t result;
    int code;
  } cases[] = {{0, WEFT_OK}, {1, WEFT_OK}, {2, WEFT_EREFUSED}, {3, WEFT_EPROTO}, {5, WEFT_EPROTO}, {99, WEFT_EPROTO}};
  for (size_t i = 0; i < 6; i++) {
    sctp_link l;
    sctp_link_init(&l, 1);
    sctp_link_connect(&l);
    link_send(&l, 0, 7, "x", 1);
    sctp_link_run(&l, WEFT_SEC(1));
    reset(&l, 0, 7);
    link_clear(&l);
    uint32_t seq = l.end[0].s->resets.seq;
    answer(&l, seq + 1, 1); /* another's */
    ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_RESET_OUT], 0);
    answer(&l, seq, 6); /* in progress: asked again later */
    ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_RESET_OUT], 0);
    weft_sctp_chunk c;
    weft_time before = l.end[0].s->resets.at;
    ck_assert_uint_ne(before, WEFT_NEVER);
    l.now = before;
    weft_sctp_tick(l.end[0].s, l.now);
    ck_assert(link_find(&l, 0, WEFT_SCTP_RE_CONFIG, &c, NULL));
    answer(&l, seq, cases[i].result);
    ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_RESET_OUT], 1);
    ck_assert_int_eq(l.end[0].last[WEFT_SCTP_EVENT_RESET_OUT].code, cases[i].code);
    answer(&l, seq, cases[i].result);
    ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_RESET_OUT], 1);
    ck_assert_int_eq(link_send(&l, 0, 7, "y", 1), WEFT_OK);
    sctp_link_close(&l);
  }
}
END_TEST

START_TEST(only_where_it_can) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_open(&l);
  ck_assert_int_eq(reset(&l, 0, 1), WEFT_ESTATE);
  weft_sctp_connect(l.end[0].s, l.now);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_int_eq(reset(&l, 0, 65535), WEFT_EINVAL);
  l.end[0].s->peer.reconfig = false;
  ck_assert_int_eq(reset(&l, 0, 1), WEFT_EUNSUPPORTED);
  sctp_link_close(&l);
}
END_TEST

/* Request numbers wrap, over a bad link, both ways, with data between. */
START_TEST(wraps_over_a_bad_link) {
  sctp_link l;
  sctp_link_init(&l, 3);
  for (int i = 0; i < 2; i++) {
    l.end[i].cfg.use_initial_tsn = true;
    l.end[i].cfg.initial_tsn = 0xfffffffdu;
    l.end[i].cfg.initial_ssn = 0xffff;
  }
  sctp_link_connect(&l);
  l.loss = 15;
  l.jitter = WEFT_MS(20);
  for (unsigned round = 1; round <= 12; round++) {
    for (int i = 0; i < 2; i++) {
      for (int k = 0; k < 5; k++) ck_assert_int_eq(link_send(&l, i, 1, block, 3000), WEFT_OK);
      reset(&l, i, 1);
    }
    sctp_link_run(&l, WEFT_SEC(100));
    for (int i = 0; i < 2; i++) {
      ck_assert_uint_eq(l.end[i].events[WEFT_SCTP_EVENT_RESET_OUT], round);
      ck_assert_uint_eq(l.end[i].events[WEFT_SCTP_EVENT_RESET_IN], round);
      ck_assert_uint_eq(l.end[i].bytes, round * 15000);
    }
  }
  sctp_link_close(&l);
}
END_TEST

/* Both wait for data that is queued; neither's memory may be touched by what frees the other. */
START_TEST(over_while_two_wait) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  for (uint16_t stream = 1; stream <= 40; stream++) {
    ck_assert_int_eq(link_send(&l, 0, stream, block, sizeof block), WEFT_OK);
    ck_assert_int_eq(reset(&l, 0, stream), WEFT_OK);
  }
  ck_assert_int_eq(weft_sctp_abort(l.end[0].s, NULL, l.now), WEFT_OK);
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 1);
  sctp_link_close(&l);
}
END_TEST

typedef struct forwards {
  uint8_t chunk[2][64];
  size_t len[2], n;
} forwards;

static bool lose_data_keep_forwards(sctp_link *l, int from, const uint8_t *data, size_t len) {
  forwards *f = l->ctx;
  weft_sctp_packet p;
  weft_sctp_chunk c;
  if (from == 1) return true;
  ck_assert_int_eq(weft_sctp_packet_read(&p, data, len), WEFT_OK);
  while (weft_sctp_chunk_next(&p.chunks, &c) == 1) {
    if (c.type == WEFT_SCTP_DATA) return false;
    if (c.type != WEFT_SCTP_FORWARD_TSN) continue;
    ck_assert_uint_le(c.length, sizeof f->chunk[0]);
    ck_assert_uint_lt(f->n, 2);
    memcpy(f->chunk[f->n], c.start, c.length);
    f->len[f->n++] = c.length;
    l->stop = true;
    return false;
  }
  return true;
}

/* Two FORWARD-TSNs, both naming stream 1; the second is late. Had the reset not waited for it, it would skip what is sent afterwards. */
START_TEST(waits_for_a_late_forward) {
  sctp_link l;
  forwards f = {.n = 0};
  weft_sctp_chunk c;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  l.keep = lose_data_keep_forwards;
  l.ctx = &f;
  for (uint16_t stream = 1; stream <= 2; stream++) {
    weft_sctp_message m = {.stream = stream, .ppid = 53, .limit_retransmits = true};
    ck_assert_int_eq(weft_sctp_send(l.end[0].s, &m, block, 4, l.now), WEFT_OK);
    sctp_link_run(&l, WEFT_SEC(10));
    ck_assert_uint_eq(f.n, stream);
  }
  l.keep = NULL;
  ck_assert_int_eq(reset(&l, 0, 1), WEFT_OK);
  link_inject(&l, 1, f.chunk[0], f.len[0]);
  sctp_link_run(&l, WEFT_MS(15)); /* the SACK is there, what it sets off still on the way */
  ck_assert_uint_eq(l.end[0].s->tx.acked + 2, l.end[0].s->tx.next);
  ck_assert(!link_find(&l, 0, WEFT_SCTP_RE_CONFIG, &c, NULL));
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESET_IN], 0);
  link_inject(&l, 1, f.chunk[1], f.len[1]);
  sctp_link_run(&l, WEFT_MS(100));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_RESET_OUT], 1);
  link_send(&l, 0, 1, "anew", 4);
  link_inject(&l, 1, f.chunk[1], f.len[1]);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_uint_eq(l.end[1].bytes, 4);
  sctp_link_close(&l);
}
END_TEST

Suite *test_sctp_reset(void) {
  static const unit_test tests[] = {UNIT(resets_and_uses_again),
                                    UNIT(waits_for_its_data_only),
                                    UNIT(lost_requests_and_answers),
                                    UNIT(nobody_answers),
                                    UNIT(batches),
                                    UNIT(the_whole_association),
                                    UNIT(sequence_numbers),
                                    UNIT(in_progress),
                                    UNIT(other_requests_are_denied),
                                    UNIT(what_answers_mean),
                                    UNIT(only_where_it_can),
                                    UNIT(wraps_over_a_bad_link),
                                    UNIT(over_while_two_wait),
                                    UNIT(waits_for_a_late_forward)};
  return unit_suite("sctp/reset", tests, sizeof tests / sizeof tests[0]);
}
