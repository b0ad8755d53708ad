/* Direct connections over signaling, with peers that do not keep to the rules; relay and network in memory. */
#include <weft/stun/stun.h>

#include "test/unit/p2p_world.h"

static p2p_world w;
static app_protocol raw; /* the signaling protocol in a hostile dialer's hands */
static app_stream *streams[16];
static size_t streams_len;
static unsigned resets;
static const char *to_say;
static size_t to_say_len;

static void run_for(weft_time d) { p2p_run(&w, w.now + d, NULL); }

static void raw_opened(app_stream *s, weft_time now) {
  if (to_say_len > 0) app_stream_send(s, (const uint8_t *)to_say, to_say_len, now);
}

static void raw_closed(app_stream *s, int code, weft_time now) {
  (void)s, (void)now;
  if (code != WEFT_OK) resets++;
}

/* Bob has a circuit to Alice, and no signaling of his own on it. */
static void circuit(uint64_t seed) {
  p2p_world_init(&w, seed, 3);
  p2p_reserve(&w, 0);
  ck_assert(p2p_run(&w, WEFT_SEC(5), p2p_alice_reserved));
  p2p_call(&w, 1, 0, &(app_path_config){.relay_only = true, .set_up = WEFT_SEC(90), .stall = WEFT_SEC(10)});
  ck_assert(p2p_run(&w, w.now + WEFT_SEC(5), p2p_bob_open));
  raw = (app_protocol){.name = WEFT_SIGNALING_PROTOCOL, .limited = true, .opened = raw_opened, .closed = raw_closed};
  streams_len = 0;
  resets = 0;
  to_say_len = 0;
}

static void open_raw(const char *say, size_t len) {
  int rc;
  to_say = say;
  to_say_len = len;
  streams[streams_len] = app_stream_open(w.nodes[1].session->circuit->peer, &raw, NULL, &rc, w.now);
  ck_assert_ptr_nonnull(streams[streams_len++]);
}

static size_t attempts(const p2p_node *n) {
  size_t k = 0;
  for (const app_direct *d = n->sessions.direct.first; d; d = d->next) k++;
  return k;
}

static void still_chatting(void) {
  w.nodes[0].got_len = 0;
  p2p_say(&w, 1, "still");
  run_for(WEFT_SEC(1));
  ck_assert_str_eq(w.nodes[0].got, "still");
  ck_assert_uint_eq(w.nodes[0].ended, 0);
}

START_TEST(garbage_is_reset_and_the_chat_goes_on) {
  static const char big[] = "\xff\xff\xff\xff\x0f";
  static const char *const cases[] = {"\x03\xff\xff\xff", "\x02\x08\x00", "\x02\x08\x01", big, "\x04\x12\x02hi"};
  static const size_t lens[] = {4, 3, 3, 5, 5};
  for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
    circuit(1);
    open_raw(cases[i], lens[i]);
    run_for(WEFT_SEC(1));
    ck_assert_msg(resets == 1, "case %zu", i);
    ck_assert_uint_eq(attempts(&w.nodes[0]), 0);
    still_chatting();
    p2p_world_end(&w);
  }
}
END_TEST

START_TEST(silence_ends_with_the_limit) {
  circuit(2);
  open_raw("", 0);
  run_for(WEFT_SEC(9));
  ck_assert_uint_eq(attempts(&w.nodes[0]), 1);
  run_for(WEFT_SEC(2));
  ck_assert_uint_eq(attempts(&w.nodes[0]), 0);
  ck_assert_uint_eq(resets, 1);
  still_chatting();
  p2p_world_end(&w);
}
END_TEST

START_TEST(set_ups_of_one_peer_are_bounded) {
  circuit(3);
  for (int i = 0; i < 10; i++) open_raw("", 0);
  run_for(WEFT_SEC(1));
  ck_assert_uint_eq(attempts(&w.nodes[0]), APP_PRIVATE_SETUPS_PER_PEER);
  ck_assert_uint_eq(resets, 10 - APP_PRIVATE_SETUPS_PER_PEER);
  p2p_call(&w, 2, 0, NULL); /* somebody else is served meanwhile */
  run_for(WEFT_SEC(3));
  ck_assert(w.nodes[2].opened == 1 && w.nodes[2].session->on_direct);
  still_chatting();
  p2p_world_end(&w);
}
END_TEST

