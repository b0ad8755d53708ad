/* apps: the event loop, over epoll(7). The only place of the programs that waits.
 *
 *   app_loop loop;
 *   app_loop_init(&loop);
 *   app_loop_watch(&loop, fd, POLLIN, on_ready, me);
 *   app_loop_timer(&loop, my_deadline, my_tick, me);        asked before every wait, called when due
 *   int code = app_loop_run(&loop);                         until app_loop_stop(&loop, code)
 *   app_loop_end(&loop);
 */
#ifndef APPS_LOOP_H
#define APPS_LOOP_H

#include <poll.h>

#include <weft/base/base.h>

typedef void (*app_ready_fn)(void *user, short revents, weft_time now);
typedef weft_time (*app_deadline_fn)(const void *user);
typedef void (*app_tick_fn)(void *user, weft_time now);
/* The first SIGINT or SIGTERM; a second one ends the process at once. */
typedef void (*app_signal_fn)(void *user, int signo, weft_time now);

typedef struct app_watch {
  app_ready_fn ready; /* NULL: this descriptor is not watched */
  void *user;
  short events;
  bool always;         /* a regular file, which epoll refuses: ready whenever it is asked for */
  uint32_t generation; /* tells a descriptor from an earlier one of the same number */
} app_watch;

typedef struct app_timer {
  app_deadline_fn deadline;
  app_tick_fn tick;
  void *user;
} app_timer;

typedef struct app_loop {
  int epoll;
  app_watch *watch; /* by descriptor */
  size_t watch_cap;
  app_timer *timers;
  size_t timers_len, timers_cap;
  size_t always;
  uint32_t generation;
  app_tick_fn before_wait;
  void *before_wait_user;
  app_signal_fn on_signal;
  void *signal_user;
  int signal_fd;
  bool stopped;
  int code;
} app_loop;

/* Also raises the soft limit of open files to the hard one, at most 65,536. WEFT_EINTERNAL with errno. */
int app_loop_init(app_loop *l);
void app_loop_end(app_loop *l);
/* events are those of poll(2). WEFT_ENOMEM; WEFT_EINTERNAL with errno. */
int app_loop_watch(app_loop *l, int fd, short events, app_ready_fn ready, void *user);
void app_loop_events(app_loop *l, int fd, short events); /* changes what is waited for; 0: errors alone */
void app_loop_unwatch(app_loop *l, int fd); /* before it is closed; what was seen of it already is not told */
/* tick is called after every wake when its deadline is due, and deadline is asked again. WEFT_ENOMEM. */
int app_loop_timer(app_loop *l, app_deadline_fn deadline, app_tick_fn tick, void *user);
/* Called once before every wait: the place to flush what the callbacks have gathered. */
void app_loop_before_wait(app_loop *l, app_tick_fn fn, void *user);
/* Installs handlers for SIGINT and SIGTERM, also when they were inherited as ignored. fn is called once; a second SIGINT ends the process where it
 * stands, a second SIGTERM changes nothing, and after app_loop_end SIGTERM is ignored: the process is about to end. */
int app_loop_signals(app_loop *l, app_signal_fn fn, void *user);
int app_loop_run(app_loop *l); /* the code given to stop */
void app_loop_stop(app_loop *l, int code);

#endif
