#include <string.h>

#include "base/mem.h"
#include "libp2p/upgrade_int.h"

/* What Noise may keep for the output: two batches of Yamux. */
enum { NOISE_SEND_LIMIT = 128 * 1024 };

static const char *const security_protocols[] = {WEFT_UPGRADE_NOISE};
static const char *const muxer_protocols[] = {WEFT_UPGRADE_YAMUX};

static const char *select_step(const weft_upgrade *u) {
  return u->state == WEFT_UPGRADE_STATE_SECURITY ? "security" : "muxer";
}

/* ---- output ---------------------------------------------------------------------------------------------------- */

static ptrdiff_t raw_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  weft_upgrade *u = user;
  if (u->q.free_pending) return 0;
  ptrdiff_t took = u->cb.output(u->user, data, len, now);
  if (took > 0) weft_upgrade_traced(u, WEFT_TRACE_OUT, NULL, data, (size_t)took);
  return took;
}

static ptrdiff_t plain_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  weft_upgrade *u = user;
  return u->noise ? weft_noise_send(u->noise, data, len, now) : raw_output(u, data, len, now);
}

/* ---- multistream ----------------------------------------------------------------------------------------------- */

static void select_event(void *user, const weft_multistream_event *ev, weft_time now) {
  weft_upgrade *u = user;
  (void)now;
  if (ev->type == WEFT_MULTISTREAM_EVENT_SELECTED) u->selected = true;
  if (ev->type != WEFT_MULTISTREAM_EVENT_CLOSED || u->state == WEFT_UPGRADE_STATE_CLOSED) return;
  weft_upgrade_set_reason(u, &ev->closed, select_step(u));
  weft_upgrade_end(u);
}

static void begin_select(weft_upgrade *u, weft_upgrade_state state) {
  bool security = state == WEFT_UPGRADE_STATE_SECURITY;
  weft_multistream_callbacks cb = {sizeof cb, security ? raw_output : plain_output, select_event};
  weft_multistream_config c;
  weft_multistream_config_default(&c);
  c.alloc = &u->alloc;
  c.dialer = u->cfg.dialer;
  c.protocols = security ? security_protocols : muxer_protocols;
  c.protocols_len = 1;
  c.limit = u->cfg.limit;
  weft_upgrade_set_state(u, state);
  u->early.limit = security ? WEFT_UPGRADE_EARLY_STRANGER : WEFT_UPGRADE_EARLY_PEER;
  int rc = weft_multistream_new(&u->select, &c, &cb, u);
  if (rc != WEFT_OK)
    weft_upgrade_fail(u, "multistream", select_step(u), rc, "no memory for a negotiation");
  else
    weft_multistream_start(u->select, u->now);
}

void weft_upgrade_begin(weft_upgrade *u) {
  begin_select(u, u->cfg.secured ? WEFT_UPGRADE_STATE_MUXER : WEFT_UPGRADE_STATE_SECURITY);
}

/* ---- yamux ----------------------------------------------------------------------------------------------------- */

/* Noise has no goodbye of its own: it is closed when Yamux's is handed out. */
static void muxer_closed(weft_upgrade *u, const weft_closed *c) {
  if (u->state != WEFT_UPGRADE_STATE_MUXED) return;
  weft_upgrade_set_reason(u, c, NULL);
  if (!u->noise || u->broken) {
    weft_upgrade_end(u);
    return;
  }
  weft_upgrade_set_state(u, WEFT_UPGRADE_STATE_CLOSING);
  weft_noise_close(u->noise, c->who == WEFT_WHO_SELF ? WEFT_OK : WEFT_ECLOSED, u->now);
}

static void muxer_event(void *user, const weft_yamux_event *ev, weft_time now) {
  weft_upgrade *u = user;
  (void)now;
  if (ev->type == WEFT_YAMUX_EVENT_CLOSED) muxer_closed(u, &ev->closed);
  if (ev->type != WEFT_YAMUX_EVENT_STREAM) return;
  weft_upgrade_event out = {.type = WEFT_UPGRADE_EVENT_STREAM, .stream = ev->stream};
  weft_upgrade_raise(u, &out);
}

