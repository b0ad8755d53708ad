/* Answers to our checks (RFC 8445 section 7.2.5): matched by transaction and by source, then by integrity. */
#include "ice/ice_int.h"

#include <string.h>

static weft_ice_slot *slot_of(weft_ice_pair *p, const weft_stun_msg *m) {
  for (size_t i = 0; i < WEFT_ICE_SLOTS; i++)
    if (p->slots[i].live && memcmp(p->slots[i].txid, m->txid, WEFT_STUN_TXID_LEN) == 0) return &p->slots[i];
  return NULL;
}

static weft_ice_pair *pair_of(const weft_ice *ice, const weft_stun_msg *m, weft_ice_slot **slot) {
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    *slot = p->old ? NULL : slot_of(p, m);
    if (*slot != NULL) return p;
  }
  return NULL;
}

static void measure(weft_ice *ice, weft_ice_pair *p, const weft_ice_slot *s) {
  if (s->repeated) return; /* Karn: which of them was answered? */
  p->rtt = weft_time_since(ice->now, s->sent_at);
  weft_time *smooth = &ice->stats.rtt;
  *smooth = *smooth == WEFT_NEVER ? p->rtt : (7 * *smooth + p->rtt) / 8;
}

/* RFC 8445 section 7.2.5.3.1: where our check came from, which may be news. */
static void set_mapped(weft_ice *ice, weft_ice_pair *p, const weft_ice_slot *s, const weft_addr *mapped) {
  weft_ice_local *l = weft_ice_find_local(ice, p->base, mapped);
  if (l == NULL) {
    l = weft_ice_local_new(ice, WEFT_ICE_PRFLX, p->base, mapped);
    if (l != NULL) l->priority = s->priority;
  }
  if (l == NULL) l = p->base; /* full: any name will do, the path is the same */
  if (p->mapped == l) return;
  p->mapped = l;
  weft_ice_pair_reprioritise(ice);
}

static void finish_transaction(weft_ice_pair *p, weft_ice_slot *s) {
  if (memcmp(p->tx.txid, s->txid, WEFT_STUN_TXID_LEN) == 0) p->tx.deadline = WEFT_NEVER;
  s->live = false;
  p->transactions = 0;
}

static void take_success(weft_ice *ice, weft_ice_pair *p, weft_ice_slot *s, const weft_addr *mapped) {
  bool nominates = s->use_candidate && s->controlling && ice->role == WEFT_ICE_CONTROLLING;
  measure(ice, p, s);
  finish_transaction(p, s);
  set_mapped(ice, p, s, mapped);
  p->answered_at = p->heard_at = ice->now;
  p->heard = true;
  p->trigger_at = WEFT_NEVER;
  if (!p->nominating || nominates) p->tx.deadline = WEFT_NEVER; /* nothing is left for it to find out */
  weft_ice_pair_set(ice, p, WEFT_ICE_SUCCEEDED);
  weft_ice_pair_validated(ice, p);
  if (nominates || p->nominate_on_success) weft_ice_nominated(ice, p);
}

/* RFC 8445 section 7.2.5.1: our role of then was wrong; ask again in the other one. After so many conflicts that the role stays, it is
 * an error like others. */
static void take_conflict(weft_ice *ice, weft_ice_pair *p, const weft_ice_slot *s) {
  ice->stats.role_conflicts++;
  if (p->tx.deadline == WEFT_NEVER) p->nominating = false; /* also when we switch no more */
  weft_ice_switch_role(ice, s->controlling ? WEFT_ICE_CONTROLLED : WEFT_ICE_CONTROLLING);
  if ((ice->role == WEFT_ICE_CONTROLLING) == s->controlling) {
    if (p->state == WEFT_ICE_IN_PROGRESS && p->tx.deadline == WEFT_NEVER) weft_ice_pair_fail(ice, p);
  } else if (p->state != WEFT_ICE_SUCCEEDED) {
    weft_ice_check_trigger(ice, p);
  }
}

/* RFC 7675 section 5.2 */
static void consent_revoked(weft_ice *ice, weft_ice_pair *p) {
  bool used = p == ice->selected;
  weft_ice_pair_fail(ice, p); /* one with consent takes over */
  if (used && ice->selected == NULL)
    weft_ice_finish(ice, WEFT_WHO_PEER, "consent", WEFT_EREFUSED,
                    "the peer revoked its consent (STUN error 403): it wants no more datagrams");
}

static void take_error(weft_ice *ice, weft_ice_pair *p, weft_ice_slot *s, const weft_stun_msg *m) {
  weft_stun_attr a;
  unsigned code;
  const char *reason;
  size_t reason_len;
  if (weft_stun_find(m, WEFT_STUN_ERROR_CODE, &a) != WEFT_OK) return;
  if (weft_stun_get_error(&a, &code, &reason, &reason_len) != WEFT_OK) return;
  weft_ice_slot was = *s;
  finish_transaction(p, s);
  if (code == 487)
    take_conflict(ice, p, &was);
  else if (code == 403 && p->valid)
    consent_revoked(ice, p);
  else if (p->state == WEFT_ICE_IN_PROGRESS || p->nominating)
    weft_ice_pair_fail(ice, p); /* section 7.2.5.2.4 */
}

static bool mapped_address(const weft_stun_msg *m, weft_addr *out) {
  weft_stun_attr a;
  return weft_stun_find(m, WEFT_STUN_XOR_MAPPED_ADDRESS, &a) == WEFT_OK &&
         weft_stun_get_xor_address(m, &a, out) == WEFT_OK;
}

void weft_ice_response(weft_ice *ice, weft_ice_local *base, const weft_addr *remote, const weft_stun_msg *m) {
  weft_ice_slot *s;
  weft_addr mapped;
  weft_ice_pair *p = pair_of(ice, m, &s);
  if (p == NULL) {
    if (weft_ice_gather_response(ice, base, remote, m)) return;
    weft_ice_drop(ice, &ice->stats.drop_unknown_transaction, "drop_unknown_transaction", m->data, m->len);
    return;
  }
  if (p->base != base || !weft_addr_equal(&p->to, remote)) { /* RFC 8445 section 7.2.5.2.1 */
    weft_ice_drop(ice, &ice->stats.drop_wrong_source, "drop_wrong_source", m->data, m->len);
    return;
  }
  if (weft_stun_check_integrity(m, ice->remote_pwd, strlen(ice->remote_pwd)) != WEFT_OK) {
    weft_ice_drop(ice, &ice->stats.drop_integrity, "drop_integrity", m->data, m->len);
    return;
  }
  bool good = weft_stun_unknown(m, NULL, 0, NULL, 0) == 0; /* RFC 8489 section 6.3.3 */
  if (!good || (m->cls == WEFT_STUN_SUCCESS && !mapped_address(m, &mapped))) {
    weft_ice_drop(ice, &ice->stats.drop_malformed, "drop_malformed", m->data, m->len);
    return;
  }
  ice->stats.responses_received++;
  ice->checks_answered = true;
  if (m->cls == WEFT_STUN_SUCCESS)
    take_success(ice, p, s, &mapped);
  else
    take_error(ice, p, s, m);
}
