#include <string.h>

#include "sctp/sctp_int.h"

/* RFC 9653 section 5.2: never for packets that set an association up. */
static bool zero_checksum(const weft_sctp *s, uint8_t first_chunk) {
  if (!s->cfg.zero_checksum || !s->peer.zero_checksum) return false;
  if (s->state == WEFT_SCTP_CLOSED || s->state == WEFT_SCTP_COOKIE_WAIT || s->state == WEFT_SCTP_COOKIE_ECHOED)
    return false;
  return first_chunk != WEFT_SCTP_INIT && first_chunk != WEFT_SCTP_INIT_ACK && first_chunk != WEFT_SCTP_COOKIE_ECHO;
}

void weft_sctp_retry_later(weft_sctp *s) { s->retry_at = weft_time_add(s->now, WEFT_MS(WEFT_SCTP_RETRY_MS)); }

int weft_sctp_emit(weft_sctp *s, weft_wr *w) {
  size_t len = weft_wr_len(w);
  uint32_t crc = zero_checksum(s, w->start[WEFT_SCTP_HEADER]) ? 0 : weft_sctp_packet_crc(s->crc, w->start, len);
  for (unsigned i = 0; i < 4; i++) w->start[8 + i] = (uint8_t)(crc >> (8 * i));
  int rc = s->cb.output(s->user, w->start, len, s->now);
  if (rc == WEFT_EAGAIN) return rc;
  weft_sctp_trace(s, WEFT_TRACE_OUT, NULL, w->start, len);
  s->stats.packets_out++;
  s->stats.bytes_out += len;
  return WEFT_OK; /* any other failure is a lost packet */
}

void weft_sctp_send_reflected(weft_sctp *s, uint8_t type, uint32_t tag) {
  weft_wr w;
  weft_wr_init(&w, s->packet, s->cfg.mtu);
  weft_sctp_put_header(&w, s->cfg.local_port, s->cfg.remote_port, tag);
  weft_sctp_close_chunk(&w, weft_sctp_open_chunk(&w, type, WEFT_SCTP_FLAG_T));
  (void)weft_sctp_emit(s, &w);
}

void weft_sctp_send_abort(weft_sctp *s, uint32_t tag, uint16_t cause, const void *info, size_t len) {
  weft_wr w;
  if (tag == 0) return;
  weft_wr_init(&w, s->packet, s->cfg.mtu);
  weft_sctp_put_header(&w, s->cfg.local_port, s->cfg.remote_port, tag);
  size_t at = weft_sctp_open_chunk(&w, WEFT_SCTP_ABORT, 0), inner = weft_sctp_open_tlv(&w, cause);
  weft_wr_bytes(&w, info, len < WEFT_SCTP_REASON ? len : WEFT_SCTP_REASON);
  weft_sctp_close_tlv(&w, inner);
  weft_sctp_close_chunk(&w, at);
  (void)weft_sctp_emit(s, &w);
}

/* ---- control chunks -------------------------------------------------------------------------------------------------- */

static void put_cookie_echo(weft_sctp *s, weft_wr *w) {
  size_t at = weft_sctp_open_chunk(w, WEFT_SCTP_COOKIE_ECHO, 0);
  weft_wr_bytes(w, s->echo_cookie, s->echo_cookie_n);
  weft_sctp_close_chunk(w, at);
}

static void put_empty(weft_wr *w, uint8_t type) { weft_sctp_close_chunk(w, weft_sctp_open_chunk(w, type, 0)); }
static void put_cookie_ack(weft_sctp *s, weft_wr *w) { (void)s, put_empty(w, WEFT_SCTP_COOKIE_ACK); }
static void put_shutdown_ack(weft_sctp *s, weft_wr *w) { (void)s, put_empty(w, WEFT_SCTP_SHUTDOWN_ACK); }

static void put_shutdown(weft_sctp *s, weft_wr *w) {
  size_t at = weft_sctp_open_chunk(w, WEFT_SCTP_SHUTDOWN, 0);
  weft_wr_u32(w, s->rx.cumulative);
  weft_sctp_close_chunk(w, at);
}

static void put_forward(weft_sctp *s, weft_wr *w) { weft_sctp_send_write_forward(&s->tx, w); }

static void put_heartbeat_ack(weft_sctp *s, weft_wr *w) {
  size_t at = weft_sctp_open_chunk(w, WEFT_SCTP_HEARTBEAT_ACK, 0);
  weft_wr_bytes(w, s->hb.echo, s->hb.echo_n);
  weft_sctp_close_chunk(w, at);
}

static void put_errors(weft_sctp *s, weft_wr *w) {
  size_t at = weft_sctp_open_chunk(w, WEFT_SCTP_ERROR, 0);
  weft_wr_bytes(w, s->errors_out, s->errors_out_n);
  weft_sctp_close_chunk(w, at);
}

