/* The agent: life, entry points, events. What it does is in the files beside this one. */
#include "ice/ice_int.h"

#include <assert.h>
#include <string.h>

/* ---- what the other files call ---- */

void weft_ice_trace(const weft_ice *ice, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len) {
  if (ice->cfg.trace.fn == NULL) return;
  weft_trace t = {.kind = kind, .layer = "ice", .text = text, .data = data, .len = len, .now = ice->now};
  ice->cfg.trace.fn(ice->cfg.trace.user, &t);
}

void weft_ice_drop(weft_ice *ice, uint64_t *counter, const char *name, const uint8_t *data, size_t len) {
  ++*counter;
  weft_ice_trace(ice, WEFT_TRACE_DROP, name, data, len);
}

int weft_ice_output(weft_ice *ice, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len) {
  weft_ice_trace(ice, WEFT_TRACE_OUT, NULL, data, len);
  return ice->cb.output(ice->user, local, remote, data, len, ice->now) == WEFT_OK ? WEFT_OK : WEFT_EAGAIN;
}

void weft_ice_note_push(weft_ice *ice, const weft_ice_note *n) {
  bool last = n->type == WEFT_ICE_EVENT_CLOSED || (n->type == WEFT_ICE_EVENT_STATE && n->state == WEFT_ICE_CLOSED);
  /* A step raises four at most; only an application that calls restart from each event could fill the ring. */
  if (ice->q.count + (last ? 0 : WEFT_ICE_RING_KEEP) < WEFT_ICE_RING) (void)weft_evq_push(&ice->q, n);
}

void weft_ice_candidates_changed(weft_ice *ice) {
  if (ice->candidates_pending) return;
  ice->candidates_pending = true;
  weft_ice_note_push(ice, &(weft_ice_note){.type = WEFT_ICE_EVENT_CANDIDATE});
}

static const char *state_name(weft_ice_state s) {
  switch (s) {
  case WEFT_ICE_NEW: return "NEW";
  case WEFT_ICE_CHECKING: return "CHECKING";
  case WEFT_ICE_CONNECTED: return "CONNECTED";
  case WEFT_ICE_COMPLETED: return "COMPLETED";
  case WEFT_ICE_DISCONNECTED: return "DISCONNECTED";
  case WEFT_ICE_CLOSED: return "CLOSED";
  }
  return "?";
}

static void set_state(weft_ice *ice, weft_ice_state s) {
  if (ice->state == s) return;
  ice->state = s;
  weft_ice_trace(ice, WEFT_TRACE_STATE, state_name(s), NULL, 0);
  weft_ice_note_push(ice, &(weft_ice_note){.type = WEFT_ICE_EVENT_STATE, .state = s});
}

static bool has_path(const weft_ice *ice) {
  return ice->cfg.lite ? ice->has_path : ice->selected != NULL && !ice->selected->old;
}

void weft_ice_update_state(weft_ice *ice) {
  if (ice->state == WEFT_ICE_CLOSED) return;
  if (!has_path(ice))
    set_state(ice, ice->started ? WEFT_ICE_CHECKING : WEFT_ICE_NEW);
  else if (weft_ice_late(ice))
    set_state(ice, WEFT_ICE_DISCONNECTED);
  else
    set_state(ice, ice->nominated != NULL ? WEFT_ICE_COMPLETED : WEFT_ICE_CONNECTED);
}

void weft_ice_finish(weft_ice *ice, weft_who who, const char *step, int code, const char *text) {
  if (ice->state == WEFT_ICE_CLOSED) return;
  ice->closed = (weft_closed){who, "ice", step, code, 0, text};
  set_state(ice, WEFT_ICE_CLOSED);
  weft_ice_note_push(ice, &(weft_ice_note){.type = WEFT_ICE_EVENT_CLOSED});
}

