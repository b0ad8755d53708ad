/* weft sctp: one SCTP association over any datagram path (RFC 9260 as RFC 8831 uses it), with stream reset (RFC 6525), partial
 * reliability (RFC 3758) and zero checksum (RFC 9653).
 *
 *   weft_sctp_config cfg;
 *   weft_sctp_config_default(&cfg);
 *   cfg.rng = rng;
 *   weft_sctp *s;
 *   weft_sctp_new(&s, &cfg, &(weft_sctp_callbacks){sizeof(weft_sctp_callbacks), my_output, my_event}, me);
 *   weft_sctp_connect(s, now);                            both sides may
 *   on packet:     weft_sctp_input(s, packet, len, now);
 *   on CONNECTED:  weft_sctp_send(s, &(weft_sctp_message){.stream = 0, .ppid = 53}, "hi", 2, now);
 *   on MESSAGE:    use(ev->data, ev->len);                valid during the callback
 *   weft_sctp_tick(s, now) by weft_sctp_deadline(s);
 *   weft_sctp_close(s, WEFT_OK, now);                     SHUTDOWN after all data; or weft_sctp_abort
 *   weft_sctp_free(s);
 */
#ifndef WEFT_SCTP_SCTP_H
#define WEFT_SCTP_SCTP_H

#include "../base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_sctp weft_sctp;

typedef enum weft_sctp_state { /* RFC 9260 section 4 */
                               WEFT_SCTP_CLOSED = 0,
                               WEFT_SCTP_COOKIE_WAIT,
                               WEFT_SCTP_COOKIE_ECHOED,
                               WEFT_SCTP_ESTABLISHED,
                               WEFT_SCTP_SHUTDOWN_PENDING,
                               WEFT_SCTP_SHUTDOWN_SENT,
                               WEFT_SCTP_SHUTDOWN_RECEIVED,
                               WEFT_SCTP_SHUTDOWN_ACK_SENT
} weft_sctp_state;

typedef struct weft_sctp_config {
  size_t size;
  weft_rng rng;            /* required: tag, initial TSN, cookie key */
  const weft_alloc *alloc; /* NULL: libc */
  weft_tracer trace;
  uint16_t local_port, remote_port; /* default 5000, RFC 8841 section 5 */
  uint16_t mtu; /* largest packet handed to output, a multiple of 4, >= 512; default 1160: 1200 less 37 of DTLS */
  uint16_t streams_out;     /* asked for in INIT; default 65535, RFC 8831 section 6.2 */
  uint16_t streams_in;      /* default 65535 */
  uint32_t recv_window;     /* a_rwnd at start and the bound of unconsumed bytes; default 1 MiB */
  uint32_t send_limit;      /* bytes accepted and not yet acknowledged; default 2 MiB, send() answers EAGAIN above */
  uint32_t max_message_in;  /* larger incoming messages abort the association; default 256 KiB */
  uint32_t max_message_out; /* send() answers ETOOBIG above; default 256 KiB */
  weft_time rto_initial;    /* default 1 s, RFC 9260 section 16 */
  weft_time rto_min;        /* default 1 s, RFC 9260 section 16 */
  weft_time rto_max;        /* default 60 s, RFC 9260 section 16 */
  uint16_t max_retransmits; /* Association.Max.Retrans, default 10 */
  uint16_t max_init_retransmits; /* Max.Init.Retransmits, default 8 */
  weft_time heartbeat_interval;  /* HB.interval, default 30 s; WEFT_NEVER: none */
  weft_time sack_delay;          /* default 20 ms; RFC 9260 section 6.2 says at most 500 ms */
  weft_time cookie_life;         /* Valid.Cookie.Life, default 60 s */
  bool zero_checksum;            /* offer RFC 9653 with the DTLS method; default false */
  bool auto_consume;             /* default true: a message is consumed when its callback returns */
  uint32_t initial_tsn;          /* tests: nonzero with use_initial_tsn */
  bool use_initial_tsn;
  uint16_t initial_ssn; /* tests: first stream sequence number of every outgoing stream */
} weft_sctp_config;

typedef enum weft_sctp_event_type {
  WEFT_SCTP_EVENT_CONNECTED = 1,
  WEFT_SCTP_EVENT_MESSAGE = 2,
  WEFT_SCTP_EVENT_WRITABLE = 3,  /* after EAGAIN: at least half of send_limit is free */
  WEFT_SCTP_EVENT_RESET_IN = 4,  /* the peer reset its outgoing streams: nothing more comes on them until reused */
  WEFT_SCTP_EVENT_RESET_OUT = 5, /* our reset of these streams is done (code WEFT_OK) or was denied */
  WEFT_SCTP_EVENT_DRAINED = 6,   /* all that was sent on `stream` is acknowledged; asked for by notify_drained */
  WEFT_SCTP_EVENT_RESTARTED =
      7, /* the peer restarted the association (RFC 9260 section 5.2.4.1): all streams are fresh */
  WEFT_SCTP_EVENT_CLOSED = 8
} weft_sctp_event_type;

typedef struct weft_sctp_event {
  weft_sctp_event_type type;
  uint16_t streams_out, streams_in; /* CONNECTED: negotiated */
  uint16_t stream;                  /* MESSAGE, DRAINED */
  uint32_t ppid;                    /* MESSAGE, host order */
  bool unordered;                   /* MESSAGE */
  const uint8_t *data;              /* MESSAGE: the whole message, contiguous */
  size_t len;
  const uint16_t *streams; /* RESET_IN, RESET_OUT; NULL with n 0: all streams */
  size_t streams_n;
  int code;           /* RESET_OUT */
  weft_closed closed; /* CLOSED: wire_code is the error cause */
} weft_sctp_event;

