#include "datachannel/datachannel_int.h"

static void drop(const weft_datachannel *dc, uint64_t *counter, const char *name, const uint8_t *data, size_t len) {
  (*counter)++;
  weft_datachannel_traced(dc, WEFT_TRACE_DROP, name, 0, 0, data, len);
}
#define DROP(counter) drop(dc, &dc->stats.counter, #counter, data, len)

bool weft_datachannel_is_ours(const weft_datachannel *dc, uint16_t id) { return ((id & 1) == 0) == dc->cfg.even; }

/* Refuses an OPEN: no ACK, and our side of the stream is reset (RFC 8832 section 6). When very many refusals are
 * already waiting for their resets the OPEN is only dropped, so that a flood of them stays bounded. */
static void refuse(weft_datachannel *dc, uint16_t id) {
  if (dc->table_len >= 2u * dc->cfg.max_channels + 64u) return;
  weft_datachannel_channel *ch = weft_datachannel_add(dc, id);
  if (ch) weft_datachannel_begin_close(dc, ch, WEFT_EPROTO);
}

static void announce(weft_datachannel *dc, weft_datachannel_channel *ch, const weft_datachannel_params *p) {
  ch->state = WEFT_DATACHANNEL_STATE_OPEN;
  ch->reliability = (uint8_t)p->reliability;
  ch->parameter = p->parameter;
  ch->unordered = p->unordered;
  ch->announced = ch->heard = ch->ack_due = true;
  ch->negotiated = ch->wants_writable = false;
  if (ch->out == WEFT_DATACHANNEL_RESET_IDLE) weft_list_push_back(&dc->acks, &ch->work);
  dc->stats.channels++;
  dc->stats.opened_in++;
  weft_datachannel_event ev = {.type = WEFT_DATACHANNEL_EVENT_OPENED, .id = ch->id, .inbound = true, .params = p};
  weft_datachannel_raise(dc, &ev);
}

static int on_open(weft_datachannel *dc, uint16_t id, const uint8_t *data, size_t len);

/* The peer opens an id again as soon as it has both resets; the answer to ours may still be on its way to us. */
static bool reopens(const weft_datachannel *dc, const weft_datachannel_channel *ch) {
  return ch->state == WEFT_DATACHANNEL_STATE_CLOSING && ch->in_reset && !ch->reset_again &&
         ch->out == WEFT_DATACHANNEL_RESET_SENT && !weft_datachannel_is_ours(dc, ch->id);
}

/* The old channel ends, the record stays: it knows that our reset is not confirmed. */
static int reopen(weft_datachannel *dc, weft_datachannel_channel *ch, const weft_datachannel_params *p,
                  const uint8_t *data, size_t len) {
  uint16_t id = ch->id;
  weft_datachannel_retire(dc, ch);
  if (dc->q.free_pending) return WEFT_OK;
  ch = weft_datachannel_find(dc, id);
  if (!ch) return on_open(dc, id, data, len); /* confirmed from inside the event */
  ch->in_reset = false;
  ch->code = WEFT_OK;
  if (dc->stats.channels < dc->cfg.max_channels) {
    announce(dc, ch, p);
  } else {
    DROP(drop_limit);
    weft_datachannel_begin_close(dc, ch, WEFT_EPROTO);
  }
  return WEFT_OK;
}

static int open_known(weft_datachannel *dc, weft_datachannel_channel *ch, const uint8_t *data, size_t len) {
  weft_datachannel_params p;
  if (reopens(dc, ch) && len <= dc->cfg.max_message && weft_datachannel_open_decode(&p, data, len) == WEFT_OK)
    return reopen(dc, ch, &p, data, len);
  if (weft_datachannel_is_ours(dc, ch->id))
    DROP(drop_parity);
  else
    DROP(drop_unexpected);
  /* A negotiated channel stays: it was never DCEP's to open or to refuse. */
  if (ch->state == WEFT_DATACHANNEL_STATE_OPEN && !ch->negotiated) weft_datachannel_begin_close(dc, ch, WEFT_EPROTO);
  return WEFT_OK;
}

static int accept_channel(weft_datachannel *dc, uint16_t id, const weft_datachannel_params *p) {
  weft_datachannel_channel *ch = weft_datachannel_add(dc, id);
  if (!ch) return WEFT_ENOMEM;
  announce(dc, ch, p);
  return WEFT_OK;
}

