#include "base/bytes.h"

/* multiformats unsigned-varint, "Practical maximum of 9 bytes (for security)". */
enum { MAX_BYTES = 9 };

int weft_uvarint_peek(const uint8_t *data, size_t len, uint64_t *value) {
  uint64_t v = 0;
  size_t i;
  for (i = 0; i < len && i < MAX_BYTES; i++) {
    v |= (uint64_t)(data[i] & 0x7f) << (7 * i);
    if (data[i] & 0x80) continue;
    if (i > 0 && data[i] == 0) return WEFT_EMALFORMED; /* "must be encoded in the minimum number of bytes" */
    *value = v;
    return (int)i + 1;
  }
  return i == MAX_BYTES ? WEFT_EMALFORMED : 0;
}

size_t weft_uvarint_size(uint64_t v) {
  size_t n = 1;
  while (v >>= 7) n++;
  return n;
}
