#include "apps/chat.h"

#include <stdlib.h>
#include <string.h>

#include "apps/frames.h"

/* What echoes a frame gives the window back only when it has gone out. */
enum { QUEUE_MAX = 256 * 1024, SAID = 0, ECHOED = 1 };

typedef struct chat_state {
  app_chat *chat;
  app_frames queue; /* tag: SAID or ECHOED */
  bool opened, finish, full;
  app_carry carry;
} chat_state;

static app_chat *chat_of(const app_stream *s) { return (app_chat *)(void *)(uintptr_t)(const void *)s->protocol; }

static void opened(app_stream *s, weft_time now);

bool app_chat_is(const app_stream *s) { return s->protocol && s->protocol->opened == opened; }

static chat_state *new_state(app_chat *c) {
  chat_state *st = calloc(1, sizeof *st);
  if (!st) return NULL;
  st->chat = c;
  return st;
}

/* ---- sending ------------------------------------------------------------------------------------------------------------- */

/* Bytes taken. A message is taken whole or not at all, and WRITABLE follows; only a connection that is full for everybody takes a part. */
static size_t send_frame(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  ptrdiff_t n = app_stream_send(s, data, len, now);
  return n > 0 ? (size_t)n : 0;
}

static void flush(app_stream *s, weft_time now) {
  chat_state *st = s->state;
  if (!st->opened) return;
  for (app_frame *f; (f = app_frames_first(&st->queue)) != NULL;) {
    f->sent += send_frame(s, f->data + f->sent, f->len - f->sent, now);
    if (f->sent < f->len) return;
    size_t consumed = f->tag == ECHOED ? f->len : 0;
    app_frames_pop(&st->queue);
    if (consumed > 0) app_stream_consumed(s, consumed, now);
  }
  if (st->finish) {
    st->finish = false;
    app_stream_shutdown(s, now);
    return;
  }
  if (!st->full) return;
  st->full = false;
  if (st->chat->cb.room) st->chat->cb.room(st->chat->user, s, now);
}

int app_chat_send(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  chat_state *st = s->state;
  if (len == 0 || len > APP_CHAT_LINE_MAX) return WEFT_EINVAL;
  if (st->finish) return WEFT_ECLOSED;
  if (st->queue.bytes + len > QUEUE_MAX) {
    st->full = true;
    return WEFT_EAGAIN;
  }
  size_t sent = st->opened && !app_frames_first(&st->queue) ? send_frame(s, data, len, now) : 0;
  return sent == len ? WEFT_OK : app_frames_push(&st->queue, data + sent, len - sent, SAID);
}

bool app_chat_busy(const app_stream *s) {
  const chat_state *st = s->state;
  return app_frames_first(&st->queue) != NULL;
}

void app_chat_finish(app_stream *s, weft_time now) {
  chat_state *st = s->state;
  st->finish = true;
  flush(s, now);
}

/* ---- protocol callbacks ----------------------------------------------------------------------------------------------------- */

static void opened(app_stream *s, weft_time now) {
  chat_state *st = s->state;
  if (!st) st = s->state = new_state(chat_of(s));
  if (!st) {
    app_stream_reset(s, now);
    return;
  }
  st->opened = true;
  if (st->chat->cb.opened) st->chat->cb.opened(st->chat->user, s, now);
  flush(s, now);
}

static void echo_frame(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  chat_state *st = s->state;
  size_t sent = app_frames_first(&st->queue) ? 0 : send_frame(s, data, len, now);
  if (sent > 0) app_stream_consumed(s, sent, now);
  if (sent == len) return;
  /* Unconsumed bytes are bounded by the association's receive window, and so is this queue. */
  if (app_frames_push(&st->queue, data + sent, len - sent, ECHOED) != WEFT_OK) app_stream_reset(s, now);
}

/* Gives the message to the program with what was carried over in front and an incomplete last character held back. */
static void deliver(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  chat_state *st = s->state;
  uint8_t joined[APP_CARRY_MAX + APP_CARRY_PIECE_MAX];
  for (size_t n; len > 0; data += n, len -= n) {
    n = len < APP_CARRY_PIECE_MAX ? len : APP_CARRY_PIECE_MAX;
    size_t shown = n;
    const uint8_t *text = app_carry_join(&st->carry, data, &shown, joined);
    if (shown > 0 && st->chat->cb.message) st->chat->cb.message(st->chat->user, s, text, shown, now);
  }
}

static void data(app_stream *s, const uint8_t *bytes, size_t len, weft_time now) {
  chat_state *st = s->state;
  if (!st) {
    app_stream_consumed(s, len, now);
    return;
  }
  deliver(s, bytes, len, now);
  if (st->chat->echo)
    echo_frame(s, bytes, len, now);
  else
    app_stream_consumed(s, len, now);
}

static void remote_closed(app_stream *s, weft_time now) {
  chat_state *st = s->state;
  if (!st) return;
  if (st->carry.len > 0 && st->chat->cb.message)
    st->chat->cb.message(st->chat->user, s, st->carry.bytes, st->carry.len, now);
  st->carry.len = 0;
  if (st->chat->echo) app_chat_finish(s, now);
  if (st->chat->cb.remote_closed) st->chat->cb.remote_closed(st->chat->user, s, now);
}

static void writable(app_stream *s, weft_time now) {
  if (s->state) flush(s, now);
}

static void closed(app_stream *s, int code, weft_time now) {
  chat_state *st = s->state;
  if (!st) return;
  if (st->chat->cb.closed) st->chat->cb.closed(st->chat->user, s, code, now);
  app_frames_clear(&st->queue);
  free(st);
}

void app_chat_init(app_chat *c, const app_chat_callbacks *cb, bool echo, void *user) {
  memset(c, 0, sizeof *c);
  c->protocol = (app_protocol){.name = APP_CHAT_PROTOCOL,
                               .manual_consume = true,
                               .opened = opened,
                               .data = data,
                               .remote_closed = remote_closed,
                               .writable = writable,
                               .closed = closed};
  c->cb = *cb;
  c->echo = echo;
  c->user = user;
}

app_stream *app_chat_open(app_chat *c, app_peer *p, int *rc, weft_time now) {
  chat_state *st = new_state(c);
  if (!st) {
    *rc = WEFT_ENOMEM;
    return NULL;
  }
  app_stream *s = app_stream_open(p, &c->protocol, st, rc, now);
  if (!s) free(st);
  return s;
}
