#include <string.h>

#include "base/hash.h"
#include "multiaddr/multiaddr_int.h"

enum {
  NAME_MAX_LEN = 253, /* RFC 1035 section 2.3.4: 255 octets on the wire are 253 as text */
  ZONE_MAX_LEN = 64   /* an interface name (Linux: 15) or number */
};

/* The bytes of one well-formed UTF-8 character (RFC 3629 section 4), 0 when there is none. */
static size_t utf8_char(const uint8_t *p, size_t left) {
  uint8_t b = p[0], low = 0x80, high = 0xbf;
  size_t n = b < 0x80 ? 1 : b >= 0xc2 && b <= 0xdf ? 2 : (b & 0xf0) == 0xe0 ? 3 : b >= 0xf0 && b <= 0xf4 ? 4 : 0;
  if (n == 0 || n > left) return 0;
  if (b == 0xe0) low = 0xa0;
  if (b == 0xed) high = 0x9f;
  if (b == 0xf0) low = 0x90;
  if (b == 0xf4) high = 0x8f;
  for (size_t i = 1; i < n; i++, low = 0x80, high = 0xbf)
    if (p[i] < low || p[i] > high) return 0;
  return n;
}

static const char *as_it_is(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out) {
  (void)p;
  weft_wr_bytes(out, text, len);
  return NULL;
}

static void put_as_it_is(const uint8_t *value, size_t len, weft_wr *out) { weft_wr_bytes(out, value, len); }

/* ---- domain names and zones: they stand between slashes. Names may be international. --------------------------------- */

static const char *check_name(const uint8_t *value, size_t len, size_t max) {
  if (len == 0) return "value is empty";
  if (len > max) return "name is too long";
  for (size_t i = 0, n; i < len; i += n) {
    n = utf8_char(value + i, len - i);
    if (n == 0) return "name is not UTF-8";
    if (value[i] == '/') return "name holds a slash";
    if (value[i] <= 0x20 || value[i] == 0x7f) return "name holds a space or control character";
  }
  return NULL;
}

static const char *name_check(const uint8_t *value, size_t len) { return check_name(value, len, NAME_MAX_LEN); }
static const char *zone_check(const uint8_t *value, size_t len) { return check_name(value, len, ZONE_MAX_LEN); }

const weft_multiaddr_kind weft_multiaddr_kind_name = {as_it_is, name_check, put_as_it_is, false};
const weft_multiaddr_kind weft_multiaddr_kind_zone = {as_it_is, zone_check, put_as_it_is, false};

/* ---- unix: the value is the path with its first slash, which the text form shares with the name ----------------------- */

static const char *path_check(const uint8_t *value, size_t len) {
  if (len == 0 || value[0] != '/') return "path does not begin with a slash";
  if (value[len - 1] == '/') return "path ends with a slash";
  for (size_t i = 0, n; i < len; i += n) {
    n = utf8_char(value + i, len - i);
    if (n == 0) return "path is not UTF-8";
    if (value[i] < 0x20 || value[i] == 0x7f) return "path holds a control character";
  }
  return NULL;
}

static const char *path_parse(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out) {
  weft_wr_u8(out, '/');
  return as_it_is(p, text, len, out);
}

static void path_format(const uint8_t *value, size_t len, weft_wr *out) { weft_wr_bytes(out, value + 1, len - 1); }

const weft_multiaddr_kind weft_multiaddr_kind_path = {path_parse, path_check, path_format, true};

/* ---- http-path: multiaddr protocols/http-path.md, a segment-nz of RFC 3986 section 3.3 --------------------------------- */

/* RFC 3986 section 2.3 */
static bool unreserved(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

/* RFC 3986 section 3.3, without pct-encoded */
static bool pchar(uint8_t c) { return unreserved(c) || (c && strchr("!$&'()*+,;=:@", c)); }

static const char *http_path_parse(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out) {
  (void)p;
  for (size_t i = 0; i < len; i++) {
    uint8_t byte = (uint8_t)text[i];
    if (byte == '%') {
      if (len - i < 3 || weft_hex_decode(&byte, 1, text + i + 1, 2) != WEFT_OK)
        return "\"%\" is not followed by two hex digits";
      i += 2;
    } else if (!pchar(byte)) {
      return "a character that is not percent-encoded, as in \"a%20space\"";
    }
    weft_wr_u8(out, byte);
  }
  return NULL;
}

static const char *http_path_check(const uint8_t *value, size_t len) {
  (void)value;
  return len > 0 ? NULL : "value is empty";
}

static void http_path_format(const uint8_t *value, size_t len, weft_wr *out) {
  static const char digits[] = "0123456789ABCDEF"; /* RFC 3986 section 2.1: upper case */
  for (size_t i = 0; i < len; i++) {
    if (unreserved(value[i])) {
      weft_wr_u8(out, value[i]);
      continue;
    }
    weft_wr_u8(out, '%');
    weft_wr_u8(out, (uint8_t)digits[value[i] >> 4]);
    weft_wr_u8(out, (uint8_t)digits[value[i] & 15]);
  }
}

const weft_multiaddr_kind weft_multiaddr_kind_http_path = {http_path_parse, http_path_check, http_path_format, false};
