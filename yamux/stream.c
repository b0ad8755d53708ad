#include "yamux/yamux_int.h"

/* ---- a stream's end -------------------------------------------------------------------------------------------- */

void weft_yamux_stream_reset(weft_yamux *y, weft_yamux_stream *s, int code, uint32_t wire_code) {
  bool unheard_of = !s->ours && (s->events & WEFT_YAMUX_TELL_OPENED);
  if (s->events != 0) weft_yamux_untell(s, s->events);
  weft_yamux_remove(y, s);
  if (unheard_of) {
    weft_yamux_stream_free(y, s);
    return;
  }
  s->code = (int8_t)code;
  s->wire_code = wire_code;
  weft_yamux_tell(y, s, WEFT_YAMUX_TELL_RESET);
}

/* js and go send RST on WINDOW_UPDATE; everybody takes that. What the peer never heard of it need not forget. */
void weft_yamux_stream_abort(weft_yamux *y, weft_yamux_stream *s, int code) {
  uint32_t id = s->id;
  bool secret = s->syn_due;
  weft_yamux_stream_reset(y, s, code, 0);
  if (secret) return;
  y->stats.resets_out++;
  weft_yamux_control(y, WEFT_YAMUX_WINDOW_UPDATE, WEFT_YAMUX_RST, id, 0);
}

void weft_yamux_stream_settle(weft_yamux *y, weft_yamux_stream *s) {
  if (!s->fin_sent || !s->remote_fin) return;
  weft_yamux_remove(y, s);
  weft_yamux_tell(y, s, WEFT_YAMUX_TELL_CLOSED);
}

void weft_yamux_stream_remote_fin(weft_yamux *y, weft_yamux_stream *s) {
  if (s->remote_fin) return;
  s->remote_fin = true;
  weft_yamux_window_return(y, s);
  weft_yamux_tell(y, s, WEFT_YAMUX_TELL_REMOTE_CLOSED);
  weft_yamux_stream_settle(y, s);
}

/* ---- what the application calls -------------------------------------------------------------------------------- */

static int state_error(const weft_yamux *y) {
  if (y->state == WEFT_YAMUX_STATE_RUNNING) return WEFT_OK;
  return y->state == WEFT_YAMUX_STATE_NEW ? WEFT_ESTATE : WEFT_ECLOSED;
}

static int find(const weft_yamux *y, uint32_t id, weft_yamux_stream **s) {
  int rc = state_error(y);
  if (rc != WEFT_OK) return rc;
  *s = weft_yamux_find(y, id);
  return *s ? WEFT_OK : WEFT_ENOTFOUND;
}

/* Ids are used once: the last one of 2^31 ends it. rust-libp2p stops opening at 256 unacknowledged streams too. */
static int may_open(const weft_yamux *y) {
  int rc = state_error(y);
  if (rc != WEFT_OK) return rc;
  if (y->go_away_in) return WEFT_ESTATE;
  bool full = y->streams_out >= y->cfg.max_streams_out || y->unacknowledged >= y->cfg.accept_backlog;
  return full || y->next_id == 0 ? WEFT_ELIMIT : WEFT_OK;
}

int weft_yamux_open(weft_yamux *y, uint32_t *stream, weft_time now) {
  int rc = may_open(y);
  if (rc != WEFT_OK) return rc;
  weft_yamux_enter(y, now);
  weft_yamux_stream *s = weft_yamux_add(y, y->next_id, true);
  if (s) {
    *stream = s->id;
    y->next_id = s->id > UINT32_MAX - 2 ? 0 : s->id + 2;
    y->unacknowledged++;
    y->stats.streams_out++;
    s->unacknowledged = s->syn_due = true;
    weft_yamux_control_due(y, s);
    weft_yamux_tell(y, s, WEFT_YAMUX_TELL_OPENED);
  }
  weft_yamux_leave(y);
  return s ? WEFT_OK : WEFT_ENOMEM;
}

/* Behind what is there already, up to the limit. */
static ptrdiff_t queue(weft_yamux *y, weft_yamux_stream *s, const uint8_t *data, size_t len) {
  size_t room = weft_buf_room(&s->out), n = len < room ? len : room;
  if (n > 0 && weft_buf_append(&s->out, data, n) != WEFT_OK) return WEFT_ENOMEM;
  y->buffered += n;
  if (n < len) s->wants_writable = true;
  weft_yamux_schedule(y, s);
  return (ptrdiff_t)n;
}

static ptrdiff_t take(weft_yamux *y, weft_yamux_stream *s, const uint8_t *data, size_t len) {
  size_t done = weft_yamux_direct(y, s, data, len);
  if (y->state != WEFT_YAMUX_STATE_RUNNING) return done > 0 ? (ptrdiff_t)done : WEFT_ECLOSED;
  if (done == len) return (ptrdiff_t)len;
  ptrdiff_t more = queue(y, s, data + done, len - done);
  if (more < 0 && done == 0) return more;
  if (more < 0) weft_yamux_tell(y, s, WEFT_YAMUX_TELL_WRITABLE); /* nothing waits that could say it: try again */
  return (ptrdiff_t)done + (more > 0 ? more : 0);
}

ptrdiff_t weft_yamux_send(weft_yamux *y, uint32_t stream, const uint8_t *data, size_t len, weft_time now) {
  weft_yamux_stream *s = NULL;
  int rc = find(y, stream, &s);
  if (rc != WEFT_OK) return rc;
  if (s->fin_wanted) return WEFT_ECLOSED;
  weft_yamux_enter(y, now);
  ptrdiff_t taken = take(y, s, data, len);
  weft_yamux_leave(y);
  return taken;
}

int weft_yamux_shutdown(weft_yamux *y, uint32_t stream, weft_time now) {
  weft_yamux_stream *s = NULL;
  int rc = find(y, stream, &s);
  if (rc != WEFT_OK || s->fin_wanted) return rc;
  weft_yamux_enter(y, now);
  s->fin_wanted = true;
  s->wants_writable = false;
  weft_yamux_schedule(y, s);
  weft_yamux_leave(y);
  return WEFT_OK;
}

int weft_yamux_reset(weft_yamux *y, uint32_t stream, weft_time now) {
  weft_yamux_stream *s = NULL;
  int rc = find(y, stream, &s);
  if (rc != WEFT_OK) return rc;
  weft_yamux_enter(y, now);
  weft_yamux_stream_abort(y, s, WEFT_ECLOSED);
  weft_yamux_leave(y);
  return WEFT_OK;
}

int weft_yamux_consumed(weft_yamux *y, uint32_t stream, size_t n, weft_time now) {
  weft_yamux_stream *s = NULL;
  int rc = find(y, stream, &s);
  if (rc != WEFT_OK) return rc;
  if (n > s->unconsumed) return WEFT_EINVAL;
  weft_yamux_enter(y, now);
  weft_yamux_consume(y, s, (uint32_t)n);
  weft_yamux_leave(y);
  return WEFT_OK;
}

size_t weft_yamux_room(const weft_yamux *y, uint32_t stream) {
  weft_yamux_stream *s = NULL;
  if (find(y, stream, &s) != WEFT_OK || s->fin_wanted) return 0;
  return weft_buf_room(&s->out);
}
