/* weft yamux: /yamux/1.0.0 sessions over any byte pipe, both roles.
 *
 *   weft_yamux_config cfg;
 *   weft_yamux_config_default(&cfg);
 *   cfg.client = true;                                    the side that opened the pipe: odd stream ids
 *   weft_yamux *y;
 *   weft_yamux_new(&y, &cfg, &(weft_yamux_callbacks){sizeof(weft_yamux_callbacks), my_output, my_event}, me);
 *   uint32_t s;
 *   weft_yamux_open(y, &s, now);
 *   ptrdiff_t n = weft_yamux_send(y, s, data, len, now);   bytes taken; WRITABLE follows a short one
 *   weft_yamux_shutdown(y, s, now);                        FIN; reads go on
 *   on bytes:    weft_yamux_input(y, data, len, now);
 *   on STREAM:   ev->stream is the shared stream event
 *   weft_yamux_tick(y, now) by weft_yamux_deadline(y);
 *   weft_yamux_close(y, WEFT_OK, now);                     go-away
 *   weft_yamux_free(y);
 *
 * Sources: hashicorp/yamux spec.md, libp2p specs yamux/README.md. How go, rust and js differ is written at each rule.
 */
#ifndef WEFT_YAMUX_YAMUX_H
#define WEFT_YAMUX_YAMUX_H

#include "../base/base.h"
#include "../base/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_YAMUX_HEADER_LEN 12
#define WEFT_YAMUX_WINDOW_INITIAL 262144u         /* 256 KiB, fixed by the spec */
#define WEFT_YAMUX_WINDOW_MAX (16u * 1024 * 1024) /* as go-yamux and js */

/* What may be called from where: from `event` everything but input, input_end and tick; from `output` and the trace
 * nothing on the same object. free() from `event` takes effect when the outermost call returns, and no event follows
 * it. What is sent in an event leaves when the call underneath returns, in one batch. The trace has whole frames going
 * out; of those coming in the header, then the data as it arrives (text "data"), since that is never gathered. */

/* ---- frames: frame.c ------------------------------------------------------------------------------------------- */

enum { WEFT_YAMUX_DATA = 0, WEFT_YAMUX_WINDOW_UPDATE = 1, WEFT_YAMUX_PING = 2, WEFT_YAMUX_GO_AWAY = 3 };
enum { WEFT_YAMUX_SYN = 1, WEFT_YAMUX_ACK = 2, WEFT_YAMUX_FIN = 4, WEFT_YAMUX_RST = 8 };
enum { WEFT_YAMUX_NORMAL = 0, WEFT_YAMUX_PROTOCOL_ERROR = 1, WEFT_YAMUX_INTERNAL_ERROR = 2 };

typedef struct weft_yamux_header {
  uint8_t version, type;
  uint16_t flags;
  uint32_t stream, length;
} weft_yamux_header;
/* WEFT_EUNSUPPORTED: version; WEFT_EMALFORMED: type or flags unknown. */
int weft_yamux_header_decode(weft_yamux_header *h, const uint8_t data[WEFT_YAMUX_HEADER_LEN]);
void weft_yamux_header_encode(const weft_yamux_header *h, uint8_t out[WEFT_YAMUX_HEADER_LEN]);

/* ---- a session: session.c, stream.c ---------------------------------------------------------------------------- */

typedef struct weft_yamux weft_yamux;

typedef struct weft_yamux_config {
  size_t size;
  const weft_alloc *alloc; /* NULL: libc */
  weft_tracer trace;
  bool client;
  uint32_t window_max;   /* per stream, default WEFT_YAMUX_WINDOW_MAX; grows from 256 KiB by the RTT */
  uint64_t window_total; /* sum of the windows above the initial ones, default 64 MiB */
  uint32_t frame_max;    /* DATA we send, default 16 KiB (rust sends that, all accept it) */
  uint32_t max_streams_in, max_streams_out; /* default 1000 each, as js */
  uint32_t accept_backlog;                  /* our opened streams the peer has not acknowledged, default 256 */
  /* Per stream, waiting for credit or output; default 256 KiB; see weft_yamux_send(). A peer that gives no credit makes
   * us hold that much of each stream: where peers are strangers and streams carry bulk, less is better (a relay). */
  uint32_t send_limit;
  uint32_t control_limit; /* control frames waiting for output, default 1024; above: closed with WEFT_ELIMIT */
  weft_time keepalive;    /* ping interval, default 30 s; WEFT_NEVER: only the one of start() */
  /* Default 10 s without an answer, or any other byte, then CLOSED with WEFT_ETIMEDOUT; also how long close() waits for
   * output. */
  weft_time ping_timeout;
  bool auto_consume; /* default true: delivered bytes are consumed when the event returns */
} weft_yamux_config;

typedef enum weft_yamux_event_type {
  WEFT_YAMUX_EVENT_STREAM = 1,
  WEFT_YAMUX_EVENT_RTT = 2,     /* a ping was answered */
  WEFT_YAMUX_EVENT_GO_AWAY = 3, /* the peer opens and accepts no more streams; the present ones go on */
  WEFT_YAMUX_EVENT_CLOSED = 4
} weft_yamux_event_type;

typedef struct weft_yamux_event {
  weft_yamux_event_type type;
  const weft_stream_event *stream; /* STREAM; valid during the callback only */
  weft_time rtt;                   /* RTT, smoothed as go-yamux does: half old, half new */
  uint32_t go_away_code;           /* GO_AWAY: WEFT_YAMUX_NORMAL, ... */
  weft_closed closed;
} weft_yamux_event;

