/* Our own connectivity checks: what they look like and when they go out (RFC 8445 sections 6.1.4, 7.2, 14). */
#include "ice/ice_int.h"

#include <stdio.h>
#include <string.h>

/* RTO = MAX (500 ms, Ta * (pairs waiting or in progress)): RFC 8445 section 14.3 */
weft_time weft_ice_check_rto(const weft_ice *ice) {
  uint64_t busy = 0;
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    const weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p->state == WEFT_ICE_WAITING || p->state == WEFT_ICE_IN_PROGRESS) busy++;
  }
  return weft_time_max(ice->cfg.rto_min, ice->cfg.pacing * busy);
}

/* What the peer would make of us if this check were the first it sees (RFC 8445 section 7.1.1). */
static uint32_t reflexive_priority(const weft_ice_pair *p) {
  return weft_ice_priority(WEFT_ICE_PRFLX, p->base->local_pref, 1);
}

static void put_username(const weft_ice *ice, weft_stun_writer *w) {
  char name[2 * WEFT_ICE_CRED_MAX + 2];
  int n = snprintf(name, sizeof name, "%s:%s", ice->remote_ufrag, ice->local_ufrag); /* RFC 8445 section 7.2.2 */
  weft_stun_put(w, WEFT_STUN_USERNAME, name, (size_t)n);
}

/* The order is that of the implementations seen; the last two have no other place. */
static void send_request(weft_ice *ice, weft_ice_pair *p, const weft_ice_slot *slot) {
  uint8_t buf[WEFT_ICE_MESSAGE_MAX];
  weft_stun_writer w;
  size_t len;
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, slot->txid);
  put_username(ice, &w);
  weft_stun_put_u32(&w, WEFT_STUN_PRIORITY, slot->priority);
  weft_stun_put_u64(&w, slot->controlling ? WEFT_STUN_ICE_CONTROLLING : WEFT_STUN_ICE_CONTROLLED, ice->tie_breaker);
  if (slot->use_candidate) weft_stun_put(&w, WEFT_STUN_USE_CANDIDATE, NULL, 0);
  weft_stun_put_integrity(&w, ice->remote_pwd, strlen(ice->remote_pwd));
  weft_stun_put_fingerprint(&w);
  p->checked_at = p->sent_at = ice->now;
  if (weft_stun_end(&w, &len) != WEFT_OK) return;
  ice->stats.checks_sent++;
  (void)weft_ice_output(ice, &p->base->addr, &p->to, buf, len); /* not sent is as good as lost */
}

static weft_ice_slot *new_slot(weft_ice *ice, weft_ice_pair *p, const uint8_t txid[WEFT_STUN_TXID_LEN],
                               bool use_candidate) {
  weft_ice_slot *s = &p->slots[p->next_slot];
  p->next_slot = (uint8_t)((p->next_slot + 1) % WEFT_ICE_SLOTS);
  *s = (weft_ice_slot){.live = true,
                       .use_candidate = use_candidate,
                       .priority = reflexive_priority(p),
                       .controlling = ice->role == WEFT_ICE_CONTROLLING,
                       .sent_at = ice->now};
  memcpy(s->txid, txid, sizeof s->txid);
  return s;
}

void weft_ice_check_start(weft_ice *ice, weft_ice_pair *p, bool use_candidate) {
  p->trigger_at = WEFT_NEVER;
  if (weft_stun_transaction_start(&p->tx, &ice->cfg.rng, weft_ice_check_rto(ice), ice->now) != WEFT_OK) {
    p->trigger_at = weft_time_add(ice->now, ice->cfg.pacing); /* randomness may come back */
    return;
  }
  /* told by signaling or by the user, not by who sent a packet: worth more patience */
  if (ice->pair_n <= WEFT_ICE_FEW_PAIRS && p->remote->type != WEFT_ICE_PRFLX) p->tx.rc = WEFT_ICE_PATIENT_RC;
  p->transactions++;
  send_request(ice, p, new_slot(ice, p, p->tx.txid, use_candidate));
}

void weft_ice_check_once(weft_ice *ice, weft_ice_pair *p, bool use_candidate) {
  uint8_t txid[WEFT_STUN_TXID_LEN];
  if (ice->cfg.rng.fill(ice->cfg.rng.ctx, txid, sizeof txid) != 0) return;
  send_request(ice, p, new_slot(ice, p, txid, use_candidate));
}

static weft_ice_slot *current_slot(weft_ice_pair *p) {
  for (size_t i = 0; i < WEFT_ICE_SLOTS; i++)
    if (p->slots[i].live && memcmp(p->slots[i].txid, p->tx.txid, WEFT_STUN_TXID_LEN) == 0) return &p->slots[i];
  return NULL;
}

