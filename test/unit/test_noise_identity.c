#include "test/unit/noise_rig.h"

/* RFC 8032 section 7.1, TEST 2 */
static const char *const SEED = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
static const char *const PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
static const char *const SIGNATURE = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                                     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

static weft_identity identity(void) {
  weft_identity id;
  uint8_t seed[32];
  ck_assert(sodium_init() >= 0);
  hex_into(seed, sizeof seed, SEED);
  ck_assert_int_eq(weft_identity_from_seed(&id, seed), WEFT_OK);
  return id;
}

START_TEST(signs_as_rfc_8032) {
  weft_identity id = identity();
  uint8_t sig[WEFT_SIGNATURE_MAX];
  size_t len = 0;
  ck_assert_hex(id.public_key, 32, PUBLIC);
  ck_assert_int_eq(weft_identity_sign(&id, (const uint8_t *)"\x72", 1, sig, &len), WEFT_OK);
  ck_assert_hex(sig, len, SIGNATURE);
}
END_TEST

START_TEST(verifies_as_rfc_8032) {
  weft_identity id = identity();
  uint8_t sig[64];
  const uint8_t *msg = (const uint8_t *)"\x72";
  hex_into(sig, sizeof sig, SIGNATURE);
  ck_assert_int_eq(weft_identity_verify(id.key_protobuf, 36, msg, 1, sig, 64), WEFT_OK);
  ck_assert_int_eq(weft_identity_verify(id.key_protobuf, 36, (const uint8_t *)"\x73", 1, sig, 64), WEFT_EAUTH);
  ck_assert_int_eq(weft_identity_verify(id.key_protobuf, 36, msg, 0, sig, 64), WEFT_EAUTH);
  ck_assert_int_eq(weft_identity_verify(id.key_protobuf, 36, msg, 1, sig, 63), WEFT_EAUTH);
  ck_assert_int_eq(weft_identity_verify(id.key_protobuf, 36, msg, 1, sig, 0), WEFT_EAUTH);
  ck_assert_int_eq(weft_identity_verify(id.key_protobuf, 35, msg, 1, sig, 64), WEFT_EMALFORMED);
}
END_TEST

/* S + L is a second signature for whoever does not check that S is reduced (RFC 8032 section 5.1.7). */
START_TEST(malleable_signatures_are_refused) {
  static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                    0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
  weft_identity id = identity();
  uint8_t sig[64];
  hex_into(sig, sizeof sig, SIGNATURE);
  unsigned carry = 0;
  for (unsigned i = 0; i < 32; i++) {
    carry += (unsigned)sig[32 + i] + order[i];
    sig[32 + i] = (uint8_t)carry;
    carry >>= 8;
  }
  ck_assert_int_eq(weft_identity_verify(id.key_protobuf, 36, (const uint8_t *)"\x72", 1, sig, 64), WEFT_EAUTH);
}
END_TEST

/* With a key of small order, a signature of zeros would hold for many messages. */
START_TEST(keys_of_small_order_prove_nothing) {
  uint8_t key[36] = {0x08, 0x01, 0x12, 0x20, 0x01}, sig[64] = {0x01};
  ck_assert(sodium_init() >= 0);
  for (uint8_t m = 0; m < 32; m++) ck_assert_int_eq(weft_identity_verify(key, 36, &m, 1, sig, 64), WEFT_EAUTH);
}
END_TEST

START_TEST(private_keys_round_trip) {
  weft_identity id = identity(), again;
  uint8_t pb[68];
  ck_assert_int_eq(weft_identity_to_private_key(&id, pb), WEFT_OK);
  ck_assert_hex(pb, 4, "08011240");
  ck_assert_hex(pb + 4, 32, SEED);
  ck_assert_hex(pb + 36, 32, PUBLIC);
  ck_assert_int_eq(weft_identity_from_private_key(&again, pb, sizeof pb), WEFT_OK);
  ck_assert(memcmp(&id, &again, sizeof id) == 0);
}
END_TEST

START_TEST(private_keys_of_other_shapes_are_refused) {
  weft_identity id = identity(), again;
  uint8_t pb[200];
  weft_identity_to_private_key(&id, pb);
  for (size_t n = 0; n < 68; n++) ck_assert_int_eq(weft_identity_from_private_key(&again, pb, n), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_identity_from_private_key(&again, pb, 69), WEFT_EMALFORMED);
  pb[36] ^= 1; /* the public half is not of this seed */
  ck_assert_int_eq(weft_identity_from_private_key(&again, pb, 68), WEFT_EMALFORMED);
  pb[36] ^= 1;
  for (unsigned type = 0; type < 4; type++) {
    pb[1] = (uint8_t)type;
    ck_assert_int_eq(weft_identity_from_private_key(&again, pb, 68), type == 1 ? WEFT_OK : WEFT_EUNSUPPORTED);
  }
  pb[1] = 4;
  ck_assert_int_eq(weft_identity_from_private_key(&again, pb, 68), WEFT_EMALFORMED);
}
END_TEST