/* A listener that does not speak the protocol: the dialer is told, and does not try again. */
START_TEST(a_peer_without_signaling_is_chatted_with_relayed) {
  p2p_world_init(&w, 4, 2);
  w.nodes[0].sessions.direct.protocol.name = "/other/1.0.0";
  for (size_t i = 0; i < w.nodes[0].host.accepted_len; i++)
    if (w.nodes[0].host.accepted_protocols[i] == &w.nodes[0].sessions.direct.protocol)
      w.nodes[0].host.accepted[i] = "/other/1.0.0";
  p2p_reserve(&w, 0);
  ck_assert(p2p_run(&w, WEFT_SEC(5), p2p_alice_reserved));
  p2p_call(&w, 1, 0, NULL);
  ck_assert(p2p_run(&w, w.now + WEFT_SEC(1), p2p_bob_open));
  ck_assert(!w.nodes[1].session->on_direct);
  ck_assert_uint_eq(attempts(&w.nodes[1]), 0);
  still_chatting();
  ck_assert_uint_eq(app_path_deadline(w.nodes[1].session->path), WEFT_NEVER);
  p2p_world_end(&w);
}
END_TEST

/* Bob's program has died and begins anew behind the same addresses, before Alice has noticed. */
START_TEST(a_new_connection_replaces_the_old_one_of_the_same_peer) {
  p2p_world_init(&w, 5, 3);
  p2p_reserve(&w, 0);
  ck_assert(p2p_run(&w, WEFT_SEC(5), p2p_alice_reserved));
  p2p_call(&w, 1, 0, NULL);
  ck_assert(p2p_run(&w, w.now + WEFT_SEC(5), p2p_bob_open));
  run_for(WEFT_SEC(1));
  /* Node 2 becomes Bob: his key, his address. Node 1 falls silent. */
  net_unbind(&w.net, &w.nodes[1].addr);
  net_unbind(&w.net, &w.nodes[2].addr);
  p2p_node *anew = &w.nodes[2];
  uint8_t key[32] = {2};
  weft_identity_from_seed(&anew->identity, key);
  anew->id = w.nodes[1].id;
  anew->addr = w.nodes[1].addr;
  net_bind(&w.net, &anew->addr, p2p_datagram_in, anew);
  p2p_call(&w, 2, 0, NULL);
  run_for(WEFT_SEC(5));
  ck_assert_uint_eq(anew->opened, 1);
  ck_assert(anew->session->on_direct);
  ck_assert_uint_eq(attempts(&w.nodes[0]), 1);
  p2p_say(&w, 2, "it is me again");
  run_for(WEFT_SEC(15));
  ck_assert_str_eq(w.nodes[0].got, "it is me again");
  p2p_world_end(&w);
}
END_TEST

/* Two set-ups ask one STUN server from one socket: each gets its own answer. Here the server is the relay's place on the network. */
static void stun_server(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                        weft_time now) {
  uint8_t out[128];
  size_t n = 0;
  weft_stun_msg m;
  weft_stun_writer b;
  weft_addr seen = *remote;
  (void)user;
  if (weft_stun_parse(&m, data, len) != WEFT_OK) return;
  seen.port = (uint16_t)(seen.port + 1000);
  weft_stun_begin(&b, out, sizeof out, WEFT_STUN_SUCCESS, WEFT_STUN_BINDING, m.txid);
  weft_stun_put_xor_address(&b, WEFT_STUN_XOR_MAPPED_ADDRESS, &seen);
  if (weft_stun_end(&b, &n) == WEFT_OK) net_send(&w.net, local, remote, out, n, now);
}

static void (*honest)(void *user, app_direct *d, const app_private_event *ev, weft_time now);
static unsigned mapped, named;

static void count_mapped(void *user, app_direct *d, const app_private_event *ev, weft_time now) {
  if (ev->type == APP_PRIVATE_CANDIDATE && !ev->remote_candidate && ev->candidate->type == WEFT_ICE_SRFLX) mapped++;
  honest(user, d, ev, now);
}

static void watch_alice(void (*fn)(void *user, app_direct *d, const app_private_event *ev, weft_time now)) {
  honest = w.nodes[0].sessions.direct.cb.event;
  w.nodes[0].sessions.direct.cb.event = fn;
}

START_TEST(one_stun_server_for_several_at_once) {
  const uint8_t ip[4] = {10, 0, 0, 200};
  p2p_world_init(&w, 6, 4);
  mapped = 0;
  w.nodes[0].stun = weft_addr_ip4(ip, 3478);
  net_bind(&w.net, &w.nodes[0].stun, stun_server, NULL);
  watch_alice(count_mapped);
  p2p_reserve(&w, 0);
  ck_assert(p2p_run(&w, WEFT_SEC(5), p2p_alice_reserved));
  for (size_t i = 1; i < 4; i++) p2p_call(&w, i, 0, NULL);
  run_for(WEFT_SEC(3));
  ck_assert_uint_eq(mapped, 3);
  ck_assert(w.nodes[0].sessions.direct.stun_answered && !w.nodes[1].sessions.direct.stun_answered);
  for (size_t i = 1; i < 4; i++) ck_assert(w.nodes[i].session && w.nodes[i].session->on_direct);
  p2p_world_end(&w);
}
END_TEST

