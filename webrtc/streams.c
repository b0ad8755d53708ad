/* What happens to streams: flags and resets only change their halves; what follows from that is done in weft_webrtc_streams_run. */
#include "webrtc/webrtc_int.h"

void weft_webrtc_stream_touch(weft_webrtc *c, weft_webrtc_stream *st) {
  if (weft_list_empty(&st->touch)) weft_list_push_back(&c->touched, &st->touch);
}

void weft_webrtc_stream_settle(weft_webrtc *c, weft_webrtc_stream *st) {
  if (st->gone && st->over && !st->in_use) weft_webrtc_stream_remove(c, st);
}

/* ---- ends ---- */

void weft_webrtc_stream_tell_reset(weft_webrtc *c, weft_webrtc_stream *st) {
  if (st->early) { /* nobody knows of it */
    if (!st->gone) c->stats.streams--;
    st->gone = true;
  }
  st->events = (uint8_t)(st->events & ~WEFT_WEBRTC_STREAM_TELL_WRITABLE);
  if (st->events == 0) weft_list_remove(&st->tell);
  weft_webrtc_tell_stream(c, st, WEFT_WEBRTC_STREAM_TELL_RESET);
  weft_webrtc_stream_credit(c, st);
  weft_webrtc_stream_touch(c, st);
}

void weft_webrtc_stream_fail(weft_webrtc *c, weft_webrtc_stream *st, int code) {
  if (st->over || st->halves.reset != WEFT_OK) return;
  weft_webrtc_halves_reset(&st->halves, code, c->introduced);
  weft_webrtc_stream_tell_reset(c, st);
}

/* The channel's own reset waits until all that was sent is acknowledged: weft_sctp_reset_streams. */
static void close_channel(weft_webrtc *c, weft_webrtc_stream *st) {
  st->over = true;
  weft_list_remove(&st->timed);
  weft_list_remove(&st->blocked);
  (void)weft_datachannel_close_channel(c->dc, st->id, c->now);
}

/* ---- from the channels ---- */

static size_t early_streams(const weft_webrtc *c) {
  size_t n = 0;
  for (size_t i = 0; i < c->table_len; i++) n += c->table[i]->early && !c->table[i]->gone;
  return n;
}

static bool may_open(weft_webrtc *c, uint16_t id) {
  if (c->introduced) return c->stats.streams < c->cfg.max_streams;
  if (early_streams(c) < c->cfg.early_streams) return true;
  weft_webrtc_drop(c, &c->stats.drop_early, "drop_early", (const uint8_t *)&id, 0);
  return false;
}

void weft_webrtc_stream_opened_in(weft_webrtc *c, uint16_t id) {
  weft_webrtc_stream *st = weft_webrtc_stream_at(c, id);
  if (st) weft_webrtc_stream_remove(c, st); /* of the id's last use: its channel is gone */
  st = may_open(c, id) ? weft_webrtc_stream_add(c, id) : NULL;
  if (!st) {
    c->stats.streams_reset++;
    (void)weft_datachannel_close_channel(c->dc, id, c->now);
    return;
  }
  st->inbound = true;
  st->early = !c->introduced;
  c->stats.streams_opened_in++;
  if (!st->early) weft_webrtc_tell_stream(c, st, WEFT_WEBRTC_STREAM_TELL_OPENED);
}

void weft_webrtc_stream_channel_reset(weft_webrtc *c, uint16_t id) {
  weft_webrtc_stream *st = weft_webrtc_stream_at(c, id);
  if (!st || st->over) return;
  if (st->early && !st->gone) {
    st->halves.channel_gone = true; /* what it brought is looked at first: receive.c */
    return;
  }
  if (weft_webrtc_halves_channel_reset(&st->halves)) weft_webrtc_stream_tell_reset(c, st);
  weft_webrtc_stream_touch(c, st);
}

/* Without a CLOSING before: the channels themselves gave it up. */
void weft_webrtc_stream_channel_closed(weft_webrtc *c, uint16_t id, int code) {
  weft_webrtc_stream *st = weft_webrtc_stream_at(c, id);
  if (!st || st->over) return;
  st->halves.channel_gone = true;
  st->halves.owed = 0;
  weft_webrtc_stream_fail(c, st, code == WEFT_OK ? WEFT_ECLOSED : code);
  weft_webrtc_stream_touch(c, st);
  if (weft_evq_outermost(&c->q)) weft_webrtc_tell_pending(c); /* the id's next use may be the next thing to come */
}

