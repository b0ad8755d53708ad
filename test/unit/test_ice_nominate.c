/* Which pair is used. */
#include "test/unit/ice_net.h"

START_TEST(best_pair_wins) {
  static ice_net net;
  ice_net_init(&net, 1);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_also(a, "[2001:db8::1]:1000");
  ice_net_also(b, "[2001:db8::2]:2000");
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(5));
  ck_assert_int_eq(a->remote.family, WEFT_AF_IP4); /* added first on both sides */
  ck_assert_uint_eq(a->selections, 1);
  ck_assert_uint_eq(b->selections, 1);
  ice_net_free(&net);
}
END_TEST

/* the first pair is dead, the second works: nominated after the grace, not after 30 s */
START_TEST(better_pair_silent) {
  static ice_net net;
  ice_net_init(&net, 2);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_also(a, "[2001:db8::1]:1000");
  ice_net_also(b, "[2001:db8::2]:2000");
  a->addr[0].port = b->addr[0].port = 1; /* nothing arrives there */
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(5));
  ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
  ck_assert_int_eq(a->remote.family, WEFT_AF_IP6);
  ck_assert_uint_le(a->connected_at, WEFT_MS(100));
  ck_assert_uint_le(a->completed_at, WEFT_MS(700));
  ice_net_free(&net);
}
END_TEST

START_TEST(aggressive) {
  static ice_net net;
  weft_ice_config cfg;
  ice_net_init(&net, 3);
  weft_ice_config_default(&cfg);
  cfg.aggressive = true;
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, &cfg);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_uint_eq(a->completed_at, WEFT_MS(40)); /* one round trip */
  ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_COMPLETED);
  ice_net_free(&net);
}
END_TEST

static weft_addr nominated_from[8];
static size_t nominated_n;

static void count_use_candidate(ice_net *net, const ice_packet *p) {
  weft_stun_msg m;
  weft_stun_attr a;
  (void)net;
  if (weft_stun_parse(&m, p->data, p->len) != WEFT_OK || m.cls != WEFT_STUN_REQUEST) return;
  if (weft_stun_find(&m, WEFT_STUN_USE_CANDIDATE, &a) != WEFT_OK) return;
  if (nominated_n < WEFT_ARRAY_LEN(nominated_from)) nominated_from[nominated_n] = p->from;
  nominated_n++;
}

/* regular nomination: USE-CANDIDATE on one pair only, never before it is valid */
START_TEST(one_nomination) {
  static ice_net net;
  ice_net_init(&net, 4);
  net.watch = count_use_candidate;
  nominated_n = 0;
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  for (int i = 0; i < 3; i++) {
    char text[32];
    snprintf(text, sizeof text, "192.0.2.%d:1000", 11 + i);
    ice_net_also(a, text);
    snprintf(text, sizeof text, "192.0.2.%d:2000", 21 + i);
    ice_net_also(b, text);
  }
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_MS(39));
  ck_assert_uint_eq(nominated_n, 0);
  ice_net_run(&net, WEFT_SEC(2));
  ck_assert_uint_eq(nominated_n, 1);
  ck_assert(weft_addr_equal(&nominated_from[0], &a->addr[0]));
  ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_COMPLETED);
  ice_net_free(&net);
}
END_TEST

