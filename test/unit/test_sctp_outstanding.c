#include "sctp/send.h"
#include "test/support/alloc.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

static weft_sctp_pool pool;
static weft_sctp_send_state t;

static void begin(uint32_t tsn, unsigned chunks) {
  weft_sctp_message m = {.stream = 1};
  weft_sctp_pool_init(&pool, test_alloc(), 1376);
  ck_assert_int_eq(weft_sctp_send_init(&t, &pool, 5, tsn, 0, 1160), WEFT_OK);
  for (unsigned i = 0; i < chunks; i++) {
    ck_assert_int_eq(weft_sctp_send_push(&t, &m, (const uint8_t *)"0123", 4, 0), WEFT_OK);
    weft_sctp_out *c = weft_sctp_send_peek(&t, 100 + i);
    ck_assert_int_eq(weft_sctp_send_assign(&t, c), WEFT_OK);
    weft_sctp_send_sent(&t, c, 100 + i);
  }
}

static void end(void) {
  weft_sctp_send_free(&t);
  ck_assert_uint_eq(pool.in_use, 0);
  weft_sctp_pool_trim(&pool);
}

static weft_sctp_sack_result sack(uint32_t cumulative, const uint16_t *gaps, uint16_t n) {
  static uint8_t wire[4 * 100];
  weft_sctp_sack_result r;
  for (size_t i = 0; i < 2u * n; i++) weft_sctp_put16(wire + 2 * i, gaps[i]);
  weft_sctp_sack s = {.cumulative = cumulative, .a_rwnd = 1000, .gaps_n = n, .gaps = wire};
  ck_assert_int_eq(weft_sctp_send_sack(&t, &s, false, 1000, &r), WEFT_OK);
  return r;
}

START_TEST(counts_bytes_once) {
  begin(0xfffffffe, 6);
  ck_assert_uint_eq(t.flight, 120);
  weft_sctp_sack_result r = sack(0xfffffffe, (uint16_t[]){2, 3}, 1);
  ck_assert_uint_eq(r.acked, 60);
  ck_assert(r.advanced && r.timed);
  ck_assert_uint_eq(r.rtt, 900);
  ck_assert_uint_eq(t.flight, 60);
  ck_assert_uint_eq(t.buffered, 20); /* gap-acknowledged bytes may still be reneged on */
  r = sack(0xfffffffe, (uint16_t[]){2, 3}, 1);
  ck_assert_uint_eq(r.acked, 0);
  ck_assert(!r.advanced && !r.timed);
  r = sack(1, NULL, 0);
  ck_assert_uint_eq(r.acked, 20);
  ck_assert_uint_eq(t.buffered, 8);
  ck_assert_uint_eq(t.flight, 40);
  end();
}
END_TEST

START_TEST(lost_ones_come_in_order) {
  begin(10, 8);
  for (uint16_t i = 0; i < 3; i++) sack(9, (uint16_t[]){2, 3, 5, (uint16_t)(6 + i)}, 2);
  ck_assert_uint_eq(t.lost_n, 2);
  weft_sctp_out *c = weft_sctp_send_lost(&t);
  ck_assert_uint_eq(c->tsn, 10);
  weft_sctp_send_sent(&t, c, 2000);
  ck_assert_uint_eq(weft_sctp_send_lost(&t)->tsn, 13);
  weft_sctp_send_unsent(&t, c);
  ck_assert_uint_eq(weft_sctp_send_lost(&t)->tsn, 10);
  ck_assert_uint_eq(t.lost_n, 2);
  ck_assert_uint_eq(t.flight, 0);
  end();
}
END_TEST

START_TEST(all_lost_and_sent_again) {
  begin(0xfffffffd, 5);
  weft_sctp_send_all_lost(&t, 5000);
  ck_assert_uint_eq(t.flight, 0);
  ck_assert_uint_eq(t.lost_n, 5);
  unsigned n = 0;
  for (weft_sctp_out *c; (c = weft_sctp_send_lost(&t)); n++) {
    ck_assert_uint_eq(c->tsn, 0xfffffffd + n);
    weft_sctp_send_sent(&t, c, 6000);
  }
  ck_assert_uint_eq(n, 5);
  ck_assert(!t.timing);
  ck_assert_uint_eq(t.flight, 100);
  end();
}
END_TEST

/* Random SACKs: the sums always equal a count from scratch. */
/* A window probe may be repeated for days, and "sent so often" stays. */
START_TEST(sent_without_end) {
  begin(100, 1);
  weft_sctp_out *c = *weft_sctp_send_slot(&t, 100);
  for (uint32_t i = 0; i < 0x10000u; i++) {
    weft_sctp_send_all_lost(&t, 1000);
    ck_assert_ptr_eq(weft_sctp_send_lost(&t), c);
    weft_sctp_send_sent(&t, c, 1000);
    ck_assert_uint_gt(c->sends, 0);
  }
  end();
}
END_TEST

START_TEST(sums_stay_right) {
  test_rng rng;
  test_rng_init(&rng, 3);
  for (int round = 0; round < 100; round++) {
    uint32_t base = 0xfffffff0;
    begin(base, 60);
    uint32_t cum = base - 1;
    for (int i = 0; i < 30; i++) {
      uint16_t gaps[20], n = 0, at = 1;
      cum += test_rng_below(&rng, 3);
      while (n < 10) {
        at = (uint16_t)(at + 1 + test_rng_below(&rng, 6));
        uint16_t last = (uint16_t)(at + test_rng_below(&rng, 4));
        if (last > t.fresh - 1 - cum || last > 1000) break;
        gaps[2 * n] = at;
        gaps[2 * n + 1] = last;
        at = (uint16_t)(last + 1);
        n++;
      }
      if (cum + 1 - base > 60) break;
      sack(cum, gaps, n);
      weft_sctp_out *c = weft_sctp_send_lost(&t);
      if (c && test_rng_chance(&rng, 50)) weft_sctp_send_sent(&t, c, 3000);
      if (test_rng_chance(&rng, 5)) weft_sctp_send_all_lost(&t, 3000);
      uint32_t flight = 0, lost = 0, gap = 0;
      for (uint32_t tsn = t.acked + 1; tsn != t.next; tsn++) {
        weft_sctp_mark mark = *weft_sctp_send_mark(&t, tsn);
        flight += mark == WEFT_SCTP_FLYING ? 20 : 0;
        lost += mark == WEFT_SCTP_LOST;
        gap += mark == WEFT_SCTP_GAP_ACKED;
      }
      ck_assert_uint_eq(t.flight, flight);
      ck_assert_uint_eq(t.flight_payload, flight / 5);
      ck_assert_uint_eq(t.lost_n, lost);
      ck_assert_uint_eq(t.gap_n, gap);
      ck_assert_uint_eq(t.buffered, 4 * (t.next - t.acked - 1));
    }
    end();
  }
}
END_TEST

Suite *test_sctp_outstanding(void) {
  static const unit_test tests[] = {UNIT(counts_bytes_once), UNIT(lost_ones_come_in_order),
                                    UNIT(all_lost_and_sent_again), UNIT(sums_stay_right), UNIT(sent_without_end)};
  return unit_suite("sctp/outstanding", tests, sizeof tests / sizeof tests[0]);
}
