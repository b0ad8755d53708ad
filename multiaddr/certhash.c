#include <string.h>

#include "multiaddr/multiaddr_int.h"

int weft_certhash_format(const uint8_t sha256[32], char *out, size_t cap) {
  uint8_t multihash[34];
  size_t n, text_len;
  int rc = weft_multihash_encode(WEFT_MULTIHASH_SHA2_256, sha256, 32, multihash, sizeof multihash, &n);
  return rc == WEFT_OK ? weft_multibase_encode('u', multihash, n, out, cap, &text_len) : rc;
}

int weft_certhash_parse(uint8_t sha256[32], const char *text, size_t len) {
  uint8_t multihash[2 + 64];
  weft_multihash mh;
  char base;
  size_t n;
  if (weft_multibase_decode(text, len, &base, multihash, sizeof multihash, &n) != WEFT_OK) return WEFT_EMALFORMED;
  if (weft_multihash_decode(&mh, multihash, n) != WEFT_OK) return WEFT_EMALFORMED;
  if (mh.code != WEFT_MULTIHASH_SHA2_256) return WEFT_EUNSUPPORTED;
  if (mh.len != 32) return WEFT_EMALFORMED;
  memcpy(sha256, mh.digest, 32);
  return WEFT_OK;
}
