/* Two sessions joined in memory, in virtual time; the wire may drop, change or record datagrams.
 *
 *   dtls_pair p;
 *   pair_init(&p, 1);
 *   p.client_cfg.pin = ...;
 *   pair_start(&p);
 *   pair_run(&p, WEFT_SEC(20));       until nothing is on the wire and nothing is due before then
 *   pair_done(&p);
 */
#ifndef TEST_UNIT_DTLS_PAIR_H
#define TEST_UNIT_DTLS_PAIR_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dtls/dtls.h"
#include "test/support/alloc.h"
#include "test/support/clock.h"
#include "test/support/rng.h"

#define PAIR_WIRE 512
#define PAIR_DATAGRAM 2048

struct dtls_pair;

typedef struct dtls_end {
  struct dtls_pair *pair;
  weft_dtls *d;
  weft_dtls_cert *cert;
  weft_dtls_config cfg;
  unsigned connected, closed, data, sent;
  weft_closed why;
  char why_text[160];
  uint8_t got[4096];
  size_t got_len;
  uint8_t fingerprint[32];
  uint8_t der[WEFT_DTLS_CERT_MAX];
  size_t der_len;
  char cipher[64];
  char keylog[256];
  bool free_on_connected, free_on_data, close_on_data, echo;
  int refuse; /* what output answers, WEFT_OK: takes */
} dtls_end;

typedef struct wire_item {
  bool to_server;
  size_t len;
  uint8_t data[PAIR_DATAGRAM];
} wire_item;

typedef struct dtls_pair {
  dtls_end client, server;
  test_rng rng;
  weft_time now;
  wire_item *wire;
  size_t head, tail;
  unsigned count; /* datagrams so far */
  uint64_t drop;  /* bit i: datagram i is lost */
  bool drop_to_server, drop_to_client;
  uint64_t hash; /* of all that was sent, with its time */
  void (*tamper)(struct dtls_pair *p, wire_item *w, unsigned index);
  size_t largest;
} dtls_pair;

static inline void pair_hash(dtls_pair *p, const void *data, size_t len) {
  const uint8_t *b = data;
  for (size_t i = 0; i < len; i++) p->hash = (p->hash ^ b[i]) * UINT64_C(1099511628211);
}

static inline int pair_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  dtls_end *e = user;
  dtls_pair *p = e->pair;
  if (e->refuse != WEFT_OK) return e->refuse;
  ck_assert_uint_le(len, PAIR_DATAGRAM);
  ck_assert_uint_lt(p->tail, PAIR_WIRE);
  pair_hash(p, &now, sizeof now);
  pair_hash(p, data, len);
  e->sent++;
  if (len > p->largest) p->largest = len;
  wire_item *w = &p->wire[p->tail];
  w->to_server = e == &p->client;
  w->len = len;
  memcpy(w->data, data, len);
  unsigned index = p->count++;
  if (index < 64 && (p->drop >> index & 1)) return WEFT_OK;
  if (w->to_server ? p->drop_to_server : p->drop_to_client) return WEFT_OK;
  if (p->tamper) p->tamper(p, w, index);
  if (p->wire[p->tail].len > 0) p->tail++;
  return WEFT_OK;
}

static inline void pair_on_data(dtls_end *e, const weft_dtls_event *ev, weft_time now) {
  e->data++;
  if (e->got_len + ev->len <= sizeof e->got) {
    memcpy(e->got + e->got_len, ev->data, ev->len);
    e->got_len += ev->len;
  }
  if (e->echo) ck_assert_int_eq(weft_dtls_send(e->d, ev->data, ev->len, now), WEFT_OK);
  if (e->close_on_data) weft_dtls_close(e->d, WEFT_OK, now);
  if (e->free_on_data) {
    weft_dtls_free(e->d);
    e->d = NULL;
  }
}

