/* Demo 1, the server: listens for webrtc-direct on UDP, prints its address and chats with every client. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/addr_file.h"
#include "apps/addresses.h"
#include "apps/args.h"
#include "apps/clock.h"
#include "apps/line_input.h"
#include "apps/node.h"

typedef struct server {
  app_node node;
  weft_webrtc_listener *listener;
  app_webrtc_conns conns;
  app_line_input input;
  const char *addr_file;
  char saved[WEFT_MULTIADDR_TEXT_MAX]; /* what the address file holds */
} server;

/* ---- addresses ------------------------------------------------------------------------------------------------------------ */

/* Loopback last over all sockets, so that the first address printed is one that others can use. */
static void print_addresses(server *s) {
  char text[WEFT_MULTIADDR_TEXT_MAX];
  for (int loopback = 0; loopback < 2; loopback++)
    for (size_t i = 0; i < s->node.sockets_len; i++) {
      weft_addr a[APP_INTERFACES];
      size_t n = app_address_expand(&s->node.sockets[i].udp.bound, a);
      for (size_t k = 0; k < n; k++) {
        if (weft_addr_is_loopback(&a[k]) != (loopback == 1)) continue;
        app_address_direct(text, sizeof text, &a[k], s->node.cert, &s->node.identity);
        app_report_listening(&s->node.report, text);
      }
    }
}

static int save_address(server *s) {
  char why[256];
  weft_addr a = app_address_here(&s->node.sockets[0].udp.bound);
  app_address_direct(s->saved, sizeof s->saved, &a, s->node.cert, &s->node.identity);
  if (app_addr_file_write(s->addr_file, s->saved, s->node.peer_id, NULL) == WEFT_OK) return APP_EXIT_OK;
  snprintf(why, sizeof why, "cannot write %s: %s", s->addr_file, strerror(errno));
  s->saved[0] = 0;
  app_report_error(&s->node.report, "app", "address file", WEFT_EINTERNAL, why,
                   "give --addr-file a path that can be written");
  return APP_EXIT_INTERNAL;
}

static int parse_listen(server *s, const char *text, weft_addr *out) {
  weft_multiaddr ma;
  weft_multiaddr_error err;
  weft_webrtc_direct_addr direct;
  if (weft_multiaddr_parse(&ma, text, &err) == WEFT_OK && weft_multiaddr_webrtc_direct(&ma, &direct, &err) == WEFT_OK) {
    *out = direct.addr;
    return APP_EXIT_OK;
  }
  app_report_error(&s->node.report, "multiaddr", "--listen", WEFT_EMALFORMED, err.text,
                   "for example /ip4/0.0.0.0/udp/4001/webrtc-direct");
  return APP_EXIT_USAGE;
}

static int open_sockets(server *s, const app_list *listen) {
  for (size_t i = 0; i < listen->len; i++) {
    weft_addr a;
    int code = parse_listen(s, listen->items[i], &a);
    if (code != APP_EXIT_OK) return code;
    if (!app_node_socket(&s->node, &a)) return APP_EXIT_INTERNAL;
  }
  return APP_EXIT_OK;
}

/* ---- connections and chat ---------------------------------------------------------------------------------------------------- */

static int on_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  server *s = user;
  (void)now;
  return app_node_output(&s->node, local, remote, data, len);
}

static void on_ready(void *user, app_webrtc_conn *c, weft_time now) {
  server *s = user;
  c->peer->data = c;
  app_node_report_conn(&s->node, c);
  app_peer_identify(c->peer, now);
}

static void on_closed(server *s, weft_webrtc *conn, const weft_closed *why, weft_time now) {
  app_webrtc_conn *c = weft_webrtc_get_data(conn);
  app_record_closed(s->node.record, conn, why);
  if (c && c->peer) app_report_disconnected(&s->node.report, c->peer->id_text, why->text, app_who(why->who));
  app_webrtc_conn_free(c, why->code == WEFT_OK ? WEFT_ECLOSED : why->code, now);
  weft_webrtc_free(conn);
}