/* C6: USE-CANDIDATE counts only once our own check has succeeded */
START_TEST(nominated_before_success) {
  static ice_net net;
  uint8_t buf[256];
  char user[64];
  ice_net_init(&net, 5);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  weft_addr peer = ice_addr("192.0.2.9:9");
  snprintf(user, sizeof user, "%s:abcd", weft_ice_local_ufrag(b->ice));
  ice_forge f = {.username = user,
                 .password = weft_ice_local_pwd(b->ice),
                 .role = WEFT_STUN_ICE_CONTROLLING,
                 .use_candidate = true};
  ck_assert_int_eq(weft_ice_set_remote(b->ice, "abcd", "0123456789012345678901"), WEFT_OK);
  ck_assert_int_eq(weft_ice_start(b->ice, 0), WEFT_OK);
  for (int i = 0; i < 10; i++) {
    size_t len = ice_forge_request(buf, sizeof buf, &f, (uint8_t)i);
    ck_assert_int_eq(weft_ice_input(b->ice, &b->addr[0], &peer, buf, len, net.now), WEFT_OK);
    ice_net_run(&net, WEFT_MS(100));
  }
  ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_CHECKING);
  ck_assert_int_eq(weft_ice_send(b->ice, (const uint8_t *)"x", 1, net.now), WEFT_ESTATE); /* pion/ice #21 */
  ck_assert_uint_eq(b->selections, 0);
  ice_net_free(&net);
}
END_TEST

/* C6: a peer that nominates its two paths in turn, ten times a second */
START_TEST(nomination_loop_is_limited) {
  static ice_net net;
  uint8_t buf[256];
  char user[64];
  ice_net_init(&net, 6);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_also(a, "192.0.2.11:1000");
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(3));
  snprintf(user, sizeof user, "%s:%s", weft_ice_local_ufrag(b->ice), weft_ice_local_ufrag(a->ice));
  ice_forge f = {.username = user,
                 .password = weft_ice_local_pwd(b->ice),
                 .role = WEFT_STUN_ICE_CONTROLLING,
                 .use_candidate = true};
  size_t before = b->selections;
  for (int i = 0; i < 100; i++) {
    size_t len = ice_forge_request(buf, sizeof buf, &f, (uint8_t)i);
    ck_assert_int_eq(weft_ice_input(b->ice, &b->addr[0], &a->addr[i % 2], buf, len, net.now), WEFT_OK);
    ice_net_run(&net, WEFT_MS(100));
  }
  ck_assert_uint_le(b->selections - before, 10);
  ice_net_free(&net);
}
END_TEST

/* C10: a NAT gives the controlling side a new address in mid-session; data flows again within 10 s */
START_TEST(rebinding) {
  for (uint64_t seed = 0; seed < 10; seed++) {
    static ice_net net;
    ice_net_init(&net, 7 + seed);
    ice_node *a = ice_net_agent(&net, "192.168.1.2:1000", WEFT_ICE_CONTROLLING, NULL);
    ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
    a->nat = ICE_NAT_RESTRICTED;
    a->nat_ip = ice_addr("203.0.113.1:0");
    ice_net_introduce(&net, a, b);
    ice_net_run(&net, WEFT_SEC(10));
    ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_COMPLETED);
    weft_addr old = b->remote;
    a->mappings_n = 0; /* conntrack -F */
    a->nat_port = 50000;
    ice_net_run(&net, WEFT_SEC(9));
    size_t before = a->data_n;
    ck_assert_int_eq(weft_ice_send(b->ice, (const uint8_t *)"back", 4, net.now), WEFT_OK);
    ice_net_run(&net, WEFT_SEC(1));
    ck_assert_uint_eq(a->data_n, before + 1);
    ck_assert(!weft_addr_equal(&old, &b->remote));
    ck_assert_uint_eq(b->closes, 0);
    ice_net_run(&net, WEFT_SEC(60));
    ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
    ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_COMPLETED);
    ice_net_free(&net);
  }
}
END_TEST

/* C10 the other way: the controlled side's address changes, while data flows and while all is quiet. The controlling side
 * finds it by the checks from there, and moves its nomination. */
