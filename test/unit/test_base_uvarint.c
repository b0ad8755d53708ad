#include "base/bytes.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

START_TEST(known_values) {
  /* multiformats/unsigned-varint README, "Examples" */
  static const struct {
    uint64_t value;
    const char *hex;
  } cases[] = {{1, "01"}, {127, "7f"}, {128, "8001"}, {255, "ff01"}, {300, "ac02"}, {16384, "808001"}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    uint8_t buf[16];
    weft_wr w;
    uint64_t got = 0;
    weft_wr_init(&w, buf, sizeof buf);
    weft_wr_uvarint(&w, cases[i].value);
    ck_assert_hex(buf, weft_wr_len(&w), cases[i].hex);
    ck_assert_int_eq(weft_uvarint_peek(buf, weft_wr_len(&w), &got), (int)weft_wr_len(&w));
    ck_assert_uint_eq(got, cases[i].value);
  }
}
END_TEST

START_TEST(size_at_every_boundary) {
  ck_assert_uint_eq(weft_uvarint_size(0), 1);
  for (unsigned n = 1; n <= 9; n++) {
    uint64_t first = UINT64_C(1) << (7 * n);
    ck_assert_uint_eq(weft_uvarint_size(first - 1), n);
    ck_assert_uint_eq(weft_uvarint_size(first), n + 1);
  }
}
END_TEST

START_TEST(peek_asks_for_more_until_it_is_whole) {
  uint8_t in[9];
  uint64_t v = 77;
  size_t n = hex_into(in, sizeof in, "ffffffffffffffff7f");
  for (size_t have = 0; have < n; have++) ck_assert_int_eq(weft_uvarint_peek(in, have, &v), 0);
  ck_assert_uint_eq(v, 77);
  ck_assert_int_eq(weft_uvarint_peek(in, n, &v), 9);
  ck_assert_uint_eq(v, INT64_MAX);
}
END_TEST

START_TEST(what_cannot_become_valid_is_malformed_at_once) {
  static const char *const bad[] = {
      "8000", "808000", "ff00", "ffffffffffffffffff", "ffffffffffffffffff01", "808080808080808000"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) {
    uint8_t in[16];
    uint64_t v;
    size_t n = hex_into(in, sizeof in, bad[i]);
    ck_assert_int_eq(weft_uvarint_peek(in, n, &v), WEFT_EMALFORMED);
  }
}
END_TEST

START_TEST(what_follows_is_left_alone) {
  static const uint8_t in[] = {0x96, 0x01, 0xff, 0xff};
  uint64_t v;
  ck_assert_int_eq(weft_uvarint_peek(in, sizeof in, &v), 2);
  ck_assert_uint_eq(v, 150);
}
END_TEST

Suite *test_base_uvarint(void) {
  static const unit_test tests[] = {
      UNIT(known_values),
      UNIT(size_at_every_boundary),
      UNIT(peek_asks_for_more_until_it_is_whole),
      UNIT(what_cannot_become_valid_is_malformed_at_once),
      UNIT(what_follows_is_left_alone),
  };
  return unit_suite("base/uvarint", tests, sizeof tests / sizeof tests[0]);
}
