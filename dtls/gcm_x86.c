#include "dtls/gcm_x86.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

#include "base/bytes.h"

#define TARGET __attribute__((target("aes,pclmul,ssse3,sse4.1")))
#define BATCH 8

typedef __m128i block;

bool weft_dtls_gcm_x86_available(void) {
  unsigned a, b, c, d;
  const unsigned need = 1u << 1 | 1u << 9 | 1u << 19 | 1u << 25; /* PCLMULQDQ, SSSE3, SSE4.1, AES */
  return __get_cpuid(1, &a, &b, &c, &d) && (c & need) == need;
}

static inline TARGET block load(const uint8_t *p) { return _mm_loadu_si128((const block *)(const void *)p); }
static inline TARGET void store(uint8_t *p, block b) { _mm_storeu_si128((block *)(void *)p, b); }

static inline TARGET block reversed(block b) {
  return _mm_shuffle_epi8(b, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

/* ---- AES (FIPS 197 section 5.2) ---- */

static inline TARGET block spread(block key, block assisted) {
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
  return _mm_xor_si128(key, assisted);
}

/* The round constant is part of the instruction, hence macros. */
#define NEXT_EVEN(last, rcon, before) spread(before, _mm_shuffle_epi32(_mm_aeskeygenassist_si128(last, rcon), 0xff))
#define NEXT_ODD(last, before) spread(before, _mm_shuffle_epi32(_mm_aeskeygenassist_si128(last, 0), 0xaa))

static TARGET void expand_128(weft_dtls_gcm_x86 *g, const uint8_t *key) {
  block k[11];
  k[0] = load(key);
  k[1] = NEXT_EVEN(k[0], 0x01, k[0]);
  k[2] = NEXT_EVEN(k[1], 0x02, k[1]);
  k[3] = NEXT_EVEN(k[2], 0x04, k[2]);
  k[4] = NEXT_EVEN(k[3], 0x08, k[3]);
  k[5] = NEXT_EVEN(k[4], 0x10, k[4]);
  k[6] = NEXT_EVEN(k[5], 0x20, k[5]);
  k[7] = NEXT_EVEN(k[6], 0x40, k[6]);
  k[8] = NEXT_EVEN(k[7], 0x80, k[7]);
  k[9] = NEXT_EVEN(k[8], 0x1b, k[8]);
  k[10] = NEXT_EVEN(k[9], 0x36, k[9]);
  g->rounds = 10;
  for (int i = 0; i < 11; i++) store(g->round_keys[i], k[i]);
  weft_wipe(k, sizeof k);
}

static TARGET void expand_256(weft_dtls_gcm_x86 *g, const uint8_t *key) {
  block k[15];
  k[0] = load(key);
  k[1] = load(key + 16);
  k[2] = NEXT_EVEN(k[1], 0x01, k[0]);
  k[3] = NEXT_ODD(k[2], k[1]);
  k[4] = NEXT_EVEN(k[3], 0x02, k[2]);
  k[5] = NEXT_ODD(k[4], k[3]);
  k[6] = NEXT_EVEN(k[5], 0x04, k[4]);
  k[7] = NEXT_ODD(k[6], k[5]);
  k[8] = NEXT_EVEN(k[7], 0x08, k[6]);
  k[9] = NEXT_ODD(k[8], k[7]);
  k[10] = NEXT_EVEN(k[9], 0x10, k[8]);
  k[11] = NEXT_ODD(k[10], k[9]);
  k[12] = NEXT_EVEN(k[11], 0x20, k[10]);
  k[13] = NEXT_ODD(k[12], k[11]);
  k[14] = NEXT_EVEN(k[13], 0x40, k[12]);
  g->rounds = 14;
  for (int i = 0; i < 15; i++) store(g->round_keys[i], k[i]);
  weft_wipe(k, sizeof k);
}

static inline TARGET block encrypt(const weft_dtls_gcm_x86 *g, block b) {
  b = _mm_xor_si128(b, load(g->round_keys[0]));
  for (unsigned r = 1; r < g->rounds; r++) b = _mm_aesenc_si128(b, load(g->round_keys[r]));
  return _mm_aesenclast_si128(b, load(g->round_keys[g->rounds]));
}

/* Eight blocks of key stream from the counter on (SP 800-38D section 6.5). */
static inline TARGET void key_stream(const weft_dtls_gcm_x86 *g, block nonce, uint32_t counter, block s[BATCH]) {
  block k = load(g->round_keys[0]);
  for (unsigned i = 0; i < BATCH; i++)
    s[i] = _mm_xor_si128(_mm_insert_epi32(nonce, (int)__builtin_bswap32(counter + i), 3), k);
  for (unsigned r = 1; r < g->rounds; r++) {
    k = load(g->round_keys[r]);
    for (unsigned i = 0; i < BATCH; i++) s[i] = _mm_aesenc_si128(s[i], k);
  }
  k = load(g->round_keys[g->rounds]);
  for (unsigned i = 0; i < BATCH; i++) s[i] = _mm_aesenclast_si128(s[i], k);
}

/* ---- GHASH as POLYVAL (RFC 8452 appendix A): bytes reversed, key times x, products reduced by Montgomery's method
 * ---- */

typedef struct product {
  block low, middle, high;
} product;

static inline TARGET void add_product(product *p, block a, block b) {
  p->low = _mm_xor_si128(p->low, _mm_clmulepi64_si128(a, b, 0x00));
  p->high = _mm_xor_si128(p->high, _mm_clmulepi64_si128(a, b, 0x11));
  p->middle = _mm_xor_si128(p->middle, _mm_clmulepi64_si128(a, b, 0x01));
  p->middle = _mm_xor_si128(p->middle, _mm_clmulepi64_si128(a, b, 0x10));
}

/* Adds the multiple of x^128 + x^127 + x^126 + x^121 + 1 that clears the low half, 64 bits at a time. */
static inline TARGET block reduce(const product *p) {
  const block poly = _mm_set_epi32((int)0xc2000000u, 0, 0, 1);
  block low = _mm_xor_si128(p->low, _mm_slli_si128(p->middle, 8));
  block high = _mm_xor_si128(p->high, _mm_srli_si128(p->middle, 8));
  low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), _mm_clmulepi64_si128(poly, low, 0x01));
  low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), _mm_clmulepi64_si128(poly, low, 0x01));
  return _mm_xor_si128(high, low);
}

