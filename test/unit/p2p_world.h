/* A relay, Alice and any Bobs in one process and in virtual time: pipes to the relay, a simulated network for datagrams, and the parts of
 * webrtc-p2p-peer that need no socket - reservations, circuits, direct connections, sessions.
 *
 *   static p2p_world w;
 *   p2p_world_init(&w, 42, 2);                       the relay, Alice (nodes[0]) and one Bob (nodes[1])
 *   p2p_reserve(&w, 0);                              Alice connects and reserves
 *   p2p_call(&w, 1, 0, &path_cfg);                   Bob's session with Alice; the rest follows in
 *   p2p_run(&w, WEFT_SEC(5), NULL);                  or until a condition holds
 *   p2p_world_end(&w);
 */
#ifndef TEST_P2P_WORLD_H
#define TEST_P2P_WORLD_H

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/reservation.h"
#include "apps/session.h"
#include "test/support/clock.h"
#include "test/support/net.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

enum { P2P_NODES = 8, P2P_GOT = 1 << 20, P2P_PIPE_ROOM = 65536 };

typedef struct p2p_world p2p_world;
typedef struct p2p_node p2p_node;

/* Bytes on their way to one end of a pipe. */
typedef struct p2p_piece {
  struct p2p_piece *next;
  weft_time at;
  size_t len;
  bool end;
  uint8_t data[];
} p2p_piece;

/* A connection to the relay: `near` is the node's end. */
typedef struct p2p_end {
  p2p_node *node;
  bool near, starved;
  app_link *link;
  p2p_piece *first, **last; /* on the way here */
  size_t waiting;
  struct p2p_end *far;
} p2p_end;

struct p2p_node {
  p2p_world *w;
  char name;
  test_rng seed;
  weft_identity identity;
  weft_dtls_cert *cert;
  app_host host;
  app_report report;
  app_sessions sessions;
  app_reservation res;
  weft_peer_id id;
  weft_addr addr, stun;
  p2p_end up, down; /* the pipe: ours, and the relay's */
  app_session *session, *wants_circuit;
  const app_path_config *path;
  bool offline; /* the relay is not reached */
  bool leaves;  /* when a session ends it closes everything, as the program does */
  char got[P2P_GOT];
  size_t got_len;
  unsigned opened, ended, left, rooms, reserved, refused, dials, needs;
  weft_closed why; /* of ended, or refused */
  char why_text[256], peer_text[128];
};

struct p2p_world {
  net net;
  p2p_node nodes[P2P_NODES];
  size_t nodes_len;
  weft_time now, pipe_delay;
  /* the relay */
  test_rng seed;
  weft_identity identity;
  weft_peer_id id;
  app_host host;
  app_protocol hop, stop;
  weft_relay_server *server;
  int (*tamper)(p2p_world *w, uint8_t *sig, size_t len); /* of the relay's signatures; NULL: honest */
  app_peer *redirect;                                    /* a relay that lies: every stop stream goes there */
  uint64_t circuit_bytes;                                /* that the relay saw, both ways */
};

/* ---- the relay ---- */

static inline int p2p_sign(void *user, const uint8_t *msg, size_t len, uint8_t *sig, size_t cap, size_t *sig_len) {
  p2p_world *w = user;
  (void)cap;
  int rc = weft_identity_sign(&w->identity, msg, len, sig, sig_len);
  return rc == WEFT_OK && w->tamper ? w->tamper(w, sig, *sig_len) : rc;
}

/* What the server did not take yet. */
typedef struct p2p_rest {
  size_t len;
  uint8_t data[262144];
} p2p_rest;

static inline app_stream *p2p_stream(void *conn, uint32_t id) {
  for (app_stream *s = ((app_peer *)conn)->streams; s; s = s->next)
    if (s->id == id) return s;
  return NULL;
}

static inline void p2p_offer(p2p_world *w, app_stream *s, weft_time now) {
  p2p_rest *r = s->state;
  if (!r || r->len == 0) return;
  ptrdiff_t n = weft_relay_server_input(w->server, s->peer, s->id, r->data, r->len, now);
  if (n <= 0) return;
  r->len -= (size_t)n;
  memmove(r->data, r->data + n, r->len);
}

static inline p2p_world *p2p_relay_of(const app_stream *s) { return s->peer->host->user; }

