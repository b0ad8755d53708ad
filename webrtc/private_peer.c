/* The connection beneath the exchange. Until it is taken its callbacks are ours. */
#include <string.h>

#include "webrtc/private_int.h"

/* ---- what it tells ---- */

static int on_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  weft_private *p = user;
  return p->cb.output(p->user, local, remote, data, len, now);
}

static const char *step_text(weft_webrtc_step step) {
  switch (step) {
  case WEFT_WEBRTC_STEP_ICE: return "path found";
  case WEFT_WEBRTC_STEP_DTLS: return "certificate verified";
  case WEFT_WEBRTC_STEP_SCTP: return "association up";
  case WEFT_WEBRTC_STEP_NOISE: break; /* the relayed connection has proven who the peer is */
  }
  return "up";
}

static void on_event(void *user, weft_webrtc *c, const weft_webrtc_event *ev, weft_time now) {
  weft_private *p = user;
  (void)c, (void)now;
  if (ev->type == WEFT_WEBRTC_EVENT_STEP) weft_private_step(p, step_text(ev->step));
  if (ev->type == WEFT_WEBRTC_EVENT_CLOSED) weft_private_fail(p, &ev->closed);
}

static void on_selected(weft_private *p, const weft_ice_event *ev) {
  weft_private_event e = {.type = WEFT_PRIVATE_EVENT_SELECTED,
                          .local = ev->local,
                          .remote = ev->remote,
                          .local_type = ev->local_type,
                          .remote_type = ev->remote_type};
  weft_private_raise(p, &e);
}

static void watch(void *user, const weft_ice_event *ev) {
  weft_private *p = user;
  if (!weft_private_alive(p)) return;
  if (ev->type == WEFT_ICE_EVENT_CANDIDATE) weft_private_say_candidate(p, ev->candidate);
  if (ev->type == WEFT_ICE_EVENT_GATHERED) weft_private_say_gathered(p);
  if (ev->type == WEFT_ICE_EVENT_SELECTED) on_selected(p, ev);
}

static void keylog(void *user, const char *text) {
  weft_private *p = user;
  p->cfg.webrtc.keylog(p->user, text);
}

/* ---- its life ---- */

int weft_private_make(weft_private *p) {
  weft_webrtc_config full;
  weft_webrtc_callbacks cb = {sizeof cb, on_output, on_event};
  int rc = weft_webrtc_check_config(&p->cfg.webrtc, &full);
  if (rc != WEFT_OK) return rc;
  full.alloc = &p->alloc;
  full.ice_limit = p->cfg.limit;
  if (full.keylog) full.keylog = keylog;
  weft_webrtc_setup setup = {.inbound = !p->cfg.offerer,
                             .controlling = p->cfg.offerer,
                             .open_init = p->cfg.offerer,
                             .allow_loopback = p->cfg.allow_loopback,
                             .told_types = p->cfg.told_types,
                             .remote_types = p->cfg.remote_types,
                             .setup_limit = p->cfg.limit,
                             .watch = watch,
                             .held = true};
  rc = weft_webrtc_new(&p->c, &full, &setup, &cb, p);
  if (rc != WEFT_OK) return rc;
  p->c->peer_id_len = p->cfg.peer_id_len;
  if (p->cfg.peer_id_len > 0) memcpy(p->c->peer_id, p->cfg.peer_id, p->cfg.peer_id_len);
  return WEFT_OK;
}

/* The peer's checks are answered from here on; ours begin when its credentials are known. */
int weft_private_begin(weft_private *p) {
  weft_webrtc *c = p->c;
  weft_webrtc_enter(c, p->now);
  weft_webrtc_begin(c);
  int rc = weft_ice_gather(c->ice, c->now);
  weft_webrtc_leave(c);
  return rc;
}

static int tell_agent(weft_webrtc *c, const weft_sdp *s) {
  int rc = weft_ice_set_remote(c->ice, s->ice_ufrag, s->ice_pwd);
  for (size_t i = 0; i < s->candidates_len && rc == WEFT_OK; i++)
    rc = weft_ice_add_remote(c->ice, &s->candidates[i], c->now);
  if (rc == WEFT_OK && s->end_of_candidates) rc = weft_ice_end_of_candidates(c->ice, c->now);
  return rc == WEFT_OK ? weft_ice_start(c->ice, c->now) : rc;
}

void weft_private_meet(weft_private *p, const weft_sdp *s, bool dtls_client) {
  weft_webrtc *c = p->c;
  weft_webrtc_enter(c, p->now);
  c->setup.dtls_client = dtls_client;
  c->setup.sctp_port = s->sctp_port;
  c->setup.pins_len = s->fingerprints_len;
  memcpy(c->pins, s->fingerprints, s->fingerprints_len * sizeof c->pins[0]);
  p->stage = WEFT_PRIVATE_CONNECTING;
  int rc = tell_agent(c, s);
  weft_webrtc_leave(c);
  if (rc != WEFT_OK) weft_private_fail_here(p, WEFT_WHO_SELF, "checks", rc, weft_strerror(rc));
}

void weft_private_add_candidate(weft_private *p, const weft_ice_candidate *c) {
  weft_webrtc_enter(p->c, p->now);
  (void)weft_ice_add_remote(p->c->ice, c, p->now); /* no memory for one: others may do */
  weft_webrtc_leave(p->c);
}

void weft_private_no_more_candidates(weft_private *p) {
  weft_webrtc_enter(p->c, p->now);
  (void)weft_ice_end_of_candidates(p->c->ice, p->now);
  weft_webrtc_leave(p->c);
}

/* The offerer closes the signaling stream first, so it must know that the answerer needs it no more. */
bool weft_private_is_up(const weft_private *p) {
  return p->c && p->c->stage == WEFT_WEBRTC_READY && (!p->cfg.offerer || p->c->init_acked);
}

const char *weft_private_slow(const weft_private *p, const char **step) {
  *step = "signaling";
  if (p->stage <= WEFT_PRIVATE_WAITING)
    return p->cfg.offerer ? "no answer on the signaling stream within the time for the set-up"
                          : "no offer on the signaling stream within the time for the set-up";
  *step = "checks";
  if (p->c->stage <= WEFT_WEBRTC_ICE)
    return "no direct path to the peer within the time for the set-up: NATs on both sides may forbid one";
  *step = "handshake";
  if (p->c->stage == WEFT_WEBRTC_DTLS) return "the DTLS handshake did not end within the time for the set-up";
  return "the SCTP association was not up on both sides within the time for the set-up";
}

const char *weft_private_local_ufrag(const weft_private *p) { return p->c ? weft_ice_local_ufrag(p->c->ice) : ""; }

weft_webrtc *weft_private_take(weft_private *p, const weft_webrtc_callbacks *cb, void *user) {
  weft_webrtc *c = p->c;
  if (p->stage != WEFT_PRIVATE_CONNECTED || p->ending || !cb || !cb->output || !cb->event) return NULL;
  weft_sized_copy(&c->cb, sizeof c->cb, cb);
  c->user = user;
  c->cfg.keylog = p->cfg.webrtc.keylog;
  c->setup.watch = NULL;
  c->setup.held = false;
  c->events |= WEFT_WEBRTC_TELL_READY;
  p->c = NULL;
  p->stage = WEFT_PRIVATE_TAKEN;
  return c;
}
