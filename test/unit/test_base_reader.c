#include <string.h>

#include "base/bytes.h"
#include "test/support/unit.h"

static const uint8_t ten[10] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a};

static weft_rd over(size_t n) {
  weft_rd r;
  weft_rd_init(&r, ten, n);
  return r;
}

START_TEST(numbers_are_big_endian) {
  weft_rd r = over(10);
  ck_assert_uint_eq(weft_rd_u8(&r), 0x01);
  ck_assert_uint_eq(weft_rd_u16(&r), 0x0203);
  ck_assert_uint_eq(weft_rd_u24(&r), 0x040506);
  ck_assert_uint_eq(weft_rd_u32(&r), 0x0708090a);
  ck_assert(weft_rd_done(&r));
  r = over(10);
  ck_assert_uint_eq(weft_rd_u48(&r), 0x010203040506);
  r = over(10);
  ck_assert_uint_eq(weft_rd_u64(&r), 0x0102030405060708);
  ck_assert_uint_eq(weft_rd_left(&r), 2);
  ck_assert(weft_rd_ok(&r));
  ck_assert(!weft_rd_done(&r));
}
END_TEST

START_TEST(little_endian_ones_too) {
  weft_rd r = over(10);
  ck_assert_uint_eq(weft_rd_u16le(&r), 0x0201);
  ck_assert_uint_eq(weft_rd_u32le(&r), 0x06050403);
}
END_TEST

typedef uint64_t (*read_fn)(weft_rd *r);
static uint64_t r8(weft_rd *r) { return weft_rd_u8(r); }
static uint64_t r16(weft_rd *r) { return weft_rd_u16(r); }
static uint64_t r24(weft_rd *r) { return weft_rd_u24(r); }
static uint64_t r32(weft_rd *r) { return weft_rd_u32(r); }
static uint64_t r48(weft_rd *r) { return weft_rd_u48(r); }
static uint64_t r64(weft_rd *r) { return weft_rd_u64(r); }
static uint64_t r16le(weft_rd *r) { return weft_rd_u16le(r); }
static uint64_t r32le(weft_rd *r) { return weft_rd_u32le(r); }

START_TEST(failure_at_every_length_is_zero_and_sticky) {
  static const struct {
    read_fn fn;
    size_t size;
  } reads[] = {{r8, 1}, {r16, 2}, {r24, 3}, {r32, 4}, {r48, 6}, {r64, 8}, {r16le, 2}, {r32le, 4}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(reads); i++) {
    for (size_t have = 0; have < reads[i].size; have++) {
      weft_rd r = over(have);
      ck_assert_uint_eq(reads[i].fn(&r), 0);
      ck_assert(!weft_rd_ok(&r));
      ck_assert(!weft_rd_done(&r));
      ck_assert_uint_eq(weft_rd_left(&r), 0);
      ck_assert_uint_eq(weft_rd_u8(&r), 0); /* though a byte may still be there */
      ck_assert_ptr_null(weft_rd_bytes(&r, 0));
    }
    weft_rd r = over(reads[i].size);
    ck_assert_uint_ne(reads[i].fn(&r), 0);
    ck_assert(weft_rd_done(&r));
  }
}
END_TEST

START_TEST(bytes_point_into_the_input) {
  weft_rd r = over(10);
  weft_rd_skip(&r, 4);
  ck_assert_ptr_eq(weft_rd_bytes(&r, 3), ten + 4);
  ck_assert_uint_eq(weft_rd_left(&r), 3);
  ck_assert_ptr_null(weft_rd_bytes(&r, 4));
  ck_assert(!weft_rd_ok(&r));
}
END_TEST

START_TEST(huge_lengths_fail) {
  weft_rd r = over(10), sub;
  ck_assert_ptr_null(weft_rd_bytes(&r, SIZE_MAX));
  r = over(10);
  weft_rd_skip(&r, SIZE_MAX);
  ck_assert(!weft_rd_ok(&r));
  r = over(10);
  weft_rd_sub(&r, SIZE_MAX - 1, &sub);
  ck_assert(!weft_rd_ok(&r) && !weft_rd_ok(&sub));
}
END_TEST

START_TEST(empty_input) {
  weft_rd r;
  weft_rd_init(&r, NULL, 0);
  ck_assert(weft_rd_done(&r));
  ck_assert_ptr_nonnull(weft_rd_bytes(&r, 0));
  ck_assert(weft_rd_done(&r));
  ck_assert_uint_eq(weft_rd_u8(&r), 0);
  ck_assert(!weft_rd_ok(&r));
  weft_rd_init(&r, NULL, 3);
  ck_assert(!weft_rd_ok(&r));
}
END_TEST

