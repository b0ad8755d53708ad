#include <stdlib.h>
#include <string.h>

#include "multiaddr/multiaddr.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

#define HASH "uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g"
#define HASH_HEX "1220c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2"
#define PEER "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
#define PEER_HEX "0024080112202ffa35a99d3a3cfbb17bb7c1dc5561b18a8dcca4df38dc613ea859c37eb1336b"

static weft_multiaddr made(const char *text) {
  weft_multiaddr ma;
  weft_multiaddr_error err;
  int rc = weft_multiaddr_parse(&ma, text, &err);
  ck_assert_msg(rc == WEFT_OK, "%s: %s", text, err.text);
  return ma;
}

static const char *text_of(const weft_multiaddr *ma) {
  static char text[WEFT_MULTIADDR_TEXT_MAX];
  ck_assert_int_eq(weft_multiaddr_format(ma, text, sizeof text), WEFT_OK);
  return text;
}

START_TEST(text_and_bytes) {
  static const struct {
    const char *text, *hex;
  } cases[] = {
      {"/ip4/192.0.2.1/udp/4001/webrtc-direct/certhash/" HASH "/p2p/" PEER,
       "04c000020191020fa19802d20322" HASH_HEX "a50326" PEER_HEX},
      {"/ip6/2001:db8::1/tcp/443/wss", "2920010db8000000000000000000000001"
                                       "0601bb"
                                       "de03"},
      {"/ip6zone/eth0/ip6/fe80::1/udp/1", "2a0465746830"
                                          "29fe800000000000000000000000000001"
                                          "91020001"},
      {"/ip6/::ffff:c000:201/tcp/1", "2900000000000000000000ffffc0000201060001"},
      {"/ip6/::ffff:0:1/tcp/1", "2900000000000000000000ffff00000001060001"},
      {"/dns4/example.com/tcp/42/tls/http", "360b6578616d706c652e636f6d06002ac003e003"},
      {"/dnsaddr/libp2p.io", "38096c69627032702e696f"},
      {"/onion/timaq4ygg2iegci7:80/http", "bc039a18087306369043091f0050e003"},
      {"/ip4/192.0.2.0/ipcidr/24", "04c00002002b18"},
      {"/dns/a/tcp/443/tls/sni/a/http/http-path/api%2Fv0", "3501610601bbc003c1030161e003e103066170692f7630"},
      {"/ip4/1.2.3.4/tcp/80/unix/a/b c", "0401020304060050900306"
                                         "2f612f622063"},
      {"/memory/4/plaintextv2", "89060000000000000004e1d8c103"},
      {"/ip4/0.0.0.0/udp/0/quic-v1/p2p/" PEER "/p2p-circuit/webrtc", "0400000000910200"
                                                                     "00cd03a50326" PEER_HEX "a2029902"},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    weft_multiaddr ma = made(cases[i].text), back;
    ck_assert_hex(ma.bytes, ma.len, cases[i].hex);
    ck_assert_str_eq(text_of(&ma), cases[i].text);
    ck_assert_int_eq(weft_multiaddr_from_bytes(&back, ma.bytes, ma.len, NULL), WEFT_OK);
    ck_assert(weft_multiaddr_equal(&ma, &back));
  }
}
END_TEST

