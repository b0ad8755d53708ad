/* The responder in front of a webrtc-direct listener, against forged requests and against a full agent. */
#include <stdlib.h>

#include "test/support/hex.h"
#include "test/unit/ice_net.h"

static const char v1[] = "libp2p+webrtc+v1/0123456789abcdefghij";

/* As a listener does it: the password is the server half. */
static int password(void *user, const weft_ice_lite_binding *b, const uint8_t **key, size_t *key_len) {
  (void)user;
  if (b->server_len < 17 || memcmp(b->server_ufrag, "libp2p+webrtc+v", 15) != 0) return WEFT_EAUTH;
  *key = (const uint8_t *)b->server_ufrag;
  *key_len = b->server_len;
  return WEFT_OK;
}

static void binding(void *user, const weft_ice_lite_binding *b, weft_time now) {
  ice_node *n = user;
  n->binding_calls++;
  if (n->ice != NULL) (void)weft_ice_admit(n->ice, b->local, b->remote, now);
}

static const weft_ice_lite_callbacks lite_callbacks = {sizeof(weft_ice_lite_callbacks), ice_net_output, password,
                                                       binding};

static ice_node *listener(ice_net *net, const char *addr, uint16_t slots) {
  ice_node *n = ice_net_node(net, addr);
  weft_ice_lite_config cfg;
  weft_ice_lite_config_default(&cfg);
  cfg.rng = test_rng_init(&n->rng, test_rng_u64(&net->rng));
  cfg.alloc = test_alloc();
  if (slots != 0) cfg.slots = slots;
  ck_assert_int_eq(weft_ice_lite_new(&n->lite, &cfg, &lite_callbacks, n), WEFT_OK);
  return n;
}

static weft_ice_lite_stats lite_stats(const ice_node *n) {
  weft_ice_lite_stats s = {.size = sizeof s};
  weft_ice_lite_get_stats(n->lite, &s);
  return s;
}

static void ask(ice_node *n, const ice_forge *f, const weft_addr *from, size_t *len) {
  uint8_t buf[1200];
  *len = ice_forge_request(buf, sizeof buf, f, 9);
  ck_assert_int_eq(weft_ice_lite_input(n->lite, &n->addr[0], from, buf, *len, n->net->now), WEFT_OK);
}

static ice_forge v1_request(char *user, size_t cap) {
  snprintf(user, cap, "%s:%s", v1, v1);
  return (ice_forge){.username = user, .password = v1, .role = WEFT_STUN_ICE_CONTROLLING};
}

START_TEST(chromium) { /* the captured checks, answered; never more out than in (B15) */
  static const char *const files[] = {"test/captures/chromium.stun1.bin", "test/captures/chromium.stun2.bin"};
  static ice_net net;
  ice_net_init(&net, 1);
  ice_node *n = listener(&net, "192.0.2.1:4001", 0);
  weft_addr from = ice_addr("192.0.2.9:5000"), mapped;
  for (size_t i = 0; i < 2; i++) {
    size_t len;
    uint8_t *data = file_bytes(files[i], &len);
    weft_stun_msg m;
    weft_stun_attr a;
    ck_assert_int_eq(weft_ice_lite_input(n->lite, &n->addr[0], &from, data, len, 0), WEFT_OK);
    const ice_packet *p = ice_net_next_packet(&net);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_le(p->len, len);
    ck_assert_int_eq(weft_stun_parse(&m, p->data, p->len), WEFT_OK);
    ck_assert_int_eq(m.cls, WEFT_STUN_SUCCESS);
    ck_assert_mem_eq(m.txid, data + 8, 12);
    ck_assert_int_eq(weft_stun_check_integrity(&m, data + 24, 49), WEFT_OK); /* its ufrag is the password */
    ck_assert_int_eq(weft_stun_check_fingerprint(&m), 1);
    ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_XOR_MAPPED_ADDRESS, &a), WEFT_OK);
    ck_assert_int_eq(weft_stun_get_xor_address(&m, &a, &mapped), WEFT_OK);
    ck_assert(weft_addr_equal(&mapped, &from));
    memset(net.packets, 0, sizeof net.packets);
    free(data);
  }
  ck_assert_uint_eq(n->binding_calls, 2);
  ck_assert_uint_eq(lite_stats(n).answers, 2);
  ice_net_free(&net);
}
END_TEST

