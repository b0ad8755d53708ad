/* One association against bytes. The first byte chooses the state it starts in and its configuration; then come steps:
 *   op, delay, length, bytes      op & 15: what to do, op >> 4: a detail
 * Chunks come with the right tag and no checksum, so that the fuzzer works on what lies behind them. */
#include <stdlib.h>
#include <string.h>

#include "sctp/sctp_int.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS = 200, BUDGET = 400000 };

typedef struct side {
  weft_sctp *s;
  uint32_t seed;
  uint8_t last[1200]; /* last packet out */
  size_t last_len;
  bool mute, closed;
  uint8_t react; /* what events do */
  size_t unconsumed, sent;
  struct side *peer;
  bool connect_to_peer;
} side;

static int fill(void *ctx, uint8_t *dst, size_t n) {
  uint32_t *x = ctx;
  for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)((*x = *x * 1664525u + 1013904223u) >> 24);
  return 0;
}

static int output(void *user, const uint8_t *data, size_t len, weft_time now) {
  side *e = user;
  (void)now;
  REQUIRE(len <= 1160 && len >= 12 && len % 4 == 0);
  if (e->mute) return WEFT_EAGAIN;
  memcpy(e->last, data, len);
  e->last_len = len;
  e->sent++;
  return WEFT_OK;
}

static void react(side *e, const weft_sctp_event *ev, weft_time now) {
  weft_sctp_message m = {.stream = ev->stream, .ppid = 51, .unordered = e->react & 1};
  switch (e->react >> 1 & 7) {
  case 1: (void)weft_sctp_send(e->s, &m, (const uint8_t *)"reply", 5, now); break;
  case 2: (void)weft_sctp_close(e->s, WEFT_OK, now); break;
  case 3: (void)weft_sctp_abort(e->s, "enough", now); break;
  case 4: (void)weft_sctp_notify_drained(e->s, ev->stream, now); break;
  case 5: (void)weft_sctp_reset_streams(e->s, &ev->stream, 1, now); break;
  case 6: weft_sctp_hold(e->s), (void)weft_sctp_release(e->s, now); break;
  default: break;
  }
}

static void event(void *user, const weft_sctp_event *ev, weft_time now) {
  side *e = user;
  REQUIRE(!e->closed);
  e->closed = ev->type == WEFT_SCTP_EVENT_CLOSED;
  if (ev->type == WEFT_SCTP_EVENT_MESSAGE) {
    REQUIRE(ev->len > 0 && ev->len <= 20000);
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < ev->len; i++) sum = (uint8_t)(sum + ev->data[i]);
    e->unconsumed += ev->len;
  }
  if (!e->closed) react(e, ev, now);
}

static void make(side *e, uint8_t how) {
  weft_sctp_config cfg;
  weft_sctp_config_default(&cfg);
  cfg.rng = (weft_rng){fill, &e->seed};
  cfg.zero_checksum = true;
  cfg.recv_window = 20000;
  cfg.send_limit = 30000;
  cfg.max_message_in = cfg.max_message_out = 20000;
  cfg.auto_consume = !(how & 8);
  cfg.streams_in = cfg.streams_out = 300;
  cfg.use_initial_tsn = true;
  cfg.initial_tsn = how & 16 ? 0xfffffff8u : 1000;
  cfg.initial_ssn = how & 16 ? 0xfffe : 0;
  REQUIRE(weft_sctp_new(&e->s, &cfg, &(weft_sctp_callbacks){sizeof(weft_sctp_callbacks), output, event}, e) == WEFT_OK);
}

static void carry(side *from, side *to, weft_time now) {
  if (!from->last_len) return;
  uint8_t packet[1200];
  size_t n = from->last_len;
  memcpy(packet, from->last, n);
  from->last_len = 0;
  if (to->s && !to->closed) (void)weft_sctp_input(to->s, packet, n, now);
}

