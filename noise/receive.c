#include "noise/noise_int.h"

static void deliver(weft_noise *n, const uint8_t *data, size_t len) {
  n->stats.bytes_in += len;
  if (len == 0) return;
  weft_noise_event ev = {.type = WEFT_NOISE_EVENT_DATA, .data = data, .len = len};
  n->cb.event(n->user, &ev, n->now);
}

static void no_memory(weft_noise *n) {
  weft_noise_fail(n, WEFT_WHO_SELF, "memory", WEFT_ENOMEM, "no memory for an incoming frame");
}

static void transport_message(weft_noise *n, const uint8_t *msg, size_t len) {
  size_t plain = len < WEFT_NOISE_TAG ? 0 : len - WEFT_NOISE_TAG;
  uint8_t *out = weft_buf_reserve(&n->plain, plain);
  if (!out) {
    no_memory(n);
    return;
  }
  int rc = weft_noise_open(&n->receiving, NULL, 0, msg, len, out);
  if (rc != WEFT_OK) {
    weft_noise_fail(n, WEFT_WHO_PEER, "message", rc,
                    "a message could not be decrypted: it was altered, cut or repeated");
    return;
  }
  weft_buf_commit(&n->plain, plain);
  weft_noise_traced(n, WEFT_TRACE_IN, NULL, out, plain);
  deliver(n, out, plain);
  weft_buf_consume(&n->plain, plain);
}

static void message(weft_noise *n, const uint8_t *msg, size_t len) {
  n->stats.frames_in++;
  if (n->state != WEFT_NOISE_STATE_HANDSHAKE) {
    transport_message(n, msg, len);
    return;
  }
  weft_noise_traced(n, WEFT_TRACE_IN, "handshake", msg, len);
  if (weft_noise_establish_read(n, msg, len) == WEFT_ENOMEM) no_memory(n);
}

/* Nobody who is not known yet makes us hold more than one handshake message. */
static bool fits(weft_noise *n, size_t len) {
  if (n->state != WEFT_NOISE_STATE_HANDSHAKE || len <= weft_noise_establish_limit(n)) return true;
  weft_noise_fail(n, WEFT_WHO_PEER, "handshake", WEFT_EPROTO, "a handshake message is longer than it can be");
  return false;
}

static size_t frame_len(const uint8_t *header) { return (size_t)header[0] << 8 | header[1]; }

/* Takes what the incomplete frame in rx still needs, up to its end; the octets taken. */
static size_t complete(weft_noise *n, const uint8_t *data, size_t len) {
  size_t have = weft_buf_len(&n->rx), want = WEFT_NOISE_FRAME_HEADER;
  if (have >= WEFT_NOISE_FRAME_HEADER) want += frame_len(weft_buf_data(&n->rx));
  size_t take = len < want - have ? len : want - have;
  if (weft_buf_append(&n->rx, data, take) != WEFT_OK) {
    no_memory(n);
    return take;
  }
  if (weft_buf_len(&n->rx) < WEFT_NOISE_FRAME_HEADER) return take;
  size_t body = frame_len(weft_buf_data(&n->rx));
  if (!fits(n, body) || weft_buf_len(&n->rx) < WEFT_NOISE_FRAME_HEADER + body) return take;
  message(n, weft_buf_data(&n->rx) + WEFT_NOISE_FRAME_HEADER, body);
  weft_buf_consume(&n->rx, WEFT_NOISE_FRAME_HEADER + body);
  return take;
}

static size_t next_frame(weft_noise *n, const uint8_t *data, size_t len) {
  size_t whole = len < WEFT_NOISE_FRAME_HEADER ? 0 : WEFT_NOISE_FRAME_HEADER + frame_len(data);
  if (weft_buf_len(&n->rx) > 0 || whole == 0 || len < whole) return complete(n, data, len);
  if (fits(n, whole - WEFT_NOISE_FRAME_HEADER))
    message(n, data + WEFT_NOISE_FRAME_HEADER, whole - WEFT_NOISE_FRAME_HEADER);
  return whole;
}

int weft_noise_input(weft_noise *n, const uint8_t *data, size_t len, weft_time now) {
  if (n->state == WEFT_NOISE_STATE_CLOSING) return WEFT_OK; /* nobody wants it any more */
  if (n->state == WEFT_NOISE_STATE_NEW || n->state == WEFT_NOISE_STATE_CLOSED || n->remote_ended) return WEFT_ESTATE;
  weft_noise_enter(n, now);
  for (size_t at = 0; at < len && weft_noise_alive(n);) at += next_frame(n, data + at, len - at);
  int rc = n->state == WEFT_NOISE_STATE_CLOSED && n->closed.code == WEFT_ENOMEM ? WEFT_ENOMEM : WEFT_OK;
  weft_noise_leave(n);
  return rc;
}

int weft_noise_input_end(weft_noise *n, weft_time now) {
  if (n->state == WEFT_NOISE_STATE_CLOSING) return WEFT_OK;
  if (n->state == WEFT_NOISE_STATE_NEW || n->state == WEFT_NOISE_STATE_CLOSED || n->remote_ended) return WEFT_ESTATE;
  weft_noise_enter(n, now);
  if (n->state == WEFT_NOISE_STATE_HANDSHAKE)
    weft_noise_fail(n, WEFT_WHO_PEER, "handshake", WEFT_ECLOSED, "the stream ended before the handshake did");
  else if (weft_buf_len(&n->rx) > 0)
    weft_noise_fail(n, WEFT_WHO_PEER, "message", WEFT_ECLOSED, "the stream ended inside a message: data is missing");
  else
    n->remote_ended = n->tell_remote_closed = true;
  weft_noise_leave(n);
  return WEFT_OK;
}
