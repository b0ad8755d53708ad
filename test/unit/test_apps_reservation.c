/* A reservation on a real relay server over a pipe, in virtual time. */
#include "test/unit/p2p_world.h"

static p2p_world w;

static void run_for(weft_time d) { p2p_run(&w, w.now + d, NULL); }

static void begin(void) {
  p2p_world_init(&w, 1, 2);
  p2p_reserve(&w, 0);
}

static void relay_with(weft_relay_server_config *cfg) {
  weft_relay_server_free(w.server);
  p2p_relay_start(&w, cfg);
}

START_TEST(it_is_made_and_renewed) {
  begin();
  run_for(WEFT_SEC(1));
  const app_reservation *r = &w.nodes[0].res;
  ck_assert(r->standing);
  ck_assert_uint_eq(w.nodes[0].reserved, 1);
  ck_assert_uint_eq(r->expire, TEST_UNIX_AT_ZERO + 3600);
  run_for(WEFT_SEC(3290)); /* five minutes before its end */
  ck_assert_uint_eq(w.nodes[0].reserved, 1);
  run_for(WEFT_SEC(20));
  ck_assert_uint_eq(w.nodes[0].reserved, 2);
  run_for(WEFT_SEC(36000));
  ck_assert_uint_ge(w.nodes[0].reserved, 11);
  ck_assert_uint_eq(w.nodes[0].refused, 0);
  ck_assert_uint_eq(w.nodes[0].dials, 1);
  p2p_world_end(&w);
}
END_TEST

START_TEST(a_short_one_is_renewed_in_time) {
  weft_relay_server_config cfg;
  p2p_world_init(&w, 1, 2);
  p2p_relay_config(&w, &cfg);
  cfg.reservation_seconds = 60;
  cfg.issue_factor = 0;
  relay_with(&cfg);
  p2p_reserve(&w, 0);
  run_for(WEFT_SEC(600));
  ck_assert_uint_ge(w.nodes[0].reserved, 19);
  ck_assert_uint_eq(w.nodes[0].refused, 0);
  p2p_world_end(&w);
}
END_TEST

static int flip_bit(p2p_world *x, uint8_t *sig, size_t len) {
  (void)x;
  sig[len / 2] ^= 1;
  return WEFT_OK;
}

START_TEST(a_forged_voucher_is_refused) {
  p2p_world_init(&w, 1, 2);
  w.tamper = flip_bit;
  p2p_reserve(&w, 0);
  run_for(WEFT_SEC(1));
  ck_assert_uint_eq(w.nodes[0].reserved, 0);
  ck_assert_uint_eq(w.nodes[0].refused, 1);
  ck_assert_int_eq(w.nodes[0].why.code, WEFT_EAUTH);
  ck_assert_str_eq(w.nodes[0].why.step, "voucher");
  ck_assert(!w.nodes[0].res.standing);
  p2p_world_end(&w);
}
END_TEST

/* The relay signs with a key that is not the one it connected with. */
START_TEST(a_voucher_of_another_relay_is_refused) {
  static const uint8_t other[32] = {201};
  weft_relay_server_config cfg;
  weft_identity second;
  p2p_world_init(&w, 1, 2);
  ck_assert_int_eq(weft_identity_from_seed(&second, other), WEFT_OK);
  p2p_relay_config(&w, &cfg);
  cfg.peer_id = second.peer_id;
  relay_with(&cfg);
  p2p_reserve(&w, 0);
  run_for(WEFT_SEC(1));
  ck_assert_uint_eq(w.nodes[0].reserved, 0);
  ck_assert_int_eq(w.nodes[0].why.code, WEFT_EAUTH);
  p2p_world_end(&w);
}
END_TEST

static bool nobody(void *user, const uint8_t *peer_id, size_t len) {
  (void)user, (void)peer_id, (void)len;
  return false;
}

