#include "test/unit/ice_net.h"

static int parse(weft_ice_candidate *c, const char *text) { return weft_ice_candidate_parse(c, text, strlen(text)); }

START_TEST(priorities) { /* RFC 8445 section 5.1.2.1 with its recommended type preferences */
  ck_assert_uint_eq(weft_ice_priority(WEFT_ICE_HOST, 65535, 1), 2130706431);
  ck_assert_uint_eq(weft_ice_priority(WEFT_ICE_SRFLX, 65535, 1), 1694498815);
  ck_assert_uint_eq(weft_ice_priority(WEFT_ICE_PRFLX, 65535, 1), 1862270975);
  ck_assert_uint_eq(weft_ice_priority(WEFT_ICE_RELAY, 65535, 1), 16777215);
  ck_assert_uint_eq(weft_ice_priority(WEFT_ICE_RELAY, 0, 255), 1);
  ck_assert_uint_eq(weft_ice_priority(WEFT_ICE_RELAY, 0, 256), 0);
  ck_assert_uint_eq(weft_ice_priority(WEFT_ICE_HOST, 65535, 0), 0);
  ck_assert_uint_eq(weft_ice_priority(WEFT_ICE_HOST, 65535, 257), 0);
  ck_assert(weft_ice_pair_priority(0, 1) == 0 && weft_ice_pair_priority(1, 0) == 0);
  ck_assert(weft_ice_pair_priority(0x80000000, 1) == 0 && weft_ice_pair_priority(1, 0x80000000) == 0);
  ck_assert(weft_ice_pair_priority(2, 1) == (UINT64_C(1) << 32) + 5);
  ck_assert(weft_ice_pair_priority(1, 2) == (UINT64_C(1) << 32) + 4);
  ck_assert(weft_ice_pair_priority(3, 3) == (UINT64_C(3) << 32) + 6);
}
END_TEST

START_TEST(browsers) {
  weft_ice_candidate c;
  ck_assert_int_eq(
      parse(&c, "a=candidate:2363750795 1 udp 2113937151 714a9100-0189-4ca4-a643-716ca768dd7a.local 53096 typ host "
                "generation 0 ufrag R55U network-cost 999\r\n"),
      WEFT_OK);
  ck_assert_str_eq(c.host, "714a9100-0189-4ca4-a643-716ca768dd7a.local");
  ck_assert_int_eq(c.addr.family, WEFT_AF_NONE);
  ck_assert_uint_eq(c.addr.port, 53096);
  ck_assert_str_eq(c.ufrag, "R55U");
  ck_assert_int_eq(parse(&c, "candidate:842163049 1 UDP 1677729535 203.0.113.9 40000 TYP srflx raddr 0.0.0.0 rport 0"),
                   WEFT_OK);
  ck_assert_int_eq(c.type, WEFT_ICE_SRFLX);
  ck_assert_int_eq(c.related.family, WEFT_AF_IP4);
  ck_assert_uint_eq(c.related.port, 0);
  ck_assert_int_eq(parse(&c, "candidate:1 1 tcp 1518280447 10.101.2.67 9 typ host tcptype active"), WEFT_OK);
  ck_assert(c.tcp);
}
END_TEST

START_TEST(refused) {
  static const struct {
    const char *text;
    int rc;
  } cases[] = {
      {"", WEFT_EMALFORMED},
      {"candidate:", WEFT_EMALFORMED},
      {"candidate:1", WEFT_EMALFORMED},
      {"candidate:1 1 udp 1 192.0.2.1 1 typ", WEFT_EMALFORMED},
      {"candidate:1 1 udp 1 192.0.2.1 1 typ host ", WEFT_OK}, /* one space at the end */
      {"candidate:1 1 udp 1 192.0.2.1 1 typ host  x", WEFT_EMALFORMED},
      {"candidate:1 1 udp 1 192.0.2.1 1 typ host x", WEFT_EMALFORMED},
      {"candidate:1 1 udp 1 192.0.2.1 65536 typ host", WEFT_EMALFORMED},
      {"candidate:1 1 udp 1 192.0.2.256 1 typ host", WEFT_EMALFORMED},
      {"candidate:1 1 udp 1 example.org 1 typ host", WEFT_EUNSUPPORTED},
      {"candidate:1 1 udp 1 .local 1 typ host", WEFT_EMALFORMED},
      {"candidate:1 1 udp 1 a..local 1 typ host", WEFT_EMALFORMED},
      {"candidate:1 1 sctp 1 192.0.2.1 1 typ host", WEFT_EUNSUPPORTED},
      {"candidate:1 1 udp 1 192.0.2.1 1 typ host ufrag a\rb", WEFT_EMALFORMED},
      {"candidate:1 1 udp 00000000001 192.0.2.1 1 typ host", WEFT_EMALFORMED},
      {"candidate:1 1 udp 4294967297 192.0.2.1 1 typ host", WEFT_EMALFORMED},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    weft_ice_candidate c;
    ck_assert_msg(parse(&c, cases[i].text) == cases[i].rc, "%s", cases[i].text);
  }
}
END_TEST

