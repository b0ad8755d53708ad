#include "test/unit/yamux_rig.h"

enum { WINDOW = WEFT_YAMUX_WINDOW_UPDATE, SYN = WEFT_YAMUX_SYN };

static uint8_t much[600000];

START_TEST(defaults_are_those_of_the_header) {
  weft_yamux_config c;
  weft_yamux_config_default(&c);
  ck_assert_uint_eq(c.size, sizeof c);
  ck_assert_uint_eq(c.window_max, 16 * 1024 * 1024);
  ck_assert_uint_eq(c.window_total, 64ull * 1024 * 1024);
  ck_assert_uint_eq(c.frame_max, 16 * 1024);
  ck_assert_uint_eq(c.max_streams_in, 1000);
  ck_assert_uint_eq(c.max_streams_out, 1000);
  ck_assert_uint_eq(c.accept_backlog, 256);
  ck_assert_uint_eq(c.send_limit, 256 * 1024);
  ck_assert_uint_eq(c.control_limit, 1024);
  ck_assert_uint_eq(c.keepalive, WEFT_SEC(30));
  ck_assert_uint_eq(c.ping_timeout, WEFT_SEC(10));
  ck_assert(c.auto_consume && !c.client);
}
END_TEST

START_TEST(fields_out_of_range_are_refused) {
  for (unsigned i = 0; i < 8; i++) {
    yamux_rig *r = yamux_rig_bare();
    weft_yamux_config c = yamux_rig_config(0);
    if (i == 0) c.window_max = WEFT_YAMUX_WINDOW_INITIAL - 1;
    if (i == 1) c.window_max = UINT32_MAX / 4 + 1;
    if (i == 2) c.frame_max = 0;
    if (i == 3) c.send_limit = 0;
    if (i == 4) c.control_limit = 0;
    if (i == 5) c.keepalive = 0;
    if (i == 6) c.ping_timeout = 0;
    ck_assert_int_eq(yamux_rig_make(r, 0, &c), i < 7 ? WEFT_EINVAL : WEFT_OK);
    yamux_rig_free(r);
  }
}
END_TEST

START_TEST(an_older_config_is_taken) {
  yamux_rig *r = yamux_rig_bare();
  weft_yamux_config c = yamux_rig_config(0);
  c.size = offsetof(weft_yamux_config, keepalive);
  c.keepalive = 0; /* not read */
  ck_assert_int_eq(yamux_rig_make(r, 0, &c), WEFT_OK);
  ck_assert_uint_eq(r->y[0]->cfg.keepalive, WEFT_SEC(30));
  yamux_rig_free(r);
}
END_TEST

START_TEST(close_says_goodbye) {
  static const struct {
    int code;
    const char *wire;
  } ways[] = {{WEFT_OK, "000300000000000000000000"},
              {WEFT_EPROTO, "000300000000000000000001"},
              {WEFT_ELIMIT, "000300000000000000000002"}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(ways); i++) {
    yamux_rig *r = yamux_rig_pair(NULL);
    yamux_rig_open(r, 0);
    yamux_rig_open(r, 1);
    yamux_rig_run(r, SIZE_MAX);
    yamux_rig_clear(r);
    ck_assert_int_eq(weft_yamux_close(r->y[0], ways[i].code, r->now), WEFT_OK);
    ck_assert_wire(r, 0, ways[i].wire);
    ck_assert_log(r, 0, "r1 r2 C ");
    ck_assert_int_eq(r->reset_code[0], WEFT_ECLOSED);
    ck_assert_yamux_closed(r, 0, WEFT_WHO_SELF, "close", ways[i].code);
    ck_assert_uint_eq(r->closed[0].wire_code, i);
    ck_assert_int_eq(weft_yamux_close(r->y[0], WEFT_OK, r->now), WEFT_ECLOSED);
    yamux_rig_pass(r, 0, SIZE_MAX);
    ck_assert_log(r, 1, "G ");
    weft_yamux_input_end(r->y[1], r->now);
    ck_assert_log(r, 1, "G r2 r1 C ");
    ck_assert_yamux_closed(r, 1, WEFT_WHO_PEER, "end", i == 0 ? WEFT_OK : WEFT_ECLOSED);
    ck_assert_uint_eq(r->closed[1].wire_code, i);
    yamux_rig_free(r);
  }
}
END_TEST