/* 0: closed, 1: COOKIE_WAIT, 2: COOKIE_ECHOED, 3: established, 4..7: established and more. */
static void reach(side *a, side *b, uint8_t state, weft_time now) {
  if (state == 0) return;
  weft_sctp_connect(a->s, now);
  if (state == 1) return;
  carry(a, b, now);
  carry(b, a, now);
  if (state == 2) return;
  carry(a, b, now);
  carry(b, a, now);
  REQUIRE(weft_sctp_get_state(a->s) == WEFT_SCTP_ESTABLISHED);
  static const uint8_t text[3000] = {1};
  weft_sctp_message m = {.stream = 1, .ppid = 53, .limit_retransmits = state == 6};
  if (state >= 4) (void)weft_sctp_send(a->s, &m, text, sizeof text, now);
  if (state == 5) (void)weft_sctp_close(a->s, WEFT_OK, now);
  if (state == 7) (void)weft_sctp_reset_streams(a->s, &(uint16_t){5}, 1, now);
}

static uint32_t tag_for(const side *a, uint8_t detail) {
  switch (detail & 3) {
  case 1: return 0;
  case 2: return a->s->peer.peer_tag;
  default: return a->s->peer.my_tag;
  }
}

static void inject(side *a, uint8_t detail, const uint8_t *data, size_t n, weft_time now) {
  uint8_t packet[12 + 255];
  weft_sctp_put16(packet, 5000);
  weft_sctp_put16(packet + 2, 5000);
  weft_sctp_put32(packet + 4, tag_for(a, detail));
  memset(packet + 8, 0, 4);
  if (n) memcpy(packet + 12, data, n);
  if (n && (data[0] == WEFT_SCTP_INIT || data[0] == WEFT_SCTP_COOKIE_ECHO)) {
    uint32_t crc = weft_sctp_packet_crc(weft_sctp_crc32c_table, packet, 12 + n);
    for (unsigned i = 0; i < 4; i++) packet[8 + i] = (uint8_t)(crc >> (8 * i));
  }
  (void)weft_sctp_input(a->s, packet, 12 + n, now);
}

/* A DATA chunk near the cumulative TSN, from four bytes. */
static void inject_data(side *a, uint8_t detail, const uint8_t *data, size_t n, weft_time now) {
  uint8_t c[16 + 200] = {WEFT_SCTP_DATA, detail & 15};
  if (n < 5) return;
  size_t len = n - 4 < 200 ? n - 4 : 200;
  weft_sctp_put16(c + 2, (uint16_t)(16 + len));
  weft_sctp_put32(c + 4, a->s->rx.cumulative + 1u + data[0] % 64u);
  weft_sctp_put16(c + 8, data[1]);
  weft_sctp_put16(c + 10, (uint16_t)(a->s->cfg.initial_ssn + data[2]));
  memcpy(c + 16, data + 4, len);
  inject(a, 0, c, weft_sctp_pad4(16 + len), now);
}

static void inject_sack(side *a, const uint8_t *data, size_t n, weft_time now) {
  uint8_t c[16 + 4 * 20] = {WEFT_SCTP_SACK};
  if (n < 4) return;
  size_t gaps = (n - 4) / 2 < 20 ? (n - 4) / 2 : 20;
  weft_sctp_put16(c + 2, (uint16_t)(16 + 4 * gaps));
  weft_sctp_put32(c + 4, a->s->tx.acked + data[0] % 16u);
  weft_sctp_put32(c + 8, (uint32_t)data[1] * 97u);
  weft_sctp_put16(c + 12, (uint16_t)gaps);
  for (size_t i = 0; i < gaps; i++) {
    weft_sctp_put16(c + 16 + 4 * i, data[4 + 2 * i]);
    weft_sctp_put16(c + 18 + 4 * i, (uint16_t)(data[4 + 2 * i] + data[5 + 2 * i] % 4));
  }
  inject(a, 0, c, 16 + 4 * gaps, now);
}

static void inject_reconfig(side *a, uint8_t detail, const uint8_t *data, size_t n, weft_time now) {
  uint8_t c[32] = {WEFT_SCTP_RE_CONFIG};
  if (n < 4) return;
  bool response = detail & 1;
  weft_sctp_put16(c + 2, response ? 16 : 22);
  weft_sctp_put16(c + 4, response ? WEFT_SCTP_PARAM_RESPONSE : WEFT_SCTP_PARAM_RESET_OUT);
  weft_sctp_put16(c + 6, response ? 12 : 18);
  weft_sctp_put32(c + 8, response ? a->s->resets.seq + data[0] % 2u : a->s->resets.peer_seq + data[0] % 3u);
  weft_sctp_put32(c + 12, response ? data[1] % 8u : 0);
  if (!response) weft_sctp_put32(c + 16, a->s->rx.cumulative + data[1] % 4u), weft_sctp_put16(c + 20, data[2]);
  inject(a, 0, c, response ? 16 : 24, now);
}

