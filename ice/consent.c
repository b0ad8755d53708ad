/* Consent and liveness of the path in use (RFC 7675). Consent comes only from good answers to our checks; without any
 * for consent_timeout nothing may be sent, and the agent ends. */
#include "ice/ice_int.h"

/* Half of the time to live: DISCONNECTED is said. */
bool weft_ice_late(const weft_ice *ice) {
  bool has_path = ice->cfg.lite ? ice->has_path : ice->selected != NULL;
  return has_path && weft_time_since(ice->now, ice->live_at) >= ice->cfg.consent_timeout / 2;
}

void weft_ice_alive(weft_ice *ice) { ice->live_at = ice->now; }

/* RFC 7675 section 5.1: the interval is randomised by 0.8 to 1.2. A path on which nothing was sent is checked after
 * half of that (webrtc-rs calls a path dead after 5 s of silence), at most 2.5 s with the default. One on which nothing
 * was heard, too: when our NAT gave us a new port, the peer learns of it by our check alone. */
static void schedule(weft_ice *ice) {
  weft_time i = ice->cfg.consent_interval;
  ice->consent_at = weft_time_add(ice->now, weft_ice_jitter(ice, i / 10 * 8, i / 10 * 4));
  ice->quiet_wait = weft_ice_jitter(ice, i / 10 * 4, i / 10);
}

/* A path just taken into use: alive as of its last answer, and asked again soon. */
void weft_ice_consent_begin(weft_ice *ice) {
  schedule(ice);
  ice->live_at = ice->selected->answered_at;
  ice->selected->sent_at = ice->now;
}

static weft_time check_at(const weft_ice *ice) {
  const weft_ice_pair *p = ice->selected;
  weft_time quiet = weft_time_max(p->checked_at, weft_time_min(p->sent_at, p->heard_at));
  return weft_time_min(ice->consent_at, weft_time_add(quiet, ice->quiet_wait));
}

static weft_time expires_at(const weft_ice *ice) {
  return weft_time_add(ice->selected->answered_at, ice->cfg.consent_timeout);
}

static weft_time late_at(const weft_ice *ice) { return weft_time_add(ice->live_at, ice->cfg.consent_timeout / 2); }

static void run_lite(weft_ice *ice) {
  if (!ice->has_path || weft_time_since(ice->now, ice->live_at) < ice->cfg.consent_timeout) return;
  weft_ice_finish(ice, WEFT_WHO_TIMEOUT, "liveness", WEFT_ETIMEDOUT,
                  "no check and no authenticated packet from the peer within the time limit");
}

/* Once per loss of the path: what was valid may still be, and is asked again. */
static void look_elsewhere(weft_ice *ice) {
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p != ice->selected && !p->old && p->state == WEFT_ICE_SUCCEEDED) weft_ice_pair_set(ice, p, WEFT_ICE_WAITING);
  }
}

/* The old path after a restart is not asked: its credentials are gone. It serves while its consent lasts. */
static void run_old(weft_ice *ice) {
  if (weft_time_due(expires_at(ice), ice->now)) ice->selected = NULL;
}

static void run_selected(weft_ice *ice) {
  if (weft_time_due(expires_at(ice), ice->now))
    weft_ice_pair_fail(ice, ice->selected); /* one with consent takes over */
  weft_ice_pair *p = ice->selected;
  if (p == NULL) {
    weft_ice_finish(ice, WEFT_WHO_TIMEOUT, "consent", WEFT_ETIMEDOUT,
                    "the peer stopped answering consent checks; it is gone or the network changed");
    return;
  }
  if (ice->state != WEFT_ICE_DISCONNECTED && weft_ice_late(ice)) look_elsewhere(ice);
  if (!weft_time_due(check_at(ice), ice->now)) return;
  schedule(ice);
  bool use = ice->role == WEFT_ICE_CONTROLLING && (p == ice->nominated || p->nominating);
  weft_ice_check_once(ice, p, use);
  p->sent_at = p->checked_at = ice->now; /* also when randomness failed: the deadline must move */
}

void weft_ice_consent_run(weft_ice *ice) {
  if (ice->cfg.lite)
    run_lite(ice);
  else if (ice->selected != NULL && ice->selected->old)
    run_old(ice);
  else if (ice->selected != NULL)
    run_selected(ice);
}

weft_time weft_ice_consent_deadline(const weft_ice *ice) {
  weft_time late = weft_ice_late(ice) ? WEFT_NEVER : late_at(ice);
  if (ice->cfg.lite)
    return ice->has_path ? weft_time_min(late, weft_time_add(ice->live_at, ice->cfg.consent_timeout)) : WEFT_NEVER;
  if (ice->selected == NULL) return WEFT_NEVER;
  if (ice->selected->old) return expires_at(ice);
  return weft_time_min(late, weft_time_min(check_at(ice), expires_at(ice)));
}
