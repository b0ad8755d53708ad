#include "base/bytes.h"
#include "base/pb.h"
#include "noise/noise_int.h"

/* peer-ids, "Keys": the encoding is deterministic - Type, then Data, minimal, nothing else - because peer ids are made
 * of it. Any other order or form of the same key would give a second peer id and is refused. */
static int decode_shape(weft_public_key *k, const uint8_t *pb, size_t len) {
  weft_rd r, data;
  weft_rd_init(&r, pb, len);
  bool shape = weft_rd_u8(&r) == (1 << 3 | WEFT_PB_VARINT);
  uint64_t type = weft_rd_uvarint(&r);
  shape = weft_rd_u8(&r) == (2 << 3 | WEFT_PB_BYTES) && shape;
  weft_rd_uvarint_sub(&r, &data);
  if (!shape || !weft_rd_done(&r)) return WEFT_EMALFORMED;
  if (type > WEFT_KEY_ECDSA) return WEFT_EUNSUPPORTED;
  k->type = (int)type;
  k->len = weft_rd_left(&data);
  k->data = weft_rd_bytes(&data, k->len);
  return WEFT_OK;
}

int weft_public_key_decode(weft_public_key *k, const uint8_t *pb, size_t len) {
  weft_public_key got;
  if (len > WEFT_PUBLIC_KEY_MAX) return WEFT_EUNSUPPORTED;
  int rc = decode_shape(&got, pb, len);
  if (rc != WEFT_OK) return rc;
  if (got.type == WEFT_KEY_ED25519)
    rc = got.len == 32 ? WEFT_OK : WEFT_EMALFORMED;
  else
    rc = weft_noise_foreign_key_check(&got);
  if (rc == WEFT_OK) *k = got;
  return rc;
}