START_TEST(long_name) {
  weft_ice_candidate c;
  char text[300], name[100];
  for (size_t n = 1; n < 90; n++) {
    memset(name, 'a', n);
    strcpy(name + n, ".local");
    snprintf(text, sizeof text, "candidate:1 1 udp 1 %s 1 typ host", name);
    int rc = parse(&c, text);
    if (n + 6 < sizeof c.host && n <= 63)
      ck_assert_int_eq(rc, WEFT_OK);
    else
      ck_assert_int_ne(rc, WEFT_OK);
  }
}
END_TEST

START_TEST(formatting) {
  weft_ice_candidate c, again;
  char buf[256];
  ck_assert_int_eq(parse(&c, "candidate:+/aZ09 1 udp 2130706431 2001:DB8::1 65535 typ srflx raddr 10.0.0.1 rport 7"),
                   WEFT_OK);
  ck_assert_int_eq(weft_ice_candidate_format(&c, buf, sizeof buf), WEFT_OK);
  ck_assert_str_eq(buf, "candidate:+/aZ09 1 udp 2130706431 2001:db8::1 65535 typ srflx raddr 10.0.0.1 rport 7");
  ck_assert_int_eq(parse(&again, buf), WEFT_OK);
  ck_assert_mem_eq(&c, &again, sizeof c);
  for (size_t cap = 0; cap <= strlen(buf); cap++) {
    char small[256];
    ck_assert_int_eq(weft_ice_candidate_format(&c, small, cap), WEFT_ETOOBIG);
  }
  c.tcp = true;
  ck_assert_int_eq(weft_ice_candidate_format(&c, buf, sizeof buf), WEFT_EUNSUPPORTED);
  memset(&c, 0, sizeof c);
  ck_assert_int_eq(weft_ice_candidate_format(&c, buf, sizeof buf), WEFT_EINVAL);
  /* the longest there is without ufrag fits into 256 bytes */
  memset(c.foundation, 'f', 32);
  c.type = WEFT_ICE_RELAY;
  c.component = 256;
  c.priority = 2147483647;
  c.addr = c.related = ice_addr("[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
  ck_assert_int_eq(weft_ice_candidate_format(&c, buf, sizeof buf), WEFT_OK);
}
END_TEST

START_TEST(credentials) {
  char text[300];
  memset(text, 'a', sizeof text);
  for (size_t n = 0; n < sizeof text; n++) {
    ck_assert(weft_ice_cred_valid(text, n, WEFT_ICE_UFRAG_MIN) == (n >= 4 && n <= 256));
    ck_assert(weft_ice_cred_valid(text, n, WEFT_ICE_PWD_MIN) == (n >= 22 && n <= 256));
  }
  for (unsigned b = 0; b < 256; b++) { /* CR, LF, NUL, space, ':' and '=' are among what must never pass */
    char s[4] = {'a', 'b', (char)b, 'c'};
    bool ok = (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || b == '+' || b == '/';
    ck_assert(weft_ice_cred_valid(s, 4, 4) == ok);
  }
}
END_TEST

Suite *test_ice_candidate(void) {
  static const unit_test tests[] = {UNIT(priorities), UNIT(browsers),   UNIT(refused),
                                    UNIT(long_name),  UNIT(formatting), UNIT(credentials)};
  return unit_suite("ice/candidate", tests, sizeof tests / sizeof tests[0]);
}
