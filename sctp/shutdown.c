#include <string.h>

#include "sctp/sctp_int.h"

/* RFC 9260 section 9.
 *
 *   ESTABLISHED --close()--> SHUTDOWN_PENDING --all acknowledged--> SHUTDOWN_SENT --SHUTDOWN-ACK--> CLOSED
 *        |                        |                                      |
 *     SHUTDOWN                 SHUTDOWN                               SHUTDOWN
 *        v                        v                                      v
 *        '---------------> SHUTDOWN_RECEIVED --all acknowledged--> SHUTDOWN_ACK_SENT --SHUTDOWN-COMPLETE--> CLOSED
 */

static void start_t2(weft_sctp *s) {
  s->errors = 0;
  s->t2_rto = s->rto.rto;
  s->t2_at = weft_time_add(s->now, s->t2_rto);
  if (s->t5_at == WEFT_NEVER) s->t5_at = weft_time_add(s->now, 5 * s->cfg.rto_max); /* section 9.2: T5-shutdown-guard */
}

void weft_sctp_shutdown_progress(weft_sctp *s) {
  if (s->closing && s->state == WEFT_SCTP_ESTABLISHED) weft_sctp_set_state(s, WEFT_SCTP_SHUTDOWN_PENDING);
  if (!s->tx.pool || !weft_sctp_send_empty(&s->tx)) return;
  if (s->state == WEFT_SCTP_SHUTDOWN_PENDING) {
    weft_sctp_set_state(s, WEFT_SCTP_SHUTDOWN_SENT);
    s->pending |= WEFT_SCTP_PEND_SHUTDOWN;
    start_t2(s);
  } else if (s->state == WEFT_SCTP_SHUTDOWN_RECEIVED) {
    weft_sctp_set_state(s, WEFT_SCTP_SHUTDOWN_ACK_SENT);
    s->pending |= WEFT_SCTP_PEND_SHUTDOWN_ACK;
    start_t2(s);
  }
}

void weft_sctp_shutdown_sent(weft_sctp *s) { s->t2_at = weft_time_add(s->now, s->t2_rto); }

void weft_sctp_tick_shutdown(weft_sctp *s) {
  if (weft_time_due(s->t5_at, s->now)) {
    weft_sctp_send_abort(s, s->peer.peer_tag, WEFT_SCTP_CAUSE_USER_ABORT, NULL, 0);
    weft_sctp_fail(s, WEFT_WHO_TIMEOUT, "shutdown", WEFT_ETIMEDOUT, 0, "the graceful end took too long");
    return;
  }
  if (!weft_time_due(s->t2_at, s->now) || !weft_sctp_error_counted(s, "shutdown")) return;
  s->t2_rto = s->t2_rto * 2 < s->cfg.rto_max ? s->t2_rto * 2 : s->cfg.rto_max;
  s->t2_at = weft_time_add(s->now, s->t2_rto);
  s->pending |= s->state == WEFT_SCTP_SHUTDOWN_SENT ? WEFT_SCTP_PEND_SHUTDOWN : WEFT_SCTP_PEND_SHUTDOWN_ACK;
}

static void clean_end(weft_sctp *s) {
  if (s->closing)
    weft_sctp_fail(s, WEFT_WHO_SELF, "shutdown", s->close_code, 0, "closed");
  else
    weft_sctp_fail(s, WEFT_WHO_PEER, "shutdown", WEFT_OK, 0, "the peer closed");
}

static bool acknowledged(weft_sctp *s, const weft_sctp_chunk *c) {
  weft_sctp_sack_result r = {0};
  uint32_t flight_before = s->tx.flight;
  int rc = weft_sctp_send_cumulative(&s->tx, weft_sctp_be32(c->value), s->now, &r);
  if (rc == WEFT_EPROTO) {
    weft_sctp_break(s, "shutdown", WEFT_EPROTO, WEFT_SCTP_CAUSE_PROTOCOL,
                    "a SHUTDOWN that acknowledges data never sent");
    return false;
  }
  if (rc == WEFT_OK) weft_sctp_acked(s, &r, flight_before);
  return true;
}

