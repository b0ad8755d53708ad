#include <string.h>

#include "base/timer.h"
#include "sctp/received.h"
#include "sctp/send.h"
#include "sctp/serial.h"

#define STREAM_OF(n) ((weft_sctp_stream_out *)(void *)((char *)(n)-offsetof(weft_sctp_stream_out, node)))

int weft_sctp_send_init(weft_sctp_send_state *t, weft_sctp_pool *pool, uint32_t random, uint32_t initial_tsn,
                        uint16_t first_ssn, size_t mtu) {
  *t = (weft_sctp_send_state){.alloc = pool->alloc,
                              .pool = pool,
                              .acked = initial_tsn - 1,
                              .next = initial_tsn,
                              .fresh = initial_tsn,
                              .advanced = initial_tsn - 1,
                              .forwarded = initial_tsn - 1,
                              .lost_from = initial_tsn,
                              .first_ssn = first_ssn,
                              .payload_max = mtu - WEFT_SCTP_HEADER - WEFT_SCTP_DATA_HEADER};
  weft_list_init(&t->ready);
  weft_list_init(&t->drained);
  weft_list_init(&t->resettable);
  return weft_sctp_map_init(&t->streams, t->alloc, random);
}

static void put_back(weft_sctp_send_state *t, weft_sctp_out *c) {
  t->memory -= c->block.size;
  weft_sctp_pool_put(t->pool, c);
}

/* A FORWARD-TSN names a sequence number of the stream, RFC 3758 section 3.2, and one that is late is taken for news until the peer has
 * everything up to its TSN. Taken after the reset it would skip messages of the stream numbered anew; so the reset waits for that TSN. */
void weft_sctp_send_mark_resettable(weft_sctp_send_state *t, weft_sctp_stream_out *s) {
  s->named = t->forwarded;
  weft_list_push_back(&t->resettable, &s->reset);
}

bool weft_sctp_send_resettable(const weft_sctp_send_state *t) {
  if (weft_list_empty(&t->resettable)) return false;
  return weft_sctp_tsn_le(WEFT_LIST_ITEM(t->resettable.next, weft_sctp_stream_out, reset)->named, t->acked);
}

void weft_sctp_send_release(weft_sctp_send_state *t, weft_sctp_out *c) {
  weft_sctp_stream_out *s = c->stream;
  if (--s->chunks == 0 && s->resetting && weft_list_empty(&s->reset)) weft_sctp_send_mark_resettable(t, s);
  put_back(t, c);
}

static void free_chain(weft_sctp_send_state *t, weft_sctp_out *c) {
  while (c) {
    weft_sctp_out *next = c->next;
    weft_sctp_send_release(t, c);
    c = next;
  }
}

static void free_stream(weft_sctp_send_state *t, weft_sctp_stream_out *s) {
  for (weft_sctp_out *c = s->head, *next; c; c = next) {
    next = c->next;
    put_back(t, c); /* not released: a stream that is being reset would come on a list with those that are gone */
  }
  weft_mem_free(t->alloc, s, sizeof *s);
}

void weft_sctp_send_free(weft_sctp_send_state *t) {
  if (!t->pool) return;
  for (uint32_t tsn = t->acked + 1; tsn != t->next; tsn++) put_back(t, *weft_sctp_send_slot(t, tsn));
  for (uint32_t i = 0; t->streams.bucket && i < 1u << t->streams.bits; i++) {
    for (weft_sctp_node *n = t->streams.bucket[i], *next; n; n = next) {
      next = n->next;
      free_stream(t, STREAM_OF(n));
    }
  }
  weft_sctp_map_free(&t->streams);
  weft_mem_free(t->alloc, t->ring, t->size * sizeof *t->ring);
  weft_mem_free(t->alloc, t->marks, t->size);
  *t = (weft_sctp_send_state){0};
}

weft_sctp_stream_out *weft_sctp_send_stream(const weft_sctp_send_state *t, uint16_t id) {
  weft_sctp_node *n = weft_sctp_map_get(&t->streams, id);
  return n ? STREAM_OF(n) : NULL;
}

