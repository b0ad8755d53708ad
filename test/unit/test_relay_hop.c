#include "test/unit/relay_client_rig.h"

#define ID_B \
  "002408011220" \
  "6262626262626262626262626262626262626262626262626262626262626262"
#define STANDS "CLOSED reservation WEFT_OK 100; "

START_TEST(asks_for_a_reservation) {
  client_rig *x = client_rig_new(WEFT_RELAY_RESERVE);
  ck_assert_hex(x->out, x->out_len, "020800");
  ck_assert_uint_eq(weft_relay_client_deadline(x->c), WEFT_SEC(15));
  client_rig_free(x);
}
END_TEST

START_TEST(asks_for_a_circuit) {
  client_rig *x = client_rig_new(WEFT_RELAY_CONNECT);
  ck_assert_hex(x->out, x->out_len, "2c 0801 1228 0a26" ID_B);
  client_rig_free(x);
}
END_TEST

static void reserve_until(uint64_t expire, const char *events) {
  client_rig *x = client_rig_new(WEFT_RELAY_RESERVE);
  uint8_t msg[1024];
  size_t len = client_rig_reservation(msg, expire, 'r', 'a', expire);
  ck_assert_int_eq(client_rig_give(x, msg, len), (ptrdiff_t)len);
  ck_assert_events(x, events);
  ck_assert_uint_eq(weft_relay_client_deadline(x->c), WEFT_NEVER);
  client_rig_free(x);
}

/* It is unix second RIG_UNIX + 5. Five minutes before the end, or half of a short one. */
START_TEST(is_to_be_renewed_before_the_end) {
  reserve_until(RIG_UNIX + 5 + 3600, "RESERVED 1700003605 3305; " STANDS);
  reserve_until(RIG_UNIX + 5 + 600, "RESERVED 1700000605 305; " STANDS);
  reserve_until(RIG_UNIX + 5 + 100, "RESERVED 1700000105 55; " STANDS);
  reserve_until(RIG_UNIX + 5 + 1, "RESERVED 1700000006 6; " STANDS);
}
END_TEST

START_TEST(a_reservation_for_ever_saturates) {
  reserve_until(UINT64_MAX, "RESERVED 18446744073709551615 18446744073709; " STANDS);
}
END_TEST

START_TEST(one_that_has_expired_is_none) {
  reserve_until(RIG_UNIX + 5, "CLOSED reservation WEFT_EPROTO 100; ");
  reserve_until(0, "CLOSED reservation WEFT_EPROTO 100; ");
}
END_TEST

static void voucher(char relay, char peer, uint64_t expire, const char *events, const char *text) {
  client_rig *x = client_rig_new(WEFT_RELAY_RESERVE);
  uint8_t msg[1024];
  size_t len = client_rig_reservation(msg, RIG_UNIX + 3605, relay, peer, expire);
  ck_assert_int_eq(client_rig_give(x, msg, len), (ptrdiff_t)len);
  ck_assert_events(x, events);
  if (text) ck_assert_str_eq(x->closed.text, text);
  client_rig_free(x);
}

START_TEST(verifies_the_voucher) {
  voucher('r', 'b', RIG_UNIX + 9, "CLOSED voucher WEFT_EAUTH 100; ", "the voucher is for another peer");
  voucher('x', 'a', RIG_UNIX + 9, "CLOSED voucher WEFT_EAUTH 100; ", "the voucher is signed by another than the relay");
  voucher('r', 'a', RIG_UNIX + 5, "CLOSED voucher WEFT_EAUTH 100; ", "the voucher has expired");
  voucher('r', 'a', RIG_UNIX + 6, "RESERVED 1700003605 3305; " STANDS, NULL);
  voucher(0, 'a', 0, "RESERVED 1700003605 3305; " STANDS, NULL); /* none */
}
END_TEST

START_TEST(says_which_status_refused_it) {
  static const struct {
    const char *hex;
    uint32_t status;
  } cases[] = {{"050802 28c801", 200}, {"050802 28c901", 201}, {"050802 28ca01", 202}, {"050802 28cb01", 203},
               {"050802 28cc01", 204}, {"050802 289003", 400}, {"050802 289103", 401}, {"040802 2807", 7}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    client_rig *x = client_rig_new(i % 2 ? WEFT_RELAY_RESERVE : WEFT_RELAY_CONNECT);
    client_rig_hex(x, cases[i].hex);
    ck_assert_int_eq(x->closed.code, WEFT_EREFUSED);
    ck_assert_uint_eq(x->closed.wire_code, cases[i].status);
    ck_assert_int_eq(x->closed.who, WEFT_WHO_PEER);
    ck_assert_str_eq(x->closed.step, i % 2 ? "reservation" : "circuit");
    client_rig_free(x);
  }
}
END_TEST

START_TEST(other_answers_break_the_protocol) {
  static const char *const bad[] = {"020800", "00", "020802", "022864", "040801 2864"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) {
    client_rig *x = client_rig_new(WEFT_RELAY_CONNECT);
    client_rig_hex(x, bad[i]);
    ck_assert_msg(x->closed.code == WEFT_EPROTO, "%s", bad[i]);
    client_rig_free(x);
  }
  client_rig *x = client_rig_new(WEFT_RELAY_RESERVE);
  client_rig_hex(x, "040802 2864"); /* OK, and no reservation */
  ck_assert_events(x, "CLOSED reservation WEFT_EPROTO 100; ");
  client_rig_free(x);
}
END_TEST

START_TEST(a_circuit_stands_and_its_bytes_are_left) {
  client_rig *x = client_rig_new(WEFT_RELAY_CONNECT);
  ck_assert_int_eq(client_rig_give(x, "\x04\x08\x02\x28\x64hello", 10), 5);
  ck_assert_events(x, "CIRCUIT b; CLOSED circuit WEFT_OK 100; ");
  ck_assert(!x->limited);
  ck_assert_int_eq(client_rig_give(x, "hello", 5), 0);
  ck_assert_events(x, "");
  client_rig_free(x);
}
END_TEST

START_TEST(a_limit_makes_it_limited) {
  client_rig *x = client_rig_new(WEFT_RELAY_CONNECT);
  client_rig_hex(x, "0c 0802 2206 087810808008 2864"); /* 120 s, 131,072 bytes */
  ck_assert(x->limited);
  ck_assert_uint_eq(x->limit_duration, 120);
  ck_assert_uint_eq(x->limit_data, 131072);
  client_rig_free(x);
}
END_TEST

Suite *test_relay_hop(void) {
  static const unit_test tests[] = {UNIT(asks_for_a_reservation),
                                    UNIT(asks_for_a_circuit),
                                    UNIT(is_to_be_renewed_before_the_end),
                                    UNIT(a_reservation_for_ever_saturates),
                                    UNIT(one_that_has_expired_is_none),
                                    UNIT(verifies_the_voucher),
                                    UNIT(says_which_status_refused_it),
                                    UNIT(other_answers_break_the_protocol),
                                    UNIT(a_circuit_stands_and_its_bytes_are_left),
                                    UNIT(a_limit_makes_it_limited)};
  return unit_suite("relay/hop", tests, sizeof tests / sizeof tests[0]);
}
