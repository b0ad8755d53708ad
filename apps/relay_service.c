#include "apps/relay_service.h"

#include <stdlib.h>
#include <string.h>

/* A hop or stop stream. The server knows it by its slot, since a connection may give the id of an ended stream to another one while
 * the ended one's last bytes still wait here. */
struct app_relay_stream {
  app_relay_service *relay;
  app_peer *peer;
  app_stream *stream; /* NULL: it ended cleanly, and what it sent goes on (an orphan) */
  uint32_t slot;
  uint8_t *kept; /* what the server did not take */
  size_t kept_at, kept_len, kept_cap;
  bool end_pending, retrying, dead;
  app_relay_stream *retry_next, *dead_next;
};

/* ---- slots ------------------------------------------------------------------------------------------------------------------ */

static int find_slot(app_relay_service *r, uint32_t *slot) {
  for (size_t i = 0; i < r->slots_cap; i++) {
    *slot = (uint32_t)((r->slot_hint + i) % r->slots_cap);
    if (!r->slots[*slot]) return WEFT_OK;
  }
  size_t cap = r->slots_cap ? 2 * r->slots_cap : 16;
  app_relay_stream **slots = realloc(r->slots, cap * sizeof *slots);
  if (!slots) return WEFT_ENOMEM;
  memset(slots + r->slots_cap, 0, (cap - r->slots_cap) * sizeof *slots);
  *slot = (uint32_t)r->slots_cap;
  r->slots = slots;
  r->slots_cap = cap;
  return WEFT_OK;
}

static app_relay_stream *acquire(app_relay_service *r, app_peer *p) {
  uint32_t slot;
  app_relay_stream *st = calloc(1, sizeof *st);
  if (!st || find_slot(r, &slot) != WEFT_OK) {
    free(st);
    return NULL;
  }
  st->relay = r;
  st->peer = p;
  st->slot = slot;
  r->slots[slot] = st;
  r->slot_hint = slot + 1;
  return st;
}

static void unretry(app_relay_stream *st) {
  app_relay_stream **at = &st->relay->retry;
  if (!st->retrying) return;
  while (*at != st) at = &(*at)->retry_next;
  *at = st->retry_next;
  st->retrying = false;
}

static void bury(app_relay_service *r) {
  app_relay_stream *st;
  while (r->depth == 0 && (st = r->dead) != NULL) {
    r->dead = st->dead_next;
    r->slots[st->slot] = NULL;
    free(st->kept);
    free(st);
  }
}

/* The record and its slot stay until the outermost call ends: callers on the way back still look at it. */
static void release(app_relay_stream *st) {
  app_relay_service *r = st->relay;
  if (st->dead) return;
  st->dead = true;
  unretry(st);
  if (st->stream)
    st->stream->state = NULL;
  else
    r->orphans--;
  st->stream = NULL;
  st->dead_next = r->dead;
  r->dead = st;
  bury(r);
}

static app_relay_stream *at_slot(const app_relay_service *r, uint32_t slot) {
  app_relay_stream *st = slot < r->slots_cap ? r->slots[slot] : NULL;
  return st && !st->dead ? st : NULL;
}

/* ---- what a slow receiver leaves here ------------------------------------------------------------------------------------------ */

static bool keep(app_relay_stream *st, const uint8_t *data, size_t len) {
  if (st->kept_at > 0) memmove(st->kept, st->kept + st->kept_at, st->kept_len);
  st->kept_at = 0;
  if (st->kept_len + len > st->kept_cap) {
    size_t cap = st->kept_cap ? st->kept_cap : 16384;
    while (cap < st->kept_len + len) cap *= 2;
    uint8_t *kept = realloc(st->kept, cap);
    if (!kept) return false;
    st->kept = kept;
    st->kept_cap = cap;
  }
  memcpy(st->kept + st->kept_len, data, len);
  st->kept_len += len;
  return true;
}

static void drop_front(app_relay_stream *st, size_t n) {
  st->kept_at += n;
  st->kept_len -= n;
  if (st->kept_len > 0) return;
  free(st->kept);
  st->kept = NULL;
  st->kept_at = st->kept_cap = 0;
}

static void retry_later(app_relay_stream *st) {
  if (st->dead || st->retrying || (st->kept_len == 0 && !st->end_pending)) return;
  st->retrying = true;
  st->retry_next = st->relay->retry;
  st->relay->retry = st;
}

