#include "test/unit/relay_rig.h"

typedef struct pair {
  relay_rig *r;
  rig_conn *a, *b;
} pair;

static pair reserved(const weft_relay_server_config *cfg) {
  pair p = {.r = relay_rig_new(cfg)};
  p.a = relay_rig_peer(p.r, 'a', "203.0.113.1");
  p.b = relay_rig_peer(p.r, 'b', "203.0.113.2");
  ck_assert_int_eq(relay_rig_reserve(p.r, p.b), WEFT_RELAY_OK);
  p.r->log[0] = 0;
  return p;
}

START_TEST(asks_the_target_and_joins_the_two) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.circuit_seconds = 120, cfg.circuit_bytes = 131072;
  pair p = reserved(&cfg);
  uint8_t keep[4096];
  rig_stream *hop = relay_rig_dial(p.r, p.a, 'b'), *stop = relay_rig_stop(p.r, 'b');
  ck_assert(hop->got_len == 0 && stop->got_len == 0); /* nothing before it is negotiated */
  relay_rig_ready(p.r, stop);
  weft_relay_message m = relay_rig_message(stop, keep);
  ck_assert(m.type == WEFT_RELAY_STOP_CONNECT && rig_name(m.peer_id) == 'a' && m.has_limit);
  ck_assert(m.limit_duration == 120 && m.limit_data == 131072);
  ck_assert_log(p.r, "");
  relay_rig_give_hex(p.r, stop, "04 0801 2064");
  m = relay_rig_message(hop, keep);
  ck_assert(m.type == WEFT_RELAY_HOP_STATUS && m.status == WEFT_RELAY_OK && m.limit_duration == 120);
  ck_assert_log(p.r, "OPENED a b; ");
  ck_assert_uint_eq(relay_rig_stats(p.r).circuits, 1);
  ck_assert_uint_eq(relay_rig_stats(p.r).circuits_total, 1);
  relay_rig_free(p.r);
}
END_TEST

START_TEST(not_to_who_has_no_reservation) {
  pair p = reserved(NULL);
  ck_assert_int_eq(relay_rig_connect(p.r, p.b, 'a').status, WEFT_RELAY_NO_RESERVATION);
  ck_assert_int_eq(relay_rig_connect(p.r, p.b, 'z').status, WEFT_RELAY_NO_RESERVATION);
  ck_assert_int_eq(relay_rig_connect(p.r, p.a, 'r').status, WEFT_RELAY_NO_RESERVATION); /* the relay itself */
  ck_assert_uint_eq(relay_rig_stats(p.r).refused[5], 3);
  relay_rig_leave(p.r, p.b);
  ck_assert_int_eq(relay_rig_connect(p.r, p.a, 'b').status, WEFT_RELAY_NO_RESERVATION);
  relay_rig_free(p.r);
}
END_TEST

START_TEST(not_to_oneself) {
  pair p = reserved(NULL);
  ck_assert_int_eq(relay_rig_connect(p.r, p.b, 'b').status, WEFT_RELAY_PERMISSION_DENIED);
  rig_conn *other = relay_rig_peer(p.r, 'b', NULL);
  ck_assert_int_eq(relay_rig_connect(p.r, other, 'b').status, WEFT_RELAY_PERMISSION_DENIED);
  relay_rig_free(p.r);
}
END_TEST

START_TEST(not_over_a_relayed_connection) {
  pair p = reserved(NULL);
  rig_conn *c = rig_conn_new(p.r, 'c');
  ck_assert_int_eq(relay_rig_join(p.r, c, NULL, true), WEFT_OK);
  ck_assert_int_eq(relay_rig_connect(p.r, c, 'b').status, WEFT_RELAY_PERMISSION_DENIED);
  relay_rig_free(p.r);
}
END_TEST

