#include <string.h>

#include "base/hash.h"
#include "dtls/dtls.h"
#include "dtls/mbed.h"

int weft_dtls_fingerprint(uint8_t out[WEFT_DTLS_FINGERPRINT_LEN], const uint8_t *der, size_t len) {
  return weft_dtls_sha256(out, der, len);
}

void weft_dtls_fingerprint_format(char *out, const uint8_t fp[WEFT_DTLS_FINGERPRINT_LEN]) {
  static const char digits[] = "0123456789ABCDEF";
  for (size_t i = 0; i < WEFT_DTLS_FINGERPRINT_LEN; i++) {
    *out++ = digits[fp[i] >> 4];
    *out++ = digits[fp[i] & 15];
    *out++ = i + 1 < WEFT_DTLS_FINGERPRINT_LEN ? ':' : '\0';
  }
}

/* The names of hash functions do not depend on case (RFC 8122 section 5: from a registry of tokens, compared as
 * such). */
static bool is_sha256(const char *text, size_t len) {
  static const char name[] = "sha-256";
  if (len != sizeof name - 1) return false;
  for (size_t i = 0; i < len; i++) {
    char c = text[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
    if (c != name[i]) return false;
  }
  return true;
}

/* RFC 8122 says upper case; lower case is read too, since some peers write it. */
static int parse_bytes(uint8_t *out, const char *text, size_t len) {
  if (len != 3 * WEFT_DTLS_FINGERPRINT_LEN - 1) return WEFT_EMALFORMED;
  for (size_t i = 0; i < WEFT_DTLS_FINGERPRINT_LEN; i++) {
    if (weft_hex_decode(out + i, 1, text + 3 * i, 2) != WEFT_OK) return WEFT_EMALFORMED;
    if (i + 1 < WEFT_DTLS_FINGERPRINT_LEN && text[3 * i + 2] != ':') return WEFT_EMALFORMED;
  }
  return WEFT_OK;
}

int weft_dtls_fingerprint_parse(uint8_t out[WEFT_DTLS_FINGERPRINT_LEN], const char *text, size_t len) {
  const char *space = memchr(text, ' ', len);
  if (!space || space == text) return WEFT_EMALFORMED;
  size_t name = (size_t)(space - text);
  if (!is_sha256(text, name)) return WEFT_EUNSUPPORTED;
  return parse_bytes(out, space + 1, len - name - 1);
}
