#include "apps/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static app_report *report_of(const app_sessions *a) { return a->cfg.report; }

static app_session *find(const app_sessions *a, const char *peer_text) {
  for (app_session *s = a->first; s; s = s->next)
    if (strcmp(s->peer_text, peer_text) == 0) return s;
  return NULL;
}

static app_peer *peer_on(const app_session *s, app_carrier on) {
  if (on == APP_DIRECT) return s->direct ? s->direct->peer : NULL;
  return s->circuit ? s->circuit->peer : NULL;
}

/* ---- the end of one ------------------------------------------------------------------------------------------------------ */

static void detach_streams(const app_session *s, app_peer *p) {
  for (app_stream *st = p ? p->streams : NULL; st; st = st->next)
    if (st->protocol == &s->all->chat) st->state = NULL;
}

static void unlink_session(app_session *s) {
  app_session **at = &s->all->first;
  while (*at && *at != s) at = &(*at)->next;
  if (*at) *at = s->next;
}

/* Of everything that could still come back to it. */
static void dismantle(app_session *s, weft_time now) {
  app_circuit *c = s->circuit;
  app_direct *d = s->direct;
  unlink_session(s);
  detach_streams(s, peer_on(s, APP_RELAYED));
  detach_streams(s, peer_on(s, APP_DIRECT));
  app_path_free(s->path);
  s->path = NULL;
  s->circuit = NULL;
  s->direct = NULL;
  if (d) app_direct_close(d, WEFT_OK, now);
  if (c) app_circuit_close(c, now);
}

/* Told last: the program may close all of them in return. */
static void end_session(app_session *s, const weft_closed *why, weft_time now) {
  dismantle(s, now);
  s->all->cb.ended(s->all->user, s, why, now);
  free(s);
}

static const app_path_callbacks path_callbacks;

static bool make_path(app_session *s, weft_time now) {
  s->path = app_path_new(&s->path_cfg, &path_callbacks, s);
  s->on_direct = false;
  if (!s->path) return false;
  if (peer_on(s, APP_RELAYED)) app_path_carrier_up(s->path, APP_RELAYED, now);
  if (peer_on(s, APP_DIRECT)) app_path_carrier_up(s->path, APP_DIRECT, now);
  return true;
}

/* A listener's peer may open another chat on what is still up; a dialer is done. */
static void path_ended(app_session *s, const weft_closed *why, weft_time now) {
  bool up = peer_on(s, APP_RELAYED) || peer_on(s, APP_DIRECT);
  if (!s->path_cfg.dialer && up && !s->all->closing) {
    detach_streams(s, peer_on(s, APP_RELAYED));
    detach_streams(s, peer_on(s, APP_DIRECT));
    app_path_free(s->path);
    if (make_path(s, now)) return;
  }
  end_session(s, why, now);
}

/* ---- what the path wants ---------------------------------------------------------------------------------------------------- */

static void want_circuit(void *user, weft_time now) {
  app_session *s = user;
  s->all->cb.need_circuit(s->all->user, s, now);
}

static void want_direct(void *user, weft_time now) {
  app_session *s = user;
  app_sessions *a = s->all;
  int rc;
  a->cb.attempt(a->user, now);
  if (app_private_dial(&a->direct, s->circuit->peer, &rc, now)) {
    app_path_signaling(s->path, true, now);
    return;
  }
  weft_closed why = {WEFT_WHO_SELF, "webrtc", "signaling", rc, 0, "no signaling stream can be opened"};
  app_path_direct_failed(s->path, &why, true, now);
}

static void unwanted_circuit(void *user, weft_time now) {
  app_session *s = user;
  app_report_detail(report_of(s->all), "Relay: circuit with %s closed, it is not needed any more", s->peer_text);
  app_circuit_close(s->circuit, now);
}

static void *open_stream(void *user, app_carrier on, weft_time now) {
  app_session *s = user;
  app_peer *p = peer_on(s, on);
  int rc;
  return p ? app_stream_open(p, &s->all->chat, s, &rc, now) : NULL;
}

static ptrdiff_t send_on(void *user, void *stream, const uint8_t *data, size_t len, weft_time now) {
  (void)user;
  return app_stream_send(stream, data, len, now);
}

static void finish_stream(void *user, void *stream, weft_time now) {
  (void)user;
  app_stream_shutdown(stream, now);
}

static void reset_stream(void *user, void *stream, weft_time now) {
  (void)user;
  app_stream_reset(stream, now);
}

static void consumed(void *user, void *stream, size_t n, weft_time now) {
  (void)user;
  app_stream_consumed(stream, n, now);
}