START_TEST(so_many_circuits_in_all) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.max_circuits = 3, cfg.max_circuits_per_peer = 0;
  pair p = reserved(&cfg);
  rig_circuit c = relay_rig_connect(p.r, p.a, 'b');
  ck_assert_int_eq(relay_rig_connect(p.r, p.a, 'b').status, WEFT_RELAY_OK);
  relay_rig_dial(p.r, p.a, 'b'); /* one that is being opened counts */
  ck_assert_int_eq(relay_rig_connect(p.r, p.a, 'b').status, WEFT_RELAY_RESOURCE_LIMIT_EXCEEDED);
  ck_assert_uint_eq(relay_rig_stats(p.r).refused[2], 1);
  ck_assert_int_eq(weft_relay_server_gone(p.r->server, p.a, c.dialer->id, p.r->now), WEFT_OK);
  ck_assert_int_eq(relay_rig_connect(p.r, p.a, 'b').status, WEFT_RELAY_OK);
  relay_rig_free(p.r);
}
END_TEST

START_TEST(so_many_circuits_per_peer) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.max_circuits_per_peer = 2;
  pair p = reserved(&cfg);
  rig_conn *a2 = relay_rig_peer(p.r, 'a', NULL), *c = relay_rig_peer(p.r, 'c', NULL),
           *d = relay_rig_peer(p.r, 'd', NULL);
  ck_assert_int_eq(relay_rig_reserve(p.r, d), WEFT_RELAY_OK);
  ck_assert_int_eq(relay_rig_connect(p.r, p.a, 'b').status, WEFT_RELAY_OK);
  ck_assert_int_eq(relay_rig_connect(p.r, a2, 'b').status, WEFT_RELAY_OK);
  p.r->log[0] = 0;
  ck_assert_int_eq(relay_rig_connect(p.r, p.a, 'd').status, WEFT_RELAY_RESOURCE_LIMIT_EXCEEDED);
  ck_assert_int_eq(relay_rig_connect(p.r, c, 'b').status, WEFT_RELAY_RESOURCE_LIMIT_EXCEEDED);
  ck_assert_log(p.r, "REFUSED a RESOURCE_LIMIT_EXCEEDED: too many circuits of the dialer; "
                     "REFUSED c RESOURCE_LIMIT_EXCEEDED: too many circuits of the target; ");
  ck_assert_int_eq(relay_rig_connect(p.r, c, 'd').status, WEFT_RELAY_OK);
  relay_rig_free(p.r);
}
END_TEST

static int begin_and_reset(relay_rig *r, rig_conn *from, char target) {
  rig_stream *hop = relay_rig_dial(r, from, target);
  int status = hop->got_len > 0 ? relay_rig_status(hop) : WEFT_RELAY_OK;
  ck_assert_int_eq(weft_relay_server_gone(r->server, from, hop->id, r->now), WEFT_OK);
  for (size_t i = 0; i < r->conns_len; i++)
    for (size_t k = 0; k < RIG_STREAMS; k++) {
      free(r->conns[i]->streams[k].got);
      r->conns[i]->streams[k] = (rig_stream){0};
    }
  r->log[0] = 0;
  return status;
}

/* However many dialers connect and reset, a target sees no more than so many streams come and go. */
START_TEST(a_target_is_asked_so_often) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.connects_per_second = 10;
  pair p = reserved(&cfg);
  rig_conn *from[2] = {p.a, relay_rig_peer(p.r, 'c', "192.0.2.77")};
  rig_conn *d = relay_rig_peer(p.r, 'd', NULL);
  ck_assert_int_eq(relay_rig_reserve(p.r, d), WEFT_RELAY_OK);
  for (int i = 0; i < 160; i++) ck_assert_int_eq(begin_and_reset(p.r, from[i % 2], 'b'), WEFT_RELAY_OK);
  for (int i = 0; i < 10; i++)
    ck_assert_int_eq(begin_and_reset(p.r, from[i % 2], 'b'), WEFT_RELAY_RESOURCE_LIMIT_EXCEEDED);
  ck_assert_uint_eq(p.b->next_stop, 160 * 2);
  ck_assert_int_eq(begin_and_reset(p.r, p.a, 'd'), WEFT_RELAY_OK); /* others are none the worse */
  p.r->now += WEFT_SEC(1);
  for (int i = 0; i < 10; i++) ck_assert_int_eq(begin_and_reset(p.r, p.a, 'b'), WEFT_RELAY_OK);
  ck_assert_int_eq(begin_and_reset(p.r, p.a, 'b'), WEFT_RELAY_RESOURCE_LIMIT_EXCEEDED);
  relay_rig_free(p.r);
  cfg.connects_per_second = 0;
  p = reserved(&cfg);
  for (int i = 0; i < 2000; i++) ck_assert_int_eq(begin_and_reset(p.r, p.a, 'b'), WEFT_RELAY_OK);
  relay_rig_free(p.r);
}
END_TEST

