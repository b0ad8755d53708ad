#include "test/unit/relay_rig.h"

/* Made with npm's @libp2p/circuit-relay-v2 (test/conformance/public/relay.json: hop-connect-addr-0). */
#define CONNECT_TWO_ADDRS \
  "0801123d0a26002408011220487a358fc20be61479f9c7503dd90bb9b5c948274d19bd946bf691fda56cb0d7120904c000020191020fa11208" \
  "04" \
  "c63364020601bb"
/* stop-connect-limit-0 */
#define STOP_LIMITED \
  "080012280a26002408011220487a358fc20be61479f9c7503dd90bb9b5c948274d19bd946bf691fda56cb0d71a06087810808008"

static int hop(weft_relay_message *m, const char *hex) {
  static uint8_t buf[8192];
  return weft_relay_hop_decode(m, buf, hex_into(buf, sizeof buf, hex));
}

static int stop(weft_relay_message *m, const char *hex) {
  static uint8_t buf[8192];
  return weft_relay_stop_decode(m, buf, hex_into(buf, sizeof buf, hex));
}

START_TEST(reads_and_writes_reserve_with_its_type) {
  weft_relay_message m, out = {.type = WEFT_RELAY_HOP_RESERVE, .status = -1};
  uint8_t buf[16];
  size_t len;
  ck_assert_int_eq(hop(&m, "0800"), WEFT_OK);
  ck_assert(m.type == WEFT_RELAY_HOP_RESERVE && m.status == -1 && !m.has_peer && !m.has_limit && !m.has_reservation);
  ck_assert_int_eq(weft_relay_hop_encode(&out, buf, sizeof buf, &len), WEFT_OK);
  ck_assert_hex(buf, len, "020800");
}
END_TEST

START_TEST(reads_connect_with_addresses) {
  weft_relay_message m;
  uint8_t buf[128];
  size_t len;
  ck_assert_int_eq(hop(&m, CONNECT_TWO_ADDRS), WEFT_OK);
  ck_assert(m.type == WEFT_RELAY_HOP_CONNECT && m.has_peer && m.addrs_len == 2);
  ck_assert_hex(m.addrs[0].data, m.addrs[0].len, "04c000020191020fa1");
  ck_assert_hex(m.addrs[1].data, m.addrs[1].len, "04c63364020601bb");
  ck_assert_int_eq(weft_relay_hop_encode(&m, buf, sizeof buf, &len), WEFT_OK);
  ck_assert_hex(buf, len, "41" CONNECT_TWO_ADDRS);
}
END_TEST

START_TEST(reads_stop_with_a_limit) {
  weft_relay_message m;
  uint8_t buf[128];
  size_t len;
  ck_assert_int_eq(stop(&m, STOP_LIMITED), WEFT_OK);
  ck_assert(m.type == WEFT_RELAY_STOP_CONNECT && m.has_limit);
  ck_assert_uint_eq(m.limit_duration, 120);
  ck_assert_uint_eq(m.limit_data, 131072);
  ck_assert_int_eq(weft_relay_stop_encode(&m, buf, sizeof buf, &len), WEFT_OK);
  ck_assert_hex(buf, len, "34" STOP_LIMITED);
}
END_TEST

/* Limit is field 4 of one message and 3 of the other, status 5 and 4. */
START_TEST(hop_and_stop_number_their_fields_differently) {
  weft_relay_message m;
  ck_assert_int_eq(hop(&m, "080228cc01"), WEFT_OK);
  ck_assert_int_eq(m.status, WEFT_RELAY_NO_RESERVATION);
  ck_assert_int_eq(stop(&m, "080120cc01"), WEFT_OK);
  ck_assert_int_eq(m.status, WEFT_RELAY_NO_RESERVATION);
  ck_assert_int_eq(stop(&m, "080128cc01"), WEFT_OK);
  ck_assert_int_eq(m.status, -1);
  ck_assert_int_eq(hop(&m, "0802 2204083c1001 2864"), WEFT_OK);
  ck_assert(m.has_limit && m.limit_duration == 60 && m.limit_data == 1);
}
END_TEST

START_TEST(reads_a_reservation) {
  weft_relay_message m, again;
  uint8_t buf[64];
  size_t len;
  ck_assert_int_eq(hop(&m, "0802 1a10 0880e2cfaa06 120404010203 1a02aabb"), WEFT_OK);
  ck_assert(m.has_reservation && m.expire == 1700000000 && m.addrs_len == 1 && m.voucher.len == 2);
  m.status = WEFT_RELAY_OK;
  ck_assert_int_eq(weft_relay_hop_encode(&m, buf, sizeof buf, &len), WEFT_OK);
  ck_assert_hex(buf, len, "16 0802 1a10 0880e2cfaa06 120404010203 1a02aabb 2864");
  ck_assert_int_eq(weft_relay_hop_decode(&again, buf + 1, len - 1), WEFT_OK);
  ck_assert_hex(again.voucher.data, again.voucher.len, "aabb");
}
END_TEST

