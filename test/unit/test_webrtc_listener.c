/* The listener against sources that lie, flood, replay and fall silent. */
#include <weft/stun/stun.h>

#include "test/unit/webrtc_log.h"

static log_world l;

/* ---- binding requests as an attacker makes them ---- */

static size_t request(uint8_t *buf, size_t cap, const void *username, size_t len, const char *key, uint32_t number) {
  weft_stun_writer w;
  uint8_t txid[12] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16)};
  size_t n = 0;
  weft_stun_begin(&w, buf, cap, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
  weft_stun_put(&w, WEFT_STUN_USERNAME, username, len);
  weft_stun_put_u64(&w, WEFT_STUN_ICE_CONTROLLING, 1);
  weft_stun_put_u32(&w, WEFT_STUN_PRIORITY, 1);
  weft_stun_put_integrity(&w, key, strlen(key));
  weft_stun_put_fingerprint(&w);
  ck_assert_int_eq(weft_stun_end(&w, &n), WEFT_OK);
  return n;
}

static weft_addr source(uint32_t number) {
  const uint8_t ip[4] = {172, (uint8_t)(16 + (number >> 24)), (uint8_t)(number >> 16), (uint8_t)(number >> 8)};
  return weft_addr_ip4(ip, (uint16_t)(1024 + (number & 0xff)));
}

static unsigned answers;
static size_t answer_bytes;

static bool count_answers(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                          weft_time now) {
  (void)data, (void)now;
  const log_world *w = user;
  if (!weft_addr_equal(from, &w->w.server_addr) || to->ip[0] != 172) return true;
  answers++;
  answer_bytes += len;
  return false;
}

static void prepare(uint64_t seed) {
  answers = 0, answer_bytes = 0;
  log_prepare(&l, seed);
  l.w.net.filter = count_answers;
  l.w.net.filter_user = &l;
}

static void give(const weft_addr *from, const uint8_t *data, size_t len) {
  weft_webrtc_listener_input(l.w.listener, &l.w.server_addr, from, data, len, l.w.now);
}

static void give_request(uint32_t number, const char *username, const char *key) {
  uint8_t buf[1200];
  weft_addr from = source(number);
  give(&from, buf, request(buf, sizeof buf, username, strlen(username), key, number));
}

START_TEST(user_names_that_are_refused) {
  static const struct {
    const char *username, *key;
    bool version, ufrag, answered;
  } cases[] = {
      {"libp2p+webrtc+v1/abcdefghijklmnop:libp2p+webrtc+v1/abcdefghijklmnop", "libp2p+webrtc+v1/abcdefghijklmnop",
       false, false, true},
      {"libp2p+webrtc+v2/0123456789abcdefABCD+/:abcd", "libp2p+webrtc+v2/0123456789abcdefABCD+/", false, false, true},
      {"libp2p+webrtc+v3/0123456789abcdefABCD+/:abcd", "libp2p+webrtc+v3/0123456789abcdefABCD+/", true, false, false},
      {"0123456789abcdefABCD+/:0123456789abcdefABCD+/", "0123456789abcdefABCD+/", true, false, false},
      {"libp2p+webrtc+v1/abcdefghijklmnop:other", "libp2p+webrtc+v1/abcdefghijklmnop", false, true, false},
      {"libp2p+webrtc+v2/short:abcd", "libp2p+webrtc+v2/short", false, true, false},
      {"libp2p+webrtc+v2/0123456789abcdef\r\na=b:abcd", "libp2p+webrtc+v2/0123456789abcdef\r\na=b", false, true, false},
      {"libp2p+webrtc+v2/0123456789abcdefABCD+/:ab\r\n", "libp2p+webrtc+v2/0123456789abcdefABCD+/", false, true, false},
      {"libp2p+webrtc+v2/0123456789abcdefABCD+/", "libp2p+webrtc+v2/0123456789abcdefABCD+/", false, true, false},
      {":", "", false, true, false},
  };
  prepare(1);
  world_listen(&l.w);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    weft_webrtc_listener_stats before = log_listener_stats(&l);
    unsigned seen = answers;
    give_request((uint32_t)i, cases[i].username, cases[i].key);
    weft_webrtc_listener_stats after = log_listener_stats(&l);
    ck_assert_msg(after.drop_version - before.drop_version == cases[i].version, "case %zu", i);
    ck_assert_msg(after.drop_ufrag - before.drop_ufrag == cases[i].ufrag, "case %zu", i);
    ck_assert_msg((answers - seen == 1) == cases[i].answered, "case %zu", i);
  }
  char longest[600];
  memset(longest, 'a', sizeof longest);
  memcpy(longest, "libp2p+webrtc+v2/", 17);
  uint8_t buf[1200];
  weft_addr from = source(99);
  unsigned seen = answers;
  memcpy(longest + 257, ":abcd", 5);
  give(&from, buf, request(buf, sizeof buf, longest, 262, "x", 1));
  ck_assert_uint_eq(answers, seen);
  log_end(&l);
}
END_TEST