static void call(side *a, uint8_t detail, const uint8_t *data, size_t n, weft_time now) {
  uint16_t streams[2] = {n ? data[0] : 0, n > 1 ? data[1] : 0};
  weft_sctp_message m = {.stream = streams[0],
                         .ppid = 51,
                         .unordered = detail & 1,
                         .limit_retransmits = detail & 2,
                         .max_retransmits = streams[1] & 1,
                         .lifetime = detail & 4 ? WEFT_MS(50) : 0};
  static const uint8_t bulk[8192];
  switch (detail & 7) {
  case 5: (void)weft_sctp_reset_streams(a->s, streams, n > 2 ? 0 : 2, now); break;
  case 6: (void)weft_sctp_notify_drained(a->s, streams[0], now); break;
  case 7:
    if (weft_sctp_consumed(a->s, 0, a->unconsumed, now) == WEFT_OK) a->unconsumed = 0;
    break;
  default: (void)weft_sctp_send(a->s, &m, bulk, 1 + (size_t)streams[1] * 32, now); break;
  }
}

static void step(side *a, side *b, const uint8_t *op, const uint8_t *data, size_t n, weft_time *now) {
  static const weft_time delays[] = {0, 1, 1000, 20000, 200000, 1000000, 5000000, 60000000};
  uint8_t detail = op[0] >> 4;
  *now += delays[op[1] & 7];
  if (a->closed) return;
  switch (op[0] & 15) {
  case 0:
  case 1: inject(a, detail, data, n, *now); break;
  case 2: inject_data(a, detail, data, n, *now); break;
  case 3: inject_sack(a, data, n, *now); break;
  case 4: inject_reconfig(a, detail, data, n, *now); break;
  case 5: call(a, detail, data, n, *now); break;
  case 6: carry(b, a, *now); break;
  case 7: carry(a, b, *now); break;
  case 8: a->mute = detail & 1; break;
  case 9: a->react = n ? data[0] : detail; break;
  case 10: (void)weft_sctp_connect(a->s, *now); break;
  case 11: (void)weft_sctp_close(a->s, WEFT_OK, *now); break;
  default: (void)weft_sctp_tick(a->s, *now); break;
  }
}

static void check(const side *a, weft_time now) {
  const weft_sctp *s = a->s;
  if (a->closed) return;
  REQUIRE(s->pool.in_use + s->pool.kept_bytes < BUDGET);
  REQUIRE(s->reassembly.charge <= s->cfg.recv_window + 2u * s->cfg.max_message_in + 2000u);
  REQUIRE(s->cc.cwnd >= s->cc.pmdcs || s->cc.pmdcs == 0);
  REQUIRE(weft_sctp_deadline(s) != 0);
  (void)now;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  static side a, b;
  a = (side){.seed = 1};
  b = (side){.seed = 2};
  weft_time now = WEFT_SEC(100);
  make(&a, data[0]);
  make(&b, 0);
  reach(&a, &b, data[0] & 7, now);
  size_t at = 1;
  for (int steps = 0; at + 3 <= size && steps < STEPS; steps++) {
    const uint8_t *op = data + at;
    size_t n = op[2] < size - at - 3 ? op[2] : size - at - 3;
    step(&a, &b, op, op + 3, n, &now);
    check(&a, now);
    at += 3 + n;
  }
  a.mute = false;
  for (int i = 0; i < 400 && !a.closed; i++) { /* whatever happened, its timers end it or go quiet */
    weft_time due = weft_sctp_deadline(a.s);
    if (due == WEFT_NEVER) break;
    now = due > now ? due : now;
    (void)weft_sctp_tick(a.s, now);
    if (!a.closed) REQUIRE(weft_sctp_deadline(a.s) > now);
  }
  weft_sctp_free(a.s);
  weft_sctp_free(b.s);
  return 0;
}
