/* webrtc-direct, the listening side: one port, many connections. Until a source has sent back a good DTLS cookie nothing is kept of it but a
 * slot in the table of weft_ice_lite: anybody can make up a user name, and the password follows from it. */
#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "webrtc/routes.h"
#include "webrtc/schedule.h"
#include "webrtc/webrtc_int.h"

#define ACCEPT_LIMIT WEFT_SEC(10) /* webrtc.h: setup_limit; go-libp2p's too */

enum { VERSIONS = 4096 /* as many as slots in the lite table; a power of two */ };

struct weft_webrtc_listener {
  weft_webrtc_config cfg;
  weft_alloc alloc;
  weft_webrtc_callbacks cb;
  void *user;
  weft_evq q; /* only its bookkeeping of calls; calls on connections count too */
  weft_time now;
  bool closed;
  weft_webrtc_listener_stats stats;
  weft_ice_lite *lite;
  weft_dtls_gate *gate;
  weft_webrtc_routes routes;
  weft_webrtc_schedule schedule;
  weft_list conns, stuck;
  uint16_t versions[VERSIONS]; /* by user name's hash: which version it was of */
};

/* ---- which version a user name was of ---- */

static uint16_t *version_slot(weft_webrtc_listener *l, const uint8_t key[WEFT_ICE_LITE_KEY_LEN], uint16_t *tag) {
  weft_rd r;
  weft_rd_init(&r, key, WEFT_ICE_LITE_KEY_LEN);
  uint16_t at = weft_rd_u16(&r);
  *tag = (uint16_t)(weft_rd_u16(&r) & 0xfffcu);
  return &l->versions[at % VERSIONS];
}

/* What is noted beside 1 and 2: version 1, by rust-libp2p. */
enum { VERSION_RUST = 3 };

static void note_version(weft_webrtc_listener *l, const uint8_t key[WEFT_ICE_LITE_KEY_LEN], int version) {
  uint16_t tag, *slot = version_slot(l, key, &tag);
  *slot = (uint16_t)(tag | version);
}

static uint8_t noted_version(weft_webrtc_listener *l, const uint8_t key[WEFT_ICE_LITE_KEY_LEN]) {
  uint16_t tag;
  const uint16_t *slot = version_slot(l, key, &tag);
  return (*slot & 0xfffcu) == tag && (*slot & 3u) != 0 ? (uint8_t)(*slot & 3u) : 1;
}

/* ---- entry and exit; seen from a connection too ---- */

void weft_webrtc_listener_enter(weft_webrtc_listener *l) { weft_evq_enter(&l->q); }

static void destroy(weft_webrtc_listener *l) {
  weft_alloc alloc = l->alloc;
  while (!weft_list_empty(&l->conns)) weft_webrtc_free(WEFT_LIST_ITEM(l->conns.next, weft_webrtc, node));
  weft_ice_lite_free(l->lite);
  weft_dtls_gate_free(l->gate);
  weft_webrtc_schedule_free(&l->schedule);
  weft_webrtc_routes_free(&l->routes);
  weft_wipe(l, sizeof *l);
  weft_mem_free(&alloc, l, sizeof *l);
}

void weft_webrtc_listener_leave(weft_webrtc_listener *l) {
  if (weft_evq_leave(&l->q)) destroy(l);
}

void weft_webrtc_listener_free(weft_webrtc_listener *l) {
  if (!l) return;
  if (l->q.depth == 0) {
    destroy(l);
    return;
  }
  l->q.free_pending = true;
  for (weft_list *n = l->conns.next; n != &l->conns; n = n->next) /* no event follows, of any of them */
    WEFT_LIST_ITEM(n, weft_webrtc, node)->q.free_pending = true;
}

void weft_webrtc_listener_sent(weft_webrtc_listener *l, size_t len) { l->stats.bytes_out += len; }

static void uncount(weft_webrtc *c) {
  weft_webrtc_listener *l = c->listener;
  if (!c->counted) return;
  c->counted = false;
  if (c->introduced)
    l->stats.connections--;
  else
    l->stats.in_flight--;
}

void weft_webrtc_listener_ready(weft_webrtc *c) {
  weft_webrtc_listener *l = c->listener;
  l->stats.accepted++;
  if (!c->counted) return; /* it ended before READY could be told */
  l->stats.in_flight--;
  l->stats.connections++;
}

