/* Two honest associations and a link that does to packets what the bytes say: deliver, drop, double, swap, delay, flip a bit. In the end the
 * link is good again, and everything sent reliably must have arrived once and in order, whatever was given up around it. */
#include <stdlib.h>
#include <string.h>

#include "sctp/sctp_int.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { QUEUE = 256, STREAMS = 4, STEPS = 1000 };

typedef struct end {
  weft_sctp *s;
  uint32_t seed;
  struct end *peer;
  uint8_t (*packet)[600];
  size_t len[QUEUE], n;                 /* on the way to the peer */
  uint8_t order[QUEUE];                 /* slots: the first n are on the way, the others free */
  uint32_t sent[STREAMS], got[STREAMS]; /* messages; each carries its number */
  bool limited[STREAMS][STEPS];         /* messages that may be given up */
  bool closed, up;
  size_t resets_out, resets_in, resets_asked;
} end;

static uint8_t packets[2][QUEUE][600];

static int fill(void *ctx, uint8_t *dst, size_t n) {
  uint32_t *x = ctx;
  for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)((*x = *x * 1664525u + 1013904223u) >> 24);
  return 0;
}

static int output(void *user, const uint8_t *data, size_t len, weft_time now) {
  end *e = user;
  (void)now;
  if (e->n == QUEUE) return WEFT_EAGAIN;
  REQUIRE(len <= 600);
  memcpy(e->packet[e->order[e->n]], data, len);
  e->len[e->order[e->n++]] = len;
  return WEFT_OK;
}

/* The messages [got, number) of a stream of `from` did not arrive, and will not. */
static void skipped(const end *from, uint16_t stream, uint32_t got, uint32_t number) {
  for (; got < number; got++) REQUIRE(from->limited[stream][got]);
}

static void message(end *e, const weft_sctp_event *ev) {
  REQUIRE(ev->stream < STREAMS && ev->len >= 4);
  uint32_t number = weft_sctp_be32(ev->data);
  for (size_t i = 4; i < ev->len; i++) REQUIRE(ev->data[i] == (uint8_t)number);
  REQUIRE(number >= e->got[ev->stream] && number < e->peer->sent[ev->stream]);
  skipped(e->peer, ev->stream, e->got[ev->stream], number);
  e->got[ev->stream] = number + 1;
}

static void event(void *user, const weft_sctp_event *ev, weft_time now) {
  end *e = user;
  (void)now;
  REQUIRE(!e->closed);
  switch (ev->type) {
  case WEFT_SCTP_EVENT_CONNECTED: e->up = true; break;
  case WEFT_SCTP_EVENT_MESSAGE: message(e, ev); break;
  case WEFT_SCTP_EVENT_RESET_IN: e->resets_in++; break;
  case WEFT_SCTP_EVENT_RESET_OUT: e->resets_out++; break;
  case WEFT_SCTP_EVENT_CLOSED: e->closed = true; break;
  case WEFT_SCTP_EVENT_WRITABLE:
  case WEFT_SCTP_EVENT_DRAINED: break;
  case WEFT_SCTP_EVENT_RESTARTED: abort(); /* nobody restarts here */
  }
}

static void make(end *e, uint8_t how) {
  weft_sctp_config cfg;
  weft_sctp_config_default(&cfg);
  cfg.rng = (weft_rng){fill, &e->seed};
  cfg.mtu = 600;
  cfg.recv_window = 6000;
  cfg.max_message_in = cfg.max_message_out = 4000;
  cfg.heartbeat_interval = WEFT_NEVER;
  cfg.max_retransmits = cfg.max_init_retransmits = 10000; /* the link may be dead for as long as the bytes last */
  cfg.cookie_life = WEFT_SEC(1000000); /* a stale one means a restart, and that loses messages by design */
  cfg.use_initial_tsn = true;
  cfg.initial_tsn = how & 1 ? 0xfffffffau : 7;
  cfg.initial_ssn = how & 1 ? 0xfffd : 0;
  REQUIRE(weft_sctp_new(&e->s, &cfg, &(weft_sctp_callbacks){sizeof(weft_sctp_callbacks), output, event}, e) == WEFT_OK);
}

static void remove_packet(end *e, size_t i) {
  uint8_t slot = e->order[i];
  e->n--;
  memmove(&e->order[i], &e->order[i + 1], e->n - i);
  e->order[e->n] = slot;
}

