#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/conform/guard.h"
#include "test/support/unit.h"

/* What a process that does this under the guard writes on standard error; its exit status. */
static int said(void (*act)(void), int limit_ms, char *text, size_t cap) {
  int pipes[2], status;
  size_t len = 0;
  ssize_t n;
  ck_assert_int_eq(pipe(pipes), 0);
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    dup2(pipes[1], STDERR_FILENO);
    close(pipes[0]);
    for (int sig = 1; sig < 32; sig++)
      if (sig == SIGALRM || sig == SIGABRT) signal(sig, SIG_DFL); /* the test program's own */
    conform_guard_install();
    conform_guard_enter("f.json", 12, "the-case", limit_ms);
    act();
    conform_guard_leave();
    _exit(0);
  }
  close(pipes[1]);
  while (len + 1 < cap && (n = read(pipes[0], text + len, cap - 1 - len)) > 0) len += (size_t)n;
  text[len] = 0;
  close(pipes[0]);
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void nothing(void) {}
static void hang(void) {
  for (int i = 0; i < 20; i++) sleep(1); /* and no longer, should nobody end it */
}
static void aborts(void) { abort(); }
static void illegal(void) { raise(SIGILL); }
static void divides(void) { raise(SIGFPE); }

static void writes_nowhere(void) {
  volatile int *volatile nowhere = (volatile int *)16; /* NULL would be UBSan's */
  *nowhere = 1;
}

static int deeper(volatile char *above) {
  volatile char here[4096];
  here[0] = above[0];
  return here[0] > 1 ? 0 : deeper(here) + above[1];
}
static void overflows(void) {
  volatile char first[2] = {0, 0};
  exit(deeper(first));
}

static void is_named(void (*act)(void), int limit_ms, const char *what) {
  static char text[64 * 1024];
  char want[80];
  ck_assert_int_eq(said(act, limit_ms, text, sizeof text), 1);
  snprintf(want, sizeof want, "%s in our own layers: f.json:12: the-case\n", what);
  const char *at = strstr(text, want);
  ck_assert_msg(at != NULL, "%s", text);
  ck_assert_ptr_nonnull(strstr(at, "--shim build/bin/weft-shim"));
  ck_assert_ptr_null(strstr(at + 1, want));
}

START_TEST(a_case_that_ends_well_says_nothing) {
  char text[200];
  ck_assert_int_eq(said(nothing, 100, text, sizeof text), 0);
  ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(a_crash_names_the_case) {
  is_named(writes_nowhere, 0, "crash");
  is_named(aborts, 0, "crash");
  is_named(illegal, 0, "crash");
  is_named(divides, 0, "crash");
}
END_TEST

START_TEST(a_stack_that_overflows_names_the_case) { is_named(overflows, 0, "crash"); }
END_TEST

/* What UBSan calls; one that recovers lets the run go on, and a later case may crash. */
void __ubsan_on_report(void);
static void reports_and_goes_on(void) {
  __ubsan_on_report();
  __ubsan_on_report();
  conform_guard_leave();
  conform_guard_enter("f.json", 13, "the-next", 0);
  abort();
}

START_TEST(undefined_behaviour_is_named_once_and_may_be_outlived) {
  char text[2000];
  ck_assert_int_eq(said(reports_and_goes_on, 0, text, sizeof text), 1);
  const char *at =
      strstr(text, "undefined behaviour in our own layers: f.json:12: the-case\nThe run ends here, unless ");
  ck_assert_msg(at != NULL, "%s", text);
  ck_assert_ptr_null(strstr(strchr(at, '\n'), "the-case"));
  ck_assert_ptr_nonnull(strstr(at, "crash in our own layers: f.json:13: the-next\nThe run ends here. With --shim "));
}
END_TEST

START_TEST(a_hang_names_the_case) { is_named(hang, 20, "hang"); }
END_TEST

Suite *test_apps_guard(void) {
  static const unit_test tests[] = {
      UNIT(a_case_that_ends_well_says_nothing),
      UNIT(a_crash_names_the_case),
      UNIT(a_stack_that_overflows_names_the_case),
      UNIT(undefined_behaviour_is_named_once_and_may_be_outlived),
      UNIT(a_hang_names_the_case),
  };
  return unit_suite("apps/guard", tests, sizeof tests / sizeof tests[0]);
}
