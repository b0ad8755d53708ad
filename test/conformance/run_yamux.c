#include <stdio.h>
#include <string.h>

#include "test/conformance/conform.h"
#include "yamux/yamux.h"

enum { HEADER = WEFT_YAMUX_HEADER_LEN, STREAMS = 8, DATA_CAP = 1 << 20, WIRE_CAP = 4096 };

static bool flag_is(const conform_case *c, const char *name, bool value) {
  return json_bool(json_get(c->expected, name), !value) == value;
}

static bool same_header(const conform_case *c, const weft_yamux_header *h) {
  static const char *const types[] = {"Data", "WindowUpdate", "Ping", "GoAway"};
  return conform_u64_is(c, "expected.version", h->version) && conform_u64_is(c, "expected.type", h->type) &&
         conform_text_is(c, "expected.type_name", types[h->type]) && conform_u64_is(c, "expected.flags", h->flags) &&
         flag_is(c, "syn", h->flags & WEFT_YAMUX_SYN) && flag_is(c, "ack", h->flags & WEFT_YAMUX_ACK) &&
         flag_is(c, "fin", h->flags & WEFT_YAMUX_FIN) && flag_is(c, "rst", h->flags & WEFT_YAMUX_RST) &&
         conform_u64_is(c, "expected.stream_id", h->stream) && conform_u64_is(c, "expected.length", h->length);
}

static void run_decode(conform_ctx *ctx, const conform_case *c) {
  size_t len = 0;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  weft_yamux_header h;
  bool ok = len == HEADER && weft_yamux_header_decode(&h, in) == WEFT_OK;
  if (!c->valid)
    conform_refused(ctx, c, !ok); /* a shorter one is no header: the session waits for the rest */
  else
    conform_verdict(ctx, c, ok && same_header(c, &h), "fields differ");
}

static void run_encode(conform_ctx *ctx, const conform_case *c) {
  uint64_t type = 0, flags = 0, stream = 0, length = 0;
  uint8_t out[HEADER];
  bool ok = conform_u64(c, "input.type", &type) && conform_u64(c, "input.flags", &flags) &&
            conform_u64(c, "input.stream_id", &stream) && conform_u64(c, "input.length", &length);
  weft_yamux_header h = {0, (uint8_t)type, (uint16_t)flags, (uint32_t)stream, (uint32_t)length};
  weft_yamux_header_encode(&h, out);
  conform_verdict(ctx, c, ok && conform_hex_is(ctx, c, "expected.hex", out, sizeof out), "bytes differ");
}

/* ---- sessions ---- */

typedef struct seen_stream {
  uint32_t id;
  uint8_t *data;
  size_t len;
  bool remote_closed, reset;
} seen_stream;

typedef struct seen {
  seen_stream streams[STREAMS];
  size_t n;
  uint8_t wire[WIRE_CAP];
  size_t wire_len;
  bool go_away, closed;
  uint32_t go_away_code;
  weft_closed reason;
} seen;

static uint8_t data_of[STREAMS][DATA_CAP];

static seen_stream *stream_of(seen *s, uint32_t id) {
  for (size_t i = 0; i < s->n; i++)
    if (s->streams[i].id == id) return &s->streams[i];
  if (s->n == STREAMS) return NULL;
  s->streams[s->n] = (seen_stream){.id = id, .data = data_of[s->n]};
  return &s->streams[s->n++];
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
  if (!st) return;
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
  switch (ev->type) {
  case WEFT_YAMUX_EVENT_STREAM:
    if (!s->closed) note_stream(s, ev->stream);
    break;
  case WEFT_YAMUX_EVENT_RTT: break;
  case WEFT_YAMUX_EVENT_GO_AWAY:
    s->go_away = true;
    s->go_away_code = ev->go_away_code;
    break;
  case WEFT_YAMUX_EVENT_CLOSED:
    s->closed = true;
    s->reason = ev->closed;
    break;
  }
}

