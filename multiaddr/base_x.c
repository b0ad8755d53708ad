#include <string.h>

#include "multiaddr/multiaddr_int.h"

/* Numbers are kept least significant digit first while they grow, and turned round at the end. */
static void reverse(uint8_t *p, size_t n) {
  for (size_t i = 0; i < n / 2; i++) {
    uint8_t t = p[i];
    p[i] = p[n - 1 - i];
    p[n - 1 - i] = t;
  }
}

/* number = number * from + digit, written in base `to`; false when it outgrows cap digits. */
static bool multiply_add(uint8_t *number, size_t *n, size_t cap, unsigned from, unsigned to, unsigned digit) {
  unsigned carry = digit;
  for (size_t i = 0; i < *n; i++) {
    carry += number[i] * from;
    number[i] = (uint8_t)(carry % to);
    carry /= to;
  }
  while (carry > 0) {
    if (*n == cap) return false;
    number[(*n)++] = (uint8_t)(carry % to);
    carry /= to;
  }
  return true;
}

int weft_multiaddr_base_x_encode(const char *alphabet, unsigned base, const uint8_t *data, size_t len, char *out,
                                 size_t cap, size_t *out_len) {
  uint8_t *digits = (uint8_t *)out;
  size_t zeros = 0, n = 0;
  while (zeros < len && data[zeros] == 0) zeros++;
  if (zeros >= cap) return WEFT_ETOOBIG;
  for (size_t i = zeros; i < len; i++)
    if (!multiply_add(digits, &n, cap - zeros - 1, 256, base, data[i])) return WEFT_ETOOBIG;
  for (; zeros > 0; zeros--) digits[n++] = 0; /* each zero byte in front is one zero digit in front */
  reverse(digits, n);
  for (size_t i = 0; i < n; i++) out[i] = alphabet[digits[i]];
  out[n] = '\0';
  *out_len = n;
  return WEFT_OK;
}

int weft_multiaddr_base_x_decode(const uint8_t values[256], unsigned base, const char *text, size_t len, uint8_t *out,
                                 size_t cap, size_t *out_len) {
  size_t zeros = 0, n = 0;
  while (zeros < len && values[(uint8_t)text[zeros]] == 0) zeros++;
  for (size_t i = zeros; i < len; i++) {
    uint8_t v = values[(uint8_t)text[i]];
    if (v == 255) return WEFT_EMALFORMED;
    if (zeros > cap || !multiply_add(out, &n, cap - zeros, base, 256, v)) return WEFT_ETOOBIG;
  }
  if (zeros > cap - n) return WEFT_ETOOBIG;
  if (zeros > 0) memset(out + n, 0, zeros);
  reverse(out, n + zeros);
  *out_len = n + zeros;
  return WEFT_OK;
}