START_TEST(a_target_that_does_not_answer_has_its_time) {
  for (int ready = 0; ready < 2; ready++) {
    pair p = reserved(NULL);
    rig_stream *hop = relay_rig_dial(p.r, p.a, 'b'), *stop = relay_rig_stop(p.r, 'b');
    if (ready) relay_rig_ready(p.r, stop);
    if (ready) relay_rig_give(p.r, stop, "\x04", 1);
    ck_assert_uint_eq(weft_relay_server_deadline(p.r->server), p.r->now + WEFT_SEC(10));
    p.r->now += WEFT_SEC(10) - 1;
    relay_rig_tick(p.r);
    ck_assert_uint_eq(hop->got_len, 0);
    p.r->now++;
    relay_rig_tick(p.r);
    ck_assert_int_eq(relay_rig_status(hop), WEFT_RELAY_CONNECTION_FAILED);
    ck_assert(hop->shut && !hop->reset && stop->reset);
    ck_assert_log(p.r, "REFUSED a CONNECTION_FAILED: the target did not answer in time; ");
    ck_assert_int_eq(relay_rig_connect(p.r, p.a, 'b').status, WEFT_RELAY_OK);
    relay_rig_free(p.r);
  }
}
END_TEST

/* What the target says, the dialer hears as CONNECTION_FAILED. */
static void target_says(const char *hex, const char *why) {
  pair p = reserved(NULL);
  char want[128];
  rig_stream *hop = relay_rig_dial(p.r, p.a, 'b'), *stop = relay_rig_stop(p.r, 'b');
  relay_rig_ready(p.r, stop);
  relay_rig_give_hex(p.r, stop, hex);
  ck_assert_int_eq(relay_rig_status(hop), WEFT_RELAY_CONNECTION_FAILED);
  ck_assert(hop->shut && stop->reset);
  snprintf(want, sizeof want, "REFUSED a CONNECTION_FAILED: %s; ", why);
  ck_assert_log(p.r, want);
  ck_assert_uint_eq(relay_rig_stats(p.r).refused[4], 1);
  relay_rig_free(p.r);
}

START_TEST(a_target_that_refuses_or_answers_garbage) {
  target_says("050801 20ca01", "the target refused");
  target_says("020801", "the target refused");
  target_says("020800", "the target answered with something else than a status");
  target_says("00", "the target answered with something else than a status");
  target_says("03080120", "the target's answer is malformed");
  target_says("8120", "the target's answer is malformed");
  target_says("808001", "the target's answer is malformed");
}
END_TEST

START_TEST(a_target_that_goes_away) {
  pair p = reserved(NULL);
  rig_stream *hop = relay_rig_dial(p.r, p.a, 'b'), *stop = relay_rig_stop(p.r, 'b');
  ck_assert_int_eq(weft_relay_server_gone(p.r->server, p.b, stop->id, p.r->now), WEFT_OK); /* negotiation failed */
  ck_assert_int_eq(relay_rig_status(hop), WEFT_RELAY_CONNECTION_FAILED);
  hop = relay_rig_dial(p.r, p.a, 'b'), stop = relay_rig_stop(p.r, 'b');
  relay_rig_ready(p.r, stop);
  relay_rig_end(p.r, stop);
  ck_assert_int_eq(relay_rig_status(hop), WEFT_RELAY_CONNECTION_FAILED);
  hop = relay_rig_dial(p.r, p.a, 'b'), stop = relay_rig_stop(p.r, 'b');
  ck_assert_int_eq(relay_rig_give(p.r, stop, "x", 1), 1); /* it speaks before it is asked */
  ck_assert_int_eq(relay_rig_status(hop), WEFT_RELAY_CONNECTION_FAILED);
  hop = relay_rig_dial(p.r, p.a, 'b');
  p.r->log[0] = 0;
  relay_rig_leave(p.r, p.b);
  ck_assert_int_eq(relay_rig_status(hop), WEFT_RELAY_CONNECTION_FAILED);
  ck_assert_log(p.r, "EXPIRED b: its connection ended; REFUSED a CONNECTION_FAILED: the connection of a peer ended; ");
  relay_rig_free(p.r);
}
END_TEST

