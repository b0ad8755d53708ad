/* weft interop-agent: libp2p's unified-testing contract for webrtc-direct (docs/write-a-transport-test-app.md there): everything comes by the
 * environment, the address travels through Redis, the dialer's figures leave as YAML on standard output, all else on standard error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/clock.h"
#include "apps/node.h"
#include "apps/redis.h"
#include "apps/weft.h"

enum { ADDRESS_SECONDS = 120, DIAL_SECONDS = 60, PINGS = 2 };

typedef struct agent {
  app_node node; /* first: app_node_keylog */
  weft_webrtc_listener *listener;
  weft_webrtc *conn;
  app_peer *peer;
  const char *redis_addr, *listener_ip;
  char key[128];
  weft_time began, limit;
  unsigned answered;
  double handshake_plus_one_rtt, ping_rtt;
  bool leaving;
  int code;
} agent;

/* ---- leaving ---- */

static void leave(agent *a, int code, weft_time now) {
  if (a->leaving) return;
  a->leaving = true;
  a->code = code;
  if (a->conn)
    weft_webrtc_close(a->conn, WEFT_OK, now);
  else
    app_loop_stop(&a->node.loop, code);
}

static int fail(agent *a, const char *step, int rc, const char *text, const char *hint) {
  app_report_error(&a->node.report, "app", step, rc, text, hint);
  return APP_EXIT_INTERNAL;
}

/* ---- the connection, either role ---- */

static int on_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  agent *a = user;
  (void)now;
  return app_node_output(&a->node, local, remote, data, len);
}

static void on_ready(agent *a, weft_webrtc *conn, const weft_webrtc_event *ev, weft_time now) {
  app_peer *p = app_peer_new(&a->node.host, conn, &app_webrtc_muxer, ev->peer_id, ev->peer_id_len, now);
  weft_webrtc_set_data(conn, p);
  if (!p) {
    leave(a, APP_EXIT_INTERNAL, now);
    return;
  }
  app_node_report_connected(&a->node, conn, p->id_text, ev);
  app_peer_identify(p, now);
  if (conn == a->conn) app_peer_ping(p, PINGS, 0, now);
}

static void on_closed(agent *a, weft_webrtc *conn, const weft_closed *why, weft_time now) {
  app_peer *p = weft_webrtc_get_data(conn);
  if (p) {
    app_report_disconnected(&a->node.report, p->id_text, why->text, app_who(why->who));
    app_peer_free(p, WEFT_ECLOSED, now);
  }
  if (conn != a->conn) {
    weft_webrtc_free(conn);
    return;
  }
  if (!a->leaving) {
    app_report_error(&a->node.report, why->layer, why->step, why->code, why->text, app_node_hint(why, p != NULL));
    a->code = app_node_exit_code(why, p != NULL, p != NULL);
  }
  a->leaving = true;
  app_loop_stop(&a->node.loop, a->code);
}

static void on_event(void *user, weft_webrtc *conn, const weft_webrtc_event *ev, weft_time now) {
  agent *a = user;
  switch (ev->type) {
  case WEFT_WEBRTC_EVENT_READY: on_ready(a, conn, ev, now); break;
  case WEFT_WEBRTC_EVENT_STREAM:
    if (weft_webrtc_get_data(conn)) app_peer_stream_event(weft_webrtc_get_data(conn), ev->stream, now);
    break;
  case WEFT_WEBRTC_EVENT_CLOSED: on_closed(a, conn, &ev->closed, now); break;
  case WEFT_WEBRTC_EVENT_REFUSED:
    app_report_detail(&a->node.report, "Refused: %s: %s: %s", ev->closed.layer, ev->closed.step, ev->closed.text);
    break;
  case WEFT_WEBRTC_EVENT_STEP:
  case WEFT_WEBRTC_EVENT_PATH:
  case WEFT_WEBRTC_EVENT_SECURED_DATA:
  case WEFT_WEBRTC_EVENT_SECURED_WRITABLE: break;
  }
}

static void on_identified(void *user, app_peer *p, const weft_identify *id, weft_time now) {
  (void)user, (void)id, (void)now;
  weft_webrtc_set_quirks(p->conn, (weft_webrtc_quirks){.no_fin_ack = strstr(p->agent, "rust-libp2p") != NULL});
}

/* The first answer ends the handshake's measure, the next is the round trip alone. */
static void on_pinged(void *user, app_peer *p, weft_time rtt, weft_time now) {
  agent *a = user;
  (void)p;
  if (a->answered++ == 0) a->handshake_plus_one_rtt = (double)(now - a->began) / 1000;
  a->ping_rtt = (double)rtt / 1000;
}

static void on_ping_done(void *user, app_peer *p, const weft_closed *why, weft_time now) {
  agent *a = user;
  (void)p;
  if (why->code != WEFT_OK) app_report_error(&a->node.report, why->layer, why->step, why->code, why->text, "");
  leave(a, why->code == WEFT_OK ? APP_EXIT_OK : APP_EXIT_PEER, now);
}

