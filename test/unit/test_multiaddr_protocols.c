#include <string.h>

#include "multiaddr/multiaddr_int.h"
#include "test/support/unit.h"

/* multiformats/multiaddr protocols.csv; memory is a 64-bit number in go-multiaddr, rust-multiaddr and py-multiaddr, plaintextv2 is from multicodec's
 * table.csv. */
START_TEST(codes_sizes_and_names_are_those_of_the_table) {
  static const struct {
    uint32_t code;
    int bits; /* -1: variable */
    const char *name;
  } rows[] = {{4, 32, "ip4"},
              {6, 16, "tcp"},
              {273, 16, "udp"},
              {33, 16, "dccp"},
              {41, 128, "ip6"},
              {42, -1, "ip6zone"},
              {43, 8, "ipcidr"},
              {53, -1, "dns"},
              {54, -1, "dns4"},
              {55, -1, "dns6"},
              {56, -1, "dnsaddr"},
              {132, 16, "sctp"},
              {301, 0, "udt"},
              {302, 0, "utp"},
              {400, -1, "unix"},
              {421, -1, "p2p"},
              {444, 96, "onion"},
              {445, 296, "onion3"},
              {446, -1, "garlic64"},
              {447, -1, "garlic32"},
              {448, 0, "tls"},
              {449, -1, "sni"},
              {454, 0, "noise"},
              {460, 0, "quic"},
              {461, 0, "quic-v1"},
              {465, 0, "webtransport"},
              {466, -1, "certhash"},
              {480, 0, "http"},
              {481, -1, "http-path"},
              {443, 0, "https"},
              {477, 0, "ws"},
              {478, 0, "wss"},
              {479, 0, "p2p-websocket-star"},
              {277, 0, "p2p-stardust"},
              {275, 0, "p2p-webrtc-star"},
              {276, 0, "p2p-webrtc-direct"},
              {280, 0, "webrtc-direct"},
              {281, 0, "webrtc"},
              {290, 0, "p2p-circuit"},
              {777, 64, "memory"},
              {0x706c61, 0, "plaintextv2"}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(rows); i++) {
    const weft_multiaddr_protocol *p = weft_multiaddr_protocol_by_name(rows[i].name, strlen(rows[i].name));
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(p->code, rows[i].code);
    ck_assert_int_eq(p->size < 0 ? -1 : p->size * 8, rows[i].bits);
    ck_assert_ptr_eq(weft_multiaddr_protocol_by_code(rows[i].code), p);
    ck_assert_str_eq(p->name, rows[i].name);
    ck_assert(p->kind ? p->size != 0 && *p->missing : p->size == 0);
  }
}
END_TEST

START_TEST(unknown_ones) {
  ck_assert_ptr_null(weft_multiaddr_protocol_by_code(0));
  ck_assert_ptr_null(weft_multiaddr_protocol_by_code(UINT64_C(0x100000004)));
  ck_assert_ptr_null(weft_multiaddr_protocol_by_code(278)); /* between p2p-stardust and webrtc-direct */
  ck_assert_ptr_null(weft_multiaddr_protocol_by_name("ip", 2));
  ck_assert_ptr_null(weft_multiaddr_protocol_by_name("ip44", 4));
  ck_assert_ptr_null(weft_multiaddr_protocol_by_name("IP4", 3));
  ck_assert_ptr_null(weft_multiaddr_protocol_by_name("", 0));
  ck_assert_ptr_eq(weft_multiaddr_protocol_by_name("ipfs", 4), weft_multiaddr_protocol_by_code(WEFT_MA_P2P));
}
END_TEST

Suite *test_multiaddr_protocols(void) {
  static const unit_test tests[] = {UNIT(codes_sizes_and_names_are_those_of_the_table), UNIT(unknown_ones)};
  return unit_suite("multiaddr/protocols", tests, sizeof tests / sizeof tests[0]);
}
