#include "base/hash.h"

void weft_hex_encode(char *out, const uint8_t *data, size_t n) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < n; i++) {
    *out++ = digits[data[i] >> 4];
    *out++ = digits[data[i] & 15];
  }
  *out = '\0';
}

static int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int weft_hex_decode(uint8_t *out, size_t n, const char *text, size_t len) {
  if (len % 2 != 0 || len / 2 != n) return WEFT_EMALFORMED;
  for (size_t i = 0; i < n; i++) {
    int hi = nibble(text[2 * i]), lo = nibble(text[2 * i + 1]);
    if (hi < 0 || lo < 0) return WEFT_EMALFORMED;
    out[i] = (uint8_t)(hi << 4 | lo);
  }
  return WEFT_OK;
}
