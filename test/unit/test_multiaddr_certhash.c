#include <string.h>

#include "multiaddr/multiaddr.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

#define HASH_TEXT "uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g" /* libp2p specs webrtc-direct.md */
#define HASH_HEX "c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2"

START_TEST(the_example_of_the_specification) {
  uint8_t sha256[32], again[32];
  char text[64];
  ck_assert_int_eq(weft_certhash_parse(sha256, HASH_TEXT, strlen(HASH_TEXT)), WEFT_OK);
  ck_assert_hex(sha256, 32, HASH_HEX);
  ck_assert_int_eq(weft_certhash_format(sha256, text, sizeof text), WEFT_OK);
  ck_assert_str_eq(text, HASH_TEXT);
  ck_assert_int_eq(weft_certhash_format(sha256, text, strlen(HASH_TEXT)), WEFT_ETOOBIG);
  ck_assert_int_eq(weft_certhash_parse(again, "f1220" HASH_HEX, 69), WEFT_OK);
  ck_assert_mem_eq(again, sha256, 32);
}
END_TEST

START_TEST(only_a_whole_sha2_256) {
  uint8_t sha256[32], multihash[66] = {WEFT_MULTIHASH_SHA2_512, 64};
  char text[128];
  size_t n;
  ck_assert_int_eq(weft_multibase_encode('u', multihash, 66, text, sizeof text, &n), WEFT_OK);
  ck_assert_int_eq(weft_certhash_parse(sha256, text, n), WEFT_EUNSUPPORTED);
  multihash[0] = WEFT_MULTIHASH_SHA2_256, multihash[1] = 16;
  ck_assert_int_eq(weft_multibase_encode('u', multihash, 18, text, sizeof text, &n), WEFT_OK);
  ck_assert_int_eq(weft_certhash_parse(sha256, text, n), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_certhash_parse(sha256, HASH_TEXT, strlen(HASH_TEXT) - 2), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_certhash_parse(sha256, &HASH_TEXT[1], strlen(HASH_TEXT) - 1), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_certhash_parse(sha256, "", 0), WEFT_EMALFORMED);
}
END_TEST

Suite *test_multiaddr_certhash(void) {
  static const unit_test tests[] = {UNIT(the_example_of_the_specification), UNIT(only_a_whole_sha2_256)};
  return unit_suite("multiaddr/certhash", tests, sizeof tests / sizeof tests[0]);
}
