#include <assert.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"

static void put_char(weft_wr *w, char c) { weft_wr_u8(w, (uint8_t)c); }

static void put_decimal(weft_wr *w, uint32_t v) {
  char digits[10];
  size_t n = 0;
  do digits[n++] = (char)('0' + v % 10);
  while (v /= 10);
  while (n > 0) put_char(w, digits[--n]);
}

static void put_v4(weft_wr *w, const uint8_t *ip) {
  for (int i = 0; i < 4; i++) {
    if (i > 0) put_char(w, '.');
    put_decimal(w, ip[i]);
  }
}

static unsigned group(const uint8_t *ip, int i) { return (unsigned)ip[2 * i] << 8 | ip[2 * i + 1]; }

/* RFC 5952 section 4.2: "::" for the longest run of zero groups, the first of equals, never for a single one. */
static int longest_zero_run(const uint8_t *ip, int *len) {
  int best = -1;
  *len = 1;
  for (int i = 0; i < 8; i++) {
    int n = 0;
    while (i + n < 8 && group(ip, i + n) == 0) n++;
    if (n > *len) {
      best = i;
      *len = n;
    }
  }
  return best;
}

/* RFC 5952 section 4.1 and 4.3: no leading zeros, lower case. */
static void put_group(weft_wr *w, unsigned g) {
  bool started = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    unsigned d = g >> shift & 15;
    started = started || d != 0 || shift == 0;
    if (started) put_char(w, "0123456789abcdef"[d]);
  }
}

static void put_v6(weft_wr *w, const uint8_t *ip) {
  int run_len, run = longest_zero_run(ip, &run_len);
  for (int i = 0; i < 8; i++) {
    if (i == run) {
      weft_wr_bytes(w, "::", 2);
      i += run_len - 1;
      continue;
    }
    if (i > 0 && i != run + run_len) put_char(w, ':');
    put_group(w, group(ip, i));
  }
}

static void put_ip(weft_wr *w, const weft_addr *a) {
  if (a->family == WEFT_AF_IP4) {
    put_v4(w, a->ip);
    return;
  }
  if (weft_addr_is_v4_mapped(a)) { /* RFC 5952 section 5 */
    weft_wr_bytes(w, "::ffff:", 7);
    put_v4(w, a->ip + 12);
  } else {
    put_v6(w, a->ip);
  }
  if (a->scope) {
    put_char(w, '%');
    put_decimal(w, a->scope);
  }
}

static const char *finish(weft_wr *w, char *buf) {
  weft_wr_u8(w, 0);
  assert(weft_wr_ok(w));
  return buf;
}

const char *weft_addr_format_ip(const weft_addr *a, char *buf, size_t cap) {
  weft_wr w;
  weft_wr_init(&w, (uint8_t *)buf, cap);
  if (a->family == WEFT_AF_NONE)
    put_char(&w, '-');
  else
    put_ip(&w, a);
  return finish(&w, buf);
}

const char *weft_addr_format(const weft_addr *a, char *buf, size_t cap) {
  weft_wr w;
  if (a->family == WEFT_AF_NONE) return weft_addr_format_ip(a, buf, cap);
  weft_wr_init(&w, (uint8_t *)buf, cap);
  if (a->family == WEFT_AF_IP6) put_char(&w, '[');
  put_ip(&w, a);
  if (a->family == WEFT_AF_IP6) put_char(&w, ']');
  put_char(&w, ':');
  put_decimal(&w, a->port);
  return finish(&w, buf);
}