static int open_new(weft_datachannel *dc, uint16_t id, const uint8_t *data, size_t len) {
  weft_datachannel_params p;
  if (weft_datachannel_is_ours(dc, id))
    DROP(drop_parity);
  else if (len > dc->cfg.max_message)
    DROP(drop_toobig);
  else if (weft_datachannel_open_decode(&p, data, len) != WEFT_OK)
    DROP(drop_malformed);
  else if (dc->stats.channels >= dc->cfg.max_channels)
    DROP(drop_limit);
  else
    return accept_channel(dc, id, &p);
  refuse(dc, id);
  return WEFT_OK;
}

static int on_open(weft_datachannel *dc, uint16_t id, const uint8_t *data, size_t len) {
  weft_datachannel_channel *ch = weft_datachannel_find(dc, id);
  return ch ? open_known(dc, ch, data, len) : open_new(dc, id, data, len);
}

static void on_ack(weft_datachannel *dc, weft_datachannel_channel *ch, const uint8_t *data, size_t len) {
  if (ch && ch->state == WEFT_DATACHANNEL_STATE_CLOSING) {
    DROP(drop_closing); /* it crossed our reset */
    return;
  }
  if (!ch || !ch->awaiting_ack) {
    DROP(drop_unexpected);
    return;
  }
  ch->awaiting_ack = false;
  ch->heard = true;
  weft_datachannel_tell(dc, ch, WEFT_DATACHANNEL_TELL_ACKED);
}

static int on_dcep(weft_datachannel *dc, uint16_t id, const uint8_t *data, size_t len) {
  int type = weft_datachannel_message_type(data, len);
  if (type == WEFT_DATACHANNEL_OPEN) return on_open(dc, id, data, len);
  if (type == WEFT_DATACHANNEL_ACK)
    on_ack(dc, weft_datachannel_find(dc, id), data, len);
  else
    DROP(drop_malformed);
  return WEFT_OK;
}

static void on_message(weft_datachannel *dc, uint16_t id, bool binary, const uint8_t *data, size_t len) {
  weft_datachannel_channel *ch = weft_datachannel_find(dc, id);
  if (!ch || !ch->announced) {
    DROP(drop_unknown_channel);
  } else if (ch->state != WEFT_DATACHANNEL_STATE_OPEN) {
    DROP(drop_closing);
  } else if (len > dc->cfg.max_message) {
    DROP(drop_toobig);
    weft_datachannel_begin_close(dc, ch, WEFT_ELIMIT);
  } else {
    ch->heard = true;
    dc->stats.messages_in++;
    weft_datachannel_event ev = {
        .type = WEFT_DATACHANNEL_EVENT_MESSAGE, .id = id, .binary = binary, .data = data, .len = len};
    weft_datachannel_raise(dc, &ev);
  }
}

static int dispatch(weft_datachannel *dc, uint16_t id, uint32_t ppid, const uint8_t *data, size_t len) {
  switch (ppid) {
  case WEFT_DATACHANNEL_PPID_DCEP: return on_dcep(dc, id, data, len);
  case WEFT_DATACHANNEL_PPID_STRING: on_message(dc, id, false, data, len); break;
  case WEFT_DATACHANNEL_PPID_BINARY: on_message(dc, id, true, data, len); break;
  /* What the one byte holds means nothing: RFC 8831 section 6.6. */
  case WEFT_DATACHANNEL_PPID_STRING_EMPTY: on_message(dc, id, false, data, 0); break;
  case WEFT_DATACHANNEL_PPID_BINARY_EMPTY: on_message(dc, id, true, data, 0); break;
  default: DROP(drop_unknown_ppid); break; /* 52 and 54, the partial messages that RFC 8831 section 6.6 gave up, too */
  }
  return WEFT_OK;
}

int weft_datachannel_input(weft_datachannel *dc, uint16_t stream, uint32_t ppid, const uint8_t *data, size_t len,
                           weft_time now) {
  if (!dc->up) return WEFT_ESTATE;
  weft_datachannel_enter(dc, now);
  weft_datachannel_traced(dc, WEFT_TRACE_IN, NULL, stream, ppid, data, len);
  int rc = WEFT_OK;
  if (stream < dc->streams)
    rc = dispatch(dc, stream, ppid, data, len);
  else
    DROP(drop_unknown_channel); /* we have no such stream to answer on */
  weft_datachannel_leave(dc);
  return rc;
}
