#include <string.h>

#include "sctp/sctp_int.h"

int weft_sctp_connect(weft_sctp *s, weft_time now) {
  if (s->dead) return WEFT_ECLOSED;
  if (s->state != WEFT_SCTP_CLOSED) return WEFT_OK; /* the peer was first */
  weft_sctp_enter(s, now);
  weft_sctp_set_state(s, WEFT_SCTP_COOKIE_WAIT);
  s->pending |= WEFT_SCTP_PEND_INIT;
  s->t1_tries = 0;
  s->t1_rto = s->cfg.rto_initial;
  s->t1_at = weft_time_add(s->now, s->t1_rto);
  return weft_sctp_leave(s, WEFT_OK);
}

int weft_sctp_input(weft_sctp *s, const uint8_t *data, size_t len, weft_time now) {
  if (s->dead) return WEFT_ESTATE;
  weft_sctp_enter(s, now);
  int rc = weft_sctp_receive(s, data, len);
  return weft_sctp_leave(s, rc);
}

static bool full(weft_sctp *s, size_t len) {
  /* small messages take more memory than their bytes: that is bounded too */
  size_t memory = weft_sctp_send_memory(&s->tx, len);
  bool over = s->tx.buffered + len > s->cfg.send_limit || s->tx.memory + memory > 4 * (size_t)s->cfg.send_limit;
  return over && s->tx.buffered > 0;
}

static int may_send(const weft_sctp *s, const weft_sctp_message *m, size_t len) {
  if (s->dead || s->state != WEFT_SCTP_ESTABLISHED || s->resets.all) return WEFT_ESTATE;
  if (len == 0 || m->stream >= s->peer.streams_out) return WEFT_EINVAL;
  if (len > s->cfg.max_message_out) return WEFT_ETOOBIG;
  const weft_sctp_stream_out *stream = weft_sctp_send_stream(&s->tx, m->stream);
  return stream && stream->resetting ? WEFT_ESTATE : WEFT_OK;
}

int weft_sctp_send(weft_sctp *s, const weft_sctp_message *m, const uint8_t *data, size_t len, weft_time now) {
  int rc = may_send(s, m, len);
  if (rc != WEFT_OK) return rc;
  if (full(s, len)) {
    s->writable_due = true;
    return WEFT_EAGAIN;
  }
  weft_sctp_enter(s, now);
  rc = weft_sctp_send_push(&s->tx, m, data, len, s->now);
  if (rc == WEFT_OK) s->stats.messages_out++;
  return weft_sctp_leave(s, rc);
}

void weft_sctp_hold(weft_sctp *s) { s->held++; }

int weft_sctp_release(weft_sctp *s, weft_time now) {
  if (s->held == 0) return WEFT_ESTATE;
  weft_sctp_enter(s, now);
  s->held--;
  return weft_sctp_leave(s, WEFT_OK);
}

int weft_sctp_consumed(weft_sctp *s, uint16_t stream, size_t n, weft_time now) {
  (void)stream; /* the window is the association's */
  if (s->dead || s->cfg.auto_consume) return WEFT_OK;
  if (n > s->unconsumed) return WEFT_EINVAL;
  weft_sctp_enter(s, now);
  s->unconsumed -= n;
  weft_sctp_window_opened(s);
  return weft_sctp_leave(s, WEFT_OK);
}

size_t weft_sctp_stream_buffered(const weft_sctp *s, uint16_t stream) {
  const weft_sctp_stream_out *out = s->tx.pool ? weft_sctp_send_stream(&s->tx, stream) : NULL;
  return out ? out->buffered : 0;
}

int weft_sctp_notify_drained(weft_sctp *s, uint16_t stream, weft_time now) {
  if (s->dead || !s->tx.pool) return WEFT_ESTATE;
  if (stream >= s->peer.streams_out) return WEFT_EINVAL;
  weft_sctp_stream_out *out = weft_sctp_send_make_stream(&s->tx, stream);
  if (!out) return WEFT_ENOMEM;
  weft_sctp_enter(s, now);
  out->notify = true;
  if (out->buffered == 0 && weft_list_empty(&out->drain)) weft_list_push_back(&s->tx.drained, &out->drain);
  return weft_sctp_leave(s, WEFT_OK);
}

int weft_sctp_tick(weft_sctp *s, weft_time now) {
  if (s->dead) return WEFT_OK;
  weft_sctp_enter(s, now);
  s->retry_at = WEFT_NEVER;
  weft_sctp_tick_t1(s);
  weft_sctp_tick_t3(s);
  weft_sctp_tick_shutdown(s);
  weft_sctp_tick_reset(s);
  weft_sctp_tick_heartbeat(s);
  if (weft_time_due(s->sack_at, s->now)) {
    s->pending |= WEFT_SCTP_PEND_SACK;
    s->sack_at = WEFT_NEVER; /* when output refuses, retry_at is the next time */
  }
  return weft_sctp_leave(s, WEFT_OK);
}

weft_time weft_sctp_deadline(const weft_sctp *s) {
  if (s->dead) return WEFT_NEVER;
  if (s->tx.pool && !weft_list_empty(&s->tx.drained)) return s->now + 1; /* a callback asked again */
  weft_time at = weft_time_min(s->t1_at, s->t2_at);
  at = weft_time_min(at, weft_time_min(s->t3_at, s->t5_at));
  at = weft_time_min(at, weft_time_min(s->sack_at, s->retry_at));
  return weft_time_min(at, weft_time_min(s->hb.at, s->resets.at));
}

weft_sctp_state weft_sctp_get_state(const weft_sctp *s) { return s->state; }

void weft_sctp_get_stats(const weft_sctp *s, weft_sctp_stats *st) {
  weft_sctp_stats now = s->stats;
  now.size = sizeof now;
  now.cwnd = s->cc.cwnd;
  now.ssthresh = s->cc.ssthresh;
  now.peer_rwnd = s->peer_window;
  now.outstanding = s->tx.flight_payload;
  now.buffered = (uint32_t)s->tx.buffered;
  now.unconsumed = (uint32_t)s->unconsumed;
  now.reassembly = (uint32_t)s->reassembly.bytes;
  now.srtt = s->rto.srtt;
  now.rto = s->rto.rto;
  size_t size = st->size;
  if (size == 0 || size > sizeof now) size = sizeof now;
  memcpy(st, &now, size);
  st->size = size;
}
