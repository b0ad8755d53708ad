/* Checks from the peer: who sent them, the answer, and what they tell us (RFC 8445 section 7.3). */
#include "ice/ice_int.h"

#include <string.h>

enum { UNKNOWN_MAX = 8 };

/* "our ufrag:theirs" (RFC 8445 section 7.3). Their half is compared once we know it. */
static bool username_is_ours(const weft_ice *ice, const weft_stun_msg *m) {
  weft_stun_attr a;
  if (weft_stun_find(m, WEFT_STUN_USERNAME, &a) != WEFT_OK) return false;
  size_t mine = strlen(ice->local_ufrag);
  if (a.len <= mine || memcmp(a.value, ice->local_ufrag, mine) != 0 || a.value[mine] != ':') return false;
  if (ice->remote_ufrag == NULL) return true;
  size_t theirs = strlen(ice->remote_ufrag);
  return a.len == mine + 1 + theirs && memcmp(a.value + mine + 1, ice->remote_ufrag, theirs) == 0;
}

static void finish_answer(weft_ice *ice, const weft_addr *local, const weft_addr *remote, weft_stun_writer *w) {
  size_t len;
  weft_stun_put_integrity(w, ice->local_pwd, strlen(ice->local_pwd));
  weft_stun_put_fingerprint(w);
  if (weft_stun_end(w, &len) != WEFT_OK) return;
  ice->stats.responses_sent++;
  (void)weft_ice_output(ice, local, remote, w->buf, len);
}

static void answer_success(weft_ice *ice, const weft_addr *local, const weft_addr *remote, const weft_stun_msg *m) {
  uint8_t buf[128];
  weft_stun_writer w;
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_SUCCESS, WEFT_STUN_BINDING, m->txid);
  weft_stun_put_xor_address(&w, WEFT_STUN_XOR_MAPPED_ADDRESS, remote);
  finish_answer(ice, local, remote, &w);
}

static void answer_error(weft_ice *ice, const weft_addr *local, const weft_addr *remote, const weft_stun_msg *m,
                         unsigned code, const char *reason, const uint16_t *unknown, size_t unknown_n) {
  uint8_t buf[128];
  weft_stun_writer w;
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_ERROR, WEFT_STUN_BINDING, m->txid);
  weft_stun_put_error(&w, code, reason);
  if (unknown_n > 0) weft_stun_put_unknown(&w, unknown, unknown_n);
  finish_answer(ice, local, remote, &w);
}

void weft_ice_switch_role(weft_ice *ice, weft_ice_role role) {
  if (ice->role == role || ice->role_switches >= WEFT_ICE_ROLE_SWITCHES) return;
  ice->role_switches++;
  ice->role = role;
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    p->nominating = p->nominate_on_success = false;
  }
  weft_ice_pair_reprioritise(ice);
  weft_ice_trace(ice, WEFT_TRACE_STATE, role == WEFT_ICE_CONTROLLING ? "controlling" : "controlled", NULL, 0);
}

/* RFC 8445 section 7.3.1.1. True when the peer must give way: it gets a 487. */
static bool role_conflict(weft_ice *ice, const weft_stun_msg *m) {
  weft_stun_attr a;
  uint64_t theirs;
  bool controlling = ice->role == WEFT_ICE_CONTROLLING;
  uint16_t same = controlling ? WEFT_STUN_ICE_CONTROLLING : WEFT_STUN_ICE_CONTROLLED;
  if (weft_stun_find(m, same, &a) != WEFT_OK || weft_stun_get_u64(&a, &theirs) != WEFT_OK) return false;
  ice->stats.role_conflicts++;
  bool larger = ice->tie_breaker >= theirs;
  if (controlling == larger) return true;
  weft_ice_switch_role(ice, controlling ? WEFT_ICE_CONTROLLED : WEFT_ICE_CONTROLLING);
  return false;
}

static weft_ice_pair *pair_of(weft_ice *ice, weft_ice_local *base, const weft_addr *remote, uint32_t priority) {
  weft_ice_pair *p = weft_ice_pair_find(ice, base, remote, false);
  if (p != NULL) return p;
  weft_ice_remote *r = weft_ice_find_remote(ice, remote);
  if (r == NULL) r = weft_ice_remote_peer_reflexive(ice, remote, priority);
  return r == NULL ? NULL : weft_ice_pair_new(ice, base, r);
}

/* RFC 8445 sections 7.3.1.3 to 7.3.1.5 */
static void learn(weft_ice *ice, weft_ice_local *base, const weft_addr *remote, const weft_stun_msg *m) {
  weft_stun_attr a;
  uint32_t priority;
  if (weft_stun_find(m, WEFT_STUN_PRIORITY, &a) != WEFT_OK || weft_stun_get_u32(&a, &priority) != WEFT_OK) priority = 1;
  if (priority == 0 || priority > 0x7FFFFFFF) priority = 1; /* RFC 8445 section 5.1.2 */
  weft_ice_pair *p = pair_of(ice, base, remote, priority);
  if (p == NULL) return;
  p->heard = true;
  p->heard_at = ice->now;
  bool nominates = ice->role == WEFT_ICE_CONTROLLED && weft_stun_find(m, WEFT_STUN_USE_CANDIDATE, &a) == WEFT_OK;
  bool fresh = weft_time_since(ice->now, p->answered_at) < ice->cfg.consent_timeout / 2;
  if (p->state == WEFT_ICE_SUCCEEDED && (fresh || !nominates)) {
    if (nominates) weft_ice_nominated(ice, p);
    return;
  }
  if (nominates) p->nominate_on_success = true;
  weft_ice_check_trigger(ice, p);
}

void weft_ice_request(weft_ice *ice, weft_ice_local *base, const weft_addr *remote, const weft_stun_msg *m) {
  uint16_t unknown[UNKNOWN_MAX];
  const weft_addr *local = &base->addr;
  if (!username_is_ours(ice, m)) {
    weft_ice_drop(ice, &ice->stats.drop_username, "drop_username", m->data, m->len);
    return;
  }
  if (weft_stun_check_integrity(m, ice->local_pwd, strlen(ice->local_pwd)) != WEFT_OK) {
    weft_ice_drop(ice, &ice->stats.drop_integrity, "drop_integrity", m->data, m->len);
    return;
  }
  if (weft_ice_addr_forbidden(remote, ice->cfg.allow_loopback) || !weft_ice_addr_pairable(local, remote)) {
    weft_ice_drop(ice, &ice->stats.drop_candidate_forbidden, "drop_candidate_forbidden", m->data, m->len);
    return;
  }
  const weft_ice_remote *known = weft_ice_find_remote(ice, remote);
  if (!weft_ice_remote_passes(ice, known != NULL ? known->type : WEFT_ICE_PRFLX, remote)) {
    weft_ice_drop(ice, &ice->stats.drop_candidate_filtered, "drop_candidate_filtered", m->data, m->len);
    return;
  }
  ice->stats.checks_received++;
  size_t n = weft_stun_unknown(m, NULL, 0, unknown, UNKNOWN_MAX);
  if (n > 0) {
    answer_error(ice, local, remote, m, 420, "Unknown Attribute", unknown, n < UNKNOWN_MAX ? n : UNKNOWN_MAX);
    return;
  }
  if (role_conflict(ice, m)) {
    answer_error(ice, local, remote, m, 487, "Role Conflict", NULL, 0); /* RFC 8445 section 7.3.1.1 */
    return;
  }
  answer_success(ice, local, remote, m);
  learn(ice, base, remote, m);
}
