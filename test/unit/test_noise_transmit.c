#include "test/unit/noise_rig.h"

static noise_rig *limited(uint32_t send_limit, uint16_t max_frame) {
  noise_rig *r = noise_rig_bare();
  for (unsigned i = 0; i < 2; i++) {
    weft_noise_config cfg = noise_rig_config(r, i);
    cfg.send_limit = send_limit;
    cfg.max_frame = max_frame;
    ck_assert_int_eq(noise_rig_make(r, i, &cfg), WEFT_OK);
    weft_noise_start(r->n[i], 0);
  }
  noise_rig_run(r, SIZE_MAX);
  ck_assert(weft_noise_secured(r->n[0]) && weft_noise_secured(r->n[1]));
  return r;
}

START_TEST(frames_are_as_long_as_allowed) {
  noise_rig *r = limited(256 * 1024, 100);
  static uint8_t data[250];
  size_t begin = r->out[0].len;
  ck_assert_int_eq(weft_noise_send(r->n[0], data, sizeof data, 0), 250);
  const uint8_t *w = r->out[0].bytes + begin;
  ck_assert_uint_eq(r->out[0].len - begin, 250 + 3 * 18);
  ck_assert(w[0] == 0 && w[1] == 116 && w[118] == 0 && w[119] == 116 && w[236] == 0 && w[237] == 66);
  noise_rig_free(r);
}
END_TEST

START_TEST(what_output_does_not_take_is_kept_and_offered_again) {
  noise_rig *r = noise_rig_secure();
  r->take[0] = 7;
  ck_assert_int_eq(noise_rig_send(r, 0, "in pieces of seven"), 18);
  ck_assert_uint_eq(noise_rig_stats(r, 0).buffered, 18 + 18 - 7);
  for (unsigned i = 0; i < 5; i++) weft_noise_tick(r->n[0], 0);
  ck_assert_uint_eq(noise_rig_stats(r, 0).buffered, 0);
  noise_rig_run(r, SIZE_MAX);
  ck_assert(r->got[1].len == 18 && memcmp(r->got[1].bytes, "in pieces of seven", 18) == 0);
  noise_rig_free(r);
}
END_TEST

START_TEST(the_handshake_waits_for_output_too) {
  noise_rig *r = noise_rig_new();
  r->take[0] = r->take[1] = 0;
  for (unsigned i = 0; i < 2; i++) weft_noise_start(r->n[i], 0);
  r->take[0] = r->take[1] = 3;
  for (unsigned i = 0; i < 200; i++) {
    weft_noise_tick(r->n[0], 0);
    weft_noise_tick(r->n[1], 0);
    noise_rig_run(r, SIZE_MAX);
  }
  ck_assert(weft_noise_secured(r->n[0]) && weft_noise_secured(r->n[1]));
  noise_rig_free(r);
}
END_TEST

START_TEST(the_send_limit_holds_and_writable_follows) {
  noise_rig *r = limited(10000, WEFT_NOISE_PLAINTEXT_MAX);
  static uint8_t data[50000];
  r->take[0] = 0;
  ptrdiff_t took = weft_noise_send(r->n[0], data, sizeof data, 0);
  ck_assert_int_eq(took, 10000 - 18);
  ck_assert_uint_eq(noise_rig_stats(r, 0).buffered, 10000);
  ck_assert_int_eq(weft_noise_send(r->n[0], data, 1, 0), 0);
  r->take[0] = 4999;
  weft_noise_tick(r->n[0], 0);
  ck_assert_uint_eq(r->events[0][WEFT_NOISE_EVENT_WRITABLE], 0); /* 5,001 left */
  r->take[0] = 1;
  weft_noise_tick(r->n[0], 0);
  ck_assert_uint_eq(r->events[0][WEFT_NOISE_EVENT_WRITABLE], 1);
  r->take[0] = SIZE_MAX;
  weft_noise_tick(r->n[0], 0);
  ck_assert_uint_eq(r->events[0][WEFT_NOISE_EVENT_WRITABLE], 1);
  noise_rig_free(r);
}
END_TEST

START_TEST(a_send_that_is_taken_whole_needs_no_writable) {
  noise_rig *r = noise_rig_secure();
  r->take[0] = 0;
  noise_rig_send(r, 0, "x");
  r->take[0] = SIZE_MAX;
  weft_noise_tick(r->n[0], 0);
  ck_assert_uint_eq(r->events[0][WEFT_NOISE_EVENT_WRITABLE], 0);
  noise_rig_free(r);
}
END_TEST

