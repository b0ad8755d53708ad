#include <stdlib.h>
#include <string.h>

#include "base/pb.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

static uint8_t in[256];

static weft_pb over(const char *hex) {
  weft_pb pb;
  size_t n = hex_into(in, sizeof in, hex);
  weft_pb_init(&pb, in, n);
  return pb;
}

/* The bytes of Protocol Buffers' encoding guide: Test1 {a: 150}, Test2 {b: "testing"}, Test3 {c: {a: 150}}. */
START_TEST(examples_of_the_encoding_guide) {
  weft_pb_field f;
  weft_pb pb = over("089601");
  ck_assert(weft_pb_next(&pb, &f));
  ck_assert_uint_eq(f.number, 1);
  ck_assert_uint_eq(f.wire, WEFT_PB_VARINT);
  ck_assert_uint_eq(f.value, 150);
  ck_assert(!weft_pb_next(&pb, &f));
  ck_assert(weft_pb_ok(&pb));
  pb = over("120774657374696e67");
  ck_assert(weft_pb_next(&pb, &f));
  ck_assert_uint_eq(f.number, 2);
  ck_assert_uint_eq(f.wire, WEFT_PB_BYTES);
  ck_assert_uint_eq(f.len, 7);
  ck_assert_mem_eq(f.data, "testing", 7);
  pb = over("1a03089601");
  ck_assert(weft_pb_next(&pb, &f));
  weft_pb inner;
  weft_pb_init(&inner, f.data, f.len);
  ck_assert(weft_pb_next(&inner, &f));
  ck_assert_uint_eq(f.value, 150);
}
END_TEST

START_TEST(fixed_fields_are_read_over) {
  weft_pb_field f;
  weft_pb pb = over("0d 01020304 11 0102030405060708 1801");
  ck_assert(weft_pb_next(&pb, &f));
  ck_assert_uint_eq(f.wire, WEFT_PB_FIXED32);
  ck_assert_uint_eq(f.value, 0x04030201);
  ck_assert(weft_pb_next(&pb, &f));
  ck_assert_uint_eq(f.wire, WEFT_PB_FIXED64);
  ck_assert_uint_eq(f.value, 0x0807060504030201);
  ck_assert(weft_pb_next(&pb, &f));
  ck_assert_uint_eq(f.number, 3);
  ck_assert(!weft_pb_next(&pb, &f));
  ck_assert(weft_pb_ok(&pb));
}
END_TEST

START_TEST(ten_byte_and_overlong_varints_are_legal) {
  weft_pb_field f;
  weft_pb pb = over("08 ffffffffffffffffff01");
  ck_assert(weft_pb_next(&pb, &f));
  ck_assert_uint_eq(f.value, UINT64_MAX);
  pb = over("08 8000");
  ck_assert(weft_pb_next(&pb, &f));
  ck_assert_uint_eq(f.value, 0);
  pb = over("08 80808080808080808000");
  ck_assert(weft_pb_next(&pb, &f));
  ck_assert_uint_eq(f.value, 0);
  pb = over("8a00 01 61"); /* field 1, bytes, the tag over-long */
  ck_assert(weft_pb_next(&pb, &f));
  ck_assert_uint_eq(f.number, 1);
  ck_assert_uint_eq(f.len, 1);
}
END_TEST

START_TEST(largest_field_number) {
  weft_pb_field f;
  weft_pb pb = over("f8ffffff0f 05"); /* 2^29 - 1 */
  ck_assert(weft_pb_next(&pb, &f));
  ck_assert_uint_eq(f.number, 536870911);
  pb = over("8080808010 05"); /* 2^29 */
  ck_assert(!weft_pb_next(&pb, &f));
  ck_assert(!weft_pb_ok(&pb));
}
END_TEST

