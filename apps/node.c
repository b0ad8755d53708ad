#include "apps/node.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "apps/clock.h"
#include "apps/key_file.h"

static int fail(app_node *n, const char *step, const char *text, const char *hint) {
  app_report_error(&n->report, "app", step, WEFT_EINTERNAL, text, hint);
  return APP_EXIT_INTERNAL;
}

void app_node_flush(void *user, weft_time now) {
  app_node *n = user;
  (void)now;
  for (size_t i = 0; i < n->sockets_len; i++) {
    app_udp *u = &n->sockets[i].udp;
    bool done = app_udp_flush(u);
    app_loop_events(&n->loop, u->fd, done ? POLLIN : POLLIN | POLLOUT);
  }
}

static int make_identity(app_node *n, const app_node_options *o) {
  const char *why = "";
  char text[256];
  uint8_t seed[32];
  weft_peer_id id;
  if (app_key_file_load(o->key_file, &n->identity, &n->rng, &why) != WEFT_OK) {
    snprintf(text, sizeof text, "%s: %s", o->key_file ? o->key_file : "identity", why);
    return fail(n, "key file", text, "give --key-file a path that can be read, or made");
  }
  if (weft_identity_derive(&n->identity, "weft webrtc-direct certificate", seed) != WEFT_OK ||
      weft_dtls_cert_new(&n->cert, seed, NULL) != WEFT_OK)
    return fail(n, "certificate", "could not make the certificate", "");
  memset(seed, 0, sizeof seed);
  if (weft_peer_id_from_bytes(&id, n->identity.peer_id, sizeof n->identity.peer_id) != WEFT_OK)
    return fail(n, "identity", "bad peer id", "");
  weft_peer_id_format(&id, n->peer_id, sizeof n->peer_id);
  return APP_EXIT_OK;
}

static void init_host(app_node *n, const app_node_options *o, const app_chat_callbacks *cb) {
  const app_protocol *protocols[APP_PROTOCOLS_MAX];
  size_t len = 0;
  if (cb) {
    app_chat_init(&n->chat, cb, o->echo, n->user);
    protocols[len++] = &n->chat.protocol;
  }
  for (size_t i = 0; i < o->protocols_len && len < APP_PROTOCOLS_MAX; i++) protocols[len++] = o->protocols[i];
  app_host_init(&n->host, &n->rng, &n->identity, protocols, len, n->user);
}

static int open_record(app_node *n, const app_node_options *o) {
  char why[512];
  app_record_config cfg = {.dir = o->record, .program = o->argv[0], .peer_id = n->peer_id, .listener = o->listener};
  const char *slash = strrchr(cfg.program, '/');
  if (slash) cfg.program = slash + 1;
  cfg.fingerprint = weft_dtls_cert_fingerprint(n->cert);
  cfg.rng = n->rng;
  cfg.identity_seed = o->key_file ? NULL : n->identity.secret;
  cfg.argc = o->argc;
  cfg.argv = o->argv;
  if (app_record_open(&n->record, &cfg, why, sizeof why) == WEFT_OK) return APP_EXIT_OK;
  return fail(n, "recording", why, "give --record a new folder where one can be made");
}

int app_node_init(app_node *n, const app_node_options *o, const app_chat_callbacks *cb, void *user) {
  memset(n, 0, sizeof *n);
  (void)app_clock_started();
  app_report_init(&n->report, o->json, o->quiet, o->verbose);
  if (app_loop_init(&n->loop) != WEFT_OK) return fail(n, "event loop", strerror(errno), "");
  n->rng = app_entropy();
  n->user = user;
  if (sodium_init() < 0) return fail(n, "libsodium", "sodium_init failed", "");
  int code = make_identity(n, o);
  if (code != APP_EXIT_OK) return code;
  if (o->keylog) {
    n->keylog = fopen(o->keylog, "a");
    if (!n->keylog) return fail(n, "key log", strerror(errno), "give --keylog a path that can be written");
  }
  if (o->record && (code = open_record(n, o)) != APP_EXIT_OK) return code;
  init_host(n, o, cb);
  app_loop_before_wait(&n->loop, app_node_flush, n);
  return APP_EXIT_OK;
}

