#include <string.h>

#include "base/buf.h"
#include "test/support/alloc.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

START_TEST(bytes_come_out_as_they_went_in) {
  weft_buf b;
  weft_buf_init(&b, test_alloc(), 100);
  ck_assert_uint_eq(weft_buf_len(&b), 0);
  ck_assert_uint_eq(weft_buf_room(&b), 100);
  ck_assert_int_eq(weft_buf_append(&b, "hello ", 6), WEFT_OK);
  ck_assert_int_eq(weft_buf_append(&b, "world", 5), WEFT_OK);
  ck_assert_mem_eq(weft_buf_data(&b), "hello world", 11);
  weft_buf_consume(&b, 6);
  ck_assert_uint_eq(weft_buf_len(&b), 5);
  ck_assert_mem_eq(weft_buf_data(&b), "world", 5);
  weft_buf_consume(&b, 5);
  ck_assert_uint_eq(weft_buf_len(&b), 0);
  weft_buf_free(&b);
}
END_TEST

START_TEST(the_limit_holds_and_nothing_is_taken) {
  weft_buf b;
  weft_buf_init(&b, test_alloc(), 10);
  ck_assert_int_eq(weft_buf_append(&b, "12345678901", 11), WEFT_ETOOBIG);
  ck_assert_uint_eq(weft_buf_len(&b), 0);
  ck_assert_int_eq(weft_buf_append(&b, "1234567", 7), WEFT_OK);
  ck_assert_int_eq(weft_buf_append(&b, "abcd", 4), WEFT_ETOOBIG);
  ck_assert_ptr_null(weft_buf_reserve(&b, 4));
  ck_assert_int_eq(weft_buf_append(&b, "890", 3), WEFT_OK);
  ck_assert_uint_eq(weft_buf_room(&b), 0);
  ck_assert_mem_eq(weft_buf_data(&b), "1234567890", 10);
  ck_assert_int_eq(weft_buf_append(&b, "", 0), WEFT_OK);
  weft_buf_consume(&b, 4); /* room counts what is held, not where it lies */
  ck_assert_int_eq(weft_buf_append(&b, "abcd", 4), WEFT_OK);
  ck_assert_mem_eq(weft_buf_data(&b), "567890abcd", 10);
  weft_buf_free(&b);
}
END_TEST

START_TEST(reserve_then_commit_less) {
  weft_buf b;
  weft_buf_init(&b, test_alloc(), 1000);
  uint8_t *at = weft_buf_reserve(&b, 600);
  ck_assert_ptr_nonnull(at);
  memcpy(at, "abc", 3);
  weft_buf_commit(&b, 3);
  at = weft_buf_reserve(&b, 997);
  ck_assert_ptr_nonnull(at);
  memset(at, 'x', 997);
  weft_buf_commit(&b, 997);
  ck_assert_uint_eq(weft_buf_len(&b), 1000);
  ck_assert_mem_eq(weft_buf_data(&b), "abcx", 4);
  ck_assert_ptr_nonnull(weft_buf_reserve(&b, 0));
  weft_buf_free(&b);
}
END_TEST

START_TEST(no_memory_is_an_error_and_keeps_the_bytes) {
  static uint8_t big[5000];
  weft_buf b;
  weft_buf_init(&b, test_alloc(), 10000);
  test_leak()->fail_at = 1;
  ck_assert_int_eq(weft_buf_append(&b, "abc", 3), WEFT_ENOMEM);
  ck_assert_int_eq(weft_buf_append(&b, "abc", 3), WEFT_OK);
  test_leak()->fail_at = 1;
  ck_assert_int_eq(weft_buf_append(&b, big, sizeof big), WEFT_ENOMEM);
  ck_assert_uint_eq(weft_buf_len(&b), 3);
  ck_assert_mem_eq(weft_buf_data(&b), "abc", 3);
  ck_assert_int_eq(weft_buf_append(&b, "def", 3), WEFT_OK);
  ck_assert_mem_eq(weft_buf_data(&b), "abcdef", 6);
  weft_buf_free(&b);
}
END_TEST

