/* The trampolines: what one layer hands out goes into the next. */
#include <string.h>

#include "webrtc/webrtc_int.h"

enum { IN = 0, DONE = 1, REFUSED = 2 /* of c->resets */ };

/* ---- data channels ---- */

static int dc_output(void *user, const weft_datachannel_out *o, const uint8_t *data, size_t len, weft_time now) {
  weft_webrtc *c = user;
  weft_sctp_message m = {.stream = o->stream,
                         .ppid = o->ppid,
                         .unordered = o->unordered,
                         .limit_retransmits = o->limit_retransmits,
                         .max_retransmits = o->max_retransmits,
                         .lifetime = o->lifetime};
  c->dc_busy++;
  int rc = weft_sctp_send(c->sctp, &m, data, len, now);
  c->dc_busy--;
  return rc;
}

static int dc_reset(void *user, const uint16_t *streams, size_t n, weft_time now) {
  weft_webrtc *c = user;
  c->dc_busy++;
  int rc = weft_sctp_reset_streams(c->sctp, streams, n, now);
  c->dc_busy--;
  return rc;
}

static void channel_message(weft_webrtc *c, const weft_datachannel_event *ev) {
  if (c->setup.secured && ev->id == WEFT_WEBRTC_CHANNEL_ZERO) {
    weft_webrtc_secure_bytes(c, ev->data, ev->len);
    return;
  }
  weft_webrtc_stream *st = weft_webrtc_stream_live(c, ev->id);
  if (st) weft_webrtc_stream_bytes(c, st, ev->data, ev->len);
}

/* Who goes on with other channels has finished the handshake; READY comes before what it says there, which may be much at once. */
static void about_to_speak(weft_webrtc *c) {
  weft_webrtc_secure_ready(c);
  if (c->events & WEFT_WEBRTC_TELL_READY) weft_webrtc_tell_pending(c);
}

static void on_channel(weft_webrtc *c, const weft_datachannel_event *ev, bool zero) {
  switch (ev->type) {
  case WEFT_DATACHANNEL_EVENT_OPENED:
    if (ev->inbound && !weft_webrtc_init_take(c, ev->params)) weft_webrtc_stream_opened_in(c, ev->id);
    break;
  case WEFT_DATACHANNEL_EVENT_MESSAGE: channel_message(c, ev); break;
  case WEFT_DATACHANNEL_EVENT_CLOSING:
    weft_webrtc_init_seen(c, ev->id);
    if (zero)
      weft_webrtc_secure_channel_reset(c);
    else
      weft_webrtc_stream_channel_reset(c, ev->id);
    break;
  case WEFT_DATACHANNEL_EVENT_CLOSED:
    weft_webrtc_init_seen(c, ev->id);
    if (zero)
      weft_webrtc_secure_channel_reset(c);
    else
      weft_webrtc_stream_channel_closed(c, ev->id, ev->code);
    break;
  case WEFT_DATACHANNEL_EVENT_WRITABLE:
    if (!zero) weft_webrtc_stream_writable(c, ev->id);
    break; /* what Noise holds is offered in every settle() */
  case WEFT_DATACHANNEL_EVENT_ACKED: weft_webrtc_init_seen(c, ev->id); break;
  }
}

static void dc_event(void *user, const weft_datachannel_event *ev, weft_time now) {
  weft_webrtc *c = user;
  (void)now;
  if (!weft_webrtc_alive(c)) return;
  bool zero = c->setup.secured && ev->id == WEFT_WEBRTC_CHANNEL_ZERO;
  c->dc_busy++;
  if (!zero) about_to_speak(c);
  if (weft_webrtc_alive(c)) on_channel(c, ev, zero);
  c->dc_busy--;
}

static int make_channels(weft_webrtc *c) {
  weft_datachannel_config d;
  weft_datachannel_callbacks cb = {sizeof cb, dc_output, dc_reset, dc_event};
  weft_datachannel_config_default(&d);
  d.alloc = &c->alloc;
  d.trace = c->cfg.trace;
  d.even = c->setup.dtls_client;
  d.reserve_zero = c->setup.secured;
  /* Those whose resets are under way count too; what is open at once is bounded in streams.c. */
  uint32_t channels = 2u * c->cfg.max_streams + 64u;
  d.max_channels = channels > UINT16_MAX ? UINT16_MAX : (uint16_t)channels;
  int rc = weft_datachannel_new(&c->dc, &d, &cb, c);
  if (rc != WEFT_OK || !c->setup.secured) return rc;
  return weft_datachannel_open_negotiated(c->dc, WEFT_WEBRTC_CHANNEL_ZERO, &(weft_datachannel_params){0}, c->now);
}

