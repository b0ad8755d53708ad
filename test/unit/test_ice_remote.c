/* The peer's candidates: policy, caps, names that come late. */
#include "test/unit/ice_net.h"

static void add(ice_node *n, const char *text) {
  weft_ice_candidate c;
  ck_assert_int_eq(weft_ice_candidate_parse(&c, text, strlen(text)), WEFT_OK);
  ck_assert_int_eq(weft_ice_add_remote(n->ice, &c, n->net->now), WEFT_OK);
}

START_TEST(forbidden_are_counted) {
  ice_net net;
  ice_net_init(&net, 1);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  add(a, "candidate:1 1 udp 9 127.0.0.1 1 typ host");
  add(a, "candidate:1 1 udp 9 0.0.0.0 1 typ host");
  add(a, "candidate:1 1 udp 9 ::ffff:127.0.0.1 1 typ host");
  add(a, "candidate:1 1 udp 9 224.0.0.1 1 typ host");
  add(a, "candidate:1 1 udp 9 192.0.2.9 0 typ host");
  add(a, "candidate:1 1 tcp 9 192.0.2.9 9 typ host tcptype active");
  add(a, "candidate:1 2 udp 9 192.0.2.9 9 typ host");
  add(a, "candidate:1 1 udp 9 abc.local 0 typ host");
  add(a, "candidate:1 1 udp 9 255.255.255.255 9 typ host");
  add(a, "candidate:1 1 udp 9 fe80::9 9 typ host"); /* in no zone of ours */
  add(a, "candidate:1 1 udp 9 ::1 9 typ host");
  ck_assert_uint_eq(ice_stats(a).drop_candidate_forbidden, 11);
  ck_assert_uint_eq(a->ice->remote_n, 0);
  add(a, "candidate:1 1 udp 9 192.0.2.1 1000 typ host"); /* our own address: no pair */
  ck_assert_uint_eq(a->ice->pair_n, 0);
  ice_net_free(&net);
}
END_TEST

START_TEST(flood) { /* C3 */
  ice_net net;
  ice_net_init(&net, 2);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_net_also(a, "192.0.2.3:1000");
  ice_net_also(a, "192.0.2.4:1000");
  size_t bytes = 0;
  for (unsigned i = 0; i < 10000; i++) {
    char text[128];
    snprintf(text, sizeof text, "candidate:%u 1 udp %u 10.%u.%u.1 9 typ host", i, i + 1, i / 256, i % 256);
    add(a, text);
    if (i == 100) bytes = test_leak()->bytes;
  }
  ck_assert_uint_eq(a->ice->remote_n, 20);
  ck_assert_uint_eq(a->ice->pair_n, 40);
  ck_assert_uint_eq(test_leak()->bytes, bytes);
  ck_assert_uint_gt(ice_stats(a).drop_candidate_limit, 9980);
  /* nobody answers: at most 7 checks to each address from each base (C9), paced by Ta */
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "abcd", "0123456789012345678901"), WEFT_OK);
  ck_assert_int_eq(weft_ice_start(a->ice, 0), WEFT_OK);
  ice_net_run(&net, WEFT_MS(499));
  ck_assert_uint_eq(a->sent, 10); /* 0, 50, ..., 450 ms */
  ice_net_run(&net, WEFT_SEC(60));
  ck_assert_uint_le(a->sent, 7 * 40);
  ck_assert_uint_eq(a->closes, 1);
  ice_net_free(&net);
}
END_TEST

