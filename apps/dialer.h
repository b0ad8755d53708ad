/* apps: the connection to a relay that has several addresses, tried side by side (RFC 8305 section 5): the next one 250 ms after the one before,
 * or as soon as that has failed. The first that is up is the connection, the others are dropped.
 *
 *   app_dialer_init(&d, &node, &tcp_pool, &callbacks, me);
 *   app_dialer_dial(&d, addrs, n, now);                     up() or down() follows; the address that works becomes the first
 *   app_dialer_input(&d, &local, &remote, data, len, now);  a datagram: true when it was the relay's
 *   app_dialer_tick(&d, now) by app_dialer_deadline(&d);
 *   app_dialer_close(&d, now);                              goodbye, then down()
 *   app_dialer_end(&d, now);
 */
#ifndef APPS_DIALER_H
#define APPS_DIALER_H

#include "apps/uplink.h"

enum { APP_DIALER_ADDRS = 16 };

typedef struct app_dialer app_dialer;

typedef struct app_dialer_callbacks {
  void (*dialling)(void *user, const app_uplink_addr *at, weft_time now);
  void (*up)(void *user, app_dialer *d, app_peer *relay, weft_time now);
  /* Once per dial. lost: it was up. Else every address has failed, and d->why is of the one that tells most: a refused identity before what went
   * wrong later than the connection, that before a refused one, that before silence. */
  void (*down)(void *user, app_dialer *d, bool lost, const weft_closed *why, weft_time now);
} app_dialer_callbacks;

struct app_dialer {
  app_uplink ups[APP_DIALER_ADDRS];
  app_dialer_callbacks cb;
  void *user;
  app_uplink_addr *addrs; /* the owner's */
  size_t len, next;       /* next: which is dialled next; len: none */
  weft_time next_at;
  app_uplink *up;    /* the connection; NULL: none */
  weft_addr refused; /* a machine that refused a connection; family 0: none */
  weft_closed why;
  char why_text[256], why_addr[WEFT_MULTIADDR_TEXT_MAX];
};

void app_dialer_init(app_dialer *d, app_node *n, app_tcp_pool *pool, const app_dialer_callbacks *cb, void *user);
/* Nothing while it is busy. len: 1 to APP_DIALER_ADDRS. The addresses must stay where they are until the next dial, or the end. */
void app_dialer_dial(app_dialer *d, app_uplink_addr *addrs, size_t len, weft_time now);
bool app_dialer_busy(const app_dialer *d); /* dialling, up, or closing */
void app_dialer_close(app_dialer *d, weft_time now);
bool app_dialer_input(app_dialer *d, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                      weft_time now);
void app_dialer_tick(app_dialer *d, weft_time now);
weft_time app_dialer_deadline(const app_dialer *d);
void app_dialer_end(app_dialer *d, weft_time now);
/* How much a reason tells, for one that has to choose among several dialers. */
int app_dialer_tells(const weft_closed *why);

#endif
