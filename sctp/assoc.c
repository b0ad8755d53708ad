#include <assert.h>
#include <string.h>

#include "sctp/sctp_int.h"

/* ---- life ------------------------------------------------------------------------------------------------------------ */

void weft_sctp_config_init(weft_sctp_config *c, size_t size) {
  weft_sctp_config d = {
      .local_port = 5000, /* RFC 8841 section 5 */
      .remote_port = 5000,
      .mtu = 1160,
      .streams_out = 65535, /* RFC 8831 section 6.2 */
      .streams_in = 65535,
      .recv_window = 1u << 20,
      .send_limit = 2u << 20,
      .max_message_in = 256u << 10,
      .max_message_out = 256u << 10,
      .rto_initial = WEFT_SEC(1), /* RFC 9260 section 16, as are the next ones */
      .rto_min = WEFT_SEC(1),
      .rto_max = WEFT_SEC(60),
      .max_retransmits = 10,
      .max_init_retransmits = 8,
      .heartbeat_interval = WEFT_SEC(30),
      .sack_delay = WEFT_MS(20), /* RFC 9260 section 6.2: not more than 500 ms */
      .cookie_life = WEFT_SEC(60),
      .auto_consume = true,
  };
  d.size = size < sizeof d ? size : sizeof d;
  memset(c, 0, size);
  weft_sized_copy(c, size, &d);
}

static bool good_config(const weft_sctp_config *c) {
  return c->rng.fill && c->mtu >= 512 && c->mtu % 4 == 0 && c->streams_in > 0 && c->streams_out > 0 &&
         c->recv_window >= 1500 && c->max_message_in > 0 && c->max_message_out > 0 && c->send_limit > 0 &&
         c->rto_min > 0 && c->rto_min <= c->rto_max && c->rto_initial > 0 && c->rto_max <= WEFT_SEC(3600);
}

static int draw(weft_sctp *s) {
  uint8_t r[24];
  if (s->cfg.rng.fill(s->cfg.rng.ctx, r, sizeof r) != 0) return WEFT_ERANDOM;
  memcpy(s->cookie_key, r, 16);
  s->peer.my_tag = weft_sctp_be32(r + 16);
  if (s->peer.my_tag == 0) s->peer.my_tag = 1; /* RFC 9260 section 3.3.2: never 0 */
  s->peer.my_tsn = s->cfg.use_initial_tsn ? s->cfg.initial_tsn : weft_sctp_be32(r + 20);
  weft_wipe(r, sizeof r);
  return WEFT_OK;
}

static void forget_transfer(weft_sctp *s) {
  weft_sctp_resets_free(s);
  weft_sctp_send_free(&s->tx);
  weft_sctp_received_free(&s->rx);
  weft_sctp_reassembly_free(&s->reassembly);
}

static void purge(weft_sctp *s) {
  forget_transfer(s);
  weft_sctp_pool_trim(&s->pool);
  weft_mem_free(&s->alloc, s->echo_cookie, s->echo_cookie_n);
  s->echo_cookie = NULL;
  s->echo_cookie_n = 0;
  weft_mem_free(&s->alloc, s->hb.echo, s->hb.echo ? s->cfg.mtu : 0);
  s->hb.echo = NULL;
  s->unconsumed = 0;
}

static void destroy(weft_sctp *s) {
  weft_alloc alloc = s->alloc;
  purge(s);
  weft_mem_free(&alloc, s->packet, s->cfg.mtu);
  weft_wipe(s->cookie_key, sizeof s->cookie_key);
  weft_mem_free(&alloc, s, sizeof *s);
}

static void no_timers(weft_sctp *s) {
  s->t1_at = s->t2_at = s->t3_at = s->t5_at = s->sack_at = s->retry_at = WEFT_NEVER;
  s->hb.at = s->resets.at = WEFT_NEVER;
}

int weft_sctp_new(weft_sctp **out, const weft_sctp_config *cfg, const weft_sctp_callbacks *cb, void *user) {
  weft_sctp_config c;
  weft_sctp_config_default(&c);
  weft_sized_copy(&c, sizeof c, cfg);
  *out = NULL;
  if (!good_config(&c)) return WEFT_EINVAL;
  const weft_alloc *alloc = weft_alloc_or_libc(c.alloc);
  weft_sctp *s = weft_mem_new(alloc, sizeof *s);
  if (!s) return WEFT_ENOMEM;
  s->cfg = c;
  s->alloc = *alloc;
  s->cfg.alloc = &s->alloc;
  weft_sized_copy(&s->cb, sizeof s->cb, cb);
  s->user = user;
  s->crc = weft_sctp_crc32c_choose();
  weft_evq_init(&s->q, s->events, sizeof s->events[0], WEFT_SCTP_EVENTS);
  no_timers(s);
  weft_sctp_pool_init(&s->pool, &s->alloc, (c.mtu > 1280u ? c.mtu : 1280u) + 96u);
  s->packet = weft_mem_resize(&s->alloc, NULL, 0, c.mtu);
  int rc = s->packet ? draw(s) : WEFT_ENOMEM;
  if (rc != WEFT_OK)
    destroy(s);
  else
    *out = s;
  return rc;
}