START_TEST(repeated_and_late_names) {
  ice_net net;
  ice_net_init(&net, 3);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLED, NULL);
  char user[64];
  uint8_t buf[256];
  weft_addr peer = ice_addr("192.0.2.9:9");
  snprintf(user, sizeof user, "%s:abcd", weft_ice_local_ufrag(a->ice));
  ice_forge f = {.username = user, .password = weft_ice_local_pwd(a->ice), .role = WEFT_STUN_ICE_CONTROLLING};
  size_t len = ice_forge_request(buf, sizeof buf, &f, 1);
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &peer, buf, len, 0), WEFT_OK);
  ck_assert_uint_eq(a->sent, 1); /* answered before we know the peer's credentials; no check of ours yet */
  weft_ice_remote *r = weft_ice_find_remote(a->ice, &peer);
  ck_assert_ptr_nonnull(r);
  ck_assert_int_eq(r->type, WEFT_ICE_PRFLX);
  ck_assert_uint_eq(r->priority, 1845501695);
  add(a, "candidate:7 1 udp 2130706431 192.0.2.9 9 typ host");
  add(a, "candidate:8 1 udp 1 192.0.2.9 9 typ host");
  ck_assert_uint_eq(a->ice->remote_n, 1);
  ck_assert_int_eq(r->type, WEFT_ICE_HOST);
  ck_assert_uint_eq(r->priority, 2130706431);
  ck_assert_str_eq(r->foundation, "7");
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "abcd", "0123456789012345678901"), WEFT_OK);
  ck_assert_int_eq(weft_ice_start(a->ice, WEFT_SEC(1)), WEFT_OK);
  ck_assert_uint_eq(a->sent, 2); /* the triggered check, now that it can be made */
  ice_net_free(&net);
}
END_TEST

START_TEST(other_generation) {
  ice_net net;
  ice_net_init(&net, 4);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "abcd", "0123456789012345678901"), WEFT_OK);
  add(a, "candidate:1 1 udp 9 192.0.2.9 9 typ host ufrag abce");
  ck_assert_uint_eq(ice_stats(a).drop_candidate_forbidden, 1);
  add(a, "candidate:1 1 udp 9 192.0.2.9 9 typ host ufrag abcd");
  ck_assert_uint_eq(a->ice->remote_n, 1);
  ice_net_free(&net);
}
END_TEST

START_TEST(bad_credentials) {
  ice_net net;
  ice_net_init(&net, 5);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "abc", "0123456789012345678901"), WEFT_EINVAL);
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "abcd", "012345678901234567890"), WEFT_EINVAL);
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "ab:d", "0123456789012345678901"), WEFT_EINVAL);
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "abcd\r\n", "0123456789012345678901"), WEFT_EINVAL);
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "abcd", "0123456789012345678901"), WEFT_OK);
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "efgh", "0123456789012345678901"), WEFT_OK);
  ice_net_free(&net);
}
END_TEST

/* full of sources that failed: a new one takes the place of one of those, what was told by signaling stays */
START_TEST(failed_sources_give_way) {
  static ice_net net;
  uint8_t buf[256];
  char user[64], text[64];
  ice_net_init(&net, 6);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLED, NULL);
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "abcd", "0123456789012345678901"), WEFT_OK);
  add(a, "candidate:1 1 udp 9 192.0.2.9 9 typ host");
  snprintf(user, sizeof user, "%s:abcd", weft_ice_local_ufrag(a->ice));
  ice_forge f = {.username = user, .password = weft_ice_local_pwd(a->ice), .role = WEFT_STUN_ICE_CONTROLLING};
  size_t len = ice_forge_request(buf, sizeof buf, &f, 1);
  ck_assert_int_eq(weft_ice_start(a->ice, 0), WEFT_OK);
  for (unsigned i = 0; i < 25; i++) {
    snprintf(text, sizeof text, "10.0.0.%u:9", i + 1);
    weft_addr from = ice_addr(text);
    ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &from, buf, len, net.now), WEFT_OK);
  }
  ck_assert_uint_eq(ice_stats(a).drop_candidate_limit, 6);
  ice_net_run(&net, WEFT_SEC(25)); /* 17.5 s: nobody answered */
  weft_addr late = ice_addr("10.0.0.99:9"), told = ice_addr("192.0.2.9:9");
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &late, buf, len, net.now), WEFT_OK);
  ck_assert_ptr_nonnull(weft_ice_find_remote(a->ice, &late));
  ck_assert_ptr_nonnull(weft_ice_find_remote(a->ice, &told));
  ck_assert_uint_eq(a->ice->remote_n, 20);
  ck_assert_uint_eq(a->ice->pair_n, 20);
  ck_assert_uint_eq(ice_stats(a).drop_candidate_limit, 6);
  ice_net_free(&net);
}
END_TEST