void weft_webrtc_listener_ended(weft_webrtc *c) {
  weft_webrtc_listener *l = c->listener;
  if (!c->introduced) l->stats.refused++;
  uncount(c);
  weft_webrtc_routes_remove(&l->routes, c);
}

void weft_webrtc_listener_forget(weft_webrtc *c) {
  weft_webrtc_listener *l = c->listener;
  uncount(c);
  weft_webrtc_routes_remove(&l->routes, c);
  weft_webrtc_schedule_remove(&l->schedule, c);
  weft_list_remove(&c->stuck_node);
  weft_list_remove(&c->node);
}

void weft_webrtc_listener_rescheduled(weft_webrtc *c, weft_time due) {
  weft_webrtc_listener *l = c->listener;
  weft_webrtc_schedule_move(&l->schedule, c, due <= c->now ? c->now + 1 : due);
  if (c->stuck && !c->ended && weft_list_empty(&c->stuck_node)) weft_list_push_back(&l->stuck, &c->stuck_node);
}

/* ---- what a connection is given ---- */

static void feed(weft_webrtc *c, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                 weft_time now) {
  weft_webrtc_enter(c, now);
  weft_webrtc_trace_datagram(c, WEFT_TRACE_IN, local, remote, data, len);
  weft_webrtc_take_datagram(c, local, remote, data, len);
  weft_webrtc_leave(c);
}

/* A source that gave this connection's user name: it may come from there too, up to max_admitted. Another connection's address is not
 * given away, since the user name proves nothing. */
static bool attach(weft_webrtc_listener *l, weft_webrtc *c, const weft_addr *local, const weft_addr *remote) {
  const weft_webrtc *owner = weft_webrtc_routes_find(&l->routes, local, remote);
  if (owner && owner != c) return false;
  weft_webrtc_enter(c, l->now);
  c->proven_at = c->now;
  int rc = weft_ice_admit(c->ice, local, remote, l->now);
  if (rc == WEFT_OK && !owner) rc = weft_webrtc_routes_add(&l->routes, c, local, remote);
  weft_webrtc_leave(c); /* it may be gone now */
  return rc == WEFT_OK;
}

/* Datagrams that a connection does not take itself: STUN, and what comes before there is one. */
static void trace_datagram(const weft_webrtc_listener *l, weft_trace_kind kind, const weft_addr *local,
                           const weft_addr *remote, const uint8_t *data, size_t len) {
  if (!l->cfg.trace.fn) return;
  weft_trace t = {.kind = kind, .layer = "webrtc", .data = data, .len = len, .now = l->now};
  t.conn = weft_webrtc_routes_find(&l->routes, local, remote);
  t.local = local;
  t.remote = remote;
  l->cfg.trace.fn(l->cfg.trace.user, &t);
}

/* ---- STUN ---- */

static int send_unproven(weft_webrtc_listener *l, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                         size_t len, weft_time now) {
  int rc = l->cb.output(l->user, local, remote, data, len, now);
  if (rc != WEFT_OK) return rc;
  l->stats.bytes_out += len;
  trace_datagram(l, WEFT_TRACE_OUT, local, remote, data, len);
  if (!weft_webrtc_routes_find(&l->routes, local, remote)) l->stats.unproven_bytes_out += len;
  return rc;
}

static int lite_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                       weft_time now) {
  return send_unproven(user, local, remote, data, len, now);
}

static int lite_password(void *user, const weft_ice_lite_binding *b, const uint8_t **key, size_t *key_len) {
  weft_webrtc_listener *l = user;
  int version = weft_webrtc_ufrag_version(b->server_ufrag, b->server_len, b->client_ufrag, b->client_len);
  if (version == WEFT_EUNSUPPORTED)
    l->stats.drop_version++;
  else if (version < 0)
    l->stats.drop_ufrag++;
  if (version < 0) return WEFT_EAUTH;
  *key = (const uint8_t *)b->server_ufrag;
  *key_len = b->server_len;
  return WEFT_OK;
}

