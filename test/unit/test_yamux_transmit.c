#include "test/unit/yamux_rig.h"

enum { DATA = WEFT_YAMUX_DATA, WINDOW = WEFT_YAMUX_WINDOW_UPDATE, SYN = WEFT_YAMUX_SYN };
enum { KIB = 1024, INITIAL = 256 * KIB };

static uint8_t much[1200 * KIB];

/* The streams of the DATA frames on side 0's wire, in order: "1 1 3 ". */
static void data_order(const yamux_rig *r, char *out, size_t cap) {
  size_t at = 0, used = 0;
  out[0] = 0;
  while (at + 12 <= r->out[0].len) {
    weft_yamux_header h;
    ck_assert_int_eq(weft_yamux_header_decode(&h, r->out[0].bytes + at), WEFT_OK);
    at += 12 + (h.type == DATA ? h.length : 0);
    if (h.type == DATA && used + 12 < cap) used += (size_t)sprintf(out + used, "%u ", (unsigned)h.stream);
  }
}

START_TEST(a_large_send_goes_out_in_frames_of_16_kib) {
  yamux_rig *r = yamux_rig_pair(NULL);
  uint32_t id = yamux_rig_open(r, 0);
  yamux_rig_clear(r);
  ck_assert_int_eq(weft_yamux_send(r->y[0], id, much, 40 * KIB, r->now), 40 * KIB);
  ck_assert_uint_eq(r->out[0].len, 3 * 12 + 40 * KIB);
  ck_assert_uint_eq(r->outputs[0], 1); /* together */
  ck_assert_hex(r->out[0].bytes, 12, "000000000000000100004000");
  ck_assert_hex(r->out[0].bytes + 12 + 16 * KIB, 12, "000000000000000100004000");
  ck_assert_hex(r->out[0].bytes + 2 * (12 + 16 * KIB), 12, "000000000000000100002000");
  yamux_rig_free(r);
}
END_TEST

START_TEST(frame_max_is_kept) {
  weft_yamux_config cfg = yamux_rig_config(0);
  cfg.frame_max = 7;
  yamux_rig *r = yamux_rig_pair(&cfg);
  uint32_t id = yamux_rig_open(r, 0);
  yamux_rig_clear(r);
  weft_yamux_send(r->y[0], id, much, 20, r->now);
  ck_assert_uint_eq(r->out[0].len, 3 * 12 + 20);
  yamux_rig_free(r);
}
END_TEST

/* Eight frames of 8,100 octets leave 623 octets of a batch: the ninth waits for the next one and stays whole. */
START_TEST(frames_are_not_cut_to_crumbs) {
  weft_yamux_config cfg = yamux_rig_config(0);
  cfg.frame_max = 8100;
  yamux_rig *r = yamux_rig_pair(&cfg);
  uint32_t id = yamux_rig_open(r, 0);
  yamux_rig_run(r, SIZE_MAX);
  yamux_rig_clear(r);
  uint64_t before = yamux_rig_stats(r, 0).frames_out;
  r->take[0] = 0;
  ck_assert_int_eq(weft_yamux_send(r->y[0], id, much, 25 * 8100, r->now), 25 * 8100);
  r->take[0] = SIZE_MAX;
  weft_yamux_tick(r->y[0], r->now);
  ck_assert_uint_eq(r->out[0].len, 25 * (8100 + 12));
  ck_assert_uint_eq(yamux_rig_stats(r, 0).frames_out, before + 25);
  for (size_t at = 0; at < r->out[0].len; at += 8100 + 12)
    ck_assert_hex(r->out[0].bytes + at, 12, "000000000000000100001fa4");
  yamux_rig_free(r);
}
END_TEST

START_TEST(what_waits_is_counted) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  r->take[1] = 0;
  weft_yamux_send(r->y[1], 1, much, 200000, r->now);
  ck_assert_uint_eq(yamux_rig_stats(r, 1).buffered, 200000 + 4 * 12); /* a batch has four frames */
  for (unsigned i = 0; i < 3; i++) yamux_rig_frame(r, 1, WEFT_YAMUX_PING, SYN, 0, i, 0);
  ck_assert_uint_eq(yamux_rig_stats(r, 1).buffered, 200000 + 7 * 12);
  yamux_rig_free(r);
}
END_TEST

START_TEST(no_more_is_sent_than_there_is_credit) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  ck_assert_int_eq(weft_yamux_send(r->y[1], 1, much, sizeof much, r->now), INITIAL + 256 * KIB);
  ck_assert_uint_eq(yamux_rig_stats(r, 1).bytes_out, INITIAL);
  ck_assert_int_eq(weft_yamux_send(r->y[1], 1, much, 1, r->now), 0);
  yamux_rig_frame(r, 1, WINDOW, 0, 1, 1, 0);
  ck_assert_uint_eq(yamux_rig_stats(r, 1).bytes_out, INITIAL + 1);
  yamux_rig_frame(r, 1, WINDOW, 0, 1, 100 * KIB, 0);
  ck_assert_uint_eq(yamux_rig_stats(r, 1).bytes_out, INITIAL + 1 + 100 * KIB);
  ck_assert_log(r, 1, "o1 ");
  yamux_rig_frame(r, 1, WINDOW, 0, 1, 28 * KIB - 1, 0);
  ck_assert_log(r, 1, "o1 w1 "); /* half the limit is free */
  ck_assert_uint_eq(weft_yamux_room(r->y[1], 1), 128 * KIB);
  yamux_rig_frame(r, 1, WINDOW, 0, 1, 1000 * KIB, 0);
  ck_assert_log(r, 1, "o1 w1 ");
  ck_assert_uint_eq(yamux_rig_stats(r, 1).buffered, 0);
  yamux_rig_free(r);
}
END_TEST

