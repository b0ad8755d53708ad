#include <string.h>

#include "base/bytes.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

START_TEST(numbers_are_big_endian) {
  uint8_t buf[64];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  weft_wr_u8(&w, 0x01);
  weft_wr_u16(&w, 0x0203);
  weft_wr_u24(&w, 0x040506);
  weft_wr_u32(&w, 0x0708090a);
  weft_wr_u48(&w, 0x0b0c0d0e0f10);
  weft_wr_u64(&w, 0x1112131415161718);
  weft_wr_u16le(&w, 0x1a19);
  weft_wr_u32le(&w, 0x1e1d1c1b);
  ck_assert(weft_wr_ok(&w));
  ck_assert_hex(buf, weft_wr_len(&w), "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e");
  ck_assert_uint_eq(weft_wr_left(&w), sizeof buf - 30);
}
END_TEST

typedef void (*write_fn)(weft_wr *w);
static void w8(weft_wr *w) { weft_wr_u8(w, 1); }
static void w16(weft_wr *w) { weft_wr_u16(w, 1); }
static void w24(weft_wr *w) { weft_wr_u24(w, 1); }
static void w32(weft_wr *w) { weft_wr_u32(w, 1); }
static void w48(weft_wr *w) { weft_wr_u48(w, 1); }
static void w64(weft_wr *w) { weft_wr_u64(w, 1); }
static void w16le(weft_wr *w) { weft_wr_u16le(w, 1); }
static void w32le(weft_wr *w) { weft_wr_u32le(w, 1); }
static void wbytes(weft_wr *w) { weft_wr_bytes(w, "12345", 5); }
static void wzero(weft_wr *w) { weft_wr_zero(w, 5); }
static void wuvarint(weft_wr *w) { weft_wr_uvarint(w, 300); }
static void wuvarint_bytes(weft_wr *w) { weft_wr_uvarint_bytes(w, "1234", 4); }
static void wreserve16(weft_wr *w) { (void)weft_wr_reserve16(w); }
static void wreserve24(weft_wr *w) { (void)weft_wr_reserve24(w); }

START_TEST(overflow_at_every_length_is_sticky_and_writes_nothing_outside) {
  static const struct {
    write_fn fn;
    size_t size;
  } writes[] = {{w8, 1},         {w16, 2},       {w24, 3},    {w32, 4},   {w48, 6},      {w64, 8},
                {w16le, 2},      {w32le, 4},     {wbytes, 5}, {wzero, 5}, {wuvarint, 2}, {wuvarint_bytes, 5},
                {wreserve16, 2}, {wreserve24, 3}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(writes); i++) {
    for (size_t cap = 0; cap <= writes[i].size; cap++) {
      uint8_t buf[16];
      weft_wr w;
      memset(buf, 0xee, sizeof buf);
      weft_wr_init(&w, buf, cap);
      writes[i].fn(&w);
      ck_assert(weft_wr_ok(&w) == (cap == writes[i].size));
      for (size_t k = cap; k < sizeof buf; k++) ck_assert_uint_eq(buf[k], 0xee);
      if (weft_wr_ok(&w)) continue;
      size_t len = weft_wr_len(&w);
      ck_assert_uint_eq(weft_wr_left(&w), 0);
      weft_wr_zero(&w, 0);
      ck_assert(!weft_wr_ok(&w));
      ck_assert_uint_eq(weft_wr_len(&w), len);
    }
  }
}
END_TEST

START_TEST(a_value_too_large_for_its_field_fails) {
  uint8_t buf[16];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  weft_wr_u24(&w, 0x1000000);
  ck_assert(!weft_wr_ok(&w));
  weft_wr_init(&w, buf, sizeof buf);
  weft_wr_u48(&w, UINT64_C(1) << 48);
  ck_assert(!weft_wr_ok(&w));
  weft_wr_init(&w, buf, sizeof buf);
  weft_wr_uvarint(&w, UINT64_C(1) << 63);
  ck_assert(!weft_wr_ok(&w));
  weft_wr_init(&w, buf, sizeof buf);
  weft_wr_patch24(&w, weft_wr_reserve24(&w), 0x1000000);
  ck_assert(!weft_wr_ok(&w));
}
END_TEST

START_TEST(reserved_lengths_are_patched) {
  uint8_t buf[32];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  weft_wr_u8(&w, 0xaa);
  size_t at16 = weft_wr_reserve16(&w);
  weft_wr_bytes(&w, "abc", 3);
  size_t at24 = weft_wr_reserve24(&w);
  ck_assert_hex(buf, weft_wr_len(&w), "aa 0000 616263 000000");
  weft_wr_patch16(&w, at16, (uint16_t)(weft_wr_len(&w) - at16 - 2));
  weft_wr_patch24(&w, at24, 0x010203);
  ck_assert_hex(buf, weft_wr_len(&w), "aa 0006 616263 010203");
}
END_TEST

START_TEST(patching_after_failure_touches_nothing) {
  uint8_t buf[2] = {0xee, 0xee};
  weft_wr w;
  weft_wr_init(&w, buf, 1);
  size_t at = weft_wr_reserve16(&w);
  weft_wr_patch16(&w, at, 0x1234);
  weft_wr_patch24(&w, at, 0x123456);
  ck_assert_hex(buf, 2, "eeee");
}
END_TEST

START_TEST(empty_writes) {
  weft_wr w;
  weft_wr_init(&w, NULL, 0);
  weft_wr_bytes(&w, NULL, 0);
  weft_wr_zero(&w, 0);
  ck_assert(weft_wr_ok(&w));
  ck_assert_uint_eq(weft_wr_len(&w), 0);
  weft_wr_u8(&w, 1);
  ck_assert(!weft_wr_ok(&w));
}
END_TEST

Suite *test_base_writer(void) {
  static const unit_test tests[] = {
      UNIT(numbers_are_big_endian),
      UNIT(overflow_at_every_length_is_sticky_and_writes_nothing_outside),
      UNIT(a_value_too_large_for_its_field_fails),
      UNIT(reserved_lengths_are_patched),
      UNIT(patching_after_failure_touches_nothing),
      UNIT(empty_writes),
  };
  return unit_suite("base/writer", tests, sizeof tests / sizeof tests[0]);
}
