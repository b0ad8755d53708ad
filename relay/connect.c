/* CONNECT: from the dialer's request to the target's answer (libp2p specs relay/circuit-v2.md, "Circuit opening"). */
#include <string.h>

#include "base/mem.h"
#include "base/timer.h"
#include "relay/relay_int.h"

enum { CONNECT_BURST = 16 /* seconds' worth of circuits may begin at once */ };

static bool full(uint32_t used, uint32_t limit) { return limit != 0 && used >= limit; }

/* The youngest reservation of the peer: an older connection may be one that nobody has noticed the end of. */
static weft_relay_peer *reserved_peer(const weft_relay_who *w) {
  for (weft_list *n = w->peers.prev; n != &w->peers; n = n->prev) {
    weft_relay_peer *p = WEFT_LIST_ITEM(n, weft_relay_peer, same);
    if (p->has_reservation) return p;
  }
  return NULL;
}

static const char *why_not(const weft_relay_server *r, const weft_relay_stream *s, weft_relay_peer **target,
                           int *status) {
  const weft_relay_peer *p = s->peer;
  *status = WEFT_RELAY_PERMISSION_DENIED;
  if (p->relayed) return "a circuit over a relayed connection";
  if (weft_peer_id_equal(&p->id, &s->target)) return "a circuit of a peer to itself";
  if (r->cfg.allow && !r->cfg.allow(r->cfg.allow_user, p->id.bytes, p->id.len)) return "the peer is not allowed";
  *status = WEFT_RELAY_NO_RESERVATION;
  weft_relay_who *w = weft_relay_who_find(r, s->target.bytes, s->target.len);
  *target = w ? reserved_peer(w) : NULL;
  if (!*target) return "the target has no reservation";
  *status = WEFT_RELAY_RESOURCE_LIMIT_EXCEEDED;
  if (full(r->circuits, r->cfg.max_circuits)) return "too many circuits";
  if (full(p->who->circuits, r->cfg.max_circuits_per_peer)) return "too many circuits of the dialer";
  if (full(w->circuits, r->cfg.max_circuits_per_peer)) return "too many circuits of the target";
  uint64_t burst = (uint64_t)r->cfg.connects_per_second * CONNECT_BURST;
  if (!weft_relay_bucket_take(&w->asked_at, burst, WEFT_SEC(CONNECT_BURST), r->now))
    return "too many circuits to the target in a short time";
  return NULL;
}

static weft_relay_circuit *circuit_new(weft_relay_server *r, weft_relay_stream *s, weft_relay_peer *target) {
  weft_relay_circuit *c = weft_mem_new(&r->alloc, sizeof *c);
  if (!c) return NULL;
  weft_relay_item_init(&c->item, WEFT_RELAY_ITEM_CIRCUIT);
  weft_list_init(&c->timed);
  c->state = WEFT_RELAY_CONNECTING;
  c->whos[0] = s->peer->who;
  c->whos[1] = target->who;
  c->ids[0] = s->peer->id;
  c->ids[1] = target->id;
  c->whos[0]->circuits++;
  c->whos[1]->circuits++;
  r->circuits++;
  c->ends[0] = s;
  s->circuit = c;
  s->side = 0;
  c->deadline = weft_time_add(r->now, r->cfg.stop_limit);
  weft_list_push_back(&r->connecting, &c->timed);
  weft_relay_stream_set(r, s, WEFT_RELAY_WAITING);
  return c;
}

void weft_relay_connect_failed(weft_relay_server *r, weft_relay_circuit *c, const char *why) {
  weft_relay_circuit_over(r, c, why);
  if (c->ends[1]) weft_relay_stream_end(r, c->ends[1], true);
  weft_relay_stream *hop = c->ends[0];
  if (!hop) return;
  hop->circuit = NULL;
  c->ends[0] = NULL;
  weft_relay_stream_refuse(r, hop, WEFT_RELAY_CONNECTION_FAILED, why);
}

/* The callback may have ended the dialer, the target, or both. */
static void open_stop(weft_relay_server *r, weft_relay_circuit *c, weft_relay_peer *target) {
  uint32_t id = 0;
  if (r->cb.open_stop(r->user, target->conn, &id, r->now) != WEFT_OK) {
    if (c->state == WEFT_RELAY_CONNECTING) weft_relay_connect_failed(r, c, "no stream to the target could be opened");
    return;
  }
  bool over = c->state != WEFT_RELAY_CONNECTING, away = target->item.gone;
  weft_relay_stream *s = over || away ? NULL : weft_relay_stream_new(r, target, id, WEFT_RELAY_OPENING);
  if (!s) {
    if (!away) r->cb.reset(r->user, target->conn, id, r->now);
    if (c->state == WEFT_RELAY_CONNECTING)
      weft_relay_connect_failed(r, c, away ? "the target's connection ended" : "no memory for the circuit");
    return;
  }
  s->side = 1;
  s->circuit = c;
  c->ends[1] = s;
}

void weft_relay_connect(weft_relay_server *r, weft_relay_stream *s, const weft_relay_message *m) {
  weft_relay_peer *target = NULL;
  int status;
  if (!m->has_peer || weft_peer_id_from_bytes(&s->target, m->peer_id.data, m->peer_id.len) != WEFT_OK) {
    weft_relay_stream_refuse(r, s, WEFT_RELAY_MALFORMED_MESSAGE, "CONNECT to something that is no peer id");
    return;
  }
  const char *bad = why_not(r, s, &target, &status);
  if (bad) {
    weft_relay_stream_refuse(r, s, status, bad);
    return;
  }
  weft_relay_circuit *c = circuit_new(r, s, target);
  if (c)
    open_stop(r, c, target);
  else
    weft_relay_stream_refuse(r, s, WEFT_RELAY_RESOURCE_LIMIT_EXCEEDED, "no memory for the circuit");
}

void weft_relay_stop_ask(weft_relay_server *r, weft_relay_stream *s) {
  weft_relay_circuit *c = s->circuit;
  weft_relay_message m = {.type = WEFT_RELAY_STOP_CONNECT, .status = -1, .has_peer = true};
  uint8_t out[256];
  size_t len;
  m.peer_id = (weft_relay_bytes){c->ids[0].bytes, c->ids[0].len};
  weft_relay_put_limit(r, &m);
  weft_relay_stream_set(r, s, WEFT_RELAY_ASKING);
  if (weft_relay_stop_encode(&m, out, sizeof out, &len) == WEFT_OK && weft_relay_stream_write(r, s, out, len)) return;
  if (c->state == WEFT_RELAY_CONNECTING) weft_relay_connect_failed(r, c, "the target could not be asked");
}

void weft_relay_stop_answer(weft_relay_server *r, weft_relay_stream *s, int rc) {
  weft_relay_circuit *c = s->circuit;
  weft_relay_message m;
  if (rc == WEFT_OK) rc = weft_relay_stop_decode(&m, s->reader.body, s->reader.want);
  if (rc != WEFT_OK)
    weft_relay_connect_failed(r, c, "the target's answer is malformed");
  else if (m.type != WEFT_RELAY_STOP_STATUS)
    weft_relay_connect_failed(r, c, "the target answered with something else than a status");
  else if (m.status != WEFT_RELAY_OK)
    weft_relay_connect_failed(r, c, "the target refused");
  else
    weft_relay_circuit_opened(r, c);
}
