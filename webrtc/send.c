/* Bytes to frames, one frame per channel message, or two: webrtc.h at WEFT_WEBRTC_PAYLOAD_MAX. */
#include "base/bytes.h"
#include "webrtc/webrtc_int.h"

enum { WHOLE_MAX = 4096, WHOLE_PAYLOAD = WHOLE_MAX - 5 /* length 2, field header 3 */ };

/* The body must follow its length: the caller has seen that the association takes both, so a refusal here is no back-pressure. */
static int put_in_two(weft_webrtc *c, uint16_t id, const uint8_t *frame, size_t n) {
  uint64_t body;
  size_t prefix = (size_t)weft_uvarint_peek(frame, n, &body);
  int rc = weft_datachannel_send(c->dc, id, true, frame, prefix, c->now);
  if (rc != WEFT_OK) return rc;
  rc = weft_datachannel_send(c->dc, id, true, frame + prefix, n - prefix, c->now);
  if (rc == WEFT_OK) return rc;
  (void)weft_datachannel_close_channel(c->dc, id, c->now);
  return WEFT_EINTERNAL;
}

int weft_webrtc_put_frame(weft_webrtc *c, uint16_t id, int flag, const uint8_t *data, size_t len) {
  uint8_t frame[WEFT_WEBRTC_PAYLOAD_MAX + WEFT_WEBRTC_FRAME_OVERHEAD];
  size_t n = 0;
  weft_webrtc_frame f = {.flag = flag, .message = data, .len = len};
  int rc = weft_webrtc_frame_encode(&f, frame, sizeof frame, &n);
  if (rc != WEFT_OK) return rc;
  rc = n > WHOLE_MAX ? put_in_two(c, id, frame, n) : weft_datachannel_send(c->dc, id, true, frame, n, c->now);
  if (rc == WEFT_OK) weft_webrtc_trace_frame(c, WEFT_TRACE_OUT, id, &f);
  return rc;
}

/* Payload that fits into `free` bytes, the frames around it counted. */
static size_t payload_of(size_t free) {
  size_t overhead = (free / WHOLE_PAYLOAD + 1) * WEFT_WEBRTC_FRAME_OVERHEAD;
  return free > overhead ? free - overhead : 0;
}

/* What the association as a whole still takes; a little is left for flags and DCEP. */
static size_t association_room(const weft_webrtc *c) {
  weft_sctp_config defaults;
  weft_sctp_stats s = {.size = sizeof s};
  weft_sctp_config_default(&defaults);
  weft_sctp_get_stats(c->sctp, &s);
  return s.buffered < defaults.send_limit ? defaults.send_limit - s.buffered : 0;
}

size_t weft_webrtc_room(const weft_webrtc *c, uint16_t id) {
  if (!c->sctp || c->ending) return 0;
  size_t buffered = weft_sctp_stream_buffered(c->sctp, id), limit = c->cfg.stream_send_limit, all = association_room(c);
  /* An idle stream takes a byte at least, however small the limit. */
  size_t own = buffered == 0 && payload_of(limit) == 0 ? limit : buffered < limit ? payload_of(limit - buffered) : 0;
  all = payload_of(all);
  return own < all ? own : all;
}

size_t weft_webrtc_stream_room(const weft_webrtc *c, uint32_t stream) {
  const weft_webrtc_stream *st = weft_webrtc_stream_live(c, stream);
  if (!st || st->early || !weft_webrtc_halves_writable(&st->halves)) return 0;
  return weft_webrtc_room(c, st->id);
}

/* A frame is not cut just because little room is left: whole messages stay whole, and the next one waits for WRITABLE. */
static size_t portion(const weft_webrtc *c, const weft_webrtc_stream *st, size_t len) {
  size_t want = len <= WEFT_WEBRTC_PAYLOAD_MAX ? len : (size_t)WHOLE_PAYLOAD, room = weft_webrtc_room(c, st->id);
  if (want <= room) return want;
  return weft_sctp_stream_buffered(c->sctp, st->id) == 0 ? room : 0;
}

static ptrdiff_t send_frames(weft_webrtc *c, weft_webrtc_stream *st, const uint8_t *data, size_t len) {
  size_t done = 0;
  int rc = WEFT_OK;
  while (done < len && !st->refused) {
    size_t n = portion(c, st, len - done);
    if (n == 0) break;
    rc = weft_webrtc_put_frame(c, st->id, WEFT_WEBRTC_FLAG_NONE, data + done, n);
    if (rc == WEFT_EAGAIN) st->refused = true;
    if (rc != WEFT_OK) break;
    done += n;
  }
  c->stats.stream_bytes_out += done;
  if (done == 0 && rc != WEFT_OK && rc != WEFT_EAGAIN) return rc;
  if (done < len && weft_list_empty(&st->blocked)) weft_list_push_back(&c->blocked, &st->blocked);
  return (ptrdiff_t)done;
}

static int may_send(const weft_webrtc *c, const weft_webrtc_stream *st) {
  if (c->ending) return WEFT_ECLOSED;
  if (!st || st->early) return WEFT_ENOTFOUND;
  if (st->halves.stopped_by_peer || st->halves.reset != WEFT_OK || st->halves.channel_gone) return WEFT_ECLOSED;
  return weft_webrtc_halves_writable(&st->halves) ? WEFT_OK : WEFT_ESTATE;
}

ptrdiff_t weft_webrtc_stream_send(weft_webrtc *c, uint32_t stream, const uint8_t *data, size_t len, weft_time now) {
  weft_webrtc_stream *st = weft_webrtc_stream_live(c, stream);
  int rc = may_send(c, st);
  if (rc != WEFT_OK || len == 0) return rc;
  weft_webrtc_enter(c, now);
  ptrdiff_t took = send_frames(c, st, data, len);
  weft_webrtc_leave(c);
  return took;
}
