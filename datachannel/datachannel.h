/* weft datachannel: WebRTC data channels (RFC 8831) and DCEP (RFC 8832) over any transport of messages and streams.
 *
 *   weft_datachannel_config cfg;
 *   weft_datachannel_config_default(&cfg);
 *   cfg.even = dtls_client;                              DTLS client: even ids, server: odd (RFC 8832 section 6)
 *   weft_datachannel *dc;
 *   weft_datachannel_new(&dc, &cfg, &callbacks, me);     output: the transport's send, reset: its stream reset
 *   weft_datachannel_up(dc, streams_out, streams_in, now);
 *   uint16_t id;
 *   weft_datachannel_open(dc, &(weft_datachannel_params){.label = "chat", .label_len = 4}, &id, now);
 *   weft_datachannel_send(dc, id, true, "hi", 2, now);
 *   on message:  weft_datachannel_input(dc, stream, ppid, data, len, now);
 *   on reset:    weft_datachannel_reset_in(dc, ids, n, now);  weft_datachannel_reset_done(dc, ids, n, code, now);
 *   weft_datachannel_close_channel(dc, id, now);         reset both ways; the id comes back when both are done
 *   weft_datachannel_free(dc);
 */
#ifndef WEFT_DATACHANNEL_DATACHANNEL_H
#define WEFT_DATACHANNEL_DATACHANNEL_H

#include "../base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* RFC 8831 section 8 and IANA's SCTP payload protocol identifiers */
enum {
  WEFT_DATACHANNEL_PPID_DCEP = 50,
  WEFT_DATACHANNEL_PPID_STRING = 51,
  WEFT_DATACHANNEL_PPID_BINARY = 53,
  WEFT_DATACHANNEL_PPID_STRING_EMPTY = 56,
  WEFT_DATACHANNEL_PPID_BINARY_EMPTY = 57
};

/* ---- DCEP messages: dcep.c ------------------------------------------------------------------------------------- */

enum { WEFT_DATACHANNEL_ACK = 2, WEFT_DATACHANNEL_OPEN = 3 }; /* RFC 8832 section 8.2.1 */

typedef enum weft_datachannel_reliability {
  WEFT_DATACHANNEL_RELIABLE = 0, /* low 7 bits of the channel type, RFC 8832 section 5.1 */
  WEFT_DATACHANNEL_REXMIT = 1,
  WEFT_DATACHANNEL_TIMED = 2
} weft_datachannel_reliability;

/* label and protocol are borrowed for the call; in events and after decoding they point into the message. */
typedef struct weft_datachannel_params {
  weft_datachannel_reliability reliability;
  bool unordered;
  uint16_t priority;  /* default on the wire here: 256, RFC 8831 section 6.4 "normal" */
  uint32_t parameter; /* retransmissions, or milliseconds */
  const char *label;  /* UTF-8, not terminated */
  uint16_t label_len;
  const char *protocol;
  uint16_t protocol_len;
} weft_datachannel_params;

/* Writes an OPEN of 12 + label_len + protocol_len bytes, priority as given. WEFT_ETOOBIG: cap; WEFT_EINVAL:
 * reliability. */
int weft_datachannel_open_encode(const weft_datachannel_params *p, uint8_t *out, size_t cap, size_t *len);
/* The whole of data must be one OPEN (RFC 8832 section 5.1): other lengths and unassigned channel types are
 * WEFT_EMALFORMED. label and protocol point into data. */
int weft_datachannel_open_decode(weft_datachannel_params *p, const uint8_t *data, size_t len);
/* OPEN or ACK by the first byte, else WEFT_EMALFORMED. An OPEN is still to be decoded. */
int weft_datachannel_message_type(const uint8_t *data, size_t len);

/* ---- channels of one association: channels.c ------------------------------------------------------------------- */

/* What may be called from where: from `event` everything but input and tick; from `output`, `reset` and the trace
 * nothing on the same object. free() from `event` takes effect when the outermost call returns, and no event follows
 * it. */

typedef struct weft_datachannel weft_datachannel;

