/* Writing messages: RFC 8489 sections 5, 14. The length field is right after every attribute, since MESSAGE-INTEGRITY
 * and FINGERPRINT are computed over it. */
#include "stun/stun_int.h"

#include <string.h>

static void set_length(weft_stun_writer *w, size_t body) {
  weft_wr out;
  weft_wr_init(&out, w->buf + 2, 2);
  weft_wr_u16(&out, (uint16_t)body);
}

void weft_stun_begin(weft_stun_writer *w, uint8_t *buf, size_t cap, weft_stun_class cls, uint16_t method,
                     const uint8_t txid[WEFT_STUN_TXID_LEN]) {
  *w = (weft_stun_writer){.buf = buf, .cap = cap};
  uint16_t c = (uint16_t)cls, m = (uint16_t)(method & 0x0FFF);
  uint16_t type =
      (uint16_t)((m & 0x000F) | ((m & 0x0070) << 1) | ((m & 0x0F80) << 2) | ((c & 1) << 4) | ((c & 2) << 7));
  weft_wr out;
  weft_wr_init(&out, buf, cap);
  weft_wr_u16(&out, type);
  weft_wr_u16(&out, 0);
  weft_wr_u32(&out, WEFT_STUN_COOKIE);
  weft_wr_bytes(&out, txid, WEFT_STUN_TXID_LEN);
  w->failed = !weft_wr_ok(&out);
  w->len = w->failed ? 0 : WEFT_STUN_HEADER_LEN;
}

uint8_t *weft_stun_writer_grow(weft_stun_writer *w, uint16_t type, size_t len) {
  size_t whole = WEFT_STUN_ATTR_HEADER + weft_stun_padded(len);
  /* the length field counts what follows the header, in 16 bits and multiples of 4 */
  if (w->failed || len > 0xFFFF || whole > w->cap - w->len || w->len + whole - WEFT_STUN_HEADER_LEN > 0xFFFC) {
    w->failed = true;
    return NULL;
  }
  weft_wr out;
  weft_wr_init(&out, w->buf + w->len, whole);
  weft_wr_u16(&out, type);
  weft_wr_u16(&out, (uint16_t)len);
  weft_wr_zero(&out, weft_stun_padded(len));
  uint8_t *value = w->buf + w->len + WEFT_STUN_ATTR_HEADER;
  w->len += whole;
  set_length(w, w->len - WEFT_STUN_HEADER_LEN);
  return value;
}

void weft_stun_put(weft_stun_writer *w, uint16_t type, const void *value, size_t len) {
  uint8_t *at = weft_stun_writer_grow(w, type, len);
  if (at != NULL && len > 0) memcpy(at, value, len);
}

void weft_stun_put_u32(weft_stun_writer *w, uint16_t type, uint32_t v) {
  uint8_t bytes[4];
  weft_wr out;
  weft_wr_init(&out, bytes, sizeof bytes);
  weft_wr_u32(&out, v);
  weft_stun_put(w, type, bytes, sizeof bytes);
}

void weft_stun_put_u64(weft_stun_writer *w, uint16_t type, uint64_t v) {
  uint8_t bytes[8];
  weft_wr out;
  weft_wr_init(&out, bytes, sizeof bytes);
  weft_wr_u64(&out, v);
  weft_stun_put(w, type, bytes, sizeof bytes);
}

void weft_stun_put_error(weft_stun_writer *w, unsigned code, const char *reason) {
  size_t n = reason != NULL ? strlen(reason) : 0;
  if (code < 300 || code > 699 || n > 763) { /* RFC 8489 section 14.8: up to 763 bytes */
    w->failed = true;
    return;
  }
  uint8_t *at = weft_stun_writer_grow(w, WEFT_STUN_ERROR_CODE, 4 + n);
  if (at == NULL) return;
  at[2] = (uint8_t)(code / 100);
  at[3] = (uint8_t)(code % 100);
  if (n > 0) memcpy(at + 4, reason, n);
}

void weft_stun_put_unknown(weft_stun_writer *w, const uint16_t *types, size_t n) {
  uint8_t *at = n > 0x7FFF ? NULL : weft_stun_writer_grow(w, WEFT_STUN_UNKNOWN_ATTRIBUTES, 2 * n);
  if (at == NULL) {
    w->failed = true;
    return;
  }
  weft_wr out;
  weft_wr_init(&out, at, 2 * n);
  for (size_t i = 0; i < n; i++) weft_wr_u16(&out, types[i]);
}

int weft_stun_end(weft_stun_writer *w, size_t *len) {
  *len = w->failed ? 0 : w->len;
  return w->failed ? WEFT_ETOOBIG : WEFT_OK;
}
