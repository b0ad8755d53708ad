/* weft webrtc, private: a private-to-private connection being set up, and what its files share.
 *
 *   private.c        its life: entries, events, the end
 *   private_said.c   what is said and heard on the signaling stream
 *   private_peer.c   the connection underneath: made, told of the peer, watched, handed over
 *
 *   IDLE --start--> WAITING --the peer's description--> CONNECTING --up on both sides--> CONNECTED --take--> TAKEN
 *     +---------------+----------------------------------+----------------------------------+---> ENDED (one CLOSED)
 */
#ifndef WEFT_WEBRTC_PRIVATE_INT_H
#define WEFT_WEBRTC_PRIVATE_INT_H

#include "base/buf.h"
#include "base/evq.h"
#include "webrtc/sdp.h"
#include "webrtc/signaling.h"
#include "webrtc/webrtc_int.h"

enum {
  WEFT_PRIVATE_LOCALS_MAX = 32,    /* candidates before the description left; the agent has no more */
  WEFT_PRIVATE_REMOTES_MAX = 64,   /* candidate messages that are looked at; of them the agent keeps 20 */
  WEFT_PRIVATE_OUT_MAX = 64 * 1024 /* a description and 33 candidates, with room */
};

typedef enum weft_private_stage {
  WEFT_PRIVATE_IDLE = 0,
  WEFT_PRIVATE_WAITING,
  WEFT_PRIVATE_CONNECTING,
  WEFT_PRIVATE_CONNECTED,
  WEFT_PRIVATE_TAKEN,
  WEFT_PRIVATE_ENDED
} weft_private_stage;

struct weft_private {
  weft_private_config cfg;
  weft_alloc alloc;
  weft_private_callbacks cb;
  void *user;
  weft_evq q; /* only its bookkeeping of calls */
  weft_time now, limit_at;
  weft_private_stage stage;
  weft_webrtc *c; /* until it is taken */
  bool ending;    /* CLOSED is still to be told */
  weft_closed closed;
  char closed_text[WEFT_WEBRTC_TEXT_MAX];

  weft_buf in, out; /* of the signaling stream */
  bool described;   /* our description is in `out` or gone: candidates may follow */
  bool gathered;
  char mid[33];
  unsigned remotes; /* candidate messages so far */
  size_t locals_len;
  weft_ice_candidate locals[WEFT_PRIVATE_LOCALS_MAX];
};

/* private.c */
bool weft_private_alive(const weft_private *p);
void weft_private_raise(weft_private *p, const weft_private_event *ev);
void weft_private_step(weft_private *p, const char *text);
void weft_private_fail(weft_private *p, const weft_closed *why);
void weft_private_fail_here(weft_private *p, weft_who who, const char *step, int code, const char *text);

/* private_said.c */
void weft_private_say_description(weft_private *p, weft_sdp_setup setup);
void weft_private_say_candidate(weft_private *p, const weft_ice_candidate *c);
void weft_private_say_gathered(weft_private *p);
void weft_private_hear(weft_private *p, const uint8_t *data, size_t len);
void weft_private_flush(weft_private *p);

/* private_peer.c */
int weft_private_make(weft_private *p);
int weft_private_begin(weft_private *p);
void weft_private_meet(weft_private *p, const weft_sdp *s, bool dtls_client);
void weft_private_add_candidate(weft_private *p, const weft_ice_candidate *c);
void weft_private_no_more_candidates(weft_private *p);
bool weft_private_is_up(const weft_private *p); /* and the peer knows */
const char *weft_private_slow(const weft_private *p, const char **step);

#endif