START_TEST(stun_that_lies_about_its_length) {
  uint8_t buf[1200], bad[1200];
  static const char name[] = "libp2p+webrtc+v1/abcdefghijklmnop:libp2p+webrtc+v1/abcdefghijklmnop";
  prepare(2);
  world_listen(&l.w);
  weft_addr from = source(1);
  size_t n = request(buf, sizeof buf, name, sizeof name - 1, "libp2p+webrtc+v1/abcdefghijklmnop", 1);
  for (size_t cut = 0; cut < n; cut++) give(&from, buf, cut);
  for (size_t i = 0; i < n * 8; i++) {
    if (i / 8 == n - 8 || i / 8 == n - 7)
      continue; /* FINGERPRINT's type: what else stands there after the integrity does not count */
    memcpy(bad, buf, n);
    bad[i / 8] ^= (uint8_t)(1u << i % 8);
    give(&from, bad, n);
  }
  ck_assert_uint_eq(answers, 0);
  for (int v = 0; v < 0x10000; v += 251) {
    memcpy(bad, buf, n);
    bad[2] = (uint8_t)(v >> 8), bad[3] = (uint8_t)v;
    give(&from, bad, n);
    memcpy(bad, buf, n);
    bad[22] = (uint8_t)(v >> 8), bad[23] = (uint8_t)v; /* USERNAME's length */
    give(&from, bad, n);
  }
  ck_assert_uint_eq(answers, 0);
  give(&from, buf, n);
  ck_assert_uint_eq(answers, 1);
  log_end(&l);
}
END_TEST

/* Not a byte of memory for a hundred thousand sources, and a dialer still gets through; no answer is larger than its question. */
START_TEST(a_hundred_thousand_spoofed_sources) {
  prepare(3);
  world_listen(&l.w);
  size_t bytes = test_leak()->bytes, calls = test_leak()->calls;
  char name[160], key[64];
  for (uint32_t i = 0; i < 100000; i++) {
    snprintf(key, sizeof key, "libp2p+webrtc+v%d/flood%027u", 1 + (int)(i & 1), i);
    snprintf(name, sizeof name, "%s:%s", key, i & 1 ? "abcd" : key);
    give_request(i, name, key);
    uint8_t record[64] = {22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 51, (uint8_t)(i % 3)};
    weft_addr from = source(i);
    give(&from, record, sizeof record);
  }
  ck_assert_uint_eq(test_leak()->bytes, bytes);
  ck_assert_uint_eq(test_leak()->calls, calls);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 0);
  ck_assert_uint_gt(answers, 99000);
  weft_webrtc_listener_stats s = log_listener_stats(&l);
  ck_assert_uint_le(s.unproven_bytes_out, s.unproven_bytes_in);
  ck_assert_uint_eq(answer_bytes, s.unproven_bytes_out);
  log_connect(&l);
  log_end(&l);
}
END_TEST

