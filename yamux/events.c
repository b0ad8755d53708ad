#include "base/timer.h"
#include "yamux/yamux_int.h"

void weft_yamux_enter(weft_yamux *y, weft_time now) {
  y->now = weft_time_max(y->now, now);
  weft_evq_enter(&y->q);
}

static bool settled(const weft_yamux *y) {
  if (y->q.free_pending) return true;
  return weft_list_empty(&y->telling) && !y->tell_rtt && !y->tell_go_away && !y->tell_closed;
}

void weft_yamux_leave(weft_yamux *y) {
  if (weft_evq_outermost(&y->q)) {
    weft_yamux_flush(y);
    while (!settled(y)) {
      weft_yamux_tell_pending(y);
      weft_yamux_flush(y); /* what the application did in its events goes out in one batch */
    }
  }
  if (weft_evq_leave(&y->q)) weft_yamux_destroy(y);
}

void weft_yamux_tell(weft_yamux *y, weft_yamux_stream *s, unsigned what) {
  if (s->events == 0) weft_list_push_back(&y->telling, &s->tell);
  s->events = (uint8_t)(s->events | what);
}

void weft_yamux_untell(weft_yamux_stream *s, unsigned what) {
  s->events = (uint8_t)(s->events & ~what);
  if (s->events == 0) weft_list_remove(&s->tell);
}

static void raise_stream(weft_yamux *y, const weft_stream_event *sev) {
  weft_yamux_event ev = {.type = WEFT_YAMUX_EVENT_STREAM, .stream = sev};
  y->cb.event(y->user, &ev, y->now);
}

static weft_stream_event_type type_of(unsigned what) {
  if (what == WEFT_YAMUX_TELL_OPENED) return WEFT_STREAM_OPENED;
  if (what == WEFT_YAMUX_TELL_REMOTE_CLOSED) return WEFT_STREAM_REMOTE_CLOSED;
  if (what == WEFT_YAMUX_TELL_WRITABLE) return WEFT_STREAM_WRITABLE;
  return what == WEFT_YAMUX_TELL_RESET ? WEFT_STREAM_RESET : WEFT_STREAM_CLOSED;
}

/* What came between when it was due: the stream was shut, or the session is being closed. */
static bool out_of_date(const weft_yamux *y, const weft_yamux_stream *s, unsigned what) {
  return what == WEFT_YAMUX_TELL_WRITABLE && (s->fin_wanted || y->state != WEFT_YAMUX_STATE_RUNNING);
}

/* The memory of a stream goes before its last event, which may free the whole session. */
static void tell_one(weft_yamux *y, weft_yamux_stream *s) {
  unsigned what = s->events & (0u - s->events); /* the lowest bit: the earliest in a stream's life */
  weft_stream_event ev = {.type = type_of(what), .stream = s->id, .inbound = !s->ours};
  if (what == WEFT_YAMUX_TELL_RESET) {
    ev.code = s->code;
    ev.wire_code = s->wire_code;
  }
  weft_yamux_untell(s, what);
  if (out_of_date(y, s, what)) return;
  if (what == WEFT_YAMUX_TELL_RESET || what == WEFT_YAMUX_TELL_CLOSED) weft_yamux_stream_free(y, s);
  raise_stream(y, &ev);
}

static bool next_of_session(weft_yamux *y, weft_yamux_event *ev) {
  if (y->tell_rtt)
    *ev = (weft_yamux_event){.type = WEFT_YAMUX_EVENT_RTT, .rtt = y->rtt};
  else if (y->tell_go_away)
    *ev = (weft_yamux_event){.type = WEFT_YAMUX_EVENT_GO_AWAY, .go_away_code = y->go_away_code};
  else if (y->tell_closed && weft_list_empty(&y->telling))
    *ev = (weft_yamux_event){.type = WEFT_YAMUX_EVENT_CLOSED, .closed = y->closed};
  else
    return false;
  return true;
}

static void clear_flag(weft_yamux *y, weft_yamux_event_type type) {
  if (type == WEFT_YAMUX_EVENT_RTT) y->tell_rtt = false;
  if (type == WEFT_YAMUX_EVENT_GO_AWAY) y->tell_go_away = false;
  if (type == WEFT_YAMUX_EVENT_CLOSED) y->tell_closed = false;
}

void weft_yamux_tell_pending(weft_yamux *y) {
  weft_yamux_event ev;
  while (!y->q.free_pending) {
    if (next_of_session(y, &ev)) {
      clear_flag(y, ev.type);
      y->cb.event(y->user, &ev, y->now);
    } else if (!weft_list_empty(&y->telling)) {
      tell_one(y, WEFT_LIST_ITEM(y->telling.next, weft_yamux_stream, tell));
    } else {
      return;
    }
  }
}

void weft_yamux_deliver(weft_yamux *y, weft_yamux_stream *s, const uint8_t *data, size_t len) {
  weft_stream_event ev = {.type = WEFT_STREAM_DATA, .stream = s->id, .data = data, .len = len};
  raise_stream(y, &ev);
}

void weft_yamux_traced(const weft_yamux *y, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len) {
  if (!y->cfg.trace.fn) return;
  weft_trace t = {.kind = kind, .layer = "yamux", .text = text, .data = data, .len = len, .now = y->now};
  y->cfg.trace.fn(y->cfg.trace.user, &t);
}
