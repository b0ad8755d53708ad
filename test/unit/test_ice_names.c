/* Candidates with names: asked for, answered, bounded, forgotten. */
#include "test/unit/ice_net.h"

static weft_ice_candidate parsed(const char *text) {
  weft_ice_candidate c;
  ck_assert_int_eq(weft_ice_candidate_parse(&c, text, strlen(text)), WEFT_OK);
  return c;
}

static void add(ice_node *n, const char *text) {
  weft_ice_candidate c = parsed(text);
  ck_assert_int_eq(weft_ice_add_remote(n->ice, &c, n->net->now), WEFT_OK);
}

static void answer(ice_node *n, const weft_ice_candidate *asked, const char *ip) {
  weft_ice_candidate c = *asked;
  ck_assert_int_eq(weft_addr_parse_ip(&c.addr, ip, strlen(ip)), WEFT_OK);
  c.addr.port = asked->addr.port;
  ck_assert_int_eq(weft_ice_add_remote(n->ice, &c, n->net->now), WEFT_OK);
}

/* Chromium's, as it was seen */
#define NAMED "candidate:1 1 udp 2113937151 3a5b6c7d-0000-4000-8000-123456789abc.local 2000 typ host generation 0"

START_TEST(asked_once_and_answered) {
  static ice_net net;
  ice_net_init(&net, 1);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  b->mute = true; /* nothing of b's own leads the way */
  add(a, NAMED);
  add(a, NAMED);
  ck_assert_uint_eq(a->names_n, 1);
  ck_assert_str_eq(a->names[0].host, "3a5b6c7d-0000-4000-8000-123456789abc.local");
  ck_assert_uint_eq(a->names[0].addr.port, 2000);
  ck_assert_int_eq(weft_ice_set_remote(a->ice, weft_ice_local_ufrag(b->ice), weft_ice_local_pwd(b->ice)), WEFT_OK);
  ck_assert_int_eq(weft_ice_start(a->ice, net.now), WEFT_OK);
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_uint_eq(a->sent, 0);
  b->mute = false;
  answer(a, &a->names[0], "192.0.2.2");
  answer(a, &a->names[0], "2001:db8::2"); /* every address of the name is one candidate */
  ck_assert_uint_eq(a->ice->remote_n, 2);
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
  ck_assert_int_eq(a->remote_type, WEFT_ICE_HOST);
  ice_net_free(&net);
}
END_TEST

START_TEST(a_name_for_loopback_is_no_way_around_the_rule) {
  static ice_net net;
  ice_net_init(&net, 2);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  add(a, NAMED);
  answer(a, &a->names[0], "127.0.0.1");
  answer(a, &a->names[0], "::ffff:127.0.0.1");
  answer(a, &a->names[0], "224.0.0.251");
  ck_assert_uint_eq(a->ice->remote_n, 0);
  ck_assert_uint_eq(ice_stats(a).drop_candidate_forbidden, 3);
  ice_net_free(&net);
}
END_TEST

START_TEST(a_flood_of_names_is_bounded) { /* C5 */
  static ice_net net;
  ice_net_init(&net, 3);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  size_t bytes = 0;
  for (unsigned i = 0; i < 10000; i++) {
    char text[128];
    snprintf(text, sizeof text, "candidate:1 1 udp 9 n%u.local 9 typ host", i);
    add(a, text);
    if (i == 100) bytes = test_leak()->bytes;
  }
  ck_assert_uint_eq(a->names_n, 20);
  ck_assert_uint_eq(test_leak()->bytes, bytes);
  ck_assert_uint_eq(ice_stats(a).drop_candidate_limit, 9980);
  answer(a, &a->names[3], "192.0.2.9"); /* an address still finds room */
  ck_assert_uint_eq(a->ice->remote_n, 1);
  ice_net_free(&net);
}
END_TEST

START_TEST(a_restart_forgets_names) {
  static ice_net net;
  ice_net_init(&net, 4);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  add(a, NAMED);
  ck_assert_int_eq(weft_ice_restart(a->ice, net.now), WEFT_OK);
  ck_assert_uint_eq(a->ice->name_n, 0);
  add(a, NAMED);
  ck_assert_uint_eq(a->names_n, 2);
  ice_net_free(&net);
}
END_TEST

static void answer_inside(ice_node *n, const weft_ice_event *ev, weft_time now) {
  if (ev->type != WEFT_ICE_EVENT_RESOLVE) return;
  add(n, "candidate:1 1 udp 9 another.local 9 typ host");
  answer(n, ev->candidate, "192.0.2.2");
  if (n->names_n == 2) ck_assert_int_eq(weft_ice_restart(n->ice, now), WEFT_OK);
}

START_TEST(answers_from_inside_the_event) {
  static ice_net net;
  ice_net_init(&net, 5);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  a->on_event = answer_inside;
  add(a, NAMED);
  ck_assert_uint_eq(a->names_n, 2);
  ck_assert_uint_eq(a->ice->name_n, 0); /* the restart in the second event */
  ice_net_free(&net);
}
END_TEST

static void free_inside(ice_node *n, const weft_ice_event *ev, weft_time now) {
  (void)now;
  if (ev->type != WEFT_ICE_EVENT_RESOLVE) return;
  weft_ice_free(n->ice);
  n->ice = NULL;
}

START_TEST(free_inside_the_event) {
  static ice_net net;
  ice_net_init(&net, 6);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  weft_ice_candidate c = parsed(NAMED);
  a->on_event = free_inside;
  ck_assert_int_eq(weft_ice_add_remote(a->ice, &c, net.now), WEFT_OK);
  ck_assert_ptr_null(a->ice);
  ice_net_free(&net);
}
END_TEST

START_TEST(without_memory_it_is_told_so) {
  static ice_net net;
  ice_net_init(&net, 7);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  weft_ice_candidate c = parsed(NAMED);
  test_leak()->fail_at = 1;
  ck_assert_int_eq(weft_ice_add_remote(a->ice, &c, net.now), WEFT_ENOMEM);
  ck_assert_uint_eq(a->names_n, 0);
  add(a, NAMED);
  ck_assert_uint_eq(a->names_n, 1);
  ice_net_free(&net);
}
END_TEST

Suite *test_ice_names(void) {
  static const unit_test tests[] = {
      UNIT(asked_once_and_answered),       UNIT(a_name_for_loopback_is_no_way_around_the_rule),
      UNIT(a_flood_of_names_is_bounded),   UNIT(a_restart_forgets_names),
      UNIT(answers_from_inside_the_event), UNIT(free_inside_the_event),
      UNIT(without_memory_it_is_told_so)};
  return unit_suite("ice/names", tests, sizeof tests / sizeof tests[0]);
}
