/* weft dtls (private): AES-GCM with the AES and carry-less multiplication instructions of x86 (SP 800-38D; Gueron and
 * Kounavis, "Intel Carry-Less Multiplication Instruction and its Usage for Computing the GCM Mode"). For the nonces of
 * 12 and the additional data of 13 bytes that a record has. Nothing in it depends in time on keys or content. */
#ifndef WEFT_DTLS_GCM_X86_H
#define WEFT_DTLS_GCM_X86_H

#include "base/base.h"

typedef struct weft_dtls_gcm_x86 {
  uint8_t round_keys[15][16];
  uint8_t powers[8][16]; /* of the hash key: powers[i] is its power i + 1 */
  unsigned rounds;
} weft_dtls_gcm_x86;

/* Asks the CPU. False on other machines; then none of the others may be called. */
bool weft_dtls_gcm_x86_available(void);
/* key_len 16 or 32 */
void weft_dtls_gcm_x86_start(weft_dtls_gcm_x86 *g, const uint8_t *key, size_t key_len);
/* out: len bytes and the tag */
void weft_dtls_gcm_x86_seal(const weft_dtls_gcm_x86 *g, const uint8_t nonce[12], const uint8_t aad[13],
                            const uint8_t *in, size_t len, uint8_t *out);
/* in: len bytes and the tag; false, and out wiped, when the tag is wrong */
bool weft_dtls_gcm_x86_open(const weft_dtls_gcm_x86 *g, const uint8_t nonce[12], const uint8_t aad[13],
                            const uint8_t *in, size_t len, uint8_t *out);

#endif
