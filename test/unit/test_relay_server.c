#include "test/unit/relay_rig.h"

START_TEST(refuses_configurations_that_cannot_work) {
  weft_relay_server_config cfg = relay_rig_config();
  weft_relay_bytes addrs[17];
  static uint8_t big[3000];
  relay_rig *r;
  cfg.buffer = 0;
  ck_assert_int_eq(relay_rig_try(&r, &cfg), WEFT_EINVAL);
  cfg = relay_rig_config(), cfg.stop_limit = 0;
  ck_assert_int_eq(relay_rig_try(&r, &cfg), WEFT_EINVAL);
  cfg = relay_rig_config(), cfg.hop_limit = 0;
  ck_assert_int_eq(relay_rig_try(&r, &cfg), WEFT_EINVAL);
  cfg = relay_rig_config(), cfg.max_exchanges = 0;
  ck_assert_int_eq(relay_rig_try(&r, &cfg), WEFT_EINVAL);
  cfg = relay_rig_config(), cfg.addrs = addrs, cfg.addrs_len = 17;
  ck_assert_int_eq(relay_rig_try(&r, &cfg), WEFT_EINVAL);
  cfg.addrs_len = 1, addrs[0] = (weft_relay_bytes){big, sizeof big};
  ck_assert_int_eq(relay_rig_try(&r, &cfg), WEFT_ETOOBIG);
  cfg.size = offsetof(weft_relay_server_config, hop_limit); /* an older caller */
  cfg.addrs_len = 0, cfg.hop_limit = 0;
  ck_assert_int_eq(relay_rig_try(&r, &cfg), WEFT_OK);
  relay_rig_free(r);
}
END_TEST

START_TEST(needs_a_key_and_an_id) {
  weft_relay_server_callbacks cb = {sizeof cb,    rig_open_stop, rig_output, rig_consumed,
                                    rig_shutdown, rig_reset,     rig_event};
  weft_relay_server_config cfg = relay_rig_config();
  uint8_t id[RIG_ID];
  weft_relay_server *s;
  rig_id(id, 'r');
  cfg.alloc = test_alloc();
  cfg.public_key = id, cfg.public_key_len = RIG_ID;
  cfg.peer_id = id, cfg.peer_id_len = RIG_ID;
  ck_assert_int_eq(weft_relay_server_new(&s, &cfg, &cb, NULL), WEFT_EINVAL); /* sign */
  cfg.sign = rig_sign, cfg.peer_id_len = 7;
  ck_assert_int_eq(weft_relay_server_new(&s, &cfg, &cb, NULL), WEFT_EINVAL);
  cfg.peer_id = NULL;
  ck_assert_int_eq(weft_relay_server_new(&s, &cfg, &cb, NULL), WEFT_EINVAL);
  cfg.peer_id = id, cfg.peer_id_len = RIG_ID, cfg.public_key_len = 0;
  ck_assert_int_eq(weft_relay_server_new(&s, &cfg, &cb, NULL), WEFT_EINVAL);
  weft_relay_server_free(NULL);
}
END_TEST

