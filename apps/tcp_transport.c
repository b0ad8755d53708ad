#include "apps/tcp_transport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- lists ------------------------------------------------------------------------------------------------------------------ */

static void list_add(app_tcp_conn *c) {
  app_tcp_transport *x = c->transport;
  c->next = x->conns;
  if (x->conns) x->conns->prev = c;
  x->conns = c;
  x->conns_len++;
  c->older = x->youngest;
  if (x->youngest)
    x->youngest->younger = c;
  else
    x->oldest = c;
  x->youngest = c;
  x->upgrading_len++;
}

/* Ready, or gone before that. */
static void set_up_ends(app_tcp_conn *c) {
  app_tcp_transport *x = c->transport;
  if (!c->older && x->oldest != c) return;
  if (c->older)
    c->older->younger = c->younger;
  else
    x->oldest = c->younger;
  if (c->younger)
    c->younger->older = c->older;
  else
    x->youngest = c->older;
  c->older = c->younger = NULL;
  x->upgrading_len--;
}

static void list_remove(app_tcp_conn *c) {
  app_tcp_transport *x = c->transport;
  set_up_ends(c);
  if (x->closing_next == c) x->closing_next = c->next;
  if (c->prev)
    c->prev->next = c->next;
  else
    x->conns = c->next;
  if (c->next) c->next->prev = c->prev;
  x->conns_len--;
}

/* ---- one connection ---------------------------------------------------------------------------------------------------------- */

static void enter(app_tcp_conn *c) { c->busy = true; }

/* A connection that ended in the call goes now. */
static void leave(app_tcp_conn *c) {
  c->busy = false;
  if (c->over)
    free(c);
  else
    app_due_note(&c->transport->due, &c->due, c);
}

static void finish(app_tcp_conn *c, const weft_closed *why, bool abort, weft_time now) {
  app_tcp_transport *x = c->transport;
  if (c->over) return;
  c->over = true;
  list_remove(c);
  app_due_remove(&x->due, &c->due);
  if (why && c->link) app_record_closed(x->record, app_link_conn(c->link), why);
  if (why && x->cb.closed) x->cb.closed(x->user, c, why, now);
  c->peer = NULL;
  app_link_free(c->link, now);
  c->link = NULL;
  if (abort)
    app_tcp_abort(c->tcp);
  else
    app_tcp_close(c->tcp, now);
  if (!c->busy) free(c);
}

static void fail(app_tcp_conn *c, weft_who who, const char *step, int code, const char *text, weft_time now) {
  weft_closed why = {.who = who, .layer = "tcp", .step = step, .code = code, .text = text};
  finish(c, &why, true, now);
}

/* A socket that is broken says so by itself: a connection never ends inside somebody's send. */
static ptrdiff_t link_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  app_tcp_conn *c = user;
  (void)now;
  ptrdiff_t n = app_tcp_send(c->tcp, data, len);
  return n > 0 ? n : 0;
}

static void link_ready(void *user, app_link *l, app_peer *p, weft_time now) {
  app_tcp_conn *c = user;
  (void)l;
  set_up_ends(c);
  c->peer = p;
  p->remote = *app_tcp_remote(c->tcp);
  c->transport->cb.ready(c->transport->user, c, now);
}

static void link_closed(void *user, app_link *l, const weft_closed *why, weft_time now) {
  app_tcp_conn *c = user;
  (void)l;
  finish(c, why, why->who == WEFT_WHO_TIMEOUT, now);
}

static int make_link(app_tcp_conn *c, weft_time limit, weft_time now) {
  static const app_link_callbacks cb = {link_output, link_ready, link_closed};
  const app_tcp_transport *x = c->transport;
  app_link_config cfg = {.host = x->host,
                         .dialer = !c->inbound,
                         .expected_peer = c->expected_peer_len > 0 ? c->expected_peer : NULL,
                         .expected_peer_len = c->expected_peer_len,
                         .limit = limit,
                         .window_max = x->window_max,
                         .send_limit = x->send_limit,
                         .max_streams = x->max_streams,
                         .record = {.record = x->record,
                                    .local = *app_tcp_local(c->tcp),
                                    .remote = *app_tcp_remote(c->tcp),
                                    .dialer = !c->inbound}};
  int rc = app_link_new(&c->link, &cfg, &cb, c);
  if (rc == WEFT_OK) rc = app_link_start(c->link, now);
  return rc;
}

