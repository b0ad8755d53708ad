#include <time.h>

#include "test/support/clock.h"

static weft_time virtual_now;

void test_clock_set(weft_time now) { virtual_now = now; }

time_t time(time_t *out) {
  time_t t = (time_t)(TEST_UNIX_AT_ZERO + (int64_t)(virtual_now / WEFT_SEC(1)));
  if (out) *out = t;
  return t;
}