START_TEST(other_spellings_become_canonical) {
  static const char *const cases[][2] = {
      {"/ip4/1.2.3.4/tcp/1/", "/ip4/1.2.3.4/tcp/1"},
      {"/ws/", "/ws"},
      {"/unix/a/b/", "/unix/a/b"},
      {"/unix//a", "/unix//a"},
      {"/unix/ws/p2p-circuit", "/unix/ws/p2p-circuit"},
      {"/ipcidr/024", "/ipcidr/24"},
      {"/http-path/a:b%2fc%7e", "/http-path/a%3Ab%2Fc~"},
      {"/ipfs/" PEER, "/p2p/" PEER},
      {"/tcp/00080", "/tcp/80"},
      {"/ip6/2001:0DB8:0:0::1", "/ip6/2001:db8::1"},
      {"/ip6/::ffff:192.0.2.1", "/ip6/::ffff:c000:201"},
      {"/certhash/f" HASH_HEX, "/certhash/" HASH},
      {"/p2p/bafzbeigvf25ytwc3akrijfecaotc74udrhcxzh2cx3we5qqnw5vgrei4bm",
       "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC"},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    weft_multiaddr ma = made(cases[i][0]);
    ck_assert_str_eq(text_of(&ma), cases[i][1]);
  }
}
END_TEST

static void check_refused(const char *text, int code, size_t component, const char *protocol, const char *message) {
  weft_multiaddr ma;
  weft_multiaddr_error err;
  int rc = weft_multiaddr_parse(&ma, text, &err);
  ck_assert_msg(rc == code, "%s gave %d", text, rc);
  ck_assert_str_eq(err.text, message);
  ck_assert_uint_eq(err.component, component);
  ck_assert_str_eq(err.protocol, protocol);
  ck_assert_uint_eq(ma.len, 0);
  ck_assert_int_eq(weft_multiaddr_parse(&ma, text, NULL), code);
}

START_TEST(errors_point_at_the_component) {
  check_refused("/ip4/127.0.0.1/udp/70000", WEFT_EMALFORMED, 2, "udp", "component 2: udp: number is above 65535");
  check_refused("/ip4/127.0.0.1/udp/x", WEFT_EMALFORMED, 2, "udp", "component 2: udp: not a number");
  check_refused("/ip4/127.0.0.1/udp", WEFT_EMALFORMED, 2, "udp",
                "component 2: udp: port is missing, as in \"/udp/4001\"");
  check_refused("/ip4/127.0.0.1/udp/", WEFT_EMALFORMED, 2, "udp",
                "component 2: udp: port is missing, as in \"/udp/4001\"");
  check_refused("/udp/1/webrtc-direct/certhash/EiDD", WEFT_EMALFORMED, 3, "certhash",
                "component 3: certhash: not multibase");
  check_refused("/udp/1/webrtc-direct/certhash/uAAAA", WEFT_EMALFORMED, 3, "certhash",
                "component 3: certhash: not a multihash");
  check_refused("/ip4/1.2.3.4/foo/1", WEFT_EUNSUPPORTED, 2, "foo", "component 2: foo: unknown protocol");
  check_refused("/ip4/1.2.3.4/f\x1b[31mo/1", WEFT_EUNSUPPORTED, 2, "f?[31mo", "component 2: f?[31mo: unknown protocol");
  check_refused("/ip4/1.2.3.256", WEFT_EMALFORMED, 1, "ip4", "component 1: ip4: not an IPv4 address");
  check_refused("/ip4/::1", WEFT_EMALFORMED, 1, "ip4", "component 1: ip4: not an IPv4 address");
  check_refused("/ip6/1.2.3.4", WEFT_EMALFORMED, 1, "ip6", "component 1: ip6: not an IPv6 address");
  check_refused("/ip6/fe80::1%2", WEFT_EMALFORMED, 1, "ip6",
                "component 1: ip6: a zone goes in front, as in \"/ip6zone/eth0/ip6/fe80::1\"");
  check_refused("/onion/timaq4ygg2iegci7", WEFT_EMALFORMED, 1, "onion",
                "component 1: onion: port is missing, as in \":80\" at its end");
  check_refused("/ws/http-path/", WEFT_EMALFORMED, 2, "http-path",
                "component 2: http-path: value is missing, as in \"/http-path/api%2Fv0\"");
  check_refused("/ws/unix", WEFT_EMALFORMED, 2, "unix",
                "component 2: unix: value is missing, as in \"/unix/run/weft.sock\"");
  check_refused("/ws/unix/", WEFT_EMALFORMED, 2, "unix",
                "component 2: unix: value is missing, as in \"/unix/run/weft.sock\"");
  check_refused("/ws/unix/a//", WEFT_EMALFORMED, 2, "unix", "component 2: unix: path ends with a slash");
  check_refused("/ws/p2p/Qm1", WEFT_EMALFORMED, 2, "p2p", "component 2: p2p: not a peer id");
  check_refused("/ws//ws", WEFT_EMALFORMED, 2, "", "component 2: no protocol between two slashes");
  check_refused("/ws//", WEFT_EMALFORMED, 2, "", "component 2: no protocol between two slashes");
  check_refused("/", WEFT_EMALFORMED, 1, "", "component 1: no protocol between two slashes");
  check_refused("", WEFT_EMALFORMED, 0, "",
                "address: does not begin with \"/\", as in \"/ip4/192.0.2.1/udp/4001/webrtc-direct\"");
  check_refused("ip4/1.2.3.4", WEFT_EMALFORMED, 0, "",
                "address: does not begin with \"/\", as in \"/ip4/192.0.2.1/udp/4001/webrtc-direct\"");
}
END_TEST

