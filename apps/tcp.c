#define _GNU_SOURCE
#include "apps/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/sockaddr.h"

enum { READ_SIZE = 65536, READS = 4, ACCEPTS = 64, BACKLOG = 1024 };
#define LINGER WEFT_SEC(1)
#define STARVED_PAUSE WEFT_MS(100)

struct app_tcp {
  app_tcp_pool *pool;
  int fd; /* -1: closed in a callback, freed when it returns */
  weft_addr local, remote;
  app_tcp_callbacks cb;
  void *user;
  bool connecting, reading, blocked, ended, shut, told, parked, busy;
  weft_time linger_until;
  app_tcp *next, **link; /* among those that linger */
};

/* ---- sockets --------------------------------------------------------------------------------------------------------------- */

static int new_socket(uint8_t family) {
  int on = 1;
  int fd = socket(family == WEFT_AF_IP6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (family == WEFT_AF_IP6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
  }
  return fd;
}

static void no_delay(int fd) {
  int on = 1;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void read_address(int fd, weft_addr *a, int (*get)(int, struct sockaddr *, socklen_t *)) {
  struct sockaddr_storage ss;
  socklen_t n = sizeof ss;
  memset(&ss, 0, sizeof ss);
  if (get(fd, (struct sockaddr *)&ss, &n) == 0) app_sockaddr_to(a, &ss);
}

static int get_local(int fd, struct sockaddr *sa, socklen_t *n) { return getsockname(fd, sa, n); }

static int get_remote(int fd, struct sockaddr *sa, socklen_t *n) { return getpeername(fd, sa, n); }

static void on_ready(void *user, short revents, weft_time now);

/* What is waited for: nothing costs a system call that does not change. */
static void rearm(app_tcp *t) {
  if (t->fd < 0) return;
  short events = 0;
  if (t->connecting || t->blocked) events |= POLLOUT;
  if (!t->connecting && t->reading && !t->ended) events |= POLLIN;
  app_loop_events(t->pool->loop, t->fd, events);
}

/* ---- the end of a connection --------------------------------------------------------------------------------------------------- */

static void unlist(app_tcp *t) {
  if (!t->link) return;
  *t->link = t->next;
  if (t->next) t->next->link = t->link;
  t->link = NULL;
  t->pool->lingering_len--;
}

void app_tcp_abort(app_tcp *t) {
  unlist(t);
  if (t->fd >= 0) {
    app_loop_unwatch(t->pool->loop, t->fd);
    close(t->fd);
    t->fd = -1;
  }
  if (!t->busy) free(t);
}

/* close(2) with bytes unread would send RST, which can overtake our last bytes: so the peer's end is waited for. */
void app_tcp_close(app_tcp *t, weft_time now) {
  static const app_tcp_callbacks nobody;
  app_tcp_pool *p = t->pool;
  if (t->connecting || t->ended || t->told || (!t->shut && shutdown(t->fd, SHUT_WR) != 0)) {
    app_tcp_abort(t);
    return;
  }
  t->cb = nobody;
  t->shut = true;
  t->blocked = false;
  t->linger_until = now + LINGER;
  t->next = p->lingering;
  t->link = &p->lingering;
  if (t->next) t->next->link = &t->next;
  p->lingering = t;
  p->lingering_len++;
  app_tcp_read(t, true);
}

static bool lingers(const app_tcp *t) { return t->link != NULL; }

static void broken(app_tcp *t, int error, weft_time now) {
  if (lingers(t)) {
    app_tcp_abort(t);
    return;
  }
  if (t->told) return;
  t->told = true;
  t->connecting = t->blocked = t->reading = false;
  app_loop_unwatch(t->pool->loop, t->fd);
  if (t->cb.broken) t->cb.broken(t->user, t, error, now);
}

/* ---- reading and writing --------------------------------------------------------------------------------------------------------- */

static void on_end(app_tcp *t, weft_time now) {
  t->ended = true;
  if (lingers(t))
    app_tcp_abort(t);
  else if (t->cb.end)
    t->cb.end(t->user, t, now);
}

/* False: no more now. */
static bool read_some(app_tcp *t, weft_time now) {
  uint8_t buf[READ_SIZE];
  ssize_t n = recv(t->fd, buf, sizeof buf, 0);
  if (n < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) broken(t, errno, now);
    return false;
  }
  if (n == 0) {
    on_end(t, now);
    return false;
  }
  if (t->cb.data) t->cb.data(t->user, t, buf, (size_t)n, now);
  return n == READ_SIZE;
}

ptrdiff_t app_tcp_send(app_tcp *t, const uint8_t *data, size_t len) {
  if (t->shut || t->told || t->fd < 0) return WEFT_ECLOSED;
  if (t->connecting || t->blocked) return 0;
  ssize_t n = send(t->fd, data, len, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ENOBUFS) return WEFT_ECLOSED;
  if (n < 0) n = 0;
  if ((size_t)n < len) {
    t->blocked = true;
    rearm(t);
  }
  return n;
}

void app_tcp_shutdown(app_tcp *t) {
  if (t->shut || t->connecting || t->told) return;
  t->shut = true;
  t->blocked = false;
  (void)shutdown(t->fd, SHUT_WR);
  rearm(t);
}

void app_tcp_read(app_tcp *t, bool on) {
  t->reading = on;
  if (on && t->parked) t->parked = app_loop_watch(t->pool->loop, t->fd, 0, on_ready, t) != WEFT_OK;
  rearm(t);
}

static void on_connected(app_tcp *t, weft_time now) {
  int error = 0;
  socklen_t n = sizeof error;
  if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0) error = errno;
  if (error != 0) {
    broken(t, error, now);
    return;
  }
  t->connecting = false;
  read_address(t->fd, &t->local, get_local);
  if (t->cb.connected) t->cb.connected(t->user, t, now);
}

