/* weft yamux, private: what the files of this layer share.
 *
 *   frame.c      the 12-byte header, pure                session.c   the object: made, started, closed; time
 *   receive.c    frames out of a byte pipe               transmit.c  frames into one, who is next
 *   stream.c     a stream's life; what the application calls on it
 *   window.c     credit, both ways                       flood.c     frames that cost the peer nothing
 *   ping.c       RTT and keepalive                       table.c     streams by id
 *   events.c     entry, exit, and what the application is told
 *
 * A stream leaves the table when it is over and its memory goes when its last event (RESET or CLOSED) was told.
 * Closing flags come in every order and on every frame type: a stream is over when our FIN is out and the peer's is
 * in, or at the first RST of either side; what comes for it later is for an unknown stream, and dropped.
 */
#ifndef WEFT_YAMUX_YAMUX_INT_H
#define WEFT_YAMUX_YAMUX_INT_H

#include "base/buf.h"
#include "base/evq.h"
#include "base/list.h"
#include "yamux/yamux.h"

enum {
  /* What is handed to output at once: frames of all streams together. As much as one Noise message carries, so that
   * sessions over Noise spend one tag per batch and not one per frame. */
  WEFT_YAMUX_BATCH = 65519,
  /* With more to come, a frame smaller than this is not worth its header: wait for the next batch. */
  WEFT_YAMUX_CRUMB = 1024,
  /* Frames that cost the peer nothing and move nothing (pings, empty frames, opened and reset, refused): this many at
   * once and this many a second are answered; more is a flood and ends the session (compare CVE-2019-9512 and
   * CVE-2023-44487 of HTTP/2). */
  WEFT_YAMUX_FLOOD_BURST = 10000,
  WEFT_YAMUX_FLOOD_RATE = 1000
};

/* weft_yamux_stream.events: what the application is still to be told, in this order */
enum {
  WEFT_YAMUX_TELL_OPENED = 1,
  WEFT_YAMUX_TELL_REMOTE_CLOSED = 2,
  WEFT_YAMUX_TELL_WRITABLE = 4,
  WEFT_YAMUX_TELL_RESET = 8,
  WEFT_YAMUX_TELL_CLOSED = 16
};

typedef struct weft_yamux_stream {
  struct weft_yamux_stream *next; /* of its bucket */
  weft_list all;                  /* in y->streams while in the table */
  weft_list tell;                 /* in y->telling while `events` is not 0 */
  weft_list control;              /* in y->control_due while SYN, ACK or credit is to be sent */
  weft_list data;                 /* in y->sending while bytes or a FIN are to be sent and may be */
  weft_buf out;
  weft_time epoch; /* when credit was last given */
  uint32_t id;
  uint32_t send_credit;
  uint32_t recv_credit; /* what the peer may still send; with `unconsumed` never above recv_window */
  uint32_t recv_window;
  uint32_t unconsumed;
  uint32_t credit_due;
  uint32_t wire_code;
  int8_t code; /* of RESET */
  uint8_t events;
  bool ours;
  bool syn_due, ack_due;
  bool unacknowledged;       /* ours, and the peer has not answered on it */
  bool fin_wanted, fin_sent; /* shut down here; FIN is out */
  bool remote_fin;
  bool wants_writable;
} weft_yamux_stream;

/* NEW --start--> RUNNING --close--> CLOSING --go-away taken--> CLOSED; any failure: CLOSED */
typedef enum weft_yamux_state {
  WEFT_YAMUX_STATE_NEW = 0,
  WEFT_YAMUX_STATE_RUNNING,
  WEFT_YAMUX_STATE_CLOSING,
  WEFT_YAMUX_STATE_CLOSED
} weft_yamux_state;

struct weft_yamux {
  weft_yamux_config cfg;
  weft_alloc alloc;
  weft_yamux_callbacks cb;
  void *user;
  weft_evq q; /* only its bookkeeping of calls: pending events are flags, here and in the streams */
  weft_yamux_state state;
  weft_time now;
  weft_yamux_stats stats;

  /* table.c */
  weft_yamux_stream **buckets;
  uint32_t buckets_len, streams_len, streams_in, streams_out, unacknowledged, next_id;
  weft_list streams, telling, control_due, sending;
  uint64_t extra_windows; /* the sum of what is above the initial windows */
  uint64_t unconsumed, buffered;

  /* receive.c */
  uint8_t header[WEFT_YAMUX_HEADER_LEN];
  size_t header_len;
  uint32_t body_left;
  weft_yamux_stream *body_stream; /* NULL: the body is dropped */
  bool body_fin;

