#include "test/unit/relay_rig.h"

typedef struct pair {
  relay_rig *r;
  rig_conn *a, *b;
  rig_stream *at, *bt; /* the dialer's and the target's end of the circuit */
} pair;

static pair joined(const weft_relay_server_config *cfg) {
  pair p = {.r = relay_rig_new(cfg)};
  p.a = relay_rig_peer(p.r, 'a', "203.0.113.1");
  p.b = relay_rig_peer(p.r, 'b', "203.0.113.2");
  ck_assert_int_eq(relay_rig_reserve(p.r, p.b), WEFT_RELAY_OK);
  rig_circuit c = relay_rig_connect(p.r, p.a, 'b');
  ck_assert_int_eq(c.status, WEFT_RELAY_OK);
  p.at = c.dialer, p.bt = c.target;
  p.r->log[0] = 0;
  return p;
}

START_TEST(carries_bytes_both_ways_and_adds_none) {
  pair p = joined(NULL);
  ck_assert_int_eq(relay_rig_give(p.r, p.at, "hello", 5), 5);
  ck_assert_int_eq(relay_rig_give(p.r, p.bt, "you", 3), 3);
  ck_assert_got(p.bt, "hello");
  ck_assert_got(p.at, "you");
  ck_assert(p.at->consumed == 5 && p.bt->consumed == 3);
  weft_relay_server_stats s = relay_rig_stats(p.r);
  ck_assert(s.bytes_there == 5 && s.bytes_back == 3);
  p.r->now += WEFT_SEC(3000);
  relay_rig_tick(p.r);
  ck_assert(p.at->got_len == 0 && p.bt->got_len == 0);
  relay_rig_free(p.r);
}
END_TEST

/* The byte that reaches the limit passes, the next one cuts; each direction has its own count. */
START_TEST(the_limit_is_exact_to_the_byte) {
  static uint8_t data[131073];
  weft_relay_server_config cfg = relay_rig_config();
  cfg.circuit_bytes = 131072;
  for (int back = 0; back < 2; back++) {
    for (int how = 0; how < 3; how++) {
      pair p = joined(&cfg);
      rig_stream *from = back ? p.bt : p.at, *to = back ? p.at : p.bt;
      if (how == 0) { /* up to the limit, then one byte */
        ck_assert_int_eq(relay_rig_give(p.r, from, data, 131072), 131072);
        ck_assert(!from->reset && !to->shut);
        ck_assert_log(p.r, "");
        ck_assert_int_eq(relay_rig_give(p.r, to, "x", 1), 1); /* the other direction is none the poorer */
        ck_assert_int_eq(relay_rig_give(p.r, from, data, 1), 1);
      } else if (how == 1) { /* all at once */
        ck_assert_int_eq(relay_rig_give(p.r, to, "x", 1), 1);
        ck_assert_int_eq(relay_rig_give(p.r, from, data, 131073), 131073);
      } else { /* across it */
        ck_assert_int_eq(relay_rig_give(p.r, to, "x", 1), 1);
        ck_assert_int_eq(relay_rig_give(p.r, from, data, 131071), 131071);
        ck_assert_int_eq(relay_rig_give(p.r, from, data, 2), 2);
      }
      ck_assert_uint_eq(to->got_len, 131072);
      ck_assert(from->reset && to->shut);
      ck_assert_log(p.r, back ? "CLOSED a b 1 131072: data limit; " : "CLOSED a b 131072 1: data limit; ");
      ck_assert_uint_eq(relay_rig_stats(p.r).circuits, 0);
      ck_assert_int_eq(relay_rig_give(p.r, from, data, 1), WEFT_ENOTFOUND);
      size_t had = from->got_len;
      ck_assert_int_eq(relay_rig_give(p.r, to, "late", 4), 4); /* goes nowhere */
      ck_assert(from->got_len == had && relay_rig_stats(p.r).bytes_there + relay_rig_stats(p.r).bytes_back == 131073);
      p.r->now += WEFT_SEC(10);
      relay_rig_tick(p.r);
      ck_assert(to->reset);
      relay_rig_free(p.r);
    }
  }
}
END_TEST

