/* weft webrtc: /webrtc-signaling/0.0.1 and the private-to-private connection it sets up.
 *
 *   weft_private_config cfg;
 *   weft_private_config_default(&cfg);
 *   cfg.webrtc = my_webrtc_config;
 *   cfg.offerer = true;                                            // A offers and is ICE's controlling side; B answers
 *   weft_private *p;
 *   weft_private_new(&p, &cfg, &my_callbacks, me);                 // stream_output: the signaling stream's write; output: UDP
 *   weft_private_add_local(p, &my_socket_addr, now);
 *   weft_private_start(p, now);
 *   weft_private_stream_input(p, data, len, now);                  // on signaling bytes
 *   weft_private_input(p, &local, &remote, datagram, size, now);   // on a datagram
 *   weft_private_tick(p, now);                                     // by weft_private_deadline(p)
 *   weft_webrtc *c = weft_private_take(p, &my_conn_callbacks, me); // on CONNECTED: the connection is yours
 *   weft_private_free(p);
 *
 * Source: libp2p specs webrtc/webrtc.md.
 */
#ifndef WEFT_WEBRTC_SIGNALING_H
#define WEFT_WEBRTC_SIGNALING_H

#include "webrtc.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_SIGNALING_PROTOCOL "/webrtc-signaling/0.0.1"
#define WEFT_SIGNALING_MESSAGE_MAX 16384

/* ---- messages: signaling.c --------------------------------------------------------------------------------------------------------- */

enum { WEFT_SIGNALING_OFFER = 0, WEFT_SIGNALING_ANSWER = 1, WEFT_SIGNALING_CANDIDATE = 2 };

/* What the functions below say of one message; they take no memory and may be called from anywhere. Offers and answers are SDP, a candidate is
 * JSON. */
typedef struct weft_signaling_message {
  int type; /* -1: absent; a value we do not know is kept as it is */
  const uint8_t *data;
  size_t len;
} weft_signaling_message;
/* With the uvarint length. WEFT_ETOOBIG: cap, or over WEFT_SIGNALING_MESSAGE_MAX without the length; WEFT_EINVAL: no type. */
int weft_signaling_encode(const weft_signaling_message *m, uint8_t *out, size_t cap, size_t *len);
/* One protobuf, without the length; m->data points into data, NULL when the field is absent. WEFT_EMALFORMED, WEFT_ETOOBIG. */
int weft_signaling_decode(weft_signaling_message *m, const uint8_t *data, size_t len);
/* The JSON of a candidate message: RTCIceCandidateInit, of which only "candidate" counts (it may begin with "a="; the others may be missing or
 * empty). *end, with candidate "": null, "", or an object whose candidate is "" or null. candidate is terminated. WEFT_EMALFORMED: no such
 * JSON, a zero byte in it; WEFT_ETOOBIG: cap. */
int weft_signaling_candidate_parse(const uint8_t *json, size_t len, char *candidate, size_t cap, bool *end);
/* candidate NULL: the end, written as null. mid and ufrag may be NULL. out is not terminated. WEFT_EINVAL: a character that JSON would have to
 * escape; WEFT_ETOOBIG. */
int weft_signaling_candidate_format(const char *candidate, const char *mid, const char *ufrag, char *out, size_t cap,
                                    size_t *len);

/* ---- the exchange: private.c ----------------------------------------------------------------------------------------------------------- */

/* A offers, is ICE's controlling side and opens the channel "init"; B answers and is, if A lets it, the DTLS client. Neither does Noise: the
 * relayed connection has proven the peer id, and the peer's certificate must have one of the SHA-256 of its description. From `event` every
 * call on the same object is allowed except the inputs and tick, free takes effect when the outermost call returns; from the two outputs none
 * is. */
typedef struct weft_private weft_private;

typedef struct weft_private_config {
  size_t size;
  weft_webrtc_config webrtc; /* rng, cert and limits count; identity, remote, certhash and expected_peer do not */
  bool offerer;              /* default false: B */
  weft_time limit;           /* from start to CONNECTED; default 10 s, as js-libp2p's inbound side */
  bool allow_loopback;       /* default false: loopback candidates are neither offered nor used */
  uint32_t told_types;       /* candidates by type, as in ice.h: ours that are told; default 0: all */
  uint32_t remote_types;     /* the peer's that are paired */
  const uint8_t *peer_id;    /* proven by the relayed connection; copied; told by READY */
  size_t peer_id_len;
} weft_private_config;

typedef enum weft_private_event_type {
  WEFT_PRIVATE_EVENT_STEP = 1, /* text: "offer sent", "offer received", "answer sent", "answer received", "path found",
                                       "certificate verified", "association up" */
  WEFT_PRIVATE_EVENT_CANDIDATE = 2, /* a local one was sent, or a remote one came (at most 64 are told) */
  WEFT_PRIVATE_EVENT_SELECTED = 3,  /* local, remote and their types: the path in use */
  WEFT_PRIVATE_EVENT_CONNECTED = 4, /* up on both sides: take() the connection, close the signaling stream */
  WEFT_PRIVATE_EVENT_CLOSED =
      5 /* failed, or closed here: reset the signaling stream. Once, the last; never after take() */
} weft_private_event_type;

