#include <string.h>

#include "libp2p/ping.h"
#include "test/support/alloc.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

typedef struct side {
  weft_ping *ping;
  uint8_t out[4096];
  size_t out_len, room;
  int output_code;
  int rtts, closed;
  bool free_in_event;
  weft_time rtt;
  weft_closed why;
} side;

static ptrdiff_t output(void *user, const uint8_t *data, size_t len, weft_time now) {
  side *s = user;
  (void)now;
  if (s->output_code) return s->output_code;
  size_t n = len < s->room ? len : s->room;
  ck_assert_uint_le(s->out_len + n, sizeof s->out);
  memcpy(s->out + s->out_len, data, n);
  s->out_len += n;
  s->room -= n;
  return (ptrdiff_t)n;
}

static void event(void *user, const weft_ping_event *ev, weft_time now) {
  side *s = user;
  (void)now;
  if (ev->type == WEFT_PING_EVENT_RTT) {
    s->rtts++;
    s->rtt = ev->rtt;
  } else {
    s->closed++;
    s->why = ev->closed;
  }
  if (s->free_in_event) {
    weft_ping_free(s->ping);
    s->ping = NULL;
  }
}

static test_rng rng;

static int make(side *s, bool responder, uint32_t count, weft_time interval) {
  weft_ping_config cfg;
  weft_ping_callbacks cb = {sizeof cb, output, event};
  memset(s, 0, sizeof *s);
  s->room = SIZE_MAX;
  weft_ping_config_default(&cfg);
  cfg.alloc = test_alloc();
  if (!responder) cfg.rng = test_rng_init(&rng, 5);
  cfg.responder = responder;
  cfg.count = count;
  cfg.interval = interval;
  return weft_ping_new(&s->ping, &cfg, &cb, s);
}

static void start(side *s, bool responder, uint32_t count, weft_time interval) {
  ck_assert_int_eq(make(s, responder, count, interval), WEFT_OK);
  ck_assert_int_eq(weft_ping_start(s->ping, 1000), WEFT_OK);
}

static void check_closed(const side *s, weft_who who, int code) {
  ck_assert_int_eq(s->closed, 1);
  ck_assert_int_eq(s->why.who, who);
  ck_assert_int_eq(s->why.code, code);
  ck_assert_str_eq(s->why.layer, "ping");
}

/* Sends the last ping's own bytes back. */
static void answer(side *s, weft_time now) {
  uint8_t copy[WEFT_PING_SIZE];
  ck_assert_uint_eq(s->out_len, WEFT_PING_SIZE);
  memcpy(copy, s->out, sizeof copy);
  s->out_len = 0;
  ck_assert_int_eq(weft_ping_input(s->ping, copy, sizeof copy, now), WEFT_OK);
}

START_TEST(a_ping_is_measured) {
  static side s;
  start(&s, false, 2, 0);
  uint8_t first[WEFT_PING_SIZE];
  memcpy(first, s.out, sizeof first);
  answer(&s, 1750);
  ck_assert_int_eq(s.rtts, 1);
  ck_assert_uint_eq(s.rtt, 750);
  ck_assert_int_eq(s.closed, 0);
  ck_assert_mem_ne(s.out, first, sizeof first); /* each ping has its own bytes */
  answer(&s, 1800);
  ck_assert_int_eq(s.rtts, 2);
  ck_assert_uint_eq(s.rtt, 50);
  check_closed(&s, WEFT_WHO_SELF, WEFT_OK);
  ck_assert(weft_ping_deadline(s.ping) == WEFT_NEVER);
  weft_ping_free(s.ping);
}
END_TEST

START_TEST(pings_keep_their_interval) {
  static side s;
  start(&s, false, 0, WEFT_SEC(1));
  answer(&s, 5000);
  ck_assert_uint_eq(s.out_len, 0);
  ck_assert_uint_eq(weft_ping_deadline(s.ping), 5000 + WEFT_SEC(1));
  weft_ping_tick(s.ping, 4999 + WEFT_SEC(1));
  ck_assert_uint_eq(s.out_len, 0);
  weft_ping_tick(s.ping, 5000 + WEFT_SEC(1));
  ck_assert_uint_eq(s.out_len, WEFT_PING_SIZE);
  ck_assert_uint_eq(weft_ping_deadline(s.ping), 5000 + WEFT_SEC(11));
  weft_ping_free(s.ping);
}
END_TEST

