#include "dtls/mbed.h"

#include "test/support/hex.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

/* RFC 4231 sections 4.2 and 4.3, their keys filled up with zeros to 32 bytes, which HMAC does itself. */
START_TEST(hmac) {
  struct {
    const char *key, *text, *want;
  } cases[] = {{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b000000000000000000000000", "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
               {"4a65666500000000000000000000000000000000000000000000000000000000", "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"}};
  for (size_t i = 0; i < 2; i++) {
    uint8_t key[32], out[32];
    weft_dtls_hmac h;
    hex_into(key, sizeof key, cases[i].key);
    ck_assert_int_eq(weft_dtls_hmac_init(&h, key), WEFT_OK);
    for (int again = 0; again < 2; again++) {
      ck_assert_int_eq(weft_dtls_hmac_run(&h, out, (const uint8_t *)cases[i].text, strlen(cases[i].text)), WEFT_OK);
      ck_assert_hex(out, 32, cases[i].want);
    }
    weft_dtls_hmac_free(&h);
  }
}
END_TEST

START_TEST(randomness_fails) {
  test_rng r;
  weft_rng rng = test_rng_init(&r, 1);
  uint8_t b[4];
  ck_assert_int_eq(weft_dtls_mbed_rng(&rng, b, sizeof b), 0);
  r.fail_on = true;
  r.fail_after = 0;
  ck_assert_int_ne(weft_dtls_mbed_rng(&rng, b, sizeof b), 0);
}
END_TEST

Suite *test_dtls_mbed(void) {
  static const unit_test tests[] = {UNIT(hmac), UNIT(randomness_fails)};
  return unit_suite("dtls/mbed", tests, sizeof tests / sizeof tests[0]);
}
