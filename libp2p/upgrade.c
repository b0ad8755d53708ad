#include "libp2p/upgrade.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/timer.h"
#include "libp2p/upgrade_int.h"

void weft_upgrade_config_init(weft_upgrade_config *c, size_t size) {
  weft_upgrade_config d = {.size = sizeof d, .limit = WEFT_SEC(10), .max_streams = 1000, .auto_consume = true};
  weft_sized_copy(c, size, &d);
}

/* ---- making ---------------------------------------------------------------------------------------------------- */

static bool valid(const weft_upgrade_config *c) {
  if (c->limit == 0 || c->expected_peer_len > WEFT_PEER_ID_MAX) return false;
  return c->secured || (c->identity && c->rng.fill);
}

/* Every layer inside traces through here, so that the hook knows whose unit it is. */
static void traced(void *user, const weft_trace *t) {
  const weft_upgrade *u = user;
  weft_trace mine = *t;
  mine.conn = u;
  u->trace_to.fn(u->trace_to.user, &mine);
}

int weft_upgrade_new(weft_upgrade **out, const weft_upgrade_config *cfg, const weft_upgrade_callbacks *cb, void *user) {
  weft_upgrade_config c;
  weft_upgrade_config_default(&c);
  weft_sized_copy(&c, sizeof c, cfg);
  if (!valid(&c)) return WEFT_EINVAL;
  weft_upgrade *u = weft_mem_new(c.alloc, sizeof *u);
  if (!u) return WEFT_ENOMEM;
  u->cfg = c;
  u->alloc = *weft_alloc_or_libc(c.alloc);
  weft_sized_copy(&u->cb, sizeof u->cb, cb);
  assert(u->cb.output && u->cb.event);
  u->user = user;
  if (c.expected_peer_len > 0) memcpy(u->expected_peer, c.expected_peer, c.expected_peer_len);
  u->cfg.expected_peer = c.expected_peer_len > 0 ? u->expected_peer : NULL;
  u->trace_to = c.trace;
  if (c.trace.fn) u->cfg.trace = (weft_tracer){traced, u};
  u->limit_at = WEFT_NEVER;
  weft_buf_init(&u->early, &u->alloc, WEFT_UPGRADE_EARLY_STRANGER);
  *out = u;
  return WEFT_OK;
}

static void destroy(weft_upgrade *u) {
  weft_alloc alloc = u->alloc;
  weft_multistream_free(u->select);
  weft_yamux_free(u->yamux);
  weft_noise_free(u->noise);
  weft_buf_free(&u->early);
  weft_mem_free(&alloc, u, sizeof *u);
}

void weft_upgrade_free(weft_upgrade *u) {
  if (!u) return;
  if (u->q.depth > 0)
    u->q.free_pending = true;
  else
    destroy(u);
}

/* ---- entry and exit -------------------------------------------------------------------------------------------- */

void weft_upgrade_enter(weft_upgrade *u, weft_time now) {
  u->now = weft_time_max(u->now, now);
  weft_evq_enter(&u->q);
}

bool weft_upgrade_alive(const weft_upgrade *u) {
  return u->state != WEFT_UPGRADE_STATE_NEW && u->state != WEFT_UPGRADE_STATE_CLOSED && !u->q.free_pending;
}

void weft_upgrade_traced(const weft_upgrade *u, weft_trace_kind kind, const char *text, const uint8_t *data,
                         size_t len) {
  if (!u->cfg.trace.fn) return;
  weft_trace t = {.kind = kind, .layer = "upgrade", .text = text, .data = data, .len = len, .now = u->now};
  u->cfg.trace.fn(u->cfg.trace.user, &t);
}

void weft_upgrade_set_state(weft_upgrade *u, weft_upgrade_state to) {
  static const char *const names[] = {"NEW", "SECURITY", "NOISE", "MUXER", "READY", "CLOSING", "ENDED"};
  u->state = to;
  weft_upgrade_traced(u, WEFT_TRACE_STATE, names[to], NULL, 0);
}