START_TEST(rebinding_of_the_controlled_side) {
  for (uint64_t seed = 0; seed < 20; seed++) {
    static ice_net net;
    bool busy = seed % 2 == 0;
    ice_net_init(&net, 50 + seed);
    ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
    ice_node *b = ice_net_agent(&net, "192.168.1.2:2000", WEFT_ICE_CONTROLLED, NULL);
    b->nat = ICE_NAT_RESTRICTED;
    b->nat_ip = ice_addr("203.0.113.1:0");
    ice_net_introduce(&net, a, b);
    ice_net_run(&net, WEFT_SEC(10) + WEFT_MS(137) * seed);
    ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
    weft_addr old = a->remote;
    b->mappings_n = 0;
    b->nat_port = 50000;
    for (int i = 0; i < 90; i++) {
      if (busy) ck_assert_int_eq(weft_ice_send(b->ice, (const uint8_t *)"on", 2, net.now), WEFT_OK);
      ice_net_run(&net, WEFT_MS(100));
    }
    size_t there = b->data_n, back = a->data_n;
    ck_assert_int_eq(weft_ice_send(a->ice, (const uint8_t *)"there", 5, net.now), WEFT_OK);
    ck_assert_int_eq(weft_ice_send(b->ice, (const uint8_t *)"back", 4, net.now), WEFT_OK);
    ice_net_run(&net, WEFT_MS(100));
    ck_assert_uint_eq(b->data_n, there + 1);
    ck_assert_uint_eq(a->data_n, back + 1);
    ck_assert(!weft_addr_equal(&old, &a->remote));
    ck_assert_int_eq(a->remote_type, WEFT_ICE_PRFLX);
    ck_assert_uint_eq(a->closes + b->closes, 0);
    ice_net_run(&net, WEFT_SEC(60));
    ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
    ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_COMPLETED);
    ice_net_free(&net);
  }
}
END_TEST

/* C6 on the controlling side: a peer that asks from two addresses in turn, and answers at both, does not make us move */
START_TEST(a_wandering_peer_is_not_followed) {
  static ice_net net;
  uint8_t buf[256];
  char user[64];
  ice_net_init(&net, 42);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_also(b, "192.0.2.22:2000");
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(3));
  snprintf(user, sizeof user, "%s:%s", weft_ice_local_ufrag(a->ice), weft_ice_local_ufrag(b->ice));
  ice_forge f = {.username = user, .password = weft_ice_local_pwd(a->ice), .role = WEFT_STUN_ICE_CONTROLLED};
  size_t before = a->selections;
  for (int i = 0; i < 200; i++) {
    size_t len = ice_forge_request(buf, sizeof buf, &f, (uint8_t)i);
    ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &b->addr[i / 40 % 2], buf, len, net.now), WEFT_OK);
    ice_net_run(&net, WEFT_MS(100));
  }
  ck_assert_uint_eq(a->selections, before);
  ck_assert_uint_eq(a->closes, 0);
  ice_net_free(&net);
}
END_TEST

/* Chromium pings its other connections every now and then: while the path in use answers, nothing moves, also with loss and
 * when we send all the time (and so check every 4 to 6 s alone) */
START_TEST(a_peer_that_keeps_other_pairs_alive) {
  static ice_net net;
  uint8_t buf[256];
  char user[64];
  ice_net_init(&net, 43);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_also(b, "192.0.2.22:2000");
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(3));
  net.loss = 20;
  snprintf(user, sizeof user, "%s:%s", weft_ice_local_ufrag(a->ice), weft_ice_local_ufrag(b->ice));
  ice_forge f = {.username = user, .password = weft_ice_local_pwd(a->ice), .role = WEFT_STUN_ICE_CONTROLLED};
  size_t before = a->selections;
  for (int i = 0; i < 6000; i++) {
    size_t len = ice_forge_request(buf, sizeof buf, &f, (uint8_t)i);
    const weft_addr *other = &b->addr[weft_addr_equal(&a->remote, &b->addr[0])];
    if (i % 173 == 0) ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], other, buf, len, net.now), WEFT_OK);
    if (i % 10 == 0) ck_assert_int_eq(weft_ice_send(a->ice, (const uint8_t *)"on", 2, net.now), WEFT_OK);
    ice_net_run(&net, WEFT_MS(100));
  }
  ck_assert_uint_eq(a->selections, before);
  ck_assert_uint_eq(a->closes, 0);
  ice_net_free(&net);
}
END_TEST

