#include "apps/private.h"

#include <stdlib.h>
#include <string.h>

/* A peer that moves about is followed so far: each entry costs memory, and any good request makes one. */
enum { ADDRESSES_MAX = 32 };

static app_private *all_of(const app_stream *s) { return (app_private *)(void *)(uintptr_t)(const void *)s->protocol; }

static void tell(app_direct *d, const app_private_event *ev, weft_time now) {
  d->all->cb.event(d->all->user, d, ev, now);
}

/* ---- routes -------------------------------------------------------------------------------------------------------------- */

static app_direct *owner(const app_private *a, const weft_addr *local, const weft_addr *remote) {
  static const uint8_t record[1] = {22}; /* anything but STUN goes by address */
  return weft_ice_mux_route(a->mux, local, remote, record, sizeof record);
}

/* Datagrams between these two are d's. An older connection of the same peer between them is one that the peer has given up. */
static void claim(app_direct *d, const weft_addr *local, const weft_addr *remote) {
  app_private *a = d->all;
  if (d->addresses >= ADDRESSES_MAX) return;
  int rc = weft_ice_mux_add_address(a->mux, local, remote, d);
  app_direct *other = rc == WEFT_ESTATE ? owner(a, local, remote) : NULL;
  if (other && strcmp(other->peer_text, d->peer_text) == 0) {
    weft_ice_mux_remove(a->mux, other);
    other->superseded = true;
    rc = weft_ice_mux_add_address(a->mux, local, remote, d);
  }
  if (rc == WEFT_OK) d->addresses++;
}

static int output(app_direct *d, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                  weft_time now) {
  return d->all->cb.output(d->all->user, local, remote, data, len, now);
}

static int conn_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                       weft_time now) {
  app_direct *d = user;
  if (!weft_addr_equal(local, &d->sent_from) || !weft_addr_equal(remote, &d->sent_to)) {
    d->sent_from = *local;
    d->sent_to = *remote;
    claim(d, local, remote);
  }
  return output(d, local, remote, data, len, now);
}

static int attempt_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                          weft_time now) {
  return output(user, local, remote, data, len, now);
}

static void keylog(void *user, const char *line) {
  app_private *a = ((app_direct *)user)->all;
  a->cfg.keylog(a->user, line);
}

/* ---- how one begins and ends ---------------------------------------------------------------------------------------------- */

static app_direct *new_direct(app_private *a, app_peer *relayed, bool offerer, weft_time now) {
  app_direct *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  d->all = a;
  d->offerer = offerer;
  d->started = now;
  d->signaled = d->selected = d->connected = WEFT_NEVER;
  memcpy(d->peer_text, relayed->id_text, sizeof d->peer_text);
  d->next = a->first;
  a->first = d;
  a->setups++;
  return d;
}

static void remove_direct(app_direct *d) {
  app_private *a = d->all;
  app_direct **at = &a->first;
  while (*at && *at != d) at = &(*at)->next;
  if (*at) *at = d->next;
  a->removed++;
  if (!d->taken) a->setups--;
  weft_ice_mux_remove(a->mux, d);
  weft_private_free(d->attempt);
  weft_webrtc_free(d->conn);
  free(d->named);
  free(d);
}

/* The stream stays the host's until it says that it is gone. */
static void leave_signaling(app_direct *d, bool whole, weft_time now) {
  app_stream *s = d->signaling;
  if (!s) return;
  if (whole) {
    app_stream_shutdown(s, now); /* the peer's end follows */
    return;
  }
  d->signaling = NULL;
  s->state = NULL;
  app_stream_reset(s, now);
  tell(d, &(app_private_event){.type = APP_PRIVATE_SIGNALING_END}, now);
}

static void failed(app_direct *d, const weft_closed *why, weft_time now) {
  d->told = true;
  leave_signaling(d, false, now);
  tell(d, &(app_private_event){.type = APP_PRIVATE_FAILED, .why = why}, now);
  remove_direct(d);
}