static inline void p2p_relay_opened(app_stream *s, weft_time now) {
  s->state = calloc(1, sizeof(p2p_rest));
  if (s->inbound)
    weft_relay_server_stream(p2p_relay_of(s)->server, s->peer, s->id, now);
  else
    weft_relay_server_stop_ready(p2p_relay_of(s)->server, s->peer, s->id, now);
}

static inline void p2p_relay_data(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  p2p_rest *r = s->state;
  ck_assert_uint_le(r->len + len, sizeof r->data);
  memcpy(r->data + r->len, data, len);
  r->len += len;
  p2p_offer(p2p_relay_of(s), s, now);
}

static inline void p2p_relay_ended(app_stream *s, weft_time now) {
  if (weft_relay_server_input_end(p2p_relay_of(s)->server, s->peer, s->id, now) == WEFT_ENOTFOUND)
    app_stream_shutdown(s, now);
}

static inline void p2p_relay_writable(app_stream *s, weft_time now) {
  weft_relay_server_writable(p2p_relay_of(s)->server, s->peer, s->id, now);
}

static inline void p2p_relay_closed(app_stream *s, int code, weft_time now) {
  (void)code;
  weft_relay_server_gone(p2p_relay_of(s)->server, s->peer, s->id, now);
  free(s->state);
}

static inline int p2p_open_stop(void *user, void *conn, uint32_t *stream, weft_time now) {
  p2p_world *w = user;
  int rc;
  app_stream *s = app_stream_open(w->redirect ? w->redirect : conn, &w->stop, NULL, &rc, now);
  if (s) *stream = s->id;
  return rc;
}

static inline ptrdiff_t p2p_relay_output(void *user, void *conn, uint32_t stream, const uint8_t *data, size_t len,
                                         weft_time now) {
  app_stream *s = p2p_stream(conn, stream);
  (void)user;
  return s ? app_stream_send(s, data, len, now) : WEFT_ECLOSED;
}

static inline void p2p_relay_consumed(void *user, void *conn, uint32_t stream, size_t n, weft_time now) {
  app_stream *s = p2p_stream(conn, stream);
  (void)user;
  if (s) app_stream_consumed(s, n, now);
}

static inline void p2p_relay_shutdown(void *user, void *conn, uint32_t stream, weft_time now) {
  app_stream *s = p2p_stream(conn, stream);
  (void)user;
  if (s) app_stream_shutdown(s, now);
}

static inline void p2p_relay_reset(void *user, void *conn, uint32_t stream, weft_time now) {
  app_stream *s = p2p_stream(conn, stream);
  (void)user;
  if (s) app_stream_reset(s, now);
}

static inline void p2p_relay_event(void *user, const weft_relay_server_event *ev, weft_time now) {
  p2p_world *w = user;
  (void)now;
  if (ev->type == WEFT_RELAY_SERVER_CIRCUIT_CLOSED) w->circuit_bytes += ev->bytes_there + ev->bytes_back;
}

static inline void p2p_relay_config(p2p_world *w, weft_relay_server_config *cfg) {
  weft_relay_server_config_default(cfg);
  cfg->peer_id = w->identity.peer_id;
  cfg->peer_id_len = sizeof w->identity.peer_id;
  cfg->public_key = w->identity.key_protobuf;
  cfg->public_key_len = sizeof w->identity.key_protobuf;
  cfg->sign = p2p_sign;
  cfg->sign_user = w;
  cfg->unix_at_zero = TEST_UNIX_AT_ZERO;
}

/* Also in the middle of a test, with other limits: what the relay knew is gone. */
static inline void p2p_relay_start(p2p_world *w, const weft_relay_server_config *cfg) {
  weft_relay_server_callbacks cb = {sizeof cb,          p2p_open_stop,   p2p_relay_output, p2p_relay_consumed,
                                    p2p_relay_shutdown, p2p_relay_reset, p2p_relay_event};
  ck_assert_int_eq(weft_relay_server_new(&w->server, cfg, &cb, w), WEFT_OK);
}

/* ---- pipes ---- */

