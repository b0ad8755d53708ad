#include "test/support/rng.h"

/* xoshiro256** 1.0 (Blackman and Vigna, 2018), seeded by splitmix64 as its authors recommend. */

static uint64_t rotl(uint64_t x, int k) { return x << k | x >> (64 - k); }

static uint64_t splitmix(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

uint64_t test_rng_u64(test_rng *r) {
  uint64_t *s = r->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotl(s[3], 45);
  return result;
}

void test_rng_bytes(test_rng *r, uint8_t *dst, size_t n) {
  for (size_t i = 0; i < n;) {
    uint64_t v = test_rng_u64(r);
    for (int k = 0; k < 8 && i < n; k++, v >>= 8) dst[i++] = (uint8_t)v;
  }
}

static int fill(void *ctx, uint8_t *dst, size_t n) {
  test_rng *r = ctx;
  if (r->fail_on && r->fail_after == 0) return -1;
  if (r->fail_on) r->fail_after--;
  test_rng_bytes(r, dst, n);
  return 0;
}

weft_rng test_rng_init(test_rng *r, uint64_t seed) {
  *r = (test_rng){0};
  for (int i = 0; i < 4; i++) r->s[i] = splitmix(&seed);
  return (weft_rng){fill, r};
}

uint32_t test_rng_below(test_rng *r, uint32_t n) { return (uint32_t)((test_rng_u64(r) >> 32) * n >> 32); }

bool test_rng_chance(test_rng *r, uint32_t percent) { return test_rng_below(r, 100) < percent; }