START_TEST(knows_what_it_was_told_of) {
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = relay_rig_peer(r, 'a', "203.0.113.1"), *nobody = rig_conn_new(r, 'x');
  weft_relay_server *s = r->server;
  ck_assert_int_eq(relay_rig_join(r, a, NULL, false), WEFT_ESTATE);
  ck_assert_int_eq(weft_relay_server_peer(s, nobody, (const uint8_t *)"no id", 5, NULL, false, 0), WEFT_EINVAL);
  ck_assert_int_eq(weft_relay_server_peer_gone(s, nobody, 0), WEFT_ENOTFOUND);
  ck_assert_int_eq(weft_relay_server_stream(s, nobody, 1, 0), WEFT_ENOTFOUND);
  rig_stream *x = relay_rig_hop(r, a);
  ck_assert_int_eq(weft_relay_server_stream(s, a, x->id, 0), WEFT_ESTATE);
  ck_assert_int_eq(weft_relay_server_stop_ready(s, a, x->id, 0), WEFT_ESTATE);
  ck_assert_int_eq(weft_relay_server_stop_ready(s, a, 77, 0), WEFT_ENOTFOUND);
  ck_assert_int_eq(weft_relay_server_input(s, a, 77, NULL, 0, 0), WEFT_ENOTFOUND);
  ck_assert_int_eq(weft_relay_server_input_end(s, a, 77, 0), WEFT_ENOTFOUND);
  ck_assert_int_eq(weft_relay_server_gone(s, a, 77, 0), WEFT_ENOTFOUND);
  ck_assert_int_eq(weft_relay_server_writable(s, a, 77, 0), WEFT_ENOTFOUND);
  ck_assert_uint_eq(relay_rig_stats(r).peers, 1);
  relay_rig_leave(r, a);
  ck_assert_uint_eq(relay_rig_stats(r).peers, 0);
  ck_assert_int_eq(weft_relay_server_input(s, a, x->id, NULL, 0, 0), WEFT_ENOTFOUND);
  relay_rig_free(r);
}
END_TEST

START_TEST(older_stats_get_what_they_know) {
  relay_rig *r = relay_rig_new(NULL);
  weft_relay_server_stats s;
  memset(&s, 0xee, sizeof s);
  s.size = offsetof(weft_relay_server_stats, refused);
  weft_relay_server_get_stats(r->server, &s);
  ck_assert(s.circuits_total == 0 && s.bytes_back == 0);
  ck_assert_uint_eq(s.refused[0], UINT64_C(0xeeeeeeeeeeeeeeee));
  relay_rig_free(r);
}
END_TEST

START_TEST(messages_that_cannot_be_served) {
  static const struct {
    const char *hex;
    int status;
  } bad[] = {{"8120", 400},
             {"808001", 400},
             {"8000", 400},
             {"00", 400},
             {"020f00", 400},
             {"03080012", 400},
             {"020802", 401},
             {"020803", 401},
             {"0b08ffffffffffffffffff01", 401},
             {"03 0a0100", 400},
             {"04 0800 7b7c", 400},                 /* a group */
             {"0c 08 8080808080808080808001", 400}, /* a varint of 11 bytes */
             {"05 0801 12ff01", 400}};
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = relay_rig_peer(r, 'a', NULL);
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) {
    rig_stream *s = relay_rig_hop(r, a);
    relay_rig_give_hex(r, s, bad[i].hex);
    ck_assert_msg(relay_rig_status(s) == bad[i].status, "%s", bad[i].hex);
    ck_assert(s->shut);
    relay_rig_end(r, s);
  }
  weft_relay_server_stats s = relay_rig_stats(r);
  ck_assert_uint_eq(s.refused[6], 10);
  ck_assert_uint_eq(s.refused[7], 3);
  relay_rig_free(r);
}
END_TEST

START_TEST(a_message_of_4096_bytes_is_read_and_one_of_4097_is_not) {
  static uint8_t msg[4099] = {0x80, 0x20, 0x08, 0x00, 0x7a, 0xfb, 0x1f}; /* RESERVE, and field 15 with 4,091 bytes */
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = relay_rig_peer(r, 'a', NULL);
  rig_stream *s = relay_rig_hop(r, a);
  ck_assert_int_eq(relay_rig_give(r, s, msg, 4098), 4098);
  ck_assert_int_eq(relay_rig_status(s), WEFT_RELAY_OK);
  msg[0] = 0x81, msg[5] = 0xfc;
  s = relay_rig_hop(r, a);
  ck_assert_int_eq(relay_rig_give(r, s, msg, 4099), 4099);
  ck_assert_int_eq(relay_rig_status(s), WEFT_RELAY_MALFORMED_MESSAGE);
  relay_rig_free(r);
}
END_TEST