void weft_upgrade_raise(weft_upgrade *u, const weft_upgrade_event *ev) {
  if (!u->q.free_pending) u->cb.event(u->user, ev, u->now);
}

static void offer_again(weft_upgrade *u) {
  u->noise_writable = false;
  if (u->select && weft_upgrade_alive(u)) {
    weft_multistream_tick(u->select, u->now);
    if (u->selected) weft_upgrade_advance(u);
  } else if (u->state == WEFT_UPGRADE_STATE_MUXED) {
    weft_yamux_tick(u->yamux, u->now);
  }
}

/* The streams end before the connection does. */
static void tell_yamux(weft_upgrade *u) {
  u->broken = false;
  weft_yamux_input_end(u->yamux, u->now);
  weft_yamux_tick(u->yamux, u->now); /* closing already: it finds that its output is gone */
  if (weft_upgrade_alive(u)) weft_upgrade_end(u);
}

static void tell_closed(weft_upgrade *u) {
  u->tell_closed = false;
  weft_upgrade_event ev = {.type = WEFT_UPGRADE_EVENT_CLOSED, .closed = u->closed};
  ev.peer_id = u->peer_id_len > 0 ? u->peer_id : NULL;
  ev.peer_id_len = u->peer_id_len;
  weft_upgrade_raise(u, &ev);
}