START_TEST(
    found_first_then_told) { /* a candidate has a pair with every base of ours, also when a check came before it */
  static ice_net net;
  uint8_t buf[256];
  char user[64];
  ice_net_init(&net, 6);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_also(a, "192.0.2.2:1000");
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "abcd", "0123456789012345678901"), WEFT_OK);
  snprintf(user, sizeof user, "%s:abcd", weft_ice_local_ufrag(a->ice));
  ice_forge f = {.username = user, .password = weft_ice_local_pwd(a->ice), .role = WEFT_STUN_ICE_CONTROLLING};
  size_t len = ice_forge_request(buf, sizeof buf, &f, 1);
  weft_addr from = ice_addr("192.0.2.9:9");
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[1], &from, buf, len, net.now), WEFT_OK);
  ck_assert_uint_eq(a->ice->pair_n, 1);
  add(a, "candidate:1 1 udp 9 192.0.2.9 9 typ host");
  ck_assert_uint_eq(a->ice->pair_n, 2);
  ck_assert_ptr_nonnull(weft_ice_pair_find(a->ice, weft_ice_find_base(a->ice, &a->addr[0]), &from, false));
  add(a, "candidate:1 1 udp 9 192.0.2.9 9 typ host");
  ck_assert_uint_eq(a->ice->pair_n, 2);
  ice_net_free(&net);
}
END_TEST

static void ask_from(ice_node *a, const ice_forge *f, const char *addr, const ice_net *net) {
  uint8_t buf[256];
  size_t len = ice_forge_request(buf, sizeof buf, f, 1);
  weft_addr from = ice_addr(addr);
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &from, buf, len, net->now), WEFT_OK);
}

/* full of the peer's own networks: what its NAT told it, and up to four sources of its checks, take the place of those
 * that nothing came from */
START_TEST(networks_give_way) {
  static ice_net net;
  char user[64], text[96];
  ice_net_init(&net, 7);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLED, NULL);
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "abcd", "0123456789012345678901"), WEFT_OK);
  for (int i = 1; i <= 20; i++) {
    snprintf(text, sizeof text, "candidate:1 1 udp %d 172.17.%d.1 9 typ host", 100 - i, i);
    add(a, text);
  }
  snprintf(user, sizeof user, "%s:abcd", weft_ice_local_ufrag(a->ice));
  ice_forge f = {.username = user, .password = weft_ice_local_pwd(a->ice), .role = WEFT_STUN_ICE_CONTROLLING};
  ask_from(a, &f, "172.17.20.1:9", &net); /* the last one is heard: it stays */
  add(a, "candidate:2 1 udp 9 198.51.100.1 9 typ srflx raddr 172.17.1.1 rport 9");
  add(a, "candidate:1 1 udp 9 172.17.21.1 9 typ host"); /* one more does not */
  for (int i = 1; i <= 6; i++) {
    snprintf(text, sizeof text, "203.0.113.%d:9", i);
    ask_from(a, &f, text, &net);
  }
  weft_addr nat = ice_addr("198.51.100.1:9"), heard = ice_addr("172.17.20.1:9"), first = ice_addr("172.17.1.1:9"),
            pushed = ice_addr("172.17.19.1:9"), fourth = ice_addr("203.0.113.4:9"), fifth = ice_addr("203.0.113.5:9");
  ck_assert_ptr_nonnull(weft_ice_find_remote(a->ice, &nat));
  ck_assert_ptr_nonnull(weft_ice_find_remote(a->ice, &heard));
  ck_assert_ptr_nonnull(weft_ice_find_remote(a->ice, &first));
  ck_assert_ptr_nonnull(weft_ice_find_remote(a->ice, &fourth));
  ck_assert_ptr_null(weft_ice_find_remote(a->ice, &fifth));
  ck_assert_ptr_null(weft_ice_find_remote(a->ice, &pushed));
  ck_assert_uint_eq(a->ice->remote_n, 20);
  ck_assert_uint_eq(ice_stats(a).drop_candidate_limit, 3);
  ice_net_free(&net);
}
END_TEST

static bool only_ten(void *user, const weft_addr *remote) {
  ++*(unsigned *)user;
  return remote->ip[0] == 10;
}