static bool give_repeated(weft_yamux *y, const uint8_t *header, const json *f) {
  static uint8_t frame[HEADER + 65536];
  uint64_t count = 0, times = 0;
  unsigned fill = 0;
  const char *text = json_text(json_get(f, "fill"));
  if (!json_u64(json_get(f, "count"), &count) || count > 65536 || !json_u64(json_get(f, "times"), &times) || !text ||
      sscanf(text, "%2x", &fill) != 1)
    return false;
  memcpy(frame, header, HEADER);
  memset(frame + HEADER, (int)fill, count);
  for (uint64_t i = 0; i < times; i++) weft_yamux_input(y, frame, HEADER + count, 0);
  return true;
}

static bool give_frames(conform_ctx *ctx, const conform_case *c, weft_yamux *y) {
  for (const json *f = json_first(json_get(c->input, "frames")); f; f = f->next) {
    size_t len = 0;
    const uint8_t *bytes = conform_bytes_of(ctx, f->type == JSON_OBJECT ? json_get(f, "header") : f, &len);
    if (!bytes) return false;
    if (f->type == JSON_OBJECT) {
      if (len != HEADER || !give_repeated(y, bytes, f)) return false;
    } else {
      weft_yamux_input(y, bytes, len, 0);
    }
  }
  return true;
}

static bool same_stream(conform_ctx *ctx, const json *want, const seen *s) {
  uint64_t id = 0;
  size_t len = 0;
  const uint8_t *data = conform_bytes_of(ctx, json_get(want, "data"), &len);
  if (!json_u64(json_get(want, "id"), &id) || !data) return false;
  for (size_t i = 0; i < s->n; i++) {
    const seen_stream *st = &s->streams[i];
    if (st->id != id) continue;
    return st->len == len && memcmp(st->data, data, len) == 0 &&
           st->reset == json_bool(json_get(want, "reset"), false) &&
           st->remote_closed == json_bool(json_get(want, "half_closed_by_peer"), st->remote_closed);
  }
  return false;
}

static bool same_session(conform_ctx *ctx, const conform_case *c, const seen *s) {
  const json *streams = json_get(c->expected, "streams");
  size_t n = 0;
  for (const json *want = json_first(streams); want; want = want->next, n++)
    if (!same_stream(ctx, want, s)) return false;
  if (streams && n != s->n) return false;
  if (conform_has(c, "expected.reply") && !conform_hex_is(ctx, c, "expected.reply", s->wire, s->wire_len)) return false;
  if (conform_has(c, "expected.goaway"))
    return s->go_away && conform_u64_is(c, "expected.goaway", s->go_away_code) && !s->closed;
  return !s->closed;
}

/* Nothing is consumed: the window is that of the start. */
static void run_session(conform_ctx *ctx, const conform_case *c) {
  static seen s;
  weft_yamux_config cfg;
  weft_yamux_callbacks cb = {sizeof cb, take, note};
  weft_yamux *y = NULL;
  memset(&s, 0, sizeof s);
  weft_yamux_config_default(&cfg);
  cfg.client = conform_text_is(c, "input.receiver", "client");
  cfg.auto_consume = false;
  bool ok = weft_yamux_new(&y, &cfg, &cb, &s) == WEFT_OK && weft_yamux_start(y, 0) == WEFT_OK;
  s.wire_len = 0; /* our first ping */
  ok = ok && give_frames(ctx, c, y);
  if (!c->valid)
    conform_refused(ctx, c, ok && s.closed && s.reason.who == WEFT_WHO_PEER);
  else
    conform_verdict(ctx, c, ok && same_session(ctx, c, &s), "streams, reply or go-away differ");
  weft_yamux_free(y);
}

int conform_yamux(conform_ctx *ctx) {
  conform_case c;
  while (conform_next(ctx, &c)) {
    if (strcmp(c.op, "decode_header") == 0)
      run_decode(ctx, &c);
    else if (strcmp(c.op, "encode_header") == 0)
      run_encode(ctx, &c);
    else if (strcmp(c.op, "session") == 0)
      run_session(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
