#include "test/unit/yamux_rig.h"

static weft_yamux *bare_session(yamux_rig *r) {
  weft_yamux_config cfg = yamux_rig_config(1);
  ck_assert_int_eq(yamux_rig_make(r, 1, &cfg), WEFT_OK);
  return r->y[1];
}

START_TEST(finds_what_was_added_and_nothing_else) {
  yamux_rig *r = yamux_rig_bare();
  weft_yamux *y = bare_session(r);
  ck_assert_ptr_null(weft_yamux_find(y, 1));
  for (uint32_t i = 0; i < 300; i++) ck_assert_ptr_nonnull(weft_yamux_add(y, 1 + i * 7919, (i & 1) != 0));
  for (uint32_t i = 0; i < 300; i++) {
    ck_assert_uint_eq(weft_yamux_find(y, 1 + i * 7919)->id, 1 + i * 7919);
    ck_assert_ptr_null(weft_yamux_find(y, 2 + i * 7919));
  }
  ck_assert_uint_eq(y->streams_len, 300);
  ck_assert_uint_eq(y->streams_in, 150);
  ck_assert_uint_eq(y->streams_out, 150);
  yamux_rig_free(r);
}
END_TEST

START_TEST(removes_in_any_order) {
  yamux_rig *r = yamux_rig_bare();
  weft_yamux *y = bare_session(r);
  for (uint32_t id = 1; id <= 200; id++) weft_yamux_add(y, id, true);
  for (uint32_t i = 0; i < 200; i++) {
    uint32_t id = 1 + i * 77 % 200; /* 77 and 200 have no common factor: every id once */
    weft_yamux_stream *s = weft_yamux_find(y, id);
    ck_assert_ptr_nonnull(s);
    weft_yamux_remove(y, s);
    weft_yamux_stream_free(y, s);
    ck_assert_ptr_null(weft_yamux_find(y, id));
    ck_assert_uint_eq(y->streams_out, 199 - i);
  }
  ck_assert(weft_list_empty(&y->streams));
  yamux_rig_free(r);
}
END_TEST

START_TEST(colliding_ids_are_kept_apart) {
  yamux_rig *r = yamux_rig_bare();
  weft_yamux *y = bare_session(r);
  for (uint32_t i = 0; i < 500; i++) weft_yamux_add(y, i << 20 | 1, false);
  for (uint32_t i = 0; i < 500; i++) ck_assert_uint_eq(weft_yamux_find(y, i << 20 | 1)->id, i << 20 | 1);
  yamux_rig_free(r);
}
END_TEST

START_TEST(without_memory_for_more_buckets_the_table_goes_on) {
  yamux_rig *r = yamux_rig_bare();
  weft_yamux *y = bare_session(r);
  test_leak()->fail_at = 1;
  ck_assert_ptr_null(weft_yamux_add(y, 1, true)); /* no buckets at all */
  for (uint32_t id = 1; id <= 8; id++) ck_assert_ptr_nonnull(weft_yamux_add(y, id, true));
  test_leak()->fail_at = 1;
  ck_assert_ptr_nonnull(weft_yamux_add(y, 9, true)); /* growing was refused, the stream was not */
  test_leak()->fail_at = 2;
  ck_assert_ptr_null(weft_yamux_add(y, 10, true));
  test_leak()->fail_at = 0;
  for (uint32_t id = 1; id <= 9; id++) ck_assert_ptr_nonnull(weft_yamux_find(y, id));
  ck_assert_ptr_null(weft_yamux_find(y, 10));
  ck_assert_uint_eq(y->streams_len, 9);
  yamux_rig_free(r);
}
END_TEST

Suite *test_yamux_table(void) {
  static const unit_test tests[] = {
      UNIT(finds_what_was_added_and_nothing_else),
      UNIT(removes_in_any_order),
      UNIT(colliding_ids_are_kept_apart),
      UNIT(without_memory_for_more_buckets_the_table_goes_on),
  };
  return unit_suite("yamux/table", tests, sizeof tests / sizeof tests[0]);
}
