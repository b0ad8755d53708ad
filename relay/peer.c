/* Connections of the relay, and the peer ids behind them. */
#include <string.h>

#include "base/mem.h"
#include "base/timer.h"
#include "relay/relay_int.h"

weft_relay_peer *weft_relay_peer_find(const weft_relay_server *r, const void *conn) {
  uint64_t hash = weft_relay_hash_stream(conn, 0);
  for (weft_relay_node *n = weft_relay_table_first(&r->peers, hash); n; n = weft_relay_node_next(n)) {
    weft_relay_peer *p = WEFT_LIST_ITEM(n, weft_relay_peer, node);
    if (p->conn == conn) return p;
  }
  return NULL;
}

weft_relay_who *weft_relay_who_find(const weft_relay_server *r, const uint8_t *id, size_t len) {
  uint64_t hash = weft_relay_hash_bytes(id, len);
  for (weft_relay_node *n = weft_relay_table_first(&r->whos, hash); n; n = weft_relay_node_next(n)) {
    weft_relay_who *w = WEFT_LIST_ITEM(n, weft_relay_who, node);
    if (w->id.len == len && memcmp(w->id.bytes, id, len) == 0) return w;
  }
  return NULL;
}

static weft_relay_who *who_get(weft_relay_server *r, const weft_peer_id *id) {
  weft_relay_who *w = weft_relay_who_find(r, id->bytes, id->len);
  if (w) return w;
  w = weft_mem_new(&r->alloc, sizeof *w);
  if (!w) return NULL;
  w->id = *id;
  weft_list_init(&w->peers);
  if (weft_relay_table_add(&r->whos, &r->alloc, &w->node, weft_relay_hash_bytes(id->bytes, id->len)) == WEFT_OK)
    return w;
  weft_mem_free(&r->alloc, w, sizeof *w);
  return NULL;
}

void weft_relay_who_put(weft_relay_server *r, weft_relay_who *w) {
  if (!weft_list_empty(&w->peers) || w->circuits > 0) return;
  weft_relay_table_remove(&r->whos, &w->node);
  weft_mem_free(&r->alloc, w, sizeof *w);
}

static weft_relay_peer *peer_new(weft_relay_server *r, void *conn, const weft_peer_id *id) {
  weft_relay_peer *p = weft_mem_new(&r->alloc, sizeof *p);
  if (!p) return NULL;
  weft_relay_item_init(&p->item, WEFT_RELAY_ITEM_PEER);
  weft_list_init(&p->same);
  weft_list_init(&p->reserved);
  weft_list_init(&p->streams);
  p->conn = conn;
  p->id = *id;
  p->expires_at = WEFT_NEVER;
  return p;
}

/* All or nothing. */
static int link_peer(weft_relay_server *r, weft_relay_peer *p, const weft_addr *addr) {
  p->who = who_get(r, &p->id);
  if (!p->who) return WEFT_ENOMEM;
  p->prefix = weft_relay_prefix_enter(r, addr);
  if (p->prefix &&
      weft_relay_table_add(&r->peers, &r->alloc, &p->node, weft_relay_hash_stream(p->conn, 0)) == WEFT_OK) {
    weft_list_push_back(&p->who->peers, &p->same);
    return WEFT_OK;
  }
  if (p->prefix) weft_relay_prefix_leave(r, p->prefix);
  weft_relay_who_put(r, p->who);
  return WEFT_ENOMEM;
}

int weft_relay_peer_begin(weft_relay_server *r, void *conn, const weft_peer_id *id, const weft_addr *addr,
                          bool relayed) {
  weft_relay_peer *p = peer_new(r, conn, id);
  if (!p) return WEFT_ENOMEM;
  p->relayed = relayed;
  if (link_peer(r, p, addr) != WEFT_OK) {
    weft_mem_free(&r->alloc, p, sizeof *p);
    return WEFT_ENOMEM;
  }
  r->stats.peers++;
  return WEFT_OK;
}

/* The connection is gone, so its streams are: nothing is said on them any more. */
static void end_streams(weft_relay_server *r, weft_relay_peer *p) {
  while (!weft_list_empty(&p->streams)) {
    weft_relay_stream *s = WEFT_LIST_ITEM(p->streams.next, weft_relay_stream, of_peer);
    weft_relay_stream_lost(r, s, "the connection of a peer ended");
  }
}

void weft_relay_peer_end(weft_relay_server *r, weft_relay_peer *p) {
  if (p->item.gone) return;
  weft_relay_table_remove(&r->peers, &p->node); /* nobody finds it, also not from a callback below */
  weft_relay_bury(r, &p->item);
  weft_relay_unreserve(r, p, "its connection ended");
  end_streams(r, p);
  weft_list_remove(&p->same);
  weft_relay_who_put(r, p->who);
  weft_relay_prefix_leave(r, p->prefix);
  p->who = NULL;
  p->prefix = NULL;
  r->stats.peers--;
}
