#include "apps/relay_ask.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "apps/addr_file.h"
#include "apps/clock.h"
#include "apps/relay_status.h"
#include "apps/tcp_transport.h"
#include "apps/webrtc_conns.h"

typedef struct asking {
  app_node node; /* first: app_node_keylog */
  app_relay_status_asker asker;
  app_tcp_transport tcp;
  app_tcp_conn *tcp_conn;
  app_webrtc_conns webrtc;
  weft_webrtc *conn;
  weft_time until;
  bool leaving;
  int code;
} asking;

/* ---- what is told ----------------------------------------------------------------------------------------------------------------- */

static void print_json(const app_relay_status *st) {
  char line[APP_RELAY_STATUS_MAX];
  size_t n = app_relay_status_format(st, line, sizeof line);
  printf("{\"event\":\"status\",%.*s,\"t_ms\":%" PRIu64 "}\n", n > 2 ? (int)n - 2 : 0, line + 1,
         (app_clock_now() - app_clock_started()) / 1000);
}

static void print_plain(const app_relay_status *st) {
  printf("Reservations: %" PRIu64 "\nCircuits: %" PRIu64 " (%" PRIu64 " since it started)\n", st->reservations,
         st->circuits, st->circuits_total);
  printf("Bytes relayed: %" PRIu64 " (%" PRIu64 " from those who dialed, %" PRIu64 " to them)\n", st->bytes,
         st->bytes_a_to_b, st->bytes_b_to_a);
  for (size_t i = 1; weft_relay_status_at(i) != 0; i++)
    if (st->refused[i] > 0)
      printf("Refused, %s: %" PRIu64 "\n", weft_relay_status_name(weft_relay_status_at(i)), st->refused[i]);
}

/* ---- leaving ------------------------------------------------------------------------------------------------------------------------ */

static void leave(asking *a, int code, weft_time now) {
  if (a->leaving) return;
  a->leaving = true;
  a->code = code;
  a->until = now + WEFT_SEC(1);
  if (a->tcp_conn) app_tcp_conn_close(a->tcp_conn, WEFT_OK, now);
  if (a->conn) weft_webrtc_close(a->conn, WEFT_OK, now);
}

static void fail(asking *a, const char *layer, const char *step, int code, const char *text, const char *hint,
                 int exit_code, weft_time now) {
  if (!a->leaving) app_report_error(&a->node.report, layer, step, code, text, hint);
  leave(a, exit_code, now);
}

static void on_done(void *user, const app_relay_status *st, const char *why, weft_time now) {
  asking *a = user;
  if (a->leaving) return;
  if (!st) {
    fail(a, "relay", "status", WEFT_EREFUSED, why, "ask on the machine where the relay runs, by a loopback address",
         APP_EXIT_PEER, now);
    return;
  }
  if (a->node.report.json)
    print_json(st);
  else
    print_plain(st);
  fflush(stdout);
  leave(a, APP_EXIT_OK, now);
}

static void ask(asking *a, app_peer *p, weft_time now) {
  int rc = app_relay_status_ask(&a->asker, p, now);
  if (rc != WEFT_OK) fail(a, "relay", "status", rc, "no stream could be opened", "", APP_EXIT_INTERNAL, now);
}

static void closed(asking *a, const weft_closed *why, weft_time now) {
  if (!a->leaving)
    fail(a, why->layer, why->step, why->code, why->text, why->code == WEFT_EREFUSED ? "is the relay running?" : "",
         why->code == WEFT_EREFUSED ? APP_EXIT_NO_ANSWER : app_node_exit_code(why, false, false), now);
  app_loop_stop(&a->node.loop, a->code);
}

/* ---- TCP ---------------------------------------------------------------------------------------------------------------------------- */

static void tcp_ready(void *user, app_tcp_conn *c, weft_time now) { ask(user, c->peer, now); }

static void tcp_closed(void *user, app_tcp_conn *c, const weft_closed *why, weft_time now) {
  asking *a = user;
  (void)c;
  a->tcp_conn = NULL;
  closed(a, why, now);
}

