/* Yamux's units: whole frames, and the octets of each stream in them. */
#include <string.h>

#include <weft/yamux/yamux.h>

#include "apps/record_session.h"
#include "base/bytes.h"

enum { HEADER = WEFT_YAMUX_HEADER_LEN, HELD_MAX = 64 << 20 };

void record_yamux_init(record_session *s) {
  weft_buf_init(&s->yamux.frame, NULL, HELD_MAX);
  weft_buf_init(&s->yamux.waiting, NULL, HELD_MAX);
}

/* ---- lines ---- */

static void put_frame(record_session *s, bool from_us, const uint8_t *frame, size_t len, weft_time at) {
  weft_yamux_header h;
  weft_trace t = {.data = frame, .len = len, .now = at};
  record_session_unit(s, RECORD_YAMUX, from_us, &t);
  if (weft_yamux_header_decode(&h, frame) != WEFT_OK || h.type > WEFT_YAMUX_WINDOW_UPDATE) return;
  t.data = frame + HEADER;
  t.len = len - HEADER;
  t.stream = h.stream;
  t.text = h.flags & WEFT_YAMUX_RST ? "RESET" : h.flags & WEFT_YAMUX_FIN ? "FIN" : NULL;
  if (t.len > 0 || t.text) record_session_unit(s, RECORD_YAMUX_STREAMS, from_us, &t);
}

static void write_waiting(record_session *s) {
  weft_buf *b = &s->yamux.waiting;
  weft_time at;
  uint32_t len;
  while (weft_buf_len(b) > 0) {
    memcpy(&at, weft_buf_data(b), sizeof at);
    memcpy(&len, weft_buf_data(b) + sizeof at, sizeof len);
    weft_buf_consume(b, sizeof at + sizeof len);
    put_frame(s, true, weft_buf_data(b), len, at);
    weft_buf_consume(b, len);
  }
}

/* ---- what is traced ---- */

static void on_out(record_session *s, const weft_trace *t) {
  weft_buf *b = &s->yamux.waiting;
  uint32_t len = (uint32_t)t->len;
  if (s->yamux.want == 0)
    put_frame(s, true, t->data, t->len, t->now);
  else if (weft_buf_append(b, &t->now, sizeof t->now) != WEFT_OK || weft_buf_append(b, &len, sizeof len) != WEFT_OK ||
           weft_buf_append(b, t->data, len) != WEFT_OK)
    s->failed = true;
}

static void settle(record_session *s) {
  weft_buf *b = &s->yamux.frame;
  if (weft_buf_len(b) < s->yamux.want) return;
  put_frame(s, false, weft_buf_data(b), weft_buf_len(b), s->yamux.at);
  weft_buf_consume(b, weft_buf_len(b));
  s->yamux.want = 0;
  write_waiting(s);
}

static void on_header(record_session *s, const weft_trace *t) {
  weft_yamux_header h;
  bool body = weft_yamux_header_decode(&h, t->data) == WEFT_OK && h.type == WEFT_YAMUX_DATA;
  s->yamux.want = HEADER + (body ? (size_t)h.length : 0);
  s->yamux.at = t->now;
}

void record_yamux_trace(record_session *s, const weft_trace *t) {
  if (t->kind == WEFT_TRACE_OUT) {
    on_out(s, t);
    return;
  }
  if (!t->text) on_header(s, t);
  if (weft_buf_append(&s->yamux.frame, t->data, t->len) != WEFT_OK) s->failed = true;
  settle(s);
}

void record_yamux_end(record_session *s) {
  weft_buf *b = &s->yamux.frame;
  if (weft_buf_len(b) > 0) {
    put_frame(s, false, weft_buf_data(b), weft_buf_len(b), s->yamux.at);
    write_waiting(s);
  }
  weft_buf_free(b);
  weft_buf_free(&s->yamux.waiting);
}
