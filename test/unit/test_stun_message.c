/* Reading messages. */
#include <string.h>

#include "stun/stun.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

/* RFC 5769 section 2.1 */
static const char request_hex[] = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74"
                                  "002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020"
                                  "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf";

static int parse_hex(weft_stun_msg *m, uint8_t *buf, size_t cap, const char *hex) {
  return weft_stun_parse(m, buf, hex_into(buf, cap, hex));
}

START_TEST(rfc5769_request) {
  uint8_t buf[256];
  weft_stun_msg m;
  weft_stun_attr a;
  uint32_t priority;
  uint64_t tie;
  ck_assert_int_eq(parse_hex(&m, buf, sizeof buf, request_hex), WEFT_OK);
  ck_assert_int_eq(m.cls, WEFT_STUN_REQUEST);
  ck_assert_uint_eq(m.method, WEFT_STUN_BINDING);
  ck_assert_uint_eq(m.integrity_at, 76);
  ck_assert_uint_eq(m.fingerprint_at, 100);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_USERNAME, &a), WEFT_OK);
  ck_assert_uint_eq(a.len, 9);
  ck_assert_mem_eq(a.value, "evtj:h6vY", 9); /* the padding of 0x20 is not part of it (B3) */
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_PRIORITY, &a), WEFT_OK);
  ck_assert_int_eq(weft_stun_get_u32(&a, &priority), WEFT_OK);
  ck_assert_uint_eq(priority, 0x6e0001ff);
  ck_assert_int_eq(weft_stun_get_u64(&a, &tie), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_ICE_CONTROLLED, &a), WEFT_OK);
  ck_assert_int_eq(weft_stun_get_u64(&a, &tie), WEFT_OK);
  ck_assert(tie == 0x932ff9b151263b36u);
  ck_assert_int_eq(weft_stun_get_u32(&a, &priority), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_REALM, &a), WEFT_ENOTFOUND);
}
END_TEST

START_TEST(every_length_lie) {
  uint8_t buf[256];
  weft_stun_msg m;
  size_t n = hex_into(buf, sizeof buf, request_hex);
  for (size_t len = 0; len < n; len++) ck_assert_int_eq(weft_stun_parse(&m, buf, len), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_stun_parse(&m, buf, n + 1), WEFT_EMALFORMED);
  for (unsigned lie = 0; lie < 0x10000; lie++) { /* the header's length field */
    buf[2] = (uint8_t)(lie >> 8);
    buf[3] = (uint8_t)lie;
    ck_assert_int_eq(weft_stun_parse(&m, buf, n), lie == n - 20 ? WEFT_OK : WEFT_EMALFORMED);
  }
}
END_TEST

START_TEST(attribute_length_lies) {
  uint8_t buf[256];
  weft_stun_msg m;
  for (unsigned lie = 5; lie < 0x10000; lie++) { /* one attribute of 4 bytes that claims more */
    size_t n = hex_into(buf, sizeof buf, "000100082112a442000000000000000000000000 0024000400000001");
    buf[22] = (uint8_t)(lie >> 8);
    buf[23] = (uint8_t)lie;
    ck_assert_int_eq(weft_stun_parse(&m, buf, n), WEFT_EMALFORMED);
  }
}
END_TEST

START_TEST(demultiplexing) {
  uint8_t buf[20];
  for (unsigned first = 0; first < 256; first++) {
    hex_into(buf, sizeof buf, "000100002112a442000000000000000000000000");
    buf[0] = (uint8_t)first;
    ck_assert_int_eq(weft_stun_is(buf, 20), first <= 3); /* RFC 7983 section 7 */
  }
  buf[0] = 0;
  ck_assert(!weft_stun_is(buf, 19));
  ck_assert(!weft_stun_is(buf, 0));
  buf[7] ^= 1;
  ck_assert(!weft_stun_is(buf, 20)); /* RFC 3489 */
}
END_TEST

START_TEST(after_integrity_ignored) {
  uint8_t buf[256];
  weft_stun_msg m;
  weft_stun_attr a;
  uint16_t types[4];
  size_t n = 0, cursor = 0;
  ck_assert_int_eq(parse_hex(&m, buf, sizeof buf,
                             "0001002c2112a442000000000000000000000000 000800140000000000000000000000000000000000000000"
                             "00250000 00200000 7fff0000 8028000400000000"),
                   WEFT_OK);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_USE_CANDIDATE, &a), WEFT_ENOTFOUND); /* B4 */
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_MESSAGE_INTEGRITY, &a), WEFT_OK);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_FINGERPRINT, &a), WEFT_OK);
  ck_assert_uint_eq(weft_stun_unknown(&m, NULL, 0, types, 4), 0);
  while (weft_stun_next(&m, &cursor, &a)) n++;
  ck_assert_uint_eq(n, 5);
  /* anything after FINGERPRINT, and a second FINGERPRINT */
  ck_assert_int_eq(parse_hex(&m, buf, sizeof buf, "0001000c2112a442000000000000000000000000 8028000400000000 00250000"),
                   WEFT_EMALFORMED);
  ck_assert_int_eq(
      parse_hex(&m, buf, sizeof buf, "000100102112a442000000000000000000000000 8028000400000000 8028000400000000"),
      WEFT_EMALFORMED);
}
END_TEST