static void on_event(void *user, weft_webrtc *c, const weft_webrtc_event *ev, weft_time now) {
  server *s = user;
  char remote[WEFT_ADDR_TEXT_MAX];
  switch (ev->type) {
  case WEFT_WEBRTC_EVENT_READY: weft_webrtc_set_data(c, app_webrtc_conn_new(&s->conns, c, ev, false, now)); break;
  case WEFT_WEBRTC_EVENT_STREAM:
  case WEFT_WEBRTC_EVENT_SECURED_DATA:
  case WEFT_WEBRTC_EVENT_SECURED_WRITABLE:
    if (weft_webrtc_get_data(c)) app_webrtc_conn_event(weft_webrtc_get_data(c), ev, now);
    break;
  case WEFT_WEBRTC_EVENT_PATH:
    app_report_step(&s->node.report, "Path is now udp %s", weft_addr_format(ev->remote, remote, sizeof remote));
    break;
  case WEFT_WEBRTC_EVENT_CLOSED: on_closed(s, c, &ev->closed, now); break;
  case WEFT_WEBRTC_EVENT_REFUSED:
    app_report_detail(&s->node.report, "Refused %s: %s: %s: %s", weft_addr_format(ev->remote, remote, sizeof remote),
                      ev->closed.layer, ev->closed.step, ev->closed.text);
    break;
  case WEFT_WEBRTC_EVENT_STEP: break;
  }
}

static void on_message(void *user, app_stream *st, const uint8_t *data, size_t len, weft_time now) {
  server *s = user;
  (void)now;
  app_report_message(&s->node.report, st->peer->id_text, data, len);
}

static void on_remote_closed(void *user, app_stream *st, weft_time now) {
  (void)user;
  app_chat_finish(st, now);
}

static void on_identified(void *user, app_peer *p, const weft_identify *id, weft_time now) {
  server *s = user;
  const app_webrtc_conn *c = p->data;
  (void)id;
  (void)now;
  weft_webrtc_set_quirks(c->conn, (weft_webrtc_quirks){.no_fin_ack = strstr(p->agent, "rust-libp2p") != NULL});
  app_record_agent(s->node.record, c->conn, p->agent);
  app_report_detail(&s->node.report, "%s is %s", p->id_text, p->agent);
}

/* A line typed at the server goes to every client. */
static bool on_line(void *user, const uint8_t *line, size_t len, weft_time now) {
  server *s = user;
  for (app_peer *p = s->node.host.peers; p; p = p->next)
    for (app_stream *st = p->streams; st; st = st->next)
      if (app_chat_is(st) && st->state && app_chat_send(st, line, len, now) != WEFT_OK)
        app_report_step(&s->node.report, "%s reads too slowly: line not sent to it", p->id_text);
  app_report_prompt(&s->node.report);
  return true;
}

static void on_input_end(void *user, weft_time now) {
  (void)user; /* a server goes on */
  (void)now;
}

/* ---- the program ---------------------------------------------------------------------------------------------------------------- */

static void on_datagram(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                        weft_time now) {
  server *s = user;
  weft_webrtc_listener_input(s->listener, local, remote, data, len, now);
}

static weft_time deadline(const void *user) {
  const server *s = user;
  weft_time a = weft_webrtc_listener_deadline(s->listener), b = app_host_deadline(&s->node.host);
  return a < b ? a : b;
}

static void tick(void *user, weft_time now) {
  server *s = user;
  weft_webrtc_listener_tick(s->listener, now);
  app_host_tick(&s->node.host, now);
}

static void on_signal(void *user, int signo, weft_time now) {
  server *s = user;
  (void)signo;
  weft_webrtc_listener_close(s->listener, now);
  app_loop_stop(&s->node.loop, APP_EXIT_OK);
}

static int start(server *s, const app_list *listen) {
  weft_webrtc_config cfg;
  weft_webrtc_callbacks cb = {sizeof cb, on_output, on_event};
  int code = open_sockets(s, listen);
  if (code != APP_EXIT_OK) return code;
  app_node_webrtc_config(&s->node, &cfg);
  if (app_webrtc_conns_init(&s->conns, &s->node.loop, &s->node.host, on_ready, s) != WEFT_OK) return APP_EXIT_INTERNAL;
  s->conns.record = s->node.record;
  if (weft_webrtc_listen(&s->listener, &cfg, &cb, s) != WEFT_OK) return APP_EXIT_INTERNAL;
  code = save_address(s);
  if (code != APP_EXIT_OK) return code;
  print_addresses(s);
  app_report_step(&s->node.report, "Start a client:  webrtc-direct-client %s", s->saved);
  app_report_step(&s->node.report, "Waiting for connections... (Ctrl+C to stop)");
  return APP_EXIT_OK;
}

