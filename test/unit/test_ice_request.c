/* Checks from the peer: who may ask, what is answered, role conflicts. */
#include "test/unit/ice_net.h"

typedef struct fixture {
  ice_net net;
  ice_node *a;
  weft_addr peer;
  char user[600];
  uint8_t answer[256];
  size_t answer_len;
} fixture;

static fixture *current;

static void watch(ice_net *net, const ice_packet *p) {
  (void)net;
  if (p->data[0] != 1) return; /* responses only */
  memcpy(current->answer, p->data, p->len);
  current->answer_len = p->len;
}

static void setup(fixture *f, weft_ice_role role) {
  memset(f, 0, sizeof *f);
  ice_net_init(&f->net, 1);
  f->net.watch = watch;
  f->a = ice_net_agent(&f->net, "192.0.2.1:1000", role, NULL);
  f->peer = ice_addr("192.0.2.9:9");
  snprintf(f->user, sizeof f->user, "%s:abcd", weft_ice_local_ufrag(f->a->ice));
  ck_assert_int_eq(weft_ice_set_remote(f->a->ice, "abcd", "0123456789012345678901"), WEFT_OK);
  ck_assert_int_eq(weft_ice_start(f->a->ice, 0), WEFT_OK);
  current = f;
}

static void send_forged(fixture *f, const ice_forge *forge) {
  uint8_t buf[1024];
  size_t len = ice_forge_request(buf, sizeof buf, forge, 7);
  f->answer_len = 0;
  ck_assert_int_eq(weft_ice_input(f->a->ice, &f->a->addr[0], &f->peer, buf, len, f->net.now), WEFT_OK);
}

static ice_forge good(const fixture *f) {
  return (ice_forge){.username = f->user, .password = weft_ice_local_pwd(f->a->ice), .role = WEFT_STUN_ICE_CONTROLLING};
}

START_TEST(answer) {
  static fixture f;
  setup(&f, WEFT_ICE_CONTROLLED);
  ice_forge g = good(&f);
  weft_stun_msg m;
  weft_stun_attr at;
  weft_addr mapped;
  send_forged(&f, &g);
  ck_assert_int_eq(weft_stun_parse(&m, f.answer, f.answer_len), WEFT_OK);
  ck_assert_int_eq(m.cls, WEFT_STUN_SUCCESS);
  ck_assert_uint_eq(m.txid[0], 7);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_XOR_MAPPED_ADDRESS, &at), WEFT_OK);
  ck_assert_int_eq(weft_stun_get_xor_address(&m, &at, &mapped), WEFT_OK);
  ck_assert(weft_addr_equal(&mapped, &f.peer));
  ck_assert_int_eq(weft_stun_check_integrity(&m, weft_ice_local_pwd(f.a->ice), strlen(weft_ice_local_pwd(f.a->ice))),
                   WEFT_OK);
  ck_assert_int_eq(weft_stun_check_fingerprint(&m), 1);
  ck_assert_uint_eq(f.a->sent, 2); /* the answer, and at once a check in return (RFC 8445 section 7.3.1.4) */
  g.no_fingerprint = true;
  send_forged(&f, &g);
  ck_assert_uint_gt(f.answer_len, 0);
  ice_net_free(&f.net);
}
END_TEST

START_TEST(refused_silently) {
  static fixture f;
  static char long_user[600];
  setup(&f, WEFT_ICE_CONTROLLED);
  const char *pwd = weft_ice_local_pwd(f.a->ice), *ufrag = weft_ice_local_ufrag(f.a->ice);
  char other[64], prefix[64], bare[64], extra[64];
  snprintf(other, sizeof other, "%s:abce", ufrag);
  snprintf(prefix, sizeof prefix, "x%s:abcd", ufrag);
  snprintf(bare, sizeof bare, "%s", ufrag);
  snprintf(extra, sizeof extra, "%s:abcd:e", ufrag);
  memset(long_user, 'u', sizeof long_user - 1);
  const ice_forge cases[] = {
      {.username = NULL, .password = pwd},      {.username = "", .password = pwd},
      {.username = ":", .password = pwd},       {.username = other, .password = pwd},
      {.username = prefix, .password = pwd},    {.username = bare, .password = pwd},
      {.username = extra, .password = pwd},     {.username = "abcd:abcd", .password = pwd},
      {.username = long_user, .password = pwd},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    send_forged(&f, &cases[i]);
    ck_assert_uint_eq(ice_stats(f.a).drop_username, i + 1);
  }
  ice_forge g = good(&f);
  g.password = "0123456789012345678901"; /* the peer's own: an echo of our check */
  send_forged(&f, &g);
  g.no_integrity = true;
  send_forged(&f, &g);
  ck_assert_uint_eq(ice_stats(f.a).drop_integrity, 2);
  ck_assert_uint_eq(f.a->sent, 0);
  ck_assert_uint_eq(f.a->ice->remote_n, 0);
  ck_assert_uint_eq(ice_stats(f.a).checks_received, 0);
  ice_net_free(&f.net);
}
END_TEST