static inline void p2p_put(p2p_end *to, const uint8_t *data, size_t len, bool end) {
  p2p_piece *p = malloc(sizeof *p + len);
  ck_assert_ptr_nonnull(p);
  *p = (p2p_piece){.at = to->node->w->now + to->node->w->pipe_delay, .len = len, .end = end};
  if (len > 0) memcpy(p->data, data, len);
  *to->last = p;
  to->last = &p->next;
  to->waiting += len;
}

static inline ptrdiff_t p2p_pipe_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  p2p_end *e = user;
  size_t room = P2P_PIPE_ROOM - (e->far->waiting < P2P_PIPE_ROOM ? e->far->waiting : P2P_PIPE_ROOM),
         n = len < room ? len : room;
  (void)now;
  if (n < len) e->starved = true;
  if (n > 0) p2p_put(e->far, data, n, false);
  return (ptrdiff_t)n;
}

static inline void p2p_pipe_ready(void *user, app_link *l, app_peer *p, weft_time now) {
  p2p_end *e = user;
  p2p_node *n = e->node;
  (void)l;
  if (!e->near) {
    ck_assert_int_eq(weft_relay_server_peer(n->w->server, p, p->id.bytes, p->id.len, &n->addr, false, now), WEFT_OK);
    return;
  }
  if (n->res.user) app_reservation_connected(&n->res, p, now);
  if (!n->wants_circuit) return;
  app_session *s = n->wants_circuit;
  n->wants_circuit = NULL;
  app_session_circuit(s, p, now);
}

static inline void p2p_flush_pipe(p2p_end *e) {
  while (e->first) {
    p2p_piece *p = e->first;
    e->first = p->next;
    free(p);
  }
  e->last = &e->first;
  e->waiting = 0;
}

static inline void p2p_end_gone(p2p_end *e, const weft_closed *why, weft_time now) {
  p2p_node *n = e->node;
  app_link *l = e->link;
  if (!l) return;
  e->link = NULL;
  if (e->near && n->res.user) app_reservation_disconnected(&n->res, why, now);
  if (!e->near && app_link_peer(l)) weft_relay_server_peer_gone(n->w->server, app_link_peer(l), now);
  app_link_free(l, now);
  p2p_put(e->far, NULL, 0, true);
  app_session *s = e->near ? n->wants_circuit : NULL;
  if (s) n->wants_circuit = NULL;
  if (s) app_session_no_circuit(s, why, false, now);
}

static inline void p2p_pipe_closed(void *user, app_link *l, const weft_closed *why, weft_time now) {
  (void)l;
  p2p_end_gone(user, why, now);
}

static inline void p2p_connect(p2p_node *n, weft_time now) {
  static const app_link_callbacks cb = {p2p_pipe_output, p2p_pipe_ready, p2p_pipe_closed};
  p2p_world *w = n->w;
  app_link_config near = {
      .host = &n->host, .dialer = true, .expected_peer = w->id.bytes, .expected_peer_len = w->id.len};
  app_link_config far = {.host = &w->host};
  p2p_flush_pipe(&n->up);
  p2p_flush_pipe(&n->down);
  ck_assert(!n->up.link && !n->down.link);
  ck_assert_int_eq(app_link_new(&n->up.link, &near, &cb, &n->up), WEFT_OK);
  ck_assert_int_eq(app_link_new(&n->down.link, &far, &cb, &n->down), WEFT_OK);
  app_link_start(n->down.link, now);
  app_link_start(n->up.link, now);
}

/* The connection to the relay breaks, on both sides at once. */
static inline void p2p_disconnect(p2p_world *w, size_t i) {
  static const weft_closed why = {WEFT_WHO_PEER, "test", "pipe", WEFT_ECLOSED, 0, "the pipe broke"};
  p2p_end_gone(&w->nodes[i].up, &why, w->now);
  p2p_end_gone(&w->nodes[i].down, &why, w->now);
  p2p_flush_pipe(&w->nodes[i].up);
  p2p_flush_pipe(&w->nodes[i].down);
}

/* ---- a node's callbacks ---- */

static inline void p2p_keep(p2p_node *n, const weft_closed *why) {
  n->why = *why;
  snprintf(n->why_text, sizeof n->why_text, "%s", why->text ? why->text : "");
  n->why.text = n->why_text;
}

