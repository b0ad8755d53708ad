/* Writing messages. */
#include <string.h>

#include "stun/stun.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

static const uint8_t txid[12] = {0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};

/* RFC 5769 section 2.1 but for the padding of USERNAME, which is zero here, so the MAC and CRC differ from the RFC's; those
 * are computed with Python's hmac and zlib over these bytes. */
START_TEST(a_check) {
  uint8_t buf[128];
  weft_stun_writer w;
  size_t len;
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
  weft_stun_put(&w, WEFT_STUN_SOFTWARE, "STUN test client", 16);
  weft_stun_put_u32(&w, WEFT_STUN_PRIORITY, 0x6e0001ff);
  weft_stun_put_u64(&w, WEFT_STUN_ICE_CONTROLLED, 0x932ff9b151263b36u);
  weft_stun_put(&w, WEFT_STUN_USERNAME, "evtj:h6vY", 9);
  weft_stun_put_integrity(&w, "VOkJxbRl1RmTxUk/WvJxBt", 22);
  weft_stun_put_fingerprint(&w);
  ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_OK);
  ck_assert_hex(buf, len,
                "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74"
                "002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659000000"
                "000800147907c2d2edbfea480e4c76d82962d5c3742af9e380280004e352928d");
}
END_TEST

START_TEST(types_round_trip) {
  uint8_t buf[20];
  weft_stun_msg m;
  weft_stun_writer w;
  size_t len;
  for (unsigned cls = 0; cls < 4; cls++)
    for (unsigned method = 0; method < 0x1000; method++) {
      weft_stun_begin(&w, buf, sizeof buf, (weft_stun_class)cls, (uint16_t)method, txid);
      ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_OK);
      ck_assert_int_eq(weft_stun_parse(&m, buf, len), WEFT_OK);
      ck_assert_uint_eq(m.cls, cls);
      ck_assert_uint_eq(m.method, method);
    }
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_ERROR, WEFT_STUN_BINDING, txid);
  ck_assert_hex(buf, 2, "0111"); /* RFC 8489 section 5 */
}
END_TEST

START_TEST(padding_is_zero) {
  for (size_t n = 0; n < 9; n++) {
    uint8_t buf[64];
    weft_stun_writer w;
    size_t len;
    memset(buf, 0xAA, sizeof buf);
    weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
    weft_stun_put(&w, WEFT_STUN_SOFTWARE, "xxxxxxxxx", n);
    ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_OK);
    ck_assert_uint_eq(len % 4, 0);
    for (size_t i = 24 + n; i < len; i++) ck_assert_uint_eq(buf[i], 0);
    ck_assert_uint_eq(buf[len], 0xAA);
  }
}
END_TEST

/* every capacity from 0 up: too small is one error at the end and nothing is written past it */
START_TEST(every_capacity) {
  weft_addr v6 = {.family = WEFT_AF_IP6, .ip = {[15] = 1}, .port = 9};
  uint16_t unknown[3] = {1, 2, 3};
  for (size_t cap = 0; cap < 260; cap++) {
    uint8_t buf[260];
    weft_stun_writer w;
    weft_stun_msg m;
    size_t len;
    memset(buf, 0x55, sizeof buf);
    weft_stun_begin(&w, buf, cap, WEFT_STUN_ERROR, WEFT_STUN_BINDING, txid);
    weft_stun_put(&w, WEFT_STUN_USERNAME, "ab", 2);
    weft_stun_put_error(&w, 420, "Unknown Attribute");
    weft_stun_put_unknown(&w, unknown, 3);
    weft_stun_put_xor_address(&w, WEFT_STUN_XOR_MAPPED_ADDRESS, &v6);
    weft_stun_put_address(&w, WEFT_STUN_MAPPED_ADDRESS, &v6);
    weft_stun_put_integrity(&w, "k", 1);
    weft_stun_put_integrity_sha256(&w, "k", 1);
    weft_stun_put_fingerprint(&w);
    int rc = weft_stun_end(&w, &len);
    ck_assert_int_eq(rc, cap >= 184 ? WEFT_OK : WEFT_ETOOBIG); /* 20+8+28+12+24+24+24+36+8 */
    if (rc == WEFT_OK)
      ck_assert_int_eq(weft_stun_parse(&m, buf, len), WEFT_OK);
    else
      ck_assert_uint_eq(len, 0);
    for (size_t i = cap; i < sizeof buf; i++) ck_assert_uint_eq(buf[i], 0x55);
  }
}
END_TEST

START_TEST(not_writable) {
  static uint8_t big[70000], value[0xFFF8];
  uint8_t buf[64];
  weft_stun_writer w;
  weft_addr none = {.family = WEFT_AF_NONE};
  size_t len;
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_ERROR, WEFT_STUN_BINDING, txid);
  weft_stun_put_error(&w, 299, "no such code");
  ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_ETOOBIG);
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_SUCCESS, WEFT_STUN_BINDING, txid);
  weft_stun_put_xor_address(&w, WEFT_STUN_XOR_MAPPED_ADDRESS, &none);
  ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_ETOOBIG);
  weft_stun_begin(&w, big, sizeof big, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
  weft_stun_put(&w, WEFT_STUN_SOFTWARE, value, sizeof value);
  ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_OK); /* 65,532 bytes: the most the length field can say */
  weft_stun_put(&w, WEFT_STUN_SOFTWARE, NULL, 0);
  ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_ETOOBIG);
}
END_TEST

Suite *test_stun_writer(void) {
  static const unit_test tests[] = {UNIT(a_check), UNIT(types_round_trip), UNIT(padding_is_zero), UNIT(every_capacity),
                                    UNIT(not_writable)};
  return unit_suite("stun/writer", tests, sizeof tests / sizeof tests[0]);
}
