#include "dtls/aead.h"

#include <mbedtls/ssl_ciphersuites.h>
#include <string.h>

#include "base/bytes.h"

/* RFC 5289 section 3.2, RFC 7905 section 2. What every peer and browser has comes first. */
static const weft_dtls_suite suites[] = {
    {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256", 16, 4, 8, true},
    {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384", 32, 4, 8, true},
    {MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305", 32, 12, 0, false},
};

const int weft_dtls_suite_ids[4] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                                    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 0};

const weft_dtls_suite *weft_dtls_suite_find(int id) {
  for (size_t i = 0; i < WEFT_ARRAY_LEN(suites); i++)
    if (suites[i].id == id) return &suites[i];
  return NULL;
}

/* mbedTLS's functions take their context as not const, since they keep the state of a message in it. */
static int gcm_seal(const weft_dtls_aead *a, const uint8_t nonce[12], const uint8_t aad[13], const uint8_t *in,
                    size_t len, uint8_t *out) {
  mbedtls_gcm_context *gcm = (mbedtls_gcm_context *)&a->u.gcm;
  return mbedtls_gcm_crypt_and_tag(gcm, MBEDTLS_GCM_ENCRYPT, len, nonce, 12, aad, 13, in, out, 16, out + len);
}

static int gcm_open(const weft_dtls_aead *a, const uint8_t nonce[12], const uint8_t aad[13], const uint8_t *in,
                    size_t len, uint8_t *out) {
  mbedtls_gcm_context *gcm = (mbedtls_gcm_context *)&a->u.gcm;
  return mbedtls_gcm_auth_decrypt(gcm, len, nonce, 12, aad, 13, in + len, 16, in, out);
}

static int chacha_seal(const weft_dtls_aead *a, const uint8_t nonce[12], const uint8_t aad[13], const uint8_t *in,
                       size_t len, uint8_t *out) {
  mbedtls_chachapoly_context *c = (mbedtls_chachapoly_context *)&a->u.chacha;
  return mbedtls_chachapoly_encrypt_and_tag(c, len, nonce, aad, 13, in, out, out + len);
}

static int chacha_open(const weft_dtls_aead *a, const uint8_t nonce[12], const uint8_t aad[13], const uint8_t *in,
                       size_t len, uint8_t *out) {
  mbedtls_chachapoly_context *c = (mbedtls_chachapoly_context *)&a->u.chacha;
  return mbedtls_chachapoly_auth_decrypt(c, len, nonce, aad, 13, in + len, in, out);
}

static int x86_seal(const weft_dtls_aead *a, const uint8_t nonce[12], const uint8_t aad[13], const uint8_t *in,
                    size_t len, uint8_t *out) {
  weft_dtls_gcm_x86_seal(&a->u.x86, nonce, aad, in, len, out);
  return 0;
}

static int x86_open(const weft_dtls_aead *a, const uint8_t nonce[12], const uint8_t aad[13], const uint8_t *in,
                    size_t len, uint8_t *out) {
  return weft_dtls_gcm_x86_open(&a->u.x86, nonce, aad, in, len, out) ? 0 : -1;
}

static const weft_dtls_aead_code x86_code = {"x86 gcm", x86_seal, x86_open};
static const weft_dtls_aead_code gcm_code = {"mbedtls gcm", gcm_seal, gcm_open};
static const weft_dtls_aead_code chacha_code = {"mbedtls chachapoly", chacha_seal, chacha_open};

static int start_gcm(weft_dtls_aead *a, const uint8_t *key, size_t key_len) {
  a->code = &gcm_code;
  mbedtls_gcm_init(&a->u.gcm);
  return mbedtls_gcm_setkey(&a->u.gcm, MBEDTLS_CIPHER_ID_AES, key, (unsigned)(8 * key_len));
}

static int start_chacha(weft_dtls_aead *a, const uint8_t *key) {
  a->code = &chacha_code;
  mbedtls_chachapoly_init(&a->u.chacha);
  return mbedtls_chachapoly_setkey(&a->u.chacha, key);
}

int weft_dtls_aead_start(weft_dtls_aead *a, const weft_dtls_suite *suite, const uint8_t *key, bool portable) {
  a->suite = suite;
  if (suite->gcm && !portable && weft_dtls_gcm_x86_available()) {
    a->code = &x86_code;
    weft_dtls_gcm_x86_start(&a->u.x86, key, suite->key_len);
    return WEFT_OK;
  }
  int rc = suite->gcm ? start_gcm(a, key, suite->key_len) : start_chacha(a, key);
  return rc == 0 ? WEFT_OK : WEFT_ENOMEM;
}

void weft_dtls_aead_stop(weft_dtls_aead *a) {
  if (a->code == &gcm_code) mbedtls_gcm_free(&a->u.gcm);
  if (a->code == &chacha_code) mbedtls_chachapoly_free(&a->u.chacha);
  weft_wipe(a, sizeof *a);
}

int weft_dtls_aead_seal(const weft_dtls_aead *a, const uint8_t nonce[12], const uint8_t aad[13], const uint8_t *in,
                        size_t len, uint8_t *out) {
  return a->code->seal(a, nonce, aad, in, len, out) == 0 ? WEFT_OK : WEFT_EINTERNAL;
}

int weft_dtls_aead_open(const weft_dtls_aead *a, const uint8_t nonce[12], const uint8_t aad[13], const uint8_t *in,
                        size_t len, uint8_t *out) {
  return a->code->open(a, nonce, aad, in, len, out) == 0 ? WEFT_OK : WEFT_EAUTH;
}