static void on_writable(app_tcp *t, weft_time now) {
  t->blocked = false;
  if (t->cb.writable) t->cb.writable(t->user, t, now);
}

/* epoll tells of these always, asked or not: a connection that nobody reads is not watched until somebody does. */
static void on_error(app_tcp *t, weft_time now) {
  int error = 0;
  socklen_t n = sizeof error;
  if (t->reading && !t->ended) return; /* recv() says it, behind the bytes that came before */
  if (t->ended) (void)getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &n);
  if (error != 0) {
    broken(t, error, now);
    return;
  }
  t->parked = true;
  app_loop_unwatch(t->pool->loop, t->fd);
}

static void on_ready(void *user, short revents, weft_time now) {
  app_tcp *t = user;
  t->busy = true;
  if (t->connecting)
    on_connected(t, now);
  else if ((revents & POLLOUT) && t->blocked)
    on_writable(t, now);
  if (revents & (POLLIN | POLLHUP | POLLERR))
    for (int i = 0; i < READS && t->fd >= 0 && t->reading && !t->ended && !t->told && !t->connecting; i++)
      if (!read_some(t, now)) break;
  if ((revents & (POLLERR | POLLHUP)) && t->fd >= 0 && !t->told) on_error(t, now);
  t->busy = false;
  if (t->fd < 0)
    free(t);
  else
    rearm(t);
}

/* ---- connections made ------------------------------------------------------------------------------------------------------------ */

static app_tcp *new_tcp(app_tcp_pool *p, int fd, bool connecting) {
  app_tcp *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->pool = p;
  t->fd = fd;
  t->connecting = connecting;
  t->reading = true;
  no_delay(fd);
  if (app_loop_watch(p->loop, fd, connecting ? POLLOUT : POLLIN, on_ready, t) == WEFT_OK) return t;
  free(t);
  return NULL;
}

void app_tcp_use(app_tcp *t, const app_tcp_callbacks *cb, void *user) {
  t->cb = *cb;
  t->user = user;
}

int app_tcp_connect(app_tcp **out, app_tcp_pool *p, const weft_addr *remote, const app_tcp_callbacks *cb, void *user) {
  struct sockaddr_storage ss;
  socklen_t n = app_sockaddr_from(&ss, remote);
  int fd = new_socket(remote->family);
  if (fd < 0) return WEFT_EINTERNAL;
  if (connect(fd, (struct sockaddr *)&ss, n) != 0 && errno != EINPROGRESS) {
    int saved = errno;
    close(fd);
    errno = saved;
    return WEFT_EINTERNAL;
  }
  *out = new_tcp(p, fd, true);
  if (!*out) {
    close(fd);
    return WEFT_ENOMEM;
  }
  (*out)->remote = *remote;
  app_tcp_use(*out, cb, user);
  return WEFT_OK;
}

