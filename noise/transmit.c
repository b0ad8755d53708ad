#include <string.h>

#include "noise/noise_int.h"

enum {
  OVERHEAD = WEFT_NOISE_FRAME_HEADER + WEFT_NOISE_TAG,
  CRUMB = 1024 /* with more to come, a frame smaller than this is not worth its overhead: wait for room */
};

uint8_t *weft_noise_frame_reserve(weft_noise *n, size_t len) {
  uint8_t *at = weft_buf_reserve(&n->tx, WEFT_NOISE_FRAME_HEADER + len);
  if (!at) return NULL;
  weft_wr w;
  weft_wr_init(&w, at, WEFT_NOISE_FRAME_HEADER);
  weft_wr_u16(&w, (uint16_t)len);
  return at + WEFT_NOISE_FRAME_HEADER;
}

void weft_noise_frame_commit(weft_noise *n, size_t len) {
  weft_buf_commit(&n->tx, WEFT_NOISE_FRAME_HEADER + len);
  n->stats.frames_out++;
}

void weft_noise_flush(weft_noise *n) {
  if (n->state == WEFT_NOISE_STATE_CLOSED) return;
  if (weft_buf_len(&n->tx) > 0) {
    ptrdiff_t took = n->cb.output(n->user, weft_buf_data(&n->tx), weft_buf_len(&n->tx), n->now);
    if (took < 0) {
      weft_noise_fail(n, WEFT_WHO_SELF, "output", (int)took, "the stream underneath takes no more bytes");
      return;
    }
    weft_buf_consume(&n->tx, (size_t)took);
  }
  if (n->wants_writable && weft_buf_len(&n->tx) <= n->send_limit / 2) {
    n->wants_writable = false;
    n->tell_writable = true;
  }
  if (n->state == WEFT_NOISE_STATE_CLOSING && weft_buf_len(&n->tx) == 0)
    weft_noise_set_state(n, WEFT_NOISE_STATE_CLOSED);
}

/* How much of len the next frame takes; 0: wait. */
static size_t portion(const weft_noise *n, size_t len) {
  size_t held = weft_buf_len(&n->tx);
  if (held + OVERHEAD >= n->send_limit) return 0;
  size_t room = n->send_limit - held - OVERHEAD, m = len < n->max_frame ? len : n->max_frame;
  if (m <= room) return m;
  return room < CRUMB && held > 0 ? 0 : room;
}

static int send_frame(weft_noise *n, const uint8_t *data, size_t len) {
  uint8_t *at = weft_noise_frame_reserve(n, len + WEFT_NOISE_TAG);
  if (!at) return WEFT_ENOMEM;
  int rc = weft_noise_seal(&n->sending, NULL, 0, data, len, at);
  if (rc != WEFT_OK)
    return weft_noise_fail(n, WEFT_WHO_SELF, "nonce", rc,
                           "as many messages were sent as one key may seal: connect again");
  n->stats.bytes_out += len;
  weft_noise_frame_commit(n, len + WEFT_NOISE_TAG);
  weft_noise_traced(n, WEFT_TRACE_OUT, NULL, data, len);
  weft_noise_flush(n);
  return WEFT_OK;
}

static ptrdiff_t send_all(weft_noise *n, const uint8_t *data, size_t len) {
  size_t done = 0;
  while (done < len && n->state == WEFT_NOISE_STATE_SECURED) {
    size_t m = portion(n, len - done);
    if (m == 0) break;
    int rc = send_frame(n, data + done, m);
    if (rc != WEFT_OK && done == 0) return rc;
    if (rc == WEFT_ENOMEM) n->tell_writable = true; /* nothing that waits may be left to say it: try again */
    if (rc != WEFT_OK) return (ptrdiff_t)done;
    done += m;
  }
  n->wants_writable = done < len && n->state == WEFT_NOISE_STATE_SECURED;
  return (ptrdiff_t)done;
}

ptrdiff_t weft_noise_send(weft_noise *n, const uint8_t *data, size_t len, weft_time now) {
  if (n->state == WEFT_NOISE_STATE_CLOSING || n->state == WEFT_NOISE_STATE_CLOSED) return WEFT_ECLOSED;
  if (n->state != WEFT_NOISE_STATE_SECURED) return WEFT_ESTATE;
  weft_noise_enter(n, now);
  ptrdiff_t rc = send_all(n, data, len);
  weft_noise_leave(n);
  return rc;
}