START_TEST(lookup) {
  static ice_net net;
  uint8_t key1[16], key2[16];
  char user[128], user2[128];
  size_t len;
  ice_net_init(&net, 2);
  ice_node *n = listener(&net, "192.0.2.1:4001", 0);
  weft_addr from = ice_addr("192.0.2.9:5000"), other = ice_addr("192.0.2.9:5001"),
            elsewhere = ice_addr("192.0.2.2:4001");
  ice_forge f = v1_request(user, sizeof user);
  ck_assert_int_eq(weft_ice_lite_lookup(n->lite, &n->addr[0], &from, 0, key1), WEFT_ENOTFOUND);
  ask(n, &f, &from, &len);
  ck_assert_int_eq(weft_ice_lite_lookup(n->lite, &n->addr[0], &from, 0, key1), WEFT_OK);
  ck_assert_int_eq(weft_ice_lite_lookup(n->lite, &n->addr[0], &other, 0, key2), WEFT_ENOTFOUND);
  ck_assert_int_eq(weft_ice_lite_lookup(n->lite, &elsewhere, &from, 0, key2), WEFT_ENOTFOUND);
  ask(n, &f, &other, &len);
  ck_assert_int_eq(weft_ice_lite_lookup(n->lite, &n->addr[0], &other, 0, key2), WEFT_OK);
  ck_assert_mem_eq(key1, key2, 16); /* the same USERNAME from two sources */
  snprintf(user2, sizeof user2, "%sX:%sX", v1, v1);
  char pwd2[64];
  snprintf(pwd2, sizeof pwd2, "%sX", v1);
  ice_forge g = {.username = user2, .password = pwd2};
  ask(n, &g, &from, &len); /* D3: the same source, another USERNAME: its slot is reused */
  ck_assert_int_eq(weft_ice_lite_lookup(n->lite, &n->addr[0], &from, 0, key2), WEFT_OK);
  ck_assert_mem_ne(key1, key2, 16);
  ck_assert_uint_eq(lite_stats(n).overwritten, 0);
  ck_assert_int_eq(weft_ice_lite_lookup(n->lite, &n->addr[0], &from, WEFT_SEC(30) - 1, key2), WEFT_OK);
  ck_assert_int_eq(weft_ice_lite_lookup(n->lite, &n->addr[0], &from, WEFT_SEC(30), key2), WEFT_ENOTFOUND);
  ice_net_free(&net);
}
END_TEST

