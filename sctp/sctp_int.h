/* weft sctp (private): the association. It owns the parts (send.h, received.h, reassembly.h, congestion.h), routes chunks to them, and
 * decides what the next packet holds. Every entry call runs between enter and leave; nothing leaves before the outermost leave.
 */
#ifndef WEFT_SCTP_INT_H
#define WEFT_SCTP_INT_H

#include "base/evq.h"
#include "base/timer.h"
#include "sctp/congestion.h"
#include "sctp/crc32c.h"
#include "sctp/reassembly.h"
#include "sctp/received.h"
#include "sctp/sctp.h"
#include "sctp/send.h"
#include "sctp/wire.h"

enum { /* what the next packets carry besides DATA; one bit each, so nothing a peer does makes a queue */
       WEFT_SCTP_PEND_INIT = 1 << 0,
       WEFT_SCTP_PEND_COOKIE_ECHO = 1 << 1,
       WEFT_SCTP_PEND_COOKIE_ACK = 1 << 2,
       WEFT_SCTP_PEND_SHUTDOWN = 1 << 3,
       WEFT_SCTP_PEND_SHUTDOWN_ACK = 1 << 4,
       WEFT_SCTP_PEND_SACK = 1 << 5,
       WEFT_SCTP_PEND_FORWARD = 1 << 6,
       WEFT_SCTP_PEND_RESPONSES = 1 << 7,
       WEFT_SCTP_PEND_RESET = 1 << 8,
       WEFT_SCTP_PEND_HEARTBEAT = 1 << 9,
       WEFT_SCTP_PEND_HEARTBEAT_ACK = 1 << 10,
       WEFT_SCTP_PEND_ERROR = 1 << 11
};

enum {
  WEFT_SCTP_EVENTS = 8,         /* CONNECTED, RESTARTED, WRITABLE and CLOSED, at most once each between deliveries */
  WEFT_SCTP_COOKIE_SIZE = 60,   /* our state cookie */
  WEFT_SCTP_ERRORS = 128,       /* bytes of causes kept for the next ERROR */
  WEFT_SCTP_RESPONSES = 4,      /* RE-CONFIG answers kept for the next packet */
  WEFT_SCTP_ECHO = 64,          /* bytes of an unknown chunk or parameter that are sent back */
  WEFT_SCTP_REASON = 120,       /* bytes of an ABORT's text that are kept */
  WEFT_SCTP_PACKET_CHUNKS = 72, /* DATA chunks of one packet */
  WEFT_SCTP_RETRY_MS = 10       /* after EAGAIN of output, or without memory to send, when nobody ticks earlier */
};

typedef struct weft_sctp_peer { /* what a handshake agrees on */
  uint32_t my_tag, peer_tag, my_tsn, peer_tsn, peer_window;
  uint16_t streams_out, streams_in;
  bool forward, reconfig, zero_checksum; /* the peer's abilities */
} weft_sctp_peer;

typedef struct weft_sctp_cookie { /* what our cookie says once its MAC is right */
  weft_sctp_peer peer;
  uint32_t tie_my_tag, tie_peer_tag;
  weft_time made;
} weft_sctp_cookie;

typedef struct weft_sctp_response {
  uint32_t seq, result;
} weft_sctp_response;

typedef struct weft_sctp_resets { /* RFC 6525 */
  bool all, all_asked;            /* the whole association, once everything is acknowledged */
  uint16_t *asked;                /* streams of the request on its way */
  size_t asked_n, asked_cap;
  bool open;    /* a request is on its way */
  uint32_t seq; /* of the request on its way, or of the next */
  weft_time at; /* retransmission */
  unsigned tries;
  weft_time rto;
  uint32_t peer_seq;       /* last request of the peer that was handled */
  weft_sctp_response last; /* and its answer */
  weft_sctp_response responses[WEFT_SCTP_RESPONSES];
  size_t responses_n;
  uint16_t *held; /* streams of the peer's request that waits for its data */
  size_t held_n, held_cap;
  bool holding;
  bool held_done; /* performed, and the peer may ask once more with the next number */
  uint32_t held_tsn;
} weft_sctp_resets;

typedef struct weft_sctp_heartbeat {
  weft_time at; /* next HEARTBEAT, or judgement of the one on its way */
  bool open;
  weft_time sent_at;
  uint64_t nonce;
  uint8_t *echo; /* what the peer's HEARTBEAT carried */
  size_t echo_n;
} weft_sctp_heartbeat;

