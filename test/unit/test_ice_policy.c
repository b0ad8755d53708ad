#include "test/unit/ice_net.h"

START_TEST(forbidden) { /* C5 */
  static const char *const bad[] = {"0.0.0.0:1",
                                    "0.1.2.3:1",
                                    "192.0.2.1:0",
                                    "224.0.0.1:1",
                                    "239.255.255.255:1",
                                    "255.255.255.255:1",
                                    "240.0.0.1:1",
                                    "[::]:1",
                                    "[ff02::1]:1",
                                    "[::ffff:127.0.0.1]:1",
                                    "[::ffff:192.0.2.1]:1",
                                    "[::192.0.2.1]:1",
                                    "[fec0::1]:1",
                                    "[64:ff9b::7f00:1]:1",
                                    "[64:ff9b::a9fe:a9fe]:1",
                                    "[64:ff9b::]:1",
                                    "[2001:db8::1]:0"};
  static const char *const good[] = {"192.0.2.1:1",     "10.0.0.1:65535", "100.64.0.1:9", "169.254.1.1:1",
                                     "[2001:db8::1]:1", "[fe80::1%2]:1",  "[fd00::1]:1",  "[64:ff9b::c000:201]:1"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) {
    weft_addr a = ice_addr(bad[i]);
    ck_assert_msg(weft_ice_addr_forbidden(&a, false), "%s", bad[i]);
    ck_assert_msg(weft_ice_addr_forbidden(&a, true), "%s", bad[i]);
  }
  for (size_t i = 0; i < WEFT_ARRAY_LEN(good); i++) {
    weft_addr a = ice_addr(good[i]);
    ck_assert_msg(!weft_ice_addr_forbidden(&a, false), "%s", good[i]);
  }
  weft_addr v4 = ice_addr("127.0.0.1:1"), v6 = ice_addr("[::1]:1"), none = {.port = 1};
  ck_assert(weft_ice_addr_forbidden(&v4, false) && !weft_ice_addr_forbidden(&v4, true));
  ck_assert(weft_ice_addr_forbidden(&v6, false) && !weft_ice_addr_forbidden(&v6, true));
  ck_assert(weft_ice_addr_forbidden(&none, true));
}
END_TEST

START_TEST(pairable) {
  static const struct {
    const char *base, *remote;
    bool ok;
  } cases[] = {
      {"192.0.2.1:1", "192.0.2.2:1", true},         {"192.0.2.1:1", "[2001:db8::1]:1", false},
      {"192.0.2.1:1", "192.0.2.1:1", false},        {"192.0.2.1:1", "192.0.2.1:2", true},
      {"[fe80::1%1]:1", "[fe80::2%1]:1", true},     {"[fe80::1%1]:1", "[2001:db8::1]:1", false},
      {"[2001:db8::2]:1", "[fe80::2%1]:1", false},  {"127.0.0.1:1", "127.0.0.1:2", true},
      {"127.0.0.1:1", "192.0.2.1:2", false},        {"192.0.2.1:1", "127.0.0.1:2", false},
      {"0.0.0.0:1", "127.0.0.1:2", true},           {"[::]:1", "[fe80::2%1]:1", true},
      {"192.0.2.1:1", "169.254.169.254:80", false}, {"[::]:1", "[fe80::2]:1", false},
      {"[fe80::1%1]:1", "[fe80::2]:1", true},       {"[fe80::1%1]:1", "[fe80::2%2]:1", false},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    weft_addr b = ice_addr(cases[i].base), r = ice_addr(cases[i].remote);
    ck_assert_msg(weft_ice_addr_pairable(&b, &r) == cases[i].ok, "%s %s", cases[i].base, cases[i].remote);
  }
}
END_TEST

Suite *test_ice_policy(void) {
  static const unit_test tests[] = {UNIT(forbidden), UNIT(pairable)};
  return unit_suite("ice/policy", tests, sizeof tests / sizeof tests[0]);
}
