/* Two associations and the link between them, in virtual time. The link delays, loses, doubles, reorders and corrupts by seed; a hook may
 * look at every packet and drop it.
 *
 *   sctp_link l;
 *   sctp_link_init(&l, 1);              both ends with default configs; change l.end[i].cfg before open
 *   sctp_link_open(&l);
 *   weft_sctp_connect(l.end[0].s, l.now);
 *   sctp_link_run(&l, WEFT_SEC(5));     or until l.stop
 *   sctp_link_close(&l);
 */
#ifndef TEST_UNIT_SCTP_LINK_H
#define TEST_UNIT_SCTP_LINK_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sctp/sctp_int.h"
#include "test/support/alloc.h"
#include "test/support/rng.h"

enum { LINK_QUEUE = 4096, LINK_PACKET = 1500, LINK_LOG = 64 };

typedef struct link_packet {
  weft_time at;
  uint64_t order;
  size_t len;
  int to;
  uint8_t data[LINK_PACKET];
} link_packet;

typedef struct sctp_link sctp_link;

typedef struct sctp_end {
  sctp_link *link;
  int side;
  weft_sctp *s;
  weft_sctp_config cfg;
  test_rng rng;
  bool blocked;               /* output answers EAGAIN */
  unsigned events[9];         /* by type */
  weft_sctp_event last[9];    /* copies; pointers in them are stale */
  char text[128];             /* of the last CLOSED */
  size_t bytes;               /* in messages */
  uint64_t digest;            /* over the bytes of all messages, in order of arrival */
  uint16_t streams[LINK_LOG]; /* of the last RESET event */
  size_t streams_n;
  uint8_t message[2048]; /* the last one, cut */
  size_t message_len;
  uint16_t log_stream[LINK_LOG]; /* of the last messages */
  uint8_t log_first[LINK_LOG];
  size_t log_n;
  void (*on_event)(struct sctp_end *e, const weft_sctp_event *ev);
  void *ctx;
  size_t largest; /* packet sent */
  uint64_t sent;
} sctp_end;

struct sctp_link {
  sctp_end end[2];
  weft_time now, delay, jitter;
  unsigned loss, duplicate, corrupt;                                     /* percent */
  bool (*keep)(sctp_link *l, int from, const uint8_t *data, size_t len); /* false: lost */
  void *ctx;
  bool stop;
  test_rng rng;
  link_packet *queue;
  size_t queued, max_queued;
  uint64_t order;
};

static inline void link_put(sctp_link *l, int to, const uint8_t *data, size_t len, weft_time at) {
  ck_assert_uint_lt(l->queued, LINK_QUEUE);
  ck_assert_uint_le(len, LINK_PACKET);
  link_packet *p = &l->queue[l->queued++];
  p->at = at;
  p->order = l->order++;
  p->len = len;
  p->to = to;
  memcpy(p->data, data, len);
}

static inline weft_time link_delay(sctp_link *l) {
  return l->delay + (l->jitter ? test_rng_below(&l->rng, (uint32_t)l->jitter) : 0);
}

static inline int link_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  sctp_end *e = user;
  sctp_link *l = e->link;
  if (e->blocked) return WEFT_EAGAIN;
  ck_assert_uint_le(len, e->cfg.mtu);
  ck_assert_uint_eq(len % 4, 0);
  e->sent++;
  if (len > e->largest) e->largest = len;
  if (l->keep && !l->keep(l, e->side, data, len)) return WEFT_OK;
  if (l->loss && test_rng_below(&l->rng, 100) < l->loss) return WEFT_OK;
  link_put(l, !e->side, data, len, now + link_delay(l));
  if (l->corrupt && test_rng_below(&l->rng, 100) < l->corrupt) {
    l->queue[l->queued - 1].data[test_rng_below(&l->rng, (uint32_t)len)] ^= (uint8_t)(1u << test_rng_below(&l->rng, 8));
  }
  if (l->duplicate && test_rng_below(&l->rng, 100) < l->duplicate)
    link_put(l, !e->side, data, len, now + link_delay(l));
  return WEFT_OK;
}

static inline void link_message(sctp_end *e, const weft_sctp_event *ev) {
  e->bytes += ev->len;
  for (size_t i = 0; i < ev->len; i++) e->digest = (e->digest ^ ev->data[i]) * UINT64_C(0x100000001b3);
  e->message_len = ev->len < sizeof e->message ? ev->len : sizeof e->message;
  memcpy(e->message, ev->data, e->message_len);
  e->log_stream[e->log_n % LINK_LOG] = ev->stream;
  e->log_first[e->log_n % LINK_LOG] = ev->data[0];
  e->log_n++;
}

