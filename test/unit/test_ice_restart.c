#include "test/unit/ice_net.h"

START_TEST(restart) { /* C8, RFC 8445 section 9 */
  static ice_net net;
  ice_net_init(&net, 1);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(2));
  char old_user[600], old_pwd[300];
  snprintf(old_user, sizeof old_user, "%s:%s", weft_ice_local_ufrag(a->ice), weft_ice_local_ufrag(b->ice));
  snprintf(old_pwd, sizeof old_pwd, "%s", weft_ice_local_pwd(a->ice));
  size_t told = a->candidates_n;
  ck_assert_int_eq(weft_ice_restart(a->ice, net.now), WEFT_OK);
  ck_assert_uint_eq(a->candidates_n, told + 1); /* told again */
  ck_assert_str_ne(weft_ice_local_pwd(a->ice), old_pwd);
  ck_assert_int_eq(weft_ice_start(a->ice, net.now), WEFT_ESTATE); /* remote forgotten */

  uint8_t buf[256];
  ice_forge f = {.username = old_user, .password = old_pwd, .role = WEFT_STUN_ICE_CONTROLLED};
  uint64_t dropped = ice_stats(a).drop_username;
  size_t len = ice_forge_request(buf, sizeof buf, &f, 1);
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &b->addr[0], buf, len, net.now), WEFT_OK);
  ck_assert_uint_eq(ice_stats(a).drop_username, dropped + 1);

  /* data keeps flowing on the old pair */
  size_t at_b = b->data_n, at_a = a->data_n;
  ck_assert_int_eq(weft_ice_send(a->ice, (const uint8_t *)"old", 3, net.now), WEFT_OK);
  ck_assert_int_eq(weft_ice_send(b->ice, (const uint8_t *)"old", 3, net.now), WEFT_OK);
  ice_net_run(&net, WEFT_MS(50));
  ck_assert_uint_eq(b->data_n, at_b + 1);
  ck_assert_uint_eq(a->data_n, at_a + 1);

  ck_assert_int_eq(weft_ice_restart(b->ice, net.now), WEFT_OK);
  a->candidates_n = b->candidates_n = 1;
  a->connected_at = a->completed_at = b->completed_at = 0;
  ice_net_introduce(&net, a, b);
  ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_CHECKING);
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
  ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_COMPLETED);
  ck_assert_uint_eq(a->ice->pair_n, 1); /* the old one is gone */
  ck_assert_uint_eq(a->ice->remote_n, 1);
  ck_assert_uint_eq(a->selections, 2);
  ice_net_run(&net, WEFT_SEC(60));
  ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
  ice_net_free(&net);
}
END_TEST

START_TEST(restart_that_leads_nowhere) {
  static ice_net net;
  ice_net_init(&net, 2);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(2));
  ck_assert_int_eq(weft_ice_restart(a->ice, net.now), WEFT_OK);
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "abcd", "0123456789012345678901"), WEFT_OK);
  ice_net_tell(b, a);
  ck_assert_int_eq(weft_ice_start(a->ice, net.now), WEFT_OK);
  ice_net_run(&net, WEFT_SEC(40));
  ck_assert_uint_eq(a->closes, 1);
  ck_assert_int_eq(a->closed.code, WEFT_ETIMEDOUT);
  ice_net_free(&net);
}
END_TEST

START_TEST(many_restarts) {
  static ice_net net;
  ice_net_init(&net, 3);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(1));
  size_t bytes = test_leak()->bytes;
  for (int i = 0; i < 50; i++) {
    ck_assert_int_eq(weft_ice_restart(a->ice, net.now), WEFT_OK);
    ck_assert_int_eq(weft_ice_restart(b->ice, net.now), WEFT_OK);
    a->candidates_n = b->candidates_n = 1;
    ice_net_introduce(&net, a, b);
    if (i % 3 != 0) ice_net_run(&net, WEFT_SEC(1)); /* also in the middle of things */
  }
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
  ck_assert_uint_eq(test_leak()->bytes, bytes);
  ice_net_free(&net);
}
END_TEST

Suite *test_ice_restart(void) {
  static const unit_test tests[] = {UNIT(restart), UNIT(restart_that_leads_nowhere), UNIT(many_restarts)};
  return unit_suite("ice/restart", tests, sizeof tests / sizeof tests[0]);
}
