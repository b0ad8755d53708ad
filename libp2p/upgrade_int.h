/* weft libp2p, private: what the files of the upgrade share.
 *
 *   raw:     SECURITY --/noise--> NOISE --proven--> [MUXER --/yamux/1.0.0-->] MUXED --> CLOSING --> CLOSED
 *   secured:                                         MUXER --/yamux/1.0.0-->  MUXED --> CLOSED
 *
 *   upgrade.c         the object: made, fed, closed; time        upgrade_steps.c   what the layers inside tell
 *   upgrade_streams.c streams, handed to Yamux
 *
 * The layers inside call each other through this object: Yamux and the second negotiation write into Noise (or, when
 * secured, into the output), Noise writes into the output. Nothing is called back into a layer from its own output, so
 * what Noise tells while it is written to (WRITABLE, CLOSED) waits in flags until the outermost call ends.
 */
#ifndef WEFT_LIBP2P_UPGRADE_INT_H
#define WEFT_LIBP2P_UPGRADE_INT_H

#include "base/buf.h"
#include "base/evq.h"
#include "libp2p/multistream.h"
#include "libp2p/upgrade.h"
#include "noise/noise.h"
#include "yamux/yamux.h"

enum {
  /* Bytes that came after a proposal whose answer has not left yet: of a stranger no more than one Noise message, of a
   * proven peer what four streams may have sent before they hear from us. */
  WEFT_UPGRADE_EARLY_STRANGER = 65537,
  WEFT_UPGRADE_EARLY_PEER = 1024 * 1024
};

typedef enum weft_upgrade_state {
  WEFT_UPGRADE_STATE_NEW = 0,
  WEFT_UPGRADE_STATE_SECURITY,
  WEFT_UPGRADE_STATE_NOISE,
  WEFT_UPGRADE_STATE_MUXER,
  WEFT_UPGRADE_STATE_MUXED,
  WEFT_UPGRADE_STATE_CLOSING, /* Yamux is closed; Noise still hands out its last bytes */
  WEFT_UPGRADE_STATE_CLOSED
} weft_upgrade_state;

struct weft_upgrade {
  weft_upgrade_config cfg;
  weft_alloc alloc;
  weft_upgrade_callbacks cb;
  void *user;
  weft_tracer trace_to; /* the program's; that of cfg, which the layers have, says whose unit it is */
  weft_evq q;           /* only its bookkeeping of calls */
  weft_upgrade_state state;
  weft_time now, limit_at;
  uint8_t expected_peer[WEFT_PEER_ID_MAX], peer_id[WEFT_PEER_ID_MAX];
  size_t peer_id_len;
  weft_multistream *select; /* SECURITY, MUXER */
  weft_noise *noise;
  weft_yamux *yamux;
  weft_buf early;      /* bytes for the layer that `select` makes way for */
  bool input_ended;    /* below */
  bool plain_ended;    /* and inside Noise */
  bool selected;       /* `select` succeeded */
  bool muxer_in_noise; /* both sides listed the muxer in their Noise payloads: no second negotiation */
  bool noise_writable; /* offer again what Noise did not take */
  bool broken;         /* `closed` is set by a layer below Yamux, which must still hear of it */
  bool tell_closed;
  weft_closed closed;
  char closed_text[160]; /* the layer's text lives as long as its callback */
};

/* ---- upgrade.c ---- */

void weft_upgrade_enter(weft_upgrade *u, weft_time now);
void weft_upgrade_leave(weft_upgrade *u); /* the object may be gone afterwards */
bool weft_upgrade_alive(const weft_upgrade *u);
void weft_upgrade_set_state(weft_upgrade *u, weft_upgrade_state to);
void weft_upgrade_traced(const weft_upgrade *u, weft_trace_kind kind, const char *text, const uint8_t *data,
                         size_t len);
void weft_upgrade_raise(weft_upgrade *u, const weft_upgrade_event *ev);
/* The first reason stays. */
void weft_upgrade_set_reason(weft_upgrade *u, const weft_closed *c, const char *step);
void weft_upgrade_end(weft_upgrade *u); /* CLOSED is told at the end of the call */
void weft_upgrade_fail(weft_upgrade *u, const char *layer, const char *step, int code, const char *text);

/* ---- upgrade_steps.c ---- */

void weft_upgrade_begin(weft_upgrade *u);
/* What is possible now that `select` has succeeded, or Noise has. */
void weft_upgrade_advance(weft_upgrade *u);
/* Bytes from below; and bytes that are authenticated. */
void weft_upgrade_bytes(weft_upgrade *u, const uint8_t *data, size_t len);
void weft_upgrade_plain(weft_upgrade *u, const uint8_t *data, size_t len);
void weft_upgrade_plain_end(weft_upgrade *u);

#endif
