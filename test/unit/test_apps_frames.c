#include "apps/frames.h"

#include <string.h>

#include "test/support/unit.h"

START_TEST(first_in_first_out) {
  app_frames q = {0}, other = {0};
  ck_assert_ptr_null(app_frames_first(&q));
  app_frames_pop(&q);
  ck_assert_int_eq(app_frames_push(&q, (const uint8_t *)"one", 3, 1), WEFT_OK);
  ck_assert_int_eq(app_frames_push(&q, (const uint8_t *)"three", 5, 2), WEFT_OK);
  ck_assert_uint_eq(q.bytes, 8);
  app_frames_move(&other, &q);
  ck_assert_uint_eq(q.bytes, 5);
  ck_assert_uint_eq(other.bytes, 3);
  ck_assert_uint_eq(app_frames_first(&other)->tag, 1);
  ck_assert_mem_eq(app_frames_first(&q)->data, "three", 5);
  app_frames_pop(&q);
  ck_assert_ptr_null(app_frames_first(&q));
  ck_assert_int_eq(app_frames_push(&q, (const uint8_t *)"x", 1, 0),
                   WEFT_OK); /* `last` is right after the queue was empty */
  ck_assert_uint_eq(q.bytes, 1);
  app_frames_clear(&q);
  app_frames_clear(&other);
  ck_assert_uint_eq(q.bytes + other.bytes, 0);
}
END_TEST

static size_t give(app_carry *c, const char *bytes, size_t n, char *out) {
  uint8_t room[APP_CARRY_MAX + APP_CARRY_PIECE_MAX];
  size_t len = n;
  const uint8_t *text = app_carry_join(c, (const uint8_t *)bytes, &len, room);
  memcpy(out, text, len);
  return len;
}

/* U+4E16 is e4 b8 96; U+1F600 is f0 9f 98 80. */
START_TEST(a_character_waits_for_its_rest) {
  app_carry c = {.len = 0};
  char out[32];
  ck_assert_uint_eq(give(&c, "a\xe4", 2, out), 1);
  ck_assert_uint_eq(give(&c, "\xb8", 1, out), 0);
  ck_assert_uint_eq(give(&c, "\x96z", 2, out), 4);
  ck_assert_mem_eq(out, "\xe4\xb8\x96z", 4);
  ck_assert_uint_eq(c.len, 0);
  ck_assert_uint_eq(give(&c, "\xf0\x9f\x98", 3, out), 0);
  ck_assert_uint_eq(c.len, 3);
  ck_assert_uint_eq(give(&c, "\x80", 1, out), 4);
  ck_assert_mem_eq(out, "\xf0\x9f\x98\x80", 4);
}
END_TEST

START_TEST(what_is_no_character_goes_out_as_it_is) {
  app_carry c = {.len = 0};
  char out[32];
  ck_assert_uint_eq(give(&c, "\xe4", 1, out), 0);
  ck_assert_uint_eq(give(&c, "abc", 3, out), 4);
  ck_assert_mem_eq(out,
                   "\xe4"
                   "abc",
                   4);
  ck_assert_uint_eq(give(&c, "\xff\xff", 2, out), 2);
}
END_TEST

Suite *test_apps_frames(void) {
  static const unit_test tests[] = {UNIT(first_in_first_out), UNIT(a_character_waits_for_its_rest),
                                    UNIT(what_is_no_character_goes_out_as_it_is)};
  return unit_suite("apps/frames", tests, sizeof tests / sizeof tests[0]);
}
