/* weft webrtc, private: a connection and what its files share.
 *
 *   socket -> ice -> dtls -> sctp -> datachannel -> channel 0 -> noise                                      layers.c, secured.c
 *                                                -> other channels -> frames -> halves -> stream events     streams.c, receive.c
 *
 *   NEW -> ICE -> DTLS -> SCTP -> NOISE -> READY
 *    +-----+------+-------+--------+--------+----> ENDED (one CLOSED, or REFUSED)
 *
 * Everything that changes sets flags; what must be sent or told because of them happens in settle() (pc.c), when the outermost
 * call ends and no layer beneath is in the middle of something. Stream data alone is told at once.
 */
#ifndef WEFT_WEBRTC_WEBRTC_INT_H
#define WEFT_WEBRTC_WEBRTC_INT_H

#include "base/evq.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/timer.h"
#include "datachannel/datachannel.h"
#include "dtls/dtls.h"
#include "ice/ice.h"
#include "noise/noise.h"
#include "sctp/sctp.h"
#include "webrtc/deframe.h"
#include "webrtc/halves.h"
#include "webrtc/webrtc.h"

enum {
  WEFT_WEBRTC_CHANNEL_ZERO = 0,
  WEFT_WEBRTC_FRAME_OVERHEAD = 16, /* of a data frame, with room to spare: length 3, flag 0, field header 4 */
  WEFT_WEBRTC_TEXT_MAX = 256,      /* of a closing text */
  WEFT_WEBRTC_PINS_MAX = 8         /* a=fingerprint lines kept, as weft_dtls takes them */
};

typedef enum weft_webrtc_stage {
  WEFT_WEBRTC_NEW = 0,
  WEFT_WEBRTC_ICE,
  WEFT_WEBRTC_DTLS,
  WEFT_WEBRTC_SCTP,
  WEFT_WEBRTC_NOISE,
  WEFT_WEBRTC_READY,
  WEFT_WEBRTC_ENDED
} weft_webrtc_stage;

enum { /* weft_webrtc.events: what the application is still to be told, in this order; streams come before SECURED_WRITABLE */
       WEFT_WEBRTC_TELL_ICE = 1,
       WEFT_WEBRTC_TELL_DTLS = 2,
       WEFT_WEBRTC_TELL_SCTP = 4,
       WEFT_WEBRTC_TELL_NOISE = 8,
       WEFT_WEBRTC_TELL_READY = 16,
       WEFT_WEBRTC_TELL_PATH = 32,
       WEFT_WEBRTC_TELL_SECURED_WRITABLE = 64,
       WEFT_WEBRTC_TELL_CLOSED = 128
};

enum { /* weft_webrtc_stream.events, told in this order */
       WEFT_WEBRTC_STREAM_TELL_OPENED = 1,
       WEFT_WEBRTC_STREAM_TELL_WRITABLE = 2,
       WEFT_WEBRTC_STREAM_TELL_REMOTE_CLOSED = 4,
       WEFT_WEBRTC_STREAM_TELL_RESET = 8,
       WEFT_WEBRTC_STREAM_TELL_CLOSED = 16
};

typedef struct weft_webrtc_stream {
  weft_list tell;    /* in c->telling while `events` is not 0 */
  weft_list touch;   /* in c->touched: its halves changed */
  weft_list blocked; /* in c->blocked: waits for its own send limit */
  weft_list timed;   /* in c->timed: time alone may change it */
  uint16_t id;
  uint8_t events;
  bool inbound;
  bool early;   /* opened by the peer before READY was told */
  bool refused; /* the channel takes nothing now; WRITABLE follows */
  bool over;    /* the channel is being closed: halves are not looked at any more */
  bool gone;    /* the last event was told */
  bool in_use;  /* an incoming message is being worked through */
  weft_webrtc_halves halves;
  weft_webrtc_deframer rx;
  weft_buf held_early; /* what came before READY */
  size_t held;         /* bytes that count against the association's window */
  size_t unconsumed;   /* of them: delivered, and the application is not done with them */
} weft_webrtc_stream;