static void down(app_direct *d, const weft_closed *why, weft_time now) {
  app_peer *p = d->peer;
  app_record_closed(d->all->cfg.record, d->conn, why);
  d->told = true;
  leave_signaling(d, false, now);
  tell(d, &(app_private_event){.type = p ? APP_PRIVATE_DOWN : APP_PRIVATE_FAILED, .why = why}, now);
  if (p) app_peer_free(p, why->code == WEFT_OK ? WEFT_ECLOSED : why->code, now);
  remove_direct(d);
}

static void failed_here(app_direct *d, weft_who who, const char *step, int code, const char *text, weft_time now) {
  weft_closed why = {who, "webrtc", step, code, 0, text};
  failed(d, &why, now);
}

/* ---- the connection ---------------------------------------------------------------------------------------------------------- */

static void on_ready(app_direct *d, const weft_webrtc_event *ev, weft_time now) {
  d->peer = app_peer_new(d->all->cfg.host, d->conn, &app_webrtc_muxer, ev->peer_id, ev->peer_id_len, now);
  if (!d->peer) {
    weft_webrtc_close(d->conn, WEFT_ENOMEM, now);
    return;
  }
  app_record_connected(d->all->cfg.record, d->conn, d->peer->id_text, 0, "channels");
  app_private_event up = {.type = APP_PRIVATE_UP, .peer = d->peer, .local = ev->local, .remote = ev->remote};
  tell(d, &up, now);
}

static void on_path(app_direct *d, const weft_webrtc_event *ev, weft_time now) {
  claim(d, ev->local, ev->remote);
  app_private_event path = {.type = APP_PRIVATE_PATH, .local = ev->local, .remote = ev->remote};
  if (d->peer) tell(d, &path, now);
}

static void conn_event(void *user, weft_webrtc *c, const weft_webrtc_event *ev, weft_time now) {
  app_direct *d = user;
  (void)c;
  switch (ev->type) {
  case WEFT_WEBRTC_EVENT_READY: on_ready(d, ev, now); break;
  case WEFT_WEBRTC_EVENT_STREAM:
    if (d->peer) app_peer_stream_event(d->peer, ev->stream, now);
    break;
  case WEFT_WEBRTC_EVENT_PATH: on_path(d, ev, now); break;
  case WEFT_WEBRTC_EVENT_CLOSED: down(d, &ev->closed, now); break;
  case WEFT_WEBRTC_EVENT_STEP:
  case WEFT_WEBRTC_EVENT_SECURED_DATA:
  case WEFT_WEBRTC_EVENT_SECURED_WRITABLE:
  case WEFT_WEBRTC_EVENT_REFUSED: break;
  }
}

/* ---- the attempt ------------------------------------------------------------------------------------------------------------- */

static ptrdiff_t stream_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  app_direct *d = user;
  return d->signaling ? app_stream_send(d->signaling, data, len, now) : WEFT_ECLOSED;
}

static void on_selected(app_direct *d, const weft_private_event *ev, weft_time now) {
  d->selected = now;
  claim(d, ev->local, ev->remote);
  app_private_event e = {.type = APP_PRIVATE_SELECTED,
                         .local = ev->local,
                         .remote = ev->remote,
                         .local_type = ev->local_type,
                         .remote_type = ev->remote_type};
  tell(d, &e, now);
}

static void on_connected(app_direct *d, weft_time now) {
  weft_webrtc_callbacks cb = {sizeof cb, conn_output, conn_event};
  d->connected = now;
  d->taken = true;
  d->all->setups--;
  d->conn = weft_private_take(d->attempt, &cb, d);
  weft_private_free(d->attempt);
  d->attempt = NULL;
  leave_signaling(d, true, now);
  if (!d->conn) failed_here(d, WEFT_WHO_SELF, "take", WEFT_EINTERNAL, "the connection could not be taken", now);
}

static void on_step(app_direct *d, const char *text, weft_time now) {
  if (strcmp(text, d->offerer ? "answer received" : "answer sent") == 0) d->signaled = now;
  tell(d, &(app_private_event){.type = APP_PRIVATE_STEP, .text = text}, now);
}

