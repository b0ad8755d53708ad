#include <string.h>

#include "multiaddr/multiaddr_int.h"

static void put_text(weft_wr *w, const char *text) {
  size_t n = strlen(text);
  weft_wr_bytes(w, text, n < weft_wr_left(w) ? n : weft_wr_left(w));
}

static void put_number(weft_wr *w, size_t v) {
  char digits[24] = {0};
  size_t n = sizeof digits - 1;
  do digits[--n] = (char)('0' + v % 10);
  while (v /= 10);
  put_text(w, digits + n);
}

static bool printable(char c) { return c > 0x20 && c < 0x7f; }

/* A name from outside goes to terminals and logs. */
static void copy_name(char *dst, size_t cap, const char *name, size_t len) {
  size_t n = len < cap - 1 ? len : cap - 1;
  for (size_t i = 0; i < n; i++) dst[i] = printable(name[i]) ? name[i] : '?';
  dst[n] = '\0';
}

int weft_multiaddr_fail(weft_multiaddr_error *err, int code, size_t component, const char *name, size_t name_len,
                        const char *what) {
  weft_wr w;
  if (!err) return code;
  memset(err, 0, sizeof *err);
  err->component = component;
  copy_name(err->protocol, sizeof err->protocol, name, name_len);
  weft_wr_init(&w, (uint8_t *)err->text, sizeof err->text - 1);
  put_text(&w, component ? "component " : "address");
  if (component) put_number(&w, component);
  put_text(&w, ": ");
  if (name_len > 0) {
    put_text(&w, err->protocol);
    put_text(&w, ": ");
  }
  put_text(&w, what);
  return code;
}
