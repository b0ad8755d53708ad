#include "dtls/keys.h"

#include <string.h>

#include "base/hash.h"

int weft_dtls_keys_derive(weft_dtls_keys *k, const weft_dtls_suite *suite, const weft_dtls_secrets *s) {
  uint8_t seed[64], block[2 * 32 + 2 * 12];
  size_t n = 2u * suite->key_len + 2u * suite->fixed_len;
  memcpy(seed, s->server_random, 32);
  memcpy(seed + 32, s->client_random, 32);
  int rc = mbedtls_ssl_tls_prf(s->prf, s->master, sizeof s->master, "key expansion", seed, sizeof seed, block, n);
  weft_rd r;
  weft_rd_init(&r, block, n);
  memset(k, 0, sizeof *k);
  weft_rd_copy(&r, k->client_key, suite->key_len);
  weft_rd_copy(&r, k->server_key, suite->key_len);
  weft_rd_copy(&r, k->client_iv, suite->fixed_len);
  weft_rd_copy(&r, k->server_iv, suite->fixed_len);
  weft_wipe(block, sizeof block);
  return rc == 0 ? WEFT_OK : WEFT_EINTERNAL;
}

void weft_dtls_keylog_line(char line[WEFT_DTLS_KEYLOG_LEN], const weft_dtls_secrets *s) {
  memcpy(line, "CLIENT_RANDOM ", 14);
  weft_hex_encode(line + 14, s->client_random, 32);
  line[14 + 64] = ' ';
  weft_hex_encode(line + 14 + 65, s->master, 48);
}