START_TEST(large_memory_goes_back_when_empty_small_stays) {
  static uint8_t big[100000];
  weft_buf b;
  weft_buf_init(&b, test_alloc(), sizeof big);
  weft_buf_append(&b, big, 1000);
  weft_buf_consume(&b, 1000);
  ck_assert_uint_eq(test_leak()->blocks, 1);
  weft_buf_append(&b, big, sizeof big);
  weft_buf_consume(&b, sizeof big - 1);
  ck_assert_uint_eq(test_leak()->blocks, 1);
  weft_buf_consume(&b, 1);
  ck_assert_uint_eq(test_leak()->blocks, 0);
  ck_assert_int_eq(weft_buf_append(&b, "x", 1), WEFT_OK);
  weft_buf_free(&b);
}
END_TEST

START_TEST(steady_traffic_does_not_allocate) {
  static uint8_t message[16384];
  weft_buf b;
  weft_buf_init(&b, test_alloc(), 65536);
  weft_buf_append(&b, message, sizeof message);
  weft_buf_consume(&b, sizeof message);
  size_t before = test_leak()->calls;
  for (int i = 0; i < 1000; i++) {
    ck_assert_int_eq(weft_buf_append(&b, message, sizeof message), WEFT_OK);
    weft_buf_consume(&b, sizeof message);
  }
  ck_assert_uint_eq(test_leak()->calls, before);
  weft_buf_free(&b);
}
END_TEST

START_TEST(memory_stays_within_one_and_a_half_limits) {
  enum { LIMIT = 50000 };
  static uint8_t piece[997];
  weft_buf b;
  weft_buf_init(&b, test_alloc(), LIMIT);
  while (weft_buf_append(&b, piece, sizeof piece) == WEFT_OK) continue;
  for (int i = 0; i < 5000; i++) { /* nearly full, a little at a time */
    weft_buf_consume(&b, sizeof piece);
    ck_assert_int_eq(weft_buf_append(&b, piece, sizeof piece), WEFT_OK);
    ck_assert_uint_le(test_leak()->bytes, LIMIT + LIMIT / 2);
  }
  weft_buf_free(&b);
}
END_TEST

START_TEST(random_pieces_keep_their_order) {
  enum { LIMIT = 3000 };
  weft_buf b;
  test_rng r;
  uint8_t in = 0, out = 0, piece[LIMIT];
  test_rng_init(&r, 7);
  weft_buf_init(&b, test_alloc(), LIMIT);
  for (int step = 0; step < 20000; step++) {
    size_t n = test_rng_below(&r, test_rng_chance(&r, 10) ? LIMIT : 200);
    if (n > weft_buf_room(&b)) n = weft_buf_room(&b);
    for (size_t i = 0; i < n; i++) piece[i] = in++;
    ck_assert_int_eq(weft_buf_append(&b, piece, n), WEFT_OK);
    size_t take = test_rng_below(&r, (uint32_t)weft_buf_len(&b) + 1);
    const uint8_t *p = weft_buf_data(&b);
    for (size_t i = 0; i < take; i++) ck_assert_uint_eq(p[i], out++);
    weft_buf_consume(&b, take);
  }
  weft_buf_free(&b);
}
END_TEST

START_TEST(unlimited_and_freed_twice) {
  weft_buf b;
  weft_buf_init(&b, test_alloc(), SIZE_MAX);
  ck_assert_ptr_nonnull(weft_buf_reserve(&b, 100000));
  weft_buf_free(&b);
  weft_buf_free(&b);
  ck_assert_ptr_null(weft_buf_data(&b));
}
END_TEST

Suite *test_base_buf(void) {
  static const unit_test tests[] = {
      UNIT(bytes_come_out_as_they_went_in),
      UNIT(the_limit_holds_and_nothing_is_taken),
      UNIT(reserve_then_commit_less),
      UNIT(no_memory_is_an_error_and_keeps_the_bytes),
      UNIT(large_memory_goes_back_when_empty_small_stays),
      UNIT(steady_traffic_does_not_allocate),
      UNIT(memory_stays_within_one_and_a_half_limits),
      UNIT(random_pieces_keep_their_order),
      UNIT(unlimited_and_freed_twice),
  };
  return unit_suite("base/buf", tests, sizeof tests / sizeof tests[0]);
}
