/* weft dtls (private): what mbedTLS 2.28 and 3.6 do differently, under one name each. mbed.c is the only file that asks
 * for the version.
 */
#ifndef WEFT_DTLS_MBED_H
#define WEFT_DTLS_MBED_H

#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include "base/base.h"

#ifndef MBEDTLS_PRIVATE
#define MBEDTLS_PRIVATE(member) member /* 2.28 has no private members */
#endif

#define WEFT_DTLS_SHA256_LEN 32

int weft_dtls_sha256(uint8_t out[WEFT_DTLS_SHA256_LEN], const uint8_t *data, size_t len);

/* HMAC-SHA256 (RFC 2104) under one key, without allocation per message. */
typedef struct weft_dtls_hmac {
  mbedtls_sha256_context inner, outer; /* after the padded key */
} weft_dtls_hmac;

int weft_dtls_hmac_init(weft_dtls_hmac *h, const uint8_t key[32]);
int weft_dtls_hmac_run(const weft_dtls_hmac *h, uint8_t out[WEFT_DTLS_SHA256_LEN], const uint8_t *data, size_t len);
void weft_dtls_hmac_free(weft_dtls_hmac *h);

/* A private key from SEC1 or PKCS#8 DER. */
int weft_dtls_mbed_parse_key(mbedtls_pk_context *pk, const uint8_t *der, size_t len, weft_rng *rng);
/* ECDSA over a SHA-256 hash with the nonce of RFC 6979; rng only blinds. sig has 80 bytes. */
int weft_dtls_mbed_sign(mbedtls_pk_context *pk, const uint8_t hash[32], uint8_t *sig, size_t *sig_len, weft_rng *rng);
/* weft_rng in the shape mbedTLS calls; ctx is a weft_rng. */
int weft_dtls_mbed_rng(void *ctx, unsigned char *dst, size_t n);

/* DTLS 1.2 only; groups x25519 and secp256r1; SHA-256 and up in signatures. */
void weft_dtls_mbed_restrict(mbedtls_ssl_config *conf);

typedef struct weft_dtls_secrets {
  uint8_t master[48], client_random[32], server_random[32];
  mbedtls_tls_prf_types prf;
  int suite; /* IANA number */
} weft_dtls_secrets;

typedef struct weft_dtls_key_hook {
  void (*fn)(void *user, const weft_dtls_secrets *s);
  void *user;
  mbedtls_ssl_context *ssl;
} weft_dtls_key_hook;

/* Before mbedtls_ssl_setup / after it: the hook runs once the master secret is there. It must outlive the context. */
void weft_dtls_mbed_hook_conf(mbedtls_ssl_config *conf, weft_dtls_key_hook *hook);
void weft_dtls_mbed_hook_ssl(mbedtls_ssl_context *ssl, weft_dtls_key_hook *hook);

/* The number of the alert that made mbedTLS answer MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE. */
uint8_t weft_dtls_mbed_alert(const mbedtls_ssl_context *ssl);

typedef enum weft_dtls_fault {
  WEFT_DTLS_FAULT_OTHER = 0,
  WEFT_DTLS_FAULT_NO_CERT, /* the peer sent none */
  WEFT_DTLS_FAULT_CERT,    /* refused by the certificate hook, or not parsable */
  WEFT_DTLS_FAULT_VERIFY,  /* CertificateVerify or the key exchange's signature */
  WEFT_DTLS_FAULT_FINISHED,
  WEFT_DTLS_FAULT_HELLO, /* nothing in common, or a hello that breaks the rules */
  WEFT_DTLS_FAULT_VERSION,
  WEFT_DTLS_FAULT_UNEXPECTED, /* a message out of order */
  WEFT_DTLS_FAULT_MEMORY,
  WEFT_DTLS_FAULT_RANDOM,
  WEFT_DTLS_FAULT_ALERT /* the peer sent a fatal alert */
} weft_dtls_fault;

weft_dtls_fault weft_dtls_mbed_fault(const mbedtls_ssl_context *ssl, int error);

#endif
