/* Seconds of the wire and of the wall clock against weft_time. */
#include "base/timer.h"
#include "relay/relay_int.h"

weft_time weft_relay_seconds(uint64_t s) { return s > (WEFT_NEVER - 1) / WEFT_SEC(1) ? WEFT_NEVER - 1 : WEFT_SEC(s); }

uint64_t weft_relay_unix(int64_t unix_at_zero, weft_time now) {
  uint64_t s = now / WEFT_SEC(1);
  if (unix_at_zero >= 0) return (uint64_t)unix_at_zero + s; /* s is below 2^45 */
  uint64_t before = 0 - (uint64_t)unix_at_zero;
  return s > before ? s - before : 0;
}