START_TEST(every_bit) {
  static fixture f;
  uint8_t buf[256];
  setup(&f, WEFT_ICE_CONTROLLED);
  ice_forge g = good(&f);
  size_t len = ice_forge_request(buf, sizeof buf, &g, 7);
  for (size_t bit = 0; bit < 8 * len; bit++) {
    if (bit / 8 == len - 8 || bit / 8 == len - 7) continue; /* FINGERPRINT's type: then it is an attribute to ignore */
    buf[bit / 8] ^= (uint8_t)(1 << (bit % 8));
    ck_assert_int_eq(weft_ice_input(f.a->ice, &f.a->addr[0], &f.peer, buf, len, 0), WEFT_OK);
    buf[bit / 8] ^= (uint8_t)(1 << (bit % 8));
  }
  ck_assert_uint_eq(f.a->sent, 0);
  for (size_t n = 0; n < len; n++)
    ck_assert_int_eq(weft_ice_input(f.a->ice, &f.a->addr[0], &f.peer, buf, n, 0), WEFT_OK);
  ck_assert_uint_eq(f.a->sent, 0);
  ice_net_free(&f.net);
}
END_TEST

START_TEST(unknown_attribute) {
  static fixture f;
  setup(&f, WEFT_ICE_CONTROLLED);
  ice_forge g = good(&f);
  weft_stun_msg m;
  weft_stun_attr at;
  unsigned code;
  const char *reason;
  size_t n;
  g.extra = 0x7fff;
  send_forged(&f, &g);
  ck_assert_int_eq(weft_stun_parse(&m, f.answer, f.answer_len), WEFT_OK);
  ck_assert_int_eq(m.cls, WEFT_STUN_ERROR);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_ERROR_CODE, &at), WEFT_OK);
  ck_assert_int_eq(weft_stun_get_error(&at, &code, &reason, &n), WEFT_OK);
  ck_assert_uint_eq(code, 420);
  ck_assert_uint_eq(f.a->ice->remote_n, 0);
  g.extra = 0xc057; /* Chromium's network info: optional */
  send_forged(&f, &g);
  ck_assert_uint_eq(f.answer[1], 1);
  ice_net_free(&f.net);
}
END_TEST

START_TEST(forbidden_source) {
  static fixture f;
  setup(&f, WEFT_ICE_CONTROLLED);
  ice_forge g = good(&f);
  static const char *const sources[] = {"127.0.0.1:9", "224.0.0.1:9", "192.0.2.9:0", "0.0.0.0:9", "192.0.2.1:1000"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(sources); i++) {
    f.peer = ice_addr(sources[i]);
    send_forged(&f, &g);
  }
  ck_assert_uint_eq(f.a->sent, 0);
  ck_assert_uint_eq(ice_stats(f.a).drop_candidate_forbidden, 5);
  ice_net_free(&f.net);
}
END_TEST

/* RFC 8445 section 7.3.1.1: our role, theirs relative to our tie-breaker, the answer and the role afterwards (C1) */
START_TEST(role_conflicts) {
  static const struct {
    weft_ice_role ours;
    int tie; /* theirs compared with ours */
    bool error;
    weft_ice_role after;
  } cases[] = {
      {WEFT_ICE_CONTROLLING, -1, true, WEFT_ICE_CONTROLLING}, {WEFT_ICE_CONTROLLING, 0, true, WEFT_ICE_CONTROLLING},
      {WEFT_ICE_CONTROLLING, 1, false, WEFT_ICE_CONTROLLED},  {WEFT_ICE_CONTROLLED, -1, false, WEFT_ICE_CONTROLLING},
      {WEFT_ICE_CONTROLLED, 0, false, WEFT_ICE_CONTROLLING},  {WEFT_ICE_CONTROLLED, 1, true, WEFT_ICE_CONTROLLED},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    static fixture f;
    setup(&f, cases[i].ours);
    f.a->ice->tie_breaker = 1000;
    ice_forge g = good(&f);
    g.role = cases[i].ours == WEFT_ICE_CONTROLLING ? WEFT_STUN_ICE_CONTROLLING : WEFT_STUN_ICE_CONTROLLED;
    g.tie_breaker = (uint64_t)(1000 + cases[i].tie);
    send_forged(&f, &g);
    ck_assert_uint_eq(f.answer[1] == 0x11, cases[i].error);
    ck_assert_int_eq(weft_ice_get_role(f.a->ice), cases[i].after);
    ck_assert_uint_eq(ice_stats(f.a).role_conflicts, 1);
    if (cases[i].error) {
      weft_stun_msg m;
      ck_assert_int_eq(weft_stun_parse(&m, f.answer, f.answer_len), WEFT_OK);
      ck_assert_int_eq(weft_stun_check_integrity(&m, weft_ice_local_pwd(f.a->ice), 24), WEFT_OK);
    }
    ice_net_free(&f.net);
  }
}
END_TEST

