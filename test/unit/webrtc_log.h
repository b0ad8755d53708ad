/* Tests of whole connections: a world (test/support/webrtc_world.h) whose stream events are written down per stream. */
#ifndef TEST_UNIT_WEBRTC_LOG_H
#define TEST_UNIT_WEBRTC_LOG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support/alloc.h"
#include "test/support/unit.h"
#include "test/support/webrtc_world.h"
#include "webrtc/webrtc_int.h"

enum { LOG_STREAMS = 64, LOG_BYTES = 512 };

typedef struct log_stream {
  bool used, over;
  uint32_t id;
  char events[64]; /* O opened, D data (runs as one), C remote closed, W writable, R reset, X closed */
  size_t len;
  uint8_t first[LOG_BYTES]; /* the first bytes */
  int code;
} log_stream;

typedef struct log_side {
  log_stream streams[LOG_STREAMS];
  size_t n;
  uint8_t secured[LOG_BYTES];
  size_t secured_len;
  unsigned secured_writable;
} log_side;

typedef struct log_world {
  world w;
  log_side side[2]; /* dialer 0, listener 1 */
  bool echo;        /* the listener sends back what it reads, and FIN after FIN */
  void (*hook)(struct log_world *l, world_side *s, const weft_webrtc_event *ev, weft_time now);
  int step;
} log_world;

static inline log_stream *log_find(log_side *s, uint32_t id) {
  for (size_t i = s->n; i-- > 0;)
    if (s->streams[i].id == id) return &s->streams[i];
  return NULL;
}

static inline void log_add(log_stream *st, char what) {
  size_t n = strlen(st->events);
  if (what == 'D' && n > 0 && st->events[n - 1] == 'D') return;
  ck_assert_uint_lt(n, sizeof st->events - 1);
  st->events[n] = what;
}

static inline log_stream *log_new(log_side *s, uint32_t id) {
  if (s->n == LOG_STREAMS) { /* forget the oldest */
    memmove(s->streams, s->streams + 1, (LOG_STREAMS - 1) * sizeof *s->streams);
    s->n--;
  }
  log_stream *st = &s->streams[s->n++];
  *st = (log_stream){.used = true, .id = id};
  return st;
}

static inline void log_stream_event(log_world *l, world_side *side, const weft_stream_event *ev, weft_time now) {
  log_side *s = &l->side[side->server];
  log_stream *st = log_find(s, ev->stream);
  if (!st || st->over) st = log_new(s, ev->stream);
  log_add(st, "?ODCRWX"[ev->type]);
  if (ev->type == WEFT_STREAM_DATA) {
    for (size_t i = 0; i < ev->len && st->len + i < LOG_BYTES; i++) st->first[st->len + i] = ev->data[i];
    st->len += ev->len;
  }
  if (ev->type == WEFT_STREAM_RESET) st->code = ev->code;
  if (ev->type == WEFT_STREAM_RESET || ev->type == WEFT_STREAM_CLOSED) st->over = true;
  if (!l->echo || !side->server) return;
  if (ev->type == WEFT_STREAM_DATA) weft_webrtc_stream_send(side->c, ev->stream, ev->data, ev->len, now);
  if (ev->type == WEFT_STREAM_REMOTE_CLOSED) weft_webrtc_stream_shutdown(side->c, ev->stream, now);
}

static inline void log_event(world_side *side, const weft_webrtc_event *ev, weft_time now) {
  log_world *l = side->w->user;
  log_side *s = &l->side[side->server];
  if (ev->type == WEFT_WEBRTC_EVENT_STREAM) log_stream_event(l, side, ev->stream, now);
  if (ev->type == WEFT_WEBRTC_EVENT_SECURED_WRITABLE) s->secured_writable++;
  if (ev->type == WEFT_WEBRTC_EVENT_SECURED_DATA) {
    for (size_t i = 0; i < ev->len && s->secured_len + i < LOG_BYTES; i++) s->secured[s->secured_len + i] = ev->data[i];
    s->secured_len += ev->len;
  }
  if (l->hook) l->hook(l, side, ev, now);
}

/* Before listening: configs may be changed. */
static inline void log_prepare(log_world *l, uint64_t seed) {
  memset(l, 0, sizeof *l);
  world_prepare(&l->w, seed, test_alloc());
  l->w.user = l;
  l->w.on_event = log_event;
  net_link_of(&l->w.net, &l->w.server_addr)->delay = WEFT_MS(5);
  for (size_t i = 0; i < WORLD_DIALERS; i++) net_link_of(&l->w.net, &l->w.dialers[i].addr)->delay = WEFT_MS(5);
}

static inline void log_connect(log_world *l) {
  if (!l->w.listener) world_listen(&l->w);
  world_dial(&l->w, 0);
  ck_assert(world_run(&l->w, l->w.now + WEFT_SEC(30), world_all_ready));
}

static inline void log_init(log_world *l, uint64_t seed) {
  log_prepare(l, seed);
  log_connect(l);
}

static inline weft_webrtc *log_dialer(log_world *l) { return l->w.dialers[0].c; }
static inline weft_webrtc *log_accepted(log_world *l) { return l->w.accepted[0].c; }
static inline void log_wait(log_world *l, weft_time t) {
  world_run(&l->w, l->w.now + t, NULL);
  ck_assert(!l->w.livelock);
}

static inline uint32_t log_open(log_world *l, weft_webrtc *c) {
  uint32_t id = 0;
  ck_assert_int_eq(weft_webrtc_stream_open(c, &id, l->w.now), WEFT_OK);
  return id;
}

static inline ptrdiff_t log_send(log_world *l, weft_webrtc *c, uint32_t id, const char *text) {
  return weft_webrtc_stream_send(c, id, (const uint8_t *)text, strlen(text), l->w.now);
}

static inline weft_webrtc_stats log_stats(const weft_webrtc *c) {
  weft_webrtc_stats s = {.size = sizeof s};
  weft_webrtc_get_stats(c, &s);
  return s;
}

static inline weft_webrtc_listener_stats log_listener_stats(const log_world *l) {
  weft_webrtc_listener_stats s = {.size = sizeof s};
  weft_webrtc_listener_get_stats(l->w.listener, &s);
  return s;
}

/* Gauges at zero and the amplification rule kept; then everything goes. */
static inline void log_end(log_world *l) {
  ck_assert(!l->w.livelock);
  if (l->w.listener) {
    weft_webrtc_listener_stats s = log_listener_stats(l);
    ck_assert_uint_le(s.unproven_bytes_out, s.unproven_bytes_in);
  }
  world_end(&l->w);
}

#define ck_assert_events(side, id, want) \
  ck_assert_str_eq(log_find((side), (id)) ? log_find((side), (id))->events : "-", (want))

#endif