START_TEST(streams_take_turns) {
  char order[400];
  yamux_rig *r = yamux_rig_pair(NULL);
  for (unsigned i = 0; i < 3; i++) yamux_rig_open(r, 0);
  yamux_rig_run(r, SIZE_MAX);
  yamux_rig_clear(r);
  r->take[0] = 0;
  weft_yamux_send(r->y[0], 1, much, 200 * KIB, r->now); /* the first batch is all stream 1's */
  weft_yamux_send(r->y[0], 3, much, 48 * KIB, r->now);
  weft_yamux_send(r->y[0], 5, much, 5, r->now);
  r->take[0] = SIZE_MAX;
  weft_yamux_tick(r->y[0], r->now);
  data_order(r, order, sizeof order);
  /* Batches of 65,519 octets: 1 alone; then each in turn, where the last frame of a batch is cut to fit. */
  ck_assert_str_eq(order, "1 1 1 1 "
                          "1 3 5 1 3 "
                          "1 3 1 3 1 "
                          "1 1 1 1 ");
  yamux_rig_run(r, SIZE_MAX);
  ck_assert_uint_eq(r->got[1].len, 248 * KIB + 5);
  yamux_rig_free(r);
}
END_TEST

START_TEST(a_stream_without_credit_is_passed_over) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  yamux_rig_frame(r, 1, WINDOW, SYN, 3, 0, 0);
  weft_yamux_send(r->y[1], 1, much, INITIAL + 1000, r->now);
  yamux_rig_clear(r);
  ck_assert_int_eq(yamux_rig_send(r, 1, 3, "through"), 7);
  ck_assert_wire(r, 1, "0000000000000003000000077468726f756768");
  yamux_rig_free(r);
}
END_TEST

/* Control frames go before the data that waits, and whole. */
START_TEST(output_that_takes_a_byte_at_a_time) {
  yamux_rig *r = yamux_rig_pair(NULL);
  uint32_t id = yamux_rig_open(r, 0);
  yamux_rig_run(r, SIZE_MAX);
  for (size_t i = 0; i < sizeof much; i++) much[i] = (uint8_t)(i * 31 >> 4);
  r->take[0] = 0;
  ck_assert_int_eq(weft_yamux_send(r->y[0], id, much, 3000, r->now), 3000);
  weft_yamux_shutdown(r->y[0], id, r->now);
  yamux_rig_frame(r, 0, WEFT_YAMUX_PING, SYN, 0, 77, 0);
  for (unsigned i = 0; i < 4000 && yamux_rig_stats(r, 0).buffered > 0; i++) {
    r->take[0] = 1;
    weft_yamux_tick(r->y[0], r->now);
  }
  yamux_rig_run(r, 1);
  ck_assert_log(r, 1, "o1 d1 f1 ");
  ck_assert(r->got[1].len == 3000 && memcmp(r->got[1].bytes, much, 3000) == 0);
  yamux_rig_free(r);
}
END_TEST

START_TEST(send_limit_is_kept_while_output_takes_nothing) {
  weft_yamux_config cfg = yamux_rig_config(0);
  cfg.send_limit = 10000;
  yamux_rig *r = yamux_rig_pair(&cfg);
  uint32_t a = yamux_rig_open(r, 0), b = yamux_rig_open(r, 0);
  yamux_rig_run(r, SIZE_MAX);
  yamux_rig_clear(r);
  r->take[0] = 0;
  ptrdiff_t first = weft_yamux_send(r->y[0], a, much, sizeof much, r->now);
  ck_assert_int_gt(first, 10000);
  ck_assert_int_le(first, 10000 + WEFT_YAMUX_BATCH); /* a batch was made before it was known */
  ck_assert_int_eq(weft_yamux_send(r->y[0], a, much, sizeof much, r->now), 0);
  ck_assert_int_eq(weft_yamux_send(r->y[0], b, much, sizeof much, r->now), 10000);
  ck_assert_uint_le(yamux_rig_stats(r, 0).buffered, 2 * 10000 + WEFT_YAMUX_BATCH);
  r->take[0] = SIZE_MAX;
  weft_yamux_tick(r->y[0], r->now);
  ck_assert_log(r, 0, "w1 w3 ");
  yamux_rig_run(r, SIZE_MAX);
  ck_assert_uint_eq(r->got[1].len, (size_t)first + 10000);
  yamux_rig_free(r);
}
END_TEST

