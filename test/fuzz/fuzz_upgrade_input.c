/* Two upgrades over two byte pipes that a third party holds: it passes bytes in pieces, holds the output back, alters and
 * adds bytes, lets time pass, and makes the applications act. READY comes after SECURED, with the right peer; over
 * Noise the data of a stream is always the beginning of what was sent, whatever is done to the pipes. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "libp2p/upgrade_int.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

enum { PIPE = 300000, STEPS = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct end {
  weft_upgrade *u;
  uint8_t pipe[PIPE]; /* what it sent and nobody passed on yet */
  size_t len, take;
  uint32_t stream;    /* the one we opened, or 0 */
  uint64_t sent, got; /* on it; and of the other side's */
  bool secured, ready, closed;
} end;

static struct {
  end side[2];
  const uint8_t *p, *stop;
  weft_time now;
  bool plain, meddled;
} w;

static weft_identity ids[2];

static uint8_t byte(void) { return w.p < w.stop ? *w.p++ : 0; }

static ptrdiff_t output(void *user, const uint8_t *data, size_t len, weft_time now) {
  end *e = user;
  (void)now;
  size_t n = len < e->take ? len : e->take;
  if (n > PIPE - e->len) n = PIPE - e->len;
  memcpy(e->pipe + e->len, data, n);
  e->len += n;
  e->take -= n;
  return (ptrdiff_t)n;
}

static void on_stream(end *e, const weft_stream_event *ev) {
  end *other = &w.side[e == &w.side[0]];
  REQUIRE(e->ready);
  if (ev->type != WEFT_STREAM_DATA || (w.plain && w.meddled)) return;
  REQUIRE(ev->len > 0 && ev->stream == other->stream);
  for (size_t i = 0; i < ev->len; i++) REQUIRE(ev->data[i] == (uint8_t)(e->got++ * 7));
  REQUIRE(e->got <= other->sent);
}

static void check_peer(const end *e, const weft_upgrade_event *ev) {
  if (w.plain)
    REQUIRE(ev->peer_id == NULL);
  else
    REQUIRE(ev->peer_id_len == 38 && memcmp(ev->peer_id, ids[e == &w.side[0]].peer_id, 38) == 0);
}

static void event(void *user, const weft_upgrade_event *ev, weft_time now) {
  end *e = user;
  REQUIRE(!e->closed && now == w.now);
  switch (ev->type) {
  case WEFT_UPGRADE_EVENT_SECURED:
    REQUIRE(!w.plain && !e->secured && !e->ready);
    e->secured = true;
    check_peer(e, ev);
    break;
  case WEFT_UPGRADE_EVENT_READY:
    REQUIRE(!e->ready && e->secured == !w.plain);
    e->ready = true;
    check_peer(e, ev);
    break;
  case WEFT_UPGRADE_EVENT_STREAM: on_stream(e, ev->stream); break;
  case WEFT_UPGRADE_EVENT_CLOSED:
    e->closed = true;
    REQUIRE(ev->closed.layer && ev->closed.step && strlen(ev->closed.text) > 0);
    break;
  }
}

static int fill(void *ctx, uint8_t *dst, size_t n) {
  uint8_t *counter = ctx;
  for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)(++*counter * 29);
  return 0;
}

static void make(unsigned s, uint8_t *counter) {
  weft_upgrade_config cfg;
  weft_upgrade_callbacks cb = {sizeof cb, output, event};
  end *e = &w.side[s];
  weft_upgrade_config_default(&cfg);
  cfg.rng = (weft_rng){fill, counter};
  cfg.identity = &ids[s];
  cfg.dialer = s == 0;
  cfg.secured = w.plain;
  e->take = SIZE_MAX / 2;
  REQUIRE(weft_upgrade_new(&e->u, &cfg, &cb, e) == WEFT_OK);
  REQUIRE(weft_upgrade_start(e->u, w.now) == WEFT_OK);
}

static void give(unsigned to, const uint8_t *data, size_t len) {
  uint8_t *copy = malloc(len ? len : 1);
  if (!copy) abort();
  memcpy(copy, data, len);
  weft_upgrade_input(w.side[to].u, copy, len, w.now);
  free(copy);
}

