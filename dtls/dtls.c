#include "dtls/dtls.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/timer.h"
#include "dtls/alert.h"
#include "dtls/dtls_int.h"

#define MTU_LEAST 256

/* ---- events ---- */

void weft_dtls_trace(const weft_dtls *d, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len) {
  if (!d->cfg.trace.fn) return;
  weft_trace t = {.kind = kind, .layer = "dtls", .text = text, .data = data, .len = len, .now = d->now};
  d->cfg.trace.fn(d->cfg.trace.user, &t);
}

bool weft_dtls_alive(const weft_dtls *d) { return d->state != WEFT_DTLS_STATE_CLOSED && !d->q.free_pending; }

void weft_dtls_raise(weft_dtls *d, const weft_dtls_event *ev) {
  if (weft_dtls_alive(d)) d->cb.event(d->user, ev, d->now);
}

void weft_dtls_end(weft_dtls *d, const weft_closed *closed) {
  if (d->state == WEFT_DTLS_STATE_CLOSED) return;
  d->state = WEFT_DTLS_STATE_CLOSED;
  d->limit_at = WEFT_NEVER;
  weft_dtls_trace(d, WEFT_TRACE_STATE, "CLOSED", NULL, 0);
  weft_dtls_drop_engine(d);
  weft_evq_push(&d->q, closed);
}

/* ---- life ---- */

void weft_dtls_config_init(weft_dtls_config *c, size_t size) {
  weft_dtls_config d = {.size = size, .mtu = 1200, .rtt = WEFT_NEVER, .handshake_limit = WEFT_SEC(10)};
  memset(c, 0, size);
  memcpy(c, &d, size < sizeof d ? size : sizeof d);
}

static void copy_pins(weft_dtls *d) {
  if (d->cfg.pin) memcpy(d->pins[d->pins_len++], d->cfg.pin, WEFT_DTLS_FINGERPRINT_LEN);
  for (size_t i = 0; i < d->cfg.pins_len; i++)
    memcpy(d->pins[d->pins_len++], d->cfg.pins[i], WEFT_DTLS_FINGERPRINT_LEN);
  d->cfg.pin = NULL;
  d->cfg.pins = NULL;
}

static int check_config(const weft_dtls_config *c) {
  bool role = c->role == WEFT_DTLS_CLIENT || c->role == WEFT_DTLS_SERVER;
  bool pins = c->pins_len < WEFT_DTLS_PINS_MAX && (c->pins_len == 0 || c->pins);
  return role && pins && c->rng.fill && c->cert && c->mtu >= MTU_LEAST ? WEFT_OK : WEFT_EINVAL;
}

static int make_parts(weft_dtls *d) {
  d->rx_cap = 2048;
  d->rx_buf = weft_mem_new(&d->alloc, d->rx_cap);
  d->tx_buf = weft_mem_new(&d->alloc, d->cfg.mtu);
  weft_dtls_engine *engine = weft_mem_new(&d->alloc, sizeof *engine);
  d->engine = engine;
  if (!d->rx_buf || !d->tx_buf || !engine) return WEFT_ENOMEM;
  weft_dtls_engine_hooks hooks = weft_dtls_handshake_hooks;
  hooks.user = d;
  return weft_dtls_engine_init(engine, &d->cfg, &hooks);
}

static void destroy(weft_dtls *d) {
  weft_alloc alloc = d->alloc;
  weft_dtls_drop_engine(d);
  if (d->keyed) {
    weft_dtls_half_stop(&d->rx);
    weft_dtls_half_stop(&d->tx);
  }
  if (d->rx_buf) weft_wipe(d->rx_buf, d->rx_cap);
  weft_mem_free(&alloc, d->rx_buf, d->rx_cap);
  weft_mem_free(&alloc, d->tx_buf, d->cfg.mtu);
  weft_wipe(d, sizeof *d);
  weft_mem_free(&alloc, d, sizeof *d);
}

