/* weft sctp (private): the sending half - messages queued per stream, chunks outstanding by TSN, what a SACK does to them.
 *
 * A message is cut into DATA chunks when it is accepted. Streams take turns message by message, because the fragments of one
 * message need consecutive TSNs (RFC 9260 section 6.9). A chunk gets its TSN when it is first put in a packet and stays in a ring
 * by TSN until the cumulative acknowledgement passes it:
 *
 *   UNSENT --sent--> FLYING --SACK gap block--> GAP_ACKED        any --cumulative acknowledgement--> gone
 *     ^                |  ^                        | (reneged)
 *     | (output: EAGAIN)  '------------------------'
 *                      '--missing 3 times, T3--> LOST --sent again--> FLYING;     any --given up (RFC 3758)--> ABANDONED
 */
#ifndef WEFT_SCTP_SEND_H
#define WEFT_SCTP_SEND_H

#include "base/list.h"
#include "sctp/map.h"
#include "sctp/pool.h"
#include "sctp/wire.h"

typedef struct weft_sctp_out weft_sctp_out;

typedef enum weft_sctp_mark {
  WEFT_SCTP_UNSENT = 0,
  WEFT_SCTP_FLYING,
  WEFT_SCTP_GAP_ACKED,
  WEFT_SCTP_LOST,
  WEFT_SCTP_ABANDONED
} weft_sctp_mark;

typedef struct weft_sctp_stream_out {
  weft_sctp_node node;
  weft_list turn;  /* in send->ready while something is queued */
  weft_list drain; /* in send->drained while a DRAINED event is due */
  weft_list reset; /* in send->resettable */
  weft_sctp_out *head, *tail;
  size_t buffered; /* bytes accepted and not acknowledged */
  uint32_t chunks; /* queued or outstanding, also given up ones */
  uint16_t id, next_ssn;
  uint32_t named; /* in resettable: the last TSN of a FORWARD-TSN that may have named this stream */
  bool notify;    /* DRAINED was asked for */
  bool resetting; /* nothing may be sent */
} weft_sctp_stream_out;

struct weft_sctp_out {
  weft_sctp_block block;
  uint32_t tsn;
  weft_sctp_out *next; /* in the stream's queue */
  weft_sctp_stream_out *stream;
  weft_time expires; /* WEFT_NEVER: no limit */
  uint16_t len;      /* payload */
  uint16_t sends, max_retransmits;
  uint8_t missing; /* reports, RFC 9260 section 7.2.4 */
  bool limited, buffered;
  uint32_t behind; /* of a chunk sent again: the first TSN that was sent after it */
  uint8_t wire[];  /* the chunk, header included, padding not */
};

typedef struct weft_sctp_send_state {
  const weft_alloc *alloc;
  weft_sctp_pool *pool;
  weft_sctp_map streams;
  weft_list ready, drained;
  weft_list resettable;          /* streams to be reset whose data is acknowledged */
  weft_sctp_stream_out *current; /* its message is half-way into the ring */
  weft_sctp_out **ring;
  uint8_t *marks;
  uint32_t size;      /* of both, power of two */
  uint32_t acked;     /* cumulative TSN */
  uint32_t next;      /* to be assigned */
  uint32_t fresh;     /* first TSN that was never sent */
  uint32_t advanced;  /* Advanced.Peer.Ack.Point, RFC 3758 section 3.5 */
  uint32_t forwarded; /* the furthest a FORWARD-TSN reached that went out */
  uint32_t flight;    /* bytes of DATA chunks flying, headers included */
  uint32_t flight_payload;
  uint32_t lost_n, gap_n;
  uint32_t lost_from; /* no LOST chunk before this TSN */
  size_t buffered;    /* payload accepted and not acknowledged */
  size_t memory;      /* what the chunks take */
  size_t payload_max;
  uint16_t first_ssn;
  bool partial; /* the peer speaks FORWARD-TSN: messages may be given up */
  bool timing;  /* a chunk is being timed for the RTT */
  uint32_t timed_tsn;
  weft_time timed_at;
} weft_sctp_send_state;

int weft_sctp_send_init(weft_sctp_send_state *t, weft_sctp_pool *pool, uint32_t random, uint32_t initial_tsn,
                        uint16_t first_ssn, size_t mtu);
void weft_sctp_send_free(weft_sctp_send_state *t);