START_TEST(a_hash_longer_than_any_address) {
  char text[2100] = "/certhash/f";
  memset(text + 11, '0', sizeof text - 12);
  text[11 + 2050] = '\0';
  check_refused(text, WEFT_EMALFORMED, 1, "certhash", "component 1: certhash: too long");
}
END_TEST

START_TEST(a_long_unknown_name_is_cut) {
  char text[300] = "/";
  weft_multiaddr ma;
  weft_multiaddr_error err;
  memset(text + 1, 'a', sizeof text - 2);
  ck_assert_int_eq(weft_multiaddr_parse(&ma, text, &err), WEFT_EUNSUPPORTED);
  ck_assert_uint_eq(strlen(err.protocol), sizeof err.protocol - 1);
  ck_assert_uint_eq(strlen(err.text), strlen("component 1: ") + 31 + strlen(": unknown protocol"));
}
END_TEST

START_TEST(names_are_bounded_and_clean) {
  char text[512];
  weft_multiaddr ma;
  for (size_t n = 252; n <= 254; n++) {
    memset(text, 'a', sizeof text);
    memcpy(text, "/dns/", 5);
    text[5 + n] = '\0';
    ck_assert_int_eq(weft_multiaddr_parse(&ma, text, NULL), n <= 253 ? WEFT_OK : WEFT_EMALFORMED);
    memcpy(text, "/ip6zone/", 9);
    text[9 + n - 188] = '\0'; /* 64 to 66 characters */
    ck_assert_int_eq(weft_multiaddr_parse(&ma, text, NULL), n == 252 ? WEFT_OK : WEFT_EMALFORMED);
  }
  ck_assert_int_eq(weft_multiaddr_parse(&ma,
                                        "/dns/b\xc3\xbc"
                                        "cher.example",
                                        NULL),
                   WEFT_OK);
  static const char *const bad[] = {"/dns/a b",          "/dns/a\n",
                                    "/dns/a\x7f",        "/dns/\xff",
                                    "/dns/\xc0\xaf",     "/dns/a\xe2\x82",
                                    "/dns/\xed\xa0\x80", "/dns/\xf4\x90\x80\x80",
                                    "/dns/\xe0\x80\x80", "/dns/\xf0\x80\x80\x80"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++)
    ck_assert_int_eq(weft_multiaddr_parse(&ma, bad[i], NULL), WEFT_EMALFORMED);
}
END_TEST

static void check_bytes_refused(const char *hex, int code, const char *message) {
  uint8_t in[64];
  weft_multiaddr ma;
  weft_multiaddr_error err;
  int rc = weft_multiaddr_from_bytes(&ma, in, hex_into(in, sizeof in, hex), &err);
  ck_assert_msg(rc == code, "%s gave %d", hex, rc);
  ck_assert_str_eq(err.text, message);
}