/* Before it is told: whoever hears of it may know the name already. */
static void remember_name(app_direct *d, const weft_ice_candidate *c) {
  if (!c->host[0] || d->named_len == APP_PRIVATE_NAMES) return;
  if (!d->named) d->named = calloc(APP_PRIVATE_NAMES, sizeof *d->named);
  if (d->named) d->named[d->named_len++] = *c;
}

static void attempt_event(void *user, const weft_private_event *ev, weft_time now) {
  app_direct *d = user;
  app_private_event candidate = {
      .type = APP_PRIVATE_CANDIDATE, .candidate = ev->candidate, .remote_candidate = ev->remote_candidate};
  switch (ev->type) {
  case WEFT_PRIVATE_EVENT_STEP: on_step(d, ev->text, now); break;
  case WEFT_PRIVATE_EVENT_CANDIDATE:
    if (ev->remote_candidate) remember_name(d, ev->candidate);
    tell(d, &candidate, now);
    break;
  case WEFT_PRIVATE_EVENT_SELECTED: on_selected(d, ev, now); break;
  case WEFT_PRIVATE_EVENT_CONNECTED: on_connected(d, now); break;
  case WEFT_PRIVATE_EVENT_CLOSED: failed(d, &ev->closed, now); break;
  }
}

static int make_attempt(app_direct *d, const app_peer *relayed) {
  app_private *a = d->all;
  weft_private_config cfg;
  weft_private_callbacks cb = {sizeof cb, stream_output, attempt_output, attempt_event};
  weft_peer_id id;
  weft_private_config_default(&cfg);
  cfg.webrtc.rng = a->cfg.host->rng;
  cfg.webrtc.cert = a->cfg.cert;
  cfg.webrtc.auto_consume = false;
  if (a->cfg.record) cfg.webrtc.trace = app_record_tracer(a->cfg.record);
  if (a->cfg.keylog) cfg.webrtc.keylog = keylog;
  cfg.offerer = d->offerer;
  cfg.allow_loopback = a->loopback;
  cfg.told_types = cfg.remote_types = a->cfg.types;
  if (a->cfg.limit) cfg.limit = a->cfg.limit;
  int rc = weft_peer_id_parse(&id, relayed->id_text, strlen(relayed->id_text));
  if (rc != WEFT_OK) return rc;
  cfg.peer_id = id.bytes;
  cfg.peer_id_len = id.len;
  rc = weft_private_new(&d->attempt, &cfg, &cb, d);
  return rc == WEFT_OK ? weft_ice_mux_add_ufrag(a->mux, weft_private_local_ufrag(d->attempt), d) : rc;
}

static void begin(app_direct *d, const app_peer *relayed, weft_time now) {
  app_private *a = d->all;
  int rc = make_attempt(d, relayed);
  /* An address or a server that the agent does not take is one fewer, not the end. */
  for (size_t i = 0; rc == WEFT_OK && i < a->locals_len; i++)
    (void)weft_private_add_local(d->attempt, &a->locals[i], now);
  for (size_t i = 0; rc == WEFT_OK && i < a->stun_len; i++)
    (void)weft_private_add_stun_server(d->attempt, &a->stun[i], now);
  if (rc == WEFT_OK)
    (void)weft_private_start(d->attempt, now);
  else
    failed_here(d, WEFT_WHO_SELF, "set-up", rc, weft_strerror(rc), now);
}

/* ---- the signaling stream --------------------------------------------------------------------------------------------------------- */

static bool room_for(const app_private *a, const char *peer_text) {
  unsigned all = 0, his = 0;
  for (const app_direct *d = a->first; d; d = d->next) {
    if (d->conn) continue;
    all++;
    if (strcmp(d->peer_text, peer_text) == 0) his++;
  }
  return all < APP_PRIVATE_SETUPS && his < APP_PRIVATE_SETUPS_PER_PEER;
}

static void opened(app_stream *s, weft_time now) {
  app_private *a = all_of(s);
  app_peer *relayed = s->peer;
  app_direct *d = s->state;
  if (!d && s->inbound && room_for(a, relayed->id_text)) d = new_direct(a, relayed, false, now);
  if (!d) {
    app_stream_reset(s, now);
    return;
  }
  s->state = d;
  d->signaling = s;
  if (s->inbound) tell(d, &(app_private_event){.type = APP_PRIVATE_INBOUND, .relayed = relayed}, now);
  begin(d, relayed, now);
}