/* Bytes the server took. All, when it does not know the stream any more: nobody wants them. */
static size_t offer(app_relay_stream *st, const uint8_t *data, size_t len, weft_time now) {
  app_relay_service *r = st->relay;
  ptrdiff_t n = weft_relay_server_input(r->server, st->peer, st->slot, data, len, now);
  if (n >= 0) return (size_t)n;
  if (n == WEFT_ESTATE && r->depth > 1) { /* inside the server's own call: as soon as that has returned */
    retry_later(st);
    return 0;
  }
  if (st->stream) app_stream_consumed(st->stream, len, now);
  return len;
}

static void offer_kept(app_relay_stream *st, weft_time now) {
  while (st->kept_len > 0) {
    size_t n = offer(st, st->kept + st->kept_at, st->kept_len, now);
    if (st->dead || n == 0) return;
    drop_front(st, n);
  }
  if (!st->end_pending) return;
  st->end_pending = false;
  weft_relay_server_input_end(st->relay->server, st->peer, st->slot, now);
  if (st->stream || st->dead) return;
  release(st);
  weft_relay_server_gone(st->relay->server, st->peer, st->slot, now);
}

static void enter(app_relay_service *r) { r->depth++; }

/* What the server made room for is offered when it has returned. */
static void leave(app_relay_service *r, weft_time now) {
  app_relay_stream *st;
  while (r->depth == 1 && (st = r->retry) != NULL) {
    unretry(st);
    offer_kept(st, now);
  }
  r->depth--;
  bury(r);
}

/* ---- the protocols --------------------------------------------------------------------------------------------------------------- */

static app_relay_service *relay_of_hop(const app_stream *s) {
  return (app_relay_service *)(void *)((char *)(uintptr_t)s->protocol - offsetof(app_relay_service, hop));
}

static void hop_opened(app_stream *s, weft_time now) {
  app_relay_service *r = relay_of_hop(s);
  app_relay_stream *st = acquire(r, s->peer);
  if (!st) {
    app_stream_reset(s, now);
    return;
  }
  st->stream = s;
  s->state = st;
  enter(r);
  if (weft_relay_server_stream(r->server, s->peer, st->slot, now) == WEFT_ENOTFOUND) app_stream_reset(s, now);
  leave(r, now);
}

static void stop_opened(app_stream *s, weft_time now) {
  app_relay_stream *st = s->state;
  if (!st) return;
  app_relay_service *r = st->relay;
  enter(r);
  weft_relay_server_stop_ready(r->server, s->peer, st->slot, now);
  leave(r, now);
}

static void on_data(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  app_relay_stream *st = s->state;
  if (!st) {
    app_stream_consumed(s, len, now);
    return;
  }
  app_relay_service *r = st->relay;
  size_t n = 0, took = 1;
  enter(r);
  while (st->kept_len == 0 && n < len && took > 0 && !st->dead) {
    took = offer(st, data + n, len - n, now);
    n += took;
  }
  if (n < len && !st->dead && !keep(st, data + n, len - n)) app_stream_reset(s, now);
  if (r->depth > 1) retry_later(st);
  leave(r, now);
}

static void on_remote_closed(app_stream *s, weft_time now) {
  app_relay_stream *st = s->state;
  if (!st) return;
  app_relay_service *r = st->relay;
  enter(r);
  st->end_pending = true;
  if (st->kept_len == 0) offer_kept(st, now);
  leave(r, now);
}

static void on_writable(app_stream *s, weft_time now) {
  app_relay_stream *st = s->state;
  if (!st) return;
  app_relay_service *r = st->relay;
  enter(r);
  weft_relay_server_writable(r->server, s->peer, st->slot, now);
  leave(r, now);
}

static void on_closed(app_stream *s, int code, weft_time now) {
  app_relay_stream *st = s->state;
  if (!st) return;
  app_relay_service *r = st->relay;
  st->stream = NULL;
  r->orphans++;
  s->state = NULL;
  if (code == WEFT_OK && (st->kept_len > 0 || st->end_pending)) return;
  enter(r);
  release(st);
  weft_relay_server_gone(r->server, st->peer, st->slot, now);
  leave(r, now);
}

void app_relay_service_prepare(app_relay_service *r) {
  memset(r, 0, sizeof *r);
  r->hop = (app_protocol){.name = WEFT_RELAY_HOP_PROTOCOL,
                          .manual_consume = true,
                          .limited = true, /* so that it is refused with a status and not without a word */
                          .opened = hop_opened,
                          .data = on_data,
                          .remote_closed = on_remote_closed,
                          .writable = on_writable,
                          .closed = on_closed};
  r->stop = r->hop;
  r->stop.name = WEFT_RELAY_STOP_PROTOCOL;
  r->stop.dial_only = true;
  r->stop.limited = false;
  r->stop.opened = stop_opened;
}

