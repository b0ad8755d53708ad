/* Several agents on one socket: a hash table with two kinds of keys. Every entry is in two chains, by key for route and
 * by target for remove. */
#include "ice/ice.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "base/mem.h"
#include "stun/stun.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum { FIRST_BUCKETS = 16 };

typedef struct mux_entry {
  struct mux_entry *next_key, *next_target;
  void *target;
  uint64_t hash;
  weft_addr local, remote; /* family WEFT_AF_NONE for a ufrag */
  size_t ufrag_len;
  char ufrag[]; /* not terminated */
} mux_entry;

struct weft_ice_mux {
  weft_alloc alloc;
  uint8_t key[16];
  mux_entry **by_key, **by_target;
  size_t buckets, count;
};

static size_t chain_bytes(size_t buckets) { return buckets * sizeof(mux_entry *); }
static size_t entry_bytes(const mux_entry *e) { return sizeof *e + e->ufrag_len; }

static uint64_t target_hash(const weft_ice_mux *m, const void *target) {
  uintptr_t v = (uintptr_t)target;
  return weft_siphash64(m->key, (const uint8_t *)&v, sizeof v);
}

static uint64_t ufrag_hash(const weft_ice_mux *m, const char *ufrag, size_t len) {
  return weft_siphash64(m->key, (const uint8_t *)ufrag, len);
}

static void put_addr(weft_wr *w, const weft_addr *a) {
  weft_wr_u8(w, a->family);
  weft_wr_bytes(w, a->ip, sizeof a->ip);
  weft_wr_u16(w, a->port);
  weft_wr_u32(w, a->scope);
}

static uint64_t path_hash(const weft_ice_mux *m, const weft_addr *local, const weft_addr *remote) {
  uint8_t b[2 * (1 + 16 + 2 + 4)];
  weft_wr w;
  weft_wr_init(&w, b, sizeof b);
  put_addr(&w, local);
  put_addr(&w, remote);
  return weft_siphash64(m->key, b, sizeof b);
}

static int make_chains(weft_ice_mux *m, size_t buckets, mux_entry ***by_key, mux_entry ***by_target) {
  *by_key = weft_mem_new(&m->alloc, chain_bytes(buckets));
  *by_target = weft_mem_new(&m->alloc, chain_bytes(buckets));
  if (*by_key != NULL && *by_target != NULL) return WEFT_OK;
  weft_mem_free(&m->alloc, *by_key, chain_bytes(buckets));
  weft_mem_free(&m->alloc, *by_target, chain_bytes(buckets));
  return WEFT_ENOMEM;
}

int weft_ice_mux_new(weft_ice_mux **out, const weft_rng *rng, const weft_alloc *alloc) {
  const weft_alloc *a = weft_alloc_or_libc(alloc);
  *out = NULL;
  weft_ice_mux *m = weft_mem_new(a, sizeof *m);
  if (m == NULL) return WEFT_ENOMEM;
  m->alloc = *a;
  int rc = make_chains(m, FIRST_BUCKETS, &m->by_key, &m->by_target);
  if (rc == WEFT_OK) {
    m->buckets = FIRST_BUCKETS;
    if (rng->fill(rng->ctx, m->key, sizeof m->key) != 0) rc = WEFT_ERANDOM;
  }
  if (rc == WEFT_OK)
    *out = m;
  else if (m->buckets == 0)
    weft_mem_free(a, m, sizeof *m);
  else
    weft_ice_mux_free(m);
  return rc;
}

void weft_ice_mux_free(weft_ice_mux *m) {
  if (m == NULL) return;
  weft_alloc a = m->alloc;
  for (size_t i = 0; i < m->buckets; i++)
    for (mux_entry *e = m->by_key[i], *next; e != NULL; e = next) {
      next = e->next_key;
      weft_mem_free(&a, e, entry_bytes(e));
    }
  weft_mem_free(&a, m->by_key, chain_bytes(m->buckets));
  weft_mem_free(&a, m->by_target, chain_bytes(m->buckets));
  weft_mem_free(&a, m, sizeof *m);
}

static void chain(const weft_ice_mux *m, mux_entry **by_key, mux_entry **by_target, size_t buckets, mux_entry *e) {
  mux_entry **k = &by_key[e->hash % buckets], **t = &by_target[target_hash(m, e->target) % buckets];
  e->next_key = *k;
  *k = e;
  e->next_target = *t;
  *t = e;
}

/* Doubles the table when it is full; without memory for that the chains just get longer. */
static void grow(weft_ice_mux *m) {
  mux_entry **by_key, **by_target;
  if (m->count < m->buckets || make_chains(m, 2 * m->buckets, &by_key, &by_target) != WEFT_OK) return;
  for (size_t i = 0; i < m->buckets; i++)
    for (mux_entry *e = m->by_key[i], *next; e != NULL; e = next) {
      next = e->next_key;
      chain(m, by_key, by_target, 2 * m->buckets, e);
    }
  weft_mem_free(&m->alloc, m->by_key, chain_bytes(m->buckets));
  weft_mem_free(&m->alloc, m->by_target, chain_bytes(m->buckets));
  m->by_key = by_key;
  m->by_target = by_target;
  m->buckets *= 2;
}

