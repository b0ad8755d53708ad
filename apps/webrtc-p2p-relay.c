/* Demo 2, the relay: circuit relay v2 over TCP and webrtc-direct, for two peers that cannot reach each other. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <weft/relay/relay.h>

#include "apps/addr_file.h"
#include "apps/addresses.h"
#include "apps/args.h"
#include "apps/clock.h"
#include "apps/node.h"
#include "apps/relay_ask.h"
#include "apps/relay_service.h"
#include "apps/relay_status.h"
#include "apps/stun_service.h"
#include "apps/tcp_transport.h"
#include "apps/webrtc_conns.h"

enum {
  DEFAULT_PORT = 9091,
  PORT_TRIES = 50, /* of -p 0, for a number that is free on TCP and UDP */
  ACCESS_MAX = 64,
  /* What a stream of a slow reader may hold here: the least that Yamux allows on the way in, what keeps a link busy on the way out. */
  WINDOW = 256 * 1024,
  SEND_LIMIT = 16 * 1024,
  CHANNEL_SEND_LIMIT = 64 * 1024,
  /* A peer has its circuits here, a few exchanges, identify and ping; unless it may have any number of circuits. */
  STREAMS = 128
};
#define GOODBYE_LIMIT WEFT_MS(1500) /* a peer that is told later than 2 s is told too late */

typedef struct access_list {
  weft_peer_id items[ACCESS_MAX];
  size_t len;
} access_list;

typedef struct relay {
  app_node node; /* first: app_node_keylog */
  app_relay_service service;
  app_relay_status_server status;
  app_stun_service stun;
  bool stun_on;
  app_tcp_transport tcp;
  weft_webrtc_listener *listener;
  app_webrtc_conns webrtc;
  access_list allow, deny;
  const char *addr_file;
  char saved[WEFT_MULTIADDR_TEXT_MAX], direct[WEFT_MULTIADDR_TEXT_MAX];
  weft_time leaving_until;
} relay;

typedef struct relay_options {
  app_list listen, allow, deny;
  app_number port, max_reservations, max_reservations_per_peer, max_reservations_per_ip, max_circuits,
      max_circuits_per_peer, circuit_duration, circuit_bytes, max_connections_per_ip;
  bool no_stun;
  const char *addr_file;
} relay_options;

static int fail(relay *r, const char *layer, const char *step, int code, const char *text, const char *hint,
                int exit_code) {
  app_report_error(&r->node.report, layer, step, code, text, hint);
  return exit_code;
}

/* ---- listening ------------------------------------------------------------------------------------------------------------------- */

static int bind_failed(relay *r, const char *transport, const weft_addr *a) {
  char text[256], addr[WEFT_ADDR_TEXT_MAX];
  int e = errno;
  snprintf(text, sizeof text, "cannot bind %s %s: %s", transport, weft_addr_format(a, addr, sizeof addr), strerror(e));
  return fail(r, "app", "bind", WEFT_EINTERNAL, text,
              e == EADDRINUSE ? "another program has this port: choose another with -p, or 0 for a free one" : "",
              APP_EXIT_INTERNAL);
}

static bool udp_is_free(const weft_addr *a) {
  app_udp u;
  bool is = app_udp_open(&u, a) == WEFT_OK;
  if (is) app_udp_close(&u);
  return is;
}

static int listen_tcp(relay *r, const weft_addr *a) {
  int rc = app_tcp_transport_listen(&r->tcp, a);
  if (rc == WEFT_OK) return APP_EXIT_OK;
  if (rc != WEFT_ELIMIT) return bind_failed(r, "tcp", a);
  return fail(r, "app", "socket", WEFT_ELIMIT, "too many addresses to listen on", "give fewer --listen",
              APP_EXIT_INTERNAL);
}

/* One number for both: TCP takes a free one, and UDP has it or another is tried. */
static int listen_both(relay *r, uint16_t port) {
  static const uint8_t any[4];
  for (int i = 0;; i++) {
    weft_addr a = weft_addr_ip4(any, port);
    int code = listen_tcp(r, &a);
    if (code != APP_EXIT_OK) return code;
    a.port = r->tcp.listeners[r->tcp.listeners_len - 1].bound.port;
    if (port != 0 || i == PORT_TRIES || udp_is_free(&a))
      return app_node_socket(&r->node, &a) ? APP_EXIT_OK : APP_EXIT_INTERNAL;
    app_tcp_transport_unlisten(&r->tcp);
  }
}