int weft_dtls_new(weft_dtls **out, const weft_dtls_config *cfg, const weft_dtls_callbacks *cb, void *user) {
  weft_dtls_config c;
  weft_dtls_config_default(&c);
  weft_sized_copy(&c, sizeof c, cfg);
  *out = NULL;
  int rc = check_config(&c);
  if (rc != WEFT_OK) return rc;
  const weft_alloc *alloc = weft_alloc_or_libc(c.alloc);
  weft_dtls *d = weft_mem_new(alloc, sizeof *d);
  if (!d) return WEFT_ENOMEM;
  d->cfg = c;
  d->alloc = *alloc;
  d->user = user;
  d->limit_at = WEFT_NEVER;
  d->alert_sent = -1;
  weft_sized_copy(&d->cb, sizeof d->cb, cb);
  assert(d->cb.output && d->cb.event);
  weft_evq_init(&d->q, &d->closed_slot, sizeof d->closed_slot, 1);
  copy_pins(d);
  rc = make_parts(d);
  if (rc != WEFT_OK) {
    destroy(d);
    return rc;
  }
  *out = d;
  return WEFT_OK;
}

void weft_dtls_drop_engine(weft_dtls *d) {
  if (d->engine) {
    weft_dtls_engine_free(d->engine);
    weft_wipe(d->engine, sizeof *d->engine);
    weft_mem_free(&d->alloc, d->engine, sizeof *d->engine);
    d->engine = NULL;
  }
  weft_mem_free(&d->alloc, d->hello_mem, weft_dtls_reassembly_size(WEFT_DTLS_HELLO_MAX));
  weft_mem_free(&d->alloc, d->peer_der, d->peer_der_len);
  d->hello_mem = NULL;
  d->peer_der = NULL;
}

void weft_dtls_free(weft_dtls *d) {
  if (!d) return;
  if (d->q.depth > 0)
    d->q.free_pending = true;
  else
    destroy(d);
}

/* ---- entry ---- */

static void enter(weft_dtls *d, weft_time now) {
  d->now = weft_time_max(d->now, now);
  weft_evq_enter(&d->q);
}

static void leave(weft_dtls *d) {
  weft_dtls_event ev = {.type = WEFT_DTLS_EVENT_CLOSED};
  if (weft_evq_outermost(&d->q))
    while (weft_evq_pop(&d->q, &ev.closed)) d->cb.event(d->user, &ev, d->now);
  if (weft_evq_leave(&d->q)) destroy(d);
}

int weft_dtls_start(weft_dtls *d, weft_time now) {
  if (d->state != WEFT_DTLS_STATE_NEW) return WEFT_ESTATE;
  enter(d, now);
  d->state = WEFT_DTLS_STATE_HANDSHAKE;
  d->limit_at = weft_time_add(d->now, d->cfg.handshake_limit);
  weft_dtls_trace(d, WEFT_TRACE_STATE, "HANDSHAKE", NULL, 0);
  if (d->cfg.role == WEFT_DTLS_CLIENT) weft_dtls_handshake_run(d, NULL, 0);
  leave(d);
  return WEFT_OK;
}

int weft_dtls_input(weft_dtls *d, const uint8_t *data, size_t len, weft_time now) {
  if (d->state == WEFT_DTLS_STATE_NEW) return WEFT_ESTATE;
  enter(d, now);
  int rc = WEFT_OK;
  weft_rd r;
  weft_dtls_record rec;
  weft_rd_init(&r, data, len);
  while (rc == WEFT_OK && weft_dtls_alive(d) && weft_dtls_record_read(&r, &rec))
    rc =
        d->state == WEFT_DTLS_STATE_HANDSHAKE ? weft_dtls_handshake_record(d, &rec) : weft_dtls_traffic_record(d, &rec);
  if (d->state == WEFT_DTLS_STATE_CLOSED && rc == WEFT_OK && weft_rd_left(&r) == len)
    d->stats.drop_state++;
  else if (!weft_rd_ok(&r) || len == 0)
    d->stats.drop_malformed++;
  leave(d);
  return rc;
}

