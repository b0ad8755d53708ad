#include <string.h>

#include "sctp/sctp_int.h"

void weft_sctp_report(weft_sctp *s, uint16_t cause, const void *info, size_t len) {
  weft_wr w;
  size_t n = len < WEFT_SCTP_ECHO ? len : WEFT_SCTP_ECHO, from = weft_sctp_pad4(s->errors_out_n);
  memset(s->errors_out + s->errors_out_n, 0, from - s->errors_out_n);
  weft_wr_init(&w, s->errors_out + from, sizeof s->errors_out - from);
  size_t at = weft_sctp_open_tlv(&w, cause);
  if (n) weft_wr_bytes(&w, info, n);
  if (!weft_wr_ok(&w)) return;
  weft_sctp_close_tlv(&w, at);
  s->errors_out_n = from + weft_wr_len(&w);
  s->pending |= WEFT_SCTP_PEND_ERROR;
}

/* RFC 9260 section 3.3.10. Nothing answers an ERROR, so two sides cannot keep each other busy. */
void weft_sctp_on_error(weft_sctp *s, const weft_sctp_chunk *c) {
  weft_rd r;
  weft_sctp_tlv t;
  weft_rd_init(&r, c->value, c->value_len);
  while (weft_sctp_tlv_next(&r, &t) == 1) {
    if (t.type != WEFT_SCTP_CAUSE_STALE_COOKIE) continue;
    weft_sctp_on_stale_cookie(s);
    return;
  }
}

/* Section 3.2: bit 40 of the type asks for a report. */
void weft_sctp_on_unknown(weft_sctp *s, const weft_sctp_chunk *c) {
  weft_sctp_drop(s, &s->stats.drop_unknown_chunk, "drop_unknown_chunk", c->start, c->length);
  if (c->type & 0x40) weft_sctp_report(s, WEFT_SCTP_CAUSE_UNKNOWN_CHUNK, c->start, c->length);
}
