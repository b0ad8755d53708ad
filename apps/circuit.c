#include "apps/circuit.h"

#include <stdlib.h>
#include <string.h>

/* After our FIN the far side's is due; a relay or peer that does not send it is not waited for. */
#define LINGER WEFT_SEC(5)

/* ---- how one begins and ends ---------------------------------------------------------------------------------------------- */

static app_circuit *new_circuit(app_circuits *a, app_peer *relay, bool dialer, weft_time now) {
  app_circuit *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->all = a;
  c->dialer = dialer;
  c->relay = relay;
  c->started = now;
  c->linger_at = WEFT_NEVER;
  memcpy(c->relay_text, relay->id_text, sizeof c->relay_text);
  c->next = a->first;
  a->first = c;
  return c;
}

static void remove_circuit(app_circuit *c, weft_time now) {
  app_circuits *a = c->all;
  app_circuit **at = &a->first;
  while (*at && *at != c) at = &(*at)->next;
  if (*at) *at = c->next;
  a->removed++;
  weft_relay_client_free(c->client);
  app_link_free(c->link, now);
  free(c);
}

/* The stream is the relay connection's from here on. */
static void let_go(app_circuit *c, bool whole, weft_time now) {
  app_stream *s = c->stream;
  c->stream = NULL;
  if (!s) return;
  s->state = NULL;
  if (whole)
    app_stream_shutdown(s, now);
  else
    app_stream_reset(s, now);
}

static void tell_closed(app_circuit *c, const weft_closed *why, bool goodbye, weft_time now) {
  c->told = true;
  if (c->link) app_record_closed(c->all->record, app_link_conn(c->link), why);
  c->all->cb.closed(c->all->user, c, why, goodbye, now);
}

static void closed(app_circuit *c, const weft_closed *why, bool goodbye, weft_time now) {
  tell_closed(c, why, goodbye, now);
  remove_circuit(c, now);
}

static void failed(app_circuit *c, const weft_closed *why, weft_time now) {
  let_go(c, false, now);
  closed(c, why, false, now);
}

static void failed_here(app_circuit *c, weft_who who, const char *step, int code, const char *text, weft_time now) {
  weft_closed why = {who, "relay", step, code, 0, text};
  failed(c, &why, now);
}

/* ---- the connection inside ------------------------------------------------------------------------------------------------------ */

static ptrdiff_t link_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  app_circuit *c = user;
  if (!c->stream) return WEFT_ECLOSED;
  c->in_output = true;
  ptrdiff_t n = app_stream_send(c->stream, data, len, now);
  c->in_output = false;
  return n == WEFT_EAGAIN ? 0 : n;
}

static void link_ready(void *user, app_link *l, app_peer *p, weft_time now) {
  app_circuit *c = user;
  (void)l;
  c->peer = p;
  c->all->cb.up(c->all->user, c, p, now);
}

/* Yamux told a go-away from a mere end: code WEFT_OK. */
static void link_closed(void *user, app_link *l, const weft_closed *why, weft_time now) {
  app_circuit *c = user;
  bool whole = why->code == WEFT_OK;
  (void)l;
  tell_closed(c, why, why->who == WEFT_WHO_PEER && whole, now);
  c->peer = NULL;
  if (whole && c->stream) { /* the FIN follows the goodbye; then the far side's */
    app_link *gone = c->link;
    c->link = NULL;
    app_link_free(gone, now);
    app_stream_shutdown(c->stream, now);
    c->linger_at = now + LINGER;
    return;
  }
  let_go(c, false, now);
  remove_circuit(c, now);
}

static void start_link(app_circuit *c, weft_time now) {
  app_link_config cfg = {.host = c->relay->host,
                         .dialer = c->dialer,
                         .limited = c->limited,
                         .expected_peer = c->far.bytes,
                         .expected_peer_len = c->far.len,
                         .record = {.record = c->all->record, .circuit = true, .dialer = c->dialer}};
  app_link_callbacks cb = {link_output, link_ready, link_closed};
  int rc = app_link_new(&c->link, &cfg, &cb, c);
  if (rc == WEFT_OK)
    app_link_start(c->link, now);
  else
    failed_here(c, WEFT_WHO_SELF, "circuit", rc, weft_strerror(rc), now);
}

/* ---- the exchange with the relay -------------------------------------------------------------------------------------------------- */

