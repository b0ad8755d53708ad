/* Server-reflexive candidates: a binding request from each base to each STUN server of its family (RFC 8445 section
 * 5.1.1.2), paced with the checks. */
#include "ice/ice_int.h"

#include <string.h>

/* Earlier than RFC 8489 section 6.2.1's 39.5 s, or GATHERED would outlast the checks: 5 requests, given up after 9.5
 * s. */
enum { GATHER_RC = 5, GATHER_RM = 4 };

static int add(weft_ice *ice, weft_ice_local *base, const weft_addr *server) {
  if (!weft_ice_addr_pairable(&base->addr, server)) return WEFT_OK;
  weft_ice_gathering *g = weft_mem_new(&ice->alloc, sizeof *g);
  if (g == NULL) return WEFT_ENOMEM;
  g->base = base;
  g->server = *server;
  g->tx.deadline = WEFT_NEVER;
  weft_list_push_back(&ice->gathers, &g->node);
  return WEFT_OK;
}

int weft_ice_gather_base(weft_ice *ice, weft_ice_local *base) {
  int rc = WEFT_OK;
  for (uint16_t i = 0; i < ice->server_n && rc == WEFT_OK; i++) rc = add(ice, base, &ice->servers[i]);
  return rc;
}

int weft_ice_add_stun_server(weft_ice *ice, const weft_addr *server, weft_time now) {
  if (ice->state == WEFT_ICE_CLOSED || ice->gather_ended) return WEFT_ESTATE;
  if (weft_ice_addr_forbidden(server, ice->cfg.allow_loopback)) return WEFT_EINVAL;
  if (ice->server_n >= WEFT_ICE_SERVER_MAX) return WEFT_ELIMIT;
  weft_ice_enter(ice, now);
  int rc = WEFT_OK;
  ice->servers[ice->server_n++] = *server;
  for (weft_list *n = ice->locals.next; n != &ice->locals && rc == WEFT_OK; n = n->next) {
    weft_ice_local *l = WEFT_LIST_ITEM(n, weft_ice_local, node);
    if (l->type == WEFT_ICE_HOST) rc = add(ice, l, server);
  }
  weft_ice_run(ice);
  weft_ice_leave(ice);
  return rc;
}

int weft_ice_gather(weft_ice *ice, weft_time now) {
  if (ice->state == WEFT_ICE_CLOSED || ice->gather_ended) return WEFT_ESTATE;
  weft_ice_enter(ice, now);
  ice->gather_ended = true;
  weft_ice_run(ice);
  weft_ice_leave(ice);
  return WEFT_OK;
}

static void send_request(weft_ice *ice, const weft_ice_gathering *g) {
  uint8_t buf[WEFT_STUN_HEADER_LEN];
  weft_stun_writer w;
  size_t len;
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, g->tx.txid);
  if (weft_stun_end(&w, &len) == WEFT_OK) (void)weft_ice_output(ice, &g->base->addr, &g->server, buf, len);
}

static void start(weft_ice *ice, weft_ice_gathering *g) {
  ice->pace_at = weft_time_add(ice->now, ice->cfg.pacing);
  if (weft_stun_transaction_start(&g->tx, &ice->cfg.rng, weft_ice_check_rto(ice), ice->now) != WEFT_OK) return;
  g->started = true;
  g->tx.rc = GATHER_RC;
  g->tx.rm = GATHER_RM;
  send_request(ice, g);
}

static void advance(weft_ice *ice, weft_ice_gathering *g) {
  if (g->done) return;
  if (!g->started) {
    if (ice->pace_at <= ice->now) start(ice, g);
    return;
  }
  int rc = weft_stun_transaction_tick(&g->tx, ice->now);
  if (rc == WEFT_OK) send_request(ice, g);
  if (rc == WEFT_ETIMEDOUT) g->done = true;
}

void weft_ice_gather_run(weft_ice *ice) {
  bool all = true;
  for (weft_list *n = ice->gathers.next; n != &ice->gathers; n = n->next) {
    weft_ice_gathering *g = WEFT_LIST_ITEM(n, weft_ice_gathering, node);
    advance(ice, g);
    all = all && g->done;
  }
  if (!all || !ice->gather_ended || ice->gathered) return;
  ice->gathered = true;
  weft_ice_note_push(ice, &(weft_ice_note){.type = WEFT_ICE_EVENT_GATHERED});
}

weft_time weft_ice_gather_deadline(const weft_ice *ice) {
  weft_time at = WEFT_NEVER;
  for (weft_list *n = ice->gathers.next; n != &ice->gathers; n = n->next) {
    const weft_ice_gathering *g = WEFT_LIST_ITEM(n, weft_ice_gathering, node);
    if (!g->done) at = weft_time_min(at, g->started ? g->tx.deadline : ice->pace_at);
  }
  return at;
}

/* A server may lie: what it says must at least be an address somebody could reach us at. */
static void take_mapped(weft_ice *ice, weft_ice_gathering *g, const weft_stun_msg *m) {
  weft_stun_attr a;
  weft_addr mapped;
  if (weft_stun_find(m, WEFT_STUN_XOR_MAPPED_ADDRESS, &a) != WEFT_OK) return;
  if (weft_stun_get_xor_address(m, &a, &mapped) != WEFT_OK || mapped.family != g->base->addr.family) return;
  if (weft_ice_addr_forbidden(&mapped, ice->cfg.allow_loopback)) return;
  if (weft_ice_find_local(ice, g->base, &mapped) != NULL) return; /* no NAT, or told before */
  weft_ice_local *l = weft_ice_local_new(ice, WEFT_ICE_SRFLX, g->base, &mapped);
  if (l == NULL) return;
  l->server = g->server;
  weft_ice_candidates_changed(ice);
}

bool weft_ice_gather_response(weft_ice *ice, const weft_ice_local *base, const weft_addr *remote,
                              const weft_stun_msg *m) {
  for (weft_list *n = ice->gathers.next; n != &ice->gathers; n = n->next) {
    weft_ice_gathering *g = WEFT_LIST_ITEM(n, weft_ice_gathering, node);
    if (g->done || !g->started || !weft_stun_transaction_matches(&g->tx, m)) continue;
    if (g->base != base || !weft_addr_equal(&g->server, remote)) {
      weft_ice_drop(ice, &ice->stats.drop_wrong_source, "drop_wrong_source", m->data, m->len);
      return true;
    }
    ice->stats.responses_received++;
    g->done = true; /* an error answer (300, 400, 500) is as final as a good one: another server may do better */
    if (m->cls == WEFT_STUN_SUCCESS) take_mapped(ice, g, m);
    return true;
  }
  return false;
}
