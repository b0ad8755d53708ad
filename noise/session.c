#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/timer.h"
#include "noise/noise_int.h"

enum { SEND_LIMIT_MIN = 256, FRAME_MAX = WEFT_NOISE_FRAME_HEADER + WEFT_NOISE_MESSAGE_MAX };

void weft_noise_config_init(weft_noise_config *c, size_t size) {
  weft_noise_config d = {.size = sizeof d,
                         .send_limit = 256 * 1024,
                         .max_frame = WEFT_NOISE_PLAINTEXT_MAX,
                         .handshake_limit = WEFT_SEC(10)};
  c->size = size;
  weft_sized_copy(c, size, &d);
}

/* ---- making ---------------------------------------------------------------------------------------------------- */

static int take_key(const weft_noise_config *c, const uint8_t *fixed, uint8_t out[32]) {
  if (fixed) memcpy(out, fixed, 32);
  if (fixed) return WEFT_OK;
  return c->rng.fill(c->rng.ctx, out, 32) == 0 ? WEFT_OK : WEFT_ERANDOM;
}

static int init_handshake(weft_noise *n, const weft_noise_config *c) {
  uint8_t s[32], e[32];
  int rc = take_key(c, c->static_key, s);
  if (rc == WEFT_OK) rc = take_key(c, c->ephemeral_key, e);
  if (rc == WEFT_OK) rc = weft_noise_handshake_init(&n->hs, c->initiator, c->prologue, c->prologue_len, s, e);
  weft_wipe(s, sizeof s);
  weft_wipe(e, sizeof e);
  return rc;
}

static int make_payload(weft_noise *n, const weft_noise_config *c) {
  size_t size = weft_noise_payload_size(c->muxers, c->muxers_len);
  if (size > WEFT_NOISE_PAYLOAD_MAX) return WEFT_ETOOBIG;
  n->payload = weft_mem_new(&n->alloc, size);
  if (!n->payload) return WEFT_ENOMEM;
  n->payload_len = size;
  return weft_noise_payload_encode(c->identity, n->hs.s_pub, c->muxers, c->muxers_len, n->payload, size, &size);
}

/* Two whole frames are kept between calls, so that frames of any size come and go without a new allocation. */
static void init_buffers(weft_noise *n) {
  weft_buf_init(&n->rx, &n->alloc, FRAME_MAX);
  weft_buf_init(&n->plain, &n->alloc, FRAME_MAX);
  weft_buf_init(&n->tx, &n->alloc, (size_t)n->send_limit + FRAME_MAX);
  n->rx.keep = n->plain.keep = n->tx.keep = 2 * (size_t)FRAME_MAX;
}

static bool valid(const weft_noise_config *c) {
  return c->identity && (c->rng.fill || (c->static_key && c->ephemeral_key)) &&
         c->muxers_len <= WEFT_NOISE_MUXERS_MAX && c->expected_peer_len <= WEFT_PEER_ID_MAX &&
         c->send_limit >= SEND_LIMIT_MIN && c->max_frame > 0 && c->max_frame <= WEFT_NOISE_PLAINTEXT_MAX;
}

static void destroy(weft_noise *n) {
  weft_alloc alloc = n->alloc;
  weft_mem_free(&alloc, n->payload, n->payload_len);
  weft_buf_free(&n->rx);
  weft_buf_free(&n->plain);
  weft_buf_free(&n->tx);
  weft_wipe(n, sizeof *n);
  weft_mem_free(&alloc, n, sizeof *n);
}

static int init(weft_noise *n, const weft_noise_config *c) {
  n->trace = c->trace;
  n->limit = c->handshake_limit;
  n->limit_at = WEFT_NEVER;
  n->send_limit = c->send_limit;
  n->max_frame = c->max_frame;
  n->stats.size = sizeof n->stats;
  init_buffers(n);
  if (c->expected_peer_len > 0) memcpy(n->expected_peer, c->expected_peer, c->expected_peer_len);
  n->expected_peer_len = c->expected_peer_len;
  int rc = init_handshake(n, c);
  return rc == WEFT_OK ? make_payload(n, c) : rc;
}

