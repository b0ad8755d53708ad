#define _GNU_SOURCE
#include "apps/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "apps/clock.h"

enum { FILES_MAX = 65536, BATCH = 256 };

/* The handler can reach nothing else: a signal has no user pointer. */
static int signal_pipe[2] = {-1, -1};
static volatile sig_atomic_t signal_seen;

static void on_signal(int signo) {
  int saved = errno;
  if (signal_seen && signo == SIGINT) _exit(128 + signo); /* a second Ctrl+C: somebody does not want to wait */
  if (signal_seen) {
    errno = saved;
    return; /* timeout(1) sends SIGTERM twice: to the process and to its group */
  }
  signal_seen = signo;
  unsigned char b = (unsigned char)signo;
  ssize_t ignored = write(signal_pipe[1], &b, 1);
  (void)ignored;
  errno = saved;
}

/* Every connection is a descriptor: as many as the system lets us have, within reason. */
static void raise_limit(void) {
  struct rlimit r;
  if (getrlimit(RLIMIT_NOFILE, &r) != 0) return;
  rlim_t wanted = r.rlim_max == RLIM_INFINITY || r.rlim_max > FILES_MAX ? FILES_MAX : r.rlim_max;
  if (r.rlim_cur >= wanted) return;
  r.rlim_cur = wanted;
  (void)setrlimit(RLIMIT_NOFILE, &r);
}

int app_loop_init(app_loop *l) {
  memset(l, 0, sizeof *l);
  l->signal_fd = -1;
  raise_limit();
  l->epoll = epoll_create1(EPOLL_CLOEXEC);
  return l->epoll < 0 ? WEFT_EINTERNAL : WEFT_OK;
}

static void end_signals(app_loop *l) {
  if (l->signal_fd < 0) return;
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_IGN); /* the second one may come as late as this */
  close(signal_pipe[0]);
  close(signal_pipe[1]);
  signal_pipe[0] = signal_pipe[1] = -1;
  l->signal_fd = -1;
}

void app_loop_end(app_loop *l) {
  end_signals(l);
  if (l->epoll >= 0) close(l->epoll);
  l->epoll = -1;
  free(l->watch);
  free(l->timers);
  l->watch = NULL;
  l->timers = NULL;
  l->watch_cap = l->timers_len = l->timers_cap = 0;
}

/* ---- descriptors --------------------------------------------------------------------------------------------------------- */

static app_watch *find(const app_loop *l, int fd) {
  if (fd < 0 || (size_t)fd >= l->watch_cap || !l->watch[fd].ready) return NULL;
  return &l->watch[fd];
}

static int make_slot(app_loop *l, int fd) {
  size_t cap = l->watch_cap ? l->watch_cap : 64;
  while (cap <= (size_t)fd) cap *= 2;
  if (cap == l->watch_cap) return WEFT_OK;
  app_watch *w = realloc(l->watch, cap * sizeof *w);
  if (!w) return WEFT_ENOMEM;
  memset(w + l->watch_cap, 0, (cap - l->watch_cap) * sizeof *w);
  l->watch = w;
  l->watch_cap = cap;
  return WEFT_OK;
}

/* poll's bits are epoll's on Linux, for those used here. */
static int control(app_loop *l, int op, int fd, const app_watch *w) {
  struct epoll_event ev = {.events = (uint32_t)w->events, .data.u64 = (uint64_t)w->generation << 32 | (uint32_t)fd};
  return epoll_ctl(l->epoll, op, fd, &ev);
}

int app_loop_watch(app_loop *l, int fd, short events, app_ready_fn ready, void *user) {
  app_watch w = {.ready = ready, .user = user, .events = events, .generation = ++l->generation};
  int rc = make_slot(l, fd);
  if (rc != WEFT_OK) return rc;
  if (control(l, EPOLL_CTL_ADD, fd, &w) != 0) {
    if (errno != EPERM) return WEFT_EINTERNAL;
    w.always = true;
    l->always++;
  }
  l->watch[fd] = w;
  return WEFT_OK;
}

void app_loop_events(app_loop *l, int fd, short events) {
  app_watch *w = find(l, fd);
  if (!w || w->events == events) return;
  w->events = events;
  if (!w->always) control(l, EPOLL_CTL_MOD, fd, w);
}

void app_loop_unwatch(app_loop *l, int fd) {
  app_watch *w = find(l, fd);
  if (!w) return;
  if (w->always)
    l->always--;
  else
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
  memset(w, 0, sizeof *w);
}

/* ---- timers and signals -------------------------------------------------------------------------------------------------- */

int app_loop_timer(app_loop *l, app_deadline_fn deadline, app_tick_fn tick, void *user) {
  if (l->timers_len == l->timers_cap) {
    size_t cap = l->timers_cap ? 2 * l->timers_cap : 8;
    app_timer *t = realloc(l->timers, cap * sizeof *t);
    if (!t) return WEFT_ENOMEM;
    l->timers = t;
    l->timers_cap = cap;
  }
  l->timers[l->timers_len++] = (app_timer){deadline, tick, user};
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

/* A callback may unwatch what comes later in the batch, and another descriptor may then have its number. */
static void run_ready(app_loop *l, const struct epoll_event *ev, int n, weft_time now) {
  for (int i = 0; i < n && !l->stopped; i++) {
    const app_watch *w = find(l, (int)(uint32_t)ev[i].data.u64);
    if (w && w->generation == (uint32_t)(ev[i].data.u64 >> 32)) w->ready(w->user, (short)ev[i].events, now);
  }
}

static void run_always(app_loop *l, weft_time now) {
  for (size_t fd = 0; l->always > 0 && fd < l->watch_cap && !l->stopped; fd++) {
    const app_watch *w = find(l, (int)fd);
    if (w && w->always && w->events) w->ready(w->user, w->events, now);
  }
}

static void run_due(app_loop *l, weft_time now) {
  for (size_t i = 0; i < l->timers_len && !l->stopped; i++)
    if (l->timers[i].deadline(l->timers[i].user) <= now) l->timers[i].tick(l->timers[i].user, now);
}

int app_loop_run(app_loop *l) {
  struct epoll_event ev[BATCH];
  while (!l->stopped) {
    if (l->before_wait) l->before_wait(l->before_wait_user, app_clock_now());
    if (l->stopped) break;
    int n = epoll_wait(l->epoll, ev, BATCH, l->always > 0 ? 0 : wait_ms(l, app_clock_now()));
    if (n < 0 && errno != EINTR) return 1;
    weft_time now = app_clock_now();
    run_ready(l, ev, n, now);
    run_always(l, now);
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
