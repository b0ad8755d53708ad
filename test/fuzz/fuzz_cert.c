/* A peer's certificate and its fingerprint in text: whatever the bytes are, the session's way of looking at a
 * certificate ends well, and text that is taken comes back the same. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "dtls/cert.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static weft_dtls_cert *own;

static int accept_leaf(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags) {
  uint8_t fp[WEFT_DTLS_FINGERPRINT_LEN];
  (void)ctx;
  (void)depth;
  REQUIRE(weft_dtls_fingerprint(fp, crt->raw.p, crt->raw.len) == WEFT_OK);
  *flags = 0;
  return 0;
}

static void as_certificate(const uint8_t *data, size_t size) {
  mbedtls_x509_crt crt;
  uint32_t flags;
  mbedtls_x509_crt_init(&crt);
  if (mbedtls_x509_crt_parse_der(&crt, data, size) == 0) {
    REQUIRE(crt.raw.len <= size);
    (void)mbedtls_x509_crt_verify(&crt, &own->crt, NULL, NULL, &flags, accept_leaf, NULL);
  }
  mbedtls_x509_crt_free(&crt);
}

static void as_text(const uint8_t *data, size_t size) {
  uint8_t fp[WEFT_DTLS_FINGERPRINT_LEN];
  char text[96];
  int rc = weft_dtls_fingerprint_parse(fp, (const char *)data, size);
  REQUIRE(rc == WEFT_OK || rc == WEFT_EMALFORMED || rc == WEFT_EUNSUPPORTED);
  if (rc != WEFT_OK) return;
  weft_dtls_fingerprint_format(text, fp);
  REQUIRE(size == 8 + strlen(text));
  for (size_t i = 0; text[i]; i++) REQUIRE(toupper(data[8 + i]) == text[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t seed[32] = {7};
  if (!own) REQUIRE(weft_dtls_cert_new(&own, seed, NULL) == WEFT_OK);
  as_certificate(data, size);
  as_text(data, size);
  return 0;
}