static ptrdiff_t client_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  app_circuit *c = user;
  if (!c->stream) return WEFT_ECLOSED;
  ptrdiff_t n = app_stream_send(c->stream, data, len, now);
  return n == WEFT_EAGAIN ? 0 : n;
}

static void stands(app_circuit *c, const weft_relay_client_event *ev, weft_time now) {
  if (!c->dialer) (void)weft_peer_id_from_bytes(&c->far, ev->peer_id.data, ev->peer_id.len);
  weft_peer_id_format(&c->far, c->peer_text, sizeof c->peer_text);
  c->limited = ev->limited;
  c->limit_seconds = ev->message->limit_duration;
  c->limit_bytes = ev->message->limit_data;
  c->all->cb.opened(c->all->user, c, now);
}

static void client_event(void *user, const weft_relay_client_event *ev, weft_time now) {
  app_circuit *c = user;
  if (ev->type == WEFT_RELAY_CLIENT_CIRCUIT) stands(c, ev, now);
  if (ev->type != WEFT_RELAY_CLIENT_CLOSED) return;
  weft_relay_client_free(c->client);
  c->client = NULL;
  if (ev->closed.code == WEFT_OK)
    start_link(c, now);
  else
    failed(c, &ev->closed, now);
}

static int start_client(app_circuit *c, weft_time now) {
  weft_relay_client_config cfg;
  weft_relay_client_callbacks cb = {sizeof cb, client_output, client_event};
  weft_relay_client_config_default(&cfg);
  cfg.kind = c->dialer ? WEFT_RELAY_CONNECT : WEFT_RELAY_ACCEPT;
  cfg.target_id = c->far.bytes;
  cfg.target_id_len = c->far.len;
  /* The relay gives the target 10 s (js 30 s) before it says that it did not answer: that says more than our own limit. */
  if (c->dialer) cfg.limit = WEFT_SEC(15);
  if (!c->dialer) cfg.target_id = NULL;
  int rc = weft_relay_client_new(&c->client, &cfg, &cb, c);
  return rc == WEFT_OK ? weft_relay_client_start(c->client, now) : rc;
}

/* ---- the stream on the relay's connection ------------------------------------------------------------------------------------------ */

static app_circuits *all_of_stop(const app_stream *s) {
  return (app_circuits *)(void *)((uintptr_t)(const void *)s->protocol - offsetof(app_circuits, stop));
}

static bool room_for_one(const app_circuits *a) {
  unsigned n = 0;
  for (const app_circuit *c = a->first; c; c = c->next)
    if (!c->dialer && !c->peer) n++;
  return n < APP_CIRCUITS_UNPROVEN;
}

static void opened(app_stream *s, weft_time now) {
  app_circuit *c = s->state;
  if (s->inbound && room_for_one(all_of_stop(s))) c = new_circuit(all_of_stop(s), s->peer, false, now);
  if (!c) {
    app_stream_reset(s, now);
    return;
  }
  s->state = c;
  c->stream = s;
  int rc = start_client(c, now);
  if (rc != WEFT_OK) failed_here(c, WEFT_WHO_SELF, "circuit", rc, weft_strerror(rc), now);
}

static void data(app_stream *s, const uint8_t *bytes, size_t len, weft_time now) {
  app_circuit *c = s->state;
  if (c && c->client) {
    ptrdiff_t n = weft_relay_client_input(c->client, bytes, len, now);
    if (n > 0) bytes += n, len -= (size_t)n;
    c = s->state; /* the answer may have been the end of it */
  }
  if (!c || len == 0) return;
  if (c->link)
    app_link_input(c->link, bytes, len, now);
  else if (c->client)
    failed_here(c, WEFT_WHO_PEER, "message", WEFT_EPROTO,
                "the relay said more than its answer before the circuit stood", now);
}

static void remote_closed(app_stream *s, weft_time now) {
  app_circuit *c = s->state;
  if (!c) {
    app_stream_shutdown(s, now);
  } else if (c->client) {
    weft_relay_client_input_end(c->client, now);
  } else if (c->link) {
    app_link_input_end(c->link, now);
  }
}

static void writable(app_stream *s, weft_time now) {
  app_circuit *c = s->state;
  if (c && c->client)
    weft_relay_client_tick(c->client, now);
  else if (c && c->link)
    app_link_writable(c->link, now);
}

