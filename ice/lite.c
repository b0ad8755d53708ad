/* The responder of a webrtc-direct listener (RFC 8445 section 2.5, lite; libp2p's specification,
 * webrtc/webrtc-direct.md). Anybody can make up a USERNAME, and the password follows from it, so a good request proves
 * nothing about its source: all that is kept is one slot of a fixed table. */
#include "ice/ice.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/timer.h"
#include "stun/stun.h"

#include <assert.h>
#include <string.h>

enum { BUCKET = 4 /* slots that a source may fall into */ };

typedef struct lite_slot {
  weft_time at;   /* 0 with used false */
  uint64_t local; /* hash */
  uint8_t key[WEFT_ICE_LITE_KEY_LEN];
  uint8_t ip[16];
  uint32_t scope;
  uint16_t port;
  uint8_t family;
  bool used;
} lite_slot;

_Static_assert(sizeof(lite_slot) <= 64, "ice.h promises 64 bytes");

struct weft_ice_lite {
  weft_alloc alloc;
  weft_ice_lite_config cfg;
  weft_ice_lite_callbacks cb;
  void *user;
  uint8_t key[16];
  lite_slot *slots;
  size_t buckets;
  weft_time now;
  weft_ice_lite_stats stats;
};

void weft_ice_lite_config_init(weft_ice_lite_config *c, size_t size) {
  weft_ice_lite_config d = {.size = sizeof d, .slots = 4096, .slot_life = WEFT_SEC(30)};
  memset(c, 0, size);
  weft_sized_copy(c, size, &d);
}

static size_t table_bytes(const weft_ice_lite *l) { return l->buckets * BUCKET * sizeof *l->slots; }

void weft_ice_lite_free(weft_ice_lite *l) {
  if (l == NULL) return;
  weft_alloc a = l->alloc;
  weft_mem_free(&a, l->slots, table_bytes(l));
  weft_wipe(l->key, sizeof l->key);
  weft_mem_free(&a, l, sizeof *l);
}

int weft_ice_lite_new(weft_ice_lite **out, const weft_ice_lite_config *cfg, const weft_ice_lite_callbacks *cb,
                      void *user) {
  weft_ice_lite_config full;
  weft_ice_lite_config_default(&full);
  weft_sized_copy(&full, sizeof full, cfg);
  assert(full.rng.fill != NULL);
  const weft_alloc *alloc = weft_alloc_or_libc(full.alloc);
  *out = NULL;
  weft_ice_lite *l = weft_mem_new(alloc, sizeof *l);
  if (l == NULL) return WEFT_ENOMEM;
  l->alloc = *alloc;
  l->cfg = full;
  l->user = user;
  weft_sized_copy(&l->cb, sizeof l->cb, cb);
  assert(l->cb.output != NULL && l->cb.password != NULL && l->cb.binding != NULL);
  l->buckets = full.slots < BUCKET ? 1 : full.slots / BUCKET;
  l->slots = weft_mem_new(alloc, table_bytes(l));
  int rc = l->slots == NULL                                          ? WEFT_ENOMEM
           : full.rng.fill(full.rng.ctx, l->key, sizeof l->key) != 0 ? WEFT_ERANDOM
                                                                     : WEFT_OK;
  if (rc == WEFT_OK)
    *out = l;
  else
    weft_ice_lite_free(l);
  return rc;
}

static void trace(const weft_ice_lite *l, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len) {
  if (l->cfg.trace.fn == NULL) return;
  weft_trace t = {.kind = kind, .layer = "ice", .text = text, .data = data, .len = len, .now = l->now};
  l->cfg.trace.fn(l->cfg.trace.user, &t);
}

static int drop(weft_ice_lite *l, uint64_t *counter, const char *name, const uint8_t *data, size_t len) {
  ++*counter;
  trace(l, WEFT_TRACE_DROP, name, data, len);
  return WEFT_OK;
}

/* ---- the table ---- */

static uint64_t addr_hash(const weft_ice_lite *l, const weft_addr *a) {
  uint8_t b[1 + 16 + 2 + 4];
  weft_wr w;
  weft_wr_init(&w, b, sizeof b);
  weft_wr_u8(&w, a->family);
  weft_wr_bytes(&w, a->ip, sizeof a->ip);
  weft_wr_u16(&w, a->port);
  weft_wr_u32(&w, a->scope);
  return weft_siphash64(l->key, b, sizeof b);
}

static bool slot_is(const lite_slot *s, uint64_t local, const weft_addr *remote) {
  return s->used && s->local == local && s->port == remote->port && s->family == remote->family &&
         s->scope == remote->scope && memcmp(s->ip, remote->ip, sizeof s->ip) == 0;
}

static bool slot_counts(const weft_ice_lite *l, const lite_slot *s, weft_time now) {
  return s->used && weft_time_since(now, s->at) < l->cfg.slot_life;
}

/* The bucket depends on the source alone and the key is secret: nobody can aim at another's slot. */
static lite_slot *bucket_of(const weft_ice_lite *l, const weft_addr *remote) {
  return l->slots + addr_hash(l, remote) % l->buckets * BUCKET;
}

static lite_slot *slot_for(weft_ice_lite *l, uint64_t local, const weft_addr *remote) {
  lite_slot *bucket = bucket_of(l, remote), *oldest = bucket;
  for (size_t i = 0; i < BUCKET; i++) {
    lite_slot *s = &bucket[i];
    if (slot_is(s, local, remote)) return s;
    if (oldest->used && (!s->used || s->at < oldest->at)) oldest = s;
  }
  if (slot_counts(l, oldest, l->now)) l->stats.overwritten++;
  return oldest;
}