weft_sctp_stream_out *weft_sctp_send_make_stream(weft_sctp_send_state *t, uint16_t id) {
  weft_sctp_stream_out *s = weft_sctp_send_stream(t, id);
  if (s) return s;
  s = weft_mem_new(t->alloc, sizeof *s);
  if (!s) return NULL;
  s->id = id;
  s->next_ssn = t->first_ssn;
  weft_list_init(&s->turn);
  weft_list_init(&s->drain);
  weft_list_init(&s->reset);
  weft_sctp_map_put(&t->streams, &s->node, id);
  return s;
}

void weft_sctp_send_forget(weft_sctp_send_state *t, weft_sctp_stream_out *s) {
  if (s->chunks || s->next_ssn != t->first_ssn || s->notify || s->resetting || !weft_list_empty(&s->drain)) return;
  weft_sctp_map_remove(&t->streams, &s->node);
  weft_mem_free(t->alloc, s, sizeof *s);
}

size_t weft_sctp_send_memory(const weft_sctp_send_state *t, size_t len) {
  size_t full = len / t->payload_max, rest = len % t->payload_max, head = sizeof(weft_sctp_out) + WEFT_SCTP_DATA_HEADER;
  return full * weft_sctp_pool_size(t->pool, head + t->payload_max) +
         (rest ? weft_sctp_pool_size(t->pool, head + rest) : 0);
}

static weft_sctp_out *make_chunk(weft_sctp_send_state *t, const weft_sctp_message *m, weft_sctp_stream_out *s,
                                 const uint8_t *data, size_t len) {
  weft_sctp_out *c = weft_sctp_pool_get(t->pool, sizeof *c + WEFT_SCTP_DATA_HEADER + len);
  if (!c) return NULL;
  s->chunks++;
  t->memory += c->block.size;
  c->next = NULL;
  c->stream = s;
  c->len = (uint16_t)len;
  c->sends = 0;
  c->missing = 0;
  c->limited = m->limit_retransmits;
  c->max_retransmits = m->max_retransmits;
  c->buffered = true;
  c->wire[0] = WEFT_SCTP_DATA;
  c->wire[1] = m->unordered ? WEFT_SCTP_FLAG_U : 0;
  weft_sctp_put16(c->wire + 2, (uint16_t)(WEFT_SCTP_DATA_HEADER + len));
  weft_sctp_put16(c->wire + 8, m->stream);
  weft_sctp_put16(c->wire + 10, 0);
  weft_sctp_put32(c->wire + 12, m->ppid);
  memcpy(c->wire + WEFT_SCTP_DATA_HEADER, data, len);
  return c;
}

int weft_sctp_send_push(weft_sctp_send_state *t, const weft_sctp_message *m, const uint8_t *data, size_t len,
                        weft_time now) {
  if (len == 0) return WEFT_EINVAL; /* RFC 9260 section 3.3.1: a DATA chunk carries at least one byte */
  weft_sctp_stream_out *s = weft_sctp_send_make_stream(t, m->stream);
  if (!s) return WEFT_ENOMEM;
  weft_sctp_out *first = NULL, *last = NULL;
  weft_time expires = m->lifetime ? weft_time_add(now, m->lifetime) : WEFT_NEVER;
  for (size_t at = 0; at < len; at += last->len) {
    size_t n = len - at < t->payload_max ? len - at : t->payload_max;
    weft_sctp_out *c = make_chunk(t, m, s, data + at, n);
    if (!c) {
      free_chain(t, first);
      weft_sctp_send_forget(t, s);
      return WEFT_ENOMEM;
    }
    c->expires = expires;
    if (at == 0) c->wire[1] |= WEFT_SCTP_FLAG_B;
    if (at + n == len) c->wire[1] |= WEFT_SCTP_FLAG_E;
    if (last)
      last->next = c;
    else
      first = c;
    last = c;
  }
  if (s->head)
    s->tail->next = first;
  else
    s->head = first;
  s->tail = last;
  if (weft_list_empty(&s->turn)) weft_list_push_back(&t->ready, &s->turn);
  s->buffered += len;
  t->buffered += len;
  return WEFT_OK;
}

void weft_sctp_send_discharge(weft_sctp_send_state *t, weft_sctp_out *c) {
  if (!c->buffered) return;
  c->buffered = false;
  weft_sctp_stream_out *s = c->stream;
  s->buffered -= c->len;
  t->buffered -= c->len;
  if (s->buffered == 0 && s->notify && weft_list_empty(&s->drain)) weft_list_push_back(&t->drained, &s->drain);
}

