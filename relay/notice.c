/* Events wait as bits in the records they are about, so that telling them never allocates, however many there are. */
#include "base/mem.h"
#include "relay/relay_int.h"

void weft_relay_item_init(weft_relay_item *i, weft_relay_kind kind) {
  i->kind = (uint8_t)kind;
  weft_list_init(&i->tell);
  weft_list_init(&i->grave);
}

void weft_relay_notice(weft_relay_server *r, weft_relay_item *i, weft_relay_server_event_type type) {
  if (i->due == 0) weft_list_push_back(&r->telling, &i->tell);
  i->due |= (uint8_t)(1u << type);
}

void weft_relay_bury(weft_relay_server *r, weft_relay_item *i) {
  if (i->gone) return;
  i->gone = true;
  weft_list_push_back(&r->graves, &i->grave);
}

static weft_relay_bytes id_bytes(const weft_peer_id *id) { return (weft_relay_bytes){id->bytes, id->len}; }

static void describe_peer(const weft_relay_peer *p, weft_relay_server_event *ev) {
  ev->peer = id_bytes(&p->id);
  if (ev->type == WEFT_RELAY_SERVER_EXPIRED) ev->reason = p->expired_why;
  if (ev->type != WEFT_RELAY_SERVER_RESERVED) return;
  ev->renewed = p->renewed;
  ev->expire = p->expire;
}

static void describe_stream(const weft_relay_stream *s, weft_relay_server_event *ev) {
  ev->peer = id_bytes(&s->peer->id);
  ev->target = id_bytes(&s->target);
  ev->status = s->refused;
  ev->reason = s->why;
}

static void describe_circuit(const weft_relay_circuit *c, weft_relay_server_event *ev) {
  ev->peer = id_bytes(&c->ids[0]);
  ev->target = id_bytes(&c->ids[1]);
  if (ev->type != WEFT_RELAY_SERVER_CIRCUIT_CLOSED) return;
  ev->bytes_there = c->bytes[0];
  ev->bytes_back = c->bytes[1];
  ev->reason = c->why;
}

static void describe(const weft_relay_item *i, weft_relay_server_event *ev) {
  switch ((weft_relay_kind)i->kind) {
  case WEFT_RELAY_ITEM_PEER: describe_peer(WEFT_LIST_ITEM(i, weft_relay_peer, item), ev); break;
  case WEFT_RELAY_ITEM_STREAM: describe_stream(WEFT_LIST_ITEM(i, weft_relay_stream, item), ev); break;
  case WEFT_RELAY_ITEM_CIRCUIT: describe_circuit(WEFT_LIST_ITEM(i, weft_relay_circuit, item), ev); break;
  }
}

/* The lowest bit first: a reservation begins before it ends, and so does a circuit. */
static void tell_one(weft_relay_server *r, weft_relay_item *i) {
  weft_relay_server_event ev = {.type = WEFT_RELAY_SERVER_RESERVED};
  unsigned type = 1;
  while (!(i->due >> type & 1)) type++;
  i->due = (uint8_t)(i->due & ~(1u << type));
  ev.type = (weft_relay_server_event_type)type;
  describe(i, &ev);
  if (i->due == 0) weft_list_remove(&i->tell);
  if (r->cb.event) r->cb.event(r->user, &ev, r->now);
}

void weft_relay_tell(weft_relay_server *r) {
  while (!weft_list_empty(&r->telling) && !r->q.free_pending)
    tell_one(r, WEFT_LIST_ITEM(r->telling.next, weft_relay_item, tell));
}

static void give_back(weft_relay_server *r, weft_relay_item *i) {
  switch ((weft_relay_kind)i->kind) {
  case WEFT_RELAY_ITEM_PEER:
    weft_mem_free(&r->alloc, WEFT_LIST_ITEM(i, weft_relay_peer, item), sizeof(weft_relay_peer));
    break;
  case WEFT_RELAY_ITEM_STREAM:
    weft_mem_free(&r->alloc, WEFT_LIST_ITEM(i, weft_relay_stream, item), sizeof(weft_relay_stream));
    break;
  case WEFT_RELAY_ITEM_CIRCUIT:
    weft_mem_free(&r->alloc, WEFT_LIST_ITEM(i, weft_relay_circuit, item), sizeof(weft_relay_circuit));
    break;
  }
}

void weft_relay_clear_graves(weft_relay_server *r) {
  while (!weft_list_empty(&r->graves)) {
    weft_relay_item *i = WEFT_LIST_ITEM(r->graves.next, weft_relay_item, grave);
    weft_list_remove(&i->grave);
    weft_list_remove(&i->tell);
    give_back(r, i);
  }
}
