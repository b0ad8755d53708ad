#include "test/unit/relay_client_rig.h"

/* test/conformance/public/relay.json: stop-connect-limit-0, with its length */
#define ASKED \
  "34 080012280a26002408011220487a358fc20be61479f9c7503dd90bb9b5c948274d19bd946bf691fda56cb0d71a06087810808008"

START_TEST(accepts_and_says_who_comes) {
  client_rig *x = client_rig_new(WEFT_RELAY_ACCEPT);
  ck_assert_uint_eq(x->out_len, 0);
  client_rig_hex(x, ASKED);
  ck_assert_events(x, "CIRCUIT \xd7; CLOSED circuit WEFT_OK 100; ");
  ck_assert_hex(x->out, x->out_len, "04 0801 2064");
  ck_assert(x->limited && x->limit_duration == 120 && x->limit_data == 131072);
  client_rig_free(x);
}
END_TEST

START_TEST(the_dialers_bytes_are_left) {
  client_rig *x = client_rig_new(WEFT_RELAY_ACCEPT);
  uint8_t buf[128];
  size_t n = hex_into(buf, sizeof buf, ASKED "68656c6c6f");
  ck_assert_int_eq(client_rig_give(x, buf, n), (ptrdiff_t)n - 5);
  client_rig_free(x);
}
END_TEST

/* Else the application's first bytes would come before our status. */
START_TEST(the_circuit_stands_when_our_answer_is_out) {
  client_rig *x = client_rig_new(WEFT_RELAY_ACCEPT);
  x->room = 2;
  client_rig_hex(x, ASKED);
  ck_assert_events(x, "");
  ck_assert_int_eq(client_rig_give(x, "early", 5), 0);
  x->room = 2;
  weft_relay_client_tick(x->c, x->now);
  ck_assert_events(x, "");
  ck_assert_int_eq(weft_relay_client_input_end(x->c, x->now), WEFT_OK); /* the dialer's half close */
  x->room = 9;
  weft_relay_client_tick(x->c, x->now);
  ck_assert_events(x, "CIRCUIT \xd7; CLOSED circuit WEFT_OK 100; ");
  ck_assert_hex(x->out, x->out_len, "04 0801 2064");
  client_rig_free(x);
}
END_TEST

START_TEST(an_answer_that_never_leaves_times_out) {
  client_rig *x = client_rig_new(WEFT_RELAY_ACCEPT);
  x->room = 0;
  client_rig_hex(x, ASKED);
  x->now = WEFT_SEC(15);
  weft_relay_client_tick(x->c, x->now);
  ck_assert_events(x, "CLOSED message WEFT_ETIMEDOUT 0; ");
  client_rig_free(x);
}
END_TEST

static void refused(const char *hex, const char *status_hex, const char *events) {
  client_rig *x = client_rig_new(WEFT_RELAY_ACCEPT);
  client_rig_hex(x, hex);
  ck_assert_events(x, events);
  ck_assert_hex(x->out, x->out_len, status_hex);
  client_rig_free(x);
}

START_TEST(tells_the_relay_what_is_wrong) {
  refused("040801 2064", "05 0801 209103", "CLOSED message WEFT_EPROTO 401; "); /* a status */
  refused("020807", "05 0801 209103", "CLOSED message WEFT_EPROTO 401; ");      /* no such type */
  refused("00", "05 0801 209003", "CLOSED message WEFT_EPROTO 400; ");
  refused("020800", "05 0801 209003", "CLOSED message WEFT_EPROTO 400; "); /* nobody */
  refused("080800 1204 0a02aabb", "05 0801 209003", "CLOSED message WEFT_EPROTO 400; ");
  refused("03080012", "05 0801 209003", "CLOSED message WEFT_EMALFORMED 400; ");
  refused("8120", "05 0801 209003", "CLOSED message WEFT_ETOOBIG 400; ");
  refused("8000", "05 0801 209003", "CLOSED message WEFT_EMALFORMED 400; ");
}
END_TEST

Suite *test_relay_stop(void) {
  static const unit_test tests[] = {UNIT(accepts_and_says_who_comes), UNIT(the_dialers_bytes_are_left),
                                    UNIT(the_circuit_stands_when_our_answer_is_out),
                                    UNIT(an_answer_that_never_leaves_times_out), UNIT(tells_the_relay_what_is_wrong)};
  return unit_suite("relay/stop", tests, sizeof tests / sizeof tests[0]);
}
