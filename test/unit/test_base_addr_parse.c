#include <string.h>

#include "base/addr.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

START_TEST(addresses_that_are_taken) {
  static const struct {
    const char *text, *hex;
  } good[] = {
      {"0.0.0.0", "00000000"},
      {"203.0.113.7", "cb007107"},
      {"255.255.255.255", "ffffffff"},
      {"::", "00000000000000000000000000000000"},
      {"::1", "00000000000000000000000000000001"},
      {"1::", "00010000000000000000000000000000"},
      {"2001:DB8::8:800:200C:417A", "20010db80000000000080800200c417a"},
      {"1:2:3:4:5:6:7:8", "00010002000300040005000600070008"},
      {"::2:3:4:5:6:7:8", "00000002000300040005000600070008"},
      {"1:2:3:4:5:6:7::", "00010002000300040005000600070000"},
      {"1::3:4:5:6:7:8", "00010000000300040005000600070008"},
      {"0001:0000::ffff", "0001000000000000000000000000ffff"},
      {"::ffff:1.2.3.4", "00000000000000000000ffff01020304"},
      {"::1.2.3.4", "00000000000000000000000001020304"},
      {"1:2:3:4:5:6:7.8.9.10", "0001000200030004000500060708090a"},
      {"64:ff9b::192.0.2.33", "0064ff9b0000000000000000c0000221"},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(good); i++) {
    weft_addr a;
    ck_assert_msg(weft_addr_parse_ip(&a, good[i].text, strlen(good[i].text)) == WEFT_OK, "%s", good[i].text);
    ck_assert_hex(a.ip, a.family == WEFT_AF_IP4 ? 4 : 16, good[i].hex);
    ck_assert_uint_eq(a.port, 0);
  }
}
END_TEST

START_TEST(addresses_that_are_refused) {
  static const char *const bad[] = {
      "",
      " ",
      "1",
      "1.2.3",
      "1.2.3.",
      "1.2.3.4.",
      "1.2.3.4.5",
      ".1.2.3",
      "1..2.3",
      "256.1.1.1",
      "1.2.3.999",
      "01.2.3.4",
      "1.2.3.04",
      "1.2.3.4 ",
      " 1.2.3.4",
      "+1.2.3.4",
      "-1.2.3.4",
      "0x1.2.3.4",
      "1.2.3.4%1",
      "1.2.3.a",
      "4294967297.0.0.1",
      ":",
      ":::",
      "1:",
      ":1",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:",
      "1:2:3:4:5:6:7:8:",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7:8::",
      "::1:2:3:4:5:6:7:8",
      "1::2::3",
      "1:::2",
      "12345::",
      "g::",
      "::1%",
      "::1%0",
      "::1%eth0",
      "::1%1x",
      "::1%4294967296",
      "::1.2.3",
      "::1.2.3.4.5",
      "::1.2.3.256",
      "1:2:3:4:5:6:7:1.2.3.4",
      "1.2.3.4::",
      "::1.2.3.4:5",
      "[::1]",
      "::1]",
      "::1 ",
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) {
    weft_addr a;
    ck_assert_msg(weft_addr_parse_ip(&a, bad[i], strlen(bad[i])) == WEFT_EMALFORMED, "accepted: '%s'", bad[i]);
  }
}
END_TEST

START_TEST(a_length_is_kept_to) {
  weft_addr a;
  ck_assert_int_eq(weft_addr_parse_ip(&a, "1.2.3.45", 7), WEFT_OK);
  ck_assert_uint_eq(a.ip[3], 4);
  ck_assert_int_eq(weft_addr_parse_ip(&a, "::1/64", 3), WEFT_OK);
  ck_assert_int_eq(weft_addr_parse_ip(&a, "1.2.3.4\0x", 9), WEFT_EMALFORMED);
}
END_TEST

START_TEST(with_ports_and_zones) {
  weft_addr a;
  ck_assert_int_eq(weft_addr_parse(&a, "203.0.113.7:4001"), WEFT_OK);
  ck_assert_uint_eq(a.port, 4001);
  ck_assert_int_eq(weft_addr_parse(&a, "[2001:db8::1]:65535"), WEFT_OK);
  ck_assert_uint_eq(a.port, 65535);
  ck_assert_uint_eq(a.scope, 0);
  ck_assert_int_eq(weft_addr_parse(&a, "[fe80::1%3]:0"), WEFT_OK);
  ck_assert_uint_eq(a.scope, 3);
  ck_assert_uint_eq(a.port, 0);
  ck_assert_int_eq(weft_addr_parse_ip(&a, "fe80::%4294967295", 17), WEFT_OK);
  ck_assert_uint_eq(a.scope, 4294967295);
}
END_TEST

START_TEST(ports_and_brackets_that_are_refused) {
  static const char *const bad[] = {"",           "1.2.3.4",    "1.2.3.4:",   "1.2.3.4:65536", "1.2.3.4:-1",
                                    "1.2.3.4:1x", "1.2.3.4:01", "1.2.3.4: 1", "::1:80",        "[::1]",
                                    "[::1]:",     "[::1:80",    "::1]:80",    "[1.2.3.4]:80",  "[]:80",
                                    "[::1]80",    "[::1%]:80",  ":80"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) {
    weft_addr a = {.port = 7};
    ck_assert_msg(weft_addr_parse(&a, bad[i]) == WEFT_EMALFORMED, "accepted: '%s'", bad[i]);
    ck_assert_uint_eq(a.port, 7); /* out is untouched */
  }
}
END_TEST

Suite *test_base_addr_parse(void) {
  static const unit_test tests[] = {
      UNIT(addresses_that_are_taken), UNIT(addresses_that_are_refused),          UNIT(a_length_is_kept_to),
      UNIT(with_ports_and_zones),     UNIT(ports_and_brackets_that_are_refused),
  };
  return unit_suite("base/addr_parse", tests, sizeof tests / sizeof tests[0]);
}
