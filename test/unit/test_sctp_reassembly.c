#include "sctp/reassembly.h"

#include <stdio.h>
#include <string.h>

#include "test/support/alloc.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

static weft_sctp_pool pool;
static weft_sctp_reassembly r;
static weft_sctp_fragment *run;
static char got[8192]; /* what was delivered, messages separated by '|' */

enum { B = WEFT_SCTP_FLAG_B, E = WEFT_SCTP_FLAG_E, U = WEFT_SCTP_FLAG_U };

static void begin(uint32_t max_message) {
  weft_sctp_pool_init(&pool, test_alloc(), 1376);
  ck_assert_int_eq(weft_sctp_reassembly_init(&r, &pool, 77, 0, max_message), WEFT_OK);
  got[0] = 0;
}

static void end(void) {
  weft_sctp_reassembly_free(&r);
  ck_assert_uint_eq(r.bytes, 0);
  ck_assert_uint_eq(r.charge, 0);
  ck_assert_uint_eq(pool.in_use, 0);
  weft_sctp_pool_trim(&pool);
}

static void note(const uint8_t *data, size_t len) {
  strncat(got, (const char *)data, len);
  strcat(got, "|");
}

static void take_run(void) {
  weft_sctp_message_in m;
  weft_sctp_reassembly_read(&r, run, &m);
  note(m.data, m.len);
  weft_sctp_reassembly_release(&r, run);
}

static int add(uint32_t tsn, int flags, uint16_t stream, uint16_t ssn, const char *text) {
  weft_sctp_data d = {.tsn = tsn,
                      .ppid = 51,
                      .stream = stream,
                      .ssn = ssn,
                      .flags = (uint8_t)flags,
                      .payload = (const uint8_t *)text,
                      .len = strlen(text)};
  int rc = weft_sctp_reassembly_add(&r, &d, false, false, &run);
  if (rc == WEFT_SCTP_TAKE_DATA) note(d.payload, d.len);
  if (rc == WEFT_SCTP_TAKE_RUN) take_run();
  if (rc > 0 && !(flags & U)) {
    while ((run = weft_sctp_reassembly_next(&r, stream))) take_run();
  }
  return rc;
}

START_TEST(every_order_of_four_fragments) {
  static const char *const text[4] = {"ab", "c", "def", "g"};
  int order[4];
  for (int i = 0; i < 256; i++) {
    bool used[4] = {false};
    bool valid = true;
    for (int k = 0; k < 4; k++) {
      order[k] = i >> (2 * k) & 3;
      valid = valid && !used[order[k]];
      used[order[k]] = true;
    }
    if (!valid) continue;
    begin(1000);
    for (int k = 0; k < 4; k++) {
      int o = order[k];
      add(0xfffffffeu + (uint32_t)o, (o == 0 ? B : 0) | (o == 3 ? E : 0) | (i & 1 ? U : 0), 5, 0, text[o]);
    }
    ck_assert_str_eq(got, "abcdefg|");
    ck_assert_uint_eq(r.bytes, 0);
    end();
  }
}
END_TEST

START_TEST(order_within_a_stream_not_between) {
  begin(1000);
  ck_assert_int_eq(add(12, B | E, 1, 2, "c"), WEFT_SCTP_KEPT);
  ck_assert_int_eq(add(11, B | E, 1, 1, "b"), WEFT_SCTP_KEPT);
  ck_assert_int_eq(add(13, B | E, 2, 0, "other"), WEFT_SCTP_TAKE_DATA);
  ck_assert_int_eq(add(14, B | E | U, 1, 9, "now"), WEFT_SCTP_TAKE_DATA);
  ck_assert_int_eq(add(10, B | E, 1, 0, "a"), WEFT_SCTP_TAKE_DATA);
  ck_assert_str_eq(got, "other|now|a|b|c|");
  end();
}
END_TEST

