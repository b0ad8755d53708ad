#include <string.h>

#include "stun/stun.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

static weft_addr from(const char *text) {
  weft_addr a;
  ck_assert_int_eq(weft_addr_parse(&a, text), WEFT_OK);
  return a;
}

START_TEST(answers) {
  uint8_t in[64], out[64];
  size_t n = hex_into(in, sizeof in, "000100002112a442b7e7a701bc34d686fa87dfae"), len;
  weft_addr v4 = from("192.0.2.1:32853"), v6 = from("[2001:db8:1234:5678:11:2233:4455:6677]:32853");
  ck_assert_int_eq(weft_stun_binding_answer(in, n, &v4, out, sizeof out, &len), WEFT_OK);
  ck_assert_hex(out, len, "0101000c2112a442b7e7a701bc34d686fa87dfae002000080001a147e112a643");
  ck_assert_int_eq(weft_stun_binding_answer(in, n, &v6, out, sizeof out, &len), WEFT_OK);
  ck_assert_hex(out, len, "010100182112a442b7e7a701bc34d686fa87dfae002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9");
  ck_assert_int_eq(weft_stun_binding_answer(in, n, &v6, out, 43, &len), WEFT_ETOOBIG);
}
END_TEST

START_TEST(unknown_attribute) {
  uint8_t in[64], out[64];
  weft_addr v4 = from("192.0.2.1:32853");
  size_t n = hex_into(in, sizeof in, "000100082112a442b7e7a701bc34d686fa87dfae7fff0000 c0570000"), len;
  ck_assert_int_eq(weft_stun_binding_answer(in, n, &v4, out, sizeof out, &len), WEFT_OK);
  ck_assert_hex(out, len, "011100102112a442b7e7a701bc34d686fa87dfae 00090004 00000414 000a0002 7fff0000");
  memset(in, 0, sizeof in);
  n = hex_into(in, sizeof in,
               "000100202112a442b7e7a701bc34d686fa87dfae"
               "7ff00000 7ff10000 7ff20000 7ff30000 7ff40000 7ff50000 7ff60000 7ff70000");
  ck_assert_int_eq(weft_stun_binding_answer(in, n, &v4, out, sizeof out, &len), WEFT_OK);
  ck_assert_uint_eq(len, 44);
}
END_TEST

START_TEST(no_answer) {
  static const char *const cases[] = {
      "",
      "000100002112a442b7e7a701bc34d686fa87df",
      "010100002112a442b7e7a701bc34d686fa87dfae",                         /* a response */
      "001100002112a442b7e7a701bc34d686fa87dfae",                         /* an indication */
      "000300002112a442b7e7a701bc34d686fa87dfae",                         /* another method */
      "000100082112a442b7e7a701bc34d686fa87dfae8028000400000000",         /* wrong fingerprint */
      "0001000c2112a442b7e7a701bc34d686fa87dfae00060008616263643a656667", /* an ICE check */
      "000100182112a442b7e7a701bc34d686fa87dfae000800140000000000000000000000000000000000000000",
      "1601000000000000000000000000000000000000", /* DTLS */
  };
  weft_addr v4 = from("192.0.2.1:32853");
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    uint8_t in[128], out[64];
    size_t n = hex_into(in, sizeof in, cases[i]), len = 99;
    ck_assert_int_eq(weft_stun_binding_answer(in, n, &v4, out, sizeof out, &len), WEFT_EINVAL);
    ck_assert_uint_eq(len, 0);
  }
}
END_TEST

Suite *test_stun_server(void) {
  static const unit_test tests[] = {UNIT(answers), UNIT(unknown_attribute), UNIT(no_answer)};
  return unit_suite("stun/server", tests, sizeof tests / sizeof tests[0]);
}
