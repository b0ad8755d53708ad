/* The listener against hellos and checks made by hand: fragments, lengths and cookies that lie, replays in the middle of a handshake, and a
 * meter of bytes over every kind of datagram. */
#include "dtls/hello.h"
#include "test/support/hostile.h"
#include "test/unit/webrtc_log.h"

static log_world l;

static void give(const weft_addr *from, const uint8_t *data, size_t len) {
  weft_webrtc_listener_input(l.w.listener, &l.w.server_addr, from, data, len, l.w.now);
}

static void knock(const weft_addr *from, const char *name, const char *key, uint32_t number) {
  uint8_t buf[700];
  give(from, buf, hostile_request(buf, sizeof buf, name, key, number));
}

/* ---- a dialer that stops before its second hello, which is kept ---- */

enum { HEADER = 13, MESSAGE = 12 };

static uint8_t hello[2048]; /* record header, message header, body with cookie */
static size_t hello_len;
static unsigned hellos;

static bool keep_hello(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                       weft_time now) {
  const log_world *w = user;
  (void)to, (void)now;
  if (!weft_addr_equal(from, &w->w.dialers[0].addr) || data[0] != 22) return true;
  if (++hellos < 2) return true;
  memcpy(hello, data, len);
  hello_len = len;
  return false;
}

static void stop_at_the_cookie(uint64_t seed) {
  hello_len = hellos = 0;
  log_prepare(&l, seed);
  l.w.net.filter = keep_hello;
  l.w.net.filter_user = &l;
  world_listen(&l.w);
  world_dial(&l.w, 0);
  for (int i = 0; i < 1000 && hello_len == 0; i++) world_step(&l.w, WEFT_NEVER);
  ck_assert_uint_gt(hello_len, HEADER + MESSAGE);
  weft_webrtc *c = log_dialer(&l);
  l.w.dialers[0].c = NULL;
  weft_webrtc_free(c);
  l.w.net.filter = NULL;
}

static void put(uint8_t *at, size_t v, unsigned bytes) {
  for (unsigned i = 0; i < bytes; i++) at[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
}

static uint64_t sequence;

/* A part of the kept hello that says of itself `total`. */
static void give_part(const weft_addr *from, size_t total, size_t at, size_t len) {
  uint8_t d[2048];
  memcpy(d, hello, HEADER + MESSAGE);
  put(d + 5, 1000 + sequence++, 6);
  put(d + 11, MESSAGE + len, 2);
  put(d + HEADER + 1, total, 3);
  put(d + HEADER + 6, at, 3);
  put(d + HEADER + 9, len, 3);
  memcpy(d + HEADER + MESSAGE, hello + HEADER + MESSAGE + at, len);
  give(from, d, HEADER + MESSAGE + len);
}

static size_t body(void) { return hello_len - HEADER - MESSAGE; }

/* The next dialer, from another port, is served; everything is given back. */
static void lives_on(size_t blocks) {
  ck_assert_uint_eq(l.side[0].n + l.side[1].n, 0);
  ck_assert_uint_eq(l.w.accepted_len, 0);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight + log_listener_stats(&l).connections, 0);
  ck_assert_uint_le(test_leak()->blocks, blocks + 1);
  world_dial(&l.w, 1);
  ck_assert(world_run(&l.w, l.w.now + WEFT_SEC(5), world_all_ready));
  log_end(&l);
}

START_TEST(hello_in_single_bytes) {
  stop_at_the_cookie(1);
  size_t blocks = test_leak()->blocks, bytes = test_leak()->bytes;
  weft_addr *from = &l.w.dialers[0].addr, stranger = net_addr("10.0.0.77:7777");
  knock(&stranger, HOSTILE_NAME, HOSTILE_KEY, 1);
  for (size_t i = 0; i < body(); i++) give_part(&stranger, body(), i, 1); /* no cookie in any part: nothing is kept */
  for (size_t i = body(); i-- > 0;) give_part(from, body(), i, 1);
  ck_assert_uint_eq(test_leak()->bytes, bytes);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 0);
  /* Behind a part with the cookie they are put together, once; then silence, and everything is given back. */
  give_part(from, body(), 0, 80);
  for (size_t i = 80; i < body(); i++) give_part(from, body(), i, 1);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 1);
  log_wait(&l, WEFT_SEC(12));
  ck_assert_uint_eq(l.w.refused, 1);
  lives_on(blocks);
}
END_TEST

