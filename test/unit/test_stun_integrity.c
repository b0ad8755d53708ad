#include <stdlib.h>
#include <string.h>

#include "stun/stun.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

static const char key[] = "VOkJxbRl1RmTxUk/WvJxBt";
/* RFC 5769 sections 2.1, 2.2, 2.3 */
static const char *const rfc5769[] = {
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74"
    "002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf",
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96",
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5be"
    "d2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"};

START_TEST(rfc5769_short_term) {
  for (size_t i = 0; i < 3; i++) {
    uint8_t buf[128];
    weft_stun_msg m;
    ck_assert_int_eq(weft_stun_parse(&m, buf, hex_into(buf, sizeof buf, rfc5769[i])), WEFT_OK);
    ck_assert_int_eq(weft_stun_check_integrity(&m, key, strlen(key)), WEFT_OK);
    ck_assert_int_eq(weft_stun_check_integrity(&m, key, strlen(key) - 1), WEFT_EAUTH);
    ck_assert_int_eq(weft_stun_check_integrity(&m, "", 0), WEFT_EAUTH);
    ck_assert_int_eq(weft_stun_check_integrity_sha256(&m, key, strlen(key)), WEFT_ENOTFOUND);
  }
}
END_TEST

START_TEST(every_bit) {
  uint8_t buf[128];
  weft_stun_msg m;
  size_t n = hex_into(buf, sizeof buf, rfc5769[0]);
  for (size_t bit = 8 * 8; bit < 8 * (n - 8); bit++) {
    buf[bit / 8] ^= (uint8_t)(1 << (bit % 8));
    if (weft_stun_parse(&m, buf, n) == WEFT_OK)
      ck_assert_int_ne(weft_stun_check_integrity(&m, key, strlen(key)), WEFT_OK);
    buf[bit / 8] ^= (uint8_t)(1 << (bit % 8));
  }
}
END_TEST

/* RFC 5769 section 2.4: user "matorikkusu" in katakana, realm example.org, password "TheMatrIX" */
START_TEST(rfc5769_long_term) {
  static const char user[] = "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9";
  uint8_t buf[128], k[32];
  weft_stun_msg m;
  size_t n = hex_into(buf, sizeof buf,
                      "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b900000015001c"
                      "662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f72670000080014"
                      "f67024656dd64a3e02b8e0712e85c9a28ca89666");
  ck_assert_int_eq(weft_stun_parse(&m, buf, n), WEFT_OK);
  ck_assert_int_eq(weft_stun_long_term_key(k, 16, user, "example.org", "TheMatrIX"), WEFT_OK);
  ck_assert_hex(k, 16, "e8ca7ad59d5eb0518e312911d2dab2a9");
  ck_assert_int_eq(weft_stun_check_integrity(&m, k, 16), WEFT_OK);
  ck_assert_int_eq(weft_stun_long_term_key(k, 20, user, "example.org", "TheMatrIX"), WEFT_EINVAL);
  ck_assert_int_eq(weft_stun_userhash(k, user, "example.org"), WEFT_OK); /* RFC 8489 appendix B.1 */
  ck_assert_hex(k, 32, "4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704");
}
END_TEST

/* lengths other than 20 for SHA-1, and what may be left of SHA-256 (B6) */
START_TEST(truncated) {
  for (size_t len = 0; len <= 40; len += 4) {
    uint8_t buf[128] = {0};
    weft_stun_msg m;
    hex_into(buf, sizeof buf, "000100002112a442b7e7a701bc34d686fa87dfae00080000");
    buf[3] = (uint8_t)(4 + len);
    buf[23] = (uint8_t)len;
    ck_assert_int_eq(weft_stun_parse(&m, buf, 24 + len), WEFT_OK);
    ck_assert_int_eq(weft_stun_check_integrity(&m, key, strlen(key)), WEFT_EAUTH);
  }
}
END_TEST

