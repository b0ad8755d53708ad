/* Our side: bases (host candidates) and what is found out about them (RFC 8445 section 5.1.1). */
#include "ice/ice_int.h"

#include "base/hash.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* A socket bound to the wildcard is one base; its datagrams may come with the address they were sent to. */
weft_ice_local *weft_ice_find_base(const weft_ice *ice, const weft_addr *addr) {
  weft_ice_local *wildcard = NULL;
  for (weft_list *n = ice->locals.next; n != &ice->locals; n = n->next) {
    weft_ice_local *l = WEFT_LIST_ITEM(n, weft_ice_local, node);
    if (l->type != WEFT_ICE_HOST) continue;
    if (weft_addr_equal(&l->addr, addr)) return l;
    if (weft_addr_is_unspecified(&l->addr) && l->addr.family == addr->family && l->addr.port == addr->port)
      wildcard = l;
  }
  return wildcard;
}

weft_ice_local *weft_ice_find_local(const weft_ice *ice, const weft_ice_local *base, const weft_addr *addr) {
  for (weft_list *n = ice->locals.next; n != &ice->locals; n = n->next) {
    weft_ice_local *l = WEFT_LIST_ITEM(n, weft_ice_local, node);
    if (l->base == base && l->addr.port == addr->port && l->addr.family == addr->family &&
        memcmp(l->addr.ip, addr->ip, sizeof addr->ip) == 0) /* a mapped address never has a zone */
      return l;
  }
  return NULL;
}

weft_ice_local *weft_ice_local_new(weft_ice *ice, weft_ice_candidate_type type, weft_ice_local *base,
                                   const weft_addr *addr) {
  if (ice->local_n >= WEFT_ICE_LOCAL_MAX) return NULL;
  weft_ice_local *l = weft_mem_new(&ice->alloc, sizeof *l);
  if (l == NULL) return NULL;
  l->type = type;
  l->base = base != NULL ? base : l;
  l->addr = *addr;
  /* the earlier a base was added, the better; all of one base share its preference */
  l->local_pref = base != NULL ? base->local_pref : (uint16_t)(65535u - ice->local_n);
  l->priority = weft_ice_priority(type, l->local_pref, 1);
  weft_list_push_back(&ice->locals, &l->node);
  ice->local_n++;
  return l;
}

/* Candidates that the peer is told: not wildcards, not what only checks discovered (RFC 8445 section 7.2.5.3.1), nor
 * what the application keeps to itself. */
bool weft_ice_local_shown(const weft_ice *ice, const weft_ice_local *l) {
  if (l->type == WEFT_ICE_PRFLX || weft_addr_is_unspecified(&l->addr)) return false;
  return ice->cfg.told_types == 0 || (ice->cfg.told_types & WEFT_ICE_TYPE(l->type)) != 0;
}

/* Alike for the same type, base address and server (RFC 8445 section 5.1.1.3); keyed, so that it tells nothing else. */
static void foundation(const weft_ice *ice, const weft_ice_local *l, char out[33]) {
  uint8_t in[1 + 16 + 16];
  in[0] = (uint8_t)l->type;
  memcpy(in + 1, l->base->addr.ip, 16);
  memcpy(in + 17, l->server.ip, 16);
  snprintf(out, 33, "%lu", (unsigned long)(weft_siphash64(ice->key, in, sizeof in) & 0xFFFFFFFFu));
}

void weft_ice_local_describe(const weft_ice *ice, const weft_ice_local *l, weft_ice_candidate *out) {
  memset(out, 0, sizeof *out);
  out->type = l->type;
  out->component = 1;
  out->priority = l->priority;
  out->addr = l->addr;
  if (l->base != l) out->related = l->base->addr;
  foundation(ice, l, out->foundation);
}

/* A base that can carry checks at all. */
static bool base_usable(const weft_ice *ice, const weft_addr *a) {
  if (a->port == 0 || (a->family != WEFT_AF_IP4 && a->family != WEFT_AF_IP6)) return false;
  if (a->family == WEFT_AF_IP6 && weft_addr_is_link_local(a) && a->scope == 0) return false; /* RFC 4007 section 11 */
  return weft_addr_is_unspecified(a) || !weft_ice_addr_forbidden(a, ice->cfg.allow_loopback);
}

int weft_ice_add_local(weft_ice *ice, const weft_addr *base, weft_time now) {
  if (ice->state == WEFT_ICE_CLOSED || ice->gather_ended) return WEFT_ESTATE;
  if (!base_usable(ice, base)) return WEFT_EINVAL;
  weft_ice_local *there = weft_ice_find_base(ice, base);
  if (there != NULL && weft_addr_equal(&there->addr, base)) return WEFT_OK;
  if (ice->local_n >= WEFT_ICE_LOCAL_MAX) return WEFT_ELIMIT;
  weft_ice_enter(ice, now);
  int rc = WEFT_ENOMEM;
  weft_ice_local *l = weft_ice_local_new(ice, WEFT_ICE_HOST, NULL, base);
  if (l != NULL) {
    rc = weft_ice_gather_base(ice, l);
    weft_ice_candidates_changed(ice);
    weft_ice_pair_with_remotes(ice, l);
  }
  weft_ice_run(ice);
  weft_ice_leave(ice);
  return rc;
}
