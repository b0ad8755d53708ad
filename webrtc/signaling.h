/* weft webrtc: /webrtc-signaling/0.0.1 and the private-to-private connection it sets up.
 *
 *   weft_private_config cfg;
 *   weft_private_config_default(&cfg);
 *   cfg.webrtc = my_webrtc_config;  cfg.offerer = true;     A offers and is controlling; B answers
 *   weft_private *p;
 *   weft_private_new(&p, &cfg, &callbacks, me);             callbacks: stream_output = the signaling stream's write, output = UDP
 *   weft_private_add_local(p, &socket_addr, now);
 *   weft_private_start(p, now);
 *   on signaling bytes:  weft_private_stream_input(p, data, len, now);
 *   on datagram:         weft_private_input(p, &local, &remote, data, len, now);
 *   on CONNECTED:        weft_webrtc *c = weft_private_take(p);   the connection is the caller's; p may be freed
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

typedef struct weft_private weft_private;

typedef struct weft_private_config {
  size_t size;
  weft_webrtc_config webrtc; /* identity is not used; cert, rng and limits are */
  bool offerer;
  weft_time limit; /* default 10 s */
  bool allow_loopback;
  const uint8_t *peer_id; /* proven by the relayed connection; copied */
  size_t peer_id_len;
} weft_private_config;

typedef enum weft_private_event_type {
  WEFT_PRIVATE_EVENT_STEP = 1,      /* text: "offer sent", "answer received", ... */
  WEFT_PRIVATE_EVENT_CANDIDATE = 2, /* local or remote candidate */
  WEFT_PRIVATE_EVENT_SELECTED = 3,
  WEFT_PRIVATE_EVENT_CONNECTED = 4, /* take() the connection; close the signaling stream */
  WEFT_PRIVATE_EVENT_CLOSED = 5     /* failed: reset the signaling stream */
} weft_private_event_type;

typedef struct weft_private_event {
  weft_private_event_type type;
  const char *text;
  bool remote_candidate;
  const weft_ice_candidate *candidate;
  const weft_addr *local, *remote;
  weft_ice_candidate_type local_type, remote_type;
  weft_closed closed;
} weft_private_event;

typedef struct weft_private_callbacks {
  size_t size;
  ptrdiff_t (*stream_output)(void *user, const uint8_t *data, size_t len, weft_time now);
  int (*output)(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                weft_time now);
  void (*event)(void *user, const weft_private_event *ev, weft_time now);
} weft_private_callbacks;

#define weft_private_config_default(c) weft_private_config_init((c), sizeof *(c))
void weft_private_config_init(weft_private_config *c, size_t size);
int weft_private_new(weft_private **out, const weft_private_config *cfg, const weft_private_callbacks *cb, void *user);
void weft_private_free(weft_private *p);
int weft_private_add_local(weft_private *p, const weft_addr *base, weft_time now);
int weft_private_add_stun_server(weft_private *p, const weft_addr *server, weft_time now);
int weft_private_start(weft_private *p, weft_time now);
int weft_private_stream_input(weft_private *p, const uint8_t *data, size_t len, weft_time now);
int weft_private_stream_end(weft_private *p, weft_time now);
int weft_private_input(weft_private *p, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                       size_t len, weft_time now);
int weft_private_tick(weft_private *p, weft_time now);
weft_time weft_private_deadline(const weft_private *p);
int weft_private_close(weft_private *p, int code, weft_time now);
/* After CONNECTED: the connection, with its own callbacks from now on. */
weft_webrtc *weft_private_take(weft_private *p, const weft_webrtc_callbacks *cb, void *user);

#ifdef __cplusplus
}
#endif
#endif
