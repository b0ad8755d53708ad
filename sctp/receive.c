#include "sctp/sctp_int.h"
#include "sctp/serial.h"

/* a_rwnd, RFC 9260 section 6.2.1: what is neither delivered and unconsumed nor held. When only an unfinished message fills it, a
 * little stays open, since nothing but the rest of that message can make room. */
uint32_t weft_sctp_window(const weft_sctp *s) {
  size_t used = s->unconsumed + s->reassembly.charge, all = s->cfg.recv_window;
  size_t left = used < all ? all - used : 0, least = 2u * s->cfg.mtu;
  bool stuck = s->unconsumed == 0 && !weft_sctp_received_gap(&s->rx);
  return (uint32_t)(stuck && left < least ? least : left);
}

/* A SACK of its own when the window opens far enough to matter (RFC 9260 section 6.2, RFC 1122 section 4.2.3.3). */
void weft_sctp_window_opened(weft_sctp *s) {
  uint32_t step = s->cfg.recv_window / 4, least = 2u * s->cfg.mtu;
  if (s->advertised < least && step > least) step = least;
  uint32_t window = weft_sctp_window(s);
  bool up = weft_sctp_can_send_data(s) && s->state != WEFT_SCTP_SHUTDOWN_RECEIVED;
  if (up && window > s->advertised && window - s->advertised >= step) s->pending |= WEFT_SCTP_PEND_SACK;
}

/* Whether d may be kept. Section 6.2: with the window closed new data is dropped, but what fills a gap is worth more than what
 * lies beyond it; and the next fragment of an unfinished message is the only thing that can empty the window. */
static bool fits(const weft_sctp *s, const weft_sctp_data *d) {
  size_t used = s->unconsumed + s->reassembly.charge + d->len, all = s->cfg.recv_window;
  if (used <= all) return true;
  if (weft_sctp_tsn_lt(d->tsn, s->rx.highest) && used <= all + all / 2) return true;
  bool only_way = d->tsn == s->rx.cumulative + 1 && s->unconsumed == 0;
  return only_way && used <= all + 2 * (size_t)s->cfg.max_message_in;
}

/* ---- delivery -------------------------------------------------------------------------------------------------------- */

static void deliver_message(weft_sctp *s, const weft_sctp_message_in *m) {
  if (weft_sctp_over(s)) return;
  s->stats.messages_in++;
  s->unconsumed += m->len;
  weft_sctp_raise(s, &(weft_sctp_event){.type = WEFT_SCTP_EVENT_MESSAGE,
                                        .stream = m->stream,
                                        .ppid = m->ppid,
                                        .unordered = m->unordered,
                                        .data = m->data,
                                        .len = m->len});
  if (s->cfg.auto_consume) s->unconsumed -= m->len;
}

static void deliver_run(weft_sctp *s, weft_sctp_fragment *run) {
  weft_sctp_message_in m;
  weft_sctp_reassembly_read(&s->reassembly, run, &m);
  deliver_message(s, &m);
  weft_sctp_reassembly_release(&s->reassembly, run);
}

static void deliver_next(weft_sctp *s, uint16_t stream) {
  weft_sctp_fragment *run;
  while ((run = weft_sctp_reassembly_next(&s->reassembly, stream))) deliver_run(s, run);
}

/* ---- DATA ------------------------------------------------------------------------------------------------------------ */

static void received(weft_sctp *s, uint32_t tsn) {
  weft_sctp_received_add(&s->rx, tsn);
  if (weft_sctp_received_gap(&s->rx)) s->sack_now = true; /* section 6.7 */
}

/* Section 6.5: acknowledged, not delivered, and reported. */
static int invalid_stream(weft_sctp *s, const weft_sctp_data *d) {
  uint8_t info[4] = {(uint8_t)(d->stream >> 8), (uint8_t)d->stream, 0, 0};
  weft_sctp_report(s, WEFT_SCTP_CAUSE_INVALID_STREAM, info, sizeof info);
  received(s, d->tsn);
  return WEFT_OK;
}