START_TEST(refused) { /* D5, B13, js-libp2p #3584 */
  static ice_net net;
  static char user[600];
  uint8_t key[16];
  size_t len;
  ice_net_init(&net, 3);
  ice_node *n = listener(&net, "192.0.2.1:4001", 0);
  weft_addr from = ice_addr("192.0.2.9:5000");
  static const char *const names[] = {"",
                                      ":",
                                      "abc:abcd",
                                      "abcd:abc",
                                      "abcdabcd",
                                      "ab\rd:abcd",
                                      "abcd:ab\nd",
                                      "ab d:abcd",
                                      "abcd:ab=d",
                                      "libp2p+webrtc+v1/0123456789:",
                                      ":libp2p+webrtc+v1/0123456789",
                                      "libp2p+webrtc+v1/0123456789:abcd:efgh",
                                      "libp2p+webrtc+v1/0123\xc3\xa9:abcd"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(names); i++) {
    ice_forge f = {.username = names[i], .password = v1};
    ask(n, &f, &from, &len);
    ck_assert_uint_eq(lite_stats(n).drop_username, i + 1);
  }
  memset(user, 'a', sizeof user);
  user[257] = ':';
  user[300] = 0;
  ask(n, &(ice_forge){.username = user, .password = v1}, &from, &len);
  ck_assert_uint_eq(lite_stats(n).drop_username, WEFT_ARRAY_LEN(names) + 1);
  ask(n, &(ice_forge){.username = "plain:plain", .password = "plain"}, &from, &len);
  ck_assert_uint_eq(lite_stats(n).drop_refused, 1);
  ice_forge f = v1_request(user, sizeof user);
  f.password = "wrong";
  ask(n, &f, &from, &len);
  f.no_integrity = true;
  ask(n, &f, &from, &len);
  ck_assert_uint_eq(lite_stats(n).drop_integrity, 2);
  f = v1_request(user, sizeof user);
  f.extra = 0x7fff; /* would be a 420: no errors from here */
  ask(n, &f, &from, &len);
  ck_assert_uint_eq(lite_stats(n).drop_malformed, 1);
  from.port = 0;
  f = v1_request(user, sizeof user);
  ask(n, &f, &from, &len);
  ck_assert_uint_eq(lite_stats(n).drop_malformed, 2);
  from.port = 5000;
  uint8_t indication[20] = {0, 0x11, 0, 0, 0x21, 0x12, 0xa4, 0x42};
  ck_assert_int_eq(weft_ice_lite_input(n->lite, &n->addr[0], &from, indication, 20, 0), WEFT_OK);
  ck_assert_int_eq(weft_ice_lite_input(n->lite, &n->addr[0], &from, indication, 0, 0), WEFT_OK);
  ck_assert_uint_eq(lite_stats(n).drop_malformed, 4);
  ck_assert_uint_eq(n->sent, 0);
  ck_assert_uint_eq(n->binding_calls, 0);
  ck_assert_int_eq(weft_ice_lite_lookup(n->lite, &n->addr[0], &from, 0, key), WEFT_ENOTFOUND);
  ice_net_free(&net);
}
END_TEST

START_TEST(longest_names) { /* four credentials of 256 characters, and one of 257 */
  static ice_net net;
  static char user[600], pwd[300];
  size_t len;
  ice_net_init(&net, 4);
  ice_node *n = listener(&net, "[2001:db8::1]:4001", 0);
  weft_addr from = ice_addr("[2001:db8::9]:5000");
  memset(pwd, 'a', 256);
  memcpy(pwd, "libp2p+webrtc+v1/", 17);
  snprintf(user, sizeof user, "%s:%s", pwd, pwd);
  ck_assert_uint_eq(strlen(user), 513);
  ask(n, &(ice_forge){.username = user, .password = pwd}, &from, &len);
  ck_assert_uint_eq(lite_stats(n).answers, 1);
  ice_net_free(&net);
}
END_TEST

/* the shortest request there can be, by IPv6: the answer would be longer, so there is none */
START_TEST(no_amplification) {
  static ice_net net;
  uint8_t buf[128];
  size_t len;
  const uint8_t txid[12] = {1};
  ice_net_init(&net, 5);
  ice_node *n = listener(&net, "[2001:db8::1]:4001", 0);
  weft_addr from = ice_addr("[2001:db8::9]:5000");
  weft_stun_writer w;
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
  weft_stun_put(&w, WEFT_STUN_USERNAME, "libp2p+webrtc+v1/:abcd", 22);
  weft_stun_put_integrity(&w, "libp2p+webrtc+v1/", 17);
  ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_OK);
  ck_assert_uint_lt(len, 76);
  ck_assert_int_eq(weft_ice_lite_input(n->lite, &n->addr[0], &from, buf, len, 0), WEFT_OK);
  ck_assert_uint_eq(n->sent, 0);
  ck_assert_uint_eq(n->binding_calls, 0);
  ice_net_free(&net);
}
END_TEST

