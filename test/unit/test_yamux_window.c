#include "test/unit/yamux_rig.h"

enum { DATA = WEFT_YAMUX_DATA, WINDOW = WEFT_YAMUX_WINDOW_UPDATE, SYN = WEFT_YAMUX_SYN, FIN = WEFT_YAMUX_FIN };
enum { KIB = 1024, INITIAL = 256 * KIB };

/* The credit given for stream 1 so far, by the frames on the wire. */
static uint64_t credit_out(const yamux_rig *r) {
  uint64_t sum = 0;
  for (size_t at = 0; at + 12 <= r->out[1].len; at += 12) {
    weft_yamux_header h;
    ck_assert_int_eq(weft_yamux_header_decode(&h, r->out[1].bytes + at), WEFT_OK);
    if (h.type == WINDOW && h.stream == 1) sum += h.length;
  }
  return sum;
}

static void answer_ping(yamux_rig *r, weft_time rtt) {
  r->now += rtt;
  yamux_rig_frame(r, 1, WEFT_YAMUX_PING, WEFT_YAMUX_ACK, 0, 1, 0);
}

START_TEST(credit_comes_back_at_half_the_window) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  yamux_rig_frame(r, 1, DATA, 0, 1, INITIAL / 2 - 1, INITIAL / 2 - 1);
  ck_assert_uint_eq(credit_out(r), 0);
  yamux_rig_frame(r, 1, DATA, 0, 1, 1, 1);
  ck_assert_uint_eq(credit_out(r), INITIAL / 2);
  yamux_rig_free(r);
}
END_TEST

START_TEST(only_what_is_consumed_comes_back) {
  weft_yamux_config cfg = yamux_rig_config(1);
  cfg.auto_consume = false;
  yamux_rig *r = yamux_rig_server(&cfg);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  yamux_rig_frame(r, 1, DATA, 0, 1, INITIAL, INITIAL);
  ck_assert_uint_eq(credit_out(r), 0);
  ck_assert_uint_eq(yamux_rig_stats(r, 1).unconsumed, INITIAL);
  ck_assert_int_eq(weft_yamux_consumed(r->y[1], 1, INITIAL + 1, r->now), WEFT_EINVAL);
  ck_assert_int_eq(weft_yamux_consumed(r->y[1], 1, 100 * KIB, r->now), WEFT_OK);
  ck_assert_uint_eq(credit_out(r), 0);
  ck_assert_int_eq(weft_yamux_consumed(r->y[1], 1, 50 * KIB, r->now), WEFT_OK);
  ck_assert_uint_eq(credit_out(r), 150 * KIB);
  ck_assert_int_eq(weft_yamux_consumed(r->y[1], 1, 106 * KIB, r->now), WEFT_OK);
  ck_assert_uint_eq(yamux_rig_stats(r, 1).unconsumed, 0);
  ck_assert_int_eq(weft_yamux_consumed(r->y[1], 1, 1, r->now), WEFT_EINVAL);
  ck_assert_int_eq(weft_yamux_consumed(r->y[1], 9, 1, r->now), WEFT_ENOTFOUND);
  yamux_rig_free(r);
}
END_TEST

/* A frame that is still coming in has used up its credit: nobody can make us hold more than one window. */
START_TEST(a_frame_under_way_counts) {
  static const uint8_t zeros[INITIAL];
  weft_yamux_config cfg = yamux_rig_config(1);
  cfg.auto_consume = false;
  yamux_rig *r = yamux_rig_server(&cfg);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  yamux_rig_frame(r, 1, DATA, 0, 1, INITIAL, 1);
  ck_assert_int_eq(weft_yamux_consumed(r->y[1], 1, 1, r->now), WEFT_OK);
  ck_assert_uint_eq(credit_out(r), 0);
  yamux_rig_give(r, 1, zeros, INITIAL - 1);
  ck_assert_uint_eq(yamux_rig_stats(r, 1).unconsumed, INITIAL - 1);
  ck_assert_int_eq(weft_yamux_consumed(r->y[1], 1, INITIAL - 1, r->now), WEFT_OK);
  ck_assert_uint_eq(credit_out(r), INITIAL);
  yamux_rig_free(r);
}
END_TEST

