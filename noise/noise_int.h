/* weft noise, private: what the files of this layer share.
 *
 *   hkdf.c         Noise's HKDF, on HMAC-SHA256
 *   cipher.c       CipherState (Noise section 5.1)
 *   handshake.c    SymmetricState and HandshakeState for XX (sections 5.2, 5.3): pure, no libp2p in it
 *   payload.c      libp2p's NoiseHandshakePayload: made, read, its signature checked
 *   establish.c    the three messages with their payloads; ends in SECURED or CLOSED
 *   receive.c      frames out of a byte stream        transmit.c  frames into one
 *   session.c      the object: entry points, closing, time
 *   identity.c, private_key.c, public_key.c, identity_verify.c      identity.h
 */
#ifndef WEFT_NOISE_NOISE_INT_H
#define WEFT_NOISE_NOISE_INT_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/evq.h"
#include "noise/noise.h"

enum {
  WEFT_NOISE_TAG = 16,
  WEFT_NOISE_KEY = 32,
  WEFT_NOISE_HASH = 32,
  WEFT_NOISE_FRAME_HEADER = 2, /* libp2p noise, "Wire Format": two octets, big endian */
  /* The largest payload that is read before the peer is known: an RSA key and signature of 8,192 bits are 2,100 octets;
   * the rest is room for extensions. */
  WEFT_NOISE_PAYLOAD_MAX = 8192,
  WEFT_NOISE_MUXERS_MAX = 8
};

/* ---- hkdf.c ---- */

/* Noise section 4.3: n is 2 or 3 outputs of 32 octets; out may be the inputs. */
void weft_noise_hkdf(const uint8_t ck[32], const uint8_t *ikm, size_t ikm_len, unsigned n, uint8_t out[][32]);
void weft_noise_hmac(const uint8_t *key, size_t key_len, const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
                     uint8_t out[32]);

/* ---- cipher.c ---- */

typedef struct weft_noise_cipher {
  uint8_t key[WEFT_NOISE_KEY];
  uint64_t n;
  bool has_key;
} weft_noise_cipher;

void weft_noise_cipher_set(weft_noise_cipher *c, const uint8_t key[32]);
/* out has len + 16 octets (len without a key) and may be `in`. WEFT_ELIMIT: n is 2^64 - 1, which is reserved. */
int weft_noise_seal(weft_noise_cipher *c, const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t len,
                    uint8_t *out);
/* out has len - 16 octets and may be `in`; n moves on success only. WEFT_EAUTH, WEFT_EMALFORMED (too short),
 * WEFT_ELIMIT. */
int weft_noise_open(weft_noise_cipher *c, const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t len,
                    uint8_t *out);

/* ---- handshake.c ---- */

typedef struct weft_noise_handshake {
  uint8_t ck[32], h[WEFT_NOISE_HASH];
  weft_noise_cipher cipher;
  uint8_t s[32], s_pub[32], e[32], e_pub[32], rs[32], re[32];
  uint8_t next; /* message 0, 1, 2; 3 when done */
  bool initiator;
} weft_noise_handshake;

/* WEFT_EINVAL never happens with keys from an rng: a scalar whose public key is the point at infinity. */
int weft_noise_handshake_init(weft_noise_handshake *hs, bool initiator, const uint8_t *prologue, size_t prologue_len,
                              const uint8_t s[32], const uint8_t e[32]);
bool weft_noise_handshake_our_turn(const weft_noise_handshake *hs);
/* Octets that message `next` has beside its payload. */
size_t weft_noise_handshake_overhead(const weft_noise_handshake *hs);
/* out has overhead + len octets. */
int weft_noise_handshake_write(weft_noise_handshake *hs, const uint8_t *payload, size_t len, uint8_t *out,
                               size_t *out_len);
/* payload has len octets. After a failure the state is of no more use. */
int weft_noise_handshake_read(weft_noise_handshake *hs, const uint8_t *msg, size_t len, uint8_t *payload,
                              size_t *payload_len);
/* Once next is 3. */
void weft_noise_handshake_split(const weft_noise_handshake *hs, weft_noise_cipher *sending,
                                weft_noise_cipher *receiving);

/* ---- payload.c ---- */

