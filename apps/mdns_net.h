/* apps: the sockets of apps/mdns.h on the loop: one per family, on every interface that has multicast. Port 5353 is shared
 * with whoever else listens there; where it cannot be, queries go out from another port and answers come back to it
 * alone (RFC 6762 section 5.1).
 *
 *   app_mdns_net net;
 *   app_mdns_net_open(&net, &loop, &rng, my_found, my_ended, me);
 *   app_mdns_ask(&net.mdns, name, now);
 *   app_mdns_net_close(&net);
 */
#ifndef APPS_MDNS_NET_H
#define APPS_MDNS_NET_H

#include "apps/loop.h"
#include "apps/mdns.h"

enum { APP_MDNS_INTERFACES = 16 };

typedef struct app_mdns_net {
  app_mdns mdns;
  app_loop *loop;
  void *user;
  void (*found)(void *user, const char *name, const weft_addr *ip, weft_time now);
  void (*ended)(void *user, const char *name, unsigned addresses, weft_time now);
  int fd[2]; /* IPv4, IPv6; -1: none */
  unsigned interfaces[APP_MDNS_INTERFACES];
  size_t interfaces_len;
  bool open;
} app_mdns_net;

/* WEFT_OK when at least one family works; WEFT_EINTERNAL: no interface has multicast, or no socket could be opened: names
 * are then not resolved, which is no reason to end. The loop keeps a timer of it: open it once, and let it live as long
 * as the loop. */
int app_mdns_net_open(app_mdns_net *n, app_loop *loop, const weft_rng *rng,
                      void (*found)(void *user, const char *name, const weft_addr *ip, weft_time now),
                      void (*ended)(void *user, const char *name, unsigned addresses, weft_time now), void *user);
void app_mdns_net_close(app_mdns_net *n);

#endif
