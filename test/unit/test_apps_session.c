/* The whole of Demo 2 without a socket: relay, Alice and Bobs in one process and in virtual time. */
#include "test/unit/p2p_world.h"
#include "webrtc/private_int.h"

static p2p_world w;

static void ready(uint64_t seed, size_t nodes) {
  p2p_world_init(&w, seed, nodes);
  p2p_reserve(&w, 0);
  ck_assert(p2p_run(&w, WEFT_SEC(5), p2p_alice_reserved));
}

static void cut_datagrams(bool cut) {
  for (size_t i = 0; i < w.nodes_len; i++) net_link_of(&w.net, &w.nodes[i].addr)->cut = cut;
}

static void run_for(weft_time d) { p2p_run(&w, w.now + d, NULL); }

START_TEST(two_peers_meet_and_leave_the_relay) {
  ready(1, 2);
  p2p_call(&w, 1, 0, NULL);
  ck_assert(p2p_run(&w, w.now + WEFT_SEC(5), p2p_bob_open));
  ck_assert(w.nodes[0].session->on_direct && w.nodes[1].session->on_direct);
  run_for(WEFT_SEC(1));
  ck_assert_ptr_null(w.nodes[0].sessions.circuits.first);
  ck_assert_ptr_null(w.nodes[1].sessions.circuits.first);
  uint64_t before = w.circuit_bytes;
  for (int i = 0; i < 10; i++) {
    p2p_say(&w, 1, "there;");
    p2p_say(&w, 0, "back;");
  }
  run_for(WEFT_SEC(1));
  ck_assert_uint_eq(w.nodes[0].got_len, 60);
  ck_assert_uint_eq(w.nodes[1].got_len, 50);
  ck_assert_uint_eq(w.circuit_bytes, before);
  app_session_finish(w.nodes[1].session, w.now);
  run_for(WEFT_SEC(1));
  ck_assert_uint_eq(w.nodes[1].ended, 1);
  ck_assert_int_eq(w.nodes[1].why.code, WEFT_OK);
  ck_assert_uint_eq(w.nodes[0].left, 1);
  ck_assert_uint_eq(w.nodes[0].ended, 1);
  ck_assert(w.nodes[0].res.standing);
  p2p_world_end(&w);
}
END_TEST

START_TEST(without_datagrams_the_relay_carries_it) {
  ready(2, 2);
  cut_datagrams(true);
  p2p_call(&w, 1, 0, NULL);
  ck_assert(!p2p_run(&w, w.now + WEFT_SEC(9), p2p_bob_open));
  ck_assert(p2p_run(&w, w.now + WEFT_SEC(3), p2p_bob_open));
  ck_assert(!w.nodes[0].session->on_direct && !w.nodes[1].session->on_direct);
  p2p_say(&w, 1, "relayed");
  run_for(WEFT_SEC(1));
  ck_assert_str_eq(w.nodes[0].got, "relayed");
  cut_datagrams(false);
  p2p_say(&w, 0, "more");
  run_for(WEFT_SEC(6));
  ck_assert(w.nodes[0].session->on_direct && w.nodes[1].session->on_direct);
  p2p_say(&w, 0, " and direct");
  p2p_say(&w, 1, ", then direct");
  run_for(WEFT_SEC(1));
  ck_assert_str_eq(w.nodes[0].got, "relayed, then direct");
  ck_assert_str_eq(w.nodes[1].got, "more and direct");
  ck_assert_ptr_null(w.nodes[1].sessions.circuits.first);
  p2p_world_end(&w);
}
END_TEST

START_TEST(a_lost_direct_path_comes_back) {
  ready(3, 2);
  p2p_call(&w, 1, 0, NULL);
  ck_assert(p2p_run(&w, w.now + WEFT_SEC(5), p2p_bob_open));
  run_for(WEFT_SEC(1));
  cut_datagrams(true);
  run_for(WEFT_SEC(45)); /* consent runs out after 30 s; the circuit is dialled again */
  ck_assert(w.nodes[1].session && !w.nodes[1].session->on_direct);
  p2p_say(&w, 1, "over the relay,");
  run_for(WEFT_SEC(1));
  ck_assert_str_eq(w.nodes[0].got, "over the relay,");
  cut_datagrams(false);
  run_for(WEFT_SEC(30));
  p2p_say(&w, 1, "and direct again");
  run_for(WEFT_SEC(1));
  ck_assert(w.nodes[1].session->on_direct && w.nodes[0].session->on_direct);
  ck_assert_str_eq(w.nodes[0].got, "over the relay,and direct again");
  ck_assert_uint_eq(w.nodes[0].ended + w.nodes[1].ended, 0);
  p2p_world_end(&w);
}
END_TEST

