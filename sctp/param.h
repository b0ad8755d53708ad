/* weft sctp (private): the optional parameters of INIT and INIT-ACK. */
#ifndef WEFT_SCTP_PARAM_H
#define WEFT_SCTP_PARAM_H

#include "sctp/wire.h"

typedef struct weft_sctp_offer {
  bool forward, reconfig, zero_checksum;
  const uint8_t *cookie; /* of INIT-ACK, else NULL */
  size_t cookie_len;
  weft_sctp_tlv unknown[8]; /* to be reported */
  size_t unknown_n;
} weft_sctp_offer;

void weft_sctp_read_offer(weft_rd params, weft_sctp_offer *o);
/* Forward-TSN-Supported (C000), with it RE-CONFIG and FORWARD-TSN as extensions (8008), and RFC 9653's parameter (8001) when asked for. */
void weft_sctp_put_abilities(weft_wr *w, bool zero_checksum);

#endif
