#include <sodium.h>

#include "noise/noise_int.h"

void weft_noise_hmac(const uint8_t *key, size_t key_len, const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
                     uint8_t out[32]) {
  crypto_auth_hmacsha256_state st;
  crypto_auth_hmacsha256_init(&st, key, key_len);
  if (a_len > 0) crypto_auth_hmacsha256_update(&st, a, a_len);
  if (b_len > 0) crypto_auth_hmacsha256_update(&st, b, b_len);
  crypto_auth_hmacsha256_final(&st, out);
  weft_wipe(&st, sizeof st);
}

void weft_noise_hkdf(const uint8_t ck[32], const uint8_t *ikm, size_t ikm_len, unsigned n, uint8_t out[][32]) {
  uint8_t temp[32];
  weft_noise_hmac(ck, 32, ikm, ikm_len, NULL, 0, temp);
  for (unsigned i = 0; i < n; i++) {
    uint8_t number = (uint8_t)(i + 1);
    weft_noise_hmac(temp, sizeof temp, i > 0 ? out[i - 1] : NULL, i > 0 ? 32 : 0, &number, 1, out[i]);
  }
  weft_wipe(temp, sizeof temp);
}
