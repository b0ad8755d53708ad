#include "dtls/dtls.h"

#include "test/support/hex.h"
#include "test/support/unit.h"
#include "test/unit/dtls_pair.h"

static void check_connected(const dtls_pair *p) {
  ck_assert_uint_eq(p->client.connected, 1);
  ck_assert_uint_eq(p->server.connected, 1);
  ck_assert_uint_eq(p->client.closed + p->server.closed, 0);
}

static weft_dtls_stats stats(const dtls_end *e) {
  weft_dtls_stats s = {.size = sizeof s};
  weft_dtls_get_stats(e->d, &s);
  return s;
}

static int say(dtls_end *e, const char *text) {
  return weft_dtls_send(e->d, (const uint8_t *)text, strlen(text), e->pair->now);
}

START_TEST(connects_and_talks) {
  dtls_pair p;
  pair_init(&p, 1);
  p.client.cfg.keylog = pair_keylog;
  p.server.cfg.keylog = pair_keylog;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(30));
  check_connected(&p);
  ck_assert_uint_eq(p.count, 4);
  ck_assert_uint_eq(p.now, WEFT_SEC(1));
  ck_assert_str_eq(p.client.cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
  ck_assert_str_eq(p.client.keylog, p.server.keylog);
  ck_assert_int_eq(strncmp(p.client.keylog, "CLIENT_RANDOM ", 14), 0);
  ck_assert_uint_eq(strlen(p.client.keylog), 14 + 64 + 1 + 96);
  size_t len;
  const uint8_t *der = weft_dtls_cert_der(p.client.cert, &len);
  ck_assert_uint_eq(p.server.der_len, len);
  ck_assert_mem_eq(p.server.der, der, len);
  ck_assert_mem_eq(p.server.fingerprint, weft_dtls_cert_fingerprint(p.client.cert), 32);
  ck_assert_int_eq(say(&p.client, "hello"), WEFT_OK);
  ck_assert_int_eq(say(&p.server, "well"), WEFT_OK);
  pair_run(&p, WEFT_SEC(30));
  ck_assert_mem_eq(p.server.got, "hello", 5);
  ck_assert_mem_eq(p.client.got, "well", 4);
  ck_assert_uint_eq(stats(&p.client).bytes_out, 5);
  ck_assert_uint_eq(stats(&p.client).bytes_in, 4);
  ck_assert_uint_eq(stats(&p.client).retransmits, 0);
  ck_assert_uint_eq(weft_dtls_deadline(p.client.d), WEFT_NEVER);
  ck_assert_uint_eq(weft_dtls_deadline(p.server.d), WEFT_NEVER);
  pair_done(&p);
}
END_TEST

/* Any one of the four datagrams lost, and a fifth case without loss. */
START_TEST(each_flight_lost) {
  for (unsigned i = 0; i < 5; i++) {
    dtls_pair p;
    pair_init(&p, 7 + i);
    if (i > 0) p.drop = UINT64_C(1) << (i - 1);
    pair_start(&p);
    pair_run(&p, WEFT_SEC(30));
    check_connected(&p);
    ck_assert_uint_eq(p.now, i == 0 ? WEFT_SEC(1) : WEFT_SEC(2));
    ck_assert_uint_le(p.count, 9);
    for (int k = 0; k < 3; k++) ck_assert_int_eq(say(&p.client, "up"), WEFT_OK);
    for (int k = 0; k < 3; k++) ck_assert_int_eq(say(&p.server, "dn"), WEFT_OK);
    pair_run(&p, WEFT_SEC(40));
    ck_assert_uint_eq(p.server.data, 3);
    ck_assert_uint_eq(p.client.data, 3);
    ck_assert_uint_eq(stats(&p.client).drop_bad_mac + stats(&p.server).drop_bad_mac, 0);
    pair_done(&p);
  }
}
END_TEST

/* The server's Finished is lost while the server, which is done, has begun to talk: its last flight goes out again
 * under numbers of its own, never one that was used. */