static inline void link_event(void *user, const weft_sctp_event *ev, weft_time now) {
  sctp_end *e = user;
  (void)now;
  ck_assert_uint_eq(e->events[WEFT_SCTP_EVENT_CLOSED], 0);
  e->events[ev->type]++;
  e->last[ev->type] = *ev;
  if (ev->type == WEFT_SCTP_EVENT_MESSAGE) link_message(e, ev);
  if (ev->type == WEFT_SCTP_EVENT_CLOSED) snprintf(e->text, sizeof e->text, "%s", ev->closed.text);
  if (ev->type == WEFT_SCTP_EVENT_RESET_IN || ev->type == WEFT_SCTP_EVENT_RESET_OUT) {
    e->streams_n = ev->streams_n < LINK_LOG ? ev->streams_n : LINK_LOG;
    if (e->streams_n) memcpy(e->streams, ev->streams, e->streams_n * sizeof e->streams[0]);
  }
  if (e->on_event) e->on_event(e, ev);
}

static inline void sctp_link_init(sctp_link *l, uint64_t seed) {
  memset(l, 0, sizeof *l);
  test_rng_init(&l->rng, seed * 3);
  l->now = WEFT_SEC(1000);
  l->delay = WEFT_MS(10);
  l->queue = malloc(LINK_QUEUE * sizeof *l->queue);
  for (int i = 0; i < 2; i++) {
    sctp_end *e = &l->end[i];
    e->link = l;
    e->side = i;
    weft_sctp_config_default(&e->cfg);
    e->cfg.alloc = test_alloc();
    e->cfg.rng = test_rng_init(&e->rng, seed * 3 + 1 + (uint64_t)i);
  }
}

static inline void sctp_link_open(sctp_link *l) {
  weft_sctp_callbacks cb = {sizeof cb, link_output, link_event};
  for (int i = 0; i < 2; i++) ck_assert_int_eq(weft_sctp_new(&l->end[i].s, &l->end[i].cfg, &cb, &l->end[i]), WEFT_OK);
}

static inline void sctp_link_close(sctp_link *l) {
  for (int i = 0; i < 2; i++) weft_sctp_free(l->end[i].s);
  free(l->queue);
}

static inline size_t link_earliest(const sctp_link *l) {
  size_t best = 0;
  for (size_t i = 1; i < l->queued; i++) {
    const link_packet *p = &l->queue[i], *b = &l->queue[best];
    if (p->at < b->at || (p->at == b->at && p->order < b->order)) best = i;
  }
  return best;
}

static inline weft_time link_next(const sctp_link *l) {
  weft_time at = l->queued ? l->queue[link_earliest(l)].at : WEFT_NEVER;
  for (int i = 0; i < 2; i++) at = weft_time_min(at, weft_sctp_deadline(l->end[i].s));
  return at;
}

/* One step of virtual time; false when nothing is left to happen. */
static inline bool sctp_link_step(sctp_link *l) {
  weft_time at = link_next(l);
  if (at == WEFT_NEVER) return false;
  if (at > l->now) l->now = at;
  if (l->queued > l->max_queued) l->max_queued = l->queued;
  size_t i = l->queued ? link_earliest(l) : 0;
  if (l->queued && l->queue[i].at <= l->now) {
    link_packet p = l->queue[i];
    l->queue[i] = l->queue[--l->queued];
    sctp_end *e = &l->end[p.to];
    if (e->s && e->events[WEFT_SCTP_EVENT_CLOSED] == 0)
      ck_assert_int_eq(weft_sctp_input(e->s, p.data, p.len, l->now), WEFT_OK);
    return true;
  }
  for (int k = 0; k < 2; k++) {
    if (weft_sctp_deadline(l->end[k].s) > l->now) continue;
    weft_sctp_tick(l->end[k].s, l->now);
    ck_assert_uint_gt(weft_sctp_deadline(l->end[k].s), l->now);
  }
  return true;
}

static inline void sctp_link_run(sctp_link *l, weft_time span) {
  weft_time until = l->now + span;
  l->stop = false;
  for (unsigned steps = 0; !l->stop && link_next(l) <= until && sctp_link_step(l); steps++)
    ck_assert_uint_lt(steps, 4000000);
  if (!l->stop && l->now < until) l->now = until;
}