struct weft_sctp {
  weft_evq q;
  weft_sctp_event events[WEFT_SCTP_EVENTS];
  weft_sctp_config cfg;
  weft_sctp_callbacks cb;
  void *user;
  weft_alloc alloc;
  weft_time now;
  weft_sctp_state state;
  bool dead;         /* CLOSED was raised or is about to be */
  bool writable_due; /* EAGAIN was answered */
  bool closing;      /* close() was called */
  unsigned held;     /* hold() without release() */
  uint32_t pending;
  weft_sctp_peer peer;
  uint8_t cookie_key[16];
  uint8_t *echo_cookie; /* the peer's cookie, while COOKIE_ECHOED */
  size_t echo_cookie_n;
  weft_time t1_at, t1_rto; /* INIT and COOKIE-ECHO */
  unsigned t1_tries, stale_cookies;
  weft_time t2_at, t2_rto, t5_at; /* SHUTDOWN and SHUTDOWN-ACK; T5-shutdown-guard */
  weft_time t3_at;
  weft_time sack_at;
  weft_time retry_at;
  unsigned errors;   /* Association.Max.Retrans, RFC 9260 section 8.1 */
  unsigned unsacked; /* packets with DATA since the last SACK */
  bool packet_had_data, sack_now;
  bool sacked_since_t3;  /* the peer answers: an unanswered window probe is no error */
  bool fast_packet;      /* RFC 9260 section 7.2.4: one packet regardless of cwnd */
  uint32_t burst;        /* bytes that may still be sent for the first time in this flush */
  uint32_t burst_credit; /* bytes acknowledged since the last flush */
  uint32_t peer_window;
  uint32_t advertised; /* a_rwnd of the last SACK */
  uint32_t forwarded;  /* last cumulative TSN set by a FORWARD-TSN; valid with was_forwarded */
  bool was_forwarded;
  bool probing; /* the window is closed and one chunk is in flight */
  size_t unconsumed;
  weft_time data_sent_at;
  int close_code;
  weft_sctp_pool pool;
  weft_sctp_send_state tx;
  weft_sctp_received rx;
  weft_sctp_reassembly reassembly;
  weft_sctp_cc cc;
  weft_sctp_rto rto;
  weft_sctp_resets resets;
  weft_sctp_heartbeat hb;
  uint8_t errors_out[WEFT_SCTP_ERRORS];
  size_t errors_out_n;
  char reason[WEFT_SCTP_REASON + 1];
  weft_sctp_stats stats;
  weft_sctp_crc32c_fn crc;
  uint8_t *packet; /* cfg.mtu bytes */
};

/* ---- assoc.c ---- */
void weft_sctp_enter(weft_sctp *s, weft_time now);
int weft_sctp_leave(weft_sctp *s, int rc);
void weft_sctp_set_state(weft_sctp *s, weft_sctp_state state);
void weft_sctp_deliver(weft_sctp *s);                          /* events that wait, when this is the outermost call */
void weft_sctp_raise(weft_sctp *s, const weft_sctp_event *ev); /* one with data, at once */
bool weft_sctp_over(const weft_sctp *s);                       /* dead, or free was called */
void weft_sctp_finish(weft_sctp *s, const weft_closed *why);
void weft_sctp_fail(weft_sctp *s, weft_who who, const char *step, int code, uint32_t cause, const char *text);
/* ABORT with this cause on the wire, then CLOSED. */
void weft_sctp_break(weft_sctp *s, const char *step, int code, uint16_t cause, const char *text);
void weft_sctp_trace(const weft_sctp *s, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len);
void weft_sctp_drop(weft_sctp *s, uint64_t *counter, const char *name, const uint8_t *data, size_t len);
int weft_sctp_start(weft_sctp *s, const weft_sctp_peer *p); /* transfer state for a fresh association */
void weft_sctp_established(weft_sctp *s);
bool weft_sctp_error_counted(weft_sctp *s,
                             const char *step); /* false: that was one too many, and the association is closed */

/* ---- input.c ---- */
int weft_sctp_receive(weft_sctp *s, const uint8_t *data, size_t len);

/* ---- output.c ---- */
void weft_sctp_flush(weft_sctp *s);
int weft_sctp_emit(weft_sctp *s, weft_wr *w); /* seals and hands out one packet */
void weft_sctp_retry_later(weft_sctp *s);
void weft_sctp_send_reflected(weft_sctp *s, uint8_t type,
                              uint32_t tag); /* ABORT or SHUTDOWN-COMPLETE with T, RFC 9260 section 8.4 */