int weft_noise_new(weft_noise **out, const weft_noise_config *cfg, const weft_noise_callbacks *cb, void *user) {
  weft_noise_config c;
  weft_noise_config_default(&c);
  weft_sized_copy(&c, sizeof c, cfg);
  if (!valid(&c)) return WEFT_EINVAL;
  weft_noise *n = weft_mem_new(c.alloc, sizeof *n);
  if (!n) return WEFT_ENOMEM;
  n->alloc = *weft_alloc_or_libc(c.alloc);
  weft_sized_copy(&n->cb, sizeof n->cb, cb);
  assert(n->cb.output && n->cb.event);
  n->user = user;
  int rc = init(n, &c);
  if (rc != WEFT_OK) {
    destroy(n);
    return rc;
  }
  *out = n;
  return WEFT_OK;
}

void weft_noise_free(weft_noise *n) {
  if (!n) return;
  if (n->q.depth > 0)
    n->q.free_pending = true;
  else
    destroy(n);
}

/* ---- entry and exit -------------------------------------------------------------------------------------------- */

void weft_noise_enter(weft_noise *n, weft_time now) {
  n->now = weft_time_max(n->now, now);
  weft_evq_enter(&n->q);
}

bool weft_noise_alive(const weft_noise *n) {
  return (n->state == WEFT_NOISE_STATE_HANDSHAKE || n->state == WEFT_NOISE_STATE_SECURED) && !n->q.free_pending;
}

static bool next_event(weft_noise *n, weft_noise_event *ev) {
  bool *flag = n->tell_writable        ? &n->tell_writable
               : n->tell_remote_closed ? &n->tell_remote_closed
               : n->tell_closed        ? &n->tell_closed
                                       : NULL;
  if (!flag || n->q.free_pending) return false;
  *flag = false;
  *ev = (weft_noise_event){.type = flag == &n->tell_writable        ? WEFT_NOISE_EVENT_WRITABLE
                                   : flag == &n->tell_remote_closed ? WEFT_NOISE_EVENT_REMOTE_CLOSED
                                                                    : WEFT_NOISE_EVENT_CLOSED};
  if (ev->type != WEFT_NOISE_EVENT_CLOSED) return true;
  ev->closed = n->closed;
  ev->peer_id = n->peer_id_len > 0 ? n->peer_id : NULL;
  ev->peer_id_len = n->peer_id_len;
  return true;
}

void weft_noise_leave(weft_noise *n) {
  weft_noise_event ev;
  if (weft_evq_outermost(&n->q))
    while (next_event(n, &ev)) n->cb.event(n->user, &ev, n->now);
  if (weft_evq_leave(&n->q)) destroy(n);
}

void weft_noise_traced(const weft_noise *n, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len) {
  if (!n->trace.fn) return;
  weft_trace t = {.kind = kind, .layer = "noise", .text = text, .data = data, .len = len, .now = n->now};
  n->trace.fn(n->trace.user, &t);
}

/* ---- states ---------------------------------------------------------------------------------------------------- */

static bool legal(weft_noise_state from, weft_noise_state to) {
  switch (from) {
  case WEFT_NOISE_STATE_NEW: return to == WEFT_NOISE_STATE_HANDSHAKE || to == WEFT_NOISE_STATE_CLOSED;
  case WEFT_NOISE_STATE_HANDSHAKE: return to == WEFT_NOISE_STATE_SECURED || to == WEFT_NOISE_STATE_CLOSED;
  case WEFT_NOISE_STATE_SECURED: return to == WEFT_NOISE_STATE_CLOSING || to == WEFT_NOISE_STATE_CLOSED;
  case WEFT_NOISE_STATE_CLOSING: return to == WEFT_NOISE_STATE_CLOSED;
  case WEFT_NOISE_STATE_CLOSED: break;
  }
  return false;
}

static void wipe_keys(weft_noise *n) {
  weft_wipe(&n->hs, sizeof n->hs);
  weft_wipe(&n->sending, sizeof n->sending);
  weft_wipe(&n->receiving, sizeof n->receiving);
}

