#include "sctp/received.h"

#include <string.h>

#include "sctp/serial.h"
#include "sctp/wire.h"

enum { FIRST_BITS = 256 };

void weft_sctp_received_init(weft_sctp_received *r, const weft_alloc *alloc, uint32_t initial_tsn) {
  *r = (weft_sctp_received){.alloc = alloc, .cumulative = initial_tsn - 1, .highest = initial_tsn - 1};
}

void weft_sctp_received_free(weft_sctp_received *r) {
  if (r->bits) weft_mem_free(r->alloc, r->bits, r->bits_n / 8);
  r->bits = NULL;
  r->bits_n = 0;
}

static bool has(const weft_sctp_received *r, uint32_t tsn) {
  uint32_t i = tsn & (r->bits_n - 1);
  return r->bits[i / 64] >> (i % 64) & 1;
}

static void set(weft_sctp_received *r, uint32_t tsn, bool on) {
  uint32_t i = tsn & (r->bits_n - 1);
  uint64_t bit = UINT64_C(1) << (i % 64);
  r->bits[i / 64] = on ? r->bits[i / 64] | bit : r->bits[i / 64] & ~bit;
}

weft_sctp_fresh weft_sctp_received_check(const weft_sctp_received *r, uint32_t tsn) {
  if (weft_sctp_tsn_le(tsn, r->cumulative)) return WEFT_SCTP_DUPLICATE;
  if (tsn - r->cumulative > WEFT_SCTP_TSN_WINDOW) return WEFT_SCTP_TOO_FAR;
  if (weft_sctp_tsn_le(tsn, r->highest) && has(r, tsn)) return WEFT_SCTP_DUPLICATE;
  return WEFT_SCTP_FRESH;
}

int weft_sctp_received_reserve(weft_sctp_received *r, uint32_t tsn) {
  uint32_t need = tsn - r->cumulative, n = r->bits_n ? r->bits_n : FIRST_BITS;
  if (tsn == r->cumulative + 1 && r->highest == r->cumulative) return WEFT_OK;
  while (n <= need) n *= 2;
  if (n == r->bits_n) return WEFT_OK;
  weft_sctp_received old = *r;
  r->bits = weft_mem_new(r->alloc, n / 8);
  if (!r->bits) {
    r->bits = old.bits;
    return WEFT_ENOMEM;
  }
  r->bits_n = n;
  for (uint32_t t = old.cumulative + 1; t != old.highest + 1; t++) {
    if (has(&old, t)) set(r, t, true);
  }
  weft_sctp_received_free(&old);
  return WEFT_OK;
}

static void advance(weft_sctp_received *r) {
  while (r->cumulative != r->highest && has(r, r->cumulative + 1)) set(r, ++r->cumulative, false);
}

void weft_sctp_received_add(weft_sctp_received *r, uint32_t tsn) {
  if (tsn == r->cumulative + 1) {
    r->cumulative = tsn;
    r->highest = weft_sctp_tsn_max(r->highest, tsn);
    advance(r);
    return;
  }
  set(r, tsn, true);
  r->highest = weft_sctp_tsn_max(r->highest, tsn);
}

void weft_sctp_received_duplicate(weft_sctp_received *r, uint32_t tsn) {
  if (r->dups_n < WEFT_SCTP_DUPS_MAX) r->dups[r->dups_n++] = tsn;
}

bool weft_sctp_received_forward(weft_sctp_received *r, uint32_t cumulative) {
  if (weft_sctp_tsn_le(cumulative, r->cumulative) || cumulative - r->cumulative > WEFT_SCTP_TSN_WINDOW) return false;
  while (r->cumulative != cumulative) {
    r->cumulative++;
    if (weft_sctp_tsn_le(r->cumulative, r->highest)) set(r, r->cumulative, false);
  }
  r->highest = weft_sctp_tsn_max(r->highest, cumulative);
  advance(r);
  return true;
}

bool weft_sctp_received_gap(const weft_sctp_received *r) { return r->highest != r->cumulative; }

/* The next TSN from t on whose bit is `on`, or the one after highest. */
static uint32_t find(const weft_sctp_received *r, uint32_t t, bool on) {
  while (weft_sctp_tsn_le(t, r->highest)) {
    uint32_t i = t & (r->bits_n - 1);
    uint64_t word = (on ? r->bits[i / 64] : ~r->bits[i / 64]) >> (i % 64);
    if (word == 0) {
      t += 64 - i % 64;
      continue;
    }
    while (!(word & 1)) {
      word >>= 1;
      t++;
    }
    break;
  }
  return weft_sctp_tsn_le(t, r->highest) ? t : r->highest + 1;
}

static uint16_t write_gaps(const weft_sctp_received *r, weft_wr *w) {
  uint16_t n = 0;
  uint32_t t = r->cumulative + 1;
  while (r->highest != r->cumulative && weft_wr_left(w) >= 4) {
    uint32_t start = find(r, t, true);
    if (!weft_sctp_tsn_le(start, r->highest)) break;
    t = find(r, start, false);
    weft_wr_u16(w, (uint16_t)(start - r->cumulative));
    weft_wr_u16(w, (uint16_t)(t - 1 - r->cumulative));
    n++;
  }
  return n;
}

void weft_sctp_received_write(const weft_sctp_received *r, weft_wr *w, uint32_t a_rwnd) {
  size_t at = weft_sctp_open_chunk(w, WEFT_SCTP_SACK, 0);
  weft_wr_u32(w, r->cumulative);
  weft_wr_u32(w, a_rwnd);
  size_t gaps_at = weft_wr_reserve16(w), dups_at = weft_wr_reserve16(w);
  weft_wr_patch16(w, gaps_at, write_gaps(r, w));
  uint16_t dups = 0;
  for (; dups < r->dups_n && weft_wr_left(w) >= 4; dups++) weft_wr_u32(w, r->dups[dups]);
  weft_wr_patch16(w, dups_at, dups);
  weft_sctp_close_chunk(w, at);
}

void weft_sctp_received_sacked(weft_sctp_received *r) { r->dups_n = 0; }