static void pass(unsigned from, size_t n) {
  end *e = &w.side[from];
  if (n > e->len) n = e->len;
  give(1 - from, e->pipe, n);
  memmove(e->pipe, e->pipe + n, e->len - n);
  e->len -= n;
}

static void act(end *e, uint8_t what, size_t n) {
  uint8_t buf[8 * 256];
  for (size_t i = 0; i < 8 * n; i++) buf[i] = (uint8_t)((e->sent + i) * 7);
  if (e->stream == 0) {
    int rc = weft_upgrade_stream_open(e->u, &e->stream, w.now);
    REQUIRE(e->ready || rc != WEFT_OK);
    return;
  }
  if ((what & 7) == 1) weft_upgrade_stream_shutdown(e->u, e->stream, w.now);
  if ((what & 7) == 2) weft_upgrade_stream_reset(e->u, e->stream, w.now);
  if ((what & 7) == 3) weft_upgrade_stream_consumed(e->u, e->stream, n, w.now);
  if ((what & 7) < 4) return;
  ptrdiff_t took = weft_upgrade_stream_send(e->u, e->stream, buf, 8 * n, w.now);
  REQUIRE(took <= (ptrdiff_t)(8 * n));
  if (took > 0) e->sent += (uint64_t)took;
}

static void meddle(end *e, unsigned how, size_t n) {
  w.meddled = true;
  if (how == 0 && e->len > 0) e->pipe[n * 97 % e->len] ^= (uint8_t)(byte() | 1);
  if (how == 1) {
    if (n > e->len) n = e->len;
    memmove(e->pipe, e->pipe + n, e->len - n);
    e->len -= n;
  }
  if (how == 2) {
    if (n > (size_t)(w.stop - w.p)) n = (size_t)(w.stop - w.p);
    give(e == &w.side[1], w.p, n);
    w.p += n;
  }
}

static void step(void) {
  uint8_t op = byte();
  unsigned s = op >> 7;
  end *e = &w.side[s];
  size_t n = byte();
  switch (op & 15) {
  case 0: pass(s, n); break;
  case 1:
  case 2: pass(s, PIPE); break;
  case 3: act(e, byte(), n); break;
  case 4: e->take = n == 255 ? SIZE_MAX / 2 : n * n; break;
  case 5:
    w.now += WEFT_MS(100) * n;
    for (unsigned i = 0; i < 2; i++) weft_upgrade_tick(w.side[i].u, w.now);
    break;
  case 6: meddle(e, 0, n); break;
  case 7: meddle(e, 1, n); break;
  case 8: meddle(e, 2, n); break;
  case 9:
    if (n == 7) weft_upgrade_input_end(e->u, w.now);
    break;
  case 10:
    if (n < 2) weft_upgrade_close(e->u, n ? WEFT_OK : WEFT_EPROTO, w.now);
    break;
  default: weft_upgrade_tick(e->u, w.now); break;
  }
  for (unsigned i = 0; i < 2; i++) REQUIRE(weft_upgrade_deadline(w.side[i].u) > w.now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool prepared;
  uint8_t counter = 0, seed[32] = {1};
  if (!prepared) {
    if (sodium_init() < 0) abort();
    for (unsigned i = 0; i < 2; i++, seed[0]++) weft_identity_from_seed(&ids[i], seed);
    prepared = true;
  }
  for (unsigned i = 0; i < 2; i++) {
    end *e = &w.side[i];
    e->len = e->sent = e->got = e->stream = 0;
    e->secured = e->ready = e->closed = false;
  }
  w.now = WEFT_SEC(1);
  w.p = data;
  w.stop = data + size;
  w.meddled = false;
  w.plain = byte() & 1;
  for (unsigned i = 0; i < 2; i++) make(i, &counter);
  for (unsigned i = 0; i < STEPS && w.p < w.stop; i++) step();
  for (unsigned i = 0; i < 2; i++) weft_upgrade_free(w.side[i].u);
  return 0;
}