void weft_upgrade_leave(weft_upgrade *u) {
  while (weft_evq_outermost(&u->q) && !u->q.free_pending) {
    if (u->broken && weft_upgrade_alive(u))
      tell_yamux(u);
    else if (u->noise_writable)
      offer_again(u);
    else if (u->tell_closed)
      tell_closed(u);
    else
      break;
  }
  if (weft_evq_leave(&u->q)) destroy(u);
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

void weft_upgrade_set_reason(weft_upgrade *u, const weft_closed *c, const char *step) {
  if (u->closed.who != 0) return;
  u->closed = *c;
  if (step) u->closed.step = step;
  strncpy(u->closed_text, c->text, sizeof u->closed_text - 1);
  u->closed.text = u->closed_text;
}

void weft_upgrade_end(weft_upgrade *u) {
  weft_upgrade_set_state(u, WEFT_UPGRADE_STATE_CLOSED);
  u->limit_at = WEFT_NEVER;
  u->noise_writable = false;
  u->tell_closed = true;
}

void weft_upgrade_fail(weft_upgrade *u, const char *layer, const char *step, int code, const char *text) {
  weft_closed c = {.who = code == WEFT_ETIMEDOUT ? WEFT_WHO_TIMEOUT
                          : code == WEFT_ELIMIT  ? WEFT_WHO_PEER
                                                 : WEFT_WHO_SELF,
                   .layer = layer,
                   .step = step,
                   .code = code,
                   .text = text};
  if (u->state == WEFT_UPGRADE_STATE_CLOSED) return;
  weft_upgrade_set_reason(u, &c, NULL);
  weft_upgrade_end(u);
}

static const char *layer_of(weft_upgrade_state s) {
  if (s == WEFT_UPGRADE_STATE_NOISE) return "noise";
  return s < WEFT_UPGRADE_STATE_MUXED ? "multistream" : "yamux";
}

static const char *step_of(weft_upgrade_state s) {
  if (s == WEFT_UPGRADE_STATE_NOISE) return "handshake";
  return s == WEFT_UPGRADE_STATE_MUXER ? "muxer" : "security";
}

int weft_upgrade_close(weft_upgrade *u, int code, weft_time now) {
  if (u->state == WEFT_UPGRADE_STATE_CLOSING || u->state == WEFT_UPGRADE_STATE_CLOSED) return WEFT_ECLOSED;
  int rc = WEFT_OK;
  weft_upgrade_enter(u, now);
  if (u->state == WEFT_UPGRADE_STATE_MUXED) {
    rc = weft_yamux_close(u->yamux, code, u->now);
  } else {
    weft_closed c = {.who = WEFT_WHO_SELF,
                     .layer = layer_of(u->state),
                     .step = "close",
                     .code = code,
                     .text = "closed here, before the connection was ready"};
    weft_upgrade_set_reason(u, &c, NULL);
    weft_upgrade_end(u);
  }
  weft_upgrade_leave(u);
  return rc;
}

/* ---- entry points ---------------------------------------------------------------------------------------------- */

int weft_upgrade_start(weft_upgrade *u, weft_time now) {
  if (u->state != WEFT_UPGRADE_STATE_NEW) return WEFT_ESTATE;
  weft_upgrade_enter(u, now);
  u->limit_at = weft_time_add(u->now, u->cfg.limit);
  weft_upgrade_begin(u);
  weft_upgrade_leave(u);
  return WEFT_OK;
}

int weft_upgrade_input(weft_upgrade *u, const uint8_t *data, size_t len, weft_time now) {
  if (u->state == WEFT_UPGRADE_STATE_CLOSING) return WEFT_OK; /* nobody wants it any more */
  if (!weft_upgrade_alive(u) || u->input_ended) return WEFT_ESTATE;
  weft_upgrade_enter(u, now);
  weft_upgrade_traced(u, WEFT_TRACE_IN, NULL, data, len);
  weft_upgrade_bytes(u, data, len);
  int rc = u->state == WEFT_UPGRADE_STATE_CLOSED && u->closed.code == WEFT_ENOMEM ? WEFT_ENOMEM : WEFT_OK;
  weft_upgrade_leave(u);
  return rc;
}

int weft_upgrade_input_end(weft_upgrade *u, weft_time now) {
  if (u->state == WEFT_UPGRADE_STATE_CLOSING) return WEFT_OK;
  if (!weft_upgrade_alive(u) || u->input_ended) return WEFT_ESTATE;
  weft_upgrade_enter(u, now);
  weft_upgrade_traced(u, WEFT_TRACE_IN, "FIN", NULL, 0);
  u->input_ended = true;
  if (u->state == WEFT_UPGRADE_STATE_SECURITY)
    weft_multistream_input_end(u->select, u->now);
  else if (u->noise)
    weft_noise_input_end(u->noise, u->now);
  else
    weft_upgrade_plain_end(u);
  weft_upgrade_leave(u);
  return WEFT_OK;
}

static void tick(weft_upgrade *u) {
  if (u->select) weft_multistream_tick(u->select, u->now);
  if (u->selected) weft_upgrade_advance(u);
  if (u->noise && weft_upgrade_alive(u)) weft_noise_tick(u->noise, u->now);
  if (u->state == WEFT_UPGRADE_STATE_MUXED && weft_upgrade_alive(u)) weft_yamux_tick(u->yamux, u->now);
  if (u->state < WEFT_UPGRADE_STATE_MUXED && weft_time_due(u->limit_at, u->now))
    weft_upgrade_fail(u, layer_of(u->state), step_of(u->state), WEFT_ETIMEDOUT,
                      "the peer did not finish setting up the connection in time");
}

int weft_upgrade_tick(weft_upgrade *u, weft_time now) {
  weft_upgrade_enter(u, now);
  if (weft_upgrade_alive(u)) tick(u);
  weft_upgrade_leave(u);
  return WEFT_OK;
}

weft_time weft_upgrade_deadline(const weft_upgrade *u) {
  if (u->state == WEFT_UPGRADE_STATE_NEW || u->state == WEFT_UPGRADE_STATE_CLOSED) return WEFT_NEVER;
  weft_time at = u->limit_at;
  if (u->select) at = weft_time_min(at, weft_multistream_deadline(u->select));
  if (u->noise) at = weft_time_min(at, weft_noise_deadline(u->noise));
  if (u->yamux) at = weft_time_min(at, weft_yamux_deadline(u->yamux));
  return at;
}
