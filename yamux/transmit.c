#include <string.h>

#include "yamux/yamux_int.h"

enum { HEADER = WEFT_YAMUX_HEADER_LEN };

/* ---- one frame into tx ----------------------------------------------------------------------------------------- */

static bool put(weft_yamux *y, const weft_yamux_header *h, const uint8_t *body, size_t len) {
  uint8_t *at = weft_buf_reserve(&y->tx, HEADER + len);
  if (!at) {
    weft_yamux_fail(y, WEFT_WHO_SELF, "memory", WEFT_ENOMEM, "no memory for an outgoing frame");
    return false;
  }
  weft_yamux_header_encode(h, at);
  if (len > 0) memcpy(at + HEADER, body, len);
  weft_buf_commit(&y->tx, HEADER + len);
  y->stats.frames_out++;
  weft_yamux_traced(y, WEFT_TRACE_OUT, NULL, at, HEADER + len);
  return true;
}

static bool put_bare(weft_yamux *y, uint8_t type, unsigned flags, uint32_t stream, uint32_t length) {
  weft_yamux_header h = {.type = type, .flags = (uint16_t)flags, .stream = stream, .length = length};
  return put(y, &h, NULL, 0);
}

static size_t batch_room(const weft_yamux *y) {
  size_t held = weft_buf_len(&y->tx);
  return held < WEFT_YAMUX_BATCH ? WEFT_YAMUX_BATCH - held : 0;
}

/* How many of `len` bytes the next DATA frame of s takes; 0: wait for credit or the next batch. */
static size_t portion(const weft_yamux *y, const weft_yamux_stream *s, size_t len) {
  size_t want = len < s->send_credit ? len : s->send_credit;
  if (want > y->cfg.frame_max) want = y->cfg.frame_max;
  size_t room = batch_room(y);
  room = room > HEADER ? room - HEADER : 0;
  if (want <= room) return want;
  return room < WEFT_YAMUX_CRUMB ? 0 : room;
}

static bool put_data(weft_yamux *y, weft_yamux_stream *s, const uint8_t *data, size_t len) {
  weft_yamux_header h = {.type = WEFT_YAMUX_DATA, .stream = s->id, .length = (uint32_t)len};
  if (!put(y, &h, data, len)) return false;
  s->send_credit -= (uint32_t)len;
  y->stats.bytes_out += len;
  return true;
}

/* ---- what a stream has to say ---------------------------------------------------------------------------------- */

void weft_yamux_control_due(weft_yamux *y, weft_yamux_stream *s) {
  if (weft_list_empty(&s->control)) weft_list_push_back(&y->control_due, &s->control);
}

/* SYN goes on a WINDOW_UPDATE of its own, as go and js send it; ACK on a zero one at once (rust-libp2p opens no more
 * than 256 streams that are not acknowledged); credit on another, since py-libp2p looks at nothing else beside an
 * ACK. */
static bool put_stream_control(weft_yamux *y, weft_yamux_stream *s) {
  weft_list_remove(&s->control);
  if (s->syn_due && !put_bare(y, WEFT_YAMUX_WINDOW_UPDATE, WEFT_YAMUX_SYN, s->id, 0)) return false;
  if (s->ack_due && !put_bare(y, WEFT_YAMUX_WINDOW_UPDATE, WEFT_YAMUX_ACK, s->id, 0)) return false;
  s->syn_due = s->ack_due = false;
  if (s->credit_due > 0 && !put_bare(y, WEFT_YAMUX_WINDOW_UPDATE, 0, s->id, s->credit_due)) return false;
  s->credit_due = 0;
  return true;
}

static bool has_turn(const weft_yamux_stream *s) {
  if (weft_buf_len(&s->out) > 0) return s->send_credit > 0;
  return s->fin_wanted && !s->fin_sent;
}

void weft_yamux_schedule(weft_yamux *y, weft_yamux_stream *s) {
  if (has_turn(s) && weft_list_empty(&s->data)) weft_list_push_back(&y->sending, &s->data);
}

static bool put_fin(weft_yamux *y, weft_yamux_stream *s) {
  weft_list_remove(&s->data);
  if (!put_bare(y, WEFT_YAMUX_WINDOW_UPDATE, WEFT_YAMUX_FIN, s->id, 0)) return false;
  s->fin_sent = true;
  weft_yamux_stream_settle(y, s);
  return true;
}

/* One frame of s, which then goes to the end of the line. */
static bool put_turn(weft_yamux *y, weft_yamux_stream *s) {
  size_t len = weft_buf_len(&s->out);
  if (len == 0) return put_fin(y, s);
  size_t n = portion(y, s, len);
  if (n == 0) return false;
  if (!put_data(y, s, weft_buf_data(&s->out), n)) return false;
  weft_buf_consume(&s->out, n);
  y->buffered -= n;
  weft_list_remove(&s->data);
  weft_yamux_schedule(y, s);
  if (s->wants_writable && weft_buf_len(&s->out) <= y->cfg.send_limit / 2) {
    s->wants_writable = false;
    weft_yamux_tell(y, s, WEFT_YAMUX_TELL_WRITABLE);
  }
  return true;
}