/* Pointers are valid during the callback only. */
typedef struct weft_private_event {
  weft_private_event_type type;
  const char *text;                                /* STEP; static */
  bool remote_candidate;                           /* CANDIDATE: the peer's */
  const weft_ice_candidate *candidate;             /* CANDIDATE; a ".local" name is not used until it is resolved */
  const weft_addr *local, *remote;                 /* SELECTED */
  weft_ice_candidate_type local_type, remote_type; /* SELECTED */
  /* CLOSED. Steps: "signaling", "sdp", "checks", "handshake", "close", and those of the layers: WEFT_EAUTH in "certificate" of dtls is a
   * certificate that is not in the description. */
  weft_closed closed;
} weft_private_event;

typedef struct weft_private_callbacks {
  size_t size;
  /* Writes to the signaling stream; how many bytes it took. 0 or WEFT_EAGAIN: none now, weft_private_stream_writable says when; what else is
   * negative: it is gone, which ends the exchange unless the peer's description came. */
  ptrdiff_t (*stream_output)(void *user, const uint8_t *data, size_t len, weft_time now);
  /* One datagram from the socket bound to `local`: WEFT_OK, or WEFT_EAGAIN. Until take(). */
  int (*output)(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                weft_time now);
  void (*event)(void *user, const weft_private_event *ev, weft_time now);
} weft_private_callbacks;

#define weft_private_config_default(c) weft_private_config_init((c), sizeof *(c))
void weft_private_config_init(weft_private_config *c, size_t size);
/* WEFT_EINVAL: a callback, rng or cert is missing, or a limit out of range; WEFT_ENOMEM; WEFT_ERANDOM. */
int weft_private_new(weft_private **out, const weft_private_config *cfg, const weft_private_callbacks *cb, void *user);
/* NULL: nothing. At any time; the connection too, unless it was taken. No event follows. */
void weft_private_free(weft_private *p);
/* Our half of the USERNAME in the peer's checks, for whoever routes one socket to many (weft_ice_mux). Valid until take() or the end. */
const char *weft_private_local_ufrag(const weft_private *p);
/* Before start: a socket address we receive on, and the STUN servers that are asked for what others see of it. Errors: ice.h. */
int weft_private_add_local(weft_private *p, const weft_addr *base, weft_time now);
int weft_private_add_stun_server(weft_private *p, const weft_addr *server, weft_time now);
/* A: the offer goes out, then candidates as they are found. B: waits for the offer. The limit begins. WEFT_ESTATE the second time. */
int weft_private_start(weft_private *p, weft_time now);
/* What came on the signaling stream, cut anywhere. WEFT_ESTATE before start; else WEFT_OK, and a CLOSED event says what was wrong. */
int weft_private_stream_input(weft_private *p, const uint8_t *data, size_t len, weft_time now);
/* The signaling stream takes bytes again. */
int weft_private_stream_writable(weft_private *p, weft_time now);
/* The peer will send no more on it: the end, unless its description came. */
int weft_private_stream_end(weft_private *p, weft_time now);
/* The peer reset it: the end, unless the certificate was verified. When only what carries the stream is gone: weft_private_stream_end. */
int weft_private_stream_reset(weft_private *p, weft_time now);
/* From start on: the address behind a ".local" name that a CANDIDATE event told, once it is resolved (RFC 8839 section 5.1); the peer's other
 * candidates are taken from the stream. WEFT_OK also when policy drops it, as in ice.h; WEFT_ESTATE before start, after the end and take(). */
int weft_private_add_remote(weft_private *p, const weft_ice_candidate *c, weft_time now);
/* A datagram, until take(); after that weft_webrtc_input has them. */
int weft_private_input(weft_private *p, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                       size_t len, weft_time now);
int weft_private_tick(weft_private *p, weft_time now);
weft_time weft_private_deadline(const weft_private *p);
/* CLOSED follows before this returns, or, inside an event, when the outermost call does. WEFT_ECLOSED when it has ended or was taken. */
int weft_private_close(weft_private *p, int code, weft_time now);
/* From CONNECTED on, in its event too: the connection, with its own callbacks from now on; it is the caller's to free, and p has nothing more
 * to do. Its first event is READY, in the next call on it - its deadline has passed, so tick it soon. What the peer said meanwhile follows
 * that. NULL: not connected, ended, taken already, or a callback is missing. */
weft_webrtc *weft_private_take(weft_private *p, const weft_webrtc_callbacks *cb, void *user);

#ifdef __cplusplus
}
#endif
#endif
