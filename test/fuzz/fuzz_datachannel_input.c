/* One data channel layer between a hostile transport and a busy application. The input is a list of operations; what
 * the layer tells must add up: an id opens only when it is closed, says nothing when it is not open, and the gauge
 * agrees. */
#include <stdlib.h>
#include <string.h>

#include "datachannel/datachannel.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

enum { STREAMS = 40, STEPS = 400 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct world {
  weft_datachannel *dc;
  const uint8_t *p, *end;
  weft_time now;
  bool open[STREAMS], closing[STREAMS], asked[STREAMS];
  unsigned channels;
  bool full, freed, inside;
  unsigned react; /* what the application does in its next events */
} world;

static uint8_t byte(world *w) { return w->p < w->end ? *w->p++ : 0; }

static size_t some(world *w, const uint8_t **data) {
  size_t n = byte(w), left = (size_t)(w->end - w->p);
  if (n > left) n = left;
  *data = w->p;
  w->p += n;
  return n;
}

static int output(void *user, const weft_datachannel_out *o, const uint8_t *data, size_t len, weft_time now) {
  world *w = user;
  REQUIRE(o->stream < STREAMS && len > 0 && data && now >= w->now);
  REQUIRE(o->ppid != WEFT_DATACHANNEL_PPID_DCEP || (!o->unordered && !o->limit_retransmits && !o->lifetime));
  REQUIRE(!w->asked[o->stream]); /* nothing is sent while a reset is under way */
  return w->full ? WEFT_EAGAIN : WEFT_OK;
}

static int reset(void *user, const uint16_t *ids, size_t n, weft_time now) {
  world *w = user;
  (void)now;
  REQUIRE(n > 0);
  if (w->full) return WEFT_EAGAIN;
  for (size_t i = 0; i < n; i++) {
    REQUIRE(ids[i] < STREAMS && !w->asked[ids[i]]);
    w->asked[ids[i]] = true;
  }
  return WEFT_OK;
}

static void open_one(world *w) {
  uint16_t id = 0;
  weft_datachannel_params p = {.unordered = true, .label = "fuzz", .label_len = 4};
  if (weft_datachannel_open(w->dc, &p, &id, w->now) == WEFT_OK) REQUIRE(id < STREAMS && id % 2 == 0 && id != 0);
}

static void react(world *w, uint16_t id) {
  unsigned what = w->react & 7;
  w->react >>= 3;
  if (what == 1) open_one(w);
  if (what == 2) weft_datachannel_close_channel(w->dc, id, w->now);
  if (what == 3) weft_datachannel_send(w->dc, id, true, (const uint8_t *)"x", 1, w->now);
  if (what == 4) weft_datachannel_send(w->dc, id, false, NULL, 0, w->now);
  if (what == 5) weft_datachannel_close_channel(w->dc, (uint16_t)((id + 2) % STREAMS), w->now);
  if (what == 6 && w->react == 0x3f) {
    weft_datachannel_free(w->dc);
    w->freed = true;
  }
}

static void event(void *user, const weft_datachannel_event *ev, weft_time now) {
  world *w = user;
  REQUIRE(!w->freed && !w->inside && now >= w->now);
  if (ev->type == WEFT_DATACHANNEL_EVENT_WRITABLE && ev->id == WEFT_DATACHANNEL_ID_NONE) return;
  REQUIRE(ev->id < STREAMS);
  switch (ev->type) {
  case WEFT_DATACHANNEL_EVENT_OPENED:
    REQUIRE(!w->open[ev->id] && (!ev->inbound || ev->params));
    w->open[ev->id] = true;
    w->channels++;
    break;
  case WEFT_DATACHANNEL_EVENT_MESSAGE: REQUIRE(weft_datachannel_is_open(w->dc, ev->id)); break;
  case WEFT_DATACHANNEL_EVENT_CLOSING:
    REQUIRE(!w->closing[ev->id]);
    w->closing[ev->id] = true;
    break;
  case WEFT_DATACHANNEL_EVENT_CLOSED:
    REQUIRE(w->open[ev->id] && !weft_datachannel_is_open(w->dc, ev->id));
    w->open[ev->id] = w->closing[ev->id] = false;
    w->channels--;
    react(w, ev->id);
    return;
  case WEFT_DATACHANNEL_EVENT_ACKED:
  case WEFT_DATACHANNEL_EVENT_WRITABLE: break;
  }
  REQUIRE(w->open[ev->id]);
  w->inside = true;
  react(w, ev->id);
  w->inside = false;
}

static void take_message(world *w) {
  static const uint32_t ppids[] = {50, 50, 51, 53, 56, 57, 52, 0};
  uint16_t stream = byte(w) % (STREAMS + 2);
  uint32_t ppid = ppids[byte(w) & 7];
  const uint8_t *data;
  size_t len = some(w, &data);
  weft_datachannel_input(w->dc, stream, ppid, data, len, w->now);
}

static void take_open(world *w) {
  static const uint8_t open[] = {3, 0x80, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 'x'};
  weft_datachannel_input(w->dc, byte(w) % STREAMS, 50, open, sizeof open, w->now);
}

static void take_reset(world *w) {
  uint16_t ids[4] = {byte(w) % STREAMS, byte(w) % (STREAMS + 1), 0, 9};
  weft_datachannel_reset_in(w->dc, ids, byte(w) % 5, w->now);
}

/* The transport answers only what it was asked. */
static void take_done(world *w) {
  uint16_t ids[1] = {byte(w) % STREAMS};
  if (!w->asked[ids[0]]) return;
  w->asked[ids[0]] = false;
  weft_datachannel_reset_done(w->dc, ids, 1, byte(w) % 8 ? WEFT_OK : WEFT_EREFUSED, w->now);
}

static void tick(world *w) {
  w->now += WEFT_MS(40) * byte(w);
  weft_datachannel_tick(w->dc, w->now);
  if (!w->freed) REQUIRE(weft_datachannel_deadline(w->dc) > w->now);
}

static void step(world *w) {
  static const uint8_t ack[] = {2};
  weft_datachannel_params p = {0};
  switch (byte(w) % 12) {
  case 0: take_message(w); break;
  case 1: take_open(w); break;
  case 2: take_reset(w); break;
  case 3: take_done(w); break;
  case 4: open_one(w); break;
  case 5: weft_datachannel_close_channel(w->dc, byte(w) % STREAMS, w->now); break;
  case 6: weft_datachannel_send(w->dc, byte(w) % STREAMS, true, (const uint8_t *)"data", byte(w) % 5, w->now); break;
  case 7: tick(w); break;
  case 8: w->full = byte(w) & 1; break;
  case 9: weft_datachannel_writable(w->dc, w->now); break;
  case 10: weft_datachannel_input(w->dc, byte(w) % STREAMS, 50, ack, 1, w->now); break;
  default:
    w->react = (unsigned)byte(w) << 8 | byte(w);
    weft_datachannel_open_negotiated(w->dc, byte(w) % STREAMS, &p, w->now);
    break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  world w = {.p = data, .end = data + size, .now = 1};
  weft_datachannel_config cfg;
  weft_datachannel_callbacks cb = {sizeof cb, output, reset, event};
  weft_datachannel_config_default(&cfg);
  cfg.even = true;
  cfg.max_channels = (uint16_t)(2 + byte(&w) % 20);
  cfg.max_message = 100;
  REQUIRE(weft_datachannel_new(&w.dc, &cfg, &cb, &w) == WEFT_OK);
  weft_datachannel_up(w.dc, STREAMS, STREAMS + 7, 0);
  for (unsigned i = 0; i < STEPS && w.p < w.end && !w.freed; i++) {
    step(&w);
    if (w.freed) return 0;
    weft_datachannel_stats s = {.size = sizeof s};
    weft_datachannel_get_stats(w.dc, &s);
    REQUIRE(s.channels == w.channels && s.channels <= cfg.max_channels);
  }
  if (!w.freed) weft_datachannel_free(w.dc);
  return 0;
}