START_TEST(old_private_keys_have_the_public_key_twice) {
  weft_identity id = identity(), again;
  uint8_t pb[100] = {0x08, 0x01, 0x12, 96};
  memcpy(pb + 4, id.secret, 64);
  memcpy(pb + 68, id.public_key, 32);
  ck_assert_int_eq(weft_identity_from_private_key(&again, pb, sizeof pb), WEFT_OK);
  ck_assert(memcmp(&id, &again, sizeof id) == 0);
  pb[99] ^= 1;
  ck_assert_int_eq(weft_identity_from_private_key(&again, pb, sizeof pb), WEFT_EMALFORMED);
}
END_TEST

START_TEST(generates_from_the_rng_alone) {
  test_rng r;
  weft_rng rng = test_rng_init(&r, 5);
  weft_identity a, b;
  ck_assert(sodium_init() >= 0);
  ck_assert_int_eq(weft_identity_generate(&a, &rng), WEFT_OK);
  ck_assert_int_eq(weft_identity_generate(&b, &rng), WEFT_OK);
  ck_assert(memcmp(a.public_key, b.public_key, 32) != 0);
  rng = test_rng_init(&r, 5);
  ck_assert_int_eq(weft_identity_generate(&b, &rng), WEFT_OK);
  ck_assert(memcmp(&a, &b, sizeof a) == 0);
  r.fail_on = true;
  ck_assert_int_eq(weft_identity_generate(&b, &rng), WEFT_ERANDOM);
}
END_TEST

/* Computed with Python's hmac for the seed 00 01 .. 1f, RFC 5869 with an empty salt. */
START_TEST(derives_secrets_for_other_purposes) {
  weft_identity id;
  uint8_t seed[32], out[32];
  ck_assert(sodium_init() >= 0);
  for (unsigned i = 0; i < 32; i++) seed[i] = (uint8_t)i;
  weft_identity_from_seed(&id, seed);
  ck_assert_int_eq(weft_identity_derive(&id, "weft-dtls-certificate", out), WEFT_OK);
  ck_assert_hex(out, 32, "197aaa332fdb490eebd0b3b0d61a72a18072e57b7d3b0e63528123d3b1ab3eba");
  ck_assert_int_eq(weft_identity_derive(&id, "", out), WEFT_OK);
  ck_assert_hex(out, 32, "37ad29109f43265287804b674e2653d0a513718907f97fca97c95bded8104bbf");
}
END_TEST

START_TEST(peer_ids_are_the_key_up_to_42_octets) {
  weft_identity id = identity();
  uint8_t out[WEFT_PEER_ID_MAX], key[WEFT_PUBLIC_KEY_MAX + 1] = {0};
  size_t len = 0;
  ck_assert_int_eq(weft_identity_peer_id(id.key_protobuf, 36, out, &len), WEFT_OK);
  ck_assert(len == 38 && memcmp(out, id.peer_id, 38) == 0 && out[0] == 0 && out[1] == 36);
  ck_assert_int_eq(weft_identity_peer_id(key, 42, out, &len), WEFT_OK);
  ck_assert(len == 44 && out[0] == 0 && out[1] == 42);
  ck_assert_int_eq(weft_identity_peer_id(key, 43, out, &len), WEFT_OK);
  ck_assert(len == 34 && out[0] == 0x12 && out[1] == 32);
  ck_assert_int_eq(weft_identity_peer_id(key, sizeof key, out, &len), WEFT_EMALFORMED);
}
END_TEST

START_TEST(wiping_leaves_nothing) {
  weft_identity id = identity();
  static const weft_identity zero;
  weft_identity_wipe(&id);
  ck_assert(memcmp(&id, &zero, sizeof id) == 0);
}
END_TEST

Suite *test_noise_identity(void) {
  static const unit_test tests[] = {UNIT(signs_as_rfc_8032),
                                    UNIT(verifies_as_rfc_8032),
                                    UNIT(malleable_signatures_are_refused),
                                    UNIT(keys_of_small_order_prove_nothing),
                                    UNIT(private_keys_round_trip),
                                    UNIT(private_keys_of_other_shapes_are_refused),
                                    UNIT(old_private_keys_have_the_public_key_twice),
                                    UNIT(generates_from_the_rng_alone),
                                    UNIT(derives_secrets_for_other_purposes),
                                    UNIT(peer_ids_are_the_key_up_to_42_octets),
                                    UNIT(wiping_leaves_nothing)};
  return unit_suite("noise/identity", tests, sizeof tests / sizeof tests[0]);
}
