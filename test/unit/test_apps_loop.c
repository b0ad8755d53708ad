#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/unit/app_loop_rig.h"

enum { MANY = 1500 };

typedef struct watched {
  int fds[2];
  unsigned seen;
  struct watched *victim; /* taken off the loop, closed and opened anew by this one's callback */
} watched;

static watched many[MANY];
static unsigned wanted, total;

static void make_pipe(watched *w) { ck_assert_int_eq(pipe2(w->fds, O_NONBLOCK | O_CLOEXEC), 0); }

static void drop(watched *w) {
  app_loop_unwatch(&loop, w->fds[0]);
  close(w->fds[0]);
  close(w->fds[1]);
}

static void on_readable(void *user, short revents, weft_time now) {
  watched *w = user;
  char byte;
  (void)now;
  ck_assert(revents & POLLIN);
  ck_assert_int_eq(read(w->fds[0], &byte, 1), 1); /* EAGAIN would say: told of what another descriptor saw */
  w->seen++;
  total++;
  if (!w->victim) return;
  drop(w->victim);
  make_pipe(w->victim);
  app_loop_watch(&loop, w->victim->fds[0], POLLIN, on_readable, w->victim);
}

static void begin(unsigned n) {
  total = 0;
  loop_begin();
  for (unsigned i = 0; i < n; i++) {
    many[i] = (watched){.seen = 0};
    make_pipe(&many[i]);
    ck_assert_int_eq(app_loop_watch(&loop, many[i].fds[0], POLLIN, on_readable, &many[i]), WEFT_OK);
  }
}

static void poke(watched *w) { ck_assert_int_eq(write(w->fds[1], "x", 1), 1); }

static bool enough(void) { return total >= wanted; }

START_TEST(some_thousand_descriptors) {
  begin(MANY);
  for (unsigned i = 0; i < MANY; i++) poke(&many[i]);
  wanted = MANY;
  ck_assert(loop_run(enough));
  for (unsigned i = 0; i < MANY; i++) {
    ck_assert_uint_eq(many[i].seen, 1);
    drop(&many[i]);
  }
  app_loop_end(&loop);
}
END_TEST

/* Each of the two would see the other's number again: whichever comes first. */
START_TEST(a_number_given_again_is_another_descriptor) {
  begin(2);
  many[0].victim = &many[1];
  many[1].victim = &many[0];
  poke(&many[0]);
  poke(&many[1]);
  wanted = 1;
  ck_assert(loop_run(enough));
  ck_assert_uint_eq(total, 1);
  for (int i = 0; i < 2; i++) drop(&many[i]);
  app_loop_end(&loop);
}
END_TEST

static char line[8];

static void on_file(void *user, short revents, weft_time now) {
  int fd = *(int *)user;
  (void)revents, (void)now;
  ssize_t n = read(fd, line + total, 1);
  if (n <= 0)
    app_loop_unwatch(&loop, fd);
  else
    total++;
}

/* epoll refuses regular files: "< lines.txt" must work all the same. */
START_TEST(a_regular_file_is_ready) {
  char name[] = "/tmp/weft-loop-XXXXXX";
  int fd = mkstemp(name);
  ck_assert_int_ge(fd, 0);
  unlink(name);
  ck_assert_int_eq(write(fd, "abc", 3), 3);
  ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
  begin(0);
  ck_assert_int_eq(app_loop_watch(&loop, fd, POLLIN, on_file, &fd), WEFT_OK);
  wanted = 3;
  ck_assert(loop_run(enough));
  ck_assert_mem_eq(line, "abc", 3);
  close(fd);
  app_loop_end(&loop);
}
END_TEST

static bool never(void) { return false; }

/* What is stopped while it gathers does not wait any more. */
START_TEST(stopping_before_the_wait_is_stopping) {
  begin(1);
  wanted = 0;
  ck_assert(loop_run(enough));
  ck_assert_uint_eq(loop_turns, 2); /* and a last flush */
  drop(&many[0]);
  app_loop_end(&loop);
}
END_TEST

static unsigned ticks;
static weft_time next_tick;

static weft_time timer_deadline(const void *user) {
  (void)user;
  return next_tick;
}

static void timer_tick(void *user, weft_time now) {
  (void)user;
  ticks++;
  next_tick = now + WEFT_MS(1);
  if (ticks == 20) app_loop_stop(&loop, 0);
}

static void idle_tick(void *user, weft_time now) {
  (void)user, (void)now;
  ck_abort_msg("a timer that is never due");
}

static weft_time idle_deadline(const void *user) {
  (void)user;
  return WEFT_NEVER;
}

START_TEST(any_number_of_timers) {
  begin(0);
  ticks = 0;
  next_tick = 0;
  for (int i = 0; i < 100; i++) ck_assert_int_eq(app_loop_timer(&loop, idle_deadline, idle_tick, NULL), WEFT_OK);
  ck_assert_int_eq(app_loop_timer(&loop, timer_deadline, timer_tick, NULL), WEFT_OK);
  ck_assert(loop_run(never));
  ck_assert_uint_eq(ticks, 20);
  app_loop_end(&loop);
}
END_TEST

static unsigned signals;

static void count_signal(void *user, int signo, weft_time now) {
  (void)user, (void)now;
  ck_assert_int_eq(signo, SIGTERM);
  signals++;
}

static bool signalled(void) { return signals > 0; }

START_TEST(a_second_sigterm_changes_nothing) {
  begin(0);
  signals = 0;
  ck_assert_int_eq(app_loop_signals(&loop, count_signal, NULL), WEFT_OK);
  raise(SIGTERM);
  raise(SIGTERM);
  ck_assert(loop_run(signalled));
  raise(SIGTERM);
  app_loop_end(&loop);
  raise(SIGTERM);
  ck_assert_uint_eq(signals, 1);
}
END_TEST

START_TEST(a_second_sigint_ends_the_process) {
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    begin(0);
    app_loop_signals(&loop, count_signal, NULL);
    raise(SIGINT);
    raise(SIGINT);
    _exit(0);
  }
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFEXITED(status));
  ck_assert_int_eq(WEXITSTATUS(status), 128 + SIGINT);
}
END_TEST

Suite *test_apps_loop(void) {
  static const unit_test tests[] = {UNIT(some_thousand_descriptors),
                                    UNIT(a_number_given_again_is_another_descriptor),
                                    UNIT(a_regular_file_is_ready),
                                    UNIT(stopping_before_the_wait_is_stopping),
                                    UNIT(any_number_of_timers),
                                    UNIT(a_second_sigterm_changes_nothing),
                                    UNIT(a_second_sigint_ends_the_process)};
  return unit_suite("apps/loop", tests, sizeof tests / sizeof tests[0]);
}
