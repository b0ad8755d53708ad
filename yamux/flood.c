#include "base/timer.h"
#include "yamux/yamux_int.h"

static void refill(weft_yamux *y) {
  enum { EVERY = 1000000 / WEFT_YAMUX_FLOOD_RATE }; /* microseconds */
  uint64_t more = weft_time_since(y->now, y->flood_at) / EVERY;
  y->flood_at += more * EVERY;
  more += y->flood_left;
  y->flood_left = more < WEFT_YAMUX_FLOOD_BURST ? (uint32_t)more : (uint32_t)WEFT_YAMUX_FLOOD_BURST;
}

bool weft_yamux_flood(weft_yamux *y) {
  y->stats.idle_frames++;
  refill(y);
  if (y->flood_left > 0) {
    y->flood_left--;
    return true;
  }
  weft_yamux_fail(y, WEFT_WHO_PEER, "flood", WEFT_ELIMIT,
                  "the peer floods the session with pings, resets or empty frames");
  return false;
}
