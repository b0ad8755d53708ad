#include <string.h>

#include "multiaddr/multiaddr.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

static int decode(const char *hex, weft_multihash *mh) {
  static uint8_t in[256];
  return weft_multihash_decode(mh, in, hex_into(in, sizeof in, hex));
}

/* multiformats/multihash README and tests/values: SHA-256 of "multihash". */
START_TEST(sha2_256) {
  weft_multihash mh;
  uint8_t out[34];
  size_t n;
  const char *hex = "12209cbc07c3f991725836a3aa2a581ca2029198aa420b9d99bc0e131d9f3e2cbe47";
  ck_assert_int_eq(decode(hex, &mh), WEFT_OK);
  ck_assert_uint_eq(mh.code, WEFT_MULTIHASH_SHA2_256);
  ck_assert_uint_eq(mh.len, 32);
  ck_assert_int_eq(weft_multihash_encode(mh.code, mh.digest, mh.len, out, sizeof out, &n), WEFT_OK);
  ck_assert_hex(out, n, hex);
  ck_assert_int_eq(weft_multihash_encode(mh.code, mh.digest, mh.len, out, sizeof out - 1, &n), WEFT_ETOOBIG);
}
END_TEST

START_TEST(a_digest_may_be_cut_but_not_longer_than_its_hash) {
  weft_multihash mh;
  uint8_t out[80], digest[65] = {0};
  size_t n;
  ck_assert_int_eq(decode("12042c26b46b", &mh), WEFT_OK);
  ck_assert_uint_eq(mh.len, 4);
  ck_assert_int_eq(decode("1221000000000000000000000000000000000000000000000000000000000000000000", &mh),
                   WEFT_EMALFORMED);
  ck_assert_int_eq(weft_multihash_encode(WEFT_MULTIHASH_SHA2_256, digest, 33, out, sizeof out, &n), WEFT_EINVAL);
  ck_assert_int_eq(weft_multihash_encode(WEFT_MULTIHASH_SHA2_512, digest, 64, out, sizeof out, &n), WEFT_OK);
  ck_assert_int_eq(weft_multihash_encode(WEFT_MULTIHASH_SHA2_512, digest, 65, out, sizeof out, &n), WEFT_EINVAL);
}
END_TEST

START_TEST(exactly_one_multihash) {
  static const char *const bad[] = {"",         "12",       "1220",       "1202aa",
                                    "1201aabb", "920001aa", "12810000aa", "12ffffffffffffffff7f00"};
  weft_multihash mh;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) ck_assert_int_eq(decode(bad[i], &mh), WEFT_EMALFORMED);
  ck_assert_int_eq(decode("0000", &mh), WEFT_OK);
  ck_assert_uint_eq(mh.len, 0);
}
END_TEST

Suite *test_multiaddr_multihash(void) {
  static const unit_test tests[] = {UNIT(sha2_256), UNIT(a_digest_may_be_cut_but_not_longer_than_its_hash),
                                    UNIT(exactly_one_multihash)};
  return unit_suite("multiaddr/multihash", tests, sizeof tests / sizeof tests[0]);
}