static void on_connected(void *user, app_tcp *t, weft_time now) {
  app_tcp_conn *c = user;
  (void)t;
  enter(c);
  c->connecting = false;
  if (make_link(c, c->connect_until - now, now) != WEFT_OK)
    fail(c, WEFT_WHO_SELF, "connect", WEFT_ENOMEM, "no memory for a connection", now);
  leave(c);
}

static void on_data(void *user, app_tcp *t, const uint8_t *data, size_t len, weft_time now) {
  app_tcp_conn *c = user;
  (void)t;
  enter(c);
  app_link_input(c->link, data, len, now);
  leave(c);
}

static void on_end(void *user, app_tcp *t, weft_time now) {
  static const weft_closed why = {WEFT_WHO_PEER, "tcp", "end", WEFT_ECLOSED, 0, "the peer ended the TCP connection"};
  app_tcp_conn *c = user;
  (void)t;
  enter(c);
  app_link_input_end(c->link, now);
  /* What closes already, and waits for room below, waits no longer. */
  if (!c->over) finish(c, &why, false, now);
  leave(c);
}

static void on_writable(void *user, app_tcp *t, weft_time now) {
  app_tcp_conn *c = user;
  (void)t;
  enter(c);
  app_link_writable(c->link, now);
  leave(c);
}

static void on_broken(void *user, app_tcp *t, int error, weft_time now) {
  app_tcp_conn *c = user;
  char text[128];
  (void)t;
  snprintf(text, sizeof text, "%s", strerror(error));
  if (c->connecting)
    fail(c, WEFT_WHO_PEER, "connect", error == ETIMEDOUT ? WEFT_ETIMEDOUT : WEFT_EREFUSED, text, now);
  else
    fail(c, WEFT_WHO_PEER, "connection", error == ETIMEDOUT ? WEFT_ETIMEDOUT : WEFT_ERESET, text, now);
}

static const app_tcp_callbacks tcp_callbacks = {on_connected, on_data, on_end, on_writable, on_broken};

static app_tcp_conn *new_conn(app_tcp_transport *x, bool inbound) {
  app_tcp_conn *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->transport = x;
  c->inbound = inbound;
  return c;
}

/* ---- dialing ------------------------------------------------------------------------------------------------------------------- */

int app_tcp_transport_dial(app_tcp_transport *x, app_tcp_conn **out, const weft_addr *remote,
                           const uint8_t *expected_peer, size_t expected_peer_len, weft_time limit, weft_time now) {
  app_tcp_conn *c = new_conn(x, false);
  if (!c || expected_peer_len > sizeof c->expected_peer) {
    free(c);
    return c ? WEFT_EINVAL : WEFT_ENOMEM;
  }
  if (expected_peer_len > 0) memcpy(c->expected_peer, expected_peer, expected_peer_len);
  c->expected_peer_len = expected_peer_len;
  c->connecting = true;
  c->connect_until = limit == WEFT_NEVER ? WEFT_NEVER : now + limit;
  int rc = app_tcp_connect(&c->tcp, &x->pool, remote, &tcp_callbacks, c);
  if (rc != WEFT_OK) {
    free(c);
    return rc;
  }
  list_add(c);
  app_due_note(&x->due, &c->due, c);
  *out = c;
  return WEFT_OK;
}

/* ---- accepting ------------------------------------------------------------------------------------------------------------------ */

static size_t upgrading_from(const app_tcp_transport *x, const weft_addr *source) {
  size_t n = 0;
  for (const app_tcp_conn *c = x->oldest; c; c = c->younger)
    if (c->inbound && app_same_source(app_tcp_remote(c->tcp), source)) n++;
  return n;
}

static const char *why_not(const app_tcp_transport *x, const weft_addr *source) {
  size_t upgrading = upgrading_from(x, source);
  if (x->conns_len - x->upgrading_len >= APP_TCP_CONNS_MAX) return "there are 4,096 connections";
  if (upgrading >= APP_TCP_UPGRADING_PER_IP) return "64 connections of this source are being set up";
  if (x->max_per_source > 0 && upgrading + app_host_peers_from(x->host, source) >= x->max_per_source)
    return "this source has its connections already";
  return NULL;
}

static void refuse(app_tcp_transport *x, app_tcp *t, const char *why, weft_time now) {
  x->refused++;
  if (x->cb.refused) x->cb.refused(x->user, app_tcp_remote(t), why, now);
  app_tcp_abort(t);
}

static void evict_oldest(app_tcp_transport *x, weft_time now) {
  app_tcp_conn *c = x->oldest;
  while (c && !c->inbound) c = c->younger;
  if (!c) return;
  x->evicted++;
  fail(c, WEFT_WHO_SELF, "accept", WEFT_ELIMIT, "too many connections are being set up", now);
}