START_TEST(spoofed_sources) { /* D1: 100,000 sources; nothing is allocated, and one that comes after them is served */
  static ice_net net;
  char user[128];
  uint8_t key[16];
  size_t len;
  ice_net_init(&net, 6);
  ice_node *n = listener(&net, "192.0.2.1:4001", 0);
  ice_forge f = v1_request(user, sizeof user);
  size_t calls = test_leak()->calls;
  ck_assert_uint_le(test_leak()->bytes, 4096 * 64 + 1024);
  n->mute = true;
  uint8_t buf[512];
  size_t in = ice_forge_request(buf, sizeof buf, &f, 9);
  for (uint32_t i = 0; i < 100000; i++) {
    uint8_t ip[4] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
    weft_addr from = weft_addr_ip4(ip, 5000);
    ck_assert_int_eq(weft_ice_lite_input(n->lite, &n->addr[0], &from, buf, in, i), WEFT_OK);
  }
  ck_assert_uint_eq(test_leak()->calls, calls);
  ck_assert_uint_ge(lite_stats(n).overwritten, 95000);
  ck_assert_uint_le(lite_stats(n).bytes_out, lite_stats(n).bytes_in);
  weft_addr from = ice_addr("192.0.2.9:5000");
  net.now = 200000;
  ask(n, &f, &from, &len);
  for (uint32_t i = 0; i < 1000; i++) { /* 0.1 s of a flood of 10,000 a second */
    uint8_t ip[4] = {11, 0, (uint8_t)(i >> 8), (uint8_t)i};
    weft_addr other = weft_addr_ip4(ip, 5000);
    ck_assert_int_eq(weft_ice_lite_input(n->lite, &n->addr[0], &other, buf, in, 200001 + i * 100), WEFT_OK);
  }
  ck_assert_int_eq(weft_ice_lite_lookup(n->lite, &n->addr[0], &from, 300000, key), WEFT_OK);
  ice_net_free(&net);
}
END_TEST

START_TEST(small_table) {
  static ice_net net;
  char user[128];
  uint8_t key[16];
  size_t len, found = 0;
  ice_net_init(&net, 7);
  ice_node *n = listener(&net, "192.0.2.1:4001", 1); /* rounded up to one bucket */
  ice_forge f = v1_request(user, sizeof user);
  for (unsigned i = 0; i < 6; i++) {
    weft_addr from = ice_addr("192.0.2.9:5000");
    from.port = (uint16_t)(from.port + i);
    net.now = i + 1;
    ask(n, &f, &from, &len);
  }
  for (unsigned i = 0; i < 6; i++) {
    weft_addr from = ice_addr("192.0.2.9:5000");
    from.port = (uint16_t)(from.port + i);
    if (weft_ice_lite_lookup(n->lite, &n->addr[0], &from, 10, key) != WEFT_OK) continue;
    ck_assert_uint_ge(i, 2); /* the oldest two went */
    found++;
  }
  ck_assert_uint_eq(found, 4);
  ck_assert_uint_eq(lite_stats(n).overwritten, 2);
  ice_net_free(&net);
}
END_TEST

static ice_node *dialer(ice_net *net, const char *addr, const char *server_ufrag, const char *ufrag, const char *pwd,
                        const char *to) {
  weft_ice_config cfg;
  weft_ice_config_default(&cfg);
  cfg.local_ufrag = ufrag;
  cfg.local_pwd = pwd;
  ice_node *d = ice_net_agent(net, addr, WEFT_ICE_CONTROLLING, &cfg);
  weft_ice_candidate c = {
      .type = WEFT_ICE_HOST, .component = 1, .priority = 2130706431, .addr = ice_addr(to), .foundation = "1"};
  ck_assert_int_eq(weft_ice_set_remote(d->ice, server_ufrag, server_ufrag), WEFT_OK);
  ck_assert_int_eq(weft_ice_add_remote(d->ice, &c, net->now), WEFT_OK);
  ck_assert_int_eq(weft_ice_start(d->ice, net->now), WEFT_OK);
  return d;
}

static ice_node *listener_with_agent(ice_net *net, const char *addr) {
  ice_node *n = listener(net, addr, 0);
  weft_ice_config cfg;
  weft_ice_config_default(&cfg);
  cfg.lite = true;
  cfg.alloc = test_alloc();
  cfg.rng = test_rng_init(&n->rng, 5);
  ck_assert_int_eq(weft_ice_new(&n->ice, &cfg, &ice_net_callbacks, n), WEFT_OK);
  ck_assert_int_eq(weft_ice_start(n->ice, net->now), WEFT_OK);
  return n;
}

