#include <string.h>

#include "base/addr.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

/* RFC 5952 sections 4 and 5 and their examples. */
START_TEST(canonical_text) {
  static const struct {
    const char *in, *out;
  } cases[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"2001:0db8::0001", "2001:db8::1"},
      {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:DB8:AAAA::ABCD", "2001:db8:aaaa::abcd"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"1:0:0:0:0:0:0:0", "1::"},
      {"0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"},
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"::ffff:c000:0201", "::ffff:192.0.2.1"},
      {"fe80::10%12", "fe80::10%12"},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    char text[WEFT_ADDR_TEXT_MAX];
    weft_addr a;
    ck_assert_int_eq(weft_addr_parse_ip(&a, cases[i].in, strlen(cases[i].in)), WEFT_OK);
    ck_assert_str_eq(weft_addr_format_ip(&a, text, sizeof text), cases[i].out);
  }
}
END_TEST

START_TEST(with_port) {
  static const char *const same[] = {"203.0.113.7:4001", "[2001:db8::1]:4001",
                                     "[fe80::1%3]:1",    "[::]:65535",
                                     "0.0.0.0:0",        "[2222:3333:4444:5555:6666:7777:8888:9999%4294967295]:65535"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(same); i++) {
    char text[WEFT_ADDR_TEXT_MAX];
    weft_addr a;
    ck_assert_int_eq(weft_addr_parse(&a, same[i]), WEFT_OK);
    ck_assert_str_eq(weft_addr_format(&a, text, sizeof text), same[i]);
  }
}
END_TEST

START_TEST(no_address) {
  char text[WEFT_ADDR_TEXT_MAX];
  weft_addr none = {0};
  ck_assert_str_eq(weft_addr_format(&none, text, sizeof text), "-");
}
END_TEST

START_TEST(random_addresses_come_back) {
  test_rng r;
  test_rng_init(&r, 1);
  for (int i = 0; i < 5000; i++) {
    char text[WEFT_ADDR_TEXT_MAX];
    weft_addr back, a = {.family = i % 2 ? WEFT_AF_IP4 : WEFT_AF_IP6, .port = (uint16_t)test_rng_u64(&r)};
    for (size_t k = 0; k < (a.family == WEFT_AF_IP4 ? 4u : 16u); k++)
      a.ip[k] = test_rng_chance(&r, 60) ? 0 : (uint8_t)test_rng_u64(&r);
    if (a.family == WEFT_AF_IP6) a.scope = test_rng_below(&r, 3);
    ck_assert_int_eq(weft_addr_parse(&back, weft_addr_format(&a, text, sizeof text)), WEFT_OK);
    ck_assert_msg(weft_addr_equal(&a, &back), "%s", text);
  }
}
END_TEST

Suite *test_base_addr_format(void) {
  static const unit_test tests[] = {
      UNIT(canonical_text),
      UNIT(with_port),
      UNIT(no_address),
      UNIT(random_addresses_come_back),
  };
  return unit_suite("base/addr_format", tests, sizeof tests / sizeof tests[0]);
}
