#include "base/pb.h"

/* Protocol Buffers encoding, "Base 128 varints": up to ten bytes, of which the last may hold one bit; not minimal ones
 * are legal. */
static uint64_t read_varint(weft_rd *r) {
  uint64_t v = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    uint8_t b = weft_rd_u8(r);
    if (shift == 63 && b > 1) break;
    v |= (uint64_t)(b & 0x7f) << shift;
    if (!(b & 0x80)) return v;
  }
  weft_rd_fail(r);
  return 0;
}

static uint64_t read_fixed(weft_rd *r, unsigned n) {
  uint64_t v = 0;
  for (unsigned i = 0; i < n; i++) v |= (uint64_t)weft_rd_u8(r) << (8 * i);
  return v;
}

static void read_bytes(weft_rd *r, weft_pb_field *f) {
  uint64_t n = read_varint(r);
  if (n > weft_rd_left(r)) weft_rd_fail(r);
  f->len = (size_t)n;
  f->data = weft_rd_bytes(r, f->len);
}

void weft_pb_init(weft_pb *pb, const uint8_t *data, size_t len) { weft_rd_init(&pb->r, data, len); }

bool weft_pb_ok(const weft_pb *pb) { return weft_rd_ok(&pb->r); }

bool weft_pb_next(weft_pb *pb, weft_pb_field *f) {
  weft_rd *r = &pb->r;
  if (weft_rd_left(r) == 0) return false;
  uint64_t tag = read_varint(r);
  /* Field numbers are 1 to 2^29 - 1, so that a tag fits 32 bits. */
  if (tag >> 32 || tag >> 3 == 0) weft_rd_fail(r);
  *f = (weft_pb_field){.number = (uint32_t)(tag >> 3), .wire = (uint8_t)(tag & 7)};
  switch (f->wire) {
  case WEFT_PB_VARINT: f->value = read_varint(r); break;
  case WEFT_PB_FIXED64: f->value = read_fixed(r, 8); break;
  case WEFT_PB_BYTES: read_bytes(r, f); break;
  case WEFT_PB_FIXED32: f->value = read_fixed(r, 4); break;
  default: weft_rd_fail(r); break;
  }
  return weft_pb_ok(pb);
}

static void put_varint(weft_wr *w, uint64_t v) {
  for (; v >= 0x80; v >>= 7) weft_wr_u8(w, (uint8_t)(v | 0x80));
  weft_wr_u8(w, (uint8_t)v);
}

void weft_pb_put_varint(weft_wr *w, uint32_t field, uint64_t v) {
  put_varint(w, (uint64_t)field << 3 | WEFT_PB_VARINT);
  put_varint(w, v);
}

void weft_pb_put_bytes(weft_wr *w, uint32_t field, const void *data, size_t len) {
  put_varint(w, (uint64_t)field << 3 | WEFT_PB_BYTES);
  put_varint(w, len);
  weft_wr_bytes(w, data, len);
}