START_TEST(addresses_of_a_reservation_win) {
  weft_relay_message m;
  ck_assert_int_eq(hop(&m, "0802 1a03 120155 1203 120166"), WEFT_OK);
  ck_assert(m.has_peer && m.addrs_len == 1 && m.addrs[0].data[0] == 0x55);
  ck_assert_int_eq(hop(&m, "0802 1203 120166 1a03 120155"), WEFT_OK);
  ck_assert(m.addrs_len == 1 && m.addrs[0].data[0] == 0x55);
}
END_TEST

START_TEST(keeps_sixteen_addresses) {
  uint8_t buf[200] = {0x12, 20 * 3};
  weft_relay_message m;
  for (size_t i = 0; i < 20; i++) buf[2 + 3 * i] = 0x12, buf[3 + 3 * i] = 1, buf[4 + 3 * i] = (uint8_t)i;
  ck_assert_int_eq(weft_relay_hop_decode(&m, buf, 62), WEFT_OK);
  ck_assert_uint_eq(m.addrs_len, 16);
  ck_assert_uint_eq(m.addrs[15].data[0], 15);
}
END_TEST

START_TEST(numbers_too_large_become_the_largest) {
  weft_relay_message m;
  ck_assert_int_eq(hop(&m, "08ffffffffffffffffff01 28ffffffffffffffffff01"), WEFT_OK);
  ck_assert(m.type == INT32_MAX && m.status == INT32_MAX);
  ck_assert_int_eq(hop(&m, "2215 08ffffffffffffffffff01 10ffffffffffffffffff01"), WEFT_EMALFORMED);
  ck_assert_int_eq(hop(&m, "2216 08ffffffffffffffffff01 10ffffffffffffffffff01"), WEFT_OK);
  ck_assert_uint_eq(m.limit_duration, UINT32_MAX);
  ck_assert_uint_eq(m.limit_data, UINT64_MAX);
}
END_TEST

START_TEST(refuses_what_is_no_message) {
  static const char *const bad[] = {"08", "0f", "0a0100", "80808080808080808080", "1000", "1202 0801", "1a02 0a00",
                                    "1a02 1001", "2202 0a00", "2a00", "12", "0b0c", "1a02 1801", "2203 120100",
                                    /* groups of an unknown field; varints of 11 bytes and of more than 64 bits */
                                    "0800 7b7c", "0800 7b", "0800 78 8080808080808080808001",
                                    "0800 78 ffffffffffffffffff02"};
  weft_relay_message m;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) ck_assert_msg(hop(&m, bad[i]) == WEFT_EMALFORMED, "%s", bad[i]);
  ck_assert_int_eq(stop(&m, "2200"), WEFT_EMALFORMED);
  ck_assert_int_eq(stop(&m, "1800"), WEFT_EMALFORMED);
}
END_TEST

START_TEST(skips_unknown_fields) {
  weft_relay_message m;
  ck_assert_int_eq(stop(&m, "080120647801"), WEFT_OK); /* stop-unknown-field */
  ck_assert(m.type == WEFT_RELAY_STOP_STATUS && m.status == 100);
  ck_assert_int_eq(hop(&m, "0800 3204deadbeef 1204 1a02aabb"), WEFT_OK);
  ck_assert(m.has_peer && m.peer_id.len == 0);
}
END_TEST

START_TEST(writes_no_more_than_fits) {
  static uint8_t big[4096], out[WEFT_RELAY_FRAME_MAX];
  weft_relay_message m = {.type = WEFT_RELAY_HOP_STATUS, .status = -1, .has_reservation = true, .expire = 1};
  size_t len;
  /* type 2, reservation 3, expire 2, voucher 3 before its bytes */
  m.voucher = (weft_relay_bytes){big, 4096 - 10};
  ck_assert_int_eq(weft_relay_hop_encode(&m, out, sizeof out, &len), WEFT_OK);
  ck_assert_uint_eq(len, 4098);
  ck_assert_int_eq(weft_relay_hop_encode(&m, out, 4097, &len), WEFT_ETOOBIG);
  m.voucher.len++;
  ck_assert_int_eq(weft_relay_hop_encode(&m, out, sizeof out, &len), WEFT_ETOOBIG);
  m.voucher.len = 4096;
  ck_assert_int_eq(weft_relay_hop_encode(&m, out, sizeof out, &len), WEFT_ETOOBIG);
}
END_TEST

Suite *test_relay_proto(void) {
  static const unit_test tests[] = {UNIT(reads_and_writes_reserve_with_its_type),
                                    UNIT(reads_connect_with_addresses),
                                    UNIT(reads_stop_with_a_limit),
                                    UNIT(hop_and_stop_number_their_fields_differently),
                                    UNIT(reads_a_reservation),
                                    UNIT(addresses_of_a_reservation_win),
                                    UNIT(keeps_sixteen_addresses),
                                    UNIT(numbers_too_large_become_the_largest),
                                    UNIT(refuses_what_is_no_message),
                                    UNIT(skips_unknown_fields),
                                    UNIT(writes_no_more_than_fits)};
  return unit_suite("relay/proto", tests, sizeof tests / sizeof tests[0]);
}
