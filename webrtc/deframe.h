/* weft webrtc, private: frames out of a byte stream. Peers cut it as they like: js-libp2p sends the length and the protobuf as two
 * channel messages, rust-libp2p glues frames together.
 *
 *   weft_webrtc_deframer d;
 *   weft_webrtc_deframer_init(&d, &alloc);
 *   while ((rc = weft_webrtc_deframer_next(&d, &data, &len, &body, &body_len)) > 0) use(body, body_len);
 *   if (rc < 0) broken(rc);                       0: all of data was taken, more is needed
 *   weft_webrtc_deframer_free(&d);
 */
#ifndef WEFT_WEBRTC_DEFRAME_H
#define WEFT_WEBRTC_DEFRAME_H

#include "base/buf.h"
#include "webrtc/webrtc.h"

typedef struct weft_webrtc_deframer {
  weft_buf body;     /* of a frame that came in parts; no memory until then */
  uint8_t prefix[2]; /* of a length that is not complete */
  uint8_t prefix_len;
  bool has_len, spent; /* spent: the frame in body was handed out */
  uint32_t body_len;
} weft_webrtc_deframer;

void weft_webrtc_deframer_init(weft_webrtc_deframer *d, const weft_alloc *alloc);
void weft_webrtc_deframer_free(weft_webrtc_deframer *d);
/* 1: a frame's protobuf is in *body (valid until the next call; it may point into the data); 0: *len is 0 and more is needed;
 * WEFT_EMALFORMED: not a length; WEFT_ETOOBIG: over WEFT_WEBRTC_FRAME_MAX with its length; WEFT_ENOMEM. *data and *len move on. */
int weft_webrtc_deframer_next(weft_webrtc_deframer *d, const uint8_t **data, size_t *len, const uint8_t **body,
                              size_t *body_len);
/* Bytes kept of an incomplete frame. */
size_t weft_webrtc_deframer_held(const weft_webrtc_deframer *d);

#endif
