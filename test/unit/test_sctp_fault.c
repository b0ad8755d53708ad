#include "test/support/hex.h"
#include "test/support/unit.h"
#include "test/unit/sctp_link.h"

/* What comes back of a long unknown chunk is its beginning. */
START_TEST(echoes_are_cut) {
  sctp_link l;
  weft_sctp_chunk c;
  uint8_t chunk[104] = {0xfe, 0, 0, 104, 1, 2, 3};
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_inject(&l, 1, chunk, sizeof chunk);
  ck_assert(link_find(&l, 1, WEFT_SCTP_ERROR, &c, NULL));
  ck_assert_uint_eq(c.length, 4 + 4 + WEFT_SCTP_ECHO);
  ck_assert_hex(c.value, 4, "00060044");
  ck_assert_mem_eq(c.value + 4, chunk, WEFT_SCTP_ECHO);
  sctp_link_close(&l);
}
END_TEST

START_TEST(several_causes_share_one_error) {
  sctp_link l;
  weft_sctp_chunk c;
  uint8_t chunks[8] = {0xfe, 0, 0, 4, 0xfd, 0, 0, 4};
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_inject(&l, 1, chunks, sizeof chunks);
  ck_assert_uint_eq(l.queued, 1);
  ck_assert(link_find(&l, 1, WEFT_SCTP_ERROR, &c, NULL));
  ck_assert_hex(c.start, c.length,
                "09000014"
                "00060008"
                "fe000004"
                "00060008"
                "fd000004");
  sctp_link_close(&l);
}
END_TEST

/* Causes of any number, as many as fit a packet: read to the end, answered never. */
START_TEST(errors_are_read_and_left) {
  sctp_link l;
  uint8_t chunk[1004] = {WEFT_SCTP_ERROR, 0, 0x03, 0xec};
  for (size_t i = 4; i < sizeof chunk; i += 4) {
    weft_sctp_put16(chunk + i, (uint16_t)i);
    weft_sctp_put16(chunk + i + 2, 4);
  }
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_inject(&l, 1, chunk, sizeof chunk);
  uint8_t stale[12] = {WEFT_SCTP_ERROR, 0, 0, 12, 0, 3, 0, 8};
  link_inject(&l, 1, stale, 12); /* means nothing once established */
  ck_assert_int_eq(weft_sctp_get_state(l.end[1].s), WEFT_SCTP_ESTABLISHED);
  ck_assert_uint_eq(l.queued, 0);
  sctp_link_close(&l);
}
END_TEST

/* A peer whose every cookie is stale is given up on. */
START_TEST(endless_stale_cookies) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_open(&l);
  weft_sctp_connect(l.end[0].s, l.now);
  int rounds = 0;
  for (; rounds < 50 && !l.end[0].events[WEFT_SCTP_EVENT_CLOSED]; rounds++) {
    uint8_t ack[60] = {
        WEFT_SCTP_INIT_ACK, 0, 0, 28, 0, 0, 0, 9, 0, 1, 0, 0, 0, 5, 0, 5, 0, 0, 0, 1, 0, 7, 0, 8, 1, 2, 3, 4};
    uint8_t stale[12] = {WEFT_SCTP_ERROR, 0, 0, 12, 0, 3, 0, 8};
    link_clear(&l);
    link_inject(&l, 0, ack, 28);
    link_clear(&l);
    link_inject(&l, 0, stale, 12);
  }
  ck_assert_int_eq(rounds, 9);
  ck_assert_uint_eq(l.end[0].last[WEFT_SCTP_EVENT_CLOSED].closed.wire_code, WEFT_SCTP_CAUSE_STALE_COOKIE);
  sctp_link_close(&l);
}
END_TEST

Suite *test_sctp_fault(void) {
  static const unit_test tests[] = {UNIT(echoes_are_cut), UNIT(several_causes_share_one_error),
                                    UNIT(errors_are_read_and_left), UNIT(endless_stale_cookies)};
  return unit_suite("sctp/fault", tests, sizeof tests / sizeof tests[0]);
}
