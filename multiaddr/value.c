#include <string.h>

#include "multiaddr/multiaddr_int.h"

enum {
  NAME_MAX_LEN = 253, /* RFC 1035 section 2.3.4: 255 octets on the wire are 253 as text */
  ZONE_MAX_LEN = 64   /* an interface name (Linux: 15) or number */
};

/* ---- checks of bytes ---------------------------------------------------------------------------------------------- */

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

/* A name is printed between slashes: no slash, space or control character in it. Names may be international. */
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

static const char *check_peer(const uint8_t *value, size_t len) {
  weft_peer_id id;
  return weft_peer_id_from_bytes(&id, value, len) == WEFT_OK ? NULL : "not a peer id";
}

static const char *check_certhash(const uint8_t *value, size_t len) {
  weft_multihash mh;
  return weft_multihash_decode(&mh, value, len) == WEFT_OK ? NULL : "not a multihash";
}

const char *weft_multiaddr_value_check(const weft_multiaddr_protocol *p, const uint8_t *value, size_t len) {
  if (p->size != WEFT_MULTIADDR_VARIABLE && len != (size_t)p->size) return "value has the wrong length";
  switch (p->kind) {
  case WEFT_MULTIADDR_KIND_NONE:
  case WEFT_MULTIADDR_KIND_IP4:
  case WEFT_MULTIADDR_KIND_IP6:
  case WEFT_MULTIADDR_KIND_PORT: return NULL;
  case WEFT_MULTIADDR_KIND_NAME: return check_name(value, len, NAME_MAX_LEN);
  case WEFT_MULTIADDR_KIND_ZONE: return check_name(value, len, ZONE_MAX_LEN);
  case WEFT_MULTIADDR_KIND_PEER: return check_peer(value, len);
  case WEFT_MULTIADDR_KIND_CERTHASH: return check_certhash(value, len);
  }
  return "unknown kind of value";
}

/* ---- text to bytes ------------------------------------------------------------------------------------------------ */

static const char *parse_ip(const char *text, size_t len, weft_family family, weft_wr *out) {
  weft_addr a;
  bool zone = memchr(text, '%', len) != NULL;
  if (family == WEFT_AF_IP6 && zone) return "a zone goes in front, as in \"/ip6zone/eth0/ip6/fe80::1\"";
  if (weft_addr_parse_ip(&a, text, len) != WEFT_OK || a.family != family)
    return family == WEFT_AF_IP4 ? "not an IPv4 address" : "not an IPv6 address";
  weft_wr_bytes(out, a.ip, family == WEFT_AF_IP4 ? 4 : 16);
  return NULL;
}

static const char *parse_port(const char *text, size_t len, weft_wr *out) {
  uint32_t port = 0;
  for (size_t i = 0; i < len; i++) {
    if (text[i] < '0' || text[i] > '9') return "port is not a number";
    port = port * 10 + (uint32_t)(text[i] - '0');
    if (port > UINT16_MAX) return "port is above 65535";
  }
  weft_wr_u16(out, (uint16_t)port);
  return NULL;
}

static const char *parse_name(const char *text, size_t len, size_t max, weft_wr *out) {
  const char *wrong = check_name((const uint8_t *)text, len, max);
  if (!wrong) weft_wr_uvarint_bytes(out, text, len);
  return wrong;
}

static const char *parse_peer(const char *text, size_t len, weft_wr *out) {
  weft_peer_id id;
  if (weft_peer_id_parse(&id, text, len) != WEFT_OK) return "not a peer id";
  weft_wr_uvarint_bytes(out, id.bytes, id.len);
  return NULL;
}

static const char *parse_certhash(const char *text, size_t len, weft_wr *out) {
  uint8_t multihash[WEFT_MULTIADDR_MAX];
  char base;
  size_t n;
  int rc = weft_multibase_decode(text, len, &base, multihash, sizeof multihash, &n);
  if (rc == WEFT_ETOOBIG) return "too long";
  if (rc != WEFT_OK) return "not multibase";
  const char *wrong = check_certhash(multihash, n);
  if (!wrong) weft_wr_uvarint_bytes(out, multihash, n);
  return wrong;
}