/* What was let in before the limit still comes out, however slowly. */
START_TEST(the_last_bytes_before_the_limit_reach_a_slow_reader) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.circuit_bytes = 10;
  pair p = joined(&cfg);
  p.bt->room = 3;
  ck_assert_int_eq(relay_rig_give(p.r, p.at, "0123456789X", 11), 11);
  ck_assert(p.at->reset && !p.bt->shut);
  p.bt->room = 3;
  ck_assert_int_eq(weft_relay_server_writable(p.r->server, p.b, p.bt->id, p.r->now), WEFT_OK);
  ck_assert(!p.bt->shut);
  p.bt->room = 9;
  relay_rig_tick(p.r);
  ck_assert(p.bt->shut);
  ck_assert_got(p.bt, "0123456789");
  relay_rig_end(p.r, p.bt);
  ck_assert_int_eq(weft_relay_server_gone(p.r->server, p.b, p.bt->id, p.r->now), WEFT_ENOTFOUND);
  relay_rig_free(p.r);
}
END_TEST

START_TEST(the_limit_is_exact_to_the_second) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.circuit_seconds = 120;
  pair p = joined(&cfg);
  weft_time began = p.r->now;
  ck_assert_uint_eq(weft_relay_server_deadline(p.r->server), began + WEFT_SEC(120));
  p.r->now = began + WEFT_SEC(120) - 1;
  relay_rig_tick(p.r);
  relay_rig_give(p.r, p.at, "x", 1);
  ck_assert_log(p.r, "");
  p.r->now++;
  relay_rig_tick(p.r);
  ck_assert(p.at->reset && p.bt->reset);
  ck_assert_log(p.r, "CLOSED a b 1 0: time limit; ");
  ck_assert_int_eq(relay_rig_give(p.r, p.at, "x", 1), WEFT_ENOTFOUND);
  relay_rig_free(p.r);
}
END_TEST

START_TEST(durations_saturate) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.circuit_seconds = UINT32_MAX;
  cfg.stop_limit = WEFT_NEVER;
  relay_rig *r = relay_rig_new(&cfg);
  rig_conn *a = relay_rig_peer(r, 'a', NULL), *b = relay_rig_peer(r, 'b', NULL);
  r->now = WEFT_NEVER - 3;
  ck_assert_int_eq(relay_rig_reserve(r, b), WEFT_RELAY_OK);
  ck_assert_int_eq(relay_rig_connect(r, a, 'b').status, WEFT_RELAY_OK);
  relay_rig_tick(r);
  ck_assert_uint_eq(relay_rig_stats(r).circuits, 1);
  ck_assert_uint_eq(weft_relay_server_deadline(r->server), WEFT_NEVER - 1);
  relay_rig_free(r);
}
END_TEST

START_TEST(time_going_back_is_ignored) {
  pair p = joined(NULL);
  p.r->now -= WEFT_SEC(4);
  p.r->on_event = NULL;
  ck_assert_int_eq(relay_rig_give(p.r, p.at, "x", 1), 1);
  ck_assert_uint_eq(weft_relay_server_deadline(p.r->server), WEFT_SEC(5 + 3600));
  relay_rig_free(p.r);
}
END_TEST

