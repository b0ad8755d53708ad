#include <string.h>

#include "multiaddr/multiaddr.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

#define HASH "uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g"
#define OTHER "uEiAsGPzpiPGQzSlVHRXrUCT5EkTV7YFrV4VZ3hpEKTd_zg"
#define SHORT "uEgQsJrRr" /* sha2-256 cut to four bytes */
#define PEER "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
#define FRONT "/ip4/127.0.0.1/udp/4001/webrtc-direct"

typedef int (*check_fn)(const weft_multiaddr *ma, weft_webrtc_direct_addr *out, weft_multiaddr_error *err);

static int run(check_fn check, const char *text, weft_webrtc_direct_addr *out, weft_multiaddr_error *err) {
  weft_multiaddr ma;
  int rc = weft_multiaddr_parse(&ma, text, err);
  ck_assert_msg(rc == WEFT_OK, "%s: %s", text, err->text);
  return check(&ma, out, err);
}

static void check_error(check_fn check, const char *text, int code, size_t component, const char *message) {
  weft_webrtc_direct_addr a;
  weft_multiaddr_error err;
  weft_multiaddr ma;
  int rc = run(check, text, &a, &err);
  ck_assert_msg(rc == code, "%s gave %d", text, rc);
  ck_assert_str_eq(err.text, message);
  ck_assert_uint_eq(err.component, component);
  ck_assert_int_eq(weft_multiaddr_parse(&ma, text, NULL), WEFT_OK);
  ck_assert_int_eq(check(&ma, &a, NULL), code);
}

START_TEST(a_whole_address) {
  weft_webrtc_direct_addr a;
  weft_multiaddr_error err;
  char text[WEFT_ADDR_TEXT_MAX], id[WEFT_PEER_ID_TEXT_MAX];
  ck_assert_int_eq(run(weft_multiaddr_webrtc_direct_dial, FRONT "/certhash/" HASH "/p2p/" PEER, &a, &err), WEFT_OK);
  ck_assert_str_eq(weft_addr_format(&a.addr, text, sizeof text), "127.0.0.1:4001");
  ck_assert(a.has_certhash && a.has_peer);
  ck_assert_uint_eq(a.certhashes, 1);
  ck_assert_hex(a.certhash, 32, "c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2");
  ck_assert_int_eq(weft_peer_id_format(&a.peer, id, sizeof id), WEFT_OK);
  ck_assert_str_eq(id, PEER);
}
END_TEST

START_TEST(a_listener_needs_neither_hash_nor_peer) {
  weft_webrtc_direct_addr a;
  weft_multiaddr_error err;
  ck_assert_int_eq(run(weft_multiaddr_webrtc_direct, "/ip6zone/2/ip6/fe80::1/udp/0/webrtc-direct", &a, &err), WEFT_OK);
  ck_assert(!a.has_certhash && !a.has_peer && a.certhashes == 0);
  ck_assert_uint_eq(a.addr.scope, 2);
  ck_assert_int_eq(run(weft_multiaddr_webrtc_direct, FRONT "/p2p/" PEER, &a, &err), WEFT_OK);
  ck_assert(!a.has_certhash && a.has_peer);
}
END_TEST

START_TEST(two_certhashes) {
  weft_webrtc_direct_addr a;
  weft_multiaddr_error err;
  ck_assert_int_eq(run(weft_multiaddr_webrtc_direct, FRONT "/certhash/" HASH "/certhash/" OTHER, &a, &err), WEFT_OK);
  ck_assert_uint_eq(a.certhashes, 2);
  ck_assert_hex(a.certhash, 1, "c3");
  ck_assert_int_eq(run(weft_multiaddr_webrtc_direct, FRONT "/certhash/" SHORT "/certhash/" OTHER, &a, &err), WEFT_OK);
  ck_assert_uint_eq(a.certhashes, 2);
  ck_assert_hex(a.certhash, 1, "2c");
}
END_TEST

START_TEST(sha2_512_alone_is_an_error) {
  uint8_t multihash[66] = {WEFT_MULTIHASH_SHA2_512, 64};
  char text[512] = FRONT "/certhash/";
  size_t n;
  ck_assert_int_eq(weft_multibase_encode('u', multihash, sizeof multihash, text + strlen(text), 200, &n), WEFT_OK);
  check_error(weft_multiaddr_webrtc_direct, text, WEFT_EUNSUPPORTED, 4,
              "component 4: certhash: sha2-512 is not supported: give a sha2-256 hash (\"uEi...\")");
  check_error(weft_multiaddr_webrtc_direct, FRONT "/certhash/" SHORT, WEFT_EUNSUPPORTED, 4,
              "component 4: certhash: a sha2-256 hash has 32 bytes, this one has fewer");
  check_error(weft_multiaddr_webrtc_direct, FRONT "/certhash/f1104aabbccdd", WEFT_EUNSUPPORTED, 4,
              "component 4: certhash: the hash is not sha2-256 (\"uEi...\")");
}
END_TEST

