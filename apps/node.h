/* apps: what both webrtc-direct programs set up before they differ - identity, certificate, sockets on the loop, chat on the host.
 *
 *   app_node node;
 *   int code = app_node_init(&node, &opts, &chat_callbacks, me);    0, or the exit code after the error was reported
 *   weft_webrtc_config cfg;
 *   app_node_webrtc_config(&node, &cfg);
 *   app_udp *u = app_node_socket(&node, &addr, on_datagram, &code);
 *   code = app_loop_run(&node.loop);
 *   app_node_end(&node);
 */
#ifndef APPS_NODE_H
#define APPS_NODE_H

#include <stdio.h>

#include <weft/multiaddr/multiaddr.h>
#include <weft/webrtc/webrtc.h>

#include "apps/chat.h"
#include "apps/loop.h"
#include "apps/record.h"
#include "apps/report.h"
#include "apps/udp.h"
#include "apps/webrtc_conns.h"

/* Exit codes of every program. */
enum {
  APP_EXIT_OK = 0,
  APP_EXIT_INTERNAL = 1,  /* internal, port in use, unwritable file */
  APP_EXIT_USAGE = 2,     /* command line, malformed or incomplete multiaddr, no address file */
  APP_EXIT_NO_ANSWER = 3, /* no authenticated packet from the peer in time */
  APP_EXIT_REFUSED = 4,   /* identity or certificate refused */
  APP_EXIT_TIMEOUT = 5,   /* the peer answered, but time ran out later */
  APP_EXIT_PEER = 6       /* the peer closed early */
};

enum { APP_NODE_SOCKETS = 16 };

typedef struct app_node_options {
  const char *key_file, *keylog;
  const char *record; /* DIR of --record, with the command line as it was given */
  int argc;
  char **argv;
  bool listener;
  bool json, quiet, verbose, echo;
  const app_protocol *const
      *protocols; /* beside chat, identify and ping; borrowed during init, each while the node lives */
  size_t protocols_len;
} app_node_options;

typedef struct app_node app_node;

typedef struct app_node_socket_slot {
  app_udp udp;
  app_node *node;
} app_node_socket_slot;

struct app_node {
  app_loop loop;
  app_report report;
  weft_rng rng;
  weft_identity identity;
  weft_dtls_cert *cert;
  char peer_id[128];
  app_host host;
  app_chat chat;
  app_node_socket_slot sockets[APP_NODE_SOCKETS];
  size_t sockets_len;
  app_udp_fn on_datagram;  /* user: the program's */
  app_tick_fn on_writable; /* a socket takes datagrams again */
  FILE *keylog;
  app_record *record; /* NULL without --record */
  void *user;
};

/* cb NULL: no chat. */
int app_node_init(app_node *n, const app_node_options *o, const app_chat_callbacks *cb, void *user);
void app_node_end(app_node *n);
void app_node_webrtc_config(app_node *n, weft_webrtc_config *cfg);
/* Binds and watches; NULL after the error was reported. */
app_udp *app_node_socket(app_node *n, const weft_addr *bind_to);
/* The same without a word when it fails: NULL with errno. Ports from min to max; 0, 0: that of bind_to. */
app_udp *app_node_try_socket(app_node *n, const weft_addr *bind_to, uint16_t min, uint16_t max);
/* Closes the socket opened last. */
void app_node_close_socket(app_node *n);
/* Sends what the callbacks have gathered: the loop's before_wait, or called by the program's own. */
void app_node_flush(void *n, weft_time now);
/* For weft_webrtc_callbacks.output. */
int app_node_output(app_node *n, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len);
/* For weft_webrtc_config.keylog, whose user is the program: its first member must be the app_node. */
void app_node_keylog(void *user, const char *line);
/* Reports "connected" from the connection's own figures, to the recording too: on READY, when its streams are channels; and
 * when it is known how they run. */
void app_node_report_connected(app_node *n, weft_webrtc *c, const char *peer, const weft_webrtc_event *ev);
void app_node_report_conn(app_node *n, const app_webrtc_conn *c);
/* The exit code for a connection that ended like this; ready: after READY. */
int app_node_exit_code(const weft_closed *closed, bool authenticated, bool ready);
/* What a person can do about it; "" when nothing. */
const char *app_node_hint(const weft_closed *closed, bool authenticated);

#endif
