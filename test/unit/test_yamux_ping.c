#include "test/unit/yamux_rig.h"

enum { PING = WEFT_YAMUX_PING, SYN = WEFT_YAMUX_SYN, ACK = WEFT_YAMUX_ACK };

START_TEST(answers_with_the_same_value_at_once) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_give_hex(r, 1, "0002000100000000ffffffff 000200010000000000000000");
  ck_assert_wire(r, 1, "0002000200000000ffffffff000200020000000000000000");
  ck_assert_uint_eq(yamux_rig_stats(r, 1).pings_in, 2);
  yamux_rig_free(r);
}
END_TEST

START_TEST(measures_the_rtt) {
  yamux_rig *r = yamux_rig_server(NULL);
  ck_assert_uint_eq(yamux_rig_stats(r, 1).rtt, WEFT_NEVER);
  r->now += WEFT_MS(80);
  yamux_rig_frame(r, 1, PING, ACK, 0, 1, 0);
  ck_assert_log(r, 1, "T ");
  ck_assert_uint_eq(yamux_rig_stats(r, 1).rtt, WEFT_MS(80));
  ck_assert_int_eq(weft_yamux_ping(r->y[1], r->now), WEFT_OK);
  ck_assert_wire(r, 1, "000200010000000000000002");
  r->now += WEFT_MS(40);
  yamux_rig_frame(r, 1, PING, ACK, 0, 2, 0);
  ck_assert_log(r, 1, "T T ");
  ck_assert_uint_eq(yamux_rig_stats(r, 1).rtt, WEFT_MS(60));
  yamux_rig_free(r);
}
END_TEST

/* js-libp2p ends the session at a second ping before the answer to the first. */
START_TEST(one_ping_at_a_time) {
  yamux_rig *r = yamux_rig_server(NULL);
  ck_assert_int_eq(weft_yamux_ping(r->y[1], r->now), WEFT_EAGAIN);
  ck_assert_uint_eq(r->out[1].len, 0);
  yamux_rig_free(r);
}
END_TEST

START_TEST(answers_nobody_asked_for_count_for_nothing) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, PING, ACK, 0, 2, 0);
  yamux_rig_frame(r, 1, PING, ACK, 0, 0, 0);
  ck_assert_log(r, 1, "");
  yamux_rig_frame(r, 1, PING, ACK, 0, 1, 0);
  yamux_rig_frame(r, 1, PING, ACK, 0, 1, 0);
  ck_assert_log(r, 1, "T ");
  ck_assert_uint_eq(yamux_rig_stats(r, 1).idle_frames, 3);
  yamux_rig_free(r);
}
END_TEST

START_TEST(pings_every_thirty_seconds) {
  yamux_rig *r = yamux_rig_pair(NULL);
  weft_time began = r->now;
  for (unsigned i = 1; i <= 3; i++) {
    ck_assert_uint_eq(weft_yamux_deadline(r->y[0]), began + WEFT_SEC(30) * i);
    r->now = weft_yamux_deadline(r->y[0]);
    weft_yamux_tick(r->y[0], r->now - 1);
    ck_assert_uint_eq(r->out[0].len, 0);
    weft_yamux_tick(r->y[0], r->now);
    ck_assert_uint_eq(r->out[0].len, 12);
    ck_assert_uint_eq(weft_yamux_deadline(r->y[0]), r->now + WEFT_SEC(10));
    yamux_rig_run(r, SIZE_MAX);
  }
  ck_assert_log(r, 0, "T T T ");
  yamux_rig_free(r);
}
END_TEST

START_TEST(silence_ends_the_session) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WEFT_YAMUX_WINDOW_UPDATE, SYN, 1, 0, 0);
  ck_assert_uint_eq(weft_yamux_deadline(r->y[1]), r->now + WEFT_SEC(10));
  weft_yamux_tick(r->y[1], r->now + WEFT_SEC(10) - 1);
  ck_assert_log(r, 1, "o1 ");
  weft_yamux_tick(r->y[1], r->now + WEFT_SEC(10));
  ck_assert_log(r, 1, "o1 r1 C ");
  ck_assert_yamux_closed(r, 1, WEFT_WHO_TIMEOUT, "keepalive", WEFT_ETIMEDOUT);
  yamux_rig_free(r);
}
END_TEST

START_TEST(half_a_header_and_then_silence_ends_it_too) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_give_hex(r, 1, "0000000000");
  r->now = weft_yamux_deadline(r->y[1]);
  weft_yamux_tick(r->y[1], r->now);
  ck_assert_yamux_closed(r, 1, WEFT_WHO_TIMEOUT, "keepalive", WEFT_ETIMEDOUT);
  yamux_rig_free(r);
}
END_TEST

