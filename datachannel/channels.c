#include <assert.h>

#include "base/mem.h"
#include "base/timer.h"
#include "datachannel/datachannel_int.h"

void weft_datachannel_config_init(weft_datachannel_config *c, size_t size) {
  weft_datachannel_config d = {
      .size = sizeof d, .reserve_zero = true, .max_channels = 4096, .max_message = 256 * 1024, .id_hold = WEFT_SEC(30)};
  c->size = size;
  weft_sized_copy(c, size, &d);
}

int weft_datachannel_new(weft_datachannel **out, const weft_datachannel_config *cfg,
                         const weft_datachannel_callbacks *cb, void *user) {
  weft_datachannel_config c;
  weft_datachannel_config_default(&c);
  weft_sized_copy(&c, sizeof c, cfg);
  weft_datachannel *dc = weft_mem_new(c.alloc, sizeof *dc);
  if (!dc) return WEFT_ENOMEM;
  dc->cfg = c;
  dc->alloc = *weft_alloc_or_libc(c.alloc);
  dc->cfg.alloc = &dc->alloc;
  weft_sized_copy(&dc->cb, sizeof dc->cb, cb);
  assert(dc->cb.output && dc->cb.reset && dc->cb.event);
  dc->user = user;
  dc->retry_at = WEFT_NEVER;
  dc->stats.size = sizeof dc->stats;
  weft_list_init(&dc->telling);
  weft_list_init(&dc->acks);
  weft_list_init(&dc->resets);
  weft_list_init(&dc->blocked);
  weft_list_init(&dc->held);
  *out = dc;
  return WEFT_OK;
}

void weft_datachannel_free(weft_datachannel *dc) {
  if (!dc) return;
  if (dc->q.depth > 0)
    dc->q.free_pending = true;
  else
    weft_datachannel_destroy(dc);
}

/* Negotiated channels made before that the association turns out not to have. */
static void close_beyond(weft_datachannel *dc) {
  for (size_t i = dc->table_len; i-- > 0 && dc->table[i]->id >= dc->streams;) {
    if (dc->table[i]->state == WEFT_DATACHANNEL_STATE_OPEN) {
      dc->table[i]->state = WEFT_DATACHANNEL_STATE_CLOSING;
      weft_datachannel_finish(dc, dc->table[i], WEFT_ELIMIT);
    }
  }
}

int weft_datachannel_up(weft_datachannel *dc, uint16_t streams_out, uint16_t streams_in, weft_time now) {
  if (dc->up) return WEFT_ESTATE;
  weft_datachannel_enter(dc, now);
  dc->up = true;
  dc->streams = streams_out < streams_in ? streams_out : streams_in;
  close_beyond(dc);
  weft_datachannel_leave(dc);
  return WEFT_OK;
}

static void take_params(weft_datachannel_channel *ch, const weft_datachannel_params *p) {
  ch->reliability = (uint8_t)p->reliability;
  ch->parameter = p->parameter;
  ch->unordered = p->unordered;
}

static int put_open(weft_datachannel *dc, uint16_t id, const weft_datachannel_params *p) {
  uint8_t small[256], *buf = small;
  weft_datachannel_params wire = *p;
  wire.priority = weft_datachannel_wire_priority(p->priority);
  size_t size = weft_datachannel_open_size(p), len = 0;
  if (size > sizeof small && !(buf = weft_mem_new(&dc->alloc, size))) return WEFT_ENOMEM;
  int rc = weft_datachannel_open_encode(&wire, buf, size, &len);
  weft_datachannel_out o = {.stream = id, .ppid = WEFT_DATACHANNEL_PPID_DCEP};
  if (rc == WEFT_OK) rc = weft_datachannel_put(dc, &o, buf, len);
  if (buf != small) weft_mem_free(&dc->alloc, buf, size);
  return rc;
}

static int open_at(weft_datachannel *dc, uint16_t id, const weft_datachannel_params *p) {
  weft_datachannel_channel *ch = weft_datachannel_add(dc, id);
  if (!ch) return WEFT_ENOMEM;
  int rc = put_open(dc, id, p);
  if (rc != WEFT_OK) {
    weft_datachannel_remove(dc, ch);
    dc->refusals += rc == WEFT_EAGAIN;
    if (rc == WEFT_EAGAIN) dc->open_blocked = true;
    return rc;
  }
  take_params(ch, p);
  ch->announced = ch->awaiting_ack = true;
  dc->stats.channels++;
  dc->stats.opened_out++;
  weft_datachannel_tell(dc, ch, WEFT_DATACHANNEL_TELL_OPENED);
  return WEFT_OK;
}

int weft_datachannel_open(weft_datachannel *dc, const weft_datachannel_params *p, uint16_t *id, weft_time now) {
  if (!dc->up) return WEFT_ESTATE;
  int32_t free_id = weft_datachannel_lowest_free(dc);
  if (free_id < 0 || dc->stats.channels >= dc->cfg.max_channels) return WEFT_ELIMIT;
  weft_datachannel_enter(dc, now);
  *id = (uint16_t)free_id;
  int rc = open_at(dc, (uint16_t)free_id, p);
  weft_datachannel_leave(dc);
  return rc;
}

