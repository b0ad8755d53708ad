/* Two agents back to back in virtual time, and what an agent does alone. */
#include "test/unit/ice_net.h"

static void assert_completed(const ice_node *n) {
  ck_assert_int_eq(weft_ice_get_state(n->ice), WEFT_ICE_COMPLETED);
  ck_assert_uint_eq(n->closes, 0);
}

static void assert_data_both_ways(ice_net *net, ice_node *a, ice_node *b) {
  size_t at_a = a->data_n, at_b = b->data_n;
  uint32_t loss = net->loss, duplicate = net->duplicate;
  net->loss = net->duplicate = 0;
  ck_assert_int_eq(weft_ice_send(a->ice, (const uint8_t *)"ping", 4, net->now), WEFT_OK);
  ck_assert_int_eq(weft_ice_send(b->ice, (const uint8_t *)"pong!", 5, net->now), WEFT_OK);
  ice_net_run(net, net->delay + 1);
  net->loss = loss;
  net->duplicate = duplicate;
  ck_assert_uint_eq(a->data_n, at_a + 1);
  ck_assert_uint_eq(b->data_n, at_b + 1);
  ck_assert_mem_eq(b->data, "ping", 4);
  ck_assert_mem_eq(a->data, "pong!", 5);
}

START_TEST(two_agents_connect) {
  ice_net net;
  ice_net_init(&net, 1);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ck_assert_uint_eq(a->candidates_n, 1);
  ck_assert_uint_eq(a->candidates[0].priority, 2130706431); /* host, local preference 65535, component 1 */
  ck_assert_int_eq(weft_ice_send(a->ice, (const uint8_t *)"x", 1, 0), WEFT_ESTATE);
  ice_net_introduce(&net, a, b);
  ck_assert_uint_eq(a->sent, 1); /* the first check leaves from start, without waiting for Ta */
  ice_net_run(&net, WEFT_SEC(1));
  assert_completed(a);
  assert_completed(b);
  ck_assert_uint_eq(a->connected_at, WEFT_MS(40)); /* one round trip */
  ck_assert_uint_eq(a->completed_at, WEFT_MS(80)); /* and one for the nomination */
  ck_assert_uint_eq(a->selections, 1);
  ck_assert(weft_addr_equal(&a->remote, &b->addr[0]));
  ck_assert(weft_addr_equal(&b->remote, &a->addr[0]));
  ck_assert_int_eq(a->remote_type, WEFT_ICE_HOST);
  assert_data_both_ways(&net, a, b);
  ck_assert_uint_eq(ice_stats(a).bytes_out, 4);
  ck_assert_uint_eq(ice_stats(a).bytes_in, 5);
  ck_assert_uint_eq(ice_stats(a).rtt, WEFT_MS(40));
  ice_net_free(&net);
}
END_TEST

START_TEST(states_come_in_order) {
  static const weft_ice_state want[] = {WEFT_ICE_CHECKING, WEFT_ICE_CONNECTED, WEFT_ICE_COMPLETED, WEFT_ICE_CLOSED};
  ice_net net;
  ice_net_init(&net, 2);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_int_eq(weft_ice_close(a->ice, WEFT_OK, net.now), WEFT_OK);
  ck_assert_uint_eq(a->state_changes, WEFT_ARRAY_LEN(want));
  for (size_t i = 0; i < WEFT_ARRAY_LEN(want); i++) ck_assert_int_eq(a->states[i], want[i]);
  ck_assert_uint_eq(a->closes, 1);
  ck_assert_int_eq(a->closed.who, WEFT_WHO_SELF);
  ck_assert_int_eq(a->closed.code, WEFT_OK);
  ck_assert_int_eq(weft_ice_close(a->ice, WEFT_OK, net.now), WEFT_ESTATE);
  ck_assert_int_eq(weft_ice_send(a->ice, (const uint8_t *)"x", 1, net.now), WEFT_ESTATE);
  ck_assert_uint_eq(weft_ice_deadline(a->ice), WEFT_NEVER);
  size_t sent = a->sent;
  ice_net_run(&net, WEFT_SEC(20)); /* b's checks are no longer answered */
  ck_assert_uint_eq(a->sent, sent);
  ice_net_free(&net);
}
END_TEST