int weft_dtls_send(weft_dtls *d, const uint8_t *data, size_t len, weft_time now) {
  d->now = weft_time_max(d->now, now);
  if (d->state == WEFT_DTLS_STATE_CLOSED) return WEFT_ECLOSED;
  if (d->state != WEFT_DTLS_STATE_CONNECTED) return WEFT_ESTATE;
  if (len > weft_dtls_max_data(d)) return WEFT_ETOOBIG;
  int rc = weft_dtls_traffic_send(d, WEFT_DTLS_APPLICATION, data, len);
  if (rc != WEFT_OK) return rc;
  d->stats.bytes_out += len;
  weft_dtls_trace(d, WEFT_TRACE_OUT, NULL, data, len);
  return WEFT_OK;
}

size_t weft_dtls_max_data(const weft_dtls *d) {
  size_t overhead = d->state == WEFT_DTLS_STATE_CONNECTED ? weft_dtls_half_overhead(&d->tx)
                                                          : WEFT_DTLS_HEADER_LEN + WEFT_DTLS_EXPANSION_MAX;
  return (size_t)d->cfg.mtu - overhead < WEFT_DTLS_PLAIN_MAX ? d->cfg.mtu - overhead : WEFT_DTLS_PLAIN_MAX;
}

static const weft_closed too_late = {
    WEFT_WHO_TIMEOUT, "dtls", "handshake",
    WEFT_ETIMEDOUT,   0,      "the handshake did not end in time: nothing came, or too much was lost"};

int weft_dtls_tick(weft_dtls *d, weft_time now) {
  enter(d, now);
  if (weft_time_due(d->limit_at, d->now)) {
    weft_dtls_end(d, &too_late);
  } else if (d->engine && weft_time_due(weft_dtls_engine_deadline(d->engine), d->now)) {
    d->stats.retransmits++;
    weft_dtls_handshake_run(d, NULL, 0);
  }
  leave(d);
  return WEFT_OK;
}

weft_time weft_dtls_deadline(const weft_dtls *d) {
  return d->engine ? weft_time_min(d->limit_at, weft_dtls_engine_deadline(d->engine)) : d->limit_at;
}

/* A server that has not been spoken to says nothing. */
static void say_goodbye(weft_dtls *d, uint8_t alert) {
  const uint8_t body[2] = {alert == WEFT_DTLS_ALERT_CLOSE_NOTIFY ? 1 : 2, alert};
  if (d->state == WEFT_DTLS_STATE_CONNECTED)
    (void)weft_dtls_traffic_send(d, WEFT_DTLS_ALERT, body, sizeof body);
  else if (d->state == WEFT_DTLS_STATE_HANDSHAKE && (d->cfg.role == WEFT_DTLS_CLIENT || d->heard))
    weft_dtls_engine_alert(d->engine, body[0] == 2, alert, d->now);
}

int weft_dtls_close(weft_dtls *d, int code, weft_time now) {
  if (d->state == WEFT_DTLS_STATE_CLOSED) return WEFT_ECLOSED;
  enter(d, now);
  uint8_t alert = weft_dtls_alert_for(code);
  say_goodbye(d, alert);
  weft_closed closed = {WEFT_WHO_SELF, "dtls", "close", code, alert, "closed here"};
  weft_dtls_end(d, &closed);
  leave(d);
  return WEFT_OK;
}

void weft_dtls_get_stats(const weft_dtls *d, weft_dtls_stats *s) {
  size_t size = s->size < sizeof *s ? s->size : sizeof *s, head = sizeof s->size;
  memcpy((uint8_t *)s + head, (const uint8_t *)&d->stats + head, size - head);
}