int weft_datachannel_open_negotiated(weft_datachannel *dc, uint16_t id, const weft_datachannel_params *p,
                                     weft_time now) {
  if (id == WEFT_DATACHANNEL_ID_NONE || (dc->up && id >= dc->streams)) return WEFT_EINVAL;
  if ((unsigned)p->reliability > WEFT_DATACHANNEL_TIMED) return WEFT_EINVAL;
  if (weft_datachannel_find(dc, id)) return WEFT_ESTATE;
  if (dc->stats.channels >= dc->cfg.max_channels) return WEFT_ELIMIT;
  weft_datachannel_channel *ch = weft_datachannel_add(dc, id);
  if (!ch) return WEFT_ENOMEM;
  weft_datachannel_enter(dc, now);
  take_params(ch, p);
  ch->announced = ch->negotiated = ch->heard = true;
  dc->stats.channels++;
  dc->stats.opened_out++;
  weft_datachannel_tell(dc, ch, WEFT_DATACHANNEL_TELL_OPENED);
  weft_datachannel_leave(dc);
  return WEFT_OK;
}

static weft_datachannel_out how(const weft_datachannel_channel *ch, bool binary, bool empty) {
  weft_datachannel_out o = {.stream = ch->id, .unordered = ch->unordered && ch->heard};
  o.ppid = binary ? WEFT_DATACHANNEL_PPID_BINARY : WEFT_DATACHANNEL_PPID_STRING;
  if (empty) o.ppid = binary ? WEFT_DATACHANNEL_PPID_BINARY_EMPTY : WEFT_DATACHANNEL_PPID_STRING_EMPTY;
  if (ch->reliability == WEFT_DATACHANNEL_REXMIT) {
    o.limit_retransmits = true;
    o.max_retransmits = (uint16_t)(ch->parameter < UINT16_MAX ? ch->parameter : UINT16_MAX);
  }
  /* 0 would mean no limit to the transport. */
  if (ch->reliability == WEFT_DATACHANNEL_TIMED) o.lifetime = ch->parameter ? WEFT_MS(ch->parameter) : 1;
  return o;
}

static int put_message(weft_datachannel *dc, weft_datachannel_channel *ch, bool binary, const uint8_t *data,
                       size_t len) {
  static const uint8_t zero[1] = {0};
  weft_datachannel_out o = how(ch, binary, len == 0);
  int rc = ch->ack_due ? weft_datachannel_send_ack(dc, ch) : WEFT_OK;
  if (rc == WEFT_OK) rc = len > 0 ? weft_datachannel_put(dc, &o, data, len) : weft_datachannel_put(dc, &o, zero, 1);
  if (rc == WEFT_EAGAIN) weft_datachannel_block(dc, ch);
  if (rc == WEFT_OK) dc->stats.messages_out++;
  return rc;
}

int weft_datachannel_send(weft_datachannel *dc, uint16_t id, bool binary, const uint8_t *data, size_t len,
                          weft_time now) {
  weft_datachannel_channel *ch = weft_datachannel_find(dc, id);
  if (!ch || !ch->announced) return WEFT_ENOTFOUND;
  if (ch->state != WEFT_DATACHANNEL_STATE_OPEN) return WEFT_ECLOSED;
  if (!dc->up) return WEFT_ESTATE;
  if (dc->cfg.peer_max_message > 0 && len > dc->cfg.peer_max_message) return WEFT_ETOOBIG;
  if (ch->out != WEFT_DATACHANNEL_RESET_IDLE) { /* the last reset of this id is not confirmed yet */
    ch->wants_writable = true;
    return WEFT_EAGAIN;
  }
  weft_datachannel_enter(dc, now);
  int rc = put_message(dc, ch, binary, data, len);
  weft_datachannel_leave(dc);
  return rc;
}

int weft_datachannel_writable(weft_datachannel *dc, weft_time now) {
  weft_datachannel_enter(dc, now);
  dc->writable = dc->open_blocked || !weft_list_empty(&dc->blocked);
  weft_datachannel_leave(dc);
  return WEFT_OK;
}

int weft_datachannel_tick(weft_datachannel *dc, weft_time now) {
  weft_datachannel_enter(dc, now);
  weft_datachannel_expire_held(dc);
  weft_datachannel_leave(dc);
  return WEFT_OK;
}

weft_time weft_datachannel_deadline(const weft_datachannel *dc) {
  weft_time held = WEFT_NEVER;
  if (!weft_list_empty(&dc->held)) held = WEFT_LIST_ITEM(dc->held.next, weft_datachannel_channel, wait)->held_until;
  return weft_time_min(held, dc->retry_at);
}

bool weft_datachannel_is_open(const weft_datachannel *dc, uint16_t id) {
  const weft_datachannel_channel *ch = weft_datachannel_find(dc, id);
  return ch && ch->announced && ch->state == WEFT_DATACHANNEL_STATE_OPEN;
}

void weft_datachannel_get_stats(const weft_datachannel *dc, weft_datachannel_stats *s) {
  weft_sized_copy(s, s->size, &dc->stats);
}