static void repeat(weft_ice *ice, weft_ice_pair *p) {
  weft_ice_slot *s = current_slot(p);
  if (s == NULL) return; /* pushed out by consent checks: the transaction times out */
  s->repeated = true;
  send_request(ice, p, s);
}

/* One more for a pair that had them all: whoever still asks from there may be heard again. */
static bool worth_another(const weft_ice *ice, weft_ice_pair *p) {
  if (p->transactions < WEFT_ICE_TRANSACTIONS || p->state != WEFT_ICE_FAILED) return true;
  if (weft_time_since(ice->now, p->checked_at) < ice->cfg.consent_interval) return false;
  p->transactions = WEFT_ICE_TRANSACTIONS - 1;
  return true;
}

/* RFC 8445 section 7.3.1.4. A peer that keeps asking in the name of an address that never answers gets a bounded number
 * of checks sent there at once, then one transaction every consent_interval at most, and none more often than Ta. */
void weft_ice_check_trigger(weft_ice *ice, weft_ice_pair *p) {
  if (!worth_another(ice, p)) return;
  if (p->state != WEFT_ICE_IN_PROGRESS) weft_ice_pair_set(ice, p, WEFT_ICE_WAITING);
  if (p->trigger_at != WEFT_NEVER) return;
  weft_time earliest = p->transactions > 0 ? weft_time_add(p->checked_at, ice->cfg.pacing) : ice->now;
  p->trigger_at = weft_time_max(earliest, ice->now);
}

static bool use_candidate_at_once(const weft_ice *ice) {
  return ice->cfg.aggressive && ice->role == WEFT_ICE_CONTROLLING;
}

static void begin(weft_ice *ice, weft_ice_pair *p) {
  weft_ice_pair_set(ice, p, WEFT_ICE_IN_PROGRESS);
  weft_ice_check_start(ice, p, p->nominating || use_candidate_at_once(ice));
}

static void run_triggered(weft_ice *ice, weft_ice_pair *p) {
  if (!weft_time_due(p->trigger_at, ice->now)) return;
  if (p->transactions < WEFT_ICE_TRANSACTIONS) {
    begin(ice, p);
    return;
  }
  p->trigger_at = WEFT_NEVER;
  if (p->state == WEFT_ICE_WAITING) weft_ice_pair_fail(ice, p);
}

static void run_transaction(weft_ice *ice, weft_ice_pair *p) {
  int rc = weft_stun_transaction_tick(&p->tx, ice->now);
  if (rc == WEFT_OK) {
    weft_time longest = weft_time_add(ice->now, weft_time_max(p->tx.rto, WEFT_ICE_RTO_MAX));
    if (p->tx.sent < p->tx.rc) p->tx.deadline = weft_time_min(p->tx.deadline, longest);
    repeat(ice, p);
  }
  if (rc == WEFT_ETIMEDOUT && (p->state == WEFT_ICE_IN_PROGRESS || p->nominating)) weft_ice_pair_fail(ice, p);
}

/* The highest-priority waiting pair, else the highest-priority frozen one (RFC 8445 section 6.1.4.2, without its rule
 * that a silent pair keeps others of its foundation frozen: with one component that would only cost time). */
static weft_ice_pair *pick(const weft_ice *ice) {
  weft_ice_pair *frozen = NULL;
  if (ice->nominated != NULL && !weft_ice_late(ice)) return NULL; /* RFC 8445 section 8.1.2: nothing else is needed */
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p->state == WEFT_ICE_WAITING && p->trigger_at == WEFT_NEVER) return p;
    if (p->state == WEFT_ICE_FROZEN && frozen == NULL) frozen = p;
  }
  return frozen;
}

static bool may_check(const weft_ice *ice) { return ice->started && weft_ice_has_remote(ice); }

void weft_ice_check_run(weft_ice *ice) {
  if (!may_check(ice)) return;
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p->old) continue;
    run_transaction(ice, p);
    run_triggered(ice, p);
  }
  if (ice->pace_at > ice->now) return;
  weft_ice_pair *p = pick(ice);
  if (p == NULL) return;
  ice->pace_at = weft_time_add(ice->now, ice->cfg.pacing);
  begin(ice, p);
}

weft_time weft_ice_check_deadline(const weft_ice *ice) {
  if (!may_check(ice)) return WEFT_NEVER;
  weft_time at = pick(ice) != NULL ? ice->pace_at : WEFT_NEVER;
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    const weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (!p->old) at = weft_time_min(at, weft_time_min(p->tx.deadline, p->trigger_at));
  }
  return at;
}