weft_time weft_ice_jitter(weft_ice *ice, weft_time base, weft_time spread) {
  uint8_t b[4];
  if (ice->cfg.rng.fill(ice->cfg.rng.ctx, b, sizeof b) != 0) return weft_time_add(base, spread / 2);
  weft_rd r;
  weft_rd_init(&r, b, sizeof b);
  return weft_time_add(base, spread / 1000 * (weft_rd_u32(&r) % 1001));
}

int weft_ice_random_text(weft_ice *ice, char *out, size_t n) {
  static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint8_t b[WEFT_ICE_RANDOM_PWD];
  assert(n <= sizeof b);
  if (ice->cfg.rng.fill(ice->cfg.rng.ctx, b, n) != 0) return WEFT_ERANDOM;
  for (size_t i = 0; i < n; i++) out[i] = chars[b[i] & 63];
  out[n] = 0;
  weft_wipe(b, sizeof b);
  return WEFT_OK;
}

char *weft_ice_dup_text(weft_ice *ice, const char *text) { return weft_mem_dup(&ice->alloc, text, strlen(text) + 1); }

void weft_ice_free_text(weft_ice *ice, char **text, bool secret) {
  if (*text == NULL) return;
  size_t n = strlen(*text) + 1;
  if (secret) weft_wipe(*text, n - 1); /* what was wiped has no length any more */
  weft_mem_free(&ice->alloc, *text, n);
  *text = NULL;
}

/* ---- life ---- */

void weft_ice_config_init(weft_ice_config *c, size_t size) {
  weft_ice_config d = {
      .size = sizeof d,
      .role = WEFT_ICE_CONTROLLING,
      .pacing = WEFT_MS(50),   /* RFC 8445 section 14.2 */
      .rto_min = WEFT_MS(500), /* RFC 8445 section 14.3 */
      .check_limit = WEFT_SEC(30),
      .consent_interval = WEFT_SEC(5), /* RFC 7675 section 5.1 */
      .consent_timeout = WEFT_SEC(30), /* RFC 7675 section 5.1 */
      .max_remote = 20,
      .max_pairs = 40,
      .max_admitted = 32,
  };
  memset(c, 0, size);
  weft_sized_copy(c, size, &d);
}

static void free_list_of_gathers(weft_ice *ice) {
  while (!weft_list_empty(&ice->gathers)) {
    weft_ice_gathering *g = WEFT_LIST_ITEM(ice->gathers.next, weft_ice_gathering, node);
    weft_list_remove(&g->node);
    weft_mem_free(&ice->alloc, g, sizeof *g);
  }
}

static void free_lists(weft_ice *ice) {
  while (!weft_list_empty(&ice->pairs)) weft_ice_pair_remove(ice, WEFT_LIST_ITEM(ice->pairs.next, weft_ice_pair, node));
  while (!weft_list_empty(&ice->remotes)) {
    weft_ice_remote *r = WEFT_LIST_ITEM(ice->remotes.next, weft_ice_remote, node);
    weft_list_remove(&r->node);
    weft_mem_free(&ice->alloc, r, sizeof *r);
  }
  free_list_of_gathers(ice);
  weft_ice_names_free(ice);
  while (!weft_list_empty(&ice->locals)) {
    weft_ice_local *l = WEFT_LIST_ITEM(ice->locals.next, weft_ice_local, node);
    weft_list_remove(&l->node);
    weft_mem_free(&ice->alloc, l, sizeof *l);
  }
}

static void destroy(weft_ice *ice) {
  weft_alloc a = ice->alloc;
  free_lists(ice);
  weft_ice_free_text(ice, &ice->local_ufrag, false);
  weft_ice_free_text(ice, &ice->local_pwd, true);
  weft_ice_free_text(ice, &ice->remote_ufrag, false);
  weft_ice_free_text(ice, &ice->remote_pwd, true);
  weft_mem_free(&a, ice->admitted, ice->admitted_cap * sizeof *ice->admitted);
  weft_wipe(ice->key, sizeof ice->key);
  weft_mem_free(&a, ice, sizeof *ice);
}

