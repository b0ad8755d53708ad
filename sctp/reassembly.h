/* weft sctp (private): fragments until they are messages, messages until it is their turn (RFC 9260 sections 6.5, 6.6, 6.9).
 *
 *   switch (weft_sctp_reassembly_add(r, &data, &run)) {
 *   case WEFT_SCTP_TAKE_DATA: deliver(data.payload);                       nothing was stored
 *   case WEFT_SCTP_TAKE_RUN:  weft_sctp_reassembly_read(r, run, &m); deliver(m.data); weft_sctp_reassembly_release(r, run);
 *   case WEFT_SCTP_KEPT: ...                                               or stale, or an error
 *   }
 *   while ((run = weft_sctp_reassembly_next(r, data.stream))) ...          what waited for it
 *
 * Fragments of one message have consecutive TSNs, so a message under way is a run of neighbours; the two ends of a run know
 * each other and are the only ones that can be looked up.
 */
#ifndef WEFT_SCTP_REASSEMBLY_H
#define WEFT_SCTP_REASSEMBLY_H

#include "base/list.h"
#include "sctp/map.h"
#include "sctp/pool.h"
#include "sctp/wire.h"

typedef struct weft_sctp_fragment weft_sctp_fragment;

enum { WEFT_SCTP_KEPT = 0, WEFT_SCTP_TAKE_DATA = 1, WEFT_SCTP_TAKE_RUN = 2, WEFT_SCTP_STALE = 3 };

typedef struct weft_sctp_message_in {
  uint16_t stream;
  uint32_t ppid;
  bool unordered;
  const uint8_t *data;
  size_t len;
} weft_sctp_message_in;

/* Receiving state of one stream. 65536 of them in three levels, made when a stream is first used: at most 1 MiB. */
typedef struct weft_sctp_stream_in {
  weft_sctp_fragment *waiting; /* complete ordered messages that are ahead of their turn, in no order */
  uint16_t next_ssn;
} weft_sctp_stream_in;

enum { WEFT_SCTP_FAN = 32, WEFT_SCTP_PAGE = 64 };

typedef struct weft_sctp_reassembly {
  const weft_alloc *alloc;
  weft_sctp_pool *pool;
  weft_sctp_map by_tsn; /* ends of incomplete runs */
  weft_sctp_map by_ssn; /* waiting messages, by stream and sequence number */
  weft_list partial;    /* incomplete runs */
  weft_sctp_stream_in **page[WEFT_SCTP_FAN];
  uint16_t first_ssn;
  uint32_t max_message;
  size_t bytes;  /* payload held */
  size_t charge; /* what it counts against the window: a small fragment counts for half of the memory it takes */
  uint8_t *joined;
  size_t joined_cap;
} weft_sctp_reassembly;

int weft_sctp_reassembly_init(weft_sctp_reassembly *r, weft_sctp_pool *pool, uint32_t random, uint16_t first_ssn,
                              uint32_t max_message);
void weft_sctp_reassembly_free(weft_sctp_reassembly *r);
int weft_sctp_reassembly_reserve(weft_sctp_reassembly *r, uint16_t stream); /* afterwards skipped() cannot fail */
/* What keeping this much would add to `charge`. */
size_t weft_sctp_reassembly_cost(const weft_sctp_reassembly *r, size_t len);
/* after_skip: the TSN before d->tsn was skipped by FORWARD-TSN, so d may be the rest of an abandoned message; whole: every TSN before d's has
 * arrived. One of the words above, or WEFT_ENOMEM (nothing changed), WEFT_EPROTO (fragments that cannot belong together), WEFT_ETOOBIG. */
int weft_sctp_reassembly_add(weft_sctp_reassembly *r, const weft_sctp_data *d, bool whole, bool after_skip,
                             weft_sctp_fragment **run);
void weft_sctp_reassembly_read(weft_sctp_reassembly *r, weft_sctp_fragment *run, weft_sctp_message_in *m);
void weft_sctp_reassembly_release(weft_sctp_reassembly *r, weft_sctp_fragment *run);
/* The waiting message whose turn it is on this stream, or NULL. */
weft_sctp_fragment *weft_sctp_reassembly_next(weft_sctp_reassembly *r, uint16_t stream);
/* FORWARD-TSN: the next message of `stream` that may still come is ssn + 1. First skipped() for each stream of the chunk, with the
 * waiting messages that it returns until NULL, then dropped() once. */
weft_sctp_fragment *weft_sctp_reassembly_skipped(weft_sctp_reassembly *r, uint16_t stream, uint16_t ssn);
void weft_sctp_reassembly_dropped(weft_sctp_reassembly *r, uint32_t cumulative);
void weft_sctp_reassembly_reset(weft_sctp_reassembly *r,
                                uint16_t stream); /* the peer reset it: sequence numbers begin again */
void weft_sctp_reassembly_reset_all(weft_sctp_reassembly *r);
void weft_sctp_reassembly_trim(weft_sctp_reassembly *r);

#endif