static int listen_on(relay *r, const char *text) {
  weft_multiaddr ma;
  weft_multiaddr_error err = {.text = ""};
  weft_webrtc_direct_addr direct;
  weft_addr a;
  weft_multiaddr_part part;
  uint32_t transport = 0;
  size_t at = 0, parts = 0;
  int rc = weft_multiaddr_parse(&ma, text, &err);
  if (rc == WEFT_OK) {
    while (weft_multiaddr_next(&ma, &at, &part)) parts++;
    if (weft_multiaddr_to_addr(&ma, &a, &transport) == WEFT_OK && transport == WEFT_MA_TCP && parts == 2)
      return listen_tcp(r, &a);
    rc = weft_multiaddr_webrtc_direct(&ma, &direct, &err);
  }
  if (rc == WEFT_OK) return app_node_socket(&r->node, &direct.addr) ? APP_EXIT_OK : APP_EXIT_INTERNAL;
  return fail(r, "multiaddr", "--listen", WEFT_EMALFORMED, err.text,
              "for example /ip4/0.0.0.0/tcp/9091 or /ip4/0.0.0.0/udp/9091/webrtc-direct", APP_EXIT_USAGE);
}

static int open_sockets(relay *r, const relay_options *o) {
  int code = APP_EXIT_OK;
  if (o->listen.len == 0) return listen_both(r, (uint16_t)o->port.value);
  for (size_t i = 0; i < o->listen.len && code == APP_EXIT_OK; i++) code = listen_on(r, o->listen.items[i]);
  return code;
}

typedef void (*address_fn)(void *user, const char *text);

static void each_bound(relay *r, const weft_addr *bound, bool tcp, bool loopback, address_fn fn, void *user) {
  char text[WEFT_MULTIADDR_TEXT_MAX];
  weft_addr a[APP_INTERFACES];
  size_t n = app_address_expand(bound, a);
  for (size_t i = 0; i < n; i++) {
    if (weft_addr_is_loopback(&a[i]) != loopback) continue;
    if (tcp)
      app_address_tcp(text, sizeof text, &a[i], &r->node.identity);
    else
      app_address_direct(text, sizeof text, &a[i], r->node.cert, &r->node.identity);
    fn(user, text);
  }
}

/* Loopback last over all sockets, so that the first address is one that others can use. */
static void each_address(relay *r, address_fn fn, void *user) {
  for (int loopback = 0; loopback < 2; loopback++) {
    for (size_t i = 0; i < r->tcp.listeners_len; i++)
      each_bound(r, &r->tcp.listeners[i].bound, true, loopback == 1, fn, user);
    for (size_t i = 0; i < r->node.sockets_len; i++)
      each_bound(r, &r->node.sockets[i].udp.bound, false, loopback == 1, fn, user);
  }
}

static void print_address(void *user, const char *text) {
  relay *r = user;
  app_report_listening(&r->node.report, text);
}

/* The addresses for reservations (circuit-v2.md, Reservation.addrs): rust-libp2p takes none without. */
typedef struct reservation_addrs {
  weft_multiaddr ma[WEFT_RELAY_ADDRS_MAX];
  weft_relay_bytes bytes[WEFT_RELAY_ADDRS_MAX];
  size_t len;
} reservation_addrs;

static void add_reservation_addr(void *user, const char *text) {
  reservation_addrs *l = user;
  weft_multiaddr_error err;
  if (l->len == WEFT_RELAY_ADDRS_MAX || weft_multiaddr_parse(&l->ma[l->len], text, &err) != WEFT_OK) return;
  l->bytes[l->len] = (weft_relay_bytes){l->ma[l->len].bytes, l->ma[l->len].len};
  l->len++;
}