/* the path in use dies, another pair works: the controlling side moves over before anything is closed */
START_TEST(fail_over) {
  static ice_net net;
  ice_net_init(&net, 30);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_also(a, "[2001:db8::1]:1000");
  ice_net_also(b, "[2001:db8::2]:2000");
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(5));
  ck_assert_int_eq(a->remote.family, WEFT_AF_IP4);
  a->addr[0].port = b->addr[0].port = 1;
  ice_net_run(&net, WEFT_SEC(25));
  ck_assert_uint_eq(a->closes + b->closes, 0);
  ck_assert_int_eq(a->remote.family, WEFT_AF_IP6);
  ck_assert_int_eq(b->remote.family, WEFT_AF_IP6);
  ice_net_run(&net, WEFT_SEC(60));
  ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
  ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_COMPLETED);
  ice_net_free(&net);
}
END_TEST

/* a nomination that is under way when all pairs are asked again is still one */
START_TEST(nomination_over_a_long_silence) {
  static ice_net net;
  uint8_t buf[256];
  char user[64];
  ice_net_init(&net, 31);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_also(b, "192.0.2.22:2000");
  net.delay = WEFT_MS(10); /* short enough for the other pair not to be asked */
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(3));
  ck_assert(weft_addr_equal(&a->remote, &b->addr[0]));
  net.dead = b->addr[0];
  ice_net_run(&net, WEFT_SEC(5));
  snprintf(user, sizeof user, "%s:%s", weft_ice_local_ufrag(a->ice), weft_ice_local_ufrag(b->ice));
  ice_forge f = {.username = user, .password = weft_ice_local_pwd(a->ice), .role = WEFT_STUN_ICE_CONTROLLED};
  size_t len = ice_forge_request(buf, sizeof buf, &f, 1);
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &b->addr[1], buf, len, net.now), WEFT_OK);
  ice_net_run(&net, WEFT_MS(100)); /* it answers there, and then no more */
  b->cut = true;
  ice_net_run(&net, WEFT_SEC(11));
  ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_DISCONNECTED);
  b->cut = false;
  ice_net_run(&net, WEFT_SEC(4));
  ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
  ck_assert(weft_addr_equal(&a->remote, &b->addr[1]));
  ck_assert(weft_addr_equal(&b->local, &b->addr[1]));
  ice_net_free(&net);
}
END_TEST

/* checks that a nomination called off were not unanswered: the pair they were of may be asked again */
START_TEST(called_off_and_needed_later) {
  static ice_net net;
  uint8_t buf[256];
  char user[64];
  ice_net_init(&net, 32);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_also(b, "192.0.2.22:2000");
  net.delay = WEFT_MS(200);
  net.dead = b->addr[1];
  ice_net_introduce(&net, a, b);
  snprintf(user, sizeof user, "%s:%s", weft_ice_local_ufrag(a->ice), weft_ice_local_ufrag(b->ice));
  ice_forge f = {.username = user, .password = weft_ice_local_pwd(a->ice), .role = WEFT_STUN_ICE_CONTROLLED};
  size_t len = ice_forge_request(buf, sizeof buf, &f, 1);
  for (int i = 0; i < 4; i++) { /* as many transactions as one silent address is worth */
    ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &b->addr[1], buf, len, net.now), WEFT_OK);
    ice_net_run(&net, WEFT_MS(60));
  }
  ice_net_run(&net, WEFT_SEC(3));
  ck_assert(weft_addr_equal(&a->remote, &b->addr[0]));
  net.dead = b->addr[0];
  ice_net_run(&net, WEFT_SEC(4));
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &b->addr[1], buf, len, net.now), WEFT_OK);
  ice_net_run(&net, WEFT_SEC(5));
  ck_assert(weft_addr_equal(&a->remote, &b->addr[1]));
  ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
  ice_net_free(&net);
}
END_TEST

