/* Agents on a network in virtual time: delay, loss, duplication, NATs, dead links.
 *
 *   ice_net net;
 *   ice_net_init(&net, seed);
 *   ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
 *   ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
 *   ice_net_introduce(&net, a, b);
 *   ice_net_run(&net, WEFT_SEC(5));
 *   ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
 *   ice_net_free(&net);
 */
#ifndef TEST_UNIT_ICE_NET_H
#define TEST_UNIT_ICE_NET_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "ice/ice_int.h"
#include "test/support/alloc.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

enum { ICE_NET_NODES = 4, ICE_NET_PACKETS = 256, ICE_NET_PACKET = 1500, ICE_NET_ADDRS = 4, ICE_NET_NAT = 64 };

typedef enum ice_nat { ICE_NAT_NONE, ICE_NAT_FULL_CONE, ICE_NAT_RESTRICTED, ICE_NAT_SYMMETRIC } ice_nat;

typedef struct ice_mapping {
  weft_addr inside, outside, to;
} ice_mapping;

typedef struct ice_node {
  struct ice_net *net;
  weft_ice *ice;
  weft_ice_lite *lite;
  test_rng rng;
  weft_addr addr[ICE_NET_ADDRS];
  size_t addrs;
  ice_nat nat;
  weft_addr nat_ip;
  uint16_t nat_port; /* next outside port */
  ice_mapping mappings[ICE_NET_NAT];
  size_t mappings_n;
  bool cut;  /* nothing leaves and nothing arrives */
  bool mute; /* what leaves is lost */
  weft_ice_candidate candidates[16], names[4];
  size_t names_n;
  size_t candidates_n, gathered, selections, closes, data_n, state_changes;
  weft_ice_state states[32];
  weft_addr local, remote; /* of SELECTED */
  weft_ice_candidate_type local_type, remote_type;
  weft_closed closed;
  weft_time connected_at, completed_at, closed_at, disconnected_at;
  uint8_t data[ICE_NET_PACKET];
  size_t data_len, sent, answered, binding_calls;
  bool events_after_close;
  bool reply_when_connected; /* says "first" at once */
  void (*on_event)(struct ice_node *n, const weft_ice_event *ev, weft_time now);
} ice_node;

typedef struct ice_packet {
  weft_time at;
  weft_addr from, to;
  size_t len;
  uint8_t data[ICE_NET_PACKET];
  bool used;
} ice_packet;

typedef struct ice_net {
  test_rng rng;
  weft_time now, delay;
  uint32_t loss, duplicate; /* percent */
  ice_node nodes[ICE_NET_NODES];
  size_t nodes_n;
  ice_packet packets[ICE_NET_PACKETS];
  void (*watch)(struct ice_net *net, const ice_packet *p); /* every packet put on the wire */
  weft_addr stun_server;                                   /* answers binding requests when its family is set */
  bool stun_silent;
  unsigned stun_error; /* answers with this code instead */
  bool stun_lies;      /* says 224.0.0.1:9 */
  size_t wire, wire_bytes;
  weft_ice_mux *mux; /* in front of the nodes that all have the address `shared` */
  weft_addr shared;
  weft_addr dead; /* what comes from or goes to here is lost */
} ice_net;

static inline weft_addr ice_addr(const char *text) {
  weft_addr a;
  ck_assert_int_eq(weft_addr_parse(&a, text), WEFT_OK);
  return a;
}

static inline void ice_net_init(ice_net *net, uint64_t seed) {
  memset(net, 0, sizeof *net);
  (void)test_rng_init(&net->rng, seed);
  net->delay = WEFT_MS(20);
}

static inline void ice_net_put(ice_net *net, const weft_addr *from, const weft_addr *to, const uint8_t *data,
                               size_t len) {
  if (weft_addr_equal(from, &net->dead) || weft_addr_equal(to, &net->dead)) return;
  for (size_t i = 0; i < ICE_NET_PACKETS; i++) {
    ice_packet *p = &net->packets[i];
    if (p->used) continue;
    p->used = true;
    p->at = net->now + net->delay;
    p->from = *from;
    p->to = *to;
    p->len = len;
    memcpy(p->data, data, len);
    net->wire++;
    net->wire_bytes += len;
    if (net->watch != NULL) net->watch(net, p);
    return;
  }
  ck_abort_msg("too many packets in flight");
}