START_TEST(a_clean_close_sends_what_it_can_first) {
  yamux_rig *r = yamux_rig_pair(NULL);
  uint32_t id = yamux_rig_open(r, 0);
  yamux_rig_run(r, SIZE_MAX);
  yamux_rig_clear(r);
  r->take[0] = 0;
  ck_assert_int_eq(weft_yamux_send(r->y[0], id, much, 200000, r->now), 200000);
  weft_yamux_shutdown(r->y[0], id, r->now);
  weft_yamux_close(r->y[0], WEFT_OK, r->now);
  ck_assert_log(r, 0, "");
  ck_assert_int_eq(weft_yamux_input(r->y[0], much, 5, r->now), WEFT_OK); /* nobody wants it any more */
  r->take[0] = SIZE_MAX;
  weft_yamux_tick(r->y[0], r->now);
  ck_assert_log(r, 0, "r1 C ");
  yamux_rig_pass(r, 0, SIZE_MAX);
  ck_assert_log(r, 1, "d1 f1 G ");
  ck_assert_uint_eq(r->got[1].len, 200000);
  yamux_rig_free(r);
}
END_TEST

START_TEST(a_clean_close_does_not_wait_for_credit) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  weft_yamux_send(r->y[1], 1, much, 300000, r->now);
  weft_yamux_close(r->y[1], WEFT_OK, r->now);
  ck_assert_log(r, 1, "o1 r1 C ");
  ck_assert_uint_eq(yamux_rig_stats(r, 1).bytes_out, 262144);
  yamux_rig_free(r);
}
END_TEST

START_TEST(close_does_not_wait_for_ever) {
  yamux_rig *r = yamux_rig_server(NULL);
  r->take[1] = 5; /* not a whole go-away */
  weft_yamux_close(r->y[1], WEFT_OK, r->now);
  ck_assert_log(r, 1, "");
  ck_assert_int_eq(weft_yamux_input_end(r->y[1], r->now), WEFT_OK);
  ck_assert_uint_eq(weft_yamux_deadline(r->y[1]), r->now + WEFT_SEC(10));
  weft_yamux_tick(r->y[1], r->now + WEFT_SEC(10) - 1);
  ck_assert_log(r, 1, "");
  weft_yamux_tick(r->y[1], r->now + WEFT_SEC(10));
  ck_assert_yamux_closed(r, 1, WEFT_WHO_TIMEOUT, "close", WEFT_ETIMEDOUT);
  weft_yamux_tick(r->y[1], r->now + WEFT_SEC(20));
  ck_assert_log(r, 1, "C ");
  yamux_rig_free(r);
}
END_TEST

START_TEST(close_before_start) {
  yamux_rig *r = yamux_rig_bare();
  weft_yamux_config c = yamux_rig_config(0);
  ck_assert_int_eq(yamux_rig_make(r, 0, &c), WEFT_OK);
  weft_yamux_close(r->y[0], WEFT_OK, r->now);
  ck_assert_yamux_closed(r, 0, WEFT_WHO_SELF, "close", WEFT_OK);
  ck_assert_uint_eq(r->outputs[0], 0);
  ck_assert_int_eq(weft_yamux_start(r->y[0], r->now), WEFT_ESTATE);
  yamux_rig_free(r);
}
END_TEST

START_TEST(time_going_backwards_is_ignored) {
  yamux_rig *r = yamux_rig_pair(NULL);
  weft_time at = weft_yamux_deadline(r->y[0]);
  weft_yamux_tick(r->y[0], at);
  weft_yamux_tick(r->y[0], 5);
  ck_assert_uint_eq(weft_yamux_deadline(r->y[0]), at + WEFT_SEC(10));
  yamux_rig_free(r);
}
END_TEST