START_TEST(a_refusal_is_asked_again_ever_more_slowly) {
  weft_relay_server_config cfg;
  p2p_world_init(&w, 1, 2);
  p2p_relay_config(&w, &cfg);
  cfg.allow = nobody;
  relay_with(&cfg);
  p2p_reserve(&w, 0);
  run_for(WEFT_SEC(1));
  ck_assert_uint_eq(w.nodes[0].refused, 1);
  ck_assert_uint_eq(w.nodes[0].why.wire_code, WEFT_RELAY_PERMISSION_DENIED);
  run_for(WEFT_SEC(5));
  ck_assert_uint_eq(w.nodes[0].refused, 2);
  run_for(WEFT_SEC(9));
  ck_assert_uint_eq(w.nodes[0].refused, 2);
  run_for(WEFT_SEC(2));
  ck_assert_uint_eq(w.nodes[0].refused, 3);
  run_for(WEFT_SEC(3000)); /* 20, 40, 80, 160, then every 300 s */
  ck_assert_uint_ge(w.nodes[0].refused, 15);
  ck_assert_uint_le(w.nodes[0].refused, 18);
  ck_assert_uint_eq(w.nodes[0].dials, 1);
  p2p_world_end(&w);
}
END_TEST

START_TEST(a_lost_connection_is_dialled_again) {
  begin();
  run_for(WEFT_SEC(1));
  w.nodes[0].offline = true;
  p2p_disconnect(&w, 0);
  ck_assert(!w.nodes[0].res.standing);
  run_for(WEFT_SEC(64)); /* after 1, 2, 4, 8, 16, 32 s */
  ck_assert_uint_eq(w.nodes[0].dials, 7);
  w.nodes[0].offline = false;
  run_for(WEFT_SEC(61));
  ck_assert_uint_eq(w.nodes[0].reserved, 2);
  ck_assert(w.nodes[0].res.standing);
  w.nodes[0].offline = true; /* the pauses begin anew */
  p2p_disconnect(&w, 0);
  unsigned dials = w.nodes[0].dials;
  run_for(WEFT_SEC(2));
  ck_assert_uint_eq(w.nodes[0].dials, dials + 1);
  p2p_world_end(&w);
}
END_TEST

START_TEST(what_is_no_relay_is_told_from_one) {
  weft_rng rng;
  p2p_world_init(&w, 1, 2);
  rng = w.host.rng;
  app_host_init(&w.host, &rng, &w.identity, NULL, 0, &w);
  p2p_reserve(&w, 0);
  run_for(WEFT_SEC(1));
  ck_assert_uint_eq(w.nodes[0].refused, 1);
  ck_assert_int_eq(w.nodes[0].why.code, WEFT_EUNSUPPORTED);
  p2p_world_end(&w);
}
END_TEST

START_TEST(the_connection_may_break_in_the_middle) {
  for (weft_time at = 0; at < WEFT_MS(160); at += WEFT_MS(5)) {
    begin();
    run_for(at);
    p2p_disconnect(&w, 0);
    run_for(WEFT_SEC(5));
    ck_assert_msg(w.nodes[0].res.standing, "broken after %u ms", (unsigned)(at / 1000));
    p2p_world_end(&w);
  }
}
END_TEST

START_TEST(where_others_find_us) {
  weft_multiaddr relay, out;
  weft_peer_id self;
  char text[WEFT_MULTIADDR_TEXT_MAX];
  static const char me[] = "12D3KooWGgPn2MjxEseXuMHA1xv7gtD5KL5sEgRVEeGysp8VJn7m";
  ck_assert_int_eq(weft_multiaddr_parse(
                       &relay, "/ip4/1.2.3.4/tcp/9091/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN", NULL),
                   WEFT_OK);
  ck_assert_int_eq(weft_peer_id_parse(&self, me, strlen(me)), WEFT_OK);
  ck_assert_int_eq(app_reservation_address(&relay, &self, &out), WEFT_OK);
  ck_assert_int_eq(weft_multiaddr_format(&out, text, sizeof text), WEFT_OK);
  ck_assert_str_eq(text, "/ip4/1.2.3.4/tcp/9091/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit/"
                         "webrtc/p2p/12D3KooWGgPn2MjxEseXuMHA1xv7gtD5KL5sEgRVEeGysp8VJn7m");
}
END_TEST

Suite *test_apps_reservation(void) {
  static const unit_test tests[] = {UNIT(it_is_made_and_renewed),
                                    UNIT(a_short_one_is_renewed_in_time),
                                    UNIT(a_forged_voucher_is_refused),
                                    UNIT(a_voucher_of_another_relay_is_refused),
                                    UNIT(a_refusal_is_asked_again_ever_more_slowly),
                                    UNIT(a_lost_connection_is_dialled_again),
                                    UNIT(what_is_no_relay_is_told_from_one),
                                    UNIT(the_connection_may_break_in_the_middle),
                                    UNIT(where_others_find_us)};
  return unit_suite("apps/reservation", tests, sizeof tests / sizeof tests[0]);
}