typedef struct weft_sctp_callbacks {
  size_t size;
  int (*output)(void *user, const uint8_t *data, size_t len, weft_time now);
  void (*event)(void *user, const weft_sctp_event *ev, weft_time now);
} weft_sctp_callbacks;

typedef struct weft_sctp_message {
  uint16_t stream;
  uint32_t ppid;
  bool unordered;
  bool limit_retransmits; /* RFC 3758 / RFC 7496: give up after max_retransmits */
  uint16_t max_retransmits;
  weft_time lifetime; /* 0: no limit; else give up that long after send() */
} weft_sctp_message;

typedef struct weft_sctp_stats {
  size_t size;
  uint64_t packets_in, packets_out, bytes_in, bytes_out, messages_in, messages_out;
  uint64_t data_chunks_in, data_chunks_out, retransmits, fast_retransmits, t3_expiries, sacks_in, sacks_out, duplicates;
  uint64_t drop_malformed, drop_checksum, drop_tag, drop_state, drop_window, drop_unknown_chunk, drop_stale_cookie;
  uint32_t cwnd, ssthresh, peer_rwnd, outstanding, buffered; /* buffered: accepted and not acknowledged, bytes */
  uint32_t unconsumed, reassembly;                           /* delivered and not consumed; incomplete messages */
  weft_time srtt, rto;
} weft_sctp_stats;

/* Unless said otherwise, functions may be called from event callbacks (not input and tick), never from output, and answer WEFT_ECLOSED or
 * WEFT_ESTATE once CLOSED was raised. Times are absolute; data is borrowed for the call. */
#define weft_sctp_config_default(c) weft_sctp_config_init((c), sizeof *(c))
void weft_sctp_config_init(weft_sctp_config *c, size_t size);
/* Copies both structs. WEFT_EINVAL: no rng, or a value out of range (mtu as above, recv_window >= 1500, nothing 0 that may not be); WEFT_ENOMEM;
 * WEFT_ERANDOM. *out is NULL then. */
int weft_sctp_new(weft_sctp **out, const weft_sctp_config *cfg, const weft_sctp_callbacks *cb, void *user);
/* Says nothing on the wire. NULL is allowed; from a callback it takes effect when the outermost call returns, and no event follows. */
void weft_sctp_free(weft_sctp *s);
/* Sends INIT. Without it the object answers the peer's INIT (both at once is fine: RFC 9260 section 5.2.1). */
/* WEFT_OK also when the peer was first and the handshake is under way or over. */
int weft_sctp_connect(weft_sctp *s, weft_time now);
/* One packet. Whatever is wrong with it is dropped and counted, WEFT_OK. WEFT_ENOMEM: a chunk was not taken, as if lost. WEFT_ESTATE after CLOSED.
 * Between hold and release several inputs are answered by one SACK. */
int weft_sctp_input(weft_sctp *s, const uint8_t *data, size_t len, weft_time now);
/* Takes the whole message or nothing. WEFT_EAGAIN: send_limit; WEFT_ETOOBIG; WEFT_EINVAL: stream not negotiated, or len 0; WEFT_ESTATE: not
 * ESTABLISHED, or a reset of that stream is under way. Before CONNECTED messages are WEFT_ESTATE. */
int weft_sctp_send(weft_sctp *s, const weft_sctp_message *m, const uint8_t *data, size_t len, weft_time now);
/* Entry calls send at once. Between hold and release sends are only queued, so that small messages share packets; release flushes. */
void weft_sctp_hold(weft_sctp *s);
int weft_sctp_release(weft_sctp *s, weft_time now);
/* With auto_consume off: gives n bytes of the window back. The window is the association's, so `stream` only says whose bytes they were.
 * WEFT_EINVAL: more than was delivered. With auto_consume on it does nothing. */
int weft_sctp_consumed(weft_sctp *s, uint16_t stream, size_t n, weft_time now);
/* Outgoing stream reset (RFC 6525 section 5.1.2) once all data queued on these streams is acknowledged. RESET_OUT follows. send() on them is
 * WEFT_ESTATE until then. Any number of calls may be outstanding; streams that are ready together share a request and a RESET_OUT, and asking
 * again for one that is under way changes nothing. n 0: all streams. WEFT_EUNSUPPORTED: the peer has no RE-CONFIG; WEFT_EINVAL: a stream that
 * was not negotiated; WEFT_ESTATE: not connected. The peer's requests to reset streams of ours are denied. */
int weft_sctp_reset_streams(weft_sctp *s, const uint16_t *streams, size_t n, weft_time now);
/* Bytes accepted for this stream and not yet acknowledged. */
size_t weft_sctp_stream_buffered(const weft_sctp *s, uint16_t stream);
/* DRAINED when stream_buffered is 0: at once (as an event) if it is already. */
int weft_sctp_notify_drained(weft_sctp *s, uint16_t stream, weft_time now);
/* Runs what is due, and offers again what output did not take. */
int weft_sctp_tick(weft_sctp *s, weft_time now);
/* When to call tick, WEFT_NEVER: not needed. May change with every call. */
weft_time weft_sctp_deadline(const weft_sctp *s);
/* Graceful: SHUTDOWN after all data is acknowledged; CLOSED {self, code} follows. Without an association CLOSED comes at once. */
int weft_sctp_close(weft_sctp *s, int code, weft_time now);
/* ABORT chunk with cause 12 (user initiated) and this text; CLOSED at once. What WebRTC peers do and expect. */
int weft_sctp_abort(weft_sctp *s, const char *reason, weft_time now);
weft_sctp_state weft_sctp_get_state(const weft_sctp *s);
/* st->size is read (0: this version's) and as much is filled in. */
void weft_sctp_get_stats(const weft_sctp *s, weft_sctp_stats *st);

#ifdef __cplusplus
}
#endif
#endif
