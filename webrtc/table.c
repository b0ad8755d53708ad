#include <string.h>

#include "webrtc/webrtc_int.h"

enum { FIRST_CAP = 4 };

static size_t position(const weft_webrtc *c, uint32_t id) {
  size_t lo = 0, hi = c->table_len;
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    if (c->table[mid]->id < id)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo;
}

weft_webrtc_stream *weft_webrtc_stream_at(const weft_webrtc *c, uint32_t id) {
  size_t at = position(c, id);
  return at < c->table_len && c->table[at]->id == id ? c->table[at] : NULL;
}

weft_webrtc_stream *weft_webrtc_stream_live(const weft_webrtc *c, uint32_t id) {
  weft_webrtc_stream *st = weft_webrtc_stream_at(c, id);
  return st && !st->gone ? st : NULL;
}

static bool grow(weft_webrtc *c) {
  if (c->table_len < c->table_cap) return true;
  size_t cap = c->table_cap ? 2 * c->table_cap : (size_t)FIRST_CAP, item = sizeof *c->table;
  weft_webrtc_stream **table = weft_mem_resize(&c->alloc, c->table, c->table_cap * item, cap * item);
  if (!table) return false;
  c->table = table;
  c->table_cap = cap;
  return true;
}

weft_webrtc_stream *weft_webrtc_stream_add(weft_webrtc *c, uint16_t id) {
  if (!grow(c)) return NULL;
  weft_webrtc_stream *st = weft_mem_new(&c->alloc, sizeof *st);
  if (!st) return NULL;
  st->id = id;
  weft_list_init(&st->tell);
  weft_list_init(&st->touch);
  weft_list_init(&st->blocked);
  weft_list_init(&st->timed);
  weft_webrtc_halves_init(&st->halves);
  weft_webrtc_deframer_init(&st->rx, &c->alloc);
  weft_buf_init(&st->held_early, &c->alloc, c->cfg.early_bytes);
  size_t at = position(c, id);
  memmove(c->table + at + 1, c->table + at, (c->table_len - at) * sizeof *c->table);
  c->table[at] = st;
  c->table_len++;
  c->stats.streams++;
  return st;
}

static void release(weft_webrtc *c, weft_webrtc_stream *st) {
  weft_list_remove(&st->tell);
  weft_list_remove(&st->touch);
  weft_list_remove(&st->blocked);
  weft_list_remove(&st->timed);
  c->partial -= weft_webrtc_deframer_held(&st->rx);
  weft_webrtc_deframer_free(&st->rx);
  weft_buf_free(&st->held_early);
  if (c->stalled == st) c->stalled = NULL;
  weft_mem_free(&c->alloc, st, sizeof *st);
}

void weft_webrtc_stream_remove(weft_webrtc *c, weft_webrtc_stream *st) {
  size_t at = position(c, st->id);
  if (!st->gone) c->stats.streams--;
  weft_webrtc_consume(c, st->id, st->held);
  c->table_len--;
  memmove(c->table + at, c->table + at + 1, (c->table_len - at) * sizeof *c->table);
  release(c, st);
}

void weft_webrtc_streams_free(weft_webrtc *c) {
  for (size_t i = 0; i < c->table_len; i++) release(c, c->table[i]);
  weft_mem_free(&c->alloc, c->table, c->table_cap * sizeof *c->table);
  c->table = NULL;
  c->table_len = c->table_cap = 0;
}