/* by the application: told and discovered alike, and nothing is answered to who is not allowed */
START_TEST(filtered_by_address) {
  static ice_net net;
  unsigned asked = 0;
  weft_ice_config cfg;
  weft_ice_config_default(&cfg);
  cfg.remote_allowed = only_ten;
  cfg.remote_allowed_user = &asked;
  ice_net_init(&net, 20);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, &cfg);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  add(a, "candidate:1 1 udp 9 10.0.0.1 9 typ host");
  add(a, "candidate:1 1 udp 9 11.0.0.1 9 typ host");
  ck_assert_uint_eq(a->ice->remote_n, 1);
  ck_assert_uint_eq(ice_stats(a).drop_candidate_filtered, 1);
  ck_assert_uint_eq(asked, 2);
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(5));
  ck_assert_uint_eq(a->ice->remote_n, 1);
  ck_assert_uint_gt(ice_stats(a).drop_candidate_filtered, 2);
  ck_assert_uint_eq(ice_stats(a).responses_sent, 0);
  ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_CHECKING);
  ice_net_free(&net);
}
END_TEST

START_TEST(filtered_by_type) {
  static ice_net net;
  weft_ice_config cfg;
  weft_ice_config_default(&cfg);
  cfg.remote_types = WEFT_ICE_TYPE(WEFT_ICE_SRFLX) | WEFT_ICE_TYPE(WEFT_ICE_RELAY);
  ice_net_init(&net, 21);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, &cfg);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  add(a, "candidate:1 1 udp 9 192.0.2.2 2000 typ host");
  add(a, "candidate:1 1 udp 9 abc.local 2000 typ host");
  ck_assert_uint_eq(ice_stats(a).drop_candidate_filtered, 2);
  ck_assert_uint_eq(a->names_n, 0);
  ice_net_introduce(&net, a, b); /* b's candidate is filtered, and so are the checks from there: PRFLX */
  ice_net_run(&net, WEFT_SEC(2));
  ck_assert_uint_eq(a->sent, 0);
  add(a, "candidate:1 1 udp 9 192.0.2.2 2000 typ srflx");
  ice_net_run(&net, WEFT_SEC(3));
  ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
  ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_COMPLETED);
  ck_assert_int_eq(a->remote_type, WEFT_ICE_SRFLX);
  ice_net_free(&net);
}
END_TEST

START_TEST(told_are_the_types_wanted) {
  static ice_net net;
  weft_ice_config cfg;
  weft_ice_config_default(&cfg);
  cfg.told_types = WEFT_ICE_TYPE(WEFT_ICE_SRFLX);
  ice_net_init(&net, 22);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, &cfg);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ck_assert_uint_eq(a->candidates_n, 0);
  ck_assert_uint_eq(b->candidates_n, 1);
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(2));
  ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_COMPLETED);
  ck_assert_int_eq(b->remote_type, WEFT_ICE_PRFLX);
  ice_net_free(&net);
}
END_TEST

/* what the user is told when nothing came of it */
START_TEST(why_there_is_no_path) {
  static const char *const told[] = {NULL, "candidate:1 1 udp 9 abc.local 9 typ host",
                                     "candidate:1 1 udp 9 192.0.2.7 9 typ host"};
  static const char *const text[] = {"no address that fits", "only .local names", "nobody answered"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(told); i++) {
    static ice_net net;
    ice_net_init(&net, 23);
    ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
    ck_assert_int_eq(weft_ice_set_remote(a->ice, "abcd", "0123456789012345678901"), WEFT_OK);
    if (told[i] != NULL) add(a, told[i]);
    ck_assert_int_eq(weft_ice_end_of_candidates(a->ice, net.now), WEFT_OK);
    ck_assert_int_eq(weft_ice_start(a->ice, net.now), WEFT_OK);
    ice_net_run(&net, WEFT_SEC(31));
    ck_assert_uint_eq(a->closes, 1);
    ck_assert_msg(strstr(a->closed.text, text[i]) != NULL, "%s", a->closed.text);
    ck_assert_uint_ge(a->closed_at, WEFT_SEC(30)); /* RFC 8863: not earlier, whatever the peer has told */
    ice_net_free(&net);
  }
}
END_TEST

Suite *test_ice_remote(void) {
  static const unit_test tests[] = {
      UNIT(filtered_by_address),     UNIT(filtered_by_type),      UNIT(told_are_the_types_wanted),
      UNIT(why_there_is_no_path),    UNIT(forbidden_are_counted), UNIT(flood),
      UNIT(repeated_and_late_names), UNIT(other_generation),      UNIT(bad_credentials),
      UNIT(failed_sources_give_way), UNIT(found_first_then_told), UNIT(networks_give_way)};
  return unit_suite("ice/remote", tests, sizeof tests / sizeof tests[0]);
}
