/* weft sctp (private): serial number arithmetic, RFC 9260 section 1.6 (RFC 1982). Differences are unsigned, so nothing overflows. */
#ifndef WEFT_SCTP_SERIAL_H
#define WEFT_SCTP_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

/* a comes before b. Numbers exactly half the space apart have no order in RFC 1982; here the one that is smaller as a plain number comes first. */
static inline bool weft_sctp_tsn_lt(uint32_t a, uint32_t b) {
  uint32_t d = b - a;
  return d != 0 && (d < 0x80000000u || (d == 0x80000000u && a < b));
}
static inline bool weft_sctp_tsn_le(uint32_t a, uint32_t b) { return a == b || weft_sctp_tsn_lt(a, b); }
static inline uint32_t weft_sctp_tsn_max(uint32_t a, uint32_t b) { return weft_sctp_tsn_lt(a, b) ? b : a; }

/* The same for 16-bit stream sequence numbers. */
static inline bool weft_sctp_ssn_lt(uint16_t a, uint16_t b) {
  uint16_t d = (uint16_t)(b - a);
  return d != 0 && (d < 0x8000u || (d == 0x8000u && a < b));
}
static inline bool weft_sctp_ssn_le(uint16_t a, uint16_t b) { return a == b || weft_sctp_ssn_lt(a, b); }

#endif
