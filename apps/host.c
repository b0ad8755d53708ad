#include "apps/host.h"

#include <stdlib.h>
#include <string.h>

#include <weft/multiaddr/multiaddr.h>

static void accept_protocol(app_host *h, const app_protocol *p) {
  size_t at = p->limited ? h->accepted_limited_len++ : h->accepted_len;
  for (size_t i = h->accepted_len; i > at; i--) {
    h->accepted[i] = h->accepted[i - 1];
    h->accepted_protocols[i] = h->accepted_protocols[i - 1];
  }
  h->accepted[at] = p->name;
  h->accepted_protocols[at] = p;
  h->accepted_len++;
}

static void add_protocol(app_host *h, const app_protocol *p) {
  if (h->protocols_len == APP_PROTOCOLS_MAX) return;
  h->protocols[h->protocols_len++] = p;
  if (!p->dial_only) accept_protocol(h, p);
}

/* ---- time -------------------------------------------------------------------------------------------------------------------- */

static weft_time stream_deadline(const void *thing) {
  const app_stream *s = thing;
  if (s->negotiation) return weft_multistream_deadline(s->negotiation);
  return s->protocol && s->protocol->deadline ? s->protocol->deadline(s) : WEFT_NEVER;
}

static void stream_tick(void *thing, weft_time now) {
  app_stream *s = thing;
  if (s->negotiation)
    weft_multistream_tick(s->negotiation, now);
  else
    s->protocol->tick(s, now);
}

void app_stream_rearm(app_stream *s) { app_due_note(&s->peer->host->due, &s->due, s); }

weft_time app_host_deadline(const app_host *h) { return h->due.at; }

void app_host_tick(app_host *h, weft_time now) { app_due_tick(&h->due, now); }

void app_host_init(app_host *h, const weft_rng *rng, const weft_identity *identity,
                   const app_protocol *const *protocols, size_t n, void *user) {
  memset(h, 0, sizeof *h);
  h->rng = *rng;
  h->identity = identity;
  h->user = user;
  app_due_init(&h->due, stream_deadline, stream_tick);
  add_protocol(h, &app_identify_protocol);
  add_protocol(h, &app_ping_protocol);
  for (size_t i = 0; i < n; i++) add_protocol(h, protocols[i]);
}

/* ---- streams ------------------------------------------------------------------------------------------------------------- */

static app_stream *find_stream(const app_peer *p, uint32_t id) {
  for (app_stream *s = p->streams; s; s = s->next)
    if (s->id == id) return s;
  return NULL;
}

static void end_stream(app_stream *s, int code, weft_time now) {
  app_stream **at = &s->peer->streams;
  while (*at && *at != s) at = &(*at)->next;
  if (*at) *at = s->next;
  app_due_remove(&s->peer->host->due, &s->due);
  weft_multistream_free(s->negotiation);
  s->negotiation = NULL;
  if (s->refused != WEFT_OK) code = s->refused;
  if (s->protocol && s->protocol->closed) s->protocol->closed(s, code, now);
  free(s);
}

static ptrdiff_t negotiation_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  app_stream *s = user;
  ptrdiff_t n = s->peer->muxer->send(s->peer->conn, s->id, data, len, now);
  return n == WEFT_EAGAIN ? 0 : n;
}

static void negotiation_event(void *user, const weft_multistream_event *ev, weft_time now) {
  app_stream *s = user;
  if (ev->type == WEFT_MULTISTREAM_EVENT_SELECTED) {
    if (s->inbound) s->protocol = s->peer->host->accepted_protocols[ev->index];
    weft_multistream_free(s->negotiation);
    s->negotiation = NULL;
    if (s->protocol->opened) s->protocol->opened(s, now);
    return;
  }
  if (ev->type != WEFT_MULTISTREAM_EVENT_CLOSED) return;
  weft_multistream_free(s->negotiation);
  s->negotiation = NULL;
  s->refused =
      ev->closed.code == WEFT_ECLOSED ? WEFT_ERESET : ev->closed.code; /* ECLOSED would be the connection's end */
  s->peer->muxer->reset(s->peer->conn, s->id, now);                    /* its RESET event ends the stream */
}

static app_stream *new_stream(app_peer *p, uint32_t id, bool inbound, const app_protocol *protocol, void *state,
                              weft_time now) {
  weft_multistream_config cfg;
  weft_multistream_callbacks cb = {sizeof cb, negotiation_output, negotiation_event};
  app_stream *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->peer = p;
  s->id = id;
  s->inbound = inbound;
  s->protocol = protocol;
  s->state = state;
  weft_multistream_config_default(&cfg);
  cfg.dialer = !inbound;
  cfg.protocols = inbound ? p->host->accepted : &protocol->name;
  cfg.protocols_len = !inbound ? 1 : p->limited ? p->host->accepted_limited_len : p->host->accepted_len;
  if (weft_multistream_new(&s->negotiation, &cfg, &cb, s) != WEFT_OK) {
    free(s);
    return NULL;
  }
  s->next = p->streams;
  p->streams = s;
  /* A connection that takes no byte ends the stream at once: then nobody has heard of it. */
  s->protocol = NULL;
  weft_multistream_start(s->negotiation, now);
  s = find_stream(p, id);
  if (!s) return NULL;
  s->protocol = protocol;
  app_stream_rearm(s);
  return s;
}

