#include "dtls/dtls.h"
#include "dtls/hello.h"
#include "dtls/record.h"
#include "test/support/alloc.h"
#include "test/support/hex.h"
#include "test/support/rng.h"
#include "test/support/unit.h"
#include "test/unit/dtls_pair.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct bench {
  weft_dtls_gate *g;
  test_rng rng;
  weft_addr local, remote;
  weft_time now;
  uint8_t body[4096]; /* a ClientHello without its cookie field's content */
  size_t body_len;
  unsigned sent, hellos;
  uint8_t out[128];
  size_t out_len;
  weft_addr out_to;
  uint8_t hello[8192];
  size_t hello_len;
  weft_addr hello_from;
  bool free_in_hello;
  uint64_t in_bytes, out_bytes;
} bench;

static int on_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  bench *b = user;
  (void)now;
  ck_assert(weft_addr_equal(local, &b->local));
  ck_assert_uint_le(len, sizeof b->out);
  b->sent++;
  memcpy(b->out, data, len);
  b->out_len = len;
  b->out_to = *remote;
  b->out_bytes += len;
  return WEFT_OK;
}

static void on_hello(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  bench *b = user;
  (void)now;
  ck_assert(weft_addr_equal(local, &b->local));
  b->hellos++;
  memcpy(b->hello, data, len);
  b->hello_len = len;
  b->hello_from = *remote;
  if (b->free_in_hello) weft_dtls_gate_free(b->g);
}

static void load(bench *b, const char *path) {
  size_t len;
  uint8_t *body = file_bytes(path, &len);
  ck_assert_ptr_nonnull(body);
  memcpy(b->body, body, len);
  b->body_len = len;
  free(body);
}

static weft_dtls_gate_config config(bench *b) {
  weft_dtls_gate_config cfg;
  weft_dtls_gate_config_default(&cfg);
  cfg.rng = test_rng_init(&b->rng, 5);
  cfg.alloc = test_alloc();
  return cfg;
}

static void begin_with(bench *b, const weft_dtls_gate_config *cfg) {
  weft_dtls_gate_callbacks cb = {sizeof cb, on_output, on_hello};
  ck_assert_int_eq(weft_addr_parse(&b->local, "192.0.2.1:4001"), WEFT_OK);
  ck_assert_int_eq(weft_addr_parse(&b->remote, "198.51.100.7:5000"), WEFT_OK);
  b->now = WEFT_SEC(90);
  ck_assert_int_eq(weft_dtls_gate_new(&b->g, cfg, &cb, b), WEFT_OK);
  load(b, "test/captures/chromium.clienthello1.body.bin");
}

static bench *begin(void) {
  bench *b = calloc(1, sizeof *b);
  weft_dtls_gate_config cfg = config(b);
  begin_with(b, &cfg);
  return b;
}

static void end(bench *b) {
  weft_dtls_gate_free(b->g);
  free(b);
}

static weft_dtls_gate_stats stats(bench *b) {
  weft_dtls_gate_stats s = {.size = sizeof s};
  weft_dtls_gate_get_stats(b->g, &s);
  return s;
}

static void input(bench *b, const uint8_t *data, size_t len) {
  b->in_bytes += len;
  ck_assert_int_eq(weft_dtls_gate_input(b->g, &b->local, &b->remote, data, len, b->now), WEFT_OK);
}

static void send_fragment(bench *b, const uint8_t *body, size_t total, uint16_t seq, size_t offset, size_t len) {
  uint8_t buf[8192];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  weft_dtls_record_header(&w, 22, 0xfeff, 0, 77 + offset, 12 + len);
  weft_dtls_fragment f = {1, (uint32_t)total, seq, (uint32_t)offset, NULL, (uint32_t)len};
  weft_dtls_fragment_header(&w, &f);
  weft_wr_bytes(&w, body + offset, len);
  ck_assert(weft_wr_ok(&w));
  input(b, buf, weft_wr_len(&w));
}

