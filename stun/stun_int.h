/* weft stun, private: what the files of this layer share. */
#ifndef WEFT_STUN_STUN_INT_H
#define WEFT_STUN_STUN_INT_H

#include "stun/stun.h"

#include "base/bytes.h"

#define WEFT_STUN_ATTR_HEADER 4               /* type and length, RFC 8489 section 14 */
#define WEFT_STUN_SHA1_LEN 20                 /* RFC 8489 section 14.5 */
#define WEFT_STUN_SHA256_LEN 32               /* RFC 8489 section 14.6 */
#define WEFT_STUN_SHA256_MIN 16               /* shortest truncation, RFC 8489 section 14.6 */
#define WEFT_STUN_FINGERPRINT_LEN 4           /* RFC 8489 section 14.7 */
#define WEFT_STUN_FINGERPRINT_XOR 0x5354554Eu /* RFC 8489 section 14.7 */

static inline size_t weft_stun_padded(size_t n) { return (n + 3) & ~(size_t)3; }

/* Appends an attribute's header and len zero bytes (padded), updates the message length, and returns where the value
 * goes; NULL when it does not fit. */
uint8_t *weft_stun_writer_grow(weft_stun_writer *w, uint16_t type, size_t len);

#endif