/* a webrtc-direct dial, v1 and v2, with loss: full agent against lite responder and lite agent */
START_TEST(dial) {
  for (uint64_t seed = 0; seed < 24; seed++) {
    static ice_net net;
    static char long_v1[257];
    memset(long_v1, 'z', 256);
    memcpy(long_v1, "libp2p+webrtc+v1/", 17);
    ice_net_init(&net, 50 + seed);
    net.loss = (uint32_t)(seed % 4) * 10;
    ice_node *l = listener_with_agent(&net, "192.0.2.1:4001");
    static const char v2_pwd[] = "ABCDEFGHIJKLMNOPQRSTUVWX", v2[] = "libp2p+webrtc+v2/ABCDEFGHIJKLMNOPQRSTUVWX";
    ice_node *d = seed % 3 == 0   ? dialer(&net, "192.0.2.9:5000", v1, v1, v1, "192.0.2.1:4001")
                  : seed % 3 == 1 ? dialer(&net, "192.0.2.9:5000", v2, "clientufrag", v2_pwd, "192.0.2.1:4001")
                                  : dialer(&net, "192.0.2.9:5000", long_v1, long_v1, long_v1, "192.0.2.1:4001");
    ck_assert_uint_eq(d->sent, 1);
    ice_net_run(&net, WEFT_SEC(20));
    ck_assert_int_eq(weft_ice_get_state(d->ice), WEFT_ICE_COMPLETED);
    ck_assert_int_eq(weft_ice_get_state(l->ice), WEFT_ICE_CONNECTED);
    if (net.loss == 0) ck_assert_uint_eq(d->connected_at, WEFT_MS(40));
    net.loss = 0;
    ck_assert_int_eq(weft_ice_send(d->ice, (const uint8_t *)"\x16hello", 6, net.now), WEFT_OK);
    ck_assert_int_eq(weft_ice_send(l->ice, (const uint8_t *)"\x16hi", 3, net.now), WEFT_OK);
    ice_net_run(&net, WEFT_MS(50));
    ck_assert_uint_eq(l->data_n, 1);
    ck_assert_uint_eq(d->data_n, 1);
    ck_assert_int_eq(l->remote_type, WEFT_ICE_PRFLX);
    ice_net_run(&net, WEFT_SEC(120)); /* idle: consent checks keep both alive */
    ck_assert_uint_eq(d->closes + l->closes, 0);
    ck_assert_int_eq(weft_ice_get_state(l->ice), WEFT_ICE_CONNECTED);
    ice_net_free(&net);
  }
}
END_TEST

static void new_scenario(void *ctx) {
  (void)ctx;
  static ice_net net;
  ice_net_init(&net, 9);
  ice_node *n = ice_net_node(&net, "192.0.2.1:1");
  weft_ice_lite_config cfg;
  weft_ice_lite_config_default(&cfg);
  cfg.rng = test_rng_init(&n->rng, 1);
  cfg.alloc = test_alloc();
  int rc = weft_ice_lite_new(&n->lite, &cfg, &lite_callbacks, n);
  ck_assert(rc == WEFT_OK || (rc == WEFT_ENOMEM && n->lite == NULL));
  ice_net_free(&net);
}

START_TEST(allocation_failures) {
  static ice_net net;
  ck_assert_uint_eq(alloc_sweep(new_scenario, NULL), 2);
  ice_net_init(&net, 9);
  ice_node *n = ice_net_node(&net, "192.0.2.1:1");
  weft_ice_lite_config cfg;
  weft_ice_lite_config_default(&cfg);
  cfg.rng = test_rng_init(&n->rng, 1);
  cfg.alloc = test_alloc();
  n->rng.fail_on = true;
  ck_assert_int_eq(weft_ice_lite_new(&n->lite, &cfg, &lite_callbacks, n), WEFT_ERANDOM);
}
END_TEST

Suite *test_ice_lite(void) {
  static const unit_test tests[] = {
      UNIT(chromium),        UNIT(lookup),      UNIT(refused), UNIT(longest_names),      UNIT(no_amplification),
      UNIT(spoofed_sources), UNIT(small_table), UNIT(dial),    UNIT(allocation_failures)};
  return unit_suite("ice/lite", tests, sizeof tests / sizeof tests[0]);
}
