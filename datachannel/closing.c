#include "base/timer.h"
#include "datachannel/datachannel_int.h"

static void set_code(weft_datachannel_channel *ch, int code) {
  if (ch->code == WEFT_OK) ch->code = (int8_t)code;
}

/* Tells CLOSED, or forgets what the application never knew. */
void weft_datachannel_finish(weft_datachannel *dc, weft_datachannel_channel *ch, int code) {
  set_code(ch, code);
  weft_list_remove(&ch->work);
  weft_list_remove(&ch->wait);
  if (ch->announced)
    weft_datachannel_tell(dc, ch, WEFT_DATACHANNEL_TELL_CLOSED);
  else if (ch->state != WEFT_DATACHANNEL_STATE_DEAD)
    weft_datachannel_remove(dc, ch);
}

void weft_datachannel_begin_close(weft_datachannel *dc, weft_datachannel_channel *ch, int code) {
  set_code(ch, code);
  ch->state = WEFT_DATACHANNEL_STATE_CLOSING;
  ch->ack_due = ch->awaiting_ack = false;
  weft_list_remove(&ch->work);
  weft_list_remove(&ch->wait);
  if (ch->out == WEFT_DATACHANNEL_RESET_SENT) {
    ch->reset_again = true;
    return;
  }
  ch->out = WEFT_DATACHANNEL_RESET_WANTED;
  weft_list_push_back(&dc->resets, &ch->work);
}

void weft_datachannel_reset_refused(weft_datachannel *dc, weft_datachannel_channel *ch, int code) {
  ch->state = WEFT_DATACHANNEL_STATE_DEAD;
  ch->out = WEFT_DATACHANNEL_RESET_DONE;
  weft_datachannel_finish(dc, ch, code);
}

static void hold(weft_datachannel *dc, weft_datachannel_channel *ch) {
  ch->held_until = weft_time_add(dc->now, dc->cfg.id_hold);
  weft_list_push_back(&dc->held, &ch->wait);
}

/* Every id is held equally long, so the list is in order of time. */
void weft_datachannel_expire_held(weft_datachannel *dc) {
  while (!weft_list_empty(&dc->held)) {
    weft_datachannel_channel *ch = WEFT_LIST_ITEM(dc->held.next, weft_datachannel_channel, wait);
    if (!weft_time_due(ch->held_until, dc->now)) return;
    weft_datachannel_finish(dc, ch, WEFT_ETIMEDOUT);
  }
}

/* Our reset of ch was carried out. */
static void reset_carried_out(weft_datachannel *dc, weft_datachannel_channel *ch) {
  if (ch->state == WEFT_DATACHANNEL_STATE_OPEN) {
    ch->out = WEFT_DATACHANNEL_RESET_IDLE;
    if (ch->ack_due) weft_list_push_back(&dc->acks, &ch->work);
    if (ch->wants_writable) {
      ch->wants_writable = false;
      weft_list_push_back(&dc->blocked, &ch->wait);
      dc->writable = true;
    }
    return;
  }
  if (ch->reset_again) {
    ch->reset_again = false;
    ch->out = WEFT_DATACHANNEL_RESET_WANTED;
    weft_list_push_back(&dc->resets, &ch->work);
    return;
  }
  ch->out = WEFT_DATACHANNEL_RESET_DONE;
  if (ch->in_reset)
    weft_datachannel_finish(dc, ch, WEFT_OK);
  else
    hold(dc, ch);
}

static void one_done(weft_datachannel *dc, weft_datachannel_channel *ch, int code) {
  if (ch->out != WEFT_DATACHANNEL_RESET_SENT) return;
  if (code == WEFT_OK)
    reset_carried_out(dc, ch);
  else
    weft_datachannel_reset_refused(dc, ch, WEFT_EREFUSED);
}

static void one_in(weft_datachannel *dc, weft_datachannel_channel *ch) {
  if (ch->state == WEFT_DATACHANNEL_STATE_DEAD || ch->in_reset) return;
  ch->in_reset = true;
  if (ch->state == WEFT_DATACHANNEL_STATE_OPEN) {
    weft_datachannel_tell(dc, ch, WEFT_DATACHANNEL_TELL_CLOSING);
    weft_datachannel_begin_close(dc, ch, WEFT_ERESET);
  } else if (ch->out == WEFT_DATACHANNEL_RESET_DONE) {
    weft_datachannel_finish(dc, ch, WEFT_OK);
  }
}

typedef void (*per_channel)(weft_datachannel *dc, weft_datachannel_channel *ch, int code);

static void in_adapter(weft_datachannel *dc, weft_datachannel_channel *ch, int code) {
  (void)code;
  one_in(dc, ch);
}

/* Backwards over the table: a record may leave it on the way. */
static void each(weft_datachannel *dc, const uint16_t *ids, size_t n, per_channel f, int code) {
  if (n == 0) {
    for (size_t i = dc->table_len; i-- > 0;) f(dc, dc->table[i], code);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    weft_datachannel_channel *ch = weft_datachannel_find(dc, ids[i]);
    if (ch) f(dc, ch, code);
  }
}

int weft_datachannel_reset_in(weft_datachannel *dc, const uint16_t *streams, size_t n, weft_time now) {
  if (!dc->up) return WEFT_ESTATE;
  weft_datachannel_enter(dc, now);
  each(dc, streams, n, in_adapter, 0);
  weft_datachannel_leave(dc);
  return WEFT_OK;
}

int weft_datachannel_reset_done(weft_datachannel *dc, const uint16_t *streams, size_t n, int code, weft_time now) {
  if (!dc->up) return WEFT_ESTATE;
  weft_datachannel_enter(dc, now);
  each(dc, streams, n, one_done, code);
  weft_datachannel_leave(dc);
  return WEFT_OK;
}

int weft_datachannel_close_channel(weft_datachannel *dc, uint16_t id, weft_time now) {
  weft_datachannel_channel *ch = weft_datachannel_find(dc, id);
  if (!ch || !ch->announced) return WEFT_ENOTFOUND;
  if (ch->state != WEFT_DATACHANNEL_STATE_OPEN) return WEFT_OK;
  weft_datachannel_enter(dc, now);
  if (dc->up) {
    weft_datachannel_begin_close(dc, ch, WEFT_OK);
  } else {
    ch->state = WEFT_DATACHANNEL_STATE_CLOSING; /* nothing was ever sent on it */
    weft_datachannel_finish(dc, ch, WEFT_OK);
  }
  weft_datachannel_leave(dc);
  return WEFT_OK;
}
