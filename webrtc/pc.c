/* The peer connection: its life, entries and exits. */
#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "webrtc/webrtc_int.h"

/* ---- making ---- */

static void init_lists(weft_webrtc *c) {
  weft_list_init(&c->telling);
  weft_list_init(&c->touched);
  weft_list_init(&c->blocked);
  weft_list_init(&c->timed);
  weft_list_init(&c->node);
  weft_list_init(&c->stuck_node);
  weft_list_init(&c->routes);
}

static void init_stats(weft_webrtc_stats *s) {
  s->rtt = s->started_at = s->ice_at = s->dtls_at = s->sctp_at = s->noise_at = WEFT_NEVER;
}

/* Every layer of this connection traces through here, so that the hook knows whose unit it is. */
static void traced(void *user, const weft_trace *t) {
  const weft_webrtc *c = user;
  weft_trace mine = *t;
  mine.conn = c;
  c->trace_to.fn(c->trace_to.user, &mine);
}

/* What the configuration points to and is the caller's. */
static void copy_borrowed(weft_webrtc *c, const weft_webrtc_setup *setup) {
  if (c->cfg.expected_peer_len > 0) memcpy(c->expected_peer, c->cfg.expected_peer, c->cfg.expected_peer_len);
  if (setup->pins_len > 0) memcpy(c->pins, setup->pins, setup->pins_len * WEFT_DTLS_FINGERPRINT_LEN);
  c->cfg.expected_peer = c->cfg.certhash = NULL;
  c->cfg.alloc = &c->alloc;
  c->setup.pins = c->pins;
}

int weft_webrtc_new(weft_webrtc **out, const weft_webrtc_config *full, const weft_webrtc_setup *setup,
                    const weft_webrtc_callbacks *cb, void *user) {
  *out = NULL;
  if (setup->pins_len > WEFT_WEBRTC_PINS_MAX) return WEFT_EINVAL;
  weft_webrtc *c = weft_mem_new(full->alloc, sizeof *c);
  if (!c) return WEFT_ENOMEM;
  c->cfg = *full;
  c->setup = *setup;
  c->alloc = *weft_alloc_or_libc(full->alloc);
  copy_borrowed(c, setup);
  c->trace_to = c->cfg.trace;
  if (c->trace_to.fn) c->cfg.trace = (weft_tracer){traced, c};
  weft_sized_copy(&c->cb, sizeof c->cb, cb);
  assert(c->cb.output && c->cb.event);
  c->user = user;
  c->setup_at = c->speak_at = c->due = c->stalled_at = WEFT_NEVER;
  c->heap_at = SIZE_MAX;
  init_lists(c);
  init_stats(&c->stats);
  weft_webrtc_deframer_init(&c->rx0, &c->alloc);
  int rc = weft_webrtc_make_ice(c);
  c->setup.ufrag = c->setup.pwd = NULL;
  if (rc == WEFT_OK)
    *out = c;
  else
    weft_webrtc_free(c);
  return rc;
}

static void destroy(weft_webrtc *c) {
  weft_alloc alloc = c->alloc;
  if (c->listener) weft_webrtc_listener_forget(c);
  weft_webrtc_streams_free(c);
  weft_webrtc_free_layers(c);
  weft_webrtc_deframer_free(&c->rx0);
  weft_mem_free(&alloc, c->resets, c->resets_cap * sizeof *c->resets);
  weft_wipe(c, sizeof *c);
  weft_mem_free(&alloc, c, sizeof *c);
}

void weft_webrtc_free(weft_webrtc *c) {
  if (!c) return;
  if (c->q.depth > 0)
    c->q.free_pending = true;
  else
    destroy(c);
}

/* ---- entry and exit ---- */

bool weft_webrtc_alive(const weft_webrtc *c) { return !c->ending && !c->q.free_pending; }

void weft_webrtc_enter(weft_webrtc *c, weft_time now) {
  if (c->listener) weft_webrtc_listener_enter(c->listener);
  c->now = weft_time_max(c->now, now);
  weft_evq_enter(&c->q);
}

static bool unsettled(const weft_webrtc *c) {
  return (c->ending && !c->ended) || c->resets_len > 0 || c->dc_writable || !weft_list_empty(&c->touched) ||
         weft_webrtc_has_pending(c);
}

