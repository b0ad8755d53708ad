#include <sodium.h>
#include <string.h>

#include "noise/noise_int.h"

void weft_noise_cipher_set(weft_noise_cipher *c, const uint8_t key[32]) {
  memcpy(c->key, key, sizeof c->key);
  c->n = 0;
  c->has_key = true;
}

/* Noise section 12.3: 32 zero bits, then the counter, little endian. */
static void nonce_of(const weft_noise_cipher *c, uint8_t nonce[12]) {
  weft_wr w;
  weft_wr_init(&w, nonce, 12);
  weft_wr_u32le(&w, 0);
  weft_wr_u32le(&w, (uint32_t)c->n);
  weft_wr_u32le(&w, (uint32_t)(c->n >> 32));
}

int weft_noise_seal(weft_noise_cipher *c, const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t len,
                    uint8_t *out) {
  if (!c->has_key) {
    if (len > 0) memmove(out, in, len);
    return WEFT_OK;
  }
  if (c->n == UINT64_MAX) return WEFT_ELIMIT;
  uint8_t nonce[12];
  nonce_of(c, nonce);
  crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len, ad, ad_len, NULL, nonce, c->key);
  c->n++;
  return WEFT_OK;
}

int weft_noise_open(weft_noise_cipher *c, const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t len,
                    uint8_t *out) {
  if (!c->has_key) {
    if (len > 0) memmove(out, in, len);
    return WEFT_OK;
  }
  if (len < WEFT_NOISE_TAG) return WEFT_EMALFORMED;
  if (c->n == UINT64_MAX) return WEFT_ELIMIT;
  uint8_t nonce[12];
  nonce_of(c, nonce);
  if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, len, ad, ad_len, nonce, c->key) != 0)
    return WEFT_EAUTH;
  c->n++;
  return WEFT_OK;
}