void weft_webrtc_stream_writable(weft_webrtc *c, uint16_t id) {
  weft_webrtc_stream *st = weft_webrtc_stream_at(c, id);
  if (!st || st->over) return;
  st->refused = false;
  weft_webrtc_stream_touch(c, st);
}

void weft_webrtc_stream_drained(weft_webrtc *c, uint16_t id) {
  weft_webrtc_stream *st = weft_webrtc_stream_at(c, id);
  if (!st || st->over) return;
  weft_webrtc_halves_drained(&st->halves, c->quirks.no_fin_ack, c->cfg.fin_ack_limit, c->now);
  weft_webrtc_stream_touch(c, st);
}

/* ---- what follows ---- */

static void put_flag(weft_webrtc *c, weft_webrtc_stream *st, int flag) {
  int rc = weft_webrtc_put_frame(c, st->id, flag, NULL, 0);
  if (rc == WEFT_OK) {
    weft_webrtc_halves_sent(&st->halves, flag);
    if (flag == WEFT_WEBRTC_FIN) (void)weft_sctp_notify_drained(c->sctp, st->id, c->now);
  } else if (rc == WEFT_EAGAIN) {
    st->refused = true;
  } else if (rc == WEFT_ENOMEM && st->halves.reset == WEFT_OK) {
    weft_webrtc_stream_fail(c, st, rc); /* nothing would bring it here again */
  } else {
    st->halves.channel_gone = true; /* the channel is on its way out: its own events say how */
    st->halves.owed = 0;
  }
}

static void watch_time(weft_webrtc *c, weft_webrtc_stream *st) {
  bool timed = weft_webrtc_halves_deadline(&st->halves, c->quirks.no_fin_ack) != WEFT_NEVER;
  if (timed && weft_list_empty(&st->timed)) weft_list_push_back(&c->timed, &st->timed);
  if (!timed) weft_list_remove(&st->timed);
}

static void run_one(weft_webrtc *c, weft_webrtc_stream *st) {
  int flag;
  if (st->early && !st->gone) return;
  while (!st->over && !st->refused && (flag = weft_webrtc_halves_next(&st->halves, c->quirks.no_fin_ack, c->now)) >= 0)
    put_flag(c, st, flag);
  if (!st->over && st->halves.reset != WEFT_OK && st->halves.owed == 0) {
    close_channel(c, st);
  } else if (!st->over && weft_webrtc_halves_finished(&st->halves, c->now)) {
    weft_webrtc_tell_stream(c, st, WEFT_WEBRTC_STREAM_TELL_CLOSED);
    close_channel(c, st);
  } else if (!st->over) {
    watch_time(c, st);
  }
  weft_webrtc_stream_settle(c, st);
}

/* WRITABLE once half of the stream's limit is free; also for one that may not write any more, so that its writer finds out. */
static void run_blocked(weft_webrtc *c) {
  weft_list *n = c->blocked.next;
  while (n != &c->blocked) {
    weft_webrtc_stream *st = WEFT_LIST_ITEM(n, weft_webrtc_stream, blocked);
    n = n->next;
    bool writable = weft_webrtc_halves_writable(&st->halves);
    if (writable && (st->refused || weft_sctp_stream_buffered(c->sctp, st->id) > c->cfg.stream_send_limit / 2))
      continue;
    weft_list_remove(&st->blocked);
    weft_webrtc_tell_stream(c, st, WEFT_WEBRTC_STREAM_TELL_WRITABLE);
  }
}

void weft_webrtc_streams_run(weft_webrtc *c) {
  if (!c->sctp || !weft_webrtc_alive(c)) return;
  while (!weft_list_empty(&c->touched) && weft_webrtc_alive(c)) {
    weft_webrtc_stream *st = WEFT_LIST_ITEM(c->touched.next, weft_webrtc_stream, touch);
    weft_list_remove(&st->touch);
    run_one(c, st);
  }
  if (weft_webrtc_alive(c)) run_blocked(c);
}