void weft_ice_free(weft_ice *ice) {
  if (ice == NULL) return;
  if (ice->q.depth > 0)
    ice->q.free_pending = true;
  else
    destroy(ice);
}

static int init_credential(weft_ice *ice, char **out, const char *given, size_t min, size_t random_n) {
  char text[WEFT_ICE_RANDOM_PWD + 1];
  if (given != NULL && !weft_ice_cred_valid(given, strlen(given), min)) return WEFT_EINVAL;
  if (given == NULL && weft_ice_random_text(ice, text, random_n) != WEFT_OK) return WEFT_ERANDOM;
  *out = weft_ice_dup_text(ice, given != NULL ? given : text);
  weft_wipe(text, sizeof text);
  return *out != NULL ? WEFT_OK : WEFT_ENOMEM;
}

static int init_random(weft_ice *ice) {
  uint8_t b[8];
  weft_rd r;
  if (ice->cfg.rng.fill(ice->cfg.rng.ctx, b, sizeof b) != 0) return WEFT_ERANDOM;
  if (ice->cfg.rng.fill(ice->cfg.rng.ctx, ice->key, sizeof ice->key) != 0) return WEFT_ERANDOM;
  weft_rd_init(&r, b, sizeof b);
  ice->tie_breaker = weft_rd_u64(&r);
  return WEFT_OK;
}

static int init(weft_ice *ice) {
  ice->role = ice->cfg.lite ? WEFT_ICE_CONTROLLED : ice->cfg.role;
  ice->first_valid_at = WEFT_NEVER;
  ice->stats.rtt = WEFT_NEVER;
  weft_evq_init(&ice->q, ice->ring, sizeof ice->ring[0], WEFT_ICE_RING);
  int rc = init_random(ice);
  if (rc == WEFT_OK)
    rc = init_credential(ice, &ice->local_ufrag, ice->cfg.local_ufrag, WEFT_ICE_UFRAG_MIN, WEFT_ICE_RANDOM_UFRAG);
  if (rc == WEFT_OK)
    rc = init_credential(ice, &ice->local_pwd, ice->cfg.local_pwd, WEFT_ICE_PWD_MIN, WEFT_ICE_RANDOM_PWD);
  ice->cfg.local_ufrag = ice->cfg.local_pwd = NULL; /* the caller's memory */
  return rc;
}

int weft_ice_new(weft_ice **out, const weft_ice_config *cfg, const weft_ice_callbacks *cb, void *user) {
  weft_ice_config full;
  weft_ice_config_default(&full);
  weft_sized_copy(&full, sizeof full, cfg);
  assert(full.rng.fill != NULL);
  const weft_alloc *alloc = weft_alloc_or_libc(full.alloc);
  *out = NULL;
  weft_ice *ice = weft_mem_new(alloc, sizeof *ice);
  if (ice == NULL) return WEFT_ENOMEM;
  ice->alloc = *alloc;
  ice->cfg = full;
  ice->cfg.alloc = NULL;
  weft_sized_copy(&ice->cb, sizeof ice->cb, cb);
  assert(ice->cb.output != NULL && ice->cb.event != NULL);
  ice->user = user;
  weft_list_init(&ice->locals);
  weft_list_init(&ice->gathers);
  weft_list_init(&ice->remotes);
  weft_list_init(&ice->pairs);
  weft_list_init(&ice->names);
  int rc = init(ice);
  if (rc == WEFT_OK)
    *out = ice;
  else
    destroy(ice);
  return rc;
}

/* ---- events ---- */

static void deliver_candidates(weft_ice *ice) {
  ice->candidates_pending = false;
  for (weft_list *n = ice->locals.next; n != &ice->locals && !ice->q.free_pending; n = n->next) {
    weft_ice_local *l = WEFT_LIST_ITEM(n, weft_ice_local, node);
    weft_ice_candidate c;
    if (l->announced || !weft_ice_local_shown(ice, l)) continue;
    l->announced = true;
    weft_ice_local_describe(ice, l, &c);
    weft_ice_event ev = {.type = WEFT_ICE_EVENT_CANDIDATE, .candidate = &c};
    ice->cb.event(ice->user, &ev, ice->now);
  }
}

