/* The connection of the live checks: made, watched, waited for. */
#include "apps/live.h"

#include <string.h>

#include <weft/datachannel/datachannel.h>
#include <weft/libp2p/ping.h>

#include "apps/clock.h"
#include "dtls/record.h"
#include "sctp/wire.h"

/* ---- what the layers trace ---- */

static void keep_username(live *l, const weft_trace *t) {
  weft_stun_msg m;
  weft_stun_attr a;
  if (l->seen.username[0] || weft_stun_parse(&m, t->data, t->len) != WEFT_OK || m.cls != WEFT_STUN_REQUEST) return;
  if (weft_stun_find(&m, WEFT_STUN_USERNAME, &a) != WEFT_OK || a.len >= sizeof l->seen.username) return;
  memcpy(l->seen.username, a.value, a.len);
  l->seen.username[a.len] = 0;
  l->seen.username_ours = t->kind == WEFT_TRACE_OUT;
}

static void on_datagram_seen(live *l, const weft_trace *t) {
  live_seen *s = &l->seen;
  bool in = t->kind == WEFT_TRACE_IN, dtls = t->len > 13 && t->data[0] >= WEFT_DTLS_CCS && t->data[0] <= 63;
  if (t->len > 0 && t->data[0] <= 3) keep_username(l, t);
  if (in && t->len >= 20 && t->data[0] == 1 && memcmp(t->data + 8, s->txid, 12) == 0) s->stun_answered = true;
  if (!dtls || s->first_hello_answer >= 0) return;
  if (!in) {
    s->hello_out += t->len;
    return;
  }
  s->first_hello_answer = t->data[0] == WEFT_DTLS_HANDSHAKE ? t->data[13] : 255;
  s->first_in = t->len;
}

static void sack_came(live_seen *s, const weft_sctp_chunk *c) {
  weft_sctp_sack v;
  if (weft_sctp_sack_read(&v, c) == WEFT_OK) live_flight_acked(&s->flight, v.cumulative, app_clock_now());
}

static void abort_came(live_seen *s, const weft_sctp_chunk *c) {
  weft_rd r;
  weft_sctp_tlv cause;
  weft_rd_init(&r, c->value, c->value_len);
  s->goodbye = s->aborted = true;
  s->told |= LIVE_TOLD_ABORT;
  if (weft_sctp_tlv_next(&r, &cause) == 1) s->abort_cause = cause.type;
}

static void reset_came(live_seen *s, const weft_sctp_chunk *c) {
  weft_rd r;
  weft_sctp_tlv t;
  weft_sctp_reset_out v;
  weft_rd_init(&r, c->value, c->value_len);
  while (weft_sctp_tlv_next(&r, &t) == 1) {
    if (t.type != WEFT_SCTP_PARAM_RESET_OUT || weft_sctp_reset_out_read(&v, &t) != WEFT_OK) continue;
    for (size_t i = 0; i < v.streams_n && s->reset_in_len < LIVE_OPENS; i++)
      s->reset_in[s->reset_in_len++] = weft_sctp_be16(v.streams + 2 * i);
  }
}

static void chunk_came(live_seen *s, const weft_sctp_chunk *c) {
  switch (c->type) {
  case WEFT_SCTP_SACK: sack_came(s, c); break;
  case WEFT_SCTP_RE_CONFIG: reset_came(s, c); break;
  case WEFT_SCTP_ABORT: abort_came(s, c); break;
  case WEFT_SCTP_SHUTDOWN: s->told |= LIVE_TOLD_SHUTDOWN; break;
  default: break;
  }
}

static void on_packet_seen(live *l, const weft_trace *t) {
  live_seen *s = &l->seen;
  weft_sctp_packet p;
  weft_sctp_chunk c;
  weft_sctp_data d;
  bool data = false;
  if (weft_sctp_packet_read(&p, t->data, t->len) != WEFT_OK) return;
  while (weft_sctp_chunk_next(&p.chunks, &c) == 1) {
    if (t->kind == WEFT_TRACE_IN) chunk_came(s, &c);
    if (t->kind == WEFT_TRACE_OUT && c.type == WEFT_SCTP_DATA && weft_sctp_data_read(&d, &c) == WEFT_OK) data = true;
  }
  if (data) live_flight_left(&s->flight, d.tsn, app_clock_now());
}