/* loss, delay and duplication; every seed must complete and stay up */
static void run_lossy(uint64_t seed, uint32_t loss) {
  ice_net net;
  ice_net_init(&net, seed);
  net.loss = loss;
  net.duplicate = 5;
  net.delay = WEFT_MS(1) + test_rng_below(&net.rng, 150) * WEFT_MS(1);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_also(a, "[2001:db8::1]:1001");
  ice_net_also(b, "[2001:db8::2]:2001");
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(25));
  ck_assert_msg(weft_ice_get_state(a->ice) == WEFT_ICE_COMPLETED, "seed %lu, loss %u", (unsigned long)seed, loss);
  ck_assert_msg(weft_ice_get_state(b->ice) == WEFT_ICE_COMPLETED, "seed %lu, loss %u", (unsigned long)seed, loss);
  ck_assert(weft_addr_equal(&a->local, &b->remote));
  ck_assert(weft_addr_equal(&a->remote, &b->local));
  assert_data_both_ways(&net, a, b);
  ice_net_run(&net, WEFT_SEC(60));
  assert_completed(a);
  ice_net_free(&net);
}

START_TEST(loss) {
  for (uint64_t seed = 0; seed < 60; seed++) run_lossy(seed, (uint32_t)(seed % 4) * 10);
}
END_TEST

START_TEST(same_seed_same_bytes) {
  size_t bytes[2];
  for (size_t i = 0; i < 2; i++) {
    ice_net net;
    ice_net_init(&net, 77);
    net.loss = 20;
    ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
    ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
    ice_net_introduce(&net, a, b);
    ice_net_run(&net, WEFT_SEC(40));
    bytes[i] = net.wire_bytes * 1000 + a->sent + b->sent;
    ice_net_free(&net);
  }
  ck_assert_uint_eq(bytes[0], bytes[1]);
}
END_TEST

START_TEST(ip6_and_link_local) {
  ice_net net;
  ice_net_init(&net, 3);
  ice_node *a = ice_net_agent(&net, "[fe80::1%3]:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "[fe80::2%3]:2000", WEFT_ICE_CONTROLLED, NULL);
  b->candidates[0].addr.scope = a->candidates[0].addr.scope = 0; /* a zone does not travel */
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(1));
  assert_completed(a);
  assert_completed(b);
  ice_net_free(&net);
}
END_TEST

/* a wildcard socket: one base, no candidate of its own, still reaches the peer */
START_TEST(wildcard_base) {
  ice_net net;
  ice_net_init(&net, 4);
  ice_node *a = ice_net_agent(&net, "0.0.0.0:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ck_assert_uint_eq(a->candidates_n, 0);
  a->nat = ICE_NAT_FULL_CONE; /* the host puts its address in, as a NAT would */
  a->nat_ip = ice_addr("192.0.2.1:0");
  a->nat_port = 1000;
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(1));
  assert_completed(a);
  assert_completed(b);
  ck_assert_int_eq(b->remote_type, WEFT_ICE_PRFLX);
  assert_data_both_ways(&net, a, b);
  ice_net_free(&net);
}
END_TEST

/* the peer's first data overtakes the answer to our own check: it must not be lost (a ClientHello would cost a second) */
START_TEST(early_data_is_held) {
  ice_net net;
  ice_net_init(&net, 5);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  a->reply_when_connected = true;
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_uint_eq(b->data_n, 1);
  ck_assert_mem_eq(b->data, "first", 5);
  ck_assert_uint_eq(ice_stats(b).drop_unvalidated, 0);
  ice_net_free(&net);
}
END_TEST