static int dial_tcp(asking *a, const weft_addr *to, const weft_peer_id *peer, weft_time limit, weft_time now) {
  int rc = app_tcp_transport_dial(&a->tcp, &a->tcp_conn, to, peer->bytes, peer->len, limit, now);
  if (rc == WEFT_OK) return APP_EXIT_OK;
  app_report_error(&a->node.report, "tcp", "connect", rc, rc == WEFT_EINTERNAL ? strerror(errno) : weft_strerror(rc),
                   "");
  return APP_EXIT_NO_ANSWER;
}

/* ---- webrtc-direct -------------------------------------------------------------------------------------------------------------------- */

static int on_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  asking *a = user;
  (void)now;
  return app_node_output(&a->node, local, remote, data, len);
}

static void webrtc_ready(void *user, app_webrtc_conn *c, weft_time now) { ask(user, c->peer, now); }

static void on_event(void *user, weft_webrtc *conn, const weft_webrtc_event *ev, weft_time now) {
  asking *a = user;
  app_webrtc_conn *c = weft_webrtc_get_data(conn);
  if (ev->type == WEFT_WEBRTC_EVENT_READY) {
    weft_webrtc_set_data(conn, app_webrtc_conn_new(&a->webrtc, conn, ev, false, now));
  } else if (ev->type == WEFT_WEBRTC_EVENT_CLOSED) {
    app_webrtc_conn_free(c, WEFT_ECLOSED, now);
    closed(a, &ev->closed, now);
  } else if (c) {
    app_webrtc_conn_event(c, ev, now);
  }
}

static void on_datagram(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                        weft_time now) {
  asking *a = user;
  if (a->conn) weft_webrtc_input(a->conn, local, remote, data, len, now);
}

static int dial_direct(asking *a, const weft_webrtc_direct_addr *to, weft_time now) {
  weft_webrtc_config cfg;
  weft_webrtc_callbacks cb = {sizeof cb, on_output, on_event};
  weft_addr source;
  if (app_udp_source(&to->addr, &source) != WEFT_OK) {
    app_report_error(&a->node.report, "app", "route", WEFT_EINTERNAL, strerror(errno), "");
    return APP_EXIT_NO_ANSWER;
  }
  const app_udp *u = app_node_socket(&a->node, &source);
  if (!u) return APP_EXIT_INTERNAL;
  app_node_webrtc_config(&a->node, &cfg);
  cfg.remote = to->addr;
  cfg.certhash = to->certhash;
  cfg.expected_peer = to->peer.bytes;
  cfg.expected_peer_len = to->peer.len;
  int rc = weft_webrtc_dial(&a->conn, &cfg, &cb, a);
  if (rc == WEFT_OK) rc = weft_webrtc_start(a->conn, &u->bound, now);
  if (rc == WEFT_OK) return APP_EXIT_OK;
  app_report_error(&a->node.report, "webrtc", "dial", rc, weft_strerror(rc), "");
  return APP_EXIT_INTERNAL;
}

/* ---- whom ----------------------------------------------------------------------------------------------------------------------------- */

static int bad_address(asking *a, const char *text) {
  app_report_error(&a->node.report, "multiaddr", "address", WEFT_EMALFORMED, text,
                   "a relay's address looks like /ip4/127.0.0.1/tcp/9091/p2p/12D3Koo...");
  return APP_EXIT_USAGE;
}