void app_node_end(app_node *n) {
  if (app_record_end(n->record) != WEFT_OK)
    app_report_error(&n->report, "app", "recording", WEFT_EINTERNAL, "not everything could be recorded",
                     "is the disk full? More than 64 connections at once are not recorded");
  for (size_t i = 0; i < n->sockets_len; i++) app_udp_close(&n->sockets[i].udp);
  if (n->keylog) fclose(n->keylog);
  weft_dtls_cert_free(n->cert);
  weft_identity_wipe(&n->identity);
  app_loop_end(&n->loop);
}

void app_node_keylog(void *user, const char *line) {
  app_node *n = user;
  app_record_keylog(n->record, line);
  if (!n->keylog) return;
  fprintf(n->keylog, "%s\n", line);
  fflush(n->keylog);
}

void app_node_webrtc_config(app_node *n, weft_webrtc_config *cfg) {
  weft_webrtc_config_default(cfg);
  cfg->rng = n->rng;
  cfg->identity = &n->identity;
  cfg->cert = n->cert;
  cfg->auto_consume = false;
  if (n->record) {
    cfg->trace = app_record_tracer(n->record);
    cfg->rng = app_record_rng(n->record);
  }
  if (n->record || n->keylog) cfg->keylog = app_node_keylog;
}

/* ---- sockets ----------------------------------------------------------------------------------------------------------------- */

static void deliver(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                    weft_time now) {
  app_node *n = user;
  n->on_datagram(n->user, local, remote, data, len, now);
}

static void socket_ready(void *user, short revents, weft_time now) {
  app_node_socket_slot *slot = user;
  if ((revents & POLLOUT) && app_udp_flush(&slot->udp) && slot->node->on_writable)
    slot->node->on_writable(slot->node->user, now);
  if (revents & (POLLIN | POLLERR)) app_udp_receive(&slot->udp, deliver, slot->node, now);
}

static int open_udp(app_node *n, app_udp *u, const weft_addr *bind_to, uint16_t min, uint16_t max) {
  uint32_t start = 0;
  if (max == 0) return app_udp_open(u, bind_to);
  if (n->rng.fill(n->rng.ctx, (uint8_t *)&start, sizeof start) != 0) start = 0;
  return app_udp_open_range(u, bind_to, min, max, start);
}

app_udp *app_node_try_socket(app_node *n, const weft_addr *bind_to, uint16_t min, uint16_t max) {
  if (n->sockets_len == APP_NODE_SOCKETS) {
    errno = EMFILE;
    return NULL;
  }
  app_node_socket_slot *slot = &n->sockets[n->sockets_len];
  slot->node = n;
  if (open_udp(n, &slot->udp, bind_to, min, max) != WEFT_OK) return NULL;
  n->sockets_len++;
  app_loop_watch(&n->loop, slot->udp.fd, POLLIN, socket_ready, slot);
  return &slot->udp;
}

app_udp *app_node_socket(app_node *n, const weft_addr *bind_to) {
  char addr[WEFT_ADDR_TEXT_MAX], text[256];
  app_udp *u = app_node_try_socket(n, bind_to, 0, 0);
  if (u) return u;
  int e = errno;
  snprintf(text, sizeof text, "cannot bind udp %s: %s", weft_addr_format(bind_to, addr, sizeof addr), strerror(e));
  fail(n, "bind", text,
       e == EADDRINUSE ? "another program has this port: choose another with -p, or 0 for a free one"
       : e == EMFILE   ? "give fewer addresses to listen on"
                       : "");
  return NULL;
}

