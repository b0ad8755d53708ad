/* weft sctp (private): CRC-32C, RFC 9260 section 6.8 and appendix A. */
#ifndef WEFT_SCTP_CRC32C_H
#define WEFT_SCTP_CRC32C_H

#include "base/base.h"

/* Runs a raw state (all ones at the start, complemented at the end) over n bytes. */
typedef uint32_t (*weft_sctp_crc32c_fn)(uint32_t state, const uint8_t *p, size_t n);

uint32_t weft_sctp_crc32c_table(uint32_t state, const uint8_t *p, size_t n); /* portable, eight bytes at a time */
/* The fastest one of this CPU: SSE4.2 with PCLMULQDQ, else the table. An object asks once and keeps the pointer. */
weft_sctp_crc32c_fn weft_sctp_crc32c_choose(void);

uint32_t weft_sctp_crc32c(weft_sctp_crc32c_fn fn, const uint8_t *data, size_t n);
/* Of a packet whose checksum field (bytes 8..11) counts as zero; n >= 12. On the wire least significant byte first. */
uint32_t weft_sctp_packet_crc(weft_sctp_crc32c_fn fn, const uint8_t *packet, size_t n);

#endif