/* ---- SCTP ---- */

static int sctp_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  weft_webrtc *c = user;
  return weft_dtls_send(c->dtls, data, len, now) == WEFT_OK ? WEFT_OK : WEFT_EAGAIN;
}

void weft_webrtc_consume(weft_webrtc *c, uint16_t stream, size_t n) {
  if (n > 0 && c->sctp && weft_webrtc_alive(c)) weft_sctp_consumed(c->sctp, stream, n, c->now);
}

static void on_message(weft_webrtc *c, const weft_sctp_event *ev) {
  uint16_t stream = ev->stream;
  size_t len = ev->len;
  c->message_taken = 0;
  (void)weft_datachannel_input(c->dc, stream, ev->ppid, ev->data, len, c->now);
  if (c->message_taken < len) weft_webrtc_consume(c, stream, len - c->message_taken);
}

static bool keep_for_later(weft_webrtc *c, const uint16_t *ids, size_t n, uint16_t what) {
  size_t need = c->resets_len + 2 * (n ? n : 1);
  if (need > c->resets_cap) {
    size_t cap = need * 2;
    uint16_t *p = weft_mem_resize(&c->alloc, c->resets, c->resets_cap * sizeof *p, cap * sizeof *p);
    if (!p) return false;
    c->resets = p;
    c->resets_cap = cap;
  }
  for (size_t i = 0; i < (n ? n : 1); i++) {
    c->resets[c->resets_len++] = n ? ids[i] : WEFT_DATACHANNEL_ID_NONE; /* NONE: all */
    c->resets[c->resets_len++] = what;
  }
  return true;
}

static void reset_now(weft_webrtc *c, const uint16_t *ids, size_t n, uint16_t what) {
  if (what == IN)
    weft_datachannel_reset_in(c->dc, ids, n, c->now);
  else
    weft_datachannel_reset_done(c->dc, ids, n, what == DONE ? WEFT_OK : WEFT_EREFUSED, c->now);
}

static void on_reset(weft_webrtc *c, const uint16_t *ids, size_t n, uint16_t what) {
  if (c->dc_busy == 0)
    reset_now(c, ids, n, what);
  else if (!keep_for_later(c, ids, n, what))
    weft_webrtc_fail_here(c, "memory", WEFT_ENOMEM, "no memory for a stream reset");
}

/* The channels are not in the middle of anything here. */
void weft_webrtc_run_deferred(weft_webrtc *c) {
  uint16_t item[2];
  for (size_t at = 0; at + 1 < c->resets_len && weft_webrtc_alive(c); at += 2) {
    memcpy(item, c->resets + at, sizeof item);
    reset_now(c, item, item[0] == WEFT_DATACHANNEL_ID_NONE ? 0 : 1, item[1]);
  }
  c->resets_len = 0;
  if (c->dc_writable && weft_webrtc_alive(c)) weft_datachannel_writable(c->dc, c->now);
  c->dc_writable = false;
}

static void on_sctp_connected(weft_webrtc *c, const weft_sctp_event *ev) {
  c->stats.sctp_at = c->now;
  weft_datachannel_up(c->dc, ev->streams_out, ev->streams_in, c->now);
  c->events |= WEFT_WEBRTC_TELL_SCTP;
  if (c->setup.secured) {
    weft_webrtc_set_stage(c, WEFT_WEBRTC_NOISE);
    int rc = weft_webrtc_secure_start(c);
    if (rc != WEFT_OK) weft_webrtc_fail_here(c, "noise", rc, weft_strerror(rc));
    return;
  }
  weft_webrtc_set_stage(c, WEFT_WEBRTC_READY);
  c->setup_at = WEFT_NEVER;
  int rc = c->setup.open_init ? weft_webrtc_init_open(c) : WEFT_OK;
  if (rc != WEFT_OK) weft_webrtc_fail_here(c, "init", rc, weft_strerror(rc));
  if (!c->setup.held) c->events |= WEFT_WEBRTC_TELL_READY;
}

static void on_restart(weft_webrtc *c) {
  static const weft_closed why = {
      WEFT_WHO_PEER, "sctp", "restart",
      WEFT_ERESET,   0,      "the peer restarted its association: nothing of this connection is left there"};
  weft_webrtc_fail(c, &why);
}