/* but only a few, only small ones, and only after an authenticated check from there */
START_TEST(early_data_is_bounded) {
  static ice_net net;
  uint8_t buf[1600] = {22};
  char user[64];
  ice_net_init(&net, 50);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_introduce(&net, a, b);
  ck_assert_int_eq(weft_ice_input(b->ice, &b->addr[0], &a->addr[0], buf, 100, 0), WEFT_OK);
  ck_assert_uint_eq(ice_stats(b).drop_unvalidated, 1);
  snprintf(user, sizeof user, "%s:%s", weft_ice_local_ufrag(b->ice), weft_ice_local_ufrag(a->ice));
  ice_forge f = {.username = user, .password = weft_ice_local_pwd(b->ice), .role = WEFT_STUN_ICE_CONTROLLING};
  size_t len = ice_forge_request(buf, sizeof buf, &f, 1);
  ck_assert_int_eq(weft_ice_input(b->ice, &b->addr[0], &a->addr[0], buf, len, 0), WEFT_OK);
  buf[0] = 22;
  ck_assert_int_eq(weft_ice_input(b->ice, &b->addr[0], &a->addr[0], buf, 1501, 0), WEFT_OK);
  for (uint8_t i = 0; i < 10; i++) {
    buf[1] = i;
    ck_assert_int_eq(weft_ice_input(b->ice, &b->addr[0], &a->addr[0], buf, 1500, 0), WEFT_OK);
  }
  ck_assert_uint_eq(ice_stats(b).drop_unvalidated, 1 + 1 + 6);
  ck_assert_uint_eq(b->data_n, 0);
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_uint_eq(b->data_n, 4);
  ck_assert_uint_eq(b->data[1], 3); /* in order */
  ice_net_free(&net);
}
END_TEST

/* webrtc-direct v1 against a listener that is a full agent (js on Node): all four credentials are one string */
START_TEST(one_credential_for_all) {
  for (size_t n = 22; n <= 256; n += 117) {
    static ice_net net;
    static char text[257];
    weft_ice_config cfg;
    memset(text, 'q', sizeof text);
    memcpy(text, "libp2p+webrtc+v1/", 17);
    text[n] = 0;
    ice_net_init(&net, n);
    weft_ice_config_default(&cfg);
    cfg.local_ufrag = cfg.local_pwd = text;
    ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, &cfg);
    ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, &cfg);
    ice_net_introduce(&net, a, b);
    ice_net_run(&net, WEFT_SEC(1));
    assert_completed(a);
    assert_completed(b);
    ck_assert_uint_eq(ice_stats(a).role_conflicts + ice_stats(b).role_conflicts, 0);
    ice_net_free(&net);
  }
}
END_TEST

START_TEST(nobody_there) {
  ice_net net;
  ice_net_init(&net, 6);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  weft_ice_candidate c;
  const char *text = "candidate:1 1 udp 2130706431 192.0.2.9 9 typ host";
  ck_assert_int_eq(weft_ice_candidate_parse(&c, text, strlen(text)), WEFT_OK);
  ck_assert_int_eq(weft_ice_start(a->ice, 0), WEFT_ESTATE); /* no credentials yet */
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "abcd", "0123456789012345678901"), WEFT_OK);
  ck_assert_int_eq(weft_ice_add_remote(a->ice, &c, 0), WEFT_OK);
  ck_assert_int_eq(weft_ice_start(a->ice, 0), WEFT_OK);
  ice_net_run(&net, WEFT_SEC(120));
  ck_assert_uint_eq(a->closes, 1);
  ck_assert_uint_eq(a->closed_at, WEFT_SEC(30));
  ck_assert_int_eq(a->closed.code, WEFT_ETIMEDOUT);
  ck_assert_int_eq(a->closed.who, WEFT_WHO_TIMEOUT);
  ck_assert_str_eq(a->closed.step, "checks");
  ck_assert_uint_eq(a->sent, 14);
  ice_net_free(&net);
}
END_TEST

