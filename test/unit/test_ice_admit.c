/* Lite agents: fed by a responder, moved by proof. */
#include "test/unit/ice_net.h"

static ice_node *lite_agent(ice_net *net, const weft_ice_config *base) {
  ice_node *n = ice_net_node(net, "192.0.2.1:4001");
  weft_ice_config cfg;
  weft_ice_config_default(&cfg);
  if (base != NULL) cfg = *base;
  cfg.lite = true;
  cfg.alloc = test_alloc();
  cfg.rng = test_rng_init(&n->rng, 5);
  ck_assert_int_eq(weft_ice_new(&n->ice, &cfg, &ice_net_callbacks, n), WEFT_OK);
  ck_assert_int_eq(weft_ice_get_role(n->ice), WEFT_ICE_CONTROLLED);
  return n;
}

static void data_from(ice_node *n, const weft_addr *from) {
  uint8_t dtls[16] = {22};
  ck_assert_int_eq(weft_ice_input(n->ice, &n->addr[0], from, dtls, sizeof dtls, n->net->now), WEFT_OK);
}

START_TEST(admission) {
  static ice_net net;
  ice_net_init(&net, 1);
  ice_node *n = lite_agent(&net, NULL);
  weft_addr peer = ice_addr("192.0.2.9:5000"), other = ice_addr("192.0.2.9:5001"), l, r;
  ck_assert_int_eq(weft_ice_start(n->ice, 0), WEFT_OK);
  data_from(n, &peer);
  ck_assert_uint_eq(ice_stats(n).drop_unvalidated, 1);
  ck_assert_int_eq(weft_ice_send(n->ice, (const uint8_t *)"x", 1, 0), WEFT_ESTATE);
  ck_assert_int_eq(weft_ice_get_selected(n->ice, &l, &r), WEFT_ESTATE);
  ck_assert_int_eq(weft_ice_admit(n->ice, &n->addr[0], &peer, 0), WEFT_OK);
  ck_assert_int_eq(weft_ice_get_state(n->ice), WEFT_ICE_CONNECTED);
  ck_assert_uint_eq(n->selections, 1);
  ck_assert_int_eq(weft_ice_get_selected(n->ice, &l, &r), WEFT_OK);
  ck_assert(weft_addr_equal(&r, &peer));
  data_from(n, &peer);
  data_from(n, &other);
  ck_assert_uint_eq(n->data_n, 1);
  ck_assert_int_eq(weft_ice_admit(n->ice, &n->addr[0], &other, 0), WEFT_OK); /* known, but not sent to (pion/ice #21) */
  data_from(n, &other);
  ck_assert_uint_eq(n->data_n, 2);
  ck_assert_uint_eq(n->selections, 1);
  ck_assert_int_eq(weft_ice_authenticated(n->ice, &n->addr[0], &other, 0), WEFT_OK); /* proven: sending moves */
  ck_assert_uint_eq(n->selections, 2);
  ck_assert(weft_addr_equal(&n->remote, &other));
  weft_addr never = ice_addr("192.0.2.9:5002");
  ck_assert_int_eq(weft_ice_authenticated(n->ice, &n->addr[0], &never, 0), WEFT_ENOTFOUND);
  uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
  ck_assert_int_eq(weft_ice_input(n->ice, &n->addr[0], &other, stun, 20, 0), WEFT_OK);
  ck_assert_uint_eq(n->data_n, 2);
  ck_assert_uint_eq(n->sent, 0);
  ck_assert_int_eq(weft_ice_restart(n->ice, 0), WEFT_ESTATE);
  ice_net_free(&net);
}
END_TEST

START_TEST(thirty_third_source) { /* D2, go-libp2p #3500 */
  static ice_net net;
  ice_net_init(&net, 2);
  ice_node *n = lite_agent(&net, NULL);
  for (unsigned i = 0; i < 1000; i++) {
    weft_addr a = ice_addr("192.0.2.9:5000");
    a.port = (uint16_t)(a.port + i);
    ck_assert_int_eq(weft_ice_admit(n->ice, &n->addr[0], &a, 0), i < 32 ? WEFT_OK : WEFT_ELIMIT);
    ck_assert_int_eq(weft_ice_admit(n->ice, &n->addr[0], &a, 0), i < 32 ? WEFT_OK : WEFT_ELIMIT);
    data_from(n, &a);
  }
  ck_assert_uint_eq(n->data_n, 32); /* the first 32 stay */
  ck_assert_uint_eq(ice_stats(n).drop_address_limit, 2 * 968);
  ck_assert_uint_eq(n->remote.port, 5000);
  ice_net_free(&net);
}
END_TEST

START_TEST(liveness) {
  static ice_net net;
  ice_net_init(&net, 3);
  ice_node *n = lite_agent(&net, NULL);
  weft_addr peer = ice_addr("192.0.2.9:5000");
  ck_assert_int_eq(weft_ice_admit(n->ice, &n->addr[0], &peer, 0), WEFT_OK);
  ice_net_run(&net, WEFT_SEC(10));
  ck_assert_int_eq(weft_ice_admit(n->ice, &n->addr[0], &peer, net.now), WEFT_OK);
  ice_net_run(&net, WEFT_SEC(14));
  ck_assert_int_eq(weft_ice_get_state(n->ice), WEFT_ICE_CONNECTED);
  data_from(n, &peer); /* unproven data keeps nothing alive */
  ice_net_run(&net, WEFT_SEC(2));
  ck_assert_int_eq(weft_ice_get_state(n->ice), WEFT_ICE_DISCONNECTED);
  ck_assert_int_eq(weft_ice_authenticated(n->ice, &n->addr[0], &peer, net.now), WEFT_OK);
  ck_assert_int_eq(weft_ice_get_state(n->ice), WEFT_ICE_CONNECTED);
  weft_time last = net.now;
  ice_net_run(&net, WEFT_SEC(60));
  ck_assert_uint_eq(n->closes, 1);
  ck_assert_uint_eq(n->closed_at, last + WEFT_SEC(30));
  ck_assert_str_eq(n->closed.step, "liveness");
  ck_assert_int_eq(weft_ice_admit(n->ice, &n->addr[0], &peer, net.now), WEFT_ESTATE);
  ice_net_free(&net);
}
END_TEST

START_TEST(nobody_comes) {
  static ice_net net;
  ice_net_init(&net, 4);
  ice_node *n = lite_agent(&net, NULL);
  ck_assert_int_eq(weft_ice_start(n->ice, 0), WEFT_OK);
  ice_net_run(&net, WEFT_SEC(60));
  ck_assert_uint_eq(n->closes, 1);
  ck_assert_uint_eq(n->closed_at, WEFT_SEC(30));
  ck_assert_uint_eq(n->sent, 0);
  ice_net_free(&net);
}
END_TEST

START_TEST(full_agents_are_not_admitted_to) {
  static ice_net net;
  ice_net_init(&net, 5);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  weft_addr peer = ice_addr("192.0.2.9:5000");
  ck_assert_int_eq(weft_ice_admit(a->ice, &a->addr[0], &peer, 0), WEFT_ESTATE);
  ck_assert_int_eq(weft_ice_authenticated(a->ice, &a->addr[0], &peer, 0), WEFT_OK); /* no pair: nothing happens */
  ice_net_free(&net);
}
END_TEST

Suite *test_ice_admit(void) {
  static const unit_test tests[] = {UNIT(admission), UNIT(thirty_third_source), UNIT(liveness), UNIT(nobody_comes),
                                    UNIT(full_agents_are_not_admitted_to)};
  return unit_suite("ice/admit", tests, sizeof tests / sizeof tests[0]);
}
