/* Bases and what is told about them. */
#include "test/unit/ice_net.h"

START_TEST(bases) {
  static ice_net net;
  ice_net_init(&net, 1);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  static const char *const bad[] = {"192.0.2.1:0", "127.0.0.1:1",          "[::1]:1",
                                    "224.0.0.1:1", "[::ffff:192.0.2.1]:1", "[fe80::1]:1"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) {
    weft_addr l = ice_addr(bad[i]);
    ck_assert_int_eq(weft_ice_add_local(a->ice, &l, 0), WEFT_EINVAL);
  }
  ck_assert_int_eq(weft_ice_add_local(a->ice, &a->addr[0], 0), WEFT_OK); /* again: nothing new */
  ck_assert_uint_eq(a->candidates_n, 1);
  for (unsigned i = 1; i < 40; i++) {
    weft_addr l = ice_addr("192.0.2.1:1000");
    l.port = (uint16_t)(l.port + i);
    ck_assert_int_eq(weft_ice_add_local(a->ice, &l, 0), i < 32 ? WEFT_OK : WEFT_ELIMIT);
  }
  ck_assert_uint_eq(a->candidates_n, 16); /* what the test keeps; 32 were told */
  ck_assert_uint_eq(a->candidates[0].priority, 2130706431);
  ck_assert_uint_eq(a->candidates[1].priority, 2130706175);                   /* each later one less */
  ck_assert_str_eq(a->candidates[0].foundation, a->candidates[1].foundation); /* one address, one type */
  ice_net_free(&net);
}
END_TEST

START_TEST(loopback_if_allowed) {
  static ice_net net;
  weft_ice_config cfg;
  ice_net_init(&net, 2);
  weft_ice_config_default(&cfg);
  cfg.allow_loopback = true;
  ice_node *a = ice_net_agent(&net, "127.0.0.1:1000", WEFT_ICE_CONTROLLING, &cfg);
  ice_node *b = ice_net_agent(&net, "127.0.0.1:2000", WEFT_ICE_CONTROLLED, &cfg);
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
  ice_net_free(&net);
}
END_TEST

START_TEST(foundations_tell_nothing) {
  static ice_net net;
  ice_net_init(&net, 3);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ck_assert_str_ne(a->candidates[0].foundation, b->candidates[0].foundation);
  ck_assert_str_ne(weft_ice_local_ufrag(a->ice), weft_ice_local_ufrag(b->ice));
  ck_assert_uint_eq(strlen(weft_ice_local_ufrag(a->ice)), 8);
  ck_assert_uint_eq(strlen(weft_ice_local_pwd(a->ice)), 24);
  ck_assert(weft_ice_cred_valid(weft_ice_local_pwd(a->ice), 24, WEFT_ICE_PWD_MIN));
  ice_net_free(&net);
}
END_TEST

Suite *test_ice_local(void) {
  static const unit_test tests[] = {UNIT(bases), UNIT(loopback_if_allowed), UNIT(foundations_tell_nothing)};
  return unit_suite("ice/local", tests, sizeof tests / sizeof tests[0]);
}
