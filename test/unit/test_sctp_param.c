#include "sctp/param.h"

#include "test/support/hex.h"
#include "test/support/unit.h"

static weft_sctp_offer offer(const char *hex) {
  static uint8_t bytes[256];
  weft_rd r;
  weft_sctp_offer o;
  weft_rd_init(&r, bytes, hex_into(bytes, sizeof bytes, hex));
  weft_sctp_read_offer(r, &o);
  return o;
}

/* What Chromium announces (test/captures) byte for byte, except for its place in the INIT. */
START_TEST(abilities_on_the_wire) {
  uint8_t buf[64];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  weft_sctp_put_abilities(&w, false);
  ck_assert_hex(buf, weft_wr_len(&w), "c00000048008000682c0");
  weft_wr_init(&w, buf, sizeof buf);
  weft_sctp_put_abilities(&w, true);
  ck_assert_hex(buf, weft_wr_len(&w), "c000000480010008000000018008000682c0");
}
END_TEST

START_TEST(reads_what_peers_announce) {
  weft_sctp_offer o = offer("c0000004 80080006 82c00000");
  ck_assert(o.forward && o.reconfig && !o.zero_checksum && !o.cookie);
  o = offer("80080005 82000000");
  ck_assert(!o.forward && o.reconfig);
  o = offer("80010008 00000001 0007000a 0102030405060000");
  ck_assert(o.zero_checksum);
  ck_assert_uint_eq(o.cookie_len, 6);
  ck_assert(!offer("80010008 00000002").zero_checksum); /* another method */
  ck_assert(!offer("80010006 00010000").zero_checksum);
  ck_assert_uint_eq(
      offer("80020008 00000000 80040006 00010000 80030006 80c10000 80000004 000c0006 00050000 c0060008 00000001")
          .unknown_n,
      0);
}
END_TEST

/* RFC 9260 section 3.2.1. */
START_TEST(the_high_bits_of_unknown_types) {
  weft_sctp_offer o = offer("00550004 c0000004");
  ck_assert(!o.forward && o.unknown_n == 0); /* 00: stop, say nothing */
  o = offer("40550004 c0000004");
  ck_assert(!o.forward && o.unknown_n == 1); /* 01: stop and report */
  o = offer("80550004 c0000004");
  ck_assert(o.forward && o.unknown_n == 0); /* 10: go on */
  o = offer("c0550004 c0000004");
  ck_assert(o.forward && o.unknown_n == 1); /* 11: go on and report */
  ck_assert_uint_eq(o.unknown[0].type, 0xc055);
}
END_TEST

START_TEST(reports_are_bounded) {
  uint8_t many[256 * 4];
  weft_rd r;
  weft_sctp_offer o;
  for (size_t i = 0; i < 256; i++) {
    weft_sctp_put16(many + 4 * i, 0xc100);
    weft_sctp_put16(many + 4 * i + 2, 4);
  }
  weft_rd_init(&r, many, sizeof many);
  weft_sctp_read_offer(r, &o);
  ck_assert_uint_eq(o.unknown_n, 8);
}
END_TEST

Suite *test_sctp_param(void) {
  static const unit_test tests[] = {UNIT(abilities_on_the_wire), UNIT(reads_what_peers_announce),
                                    UNIT(the_high_bits_of_unknown_types), UNIT(reports_are_bounded)};
  return unit_suite("sctp/param", tests, sizeof tests / sizeof tests[0]);
}