static int make_yamux(weft_upgrade *u) {
  weft_yamux_callbacks cb = {sizeof cb, plain_output, muxer_event};
  weft_yamux_config c;
  weft_yamux_config_default(&c);
  c.alloc = &u->alloc;
  c.trace = u->cfg.trace;
  c.client = u->cfg.dialer;
  c.max_streams_in = u->cfg.max_streams;
  c.auto_consume = u->cfg.auto_consume;
  if (u->cfg.window_max > 0) c.window_max = u->cfg.window_max;
  if (u->cfg.send_limit > 0) c.send_limit = u->cfg.send_limit;
  return weft_yamux_new(&u->yamux, &c, &cb, u);
}

static void begin_yamux(weft_upgrade *u) {
  int rc = make_yamux(u);
  if (rc != WEFT_OK) {
    weft_upgrade_fail(u, "yamux", "memory", rc, "no memory for a session");
    return;
  }
  weft_upgrade_set_state(u, WEFT_UPGRADE_STATE_MUXED);
  u->limit_at = WEFT_NEVER;
  weft_yamux_start(u->yamux, u->now);
  if (u->state != WEFT_UPGRADE_STATE_MUXED) return;
  weft_upgrade_event ev = {.type = WEFT_UPGRADE_EVENT_READY};
  ev.peer_id = u->peer_id_len > 0 ? u->peer_id : NULL;
  ev.peer_id_len = u->peer_id_len;
  weft_upgrade_raise(u, &ev);
}

/* ---- noise ----------------------------------------------------------------------------------------------------- */

static bool lists_yamux(const weft_noise_event *ev) {
  for (size_t i = 0; i < ev->muxers_len; i++)
    if (strcmp(ev->muxers[i], WEFT_UPGRADE_YAMUX) == 0) return true;
  return false;
}

/* Ours was sent with the handshake; when the peer's names it too, both know (libp2p noise, "stream_muxers"). */
static void proven(weft_upgrade *u, const weft_noise_event *ev) {
  bool muxer = lists_yamux(ev);
  memcpy(u->peer_id, ev->peer_id, ev->peer_id_len);
  u->peer_id_len = ev->peer_id_len;
  weft_upgrade_event out = {.type = WEFT_UPGRADE_EVENT_SECURED, .peer_id = u->peer_id, .peer_id_len = u->peer_id_len};
  weft_upgrade_raise(u, &out);
  if (!weft_upgrade_alive(u)) return;
  if (muxer)
    begin_yamux(u);
  else
    begin_select(u, WEFT_UPGRADE_STATE_MUXER);
}

static void noise_closed(weft_upgrade *u, const weft_noise_event *ev) {
  if (u->state == WEFT_UPGRADE_STATE_CLOSED) return;
  if (ev->peer_id_len > 0) {
    memcpy(u->peer_id, ev->peer_id, ev->peer_id_len);
    u->peer_id_len = ev->peer_id_len;
  }
  weft_upgrade_set_reason(u, &ev->closed, NULL);
  if (u->state == WEFT_UPGRADE_STATE_MUXED)
    u->broken = true;
  else
    weft_upgrade_end(u);
}

static void noise_event(void *user, const weft_noise_event *ev, weft_time now) {
  weft_upgrade *u = user;
  (void)now;
  if (u->q.free_pending) return;
  switch (ev->type) {
  case WEFT_NOISE_EVENT_SECURED: proven(u, ev); break;
  case WEFT_NOISE_EVENT_DATA: weft_upgrade_plain(u, ev->data, ev->len); break;
  case WEFT_NOISE_EVENT_REMOTE_CLOSED: weft_upgrade_plain_end(u); break;
  case WEFT_NOISE_EVENT_WRITABLE: u->noise_writable = true; break;
  case WEFT_NOISE_EVENT_CLOSED: noise_closed(u, ev); break;
  }
}

static int make_noise(weft_upgrade *u) {
  weft_noise_callbacks cb = {sizeof cb, raw_output, noise_event};
  weft_noise_config c;
  weft_noise_config_default(&c);
  c.rng = u->cfg.rng;
  c.alloc = &u->alloc;
  c.trace = u->cfg.trace;
  c.initiator = u->cfg.dialer;
  c.identity = u->cfg.identity;
  c.expected_peer = u->cfg.expected_peer;
  c.expected_peer_len = u->cfg.expected_peer_len;
  c.muxers = muxer_protocols;
  c.muxers_len = 1;
  c.send_limit = NOISE_SEND_LIMIT;
  c.handshake_limit = u->cfg.limit;
  return weft_noise_new(&u->noise, &c, &cb, u);
}