/* ---- the loop ---- */

static void on_datagram(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                        weft_time now) {
  agent *a = user;
  if (a->listener) weft_webrtc_listener_input(a->listener, local, remote, data, len, now);
  if (a->conn) weft_webrtc_input(a->conn, local, remote, data, len, now);
}

static weft_time deadline(const void *user) {
  const agent *a = user;
  weft_time at = app_host_deadline(&a->node.host), own = WEFT_NEVER;
  if (a->listener) own = weft_webrtc_listener_deadline(a->listener);
  if (a->conn) own = weft_webrtc_deadline(a->conn);
  if (own < at) at = own;
  return !a->leaving && a->limit < at ? a->limit : at;
}

static void tick(void *user, weft_time now) {
  agent *a = user;
  if (a->listener) weft_webrtc_listener_tick(a->listener, now);
  if (a->conn) weft_webrtc_tick(a->conn, now);
  app_host_tick(&a->node.host, now);
  if (a->leaving || now < a->limit) return;
  fail(a, "timeout", WEFT_ETIMEDOUT, "the pings were not answered in time", "");
  leave(a, APP_EXIT_TIMEOUT, now);
}

static void on_signal(void *user, int signo, weft_time now) {
  agent *a = user;
  if (a->listener) weft_webrtc_listener_close(a->listener, now);
  leave(a, a->listener ? APP_EXIT_OK : 128 + signo, now);
}

static int loop(agent *a) {
  a->node.on_datagram = on_datagram;
  a->node.on_writable = tick;
  a->node.host.identified = on_identified;
  a->node.host.pinged = on_pinged;
  a->node.host.ping_done = on_ping_done;
  app_loop_timer(&a->node.loop, deadline, tick, a);
  app_loop_signals(&a->node.loop, on_signal, a);
  return app_loop_run(&a->node.loop);
}

/* ---- listener ---- */

/* LISTENER_IP is a wildcard as a rule: then the address from which Redis is reached is one that the dialer reaches too. */
static int publish(agent *a, app_redis *r) {
  char text[WEFT_MULTIADDR_TEXT_MAX], why[256];
  weft_multiaddr ma = {.len = 0};
  weft_peer_id id;
  weft_addr at = a->node.sockets[0].udp.bound;
  if (weft_addr_is_unspecified(&at)) {
    uint16_t port = at.port, family = at.family;
    at = r->local;
    at.port = port;
    if (at.family != family)
      return fail(a, "address", WEFT_EUNSUPPORTED, "LISTENER_IP and the way to Redis are of different IP versions",
                  "give LISTENER_IP the address that the dialer can reach");
  }
  weft_peer_id_from_bytes(&id, a->node.identity.peer_id, sizeof a->node.identity.peer_id);
  weft_multiaddr_append_addr(&ma, &at, WEFT_MA_UDP);
  weft_multiaddr_append(&ma, WEFT_MA_WEBRTC_DIRECT, NULL, 0);
  weft_multiaddr_append_certhash(&ma, weft_dtls_cert_fingerprint(a->node.cert));
  weft_multiaddr_append_peer(&ma, &id);
  if (weft_multiaddr_format(&ma, text, sizeof text) != WEFT_OK)
    return fail(a, "address", WEFT_EINTERNAL, "cannot be written", "");
  app_report_step(&a->node.report, "Publishing %s under %s", text, a->key);
  if (app_redis_push(r, a->key, text, why, sizeof why) == WEFT_OK) return APP_EXIT_OK;
  return fail(a, "redis", WEFT_EINTERNAL, why, "is REDIS_ADDR right?");
}

static int listen_on(agent *a, app_redis *r) {
  weft_webrtc_config cfg;
  weft_webrtc_callbacks cb = {sizeof cb, on_output, on_event};
  weft_addr bind_to;
  if (weft_addr_parse_ip(&bind_to, a->listener_ip, strlen(a->listener_ip)) != WEFT_OK)
    return fail(a, "environment", WEFT_EMALFORMED, "LISTENER_IP is not an IP address", "0.0.0.0 is every interface");
  bind_to.port = 0;
  if (!app_node_socket(&a->node, &bind_to)) return APP_EXIT_INTERNAL;
  app_node_webrtc_config(&a->node, &cfg);
  if (weft_webrtc_listen(&a->listener, &cfg, &cb, a) != WEFT_OK) return APP_EXIT_INTERNAL;
  a->limit = WEFT_NEVER;
  int code = publish(a, r);
  return code == APP_EXIT_OK ? loop(a) : code;
}

/* ---- dialer ---- */

