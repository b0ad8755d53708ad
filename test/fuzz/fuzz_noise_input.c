/* Two sessions over a pipe that a third party holds: it passes, cuts, alters, repeats and adds bytes, and time
 * passes. What is delivered is always the beginning of what was sent; SECURED comes only with the right peer; CLOSED
 * comes at most once. With the lowest bit of the first byte set, one side is instead a peer that speaks Noise and
 * says what the input says. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "noise/noise_int.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

enum { PIPE = 200000, STEPS = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct end {
  weft_noise *n;
  uint8_t pipe[PIPE]; /* what it sent and nobody passed on yet */
  size_t len, take;
  uint64_t sent, got; /* the bytes of a stream are their own position */
  unsigned secured, closed;
} end;

typedef struct world {
  end side[2];
  const uint8_t *p, *stop;
  weft_time now;
} world;

static world w; /* large */
static weft_identity ids[2];

static uint8_t byte(void) { return w.p < w.stop ? *w.p++ : 0; }

static ptrdiff_t output(void *user, const uint8_t *data, size_t len, weft_time now) {
  end *e = user;
  (void)now;
  size_t n = len < e->take ? len : e->take;
  if (n > PIPE - e->len) n = PIPE - e->len;
  memcpy(e->pipe + e->len, data, n);
  e->len += n;
  return (ptrdiff_t)n;
}

static void event(void *user, const weft_noise_event *ev, weft_time now) {
  end *e = user;
  unsigned s = e == &w.side[1];
  (void)now;
  REQUIRE(e->closed == 0);
  switch (ev->type) {
  case WEFT_NOISE_EVENT_SECURED:
    REQUIRE(e->secured++ == 0 && ev->peer_id_len == 38 && memcmp(ev->peer_id, ids[1 - s].peer_id, 38) == 0);
    break;
  case WEFT_NOISE_EVENT_DATA:
    REQUIRE(e->secured == 1 && ev->len > 0);
    for (size_t i = 0; i < ev->len; i++) REQUIRE(ev->data[i] == (uint8_t)(e->got++ * 7));
    REQUIRE(e->got <= w.side[1 - s].sent);
    break;
  case WEFT_NOISE_EVENT_CLOSED:
    e->closed++;
    REQUIRE(strlen(ev->closed.text) > 0 && strcmp(ev->closed.layer, "noise") == 0);
    break;
  case WEFT_NOISE_EVENT_REMOTE_CLOSED:
  case WEFT_NOISE_EVENT_WRITABLE: break;
  }
}

static int fill(void *ctx, uint8_t *dst, size_t n) {
  uint8_t *counter = ctx;
  for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)(++*counter * 29);
  return 0;
}

static void make(unsigned s, uint8_t *counter) {
  weft_noise_config cfg;
  weft_noise_callbacks cb = {sizeof cb, output, event};
  weft_noise_config_default(&cfg);
  cfg.rng = (weft_rng){fill, counter};
  cfg.identity = &ids[s];
  cfg.initiator = s == 0;
  cfg.send_limit = 4096;
  cfg.max_frame = 1000;
  w.side[s].take = PIPE;
  REQUIRE(weft_noise_new(&w.side[s].n, &cfg, &cb, &w.side[s]) == WEFT_OK);
  REQUIRE(weft_noise_start(w.side[s].n, 0) == WEFT_OK);
}

static void give(unsigned to, const uint8_t *data, size_t len) {
  uint8_t *copy = malloc(len ? len : 1);
  if (!copy) abort();
  memcpy(copy, data, len);
  weft_noise_input(w.side[to].n, copy, len, w.now);
  free(copy);
}

static void pass(unsigned from, size_t n) {
  end *e = &w.side[from];
  if (n > e->len) n = e->len;
  give(1 - from, e->pipe, n);
  memmove(e->pipe, e->pipe + n, e->len - n);
  e->len -= n;
}

