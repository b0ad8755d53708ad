/* weft libp2p: multistream-select 1.0 over any byte stream.
 *
 *   static const char *const want[] = {"/webrtc-chat/1.0.0"};
 *   weft_multistream_config cfg;
 *   weft_multistream_config_default(&cfg);
 *   cfg.dialer = true; cfg.protocols = want; cfg.protocols_len = 1;
 *   weft_multistream *ms;
 *   weft_multistream_new(&ms, &cfg, &(weft_multistream_callbacks){sizeof(weft_multistream_callbacks), my_output, my_event}, me);
 *   weft_multistream_start(ms, now);
 *   on bytes:  ptrdiff_t n = weft_multistream_input(ms, data, len, now);
 *              on SELECTED (ev->protocol) the bytes from data + n on belong to that protocol
 *   weft_multistream_free(ms);
 *
 * Source: multiformats/multistream-select README, libp2p connections spec.
 */
#ifndef WEFT_LIBP2P_MULTISTREAM_H
#define WEFT_LIBP2P_MULTISTREAM_H

#include "../base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_MULTISTREAM_HEADER "/multistream/1.0.0"
#define WEFT_MULTISTREAM_LINE_MAX 1024 /* our own and any protocol id we look at; longer proposals are answered "na" */
#define WEFT_MULTISTREAM_MESSAGE_MAX 16384  /* a longer line ends the negotiation; rust-libp2p has 16,383 */
#define WEFT_MULTISTREAM_PROPOSALS_MAX 1000 /* proposals a listener answers; as rust-libp2p's MAX_PROTOCOLS */

typedef struct weft_multistream weft_multistream;

typedef struct weft_multistream_config {
  size_t size;
  const weft_alloc *alloc; /* NULL: libc */
  bool dialer;
  const char *const *protocols; /* dialer: proposed in this order; listener: accepted. Borrowed until free */
  size_t protocols_len;
  weft_time limit; /* default 10 s from start */
} weft_multistream_config;

typedef enum weft_multistream_event_type {
  WEFT_MULTISTREAM_EVENT_SELECTED = 1, /* last event of a success; no CLOSED follows */
  WEFT_MULTISTREAM_EVENT_CLOSED = 2    /* WEFT_EUNSUPPORTED: nothing in common; WEFT_EPROTO; WEFT_ETIMEDOUT; ... */
} weft_multistream_event_type;

typedef struct weft_multistream_event {
  weft_multistream_event_type type;
  const char *protocol; /* SELECTED: the entry of cfg.protocols */
  size_t index;         /* SELECTED: its index */
  weft_closed closed;
} weft_multistream_event;

typedef struct weft_multistream_callbacks {
  size_t size;
  ptrdiff_t (*output)(void *user, const uint8_t *data, size_t len,
                      weft_time now); /* bytes taken; the rest is offered in tick */
  void (*event)(void *user, const weft_multistream_event *ev, weft_time now);
} weft_multistream_callbacks;

#define weft_multistream_config_default(c) weft_multistream_config_init((c), sizeof *(c))
void weft_multistream_config_init(weft_multistream_config *c, size_t size);
int weft_multistream_new(weft_multistream **out, const weft_multistream_config *cfg,
                         const weft_multistream_callbacks *cb, void *user);
void weft_multistream_free(weft_multistream *m);
/* The dialer sends its header and the first proposal; the listener's header follows the dialer's. */
int weft_multistream_start(weft_multistream *m, weft_time now);
/* Bytes taken (all of them until SELECTED), or a negative code. SELECTED is raised only when all our own bytes are out. */
ptrdiff_t weft_multistream_input(weft_multistream *m, const uint8_t *data, size_t len, weft_time now);
int weft_multistream_input_end(weft_multistream *m, weft_time now);
int weft_multistream_tick(weft_multistream *m, weft_time now);
weft_time weft_multistream_deadline(const weft_multistream *m);

#ifdef __cplusplus
}
#endif
#endif
