#include "apps/packet.h"

#include <string.h>

#include "base/bytes.h"

enum { /* tcpdump.org/linktypes.html */
       LINK_NULL = 0,
       LINK_ETHERNET = 1,
       LINK_RAW_BSD = 12,
       LINK_RAW_OPENBSD = 14,
       LINK_RAW = 101,
       LINK_LOOP = 108,
       LINK_COOKED = 113,
       LINK_IP4 = 228,
       LINK_IP6 = 229,
       LINK_COOKED2 = 276
};
enum { ETHER_IP4 = 0x0800, ETHER_IP6 = 0x86dd, ETHER_VLAN = 0x8100, ETHER_QINQ = 0x88a8 };
enum { EXTENSIONS_MAX = 8 };

static bool is_ip(uint16_t ether) { return ether == ETHER_IP4 || ether == ETHER_IP6; }

/* Moves r to the IP header. */
static const char *skip_link(weft_rd *r, uint32_t link) {
  uint16_t ether = ETHER_IP4;
  switch (link) {
  case LINK_RAW:
  case LINK_RAW_BSD:
  case LINK_RAW_OPENBSD:
  case LINK_IP4:
  case LINK_IP6: break;
  case LINK_NULL:
  case LINK_LOOP: weft_rd_skip(r, 4); break;
  case LINK_ETHERNET:
    weft_rd_skip(r, 12);
    ether = weft_rd_u16(r);
    for (int i = 0; i < 2 && (ether == ETHER_VLAN || ether == ETHER_QINQ); i++) {
      weft_rd_skip(r, 2);
      ether = weft_rd_u16(r);
    }
    break;
  case LINK_COOKED:
    weft_rd_skip(r, 14);
    ether = weft_rd_u16(r);
    break;
  case LINK_COOKED2:
    ether = weft_rd_u16(r);
    weft_rd_skip(r, 18);
    break;
  default: return "a link type that is not known here";
  }
  if (!weft_rd_ok(r)) return "shorter than its link layer header";
  return is_ip(ether) ? NULL : "not IP";
}

/* The rest of the header, and the payload that the header promises. */
static void take_payload(packet *p, weft_rd *r, size_t promised) {
  size_t left = weft_rd_left(r);
  p->cut = promised > left;
  p->len = p->cut ? left : promised;
  p->payload = weft_rd_bytes(r, p->len);
}

static const char *parse_udp(packet *p, weft_rd *r) {
  p->from.port = weft_rd_u16(r);
  p->to.port = weft_rd_u16(r);
  uint16_t total = weft_rd_u16(r);
  weft_rd_skip(r, 2);
  if (!weft_rd_ok(r) || total < 8) return "shorter than a UDP header";
  bool cut = p->cut;
  take_payload(p, r, total - 8u);
  p->cut = p->cut || cut;
  return NULL;
}

static const char *parse_tcp(packet *p, weft_rd *r, size_t ip_payload) {
  p->from.port = weft_rd_u16(r);
  p->to.port = weft_rd_u16(r);
  p->seq = weft_rd_u32(r);
  weft_rd_skip(r, 4);
  size_t header = (size_t)(weft_rd_u8(r) >> 4) * 4;
  p->flags = weft_rd_u8(r);
  if (header < 20 || header > ip_payload) return "not a TCP header";
  weft_rd_skip(r, header - 14);
  if (!weft_rd_ok(r)) return "shorter than its TCP header";
  take_payload(p, r, ip_payload - header);
  return NULL;
}

static const char *parse_transport(packet *p, weft_rd *r, uint8_t protocol, size_t promised) {
  weft_rd inner;
  size_t left = weft_rd_left(r), n = promised < left ? promised : left;
  p->cut = promised > left;
  p->protocol = protocol;
  weft_rd_sub(r, n, &inner);
  if (protocol == PACKET_UDP) return parse_udp(p, &inner);
  return protocol == PACKET_TCP ? parse_tcp(p, &inner, promised) : "neither UDP nor TCP";
}

static const char *parse_ip4(packet *p, weft_rd *r) {
  size_t header = (size_t)(weft_rd_u8(r) & 15) * 4;
  weft_rd_skip(r, 1);
  size_t total = weft_rd_u16(r);
  weft_rd_skip(r, 2);
  uint16_t fragment = weft_rd_u16(r);
  weft_rd_skip(r, 1);
  uint8_t protocol = weft_rd_u8(r);
  weft_rd_skip(r, 2);
  uint8_t from[4], to[4];
  weft_rd_copy(r, from, 4);
  weft_rd_copy(r, to, 4);
  if (!weft_rd_ok(r) || header < 20 || total < header) return "not an IPv4 header";
  weft_rd_skip(r, header - 20);
  p->from = weft_addr_ip4(from, 0);
  p->to = weft_addr_ip4(to, 0);
  if (fragment & 0x3fff) return "a fragment: fragments are not put together here";
  return parse_transport(p, r, protocol, total - header);
}

/* RFC 8200 section 4: hop-by-hop, routing and destination options are stepped over. */
static const char *parse_ip6(packet *p, weft_rd *r) {
  weft_rd_skip(r, 4);
  size_t promised = weft_rd_u16(r);
  uint8_t next = weft_rd_u8(r), from[16], to[16];
  weft_rd_skip(r, 1);
  weft_rd_copy(r, from, 16);
  weft_rd_copy(r, to, 16);
  if (!weft_rd_ok(r)) return "not an IPv6 header";
  p->from = weft_addr_ip6(from, 0);
  p->to = weft_addr_ip6(to, 0);
  for (int i = 0; i < EXTENSIONS_MAX && (next == 0 || next == 43 || next == 60); i++) {
    next = weft_rd_u8(r);
    size_t n = 8 * ((size_t)weft_rd_u8(r) + 1);
    weft_rd_skip(r, n - 2);
    if (!weft_rd_ok(r) || n > promised) return "IPv6 extension headers that do not fit";
    promised -= n;
  }
  if (next == 44) return "a fragment: fragments are not put together here";
  return parse_transport(p, r, next, promised);
}

const char *packet_parse(packet *p, uint32_t link, const uint8_t *data, size_t len) {
  weft_rd r;
  memset(p, 0, sizeof *p);
  weft_rd_init(&r, data, len);
  const char *why = skip_link(&r, link);
  if (why) return why;
  if (weft_rd_left(&r) == 0) return "empty";
  uint8_t version = *r.p >> 4;
  return version == 4 ? parse_ip4(p, &r) : version == 6 ? parse_ip6(p, &r) : "not IP";
}
