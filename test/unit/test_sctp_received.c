#include "sctp/received.h"

#include <string.h>

#include "sctp/serial.h"
#include "test/support/alloc.h"
#include "test/support/hex.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

static void add(weft_sctp_received *r, uint32_t tsn) {
  ck_assert_int_eq(weft_sctp_received_check(r, tsn), WEFT_SCTP_FRESH);
  ck_assert_int_eq(weft_sctp_received_reserve(r, tsn), WEFT_OK);
  weft_sctp_received_add(r, tsn);
}

static size_t sack(const weft_sctp_received *r, uint8_t *out, size_t cap) {
  weft_wr w;
  weft_wr_init(&w, out, cap);
  weft_sctp_received_write(r, &w, 1000);
  ck_assert(weft_wr_ok(&w));
  return weft_wr_len(&w);
}

START_TEST(in_order_needs_no_memory) {
  weft_sctp_received r;
  weft_sctp_received_init(&r, test_alloc(), 0xfffffff0);
  size_t calls = test_leak()->calls;
  for (uint32_t i = 0; i < 100; i++) add(&r, 0xfffffff0 + i);
  ck_assert_uint_eq(r.cumulative, 0xfffffff0 + 99);
  ck_assert_uint_eq(test_leak()->calls, calls);
  ck_assert(!weft_sctp_received_gap(&r));
}
END_TEST

START_TEST(gap_blocks_and_duplicates) {
  uint8_t out[64];
  weft_sctp_received r;
  weft_sctp_received_init(&r, test_alloc(), 101);
  add(&r, 102);
  add(&r, 104);
  add(&r, 103);
  add(&r, 106);
  ck_assert_int_eq(weft_sctp_received_check(&r, 103), WEFT_SCTP_DUPLICATE);
  weft_sctp_received_duplicate(&r, 103);
  ck_assert_hex(out, sack(&r, out, sizeof out),
                "0300001c"
                "00000064"
                "000003e8"
                "00020001"
                "00020004"
                "00060006"
                "00000067");
  weft_sctp_received_sacked(&r);
  add(&r, 101);
  ck_assert_uint_eq(r.cumulative, 104);
  ck_assert_hex(out, sack(&r, out, sizeof out),
                "03000014"
                "00000068"
                "000003e8"
                "00010000"
                "00020002");
  add(&r, 105);
  ck_assert_hex(out, sack(&r, out, sizeof out),
                "03000010"
                "0000006a"
                "000003e8"
                "00000000");
  weft_sctp_received_free(&r);
}
END_TEST

START_TEST(the_window_is_bounded) {
  weft_sctp_received r;
  weft_sctp_received_init(&r, test_alloc(), 1);
  ck_assert_int_eq(weft_sctp_received_check(&r, WEFT_SCTP_TSN_WINDOW), WEFT_SCTP_FRESH);
  ck_assert_int_eq(weft_sctp_received_check(&r, WEFT_SCTP_TSN_WINDOW + 1), WEFT_SCTP_TOO_FAR);
  ck_assert_int_eq(weft_sctp_received_check(&r, 0), WEFT_SCTP_DUPLICATE);
  ck_assert_int_eq(weft_sctp_received_check(&r, 0x80000001), WEFT_SCTP_DUPLICATE);
  add(&r, WEFT_SCTP_TSN_WINDOW);
  ck_assert_uint_le(test_leak()->bytes, 8192);
  weft_sctp_received_free(&r);
}
END_TEST

START_TEST(a_sack_stops_at_the_packet) {
  uint8_t out[200];
  weft_sctp_received r;
  weft_sctp_received_init(&r, test_alloc(), 1);
  for (uint32_t t = 2; t < 20000; t += 2) add(&r, t);
  for (int i = 0; i < 100; i++) weft_sctp_received_duplicate(&r, 2);
  ck_assert_uint_eq(r.dups_n, WEFT_SCTP_DUPS_MAX);
  ck_assert_uint_eq(sack(&r, out, 100), 100);
  ck_assert_hex(out + 12, 4, "00150000"); /* 21 blocks fill what is left, no duplicates */
  weft_sctp_received_free(&r);
}
END_TEST

START_TEST(forward) {
  weft_sctp_received r;
  weft_sctp_received_init(&r, test_alloc(), 10);
  add(&r, 12);
  add(&r, 15);
  ck_assert(!weft_sctp_received_forward(&r, 9));
  ck_assert(!weft_sctp_received_forward(&r, 9 + 0x80000000u));
  ck_assert(!weft_sctp_received_forward(&r, 10 + WEFT_SCTP_TSN_WINDOW));
  ck_assert(weft_sctp_received_forward(&r, 11));
  ck_assert_uint_eq(r.cumulative, 12);
  ck_assert(weft_sctp_received_forward(&r, 20));
  ck_assert_uint_eq(r.cumulative, 20);
  ck_assert(!weft_sctp_received_gap(&r));
  add(&r, 22);
  ck_assert_int_eq(weft_sctp_received_check(&r, 21), WEFT_SCTP_FRESH);
  weft_sctp_received_free(&r);
}
END_TEST

/* Against a plain array, across the wrap. */
START_TEST(any_order) {
  test_rng rng;
  test_rng_init(&rng, 9);
  for (int round = 0; round < 50; round++) {
    enum { N = 2000 };
    static bool have[N];
    uint32_t base = 0xffffff00u + (uint32_t)round;
    weft_sctp_received r;
    weft_sctp_received_init(&r, test_alloc(), base);
    memset(have, 0, sizeof have);
    for (int i = 0; i < 3000; i++) {
      uint32_t k = test_rng_below(&rng, (uint32_t)(i < 1500 ? i / 2 + 1 : N));
      bool fresh = weft_sctp_received_check(&r, base + k) == WEFT_SCTP_FRESH;
      ck_assert_int_eq(fresh, !have[k]);
      if (fresh) add(&r, base + k);
      have[k] = true;
    }
    uint32_t cum = 0;
    while (cum < N && have[cum]) cum++;
    ck_assert_uint_eq(r.cumulative + 1 - base, cum);
    static uint8_t out[16 + 4 * N];
    size_t n = sack(&r, out, sizeof out), blocks = (size_t)(out[12] << 8 | out[13]);
    ck_assert_uint_eq(n, 16 + 4 * blocks);
    uint32_t at = cum;
    for (size_t b = 0; b < blocks; b++) {
      uint32_t start = cum - 1 + (uint32_t)(out[16 + 4 * b] << 8 | out[17 + 4 * b]),
               end = cum - 1 + (uint32_t)(out[18 + 4 * b] << 8 | out[19 + 4 * b]);
      for (; at < start; at++) ck_assert(!have[at]);
      for (; at <= end; at++) ck_assert(have[at]);
    }
    for (; at < N; at++) ck_assert(!have[at]);
    weft_sctp_received_free(&r);
  }
}
END_TEST

Suite *test_sctp_received(void) {
  static const unit_test tests[] = {UNIT(in_order_needs_no_memory),
                                    UNIT(gap_blocks_and_duplicates),
                                    UNIT(the_window_is_bounded),
                                    UNIT(a_sack_stops_at_the_packet),
                                    UNIT(forward),
                                    UNIT(any_order)};
  return unit_suite("sctp/received", tests, sizeof tests / sizeof tests[0]);
}
