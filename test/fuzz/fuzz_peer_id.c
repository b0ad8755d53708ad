/* Peer ids from text and bytes: every form of an id that is taken leads back to it. */
#include <stdlib.h>
#include <string.h>

#include "multiaddr/multiaddr.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const weft_peer_id *id) {
  char text[WEFT_PEER_ID_TEXT_MAX];
  weft_peer_id back;
  REQUIRE(weft_peer_id_format(id, text, sizeof text) == WEFT_OK);
  REQUIRE(weft_peer_id_parse(&back, text, strlen(text)) == WEFT_OK && weft_peer_id_equal(id, &back));
  REQUIRE(weft_peer_id_format_cid(id, text, sizeof text) == WEFT_OK);
  REQUIRE(weft_peer_id_parse(&back, text, strlen(text)) == WEFT_OK && weft_peer_id_equal(id, &back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weft_peer_id id;
  if (size > 4096) return 0;
  if (weft_peer_id_parse(&id, (const char *)data, size) == WEFT_OK) check(&id);
  if (weft_peer_id_from_bytes(&id, data, size) == WEFT_OK) {
    REQUIRE(id.len == size && memcmp(id.bytes, data, size) == 0);
    check(&id);
  }
  return 0;
}