START_TEST(hello_that_claims_too_much) {
  static const size_t lies[] = {4097, 65535, 1 << 20, (1 << 24) - 1};
  stop_at_the_cookie(2);
  size_t blocks = test_leak()->blocks, bytes = test_leak()->bytes;
  for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
    give_part(&l.w.dialers[0].addr, lies[i], 0, body());
    give_part(&l.w.dialers[0].addr, lies[i], 0, 80);
    give_part(&l.w.dialers[0].addr, lies[i], lies[i] - 1 < body() ? lies[i] - 1 : 80, 1);
  }
  ck_assert_uint_eq(test_leak()->bytes, bytes);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 0);
  /* Half a hello that is never finished is forgotten too. */
  give_part(&l.w.dialers[0].addr, body(), 0, 80);
  log_wait(&l, WEFT_SEC(3));
  ck_assert_uint_eq(test_leak()->bytes, bytes);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 0);
  lives_on(blocks);
}
END_TEST

/* The cookie's key changes; a hello of long ago is asked for a new one, whoever says that he knows its source. */
START_TEST(stale_cookie) {
  stop_at_the_cookie(3);
  size_t blocks = test_leak()->blocks, bytes = test_leak()->bytes;
  weft_addr *from = &l.w.dialers[0].addr;
  for (int s = 0; s < 300; s += 5) log_wait(&l, WEFT_SEC(5));
  knock(from, HOSTILE_NAME, HOSTILE_KEY, 1);
  give(from, hello, hello_len);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 0);
  ck_assert_uint_eq(test_leak()->bytes, bytes);
  lives_on(blocks);
}
END_TEST

START_TEST(cookie_of_another_address) {
  stop_at_the_cookie(4);
  size_t blocks = test_leak()->blocks, bytes = test_leak()->bytes;
  for (uint8_t i = 0; i < 3; i++) {
    weft_addr other = l.w.dialers[0].addr;
    if (i == 0) other.port++;
    if (i == 1) other.ip[3] ^= 1;
    if (i == 2) other = net_addr("[fd00::9]:5000");
    knock(&other, HOSTILE_NAME, HOSTILE_KEY, i);
    give(&other, hello, hello_len);
  }
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 0);
  ck_assert_uint_eq(test_leak()->bytes, bytes);
  give(&l.w.dialers[0].addr, hello, hello_len); /* it was good: from its own address it counts */
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 1);
  log_wait(&l, WEFT_SEC(12));
  lives_on(blocks);
}
END_TEST

/* ---- replays while the handshake runs ---- */

static unsigned replays;

/* Before each of the dialer's datagrams, and after it, comes its own hello many times, each behind a check of somebody else's from the
 * same address. */
static bool replay(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                   weft_time now) {
  log_world *w = user;
  uint8_t buf[256];
  if (!weft_addr_equal(from, &w->w.dialers[0].addr) || data[0] <= 3) return true;
  if (data[0] == 22 && len > HEADER && data[HEADER] == 1 && ++hellos == 2) memcpy(hello, data, hello_len = len);
  if (!hello_len) return true;
  w->w.net.filter = NULL;
  bool first = data[0] == 22 && data[HEADER] == 1; /* until it has arrived nobody can know it */
  for (int i = 0; i < 120; i++) {
    if (i == (first ? 0 : 60)) net_send(&w->w.net, from, to, data, len, now);
    size_t n = hostile_request(buf, sizeof buf, HOSTILE_NAME, HOSTILE_KEY, replays++);
    net_send(&w->w.net, from, to, buf, n, now);
    net_send(&w->w.net, from, to, hello, hello_len, now);
  }
  w->w.net.filter = replay;
  return false;
}