/* The pipe is gone: a go-away that came before makes it a goodbye. */
static void pipe_gone(app_circuit *c, weft_time now) {
  weft_closed why = {WEFT_WHO_PEER, "relay", "circuit", WEFT_ERESET, 0, "the circuit was cut"};
  app_circuits *a = c->all;
  unsigned removed = a->removed;
  c->pipe_gone = false;
  if (c->link) app_link_input_end(c->link, now);
  if (a->removed == removed && c->link)
    app_link_writable(c->link, now); /* it was closing, and finds that it cannot say so */
  if (a->removed == removed) closed(c, &why, false, now);
}

static void gone(app_stream *s, int code, weft_time now) {
  app_circuit *c = s->state;
  if (!c) return;
  bool had_client = c->client != NULL, talking = had_client || (!c->link && c->linger_at == WEFT_NEVER);
  c->stream = NULL;
  if (talking) {
    failed_here(c, WEFT_WHO_PEER, had_client ? "circuit" : "hop", code == WEFT_OK ? WEFT_ECLOSED : code,
                code == WEFT_EUNSUPPORTED ? "the relay does not speak " WEFT_RELAY_HOP_PROTOCOL
                                          : "the relay ended the stream before the circuit stood",
                now);
  } else if (!c->link) {
    remove_circuit(c, now); /* it lingered: closed() was called */
  } else if (c->in_output) {
    c->pipe_gone = true; /* from `output` nothing may be called on the link */
  } else {
    pipe_gone(c, now);
  }
}

app_circuit *app_circuit_dial(app_circuits *a, app_peer *relay, const weft_peer_id *target, int *rc, weft_time now) {
  app_circuit *c = new_circuit(a, relay, true, now);
  *rc = WEFT_ENOMEM;
  if (!c) return NULL;
  c->far = *target;
  weft_peer_id_format(&c->far, c->peer_text, sizeof c->peer_text);
  c->stream = app_stream_open(relay, &a->hop, c, rc, now);
  if (c->stream) return c;
  remove_circuit(c, now);
  return NULL;
}

void app_circuit_close(app_circuit *c, weft_time now) {
  weft_closed why = {WEFT_WHO_SELF, "relay", "circuit", WEFT_OK, 0, "closed here"};
  if (c->told) return;
  if (c->link)
    app_link_close(c->link, WEFT_OK, now);
  else
    failed(c, &why, now);
}

/* ---- time, and all of them ------------------------------------------------------------------------------------------------------------ */

static weft_time deadline_of(const app_circuit *c) {
  weft_time at = c->linger_at;
  weft_time inside = c->client ? weft_relay_client_deadline(c->client)
                     : c->link ? app_link_deadline(c->link)
                               : WEFT_NEVER;
  if (c->pipe_gone) return 0;
  return inside < at ? inside : at;
}

static void tick_one(app_circuit *c, weft_time now) {
  if (c->pipe_gone) {
    pipe_gone(c, now);
  } else if (c->client) {
    weft_relay_client_tick(c->client, now);
  } else if (c->link) {
    app_link_tick(c->link, now);
  } else {
    let_go(c, false, now);
    remove_circuit(c, now);
  }
}

void app_circuits_tick(app_circuits *a, weft_time now) {
  unsigned removed = a->removed;
  for (app_circuit *c = a->first; c; c = c->next) {
    if (deadline_of(c) > now) continue;
    tick_one(c, now);
    if (a->removed != removed) return; /* c is gone; what is due still comes first at the next wake */
  }
}

weft_time app_circuits_deadline(const app_circuits *a) {
  weft_time at = WEFT_NEVER;
  for (const app_circuit *c = a->first; c; c = c->next) {
    weft_time due = deadline_of(c);
    if (due < at) at = due;
  }
  return at;
}

void app_circuits_init(app_circuits *a, const app_circuits_callbacks *cb, void *user) {
  memset(a, 0, sizeof *a);
  a->cb = *cb;
  a->user = user;
  a->stop = (app_protocol){.name = WEFT_RELAY_STOP_PROTOCOL,
                           .opened = opened,
                           .data = data,
                           .remote_closed = remote_closed,
                           .writable = writable,
                           .closed = gone};
  a->hop = a->stop;
  a->hop.name = WEFT_RELAY_HOP_PROTOCOL;
  a->hop.dial_only = true;
}

void app_circuits_end(app_circuits *a, weft_time now) {
  while (a->first) {
    if (a->first->stream) a->first->stream->state = NULL;
    remove_circuit(a->first, now);
  }
}