/* The hello with the last cookie we were sent. */
static size_t cookied(const bench *b, uint8_t *dst) {
  ck_assert_uint_eq(b->out_len, 60);
  memcpy(dst, b->body, 35);
  dst[35] = 32;
  memcpy(dst + 36, b->out + 28, 32);
  memcpy(dst + 68, b->body + 36, b->body_len - 36);
  return b->body_len + 32;
}

static void get_cookie(bench *b) {
  unsigned before = b->sent;
  send_fragment(b, b->body, b->body_len, 0, 0, b->body_len < 1175 ? b->body_len : 1175);
  ck_assert_uint_eq(b->sent, before + 1);
  ck_assert_hex(b->out + 5, 6, "00000000004d"); /* the hello's own number */
}

START_TEST(chromium_as_recorded) {
  bench *b = begin();
  for (int i = 1; i <= 2; i++) {
    char path[80];
    size_t len;
    snprintf(path, sizeof path, "test/captures/chromium.clienthello.datagram%d.bin", i);
    uint8_t *d = file_bytes(path, &len);
    ck_assert_ptr_nonnull(d);
    input(b, d, len);
    if (i == 1) ck_assert_uint_lt(b->out_len, len);
    free(d);
  }
  ck_assert_uint_eq(b->sent, 1);
  ck_assert_uint_eq(b->hellos, 0);
  ck_assert(weft_addr_equal(&b->out_to, &b->remote));
  ck_assert_uint_eq(b->out_len, 60);
  /* RFC 6347 sections 4.1 and 4.2.1: record FEFF with the number of the hello's, HelloVerifyRequest of 35 bytes,
   * message 0, whole, server_version FEFF, 32 bytes of cookie. */
  ck_assert_hex(b->out, 28, "16feff0000000000000000002f 03000023 0000 000000 000023 feff 20");
  weft_dtls_gate_stats s = stats(b);
  ck_assert_uint_eq(s.cookies_sent, 1);
  ck_assert_uint_eq(s.drop_cookie, 1); /* the second half, of a source that has proven nothing */
  ck_assert_uint_eq(s.slots_used, 0);
  ck_assert_uint_eq(weft_dtls_gate_deadline(b->g), WEFT_NEVER);
  end(b);
}
END_TEST

static void check_hello(const bench *b, const uint8_t *body, size_t len) {
  ck_assert_uint_eq(b->hello_len, 25 + len);
  ck_assert_mem_eq(b->hello + 25, body, len);
  ck_assert(weft_addr_equal(&b->hello_from, &b->remote));
}

START_TEST(cookied_hello_passes) {
  bench *b = begin();
  uint8_t body[4096];
  get_cookie(b);
  size_t len = cookied(b, body);
  send_fragment(b, body, len, 1, 0, 1175);
  ck_assert_uint_eq(stats(b).slots_used, 1);
  ck_assert_uint_eq(weft_dtls_gate_deadline(b->g), b->now + WEFT_SEC(2));
  send_fragment(b, body, len, 1, 1175, len - 1175);
  ck_assert_uint_eq(b->hellos, 1);
  check_hello(b, body, len);
  ck_assert_uint_eq(b->hello[18], 1); /* message_seq */
  ck_assert_uint_eq(stats(b).slots_used, 0);
  ck_assert_uint_eq(stats(b).hellos, 1);
  send_fragment(b, body, len, 1, 0, len);
  ck_assert_uint_eq(b->hellos, 2);
  check_hello(b, body, len);
  ck_assert_uint_eq(b->sent, 1);
  end(b);
}
END_TEST

START_TEST(many_fragments_out_of_order) {
  bench *b = begin();
  uint8_t body[4096];
  get_cookie(b);
  size_t len = cookied(b, body);
  send_fragment(b, body, len, 1, 0, 80);
  for (size_t at = len - 1; at >= 60; at--) send_fragment(b, body, len, 1, at, 1);
  ck_assert_uint_eq(b->hellos, 1);
  check_hello(b, body, len);
  end(b);
}
END_TEST