static void deliver(weft_ice *ice, const weft_ice_note *n) {
  if (n->type == WEFT_ICE_EVENT_CANDIDATE) {
    deliver_candidates(ice);
    return;
  }
  if (n->type == WEFT_ICE_EVENT_RESOLVE) {
    weft_ice_names_deliver(ice);
    return;
  }
  weft_ice_event ev = {.type = n->type, .state = n->state, .rtt = n->rtt};
  if (n->type == WEFT_ICE_EVENT_SELECTED) {
    ev.local = &n->local;
    ev.remote = &n->remote;
    ev.local_type = n->local_type;
    ev.remote_type = n->remote_type;
  }
  if (n->type == WEFT_ICE_EVENT_CLOSED) ev.closed = ice->closed;
  ice->cb.event(ice->user, &ev, ice->now);
}

static void flush(weft_ice *ice) {
  weft_ice_note n;
  while (weft_evq_outermost(&ice->q) && weft_evq_pop(&ice->q, &n)) deliver(ice, &n);
}

static bool may_deliver(const weft_ice *ice) { return !ice->q.free_pending && ice->state != WEFT_ICE_CLOSED; }

static void deliver_data(weft_ice *ice, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                         size_t len) {
  weft_addr l = *local, r = *remote; /* a callback may end the pair they are of */
  flush(ice);                        /* what came before is said before */
  if (!may_deliver(ice)) return;
  ice->stats.datagrams_in++;
  ice->stats.bytes_in += len;
  weft_ice_event ev = {.type = WEFT_ICE_EVENT_DATA, .local = &l, .remote = &r, .data = data, .len = len};
  ice->cb.event(ice->user, &ev, ice->now);
}

/* A pair that was validated with datagrams waiting: the peer's first data overtook the answer to our check. */
static weft_ice_pair *pair_with_held(const weft_ice *ice) {
  if (ice->held_n == 0) return NULL;
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    if (p->valid && !weft_list_empty(&p->held)) return p;
  }
  return NULL;
}

static void deliver_held(weft_ice *ice) {
  weft_ice_pair *p;
  while (may_deliver(ice) && (p = pair_with_held(ice)) != NULL) {
    weft_ice_held *h = WEFT_LIST_ITEM(p->held.next, weft_ice_held, node);
    weft_list_remove(&h->node);
    ice->held_n--;
    deliver_data(ice, &p->base->addr, &p->to, h->data, h->len);
    weft_mem_free(&ice->alloc, h, sizeof *h + h->len);
  }
}

void weft_ice_enter(weft_ice *ice, weft_time now) {
  weft_evq_enter(&ice->q);
  ice->now = weft_time_max(ice->now, now);
}

void weft_ice_leave(weft_ice *ice) {
  flush(ice);
  if (weft_evq_leave(&ice->q)) destroy(ice);
}

/* ---- input ---- */

static void input_stun(weft_ice *ice, weft_ice_local *base, const weft_addr *remote, const uint8_t *data, size_t len) {
  weft_stun_msg m;
  if (weft_stun_parse(&m, data, len) != WEFT_OK || m.method != WEFT_STUN_BINDING ||
      weft_stun_check_fingerprint(&m) < 0) {
    weft_ice_drop(ice, &ice->stats.drop_malformed, "drop_malformed", data, len);
    return;
  }
  switch (m.cls) {
  case WEFT_STUN_REQUEST: weft_ice_request(ice, base, remote, &m); break;
  case WEFT_STUN_INDICATION: break; /* a keepalive (RFC 8445 section 11): nothing to do */
  case WEFT_STUN_SUCCESS:
  case WEFT_STUN_ERROR: weft_ice_response(ice, base, remote, &m); break;
  }
}

/* The peer may speak as soon as our answer told it that the path works, before we know the same: its datagrams wait for
 * our own check, if an authenticated check from there came before them. */