static void begin_noise(weft_upgrade *u) {
  weft_upgrade_set_state(u, WEFT_UPGRADE_STATE_NOISE);
  int rc = make_noise(u);
  if (rc != WEFT_OK)
    weft_upgrade_fail(u, "noise", "handshake", rc, "no handshake could be begun");
  else
    weft_noise_start(u->noise, u->now);
}

/* ---- bytes ----------------------------------------------------------------------------------------------------- */

/* Bytes that are not for `select` any more, while its answer is still on its way out. */
static void hold(weft_upgrade *u, const uint8_t *data, size_t len) {
  int rc = weft_buf_append(&u->early, data, len);
  if (rc == WEFT_ETOOBIG)
    weft_upgrade_fail(u, "multistream", select_step(u), WEFT_ELIMIT, "the peer goes on without reading our answer");
  else if (rc != WEFT_OK)
    weft_upgrade_fail(u, "multistream", select_step(u), rc, "no memory for early bytes");
}

/* What `select` does not take goes behind what is held already. */
static void negotiate(weft_upgrade *u, const uint8_t *data, size_t len) {
  ptrdiff_t n = weft_multistream_input(u->select, data, len, u->now);
  size_t used = n < 0 ? len : (size_t)n;
  if (u->selected) weft_upgrade_advance(u);
  if (used == len || !weft_upgrade_alive(u)) return;
  if (u->select)
    hold(u, data + used, len - used);
  else if (u->state == WEFT_UPGRADE_STATE_NOISE)
    weft_upgrade_bytes(u, data + used, len - used);
  else
    weft_upgrade_plain(u, data + used, len - used);
}

void weft_upgrade_bytes(weft_upgrade *u, const uint8_t *data, size_t len) {
  if (u->state == WEFT_UPGRADE_STATE_SECURITY)
    negotiate(u, data, len);
  else if (u->noise)
    weft_noise_input(u->noise, data, len, u->now);
  else
    weft_upgrade_plain(u, data, len);
}

void weft_upgrade_plain(weft_upgrade *u, const uint8_t *data, size_t len) {
  if (u->state == WEFT_UPGRADE_STATE_MUXER)
    negotiate(u, data, len);
  else if (u->state == WEFT_UPGRADE_STATE_MUXED)
    weft_yamux_input(u->yamux, data, len, u->now);
}

void weft_upgrade_plain_end(weft_upgrade *u) {
  u->plain_ended = true;
  if (u->state == WEFT_UPGRADE_STATE_MUXER)
    weft_multistream_input_end(u->select, u->now);
  else if (u->state == WEFT_UPGRADE_STATE_MUXED)
    weft_yamux_input_end(u->yamux, u->now);
}

/* ---- from one step to the next --------------------------------------------------------------------------------- */

/* Moved out first: the next step may hold bytes back too. */
static void feed_early(weft_upgrade *u, bool security) {
  weft_buf b = u->early;
  weft_buf_init(&u->early, &u->alloc, b.limit);
  if (weft_buf_len(&b) > 0 && weft_upgrade_alive(u)) {
    if (security)
      weft_upgrade_bytes(u, weft_buf_data(&b), weft_buf_len(&b));
    else
      weft_upgrade_plain(u, weft_buf_data(&b), weft_buf_len(&b));
  }
  weft_buf_free(&b);
}

void weft_upgrade_advance(weft_upgrade *u) {
  bool security = u->state == WEFT_UPGRADE_STATE_SECURITY;
  u->selected = false;
  weft_multistream_free(u->select);
  u->select = NULL;
  if (security)
    begin_noise(u);
  else
    begin_yamux(u);
  feed_early(u, security);
  if (!weft_upgrade_alive(u)) return;
  if (security && u->input_ended)
    weft_noise_input_end(u->noise, u->now);
  else if (!security && u->plain_ended)
    weft_upgrade_plain_end(u);
}
