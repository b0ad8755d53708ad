/* Pairs and the order they are checked in (RFC 8445 section 6.1.2). */
#include "ice/ice_int.h"

#include <string.h>

weft_ice_pair *weft_ice_pair_find(const weft_ice *ice, const weft_ice_local *base, const weft_addr *remote, bool old) {
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p->base == base && p->old == old && weft_addr_equal(&p->to, remote)) return p;
  }
  return NULL;
}

/* RFC 8445 section 6.1.2.3, with the priority of the candidate our checks are known to come from. */
static void set_priority(const weft_ice *ice, weft_ice_pair *p) {
  uint32_t local = p->mapped != NULL ? p->mapped->priority : p->base->priority;
  bool controlling = ice->role == WEFT_ICE_CONTROLLING;
  p->priority = controlling ? weft_ice_pair_priority(local, p->remote->priority)
                            : weft_ice_pair_priority(p->remote->priority, local);
}

/* Highest priority first. */
static void insert_sorted(weft_ice *ice, weft_ice_pair *p) {
  weft_list *n = ice->pairs.next;
  while (n != &ice->pairs && WEFT_LIST_ITEM(n, weft_ice_pair, node)->priority >= p->priority) n = n->next;
  weft_list_insert_before(n, &p->node);
}

void weft_ice_pair_reprioritise(weft_ice *ice) {
  weft_list all;
  weft_list_init(&all);
  while (!weft_list_empty(&ice->pairs)) {
    weft_list *n = ice->pairs.next;
    weft_list_remove(n);
    weft_list_push_back(&all, n);
  }
  while (!weft_list_empty(&all)) {
    weft_ice_pair *p = WEFT_LIST_ITEM(all.next, weft_ice_pair, node);
    weft_list_remove(&p->node);
    set_priority(ice, p);
    insert_sorted(ice, p);
  }
}

bool weft_ice_pair_same_foundation(const weft_ice_pair *a, const weft_ice_pair *b) {
  return weft_addr_equal_ip(&a->base->addr, &b->base->addr) &&
         strcmp(a->remote->foundation, b->remote->foundation) == 0;
}

/* One pair of each foundation begins; the others wait for how it goes (RFC 8445 section 6.1.2.6). */
static weft_ice_pair_state first_state(const weft_ice *ice, const weft_ice_pair *p) {
  bool another = false;
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    const weft_ice_pair *q = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (q == p || q->old || !weft_ice_pair_same_foundation(p, q)) continue;
    if (q->state == WEFT_ICE_SUCCEEDED) return WEFT_ICE_WAITING;
    another = true;
  }
  return another ? WEFT_ICE_FROZEN : WEFT_ICE_WAITING;
}

/* RFC 8445 section 6.1.2.5 throws out the lowest priorities. Between two hosts of ten networks each those are the pairs
 * of their reflexive candidates, and so, behind NATs, all that work: host candidates that nothing came from go first,
 * for an address that the peer just asked from, too. The remotes are bounded, and so is what they push out. */
static bool gives_way(const weft_ice *ice, const weft_ice_pair *p, const weft_ice_remote *to) {
  if (p == ice->selected || p == ice->nominated) return false;
  if (p->state == WEFT_ICE_FAILED) return true;
  return to->type != WEFT_ICE_HOST && p->remote->type == WEFT_ICE_HOST && !p->valid && !p->heard;
}

static bool make_room(weft_ice *ice, const weft_ice_remote *remote) {
  if (ice->pair_n < ice->cfg.max_pairs) return true;
  for (weft_list *n = ice->pairs.prev; n != &ice->pairs; n = n->prev) {
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (!gives_way(ice, p, remote)) continue;
    weft_ice_pair_remove(ice, p);
    return true;
  }
  return false;
}