/* RFC 9260 section 6.9; F9 of the attack list. */
START_TEST(what_cannot_belong_together) {
  begin(1000);
  ck_assert_int_eq(add(1, B, 1, 0, "x"), WEFT_SCTP_KEPT);
  ck_assert_int_eq(add(2, 0, 2, 0, "y"), WEFT_EPROTO); /* another stream */
  ck_assert_int_eq(add(2, 0, 1, 1, "y"), WEFT_EPROTO); /* another sequence number */
  ck_assert_int_eq(add(2, U, 1, 0, "y"), WEFT_EPROTO); /* unordered */
  ck_assert_int_eq(add(5, E, 1, 1, "y"), WEFT_SCTP_KEPT);
  ck_assert_int_eq(add(6, 0, 1, 1, "y"), WEFT_EPROTO);     /* behind a last one, no first */
  ck_assert_int_eq(add(4, B | E, 1, 1, "y"), WEFT_EPROTO); /* a whole one before a middle one */
  weft_sctp_data d = {.tsn = 9, .stream = 1, .ssn = 3, .flags = 0, .payload = (const uint8_t *)"z", .len = 1};
  ck_assert_int_eq(weft_sctp_reassembly_add(&r, &d, true, false, &run), WEFT_EPROTO); /* its beginning never came */
  ck_assert_int_eq(weft_sctp_reassembly_add(&r, &d, true, true, &run),
                   WEFT_SCTP_STALE); /* ... because it was skipped */
  ck_assert_int_eq(add(20, B | E, 3, 5, "a"), WEFT_SCTP_KEPT);
  ck_assert_int_eq(add(21, B | E, 3, 5, "b"), WEFT_EPROTO);          /* the same number twice */
  ck_assert_int_eq(add(22, B | E, 3, 0xffff, "b"), WEFT_SCTP_STALE); /* behind the turn */
  ck_assert_int_eq(add(23, B, 3, 0xffff, "b"), WEFT_SCTP_STALE);     /* ... in fragments */
  d = (weft_sctp_data){.tsn = 24, .stream = 3, .ssn = 0xffff, .flags = 0, .payload = (const uint8_t *)"b", .len = 1};
  ck_assert_int_eq(weft_sctp_reassembly_add(&r, &d, true, false, &run), WEFT_SCTP_STALE);
  end();
}
END_TEST

START_TEST(a_message_has_a_largest_size) {
  begin(10);
  ck_assert_int_eq(add(1, B, 1, 0, "12345"), WEFT_SCTP_KEPT);
  ck_assert_int_eq(add(2, 0, 1, 0, "12345"), WEFT_SCTP_KEPT);
  ck_assert_int_eq(add(3, E, 1, 0, "1"), WEFT_ETOOBIG);
  ck_assert_int_eq(add(9, B | E, 1, 0, "12345678901"), WEFT_ETOOBIG);
  end();
}
END_TEST

/* A sender that gave up half-way (RFC 3758): the half goes when the next message shows it, or with the FORWARD-TSN. */
START_TEST(given_up_halves) {
  begin(1000);
  ck_assert_int_eq(add(1, B, 1, 0, "half"), WEFT_SCTP_KEPT);
  ck_assert_int_eq(add(2, B | E, 2, 0, "whole"), WEFT_SCTP_TAKE_DATA);
  ck_assert_uint_eq(r.bytes, 0);
  add(10, B | U, 1, 0, "u");
  add(12, 0, 3, 4, "middle");
  add(14, B, 3, 5, "later");
  weft_sctp_reassembly_dropped(&r, 12);
  ck_assert_uint_eq(r.bytes, 5); /* "later" may still become something */
  ck_assert_ptr_null(weft_sctp_reassembly_skipped(&r, 3, 5));
  weft_sctp_reassembly_dropped(&r, 13);
  ck_assert_uint_eq(r.bytes, 0);
  ck_assert_int_eq(add(15, E, 3, 5, "rest"), WEFT_SCTP_STALE);
  ck_assert_int_eq(add(16, B | E, 3, 6, "next"), WEFT_SCTP_TAKE_DATA);
  end();
}
END_TEST

