#define _GNU_SOURCE
#include "apps/uplink.h"

#include <errno.h>
#include <string.h>

/* The kernel's own limit for a connection that nobody answers is minutes. */
#define CONNECT_LIMIT WEFT_SEC(10)

void app_uplink_init(app_uplink *u, app_node *n, app_tcp_pool *pool, const app_uplink_callbacks *cb, void *user) {
  memset(u, 0, sizeof *u);
  u->node = n;
  u->pool = pool;
  u->cb = *cb;
  u->user = user;
  u->limit_at = WEFT_NEVER;
}

/* ---- the address ------------------------------------------------------------------------------------------------------------ */

static int wrong(char *why, size_t cap, const char *text) {
  snprintf(why, cap, "%s", text);
  return WEFT_EMALFORMED;
}

static int direct_address(app_uplink_addr *a, const weft_multiaddr *ma, char *why, size_t cap) {
  weft_multiaddr_error err;
  if (weft_multiaddr_webrtc_direct_dial(ma, &a->target, &err) != WEFT_OK) return wrong(why, cap, err.text);
  a->to = a->target.addr;
  a->relay = a->target.peer;
  a->direct = true;
  return WEFT_OK;
}

static int tcp_address(app_uplink_addr *a, const weft_multiaddr *ma, char *why, size_t cap) {
  weft_multiaddr_part p;
  size_t from = 0, n = 0;
  uint32_t codes[4] = {0, 0, 0, 0};
  while (n < 4 && weft_multiaddr_next(ma, &from, &p)) {
    if (p.code == WEFT_MA_IP6ZONE) continue;
    codes[n++] = p.code;
    if (p.code == WEFT_MA_P2P && weft_peer_id_from_bytes(&a->relay, p.value, p.len) != WEFT_OK)
      return wrong(why, cap, "its /p2p is no peer id");
  }
  if (n < 2 || (codes[0] != WEFT_MA_IP4 && codes[0] != WEFT_MA_IP6) || codes[1] != WEFT_MA_TCP)
    return wrong(why, cap,
                 "a relay is reached over /ip4|ip6/.../tcp/<port> or /ip4|ip6/.../udp/<port>/webrtc-direct; names are "
                 "not looked up");
  if (n == 2) return wrong(why, cap, "add \"/p2p/<peer id>\": the relay must be known to be asked for its identity");
  if (n > 3 || codes[2] != WEFT_MA_P2P) return wrong(why, cap, "only /p2p/<peer id> may follow /tcp/<port>");
  return WEFT_OK;
}

int app_uplink_address(app_uplink_addr *a, const weft_multiaddr *ma, char *why, size_t cap) {
  uint32_t transport;
  weft_multiaddr_part p;
  memset(a, 0, sizeof *a);
  a->ma = *ma;
  if (weft_multiaddr_format(ma, a->text, sizeof a->text) != WEFT_OK) return wrong(why, cap, "it is too long");
  if (weft_multiaddr_find(ma, WEFT_MA_WEBRTC_DIRECT, &p) == WEFT_OK) return direct_address(a, ma, why, cap);
  int rc = tcp_address(a, ma, why, cap);
  if (rc != WEFT_OK) return rc;
  if (weft_multiaddr_to_addr(ma, &a->to, &transport) != WEFT_OK || a->to.port == 0)
    return wrong(why, cap, "it has no address and port");
  return WEFT_OK;
}

/* ---- its end ------------------------------------------------------------------------------------------------------------------ */

static void down(app_uplink *u, const weft_closed *why, weft_time now) {
  app_link *l = u->link;
  app_tcp *t = u->tcp;
  weft_webrtc *c = u->conn;
  app_peer *p = u->at->direct ? u->peer : NULL; /* a link frees its own */
  u->dialling = false;
  u->limit_at = WEFT_NEVER;
  u->link = NULL;
  u->tcp = NULL;
  u->conn = NULL;
  u->peer = NULL;
  if (l || c) app_record_closed(u->node->record, l ? app_link_conn(l) : c, why);
  u->cb.down(u->user, u, why, now);
  app_link_free(l, now);
  if (p) app_peer_free(p, WEFT_ECLOSED, now);
  weft_webrtc_free(c);
  if (t) app_tcp_close(t, now);
}

static void down_here(app_uplink *u, weft_who who, const char *layer, const char *step, int code, const char *text,
                      weft_time now) {
  weft_closed why = {who, layer, step, code, 0, text};
  down(u, &why, now);
}

/* ---- over TCP --------------------------------------------------------------------------------------------------------------------- */

static ptrdiff_t link_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  app_uplink *u = user;
  (void)now;
  ptrdiff_t n = app_tcp_send(u->tcp, data, len);
  return n < 0 ? 0 : n; /* what broke is told by broken() */
}