static void on_message_seen(live *l, const weft_trace *t) {
  live_seen *s = &l->seen;
  if (t->kind != WEFT_TRACE_IN) return;
  if (t->ppid != WEFT_DATACHANNEL_PPID_DCEP) {
    if (t->len > s->largest_message) s->largest_message = t->len;
    return;
  }
  bool even_is_theirs = l->listener != NULL; /* the DTLS client has the even ids: RFC 8832 section 6 */
  int type = weft_datachannel_message_type(t->data, t->len);
  if (type == WEFT_DATACHANNEL_ACK) s->acked = (uint16_t)t->stream;
  if (type != WEFT_DATACHANNEL_OPEN) return;
  s->opens++;
  if ((t->stream % 2 == 0) != even_is_theirs) s->opens_wrong++;
}

static void on_frame_seen(live *l, const weft_trace *t) {
  live_seen *s = &l->seen;
  if (t->kind != WEFT_TRACE_IN) return;
  s->frames++;
  if (t->len > s->largest_frame) s->largest_frame = t->len;
  if (t->stream == 0 && t->len > 0) s->noise_in++;
  bool fin_ack = t->text && strcmp(t->text, "FIN_ACK") == 0;
  if (fin_ack && s->fin_acks_len < LIVE_OPENS) s->fin_acks[s->fin_acks_len++] = (uint16_t)t->stream;
}

/* The Noise prologue is made of this hash right after the state is told: one bit of it makes it another session's. */
static void on_state_seen(live *l, const weft_trace *t) {
  if (!l->break_prologue || !t->conn || strcmp(t->text, "NOISE") != 0) return;
  weft_webrtc *c = l->conn;
  if (c == t->conn) c->peer_fingerprint[0] ^= 1;
}

static void on_trace(void *user, const weft_trace *t) {
  live *l = user;
  if (t->kind == WEFT_TRACE_STATE && strcmp(t->layer, "webrtc") == 0) on_state_seen(l, t);
  if (t->kind != WEFT_TRACE_IN && t->kind != WEFT_TRACE_OUT) return;
  if (strcmp(t->layer, "webrtc") == 0) on_datagram_seen(l, t);
  if (strcmp(t->layer, "sctp") == 0) on_packet_seen(l, t);
  if (strcmp(t->layer, "datachannel") == 0) on_message_seen(l, t);
  if (strcmp(t->layer, "stream") == 0) on_frame_seen(l, t);
}

/* ---- the connection ---- */

static int on_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  live *l = user;
  (void)now;
  return app_node_output(&l->node, local, remote, data, len);
}

static void on_ready(live *l, weft_webrtc *conn, const weft_webrtc_event *ev, weft_time now) {
  if (l->conn && l->conn != conn) return; /* one connection at a time is looked at */
  l->conn = conn;
  app_peer *p = app_peer_new(&l->node.host, conn, &app_webrtc_muxer, ev->peer_id, ev->peer_id_len, now);
  weft_webrtc_set_data(conn, p);
  if (!p) return;
  snprintf(l->peer_id, sizeof l->peer_id, "%s", p->id_text);
  l->ready = true;
  app_peer_identify(p, now);
}

/* The ball comes back behind the lines of multistream-select. */
static void on_stream(live *l, weft_webrtc *conn, const weft_stream_event *ev, weft_time now) {
  app_peer *p = weft_webrtc_get_data(conn);
  if (conn != l->conn || ev->stream != l->stream || l->stream == 0) {
    if (p) app_peer_stream_event(p, ev, now);
    return;
  }
  if (ev->type == WEFT_STREAM_DATA) {
    for (size_t i = 0; i < ev->len; i++)
      l->pong = ev->data[i] == l->ball[l->pong % 32] ? l->pong + 1 : ev->data[i] == l->ball[0];
    weft_webrtc_stream_consumed(conn, ev->stream, ev->len, now);
  }
  if (ev->type == WEFT_STREAM_RESET || ev->type == WEFT_STREAM_CLOSED) l->stream = 0;
}

