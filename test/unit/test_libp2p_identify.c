#include <stdlib.h>
#include <string.h>

#include "libp2p/identify.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

static uint8_t in[8192];

static int decode(weft_identify *m, const char *hex) {
  return weft_identify_decode(m, in, hex_into(in, sizeof in, hex));
}

static bool is(const void *data, size_t len, const char *want) {
  return data && len == strlen(want) && memcmp(data, want, len) == 0;
}

/* Written by npm's @libp2p/identify 4.1 (case identify-0 of test/conformance/public/relay.json). */
#define RECORDED \
  "2a0a697066732f302e312e30320d636f6e666f726d616e63652f300a24080112200fb2da8845359bc718fb6e762cb5f41b37ec70f01ed3ec2e" \
  "b1b1" \
  "0b34616aa4ea220904c6336407910200091a0e2f697066732f69642f312e302e30"

START_TEST(a_recorded_message) {
  weft_identify m;
  ck_assert_int_eq(decode(&m, RECORDED), WEFT_OK);
  ck_assert(is(m.protocol_version, m.protocol_version_len, "ipfs/0.1.0"));
  ck_assert(is(m.agent_version, m.agent_version_len, "conformance/0"));
  ck_assert_hex(m.public_key, m.public_key_len,
                "080112200fb2da8845359bc718fb6e762cb5f41b37ec70f01ed3ec2eb1b10b34616aa4ea");
  ck_assert_hex(m.observed_addr, m.observed_addr_len, "04c633640791020009");
  ck_assert_uint_eq(m.got_protocols_len, 1);
  ck_assert(weft_identify_has_protocol(&m, "/ipfs/id/1.0.0"));
  ck_assert(!weft_identify_has_protocol(&m, "/ipfs/id/1.0.0 "));
  ck_assert(!weft_identify_has_protocol(&m, "/ipfs/id/1.0"));
  ck_assert_uint_eq(m.got_addrs_len, 0);
  ck_assert_ptr_null(m.signed_peer_record);
}
END_TEST

START_TEST(ours_is_read_back) {
  static const char *const protocols[] = {"/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"};
  const weft_identify_bytes addrs[] = {{(const uint8_t *)"aa", 2}, {(const uint8_t *)"bbb", 3}};
  const weft_identify me = {.protocol_version = "ipfs/0.1.0",
                            .agent_version = "weft/0.1.0",
                            .public_key = (const uint8_t *)"key",
                            .public_key_len = 3,
                            .observed_addr = (const uint8_t *)"seen",
                            .observed_addr_len = 4,
                            .protocols = protocols,
                            .protocols_len = 2,
                            .listen_addrs = addrs,
                            .listen_addrs_len = 2,
                            .signed_peer_record = (const uint8_t *)"rec",
                            .signed_peer_record_len = 3};
  uint8_t buf[256];
  size_t len;
  weft_identify m;
  ck_assert_int_eq(weft_identify_encode(&me, buf, sizeof buf, &len), WEFT_OK);
  /* The fields by hand, from the message's definition in identify/README.md. */
  ck_assert_hex(buf, len,
                "53"
                "0a036b6579"
                "12026161"
                "1203626262"
                "1a0e2f697066732f69642f312e302e30"
                "1a102f697066732f70696e672f312e302e30"
                "22047365656e"
                "2a0a697066732f302e312e30"
                "320a776566742f302e312e30"
                "4203726563");
  ck_assert_int_eq(weft_identify_decode(&m, buf + 1, len - 1), WEFT_OK);
  ck_assert_uint_eq(m.got_addrs_len, 2);
  ck_assert(is(m.got_addrs[1].data, m.got_addrs[1].len, "bbb"));
  ck_assert(is(m.got_protocols[1].data, m.got_protocols[1].len, "/ipfs/ping/1.0.0"));
  ck_assert(is(m.signed_peer_record, m.signed_peer_record_len, "rec"));
  for (size_t cap = 0; cap < len; cap++) {
    size_t n;
    ck_assert_int_eq(weft_identify_encode(&me, buf, cap, &n), WEFT_ETOOBIG);
  }
}
END_TEST

START_TEST(nothing_to_say) {
  const weft_identify me = {0};
  uint8_t buf[4];
  size_t len;
  weft_identify m;
  ck_assert_int_eq(weft_identify_encode(&me, buf, sizeof buf, &len), WEFT_OK);
  ck_assert_hex(buf, len, "00");
  ck_assert_int_eq(weft_identify_decode(&m, buf, 0), WEFT_OK);
  ck_assert_ptr_null(m.agent_version);
}
END_TEST

