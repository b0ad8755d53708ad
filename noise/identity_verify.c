/* RSA, ECDSA and secp256k1 keys of peers, on mbedTLS: the only file of this layer that knows it. Builds against 2.28
 * and 3.6. */
#include <mbedtls/bignum.h>
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <string.h>

#include "noise/noise_int.h"

enum {
  RSA_BITS_MIN = 2048, /* peer-ids, "RSA": smaller keys are refused */
  RSA_BITS_MAX = 8192,
  RSA_EXPONENT_BITS_MAX = 32, /* a peer that chose a long one would choose how long we compute */
  SECP256K1_LEN = 33
};

/* SubjectPublicKeyInfo of an uncompressed secp256k1 point (RFC 5480 section 2; SEC 2 section 2.4.1), up to the
 * point. */
static const uint8_t secp256k1_spki[] = {0x30, 0x56, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                         0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a, 0x03, 0x42, 0x00};
/* 2^256 - 2^32 - 977, SEC 2 section 2.4.1 */
static const uint8_t secp256k1_p[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xfc, 0x2f};

typedef struct square_root {
  mbedtls_mpi p, x, y, e, square;
} square_root;

static void square_root_init(square_root *q) {
  mbedtls_mpi_init(&q->p);
  mbedtls_mpi_init(&q->x);
  mbedtls_mpi_init(&q->y);
  mbedtls_mpi_init(&q->e);
  mbedtls_mpi_init(&q->square);
}

static void square_root_free(square_root *q) {
  mbedtls_mpi_free(&q->p);
  mbedtls_mpi_free(&q->x);
  mbedtls_mpi_free(&q->y);
  mbedtls_mpi_free(&q->e);
  mbedtls_mpi_free(&q->square);
}

/* square = x^3 + 7 mod p */
static int right_side(square_root *q) {
  int bad = mbedtls_mpi_mul_mpi(&q->square, &q->x, &q->x);
  if (!bad) bad = mbedtls_mpi_mod_mpi(&q->square, &q->square, &q->p);
  if (!bad) bad = mbedtls_mpi_mul_mpi(&q->square, &q->square, &q->x);
  if (!bad) bad = mbedtls_mpi_add_int(&q->square, &q->square, 7);
  if (!bad) bad = mbedtls_mpi_mod_mpi(&q->square, &q->square, &q->p);
  return bad;
}

/* y = square^((p + 1) / 4), which is the root if there is one, since p is 3 mod 4; then the root of the wanted parity.
 * Whether it is one is checked with the whole point, by mbedTLS. */
static int root(square_root *q, int parity) {
  int bad = mbedtls_mpi_add_int(&q->e, &q->p, 1);
  if (!bad) bad = mbedtls_mpi_shift_r(&q->e, 2);
  if (!bad) bad = mbedtls_mpi_exp_mod(&q->y, &q->square, &q->e, &q->p, NULL);
  if (!bad && mbedtls_mpi_get_bit(&q->y, 0) != parity) bad = mbedtls_mpi_sub_mpi(&q->y, &q->p, &q->y);
  return bad;
}

/* 2.28 cannot read compressed points (SEC 1 section 2.3.4), so that is done here for both. */
static int decompress(const uint8_t in[SECP256K1_LEN], uint8_t out[65]) {
  square_root q;
  square_root_init(&q);
  int bad = mbedtls_mpi_read_binary(&q.p, secp256k1_p, sizeof secp256k1_p);
  if (!bad) bad = mbedtls_mpi_read_binary(&q.x, in + 1, 32);
  if (!bad && mbedtls_mpi_cmp_mpi(&q.x, &q.p) >= 0) bad = -1;
  if (!bad) bad = right_side(&q);
  if (!bad) bad = root(&q, in[0] & 1);
  out[0] = 4;
  memcpy(out + 1, in + 1, 32);
  if (!bad) bad = mbedtls_mpi_write_binary(&q.y, out + 33, 32);
  square_root_free(&q);
  return bad ? WEFT_EMALFORMED : WEFT_OK;
}