static void on_closed(live *l, weft_webrtc *conn, const weft_closed *why, weft_time now) {
  app_peer *p = weft_webrtc_get_data(conn);
  if (p) app_peer_free(p, WEFT_ECLOSED, now);
  weft_webrtc_set_data(conn, NULL);
  if (conn == l->conn) {
    l->closed = true;
    snprintf(l->why, sizeof l->why, "%s: %s: %s", why->layer, why->step, why->text);
  } else if (l->listener) {
    weft_webrtc_free(conn);
  }
}

static void on_event(void *user, weft_webrtc *conn, const weft_webrtc_event *ev, weft_time now) {
  live *l = user;
  if (ev->type == WEFT_WEBRTC_EVENT_READY) on_ready(l, conn, ev, now);
  if (ev->type == WEFT_WEBRTC_EVENT_STREAM) on_stream(l, conn, ev->stream, now);
  if (ev->type == WEFT_WEBRTC_EVENT_CLOSED) on_closed(l, conn, &ev->closed, now);
}

static void on_identified(void *user, app_peer *p, const weft_identify *id, weft_time now) {
  live *l = user;
  (void)id, (void)now;
  snprintf(l->agent, sizeof l->agent, "%s", p->agent);
}

/* Once the connection has said goodbye it looks at nothing any more: an alert is known by the type in its header. */
static void on_datagram(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                        weft_time now) {
  live *l = user;
  l->seen.datagrams_in++;
  if (l->closed && len > 0 && data[0] == WEFT_DTLS_ALERT) l->seen.goodbye = true;
  if (len > 0 && data[0] == WEFT_DTLS_ALERT && l->ready) l->seen.told |= LIVE_TOLD_ALERT;
  if (l->listener)
    weft_webrtc_listener_input(l->listener, local, remote, data, len, now);
  else if (l->conn)
    weft_webrtc_input(l->conn, local, remote, data, len, now);
}

static weft_time deadline(const void *user) {
  const live *l = user;
  weft_time at = app_host_deadline(&l->node.host), own = WEFT_NEVER;
  if (l->over || (l->until && l->until((live *)user))) return 0;
  if (l->listener)
    own = weft_webrtc_listener_deadline(l->listener);
  else if (l->conn)
    own = weft_webrtc_deadline(l->conn);
  if (own < at) at = own;
  return l->limit < at ? l->limit : at;
}

static void tick(void *user, weft_time now) {
  live *l = user;
  if (l->listener)
    weft_webrtc_listener_tick(l->listener, now);
  else if (l->conn)
    weft_webrtc_tick(l->conn, now);
  app_host_tick(&l->node.host, now);
  if (l->over || now >= l->limit || (l->until && l->until(l))) app_loop_stop(&l->node.loop, 0);
}

static void on_signal(void *user, int signo, weft_time now) {
  live *l = user;
  (void)signo, (void)now;
  l->over = true;
  app_loop_stop(&l->node.loop, 0);
}

bool live_is_ready(live *l) { return l->ready || l->closed; }
bool live_is_closed(live *l) { return l->closed; }

bool live_wait(live *l, bool (*cond)(live *), weft_time at_most) {
  if (!l->node.on_datagram) {
    l->node.on_datagram = on_datagram;
    l->node.on_writable = tick;
    l->node.host.identified = on_identified;
    app_loop_timer(&l->node.loop, deadline, tick, l);
    app_loop_signals(&l->node.loop, on_signal, l);
  }
  l->until = cond;
  l->limit = at_most == WEFT_NEVER ? WEFT_NEVER : app_clock_now() + at_most;
  l->node.loop.stopped = false;
  if (!l->over && !(cond && cond(l))) app_loop_run(&l->node.loop);
  l->until = NULL;
  return !l->over && cond && cond(l);
}

static void fresh(live *l) {
  memset(&l->seen, 0, sizeof l->seen);
  l->seen.first_hello_answer = -1;
  l->ready = l->closed = false;
  l->stream = 0;
  l->why[0] = 0;
}

