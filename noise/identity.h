/* weft noise: libp2p identities - Ed25519 key pairs of our own, and the verification of every key type a peer may show.
 *
 *   weft_identity id;
 *   weft_identity_generate(&id, &rng);
 *   uint8_t sig[WEFT_SIGNATURE_MAX]; size_t sig_len;
 *   weft_identity_sign(&id, msg, msg_len, sig, &sig_len);
 *   weft_identity_verify(peer_key_protobuf, key_len, msg, msg_len, sig, sig_len);      WEFT_OK or WEFT_EAUTH
 *   uint8_t peer_id[WEFT_PEER_ID_MAX]; size_t peer_id_len;
 *   weft_identity_peer_id(key_protobuf, key_len, peer_id, &peer_id_len);               bytes; text is multiaddr's
 *   weft_identity_wipe(&id);
 *
 * Everything here may be called from anywhere. Before the first call the program calls sodium_init() once (libsodium
 * picks its implementations there); the library does not.
 */
#ifndef WEFT_NOISE_IDENTITY_H
#define WEFT_NOISE_IDENTITY_H

#include "../base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* KeyType of libp2p's crypto.proto */
enum { WEFT_KEY_RSA = 0, WEFT_KEY_ED25519 = 1, WEFT_KEY_SECP256K1 = 2, WEFT_KEY_ECDSA = 3 };

#define WEFT_PUBLIC_KEY_MAX 2048 /* protobuf; RSA above 8192 bits does not fit and is refused */
#define WEFT_SIGNATURE_MAX 1024
#define WEFT_PEER_ID_MAX 44 /* multihash bytes: identity of up to 42, or sha2-256 */

/* An Ed25519 key pair; caller-allocated, holds a secret: wipe it. */
typedef struct weft_identity {
  uint8_t public_key[32];
  uint8_t secret[64];       /* libsodium's form: seed, then public key */
  uint8_t key_protobuf[36]; /* PublicKey message */
  uint8_t peer_id[38];      /* identity multihash of it */
} weft_identity;

/* 32 bytes of rng. WEFT_ERANDOM. */
int weft_identity_generate(weft_identity *id, const weft_rng *rng);
int weft_identity_from_seed(weft_identity *id, const uint8_t seed[32]);
/* The PrivateKey protobuf message (68 bytes: type, 64-byte data; also the old form of 100 that repeats the public
 * key). The public half must be of the seed. Other key types: WEFT_EUNSUPPORTED. id is untouched unless WEFT_OK. */
int weft_identity_from_private_key(weft_identity *id, const uint8_t *pb, size_t len);
int weft_identity_to_private_key(const weft_identity *id, uint8_t out[68]);
/* A 32-byte secret derived for another purpose ("weft-dtls-certificate"): HKDF-SHA256 of the seed with that info. */
int weft_identity_derive(const weft_identity *id, const char *info, uint8_t out[32]);
/* Ed25519 (RFC 8032), deterministic: 64 bytes; sig has WEFT_SIGNATURE_MAX. */
int weft_identity_sign(const weft_identity *id, const uint8_t *msg, size_t len, uint8_t *sig, size_t *sig_len);
void weft_identity_wipe(weft_identity *id);

/* A decoded PublicKey message; data points into it. Only the one encoding that peer ids are made of is taken (Type,
 * Data, minimal lengths, nothing else), and only keys that verify() could use: WEFT_EMALFORMED (shape, length, not a
 * point, not a SubjectPublicKeyInfo), WEFT_EUNSUPPORTED (type, curve, or size). */
typedef struct weft_public_key {
  int type;
  const uint8_t *data;
  size_t len;
} weft_public_key;
int weft_public_key_decode(weft_public_key *k, const uint8_t *pb, size_t len);
/* Ed25519; ECDSA (P-256, P-384, P-521; DER SubjectPublicKeyInfo, SHA-256); secp256k1 (33 bytes compressed, DER
 * signature over SHA-256); RSA 2048..8192, public exponent up to 32 bits, PKCS#1 v1.5 SHA-256 (peer-ids, "Key
 * Types"). WEFT_OK, WEFT_EAUTH, WEFT_EMALFORMED, WEFT_EUNSUPPORTED. mbedTLS allocates by its own calloc here, not by
 * a weft_alloc. */
int weft_identity_verify(const uint8_t *key_pb, size_t key_len, const uint8_t *msg, size_t msg_len, const uint8_t *sig,
                         size_t sig_len);
/* The peer id of a key (identity multihash up to 42 bytes, else sha2-256). out has WEFT_PEER_ID_MAX bytes. The key
 * is not looked into: verify or decode it first. WEFT_EMALFORMED: longer than WEFT_PUBLIC_KEY_MAX. */
int weft_identity_peer_id(const uint8_t *key_pb, size_t key_len, uint8_t *out, size_t *out_len);

#ifdef __cplusplus
}
#endif
#endif
