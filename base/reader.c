#include "base/bytes.h"

#include <string.h>

/* What an empty read points at, so that NULL means failure alone. */
static const uint8_t nothing[1] = {0};

void weft_rd_init(weft_rd *r, const uint8_t *data, size_t len) {
  r->p = data ? data : nothing;
  r->end = r->p + (data ? len : 0);
  r->failed = !data && len > 0;
}

bool weft_rd_ok(const weft_rd *r) { return !r->failed; }

bool weft_rd_done(const weft_rd *r) { return !r->failed && r->p == r->end; }

size_t weft_rd_left(const weft_rd *r) { return r->failed ? 0 : (size_t)(r->end - r->p); }

void weft_rd_fail(weft_rd *r) { r->failed = true; }

const uint8_t *weft_rd_bytes(weft_rd *r, size_t n) {
  if (r->failed || n > (size_t)(r->end - r->p)) {
    r->failed = true;
    return NULL;
  }
  const uint8_t *at = r->p;
  r->p += n;
  return at;
}

static uint64_t read_be(weft_rd *r, size_t n) {
  const uint8_t *p = weft_rd_bytes(r, n);
  uint64_t v = 0;
  if (!p) return 0;
  for (size_t i = 0; i < n; i++) v = v << 8 | p[i];
  return v;
}

static uint64_t read_le(weft_rd *r, size_t n) {
  const uint8_t *p = weft_rd_bytes(r, n);
  uint64_t v = 0;
  if (!p) return 0;
  for (size_t i = n; i > 0; i--) v = v << 8 | p[i - 1];
  return v;
}

uint8_t weft_rd_u8(weft_rd *r) { return (uint8_t)read_be(r, 1); }
uint16_t weft_rd_u16(weft_rd *r) { return (uint16_t)read_be(r, 2); }
uint32_t weft_rd_u24(weft_rd *r) { return (uint32_t)read_be(r, 3); }
uint32_t weft_rd_u32(weft_rd *r) { return (uint32_t)read_be(r, 4); }
uint64_t weft_rd_u48(weft_rd *r) { return read_be(r, 6); }
uint64_t weft_rd_u64(weft_rd *r) { return read_be(r, 8); }
uint16_t weft_rd_u16le(weft_rd *r) { return (uint16_t)read_le(r, 2); }
uint32_t weft_rd_u32le(weft_rd *r) { return (uint32_t)read_le(r, 4); }

void weft_rd_copy(weft_rd *r, uint8_t *dst, size_t n) {
  const uint8_t *p = weft_rd_bytes(r, n);
  if (n == 0) return;
  if (p)
    memcpy(dst, p, n);
  else
    memset(dst, 0, n);
}

void weft_rd_skip(weft_rd *r, size_t n) { (void)weft_rd_bytes(r, n); }

void weft_rd_sub(weft_rd *r, size_t n, weft_rd *sub) {
  const uint8_t *p = weft_rd_bytes(r, n);
  weft_rd_init(sub, p, p ? n : 0);
  if (!p) sub->failed = true;
}

uint64_t weft_rd_uvarint(weft_rd *r) {
  uint64_t v = 0;
  int n = weft_uvarint_peek(r->p, weft_rd_left(r), &v);
  if (n <= 0) {
    r->failed = true;
    return 0;
  }
  r->p += n;
  return v;
}

void weft_rd_uvarint_sub(weft_rd *r, weft_rd *sub) {
  uint64_t n = weft_rd_uvarint(r);
  if (n > SIZE_MAX) r->failed = true;
  weft_rd_sub(r, (size_t)n, sub);
}