static bool hold(weft_ice *ice, weft_ice_pair *p, const uint8_t *data, size_t len) {
  if (!p->heard || p->old || p->state == WEFT_ICE_FAILED) return false;
  if (ice->held_n >= WEFT_ICE_HELD_MAX || len > WEFT_ICE_HELD_BYTES) return false;
  weft_ice_held *h = weft_mem_new(&ice->alloc, sizeof *h + len);
  if (h == NULL) return false;
  h->len = len;
  memcpy(h->data, data, len);
  weft_list_push_back(&p->held, &h->node);
  ice->held_n++;
  return true;
}

static void input_data(weft_ice *ice, weft_ice_local *base, const weft_addr *remote, const uint8_t *data, size_t len) {
  weft_ice_pair *p = ice->selected;
  if (p == NULL || p->base != base || !weft_addr_equal(&p->to, remote)) {
    p = weft_ice_pair_find(ice, base, remote, false);
    if (p == NULL) p = weft_ice_pair_find(ice, base, remote, true);
  }
  if (p != NULL && p->valid)
    deliver_data(ice, &base->addr, remote, data, len);
  else if (p == NULL || !hold(ice, p, data, len))
    weft_ice_drop(ice, &ice->stats.drop_unvalidated, "drop_unvalidated", data, len);
}

static void input_lite(weft_ice *ice, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                       size_t len) {
  if (weft_ice_admitted(ice, local, remote))
    deliver_data(ice, local, remote, data, len);
  else
    weft_ice_drop(ice, &ice->stats.drop_unvalidated, "drop_unvalidated", data, len);
}

static void input_any(weft_ice *ice, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len) {
  bool stun = weft_stun_is(data, len);
  if (len == 0 || (data[0] <= 3 && !stun)) { /* RFC 7983 section 7 */
    weft_ice_drop(ice, &ice->stats.drop_malformed, "drop_malformed", data, len);
  } else if (ice->cfg.lite) {
    if (!stun) input_lite(ice, local, remote, data, len);
  } else {
    weft_ice_local *base = weft_ice_find_base(ice, local);
    if (base == NULL)
      weft_ice_drop(ice, &ice->stats.drop_unvalidated, "drop_unvalidated", data, len);
    else if (!stun)
      input_data(ice, base, remote, data, len);
    else {
      input_stun(ice, base, remote, data, len);
      weft_ice_run(ice);
      deliver_held(ice);
    }
  }
}

int weft_ice_input(weft_ice *ice, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                   weft_time now) {
  if (ice->state == WEFT_ICE_CLOSED) return WEFT_OK; /* what was under way when it ended */
  weft_ice_enter(ice, now);
  weft_ice_trace(ice, WEFT_TRACE_IN, NULL, data, len);
  input_any(ice, local, remote, data, len);
  weft_ice_leave(ice);
  return WEFT_OK;
}

/* ---- the rest ---- */

int weft_ice_send(weft_ice *ice, const uint8_t *data, size_t len, weft_time now) {
  weft_ice_pair *p = ice->selected;
  if (ice->state == WEFT_ICE_CLOSED || (ice->cfg.lite ? !ice->has_path : p == NULL)) return WEFT_ESTATE;
  ice->now = weft_time_max(ice->now, now);
  const weft_addr *local = ice->cfg.lite ? &ice->path.local : &p->base->addr;
  const weft_addr *remote = ice->cfg.lite ? &ice->path.remote : &p->to;
  int rc = weft_ice_output(ice, local, remote, data, len);
  if (rc != WEFT_OK) return rc;
  if (p != NULL) p->sent_at = ice->now;
  ice->stats.datagrams_out++;
  ice->stats.bytes_out += len;
  return WEFT_OK;
}

