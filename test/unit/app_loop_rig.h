/* A loop whose run is bounded: what a test waits for is a condition, and only a failure takes the whole time. */
#ifndef TEST_APP_LOOP_RIG_H
#define TEST_APP_LOOP_RIG_H

#include "apps/clock.h"
#include "apps/loop.h"
#include "test/support/unit.h"

static app_loop loop;
static bool (*loop_until)(void);
static weft_time loop_give_up;
static unsigned loop_turns;

static weft_time loop_deadline(const void *user) {
  (void)user;
  return loop_give_up;
}

static void loop_tick(void *user, weft_time now) {
  (void)user, (void)now;
  app_loop_stop(&loop, 1);
}

static void loop_check(void *user, weft_time now) {
  (void)user, (void)now;
  loop_turns++;
  if (loop_until()) app_loop_stop(&loop, 0);
}

static void loop_begin(void) {
  ck_assert_int_eq(app_loop_init(&loop), WEFT_OK);
  ck_assert_int_eq(app_loop_timer(&loop, loop_deadline, loop_tick, NULL), WEFT_OK);
  app_loop_before_wait(&loop, loop_check, NULL);
}

/* True when the condition came true within 20 s. */
static bool loop_run(bool (*until)(void)) {
  loop_until = until;
  loop_give_up = app_clock_now() + WEFT_SEC(20);
  loop.stopped = false;
  loop_turns = 0;
  return app_loop_run(&loop) == 0;
}

#endif