START_TEST(own_hello_replayed_during_the_handshake) {
  hello_len = hellos = replays = 0;
  log_prepare(&l, 5);
  l.echo = true;
  l.w.net.filter = replay;
  l.w.net.filter_user = &l;
  log_connect(&l);
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "hello");
  weft_webrtc_stream_shutdown(log_dialer(&l), id, l.w.now);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_events(&l.side[0], id, "DCX");
  ck_assert_uint_gt(replays, 1000);
  ck_assert_uint_eq(log_listener_stats(&l).accepted, 1);
  ck_assert_uint_eq(log_listener_stats(&l).refused, 0);
  ck_assert_uint_eq(log_listener_stats(&l).connections, 1);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 0);
  log_end(&l);
}
END_TEST

/* Records of its own from another source, admitted or not, just before each of the dialer's: an alert that would end the handshake, a
 * ChangeCipherSpec, a message out of turn, one under keys that are not there yet. */
static bool other_source(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                         weft_time now) {
  static const uint8_t records[4][15] = {{21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 90, 0, 2, 2, 40},
                                         {20, 254, 253, 0, 0, 0, 0, 0, 0, 0, 91, 0, 1, 1, 0},
                                         {22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 92, 0, 2, 20, 0},
                                         {23, 254, 253, 0, 1, 0, 0, 0, 0, 0, 93, 0, 2, 0, 0}};
  log_world *w = user;
  weft_addr other = net_addr("10.0.0.66:6666");
  uint8_t buf[256];
  if (!weft_addr_equal(from, &w->w.dialers[0].addr) || data[0] <= 3 || len == 0) return true;
  w->w.net.filter = NULL;
  size_t n = hostile_request(buf, sizeof buf, HOSTILE_NAME, HOSTILE_KEY, ++replays);
  if (w->step) net_send(&w->w.net, &other, to, buf, n, now);
  for (size_t i = 0; i < 4; i++) net_send(&w->w.net, &other, to, records[i], i == 1 ? 14 : 15, now);
  w->w.net.filter = other_source;
  return true;
}

START_TEST(another_source_during_the_handshake) {
  for (int knocks = 0; knocks < 2; knocks++) {
    replays = 0;
    log_prepare(&l, 9);
    l.step = knocks;
    l.w.net.filter = other_source;
    l.w.net.filter_user = &l;
    weft_time start = l.w.now;
    log_connect(&l);
    ck_assert_uint_lt(l.w.now - start, WEFT_MS(300)); /* not even delayed */
    ck_assert_uint_gt(replays, 5);
    ck_assert_uint_eq(log_listener_stats(&l).accepted, 1);
    ck_assert_uint_eq(log_listener_stats(&l).refused, 0);
    ck_assert_uint_eq(log_listener_stats(&l).in_flight, 0);
    log_end(&l);
  }
}
END_TEST

/* ---- the meter ---- */

enum { METERS = 64 };

static struct meter {
  weft_addr addr;
  size_t in, out;
  unsigned answers;
} meters[METERS];
static size_t meters_len;

static struct meter *meter(const weft_addr *a) {
  for (size_t i = 0; i < meters_len; i++)
    if (weft_addr_equal(&meters[i].addr, a)) return &meters[i];
  return NULL;
}

static bool count_out(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                      weft_time now) {
  const log_world *w = user;
  struct meter *m = meter(to);
  (void)data, (void)now;
  if (!m || !weft_addr_equal(from, &w->w.server_addr)) return true;
  m->out += len;
  m->answers++;
  ck_assert_uint_le(m->out, m->in); /* at every moment, not only in the end */
  return false;
}

static struct meter *fresh_source(void) {
  ck_assert_uint_lt(meters_len, METERS);
  struct meter *m = &meters[meters_len++];
  weft_addr a = net_addr("172.16.0.1:1");
  a.port = (uint16_t)(1000 + meters_len);
  *m = (struct meter){.addr = a};
  return m;
}

static void from_meter(struct meter *m, const uint8_t *data, size_t len) {
  m->in += len;
  give(&m->addr, data, len);
}

/* A binding request in which things are missing or too many: bits of what. */
enum { NO_NAME = 1, NO_INTEGRITY = 2, NO_FINGERPRINT = 4, UNKNOWN = 8, BAD_KEY = 16, BARE = 32, CONTROLLED = 64 };

