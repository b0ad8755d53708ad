/* PublicKey messages: one that is taken is the only encoding of its key. What follows a first length byte is tried as a
 * signature. */
#include <stdlib.h>
#include <string.h>

#include "base/pb.h"
#include "noise/identity.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const weft_public_key *k, const uint8_t *pb, size_t len) {
  uint8_t out[WEFT_PUBLIC_KEY_MAX], id[WEFT_PEER_ID_MAX];
  size_t id_len = 0;
  weft_wr w;
  weft_wr_init(&w, out, sizeof out);
  weft_pb_put_varint(&w, 1, (uint64_t)k->type);
  weft_pb_put_bytes(&w, 2, k->data, k->len);
  REQUIRE(weft_wr_ok(&w) && weft_wr_len(&w) == len && memcmp(out, pb, len) == 0);
  REQUIRE(weft_identity_peer_id(pb, len, id, &id_len) == WEFT_OK);
  REQUIRE(id_len == (len <= 42 ? len + 2 : 34));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weft_public_key k;
  weft_identity id;
  if (weft_public_key_decode(&k, data, size) == WEFT_OK) check(&k, data, size);
  if (weft_identity_from_private_key(&id, data, size) == WEFT_OK) {
    uint8_t again[68]; /* the old form has the public key a second time */
    REQUIRE(weft_identity_to_private_key(&id, again) == WEFT_OK && (size == 68 || size == 100));
    REQUIRE(memcmp(again + 4, data + 4, 64) == 0);
  }
  if (size < 1 || data[0] > size - 1) return 0;
  /* No input is a forgery of a message that nobody signed. */
  REQUIRE(weft_identity_verify(data + 1, data[0], (const uint8_t *)"not signed", 10, data + 1 + data[0],
                               size - 1 - data[0]) != WEFT_OK);
  return 0;
}