/* The relay holds 16 KiB and no more; what it did not take stays with the sender, whose window stays shut. */
START_TEST(a_slow_reader_holds_the_sender_back) {
  static uint8_t data[100000], got[100000];
  pair p = joined(NULL);
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 7 + i / 251);
  p.bt->room = 1000;
  size_t sent = (size_t)relay_rig_give(p.r, p.at, data, sizeof data), out = 0;
  ck_assert_uint_eq(sent, 1000 + 16384);
  ck_assert_uint_eq(p.at->consumed, 1000);
  ck_assert_int_eq(relay_rig_give(p.r, p.at, data + sent, 1), 0);
  size_t held = test_leak()->bytes;
  ck_assert_int_eq(relay_rig_give(p.r, p.bt, "back", 4), 4); /* the other way flows */
  ck_assert_got(p.at, "back");
  while (out < sizeof data) {
    ck_assert_uint_le(sent - p.at->consumed, 16384);
    ck_assert_uint_eq(p.at->consumed, out + p.bt->got_len);
    memcpy(got + out, p.bt->got, p.bt->got_len);
    out += p.bt->got_len;
    p.bt->got_len = 0;
    p.bt->room = 777;
    weft_relay_server_writable(p.r->server, p.b, p.bt->id, p.r->now);
    sent += (size_t)relay_rig_give(p.r, p.at, data + sent, sizeof data - sent);
    ck_assert_uint_le(test_leak()->bytes, held);
  }
  ck_assert(memcmp(got, data, sizeof data) == 0);
  ck_assert_uint_eq(p.at->consumed, sizeof data);
  relay_rig_free(p.r);
}
END_TEST

START_TEST(steady_traffic_allocates_nothing) {
  pair p = joined(NULL);
  uint8_t data[1000] = {0};
  p.bt->room = 10;
  relay_rig_give(p.r, p.at, data, sizeof data);
  size_t calls = test_leak()->calls;
  for (int i = 0; i < 100; i++) {
    p.bt->room = i % 3 ? 5000 : 100;
    relay_rig_give(p.r, p.at, data, sizeof data);
    relay_rig_give(p.r, p.bt, data, sizeof data);
    relay_rig_tick(p.r);
  }
  ck_assert_uint_eq(test_leak()->calls, calls);
  relay_rig_free(p.r);
}
END_TEST

START_TEST(an_end_passes_through_and_the_other_way_flows_on) {
  for (int back = 0; back < 2; back++) {
    pair p = joined(NULL);
    rig_stream *x = back ? p.bt : p.at, *y = back ? p.at : p.bt;
    y->room = 2;
    relay_rig_give(p.r, x, "last", 4);
    relay_rig_end(p.r, x);
    ck_assert(!y->shut && !x->shut);
    ck_assert_int_eq(relay_rig_give(p.r, x, "more", 4), WEFT_ESTATE);
    y->room = 9;
    relay_rig_tick(p.r);
    ck_assert(y->shut && !x->shut);
    ck_assert_got(y, "last");
    ck_assert_int_eq(relay_rig_give(p.r, y, "still here", 10), 10);
    ck_assert_got(x, "still here");
    ck_assert_log(p.r, "");
    relay_rig_end(p.r, y);
    ck_assert(x->shut && !x->reset && !y->reset);
    ck_assert_log(p.r, back ? "CLOSED a b 10 4: both sides ended it; " : "CLOSED a b 4 10: both sides ended it; ");
    ck_assert_int_eq(weft_relay_server_gone(p.r->server, p.a, p.at->id, p.r->now), WEFT_ENOTFOUND);
    relay_rig_free(p.r);
  }
}
END_TEST

static void gone_when_ended(relay_rig *r, rig_stream *s) {
  (void)weft_relay_server_gone(r->server, s->conn, s->id, r->now);
}

/* A caller whose stream is over once both have ended it may say so at once, from inside the callback that ends it. */
START_TEST(a_stream_that_ended_both_ways_is_no_reset) {
  for (int back = 0; back < 2; back++) {
    pair p = joined(NULL);
    rig_stream *x = back ? p.bt : p.at, *y = back ? p.at : p.bt;
    relay_rig_end(p.r, x);
    ck_assert(y->shut && !x->shut);
    p.r->on_shutdown = gone_when_ended;
    relay_rig_end(p.r, y);
    ck_assert(x->shut && !x->reset && !y->reset);
    ck_assert_log(p.r, "CLOSED a b 0 0: both sides ended it; ");
    relay_rig_free(p.r);
  }
}
END_TEST