  /* transmit.c */
  weft_buf tx;      /* whole frames on their way to output */
  weft_buf control; /* whole control frames that belong to no stream any more, or to none at all */
  bool go_away_out;
  uint32_t go_away_out_code;

  /* flood.c */
  uint32_t flood_left;
  weft_time flood_at;

  /* ping.c */
  uint32_t ping_id;
  bool ping_out;
  weft_time ping_at, ping_sent_at, ping_limit_at, heard_at, rtt;

  /* closing */
  bool go_away_in;
  uint32_t go_away_code;
  weft_time close_limit_at;
  weft_closed closed;
  bool tell_rtt, tell_go_away, tell_closed;
};

/* ---- session.c ---- */

bool weft_yamux_running(const weft_yamux *y); /* neither closing, closed nor freed: go on with input */
void weft_yamux_set_state(weft_yamux *y, weft_yamux_state to);
/* CLOSED at once; a go-away is tried when the peer is to blame. step and text are static. Every stream is RESET. */
void weft_yamux_fail(weft_yamux *y, weft_who who, const char *step, int code, const char *text);
/* CLOSED as y->closed says. */
void weft_yamux_finish(weft_yamux *y);
void weft_yamux_destroy(weft_yamux *y);

/* ---- events.c ---- */

void weft_yamux_enter(weft_yamux *y, weft_time now);
void weft_yamux_leave(weft_yamux *y); /* the object may be gone afterwards */
void weft_yamux_tell(weft_yamux *y, weft_yamux_stream *s, unsigned what);
void weft_yamux_untell(weft_yamux_stream *s, unsigned what);
void weft_yamux_tell_pending(weft_yamux *y);
void weft_yamux_deliver(weft_yamux *y, weft_yamux_stream *s, const uint8_t *data, size_t len);
void weft_yamux_traced(const weft_yamux *y, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len);

/* ---- table.c ---- */

weft_yamux_stream *weft_yamux_find(const weft_yamux *y, uint32_t id);
/* A stream with both windows at their initial size; NULL without memory. The id must be free. */
weft_yamux_stream *weft_yamux_add(weft_yamux *y, uint32_t id, bool ours);
/* Out of the table and of everything but the events. */
void weft_yamux_remove(weft_yamux *y, weft_yamux_stream *s);
void weft_yamux_stream_free(weft_yamux *y, weft_yamux_stream *s);
void weft_yamux_table_free(weft_yamux *y);

/* ---- stream.c ---- */

/* Removes it and tells RESET, unless the application never heard of it. Sends nothing. */
void weft_yamux_stream_reset(weft_yamux *y, weft_yamux_stream *s, int code, uint32_t wire_code);
/* RST to the peer, then as above. */
void weft_yamux_stream_abort(weft_yamux *y, weft_yamux_stream *s, int code);
void weft_yamux_stream_remote_fin(weft_yamux *y, weft_yamux_stream *s);
/* Removes it and tells CLOSED when both FINs went. */
void weft_yamux_stream_settle(weft_yamux *y, weft_yamux_stream *s);

/* ---- window.c ---- */

/* The application is done with n bytes; n <= s->unconsumed. */
void weft_yamux_consume(weft_yamux *y, weft_yamux_stream *s, uint32_t n);
/* What the stream had above the initial window may be given to others. */
void weft_yamux_window_return(weft_yamux *y, weft_yamux_stream *s);
/* false: past u32. */
bool weft_yamux_credit(weft_yamux_stream *s, uint32_t n);

/* ---- transmit.c ---- */

void weft_yamux_flush(weft_yamux *y);
/* A frame that belongs to no stream's turn. When the peer reads no answers: CLOSED, WEFT_ELIMIT. */
void weft_yamux_control(weft_yamux *y, uint8_t type, uint16_t flags, uint32_t stream, uint32_t length);
void weft_yamux_control_due(weft_yamux *y, weft_yamux_stream *s);
/* Puts s in line if it has something to send and may. */
void weft_yamux_schedule(weft_yamux *y, weft_yamux_stream *s);
/* Frames straight out of data, when nobody is in line; the bytes taken. */
size_t weft_yamux_direct(weft_yamux *y, weft_yamux_stream *s, const uint8_t *data, size_t len);
void weft_yamux_last_words(weft_yamux *y, uint32_t code); /* a go-away, offered to output once */

/* ---- flood.c ---- */

/* One more frame that moves nothing. false: too many, and the session is closed. */
bool weft_yamux_flood(weft_yamux *y);

/* ---- ping.c ---- */

void weft_yamux_ping_begin(weft_yamux *y);
void weft_yamux_ping_frame(weft_yamux *y, const weft_yamux_header *h);
void weft_yamux_ping_time(weft_yamux *y);

#endif
