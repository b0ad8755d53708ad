#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "noise/noise_int.h"

/* Exactly 32 octets, so it is h itself and not its hash (Noise section 5.2, InitializeSymmetric). */
static const char PROTOCOL[] = "Noise_XX_25519_ChaChaPoly_SHA256";

typedef enum token { END = 0, E, S, EE, ES, SE } token;

/* Noise section 7.5, XX */
static const uint8_t pattern[3][5] = {{E, END}, {E, EE, S, ES, END}, {S, SE, END}};

static void mix_hash(weft_noise_handshake *hs, const uint8_t *data, size_t len) {
  crypto_hash_sha256_state st;
  crypto_hash_sha256_init(&st);
  crypto_hash_sha256_update(&st, hs->h, sizeof hs->h);
  if (len > 0) crypto_hash_sha256_update(&st, data, len);
  crypto_hash_sha256_final(&st, hs->h);
}

static void mix_key(weft_noise_handshake *hs, const uint8_t *ikm, size_t len) {
  uint8_t out[2][32];
  weft_noise_hkdf(hs->ck, ikm, len, 2, out);
  memcpy(hs->ck, out[0], sizeof hs->ck);
  weft_noise_cipher_set(&hs->cipher, out[1]);
  weft_wipe(out, sizeof out);
}

static int encrypt_and_hash(weft_noise_handshake *hs, const uint8_t *in, size_t len, weft_wr *w) {
  size_t n = len + (hs->cipher.has_key ? (size_t)WEFT_NOISE_TAG : 0);
  int rc = weft_noise_seal(&hs->cipher, hs->h, sizeof hs->h, in, len, w->p);
  if (rc != WEFT_OK) return rc;
  mix_hash(hs, w->p, n);
  w->p += n;
  return WEFT_OK;
}

static int decrypt_and_hash(weft_noise_handshake *hs, const uint8_t *in, size_t len, uint8_t *out) {
  uint8_t h[WEFT_NOISE_HASH];
  memcpy(h, hs->h, sizeof h);
  mix_hash(hs, in, len); /* before opening: out may lie over in */
  return weft_noise_open(&hs->cipher, h, sizeof h, in, len, out);
}

/* An all-zero result, from a point of low order, is refused (Noise section 9.1 leaves it open; libp2p peers do too). */
static int mix_dh(weft_noise_handshake *hs, const uint8_t secret[32], const uint8_t public_key[32]) {
  uint8_t shared[32];
  int rc = crypto_scalarmult(shared, secret, public_key) == 0 ? WEFT_OK : WEFT_EPROTO;
  if (rc == WEFT_OK && sodium_is_zero(shared, sizeof shared)) rc = WEFT_EPROTO;
  if (rc == WEFT_OK) mix_key(hs, shared, sizeof shared);
  weft_wipe(shared, sizeof shared);
  return rc;
}

static int mix_dh_token(weft_noise_handshake *hs, token t) {
  if (t == EE) return mix_dh(hs, hs->e, hs->re);
  bool ours_ephemeral = (t == ES) == hs->initiator;
  return ours_ephemeral ? mix_dh(hs, hs->e, hs->rs) : mix_dh(hs, hs->s, hs->re);
}

int weft_noise_handshake_init(weft_noise_handshake *hs, bool initiator, const uint8_t *prologue, size_t prologue_len,
                              const uint8_t s[32], const uint8_t e[32]) {
  *hs = (weft_noise_handshake){.initiator = initiator};
  memcpy(hs->h, PROTOCOL, sizeof hs->h);
  memcpy(hs->ck, hs->h, sizeof hs->ck);
  mix_hash(hs, prologue, prologue_len);
  memcpy(hs->s, s, sizeof hs->s);
  memcpy(hs->e, e, sizeof hs->e);
  if (crypto_scalarmult_base(hs->s_pub, hs->s) != 0 || crypto_scalarmult_base(hs->e_pub, hs->e) != 0)
    return WEFT_EINVAL;
  return WEFT_OK;
}