typedef struct weft_webrtc_prologue {
  uint8_t bytes[88]; /* "libp2p-webrtc-noise:", then the two certificates' multihashes, the dialer's first */
} weft_webrtc_prologue;

/* A listener's route from an address pair to a connection. */
typedef struct weft_webrtc_route {
  struct weft_webrtc_route *next; /* in its bucket */
  weft_list node;                 /* in c->routes */
  weft_webrtc *conn;
  weft_addr local, remote;
} weft_webrtc_route;

/* How a connection is made; everything but the configuration. */
typedef struct weft_webrtc_setup {
  bool inbound, dtls_client;
  bool lite, controlling, allow_loopback;
  uint32_t told_types, remote_types;                /* ice.h; 0: all */
  bool secured;                                     /* Noise on channel 0 before anything else (webrtc-direct) */
  uint8_t version;                                  /* 1, 2; 0 on /webrtc */
  bool speaks_late;                                 /* a listener's first Noise message waits: secured.c */
  const char *ufrag, *pwd;                          /* ours; NULL: random */
  const uint8_t (*pins)[WEFT_DTLS_FINGERPRINT_LEN]; /* accepted certificates; none: any */
  size_t pins_len;
  bool gated;
  weft_time setup_limit;
  /* of /webrtc (private.c): */
  void (*watch)(void *user, const weft_ice_event *ev); /* what the agent tells; user is the callbacks' */
  uint16_t sctp_port;                                  /* the peer's; 0: 5000 */
  bool open_init;                                      /* makes the channel "init" once the association is up */
  bool held;                                           /* READY waits until the caller has the connection */
} weft_webrtc_setup;

struct weft_webrtc {
  weft_webrtc_config cfg;
  weft_webrtc_setup setup;
  weft_alloc alloc;
  weft_tracer trace_to; /* the caller's; cfg.trace adds whose unit it is */
  weft_webrtc_callbacks cb;
  void *user, *data;
  weft_evq q; /* only its bookkeeping of calls */
  weft_time now, setup_at;
  weft_time speak_at; /* when a listener's first Noise message leaves, if it waits (secured.c) */
  weft_webrtc_stage stage;
  uint8_t events;
  bool ending, ended;
  weft_closed closed;
  char closed_text[WEFT_WEBRTC_TEXT_MAX];
  weft_webrtc_stats stats;
  weft_webrtc_quirks quirks;

  weft_ice *ice;
  weft_dtls *dtls;
  weft_sctp *sctp;
  weft_datachannel *dc;
  weft_noise *noise;
  weft_addr local, remote; /* the path in use */
  bool has_path, path_checked;
  uint64_t records_in; /* DTLS's count after the last input: a change proves the source */
  uint8_t pins[WEFT_WEBRTC_PINS_MAX][WEFT_DTLS_FINGERPRINT_LEN];
  uint8_t peer_fingerprint[WEFT_DTLS_FINGERPRINT_LEN];
  uint8_t peer_id[WEFT_PEER_ID_MAX], expected_peer[WEFT_PEER_ID_MAX];
  size_t peer_id_len;
  weft_webrtc_deframer rx0; /* of channel 0 */
  bool zero_ended, noise_waits;
  bool secured_waits; /* the peer id is proven, and READY not told: secured.c */
  bool stuck;         /* output answered EAGAIN */

  /* sctp's events while the channels are in one of their callbacks wait here */
  unsigned dc_busy;
  bool dc_writable;
  uint16_t *resets; /* pairs: id, 0 in or 1 done or 2 refused */
  size_t resets_len, resets_cap;
  uint16_t init_id;     /* of the channel "init", open_init */
  bool init_acked;      /* the peer has seen it: its side is up too */
  bool init_taken;      /* the peer's "init" came; a second one is a stream like any other */
  size_t message_taken; /* bytes of the message being delivered that a stream holds */