static void sctp_event(void *user, const weft_sctp_event *ev, weft_time now) {
  weft_webrtc *c = user;
  (void)now;
  if (!weft_webrtc_alive(c)) return;
  switch (ev->type) {
  case WEFT_SCTP_EVENT_CONNECTED: on_sctp_connected(c, ev); break;
  case WEFT_SCTP_EVENT_MESSAGE: on_message(c, ev); break;
  case WEFT_SCTP_EVENT_WRITABLE: c->dc_writable = true; break;
  case WEFT_SCTP_EVENT_RESET_IN: on_reset(c, ev->streams, ev->streams_n, IN); break;
  case WEFT_SCTP_EVENT_RESET_OUT: on_reset(c, ev->streams, ev->streams_n, ev->code == WEFT_OK ? DONE : REFUSED); break;
  case WEFT_SCTP_EVENT_DRAINED: weft_webrtc_stream_drained(c, ev->stream); break;
  case WEFT_SCTP_EVENT_RESTARTED: on_restart(c); break;
  case WEFT_SCTP_EVENT_CLOSED: weft_webrtc_fail(c, &ev->closed); break;
  }
}

/* Only after the DTLS handshake: before it there is nobody to have an association with (RFC 8831 section 6.1). */
static int make_sctp(weft_webrtc *c) {
  weft_sctp_config s;
  weft_sctp_callbacks cb = {sizeof cb, sctp_output, sctp_event};
  weft_sctp_config_default(&s);
  s.rng = c->cfg.rng;
  s.alloc = &c->alloc;
  s.trace = c->cfg.trace;
  s.mtu = (uint16_t)(weft_dtls_max_data(c->dtls) & ~(size_t)3);
  s.recv_window = c->cfg.recv_window;
  /* Quicker than RFC 9260 section 16 has it, as libwebrtc does (500 ms, 400 ms, a backoff of at most 3 s): one path, known to be alive by
   * ICE's consent, which ends a dead one after 30 s - before ten retransmissions here. */
  s.rto_initial = WEFT_MS(500);
  s.rto_min = WEFT_MS(400);
  s.rto_max = WEFT_SEC(5);
  s.auto_consume = false; /* incomplete frames and what the application holds count against the window */
  if (c->setup.sctp_port != 0) s.remote_port = c->setup.sctp_port;
  s.initial_tsn = c->cfg.initial_tsn;
  s.use_initial_tsn = c->cfg.use_initial_tsn;
  s.initial_ssn = c->cfg.initial_ssn;
  int rc = weft_sctp_new(&c->sctp, &s, &cb, c);
  if (rc == WEFT_OK) rc = make_channels(c);
  return rc == WEFT_OK ? weft_sctp_connect(c->sctp, c->now) : rc;
}

/* ---- DTLS ---- */

static int dtls_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  weft_webrtc *c = user;
  return weft_ice_send(c->ice, data, len, now) == WEFT_OK ? WEFT_OK : WEFT_EAGAIN;
}

static void on_dtls_connected(weft_webrtc *c, const weft_dtls_event *ev) {
  c->stats.dtls_at = c->now;
  memcpy(c->peer_fingerprint, ev->peer_fingerprint, sizeof c->peer_fingerprint);
  weft_webrtc_set_stage(c, WEFT_WEBRTC_SCTP);
  c->events |= WEFT_WEBRTC_TELL_DTLS;
  int rc = make_sctp(c);
  if (rc != WEFT_OK) weft_webrtc_fail_here(c, "sctp", rc, weft_strerror(rc));
}

static void dtls_event(void *user, const weft_dtls_event *ev, weft_time now) {
  weft_webrtc *c = user;
  if (!weft_webrtc_alive(c)) return;
  switch (ev->type) {
  case WEFT_DTLS_EVENT_CONNECTED: on_dtls_connected(c, ev); break;
  case WEFT_DTLS_EVENT_DATA:
    if (c->sctp) (void)weft_sctp_input(c->sctp, ev->data, ev->len, now);
    break;
  case WEFT_DTLS_EVENT_CLOSED: weft_webrtc_fail(c, &ev->closed); break;
  }
}

static void keylog(void *user, const char *line) {
  weft_webrtc *c = user;
  c->cfg.keylog(c->user, line);
}

static int make_dtls(weft_webrtc *c, weft_time rtt) {
  weft_dtls_config d;
  weft_dtls_callbacks cb = {sizeof cb, dtls_output, dtls_event};
  weft_dtls_config_default(&d);
  d.rng = c->cfg.rng;
  d.alloc = &c->alloc;
  d.trace = c->cfg.trace;
  d.role = c->setup.dtls_client ? WEFT_DTLS_CLIENT : WEFT_DTLS_SERVER;
  d.cert = c->cfg.cert;
  d.pins = c->setup.pins_len > 0 ? c->pins : NULL;
  d.pins_len = c->setup.pins_len;
  d.mtu = c->cfg.mtu;
  d.gated = c->setup.gated;
  d.rtt = rtt;
  d.handshake_limit = c->setup.setup_limit;
  d.keylog = c->cfg.keylog ? keylog : NULL;
  int rc = weft_dtls_new(&c->dtls, &d, &cb, c);
  return rc == WEFT_OK ? weft_dtls_start(c->dtls, c->now) : rc;
}