START_TEST(no_answer) {
  static side s;
  start(&s, false, 1, 0);
  ck_assert_uint_eq(weft_ping_deadline(s.ping), 1000 + WEFT_SEC(10));
  weft_ping_tick(s.ping, 999 + WEFT_SEC(10));
  ck_assert_int_eq(s.closed, 0);
  weft_ping_tick(s.ping, 1000 + WEFT_SEC(10));
  check_closed(&s, WEFT_WHO_TIMEOUT, WEFT_ETIMEDOUT);
  ck_assert(weft_ping_deadline(s.ping) == WEFT_NEVER);
  weft_ping_tick(s.ping, WEFT_SEC(30));
  ck_assert_int_eq(s.closed, 1);
  weft_ping_free(s.ping);
}
END_TEST

START_TEST(wrong_bytes) {
  static side s;
  uint8_t copy[WEFT_PING_SIZE];
  start(&s, false, 3, 0);
  memcpy(copy, s.out, sizeof copy);
  copy[31] ^= 1;
  weft_ping_input(s.ping, copy, sizeof copy, 2000);
  ck_assert_int_eq(s.rtts, 0);
  check_closed(&s, WEFT_WHO_PEER, WEFT_EPROTO);
  weft_ping_free(s.ping);
  start(&s, false, 0, WEFT_SEC(1));
  answer(&s, 2000);
  weft_ping_input(s.ping, copy, 1, 2000); /* nothing was asked */
  check_closed(&s, WEFT_WHO_PEER, WEFT_EPROTO);
  weft_ping_free(s.ping);
}
END_TEST

START_TEST(the_peer_ends_the_stream) {
  static side s;
  start(&s, false, 1, 0);
  weft_ping_input_end(s.ping, 2000);
  check_closed(&s, WEFT_WHO_PEER, WEFT_ECLOSED);
  weft_ping_free(s.ping);
  start(&s, false, 0, WEFT_SEC(1));
  answer(&s, 2000);
  weft_ping_input_end(s.ping, 2000);
  check_closed(&s, WEFT_WHO_PEER, WEFT_OK);
  weft_ping_free(s.ping);
  start(&s, true, 0, 0);
  weft_ping_input_end(s.ping, 2000);
  check_closed(&s, WEFT_WHO_PEER, WEFT_OK);
  weft_ping_free(s.ping);
}
END_TEST

START_TEST(the_responder_echoes_however_it_is_cut) {
  static side s;
  uint8_t sent[10 * WEFT_PING_SIZE];
  for (size_t i = 0; i < sizeof sent; i++) sent[i] = (uint8_t)(i * 7);
  for (size_t piece = 1; piece < 70; piece++) {
    start(&s, true, 0, 0);
    for (size_t at = 0; at < sizeof sent; at += piece) {
      size_t n = sizeof sent - at < piece ? sizeof sent - at : piece;
      ck_assert_int_eq(weft_ping_input(s.ping, sent + at, n, 2000), WEFT_OK);
      ck_assert_uint_eq(s.out_len, (at + n) / WEFT_PING_SIZE * WEFT_PING_SIZE); /* whole pings only */
    }
    ck_assert_mem_eq(s.out, sent, sizeof sent);
    ck_assert_int_eq(s.closed, 0);
    weft_ping_free(s.ping);
  }
}
END_TEST

START_TEST(what_output_does_not_take_is_offered_again) {
  static side s;
  uint8_t block[WEFT_PING_SIZE];
  memset(block, 'p', sizeof block);
  start(&s, true, 0, 0);
  s.room = 5;
  weft_ping_input(s.ping, block, sizeof block, 2000);
  ck_assert_uint_eq(s.out_len, 5);
  weft_ping_input(s.ping, block, sizeof block - 1, 2000);
  s.room = SIZE_MAX;
  weft_ping_tick(s.ping, 2100);
  ck_assert_uint_eq(s.out_len, 32);
  weft_ping_input(s.ping, block, 1, 2200);
  ck_assert_uint_eq(s.out_len, 64);
  s.room = 0;
  weft_ping_input(s.ping, block, sizeof block, 2300);
  ck_assert_int_eq(s.closed, 0);
  weft_ping_input(s.ping, block, sizeof block, 2300); /* pings on without reading */
  check_closed(&s, WEFT_WHO_PEER, WEFT_ELIMIT);
  weft_ping_free(s.ping);
}
END_TEST

