#include <string.h>

#include "stun/stun.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

static const uint8_t txid[12] = {0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};

/* RFC 5769 sections 2.2 and 2.3 */
static void check(const char *text, const char *value) {
  uint8_t buf[64];
  weft_stun_writer w;
  weft_stun_msg m;
  weft_stun_attr a;
  weft_addr in, out;
  size_t len;
  ck_assert_int_eq(weft_addr_parse(&in, text), WEFT_OK);
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_SUCCESS, WEFT_STUN_BINDING, txid);
  weft_stun_put_xor_address(&w, WEFT_STUN_XOR_MAPPED_ADDRESS, &in);
  ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_OK);
  ck_assert_hex(buf + 24, len - 24, value);
  ck_assert_int_eq(weft_stun_parse(&m, buf, len), WEFT_OK);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_XOR_MAPPED_ADDRESS, &a), WEFT_OK);
  ck_assert_int_eq(weft_stun_get_xor_address(&m, &a, &out), WEFT_OK);
  ck_assert(weft_addr_equal(&in, &out));
}

START_TEST(rfc5769) {
  check("192.0.2.1:32853", "0001a147e112a643");
  check("[2001:db8:1234:5678:11:2233:4455:6677]:32853", "0002a1470113a9faa5d3f179bc25f4b5bed2b9d9");
}
END_TEST

START_TEST(plain) {
  uint8_t v4[] = {0xFF, 1, 0x10, 0x20, 1, 2, 3, 4}; /* the first byte is ignored, RFC 8489 section 14.1 */
  weft_stun_attr a = {WEFT_STUN_MAPPED_ADDRESS, sizeof v4, v4};
  weft_addr out;
  ck_assert_int_eq(weft_stun_get_address(&a, &out), WEFT_OK);
  ck_assert_int_eq(out.family, WEFT_AF_IP4);
  ck_assert_uint_eq(out.port, 0x1020);
  ck_assert_mem_eq(out.ip, "\1\2\3\4", 4);
}
END_TEST

START_TEST(bad) { /* B12 */
  for (unsigned family = 0; family < 256; family++)
    for (uint16_t len = 0; len <= 24; len++) {
      uint8_t v[24] = {0, (uint8_t)family};
      weft_stun_attr a = {WEFT_STUN_MAPPED_ADDRESS, len, v};
      weft_addr out;
      bool good = (family == 1 && len == 8) || (family == 2 && len == 20);
      ck_assert_int_eq(weft_stun_get_address(&a, &out), good ? WEFT_OK : WEFT_EMALFORMED);
    }
}
END_TEST

Suite *test_stun_address(void) {
  static const unit_test tests[] = {UNIT(rfc5769), UNIT(plain), UNIT(bad)};
  return unit_suite("stun/address", tests, sizeof tests / sizeof tests[0]);
}
