#include <string.h>

#include "base/timer.h"
#include "yamux/yamux_int.h"

static void protocol_error(weft_yamux *y, const char *step, const char *text) {
  weft_yamux_fail(y, WEFT_WHO_PEER, step, WEFT_EPROTO, text);
}

/* ---- a new stream ---------------------------------------------------------------------------------------------- */

/* Before any state is made (CVE-2026-32314, CVE-2026-31814 of rust-yamux). The id need not be above the last one:
 * go-yamux numbers its streams before it sends their SYNs, so they may overtake each other. */
static const char *bad_syn(const weft_yamux *y, const weft_yamux_header *h) {
  if ((h->stream & 1) == (y->cfg.client ? 1u : 0u)) return "the peer opened a stream with an id of our side";
  if (weft_yamux_find(y, h->stream)) return "the peer opened a stream that is open";
  if (h->type == WEFT_YAMUX_DATA && h->length > WEFT_YAMUX_WINDOW_INITIAL)
    return "the peer opened a stream with more than the initial window";
  if (h->type == WEFT_YAMUX_WINDOW_UPDATE && h->length > UINT32_MAX - WEFT_YAMUX_WINDOW_INITIAL)
    return "the peer gave more credit than 2^32 - 1";
  return NULL;
}

static void refuse(weft_yamux *y, uint32_t id) {
  y->stats.refused_streams++;
  if (!weft_yamux_flood(y)) return;
  y->stats.resets_out++;
  weft_yamux_control(y, WEFT_YAMUX_WINDOW_UPDATE, WEFT_YAMUX_RST, id, 0);
}

static void open_inbound(weft_yamux *y, const weft_yamux_header *h) {
  const char *bad = bad_syn(y, h);
  if (bad) {
    protocol_error(y, "syn", bad);
    return;
  }
  if (h->flags & WEFT_YAMUX_RST) return; /* counted as the reset of an unknown stream */
  bool full = y->go_away_in || y->streams_in >= y->cfg.max_streams_in;
  weft_yamux_stream *s = full ? NULL : weft_yamux_add(y, h->stream, false);
  if (!s) {
    refuse(y, h->stream);
    return;
  }
  y->stats.streams_in++;
  s->ack_due = true;
  weft_yamux_control_due(y, s);
  weft_yamux_tell(y, s, WEFT_YAMUX_TELL_OPENED);
}

/* ---- frames of streams ----------------------------------------------------------------------------------------- */

/* Opening and resetting is work for us and none for the peer. */
static void reset_by_peer(weft_yamux *y, weft_yamux_stream *s, const weft_yamux_header *h) {
  bool ours = s->ours;
  y->stats.resets_in++;
  /* go-libp2p sends an error code there. */
  weft_yamux_stream_reset(y, s, WEFT_ERESET, h->type == WEFT_YAMUX_WINDOW_UPDATE ? h->length : 0);
  if (!ours) weft_yamux_flood(y);
}

/* Not every peer sends ACK; whoever speaks on a stream has accepted it. */
static void acknowledged(weft_yamux *y, weft_yamux_stream *s) {
  if (!s->unacknowledged) return;
  s->unacknowledged = false;
  y->unacknowledged--;
}

static void on_credit(weft_yamux *y, weft_yamux_stream *s, const weft_yamux_header *h) {
  if (!weft_yamux_credit(s, h->length)) {
    protocol_error(y, "window", "the peer gave more credit than 2^32 - 1");
    return;
  }
  weft_yamux_schedule(y, s);
  if (h->flags & WEFT_YAMUX_FIN) weft_yamux_stream_remote_fin(y, s);
}

/* A peer that makes us reset its streams costs us what a peer does that resets them itself (CVE-2025-8671). */
static void after_the_end(weft_yamux *y, weft_yamux_stream *s) {
  bool ours = s->ours;
  weft_yamux_stream_abort(y, s, WEFT_EPROTO);
  if (!ours) weft_yamux_flood(y);
}

static void on_data(weft_yamux *y, weft_yamux_stream *s, const weft_yamux_header *h) {
  if (h->length > s->recv_credit) {
    protocol_error(y, "window", "the peer sent more than its window");
    return;
  }
  if (h->length > 0 && s->remote_fin) {
    after_the_end(y, s);
    return;
  }
  s->recv_credit -= h->length;
  y->body_stream = s;
  y->body_fin = (h->flags & WEFT_YAMUX_FIN) != 0;
}

/* After our RST the peer's data is still on the way: it is dropped without an answer, as go and rust do. */
static void on_unknown(weft_yamux *y, const weft_yamux_header *h) {
  y->stats.drop_unknown_stream++;
  weft_yamux_traced(y, WEFT_TRACE_DROP, "drop_unknown_stream", y->header, sizeof y->header);
  if ((h->flags & WEFT_YAMUX_SYN) && (h->flags & WEFT_YAMUX_RST)) weft_yamux_flood(y);
}

static void stream_frame(weft_yamux *y, const weft_yamux_header *h) {
  if (h->stream == 0) {
    protocol_error(y, "frame", "the peer sent data or credit for the session itself");
    return;
  }
  if (h->flags == 0 && h->length == 0 && !weft_yamux_flood(y)) return;
  if (h->flags & WEFT_YAMUX_SYN) open_inbound(y, h);
  if (!weft_yamux_running(y)) return;
  weft_yamux_stream *s = weft_yamux_find(y, h->stream);
  if (!s) {
    on_unknown(y, h);
    return;
  }
  if (h->flags & WEFT_YAMUX_RST) {
    reset_by_peer(y, s, h);
    return;
  }
  acknowledged(y, s);
  if (h->type == WEFT_YAMUX_DATA)
    on_data(y, s, h);
  else
    on_credit(y, s, h);
}