START_TEST(the_direct_path_outlives_the_relay) {
  ready(4, 2);
  p2p_call(&w, 1, 0, NULL);
  ck_assert(p2p_run(&w, w.now + WEFT_SEC(5), p2p_bob_open));
  w.nodes[0].offline = w.nodes[1].offline = true;
  p2p_disconnect(&w, 0);
  p2p_disconnect(&w, 1);
  p2p_say(&w, 1, "still here");
  run_for(WEFT_SEC(100));
  ck_assert_str_eq(w.nodes[0].got, "still here");
  ck_assert_uint_ge(w.nodes[0].refused, 4); /* it keeps trying to reserve */
  w.nodes[0].offline = false;
  run_for(WEFT_SEC(61));
  ck_assert_uint_eq(w.nodes[0].reserved, 2);
  p2p_world_end(&w);
}
END_TEST

START_TEST(a_circuit_cut_by_the_relay_is_dialled_again) {
  weft_relay_server_config cfg;
  p2p_world_init(&w, 5, 2);
  weft_relay_server_free(w.server);
  p2p_relay_config(&w, &cfg);
  cfg.circuit_seconds = 20;
  p2p_relay_start(&w, &cfg);
  p2p_reserve(&w, 0);
  ck_assert(p2p_run(&w, WEFT_SEC(5), p2p_alice_reserved));
  cut_datagrams(true);
  p2p_call(&w, 1, 0, NULL);
  ck_assert(p2p_run(&w, w.now + WEFT_SEC(12), p2p_bob_open));
  p2p_say(&w, 1, "first,");
  run_for(WEFT_SEC(30));
  p2p_say(&w, 1, "second");
  run_for(WEFT_SEC(5));
  ck_assert_str_eq(w.nodes[0].got, "first,second");
  ck_assert_uint_ge(w.nodes[1].needs, 2);
  ck_assert_uint_eq(w.nodes[0].ended + w.nodes[1].ended, 0);
  p2p_world_end(&w);
}
END_TEST

START_TEST(nobody_there) {
  p2p_world_init(&w, 6, 2);
  w.nodes[1].leaves = true;
  p2p_call(&w, 1, 0, NULL);
  run_for(WEFT_SEC(5));
  ck_assert_uint_eq(w.nodes[1].ended, 1);
  ck_assert_int_eq(w.nodes[1].why.code, WEFT_EREFUSED);
  ck_assert_uint_eq(w.nodes[1].why.wire_code, WEFT_RELAY_NO_RESERVATION);
  p2p_world_end(&w);
}
END_TEST

/* Alice's identity is another than the address says: the circuit stands, and Noise finds out. */
START_TEST(another_peer_behind_the_circuit) {
  static const uint8_t other[32] = {99};
  ready(7, 2);
  w.nodes[1].leaves = true;
  weft_identity_from_seed(&w.nodes[0].identity, other); /* from now on, also for links to come */
  p2p_call(&w, 1, 0, NULL);
  run_for(WEFT_SEC(5));
  ck_assert_uint_eq(w.nodes[1].ended, 1);
  ck_assert_int_eq(w.nodes[1].why.code, WEFT_EAUTH);
  ck_assert_str_eq(w.nodes[1].why.layer, "noise");
  ck_assert_uint_eq(w.nodes[1].opened, 0);
  ck_assert_uint_eq(w.nodes[0].opened, 0);
  p2p_world_end(&w);
}
END_TEST

static size_t liar;
static void (*honest)(void *user, app_direct *d, const app_private_event *ev, weft_time now);

/* Its description is out, with the fingerprint of one certificate; DTLS is to show another. */
static void swap_certificate(void *user, app_direct *d, const app_private_event *ev, weft_time now) {
  bool said = ev->type == APP_PRIVATE_STEP && strstr(ev->text, "sent");
  if (said && d->all == &w.nodes[liar].sessions.direct) d->attempt->c->cfg.cert = p2p_cert(5);
  honest(user, d, ev, now);
}

static void lie(size_t who) {
  liar = who;
  honest = w.nodes[who].sessions.direct.cb.event;
  w.nodes[who].sessions.direct.cb.event = swap_certificate;
}

START_TEST(another_certificate_than_alice_described) {
  ready(11, 2);
  w.nodes[1].leaves = true;
  lie(0);
  p2p_call(&w, 1, 0, NULL);
  run_for(WEFT_SEC(15));
  ck_assert_uint_eq(w.nodes[1].ended, 1);
  ck_assert_int_eq(w.nodes[1].why.code, WEFT_EAUTH);
  ck_assert_str_eq(w.nodes[1].why.layer, "dtls");
  ck_assert_uint_eq(w.nodes[0].opened + w.nodes[1].opened, 0);
  p2p_world_end(&w);
}
END_TEST