static void link_ready(void *user, app_link *l, app_peer *p, weft_time now) {
  app_uplink *u = user;
  (void)l;
  u->peer = p;
  u->limit_at = WEFT_NEVER;
  u->cb.up(u->user, u, p, now);
}

static void link_closed(void *user, app_link *l, const weft_closed *why, weft_time now) {
  (void)l;
  down(user, why, now);
}

static void tcp_connected(void *user, app_tcp *t, weft_time now) {
  app_uplink *u = user;
  app_link_config cfg = {
      .host = &u->node->host,
      .dialer = true,
      .expected_peer = u->at->relay.bytes,
      .expected_peer_len = u->at->relay.len,
      .record = {.record = u->node->record, .local = *app_tcp_local(t), .remote = *app_tcp_remote(t), .dialer = true}};
  app_link_callbacks cb = {link_output, link_ready, link_closed};
  u->answered = true;
  u->limit_at = WEFT_NEVER;
  int rc = app_link_new(&u->link, &cfg, &cb, u);
  if (rc == WEFT_OK)
    app_link_start(u->link, now);
  else
    down_here(u, WEFT_WHO_SELF, "app", "relay", rc, weft_strerror(rc), now);
}

static void tcp_data(void *user, app_tcp *t, const uint8_t *data, size_t len, weft_time now) {
  app_uplink *u = user;
  (void)t;
  if (u->link) app_link_input(u->link, data, len, now);
}

static void tcp_end(void *user, app_tcp *t, weft_time now) {
  app_uplink *u = user;
  (void)t;
  if (u->link) app_link_input_end(u->link, now);
}

static void tcp_writable(void *user, app_tcp *t, weft_time now) {
  app_uplink *u = user;
  (void)t;
  if (u->link) app_link_writable(u->link, now);
}

static void tcp_broken(void *user, app_tcp *t, int error, weft_time now) {
  app_uplink *u = user;
  char text[160], addr[WEFT_ADDR_TEXT_MAX];
  (void)t;
  snprintf(text, sizeof text, "tcp %s: %s", weft_addr_format(&u->at->to, addr, sizeof addr), strerror(error));
  down_here(u, error == ETIMEDOUT ? WEFT_WHO_TIMEOUT : WEFT_WHO_PEER, "tcp", u->link ? "connection" : "connect",
            error == ETIMEDOUT      ? WEFT_ETIMEDOUT
            : error == ECONNREFUSED ? WEFT_EREFUSED
                                    : WEFT_ECLOSED,
            text, now);
}

static const app_tcp_callbacks tcp_callbacks = {tcp_connected, tcp_data, tcp_end, tcp_writable, tcp_broken};

static void dial_tcp(app_uplink *u, weft_time now) {
  u->limit_at = now + CONNECT_LIMIT;
  if (app_tcp_connect(&u->tcp, u->pool, &u->at->to, &tcp_callbacks, u) != WEFT_OK) {
    u->tcp = NULL;
    tcp_broken(u, NULL, errno ? errno : ENOMEM, now);
  }
}

/* ---- over webrtc-direct ------------------------------------------------------------------------------------------------------------- */

static int conn_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                       weft_time now) {
  app_uplink *u = user;
  (void)now;
  return app_node_output(u->node, local, remote, data, len);
}

static void on_ready(app_uplink *u, const weft_webrtc_event *ev, weft_time now) {
  u->peer = app_peer_new(&u->node->host, u->conn, &app_webrtc_muxer, ev->peer_id, ev->peer_id_len, now);
  if (!u->peer) {
    weft_webrtc_close(u->conn, WEFT_ENOMEM, now);
    return;
  }
  app_record_connected(u->node->record, u->conn, u->peer->id_text, ev->direct_version, "channels");
  u->cb.up(u->user, u, u->peer, now);
}

static void conn_event(void *user, weft_webrtc *c, const weft_webrtc_event *ev, weft_time now) {
  app_uplink *u = user;
  (void)c;
  if (ev->type == WEFT_WEBRTC_EVENT_STEP) {
    u->answered = true;
    u->limit_at = WEFT_NEVER;
  }
  if (ev->type == WEFT_WEBRTC_EVENT_READY) on_ready(u, ev, now);
  if (ev->type == WEFT_WEBRTC_EVENT_STREAM && u->peer) app_peer_stream_event(u->peer, ev->stream, now);
  if (ev->type == WEFT_WEBRTC_EVENT_CLOSED) down(u, &ev->closed, now);
}

static void keylog(void *user, const char *line) { app_node_keylog(((app_uplink *)user)->node, line); }