int weft_ice_start(weft_ice *ice, weft_time now) {
  if (ice->state == WEFT_ICE_CLOSED || ice->started) return WEFT_ESTATE;
  if (!ice->cfg.lite && !weft_ice_has_remote(ice)) return WEFT_ESTATE;
  weft_ice_enter(ice, now);
  ice->started = true;
  ice->started_at = ice->now;
  weft_ice_update_state(ice);
  weft_ice_run(ice);
  weft_ice_leave(ice);
  return WEFT_OK;
}

static weft_time limit_at(const weft_ice *ice) {
  if (!ice->started || has_path(ice)) return WEFT_NEVER;
  return weft_time_add(ice->started_at, ice->cfg.check_limit);
}

static const char *why_no_path(const weft_ice *ice) {
  if (ice->stats.checks_received > 0 || ice->checks_answered)
    return "the peer was heard, but no check of ours was answered with good credentials in time";
  if (ice->pair_n == 0)
    return ice->name_n > 0 ? "the peer told only .local names, and none of them could be resolved here"
                           : "the peer told no address that fits one of ours";
  return "nobody answered at any of the peer's addresses; is it running and reachable by UDP?";
}

static void run_once(weft_ice *ice) {
  if (ice->state == WEFT_ICE_CLOSED) return;
  weft_ice_consent_run(ice); /* first: it may make pairs wait for a check */
  if (ice->state == WEFT_ICE_CLOSED) return;
  weft_ice_check_run(ice);
  weft_ice_gather_run(ice);
  weft_ice_update_state(ice);
  weft_ice_nominate_run(ice);
  if (weft_time_due(limit_at(ice), ice->now))
    weft_ice_finish(ice, WEFT_WHO_TIMEOUT, "checks", WEFT_ETIMEDOUT, why_no_path(ice));
}

/* A pair that took over may be overdue itself. */
void weft_ice_run(weft_ice *ice) {
  run_once(ice);
  if (weft_time_due(weft_ice_deadline(ice), ice->now)) run_once(ice);
}

int weft_ice_tick(weft_ice *ice, weft_time now) {
  if (ice->state == WEFT_ICE_CLOSED) return WEFT_OK;
  weft_ice_enter(ice, now);
  weft_ice_run(ice);
  weft_ice_leave(ice);
  return WEFT_OK;
}

weft_time weft_ice_deadline(const weft_ice *ice) {
  if (ice->state == WEFT_ICE_CLOSED) return WEFT_NEVER;
  weft_time at = weft_time_min(limit_at(ice), weft_ice_consent_deadline(ice));
  if (ice->cfg.lite) return at;
  at = weft_time_min(at, weft_time_min(weft_ice_check_deadline(ice), weft_ice_gather_deadline(ice)));
  return weft_time_min(at, weft_ice_nominate_deadline(ice));
}

int weft_ice_close(weft_ice *ice, int code, weft_time now) {
  if (ice->state == WEFT_ICE_CLOSED) return WEFT_ESTATE;
  weft_ice_enter(ice, now);
  weft_ice_finish(ice, WEFT_WHO_SELF, "close", code, "closed here");
  weft_ice_leave(ice);
  return WEFT_OK;
}

const char *weft_ice_local_ufrag(const weft_ice *ice) { return ice->local_ufrag; }
const char *weft_ice_local_pwd(const weft_ice *ice) { return ice->local_pwd; }
weft_ice_state weft_ice_get_state(const weft_ice *ice) { return ice->state; }
weft_ice_role weft_ice_get_role(const weft_ice *ice) { return ice->role; }

void weft_ice_get_stats(const weft_ice *ice, weft_ice_stats *s) {
  size_t size = s->size;
  weft_ice_stats full = ice->stats;
  full.size = sizeof full;
  weft_sized_copy(s, size, &full);
}

int weft_ice_get_selected(const weft_ice *ice, weft_addr *local, weft_addr *remote) {
  if (ice->cfg.lite ? !ice->has_path : ice->selected == NULL) return WEFT_ESTATE;
  *local = ice->cfg.lite ? ice->path.local : ice->selected->base->addr;
  *remote = ice->cfg.lite ? ice->path.remote : ice->selected->to;
  return WEFT_OK;
}
