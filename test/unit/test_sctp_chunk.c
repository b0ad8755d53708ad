#include "sctp/serial.h"
#include "sctp/wire.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

static uint8_t bytes[256];

static weft_sctp_chunk chunk(const char *hex) {
  weft_rd r;
  weft_sctp_chunk c;
  weft_rd_init(&r, bytes, hex_into(bytes, sizeof bytes, hex));
  ck_assert_int_eq(weft_sctp_chunk_next(&r, &c), 1);
  return c;
}

START_TEST(data) {
  weft_sctp_data d;
  weft_sctp_chunk c = chunk("0007 0012 fffffffe 0102 0304 00000035 6869 0000");
  ck_assert_int_eq(weft_sctp_data_read(&d, &c), WEFT_OK);
  ck_assert_uint_eq(d.tsn, 0xfffffffe);
  ck_assert_uint_eq(d.stream, 0x0102);
  ck_assert_uint_eq(d.ssn, 0x0304);
  ck_assert_uint_eq(d.ppid, 53);
  ck_assert_uint_eq(d.flags, WEFT_SCTP_FLAG_B | WEFT_SCTP_FLAG_E | WEFT_SCTP_FLAG_U);
  ck_assert_uint_eq(d.len, 2);
  c = chunk("0003 000f 00000001 0001 0001 000000");
  ck_assert_int_eq(weft_sctp_data_read(&d, &c), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_sctp_chunk_check(&c), WEFT_EMALFORMED);
}
END_TEST

START_TEST(sack) {
  weft_sctp_sack s;
  uint16_t start, end;
  weft_sctp_chunk c = chunk("0300 001c 00000064 0001ed73 0002 0001 0002 0006 0008 0009 00000063");
  ck_assert_int_eq(weft_sctp_sack_read(&s, &c), WEFT_OK);
  ck_assert_uint_eq(s.cumulative, 100);
  ck_assert_uint_eq(s.a_rwnd, 126323);
  ck_assert_uint_eq(s.gaps_n, 2);
  weft_sctp_sack_gap(&s, 1, &start, &end);
  ck_assert_uint_eq(start, 8);
  ck_assert_uint_eq(end, 9);
  ck_assert_uint_eq(weft_sctp_be32(s.dups), 99);
  c = chunk("0300 001c 00000064 0001ed73 0003 0001 0002 0006 0008 0009 00000063"); /* one block too many */
  ck_assert_int_eq(weft_sctp_sack_read(&s, &c), WEFT_EMALFORMED);
  c = chunk("0300 001c 00000064 0001ed73 0001 0001 0002 0006 0008 0009 00000063"); /* something behind */
  ck_assert_int_eq(weft_sctp_sack_read(&s, &c), WEFT_EMALFORMED);
}
END_TEST

START_TEST(init) {
  weft_sctp_init i;
  weft_sctp_chunk c = chunk("0100 0018 00000001 00500000 0400 0401 deadbeef c0000004");
  ck_assert_int_eq(weft_sctp_init_read(&i, &c), WEFT_OK);
  ck_assert_uint_eq(i.tag, 1);
  ck_assert_uint_eq(i.a_rwnd, 0x500000);
  ck_assert_uint_eq(i.streams_out, 1024);
  ck_assert_uint_eq(i.streams_in, 1025);
  ck_assert_uint_eq(i.tsn, 0xdeadbeef);
  ck_assert_uint_eq(weft_rd_left(&i.params), 4);
  c = chunk("0100 0013 00000001 00500000 0400 0401 deadbe");
  ck_assert_int_eq(weft_sctp_init_read(&i, &c), WEFT_EMALFORMED);
}
END_TEST

START_TEST(forward_and_reset) {
  weft_sctp_forward f;
  weft_sctp_reset_out o;
  weft_sctp_tlv t;
  weft_rd r;
  weft_sctp_chunk c = chunk("c000 000c 00000032 0003 0004");
  ck_assert_int_eq(weft_sctp_forward_read(&f, &c), WEFT_OK);
  ck_assert_uint_eq(f.cumulative, 50);
  ck_assert_uint_eq(weft_rd_u16(&f.streams), 3);
  c = chunk("c000 000a 00000032 0003");
  ck_assert_int_eq(weft_sctp_forward_read(&f, &c), WEFT_EMALFORMED);
  c = chunk("8200 0018 000d 0014 00000001 00000002 00000003 0004 0005");
  weft_rd_init(&r, c.value, c.value_len);
  ck_assert_int_eq(weft_sctp_tlv_next(&r, &t), 1);
  ck_assert_int_eq(weft_sctp_reset_out_read(&o, &t), WEFT_OK);
  ck_assert_uint_eq(o.streams_n, 2);
  ck_assert_uint_eq(weft_sctp_be16(o.streams + 2), 5);
  t.value_len = 13;
  ck_assert_int_eq(weft_sctp_reset_out_read(&o, &t), WEFT_EMALFORMED);
}
END_TEST

START_TEST(serial_numbers) {
  ck_assert(weft_sctp_tsn_lt(0xffffffff, 0));
  ck_assert(!weft_sctp_tsn_lt(0, 0xffffffff));
  ck_assert(weft_sctp_tsn_le(5, 5));
  ck_assert(!weft_sctp_tsn_lt(5, 5));
  ck_assert_uint_eq(weft_sctp_tsn_max(0xfffffff0, 4), 4);
  ck_assert(weft_sctp_ssn_lt(0xffff, 0));
  ck_assert(!weft_sctp_ssn_lt(0, 0xffff));
  ck_assert(weft_sctp_ssn_lt(0, 0x7fff));
}
END_TEST

Suite *test_sctp_chunk(void) {
  static const unit_test tests[] = {UNIT(data), UNIT(sack), UNIT(init), UNIT(forward_and_reset), UNIT(serial_numbers)};
  return unit_suite("sctp/chunk", tests, sizeof tests / sizeof tests[0]);
}
