/* One exchange of a client on one stream: what RESERVE, CONNECT and ACCEPT have in common. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/timer.h"
#include "relay/relay_int.h"

void weft_relay_client_config_init(weft_relay_client_config *c, size_t size) {
  weft_relay_client_config d;
  memset(&d, 0, sizeof d);
  d.size = size < sizeof d ? size : sizeof d;
  d.limit = WEFT_SEC(10);
  memcpy(c, &d, d.size);
}

static int take_id(weft_peer_id *to, const uint8_t *id, size_t len, bool needed) {
  if (!id) return needed ? WEFT_EINVAL : WEFT_OK;
  return weft_peer_id_from_bytes(to, id, len) == WEFT_OK ? WEFT_OK : WEFT_EINVAL;
}

static int check(weft_relay_client *c) {
  const weft_relay_client_config *cfg = &c->cfg;
  bool reserve = cfg->kind == WEFT_RELAY_RESERVE;
  if (cfg->kind < WEFT_RELAY_RESERVE || cfg->kind > WEFT_RELAY_ACCEPT) return WEFT_EINVAL;
  if (reserve && !cfg->verify) return WEFT_EINVAL;
  if (take_id(&c->relay, cfg->relay_id, cfg->relay_id_len, reserve) != WEFT_OK) return WEFT_EINVAL;
  if (take_id(&c->self, cfg->self_id, cfg->self_id_len, reserve) != WEFT_OK) return WEFT_EINVAL;
  return take_id(&c->target, cfg->target_id, cfg->target_id_len, cfg->kind == WEFT_RELAY_CONNECT);
}

static void destroy(weft_relay_client *c) {
  weft_alloc a = c->alloc;
  weft_relay_reader_free(&c->reader, &a);
  weft_mem_free(&a, c, sizeof *c);
}

int weft_relay_client_new(weft_relay_client **out, const weft_relay_client_config *cfg,
                          const weft_relay_client_callbacks *cb, void *user) {
  assert(out && cfg && cb && cb->output && cb->event);
  const weft_alloc *alloc = weft_alloc_or_libc(cfg->alloc);
  weft_relay_client *c = weft_mem_new(alloc, sizeof *c);
  if (!c) return WEFT_ENOMEM;
  c->alloc = *alloc;
  c->user = user;
  c->give_up_at = WEFT_NEVER;
  weft_relay_client_config_default(&c->cfg);
  weft_sized_copy(&c->cfg, sizeof c->cfg, cfg);
  weft_sized_copy(&c->cb, sizeof c->cb, cb);
  weft_evq_init(&c->q, c->ring, sizeof c->ring[0], WEFT_RELAY_CLIENT_EVENTS);
  int rc = check(c);
  if (rc != WEFT_OK) {
    destroy(c);
    return rc;
  }
  c->cfg.relay_id = c->cfg.self_id = c->cfg.target_id = NULL;
  *out = c;
  return WEFT_OK;
}

static void enter(weft_relay_client *c, weft_time now) {
  weft_evq_enter(&c->q);
  c->now = weft_time_max(c->now, now);
}

static void leave(weft_relay_client *c) {
  weft_relay_client_event ev;
  while (weft_evq_outermost(&c->q) && weft_evq_pop(&c->q, &ev)) c->cb.event(c->user, &ev, c->now);
  if (weft_evq_leave(&c->q)) destroy(c);
}

void weft_relay_client_free(weft_relay_client *c) {
  if (!c) return;
  weft_evq_enter(&c->q);
  c->q.free_pending = true;
  if (weft_evq_leave(&c->q)) destroy(c);
}

void weft_relay_client_tell(weft_relay_client *c, const weft_relay_client_event *ev) {
  if (!c->q.free_pending) c->cb.event(c->user, ev, c->now);
}

void weft_relay_client_end(weft_relay_client *c, weft_who who, const char *step, int code, int status,
                           const char *text) {
  if (c->ended) return;
  weft_relay_client_event ev = {.type = WEFT_RELAY_CLIENT_CLOSED};
  ev.closed = (weft_closed){who, "relay", step, code, status > 0 ? (uint32_t)status : 0, text};
  c->ended = true;
  c->give_up_at = WEFT_NEVER;
  weft_evq_push(&c->q, &ev);
}

bool weft_relay_client_flush(weft_relay_client *c) {
  while (c->out_at < c->out_len) {
    ptrdiff_t n = c->cb.output(c->user, c->out + c->out_at, c->out_len - c->out_at, c->now);
    if (n < 0) weft_relay_client_end(c, WEFT_WHO_SELF, "output", (int)n, 0, "the stream underneath refused our bytes");
    if (n <= 0) return false;
    c->out_at += (size_t)n;
  }
  return true;
}

int weft_relay_client_start(weft_relay_client *c, weft_time now) {
  if (c->started) return WEFT_ESTATE;
  enter(c, now);
  c->started = true;
  c->give_up_at = weft_time_add(c->now, c->cfg.limit);
  int rc = c->cfg.kind == WEFT_RELAY_ACCEPT ? WEFT_OK : weft_relay_client_ask(c);
  leave(c);
  return rc;
}

static void message_in(weft_relay_client *c) {
  bool accept = c->cfg.kind == WEFT_RELAY_ACCEPT;
  int rc = accept ? weft_relay_stop_decode(&c->message, c->reader.body, c->reader.want)
                  : weft_relay_hop_decode(&c->message, c->reader.body, c->reader.want);
  if (rc == WEFT_OK)
    accept ? weft_relay_client_stop_asked(c) : weft_relay_client_hop_answer(c);
  else if (accept)
    weft_relay_client_stop_refuse(c, WEFT_RELAY_MALFORMED_MESSAGE, rc, "the relay sent a malformed message");
  else
    weft_relay_client_end(c, WEFT_WHO_PEER, "message", rc, 0, "the relay sent a malformed message");
}

static void unreadable(weft_relay_client *c, int rc) {
  const char *text = rc == WEFT_ETOOBIG  ? "the relay sent a message of more than 4,096 bytes"
                     : rc == WEFT_ENOMEM ? "no memory for the relay's message"
                                         : "the relay sent a malformed length";
  if (rc != WEFT_ENOMEM && c->cfg.kind == WEFT_RELAY_ACCEPT)
    weft_relay_client_stop_refuse(c, WEFT_RELAY_MALFORMED_MESSAGE, rc, text);
  else
    weft_relay_client_end(c, rc == WEFT_ENOMEM ? WEFT_WHO_SELF : WEFT_WHO_PEER, "message", rc, 0, text);
}

ptrdiff_t weft_relay_client_input(weft_relay_client *c, const uint8_t *data, size_t len, weft_time now) {
  size_t taken = 0;
  if (!c->started) return WEFT_ESTATE;
  enter(c, now);
  if (!c->ended && !c->accepted && c->out_at == c->out_len) {
    int rc = weft_relay_reader_input(&c->reader, &c->alloc, data, len, &taken);
    if (rc == WEFT_OK) message_in(c);
    if (rc != WEFT_OK && rc != WEFT_EAGAIN) unreadable(c, rc);
  }
  leave(c);
  return (ptrdiff_t)taken;
}

int weft_relay_client_input_end(weft_relay_client *c, weft_time now) {
  enter(c, now);
  /* Half closing behind the message is the dialer's right: the circuit stands all the same. */
  if (!c->accepted)
    weft_relay_client_end(c, WEFT_WHO_PEER, "message", WEFT_ECLOSED, 0, "the relay ended the stream without an answer");
  leave(c);
  return WEFT_OK;
}

int weft_relay_client_tick(weft_relay_client *c, weft_time now) {
  enter(c, now);
  if (!c->ended && weft_relay_client_flush(c) && c->accepted) weft_relay_client_accepted(c);
  if (!c->ended && weft_time_due(c->give_up_at, c->now))
    weft_relay_client_end(c, WEFT_WHO_TIMEOUT, "message", WEFT_ETIMEDOUT, 0, "the relay did not answer in time");
  leave(c);
  return WEFT_OK;
}

weft_time weft_relay_client_deadline(const weft_relay_client *c) { return c->give_up_at; }
