#include "webrtc/deframe.h"

#include <string.h>

#include "base/bytes.h"

enum { BODY_MAX = WEFT_WEBRTC_FRAME_MAX - 2 }; /* what a two-byte length may announce: with it 16 KiB */

void weft_webrtc_deframer_init(weft_webrtc_deframer *d, const weft_alloc *alloc) {
  *d = (weft_webrtc_deframer){0};
  weft_buf_init(&d->body, alloc, BODY_MAX);
}

void weft_webrtc_deframer_free(weft_webrtc_deframer *d) { weft_buf_free(&d->body); }

size_t weft_webrtc_deframer_held(const weft_webrtc_deframer *d) {
  return d->spent ? 0 : (size_t)d->prefix_len + weft_buf_len(&d->body);
}

/* One byte at a time: a length has at most two that count. */
static int take_length(weft_webrtc_deframer *d, const uint8_t **data, size_t *len) {
  while (*len > 0) {
    uint8_t b[3];
    uint64_t value;
    memcpy(b, d->prefix, d->prefix_len);
    b[d->prefix_len] = **data;
    int took = weft_uvarint_peek(b, d->prefix_len + 1u, &value);
    if (took < 0) return took;
    if (took == 0 && d->prefix_len == sizeof d->prefix) return WEFT_ETOOBIG; /* three bytes at least: 16 KiB or more */
    ++*data;
    --*len;
    if (took > 0) {
      if (value > BODY_MAX) return WEFT_ETOOBIG;
      d->body_len = (uint32_t)value;
      d->has_len = true;
      d->prefix_len = 0;
      return 1;
    }
    d->prefix[d->prefix_len] = b[d->prefix_len];
    d->prefix_len++;
  }
  return 0;
}

static void start_over(weft_webrtc_deframer *d) {
  weft_buf_consume(&d->body, weft_buf_len(&d->body));
  d->spent = false;
}

static int take_body(weft_webrtc_deframer *d, const uint8_t **data, size_t *len, const uint8_t **body,
                     size_t *body_len) {
  size_t have = weft_buf_len(&d->body), want = d->body_len - have, take = *len < want ? *len : want;
  const uint8_t *at = *data;
  if (take < want || have > 0) { /* else it lies whole in the data */
    if (weft_buf_append(&d->body, at, take) != WEFT_OK) return WEFT_ENOMEM;
    at = weft_buf_data(&d->body);
  }
  *data += take;
  *len -= take;
  if (take < want) return 0;
  d->spent = have > 0;
  d->has_len = false;
  *body = at;
  *body_len = d->body_len;
  return 1;
}

int weft_webrtc_deframer_next(weft_webrtc_deframer *d, const uint8_t **data, size_t *len, const uint8_t **body,
                              size_t *body_len) {
  if (d->spent) start_over(d);
  if (!d->has_len) {
    int rc = take_length(d, data, len);
    if (rc <= 0) return rc;
  }
  if (d->body_len > 0 && *len == 0) return 0;
  return take_body(d, data, len, body, body_len);
}
