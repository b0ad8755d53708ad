#include "test/unit/relay_rig.h"

START_TEST(gives_a_signed_voucher_an_expiry_and_the_limit) {
  weft_relay_server_config cfg = relay_rig_config();
  weft_relay_bytes addrs[2] = {{(const uint8_t *)"\x04\xcb\x00\x71\x09", 5},
                               {(const uint8_t *)"\x04\x7f\x00\x00\x01", 5}};
  uint8_t keep[4096], ids[2][RIG_ID];
  cfg.addrs = addrs, cfg.addrs_len = 2;
  cfg.circuit_seconds = 120, cfg.circuit_bytes = 131072;
  relay_rig *r = relay_rig_new(&cfg);
  rig_stream *s = relay_rig_hop(r, relay_rig_peer(r, 'a', "203.0.113.1"));
  relay_rig_give_hex(r, s, "020800");
  weft_relay_message m = relay_rig_message(s, keep);
  ck_assert(m.type == WEFT_RELAY_HOP_STATUS && m.status == WEFT_RELAY_OK && m.has_reservation && m.has_limit);
  ck_assert_uint_eq(m.expire, RIG_UNIX + 5 + 3600);
  ck_assert_uint_eq(m.limit_duration, 120);
  ck_assert_uint_eq(m.limit_data, 131072);
  ck_assert_uint_eq(m.addrs_len, 2);
  ck_assert_hex(m.addrs[0].data, m.addrs[0].len, "04cb007109");
  ck_assert_hex(m.addrs[1].data, m.addrs[1].len, "047f000001");
  weft_peer_id relay, self;
  rig_id(ids[0], 'r');
  rig_id(ids[1], 'a');
  weft_peer_id_from_bytes(&relay, ids[0], RIG_ID);
  weft_peer_id_from_bytes(&self, ids[1], RIG_ID);
  weft_relay_voucher_expect x = {&relay, &self, RIG_UNIX + 3604, rig_verify, NULL};
  ck_assert_ptr_null(weft_relay_voucher_check(m.voucher, &x));
  x.unix_now++; /* the voucher ends with the reservation */
  ck_assert_str_eq(weft_relay_voucher_check(m.voucher, &x), "the voucher has expired");
  ck_assert(s->shut);
  ck_assert_log(r, "RESERVED a; ");
  ck_assert_uint_eq(s->consumed, 3);
  relay_rig_free(r);
}
END_TEST

START_TEST(without_limits_there_is_no_limit_field) {
  weft_relay_server_config cfg = relay_rig_config();
  uint8_t keep[4096];
  for (int i = 0; i < 3; i++) {
    cfg.circuit_seconds = i == 1 ? 7 : 0;
    cfg.circuit_bytes = i == 2 ? 9 : 0;
    relay_rig *r = relay_rig_new(&cfg);
    rig_stream *s = relay_rig_hop(r, relay_rig_peer(r, 'a', NULL));
    relay_rig_give_hex(r, s, "020800");
    weft_relay_message m = relay_rig_message(s, keep);
    ck_assert(m.has_limit == (i > 0) && m.limit_duration == (i == 1 ? 7 : 0) && m.limit_data == (i == 2 ? 9 : 0));
    relay_rig_free(r);
  }
}
END_TEST

START_TEST(ends_at_its_second) {
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = relay_rig_peer(r, 'a', NULL), *b = relay_rig_peer(r, 'b', NULL);
  ck_assert_uint_eq(weft_relay_server_deadline(r->server), WEFT_NEVER);
  ck_assert_int_eq(relay_rig_reserve(r, b), WEFT_RELAY_OK);
  ck_assert_uint_eq(weft_relay_server_deadline(r->server), WEFT_SEC(5 + 3600));
  r->now = WEFT_SEC(5 + 3600) - 1;
  relay_rig_tick(r);
  ck_assert_uint_eq(relay_rig_stats(r).reservations, 1);
  r->now++;
  relay_rig_tick(r);
  ck_assert_log(r, "RESERVED b; EXPIRED b: its time is over; ");
  ck_assert_uint_eq(relay_rig_stats(r).reservations, 0);
  ck_assert_uint_eq(weft_relay_server_deadline(r->server), WEFT_NEVER);
  ck_assert_int_eq(relay_rig_connect(r, a, 'b').status, WEFT_RELAY_NO_RESERVATION);
  relay_rig_free(r);
}
END_TEST

