#include "sctp/pool.h"

#include "test/support/alloc.h"
#include "test/support/unit.h"

START_TEST(blocks_are_used_again) {
  weft_sctp_pool p;
  weft_sctp_pool_init(&p, test_alloc(), 1376);
  void *a = weft_sctp_pool_get(&p, 100), *b = weft_sctp_pool_get(&p, 700);
  ck_assert_uint_eq(p.in_use, 192 + 1376);
  size_t calls = test_leak()->calls;
  weft_sctp_pool_put(&p, a);
  weft_sctp_pool_put(&p, b);
  ck_assert_uint_eq(p.in_use, 0);
  ck_assert_ptr_eq(weft_sctp_pool_get(&p, 192), a);
  ck_assert_ptr_eq(weft_sctp_pool_get(&p, 1376), b);
  ck_assert_uint_eq(test_leak()->calls, calls);
  weft_sctp_pool_put(&p, a);
  weft_sctp_pool_put(&p, b);
  ck_assert_uint_eq(p.kept_bytes, 192 + 1376);
  weft_sctp_pool_trim(&p);
  ck_assert_uint_eq(p.kept_bytes, 0);
  ck_assert_uint_eq(test_leak()->blocks, 0);
}
END_TEST

START_TEST(large_ones_go_back_at_once) {
  weft_sctp_pool p;
  weft_sctp_pool_init(&p, test_alloc(), 1376);
  ck_assert_uint_eq(weft_sctp_pool_size(&p, 60000), 60000);
  void *a = weft_sctp_pool_get(&p, 60000);
  weft_sctp_pool_put(&p, a);
  ck_assert_uint_eq(test_leak()->blocks, 0);
}
END_TEST

Suite *test_sctp_pool(void) {
  static const unit_test tests[] = {UNIT(blocks_are_used_again), UNIT(large_ones_go_back_at_once)};
  return unit_suite("sctp/pool", tests, sizeof tests / sizeof tests[0]);
}
