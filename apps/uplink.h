/* apps: the connection to a relay, over TCP (Noise, Yamux) or over webrtc-direct, on the program's loop and sockets; one at a time, at any of
 * the relay's addresses. dialer.h tries several side by side.
 *
 *   app_uplink_init(&u, &node, &tcp_pool, &callbacks, me);
 *   app_uplink_address(&addr, &multiaddr, why, sizeof why);   /ip4/127.0.0.1/tcp/9091/p2p/12D3Koo...
 *   app_uplink_dial(&u, &addr, now);                       up() or down() follows; dial again, here or elsewhere, in down() or after it
 *   app_uplink_input(&u, &local, &remote, data, len, now);   a datagram: true when it was the relay's
 *   app_uplink_tick(&u, now) by app_uplink_deadline(&u);
 *   app_uplink_close(&u, now);                             goodbye, then down()
 *   app_uplink_end(&u, now);
 */
#ifndef APPS_UPLINK_H
#define APPS_UPLINK_H

#include "apps/link.h"
#include "apps/node.h"
#include "apps/tcp.h"

typedef struct app_uplink app_uplink;

/* Where a relay is reached. */
typedef struct app_uplink_addr {
  weft_multiaddr ma; /* with /p2p at its end */
  char text[WEFT_MULTIADDR_TEXT_MAX];
  weft_peer_id relay;
  weft_addr to;
  bool direct;
  weft_webrtc_direct_addr target;
  app_udp *udp; /* kept from dial to dial */
} app_uplink_addr;

typedef struct app_uplink_callbacks {
  void (*up)(void *user, app_uplink *u, app_peer *relay, weft_time now);
  /* Once per dial; u->peer and its streams go after it. */
  void (*down)(void *user, app_uplink *u, const weft_closed *why, weft_time now);
} app_uplink_callbacks;

struct app_uplink {
  app_node *node;
  app_tcp_pool *pool;
  app_uplink_callbacks cb;
  void *user;
  app_uplink_addr *at; /* the one dialled last; the owner's */
  app_tcp *tcp;
  app_link *link;
  weft_webrtc *conn;
  app_peer *peer;
  bool dialling, answered; /* answered: something is there: TCP is connected, or a path found */
  weft_time limit_at;
  void *data; /* the program's */
};

void app_uplink_init(app_uplink *u, app_node *n, app_tcp_pool *pool, const app_uplink_callbacks *cb, void *user);
/* WEFT_EMALFORMED and what is wrong, with what to add. */
int app_uplink_address(app_uplink_addr *a, const weft_multiaddr *ma, char *why, size_t cap);
/* Nothing while it is busy. The address must outlive the connection; when it moves, set u->at. */
void app_uplink_dial(app_uplink *u, app_uplink_addr *at, weft_time now);
/* An attempt that nobody has answered ends then, if not before. */
void app_uplink_hurry(app_uplink *u, weft_time at);
void app_uplink_close(app_uplink *u, weft_time now);
bool app_uplink_busy(const app_uplink *u); /* dialling, up, or closing */
bool app_uplink_input(app_uplink *u, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                      weft_time now);
/* Our own address towards the relay as text; "" when there is none. */
void app_uplink_local(const app_uplink *u, char text[WEFT_ADDR_TEXT_MAX]);
void app_uplink_tick(app_uplink *u, weft_time now);
weft_time app_uplink_deadline(const app_uplink *u);
/* Without a word and without down(). It may be dialled again. */
void app_uplink_end(app_uplink *u, weft_time now);

#endif