static inline TARGET block times(block a, block b) {
  product p = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
  add_product(&p, a, b);
  return reduce(&p);
}

static inline TARGET block times_x(block h) {
  block carry = _mm_srli_epi64(h, 63);
  block top = _mm_shuffle_epi32(_mm_srai_epi32(h, 31), 0xff); /* all ones when the highest bit is set */
  h = _mm_or_si128(_mm_slli_epi64(h, 1), _mm_slli_si128(carry, 8));
  return _mm_xor_si128(h, _mm_and_si128(top, _mm_set_epi32((int)0xc2000000u, 0, 0, 1)));
}

/* n blocks (1 to 8) in one reduction. */
static inline TARGET block absorb(const weft_dtls_gcm_x86 *g, block sum, const uint8_t *p, size_t n) {
  product acc = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
  for (size_t i = 0; i < n; i++) {
    block b = reversed(load(p + 16 * i));
    if (i == 0) b = _mm_xor_si128(b, sum);
    add_product(&acc, b, load(g->powers[n - 1 - i]));
  }
  return reduce(&acc);
}

void TARGET weft_dtls_gcm_x86_start(weft_dtls_gcm_x86 *g, const uint8_t *key, size_t key_len) {
  if (key_len == 16)
    expand_128(g, key);
  else
    expand_256(g, key);
  block h = times_x(reversed(encrypt(g, _mm_setzero_si128()))), power = h;
  for (int i = 0; i < BATCH; i++) {
    store(g->powers[i], power);
    power = times(power, h);
  }
}

/* ---- the mode ---- */

static inline TARGET void mix(uint8_t *out, const uint8_t *in, const block s[BATCH]) {
  for (int i = 0; i < BATCH; i++) store(out + 16 * i, _mm_xor_si128(load(in + 16 * i), s[i]));
}

static TARGET block begin_sum(const weft_dtls_gcm_x86 *g, const uint8_t aad[13]) {
  uint8_t padded[16] = {0};
  memcpy(padded, aad, 13);
  return absorb(g, _mm_setzero_si128(), padded, 1);
}