static void lite_binding(void *user, const weft_ice_lite_binding *b, weft_time now) {
  weft_webrtc_listener *l = user;
  int version = weft_webrtc_ufrag_version(b->server_ufrag, b->server_len, b->client_ufrag, b->client_len);
  weft_webrtc *c = weft_webrtc_routes_find_key(&l->routes, b->key);
  (void)now;
  note_version(l, b->key, version == 1 && weft_webrtc_ufrag_of_rust(b->server_len) ? VERSION_RUST : version);
  if (!c) return;
  c->setup.version = (uint8_t)version;
  (void)attach(l, c, b->local, b->remote);
}

/* ---- a new connection ---- */

static int gate_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                       weft_time now) {
  return send_unproven(user, local, remote, data, len, now);
}

static bool is_path(const weft_webrtc *c, const weft_addr *local, const weft_addr *remote) {
  return weft_addr_equal(&c->remote, remote) && weft_addr_equal(&c->local, local);
}

/* Somebody else has sent back a cookie from there. A connection that was only admitted from there gives the address up; one whose
 * path it was had been silent for long (see begins_anew) and is gone. */
static void vacate(weft_webrtc_listener *l, const weft_addr *local, const weft_addr *remote) {
  static const weft_closed why = {
      WEFT_WHO_PEER, "webrtc", "path",
      WEFT_ERESET,   0,        "the peer fell silent and began another connection from the same address"};
  weft_webrtc *c = weft_webrtc_routes_find(&l->routes, local, remote);
  if (!c) return;
  weft_webrtc_routes_drop(&l->routes, local, remote);
  if (!is_path(c, local, remote)) return;
  weft_webrtc_enter(c, l->now);
  weft_webrtc_fail(c, &why);
  weft_webrtc_leave(c);
}

static int make(weft_webrtc_listener *l, const uint8_t key[WEFT_ICE_LITE_KEY_LEN], weft_webrtc **out) {
  uint8_t version = noted_version(l, key);
  weft_webrtc_setup setup = {.inbound = true,
                             .lite = true,
                             .secured = true,
                             .gated = true,
                             .version = version == VERSION_RUST ? 1 : version,
                             .speaks_late = version == VERSION_RUST,
                             .setup_limit = l->cfg.setup_limit ? l->cfg.setup_limit : ACCEPT_LIMIT};
  int rc = weft_webrtc_new(out, &l->cfg, &setup, &l->cb, l->user);
  if (rc != WEFT_OK) return rc;
  weft_webrtc *c = *out;
  rc = weft_webrtc_schedule_add(&l->schedule, c);
  if (rc != WEFT_OK) {
    weft_webrtc_free(c);
    return rc;
  }
  c->listener = l;
  c->counted = true;
  l->stats.in_flight++;
  memcpy(c->key, key, sizeof c->key);
  weft_list_push_back(&l->conns, &c->node);
  weft_webrtc_routes_add_key(&l->routes, c);
  return WEFT_OK;
}

static void gate_hello(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                       weft_time now) {
  weft_webrtc_listener *l = user;
  uint8_t key[WEFT_ICE_LITE_KEY_LEN];
  weft_webrtc *c;
  if (weft_ice_lite_lookup(l->lite, local, remote, now, key) != WEFT_OK) return;
  if (l->stats.in_flight >= l->cfg.max_in_flight || l->stats.connections >= l->cfg.max_connections) {
    l->stats.drop_in_flight++; /* silence: the dialer's retransmission may find room */
    return;
  }
  vacate(l, local, remote);
  if (make(l, key, &c) != WEFT_OK) return;
  weft_webrtc_enter(c, now);
  weft_webrtc_begin(c);
  c->proven_at = c->now;
  int rc = weft_ice_admit(c->ice, local, remote, now);
  if (rc == WEFT_OK) rc = weft_webrtc_routes_add(&l->routes, c, local, remote);
  if (rc == WEFT_OK)
    weft_webrtc_take_datagram(c, local, remote, data, len);
  else
    weft_webrtc_fail_here(c, "accept", rc, weft_strerror(rc));
  weft_webrtc_leave(c);
}

/* ---- datagrams ---- */

/* Record header of 13 bytes: type handshake, epoch 0; then the handshake type client_hello (RFC 6347 section 4.1, 4.3.2). */
static bool is_client_hello(const uint8_t *data, size_t len) {
  return len > 13 && data[0] == 22 && data[3] == 0 && data[4] == 0 && data[13] == 1;
}