void weft_sctp_send_abort(weft_sctp *s, uint32_t tag, uint16_t cause, const void *info, size_t len);
bool weft_sctp_can_send_data(const weft_sctp *s);

/* ---- cookie.c ---- */
void weft_sctp_cookie_write(weft_wr *w, const uint8_t key[16], const weft_sctp_cookie *c);
int weft_sctp_cookie_read(weft_sctp_cookie *c, const uint8_t key[16], const uint8_t *data, size_t len); /* WEFT_EAUTH */

/* ---- handshake.c ---- */
void weft_sctp_on_init(weft_sctp *s, const weft_sctp_chunk *c);
void weft_sctp_on_init_ack(weft_sctp *s, const weft_sctp_chunk *c);
bool weft_sctp_on_cookie_echo(weft_sctp *s, const weft_sctp_chunk *c,
                              uint32_t tag); /* false: nothing else of the packet counts */
void weft_sctp_on_cookie_ack(weft_sctp *s);
void weft_sctp_on_stale_cookie(weft_sctp *s);
void weft_sctp_put_init(weft_sctp *s, weft_wr *w);
void weft_sctp_tick_t1(weft_sctp *s);

/* ---- receive.c ---- */
int weft_sctp_on_data(weft_sctp *s, const weft_sctp_chunk *c);
void weft_sctp_on_forward(weft_sctp *s, const weft_sctp_chunk *c);
void weft_sctp_packet_done(weft_sctp *s); /* decides when the SACK leaves */
uint32_t weft_sctp_window(const weft_sctp *s);
void weft_sctp_window_opened(weft_sctp *s);
void weft_sctp_put_sack(weft_sctp *s, weft_wr *w);
void weft_sctp_sack_sent(weft_sctp *s);

/* ---- acknowledge.c ---- */
void weft_sctp_on_sack(weft_sctp *s, const weft_sctp_chunk *c);
void weft_sctp_acked(weft_sctp *s, const weft_sctp_sack_result *r, uint32_t flight_before);
void weft_sctp_tick_t3(weft_sctp *s);
void weft_sctp_after_progress(weft_sctp *s); /* WRITABLE, resets, SHUTDOWN */

/* ---- reset.c ---- */
void weft_sctp_on_reconfig(weft_sctp *s, const weft_sctp_chunk *c);
void weft_sctp_resets_free(weft_sctp *s);
void weft_sctp_resets_ready(weft_sctp *s); /* asks when a stream's data is acknowledged */
void weft_sctp_resets_held(weft_sctp *s);  /* performs the peer's when its data is here */
size_t weft_sctp_reset_size(const weft_sctp *s);
void weft_sctp_put_reset(weft_sctp *s, weft_wr *w);
void weft_sctp_put_responses(weft_sctp *s, weft_wr *w);
void weft_sctp_reset_sent(weft_sctp *s);
void weft_sctp_tick_reset(weft_sctp *s);

/* ---- heartbeat.c ---- */
void weft_sctp_on_heartbeat(weft_sctp *s, const weft_sctp_chunk *c);
void weft_sctp_on_heartbeat_ack(weft_sctp *s, const weft_sctp_chunk *c);
void weft_sctp_put_heartbeat(weft_sctp *s, weft_wr *w);
void weft_sctp_heartbeat_later(weft_sctp *s);
void weft_sctp_tick_heartbeat(weft_sctp *s);

/* ---- shutdown.c ---- */
void weft_sctp_on_abort(weft_sctp *s, const weft_sctp_chunk *c);
void weft_sctp_on_shutdown(weft_sctp *s, const weft_sctp_chunk *c);
void weft_sctp_on_shutdown_ack(weft_sctp *s);
void weft_sctp_on_shutdown_complete(weft_sctp *s);
void weft_sctp_shutdown_progress(weft_sctp *s); /* everything acknowledged? */
void weft_sctp_shutdown_sent(weft_sctp *s);
void weft_sctp_tick_shutdown(weft_sctp *s);

/* ---- fault.c ---- */
void weft_sctp_on_error(weft_sctp *s, const weft_sctp_chunk *c);
void weft_sctp_report(weft_sctp *s, uint16_t cause, const void *info,
                      size_t len); /* into the next ERROR, if there is room */
void weft_sctp_on_unknown(weft_sctp *s, const weft_sctp_chunk *c);

#endif