/* And the other side still gets what waits for it. */
START_TEST(bytes_outlive_the_stream_they_came_on) {
  for (int back = 0; back < 2; back++) {
    pair p = joined(NULL);
    rig_stream *x = back ? p.bt : p.at, *y = back ? p.at : p.bt;
    y->room = 2;
    ck_assert_int_eq(relay_rig_give(p.r, x, "last", 4), 4);
    relay_rig_end(p.r, x);
    p.r->on_shutdown = gone_when_ended;
    relay_rig_end(p.r, y);
    ck_assert(x->shut && !y->shut && !y->reset);
    ck_assert_log(p.r, "");
    ck_assert_int_eq(weft_relay_server_gone(p.r->server, x->conn, x->id, p.r->now), WEFT_ENOTFOUND);
    y->room = 9;
    relay_rig_tick(p.r);
    ck_assert(y->shut && !y->reset);
    ck_assert_got(y, "last");
    ck_assert_log(p.r, back ? "CLOSED a b 0 4: both sides ended it; " : "CLOSED a b 4 0: both sides ended it; ");
    ck_assert_uint_eq(relay_rig_stats(p.r).circuits, 0);
    relay_rig_free(p.r);
  }
}
END_TEST

/* The limits reach the side that is left. */
START_TEST(a_circuit_with_one_stream_left_ends_at_its_time) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.circuit_seconds = 120;
  pair p = joined(&cfg);
  p.bt->room = 2;
  relay_rig_give(p.r, p.at, "last", 4);
  relay_rig_end(p.r, p.at);
  p.r->on_shutdown = gone_when_ended;
  relay_rig_end(p.r, p.bt);
  p.r->now += WEFT_SEC(120);
  relay_rig_tick(p.r);
  ck_assert(p.bt->reset && !p.at->reset);
  ck_assert_log(p.r, "CLOSED a b 4 0: time limit; ");
  relay_rig_free(p.r);
}
END_TEST

/* A dialer may send, and end, before the target has agreed. */
START_TEST(early_bytes_and_an_early_end_wait_for_the_target) {
  uint8_t msg[64], keep[4096];
  size_t len;
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = relay_rig_peer(r, 'a', NULL), *b = relay_rig_peer(r, 'b', NULL);
  ck_assert_int_eq(relay_rig_reserve(r, b), WEFT_RELAY_OK);
  rig_stream *hop = relay_rig_hop(r, a);
  rig_connect_message(msg, &len, 'b');
  memcpy(msg + len, "early", 5);
  ck_assert_int_eq(relay_rig_give(r, hop, msg, len + 5), (ptrdiff_t)len + 5);
  ck_assert_uint_eq(hop->consumed, len);
  relay_rig_end(r, hop);
  rig_stream *stop = relay_rig_stop(r, 'b');
  relay_rig_ready(r, stop);
  ck_assert_int_eq(relay_rig_message(stop, keep).type, WEFT_RELAY_STOP_CONNECT);
  relay_rig_tick(r);
  ck_assert_uint_eq(stop->got_len, 0);
  relay_rig_give_hex(r, stop, "04 0801 2064 6869"); /* OK, and its first bytes at once */
  ck_assert_got(stop, "early");
  ck_assert(stop->shut);
  ck_assert_int_eq(relay_rig_status(hop), WEFT_RELAY_OK);
  ck_assert_got(hop, "hi");
  ck_assert_uint_eq(hop->consumed, len + 5);
  relay_rig_free(r);
}
END_TEST

/* More of them than the circuit may ever carry: nothing of it reaches the stop stream before its answer, and the limit cuts
 * when there is something to cut. */