/* The cookie binds address, port, version, random and session id, and no more than two minutes. */
START_TEST(stale_and_foreign_cookies) {
  bench *b = begin();
  uint8_t body[4096], other[4096];
  get_cookie(b);
  size_t len = cookied(b, body);
  weft_addr remote = b->remote;
  b->remote.port++;
  send_fragment(b, body, len, 1, 0, len);
  b->remote = remote;
  b->remote.ip[3]++;
  send_fragment(b, body, len, 1, 0, len);
  b->remote = remote;
  static const size_t places[] = {1, 2, 20, 33, 36, 67};
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    memcpy(other, body, len);
    other[places[i]] ^= 1;
    send_fragment(b, other, len, 1, 0, len);
  }
  ck_assert_uint_eq(b->hellos, 0);
  ck_assert_uint_eq(stats(b).drop_cookie, 8);
  ck_assert_uint_eq(b->sent, 9); /* each got a cookie of its own */
  b->now = WEFT_SEC(179);
  send_fragment(b, body, len, 1, 0, len);
  ck_assert_uint_eq(b->hellos, 1);
  b->now = WEFT_SEC(180);
  send_fragment(b, body, len, 1, 0, len);
  ck_assert_uint_eq(b->hellos, 1);
  ck_assert_hex(b->out + 17, 2, "0001"); /* the answer carries the number that this client waits for */
  cookied(b, body);
  send_fragment(b, body, len, 2, 0, len);
  ck_assert_uint_eq(b->hellos, 2);
  end(b);
}
END_TEST

START_TEST(truncated_cookie) {
  bench *b = begin();
  uint8_t body[4096];
  get_cookie(b);
  size_t len = cookied(b, body);
  for (uint8_t n = 1; n < 32; n++) {
    uint8_t cut[4096];
    memcpy(cut, body, 36 + n);
    cut[35] = n;
    memcpy(cut + 36 + n, body + 68, len - 68);
    send_fragment(b, cut, len - 32 + n, 1, 0, len - 32 + n);
  }
  for (uint8_t n = 1; n < 60; n++) { /* the right bytes are there, their number lies */
    if (n == 32) continue;
    body[35] = n;
    send_fragment(b, body, len, 1, 0, len);
  }
  ck_assert_uint_eq(b->hellos, 0);
  ck_assert_uint_eq(stats(b).drop_cookie, 31 + 58);
  end(b);
}
END_TEST

START_TEST(never_more_out_than_in) {
  bench *b = begin();
  for (size_t len = 0; len <= 200; len++) send_fragment(b, b->body, b->body_len, 0, 0, len);
  ck_assert_uint_gt(b->sent, 0);
  ck_assert_uint_lt(b->out_bytes, b->in_bytes);
  unsigned before = b->sent;
  send_fragment(b, b->body, b->body_len, 0, 0, 35); /* the cookie's length is missing */
  ck_assert_uint_eq(b->sent, before);
  send_fragment(b, b->body, b->body_len, 0, 0, 36); /* the least that is answered: 61 bytes for 60 */
  ck_assert_uint_eq(b->sent, before + 1);
  end(b);
}
END_TEST

START_TEST(hostile_sizes) {
  bench *b = begin();
  for (size_t i = 0; i < b->body_len; i++) send_fragment(b, b->body, b->body_len, 0, i, 1);
  ck_assert_uint_eq(b->sent, 0);
  ck_assert_uint_eq(stats(b).slots_used, 0);
  send_fragment(b, b->body, 16 * 1024 * 1024 - 1, 0, 0, 1000);
  ck_assert_uint_eq(stats(b).drop_toobig, 1);
  send_fragment(b, b->body, 4097, 0, 0, 1000);
  ck_assert_uint_eq(stats(b).drop_toobig, 2);
  get_cookie(b);
  uint8_t body[8192] = {0};
  size_t len = cookied(b, body);
  ck_assert_uint_lt(len, 4096);
  send_fragment(b, body, 4097, 1, 0, 1000);
  ck_assert_uint_eq(stats(b).drop_toobig, 3);
  ck_assert_uint_eq(stats(b).slots_used, 0);
  end(b);
}
END_TEST

