#include "webrtc/schedule.h"

enum { FIRST_CAP = 16 };

void weft_webrtc_schedule_init(weft_webrtc_schedule *s, const weft_alloc *alloc) {
  *s = (weft_webrtc_schedule){.alloc = alloc};
}

void weft_webrtc_schedule_free(weft_webrtc_schedule *s) {
  weft_mem_free(s->alloc, s->heap, s->cap * sizeof *s->heap);
  *s = (weft_webrtc_schedule){.alloc = s->alloc};
}

static void put(weft_webrtc_schedule *s, size_t at, weft_webrtc *c) {
  s->heap[at] = c;
  c->heap_at = at;
}

static void rise(weft_webrtc_schedule *s, weft_webrtc *c) {
  size_t at = c->heap_at;
  for (; at > 0 && s->heap[(at - 1) / 2]->due > c->due; at = (at - 1) / 2) put(s, at, s->heap[(at - 1) / 2]);
  put(s, at, c);
}

static void sink(weft_webrtc_schedule *s, weft_webrtc *c) {
  size_t at = c->heap_at;
  for (;;) {
    size_t child = 2 * at + 1;
    if (child + 1 < s->len && s->heap[child + 1]->due < s->heap[child]->due) child++;
    if (child >= s->len || s->heap[child]->due >= c->due) break;
    put(s, at, s->heap[child]);
    at = child;
  }
  put(s, at, c);
}

int weft_webrtc_schedule_add(weft_webrtc_schedule *s, weft_webrtc *c) {
  if (s->len == s->cap) {
    size_t cap = s->cap ? 2 * s->cap : (size_t)FIRST_CAP, item = sizeof(weft_webrtc *);
    weft_webrtc **heap = weft_mem_resize(s->alloc, s->heap, s->cap * item, cap * item);
    if (!heap) return WEFT_ENOMEM;
    s->heap = heap;
    s->cap = cap;
  }
  put(s, s->len++, c);
  rise(s, c);
  return WEFT_OK;
}

void weft_webrtc_schedule_move(weft_webrtc_schedule *s, weft_webrtc *c, weft_time due) {
  if (c->heap_at == SIZE_MAX || c->due == due) return;
  bool earlier = due < c->due;
  c->due = due;
  if (earlier)
    rise(s, c);
  else
    sink(s, c);
}

void weft_webrtc_schedule_remove(weft_webrtc_schedule *s, weft_webrtc *c) {
  if (c->heap_at == SIZE_MAX) return;
  size_t at = c->heap_at;
  weft_webrtc *last = s->heap[--s->len];
  c->heap_at = SIZE_MAX;
  if (last == c) return;
  put(s, at, last);
  rise(s, last);
  sink(s, last);
}

weft_webrtc *weft_webrtc_schedule_due(const weft_webrtc_schedule *s, weft_time now) {
  return s->len > 0 && weft_time_due(s->heap[0]->due, now) ? s->heap[0] : NULL;
}

weft_time weft_webrtc_schedule_deadline(const weft_webrtc_schedule *s) {
  return s->len > 0 ? s->heap[0]->due : WEFT_NEVER;
}