/* ---- a batch --------------------------------------------------------------------------------------------------- */

static bool put_control(weft_yamux *y) {
  weft_yamux_header h;
  weft_yamux_header_decode(&h, weft_buf_data(&y->control));
  weft_buf_consume(&y->control, HEADER);
  return put(y, &h, NULL, 0);
}

static bool put_go_away(weft_yamux *y) {
  if (y->state != WEFT_YAMUX_STATE_CLOSING || y->go_away_out) return false;
  y->go_away_out = true;
  return put_bare(y, WEFT_YAMUX_GO_AWAY, 0, 0, y->go_away_out_code);
}

/* Answers first, then what opens streams and gives credit, then data, each stream in its turn. */
static bool put_next(weft_yamux *y) {
  if (batch_room(y) < 3 * HEADER) return false;
  if (weft_buf_len(&y->control) > 0) return put_control(y);
  if (!weft_list_empty(&y->control_due))
    return put_stream_control(y, WEFT_LIST_ITEM(y->control_due.next, weft_yamux_stream, control));
  if (!weft_list_empty(&y->sending)) return put_turn(y, WEFT_LIST_ITEM(y->sending.next, weft_yamux_stream, data));
  return put_go_away(y);
}

/* true: output took all of tx. */
static bool offer(weft_yamux *y) {
  if (weft_buf_len(&y->tx) == 0) return true;
  ptrdiff_t took = y->cb.output(y->user, weft_buf_data(&y->tx), weft_buf_len(&y->tx), y->now);
  if (took < 0) {
    weft_yamux_fail(y, WEFT_WHO_SELF, "output", (int)took, "the pipe underneath takes no more bytes");
    return false;
  }
  weft_buf_consume(&y->tx, (size_t)took);
  return weft_buf_len(&y->tx) == 0;
}

static bool open_for_output(const weft_yamux *y) {
  return (y->state == WEFT_YAMUX_STATE_RUNNING || y->state == WEFT_YAMUX_STATE_CLOSING) && !y->q.free_pending;
}

void weft_yamux_flush(weft_yamux *y) {
  while (open_for_output(y)) {
    while (put_next(y)) continue;
    if (!open_for_output(y) || weft_buf_len(&y->tx) == 0 || !offer(y)) break;
  }
  if (y->state == WEFT_YAMUX_STATE_CLOSING && y->go_away_out && weft_buf_len(&y->tx) == 0) weft_yamux_finish(y);
}

/* ---- out of line ----------------------------------------------------------------------------------------------- */

/* true: whoever was in line has said what there was to say, and s may speak. */
static bool first_in_line(weft_yamux *y, const weft_yamux_stream *s) {
  while (put_next(y)) continue;
  return open_for_output(y) && weft_list_empty(&y->sending) && weft_list_empty(&s->control);
}

size_t weft_yamux_direct(weft_yamux *y, weft_yamux_stream *s, const uint8_t *data, size_t len) {
  size_t done = 0;
  while (done < len && s->send_credit > 0) {
    size_t n = first_in_line(y, s) ? portion(y, s, len - done) : 0;
    if (n == 0) {
      if (!open_for_output(y) || weft_buf_len(&y->tx) == 0 || !offer(y)) break;
      continue;
    }
    if (!put_data(y, s, data + done, n)) break;
    done += n;
  }
  return done;
}

void weft_yamux_control(weft_yamux *y, uint8_t type, uint16_t flags, uint32_t stream, uint32_t length) {
  weft_yamux_header h = {.type = type, .flags = flags, .stream = stream, .length = length};
  if (weft_buf_room(&y->control) < HEADER) weft_yamux_flush(y);
  if (y->state != WEFT_YAMUX_STATE_RUNNING) return;
  if (weft_buf_room(&y->control) < HEADER) {
    weft_yamux_fail(y, WEFT_WHO_PEER, "control", WEFT_ELIMIT, "the peer asks for answers and does not read them");
    return;
  }
  uint8_t *at = weft_buf_reserve(&y->control, HEADER);
  if (!at) {
    weft_yamux_fail(y, WEFT_WHO_SELF, "memory", WEFT_ENOMEM, "no memory for an outgoing frame");
    return;
  }
  weft_yamux_header_encode(&h, at);
  weft_buf_commit(&y->control, HEADER);
}

void weft_yamux_last_words(weft_yamux *y, uint32_t code) {
  weft_yamux_header h = {.type = WEFT_YAMUX_GO_AWAY, .length = code};
  uint8_t *at = y->go_away_out ? NULL : weft_buf_reserve(&y->tx, HEADER);
  if (!at) return;
  weft_yamux_header_encode(&h, at);
  weft_buf_commit(&y->tx, HEADER);
  y->go_away_out = true;
  y->stats.frames_out++;
  weft_yamux_traced(y, WEFT_TRACE_OUT, NULL, at, HEADER);
  (void)y->cb.output(y->user, weft_buf_data(&y->tx), weft_buf_len(&y->tx), y->now);
}
