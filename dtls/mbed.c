#include "dtls/mbed.h"

#include <mbedtls/ecp.h>
#include <mbedtls/error.h>
#include <mbedtls/rsa.h>
#include <string.h>

#include "base/bytes.h"

#if MBEDTLS_VERSION_NUMBER < 0x021C0000
#error "mbedTLS 2.28 or later is needed"
#endif
#if !defined(MBEDTLS_ECDSA_DETERMINISTIC)
#error "mbedTLS must be built with MBEDTLS_ECDSA_DETERMINISTIC (RFC 6979): a seed must always give the same certificate"
#endif
#if !defined(MBEDTLS_SSL_DTLS_SRTP)
#error "mbedTLS must be built with MBEDTLS_SSL_DTLS_SRTP: peers refuse a handshake without use_srtp"
#endif

#if MBEDTLS_VERSION_MAJOR >= 3
#define V3 1
#define sha256_starts mbedtls_sha256_starts
#define sha256_update mbedtls_sha256_update
#define sha256_finish mbedtls_sha256_finish
#define sha256_once mbedtls_sha256
#define ERR_PROTOCOL_VERSION MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION
#else
#define V3 0
#define sha256_starts mbedtls_sha256_starts_ret
#define sha256_update mbedtls_sha256_update_ret
#define sha256_finish mbedtls_sha256_finish_ret
#define sha256_once mbedtls_sha256_ret
#define ERR_PROTOCOL_VERSION MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION
#endif

/* ---- hashes ---- */

int weft_dtls_sha256(uint8_t out[WEFT_DTLS_SHA256_LEN], const uint8_t *data, size_t len) {
  return sha256_once(data, len, out, 0) == 0 ? WEFT_OK : WEFT_EINTERNAL;
}

static int keyed(mbedtls_sha256_context *c, const uint8_t key[32], uint8_t pad) {
  uint8_t block[64];
  memset(block, pad, sizeof block);
  for (size_t i = 0; i < 32; i++) block[i] ^= key[i];
  mbedtls_sha256_init(c);
  int rc = sha256_starts(c, 0);
  if (rc == 0) rc = sha256_update(c, block, sizeof block);
  weft_wipe(block, sizeof block);
  return rc;
}

int weft_dtls_hmac_init(weft_dtls_hmac *h, const uint8_t key[32]) {
  int rc = keyed(&h->inner, key, 0x36);
  int rc2 = keyed(&h->outer, key, 0x5c);
  return rc == 0 && rc2 == 0 ? WEFT_OK : WEFT_EINTERNAL;
}

int weft_dtls_hmac_run(const weft_dtls_hmac *h, uint8_t out[WEFT_DTLS_SHA256_LEN], const uint8_t *data, size_t len) {
  mbedtls_sha256_context c;
  mbedtls_sha256_init(&c);
  mbedtls_sha256_clone(&c, &h->inner);
  int rc = sha256_update(&c, data, len);
  if (rc == 0) rc = sha256_finish(&c, out);
  mbedtls_sha256_clone(&c, &h->outer);
  if (rc == 0) rc = sha256_update(&c, out, WEFT_DTLS_SHA256_LEN);
  if (rc == 0) rc = sha256_finish(&c, out);
  mbedtls_sha256_free(&c);
  return rc == 0 ? WEFT_OK : WEFT_EINTERNAL;
}

void weft_dtls_hmac_free(weft_dtls_hmac *h) {
  mbedtls_sha256_free(&h->inner);
  mbedtls_sha256_free(&h->outer);
}

/* ---- keys ---- */

int weft_dtls_mbed_rng(void *ctx, unsigned char *dst, size_t n) {
  weft_rng *rng = ctx;
  return rng->fill(rng->ctx, dst, n) == 0 ? 0 : MBEDTLS_ERR_SSL_NO_RNG;
}

int weft_dtls_mbed_parse_key(mbedtls_pk_context *pk, const uint8_t *der, size_t len, weft_rng *rng) {
#if V3
  return mbedtls_pk_parse_key(pk, der, len, NULL, 0, weft_dtls_mbed_rng, rng);
#else
  (void)rng;
  return mbedtls_pk_parse_key(pk, der, len, NULL, 0);
#endif
}

