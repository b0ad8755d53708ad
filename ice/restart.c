/* ICE restart (RFC 8445 section 9). */
#include "ice/ice_int.h"

static void forget_remotes(weft_ice *ice, const weft_ice_remote *but) {
  for (weft_list *n = ice->remotes.next, *next; n != &ice->remotes; n = next) {
    next = n->next;
    weft_ice_remote *r = WEFT_LIST_ITEM(n, weft_ice_remote, node);
    if (r == but) continue;
    weft_list_remove(&r->node);
    weft_mem_free(&ice->alloc, r, sizeof *r);
    ice->remote_n--;
  }
}

static void forget_pairs(weft_ice *ice, const weft_ice_pair *but) {
  for (weft_list *n = ice->pairs.next, *next; n != &ice->pairs; n = next) {
    next = n->next;
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p != but) weft_ice_pair_remove(ice, p);
  }
}

static void keep_path(weft_ice *ice) {
  weft_ice_pair *p = ice->selected;
  ice->nominated = NULL;
  forget_pairs(ice, p);
  forget_remotes(ice, p != NULL ? p->remote : NULL);
  if (p == NULL) return;
  p->old = p->remote->old = true;
  p->nominating = p->nominate_on_success = false;
  p->tx.deadline = p->trigger_at = WEFT_NEVER;
}

/* The peer forgets our candidates with our credentials, so it is told again. */
static void announce_again(weft_ice *ice) {
  for (weft_list *n = ice->locals.next; n != &ice->locals; n = n->next)
    WEFT_LIST_ITEM(n, weft_ice_local, node)->announced = false;
  weft_ice_candidates_changed(ice);
  if (ice->gathered) weft_ice_note_push(ice, &(weft_ice_note){.type = WEFT_ICE_EVENT_GATHERED});
}

static int new_credentials(weft_ice *ice) {
  char ufrag[WEFT_ICE_RANDOM_UFRAG + 1], pwd[WEFT_ICE_RANDOM_PWD + 1];
  int rc = weft_ice_random_text(ice, ufrag, WEFT_ICE_RANDOM_UFRAG);
  if (rc == WEFT_OK) rc = weft_ice_random_text(ice, pwd, WEFT_ICE_RANDOM_PWD);
  if (rc != WEFT_OK) return rc;
  char *u = weft_ice_dup_text(ice, ufrag), *p = weft_ice_dup_text(ice, pwd);
  weft_wipe(pwd, sizeof pwd);
  if (u == NULL || p == NULL) {
    weft_ice_free_text(ice, &u, false);
    weft_ice_free_text(ice, &p, true);
    return WEFT_ENOMEM;
  }
  weft_ice_free_text(ice, &ice->local_ufrag, false);
  weft_ice_free_text(ice, &ice->local_pwd, true);
  ice->local_ufrag = u;
  ice->local_pwd = p;
  return WEFT_OK;
}

static void begin_again(weft_ice *ice) {
  weft_ice_free_text(ice, &ice->remote_ufrag, false);
  weft_ice_free_text(ice, &ice->remote_pwd, true);
  ice->started = ice->end_of_candidates = false;
  ice->first_valid_at = WEFT_NEVER;
  ice->role_switches = 0;
  ice->checks_answered = false;
  weft_ice_names_free(ice);
  keep_path(ice);
  announce_again(ice);
  weft_ice_update_state(ice);
}

int weft_ice_restart(weft_ice *ice, weft_time now) {
  if (ice->state == WEFT_ICE_CLOSED || ice->cfg.lite) return WEFT_ESTATE;
  weft_ice_enter(ice, now);
  int rc = new_credentials(ice);
  if (rc == WEFT_OK) begin_again(ice);
  weft_ice_run(ice);
  weft_ice_leave(ice);
  return rc;
}