START_TEST(a_closed_session_is_silent) {
  yamux_rig *r = yamux_rig_pair(NULL);
  uint32_t id = yamux_rig_open(r, 0);
  yamux_rig_run(r, SIZE_MAX);
  weft_yamux_input_end(r->y[0], r->now);
  yamux_rig_clear(r);
  ck_assert_int_eq(yamux_rig_send(r, 0, id, "x"), WEFT_ECLOSED);
  ck_assert_int_eq(weft_yamux_ping(r->y[0], r->now), WEFT_ESTATE);
  ck_assert_int_eq(weft_yamux_tick(r->y[0], r->now + WEFT_SEC(1000)), WEFT_OK);
  ck_assert_int_eq(weft_yamux_input(r->y[0], much, 12, r->now), WEFT_ESTATE);
  ck_assert_int_eq(weft_yamux_close(r->y[0], WEFT_OK, r->now), WEFT_ECLOSED);
  ck_assert_uint_eq(r->outputs[0], 0);
  ck_assert_log(r, 0, "");
  yamux_rig_free(r);
}
END_TEST

/* ---- allocation failures ---- */

static void scenario(void *ctx) {
  yamux_rig *r = yamux_rig_bare();
  (void)ctx;
  for (unsigned i = 0; i < 2; i++) {
    weft_yamux_config c = yamux_rig_config(i);
    if (yamux_rig_make(r, i, &c) != WEFT_OK) goto end;
    weft_yamux_start(r->y[i], r->now);
  }
  yamux_rig_run(r, SIZE_MAX);
  for (unsigned i = 0; i < 12; i++) {
    uint32_t id = 0;
    if (weft_yamux_open(r->y[i & 1], &id, r->now) != WEFT_OK) continue;
    r->take[i & 1] = i % 3 == 0 ? 0 : SIZE_MAX;
    weft_yamux_send(r->y[i & 1], id, much, 100000, r->now);
    weft_yamux_shutdown(r->y[i & 1], id, r->now);
    r->take[i & 1] = SIZE_MAX;
    weft_yamux_tick(r->y[i & 1], r->now);
    yamux_rig_pass(r, i & 1, 9999);
  }
  weft_yamux_close(r->y[0], WEFT_OK, r->now);
end:
  yamux_rig_free(r);
}

START_TEST(every_allocation_may_fail) { ck_assert_uint_gt(alloc_sweep(scenario, NULL), 20); }
END_TEST

START_TEST(no_memory_for_an_answer_ends_the_session_with_that) {
  yamux_rig *r = yamux_rig_server(NULL);
  uint8_t ping[12];
  hex_into(ping, 12, "000200010000000000000005");
  r->y[1]->tx.keep = 0; /* as after a keepalive: nothing is held */
  weft_buf_free(&r->y[1]->tx);
  test_leak()->fail_at = 1;
  test_leak()->fail_on = true;
  ck_assert_int_eq(weft_yamux_input(r->y[1], ping, 12, r->now), WEFT_ENOMEM);
  test_leak()->fail_at = 0;
  ck_assert_yamux_closed(r, 1, WEFT_WHO_SELF, "memory", WEFT_ENOMEM);
  yamux_rig_free(r);
}
END_TEST

Suite *test_yamux_session(void) {
  static const unit_test tests[] = {
      UNIT(defaults_are_those_of_the_header),
      UNIT(fields_out_of_range_are_refused),
      UNIT(an_older_config_is_taken),
      UNIT(close_says_goodbye),
      UNIT(a_clean_close_sends_what_it_can_first),
      UNIT(a_clean_close_does_not_wait_for_credit),
      UNIT(close_does_not_wait_for_ever),
      UNIT(close_before_start),
      UNIT(time_going_backwards_is_ignored),
      UNIT(a_closed_session_is_silent),
      UNIT(every_allocation_may_fail),
      UNIT(no_memory_for_an_answer_ends_the_session_with_that),
  };
  return unit_suite("yamux/session", tests, sizeof tests / sizeof tests[0]);
}