/* Without a TCP address the webrtc-direct one is the relay's address. */
static int save_address(relay *r) {
  char why[256];
  weft_addr a;
  if (r->node.sockets_len > 0) {
    a = app_address_here(&r->node.sockets[0].udp.bound);
    app_address_direct(r->direct, sizeof r->direct, &a, r->node.cert, &r->node.identity);
  }
  snprintf(r->saved, sizeof r->saved, "%s", r->direct);
  if (r->tcp.listeners_len > 0) {
    a = app_address_here(&r->tcp.listeners[0].bound);
    app_address_tcp(r->saved, sizeof r->saved, &a, &r->node.identity);
  }
  if (app_addr_file_write(r->addr_file, r->saved, r->node.peer_id, r->direct[0] ? r->direct : NULL) == WEFT_OK)
    return APP_EXIT_OK;
  snprintf(why, sizeof why, "cannot write %s: %s", r->addr_file, strerror(errno));
  r->saved[0] = 0;
  return fail(r, "app", "address file", WEFT_EINTERNAL, why, "give --addr-file a path that can be written",
              APP_EXIT_INTERNAL);
}

/* ---- peers ---------------------------------------------------------------------------------------------------------------------------- */

static void report_connected(relay *r, const app_peer *p, const weft_addr *local, const char *mux, int direct_version) {
  char here[WEFT_ADDR_TEXT_MAX], there[WEFT_ADDR_TEXT_MAX];
  app_connected c = {.peer = p->id_text,
                     .path = "direct",
                     .dir = "in",
                     .transport = direct_version ? "udp" : "tcp",
                     .local = weft_addr_format(local, here, sizeof here),
                     .remote = weft_addr_format(&p->remote, there, sizeof there),
                     .direct_version = direct_version,
                     .mux = mux};
  app_report_connected(&r->node.report, &c);
}

/* WEFT_ENOMEM; WEFT_ELIMIT: its source has as many connections as it may. */
static int welcome(relay *r, app_peer *p, weft_time now) {
  size_t max = r->tcp.max_per_source;
  if (max > 0 && app_host_peers_from(&r->node.host, &p->remote) > max) return WEFT_ELIMIT;
  if (app_relay_service_peer(&r->service, p, now) != WEFT_OK) return WEFT_ENOMEM;
  app_peer_identify(p, now);
  return WEFT_OK;
}

static void farewell(relay *r, app_peer *p, const weft_closed *why, weft_time now) {
  app_relay_service_peer_gone(&r->service, p, now);
  app_report_disconnected(&r->node.report, p->id_text, why->text, app_who(why->who));
}

static void tcp_ready(void *user, app_tcp_conn *c, weft_time now) {
  relay *r = user;
  report_connected(r, c->peer, app_tcp_conn_local(c), "yamux", 0);
  int rc = welcome(r, c->peer, now);
  if (rc != WEFT_OK) app_tcp_conn_close(c, rc, now);
}

static void tcp_closed(void *user, app_tcp_conn *c, const weft_closed *why, weft_time now) {
  relay *r = user;
  char remote[WEFT_ADDR_TEXT_MAX];
  if (c->peer)
    farewell(r, c->peer, why, now);
  else
    app_report_detail(&r->node.report, "Refused %s: %s: %s: %s",
                      weft_addr_format(app_tcp_conn_remote(c), remote, sizeof remote), why->layer, why->step,
                      why->text);
}

static void tcp_starved(void *user, int error, weft_time now) {
  relay *r = user;
  (void)now;
  app_report_detail(&r->node.report, "No new connection can be taken now: %s (raise the limit with ulimit -n)",
                    strerror(error));
}

static void tcp_refused(void *user, const weft_addr *remote, const char *why, weft_time now) {
  relay *r = user;
  char text[WEFT_ADDR_TEXT_MAX];
  (void)now;
  app_report_detail(&r->node.report, "Refused %s: tcp: accept: %s", weft_addr_format(remote, text, sizeof text), why);
}

static void webrtc_ready(void *user, app_webrtc_conn *c, weft_time now) {
  relay *r = user;
  c->peer->data = c;
  report_connected(r, c->peer, &c->local, c->yamux ? "yamux" : "channels", c->direct_version);
  app_record_connected(r->node.record, c->conn, c->peer->id_text, c->direct_version, c->yamux ? "yamux" : "channels");
  int rc = welcome(r, c->peer, now);
  if (rc != WEFT_OK) weft_webrtc_close(c->conn, rc, now);
}

static void webrtc_closed(relay *r, weft_webrtc *conn, const weft_closed *why, weft_time now) {
  app_webrtc_conn *c = weft_webrtc_get_data(conn);
  app_record_closed(r->node.record, conn, why);
  if (c && c->peer) farewell(r, c->peer, why, now);
  app_webrtc_conn_free(c, why->code == WEFT_OK ? WEFT_ECLOSED : why->code, now);
  weft_webrtc_free(conn);
}

