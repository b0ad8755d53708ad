#include <string.h>

#include "base/mem.h"
#include "test/support/alloc.h"
#include "test/support/unit.h"

START_TEST(null_means_libc) {
  ck_assert_ptr_eq(weft_alloc_or_libc(NULL), &weft_alloc_libc);
  ck_assert_ptr_eq(weft_alloc_or_libc(test_alloc()), test_alloc());
  uint8_t *p = weft_mem_new(NULL, 10);
  ck_assert_ptr_nonnull(p);
  p = weft_mem_resize(NULL, p, 10, 100);
  ck_assert_ptr_nonnull(p);
  weft_mem_free(NULL, p, 100);
}
END_TEST

START_TEST(new_memory_is_zero) {
  static const uint8_t zero[333];
  uint8_t *p = weft_mem_new(test_alloc(), sizeof zero);
  ck_assert_mem_eq(p, zero, sizeof zero);
  ck_assert_uint_eq(test_leak()->blocks, 1);
  weft_mem_free(test_alloc(), p, sizeof zero);
}
END_TEST

START_TEST(resize_keeps_what_fits) {
  uint8_t *p = weft_mem_dup(test_alloc(), "0123456789", 10);
  p = weft_mem_resize(test_alloc(), p, 10, 20);
  ck_assert_mem_eq(p, "0123456789", 10);
  p = weft_mem_resize(test_alloc(), p, 20, 4);
  ck_assert_mem_eq(p, "0123", 4);
  ck_assert_uint_eq(test_leak()->bytes, 4);
  weft_mem_free(test_alloc(), p, 4);
}
END_TEST

START_TEST(freeing_nothing_is_nothing) {
  weft_mem_free(test_alloc(), NULL, 0);
  ck_assert_uint_eq(test_leak()->calls, 0);
}
END_TEST

START_TEST(refusal_is_null_and_keeps_the_old) {
  test_leak()->fail_at = 1;
  ck_assert_ptr_null(weft_mem_new(test_alloc(), 8));
  test_leak()->fail_at = 1;
  ck_assert_ptr_null(weft_mem_dup(test_alloc(), "x", 1));
  uint8_t *p = weft_mem_dup(test_alloc(), "abc", 3);
  test_leak()->fail_at = 1;
  ck_assert_ptr_null(weft_mem_resize(test_alloc(), p, 3, 1000));
  ck_assert_mem_eq(p, "abc", 3);
  weft_mem_free(test_alloc(), p, 3);
}
END_TEST

typedef struct old_config {
  size_t size;
  int a;
} old_config;

typedef struct new_config {
  size_t size;
  int a;
  int b;
} new_config;

START_TEST(an_older_caller_leaves_defaults) {
  new_config dst = {sizeof dst, 1, 2};
  old_config src = {sizeof src, 7};
  weft_sized_copy(&dst, sizeof dst, &src);
  ck_assert_uint_eq(dst.size, sizeof dst);
  ck_assert_int_eq(dst.a, 7);
}
END_TEST

START_TEST(an_older_caller_does_not_touch_the_new_field) {
  /* The old struct is as large as the new one through padding; a size cut before b is what a smaller one says. */
  new_config dst = {sizeof dst, 1, 2}, src = {offsetof(new_config, b), 7, 9};
  weft_sized_copy(&dst, sizeof dst, &src);
  ck_assert_int_eq(dst.a, 7);
  ck_assert_int_eq(dst.b, 2);
}
END_TEST

START_TEST(a_newer_caller_is_cut) {
  struct {
    new_config c;
    int guard;
  } dst = {{0, 0, 0}, 99};
  struct {
    new_config c;
    int extra[8];
  } src = {{sizeof src, 7, 8}, {5, 5, 5, 5, 5, 5, 5, 5}};
  weft_sized_copy(&dst, sizeof dst.c, &src);
  ck_assert_uint_eq(dst.c.size, sizeof dst.c);
  ck_assert_int_eq(dst.c.b, 8);
  ck_assert_int_eq(dst.guard, 99);
}
END_TEST

Suite *test_base_mem(void) {
  static const unit_test tests[] = {
      UNIT(null_means_libc),
      UNIT(new_memory_is_zero),
      UNIT(resize_keeps_what_fits),
      UNIT(freeing_nothing_is_nothing),
      UNIT(refusal_is_null_and_keeps_the_old),
      UNIT(an_older_caller_leaves_defaults),
      UNIT(an_older_caller_does_not_touch_the_new_field),
      UNIT(a_newer_caller_is_cut),
  };
  return unit_suite("base/mem", tests, sizeof tests / sizeof tests[0]);
}
