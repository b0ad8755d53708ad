#include <string.h>

#include "sctp/sctp_int.h"
#include "sctp/serial.h"

enum { /* results, RFC 6525 section 4.4 */
       NOTHING_TO_DO = 0,
       PERFORMED = 1,
       DENIED = 2,
       WRONG_SSN = 3,
       REQUEST_IN_PROGRESS = 4,
       BAD_SEQUENCE = 5,
       IN_PROGRESS = 6
};

enum { EVENT_STREAMS = 256 }; /* streams of one RESET_IN event */

void weft_sctp_resets_free(weft_sctp *s) {
  weft_sctp_resets *r = &s->resets;
  weft_mem_free(&s->alloc, r->asked, r->asked_cap * sizeof *r->asked);
  weft_mem_free(&s->alloc, r->held, r->held_cap * sizeof *r->held);
  *r = (weft_sctp_resets){.at = WEFT_NEVER};
}

/* ---- ours ------------------------------------------------------------------------------------------------------------ */

static size_t request_room(const weft_sctp *s) { return (s->cfg.mtu - (WEFT_SCTP_HEADER + 4u + 16u)) / 2u; }

static int check_streams(const weft_sctp *s, const uint16_t *streams, size_t n) {
  if (s->dead || !weft_sctp_can_send_data(s)) return WEFT_ESTATE;
  if (!s->peer.reconfig) return WEFT_EUNSUPPORTED;
  for (size_t i = 0; i < n; i++) {
    if (streams[i] >= s->peer.streams_out) return WEFT_EINVAL;
  }
  return WEFT_OK;
}

static int mark_streams(weft_sctp *s, const uint16_t *streams, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!weft_sctp_send_make_stream(&s->tx, streams[i])) return WEFT_ENOMEM;
  }
  for (size_t i = 0; i < n; i++) {
    weft_sctp_stream_out *out = weft_sctp_send_stream(&s->tx, streams[i]);
    if (out->resetting) continue;
    out->resetting = true;
    if (out->chunks == 0) weft_sctp_send_mark_resettable(&s->tx, out);
  }
  return WEFT_OK;
}

int weft_sctp_reset_streams(weft_sctp *s, const uint16_t *streams, size_t n, weft_time now) {
  int rc = check_streams(s, streams, n);
  if (rc != WEFT_OK) return rc;
  weft_sctp_enter(s, now);
  if (n == 0)
    s->resets.all = true;
  else
    rc = mark_streams(s, streams, n);
  return weft_sctp_leave(s, rc);
}

static bool take_ready(weft_sctp *s) {
  weft_sctp_resets *r = &s->resets;
  if (!r->asked) {
    r->asked = weft_mem_resize(&s->alloc, NULL, 0, request_room(s) * sizeof *r->asked);
    if (!r->asked) {
      weft_sctp_retry_later(s);
      return false;
    }
    r->asked_cap = request_room(s);
  }
  for (r->asked_n = 0; r->asked_n < r->asked_cap && weft_sctp_send_resettable(&s->tx);) {
    weft_list *node = s->tx.resettable.next;
    weft_list_remove(node);
    r->asked[r->asked_n++] = WEFT_LIST_ITEM(node, weft_sctp_stream_out, reset)->id;
  }
  return true;
}

/* RFC 6525 section 5.1.2, one request at a time (5.1.1). It waits until the streams' data is acknowledged, so that the peer has all
 * of it when the request comes. */
void weft_sctp_resets_ready(weft_sctp *s) {
  weft_sctp_resets *r = &s->resets;
  if (r->open || !s->tx.pool || !weft_sctp_can_send_data(s) || !weft_evq_outermost(&s->q)) return;
  r->all_asked = r->all && weft_sctp_send_empty(&s->tx);
  if (!r->all_asked && (!weft_sctp_send_resettable(&s->tx) || !take_ready(s))) return;
  r->open = true;
  r->tries = 0;
  r->rto = s->rto.rto;
  s->pending |= WEFT_SCTP_PEND_RESET;
}