/* Not every peer answers pings, and on a slow path an answer waits behind megabytes: whoever sends is alive. */
START_TEST(a_peer_that_sends_is_alive) {
  yamux_rig *r = yamux_rig_server(NULL);
  weft_time began = r->now;
  for (unsigned i = 0; i < 20; i++) {
    r->now += WEFT_SEC(9);
    yamux_rig_frame(r, 1, WEFT_YAMUX_DATA, 0, 1, 1, 1);
    weft_yamux_tick(r->y[1], r->now);
    ck_assert_uint_gt(weft_yamux_deadline(r->y[1]), r->now);
  }
  ck_assert_log(r, 1, "");
  ck_assert_uint_eq(r->out[1].len, 0); /* and no second ping */
  weft_yamux_tick(r->y[1], began + WEFT_SEC(180 + 10));
  ck_assert_yamux_closed(r, 1, WEFT_WHO_TIMEOUT, "keepalive", WEFT_ETIMEDOUT);
  yamux_rig_free(r);
}
END_TEST

START_TEST(without_keepalive_only_the_first_ping) {
  weft_yamux_config cfg = yamux_rig_config(0);
  cfg.keepalive = WEFT_NEVER;
  yamux_rig *r = yamux_rig_pair(&cfg);
  ck_assert_uint_eq(weft_yamux_deadline(r->y[0]), WEFT_NEVER);
  weft_yamux_tick(r->y[0], r->now + WEFT_SEC(100000));
  ck_assert_uint_eq(r->out[0].len, 0);
  yamux_rig_free(r);
}
END_TEST

START_TEST(memory_of_busier_times_comes_back) {
  static uint8_t much[200000];
  yamux_rig *r = yamux_rig_pair(NULL);
  uint32_t id = yamux_rig_open(r, 0);
  yamux_rig_run(r, SIZE_MAX);
  size_t idle = test_leak()->bytes;
  r->take[0] = 0;
  weft_yamux_send(r->y[0], id, much, sizeof much, r->now);
  r->take[0] = SIZE_MAX;
  weft_yamux_tick(r->y[0], r->now);
  yamux_rig_run(r, SIZE_MAX);
  ck_assert_uint_eq(yamux_rig_stats(r, 0).buffered, 0);
  ck_assert_uint_gt(test_leak()->bytes, idle + 100000);
  r->now = weft_yamux_deadline(r->y[0]);
  for (unsigned i = 0; i < 2; i++) weft_yamux_tick(r->y[i], r->now);
  yamux_rig_run(r, SIZE_MAX);
  ck_assert_uint_lt(test_leak()->bytes, idle + 1000);
  yamux_rig_free(r);
}
END_TEST

START_TEST(what_still_waits_is_not_given_back) {
  static uint8_t much[200000];
  yamux_rig *r = yamux_rig_pair(NULL);
  uint32_t id = yamux_rig_open(r, 0);
  yamux_rig_run(r, SIZE_MAX);
  yamux_rig_clear(r);
  r->take[0] = 0;
  weft_yamux_send(r->y[0], id, much, sizeof much, r->now);
  for (unsigned i = 0; i < 3; i++) yamux_rig_frame(r, 0, PING, SYN, 0, i, 0);
  uint32_t waiting = yamux_rig_stats(r, 0).buffered;
  r->now = weft_yamux_deadline(r->y[0]);
  weft_yamux_tick(r->y[0], r->now);
  ck_assert_uint_eq(yamux_rig_stats(r, 0).buffered, waiting + 12);
  r->take[0] = SIZE_MAX;
  weft_yamux_tick(r->y[0], r->now);
  yamux_rig_run(r, SIZE_MAX);
  ck_assert_uint_eq(r->got[1].len, sizeof much);
  ck_assert_log(r, 0, "T ");
  yamux_rig_free(r);
}
END_TEST

Suite *test_yamux_ping(void) {
  static const unit_test tests[] = {
      UNIT(answers_with_the_same_value_at_once),
      UNIT(measures_the_rtt),
      UNIT(one_ping_at_a_time),
      UNIT(answers_nobody_asked_for_count_for_nothing),
      UNIT(pings_every_thirty_seconds),
      UNIT(silence_ends_the_session),
      UNIT(half_a_header_and_then_silence_ends_it_too),
      UNIT(a_peer_that_sends_is_alive),
      UNIT(without_keepalive_only_the_first_ping),
      UNIT(memory_of_busier_times_comes_back),
      UNIT(what_still_waits_is_not_given_back),
  };
  return unit_suite("yamux/ping", tests, sizeof tests / sizeof tests[0]);
}