START_TEST(last_flight_lost_after_data) {
  dtls_pair p;
  pair_init(&p, 3);
  p.drop = 1u << 3;
  pair_start(&p);
  pair_deliver(&p);
  ck_assert_uint_eq(p.server.connected, 1);
  ck_assert_uint_eq(p.client.connected, 0);
  for (int i = 0; i < 5; i++) ck_assert_int_eq(say(&p.server, "early"), WEFT_OK);
  pair_run(&p, WEFT_SEC(30));
  check_connected(&p);
  ck_assert_uint_eq(p.client.data, 0);
  ck_assert_uint_eq(stats(&p.client).drop_state, 5);
  ck_assert_uint_eq(stats(&p.server).retransmits, 1);
  ck_assert_int_eq(say(&p.server, "late"), WEFT_OK);
  ck_assert_int_eq(say(&p.client, "back"), WEFT_OK);
  pair_run(&p, WEFT_SEC(40));
  ck_assert_mem_eq(p.client.got, "late", 4);
  ck_assert_mem_eq(p.server.got, "back", 4);
  pair_done(&p);
}
END_TEST

/* Random loss of a third of all datagrams: it still ends in time, within a limit that is long enough. */
START_TEST(heavy_loss) {
  for (uint64_t seed = 0; seed < 30; seed++) {
    dtls_pair p;
    pair_init(&p, seed);
    test_rng r;
    test_rng_init(&r, seed + 1000);
    for (int i = 0; i < 64; i++)
      if (test_rng_chance(&r, 33)) p.drop |= UINT64_C(1) << i;
    p.client.cfg.handshake_limit = p.server.cfg.handshake_limit = WEFT_SEC(120);
    p.client.cfg.mtu = p.server.cfg.mtu = 512;
    pair_start(&p);
    pair_run(&p, WEFT_SEC(200));
    check_connected(&p);
    ck_assert_uint_le(p.largest, 512);
    pair_done(&p);
  }
}
END_TEST

static uint64_t transcript(uint64_t seed, uint64_t drop) {
  dtls_pair p;
  pair_init(&p, seed);
  p.drop = drop;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(30));
  check_connected(&p);
  say(&p.client, "same");
  uint64_t hash = p.hash;
  pair_done(&p);
  return hash;
}

START_TEST(same_seed_same_bytes) {
  for (uint64_t drop = 0; drop < 16; drop = drop ? drop * 2 : 1) {
    uint64_t first = transcript(42, drop);
    ck_assert_uint_eq(transcript(42, drop), first);
    ck_assert_uint_ne(transcript(43, drop), first);
  }
}
END_TEST

/* RFC 6347 section 4.2.4.1, scaled by the path: times of the client's hellos when nobody answers. */
static void check_schedule(weft_time rtt, const unsigned *ms, size_t n) {
  dtls_pair p;
  pair_init(&p, 1);
  p.drop_to_server = true;
  p.client.cfg.rtt = rtt;
  p.client.cfg.handshake_limit = WEFT_SEC(60);
  pair_start(&p);
  weft_dtls_free(p.server.d);
  p.server.d = NULL;
  weft_time start = p.now;
  for (size_t i = 0; i < n; i++) {
    ck_assert_uint_eq(p.client.sent, i + 1);
    p.now = weft_dtls_deadline(p.client.d);
    ck_assert_uint_eq(p.now - start, WEFT_MS(ms[i]));
    weft_dtls_tick(p.client.d, p.now);
  }
  pair_done(&p);
}

START_TEST(timer_schedule) {
  check_schedule(WEFT_NEVER, (const unsigned[]){1000, 3000, 7000, 15000, 25000, 35000, 45000}, 7);
  check_schedule(WEFT_MS(100), (const unsigned[]){200, 600, 1400, 3000, 6200, 12600, 22600}, 7);
  check_schedule(0, (const unsigned[]){50, 150, 350, 750, 1550, 3150, 6350}, 7);
  check_schedule(WEFT_SEC(9), (const unsigned[]){3000, 9000, 19000, 29000}, 4);
}
END_TEST

