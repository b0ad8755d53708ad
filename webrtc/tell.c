/* What the application is told, and in what order. */
#include "webrtc/webrtc_int.h"

void weft_webrtc_raise(weft_webrtc *c, const weft_webrtc_event *ev) {
  if (!c->q.free_pending) c->cb.event(c->user, c, ev, c->now);
}

void weft_webrtc_raise_stream(weft_webrtc *c, const weft_stream_event *sev) {
  weft_webrtc_event ev = {.type = WEFT_WEBRTC_EVENT_STREAM, .stream = sev};
  weft_webrtc_raise(c, &ev);
}

void weft_webrtc_tell_stream(weft_webrtc *c, weft_webrtc_stream *st, unsigned what) {
  if (st->gone) return;
  if (st->events == 0) weft_list_push_back(&c->telling, &st->tell);
  st->events = (uint8_t)(st->events | what);
}

static unsigned lowest(unsigned bits) { return bits & (0u - bits); }

/* ---- of a stream ---- */

static weft_stream_event_type stream_event_type(unsigned what) {
  if (what == WEFT_WEBRTC_STREAM_TELL_OPENED) return WEFT_STREAM_OPENED;
  if (what == WEFT_WEBRTC_STREAM_TELL_WRITABLE) return WEFT_STREAM_WRITABLE;
  if (what == WEFT_WEBRTC_STREAM_TELL_REMOTE_CLOSED) return WEFT_STREAM_REMOTE_CLOSED;
  return what == WEFT_WEBRTC_STREAM_TELL_RESET ? WEFT_STREAM_RESET : WEFT_STREAM_CLOSED;
}

static void tell_one(weft_webrtc *c, weft_webrtc_stream *st) {
  unsigned what = lowest(st->events);
  bool last = what == WEFT_WEBRTC_STREAM_TELL_RESET || what == WEFT_WEBRTC_STREAM_TELL_CLOSED;
  st->events = last ? 0 : (uint8_t)(st->events & ~what);
  if (st->events == 0) weft_list_remove(&st->tell);
  weft_stream_event sev = {.type = stream_event_type(what), .stream = st->id, .inbound = st->inbound};
  if (what == WEFT_WEBRTC_STREAM_TELL_RESET) {
    sev.code = st->halves.reset;
    c->stats.streams_reset++;
  }
  if (last) {
    st->gone = true;
    c->stats.streams--;
    weft_webrtc_stream_settle(c, st); /* before the event: the id may be taken again from inside it */
  }
  weft_webrtc_raise_stream(c, &sev);
}

/* ---- of the connection ---- */

static void tell_step(weft_webrtc *c, weft_webrtc_step step) {
  weft_webrtc_event ev = {.type = WEFT_WEBRTC_EVENT_STEP, .step = step};
  if (step == WEFT_WEBRTC_STEP_ICE) {
    ev.local = &c->local;
    ev.remote = &c->remote;
  }
  if (!c->listener) weft_webrtc_raise(c, &ev); /* the listener's caller meets a connection at READY */
}

static void tell_ready(weft_webrtc *c) {
  weft_webrtc_event ev = {.type = WEFT_WEBRTC_EVENT_READY,
                          .local = &c->local,
                          .remote = &c->remote,
                          .peer_id = c->peer_id_len > 0 ? c->peer_id : NULL,
                          .peer_id_len = c->peer_id_len,
                          .direct_version = c->setup.version,
                          .inbound = c->setup.inbound};
  c->introduced = true;
  if (c->listener) weft_webrtc_listener_ready(c);
  weft_webrtc_raise(c, &ev);
  weft_webrtc_release_early(c);
}

static void tell_path(weft_webrtc *c) {
  weft_webrtc_event ev = {.type = WEFT_WEBRTC_EVENT_PATH, .local = &c->local, .remote = &c->remote};
  if (c->introduced || !c->listener) weft_webrtc_raise(c, &ev);
}

static void tell_closed(weft_webrtc *c) {
  weft_webrtc_event ev = {.type = WEFT_WEBRTC_EVENT_CLOSED, .closed = c->closed};
  if (!c->listener || c->introduced) {
    weft_webrtc_raise(c, &ev);
    return;
  }
  ev.type = WEFT_WEBRTC_EVENT_REFUSED;
  ev.remote = &c->remote;
  if (!c->q.free_pending) c->cb.event(c->user, NULL, &ev, c->now);
  weft_webrtc_free(c);
}

static void tell_bit(weft_webrtc *c, unsigned what) {
  static const weft_webrtc_event_type writable = WEFT_WEBRTC_EVENT_SECURED_WRITABLE;
  c->events = (uint8_t)(c->events & ~what);
  if (what == WEFT_WEBRTC_TELL_ICE)
    tell_step(c, WEFT_WEBRTC_STEP_ICE);
  else if (what == WEFT_WEBRTC_TELL_DTLS)
    tell_step(c, WEFT_WEBRTC_STEP_DTLS);
  else if (what == WEFT_WEBRTC_TELL_SCTP)
    tell_step(c, WEFT_WEBRTC_STEP_SCTP);
  else if (what == WEFT_WEBRTC_TELL_NOISE)
    tell_step(c, WEFT_WEBRTC_STEP_NOISE);
  else if (what == WEFT_WEBRTC_TELL_READY)
    tell_ready(c);
  else if (what == WEFT_WEBRTC_TELL_PATH)
    tell_path(c);
  else if (what == WEFT_WEBRTC_TELL_CLOSED)
    tell_closed(c);
  else
    weft_webrtc_raise(c, &(weft_webrtc_event){.type = writable});
}

/* CLOSED waits for settle(): in the middle of a layer's event nothing may end. */
static bool may_tell(const weft_webrtc *c) {
  unsigned what = lowest(c->events);
  if (what == 0) return false;
  return what != WEFT_WEBRTC_TELL_CLOSED || (c->ended && weft_evq_outermost(&c->q) && weft_list_empty(&c->telling));
}

bool weft_webrtc_has_pending(const weft_webrtc *c) { return c->events != 0 || !weft_list_empty(&c->telling); }

void weft_webrtc_tell_pending(weft_webrtc *c) {
  while (!c->q.free_pending) {
    unsigned what = lowest(c->events);
    if (what != 0 && what <= WEFT_WEBRTC_TELL_PATH)
      tell_bit(c, what);
    else if (!weft_list_empty(&c->telling))
      tell_one(c, WEFT_LIST_ITEM(c->telling.next, weft_webrtc_stream, tell));
    else if (may_tell(c))
      tell_bit(c, what);
    else
      return;
  }
}