static void on_message(void *user, const uint8_t *data, size_t len, weft_time now) {
  app_session *s = user;
  s->all->cb.message(s->all->user, s, data, len, now);
}

static void tell_path(app_session *s) {
  char local[WEFT_ADDR_TEXT_MAX] = "", remote[WEFT_ADDR_TEXT_MAX] = "";
  const app_sessions *a = s->all;
  if (s->on_direct) {
    app_report_path(report_of(a), s->peer_text, true, s->local, s->remote);
    return;
  }
  if (a->cb.relay_path && s->circuit) a->cb.relay_path(a->user, s->circuit, local, remote);
  app_report_path(report_of(a), s->peer_text, false, local, remote);
}

static void tell_fallback(const app_session *s, const app_path_event *ev) {
  int again = ev->again == WEFT_NEVER ? -1 : (int)(ev->again / WEFT_SEC(1));
  app_report_fallback(report_of(s->all), s->peer_text, ev->why.text, again);
}

static void on_path_event(void *user, const app_path_event *ev, weft_time now) {
  app_session *s = user;
  app_sessions *a = s->all;
  switch (ev->type) {
  case APP_PATH_EVENT_OPEN: a->cb.opened(a->user, s, now); break;
  case APP_PATH_EVENT_PATH:
    s->on_direct = ev->carrier == APP_DIRECT;
    tell_path(s);
    break;
  case APP_PATH_EVENT_FALLBACK: tell_fallback(s, ev); break;
  case APP_PATH_EVENT_LOST: app_report_lost(report_of(a), s->peer_text, ev->why.text); break;
  case APP_PATH_EVENT_GAP:
    app_report_step(report_of(a), "Lines with %s that were on the way may be missing", s->peer_text);
    break;
  case APP_PATH_EVENT_PEER_LEFT: a->cb.left(a->user, s, now); break;
  case APP_PATH_EVENT_ROOM: a->cb.room(a->user, s, now); break;
  case APP_PATH_EVENT_ENDED: path_ended(s, &ev->why, now); break;
  }
}

static const app_path_callbacks path_callbacks = {.dial_circuit = want_circuit,
                                                  .try_direct = want_direct,
                                                  .close_circuit = unwanted_circuit,
                                                  .open = open_stream,
                                                  .send = send_on,
                                                  .finish = finish_stream,
                                                  .reset = reset_stream,
                                                  .consumed = consumed,
                                                  .message = on_message,
                                                  .event = on_path_event};

app_session *app_session_new(app_sessions *a, const weft_peer_id *id, const app_path_config *cfg, weft_time now) {
  app_session *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->all = a;
  s->id = *id;
  s->path_cfg = *cfg;
  weft_peer_id_format(id, s->peer_text, sizeof s->peer_text);
  if (!make_path(s, now)) {
    free(s);
    return NULL;
  }
  s->next = a->first;
  a->first = s;
  return s;
}

/* ---- chat streams ----------------------------------------------------------------------------------------------------------- */

static app_session *of_peer(const app_sessions *a, const app_peer *p, app_carrier *on) {
  for (app_session *s = a->first; s; s = s->next)
    for (int c = APP_RELAYED; c <= APP_DIRECT; c++)
      if (peer_on(s, (app_carrier)c) == p) {
        *on = (app_carrier)c;
        return s;
      }
  return NULL;
}

static void chat_opened(app_stream *st, weft_time now) {
  app_sessions *a = (app_sessions *)(void *)(uintptr_t)(const void *)st->protocol;
  app_carrier on = APP_RELAYED;
  app_session *s = st->inbound ? of_peer(a, st->peer, &on) : st->state;
  st->state = s;
  if (!s)
    app_stream_reset(st, now);
  else if (st->inbound)
    app_path_inbound(s->path, st, on, now);
  else
    app_path_opened(s->path, st, now);
}

static void chat_data(app_stream *st, const uint8_t *data, size_t len, weft_time now) {
  app_session *s = st->state;
  if (s)
    app_path_data(s->path, st, data, len, now);
  else
    app_stream_consumed(st, len, now);
}

static void chat_remote_closed(app_stream *st, weft_time now) {
  app_session *s = st->state;
  if (s)
    app_path_remote_closed(s->path, st, now);
  else
    app_stream_shutdown(st, now);
}

static void chat_writable(app_stream *st, weft_time now) {
  app_session *s = st->state;
  if (s) app_path_writable(s->path, now);
}

static void chat_closed(app_stream *st, int code, weft_time now) {
  app_session *s = st->state;
  if (s) app_path_closed(s->path, st, code, now);
}