START_TEST(conflicts_drop_the_slot) {
  bench *b = begin();
  uint8_t body[4096];
  get_cookie(b);
  size_t len = cookied(b, body);
  send_fragment(b, body, len, 1, 0, 1000);
  send_fragment(b, body, len, 2, 1000, len - 1000);
  ck_assert_uint_eq(stats(b).slots_used, 0);
  send_fragment(b, body, len, 1, 0, 1000);
  send_fragment(b, body, len + 1, 1, 1000, len - 1000);
  ck_assert_uint_eq(stats(b).slots_used, 0);
  send_fragment(b, body, len, 1, 0, 1000);
  body[999] ^= 1;
  send_fragment(b, body, len, 1, 999, len - 999);
  body[999] ^= 1;
  ck_assert_uint_eq(stats(b).slots_used, 0);
  ck_assert_uint_eq(stats(b).drop_conflict, 3);
  ck_assert_uint_eq(b->hellos, 0);
  send_fragment(b, body, len, 1, 0, 1000);
  send_fragment(b, body, len, 2, 0, 1000); /* the client itself began anew */
  send_fragment(b, body, len, 2, 1000, len - 1000);
  ck_assert_uint_eq(b->hellos, 1);
  end(b);
}
END_TEST

static void half_hello_from(bench *b, uint16_t port) {
  uint8_t body[4096];
  b->remote.port = port;
  get_cookie(b);
  size_t len = cookied(b, body);
  send_fragment(b, body, len, 1, 0, 1000);
  send_fragment(b, body, len, 1, 0, 1000); /* one slot per source */
}

START_TEST(slots_are_bounded_and_expire) {
  bench *b = begin();
  for (uint16_t i = 0; i < 70; i++) half_hello_from(b, (uint16_t)(6000 + i));
  ck_assert_uint_eq(stats(b).slots_used, 64);
  ck_assert_uint_eq(stats(b).drop_slots, 12);
  weft_time due = weft_dtls_gate_deadline(b->g);
  ck_assert_uint_eq(due, b->now + WEFT_SEC(2));
  weft_dtls_gate_tick(b->g, due - 1);
  ck_assert_uint_eq(stats(b).slots_used, 64);
  weft_dtls_gate_tick(b->g, due);
  ck_assert_uint_eq(stats(b).slots_used, 0);
  ck_assert_uint_eq(weft_dtls_gate_deadline(b->g), WEFT_NEVER);
  end(b);
}
END_TEST

START_TEST(not_a_hello) {
  static const char *others[] = {
      "17feff 0000 000000000000 0003 aabbcc", "16fefd 0001 000000000000 000c 01000000 0000 000000 000000",
      "16feff 0000 000000000000 000c 02000000 0000 000000 000000", "15feff 0000 000000000000 0002 0228"};
  static const char *broken[] = {"",
                                 "16",
                                 "ff",
                                 "16feff 0000 000000000000 ffff",
                                 "16feff 0000 000000000000 000c 01000001 0000 000000 000001",
                                 "16feff 0000 000000000000 000d 01000000 0000 000000 000000 00",
                                 "000100002112a442000000000000000000000000"};
  bench *b = begin();
  uint8_t buf[64];
  for (size_t i = 0; i < 4; i++) input(b, buf, hex_into(buf, sizeof buf, others[i]));
  ck_assert_uint_eq(stats(b).drop_not_hello, 4);
  for (size_t i = 0; i < 7; i++) input(b, buf, hex_into(buf, sizeof buf, broken[i]));
  ck_assert_uint_eq(stats(b).drop_malformed, 7);
  ck_assert_uint_eq(b->sent + b->hellos, 0);
  end(b);
}
END_TEST