START_TEST(copy_zero_fills_on_failure) {
  static const uint8_t zero[6];
  uint8_t dst[6];
  weft_rd r = over(10);
  memset(dst, 0xee, sizeof dst);
  weft_rd_copy(&r, dst, 6);
  ck_assert_mem_eq(dst, ten, 6);
  weft_rd_copy(&r, dst, 5);
  ck_assert_mem_eq(dst, zero, 5);
  ck_assert_uint_eq(dst[5], 6);
  ck_assert(!weft_rd_ok(&r));
  weft_rd_copy(&r, NULL, 0);
}
END_TEST

START_TEST(sub_reader_has_its_own_end) {
  weft_rd r = over(10), sub;
  weft_rd_skip(&r, 1);
  weft_rd_sub(&r, 4, &sub);
  ck_assert_uint_eq(weft_rd_left(&sub), 4);
  ck_assert_uint_eq(weft_rd_u8(&r), 0x06);
  ck_assert_uint_eq(weft_rd_u32(&sub), 0x02030405);
  ck_assert(weft_rd_done(&sub));
  ck_assert_uint_eq(weft_rd_u8(&sub), 0);
  ck_assert(!weft_rd_ok(&sub));
  ck_assert(weft_rd_ok(&r));
}
END_TEST

START_TEST(sub_reader_past_the_end_fails_both) {
  weft_rd r = over(3), sub;
  weft_rd_sub(&r, 4, &sub);
  ck_assert(!weft_rd_ok(&r));
  ck_assert(!weft_rd_ok(&sub));
  ck_assert_uint_eq(weft_rd_left(&sub), 0);
  weft_rd again;
  weft_rd_sub(&sub, 0, &again);
  ck_assert(!weft_rd_ok(&again));
}
END_TEST

START_TEST(fail_by_hand) {
  weft_rd r = over(4);
  weft_rd_fail(&r);
  ck_assert(!weft_rd_ok(&r));
  ck_assert_uint_eq(weft_rd_left(&r), 0);
  ck_assert_uint_eq(weft_rd_u16(&r), 0);
}
END_TEST

START_TEST(uvarint_length_prefix) {
  static const uint8_t framed[] = {0x03, 'a', 'b', 'c', 0x00, 0x02, 'x'};
  weft_rd r, sub;
  weft_rd_init(&r, framed, sizeof framed);
  weft_rd_uvarint_sub(&r, &sub);
  ck_assert_mem_eq(weft_rd_bytes(&sub, 3), "abc", 3);
  ck_assert(weft_rd_done(&sub));
  weft_rd_uvarint_sub(&r, &sub);
  ck_assert(weft_rd_done(&sub));
  weft_rd_uvarint_sub(&r, &sub);
  ck_assert(!weft_rd_ok(&r) && !weft_rd_ok(&sub));
}
END_TEST

START_TEST(uvarint_fails_at_every_cut) {
  static const uint8_t longest[9] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
  weft_rd r;
  for (size_t n = 0; n < sizeof longest; n++) {
    weft_rd_init(&r, longest, n);
    ck_assert_uint_eq(weft_rd_uvarint(&r), 0);
    ck_assert(!weft_rd_ok(&r));
  }
  weft_rd_init(&r, longest, sizeof longest);
  ck_assert_uint_eq(weft_rd_uvarint(&r), INT64_MAX);
  ck_assert(weft_rd_done(&r));
}
END_TEST

Suite *test_base_reader(void) {
  static const unit_test tests[] = {
      UNIT(numbers_are_big_endian),
      UNIT(little_endian_ones_too),
      UNIT(failure_at_every_length_is_zero_and_sticky),
      UNIT(bytes_point_into_the_input),
      UNIT(huge_lengths_fail),
      UNIT(empty_input),
      UNIT(copy_zero_fills_on_failure),
      UNIT(sub_reader_has_its_own_end),
      UNIT(sub_reader_past_the_end_fails_both),
      UNIT(fail_by_hand),
      UNIT(uvarint_length_prefix),
      UNIT(uvarint_fails_at_every_cut),
  };
  return unit_suite("base/reader", tests, sizeof tests / sizeof tests[0]);
}