/* ---- circuits ------------------------------------------------------------------------------------------------------------------ */

static void circuit_opened(void *user, app_circuit *c, weft_time now) {
  const app_sessions *a = user;
  (void)now;
  app_report_circuit(report_of(a), c->relay_text, c->peer_text, !c->dialer, c->limited);
  if (c->limit_seconds || c->limit_bytes)
    app_report_detail(report_of(a), "Relay: at most %u s and %llu bytes each way (0: no limit)",
                      (unsigned)c->limit_seconds, (unsigned long long)c->limit_bytes);
}

static double ms_between(weft_time a, weft_time b) {
  return a == WEFT_NEVER || b == WEFT_NEVER || b < a ? 0.0 : (double)(b - a) / 1000.0;
}

static void report_connected(const app_sessions *a, const app_circuit *c, const app_peer *p, weft_time now) {
  char local[WEFT_ADDR_TEXT_MAX] = "", remote[WEFT_ADDR_TEXT_MAX] = "";
  if (a->cb.relay_path) a->cb.relay_path(a->user, c, local, remote);
  app_connected r = {.peer = p->id_text,
                     .path = "relayed",
                     .dir = c->dialer ? "out" : "in",
                     .local = local,
                     .remote = remote,
                     .mux = "yamux",
                     .ms_total = ms_between(c->started, now)};
  app_report_connected(report_of(a), &r);
}

static void circuit_up(void *user, app_circuit *c, app_peer *p, weft_time now) {
  app_sessions *a = user;
  app_session *s = find(a, p->id_text);
  report_connected(a, c, p, now);
  app_peer_identify(p, now);
  if (!s && !a->closing) s = app_session_new(a, &p->id, &a->cfg.accept, now);
  if (!s) {
    app_circuit_close(c, now);
    return;
  }
  app_circuit *older = s->circuit != c ? s->circuit : NULL;
  if (older && older->peer) {
    weft_closed why = {WEFT_WHO_SELF, "relay", "circuit", WEFT_ECLOSED, 0, "the peer made a new circuit"};
    app_path_carrier_gone(s->path, APP_RELAYED, &why, false, now);
    s = find(a, p->id_text);
    if (s) detach_streams(s, older->peer);
  }
  if (s) s->circuit = c;
  if (s) s->met = true;
  if (older) app_circuit_close(older, now);
  if (s) app_path_carrier_up(s->path, APP_RELAYED, now);
}

/* Circuits are short when a direct path is found: a place is soon free. */
static void circuit_refused(app_session *s, const weft_closed *why, weft_time now) {
  const app_sessions *a = s->all;
  bool busy = strcmp(why->layer, "relay") == 0 && why->wire_code == WEFT_RELAY_RESOURCE_LIMIT_EXCEEDED;
  if (!busy) {
    app_path_circuit_failed(s->path, why, why->code == WEFT_EAUTH, now);
    return;
  }
  weft_time pause = app_path_circuit_busy(s->path, why, now);
  if (pause > 0)
    app_report_step(report_of(a), "Relay: %s; asked again in %u s", why->text, (unsigned)(pause / WEFT_SEC(1)));
}

static void circuit_closed(void *user, app_circuit *c, const weft_closed *why, bool goodbye, weft_time now) {
  app_sessions *a = user;
  app_session *s = a->first;
  while (s && s->circuit != c) s = s->next;
  if (!s) {
    app_report_detail(report_of(a), "Relay: circuit with %s: %s: %s", c->peer_text[0] ? c->peer_text : "somebody",
                      why->step, why->text);
    return;
  }
  s->circuit = NULL;
  if (c->peer)
    app_path_carrier_gone(s->path, APP_RELAYED, why, goodbye, now);
  else
    circuit_refused(s, why, now);
}

/* ---- direct connections ------------------------------------------------------------------------------------------------------------- */

static int direct_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                         weft_time now) {
  const app_sessions *a = user;
  return a->cb.output(a->user, local, remote, data, len, now);
}

static void on_candidate(const app_sessions *a, const app_direct *d, const app_private_event *ev, weft_time now) {
  char text[WEFT_ADDR_TEXT_MAX];
  const weft_ice_candidate *c = ev->candidate;
  const char *addr = c->host[0] ? c->host : weft_addr_format(&c->addr, text, sizeof text);
  app_report_candidate(report_of(a), d->peer_text, ev->remote_candidate, weft_ice_candidate_type_name(c->type), addr);
  if (c->host[0] && a->cb.resolve) a->cb.resolve(a->user, c->host, now);
}