static void arrive(end *from, size_t i, bool keep, int flip, weft_time now) {
  uint8_t copy[600];
  size_t n = from->len[from->order[i]];
  memcpy(copy, from->packet[from->order[i]], n);
  if (flip >= 0) copy[(size_t)flip % n] ^= 0x10;
  if (!keep) remove_packet(from, i);
  if (!from->peer->closed) REQUIRE(weft_sctp_input(from->peer->s, copy, n, now) == WEFT_OK);
}

static void send_one(end *e, uint16_t stream, size_t n, bool limited, weft_time now) {
  uint8_t buf[4000];
  weft_sctp_message m = {.stream = stream, .ppid = 53, .limit_retransmits = limited, .max_retransmits = 0};
  if (n < 4) n = 4;
  memset(buf, (uint8_t)e->sent[stream], n);
  weft_sctp_put32(buf, e->sent[stream]);
  if (weft_sctp_send(e->s, &m, buf, n, now) != WEFT_OK) return;
  e->limited[stream][e->sent[stream]++] = limited;
}

static void tick(end *e, weft_time now) {
  if (!e->closed && weft_sctp_deadline(e->s) <= now) (void)weft_sctp_tick(e->s, now);
}

static void step(end *e, uint8_t op, uint8_t arg, weft_time *now) {
  switch (op & 7) {
  case 0: send_one(e, arg & 3, (size_t)arg * 15, false, *now); break;
  case 1: send_one(e, arg & 3, (size_t)arg * 15, op & 0x80, *now); break;
  case 2:
    if (e->n) arrive(e, arg % e->n, false, -1, *now);
    break;
  case 3:
    if (e->n) remove_packet(e, arg % e->n);
    break;
  case 4:
    if (e->n) arrive(e, arg % e->n, true, -1, *now);
    break;
  case 5:
    if (e->n) arrive(e, 0, true, arg, *now);
    break;
  case 6: *now += (weft_time)arg * arg * 100; break;
  default:
    if (weft_sctp_reset_streams(e->s, &(uint16_t){arg & 3}, 1, *now) == WEFT_OK) e->resets_asked++;
    break;
  }
}

static bool quiet(const end *e) {
  if (e->closed) return e->n == 0;
  return e->n == 0 && weft_sctp_send_empty(&e->s->tx) && !e->s->resets.open && weft_list_empty(&e->s->tx.resettable);
}

static void finish(end *e, weft_time *now) {
  for (int i = 0; i < 3000 && !(quiet(&e[0]) && quiet(&e[1]) && e[0].up && e[1].up); i++) {
    for (int k = 0; k < 2; k++) {
      while (e[k].n) arrive(&e[k], 0, false, -1, *now);
    }
    if (e[0].n || e[1].n) continue;
    weft_time at = weft_time_min(weft_sctp_deadline(e[0].s), weft_sctp_deadline(e[1].s));
    if (at == WEFT_NEVER) break;
    *now = at > *now ? at : *now;
    tick(&e[0], *now);
    tick(&e[1], *now);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static end e[2];
  weft_time now = WEFT_SEC(10);
  if (size < 1) return 0;
  for (int i = 0; i < 2; i++) {
    e[i] = (end){.seed = (uint32_t)i + 1, .peer = &e[!i], .packet = packets[i]};
    for (int k = 0; k < QUEUE; k++) e[i].order[k] = (uint8_t)k;
    make(&e[i], data[0]);
  }
  (void)weft_sctp_connect(e[0].s, now);
  if (data[0] & 2) (void)weft_sctp_connect(e[1].s, now);
  if (data[0] & 4) finish(e, &now);
  for (size_t at = 1; at + 2 <= size && at < 2 * (size_t)STEPS; at += 2) {
    step(&e[data[at] >> 3 & 1], data[at], data[at + 1], &now);
    tick(&e[0], now);
    tick(&e[1], now);
  }
  finish(e, &now);
  for (int i = 0; i < 2; i++) {
    REQUIRE(!e[i].closed && e[i].up && quiet(&e[i]));
    REQUIRE(e[i].s->reassembly.bytes == 0 && e[i].s->unconsumed == 0);
    REQUIRE((e[i].resets_asked == 0) == (e[i].resets_out == 0) && e[i].resets_out == e[!i].resets_in);
    for (uint16_t k = 0; k < STREAMS; k++) skipped(&e[i], k, e[!i].got[k], e[i].sent[k]);
  }
  for (int i = 0; i < 2; i++) weft_sctp_free(e[i].s);
  return 0;
}