static int run(server *s, const app_list *listen) {
  s->node.on_datagram = on_datagram;
  s->node.on_writable = tick;
  s->node.host.identified = on_identified;
  s->node.report.prompt = "Server: ";
  app_loop_signals(&s->node.loop, on_signal, s);
  int code = start(s, listen);
  if (code != APP_EXIT_OK) return code;
  app_loop_timer(&s->node.loop, deadline, tick, s);
  app_line_input_start(&s->input, &s->node.loop, on_line, on_input_end, s);
  app_report_prompt(&s->node.report);
  code = app_loop_run(&s->node.loop);
  app_report_step(&s->node.report, "Server stopped.");
  return code;
}

int main(int argc, char **argv) {
  static app_list listen;
  static app_number port;
  static app_node_options o;
  static const char *addr_file = "webrtc_direct_addr.json";
  static const app_option options[] = {
      {"listen", 'l', APP_ARG_LIST, &listen, 0, 0, "MULTIADDR", "address to listen on; may be given several times"},
      {"port", 'p', APP_ARG_NUMBER, &port, 0, 65535, "N",
       "short for --listen /ip4/0.0.0.0/udp/N/webrtc-direct (default 0: any)"},
      {"addr-file", 0, APP_ARG_TEXT, &addr_file, 0, 0, "FILE", "where to save the address (webrtc_direct_addr.json)"},
      {"key-file", 0, APP_ARG_TEXT, &o.key_file, 0, 0, "FILE",
       "identity key, made if absent; without it the identity is fresh"},
      {"echo", 0, APP_ARG_FLAG, &o.echo, 0, 0, NULL, "send every frame back, and FIN after FIN"},
      {"json", 0, APP_ARG_FLAG, &o.json, 0, 0, NULL, "one JSON object per event on stdout"},
      {"quiet", 'q', APP_ARG_FLAG, &o.quiet, 0, 0, NULL, "only addresses, received lines and errors"},
      {"verbose", 'v', APP_ARG_FLAG, &o.verbose, 0, 0, NULL, "say more, refused connections too"},
      {"keylog", 0, APP_ARG_TEXT, &o.keylog, 0, 0, "FILE", "append DTLS secrets for Wireshark (NSS key log)"},
      {"record", 0, APP_ARG_TEXT, &o.record, 0, 0, "DIR",
       "record each connection, cut at every layer: DIR, DIR-2, ..."},
  };
  static const app_usage usage = {"webrtc-direct-server",
                                  "[OPTIONS]",
                                  "Listens for libp2p WebRTC-Direct connections over UDP and chats with every client.",
                                  options,
                                  sizeof options / sizeof options[0],
                                  0,
                                  "  webrtc-direct-server -p 4001\n"
                                  "  webrtc-direct-server --listen /ip6/::1/udp/0/webrtc-direct --echo --json\n"};
  static server s;
  static char default_listen[64];
  static const app_chat_callbacks chat = {.message = on_message, .remote_closed = on_remote_closed};
  int n = app_args_parse(&usage, argc, argv, NULL);
  if (n < 0) return n == APP_ARGS_DONE ? APP_EXIT_OK : APP_EXIT_USAGE;
  if (port.given && listen.len > 0) {
    fprintf(stderr,
            "webrtc-direct-server: --port and --listen exclude each other: put the port into the --listen address\n");
    return APP_EXIT_USAGE;
  }
  if (listen.len == 0) {
    snprintf(default_listen, sizeof default_listen, "/ip4/0.0.0.0/udp/%u/webrtc-direct", (unsigned)port.value);
    listen.items[listen.len++] = default_listen;
  }
  s.addr_file = addr_file;
  o.argc = argc;
  o.argv = argv;
  o.listener = true;
  int code = app_node_init(&s.node, &o, &chat, &s);
  if (code == APP_EXIT_OK) code = run(&s, &listen);
  if (s.saved[0]) app_addr_file_remove(addr_file, s.saved);
  weft_webrtc_listener_free(s.listener);
  app_node_end(&s.node);
  return code;
}