static size_t fixed(const weft_sctp *s) { return (void)s, 28; }
static size_t cookie_echo_size(const weft_sctp *s) { return 4 + weft_sctp_pad4(s->echo_cookie_n); }
static size_t responses_size(const weft_sctp *s) {
  return 4 * ((s->resets.responses_n + 1) / 2) + 12 * s->resets.responses_n;
}
static size_t heartbeat_ack_size(const weft_sctp *s) { return 4 + weft_sctp_pad4(s->hb.echo_n); }
static size_t errors_size(const weft_sctp *s) { return 4 + weft_sctp_pad4(s->errors_out_n); }

static void arm_t3(weft_sctp *s) {
  if (s->t3_at == WEFT_NEVER) s->t3_at = weft_time_add(s->now, s->rto.rto);
}

static void nothing(weft_sctp *s) { (void)s; }
static void responses_sent(weft_sctp *s) { s->resets.responses_n = 0; }
static void errors_sent(weft_sctp *s) { s->errors_out_n = 0; }

typedef struct control {
  uint32_t bit;
  size_t (*size)(const weft_sctp *s); /* at least */
  void (*put)(weft_sctp *s, weft_wr *w);
  void (*sent)(weft_sctp *s);
} control;

/* In the order of RFC 9260 section 6.10: COOKIE-ECHO and COOKIE-ACK first, control before DATA. */
static const control controls[] = {
    {WEFT_SCTP_PEND_INIT, fixed, weft_sctp_put_init, nothing},
    {WEFT_SCTP_PEND_COOKIE_ECHO, cookie_echo_size, put_cookie_echo, nothing},
    {WEFT_SCTP_PEND_COOKIE_ACK, fixed, put_cookie_ack, nothing},
    {WEFT_SCTP_PEND_SHUTDOWN_ACK, fixed, put_shutdown_ack, weft_sctp_shutdown_sent},
    {WEFT_SCTP_PEND_SHUTDOWN, fixed, put_shutdown, weft_sctp_shutdown_sent},
    {WEFT_SCTP_PEND_SACK, fixed, weft_sctp_put_sack, weft_sctp_sack_sent},
    {WEFT_SCTP_PEND_FORWARD, fixed, put_forward, arm_t3},
    {WEFT_SCTP_PEND_RESPONSES, responses_size, weft_sctp_put_responses, responses_sent},
    {WEFT_SCTP_PEND_RESET, weft_sctp_reset_size, weft_sctp_put_reset, weft_sctp_reset_sent},
    {WEFT_SCTP_PEND_HEARTBEAT, fixed, weft_sctp_put_heartbeat, nothing},
    {WEFT_SCTP_PEND_HEARTBEAT_ACK, heartbeat_ack_size, put_heartbeat_ack, nothing},
    {WEFT_SCTP_PEND_ERROR, errors_size, put_errors, errors_sent},
};

static uint32_t put_controls(weft_sctp *s, weft_wr *w) {
  uint32_t done = 0;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(controls) && s->pending & ~done; i++) {
    if (!(s->pending & controls[i].bit) || weft_wr_left(w) < controls[i].size(s)) continue;
    controls[i].put(s, w);
    done |= controls[i].bit;
    if (controls[i].bit == WEFT_SCTP_PEND_INIT) break; /* section 6.10: never with others */
  }
  return done;
}

static void controls_sent(weft_sctp *s, uint32_t done) {
  s->pending &= ~done;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(controls); i++) {
    if (done & controls[i].bit) controls[i].sent(s);
  }
}

/* ---- DATA ------------------------------------------------------------------------------------------------------------ */

typedef struct picked {
  weft_sctp_out *chunk[WEFT_SCTP_PACKET_CHUNKS];
  size_t n;
} picked;

bool weft_sctp_can_send_data(const weft_sctp *s) {
  return s->state == WEFT_SCTP_ESTABLISHED || s->state == WEFT_SCTP_SHUTDOWN_PENDING ||
         s->state == WEFT_SCTP_SHUTDOWN_RECEIVED;
}

static weft_sctp_out *next_lost(weft_sctp *s) {
  weft_sctp_out *c;
  bool given_up = false;
  while ((c = weft_sctp_send_lost(&s->tx)) && weft_sctp_send_expired(&s->tx, c, s->now)) {
    weft_sctp_send_abandon(&s->tx, c);
    given_up = true;
  }
  if (given_up && weft_sctp_send_advance(&s->tx)) s->pending |= WEFT_SCTP_PEND_FORWARD;
  return c;
}

/* RFC 9260 section 6.1: A (the peer's window, but one chunk may always be in flight), B (cwnd), and the burst limit. */
static bool may_send_new(weft_sctp *s, const weft_sctp_out *c) {
  uint32_t window = s->peer_window > s->tx.flight_payload ? s->peer_window - s->tx.flight_payload : 0;
  if (s->tx.flight >= s->cc.cwnd || s->burst < weft_sctp_out_size(c)) return false;
  if (c->len <= window) return true;
  if (s->tx.flight != 0) return false;
  s->probing = true;
  return true;
}

