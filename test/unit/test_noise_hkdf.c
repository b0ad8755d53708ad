#include "test/unit/noise_rig.h"

START_TEST(hmac_of_rfc_4231) {
  uint8_t key[20], out[32];
  memset(key, 0x0b, sizeof key);
  weft_noise_hmac(key, sizeof key, (const uint8_t *)"Hi There", 8, NULL, 0, out); /* test case 1 */
  ck_assert_hex(out, 32, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  weft_noise_hmac((const uint8_t *)"Jefe", 4, (const uint8_t *)"what do ya want ", 16, (const uint8_t *)"for nothing?",
                  12, out); /* test case 2, in two parts */
  ck_assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
END_TEST

/* RFC 5869 A.3: no salt, which to HMAC is the same as 32 zero octets, and no info: then it is Noise's HKDF. */
START_TEST(hkdf_of_rfc_5869) {
  uint8_t ck[32] = {0}, ikm[22], out[3][32];
  memset(ikm, 0x0b, sizeof ikm);
  weft_noise_hkdf(ck, ikm, sizeof ikm, 2, out);
  ck_assert_hex(out[0], 42, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}
END_TEST

START_TEST(outputs_may_lie_over_the_chaining_key) {
  uint8_t apart[3][32], over[3][32], ck[32] = {1};
  memcpy(over[0], ck, 32);
  weft_noise_hkdf(ck, ck, 32, 3, apart);
  weft_noise_hkdf(over[0], ck, 32, 3, over);
  ck_assert(memcmp(apart, over, sizeof apart) == 0);
}
END_TEST

Suite *test_noise_hkdf(void) {
  static const unit_test tests[] = {UNIT(hmac_of_rfc_4231), UNIT(hkdf_of_rfc_5869),
                                    UNIT(outputs_may_lie_over_the_chaining_key)};
  return unit_suite("noise/hkdf", tests, sizeof tests / sizeof tests[0]);
}