typedef struct weft_datachannel_config {
  size_t size;
  const weft_alloc *alloc; /* NULL: libc */
  weft_tracer trace;
  bool even;             /* our ids are even: we are the DTLS client */
  bool reserve_zero;     /* default true: never hand out id 0 (webrtc-direct's Noise channel) */
  uint16_t max_channels; /* open at once, both directions; default 4096; one more inbound is reset */
  uint32_t max_message;  /* larger incoming messages close the channel; default 256 KiB */
  weft_time id_hold;     /* default 30 s: so long is an id held whose reset the peer never answers; WebRTC: for ever */
  uint32_t peer_max_message; /* a=max-message-size of the peer: longer sends are WEFT_ETOOBIG; default 0: no limit */
} weft_datachannel_config;

/* Not an id: SCTP counts at most 65,535 streams (RFC 9260 section 3.3.2), so ids end at 65,534. */
#define WEFT_DATACHANNEL_ID_NONE 65535

typedef enum weft_datachannel_event_type {
  WEFT_DATACHANNEL_EVENT_OPENED = 1, /* inbound: the peer opened it; outbound: it may be used (raised from open()) */
  WEFT_DATACHANNEL_EVENT_ACKED = 2,  /* the peer's DCEP ACK came */
  WEFT_DATACHANNEL_EVENT_MESSAGE = 3,
  WEFT_DATACHANNEL_EVENT_CLOSING = 4, /* the peer reset its side; all its data was delivered; our side is being reset */
  WEFT_DATACHANNEL_EVENT_CLOSED = 5,  /* both directions are reset; the id is free */
  WEFT_DATACHANNEL_EVENT_WRITABLE = 6 /* after a send refused with EAGAIN; id NONE: after an open() refused with it */
} weft_datachannel_event_type;

typedef struct weft_datachannel_event {
  weft_datachannel_event_type type;
  uint16_t id;
  bool inbound;                          /* OPENED */
  const weft_datachannel_params *params; /* OPENED inbound, valid during the callback; NULL when outbound */
  bool binary;                           /* MESSAGE */
  const uint8_t *data;                   /* MESSAGE; len 0 for the empty-message PPIDs */
  size_t len;
  /* CLOSED: WEFT_OK (closed here), WEFT_ERESET (by the peer), WEFT_EPROTO, WEFT_ELIMIT, WEFT_ETIMEDOUT (id_hold),
   * WEFT_EREFUSED (our reset was denied: the id stays used), or what the transport said of a reset. */
  int code;
} weft_datachannel_event;

/* What goes to the transport, reliable and ordered unless it says otherwise. */
typedef struct weft_datachannel_out {
  uint16_t stream;
  uint32_t ppid;
  bool unordered;
  bool limit_retransmits;
  uint16_t max_retransmits;
  weft_time lifetime; /* microseconds from now; 0: no limit */
} weft_datachannel_out;

/* output: one message, taken whole (WEFT_OK) or not at all (WEFT_EAGAIN: writable() follows when there is room
 * again; any other code is handed to whoever sent). reset: asks for an outgoing reset of these streams (RFC 6525
 * section 5.1.2) after all that was sent on them is acknowledged; n is 1 to 128; WEFT_OK: reset_done follows once
 * for each; WEFT_EAGAIN: none was taken, it is asked again in a later call; any other code ends these channels,
 * whose ids stay used. */

typedef struct weft_datachannel_callbacks {
  size_t size;
  int (*output)(void *user, const weft_datachannel_out *o, const uint8_t *data, size_t len, weft_time now);
  int (*reset)(void *user, const uint16_t *streams, size_t n, weft_time now);
  void (*event)(void *user, const weft_datachannel_event *ev, weft_time now);
} weft_datachannel_callbacks;

typedef struct weft_datachannel_stats {
  size_t size;
  uint64_t opened_in, opened_out, closed, messages_in, messages_out;
  uint64_t drop_malformed, drop_parity; /* drop_parity: OPEN on an id of our own parity (RFC 8832 section 6) */
  uint64_t drop_unknown_ppid, drop_unknown_channel, drop_limit, drop_toobig;
  uint32_t channels;        /* gauge: told of by OPENED and not yet CLOSED */
  uint64_t drop_unexpected; /* OPEN on an id in use, ACK that nobody waits for */
  uint64_t drop_closing;    /* messages on a channel that is being closed */
} weft_datachannel_stats;

