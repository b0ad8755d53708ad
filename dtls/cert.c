/* A self-signed P-256 certificate that depends on nothing but the seed: every byte is written here, since mbedTLS 2.28
 * and 3.6 write the same certificate differently, and its hash is part of an address. */
#include "dtls/cert.h"

#include <mbedtls/bignum.h>
#include <mbedtls/hkdf.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "dtls/der.h"

/* The order of P-256 minus one (FIPS 186-4 section D.1.2.3). */
static const uint8_t order_minus_1[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                          0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                          0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x50};
static const uint8_t oid_prime256v1[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t oid_ecdsa_sha256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};
static const uint8_t one = 1, two = 2;

/* ---- from the seed ---- */

/* Blinding only: the certificate's bytes do not depend on it. */
typedef struct blinding {
  uint8_t key[32 + 8];
  uint64_t n;
} blinding;

static int blinding_fill(void *ctx, uint8_t *dst, size_t n) {
  blinding *b = ctx;
  uint8_t block[32];
  while (n > 0) {
    b->n++;
    memcpy(b->key + 32, &b->n, sizeof b->n);
    if (weft_dtls_sha256(block, b->key, sizeof b->key) != WEFT_OK) return -1;
    size_t take = n < sizeof block ? n : sizeof block;
    memcpy(dst, block, take);
    dst += take;
    n -= take;
  }
  weft_wipe(block, sizeof block);
  return 0;
}

static int expand(const uint8_t seed[32], const char *label, uint8_t *out, size_t n) {
  const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
  return mbedtls_hkdf(sha256, NULL, 0, seed, 32, (const uint8_t *)label, strlen(label), out, n);
}

/* 1 + (48 bytes of HKDF-SHA256 modulo n - 1): 128 bits more than the order, so no value is likelier (FIPS 186-4
 * B.4.1). */
static int derive_scalar(uint8_t scalar[32], const uint8_t seed[32]) {
  uint8_t wide[48];
  mbedtls_mpi k, n1;
  mbedtls_mpi_init(&k);
  mbedtls_mpi_init(&n1);
  int rc = expand(seed, "weft dtls certificate key", wide, sizeof wide);
  if (rc == 0) rc = mbedtls_mpi_read_binary(&k, wide, sizeof wide);
  if (rc == 0) rc = mbedtls_mpi_read_binary(&n1, order_minus_1, sizeof order_minus_1);
  if (rc == 0) rc = mbedtls_mpi_mod_mpi(&k, &k, &n1);
  if (rc == 0) rc = mbedtls_mpi_add_int(&k, &k, 1);
  if (rc == 0) rc = mbedtls_mpi_write_binary(&k, scalar, 32);
  mbedtls_mpi_free(&k);
  mbedtls_mpi_free(&n1);
  weft_wipe(wide, sizeof wide);
  return rc;
}

/* ECPrivateKey of RFC 5915, without the public key, which the parser computes. */
static int load_key(mbedtls_pk_context *key, const uint8_t scalar[32], weft_rng *rng) {
  uint8_t sec1[64];
  weft_wr w;
  weft_wr_init(&w, sec1, sizeof sec1);
  size_t seq = weft_dtls_der_open(&w, WEFT_DTLS_DER_SEQUENCE);
  weft_dtls_der_put(&w, WEFT_DTLS_DER_INTEGER, &one, 1);
  weft_dtls_der_put(&w, WEFT_DTLS_DER_OCTET_STRING, scalar, 32);
  size_t params = weft_dtls_der_open(&w, WEFT_DTLS_DER_CONTEXT0);
  weft_dtls_der_put(&w, WEFT_DTLS_DER_OID, oid_prime256v1, sizeof oid_prime256v1);
  weft_dtls_der_close(&w, params);
  weft_dtls_der_close(&w, seq);
  int rc = weft_wr_ok(&w) ? weft_dtls_mbed_parse_key(key, sec1, weft_wr_len(&w), rng) : WEFT_EINTERNAL;
  weft_wipe(sec1, sizeof sec1);
  return rc;
}

/* ---- the certificate (RFC 5280 section 4.1) ---- */

/* RFC 5758 section 3.2: no parameters. */
static void put_algorithm(weft_wr *w) {
  size_t seq = weft_dtls_der_open(w, WEFT_DTLS_DER_SEQUENCE);
  weft_dtls_der_put(w, WEFT_DTLS_DER_OID, oid_ecdsa_sha256, sizeof oid_ecdsa_sha256);
  weft_dtls_der_close(w, seq);
}

static void put_name(weft_wr *w, const char *name) {
  size_t seq = weft_dtls_der_open(w, WEFT_DTLS_DER_SEQUENCE);
  size_t set = weft_dtls_der_open(w, WEFT_DTLS_DER_SET);
  size_t pair = weft_dtls_der_open(w, WEFT_DTLS_DER_SEQUENCE);
  weft_dtls_der_put(w, WEFT_DTLS_DER_OID, oid_common_name, sizeof oid_common_name);
  weft_dtls_der_put(w, WEFT_DTLS_DER_UTF8, name, strlen(name));
  weft_dtls_der_close(w, pair);
  weft_dtls_der_close(w, set);
  weft_dtls_der_close(w, seq);
}

