#include "sctp/crc32c.h"

#include <string.h>

#include "test/support/rng.h"
#include "test/support/unit.h"

/* RFC 3720 appendix B.4; "123456789" is the catalogue's check value. */
START_TEST(known_values) {
  uint8_t zeros[32] = {0}, ones[32], up[32], down[32];
  memset(ones, 0xff, sizeof ones);
  for (unsigned i = 0; i < 32; i++) up[i] = (uint8_t)i, down[i] = (uint8_t)(31 - i);
  weft_sctp_crc32c_fn both[2] = {weft_sctp_crc32c_table, weft_sctp_crc32c_choose()};
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(weft_sctp_crc32c(both[i], zeros, 32), 0x8a9136aa);
    ck_assert_uint_eq(weft_sctp_crc32c(both[i], ones, 32), 0x62a8ab43);
    ck_assert_uint_eq(weft_sctp_crc32c(both[i], up, 32), 0x46dd794e);
    ck_assert_uint_eq(weft_sctp_crc32c(both[i], down, 32), 0x113fdb5c);
    ck_assert_uint_eq(weft_sctp_crc32c(both[i], (const uint8_t *)"123456789", 9), 0xe3069283);
  }
}
END_TEST

static uint32_t bit_by_bit(const uint8_t *p, size_t n) {
  uint32_t c = 0xffffffffu;
  for (size_t i = 0; i < n; i++) {
    c ^= p[i];
    for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0x82f63b78u : c >> 1;
  }
  return ~c;
}

START_TEST(every_length_and_alignment) {
  uint8_t buf[1600];
  test_rng r;
  test_rng_init(&r, 1);
  test_rng_bytes(&r, buf, sizeof buf);
  for (size_t n = 0; n < 1500; n += n < 800 ? 1 : 7) {
    const uint8_t *at = buf + n % 9;
    uint32_t want = bit_by_bit(at, n);
    ck_assert_uint_eq(weft_sctp_crc32c(weft_sctp_crc32c_table, at, n), want);
    ck_assert_uint_eq(weft_sctp_crc32c(weft_sctp_crc32c_choose(), at, n), want);
  }
}
END_TEST

START_TEST(the_checksum_field_counts_as_zero) {
  uint8_t packet[40] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 9};
  uint32_t crc = bit_by_bit(packet, sizeof packet);
  memset(packet + 8, 0xa5, 4);
  ck_assert_uint_eq(weft_sctp_packet_crc(weft_sctp_crc32c_table, packet, sizeof packet), crc);
  ck_assert_uint_eq(weft_sctp_packet_crc(weft_sctp_crc32c_choose(), packet, sizeof packet), crc);
}
END_TEST

Suite *test_sctp_crc32c(void) {
  static const unit_test tests[] = {UNIT(known_values), UNIT(every_length_and_alignment),
                                    UNIT(the_checksum_field_counts_as_zero)};
  return unit_suite("sctp/crc32c", tests, sizeof tests / sizeof tests[0]);
}
