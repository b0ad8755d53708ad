#include <string.h>

#include "stun/stun.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

/* RFC 8489 section 6.2.1: with 500 ms requests leave at 0, 500, 1500, 3500, 7500, 15500 and 31500 ms, given up at 39500 */
START_TEST(schedule) {
  static const unsigned at[] = {500, 1500, 3500, 7500, 15500, 31500};
  test_rng r;
  weft_rng rng = test_rng_init(&r, 1);
  weft_stun_transaction t;
  ck_assert_int_eq(weft_stun_transaction_start(&t, &rng, 0, 0), WEFT_OK);
  for (size_t i = 0; i < WEFT_ARRAY_LEN(at); i++) {
    ck_assert_uint_eq(t.deadline, WEFT_MS(at[i]));
    ck_assert_int_eq(weft_stun_transaction_tick(&t, WEFT_MS(at[i]) - 1), WEFT_EAGAIN);
    ck_assert_int_eq(weft_stun_transaction_tick(&t, WEFT_MS(at[i])), WEFT_OK);
  }
  ck_assert_uint_eq(t.sent, 7);
  ck_assert_uint_eq(t.deadline, WEFT_MS(39500));
  ck_assert_int_eq(weft_stun_transaction_tick(&t, WEFT_MS(39500)), WEFT_ETIMEDOUT);
  ck_assert_uint_eq(t.deadline, WEFT_NEVER);
  ck_assert_int_eq(weft_stun_transaction_tick(&t, WEFT_SEC(1000)), WEFT_EAGAIN);
}
END_TEST

START_TEST(matching) {
  test_rng r;
  weft_rng rng = test_rng_init(&r, 2);
  weft_stun_transaction t, other;
  weft_stun_msg m = {.cls = WEFT_STUN_SUCCESS, .method = WEFT_STUN_BINDING};
  ck_assert_int_eq(weft_stun_transaction_start(&t, &rng, WEFT_MS(100), 5), WEFT_OK);
  ck_assert_int_eq(weft_stun_transaction_start(&other, &rng, WEFT_MS(100), 5), WEFT_OK);
  ck_assert_mem_ne(t.txid, other.txid, 12);
  ck_assert_uint_eq(t.deadline, WEFT_MS(100) + 5);
  m.txid = t.txid;
  ck_assert(weft_stun_transaction_matches(&t, &m));
  ck_assert(!weft_stun_transaction_matches(&other, &m));
  m.cls = WEFT_STUN_ERROR;
  ck_assert(weft_stun_transaction_matches(&t, &m));
  m.cls = WEFT_STUN_REQUEST;
  ck_assert(!weft_stun_transaction_matches(&t, &m));
  m.cls = WEFT_STUN_SUCCESS;
  m.method = 3;
  ck_assert(!weft_stun_transaction_matches(&t, &m));
  r.fail_on = true;
  ck_assert_int_eq(weft_stun_transaction_start(&t, &rng, 0, 0), WEFT_ERANDOM);
  ck_assert_uint_eq(t.deadline, WEFT_NEVER);
}
END_TEST

Suite *test_stun_transaction(void) {
  static const unit_test tests[] = {UNIT(schedule), UNIT(matching)};
  return unit_suite("stun/transaction", tests, sizeof tests / sizeof tests[0]);
}
