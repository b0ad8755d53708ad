#include "sctp/sctp_int.h"
#include "sctp/serial.h"

static bool outstanding(const weft_sctp *s) { return s->tx.flight || s->tx.lost_n || s->tx.advanced != s->tx.acked; }

/* RFC 9260 section 6.3.2, R2 and R3. */
static void restart_t3(weft_sctp *s, bool earliest_changed) {
  if (!outstanding(s))
    s->t3_at = WEFT_NEVER;
  else if (earliest_changed || s->t3_at == WEFT_NEVER)
    s->t3_at = weft_time_add(s->now, s->rto.rto);
}

void weft_sctp_acked(weft_sctp *s, const weft_sctp_sack_result *r, uint32_t flight_before) {
  if (r->timed) weft_sctp_rto_sample(&s->rto, r->rtt);
  if (r->acked || r->advanced) s->errors = 0; /* a FORWARD-TSN that is answered is an answer too */
  s->burst_credit += r->acked;
  weft_sctp_cc_acked(&s->cc, s->tx.acked, r->advanced, r->acked, flight_before);
  if (!outstanding(s)) weft_sctp_cc_all_acked(&s->cc);
  if (r->lost) {
    weft_sctp_cc_lost(&s->cc, s->tx.fresh - 1);
    s->fast_packet = true;
    s->stats.fast_retransmits++;
  }
  if (r->advanced && s->probing) s->probing = false;
  s->pending &= ~(uint32_t)WEFT_SCTP_PEND_FORWARD;
  if (weft_sctp_send_advance(&s->tx)) s->pending |= WEFT_SCTP_PEND_FORWARD;
  restart_t3(s, r->advanced || r->first_lost);
}

/* What flies is lost, or given up: then the peer has to be told. */
static void all_lost(weft_sctp *s) {
  weft_sctp_send_all_lost(&s->tx, s->now);
  if (weft_sctp_send_advance(&s->tx)) s->pending |= WEFT_SCTP_PEND_FORWARD;
}

/* The window opened while a probe was out: the peer had no room for the probe, and waiting for T3 would only cost time. Only the opening
 * itself counts: a peer that keeps saying "room" and drops is not answered at its own pace. */
static void probe_again(weft_sctp *s, uint32_t window_before) {
  if (!s->probing || s->tx.acked + 1 == s->tx.next) return;
  uint16_t needed = (*weft_sctp_send_slot(&s->tx, s->tx.acked + 1))->len;
  if (window_before >= needed || s->peer_window < needed) return;
  s->probing = false;
  all_lost(s);
  s->fast_packet = true;
  if (s->rto.measured) weft_sctp_rto_sample(&s->rto, s->rto.srtt); /* the back-off was the window's, not the path's */
  s->t3_at = WEFT_NEVER;
}

static bool sack_expected(const weft_sctp *s) {
  return weft_sctp_can_send_data(s) || s->state == WEFT_SCTP_SHUTDOWN_SENT || s->state == WEFT_SCTP_SHUTDOWN_ACK_SENT;
}

void weft_sctp_on_sack(weft_sctp *s, const weft_sctp_chunk *c) {
  weft_sctp_sack sack;
  weft_sctp_sack_result r;
  if (!sack_expected(s) || weft_sctp_sack_read(&sack, c) != WEFT_OK) {
    weft_sctp_drop(s, &s->stats.drop_state, "drop_state", c->start, c->length);
    return;
  }
  uint32_t flight_before = s->tx.flight, window_before = s->peer_window;
  s->stats.sacks_in++;
  int rc = weft_sctp_send_sack(&s->tx, &sack, s->cc.recovery, s->now, &r);
  if (rc == WEFT_ESTATE) return; /* older than what is known: section 6.2.1 D i */
  if (rc != WEFT_OK) {
    weft_sctp_break(s, "sack", WEFT_EPROTO, WEFT_SCTP_CAUSE_PROTOCOL, "a SACK of data that was never sent");
    return;
  }
  s->sacked_since_t3 = true;
  s->peer_window = sack.a_rwnd;
  weft_sctp_acked(s, &r, flight_before);
  probe_again(s, window_before);
  weft_sctp_after_progress(s);
}

/* Section 6.3.3. A window probe that is answered but not taken is no sign of a dead path (section 6.1 A). */
void weft_sctp_tick_t3(weft_sctp *s) {
  if (!weft_time_due(s->t3_at, s->now)) return;
  s->t3_at = WEFT_NEVER;
  s->stats.t3_expiries++;
  /* Section 6.1 A: while SACKs keep coming, a closed window is no error, be it met by a probe or by what was in flight when it closed. */
  bool waiting_for_window = (s->probing || s->peer_window < s->cfg.mtu) && s->sacked_since_t3;
  s->sacked_since_t3 = false;
  if (!waiting_for_window && !weft_sctp_error_counted(s, "retransmission")) return;
  weft_sctp_cc_timeout(&s->cc);
  weft_sctp_rto_back_off(&s->rto);
  all_lost(s);
  weft_sctp_after_progress(s);
}

static void tell_writable(weft_sctp *s) {
  size_t half = s->cfg.send_limit / 2;
  if (!s->writable_due || s->tx.buffered > half || s->tx.memory > 4 * half) return;
  s->writable_due = false;
  weft_evq_push(&s->q, &(weft_sctp_event){.type = WEFT_SCTP_EVENT_WRITABLE});
}

void weft_sctp_after_progress(weft_sctp *s) {
  if (s->dead) return;
  tell_writable(s);
  weft_sctp_resets_ready(s);
  weft_sctp_shutdown_progress(s);
}
