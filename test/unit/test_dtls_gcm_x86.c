#include "dtls/gcm_x86.h"

#include <string.h>

#include "test/support/hex.h"
#include "test/support/unit.h"

/* Python's cryptography (OpenSSL): key 00.., nonce ff.., aad 10.., text "weft" x 40; the first and last 16 bytes. More
 * lengths and all tampering are in test_dtls_aead.c, which runs this code where the CPU has it. */
static const struct {
  size_t key_len;
  const char *first, *last;
} cases[] = {{16, "d875baf9876dbbf38119e7ac28348bb1", "10fa134e1d96f857eaa3c2052f44cc9b"},
             {32, "018b69f99f530df310ac88cddda4f3af", "306bc7915dc3f482567be2d76aa5dd4f"}};

static void fill(uint8_t key[32], uint8_t nonce[12], uint8_t aad[13], uint8_t text[160]) {
  for (uint8_t i = 0; i < 32; i++) key[i] = i;
  for (uint8_t i = 0; i < 12; i++) nonce[i] = (uint8_t)(0xff - i);
  for (uint8_t i = 0; i < 13; i++) aad[i] = (uint8_t)(0x10 + i);
  for (int i = 0; i < 40; i++) memcpy(text + 4 * i, "weft", 4);
}

START_TEST(known_answers) {
  uint8_t key[32], nonce[12], aad[13], text[160], sealed[176], back[160];
  if (!weft_dtls_gcm_x86_available()) return;
  fill(key, nonce, aad, text);
  for (size_t i = 0; i < 2; i++) {
    weft_dtls_gcm_x86 g;
    weft_dtls_gcm_x86_start(&g, key, cases[i].key_len);
    weft_dtls_gcm_x86_seal(&g, nonce, aad, text, sizeof text, sealed);
    ck_assert_hex(sealed, 16, cases[i].first);
    ck_assert_hex(sealed + 160, 16, cases[i].last);
    ck_assert(weft_dtls_gcm_x86_open(&g, nonce, aad, sealed, sizeof text, back));
    ck_assert_mem_eq(back, text, sizeof text);
  }
}
END_TEST

START_TEST(nothing_is_left_of_a_forgery) {
  uint8_t key[32], nonce[12], aad[13], text[160], sealed[176], back[160], zero[160] = {0};
  if (!weft_dtls_gcm_x86_available()) return;
  fill(key, nonce, aad, text);
  weft_dtls_gcm_x86 g;
  weft_dtls_gcm_x86_start(&g, key, 16);
  weft_dtls_gcm_x86_seal(&g, nonce, aad, text, sizeof text, sealed);
  sealed[175] ^= 1;
  ck_assert(!weft_dtls_gcm_x86_open(&g, nonce, aad, sealed, sizeof text, back));
  ck_assert_mem_eq(back, zero, sizeof back);
}
END_TEST

Suite *test_dtls_gcm_x86(void) {
  static const unit_test tests[] = {UNIT(known_answers), UNIT(nothing_is_left_of_a_forgery)};
  return unit_suite("dtls/gcm_x86", tests, sizeof tests / sizeof tests[0]);
}