START_TEST(time_does_not_go_back) {
  dtls_pair p;
  pair_init(&p, 1);
  p.drop_to_client = true;
  pair_start(&p);
  p.now = 0;
  pair_deliver(&p);
  ck_assert_uint_eq(p.server.sent, 1);
  ck_assert_uint_eq(weft_dtls_deadline(p.server.d), WEFT_SEC(2)); /* started at 1 s */
  pair_done(&p);
}
END_TEST

START_TEST(nobody_answers) {
  dtls_pair p;
  pair_init(&p, 1);
  p.drop_to_server = true;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(30));
  for (int i = 0; i < 2; i++) {
    dtls_end *e = i ? &p.server : &p.client;
    ck_assert_uint_eq(e->closed, 1);
    ck_assert_int_eq(e->why.who, WEFT_WHO_TIMEOUT);
    ck_assert_int_eq(e->why.code, WEFT_ETIMEDOUT);
    ck_assert_str_eq(e->why.layer, "dtls");
    ck_assert_uint_eq(weft_dtls_deadline(e->d), WEFT_NEVER);
  }
  ck_assert_uint_eq(p.now, WEFT_SEC(11));
  ck_assert_uint_eq(p.server.sent, 0);
  pair_done(&p);
}
END_TEST

START_TEST(close_is_heard) {
  for (int code = 0; code < 2; code++) {
    dtls_pair p;
    pair_init(&p, 1);
    pair_start(&p);
    pair_run(&p, WEFT_SEC(30));
    ck_assert_int_eq(weft_dtls_close(p.client.d, code ? WEFT_EAUTH : WEFT_OK, p.now), WEFT_OK);
    ck_assert_uint_eq(p.client.closed, 1);
    ck_assert_int_eq(p.client.why.who, WEFT_WHO_SELF);
    pair_run(&p, WEFT_SEC(30));
    ck_assert_uint_eq(p.server.closed, 1);
    ck_assert_int_eq(p.server.why.who, WEFT_WHO_PEER);
    ck_assert_int_eq(p.server.why.code, code ? WEFT_EAUTH : WEFT_OK);
    ck_assert_uint_eq(p.server.why.wire_code, code ? 49 : 0);
    ck_assert_int_eq(weft_dtls_close(p.client.d, WEFT_OK, p.now), WEFT_ECLOSED);
    ck_assert_int_eq(say(&p.server, "x"), WEFT_ECLOSED);
    ck_assert_int_eq(weft_dtls_input(p.server.d, (const uint8_t *)"x", 1, p.now), WEFT_OK);
    ck_assert_uint_eq(stats(&p.server).drop_state, 1);
    weft_dtls_tick(p.server.d, p.now + WEFT_SEC(100));
    ck_assert_uint_eq(p.server.closed, 1);
    pair_done(&p);
  }
}
END_TEST

START_TEST(close_during_handshake) {
  dtls_pair p;
  pair_init(&p, 1);
  p.drop = 1u << 1;
  pair_start(&p);
  pair_deliver(&p);
  ck_assert_int_eq(weft_dtls_close(p.client.d, WEFT_OK, p.now), WEFT_OK);
  ck_assert_uint_eq(p.client.closed, 1);
  pair_deliver(&p);
  ck_assert_uint_eq(p.server.closed, 1);
  ck_assert_int_eq(p.server.why.who, WEFT_WHO_PEER);
  ck_assert_int_eq(p.server.why.code, WEFT_ECLOSED);
  pair_done(&p);
  pair_init(&p, 1);
  p.drop_to_server = true;
  pair_start(&p);
  ck_assert_int_eq(weft_dtls_close(p.server.d, WEFT_OK, p.now), WEFT_OK);
  ck_assert_uint_eq(p.server.sent, 0);
  pair_done(&p);
}
END_TEST

