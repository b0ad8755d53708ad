#include "dtls/keys.h"

#include "test/support/hex.h"
#include "test/support/unit.h"

static weft_dtls_secrets secrets(mbedtls_tls_prf_types prf) {
  weft_dtls_secrets s = {.prf = prf};
  for (uint8_t i = 0; i < 48; i++) s.master[i] = i;
  memset(s.client_random, 0xc1, 32);
  memset(s.server_random, 0x5e, 32);
  return s;
}

/* Key blocks computed with Python's hmac. */
START_TEST(key_blocks) {
  static const struct {
    int suite;
    mbedtls_tls_prf_types prf;
    const char *client_key, *server_key, *client_iv, *server_iv;
  } cases[] = {{0xc02b, MBEDTLS_SSL_TLS_PRF_SHA256, "cceb3e14d846a21dde9a42cbcbed13a6",
                "67078ba0dab8d1732a3cb4899a742466", "234f54ef", "0f9b87b1"},
               {0xc02c, MBEDTLS_SSL_TLS_PRF_SHA384, "2353183785767c3f69bccee8a7e1096d743385890510310e45418aef7b068d0a",
                "65de98dde3c3e08b909a2362c78202d4aa098f1f187f28110c070ece64b55788", "90a4f9ee", "23b57bae"},
               {0xcca9, MBEDTLS_SSL_TLS_PRF_SHA256, "cceb3e14d846a21dde9a42cbcbed13a667078ba0dab8d1732a3cb4899a742466",
                "234f54ef0f9b87b11b1ccae6ffacd12acf8a784b60a5d36b819d5bd840985f31", "28e699cf88370e8ba55f5462",
                "605891ade359c7caec46be58"}};
  for (size_t i = 0; i < 3; i++) {
    weft_dtls_secrets s = secrets(cases[i].prf);
    const weft_dtls_suite *suite = weft_dtls_suite_find(cases[i].suite);
    weft_dtls_keys k;
    ck_assert_int_eq(weft_dtls_keys_derive(&k, suite, &s), WEFT_OK);
    ck_assert_hex(k.client_key, suite->key_len, cases[i].client_key);
    ck_assert_hex(k.server_key, suite->key_len, cases[i].server_key);
    ck_assert_hex(k.client_iv, suite->fixed_len, cases[i].client_iv);
    ck_assert_hex(k.server_iv, suite->fixed_len, cases[i].server_iv);
  }
}
END_TEST

START_TEST(keylog) {
  weft_dtls_secrets s = secrets(MBEDTLS_SSL_TLS_PRF_SHA256);
  char line[WEFT_DTLS_KEYLOG_LEN];
  weft_dtls_keylog_line(line, &s);
  ck_assert_str_eq(line,
                   "CLIENT_RANDOM c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1 "
                   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f");
}
END_TEST

Suite *test_dtls_keys(void) {
  static const unit_test tests[] = {UNIT(key_blocks), UNIT(keylog)};
  return unit_suite("dtls/keys", tests, sizeof tests / sizeof tests[0]);
}