static int broken(weft_sctp *s, int rc) {
  if (rc == WEFT_ENOMEM) return rc;
  const char *text =
      rc == WEFT_ETOOBIG ? "a message is larger than this side accepts" : "fragments that cannot belong together";
  weft_sctp_break(s, "reassembly", rc, WEFT_SCTP_CAUSE_PROTOCOL, text);
  return WEFT_OK;
}

static int accept_data(weft_sctp *s, const weft_sctp_data *d) {
  weft_sctp_fragment *run = NULL;
  bool whole = d->tsn == s->rx.cumulative + 1, after_skip = s->was_forwarded && s->forwarded == d->tsn - 1;
  if (weft_sctp_received_reserve(&s->rx, d->tsn) != WEFT_OK) return WEFT_ENOMEM;
  int rc = weft_sctp_reassembly_add(&s->reassembly, d, whole, after_skip, &run);
  if (rc < 0) return broken(s, rc);
  received(s, d->tsn);
  bool unordered = d->flags & WEFT_SCTP_FLAG_U;
  if (rc == WEFT_SCTP_TAKE_DATA)
    deliver_message(s, &(weft_sctp_message_in){d->stream, d->ppid, unordered, d->payload, d->len});
  if (rc == WEFT_SCTP_TAKE_RUN) deliver_run(s, run);
  if (rc > 0 && !unordered) deliver_next(s, d->stream);
  weft_sctp_resets_held(s);
  return WEFT_OK;
}

static bool is_new(weft_sctp *s, const weft_sctp_data *d, const weft_sctp_chunk *c) {
  switch (weft_sctp_received_check(&s->rx, d->tsn)) {
  case WEFT_SCTP_FRESH: return true;
  case WEFT_SCTP_DUPLICATE:
    s->stats.duplicates++;
    s->sack_now = true;
    weft_sctp_received_duplicate(&s->rx, d->tsn);
    return false;
  case WEFT_SCTP_TOO_FAR:
    s->sack_now = true;
    weft_sctp_drop(s, &s->stats.drop_window, "drop_window", c->start, c->length);
    return false;
  }
  return false;
}

/* Section 6: DATA is taken in these states only. */
static bool receiving(const weft_sctp *s) {
  return s->state == WEFT_SCTP_ESTABLISHED || s->state == WEFT_SCTP_SHUTDOWN_PENDING ||
         s->state == WEFT_SCTP_SHUTDOWN_SENT;
}

int weft_sctp_on_data(weft_sctp *s, const weft_sctp_chunk *c) {
  weft_sctp_data d;
  if (!receiving(s) || weft_sctp_data_read(&d, c) != WEFT_OK) {
    weft_sctp_drop(s, &s->stats.drop_state, "drop_state", c->start, c->length);
    return WEFT_OK;
  }
  s->stats.data_chunks_in++;
  if (d.len == 0) { /* section 6.2: an error with an answer of its own */
    weft_sctp_send_abort(s, s->peer.peer_tag, WEFT_SCTP_CAUSE_NO_DATA, c->value, 4);
    weft_sctp_fail(s, WEFT_WHO_PEER, "data", WEFT_EPROTO, WEFT_SCTP_CAUSE_NO_DATA, "a DATA chunk without data");
    return WEFT_OK;
  }
  s->packet_had_data = true;
  if (d.flags & WEFT_SCTP_FLAG_I) s->sack_now = true; /* section 6.2 and RFC 7053 */
  if (!is_new(s, &d, c)) return WEFT_OK;
  if (d.stream >= s->peer.streams_in) {
    return weft_sctp_received_reserve(&s->rx, d.tsn) == WEFT_OK ? invalid_stream(s, &d) : WEFT_ENOMEM;
  }
  if (!fits(s, &d)) {
    s->sack_now = true;
    weft_sctp_drop(s, &s->stats.drop_window, "drop_window", c->start, c->length);
    return WEFT_OK;
  }
  return accept_data(s, &d);
}