static void webrtc_event(void *user, weft_webrtc *conn, const weft_webrtc_event *ev, weft_time now) {
  relay *r = user;
  char remote[WEFT_ADDR_TEXT_MAX];
  switch (ev->type) {
  case WEFT_WEBRTC_EVENT_READY:
    weft_webrtc_set_data(conn, app_webrtc_conn_new(&r->webrtc, conn, ev, false, now));
    break;
  case WEFT_WEBRTC_EVENT_STREAM:
  case WEFT_WEBRTC_EVENT_SECURED_DATA:
  case WEFT_WEBRTC_EVENT_SECURED_WRITABLE:
    if (weft_webrtc_get_data(conn)) app_webrtc_conn_event(weft_webrtc_get_data(conn), ev, now);
    break;
  case WEFT_WEBRTC_EVENT_CLOSED: webrtc_closed(r, conn, &ev->closed, now); break;
  case WEFT_WEBRTC_EVENT_REFUSED:
    app_report_detail(&r->node.report, "Refused %s: %s: %s: %s", weft_addr_format(ev->remote, remote, sizeof remote),
                      ev->closed.layer, ev->closed.step, ev->closed.text);
    break;
  case WEFT_WEBRTC_EVENT_PATH:
  case WEFT_WEBRTC_EVENT_STEP: break;
  }
}

static void on_identified(void *user, app_peer *p, const weft_identify *id, weft_time now) {
  relay *r = user;
  const app_webrtc_conn *c = p->data;
  (void)id;
  (void)now;
  if (c) weft_webrtc_set_quirks(c->conn, (weft_webrtc_quirks){.no_fin_ack = strstr(p->agent, "rust-libp2p") != NULL});
  app_record_agent(r->node.record, p->conn, p->agent);
  app_report_detail(&r->node.report, "%s is %s", p->id_text, p->agent);
}

/* ---- what the relay does ------------------------------------------------------------------------------------------------------------- */

static void format_peer(char *out, size_t cap, weft_relay_bytes id) {
  weft_peer_id p;
  if (weft_peer_id_from_bytes(&p, id.data, id.len) != WEFT_OK || weft_peer_id_format(&p, out, cap) != WEFT_OK)
    snprintf(out, cap, "somebody");
}

static void on_relay_event(void *user, const weft_relay_server_event *ev, weft_time now) {
  relay *r = user;
  char peer[128], target[128];
  (void)now;
  format_peer(peer, sizeof peer, ev->peer);
  format_peer(target, sizeof target, ev->target);
  switch (ev->type) {
  case WEFT_RELAY_SERVER_RESERVED:
    app_report_reservation(&r->node.report, peer, ev->renewed ? "refreshed" : "made", ev->expire, NULL);
    break;
  case WEFT_RELAY_SERVER_EXPIRED: app_report_reservation(&r->node.report, peer, "ended", 0, ev->reason); break;
  case WEFT_RELAY_SERVER_CIRCUIT_OPENED: app_report_circuit_opened(&r->node.report, peer, target); break;
  case WEFT_RELAY_SERVER_CIRCUIT_CLOSED:
    app_report_circuit_closed(&r->node.report, peer, target, ev->bytes_there, ev->bytes_back, ev->reason);
    break;
  case WEFT_RELAY_SERVER_REFUSED:
    app_report_refused(&r->node.report, peer, ev->target.len > 0 ? target : NULL, weft_relay_status_name(ev->status),
                       ev->reason);
    break;
  }
}

static bool listed(const access_list *l, const uint8_t *id, size_t len) {
  for (size_t i = 0; i < l->len; i++)
    if (l->items[i].len == len && memcmp(l->items[i].bytes, id, len) == 0) return true;
  return false;
}

static bool may_use(void *user, const uint8_t *id, size_t len) {
  const relay *r = user;
  if (listed(&r->deny, id, len)) return false;
  return r->allow.len == 0 || listed(&r->allow, id, len);
}

static int read_access(relay *r, access_list *l, const app_list *from, const char *option) {
  char why[256];
  for (size_t i = 0; i < from->len; i++) {
    if (weft_peer_id_parse(&l->items[l->len++], from->items[i], strlen(from->items[i])) == WEFT_OK) continue;
    snprintf(why, sizeof why, "'%s' is no peer id", from->items[i]);
    return fail(r, "app", option, WEFT_EMALFORMED, why, "a peer id looks like 12D3Koo...", APP_EXIT_USAGE);
  }
  return APP_EXIT_OK;
}

