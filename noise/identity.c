#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/pb.h"
#include "noise/noise_int.h"

enum {
  TYPE = 1, /* PublicKey and PrivateKey of libp2p's crypto.proto */
  DATA = 2,
  MULTIHASH_IDENTITY = 0x00,
  MULTIHASH_SHA2_256 = 0x12,
  IDENTITY_MAX = 42 /* peer-ids, "Peer Ids": keys up to 42 octets are their own hash */
};

static void fill_public(weft_identity *id) {
  weft_wr w;
  weft_wr_init(&w, id->key_protobuf, sizeof id->key_protobuf);
  weft_pb_put_varint(&w, TYPE, WEFT_KEY_ED25519);
  weft_pb_put_bytes(&w, DATA, id->public_key, sizeof id->public_key);
  weft_wr_init(&w, id->peer_id, sizeof id->peer_id);
  weft_wr_u8(&w, MULTIHASH_IDENTITY);
  weft_wr_u8(&w, sizeof id->key_protobuf);
  weft_wr_bytes(&w, id->key_protobuf, sizeof id->key_protobuf);
}

int weft_identity_from_seed(weft_identity *id, const uint8_t seed[32]) {
  if (crypto_sign_seed_keypair(id->public_key, id->secret, seed) != 0) return WEFT_EINTERNAL;
  fill_public(id);
  return WEFT_OK;
}

int weft_identity_generate(weft_identity *id, const weft_rng *rng) {
  uint8_t seed[32];
  if (rng->fill(rng->ctx, seed, sizeof seed) != 0) return WEFT_ERANDOM;
  int rc = weft_identity_from_seed(id, seed);
  weft_wipe(seed, sizeof seed);
  return rc;
}

/* Ed25519's Data is the seed and the public key; older files have the public key a second time (peer-ids,
 * "Ed25519"). */
static int take_ed25519(weft_identity *id, const uint8_t *data, size_t len) {
  weft_identity made;
  if (len != 64 && len != 96) return WEFT_EMALFORMED;
  int rc = weft_identity_from_seed(&made, data);
  if (rc != WEFT_OK) return rc;
  for (size_t at = 32; at < len && rc == WEFT_OK; at += 32)
    if (!weft_ct_equal(data + at, made.public_key, 32)) rc = WEFT_EMALFORMED;
  if (rc == WEFT_OK) *id = made;
  weft_wipe(&made, sizeof made);
  return rc;
}

int weft_identity_from_private_key(weft_identity *id, const uint8_t *pb, size_t len) {
  weft_rd r, data;
  weft_rd_init(&r, pb, len);
  bool typed = weft_rd_u8(&r) == (TYPE << 3 | WEFT_PB_VARINT);
  uint64_t type = weft_rd_uvarint(&r);
  typed = typed && weft_rd_u8(&r) == (DATA << 3 | WEFT_PB_BYTES);
  weft_rd_uvarint_sub(&r, &data);
  if (!typed || !weft_rd_done(&r) || type > WEFT_KEY_ECDSA) return WEFT_EMALFORMED;
  if (type != WEFT_KEY_ED25519) return WEFT_EUNSUPPORTED;
  size_t n = weft_rd_left(&data);
  return take_ed25519(id, weft_rd_bytes(&data, n), n);
}

int weft_identity_to_private_key(const weft_identity *id, uint8_t out[68]) {
  weft_wr w;
  weft_wr_init(&w, out, 68);
  weft_pb_put_varint(&w, TYPE, WEFT_KEY_ED25519);
  weft_pb_put_bytes(&w, DATA, id->secret, sizeof id->secret);
  return weft_wr_ok(&w) ? WEFT_OK : WEFT_EINTERNAL;
}

/* RFC 5869 with an empty salt; one block of output. */
int weft_identity_derive(const weft_identity *id, const char *info, uint8_t out[32]) {
  static const uint8_t salt[32] = {0}, block = 1;
  uint8_t prk[32];
  weft_noise_hmac(salt, sizeof salt, id->secret, 32, NULL, 0, prk);
  weft_noise_hmac(prk, sizeof prk, (const uint8_t *)info, strlen(info), &block, 1, out);
  weft_wipe(prk, sizeof prk);
  return WEFT_OK;
}

int weft_identity_sign(const weft_identity *id, const uint8_t *msg, size_t len, uint8_t *sig, size_t *sig_len) {
  if (crypto_sign_detached(sig, NULL, msg, len, id->secret) != 0) return WEFT_EINTERNAL;
  *sig_len = crypto_sign_BYTES;
  return WEFT_OK;
}

void weft_identity_wipe(weft_identity *id) { weft_wipe(id, sizeof *id); }

static int verify_ed25519(const weft_public_key *k, const uint8_t *msg, size_t msg_len, const uint8_t *sig,
                          size_t sig_len) {
  if (sig_len != crypto_sign_BYTES) return WEFT_EAUTH;
  return crypto_sign_verify_detached(sig, msg, msg_len, k->data) == 0 ? WEFT_OK : WEFT_EAUTH;
}

int weft_identity_verify(const uint8_t *key_pb, size_t key_len, const uint8_t *msg, size_t msg_len, const uint8_t *sig,
                         size_t sig_len) {
  weft_public_key k;
  int rc = weft_public_key_decode(&k, key_pb, key_len);
  if (rc != WEFT_OK) return rc;
  if (sig_len == 0 || sig_len > WEFT_SIGNATURE_MAX) return WEFT_EAUTH;
  if (k.type == WEFT_KEY_ED25519) return verify_ed25519(&k, msg, msg_len, sig, sig_len);
  uint8_t hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(hash, msg, msg_len);
  return weft_noise_foreign_verify(&k, hash, sig, sig_len);
}

int weft_identity_peer_id(const uint8_t *key_pb, size_t key_len, uint8_t *out, size_t *out_len) {
  if (key_len > WEFT_PUBLIC_KEY_MAX) return WEFT_EMALFORMED;
  weft_wr w;
  weft_wr_init(&w, out, WEFT_PEER_ID_MAX);
  if (key_len <= IDENTITY_MAX) {
    weft_wr_u8(&w, MULTIHASH_IDENTITY);
    weft_wr_u8(&w, (uint8_t)key_len);
    weft_wr_bytes(&w, key_pb, key_len);
  } else {
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, key_pb, key_len);
    weft_wr_u8(&w, MULTIHASH_SHA2_256);
    weft_wr_u8(&w, sizeof hash);
    weft_wr_bytes(&w, hash, sizeof hash);
  }
  *out_len = weft_wr_len(&w);
  return WEFT_OK;
}
