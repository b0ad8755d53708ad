/* The peer's side: credentials and candidates, told by signaling or found by checks (RFC 8445 section 7.3.1.3). */
#include "ice/ice_int.h"

#include <stdio.h>
#include <string.h>

bool weft_ice_has_remote(const weft_ice *ice) { return ice->remote_pwd != NULL; }

int weft_ice_set_remote(weft_ice *ice, const char *ufrag, const char *pwd) {
  if (ice->state == WEFT_ICE_CLOSED) return WEFT_ESTATE;
  if (!weft_ice_cred_valid(ufrag, strlen(ufrag), WEFT_ICE_UFRAG_MIN)) return WEFT_EINVAL;
  if (!weft_ice_cred_valid(pwd, strlen(pwd), WEFT_ICE_PWD_MIN)) return WEFT_EINVAL;
  char *u = weft_ice_dup_text(ice, ufrag), *p = weft_ice_dup_text(ice, pwd);
  if (u == NULL || p == NULL) {
    weft_ice_free_text(ice, &u, false);
    weft_ice_free_text(ice, &p, true);
    return WEFT_ENOMEM;
  }
  weft_ice_free_text(ice, &ice->remote_ufrag, false);
  weft_ice_free_text(ice, &ice->remote_pwd, true);
  ice->remote_ufrag = u;
  ice->remote_pwd = p;
  return WEFT_OK;
}

/* A zone is ours, not the peer's: a link-local candidate without one matches in any. */
static bool same_addr(const weft_addr *a, const weft_addr *b) {
  weft_addr x = *a, y = *b;
  if (x.scope == 0 || y.scope == 0) x.scope = y.scope = 0;
  return weft_addr_equal(&x, &y);
}

weft_ice_remote *weft_ice_find_remote(const weft_ice *ice, const weft_addr *addr) {
  for (weft_list *n = ice->remotes.next; n != &ice->remotes; n = n->next) {
    weft_ice_remote *r = WEFT_LIST_ITEM(n, weft_ice_remote, node);
    if (!r->old && same_addr(&r->addr, addr)) return r;
  }
  return NULL;
}

/* Something in use, or still open, is never thrown out for something new. */
static bool disposable(const weft_ice *ice, const weft_ice_remote *r) {
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    const weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p->remote == r && (p->state != WEFT_ICE_FAILED || p == ice->selected)) return false;
  }
  return true;
}

static void remove_remote(weft_ice *ice, weft_ice_remote *r) {
  for (weft_list *n = ice->pairs.next, *next; n != &ice->pairs; n = next) {
    next = n->next;
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p->remote == r) weft_ice_pair_remove(ice, p);
  }
  weft_list_remove(&r->node);
  weft_mem_free(&ice->alloc, r, sizeof *r);
  ice->remote_n--;
}

/* Nothing came from any of its pairs. */
static bool silent(const weft_ice *ice, const weft_ice_remote *r) {
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    const weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p->remote == r && (p->valid || p->heard || p == ice->selected)) return false;
  }
  return true;
}

static unsigned sources(const weft_ice *ice) {
  unsigned count = 0;
  for (weft_list *n = ice->remotes.next; n != &ice->remotes; n = n->next)
    count += WEFT_LIST_ITEM(n, weft_ice_remote, node)->type == WEFT_ICE_PRFLX;
  return count;
}

/* As with pairs: the address that a NAT or a check tells is worth more than one more of the peer's networks. But a peer
 * that asks from everywhere does not push out all it told. */
static bool push_out_host(weft_ice *ice, weft_ice_candidate_type by) {
  if (by == WEFT_ICE_HOST || (by == WEFT_ICE_PRFLX && sources(ice) >= WEFT_ICE_FEW_SOURCES)) return false;
  for (weft_list *n = ice->remotes.prev; n != &ice->remotes; n = n->prev) {
    weft_ice_remote *r = WEFT_LIST_ITEM(n, weft_ice_remote, node);
    if (r->type != WEFT_ICE_HOST || r->old || !silent(ice, r)) continue;
    remove_remote(ice, r);
    return true;
  }
  return false;
}

static bool make_room(weft_ice *ice, weft_ice_candidate_type type) {
  if (ice->remote_n < ice->cfg.max_remote) return true;
  for (weft_list *n = ice->remotes.next; n != &ice->remotes; n = n->next) {
    weft_ice_remote *r = WEFT_LIST_ITEM(n, weft_ice_remote, node);
    if (r->type != WEFT_ICE_PRFLX || r->old || !disposable(ice, r)) continue;
    remove_remote(ice, r);
    return true;
  }
  return push_out_host(ice, type);
}

