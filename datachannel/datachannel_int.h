/* weft datachannel, private: what the files of this layer share.
 *
 * One record per stream id that is in use, or whose resets are not both done (RFC 8831 section 6.7):
 *
 *   (none) --open, OPEN in--> OPEN --close_channel, peer's reset, error--> CLOSING --both resets done--> (none)
 *                                                                             |
 *                                                                             +--our reset refused--> DEAD
 *
 * The two directions of the id:
 *   out: IDLE -> WANTED (to be handed to the reset callback) -> SENT -> DONE       in_reset: the peer's reset was seen
 * A record leaves when out is DONE and in_reset is set; out DONE without in_reset waits id_hold on the `held` list.
 */
#ifndef WEFT_DATACHANNEL_DATACHANNEL_INT_H
#define WEFT_DATACHANNEL_DATACHANNEL_INT_H

#include "base/evq.h"
#include "base/list.h"
#include "datachannel/datachannel.h"

#define WEFT_DATACHANNEL_OPEN_HEADER 12u /* RFC 8832 section 5.1 */

typedef enum weft_datachannel_state {
  WEFT_DATACHANNEL_STATE_OPEN = 1,
  WEFT_DATACHANNEL_STATE_CLOSING = 2,
  WEFT_DATACHANNEL_STATE_DEAD = 3 /* the peer refused our reset: the id cannot be used again in this association */
} weft_datachannel_state;

typedef enum weft_datachannel_reset_state {
  WEFT_DATACHANNEL_RESET_IDLE = 0,
  WEFT_DATACHANNEL_RESET_WANTED = 1,
  WEFT_DATACHANNEL_RESET_SENT = 2,
  WEFT_DATACHANNEL_RESET_DONE = 3
} weft_datachannel_reset_state;

/* weft_datachannel_channel.events: what the application is still to be told, in this order */
enum {
  WEFT_DATACHANNEL_TELL_OPENED = 1,
  WEFT_DATACHANNEL_TELL_ACKED = 2,
  WEFT_DATACHANNEL_TELL_CLOSING = 4,
  WEFT_DATACHANNEL_TELL_CLOSED = 8
};

typedef struct weft_datachannel_channel {
  weft_list tell; /* in dc->telling while `events` is not 0 */
  weft_list work; /* in dc->acks or dc->resets */
  weft_list wait; /* OPEN: in dc->blocked after a refused send; CLOSING: in dc->held */
  weft_time held_until;
  uint32_t parameter;
  uint16_t id;
  uint8_t state, out, events;
  uint8_t reliability;
  int8_t code; /* of CLOSED */
  bool unordered;
  bool negotiated;
  bool announced;    /* the application knows it */
  bool awaiting_ack; /* our OPEN is not answered */
  bool ack_due;      /* their OPEN is not answered */
  bool heard;        /* the peer has spoken on it: unordered sending may begin */
  bool in_reset;
  bool wants_writable; /* a send was refused because our last reset of the id is not confirmed */
  bool reset_again;    /* opened by the peer, and closed again, before our last reset was confirmed */
} weft_datachannel_channel;

struct weft_datachannel {
  weft_datachannel_config cfg;
  weft_alloc alloc;
  weft_datachannel_callbacks cb;
  void *user;
  weft_evq q; /* only its bookkeeping of calls: pending events are flags in the channels */
  weft_time now, retry_at;
  weft_datachannel_stats stats;
  weft_datachannel_channel **table; /* sorted by id */
  size_t table_len, table_cap;
  weft_list telling, acks, resets, blocked, held;
  uint32_t streams; /* ids below this exist in both directions; 0 before up */
  bool up;
  uint32_t refusals; /* sends and opens refused with EAGAIN, wrapping */
  bool open_blocked; /* an open() was refused with EAGAIN */
  bool writable;     /* WRITABLE events are to be told */
};

/* table.c: the records, by id */
weft_datachannel_channel *weft_datachannel_find(const weft_datachannel *dc, uint16_t id);
/* NULL without memory; the id must be free. */
weft_datachannel_channel *weft_datachannel_add(weft_datachannel *dc, uint16_t id);
void weft_datachannel_remove(weft_datachannel *dc, weft_datachannel_channel *ch);
/* The lowest free id of our parity, or -1. */
int32_t weft_datachannel_lowest_free(const weft_datachannel *dc);
void weft_datachannel_table_free(weft_datachannel *dc);

/* events.c: entry, exit, and what the application is told */
void weft_datachannel_enter(weft_datachannel *dc, weft_time now);
/* Sends what is due, tells what is pending, frees when asked to. The object may be gone afterwards. */
void weft_datachannel_leave(weft_datachannel *dc);
void weft_datachannel_tell(weft_datachannel *dc, weft_datachannel_channel *ch, unsigned what);
void weft_datachannel_tell_pending(weft_datachannel *dc);
/* CLOSED at once; the record stays, for its resets. */
void weft_datachannel_retire(weft_datachannel *dc, weft_datachannel_channel *ch);
void weft_datachannel_raise(weft_datachannel *dc, const weft_datachannel_event *ev);
void weft_datachannel_traced(const weft_datachannel *dc, weft_trace_kind kind, const char *text, uint16_t stream,
                             uint32_t ppid, const uint8_t *data, size_t len);
void weft_datachannel_destroy(weft_datachannel *dc);

/* outgoing.c: what goes to the transport */
int weft_datachannel_put(weft_datachannel *dc, const weft_datachannel_out *o, const uint8_t *data, size_t len);
int weft_datachannel_send_ack(weft_datachannel *dc, weft_datachannel_channel *ch);
void weft_datachannel_block(weft_datachannel *dc, weft_datachannel_channel *ch);
/* Offers waiting ACKs and resets to the transport; sets retry_at when it takes none. */
void weft_datachannel_flush(weft_datachannel *dc);

/* closing.c: resets */
void weft_datachannel_begin_close(weft_datachannel *dc, weft_datachannel_channel *ch, int code);
void weft_datachannel_finish(weft_datachannel *dc, weft_datachannel_channel *ch, int code);
void weft_datachannel_reset_refused(weft_datachannel *dc, weft_datachannel_channel *ch, int code);
void weft_datachannel_expire_held(weft_datachannel *dc);

/* incoming.c */
bool weft_datachannel_is_ours(const weft_datachannel *dc, uint16_t id); /* of our parity, RFC 8832 section 6 */

/* dcep.c */
size_t weft_datachannel_open_size(const weft_datachannel_params *p);
uint16_t weft_datachannel_wire_priority(uint16_t priority); /* 0 means normal */

#endif