void weft_sctp_free(weft_sctp *s) {
  if (!s) return;
  if (s->q.depth > 0)
    s->q.free_pending = true;
  else
    destroy(s);
}

/* ---- entry and exit -------------------------------------------------------------------------------------------------- */

bool weft_sctp_over(const weft_sctp *s) { return s->dead || s->q.free_pending; }

void weft_sctp_enter(weft_sctp *s, weft_time now) {
  weft_evq_enter(&s->q);
  if (now > s->now) s->now = now;
}

static void deliver_drained(weft_sctp *s) {
  /* one round: a callback that asks again is answered by the next call */
  weft_list *last = s->tx.drained.prev;
  while (!weft_sctp_over(s) && !weft_list_empty(&s->tx.drained)) {
    weft_list *n = s->tx.drained.next;
    weft_sctp_stream_out *stream = WEFT_LIST_ITEM(n, weft_sctp_stream_out, drain);
    weft_list_remove(n);
    stream->notify = false;
    s->cb.event(s->user, &(weft_sctp_event){.type = WEFT_SCTP_EVENT_DRAINED, .stream = stream->id}, s->now);
    if (n == last) break;
  }
}

static bool drained_waits(const weft_sctp *s) { return s->tx.pool && !weft_list_empty(&s->tx.drained); }

void weft_sctp_deliver(weft_sctp *s) {
  weft_sctp_event ev;
  if (!weft_evq_outermost(&s->q)) return;
  while (weft_evq_pop(&s->q, &ev)) s->cb.event(s->user, &ev, s->now);
  if (drained_waits(s)) deliver_drained(s);
}

void weft_sctp_raise(weft_sctp *s, const weft_sctp_event *ev) {
  weft_sctp_deliver(s);
  if (!weft_sctp_over(s)) s->cb.event(s->user, ev, s->now);
}

int weft_sctp_leave(weft_sctp *s, int rc) {
  if (weft_evq_outermost(&s->q)) {
    for (int round = 0; round < 4; round++) {
      weft_sctp_deliver(s);
      if (s->held == 0) weft_sctp_flush(s);
      if (s->q.count == 0 && !drained_waits(s)) break;
    }
    if (s->dead && s->tx.pool) purge(s);
  }
  if (weft_evq_leave(&s->q)) destroy(s);
  return rc;
}

void weft_sctp_trace(const weft_sctp *s, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len) {
  if (!s->cfg.trace.fn) return;
  weft_trace t = {.kind = kind, .layer = "sctp", .text = text, .data = data, .len = len, .now = s->now};
  s->cfg.trace.fn(s->cfg.trace.user, &t);
}

void weft_sctp_drop(weft_sctp *s, uint64_t *counter, const char *name, const uint8_t *data, size_t len) {
  ++*counter;
  weft_sctp_trace(s, WEFT_TRACE_DROP, name, data, len);
}

/* ---- states ---------------------------------------------------------------------------------------------------------- */

static const char *state_name(weft_sctp_state state) {
  switch (state) {
  case WEFT_SCTP_CLOSED: return "CLOSED";
  case WEFT_SCTP_COOKIE_WAIT: return "COOKIE_WAIT";
  case WEFT_SCTP_COOKIE_ECHOED: return "COOKIE_ECHOED";
  case WEFT_SCTP_ESTABLISHED: return "ESTABLISHED";
  case WEFT_SCTP_SHUTDOWN_PENDING: return "SHUTDOWN_PENDING";
  case WEFT_SCTP_SHUTDOWN_SENT: return "SHUTDOWN_SENT";
  case WEFT_SCTP_SHUTDOWN_RECEIVED: return "SHUTDOWN_RECEIVED";
  case WEFT_SCTP_SHUTDOWN_ACK_SENT: return "SHUTDOWN_ACK_SENT";
  }
  return "?";
}

/* RFC 9260 section 4, figure 3; besides, any state to CLOSED, and a restart from any state to ESTABLISHED. */
static bool legal(weft_sctp_state from, weft_sctp_state to) {
  switch (to) {
  case WEFT_SCTP_CLOSED:
  case WEFT_SCTP_ESTABLISHED: return true;
  case WEFT_SCTP_COOKIE_WAIT: return from == WEFT_SCTP_CLOSED || from == WEFT_SCTP_COOKIE_ECHOED;
  case WEFT_SCTP_COOKIE_ECHOED: return from == WEFT_SCTP_COOKIE_WAIT;
  case WEFT_SCTP_SHUTDOWN_PENDING: return from == WEFT_SCTP_ESTABLISHED;
  case WEFT_SCTP_SHUTDOWN_SENT: return from == WEFT_SCTP_SHUTDOWN_PENDING;
  case WEFT_SCTP_SHUTDOWN_RECEIVED: return from == WEFT_SCTP_ESTABLISHED || from == WEFT_SCTP_SHUTDOWN_PENDING;
  case WEFT_SCTP_SHUTDOWN_ACK_SENT: return from == WEFT_SCTP_SHUTDOWN_RECEIVED || from == WEFT_SCTP_SHUTDOWN_SENT;
  }
  return false;
}

