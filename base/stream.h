/* weft base: the stream event, raised alike by webrtc, yamux and libp2p's upgrade, so that the stream protocols
 * (multistream, identify, ping, relay, signaling, chat) run on any of them.
 *
 *   switch (ev->type) {
 *   case WEFT_STREAM_OPENED:        new_stream(ev->stream, ev->inbound); break;
 *   case WEFT_STREAM_DATA:          feed(ev->stream, ev->data, ev->len); break;    valid during the callback only
 *   case WEFT_STREAM_REMOTE_CLOSED: no_more_data(ev->stream); break;               we may still write
 *   case WEFT_STREAM_WRITABLE:      go_on_writing(ev->stream); break;
 *   case WEFT_STREAM_RESET:         forget(ev->stream, ev->code); break;           last event of the stream
 *   case WEFT_STREAM_CLOSED:        forget(ev->stream, WEFT_OK); break;            last event of the stream
 *   default: break;                                                                 ignore what you do not know
 *   }
 */
#ifndef WEFT_BASE_STREAM_H
#define WEFT_BASE_STREAM_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_stream_event_type {
  WEFT_STREAM_OPENED = 1,        /* inbound: the peer opened it; outbound: it may now be written (never before) */
  WEFT_STREAM_DATA = 2,          /* data, len: bytes in order; count against the window until `consumed` */
  WEFT_STREAM_REMOTE_CLOSED = 3, /* the peer will send no more; raised after the last DATA */
  WEFT_STREAM_RESET = 4,         /* both directions are gone; code says why; no event follows for this id */
  WEFT_STREAM_WRITABLE = 5,      /* after a short or refused send: at least half of the send limit is free */
  WEFT_STREAM_CLOSED = 6 /* both directions ended cleanly and all was acknowledged; no event follows for this id */
} weft_stream_event_type;

/* Ids name streams within one connection; after RESET or CLOSED the layer may give the same id to a new stream. */
typedef struct weft_stream_event {
  weft_stream_event_type type;
  uint32_t stream;
  bool inbound;        /* OPENED */
  const uint8_t *data; /* DATA */
  size_t len;          /* DATA */
  int code;            /* RESET: WEFT_ERESET (peer), WEFT_ECLOSED (self or connection), WEFT_ELIMIT, WEFT_EPROTO, ... */
  uint32_t wire_code;  /* RESET: the peer's error code where the protocol has one */
} weft_stream_event;

#ifdef __cplusplus
}
#endif
#endif