/* ---- during a set-up ---- */

static uint8_t hello[2048];
static size_t hello_len;
static unsigned dtls_from_dialer;

/* Keeps the dialer's second DTLS datagram: the ClientHello with the cookie. Another source throws things in between. */
static bool attack(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                   weft_time now) {
  log_world *w = user;
  static const uint8_t alert[] = {21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40};
  weft_addr other = net_addr("10.0.0.66:6666");
  if (!weft_addr_equal(from, &w->w.dialers[0].addr) || data[0] <= 3) return true;
  if (data[0] == 22 && len > 13 && data[13] == 1 && ++dtls_from_dialer == 2) {
    memcpy(hello, data, len);
    hello_len = len;
  }
  net_send(&w->w.net, &other, to, data, len, now);
  net_send(&w->w.net, &other, to, alert, sizeof alert, now);
  if (hello_len) net_send(&w->w.net, &other, to, hello, hello_len, now);
  net_send(&w->w.net, &other, to, (const uint8_t *)"\x16\xfe\xfd garbage garbage garbage", 28, now);
  return true;
}

START_TEST(another_source_in_the_middle) {
  hello_len = dtls_from_dialer = 0;
  log_prepare(&l, 4);
  l.echo = true;
  l.w.net.filter = attack;
  l.w.net.filter_user = &l;
  log_connect(&l);
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "hello");
  weft_webrtc_stream_shutdown(log_dialer(&l), id, l.w.now);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_events(&l.side[0], id, "DCX");
  ck_assert_uint_eq(log_listener_stats(&l).accepted, 1);
  log_end(&l);
}
END_TEST

START_TEST(its_own_hello_replayed) {
  hello_len = dtls_from_dialer = 0;
  log_prepare(&l, 5);
  l.echo = true;
  l.w.net.filter = attack;
  l.w.net.filter_user = &l;
  log_connect(&l);
  l.w.net.filter = NULL;
  ck_assert_uint_gt(hello_len, 0);
  uint32_t id = log_open(&l, log_dialer(&l));
  for (int i = 0; i < 1000; i++) {
    give(&l.w.dialers[0].addr, hello, hello_len);
    if (i % 100 == 0) log_send(&l, log_dialer(&l), id, "x");
    if (i % 100 == 0) log_wait(&l, WEFT_MS(20));
  }
  log_wait(&l, WEFT_SEC(1));
  ck_assert_uint_eq(log_find(&l.side[0], id)->len, 10);
  ck_assert_uint_eq(log_listener_stats(&l).connections, 1);
  ck_assert_uint_eq(log_listener_stats(&l).accepted, 1);
  log_end(&l);
}
END_TEST

/* A hello from a source without a binding request opens nothing, cookie or not; with one of its own the cookie is of another address. */
START_TEST(a_hello_from_elsewhere) {
  hello_len = dtls_from_dialer = 0;
  log_prepare(&l, 6);
  l.w.net.filter = attack;
  l.w.net.filter_user = &l;
  log_connect(&l);
  l.w.net.filter = NULL;
  weft_webrtc_listener_stats before = log_listener_stats(&l);
  weft_addr stranger = source(7);
  give(&stranger, hello, hello_len);
  ck_assert_uint_eq(log_listener_stats(&l).bytes_out, before.bytes_out); /* not even a cookie */
  ck_assert_uint_eq(log_listener_stats(&l).drop_unknown_source, before.drop_unknown_source + 1);
  give_request(7, "libp2p+webrtc+v1/abcdefghijklmnop:libp2p+webrtc+v1/abcdefghijklmnop",
               "libp2p+webrtc+v1/abcdefghijklmnop");
  size_t blocks = test_leak()->blocks;
  give(&stranger, hello, hello_len);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 0);
  ck_assert_uint_eq(test_leak()->blocks, blocks);
  log_end(&l);
}
END_TEST

/* ---- several addresses of one user name ---- */

