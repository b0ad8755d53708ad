/* The check list: order, foundations, room. */
#include "test/unit/ice_net.h"

static weft_ice_remote *remote(ice_node *n, const char *addr, uint32_t priority, const char *foundation) {
  weft_addr a = ice_addr(addr);
  weft_ice_remote *r = weft_ice_remote_new(n->ice, WEFT_ICE_HOST, &a, priority, foundation);
  ck_assert_ptr_nonnull(r);
  weft_ice_pair_with_bases(n->ice, r);
  return r;
}

static weft_ice_pair *nth(const ice_node *n, size_t i) {
  weft_list *at = n->ice->pairs.next;
  while (i-- > 0) at = at->next;
  return WEFT_LIST_ITEM(at, weft_ice_pair, node);
}

START_TEST(order) {
  static ice_net net;
  ice_net_init(&net, 1);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_net_also(a, "[2001:db8::1]:1000");
  remote(a, "192.0.2.9:1", 100, "a");
  remote(a, "192.0.2.9:2", 300, "b");
  remote(a, "[2001:db8::9]:3", 200, "c");
  ck_assert_uint_eq(a->ice->pair_n, 3); /* families do not mix */
  ck_assert_uint_eq(nth(a, 0)->to.port, 2);
  ck_assert_uint_eq(nth(a, 1)->to.port, 3);
  ck_assert_uint_eq(nth(a, 2)->to.port, 1);
  ck_assert(nth(a, 0)->priority == weft_ice_pair_priority(2130706431, 300));
  weft_ice_switch_role(a->ice, WEFT_ICE_CONTROLLED);
  ck_assert(nth(a, 0)->priority == weft_ice_pair_priority(300, 2130706431));
  ck_assert_uint_eq(nth(a, 2)->to.port, 1);
  ice_net_free(&net);
}
END_TEST

START_TEST(foundations) { /* RFC 8445 section 6.1.2.6 */
  static ice_net net;
  ice_net_init(&net, 2);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  remote(a, "192.0.2.9:1", 300, "same");
  remote(a, "192.0.2.9:2", 200, "same");
  remote(a, "192.0.2.9:3", 100, "other");
  ck_assert_int_eq(nth(a, 0)->state, WEFT_ICE_WAITING);
  ck_assert_int_eq(nth(a, 1)->state, WEFT_ICE_FROZEN);
  ck_assert_int_eq(nth(a, 2)->state, WEFT_ICE_WAITING);
  weft_ice_pair_set(a->ice, nth(a, 0), WEFT_ICE_SUCCEEDED);
  ck_assert_int_eq(nth(a, 1)->state, WEFT_ICE_WAITING);
  remote(a, "192.0.2.9:4", 50, "same");
  ck_assert_int_eq(nth(a, 3)->state, WEFT_ICE_WAITING);
  ice_net_free(&net);
}
END_TEST

START_TEST(room) {
  static ice_net net;
  weft_ice_config cfg;
  weft_ice_config_default(&cfg);
  cfg.max_pairs = 2;
  ice_net_init(&net, 3);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, &cfg);
  remote(a, "192.0.2.9:1", 300, "a");
  remote(a, "192.0.2.9:2", 200, "b");
  remote(a, "192.0.2.9:3", 100, "c");
  ck_assert_uint_eq(a->ice->pair_n, 2);
  ck_assert_uint_eq(ice_stats(a).drop_candidate_limit, 1);
  weft_ice_pair_set(a->ice, nth(a, 0), WEFT_ICE_FAILED); /* only a failed one gives way */
  remote(a, "192.0.2.9:4", 50, "d");
  ck_assert_uint_eq(a->ice->pair_n, 2);
  ck_assert_uint_eq(nth(a, 0)->to.port, 2);
  ck_assert_uint_eq(nth(a, 1)->to.port, 4);
  ice_net_free(&net);
}
END_TEST

/* Ten networks each: their hundred pairs leave room for the one candidate that works behind a NAT. */
START_TEST(reflexive_candidates_find_room) {
  static ice_net net;
  char text[32];
  ice_net_init(&net, 4);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  for (int i = 1; i < 10; i++) {
    snprintf(text, sizeof text, "172.16.%d.1:1000", i);
    weft_addr base = ice_addr(text);
    ck_assert_int_eq(weft_ice_add_local(a->ice, &base, net.now), WEFT_OK);
  }
  for (int i = 1; i <= 10; i++) {
    snprintf(text, sizeof text, "172.17.%d.1:2000", i);
    remote(a, text, 2130706431u - (uint32_t)i, "h");
  }
  ck_assert_uint_eq(a->ice->pair_n, 40);
  weft_ice_pair *heard = nth(a, 39), *valid = nth(a, 38);
  weft_ice_local *heard_base = heard->base, *valid_base = valid->base;
  weft_addr heard_to = heard->to, valid_to = valid->to;
  heard->heard = true;
  valid->valid = true;
  weft_addr nat = ice_addr("198.51.100.9:4000"), host = ice_addr("172.18.0.1:1");
  weft_ice_remote *r = weft_ice_remote_new(a->ice, WEFT_ICE_SRFLX, &nat, 1694498815, "s");
  weft_ice_pair_with_bases(a->ice, r);
  ck_assert_uint_eq(a->ice->pair_n, 40);
  for (weft_list *n = a->ice->locals.next; n != &a->ice->locals; n = n->next)
    ck_assert_ptr_nonnull(weft_ice_pair_find(a->ice, WEFT_LIST_ITEM(n, weft_ice_local, node), &nat, false));
  ck_assert_ptr_eq(weft_ice_pair_find(a->ice, heard_base, &heard_to, false), heard);
  ck_assert_ptr_eq(weft_ice_pair_find(a->ice, valid_base, &valid_to, false), valid);
  r = weft_ice_remote_new(a->ice, WEFT_ICE_HOST, &host, 2130706431, "n"); /* one more host does not */
  weft_ice_pair_with_bases(a->ice, r);
  ck_assert_ptr_null(weft_ice_pair_find(a->ice, heard_base, &host, false));
  valid->valid = false;
  ice_net_free(&net);
}
END_TEST

Suite *test_ice_pair(void) {
  static const unit_test tests[] = {UNIT(order), UNIT(foundations), UNIT(room), UNIT(reflexive_candidates_find_room)};
  return unit_suite("ice/pair", tests, sizeof tests / sizeof tests[0]);
}
