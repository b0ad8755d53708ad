#include "sctp/map.h"

#include "sctp/pool.h"
#include "test/support/alloc.h"
#include "test/support/unit.h"

START_TEST(finds_what_was_put) {
  weft_sctp_map m;
  static weft_sctp_node nodes[5000];
  ck_assert_int_eq(weft_sctp_map_init(&m, test_alloc(), 12345), WEFT_OK);
  for (uint32_t i = 0; i < 5000; i++) weft_sctp_map_put(&m, &nodes[i], i * 65536 + 1);
  ck_assert_uint_eq(m.count, 5000);
  for (uint32_t i = 0; i < 5000; i++) ck_assert_ptr_eq(weft_sctp_map_get(&m, i * 65536 + 1), &nodes[i]);
  ck_assert_ptr_null(weft_sctp_map_get(&m, 2));
  for (uint32_t i = 0; i < 5000; i += 2) weft_sctp_map_remove(&m, &nodes[i]);
  weft_sctp_map_remove(&m, &nodes[0]); /* not in it: nothing */
  ck_assert_uint_eq(m.count, 2500);
  for (uint32_t i = 0; i < 5000; i++) ck_assert_int_eq(weft_sctp_map_get(&m, i * 65536 + 1) != NULL, i % 2);
  weft_sctp_map_free(&m);
}
END_TEST

START_TEST(putting_needs_no_memory) {
  weft_sctp_map m;
  static weft_sctp_node nodes[200];
  ck_assert_int_eq(weft_sctp_map_init(&m, test_alloc(), 1), WEFT_OK);
  test_leak()->fail_at = 1;
  test_leak()->fail_on = true;
  for (uint32_t i = 0; i < 200; i++) weft_sctp_map_put(&m, &nodes[i], i);
  test_leak()->fail_at = 0;
  test_leak()->fail_on = false;
  for (uint32_t i = 0; i < 200; i++) ck_assert_ptr_eq(weft_sctp_map_get(&m, i), &nodes[i]);
  weft_sctp_map_free(&m);
}
END_TEST

Suite *test_sctp_map(void) {
  static const unit_test tests[] = {UNIT(finds_what_was_put), UNIT(putting_needs_no_memory)};
  return unit_suite("sctp/map", tests, sizeof tests / sizeof tests[0]);
}
