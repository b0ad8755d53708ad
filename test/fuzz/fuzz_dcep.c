/* DCEP messages: an OPEN that is taken encodes to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "datachannel/datachannel.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const weft_datachannel_params *p, const uint8_t *data, size_t size) {
  size_t len = 0;
  uint8_t *out = malloc(size);
  REQUIRE(out);
  REQUIRE(weft_datachannel_open_encode(p, out, size, &len) == WEFT_OK);
  REQUIRE(len == size && memcmp(out, data, size) == 0);
  REQUIRE(weft_datachannel_open_encode(p, out, size - 1, &len) == WEFT_ETOOBIG);
  free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weft_datachannel_params p;
  int type = weft_datachannel_message_type(data, size);
  REQUIRE(type == WEFT_DATACHANNEL_OPEN || type == WEFT_DATACHANNEL_ACK || type == WEFT_EMALFORMED);
  if (weft_datachannel_open_decode(&p, data, size) != WEFT_OK) return 0;
  REQUIRE(type == WEFT_DATACHANNEL_OPEN);
  REQUIRE((const uint8_t *)p.label + p.label_len == (const uint8_t *)p.protocol);
  REQUIRE((const uint8_t *)p.protocol + p.protocol_len == data + size);
  check(&p, data, size);
  return 0;
}