static mux_entry *find_ufrag(const weft_ice_mux *m, uint64_t hash, const char *ufrag, size_t len) {
  for (mux_entry *e = m->by_key[hash % m->buckets]; e != NULL; e = e->next_key)
    if (e->hash == hash && e->local.family == WEFT_AF_NONE && e->ufrag_len == len && memcmp(e->ufrag, ufrag, len) == 0)
      return e;
  return NULL;
}

static mux_entry *find_path(const weft_ice_mux *m, uint64_t hash, const weft_addr *local, const weft_addr *remote) {
  for (mux_entry *e = m->by_key[hash % m->buckets]; e != NULL; e = e->next_key)
    if (e->hash == hash && e->local.family != WEFT_AF_NONE && weft_addr_equal(&e->local, local) &&
        weft_addr_equal(&e->remote, remote))
      return e;
  return NULL;
}

static mux_entry *add(weft_ice_mux *m, uint64_t hash, size_t extra, void *target) {
  mux_entry *e = weft_mem_new(&m->alloc, sizeof *e + extra);
  if (e == NULL) return NULL;
  e->hash = hash;
  e->target = target;
  e->ufrag_len = extra;
  grow(m);
  chain(m, m->by_key, m->by_target, m->buckets, e);
  m->count++;
  return e;
}

int weft_ice_mux_add_ufrag(weft_ice_mux *m, const char *local_ufrag, void *target) {
  size_t len = strlen(local_ufrag);
  if (!weft_ice_cred_valid(local_ufrag, len, WEFT_ICE_UFRAG_MIN)) return WEFT_EINVAL;
  uint64_t hash = ufrag_hash(m, local_ufrag, len);
  if (find_ufrag(m, hash, local_ufrag, len) != NULL) return WEFT_ESTATE;
  mux_entry *e = add(m, hash, len, target);
  if (e == NULL) return WEFT_ENOMEM;
  memcpy(e->ufrag, local_ufrag, len);
  return WEFT_OK;
}

int weft_ice_mux_add_address(weft_ice_mux *m, const weft_addr *local, const weft_addr *remote, void *target) {
  if (local->family == WEFT_AF_NONE || remote->family == WEFT_AF_NONE) return WEFT_EINVAL;
  uint64_t hash = path_hash(m, local, remote);
  mux_entry *there = find_path(m, hash, local, remote);
  if (there != NULL) return there->target == target ? WEFT_OK : WEFT_ESTATE;
  mux_entry *e = add(m, hash, 0, target);
  if (e == NULL) return WEFT_ENOMEM;
  e->local = *local;
  e->remote = *remote;
  return WEFT_OK;
}

static void unlink_key(weft_ice_mux *m, mux_entry *e) {
  mux_entry **at = &m->by_key[e->hash % m->buckets];
  while (*at != e) at = &(*at)->next_key;
  *at = e->next_key;
}

void weft_ice_mux_remove(weft_ice_mux *m, void *target) {
  mux_entry **at = &m->by_target[target_hash(m, target) % m->buckets];
  while (*at != NULL) {
    mux_entry *e = *at;
    if (e->target != target) {
      at = &e->next_target;
      continue;
    }
    *at = e->next_target;
    unlink_key(m, e);
    weft_mem_free(&m->alloc, e, entry_bytes(e));
    m->count--;
  }
}

/* Our half of a binding request's USERNAME, or NULL when it is no such request. */
static const char *our_half(const uint8_t *data, size_t len, size_t *half) {
  weft_stun_msg msg;
  weft_stun_attr a;
  if (!weft_stun_is(data, len) || weft_stun_parse(&msg, data, len) != WEFT_OK) return NULL;
  if (msg.cls != WEFT_STUN_REQUEST || msg.method != WEFT_STUN_BINDING) return NULL;
  if (weft_stun_find(&msg, WEFT_STUN_USERNAME, &a) != WEFT_OK || a.len == 0) return NULL;
  const uint8_t *colon = memchr(a.value, ':', a.len);
  if (colon == NULL) return NULL;
  *half = (size_t)(colon - a.value);
  return (const char *)a.value;
}

void *weft_ice_mux_route(const weft_ice_mux *m, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                         size_t len) {
  size_t half = 0;
  const char *ufrag = our_half(data, len, &half);
  const mux_entry *e = ufrag != NULL ? find_ufrag(m, ufrag_hash(m, ufrag, half), ufrag, half)
                                     : find_path(m, path_hash(m, local, remote), local, remote);
  return e != NULL ? e->target : NULL;
}