/* A hello under another user name. User names and old cookied hellos can be repeated by whoever saw them, so none moves a living connection
 * off its own path: only when there was no proof of life for half of idle_timeout (peers check every five seconds or so) has the dialer
 * crashed and taken the same port again. */
static bool begins_anew(const weft_webrtc_listener *l, const weft_webrtc *c, const weft_addr *local,
                        const weft_addr *remote, const uint8_t *data, size_t len, weft_time now) {
  uint8_t key[WEFT_ICE_LITE_KEY_LEN];
  bool alive = weft_time_since(now, c->proven_at) < c->cfg.idle_timeout / 2;
  if (!is_client_hello(data, len) || (alive && is_path(c, local, remote))) return false;
  if (weft_ice_lite_lookup(l->lite, local, remote, now, key) != WEFT_OK) return false;
  return memcmp(key, c->key, sizeof key) != 0;
}

static void take_dtls(weft_webrtc_listener *l, weft_webrtc *c, const weft_addr *local, const weft_addr *remote,
                      const uint8_t *data, size_t len, weft_time now) {
  uint8_t key[WEFT_ICE_LITE_KEY_LEN];
  if (c && !begins_anew(l, c, local, remote, data, len, now)) {
    feed(c, local, remote, data, len, now);
    return;
  }
  if (weft_ice_lite_lookup(l->lite, local, remote, now, key) != WEFT_OK) {
    l->stats.drop_unknown_source++;
    return;
  }
  c = weft_webrtc_routes_find_key(&l->routes, key);
  if (!c) {
    trace_datagram(l, WEFT_TRACE_IN, local, remote, data, len);
    (void)weft_dtls_gate_input(l->gate, local, remote, data, len, now);
    return;
  }
  if (attach(l, c, local, remote) && (c = weft_webrtc_routes_find(&l->routes, local, remote)) != NULL)
    feed(c, local, remote, data, len, now);
  else
    l->stats.drop_unknown_source++;
}

/* RFC 7983 section 7. */
static void route(weft_webrtc_listener *l, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                  size_t len, weft_time now) {
  weft_webrtc *c = weft_webrtc_routes_find(&l->routes, local, remote);
  if (!c) l->stats.unproven_bytes_in += len;
  if (len > 0 && data[0] <= 3) {
    trace_datagram(l, WEFT_TRACE_IN, local, remote, data, len);
    (void)weft_ice_lite_input(l->lite, local, remote, data, len, now);
  } else if (len > 0 && data[0] >= 20 && data[0] <= 63) {
    take_dtls(l, c, local, remote, data, len, now);
  } else {
    l->stats.drop_demux++;
  }
}

int weft_webrtc_listener_input(weft_webrtc_listener *l, const weft_addr *local, const weft_addr *remote,
                               const uint8_t *data, size_t len, weft_time now) {
  if (l->closed) return WEFT_OK;
  weft_webrtc_listener_enter(l);
  l->now = weft_time_max(l->now, now);
  l->stats.datagrams_in++;
  l->stats.bytes_in += len;
  route(l, local, remote, data, len, l->now);
  weft_webrtc_listener_leave(l);
  return WEFT_OK;
}

/* ---- time ---- */

/* Those whose output was refused, once each: who is refused again comes back onto the list. */
static void tick_stuck(weft_webrtc_listener *l) {
  size_t n = 0;
  for (const weft_list *at = l->stuck.next; at != &l->stuck; at = at->next) n++;
  while (n-- > 0 && !weft_list_empty(&l->stuck)) {
    weft_webrtc *c = WEFT_LIST_ITEM(l->stuck.next, weft_webrtc, stuck_node);
    weft_list_remove(&c->stuck_node);
    weft_webrtc_tick(c, l->now);
  }
}

int weft_webrtc_listener_tick(weft_webrtc_listener *l, weft_time now) {
  weft_webrtc *c;
  weft_webrtc_listener_enter(l);
  l->now = weft_time_max(l->now, now);
  (void)weft_dtls_gate_tick(l->gate, l->now);
  tick_stuck(l);
  while (!l->q.free_pending && (c = weft_webrtc_schedule_due(&l->schedule, l->now)) != NULL)
    weft_webrtc_tick(c, l->now);
  weft_webrtc_listener_leave(l);
  return WEFT_OK;
}

