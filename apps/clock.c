#define _GNU_SOURCE
#include "apps/clock.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

weft_time app_clock_now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (weft_time)ts.tv_sec * 1000000u + (weft_time)ts.tv_nsec / 1000u;
}

weft_time app_clock_started(void) {
  static weft_time started;
  if (started == 0) started = app_clock_now();
  return started;
}

int64_t app_clock_unix(void) { return (int64_t)time(NULL); }

static int fill(void *ctx, uint8_t *dst, size_t n) {
  (void)ctx;
  while (n > 0) {
    ssize_t got = getrandom(dst, n, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return -1;
    dst += got;
    n -= (size_t)got;
  }
  return 0;
}

weft_rng app_entropy(void) { return (weft_rng){fill, NULL}; }