static int open_socket(app_uplink *u) {
  weft_addr source;
  if (u->at->udp) return WEFT_OK;
  if (app_udp_source(&u->at->to, &source) != WEFT_OK) return WEFT_EINTERNAL;
  u->at->udp = app_node_socket(u->node, &source);
  return u->at->udp ? WEFT_OK : WEFT_EINTERNAL;
}

static void dial_direct(app_uplink *u, weft_time now) {
  weft_webrtc_config cfg;
  weft_webrtc_callbacks cb = {sizeof cb, conn_output, conn_event};
  int rc = open_socket(u);
  app_node_webrtc_config(u->node, &cfg);
  cfg.remote = u->at->to;
  cfg.certhash = u->at->target.certhash;
  cfg.expected_peer = u->at->relay.bytes;
  cfg.expected_peer_len = u->at->relay.len;
  cfg.keylog = u->node->keylog || u->node->record ? keylog : NULL;
  if (rc == WEFT_OK) rc = weft_webrtc_dial(&u->conn, &cfg, &cb, u);
  if (rc == WEFT_OK) app_record_dialed(u->node->record, u->conn);
  if (rc == WEFT_OK) rc = weft_webrtc_start(u->conn, &u->at->udp->bound, now);
  if (rc != WEFT_OK) down_here(u, WEFT_WHO_SELF, "webrtc", "dial", rc, "no route or socket to the relay", now);
}

/* ---- calls ------------------------------------------------------------------------------------------------------------------------------ */

void app_uplink_dial(app_uplink *u, app_uplink_addr *at, weft_time now) {
  if (app_uplink_busy(u)) return;
  u->at = at;
  u->dialling = true;
  u->answered = false;
  if (u->at->direct)
    dial_direct(u, now);
  else
    dial_tcp(u, now);
}

bool app_uplink_busy(const app_uplink *u) { return u->dialling; }

void app_uplink_hurry(app_uplink *u, weft_time at) {
  if (u->dialling && !u->answered && at < u->limit_at) u->limit_at = at;
}

void app_uplink_close(app_uplink *u, weft_time now) {
  if (u->link)
    app_link_close(u->link, WEFT_OK, now);
  else if (u->conn)
    weft_webrtc_close(u->conn, WEFT_OK, now);
  else if (u->dialling)
    down_here(u, WEFT_WHO_SELF, "app", "relay", WEFT_OK, "closed here", now);
}

bool app_uplink_input(app_uplink *u, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                      weft_time now) {
  if (!u->at || !u->at->udp || local->port != u->at->udp->bound.port || local->family != u->at->udp->bound.family)
    return false;
  if (u->conn) weft_webrtc_input(u->conn, local, remote, data, len, now);
  return true;
}

void app_uplink_local(const app_uplink *u, char text[WEFT_ADDR_TEXT_MAX]) {
  text[0] = 0;
  if (u->tcp)
    weft_addr_format(app_tcp_local(u->tcp), text, WEFT_ADDR_TEXT_MAX);
  else if (u->conn && u->at->udp)
    weft_addr_format(&u->at->udp->bound, text, WEFT_ADDR_TEXT_MAX);
}

void app_uplink_tick(app_uplink *u, weft_time now) {
  if (now >= u->limit_at) {
    if (u->at->direct)
      down_here(u, WEFT_WHO_TIMEOUT, "ice", "checks", WEFT_ETIMEDOUT, "the relay's UDP port did not answer", now);
    else
      down_here(u, WEFT_WHO_TIMEOUT, "tcp", "connect", WEFT_ETIMEDOUT,
                "the relay did not answer the TCP connection in time", now);
    return;
  }
  if (u->link && app_link_deadline(u->link) <= now) app_link_tick(u->link, now);
  if (u->conn && weft_webrtc_deadline(u->conn) <= now) weft_webrtc_tick(u->conn, now);
}

weft_time app_uplink_deadline(const app_uplink *u) {
  weft_time at = u->limit_at, due = WEFT_NEVER;
  if (u->link) due = app_link_deadline(u->link);
  if (u->conn) due = weft_webrtc_deadline(u->conn);
  return due < at ? due : at;
}

void app_uplink_end(app_uplink *u, weft_time now) {
  app_link *l = u->link;
  u->link = NULL;
  app_link_free(l, now);
  if (u->peer && u->at->direct) app_peer_free(u->peer, WEFT_ECLOSED, now);
  weft_webrtc_free(u->conn);
  if (u->tcp) app_tcp_abort(u->tcp);
  u->peer = NULL;
  u->conn = NULL;
  u->tcp = NULL;
  u->at = NULL;
  u->dialling = false;
  u->limit_at = WEFT_NEVER;
}