START_TEST(another_certificate_than_bob_described) {
  ready(12, 2);
  lie(1);
  p2p_call(&w, 1, 0, NULL);
  run_for(WEFT_SEC(15));
  ck_assert_ptr_null(w.nodes[0].sessions.direct.first);
  ck_assert(!w.nodes[0].session || !w.nodes[0].session->on_direct);
  p2p_world_end(&w);
}
END_TEST

START_TEST(several_at_once) {
  ready(8, 6);
  for (size_t i = 1; i < 5; i++) p2p_call(&w, i, 0, NULL); /* a relay has four circuits for one peer */
  run_for(WEFT_SEC(5));
  for (size_t i = 1; i < 5; i++) {
    ck_assert_uint_eq(w.nodes[i].opened, 1);
    ck_assert(w.nodes[i].session->on_direct);
    p2p_say(&w, i, "x");
  }
  p2p_call(&w, 5, 0, NULL);
  run_for(WEFT_SEC(5));
  ck_assert(w.nodes[5].session->on_direct);
  p2p_say(&w, 5, "x");
  run_for(WEFT_SEC(1));
  ck_assert_uint_eq(w.nodes[0].got_len, 5);
  ck_assert_uint_eq(w.nodes[0].opened, 5);
  p2p_world_end(&w);
}
END_TEST

START_TEST(a_goodbye_is_heard_at_once) {
  ready(9, 2);
  p2p_call(&w, 1, 0, NULL);
  ck_assert(p2p_run(&w, w.now + WEFT_SEC(5), p2p_bob_open));
  app_sessions_close(&w.nodes[1].sessions, w.now);
  run_for(WEFT_MS(100));
  ck_assert_uint_eq(w.nodes[0].ended, 1);
  ck_assert_int_eq(w.nodes[0].why.who, WEFT_WHO_PEER);
  ck_assert(app_sessions_idle(&w.nodes[0].sessions));
  ck_assert(app_sessions_idle(&w.nodes[1].sessions));
  p2p_world_end(&w);
}
END_TEST

START_TEST(a_goodbye_over_the_relay_is_heard_at_once) {
  ready(10, 2);
  p2p_call(&w, 1, 0, &(app_path_config){.relay_only = true, .set_up = WEFT_SEC(90), .stall = WEFT_SEC(10)});
  ck_assert(p2p_run(&w, w.now + WEFT_SEC(5), p2p_bob_open));
  p2p_say(&w, 1, "bye");
  app_sessions_close(&w.nodes[1].sessions, w.now);
  run_for(WEFT_MS(200));
  ck_assert_str_eq(w.nodes[0].got, "bye");
  ck_assert_uint_eq(w.nodes[0].ended, 1);
  ck_assert_int_eq(w.nodes[0].why.who, WEFT_WHO_PEER);
  p2p_world_end(&w);
}
END_TEST

/* The dialer leaves, with everything, whatever it has just heard: nothing is touched after it is gone. */
START_TEST(leaving_at_any_moment) {
  for (weft_time at = 0; at < WEFT_MS(400); at += WEFT_MS(3)) {
    ready(13, 2);
    p2p_call(&w, 1, 0, NULL);
    run_for(at);
    size_t who = at / 3000 % 2;
    bool met = w.nodes[1 - who].sessions.first != NULL;
    w.nodes[0].leaves = w.nodes[1].leaves = true;
    app_sessions_close(&w.nodes[who].sessions, w.now);
    run_for(WEFT_SEC(2));
    if (met && who == 1) ck_assert_uint_eq(w.nodes[0].ended, 1);
    p2p_world_end(&w);
  }
}
END_TEST

/* Numbers in what came: rising, and how many. */
static int rising(const p2p_node *n) {
  int last = -1, count = 0;
  for (const char *at = n->got; (at = strchr(at, '<')) != NULL; at++) {
    int number = atoi(at + 1);
    ck_assert_msg(number > last, "%c: %d after %d", n->name, number, last);
    last = number;
    count++;
  }
  return count;
}

static bool say_number(size_t i, int number) {
  char line[16];
  int n = snprintf(line, sizeof line, "<%d>", number);
  return w.nodes[i].session && app_session_send(w.nodes[i].session, (const uint8_t *)line, (size_t)n, w.now) == WEFT_OK;
}

/* Ten thousand lines each way while the chat moves from the relay to the direct path. */
START_TEST(ten_thousand_lines_during_a_hand_over) {
  int said[2] = {0, 0};
  ready(14, 2);
  cut_datagrams(true);
  p2p_call(&w, 1, 0, NULL);
  ck_assert(p2p_run(&w, w.now + WEFT_SEC(12), p2p_bob_open));
  cut_datagrams(false);
  while (said[0] < 10000 || said[1] < 10000) {
    for (size_t i = 0; i < 2; i++)
      for (int k = 0; k < 20 && said[i] < 10000 && say_number(i, said[i]); k++) said[i]++;
    run_for(WEFT_MS(10));
  }
  run_for(WEFT_SEC(20));
  ck_assert(w.nodes[0].session->on_direct && w.nodes[1].session->on_direct);
  ck_assert_int_eq(rising(&w.nodes[0]), 10000);
  ck_assert_int_eq(rising(&w.nodes[1]), 10000);
  p2p_world_end(&w);
}
END_TEST

