/* weft webrtc: libp2p connections over WebRTC - the peer connection (ICE, DTLS, SCTP, data channels stacked), libp2p's message framing on
 * each channel, and webrtc-direct as dialer and listener (v1 and v2).
 *
 *   weft_webrtc_config cfg;
 *   weft_webrtc_config_default(&cfg);
 *   cfg.rng = rng; cfg.identity = &id; cfg.cert = cert;
 *   cfg.remote = addr; cfg.certhash = sha256; cfg.expected_peer = peer; cfg.expected_peer_len = n;
 *   weft_webrtc *c;
 *   weft_webrtc_dial(&c, &cfg, &(weft_webrtc_callbacks){sizeof(weft_webrtc_callbacks), my_output, my_event}, me);
 *   weft_webrtc_start(c, &my_socket_addr, now);
 *   on datagram:  weft_webrtc_input(c, &local, &remote, data, len, now);
 *   on READY:     uint32_t s; weft_webrtc_stream_open(c, &s, now); weft_webrtc_stream_send(c, s, "hello", 5, now);
 *   on STREAM:    ev->stream is the shared stream event
 *   weft_webrtc_tick(c, now) by weft_webrtc_deadline(c);
 *   weft_webrtc_close(c, WEFT_OK, now);                   SCTP ABORT and close_notify
 *   weft_webrtc_free(c);
 *
 * Sources: libp2p specs webrtc/README.md, webrtc/webrtc-direct.md; RFC 8831, 8832, 7983.
 */
#ifndef WEFT_WEBRTC_WEBRTC_H
#define WEFT_WEBRTC_WEBRTC_H

#include "../base/addr.h"
#include "../base/base.h"
#include "../base/stream.h"
#include "../dtls/dtls.h"
#include "../ice/ice.h"
#include "../noise/identity.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- libp2p message framing: framing.c ------------------------------------------------------------------------------------- */

#define WEFT_WEBRTC_FRAME_MAX 16384 /* length prefix and protobuf, libp2p specs webrtc "16 KiB" */
/* Most that one frame of ours carries. go-libp2p loses a channel message over 4,096 bytes that begins with a frame's length, rust-libp2p any over
 * 8,192 (measured: 0.51, 0.10.0-alpha); the specification's own limit of 16 KiB for a whole frame is what we accept. A frame over 4,096 bytes
 * leaves as two channel messages, length and body, as go's and js's do. */
#define WEFT_WEBRTC_PAYLOAD_MAX 4096

typedef enum weft_webrtc_flag { /* webrtc/README.md, Message.Flag; -1: no flag */
                                WEFT_WEBRTC_FLAG_NONE = -1,
                                WEFT_WEBRTC_FIN = 0,
                                WEFT_WEBRTC_STOP_SENDING = 1,
                                WEFT_WEBRTC_RESET = 2,
                                WEFT_WEBRTC_FIN_ACK = 3
} weft_webrtc_flag;

typedef struct weft_webrtc_frame {
  int flag;               /* weft_webrtc_flag; a value we do not know is kept as it is */
  const uint8_t *message; /* NULL: field absent */
  size_t len;
} weft_webrtc_frame;
/* With the uvarint length in front. */
int weft_webrtc_frame_encode(const weft_webrtc_frame *f, uint8_t *out, size_t cap, size_t *len);
/* One protobuf Message, without the length. */
int weft_webrtc_frame_decode(weft_webrtc_frame *f, const uint8_t *data, size_t len);

/* ---- a connection: pc.c, stream.c, direct.c ---------------------------------------------------------------------------------- */

typedef struct weft_webrtc weft_webrtc;
typedef struct weft_webrtc_listener weft_webrtc_listener;

typedef struct weft_webrtc_config {
  size_t size;
  weft_rng rng;                                 /* required */
  const weft_alloc *alloc;                      /* NULL: libc */
  weft_tracer trace;                            /* handed to every layer */
  const weft_identity *identity;                /* required for direct; must outlive the connection or listener */
  const weft_dtls_cert *cert;                   /* required; must outlive it */
  void (*keylog)(void *user, const char *line); /* NSS key log; user is the callbacks' user */
  /* dial: */
  weft_addr remote;
  const uint8_t *certhash;      /* SHA-256 of the listener's certificate; copied */
  const uint8_t *expected_peer; /* peer id bytes; NULL: any (the caller checks); copied */
  size_t expected_peer_len;
  uint8_t direct_version; /* 1 (default) or 2 */
  /* limits: */
  weft_time setup_limit;  /* ICE to READY; 0, the default: 10 s for inbound, 30 s for dial (within which ice_limit) */
  weft_time ice_limit;    /* dial: no authenticated packet from the peer; default 15 s */
  weft_time idle_timeout; /* default 30 s: consent (RFC 7675) or, as listener, any proof of life */
  uint16_t mtu;           /* UDP payload, default 1200 */
  uint16_t max_streams;   /* open at once, default 1024; one more inbound is reset */
  uint16_t early_streams; /* channels opened by the peer before Noise is done, default 10 */
  uint32_t early_bytes;   /* buffered per early channel, default 16 KiB */
  uint32_t stream_send_limit; /* per stream, not yet acknowledged; default 256 KiB */
  uint32_t recv_window;       /* of the association, default 1 MiB */
  weft_time stall_limit;   /* default 30 s: a stream that holds over half of recv_window while others wait is RESET */
  weft_time fin_ack_limit; /* default 10 s, as go-libp2p and js-libp2p wait */
  bool auto_consume;       /* default true */
  /* listener: */
  uint16_t max_connections; /* established, default 1024 */
  uint16_t
      max_in_flight; /* in set-up, default 128: above it silence, so that the dialer's retransmission succeeds later */
  uint16_t max_admitted; /* source addresses per ufrag, default 32 */
  uint32_t initial_tsn;  /* tests, with use_initial_tsn: both numbers near their wrap */
  bool use_initial_tsn;
  uint16_t initial_ssn;
} weft_webrtc_config;

