#include "base/bytes.h"

#include <assert.h>
#include <string.h>

void weft_wr_init(weft_wr *w, uint8_t *buf, size_t cap) {
  w->start = w->p = buf;
  w->end = cap > 0 ? buf + cap : buf;
  w->failed = false;
}

bool weft_wr_ok(const weft_wr *w) { return !w->failed; }

size_t weft_wr_len(const weft_wr *w) { return (size_t)(w->p - w->start); }

size_t weft_wr_left(const weft_wr *w) { return w->failed ? 0 : (size_t)(w->end - w->p); }

/* Where the next n bytes go; NULL when they do not fit (and none after them will). */
static uint8_t *take(weft_wr *w, size_t n) {
  if (w->failed || n > (size_t)(w->end - w->p)) {
    w->failed = true;
    return NULL;
  }
  uint8_t *at = w->p;
  w->p += n;
  return at;
}

static void put_be(uint8_t *p, uint64_t v, size_t n) {
  for (size_t i = n; i > 0; i--, v >>= 8) p[i - 1] = (uint8_t)v;
}

static void write_be(weft_wr *w, uint64_t v, size_t n) {
  uint8_t *p = take(w, n);
  if (p) put_be(p, v, n);
}

static void write_le(weft_wr *w, uint64_t v, size_t n) {
  uint8_t *p = take(w, n);
  for (size_t i = 0; p && i < n; i++, v >>= 8) p[i] = (uint8_t)v;
}

void weft_wr_u8(weft_wr *w, uint8_t v) { write_be(w, v, 1); }
void weft_wr_u16(weft_wr *w, uint16_t v) { write_be(w, v, 2); }
void weft_wr_u32(weft_wr *w, uint32_t v) { write_be(w, v, 4); }
void weft_wr_u64(weft_wr *w, uint64_t v) { write_be(w, v, 8); }
void weft_wr_u16le(weft_wr *w, uint16_t v) { write_le(w, v, 2); }
void weft_wr_u32le(weft_wr *w, uint32_t v) { write_le(w, v, 4); }

/* A value that the field cannot hold is an overflow like any other. */
static void write_be_within(weft_wr *w, uint64_t v, size_t n) {
  if (v >> (8 * n)) w->failed = true;
  write_be(w, v, n);
}

void weft_wr_u24(weft_wr *w, uint32_t v) { write_be_within(w, v, 3); }
void weft_wr_u48(weft_wr *w, uint64_t v) { write_be_within(w, v, 6); }

void weft_wr_bytes(weft_wr *w, const void *src, size_t n) {
  uint8_t *p = take(w, n);
  if (p && n > 0) memcpy(p, src, n);
}

void weft_wr_zero(weft_wr *w, size_t n) {
  uint8_t *p = take(w, n);
  if (p && n > 0) memset(p, 0, n);
}

void weft_wr_uvarint(weft_wr *w, uint64_t v) {
  uint8_t *p;
  if (v > INT64_MAX) w->failed = true; /* unsigned-varint: at most 9 bytes, 63 bits */
  if (!(p = take(w, weft_uvarint_size(v)))) return;
  for (; v >= 0x80; v >>= 7) *p++ = (uint8_t)(v | 0x80);
  *p = (uint8_t)v;
}

void weft_wr_uvarint_bytes(weft_wr *w, const void *src, size_t n) {
  weft_wr_uvarint(w, n);
  weft_wr_bytes(w, src, n);
}

static size_t reserve(weft_wr *w, size_t n) {
  size_t at = weft_wr_len(w);
  weft_wr_zero(w, n);
  return at;
}

size_t weft_wr_reserve16(weft_wr *w) { return reserve(w, 2); }
size_t weft_wr_reserve24(weft_wr *w) { return reserve(w, 3); }

static void patch(weft_wr *w, size_t at, uint64_t v, size_t n) {
  if (w->failed) return;
  assert(at <= weft_wr_len(w) && n <= weft_wr_len(w) - at);
  put_be(w->start + at, v, n);
}

void weft_wr_patch16(weft_wr *w, size_t at, uint16_t v) { patch(w, at, v, 2); }

void weft_wr_patch24(weft_wr *w, size_t at, uint32_t v) {
  if (v >> 24) w->failed = true;
  patch(w, at, v, 3);
}
