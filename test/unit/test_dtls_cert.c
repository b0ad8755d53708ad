#include "dtls/dtls.h"
#include "test/support/alloc.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

/* HKDF, scalar, RFC 6979 and DER done again in 60 lines of Python integers; openssl x509 reads it and verifies its
 * signature. */
static const char golden[] =
    "3082012e3081d5a003020102020101300a06082a8648ce3d0403023020311e301c06035504030c157765667420393064663661646531383939"
    "6463"
    "38653020170d3230303130313030303030305a180f32313230303130313030303030305a3020311e301c06035504030c157765667420393064"
    "6636"
    "616465313839396463386530593013"
    "06072a8648ce3d020106082a8648ce3d030107034200041aaaa2b00507388e3f3409282be3a0601e716bc1bac997a0c765c4a5cf01b8a409bb"
    "2826"
    "cc013682ded50d331d1d77f2e26839c4c4b77e75f17cfcd33c8cfe1f300a06082a8648ce3d0403020348003045022100ba7bb30b499093d1a8"
    "4d21"
    "c440092449742e4afaa142fac14dbc268424f5c32e0220558108de437da4e7ad426d982cbd1cc4b291166a6eb614c370af0cf60bfbbd33";

START_TEST(golden_bytes) {
  uint8_t seed[32];
  for (uint8_t i = 0; i < 32; i++) seed[i] = i;
  weft_dtls_cert *c;
  ck_assert_int_eq(weft_dtls_cert_new(&c, seed, test_alloc()), WEFT_OK);
  size_t len;
  const uint8_t *der = weft_dtls_cert_der(c, &len);
  ck_assert_hex(der, len, golden);
  ck_assert_hex(weft_dtls_cert_fingerprint(c), 32, "090fb519e35ba11c2dcae4317841f5aba03d6f494383538fceead95117575161");
  weft_dtls_cert_free(c);
}
END_TEST

START_TEST(other_seeds) {
  static const char *want[2] = {"b538a40a47a5349f96a3044b327cf8b0215f5db0208a261199021353acec995c",
                                "91433379f011c5afc9bd439e236a42b5b98cb795f0bce0a0e236c6530d6eb4eb"};
  for (int i = 0; i < 2; i++) {
    uint8_t seed[32];
    memset(seed, i ? 0xff : 0, sizeof seed);
    weft_dtls_cert *c;
    ck_assert_int_eq(weft_dtls_cert_new(&c, seed, test_alloc()), WEFT_OK);
    ck_assert_hex(weft_dtls_cert_fingerprint(c), 32, want[i]);
    weft_dtls_cert_free(c);
  }
}
END_TEST

static void make_one(void *ctx) {
  weft_dtls_cert *c;
  (void)ctx;
  uint8_t seed[32] = {9};
  int rc = weft_dtls_cert_new(&c, seed, test_alloc());
  ck_assert(rc == WEFT_OK || rc == WEFT_ENOMEM);
  ck_assert(rc == WEFT_OK || !c);
  weft_dtls_cert_free(c);
}

START_TEST(no_memory) { ck_assert_uint_gt(alloc_sweep(make_one, NULL), 0); }
END_TEST

Suite *test_dtls_cert(void) {
  static const unit_test tests[] = {UNIT(golden_bytes), UNIT(other_seeds), UNIT(no_memory)};
  return unit_suite("dtls/cert", tests, sizeof tests / sizeof tests[0]);
}
