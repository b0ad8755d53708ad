/* weft sctp (private): which TSNs have arrived, and the SACK that says so (RFC 9260 sections 6.2 and 3.3.4). */
#ifndef WEFT_SCTP_RECEIVED_H
#define WEFT_SCTP_RECEIVED_H

#include "base/bytes.h"
#include "base/mem.h"

/* TSNs accepted beyond the cumulative one. Gap blocks reach 65535; half of that keeps 16-bit stream sequence numbers of one
 * stream comparable however they were reordered. Also the most TSNs a sender here has outstanding. */
enum { WEFT_SCTP_TSN_WINDOW = 32767, WEFT_SCTP_DUPS_MAX = 16 };

typedef enum weft_sctp_fresh { WEFT_SCTP_FRESH, WEFT_SCTP_DUPLICATE, WEFT_SCTP_TOO_FAR } weft_sctp_fresh;

typedef struct weft_sctp_received {
  const weft_alloc *alloc;
  uint32_t cumulative, highest; /* equal when nothing is missing */
  uint64_t *bits;               /* one per TSN behind cumulative, by its low bits */
  uint32_t bits_n;              /* power of two, 0 until something is missing */
  uint32_t dups[WEFT_SCTP_DUPS_MAX];
  uint32_t dups_n;
} weft_sctp_received;

void weft_sctp_received_init(weft_sctp_received *r, const weft_alloc *alloc, uint32_t initial_tsn);
void weft_sctp_received_free(weft_sctp_received *r);
weft_sctp_fresh weft_sctp_received_check(const weft_sctp_received *r, uint32_t tsn);
int weft_sctp_received_reserve(weft_sctp_received *r, uint32_t tsn); /* afterwards add cannot fail */
void weft_sctp_received_add(weft_sctp_received *r, uint32_t tsn);    /* a FRESH one, reserved */
void weft_sctp_received_duplicate(weft_sctp_received *r, uint32_t tsn);
/* FORWARD-TSN; false when it is not ahead, or further than the window. */
bool weft_sctp_received_forward(weft_sctp_received *r, uint32_t cumulative);
bool weft_sctp_received_gap(const weft_sctp_received *r); /* something is missing */
/* Writes a whole SACK chunk, with as many gap blocks and duplicates as fit; the duplicates are then forgotten by sacked(). */
void weft_sctp_received_write(const weft_sctp_received *r, weft_wr *w, uint32_t a_rwnd);
void weft_sctp_received_sacked(weft_sctp_received *r);

#endif
