#include <assert.h>

#include "base/mem.h"
#include "base/timer.h"
#include "yamux/yamux_int.h"

/* Beyond a batch: the go-away that is squeezed in at the end, and the frames that go out together. */
enum { TX_LIMIT = WEFT_YAMUX_BATCH + 4 * WEFT_YAMUX_HEADER_LEN };

void weft_yamux_config_init(weft_yamux_config *c, size_t size) {
  weft_yamux_config d = {.size = sizeof d,
                         .window_max = WEFT_YAMUX_WINDOW_MAX,
                         .window_total = 64ull * 1024 * 1024,
                         .frame_max = 16 * 1024, /* rust-yamux sends that; all accept 64 KiB */
                         .max_streams_in = 1000,
                         .max_streams_out = 1000,
                         .accept_backlog = 256, /* go-yamux and rust-yamux */
                         .send_limit = 256 * 1024,
                         .control_limit = 1024,
                         .keepalive = WEFT_SEC(30), /* go-yamux and js */
                         .ping_timeout = WEFT_SEC(10),
                         .auto_consume = true};
  weft_sized_copy(c, size, &d);
}

/* ---- making ---------------------------------------------------------------------------------------------------- */

static bool valid(const weft_yamux_config *c) {
  return c->window_max >= WEFT_YAMUX_WINDOW_INITIAL && c->window_max <= UINT32_MAX / 4 && c->frame_max > 0 &&
         c->send_limit > 0 && c->control_limit > 0 && c->keepalive > 0 && c->ping_timeout > 0;
}

static void init(weft_yamux *y) {
  weft_list_init(&y->streams);
  weft_list_init(&y->telling);
  weft_list_init(&y->control_due);
  weft_list_init(&y->sending);
  weft_buf_init(&y->tx, &y->alloc, TX_LIMIT);
  weft_buf_init(&y->control, &y->alloc, (size_t)y->cfg.control_limit * WEFT_YAMUX_HEADER_LEN);
  y->tx.keep = y->control.keep = SIZE_MAX; /* kept while the session is busy; ping.c gives it back */
  y->next_id = y->cfg.client ? 1 : 2;
  y->flood_left = WEFT_YAMUX_FLOOD_BURST;
  y->rtt = y->ping_at = y->ping_limit_at = y->close_limit_at = WEFT_NEVER;
}

int weft_yamux_new(weft_yamux **out, const weft_yamux_config *cfg, const weft_yamux_callbacks *cb, void *user) {
  weft_yamux_config c;
  weft_yamux_config_default(&c);
  weft_sized_copy(&c, sizeof c, cfg);
  if (!valid(&c)) return WEFT_EINVAL;
  weft_yamux *y = weft_mem_new(c.alloc, sizeof *y);
  if (!y) return WEFT_ENOMEM;
  y->cfg = c;
  y->alloc = *weft_alloc_or_libc(c.alloc);
  weft_sized_copy(&y->cb, sizeof y->cb, cb);
  assert(y->cb.output && y->cb.event);
  y->user = user;
  init(y);
  *out = y;
  return WEFT_OK;
}

void weft_yamux_destroy(weft_yamux *y) {
  weft_alloc alloc = y->alloc;
  weft_yamux_table_free(y);
  weft_buf_free(&y->tx);
  weft_buf_free(&y->control);
  weft_mem_free(&alloc, y, sizeof *y);
}

void weft_yamux_free(weft_yamux *y) {
  if (!y) return;
  if (y->q.depth > 0)
    y->q.free_pending = true;
  else
    weft_yamux_destroy(y);
}

/* ---- states ---------------------------------------------------------------------------------------------------- */

bool weft_yamux_running(const weft_yamux *y) { return y->state == WEFT_YAMUX_STATE_RUNNING && !y->q.free_pending; }

static bool legal(weft_yamux_state from, weft_yamux_state to) {
  switch (from) {
  case WEFT_YAMUX_STATE_NEW: return to == WEFT_YAMUX_STATE_RUNNING || to == WEFT_YAMUX_STATE_CLOSED;
  case WEFT_YAMUX_STATE_RUNNING: return to == WEFT_YAMUX_STATE_CLOSING || to == WEFT_YAMUX_STATE_CLOSED;
  case WEFT_YAMUX_STATE_CLOSING: return to == WEFT_YAMUX_STATE_CLOSED;
  case WEFT_YAMUX_STATE_CLOSED: break;
  }
  return false;
}

void weft_yamux_set_state(weft_yamux *y, weft_yamux_state to) {
  static const char *const names[] = {"NEW", "RUNNING", "CLOSING", "CLOSED"};
  assert(legal(y->state, to));
  y->state = to;
  weft_yamux_traced(y, WEFT_TRACE_STATE, names[to], NULL, 0);
}

