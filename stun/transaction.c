/* The retransmission schedule over UDP: RFC 8489 section 6.2.1. */
#include "stun/stun_int.h"

#include "base/timer.h"

#include <string.h>

int weft_stun_transaction_start(weft_stun_transaction *t, const weft_rng *rng, weft_time rto, weft_time now) {
  memset(t, 0, sizeof *t);
  t->deadline = WEFT_NEVER;
  if (rng->fill(rng->ctx, t->txid, sizeof t->txid) != 0) return WEFT_ERANDOM;
  t->rto = rto != 0 ? rto : WEFT_STUN_RTO_DEFAULT;
  t->rc = WEFT_STUN_RC;
  t->rm = WEFT_STUN_RM;
  t->sent = 1;
  t->sent_at = now;
  t->deadline = weft_time_add(now, t->rto);
  return WEFT_OK;
}

int weft_stun_transaction_tick(weft_stun_transaction *t, weft_time now) {
  if (!weft_time_due(t->deadline, now)) return WEFT_EAGAIN;
  if (t->sent >= t->rc) {
    t->deadline = WEFT_NEVER;
    return WEFT_ETIMEDOUT;
  }
  t->sent++;
  /* the wait doubles after each, and after the last it is Rm times the first */
  weft_time wait = t->sent == t->rc ? t->rto * t->rm : t->rto << (t->sent - 1);
  t->deadline = weft_time_add(now, wait);
  return WEFT_OK;
}

bool weft_stun_transaction_matches(const weft_stun_transaction *t, const weft_stun_msg *m) {
  return m->method == WEFT_STUN_BINDING && (m->cls == WEFT_STUN_SUCCESS || m->cls == WEFT_STUN_ERROR) &&
         memcmp(t->txid, m->txid, WEFT_STUN_TXID_LEN) == 0;
}