static inline void p2p_res_dial(void *user, app_reservation *r, weft_time now) {
  p2p_node *n = user;
  static const weft_closed why = {WEFT_WHO_PEER, "tcp", "connect", WEFT_EREFUSED, 0, "refused"};
  n->dials++;
  if (n->offline)
    app_reservation_disconnected(r, &why, now);
  else
    p2p_connect(n, now);
}

static inline void p2p_res_reserved(void *user, app_reservation *r, bool first, weft_time now) {
  (void)r, (void)first, (void)now;
  ((p2p_node *)user)->reserved++;
}

static inline void p2p_res_failed(void *user, app_reservation *r, const weft_closed *why, weft_time again,
                                  weft_time now) {
  p2p_node *n = user;
  (void)r, (void)again, (void)now;
  n->refused++;
  p2p_keep(n, why);
}

static inline void p2p_need(void *user, app_session *s, weft_time now) {
  p2p_node *n = user;
  static const weft_closed why = {WEFT_WHO_PEER, "tcp", "connect", WEFT_EREFUSED, 0, "refused"};
  n->needs++;
  if (n->up.link && app_link_peer(n->up.link)) {
    app_session_circuit(s, app_link_peer(n->up.link), now);
  } else if (n->offline || (!n->up.link && n->down.link)) {
    app_session_no_circuit(s, &why, false, now);
  } else {
    n->wants_circuit = s;
    if (!n->up.link) p2p_connect(n, now);
  }
}

static inline void p2p_attempt_begins(void *user, weft_time now) {
  p2p_node *n = user;
  (void)now;
  app_private_set_locals(&n->sessions.direct, &n->addr, 1, false);
  app_private_set_stun(&n->sessions.direct, &n->stun, n->stun.family ? 1 : 0);
}

static inline int p2p_datagram_out(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                                   size_t len, weft_time now) {
  p2p_node *n = user;
  return net_send(&n->w->net, local, remote, data, len, now);
}

static inline void p2p_datagram_in(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                                   size_t len, weft_time now) {
  p2p_node *n = user;
  (void)app_private_input(&n->sessions.direct, local, remote, data, len, now);
}

static inline void p2p_opened(void *user, app_session *s, weft_time now) {
  p2p_node *n = user;
  (void)now;
  n->opened++;
  n->session = s;
  memcpy(n->peer_text, s->peer_text, sizeof n->peer_text);
}

static inline void p2p_message(void *user, app_session *s, const uint8_t *data, size_t len, weft_time now) {
  p2p_node *n = user;
  (void)s, (void)now;
  ck_assert_uint_lt(n->got_len + len, sizeof n->got);
  memcpy(n->got + n->got_len, data, len);
  n->got_len += len;
  n->got[n->got_len] = 0;
}

static inline void p2p_room(void *user, app_session *s, weft_time now) {
  ((p2p_node *)user)->rooms++, (void)s, (void)now;
}
static inline void p2p_left(void *user, app_session *s, weft_time now) {
  ((p2p_node *)user)->left++, (void)s, (void)now;
}

static inline void p2p_ended(void *user, app_session *s, const weft_closed *why, weft_time now) {
  p2p_node *n = user;
  n->ended++;
  p2p_keep(n, why);
  if (n->session == s) n->session = NULL;
  if (n->wants_circuit == s) n->wants_circuit = NULL;
  if (n->leaves) app_sessions_close(&n->sessions, now);
}

/* ---- making it ---- */

/* Making one takes milliseconds, and they are immutable. */
static inline weft_dtls_cert *p2p_cert(size_t i) {
  static weft_dtls_cert *made[P2P_NODES];
  uint8_t seed[32] = {(uint8_t)(i + 1), 77};
  if (!made[i]) ck_assert_int_eq(weft_dtls_cert_new(&made[i], seed, NULL), WEFT_OK);
  return made[i];
}