static weft_sctp_out *pop(weft_sctp_send_state *t, weft_sctp_stream_out *s) {
  weft_sctp_out *c = s->head;
  s->head = c->next;
  c->next = NULL;
  bool ended = c->wire[1] & WEFT_SCTP_FLAG_E;
  t->current = ended ? NULL : s;
  if (ended || !s->head) {
    weft_list_remove(&s->turn);
    if (s->head) weft_list_push_back(&t->ready, &s->turn);
  }
  return c;
}

void weft_sctp_send_drop_rest(weft_sctp_send_state *t, weft_sctp_stream_out *s, weft_sctp_out **last) {
  bool ended = false;
  while (!ended && s->head) {
    weft_sctp_out *c = pop(t, s);
    ended = c->wire[1] & WEFT_SCTP_FLAG_E;
    weft_sctp_send_discharge(t, c);
    if (ended && last) {
      *last = c;
      return;
    }
    weft_sctp_send_release(t, c);
  }
}

weft_sctp_out *weft_sctp_send_peek(weft_sctp_send_state *t, weft_time now) {
  while (t->fresh != t->next && *weft_sctp_send_mark(t, t->fresh) != WEFT_SCTP_UNSENT) t->fresh++;
  if (t->fresh != t->next) return *weft_sctp_send_slot(t, t->fresh);
  if (t->next - t->acked >= WEFT_SCTP_TSN_WINDOW) return NULL;
  if (t->current) return t->current->head;
  while (!weft_list_empty(&t->ready)) {
    weft_sctp_stream_out *s = WEFT_LIST_ITEM(t->ready.next, weft_sctp_stream_out, turn);
    if (!weft_sctp_send_expired(t, s->head, now)) return s->head;
    weft_sctp_send_drop_rest(t, s, NULL);
  }
  return NULL;
}

static int grow_ring(weft_sctp_send_state *t) {
  uint32_t size = t->size ? t->size * 2 : 32;
  weft_sctp_out **ring = weft_mem_new(t->alloc, size * sizeof *ring);
  uint8_t *marks = weft_mem_new(t->alloc, size);
  if (!ring || !marks) {
    weft_mem_free(t->alloc, ring, size * sizeof *ring);
    weft_mem_free(t->alloc, marks, size);
    return WEFT_ENOMEM;
  }
  for (uint32_t tsn = t->acked + 1; tsn != t->next; tsn++) {
    ring[tsn & (size - 1)] = *weft_sctp_send_slot(t, tsn);
    marks[tsn & (size - 1)] = *weft_sctp_send_mark(t, tsn);
  }
  weft_mem_free(t->alloc, t->ring, t->size * sizeof *t->ring);
  weft_mem_free(t->alloc, t->marks, t->size);
  t->ring = ring;
  t->marks = marks;
  t->size = size;
  return WEFT_OK;
}

/* Fragments of a message share its stream sequence number, RFC 9260 section 6.9. */
static void number(weft_sctp_stream_out *s, weft_sctp_out *c) {
  if (c->wire[1] & WEFT_SCTP_FLAG_U) return;
  weft_sctp_put16(c->wire + 10, s->next_ssn);
  if (c->wire[1] & WEFT_SCTP_FLAG_E) s->next_ssn++;
}

int weft_sctp_send_assign(weft_sctp_send_state *t, weft_sctp_out *c) {
  if (t->fresh != t->next) return WEFT_OK;
  /* one slot more than needed: abandoning what is half-way in takes a stand-in, and may not fail */
  if (t->next - t->acked + 1 > t->size && grow_ring(t) != WEFT_OK) return WEFT_ENOMEM;
  pop(t, c->stream);
  number(c->stream, c);
  c->tsn = t->next++;
  weft_sctp_put32(c->wire + 4, c->tsn);
  *weft_sctp_send_slot(t, c->tsn) = c;
  *weft_sctp_send_mark(t, c->tsn) = WEFT_SCTP_UNSENT;
  return WEFT_OK;
}

bool weft_sctp_send_empty(const weft_sctp_send_state *t) {
  return weft_list_empty(&t->ready) && t->acked + 1 == t->next;
}