START_TEST(states) {
  dtls_pair p;
  pair_init(&p, 1);
  weft_dtls_callbacks cb = {sizeof cb, pair_output, pair_event};
  ck_assert_int_eq(weft_dtls_new(&p.client.d, &p.client.cfg, &cb, &p.client), WEFT_OK);
  ck_assert_int_eq(say(&p.client, "x"), WEFT_ESTATE);
  ck_assert_int_eq(weft_dtls_input(p.client.d, (const uint8_t *)"x", 1, p.now), WEFT_ESTATE);
  ck_assert_uint_eq(weft_dtls_deadline(p.client.d), WEFT_NEVER);
  ck_assert_int_eq(weft_dtls_start(p.client.d, p.now), WEFT_OK);
  ck_assert_int_eq(weft_dtls_start(p.client.d, p.now), WEFT_ESTATE);
  ck_assert_int_eq(say(&p.client, "x"), WEFT_ESTATE);
  ck_assert_int_eq(weft_dtls_tick(p.client.d, 0), WEFT_OK); /* time does not go back */
  ck_assert_uint_eq(p.client.sent, 1);
  pair_done(&p);
}
END_TEST

START_TEST(sizes) {
  static const uint16_t mtus[] = {256, 1200, 1500, 65535};
  static uint8_t big[17000];
  for (int i = 0; i < 4; i++) {
    dtls_pair p;
    pair_init(&p, 1);
    p.client.cfg.mtu = mtus[i];
    pair_start(&p);
    size_t before = weft_dtls_max_data(p.client.d), want = mtus[i] == 65535 ? 16384 : mtus[i] - 37u;
    ck_assert_uint_eq(before, want);
    pair_run(&p, WEFT_SEC(30));
    check_connected(&p);
    ck_assert_uint_eq(weft_dtls_max_data(p.client.d), want);
    ck_assert_int_eq(weft_dtls_send(p.client.d, big, want + 1, p.now), WEFT_ETOOBIG);
    if (mtus[i] <= 1500) {
      p.largest = 0;
      ck_assert_int_eq(weft_dtls_send(p.client.d, big, want, p.now), WEFT_OK);
      ck_assert_uint_eq(p.largest, mtus[i]);
      pair_run(&p, WEFT_SEC(30));
      ck_assert_uint_eq(p.server.got_len, want);
    }
    pair_done(&p);
  }
}
END_TEST

/* Records of up to 16,384 bytes are taken, whatever the receiver's mtu is. */
static int to_server(void *user, const uint8_t *data, size_t len, weft_time now) {
  dtls_pair *p = ((dtls_end *)user)->pair;
  if (len <= PAIR_DATAGRAM) return pair_output(user, data, len, now);
  return weft_dtls_input(p->server.d, data, len, now);
}

START_TEST(long_records) {
  static uint8_t big[16384];
  dtls_pair p;
  pair_init(&p, 1);
  p.client.cfg.mtu = 20000;
  weft_dtls_callbacks down = {sizeof down, to_server, pair_event}, up = {sizeof up, pair_output, pair_event};
  ck_assert_int_eq(weft_dtls_new(&p.server.d, &p.server.cfg, &up, &p.server), WEFT_OK);
  ck_assert_int_eq(weft_dtls_new(&p.client.d, &p.client.cfg, &down, &p.client), WEFT_OK);
  weft_dtls_start(p.server.d, p.now);
  weft_dtls_start(p.client.d, p.now);
  pair_run(&p, WEFT_SEC(30));
  check_connected(&p);
  ck_assert_int_eq(weft_dtls_send(p.client.d, big, sizeof big, p.now), WEFT_OK);
  ck_assert_uint_eq(p.server.data, 1);
  ck_assert_uint_eq(stats(&p.server).bytes_in, sizeof big);
  pair_done(&p);
}
END_TEST

START_TEST(output_refuses) {
  dtls_pair p;
  pair_init(&p, 1);
  p.client.refuse = WEFT_EAGAIN;
  pair_start(&p);
  ck_assert_uint_eq(p.count, 0); /* the hello is lost; the timer recovers */
  p.client.refuse = WEFT_OK;
  pair_run(&p, WEFT_SEC(30));
  check_connected(&p);
  p.client.refuse = WEFT_EAGAIN;
  for (int i = 0; i < 3; i++) ck_assert_int_eq(say(&p.client, "no"), WEFT_EAGAIN);
  ck_assert_uint_eq(stats(&p.client).bytes_out, 0);
  p.client.refuse = WEFT_OK;
  ck_assert_int_eq(say(&p.client, "yes"), WEFT_OK);
  pair_run(&p, WEFT_SEC(30));
  ck_assert_uint_eq(p.server.data, 1);
  ck_assert_mem_eq(p.server.got, "yes", 3);
  pair_done(&p);
}
END_TEST