  weft_webrtc_stream **table; /* sorted by id */
  size_t table_len, table_cap;
  weft_list telling, touched, blocked, timed;
  size_t partial;              /* bytes of incomplete frames, all streams */
  weft_webrtc_stream *stalled; /* holds over half of the window since stalled_at */
  weft_time stalled_at;

  weft_webrtc_listener *listener; /* NULL: dialled */
  bool introduced;                /* READY was told */
  bool counted;                   /* in one of the listener's gauges */
  weft_time proven_at;            /* last record with a good MAC, or check under its user name */
  uint8_t key[WEFT_ICE_LITE_KEY_LEN];
  weft_webrtc *next_by_key;
  weft_list node, stuck_node, routes;
  weft_time due; /* as of the last call; where it stands in the listener's heap */
  size_t heap_at;
};

/* pc.c */
int weft_webrtc_check_config(const weft_webrtc_config *cfg, weft_webrtc_config *full);
int weft_webrtc_new(weft_webrtc **out, const weft_webrtc_config *full, const weft_webrtc_setup *setup,
                    const weft_webrtc_callbacks *cb, void *user);
void weft_webrtc_enter(weft_webrtc *c, weft_time now);
void weft_webrtc_leave(weft_webrtc *c);
void weft_webrtc_begin(weft_webrtc *c); /* the set-up's time starts */
bool weft_webrtc_alive(const weft_webrtc *c);
void weft_webrtc_set_stage(weft_webrtc *c, weft_webrtc_stage to);
void weft_webrtc_drop(weft_webrtc *c, uint64_t *counter, const char *name, const uint8_t *data, size_t len);
void weft_webrtc_trace_datagram(const weft_webrtc *c, weft_trace_kind kind, const weft_addr *local,
                                const weft_addr *remote, const uint8_t *data, size_t len);
void weft_webrtc_trace_frame(const weft_webrtc *c, weft_trace_kind kind, uint16_t id, const weft_webrtc_frame *f);
int weft_webrtc_output(weft_webrtc *c, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                       size_t len);
void weft_webrtc_take_datagram(weft_webrtc *c, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                               size_t len);

/* layers.c: the trampolines between the layers */
int weft_webrtc_make_ice(weft_webrtc *c);
void weft_webrtc_free_layers(weft_webrtc *c);
void weft_webrtc_run_deferred(weft_webrtc *c);
void weft_webrtc_consume(weft_webrtc *c, uint16_t stream, size_t n);

/* init.c: the channel "init" of /webrtc, which is no stream */
int weft_webrtc_init_open(weft_webrtc *c);
bool weft_webrtc_init_take(weft_webrtc *c, const weft_datachannel_params *p); /* the peer opened it */
void weft_webrtc_init_seen(weft_webrtc *c, uint16_t id);                      /* by the peer, or closed: so is ours */

/* end.c */
void weft_webrtc_fail(weft_webrtc *c, const weft_closed *why);
void weft_webrtc_fail_here(weft_webrtc *c, const char *step, int code, const char *text);
void weft_webrtc_end(weft_webrtc *c);
void weft_webrtc_setup_timeout(weft_webrtc *c);

/* tell.c */
void weft_webrtc_raise(weft_webrtc *c, const weft_webrtc_event *ev);
void weft_webrtc_raise_stream(weft_webrtc *c, const weft_stream_event *sev);
void weft_webrtc_tell_stream(weft_webrtc *c, weft_webrtc_stream *st, unsigned what);
/* Everything pending but CLOSED; that too when `last`. */
void weft_webrtc_tell_pending(weft_webrtc *c);
bool weft_webrtc_has_pending(const weft_webrtc *c);

/* secured.c: channel 0 */
void weft_webrtc_make_prologue(weft_webrtc_prologue *p, const uint8_t dialer[32], const uint8_t listener[32]);
void weft_webrtc_prologue_of(const weft_webrtc *c, weft_webrtc_prologue *p);
int weft_webrtc_secure_start(weft_webrtc *c);
void weft_webrtc_secure_speak(weft_webrtc *c);
void weft_webrtc_secure_bytes(weft_webrtc *c, const uint8_t *data, size_t len);
void weft_webrtc_secure_channel_reset(weft_webrtc *c);
void weft_webrtc_secure_run(weft_webrtc *c);
void weft_webrtc_secure_ready(weft_webrtc *c);

