/* weft base (private to the project's layers): deadlines are numbers; these are the few sums on them. */
#ifndef WEFT_BASE_TIMER_H
#define WEFT_BASE_TIMER_H

#include "base.h"

static inline weft_time weft_time_min(weft_time a, weft_time b) { return a < b ? a : b; }
static inline weft_time weft_time_max(weft_time a, weft_time b) { return a > b ? a : b; }
/* now + d, saturating just below WEFT_NEVER; WEFT_NEVER when d is WEFT_NEVER. */
static inline weft_time weft_time_add(weft_time now, weft_time d) {
  if (d == WEFT_NEVER) return WEFT_NEVER;
  return d > WEFT_NEVER - 1 - now ? WEFT_NEVER - 1 : now + d;
}
/* later - earlier, 0 when it would be negative. */
static inline weft_time weft_time_since(weft_time later, weft_time earlier) {
  return later > earlier ? later - earlier : 0;
}
static inline bool weft_time_due(weft_time deadline, weft_time now) {
  return deadline != WEFT_NEVER && deadline <= now;
}

#endif