static int start_dial(agent *a, const weft_webrtc_direct_addr *to) {
  weft_webrtc_config cfg;
  weft_webrtc_callbacks cb = {sizeof cb, on_output, on_event};
  weft_addr source;
  if (app_udp_source(&to->addr, &source) != WEFT_OK)
    return fail(a, "route", WEFT_EINTERNAL, "no route to the listener", "");
  app_udp *u = app_node_socket(&a->node, &source);
  if (!u) return APP_EXIT_INTERNAL;
  app_node_webrtc_config(&a->node, &cfg);
  cfg.remote = to->addr;
  cfg.certhash = to->certhash;
  cfg.expected_peer = to->peer.bytes;
  cfg.expected_peer_len = to->peer.len;
  a->began = app_clock_now();
  a->limit = a->began + WEFT_SEC(DIAL_SECONDS);
  int rc = weft_webrtc_dial(&a->conn, &cfg, &cb, a);
  if (rc == WEFT_OK) rc = weft_webrtc_start(a->conn, &u->bound, a->began);
  return rc == WEFT_OK ? APP_EXIT_OK : fail(a, "dial", rc, weft_strerror(rc), "");
}

static int dial(agent *a, app_redis *r) {
  char text[2048], why[256];
  weft_multiaddr ma;
  weft_multiaddr_error err;
  weft_webrtc_direct_addr to;
  if (app_redis_pop(r, a->key, ADDRESS_SECONDS, text, sizeof text, why, sizeof why) != WEFT_OK)
    return fail(a, "redis", WEFT_ETIMEDOUT, why, "is the listener running, with the same TEST_KEY?");
  app_report_step(&a->node.report, "Dialling %s", text);
  if (weft_multiaddr_parse(&ma, text, &err) != WEFT_OK || weft_multiaddr_webrtc_direct_dial(&ma, &to, &err) != WEFT_OK)
    return fail(a, "address", WEFT_EMALFORMED, err.text, "the listener must publish a full webrtc-direct address");
  int code = start_dial(a, &to);
  if (code == APP_EXIT_OK) code = loop(a);
  if (code == APP_EXIT_OK)
    printf("# Measurements from dialer\nlatency:\n  handshake_plus_one_rtt: %.3f\n  ping_rtt: %.3f\n  unit: ms\n",
           a->handshake_plus_one_rtt, a->ping_rtt);
  return code;
}

/* ---- the environment ---- */

static const char *variable(const char *name, bool *missing) {
  const char *value = getenv(name);
  if (value && value[0]) return value;
  fprintf(stderr, "weft interop-agent: the environment has no %s\n", name);
  *missing = true;
  return "";
}

static int usage(void) {
  printf(
      "Usage: IS_DIALER=true|false REDIS_ADDR=HOST:PORT TEST_KEY=KEY TRANSPORT=webrtc-direct [LISTENER_IP=0.0.0.0]\n"
      "       [DEBUG=true] weft interop-agent\n\n"
      "One side of a transport test of libp2p's unified-testing. The listener publishes its address in the Redis list\n"
      "<TEST_KEY>_listener_multiaddr and runs until it is stopped; the dialer takes it from there, dials, pings, and\n"
      "prints the latencies as YAML. Exit code 0: connected and pinged.\n");
  return APP_EXIT_OK;
}

static int run(agent *a, bool dialer) {
  char why[256];
  app_redis r;
  int code;
  if (app_redis_open(&r, a->redis_addr, why, sizeof why) != WEFT_OK)
    code = fail(a, "redis", WEFT_EINTERNAL, why, "is REDIS_ADDR right, and Redis running?");
  else
    code = dialer ? dial(a, &r) : listen_on(a, &r);
  app_redis_close(&r);
  return code;
}

int weft_interop_agent(int argc, char **argv) {
  static agent a;
  bool missing = false;
  if (argc > 1 && strcmp(argv[1], "--help") == 0) return usage();
  const char *is_dialer = variable("IS_DIALER", &missing), *key = variable("TEST_KEY", &missing);
  const char *transport = variable("TRANSPORT", &missing), *debug = getenv("DEBUG");
  a.redis_addr = variable("REDIS_ADDR", &missing);
  a.listener_ip = getenv("LISTENER_IP") ? getenv("LISTENER_IP") : "0.0.0.0";
  if (argc > 1 || missing) {
    fprintf(stderr, "Try 'weft interop-agent --help'.\n");
    return APP_EXIT_USAGE;
  }
  if (strcmp(transport, "webrtc-direct") != 0) {
    fprintf(stderr, "weft interop-agent: TRANSPORT is '%s': only webrtc-direct is spoken here\n", transport);
    return APP_EXIT_USAGE;
  }
  snprintf(a.key, sizeof a.key, "%s_listener_multiaddr", key);
  app_node_options o = {.argc = argc, .argv = argv, .verbose = debug && strcmp(debug, "true") == 0};
  int code = app_node_init(&a.node, &o, NULL, &a);
  if (code == APP_EXIT_OK) code = run(&a, strcmp(is_dialer, "true") == 0);
  weft_webrtc_free(a.conn);
  weft_webrtc_listener_free(a.listener);
  app_node_end(&a.node);
  return code;
}
