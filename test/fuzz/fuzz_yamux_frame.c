/* Header decode, encode, decode: the same header, and the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "yamux/yamux.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  for (; size >= WEFT_YAMUX_HEADER_LEN; data += WEFT_YAMUX_HEADER_LEN, size -= WEFT_YAMUX_HEADER_LEN) {
    weft_yamux_header h;
    uint8_t again[WEFT_YAMUX_HEADER_LEN];
    int rc = weft_yamux_header_decode(&h, data);
    REQUIRE(rc == WEFT_OK || rc == WEFT_EMALFORMED || rc == WEFT_EUNSUPPORTED);
    REQUIRE((rc == WEFT_EUNSUPPORTED) == (data[0] != 0));
    if (rc == WEFT_OK) REQUIRE(h.type <= WEFT_YAMUX_GO_AWAY && h.flags < 16);
    weft_yamux_header_encode(&h, again);
    REQUIRE(memcmp(again, data, sizeof again) == 0);
  }
  return 0;
}
