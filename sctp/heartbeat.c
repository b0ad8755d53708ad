#include <string.h>

#include "sctp/sctp_int.h"

enum { INFO = 16 }; /* time and nonce of ours */

/* RFC 9260 section 8.3: each interval plus RTO, jittered by half of the RTO either way; only on an idle association. */
void weft_sctp_heartbeat_later(weft_sctp *s) {
  uint8_t r[2] = {0};
  s->hb.open = false;
  s->hb.at = WEFT_NEVER;
  if (s->cfg.heartbeat_interval == WEFT_NEVER || s->cfg.rng.fill(s->cfg.rng.ctx, r, sizeof r) != 0) return;
  weft_time jitter = s->rto.rto * weft_sctp_be16(r) / 65536;
  s->hb.at = weft_time_add(s->now, weft_time_add(s->cfg.heartbeat_interval, s->rto.rto / 2 + jitter));
}

void weft_sctp_put_heartbeat(weft_sctp *s, weft_wr *w) {
  size_t at = weft_sctp_open_chunk(w, WEFT_SCTP_HEARTBEAT, 0),
         info = weft_sctp_open_tlv(w, WEFT_SCTP_PARAM_HEARTBEAT_INFO);
  weft_wr_u64(w, s->hb.sent_at);
  weft_wr_u64(w, s->hb.nonce);
  weft_sctp_close_tlv(w, info);
  weft_sctp_close_chunk(w, at);
}

static void send_heartbeat(weft_sctp *s) {
  uint8_t r[8];
  if (s->cfg.rng.fill(s->cfg.rng.ctx, r, sizeof r) != 0) {
    weft_sctp_heartbeat_later(s);
    return;
  }
  memcpy(&s->hb.nonce, r, sizeof r);
  s->hb.open = true;
  s->hb.sent_at = s->now;
  s->hb.at = weft_time_add(s->now, s->rto.rto);
  s->pending |= WEFT_SCTP_PEND_HEARTBEAT;
}

static void give_memory_back(weft_sctp *s) {
  if (s->pool.in_use == 0) weft_sctp_pool_trim(&s->pool);
  if (s->reassembly.bytes == 0) weft_sctp_reassembly_trim(&s->reassembly);
}

static bool busy(const weft_sctp *s) {
  return s->tx.flight || s->tx.lost_n || weft_time_since(s->now, s->data_sent_at) < s->cfg.heartbeat_interval;
}

void weft_sctp_tick_heartbeat(weft_sctp *s) {
  if (!weft_time_due(s->hb.at, s->now)) return;
  if (!weft_sctp_can_send_data(s)) {
    s->hb.at = WEFT_NEVER;
    return;
  }
  if (s->hb.open) { /* section 8.3: not answered within the RTO */
    weft_sctp_rto_back_off(&s->rto);
    if (weft_sctp_error_counted(s, "heartbeat")) send_heartbeat(s);
    return;
  }
  give_memory_back(s);
  if (s->data_sent_at && busy(s))
    weft_sctp_heartbeat_later(s);
  else
    send_heartbeat(s);
}

/* Section 8.3: answered with what it carried; when several come before the answer leaves, the last one. */
void weft_sctp_on_heartbeat(weft_sctp *s, const weft_sctp_chunk *c) {
  if (s->state == WEFT_SCTP_CLOSED || s->state == WEFT_SCTP_COOKIE_WAIT) return;
  if (WEFT_SCTP_HEADER + 4 + weft_sctp_pad4(c->value_len) > s->cfg.mtu) {
    weft_sctp_drop(s, &s->stats.drop_malformed, "drop_malformed", c->start, c->length);
    return;
  }
  if (!s->hb.echo) s->hb.echo = weft_mem_resize(&s->alloc, NULL, 0, s->cfg.mtu);
  if (!s->hb.echo) return;
  if (c->value_len) memcpy(s->hb.echo, c->value, c->value_len);
  s->hb.echo_n = c->value_len;
  s->pending |= WEFT_SCTP_PEND_HEARTBEAT_ACK;
}

void weft_sctp_on_heartbeat_ack(weft_sctp *s, const weft_sctp_chunk *c) {
  weft_sctp_tlv t;
  weft_rd r, info;
  weft_rd_init(&r, c->value, c->value_len);
  if (!s->hb.open || weft_sctp_tlv_next(&r, &t) != 1 || t.type != WEFT_SCTP_PARAM_HEARTBEAT_INFO || t.value_len != INFO)
    return;
  weft_rd_init(&info, t.value, t.value_len);
  uint64_t sent_at = weft_rd_u64(&info), nonce = weft_rd_u64(&info);
  if (sent_at != s->hb.sent_at || nonce != s->hb.nonce) return;
  s->errors = 0;
  weft_sctp_rto_sample(&s->rto, weft_time_since(s->now, s->hb.sent_at));
  weft_sctp_heartbeat_later(s);
}