START_TEST(data_only_from_validated_pairs) {
  ice_net net;
  ice_net_init(&net, 7);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  uint8_t dtls[32] = {22}, junk[32] = {1};
  weft_addr stranger = ice_addr("192.0.2.66:2000"), elsewhere = ice_addr("192.0.2.1:1001");
  ice_net_introduce(&net, a, b);
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &b->addr[0], dtls, sizeof dtls, 0), WEFT_OK); /* too early */
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &stranger, dtls, sizeof dtls, net.now), WEFT_OK);
  ck_assert_int_eq(weft_ice_input(a->ice, &elsewhere, &b->addr[0], dtls, sizeof dtls, net.now), WEFT_OK);
  ck_assert_uint_eq(ice_stats(a).drop_unvalidated, 3);
  ck_assert_uint_eq(a->data_n, 0);
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &b->addr[0], junk, sizeof junk, net.now), WEFT_OK);
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &b->addr[0], junk, 0, net.now), WEFT_OK);
  ck_assert_uint_eq(ice_stats(a).drop_malformed, 2);
  for (unsigned first = 4; first < 256; first++) { /* everything that is not STUN is the upper layer's */
    dtls[0] = (uint8_t)first;
    ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &b->addr[0], dtls, sizeof dtls, net.now), WEFT_OK);
  }
  ck_assert_uint_eq(a->data_n, 252);
  ice_net_free(&net);
}
END_TEST

static void free_in_event(ice_node *n, const weft_ice_event *ev, weft_time now) {
  (void)now;
  if (ev->type != WEFT_ICE_EVENT_STATE || ev->state != WEFT_ICE_CONNECTED) return;
  weft_ice_free(n->ice);
  n->ice = NULL;
  n->closes = 0;
}

START_TEST(free_in_callback) {
  ice_net net;
  ice_net_init(&net, 8);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  b->on_event = free_in_event;
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_ptr_null(b->ice);
  ck_assert_int_eq(b->states[b->state_changes - 1], WEFT_ICE_CONNECTED); /* nothing after free */
  ice_net_free(&net);
}
END_TEST

static void close_in_event(ice_node *n, const weft_ice_event *ev, weft_time now) {
  if (ev->type == WEFT_ICE_EVENT_SELECTED) ck_assert_int_eq(weft_ice_close(n->ice, WEFT_EPROTO, now), WEFT_OK);
}

START_TEST(close_in_callback) {
  ice_net net;
  ice_net_init(&net, 9);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  b->on_event = close_in_event;
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(1));
  ck_assert_uint_eq(b->closes, 1);
  ck_assert_int_eq(b->closed.code, WEFT_EPROTO);
  ice_net_free(&net);
}
END_TEST

static void sweep_scenario(void *ctx) {
  (void)ctx;
  static ice_net net;
  weft_ice_candidate c;
  const char *text = "candidate:1 1 udp 2130706431 192.0.2.9 9 typ host";
  uint8_t buf[256];
  ice_net_init(&net, 10);
  ice_node *n = ice_net_node(&net, "192.0.2.1:1000");
  weft_ice_config cfg;
  weft_ice_config_default(&cfg);
  cfg.alloc = test_alloc();
  cfg.rng = test_rng_init(&n->rng, 1);
  weft_addr server = ice_addr("192.0.2.200:3478"), peer = ice_addr("192.0.2.10:10");
  if (weft_ice_new(&n->ice, &cfg, &ice_net_callbacks, n) != WEFT_OK) return;
  (void)weft_ice_candidate_parse(&c, text, strlen(text));
  (void)weft_ice_add_stun_server(n->ice, &server, 0);
  (void)weft_ice_add_local(n->ice, &n->addr[0], 0);
  (void)weft_ice_add_remote(n->ice, &c, 0);
  char user[64];
  snprintf(user, sizeof user, "%s:abcd", weft_ice_local_ufrag(n->ice));
  ice_forge f = {.username = user, .password = weft_ice_local_pwd(n->ice)};
  size_t len = ice_forge_request(buf, sizeof buf, &f, 1);
  ck_assert_int_eq(weft_ice_input(n->ice, &n->addr[0], &peer, buf, len, 0), WEFT_OK);
  buf[0] = 22;
  ck_assert_int_eq(weft_ice_input(n->ice, &n->addr[0], &peer, buf, len, 0), WEFT_OK);
  (void)weft_ice_set_remote(n->ice, "abcd", "0123456789012345678901");
  (void)weft_ice_start(n->ice, 0);
  (void)weft_ice_restart(n->ice, 1000);
  ice_net_free(&net);
}