static weft_sctp_out *next_chunk(weft_sctp *s) {
  weft_sctp_out *c = next_lost(s);
  if (c) {
    if (s->tx.flight == 0 && c->len > s->peer_window) s->probing = true;
    return s->tx.flight < s->cc.cwnd || s->fast_packet ? c : NULL;
  }
  c = weft_sctp_send_peek(&s->tx, s->now);
  return c && may_send_new(s, c) ? c : NULL;
}

static void put_data(weft_sctp *s, weft_wr *w, picked *p) {
  p->n = 0;
  while (p->n < WEFT_SCTP_PACKET_CHUNKS) {
    weft_sctp_out *c = next_chunk(s);
    if (!c || weft_wr_left(w) < weft_sctp_out_size(c)) return;
    bool again = c->sends > 0;
    if (!again) {
      if (weft_sctp_send_assign(&s->tx, c) != WEFT_OK) {
        weft_sctp_retry_later(s);
        return;
      }
      s->burst -= weft_sctp_out_size(c);
    }
    size_t n = WEFT_SCTP_DATA_HEADER + (size_t)c->len;
    weft_wr_bytes(w, c->wire, n);
    weft_wr_zero(w, weft_sctp_pad4(n) - n);
    weft_sctp_send_sent(&s->tx, c, s->now);
    p->chunk[p->n++] = c;
  }
}

static void data_sent(weft_sctp *s, const picked *p) {
  if (p->n == 0) return;
  for (size_t i = 0; i < p->n; i++) {
    if (p->chunk[i]->sends > 1) s->stats.retransmits++;
  }
  s->stats.data_chunks_out += p->n;
  s->data_sent_at = s->now;
  s->fast_packet = false;
  arm_t3(s);
}

static void data_not_sent(weft_sctp *s, const picked *p) {
  for (size_t i = p->n; i > 0; i--) weft_sctp_send_unsent(&s->tx, p->chunk[i - 1]);
  if (s->tx.flight == 0) s->probing = false;
}

/* ---- packets --------------------------------------------------------------------------------------------------------- */

static bool data_waits(weft_sctp *s) {
  return weft_sctp_can_send_data(s) && s->tx.flight < s->cc.cwnd &&
         (s->tx.lost_n || s->tx.fresh != s->tx.next || !weft_list_empty(&s->tx.ready));
}

static bool send_packet(weft_sctp *s) {
  weft_wr w;
  picked p = {.n = 0};
  weft_wr_init(&w, s->packet, s->cfg.mtu);
  weft_sctp_put_header(&w, s->cfg.local_port, s->cfg.remote_port,
                       s->pending & WEFT_SCTP_PEND_INIT ? 0 : s->peer.peer_tag);
  if (s->sack_at != WEFT_NEVER && data_waits(s)) s->pending |= WEFT_SCTP_PEND_SACK; /* it rides along */
  uint32_t before = s->pending, done = before ? put_controls(s, &w) : 0;
  if (weft_sctp_can_send_data(s)) put_data(s, &w, &p);
  if (weft_wr_len(&w) == WEFT_SCTP_HEADER)
    return s->pending & ~before; /* all of it was given up: a FORWARD-TSN is due */
  if (weft_sctp_emit(s, &w) == WEFT_EAGAIN) {
    data_not_sent(s, &p);
    weft_sctp_retry_later(s);
    return false;
  }
  controls_sent(s, done);
  data_sent(s, &p);
  return true;
}

/* RFC 9260 section 7.2.1, last bullet. */
static void after_idle(weft_sctp *s) {
  if (s->tx.flight != 0 || s->data_sent_at == 0 || s->rto.rto == 0) return;
  weft_time rtos = weft_time_since(s->now, s->data_sent_at) / s->rto.rto;
  if (rtos && data_waits(s)) weft_sctp_cc_idle(&s->cc, rtos > 32 ? 32 : (uint32_t)rtos);
}

void weft_sctp_flush(weft_sctp *s) {
  if (weft_sctp_over(s)) return;
  if (weft_sctp_can_send_data(s)) after_idle(s);
  s->burst = s->burst_credit + WEFT_SCTP_MAX_BURST * s->cc.pmdcs;
  s->burst_credit = 0;
  s->retry_at = WEFT_NEVER;
  for (int round = 0; round < 3; round++) { /* sending may end something: the data before a reset or a SHUTDOWN */
    while (send_packet(s)) {}
    uint32_t before = s->pending;
    if (weft_sctp_over(s) || s->retry_at != WEFT_NEVER) return;
    weft_sctp_after_progress(s);
    if (s->pending == before) return;
  }
}
