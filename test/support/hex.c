#include "test/support/hex.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit(char c) {
  static const char digits[] = "0123456789abcdef";
  const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c) : NULL;
  return at ? (int)(at - digits) : -1;
}

static void *must(void *p) {
  if (p) return p;
  fputs("test: out of memory\n", stderr);
  exit(EXIT_FAILURE);
}

size_t hex_into(uint8_t *dst, size_t cap, const char *text) {
  size_t n = 0;
  while (*text) {
    if (strchr(" \t\r\n", *text)) {
      text++;
      continue;
    }
    int hi = digit(text[0]), lo = hi < 0 ? -1 : digit(text[1]);
    ck_assert_msg(lo >= 0, "not hex: %.16s", text);
    ck_assert_msg(n < cap, "hex text longer than %zu bytes", cap);
    dst[n++] = (uint8_t)(hi << 4 | lo);
    text += 2;
  }
  return n;
}

uint8_t *hex_bytes(const char *text, size_t *len) {
  size_t cap = strlen(text) / 2 + 1;
  uint8_t *p = must(malloc(cap));
  *len = hex_into(p, cap, text);
  return p;
}

char *hex_text(const uint8_t *data, size_t n) {
  char *text = must(malloc(2 * n + 1));
  for (size_t i = 0; i < n; i++) snprintf(text + 2 * i, 3, "%02x", data[i]);
  text[2 * n] = '\0';
  return text;
}

uint8_t *file_bytes(const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  size_t cap = 4096, n = 0, got;
  if (!f) return NULL;
  uint8_t *p = must(malloc(cap + 1));
  while ((got = fread(p + n, 1, cap - n, f)) > 0) {
    n += got;
    if (n == cap) p = must(realloc(p, (cap *= 2) + 1));
  }
  fclose(f);
  p[n] = 0;
  *len = n;
  return p;
}

void hex_assert_equal(const char *file, int line, const uint8_t *data, size_t n, const char *want) {
  size_t want_n;
  uint8_t *bytes = hex_bytes(want, &want_n);
  char *got = hex_text(data, n);
  int equal = n == want_n && (n == 0 || memcmp(data, bytes, n) == 0);
  free(bytes);
  if (!equal) _ck_assert_failed(file, line, "bytes differ", "got %s, want %s", got, want);
  free(got);
}