/* table.c: streams by id */
weft_webrtc_stream *weft_webrtc_stream_at(const weft_webrtc *c, uint32_t id);   /* any */
weft_webrtc_stream *weft_webrtc_stream_live(const weft_webrtc *c, uint32_t id); /* not gone */
weft_webrtc_stream *weft_webrtc_stream_add(weft_webrtc *c, uint16_t id);
void weft_webrtc_stream_remove(weft_webrtc *c, weft_webrtc_stream *st);
void weft_webrtc_streams_free(weft_webrtc *c);

/* streams.c: what happens to streams */
void weft_webrtc_stream_touch(weft_webrtc *c, weft_webrtc_stream *st);
void weft_webrtc_stream_opened_in(weft_webrtc *c, uint16_t id);
void weft_webrtc_stream_channel_reset(weft_webrtc *c, uint16_t id);
void weft_webrtc_stream_channel_closed(weft_webrtc *c, uint16_t id, int code);
void weft_webrtc_stream_writable(weft_webrtc *c, uint16_t id);
void weft_webrtc_stream_drained(weft_webrtc *c, uint16_t id);
void weft_webrtc_stream_fail(weft_webrtc *c, weft_webrtc_stream *st, int code); /* RESET both ways */
void weft_webrtc_stream_tell_reset(weft_webrtc *c, weft_webrtc_stream *st);
void weft_webrtc_streams_run(weft_webrtc *c);
void weft_webrtc_streams_end(weft_webrtc *c);
weft_time weft_webrtc_streams_deadline(const weft_webrtc *c);
/* After the last event, and while it is not in use: forgets it. */
void weft_webrtc_stream_settle(weft_webrtc *c, weft_webrtc_stream *st);

/* send.c */
int weft_webrtc_put_frame(weft_webrtc *c, uint16_t id, int flag, const uint8_t *data, size_t len);
size_t weft_webrtc_room(const weft_webrtc *c, uint16_t id);

/* receive.c */
void weft_webrtc_stream_bytes(weft_webrtc *c, weft_webrtc_stream *st, const uint8_t *data, size_t len);
void weft_webrtc_release_early(weft_webrtc *c);
void weft_webrtc_stream_credit(weft_webrtc *c, weft_webrtc_stream *st);
void weft_webrtc_stall_run(weft_webrtc *c);
weft_time weft_webrtc_stall_deadline(const weft_webrtc *c);

/* credentials.c: webrtc-direct's user names */
#define WEFT_WEBRTC_UFRAG_V1 "libp2p+webrtc+v1/"
#define WEFT_WEBRTC_UFRAG_V2 "libp2p+webrtc+v2/"
/* 1 or 2; WEFT_EUNSUPPORTED: neither prefix; WEFT_EAUTH: the halves break the version's rule. */
int weft_webrtc_ufrag_version(const char *server, size_t server_len, const char *client, size_t client_len);
/* Of a valid v1 name: whether its length is that of rust-libp2p. */
bool weft_webrtc_ufrag_of_rust(size_t server_len);
int weft_webrtc_make_ufrag_v1(const weft_rng *rng, char out[64]);

/* listener.c, seen from a connection */
void weft_webrtc_listener_enter(weft_webrtc_listener *l);
void weft_webrtc_listener_leave(weft_webrtc_listener *l);
void weft_webrtc_listener_sent(weft_webrtc_listener *l, size_t len);
void weft_webrtc_listener_ready(weft_webrtc *c);
void weft_webrtc_listener_ended(weft_webrtc *c);
void weft_webrtc_listener_forget(weft_webrtc *c); /* before its memory goes */
void weft_webrtc_listener_rescheduled(weft_webrtc *c, weft_time due);

#endif
