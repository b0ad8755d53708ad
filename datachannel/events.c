#include "base/mem.h"
#include "base/timer.h"
#include "datachannel/datachannel_int.h"

void weft_datachannel_enter(weft_datachannel *dc, weft_time now) {
  dc->now = weft_time_max(dc->now, now);
  weft_evq_enter(&dc->q);
}

static bool settled(const weft_datachannel *dc) {
  return (weft_list_empty(&dc->telling) && !dc->writable) || dc->q.free_pending;
}

void weft_datachannel_leave(weft_datachannel *dc) {
  if (weft_evq_outermost(&dc->q)) {
    weft_datachannel_flush(dc);
    while (!settled(dc)) {
      weft_datachannel_tell_pending(dc);
      weft_datachannel_flush(dc); /* what the application did in its events goes out in one batch */
    }
  }
  if (weft_evq_leave(&dc->q)) weft_datachannel_destroy(dc);
}

void weft_datachannel_raise(weft_datachannel *dc, const weft_datachannel_event *ev) {
  if (!dc->q.free_pending) dc->cb.event(dc->user, ev, dc->now);
}

void weft_datachannel_tell(weft_datachannel *dc, weft_datachannel_channel *ch, unsigned what) {
  if (ch->events == 0) weft_list_push_back(&dc->telling, &ch->tell);
  ch->events = (uint8_t)(ch->events | what);
}

static weft_datachannel_event_type event_type(unsigned what) {
  if (what == WEFT_DATACHANNEL_TELL_OPENED) return WEFT_DATACHANNEL_EVENT_OPENED;
  if (what == WEFT_DATACHANNEL_TELL_ACKED) return WEFT_DATACHANNEL_EVENT_ACKED;
  if (what == WEFT_DATACHANNEL_TELL_CLOSING) return WEFT_DATACHANNEL_EVENT_CLOSING;
  return WEFT_DATACHANNEL_EVENT_CLOSED;
}

static void count_closed(weft_datachannel *dc, weft_datachannel_channel *ch) {
  ch->announced = false;
  dc->stats.channels--;
  dc->stats.closed++;
}

/* The record of a closed channel leaves before the event, so that the id may be opened again from inside it. */
static void tell_one(weft_datachannel *dc, weft_datachannel_channel *ch) {
  unsigned what = ch->events & (0u - ch->events); /* the lowest bit: the earliest in a channel's life */
  ch->events = (uint8_t)(ch->events & ~what);
  if (ch->events == 0) weft_list_remove(&ch->tell);
  weft_datachannel_event ev = {.type = event_type(what), .id = ch->id};
  if (what == WEFT_DATACHANNEL_TELL_CLOSED) {
    ev.code = ch->code;
    count_closed(dc, ch);
    if (ch->state != WEFT_DATACHANNEL_STATE_DEAD) weft_datachannel_remove(dc, ch);
  }
  weft_datachannel_raise(dc, &ev);
}

void weft_datachannel_retire(weft_datachannel *dc, weft_datachannel_channel *ch) {
  if (ch->events != 0) weft_list_remove(&ch->tell);
  ch->events = 0;
  if (!ch->announced) return;
  weft_datachannel_event ev = {.type = WEFT_DATACHANNEL_EVENT_CLOSED, .id = ch->id, .code = ch->code};
  count_closed(dc, ch);
  weft_datachannel_raise(dc, &ev);
}

/* Those refused again go to the end, and the round stops there: everyone gets a turn. */
static void tell_writable(weft_datachannel *dc) {
  uint32_t before = dc->refusals;
  dc->writable = false;
  weft_datachannel_event ev = {.type = WEFT_DATACHANNEL_EVENT_WRITABLE};
  while (!weft_list_empty(&dc->blocked) && dc->refusals == before && !dc->q.free_pending) {
    weft_datachannel_channel *ch = WEFT_LIST_ITEM(dc->blocked.next, weft_datachannel_channel, wait);
    weft_list_remove(&ch->wait);
    ev.id = ch->id;
    weft_datachannel_raise(dc, &ev);
  }
  if (!dc->open_blocked || dc->refusals != before) return;
  dc->open_blocked = false;
  ev.id = WEFT_DATACHANNEL_ID_NONE;
  weft_datachannel_raise(dc, &ev);
}

void weft_datachannel_tell_pending(weft_datachannel *dc) {
  while (!weft_list_empty(&dc->telling) && !dc->q.free_pending)
    tell_one(dc, WEFT_LIST_ITEM(dc->telling.next, weft_datachannel_channel, tell));
  if (dc->writable && !dc->q.free_pending) tell_writable(dc);
}

void weft_datachannel_traced(const weft_datachannel *dc, weft_trace_kind kind, const char *text, uint16_t stream,
                             uint32_t ppid, const uint8_t *data, size_t len) {
  if (!dc->cfg.trace.fn) return;
  weft_trace t = {.kind = kind, .layer = "datachannel", .text = text, .data = data, .len = len, .now = dc->now};
  t.stream = stream;
  t.ppid = ppid;
  dc->cfg.trace.fn(dc->cfg.trace.user, &t);
}

void weft_datachannel_destroy(weft_datachannel *dc) {
  weft_alloc alloc = dc->alloc;
  weft_datachannel_table_free(dc);
  weft_mem_free(&alloc, dc, sizeof *dc);
}