START_TEST(broken_hello_behind_a_good_cookie) {
  bench *b = begin();
  uint8_t body[4096];
  get_cookie(b);
  size_t len = cookied(b, body);
  send_fragment(b, body, len - 1, 1, 0, len - 1);
  ck_assert_uint_eq(b->hellos, 0);
  ck_assert_uint_eq(stats(b).drop_malformed, 1);
  end(b);
}
END_TEST

START_TEST(free_in_callback) {
  bench *b = begin();
  uint8_t body[4096];
  get_cookie(b);
  size_t len = cookied(b, body);
  b->free_in_hello = true;
  send_fragment(b, body, len, 1, 0, len);
  ck_assert_uint_eq(b->hellos, 1);
  b->g = NULL;
  end(b);
}
END_TEST

START_TEST(refused_configs) {
  bench *b = calloc(1, sizeof *b);
  weft_dtls_gate_callbacks cb = {sizeof cb, on_output, on_hello};
  weft_dtls_gate *g;
  weft_dtls_gate_config cfg = config(b);
  cfg.slots = 0;
  ck_assert_int_eq(weft_dtls_gate_new(&g, &cfg, &cb, b), WEFT_EINVAL);
  cfg = config(b);
  cfg.rng.fill = NULL;
  ck_assert_int_eq(weft_dtls_gate_new(&g, &cfg, &cb, b), WEFT_EINVAL);
  cfg = config(b);
  b->rng.fail_on = true;
  ck_assert_int_eq(weft_dtls_gate_new(&g, &cfg, &cb, b), WEFT_ERANDOM);
  ck_assert_ptr_null(g);
  free(b);
}
END_TEST

static void make_one(void *ctx) {
  bench *b = ctx;
  weft_dtls_gate_callbacks cb = {sizeof cb, on_output, on_hello};
  weft_dtls_gate_config cfg = config(b);
  weft_dtls_gate *g;
  int rc = weft_dtls_gate_new(&g, &cfg, &cb, b);
  ck_assert(rc == WEFT_OK || rc == WEFT_ENOMEM);
  weft_dtls_gate_free(g);
}

START_TEST(no_memory) {
  bench *b = calloc(1, sizeof *b);
  ck_assert_uint_gt(alloc_sweep(make_one, b), 0);
  free(b);
}
END_TEST

/* What a stranger sends costs no memory at all. */
START_TEST(strangers_cost_nothing) {
  bench *b = begin();
  size_t calls = test_leak()->calls, blocks = test_leak()->blocks;
  for (uint32_t i = 0; i < 5000; i++) {
    b->remote.port = (uint16_t)i;
    b->remote.ip[2] = (uint8_t)(i >> 8);
    send_fragment(b, b->body, b->body_len, 0, 0, 1175);
    send_fragment(b, b->body, b->body_len, 0, 1175, b->body_len - 1175);
  }
  ck_assert_uint_eq(b->sent, 5000);
  ck_assert_uint_eq(test_leak()->calls, calls);
  ck_assert_uint_eq(test_leak()->blocks, blocks);
  end(b);
}
END_TEST

/* ---- in front of a session ---- */

typedef struct listener {
  dtls_pair p;
  weft_dtls_gate *g;
  weft_addr local, remote;
  unsigned hellos;
} listener;

static int gate_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                       weft_time now) {
  listener *l = user;
  (void)local;
  (void)remote;
  return pair_output(&l->p.server, data, len, now);
}

static void gate_hello(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                       weft_time now) {
  listener *l = user;
  (void)local;
  (void)remote;
  weft_dtls_callbacks cb = {sizeof cb, pair_output, pair_event};
  l->hellos++;
  l->p.server.cfg.gated = true;
  ck_assert_int_eq(weft_dtls_new(&l->p.server.d, &l->p.server.cfg, &cb, &l->p.server), WEFT_OK);
  ck_assert_int_eq(weft_dtls_start(l->p.server.d, now), WEFT_OK);
  ck_assert_int_eq(weft_dtls_input(l->p.server.d, data, len, now), WEFT_OK);
}

