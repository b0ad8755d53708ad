/* ping: 32 bytes out, the same 32 bytes back. */
#include "libp2p/ping.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/evq.h"
#include "base/mem.h"
#include "base/timer.h"

enum { EVENTS = 2 };

struct weft_ping {
  weft_ping_config cfg;
  weft_ping_callbacks cb;
  void *user;
  weft_alloc alloc;
  weft_evq q;
  weft_ping_event ring[EVENTS];
  weft_time now, next_at, sent_at, timeout_at;
  uint32_t done;
  bool started, ended, waiting;
  uint8_t sent[WEFT_PING_SIZE], got[WEFT_PING_SIZE];
  size_t got_len;
  uint8_t out[WEFT_PING_SIZE]; /* what output has not taken yet */
  size_t out_len;
};

void weft_ping_config_init(weft_ping_config *c, size_t size) {
  weft_ping_config d;
  memset(&d, 0, sizeof d);
  d.size = size < sizeof d ? size : sizeof d;
  d.timeout = WEFT_SEC(10);
  memcpy(c, &d, d.size);
}

int weft_ping_new(weft_ping **out, const weft_ping_config *cfg, const weft_ping_callbacks *cb, void *user) {
  assert(out && cfg && cb && cb->output && cb->event);
  if (!cfg->responder && !cfg->rng.fill) return WEFT_EINVAL;
  const weft_alloc *alloc = weft_alloc_or_libc(cfg->alloc);
  weft_ping *p = weft_mem_new(alloc, sizeof *p);
  if (!p) return WEFT_ENOMEM;
  weft_ping_config_default(&p->cfg);
  weft_sized_copy(&p->cfg, sizeof p->cfg, cfg);
  weft_sized_copy(&p->cb, sizeof p->cb, cb);
  p->alloc = *alloc;
  p->user = user;
  p->next_at = p->timeout_at = WEFT_NEVER;
  weft_evq_init(&p->q, p->ring, sizeof p->ring[0], EVENTS);
  *out = p;
  return WEFT_OK;
}

static void destroy(weft_ping *p) {
  weft_alloc a = p->alloc;
  weft_mem_free(&a, p, sizeof *p);
}

static void enter(weft_ping *p, weft_time now) {
  weft_evq_enter(&p->q);
  p->now = weft_time_max(p->now, now);
}

static void deliver(weft_ping *p) {
  weft_ping_event ev;
  if (!weft_evq_outermost(&p->q)) return;
  while (weft_evq_pop(&p->q, &ev)) p->cb.event(p->user, &ev, p->now);
}

static void leave(weft_ping *p) {
  deliver(p);
  if (weft_evq_leave(&p->q)) destroy(p);
}

void weft_ping_free(weft_ping *p) {
  if (!p) return;
  weft_evq_enter(&p->q);
  p->q.free_pending = true;
  if (weft_evq_leave(&p->q)) destroy(p);
}

static void end(weft_ping *p, weft_who who, int code, const char *text) {
  if (p->ended) return;
  weft_ping_event ev = {.type = WEFT_PING_EVENT_CLOSED, .closed = {who, "ping", "echo", code, 0, text}};
  p->ended = true;
  p->next_at = p->timeout_at = WEFT_NEVER;
  weft_evq_push(&p->q, &ev);
}

static void flush(weft_ping *p) {
  while (p->out_len > 0 && !p->ended) {
    ptrdiff_t n = p->cb.output(p->user, p->out, p->out_len, p->now);
    if (n < 0) end(p, WEFT_WHO_SELF, (int)n, "the stream underneath refused our bytes");
    if (n <= 0) return;
    memmove(p->out, p->out + n, p->out_len - (size_t)n);
    p->out_len -= (size_t)n;
  }
}

static void send_ping(weft_ping *p) {
  p->next_at = WEFT_NEVER;
  if (p->cfg.rng.fill(p->cfg.rng.ctx, p->sent, sizeof p->sent) != 0) {
    end(p, WEFT_WHO_SELF, WEFT_ERANDOM, "the rng failed");
    return;
  }
  memcpy(p->out, p->sent, sizeof p->sent);
  p->out_len = sizeof p->sent;
  p->got_len = 0;
  p->waiting = true;
  p->sent_at = p->now;
  p->timeout_at = weft_time_add(p->now, p->cfg.timeout);
  flush(p);
}

