#include "test/unit/noise_rig.h"

static const uint8_t key[32] = {7};

static weft_noise_cipher cipher_at(uint64_t n) {
  weft_noise_cipher c;
  weft_noise_cipher_set(&c, key);
  c.n = n;
  return c;
}

START_TEST(opens_what_it_seals_in_order) {
  weft_noise_cipher a = cipher_at(0), b = cipher_at(0);
  uint8_t buf[64];
  for (unsigned i = 0; i < 40; i++) {
    memset(buf, (int)i, i);
    ck_assert_int_eq(weft_noise_seal(&a, (const uint8_t *)"ad", 2, buf, i, buf), WEFT_OK); /* in place */
    ck_assert_int_eq(weft_noise_open(&b, (const uint8_t *)"ad", 2, buf, i + 16, buf), WEFT_OK);
    for (unsigned k = 0; k < i; k++) ck_assert_uint_eq(buf[k], i);
  }
  ck_assert_uint_eq(b.n, 40);
}
END_TEST

START_TEST(the_counter_stays_on_failure) {
  weft_noise_cipher a = cipher_at(5), b = cipher_at(5);
  uint8_t sealed[20], plain[20];
  weft_noise_seal(&a, NULL, 0, (const uint8_t *)"data", 4, sealed);
  sealed[3] ^= 1;
  ck_assert_int_eq(weft_noise_open(&b, NULL, 0, sealed, 20, plain), WEFT_EAUTH);
  ck_assert_int_eq(weft_noise_open(&b, NULL, 0, sealed, 15, plain), WEFT_EMALFORMED);
  ck_assert_uint_eq(b.n, 5);
  sealed[3] ^= 1;
  ck_assert_int_eq(weft_noise_open(&b, (const uint8_t *)"x", 1, sealed, 20, plain), WEFT_EAUTH);
  ck_assert_int_eq(weft_noise_open(&b, NULL, 0, sealed, 20, plain), WEFT_OK);
}
END_TEST

/* Noise section 5.1: 2^64 - 1 is reserved. */
START_TEST(the_last_nonce_is_never_used) {
  weft_noise_cipher a = cipher_at(UINT64_MAX - 1), b = cipher_at(UINT64_MAX - 1);
  uint8_t sealed[20], plain[20];
  ck_assert_int_eq(weft_noise_seal(&a, NULL, 0, (const uint8_t *)"last", 4, sealed), WEFT_OK);
  ck_assert_int_eq(weft_noise_open(&b, NULL, 0, sealed, 20, plain), WEFT_OK);
  ck_assert_int_eq(weft_noise_seal(&a, NULL, 0, (const uint8_t *)"more", 4, sealed), WEFT_ELIMIT);
  ck_assert_int_eq(weft_noise_open(&b, NULL, 0, sealed, 20, plain), WEFT_ELIMIT);
  ck_assert_uint_eq(a.n, UINT64_MAX);
}
END_TEST

START_TEST(without_a_key_it_passes_through) {
  weft_noise_cipher c = {.n = 3};
  uint8_t out[4];
  ck_assert_int_eq(weft_noise_seal(&c, NULL, 0, (const uint8_t *)"open", 4, out), WEFT_OK);
  ck_assert(memcmp(out, "open", 4) == 0 && c.n == 3);
  ck_assert_int_eq(weft_noise_open(&c, NULL, 0, (const uint8_t *)"sesa", 4, out), WEFT_OK);
  ck_assert(memcmp(out, "sesa", 4) == 0 && c.n == 3);
}
END_TEST

Suite *test_noise_cipher(void) {
  static const unit_test tests[] = {UNIT(opens_what_it_seals_in_order), UNIT(the_counter_stays_on_failure),
                                    UNIT(the_last_nonce_is_never_used), UNIT(without_a_key_it_passes_through)};
  return unit_suite("noise/cipher", tests, sizeof tests / sizeof tests[0]);
}
