#include <string.h>

#include "sctp/param.h"
#include "sctp/sctp_int.h"

enum { LEAST_WINDOW = 1500 }; /* RFC 9260 section 3.3.2: a smaller a_rwnd is an error */

static uint16_t least(uint16_t a, uint16_t b) { return a < b ? a : b; }

static weft_sctp_peer agree(const weft_sctp *s, const weft_sctp_init *i, const weft_sctp_offer *o) {
  return (weft_sctp_peer){.my_tag = s->peer.my_tag,
                          .my_tsn = s->peer.my_tsn,
                          .peer_tag = i->tag,
                          .peer_tsn = i->tsn,
                          .peer_window = i->a_rwnd,
                          .streams_out = least(s->cfg.streams_out, i->streams_in),
                          .streams_in = least(s->cfg.streams_in, i->streams_out),
                          .forward = o->forward,
                          .reconfig = o->reconfig,
                          .zero_checksum = o->zero_checksum};
}

static bool acceptable(const weft_sctp_init *i) {
  return i->a_rwnd >= LEAST_WINDOW && i->streams_out > 0 && i->streams_in > 0;
}

static void put_init_fields(weft_sctp *s, weft_wr *w, const weft_sctp_peer *p) {
  weft_wr_u32(w, p->my_tag);
  weft_wr_u32(w, s->cfg.recv_window);
  weft_wr_u16(w, s->cfg.streams_out);
  weft_wr_u16(w, s->cfg.streams_in);
  weft_wr_u32(w, p->my_tsn);
}

void weft_sctp_put_init(weft_sctp *s, weft_wr *w) {
  size_t at = weft_sctp_open_chunk(w, WEFT_SCTP_INIT, 0);
  put_init_fields(s, w, &s->peer);
  weft_sctp_put_abilities(w, s->cfg.zero_checksum);
  weft_sctp_close_chunk(w, at);
}

/* ---- INIT ------------------------------------------------------------------------------------------------------------ */

static void put_unknown(weft_wr *w, const weft_sctp_offer *o) {
  for (size_t i = 0; i < o->unknown_n; i++) {
    const weft_sctp_tlv *t = &o->unknown[i];
    size_t n = t->length < WEFT_SCTP_ECHO ? t->length : WEFT_SCTP_ECHO,
           at = weft_sctp_open_tlv(w, WEFT_SCTP_PARAM_UNRECOGNIZED);
    weft_wr_bytes(w, t->start, n);
    weft_sctp_close_tlv(w, at);
  }
}

static void send_init_ack(weft_sctp *s, const weft_sctp_cookie *c, const weft_sctp_offer *o) {
  weft_wr w;
  weft_wr_init(&w, s->packet, s->cfg.mtu);
  weft_sctp_put_header(&w, s->cfg.local_port, s->cfg.remote_port, c->peer.peer_tag);
  size_t at = weft_sctp_open_chunk(&w, WEFT_SCTP_INIT_ACK, 0);
  put_init_fields(s, &w, &c->peer);
  size_t cookie = weft_sctp_open_tlv(&w, WEFT_SCTP_PARAM_COOKIE);
  weft_sctp_cookie_write(&w, s->cookie_key, c);
  weft_sctp_close_tlv(&w, cookie);
  weft_sctp_put_abilities(&w, s->cfg.zero_checksum);
  put_unknown(&w, o);
  weft_sctp_close_chunk(&w, at);
  if (weft_wr_ok(&w)) (void)weft_sctp_emit(s, &w);
}

static bool draw_tag(weft_sctp *s, weft_sctp_peer *p) {
  uint8_t r[8];
  if (s->cfg.rng.fill(s->cfg.rng.ctx, r, sizeof r) != 0) return false;
  p->my_tag = weft_sctp_be32(r);
  p->my_tsn = s->cfg.use_initial_tsn ? s->cfg.initial_tsn : weft_sctp_be32(r + 4);
  if (p->my_tag == 0) p->my_tag = 1; /* section 3.3.2: never 0 */
  return true;
}

/* Sections 5.1, 5.2.1 and 5.2.2: the answer is a cookie and changes nothing here. */
void weft_sctp_on_init(weft_sctp *s, const weft_sctp_chunk *chunk) {
  weft_sctp_init i;
  weft_sctp_offer o;
  if (weft_sctp_init_read(&i, chunk) != WEFT_OK || i.tag == 0) return;
  if (!acceptable(&i)) {
    weft_sctp_send_abort(s, i.tag, WEFT_SCTP_CAUSE_INVALID_PARAM, NULL, 0);
    return;
  }
  if (s->state == WEFT_SCTP_SHUTDOWN_ACK_SENT) { /* section 9.2 */
    s->pending |= WEFT_SCTP_PEND_SHUTDOWN_ACK;
    return;
  }
  weft_sctp_read_offer(i.params, &o);
  weft_sctp_cookie c = {.peer = agree(s, &i, &o), .made = s->now};
  if (s->state != WEFT_SCTP_CLOSED && s->state != WEFT_SCTP_COOKIE_WAIT) {
    c.tie_my_tag = s->peer.my_tag;
    c.tie_peer_tag = s->peer.peer_tag;
    if (s->state != WEFT_SCTP_COOKIE_ECHOED && !draw_tag(s, &c.peer)) return;
  }
  send_init_ack(s, &c, &o);
}

