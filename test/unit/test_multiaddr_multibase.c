#include <string.h>

#include "multiaddr/multiaddr.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

static void check_both_ways(char prefix, const char *bytes, const char *text) {
  char out[256];
  uint8_t back[128];
  size_t n, back_len, len = strlen(bytes);
  char got;
  ck_assert_int_eq(weft_multibase_encode(prefix, (const uint8_t *)bytes, len, out, sizeof out, &n), WEFT_OK);
  ck_assert_str_eq(out, text);
  ck_assert_uint_eq(n, strlen(text));
  ck_assert_int_eq(weft_multibase_decode(text, strlen(text), &got, back, sizeof back, &back_len), WEFT_OK);
  ck_assert_int_eq(got, prefix);
  ck_assert_uint_eq(back_len, len);
  ck_assert_mem_eq(back, bytes, len);
}

static int decode(const char *text, size_t len) {
  uint8_t out[64];
  size_t n;
  char prefix;
  return weft_multibase_decode(text, len, &prefix, out, sizeof out, &n);
}

/* RFC 4648 section 10, and multibase tests/basic.csv ("yes mani !"). */
START_TEST(published_examples) {
  check_both_ways('M', "foobar", "MZm9vYmFy");
  check_both_ways('M', "foob", "MZm9vYg==");
  check_both_ways('m', "foob", "mZm9vYg");
  check_both_ways('C', "fooba", "CMZXW6YTB");
  check_both_ways('C', "f", "CMY======");
  check_both_ways('B', "f", "BMY");
  check_both_ways('T', "foo", "TCPNMU===");
  check_both_ways('F', "foobar", "F666F6F626172");
  check_both_ways('0', "yes mani !",
                  "001111001011001010111001100100000011011010110000101101110011010010010000000100001");
  check_both_ways('7', "yes mani !", "7362625631006654133464440102");
  check_both_ways('9', "yes mani !", "9573277761329450583662625");
  check_both_ways('k', "yes mani !", "k2lcpzo5yikidynfl");
  check_both_ways('z', "yes mani !", "z7paNL19xttacUY");
  check_both_ways('Z', "yes mani !", "Z7Pznk19XTTzBtx");
  check_both_ways('u', "yes mani !", "ueWVzIG1hbmkgIQ");
}
END_TEST

START_TEST(identity_keeps_the_bytes) {
  char out[8], prefix;
  uint8_t back[8];
  size_t n;
  ck_assert_int_eq(weft_multibase_encode('\0', (const uint8_t *)"ab", 2, out, sizeof out, &n), WEFT_OK);
  ck_assert_mem_eq(out, "\0ab", 4);
  ck_assert_int_eq(weft_multibase_decode(out, n, &prefix, back, sizeof back, &n), WEFT_OK);
  ck_assert_uint_eq(n, 2);
  ck_assert_mem_eq(back, "ab", 2);
}
END_TEST

/* multibase tests/leading_zero.csv */
START_TEST(zeros_in_front_are_kept) {
  uint8_t out[16];
  size_t n;
  char prefix;
  check_both_ways('z', "", "z");
  ck_assert_int_eq(weft_multibase_decode("z17paNL19xttacUY", 16, &prefix, out, sizeof out, &n), WEFT_OK);
  ck_assert_hex(out, n, "00796573206d616e692021");
  ck_assert_int_eq(weft_multibase_decode("k002lcpzo5yikidynfl", 19, &prefix, out, sizeof out, &n), WEFT_OK);
  ck_assert_hex(out, n, "0000796573206d616e692021");
}
END_TEST

/* multibase tests/case_insensitivity.csv: bases whose alphabet has one case take both. */
START_TEST(case_counts_only_where_the_alphabet_has_both) {
  uint8_t out[16];
  size_t n;
  char prefix;
  ck_assert_int_eq(weft_multibase_decode("f68656c6c6f20776F726C64", 23, &prefix, out, sizeof out, &n), WEFT_OK);
  ck_assert_hex(out, n, "68656c6c6f20776f726c64");
  ck_assert_int_eq(weft_multibase_decode("bnbswy3dpeB3W64TMMQ", 19, &prefix, out, sizeof out, &n), WEFT_OK);
  ck_assert_hex(out, n, "68656c6c6f20776f726c64");
  ck_assert_int_eq(decode("zl", 2), WEFT_EMALFORMED); /* 'l' is left out of base58btc */
}
END_TEST

START_TEST(what_is_not_multibase_is_refused) {
  static const char *const bad[] = {"",       "?abc", "0012",      "zabc!",     "uab+/", "ba",    "uA",
                                    "uAAAAA", "fabc", "u Zg",      "uZm8=",     "MZg",   "M====", "MZg=x",
                                    "uZh",    "bmz",  "MZm9vYh==", "C========", "Q",     "1a"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) {
    int rc = decode(bad[i], strlen(bad[i]));
    ck_assert_msg(rc == WEFT_EMALFORMED, "%s gave %d", bad[i], rc);
  }
}
END_TEST

START_TEST(a_buffer_too_small_is_not_overrun) {
  static const char prefixes[] = {'0', '7', '9', 'f', 'b', 'c', 'k', 'z', 'u', 'U', '\0'};
  const uint8_t data[9] = {0, 0, 1, 2, 3, 250, 251, 252, 253};
  for (size_t p = 0; p < sizeof prefixes; p++) {
    char text[128];
    uint8_t back[9];
    char got;
    size_t full, n;
    ck_assert_int_eq(weft_multibase_encode(prefixes[p], data, sizeof data, text, sizeof text, &full), WEFT_OK);
    for (size_t cap = 0; cap <= full; cap++) {
      char small[128];
      memset(small, 'x', sizeof small);
      ck_assert_int_eq(weft_multibase_encode(prefixes[p], data, sizeof data, small, cap, &n), WEFT_ETOOBIG);
      for (size_t i = cap; i < sizeof small; i++) ck_assert_int_eq(small[i], 'x');
    }
    for (size_t cap = 0; cap < sizeof data; cap++)
      ck_assert_int_eq(weft_multibase_decode(text, full, &got, back, cap, &n), WEFT_ETOOBIG);
    ck_assert_int_eq(weft_multibase_decode(text, full, &got, back, sizeof back, &n), WEFT_OK);
    ck_assert_mem_eq(back, data, sizeof data);
  }
}
END_TEST

START_TEST(names_follow_the_table) {
  char out[8];
  size_t n;
  ck_assert_str_eq(weft_multibase_name('z'), "base58btc");
  ck_assert_str_eq(weft_multibase_name('u'), "base64url");
  ck_assert_str_eq(weft_multibase_name('\0'), "identity");
  ck_assert_ptr_null(weft_multibase_name('?'));
  ck_assert_int_eq(weft_multibase_encode('?', (const uint8_t *)"a", 1, out, sizeof out, &n), WEFT_EUNSUPPORTED);
}
END_TEST

Suite *test_multiaddr_multibase(void) {
  static const unit_test tests[] = {UNIT(published_examples),
                                    UNIT(identity_keeps_the_bytes),
                                    UNIT(zeros_in_front_are_kept),
                                    UNIT(case_counts_only_where_the_alphabet_has_both),
                                    UNIT(what_is_not_multibase_is_refused),
                                    UNIT(a_buffer_too_small_is_not_overrun),
                                    UNIT(names_follow_the_table)};
  return unit_suite("multiaddr/multibase", tests, sizeof tests / sizeof tests[0]);
}