/* Half the window used up within four round trips: it doubles (go-yamux stream.go, js-libp2p stream.ts). */
START_TEST(grows_when_used_up_within_four_rtts) {
  for (weft_time wait = 0; wait < 2; wait++) {
    yamux_rig *r = yamux_rig_server(NULL);
    answer_ping(r, WEFT_MS(100));
    yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
    r->now += WEFT_MS(400) - 1 + wait;
    yamux_rig_frame(r, 1, DATA, 0, 1, INITIAL / 2, INITIAL / 2);
    ck_assert_uint_eq(credit_out(r), wait ? INITIAL / 2 : INITIAL / 2 + INITIAL);
    yamux_rig_free(r);
  }
}
END_TEST

START_TEST(the_clock_of_growth_starts_anew_with_each_credit) {
  yamux_rig *r = yamux_rig_server(NULL);
  answer_ping(r, WEFT_MS(100));
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  r->now += WEFT_SEC(1);
  yamux_rig_frame(r, 1, DATA, 0, 1, INITIAL / 2, INITIAL / 2);
  ck_assert_uint_eq(credit_out(r), INITIAL / 2);
  r->now += WEFT_MS(399);
  yamux_rig_frame(r, 1, DATA, 0, 1, INITIAL / 2, INITIAL / 2);
  ck_assert_uint_eq(credit_out(r), INITIAL + INITIAL);
  yamux_rig_free(r);
}
END_TEST

START_TEST(stays_while_the_rtt_is_unknown) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  yamux_rig_frame(r, 1, DATA, 0, 1, INITIAL / 2, INITIAL / 2);
  ck_assert_uint_eq(credit_out(r), INITIAL / 2);
  yamux_rig_free(r);
}
END_TEST

/* As fast as the window allows; it ends at window_max. */
static uint64_t largest_window(yamux_rig *r, unsigned rounds) {
  uint64_t sent = yamux_rig_stats(r, 1).bytes_in;
  for (unsigned i = 0; i < rounds; i++) {
    uint64_t may = INITIAL + credit_out(r) - sent;
    yamux_rig_frame(r, 1, DATA, 0, 1, (uint32_t)may, (size_t)may);
    sent += may;
    r->got[1].len = 0;
  }
  return INITIAL + credit_out(r) - sent;
}

START_TEST(grows_to_16_mib_and_no_further) {
  yamux_rig *r = yamux_rig_server(NULL);
  answer_ping(r, WEFT_MS(100));
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  ck_assert_uint_eq(largest_window(r, 5), 32 * INITIAL);
  ck_assert_uint_eq(largest_window(r, 4), 16 * KIB * KIB);
  ck_assert_uint_eq(r->y[1]->extra_windows, 16 * KIB * KIB - INITIAL);
  yamux_rig_free(r);
}
END_TEST

START_TEST(grows_to_window_max_exactly) {
  weft_yamux_config cfg = yamux_rig_config(1);
  cfg.window_max = 700 * KIB;
  yamux_rig *r = yamux_rig_server(&cfg);
  answer_ping(r, WEFT_MS(100));
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  ck_assert_uint_eq(largest_window(r, 6), 700 * KIB);
  yamux_rig_free(r);
}
END_TEST