static void reset_all(weft_yamux *y) {
  while (!weft_list_empty(&y->streams))
    weft_yamux_stream_reset(y, WEFT_LIST_ITEM(y->streams.next, weft_yamux_stream, all), WEFT_ECLOSED, 0);
}

void weft_yamux_finish(weft_yamux *y) {
  reset_all(y);
  weft_yamux_set_state(y, WEFT_YAMUX_STATE_CLOSED);
  y->tell_closed = true;
}

void weft_yamux_fail(weft_yamux *y, weft_who who, const char *step, int code, const char *text) {
  if (y->state == WEFT_YAMUX_STATE_CLOSED) return;
  y->closed = (weft_closed){.who = who, .layer = "yamux", .step = step, .code = code, .text = text};
  bool say = who == WEFT_WHO_PEER && y->state == WEFT_YAMUX_STATE_RUNNING;
  weft_yamux_finish(y);
  if (say) weft_yamux_last_words(y, WEFT_YAMUX_PROTOCOL_ERROR);
}

/* ---- entry points ---------------------------------------------------------------------------------------------- */

int weft_yamux_start(weft_yamux *y, weft_time now) {
  if (y->state != WEFT_YAMUX_STATE_NEW) return WEFT_ESTATE;
  weft_yamux_enter(y, now);
  weft_yamux_set_state(y, WEFT_YAMUX_STATE_RUNNING);
  y->flood_at = y->heard_at = y->now;
  y->ping_at = weft_time_add(y->now, y->cfg.keepalive);
  weft_yamux_ping_begin(y);
  weft_yamux_leave(y);
  return WEFT_OK;
}

int weft_yamux_tick(weft_yamux *y, weft_time now) {
  weft_yamux_enter(y, now);
  if (y->state == WEFT_YAMUX_STATE_RUNNING) weft_yamux_ping_time(y);
  if (y->state == WEFT_YAMUX_STATE_CLOSING && weft_time_due(y->close_limit_at, y->now))
    weft_yamux_fail(y, WEFT_WHO_TIMEOUT, "close", WEFT_ETIMEDOUT, "the pipe underneath did not take the go-away");
  weft_yamux_leave(y);
  return WEFT_OK;
}

weft_time weft_yamux_deadline(const weft_yamux *y) {
  if (y->state == WEFT_YAMUX_STATE_RUNNING) return weft_time_min(y->ping_at, y->ping_limit_at);
  return y->state == WEFT_YAMUX_STATE_CLOSING ? y->close_limit_at : WEFT_NEVER;
}

static uint32_t wire_code_of(int code) {
  if (code == WEFT_OK) return WEFT_YAMUX_NORMAL;
  return code == WEFT_EPROTO ? WEFT_YAMUX_PROTOCOL_ERROR : WEFT_YAMUX_INTERNAL_ERROR;
}

int weft_yamux_close(weft_yamux *y, int code, weft_time now) {
  if (y->state == WEFT_YAMUX_STATE_CLOSING || y->state == WEFT_YAMUX_STATE_CLOSED) return WEFT_ECLOSED;
  weft_yamux_enter(y, now);
  uint32_t wire_code = wire_code_of(code);
  y->closed = (weft_closed){.who = WEFT_WHO_SELF,
                            .layer = "yamux",
                            .step = "close",
                            .code = code,
                            .wire_code = wire_code,
                            .text = "closed here"};
  if (y->state == WEFT_YAMUX_STATE_NEW) {
    weft_yamux_finish(y);
  } else {
    if (code != WEFT_OK) reset_all(y); /* nothing but the go-away goes out any more */
    y->go_away_out_code = wire_code;
    y->close_limit_at = weft_time_add(y->now, y->cfg.ping_timeout);
    weft_yamux_set_state(y, WEFT_YAMUX_STATE_CLOSING);
  }
  weft_yamux_leave(y);
  return WEFT_OK;
}

void weft_yamux_get_stats(const weft_yamux *y, weft_yamux_stats *s) {
  weft_yamux_stats now = y->stats;
  now.size = sizeof now;
  now.streams = y->streams_len;
  now.unconsumed = (uint32_t)(y->unconsumed < UINT32_MAX ? y->unconsumed : UINT32_MAX);
  uint64_t held = y->buffered + weft_buf_len(&y->tx) + weft_buf_len(&y->control);
  now.buffered = (uint32_t)(held < UINT32_MAX ? held : UINT32_MAX);
  now.rtt = y->rtt;
  weft_sized_copy(s, s->size, &now);
}