static char seen_name[600];
static size_t seen_name_len;

static bool keep_name(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                      weft_time now) {
  const log_world *w = user;
  weft_stun_msg m;
  weft_stun_attr a;
  (void)to, (void)now;
  if (weft_addr_equal(from, &w->w.dialers[0].addr) && weft_stun_is(data, len) &&
      weft_stun_parse(&m, data, len) == WEFT_OK && weft_stun_find(&m, WEFT_STUN_USERNAME, &a) == WEFT_OK) {
    memcpy(seen_name, a.value, a.len);
    seen_name_len = a.len;
    seen_name[a.len] = 0;
  }
  return true;
}

START_TEST(thirty_two_addresses_and_no_more) {
  log_prepare(&l, 7);
  l.w.net.filter = keep_name;
  l.w.net.filter_user = &l;
  log_connect(&l);
  char key[300];
  snprintf(key, sizeof key, "%.*s", (int)(strchr(seen_name, ':') - seen_name), seen_name);
  for (uint32_t i = 0; i < 100; i++) give_request(i, seen_name, key);
  weft_ice_stats st = {.size = sizeof st};
  weft_ice_get_stats(log_accepted(&l)->ice, &st);
  ck_assert_uint_eq(st.drop_address_limit, 100 - 31);
  size_t routes = 0;
  for (weft_list *n = log_accepted(&l)->routes.next; n != &log_accepted(&l)->routes; n = n->next) routes++;
  ck_assert_uint_eq(routes, 32);
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "x");
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[1], id, "OD"); /* the first one stays */
  weft_addr local, remote;
  weft_webrtc_get_path(log_accepted(&l), &local, &remote);
  ck_assert(weft_addr_equal(&remote, &l.w.dialers[0].addr));
  log_end(&l);
}
END_TEST

/* One peer's user name from another peer's address: the other keeps what is his. */
START_TEST(an_address_in_use_is_not_given_away) {
  log_prepare(&l, 20);
  l.w.net.filter = keep_name;
  l.w.net.filter_user = &l;
  log_connect(&l);
  world_dial(&l.w, 1);
  ck_assert(world_run(&l.w, l.w.now + WEFT_SEC(5), world_all_ready));
  char key[300];
  uint8_t buf[1200];
  snprintf(key, sizeof key, "%.*s", (int)(strchr(seen_name, ':') - seen_name), seen_name);
  give(&l.w.dialers[1].addr, buf, request(buf, sizeof buf, seen_name, seen_name_len, key, 1));
  uint32_t id = 0;
  ck_assert_int_eq(weft_webrtc_stream_open(l.w.dialers[1].c, &id, l.w.now), WEFT_OK);
  log_send(&l, l.w.dialers[1].c, id, "still mine");
  log_wait(&l, WEFT_MS(100));
  ck_assert_uint_eq(log_stats(l.w.accepted[1].c).stream_bytes_in, 10);
  log_end(&l);
}
END_TEST

/* What a full socket refused goes out in the tick that says it has room again. */
START_TEST(a_refused_output_is_offered_in_tick) {
  log_init(&l, 21);
  net_link *down = net_link_of(&l.w.net, &l.w.server_addr);
  uint32_t id = log_open(&l, log_accepted(&l));
  log_wait(&l, WEFT_SEC(1));
  down->refuse_ppm = 1000000;
  log_send(&l, log_accepted(&l), id, "x");
  uint64_t sent = down->sent;
  down->refuse_ppm = 0;
  weft_webrtc_listener_tick(l.w.listener, l.w.now);
  ck_assert_uint_gt(down->sent, sent);
  log_end(&l);
}
END_TEST

/* A NAT gives the dialer another port in the middle: the path moves when a record with a good MAC comes from there, not before. */
static weft_addr outside;
static bool rebound;

static void from_outside(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                         weft_time now) {
  log_world *w = user;
  (void)local;
  if (w->w.dialers[0].c) weft_webrtc_input(w->w.dialers[0].c, &w->w.dialers[0].addr, remote, data, len, now);
}