const weft_addr *app_tcp_local(const app_tcp *t) { return &t->local; }

const weft_addr *app_tcp_remote(const app_tcp *t) { return &t->remote; }

/* ---- listening ---------------------------------------------------------------------------------------------------------------------- */

static void starve(app_tcp_listener *l, int error, weft_time now) {
  l->resume_at = now + STARVED_PAUSE;
  app_loop_events(l->pool->loop, l->fd, 0);
  if (l->cb.starved) l->cb.starved(l->user, error, now);
}

/* False: no more now. */
static bool accept_one(app_tcp_listener *l, weft_time now) {
  int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) starve(l, errno, now);
    return errno == ECONNABORTED || errno == EINTR;
  }
  app_tcp *t = new_tcp(l->pool, fd, false);
  if (!t) {
    close(fd);
    starve(l, ENOMEM, now);
    return false;
  }
  read_address(fd, &t->local, get_local);
  read_address(fd, &t->remote, get_remote);
  l->cb.accepted(l->user, t, now);
  return l->fd >= 0;
}

static void on_acceptable(void *user, short revents, weft_time now) {
  (void)revents;
  for (int i = 0; i < ACCEPTS; i++)
    if (!accept_one(user, now)) return;
}

static int bind_and_listen(app_tcp_listener *l) {
  struct sockaddr_storage ss;
  socklen_t n = app_sockaddr_from(&ss, &l->bound);
  int on = 1;
  if (setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return -1;
  if (bind(l->fd, (struct sockaddr *)&ss, n) != 0 || listen(l->fd, BACKLOG) != 0) return -1;
  read_address(l->fd, &l->bound, get_local);
  return app_loop_watch(l->pool->loop, l->fd, POLLIN, on_acceptable, l) == WEFT_OK ? 0 : -1;
}

int app_tcp_listen(app_tcp_listener *l, app_tcp_pool *p, const weft_addr *bind_to, const app_tcp_listener_callbacks *cb,
                   void *user) {
  memset(l, 0, sizeof *l);
  l->pool = p;
  l->bound = *bind_to;
  l->wildcard = weft_addr_is_unspecified(bind_to);
  l->cb = *cb;
  l->user = user;
  l->resume_at = WEFT_NEVER;
  l->fd = new_socket(bind_to->family);
  if (l->fd < 0) return WEFT_EINTERNAL;
  if (bind_and_listen(l) != 0) {
    int saved = errno;
    close(l->fd);
    l->fd = -1;
    errno = saved;
    return WEFT_EINTERNAL;
  }
  l->next = p->listeners;
  p->listeners = l;
  return WEFT_OK;
}

void app_tcp_listener_close(app_tcp_listener *l) {
  if (l->fd < 0) return;
  app_tcp_listener **at = &l->pool->listeners;
  while (*at && *at != l) at = &(*at)->next;
  if (*at) *at = l->next;
  app_loop_unwatch(l->pool->loop, l->fd);
  close(l->fd);
  l->fd = -1;
}

/* ---- the pool: what waits for time --------------------------------------------------------------------------------------------------- */

static weft_time pool_deadline(const void *user) {
  const app_tcp_pool *p = user;
  weft_time at = WEFT_NEVER;
  for (const app_tcp *t = p->lingering; t; t = t->next)
    if (t->linger_until < at) at = t->linger_until;
  for (const app_tcp_listener *l = p->listeners; l; l = l->next)
    if (l->resume_at < at) at = l->resume_at;
  return at;
}

static void pool_tick(void *user, weft_time now) {
  app_tcp_pool *p = user;
  app_tcp *next;
  for (app_tcp *t = p->lingering; t; t = next) {
    next = t->next;
    if (t->linger_until <= now) app_tcp_abort(t);
  }
  for (app_tcp_listener *l = p->listeners; l; l = l->next) {
    if (l->resume_at > now) continue;
    l->resume_at = WEFT_NEVER;
    app_loop_events(p->loop, l->fd, POLLIN);
  }
}

int app_tcp_pool_init(app_tcp_pool *p, app_loop *loop) {
  memset(p, 0, sizeof *p);
  p->loop = loop;
  return app_loop_timer(loop, pool_deadline, pool_tick, p);
}

void app_tcp_pool_end(app_tcp_pool *p) {
  while (p->lingering) app_tcp_abort(p->lingering);
}