static void the_dialer_leaves(relay_rig *r, rig_stream *s) {
  r->on_output = NULL;
  relay_rig_leave(r, s->conn);
}

/* The target's connection ends; the refusal of a circuit that was being opened ends the dialer's, and with it another
 * circuit of the two: the target's side of that is not spoken of any more. (Found by fuzz_relay_server.) */
START_TEST(both_go_away_one_by_the_other) {
  pair p = reserved(NULL);
  relay_rig_dial(p.r, p.a, 'b');
  ck_assert_int_eq(relay_rig_connect(p.r, p.a, 'b').status, WEFT_RELAY_OK);
  p.r->on_output = the_dialer_leaves;
  relay_rig_leave(p.r, p.b);
  ck_assert(p.a->gone);
  weft_relay_server_stats s = relay_rig_stats(p.r);
  ck_assert(s.peers == 0 && s.circuits == 0 && s.reservations == 0);
  relay_rig_free(p.r);
}
END_TEST

static rig_stream *waiting;

static void all_is_writable(relay_rig *r, rig_stream *s) {
  (void)s;
  r->on_output = NULL;
  ck_assert_int_eq(weft_relay_server_writable(r->server, waiting->conn, waiting->id, r->now), WEFT_OK);
}

/* Likewise when the refusal makes the other circuit's dialer writable: what moves there concerns the dialer alone. */
START_TEST(nothing_is_said_to_one_who_goes_away) {
  for (int ended = 0; ended < 2; ended++) {
    pair p = reserved(NULL);
    relay_rig_dial(p.r, p.a, 'b');
    rig_circuit c = relay_rig_connect(p.r, p.a, 'b');
    c.dialer->room = c.target->room = 0;
    ck_assert_int_eq(relay_rig_give(p.r, c.target, "back", 4), 4);
    if (!ended) ck_assert_int_eq(relay_rig_give(p.r, c.dialer, "there", 5), 5);
    c.dialer->room = c.target->room = SIZE_MAX;
    waiting = c.dialer;
    p.r->on_output = all_is_writable;
    if (ended) {
      c.target->room = 0;
      ck_assert_int_eq(relay_rig_give(p.r, c.dialer, "x", 1), 1);
      relay_rig_end(p.r, c.dialer);
      c.target->room = SIZE_MAX;
      p.r->on_output = all_is_writable;
    }
    relay_rig_leave(p.r, p.b);
    ck_assert(c.dialer->reset);
    ck_assert_uint_eq(relay_rig_stats(p.r).circuits, 0);
    relay_rig_free(p.r);
  }
}
END_TEST

START_TEST(a_dialer_that_goes_away) {
  pair p = reserved(NULL);
  rig_stream *hop = relay_rig_dial(p.r, p.a, 'b'), *stop = relay_rig_stop(p.r, 'b');
  ck_assert_int_eq(weft_relay_server_gone(p.r->server, p.a, hop->id, p.r->now), WEFT_OK);
  ck_assert(stop->reset);
  ck_assert_int_eq(weft_relay_server_stop_ready(p.r->server, p.b, stop->id, p.r->now), WEFT_ENOTFOUND);
  relay_rig_dial(p.r, p.a, 'b'), stop = relay_rig_stop(p.r, 'b');
  relay_rig_leave(p.r, p.a);
  ck_assert(stop->reset);
  ck_assert_log(p.r, ""); /* no circuit was told of */
  relay_rig_free(p.r);
}
END_TEST