void weft_webrtc_streams_end(weft_webrtc *c) {
  for (size_t i = c->table_len; i-- > 0;) {
    weft_webrtc_stream *st = c->table[i];
    bool done = st->over; /* its last event is pending or told */
    st->over = true;
    if (!done && !st->gone && st->halves.reset == WEFT_OK) {
      weft_webrtc_halves_reset(&st->halves, WEFT_ECLOSED, false);
      weft_webrtc_stream_tell_reset(c, st);
    }
    weft_list_remove(&st->touch);
    weft_list_remove(&st->timed);
    weft_list_remove(&st->blocked);
    weft_webrtc_stream_settle(c, st);
  }
}

weft_time weft_webrtc_streams_deadline(const weft_webrtc *c) {
  weft_time at = WEFT_NEVER;
  for (const weft_list *n = c->timed.next; n != &c->timed; n = n->next) {
    const weft_webrtc_stream *st = WEFT_LIST_ITEM(n, weft_webrtc_stream, timed);
    if (!st->refused) at = weft_time_min(at, weft_webrtc_halves_deadline(&st->halves, c->quirks.no_fin_ack));
  }
  return at;
}

/* ---- the application's calls ---- */

int weft_webrtc_stream_open(weft_webrtc *c, uint32_t *stream, weft_time now) {
  uint16_t id;
  if (c->ending) return WEFT_ECLOSED;
  if (!c->introduced) return WEFT_ESTATE;
  if (c->stats.streams >= c->cfg.max_streams) return WEFT_ELIMIT;
  weft_webrtc_enter(c, now);
  int rc = weft_datachannel_open(c->dc, &(weft_datachannel_params){0}, &id, c->now);
  if (rc == WEFT_OK) {
    weft_webrtc_stream *st = weft_webrtc_stream_at(c, id);
    if (st) weft_webrtc_stream_remove(c, st);
    if (!weft_webrtc_stream_add(c, id)) {
      (void)weft_datachannel_close_channel(c->dc, id, c->now);
      rc = WEFT_ENOMEM;
    }
  }
  if (rc == WEFT_OK) {
    *stream = id;
    c->stats.streams_opened_out++;
  }
  weft_webrtc_leave(c);
  return rc;
}

static int find(const weft_webrtc *c, uint32_t id, weft_webrtc_stream **st) {
  *st = weft_webrtc_stream_live(c, id);
  if (c->ending) return WEFT_ECLOSED;
  if (*st && (*st)->early) *st = NULL;
  return *st ? WEFT_OK : WEFT_ENOTFOUND;
}

int weft_webrtc_stream_shutdown(weft_webrtc *c, uint32_t stream, weft_time now) {
  weft_webrtc_stream *st;
  int rc = find(c, stream, &st);
  if (rc != WEFT_OK) return rc;
  weft_webrtc_enter(c, now);
  if (weft_webrtc_halves_shutdown(&st->halves))
    weft_webrtc_stream_touch(c, st);
  else
    rc = st->halves.stopped_by_peer ? WEFT_OK : WEFT_ESTATE; /* its FIN is on the way already */
  weft_webrtc_leave(c);
  return rc;
}

int weft_webrtc_stream_reset(weft_webrtc *c, uint32_t stream, weft_time now) {
  weft_webrtc_stream *st;
  int rc = find(c, stream, &st);
  if (rc != WEFT_OK) return rc;
  weft_webrtc_enter(c, now);
  weft_webrtc_stream_fail(c, st, WEFT_ECLOSED);
  weft_webrtc_leave(c);
  return WEFT_OK;
}

int weft_webrtc_stream_stop(weft_webrtc *c, uint32_t stream, weft_time now) {
  weft_webrtc_stream *st;
  int rc = find(c, stream, &st);
  if (rc != WEFT_OK) return rc;
  weft_webrtc_enter(c, now);
  if (weft_webrtc_halves_stop(&st->halves))
    weft_webrtc_stream_touch(c, st);
  else
    rc = WEFT_ESTATE;
  weft_webrtc_leave(c);
  return rc;
}