/* both sides begin in the same role, in either one; they settle, and no storm of 487 follows */
START_TEST(both_in_the_same_role) {
  for (uint64_t seed = 0; seed < 16; seed++) {
    static ice_net net;
    weft_ice_role role = seed % 2 == 0 ? WEFT_ICE_CONTROLLING : WEFT_ICE_CONTROLLED;
    ice_net_init(&net, seed);
    net.loss = seed < 8 ? 0 : 20;
    ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", role, NULL);
    ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", role, NULL);
    ice_net_introduce(&net, a, b);
    ice_net_run(&net, WEFT_SEC(20));
    ck_assert_int_eq(weft_ice_get_state(a->ice), WEFT_ICE_COMPLETED);
    ck_assert_int_eq(weft_ice_get_state(b->ice), WEFT_ICE_COMPLETED);
    ck_assert_int_ne(weft_ice_get_role(a->ice), weft_ice_get_role(b->ice));
    bool a_larger = a->ice->tie_breaker > b->ice->tie_breaker;
    ck_assert_int_eq(weft_ice_get_role(a->ice), a_larger ? WEFT_ICE_CONTROLLING : WEFT_ICE_CONTROLLED);
    ck_assert_uint_le(ice_stats(a).role_conflicts + ice_stats(b).role_conflicts, 12);
    ice_net_free(&net);
  }
}
END_TEST

START_TEST(equal_tie_breakers_end) {
  static ice_net net;
  ice_net_init(&net, 3);
  ice_node *a = ice_net_agent(&net, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, NULL);
  ice_node *b = ice_net_agent(&net, "192.0.2.2:2000", WEFT_ICE_CONTROLLING, NULL);
  a->ice->tie_breaker = b->ice->tie_breaker = 5;
  ice_net_introduce(&net, a, b);
  ice_net_run(&net, WEFT_SEC(29));
  ck_assert_uint_le(a->sent + b->sent, 200);
  ice_net_free(&net);
}
END_TEST

START_TEST(peer_reflexive_flood) { /* C4 */
  static fixture f;
  setup(&f, WEFT_ICE_CONTROLLED);
  ice_forge g = good(&f);
  g.use_candidate = true;
  for (unsigned i = 0; i < 10000; i++) {
    char text[64];
    snprintf(text, sizeof text, "10.%u.%u.1:9", i / 256, i % 256);
    f.peer = ice_addr(text);
    send_forged(&f, &g);
    memset(f.net.packets, 0, sizeof f.net.packets);
  }
  ck_assert_uint_eq(f.a->ice->remote_n, 20);
  ck_assert_uint_eq(ice_stats(f.a).drop_candidate_limit, 9980);
  ck_assert_uint_eq(f.a->selections, 0); /* none of them ever answered a check of ours */
  ice_net_run(&f.net, WEFT_SEC(29));
  ck_assert_uint_le(ice_stats(f.a).checks_sent, 20 * 7);
  ice_net_free(&f.net);
}
END_TEST

/* somebody with the credentials names a victim again and again: what goes there is bounded */
START_TEST(victim) {
  static fixture f;
  setup(&f, WEFT_ICE_CONTROLLED);
  ice_forge g = good(&f);
  for (unsigned i = 0; i < 2900; i++) {
    send_forged(&f, &g);
    ice_net_run(&f.net, WEFT_MS(10));
  }
  ck_assert_uint_le(ice_stats(f.a).checks_sent, 3 * 7);
  ck_assert_uint_eq(ice_stats(f.a).responses_sent, 2900);
  ice_net_free(&f.net);
}
END_TEST

/* the way to us came up before the way back: data from there must not be lost for ever */
START_TEST(silent_pair_heard_again) {
  static fixture f;
  setup(&f, WEFT_ICE_CONTROLLED);
  ice_forge g = good(&f);
  for (int i = 0; i < 3; i++) {
    send_forged(&f, &g);
    ice_net_run(&f.net, WEFT_MS(60));
  }
  ice_net_run(&f.net, WEFT_SEC(22)); /* the last of three transactions ended at 17.6 s */
  const weft_ice_pair *p = weft_ice_pair_find(f.a->ice, weft_ice_find_base(f.a->ice, &f.a->addr[0]), &f.peer, false);
  ck_assert_ptr_nonnull(p);
  ck_assert_int_eq(p->state, WEFT_ICE_FAILED);
  uint64_t sent = ice_stats(f.a).checks_sent;
  for (int i = 0; i < 4; i++) {
    send_forged(&f, &g);
    ice_net_run(&f.net, WEFT_MS(100));
  }
  ck_assert_int_eq(p->state, WEFT_ICE_IN_PROGRESS);
  ck_assert_uint_eq(ice_stats(f.a).checks_sent, sent + 1);
  ice_net_free(&f.net);
}
END_TEST

Suite *test_ice_request(void) {
  static const unit_test tests[] = {UNIT(answer),
                                    UNIT(refused_silently),
                                    UNIT(every_bit),
                                    UNIT(unknown_attribute),
                                    UNIT(forbidden_source),
                                    UNIT(role_conflicts),
                                    UNIT(both_in_the_same_role),
                                    UNIT(equal_tie_breakers_end),
                                    UNIT(peer_reflexive_flood),
                                    UNIT(victim),
                                    UNIT(silent_pair_heard_again)};
  return unit_suite("ice/request", tests, sizeof tests / sizeof tests[0]);
}