/* Checks of the peer that come meanwhile are no answer. */
START_TEST(a_stun_server_that_is_silent) {
  const uint8_t ip[4] = {10, 0, 0, 200};
  p2p_world_init(&w, 7, 2);
  w.nodes[0].stun = weft_addr_ip4(ip, 3478);
  p2p_reserve(&w, 0);
  ck_assert(p2p_run(&w, WEFT_SEC(5), p2p_alice_reserved));
  p2p_call(&w, 1, 0, NULL);
  run_for(WEFT_SEC(3));
  ck_assert(w.nodes[1].session && w.nodes[1].session->on_direct);
  ck_assert_uint_eq(w.nodes[0].sessions.direct.stun_len, 1);
  ck_assert(!w.nodes[0].sessions.direct.stun_answered);
  p2p_world_end(&w);
}
END_TEST

/* Bob tells a name in place of his address, as browsers do; Alice's program resolves it. */
static void hide_address(void *user, app_direct *d, const app_private_event *ev, weft_time now) {
  honest(user, d, ev, now);
  if (ev->type != APP_PRIVATE_STEP || strcmp(ev->text, "offer received") != 0) return;
  static const char json[] =
      "{\"candidate\":\"candidate:1 1 udp 2113937151 0badcafe.local 5000 typ host\",\"sdpMid\":\"0\"}";
  uint8_t frame[256];
  size_t len;
  weft_signaling_message m = {WEFT_SIGNALING_CANDIDATE, (const uint8_t *)json, sizeof json - 1};
  ck_assert_int_eq(weft_signaling_encode(&m, frame, sizeof frame, &len), WEFT_OK);
  for (app_direct *b = w.nodes[1].sessions.direct.first; b; b = b->next)
    if (b->signaling) app_stream_send(b->signaling, frame, len, now);
}

static const uint8_t hidden_ip[4] = {10, 0, 0, 77};
static unsigned checks;

static void resolve(void *user, const char *name, weft_time now) {
  p2p_node *n = user;
  weft_addr ip = weft_addr_ip4(hidden_ip, 0);
  ck_assert_str_eq(name, "0badcafe.local");
  named++;
  app_private_resolved(&n->sessions.direct, "another.local", &n->addr, now);
  app_private_resolved(&n->sessions.direct, name, &ip, now);
}

static void count_checks(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                         weft_time now) {
  (void)user, (void)local, (void)now;
  ck_assert(weft_addr_equal(remote, &w.nodes[0].addr));
  if (weft_stun_is(data, len)) checks++;
}

START_TEST(a_name_is_resolved_by_the_program) {
  weft_addr hidden = weft_addr_ip4(hidden_ip, 5000);
  p2p_world_init(&w, 7, 2);
  named = checks = 0;
  net_bind(&w.net, &hidden, count_checks, NULL);
  net_link_of(&w.net, &w.nodes[1].addr)->cut = true; /* nothing else works */
  w.nodes[0].sessions.cb.resolve = resolve;
  watch_alice(hide_address);
  p2p_reserve(&w, 0);
  ck_assert(p2p_run(&w, WEFT_SEC(5), p2p_alice_reserved));
  p2p_call(&w, 1, 0, NULL);
  run_for(WEFT_SEC(3));
  ck_assert_uint_eq(named, 1);
  ck_assert_uint_gt(checks, 0);
  p2p_world_end(&w);
}
END_TEST

Suite *test_apps_private(void) {
  static const unit_test tests[] = {UNIT(garbage_is_reset_and_the_chat_goes_on),
                                    UNIT(silence_ends_with_the_limit),
                                    UNIT(set_ups_of_one_peer_are_bounded),
                                    UNIT(a_peer_without_signaling_is_chatted_with_relayed),
                                    UNIT(a_new_connection_replaces_the_old_one_of_the_same_peer),
                                    UNIT(one_stun_server_for_several_at_once),
                                    UNIT(a_stun_server_that_is_silent),
                                    UNIT(a_name_is_resolved_by_the_program)};
  return unit_suite("apps/private", tests, sizeof tests / sizeof tests[0]);
}