/* ---- the server's callbacks ---------------------------------------------------------------------------------------------------------- */

static int open_stop(void *user, void *conn, uint32_t *stream, weft_time now) {
  app_relay_service *r = user;
  int rc = WEFT_ENOMEM;
  app_relay_stream *st = acquire(r, conn);
  if (!st) return rc;
  st->stream = app_stream_open(conn, &r->stop, st, &rc, now);
  if (!st->stream) {
    r->orphans++;
    release(st);
    return rc;
  }
  *stream = st->slot;
  return WEFT_OK;
}

static ptrdiff_t output(void *user, void *conn, uint32_t slot, const uint8_t *data, size_t len, weft_time now) {
  const app_relay_stream *st = at_slot(user, slot);
  (void)conn;
  if (!st || !st->stream) return WEFT_ECLOSED;
  return app_stream_send(st->stream, data, len, now);
}

static void consumed(void *user, void *conn, uint32_t slot, size_t n, weft_time now) {
  app_relay_stream *st = at_slot(user, slot);
  (void)conn;
  if (!st) return;
  retry_later(st);
  if (st->stream) app_stream_consumed(st->stream, n, now);
}

static void shut_down(void *user, void *conn, uint32_t slot, weft_time now) {
  const app_relay_stream *st = at_slot(user, slot);
  (void)conn;
  if (st && st->stream) app_stream_shutdown(st->stream, now);
}

static void reset(void *user, void *conn, uint32_t slot, weft_time now) {
  app_relay_stream *st = at_slot(user, slot);
  (void)conn;
  if (!st) return;
  app_stream *s = st->stream;
  release(st);
  if (s) app_stream_reset(s, now);
}

static void on_event(void *user, const weft_relay_server_event *ev, weft_time now) {
  app_relay_service *r = user;
  if (r->event) r->event(r->user, ev, now);
}

static int sign(void *user, const uint8_t *msg, size_t len, uint8_t *sig, size_t cap, size_t *sig_len) {
  return cap < 64 ? WEFT_ETOOBIG : weft_identity_sign(user, msg, len, sig, sig_len);
}

/* ---- life --------------------------------------------------------------------------------------------------------------------------- */

int app_relay_service_init(app_relay_service *r, app_host *host, const weft_relay_server_config *cfg,
                           void (*event)(void *user, const weft_relay_server_event *ev, weft_time now), void *user) {
  weft_relay_server_callbacks cb = {sizeof cb, open_stop, output, consumed, shut_down, reset, on_event};
  weft_relay_server_config c = *cfg;
  r->host = host;
  r->event = event;
  r->user = user;
  c.peer_id = host->identity->peer_id;
  c.peer_id_len = sizeof host->identity->peer_id;
  c.public_key = host->identity->key_protobuf;
  c.public_key_len = sizeof host->identity->key_protobuf;
  c.sign = sign;
  c.sign_user = (void *)(uintptr_t)host->identity;
  return weft_relay_server_new(&r->server, &c, &cb, r);
}

void app_relay_service_free(app_relay_service *r) {
  weft_relay_server_free(r->server);
  r->server = NULL;
  for (uint32_t i = 0; i < r->slots_cap; i++)
    if (at_slot(r, i)) release(r->slots[i]);
  free(r->slots);
  r->slots = NULL;
  r->slots_cap = 0;
}

int app_relay_service_peer(app_relay_service *r, app_peer *p, weft_time now) {
  return weft_relay_server_peer(r->server, p, p->id.bytes, p->id.len, p->remote.family ? &p->remote : NULL, p->limited,
                                now);
}

void app_relay_service_peer_gone(app_relay_service *r, app_peer *p, weft_time now) {
  enter(r);
  weft_relay_server_peer_gone(r->server, p, now);
  for (uint32_t i = 0; r->orphans > 0 && i < r->slots_cap; i++)
    if (at_slot(r, i) && !r->slots[i]->stream && r->slots[i]->peer == p) release(r->slots[i]);
  leave(r, now);
}

void app_relay_service_tick(app_relay_service *r, weft_time now) {
  enter(r);
  weft_relay_server_tick(r->server, now);
  leave(r, now);
}

weft_time app_relay_service_deadline(const app_relay_service *r) { return weft_relay_server_deadline(r->server); }