/* Nothing beneath is in the middle of a call here: what the flags ask for is done and told, until nothing is left. */
static void settle(weft_webrtc *c) {
  do {
    weft_webrtc_run_deferred(c);
    weft_webrtc_secure_run(c);
    weft_webrtc_streams_run(c);
    if (c->sctp && !c->ended && !c->q.free_pending) weft_sctp_release(c->sctp, c->now);
    weft_webrtc_end(c);
    if (c->sctp && !c->ended) weft_sctp_hold(c->sctp); /* what the application says in its events shares packets */
    weft_webrtc_tell_pending(c);
  } while (!c->q.free_pending && unsettled(c));
  if (c->sctp && !c->ended && !c->q.free_pending) weft_sctp_release(c->sctp, c->now);
}

static weft_time layers_deadline(const weft_webrtc *c) {
  weft_time at = weft_ice_deadline(c->ice);
  if (c->dtls) at = weft_time_min(at, weft_dtls_deadline(c->dtls));
  if (c->sctp) at = weft_time_min(at, weft_sctp_deadline(c->sctp));
  if (c->dc) at = weft_time_min(at, weft_datachannel_deadline(c->dc));
  if (c->noise) at = weft_time_min(at, weft_noise_deadline(c->noise));
  return at;
}

weft_time weft_webrtc_deadline(const weft_webrtc *c) {
  if (c->ending) return WEFT_NEVER;
  if (weft_webrtc_has_pending(c)) return c->now; /* it was handed over, and READY is still to be told: private.c */
  weft_time at = weft_time_min(layers_deadline(c), weft_time_min(c->setup_at, c->speak_at));
  return weft_time_min(at, weft_time_min(weft_webrtc_streams_deadline(c), weft_webrtc_stall_deadline(c)));
}

void weft_webrtc_leave(weft_webrtc *c) {
  weft_webrtc_listener *l = c->listener;
  bool outermost = weft_evq_outermost(&c->q);
  if (outermost) settle(c);
  if (weft_evq_leave(&c->q))
    destroy(c);
  else if (outermost && l)
    weft_webrtc_listener_rescheduled(c, weft_webrtc_deadline(c));
  if (l) weft_webrtc_listener_leave(l);
}

/* ---- small things the other files need ---- */

static void trace(const weft_webrtc *c, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len) {
  if (!c->cfg.trace.fn) return;
  weft_trace t = {.kind = kind, .layer = "webrtc", .text = text, .data = data, .len = len, .now = c->now};
  c->cfg.trace.fn(c->cfg.trace.user, &t);
}

void weft_webrtc_trace_datagram(const weft_webrtc *c, weft_trace_kind kind, const weft_addr *local,
                                const weft_addr *remote, const uint8_t *data, size_t len) {
  if (!c->cfg.trace.fn) return;
  weft_trace t = {.kind = kind, .layer = "webrtc", .data = data, .len = len, .now = c->now};
  t.local = local;
  t.remote = remote;
  c->cfg.trace.fn(c->cfg.trace.user, &t);
}

void weft_webrtc_trace_frame(const weft_webrtc *c, weft_trace_kind kind, uint16_t id, const weft_webrtc_frame *f) {
  static const char *const names[] = {"FIN", "STOP_SENDING", "RESET", "FIN_ACK"};
  if (!c->cfg.trace.fn) return;
  weft_trace t = {.kind = kind, .layer = "stream", .data = f->message, .len = f->len, .now = c->now};
  t.stream = id;
  if (f->flag >= 0) t.text = f->flag < (int)WEFT_ARRAY_LEN(names) ? names[f->flag] : "unknown";
  c->cfg.trace.fn(c->cfg.trace.user, &t);
}

void weft_webrtc_drop(weft_webrtc *c, uint64_t *counter, const char *name, const uint8_t *data, size_t len) {
  ++*counter;
  trace(c, WEFT_TRACE_DROP, name, data, len);
}

void weft_webrtc_set_stage(weft_webrtc *c, weft_webrtc_stage to) {
  static const char *const names[] = {"NEW", "ICE", "DTLS", "SCTP", "NOISE", "READY", "ENDED"};
  assert(to > c->stage);
  c->stage = to;
  trace(c, WEFT_TRACE_STATE, names[to], NULL, 0);
}

void weft_webrtc_begin(weft_webrtc *c) {
  weft_webrtc_set_stage(c, WEFT_WEBRTC_ICE);
  c->stats.started_at = c->now;
  c->setup_at = weft_time_add(c->now, c->setup.setup_limit);
}

int weft_webrtc_output(weft_webrtc *c, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                       size_t len) {
  int rc = c->cb.output(c->user, local, remote, data, len, c->now);
  if (rc != WEFT_OK) {
    c->stuck = true;
    return WEFT_EAGAIN;
  }
  weft_webrtc_trace_datagram(c, WEFT_TRACE_OUT, local, remote, data, len);
  c->stats.datagrams_out++;
  c->stats.bytes_out += len;
  if (c->listener) weft_webrtc_listener_sent(c->listener, len);
  return WEFT_OK;
}