weft_ice_pair *weft_ice_pair_new(weft_ice *ice, weft_ice_local *base, weft_ice_remote *remote) {
  if (!make_room(ice, remote)) {
    weft_ice_drop(ice, &ice->stats.drop_candidate_limit, "drop_candidate_limit", NULL, 0);
    return NULL;
  }
  weft_ice_pair *p = weft_mem_new(&ice->alloc, sizeof *p);
  if (p == NULL) return NULL;
  p->base = base;
  p->remote = remote;
  p->to = remote->addr;
  if (p->to.scope == 0 && weft_addr_is_link_local(&p->to)) p->to.scope = base->addr.scope;
  p->tx.deadline = p->trigger_at = WEFT_NEVER;
  p->rtt = WEFT_NEVER;
  weft_list_init(&p->held);
  set_priority(ice, p);
  insert_sorted(ice, p);
  ice->pair_n++;
  p->state = first_state(ice, p);
  return p;
}

static bool paired(const weft_ice *ice, const weft_ice_local *base, const weft_ice_remote *remote) {
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    const weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p->base == base && p->remote == remote) return true;
  }
  return false;
}

/* Those it has no pair with yet: a check may have made one before the candidate was told. */
void weft_ice_pair_with_bases(weft_ice *ice, weft_ice_remote *remote) {
  for (weft_list *n = ice->locals.next; n != &ice->locals; n = n->next) {
    weft_ice_local *l = WEFT_LIST_ITEM(n, weft_ice_local, node);
    if (l->type == WEFT_ICE_HOST && weft_ice_addr_pairable(&l->addr, &remote->addr) && !paired(ice, l, remote))
      (void)weft_ice_pair_new(ice, l, remote);
  }
}

void weft_ice_pair_with_remotes(weft_ice *ice, weft_ice_local *base) {
  for (weft_list *n = ice->remotes.next; n != &ice->remotes; n = n->next) {
    weft_ice_remote *r = WEFT_LIST_ITEM(n, weft_ice_remote, node);
    if (!r->old && weft_ice_addr_pairable(&base->addr, &r->addr)) (void)weft_ice_pair_new(ice, base, r);
  }
}

void weft_ice_pair_drop_held(weft_ice *ice, weft_ice_pair *p) {
  while (!weft_list_empty(&p->held)) {
    weft_ice_held *h = WEFT_LIST_ITEM(p->held.next, weft_ice_held, node);
    weft_list_remove(&h->node);
    weft_mem_free(&ice->alloc, h, sizeof *h + h->len);
    ice->held_n--;
  }
}

void weft_ice_pair_remove(weft_ice *ice, weft_ice_pair *p) {
  if (ice->selected == p) ice->selected = NULL;
  if (ice->nominated == p) ice->nominated = NULL;
  weft_ice_pair_drop_held(ice, p);
  weft_list_remove(&p->node);
  weft_mem_free(&ice->alloc, p, sizeof *p);
  ice->pair_n--;
}

static void unfreeze_like(weft_ice *ice, const weft_ice_pair *p) {
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    weft_ice_pair *q = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (q->state == WEFT_ICE_FROZEN && weft_ice_pair_same_foundation(p, q)) q->state = WEFT_ICE_WAITING;
  }
}

void weft_ice_pair_set(weft_ice *ice, weft_ice_pair *p, weft_ice_pair_state s) {
  p->state = s;
  switch (s) {
  case WEFT_ICE_FROZEN:
  case WEFT_ICE_WAITING:
  case WEFT_ICE_IN_PROGRESS: break;
  case WEFT_ICE_SUCCEEDED: unfreeze_like(ice, p); break; /* RFC 8445 section 7.2.5.3.3 */
  case WEFT_ICE_FAILED:
    p->tx.deadline = p->trigger_at = WEFT_NEVER;
    weft_ice_pair_drop_held(ice, p);
    break;
  }
}

/* The pair is no longer usable, whatever it was. */
void weft_ice_pair_fail(weft_ice *ice, weft_ice_pair *p) {
  p->valid = p->nominating = p->nominate_on_success = false;
  weft_ice_pair_set(ice, p, WEFT_ICE_FAILED);
  if (ice->nominated == p) ice->nominated = NULL;
  weft_ice_reselect(ice);
}
