/* Server-reflexive candidates, and agents behind NATs. */
#include "test/unit/ice_net.h"

static void with_server(ice_net *net, ice_node *n) {
  net->stun_server = ice_addr("192.0.2.200:3478");
  ck_assert_int_eq(weft_ice_add_stun_server(n->ice, &net->stun_server, net->now), WEFT_OK);
}

static ice_node *behind(ice_net *net, const char *inside, const char *outside, ice_nat kind, weft_ice_role role) {
  ice_node *n = ice_net_agent(net, inside, role, NULL);
  n->nat = kind;
  n->nat_ip = ice_addr(outside);
  with_server(net, n);
  ck_assert_int_eq(weft_ice_gather(n->ice, net->now), WEFT_OK);
  ck_assert_int_eq(weft_ice_gather(n->ice, net->now), WEFT_ESTATE);
  return n;
}

START_TEST(reflexive_candidate) {
  static ice_net net;
  char text[256];
  ice_net_init(&net, 1);
  ice_node *a = behind(&net, "192.168.1.2:1000", "203.0.113.1:0", ICE_NAT_FULL_CONE, WEFT_ICE_CONTROLLING);
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_uint_eq(a->candidates_n, 2);
  ck_assert_uint_eq(a->gathered, 1);
  const weft_ice_candidate *c = &a->candidates[1];
  ck_assert_int_eq(c->type, WEFT_ICE_SRFLX);
  ck_assert_str_eq(weft_addr_format(&c->addr, text, sizeof text), "203.0.113.1:40000");
  ck_assert(weft_addr_equal(&c->related, &a->addr[0]));
  ck_assert_uint_eq(c->priority, 1694498815);
  ck_assert_str_ne(c->foundation, a->candidates[0].foundation);
  ck_assert_int_eq(weft_ice_candidate_format(c, text, sizeof text), WEFT_OK);
  ck_assert_int_eq(weft_ice_add_local(a->ice, &a->addr[0], net.now), WEFT_ESTATE); /* after gather */
  ice_net_free(&net);
}
END_TEST

START_TEST(no_nat_no_candidate) {
  static ice_net net;
  ice_net_init(&net, 2);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  with_server(&net, a);
  ck_assert_int_eq(weft_ice_gather(a->ice, 0), WEFT_OK);
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_uint_eq(a->candidates_n, 1);
  ck_assert_uint_eq(a->gathered, 1);
  ice_net_free(&net);
}
END_TEST

START_TEST(nothing_to_gather) {
  static ice_net net;
  ice_net_init(&net, 3);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ck_assert_int_eq(weft_ice_gather(a->ice, 0), WEFT_OK);
  ck_assert_uint_eq(a->gathered, 1); /* at once */
  ice_net_free(&net);
}
END_TEST

START_TEST(bad_servers) { /* C15 */
  for (int kind = 0; kind < 5; kind++) {
    static ice_net net;
    static const unsigned errors[] = {300, 400, 500};
    ice_net_init(&net, 4);
    ice_node *a = ice_net_agent(&net, "192.168.1.2:1000", WEFT_ICE_CONTROLLING, NULL);
    a->nat = ICE_NAT_FULL_CONE;
    a->nat_ip = ice_addr("203.0.113.1:0");
    net.stun_silent = kind == 0;
    net.stun_lies = kind == 1;
    if (kind >= 2) net.stun_error = errors[kind - 2];
    with_server(&net, a);
    ck_assert_int_eq(weft_ice_gather(a->ice, 0), WEFT_OK);
    ice_net_run(&net, WEFT_SEC(10));
    ck_assert_uint_eq(a->candidates_n, 1);
    ck_assert_uint_eq(a->gathered, 1);
    ck_assert_uint_le(a->sent, 5);
    ice_net_free(&net);
  }
}
END_TEST

START_TEST(answer_from_elsewhere) {
  static ice_net net;
  uint8_t buf[64];
  size_t len;
  ice_net_init(&net, 5);
  net.stun_silent = true;
  ice_node *a = ice_net_agent(&net, "192.168.1.2:1000", WEFT_ICE_CONTROLLING, NULL);
  with_server(&net, a);
  const ice_packet *p = ice_net_next_packet(&net);
  weft_addr other = ice_addr("192.0.2.201:3478"), mapped = ice_addr("203.0.113.66:6");
  ck_assert_int_eq(weft_stun_binding_answer(p->data, p->len, &mapped, buf, sizeof buf, &len), WEFT_OK);
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &other, buf, len, 0), WEFT_OK);
  weft_addr second = ice_addr("192.168.1.3:1000"); /* from the right server, but to another base */
  ck_assert_int_eq(weft_ice_add_local(a->ice, &second, 0), WEFT_OK);
  ck_assert_int_eq(weft_ice_input(a->ice, &second, &net.stun_server, buf, len, 0), WEFT_OK);
  ck_assert_uint_eq(ice_stats(a).drop_wrong_source, 2);
  a->candidates_n = 1;
  ck_assert_uint_eq(a->candidates_n, 1);
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &net.stun_server, buf, len, 0), WEFT_OK);
  ck_assert_uint_eq(a->candidates_n, 2);
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &net.stun_server, buf, len, 0),
                   WEFT_OK); /* again: no transaction */
  ck_assert_uint_eq(ice_stats(a).drop_unknown_transaction, 1);
  ice_net_free(&net);
}
END_TEST