/* ---- FORWARD-TSN ----------------------------------------------------------------------------------------------------- */

static void skip_stream(weft_sctp *s, uint16_t stream, uint16_t ssn) {
  weft_sctp_fragment *run;
  if (stream >= s->peer.streams_in) return;
  while ((run = weft_sctp_reassembly_skipped(&s->reassembly, stream, ssn))) deliver_run(s, run);
}

/* All that it needs is found before anything is skipped: a stream that could not skip would wait for ever. */
static int reserve_forward(weft_sctp *s, const weft_sctp_forward *f) {
  weft_rd streams = f->streams;
  int rc = weft_sctp_received_reserve(&s->rx, f->cumulative);
  while (rc == WEFT_OK && weft_rd_left(&streams) >= 4) {
    uint16_t stream = weft_rd_u16(&streams);
    weft_rd_skip(&streams, 2);
    if (stream < s->peer.streams_in) rc = weft_sctp_reassembly_reserve(&s->reassembly, stream);
  }
  return rc;
}

/* RFC 3758 section 3.6. */
void weft_sctp_on_forward(weft_sctp *s, const weft_sctp_chunk *c) {
  weft_sctp_forward f;
  if (!receiving(s) || !s->peer.forward || weft_sctp_forward_read(&f, c) != WEFT_OK) {
    weft_sctp_drop(s, &s->stats.drop_state, "drop_state", c->start, c->length);
    return;
  }
  s->packet_had_data = s->sack_now = true;
  if (weft_sctp_received_check(&s->rx, f.cumulative) == WEFT_SCTP_TOO_FAR) {
    weft_sctp_drop(s, &s->stats.drop_window, "drop_window", c->start, c->length);
    return;
  }
  bool ahead = weft_sctp_tsn_lt(s->rx.cumulative, f.cumulative);
  if (!ahead || reserve_forward(s, &f) != WEFT_OK || !weft_sctp_received_forward(&s->rx, f.cumulative)) return;
  s->was_forwarded = true;
  s->forwarded = f.cumulative;
  while (weft_rd_left(&f.streams) >= 4 && !weft_sctp_over(s)) {
    uint16_t stream = weft_rd_u16(&f.streams), ssn = weft_rd_u16(&f.streams);
    skip_stream(s, stream, ssn);
  }
  weft_sctp_reassembly_dropped(&s->reassembly, f.cumulative);
  weft_sctp_resets_held(s);
}

/* ---- SACK ------------------------------------------------------------------------------------------------------------ */

/* Section 6.2: every second packet with DATA at the latest, the first after sack_delay. */
void weft_sctp_packet_done(weft_sctp *s) {
  if (!s->packet_had_data) return;
  s->packet_had_data = false;
  if (s->state == WEFT_SCTP_SHUTDOWN_SENT) { /* section 9.2: a SHUTDOWN acknowledges, a SACK only when there are gaps */
    s->pending |= WEFT_SCTP_PEND_SHUTDOWN;
    if (weft_sctp_received_gap(&s->rx)) s->pending |= WEFT_SCTP_PEND_SACK;
    s->sack_now = false;
    return;
  }
  if (++s->unsacked >= 2 || s->sack_now)
    s->pending |= WEFT_SCTP_PEND_SACK;
  else if (s->sack_at == WEFT_NEVER)
    s->sack_at = weft_time_add(s->now, s->cfg.sack_delay);
  s->sack_now = false;
}

void weft_sctp_put_sack(weft_sctp *s, weft_wr *w) {
  s->advertised = weft_sctp_window(s);
  weft_sctp_received_write(&s->rx, w, s->advertised);
}

void weft_sctp_sack_sent(weft_sctp *s) {
  weft_sctp_received_sacked(&s->rx);
  s->unsacked = 0;
  s->sack_at = WEFT_NEVER;
  s->stats.sacks_out++;
}