static bool nat(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                weft_time now) {
  log_world *w = user;
  if (!rebound || !weft_addr_equal(from, &w->w.dialers[0].addr)) return true;
  net_send(&w->w.net, &outside, to, data, len, now);
  return false;
}

START_TEST(the_path_moves_when_proven) {
  rebound = false;
  outside = net_addr("10.0.0.2:7777");
  log_prepare(&l, 8);
  l.w.net.filter = nat;
  l.w.net.filter_user = &l;
  net_bind(&l.w.net, &outside, from_outside, &l);
  log_connect(&l);
  rebound = true;
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "x");
  log_wait(&l, WEFT_SEC(10)); /* the next check introduces the new address */
  weft_addr local, remote;
  weft_webrtc_get_path(log_accepted(&l), &local, &remote);
  ck_assert(weft_addr_equal(&remote, &outside));
  ck_assert_uint_eq(l.w.accepted[0].paths, 1);
  ck_assert_events(&l.side[1], id, "OD");
  log_send(&l, log_accepted(&l), id, "back");
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[0], id, "D");
  log_end(&l);
}
END_TEST

/* The dialer's program died and dials again from the same port: the old connection gives way once it has been silent for long. */
START_TEST(a_new_dial_from_the_same_address) {
  log_init(&l, 9);
  weft_webrtc *old = log_dialer(&l);
  l.w.dialers[0].c = NULL;
  weft_webrtc_free(old);
  l.w.dialers[0].ready = false;
  world_dial(&l.w, 0);
  log_wait(&l, WEFT_SEC(10));
  ck_assert(!l.w.dialers[0].ready);
  log_wait(&l, WEFT_SEC(18));
  ck_assert(l.w.dialers[0].ready);
  ck_assert_uint_eq(l.w.accepted_len, 2);
  ck_assert(l.w.accepted[0].closed_seen);
  ck_assert_int_eq(l.w.accepted[0].closed.code, WEFT_ERESET);
  ck_assert_uint_eq(log_listener_stats(&l).connections, 1);
  log_end(&l);
}
END_TEST

/* Who saw the dialer's hello repeats it, cookie and all, after a binding request of his own making from the dialer's address. */
START_TEST(a_replay_does_not_displace_the_living) {
  hello_len = dtls_from_dialer = 0;
  log_prepare(&l, 19);
  l.w.net.filter = attack;
  l.w.net.filter_user = &l;
  log_connect(&l);
  l.w.net.filter = NULL;
  static const char key[] = "libp2p+webrtc+v1/abcdefghijklmnop",
                    name[] = "libp2p+webrtc+v1/abcdefghijklmnop:libp2p+webrtc+v1/abcdefghijklmnop";
  for (uint32_t i = 0; i < 40; i++) {
    uint8_t buf[1200];
    give(&l.w.dialers[0].addr, buf, request(buf, sizeof buf, name, sizeof name - 1, key, i));
    give(&l.w.dialers[0].addr, hello, hello_len);
    log_wait(&l, WEFT_MS(500));
  }
  ck_assert(!l.w.accepted[0].closed_seen);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 0);
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "x");
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[1], id, "OD");
  log_end(&l);
}
END_TEST

/* ---- limits ---- */

START_TEST(in_flight_cap_is_silent_and_passes) {
  log_prepare(&l, 10);
  l.w.server_cfg.max_in_flight = 2;
  world_listen(&l.w);
  for (size_t i = 0; i < 8; i++) world_dial(&l.w, i);
  log_wait(&l, WEFT_MS(45));
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 2);
  ck_assert(world_run(&l.w, l.w.now + WEFT_SEC(20), world_all_ready)); /* retransmissions find room */
  ck_assert_uint_gt(log_listener_stats(&l).drop_in_flight, 0);
  ck_assert_uint_eq(log_listener_stats(&l).connections, 8);
  ck_assert_uint_eq(l.w.refused, 0);
  log_end(&l);
}
END_TEST