START_TEST(more_than_4096_bytes_are_not_sent) {
  static uint8_t addr[4000], buf[WEFT_IDENTIFY_MAX + 16];
  weft_identify_bytes addrs[2] = {{addr, 4000}, {addr, 91}};
  const weft_identify me = {.listen_addrs = addrs, .listen_addrs_len = 2};
  size_t len;
  ck_assert_int_eq(weft_identify_encode(&me, buf, sizeof buf, &len), WEFT_OK); /* 3 + 4000 + 2 + 91 = 4096 */
  ck_assert_uint_eq(len, 4098);
  addrs[1].len = 92;
  ck_assert_int_eq(weft_identify_encode(&me, buf, sizeof buf, &len), WEFT_ETOOBIG);
}
END_TEST

START_TEST(lists_are_cut_and_unknown_fields_skipped) {
  weft_identify m;
  size_t n = 0;
  for (int i = 0; i < 70; i++) in[n++] = 0x1a, in[n++] = 1, in[n++] = (uint8_t)('0' + i);
  for (int i = 0; i < 70; i++) in[n++] = 0x12, in[n++] = 0;
  in[n++] = 0x78, in[n++] = 5; /* field 15, varint */
  ck_assert_int_eq(weft_identify_decode(&m, in, n), WEFT_OK);
  ck_assert_uint_eq(m.got_protocols_len, WEFT_IDENTIFY_LIST_MAX);
  ck_assert_uint_eq(m.got_addrs_len, WEFT_IDENTIFY_LIST_MAX);
  ck_assert(weft_identify_has_protocol(&m, "o"));  /* the 64th */
  ck_assert(!weft_identify_has_protocol(&m, "p")); /* the 65th */
}
END_TEST

START_TEST(broken_messages) {
  static const char *const bad[] = {"0a", "0a05aa", "0a80", "1a0e2f69", "0800", "2a", "00", "0b", "4a01"};
  weft_identify m;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++)
    ck_assert_msg(decode(&m, bad[i]) == WEFT_EMALFORMED, "took %s", bad[i]);
}
END_TEST

START_TEST(the_reader_takes_any_cut) {
  static weft_identify_reader r;
  uint8_t wire[256];
  size_t n = hex_into(wire, sizeof wire, "5c" RECORDED);
  ck_assert_uint_eq(n, 1 + 0x5c);
  for (size_t cut = 0; cut < n; cut++) {
    weft_identify_reader_init(&r);
    ck_assert_int_eq(weft_identify_reader_input(&r, wire, cut), WEFT_EAGAIN);
    ck_assert_int_eq(weft_identify_reader_input(&r, NULL, 0), WEFT_EAGAIN);
    ck_assert_int_eq(weft_identify_reader_input(&r, wire + cut, n - cut), WEFT_OK);
    ck_assert(is(r.message.agent_version, r.message.agent_version_len, "conformance/0"));
  }
}
END_TEST

START_TEST(the_reader_has_limits) {
  static weft_identify_reader r;
  uint8_t *big = calloc(1, 9000);
  weft_identify_reader_init(&r);
  ck_assert_int_eq(weft_identify_reader_input(&r, (const uint8_t *)"\x81\x40", 2), WEFT_ETOOBIG); /* 8193 */
  weft_identify_reader_init(&r);
  ck_assert_int_eq(weft_identify_reader_input(&r, (const uint8_t *)"\x80\x00", 2), WEFT_EMALFORMED);
  weft_identify_reader_init(&r);
  ck_assert_int_eq(weft_identify_reader_input(&r, (const uint8_t *)"\x01\x0a", 2), WEFT_EMALFORMED);
  /* 8192 bytes: an address of 8189 */
  weft_identify_reader_init(&r);
  memcpy(big, "\x80\x40\x12\xfd\x3f", 5);
  ck_assert_int_eq(weft_identify_reader_input(&r, big, 8193), WEFT_EAGAIN);
  ck_assert_int_eq(weft_identify_reader_input(&r, big, 500), WEFT_OK);
  ck_assert_uint_eq(r.message.got_addrs_len, 1);
  ck_assert_uint_eq(r.message.got_addrs[0].len, 8189);
  free(big);
}
END_TEST

Suite *test_libp2p_identify(void) {
  static const unit_test tests[] = {UNIT(a_recorded_message),
                                    UNIT(ours_is_read_back),
                                    UNIT(nothing_to_say),
                                    UNIT(more_than_4096_bytes_are_not_sent),
                                    UNIT(lists_are_cut_and_unknown_fields_skipped),
                                    UNIT(broken_messages),
                                    UNIT(the_reader_takes_any_cut),
                                    UNIT(the_reader_has_limits)};
  return unit_suite("libp2p/identify", tests, sizeof tests / sizeof tests[0]);
}
