/* apps: the only callers of clock_gettime and getrandom. */
#ifndef APPS_CLOCK_H
#define APPS_CLOCK_H

#include <weft/base/base.h>

weft_time app_clock_now(void);     /* CLOCK_MONOTONIC in microseconds */
weft_time app_clock_started(void); /* the first now() of this process */
int64_t app_clock_unix(void);      /* wall clock, seconds */
weft_rng app_entropy(void);        /* getrandom(2) */

#endif