static inline weft_addr ice_nat_out(ice_node *n, const weft_addr *from, const weft_addr *to) {
  if (n->nat == ICE_NAT_NONE) return *from;
  ice_mapping *found = NULL;
  for (size_t i = 0; i < n->mappings_n; i++) {
    ice_mapping *m = &n->mappings[i];
    if (!weft_addr_equal(&m->inside, from)) continue;
    if (weft_addr_equal(&m->to, to)) return m->outside;
    if (n->nat != ICE_NAT_SYMMETRIC) found = m;
  }
  ck_assert_uint_lt(n->mappings_n, ICE_NET_NAT);
  ice_mapping *m = &n->mappings[n->mappings_n++];
  m->inside = *from;
  m->to = *to;
  m->outside = n->nat_ip;
  m->outside.port = found != NULL ? found->outside.port : n->nat_port++;
  return m->outside;
}

static inline int ice_net_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                                 size_t len, weft_time now) {
  ice_node *n = user;
  ice_net *net = n->net;
  ck_assert_uint_ge(now, net->now);
  ck_assert_uint_le(len, ICE_NET_PACKET);
  n->sent++;
  if (net->mux != NULL && weft_addr_equal(local, &net->shared) && !weft_addr_equal(remote, &net->stun_server))
    ck_assert_int_eq(weft_ice_mux_add_address(net->mux, local, remote, n), WEFT_OK);
  if (n->cut || n->mute) return WEFT_OK;
  weft_addr from = ice_nat_out(n, local, remote);
  if (test_rng_chance(&net->rng, net->loss)) return WEFT_OK;
  ice_net_put(net, &from, remote, data, len);
  if (test_rng_chance(&net->rng, net->duplicate)) ice_net_put(net, &from, remote, data, len);
  return WEFT_OK;
}

static inline void ice_note_state(ice_node *n, weft_ice_state s, weft_time now) {
  if (n->state_changes < WEFT_ARRAY_LEN(n->states)) n->states[n->state_changes] = s;
  n->state_changes++;
  if (s == WEFT_ICE_CONNECTED && n->connected_at == 0) n->connected_at = now;
  if (s == WEFT_ICE_COMPLETED && n->completed_at == 0) n->completed_at = now;
  if (s == WEFT_ICE_DISCONNECTED && n->disconnected_at == 0) n->disconnected_at = now;
}

static inline void ice_net_event(void *user, const weft_ice_event *ev, weft_time now) {
  ice_node *n = user;
  if (n->closes > 0) n->events_after_close = true;
  switch (ev->type) {
  case WEFT_ICE_EVENT_STATE: ice_note_state(n, ev->state, now); break;
  case WEFT_ICE_EVENT_CANDIDATE:
    if (n->candidates_n < WEFT_ARRAY_LEN(n->candidates)) n->candidates[n->candidates_n++] = *ev->candidate;
    break;
  case WEFT_ICE_EVENT_GATHERED: n->gathered++; break;
  case WEFT_ICE_EVENT_RESOLVE:
    if (n->names_n < WEFT_ARRAY_LEN(n->names)) n->names[n->names_n] = *ev->candidate;
    n->names_n++;
    break;
  case WEFT_ICE_EVENT_SELECTED:
    n->selections++;
    n->local = *ev->local;
    n->remote = *ev->remote;
    n->local_type = ev->local_type;
    n->remote_type = ev->remote_type;
    break;
  case WEFT_ICE_EVENT_DATA:
    n->data_n++;
    n->data_len = ev->len;
    memcpy(n->data, ev->data, ev->len);
    break;
  case WEFT_ICE_EVENT_CLOSED:
    n->closes++;
    n->closed = ev->closed;
    n->closed_at = now;
    break;
  }
  if (n->reply_when_connected && ev->type == WEFT_ICE_EVENT_STATE && ev->state == WEFT_ICE_CONNECTED)
    ck_assert_int_eq(weft_ice_send(n->ice, (const uint8_t *)"first", 5, now), WEFT_OK);
  if (n->on_event != NULL) n->on_event(n, ev, now);
}

static inline ice_node *ice_net_node(ice_net *net, const char *addr) {
  ck_assert_uint_lt(net->nodes_n, ICE_NET_NODES);
  ice_node *n = &net->nodes[net->nodes_n++];
  n->net = net;
  n->nat_port = 40000;
  n->addr[n->addrs++] = ice_addr(addr);
  return n;
}

static const weft_ice_callbacks ice_net_callbacks = {sizeof(weft_ice_callbacks), ice_net_output, ice_net_event};

