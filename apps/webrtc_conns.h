/* apps: webrtc connections that are ready, and which of two ways their streams run - a data channel each (the specification), or one Yamux
 * session inside the secured byte stream of channel 0 (Demo 1's --mux yamux). The dialer chooses; the listener sees it from what
 * comes first: bytes on channel 0, or anything else, or nothing for a second.
 *
 *   app_webrtc_conns_init(&conns, &loop, &host, ready, me);
 *   on READY:     app_webrtc_conn *c = app_webrtc_conn_new(&conns, conn, ev, yamux, now);    NULL: no memory, the connection is closed
 *                 weft_webrtc_set_data(conn, c);
 *   on ready:     c->peer, c->yamux: the way is known
 *   on STREAM, SECURED_DATA, SECURED_WRITABLE:  app_webrtc_conn_event(c, ev, now);
 *   on CLOSED:    app_webrtc_conn_free(c, code, now);
 *   app_webrtc_conns_end(&conns);
 */
#ifndef APPS_WEBRTC_CONNS_H
#define APPS_WEBRTC_CONNS_H

#include <weft/webrtc/webrtc.h>

#include "apps/link.h"
#include "apps/loop.h"

#define APP_WEBRTC_DECIDE WEFT_SEC(1)

typedef struct app_webrtc_conns app_webrtc_conns;

typedef struct app_webrtc_conn {
  app_webrtc_conns *of;
  weft_webrtc *conn;
  app_peer *peer; /* NULL until the way is known */
  app_link *link; /* Yamux */
  bool inbound, yamux;
  uint8_t direct_version;
  weft_addr local, remote;
  weft_peer_id id;
  void *data; /* the program's */
  weft_time decide_at;
  app_due_item due;
} app_webrtc_conn;

struct app_webrtc_conns {
  app_host *host;
  app_due due;
  void (*ready)(void *user, app_webrtc_conn *c, weft_time now);
  void *user;
  uint32_t window_max, send_limit, max_streams; /* for app_link_config; 0: the defaults */
  app_record *record;                           /* of the connections that are given; NULL: not recorded */
};

int app_webrtc_conns_init(app_webrtc_conns *x, app_loop *loop, app_host *host,
                          void (*ready)(void *user, app_webrtc_conn *c, weft_time now), void *user);
/* yamux: the dialer's choice. A dialer without it is ready from inside this call. */
app_webrtc_conn *app_webrtc_conn_new(app_webrtc_conns *x, weft_webrtc *conn, const weft_webrtc_event *ev, bool yamux,
                                     weft_time now);
void app_webrtc_conn_event(app_webrtc_conn *c, const weft_webrtc_event *ev, weft_time now);
/* closed(code) of every stream. NULL: nothing. */
void app_webrtc_conn_free(app_webrtc_conn *c, int code, weft_time now);

#endif
