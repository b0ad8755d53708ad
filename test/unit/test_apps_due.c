#include <string.h>

#include "apps/due.h"
#include "test/support/unit.h"

typedef struct thing {
  app_due_item due;
  weft_time at, next_at;
  unsigned ticks;
  struct thing *takes_out, *adds;
} thing;

static app_due set;
static unsigned asked;

static weft_time deadline(const void *t) {
  asked++;
  return ((const thing *)t)->at;
}

static void tick(void *user, weft_time now) {
  thing *t = user;
  t->ticks++;
  t->at = t->next_at;
  if (t->takes_out) app_due_remove(&set, &t->takes_out->due);
  if (t->adds) {
    t->adds->at = now + 1;
    app_due_note(&set, &t->adds->due, t->adds);
  }
}

static void note(thing *t, weft_time at, weft_time next_at) {
  t->at = at;
  t->next_at = next_at;
  app_due_note(&set, &t->due, t);
}

static void begin(void) {
  app_due_init(&set, deadline, tick);
  asked = 0;
}

START_TEST(the_due_ones_are_ticked) {
  thing a = {.ticks = 0}, b = {.ticks = 0}, c = {.ticks = 0};
  begin();
  ck_assert_uint_eq(set.at, WEFT_NEVER);
  note(&a, 30, WEFT_NEVER);
  note(&b, 10, 40);
  note(&c, 10, WEFT_NEVER);
  ck_assert_uint_eq(set.at, 10);
  app_due_tick(&set, 10);
  ck_assert_uint_eq(a.ticks, 0);
  ck_assert_uint_eq(b.ticks, 1);
  ck_assert_uint_eq(c.ticks, 1);
  ck_assert_uint_eq(set.at, 30);
  app_due_tick(&set, 50);
  ck_assert_uint_eq(a.ticks, 1);
  ck_assert_uint_eq(b.ticks, 2);
  ck_assert_uint_eq(c.ticks, 1);
}
END_TEST

START_TEST(nobody_is_asked_before_the_time) {
  thing a = {.ticks = 0};
  begin();
  note(&a, 1000, WEFT_NEVER);
  asked = 0;
  for (weft_time t = 0; t < 1000; t++) app_due_tick(&set, t);
  ck_assert_uint_eq(asked, 0);
  app_due_tick(&set, 1000);
  ck_assert_uint_eq(a.ticks, 1);
  ck_assert_uint_eq(set.at, WEFT_NEVER);
}
END_TEST

START_TEST(an_earlier_deadline_counts_at_once_and_a_later_one_when_asked) {
  thing a = {.ticks = 0};
  begin();
  note(&a, 1000, WEFT_NEVER);
  note(&a, 5, WEFT_NEVER);
  ck_assert_uint_eq(set.at, 5);
  note(&a, 50, WEFT_NEVER);
  app_due_tick(&set, 5);
  ck_assert_uint_eq(a.ticks, 0);
  ck_assert_uint_eq(set.at, 50);
}
END_TEST

/* A tick ends itself, one that was, one that would be next, and begins another. */
START_TEST(ticks_may_take_out_and_add) {
  thing t[4] = {{.ticks = 0}};
  for (int out = 0; out < 3; out++) {
    memset(t, 0, sizeof t);
    begin();
    for (int i = 0; i < 3; i++) note(&t[i], 7, 7);
    t[1].takes_out = &t[out];
    t[1].adds = &t[3];
    app_due_tick(&set, 7);
    ck_assert_uint_eq(t[1].ticks, 1);
    ck_assert_uint_le(t[out].ticks, 1);
    ck_assert_uint_eq(t[3].ticks, 0);
    unsigned before = t[out].ticks;
    t[1].takes_out = t[1].adds = NULL;
    app_due_tick(&set, 8);
    ck_assert_uint_eq(t[out].ticks, before);
    ck_assert_uint_eq(t[3].ticks, 1);
  }
}
END_TEST

Suite *test_apps_due(void) {
  static const unit_test tests[] = {UNIT(the_due_ones_are_ticked), UNIT(nobody_is_asked_before_the_time),
                                    UNIT(an_earlier_deadline_counts_at_once_and_a_later_one_when_asked),
                                    UNIT(ticks_may_take_out_and_add)};
  return unit_suite("apps/due", tests, sizeof tests / sizeof tests[0]);
}
