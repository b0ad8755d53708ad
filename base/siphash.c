#include "base/hash.h"

/* Aumasson and Bernstein, "SipHash: a fast short-input PRF", section 2; two compression and four finalization rounds. */
typedef struct sip {
  uint64_t v0, v1, v2, v3;
} sip;

static uint64_t rotl(uint64_t x, unsigned n) { return x << n | x >> (64 - n); }

static uint64_t load_le(const uint8_t *p, size_t n) {
  uint64_t v = 0;
  while (n-- > 0) v = v << 8 | p[n];
  return v;
}

static void store_le(uint8_t *p, uint64_t v) {
  for (size_t i = 0; i < 8; i++, v >>= 8) p[i] = (uint8_t)v;
}

static void rounds(sip *s, unsigned n) {
  while (n-- > 0) {
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotl(s->v1, 13) ^ s->v0;
    s->v3 = rotl(s->v3, 16) ^ s->v2;
    s->v0 = rotl(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotl(s->v1, 17) ^ s->v2;
    s->v3 = rotl(s->v3, 21) ^ s->v0;
    s->v2 = rotl(s->v2, 32);
  }
}

static void compress(sip *s, uint64_t m) {
  s->v3 ^= m;
  rounds(s, 2);
  s->v0 ^= m;
}

/* The state after the whole message; the last word holds the length modulo 256 in its top byte. */
static sip absorb(const uint8_t key[16], uint64_t tweak, const uint8_t *data, size_t n) {
  uint64_t k0 = load_le(key, 8), k1 = load_le(key + 8, 8);
  sip s = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du ^ tweak, k0 ^ 0x6c7967656e657261u,
           k1 ^ 0x7465646279746573u};
  size_t whole = n & ~(size_t)7;
  for (size_t i = 0; i < whole; i += 8) compress(&s, load_le(data + i, 8));
  compress(&s, (uint64_t)n << 56 | (n > whole ? load_le(data + whole, n - whole) : 0));
  return s;
}

static uint64_t squeeze(sip *s) {
  rounds(s, 4);
  return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t weft_siphash64(const uint8_t key[16], const uint8_t *data, size_t n) {
  sip s = absorb(key, 0, data, n);
  s.v2 ^= 0xff;
  return squeeze(&s);
}

/* The 128-bit variant differs in three constants and a second output word. */
void weft_siphash128(uint8_t out[16], const uint8_t key[16], const uint8_t *data, size_t n) {
  sip s = absorb(key, 0xee, data, n);
  s.v2 ^= 0xee;
  store_le(out, squeeze(&s));
  s.v1 ^= 0xdd;
  store_le(out + 8, squeeze(&s));
}