const char *weft_multiaddr_value_parse(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out) {
  if (len == 0) return p->missing;
  switch (p->kind) {
  case WEFT_MULTIADDR_KIND_NONE: return NULL;
  case WEFT_MULTIADDR_KIND_IP4: return parse_ip(text, len, WEFT_AF_IP4, out);
  case WEFT_MULTIADDR_KIND_IP6: return parse_ip(text, len, WEFT_AF_IP6, out);
  case WEFT_MULTIADDR_KIND_PORT: return parse_port(text, len, out);
  case WEFT_MULTIADDR_KIND_NAME: return parse_name(text, len, NAME_MAX_LEN, out);
  case WEFT_MULTIADDR_KIND_ZONE: return parse_name(text, len, ZONE_MAX_LEN, out);
  case WEFT_MULTIADDR_KIND_PEER: return parse_peer(text, len, out);
  case WEFT_MULTIADDR_KIND_CERTHASH: return parse_certhash(text, len, out);
  }
  return "unknown kind of value";
}

/* ---- bytes to text ------------------------------------------------------------------------------------------------ */

static void put_text(weft_wr *out, const char *text) { weft_wr_bytes(out, text, strlen(text)); }

static void put_hex16(weft_wr *out, unsigned v) {
  char text[4];
  size_t n = 0;
  for (int shift = 12; shift >= 0; shift -= 4)
    if (n > 0 || shift == 0 || v >> shift) text[n++] = "0123456789abcdef"[v >> shift & 15];
  weft_wr_bytes(out, text, n);
}

/* Multiaddrs write v4-mapped addresses in groups ("::ffff:c000:201"), other than RFC 5952 section 5. */
static void put_ip(weft_wr *out, const weft_addr *a) {
  char text[WEFT_ADDR_TEXT_MAX];
  if (!weft_addr_is_v4_mapped(a)) {
    put_text(out, weft_addr_format_ip(a, text, sizeof text));
    return;
  }
  put_text(out, "::ffff:");
  put_hex16(out, (unsigned)a->ip[12] << 8 | a->ip[13]);
  weft_wr_u8(out, ':');
  put_hex16(out, (unsigned)a->ip[14] << 8 | a->ip[15]);
}

static void put_port(weft_wr *out, const uint8_t *value) {
  unsigned port = (unsigned)value[0] << 8 | value[1];
  char text[5];
  size_t n = sizeof text;
  do text[--n] = (char)('0' + port % 10);
  while (port /= 10);
  weft_wr_bytes(out, text + n, sizeof text - n);
}

static void put_peer(weft_wr *out, const uint8_t *value, size_t len) {
  weft_peer_id id;
  char text[WEFT_PEER_ID_TEXT_MAX];
  if (weft_peer_id_from_bytes(&id, value, len) != WEFT_OK || weft_peer_id_format(&id, text, sizeof text) != WEFT_OK)
    return;
  put_text(out, text);
}

static void put_certhash(weft_wr *out, const uint8_t *value, size_t len) {
  char text[WEFT_MULTIADDR_TEXT_MAX];
  size_t n;
  if (weft_multibase_encode('u', value, len, text, sizeof text, &n) == WEFT_OK) weft_wr_bytes(out, text, n);
}

void weft_multiaddr_value_format(const weft_multiaddr_protocol *p, const uint8_t *value, size_t len, weft_wr *out) {
  weft_addr a;
  switch (p->kind) {
  case WEFT_MULTIADDR_KIND_NONE: break;
  case WEFT_MULTIADDR_KIND_IP4:
    a = weft_addr_ip4(value, 0);
    put_ip(out, &a);
    break;
  case WEFT_MULTIADDR_KIND_IP6:
    a = weft_addr_ip6(value, 0);
    put_ip(out, &a);
    break;
  case WEFT_MULTIADDR_KIND_PORT: put_port(out, value); break;
  case WEFT_MULTIADDR_KIND_NAME:
  case WEFT_MULTIADDR_KIND_ZONE: weft_wr_bytes(out, value, len); break;
  case WEFT_MULTIADDR_KIND_PEER: put_peer(out, value, len); break;
  case WEFT_MULTIADDR_KIND_CERTHASH: put_certhash(out, value, len); break;
  }
}