/* CONNECT with bytes behind it, the target's OK with bytes behind it, each cut at `cut`; what both sides got. */
static void split(size_t cut, char *log, uint8_t got[2][4096], size_t lens[2]) {
  uint8_t there[64] = {0};
  static const uint8_t back[] = "\x04\x08\x01\x20\x64pong, and more";
  size_t n;
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = relay_rig_peer(r, 'a', NULL), *b = relay_rig_peer(r, 'b', NULL);
  ck_assert_int_eq(relay_rig_reserve(r, b), WEFT_RELAY_OK);
  rig_stream *hop = relay_rig_hop(r, a);
  rig_connect_message(there, &n, 'b');
  memcpy(there + n, "ping", 4);
  n += 4;
  size_t at = cut < n ? cut : n;
  ck_assert_int_eq(relay_rig_give(r, hop, there, at), (ptrdiff_t)at);
  ck_assert_int_eq(relay_rig_give(r, hop, there + at, n - at), (ptrdiff_t)(n - at));
  rig_stream *stop = relay_rig_stop(r, 'b');
  relay_rig_ready(r, stop);
  n = sizeof back - 1;
  at = cut < n ? cut : n;
  ck_assert_int_eq(relay_rig_give(r, stop, back, at), (ptrdiff_t)at);
  ck_assert_int_eq(relay_rig_give(r, stop, back + at, n - at), (ptrdiff_t)(n - at));
  rig_stream *ends[2] = {hop, stop};
  for (int i = 0; i < 2; i++) {
    lens[i] = ends[i]->got_len;
    memcpy(got[i], ends[i]->got, lens[i]);
  }
  strcpy(log, r->log);
  relay_rig_free(r);
}

START_TEST(split_at_every_byte) {
  static uint8_t want[2][4096], got[2][4096];
  char want_log[4096], log[4096];
  size_t want_lens[2], lens[2];
  split(0, want_log, want, want_lens);
  ck_assert_str_eq(want_log, "RESERVED b; OPENED a b; ");
  ck_assert_uint_gt(want_lens[0], 14);
  for (size_t cut = 1; cut < 64; cut++) {
    split(cut, log, got, lens);
    ck_assert_str_eq(log, want_log);
    for (int i = 0; i < 2; i++) ck_assert(lens[i] == want_lens[i] && memcmp(got[i], want[i], lens[i]) == 0);
  }
}
END_TEST

START_TEST(input_is_not_taken_from_inside_a_callback) {
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = relay_rig_peer(r, 'a', NULL);
  rig_stream *s = relay_rig_hop(r, a);
  r->server->q.depth++; /* as a callback would find it */
  ck_assert_int_eq(relay_rig_give(r, s, "\x02", 1), WEFT_ESTATE);
  r->server->q.depth--;
  relay_rig_free(r);
}
END_TEST

static void everybody_leaves(relay_rig *r, const weft_relay_server_event *ev) {
  (void)ev;
  for (size_t i = 0; i < r->conns_len; i++) weft_relay_server_peer_gone(r->server, r->conns[i], r->now);
}

static void frees(relay_rig *r, const weft_relay_server_event *ev) {
  (void)ev;
  weft_relay_server_free(r->server);
}

START_TEST(events_may_end_connections_and_the_relay) {
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = relay_rig_peer(r, 'a', NULL), *b = relay_rig_peer(r, 'b', NULL);
  ck_assert_int_eq(relay_rig_reserve(r, b), WEFT_RELAY_OK);
  rig_circuit c = relay_rig_connect(r, a, 'b');
  r->log[0] = 0;
  r->on_event = everybody_leaves;
  weft_relay_server_gone(r->server, a, c.dialer->id, r->now);
  ck_assert_log(r, "CLOSED a b 0 0: the dialer reset it; EXPIRED b: its connection ended; ");
  ck_assert_uint_eq(relay_rig_stats(r).peers, 0);
  relay_rig_free(r);
  r = relay_rig_new(NULL);
  a = relay_rig_peer(r, 'a', NULL);
  ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_OK);
  r->log[0] = 0;
  r->on_event = frees;
  weft_relay_server_peer_gone(r->server, a, r->now);
  ck_assert_log(r, "EXPIRED a: its connection ended; ");
  r->server = NULL;
  relay_rig_free(r);
}
END_TEST

