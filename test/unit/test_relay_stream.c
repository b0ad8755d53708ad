#include "test/unit/relay_rig.h"

START_TEST(an_answer_leaves_bit_by_bit_and_then_its_end) {
  relay_rig *r = relay_rig_new(NULL);
  rig_stream *s = relay_rig_hop(r, relay_rig_peer(r, 'a', NULL));
  s->room = 3;
  relay_rig_give_hex(r, s, "020800");
  ck_assert(s->got_len == 3 && !s->shut);
  for (int i = 0; i < 400 && !s->shut; i++) {
    s->room = 1;
    weft_relay_server_writable(r->server, s->conn, s->id, r->now);
  }
  ck_assert(s->shut);
  ck_assert_int_eq(relay_rig_status(s), WEFT_RELAY_OK);
  ck_assert_uint_eq(s->got_len, 0);
  relay_rig_end(r, s);
  ck_assert_int_eq(weft_relay_server_writable(r->server, s->conn, s->id, r->now), WEFT_ENOTFOUND);
  relay_rig_free(r);
}
END_TEST

START_TEST(a_peer_that_does_not_read_its_answer_is_reset) {
  relay_rig *r = relay_rig_new(NULL);
  rig_stream *s = relay_rig_hop(r, relay_rig_peer(r, 'a', NULL));
  s->room = 0;
  relay_rig_give_hex(r, s, "020800");
  ck_assert_uint_eq(weft_relay_server_deadline(r->server), r->now + WEFT_SEC(10));
  r->now += WEFT_SEC(10) - 1;
  relay_rig_tick(r);
  ck_assert(!s->reset);
  r->now++;
  relay_rig_tick(r);
  ck_assert(s->reset);
  relay_rig_free(r);
}
END_TEST

START_TEST(a_peer_that_says_nothing_is_reset) {
  relay_rig *r = relay_rig_new(NULL);
  rig_stream *s = relay_rig_hop(r, relay_rig_peer(r, 'a', NULL));
  relay_rig_give(r, s, "\x02", 1);
  r->now += WEFT_SEC(30) - 1;
  relay_rig_tick(r);
  ck_assert(!s->reset);
  r->now++;
  ck_assert_uint_eq(weft_relay_server_deadline(r->server), r->now);
  relay_rig_tick(r);
  ck_assert(s->reset);
  relay_rig_free(r);
}
END_TEST

START_TEST(a_peer_that_ends_before_its_message_is_reset) {
  relay_rig *r = relay_rig_new(NULL);
  rig_stream *s = relay_rig_hop(r, relay_rig_peer(r, 'a', NULL));
  relay_rig_give(r, s, "\x02\x08", 2);
  relay_rig_end(r, s);
  ck_assert(s->reset);
  relay_rig_free(r);
}
END_TEST

START_TEST(what_follows_a_message_is_read_and_dropped) {
  relay_rig *r = relay_rig_new(NULL);
  rig_stream *s = relay_rig_hop(r, relay_rig_peer(r, 'a', NULL));
  relay_rig_give_hex(r, s, "020800 020800 ffff");
  ck_assert_int_eq(relay_rig_status(s), WEFT_RELAY_OK);
  ck_assert(s->got_len == 0 && s->consumed == 8);
  ck_assert_log(r, "RESERVED a; ");
  relay_rig_free(r);
}
END_TEST

START_TEST(so_many_exchanges_per_connection) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.max_exchanges = 3;
  relay_rig *r = relay_rig_new(&cfg);
  rig_conn *a = relay_rig_peer(r, 'a', NULL), *b = relay_rig_peer(r, 'b', NULL);
  ck_assert_int_eq(relay_rig_reserve(r, b), WEFT_RELAY_OK);
  for (int i = 0; i < 3; i++) ck_assert_int_eq(relay_rig_connect(r, a, 'b').status, WEFT_RELAY_OK);
  rig_stream *first = relay_rig_hop(r, a);
  relay_rig_hop(r, a);
  relay_rig_hop(r, a);
  rig_stream *s = rig_stream_new(a, 99);
  ck_assert_int_eq(weft_relay_server_stream(r->server, a, 99, r->now), WEFT_ELIMIT);
  ck_assert(s->reset);
  relay_rig_hop(r, b); /* stop streams of others' circuits do not count */
  weft_relay_server_gone(r->server, a, first->id, r->now);
  relay_rig_hop(r, a);
  relay_rig_free(r);
}
END_TEST

START_TEST(output_that_fails_ends_the_exchange) {
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = relay_rig_peer(r, 'a', NULL), *b = relay_rig_peer(r, 'b', NULL);
  rig_stream *s = relay_rig_hop(r, b);
  s->refuse = WEFT_ERESET;
  relay_rig_give_hex(r, s, "020800");
  ck_assert(s->reset);
  s = relay_rig_dial(r, a, 'b');
  rig_stream *stop = relay_rig_stop(r, 'b');
  stop->refuse = WEFT_ECLOSED;
  relay_rig_ready(r, stop);
  ck_assert_int_eq(relay_rig_status(s), WEFT_RELAY_CONNECTION_FAILED);
  ck_assert(stop->reset);
  s = relay_rig_dial(r, a, 'b'), stop = relay_rig_stop(r, 'b');
  relay_rig_ready(r, stop);
  s->refuse = WEFT_ECLOSED;
  relay_rig_give_hex(r, stop, "04 0801 2064");
  ck_assert(s->reset && stop->reset);
  ck_assert_uint_eq(relay_rig_stats(r).circuits, 0);
  relay_rig_free(r);
}
END_TEST

Suite *test_relay_stream(void) {
  static const unit_test tests[] = {UNIT(an_answer_leaves_bit_by_bit_and_then_its_end),
                                    UNIT(a_peer_that_does_not_read_its_answer_is_reset),
                                    UNIT(a_peer_that_says_nothing_is_reset),
                                    UNIT(a_peer_that_ends_before_its_message_is_reset),
                                    UNIT(what_follows_a_message_is_read_and_dropped),
                                    UNIT(so_many_exchanges_per_connection),
                                    UNIT(output_that_fails_ends_the_exchange)};
  return unit_suite("relay/stream", tests, sizeof tests / sizeof tests[0]);
}
