#include <string.h>

#include "base/mem.h"
#include "test/support/alloc.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

START_TEST(a_leak_is_seen) {
  leak_alloc a;
  leak_alloc_init(&a);
  ck_assert_ptr_null(leak_alloc_complaint(&a));
  void *p = weft_mem_new(&a.alloc, 10);
  ck_assert_ptr_nonnull(leak_alloc_complaint(&a));
  weft_mem_free(&a.alloc, p, 10);
  ck_assert_ptr_null(leak_alloc_complaint(&a));
}
END_TEST

START_TEST(a_wrong_size_is_seen) {
  leak_alloc a;
  leak_alloc_init(&a);
  void *p = weft_mem_new(&a.alloc, 10);
  weft_mem_free(&a.alloc, p, 11);
  ck_assert_uint_eq(a.mismatches, 1);
  ck_assert_ptr_nonnull(leak_alloc_complaint(&a));
}
END_TEST

START_TEST(the_nth_call_is_refused) {
  leak_alloc a;
  leak_alloc_init(&a);
  a.fail_at = 2;
  void *p = weft_mem_new(&a.alloc, 1);
  ck_assert_ptr_nonnull(p);
  ck_assert_ptr_null(weft_mem_new(&a.alloc, 1));
  void *q = weft_mem_new(&a.alloc, 1);
  ck_assert_ptr_nonnull(q);
  a.fail_at = 1;
  a.fail_on = true;
  ck_assert_ptr_null(weft_mem_new(&a.alloc, 1));
  ck_assert_ptr_null(weft_mem_new(&a.alloc, 1));
  ck_assert_uint_eq(a.refused, 3);
  weft_mem_free(&a.alloc, p, 1);
  weft_mem_free(&a.alloc, q, 1);
}
END_TEST

static void three_allocations(void *ctx) {
  void *p[3] = {NULL, NULL, NULL};
  (void)ctx;
  for (int i = 0; i < 3; i++)
    if (!(p[i] = weft_mem_new(test_alloc(), 8))) break;
  for (int i = 0; i < 3; i++) weft_mem_free(test_alloc(), p[i], 8);
}

START_TEST(a_sweep_refuses_each_once) { ck_assert_uint_eq(alloc_sweep(three_allocations, NULL), 3); }
END_TEST

START_TEST(the_rng_repeats_itself) {
  test_rng a, b;
  uint8_t x[37], y[37];
  weft_rng r = test_rng_init(&a, 9);
  test_rng_init(&b, 9);
  ck_assert_int_eq(r.fill(r.ctx, x, sizeof x), 0);
  test_rng_bytes(&b, y, sizeof y);
  ck_assert_mem_eq(x, y, sizeof x);
  test_rng_init(&b, 10);
  test_rng_bytes(&b, y, sizeof y);
  ck_assert_mem_ne(x, y, sizeof x);
  a.fail_on = true;
  a.fail_after = 1;
  ck_assert_int_eq(r.fill(r.ctx, x, 1), 0);
  ck_assert_int_ne(r.fill(r.ctx, x, 1), 0);
}
END_TEST

Suite *test_support_alloc(void) {
  static const unit_test tests[] = {
      UNIT(a_leak_is_seen),          UNIT(a_wrong_size_is_seen),
      UNIT(the_nth_call_is_refused), UNIT(a_sweep_refuses_each_once),
      UNIT(the_rng_repeats_itself),
  };
  return unit_suite("support/alloc", tests, sizeof tests / sizeof tests[0]);
}