static void start_listener(listener *l, uint64_t drop, uint16_t mtu) {
  memset(l, 0, sizeof *l);
  pair_init(&l->p, 1);
  l->p.drop = drop;
  l->p.client.cfg.mtu = mtu;
  weft_addr_parse(&l->local, "[2001:db8::1]:4001");
  weft_addr_parse(&l->remote, "[2001:db8::2]:5000");
  weft_dtls_gate_config cfg;
  weft_dtls_gate_config_default(&cfg);
  cfg.rng = l->p.client.cfg.rng;
  cfg.alloc = test_alloc();
  weft_dtls_gate_callbacks gcb = {sizeof gcb, gate_output, gate_hello};
  ck_assert_int_eq(weft_dtls_gate_new(&l->g, &cfg, &gcb, l), WEFT_OK);
  weft_dtls_callbacks cb = {sizeof cb, pair_output, pair_event};
  ck_assert_int_eq(weft_dtls_new(&l->p.client.d, &l->p.client.cfg, &cb, &l->p.client), WEFT_OK);
  ck_assert_int_eq(weft_dtls_start(l->p.client.d, l->p.now), WEFT_OK);
}

static void run_listener(listener *l) {
  dtls_pair *p = &l->p;
  for (int i = 0; i < 100 && p->client.connected + p->server.connected < 2; i++) {
    while (p->head < p->tail && !p->server.d) {
      wire_item w = p->wire[p->head++];
      if (w.to_server)
        weft_dtls_gate_input(l->g, &l->local, &l->remote, w.data, w.len, p->now);
      else
        weft_dtls_input(p->client.d, w.data, w.len, p->now);
    }
    pair_deliver(p);
    if (p->client.connected && p->server.connected) break;
    p->now = pair_deadline(p);
    pair_tick(p);
  }
}

/* Six datagrams: hello, cookie, hello, flight, flight, flight; each lost in turn. */
START_TEST(handshake_through_the_gate) {
  for (unsigned i = 0; i <= 6; i++) {
    listener l;
    start_listener(&l, i == 0 ? 0 : UINT64_C(1) << (i - 1), i % 2 ? 1200 : 256);
    run_listener(&l);
    ck_assert_uint_eq(l.p.client.connected, 1);
    ck_assert_uint_eq(l.p.server.connected, 1);
    ck_assert_uint_eq(l.hellos, 1);
    ck_assert_int_eq(weft_dtls_send(l.p.client.d, (const uint8_t *)"hi", 2, l.p.now), WEFT_OK);
    pair_deliver(&l.p);
    ck_assert_uint_eq(l.p.server.data, 1);
    weft_dtls_gate_free(l.g);
    pair_done(&l.p);
  }
}
END_TEST

Suite *test_dtls_gate(void) {
  static const unit_test tests[] = {UNIT(chromium_as_recorded),
                                    UNIT(cookied_hello_passes),
                                    UNIT(many_fragments_out_of_order),
                                    UNIT(stale_and_foreign_cookies),
                                    UNIT(truncated_cookie),
                                    UNIT(never_more_out_than_in),
                                    UNIT(hostile_sizes),
                                    UNIT(conflicts_drop_the_slot),
                                    UNIT(slots_are_bounded_and_expire),
                                    UNIT(not_a_hello),
                                    UNIT(broken_hello_behind_a_good_cookie),
                                    UNIT(free_in_callback),
                                    UNIT(refused_configs),
                                    UNIT(no_memory),
                                    UNIT(strangers_cost_nothing),
                                    UNIT(handshake_through_the_gate)};
  return unit_suite("dtls/gate", tests, sizeof tests / sizeof tests[0]);
}