START_TEST(an_error_of_output_ends_the_session) {
  yamux_rig *r = yamux_rig_pair(NULL);
  uint32_t id = yamux_rig_open(r, 0);
  yamux_rig_clear(r);
  r->output_error[0] = WEFT_ERESET;
  yamux_rig_send(r, 0, id, "x");
  ck_assert_log(r, 0, "r1 C ");
  ck_assert_yamux_closed(r, 0, WEFT_WHO_SELF, "output", WEFT_ERESET);
  ck_assert_uint_eq(r->outputs[0], 1);
  yamux_rig_free(r);
}
END_TEST

/* In steady state nothing is allocated, with output that keeps up and with output that does not. */
START_TEST(frames_cost_no_allocation) {
  for (unsigned slow = 0; slow < 2; slow++) {
    yamux_rig *r = yamux_rig_pair(NULL);
    uint32_t id = yamux_rig_open(r, 0);
    size_t calls = 0, sent = 0;
    for (unsigned i = 0; i < 400; i++) {
      if (i == 100) calls = test_leak()->calls;
      if (slow) r->take[0] = 50000;
      ptrdiff_t n = weft_yamux_send(r->y[0], id, much, 1 + 997 * (i % 60), r->now);
      ck_assert_int_ge(n, 0);
      sent += (size_t)n;
      weft_yamux_tick(r->y[0], r->now);
      yamux_rig_run(r, 9000);
    }
    ck_assert_uint_gt(sent, 6000000);
    ck_assert_uint_eq(test_leak()->calls, calls);
    yamux_rig_free(r);
  }
}
END_TEST

/* Bulk both ways, many streams, any cut of the pipe: everything arrives. */
START_TEST(bulk_both_ways) {
  static const size_t cuts[] = {SIZE_MAX, 4096, 61};
  for (size_t c = 0; c < WEFT_ARRAY_LEN(cuts); c++) {
    yamux_rig *r = yamux_rig_pair(NULL);
    uint32_t id[2][4];
    size_t done[2][4] = {{0}};
    for (unsigned s = 0; s < 2; s++)
      for (unsigned k = 0; k < 4; k++) id[s][k] = yamux_rig_open(r, s);
    for (unsigned round = 0; round < 400; round++) {
      for (unsigned s = 0; s < 2; s++)
        for (unsigned k = 0; k < 4; k++)
          done[s][k] += (size_t)weft_yamux_send(r->y[s], id[s][k], much, sizeof much - done[s][k], r->now);
      yamux_rig_pass(r, round & 1, cuts[c]);
      r->now += 500;
    }
    yamux_rig_run(r, cuts[c]);
    for (unsigned s = 0; s < 2; s++) {
      ck_assert_uint_eq(r->got[s].len, 4 * sizeof much);
      ck_assert_uint_eq(yamux_rig_stats(r, s).buffered, 0);
    }
    yamux_rig_free(r);
  }
}
END_TEST

START_TEST(taken_in_part_for_want_of_memory) { /* who was told so gets a WRITABLE to go on at */
  static const uint8_t zeros[200000];
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WEFT_YAMUX_WINDOW_UPDATE, WEFT_YAMUX_SYN, 1, 1000000, 0);
  ck_assert_int_eq(weft_yamux_send(r->y[1], 1, zeros, sizeof zeros, r->now), sizeof zeros);
  r->take[1] = 0;
  yamux_rig_clear(r);
  test_leak()->fail_at = 1;
  ptrdiff_t took = weft_yamux_send(r->y[1], 1, zeros, sizeof zeros, r->now);
  ck_assert_uint_eq(test_leak()->refused, 1);
  ck_assert_int_gt(took, 0);
  ck_assert_int_lt(took, sizeof zeros);
  ck_assert_log(r, 1, "w1 ");
  test_leak()->fail_at = 1;
  ck_assert_int_eq(weft_yamux_send(r->y[1], 1, zeros, sizeof zeros, r->now), WEFT_ENOMEM);
  test_leak()->fail_at = 0;
  yamux_rig_free(r);
}
END_TEST

Suite *test_yamux_transmit(void) {
  static const unit_test tests[] = {
      UNIT(a_large_send_goes_out_in_frames_of_16_kib),
      UNIT(frame_max_is_kept),
      UNIT(frames_are_not_cut_to_crumbs),
      UNIT(what_waits_is_counted),
      UNIT(no_more_is_sent_than_there_is_credit),
      UNIT(streams_take_turns),
      UNIT(a_stream_without_credit_is_passed_over),
      UNIT(output_that_takes_a_byte_at_a_time),
      UNIT(send_limit_is_kept_while_output_takes_nothing),
      UNIT(an_error_of_output_ends_the_session),
      UNIT(frames_cost_no_allocation),
      UNIT(taken_in_part_for_want_of_memory),
      UNIT(bulk_both_ways),
  };
  return unit_suite("yamux/transmit", tests, sizeof tests / sizeof tests[0]);
}
