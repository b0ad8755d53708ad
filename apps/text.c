#include "apps/text.h"

#include <string.h>

/* Length of the character at s, 0 when it is not valid, or -1 when n bytes are a valid beginning of a longer one. */
static int utf8_char(const uint8_t *s, size_t n) {
  uint8_t b = s[0];
  if (b < 0x80) return 1;
  int len = b >= 0xC2 && b <= 0xDF ? 2 : b >= 0xE0 && b <= 0xEF ? 3 : b >= 0xF0 && b <= 0xF4 ? 4 : 0;
  if (len == 0) return 0;
  uint8_t lo = b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90 : 0x80;
  uint8_t hi = b == 0xED ? 0x9F : b == 0xF4 ? 0x8F : 0xBF;
  for (int i = 1; i < len; i++) {
    if ((size_t)i == n) return -1;
    if (s[i] < lo || s[i] > hi) return 0;
    lo = 0x80;
    hi = 0xBF;
  }
  return len;
}

bool app_utf8_valid(const uint8_t *s, size_t n) {
  while (n > 0) {
    int len = utf8_char(s, n);
    if (len <= 0) return false;
    s += len;
    n -= (size_t)len;
  }
  return true;
}

size_t app_utf8_tail(const uint8_t *s, size_t n) {
  for (size_t k = 1; k <= 3 && k <= n; k++)
    if (utf8_char(s + n - k, k) == -1) return k;
  return 0;
}

void app_print_escaped(FILE *out, const uint8_t *s, size_t n) {
  while (n > 0) {
    int len = utf8_char(s, n);
    bool c1 = len == 2 && s[0] == 0xC2 && s[1] < 0xA0;
    if (len <= 0 || s[0] < 0x20 || s[0] == 0x7F || c1) {
      fprintf(out, "\\x%02x", s[0]);
      len = 1;
    } else {
      fwrite(s, 1, (size_t)len, out);
    }
    s += len;
    n -= (size_t)len;
  }
}

static void print_json_char(FILE *out, const uint8_t *s, int len) {
  static const char escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt";
  for (const char *e = escapes; *e; e += 2)
    if ((uint8_t)*e == s[0]) {
      fprintf(out, "\\%c", e[1]);
      return;
    }
  if (s[0] < 0x20 || s[0] == 0x7F)
    fprintf(out, "\\u%04x", s[0]);
  else
    fwrite(s, 1, (size_t)len, out);
}

void app_print_json_string(FILE *out, const char *str, size_t n) {
  const uint8_t *s = (const uint8_t *)str;
  fputc('"', out);
  while (n > 0) {
    int len = utf8_char(s, n);
    if (len <= 0) {
      fputs("\xEF\xBF\xBD", out);
      len = 1;
    } else {
      print_json_char(out, s, len);
    }
    s += len;
    n -= (size_t)len;
  }
  fputc('"', out);
}