static int start_service(relay *r, const relay_options *o) {
  weft_relay_server_config c;
  reservation_addrs addrs = {.len = 0};
  each_address(r, add_reservation_addr, &addrs);
  weft_relay_server_config_default(&c);
  c.addrs = addrs.bytes;
  c.addrs_len = addrs.len;
  c.unix_at_zero = app_clock_unix() - (int64_t)(app_clock_now() / WEFT_SEC(1));
  c.max_reservations = (uint32_t)o->max_reservations.value;
  c.max_reservations_per_peer = (uint32_t)o->max_reservations_per_peer.value;
  c.max_reservations_per_ip = (uint32_t)o->max_reservations_per_ip.value;
  c.max_circuits = (uint32_t)o->max_circuits.value;
  c.max_circuits_per_peer = (uint32_t)o->max_circuits_per_peer.value;
  c.circuit_seconds = (uint32_t)o->circuit_duration.value;
  c.circuit_bytes = o->circuit_bytes.value;
  c.allow = may_use;
  c.allow_user = r;
  if (app_relay_service_init(&r->service, &r->node.host, &c, on_relay_event, r) == WEFT_OK) return APP_EXIT_OK;
  return fail(r, "relay", "memory", WEFT_ENOMEM, "no memory for the relay", "", APP_EXIT_INTERNAL);
}

/* ---- the program ---------------------------------------------------------------------------------------------------------------------- */

static int on_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  relay *r = user;
  (void)now;
  return app_node_output(&r->node, local, remote, data, len);
}

static void on_datagram(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                        weft_time now) {
  relay *r = user;
  uint8_t answer[APP_STUN_ANSWER_MAX];
  size_t n;
  if (r->stun_on && app_stun_service_input(&r->stun, remote, data, len, answer, &n, now)) {
    if (n > 0) (void)app_node_output(&r->node, local, remote, answer, n);
    return;
  }
  weft_webrtc_listener_input(r->listener, local, remote, data, len, now);
}

/* All goodbyes are out, or there is no more time for them. */
static bool may_stop(const relay *r, weft_time now) {
  return r->leaving_until != WEFT_NEVER && (app_tcp_transport_idle(&r->tcp) || now >= r->leaving_until);
}

static weft_time deadline(const void *user) {
  const relay *r = user;
  weft_time at = weft_webrtc_listener_deadline(r->listener);
  weft_time others[] = {app_host_deadline(&r->node.host), app_relay_service_deadline(&r->service), r->leaving_until};
  if (may_stop(r, 0)) return 0;
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (others[i] < at) at = others[i];
  return at;
}

static void tick(void *user, weft_time now) {
  relay *r = user;
  weft_webrtc_listener_tick(r->listener, now);
  app_host_tick(&r->node.host, now);
  app_relay_service_tick(&r->service, now);
  if (may_stop(r, now)) app_loop_stop(&r->node.loop, APP_EXIT_OK);
}

static void on_signal(void *user, int signo, weft_time now) {
  relay *r = user;
  (void)signo;
  r->leaving_until = now + GOODBYE_LIMIT;
  weft_webrtc_listener_close(r->listener, now);
  app_tcp_transport_close(&r->tcp, now);
}

static bool few_streams(const relay_options *o) {
  return o->max_circuits_per_peer.value > 0 && o->max_circuits_per_peer.value <= STREAMS / 2;
}

