/* weft noise: Noise_XX_25519_ChaChaPoly_SHA256 with libp2p's identity payload, over any byte stream.
 *
 *   weft_noise_config cfg;
 *   weft_noise_config_default(&cfg);
 *   cfg.rng = rng; cfg.identity = &id; cfg.initiator = true;
 *   cfg.prologue = prologue; cfg.prologue_len = n;
 *   weft_noise *nz;
 *   weft_noise_new(&nz, &cfg, &(weft_noise_callbacks){sizeof(weft_noise_callbacks), my_output, my_event}, me);
 *   weft_noise_start(nz, now);
 *   on bytes:      weft_noise_input(nz, data, len, now);
 *   on SECURED:    check(ev->peer_id); weft_noise_send(nz, "hello", 5, now);
 *   on DATA:       use(ev->data, ev->len);
 *   weft_noise_close(nz, WEFT_OK, now);
 *   weft_noise_free(nz);
 *
 * Before the first use the program calls sodium_init() once.
 */
#ifndef WEFT_NOISE_NOISE_H
#define WEFT_NOISE_NOISE_H

#include "identity.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_NOISE_MESSAGE_MAX 65535   /* Noise section 3 */
#define WEFT_NOISE_PLAINTEXT_MAX 65519 /* less the 16-byte tag */

/* What may be called from where: from `event` everything but input, input_end and tick; from `output` and the trace
 * nothing on the same object. free() from `event` takes effect when the outermost call returns, and no event follows
 * it. Keys are wiped when the session closes, those of the handshake already when it ends. */

typedef struct weft_noise weft_noise;

typedef struct weft_noise_config {
  size_t size;
  weft_rng rng;            /* required: static and ephemeral keys */
  const weft_alloc *alloc; /* NULL: libc */
  weft_tracer trace;
  bool initiator;
  const weft_identity *identity; /* required; copied */
  const uint8_t *prologue;       /* copied */
  size_t prologue_len;
  const uint8_t *expected_peer; /* peer id bytes the peer must prove, or NULL: any; copied */
  size_t expected_peer_len;
  const char *const *muxers;              /* stream_muxers extension, in order of preference; copied; NULL: none sent */
  size_t muxers_len;                      /* at most 8 */
  const uint8_t *webtransport_certhashes; /* reserved, NULL */
  uint32_t send_limit;                    /* bytes not yet taken by output; default 256 KiB, at least 256 */
  uint16_t max_frame;                     /* plaintext per frame, 1 to 65519, the default */
  weft_time handshake_limit;              /* from start to SECURED, and for a clean close to end; default 10 s */
  /* tests: fixed keys instead of random ones, 32 bytes each */
  const uint8_t *static_key, *ephemeral_key;
} weft_noise_config;

typedef enum weft_noise_event_type {
  WEFT_NOISE_EVENT_SECURED = 1,
  WEFT_NOISE_EVENT_DATA = 2,
  WEFT_NOISE_EVENT_REMOTE_CLOSED = 3, /* the stream underneath ended at a frame border */
  WEFT_NOISE_EVENT_WRITABLE = 4,
  WEFT_NOISE_EVENT_CLOSED = 5
} weft_noise_event_type;

typedef struct weft_noise_event {
  weft_noise_event_type type;
  const uint8_t
      *peer_id; /* SECURED: multihash bytes; CLOSED: who it was, if that was proven ("peer id" step), else NULL */
  size_t peer_id_len;
  const uint8_t *peer_key; /* SECURED: PublicKey protobuf */
  size_t peer_key_len;
  const char *const *muxers; /* SECURED: what the peer's extension lists; each terminated; at most 8 */
  size_t muxers_len;
  const uint8_t *data; /* DATA; like all pointers here valid during the callback only */
  size_t len;
  weft_closed closed; /* CLOSED */
} weft_noise_event;