size_t weft_sctp_reset_size(const weft_sctp *s) {
  return 4 + 16 + weft_sctp_pad4(s->resets.all_asked ? 0 : 2 * s->resets.asked_n);
}

/* "Sender's Last Assigned TSN" (section 4.1) is the last one acknowledged here: it covers all that was ever sent on these streams, so the
 * peer never has to say "in progress" because of data of others - some peers never get out of that state. */
void weft_sctp_put_reset(weft_sctp *s, weft_wr *w) {
  const weft_sctp_resets *r = &s->resets;
  size_t chunk = weft_sctp_open_chunk(w, WEFT_SCTP_RE_CONFIG, 0), at = weft_sctp_open_tlv(w, WEFT_SCTP_PARAM_RESET_OUT);
  weft_wr_u32(w, r->seq);
  weft_wr_u32(w, r->peer_seq);
  weft_wr_u32(w, s->tx.acked);
  for (size_t i = 0; !r->all_asked && i < r->asked_n; i++) weft_wr_u16(w, r->asked[i]);
  weft_sctp_close_tlv(w, at);
  weft_sctp_close_chunk(w, chunk);
}

void weft_sctp_reset_sent(weft_sctp *s) { s->resets.at = weft_time_add(s->now, s->resets.rto); }

void weft_sctp_tick_reset(weft_sctp *s) {
  weft_sctp_resets *r = &s->resets;
  if (!weft_time_due(r->at, s->now)) return;
  r->at = WEFT_NEVER;
  /* once SHUTDOWN is out no answer is taken any more, and not asking is no error of the peer's */
  if (!r->open || !weft_sctp_can_send_data(s) || !weft_sctp_error_counted(s, "reset")) return;
  r->rto = r->rto * 2 < s->cfg.rto_max ? r->rto * 2 : s->cfg.rto_max;
  s->pending |= WEFT_SCTP_PEND_RESET;
}

static void number_anew(weft_sctp *s, weft_sctp_stream_out *out, int code) {
  out->resetting = false;
  if (code == WEFT_OK) out->next_ssn = s->cfg.initial_ssn;
  weft_sctp_send_forget(&s->tx, out);
}

static void all_anew(weft_sctp *s, int code) {
  weft_sctp_map *m = &s->tx.streams;
  s->resets.all = false;
  for (uint32_t i = 0; code == WEFT_OK && i < 1u << m->bits; i++) {
    for (weft_sctp_node *n = m->bucket[i]; n; n = n->next) {
      weft_sctp_stream_out *out = weft_sctp_send_stream(&s->tx, (uint16_t)n->key);
      if (out->buffered == 0) out->next_ssn = s->cfg.initial_ssn;
    }
  }
}

static void answered(weft_sctp *s, int code) {
  weft_sctp_resets *r = &s->resets;
  r->open = false;
  r->seq++;
  r->at = WEFT_NEVER;
  s->pending &= ~(uint32_t)WEFT_SCTP_PEND_RESET;
  s->errors = 0;
  if (r->all_asked) all_anew(s, code);
  for (size_t i = 0; !r->all_asked && i < r->asked_n; i++) {
    weft_sctp_stream_out *out = weft_sctp_send_stream(&s->tx, r->asked[i]);
    if (out) number_anew(s, out, code);
  }
  size_t n = r->all_asked ? 0 : r->asked_n;
  weft_sctp_raise(s,
                  &(weft_sctp_event){
                      .type = WEFT_SCTP_EVENT_RESET_OUT, .streams = n ? r->asked : NULL, .streams_n = n, .code = code});
}

static void on_response(weft_sctp *s, const weft_sctp_tlv *t) {
  if (t->value_len < 8 || !s->resets.open || weft_sctp_be32(t->value) != s->resets.seq) return;
  switch (weft_sctp_be32(t->value + 4)) {
  case NOTHING_TO_DO:
  case PERFORMED: answered(s, WEFT_OK); return;
  case DENIED: answered(s, WEFT_EREFUSED); return;
  case REQUEST_IN_PROGRESS:
  case IN_PROGRESS: /* asked again, with the same number, when the timer says so */
    s->errors = 0;
    s->resets.at = weft_time_add(s->now, s->rto.rto);
    return;
  default: answered(s, WEFT_EPROTO); return;
  }
}