weft_time weft_webrtc_listener_deadline(const weft_webrtc_listener *l) {
  return weft_time_min(weft_webrtc_schedule_deadline(&l->schedule), weft_dtls_gate_deadline(l->gate));
}

/* ---- life ---- */

static int make_parts(weft_webrtc_listener *l) {
  uint8_t key[16];
  weft_ice_lite_config lite;
  weft_dtls_gate_config gate;
  weft_ice_lite_callbacks lite_cb = {sizeof lite_cb, lite_output, lite_password, lite_binding};
  weft_dtls_gate_callbacks gate_cb = {sizeof gate_cb, gate_output, gate_hello};
  weft_ice_lite_config_default(&lite);
  weft_dtls_gate_config_default(&gate);
  lite.rng = gate.rng = l->cfg.rng;
  lite.alloc = gate.alloc = &l->alloc;
  lite.trace = gate.trace = l->cfg.trace;
  if (l->cfg.rng.fill(l->cfg.rng.ctx, key, sizeof key) != 0) return WEFT_ERANDOM;
  int rc = weft_webrtc_routes_init(&l->routes, &l->alloc, (size_t)l->cfg.max_connections + l->cfg.max_in_flight, key);
  if (rc == WEFT_OK) rc = weft_ice_lite_new(&l->lite, &lite, &lite_cb, l);
  return rc == WEFT_OK ? weft_dtls_gate_new(&l->gate, &gate, &gate_cb, l) : rc;
}

int weft_webrtc_listen(weft_webrtc_listener **out, const weft_webrtc_config *cfg, const weft_webrtc_callbacks *cb,
                       void *user) {
  weft_webrtc_config full;
  *out = NULL;
  int rc = weft_webrtc_check_config(cfg, &full);
  if (rc == WEFT_OK && !full.identity) rc = WEFT_EINVAL;
  if (rc != WEFT_OK) return rc;
  weft_webrtc_listener *l = weft_mem_new(full.alloc, sizeof *l);
  if (!l) return WEFT_ENOMEM;
  l->alloc = *weft_alloc_or_libc(full.alloc);
  l->cfg = full;
  l->cfg.alloc = &l->alloc;
  l->cfg.certhash = l->cfg.expected_peer = NULL;
  l->cfg.expected_peer_len = 0;
  weft_sized_copy(&l->cb, sizeof l->cb, cb);
  l->cb.size = sizeof l->cb;
  assert(l->cb.output && l->cb.event);
  l->user = user;
  weft_list_init(&l->conns);
  weft_list_init(&l->stuck);
  weft_webrtc_schedule_init(&l->schedule, &l->alloc);
  rc = make_parts(l);
  if (rc == WEFT_OK)
    *out = l;
  else
    destroy(l);
  return rc;
}

static weft_webrtc *first_open(const weft_webrtc_listener *l) {
  for (weft_list *n = l->conns.next; n != &l->conns; n = n->next) {
    weft_webrtc *c = WEFT_LIST_ITEM(n, weft_webrtc, node);
    if (!c->ending) return c;
  }
  return NULL;
}

int weft_webrtc_listener_close(weft_webrtc_listener *l, weft_time now) {
  weft_webrtc *c;
  weft_webrtc_listener_enter(l);
  l->now = weft_time_max(l->now, now);
  l->closed = true;
  while (!l->q.free_pending && (c = first_open(l)) != NULL) weft_webrtc_close(c, WEFT_OK, l->now);
  weft_webrtc_listener_leave(l);
  return WEFT_OK;
}

void weft_webrtc_listener_get_stats(const weft_webrtc_listener *l, weft_webrtc_listener_stats *s) {
  weft_ice_lite_stats lite = {.size = sizeof lite};
  weft_webrtc_listener_stats full = l->stats;
  size_t size = s->size;
  weft_ice_lite_get_stats(l->lite, &lite);
  full.size = sizeof full;
  full.drop_ufrag += lite.drop_username;
  weft_sized_copy(s, size, &full);
}