#define weft_datachannel_config_default(c) weft_datachannel_config_init((c), sizeof *(c))
void weft_datachannel_config_init(weft_datachannel_config *c, size_t size);
/* All three callbacks are required. Config and callbacks are copied. WEFT_ENOMEM. */
int weft_datachannel_new(weft_datachannel **out, const weft_datachannel_config *cfg,
                         const weft_datachannel_callbacks *cb, void *user);
void weft_datachannel_free(weft_datachannel *dc);
/* The association is up with that many streams; the smaller number counts, since a channel needs both directions
 * (RFC 8831 section 6.4). Negotiated channels may be made before; those with ids beyond are CLOSED with WEFT_ELIMIT.
 * Until then all that needs the transport is WEFT_ESTATE, and so is a second call. */
int weft_datachannel_up(weft_datachannel *dc, uint16_t streams_out, uint16_t streams_in, weft_time now);
/* The lowest free id of our parity; sends OPEN; may be sent on at once (RFC 8832 section 6). OPENED is raised before it
 * returns, or, called from `event`, after that event. priority 0 goes out as 256. WEFT_ELIMIT: no id or channel left;
 * WEFT_EAGAIN: the transport is full, nothing was taken; WEFT_ENOMEM. An id is free again once both resets are done. */
int weft_datachannel_open(weft_datachannel *dc, const weft_datachannel_params *p, uint16_t *id, weft_time now);
/* A channel both sides know of without DCEP, of any parity (RFC 8831 section 6.4). Of p only reliability, parameter
 * and unordered count. WEFT_EINVAL: no such stream; WEFT_ESTATE: the id is in use, or its resets are not done;
 * WEFT_ELIMIT. */
int weft_datachannel_open_negotiated(weft_datachannel *dc, uint16_t id, const weft_datachannel_params *p,
                                     weft_time now);
/* One message. len 0 is sent as one zero byte with the empty PPID (RFC 8831 section 6.6). Until the peer was heard
 * on the channel everything goes ordered (RFC 8832 section 6). WEFT_EAGAIN: nothing was taken, WRITABLE follows;
 * WEFT_ETOOBIG: peer_max_message; WEFT_ENOTFOUND; WEFT_ECLOSED: the channel is being closed. */
int weft_datachannel_send(weft_datachannel *dc, uint16_t id, bool binary, const uint8_t *data, size_t len,
                          weft_time now);
/* Resets our side, after what was sent on it; CLOSED when the peer has reset its own (RFC 8831 section 6.7). What
 * still comes in is dropped. A second call does nothing. WEFT_ENOTFOUND. */
int weft_datachannel_close_channel(weft_datachannel *dc, uint16_t id, weft_time now);
/* From the transport: */

/* One message. What cannot be used is dropped and counted; a second OPEN or a message over max_message also closes its
 * channel, an OPEN that is refused has its stream reset. Negative only for WEFT_ENOMEM and WEFT_ESTATE. */
int weft_datachannel_input(weft_datachannel *dc, uint16_t stream, uint32_t ppid, const uint8_t *data, size_t len,
                           weft_time now);
/* The peer reset these streams, and all it sent on them before was given to input. n 0: all streams. */
int weft_datachannel_reset_in(weft_datachannel *dc, const uint16_t *streams, size_t n, weft_time now);
/* Our reset of these streams was carried out (WEFT_OK) or denied. n 0: all that were asked for. */
int weft_datachannel_reset_done(weft_datachannel *dc, const uint16_t *streams, size_t n, int code, weft_time now);
/* The transport takes messages again: what waits goes out, and WRITABLE is raised for who was refused, in turn. */
int weft_datachannel_writable(weft_datachannel *dc, weft_time now);
/* Offers waiting ACKs and resets again; gives ids back whose reset nobody answered for id_hold. */
int weft_datachannel_tick(weft_datachannel *dc, weft_time now);
weft_time weft_datachannel_deadline(const weft_datachannel *dc);
/* May be sent on. Callable from anywhere. */
bool weft_datachannel_is_open(const weft_datachannel *dc, uint16_t id);
/* Fills as much of s as s->size says. Callable from anywhere. */
void weft_datachannel_get_stats(const weft_datachannel *dc, weft_datachannel_stats *s);

#ifdef __cplusplus
}
#endif
#endif
