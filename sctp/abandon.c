#include <assert.h>

#include "sctp/send.h"
#include "sctp/serial.h"

bool weft_sctp_send_expired(const weft_sctp_send_state *t, const weft_sctp_out *c, weft_time now) {
  return t->partial && c->expires != WEFT_NEVER && now >= c->expires;
}

static bool given_up(const weft_sctp_send_state *t, const weft_sctp_out *c, weft_time now) {
  if (weft_sctp_send_expired(t, c, now)) return true;
  return t->partial && c->limited && c->sends > c->max_retransmits;
}

void weft_sctp_send_lose(weft_sctp_send_state *t, weft_sctp_out *c, weft_time now) {
  if (given_up(t, c, now)) {
    weft_sctp_send_abandon(t, c);
    return;
  }
  *weft_sctp_send_mark(t, c->tsn) = WEFT_SCTP_LOST;
  t->flight -= weft_sctp_out_size(c);
  t->flight_payload -= c->len;
  t->lost_n++;
  if (weft_sctp_tsn_lt(c->tsn, t->lost_from)) t->lost_from = c->tsn;
}

static void abandon_one(weft_sctp_send_state *t, uint32_t tsn) {
  uint8_t *mark = weft_sctp_send_mark(t, tsn);
  weft_sctp_out *c = *weft_sctp_send_slot(t, tsn);
  if (*mark == WEFT_SCTP_FLYING) {
    t->flight -= weft_sctp_out_size(c);
    t->flight_payload -= c->len;
  }
  if (*mark == WEFT_SCTP_LOST) t->lost_n--;
  if (*mark == WEFT_SCTP_GAP_ACKED) t->gap_n--;
  if (t->timing && t->timed_tsn == tsn) t->timing = false;
  *mark = WEFT_SCTP_ABANDONED;
  weft_sctp_send_discharge(t, c);
}

/* The rest that never got a TSN is dropped, but for a stand-in of its last chunk: FORWARD-TSN then covers the message to its end,
 * so that the peer never sees a new message follow one that did not end. */
static void abandon_rest(weft_sctp_send_state *t, weft_sctp_stream_out *s) {
  weft_sctp_out *last = NULL;
  uint16_t ssn = s->next_ssn;
  weft_sctp_send_drop_rest(t, s, &last);
  if (!last) return;
  assert(t->next - t->acked <= t->size);
  if (!(last->wire[1] & WEFT_SCTP_FLAG_U)) s->next_ssn = (uint16_t)(ssn + 1u);
  weft_sctp_put16(last->wire + 10, ssn);
  last->tsn = t->next++;
  *weft_sctp_send_slot(t, last->tsn) = last;
  *weft_sctp_send_mark(t, last->tsn) = WEFT_SCTP_ABANDONED;
}

void weft_sctp_send_abandon(weft_sctp_send_state *t, weft_sctp_out *c) {
  uint32_t tsn = c->tsn;
  weft_sctp_stream_out *s = c->stream;
  while (!((*weft_sctp_send_slot(t, tsn))->wire[1] & WEFT_SCTP_FLAG_B) && tsn != t->acked + 1) tsn--;
  for (bool ended = false; !ended; tsn++) {
    ended = (*weft_sctp_send_slot(t, tsn))->wire[1] & WEFT_SCTP_FLAG_E;
    abandon_one(t, tsn);
    if (!ended && tsn + 1 == t->next) {
      abandon_rest(t, s);
      return;
    }
  }
}

/* RFC 3758 section 3.5 C2: over what was given up only; what was acknowledged behind that the peer passes by itself. */
bool weft_sctp_send_advance(weft_sctp_send_state *t) {
  if (!t->partial) return false;
  while (t->advanced + 1 != t->next && *weft_sctp_send_mark(t, t->advanced + 1) == WEFT_SCTP_ABANDONED) t->advanced++;
  if (weft_sctp_tsn_le(t->fresh, t->advanced)) t->fresh = t->advanced + 1;
  return t->advanced != t->acked;
}

typedef struct skip {
  uint16_t stream, ssn;
} skip;

enum { SKIPS_MAX = 64 };

static bool add_skip(skip *list, size_t *n, size_t max, const weft_sctp_out *c) {
  uint16_t stream = weft_sctp_be16(c->wire + 8), ssn = weft_sctp_be16(c->wire + 10);
  if (c->wire[1] & WEFT_SCTP_FLAG_U) return true;
  for (size_t i = 0; i < *n; i++) {
    if (list[i].stream != stream) continue;
    list[i].ssn = ssn;
    return true;
  }
  if (*n == max) return false;
  list[(*n)++] = (skip){stream, ssn};
  return true;
}

/* RFC 3758 section 3.5 C4 and C5: one entry per stream, the largest sequence number; when they do not fit, it reaches less far. */
void weft_sctp_send_write_forward(weft_sctp_send_state *t, weft_wr *w) {
  skip list[SKIPS_MAX];
  size_t n = 0, room = weft_wr_left(w) < 8 ? 0 : (weft_wr_left(w) - 8) / 4, max = room < SKIPS_MAX ? room : SKIPS_MAX;
  uint32_t cumulative = t->acked;
  while (cumulative != t->advanced && add_skip(list, &n, max, *weft_sctp_send_slot(t, cumulative + 1))) cumulative++;
  size_t at = weft_sctp_open_chunk(w, WEFT_SCTP_FORWARD_TSN, 0);
  weft_wr_u32(w, cumulative);
  for (size_t i = 0; i < n; i++) {
    weft_wr_u16(w, list[i].stream);
    weft_wr_u16(w, list[i].ssn);
  }
  weft_sctp_close_chunk(w, at);
  t->forwarded = weft_sctp_tsn_max(t->forwarded, cumulative);
}