START_TEST(limits) {
  static ice_net net;
  ice_net_init(&net, 6);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  weft_addr bad = ice_addr("0.0.0.0:3478");
  ck_assert_int_eq(weft_ice_add_stun_server(a->ice, &bad, 0), WEFT_EINVAL);
  for (int i = 0; i < 5; i++) {
    char text[32];
    snprintf(text, sizeof text, "198.51.100.%d:3478", i + 1);
    weft_addr s = ice_addr(text);
    ck_assert_int_eq(weft_ice_add_stun_server(a->ice, &s, 0), i < 4 ? WEFT_OK : WEFT_ELIMIT);
  }
  ck_assert_uint_eq(a->sent, 1); /* paced: one each 50 ms */
  ice_net_run(&net, WEFT_MS(160));
  ck_assert_uint_eq(a->sent, 4);
  ice_net_free(&net);
}
END_TEST

/* C12: two agents behind NATs of all kinds; what RFC 8445 can and cannot do without a relay */
START_TEST(nat_matrix) {
  static const bool works[4][4] = {/* none, full cone, restricted, symmetric */
                                   {true, true, true, true},
                                   {true, true, true, true},
                                   {true, true, true, false},
                                   {true, true, false, false}};
  for (int x = 0; x < 4; x++)
    for (int y = 0; y < 4; y++) {
      static ice_net net;
      ice_net_init(&net, (uint64_t)(100 + x * 4 + y));
      ice_node *a = behind(&net, "192.168.1.2:1000", "203.0.113.1:0", (ice_nat)x, WEFT_ICE_CONTROLLING);
      ice_node *b = behind(&net, "10.0.0.2:2000", "203.0.113.2:0", (ice_nat)y, WEFT_ICE_CONTROLLED);
      ice_net_run(&net, WEFT_SEC(1));
      ice_net_introduce(&net, a, b);
      ice_net_run(&net, WEFT_SEC(20));
      bool up = weft_ice_get_state(a->ice) == WEFT_ICE_COMPLETED && weft_ice_get_state(b->ice) == WEFT_ICE_COMPLETED;
      ck_assert_msg(up == works[x][y], "NATs %d and %d", x, y);
      if (up) {
        ck_assert_int_eq(weft_ice_send(a->ice, (const uint8_t *)"x", 1, net.now), WEFT_OK);
        ck_assert_int_eq(weft_ice_send(b->ice, (const uint8_t *)"x", 1, net.now), WEFT_OK);
        ice_net_run(&net, WEFT_MS(50));
        ck_assert_uint_ge(a->data_n, 1);
        ck_assert_uint_ge(b->data_n, 1);
      }
      ice_net_free(&net);
    }
}
END_TEST

/* trickle: candidates arrive one by one after start, in any order (RFC 8838) */
START_TEST(trickle) {
  for (uint64_t seed = 0; seed < 20; seed++) {
    static ice_net net;
    ice_net_init(&net, seed);
    net.loss = 10;
    ice_node *a = behind(&net, "192.168.1.2:1000", "203.0.113.1:0", ICE_NAT_RESTRICTED, WEFT_ICE_CONTROLLING);
    ice_node *b = behind(&net, "10.0.0.2:2000", "203.0.113.2:0", ICE_NAT_RESTRICTED, WEFT_ICE_CONTROLLED);
    ck_assert_int_eq(weft_ice_set_remote(a->ice, weft_ice_local_ufrag(b->ice), weft_ice_local_pwd(b->ice)), WEFT_OK);
    ck_assert_int_eq(weft_ice_set_remote(b->ice, weft_ice_local_ufrag(a->ice), weft_ice_local_pwd(a->ice)), WEFT_OK);
    ck_assert_int_eq(weft_ice_start(a->ice, 0), WEFT_OK);
    ck_assert_int_eq(weft_ice_start(b->ice, 0), WEFT_OK);
    size_t told_a = 0, told_b = 0;
    for (int step = 0; step < 100; step++) {
      ice_net_run(&net, WEFT_MS(1) * test_rng_below(&net.rng, 300));
      if (test_rng_chance(&net.rng, 50) && told_a < a->candidates_n)
        ck_assert_int_eq(weft_ice_add_remote(b->ice, &a->candidates[told_a++], net.now), WEFT_OK);
      if (test_rng_chance(&net.rng, 50) && told_b < b->candidates_n)
        ck_assert_int_eq(weft_ice_add_remote(a->ice, &b->candidates[told_b++], net.now), WEFT_OK);
    }
    ck_assert_int_eq(weft_ice_end_of_candidates(a->ice, net.now), WEFT_OK);
    ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
    ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_COMPLETED);
    ice_net_free(&net);
  }
}
END_TEST

Suite *test_ice_gather(void) {
  static const unit_test tests[] = {UNIT(reflexive_candidate),
                                    UNIT(no_nat_no_candidate),
                                    UNIT(nothing_to_gather),
                                    UNIT(bad_servers),
                                    UNIT(answer_from_elsewhere),
                                    UNIT(limits),
                                    UNIT(nat_matrix),
                                    UNIT(trickle)};
  return unit_suite("ice/gather", tests, sizeof tests / sizeof tests[0]);
}
