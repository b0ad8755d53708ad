#include "base/timer.h"
#include "sctp/send.h"
#include "sctp/serial.h"

enum { MISSING_LIMIT = 3 }; /* RFC 9260 section 7.2.4: the third report */

uint32_t weft_sctp_out_size(const weft_sctp_out *c) {
  return (uint32_t)weft_sctp_pad4(WEFT_SCTP_DATA_HEADER + (size_t)c->len);
}

static void take_off(weft_sctp_send_state *t, const weft_sctp_out *c) {
  t->flight += weft_sctp_out_size(c);
  t->flight_payload += c->len;
}

static void land(weft_sctp_send_state *t, const weft_sctp_out *c) {
  t->flight -= weft_sctp_out_size(c);
  t->flight_payload -= c->len;
}

void weft_sctp_send_sent(weft_sctp_send_state *t, weft_sctp_out *c, weft_time now) {
  uint8_t *mark = weft_sctp_send_mark(t, c->tsn);
  if (*mark == WEFT_SCTP_LOST) {
    t->lost_n--;
    if (t->timing && t->timed_tsn == c->tsn) t->timing = false; /* Karn: RFC 9260 section 6.3.1 C5 */
  } else {
    t->fresh = c->tsn + 1;
    if (!t->timing) {
      t->timing = true;
      t->timed_tsn = c->tsn;
      t->timed_at = now;
    }
  }
  *mark = WEFT_SCTP_FLYING;
  if (c->sends < UINT16_MAX) c->sends++; /* a window may stay closed for days, and 0 would mean never sent */
  c->missing = 0;
  c->behind = t->fresh;
  take_off(t, c);
}

void weft_sctp_send_unsent(weft_sctp_send_state *t, weft_sctp_out *c) {
  uint8_t *mark = weft_sctp_send_mark(t, c->tsn);
  c->sends--;
  land(t, c);
  if (t->timing && t->timed_tsn == c->tsn) t->timing = false;
  if (c->sends == 0) {
    *mark = WEFT_SCTP_UNSENT;
    t->fresh = c->tsn;
    return;
  }
  *mark = WEFT_SCTP_LOST;
  t->lost_n++;
  if (weft_sctp_tsn_lt(c->tsn, t->lost_from)) t->lost_from = c->tsn;
}

weft_sctp_out *weft_sctp_send_lost(weft_sctp_send_state *t) {
  if (t->lost_n == 0) return NULL;
  if (weft_sctp_tsn_le(t->lost_from, t->acked)) t->lost_from = t->acked + 1;
  while (t->lost_from != t->next && *weft_sctp_send_mark(t, t->lost_from) != WEFT_SCTP_LOST) t->lost_from++;
  return t->lost_from != t->next ? *weft_sctp_send_slot(t, t->lost_from) : NULL;
}

static void measure(weft_sctp_send_state *t, weft_sctp_out *c, weft_time now, weft_sctp_sack_result *out) {
  if (!t->timing || t->timed_tsn != c->tsn) return;
  t->timing = false;
  out->timed = true;
  out->rtt = weft_time_since(now, t->timed_at);
}

/* What a chunk's first acknowledgement, by either part of a SACK, changes. */
static void acknowledge(weft_sctp_send_state *t, weft_sctp_out *c, weft_sctp_mark mark, weft_time now,
                        weft_sctp_sack_result *out) {
  if (mark == WEFT_SCTP_FLYING) land(t, c);
  if (mark == WEFT_SCTP_LOST) t->lost_n--;
  if (mark != WEFT_SCTP_FLYING && mark != WEFT_SCTP_LOST) return;
  out->acked += weft_sctp_out_size(c);
  measure(t, c, now, out);
}

int weft_sctp_send_cumulative(weft_sctp_send_state *t, uint32_t tsn, weft_time now, weft_sctp_sack_result *out) {
  if (weft_sctp_tsn_lt(tsn, t->acked)) return WEFT_ESTATE;
  if (!weft_sctp_tsn_lt(tsn, t->fresh)) return WEFT_EPROTO;
  while (t->acked != tsn) {
    uint32_t at = ++t->acked;
    weft_sctp_out *c = *weft_sctp_send_slot(t, at);
    weft_sctp_mark mark = *weft_sctp_send_mark(t, at);
    acknowledge(t, c, mark, now, out);
    if (mark == WEFT_SCTP_GAP_ACKED) t->gap_n--;
    if (mark == WEFT_SCTP_ABANDONED && t->timing && t->timed_tsn == at) t->timing = false;
    weft_sctp_send_discharge(t, c);
    weft_sctp_send_release(t, c);
    out->advanced = true;
  }
  if (weft_sctp_tsn_lt(t->advanced, t->acked)) t->advanced = t->acked;
  if (weft_sctp_tsn_lt(t->forwarded, t->acked)) t->forwarded = t->acked;
  return WEFT_OK;
}

