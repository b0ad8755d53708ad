/* A binding client without credentials: one request, one answer. */
#include "stun/stun_int.h"

#include "base/evq.h"
#include "base/mem.h"
#include "base/timer.h"

#include <assert.h>
#include <string.h>

enum { RING = 2 }; /* MAPPED and CLOSED, the most that can ever be raised */

typedef enum client_state { CLIENT_NEW, CLIENT_WAITING, CLIENT_CLOSED } client_state;

struct weft_stun_client {
  weft_alloc alloc;
  weft_stun_client_config cfg;
  weft_stun_client_callbacks cb;
  void *user;
  client_state state;
  weft_time now;
  weft_stun_transaction tx;
  weft_evq q;
  weft_stun_client_event ring[RING];
};

void weft_stun_client_config_init(weft_stun_client_config *c, size_t size) {
  weft_stun_client_config d = {.size = sizeof d, .rto = WEFT_STUN_RTO_DEFAULT};
  memset(c, 0, size);
  c->size = size;
  weft_sized_copy(c, size, &d);
}

int weft_stun_client_new(weft_stun_client **out, const weft_stun_client_config *cfg,
                         const weft_stun_client_callbacks *cb, void *user) {
  weft_stun_client_config full;
  weft_stun_client_config_default(&full);
  weft_sized_copy(&full, sizeof full, cfg);
  assert(full.rng.fill != NULL);
  const weft_alloc *alloc = weft_alloc_or_libc(full.alloc);
  weft_stun_client *c = weft_mem_new(alloc, sizeof *c);
  *out = c;
  if (c == NULL) return WEFT_ENOMEM;
  c->alloc = *alloc;
  c->cfg = full;
  weft_sized_copy(&c->cb, sizeof c->cb, cb);
  c->user = user;
  c->tx.deadline = WEFT_NEVER;
  weft_evq_init(&c->q, c->ring, sizeof c->ring[0], RING);
  return WEFT_OK;
}

static void destroy(weft_stun_client *c) {
  weft_alloc a = c->alloc;
  weft_mem_free(&a, c, sizeof *c);
}

void weft_stun_client_free(weft_stun_client *c) {
  if (c == NULL) return;
  if (c->q.depth > 0)
    c->q.free_pending = true;
  else
    destroy(c);
}

static weft_time enter(weft_stun_client *c, weft_time now) {
  weft_evq_enter(&c->q);
  c->now = weft_time_max(c->now, now);
  return c->now;
}

static void leave(weft_stun_client *c) {
  weft_stun_client_event ev;
  while (weft_evq_outermost(&c->q) && weft_evq_pop(&c->q, &ev))
    if (c->cb.event != NULL) c->cb.event(c->user, &ev, c->now);
  if (weft_evq_leave(&c->q)) destroy(c);
}

static void trace(const weft_stun_client *c, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len) {
  if (c->cfg.trace.fn == NULL) return;
  weft_trace t = {.kind = kind, .layer = "stun", .text = text, .data = data, .len = len, .now = c->now};
  c->cfg.trace.fn(c->cfg.trace.user, &t);
}

/* What output says does not matter: a request that was not sent is as good as one lost, the schedule repeats it. */
static void send_request(weft_stun_client *c) {
  uint8_t buf[WEFT_STUN_HEADER_LEN];
  weft_stun_writer w;
  size_t len;
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, c->tx.txid);
  if (weft_stun_end(&w, &len) != WEFT_OK) return;
  trace(c, WEFT_TRACE_OUT, NULL, buf, len);
  (void)c->cb.output(c->user, buf, len, c->now);
}

static void close_with(weft_stun_client *c, weft_who who, int code, uint32_t wire_code, const char *text) {
  weft_stun_client_event ev = {.type = WEFT_STUN_CLIENT_CLOSED,
                               .closed = {who, "stun", "binding", code, wire_code, text}};
  c->state = CLIENT_CLOSED;
  c->tx.deadline = WEFT_NEVER;
  (void)weft_evq_push(&c->q, &ev);
}

