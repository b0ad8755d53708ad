#include <string.h>

#include "multiaddr/multiaddr.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

#define PEER "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"

static void check_text(const weft_multiaddr *ma, const char *want) {
  char text[WEFT_MULTIADDR_TEXT_MAX];
  ck_assert_int_eq(weft_multiaddr_format(ma, text, sizeof text), WEFT_OK);
  ck_assert_str_eq(text, want);
}

static weft_addr addr(const char *text) {
  weft_addr a;
  ck_assert_int_eq(weft_addr_parse(&a, text), WEFT_OK);
  return a;
}

START_TEST(a_listener_writes_its_address) {
  weft_multiaddr ma = {.len = 0};
  weft_addr a = addr("203.0.113.7:4001");
  weft_peer_id id;
  uint8_t sha256[32];
  hex_into(sha256, sizeof sha256, "c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2");
  ck_assert_int_eq(weft_peer_id_parse(&id, PEER, strlen(PEER)), WEFT_OK);
  ck_assert_int_eq(weft_multiaddr_append_addr(&ma, &a, WEFT_MA_UDP), WEFT_OK);
  ck_assert_int_eq(weft_multiaddr_append(&ma, WEFT_MA_WEBRTC_DIRECT, NULL, 0), WEFT_OK);
  ck_assert_int_eq(weft_multiaddr_append_certhash(&ma, sha256), WEFT_OK);
  ck_assert_int_eq(weft_multiaddr_append_peer(&ma, &id), WEFT_OK);
  check_text(
      &ma,
      "/ip4/203.0.113.7/udp/4001/webrtc-direct/certhash/uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g/p2p/" PEER);
}
END_TEST

START_TEST(ip6_brings_its_zone) {
  weft_multiaddr ma = {.len = 0};
  weft_addr a = addr("[fe80::1%12]:9");
  ck_assert_int_eq(weft_multiaddr_append_addr(&ma, &a, WEFT_MA_TCP), WEFT_OK);
  check_text(&ma, "/ip6zone/12/ip6/fe80::1/tcp/9");
  ma.len = 0;
  a = addr("[::1]:65535");
  ck_assert_int_eq(weft_multiaddr_append_addr(&ma, &a, WEFT_MA_UDP), WEFT_OK);
  check_text(&ma, "/ip6/::1/udp/65535");
}
END_TEST

START_TEST(what_does_not_belong_is_refused_and_nothing_changes) {
  weft_multiaddr ma = {.len = 0};
  weft_addr a = addr("1.2.3.4:5"), none = {0};
  const uint8_t bytes[5] = {1, 2, 3, 4, 5};
  ck_assert_int_eq(weft_multiaddr_append_addr(&ma, &a, WEFT_MA_TCP), WEFT_OK);
  ck_assert_int_eq(weft_multiaddr_append(&ma, 0x55, bytes, 1), WEFT_EUNSUPPORTED);
  ck_assert_int_eq(weft_multiaddr_append(&ma, WEFT_MA_IP4, bytes, 5), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_multiaddr_append(&ma, WEFT_MA_WS, bytes, 1), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_multiaddr_append(&ma, WEFT_MA_DNS, (const uint8_t *)"a/b", 3), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_multiaddr_append(&ma, WEFT_MA_P2P, bytes, 5), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_multiaddr_append_addr(&ma, &a, WEFT_MA_WS), WEFT_EINVAL);
  ck_assert_int_eq(weft_multiaddr_append_addr(&ma, &none, WEFT_MA_UDP), WEFT_EINVAL);
  check_text(&ma, "/ip4/1.2.3.4/tcp/5");
}
END_TEST

START_TEST(a_full_address_stays_as_it_is) {
  weft_multiaddr ma = {.len = 0}, before;
  weft_addr a = addr("255.255.255.255:65535");
  int rc;
  for (int i = 0; (rc = weft_multiaddr_append_addr(&ma, &a, WEFT_MA_UDP)) == WEFT_OK; i++) {
    ck_assert_int_lt(i, 200);
    before = ma;
  }
  ck_assert_int_eq(rc, WEFT_ETOOBIG);
  ck_assert(weft_multiaddr_equal(&ma, &before));
  ck_assert_int_eq(weft_multiaddr_append(&ma, WEFT_MA_WS, NULL, 0), WEFT_OK);
}
END_TEST

START_TEST(an_address_goes_in_whole_or_not_at_all) {
  weft_multiaddr ma = {.len = 0}, before;
  weft_addr a = addr("255.255.255.255:65535");
  for (int i = 0; i < 3; i++) ck_assert_int_eq(weft_multiaddr_append(&ma, WEFT_MA_WS, NULL, 0), WEFT_OK);
  /* 9 + 67 * 30 + 28 characters: the ip still fits then, its port does not */
  for (int i = 0; i < 67; i++) ck_assert_int_eq(weft_multiaddr_append_addr(&ma, &a, WEFT_MA_UDP), WEFT_OK);
  before = ma;
  ck_assert_int_eq(weft_multiaddr_append_addr(&ma, &a, WEFT_MA_UDP), WEFT_ETOOBIG);
  ck_assert(weft_multiaddr_equal(&ma, &before));
  ck_assert_int_eq(weft_multiaddr_append(&ma, WEFT_MA_IP4, a.ip, 4), WEFT_OK);
}
END_TEST

START_TEST(nothing_is_appended_to_a_path) {
  weft_multiaddr ma;
  ck_assert_int_eq(weft_multiaddr_parse(&ma, "/ws/unix/a", NULL), WEFT_OK);
  size_t before = ma.len;
  ck_assert_int_eq(weft_multiaddr_append(&ma, WEFT_MA_WS, NULL, 0), WEFT_EMALFORMED);
  ck_assert_uint_eq(ma.len, before);
  ck_assert_int_eq(weft_multiaddr_parse(&ma, "/ws", NULL), WEFT_OK);
  ck_assert_int_eq(weft_multiaddr_append(&ma, WEFT_MA_UNIX, (const uint8_t *)"/a", 2), WEFT_OK);
}
END_TEST

Suite *test_multiaddr_compose(void) {
  static const unit_test tests[] = {UNIT(a_listener_writes_its_address),
                                    UNIT(ip6_brings_its_zone),
                                    UNIT(what_does_not_belong_is_refused_and_nothing_changes),
                                    UNIT(a_full_address_stays_as_it_is),
                                    UNIT(an_address_goes_in_whole_or_not_at_all),
                                    UNIT(nothing_is_appended_to_a_path)};
  return unit_suite("multiaddr/compose", tests, sizeof tests / sizeof tests[0]);
}