static int start(relay *r, const relay_options *o) {
  static const app_tcp_transport_callbacks tcp = {tcp_ready, tcp_closed, tcp_starved, tcp_refused};
  weft_webrtc_config cfg;
  weft_webrtc_callbacks cb = {sizeof cb, on_output, webrtc_event};
  if (app_tcp_transport_init(&r->tcp, &r->node.loop, &r->node.host, &tcp, r) != WEFT_OK ||
      app_webrtc_conns_init(&r->webrtc, &r->node.loop, &r->node.host, webrtc_ready, r) != WEFT_OK)
    return APP_EXIT_INTERNAL;
  r->tcp.max_per_source = (size_t)o->max_connections_per_ip.value;
  r->tcp.record = r->webrtc.record = r->node.record;
  r->tcp.window_max = r->webrtc.window_max = WINDOW;
  r->tcp.send_limit = r->webrtc.send_limit = SEND_LIMIT;
  if (few_streams(o)) r->tcp.max_streams = r->webrtc.max_streams = STREAMS;
  int code = open_sockets(r, o);
  if (code == APP_EXIT_OK) code = start_service(r, o);
  if (code != APP_EXIT_OK) return code;
  app_node_webrtc_config(&r->node, &cfg);
  cfg.stream_send_limit = CHANNEL_SEND_LIMIT;
  if (few_streams(o)) cfg.max_streams = STREAMS;
  if (weft_webrtc_listen(&r->listener, &cfg, &cb, r) != WEFT_OK) return APP_EXIT_INTERNAL;
  r->stun_on = !o->no_stun && app_stun_service_init(&r->stun, &r->node.rng) == WEFT_OK;
  return save_address(r);
}

static int run(relay *r, const relay_options *o) {
  int code = read_access(r, &r->allow, &o->allow, "--allow");
  if (code == APP_EXIT_OK) code = read_access(r, &r->deny, &o->deny, "--deny");
  if (code == APP_EXIT_OK) code = start(r, o);
  if (code != APP_EXIT_OK) return code;
  r->node.on_datagram = on_datagram;
  r->node.on_writable = tick;
  r->node.host.identified = on_identified;
  app_loop_timer(&r->node.loop, deadline, tick, r);
  app_loop_signals(&r->node.loop, on_signal, r);
  each_address(r, print_address, r);
  app_report_step(&r->node.report, "Start Alice:  webrtc-p2p-peer -m listen --relay %s", r->saved);
  app_report_step(&r->node.report, "Waiting for peers... (Ctrl+C to stop)");
  code = app_loop_run(&r->node.loop);
  app_report_step(&r->node.report, "Relay stopped.");
  return code;
}

static void end(relay *r) {
  weft_time now = app_clock_now();
  if (r->saved[0]) app_addr_file_remove(r->addr_file, r->saved);
  app_tcp_transport_end(&r->tcp, now);
  weft_webrtc_listener_free(r->listener);
  app_relay_service_free(&r->service);
  app_node_end(&r->node);
}

static int serve(app_node_options *node, const relay_options *o) {
  static relay r;
  const app_protocol *protocols[3];
  app_relay_service_prepare(&r.service);
  app_relay_status_serve(&r.status, &r.service);
  protocols[0] = &r.service.hop;
  protocols[1] = &r.service.stop;
  protocols[2] = &r.status.protocol;
  node->protocols = protocols;
  node->protocols_len = 3;
  r.addr_file = o->addr_file;
  r.leaving_until = WEFT_NEVER;
  int code = app_node_init(&r.node, node, NULL, &r);
  if (code == APP_EXIT_OK) code = run(&r, o);
  end(&r);
  return code;
}

