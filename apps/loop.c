#define _GNU_SOURCE
#include "apps/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "apps/clock.h"

/* The handler can reach nothing else: a signal has no user pointer. */
static int signal_pipe[2] = {-1, -1};
static volatile sig_atomic_t signal_seen;

static void on_signal(int signo) {
  int saved = errno;
  if (signal_seen) _exit(128 + signo);
  signal_seen = signo;
  unsigned char b = (unsigned char)signo;
  ssize_t ignored = write(signal_pipe[1], &b, 1);
  (void)ignored;
  errno = saved;
}

int app_loop_init(app_loop *l) {
  memset(l, 0, sizeof *l);
  l->signal_fd = -1;
  return WEFT_OK;
}

void app_loop_end(app_loop *l) {
  if (l->signal_fd < 0) return;
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  close(signal_pipe[0]);
  close(signal_pipe[1]);
  signal_pipe[0] = signal_pipe[1] = -1;
  l->signal_fd = -1;
}

int app_loop_watch(app_loop *l, int fd, short events, app_ready_fn ready, void *user) {
  if (l->fds_len == APP_LOOP_FDS) return WEFT_ELIMIT;
  l->fds[l->fds_len] = (struct pollfd){.fd = fd, .events = events};
  l->watch[l->fds_len].ready = ready;
  l->watch[l->fds_len].user = user;
  l->fds_len++;
  return WEFT_OK;
}

static size_t find_fd(const app_loop *l, int fd) {
  for (size_t i = 0; i < l->fds_len; i++)
    if (l->fds[i].fd == fd) return i;
  return l->fds_len;
}

void app_loop_events(app_loop *l, int fd, short events) {
  size_t i = find_fd(l, fd);
  if (i < l->fds_len) l->fds[i].events = events;
}

void app_loop_unwatch(app_loop *l, int fd) {
  size_t i = find_fd(l, fd);
  if (i == l->fds_len) return;
  l->fds_len--;
  l->fds[i] = l->fds[l->fds_len];
  l->watch[i] = l->watch[l->fds_len];
}

int app_loop_timer(app_loop *l, app_deadline_fn deadline, app_tick_fn tick, void *user) {
  if (l->timers_len == APP_LOOP_TIMERS) return WEFT_ELIMIT;
  l->timers[l->timers_len].deadline = deadline;
  l->timers[l->timers_len].tick = tick;
  l->timers[l->timers_len].user = user;
  l->timers_len++;
  return WEFT_OK;
}

void app_loop_before_wait(app_loop *l, app_tick_fn fn, void *user) {
  l->before_wait = fn;
  l->before_wait_user = user;
}

static void signal_ready(void *user, short revents, weft_time now) {
  app_loop *l = user;
  unsigned char b;
  (void)revents;
  if (read(l->signal_fd, &b, 1) == 1) l->on_signal(l->signal_user, b, now);
}

static int make_pipe(int fds[2]) {
  if (pipe(fds) != 0) return -1;
  for (int i = 0; i < 2; i++) {
    if (fcntl(fds[i], F_SETFL, O_NONBLOCK) < 0) return -1;
    if (fcntl(fds[i], F_SETFD, FD_CLOEXEC) < 0) return -1;
  }
  return 0;
}

int app_loop_signals(app_loop *l, app_signal_fn fn, void *user) {
  struct sigaction sa;
  if (make_pipe(signal_pipe) != 0) return WEFT_EINTERNAL;
  memset(&sa, 0, sizeof sa);
  sa.sa_handler = on_signal;
  sigemptyset(&sa.sa_mask);
  if (sigaction(SIGINT, &sa, NULL) != 0 || sigaction(SIGTERM, &sa, NULL) != 0) return WEFT_EINTERNAL;
  signal(SIGPIPE, SIG_IGN);
  signal_seen = 0;
  l->signal_fd = signal_pipe[0];
  l->on_signal = fn;
  l->signal_user = user;
  return app_loop_watch(l, l->signal_fd, POLLIN, signal_ready, l);
}

static int wait_ms(const app_loop *l, weft_time now) {
  weft_time at = WEFT_NEVER;
  for (size_t i = 0; i < l->timers_len; i++) {
    weft_time d = l->timers[i].deadline(l->timers[i].user);
    if (d < at) at = d;
  }
  if (at == WEFT_NEVER) return -1;
  if (at <= now) return 0;
  weft_time ms = (at - now + 999) / 1000;
  return ms > 60000 ? 60000 : (int)ms;
}

static void run_ready(app_loop *l, weft_time now) {
  /* A callback may unwatch: look each fd up again instead of trusting indices. */
  int ready[APP_LOOP_FDS];
  short revents[APP_LOOP_FDS];
  size_t n = 0;
  for (size_t i = 0; i < l->fds_len; i++) {
    if (l->fds[i].revents == 0) continue;
    ready[n] = l->fds[i].fd;
    revents[n++] = l->fds[i].revents;
  }
  for (size_t k = 0; k < n && !l->stopped; k++) {
    size_t i = find_fd(l, ready[k]);
    if (i < l->fds_len) l->watch[i].ready(l->watch[i].user, revents[k], now);
  }
}

static void run_due(app_loop *l, weft_time now) {
  for (size_t i = 0; i < l->timers_len && !l->stopped; i++)
    if (l->timers[i].deadline(l->timers[i].user) <= now) l->timers[i].tick(l->timers[i].user, now);
}

int app_loop_run(app_loop *l) {
  while (!l->stopped) {
    if (l->before_wait) l->before_wait(l->before_wait_user, app_clock_now());
    weft_time now = app_clock_now();
    int n = poll(l->fds, l->fds_len, wait_ms(l, now));
    now = app_clock_now();
    if (n > 0) run_ready(l, now);
    if (n < 0 && errno != EINTR) return 1;
    if (!l->stopped) run_due(l, app_clock_now());
  }
  if (l->before_wait) l->before_wait(l->before_wait_user, app_clock_now());
  return l->code;
}

void app_loop_stop(app_loop *l, int code) {
  if (l->stopped) return;
  l->stopped = true;
  l->code = code;
}
