#include "test/unit/relay_rig.h"

static int feed(weft_relay_reader *rd, const uint8_t *data, size_t len, size_t *taken) {
  return weft_relay_reader_input(rd, test_alloc(), data, len, taken);
}

START_TEST(takes_one_message_and_not_a_byte_more) {
  for (size_t cut = 0; cut <= 5; cut++) {
    static const uint8_t in[] = {3, 'a', 'b', 'c', 'X'};
    weft_relay_reader rd = {0};
    size_t taken, rest;
    int rc = feed(&rd, in, cut, &taken);
    ck_assert_uint_eq(taken, cut < 4 ? cut : 4);
    ck_assert_int_eq(rc, cut < 4 ? WEFT_EAGAIN : WEFT_OK);
    if (cut < 4) ck_assert_int_eq(feed(&rd, in + cut, sizeof in - cut, &rest), WEFT_OK);
    if (cut < 4) ck_assert_uint_eq(rest, 4 - cut);
    ck_assert(rd.want == 3 && memcmp(rd.body, "abc", 3) == 0);
    weft_relay_reader_free(&rd, test_alloc());
  }
}
END_TEST

START_TEST(an_empty_message_is_one) {
  weft_relay_reader rd = {0};
  size_t taken;
  ck_assert_int_eq(feed(&rd, (const uint8_t *)"\0x", 2, &taken), WEFT_OK);
  ck_assert_uint_eq(taken, 1);
  ck_assert_uint_eq(rd.want, 0);
  weft_relay_reader_free(&rd, test_alloc());
}
END_TEST

START_TEST(four_kibibytes_and_no_more) {
  static uint8_t in[4098] = {0x80, 0x20}; /* 4096 */
  weft_relay_reader rd = {0};
  size_t taken;
  ck_assert_int_eq(feed(&rd, in, sizeof in, &taken), WEFT_OK);
  ck_assert_uint_eq(taken, sizeof in);
  weft_relay_reader_free(&rd, test_alloc());
  ck_assert_int_eq(feed(&rd, (const uint8_t *)"\x81\x20", 2, &taken), WEFT_ETOOBIG); /* 4097 */
  rd = (weft_relay_reader){0};
  ck_assert_int_eq(feed(&rd, (const uint8_t *)"\x80\x80\x01", 3, &taken), WEFT_ETOOBIG); /* 16384 */
  rd = (weft_relay_reader){0};
  ck_assert_int_eq(feed(&rd, (const uint8_t *)"\x80\x00", 2, &taken), WEFT_EMALFORMED); /* not minimal */
}
END_TEST

START_TEST(no_memory) {
  weft_relay_reader rd = {0};
  size_t taken;
  test_leak()->fail_at = 1;
  ck_assert_int_eq(feed(&rd, (const uint8_t *)"\x02", 1, &taken), WEFT_ENOMEM);
}
END_TEST

Suite *test_relay_reader(void) {
  static const unit_test tests[] = {UNIT(takes_one_message_and_not_a_byte_more), UNIT(an_empty_message_is_one),
                                    UNIT(four_kibibytes_and_no_more), UNIT(no_memory)};
  return unit_suite("relay/reader", tests, sizeof tests / sizeof tests[0]);
}
