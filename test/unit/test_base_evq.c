#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/evq.h"
#include "test/support/unit.h"

typedef struct event {
  int id;
  char pad[5];
} event;

START_TEST(first_in_first_out_across_the_wrap) {
  event ring[5], out;
  weft_evq q;
  int next_in = 0, next_out = 0;
  weft_evq_init(&q, ring, sizeof ring[0], 5);
  ck_assert(!weft_evq_pop(&q, &out));
  for (int round = 0; round < 20; round++) {
    int n = 2 + round % 4; /* batches that begin at every slot */
    for (int i = 0; i < n; i++) ck_assert(weft_evq_push(&q, &(event){.id = next_in++}));
    while (weft_evq_pop(&q, &out)) ck_assert_int_eq(out.id, next_out++);
    ck_assert_int_eq(next_in, next_out);
  }
}
END_TEST

START_TEST(items_pushed_while_popping_come_last) {
  event ring[4], out;
  weft_evq q;
  weft_evq_init(&q, ring, sizeof ring[0], 4);
  weft_evq_push(&q, &(event){.id = 1});
  weft_evq_push(&q, &(event){.id = 2});
  ck_assert(weft_evq_pop(&q, &out));
  weft_evq_push(&q, &(event){.id = 3});
  ck_assert(weft_evq_pop(&q, &out));
  ck_assert_int_eq(out.id, 2);
  ck_assert(weft_evq_pop(&q, &out));
  ck_assert_int_eq(out.id, 3);
  ck_assert(!weft_evq_pop(&q, &out));
}
END_TEST

START_TEST(only_the_outermost_call_delivers) {
  event ring[1];
  weft_evq q;
  weft_evq_init(&q, ring, sizeof ring[0], 1);
  ck_assert(!weft_evq_outermost(&q));
  weft_evq_enter(&q);
  ck_assert(weft_evq_outermost(&q));
  weft_evq_enter(&q);
  ck_assert(!weft_evq_outermost(&q));
  ck_assert(!weft_evq_leave(&q));
  ck_assert(weft_evq_outermost(&q));
  ck_assert(!weft_evq_leave(&q));
  ck_assert(!weft_evq_outermost(&q));
}
END_TEST

START_TEST(free_waits_for_the_outermost_leave) {
  event ring[1];
  weft_evq q;
  weft_evq_init(&q, ring, sizeof ring[0], 1);
  weft_evq_enter(&q);
  weft_evq_enter(&q);
  q.free_pending = true;
  ck_assert(!weft_evq_leave(&q));
  ck_assert(weft_evq_leave(&q));
}
END_TEST

START_TEST(no_event_follows_free) {
  event ring[2], out;
  weft_evq q;
  weft_evq_init(&q, ring, sizeof ring[0], 2);
  weft_evq_enter(&q);
  weft_evq_push(&q, &(event){.id = 1});
  weft_evq_push(&q, &(event){.id = 2});
  ck_assert(weft_evq_pop(&q, &out));
  q.free_pending = true;
  ck_assert(!weft_evq_pop(&q, &out));
  ck_assert(weft_evq_leave(&q));
}
END_TEST

START_TEST(a_full_ring_is_asserted) {
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    event ring[1];
    weft_evq q;
    signal(SIGABRT, SIG_DFL);
    if (!freopen("/dev/null", "w", stderr)) _exit(3);
    weft_evq_init(&q, ring, sizeof ring[0], 1);
    weft_evq_push(&q, &(event){.id = 1});
    _exit(weft_evq_push(&q, &(event){.id = 2}) ? 2 : 1); /* without asserts: refused */
  }
  int status;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert(WIFSIGNALED(status) ? WTERMSIG(status) == SIGABRT : WEXITSTATUS(status) == 1);
}
END_TEST

Suite *test_base_evq(void) {
  static const unit_test tests[] = {
      UNIT(first_in_first_out_across_the_wrap),
      UNIT(items_pushed_while_popping_come_last),
      UNIT(only_the_outermost_call_delivers),
      UNIT(free_waits_for_the_outermost_leave),
      UNIT(no_event_follows_free),
      UNIT(a_full_ring_is_asserted),
  };
  return unit_suite("base/evq", tests, sizeof tests / sizeof tests[0]);
}