/* Python: hmac.new(key, header with length 20 + n, sha256) over a bare request; the first n bytes are the attribute */
START_TEST(sha256) {
  static const char *const macs[] = {"a46e37ef2852de80e9a92b5d44d738f4", "e9cb480687c6911d0d83ef8ef0e3f8ccb8d96be9",
                                     "ebbdb72937e570fa38b73253e348153441572701b50d7188",
                                     "04e6480e93a68f003486d14b8269b5b5bcf38f73a473de5ef243b02a",
                                     "97982adb48a1c25f1c8f68ea53f5aad681b35bfa59aec1b7a0ed1195d1bc9296"};
  for (size_t i = 0; i < 5; i++) {
    size_t n = 16 + 4 * i;
    uint8_t buf[128];
    weft_stun_msg m;
    hex_into(buf, sizeof buf, "000100002112a442b7e7a701bc34d686fa87dfae001c0000");
    buf[3] = (uint8_t)(4 + n);
    buf[23] = (uint8_t)n;
    ck_assert_uint_eq(hex_into(buf + 24, sizeof buf - 24, macs[i]), n);
    ck_assert_int_eq(weft_stun_parse(&m, buf, 24 + n), WEFT_OK);
    ck_assert_int_eq(weft_stun_check_integrity_sha256(&m, key, strlen(key)), WEFT_OK);
    buf[24 + n - 1] ^= 1;
    ck_assert_int_eq(weft_stun_check_integrity_sha256(&m, key, strlen(key)), WEFT_EAUTH);
  }
  uint8_t buf[64] = {0};
  weft_stun_msg m;
  hex_into(buf, sizeof buf, "000100102112a442b7e7a701bc34d686fa87dfae001c000c000000000000000000000000");
  ck_assert_int_eq(weft_stun_parse(&m, buf, 36), WEFT_OK);
  ck_assert_int_eq(weft_stun_check_integrity_sha256(&m, key, strlen(key)), WEFT_EAUTH); /* shorter than 16 */
}
END_TEST

START_TEST(both_written) {
  static const uint8_t txid[12] = {1};
  static char long_key[200];
  memset(long_key, 'k', sizeof long_key); /* longer than a block of the hash */
  for (size_t key_len = 0; key_len <= sizeof long_key; key_len++) {
    uint8_t buf[128];
    weft_stun_writer w;
    weft_stun_msg m;
    size_t len;
    weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
    weft_stun_put_integrity(&w, long_key, key_len);
    weft_stun_put_integrity_sha256(&w, long_key, key_len);
    weft_stun_put_fingerprint(&w);
    ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_OK);
    ck_assert_int_eq(weft_stun_parse(&m, buf, len), WEFT_OK);
    ck_assert_int_eq(weft_stun_check_fingerprint(&m), 1);
    ck_assert_int_eq(weft_stun_check_integrity(&m, long_key, key_len), WEFT_OK);
    ck_assert_int_eq(weft_stun_check_integrity_sha256(&m, long_key, key_len), WEFT_OK);
    ck_assert_int_eq(weft_stun_check_integrity(&m, "other", 5), WEFT_EAUTH);
  }
  static const struct {
    size_t key_len;
    const char *mac;
  } macs[] = {{0, "113fcb428f09e8f5e42d3c5d42f14b0138c4a2ca"},
              {63, "b73182607f2df52c15cba56629bb98d331946555"},
              {64, "234750549a03a7c25a2892464534a20bf8c69735"},
              {65, "653d6d0cece3e950d21b7a909589c2dee48fb99c"},
              {200, "cd9f8796d8133c63200890340242a82a9b94b049"}};
  for (size_t i = 0; i < 5; i++) { /* Python's hmac over the 20 bytes before */
    uint8_t buf[64];
    weft_stun_writer w;
    size_t len;
    weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
    weft_stun_put_integrity(&w, long_key, macs[i].key_len);
    ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_OK);
    ck_assert_hex(buf + 24, 20, macs[i].mac);
  }
}
END_TEST

/* checks as Chromium sent them; password = the ufrag of webrtc-direct v1 */
START_TEST(chromium) {
  static const char *const files[] = {"test/captures/chromium.stun1.bin", "test/captures/chromium.stun2.bin"};
  for (size_t i = 0; i < 2; i++) {
    size_t len;
    weft_stun_msg m;
    weft_stun_attr user, a;
    uint8_t *data = file_bytes(files[i], &len);
    ck_assert_ptr_nonnull(data);
    ck_assert_int_eq(weft_stun_parse(&m, data, len), WEFT_OK);
    ck_assert_int_eq(weft_stun_check_fingerprint(&m), 1);
    ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_USERNAME, &user), WEFT_OK);
    ck_assert_uint_eq(user.len, 99);
    ck_assert_int_eq(weft_stun_check_integrity(&m, user.value, 49), WEFT_OK);
    ck_assert_int_eq(weft_stun_check_integrity(&m, user.value, 48), WEFT_EAUTH);
    ck_assert_uint_eq(weft_stun_unknown(&m, NULL, 0, NULL, 0), 0); /* 0xc057 is optional */
    ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_USE_CANDIDATE, &a), i == 0 ? WEFT_ENOTFOUND : WEFT_OK);
    free(data);
  }
}
END_TEST

Suite *test_stun_integrity(void) {
  static const unit_test tests[] = {
      UNIT(rfc5769_short_term), UNIT(every_bit), UNIT(rfc5769_long_term), UNIT(truncated), UNIT(sha256),
      UNIT(both_written),       UNIT(chromium)};
  return unit_suite("stun/integrity", tests, sizeof tests / sizeof tests[0]);
}