static void data(app_stream *s, const uint8_t *bytes, size_t len, weft_time now) {
  app_direct *d = s->state;
  if (d && d->attempt) weft_private_stream_input(d->attempt, bytes, len, now);
}

static void remote_closed(app_stream *s, weft_time now) {
  app_direct *d = s->state;
  if (d && d->attempt)
    weft_private_stream_end(d->attempt, now);
  else
    app_stream_shutdown(s, now);
}

static void writable(app_stream *s, weft_time now) {
  app_direct *d = s->state;
  if (d && d->attempt) weft_private_stream_writable(d->attempt, now);
}

static void not_opened(app_direct *d, int code, weft_time now) {
  failed_here(d, WEFT_WHO_PEER, "signaling", code == WEFT_OK ? WEFT_ECLOSED : code,
              code == WEFT_EUNSUPPORTED ? "the peer does not speak " WEFT_SIGNALING_PROTOCOL
                                        : "the peer refused the signaling stream",
              now);
}

static void closed(app_stream *s, int code, weft_time now) {
  app_direct *d = s->state;
  if (!d) return;
  s->state = NULL;
  d->signaling = NULL;
  tell(d, &(app_private_event){.type = APP_PRIVATE_SIGNALING_END}, now);
  if (d->attempt)
    weft_private_stream_reset(d->attempt, now);
  else if (!d->conn)
    not_opened(d, code, now);
}

app_direct *app_private_dial(app_private *a, app_peer *relayed, int *rc, weft_time now) {
  app_direct *d = new_direct(a, relayed, true, now);
  *rc = WEFT_ENOMEM;
  if (!d) return NULL;
  d->signaling = app_stream_open(relayed, &a->protocol, d, rc, now);
  if (d->signaling) return d;
  remove_direct(d);
  return NULL;
}

void app_private_resolved(app_private *a, const char *name, const weft_addr *ip, weft_time now) {
  unsigned removed = a->removed;
  for (app_direct *d = a->first; d; d = d->next)
    for (size_t i = 0; d->attempt && i < d->named_len; i++) {
      if (strcmp(d->named[i].host, name) != 0) continue;
      weft_ice_candidate c = d->named[i];
      uint16_t port = c.addr.port;
      c.addr = *ip;
      c.addr.port = port;
      (void)weft_private_add_remote(d->attempt, &c, now);
      if (a->removed != removed) return; /* d is gone */
    }
}

void app_direct_close(app_direct *d, int code, weft_time now) {
  if (d->told) return;
  if (d->conn)
    weft_webrtc_close(d->conn, code, now);
  else if (d->attempt)
    weft_private_close(d->attempt, code, now);
  else
    failed_here(d, WEFT_WHO_SELF, "close", code, "closed here", now);
}

/* ---- datagrams and time ---------------------------------------------------------------------------------------------------------- */

static void give(app_direct *d, const weft_addr *local, const weft_addr *remote, const uint8_t *bytes, size_t len,
                 weft_time now) {
  if (d->attempt)
    weft_private_input(d->attempt, local, remote, bytes, len, now);
  else if (d->conn)
    weft_webrtc_input(d->conn, local, remote, bytes, len, now);
}

/* Set-ups have no address of their own yet (two may ask the same STUN server, or find the same private address): each looks at what nobody
 * claims, and at what comes for an older connection of the same peer, whose addresses may be its own. */
static bool give_to_setups(app_private *a, const char *peer_text, const weft_addr *local, const weft_addr *remote,
                           const uint8_t *bytes, size_t len, weft_time now) {
  unsigned removed = a->removed, left = a->setups;
  bool any = false;
  for (app_direct *d = a->first; d && left > 0; d = d->next) {
    if (d->taken) continue;
    left--;
    if (!d->attempt || (peer_text && strcmp(d->peer_text, peer_text) != 0)) continue;
    any = true;
    give(d, local, remote, bytes, len, now);
    if (a->removed != removed || a->setups <= left) return true; /* d is gone, or connected */
  }
  return any;
}