/* ---- the peer's ------------------------------------------------------------------------------------------------------ */

static void respond(weft_sctp *s, uint32_t seq, uint32_t result) {
  weft_sctp_resets *r = &s->resets;
  if (r->responses_n == WEFT_SCTP_RESPONSES) {
    memmove(r->responses, r->responses + 1, sizeof r->responses - sizeof r->responses[0]);
    r->responses_n--;
  }
  r->responses[r->responses_n++] = (weft_sctp_response){seq, result};
  s->pending |= WEFT_SCTP_PEND_RESPONSES;
}

static void respond_and_keep(weft_sctp *s, uint32_t seq, uint32_t result) {
  s->resets.peer_seq = seq;
  s->resets.last = (weft_sctp_response){seq, result};
  respond(s, seq, result);
}

void weft_sctp_put_responses(weft_sctp *s, weft_wr *w) {
  for (size_t i = 0; i < s->resets.responses_n; i += 2) { /* section 3.1: at most two parameters in a chunk */
    size_t chunk = weft_sctp_open_chunk(w, WEFT_SCTP_RE_CONFIG, 0);
    for (size_t k = i; k < i + 2 && k < s->resets.responses_n; k++) {
      size_t at = weft_sctp_open_tlv(w, WEFT_SCTP_PARAM_RESPONSE);
      weft_wr_u32(w, s->resets.responses[k].seq);
      weft_wr_u32(w, s->resets.responses[k].result);
      weft_sctp_close_tlv(w, at);
    }
    weft_sctp_close_chunk(w, chunk);
  }
}

/* Whether a request is to be looked at; section 5.2.1: a repeated one gets its answer again, another number an error. */
static bool in_sequence(weft_sctp *s, uint32_t seq) {
  const weft_sctp_resets *r = &s->resets;
  if (seq == r->peer_seq + 1) return true;
  if (seq != r->peer_seq || r->last.seq != seq) {
    respond(s, seq, BAD_SEQUENCE);
    return false;
  }
  if (r->last.result == IN_PROGRESS) return true;
  respond(s, seq, r->last.result);
  return false;
}

static void reset_streams_in(weft_sctp *s, const uint16_t *streams, size_t n) {
  if (n == 0) weft_sctp_reassembly_reset_all(&s->reassembly);
  for (size_t i = 0; i < n; i++) weft_sctp_reassembly_reset(&s->reassembly, streams[i]);
}

static void tell_reset(weft_sctp *s, const uint16_t *streams, size_t n) {
  weft_sctp_raise(s,
                  &(weft_sctp_event){.type = WEFT_SCTP_EVENT_RESET_IN, .streams = n ? streams : NULL, .streams_n = n});
}

static void perform_now(weft_sctp *s, const weft_sctp_reset_out *o) {
  uint16_t list[EVENT_STREAMS];
  size_t n = 0;
  if (o->streams_n == 0) {
    reset_streams_in(s, NULL, 0);
    tell_reset(s, NULL, 0);
  }
  for (size_t i = 0; i < o->streams_n; i++) {
    list[n++] = weft_sctp_be16(o->streams + 2 * i);
    if (n < EVENT_STREAMS && i + 1 < o->streams_n) continue;
    reset_streams_in(s, list, n);
    tell_reset(s, list, n);
    n = 0;
  }
}

static bool streams_exist(const weft_sctp *s, const weft_sctp_reset_out *o) {
  for (size_t i = 0; i < o->streams_n; i++) {
    if (weft_sctp_be16(o->streams + 2 * i) >= s->peer.streams_in) return false;
  }
  return true;
}

