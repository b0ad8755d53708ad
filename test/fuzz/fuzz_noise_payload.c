/* libp2p's handshake payload: the first 32 bytes are the static key that was proven. */
#include <stdlib.h>
#include <string.h>

#include "noise/noise_int.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(const uint8_t *p, size_t n, const uint8_t *data, size_t size) {
  REQUIRE(p >= data && n <= size && (size_t)(p - data) <= size - n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 32) return 0;
  weft_noise_payload p;
  weft_noise_muxers m;
  const uint8_t *noise_static = data;
  data += 32;
  size -= 32;
  if (weft_noise_payload_decode(&p, data, size) != WEFT_OK) return 0;
  within(p.key, p.key_len, data, size);
  within(p.sig, p.sig_len, data, size);
  if (p.extensions) {
    within(p.extensions, p.extensions_len, data, size);
    if (weft_noise_muxers_decode(&m, p.extensions, p.extensions_len) == WEFT_OK) {
      REQUIRE(m.n <= WEFT_NOISE_MUXERS_MAX);
      for (size_t i = 0; i < m.n; i++) REQUIRE(strlen(m.list[i]) > 0 && strlen(m.list[i]) < sizeof m.text);
    }
  }
  weft_noise_payload_verify(&p, noise_static);
  return 0;
}