void weft_sctp_set_state(weft_sctp *s, weft_sctp_state state) {
  assert(legal(s->state, state));
  if (s->state == state) return;
  s->state = state;
  weft_sctp_trace(s, WEFT_TRACE_STATE, state_name(state), NULL, 0);
}

/* The fresh parts are made before the old ones go: without memory nothing has changed. */
static int renew(weft_sctp *s, const weft_sctp_peer *p) {
  uint8_t r[4];
  weft_sctp_send_state tx;
  weft_sctp_reassembly in;
  if (s->cfg.rng.fill(s->cfg.rng.ctx, r, sizeof r) != 0) return WEFT_ERANDOM;
  int rc = weft_sctp_send_init(&tx, &s->pool, weft_sctp_be32(r), p->my_tsn, s->cfg.initial_ssn, s->cfg.mtu);
  if (rc != WEFT_OK) return rc;
  rc = weft_sctp_reassembly_init(&in, &s->pool, weft_sctp_be32(r), s->cfg.initial_ssn, s->cfg.max_message_in);
  if (rc != WEFT_OK) {
    weft_sctp_send_free(&tx);
    weft_sctp_reassembly_free(&in);
    return rc;
  }
  forget_transfer(s);
  s->tx = tx;
  s->reassembly = in;
  weft_list_init(&s->tx.ready); /* list heads point at themselves */
  weft_list_init(&s->tx.drained);
  weft_list_init(&s->tx.resettable);
  weft_list_init(&s->reassembly.partial);
  weft_sctp_received_init(&s->rx, &s->alloc, p->peer_tsn);
  return WEFT_OK;
}

int weft_sctp_start(weft_sctp *s, const weft_sctp_peer *p) {
  int rc = renew(s, p);
  if (rc != WEFT_OK) return rc;
  weft_sctp_cc_init(&s->cc, s->cfg.mtu - (uint32_t)WEFT_SCTP_HEADER, p->peer_window, s->cfg.send_limit);
  weft_sctp_rto_init(&s->rto, s->cfg.rto_initial, s->cfg.rto_min, s->cfg.rto_max);
  s->peer = *p;
  s->tx.partial = p->forward;
  s->peer_window = p->peer_window;
  s->advertised = s->cfg.recv_window;
  s->resets.seq = p->my_tsn; /* RFC 6525 section 4.1: the request sequence begins with the initial TSN */
  s->resets.peer_seq = p->peer_tsn - 1;
  s->t3_at = s->sack_at = WEFT_NEVER;
  s->pending = 0;
  s->errors = s->unsacked = 0;
  s->unconsumed = s->errors_out_n = 0;
  s->was_forwarded = s->probing = s->fast_packet = s->hb.open = s->sack_now = false;
  return WEFT_OK;
}

void weft_sctp_established(weft_sctp *s) {
  s->t1_at = WEFT_NEVER;
  s->pending &= ~(uint32_t)(WEFT_SCTP_PEND_INIT | WEFT_SCTP_PEND_COOKIE_ECHO);
  weft_mem_free(&s->alloc, s->echo_cookie, s->echo_cookie_n);
  s->echo_cookie = NULL;
  s->echo_cookie_n = 0;
  weft_sctp_set_state(s, WEFT_SCTP_ESTABLISHED);
  weft_sctp_heartbeat_later(s);
  weft_evq_push(&s->q, &(weft_sctp_event){.type = WEFT_SCTP_EVENT_CONNECTED,
                                          .streams_out = s->peer.streams_out,
                                          .streams_in = s->peer.streams_in});
}

/* ---- the end --------------------------------------------------------------------------------------------------------- */

void weft_sctp_finish(weft_sctp *s, const weft_closed *why) {
  if (s->dead) return;
  s->dead = true;
  s->pending = 0;
  s->writable_due = false;
  no_timers(s);
  weft_sctp_set_state(s, WEFT_SCTP_CLOSED);
  weft_evq_push(&s->q, &(weft_sctp_event){.type = WEFT_SCTP_EVENT_CLOSED, .closed = *why});
}

void weft_sctp_fail(weft_sctp *s, weft_who who, const char *step, int code, uint32_t cause, const char *text) {
  weft_sctp_finish(s, &(weft_closed){who, "sctp", step, code, cause, text});
}

void weft_sctp_break(weft_sctp *s, const char *step, int code, uint16_t cause, const char *text) {
  if (s->dead) return;
  weft_sctp_send_abort(s, s->peer.peer_tag, cause, text, strlen(text));
  weft_sctp_fail(s, WEFT_WHO_PEER, step, code, cause, text);
}

bool weft_sctp_error_counted(weft_sctp *s, const char *step) {
  if (++s->errors <= s->cfg.max_retransmits) return true;
  weft_sctp_send_abort(s, s->peer.peer_tag, WEFT_SCTP_CAUSE_PROTOCOL, NULL, 0);
  weft_sctp_fail(s, WEFT_WHO_TIMEOUT, step, WEFT_ETIMEDOUT, 0, "the peer stopped answering");
  return false;
}
