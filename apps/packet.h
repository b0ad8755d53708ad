/* apps: from a link layer frame to the payload of UDP or TCP.
 *
 *   packet p;
 *   const char *why = packet_parse(&p, link, data, len);       NULL: done; else why there is no payload
 *   if (!why && p.protocol == PACKET_UDP) use(&p.from, &p.to, p.payload, p.len);
 */
#ifndef APPS_PACKET_H
#define APPS_PACKET_H

#include <weft/base/addr.h>

enum { PACKET_TCP = 6, PACKET_UDP = 17 };
enum { PACKET_FIN = 1, PACKET_SYN = 2, PACKET_RST = 4 };

typedef struct packet {
  weft_addr from, to;
  uint8_t protocol, flags; /* flags, seq: TCP */
  uint32_t seq;
  const uint8_t *payload;
  size_t len;
  bool cut; /* there was more on the wire than in the capture */
} packet;

/* Ethernet (VLAN tags too), Linux cooked (both), BSD and OpenBSD loopback, raw IP. No fragments. Static text. */
const char *packet_parse(packet *p, uint32_t link, const uint8_t *data, size_t len);

#endif