void weft_noise_set_state(weft_noise *n, weft_noise_state to) {
  static const char *const names[] = {"NEW", "HANDSHAKE", "SECURED", "CLOSING", "CLOSED"};
  assert(legal(n->state, to));
  n->state = to;
  weft_noise_traced(n, WEFT_TRACE_STATE, names[to], NULL, 0);
  if (to != WEFT_NOISE_STATE_CLOSED) return;
  wipe_keys(n);
  n->limit_at = WEFT_NEVER;
  n->tell_writable = n->wants_writable = false;
  n->tell_closed = true;
}

int weft_noise_fail(weft_noise *n, weft_who who, const char *step, int code, const char *text) {
  if (n->state == WEFT_NOISE_STATE_CLOSED) return code;
  n->closed = (weft_closed){.who = who, .layer = "noise", .step = step, .code = code, .text = text};
  weft_noise_set_state(n, WEFT_NOISE_STATE_CLOSED);
  return code;
}

/* ---- entry points ---------------------------------------------------------------------------------------------- */

int weft_noise_start(weft_noise *n, weft_time now) {
  if (n->state != WEFT_NOISE_STATE_NEW) return WEFT_ESTATE;
  weft_noise_enter(n, now);
  n->limit_at = weft_time_add(n->now, n->limit);
  weft_noise_set_state(n, WEFT_NOISE_STATE_HANDSHAKE);
  weft_noise_establish_send(n);
  weft_noise_leave(n);
  return WEFT_OK;
}

static void time_is_up(weft_noise *n) {
  if (n->state == WEFT_NOISE_STATE_CLOSING)
    weft_noise_fail(n, WEFT_WHO_TIMEOUT, "close", WEFT_ETIMEDOUT, "the stream underneath did not take what was sent");
  else
    weft_noise_fail(n, WEFT_WHO_TIMEOUT, "handshake", WEFT_ETIMEDOUT, "the peer did not finish the handshake in time");
}

int weft_noise_tick(weft_noise *n, weft_time now) {
  weft_noise_enter(n, now);
  if (weft_time_due(n->limit_at, n->now)) time_is_up(n);
  weft_noise_flush(n);
  weft_noise_leave(n);
  return WEFT_OK;
}

weft_time weft_noise_deadline(const weft_noise *n) { return n->limit_at; }

/* Noise has no goodbye: a clean close waits until the stream underneath has taken what was sent, as long as a
 * handshake may last. */
int weft_noise_close(weft_noise *n, int code, weft_time now) {
  if (n->state == WEFT_NOISE_STATE_CLOSING || n->state == WEFT_NOISE_STATE_CLOSED) return WEFT_ECLOSED;
  weft_noise_enter(n, now);
  if (code == WEFT_OK && n->state == WEFT_NOISE_STATE_SECURED && weft_buf_len(&n->tx) > 0) {
    n->closed = (weft_closed){.who = WEFT_WHO_SELF, .layer = "noise", .step = "close", .text = "closed here"};
    n->limit_at = weft_time_add(n->now, n->limit);
    weft_noise_set_state(n, WEFT_NOISE_STATE_CLOSING);
    weft_noise_flush(n);
  } else {
    weft_noise_fail(n, WEFT_WHO_SELF, "close", code, "closed here");
  }
  weft_noise_leave(n);
  return WEFT_OK;
}

bool weft_noise_secured(const weft_noise *n) { return n->state == WEFT_NOISE_STATE_SECURED; }

void weft_noise_get_stats(const weft_noise *n, weft_noise_stats *s) {
  weft_noise_stats now = n->stats;
  now.buffered = (uint32_t)weft_buf_len(&n->tx);
  weft_sized_copy(s, s->size, &now);
}

int weft_noise_handshake_hash(const weft_noise *n, uint8_t out[32]) {
  if (n->state != WEFT_NOISE_STATE_SECURED && n->state != WEFT_NOISE_STATE_CLOSING) return WEFT_ESTATE;
  memcpy(out, n->hash, sizeof n->hash);
  return WEFT_OK;
}
