#include "sctp/param.h"

#include "sctp/sctp_int.h"

void weft_sctp_put_abilities(weft_wr *w, bool zero_checksum) {
  weft_sctp_close_tlv(w, weft_sctp_open_tlv(w, WEFT_SCTP_PARAM_FORWARD_TSN));
  if (zero_checksum) {
    size_t zero = weft_sctp_open_tlv(w, WEFT_SCTP_PARAM_ZERO_CHECKSUM);
    weft_wr_u32(w, WEFT_SCTP_DTLS_METHOD);
    weft_sctp_close_tlv(w, zero);
  }
  size_t at = weft_sctp_open_tlv(w, WEFT_SCTP_PARAM_EXTENSIONS);
  weft_wr_u8(w, WEFT_SCTP_RE_CONFIG);
  weft_wr_u8(w, WEFT_SCTP_FORWARD_TSN);
  weft_sctp_close_tlv(w, at);
}

static void read_extensions(const weft_sctp_tlv *t, weft_sctp_offer *o) {
  for (size_t i = 0; i < t->value_len; i++) {
    if (t->value[i] == WEFT_SCTP_RE_CONFIG) o->reconfig = true;
    if (t->value[i] == WEFT_SCTP_FORWARD_TSN) o->forward = true;
  }
}

static bool known(const weft_sctp_tlv *t, weft_sctp_offer *o) {
  switch (t->type) {
  case WEFT_SCTP_PARAM_FORWARD_TSN: o->forward = true; return true;
  case WEFT_SCTP_PARAM_EXTENSIONS: read_extensions(t, o); return true;
  case WEFT_SCTP_PARAM_ZERO_CHECKSUM:
    o->zero_checksum = t->value_len == 4 && weft_sctp_be32(t->value) == WEFT_SCTP_DTLS_METHOD;
    return true;
  case WEFT_SCTP_PARAM_COOKIE:
    o->cookie = t->value;
    o->cookie_len = t->value_len;
    return true;
  case 5: /* IPv4 address, IPv6 address, Cookie Preservative, Host Name Address, Supported Address Types (RFC 9260 section */
  case 6: /* 3.3.2.1), ECN Capable and Adaptation Layer Indication: known, and of no meaning over DTLS (RFC 8261 section 6) */
  case 8:
  case 9:
  case 11:
  case 12:
  case 0x8000:
  case 0xc006: return true;
  default: return false;
  }
}

/* RFC 9260 section 3.2.1: the two highest bits of an unknown type say whether to go on (80) and whether to report it (40). */
void weft_sctp_read_offer(weft_rd params, weft_sctp_offer *o) {
  weft_sctp_tlv t;
  *o = (weft_sctp_offer){0};
  while (weft_sctp_tlv_next(&params, &t) == 1) {
    if (known(&t, o)) continue;
    if (t.type & 0x4000 && o->unknown_n < WEFT_ARRAY_LEN(o->unknown)) o->unknown[o->unknown_n++] = t;
    if (!(t.type & 0x8000)) return;
  }
}
