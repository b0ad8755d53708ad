#include "test/unit/multiaddr_values.h"

static void check_text(const char *name, const char *hex, const char *want) {
  uint8_t in[64], out[128], back[64];
  size_t len = hex_into(in, sizeof in, hex);
  weft_wr w;
  ck_assert_ptr_null(weft_multiaddr_value_check(protocol(name), in, len));
  weft_wr_init(&w, out, sizeof out - 1);
  weft_multiaddr_value_format(protocol(name), in, len, &w);
  ck_assert(weft_wr_ok(&w));
  out[weft_wr_len(&w)] = '\0';
  ck_assert_str_eq((char *)out, want);
  weft_wr_init(&w, back, sizeof back);
  ck_assert_ptr_null(weft_multiaddr_value_parse(protocol(name), want, strlen(want), &w));
  size_t prefix = length_size(name);
  ck_assert_hex(back + prefix, weft_wr_len(&w) - prefix, hex);
}

START_TEST(each_kind_both_ways) {
  check_text("ip4", "c0000201", "192.0.2.1");
  check_text("ip6", "20010db8000000000000000000000001", "2001:db8::1");
  check_text("ip6", "00000000000000000000ffff7f000001", "::ffff:7f00:1");
  check_text("ip6", "00000000000000000000ffff00000000", "::ffff:0:0");
  check_text("ip6", "00000000000000000000ffff0abc1000", "::ffff:abc:1000");
  check_text("ip6", "0000000000000000000000007f000001", "::7f00:1");
  check_text("tcp", "0000", "0");
  check_text("udp", "ffff", "65535");
  check_text("dccp", "0fa1", "4001");
  check_text("sctp", "0001", "1");
  check_text("ipcidr", "00", "0");
  check_text("ipcidr", "ff", "255");
  check_text("memory", "0000000000000000", "0");
  check_text("memory", "0102030405060708", "72623859790382856");
  check_text("memory", "ffffffffffffffff", "18446744073709551615");
  check_text("dns", "612e62", "a.b");
  check_text("sni", "612e62", "a.b");
  check_text("ip6zone", "65746830", "eth0");
  check_text("certhash", "12042c26b46b", "uEgQsJrRr");
  check_text("p2p", "1220d52ebb89d85b02a284948203a62ff28389c57c9f42beec4ec20db76a68911c0b",
             "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC");
}
END_TEST

START_TEST(fixed_sizes_are_exact) {
  const uint8_t bytes[17] = {0};
  ck_assert_ptr_nonnull(weft_multiaddr_value_check(protocol("ip4"), bytes, 3));
  ck_assert_ptr_nonnull(weft_multiaddr_value_check(protocol("ip4"), bytes, 5));
  ck_assert_ptr_nonnull(weft_multiaddr_value_check(protocol("ip6"), bytes, 15));
  ck_assert_ptr_nonnull(weft_multiaddr_value_check(protocol("udp"), bytes, 1));
  ck_assert_ptr_nonnull(weft_multiaddr_value_check(protocol("ws"), bytes, 1));
  ck_assert_ptr_null(weft_multiaddr_value_check(protocol("ws"), bytes, 0));
}
END_TEST

START_TEST(ports_are_plain_decimals) {
  static const char *const bad[] = {"-1", "+1", " 1", "1 ", "0x10", "65536", "99999999999999999999", "1a", "\xd9\xa1"};
  uint8_t out[8];
  weft_wr w;
  weft_wr_init(&w, out, sizeof out);
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++)
    ck_assert_ptr_nonnull(weft_multiaddr_value_parse(protocol("udp"), bad[i], strlen(bad[i]), &w));
  ck_assert_uint_eq(weft_wr_len(&w), 0);
}
END_TEST

START_TEST(numbers_have_the_room_of_their_protocol) {
  static const char *const bad[][2] = {
      {"ipcidr", "256"}, {"ipcidr", "1026"}, {"memory", "18446744073709551616"}, {"memory", "92233720368547758081"},
      {"memory", "-1"},  {"memory", "a"}};
  uint8_t out[16];
  weft_wr w;
  weft_wr_init(&w, out, sizeof out);
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++)
    ck_assert_ptr_nonnull(weft_multiaddr_value_parse(protocol(bad[i][0]), bad[i][1], strlen(bad[i][1]), &w));
  ck_assert_uint_eq(weft_wr_len(&w), 0);
}
END_TEST

/* A component may hold any hash: sha1, sha2-512 cut short, identity, one that nobody knows. */
START_TEST(a_certhash_of_any_function) {
  check_text("certhash", "11142c26b46b68ffc68ff99b453c1d30413413422d70", "uERQsJrRraP_Gj_mbRTwdMEE0E0ItcA");
  check_text("certhash", "130401020304", "uEwQBAgME");
  check_text("certhash", "000101", "uAAEB");
  check_text("certhash", "ff7f0101", "u_38BAQ");
}
END_TEST

Suite *test_multiaddr_value(void) {
  static const unit_test tests[] = {UNIT(each_kind_both_ways), UNIT(fixed_sizes_are_exact),
                                    UNIT(ports_are_plain_decimals), UNIT(numbers_have_the_room_of_their_protocol),
                                    UNIT(a_certhash_of_any_function)};
  return unit_suite("multiaddr/value", tests, sizeof tests / sizeof tests[0]);
}
