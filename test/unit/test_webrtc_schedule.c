#include "test/support/alloc.h"
#include "test/support/rng.h"
#include "test/support/unit.h"
#include "webrtc/schedule.h"

enum { N = 300 };

static weft_time earliest(const weft_webrtc *c, const bool *in) {
  weft_time at = WEFT_NEVER;
  for (size_t i = 0; i < N; i++)
    if (in[i] && c[i].due < at) at = c[i].due;
  return at;
}

START_TEST(earliest_is_first_whatever_happens) {
  static weft_webrtc c[N];
  static bool in[N];
  weft_webrtc_schedule s;
  test_rng r;
  test_rng_init(&r, 3);
  weft_webrtc_schedule_init(&s, test_alloc());
  ck_assert_uint_eq(weft_webrtc_schedule_deadline(&s), WEFT_NEVER);
  for (size_t i = 0; i < N; i++) c[i].heap_at = SIZE_MAX, c[i].due = WEFT_NEVER;
  for (int step = 0; step < 20000; step++) {
    size_t i = test_rng_below(&r, N);
    weft_time due = test_rng_chance(&r, 10) ? WEFT_NEVER : test_rng_below(&r, 1000);
    if (!in[i]) {
      c[i].due = due;
      ck_assert_int_eq(weft_webrtc_schedule_add(&s, &c[i]), WEFT_OK);
      in[i] = true;
    } else if (test_rng_chance(&r, 30)) {
      weft_webrtc_schedule_remove(&s, &c[i]);
      in[i] = false;
    } else {
      weft_webrtc_schedule_move(&s, &c[i], due);
    }
    weft_time at = earliest(c, in);
    ck_assert_uint_eq(weft_webrtc_schedule_deadline(&s), at);
    const weft_webrtc *first = weft_webrtc_schedule_due(&s, 500);
    ck_assert_int_eq(first != NULL, at <= 500);
    if (first) ck_assert_uint_eq(first->due, at);
  }
  weft_webrtc_schedule_free(&s);
}
END_TEST

START_TEST(removing_twice_is_nothing) {
  weft_webrtc_schedule s;
  static weft_webrtc c;
  weft_webrtc_schedule_init(&s, test_alloc());
  c.heap_at = SIZE_MAX;
  weft_webrtc_schedule_remove(&s, &c);
  ck_assert_int_eq(weft_webrtc_schedule_add(&s, &c), WEFT_OK);
  weft_webrtc_schedule_remove(&s, &c);
  weft_webrtc_schedule_remove(&s, &c);
  ck_assert_uint_eq(weft_webrtc_schedule_deadline(&s), WEFT_NEVER);
  weft_webrtc_schedule_free(&s);
}
END_TEST

Suite *test_webrtc_schedule(void) {
  static const unit_test tests[] = {UNIT(earliest_is_first_whatever_happens), UNIT(removing_twice_is_nothing)};
  return unit_suite("webrtc/schedule", tests, sizeof tests / sizeof tests[0]);
}