/* output: bytes taken, 0 for not now (offered again in tick and with every call), negative to end the session with
 * that code. */
typedef struct weft_yamux_callbacks {
  size_t size;
  ptrdiff_t (*output)(void *user, const uint8_t *data, size_t len, weft_time now); /* bytes taken, 0: not now */
  void (*event)(void *user, const weft_yamux_event *ev, weft_time now);
} weft_yamux_callbacks;

typedef struct weft_yamux_stats {
  size_t size;
  uint64_t frames_in, frames_out, bytes_in, bytes_out, streams_in, streams_out, resets_in, resets_out, pings_in,
      drop_unknown_stream;
  uint32_t streams, unconsumed, buffered; /* gauges */
  weft_time rtt;                          /* WEFT_NEVER when unknown */
  uint64_t refused_streams;               /* answered with RST: too many, or after a go-away */
  uint64_t idle_frames;                   /* moved nothing: pings, empty frames, inbound streams reset or refused */
} weft_yamux_stats;

#define weft_yamux_config_default(c) weft_yamux_config_init((c), sizeof *(c))
void weft_yamux_config_init(weft_yamux_config *c, size_t size);
/* WEFT_EINVAL: a field out of range (window_max from 256 KiB to 1 GiB; limits and times not 0); WEFT_ENOMEM. */
int weft_yamux_new(weft_yamux **out, const weft_yamux_config *cfg, const weft_yamux_callbacks *cb, void *user);
void weft_yamux_free(weft_yamux *y);
/* Begins; arms keepalive; sends the first ping for the RTT. Before it every other call is WEFT_ESTATE. CLOSED has layer
 * "yamux", and every open stream is RESET (WEFT_ECLOSED) before it. Its steps:
 *   "frame"     EUNSUPPORTED (version), EMALFORMED (type, flags), EPROTO (data for stream 0, go-away for another)
 *   "syn"       EPROTO: an id of our side, one that is open, more than the initial window
 *   "window"    EPROTO: DATA beyond the window, credit past 2^32 - 1
 *   "flood"     ELIMIT: more than 10,000 frames at once and 1,000 a second that move nothing
 *   "control"   ELIMIT: control_limit          "keepalive" ETIMEDOUT: ping_timeout
 *   "end"       input_end(): OK after a go-away with code 0 (wire_code has the code), else ECLOSED
 *   "output"    the callback's code            "memory"    ENOMEM
 *   "close"     the code given to close(), or ETIMEDOUT when output did not take the go-away
 * In the first five cases a go-away with code 1 is offered to output once. */
int weft_yamux_start(weft_yamux *y, weft_time now);
/* Any cut of the byte pipe. Negative only for WEFT_ENOMEM (and CLOSED) and WEFT_ESTATE. */
int weft_yamux_input(weft_yamux *y, const uint8_t *data, size_t len, weft_time now);

int weft_yamux_input_end(weft_yamux *y, weft_time now); /* the pipe ended: every stream is RESET, then CLOSED */

/* The calls on streams give WEFT_ECLOSED when the session is closing or closed, WEFT_ENOTFOUND for an id that is not
 * open (any more). */

/* WEFT_ELIMIT: max_streams_out, accept_backlog, or no id is left; WEFT_ESTATE after the peer's go-away; WEFT_ENOMEM.
 * The stream may be written at once; its OPENED is raised before the outermost call returns. Towards rust-libp2p keep
 * below 256 streams: it ends the connection at 512. */
int weft_yamux_open(weft_yamux *y, uint32_t *stream, weft_time now);
/* Bytes taken (fewer than len, or 0: send_limit; WRITABLE follows when half of it is free), WEFT_ECLOSED after
 * shutdown(), WEFT_ENOMEM. Streams that have more to send than goes out take turns, a frame each. Up to 64 KiB of
 * frames that output did not take are beyond every send_limit, for all streams together. */
ptrdiff_t weft_yamux_send(weft_yamux *y, uint32_t stream, const uint8_t *data, size_t len, weft_time now);
/* FIN behind what was sent; reading goes on. CLOSED when both sides did that. */
int weft_yamux_shutdown(weft_yamux *y, uint32_t stream, weft_time now);
/* RST; what was sent and is still here is dropped. RESET (WEFT_ECLOSED) is raised. */
int weft_yamux_reset(weft_yamux *y, uint32_t stream, weft_time now);
/* The application is done with n delivered bytes, and the peer may send as many more. WEFT_EINVAL: more than are
 * delivered and not consumed. A stream whose bytes are not consumed stands still alone: the others go on. */
int weft_yamux_consumed(weft_yamux *y, uint32_t stream, size_t n, weft_time now);
/* What send() would take at least, now. */
size_t weft_yamux_room(const weft_yamux *y, uint32_t stream);
/* An RTT event follows the answer. WEFT_EAGAIN: one is on its way. */
int weft_yamux_ping(weft_yamux *y, weft_time now);
int weft_yamux_tick(weft_yamux *y, weft_time now);
weft_time weft_yamux_deadline(const weft_yamux *y);
/* code WEFT_OK: what was sent and has credit, then go-away 0; WEFT_EPROTO: go-away 1; else 2. CLOSED when the go-away
 * was taken by output. WEFT_ECLOSED when closed or closing already. */
int weft_yamux_close(weft_yamux *y, int code, weft_time now);
void weft_yamux_get_stats(const weft_yamux *y, weft_yamux_stats *s);

#ifdef __cplusplus
}
#endif
#endif
