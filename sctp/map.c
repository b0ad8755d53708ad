#include "sctp/map.h"

enum { FIRST_BITS = 4, LAST_BITS = 15 };

static uint32_t slot(const weft_sctp_map *m, uint32_t key) { return key * m->multiplier >> (32 - m->bits); }

int weft_sctp_map_init(weft_sctp_map *m, const weft_alloc *alloc, uint32_t random) {
  *m = (weft_sctp_map){.alloc = alloc, .bits = FIRST_BITS, .multiplier = random | 1u};
  m->bucket = weft_mem_new(alloc, sizeof *m->bucket << FIRST_BITS);
  return m->bucket ? WEFT_OK : WEFT_ENOMEM;
}

void weft_sctp_map_free(weft_sctp_map *m) {
  if (m->bucket) weft_mem_free(m->alloc, m->bucket, sizeof *m->bucket << m->bits);
  m->bucket = NULL;
  m->count = 0;
}

weft_sctp_node *weft_sctp_map_get(const weft_sctp_map *m, uint32_t key) {
  weft_sctp_node *n = m->bucket[slot(m, key)];
  while (n && n->key != key) n = n->next;
  return n;
}

/* Without memory the chains just become longer. */
static void grow(weft_sctp_map *m) {
  uint32_t old_bits = m->bits;
  weft_sctp_node **old = m->bucket, **fresh = weft_mem_new(m->alloc, sizeof *fresh << (old_bits + 1));
  if (!fresh) return;
  m->bucket = fresh;
  m->bits = old_bits + 1;
  for (uint32_t i = 0; i < 1u << old_bits; i++) {
    for (weft_sctp_node *n = old[i], *next; n; n = next) {
      next = n->next;
      weft_sctp_node **at = &m->bucket[slot(m, n->key)];
      n->next = *at;
      *at = n;
    }
  }
  weft_mem_free(m->alloc, old, sizeof *old << old_bits);
}

void weft_sctp_map_put(weft_sctp_map *m, weft_sctp_node *n, uint32_t key) {
  if (m->count >= 1u << m->bits && m->bits < LAST_BITS) grow(m);
  weft_sctp_node **at = &m->bucket[slot(m, key)];
  n->key = key;
  n->next = *at;
  *at = n;
  m->count++;
}

void weft_sctp_map_remove(weft_sctp_map *m, weft_sctp_node *n) {
  weft_sctp_node **at = &m->bucket[slot(m, n->key)];
  while (*at && *at != n) at = &(*at)->next;
  if (!*at) return;
  *at = n->next;
  n->next = NULL;
  m->count--;
}