/* The lengths in bits, then the tag (SP 800-38D section 7.1, steps 5 and 6). */
static TARGET void finish(const weft_dtls_gcm_x86 *g, block sum, block nonce, size_t len, uint8_t tag[16]) {
  block lengths = _mm_set_epi64x(13 * 8, (long long)len * 8);
  sum = times(_mm_xor_si128(sum, lengths), load(g->powers[0]));
  store(tag, _mm_xor_si128(reversed(sum), encrypt(g, _mm_insert_epi32(nonce, (int)__builtin_bswap32(1), 3))));
}

static inline TARGET block load_nonce(const uint8_t nonce[12]) {
  uint8_t b[16] = {0};
  memcpy(b, nonce, 12);
  return load(b);
}

/* The last 1 to 127 bytes; what is hashed is padded with zeros. */
static TARGET block tail(const weft_dtls_gcm_x86 *g, block sum, const block s[BATCH], const uint8_t *in, size_t len,
                         uint8_t *out, bool sealing) {
  uint8_t from[16 * BATCH] = {0}, to[16 * BATCH];
  memcpy(from, in, len);
  mix(to, from, s);
  memcpy(out, to, len);
  memset(to + len, 0, sizeof to - len);
  sum = absorb(g, sum, sealing ? to : from, (len + 15) / 16);
  weft_wipe(sealing ? from : to, sizeof from);
  return sum;
}

void TARGET weft_dtls_gcm_x86_seal(const weft_dtls_gcm_x86 *g, const uint8_t nonce[12], const uint8_t aad[13],
                                   const uint8_t *in, size_t len, uint8_t *out) {
  block s[BATCH], n = load_nonce(nonce), sum = begin_sum(g, aad);
  size_t at = 0;
  uint32_t counter = 2;
  for (; len - at >= 16 * BATCH; at += 16 * BATCH, counter += BATCH) {
    key_stream(g, n, counter, s);
    mix(out + at, in + at, s);
    sum = absorb(g, sum, out + at, BATCH);
  }
  if (at < len) {
    key_stream(g, n, counter, s);
    sum = tail(g, sum, s, in + at, len - at, out + at, true);
  }
  finish(g, sum, n, len, out + len);
}

bool TARGET weft_dtls_gcm_x86_open(const weft_dtls_gcm_x86 *g, const uint8_t nonce[12], const uint8_t aad[13],
                                   const uint8_t *in, size_t len, uint8_t *out) {
  block s[BATCH], n = load_nonce(nonce), sum = begin_sum(g, aad);
  size_t at = 0;
  uint32_t counter = 2;
  uint8_t tag[16];
  for (; len - at >= 16 * BATCH; at += 16 * BATCH, counter += BATCH) {
    key_stream(g, n, counter, s);
    sum = absorb(g, sum, in + at, BATCH);
    mix(out + at, in + at, s);
  }
  if (at < len) {
    key_stream(g, n, counter, s);
    sum = tail(g, sum, s, in + at, len - at, out + at, false);
  }
  finish(g, sum, n, len, tag);
  bool good = weft_ct_equal(tag, in + len, 16);
  if (!good) weft_wipe(out, len);
  return good;
}

#else

bool weft_dtls_gcm_x86_available(void) { return false; }

void weft_dtls_gcm_x86_start(weft_dtls_gcm_x86 *g, const uint8_t *key, size_t key_len) {
  (void)g;
  (void)key;
  (void)key_len;
}

void weft_dtls_gcm_x86_seal(const weft_dtls_gcm_x86 *g, const uint8_t nonce[12], const uint8_t aad[13],
                            const uint8_t *in, size_t len, uint8_t *out) {
  (void)g;
  (void)nonce;
  (void)aad;
  (void)in;
  (void)len;
  (void)out;
}

bool weft_dtls_gcm_x86_open(const weft_dtls_gcm_x86 *g, const uint8_t nonce[12], const uint8_t aad[13],
                            const uint8_t *in, size_t len, uint8_t *out) {
  (void)g;
  (void)nonce;
  (void)aad;
  (void)in;
  (void)len;
  (void)out;
  return false;
}

#endif