/* cfg NULL: the defaults, with loopback allowed. */
static inline ice_node *ice_net_agent(ice_net *net, const char *addr, weft_ice_role role, const weft_ice_config *cfg) {
  ice_node *n = ice_net_node(net, addr);
  weft_ice_config c;
  weft_ice_config_default(&c);
  if (cfg != NULL) c = *cfg;
  c.role = role;
  c.alloc = test_alloc();
  c.rng = test_rng_init(&n->rng, test_rng_u64(&net->rng));
  ck_assert_int_eq(weft_ice_new(&n->ice, &c, &ice_net_callbacks, n), WEFT_OK);
  ck_assert_int_eq(weft_ice_add_local(n->ice, &n->addr[0], net->now), WEFT_OK);
  return n;
}

static inline void ice_net_also(ice_node *n, const char *addr) {
  n->addr[n->addrs++] = ice_addr(addr);
  ck_assert_int_eq(weft_ice_add_local(n->ice, &n->addr[n->addrs - 1], n->net->now), WEFT_OK);
}

static inline void ice_net_tell(ice_node *from, ice_node *to) {
  for (size_t i = 0; i < from->candidates_n; i++)
    ck_assert_int_eq(weft_ice_add_remote(to->ice, &from->candidates[i], to->net->now), WEFT_OK);
}

static inline void ice_net_introduce(ice_net *net, ice_node *a, ice_node *b) {
  ck_assert_int_eq(weft_ice_set_remote(a->ice, weft_ice_local_ufrag(b->ice), weft_ice_local_pwd(b->ice)), WEFT_OK);
  ck_assert_int_eq(weft_ice_set_remote(b->ice, weft_ice_local_ufrag(a->ice), weft_ice_local_pwd(a->ice)), WEFT_OK);
  ice_net_tell(a, b);
  ice_net_tell(b, a);
  ck_assert_int_eq(weft_ice_start(a->ice, net->now), WEFT_OK);
  ck_assert_int_eq(weft_ice_start(b->ice, net->now), WEFT_OK);
}

/* Where a packet to `to` ends up, with the inside address in *local. */
static inline ice_node *ice_net_receiver(ice_net *net, const ice_packet *p, weft_addr *local) {
  for (size_t i = 0; i < net->nodes_n; i++) {
    ice_node *n = &net->nodes[i];
    for (size_t k = 0; n->nat == ICE_NAT_NONE && k < n->addrs; k++)
      if (weft_addr_equal(&n->addr[k], &p->to)) {
        *local = p->to;
        return n;
      }
    for (size_t k = 0; n->nat != ICE_NAT_NONE && k < n->mappings_n; k++) {
      const ice_mapping *m = &n->mappings[k];
      if (!weft_addr_equal(&m->outside, &p->to)) continue;
      if (n->nat != ICE_NAT_FULL_CONE && !weft_addr_equal(&m->to, &p->from)) continue;
      *local = m->inside;
      return n;
    }
  }
  return NULL;
}

static inline void ice_net_stun_server(ice_net *net, const ice_packet *p) {
  uint8_t buf[64];
  size_t len = 0;
  weft_stun_msg m;
  weft_addr lie = ice_addr("224.0.0.1:9");
  if (net->stun_silent) return;
  ck_assert_int_eq(weft_stun_parse(&m, p->data, p->len), WEFT_OK);
  if (net->stun_error != 0) {
    weft_stun_writer w;
    weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_ERROR, WEFT_STUN_BINDING, m.txid);
    weft_stun_put_error(&w, net->stun_error, "no");
    ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_OK);
  } else {
    ck_assert_int_eq(weft_stun_binding_answer(p->data, p->len, net->stun_lies ? &lie : &p->from, buf, sizeof buf, &len),
                     WEFT_OK);
  }
  ice_net_put(net, &p->to, &p->from, buf, len);
}

/* As an application does it that has several agents on one socket. */
static inline void ice_net_share(ice_net *net, const ice_packet *p) {
  ice_node *n = weft_ice_mux_route(net->mux, &p->to, &p->from, p->data, p->len);
  for (size_t i = 0; i < net->nodes_n; i++) {
    ice_node *each = &net->nodes[i];
    if (each == n || (n == NULL && weft_stun_is(p->data, p->len) && weft_addr_equal(&each->addr[0], &net->shared)))
      ck_assert_int_eq(weft_ice_input(each->ice, &p->to, &p->from, p->data, p->len, net->now), WEFT_OK);
  }
}

