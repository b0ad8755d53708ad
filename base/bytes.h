/* weft base (private to the project's layers): one bounds-checked reader and one bounded writer. Failure is sticky: read
 * or write a whole structure, then ask once. Never cast a struct over a packet.
 *
 *   weft_rd r, body;
 *   weft_rd_init(&r, data, len);
 *   uint8_t type = weft_rd_u8(&r);
 *   weft_rd_sub(&r, weft_rd_u16(&r), &body);          zero and sticky failure past the end
 *   uint32_t tsn = weft_rd_u32(&body);
 *   if (!weft_rd_done(&body) || !weft_rd_ok(&r)) return WEFT_EMALFORMED;      exact consumption
 *
 *   weft_wr w;
 *   weft_wr_init(&w, buf, sizeof buf);
 *   size_t at = weft_wr_reserve16(&w);
 *   weft_wr_u32(&w, tsn);
 *   weft_wr_patch16(&w, at, (uint16_t)(weft_wr_len(&w) - at - 2));
 *   if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
 */
#ifndef WEFT_BASE_BYTES_H
#define WEFT_BASE_BYTES_H

#include "base.h"

typedef struct weft_rd {
  const uint8_t *p, *end;
  bool failed;
} weft_rd;

void weft_rd_init(weft_rd *r, const uint8_t *data, size_t len);
bool weft_rd_ok(const weft_rd *r);     /* nothing failed so far */
bool weft_rd_done(const weft_rd *r);   /* nothing failed and everything was read */
size_t weft_rd_left(const weft_rd *r); /* 0 after a failure */
void weft_rd_fail(weft_rd *r);
uint8_t weft_rd_u8(weft_rd *r);
uint16_t weft_rd_u16(weft_rd *r); /* big endian */
uint32_t weft_rd_u24(weft_rd *r);
uint32_t weft_rd_u32(weft_rd *r);
uint64_t weft_rd_u48(weft_rd *r);
uint64_t weft_rd_u64(weft_rd *r);
uint16_t weft_rd_u16le(weft_rd *r);
uint32_t weft_rd_u32le(weft_rd *r);
/* n bytes inside the input, or NULL and failure; n == 0 gives a non-NULL pointer. */
const uint8_t *weft_rd_bytes(weft_rd *r, size_t n);
void weft_rd_copy(weft_rd *r, uint8_t *dst, size_t n); /* zero-fills dst on failure */
void weft_rd_skip(weft_rd *r, size_t n);
/* A reader over the next n bytes, which r then has behind it. On failure sub is empty and failed. */
void weft_rd_sub(weft_rd *r, size_t n, weft_rd *sub);
/* multiformats unsigned-varint: at most 9 bytes, minimal. Protobuf's own varint (10 bytes, not minimal) is in pb.h. */
uint64_t weft_rd_uvarint(weft_rd *r);
/* uvarint length, then that many bytes. */
void weft_rd_uvarint_sub(weft_rd *r, weft_rd *sub);

typedef struct weft_wr {
  uint8_t *start, *p, *end;
  bool failed;
} weft_wr;

void weft_wr_init(weft_wr *w, uint8_t *buf, size_t cap);
bool weft_wr_ok(const weft_wr *w);
size_t weft_wr_len(const weft_wr *w);
size_t weft_wr_left(const weft_wr *w);
void weft_wr_u8(weft_wr *w, uint8_t v);
void weft_wr_u16(weft_wr *w, uint16_t v);
void weft_wr_u24(weft_wr *w, uint32_t v);
void weft_wr_u32(weft_wr *w, uint32_t v);
void weft_wr_u48(weft_wr *w, uint64_t v);
void weft_wr_u64(weft_wr *w, uint64_t v);
void weft_wr_u16le(weft_wr *w, uint16_t v);
void weft_wr_u32le(weft_wr *w, uint32_t v);
void weft_wr_bytes(weft_wr *w, const void *src, size_t n);
void weft_wr_zero(weft_wr *w, size_t n);
void weft_wr_uvarint(weft_wr *w, uint64_t v);
void weft_wr_uvarint_bytes(weft_wr *w, const void *src, size_t n); /* uvarint length, then the bytes */
size_t weft_wr_reserve16(weft_wr *w); /* two zero bytes; returns their offset for patch16 */
size_t weft_wr_reserve24(weft_wr *w);
void weft_wr_patch16(weft_wr *w, size_t at, uint16_t v);
void weft_wr_patch24(weft_wr *w, size_t at, uint32_t v);

/* Decodes one uvarint from the front of a byte stream. Returns the bytes it took (1..9), 0 when more bytes are needed,
 * WEFT_EMALFORMED when no continuation can make it valid. */
int weft_uvarint_peek(const uint8_t *data, size_t len, uint64_t *value);
size_t weft_uvarint_size(uint64_t v);

/* Constant time in n; true when equal. */
bool weft_ct_equal(const void *a, const void *b, size_t n);
/* Zeroes in a way the compiler keeps. */
void weft_wipe(void *p, size_t n);

#endif