typedef enum weft_webrtc_event_type {
  WEFT_WEBRTC_EVENT_STEP = 1, /* dialer: set-up went on: ice, dtls, sctp, noise */
  /* The peer id is proven: streams may be opened. Listener: the connection is new to the caller; told when the peer has the listener's last
   * Noise message, so that nothing said on a stream overtakes it. */
  WEFT_WEBRTC_EVENT_READY = 2,
  WEFT_WEBRTC_EVENT_STREAM = 3,       /* a stream event; never before READY */
  WEFT_WEBRTC_EVENT_PATH = 4,         /* the addresses in use changed */
  WEFT_WEBRTC_EVENT_SECURED_DATA = 5, /* bytes on the secured stream of channel 0 (Yamux mode) */
  WEFT_WEBRTC_EVENT_SECURED_WRITABLE = 6,
  WEFT_WEBRTC_EVENT_CLOSED = 7,
  WEFT_WEBRTC_EVENT_REFUSED = 8 /* listener only, conn NULL: a set-up that failed before READY; for the log */
} weft_webrtc_event_type;

typedef enum weft_webrtc_step {
  WEFT_WEBRTC_STEP_ICE = 1, /* a path is there */
  WEFT_WEBRTC_STEP_DTLS = 2,
  WEFT_WEBRTC_STEP_SCTP = 3,
  WEFT_WEBRTC_STEP_NOISE = 4
} weft_webrtc_step;

typedef struct weft_webrtc_event {
  weft_webrtc_event_type type;
  weft_webrtc_step step;           /* STEP */
  const weft_addr *local, *remote; /* STEP ice, PATH, READY, REFUSED (remote) */
  const uint8_t *peer_id;          /* READY: multihash bytes */
  size_t peer_id_len;
  uint8_t direct_version;          /* READY: 1 or 2; 0 on /webrtc */
  bool inbound;                    /* READY */
  const weft_stream_event *stream; /* STREAM */
  const uint8_t *data;             /* SECURED_DATA */
  size_t len;
  weft_closed closed; /* CLOSED, REFUSED */
} weft_webrtc_event;

typedef struct weft_webrtc_callbacks {
  size_t size;
  int (*output)(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                weft_time now);
  void (*event)(void *user, weft_webrtc *conn, const weft_webrtc_event *ev, weft_time now);
} weft_webrtc_callbacks;

typedef struct weft_webrtc_stats {
  size_t size;
  uint64_t datagrams_in, datagrams_out, bytes_in, bytes_out;
  uint64_t stream_bytes_in, stream_bytes_out, streams_opened_in, streams_opened_out, streams_reset;
  uint64_t drop_demux, drop_unvalidated, drop_early, drop_frame;
  uint32_t streams;                                         /* gauge */
  weft_time rtt;                                            /* smoothed: SCTP's, else ICE's; WEFT_NEVER when unknown */
  weft_time started_at, ice_at, dtls_at, sctp_at, noise_at; /* WEFT_NEVER: not reached */
} weft_webrtc_stats;

#define weft_webrtc_config_default(c) weft_webrtc_config_init((c), sizeof *(c))
void weft_webrtc_config_init(weft_webrtc_config *c, size_t size);

/* A webrtc-direct dialer. WEFT_EINVAL when remote, certhash, cert or identity is missing. */
int weft_webrtc_dial(weft_webrtc **out, const weft_webrtc_config *cfg, const weft_webrtc_callbacks *cb, void *user);
/* Sends the first check from the socket bound to `local`. More than one call: more local candidates. */
int weft_webrtc_start(weft_webrtc *c, const weft_addr *local, weft_time now);
/* Dialer. Connections of a listener are fed by it. */
int weft_webrtc_input(weft_webrtc *c, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                      weft_time now);
int weft_webrtc_tick(weft_webrtc *c, weft_time now);
weft_time weft_webrtc_deadline(const weft_webrtc *c);
/* Goodbye on the wire (SCTP ABORT, close_notify); RESET of every stream, then CLOSED, at the latest when the outermost call returns. What was
 * not sent yet is lost. WEFT_ECLOSED when it has ended already. */