/* The sum of what is above the initial windows has a cap; a stream's share comes back when the peer ends it. */
START_TEST(all_windows_together_stay_below_the_cap) {
  weft_yamux_config cfg = yamux_rig_config(1);
  cfg.window_total = 3 * INITIAL / 2;
  yamux_rig *r = yamux_rig_server(&cfg);
  answer_ping(r, WEFT_MS(100));
  for (uint32_t id = 1; id <= 5; id += 2) {
    yamux_rig_frame(r, 1, WINDOW, SYN, id, 0, 0);
    yamux_rig_frame(r, 1, DATA, 0, id, INITIAL, INITIAL);
  }
  ck_assert_uint_eq(weft_yamux_find(r->y[1], 1)->recv_window, 2 * INITIAL);
  ck_assert_uint_eq(weft_yamux_find(r->y[1], 3)->recv_window, 3 * INITIAL / 2);
  ck_assert_uint_eq(weft_yamux_find(r->y[1], 5)->recv_window, INITIAL);
  ck_assert_uint_eq(r->y[1]->extra_windows, 3 * INITIAL / 2);
  yamux_rig_frame(r, 1, WINDOW, FIN, 1, 0, 0);
  ck_assert_uint_eq(r->y[1]->extra_windows, INITIAL / 2);
  weft_yamux_shutdown(r->y[1], 1, r->now); /* and only once */
  ck_assert_ptr_null(weft_yamux_find(r->y[1], 1));
  ck_assert_uint_eq(r->y[1]->extra_windows, INITIAL / 2);
  weft_yamux_reset(r->y[1], 3, r->now);
  ck_assert_uint_eq(r->y[1]->extra_windows, 0);
  yamux_rig_frame(r, 1, DATA, 0, 5, INITIAL, INITIAL);
  ck_assert_uint_eq(weft_yamux_find(r->y[1], 5)->recv_window, 2 * INITIAL);
  yamux_rig_free(r);
}
END_TEST

START_TEST(no_credit_after_fin) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  yamux_rig_frame(r, 1, DATA, 0, 1, 100 * KIB, 100 * KIB);
  weft_yamux_config cfg = r->y[1]->cfg;
  ck_assert(cfg.auto_consume);
  r->y[1]->cfg.auto_consume = false;
  yamux_rig_frame(r, 1, DATA, FIN, 1, 100 * KIB, 100 * KIB);
  weft_yamux_consumed(r->y[1], 1, 100 * KIB, r->now);
  ck_assert_uint_eq(credit_out(r), 0);
  yamux_rig_free(r);
}
END_TEST

/* A stream nobody consumes stands still; the others, and the session, go on. */
START_TEST(a_stalled_stream_stops_nobody) {
  static uint8_t much[400 * KIB];
  weft_yamux_config cfg = yamux_rig_config(0);
  cfg.auto_consume = false;
  yamux_rig *r = yamux_rig_pair(&cfg);
  uint32_t stalled = yamux_rig_open(r, 0), other = yamux_rig_open(r, 0);
  ck_assert_int_eq(weft_yamux_send(r->y[0], stalled, much, sizeof much, r->now), sizeof much);
  yamux_rig_run(r, 8 * KIB);
  ck_assert_uint_eq(r->got[1].len, INITIAL);
  for (unsigned i = 0; i < 20; i++) {
    ck_assert_int_eq(weft_yamux_send(r->y[0], other, much, 100 * KIB, r->now), 100 * KIB);
    yamux_rig_run(r, 8 * KIB);
    ck_assert_uint_eq(r->got[1].len, INITIAL + (i + 1) * 100 * KIB);
    ck_assert_int_eq(weft_yamux_consumed(r->y[1], other, 100 * KIB, r->now), WEFT_OK);
    yamux_rig_run(r, 8 * KIB);
  }
  ck_assert_uint_eq(yamux_rig_stats(r, 0).buffered, sizeof much - INITIAL);
  ck_assert_int_eq(weft_yamux_consumed(r->y[1], stalled, INITIAL, r->now), WEFT_OK);
  yamux_rig_run(r, 8 * KIB);
  ck_assert_uint_eq(yamux_rig_stats(r, 0).buffered, 0);
  yamux_rig_free(r);
}
END_TEST

Suite *test_yamux_window(void) {
  static const unit_test tests[] = {
      UNIT(credit_comes_back_at_half_the_window),
      UNIT(only_what_is_consumed_comes_back),
      UNIT(a_frame_under_way_counts),
      UNIT(grows_when_used_up_within_four_rtts),
      UNIT(the_clock_of_growth_starts_anew_with_each_credit),
      UNIT(stays_while_the_rtt_is_unknown),
      UNIT(grows_to_16_mib_and_no_further),
      UNIT(grows_to_window_max_exactly),
      UNIT(all_windows_together_stay_below_the_cap),
      UNIT(no_credit_after_fin),
      UNIT(a_stalled_stream_stops_nobody),
  };
  return unit_suite("yamux/window", tests, sizeof tests / sizeof tests[0]);
}
