#include "test/support/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timer.h"

void net_init(net *n, uint64_t seed) {
  memset(n, 0, sizeof *n);
  test_rng_init(&n->rng, seed ^ UINT64_C(0x6e6574));
  n->hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
}

void net_free(net *n) {
  for (size_t i = 0; i < n->len; i++) free(n->heap[i].data);
  free(n->heap);
  n->heap = NULL;
  n->len = n->cap = 0;
}

weft_addr net_addr(const char *text) {
  weft_addr a;
  if (weft_addr_parse(&a, text) == WEFT_OK) return a;
  fprintf(stderr, "net_addr: %s\n", text);
  abort();
}

/* ---- addresses ---- */

static net_binding *binding_of(net *n, const weft_addr *addr) {
  for (size_t i = 0; i < NET_BINDINGS; i++)
    if (n->bindings[i].used && weft_addr_equal(&n->bindings[i].addr, addr)) return &n->bindings[i];
  return NULL;
}

void net_bind(net *n, const weft_addr *addr, net_receive fn, void *user) {
  for (size_t i = 0; i < NET_BINDINGS; i++) {
    if (n->bindings[i].used) continue;
    n->bindings[i] = (net_binding){.addr = *addr, .fn = fn, .user = user, .used = true};
    return;
  }
  abort();
}

void net_unbind(net *n, const weft_addr *addr) {
  net_binding *b = binding_of(n, addr);
  if (b) b->used = false;
}

net_link *net_link_of(net *n, const weft_addr *addr) {
  net_binding *b = binding_of(n, addr);
  if (!b) abort();
  return &b->link;
}

/* ---- the packets under way: a heap by time, then by order ---- */

static bool before(const net_packet *a, const net_packet *b) {
  return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void push(net *n, net_packet p) {
  if (n->len == n->cap) {
    n->cap = n->cap ? 2 * n->cap : 64;
    n->heap = realloc(n->heap, n->cap * sizeof *n->heap);
    if (!n->heap) abort();
  }
  size_t at = n->len++;
  for (; at > 0 && before(&p, &n->heap[(at - 1) / 2]); at = (at - 1) / 2) n->heap[at] = n->heap[(at - 1) / 2];
  n->heap[at] = p;
}

static net_packet pop(net *n) {
  net_packet first = n->heap[0], last = n->heap[--n->len];
  size_t at = 0;
  for (;;) {
    size_t child = 2 * at + 1;
    if (child + 1 < n->len && before(&n->heap[child + 1], &n->heap[child])) child++;
    if (child >= n->len || !before(&n->heap[child], &last)) break;
    n->heap[at] = n->heap[child];
    at = child;
  }
  if (n->len > 0) n->heap[at] = last;
  return first;
}

static void queue(net *n, weft_time at, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                  bool corrupt) {
  net_packet p = {.at = at, .order = n->order++, .from = *from, .to = *to, .len = len, .data = malloc(len ? len : 1)};
  if (!p.data) abort();
  if (len > 0) memcpy(p.data, data, len);
  if (corrupt && len > 0) p.data[test_rng_below(&n->rng, (uint32_t)len)] ^= (uint8_t)(1u << test_rng_below(&n->rng, 8));
  push(n, p);
}

/* ---- sending ---- */

static bool chance(net *n, uint32_t ppm) { return ppm > 0 && test_rng_below(&n->rng, 1000000) < ppm; }

static void mix(net *n, const void *data, size_t len) {
  const uint8_t *p = data;
  for (size_t i = 0; i < len; i++) n->hash = (n->hash ^ p[i]) * UINT64_C(0x100000001b3);
}

static void note(net *n, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len, weft_time now) {
  mix(n, &now, sizeof now);
  mix(n, from->ip, sizeof from->ip);
  mix(n, &from->port, sizeof from->port);
  mix(n, to->ip, sizeof to->ip);
  mix(n, &to->port, sizeof to->port);
  mix(n, data, len);
}

/* When the last byte has left at the link's rate; 0: the queue is full. */
static weft_time leaves_at(net_link *l, size_t len, weft_time now) {
  if (l->rate == 0) return now;
  weft_time start = weft_time_max(now, l->busy_until), took = (weft_time)len * 1000000u / l->rate;
  if (l->queue > 0 && (start - now) * l->rate / 1000000u > l->queue) return 0;
  l->busy_until = start + took;
  return l->busy_until;
}

static bool lost(net *n, net_link *l, size_t len) {
  uint64_t index = l->sent++;
  l->bytes += len;
  bool masked = index < 64 && (l->loss_mask >> index & 1);
  bool random = chance(n, l->loss_ppm);
  return masked || random || l->cut || (l->mtu > 0 && len > l->mtu);
}

static weft_time travel(net *n, const net_link *l) {
  weft_time t = l->delay;
  if (l->jitter > 0) t += test_rng_u64(&n->rng) % (l->jitter + 1);
  if (chance(n, l->reorder_ppm)) t += l->reorder_by;
  return t;
}

int net_send(net *n, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len, weft_time now) {
  net_binding *b = binding_of(n, from);
  net_link perfect = {0}, *l = b ? &b->link : &perfect;
  if (chance(n, l->refuse_ppm)) return WEFT_EAGAIN;
  note(n, from, to, data, len, now);
  if (n->filter && !n->filter(n->filter_user, from, to, data, len, now)) return WEFT_OK;
  weft_time out = lost(n, l, len) ? 0 : leaves_at(l, len, now);
  if (out == 0 && now > 0) {
    l->lost++;
    return WEFT_OK;
  }
  queue(n, out + travel(n, l), from, to, data, len, chance(n, l->corrupt_ppm));
  if (chance(n, l->duplicate_ppm)) queue(n, out + travel(n, l), from, to, data, len, false);
  return WEFT_OK;
}

weft_time net_deadline(const net *n) { return n->len > 0 ? n->heap[0].at : WEFT_NEVER; }

void net_hand_over(net *n, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len, weft_time now) {
  const net_binding *b = binding_of(n, to);
  if (!b) {
    n->nobody++;
    return;
  }
  weft_addr local = *to; /* the binding may go from inside the call */
  n->delivered++;
  b->fn(b->user, &local, from, data, len, now);
}

void net_deliver(net *n, weft_time now) {
  while (n->len > 0 && n->heap[0].at <= now) {
    net_packet p = pop(n);
    net_hand_over(n, &p.from, &p.to, p.data, p.len, now);
    free(p.data);
  }
}