static void note_stun(app_private *a, const weft_addr *remote) {
  for (size_t i = 0; i < a->stun_len; i++)
    if (weft_addr_equal(&a->stun[i], remote)) a->stun_answered = true;
}

bool app_private_input(app_private *a, const weft_addr *local, const weft_addr *remote, const uint8_t *bytes,
                       size_t len, weft_time now) {
  app_direct *d = weft_ice_mux_route(a->mux, local, remote, bytes, len);
  if (a->setups > 0 && !a->stun_answered) note_stun(a, remote);
  if (!d) return give_to_setups(a, NULL, local, remote, bytes, len, now);
  bool settled = d->taken && a->setups > 0;
  if (settled) give_to_setups(a, d->peer_text, local, remote, bytes, len, now);
  /* What that led to may have taken the address, and d with it. */
  if (!settled || weft_ice_mux_route(a->mux, local, remote, bytes, len) == d) give(d, local, remote, bytes, len, now);
  return true;
}

static weft_time deadline_of(const app_direct *d) {
  if (d->superseded) return 0;
  if (d->attempt) return weft_private_deadline(d->attempt);
  return d->conn ? weft_webrtc_deadline(d->conn) : WEFT_NEVER;
}

static void tick_one(app_direct *d, weft_time now) {
  if (d->superseded) {
    weft_closed why = {WEFT_WHO_SELF, "webrtc", "superseded", WEFT_ECLOSED, 0, "the peer made a new direct connection"};
    down(d, &why, now);
  } else if (d->attempt) {
    weft_private_tick(d->attempt, now);
  } else {
    weft_webrtc_tick(d->conn, now);
  }
}

void app_private_tick(app_private *a, weft_time now) {
  unsigned removed = a->removed;
  for (app_direct *d = a->first; d; d = d->next) {
    if (deadline_of(d) > now) continue;
    tick_one(d, now);
    if (a->removed != removed) return; /* d is gone; what is due still comes first at the next wake */
  }
}

weft_time app_private_deadline(const app_private *a) {
  weft_time at = WEFT_NEVER;
  for (const app_direct *d = a->first; d; d = d->next) {
    weft_time due = deadline_of(d);
    if (due < at) at = due;
  }
  return at;
}

/* ---- all of them ----------------------------------------------------------------------------------------------------------------- */

void app_private_init(app_private *a, const app_private_callbacks *cb, void *user) {
  memset(a, 0, sizeof *a);
  a->cb = *cb;
  a->user = user;
  a->protocol = (app_protocol){.name = WEFT_SIGNALING_PROTOCOL,
                               .limited = true,
                               .opened = opened,
                               .data = data,
                               .remote_closed = remote_closed,
                               .writable = writable,
                               .closed = closed};
}

int app_private_start(app_private *a, const app_private_config *cfg) {
  a->cfg = *cfg;
  return weft_ice_mux_new(&a->mux, &cfg->host->rng, NULL);
}

void app_private_end(app_private *a, weft_time now) {
  while (a->first) {
    app_direct *d = a->first;
    if (d->signaling) d->signaling->state = NULL;
    if (d->peer) app_peer_free(d->peer, WEFT_ECLOSED, now);
    remove_direct(d);
  }
  weft_ice_mux_free(a->mux);
  a->mux = NULL;
}

void app_private_set_locals(app_private *a, const weft_addr *addrs, size_t n, bool loopback) {
  a->locals_len = n < APP_PRIVATE_LOCALS ? n : APP_PRIVATE_LOCALS;
  memcpy(a->locals, addrs, a->locals_len * sizeof *addrs);
  a->loopback = loopback;
}

void app_private_set_stun(app_private *a, const weft_addr *servers, size_t n) {
  a->stun_answered = false;
  a->stun_len = n < APP_PRIVATE_STUN ? n : APP_PRIVATE_STUN;
  if (n > 0) memcpy(a->stun, servers, a->stun_len * sizeof *servers);
}