START_TEST(bad_bytes) {
  check_bytes_refused("", WEFT_EMALFORMED, "address: empty");
  check_bytes_refused("04c000", WEFT_EMALFORMED, "component 1: ip4: value runs past the end");
  check_bytes_refused("04c000020191020f", WEFT_EMALFORMED, "component 2: udp: value runs past the end");
  check_bytes_refused("04c0000201ff7f", WEFT_EUNSUPPORTED, "component 2: unknown protocol code");
  check_bytes_refused("8400c0000201", WEFT_EMALFORMED, "component 1: protocol code is not a minimal varint");
  check_bytes_refused("80808080808080808001", WEFT_EMALFORMED, "component 1: protocol code is not a minimal varint");
  check_bytes_refused("3600", WEFT_EMALFORMED, "component 1: dns4: value is empty");
  check_bytes_refused("3603612f62", WEFT_EMALFORMED, "component 1: dns4: name holds a slash");
  check_bytes_refused("9003022f61dd03", WEFT_EMALFORMED, "component 1: unix: nothing may follow a path");
  check_bytes_refused("900302612f", WEFT_EMALFORMED, "component 1: unix: path does not begin with a slash");
  check_bytes_refused("e10300", WEFT_EMALFORMED, "component 1: http-path: value is empty");
  check_bytes_refused("bc039a18087306369043091f0000", WEFT_EMALFORMED, "component 1: onion: port is 0");
  check_bytes_refused("36830061", WEFT_EMALFORMED, "component 1: dns4: value runs past the end");
  check_bytes_refused("a5031611140000000000000000000000000000000000000000", WEFT_EMALFORMED,
                      "component 1: p2p: not a peer id");
  check_bytes_refused("d203021220", WEFT_EMALFORMED, "component 1: certhash: not a multihash");
  check_bytes_refused("36ffffffffffffffff7f61", WEFT_EMALFORMED, "component 1: dns4: value runs past the end");
}
END_TEST

/* "fits" is both: 1,024 bytes and 2,047 characters. */
START_TEST(many_components_are_bounded_by_size) {
  char *text = malloc(1000 * 12 + 1);
  uint8_t bytes[2048];
  weft_multiaddr ma;
  weft_multiaddr_error err;
  text[0] = '\0';
  for (int i = 0; i < 1000; i++) memcpy(text + 12 * i, "/p2p-circuit", 13);
  ck_assert_int_eq(weft_multiaddr_parse(&ma, text, &err), WEFT_ETOOBIG);
  ck_assert_str_eq(err.text, "address: longer than 1024 bytes, or 2047 characters as text");
  text[12 * 171] = '\0';
  ck_assert_int_eq(weft_multiaddr_parse(&ma, text, &err), WEFT_ETOOBIG);
  text[12 * 170] = '\0';
  ck_assert_int_eq(weft_multiaddr_parse(&ma, text, &err), WEFT_OK);
  free(text);
  for (size_t i = 0; i < sizeof bytes; i += 2) bytes[i] = 0xa2, bytes[i + 1] = 0x02;
  ck_assert_int_eq(weft_multiaddr_from_bytes(&ma, bytes, 340, NULL), WEFT_OK);
  ck_assert_int_eq(weft_multiaddr_from_bytes(&ma, bytes, 342, NULL), WEFT_ETOOBIG);
  ck_assert_uint_eq(ma.len, 0);
  ck_assert_int_eq(weft_multiaddr_from_bytes(&ma, bytes, sizeof bytes, NULL), WEFT_ETOOBIG);
}
END_TEST