/* ---- ICE ---- */

static int ice_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                      weft_time now) {
  weft_webrtc *c = user;
  (void)now;
  return weft_webrtc_output(c, local, remote, data, len);
}

static void path_is_up(weft_webrtc *c) {
  weft_ice_stats s = {.size = sizeof s};
  weft_ice_get_stats(c->ice, &s);
  c->stats.ice_at = c->now;
  weft_webrtc_set_stage(c, WEFT_WEBRTC_DTLS);
  c->events |= WEFT_WEBRTC_TELL_ICE;
  int rc = make_dtls(c, s.rtt);
  if (rc != WEFT_OK) weft_webrtc_fail_here(c, "dtls", rc, weft_strerror(rc));
}

/* Data may flow on any valid pair; the browsers' first ClientHello comes before nomination. */
static void look_at_path(weft_webrtc *c) {
  weft_addr local, remote;
  if (weft_ice_get_selected(c->ice, &local, &remote) != WEFT_OK) return;
  if (c->has_path && weft_addr_equal(&local, &c->local) && weft_addr_equal(&remote, &c->remote)) return;
  if (c->has_path) c->events |= WEFT_WEBRTC_TELL_PATH;
  c->has_path = true;
  c->local = local;
  c->remote = remote;
  if (c->stage == WEFT_WEBRTC_ICE) path_is_up(c);
}

/* A record with a good MAC proves that its source is the peer: the path lives, and on the lite side moves there. */
static void on_datagram(weft_webrtc *c, const weft_ice_event *ev) {
  weft_dtls_stats s = {.size = sizeof s};
  if (!c->dtls || ev->len == 0 || ev->data[0] < 20 || ev->data[0] > 63) {
    weft_webrtc_drop(c, &c->stats.drop_demux, "drop_demux", ev->data, ev->len);
    return;
  }
  (void)weft_dtls_input(c->dtls, ev->data, ev->len, c->now);
  weft_dtls_get_stats(c->dtls, &s);
  if (s.records_in == c->records_in) return;
  c->records_in = s.records_in;
  c->proven_at = c->now;
  weft_ice_authenticated(c->ice, ev->local, ev->remote, c->now);
}

static void ice_event(void *user, const weft_ice_event *ev, weft_time now) {
  weft_webrtc *c = user;
  (void)now;
  if (!weft_webrtc_alive(c)) return;
  if (c->setup.watch) c->setup.watch(c->user, ev);
  switch (ev->type) {
  case WEFT_ICE_EVENT_STATE:
  case WEFT_ICE_EVENT_SELECTED: look_at_path(c); break;
  case WEFT_ICE_EVENT_DATA: on_datagram(c, ev); break;
  case WEFT_ICE_EVENT_CLOSED: weft_webrtc_fail(c, &ev->closed); break;
  case WEFT_ICE_EVENT_CANDIDATE:
  case WEFT_ICE_EVENT_RESOLVE:
  case WEFT_ICE_EVENT_GATHERED: break;
  }
}

int weft_webrtc_make_ice(weft_webrtc *c) {
  weft_ice_config i;
  weft_ice_callbacks cb = {sizeof cb, ice_output, ice_event};
  weft_ice_config_default(&i);
  i.rng = c->cfg.rng;
  i.alloc = &c->alloc;
  i.trace = c->cfg.trace;
  i.role = c->setup.controlling ? WEFT_ICE_CONTROLLING : WEFT_ICE_CONTROLLED;
  i.lite = c->setup.lite;
  i.local_ufrag = c->setup.ufrag;
  i.local_pwd = c->setup.pwd;
  i.check_limit = c->cfg.ice_limit;
  i.consent_timeout = c->cfg.idle_timeout;
  i.max_admitted = c->cfg.max_admitted;
  i.allow_loopback = c->setup.allow_loopback;
  i.told_types = c->setup.told_types;
  i.remote_types = c->setup.remote_types;
  i.records_renew_consent =
      c->setup.secured; /* a record's MAC proves the peer; webrtc-direct's STUN keys are known to all */
  return weft_ice_new(&c->ice, &i, &cb, c);
}

void weft_webrtc_free_layers(weft_webrtc *c) {
  weft_noise_free(c->noise);
  weft_datachannel_free(c->dc);
  weft_sctp_free(c->sctp);
  weft_dtls_free(c->dtls);
  weft_ice_free(c->ice);
}