START_TEST(connections_are_capped) {
  log_prepare(&l, 11);
  l.w.server_cfg.max_connections = 2;
  world_listen(&l.w);
  world_dial(&l.w, 0), world_dial(&l.w, 1);
  ck_assert(world_run(&l.w, l.w.now + WEFT_SEC(5), world_all_ready));
  world_dial(&l.w, 2);
  log_wait(&l, WEFT_SEC(3));
  ck_assert(!l.w.dialers[2].ready);
  weft_webrtc_close(l.w.dialers[0].c, WEFT_OK, l.w.now);
  log_wait(&l, WEFT_SEC(10));
  ck_assert(l.w.dialers[2].ready);
  log_end(&l);
}
END_TEST

START_TEST(who_falls_silent_in_the_set_up_is_forgotten) {
  log_prepare(&l, 12);
  world_listen(&l.w);
  size_t blocks = test_leak()->blocks;
  world_dial(&l.w, 0);
  for (int i = 0; i < 1000 && log_listener_stats(&l).in_flight == 0; i++) world_step(&l.w, WEFT_NEVER);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 1);
  weft_webrtc *c = l.w.dialers[0].c;
  l.w.dialers[0].c = NULL;
  weft_webrtc_free(c);
  log_wait(&l, WEFT_SEC(9));
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 1);
  log_wait(&l, WEFT_SEC(2));
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 0);
  ck_assert_uint_eq(l.w.refused, 1);
  ck_assert_int_eq(l.w.last_refused.code, WEFT_ETIMEDOUT);
  ck_assert_uint_le(test_leak()->blocks, blocks + 1); /* the schedule's memory stays */
  log_end(&l);
}
END_TEST

START_TEST(a_dead_peer_is_noticed_after_thirty_seconds) {
  log_init(&l, 13);
  weft_webrtc *c = log_dialer(&l);
  l.w.dialers[0].c = NULL;
  weft_webrtc_free(c);
  log_wait(&l, WEFT_SEC(25));
  ck_assert(!l.w.accepted[0].closed_seen);
  log_wait(&l, WEFT_SEC(15));
  ck_assert(l.w.accepted[0].closed_seen);
  ck_assert_int_eq(l.w.accepted[0].closed.who, WEFT_WHO_TIMEOUT);
  ck_assert_uint_eq(log_listener_stats(&l).connections, 0);
  log_end(&l);
}
END_TEST

START_TEST(an_idle_connection_lives) {
  log_init(&l, 14);
  log_wait(&l, WEFT_SEC(600));
  ck_assert(!l.w.accepted[0].closed_seen && !l.w.dialers[0].closed_seen);
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "x");
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[1], id, "OD");
  log_end(&l);
}
END_TEST

/* ---- the listener's own end ---- */

START_TEST(close_says_goodbye_to_everyone) {
  log_prepare(&l, 15);
  world_listen(&l.w);
  for (size_t i = 0; i < 3; i++) world_dial(&l.w, i);
  ck_assert(world_run(&l.w, l.w.now + WEFT_SEC(5), world_all_ready));
  weft_webrtc_listener_close(l.w.listener, l.w.now);
  for (size_t i = 0; i < 3; i++) ck_assert(l.w.accepted[i].closed_seen);
  log_wait(&l, WEFT_MS(100));
  for (size_t i = 0; i < 3; i++) ck_assert(l.w.dialers[i].closed_seen);
  ck_assert_uint_eq(log_listener_stats(&l).connections, 0);
  world_dial(&l.w, 4);
  log_wait(&l, WEFT_SEC(2));
  ck_assert(!l.w.dialers[4].ready);
  log_end(&l);
}
END_TEST

START_TEST(free_with_connections) {
  log_prepare(&l, 16);
  world_listen(&l.w);
  for (size_t i = 0; i < 3; i++) world_dial(&l.w, i);
  ck_assert(world_run(&l.w, l.w.now + WEFT_SEC(5), world_all_ready));
  log_end(&l);
}
END_TEST

