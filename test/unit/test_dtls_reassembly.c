#include "dtls/reassembly.h"

#include <stdlib.h>

#include "test/support/hex.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

#define MAX 256

static uint8_t mem[1024], message[MAX];
static weft_dtls_reassembly a;

static void begin(void) {
  for (size_t i = 0; i < sizeof message; i++) message[i] = (uint8_t)(i * 7 + 1);
  ck_assert_uint_le(weft_dtls_reassembly_size(MAX), sizeof mem);
  memset(mem, 0xaa, sizeof mem);
  weft_dtls_reassembly_init(&a, mem, MAX);
}

static int add(uint16_t seq, uint32_t length, uint32_t offset, uint32_t len) {
  weft_dtls_fragment f = {1, length, seq, offset, message + offset, len};
  return weft_dtls_reassembly_add(&a, &f);
}

static void check_whole(uint32_t length) {
  size_t len;
  const uint8_t *out = weft_dtls_reassembly_take(&a, 0x010203040506, &len);
  ck_assert_uint_eq(len, 25 + length);
  ck_assert_hex(out, 11, "16feff0000010203040506");
  ck_assert_uint_eq(out[11] << 8 | out[12], 12 + length);
  ck_assert_hex(out + 13, 1, "01");
  ck_assert_mem_eq(out + 14, out + 22, 3); /* length and fragment length */
  ck_assert_uint_eq(out[16], length & 255);
  ck_assert_hex(out + 19, 3, "000000");
  ck_assert_mem_eq(out + 25, message, length);
  ck_assert(!a.open);
}

START_TEST(in_order_and_reversed) {
  begin();
  ck_assert_int_eq(add(1, 100, 0, 60), 0);
  ck_assert_int_eq(add(1, 100, 60, 40), 1);
  check_whole(100);
  ck_assert_int_eq(add(1, 100, 60, 40), 0);
  ck_assert_int_eq(add(1, 100, 0, 60), 1);
  check_whole(100);
}
END_TEST

START_TEST(single_bytes_in_any_order) {
  begin();
  test_rng r;
  test_rng_init(&r, 3);
  for (int round = 0; round < 20; round++) {
    uint32_t order[MAX];
    for (uint32_t i = 0; i < MAX; i++) order[i] = i;
    for (uint32_t i = MAX - 1; i > 0; i--) {
      uint32_t j = test_rng_below(&r, i + 1), t = order[i];
      order[i] = order[j];
      order[j] = t;
    }
    for (uint32_t i = 0; i < MAX; i++) ck_assert_int_eq(add(0, MAX, order[i], 1), i + 1 == MAX);
    check_whole(MAX);
  }
}
END_TEST

START_TEST(overlap) {
  begin();
  ck_assert_int_eq(add(1, 100, 0, 60), 0);
  ck_assert_int_eq(add(1, 100, 0, 60), 0);
  ck_assert_int_eq(add(1, 100, 10, 5), 0);
  ck_assert_int_eq(add(1, 100, 50, 49), 0);
  ck_assert_int_eq(add(1, 100, 20, 80), 1);
  check_whole(100);
}
END_TEST

START_TEST(conflicts) {
  begin();
  ck_assert_int_eq(add(1, 100, 0, 60), 0);
  ck_assert_int_eq(add(2, 100, 60, 40), WEFT_EPROTO);
  ck_assert(!a.open);
  ck_assert_int_eq(add(1, 100, 0, 60), 0);
  ck_assert_int_eq(add(1, 101, 60, 40), WEFT_EPROTO);
  ck_assert(!a.open);
  ck_assert_int_eq(add(1, 100, 0, 60), 0);
  message[59] ^= 1;
  ck_assert_int_eq(add(1, 100, 59, 41), WEFT_EPROTO);
  ck_assert(!a.open);
}
END_TEST

START_TEST(bounds) {
  begin();
  ck_assert_int_eq(add(1, MAX + 1, 0, 1), WEFT_ETOOBIG);
  ck_assert_int_eq(add(1, 0xffffff, 0, 1), WEFT_ETOOBIG);
  ck_assert(!a.open);
  ck_assert_int_eq(add(1, MAX, 0, MAX), 1);
  ck_assert_uint_eq(mem[weft_dtls_reassembly_size(MAX)], 0xaa);
  check_whole(MAX);
  ck_assert_int_eq(add(1, 50, 10, 0), 0); /* an empty fragment */
  ck_assert_int_eq(add(1, 0, 0, 0), WEFT_EPROTO);
  ck_assert_int_eq(add(1, 0, 0, 0), 1);
}
END_TEST

Suite *test_dtls_reassembly(void) {
  static const unit_test tests[] = {UNIT(in_order_and_reversed), UNIT(single_bytes_in_any_order), UNIT(overlap),
                                    UNIT(conflicts), UNIT(bounds)};
  return unit_suite("dtls/reassembly", tests, sizeof tests / sizeof tests[0]);
}