START_TEST(no_stop_stream) {
  pair p = reserved(NULL);
  p.b->no_stop = true;
  ck_assert_int_eq(relay_rig_connect(p.r, p.a, 'b').status, WEFT_RELAY_CONNECTION_FAILED);
  p.b->no_stop = false;
  ck_assert_int_eq(relay_rig_connect(p.r, p.a, 'b').status, WEFT_RELAY_OK);
  relay_rig_free(p.r);
}
END_TEST

static void target_leaves(relay_rig *r, rig_conn *target) { relay_rig_leave(r, target); }
static void dialer_leaves(relay_rig *r, rig_conn *target) {
  (void)target;
  relay_rig_leave(r, r->conns[0]);
}

/* While the stop stream is being opened, both connections may end under it. */
START_TEST(connections_may_end_while_the_stop_stream_opens) {
  pair p = reserved(NULL);
  p.r->on_open_stop = target_leaves;
  rig_circuit c = relay_rig_connect(p.r, p.a, 'b');
  ck_assert_int_eq(c.status, WEFT_RELAY_CONNECTION_FAILED);
  relay_rig_free(p.r);
  p = reserved(NULL);
  p.r->on_open_stop = dialer_leaves;
  relay_rig_dial(p.r, p.a, 'b');
  ck_assert(relay_rig_stop(p.r, 'b')->reset);
  ck_assert_uint_eq(relay_rig_stats(p.r).peers, 1);
  relay_rig_free(p.r);
}
END_TEST

START_TEST(the_youngest_connection_with_a_reservation_is_asked) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.max_reservations_per_peer = 0;
  pair p = reserved(&cfg);
  rig_conn *b2 = relay_rig_peer(p.r, 'b', NULL), *b3 = relay_rig_peer(p.r, 'b', NULL);
  ck_assert_int_eq(relay_rig_reserve(p.r, b2), WEFT_RELAY_OK);
  ck_assert_ptr_eq(relay_rig_connect(p.r, p.a, 'b').target->conn, b2);
  relay_rig_leave(p.r, b2);
  ck_assert_ptr_eq(relay_rig_connect(p.r, p.a, 'b').target->conn, p.b);
  relay_rig_leave(p.r, b3);
  relay_rig_free(p.r);
}
END_TEST

START_TEST(what_is_no_peer_id_is_malformed) {
  pair p = reserved(NULL);
  static const char *const bad[] = {"020801", "040801 1200", "080801 1204 0a02aabb"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) {
    rig_stream *s = relay_rig_hop(p.r, p.a);
    relay_rig_give_hex(p.r, s, bad[i]);
    ck_assert_int_eq(relay_rig_status(s), WEFT_RELAY_MALFORMED_MESSAGE);
  }
  relay_rig_free(p.r);
}
END_TEST

Suite *test_relay_connect(void) {
  static const unit_test tests[] = {UNIT(asks_the_target_and_joins_the_two),
                                    UNIT(not_to_who_has_no_reservation),
                                    UNIT(not_to_oneself),
                                    UNIT(not_over_a_relayed_connection),
                                    UNIT(so_many_circuits_in_all),
                                    UNIT(so_many_circuits_per_peer),
                                    UNIT(a_target_is_asked_so_often),
                                    UNIT(a_target_that_does_not_answer_has_its_time),
                                    UNIT(a_target_that_refuses_or_answers_garbage),
                                    UNIT(a_target_that_goes_away),
                                    UNIT(both_go_away_one_by_the_other),
                                    UNIT(nothing_is_said_to_one_who_goes_away),
                                    UNIT(a_dialer_that_goes_away),
                                    UNIT(no_stop_stream),
                                    UNIT(connections_may_end_while_the_stop_stream_opens),
                                    UNIT(the_youngest_connection_with_a_reservation_is_asked),
                                    UNIT(what_is_no_peer_id_is_malformed)};
  return unit_suite("relay/connect", tests, sizeof tests / sizeof tests[0]);
}
