#include "apps/frames.h"

#include <stdlib.h>
#include <string.h>

#include "apps/text.h"

static void append(app_frames *q, app_frame *f) {
  f->next = NULL;
  if (q->last)
    q->last->next = f;
  else
    q->first = f;
  q->last = f;
  q->bytes += f->len;
}

static app_frame *take(app_frames *q) {
  app_frame *f = q->first;
  q->first = f->next;
  if (!q->first) q->last = NULL;
  q->bytes -= f->len;
  return f;
}

int app_frames_push(app_frames *q, const uint8_t *data, size_t len, uint32_t tag) {
  app_frame *f = malloc(sizeof *f + len);
  if (!f) return WEFT_ENOMEM;
  f->len = len;
  f->sent = 0;
  f->tag = tag;
  memcpy(f->data, data, len);
  append(q, f);
  return WEFT_OK;
}

app_frame *app_frames_first(const app_frames *q) { return q->first; }

void app_frames_move(app_frames *to, app_frames *from) { append(to, take(from)); }

void app_frames_pop(app_frames *q) {
  if (q->first) free(take(q));
}

void app_frames_clear(app_frames *q) {
  while (q->first) app_frames_pop(q);
}

const uint8_t *app_carry_join(app_carry *c, const uint8_t *data, size_t *len, uint8_t *room) {
  if (c->len > 0) {
    memcpy(room, c->bytes, c->len);
    memcpy(room + c->len, data, *len);
    data = room;
    *len += c->len;
  }
  c->len = app_utf8_tail(data, *len);
  *len -= c->len;
  memcpy(c->bytes, data + *len, c->len);
  return data;
}