void weft_sctp_on_shutdown(weft_sctp *s, const weft_sctp_chunk *c) {
  switch (s->state) {
  case WEFT_SCTP_CLOSED:
  case WEFT_SCTP_COOKIE_WAIT:
  case WEFT_SCTP_COOKIE_ECHOED:
  case WEFT_SCTP_SHUTDOWN_ACK_SENT: return;
  case WEFT_SCTP_ESTABLISHED:
  case WEFT_SCTP_SHUTDOWN_PENDING:
    if (!acknowledged(s, c)) return;
    weft_sctp_set_state(s, WEFT_SCTP_SHUTDOWN_RECEIVED);
    break;
  case WEFT_SCTP_SHUTDOWN_RECEIVED:
    if (!acknowledged(s, c)) return;
    break;
  case WEFT_SCTP_SHUTDOWN_SENT: /* both at once */
    weft_sctp_set_state(s, WEFT_SCTP_SHUTDOWN_ACK_SENT);
    s->pending = (s->pending & ~(uint32_t)WEFT_SCTP_PEND_SHUTDOWN) | WEFT_SCTP_PEND_SHUTDOWN_ACK;
    break;
  }
  weft_sctp_after_progress(s);
}

void weft_sctp_on_shutdown_ack(weft_sctp *s) {
  if (s->state != WEFT_SCTP_SHUTDOWN_SENT && s->state != WEFT_SCTP_SHUTDOWN_ACK_SENT) return;
  weft_wr w;
  weft_wr_init(&w, s->packet, s->cfg.mtu);
  weft_sctp_put_header(&w, s->cfg.local_port, s->cfg.remote_port, s->peer.peer_tag);
  weft_sctp_close_chunk(&w, weft_sctp_open_chunk(&w, WEFT_SCTP_SHUTDOWN_COMPLETE, 0));
  (void)weft_sctp_emit(s, &w);
  clean_end(s);
}

void weft_sctp_on_shutdown_complete(weft_sctp *s) {
  if (s->state == WEFT_SCTP_SHUTDOWN_ACK_SENT) clean_end(s);
}

/* ---- ABORT ----------------------------------------------------------------------------------------------------------- */

static void keep_reason(weft_sctp *s, const weft_sctp_tlv *t) {
  size_t n = t->value_len < WEFT_SCTP_REASON ? t->value_len : WEFT_SCTP_REASON;
  for (size_t i = 0; i < n; i++) s->reason[i] = (char)(t->value[i] >= 0x20 && t->value[i] < 0x7f ? t->value[i] : '.');
  s->reason[n] = 0;
}

void weft_sctp_on_abort(weft_sctp *s, const weft_sctp_chunk *c) {
  weft_rd r;
  weft_sctp_tlv t = {0};
  if (s->state == WEFT_SCTP_CLOSED) return;
  weft_rd_init(&r, c->value, c->value_len);
  bool has_cause = weft_sctp_tlv_next(&r, &t) == 1;
  bool has_text =
      has_cause && (t.type == WEFT_SCTP_CAUSE_USER_ABORT || t.type == WEFT_SCTP_CAUSE_PROTOCOL) && t.value_len;
  if (has_text) keep_reason(s, &t);
  weft_sctp_fail(s, WEFT_WHO_PEER, "abort", WEFT_ERESET, has_cause ? t.type : 0,
                 has_text ? s->reason : "the peer aborted the association");
}

int weft_sctp_abort(weft_sctp *s, const char *reason, weft_time now) {
  if (s->dead) return WEFT_ECLOSED;
  const char *text = reason ? reason : "";
  weft_sctp_enter(s, now);
  weft_sctp_send_abort(s, s->peer.peer_tag, WEFT_SCTP_CAUSE_USER_ABORT, text, strlen(text));
  weft_sctp_fail(s, WEFT_WHO_SELF, "abort", WEFT_OK, WEFT_SCTP_CAUSE_USER_ABORT, "aborted");
  return weft_sctp_leave(s, WEFT_OK);
}

int weft_sctp_close(weft_sctp *s, int code, weft_time now) {
  if (s->dead) return WEFT_ECLOSED;
  if (s->closing) return WEFT_OK;
  weft_sctp_enter(s, now);
  s->closing = true;
  s->close_code = code;
  bool none = s->state == WEFT_SCTP_CLOSED || s->state == WEFT_SCTP_COOKIE_WAIT || s->state == WEFT_SCTP_COOKIE_ECHOED;
  if (!none) {
    weft_sctp_after_progress(s);
  } else { /* no association yet: nothing to say goodbye to, but an echoed cookie may have made one over there */
    weft_sctp_send_abort(s, s->peer.peer_tag, WEFT_SCTP_CAUSE_USER_ABORT, NULL, 0);
    weft_sctp_fail(s, WEFT_WHO_SELF, "close", code, 0, "closed");
  }
  return weft_sctp_leave(s, WEFT_OK);
}
