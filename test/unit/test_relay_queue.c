#include "test/support/rng.h"
#include "test/unit/relay_rig.h"

/* Against a model: what went in comes out in order, never more than fits, in memory of exactly that size. */
START_TEST(keeps_order_across_the_wrap) {
  weft_relay_queue q = {.cap = 37};
  test_rng rng;
  uint8_t next_in = 0, next_out = 0, in[64];
  size_t held = 0;
  test_rng_init(&rng, 7);
  for (int i = 0; i < 5000; i++) {
    size_t n = test_rng_below(&rng, 50), len;
    for (size_t k = 0; k < n; k++) in[k] = (uint8_t)(next_in + k);
    size_t took = (size_t)weft_relay_queue_push(&q, test_alloc(), in, n);
    ck_assert_uint_eq(took, n < 37 - held ? n : 37 - held);
    next_in = (uint8_t)(next_in + took);
    held += took;
    ck_assert_uint_eq(q.len, held);
    if (held == 0) continue;
    const uint8_t *p = weft_relay_queue_front(&q, &len);
    n = 1 + test_rng_below(&rng, (uint32_t)len);
    for (size_t k = 0; k < n; k++) ck_assert_uint_eq(p[k], next_out++);
    weft_relay_queue_pop(&q, n);
    held -= n;
  }
  ck_assert_uint_eq(test_leak()->peak_bytes, 37);
  weft_relay_queue_free(&q, test_alloc());
}
END_TEST

START_TEST(no_memory_before_something_waits) {
  weft_relay_queue q = {.cap = 37};
  ck_assert_int_eq(weft_relay_queue_push(&q, test_alloc(), NULL, 0), 0);
  ck_assert_uint_eq(test_leak()->calls, 0);
  test_leak()->fail_at = 1;
  ck_assert_int_eq(weft_relay_queue_push(&q, test_alloc(), (const uint8_t *)"x", 1), WEFT_ENOMEM);
  ck_assert_uint_eq(q.len, 0);
  weft_relay_queue_free(&q, test_alloc());
}
END_TEST

Suite *test_relay_queue(void) {
  static const unit_test tests[] = {UNIT(keeps_order_across_the_wrap), UNIT(no_memory_before_something_waits)};
  return unit_suite("relay/queue", tests, sizeof tests / sizeof tests[0]);
}