/* UTCTime ends in 2049 (RFC 5280 section 4.1.2.5). */
static void put_validity(weft_wr *w) {
  size_t seq = weft_dtls_der_open(w, WEFT_DTLS_DER_SEQUENCE);
  weft_dtls_der_put(w, WEFT_DTLS_DER_UTC_TIME, "200101000000Z", 13);
  weft_dtls_der_put(w, WEFT_DTLS_DER_GENERALIZED_TIME, "21200101000000Z", 15);
  weft_dtls_der_close(w, seq);
}

static void put_tbs(weft_wr *w, const uint8_t *spki, size_t spki_len, const char *name) {
  size_t tbs = weft_dtls_der_open(w, WEFT_DTLS_DER_SEQUENCE);
  size_t version = weft_dtls_der_open(w, WEFT_DTLS_DER_CONTEXT0);
  weft_dtls_der_put(w, WEFT_DTLS_DER_INTEGER, &two, 1);
  weft_dtls_der_close(w, version);
  weft_dtls_der_put(w, WEFT_DTLS_DER_INTEGER, &one, 1);
  put_algorithm(w);
  put_name(w, name);
  put_validity(w);
  put_name(w, name);
  weft_wr_bytes(w, spki, spki_len);
  weft_dtls_der_close(w, tbs);
}

/* A name of its own for every key: mbedTLS then sees at once that a peer's certificate was not issued by ours, which
 * stands in as the list of trusted ones, and saves a signature check. */
static int make_name(char name[24], const uint8_t *spki, size_t spki_len) {
  uint8_t hash[32];
  int rc = weft_dtls_sha256(hash, spki, spki_len);
  memcpy(name, "weft ", 5);
  weft_hex_encode(name + 5, hash, 8);
  return rc;
}

static int write_cert(weft_dtls_cert *c, const uint8_t *spki, size_t spki_len, weft_rng *rng) {
  uint8_t tbs[400], hash[32], sig[80];
  char name[24];
  size_t sig_len = 0;
  weft_wr w;
  int rc = make_name(name, spki, spki_len);
  weft_wr_init(&w, tbs, sizeof tbs);
  put_tbs(&w, spki, spki_len, name);
  size_t tbs_len = weft_wr_len(&w);
  if (rc != WEFT_OK || !weft_wr_ok(&w) || weft_dtls_sha256(hash, tbs, tbs_len) != WEFT_OK) return WEFT_EINTERNAL;
  if (weft_dtls_mbed_sign(&c->key, hash, sig, &sig_len, rng) != 0) return WEFT_EINTERNAL;
  weft_wr_init(&w, c->der, sizeof c->der);
  size_t seq = weft_dtls_der_open(&w, WEFT_DTLS_DER_SEQUENCE);
  weft_wr_bytes(&w, tbs, tbs_len);
  put_algorithm(&w);
  size_t bits = weft_dtls_der_open(&w, WEFT_DTLS_DER_BIT_STRING);
  weft_wr_u8(&w, 0); /* unused bits */
  weft_wr_bytes(&w, sig, sig_len);
  weft_dtls_der_close(&w, bits);
  weft_dtls_der_close(&w, seq);
  c->der_len = weft_wr_len(&w);
  return weft_wr_ok(&w) ? weft_dtls_fingerprint(c->fingerprint, c->der, c->der_len) : WEFT_EINTERNAL;
}

static int make(weft_dtls_cert *c, const uint8_t seed[32]) {
  blinding b = {.n = 0};
  weft_rng rng = {blinding_fill, &b};
  uint8_t scalar[32], spki[128];
  if (expand(seed, "weft dtls certificate blinding", b.key, 32) != 0) return WEFT_ENOMEM;
  int rc = derive_scalar(scalar, seed);
  if (rc == 0) rc = load_key(&c->key, scalar, &rng);
  weft_wipe(scalar, sizeof scalar);
  int len = rc == 0 ? mbedtls_pk_write_pubkey_der(&c->key, spki, sizeof spki) : -1;
  rc = len > 0 ? write_cert(c, spki + sizeof spki - len, (size_t)len, &rng) : WEFT_ENOMEM;
  weft_wipe(&b, sizeof b);
  if (rc != WEFT_OK) return rc;
  return mbedtls_x509_crt_parse_der(&c->crt, c->der, c->der_len) == 0 ? WEFT_OK : WEFT_ENOMEM;
}

/* ---- life ---- */

int weft_dtls_cert_new(weft_dtls_cert **out, const uint8_t seed[32], const weft_alloc *alloc) {
  alloc = weft_alloc_or_libc(alloc);
  *out = NULL;
  weft_dtls_cert *c = weft_mem_new(alloc, sizeof *c);
  if (!c) return WEFT_ENOMEM;
  c->alloc = *alloc;
  mbedtls_pk_init(&c->key);
  mbedtls_x509_crt_init(&c->crt);
  int rc = make(c, seed);
  if (rc != WEFT_OK) {
    weft_dtls_cert_free(c);
    return rc;
  }
  *out = c;
  return WEFT_OK;
}

void weft_dtls_cert_free(weft_dtls_cert *c) {
  if (!c) return;
  weft_alloc alloc = c->alloc;
  mbedtls_pk_free(&c->key);
  mbedtls_x509_crt_free(&c->crt);
  weft_mem_free(&alloc, c, sizeof *c);
}

const uint8_t *weft_dtls_cert_der(const weft_dtls_cert *c, size_t *len) {
  *len = c->der_len;
  return c->der;
}

const uint8_t *weft_dtls_cert_fingerprint(const weft_dtls_cert *c) { return c->fingerprint; }
