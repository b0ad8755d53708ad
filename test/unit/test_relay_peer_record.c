#include "test/unit/relay_rig.h"

#define ID "0a260024080112208aee65f8049e83df468cadcdb1586fce6c5b3ff4942498badf705c521e805916"

static int decode(weft_relay_peer_record *p, const char *hex) {
  static uint8_t buf[1024];
  return weft_relay_peer_record_decode(p, buf, hex_into(buf, sizeof buf, hex));
}

/* test/conformance/public/relay.json: peer-record-1 */
START_TEST(reads_a_record) {
  weft_relay_peer_record p;
  ck_assert_int_eq(decode(&p, ID "1081e2cfaa061a0b0a0904c000020191020fa1"), WEFT_OK);
  ck_assert_uint_eq(p.seq, 1700000001);
  ck_assert_uint_eq(p.addrs_len, 1);
  ck_assert_uint_eq(p.peer_id.len, 38);
  ck_assert_hex(p.addrs[0].data, p.addrs[0].len, "04c000020191020fa1");
}
END_TEST

START_TEST(refuses_what_is_no_record) {
  static const char *const bad[] = {"",        "1001",   ID "1200", ID "1801",    ID "1a020801",
                                    ID "1a01", "0a0200", ID "0801", ID "1a020a05"};
  weft_relay_peer_record p;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) ck_assert_msg(decode(&p, bad[i]) == WEFT_EMALFORMED, "%s", bad[i]);
}
END_TEST

START_TEST(keeps_sixteen_addresses) {
  uint8_t buf[256];
  size_t n = hex_into(buf, sizeof buf, ID "1a00 2205aaaaaaaaaa");
  weft_relay_peer_record p;
  for (size_t i = 0; i < 20; i++, n += 5) memcpy(buf + n, (uint8_t[]){0x1a, 3, 0x0a, 1, (uint8_t)i}, 5);
  ck_assert_int_eq(weft_relay_peer_record_decode(&p, buf, n), WEFT_OK);
  ck_assert_uint_eq(p.addrs_len, 16);
  ck_assert_uint_eq(p.addrs[15].data[0], 15);
}
END_TEST

Suite *test_relay_peer_record(void) {
  static const unit_test tests[] = {UNIT(reads_a_record), UNIT(refuses_what_is_no_record),
                                    UNIT(keeps_sixteen_addresses)};
  return unit_suite("relay/peer_record", tests, sizeof tests / sizeof tests[0]);
}
