#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "base/addr.h"
#include "test/support/unit.h"

static weft_addr ip(const char *text) {
  weft_addr a;
  ck_assert_msg(weft_addr_parse_ip(&a, text, strlen(text)) == WEFT_OK, "%s", text);
  return a;
}

typedef bool (*is_fn)(const weft_addr *a);

static void check(is_fn is, const char *yes, const char *no) {
  for (int want = 1; want >= 0; want--) {
    char list[512], *rest;
    ck_assert_uint_lt(strlen(want ? yes : no), sizeof list);
    strcpy(list, want ? yes : no);
    for (char *t = strtok_r(list, " ", &rest); t; t = strtok_r(NULL, " ", &rest)) {
      weft_addr a = ip(t);
      ck_assert_msg(is(&a) == (want == 1), "%s", t);
    }
  }
  weft_addr none = {0};
  ck_assert(!is(&none));
}

START_TEST(made_from_bytes) {
  static const uint8_t bytes[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  weft_addr a = weft_addr_ip4(bytes, 80), b = weft_addr_ip6(bytes, 81);
  ck_assert_uint_eq(a.family, WEFT_AF_IP4);
  ck_assert_mem_eq(a.ip, bytes, 4);
  ck_assert_uint_eq(a.ip[4], 0);
  ck_assert_uint_eq(a.port, 80);
  ck_assert_uint_eq(b.family, WEFT_AF_IP6);
  ck_assert_mem_eq(b.ip, bytes, 16);
  ck_assert_uint_eq(b.scope, 0);
}
END_TEST

START_TEST(equality) {
  weft_addr a, b;
  weft_addr_parse(&a, "10.0.0.1:5");
  b = a;
  ck_assert(weft_addr_equal(&a, &b) && weft_addr_equal_ip(&a, &b));
  b.port = 6;
  ck_assert(!weft_addr_equal(&a, &b) && weft_addr_equal_ip(&a, &b));
  b = a;
  b.ip[3] = 2;
  ck_assert(!weft_addr_equal_ip(&a, &b));
  b = a;
  b.family = WEFT_AF_IP6;
  ck_assert(!weft_addr_equal_ip(&a, &b));
  weft_addr_parse(&a, "[fe80::1%1]:5");
  weft_addr_parse(&b, "[fe80::1%2]:5");
  ck_assert(!weft_addr_equal_ip(&a, &b));
  b.scope = 1;
  ck_assert(weft_addr_equal(&a, &b));
  b.ip[15] = 2;
  ck_assert(!weft_addr_equal(&a, &b));
}
END_TEST

START_TEST(kinds) {
  check(weft_addr_is_loopback, "127.0.0.1 127.255.255.255 ::1 ::ffff:127.0.0.1",
        "126.255.255.255 128.0.0.0 ::2 :: ::127.0.0.1 0.0.0.0");
  check(weft_addr_is_unspecified, "0.0.0.0 :: ::ffff:0.0.0.0", "0.0.0.1 ::1 127.0.0.1");
  check(weft_addr_is_multicast, "224.0.0.0 239.255.255.255 255.255.255.255 ff00:: ff02::1 ::ffff:224.0.0.1",
        "223.255.255.255 240.0.0.0 fe80::1 255.255.255.254");
  check(weft_addr_is_v4_mapped, "::ffff:1.2.3.4 ::ffff:0:0", "1.2.3.4 ::1.2.3.4 ::fffe:1.2.3.4 1::ffff:1.2.3.4");
  check(weft_addr_is_link_local, "169.254.0.0 169.254.255.255 fe80:: febf:ffff::1",
        "169.253.0.1 169.255.0.1 fec0::1 fe7f::1");
  check(weft_addr_is_private,
        "10.0.0.0 10.255.255.255 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.127.255.255 fc00::1 fdff::1",
        "9.255.255.255 11.0.0.0 172.15.0.1 172.32.0.1 192.167.1.1 192.169.1.1 100.63.0.1 100.128.0.1 fe00::1 8.8.8.8");
}
END_TEST

Suite *test_base_addr(void) {
  static const unit_test tests[] = {
      UNIT(made_from_bytes),
      UNIT(equality),
      UNIT(kinds),
  };
  return unit_suite("base/addr", tests, sizeof tests / sizeof tests[0]);
}