int main(int argc, char **argv) {
  static app_node_options node;
  static relay_options o = {.port = {DEFAULT_PORT, false},
                            .max_reservations = {16, false},
                            .max_reservations_per_peer = {1, false},
                            .max_reservations_per_ip = {16, false},
                            .max_circuits = {32, false},
                            .max_circuits_per_peer = {4, false},
                            .max_connections_per_ip = {64, false},
                            .circuit_duration = {3600, false},
                            .circuit_bytes = {UINT64_C(100) * 1024 * 1024, false},
                            .addr_file = "relay_addr.json"};
  static app_number timeout = {10, false};
  static bool status;
  static const app_option options[] = {
      {"port", 'p', APP_ARG_NUMBER, &o.port, 0, 65535, "N",
       "TCP port, and UDP port for webrtc-direct (9091; 0: a number free for both)"},
      {"listen", 'l', APP_ARG_LIST, &o.listen, 0, 0, "MULTIADDR",
       "instead: /ip4|ip6/.../tcp/N or .../udp/N/webrtc-direct; may be given several times"},
      {"max-reservations", 0, APP_ARG_NUMBER, &o.max_reservations, 0, UINT32_MAX, "N",
       "in all (16; 0, here and below: unlimited)"},
      {"max-reservations-per-peer", 0, APP_ARG_NUMBER, &o.max_reservations_per_peer, 0, UINT32_MAX, "N",
       "of one peer id (1)"},
      {"max-reservations-per-ip", 0, APP_ARG_NUMBER, &o.max_reservations_per_ip, 0, UINT32_MAX, "N",
       "of one IPv4 address or IPv6 /56 (16)"},
      {"max-connections-per-ip", 0, APP_ARG_NUMBER, &o.max_connections_per_ip, 0, UINT32_MAX, "N",
       "of one IPv4 address or IPv6 /64, over TCP and webrtc-direct together (64)"},
      {"max-circuits", 0, APP_ARG_NUMBER, &o.max_circuits, 0, UINT32_MAX, "N", "at once (32)"},
      {"max-circuits-per-peer", 0, APP_ARG_NUMBER, &o.max_circuits_per_peer, 0, UINT32_MAX, "N",
       "at once, of one peer id (4)"},
      {"circuit-duration", 0, APP_ARG_NUMBER, &o.circuit_duration, 0, UINT32_MAX, "S", "seconds (3600)"},
      {"circuit-bytes", 0, APP_ARG_NUMBER, &o.circuit_bytes, 0, UINT64_MAX, "N", "each way (104857600)"},
      {"allow", 0, APP_ARG_LIST, &o.allow, 0, 0, "PEER", "serve only this peer; may be given several times"},
      {"deny", 0, APP_ARG_LIST, &o.deny, 0, 0, "PEER", "never serve this peer; may be given several times"},
      {"no-stun", 0, APP_ARG_FLAG, &o.no_stun, 0, 0, NULL, "do not tell those who ask on UDP what their address is"},
      {"status", 0, APP_ARG_FLAG, &status, 0, 0, NULL,
       "ask a relay that runs on this machine (MULTIADDR, else the address file), print, leave"},
      {"timeout", 't', APP_ARG_NUMBER, &timeout, 1, 86400, "S", "seconds that --status waits (10)"},
      {"addr-file", 0, APP_ARG_TEXT, &o.addr_file, 0, 0, "FILE", "where to save the addresses (relay_addr.json)"},
      {"key-file", 0, APP_ARG_TEXT, &node.key_file, 0, 0, "FILE",
       "identity key, made if absent; without it the identity is fresh"},
      {"json", 0, APP_ARG_FLAG, &node.json, 0, 0, NULL, "one JSON object per event on stdout"},
      {"quiet", 'q', APP_ARG_FLAG, &node.quiet, 0, 0, NULL, "only addresses and errors"},
      {"verbose", 'v', APP_ARG_FLAG, &node.verbose, 0, 0, NULL, "say more, refused connections too"},
      {"keylog", 0, APP_ARG_TEXT, &node.keylog, 0, 0, "FILE", "append DTLS secrets for Wireshark (NSS key log)"},
      {"record", 0, APP_ARG_TEXT, &node.record, 0, 0, "DIR",
       "record each connection, cut at every layer: DIR, DIR-2, ..."},
  };
  static const app_usage usage = {
      "webrtc-p2p-relay",
      "[OPTIONS] | --status [MULTIADDR]",
      "Relays libp2p connections (circuit relay v2) between peers that cannot reach each other, over\n"
      "TCP and WebRTC-Direct, and tells them their addresses (STUN).",
      options,
      sizeof options / sizeof options[0],
      1,
      "  webrtc-p2p-relay -p 9091\n"
      "  webrtc-p2p-relay --listen /ip6/::/tcp/9091 --listen /ip6/::/udp/9091/webrtc-direct --json\n"
      "  webrtc-p2p-relay --status\n"};
  const char *positional[1] = {NULL};
  int n = app_args_parse(&usage, argc, argv, positional);
  if (n < 0) return n == APP_ARGS_DONE ? APP_EXIT_OK : APP_EXIT_USAGE;
  node.argc = argc;
  node.argv = argv;
  node.listener = true;
  if (status) return app_relay_ask(&node, positional[0], o.addr_file, WEFT_SEC(timeout.value));
  if (n > 0 || (o.port.given && o.listen.len > 0)) {
    fprintf(stderr, "webrtc-p2p-relay: %s\n",
            n > 0 ? "an address as argument goes with --status alone; where to listen is said with --listen or -p"
                  : "--port and --listen exclude each other: put the port into the --listen address");
    return APP_EXIT_USAGE;
  }
  return serve(&node, &o);
}
