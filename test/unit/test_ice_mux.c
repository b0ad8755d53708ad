#include "test/unit/ice_net.h"

typedef struct fixture {
  test_rng rng;
  weft_ice_mux *m;
  weft_addr local, remote;
} fixture;

static void setup(fixture *f) {
  weft_rng rng = test_rng_init(&f->rng, 1);
  ck_assert_int_eq(weft_ice_mux_new(&f->m, &rng, test_alloc()), WEFT_OK);
  f->local = ice_addr("192.0.2.1:4001");
  f->remote = ice_addr("192.0.2.9:5000");
}

static void *route_request(const fixture *f, const char *username) {
  uint8_t buf[700];
  size_t len = ice_forge_request(buf, sizeof buf, &(ice_forge){.username = username, .password = "x"}, 1);
  return weft_ice_mux_route(f->m, &f->local, &f->remote, buf, len);
}

START_TEST(routing) {
  fixture f;
  int a, b;
  uint8_t dtls[20] = {22}, response[20] = {1, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
  setup(&f);
  ck_assert_int_eq(weft_ice_mux_add_ufrag(f.m, "aaaa", &a), WEFT_OK);
  ck_assert_int_eq(weft_ice_mux_add_ufrag(f.m, "bbbb", &b), WEFT_OK);
  ck_assert_int_eq(weft_ice_mux_add_ufrag(f.m, "aaaa", &b), WEFT_ESTATE);
  ck_assert_int_eq(weft_ice_mux_add_ufrag(f.m, "aa:a", &b), WEFT_EINVAL);
  ck_assert_ptr_eq(route_request(&f, "aaaa:cccc"), &a);
  ck_assert_ptr_eq(route_request(&f, "bbbb:aaaa"), &b);
  ck_assert_ptr_eq(route_request(&f, "bbbb:"), &b);
  ck_assert_ptr_null(route_request(&f, "cccc:aaaa"));
  ck_assert_ptr_null(route_request(&f, "aaaa"));
  ck_assert_ptr_null(route_request(&f, "aaaaa:b"));
  ck_assert_ptr_null(route_request(&f, ""));
  ck_assert_ptr_null(weft_ice_mux_route(f.m, &f.local, &f.remote, dtls, sizeof dtls));
  ck_assert_int_eq(weft_ice_mux_add_address(f.m, &f.local, &f.remote, &a), WEFT_OK);
  ck_assert_int_eq(weft_ice_mux_add_address(f.m, &f.local, &f.remote, &a), WEFT_OK);
  ck_assert_int_eq(weft_ice_mux_add_address(f.m, &f.local, &f.remote, &b), WEFT_ESTATE);
  ck_assert_ptr_eq(weft_ice_mux_route(f.m, &f.local, &f.remote, dtls, sizeof dtls), &a);
  ck_assert_ptr_eq(weft_ice_mux_route(f.m, &f.local, &f.remote, response, sizeof response), &a);
  ck_assert_ptr_eq(weft_ice_mux_route(f.m, &f.local, &f.remote, dtls, 0), &a);
  ck_assert_ptr_eq(route_request(&f, "bbbb:aaaa"), &b); /* a request goes by name even from a known address */
  weft_addr other = f.remote;
  other.port++;
  ck_assert_ptr_null(weft_ice_mux_route(f.m, &f.local, &other, dtls, sizeof dtls));
  ck_assert_ptr_null(weft_ice_mux_route(f.m, &other, &f.remote, dtls, sizeof dtls));
  weft_ice_mux_remove(f.m, &a);
  weft_ice_mux_remove(f.m, &a);
  ck_assert_ptr_null(weft_ice_mux_route(f.m, &f.local, &f.remote, dtls, sizeof dtls));
  ck_assert_ptr_null(route_request(&f, "aaaa:cccc"));
  ck_assert_ptr_eq(route_request(&f, "bbbb:cccc"), &b);
  weft_ice_mux_free(f.m);
}
END_TEST

START_TEST(many) {
  fixture f;
  static int targets[2000];
  uint8_t dtls[20] = {22};
  setup(&f);
  for (int round = 0; round < 2; round++) {
    for (unsigned i = 0; i < 2000; i++) {
      char name[32];
      snprintf(name, sizeof name, "agent%u", i);
      ck_assert_int_eq(weft_ice_mux_add_ufrag(f.m, name, &targets[i]), WEFT_OK);
      for (uint16_t k = 0; k < 3; k++) {
        f.remote.port = (uint16_t)(5000 + 3 * i + k);
        ck_assert_int_eq(weft_ice_mux_add_address(f.m, &f.local, &f.remote, &targets[i]), WEFT_OK);
      }
    }
    for (unsigned i = 0; i < 2000; i++) {
      char name[64];
      snprintf(name, sizeof name, "agent%u:x", i);
      ck_assert_ptr_eq(route_request(&f, name), &targets[i]);
      f.remote.port = (uint16_t)(5000 + 3 * i + 1);
      ck_assert_ptr_eq(weft_ice_mux_route(f.m, &f.local, &f.remote, dtls, sizeof dtls), &targets[i]);
    }
    for (unsigned i = 0; i < 2000; i++) weft_ice_mux_remove(f.m, &targets[i]);
    ck_assert_ptr_null(route_request(&f, "agent7:x"));
  }
  weft_ice_mux_free(f.m);
}
END_TEST

static void scenario(void *ctx) {
  (void)ctx;
  test_rng r;
  weft_rng rng = test_rng_init(&r, 1);
  weft_ice_mux *m;
  int a;
  if (weft_ice_mux_new(&m, &rng, test_alloc()) != WEFT_OK) return;
  for (unsigned i = 0; i < 20; i++) {
    char name[32];
    snprintf(name, sizeof name, "agent%u", i);
    (void)weft_ice_mux_add_ufrag(m, name, &a);
  }
  weft_ice_mux_remove(m, &a);
  weft_ice_mux_free(m);
}

START_TEST(failures) {
  ck_assert_uint_ge(alloc_sweep(scenario, NULL), 20);
  test_rng r;
  weft_rng rng = test_rng_init(&r, 1);
  weft_ice_mux *m;
  r.fail_on = true;
  ck_assert_int_eq(weft_ice_mux_new(&m, &rng, test_alloc()), WEFT_ERANDOM);
  ck_assert_ptr_null(m);
}
END_TEST

/* Alice with one socket, two agents on it, the same STUN server for both, and two Bobs */
START_TEST(agents_on_one_socket) {
  static ice_net net;
  fixture f;
  setup(&f);
  ice_net_init(&net, 9);
  net.mux = f.m;
  net.shared = ice_addr("192.0.2.1:4001");
  net.stun_server = ice_addr("203.0.113.99:3478");
  ice_node *bobs[2], *alices[2];
  bobs[0] = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLING, NULL);
  bobs[1] = ice_net_agent(&net, "192.0.2.3:2000", WEFT_ICE_CONTROLLING, NULL);
  for (int i = 0; i < 2; i++) {
    alices[i] = ice_net_agent(&net, "192.0.2.1:4001", WEFT_ICE_CONTROLLED, NULL);
    ck_assert_int_eq(weft_ice_mux_add_ufrag(f.m, weft_ice_local_ufrag(alices[i]->ice), alices[i]), WEFT_OK);
    ck_assert_int_eq(weft_ice_add_stun_server(alices[i]->ice, &net.stun_server, net.now), WEFT_OK);
    ck_assert_int_eq(weft_ice_gather(alices[i]->ice, net.now), WEFT_OK);
  }
  for (int i = 0; i < 2; i++) ice_net_introduce(&net, bobs[i], alices[i]);
  ice_net_run(&net, WEFT_SEC(3));
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(alices[i]->gathered, 1);
    ck_assert_int_eq(weft_ice_get_state(alices[i]->ice), WEFT_ICE_COMPLETED);
    ck_assert_int_eq(weft_ice_get_state(bobs[i]->ice), WEFT_ICE_COMPLETED);
    ck_assert_int_eq(weft_ice_send(bobs[i]->ice, (const uint8_t *)"\x40hello", 6, net.now), WEFT_OK);
    ck_assert_int_eq(weft_ice_send(alices[i]->ice, (const uint8_t *)"\x40hello", 6, net.now), WEFT_OK);
  }
  ice_net_run(&net, WEFT_SEC(1));
  for (int i = 0; i < 2; i++) ck_assert_uint_eq(alices[i]->data_n + bobs[i]->data_n, 2);
  ice_net_free(&net);
  weft_ice_mux_free(f.m);
}
END_TEST

Suite *test_ice_mux(void) {
  static const unit_test tests[] = {UNIT(routing), UNIT(many), UNIT(agents_on_one_socket), UNIT(failures)};
  return unit_suite("ice/mux", tests, sizeof tests / sizeof tests[0]);
}