START_TEST(what_is_refused) {
  static const char *const bad[] = {
      "00 01", /* field 0 */
      "02 00", /* field 0, bytes */
      "0b",    /* group start */
      "0c",    /* group end */
      "0e 00",
      "0f 00",                      /* wire types 6 and 7 */
      "08",                         /* no value */
      "08 80",                      /* varint cut */
      "08 ffffffffffffffffff02",    /* 65 bits */
      "08 ffffffffffffffffffff01",  /* 11 bytes */
      "80",                         /* tag cut */
      "ffffffffffffffffff01 00",    /* tag over 32 bits */
      "0a",                         /* no length */
      "0a 01",                      /* length past the end */
      "0a 05 61626364",             /* the same by one */
      "0a ffffffffffffffffff01 61", /* huge length */
      "0d 010203",                  /* fixed32 cut */
      "09 01020304050607",          /* fixed64 cut */
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) {
    weft_pb_field f;
    weft_pb pb = over(bad[i]);
    ck_assert_msg(!weft_pb_next(&pb, &f), "accepted: %s", bad[i]);
    ck_assert_msg(!weft_pb_ok(&pb), "ok: %s", bad[i]);
    ck_assert(!weft_pb_next(&pb, &f));
  }
}
END_TEST

START_TEST(every_cut_of_a_message_is_whole_fields_or_refused) {
  static const char whole[] = "089601 120774657374696e67 1a03089601 20 ffffffffffffffffff01";
  static const size_t ends[] = {0, 3, 12, 17, 28};
  size_t n = hex_into(in, sizeof in, whole);
  for (size_t cut = 0; cut <= n; cut++) {
    uint8_t *copy = malloc(cut + 1);
    weft_pb pb;
    weft_pb_field f;
    bool boundary = false;
    memcpy(copy, in, cut);
    weft_pb_init(&pb, copy, cut);
    while (weft_pb_next(&pb, &f)) continue;
    for (size_t i = 0; i < WEFT_ARRAY_LEN(ends); i++) boundary = boundary || ends[i] == cut;
    ck_assert(weft_pb_ok(&pb) == boundary);
    free(copy);
  }
}
END_TEST

START_TEST(empty_is_an_empty_message) {
  weft_pb pb;
  weft_pb_field f;
  weft_pb_init(&pb, NULL, 0);
  ck_assert(!weft_pb_next(&pb, &f));
  ck_assert(weft_pb_ok(&pb));
  pb = over("0a00");
  ck_assert(weft_pb_next(&pb, &f));
  ck_assert_uint_eq(f.len, 0);
  ck_assert_ptr_nonnull(f.data);
}
END_TEST

START_TEST(writing_gives_the_guide_s_bytes) {
  uint8_t out[64];
  weft_wr w;
  weft_wr_init(&w, out, sizeof out);
  weft_pb_put_varint(&w, 1, 150);
  weft_pb_put_bytes(&w, 2, "testing", 7);
  weft_pb_put_bytes(&w, 3, NULL, 0);
  weft_pb_put_varint(&w, 4, UINT64_MAX);
  weft_pb_put_varint(&w, 16, 0);
  ck_assert(weft_wr_ok(&w));
  ck_assert_hex(out, weft_wr_len(&w), "089601 120774657374696e67 1a00 20ffffffffffffffffff01 800100");
}
END_TEST

START_TEST(writing_past_the_end_is_sticky) {
  for (size_t cap = 0; cap < 12; cap++) {
    uint8_t out[12];
    weft_wr w;
    weft_wr_init(&w, out, cap);
    weft_pb_put_varint(&w, 1, 150);
    weft_pb_put_bytes(&w, 2, "testing", 7);
    ck_assert(!weft_wr_ok(&w));
  }
}
END_TEST

Suite *test_base_pb(void) {
  static const unit_test tests[] = {
      UNIT(examples_of_the_encoding_guide),
      UNIT(fixed_fields_are_read_over),
      UNIT(ten_byte_and_overlong_varints_are_legal),
      UNIT(largest_field_number),
      UNIT(what_is_refused),
      UNIT(every_cut_of_a_message_is_whole_fields_or_refused),
      UNIT(empty_is_an_empty_message),
      UNIT(writing_gives_the_guide_s_bytes),
      UNIT(writing_past_the_end_is_sticky),
  };
  return unit_suite("base/pb", tests, sizeof tests / sizeof tests[0]);
}