weft_ice_remote *weft_ice_remote_new(weft_ice *ice, weft_ice_candidate_type type, const weft_addr *addr,
                                     uint32_t priority, const char *foundation) {
  if (!make_room(ice, type)) {
    weft_ice_drop(ice, &ice->stats.drop_candidate_limit, "drop_candidate_limit", NULL, 0);
    return NULL;
  }
  weft_ice_remote *r = weft_mem_new(&ice->alloc, sizeof *r);
  if (r == NULL) return NULL;
  r->type = type;
  r->addr = *addr;
  r->priority = priority;
  snprintf(r->foundation, sizeof r->foundation, "%s", foundation);
  weft_list_push_back(&ice->remotes, &r->node);
  ice->remote_n++;
  return r;
}

/* Its foundation is unlike all others (RFC 8445 section 7.3.1.3); '*' is no ice-char, so the peer cannot name it. */
weft_ice_remote *weft_ice_remote_peer_reflexive(weft_ice *ice, const weft_addr *addr, uint32_t priority) {
  char foundation[33];
  snprintf(foundation, sizeof foundation, "*%lu", (unsigned long)++ice->prflx_n);
  return weft_ice_remote_new(ice, WEFT_ICE_PRFLX, addr, priority, foundation);
}

static bool is_name(const weft_ice_candidate *c) { return c->addr.family == WEFT_AF_NONE && c->host[0] != 0; }

/* An IPv6 link-local address means something in the zones of our bases alone. */
static bool lost_zone(const weft_ice *ice, const weft_addr *a) {
  if (a->family != WEFT_AF_IP6 || !weft_addr_is_link_local(a) || a->scope != 0) return false;
  for (weft_list *n = ice->locals.next; n != &ice->locals; n = n->next)
    if (weft_ice_addr_pairable(&WEFT_LIST_ITEM(n, weft_ice_local, node)->addr, a)) return false;
  return true;
}

/* Well formed, but not for us: TCP, other components, another generation, an address that is never sent to. */
static bool usable(const weft_ice *ice, const weft_ice_candidate *c) {
  if (c->tcp || c->component != 1) return false;
  if (c->ufrag[0] != 0 && ice->remote_ufrag != NULL && strcmp(c->ufrag, ice->remote_ufrag) != 0) return false;
  if (is_name(c)) return c->addr.port != 0;
  return !weft_ice_addr_forbidden(&c->addr, ice->cfg.allow_loopback) && !lost_zone(ice, &c->addr);
}

/* A name has no address yet to be asked about. */
static bool passes(const weft_ice *ice, const weft_ice_candidate *c) {
  if (!is_name(c)) return weft_ice_remote_passes(ice, c->type, &c->addr);
  return ice->cfg.remote_types == 0 || (ice->cfg.remote_types & WEFT_ICE_TYPE(c->type)) != 0;
}

/* A check came before the candidate did: it now gets its name (RFC 8838 section 11.4). */
static void learn(weft_ice *ice, weft_ice_remote *r, const weft_ice_candidate *c) {
  if (r->type != WEFT_ICE_PRFLX) return;
  r->type = c->type;
  r->priority = c->priority;
  snprintf(r->foundation, sizeof r->foundation, "%s", c->foundation);
  weft_ice_pair_reprioritise(ice);
  weft_ice_pair_with_bases(ice, r);
}

static int take(weft_ice *ice, const weft_ice_candidate *c) {
  if (is_name(c)) return weft_ice_name_add(ice, c);
  weft_ice_remote *r = weft_ice_find_remote(ice, &c->addr);
  if (r != NULL) {
    learn(ice, r, c);
    return WEFT_OK;
  }
  uint64_t refused = ice->stats.drop_candidate_limit;
  r = weft_ice_remote_new(ice, c->type, &c->addr, c->priority, c->foundation);
  if (r == NULL) return ice->stats.drop_candidate_limit != refused ? WEFT_OK : WEFT_ENOMEM;
  weft_ice_pair_with_bases(ice, r);
  return WEFT_OK;
}

int weft_ice_add_remote(weft_ice *ice, const weft_ice_candidate *c, weft_time now) {
  if (ice->state == WEFT_ICE_CLOSED || ice->cfg.lite) return WEFT_ESTATE;
  weft_ice_enter(ice, now);
  int rc = WEFT_OK;
  if (!usable(ice, c))
    weft_ice_drop(ice, &ice->stats.drop_candidate_forbidden, "drop_candidate_forbidden", NULL, 0);
  else if (!passes(ice, c))
    weft_ice_drop(ice, &ice->stats.drop_candidate_filtered, "drop_candidate_filtered", NULL, 0);
  else
    rc = take(ice, c);
  weft_ice_run(ice);
  weft_ice_leave(ice);
  return rc;
}

int weft_ice_end_of_candidates(weft_ice *ice, weft_time now) {
  if (ice->state == WEFT_ICE_CLOSED) return WEFT_ESTATE;
  weft_ice_enter(ice, now);
  ice->end_of_candidates = true;
  weft_ice_run(ice);
  weft_ice_leave(ice);
  return WEFT_OK;
}