START_TEST(calls_from_events) {
  dtls_pair p;
  pair_init(&p, 1);
  p.server.echo = true;
  p.client.close_on_data = true;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(30));
  say(&p.client, "ping");
  pair_run(&p, WEFT_SEC(30));
  ck_assert_mem_eq(p.client.got, "ping", 4);
  ck_assert_uint_eq(p.client.closed, 1);
  ck_assert_uint_eq(p.server.closed, 1);
  pair_done(&p);
}
END_TEST

START_TEST(free_from_events) {
  for (int i = 0; i < 4; i++) {
    dtls_pair p;
    pair_init(&p, 1);
    p.client.free_on_connected = i == 0;
    p.server.free_on_connected = i == 1;
    p.client.free_on_data = i == 2;
    p.server.free_on_data = i == 3;
    p.client.close_on_data = i == 2; /* free after close: no CLOSED comes */
    pair_start(&p);
    pair_run(&p, WEFT_SEC(30));
    if (p.client.d) say(&p.client, "x");
    if (p.server.d) say(&p.server, "y");
    pair_run(&p, WEFT_SEC(30));
    ck_assert_ptr_null(i % 2 ? p.server.d : p.client.d);
    ck_assert_uint_eq(i % 2 ? p.server.closed : p.client.closed, 0);
    pair_done(&p);
  }
}
END_TEST

START_TEST(refused_configs) {
  dtls_pair p;
  pair_init(&p, 1);
  weft_dtls_callbacks cb = {sizeof cb, pair_output, pair_event};
  weft_dtls *d;
  weft_dtls_config c = p.client.cfg;
  c.rng.fill = NULL;
  ck_assert_int_eq(weft_dtls_new(&d, &c, &cb, &p), WEFT_EINVAL);
  c = p.client.cfg;
  c.cert = NULL;
  ck_assert_int_eq(weft_dtls_new(&d, &c, &cb, &p), WEFT_EINVAL);
  c = p.client.cfg;
  c.mtu = 255;
  ck_assert_int_eq(weft_dtls_new(&d, &c, &cb, &p), WEFT_EINVAL);
  c = p.client.cfg;
  c.pins_len = 9;
  ck_assert_int_eq(weft_dtls_new(&d, &c, &cb, &p), WEFT_EINVAL);
  ck_assert_ptr_null(d);
  pair_done(&p);
}
END_TEST

/* A caller built with an older header has a shorter config. */
START_TEST(older_config) {
  weft_dtls_config c;
  memset(&c, 0xee, sizeof c);
  weft_dtls_config_init(&c, offsetof(weft_dtls_config, keylog));
  ck_assert_uint_eq(c.mtu, 1200);
  uint8_t rest[sizeof c.keylog];
  memset(rest, 0xee, sizeof rest);
  ck_assert_mem_eq(&c.keylog, rest, sizeof rest);
  dtls_pair p;
  pair_init(&p, 1);
  p.client.cfg.size = offsetof(weft_dtls_config, keylog);
  p.client.cfg.keylog = pair_keylog;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(30));
  check_connected(&p);
  ck_assert_str_eq(p.client.keylog, "");
  pair_done(&p);
}
END_TEST

static void scenario(void *ctx) {
  dtls_pair *p = ctx;
  weft_dtls_callbacks cb = {sizeof cb, pair_output, pair_event};
  if (weft_dtls_new(&p->client.d, &p->client.cfg, &cb, &p->client) != WEFT_OK) return;
  if (weft_dtls_new(&p->server.d, &p->server.cfg, &cb, &p->server) != WEFT_OK) goto out;
  p->client.closed = p->server.closed = p->client.connected = p->server.connected = 0;
  p->head = p->tail = 0;
  weft_dtls_start(p->server.d, p->now);
  weft_dtls_start(p->client.d, p->now);
  while (p->head < p->tail) {
    wire_item w = p->wire[p->head++];
    dtls_end *to = w.to_server ? &p->server : &p->client;
    int rc = weft_dtls_input(to->d, w.data, w.len, p->now);
    ck_assert(rc == WEFT_OK || rc == WEFT_ENOMEM);
  }
  weft_dtls_free(p->server.d);
out:
  weft_dtls_free(p->client.d);
  p->client.d = p->server.d = NULL;
}