/* ---- input and time ---- */

/* RFC 7983 section 7: 0 to 3 STUN, 20 to 63 DTLS; nothing else is spoken here. */
static bool ours(const uint8_t *data, size_t len) {
  return len > 0 && (data[0] <= 3 || (data[0] >= 20 && data[0] <= 63));
}

void weft_webrtc_take_datagram(weft_webrtc *c, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                               size_t len) {
  c->stats.datagrams_in++;
  c->stats.bytes_in += len;
  if (!ours(data, len))
    weft_webrtc_drop(c, &c->stats.drop_demux, "drop_demux", data, len);
  else if (weft_webrtc_alive(c) && c->stage != WEFT_WEBRTC_NEW)
    (void)weft_ice_input(c->ice, local, remote, data, len, c->now);
}

int weft_webrtc_input(weft_webrtc *c, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                      weft_time now) {
  if (c->listener || c->ended) return c->listener ? WEFT_ESTATE : WEFT_OK;
  weft_webrtc_enter(c, now);
  weft_webrtc_trace_datagram(c, WEFT_TRACE_IN, local, remote, data, len);
  weft_webrtc_take_datagram(c, local, remote, data, len);
  weft_webrtc_leave(c);
  return WEFT_OK;
}

static void tick_layers(weft_webrtc *c) {
  weft_ice_tick(c->ice, c->now);
  if (c->dtls && weft_webrtc_alive(c)) weft_dtls_tick(c->dtls, c->now);
  if (c->sctp && weft_webrtc_alive(c)) weft_sctp_tick(c->sctp, c->now);
  if (c->dc && weft_webrtc_alive(c)) weft_datachannel_tick(c->dc, c->now);
  if (c->noise && weft_webrtc_alive(c)) weft_noise_tick(c->noise, c->now);
}

static void touch_timed(weft_webrtc *c) {
  for (weft_list *n = c->timed.next; n != &c->timed; n = n->next)
    weft_webrtc_stream_touch(c, WEFT_LIST_ITEM(n, weft_webrtc_stream, timed));
}

int weft_webrtc_tick(weft_webrtc *c, weft_time now) {
  if (c->ended) return WEFT_OK;
  weft_webrtc_enter(c, now);
  c->stuck = false;
  if (weft_webrtc_alive(c)) tick_layers(c);
  if (weft_webrtc_alive(c) && weft_time_due(c->speak_at, c->now)) weft_webrtc_secure_speak(c);
  if (weft_webrtc_alive(c) && weft_time_due(c->setup_at, c->now)) weft_webrtc_setup_timeout(c);
  touch_timed(c);
  weft_webrtc_stall_run(c);
  weft_webrtc_leave(c);
  return WEFT_OK;
}

/* ---- what the application asks ---- */

void weft_webrtc_set_data(weft_webrtc *c, void *data) { c->data = data; }
void *weft_webrtc_get_data(const weft_webrtc *c) { return c->data; }

const uint8_t *weft_webrtc_peer_id(const weft_webrtc *c, size_t *len) {
  *len = c->peer_id_len;
  return c->peer_id_len > 0 ? c->peer_id : NULL;
}

int weft_webrtc_get_path(const weft_webrtc *c, weft_addr *local, weft_addr *remote) {
  if (!c->has_path) return WEFT_ESTATE;
  *local = c->local;
  *remote = c->remote;
  return WEFT_OK;
}

void weft_webrtc_set_quirks(weft_webrtc *c, weft_webrtc_quirks q) {
  c->quirks = q;
  for (size_t i = 0; i < c->table_len; i++) weft_webrtc_stream_touch(c, c->table[i]);
  weft_webrtc_enter(c, c->now);
  weft_webrtc_leave(c);
}

static weft_time smoothed_rtt(const weft_webrtc *c, const weft_ice_stats *ice) {
  if (c->sctp) {
    weft_sctp_stats s = {.size = sizeof s};
    weft_sctp_get_stats(c->sctp, &s);
    if (s.srtt != 0 && s.srtt != WEFT_NEVER) return s.srtt;
  }
  return ice->rtt;
}

void weft_webrtc_get_stats(const weft_webrtc *c, weft_webrtc_stats *s) {
  weft_ice_stats ice = {.size = sizeof ice};
  weft_webrtc_stats full = c->stats;
  size_t size = s->size;
  weft_ice_get_stats(c->ice, &ice);
  full.size = sizeof full;
  full.drop_unvalidated += ice.drop_unvalidated;
  full.rtt = smoothed_rtt(c, &ice);
  weft_sized_copy(s, size, &full);
}
