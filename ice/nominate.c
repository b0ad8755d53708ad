/* Which pair is used: the best valid one, then the nominated one (RFC 8445 section 8). */
#include "ice/ice_int.h"

static bool consented(const weft_ice *ice, const weft_ice_pair *p) {
  return p->valid && weft_time_since(ice->now, p->answered_at) < ice->cfg.consent_timeout;
}

static weft_ice_pair *best_valid(const weft_ice *ice) {
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (!p->old && consented(ice, p)) return p;
  }
  return NULL;
}

static void raise_selected(weft_ice *ice, const weft_ice_pair *p) {
  weft_ice_note n = {.type = WEFT_ICE_EVENT_SELECTED,
                     .local = p->base->addr,
                     .remote = p->to,
                     .local_type = p->mapped != NULL ? p->mapped->type : p->base->type,
                     .remote_type = p->remote->type,
                     .rtt = p->rtt};
  weft_ice_note_push(ice, &n);
}

/* What was kept of before a restart goes when there is something new. */
static void forget_old(weft_ice *ice) {
  for (weft_list *n = ice->pairs.next, *next; n != &ice->pairs; n = next) {
    next = n->next;
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p->old) weft_ice_pair_remove(ice, p);
  }
  for (weft_list *n = ice->remotes.next, *next; n != &ice->remotes; n = next) {
    next = n->next;
    weft_ice_remote *r = WEFT_LIST_ITEM(n, weft_ice_remote, node);
    if (!r->old) continue;
    weft_list_remove(&r->node);
    weft_mem_free(&ice->alloc, r, sizeof *r);
    ice->remote_n--;
  }
}

void weft_ice_reselect(weft_ice *ice) {
  weft_ice_pair *p = ice->nominated != NULL ? ice->nominated : best_valid(ice);
  if (p == ice->selected) return;
  if (p == NULL && ice->selected != NULL && ice->selected->old)
    return; /* the old path serves until there is a new one */
  ice->selected = p;
  if (p == NULL) return;
  forget_old(ice);
  weft_ice_consent_begin(ice);
  raise_selected(ice, p);
}

void weft_ice_pair_validated(weft_ice *ice, weft_ice_pair *p) {
  if (ice->first_valid_at == WEFT_NEVER) ice->first_valid_at = ice->now;
  p->valid = true;
  weft_ice_reselect(ice);
  if (p == ice->selected) weft_ice_alive(ice);
  weft_ice_update_state(ice);
}

/* Controlled: a second nomination counts if it is better, or if the path in use went silent (the peer's NAT made it a
 * new address); not more often than once a second. */
static bool may_replace(const weft_ice *ice, const weft_ice_pair *p) {
  const weft_ice_pair *old = ice->nominated;
  if (old == NULL) return true;
  if (ice->role == WEFT_ICE_CONTROLLING) return true; /* our own decision */
  if (weft_time_since(ice->now, ice->nominated_at) < WEFT_ICE_RENOMINATE_MIN) return false;
  return p->priority > old->priority || weft_time_since(ice->now, old->heard_at) >= WEFT_ICE_PATH_STALE;
}

/* Checks under way have lost their purpose; they wait in case the path is lost (RFC 8445 section 8.1.2). */
static void calm(weft_ice *ice, const weft_ice_pair *but) {
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p == but || p->old) continue;
    if (p->tx.deadline != WEFT_NEVER && p->transactions > 0) p->transactions--; /* called off is not unanswered */
    p->tx.deadline = WEFT_NEVER;
    p->nominating = false;
    if (p->state == WEFT_ICE_IN_PROGRESS) weft_ice_pair_set(ice, p, WEFT_ICE_WAITING);
  }
}

void weft_ice_nominated(weft_ice *ice, weft_ice_pair *p) {
  p->nominating = p->nominate_on_success = false;
  if (ice->nominated == p || !may_replace(ice, p)) return;
  ice->nominated = p;
  ice->nominated_at = ice->now;
  p->tx.deadline = WEFT_NEVER;
  if (ice->role == WEFT_ICE_CONTROLLING) calm(ice, p);
  weft_ice_reselect(ice);
  weft_ice_update_state(ice);
}

static bool open_and_better(const weft_ice_pair *p, const weft_ice_pair *best) {
  return !p->old && !p->valid && p->state != WEFT_ICE_FAILED && p->priority > best->priority;
}

static bool waits_for_better(const weft_ice *ice, const weft_ice_pair *best) {
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next)
    if (open_and_better(WEFT_LIST_ITEM(n, weft_ice_pair, node), best)) return true;
  return false;
}

static bool nominating(const weft_ice *ice) {
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next)
    if (WEFT_LIST_ITEM(n, weft_ice_pair, node)->nominating) return true;
  return false;
}

/* After a nomination nothing else is asked but what the peer asks from: its address is a new one (a NAT forgot it), or it
 * keeps other pairs alive (Chromium does), or the path is being lost and all are asked again. */
static weft_ice_pair *answered_since(const weft_ice *ice) {
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p != ice->nominated && !p->old && p->valid && p->answered_at > ice->nominated->heard_at) return p;
  }
  return NULL;
}

/* The pair we would nominate at due_at(); NULL when none is needed or there is none. */
static weft_ice_pair *candidate(const weft_ice *ice) {
  if (!ice->started || ice->role != WEFT_ICE_CONTROLLING || nominating(ice)) return NULL;
  return ice->nominated == NULL ? best_valid(ice) : answered_since(ice);
}

static weft_time due_at(const weft_ice *ice, const weft_ice_pair *p) {
  if (ice->nominated != NULL)
    return weft_time_max(weft_time_add(ice->nominated->heard_at, WEFT_ICE_PATH_STALE),
                         weft_time_add(p->answered_at, WEFT_ICE_PATH_DOUBT));
  if (!waits_for_better(ice, p)) return ice->now;
  return weft_time_add(ice->first_valid_at, WEFT_ICE_NOMINATE_GRACE);
}

static weft_time doubt_at(const weft_ice *ice) {
  return ice->nominated == NULL ? WEFT_NEVER : weft_time_add(ice->nominated->checked_at, ice->cfg.rto_min);
}

/* Is the path in use still one? */
static void doubt(weft_ice *ice) {
  if (weft_time_due(doubt_at(ice), ice->now)) weft_ice_check_once(ice, ice->nominated, false);
}

void weft_ice_nominate_run(weft_ice *ice) {
  weft_ice_pair *p = candidate(ice);
  if (p == NULL) return;
  if (due_at(ice, p) > ice->now) {
    doubt(ice);
    return;
  }
  p->nominating = true;
  weft_ice_check_start(ice, p, true);
  if (p->tx.deadline == WEFT_NEVER) p->nominating = false; /* no randomness, no check: the next run tries again */
}

weft_time weft_ice_nominate_deadline(const weft_ice *ice) {
  const weft_ice_pair *p = candidate(ice);
  if (p == NULL) return WEFT_NEVER;
  weft_time at = weft_time_min(due_at(ice, p), doubt_at(ice));
  return weft_time_max(at, weft_time_add(ice->now, ice->cfg.pacing));
}