START_TEST(renewing_moves_the_end) {
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = relay_rig_peer(r, 'a', NULL), *b = relay_rig_peer(r, 'b', NULL);
  ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_OK);
  r->now += WEFT_SEC(10);
  ck_assert_int_eq(relay_rig_reserve(r, b), WEFT_RELAY_OK);
  r->now += WEFT_SEC(10);
  ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_OK);
  ck_assert_uint_eq(relay_rig_stats(r).reservations, 2);
  r->now = weft_relay_server_deadline(r->server);
  ck_assert_uint_eq(r->now, WEFT_SEC(15 + 3600));
  relay_rig_tick(r);
  ck_assert_log(r, "RESERVED a; RESERVED b; RENEWED a; EXPIRED b: its time is over; ");
  r->now = weft_relay_server_deadline(r->server);
  ck_assert_uint_eq(r->now, WEFT_SEC(25 + 3600));
  relay_rig_tick(r);
  ck_assert_log(r, "EXPIRED a: its time is over; ");
  relay_rig_free(r);
}
END_TEST

static uint64_t told_expire;

static void note_expire(relay_rig *r, const weft_relay_server_event *ev) {
  (void)r;
  if (ev->type == WEFT_RELAY_SERVER_RESERVED) told_expire = ev->expire;
}

START_TEST(its_end_is_told) {
  relay_rig *r = relay_rig_new(NULL);
  r->on_event = note_expire;
  rig_conn *a = relay_rig_peer(r, 'a', NULL);
  ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_OK);
  ck_assert_uint_eq(told_expire, (uint64_t)RIG_UNIX + 5 + 3600);
  r->now += WEFT_SEC(60);
  ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_OK);
  ck_assert_uint_eq(told_expire, (uint64_t)RIG_UNIX + 65 + 3600);
  relay_rig_leave(r, a);
  a = relay_rig_peer(r, 'a', NULL);
  r->log[0] = 0;
  ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_OK);
  ck_assert_log(r, "RESERVED a; "); /* a new connection's is a new one */
  relay_rig_free(r);
}
END_TEST

START_TEST(a_reservation_without_end) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.reservation_seconds = 0;
  uint8_t keep[4096];
  relay_rig *r = relay_rig_new(&cfg);
  rig_stream *s = relay_rig_hop(r, relay_rig_peer(r, 'a', NULL));
  relay_rig_give_hex(r, s, "020800");
  ck_assert_uint_eq(relay_rig_message(s, keep).expire, RIG_UNIX + 5 + UINT64_C(4294967295));
  relay_rig_end(r, s);
  ck_assert_uint_eq(weft_relay_server_deadline(r->server), WEFT_NEVER);
  relay_rig_free(r);
}
END_TEST

START_TEST(so_many_in_all) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.max_reservations = 3;
  cfg.max_reservations_per_ip = 0;
  relay_rig *r = relay_rig_new(&cfg);
  rig_conn *c[4];
  for (int i = 0; i < 4; i++) c[i] = relay_rig_peer(r, (char)('a' + i), NULL);
  for (int i = 0; i < 3; i++) ck_assert_int_eq(relay_rig_reserve(r, c[i]), WEFT_RELAY_OK);
  ck_assert_int_eq(relay_rig_reserve(r, c[3]), WEFT_RELAY_RESERVATION_REFUSED);
  ck_assert_int_eq(relay_rig_reserve(r, c[0]), WEFT_RELAY_OK); /* renewing needs no second slot */
  ck_assert_uint_eq(relay_rig_stats(r).refused[1], 1);
  relay_rig_leave(r, c[1]);
  ck_assert_int_eq(relay_rig_reserve(r, c[3]), WEFT_RELAY_OK);
  ck_assert_log(r, "RESERVED a; RESERVED b; RESERVED c; REFUSED d RESERVATION_REFUSED: too many reservations; "
                   "RENEWED a; EXPIRED b: its connection ended; RESERVED d; ");
  relay_rig_free(r);
}
END_TEST