static bool hold(weft_sctp *s, const weft_sctp_reset_out *o) {
  weft_sctp_resets *r = &s->resets;
  if (o->streams_n > r->held_cap) {
    uint16_t *p = weft_mem_resize(&s->alloc, NULL, 0, o->streams_n * sizeof *p);
    if (!p) return false;
    weft_mem_free(&s->alloc, r->held, r->held_cap * sizeof *r->held);
    r->held = p;
    r->held_cap = o->streams_n;
  }
  for (size_t i = 0; i < o->streams_n; i++) r->held[i] = weft_sctp_be16(o->streams + 2 * i);
  r->held_n = o->streams_n;
  r->held_tsn = o->last_tsn;
  r->holding = true;
  r->held_done = false;
  return true;
}

/* A peer that was told "in progress" may ask again with the next number after the held request was performed. */
static bool done_already(const weft_sctp *s, const weft_sctp_reset_out *o) {
  const weft_sctp_resets *r = &s->resets;
  if (!r->held_done || o->last_tsn != r->held_tsn || o->streams_n != r->held_n) return false;
  for (size_t i = 0; i < o->streams_n; i++) {
    if (weft_sctp_be16(o->streams + 2 * i) != r->held[i]) return false;
  }
  return true;
}

static void on_reset_out(weft_sctp *s, const weft_sctp_tlv *t) {
  weft_sctp_reset_out o;
  if (weft_sctp_reset_out_read(&o, t) != WEFT_OK || !in_sequence(s, o.request)) return;
  if (!streams_exist(s, &o)) {
    respond_and_keep(s, o.request, WRONG_SSN);
  } else if (weft_sctp_tsn_lt(s->rx.cumulative, o.last_tsn)) {
    if (hold(s, &o)) respond_and_keep(s, o.request, IN_PROGRESS);
  } else {
    bool again = done_already(s, &o);
    s->resets.holding = s->resets.held_done = false;
    respond_and_keep(s, o.request, PERFORMED);
    if (!again) perform_now(s, &o);
  }
}

/* Section 5.2.1 E: deferred until everything up to the sender's last TSN is here; the answer goes out without being asked again. */
void weft_sctp_resets_held(weft_sctp *s) {
  weft_sctp_resets *r = &s->resets;
  if (!r->holding || weft_sctp_over(s) || weft_sctp_tsn_lt(s->rx.cumulative, r->held_tsn)) return;
  r->holding = false;
  r->held_done = true;
  respond_and_keep(s, r->last.seq, PERFORMED);
  reset_streams_in(s, r->held, r->held_n);
  tell_reset(s, r->held, r->held_n);
}

/* The peer may not reset our streams, the TSNs, or change how many streams there are: RFC 6525 leaves that to policy, and
 * RFC 8831 section 6.7 uses outgoing resets only. */
static void deny(weft_sctp *s, const weft_sctp_tlv *t) {
  if (t->value_len < 4 || !in_sequence(s, weft_sctp_be32(t->value))) return;
  respond_and_keep(s, weft_sctp_be32(t->value), DENIED);
}

void weft_sctp_on_reconfig(weft_sctp *s, const weft_sctp_chunk *c) {
  weft_rd r;
  weft_sctp_tlv t;
  if (!weft_sctp_can_send_data(s)) {
    weft_sctp_drop(s, &s->stats.drop_state, "drop_state", c->start, c->length);
    return;
  }
  weft_rd_init(&r, c->value, c->value_len);
  for (int n = 0; n < 2 && weft_sctp_tlv_next(&r, &t) == 1 && !weft_sctp_over(s); n++) { /* section 3.1: at most two */
    switch (t.type) {
    case WEFT_SCTP_PARAM_RESET_OUT: on_reset_out(s, &t); break;
    case WEFT_SCTP_PARAM_RESPONSE: on_response(s, &t); break;
    case WEFT_SCTP_PARAM_RESET_IN:
    case WEFT_SCTP_PARAM_RESET_TSN:
    case WEFT_SCTP_PARAM_ADD_OUT:
    case WEFT_SCTP_PARAM_ADD_IN: deny(s, &t); break;
    default: break;
    }
  }
}