static int dial_text(asking *a, const char *text, weft_time limit, weft_time now) {
  weft_multiaddr ma;
  weft_multiaddr_error err;
  weft_multiaddr_part part;
  weft_webrtc_direct_addr direct;
  weft_peer_id peer = {.len = 0};
  weft_addr to;
  uint32_t transport;
  if (weft_multiaddr_parse(&ma, text, &err) != WEFT_OK) return bad_address(a, err.text);
  if (weft_multiaddr_to_addr(&ma, &to, &transport) == WEFT_OK && transport == WEFT_MA_TCP) {
    if (weft_multiaddr_find(&ma, WEFT_MA_P2P, &part) == WEFT_OK)
      (void)weft_peer_id_from_bytes(&peer, part.value, part.len);
    return dial_tcp(a, &to, &peer, limit, now);
  }
  if (weft_multiaddr_webrtc_direct_dial(&ma, &direct, &err) != WEFT_OK) return bad_address(a, err.text);
  return dial_direct(a, &direct, now);
}

static int dial(asking *a, const char *addr, const char *addr_file, weft_time limit, weft_time now) {
  app_addr_file f;
  char why[512];
  if (addr) return dial_text(a, addr, limit, now);
  int rc = app_addr_file_read(addr_file, &f);
  if (rc == WEFT_OK) return dial_text(a, f.addr, limit, now);
  snprintf(why, sizeof why, "no address given, and %s %s", addr_file,
           rc == WEFT_ENOTFOUND    ? "does not exist"
           : rc == WEFT_ECLOSED    ? "was left by a relay that is gone: ignored"
           : rc == WEFT_EMALFORMED ? "is not an address file"
                                   : "cannot be read");
  app_report_error(&a->node.report, "app", "address file", rc, why,
                   "start webrtc-p2p-relay here first, or give its multiaddr");
  return APP_EXIT_USAGE;
}

/* ---- the program ------------------------------------------------------------------------------------------------------------------------ */

static weft_time deadline(const void *user) {
  const asking *a = user;
  weft_time at = a->conn ? weft_webrtc_deadline(a->conn) : WEFT_NEVER, b = app_host_deadline(&a->node.host);
  if (b < at) at = b;
  return a->until < at ? a->until : at;
}

static void tick(void *user, weft_time now) {
  asking *a = user;
  if (a->conn) weft_webrtc_tick(a->conn, now);
  app_host_tick(&a->node.host, now);
  if (now < a->until) return;
  if (!a->leaving)
    fail(a, "app", "timeout", WEFT_ETIMEDOUT, "no answer from the relay within --timeout", "is it running?",
         APP_EXIT_NO_ANSWER, now);
  app_loop_stop(&a->node.loop, a->code);
}

static void on_signal(void *user, int signo, weft_time now) { leave(user, 128 + signo, now); }

static int run(asking *a, const char *addr, const char *addr_file, weft_time limit) {
  static const app_tcp_transport_callbacks tcp = {.ready = tcp_ready, .closed = tcp_closed};
  weft_time now = app_clock_now();
  if (app_tcp_transport_init(&a->tcp, &a->node.loop, &a->node.host, &tcp, a) != WEFT_OK ||
      app_webrtc_conns_init(&a->webrtc, &a->node.loop, &a->node.host, webrtc_ready, a) != WEFT_OK)
    return APP_EXIT_INTERNAL;
  a->node.on_datagram = on_datagram;
  a->node.on_writable = tick;
  a->until = now + limit;
  int code = dial(a, addr, addr_file, limit, now);
  if (code != APP_EXIT_OK) return code;
  app_loop_timer(&a->node.loop, deadline, tick, a);
  app_loop_signals(&a->node.loop, on_signal, a);
  return app_loop_run(&a->node.loop);
}

int app_relay_ask(const app_node_options *o, const char *addr, const char *addr_file, weft_time limit) {
  static asking a;
  app_node_options node = *o;
  const app_protocol *protocols[] = {&a.asker.protocol};
  app_relay_status_asker_init(&a.asker, on_done, &a);
  node.protocols = protocols;
  node.protocols_len = 1;
  int code = app_node_init(&a.node, &node, NULL, &a);
  if (code == APP_EXIT_OK) code = run(&a, addr, addr_file, limit);
  weft_webrtc_free(a.conn);
  if (a.tcp.host) app_tcp_transport_end(&a.tcp, app_clock_now());
  app_node_end(&a.node);
  return code;
}