START_TEST(so_many_per_peer) {
  weft_relay_server_config cfg = relay_rig_config();
  relay_rig *r = relay_rig_new(&cfg);
  rig_conn *first = relay_rig_peer(r, 'a', NULL), *second = relay_rig_peer(r, 'a', NULL);
  ck_assert_int_eq(relay_rig_reserve(r, first), WEFT_RELAY_OK);
  ck_assert_int_eq(relay_rig_reserve(r, second), WEFT_RELAY_RESERVATION_REFUSED);
  relay_rig_leave(r, first);
  ck_assert_int_eq(relay_rig_reserve(r, second), WEFT_RELAY_OK);
  relay_rig_free(r);
  cfg.max_reservations_per_peer = 0;
  r = relay_rig_new(&cfg);
  for (int i = 0; i < 10; i++) ck_assert_int_eq(relay_rig_reserve(r, relay_rig_peer(r, 'a', NULL)), WEFT_RELAY_OK);
  relay_rig_free(r);
}
END_TEST

START_TEST(not_over_a_relayed_connection) {
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = rig_conn_new(r, 'a');
  ck_assert_int_eq(relay_rig_join(r, a, NULL, true), WEFT_OK);
  ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_PERMISSION_DENIED);
  ck_assert_log(r, "REFUSED a PERMISSION_DENIED: a reservation over a relayed connection; ");
  relay_rig_free(r);
}
END_TEST

static bool only_a(void *user, const uint8_t *id, size_t len) {
  (void)user;
  return rig_name((weft_relay_bytes){id, len}) == 'a';
}

START_TEST(only_for_those_allowed) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.allow = only_a;
  relay_rig *r = relay_rig_new(&cfg);
  rig_conn *a = relay_rig_peer(r, 'a', NULL), *b = relay_rig_peer(r, 'b', NULL);
  ck_assert_int_eq(relay_rig_reserve(r, b), WEFT_RELAY_PERMISSION_DENIED);
  ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_OK);
  ck_assert_int_eq(relay_rig_connect(r, b, 'a').status, WEFT_RELAY_PERMISSION_DENIED);
  ck_assert_uint_eq(relay_rig_stats(r).refused[3], 2);
  relay_rig_free(r);
}
END_TEST

START_TEST(not_without_a_signature) {
  relay_rig *r = relay_rig_new(NULL);
  rig_conn *a = relay_rig_peer(r, 'a', NULL);
  r->bad_sign = true;
  ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_RESERVATION_REFUSED);
  ck_assert_uint_eq(relay_rig_stats(r).reservations, 0);
  relay_rig_free(r);
}
END_TEST

Suite *test_relay_reserve(void) {
  static const unit_test tests[] = {UNIT(gives_a_signed_voucher_an_expiry_and_the_limit),
                                    UNIT(without_limits_there_is_no_limit_field),
                                    UNIT(ends_at_its_second),
                                    UNIT(renewing_moves_the_end),
                                    UNIT(its_end_is_told),
                                    UNIT(a_reservation_without_end),
                                    UNIT(so_many_in_all),
                                    UNIT(so_many_per_peer),
                                    UNIT(not_over_a_relayed_connection),
                                    UNIT(only_for_those_allowed),
                                    UNIT(not_without_a_signature)};
  return unit_suite("relay/reserve", tests, sizeof tests / sizeof tests[0]);
}