bool weft_noise_handshake_our_turn(const weft_noise_handshake *hs) {
  return hs->next < 3 && (hs->next % 2 == 0) == hs->initiator;
}

size_t weft_noise_handshake_overhead(const weft_noise_handshake *hs) {
  static const size_t overhead[3] = {32, 32 + 32 + 16 + 16, 32 + 16 + 16};
  assert(hs->next < 3);
  return overhead[hs->next];
}

static int write_token(weft_noise_handshake *hs, token t, weft_wr *w) {
  switch (t) {
  case E:
    weft_wr_bytes(w, hs->e_pub, 32);
    mix_hash(hs, hs->e_pub, 32);
    return WEFT_OK;
  case S: return encrypt_and_hash(hs, hs->s_pub, 32, w);
  case EE:
  case ES:
  case SE: return mix_dh_token(hs, t);
  case END: break;
  }
  return WEFT_EINTERNAL;
}

int weft_noise_handshake_write(weft_noise_handshake *hs, const uint8_t *payload, size_t len, uint8_t *out,
                               size_t *out_len) {
  assert(weft_noise_handshake_our_turn(hs));
  weft_wr w;
  weft_wr_init(&w, out, weft_noise_handshake_overhead(hs) + len);
  int rc = WEFT_OK;
  for (const uint8_t *t = pattern[hs->next]; *t != END && rc == WEFT_OK; t++) rc = write_token(hs, (token)*t, &w);
  if (rc == WEFT_OK) rc = encrypt_and_hash(hs, payload, len, &w);
  if (rc != WEFT_OK) return rc;
  *out_len = weft_wr_len(&w);
  hs->next++;
  return WEFT_OK;
}

static int read_static(weft_noise_handshake *hs, weft_rd *r) {
  const uint8_t *sealed = weft_rd_bytes(r, 32 + WEFT_NOISE_TAG);
  return sealed ? decrypt_and_hash(hs, sealed, 32 + WEFT_NOISE_TAG, hs->rs) : WEFT_EMALFORMED;
}

static int read_token(weft_noise_handshake *hs, token t, weft_rd *r) {
  switch (t) {
  case E:
    weft_rd_copy(r, hs->re, 32);
    mix_hash(hs, hs->re, 32);
    return weft_rd_ok(r) ? WEFT_OK : WEFT_EMALFORMED;
  case S: return read_static(hs, r);
  case EE:
  case ES:
  case SE: return mix_dh_token(hs, t);
  case END: break;
  }
  return WEFT_EINTERNAL;
}

int weft_noise_handshake_read(weft_noise_handshake *hs, const uint8_t *msg, size_t len, uint8_t *payload,
                              size_t *payload_len) {
  assert(hs->next < 3 && !weft_noise_handshake_our_turn(hs));
  if (len < weft_noise_handshake_overhead(hs)) return WEFT_EMALFORMED;
  size_t plain = len - weft_noise_handshake_overhead(hs);
  weft_rd r;
  weft_rd_init(&r, msg, len);
  int rc = WEFT_OK;
  for (const uint8_t *t = pattern[hs->next]; *t != END && rc == WEFT_OK; t++) rc = read_token(hs, (token)*t, &r);
  size_t left = weft_rd_left(&r);
  if (rc == WEFT_OK) rc = decrypt_and_hash(hs, weft_rd_bytes(&r, left), left, payload);
  if (rc != WEFT_OK) return rc;
  *payload_len = plain;
  hs->next++;
  return WEFT_OK;
}

void weft_noise_handshake_split(const weft_noise_handshake *hs, weft_noise_cipher *sending,
                                weft_noise_cipher *receiving) {
  assert(hs->next == 3);
  uint8_t out[2][32];
  weft_noise_hkdf(hs->ck, NULL, 0, 2, out);
  weft_noise_cipher_set(hs->initiator ? sending : receiving, out[0]);
  weft_noise_cipher_set(hs->initiator ? receiving : sending, out[1]);
  weft_wipe(out, sizeof out);
}
