#include <string.h>

#include "sctp/received.h"
#include "sctp/send.h"
#include "test/support/alloc.h"
#include "test/support/unit.h"

static weft_sctp_pool pool;
static weft_sctp_send_state t;
static uint8_t bytes[5000];

static void begin(uint32_t tsn, uint16_t ssn) {
  weft_sctp_pool_init(&pool, test_alloc(), 1376);
  ck_assert_int_eq(weft_sctp_send_init(&t, &pool, 5, tsn, ssn, 1160), WEFT_OK);
}

static void end(void) {
  weft_sctp_send_free(&t);
  ck_assert_uint_eq(pool.in_use, 0);
  weft_sctp_pool_trim(&pool);
}

static void push(uint16_t stream, size_t n, bool unordered, weft_time lifetime) {
  weft_sctp_message m = {.stream = stream, .ppid = 0x01020304, .unordered = unordered, .lifetime = lifetime};
  ck_assert_int_eq(weft_sctp_send_push(&t, &m, bytes, n, 1000), WEFT_OK);
}

static weft_sctp_out *next(weft_time now) {
  weft_sctp_out *c = weft_sctp_send_peek(&t, now);
  if (!c) return NULL;
  ck_assert_int_eq(weft_sctp_send_assign(&t, c), WEFT_OK);
  weft_sctp_send_sent(&t, c, now);
  return c;
}

/* RFC 9260 section 3.3.1: flags, length, TSN, stream, sequence number, protocol, across the wrap of both numbers. */
START_TEST(chunks_on_the_wire) {
  begin(0xffffffff, 0xffff);
  push(7, 1132 + 5, false, 0);
  push(7, 3, false, 0);
  weft_sctp_out *a = next(1), *b = next(1), *c = next(1);
  static const uint8_t first[] = {0, 2, 0x04, 0x7c, 0xff, 0xff, 0xff, 0xff, 0, 7, 0xff, 0xff, 1, 2, 3, 4};
  static const uint8_t second[] = {0, 1, 0, 21, 0, 0, 0, 0, 0, 7, 0xff, 0xff, 1, 2, 3, 4};
  static const uint8_t third[] = {0, 3, 0, 19, 0, 0, 0, 1, 0, 7, 0, 0, 1, 2, 3, 4};
  ck_assert_mem_eq(a->wire, first, 16);
  ck_assert_mem_eq(b->wire, second, 16);
  ck_assert_mem_eq(c->wire, third, 16);
  ck_assert_uint_eq(weft_sctp_out_size(b), 24);
  ck_assert_uint_eq(t.flight, 1148 + 24 + 20);
  ck_assert_uint_eq(t.flight_payload, 1132 + 5 + 3);
  ck_assert_ptr_null(next(1));
  end();
}
END_TEST

START_TEST(unordered_takes_no_number) {
  begin(1, 9);
  push(1, 10, true, 0);
  push(1, 10, false, 0);
  weft_sctp_out *a = next(1), *b = next(1);
  ck_assert_uint_eq(a->wire[1], WEFT_SCTP_FLAG_B | WEFT_SCTP_FLAG_E | WEFT_SCTP_FLAG_U);
  ck_assert_uint_eq(weft_sctp_be16(b->wire + 10), 9);
  end();
}
END_TEST

START_TEST(turns_are_by_message) {
  static const uint16_t want[] = {1, 1, 1, 2, 3, 1, 3};
  begin(1, 0);
  push(1, 3000, false, 0);
  push(1, 10, false, 0);
  push(2, 10, false, 0);
  push(3, 10, false, 0);
  push(3, 10, false, 0);
  for (size_t i = 0; i < 7; i++) ck_assert_uint_eq(next(1)->stream->id, want[i]);
  end();
}
END_TEST

START_TEST(expired_messages_are_skipped) {
  begin(1, 0);
  t.partial = true;
  push(1, 3000, false, WEFT_MS(5));
  push(1, 10, false, 0);
  push(2, 20, false, WEFT_MS(5));
  weft_sctp_out *c = next(1000 + WEFT_MS(5));
  ck_assert_uint_eq(c->len, 10);
  ck_assert_uint_eq(weft_sctp_be16(c->wire + 10), 0); /* the one that vanished took no number */
  ck_assert_ptr_null(next(1000 + WEFT_MS(5)));
  ck_assert_uint_eq(t.buffered, 10);
  end();
}
END_TEST

/* No more outstanding than the peer can tell apart. */
START_TEST(the_tsn_window) {
  begin(0xffffff00, 0);
  for (int i = 0; i < 40000; i++) push(1, 1, true, 0);
  uint32_t n = 0;
  while (next(1)) n++;
  ck_assert_uint_eq(n, WEFT_SCTP_TSN_WINDOW - 1);
  ck_assert_uint_eq(t.size, 32768);
  end();
}
END_TEST

/* Half of a message in the ring, which is full, is given up: a stand-in for its end goes with it, and the next message has the next number. */
START_TEST(giving_up_with_a_full_ring) {
  for (unsigned fill = 25; fill < 40; fill++) {
    begin(0xfffffff0, 7);
    t.partial = true;
    for (unsigned i = 0; i < fill; i++) push(2, 1, true, 0);
    for (unsigned i = 0; i < fill; i++) ck_assert_ptr_nonnull(next(1));
    push(1, 3000, false, WEFT_MS(5));
    weft_sctp_out *half = next(1);
    weft_sctp_send_abandon(&t, half);
    ck_assert_ptr_null(t.current);
    ck_assert_uint_eq(t.buffered, fill);
    ck_assert_uint_eq(t.next - half->tsn, 2);
    ck_assert_uint_eq((*weft_sctp_send_slot(&t, half->tsn + 1))->wire[1], WEFT_SCTP_FLAG_E);
    ck_assert_uint_eq(*weft_sctp_send_mark(&t, half->tsn + 1), WEFT_SCTP_ABANDONED);
    push(1, 10, false, 0);
    ck_assert_uint_eq(weft_sctp_be16(next(1)->wire + 10), 8);
    end();
  }
}
END_TEST

START_TEST(memory_is_counted_and_all_or_nothing) {
  begin(1, 0);
  ck_assert_uint_eq(weft_sctp_send_memory(&t, 5000), 4 * 1376 + 640);
  push(1, 5000, false, 0);
  ck_assert_uint_eq(t.memory, weft_sctp_send_memory(&t, 5000));
  weft_sctp_message m = {.stream = 2};
  test_leak()->fail_at = 3;
  ck_assert_int_eq(weft_sctp_send_push(&t, &m, bytes, 5000, 1), WEFT_ENOMEM);
  test_leak()->fail_at = 0;
  ck_assert_uint_eq(t.memory, weft_sctp_send_memory(&t, 5000));
  ck_assert_uint_eq(t.buffered, 5000);
  ck_assert_ptr_null(weft_sctp_send_stream(&t, 2));
  end();
}
END_TEST

Suite *test_sctp_queue(void) {
  static const unit_test tests[] = {UNIT(chunks_on_the_wire),
                                    UNIT(unordered_takes_no_number),
                                    UNIT(turns_are_by_message),
                                    UNIT(expired_messages_are_skipped),
                                    UNIT(the_tsn_window),
                                    UNIT(giving_up_with_a_full_ring),
                                    UNIT(memory_is_counted_and_all_or_nothing)};
  return unit_suite("sctp/queue", tests, sizeof tests / sizeof tests[0]);
}
