#include <string.h>

#include "multiaddr/multiaddr_int.h"

static void put_text(weft_wr *out, const char *text) { weft_wr_bytes(out, text, strlen(text)); }

/* ---- ip4, ip6 ----------------------------------------------------------------------------------------------------- */

static const char *ip_parse(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out) {
  weft_family family = p->size == 4 ? WEFT_AF_IP4 : WEFT_AF_IP6;
  weft_addr a;
  if (family == WEFT_AF_IP6 && memchr(text, '%', len))
    return "a zone goes in front, as in \"/ip6zone/eth0/ip6/fe80::1\"";
  if (weft_addr_parse_ip(&a, text, len) != WEFT_OK || a.family != family)
    return family == WEFT_AF_IP4 ? "not an IPv4 address" : "not an IPv6 address";
  weft_wr_bytes(out, a.ip, (size_t)p->size);
  return NULL;
}

static void put_hex16(weft_wr *out, unsigned v) {
  char text[4];
  size_t n = 0;
  for (int shift = 12; shift >= 0; shift -= 4)
    if (n > 0 || shift == 0 || v >> shift) text[n++] = "0123456789abcdef"[v >> shift & 15];
  weft_wr_bytes(out, text, n);
}

/* Multiaddrs write v4-mapped addresses in groups ("::ffff:c000:201"), other than RFC 5952 section 5. */
static void ip_format(const uint8_t *value, size_t len, weft_wr *out) {
  weft_addr a = len == 4 ? weft_addr_ip4(value, 0) : weft_addr_ip6(value, 0);
  char text[WEFT_ADDR_TEXT_MAX];
  if (!weft_addr_is_v4_mapped(&a)) {
    put_text(out, weft_addr_format_ip(&a, text, sizeof text));
    return;
  }
  put_text(out, "::ffff:");
  put_hex16(out, (unsigned)a.ip[12] << 8 | a.ip[13]);
  weft_wr_u8(out, ':');
  put_hex16(out, (unsigned)a.ip[14] << 8 | a.ip[15]);
}

static const char *any_value(const uint8_t *value, size_t len) {
  (void)value, (void)len;
  return NULL;
}

const weft_multiaddr_kind weft_multiaddr_kind_ip = {ip_parse, any_value, ip_format, false};

/* ---- ports and other numbers, big endian -------------------------------------------------------------------------- */

const char *weft_multiaddr_number_parse(const char *text, size_t len, uint64_t max, uint64_t *out) {
  uint64_t v = 0;
  if (len == 0) return "not a number";
  for (size_t i = 0; i < len; i++) {
    if (text[i] < '0' || text[i] > '9') return "not a number";
    uint64_t digit = (uint64_t)(text[i] - '0');
    if (v > (max - digit) / 10)
      return max == UINT8_MAX    ? "number is above 255"
             : max == UINT16_MAX ? "number is above 65535"
                                 : "number is above 18446744073709551615";
    v = v * 10 + digit;
  }
  *out = v;
  return NULL;
}

void weft_multiaddr_number_format(uint64_t v, weft_wr *out) {
  char text[20];
  size_t n = sizeof text;
  do text[--n] = (char)('0' + v % 10);
  while (v /= 10);
  weft_wr_bytes(out, text + n, sizeof text - n);
}

static const char *number_parse(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out) {
  uint64_t v;
  unsigned bits = 8 * (unsigned)p->size;
  const char *wrong = weft_multiaddr_number_parse(text, len, UINT64_MAX >> (64 - bits), &v);
  if (wrong) return wrong;
  for (unsigned shift = bits; shift > 0; shift -= 8) weft_wr_u8(out, (uint8_t)(v >> (shift - 8)));
  return NULL;
}

static void number_format(const uint8_t *value, size_t len, weft_wr *out) {
  uint64_t v = 0;
  for (size_t i = 0; i < len; i++) v = v << 8 | value[i];
  weft_multiaddr_number_format(v, out);
}

const weft_multiaddr_kind weft_multiaddr_kind_number = {number_parse, any_value, number_format, false};

/* ---- p2p ---------------------------------------------------------------------------------------------------------- */

static const char *peer_check(const uint8_t *value, size_t len) {
  weft_peer_id id;
  return weft_peer_id_from_bytes(&id, value, len) == WEFT_OK ? NULL : "not a peer id";
}

static const char *peer_parse(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out) {
  weft_peer_id id;
  (void)p;
  if (weft_peer_id_parse(&id, text, len) != WEFT_OK) return "not a peer id";
  weft_wr_bytes(out, id.bytes, id.len);
  return NULL;
}

static void peer_format(const uint8_t *value, size_t len, weft_wr *out) {
  weft_peer_id id;
  char text[WEFT_PEER_ID_TEXT_MAX];
  if (weft_peer_id_from_bytes(&id, value, len) == WEFT_OK && weft_peer_id_format(&id, text, sizeof text) == WEFT_OK)
    put_text(out, text);
}

const weft_multiaddr_kind weft_multiaddr_kind_peer = {peer_parse, peer_check, peer_format, false};

/* ---- certhash: of any hash function; which one pins a certificate is the transport's question ----------------------- */

static const char *certhash_check(const uint8_t *value, size_t len) {
  weft_multihash mh;
  return weft_multihash_decode(&mh, value, len) == WEFT_OK ? NULL : "not a multihash";
}

static const char *certhash_parse(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out) {
  uint8_t multihash[WEFT_MULTIADDR_MAX];
  char base;
  size_t n;
  (void)p;
  int rc = weft_multibase_decode(text, len, &base, multihash, sizeof multihash, &n);
  if (rc == WEFT_ETOOBIG) return "too long";
  if (rc != WEFT_OK) return "not multibase";
  weft_wr_bytes(out, multihash, n);
  return NULL;
}

static void certhash_format(const uint8_t *value, size_t len, weft_wr *out) {
  char text[WEFT_MULTIADDR_TEXT_MAX];
  size_t n;
  if (weft_multibase_encode('u', value, len, text, sizeof text, &n) == WEFT_OK) weft_wr_bytes(out, text, n);
}

const weft_multiaddr_kind weft_multiaddr_kind_certhash = {certhash_parse, certhash_check, certhash_format, false};

/* ---- of any protocol ---------------------------------------------------------------------------------------------- */

const char *weft_multiaddr_value_check(const weft_multiaddr_protocol *p, const uint8_t *value, size_t len) {
  if (p->size != WEFT_MULTIADDR_VARIABLE && len != (size_t)p->size) return "value has the wrong length";
  return p->kind ? p->kind->check(value, len) : NULL;
}

static const char *parse_into(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *w,
                              const uint8_t *value) {
  const char *wrong = p->kind->parse(p, text, len, w);
  if (wrong) return wrong;
  return weft_wr_ok(w) ? weft_multiaddr_value_check(p, value, weft_wr_len(w)) : "too long";
}

const char *weft_multiaddr_value_parse(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out) {
  uint8_t value[WEFT_MULTIADDR_MAX];
  weft_wr w;
  if (!p->kind) return NULL;
  if (len == 0) return p->missing;
  weft_wr_init(&w, value, sizeof value);
  const char *wrong = parse_into(p, text, len, &w, value);
  if (wrong) return wrong;
  if (p->size == WEFT_MULTIADDR_VARIABLE) weft_wr_uvarint(out, weft_wr_len(&w));
  weft_wr_bytes(out, value, weft_wr_len(&w));
  return NULL;
}

void weft_multiaddr_value_format(const weft_multiaddr_protocol *p, const uint8_t *value, size_t len, weft_wr *out) {
  if (p->kind) p->kind->format(value, len, out);
}