START_TEST(skipping_delivers_what_is_whole) {
  begin(1000);
  add(2, B | E, 1, 1, "b");
  add(4, B | E, 1, 3, "d");
  add(6, B | E, 1, 5, "f");
  while ((run = weft_sctp_reassembly_skipped(&r, 1, 4))) take_run();
  ck_assert_str_eq(got, "b|d|f|"); /* b and d in order, and f's turn has come */
  add(7, B | E, 1, 6, "g");
  ck_assert_str_eq(got, "b|d|f|g|");
  ck_assert_ptr_null(weft_sctp_reassembly_skipped(&r, 1, 2)); /* an old one changes nothing */
  add(8, B | E, 1, 7, "h");
  ck_assert_str_eq(got, "b|d|f|g|h|");
  end();
}
END_TEST

START_TEST(skipping_far_with_many_waiting) {
  begin(1000);
  char want[256] = "", one[8];
  for (uint16_t i = 30; i > 0; i--) {
    snprintf(one, sizeof one, "%u", i);
    ck_assert_int_eq(add(100u + i, B | E, 1, (uint16_t)(i * 1000), one), WEFT_SCTP_KEPT);
  }
  for (uint16_t i = 1; i <= 30; i++) {
    snprintf(one, sizeof one, "%u|", i);
    strcat(want, one);
  }
  while ((run = weft_sctp_reassembly_skipped(&r, 1, 31000))) take_run();
  ck_assert_str_eq(got, want);
  end();
}
END_TEST

START_TEST(reset_numbers_begin_again) {
  begin(1000);
  add(1, B | E, 1, 0, "a");
  add(2, B | E, 70, 0, "x");
  weft_sctp_reassembly_reset(&r, 1);
  ck_assert_int_eq(add(3, B | E, 1, 0, "b"), WEFT_SCTP_TAKE_DATA);
  weft_sctp_reassembly_reset_all(&r);
  ck_assert_int_eq(add(4, B | E, 70, 0, "y"), WEFT_SCTP_TAKE_DATA);
  weft_sctp_reassembly_reset(&r, 60000); /* never used */
  end();
}
END_TEST

/* 65536 streams cost what they use, and at most a megabyte and a bit. */
START_TEST(streams_cost_little) {
  begin(1000);
  size_t before = test_leak()->bytes;
  add(1, B | E, 0, 0, "a");
  ck_assert_uint_le(test_leak()->bytes - before, 1400);
  for (uint32_t i = 1; i < 65536; i++) add(i + 1, B | E, (uint16_t)i, 0, ""), got[0] = 0;
  ck_assert_uint_le(test_leak()->bytes - before, (1u << 20) + 16384);
  end();
}
END_TEST

START_TEST(without_memory_nothing_changes) {
  begin(100000);
  add(1, B, 1, 0, "abc");
  size_t bytes = r.bytes;
  for (int i = 1; i < 4; i++) {
    static char big[3000];
    memset(big, 'x', sizeof big - 1);
    test_leak()->fail_at = (size_t)i;
    test_leak()->fail_on = true;
    int rc = add(2, E, 1, 0, big);
    test_leak()->fail_at = 0;
    test_leak()->fail_on = false;
    if (rc != WEFT_ENOMEM) break;
    ck_assert_uint_eq(r.bytes, bytes);
  }
  end();
}
END_TEST

Suite *test_sctp_reassembly(void) {
  static const unit_test tests[] = {UNIT(every_order_of_four_fragments),
                                    UNIT(order_within_a_stream_not_between),
                                    UNIT(what_cannot_belong_together),
                                    UNIT(a_message_has_a_largest_size),
                                    UNIT(given_up_halves),
                                    UNIT(skipping_delivers_what_is_whole),
                                    UNIT(skipping_far_with_many_waiting),
                                    UNIT(reset_numbers_begin_again),
                                    UNIT(streams_cost_little),
                                    UNIT(without_memory_nothing_changes)};
  return unit_suite("sctp/reassembly", tests, sizeof tests / sizeof tests[0]);
}