static void free_listener(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  (void)now;
  if (!s->server || ev->type != WEFT_WEBRTC_EVENT_READY || w->step-- > 0) return;
  weft_webrtc_listener *listener = w->w.listener;
  w->w.listener = NULL;
  weft_webrtc_listener_free(listener);
}

START_TEST(free_inside_an_event) {
  for (int at = 0; at < 3; at++) {
    log_prepare(&l, 17);
    l.hook = free_listener;
    l.step = at;
    world_listen(&l.w);
    for (size_t i = 0; i < 3; i++) world_dial(&l.w, i);
    log_wait(&l, WEFT_SEC(2));
    ck_assert_ptr_null(l.w.listener);
    log_end(&l);
  }
}
END_TEST

/* Every datagram of a good session, truncated, with a bit flipped, and repeated: the session does not care. */
static bool mangle(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                   weft_time now) {
  log_world *w = user;
  static bool inside;
  uint8_t bad[2048];
  if (inside || len > sizeof bad) return true;
  inside = true;
  for (int i = 0; i < 6; i++) {
    size_t n = test_rng_chance(&w->w.net.rng, 50) ? len : test_rng_below(&w->w.net.rng, (uint32_t)len + 1);
    memcpy(bad, data, n);
    /* A handshake record in the clear cannot be told from a forged one: only its truncations and repetitions are harmless. */
    if (n == len && n > 0 && (data[0] <= 3 || (n > 4 && data[4] != 0)))
      bad[test_rng_below(&w->w.net.rng, (uint32_t)n)] ^= 0x10;
    net_send(&w->w.net, from, to, bad, n, now);
  }
  inside = false;
  return true;
}

START_TEST(mangled_copies_change_nothing) {
  log_prepare(&l, 18);
  l.echo = true;
  l.w.net.filter = mangle;
  l.w.net.filter_user = &l;
  log_connect(&l);
  uint32_t id = log_open(&l, log_dialer(&l));
  for (int i = 0; i < 50; i++) log_send(&l, log_dialer(&l), id, "0123456789");
  weft_webrtc_stream_shutdown(log_dialer(&l), id, l.w.now);
  log_wait(&l, WEFT_SEC(3));
  ck_assert_events(&l.side[0], id, "DCX");
  ck_assert_uint_eq(log_find(&l.side[0], id)->len, 500);
  log_end(&l);
}
END_TEST

Suite *test_webrtc_listener(void) {
  static const unit_test tests[] = {UNIT(user_names_that_are_refused),
                                    UNIT(stun_that_lies_about_its_length),
                                    UNIT(a_hundred_thousand_spoofed_sources),
                                    UNIT(another_source_in_the_middle),
                                    UNIT(its_own_hello_replayed),
                                    UNIT(a_hello_from_elsewhere),
                                    UNIT(thirty_two_addresses_and_no_more),
                                    UNIT(an_address_in_use_is_not_given_away),
                                    UNIT(a_refused_output_is_offered_in_tick),
                                    UNIT(the_path_moves_when_proven),
                                    UNIT(a_new_dial_from_the_same_address),
                                    UNIT(a_replay_does_not_displace_the_living),
                                    UNIT(in_flight_cap_is_silent_and_passes),
                                    UNIT(connections_are_capped),
                                    UNIT(who_falls_silent_in_the_set_up_is_forgotten),
                                    UNIT(a_dead_peer_is_noticed_after_thirty_seconds),
                                    UNIT(an_idle_connection_lives),
                                    UNIT(close_says_goodbye_to_everyone),
                                    UNIT(free_with_connections),
                                    UNIT(free_inside_an_event),
                                    UNIT(mangled_copies_change_nothing)};
  return unit_suite("webrtc/listener", tests, sizeof tests / sizeof tests[0]);
}