static inline void p2p_node_init(p2p_world *w, size_t i, uint64_t seed) {
  static const app_sessions_callbacks cb = {.need_circuit = p2p_need,
                                            .attempt = p2p_attempt_begins,
                                            .output = p2p_datagram_out,
                                            .opened = p2p_opened,
                                            .message = p2p_message,
                                            .room = p2p_room,
                                            .left = p2p_left,
                                            .ended = p2p_ended};
  p2p_node *n = &w->nodes[i];
  const uint8_t ip[4] = {10, 0, 0, (uint8_t)(i + 1)};
  const app_protocol *protocols[8];
  uint8_t key[32] = {(uint8_t)(i + 1)};
  weft_rng rng = test_rng_init(&n->seed, seed * 31 + i);
  n->w = w;
  n->addr = weft_addr_ip4(ip, 5000);
  n->cert = p2p_cert(i);
  n->report.quiet = true;
  n->up = (p2p_end){.node = n, .near = true, .far = &n->down, .last = &n->up.first};
  n->down = (p2p_end){.node = n, .far = &n->up, .last = &n->down.first};
  weft_identity_from_seed(&n->identity, key);
  weft_peer_id_from_bytes(&n->id, n->identity.peer_id, sizeof n->identity.peer_id);
  app_sessions_init(&n->sessions, &cb, n);
  app_host_init(&n->host, &rng, &n->identity, protocols, app_sessions_protocols(&n->sessions, protocols), n);
  app_sessions_config cfg = {.host = &n->host, .report = &n->report, .direct = {.host = &n->host, .cert = n->cert}};
  app_path_config_default(&cfg.accept);
  ck_assert_int_eq(app_sessions_start(&n->sessions, &cfg), WEFT_OK);
  net_bind(&w->net, &n->addr, p2p_datagram_in, n);
  net_link_of(&w->net, &n->addr)->delay = WEFT_MS(5);
}

static inline void p2p_world_init(p2p_world *w, uint64_t seed, size_t nodes) {
  const app_protocol *protocols[] = {&w->hop};
  uint8_t key[32] = {200};
  weft_relay_server_config cfg;
  ck_assert_int_ge(sodium_init(), 0);
  memset(w, 0, sizeof *w);
  test_clock_set(0);
  net_init(&w->net, seed);
  weft_rng rng = test_rng_init(&w->seed, seed);
  w->pipe_delay = WEFT_MS(10);
  weft_identity_from_seed(&w->identity, key);
  weft_peer_id_from_bytes(&w->id, w->identity.peer_id, sizeof w->identity.peer_id);
  w->stop = (app_protocol){.name = WEFT_RELAY_STOP_PROTOCOL,
                           .dial_only = true,
                           .manual_consume = true,
                           .opened = p2p_relay_opened,
                           .data = p2p_relay_data,
                           .remote_closed = p2p_relay_ended,
                           .writable = p2p_relay_writable,
                           .closed = p2p_relay_closed};
  w->hop = w->stop;
  w->hop.name = WEFT_RELAY_HOP_PROTOCOL;
  w->hop.dial_only = false;
  app_host_init(&w->host, &rng, &w->identity, protocols, 1, w);
  p2p_relay_config(w, &cfg);
  p2p_relay_start(w, &cfg);
  w->nodes_len = nodes;
  for (size_t i = 0; i < nodes; i++) p2p_node_init(w, i, seed);
}

static inline void p2p_world_end(p2p_world *w) {
  for (size_t i = 0; i < w->nodes_len; i++) {
    p2p_node *n = &w->nodes[i];
    app_sessions_end(&n->sessions, w->now);
    app_reservation_end(&n->res);
    memset(&n->res, 0, sizeof n->res);
    p2p_disconnect(w, i);
  }
  weft_relay_server_free(w->server);
  net_free(&w->net);
}

/* ---- using it ---- */

static inline void p2p_reserve(p2p_world *w, size_t i) {
  static const app_reservation_callbacks cb = {p2p_res_dial, p2p_res_reserved, p2p_res_failed};
  app_reservation_config cfg = {.self = w->nodes[i].id, .relay = w->id, .unix_at_zero = TEST_UNIX_AT_ZERO};
  app_reservation_init(&w->nodes[i].res, &cfg, &cb, &w->nodes[i]);
  app_reservation_start(&w->nodes[i].res, w->now);
}

static inline app_session *p2p_call(p2p_world *w, size_t from, size_t to, const app_path_config *with) {
  p2p_node *n = &w->nodes[from];
  app_path_config cfg;
  app_path_config_default(&cfg);
  if (with) cfg = *with;
  cfg.dialer = true;
  n->session = app_session_new(&n->sessions, &w->nodes[to].id, &cfg, w->now);
  ck_assert_ptr_nonnull(n->session);
  app_session_start(n->session, w->now);
  return n->session;
}

