/* Channel messages to frames to stream events. What is kept of them - incomplete frames, and what the application is not done with -
 * counts against the association's window until it is given back here. */
#include "webrtc/webrtc_int.h"

/* ---- the window ---- */

static size_t kept(const weft_webrtc_stream *st) {
  if (st->halves.reset != WEFT_OK) return 0;
  return st->unconsumed + weft_webrtc_deframer_held(&st->rx) + weft_buf_len(&st->held_early);
}

static void watch_stall(weft_webrtc *c, weft_webrtc_stream *st) {
  bool over_half = st->held > c->cfg.recv_window / 2;
  if (c->stalled == st && !over_half) c->stalled = NULL;
  if (c->stalled || !over_half) return; /* two cannot hold over half */
  c->stalled = st;
  c->stalled_at = c->now;
}

void weft_webrtc_stream_credit(weft_webrtc *c, weft_webrtc_stream *st) {
  size_t want = kept(st);
  if (st->held > want) {
    size_t n = st->held - want;
    st->held = want;
    weft_webrtc_consume(c, st->id, n);
  }
  watch_stall(c, st);
}

weft_time weft_webrtc_stall_deadline(const weft_webrtc *c) {
  return c->stalled ? weft_time_add(c->stalled_at, c->cfg.stall_limit) : WEFT_NEVER;
}

static bool others_wait(const weft_webrtc *c) {
  for (size_t i = 0; i < c->table_len; i++)
    if (c->table[i] != c->stalled && weft_webrtc_halves_readable(&c->table[i]->halves) && !c->table[i]->gone)
      return true;
  return false;
}

void weft_webrtc_stall_run(weft_webrtc *c) {
  if (!weft_webrtc_alive(c) || !weft_time_due(weft_webrtc_stall_deadline(c), c->now)) return;
  c->stalled_at = c->now;
  if (others_wait(c)) weft_webrtc_stream_fail(c, c->stalled, WEFT_ELIMIT);
}

int weft_webrtc_stream_consumed(weft_webrtc *c, uint32_t stream, size_t n, weft_time now) {
  weft_webrtc_stream *st = weft_webrtc_stream_live(c, stream);
  if (c->ending) return WEFT_ECLOSED;
  if (!st) return WEFT_ENOTFOUND;
  if (c->cfg.auto_consume) return WEFT_OK; /* was done when the callback returned */
  if (n > st->unconsumed) return WEFT_EINVAL;
  weft_webrtc_enter(c, now);
  st->unconsumed -= n;
  weft_webrtc_stream_credit(c, st);
  weft_webrtc_leave(c);
  return WEFT_OK;
}

/* ---- frames ---- */

static bool reading(const weft_webrtc *c, const weft_webrtc_stream *st) {
  return weft_webrtc_alive(c) && !st->over && !st->gone && st->halves.reset == WEFT_OK;
}

static void deliver(weft_webrtc *c, weft_webrtc_stream *st, const uint8_t *data, size_t len) {
  weft_webrtc_tell_pending(c); /* OPENED before the first byte, and everything else in its order */
  if (!reading(c, st) || !weft_webrtc_halves_readable(&st->halves)) return;
  weft_stream_event sev = {
      .type = WEFT_STREAM_DATA, .stream = st->id, .inbound = st->inbound, .data = data, .len = len};
  c->stats.stream_bytes_in += len;
  if (!c->cfg.auto_consume) st->unconsumed += len;
  weft_webrtc_raise_stream(c, &sev);
}

static void broken(weft_webrtc *c, weft_webrtc_stream *st, int code, const uint8_t *data, size_t len) {
  weft_webrtc_drop(c, &c->stats.drop_frame, "drop_frame", data, len);
  weft_webrtc_stream_fail(c, st, code == WEFT_ENOMEM ? WEFT_ENOMEM : WEFT_EPROTO);
}

static void take_flag(weft_webrtc *c, weft_webrtc_stream *st, int flag) {
  bool was_open = weft_webrtc_halves_readable(&st->halves);
  if (weft_webrtc_halves_flag(&st->halves, flag, c->now)) {
    if (st->halves.reset != WEFT_OK)
      weft_webrtc_stream_tell_reset(c, st);
    else if (was_open)
      weft_webrtc_tell_stream(c, st, WEFT_WEBRTC_STREAM_TELL_REMOTE_CLOSED);
  }
  weft_webrtc_stream_touch(c, st);
}

