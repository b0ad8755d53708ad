#include "test/unit/relay_rig.h"

enum { MANY = 1000 };

START_TEST(finds_what_is_in_it) {
  static weft_relay_node nodes[MANY];
  weft_relay_table t = {0};
  ck_assert_ptr_null(weft_relay_table_first(&t, 1));
  for (size_t i = 0; i < MANY; i++)
    ck_assert_int_eq(weft_relay_table_add(&t, test_alloc(), &nodes[i], i * 16), WEFT_OK);
  ck_assert_uint_eq(t.len, MANY);
  for (size_t i = 0; i < MANY; i += 2) weft_relay_table_remove(&t, &nodes[i]);
  for (size_t i = 0; i < MANY; i++) ck_assert_ptr_eq(weft_relay_table_first(&t, i * 16), i % 2 ? &nodes[i] : NULL);
  ck_assert_uint_eq(t.len, MANY / 2);
  weft_relay_table_free(&t, test_alloc());
}
END_TEST

START_TEST(nodes_of_one_hash_are_all_found) {
  weft_relay_node nodes[4];
  weft_relay_table t = {0};
  size_t seen = 0;
  for (size_t i = 0; i < 4; i++)
    ck_assert_int_eq(weft_relay_table_add(&t, test_alloc(), &nodes[i], i == 3 ? 23 : 7), WEFT_OK); /* one slot */
  for (weft_relay_node *n = weft_relay_table_first(&t, 7); n; n = weft_relay_node_next(n)) seen++;
  ck_assert_uint_eq(seen, 3);
  weft_relay_table_remove(&t, &nodes[1]);
  ck_assert_ptr_eq(weft_relay_node_next(weft_relay_table_first(&t, 7)), &nodes[0]);
  weft_relay_table_free(&t, test_alloc());
}
END_TEST

START_TEST(a_table_that_cannot_grow_still_takes_nodes) {
  static weft_relay_node nodes[40];
  weft_relay_table t = {0};
  test_leak()->fail_at = 1;
  ck_assert_int_eq(weft_relay_table_add(&t, test_alloc(), &nodes[0], 0), WEFT_ENOMEM);
  ck_assert_int_eq(weft_relay_table_add(&t, test_alloc(), &nodes[0], 0), WEFT_OK);
  test_leak()->fail_at = 1;
  test_leak()->fail_on = true;
  for (size_t i = 1; i < 40; i++) ck_assert_int_eq(weft_relay_table_add(&t, test_alloc(), &nodes[i], i), WEFT_OK);
  test_leak()->fail_on = false;
  test_leak()->fail_at = 0;
  for (size_t i = 0; i < 40; i++) ck_assert_ptr_eq(weft_relay_table_first(&t, i), &nodes[i]);
  weft_relay_table_free(&t, test_alloc());
}
END_TEST

Suite *test_relay_table(void) {
  static const unit_test tests[] = {UNIT(finds_what_is_in_it), UNIT(nodes_of_one_hash_are_all_found),
                                    UNIT(a_table_that_cannot_grow_still_takes_nodes)};
  return unit_suite("relay/table", tests, sizeof tests / sizeof tests[0]);
}
