#include "test/unit/yamux_rig.h"

enum { DATA = WEFT_YAMUX_DATA, WINDOW = WEFT_YAMUX_WINDOW_UPDATE, PING = WEFT_YAMUX_PING };
enum { SYN = WEFT_YAMUX_SYN, ACK = WEFT_YAMUX_ACK, RST = WEFT_YAMUX_RST, FIN = WEFT_YAMUX_FIN };

/* One round of each flood; id counts up. */
static void ping(yamux_rig *r, uint32_t id) { yamux_rig_frame(r, 1, PING, SYN, 0, id, 0); }
static void pong(yamux_rig *r, uint32_t id) { yamux_rig_frame(r, 1, PING, ACK, 0, id + 100, 0); }
static void empty(yamux_rig *r, uint32_t id) { yamux_rig_frame(r, 1, DATA, 0, 1 + (id & 2), 0, 0); }
static void no_credit(yamux_rig *r, uint32_t id) { yamux_rig_frame(r, 1, WINDOW, 0, 1 + (id & 2), 0, 0); }
static void rapid_reset(yamux_rig *r, uint32_t id) {
  yamux_rig_frame(r, 1, WINDOW, SYN, 11 + 2 * id, 0, 0);
  yamux_rig_frame(r, 1, WINDOW, RST, 11 + 2 * id, 0, 0);
}
static void syn_rst(yamux_rig *r, uint32_t id) { yamux_rig_frame(r, 1, DATA, SYN | RST, 11 + 2 * id, 0, 0); }
static void made_you_reset(yamux_rig *r, uint32_t id) { /* CVE-2025-8671 of HTTP/2 */
  yamux_rig_frame(r, 1, WINDOW, SYN | FIN, 11 + 2 * id, 0, 0);
  yamux_rig_frame(r, 1, DATA, 0, 11 + 2 * id, 1, 1);
}
static void syn(yamux_rig *r, uint32_t id) { yamux_rig_frame(r, 1, WINDOW, SYN, 11 + 2 * id, 0, 0); }

static const struct {
  void (*round)(yamux_rig *r, uint32_t id);
  unsigned free; /* rounds that are not counted */
} floods[] = {{ping, 0},        {pong, 0},    {empty, 0},          {no_credit, 0},
              {rapid_reset, 0}, {syn_rst, 0}, {made_you_reset, 0}, {syn, 999}};

static bool open(const yamux_rig *r) { return r->y[1]->state == WEFT_YAMUX_STATE_RUNNING; }

static yamux_rig *victim(void) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  yamux_rig_clear(r);
  return r;
}

START_TEST(a_burst_is_answered_and_more_is_a_flood) {
  for (size_t f = 0; f < WEFT_ARRAY_LEN(floods); f++) {
    yamux_rig *r = victim();
    unsigned limit = WEFT_YAMUX_FLOOD_BURST + floods[f].free;
    for (uint32_t i = 0; i < limit; i++) floods[f].round(r, i);
    ck_assert(open(r));
    ck_assert_int_eq(yamux_rig_send(r, 1, 1, "x"), 1);
    floods[f].round(r, limit);
    ck_assert(!open(r));
    ck_assert_str_eq(r->closed[1].step, "flood");
    ck_assert_int_eq(r->closed[1].code, WEFT_ELIMIT);
    ck_assert_hex(r->out[1].bytes + r->out[1].len - 12, 12, "000300000000000000000001");
    ck_assert_uint_eq(yamux_rig_stats(r, 1).idle_frames, WEFT_YAMUX_FLOOD_BURST + 1);
    ck_assert_uint_eq(yamux_rig_stats(r, 1).streams, 0);
    yamux_rig_free(r);
  }
}
END_TEST

START_TEST(a_thousand_a_second_is_no_flood) {
  yamux_rig *r = victim();
  for (uint32_t i = 0; i < WEFT_YAMUX_FLOOD_BURST; i++) ping(r, i);
  for (uint32_t i = 0; i < 3000; i++) {
    r->now += WEFT_MS(1) + (i % 2 ? 1 : 0);
    ping(r, i);
    ck_assert(open(r));
    r->out[1].len = 0;
  }
  ping(r, 0); /* 1.5 ms to spare */
  ck_assert(open(r));
  ping(r, 0);
  ck_assert(!open(r));
  yamux_rig_free(r);
}
END_TEST