static inline void p2p_say(p2p_world *w, size_t i, const char *text) {
  ck_assert_ptr_nonnull(w->nodes[i].session);
  ck_assert_int_eq(app_session_send(w->nodes[i].session, (const uint8_t *)text, strlen(text), w->now), WEFT_OK);
}

static inline weft_time p2p_sooner(weft_time a, weft_time b) { return a < b ? a : b; }

static inline weft_time p2p_end_due(const p2p_end *e) {
  weft_time at = e->first ? e->first->at : WEFT_NEVER;
  return e->link ? p2p_sooner(at, app_link_deadline(e->link)) : at;
}

static inline weft_time p2p_due(const p2p_world *w) {
  weft_time at =
      p2p_sooner(net_deadline(&w->net), p2p_sooner(weft_relay_server_deadline(w->server), app_host_deadline(&w->host)));
  for (size_t i = 0; i < w->nodes_len; i++) {
    const p2p_node *n = &w->nodes[i];
    at = p2p_sooner(at, p2p_sooner(p2p_end_due(&n->up), p2p_end_due(&n->down)));
    at = p2p_sooner(at, p2p_sooner(app_host_deadline(&n->host), app_sessions_deadline(&n->sessions)));
    if (n->res.user) at = p2p_sooner(at, app_reservation_deadline(&n->res));
  }
  return at;
}

static inline void p2p_arrive(p2p_end *e, weft_time now) {
  p2p_piece *p = e->first;
  static const weft_closed why = {WEFT_WHO_PEER, "test", "pipe", WEFT_ECLOSED, 0, "the far end closed the pipe"};
  if (!p || p->at > now) return;
  e->first = p->next;
  if (!e->first) e->last = &e->first;
  e->waiting -= p->len;
  if (e->link && !p->end) app_link_input(e->link, p->data, p->len, now);
  if (e->link && p->end) app_link_input_end(e->link, now);
  if (e->link && p->end) p2p_end_gone(e, &why, now);
  free(p);
  if (e->far->starved && e->far->link) {
    e->far->starved = false;
    app_link_writable(e->far->link, now);
  }
}

static inline void p2p_tick_end(p2p_end *e, weft_time now) {
  if (e->link && app_link_deadline(e->link) <= now) app_link_tick(e->link, now);
}

static inline void p2p_tick_node(p2p_node *n, weft_time now) {
  p2p_arrive(&n->up, now);
  p2p_arrive(&n->down, now);
  p2p_tick_end(&n->up, now);
  p2p_tick_end(&n->down, now);
  if (app_host_deadline(&n->host) <= now) app_host_tick(&n->host, now);
  if (app_sessions_deadline(&n->sessions) <= now) app_sessions_tick(&n->sessions, now);
  if (n->res.user && app_reservation_deadline(&n->res) <= now) app_reservation_tick(&n->res, now);
}

/* Lets time pass until `until`, or until done(w); its result. */
static inline bool p2p_run(p2p_world *w, weft_time until, bool (*done)(p2p_world *w)) {
  unsigned still = 0;
  for (;;) {
    if (done && done(w)) return true;
    weft_time at = p2p_due(w);
    if (at > until) break;
    still = at > w->now ? 0 : still + 1;
    ck_assert_msg(still < 100000, "time does not move");
    if (at > w->now) w->now = at;
    test_clock_set(w->now);
    if (net_deadline(&w->net) <= w->now) net_deliver(&w->net, w->now);
    if (weft_relay_server_deadline(w->server) <= w->now) weft_relay_server_tick(w->server, w->now);
    if (app_host_deadline(&w->host) <= w->now) app_host_tick(&w->host, w->now);
    for (size_t i = 0; i < w->nodes_len; i++) p2p_tick_node(&w->nodes[i], w->now);
  }
  if (until != WEFT_NEVER && until > w->now) w->now = until;
  return done && done(w);
}

static inline bool p2p_bob_open(p2p_world *w) { return w->nodes[1].opened > 0 && w->nodes[0].opened > 0; }
static inline bool p2p_alice_reserved(p2p_world *w) { return w->nodes[0].reserved > 0; }

#endif
