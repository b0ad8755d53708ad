#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE 700
#include "apps/conform/guard.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "apps/node.h"

/* Of the sanitizers' common interface; absent without one. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static char under_way[640];
static volatile sig_atomic_t told;

static void say(const char *text) {
  ssize_t n = write(STDERR_FILENO, text, strlen(text));
  (void)n;
}

static void tell(const char *what, const char *then) {
  if (told || !under_way[0]) return;
  told = 1;
  say("weft conform: ");
  say(what);
  say(" in our own layers: ");
  say(under_way);
  say("\n");
  say(then);
  say(" With --shim build/bin/weft-shim (weft-shim where it is installed) such a case is counted and the others still "
      "run.\n");
}

static void tell_end(const char *what) { tell(what, "The run ends here."); }

static void on_signal(int sig) {
  tell_end(sig == SIGALRM ? "hang" : "crash");
  _exit(APP_EXIT_INTERNAL);
}

static void on_death(void) { tell_end("crash"); }

/* GCC's UBSan beside ASan has a death callback of its own, which cannot be set; this it calls after each report, whether it goes on or not. */
void __ubsan_on_report(void);
void __ubsan_on_report(void) {
  tell("undefined behaviour", "The run ends here, unless UBSan was told to recover (-fsanitize-recover).");
}

void conform_guard_install(void) {
  static const int signals[] = {SIGALRM, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  static char stack[64 * 1024]; /* a stack that overflowed is of no use to its handler */
  stack_t other = {.ss_sp = stack, .ss_size = sizeof stack}, present = {.ss_flags = SS_DISABLE};
  if (sigaltstack(NULL, &present) == 0 && (present.ss_flags & SS_DISABLE))
    sigaltstack(&other, NULL); /* a sanitizer has its own */
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    struct sigaction old, now = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) sigaction(signals[i], &now, NULL);
  }
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(on_death);
}

static void set_timer(int ms) {
  struct itimerval limit = {{0, 0}, {ms / 1000, ms % 1000 * 1000}};
  setitimer(ITIMER_REAL, &limit, NULL);
}

void conform_guard_enter(const char *path, int line, const char *id, int limit_ms) {
  fflush(stdout);
  told = 0;
  if (line > 0)
    snprintf(under_way, sizeof under_way, "%s:%d: %s", path, line, id);
  else
    snprintf(under_way, sizeof under_way, "%s: %s", path, id);
  set_timer(limit_ms);
}

void conform_guard_leave(void) {
  set_timer(0);
  under_way[0] = '\0';
}