static void remember(weft_ice_lite *l, const weft_ice_lite_binding *b) {
  uint64_t local = addr_hash(l, b->local);
  lite_slot *s = slot_for(l, local, b->remote);
  *s = (lite_slot){.at = l->now,
                   .local = local,
                   .scope = b->remote->scope,
                   .port = b->remote->port,
                   .family = b->remote->family,
                   .used = true};
  memcpy(s->key, b->key, sizeof s->key);
  memcpy(s->ip, b->remote->ip, sizeof s->ip);
}

int weft_ice_lite_lookup(const weft_ice_lite *l, const weft_addr *local, const weft_addr *remote, weft_time now,
                         uint8_t key[WEFT_ICE_LITE_KEY_LEN]) {
  uint64_t local_hash = addr_hash(l, local);
  const lite_slot *bucket = bucket_of(l, remote);
  for (size_t i = 0; i < BUCKET; i++) {
    if (!slot_is(&bucket[i], local_hash, remote) || !slot_counts(l, &bucket[i], weft_time_max(l->now, now))) continue;
    memcpy(key, bucket[i].key, WEFT_ICE_LITE_KEY_LEN);
    return WEFT_OK;
  }
  return WEFT_ENOTFOUND;
}

/* ---- requests ---- */

/* "server:client", split at the first colon; ice-chars only, so that nothing else reaches what is made from it. */
static bool split_username(const weft_ice_lite *l, const weft_stun_msg *m, weft_ice_lite_binding *b) {
  weft_stun_attr a;
  if (weft_stun_find(m, WEFT_STUN_USERNAME, &a) != WEFT_OK) return false;
  const uint8_t *colon = a.len == 0 ? NULL : memchr(a.value, ':', a.len);
  if (colon == NULL) return false;
  b->server_ufrag = (const char *)a.value;
  b->server_len = (size_t)(colon - a.value);
  b->client_ufrag = (const char *)colon + 1;
  b->client_len = a.len - b->server_len - 1;
  weft_siphash128(b->key, l->key, a.value, a.len);
  return weft_ice_cred_valid(b->server_ufrag, b->server_len, WEFT_ICE_UFRAG_MIN) &&
         weft_ice_cred_valid(b->client_ufrag, b->client_len, WEFT_ICE_UFRAG_MIN);
}

static int answer(weft_ice_lite *l, const weft_stun_msg *m, const weft_ice_lite_binding *b, const uint8_t *key,
                  size_t key_len) {
  uint8_t buf[96];
  weft_stun_writer w;
  size_t len;
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_SUCCESS, WEFT_STUN_BINDING, m->txid);
  weft_stun_put_xor_address(&w, WEFT_STUN_XOR_MAPPED_ADDRESS, b->remote);
  weft_stun_put_integrity(&w, key, key_len);
  weft_stun_put_fingerprint(&w);
  if (weft_stun_end(&w, &len) != WEFT_OK || len > m->len) return WEFT_ETOOBIG; /* never more out than in */
  l->stats.answers++;
  l->stats.bytes_out += len;
  trace(l, WEFT_TRACE_OUT, NULL, buf, len);
  (void)l->cb.output(l->user, b->local, b->remote, buf, len, l->now);
  return WEFT_OK;
}

static bool is_request(const weft_stun_msg *m) {
  return m->cls == WEFT_STUN_REQUEST && m->method == WEFT_STUN_BINDING && weft_stun_check_fingerprint(m) >= 0 &&
         weft_stun_unknown(m, NULL, 0, NULL, 0) == 0;
}

static int take_request(weft_ice_lite *l, const weft_stun_msg *m, weft_ice_lite_binding *b) {
  weft_stun_attr a;
  const uint8_t *key = NULL;
  size_t key_len = 0;
  if (!split_username(l, m, b)) return drop(l, &l->stats.drop_username, "drop_username", m->data, m->len);
  b->use_candidate = weft_stun_find(m, WEFT_STUN_USE_CANDIDATE, &a) == WEFT_OK;
  if (l->cb.password(l->user, b, &key, &key_len) != WEFT_OK)
    return drop(l, &l->stats.drop_refused, "drop_refused", m->data, m->len);
  if (weft_stun_check_integrity(m, key, key_len) != WEFT_OK)
    return drop(l, &l->stats.drop_integrity, "drop_integrity", m->data, m->len);
  if (answer(l, m, b, key, key_len) != WEFT_OK)
    return drop(l, &l->stats.drop_malformed, "drop_malformed", m->data, m->len);
  remember(l, b);
  l->cb.binding(l->user, b, l->now);
  return WEFT_OK;
}

int weft_ice_lite_input(weft_ice_lite *l, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                        size_t len, weft_time now) {
  weft_stun_msg m;
  weft_ice_lite_binding b = {.local = local, .remote = remote};
  l->now = weft_time_max(l->now, now);
  l->stats.bytes_in += len;
  trace(l, WEFT_TRACE_IN, NULL, data, len);
  if (remote->port == 0 || !weft_stun_is(data, len) || weft_stun_parse(&m, data, len) != WEFT_OK || !is_request(&m))
    return drop(l, &l->stats.drop_malformed, "drop_malformed", data, len);
  l->stats.requests++;
  return take_request(l, &m, &b);
}

void weft_ice_lite_get_stats(const weft_ice_lite *l, weft_ice_lite_stats *s) {
  size_t size = s->size;
  weft_ice_lite_stats full = l->stats;
  full.size = sizeof full;
  weft_sized_copy(s, size, &full);
}