START_TEST(no_memory) {
  dtls_pair p;
  pair_init(&p, 1);
  ck_assert_uint_gt(alloc_sweep(scenario, &p), 4);
  pair_done(&p);
}
END_TEST

START_TEST(randomness_fails) {
  for (size_t after = 0; after < 12; after++) {
    dtls_pair p;
    pair_init(&p, 1);
    p.rng.fail_on = true;
    p.rng.fail_after = after;
    pair_start(&p);
    pair_deliver(&p);
    unsigned failed = 0;
    for (int i = 0; i < 2; i++) {
      dtls_end *e = i ? &p.server : &p.client;
      if (e->closed && e->why.code == WEFT_ERANDOM) failed++;
      ck_assert(!e->closed || e->why.code == WEFT_ERANDOM || e->why.who == WEFT_WHO_PEER);
    }
    ck_assert_uint_ge(failed + p.client.connected + p.server.connected, 1);
    pair_done(&p);
  }
}
END_TEST

/* In steady state nothing is allocated, and the large context is gone. */
START_TEST(memory_of_an_idle_session) {
  dtls_pair p;
  pair_init(&p, 1);
  pair_start(&p);
  pair_run(&p, WEFT_SEC(30));
  say(&p.client, "x");
  pair_run(&p, WEFT_SEC(30));
  size_t calls = test_leak()->calls;
  for (int i = 0; i < 100; i++) {
    say(&p.client, "x");
    say(&p.server, "x");
    pair_deliver(&p);
  }
  ck_assert_uint_eq(test_leak()->calls, calls);
  ck_assert_uint_lt(test_leak()->bytes, 2 * 8192 + 2 * 2048);
  pair_done(&p);
}
END_TEST

static void on_trace(void *user, const weft_trace *t) {
  char *log = user;
  ck_assert_str_eq(t->layer, "dtls");
  if (t->kind == WEFT_TRACE_STATE) strcat(strcat(log, t->text), " ");
  if (t->kind == WEFT_TRACE_IN || t->kind == WEFT_TRACE_OUT)
    strncat(strcat(log, t->kind == WEFT_TRACE_IN ? "<" : ">"), (const char *)t->data, t->len);
}

START_TEST(traces) {
  dtls_pair p;
  char log[256] = "";
  pair_init(&p, 1);
  p.client.cfg.trace = (weft_tracer){on_trace, log};
  p.server.echo = true;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(30));
  say(&p.client, "ping");
  pair_run(&p, WEFT_SEC(30));
  weft_dtls_close(p.client.d, WEFT_OK, p.now);
  ck_assert_str_eq(log, "HANDSHAKE CONNECTED >ping<pingCLOSED ");
  pair_done(&p);
}
END_TEST

Suite *test_dtls_dtls(void) {
  static const unit_test tests[] = {UNIT(connects_and_talks),
                                    UNIT(each_flight_lost),
                                    UNIT(last_flight_lost_after_data),
                                    UNIT(heavy_loss),
                                    UNIT(same_seed_same_bytes),
                                    UNIT(timer_schedule),
                                    UNIT(time_does_not_go_back),
                                    UNIT(nobody_answers),
                                    UNIT(close_is_heard),
                                    UNIT(close_during_handshake),
                                    UNIT(states),
                                    UNIT(sizes),
                                    UNIT(long_records),
                                    UNIT(output_refuses),
                                    UNIT(calls_from_events),
                                    UNIT(free_from_events),
                                    UNIT(refused_configs),
                                    UNIT(older_config),
                                    UNIT(no_memory),
                                    UNIT(randomness_fails),
                                    UNIT(memory_of_an_idle_session),
                                    UNIT(traces)};
  return unit_suite("dtls/dtls", tests, sizeof tests / sizeof tests[0]);
}