static void on_accepted(void *user, app_tcp *t, weft_time now) {
  app_tcp_transport *x = user;
  const char *why = why_not(x, app_tcp_remote(t));
  app_tcp_conn *c = why ? NULL : new_conn(x, true);
  if (!c) {
    refuse(x, t, why ? why : "no memory for a connection", now);
    return;
  }
  if (x->upgrading_len >= APP_TCP_UPGRADING_MAX) evict_oldest(x, now);
  c->tcp = t;
  app_tcp_use(t, &tcp_callbacks, c);
  list_add(c);
  enter(c);
  if (make_link(c, APP_TCP_UPGRADE_LIMIT, now) != WEFT_OK)
    fail(c, WEFT_WHO_SELF, "accept", WEFT_ENOMEM, "no memory for a connection", now);
  leave(c);
}

static void on_starved(void *user, int error, weft_time now) {
  app_tcp_transport *x = user;
  if (x->cb.starved) x->cb.starved(x->user, error, now);
}

int app_tcp_transport_listen(app_tcp_transport *x, const weft_addr *bind_to) {
  static const app_tcp_listener_callbacks cb = {on_accepted, on_starved};
  if (x->listeners_len == APP_TCP_LISTENERS) return WEFT_ELIMIT;
  int rc = app_tcp_listen(&x->listeners[x->listeners_len], &x->pool, bind_to, &cb, x);
  if (rc == WEFT_OK) x->listeners_len++;
  return rc;
}

void app_tcp_transport_unlisten(app_tcp_transport *x) {
  if (x->listeners_len > 0) app_tcp_listener_close(&x->listeners[--x->listeners_len]);
}

/* ---- time, and the end -------------------------------------------------------------------------------------------------------------- */

static weft_time conn_deadline(const void *thing) {
  const app_tcp_conn *c = thing;
  return c->connecting ? c->connect_until : app_link_deadline(c->link);
}

static void conn_tick(void *thing, weft_time now) {
  app_tcp_conn *c = thing;
  if (c->connecting) {
    fail(c, WEFT_WHO_TIMEOUT, "connect", WEFT_ETIMEDOUT, "no answer", now);
    return;
  }
  enter(c);
  app_link_tick(c->link, now);
  leave(c);
}

static weft_time deadline(const void *user) { return ((const app_tcp_transport *)user)->due.at; }

static void tick(void *user, weft_time now) { app_due_tick(&((app_tcp_transport *)user)->due, now); }

int app_tcp_transport_init(app_tcp_transport *x, app_loop *loop, app_host *host, const app_tcp_transport_callbacks *cb,
                           void *user) {
  memset(x, 0, sizeof *x);
  x->host = host;
  x->cb = *cb;
  x->user = user;
  app_due_init(&x->due, conn_deadline, conn_tick);
  int rc = app_tcp_pool_init(&x->pool, loop);
  return rc == WEFT_OK ? app_loop_timer(loop, deadline, tick, x) : rc;
}

void app_tcp_conn_close(app_tcp_conn *c, int code, weft_time now) {
  bool outermost = !c->busy;
  if (c->over) return;
  if (c->connecting) {
    fail(c, WEFT_WHO_SELF, "close", code, "closed here, before the connection was ready", now);
    return;
  }
  enter(c);
  app_link_close(c->link, code, now);
  if (outermost) leave(c);
}

const weft_addr *app_tcp_conn_local(const app_tcp_conn *c) { return app_tcp_local(c->tcp); }

const weft_addr *app_tcp_conn_remote(const app_tcp_conn *c) { return app_tcp_remote(c->tcp); }

void app_tcp_transport_close(app_tcp_transport *x, weft_time now) {
  app_tcp_conn *c;
  while (x->listeners_len > 0) app_tcp_transport_unlisten(x);
  x->closing_next = x->conns;
  while ((c = x->closing_next) != NULL) {
    x->closing_next = c->next;
    app_tcp_conn_close(c, WEFT_OK, now);
  }
}

bool app_tcp_transport_idle(const app_tcp_transport *x) { return !x->conns && !x->pool.lingering; }

void app_tcp_transport_end(app_tcp_transport *x, weft_time now) {
  while (x->listeners_len > 0) app_tcp_transport_unlisten(x);
  while (x->conns) finish(x->conns, NULL, true, now);
  app_tcp_pool_end(&x->pool);
}