/* output: bytes taken, 0 for not now (offered again in tick), negative to end the session with that code. */
typedef struct weft_noise_callbacks {
  size_t size;
  ptrdiff_t (*output)(void *user, const uint8_t *data, size_t len, weft_time now); /* bytes taken, 0: not now */
  void (*event)(void *user, const weft_noise_event *ev, weft_time now);
} weft_noise_callbacks;

typedef struct weft_noise_stats {
  size_t size;
  uint64_t frames_in, frames_out, bytes_in, bytes_out;
  uint32_t buffered;
} weft_noise_stats;

#define weft_noise_config_default(c) weft_noise_config_init((c), sizeof *(c))
void weft_noise_config_init(weft_noise_config *c, size_t size);
/* Draws a static and an ephemeral key (64 bytes of rng) and signs the first with the identity. WEFT_EINVAL: a field
 * out of range; WEFT_ERANDOM; WEFT_ENOMEM; WEFT_ETOOBIG: muxers too long for a handshake message. */
int weft_noise_new(weft_noise **out, const weft_noise_config *cfg, const weft_noise_callbacks *cb, void *user);
void weft_noise_free(weft_noise *n);
/* Begins the handshake (the initiator sends its first message) and its time limit. WEFT_ESTATE when begun already.
 * How it ends is told by SECURED or CLOSED. CLOSED has layer "noise" and one of these steps:
 *   "handshake"           EAUTH (other prologue or certificates, or altered), EPROTO (too long, low-order key),
 *                         EMALFORMED, ECLOSED (the stream ended), ETIMEDOUT
 *   "payload"             EMALFORMED        "identity key"  EMALFORMED, EUNSUPPORTED
 *   "identity signature"  EAUTH             "peer id"       EAUTH: not expected_peer; ev->peer_id says who it is
 *   "message"             EAUTH, EMALFORMED, ECLOSED (the stream ended inside a message)
 *   "nonce"               ELIMIT            "memory"        ENOMEM             "output"  the callback's code
 *   "close"               the code given to close(), or ETIMEDOUT when what was sent was not taken */
int weft_noise_start(weft_noise *n, weft_time now);
/* Any cut of the byte stream. A frame that fails closes the session: nothing after it is delivered. Before SECURED
 * no more than one handshake message of at most 8,320 bytes is kept. Negative only for WEFT_ENOMEM (and CLOSED) and
 * WEFT_ESTATE. */
int weft_noise_input(weft_noise *n, const uint8_t *data, size_t len, weft_time now);
/* The stream underneath ended: REMOTE_CLOSED, and we may still send. Inside a frame or the handshake: CLOSED,
 * WEFT_ECLOSED. */
int weft_noise_input_end(weft_noise *n, weft_time now);
/* Bytes taken (fewer than len, or 0: send_limit; WRITABLE follows when half of it is free), WEFT_ESTATE before SECURED,
 * WEFT_ECLOSED, WEFT_ENOMEM, WEFT_ELIMIT (the last nonce is used up; CLOSED). */
ptrdiff_t weft_noise_send(weft_noise *n, const uint8_t *data, size_t len, weft_time now);
/* Offers output what it did not take; ends what took too long. Call it at the deadline and when output takes bytes
 * again. */
int weft_noise_tick(weft_noise *n, weft_time now);
weft_time weft_noise_deadline(const weft_noise *n);
/* Noise has no goodbye on the wire. With WEFT_OK CLOSED comes when output has taken all that was sent, else at once.
 * WEFT_ECLOSED when closed or closing already. */
int weft_noise_close(weft_noise *n, int code, weft_time now);
bool weft_noise_secured(const weft_noise *n);
void weft_noise_get_stats(const weft_noise *n, weft_noise_stats *s);
/* The handshake hash h, 32 bytes (channel binding); WEFT_ESTATE before SECURED. */
int weft_noise_handshake_hash(const weft_noise *n, uint8_t out[32]);

#ifdef __cplusplus
}
#endif
#endif
