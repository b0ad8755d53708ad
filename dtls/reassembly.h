/* weft dtls (private): one ClientHello put together from its fragments, in any order, before mbedTLS sees it: 2.28 and
 * 3.6 before 3.6.6 refuse a fragmented one, and browsers send nothing else. A handshake message is hashed as if it had
 * come whole (RFC 6347 section 4.2.6), so joining changes nothing for the peer.
 */
#ifndef WEFT_DTLS_REASSEMBLY_H
#define WEFT_DTLS_REASSEMBLY_H

#include "dtls/hello.h"
#include "dtls/record.h"

#define WEFT_DTLS_HELLO_MAX 4096

typedef struct weft_dtls_reassembly {
  uint8_t *mem; /* room for the joined record, and behind it one bit per byte */
  size_t max;   /* longest message */
  bool open;
  uint16_t seq;
  uint32_t length, have;
} weft_dtls_reassembly;

/* Bytes of mem for messages up to max. */
size_t weft_dtls_reassembly_size(size_t max);
void weft_dtls_reassembly_init(weft_dtls_reassembly *a, uint8_t *mem, size_t max);
void weft_dtls_reassembly_reset(weft_dtls_reassembly *a);

/* Takes a fragment of a ClientHello. 1: the message is whole; 0: more is needed; WEFT_ETOOBIG: longer than max, nothing
 * changed; WEFT_EPROTO: it contradicts what is there (length, message_seq or bytes), and all of it is gone. */
int weft_dtls_reassembly_add(weft_dtls_reassembly *a, const weft_dtls_fragment *f);
/* The whole message as one record with this number; then the slot is empty. Valid until the next add. */
const uint8_t *weft_dtls_reassembly_take(weft_dtls_reassembly *a, uint64_t record_seq, size_t *len);

#endif