/* A thousand one-byte components cannot be written ("/http" takes two bytes), but five hundred short ones pass. */
START_TEST(hundreds_of_components_pass) {
  uint8_t bytes[2 * 500];
  weft_multiaddr ma;
  weft_multiaddr_part p;
  size_t n = 0;
  for (size_t i = 0; i < sizeof bytes; i += 2) bytes[i] = 0xdd, bytes[i + 1] = 0x03; /* /ws */
  ck_assert_int_eq(weft_multiaddr_from_bytes(&ma, bytes, sizeof bytes, NULL), WEFT_OK);
  for (size_t at = 0; weft_multiaddr_next(&ma, &at, &p);) n++;
  ck_assert_uint_eq(n, 500);
}
END_TEST

START_TEST(parts_are_found_in_order) {
  weft_multiaddr ma = made("/ip4/1.2.3.4/udp/4001/webrtc-direct/certhash/" HASH "/certhash/uEgQsJrRr/p2p/" PEER);
  static const char *const names[] = {"ip4", "udp", "webrtc-direct", "certhash", "certhash", "p2p"};
  weft_multiaddr_part p;
  size_t i = 0;
  for (size_t at = 0; weft_multiaddr_next(&ma, &at, &p); i++) ck_assert_str_eq(p.name, names[i]);
  ck_assert_uint_eq(i, 6);
  ck_assert_int_eq(weft_multiaddr_find(&ma, WEFT_MA_CERTHASH, &p), WEFT_OK);
  ck_assert_hex(p.value, p.len, HASH_HEX);
  ck_assert_int_eq(weft_multiaddr_find(&ma, WEFT_MA_TCP, &p), WEFT_ENOTFOUND);
}
END_TEST

START_TEST(the_first_circuit_splits) {
  weft_multiaddr ma = made("/ip4/1.2.3.4/tcp/1/p2p/" PEER "/p2p-circuit/p2p-circuit/webrtc/p2p/" PEER);
  weft_multiaddr relay, rest;
  ck_assert_int_eq(weft_multiaddr_split_circuit(&ma, &relay, &rest), WEFT_OK);
  ck_assert_str_eq(text_of(&relay), "/ip4/1.2.3.4/tcp/1/p2p/" PEER);
  ck_assert_str_eq(text_of(&rest), "/p2p-circuit/webrtc/p2p/" PEER);
  ck_assert_int_eq(weft_multiaddr_split_circuit(&relay, &relay, &rest), WEFT_ENOTFOUND);
  ma = made("/p2p-circuit");
  ck_assert_int_eq(weft_multiaddr_split_circuit(&ma, &ma, &rest), WEFT_OK);
  ck_assert_uint_eq(ma.len + rest.len, 0);
}
END_TEST

START_TEST(a_small_buffer_gets_nothing) {
  weft_multiaddr ma = made("/ip4/1.2.3.4");
  char text[13];
  ck_assert_int_eq(weft_multiaddr_format(&ma, text, 12), WEFT_ETOOBIG);
  ck_assert_str_eq(text, "");
  ck_assert_int_eq(weft_multiaddr_format(&ma, text, 13), WEFT_OK);
  ck_assert_int_eq(weft_multiaddr_format(&ma, NULL, 0), WEFT_ETOOBIG);
}
END_TEST

Suite *test_multiaddr_multiaddr(void) {
  static const unit_test tests[] = {UNIT(text_and_bytes),
                                    UNIT(other_spellings_become_canonical),
                                    UNIT(errors_point_at_the_component),
                                    UNIT(a_hash_longer_than_any_address),
                                    UNIT(a_long_unknown_name_is_cut),
                                    UNIT(names_are_bounded_and_clean),
                                    UNIT(bad_bytes),
                                    UNIT(many_components_are_bounded_by_size),
                                    UNIT(hundreds_of_components_pass),
                                    UNIT(parts_are_found_in_order),
                                    UNIT(the_first_circuit_splits),
                                    UNIT(a_small_buffer_gets_nothing)};
  return unit_suite("multiaddr/multiaddr", tests, sizeof tests / sizeof tests[0]);
}
