#include <string.h>

#include "multiaddr/multiaddr_int.h"

enum { CID_V1 = 0x01, CODEC_LIBP2P_KEY = 0x72 }; /* multicodec table.csv; peer-ids.md "String representation" */

/* peer-ids.md: the identity hash of a short key, or the SHA-256 of a long one. */
int weft_peer_id_from_bytes(weft_peer_id *id, const uint8_t *multihash, size_t len) {
  weft_multihash mh;
  if (len > sizeof id->bytes || weft_multihash_decode(&mh, multihash, len) != WEFT_OK) return WEFT_EMALFORMED;
  if (mh.code != WEFT_MULTIHASH_IDENTITY && mh.code != WEFT_MULTIHASH_SHA2_256) return WEFT_EMALFORMED;
  if (mh.code == WEFT_MULTIHASH_SHA2_256 && mh.len != 32) return WEFT_EMALFORMED;
  memset(id, 0, sizeof *id);
  memcpy(id->bytes, multihash, len);
  id->len = (uint8_t)len;
  return WEFT_OK;
}

static int from_cid(weft_peer_id *id, const char *text, size_t len) {
  uint8_t cid[2 + WEFT_PEER_ID_BYTES_MAX];
  char prefix;
  size_t n;
  weft_rd r;
  if (weft_multibase_decode(text, len, &prefix, cid, sizeof cid, &n) != WEFT_OK) return WEFT_EMALFORMED;
  weft_rd_init(&r, cid, n);
  if (weft_rd_uvarint(&r) != CID_V1 || weft_rd_uvarint(&r) != CODEC_LIBP2P_KEY) return WEFT_EMALFORMED;
  size_t left = weft_rd_left(&r);
  return weft_peer_id_from_bytes(id, weft_rd_bytes(&r, left), left);
}

/* peer-ids.md "Decoding": "Qm" and "1" begin a multihash in base58btc, everything else is a CID. */
int weft_peer_id_parse(weft_peer_id *id, const char *text, size_t len) {
  uint8_t multihash[WEFT_PEER_ID_BYTES_MAX];
  size_t n;
  bool cid = !(len >= 2 && text[0] == 'Q' && text[1] == 'm') && !(len >= 1 && text[0] == '1');
  if (cid) return from_cid(id, text, len);
  if (weft_base58_decode(text, len, multihash, sizeof multihash, &n) != WEFT_OK) return WEFT_EMALFORMED;
  return weft_peer_id_from_bytes(id, multihash, n);
}

int weft_peer_id_format(const weft_peer_id *id, char *out, size_t cap) {
  size_t n;
  return weft_base58_encode(id->bytes, id->len, out, cap, &n);
}

int weft_peer_id_format_cid(const weft_peer_id *id, char *out, size_t cap) {
  uint8_t cid[2 + WEFT_PEER_ID_BYTES_MAX] = {CID_V1, CODEC_LIBP2P_KEY};
  size_t n;
  memcpy(cid + 2, id->bytes, id->len);
  return weft_multibase_encode('b', cid, 2 + (size_t)id->len, out, cap, &n);
}

bool weft_peer_id_equal(const weft_peer_id *a, const weft_peer_id *b) {
  return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}