/* the peer moves to a pair that was valid long ago: asked again before it is used, and nothing is closed over it */
START_TEST(stale_pair_nominated) {
  static ice_net net;
  uint8_t buf[256];
  char user[64];
  ice_net_init(&net, 40);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_also(a, "192.0.2.11:1000");
  net.delay = WEFT_MS(100); /* long enough for both pairs to be asked */
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(60));
  ck_assert(weft_addr_equal(&b->remote, &a->addr[0]));
  const weft_ice_pair *other = weft_ice_pair_find(b->ice, weft_ice_find_base(b->ice, &b->addr[0]), &a->addr[1], false);
  ck_assert_ptr_nonnull(other);
  ck_assert(other->valid);
  net.dead = a->addr[0]; /* the path in use is gone */
  ice_net_run(&net, WEFT_SEC(5));
  snprintf(user, sizeof user, "%s:%s", weft_ice_local_ufrag(b->ice), weft_ice_local_ufrag(a->ice));
  ice_forge f = {.username = user,
                 .password = weft_ice_local_pwd(b->ice),
                 .role = WEFT_STUN_ICE_CONTROLLING,
                 .use_candidate = true};
  size_t len = ice_forge_request(buf, sizeof buf, &f, 1);
  ck_assert_int_eq(weft_ice_input(b->ice, &b->addr[0], &a->addr[1], buf, len, net.now), WEFT_OK);
  ck_assert(!weft_addr_equal(&b->remote, &a->addr[1]));
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_uint_eq(b->closes, 0);
  ck_assert(weft_addr_equal(&b->remote, &a->addr[1]));
  ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_COMPLETED);
  ice_net_free(&net);
}
END_TEST

/* controlled: up at most once a second, down only from a silent path */
START_TEST(renomination_rules) {
  static ice_net net;
  ice_net_init(&net, 41);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_also(a, "192.0.2.11:1000");
  net.delay = WEFT_MS(100);
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(2));
  weft_ice_pair *high = b->ice->nominated;
  weft_ice_pair *low = weft_ice_pair_find(b->ice, high->base, &a->addr[1], false);
  ck_assert_ptr_nonnull(low);
  ck_assert_uint_gt(high->priority, low->priority);
  b->ice->nominated = low;
  b->ice->nominated_at = b->ice->now = net.now;
  low->heard_at = net.now;
  weft_ice_nominated(b->ice, high);
  ck_assert_ptr_eq(b->ice->nominated, low);
  b->ice->now += WEFT_SEC(1);
  weft_ice_nominated(b->ice, high);
  ck_assert_ptr_eq(b->ice->nominated, high);
  high->heard_at = b->ice->now;
  b->ice->now += WEFT_SEC(3) - 1;
  weft_ice_nominated(b->ice, low);
  ck_assert_ptr_eq(b->ice->nominated, high);
  b->ice->now += 1;
  weft_ice_nominated(b->ice, low);
  ck_assert_ptr_eq(b->ice->nominated, low);
  ice_net_free(&net);
}
END_TEST

Suite *test_ice_nominate(void) {
  static const unit_test tests[] = {UNIT(best_pair_wins),
                                    UNIT(better_pair_silent),
                                    UNIT(aggressive),
                                    UNIT(one_nomination),
                                    UNIT(nominated_before_success),
                                    UNIT(nomination_loop_is_limited),
                                    UNIT(rebinding),
                                    UNIT(rebinding_of_the_controlled_side),
                                    UNIT(a_wandering_peer_is_not_followed),
                                    UNIT(a_peer_that_keeps_other_pairs_alive),
                                    UNIT(fail_over),
                                    UNIT(nomination_over_a_long_silence),
                                    UNIT(called_off_and_needed_later),
                                    UNIT(stale_pair_nominated),
                                    UNIT(renomination_rules)};
  return unit_suite("ice/nominate", tests, sizeof tests / sizeof tests[0]);
}
