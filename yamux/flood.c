#include "base/timer.h"
#include "yamux/yamux_int.h"

static void refill(weft_yamux *y) {
  weft_time gone = weft_time_since(y->now, y->flood_at);
  weft_time full = WEFT_SEC(1) * WEFT_YAMUX_FLOOD_BURST / WEFT_YAMUX_FLOOD_RATE;
  uint64_t more = (gone < full ? gone : full) * WEFT_YAMUX_FLOOD_RATE / WEFT_SEC(1);
  if (more == 0) return; /* and the time so far goes on counting */
  y->flood_at = y->now;
  y->flood_left =
      more > WEFT_YAMUX_FLOOD_BURST - y->flood_left ? (uint32_t)WEFT_YAMUX_FLOOD_BURST : y->flood_left + (uint32_t)more;
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