/* Data first, then the flag: js-libp2p and go-libp2p may put both into one frame. After FIN there is nothing left to read. */
static void take_frame(weft_webrtc *c, weft_webrtc_stream *st, const uint8_t *body, size_t len) {
  weft_webrtc_frame f;
  if (weft_webrtc_frame_decode(&f, body, len) != WEFT_OK) {
    broken(c, st, WEFT_EMALFORMED, body, len);
    return;
  }
  weft_webrtc_trace_frame(c, WEFT_TRACE_IN, st->id, &f);
  if (f.len > 0 && f.flag != WEFT_WEBRTC_RESET) {
    if (st->halves.read == WEFT_WEBRTC_READ_ENDED)
      weft_webrtc_drop(c, &c->stats.drop_frame, "drop_frame", body, len);
    else
      deliver(c, st, f.message, f.len);
  }
  if (f.flag >= 0 && reading(c, st)) take_flag(c, st, f.flag);
}

/* Incomplete frames of all streams together hold at most half of the window. */
static bool hoards(const weft_webrtc *c) { return c->partial > c->cfg.recv_window / 2; }

static void take_bytes(weft_webrtc *c, weft_webrtc_stream *st, const uint8_t *data, size_t len) {
  const uint8_t *body;
  size_t body_len, before = weft_webrtc_deframer_held(&st->rx);
  int rc = 0;
  st->in_use = true;
  while (reading(c, st) && (rc = weft_webrtc_deframer_next(&st->rx, &data, &len, &body, &body_len)) > 0)
    take_frame(c, st, body, body_len);
  if (rc < 0 && reading(c, st)) broken(c, st, rc, data, len);
  c->partial += weft_webrtc_deframer_held(&st->rx) - before;
  if (hoards(c) && reading(c, st)) weft_webrtc_stream_fail(c, st, WEFT_ELIMIT);
  st->in_use = false;
}

static void keep_early(weft_webrtc *c, weft_webrtc_stream *st, const uint8_t *data, size_t len) {
  if (weft_buf_append(&st->held_early, data, len) == WEFT_OK) return;
  weft_webrtc_drop(c, &c->stats.drop_early, "drop_early", data, len);
  weft_webrtc_stream_fail(c, st, WEFT_ELIMIT);
}

void weft_webrtc_stream_bytes(weft_webrtc *c, weft_webrtc_stream *st, const uint8_t *data, size_t len) {
  if (!reading(c, st)) return;
  c->message_taken = len;
  st->held += len;
  if (st->early)
    keep_early(c, st, data, len);
  else
    take_bytes(c, st, data, len);
  weft_webrtc_stream_credit(c, st);
  weft_webrtc_stream_settle(c, st);
}

/* ---- what came before READY ---- */

static void release_one(weft_webrtc *c, weft_webrtc_stream *st) {
  weft_buf early = st->held_early;
  bool channel_gone = st->halves.channel_gone;
  weft_buf_init(&st->held_early, &c->alloc, c->cfg.early_bytes);
  st->early = st->halves.channel_gone = false;
  weft_webrtc_tell_stream(c, st, WEFT_WEBRTC_STREAM_TELL_OPENED);
  st->in_use = true;
  if (weft_buf_len(&early) > 0) take_bytes(c, st, weft_buf_data(&early), weft_buf_len(&early));
  weft_buf_free(&early);
  if (channel_gone && reading(c, st)) weft_webrtc_stream_channel_reset(c, st->id);
  weft_webrtc_stream_credit(c, st);
  weft_webrtc_stream_settle(c, st);
}

/* The application may open, reset and forget streams from inside the events: look again each time. */
void weft_webrtc_release_early(weft_webrtc *c) {
  for (size_t i = 0; i < c->table_len && weft_webrtc_alive(c);) {
    weft_webrtc_stream *st = c->table[i];
    if (!st->early || st->gone) {
      i++;
      continue;
    }
    release_one(c, st);
    i = 0;
  }
}
