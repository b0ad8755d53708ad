/* Multibase, base58, multihash and certhash text: what is decoded encodes to the same bytes again. */
#include <stdlib.h>
#include <string.h>

#include "multiaddr/multiaddr.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_TEXT = 1024 };

static void decode_and_back(const char *in, size_t size) {
  uint8_t bytes[MAX_TEXT], again[MAX_TEXT];
  char text[8 * MAX_TEXT + 2], prefix;
  size_t n, text_len, m;
  if (weft_multibase_decode(in, size, &prefix, bytes, sizeof bytes, &n) != WEFT_OK) return;
  REQUIRE(weft_multibase_name(prefix) && prefix == in[0] && n <= size);
  REQUIRE(weft_multibase_encode(prefix, bytes, n, text, sizeof text, &text_len) == WEFT_OK && text_len == size);
  REQUIRE(weft_multibase_decode(text, text_len, &prefix, again, sizeof again, &m) == WEFT_OK);
  REQUIRE(m == n && memcmp(bytes, again, n) == 0);
}

static void encode_and_back(char prefix, const uint8_t *data, size_t size) {
  static char text[8 * MAX_TEXT + 2];
  uint8_t back[MAX_TEXT];
  char got;
  size_t n, m;
  if (!weft_multibase_name(prefix)) return;
  REQUIRE(weft_multibase_encode(prefix, data, size, text, sizeof text, &n) == WEFT_OK);
  REQUIRE(weft_multibase_decode(text, n, &got, back, sizeof back, &m) == WEFT_OK);
  REQUIRE(got == prefix && m == size && (m == 0 || memcmp(back, data, m) == 0));
}

static void base58(const char *in, size_t size) {
  uint8_t bytes[MAX_TEXT];
  char text[2 * MAX_TEXT];
  size_t n, m;
  if (weft_base58_decode(in, size, bytes, sizeof bytes, &n) != WEFT_OK) return;
  REQUIRE(weft_base58_encode(bytes, n, text, sizeof text, &m) == WEFT_OK && m == size && memcmp(text, in, m) == 0);
}

static void hashes(const uint8_t *data, size_t size) {
  weft_multihash mh;
  uint8_t out[MAX_TEXT], sha256[32], back[32];
  char text[64];
  size_t n;
  if (weft_multihash_decode(&mh, data, size) == WEFT_OK) {
    REQUIRE(mh.digest >= data && mh.digest + mh.len == data + size);
    REQUIRE(weft_multihash_encode(mh.code, mh.digest, mh.len, out, sizeof out, &n) == WEFT_OK);
    REQUIRE(n == size && memcmp(out, data, n) == 0);
  }
  if (weft_certhash_parse(sha256, (const char *)data, size) != WEFT_OK) return;
  REQUIRE(weft_certhash_format(sha256, text, sizeof text) == WEFT_OK);
  REQUIRE(weft_certhash_parse(back, text, strlen(text)) == WEFT_OK && memcmp(back, sha256, 32) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > MAX_TEXT) return 0;
  decode_and_back((const char *)data, size);
  base58((const char *)data, size);
  hashes(data, size);
  if (size > 0) encode_and_back((char)data[0], data + 1, size - 1);
  return 0;
}
