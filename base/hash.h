/* weft base (private to the project's layers): hex, CRC-32 (STUN FINGERPRINT), SipHash-2-4-128 (SCTP's cookie, hash tables).
 */
#ifndef WEFT_BASE_HASH_H
#define WEFT_BASE_HASH_H

#include "base.h"

/* Lower-case hex of n bytes and a terminator into out, which has 2 * n + 1 bytes. */
void weft_hex_encode(char *out, const uint8_t *data, size_t n);
/* Exactly 2 * n hex digits of either case into n bytes; WEFT_EMALFORMED otherwise. */
int weft_hex_decode(uint8_t *out, size_t n, const char *text, size_t len);

/* CRC-32 of ISO/IEC 13239 (ITU V.42), as RFC 8489 section 14.7 names it; crc is 0 at the start, the last result to go on. */
uint32_t weft_crc32(uint32_t crc, const uint8_t *data, size_t n);

/* SipHash-2-4 with 128-bit output (Aumasson and Bernstein, 2012; the 128-bit variant of the authors' reference). */
void weft_siphash128(uint8_t out[16], const uint8_t key[16], const uint8_t *data, size_t n);
uint64_t weft_siphash64(const uint8_t key[16], const uint8_t *data, size_t n);

#endif