START_TEST(a_dialer_is_told_what_to_add) {
  check_error(weft_multiaddr_webrtc_direct_dial, FRONT "/certhash/" HASH, WEFT_EMALFORMED, 5,
              "component 5: p2p: missing: add \"/p2p/<peer id>\" at the end, as the listener prints it");
  check_error(
      weft_multiaddr_webrtc_direct_dial, FRONT "/p2p/" PEER, WEFT_EMALFORMED, 4,
      "component 4: certhash: missing: add \"/certhash/<hash>\" after \"/webrtc-direct\", as the listener prints it");
  check_error(
      weft_multiaddr_webrtc_direct_dial, FRONT, WEFT_EMALFORMED, 4,
      "component 4: certhash: missing: add \"/certhash/<hash>\" after \"/webrtc-direct\", as the listener prints it");
  check_error(weft_multiaddr_webrtc_direct_dial, "/ip4/127.0.0.1/udp/0/webrtc-direct/certhash/" HASH "/p2p/" PEER,
              WEFT_EMALFORMED, 2, "component 2: udp: port 0 cannot be dialled: give the port that the listener prints");
  check_error(weft_multiaddr_webrtc_direct_dial,
              "/ip6zone/0/ip6/fe80::1/udp/0/webrtc-direct/certhash/" HASH "/p2p/" PEER, WEFT_EMALFORMED, 3,
              "component 3: udp: port 0 cannot be dialled: give the port that the listener prints");
}
END_TEST

START_TEST(the_wrong_shape) {
  static const struct {
    const char *text;
    int code;
    size_t component;
    const char *message;
  } cases[] = {
      {"/ip4/127.0.0.1", WEFT_EMALFORMED, 2, "component 2: udp: missing: add \"/udp/<port>/webrtc-direct\""},
      {"/ip4/127.0.0.1/tcp/1", WEFT_EMALFORMED, 2, "component 2: tcp: webrtc-direct needs \"/udp/<port>\" here"},
      {"/ip4/127.0.0.1/udp/1", WEFT_EMALFORMED, 3, "component 3: webrtc-direct: missing: add \"/webrtc-direct\""},
      {"/ip4/127.0.0.1/udp/1/quic-v1", WEFT_EMALFORMED, 3,
       "component 3: quic-v1: \"/webrtc-direct\" must follow the port"},
      {"/dns4/example.org/udp/1/webrtc-direct", WEFT_EUNSUPPORTED, 1,
       "component 1: dns4: names are not looked up here: give \"/ip4/...\" or \"/ip6/...\""},
      {"/webrtc-direct", WEFT_EMALFORMED, 1,
       "component 1: webrtc-direct: a webrtc-direct address begins with \"/ip4/<address>\" or \"/ip6/<address>\""},
      {"/ip6zone/eth0/ip6/fe80::1/udp/1/webrtc-direct", WEFT_EMALFORMED, 1,
       "component 1: ip6zone: give the interface by its number, as in \"/ip6zone/2\""},
      {FRONT "/p2p/" PEER "/p2p-circuit", WEFT_EMALFORMED, 5,
       "component 5: p2p-circuit: nothing may follow \"/p2p/<peer id>\" here"},
      {FRONT "/p2p/" PEER "/certhash/" HASH, WEFT_EMALFORMED, 5,
       "component 5: certhash: nothing may follow \"/p2p/<peer id>\" here"},
      {FRONT "/ws", WEFT_EMALFORMED, 4,
       "component 4: ws: only \"/certhash/...\" and \"/p2p/...\" may follow \"/webrtc-direct\""},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    check_error(weft_multiaddr_webrtc_direct, cases[i].text, cases[i].code, cases[i].component, cases[i].message);
    check_error(weft_multiaddr_webrtc_direct_dial, cases[i].text, cases[i].code, cases[i].component, cases[i].message);
  }
}
END_TEST

START_TEST(an_empty_address) {
  weft_multiaddr ma = {.len = 0};
  weft_webrtc_direct_addr a;
  ck_assert_int_eq(weft_multiaddr_webrtc_direct(&ma, &a, NULL), WEFT_EMALFORMED);
}
END_TEST

Suite *test_multiaddr_webrtc_direct(void) {
  static const unit_test tests[] = {UNIT(a_whole_address),
                                    UNIT(a_listener_needs_neither_hash_nor_peer),
                                    UNIT(two_certhashes),
                                    UNIT(sha2_512_alone_is_an_error),
                                    UNIT(a_dialer_is_told_what_to_add),
                                    UNIT(the_wrong_shape),
                                    UNIT(an_empty_address)};
  return unit_suite("multiaddr/webrtc_direct", tests, sizeof tests / sizeof tests[0]);
}