typedef struct weft_noise_payload {
  const uint8_t *key, *sig, *extensions; /* inside the input */
  size_t key_len, sig_len, extensions_len;
} weft_noise_payload;

/* Refused: identity_key or identity_sig missing or twice, other wire types, extensions twice. */
int weft_noise_payload_decode(weft_noise_payload *p, const uint8_t *data, size_t len);
/* The signature over "noise-libp2p-static-key:" and the static key (libp2p noise, "Libp2p Data in Handshake
 * Messages"). */
int weft_noise_payload_verify(const weft_noise_payload *p, const uint8_t noise_static[32]);
size_t weft_noise_payload_size(const char *const *muxers, size_t n);
int weft_noise_payload_encode(const weft_identity *id, const uint8_t noise_static[32], const char *const *muxers,
                              size_t n, uint8_t *out, size_t cap, size_t *len);

/* The stream_muxers of an extensions message, terminated. What does not fit, or holds a zero octet, is left out. */
typedef struct weft_noise_muxers {
  const char *list[WEFT_NOISE_MUXERS_MAX];
  size_t n;
  char text[512];
} weft_noise_muxers;
int weft_noise_muxers_decode(weft_noise_muxers *m, const uint8_t *extensions, size_t len);

/* ---- public_key.c, identity_verify.c ---- */

/* The key itself, beyond the message's shape: a point of its curve, a SubjectPublicKeyInfo of a size that is
 * accepted. */
int weft_noise_foreign_key_check(const weft_public_key *k);
int weft_noise_foreign_verify(const weft_public_key *k, const uint8_t hash[32], const uint8_t *sig, size_t sig_len);

/* ---- the session ---- */

/* NEW --start--> HANDSHAKE --last message--> SECURED --close--> CLOSING --all sent--> CLOSED; any failure: CLOSED */
typedef enum weft_noise_state {
  WEFT_NOISE_STATE_NEW = 0,
  WEFT_NOISE_STATE_HANDSHAKE,
  WEFT_NOISE_STATE_SECURED,
  WEFT_NOISE_STATE_CLOSING,
  WEFT_NOISE_STATE_CLOSED
} weft_noise_state;

struct weft_noise {
  weft_alloc alloc;
  weft_noise_callbacks cb;
  void *user;
  weft_tracer trace;
  weft_evq q; /* only its bookkeeping of calls: pending events are the flags below */
  weft_noise_state state;
  weft_time now, limit, limit_at;
  uint32_t send_limit;
  uint16_t max_frame;
  weft_noise_handshake hs;
  weft_noise_cipher sending, receiving;
  uint8_t hash[WEFT_NOISE_HASH];
  uint8_t *payload; /* ours, until it is sent */
  size_t payload_len;
  uint8_t expected_peer[WEFT_PEER_ID_MAX], peer_id[WEFT_PEER_ID_MAX];
  size_t expected_peer_len, peer_id_len;
  weft_buf rx;    /* an incomplete frame, header first */
  weft_buf plain; /* the frame being delivered */
  weft_buf tx;    /* frames that output did not take */
  weft_noise_stats stats;
  weft_closed closed;
  bool remote_ended;
  bool tell_remote_closed, tell_writable, tell_closed;
  bool wants_writable;
};

void weft_noise_enter(weft_noise *n, weft_time now);
void weft_noise_leave(weft_noise *n);       /* the object may be gone afterwards */
bool weft_noise_alive(const weft_noise *n); /* neither CLOSED nor freed: go on delivering */
void weft_noise_set_state(weft_noise *n, weft_noise_state to);
/* CLOSED at once; returns code. step and text are static. */
int weft_noise_fail(weft_noise *n, weft_who who, const char *step, int code, const char *text);
void weft_noise_traced(const weft_noise *n, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len);

/* establish.c */
int weft_noise_establish_send(weft_noise *n);
int weft_noise_establish_read(weft_noise *n, const uint8_t *msg, size_t len);
size_t weft_noise_establish_limit(const weft_noise *n); /* the longest message that may come next */

/* transmit.c */
void weft_noise_flush(weft_noise *n);
/* Room for a message of len octets behind a frame header in tx; NULL without memory. commit sends it. */
uint8_t *weft_noise_frame_reserve(weft_noise *n, size_t len);
void weft_noise_frame_commit(weft_noise *n, size_t len);

#endif
