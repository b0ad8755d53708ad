/* apps: libp2p connections over TCP, dialed and accepted - a socket and a link each, with their limits and their deadlines.
 *
 *   app_tcp_transport_init(&tcp, &loop, &host, &(app_tcp_transport_callbacks){ready, closed}, me);
 *   app_tcp_transport_listen(&tcp, &addr);                          any number of times
 *   app_tcp_conn *c;
 *   app_tcp_transport_dial(&tcp, &c, &remote, peer_id, n, WEFT_SEC(15), now);
 *   on ready:    c->peer, c->inbound, *app_tcp_conn_local(c), *app_tcp_conn_remote(c)
 *   app_tcp_conn_close(c, WEFT_OK, now);                            go-away, then closed
 *   on closed:   c goes when it returns
 *   app_tcp_transport_close(&tcp, now); ... until app_tcp_transport_idle(&tcp)
 *   app_tcp_transport_end(&tcp, now);
 */
#ifndef APPS_TCP_TRANSPORT_H
#define APPS_TCP_TRANSPORT_H

#include "apps/link.h"
#include "apps/tcp.h"

enum {
  APP_TCP_LISTENERS = 16,
  APP_TCP_CONNS_MAX = 4096,     /* accepted and set up; one more is refused */
  APP_TCP_UPGRADING_MAX = 512,  /* accepted, not set up yet; one more ends the oldest, which had the most time */
  APP_TCP_UPGRADING_PER_IP = 64 /* of one source (app_same_source); one more is refused */
};
#define APP_TCP_UPGRADE_LIMIT WEFT_SEC(10) /* accepted connections; as go-libp2p and js-libp2p */

typedef struct app_tcp_transport app_tcp_transport;

typedef struct app_tcp_conn app_tcp_conn;
struct app_tcp_conn {
  app_tcp_transport *transport;
  app_tcp *tcp;
  app_link *link;
  app_peer *peer; /* after ready */
  bool inbound;
  void *data; /* the program's */
  /* its own: */
  bool connecting, busy, over;
  weft_time connect_until, started_at, limit;
  uint8_t expected_peer[64];
  size_t expected_peer_len;
  app_due_item due;
  app_tcp_conn *next, *prev, *younger, *older; /* all; those being set up, by age */
};

typedef struct app_tcp_transport_callbacks {
  void (*ready)(void *user, app_tcp_conn *c, weft_time now);
  /* Also of those that never were ready. Layer "tcp": steps "connect" and "accept". */
  void (*closed)(void *user, app_tcp_conn *c, const weft_closed *why, weft_time now);
  void (*starved)(void *user, int error, weft_time now); /* as in tcp.h; may be NULL */
  /* An accepted connection is closed again, without a word to the peer: why. May be NULL. */
  void (*refused)(void *user, const weft_addr *remote, const char *why, weft_time now);
} app_tcp_transport_callbacks;

struct app_tcp_transport {
  app_tcp_pool pool;
  app_host *host;
  app_tcp_transport_callbacks cb;
  void *user;
  uint32_t window_max, send_limit, max_streams; /* for app_link_config; 0: the defaults */
  size_t max_per_source; /* accepted, whatever the transport of the host's other peers; 0: no limit but the above */
  app_record *record;    /* NULL: not recorded */
  app_tcp_listener listeners[APP_TCP_LISTENERS];
  size_t listeners_len;
  app_due due;
  app_tcp_conn *conns, *youngest, *oldest;
  app_tcp_conn *closing_next; /* which app_tcp_transport_close comes to next */
  size_t conns_len, upgrading_len;
  uint64_t refused, evicted;
};

int app_tcp_transport_init(app_tcp_transport *x, app_loop *loop, app_host *host, const app_tcp_transport_callbacks *cb,
                           void *user);
/* WEFT_ELIMIT: APP_TCP_LISTENERS; else as app_tcp_listen. The last of listeners[] is the new one. */
int app_tcp_transport_listen(app_tcp_transport *x, const weft_addr *bind_to);
/* Takes the listener opened last away again. */
void app_tcp_transport_unlisten(app_tcp_transport *x);
/* limit: until ready. expected_peer NULL: anybody. How it goes on is told by ready and closed, never from inside this call;
 * WEFT_EINTERNAL with errno: no route, or no descriptor. */
int app_tcp_transport_dial(app_tcp_transport *x, app_tcp_conn **out, const weft_addr *remote,
                           const uint8_t *expected_peer, size_t expected_peer_len, weft_time limit, weft_time now);
void app_tcp_conn_close(app_tcp_conn *c, int code, weft_time now);
const weft_addr *app_tcp_conn_local(const app_tcp_conn *c);
const weft_addr *app_tcp_conn_remote(const app_tcp_conn *c);
/* No more listening, and every connection is closed; closed() follows for each. */
void app_tcp_transport_close(app_tcp_transport *x, weft_time now);
bool app_tcp_transport_idle(const app_tcp_transport *x);         /* nothing is open, and all goodbyes are delivered */
void app_tcp_transport_end(app_tcp_transport *x, weft_time now); /* whatever is left, without callbacks */

#endif
