#include "multiaddr/multiaddr.h"
#include "test/support/unit.h"

static int convert(const char *text, weft_addr *a, uint32_t *transport) {
  weft_multiaddr ma;
  ck_assert_int_eq(weft_multiaddr_parse(&ma, text, NULL), WEFT_OK);
  return weft_multiaddr_to_addr(&ma, a, transport);
}

static void check_addr(const char *text, const char *want, uint32_t want_transport) {
  weft_addr a;
  char got[WEFT_ADDR_TEXT_MAX];
  uint32_t transport = 0;
  ck_assert_int_eq(convert(text, &a, &transport), WEFT_OK);
  ck_assert_str_eq(weft_addr_format(&a, got, sizeof got), want);
  ck_assert_uint_eq(transport, want_transport);
}

START_TEST(ip_and_port_in_front) {
  check_addr("/ip4/192.0.2.1/udp/4001/webrtc-direct", "192.0.2.1:4001", WEFT_MA_UDP);
  check_addr("/ip6/2001:db8::1/tcp/443/wss", "[2001:db8::1]:443", WEFT_MA_TCP);
  check_addr("/ip6zone/3/ip6/fe80::1/udp/1", "[fe80::1%3]:1", WEFT_MA_UDP);
}
END_TEST

START_TEST(everything_else_has_none) {
  weft_addr a;
  ck_assert_int_eq(convert("/dns4/example.org/udp/1", &a, NULL), WEFT_ENOTFOUND);
  ck_assert_int_eq(convert("/ip4/1.2.3.4", &a, NULL), WEFT_ENOTFOUND);
  ck_assert_int_eq(convert("/ip4/1.2.3.4/ws", &a, NULL), WEFT_ENOTFOUND);
  ck_assert_int_eq(convert("/udp/1/ip4/1.2.3.4", &a, NULL), WEFT_ENOTFOUND);
  ck_assert_int_eq(convert("/ip6zone/3", &a, NULL), WEFT_ENOTFOUND);
  ck_assert_int_eq(convert("/ip6zone/3/ip4/1.2.3.4/udp/1", &a, NULL), WEFT_ENOTFOUND);
  ck_assert_int_eq(convert("/ip6zone/eth0/ip6/fe80::1/udp/1", &a, NULL), WEFT_EUNSUPPORTED);
  ck_assert_int_eq(convert("/ip6zone/4294967296/ip6/fe80::1/udp/1", &a, NULL), WEFT_EMALFORMED);
}
END_TEST

Suite *test_multiaddr_transport_addr(void) {
  static const unit_test tests[] = {UNIT(ip_and_port_in_front), UNIT(everything_else_has_none)};
  return unit_suite("multiaddr/transport_addr", tests, sizeof tests / sizeof tests[0]);
}
