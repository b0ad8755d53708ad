#include <string.h>

#include "base/hash.h"
#include "test/support/unit.h"

/* The check value of the catalogue entry CRC-32/ISO-HDLC; the others by zlib. */
START_TEST(known_values) {
  uint8_t all[256];
  for (unsigned i = 0; i < 256; i++) all[i] = (uint8_t)i;
  ck_assert_uint_eq(weft_crc32(0, (const uint8_t *)"123456789", 9), 0xcbf43926);
  ck_assert_uint_eq(weft_crc32(0, (const uint8_t *)"a", 1), 0xe8b7be43);
  ck_assert_uint_eq(weft_crc32(0, all, sizeof all), 0x29058c73);
  ck_assert_uint_eq(weft_crc32(0, NULL, 0), 0);
}
END_TEST

START_TEST(split_at_every_boundary) {
  static const char text[] = "the same bytes in two pieces";
  size_t n = strlen(text);
  uint32_t whole = weft_crc32(0, (const uint8_t *)text, n);
  for (size_t cut = 0; cut <= n; cut++) {
    uint32_t part = weft_crc32(0, (const uint8_t *)text, cut);
    ck_assert_uint_eq(weft_crc32(part, (const uint8_t *)text + cut, n - cut), whole);
  }
}
END_TEST

Suite *test_base_crc32(void) {
  static const unit_test tests[] = {
      UNIT(known_values),
      UNIT(split_at_every_boundary),
  };
  return unit_suite("base/crc32", tests, sizeof tests / sizeof tests[0]);
}
