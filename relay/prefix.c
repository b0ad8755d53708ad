/* Networks: an IPv4 address, or an IPv6 /56 (what one household is given: RIPE-690; go-libp2p's resource manager counts
 * by it too). How many reservations a network holds, and how many were issued to it lately, whoever gave them back. */
#include <string.h>

#include "base/mem.h"
#include "base/timer.h"
#include "relay/relay_int.h"

enum { IDLE_MAX = 4096, ISSUE_WINDOW = 60 /* seconds */ };

/* False: no address. */
static bool key_of(uint8_t key[8], const weft_addr *a) {
  memset(key, 0, 8);
  if (!a || (a->family != WEFT_AF_IP4 && a->family != WEFT_AF_IP6)) return false;
  bool mapped = weft_addr_is_v4_mapped(a);
  bool v4 = mapped || a->family == WEFT_AF_IP4;
  key[0] = v4 ? WEFT_AF_IP4 : WEFT_AF_IP6;
  memcpy(key + 1, a->ip + (mapped ? 12 : 0), v4 ? 4 : 7);
  return true;
}

static void destroy(weft_relay_server *r, weft_relay_prefix *p) {
  if (!weft_list_empty(&p->idle)) r->idle_prefixes_len--;
  weft_list_remove(&p->idle);
  weft_relay_table_remove(&r->prefixes, &p->node);
  weft_mem_free(&r->alloc, p, sizeof *p);
}

static weft_relay_prefix *oldest_idle(const weft_relay_server *r) {
  return WEFT_LIST_ITEM(r->idle_prefixes.next, weft_relay_prefix, idle);
}

/* What is remembered of networks that are away is bounded, and forgotten when it says nothing any more. */
static void forget_idle(weft_relay_server *r) {
  while (!weft_list_empty(&r->idle_prefixes)) {
    weft_relay_prefix *p = oldest_idle(r);
    if (p->issue_at > r->now && r->idle_prefixes_len <= IDLE_MAX) break;
    destroy(r, p);
  }
}

static weft_relay_prefix *find(const weft_relay_server *r, const uint8_t key[8], uint64_t hash) {
  for (weft_relay_node *n = weft_relay_table_first(&r->prefixes, hash); n; n = weft_relay_node_next(n)) {
    weft_relay_prefix *p = WEFT_LIST_ITEM(n, weft_relay_prefix, node);
    if (memcmp(p->key, key, sizeof p->key) == 0) return p;
  }
  return NULL;
}

static weft_relay_prefix *create(weft_relay_server *r, const uint8_t key[8], uint64_t hash) {
  weft_relay_prefix *p = weft_mem_new(&r->alloc, sizeof *p);
  if (!p) return NULL;
  memcpy(p->key, key, sizeof p->key);
  weft_list_init(&p->idle);
  if (weft_relay_table_add(&r->prefixes, &r->alloc, &p->node, hash) == WEFT_OK) return p;
  weft_mem_free(&r->alloc, p, sizeof *p);
  return NULL;
}

/* Peers without an address (pipes, tests) are one network. */
weft_relay_prefix *weft_relay_prefix_enter(weft_relay_server *r, const weft_addr *addr) {
  uint8_t key[8];
  key_of(key, addr);
  uint64_t hash = weft_relay_hash_bytes(key, sizeof key);
  weft_relay_prefix *p = find(r, key, hash);
  if (!p) p = create(r, key, hash);
  if (!p) return NULL;
  if (!weft_list_empty(&p->idle)) r->idle_prefixes_len--;
  weft_list_remove(&p->idle);
  p->peers++;
  forget_idle(r);
  return p;
}

void weft_relay_prefix_leave(weft_relay_server *r, weft_relay_prefix *p) {
  if (--p->peers > 0) return;
  weft_list_push_back(&r->idle_prefixes, &p->idle);
  r->idle_prefixes_len++;
  if (p->issue_at <= r->now) destroy(r, p);
  forget_idle(r);
}

bool weft_relay_bucket_take(weft_time *empty_at, uint64_t size, weft_time window, weft_time now) {
  if (size == 0) return true;
  weft_time each = window / size > 0 ? window / size : 1;
  weft_time at = weft_time_max(*empty_at, now);
  if (at - now > window - each) return false;
  *empty_at = weft_time_add(at, each);
  return true;
}

bool weft_relay_prefix_issue(weft_relay_server *r, weft_relay_prefix *p) {
  uint64_t size = (uint64_t)r->cfg.max_reservations_per_ip * r->cfg.issue_factor;
  return weft_relay_bucket_take(&p->issue_at, size, WEFT_SEC(ISSUE_WINDOW), r->now);
}

void weft_relay_prefix_free_all(weft_relay_server *r) {
  while (!weft_list_empty(&r->idle_prefixes)) destroy(r, oldest_idle(r));
}
