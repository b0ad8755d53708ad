/* weft sctp (private): the two controllers of one path, as plain numbers: retransmission timeout and congestion window. */
#ifndef WEFT_SCTP_CONGESTION_H
#define WEFT_SCTP_CONGESTION_H

#include "base/base.h"

typedef struct weft_sctp_rto { /* RFC 9260 section 6.3 */
  weft_time srtt, rttvar, rto, min, max;
  bool measured;
} weft_sctp_rto;

void weft_sctp_rto_init(weft_sctp_rto *r, weft_time initial, weft_time min, weft_time max);
void weft_sctp_rto_sample(weft_sctp_rto *r, weft_time rtt); /* of a chunk sent once only (Karn) */
void weft_sctp_rto_back_off(weft_sctp_rto *r);
weft_time weft_sctp_rto_double(const weft_sctp_rto *r, unsigned times); /* rto doubled that often, at most max */

typedef struct weft_sctp_cc { /* RFC 9260 section 7.2 */
  uint32_t cwnd, ssthresh, partial, pmdcs, limit;
  bool recovery;     /* fast recovery, section 7.2.4 */
  uint32_t exit_tsn; /* acknowledging it ends fast recovery */
} weft_sctp_cc;

enum {
  WEFT_SCTP_MAX_BURST = 10
}; /* packets of one sending opportunity beyond what was acknowledged; RFC 9260 section 16 proposes 4, RFC 6928 starts with 10 */

/* pmdcs: the largest DATA chunk, header included; limit: cwnd stays at or below it. */
void weft_sctp_cc_init(weft_sctp_cc *c, uint32_t pmdcs, uint32_t peer_window, uint32_t limit);
/* A SACK that moved the cumulative point; flight: bytes in flight before it; acked: bytes it newly acknowledged. */
void weft_sctp_cc_acked(weft_sctp_cc *c, uint32_t cumulative, bool advanced, uint32_t acked, uint32_t flight);
void weft_sctp_cc_all_acked(weft_sctp_cc *c);
bool weft_sctp_cc_lost(weft_sctp_cc *c,
                       uint32_t highest_outstanding); /* fast retransmit; true when it begins a recovery */
void weft_sctp_cc_timeout(weft_sctp_cc *c);
void weft_sctp_cc_idle(weft_sctp_cc *c, uint32_t rtos); /* that many timeouts went by without sending */

#endif
