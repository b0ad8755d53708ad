/* weft libp2p: from a raw byte stream to an authenticated connection with muxed streams: multistream, Noise,
 * multistream, Yamux. The same object upgrades a TCP socket and a relayed circuit ("raw"), and channel 0 of
 * webrtc-direct ("secured": Noise is done already).
 *
 *   weft_upgrade_config cfg;
 *   weft_upgrade_config_default(&cfg);
 *   cfg.rng = rng; cfg.identity = &id; cfg.dialer = true; cfg.expected_peer = peer; cfg.expected_peer_len = n;
 *   weft_upgrade *u;
 *   weft_upgrade_new(&u, &cfg, &(weft_upgrade_callbacks){sizeof(weft_upgrade_callbacks), my_output, my_event}, me);
 *   weft_upgrade_start(u, now);
 *   on bytes:   weft_upgrade_input(u, data, len, now);
 *   on READY:   weft_upgrade_stream_open(u, &s, now); weft_upgrade_stream_send(u, s, "hello", 5, now);
 *   on STREAM:  ev->stream is the shared stream event
 *   weft_upgrade_tick(u, now) by weft_upgrade_deadline(u);
 *   weft_upgrade_close(u, WEFT_OK, now);
 *   weft_upgrade_free(u);
 *
 * Source: libp2p specs connections/README.md, noise/README.md ("stream_muxers").
 */
#ifndef WEFT_LIBP2P_UPGRADE_H
#define WEFT_LIBP2P_UPGRADE_H

#include "../base/base.h"
#include "../base/stream.h"
#include "../noise/identity.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_UPGRADE_NOISE "/noise"
#define WEFT_UPGRADE_YAMUX "/yamux/1.0.0"

/* What may be called from where: from `event` everything but input, input_end and tick; from `output` and the trace
 * nothing on the same object. free() from `event` takes effect when the outermost call returns, and no event follows
 * it. The trace is that of Noise and Yamux, and of the octets and states here (base.h); its conn is the weft_upgrade.
 * Before the first raw start the program calls sodium_init() once. */

typedef struct weft_upgrade weft_upgrade;

typedef struct weft_upgrade_config {
  size_t size;
  weft_rng rng;
  const weft_alloc *alloc; /* NULL: libc */
  weft_tracer trace;
  const weft_identity *identity; /* raw: required; must outlive the object */
  bool dialer;                   /* proposes, is Noise initiator and Yamux client */
  bool secured;                  /* start at the muxer: the byte stream is authenticated already */
  const uint8_t *expected_peer;  /* raw: peer id bytes, or NULL; copied */
  size_t expected_peer_len;
  weft_time limit;                 /* from start to READY; default 10 s */
  uint32_t max_streams;            /* inbound, default 1000 */
  bool auto_consume;               /* default true */
  uint32_t window_max, send_limit; /* per stream, as in yamux.h; 0: its defaults */
} weft_upgrade_config;

typedef enum weft_upgrade_event_type {
  WEFT_UPGRADE_EVENT_SECURED = 1, /* raw: the peer id is proven */
  WEFT_UPGRADE_EVENT_READY = 2,   /* the muxer runs */
  WEFT_UPGRADE_EVENT_STREAM = 3,
  WEFT_UPGRADE_EVENT_CLOSED = 4
} weft_upgrade_event_type;

typedef struct weft_upgrade_event {
  weft_upgrade_event_type type;
  const uint8_t *peer_id; /* SECURED, READY, CLOSED: who was proven (also when another was expected), else NULL */
  size_t peer_id_len;
  const weft_stream_event *stream; /* STREAM; like all pointers here valid during the callback only */
  weft_closed closed;              /* CLOSED: layer and step are those that failed, see below */
} weft_upgrade_event;

typedef struct weft_upgrade_callbacks {
  size_t size;
  ptrdiff_t (*output)(void *user, const uint8_t *data, size_t len, weft_time now); /* bytes taken, 0: not now */
  void (*event)(void *user, const weft_upgrade_event *ev, weft_time now);
} weft_upgrade_callbacks;

#define weft_upgrade_config_default(c) weft_upgrade_config_init((c), sizeof *(c))
void weft_upgrade_config_init(weft_upgrade_config *c, size_t size);
/* WEFT_EINVAL: a raw start without rng or identity, or a field out of range; WEFT_ENOMEM. */
int weft_upgrade_new(weft_upgrade **out, const weft_upgrade_config *cfg, const weft_upgrade_callbacks *cb, void *user);
void weft_upgrade_free(weft_upgrade *u);
/* Begins: /noise is negotiated (raw), or the muxer (secured). In Noise's handshake each side lists its muxer; when the
 * peer's list has Yamux it runs at once, else it is negotiated too (noise spec, "stream_muxers": optional; rust-libp2p
 * and py-libp2p do not send it). WEFT_ESTATE when begun already. How it ends is told by READY or CLOSED. CLOSED has one
 * of these layers and steps, and every open stream is RESET before it:
 *   "multistream"  "security", "muxer": EUNSUPPORTED (the peer does not speak it), EPROTO, EMALFORMED, ETOOBIG, ELIMIT,
 *                  ECLOSED (the stream ended), ETIMEDOUT
 *   "noise"        as in noise.h; "peer id" with EAUTH: another peer answered, and peer_id says who
 *   "yamux"        as in yamux.h
 *   any of them    "close": weft_upgrade_close() was called; "output": the callback's code; "memory" */
int weft_upgrade_start(weft_upgrade *u, weft_time now);
/* Any cut of the byte stream. Negative only for WEFT_ENOMEM (and CLOSED) and WEFT_ESTATE. */
int weft_upgrade_input(weft_upgrade *u, const uint8_t *data, size_t len, weft_time now);
/* The stream underneath ended: CLOSED. */
int weft_upgrade_input_end(weft_upgrade *u, weft_time now);
/* Offers output what it did not take; ends what took too long. */
int weft_upgrade_tick(weft_upgrade *u, weft_time now);
weft_time weft_upgrade_deadline(const weft_upgrade *u);
/* After READY: Yamux's go-away, and CLOSED when output has taken it (after 10 s anyway). Before: CLOSED at once.
 * WEFT_ECLOSED when closed or closing already. */
int weft_upgrade_close(weft_upgrade *u, int code, weft_time now);
/* Streams: as in yamux.h; WEFT_ESTATE before READY, WEFT_ECLOSED at the end. */
int weft_upgrade_stream_open(weft_upgrade *u, uint32_t *stream, weft_time now);
ptrdiff_t weft_upgrade_stream_send(weft_upgrade *u, uint32_t stream, const uint8_t *data, size_t len, weft_time now);
int weft_upgrade_stream_shutdown(weft_upgrade *u, uint32_t stream, weft_time now);
int weft_upgrade_stream_reset(weft_upgrade *u, uint32_t stream, weft_time now);
int weft_upgrade_stream_consumed(weft_upgrade *u, uint32_t stream, size_t n, weft_time now);
size_t weft_upgrade_stream_room(const weft_upgrade *u, uint32_t stream);

#ifdef __cplusplus
}
#endif
#endif