int weft_stun_client_start(weft_stun_client *c, weft_time now) {
  if (c->state != CLIENT_NEW) return WEFT_ESTATE;
  now = enter(c, now);
  int rc = weft_stun_transaction_start(&c->tx, &c->cfg.rng, c->cfg.rto, now);
  if (rc == WEFT_OK) {
    c->state = CLIENT_WAITING;
    send_request(c);
  }
  leave(c);
  return rc;
}

/* XOR-MAPPED-ADDRESS, or what servers before RFC 5389 send (RFC 8489 section 12). */
static bool mapped_address(const weft_stun_msg *m, weft_addr *out) {
  weft_stun_attr a;
  if (weft_stun_find(m, WEFT_STUN_XOR_MAPPED_ADDRESS, &a) == WEFT_OK)
    return weft_stun_get_xor_address(m, &a, out) == WEFT_OK;
  return weft_stun_find(m, WEFT_STUN_MAPPED_ADDRESS, &a) == WEFT_OK && weft_stun_get_address(&a, out) == WEFT_OK;
}

static void take_success(weft_stun_client *c, const weft_stun_msg *m) {
  weft_stun_client_event ev = {.type = WEFT_STUN_CLIENT_MAPPED, .rtt = WEFT_NEVER};
  if (!mapped_address(m, &ev.mapped)) return;
  if (c->tx.sent == 1) ev.rtt = weft_time_since(c->now, c->tx.sent_at); /* Karn: not of a retransmitted one */
  (void)weft_evq_push(&c->q, &ev);
  close_with(c, WEFT_WHO_PEER, WEFT_OK, 0, "the server answered");
}

static void take_error(weft_stun_client *c, const weft_stun_msg *m) {
  weft_stun_attr a;
  unsigned code;
  const char *reason;
  size_t reason_len;
  if (weft_stun_find(m, WEFT_STUN_ERROR_CODE, &a) != WEFT_OK) return;
  if (weft_stun_get_error(&a, &code, &reason, &reason_len) != WEFT_OK) return;
  close_with(c, WEFT_WHO_PEER, WEFT_EREFUSED, code, "the server refused the binding request");
}

int weft_stun_client_input(weft_stun_client *c, const uint8_t *data, size_t len, weft_time now) {
  weft_stun_msg m;
  if (c->state != CLIENT_WAITING) return WEFT_OK;
  enter(c, now);
  trace(c, WEFT_TRACE_IN, NULL, data, len);
  bool ours = weft_stun_is(data, len) && weft_stun_parse(&m, data, len) == WEFT_OK &&
              weft_stun_transaction_matches(&c->tx, &m) && weft_stun_check_fingerprint(&m) >= 0 &&
              weft_stun_unknown(&m, NULL, 0, NULL, 0) == 0; /* RFC 8489 section 6.3.3 */
  if (!ours)
    trace(c, WEFT_TRACE_DROP, "not_ours", data, len);
  else if (m.cls == WEFT_STUN_SUCCESS)
    take_success(c, &m);
  else
    take_error(c, &m);
  leave(c);
  return WEFT_OK;
}

int weft_stun_client_tick(weft_stun_client *c, weft_time now) {
  if (c->state != CLIENT_WAITING) return WEFT_OK;
  now = enter(c, now);
  int rc = weft_stun_transaction_tick(&c->tx, now);
  if (rc == WEFT_OK) send_request(c);
  if (rc == WEFT_ETIMEDOUT)
    close_with(c, WEFT_WHO_TIMEOUT, WEFT_ETIMEDOUT, 0,
               "no answer from the STUN server; check its address and the firewall");
  leave(c);
  return WEFT_OK;
}

weft_time weft_stun_client_deadline(const weft_stun_client *c) {
  return c->state == CLIENT_WAITING ? c->tx.deadline : WEFT_NEVER;
}