static size_t odd_request(uint8_t *buf, size_t cap, weft_stun_class class, unsigned what, const char *name,
                          const char *key) {
  weft_stun_writer w;
  static const uint8_t txid[12] = {7};
  size_t n = 0;
  weft_stun_begin(&w, buf, cap, class, WEFT_STUN_BINDING, txid);
  if (!(what & NO_NAME)) weft_stun_put(&w, WEFT_STUN_USERNAME, name, strlen(name));
  if (!(what & BARE)) weft_stun_put_u32(&w, WEFT_STUN_PRIORITY, 1);
  if (!(what & BARE))
    weft_stun_put_u64(&w, what & CONTROLLED ? WEFT_STUN_ICE_CONTROLLED : WEFT_STUN_ICE_CONTROLLING, 1);
  if (what & UNKNOWN) weft_stun_put(&w, 0x7abc, "x", 1);
  if (!(what & NO_INTEGRITY))
    weft_stun_put_integrity(&w, what & BAD_KEY ? "wrong" : key, strlen(what & BAD_KEY ? "wrong" : key));
  if (!(what & NO_FINGERPRINT)) weft_stun_put_fingerprint(&w);
  ck_assert_int_eq(weft_stun_end(&w, &n), WEFT_OK);
  return n;
}

static void meter_stun(const char *name, const char *key) {
  uint8_t buf[700];
  for (unsigned what = 0; what < 128; what++)
    for (int class = 0; class < 4; class ++) {
      if (what % 16 == 0 && class == 0) fresh_source();
      from_meter(&meters[meters_len - 1], buf, odd_request(buf, sizeof buf, (weft_stun_class) class, what, name, key));
    }
}

static void meter_dtls(bool knocked) {
  struct meter *m = fresh_source();
  uint8_t buf[2048], d[2048];
  if (knocked) from_meter(m, buf, hostile_request(buf, sizeof buf, HOSTILE_NAME, HOSTILE_KEY, 1));
  m->in = m->out;                        /* what the check earned does not count here */
  from_meter(m, hello, hello_len);       /* with a cookie of another address */
  for (size_t n = 0; n <= body(); n++) { /* the shortest first part that is answered, and all others */
    memcpy(d, hello, hello_len);
    d[HEADER + MESSAGE + 35] = 0; /* no cookie: the first hello */
    put(d + 11, MESSAGE + n, 2);
    put(d + HEADER + 9, n, 3);
    from_meter(m, d, HEADER + MESSAGE + n);
  }
  for (unsigned type = 20; type < 64; type++) /* alerts, application data, other content */
    for (size_t n = 1; n < 60; n += 13) {
      memset(d, 2, sizeof d);
      put(d, type, 1), put(d + 1, 0xfefd, 2), put(d + 3, n % 2, 2), put(d + 11, n, 2);
      from_meter(m, d, HEADER + n);
    }
  for (unsigned type = 0; type < 25; type++) { /* other handshake messages */
    memcpy(d, hello, hello_len);
    d[HEADER] = (uint8_t)type;
    if (type != 1) from_meter(m, d, hello_len);
  }
}

static void meter_anything(void) {
  struct meter *m = fresh_source();
  uint8_t d[1500];
  for (unsigned first = 0; first < 256; first++)
    for (size_t n = 0; n < sizeof d; n = n * 5 + 1) {
      for (size_t i = 0; i < n; i++) d[i] = (uint8_t)test_rng_below(&l.w.net.rng, 256);
      if (n) d[0] = (uint8_t)first;
      from_meter(m, d, n);
    }
}

