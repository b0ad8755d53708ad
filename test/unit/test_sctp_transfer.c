/* Whole transfers over bad links: every byte arrives once and in order, nothing hangs, nothing is left. */
#include "sctp/serial.h"
#include "test/support/unit.h"
#include "test/unit/sctp_link.h"

enum { STREAMS = 8 };

typedef struct pump {
  sctp_link link;
  test_rng content;
  size_t total, sent;                     /* bytes of side 0 */
  size_t message;                         /* largest */
  uint32_t out_n[STREAMS], in_n[STREAMS]; /* messages per stream: each carries its number */
  uint8_t *buf;
  bool unordered;
} pump;

static void fill(uint8_t *p, size_t n, uint16_t stream, uint32_t number) {
  uint32_t x = number * 2654435761u + stream;
  for (size_t i = 0; i < n; i++) {
    x = x * 1664525u + 1013904223u;
    p[i] = (uint8_t)(x >> 24);
  }
  p[0] = (uint8_t)number;
}

static size_t length_of(const pump *p, uint16_t stream, uint32_t number) {
  return 1 + (number * 7919u + stream * 104729u) % p->message;
}

static void push(pump *p) {
  while (p->sent < p->total) {
    uint16_t stream = (uint16_t)(p->sent % STREAMS);
    size_t n = length_of(p, stream, p->out_n[stream]);
    fill(p->buf, n, stream, p->out_n[stream]);
    weft_sctp_message m = {.stream = stream, .ppid = 53, .unordered = p->unordered};
    int rc = weft_sctp_send(p->link.end[0].s, &m, p->buf, n, p->link.now);
    if (rc == WEFT_EAGAIN) return;
    ck_assert_int_eq(rc, WEFT_OK);
    p->out_n[stream]++;
    p->sent += n;
  }
}

static void pump_event(sctp_end *e, const weft_sctp_event *ev) {
  pump *p = e->ctx;
  if (e->side == 0 && ev->type == WEFT_SCTP_EVENT_WRITABLE) push(p);
  if (e->side != 1 || ev->type != WEFT_SCTP_EVENT_MESSAGE) return;
  uint32_t number = p->in_n[ev->stream]++;
  if (!p->unordered) {
    ck_assert_uint_eq(ev->len, length_of(p, ev->stream, number));
    uint8_t *want = malloc(ev->len);
    fill(want, ev->len, ev->stream, number);
    ck_assert_mem_eq(ev->data, want, ev->len);
    free(want);
  }
  if (e->bytes == p->sent && p->sent >= p->total) p->link.stop = true;
}

static void run(pump *p, weft_time limit) {
  p->buf = malloc(p->message);
  for (int i = 0; i < 2; i++) {
    p->link.end[i].ctx = p;
    p->link.end[i].on_event = pump_event;
  }
  sctp_link_open(&p->link);
  weft_sctp_connect(p->link.end[0].s, p->link.now);
  sctp_link_run(&p->link, WEFT_SEC(1));
  for (int i = 0; i < 60 && !p->link.end[0].events[WEFT_SCTP_EVENT_CONNECTED]; i++)
    sctp_link_run(&p->link, WEFT_SEC(1));
  push(p);
  weft_time begin = p->link.now;
  sctp_link_run(&p->link, limit);
  ck_assert_uint_eq(p->link.end[1].bytes, p->sent);
  ck_assert_uint_ge(p->sent, p->total);
  if (getenv("WEFT_TEST_PRINT")) {
    weft_sctp_stats st = link_stats(&p->link, 0);
    printf("%zu bytes in %.2f s: %llu packets, %llu retransmits, %llu fast, %llu T3\n", p->sent,
           (double)(p->link.now - begin) / 1e6, (unsigned long long)st.packets_out, (unsigned long long)st.retransmits,
           (unsigned long long)st.fast_retransmits, (unsigned long long)st.t3_expiries);
  }
  sctp_link_run(&p->link, WEFT_SEC(400));
  weft_sctp_stats a = link_stats(&p->link, 0), b = link_stats(&p->link, 1);
  ck_assert_uint_eq(a.buffered, 0);
  ck_assert_uint_eq(a.outstanding, 0);
  ck_assert_uint_eq(b.reassembly, 0);
  ck_assert_uint_eq(b.unconsumed, 0);
  free(p->buf);
  sctp_link_close(&p->link);
}

