#include "sctp/congestion.h"

void weft_sctp_rto_init(weft_sctp_rto *r, weft_time initial, weft_time min, weft_time max) {
  *r = (weft_sctp_rto){.rto = initial, .min = min, .max = max};
}

static weft_time clamp(const weft_sctp_rto *r, weft_time v) { return v < r->min ? r->min : v > r->max ? r->max : v; }

/* RFC 9260 section 6.3.1: RTO.Alpha 1/8, RTO.Beta 1/4, C2 to C7. */
void weft_sctp_rto_sample(weft_sctp_rto *r, weft_time rtt) {
  if (rtt > WEFT_SEC(3600)) rtt = WEFT_SEC(3600);
  if (!r->measured) {
    r->srtt = rtt;
    r->rttvar = rtt / 2;
    r->measured = true;
  } else {
    weft_time error = rtt > r->srtt ? rtt - r->srtt : r->srtt - rtt;
    r->rttvar = r->rttvar - r->rttvar / 4 + error / 4;
    r->srtt = r->srtt - r->srtt / 8 + rtt / 8;
  }
  if (r->rttvar == 0) r->rttvar = 1;
  r->rto = clamp(r, r->srtt + 4 * r->rttvar);
}

void weft_sctp_rto_back_off(weft_sctp_rto *r) { r->rto = weft_sctp_rto_double(r, 1); }

weft_time weft_sctp_rto_double(const weft_sctp_rto *r, unsigned times) {
  weft_time v = r->rto;
  while (times-- && v < r->max) v *= 2;
  return v < r->max ? v : r->max;
}
