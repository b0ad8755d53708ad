#include "base/addr.h"

#include <string.h>

weft_addr weft_addr_ip4(const uint8_t ip[4], uint16_t port) {
  weft_addr a = {.family = WEFT_AF_IP4, .port = port};
  memcpy(a.ip, ip, 4);
  return a;
}

weft_addr weft_addr_ip6(const uint8_t ip[16], uint16_t port) {
  weft_addr a = {.family = WEFT_AF_IP6, .port = port};
  memcpy(a.ip, ip, 16);
  return a;
}

static size_t ip_size(const weft_addr *a) { return a->family == WEFT_AF_IP4 ? 4 : a->family == WEFT_AF_IP6 ? 16 : 0; }

bool weft_addr_equal_ip(const weft_addr *a, const weft_addr *b) {
  return a->family == b->family && a->scope == b->scope && memcmp(a->ip, b->ip, ip_size(a)) == 0;
}

bool weft_addr_equal(const weft_addr *a, const weft_addr *b) { return weft_addr_equal_ip(a, b) && a->port == b->port; }

bool weft_addr_is_v4_mapped(const weft_addr *a) {
  static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}; /* RFC 4291 section 2.5.5.2 */
  return a->family == WEFT_AF_IP6 && memcmp(a->ip, prefix, sizeof prefix) == 0;
}

/* The four bytes of an IPv4 address, mapped or not; NULL for any other. */
static const uint8_t *v4_bytes(const weft_addr *a) {
  if (a->family == WEFT_AF_IP4) return a->ip;
  return weft_addr_is_v4_mapped(a) ? a->ip + 12 : NULL;
}

bool weft_addr_is_loopback(const weft_addr *a) {
  static const uint8_t one[16] = {[15] = 1}; /* RFC 4291 section 2.5.3 */
  const uint8_t *v4 = v4_bytes(a);
  if (v4) return v4[0] == 127; /* RFC 1122 section 3.2.1.3 */
  return a->family == WEFT_AF_IP6 && memcmp(a->ip, one, sizeof one) == 0;
}

bool weft_addr_is_unspecified(const weft_addr *a) {
  static const uint8_t zero[16] = {0};
  const uint8_t *v4 = v4_bytes(a);
  if (v4) return memcmp(v4, zero, 4) == 0;
  return a->family == WEFT_AF_IP6 && memcmp(a->ip, zero, sizeof zero) == 0;
}

bool weft_addr_is_multicast(const weft_addr *a) {
  static const uint8_t broadcast[4] = {255, 255, 255, 255};
  const uint8_t *v4 = v4_bytes(a);
  if (v4) return (v4[0] & 0xf0) == 224 || memcmp(v4, broadcast, 4) == 0; /* RFC 5771, RFC 919 section 7 */
  return a->family == WEFT_AF_IP6 && a->ip[0] == 0xff;                   /* RFC 4291 section 2.7 */
}

bool weft_addr_is_link_local(const weft_addr *a) {
  if (a->family == WEFT_AF_IP4) return a->ip[0] == 169 && a->ip[1] == 254;          /* RFC 3927 section 2.1 */
  return a->family == WEFT_AF_IP6 && a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80; /* RFC 4291 section 2.5.6 */
}

static bool is_private_v4(const uint8_t *ip) {
  if (ip[0] == 10) return true; /* RFC 1918 section 3 */
  if (ip[0] == 172 && (ip[1] & 0xf0) == 16) return true;
  if (ip[0] == 192 && ip[1] == 168) return true;
  return ip[0] == 100 && (ip[1] & 0xc0) == 64; /* RFC 6598 section 7 */
}

bool weft_addr_is_private(const weft_addr *a) {
  if (a->family == WEFT_AF_IP4) return is_private_v4(a->ip);
  return a->family == WEFT_AF_IP6 && (a->ip[0] & 0xfe) == 0xfc; /* RFC 4193 section 3.1 */
}