static inline void pair_event(void *user, const weft_dtls_event *ev, weft_time now) {
  dtls_end *e = user;
  ck_assert_uint_eq(e->closed, 0);
  switch (ev->type) {
  case WEFT_DTLS_EVENT_CONNECTED:
    e->connected++;
    memcpy(e->fingerprint, ev->peer_fingerprint, 32);
    memcpy(e->der, ev->peer_der, ev->peer_der_len);
    e->der_len = ev->peer_der_len;
    strncpy(e->cipher, ev->cipher, sizeof e->cipher - 1);
    if (e->free_on_connected) {
      weft_dtls_free(e->d);
      e->d = NULL;
    }
    break;
  case WEFT_DTLS_EVENT_DATA: pair_on_data(e, ev, now); break;
  case WEFT_DTLS_EVENT_CLOSED:
    e->closed++;
    e->why = ev->closed;
    strncpy(e->why_text, ev->closed.text, sizeof e->why_text - 1);
    break;
  }
}

static inline void pair_keylog(void *user, const char *line) {
  strncpy(((dtls_end *)user)->keylog, line, sizeof((dtls_end *)user)->keylog - 1);
}

static inline void pair_init(dtls_pair *p, uint64_t seed) {
  static const uint8_t seeds[2][32] = {{1, 2, 3}, {4, 5, 6}};
  memset(p, 0, sizeof *p);
  test_clock_set(0);
  p->hash = UINT64_C(14695981039346656037);
  p->now = WEFT_SEC(1);
  p->wire = calloc(PAIR_WIRE, sizeof *p->wire);
  weft_rng rng = test_rng_init(&p->rng, seed);
  for (int i = 0; i < 2; i++) {
    dtls_end *e = i ? &p->server : &p->client;
    e->pair = p;
    ck_assert_int_eq(weft_dtls_cert_new(&e->cert, seeds[i], NULL), WEFT_OK);
    weft_dtls_config_default(&e->cfg);
    e->cfg.rng = rng;
    e->cfg.alloc = test_alloc();
    e->cfg.cert = e->cert;
    e->cfg.role = i ? WEFT_DTLS_SERVER : WEFT_DTLS_CLIENT;
  }
  p->client.cfg.pin = weft_dtls_cert_fingerprint(p->server.cert);
}

static inline void pair_start(dtls_pair *p) {
  weft_dtls_callbacks cb = {sizeof cb, pair_output, pair_event};
  ck_assert_int_eq(weft_dtls_new(&p->server.d, &p->server.cfg, &cb, &p->server), WEFT_OK);
  ck_assert_int_eq(weft_dtls_new(&p->client.d, &p->client.cfg, &cb, &p->client), WEFT_OK);
  ck_assert_int_eq(weft_dtls_start(p->server.d, p->now), WEFT_OK);
  ck_assert_int_eq(weft_dtls_start(p->client.d, p->now), WEFT_OK);
}

static inline void pair_deliver(dtls_pair *p) {
  while (p->head < p->tail) {
    wire_item w = p->wire[p->head++];
    if (p->head == p->tail) p->head = p->tail = 0;
    dtls_end *to = w.to_server ? &p->server : &p->client;
    if (to->d) ck_assert_int_eq(weft_dtls_input(to->d, w.data, w.len, p->now), WEFT_OK);
  }
}

static inline weft_time pair_deadline(const dtls_pair *p) {
  weft_time a = p->client.d ? weft_dtls_deadline(p->client.d) : WEFT_NEVER;
  weft_time b = p->server.d ? weft_dtls_deadline(p->server.d) : WEFT_NEVER;
  return a < b ? a : b;
}

static inline void pair_tick(dtls_pair *p) {
  test_clock_set(p->now);
  dtls_end *ends[2] = {&p->client, &p->server};
  for (int i = 0; i < 2; i++) {
    weft_dtls *d = ends[i]->d;
    if (!d || weft_dtls_deadline(d) > p->now) continue;
    weft_dtls_tick(d, p->now);
    if (ends[i]->d) ck_assert_uint_gt(weft_dtls_deadline(d), p->now);
  }
}

static inline void pair_run(dtls_pair *p, weft_time until) {
  for (int i = 0; i < 1000; i++) {
    pair_deliver(p);
    weft_time at = pair_deadline(p);
    if (at > until) return;
    if (at > p->now) p->now = at;
    pair_tick(p);
  }
  ck_abort_msg("no end");
}

static inline void pair_done(dtls_pair *p) {
  weft_dtls_free(p->client.d);
  weft_dtls_free(p->server.d);
  weft_dtls_cert_free(p->client.cert);
  weft_dtls_cert_free(p->server.cert);
  free(p->wire);
}

#endif