START_TEST(pings_in_a_row_in_one_input) {
  static side s;
  uint8_t two[2 * WEFT_PING_SIZE];
  for (size_t i = 0; i < sizeof two; i++) two[i] = (uint8_t)i;
  start(&s, true, 0, 0);
  weft_ping_input(s.ping, two, sizeof two, 2000);
  ck_assert_uint_eq(s.out_len, sizeof two);
  ck_assert_mem_eq(s.out, two, sizeof two);
  weft_ping_free(s.ping);
}
END_TEST

START_TEST(what_goes_wrong_on_our_side) {
  static side s;
  weft_ping_config cfg;
  weft_ping_callbacks cb = {sizeof cb, output, event};
  weft_ping_config_default(&cfg);
  ck_assert_int_eq(weft_ping_new(&s.ping, &cfg, &cb, &s), WEFT_EINVAL); /* a client without rng */
  ck_assert_int_eq(make(&s, false, 1, 0), WEFT_OK);
  ck_assert_int_eq(weft_ping_input(s.ping, (const uint8_t *)"x", 1, 0), WEFT_ESTATE);
  s.output_code = WEFT_ERESET;
  ck_assert_int_eq(weft_ping_start(s.ping, 0), WEFT_OK);
  check_closed(&s, WEFT_WHO_SELF, WEFT_ERESET);
  ck_assert_int_eq(weft_ping_start(s.ping, 0), WEFT_ESTATE);
  weft_ping_free(s.ping);
  ck_assert_int_eq(make(&s, false, 1, 0), WEFT_OK);
  rng.fail_on = true;
  rng.fail_after = 0;
  weft_ping_start(s.ping, 0);
  check_closed(&s, WEFT_WHO_SELF, WEFT_ERANDOM);
  weft_ping_free(s.ping);
}
END_TEST

START_TEST(free_inside_the_event) {
  static side s;
  start(&s, false, 5, 0);
  s.free_in_event = true;
  answer(&s, 2000);
  ck_assert_int_eq(s.rtts, 1);
  ck_assert_int_eq(s.closed, 0);
  ck_assert_ptr_null(s.ping);
  weft_ping_free(NULL);
}
END_TEST

START_TEST(nothing_follows_free_even_with_bytes_left) {
  static side s;
  uint8_t both[2 * WEFT_PING_SIZE];
  start(&s, false, 0, 0);
  memcpy(both, s.out, WEFT_PING_SIZE);
  answer(&s, 2000);
  memcpy(both + WEFT_PING_SIZE, s.out, WEFT_PING_SIZE);
  weft_ping_free(s.ping);
  start(&s, false, 0, 0); /* the same seed gives the same pings */
  s.free_in_event = true;
  weft_ping_input(s.ping, both, sizeof both, 2000);
  ck_assert_int_eq(s.rtts, 1);
  ck_assert_uint_eq(s.out_len, sizeof both); /* the second ping, no third */
  ck_assert_mem_eq(s.out, both, sizeof both);
}
END_TEST

static void one_ping(void *ctx) {
  side *s = ctx;
  if (make(s, false, 1, 0) != WEFT_OK) return;
  weft_ping_start(s->ping, 1000);
  answer(s, 2000);
  ck_assert_int_eq(s->rtts, 1);
  weft_ping_free(s->ping);
}

START_TEST(memory_runs_out) {
  static side s;
  ck_assert_uint_eq(alloc_sweep(one_ping, &s), 1);
}
END_TEST

Suite *test_libp2p_ping(void) {
  static const unit_test tests[] = {UNIT(a_ping_is_measured),
                                    UNIT(pings_keep_their_interval),
                                    UNIT(no_answer),
                                    UNIT(wrong_bytes),
                                    UNIT(the_peer_ends_the_stream),
                                    UNIT(the_responder_echoes_however_it_is_cut),
                                    UNIT(what_output_does_not_take_is_offered_again),
                                    UNIT(pings_in_a_row_in_one_input),
                                    UNIT(what_goes_wrong_on_our_side),
                                    UNIT(free_inside_the_event),
                                    UNIT(nothing_follows_free_even_with_bytes_left),
                                    UNIT(memory_runs_out)};
  return unit_suite("libp2p/ping", tests, sizeof tests / sizeof tests[0]);
}