/* ---- INIT-ACK -------------------------------------------------------------------------------------------------------- */

static bool keep_cookie(weft_sctp *s, const weft_sctp_offer *o) {
  weft_mem_free(&s->alloc, s->echo_cookie, s->echo_cookie_n);
  s->echo_cookie_n = 0;
  s->echo_cookie = weft_mem_dup(&s->alloc, o->cookie, o->cookie_len);
  if (s->echo_cookie) s->echo_cookie_n = o->cookie_len;
  return s->echo_cookie != NULL;
}

static void missing_cookie(weft_sctp *s, uint32_t peer_tag) {
  const uint8_t info[] = {0, 0, 0, 1, 0, WEFT_SCTP_PARAM_COOKIE};
  weft_sctp_send_abort(s, peer_tag, WEFT_SCTP_CAUSE_MISSING_PARAM, info, sizeof info);
  weft_sctp_fail(s, WEFT_WHO_PEER, "handshake", WEFT_EPROTO, WEFT_SCTP_CAUSE_MISSING_PARAM,
                 "INIT-ACK without a usable cookie");
}

static void report_unknown(weft_sctp *s, const weft_sctp_offer *o) {
  for (size_t i = 0; i < o->unknown_n; i++)
    weft_sctp_report(s, WEFT_SCTP_CAUSE_UNKNOWN_PARAM, o->unknown[i].start, o->unknown[i].length);
}

void weft_sctp_on_init_ack(weft_sctp *s, const weft_sctp_chunk *chunk) {
  weft_sctp_init i;
  weft_sctp_offer o;
  if (s->state != WEFT_SCTP_COOKIE_WAIT || weft_sctp_init_read(&i, chunk) != WEFT_OK) return;
  if (i.tag == 0 || !acceptable(&i)) { /* section 3.3.3 */
    if (i.tag != 0) weft_sctp_send_abort(s, i.tag, WEFT_SCTP_CAUSE_INVALID_PARAM, NULL, 0);
    weft_sctp_fail(s, WEFT_WHO_PEER, "handshake", WEFT_EPROTO, WEFT_SCTP_CAUSE_INVALID_PARAM,
                   "INIT-ACK with a forbidden value");
    return;
  }
  weft_sctp_read_offer(i.params, &o);
  if (!o.cookie || o.cookie_len == 0 || o.cookie_len + 4 + WEFT_SCTP_HEADER > s->cfg.mtu) {
    missing_cookie(s, i.tag);
    return;
  }
  weft_sctp_peer p = agree(s, &i, &o);
  if (!keep_cookie(s, &o) || weft_sctp_start(s, &p) != WEFT_OK) return; /* the next INIT-ACK is another chance */
  report_unknown(s, &o);
  weft_sctp_set_state(s, WEFT_SCTP_COOKIE_ECHOED);
  s->pending = (s->pending & ~(uint32_t)WEFT_SCTP_PEND_INIT) | WEFT_SCTP_PEND_COOKIE_ECHO;
  s->t1_tries = 0;
  s->t1_rto = s->cfg.rto_initial;
  s->t1_at = weft_time_add(s->now, s->t1_rto);
}

/* ---- COOKIE-ECHO ----------------------------------------------------------------------------------------------------- */

static void send_stale(weft_sctp *s, const weft_sctp_cookie *c) {
  weft_time over = weft_time_since(s->now, c->made) - s->cfg.cookie_life;
  weft_wr w;
  weft_wr_init(&w, s->packet, s->cfg.mtu);
  weft_sctp_put_header(&w, s->cfg.local_port, s->cfg.remote_port, c->peer.peer_tag);
  size_t at = weft_sctp_open_chunk(&w, WEFT_SCTP_ERROR, 0),
         cause = weft_sctp_open_tlv(&w, WEFT_SCTP_CAUSE_STALE_COOKIE);
  weft_wr_u32(&w, over > UINT32_MAX ? UINT32_MAX : (uint32_t)over);
  weft_sctp_close_tlv(&w, cause);
  weft_sctp_close_chunk(&w, at);
  (void)weft_sctp_emit(s, &w);
}

static bool accept_peer(weft_sctp *s, const weft_sctp_peer *p) {
  if (weft_sctp_start(s, p) != WEFT_OK) return false;
  weft_sctp_established(s);
  s->pending |= WEFT_SCTP_PEND_COOKIE_ACK;
  return true;
}

/* Section 5.2.4.1: everything begins anew; what was not acknowledged is gone with the peer that should have got it. */
static bool restart(weft_sctp *s, const weft_sctp_peer *p) {
  if (s->state == WEFT_SCTP_SHUTDOWN_ACK_SENT) {
    s->pending |= WEFT_SCTP_PEND_SHUTDOWN_ACK;
    weft_sctp_report(s, WEFT_SCTP_CAUSE_COOKIE_IN_SHUTDOWN, NULL, 0);
    return false;
  }
  if (weft_sctp_start(s, p) != WEFT_OK) return false;
  s->t2_at = s->t5_at = WEFT_NEVER;
  weft_sctp_set_state(s, WEFT_SCTP_ESTABLISHED);
  s->pending |= WEFT_SCTP_PEND_COOKIE_ACK;
  weft_evq_push(&s->q, &(weft_sctp_event){.type = WEFT_SCTP_EVENT_RESTARTED,
                                          .streams_out = p->streams_out,
                                          .streams_in = p->streams_in});
  weft_sctp_after_progress(s);
  return true;
}