int weft_dtls_mbed_sign(mbedtls_pk_context *pk, const uint8_t hash[32], uint8_t *sig, size_t *sig_len, weft_rng *rng) {
#if V3
  return mbedtls_pk_sign(pk, MBEDTLS_MD_SHA256, hash, 32, sig, 80, sig_len, weft_dtls_mbed_rng, rng);
#else
  return mbedtls_pk_sign(pk, MBEDTLS_MD_SHA256, hash, 32, sig, sig_len, weft_dtls_mbed_rng, rng);
#endif
}

/* ---- configuration ---- */

void weft_dtls_mbed_restrict(mbedtls_ssl_config *conf) {
#if V3
  static const uint16_t groups[] = {MBEDTLS_SSL_IANA_TLS_GROUP_X25519, MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
                                    MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
  static const uint16_t algs[] = {MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
                                  MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
                                  MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512,
                                  MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
                                  MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
                                  MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
                                  MBEDTLS_TLS1_3_SIG_NONE};
  mbedtls_ssl_conf_groups(conf, groups);
  mbedtls_ssl_conf_sig_algs(conf, algs);
  mbedtls_ssl_conf_min_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
  mbedtls_ssl_conf_max_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
#else
  static const mbedtls_ecp_group_id groups[] = {MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP256R1,
                                                MBEDTLS_ECP_DP_NONE};
  static const int hashes[] = {MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512, MBEDTLS_MD_NONE};
  mbedtls_ssl_conf_curves(conf, groups);
  mbedtls_ssl_conf_sig_hashes(conf, hashes);
  mbedtls_ssl_conf_min_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
  mbedtls_ssl_conf_max_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#endif
}

/* ---- secrets ---- */

static void tell(weft_dtls_key_hook *hook, const uint8_t *master, const uint8_t *client_random,
                 const uint8_t *server_random, mbedtls_tls_prf_types prf) {
  weft_dtls_secrets s = {.prf = prf,
                         .suite = hook->ssl->MBEDTLS_PRIVATE(session_negotiate)->MBEDTLS_PRIVATE(ciphersuite)};
  memcpy(s.master, master, sizeof s.master);
  memcpy(s.client_random, client_random, sizeof s.client_random);
  memcpy(s.server_random, server_random, sizeof s.server_random);
  hook->fn(hook->user, &s);
  weft_wipe(&s, sizeof s);
}

#if V3
static void on_keys(void *ctx, mbedtls_ssl_key_export_type type, const unsigned char *secret, size_t secret_len,
                    const unsigned char client_random[32], const unsigned char server_random[32],
                    mbedtls_tls_prf_types prf) {
  if (type != MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET || secret_len != 48) return;
  tell(ctx, secret, client_random, server_random, prf);
}
#else
static int on_keys(void *ctx, const unsigned char *master, const unsigned char *block, size_t mac_len, size_t key_len,
                   size_t iv_len, const unsigned char client_random[32], const unsigned char server_random[32],
                   mbedtls_tls_prf_types prf) {
  (void)block;
  (void)mac_len;
  (void)key_len;
  (void)iv_len;
  tell(ctx, master, client_random, server_random, prf);
  return 0;
}
#endif

void weft_dtls_mbed_hook_conf(mbedtls_ssl_config *conf, weft_dtls_key_hook *hook) {
#if V3
  (void)conf;
  (void)hook;
#else
  mbedtls_ssl_conf_export_keys_ext_cb(conf, on_keys, hook);
#endif
}

void weft_dtls_mbed_hook_ssl(mbedtls_ssl_context *ssl, weft_dtls_key_hook *hook) {
  hook->ssl = ssl;
#if V3
  mbedtls_ssl_set_export_keys_cb(ssl, on_keys, hook);
  /* 3.6.3 and later refuse to verify a peer's certificate before this call; names mean nothing to us. */
  (void)mbedtls_ssl_set_hostname(ssl, NULL);
#endif
}

/* ---- errors ---- */

uint8_t weft_dtls_mbed_alert(const mbedtls_ssl_context *ssl) {
  const unsigned char *msg = ssl->MBEDTLS_PRIVATE(in_msg);
  return msg ? msg[1] : 0;
}

/* Where it stopped: the state may have gone on to the next one by then. */
static weft_dtls_fault by_state(const mbedtls_ssl_context *ssl) {
  switch (ssl->MBEDTLS_PRIVATE(state)) {
  case MBEDTLS_SSL_HELLO_REQUEST:
  case MBEDTLS_SSL_CLIENT_HELLO:
  case MBEDTLS_SSL_SERVER_HELLO: return WEFT_DTLS_FAULT_HELLO;
  case MBEDTLS_SSL_CLIENT_CERTIFICATE:
  case MBEDTLS_SSL_SERVER_CERTIFICATE: return WEFT_DTLS_FAULT_CERT;
  case MBEDTLS_SSL_CERTIFICATE_VERIFY: return WEFT_DTLS_FAULT_VERIFY;
  case MBEDTLS_SSL_CLIENT_FINISHED:
  case MBEDTLS_SSL_SERVER_FINISHED: return WEFT_DTLS_FAULT_FINISHED;
  default: return WEFT_DTLS_FAULT_OTHER;
  }
}

#if !V3
/* 2.28 names the message that was bad. */
static weft_dtls_fault by_message(const mbedtls_ssl_context *ssl, int error) {
  switch (error) {
  case MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN:
  case MBEDTLS_ERR_SSL_NO_USABLE_CIPHERSUITE:
  case MBEDTLS_ERR_SSL_BAD_HS_CLIENT_HELLO:
  case MBEDTLS_ERR_SSL_BAD_HS_SERVER_HELLO: return WEFT_DTLS_FAULT_HELLO;
  case MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE: return WEFT_DTLS_FAULT_CERT;
  case MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE_VERIFY: return WEFT_DTLS_FAULT_VERIFY;
  case MBEDTLS_ERR_SSL_BAD_HS_FINISHED: return WEFT_DTLS_FAULT_FINISHED;
  default: return by_state(ssl);
  }
}
#else
static weft_dtls_fault by_message(const mbedtls_ssl_context *ssl, int error) {
  switch (error) {
  case MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION:
  case MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL: return WEFT_DTLS_FAULT_HELLO;
  case MBEDTLS_ERR_SSL_BAD_CERTIFICATE: return WEFT_DTLS_FAULT_CERT;
  default: break;
  }
  /* A refused ServerHello leaves the client waiting for the certificate. */
  if (error == MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE || error == MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER)
    if (ssl->MBEDTLS_PRIVATE(state) <= MBEDTLS_SSL_SERVER_CERTIFICATE) return WEFT_DTLS_FAULT_HELLO;
  return by_state(ssl);
}
#endif

weft_dtls_fault weft_dtls_mbed_fault(const mbedtls_ssl_context *ssl, int error) {
  switch (error) {
  case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
  case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY: return WEFT_DTLS_FAULT_ALERT;
  case MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE: return WEFT_DTLS_FAULT_NO_CERT;
  case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED: return WEFT_DTLS_FAULT_CERT;
  case MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE: return WEFT_DTLS_FAULT_UNEXPECTED;
  case ERR_PROTOCOL_VERSION: return WEFT_DTLS_FAULT_VERSION;
  case MBEDTLS_ERR_SSL_ALLOC_FAILED:
  case MBEDTLS_ERR_MPI_ALLOC_FAILED: return WEFT_DTLS_FAULT_MEMORY;
  case MBEDTLS_ERR_SSL_NO_RNG: return WEFT_DTLS_FAULT_RANDOM;
  case MBEDTLS_ERR_RSA_VERIFY_FAILED:
  case MBEDTLS_ERR_ECP_VERIFY_FAILED: return WEFT_DTLS_FAULT_VERIFY;
  default: return by_message(ssl, error);
  }
}