/* RFC 9260 section 6.2.1 D iii: a chunk that an earlier SACK had and this one lacks is missing again. */
static void renege(weft_sctp_send_state *t, uint32_t tsn) {
  *weft_sctp_send_mark(t, tsn) = WEFT_SCTP_FLYING;
  t->gap_n--;
  take_off(t, *weft_sctp_send_slot(t, tsn));
}

static void gap_acked(weft_sctp_send_state *t, uint32_t tsn, weft_time now, weft_sctp_sack_result *out,
                      uint32_t *highest) {
  uint8_t *mark = weft_sctp_send_mark(t, tsn);
  if (*mark != WEFT_SCTP_FLYING && *mark != WEFT_SCTP_LOST) return;
  weft_sctp_out *c = *weft_sctp_send_slot(t, tsn);
  acknowledge(t, c, *mark, now, out);
  *mark = WEFT_SCTP_GAP_ACKED;
  t->gap_n++;
  *highest = weft_sctp_tsn_max(*highest, tsn);
}

static bool gaps_in_order(const weft_sctp_send_state *t, const weft_sctp_sack *s) {
  uint32_t before = 0;
  for (size_t i = 0; i < s->gaps_n; i++) {
    uint16_t start, end;
    weft_sctp_sack_gap(s, i, &start, &end);
    if (start == 0 || start > end || start <= before) return false;
    if (end > t->fresh - 1 - s->cumulative) return false;
    before = end;
  }
  return true;
}

/* RFC 9260 section 7.2.4 retransmits fast once and leaves the rest to T3. A chunk sent again is reported missing here only by
 * acknowledgements of what was sent after it, and then it may go again. */
static void miss(weft_sctp_send_state *t, uint32_t tsn, uint32_t highest, weft_time now, weft_sctp_sack_result *out) {
  weft_sctp_out *c = *weft_sctp_send_slot(t, tsn);
  if (!weft_sctp_tsn_lt(tsn, highest) || (c->sends > 1 && weft_sctp_tsn_lt(highest, c->behind))) return;
  if (++c->missing < MISSING_LIMIT) return;
  out->lost = true;
  if (tsn == t->acked + 1) out->first_lost = true;
  weft_sctp_send_lose(t, c, now);
}

/* A hole between gap blocks: [from, to). */
static void hole(weft_sctp_send_state *t, uint32_t from, uint32_t to, uint32_t highest, weft_time now,
                 weft_sctp_sack_result *out) {
  for (uint32_t tsn = from; tsn != to; tsn++) {
    uint8_t *mark = weft_sctp_send_mark(t, tsn);
    if (*mark == WEFT_SCTP_GAP_ACKED) renege(t, tsn);
    if (*mark == WEFT_SCTP_FLYING) miss(t, tsn, highest, now, out);
  }
}

static void apply_gaps(weft_sctp_send_state *t, const weft_sctp_sack *s, bool recovery, weft_time now,
                       weft_sctp_sack_result *out) {
  uint32_t highest = s->cumulative, last = s->cumulative, from = s->cumulative + 1;
  uint16_t start, end;
  for (size_t i = 0; i < s->gaps_n; i++) {
    weft_sctp_sack_gap(s, i, &start, &end);
    for (uint32_t k = start; k <= end; k++) gap_acked(t, s->cumulative + k, now, out, &highest);
    last = s->cumulative + end;
  }
  /* RFC 9260 section 7.2.4: only what lies below the highest newly acknowledged TSN is reported missing, except that in fast recovery
   * a SACK that moves the cumulative point reports all of its holes */
  if (recovery && out->advanced) highest = last;
  for (size_t i = 0; i < s->gaps_n; i++) {
    weft_sctp_sack_gap(s, i, &start, &end);
    hole(t, from, s->cumulative + start, highest, now, out);
    from = s->cumulative + end + 1;
  }
  if (t->gap_n) hole(t, from, t->fresh, s->cumulative, now, out);
}

int weft_sctp_send_sack(weft_sctp_send_state *t, const weft_sctp_sack *s, bool recovery, weft_time now,
                        weft_sctp_sack_result *out) {
  *out = (weft_sctp_sack_result){0};
  if (weft_sctp_tsn_lt(s->cumulative, t->acked)) return WEFT_ESTATE;
  if (!weft_sctp_tsn_lt(s->cumulative, t->fresh) || !gaps_in_order(t, s)) return WEFT_EPROTO;
  int rc = weft_sctp_send_cumulative(t, s->cumulative, now, out);
  if (rc == WEFT_OK && (s->gaps_n || t->gap_n)) apply_gaps(t, s, recovery, now, out);
  return rc;
}

void weft_sctp_send_all_lost(weft_sctp_send_state *t, weft_time now) {
  for (uint32_t tsn = t->acked + 1; tsn != t->fresh; tsn++) {
    if (*weft_sctp_send_mark(t, tsn) == WEFT_SCTP_FLYING) weft_sctp_send_lose(t, *weft_sctp_send_slot(t, tsn), now);
  }
}