/* A large write through a tight pipe, in portions as room appears, arrives whole. */
START_TEST(bulk_through_a_tight_pipe) {
  noise_rig *r = limited(5000, WEFT_NOISE_PLAINTEXT_MAX);
  static uint8_t data[300000];
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i >> 4);
  size_t done = 0;
  for (unsigned round = 0; round < 10000 && r->got[1].len < sizeof data; round++) {
    r->take[0] = 100 + round % 1000;
    if (done < sizeof data) done += (size_t)weft_noise_send(r->n[0], data + done, sizeof data - done, 0);
    weft_noise_tick(r->n[0], 0);
    noise_rig_run(r, 999);
    ck_assert_uint_le(noise_rig_stats(r, 0).buffered, 5000);
  }
  ck_assert(r->got[1].len == sizeof data && memcmp(r->got[1].bytes, data, sizeof data) == 0);
  ck_assert_uint_lt(noise_rig_stats(r, 0).frames_out, sizeof data / 500); /* no crumbs */
  noise_rig_free(r);
}
END_TEST

START_TEST(an_output_error_ends_it) {
  noise_rig *r = noise_rig_secure();
  r->output_error[0] = WEFT_ERESET;
  noise_rig_send(r, 0, "x");
  ck_assert_closed(r, 0, WEFT_WHO_SELF, "output", WEFT_ERESET);
  noise_rig_free(r);
  r = noise_rig_new();
  r->output_error[0] = WEFT_ECLOSED;
  weft_noise_start(r->n[0], 0);
  ck_assert_closed(r, 0, WEFT_WHO_SELF, "output", WEFT_ECLOSED);
  noise_rig_free(r);
}
END_TEST

START_TEST(the_last_nonce_ends_it) {
  noise_rig *r = noise_rig_secure();
  r->n[0]->sending.n = r->n[1]->receiving.n = UINT64_MAX - 1;
  ck_assert_int_eq(noise_rig_send(r, 0, "last"), 4);
  ck_assert_int_eq(noise_rig_send(r, 0, "more"), WEFT_ELIMIT);
  ck_assert_closed(r, 0, WEFT_WHO_SELF, "nonce", WEFT_ELIMIT);
  noise_rig_run(r, SIZE_MAX);
  ck_assert_uint_eq(r->got[1].len, 4);
  weft_noise_input(r->n[1], r->out[0].bytes, 0, 0);
  ck_assert(weft_noise_secured(r->n[1]));
  noise_rig_free(r);
}
END_TEST

START_TEST(no_memory_takes_nothing) {
  noise_rig *r = noise_rig_secure();
  static uint8_t big[60000];
  test_leak()->fail_at = 1;
  test_leak()->fail_on = true;
  ck_assert_int_eq(weft_noise_send(r->n[0], big, sizeof big, 0), WEFT_ENOMEM);
  test_leak()->fail_at = 0;
  test_leak()->fail_on = false;
  ck_assert_int_eq(weft_noise_send(r->n[0], big, sizeof big, 0), sizeof big);
  noise_rig_run(r, SIZE_MAX);
  ck_assert_uint_eq(r->got[1].len, sizeof big);
  noise_rig_free(r);
}
END_TEST

START_TEST(sending_nothing_sends_nothing) {
  noise_rig *r = noise_rig_secure();
  size_t before = r->out[0].len;
  ck_assert_int_eq(weft_noise_send(r->n[0], NULL, 0, 0), 0);
  ck_assert_uint_eq(r->out[0].len, before);
  noise_rig_free(r);
}
END_TEST

START_TEST(cut_short_for_want_of_memory) { /* WRITABLE follows all the same; who tries in vain is told why */
  noise_rig *r = limited(256 * 1024, WEFT_NOISE_PLAINTEXT_MAX);
  static uint8_t data[200000];
  r->take[0] = 0;
  test_leak()->fail_at = 2;
  ptrdiff_t took = weft_noise_send(r->n[0], data, sizeof data, 0);
  ck_assert_uint_eq(test_leak()->refused, 1);
  ck_assert_int_gt(took, 0);
  ck_assert_int_lt(took, sizeof data);
  ck_assert_uint_eq(r->events[0][WEFT_NOISE_EVENT_WRITABLE], 1);
  test_leak()->fail_at = 1;
  ck_assert_int_eq(weft_noise_send(r->n[0], data, sizeof data, 0), WEFT_ENOMEM);
  test_leak()->fail_at = 0;
  noise_rig_free(r);
}
END_TEST

Suite *test_noise_transmit(void) {
  static const unit_test tests[] = {UNIT(frames_are_as_long_as_allowed),
                                    UNIT(what_output_does_not_take_is_kept_and_offered_again),
                                    UNIT(the_handshake_waits_for_output_too),
                                    UNIT(the_send_limit_holds_and_writable_follows),
                                    UNIT(a_send_that_is_taken_whole_needs_no_writable),
                                    UNIT(bulk_through_a_tight_pipe),
                                    UNIT(an_output_error_ends_it),
                                    UNIT(the_last_nonce_ends_it),
                                    UNIT(no_memory_takes_nothing),
                                    UNIT(cut_short_for_want_of_memory),
                                    UNIT(sending_nothing_sends_nothing)};
  return unit_suite("noise/transmit", tests, sizeof tests / sizeof tests[0]);
}