START_TEST(early_bytes_beyond_the_limit_wait_too) {
  uint8_t msg[64], keep[4096];
  size_t len;
  weft_relay_server_config cfg = relay_rig_config();
  cfg.circuit_bytes = 4;
  relay_rig *r = relay_rig_new(&cfg);
  rig_conn *a = relay_rig_peer(r, 'a', NULL), *b = relay_rig_peer(r, 'b', NULL);
  ck_assert_int_eq(relay_rig_reserve(r, b), WEFT_RELAY_OK);
  rig_stream *hop = relay_rig_hop(r, a);
  rig_connect_message(msg, &len, 'b');
  memcpy(msg + len, "early", 5);
  ck_assert_int_eq(relay_rig_give(r, hop, msg, len + 5), (ptrdiff_t)len + 4);
  ck_assert_int_eq(relay_rig_give(r, hop, "y", 1), 0);
  rig_stream *stop = relay_rig_stop(r, 'b');
  relay_rig_tick(r);
  ck_assert(stop->got_len == 0 && !stop->shut && !hop->reset);
  relay_rig_ready(r, stop);
  ck_assert_int_eq(relay_rig_message(stop, keep).type, WEFT_RELAY_STOP_CONNECT);
  ck_assert_int_eq(relay_rig_give(r, hop, "y", 1), 0);
  ck_assert_uint_eq(stop->got_len, 0);
  relay_rig_give_hex(r, stop, "04 0801 2064");
  ck_assert_got(stop, "earl");
  ck_assert_uint_eq(hop->consumed, len + 4);
  ck_assert_int_eq(relay_rig_status(hop), WEFT_RELAY_OK);
  ck_assert(!hop->reset);
  ck_assert_int_eq(relay_rig_give(r, hop, "y", 1), 1);
  ck_assert(hop->reset && stop->shut && stop->got_len == 0);
  relay_rig_free(r);
}
END_TEST

START_TEST(the_status_goes_before_the_targets_bytes) {
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = relay_rig_peer(r, 'a', NULL), *b = relay_rig_peer(r, 'b', NULL);
  ck_assert_int_eq(relay_rig_reserve(r, b), WEFT_RELAY_OK);
  rig_stream *hop = relay_rig_dial(r, a, 'b'), *stop = relay_rig_stop(r, 'b');
  relay_rig_ready(r, stop);
  hop->room = 1;
  relay_rig_give_hex(r, stop, "04 0801 2064 6869");
  ck_assert_uint_eq(hop->got_len, 1);
  for (int i = 0; i < 30; i++) {
    hop->room = 1;
    relay_rig_tick(r);
  }
  ck_assert_int_eq(relay_rig_status(hop), WEFT_RELAY_OK);
  ck_assert_got(hop, "hi");
  relay_rig_free(r);
}
END_TEST

START_TEST(a_reset_or_the_end_of_a_connection_cuts_it) {
  for (int i = 0; i < 4; i++) {
    static const char *const want[] = {
        "CLOSED a b 0 0: the dialer reset it; ", "CLOSED a b 0 0: the target reset it; ",
        "CLOSED a b 0 0: the connection of a peer ended; ",
        "EXPIRED b: its connection ended; CLOSED a b 0 0: the connection of a peer ended; "};
    pair p = joined(NULL);
    rig_stream *x = i % 2 ? p.bt : p.at, *y = i % 2 ? p.at : p.bt;
    if (i < 2)
      ck_assert_int_eq(weft_relay_server_gone(p.r->server, x->conn, x->id, p.r->now), WEFT_OK);
    else
      relay_rig_leave(p.r, x->conn);
    ck_assert(y->reset && !x->reset);
    ck_assert_log(p.r, want[i]);
    ck_assert_uint_eq(relay_rig_stats(p.r).circuits, 0);
    ck_assert_uint_eq(weft_relay_server_deadline(p.r->server), i == 3 ? WEFT_NEVER : WEFT_SEC(3605));
    relay_rig_free(p.r);
  }
}
END_TEST

START_TEST(it_outlives_the_reservation) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.reservation_seconds = 60;
  pair p = joined(&cfg);
  p.r->now += WEFT_SEC(61);
  relay_rig_tick(p.r);
  ck_assert_log(p.r, "EXPIRED b: its time is over; ");
  ck_assert_int_eq(relay_rig_give(p.r, p.at, "x", 1), 1);
  ck_assert_got(p.bt, "x");
  relay_rig_free(p.r);
}
END_TEST

