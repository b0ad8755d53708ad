/* The lite side of webrtc-direct: a responder in front of many agents answers the checks, and tells the agent which
 * sources passed. */
#include "ice/ice_int.h"

#include <string.h>

static bool same_path(const weft_ice_path *p, const weft_addr *local, const weft_addr *remote) {
  return weft_addr_equal(&p->remote, remote) && weft_addr_equal(&p->local, local);
}

bool weft_ice_admitted(const weft_ice *ice, const weft_addr *local, const weft_addr *remote) {
  if (ice->has_path && same_path(&ice->path, local, remote)) return true;
  for (uint16_t i = 0; i < ice->admitted_n; i++)
    if (same_path(&ice->admitted[i], local, remote)) return true;
  return false;
}

static int grow(weft_ice *ice) {
  if (ice->admitted_n < ice->admitted_cap) return WEFT_OK;
  uint16_t cap = (uint16_t)(ice->admitted_cap == 0 ? 1 : 2 * ice->admitted_cap); /* nearly always one is all there is */
  if (cap > ice->cfg.max_admitted) cap = ice->cfg.max_admitted;
  size_t item = sizeof *ice->admitted;
  weft_ice_path *p = weft_mem_resize(&ice->alloc, ice->admitted, ice->admitted_cap * item, cap * item);
  if (p == NULL) return WEFT_ENOMEM;
  ice->admitted = p;
  ice->admitted_cap = cap;
  return WEFT_OK;
}

static int admit(weft_ice *ice, const weft_addr *local, const weft_addr *remote) {
  if (weft_ice_admitted(ice, local, remote)) return WEFT_OK;
  if (ice->admitted_n >= ice->cfg.max_admitted) {
    weft_ice_drop(ice, &ice->stats.drop_address_limit, "drop_address_limit", NULL, 0);
    return WEFT_ELIMIT;
  }
  int rc = grow(ice);
  if (rc == WEFT_OK) ice->admitted[ice->admitted_n++] = (weft_ice_path){*local, *remote};
  return rc;
}

static void use_path(weft_ice *ice, const weft_addr *local, const weft_addr *remote) {
  if (ice->has_path && same_path(&ice->path, local, remote)) return;
  ice->path = (weft_ice_path){*local, *remote};
  ice->has_path = true;
  weft_ice_note n = {.type = WEFT_ICE_EVENT_SELECTED,
                     .local = *local,
                     .remote = *remote,
                     .local_type = WEFT_ICE_HOST,
                     .remote_type = WEFT_ICE_PRFLX,
                     .rtt = WEFT_NEVER};
  weft_ice_note_push(ice, &n);
}

int weft_ice_admit(weft_ice *ice, const weft_addr *local, const weft_addr *remote, weft_time now) {
  if (ice->state == WEFT_ICE_CLOSED || !ice->cfg.lite) return WEFT_ESTATE;
  weft_ice_enter(ice, now);
  ice->stats.checks_received++;
  int rc = admit(ice, local, remote);
  if (rc == WEFT_OK) {
    if (!ice->has_path) use_path(ice, local, remote);
    weft_ice_alive(ice);
    weft_ice_update_state(ice);
  }
  weft_ice_leave(ice);
  return rc;
}

static void heard_from(weft_ice *ice, const weft_addr *local, const weft_addr *remote) {
  weft_ice_local *base = weft_ice_find_base(ice, local);
  weft_ice_pair *p = base == NULL ? NULL : weft_ice_pair_find(ice, base, remote, false);
  if (p == NULL) return;
  p->heard_at = ice->now;
  if (ice->cfg.records_renew_consent) p->answered_at = ice->now;
  if (p == ice->selected) weft_ice_alive(ice);
}

int weft_ice_authenticated(weft_ice *ice, const weft_addr *local, const weft_addr *remote, weft_time now) {
  if (ice->state == WEFT_ICE_CLOSED) return WEFT_ESTATE;
  if (ice->cfg.lite && !weft_ice_admitted(ice, local, remote)) return WEFT_ENOTFOUND;
  weft_ice_enter(ice, now);
  if (ice->cfg.lite) {
    weft_ice_alive(ice);
    use_path(ice, local, remote);
  } else {
    heard_from(ice, local, remote);
  }
  weft_ice_update_state(ice);
  weft_ice_leave(ice);
  return WEFT_OK;
}