int weft_ping_start(weft_ping *p, weft_time now) {
  if (p->started) return WEFT_ESTATE;
  enter(p, now);
  p->started = true;
  if (!p->cfg.responder) send_ping(p);
  leave(p);
  return WEFT_OK;
}

static void on_answer(weft_ping *p) {
  p->got_len = 0;
  p->waiting = false;
  p->timeout_at = WEFT_NEVER;
  if (!weft_ct_equal(p->sent, p->got, sizeof p->sent)) {
    end(p, WEFT_WHO_PEER, WEFT_EPROTO, "the peer sent back other bytes than it got");
    return;
  }
  weft_ping_event ev = {.type = WEFT_PING_EVENT_RTT, .rtt = p->now - p->sent_at};
  weft_evq_push(&p->q, &ev);
  p->done++;
  if (p->cfg.count != 0 && p->done >= p->cfg.count)
    end(p, WEFT_WHO_SELF, WEFT_OK, "all pings were answered");
  else if (p->cfg.interval == 0)
    send_ping(p);
  else
    p->next_at = weft_time_add(p->now, p->cfg.interval);
}

/* The responder echoes block by block; bytes that output does not take hold the next block back. */
static size_t echo(weft_ping *p, const uint8_t *data, size_t len) {
  size_t n = WEFT_PING_SIZE - p->got_len;
  if (n > len) n = len;
  memcpy(p->got + p->got_len, data, n);
  p->got_len += n;
  if (p->got_len < WEFT_PING_SIZE) return n;
  p->got_len = 0;
  if (p->out_len > 0) { /* spec: one ping at a time; a peer that floods without reading is let go */
    end(p, WEFT_WHO_PEER, WEFT_ELIMIT, "the peer pings faster than it reads the answers");
    return n;
  }
  memcpy(p->out, p->got, WEFT_PING_SIZE);
  p->out_len = WEFT_PING_SIZE;
  flush(p);
  return n;
}

static size_t answer(weft_ping *p, const uint8_t *data, size_t len) {
  size_t n = WEFT_PING_SIZE - p->got_len;
  if (n > len) n = len;
  if (!p->waiting) {
    end(p, WEFT_WHO_PEER, WEFT_EPROTO, "the peer sent bytes that answer no ping");
    return len;
  }
  memcpy(p->got + p->got_len, data, n);
  p->got_len += n;
  if (p->got_len == WEFT_PING_SIZE) on_answer(p);
  return n;
}

int weft_ping_input(weft_ping *p, const uint8_t *data, size_t len, weft_time now) {
  size_t at = 0;
  if (!p->started) return WEFT_ESTATE;
  enter(p, now);
  while (at < len && !p->ended) {
    at += p->cfg.responder ? echo(p, data + at, len - at) : answer(p, data + at, len - at);
    deliver(p); /* after each unit: the ring holds what one unit can raise */
    if (p->q.free_pending) break;
  }
  leave(p);
  return WEFT_OK;
}

int weft_ping_input_end(weft_ping *p, weft_time now) {
  enter(p, now);
  end(p, WEFT_WHO_PEER, p->cfg.responder || !p->waiting ? WEFT_OK : WEFT_ECLOSED, "the peer ended the stream");
  leave(p);
  return WEFT_OK;
}

int weft_ping_tick(weft_ping *p, weft_time now) {
  enter(p, now);
  flush(p);
  if (weft_time_due(p->timeout_at, p->now))
    end(p, WEFT_WHO_TIMEOUT, WEFT_ETIMEDOUT, "a ping was not answered in time");
  else if (weft_time_due(p->next_at, p->now))
    send_ping(p);
  leave(p);
  return WEFT_OK;
}

weft_time weft_ping_deadline(const weft_ping *p) { return weft_time_min(p->next_at, p->timeout_at); }
