#include "multiaddr/multiaddr_int.h"

/* Bytes that a hash function gives (multicodec table.csv); a multihash may hold fewer, never more. */
static size_t longest_digest(uint64_t code) {
  switch (code) {
  case 0x11: return 20; /* sha1 */
  case WEFT_MULTIHASH_SHA2_256: return 32;
  case WEFT_MULTIHASH_SHA2_512: return 64;
  case 0x14: return 64; /* sha3-512 */
  case 0x15: return 48; /* sha3-384 */
  case 0x16: return 32; /* sha3-256 */
  case 0x17: return 28; /* sha3-224 */
  default: return SIZE_MAX;
  }
}

int weft_multihash_decode(weft_multihash *mh, const uint8_t *data, size_t len) {
  weft_rd r, digest;
  weft_rd_init(&r, data, len);
  uint64_t code = weft_rd_uvarint(&r);
  weft_rd_uvarint_sub(&r, &digest);
  if (!weft_rd_done(&r) || weft_rd_left(&digest) > longest_digest(code)) return WEFT_EMALFORMED;
  mh->code = code;
  mh->len = weft_rd_left(&digest);
  mh->digest = weft_rd_bytes(&digest, mh->len);
  return WEFT_OK;
}

int weft_multihash_encode(uint64_t code, const uint8_t *digest, size_t len, uint8_t *out, size_t cap, size_t *out_len) {
  weft_wr w;
  if (len > longest_digest(code)) return WEFT_EINVAL;
  weft_wr_init(&w, out, cap);
  weft_wr_uvarint(&w, code);
  weft_wr_uvarint_bytes(&w, digest, len);
  if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
  *out_len = weft_wr_len(&w);
  return WEFT_OK;
}