/* The whole of data must be one SubjectPublicKeyInfo. */
static int parse_spki(mbedtls_pk_context *pk, const uint8_t *data, size_t len) {
  uint8_t copy[WEFT_PUBLIC_KEY_MAX], *at = copy;
  if (len > sizeof copy) return WEFT_EUNSUPPORTED;
  memcpy(copy, data, len);
  return mbedtls_pk_parse_subpubkey(&at, copy + len, pk) == 0 && at == copy + len ? WEFT_OK : WEFT_EMALFORMED;
}

static int parse_secp256k1(mbedtls_pk_context *pk, const weft_public_key *k) {
  uint8_t spki[sizeof secp256k1_spki + 65];
  if (k->len != SECP256K1_LEN || (k->data[0] != 2 && k->data[0] != 3)) return WEFT_EMALFORMED;
  memcpy(spki, secp256k1_spki, sizeof secp256k1_spki);
  int rc = decompress(k->data, spki + sizeof secp256k1_spki);
  return rc == WEFT_OK ? parse_spki(pk, spki, sizeof spki) : rc;
}

static int check_rsa(const mbedtls_pk_context *pk) {
  if (mbedtls_pk_get_type(pk) != MBEDTLS_PK_RSA) return WEFT_EMALFORMED;
  mbedtls_mpi n, e;
  mbedtls_mpi_init(&n);
  mbedtls_mpi_init(&e);
  int rc = mbedtls_rsa_export(mbedtls_pk_rsa(*pk), &n, NULL, NULL, NULL, &e) == 0 ? WEFT_OK : WEFT_EMALFORMED;
  size_t bits = mbedtls_mpi_bitlen(&n);
  if (rc == WEFT_OK && (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)) rc = WEFT_EUNSUPPORTED;
  if (rc == WEFT_OK && (mbedtls_mpi_bitlen(&e) > RSA_EXPONENT_BITS_MAX || mbedtls_mpi_get_bit(&e, 0) == 0))
    rc = WEFT_EUNSUPPORTED;
  mbedtls_mpi_free(&n);
  mbedtls_mpi_free(&e);
  return rc;
}

/* P-256, P-384 or P-521: what peers that make ECDSA keys offer. */
static int check_ecdsa(const mbedtls_pk_context *pk) {
  static const uint16_t sizes[] = {256, 384, 521};
  if (mbedtls_pk_get_type(pk) != MBEDTLS_PK_ECKEY) return WEFT_EMALFORMED;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(sizes); i++)
    if (mbedtls_pk_get_bitlen(pk) == sizes[i]) return WEFT_OK;
  return WEFT_EUNSUPPORTED;
}

static int parse(mbedtls_pk_context *pk, const weft_public_key *k) {
  if (k->type == WEFT_KEY_SECP256K1) return parse_secp256k1(pk, k);
  int rc = parse_spki(pk, k->data, k->len);
  if (rc != WEFT_OK) return rc;
  return k->type == WEFT_KEY_RSA ? check_rsa(pk) : check_ecdsa(pk);
}

int weft_noise_foreign_key_check(const weft_public_key *k) {
  mbedtls_pk_context pk;
  mbedtls_pk_init(&pk);
  int rc = parse(&pk, k);
  mbedtls_pk_free(&pk);
  return rc;
}

int weft_noise_foreign_verify(const weft_public_key *k, const uint8_t hash[32], const uint8_t *sig, size_t sig_len) {
  mbedtls_pk_context pk;
  mbedtls_pk_init(&pk);
  int rc = parse(&pk, k);
  if (rc == WEFT_OK && mbedtls_pk_verify(&pk, MBEDTLS_MD_SHA256, hash, 32, sig, sig_len) != 0) rc = WEFT_EAUTH;
  mbedtls_pk_free(&pk);
  return rc;
}
