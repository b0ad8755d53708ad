#include "dtls/der.h"

#include <string.h>

size_t weft_dtls_der_open(weft_wr *w, uint8_t tag) {
  weft_wr_u8(w, tag);
  weft_wr_u8(w, 0);
  return weft_wr_len(w);
}

/* The one length byte of `open` is enough below 128; above, the content moves (X.690 section 8.1.3.5). */
void weft_dtls_der_close(weft_wr *w, size_t at) {
  if (!weft_wr_ok(w)) return;
  size_t len = weft_wr_len(w) - at;
  size_t extra = len < 128 ? 0 : len < 256 ? 1 : 2;
  weft_wr_zero(w, extra);
  if (!weft_wr_ok(w)) return;
  uint8_t *content = w->start + at;
  memmove(content + extra, content, len);
  if (extra == 0) {
    content[-1] = (uint8_t)len;
    return;
  }
  content[-1] = (uint8_t)(0x80 + extra);
  if (extra == 2) content[0] = (uint8_t)(len >> 8);
  content[extra - 1] = (uint8_t)len;
}

void weft_dtls_der_put(weft_wr *w, uint8_t tag, const void *content, size_t len) {
  size_t at = weft_dtls_der_open(w, tag);
  weft_wr_bytes(w, content, len);
  weft_dtls_der_close(w, at);
}