START_TEST(integrity_order) {
  uint8_t buf[256];
  weft_stun_msg m;
  weft_stun_attr a;
  /* SHA-1 before SHA-256: both count */
  ck_assert_int_eq(parse_hex(&m, buf, sizeof buf,
                             "0001002c2112a442000000000000000000000000 000800140000000000000000000000000000000000000000"
                             "001c001000000000000000000000000000000000"),
                   WEFT_OK);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_MESSAGE_INTEGRITY, &a), WEFT_OK);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_MESSAGE_INTEGRITY_SHA256, &a), WEFT_OK);
  /* RFC 8489 section 14.6: SHA-1 after SHA-256 is ignored */
  ck_assert_int_eq(parse_hex(&m, buf, sizeof buf,
                             "0001002c2112a442000000000000000000000000 001c001000000000000000000000000000000000"
                             "000800140000000000000000000000000000000000000000"),
                   WEFT_OK);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_MESSAGE_INTEGRITY, &a), WEFT_ENOTFOUND);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_MESSAGE_INTEGRITY_SHA256, &a), WEFT_OK);
}
END_TEST

START_TEST(unknown_required) {
  uint8_t buf[256];
  weft_stun_msg m;
  uint16_t types[2], known[] = {0x7ffe};
  ck_assert_int_eq(
      parse_hex(&m, buf, sizeof buf,
                "000100182112a442000000000000000000000000 7ffe0000 7fff0000 c0570000 00300000 00250000 00310000"),
      WEFT_OK);
  ck_assert_uint_eq(weft_stun_unknown(&m, known, 1, types, 2), 3); /* counts all, writes two (B8) */
  ck_assert_uint_eq(types[0], 0x7fff);
  ck_assert_uint_eq(types[1], 0x0030);
  ck_assert_uint_eq(weft_stun_unknown(&m, NULL, 0, NULL, 0), 4);
}
END_TEST

START_TEST(many_attributes) {
  static uint8_t buf[65535 + 20];
  weft_stun_msg m;
  weft_stun_attr a;
  size_t n = 0, cursor = 0;
  memset(buf, 0, sizeof buf);
  hex_into(buf, sizeof buf, "0001fffc2112a442000000000000000000000000");
  ck_assert_int_eq(weft_stun_parse(&m, buf, 20 + 0xfffc), WEFT_OK); /* 16,383 empty attributes (B7) */
  while (weft_stun_next(&m, &cursor, &a)) n++;
  ck_assert_uint_eq(n, 0xfffc / 4);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_USERNAME, &a), WEFT_ENOTFOUND);
}
END_TEST

START_TEST(errors) {
  unsigned code;
  const char *reason;
  size_t n;
  for (unsigned hundreds = 0; hundreds < 8; hundreds++) {
    for (unsigned number = 0; number < 256; number++) {
      uint8_t v[4] = {0, 0, (uint8_t)(0xF8 | hundreds), (uint8_t)number}; /* reserved bits are ignored */
      weft_stun_attr a = {WEFT_STUN_ERROR_CODE, 4, v};
      bool good = hundreds >= 3 && hundreds <= 6 && number <= 99;
      ck_assert_int_eq(weft_stun_get_error(&a, &code, &reason, &n), good ? WEFT_OK : WEFT_EMALFORMED);
      if (good) ck_assert_uint_eq(code, hundreds * 100 + number);
    }
  }
}
END_TEST

START_TEST(odd_addresses) { /* unaligned input is no concern of anybody */
  uint8_t buf[300];
  weft_stun_msg m;
  for (size_t shift = 0; shift < 8; shift++) {
    size_t n = hex_into(buf + shift, sizeof buf - shift, request_hex);
    ck_assert_int_eq(weft_stun_parse(&m, buf + shift, n), WEFT_OK);
    ck_assert_int_eq(weft_stun_check_fingerprint(&m), 1);
  }
}
END_TEST

Suite *test_stun_message(void) {
  static const unit_test tests[] = {UNIT(rfc5769_request),  UNIT(every_length_lie),        UNIT(attribute_length_lies),
                                    UNIT(demultiplexing),   UNIT(after_integrity_ignored), UNIT(integrity_order),
                                    UNIT(unknown_required), UNIT(many_attributes),         UNIT(errors),
                                    UNIT(odd_addresses)};
  return unit_suite("stun/message", tests, sizeof tests / sizeof tests[0]);
}