START_TEST(no_source_gets_more_than_it_sends) {
  for (int live = 0; live < 2; live++) {
    meters_len = 0;
    stop_at_the_cookie(6 + (uint64_t)live);
    l.w.net.filter = count_out;
    if (live) { /* under the user name of a connection that is there */
      give(&l.w.dialers[0].addr, hello, hello_len);
      ck_assert_uint_eq(log_listener_stats(&l).in_flight, 1);
    }
    static const char v1[] = HOSTILE_NAME;
    meter_stun(v1, HOSTILE_KEY);
    ck_assert_uint_gt(meters[0].answers, 0);
    meter_stun("libp2p+webrtc+v2/0123456789abcdefABCD+/:abcd", "libp2p+webrtc+v2/0123456789abcdefABCD+/");
    meter_stun("libp2p+webrtc+v9/0123456789abcdefABCD+/:abcd", "libp2p+webrtc+v9/0123456789abcdefABCD+/");
    meter_stun("x:y", "x");
    size_t before = meters_len;
    meter_dtls(false);
    meter_dtls(true);
    ck_assert_uint_eq(meters[before].answers, 0);
    ck_assert_uint_gt(meters[before + 1].answers, 1);
    meter_anything();
    log_wait(&l, WEFT_SEC(60)); /* and nothing by itself later */
    weft_webrtc_listener_stats s = log_listener_stats(&l);
    ck_assert_uint_le(s.unproven_bytes_out, s.unproven_bytes_in);
    ck_assert_uint_eq(s.in_flight + s.connections, 0);
    log_end(&l);
  }
}
END_TEST

/* A source admitted by a living connection's user name has proven nothing: it gets its answers to checks, never the connection's bytes -
 * neither the handshake's nor what the application sends. */
static char live_name[600], live_key[300];

static bool keep_name(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                      weft_time now) {
  const log_world *w = user;
  weft_stun_msg m;
  weft_stun_attr a;
  if (weft_addr_equal(from, &w->w.dialers[0].addr) && data[0] <= 3 && weft_stun_parse(&m, data, len) == WEFT_OK &&
      weft_stun_find(&m, WEFT_STUN_USERNAME, &a) == WEFT_OK) {
    snprintf(live_name, sizeof live_name, "%.*s", (int)a.len, (const char *)a.value);
    snprintf(live_key, sizeof live_key, "%.*s", (int)strcspn(live_name, ":"), live_name);
  }
  return count_out(user, from, to, data, len, now);
}

START_TEST(an_admitted_source_gets_nothing_more) {
  static uint8_t big[64 * 1024];
  meters_len = 0;
  log_prepare(&l, 8);
  l.w.net.filter = keep_name;
  l.w.net.filter_user = &l;
  log_connect(&l);
  uint8_t buf[700];
  for (int i = 0; i < 20; i++) {
    struct meter *m = fresh_source();
    from_meter(m, buf, hostile_request(buf, sizeof buf, live_name, live_key, (uint32_t)i));
    ck_assert_uint_eq(m->answers, 1);
  }
  uint32_t id = log_open(&l, log_accepted(&l));
  for (int i = 0; i < 20; i++) {
    weft_webrtc_stream_send(log_accepted(&l), id, big, sizeof big, l.w.now);
    for (size_t k = 0; k < meters_len; k++) {
      uint8_t junk[64] = {23, 254, 253, 0, 1, 0, 0, 0, 0, 0, (uint8_t)i, 0, 51};
      from_meter(&meters[k], junk, sizeof junk);
    }
    log_wait(&l, WEFT_SEC(2));
  }
  for (size_t k = 0; k < meters_len; k++) ck_assert_uint_eq(meters[k].answers, 1);
  weft_webrtc_close(log_accepted(&l), WEFT_OK, l.w.now); /* nor the goodbye */
  log_wait(&l, WEFT_SEC(60));
  for (size_t k = 0; k < meters_len; k++) ck_assert_uint_eq(meters[k].answers, 1);
  log_end(&l);
}
END_TEST

Suite *test_webrtc_hostile_listener(void) {
  static const unit_test tests[] = {UNIT(hello_in_single_bytes),
                                    UNIT(hello_that_claims_too_much),
                                    UNIT(stale_cookie),
                                    UNIT(cookie_of_another_address),
                                    UNIT(own_hello_replayed_during_the_handshake),
                                    UNIT(another_source_during_the_handshake),
                                    UNIT(no_source_gets_more_than_it_sends),
                                    UNIT(an_admitted_source_gets_nothing_more)};
  return unit_suite("webrtc/hostile_listener", tests, sizeof tests / sizeof tests[0]);
}