/* ---- queue.c ---- */
weft_sctp_stream_out *weft_sctp_send_stream(const weft_sctp_send_state *t, uint16_t id);
weft_sctp_stream_out *weft_sctp_send_make_stream(weft_sctp_send_state *t, uint16_t id); /* NULL: no memory */
void weft_sctp_send_forget(weft_sctp_send_state *t, weft_sctp_stream_out *s); /* frees it when it is as good as new */
size_t weft_sctp_send_memory(const weft_sctp_send_state *t, size_t len);      /* that a message of len would take */
int weft_sctp_send_push(weft_sctp_send_state *t, const weft_sctp_message *m, const uint8_t *data, size_t len,
                        weft_time now);
/* The chunk that would be sent for the first time now; queued messages that ran out of time are dropped. */
weft_sctp_out *weft_sctp_send_peek(weft_sctp_send_state *t, weft_time now);
int weft_sctp_send_assign(weft_sctp_send_state *t,
                          weft_sctp_out *c); /* gives the peeked chunk its TSN if it has none; ENOMEM */
/* Takes the message at the head of the queue away; with `last` its last chunk is not freed but handed out. */
void weft_sctp_send_drop_rest(weft_sctp_send_state *t, weft_sctp_stream_out *s, weft_sctp_out **last);
void weft_sctp_send_discharge(weft_sctp_send_state *t,
                              weft_sctp_out *c); /* no longer buffered: acknowledged or given up */
void weft_sctp_send_release(weft_sctp_send_state *t, weft_sctp_out *c); /* its memory */
void weft_sctp_send_mark_resettable(weft_sctp_send_state *t, weft_sctp_stream_out *s);
bool weft_sctp_send_resettable(const weft_sctp_send_state *t); /* whether one of `resettable` may be reset now */
bool weft_sctp_send_empty(const weft_sctp_send_state *t);      /* nothing queued or outstanding */

/* ---- outstanding.c ---- */
static inline weft_sctp_out **weft_sctp_send_slot(const weft_sctp_send_state *t, uint32_t tsn) {
  return &t->ring[tsn & (t->size - 1)];
}
static inline uint8_t *weft_sctp_send_mark(const weft_sctp_send_state *t, uint32_t tsn) {
  return &t->marks[tsn & (t->size - 1)];
}
uint32_t weft_sctp_out_size(const weft_sctp_out *c); /* on the wire, padded */
void weft_sctp_send_sent(weft_sctp_send_state *t, weft_sctp_out *c, weft_time now);
void weft_sctp_send_unsent(weft_sctp_send_state *t,
                           weft_sctp_out *c); /* output said EAGAIN: as before sent(); in reverse order */
weft_sctp_out *weft_sctp_send_lost(weft_sctp_send_state *t); /* the first LOST chunk */
typedef struct weft_sctp_sack_result {
  uint32_t acked;  /* bytes newly acknowledged, headers included */
  bool advanced;   /* the cumulative point moved */
  bool first_lost; /* fast retransmission includes the earliest outstanding chunk */
  bool lost;       /* chunks were marked LOST */
  bool timed;      /* rtt is a measurement */
  weft_time rtt;
} weft_sctp_sack_result;
/* WEFT_EPROTO: it acknowledges what was never sent; nothing changed. WEFT_ESTATE: an old one. */
int weft_sctp_send_sack(weft_sctp_send_state *t, const weft_sctp_sack *s, bool recovery, weft_time now,
                        weft_sctp_sack_result *out);
int weft_sctp_send_cumulative(weft_sctp_send_state *t, uint32_t tsn, weft_time now, weft_sctp_sack_result *out);
void weft_sctp_send_all_lost(weft_sctp_send_state *t, weft_time now); /* T3 expired */

/* ---- abandon.c ---- */
void weft_sctp_send_lose(weft_sctp_send_state *t, weft_sctp_out *c,
                         weft_time now); /* FLYING becomes LOST, or its message ABANDONED */
bool weft_sctp_send_expired(const weft_sctp_send_state *t, const weft_sctp_out *c, weft_time now);
void weft_sctp_send_abandon(weft_sctp_send_state *t, weft_sctp_out *c);
bool weft_sctp_send_advance(weft_sctp_send_state *t); /* moves `advanced`; true when a FORWARD-TSN is due */
void weft_sctp_send_write_forward(weft_sctp_send_state *t, weft_wr *w);

#endif
