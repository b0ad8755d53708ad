/* weft base: an IP address and port, without sockaddr.
 *
 *   weft_addr a;
 *   char text[WEFT_ADDR_TEXT_MAX];
 *   if (weft_addr_parse(&a, "203.0.113.7:4001") == WEFT_OK)      also "[2001:db8::1]:4001", "[fe80::1%3]:4001"
 *     printf("%s\n", weft_addr_format(&a, text, sizeof text));
 */
#ifndef WEFT_BASE_ADDR_H
#define WEFT_BASE_ADDR_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_family { WEFT_AF_NONE = 0, WEFT_AF_IP4 = 4, WEFT_AF_IP6 = 6 } weft_family;

typedef struct weft_addr {
  uint8_t family; /* weft_family */
  uint8_t ip[16]; /* network order; the first 4 bytes for IPv4, the rest zero */
  uint16_t port;  /* host order */
  uint32_t scope; /* IPv6 zone index for link-local addresses, else 0 */
} weft_addr;

/* Longest text: "[" 39 "%" 10 "]:" 5 and the terminator. */
#define WEFT_ADDR_TEXT_MAX 64

/* Makes an address from 4 or 16 bytes. */
weft_addr weft_addr_ip4(const uint8_t ip[4], uint16_t port);
weft_addr weft_addr_ip6(const uint8_t ip[16], uint16_t port);

/* Parses "a.b.c.d:port", "[v6]:port", "[v6%zone]:port" (zone is a number). WEFT_EMALFORMED otherwise. */
int weft_addr_parse(weft_addr *out, const char *text);
/* Parses an address alone, without a port. */
int weft_addr_parse_ip(weft_addr *out, const char *text, size_t len);
/* Writes "ip:port" or "[ip]:port" (RFC 5952 form for IPv6); returns buf. buf must have WEFT_ADDR_TEXT_MAX bytes. */
const char *weft_addr_format(const weft_addr *a, char *buf, size_t cap);
/* Writes the address alone, without port. */
const char *weft_addr_format_ip(const weft_addr *a, char *buf, size_t cap);

/* Equality of family, ip, port and scope; of all but the port. */
bool weft_addr_equal(const weft_addr *a, const weft_addr *b);
bool weft_addr_equal_ip(const weft_addr *a, const weft_addr *b);

/* 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104 */
bool weft_addr_is_loopback(const weft_addr *a);
/* 0.0.0.0, :: and ::ffff:0.0.0.0 */
bool weft_addr_is_unspecified(const weft_addr *a);
/* 224.0.0.0/4, 255.255.255.255, ff00::/8 and their v4-mapped forms */
bool weft_addr_is_multicast(const weft_addr *a);
/* ::ffff:0:0/96 */
bool weft_addr_is_v4_mapped(const weft_addr *a);
/* 169.254.0.0/16, fe80::/10 */
bool weft_addr_is_link_local(const weft_addr *a);
/* RFC 1918, RFC 6598, fc00::/7 */
bool weft_addr_is_private(const weft_addr *a);

#ifdef __cplusplus
}
#endif
#endif