static bool before_established(const weft_sctp *s) {
  return s->state == WEFT_SCTP_COOKIE_WAIT || s->state == WEFT_SCTP_COOKIE_ECHOED;
}

/* Section 5.2.4, table 12: A restart, B collision, C late, D duplicate (or the good end of a collision). */
static bool known_peer(weft_sctp *s, const weft_sctp_cookie *c) {
  bool mine = c->peer.my_tag == s->peer.my_tag, theirs = c->peer.peer_tag == s->peer.peer_tag;
  if (mine && theirs) {
    if (s->state == WEFT_SCTP_COOKIE_ECHOED) weft_sctp_established(s);
    s->pending |= WEFT_SCTP_PEND_COOKIE_ACK;
    return true;
  }
  if (mine) return before_established(s) ? accept_peer(s, &c->peer) : restart(s, &c->peer);
  bool tied = c->tie_my_tag == s->peer.my_tag && c->tie_peer_tag == s->peer.peer_tag;
  if (!theirs && tied) return restart(s, &c->peer);
  s->stats.drop_state++;
  return false;
}

static bool is_stale(const weft_sctp *s, const weft_sctp_cookie *c) {
  if (weft_time_since(s->now, c->made) <= s->cfg.cookie_life) return false;
  bool same = c->peer.my_tag == s->peer.my_tag && c->peer.peer_tag == s->peer.peer_tag;
  return s->state == WEFT_SCTP_CLOSED || !same; /* section 5.2.4, step 3 */
}

bool weft_sctp_on_cookie_echo(weft_sctp *s, const weft_sctp_chunk *chunk, uint32_t tag) {
  weft_sctp_cookie c;
  if (weft_sctp_cookie_read(&c, s->cookie_key, chunk->value, chunk->value_len) != WEFT_OK || tag != c.peer.my_tag) {
    weft_sctp_drop(s, &s->stats.drop_tag, "drop_tag", chunk->start, chunk->length);
    return false;
  }
  if (is_stale(s, &c)) {
    weft_sctp_drop(s, &s->stats.drop_stale_cookie, "drop_stale_cookie", chunk->start, chunk->length);
    send_stale(s, &c);
    return false;
  }
  return s->state == WEFT_SCTP_CLOSED ? accept_peer(s, &c.peer) : known_peer(s, &c);
}

void weft_sctp_on_cookie_ack(weft_sctp *s) {
  if (s->state == WEFT_SCTP_COOKIE_ECHOED) weft_sctp_established(s);
}

/* ---- timers ---------------------------------------------------------------------------------------------------------- */

/* Section 5.2.6: begin again with an INIT. Its tag is new: if the peer took an earlier cookie after all, the same tag would be
 * neither a restart nor a duplicate for it. Counted, so that a peer without a clock cannot keep us at it. */
void weft_sctp_on_stale_cookie(weft_sctp *s) {
  if (s->state != WEFT_SCTP_COOKIE_ECHOED) return;
  weft_sctp_peer fresh = {0};
  if (!draw_tag(s, &fresh)) return;
  weft_sctp_set_state(s, WEFT_SCTP_COOKIE_WAIT);
  s->peer = fresh;
  s->pending = WEFT_SCTP_PEND_INIT;
  if (s->stale_cookies++ >= s->cfg.max_init_retransmits) {
    weft_sctp_fail(s, WEFT_WHO_PEER, "handshake", WEFT_EPROTO, WEFT_SCTP_CAUSE_STALE_COOKIE,
                   "every cookie was too old for the peer");
    return;
  }
  s->t1_at = weft_time_add(s->now, s->t1_rto);
}

/* Section 5.1.6 and Max.Init.Retransmits. */
void weft_sctp_tick_t1(weft_sctp *s) {
  if (!weft_time_due(s->t1_at, s->now)) return;
  if (s->t1_tries++ >= s->cfg.max_init_retransmits) {
    bool silent = s->state == WEFT_SCTP_COOKIE_WAIT;
    weft_sctp_fail(s, WEFT_WHO_TIMEOUT, "handshake", WEFT_ETIMEDOUT, 0,
                   silent ? "INIT was not answered" : "COOKIE-ECHO was not answered");
    return;
  }
  s->t1_rto = s->t1_rto * 2 < s->cfg.rto_max ? s->t1_rto * 2 : s->cfg.rto_max;
  s->t1_at = weft_time_add(s->now, s->t1_rto);
  s->pending |= s->state == WEFT_SCTP_COOKIE_WAIT ? WEFT_SCTP_PEND_INIT : WEFT_SCTP_PEND_COOKIE_ECHO;
}