static void send_some(unsigned s, size_t n) {
  static uint8_t buf[8 * 256];
  end *e = &w.side[s];
  for (size_t i = 0; i < n; i++) buf[i] = (uint8_t)((e->sent + i) * 7);
  ptrdiff_t took = weft_noise_send(e->n, buf, n, w.now);
  REQUIRE(took <= (ptrdiff_t)n);
  if (took > 0) e->sent += (uint64_t)took;
}

static void step(void) {
  uint8_t op = byte();
  unsigned s = op >> 7;
  end *e = &w.side[s];
  size_t n = byte();
  switch (op & 15) {
  case 0: pass(s, n); break;
  case 1: pass(s, PIPE); break;
  case 2: send_some(s, 8 * n); break;
  case 3:
    if (e->len > 0) e->pipe[n % e->len] ^= (uint8_t)(byte() | 1);
    break;
  case 4: /* repeat what waits */
    if (e->len > 0 && 2 * e->len <= PIPE) {
      memcpy(e->pipe + e->len, e->pipe, e->len);
      e->len *= 2;
    }
    break;
  case 5: /* lose the first n */
    if (n > e->len) n = e->len;
    memmove(e->pipe, e->pipe + n, e->len - n);
    e->len -= n;
    break;
  case 6:
    if (n > (size_t)(w.stop - w.p)) n = (size_t)(w.stop - w.p);
    give(s, w.p, n);
    w.p += n;
    break;
  case 7:
    w.now += WEFT_MS(100) * n;
    weft_noise_tick(e->n, w.now);
    REQUIRE(weft_noise_deadline(e->n) > w.now);
    break;
  case 8: e->take = n * n; break;
  case 9: weft_noise_input_end(e->n, w.now); break;
  case 10: weft_noise_close(e->n, n & 1 ? WEFT_OK : WEFT_EPROTO, w.now); break;
  default: weft_noise_tick(e->n, w.now); break;
  }
}

/* The peer of side 1 by hand: message 1, then message 3 with the rest of the input as its payload, or the other way
 * round. */
static void say_payload(unsigned victim) {
  static uint8_t wire[PIPE], plain[PIPE];
  weft_noise_handshake hs;
  uint8_t s[32] = {5}, e[32] = {6};
  size_t n = 0, got = 0, len = (size_t)(w.stop - w.p);
  end *v = &w.side[victim];
  if (len > 60000) return;
  REQUIRE(weft_noise_handshake_init(&hs, victim == 1, NULL, 0, s, e) == WEFT_OK);
  if (victim == 1) {
    REQUIRE(weft_noise_handshake_write(&hs, NULL, 0, wire + 2, &n) == WEFT_OK);
    wire[0] = 0, wire[1] = 32;
    give(1, wire, 34);
  }
  REQUIRE(weft_noise_handshake_read(&hs, v->pipe + 2, v->len - 2, plain, &got) == WEFT_OK);
  REQUIRE(weft_noise_handshake_write(&hs, w.p, len, wire + 2, &n) == WEFT_OK);
  wire[0] = (uint8_t)(n >> 8), wire[1] = (uint8_t)n;
  give(victim, wire, n + 2);
  REQUIRE(v->secured == 0 && v->closed == 1); /* nobody can sign for the other identity */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool ready;
  uint8_t counter = 0, seed[32] = {1};
  if (!ready) {
    if (sodium_init() < 0) abort();
    for (unsigned i = 0; i < 2; i++, seed[0]++) weft_identity_from_seed(&ids[i], seed);
    ready = true;
  }
  for (unsigned i = 0; i < 2; i++) {
    end *e = &w.side[i];
    e->len = e->sent = e->got = e->secured = e->closed = 0;
  }
  w.now = 0;
  w.p = data;
  w.stop = data + size;
  uint8_t mode = byte();
  make(0, &counter);
  make(1, &counter);
  if (mode & 1)
    say_payload(mode >> 1 & 1);
  else
    for (unsigned i = 0; i < STEPS && w.p < w.stop; i++) step();
  for (unsigned i = 0; i < 2; i++) weft_noise_free(w.side[i].n);
  return 0;
}