/* Both ends established. */
static inline void sctp_link_connect(sctp_link *l) {
  sctp_link_open(l);
  ck_assert_int_eq(weft_sctp_connect(l->end[0].s, l->now), WEFT_OK);
  sctp_link_run(l, WEFT_SEC(2));
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(weft_sctp_get_state(l->end[i].s), WEFT_SCTP_ESTABLISHED);
    ck_assert_uint_eq(l->end[i].events[WEFT_SCTP_EVENT_CONNECTED], 1);
  }
}

static inline int link_send(sctp_link *l, int from, uint16_t stream, const void *data, size_t len) {
  weft_sctp_message m = {.stream = stream, .ppid = 53};
  return weft_sctp_send(l->end[from].s, &m, data, len, l->now);
}

static inline weft_sctp_stats link_stats(const sctp_link *l, int side) {
  weft_sctp_stats st = {.size = sizeof st};
  weft_sctp_get_stats(l->end[side].s, &st);
  return st;
}

/* ---- a peer made by hand --------------------------------------------------------------------------------------------- */

/* A packet with these chunks and a right checksum. */
static inline size_t link_packet_make(uint8_t *out, uint32_t tag, const uint8_t *chunks, size_t n) {
  weft_wr w;
  weft_wr_init(&w, out, LINK_PACKET);
  weft_sctp_put_header(&w, 5000, 5000, tag);
  weft_wr_bytes(&w, chunks, n);
  ck_assert(weft_wr_ok(&w));
  uint32_t crc = weft_sctp_packet_crc(weft_sctp_crc32c_table, out, weft_wr_len(&w));
  for (unsigned i = 0; i < 4; i++) out[8 + i] = (uint8_t)(crc >> (8 * i));
  return weft_wr_len(&w);
}

static inline void link_inject_tag(sctp_link *l, int to, uint32_t tag, const uint8_t *chunks, size_t n) {
  uint8_t packet[LINK_PACKET];
  size_t len = link_packet_make(packet, tag, chunks, n);
  ck_assert_int_eq(weft_sctp_input(l->end[to].s, packet, len, l->now), WEFT_OK);
}

static inline void link_inject(sctp_link *l, int to, const uint8_t *chunks, size_t n) {
  link_inject_tag(l, to, l->end[to].s->peer.my_tag, chunks, n);
}

/* Drops what is on the way. */
static inline void link_clear(sctp_link *l) { l->queued = 0; }

/* The first chunk of this type in what `from` has on the way; the packet's tag too. False: none. */
static inline bool link_find(const sctp_link *l, int from, uint8_t type, weft_sctp_chunk *c, uint32_t *tag) {
  for (size_t i = 0; i < l->queued; i++) {
    weft_sctp_packet p;
    if (l->queue[i].to == from || weft_sctp_packet_read(&p, l->queue[i].data, l->queue[i].len) != WEFT_OK) continue;
    if (tag) *tag = p.tag;
    while (weft_sctp_chunk_next(&p.chunks, c) == 1) {
      if (c->type == type) return true;
    }
  }
  return false;
}

static inline size_t link_on_the_way(const sctp_link *l, int from) {
  size_t n = 0;
  for (size_t i = 0; i < l->queued; i++) n += l->queue[i].to != from;
  return n;
}

/* A DATA chunk at `ahead` behind the cumulative TSN of `to`. */
static inline size_t link_data(const sctp_link *l, int to, uint8_t *out, uint8_t flags, uint32_t ahead, uint16_t stream,
                               uint16_t ssn, const void *data, size_t len) {
  weft_wr w;
  weft_wr_init(&w, out, LINK_PACKET - 12);
  size_t at = weft_sctp_open_chunk(&w, WEFT_SCTP_DATA, flags);
  weft_wr_u32(&w, l->end[to].s->rx.cumulative + ahead);
  weft_wr_u16(&w, stream);
  weft_wr_u16(&w, ssn);
  weft_wr_u32(&w, 53);
  weft_wr_bytes(&w, data, len);
  weft_sctp_close_chunk(&w, at);
  ck_assert(weft_wr_ok(&w));
  return weft_wr_len(&w);
}

static inline void link_inject_data(sctp_link *l, int to, uint8_t flags, uint32_t ahead, uint16_t stream, uint16_t ssn,
                                    const void *data, size_t len) {
  uint8_t chunk[LINK_PACKET];
  link_inject(l, to, chunk, link_data(l, to, chunk, flags, ahead, stream, ssn, data, len));
}

#endif