START_TEST(output_that_fails_cuts_it) {
  pair p = joined(NULL);
  p.bt->refuse = WEFT_ERESET;
  ck_assert_int_eq(relay_rig_give(p.r, p.at, "x", 1), 1);
  ck_assert(p.at->reset && p.bt->reset);
  ck_assert_log(p.r, "CLOSED a b 0 0: a stream refused our bytes; ");
  relay_rig_free(p.r);
  p = joined(NULL);
  p.bt->refuse = WEFT_EAGAIN; /* not a failure */
  ck_assert_int_eq(relay_rig_give(p.r, p.at, "x", 1), 1);
  p.bt->refuse = 0;
  relay_rig_tick(p.r);
  ck_assert_got(p.bt, "x");
  relay_rig_free(p.r);
}
END_TEST

static void ends_its_own(relay_rig *r, rig_stream *s) {
  r->on_output = NULL;
  weft_relay_server_gone(r->server, s->conn, s->id, r->now);
}

static void ends_the_sender(relay_rig *r, rig_stream *s) {
  (void)s;
  r->on_output = NULL;
  relay_rig_leave(r, r->conns[0]);
}

static void ends_the_relay(relay_rig *r, rig_stream *s) {
  (void)s;
  r->on_output = NULL;
  weft_relay_server_free(r->server);
}

static void may_be_written(relay_rig *r, rig_stream *s) {
  weft_relay_server_writable(r->server, s->conn, s->id, r->now);
}

/* The connection underneath may end, or say that it is writable, while it is written to. */
START_TEST(calls_from_inside_output) {
  static void (*const calls[])(relay_rig *, rig_stream *) = {ends_its_own, ends_the_sender, ends_the_relay,
                                                             may_be_written};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(calls); i++) {
    for (int slow = 0; slow < 2; slow++) {
      pair p = joined(NULL);
      p.bt->room = slow ? 0 : SIZE_MAX;
      relay_rig_give(p.r, p.at, "", 0);
      if (slow) ck_assert_int_eq(relay_rig_give(p.r, p.at, "0123456789", 10), 10);
      p.r->on_output = calls[i];
      p.bt->room = 7;
      if (slow)
        relay_rig_tick(p.r);
      else
        relay_rig_give(p.r, p.at, "0123456789", 10);
      if (i == 3) ck_assert_got(p.bt, "0123456"); /* once, and in order */
      if (i < 2) ck_assert_uint_eq(relay_rig_stats(p.r).circuits, 0);
      if (i == 2) p.r->server = NULL;
      relay_rig_free(p.r);
    }
  }
}
END_TEST

Suite *test_relay_circuit(void) {
  static const unit_test tests[] = {UNIT(carries_bytes_both_ways_and_adds_none),
                                    UNIT(the_limit_is_exact_to_the_byte),
                                    UNIT(the_last_bytes_before_the_limit_reach_a_slow_reader),
                                    UNIT(the_limit_is_exact_to_the_second),
                                    UNIT(durations_saturate),
                                    UNIT(time_going_back_is_ignored),
                                    UNIT(a_slow_reader_holds_the_sender_back),
                                    UNIT(steady_traffic_allocates_nothing),
                                    UNIT(an_end_passes_through_and_the_other_way_flows_on),
                                    UNIT(a_stream_that_ended_both_ways_is_no_reset),
                                    UNIT(bytes_outlive_the_stream_they_came_on),
                                    UNIT(a_circuit_with_one_stream_left_ends_at_its_time),
                                    UNIT(early_bytes_and_an_early_end_wait_for_the_target),
                                    UNIT(early_bytes_beyond_the_limit_wait_too),
                                    UNIT(the_status_goes_before_the_targets_bytes),
                                    UNIT(a_reset_or_the_end_of_a_connection_cuts_it),
                                    UNIT(it_outlives_the_reservation),
                                    UNIT(output_that_fails_cuts_it),
                                    UNIT(calls_from_inside_output)};
  return unit_suite("relay/circuit", tests, sizeof tests / sizeof tests[0]);
}
