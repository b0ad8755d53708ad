/* Seeded randomness: the same seed gives the same bytes on every machine. Not for secrets.
 *
 *   test_rng r;
 *   cfg.rng = test_rng_init(&r, 42);
 *   if (test_rng_chance(&r, 5)) drop();      5 in 100
 */
#ifndef TEST_SUPPORT_RNG_H
#define TEST_SUPPORT_RNG_H

#include "base/base.h"

typedef struct test_rng {
  uint64_t s[4];
  size_t fail_after; /* fill calls that still work when fail_on is set; then it answers -1 */
  bool fail_on;
} test_rng;

/* Seeds r and returns the weft_rng that draws from it (ctx is r). */
weft_rng test_rng_init(test_rng *r, uint64_t seed);
uint64_t test_rng_u64(test_rng *r);
uint32_t test_rng_below(test_rng *r, uint32_t n); /* 0..n-1; n > 0 */
bool test_rng_chance(test_rng *r, uint32_t percent);
void test_rng_bytes(test_rng *r, uint8_t *dst, size_t n);

#endif
