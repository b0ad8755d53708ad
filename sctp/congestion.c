#include "sctp/congestion.h"

#include "sctp/serial.h"

/* RFC 9260 section 7.2.1: L, in units of pmdcs, bounds what one SACK opens; more than 1 because one SACK answers a whole batch. */
enum { SLOW_START_L = 4 };

static uint32_t at_least(uint32_t v, uint32_t least) { return v > least ? v : least; }

/* Section 7.2.1: min(4 * PMDCS, max(2 * PMDCS, 4404)); ssthresh "MAY be arbitrarily high", the peer's window is usual. */
void weft_sctp_cc_init(weft_sctp_cc *c, uint32_t pmdcs, uint32_t peer_window, uint32_t limit) {
  uint32_t start = at_least(2 * pmdcs, 4404);
  *c =
      (weft_sctp_cc){.pmdcs = pmdcs, .ssthresh = at_least(peer_window, 4 * pmdcs), .limit = at_least(limit, 4 * pmdcs)};
  c->cwnd = start < 4 * pmdcs ? start : 4 * pmdcs;
}

static void open_window(weft_sctp_cc *c, uint32_t by) { c->cwnd = by > c->limit - c->cwnd ? c->limit : c->cwnd + by; }

static void slow_start(weft_sctp_cc *c, uint32_t acked, uint32_t flight) {
  uint32_t most = SLOW_START_L * c->pmdcs;
  if (!c->recovery && flight + c->pmdcs > c->cwnd) open_window(c, acked < most ? acked : most);
}

/* Section 7.2.2: one pmdcs per window. */
static void avoidance(weft_sctp_cc *c, uint32_t acked, uint32_t flight) {
  c->partial += acked;
  if (c->partial < c->cwnd) return;
  if (flight + c->pmdcs <= c->cwnd) {
    c->partial = c->cwnd;
    return;
  }
  c->partial -= c->cwnd;
  if (!c->recovery) open_window(c, c->pmdcs);
}

void weft_sctp_cc_acked(weft_sctp_cc *c, uint32_t cumulative, bool advanced, uint32_t acked, uint32_t flight) {
  if (c->recovery && weft_sctp_tsn_le(c->exit_tsn, cumulative)) c->recovery = false;
  if (!advanced) return;
  if (c->cwnd <= c->ssthresh)
    slow_start(c, acked, flight);
  else
    avoidance(c, acked, flight);
}

void weft_sctp_cc_all_acked(weft_sctp_cc *c) { c->partial = 0; }

bool weft_sctp_cc_lost(weft_sctp_cc *c, uint32_t highest_outstanding) {
  if (c->recovery) return false;
  c->ssthresh = at_least(c->cwnd / 2, 4 * c->pmdcs);
  c->cwnd = c->ssthresh < c->limit ? c->ssthresh : c->limit;
  c->partial = 0;
  c->recovery = true;
  c->exit_tsn = highest_outstanding;
  return true;
}

/* Section 7.2.3. */
void weft_sctp_cc_timeout(weft_sctp_cc *c) {
  c->ssthresh = at_least(c->cwnd / 2, 4 * c->pmdcs);
  c->cwnd = c->pmdcs;
  c->partial = 0;
  c->recovery = false;
}

/* Section 7.2.1, last bullet: max(cwnd / 2, 4 * PMDCS) per RTO. */
void weft_sctp_cc_idle(weft_sctp_cc *c, uint32_t rtos) {
  uint32_t least = 4 * c->pmdcs;
  for (; rtos && c->cwnd > least; rtos--) c->cwnd = at_least(c->cwnd / 2, least);
}
