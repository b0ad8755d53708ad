/* yamux_frame.*, yamux_session.* */
#include <stdlib.h>
#include <string.h>

#include "apps/conform/op.h"
#include "yamux/yamux.h"

enum { HEADER = WEFT_YAMUX_HEADER_LEN, DATA_CAP = 1 << 20, REPEAT_MAX = 1 << 20, TIMES_MAX = 1024 };

static conform_status decode(conform_call *c) {
  size_t len;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  weft_yamux_header h;
  if (!in) return CONFORM_BAD;
  if (len != HEADER) return CONFORM_MALFORMED; /* a session waits for the rest of a shorter one */
  int rc = weft_yamux_header_decode(&h, in);
  if (rc != WEFT_OK) return CONFORM_MALFORMED;
  json_put_u64(c->out, "version", h.version);
  json_put_u64(c->out, "type", h.type);
  json_put_u64(c->out, "flags", h.flags);
  json_put_u64(c->out, "stream_id", h.stream);
  json_put_u64(c->out, "length", h.length);
  return CONFORM_OK;
}

static conform_status encode(conform_call *c) {
  uint16_t type, flags;
  weft_yamux_header h = {0};
  uint8_t out[HEADER];
  if (!conform_u16(c, "type", &type) || !conform_u16(c, "flags", &flags) || !conform_u32(c, "stream_id", &h.stream) ||
      !conform_u32(c, "length", &h.length))
    return CONFORM_BAD;
  h.type = (uint8_t)type;
  h.flags = flags;
  weft_yamux_header_encode(&h, out);
  json_put_hex(c->out, "hex", out, sizeof out);
  return CONFORM_OK;
}

/* ---- sessions ---- */

typedef struct seen_stream {
  struct seen_stream *next;
  uint32_t id;
  uint8_t *data;
  size_t len;
  bool remote_closed, reset;
} seen_stream;

typedef struct seen {
  conform_call *call;
  seen_stream *streams, **last;
  uint8_t wire[65536];
  size_t wire_len;
  bool go_away, closed;
  uint32_t go_away_code;
  weft_closed reason;
} seen;

static seen_stream *stream_of(seen *s, uint32_t id) {
  for (seen_stream *st = s->streams; st; st = st->next)
    if (st->id == id && !st->reset) return st;
  seen_stream *st = conform_memory(s->call, sizeof *st);
  st->id = id;
  st->data = conform_memory(s->call, DATA_CAP);
  *s->last = st;
  s->last = &st->next;
  return st;
}

static ptrdiff_t take(void *user, const uint8_t *data, size_t len, weft_time now) {
  seen *s = user;
  (void)now;
  size_t room = sizeof s->wire - s->wire_len, n = len < room ? len : room;
  memcpy(s->wire + s->wire_len, data, n);
  s->wire_len += n;
  return (ptrdiff_t)len;
}

static void note_stream(seen *s, const weft_stream_event *ev) {
  seen_stream *st = stream_of(s, ev->stream);
  if (ev->type == WEFT_STREAM_DATA && ev->len <= DATA_CAP - st->len) {
    memcpy(st->data + st->len, ev->data, ev->len);
    st->len += ev->len;
  }
  if (ev->type == WEFT_STREAM_REMOTE_CLOSED) st->remote_closed = true;
  if (ev->type == WEFT_STREAM_RESET) st->reset = true;
}

static void note(void *user, const weft_yamux_event *ev, weft_time now) {
  seen *s = user;
  (void)now;
  if (ev->type == WEFT_YAMUX_EVENT_STREAM && !s->closed) note_stream(s, ev->stream);
  if (ev->type == WEFT_YAMUX_EVENT_GO_AWAY) {
    s->go_away = true;
    s->go_away_code = ev->go_away_code;
  }
  if (ev->type == WEFT_YAMUX_EVENT_CLOSED) {
    s->closed = true;
    s->reason = ev->closed;
  }
}

static bool give_repeated(conform_call *c, weft_yamux *y, const json *f) {
  uint8_t *frame = conform_memory(c, HEADER + REPEAT_MAX);
  uint64_t count, times;
  size_t len, one;
  const uint8_t *header = conform_bytes_of(c, json_get(f, "header"), &len),
                *fill = conform_bytes_of(c, json_get(f, "fill"), &one);
  if (!header || len != HEADER || !fill || one != 1 || !json_u64(json_get(f, "count"), &count) || count > REPEAT_MAX ||
      !json_u64(json_get(f, "times"), &times) || times > TIMES_MAX)
    return false;
  memcpy(frame, header, HEADER);
  memset(frame + HEADER, fill[0], count);
  for (uint64_t i = 0; i < times; i++) weft_yamux_input(y, frame, HEADER + count, 0);
  return true;
}

static bool give(conform_call *c, weft_yamux *y, const json *f) {
  size_t len;
  if (f->type == JSON_OBJECT) return give_repeated(c, y, f);
  const uint8_t *bytes = conform_bytes_of(c, f, &len);
  if (bytes) weft_yamux_input(y, bytes, len, 0);
  return bytes != NULL;
}

static void put_seen(json *to, const seen *s) {
  json *streams = json_put_array(to, "streams");
  for (const seen_stream *st = s->streams; st; st = st->next) {
    json *j = json_put_object(streams, NULL);
    json_put_u64(j, "id", st->id);
    json_put_hex(j, "data", st->data, st->len);
    json_put_u64(j, "length", st->len);
    json_put_bool(j, "half_closed_by_peer", st->remote_closed);
    json_put_bool(j, "reset", st->reset);
  }
  json_put_hex(to, "reply", s->wire, s->wire_len);
  if (s->go_away) json_put_u64(to, "goaway", s->go_away_code);
}

/* Nothing is consumed: the window is that of the start. Our first ping is not part of the reply. */
static conform_status receive(conform_call *c) {
  seen *s = conform_memory(c, sizeof *s);
  weft_yamux_config cfg;
  weft_yamux_callbacks cb = {sizeof cb, take, note};
  weft_yamux *y = NULL;
  conform_status status = CONFORM_OK;
  s->call = c;
  s->last = &s->streams;
  weft_yamux_config_default(&cfg);
  cfg.client = conform_is(c, "receiver", "client");
  cfg.auto_consume = false;
  if (weft_yamux_new(&y, &cfg, &cb, s) != WEFT_OK || weft_yamux_start(y, 0) != WEFT_OK) return CONFORM_LIMIT;
  s->wire_len = 0;
  for (const json *f = json_first(json_get(c->in, "frames")); f && status == CONFORM_OK; f = f->next)
    if (!give(c, y, f)) status = s->closed ? CONFORM_STATE : CONFORM_BAD;
  if (json_bool(json_get(c->in, "end"), false)) (void)weft_yamux_input_end(y, 0);
  if (status == CONFORM_OK && s->closed && s->reason.who == WEFT_WHO_PEER)
    status = s->reason.code == WEFT_EUNSUPPORTED ? CONFORM_MALFORMED : conform_code(s->reason.code);
  if (status == CONFORM_OK) put_seen(c->out, s);
  weft_yamux_free(y);
  return status;
}

const conform_entry conform_yamux[] = {
    {"yamux_frame.decode", decode}, {"yamux_frame.encode", encode}, {"yamux_session.receive", receive}, {NULL, NULL}};
