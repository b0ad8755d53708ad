#include "webrtc/routes.h"

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"

int weft_webrtc_routes_init(weft_webrtc_routes *r, const weft_alloc *alloc, size_t connections, const uint8_t key[16]) {
  *r = (weft_webrtc_routes){.alloc = alloc, .buckets = 16};
  memcpy(r->key, key, sizeof r->key);
  while (r->buckets < connections) r->buckets *= 2;
  r->by_address = weft_mem_new(alloc, r->buckets * sizeof(weft_webrtc_route *));
  r->by_key = weft_mem_new(alloc, r->buckets * sizeof(weft_webrtc *));
  return r->by_address && r->by_key ? WEFT_OK : WEFT_ENOMEM;
}

void weft_webrtc_routes_free(weft_webrtc_routes *r) {
  weft_mem_free(r->alloc, r->by_address, r->buckets * sizeof(weft_webrtc_route *));
  weft_mem_free(r->alloc, r->by_key, r->buckets * sizeof(weft_webrtc *));
  weft_wipe(r->key, sizeof r->key);
}

static void put_addr(weft_wr *w, const weft_addr *a) {
  weft_wr_u8(w, a->family);
  weft_wr_bytes(w, a->ip, sizeof a->ip);
  weft_wr_u16(w, a->port);
  weft_wr_u32(w, a->scope);
}

static weft_webrtc_route **bucket(const weft_webrtc_routes *r, const weft_addr *local, const weft_addr *remote) {
  uint8_t b[2 * (1 + 16 + 2 + 4)];
  weft_wr w;
  weft_wr_init(&w, b, sizeof b);
  put_addr(&w, local);
  put_addr(&w, remote);
  return &r->by_address[weft_siphash64(r->key, b, sizeof b) & (r->buckets - 1)];
}

/* The key is a keyed hash already. */
static weft_webrtc **key_bucket(const weft_webrtc_routes *r, const uint8_t key[WEFT_ICE_LITE_KEY_LEN]) {
  weft_rd rd;
  weft_rd_init(&rd, key, WEFT_ICE_LITE_KEY_LEN);
  return &r->by_key[weft_rd_u64(&rd) & (r->buckets - 1)];
}

static weft_webrtc_route **slot(const weft_webrtc_routes *r, const weft_addr *local, const weft_addr *remote) {
  weft_webrtc_route **at = bucket(r, local, remote);
  while (*at && !(weft_addr_equal(&(*at)->remote, remote) && weft_addr_equal(&(*at)->local, local))) at = &(*at)->next;
  return at;
}

weft_webrtc *weft_webrtc_routes_find(const weft_webrtc_routes *r, const weft_addr *local, const weft_addr *remote) {
  const weft_webrtc_route *e = *slot(r, local, remote);
  return e ? e->conn : NULL;
}

weft_webrtc *weft_webrtc_routes_find_key(const weft_webrtc_routes *r, const uint8_t key[WEFT_ICE_LITE_KEY_LEN]) {
  weft_webrtc *c = *key_bucket(r, key);
  while (c && memcmp(c->key, key, sizeof c->key) != 0) c = c->next_by_key;
  return c;
}

void weft_webrtc_routes_add_key(weft_webrtc_routes *r, weft_webrtc *c) {
  weft_webrtc **at = key_bucket(r, c->key);
  c->next_by_key = *at;
  *at = c;
}

int weft_webrtc_routes_add(weft_webrtc_routes *r, weft_webrtc *c, const weft_addr *local, const weft_addr *remote) {
  weft_webrtc_route **at = slot(r, local, remote), *e = *at;
  if (!e) {
    e = weft_mem_new(r->alloc, sizeof *e);
    if (!e) return WEFT_ENOMEM;
    *e = (weft_webrtc_route){.local = *local, .remote = *remote};
    weft_list_init(&e->node);
    *at = e;
  }
  weft_list_remove(&e->node);
  e->conn = c;
  weft_list_push_back(&c->routes, &e->node);
  return WEFT_OK;
}

void weft_webrtc_routes_drop(weft_webrtc_routes *r, const weft_addr *local, const weft_addr *remote) {
  weft_webrtc_route **at = slot(r, local, remote), *e = *at;
  if (!e) return;
  *at = e->next;
  weft_list_remove(&e->node);
  weft_mem_free(r->alloc, e, sizeof *e);
}

void weft_webrtc_routes_remove(weft_webrtc_routes *r, weft_webrtc *c) {
  while (!weft_list_empty(&c->routes)) {
    const weft_webrtc_route *e = WEFT_LIST_ITEM(c->routes.next, weft_webrtc_route, node);
    weft_addr local = e->local, remote = e->remote;
    weft_webrtc_routes_drop(r, &local, &remote);
  }
  weft_webrtc **at = key_bucket(r, c->key);
  while (*at && *at != c) at = &(*at)->next_by_key;
  if (*at) *at = c->next_by_key;
  c->next_by_key = NULL;
}
