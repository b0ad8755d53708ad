#include "apps/webrtc_conns.h"

#include <stdlib.h>
#include <string.h>

static void note(app_webrtc_conn *c) { app_due_note(&c->of->due, &c->due, c); }

static void use(app_webrtc_conn *c, app_peer *p, weft_time now) {
  c->decide_at = WEFT_NEVER;
  c->peer = p;
  p->remote = c->remote;
  c->of->ready(c->of->user, c, now);
}

static bool undecided(const app_webrtc_conn *c) { return !c->peer && !c->link; }

static void decide_channels(app_webrtc_conn *c, weft_time now) {
  app_peer *p = app_peer_new(c->of->host, c->conn, &app_webrtc_muxer, c->id.bytes, c->id.len, now);
  if (p)
    use(c, p, now);
  else
    weft_webrtc_close(c->conn, WEFT_ENOMEM, now);
}

/* ---- Yamux -------------------------------------------------------------------------------------------------------------------- */

static ptrdiff_t link_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  app_webrtc_conn *c = user;
  ptrdiff_t n = weft_webrtc_secured_send(c->conn, data, len, now);
  return n == WEFT_EAGAIN ? 0 : n;
}

static void link_ready(void *user, app_link *l, app_peer *p, weft_time now) {
  (void)l;
  use(user, p, now);
}

/* A connection whose only streams were inside has no use any more. */
static void link_closed(void *user, app_link *l, const weft_closed *why, weft_time now) {
  app_webrtc_conn *c = user;
  (void)l;
  weft_webrtc_close(c->conn, why->code, now);
}

static void decide_yamux(app_webrtc_conn *c, weft_time now) {
  static const app_link_callbacks cb = {link_output, link_ready, link_closed};
  app_link_config cfg = {.host = c->of->host,
                         .dialer = !c->inbound,
                         .secured = true,
                         .expected_peer = c->id.bytes,
                         .expected_peer_len = c->id.len,
                         .window_max = c->of->window_max,
                         .send_limit = c->of->send_limit,
                         .max_streams = c->of->max_streams,
                         .record = {.record = c->of->record, .inside = c->conn, .dialer = !c->inbound}};
  c->yamux = true;
  c->decide_at = WEFT_NEVER;
  if (app_link_new(&c->link, &cfg, &cb, c) == WEFT_OK)
    app_link_start(c->link, now);
  else
    weft_webrtc_close(c->conn, WEFT_ENOMEM, now);
}

/* ---- events ---------------------------------------------------------------------------------------------------------------------- */

static void on_stream(app_webrtc_conn *c, const weft_stream_event *ev, weft_time now) {
  if (undecided(c)) decide_channels(c, now);
  if (c->peer && !c->yamux)
    app_peer_stream_event(c->peer, ev, now);
  else if (ev->type == WEFT_STREAM_OPENED && ev->inbound) /* no channel belongs beside a Yamux session */
    weft_webrtc_stream_reset(c->conn, ev->stream, now);
}

static void on_secured(app_webrtc_conn *c, const weft_webrtc_event *ev, weft_time now) {
  if (undecided(c) && c->inbound) decide_yamux(c, now);
  if (c->link) app_link_input(c->link, ev->data, ev->len, now);
}

void app_webrtc_conn_event(app_webrtc_conn *c, const weft_webrtc_event *ev, weft_time now) {
  if (ev->type == WEFT_WEBRTC_EVENT_STREAM) on_stream(c, ev->stream, now);
  if (ev->type == WEFT_WEBRTC_EVENT_SECURED_DATA) on_secured(c, ev, now);
  if (ev->type == WEFT_WEBRTC_EVENT_SECURED_WRITABLE && c->link) app_link_writable(c->link, now);
  note(c);
}

app_webrtc_conn *app_webrtc_conn_new(app_webrtc_conns *x, weft_webrtc *conn, const weft_webrtc_event *ev, bool yamux,
                                     weft_time now) {
  app_webrtc_conn *c = calloc(1, sizeof *c);
  if (!c || weft_peer_id_from_bytes(&c->id, ev->peer_id, ev->peer_id_len) != WEFT_OK) {
    free(c);
    weft_webrtc_close(conn, WEFT_ENOMEM, now);
    return NULL;
  }
  c->of = x;
  c->conn = conn;
  c->inbound = ev->inbound;
  c->direct_version = ev->direct_version;
  c->local = *ev->local;
  c->remote = *ev->remote;
  c->decide_at = c->inbound ? now + APP_WEBRTC_DECIDE : WEFT_NEVER;
  if (yamux)
    decide_yamux(c, now);
  else if (!c->inbound)
    decide_channels(c, now);
  note(c);
  return c;
}

void app_webrtc_conn_free(app_webrtc_conn *c, int code, weft_time now) {
  if (!c) return;
  app_due_remove(&c->of->due, &c->due);
  if (c->peer && !c->link) app_peer_free(c->peer, code, now);
  app_link_free(c->link, now);
  free(c);
}

/* ---- time ----------------------------------------------------------------------------------------------------------------------------- */

static weft_time conn_deadline(const void *thing) {
  const app_webrtc_conn *c = thing;
  return c->link ? app_link_deadline(c->link) : c->decide_at;
}

static void conn_tick(void *thing, weft_time now) {
  app_webrtc_conn *c = thing;
  if (c->link)
    app_link_tick(c->link, now);
  else
    decide_channels(c, now);
}

static weft_time deadline(const void *user) { return ((const app_webrtc_conns *)user)->due.at; }

static void tick(void *user, weft_time now) { app_due_tick(&((app_webrtc_conns *)user)->due, now); }

int app_webrtc_conns_init(app_webrtc_conns *x, app_loop *loop, app_host *host,
                          void (*ready)(void *user, app_webrtc_conn *c, weft_time now), void *user) {
  memset(x, 0, sizeof *x);
  x->host = host;
  x->ready = ready;
  x->user = user;
  app_due_init(&x->due, conn_deadline, conn_tick);
  return app_loop_timer(loop, deadline, tick, x);
}
