/* weft dtls (private): the three cipher suites and their AEADs: mbedTLS's code for all of them, the CPU's instructions
 * for AES-GCM where there are some. */
#ifndef WEFT_DTLS_AEAD_H
#define WEFT_DTLS_AEAD_H

#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>

#include "base/base.h"
#include "dtls/gcm_x86.h"

#define WEFT_DTLS_TAG_LEN 16
#define WEFT_DTLS_AAD_LEN 13

typedef struct weft_dtls_suite {
  int id; /* IANA number */
  const char *name;
  uint8_t key_len;
  uint8_t fixed_len;    /* of the nonce, from the key block */
  uint8_t explicit_len; /* of the nonce, in each record */
  bool gcm;
} weft_dtls_suite;

/* NULL for a suite that is not offered. */
const weft_dtls_suite *weft_dtls_suite_find(int id);
/* In order of preference, 0 at the end: what mbedtls_ssl_conf_ciphersuites wants. */
extern const int weft_dtls_suite_ids[4];

typedef struct weft_dtls_aead weft_dtls_aead;

typedef struct weft_dtls_aead_code {
  const char *name;
  int (*seal)(const weft_dtls_aead *a, const uint8_t nonce[12], const uint8_t aad[13], const uint8_t *in, size_t len,
              uint8_t *out);
  int (*open)(const weft_dtls_aead *a, const uint8_t nonce[12], const uint8_t aad[13], const uint8_t *in, size_t len,
              uint8_t *out);
} weft_dtls_aead_code;

struct weft_dtls_aead {
  const weft_dtls_suite *suite; /* NULL: not started */
  const weft_dtls_aead_code *code;
  union {
    mbedtls_gcm_context gcm;
    mbedtls_chachapoly_context chacha;
    weft_dtls_gcm_x86 x86;
  } u;
};

/* portable: never the CPU's own instructions. WEFT_ENOMEM. */
int weft_dtls_aead_start(weft_dtls_aead *a, const weft_dtls_suite *suite, const uint8_t *key, bool portable);
void weft_dtls_aead_stop(weft_dtls_aead *a);
/* out: len bytes and the tag. */
int weft_dtls_aead_seal(const weft_dtls_aead *a, const uint8_t nonce[12], const uint8_t aad[13], const uint8_t *in,
                        size_t len, uint8_t *out);
/* in: len bytes and the tag. WEFT_EAUTH. */
int weft_dtls_aead_open(const weft_dtls_aead *a, const uint8_t nonce[12], const uint8_t aad[13], const uint8_t *in,
                        size_t len, uint8_t *out);

#endif