/* Circuits opened and ended leave no memory and no deadline behind. */
START_TEST(a_thousand_circuits_one_after_another) {
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = relay_rig_peer(r, 'a', NULL), *b = relay_rig_peer(r, 'b', NULL);
  ck_assert_int_eq(relay_rig_reserve(r, b), WEFT_RELAY_OK);
  size_t blocks = 0;
  for (int i = 0; i < 1000; i++) {
    rig_circuit c = relay_rig_connect(r, a, 'b');
    ck_assert_int_eq(c.status, WEFT_RELAY_OK);
    c.target->room = 0;
    ck_assert_int_eq(relay_rig_give(r, c.dialer, "abc", 3), 3);
    weft_relay_server_gone(r->server, i % 2 ? a : b, i % 2 ? c.dialer->id : c.target->id, r->now);
    rig_stream *both[2] = {c.dialer, c.target};
    for (int k = 0; k < 2; k++) {
      free(both[k]->got);
      *both[k] = (rig_stream){0};
    }
    r->log[0] = 0;
    if (i == 0) blocks = test_leak()->blocks;
  }
  ck_assert_uint_eq(test_leak()->blocks, blocks);
  ck_assert_uint_eq(weft_relay_server_deadline(r->server), WEFT_SEC(3605));
  ck_assert_uint_eq(relay_rig_stats(r).circuits_total, 1000);
  relay_rig_free(r);
}
END_TEST

/* A whole circuit with a slow reader; any step may find no memory. */
static void scenario(void *ctx) {
  relay_rig *r = NULL;
  uint8_t msg[64];
  size_t len;
  (void)ctx;
  if (relay_rig_try(&r, NULL) != WEFT_OK) return;
  rig_conn *a = rig_conn_new(r, 'a'), *b = rig_conn_new(r, 'b');
  relay_rig_join(r, a, "203.0.113.1", false);
  relay_rig_join(r, b, "203.0.113.2", false);
  rig_stream *s = rig_stream_new(b, 1), *hop = rig_stream_new(a, 1);
  s->room = 2;
  weft_relay_server_stream(r->server, b, 1, r->now);
  relay_rig_give(r, s, "\x02\x08\x00", 3);
  s->room = SIZE_MAX;
  relay_rig_tick(r);
  rig_connect_message(msg, &len, 'b');
  hop->room = 3;
  weft_relay_server_stream(r->server, a, 1, r->now);
  relay_rig_give(r, hop, msg, len);
  if (r->last_stop && weft_relay_server_stop_ready(r->server, b, r->last_stop->id, r->now) == WEFT_OK) {
    r->last_stop->room = r->last_stop->got_len;
    relay_rig_give(r, r->last_stop, "\x04\x08\x01\x20\x64hi", 7);
    relay_rig_give(r, hop, "hello", 5);
    hop->room = SIZE_MAX;
    relay_rig_tick(r);
  }
  weft_relay_server_peer_gone(r->server, a, r->now);
  relay_rig_free(r);
}

START_TEST(every_allocation_may_fail) { ck_assert_uint_ge(alloc_sweep(scenario, NULL), 15); }
END_TEST

Suite *test_relay_server(void) {
  static const unit_test tests[] = {UNIT(refuses_configurations_that_cannot_work),
                                    UNIT(needs_a_key_and_an_id),
                                    UNIT(knows_what_it_was_told_of),
                                    UNIT(older_stats_get_what_they_know),
                                    UNIT(messages_that_cannot_be_served),
                                    UNIT(a_message_of_4096_bytes_is_read_and_one_of_4097_is_not),
                                    UNIT(split_at_every_byte),
                                    UNIT(input_is_not_taken_from_inside_a_callback),
                                    UNIT(events_may_end_connections_and_the_relay),
                                    UNIT(a_thousand_circuits_one_after_another),
                                    UNIT(every_allocation_may_fail)};
  return unit_suite("relay/server", tests, sizeof tests / sizeof tests[0]);
}
