/* One side of multistream-select fed by bytes: the first chooses the side, then {operation, length or amount, data}. Exactly
 * one event at most, nothing taken after it, every deadline passes. */
#include <stdlib.h>
#include <string.h>

#include "libp2p/multistream.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct driver {
  weft_multistream *ms;
  weft_time now;
  size_t room;
  int events;
  bool free_in_event, broken;
} driver;

static ptrdiff_t output(void *user, const uint8_t *data, size_t len, weft_time now) {
  driver *d = user;
  REQUIRE(data && len > 0 && now == d->now);
  if (d->broken) return WEFT_ERESET;
  size_t n = len < d->room ? len : d->room;
  d->room -= n;
  return (ptrdiff_t)n;
}

static void event(void *user, const weft_multistream_event *ev, weft_time now) {
  driver *d = user;
  REQUIRE(now == d->now && ++d->events == 1);
  if (ev->type == WEFT_MULTISTREAM_EVENT_SELECTED)
    REQUIRE(ev->protocol && ev->index < 3);
  else
    REQUIRE(ev->type == WEFT_MULTISTREAM_EVENT_CLOSED && ev->closed.code < 0 && ev->closed.text);
  if (!d->free_in_event) return;
  weft_multistream_free(d->ms);
  d->ms = NULL;
}

static size_t feed(driver *d, const uint8_t *data, size_t len) {
  int events = d->events;
  ptrdiff_t n = weft_multistream_input(d->ms, data, len, d->now);
  REQUIRE(n >= 0 && (size_t)n <= len);
  REQUIRE(events == 0 || n == 0);
  return len;
}

/* Returns the bytes of data it used. */
static size_t operation(driver *d, uint8_t op, uint8_t amount, const uint8_t *data, size_t left) {
  d->now += (weft_time)(op >> 3) * 1000;
  switch (op & 7) {
  case 0: weft_multistream_tick(d->ms, d->now); return 0;
  case 1: d->room += amount; return 0;
  case 2: d->now += WEFT_MS(100) * amount; return 0;
  case 3: d->broken = amount == 255; return 0;
  case 4:
    if (amount == 0) weft_multistream_input_end(d->ms, d->now);
    return 0;
  default: return feed(d, data, amount < left ? amount : left);
  }
}

static void run_out(driver *d) {
  weft_time deadline = weft_multistream_deadline(d->ms);
  if (deadline == WEFT_NEVER) return;
  d->now = deadline > d->now ? deadline : d->now;
  weft_multistream_tick(d->ms, d->now);
  REQUIRE(!d->ms || weft_multistream_deadline(d->ms) > d->now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const protocols[] = {"/ipfs/ping/1.0.0", "/a", "/webrtc-chat/1.0.0"};
  driver d = {.now = 1, .room = 4096};
  weft_multistream_config cfg;
  weft_multistream_callbacks cb = {sizeof cb, output, event};
  if (size < 1) return 0;
  weft_multistream_config_default(&cfg);
  cfg.dialer = data[0] & 1;
  cfg.protocols = protocols;
  cfg.protocols_len = 3;
  d.free_in_event = data[0] & 2;
  if (data[0] & 4) d.room = 10;
  REQUIRE(weft_multistream_new(&d.ms, &cfg, &cb, &d) == WEFT_OK);
  REQUIRE(weft_multistream_start(d.ms, d.now) == WEFT_OK);
  for (size_t at = 1; at + 2 <= size && d.ms;) {
    uint8_t op = data[at], amount = data[at + 1];
    at += 2;
    at += operation(&d, op, amount, data + at, size - at);
  }
  if (d.ms) run_out(&d);
  REQUIRE(d.events <= 1);
  weft_multistream_free(d.ms);
  return 0;
}