/* ---- frames of the session ------------------------------------------------------------------------------------- */

static void on_go_away(weft_yamux *y, const weft_yamux_header *h) {
  if (h->stream != 0) {
    protocol_error(y, "frame", "the peer sent a go-away for a stream");
    return;
  }
  if (y->go_away_in) {
    weft_yamux_flood(y);
    return;
  }
  y->go_away_in = y->tell_go_away = true;
  y->go_away_code = h->length;
}

static const char *why(int rc) {
  return rc == WEFT_EUNSUPPORTED ? "the peer speaks another version of Yamux"
                                 : "the peer sent a frame of no known kind";
}

/* No window is ever larger than window_max, so nothing longer can be on its way to a stream we forgot. */
static bool too_long(const weft_yamux *y, const weft_yamux_header *h) {
  return h->type == WEFT_YAMUX_DATA && h->length > y->cfg.window_max;
}

static void frame(weft_yamux *y) {
  weft_yamux_header h;
  weft_yamux_traced(y, WEFT_TRACE_IN, NULL, y->header, sizeof y->header);
  y->stats.frames_in++;
  y->header_len = 0;
  int rc = weft_yamux_header_decode(&h, y->header);
  if (rc != WEFT_OK) {
    weft_yamux_fail(y, WEFT_WHO_PEER, "frame", rc, why(rc));
    return;
  }
  if (too_long(y, &h)) {
    protocol_error(y, "window", "the peer sent more than any window");
    return;
  }
  y->body_left = h.type == WEFT_YAMUX_DATA ? h.length : 0;
  if (h.type == WEFT_YAMUX_PING)
    weft_yamux_ping_frame(y, &h);
  else if (h.type == WEFT_YAMUX_GO_AWAY)
    on_go_away(y, &h);
  else
    stream_frame(y, &h);
}

/* ---- bytes ----------------------------------------------------------------------------------------------------- */

static void end_of_frame(weft_yamux *y) {
  weft_yamux_stream *s = y->body_stream;
  y->body_stream = NULL;
  if (s && y->body_fin) weft_yamux_stream_remote_fin(y, s);
  y->body_fin = false;
}

static void deliver(weft_yamux *y, const uint8_t *data, uint32_t n) {
  weft_yamux_stream *s = y->body_stream;
  s->unconsumed += n;
  y->unconsumed += n;
  y->stats.bytes_in += n;
  weft_yamux_deliver(y, s, data, n);
  if (y->body_stream != s || !y->cfg.auto_consume || !weft_yamux_running(y)) return;
  weft_yamux_consume(y, s, n < s->unconsumed ? n : s->unconsumed);
}

static size_t body(weft_yamux *y, const uint8_t *data, size_t len) {
  uint32_t n = len < y->body_left ? (uint32_t)len : y->body_left;
  weft_yamux_traced(y, WEFT_TRACE_IN, "data", data, n);
  y->body_left -= n;
  if (y->body_stream) deliver(y, data, n);
  return n;
}

static size_t header(weft_yamux *y, const uint8_t *data, size_t len) {
  size_t n = sizeof y->header - y->header_len;
  if (n > len) n = len;
  memcpy(y->header + y->header_len, data, n);
  y->header_len += n;
  if (y->header_len == sizeof y->header) frame(y);
  return n;
}

static size_t next(weft_yamux *y, const uint8_t *data, size_t len) {
  size_t n = y->body_left > 0 ? body(y, data, len) : header(y, data, len);
  if (y->body_left == 0 && y->header_len == 0 && weft_yamux_running(y)) end_of_frame(y);
  weft_yamux_tell_pending(y); /* OPENED before the first byte, and everything else in its order */
  return n;
}

int weft_yamux_input(weft_yamux *y, const uint8_t *data, size_t len, weft_time now) {
  if (y->state == WEFT_YAMUX_STATE_CLOSING) return WEFT_OK; /* nobody wants it any more */
  if (y->state != WEFT_YAMUX_STATE_RUNNING) return WEFT_ESTATE;
  weft_yamux_enter(y, now);
  if (len > 0) y->heard_at = y->now;
  for (size_t at = 0; at < len && weft_yamux_running(y);) at += next(y, data + at, len - at);
  weft_yamux_flush(y);
  int rc = y->state == WEFT_YAMUX_STATE_CLOSED && y->closed.code == WEFT_ENOMEM ? WEFT_ENOMEM : WEFT_OK;
  weft_yamux_leave(y);
  return rc;
}

int weft_yamux_input_end(weft_yamux *y, weft_time now) {
  if (y->state == WEFT_YAMUX_STATE_CLOSING) return WEFT_OK; /* our go-away may still find its way */
  if (y->state != WEFT_YAMUX_STATE_RUNNING) return WEFT_ESTATE;
  weft_yamux_enter(y, now);
  bool cut = y->body_left > 0 || y->header_len > 0, clean = y->go_away_in && y->go_away_code == WEFT_YAMUX_NORMAL;
  y->closed = (weft_closed){.who = WEFT_WHO_PEER,
                            .layer = "yamux",
                            .step = "end",
                            .code = clean && !cut ? WEFT_OK : WEFT_ECLOSED,
                            .wire_code = y->go_away_code,
                            .text = cut     ? "the pipe ended inside a frame: data is missing"
                                    : clean ? "the peer closed the session"
                                            : "the pipe ended without a goodbye"};
  weft_yamux_finish(y);
  weft_yamux_leave(y);
  return WEFT_OK;
}