app_stream *app_stream_open(app_peer *p, const app_protocol *protocol, void *state, int *rc, weft_time now) {
  uint32_t id;
  *rc = WEFT_EUNSUPPORTED;
  if (p->limited && !protocol->limited) return NULL;
  *rc = p->muxer->open(p->conn, &id, now);
  if (*rc != WEFT_OK) return NULL;
  app_stream *s = new_stream(p, id, false, protocol, state, now);
  if (s) return s;
  *rc = WEFT_ECLOSED;
  p->muxer->reset(p->conn, id, now);
  return NULL;
}

ptrdiff_t app_stream_send(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  return s->peer->muxer->send(s->peer->conn, s->id, data, len, now);
}

size_t app_stream_room(const app_stream *s) { return s->peer->muxer->room(s->peer->conn, s->id); }

int app_stream_shutdown(app_stream *s, weft_time now) { return s->peer->muxer->shutdown(s->peer->conn, s->id, now); }

void app_stream_reset(app_stream *s, weft_time now) { s->peer->muxer->reset(s->peer->conn, s->id, now); }

void app_stream_consumed(app_stream *s, size_t n, weft_time now) {
  s->peer->muxer->consumed(s->peer->conn, s->id, n, now);
}

/* ---- events -------------------------------------------------------------------------------------------------------------- */

static void on_data(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  if (s->negotiation) {
    ptrdiff_t n = weft_multistream_input(s->negotiation, data, len, now);
    if (n < 0) n = (ptrdiff_t)len;
    app_stream_consumed(s, (size_t)n, now);
    data += n;
    len -= (size_t)n;
  }
  if (len == 0) return;
  if (s->negotiation || !s->protocol) {
    /* Refused while these bytes were on the way; or agreed, but our answer has not left yet: a fresh stream always has room. */
    app_stream_consumed(s, len, now);
    app_stream_reset(s, now);
    return;
  }
  bool manual = s->protocol->manual_consume;
  if (s->protocol->data) s->protocol->data(s, data, len, now);
  if (!manual) app_stream_consumed(s, len, now);
}

static void on_remote_closed(app_stream *s, weft_time now) {
  s->remote_closed = true;
  if (s->negotiation) {
    weft_multistream_input_end(s->negotiation, now);
    return;
  }
  if (s->protocol && s->protocol->remote_closed) s->protocol->remote_closed(s, now);
}

static void on_writable(app_stream *s, weft_time now) {
  if (s->negotiation)
    weft_multistream_tick(s->negotiation, now);
  else if (s->protocol && s->protocol->writable)
    s->protocol->writable(s, now);
}

void app_peer_stream_event(app_peer *p, const weft_stream_event *ev, weft_time now) {
  if (ev->type == WEFT_STREAM_OPENED) {
    if (ev->inbound && !new_stream(p, ev->stream, true, NULL, NULL, now)) p->muxer->reset(p->conn, ev->stream, now);
    return;
  }
  app_stream *s = find_stream(p, ev->stream);
  if (!s) {
    if (ev->type == WEFT_STREAM_DATA) p->muxer->consumed(p->conn, ev->stream, ev->len, now);
    return;
  }
  switch (ev->type) {
  case WEFT_STREAM_OPENED: break;
  case WEFT_STREAM_DATA: on_data(s, ev->data, ev->len, now); break;
  case WEFT_STREAM_REMOTE_CLOSED: on_remote_closed(s, now); break;
  case WEFT_STREAM_WRITABLE: on_writable(s, now); break;
  case WEFT_STREAM_RESET: end_stream(s, ev->code, now); break;
  case WEFT_STREAM_CLOSED: end_stream(s, WEFT_OK, now); break;
  }
  if (ev->type != WEFT_STREAM_RESET && ev->type != WEFT_STREAM_CLOSED) app_stream_rearm(s);
}

/* ---- sources ----------------------------------------------------------------------------------------------------------------- */

bool app_same_source(const weft_addr *a, const weft_addr *b) {
  return a->family == b->family && memcmp(a->ip, b->ip, a->family == WEFT_AF_IP6 ? 8 : 4) == 0;
}

size_t app_host_peers_from(const app_host *h, const weft_addr *source) {
  size_t n = 0;
  for (const app_peer *p = h->peers; p; p = p->next) n += app_same_source(&p->remote, source);
  return n;
}

/* ---- peers ----------------------------------------------------------------------------------------------------------------- */

app_peer *app_peer_new(app_host *h, void *conn, const app_muxer *m, const uint8_t *peer_id, size_t len, weft_time now) {
  app_peer *p = calloc(1, sizeof *p);
  (void)now;
  if (!p) return NULL;
  p->host = h;
  p->conn = conn;
  p->muxer = m;
  if (weft_peer_id_from_bytes(&p->id, peer_id, len) == WEFT_OK)
    weft_peer_id_format(&p->id, p->id_text, sizeof p->id_text);
  p->next = h->peers;
  p->link = &h->peers;
  if (h->peers) h->peers->link = &p->next;
  h->peers = p;
  return p;
}

void app_peer_free(app_peer *p, int code, weft_time now) {
  while (p->streams) end_stream(p->streams, code, now);
  *p->link = p->next;
  if (p->next) p->next->link = p->link;
  free(p);
}