START_TEST(ten_megabytes_at_one_percent) {
  pump p = {.total = 10u << 20, .message = 16384};
  sctp_link_init(&p.link, 11);
  p.link.loss = 1;
  p.link.jitter = WEFT_MS(2);
  run(&p, WEFT_SEC(2000));
}
END_TEST

START_TEST(ten_megabytes_at_ten_percent) {
  pump p = {.total = 10u << 20, .message = 16384};
  sctp_link_init(&p.link, 12);
  p.link.loss = 10;
  p.link.jitter = WEFT_MS(2);
  run(&p, WEFT_SEC(20000));
}
END_TEST

START_TEST(numbers_wrap) {
  for (uint64_t seed = 0; seed < 6; seed++) {
    pump p = {.total = 200000, .message = 3000};
    sctp_link_init(&p.link, seed);
    for (int i = 0; i < 2; i++) {
      p.link.end[i].cfg.use_initial_tsn = true;
      p.link.end[i].cfg.initial_tsn = 0xfffffff0u + (uint32_t)seed;
      p.link.end[i].cfg.initial_ssn = (uint16_t)(0xfff8 + seed);
    }
    p.link.loss = 5;
    p.link.jitter = WEFT_MS(30);
    run(&p, WEFT_SEC(2000));
  }
}
END_TEST

START_TEST(every_kind_of_trouble) {
  for (uint64_t seed = 100; seed < 140; seed++) {
    test_rng r;
    test_rng_init(&r, seed);
    pump p = {.total = 30000 + test_rng_below(&r, 200000),
              .message = 1 + test_rng_below(&r, 60000),
              .unordered = seed % 3 == 0};
    sctp_link_init(&p.link, seed);
    p.link.loss = test_rng_below(&r, 20);
    p.link.duplicate = test_rng_below(&r, 10);
    p.link.corrupt = test_rng_below(&r, 3);
    p.link.delay = WEFT_MS(1 + test_rng_below(&r, 150));
    p.link.jitter = test_rng_below(&r, 2) ? 0 : p.link.delay;
    p.link.end[1].cfg.recv_window = 20000 + test_rng_below(&r, 200000);
    p.link.end[1].cfg.mtu = p.link.end[0].cfg.mtu = (uint16_t)(512 + 4 * test_rng_below(&r, 200));
    run(&p, WEFT_SEC(5000));
  }
}
END_TEST

START_TEST(small_messages) {
  pump p = {.total = 300000, .message = 40};
  sctp_link_init(&p.link, 5);
  p.link.loss = 3;
  run(&p, WEFT_SEC(2000));
}
END_TEST

/* Corrupted packets may not change what arrives, with the checksum off they would; here DTLS would have dropped them. */
START_TEST(zero_checksum_transfers) {
  for (int who = 0; who < 4; who++) {
    pump p = {.total = 100000, .message = 5000};
    sctp_link_init(&p.link, 77);
    p.link.end[0].cfg.zero_checksum = who & 1;
    p.link.end[1].cfg.zero_checksum = who & 2;
    p.link.loss = 2;
    run(&p, WEFT_SEC(1000));
  }
}
END_TEST

Suite *test_sctp_transfer(void) {
  static const unit_test tests[] = {UNIT(ten_megabytes_at_one_percent),
                                    UNIT(ten_megabytes_at_ten_percent),
                                    UNIT(numbers_wrap),
                                    UNIT(every_kind_of_trouble),
                                    UNIT(small_messages),
                                    UNIT(zero_checksum_transfers)};
  return unit_suite("sctp/transfer", tests, sizeof tests / sizeof tests[0]);
}