int live_dial(live *l) {
  weft_webrtc_config cfg;
  weft_webrtc_callbacks cb = {sizeof cb, on_output, on_event};
  weft_addr source;
  fresh(l);
  if (app_udp_source(&l->target.addr, &source) != WEFT_OK) return WEFT_EINTERNAL;
  app_udp *u = app_node_socket(&l->node, &source);
  if (!u) return WEFT_EINTERNAL;
  app_node_webrtc_config(&l->node, &cfg);
  cfg.trace = (weft_tracer){on_trace, l};
  cfg.remote = l->target.addr;
  cfg.certhash = l->target.certhash;
  cfg.expected_peer = l->target.peer.bytes;
  cfg.expected_peer_len = l->target.peer.len;
  cfg.direct_version = l->version;
  int rc = weft_webrtc_dial(&l->conn, &cfg, &cb, l);
  return rc == WEFT_OK ? weft_webrtc_start(l->conn, &u->bound, app_clock_now()) : rc;
}

int live_listen(live *l, const weft_addr *bind_to) {
  weft_webrtc_config cfg;
  weft_webrtc_callbacks cb = {sizeof cb, on_output, on_event};
  fresh(l);
  if (!app_node_socket(&l->node, bind_to)) return WEFT_EINTERNAL;
  app_node_webrtc_config(&l->node, &cfg);
  cfg.trace = (weft_tracer){on_trace, l};
  return weft_webrtc_listen(&l->listener, &cfg, &cb, l);
}

void live_hang_up(live *l) {
  app_peer *p = l->conn ? weft_webrtc_get_data(l->conn) : NULL;
  if (p) app_peer_free(p, WEFT_ECLOSED, app_clock_now());
  weft_webrtc_free(l->conn);
  l->conn = NULL;
  if (!l->listener) app_node_close_socket(&l->node);
}

/* ---- ping by hand ---- */

void live_end_stream(live *l) {
  if (l->stream != 0 && !l->closed) weft_webrtc_stream_shutdown(l->conn, l->stream, app_clock_now());
  l->stream = 0;
}

static bool pong_came(live *l) { return l->pong >= 32 || l->stream == 0 || l->closed; }

int live_put(live *l, const uint8_t *data, size_t len, bool split) {
  uint8_t frame[256];
  size_t n = 0, first = split ? 1 : 0;
  weft_webrtc_frame f = {.flag = WEFT_WEBRTC_FLAG_NONE, .message = data, .len = len};
  int rc = weft_webrtc_frame_encode(&f, frame, sizeof frame, &n);
  weft_webrtc_enter(l->conn, app_clock_now());
  if (rc == WEFT_OK && split)
    rc = weft_datachannel_send(l->conn->dc, (uint16_t)l->stream, true, frame, first, l->conn->now);
  if (rc == WEFT_OK)
    rc = weft_datachannel_send(l->conn->dc, (uint16_t)l->stream, true, frame + first, n - first, l->conn->now);
  weft_webrtc_leave(l->conn);
  return rc;
}

bool live_ping(live *l, bool split) {
  static const char lines[] = "\x13/multistream/1.0.0\n\x11" WEFT_PING_PROTOCOL "\n";
  l->pong = 0;
  if (!l->conn || l->closed || l->node.rng.fill(l->node.rng.ctx, l->ball, sizeof l->ball) != 0) return false;
  for (size_t i = 1; i < sizeof l->ball; i++)
    if (l->ball[i] == l->ball[0]) l->ball[i] ^= 0x80; /* so that a false start is over at the next first byte */
  if (l->stream == 0) {
    if (weft_webrtc_stream_open(l->conn, &l->stream, app_clock_now()) != WEFT_OK) return false;
    if (live_put(l, (const uint8_t *)lines, sizeof lines - 1, split) != WEFT_OK) return false;
  }
  if (live_put(l, l->ball, sizeof l->ball, split) != WEFT_OK) return false;
  return live_wait(l, pong_came, WEFT_SEC(10)) && l->pong >= 32;
}