static inline void ice_net_deliver(ice_net *net, const ice_packet *p) {
  weft_addr local;
  if (net->mux != NULL && weft_addr_equal(&p->to, &net->shared)) {
    ice_net_share(net, p);
    return;
  }
  if (net->stun_server.family != 0 && weft_addr_equal(&net->stun_server, &p->to)) {
    ice_net_stun_server(net, p);
    return;
  }
  ice_node *n = ice_net_receiver(net, p, &local);
  if (n == NULL || n->cut) return;
  if (n->lite != NULL && weft_stun_is(p->data, p->len))
    ck_assert_int_eq(weft_ice_lite_input(n->lite, &local, &p->from, p->data, p->len, net->now), WEFT_OK);
  else if (n->ice != NULL)
    ck_assert_int_eq(weft_ice_input(n->ice, &local, &p->from, p->data, p->len, net->now), WEFT_OK);
}

static inline ice_packet *ice_net_next_packet(ice_net *net) {
  ice_packet *best = NULL;
  for (size_t i = 0; i < ICE_NET_PACKETS; i++) {
    ice_packet *p = &net->packets[i];
    if (p->used && (best == NULL || p->at < best->at)) best = p;
  }
  return best;
}

static inline weft_time ice_net_deadline(const ice_net *net) {
  weft_time at = WEFT_NEVER;
  for (size_t i = 0; i < net->nodes_n; i++)
    if (net->nodes[i].ice != NULL) at = weft_time_min(at, weft_ice_deadline(net->nodes[i].ice));
  return at;
}

static inline void ice_net_tick(ice_net *net) {
  for (size_t i = 0; i < net->nodes_n; i++) {
    weft_ice *ice = net->nodes[i].ice;
    if (ice == NULL || weft_ice_deadline(ice) > net->now) continue;
    ck_assert_int_eq(weft_ice_tick(ice, net->now), WEFT_OK);
    ck_assert_uint_gt(weft_ice_deadline(ice), net->now); /* the contract: a tick moves the deadline */
  }
}

/* Runs for d. Bounded: a step that does not move time on is a failure of the deadline contract. */
static inline void ice_net_run(ice_net *net, weft_time d) {
  weft_time end = net->now + d;
  for (size_t steps = 0;; steps++) {
    ck_assert_uint_lt(steps, 1000000);
    ice_packet *p = ice_net_next_packet(net);
    weft_time at = weft_time_min(ice_net_deadline(net), p != NULL ? p->at : WEFT_NEVER);
    if (at > end) break;
    if (at > net->now) net->now = at;
    if (p != NULL && p->at <= net->now) {
      static ice_packet copy;
      copy = *p;
      p->used = false;
      ice_net_deliver(net, &copy);
    } else {
      ice_net_tick(net);
    }
  }
  net->now = end;
}

static inline void ice_net_free(ice_net *net) {
  for (size_t i = 0; i < net->nodes_n; i++) {
    ck_assert(!net->nodes[i].events_after_close);
    ck_assert_uint_le(net->nodes[i].closes, 1);
    weft_ice_free(net->nodes[i].ice);
    weft_ice_lite_free(net->nodes[i].lite);
  }
}

static inline weft_ice_stats ice_stats(const ice_node *n) {
  weft_ice_stats s = {.size = sizeof s};
  weft_ice_get_stats(n->ice, &s);
  return s;
}

/* A binding request as a peer would send it. role: 0 none, else WEFT_STUN_ICE_CONTROLLING or _CONTROLLED. */
typedef struct ice_forge {
  const char *username, *password;
  uint16_t role;
  uint64_t tie_breaker;
  bool use_candidate, no_integrity, no_fingerprint;
  uint16_t extra; /* one more attribute, empty */
  uint32_t priority;
} ice_forge;

static inline size_t ice_forge_request(uint8_t *buf, size_t cap, const ice_forge *f, uint8_t txid_byte) {
  uint8_t txid[WEFT_STUN_TXID_LEN];
  weft_stun_writer w;
  size_t len;
  memset(txid, txid_byte, sizeof txid);
  weft_stun_begin(&w, buf, cap, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
  if (f->username != NULL) weft_stun_put(&w, WEFT_STUN_USERNAME, f->username, strlen(f->username));
  weft_stun_put_u32(&w, WEFT_STUN_PRIORITY, f->priority != 0 ? f->priority : 1845501695u);
  if (f->role != 0) weft_stun_put_u64(&w, f->role, f->tie_breaker);
  if (f->use_candidate) weft_stun_put(&w, WEFT_STUN_USE_CANDIDATE, NULL, 0);
  if (f->extra != 0) weft_stun_put(&w, f->extra, NULL, 0);
  if (!f->no_integrity) weft_stun_put_integrity(&w, f->password, strlen(f->password));
  if (!f->no_fingerprint) weft_stun_put_fingerprint(&w);
  ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_OK);
  return len;
}

#endif
