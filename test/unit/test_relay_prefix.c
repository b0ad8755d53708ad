#include "test/unit/relay_rig.h"

static int reserve_from(relay_rig *r, char name, const char *ip) {
  return relay_rig_reserve(r, relay_rig_peer(r, name, ip));
}

static weft_relay_server_config two_per_ip(void) {
  weft_relay_server_config cfg = relay_rig_config();
  cfg.max_reservations = 0;
  cfg.max_reservations_per_ip = 2;
  return cfg;
}

START_TEST(so_many_per_ipv4_address) {
  weft_relay_server_config cfg = two_per_ip();
  relay_rig *r = relay_rig_new(&cfg);
  ck_assert_int_eq(reserve_from(r, 'a', "203.0.113.1"), WEFT_RELAY_OK);
  ck_assert_int_eq(reserve_from(r, 'b', "::ffff:203.0.113.1"), WEFT_RELAY_OK);
  ck_assert_int_eq(reserve_from(r, 'c', "203.0.113.1"), WEFT_RELAY_RESERVATION_REFUSED);
  ck_assert_int_eq(reserve_from(r, 'd', "203.0.113.2"), WEFT_RELAY_OK);
  ck_assert_int_eq(reserve_from(r, 'e', "203.0.112.1"), WEFT_RELAY_OK);
  relay_rig_free(r);
}
END_TEST

START_TEST(so_many_per_ipv6_56) {
  weft_relay_server_config cfg = two_per_ip();
  relay_rig *r = relay_rig_new(&cfg);
  ck_assert_int_eq(reserve_from(r, 'a', "2001:db8:1:1200::1"), WEFT_RELAY_OK);
  ck_assert_int_eq(reserve_from(r, 'b', "2001:db8:1:12ff:ffff::1"), WEFT_RELAY_OK);
  ck_assert_int_eq(reserve_from(r, 'c', "2001:db8:1:1280::7"), WEFT_RELAY_RESERVATION_REFUSED);
  ck_assert_int_eq(reserve_from(r, 'd', "2001:db8:1:1300::1"), WEFT_RELAY_OK);
  relay_rig_free(r);
}
END_TEST

/* Leaving gives the slot back at once, and yet no more than 2 * issue_factor a minute are given out. */
START_TEST(churn_does_not_beat_the_rate) {
  weft_relay_server_config cfg = two_per_ip();
  relay_rig *r = relay_rig_new(&cfg);
  weft_time began = r->now;
  unsigned got = 0;
  rig_conn *c = rig_conn_new(r, 'a');
  for (; r->now < began + WEFT_SEC(600); r->now += WEFT_MS(500)) {
    ck_assert_int_eq(relay_rig_join(r, c, "203.0.113.1", false), WEFT_OK);
    got += relay_rig_reserve(r, c) == WEFT_RELAY_OK;
    relay_rig_leave(r, c);
    r->log[0] = 0;
    if (r->now == began + WEFT_SEC(5)) ck_assert_uint_eq(got, 8);
  }
  ck_assert_uint_eq(got, 8 + 79); /* the burst, and one each 7.5 s after it */
  ck_assert_int_eq(reserve_from(r, 'b', "203.0.113.2"), WEFT_RELAY_OK);
  relay_rig_free(r);
}
END_TEST

START_TEST(renewing_counts_too) {
  weft_relay_server_config cfg = two_per_ip();
  cfg.issue_factor = 3;
  relay_rig *r = relay_rig_new(&cfg);
  rig_conn *a = relay_rig_peer(r, 'a', "203.0.113.1");
  for (int i = 0; i < 6; i++) ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_OK);
  ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_RESERVATION_REFUSED);
  ck_assert_uint_eq(relay_rig_stats(r).reservations, 1); /* what there was stays */
  r->now += WEFT_SEC(10) - 1;
  ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_RESERVATION_REFUSED);
  r->now += 1;
  ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_OK);
  relay_rig_free(r);
}
END_TEST

START_TEST(without_a_limit_there_is_no_rate) {
  weft_relay_server_config cfg = two_per_ip();
  cfg.max_reservations_per_ip = 0;
  relay_rig *r = relay_rig_new(&cfg);
  rig_conn *a = relay_rig_peer(r, 'a', "203.0.113.1");
  for (int i = 0; i < 200; i++) {
    ck_assert_int_eq(relay_rig_reserve(r, a), WEFT_RELAY_OK);
    r->log[0] = 0;
  }
  relay_rig_free(r);
}
END_TEST

/* Networks that issued something are remembered while that says something, and only so many of them. */
START_TEST(memory_of_networks_is_bounded) {
  weft_relay_server_config cfg = two_per_ip();
  relay_rig *r = relay_rig_new(&cfg);
  rig_conn *c = rig_conn_new(r, 'a');
  size_t base = 0;
  for (unsigned i = 0; i < 6000; i++) {
    char ip[32];
    snprintf(ip, sizeof ip, "10.%u.%u.1", i / 256, i % 256);
    ck_assert_int_eq(relay_rig_join(r, c, ip, false), WEFT_OK);
    ck_assert_int_eq(relay_rig_reserve(r, c), WEFT_RELAY_OK);
    relay_rig_leave(r, c);
    r->log[0] = 0;
    if (i == 5000) base = test_leak()->blocks;
    if (i > 5000) ck_assert_uint_le(test_leak()->blocks, base);
  }
  r->now += WEFT_SEC(61);
  ck_assert_int_eq(relay_rig_join(r, c, "192.0.2.1", false), WEFT_OK);
  ck_assert_uint_lt(test_leak()->blocks, 16);
  relay_rig_free(r);
}
END_TEST

START_TEST(a_rate_past_all_counting_saturates) {
  weft_relay_server_config cfg = two_per_ip();
  cfg.max_reservations_per_ip = UINT32_MAX;
  cfg.issue_factor = UINT32_MAX;
  relay_rig *r = relay_rig_new(&cfg);
  r->now = WEFT_NEVER - 2;
  ck_assert_int_eq(reserve_from(r, 'a', "203.0.113.1"), WEFT_RELAY_OK);
  ck_assert_int_eq(reserve_from(r, 'b', "203.0.113.1"), WEFT_RELAY_OK);
  ck_assert_uint_eq(weft_relay_server_deadline(r->server), WEFT_NEVER - 1);
  relay_rig_free(r);
}
END_TEST

Suite *test_relay_prefix(void) {
  static const unit_test tests[] = {UNIT(so_many_per_ipv4_address),          UNIT(so_many_per_ipv6_56),
                                    UNIT(churn_does_not_beat_the_rate),      UNIT(renewing_counts_too),
                                    UNIT(without_a_limit_there_is_no_rate),  UNIT(memory_of_networks_is_bounded),
                                    UNIT(a_rate_past_all_counting_saturates)};
  return unit_suite("relay/prefix", tests, sizeof tests / sizeof tests[0]);
}
