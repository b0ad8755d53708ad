#include <string.h>

#include "base/addr.h"

/* Text under the cursor; everything here takes what it understands and says whether that was well formed. */
typedef struct cursor {
  const char *p, *end;
} cursor;

static bool take(cursor *c, char ch) {
  if (c->p == c->end || *c->p != ch) return false;
  c->p++;
  return true;
}

static bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }

/* A decimal number without sign or leading zeros ("010" is octal to some readers and ten to others). */
static bool take_decimal(cursor *c, uint32_t max, uint32_t *out) {
  const char *start = c->p;
  uint64_t v = 0;
  while (c->p < c->end && is_digit(*c->p)) {
    v = v * 10 + (uint64_t)(*c->p++ - '0');
    if (v > max) return false;
  }
  if (c->p == start || (*start == '0' && c->p - start > 1)) return false;
  *out = (uint32_t)v;
  return true;
}

static bool take_v4(cursor *c, uint8_t ip[4]) {
  for (int i = 0; i < 4; i++) {
    uint32_t v;
    if (i > 0 && !take(c, '.')) return false;
    if (!take_decimal(c, 255, &v)) return false;
    ip[i] = (uint8_t)v;
  }
  return true;
}

static int hex_value(char ch) {
  if (is_digit(ch)) return ch - '0';
  if (ch >= 'a' && ch <= 'f') return ch - 'a' + 10;
  if (ch >= 'A' && ch <= 'F') return ch - 'A' + 10;
  return -1;
}

static bool take_group(cursor *c, uint16_t *out) {
  unsigned v = 0;
  int digits = 0;
  while (c->p < c->end && hex_value(*c->p) >= 0) {
    if (++digits > 4) return false;
    v = v << 4 | (unsigned)hex_value(*c->p++);
  }
  *out = (uint16_t)v;
  return digits > 0;
}

/* A dotted tail (RFC 4291 section 2.2, form 3) stands where the next group would. */
static bool dotted_ahead(const cursor *c) {
  const char *p = c->p;
  while (p < c->end && is_digit(*p)) p++;
  return p > c->p && p < c->end && *p == '.';
}

static bool at_end(const cursor *c) { return c->p == c->end || *c->p == '%' || *c->p == ']'; }

/* Eight groups, or fewer around one "::" that stands for at least one group of zeros. `gap` is the byte offset of "::". */
static bool take_groups(cursor *c, uint8_t ip[16], size_t *len, size_t *gap) {
  size_t n = 0;
  *gap = SIZE_MAX;
  if (c->end - c->p >= 2 && c->p[0] == ':' && c->p[1] == ':') {
    c->p += 2;
    *gap = 0;
  }
  while (!at_end(c) && n < 16) {
    uint16_t g;
    if (dotted_ahead(c)) {
      *len = n + 4;
      return n <= 12 && take_v4(c, ip + n);
    }
    if (!take_group(c, &g)) return false;
    ip[n++] = (uint8_t)(g >> 8);
    ip[n++] = (uint8_t)g;
    if (at_end(c)) break;
    if (!take(c, ':')) return false;
    if (take(c, ':')) {
      if (*gap != SIZE_MAX) return false;
      *gap = n;
    } else if (at_end(c) || n == 16) {
      return false;
    }
  }
  *len = n;
  return true;
}

static bool take_v6(cursor *c, uint8_t ip[16]) {
  uint8_t raw[16] = {0};
  size_t len, gap;
  if (!take_groups(c, raw, &len, &gap)) return false;
  if (gap == SIZE_MAX ? len != 16 : len > 14) return false;
  if (gap == SIZE_MAX) gap = 16;
  memset(ip, 0, 16);
  memcpy(ip, raw, gap < len ? gap : len);
  if (gap < len) memcpy(ip + 16 - (len - gap), raw + gap, len - gap);
  return true;
}

/* RFC 4007 section 11, with a numeric zone only: names belong to one host's interfaces. */
static bool take_zone(cursor *c, uint32_t *scope) {
  return !take(c, '%') || (take_decimal(c, UINT32_MAX, scope) && *scope != 0);
}

static bool take_ip6(cursor *c, weft_addr *a) {
  a->family = WEFT_AF_IP6;
  return take_v6(c, a->ip) && take_zone(c, &a->scope);
}

static bool take_ip4(cursor *c, weft_addr *a) {
  a->family = WEFT_AF_IP4;
  return take_v4(c, a->ip);
}

int weft_addr_parse_ip(weft_addr *out, const char *text, size_t len) {
  cursor c = {text, text + len};
  weft_addr a = {0};
  bool ok = memchr(text, ':', len) ? take_ip6(&c, &a) : take_ip4(&c, &a);
  if (!ok || c.p != c.end) return WEFT_EMALFORMED;
  *out = a;
  return WEFT_OK;
}

int weft_addr_parse(weft_addr *out, const char *text) {
  cursor c = {text, text + strlen(text)};
  weft_addr a = {0};
  uint32_t port;
  bool ok = take(&c, '[') ? take_ip6(&c, &a) && take(&c, ']') : take_ip4(&c, &a);
  if (!ok || !take(&c, ':') || !take_decimal(&c, UINT16_MAX, &port) || c.p != c.end) return WEFT_EMALFORMED;
  a.port = (uint16_t)port;
  *out = a;
  return WEFT_OK;
}
