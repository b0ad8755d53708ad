#include <string.h>

#include "sctp/sctp_int.h"
#include "test/support/unit.h"

static const uint8_t key[16] = {1, 2, 3};

static const weft_sctp_cookie sample = {.peer = {.my_tag = 1,
                                                 .peer_tag = 2,
                                                 .my_tsn = 3,
                                                 .peer_tsn = 4,
                                                 .peer_window = 5,
                                                 .streams_out = 6,
                                                 .streams_in = 7,
                                                 .forward = true,
                                                 .zero_checksum = true},
                                        .tie_my_tag = 8,
                                        .tie_peer_tag = 9,
                                        .made = 10};

static void make(uint8_t out[WEFT_SCTP_COOKIE_SIZE]) {
  weft_wr w;
  weft_wr_init(&w, out, WEFT_SCTP_COOKIE_SIZE);
  weft_sctp_cookie_write(&w, key, &sample);
  ck_assert(weft_wr_ok(&w));
  ck_assert_uint_eq(weft_wr_len(&w), WEFT_SCTP_COOKIE_SIZE);
}

START_TEST(comes_back) {
  uint8_t c[WEFT_SCTP_COOKIE_SIZE];
  weft_sctp_cookie back = {.made = 0};
  make(c);
  ck_assert_int_eq(weft_sctp_cookie_read(&back, key, c, sizeof c), WEFT_OK);
  ck_assert_uint_eq(back.made, 10);
  ck_assert_uint_eq(back.peer.my_tag, 1);
  ck_assert_uint_eq(back.peer.peer_tag, 2);
  ck_assert_uint_eq(back.peer.my_tsn, 3);
  ck_assert_uint_eq(back.peer.peer_tsn, 4);
  ck_assert_uint_eq(back.peer.peer_window, 5);
  ck_assert_uint_eq(back.peer.streams_out, 6);
  ck_assert_uint_eq(back.peer.streams_in, 7);
  ck_assert(back.peer.forward && !back.peer.reconfig && back.peer.zero_checksum);
  ck_assert_uint_eq(back.tie_my_tag, 8);
  ck_assert_uint_eq(back.tie_peer_tag, 9);
}
END_TEST

START_TEST(every_bit_counts) {
  uint8_t c[WEFT_SCTP_COOKIE_SIZE];
  weft_sctp_cookie back;
  make(c);
  for (size_t i = 0; i < sizeof c * 8; i++) {
    c[i / 8] ^= (uint8_t)(1u << i % 8);
    ck_assert_int_eq(weft_sctp_cookie_read(&back, key, c, sizeof c), WEFT_EAUTH);
    c[i / 8] ^= (uint8_t)(1u << i % 8);
  }
  for (size_t n = 0; n < sizeof c; n++) ck_assert_int_eq(weft_sctp_cookie_read(&back, key, c, n), WEFT_EAUTH);
}
END_TEST

START_TEST(another_key_refuses) {
  uint8_t c[WEFT_SCTP_COOKIE_SIZE], other[16] = {1, 2, 4};
  weft_sctp_cookie back;
  make(c);
  ck_assert_int_eq(weft_sctp_cookie_read(&back, other, c, sizeof c), WEFT_EAUTH);
}
END_TEST

Suite *test_sctp_cookie(void) {
  static const unit_test tests[] = {UNIT(comes_back), UNIT(every_bit_counts), UNIT(another_key_refuses)};
  return unit_suite("sctp/cookie", tests, sizeof tests / sizeof tests[0]);
}
