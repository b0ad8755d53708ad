/* One side of ping fed by bytes: the first chooses the side, then {operation, amount, data}. One CLOSED at most, deadlines pass. */
#include <stdlib.h>
#include <string.h>

#include "libp2p/ping.h"
#include "test/support/rng.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct driver {
  weft_ping *ping;
  weft_time now;
  uint8_t sent[WEFT_PING_SIZE]; /* the last bytes that went out, oldest first */
  size_t room;
  int closed;
  bool free_in_event;
} driver;

static ptrdiff_t output(void *user, const uint8_t *data, size_t len, weft_time now) {
  driver *d = user;
  REQUIRE(len > 0 && len <= WEFT_PING_SIZE && now == d->now && d->closed == 0);
  size_t n = len < d->room ? len : d->room;
  memmove(d->sent, d->sent + n, WEFT_PING_SIZE - n);
  memcpy(d->sent + WEFT_PING_SIZE - n, data, n);
  d->room -= n;
  return (ptrdiff_t)n;
}

static void event(void *user, const weft_ping_event *ev, weft_time now) {
  driver *d = user;
  REQUIRE(now == d->now && d->closed == 0);
  if (ev->type == WEFT_PING_EVENT_CLOSED) d->closed++;
  if (ev->type == WEFT_PING_EVENT_RTT) REQUIRE(ev->rtt <= now);
  if (!d->free_in_event) return;
  weft_ping_free(d->ping);
  d->ping = NULL;
}

static size_t operation(driver *d, uint8_t op, uint8_t amount, const uint8_t *data, size_t left) {
  size_t n = amount < left ? amount : left;
  uint8_t echo[WEFT_PING_SIZE];
  d->now += (weft_time)(op >> 3) * 1000;
  switch (op & 7) {
  case 0: weft_ping_tick(d->ping, d->now); return 0;
  case 1: d->room += amount; return 0;
  case 2: d->now += WEFT_MS(100) * amount; return 0;
  case 3:
    if (amount == 0) weft_ping_input_end(d->ping, d->now);
    return 0;
  case 4:
    memcpy(echo, d->sent, sizeof echo);
    weft_ping_input(d->ping, echo, sizeof echo, d->now);
    return 0;
  default: weft_ping_input(d->ping, data, n, d->now); return n;
  }
}

static void run_out(driver *d) {
  for (int i = 0; i < 4 && d->ping && weft_ping_deadline(d->ping) != WEFT_NEVER; i++) {
    weft_time deadline = weft_ping_deadline(d->ping);
    if (deadline > d->now) d->now = deadline;
    weft_ping_tick(d->ping, d->now);
    REQUIRE(!d->ping || weft_ping_deadline(d->ping) > d->now);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  driver d = {.now = 1, .room = 1 << 20};
  test_rng rng;
  weft_ping_config cfg;
  weft_ping_callbacks cb = {sizeof cb, output, event};
  if (size < 1) return 0;
  weft_ping_config_default(&cfg);
  cfg.rng = test_rng_init(&rng, 1);
  cfg.responder = data[0] & 1;
  cfg.count = data[0] & 4 ? 3 : 0;
  cfg.interval = data[0] & 8 ? WEFT_SEC(1) : 0;
  d.free_in_event = data[0] & 2;
  if (data[0] & 16) d.room = 20;
  REQUIRE(weft_ping_new(&d.ping, &cfg, &cb, &d) == WEFT_OK);
  REQUIRE(weft_ping_start(d.ping, d.now) == WEFT_OK);
  for (size_t at = 1; at + 2 <= size && d.ping;) {
    uint8_t op = data[at], amount = data[at + 1];
    at += 2;
    at += operation(&d, op, amount, data + at, size - at);
  }
  if (d.ping) run_out(&d);
  weft_ping_free(d.ping);
  return 0;
}
