/* apps: the UDP sockets that direct connections start from - one per address of this machine, or those of --bind.
 *
 *   app_gather_init(&g, &node);
 *   app_gather_bind(&g, "10.0.0.5");                       also with a port; any number of times; none: every interface
 *   size_t n = app_gather_addrs(&g, loopback, addrs, cap);       opens what is new, and lists what there is now
 */
#ifndef APPS_GATHER_H
#define APPS_GATHER_H

#include "apps/node.h"

enum { APP_GATHER_BIND = 8, APP_GATHER_ADDRS = 12 };

typedef struct app_gather {
  app_node *node;
  weft_addr bind[APP_GATHER_BIND];
  const char *names[APP_GATHER_BIND]; /* of interfaces; NULL: bind has the address */
  size_t bind_len;
  uint16_t port_min, port_max; /* 0, 0: any */
  app_udp *sockets[APP_GATHER_ADDRS];
  size_t sockets_len;
  bool loopback; /* --bind says so */
} app_gather;

void app_gather_init(app_gather *g, app_node *n);
/* "1.2.3.4", "1.2.3.4:5000", "::1", "[::1]:5000", or the name of an interface (borrowed). WEFT_EMALFORMED, WEFT_ELIMIT. */
int app_gather_bind(app_gather *g, const char *text);
/* Socket addresses, IPv4 and IPv6 in turn (RFC 8421 section 4). Loopback ones only when `loopback`, or --bind, says so. An address that
 * cannot be bound is left out. */
size_t app_gather_addrs(app_gather *g, bool loopback, weft_addr *out, size_t cap);

#endif
