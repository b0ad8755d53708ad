#include "test/unit/noise_keys.h"
#include "test/unit/noise_rig.h"

static int verify(const char *key_hex, const char *sig_hex, const char *msg) {
  size_t key_len, sig_len;
  uint8_t *key = hex_bytes(key_hex, &key_len), *sig = hex_bytes(sig_hex, &sig_len);
  int rc = weft_identity_verify(key, key_len, (const uint8_t *)msg, strlen(msg), sig, sig_len);
  free(key);
  free(sig);
  return rc;
}

static const char *const MESSAGE = "weft test message";

typedef struct pair {
  const char *key, *sig;
} pair;

START_TEST(verifies_every_kind) {
  pair good[] = {{rsa2048_key, rsa2048_sig},    {rsa4096_key, rsa4096_sig}, {rsa8192_key, rsa8192_sig},
                 {p256_key, p256_sig},          {p384_key, p384_sig},       {p521_key, p521_sig},
                 {secp256k1_key, secp256k1_sig}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(good); i++) {
    ck_assert_int_eq(verify(good[i].key, good[i].sig, MESSAGE), WEFT_OK);
    ck_assert_int_eq(verify(good[i].key, good[i].sig, "weft test messagf"), WEFT_EAUTH);
    ck_assert_int_eq(verify(good[i].key, good[(i + 1) % 7].sig, MESSAGE), WEFT_EAUTH);
  }
}
END_TEST

START_TEST(keys_of_other_sizes_are_unsupported) {
  pair other[] = {{rsa1024_key, rsa1024_sig},
                  {rsa_long_exponent_key, rsa2048_sig},
                  {rsa_even_exponent_key, rsa2048_sig},
                  {p224_key, p224_sig}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(other); i++)
    ck_assert_int_ne(verify(other[i].key, other[i].sig, MESSAGE), WEFT_OK);
  ck_assert_int_eq(verify(rsa1024_key, rsa1024_sig, MESSAGE), WEFT_EUNSUPPORTED);
  ck_assert_int_eq(verify(rsa_long_exponent_key, rsa2048_sig, MESSAGE), WEFT_EUNSUPPORTED);
}
END_TEST

/* The kind in the message must be the kind of the key inside. */
START_TEST(kinds_are_not_mixed_up) {
  size_t len;
  uint8_t *key = hex_bytes(rsa2048_key, &len);
  weft_public_key k;
  key[1] = WEFT_KEY_ECDSA;
  ck_assert_int_eq(weft_public_key_decode(&k, key, len), WEFT_EMALFORMED);
  free(key);
  key = hex_bytes(p256_key, &len);
  key[1] = WEFT_KEY_RSA;
  ck_assert_int_eq(weft_public_key_decode(&k, key, len), WEFT_EMALFORMED);
  key[1] = WEFT_KEY_SECP256K1;
  ck_assert_int_eq(weft_public_key_decode(&k, key, len), WEFT_EMALFORMED);
  free(key);
}
END_TEST

START_TEST(every_cut_of_a_key_is_refused) {
  const char *const keys[] = {rsa2048_key, p256_key, secp256k1_key};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(keys); i++) {
    size_t len;
    uint8_t *key = hex_bytes(keys[i], &len);
    weft_public_key k;
    for (size_t n = 0; n < len; n++) ck_assert_int_ne(weft_public_key_decode(&k, key, n), WEFT_OK);
    free(key);
  }
}
END_TEST

START_TEST(trailing_bytes_inside_the_key_are_refused) {
  size_t len;
  uint8_t *key = hex_bytes(p256_key, &len), longer[200];
  weft_public_key k;
  memcpy(longer, key, len);
  longer[3]++;
  longer[len] = 0;
  ck_assert_int_eq(weft_public_key_decode(&k, longer, len + 1), WEFT_EMALFORMED);
  free(key);
}
END_TEST

START_TEST(altered_signatures_are_refused) {
  const pair good[] = {{rsa2048_key, rsa2048_sig}, {p256_key, p256_sig}, {secp256k1_key, secp256k1_sig}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(good); i++) {
    size_t key_len, sig_len;
    uint8_t *key = hex_bytes(good[i].key, &key_len), *sig = hex_bytes(good[i].sig, &sig_len);
    const uint8_t *msg = (const uint8_t *)MESSAGE;
    for (size_t at = 0; at < sig_len; at += 3) {
      sig[at] ^= 4;
      ck_assert_int_eq(weft_identity_verify(key, key_len, msg, strlen(MESSAGE), sig, sig_len), WEFT_EAUTH);
      sig[at] ^= 4;
    }
    ck_assert_int_eq(weft_identity_verify(key, key_len, msg, strlen(MESSAGE), sig, sig_len - 1), WEFT_EAUTH);
    ck_assert_int_eq(weft_identity_verify(key, key_len, msg, strlen(MESSAGE), sig, 0), WEFT_EAUTH);
    free(key);
    free(sig);
  }
}
END_TEST

/* x = 5 has no point on secp256k1; x = p and above are not reduced. */
START_TEST(secp256k1_points_must_be_on_the_curve) {
  uint8_t pb[37] = {0x08, 0x02, 0x12, 0x21, 0x02};
  weft_public_key k;
  pb[36] = 5;
  ck_assert_int_eq(weft_public_key_decode(&k, pb, sizeof pb), WEFT_EMALFORMED);
  memset(pb + 5, 0xff, 32);
  ck_assert_int_eq(weft_public_key_decode(&k, pb, sizeof pb), WEFT_EMALFORMED);
  hex_into(pb + 5, 32, "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
  ck_assert_int_eq(weft_public_key_decode(&k, pb, sizeof pb), WEFT_EMALFORMED);
  /* The generator: SEC 2 section 2.4.1, compressed. */
  hex_into(pb + 4, 33, "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
  ck_assert_int_eq(weft_public_key_decode(&k, pb, sizeof pb), WEFT_OK);
  for (unsigned form = 0; form < 256; form++) {
    pb[4] = (uint8_t)form;
    ck_assert_int_eq(weft_public_key_decode(&k, pb, sizeof pb), form == 2 || form == 3 ? WEFT_OK : WEFT_EMALFORMED);
  }
}
END_TEST

Suite *test_noise_identity_verify(void) {
  static const unit_test tests[] = {UNIT(verifies_every_kind),
                                    UNIT(keys_of_other_sizes_are_unsupported),
                                    UNIT(kinds_are_not_mixed_up),
                                    UNIT(every_cut_of_a_key_is_refused),
                                    UNIT(trailing_bytes_inside_the_key_are_refused),
                                    UNIT(altered_signatures_are_refused),
                                    UNIT(secp256k1_points_must_be_on_the_curve)};
  return unit_suite("noise/identity_verify", tests, sizeof tests / sizeof tests[0]);
}