static void report_selected(const app_sessions *a, const app_direct *d, const app_private_event *ev) {
  char local[WEFT_ADDR_TEXT_MAX], remote[WEFT_ADDR_TEXT_MAX];
  app_report_selected(report_of(a), d->peer_text, weft_addr_format(ev->local, local, sizeof local),
                      weft_addr_format(ev->remote, remote, sizeof remote), weft_ice_candidate_type_name(ev->local_type),
                      weft_ice_candidate_type_name(ev->remote_type));
}

static void note_addresses(app_session *s, const app_private_event *ev) {
  weft_addr_format(ev->local, s->local, sizeof s->local);
  weft_addr_format(ev->remote, s->remote, sizeof s->remote);
}

static void report_direct(const app_session *s, const app_direct *d) {
  weft_webrtc_stats st = {.size = sizeof st};
  weft_webrtc_get_stats(d->conn, &st);
  app_connected r = {.peer = s->peer_text,
                     .path = "direct",
                     .dir = d->offerer ? "out" : "in",
                     .local = s->local,
                     .remote = s->remote,
                     .mux = "channels",
                     .ms_signaling = ms_between(d->started, d->signaled),
                     .ms_ice = ms_between(d->signaled, st.ice_at),
                     .ms_dtls = ms_between(st.ice_at, st.dtls_at),
                     .ms_sctp = ms_between(st.dtls_at, st.sctp_at),
                     .ms_total = ms_between(d->started, d->connected)};
  app_report_connected(report_of(s->all), &r);
}

static void direct_up(app_session *s, app_direct *d, const app_private_event *ev, weft_time now) {
  app_sessions *a = s->all;
  app_direct *older = s->direct;
  if (older) {
    weft_closed why = {WEFT_WHO_SELF, "webrtc", "superseded", WEFT_ECLOSED, 0, "the peer made a new direct connection"};
    detach_streams(s, older->peer);
    s->direct = NULL;
    app_path_carrier_gone(s->path, APP_DIRECT, &why, false, now);
    app_direct_close(older, WEFT_OK, now);
    s = find(a, d->peer_text);
    if (!s) return;
  }
  s->direct = d;
  note_addresses(s, ev);
  report_direct(s, d);
  app_peer_identify(ev->peer, now);
  app_path_carrier_up(s->path, APP_DIRECT, now);
}

static void direct_down(app_sessions *a, app_direct *d, const weft_closed *why, weft_time now) {
  app_session *s = a->first;
  bool goodbye = why->who == WEFT_WHO_PEER && (why->code == WEFT_OK || why->code == WEFT_ECLOSED);
  while (s && s->direct != d) s = s->next;
  if (!s) return;
  s->direct = NULL;
  app_path_carrier_gone(s->path, APP_DIRECT, why, goodbye, now);
}

static void report_stun(const app_sessions *a) {
  const app_private *direct = &a->direct;
  char text[WEFT_ADDR_TEXT_MAX];
  for (size_t i = 0; i < direct->stun_len && !direct->stun_answered; i++)
    app_report_detail(report_of(a), "STUN: no answer from %s (--stun names another server)",
                      weft_addr_format(&direct->stun[i], text, sizeof text));
}

static void direct_failed(app_session *s, const app_direct *d, const weft_closed *why, weft_time now) {
  if (d->offerer)
    app_path_direct_failed(s->path, why, why->code != WEFT_EUNSUPPORTED && why->code != WEFT_EAUTH, now);
  else
    app_report_step(report_of(s->all), "No direct path from %s: %s", s->peer_text, why->text);
}

static void path_changed(app_session *s, const app_direct *d, const app_private_event *ev) {
  if (s->direct != d) return;
  note_addresses(s, ev);
  if (s->on_direct) tell_path(s);
}

static void direct_event(void *user, app_direct *d, const app_private_event *ev, weft_time now) {
  app_sessions *a = user;
  app_session *s = find(a, d->peer_text);
  switch (ev->type) {
  case APP_PRIVATE_INBOUND:
    a->cb.attempt(a->user, now);
    if (s) app_path_signaling(s->path, true, now);
    break;
  case APP_PRIVATE_STEP: app_report_signaling(report_of(a), d->peer_text, ev->text); break;
  case APP_PRIVATE_CANDIDATE: on_candidate(a, d, ev, now); break;
  case APP_PRIVATE_SELECTED: report_selected(a, d, ev); break;
  case APP_PRIVATE_UP:
    if (s)
      direct_up(s, d, ev, now);
    else
      app_direct_close(d, WEFT_OK, now);
    break;
  case APP_PRIVATE_PATH:
    if (s) path_changed(s, d, ev);
    break;
  case APP_PRIVATE_SIGNALING_END:
    if (s) app_path_signaling(s->path, false, now);
    break;
  case APP_PRIVATE_FAILED:
    report_stun(a);
    if (s) direct_failed(s, d, ev->why, now);
    break;
  case APP_PRIVATE_DOWN: direct_down(a, d, ev->why, now); break;
  }
}

