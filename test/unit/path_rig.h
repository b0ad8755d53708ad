/* Two app_paths whose chat streams go over two carriers in virtual time. Each message takes as long as the seed says; on one stream they stay in
 * order, streams and carriers do not know each other. */
#ifndef TEST_PATH_RIG_H
#define TEST_PATH_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/path.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

enum { RIG_STREAMS = 256, RIG_EVENTS = 8192, RIG_TEXT = 1 << 17, RIG_WINDOW = 4096 };

typedef struct rig rig;
typedef struct rig_side rig_side;

/* One end of a stream. */
typedef struct rig_end {
  rig_side *side;
  struct rig_end *far;
  app_carrier on;
  bool known;    /* its path has it */
  bool fin, eof; /* said, heard */
  bool gone, starved;
  size_t out;      /* sent and not consumed by the far end */
  weft_time after; /* nothing arrives here before */
} rig_end;

typedef enum rig_what { RIG_OPEN, RIG_AGREED, RIG_DATA, RIG_FIN, RIG_RESET, RIG_ROOM } rig_what;

typedef struct rig_event {
  weft_time at;
  uint64_t order;
  rig_end *to;
  rig_what what;
  size_t len;
  uint8_t *data;
} rig_event;

struct rig_side {
  rig *r;
  app_path *path;
  char got[RIG_TEXT], said[RIG_TEXT];
  size_t got_len, said_len;
  unsigned dials, tries, closes, opens, gaps, lost, fallbacks, paths, rooms, left, finishes, resets, first_opens;
  app_carrier carrier; /* as last told */
  weft_time again;
  bool ended;
  weft_closed why;
  bool refuse_open; /* open() gives NULL */
};

struct rig {
  rig_side side[2]; /* 0 dials */
  rig_end ends[RIG_STREAMS * 2];
  size_t ends_len;
  rig_event events[RIG_EVENTS];
  size_t events_len;
  uint64_t order;
  weft_time now, delay[2]; /* per carrier; jitter is as much again */
  bool up[2], cut_frames;  /* cut_frames: a stream takes any part of a frame */
  test_rng rng;
};

static inline uint32_t rig_random(rig *r, uint32_t below) {
  return below ? (uint32_t)(test_rng_u64(&r->rng) % below) : 0;
}

static inline void rig_put(rig *r, rig_end *to, rig_what what, const uint8_t *data, size_t len) {
  ck_assert_uint_lt(r->events_len, RIG_EVENTS);
  weft_time d = r->delay[to->on], at = r->now + d + (d ? rig_random(r, (uint32_t)d) : 0);
  if (what != RIG_ROOM) {
    if (at < to->after) at = to->after;
    to->after = at;
  }
  rig_event *e = &r->events[r->events_len++];
  *e = (rig_event){at, ++r->order, to, what, len, NULL};
  if (len > 0) {
    e->data = malloc(len);
    memcpy(e->data, data, len);
  }
}

static inline rig_side *rig_far(rig_side *s) { return s == &s->r->side[0] ? &s->r->side[1] : &s->r->side[0]; }

/* ---- callbacks ---- */

static inline void rig_dial(void *user, weft_time now) { ((rig_side *)user)->dials++, (void)now; }
static inline void rig_try(void *user, weft_time now) { ((rig_side *)user)->tries++, (void)now; }
static inline void rig_close(void *user, weft_time now) { ((rig_side *)user)->closes++, (void)now; }

static inline void *rig_open(void *user, app_carrier on, weft_time now) {
  rig_side *s = user;
  rig *r = s->r;
  (void)now;
  if (s->refuse_open || !r->up[on]) return NULL;
  ck_assert_uint_lt(r->ends_len + 1, RIG_STREAMS * 2);
  rig_end *a = &r->ends[r->ends_len++], *b = &r->ends[r->ends_len++];
  *a = (rig_end){.side = s, .far = b, .on = on, .known = true};
  *b = (rig_end){.side = rig_far(s), .far = a, .on = on};
  s->opens++;
  rig_put(r, b, RIG_OPEN, NULL, 0);
  return a;
}

static inline ptrdiff_t rig_send(void *user, void *stream, const uint8_t *data, size_t len, weft_time now) {
  rig_side *s = user;
  rig_end *e = stream;
  (void)now;
  ck_assert(!e->gone && !e->fin);
  size_t room = RIG_WINDOW - e->out, n = len < room ? len : s->r->cut_frames ? room : 0;
  if (s->r->cut_frames && n > 1 && rig_random(s->r, 2)) n = 1 + rig_random(s->r, (uint32_t)n);
  if (n < len) e->starved = true;
  if (n == 0) return 0;
  e->out += n;
  rig_put(s->r, e->far, RIG_DATA, data, n);
  return (ptrdiff_t)n;
}