START_TEST(allocation_failures) { ck_assert_uint_ge(alloc_sweep(sweep_scenario, NULL), 12); }
END_TEST

START_TEST(no_allocation_in_steady_state) {
  ice_net net;
  ice_net_init(&net, 11);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, NULL);
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(2));
  size_t calls = test_leak()->calls;
  for (int i = 0; i < 100; i++) {
    ck_assert_int_eq(weft_ice_send(a->ice, (const uint8_t *)"data", 4, net.now), WEFT_OK);
    ice_net_run(&net, WEFT_SEC(1));
  }
  ck_assert_uint_eq(b->data_n, 100);
  ck_assert_uint_eq(test_leak()->calls, calls);
  ice_net_free(&net);
}
END_TEST

START_TEST(random_failure) {
  ice_net net;
  ice_net_init(&net, 12);
  ice_node *n = ice_net_node(&net, "192.0.2.1:1000");
  weft_ice_config cfg;
  weft_ice_config_default(&cfg);
  cfg.alloc = test_alloc();
  for (size_t ok = 0; ok < 4; ok++) {
    cfg.rng = test_rng_init(&n->rng, 1);
    n->rng.fail_on = true;
    n->rng.fail_after = ok;
    ck_assert_int_eq(weft_ice_new(&n->ice, &cfg, &ice_net_callbacks, n), WEFT_ERANDOM);
    ck_assert_ptr_null(n->ice);
  }
  cfg.local_pwd = "tooshort";
  cfg.rng = test_rng_init(&n->rng, 1);
  ck_assert_int_eq(weft_ice_new(&n->ice, &cfg, &ice_net_callbacks, n), WEFT_EINVAL);
}
END_TEST

static int refuse(void *user, const weft_addr *l, const weft_addr *r, const uint8_t *d, size_t n, weft_time now) {
  (void)l, (void)r, (void)d, (void)n, (void)now;
  ((ice_node *)user)->sent++;
  return WEFT_EAGAIN;
}

START_TEST(output_says_no) {
  ice_net net;
  ice_net_init(&net, 13);
  ice_node *n = ice_net_node(&net, "192.0.2.1:1000");
  weft_ice_config cfg;
  weft_ice_callbacks cb = {sizeof cb, refuse, ice_net_event};
  weft_ice_config_default(&cfg);
  cfg.alloc = test_alloc();
  cfg.rng = test_rng_init(&n->rng, 1);
  cfg.lite = true;
  ck_assert_int_eq(weft_ice_new(&n->ice, &cfg, &cb, n), WEFT_OK);
  weft_addr peer = ice_addr("192.0.2.10:10");
  ck_assert_int_eq(weft_ice_admit(n->ice, &n->addr[0], &peer, 0), WEFT_OK);
  ck_assert_int_eq(weft_ice_send(n->ice, (const uint8_t *)"x", 1, 0), WEFT_EAGAIN);
  ck_assert_uint_eq(ice_stats(n).datagrams_out, 0);
  ice_net_free(&net);
}
END_TEST

Suite *test_ice_agent(void) {
  static const unit_test tests[] = {UNIT(two_agents_connect),
                                    UNIT(states_come_in_order),
                                    UNIT(loss),
                                    UNIT(same_seed_same_bytes),
                                    UNIT(ip6_and_link_local),
                                    UNIT(wildcard_base),
                                    UNIT(early_data_is_held),
                                    UNIT(early_data_is_bounded),
                                    UNIT(one_credential_for_all),
                                    UNIT(nobody_there),
                                    UNIT(data_only_from_validated_pairs),
                                    UNIT(free_in_callback),
                                    UNIT(close_in_callback),
                                    UNIT(allocation_failures),
                                    UNIT(no_allocation_in_steady_state),
                                    UNIT(random_failure),
                                    UNIT(output_says_no)};
  return unit_suite("ice/agent", tests, sizeof tests / sizeof tests[0]);
}