int weft_webrtc_close(weft_webrtc *c, int code, weft_time now);
/* Without a goodbye; NULL: nothing. At any time, inside events too (then it takes effect when the outermost call returns, and no event follows).
 * Also for a listener's connections, after READY: the caller frees each after its CLOSED. */
void weft_webrtc_free(weft_webrtc *c);
void weft_webrtc_get_stats(const weft_webrtc *c, weft_webrtc_stats *s);
/* A pointer for the application. */
void weft_webrtc_set_data(weft_webrtc *c, void *data);
void *weft_webrtc_get_data(const weft_webrtc *c);
/* Peer id bytes after READY (valid until free), else NULL. */
const uint8_t *weft_webrtc_peer_id(const weft_webrtc *c, size_t *len);
int weft_webrtc_get_path(const weft_webrtc *c, weft_addr *local, weft_addr *remote);

/* What identify said of the peer: `no_fin_ack` for rust-libp2p, which does not know FIN_ACK (rust-libp2p issue 4600). Set by itself when the
 * peer ends channel 0 with FIN, as only rust-libp2p does. */
typedef struct weft_webrtc_quirks {
  bool no_fin_ack;
} weft_webrtc_quirks;
void weft_webrtc_set_quirks(weft_webrtc *c, weft_webrtc_quirks q);

/* ---- streams ---- one data channel each; ids are channel ids and come back after RESET or CLOSED ---- */

/* WEFT_ESTATE before READY, WEFT_ELIMIT, WEFT_EAGAIN. OPENED is not raised for it: it may be written at once. */
int weft_webrtc_stream_open(weft_webrtc *c, uint32_t *stream, weft_time now);
/* Bytes taken: 0 when nothing fits now (WRITABLE follows). WEFT_ENOTFOUND, WEFT_ESTATE after shutdown, WEFT_ECLOSED. One call makes
 * frames of up to WEFT_WEBRTC_PAYLOAD_MAX; a call of at most that many bytes that is taken whole is one frame. */
ptrdiff_t weft_webrtc_stream_send(weft_webrtc *c, uint32_t stream, const uint8_t *data, size_t len, weft_time now);
/* FIN: no more writes; reads go on. After both sides' FIN (and FIN_ACK) the channel is reset and CLOSED raised. */
int weft_webrtc_stream_shutdown(weft_webrtc *c, uint32_t stream, weft_time now);
/* RESET, both directions; the RESET event (WEFT_ECLOSED) is raised for it too. */
int weft_webrtc_stream_reset(weft_webrtc *c, uint32_t stream, weft_time now);
/* STOP_SENDING: we read no more; what still comes is dropped. */
int weft_webrtc_stream_stop(weft_webrtc *c, uint32_t stream, weft_time now);
int weft_webrtc_stream_consumed(weft_webrtc *c, uint32_t stream, size_t n, weft_time now);
/* Bytes this stream would take now. */
size_t weft_webrtc_stream_room(const weft_webrtc *c, uint32_t stream);

/* ---- the secured byte stream of channel 0 (Noise transport), for Yamux mode ---- */
ptrdiff_t weft_webrtc_secured_send(weft_webrtc *c, const uint8_t *data, size_t len, weft_time now);

/* ---- listener: direct.c ------------------------------------------------------------------------------------------------------------ */

typedef struct weft_webrtc_listener_stats {
  size_t size;
  uint64_t datagrams_in, bytes_in, bytes_out, accepted, refused, drop_demux, drop_unknown_source, drop_in_flight,
      drop_version, drop_ufrag;
  uint64_t unproven_bytes_in, unproven_bytes_out; /* to and from sources before a good cookie */
  uint32_t connections, in_flight;                /* gauges */
} weft_webrtc_listener_stats;

/* Takes identity, cert, rng and limits from cfg. Events of all its connections go to cb with the connection; READY introduces one. */
int weft_webrtc_listen(weft_webrtc_listener **out, const weft_webrtc_config *cfg, const weft_webrtc_callbacks *cb,
                       void *user);
int weft_webrtc_listener_input(weft_webrtc_listener *l, const weft_addr *local, const weft_addr *remote,
                               const uint8_t *data, size_t len, weft_time now);
/* Ticks all its connections too; the deadline covers them. */
int weft_webrtc_listener_tick(weft_webrtc_listener *l, weft_time now);
weft_time weft_webrtc_listener_deadline(const weft_webrtc_listener *l);
/* Closes every connection (CLOSED each) and accepts none any more. */
int weft_webrtc_listener_close(weft_webrtc_listener *l, weft_time now);
/* With all its connections, those the caller knows included; no event follows. */
void weft_webrtc_listener_free(weft_webrtc_listener *l);
void weft_webrtc_listener_get_stats(const weft_webrtc_listener *l, weft_webrtc_listener_stats *s);

#ifdef __cplusplus
}
#endif
#endif
