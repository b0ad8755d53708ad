/* A chained hash table of nodes inside records. */
#include "base/mem.h"
#include "relay/relay_int.h"

enum { FIRST = 16 };

static weft_relay_node **slot_of(const weft_relay_table *t, uint64_t hash) { return &t->slots[hash & (t->cap - 1)]; }

static int grow(weft_relay_table *t, const weft_alloc *a) {
  weft_relay_table next = {.cap = t->cap > 0 ? 2 * t->cap : FIRST};
  next.slots = weft_mem_new(a, next.cap * sizeof(weft_relay_node *));
  if (!next.slots) return t->cap > 0 ? WEFT_OK : WEFT_ENOMEM; /* longer chains do as well */
  for (size_t i = 0; i < t->cap; i++) {
    for (weft_relay_node *n = t->slots[i], *after; n; n = after) {
      weft_relay_node **to = slot_of(&next, n->hash);
      after = n->next;
      n->next = *to;
      *to = n;
    }
  }
  next.len = t->len;
  weft_relay_table_free(t, a);
  *t = next;
  return WEFT_OK;
}

int weft_relay_table_add(weft_relay_table *t, const weft_alloc *a, weft_relay_node *n, uint64_t hash) {
  if (t->len == t->cap && grow(t, a) != WEFT_OK) return WEFT_ENOMEM;
  weft_relay_node **to = slot_of(t, hash);
  n->hash = hash;
  n->next = *to;
  *to = n;
  t->len++;
  return WEFT_OK;
}

void weft_relay_table_remove(weft_relay_table *t, weft_relay_node *n) {
  weft_relay_node **at = slot_of(t, n->hash);
  while (*at != n) at = &(*at)->next;
  *at = n->next;
  n->next = NULL;
  t->len--;
}

static weft_relay_node *skip(weft_relay_node *n, uint64_t hash) {
  while (n && n->hash != hash) n = n->next;
  return n;
}

weft_relay_node *weft_relay_table_first(const weft_relay_table *t, uint64_t hash) {
  return t->cap > 0 ? skip(*slot_of(t, hash), hash) : NULL;
}

weft_relay_node *weft_relay_node_next(const weft_relay_node *n) { return skip(n->next, n->hash); }

void weft_relay_table_free(weft_relay_table *t, const weft_alloc *a) {
  weft_mem_free(a, t->slots, t->cap * sizeof(weft_relay_node *));
  *t = (weft_relay_table){0};
}

/* The finalizer of SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* Not secret: whoever makes peer ids that collide lengthens a chain by one per connection that he holds open. */
uint64_t weft_relay_hash_bytes(const uint8_t *data, size_t len) {
  uint64_t h = len;
  for (size_t i = 0; i < len; i++) h = mix(h + data[i] + UINT64_C(0x9e3779b97f4a7c15));
  return h;
}

uint64_t weft_relay_hash_stream(const void *conn, uint32_t stream) {
  return mix((uint64_t)(uintptr_t)conn * UINT64_C(0x9e3779b97f4a7c15) + stream);
}
