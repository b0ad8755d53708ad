/* Candidates whose address is a name (draft-ietf-mmusic-mdns-ice-candidates section 3.2): the application resolves them. */
#include "ice/ice_int.h"

#include <string.h>

static bool known(const weft_ice *ice, const weft_ice_candidate *c) {
  for (weft_list *n = ice->names.next; n != &ice->names; n = n->next) {
    const weft_ice_candidate *k = &WEFT_LIST_ITEM(n, weft_ice_name, node)->candidate;
    if (k->addr.port == c->addr.port && strcmp(k->host, c->host) == 0) return true;
  }
  return false;
}

int weft_ice_name_add(weft_ice *ice, const weft_ice_candidate *c) {
  if (known(ice, c)) return WEFT_OK;
  if (ice->name_n >= ice->cfg.max_remote) {
    weft_ice_drop(ice, &ice->stats.drop_candidate_limit, "drop_candidate_limit", NULL, 0);
    return WEFT_OK;
  }
  weft_ice_name *name = weft_mem_new(&ice->alloc, sizeof *name);
  if (name == NULL) return WEFT_ENOMEM;
  name->candidate = *c;
  weft_list_push_back(&ice->names, &name->node);
  ice->name_n++;
  if (ice->names_pending) return WEFT_OK;
  ice->names_pending = true;
  weft_ice_note_push(ice, &(weft_ice_note){.type = WEFT_ICE_EVENT_RESOLVE});
  return WEFT_OK;
}

static weft_ice_name *next_to_ask(const weft_ice *ice) {
  for (weft_list *n = ice->names.next; n != &ice->names; n = n->next) {
    weft_ice_name *name = WEFT_LIST_ITEM(n, weft_ice_name, node);
    if (!name->asked) return name;
  }
  return NULL;
}

/* From the front each time: the callback may restart the agent, which forgets all names. */
void weft_ice_names_deliver(weft_ice *ice) {
  weft_ice_name *name;
  ice->names_pending = false;
  while (!ice->q.free_pending && (name = next_to_ask(ice)) != NULL) {
    weft_ice_candidate c = name->candidate;
    weft_ice_event ev = {.type = WEFT_ICE_EVENT_RESOLVE, .candidate = &c};
    name->asked = true;
    ice->cb.event(ice->user, &ev, ice->now);
  }
}

void weft_ice_names_free(weft_ice *ice) {
  while (!weft_list_empty(&ice->names)) {
    weft_ice_name *name = WEFT_LIST_ITEM(ice->names.next, weft_ice_name, node);
    weft_list_remove(&name->node);
    weft_mem_free(&ice->alloc, name, sizeof *name);
  }
  ice->name_n = 0;
}
