#include "apps/chat.h"

#include <stdlib.h>
#include <string.h>

#include "apps/text.h"

enum { QUEUE_MAX = 256 * 1024, CARRY_MAX = 3 };

/* A frame that waits for room; what echoes one gives the window back only when it has gone out. */
typedef struct line {
  struct line *next;
  size_t len, sent;
  bool echo;
  uint8_t data[];
} line;

typedef struct chat_state {
  app_chat *chat;
  line *first, **last;
  size_t queued;
  bool opened, finish, full;
  uint8_t carry[CARRY_MAX];
  size_t carried;
} chat_state;

static app_chat *chat_of(const app_stream *s) { return (app_chat *)(void *)(uintptr_t)(const void *)s->protocol; }

bool app_chat_is(const app_stream *s) { return s->protocol && strcmp(s->protocol->name, APP_CHAT_PROTOCOL) == 0; }

static chat_state *new_state(app_chat *c) {
  chat_state *st = calloc(1, sizeof *st);
  if (!st) return NULL;
  st->chat = c;
  st->last = &st->first;
  return st;
}

/* ---- sending ------------------------------------------------------------------------------------------------------------- */

/* Bytes taken. A message is taken whole or not at all, and WRITABLE follows; only a connection that is full for everybody takes a part. */
static size_t send_frame(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  ptrdiff_t n = app_stream_send(s, data, len, now);
  return n > 0 ? (size_t)n : 0;
}

static int enqueue(chat_state *st, const uint8_t *data, size_t len, bool echo) {
  line *l = malloc(sizeof *l + len);
  if (!l) return WEFT_ENOMEM;
  l->next = NULL;
  l->len = len;
  l->sent = 0;
  l->echo = echo;
  memcpy(l->data, data, len);
  *st->last = l;
  st->last = &l->next;
  st->queued += len;
  return WEFT_OK;
}

static void pop(chat_state *st) {
  line *l = st->first;
  st->first = l->next;
  if (!st->first) st->last = &st->first;
  st->queued -= l->len;
  free(l);
}

static void flush(app_stream *s, weft_time now) {
  chat_state *st = s->state;
  if (!st->opened) return;
  while (st->first) {
    line *l = st->first;
    l->sent += send_frame(s, l->data + l->sent, l->len - l->sent, now);
    if (l->sent < l->len) return;
    size_t consumed = l->echo ? l->len : 0;
    pop(st);
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
  if (st->queued + len > QUEUE_MAX) {
    st->full = true;
    return WEFT_EAGAIN;
  }
  size_t sent = st->opened && !st->first ? send_frame(s, data, len, now) : 0;
  return sent == len ? WEFT_OK : enqueue(st, data + sent, len - sent, false);
}

bool app_chat_busy(const app_stream *s) {
  const chat_state *st = s->state;
  return st->first != NULL;
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
  size_t sent = st->first ? 0 : send_frame(s, data, len, now);
  if (sent > 0) app_stream_consumed(s, sent, now);
  if (sent == len) return;
  /* Unconsumed bytes are bounded by the association's receive window, and so is this queue. */
  if (enqueue(st, data + sent, len - sent, true) != WEFT_OK) app_stream_reset(s, now);
}

/* Gives the message to the program with what was carried over in front and an incomplete last character held back. */
static void deliver(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  chat_state *st = s->state;
  uint8_t joined[CARRY_MAX + 16384];
  if (st->carried > 0 && len <= sizeof joined - CARRY_MAX) {
    memcpy(joined, st->carry, st->carried);
    memcpy(joined + st->carried, data, len);
    data = joined;
    len += st->carried;
    st->carried = 0;
  }
  size_t tail = app_utf8_tail(data, len);
  if (tail > 0 && tail <= len) {
    memcpy(st->carry, data + len - tail, tail);
    st->carried = tail;
    len -= tail;
  }
  if (len > 0 && st->chat->cb.message) st->chat->cb.message(st->chat->user, s, data, len, now);
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
  if (st->carried > 0 && st->chat->cb.message) st->chat->cb.message(st->chat->user, s, st->carry, st->carried, now);
  st->carried = 0;
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
  while (st->first) pop(st);
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
