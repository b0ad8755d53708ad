#include "test/support/rng.h"
#include "test/unit/datachannel_rig.h"

static weft_datachannel *object(bool even, bool reserve_zero, uint16_t streams) {
  static rig r; /* nothing of it is used but its callbacks */
  weft_datachannel_config cfg = rig_config(even ? 0 : 1);
  cfg.reserve_zero = reserve_zero;
  ck_assert_int_eq(rig_make(&r, 0, &cfg), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_up(r.dc[0], streams, streams, 0), WEFT_OK);
  return r.dc[0];
}

START_TEST(finds_what_was_added_and_nothing_else) {
  weft_datachannel *dc = object(true, true, 65535);
  test_rng rng;
  test_rng_init(&rng, 7);
  static bool in[65536];
  memset(in, 0, sizeof in);
  for (unsigned i = 0; i < 3000; i++) {
    uint16_t id = (uint16_t)test_rng_below(&rng, 1000);
    weft_datachannel_channel *ch = weft_datachannel_find(dc, id);
    ck_assert_int_eq(ch != NULL, in[id]);
    if (ch)
      weft_datachannel_remove(dc, ch);
    else
      ck_assert_ptr_nonnull(weft_datachannel_add(dc, id));
    in[id] = !in[id];
  }
  for (unsigned id = 0; id < 1000; id++) ck_assert_int_eq(weft_datachannel_find(dc, (uint16_t)id) != NULL, in[id]);
  for (size_t i = 1; i < dc->table_len; i++) ck_assert_uint_lt(dc->table[i - 1]->id, dc->table[i]->id);
  weft_datachannel_free(dc);
}
END_TEST

START_TEST(lowest_free_follows_parity) {
  static const struct {
    bool even, reserve;
    int want;
  } cases[] = {{true, true, 2}, {true, false, 0}, {false, true, 1}, {false, false, 1}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    weft_datachannel *dc = object(cases[i].even, cases[i].reserve, 100);
    for (int k = 0; k < 5; k++) {
      ck_assert_int_eq(weft_datachannel_lowest_free(dc), cases[i].want + 2 * k);
      weft_datachannel_add(dc, (uint16_t)(cases[i].want + 2 * k));
    }
    weft_datachannel_remove(dc, weft_datachannel_find(dc, (uint16_t)(cases[i].want + 4)));
    weft_datachannel_remove(dc, weft_datachannel_find(dc, (uint16_t)(cases[i].want + 6)));
    ck_assert_int_eq(weft_datachannel_lowest_free(dc), cases[i].want + 4);
    weft_datachannel_free(dc);
  }
}
END_TEST

START_TEST(lowest_free_ignores_the_other_parity) {
  weft_datachannel *dc = object(true, true, 100);
  for (uint16_t id = 1; id < 50; id += 2) weft_datachannel_add(dc, id);
  weft_datachannel_add(dc, 2);
  ck_assert_int_eq(weft_datachannel_lowest_free(dc), 4);
  weft_datachannel_free(dc);
}
END_TEST

START_TEST(lowest_free_ends_at_the_stream_count) {
  weft_datachannel *dc = object(true, true, 5); /* ids 0 to 4 */
  weft_datachannel_add(dc, 2);
  ck_assert_int_eq(weft_datachannel_lowest_free(dc), 4);
  weft_datachannel_add(dc, 4);
  ck_assert_int_eq(weft_datachannel_lowest_free(dc), -1);
  weft_datachannel_free(dc);
  dc = object(false, true, 1);
  ck_assert_int_eq(weft_datachannel_lowest_free(dc), -1);
  weft_datachannel_free(dc);
}
END_TEST

Suite *test_datachannel_table(void) {
  static const unit_test tests[] = {UNIT(finds_what_was_added_and_nothing_else), UNIT(lowest_free_follows_parity),
                                    UNIT(lowest_free_ignores_the_other_parity),
                                    UNIT(lowest_free_ends_at_the_stream_count)};
  return unit_suite("datachannel/table", tests, sizeof tests / sizeof tests[0]);
}