/* ---- calls ----------------------------------------------------------------------------------------------------------------------------- */

void app_sessions_init(app_sessions *a, const app_sessions_callbacks *cb, void *user) {
  static const app_circuits_callbacks circuits = {circuit_opened, circuit_up, circuit_closed};
  static const app_private_callbacks direct = {direct_output, direct_event};
  memset(a, 0, sizeof *a);
  a->cb = *cb;
  a->user = user;
  a->chat = (app_protocol){.name = APP_P2P_CHAT_PROTOCOL,
                           .manual_consume = true,
                           .limited = true,
                           .opened = chat_opened,
                           .data = chat_data,
                           .remote_closed = chat_remote_closed,
                           .writable = chat_writable,
                           .closed = chat_closed};
  app_circuits_init(&a->circuits, &circuits, a);
  app_private_init(&a->direct, &direct, a);
}

size_t app_sessions_protocols(app_sessions *a, const app_protocol **out) {
  out[0] = &a->circuits.stop;
  out[1] = &a->direct.protocol;
  out[2] = &a->chat;
  return 3;
}

int app_sessions_start(app_sessions *a, const app_sessions_config *cfg) {
  a->cfg = *cfg;
  a->circuits.record = cfg->direct.record;
  return app_private_start(&a->direct, &cfg->direct);
}

void app_sessions_end(app_sessions *a, weft_time now) {
  a->closing = true;
  while (a->first) {
    app_session *s = a->first;
    dismantle(s, now);
    free(s);
  }
  app_private_end(&a->direct, now);
  app_circuits_end(&a->circuits, now);
}

void app_session_start(app_session *s, weft_time now) { app_path_start(s->path, now); }

void app_session_circuit(app_session *s, app_peer *relay, weft_time now) {
  int rc;
  s->circuit = app_circuit_dial(&s->all->circuits, relay, &s->id, &rc, now);
  if (s->circuit) return;
  weft_closed why = {WEFT_WHO_SELF, "relay", "hop", rc, 0, "no stream to the relay can be opened"};
  app_path_circuit_failed(s->path, &why, false, now);
}

void app_session_no_circuit(app_session *s, const weft_closed *why, bool final, weft_time now) {
  app_path_circuit_failed(s->path, why, final, now);
}

int app_session_send(app_session *s, const uint8_t *data, size_t len, weft_time now) {
  return app_path_send(s->path, data, len, now);
}

void app_session_finish(app_session *s, weft_time now) { app_path_finish(s->path, now); }

void app_sessions_finish(app_sessions *a, weft_time now) {
  a->closing = true;
  for (app_session *s = a->first, *next; s; s = next) {
    next = s->next; /* finishing may end this one alone */
    app_path_finish(s->path, now);
  }
}

void app_sessions_close(app_sessions *a, weft_time now) {
  weft_closed why = {WEFT_WHO_SELF, "app", "close", WEFT_OK, 0, "closed here"};
  a->closing = true;
  while (a->first) end_session(a->first, &why, now);
  for (app_direct *d = a->direct.first, *next; d; d = next) {
    next = d->next;
    app_direct_close(d, WEFT_OK, now);
  }
  for (app_circuit *c = a->circuits.first, *next; c; c = next) {
    next = c->next;
    app_circuit_close(c, now);
  }
}

bool app_sessions_idle(const app_sessions *a) { return !a->first && !a->direct.first && !a->circuits.first; }

void app_sessions_tick(app_sessions *a, weft_time now) {
  app_circuits_tick(&a->circuits, now);
  app_private_tick(&a->direct, now);
  for (app_session *s = a->first, *next; s; s = next) {
    next = s->next;
    if (app_path_deadline(s->path) <= now) app_path_tick(s->path, now);
  }
}

weft_time app_sessions_deadline(const app_sessions *a) {
  weft_time c = app_circuits_deadline(&a->circuits), d = app_private_deadline(&a->direct), at = c < d ? c : d;
  for (const app_session *s = a->first; s; s = s->next) {
    weft_time due = app_path_deadline(s->path);
    if (due < at) at = due;
  }
  return at;
}
