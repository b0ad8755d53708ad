/* ping: echo for whoever asks; and our own pings. */
#include <stdlib.h>

#include "apps/host.h"

typedef struct ping_state {
  app_stream *stream;
  weft_ping *ping; /* made when the stream is negotiated */
  uint32_t count;
  weft_time interval;
} ping_state;

static ptrdiff_t output(void *user, const uint8_t *bytes, size_t len, weft_time now) {
  ping_state *st = user;
  ptrdiff_t n = app_stream_send(st->stream, bytes, len, now);
  return n == WEFT_EAGAIN ? 0 : n;
}

static void event(void *user, const weft_ping_event *ev, weft_time now) {
  ping_state *st = user;
  app_stream *s = st->stream;
  app_host *h = s->peer->host;
  if (ev->type == WEFT_PING_EVENT_RTT && h->pinged) h->pinged(h->user, s->peer, ev->rtt, now);
  if (ev->type != WEFT_PING_EVENT_CLOSED) return;
  app_peer *p = s->peer;
  bool ours = !s->inbound;
  /* Ending the stream may free it and the state; what the program does then may free the peer: that comes last. */
  if (ev->closed.code == WEFT_OK)
    app_stream_shutdown(s, now);
  else
    app_stream_reset(s, now);
  if (ours && h->ping_done) h->ping_done(h->user, p, &ev->closed, now);
}

static void opened(app_stream *s, weft_time now) {
  weft_ping_config cfg;
  weft_ping_callbacks cb = {sizeof cb, output, event};
  ping_state *st = s->state ? s->state : calloc(1, sizeof *st);
  if (!st) {
    app_stream_reset(s, now);
    return;
  }
  s->state = st;
  st->stream = s;
  weft_ping_config_default(&cfg);
  cfg.rng = s->peer->host->rng;
  cfg.responder = s->inbound;
  cfg.count = st->count;
  cfg.interval = st->interval;
  if (weft_ping_new(&st->ping, &cfg, &cb, st) != WEFT_OK) {
    app_stream_reset(s, now);
    return;
  }
  weft_ping_start(st->ping, now);
}

static void data(app_stream *s, const uint8_t *bytes, size_t len, weft_time now) {
  ping_state *st = s->state;
  if (st && st->ping) weft_ping_input(st->ping, bytes, len, now);
}

static void remote_closed(app_stream *s, weft_time now) {
  ping_state *st = s->state;
  if (st && st->ping) weft_ping_input_end(st->ping, now);
}

static void tick(app_stream *s, weft_time now) {
  ping_state *st = s->state;
  if (st && st->ping) weft_ping_tick(st->ping, now);
}

static weft_time deadline(const app_stream *s) {
  const ping_state *st = s->state;
  return st && st->ping ? weft_ping_deadline(st->ping) : WEFT_NEVER;
}

static void closed(app_stream *s, int code, weft_time now) {
  ping_state *st = s->state;
  app_host *h = s->peer->host;
  if (!st) return;
  if (!st->ping && !s->inbound && h->ping_done) {
    weft_closed why = {WEFT_WHO_PEER,
                       "multistream",
                       "ping",
                       code == WEFT_OK ? WEFT_ECLOSED : code,
                       0,
                       "the peer did not open a ping stream"};
    h->ping_done(h->user, s->peer, &why, now);
  }
  weft_ping_free(st->ping);
  free(st);
}

const app_protocol app_ping_protocol = {.name = WEFT_PING_PROTOCOL,
                                        .limited = true,
                                        .opened = opened,
                                        .data = data,
                                        .remote_closed = remote_closed,
                                        .writable = tick,
                                        .tick = tick,
                                        .deadline = deadline,
                                        .closed = closed};

int app_peer_ping(app_peer *p, uint32_t count, weft_time interval, weft_time now) {
  int rc;
  ping_state *st = calloc(1, sizeof *st);
  if (!st) return WEFT_ENOMEM;
  st->count = count;
  st->interval = interval;
  if (app_stream_open(p, &app_ping_protocol, st, &rc, now)) return WEFT_OK;
  free(st);
  return rc;
}