static inline void rig_finish(void *user, void *stream, weft_time now) {
  rig_side *s = user;
  rig_end *e = stream;
  (void)now;
  ck_assert(!e->gone && !e->fin);
  e->fin = true;
  s->finishes++;
  rig_put(s->r, e->far, RIG_FIN, NULL, 0);
  if (e->eof) rig_put(s->r, e, RIG_ROOM, NULL, 0); /* both ends are said: CLOSED follows */
}

static inline void rig_reset(void *user, void *stream, weft_time now) {
  rig_side *s = user;
  rig_end *e = stream;
  (void)now;
  s->resets++;
  if (e->gone) return;
  e->gone = true;
  rig_put(s->r, e->far, RIG_RESET, NULL, 0);
  app_path_closed(s->path, e, WEFT_ECLOSED, now);
}

static inline void rig_consumed(void *user, void *stream, size_t n, weft_time now) {
  rig_side *s = user;
  rig_end *e = stream;
  (void)now;
  ck_assert(!e->gone);
  ck_assert_uint_ge(e->far->out, n);
  e->far->out -= n;
  if (e->far->starved) {
    e->far->starved = false;
    rig_put(s->r, e->far, RIG_ROOM, NULL, 0);
  }
}

static inline void rig_message(void *user, const uint8_t *data, size_t len, weft_time now) {
  rig_side *s = user;
  (void)now;
  ck_assert_uint_lt(s->got_len + len, sizeof s->got);
  memcpy(s->got + s->got_len, data, len);
  s->got_len += len;
}

static inline void rig_told(void *user, const app_path_event *ev, weft_time now) {
  rig_side *s = user;
  (void)now;
  ck_assert(!s->ended);
  switch (ev->type) {
  case APP_PATH_EVENT_OPEN: s->first_opens++; break;
  case APP_PATH_EVENT_PATH: s->paths++, s->carrier = ev->carrier; break;
  case APP_PATH_EVENT_FALLBACK: s->fallbacks++, s->again = ev->again; break;
  case APP_PATH_EVENT_LOST: s->lost++; break;
  case APP_PATH_EVENT_GAP: s->gaps++; break;
  case APP_PATH_EVENT_PEER_LEFT: s->left++; break;
  case APP_PATH_EVENT_ROOM: s->rooms++; break;
  case APP_PATH_EVENT_ENDED: s->ended = true, s->why = ev->why; break;
  }
}

static const app_path_callbacks rig_callbacks = {rig_dial,   rig_try,   rig_close,    rig_open,    rig_send,
                                                 rig_finish, rig_reset, rig_consumed, rig_message, rig_told};

/* ---- events ---- */

static inline void rig_settle_stream(rig_end *e) {
  if (e->gone || !e->fin || !e->eof) return;
  e->gone = true;
  app_path_closed(e->side->path, e, WEFT_OK, e->side->r->now);
}

static inline void rig_happen(rig *r, const rig_event *ev) {
  rig_end *e = ev->to;
  app_path *p = e->side->path;
  if (e->gone || (!e->known && ev->what != RIG_OPEN)) return;
  switch (ev->what) {
  case RIG_OPEN:
    e->known = true;
    rig_put(r, e->far, RIG_AGREED, NULL, 0);
    app_path_inbound(p, e, e->on, r->now);
    break;
  case RIG_AGREED: app_path_opened(p, e, r->now); break;
  case RIG_DATA: app_path_data(p, e, ev->data, ev->len, r->now); break;
  case RIG_FIN:
    e->eof = true;
    app_path_remote_closed(p, e, r->now);
    break;
  case RIG_RESET:
    e->gone = true;
    app_path_closed(p, e, WEFT_ERESET, r->now);
    break;
  case RIG_ROOM: app_path_writable(p, r->now); break;
  }
  rig_settle_stream(e);
}

static inline void rig_forget(rig *r, size_t i) {
  free(r->events[i].data);
  r->events[i] = r->events[--r->events_len];
}