START_TEST(a_quiet_time_gives_the_burst_back_and_not_more) {
  yamux_rig *r = victim();
  for (uint32_t i = 0; i < WEFT_YAMUX_FLOOD_BURST; i++) ping(r, i);
  r->now += WEFT_SEC(3600);
  for (uint32_t i = 0; i < WEFT_YAMUX_FLOOD_BURST; i++) ping(r, i);
  ck_assert(open(r));
  ping(r, 0);
  ck_assert(!open(r));
  yamux_rig_free(r);
}
END_TEST

START_TEST(what_moves_something_is_free) {
  yamux_rig *r = victim();
  for (uint32_t i = 0; i < 3 * WEFT_YAMUX_FLOOD_BURST; i++) {
    yamux_rig_frame(r, 1, DATA, 0, 1, 1, 1);
    yamux_rig_frame(r, 1, WINDOW, 0, 1, 1, 0);
    yamux_rig_frame(r, 1, DATA, 0, 9, 1, 1);
    yamux_rig_frame(r, 1, WINDOW, ACK, 9, 0, 0);
    uint32_t id = 11 + 2 * i;
    yamux_rig_frame(r, 1, DATA, SYN | WEFT_YAMUX_FIN, id, 0, 0); /* opened and ended: a stream's whole life */
    weft_yamux_shutdown(r->y[1], id, r->now);
    r->out[1].len = 0;
  }
  ck_assert(open(r));
  ck_assert_uint_eq(yamux_rig_stats(r, 1).idle_frames, 0);
  yamux_rig_free(r);
}
END_TEST

/* CVE-2024-32984 of rust-yamux: a peer that asks and does not read. */
START_TEST(a_peer_that_does_not_read_is_let_go_at_the_limit) {
  for (size_t f = 0; f < 2; f++) {
    weft_yamux_config cfg = yamux_rig_config(1);
    cfg.control_limit = 100;
    cfg.max_streams_in = 5;
    yamux_rig *r = yamux_rig_server(&cfg);
    r->take[1] = 0;
    size_t most = 0;
    uint32_t rounds = 0;
    for (; open(r) && rounds < 1000000; rounds++) {
      if (f == 0)
        ping(r, rounds);
      else
        syn(r, rounds);
      if (open(r) && yamux_rig_stats(r, 1).buffered > most) most = yamux_rig_stats(r, 1).buffered;
    }
    ck_assert_yamux_closed(r, 1, WEFT_WHO_PEER, "control", WEFT_ELIMIT);
    /* A batch goes to the buffer of output before the limit counts. */
    ck_assert_uint_le(rounds, WEFT_YAMUX_BATCH / 12 + 100 + 5);
    ck_assert_uint_le(most, WEFT_YAMUX_BATCH + 100 * 12);
    ck_assert_uint_eq(r->out[1].len, 0);
    yamux_rig_free(r);
  }
}
END_TEST

START_TEST(a_peer_that_reads_may_ask_more_in_one_go_than_the_limit) {
  static uint8_t pings[9000 * 12];
  yamux_rig *r = victim();
  for (uint32_t i = 0; i < 9000; i++)
    weft_yamux_header_encode(&(weft_yamux_header){0, PING, SYN, 0, i}, pings + (size_t)12 * i);
  yamux_rig_give(r, 1, pings, sizeof pings);
  ck_assert(open(r));
  ck_assert_uint_eq(r->out[1].len, sizeof pings);
  for (uint32_t i = 0; i < 9000; i++) {
    weft_yamux_header h;
    weft_yamux_header_decode(&h, r->out[1].bytes + (size_t)12 * i);
    ck_assert(h.type == PING && h.flags == ACK && h.length == i);
  }
  yamux_rig_free(r);
}
END_TEST

Suite *test_yamux_flood(void) {
  static const unit_test tests[] = {
      UNIT(a_burst_is_answered_and_more_is_a_flood),
      UNIT(a_thousand_a_second_is_no_flood),
      UNIT(a_quiet_time_gives_the_burst_back_and_not_more),
      UNIT(what_moves_something_is_free),
      UNIT(a_peer_that_does_not_read_is_let_go_at_the_limit),
      UNIT(a_peer_that_reads_may_ask_more_in_one_go_than_the_limit),
  };
  return unit_suite("yamux/flood", tests, sizeof tests / sizeof tests[0]);
}