void app_node_close_socket(app_node *n) {
  app_udp *u = &n->sockets[--n->sockets_len].udp;
  app_loop_unwatch(&n->loop, u->fd);
  app_udp_close(u);
}

static bool serves(const app_udp *u, const weft_addr *local) {
  if (u->bound.family != local->family || u->bound.port != local->port) return false;
  return u->wildcard || weft_addr_equal_ip(&u->bound, local);
}

int app_node_output(app_node *n, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len) {
  for (size_t i = 0; i < n->sockets_len; i++)
    if (serves(&n->sockets[i].udp, local)) return app_udp_send(&n->sockets[i].udp, local, remote, data, len);
  return WEFT_EAGAIN;
}

/* ---- how connections begin and end --------------------------------------------------------------------------------------------- */

static double ms_between(weft_time a, weft_time b) {
  return a == WEFT_NEVER || b == WEFT_NEVER || b < a ? 0.0 : (double)(b - a) / 1000.0;
}

static void report_connected(app_node *n, weft_webrtc *c, const char *peer, const weft_webrtc_event *ev,
                             const char *mux) {
  char local[WEFT_ADDR_TEXT_MAX], remote[WEFT_ADDR_TEXT_MAX];
  weft_webrtc_stats st = {.size = sizeof st};
  weft_webrtc_get_stats(c, &st);
  app_connected r = {.peer = peer,
                     .path = "direct",
                     .dir = ev->inbound ? "in" : "out",
                     .local = weft_addr_format(ev->local, local, sizeof local),
                     .remote = weft_addr_format(ev->remote, remote, sizeof remote),
                     .direct_version = ev->direct_version,
                     .mux = mux,
                     .ms_ice = ms_between(st.started_at, st.ice_at),
                     .ms_dtls = ms_between(st.ice_at, st.dtls_at),
                     .ms_sctp = ms_between(st.dtls_at, st.sctp_at),
                     .ms_noise = ms_between(st.sctp_at, st.noise_at),
                     .ms_total = ms_between(st.started_at, st.noise_at)};
  app_report_connected(&n->report, &r);
  app_record_connected(n->record, c, peer, ev->direct_version, r.mux);
}

void app_node_report_connected(app_node *n, weft_webrtc *c, const char *peer, const weft_webrtc_event *ev) {
  report_connected(n, c, peer, ev, "channels");
}

void app_node_report_conn(app_node *n, const app_webrtc_conn *c) {
  weft_webrtc_event ready = {
      .inbound = c->inbound, .local = &c->local, .remote = &c->remote, .direct_version = c->direct_version};
  report_connected(n, c->conn, c->peer->id_text, &ready, c->yamux ? "yamux" : "channels");
}

int app_node_exit_code(const weft_closed *closed, bool authenticated, bool ready) {
  if (closed->code == WEFT_EAUTH) return APP_EXIT_REFUSED;
  if (closed->who == WEFT_WHO_TIMEOUT || closed->code == WEFT_ETIMEDOUT)
    return authenticated ? APP_EXIT_TIMEOUT : APP_EXIT_NO_ANSWER;
  if (closed->who == WEFT_WHO_PEER) return APP_EXIT_PEER;
  return ready ? APP_EXIT_PEER : APP_EXIT_INTERNAL;
}

const char *app_node_hint(const weft_closed *closed, bool authenticated) {
  if (closed->code == WEFT_EAUTH && strcmp(closed->layer, "dtls") == 0)
    return "the address names another certificate: take the address the server prints now";
  if (closed->code == WEFT_EAUTH) return "the address names another peer: take the address the server prints now";
  if (closed->code == WEFT_ETIMEDOUT && !authenticated)
    return "is the server running, and is UDP to this address and port open?";
  if (closed->code == WEFT_ETIMEDOUT) return "the peer answered and then fell silent: try again, or raise --timeout";
  if (closed->who == WEFT_WHO_PEER) return "the peer ended the connection: its own log says why";
  return "";
}