/* The next event or timer before `until`; false: there is none. */
static inline bool rig_step(rig *r, weft_time until) {
  size_t best = r->events_len;
  for (size_t i = 0; i < r->events_len; i++)
    if (best == r->events_len || r->events[i].at < r->events[best].at ||
        (r->events[i].at == r->events[best].at && r->events[i].order < r->events[best].order))
      best = i;
  weft_time at = best < r->events_len ? r->events[best].at : WEFT_NEVER;
  for (int i = 0; i < 2; i++) {
    weft_time due = r->side[i].path ? app_path_deadline(r->side[i].path) : WEFT_NEVER;
    if (due >= at || due > until) continue;
    if (due > r->now) r->now = due;
    app_path_tick(r->side[i].path, r->now);
    ck_assert_msg(r->side[i].ended || app_path_deadline(r->side[i].path) > r->now, "a deadline does not move");
    return true;
  }
  if (at > until) return false;
  r->now = at;
  rig_event ev = r->events[best];
  r->events[best].data = NULL;
  rig_forget(r, best);
  rig_happen(r, &ev);
  free(ev.data);
  return true;
}

static inline void rig_run(rig *r, weft_time until) {
  while (rig_step(r, until)) continue;
  if (until > r->now) r->now = until;
}

/* ---- carriers ---- */

static inline void rig_up(rig *r, app_carrier c) {
  r->up[c] = true;
  app_path_carrier_up(r->side[1].path, c, r->now);
  app_path_carrier_up(r->side[0].path, c, r->now);
}

/* One side's view of it ends: its streams too. */
static inline void rig_gone(rig *r, int side, app_carrier c, bool goodbye) {
  static const weft_closed why = {WEFT_WHO_TIMEOUT, "test", "carrier", WEFT_ECLOSED, 0, "the carrier is gone"};
  for (size_t i = r->events_len; i-- > 0;)
    if (r->events[i].to->on == c && r->events[i].to->side == &r->side[side]) rig_forget(r, i);
  app_path_carrier_gone(r->side[side].path, c, &why, goodbye, r->now);
  for (size_t i = 0; i < r->ends_len; i++) {
    rig_end *e = &r->ends[i];
    if (e->on != c || e->side != &r->side[side] || e->gone) continue;
    e->gone = true;
    if (e->known) app_path_closed(e->side->path, e, WEFT_ECLOSED, r->now);
  }
}

static inline void rig_cut(rig *r, app_carrier c) {
  r->up[c] = false;
  rig_gone(r, 1, c, false);
  rig_gone(r, 0, c, false);
}

/* Nothing is on the way on it. */
static inline bool rig_quiet(const rig *r, app_carrier c) {
  for (size_t i = 0; i < r->events_len; i++)
    if (r->events[i].to->on == c) return false;
  return true;
}

/* As the dialer closes it, behind what it said: the listener hears a goodbye. */
static inline void rig_leave(rig *r, app_carrier c) {
  r->up[c] = false;
  rig_gone(r, 0, c, false);
  rig_gone(r, 1, c, true);
}

static inline rig *rig_new(uint64_t seed, const app_path_config *dialer, const app_path_config *listener) {
  rig *r = calloc(1, sizeof *r);
  test_rng_init(&r->rng, seed);
  for (int i = 0; i < 2; i++) {
    r->side[i].r = r;
    r->side[i].path = app_path_new(i == 0 ? dialer : listener, &rig_callbacks, &r->side[i]);
    ck_assert_ptr_nonnull(r->side[i].path);
  }
  return r;
}

static inline void rig_free(rig *r) {
  while (r->events_len > 0) rig_forget(r, 0);
  for (int i = 0; i < 2; i++) app_path_free(r->side[i].path);
  free(r);
}

static inline int rig_say(rig *r, int side, const char *text) {
  rig_side *s = &r->side[side];
  int rc = app_path_send(s->path, (const uint8_t *)text, strlen(text), r->now);
  if (rc != WEFT_OK) return rc;
  ck_assert_uint_lt(s->said_len + strlen(text), sizeof s->said);
  memcpy(s->said + s->said_len, text, strlen(text));
  s->said_len += strlen(text);
  return rc;
}

static inline void rig_assert_whole(rig *r, uint64_t seed) {
  for (int i = 0; i < 2; i++) {
    const rig_side *from = &r->side[i], *to = &r->side[1 - i];
    ck_assert_msg(from->said_len == to->got_len && memcmp(from->said, to->got, to->got_len) == 0,
                  "seed %llu: what side %d said (%zu bytes) is not what came (%zu)", (unsigned long long)seed, i,
                  from->said_len, to->got_len);
  }
}

#endif