/* Connections to the relay break, datagrams stop and start, for minutes. What comes is in order and never twice; when the weather is fine again
 * the chat is, too, and direct. */
static void storm(uint64_t seed) {
  test_rng weather;
  int number = 0;
  test_rng_init(&weather, seed);
  ready(seed, 2);
  w.nodes[0].sessions.cfg.accept.wait = WEFT_SEC(3600);
  p2p_call(&w, 1, 0,
           &(app_path_config){
               .set_up = WEFT_SEC(3600), .retry = WEFT_SEC(5), .retry_max = WEFT_SEC(20), .stall = WEFT_SEC(10)});
  ck_assert(p2p_run(&w, w.now + WEFT_SEC(15), p2p_bob_open));
  for (int i = 0; i < 150; i++) {
    say_number(test_rng_below(&weather, 2), number++);
    if (test_rng_chance(&weather, 4)) p2p_disconnect(&w, test_rng_below(&weather, 2));
    if (test_rng_chance(&weather, 6)) cut_datagrams(test_rng_chance(&weather, 50));
    if (test_rng_chance(&weather, 10)) run_for(WEFT_SEC(test_rng_below(&weather, 60)));
    run_for(WEFT_MS(test_rng_below(&weather, 500)));
  }
  cut_datagrams(false);
  run_for(WEFT_SEC(120));
  rising(&w.nodes[0]);
  rising(&w.nodes[1]);
  ck_assert_msg(w.nodes[1].session && w.nodes[1].session->on_direct, "seed %llu: not direct again",
                (unsigned long long)seed);
  size_t before = w.nodes[0].got_len;
  p2p_say(&w, 1, "fine");
  run_for(WEFT_SEC(1));
  ck_assert_msg(w.nodes[0].got_len == before + 4, "seed %llu: the chat is not", (unsigned long long)seed);
  ck_assert_uint_eq(w.nodes[0].ended + w.nodes[1].ended, 0);
  p2p_world_end(&w);
}

START_TEST(storms) {
  for (uint64_t seed = 1; seed <= 25; seed++) storm(seed);
}
END_TEST

/* Over lossy datagrams the direct path still comes, and nothing is lost. */
START_TEST(loss_does_not_matter) {
  for (uint64_t seed = 1; seed <= 10; seed++) {
    ready(seed + 100, 2);
    for (size_t i = 0; i < 2; i++) {
      net_link *l = net_link_of(&w.net, &w.nodes[i].addr);
      l->loss_ppm = 100000;
      l->jitter = WEFT_MS(20);
    }
    p2p_call(&w, 1, 0, NULL);
    ck_assert_msg(p2p_run(&w, w.now + WEFT_SEC(30), p2p_bob_open), "seed %llu", (unsigned long long)seed);
    for (int i = 0; i < 50; i++) {
      p2p_say(&w, 1, "0123456789");
      p2p_say(&w, 0, "abcdefghij");
      run_for(WEFT_MS(50));
    }
    run_for(WEFT_SEC(30));
    ck_assert_uint_eq(w.nodes[0].got_len, 500);
    ck_assert_uint_eq(w.nodes[1].got_len, 500);
    p2p_world_end(&w);
  }
}
END_TEST

Suite *test_apps_session(void) {
  static const unit_test tests[] = {UNIT(two_peers_meet_and_leave_the_relay),
                                    UNIT(without_datagrams_the_relay_carries_it),
                                    UNIT(a_lost_direct_path_comes_back),
                                    UNIT(the_direct_path_outlives_the_relay),
                                    UNIT(a_circuit_cut_by_the_relay_is_dialled_again),
                                    UNIT(nobody_there),
                                    UNIT(another_peer_behind_the_circuit),
                                    UNIT(another_certificate_than_alice_described),
                                    UNIT(another_certificate_than_bob_described),
                                    UNIT(several_at_once),
                                    UNIT(a_goodbye_is_heard_at_once),
                                    UNIT(a_goodbye_over_the_relay_is_heard_at_once),
                                    UNIT(leaving_at_any_moment),
                                    UNIT(ten_thousand_lines_during_a_hand_over),
                                    UNIT(storms),
                                    UNIT(loss_does_not_matter)};
  return unit_suite("apps/session", tests, sizeof tests / sizeof tests[0]);
}
