/* The relay's entry points. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/timer.h"
#include "relay/relay_int.h"

void weft_relay_server_config_init(weft_relay_server_config *c, size_t size) {
  weft_relay_server_config d;
  memset(&d, 0, sizeof d);
  d.size = size < sizeof d ? size : sizeof d;
  d.max_reservations = 16;
  d.max_reservations_per_peer = 1;
  d.max_reservations_per_ip = 16;
  d.max_circuits = 32;
  d.max_circuits_per_peer = 4;
  d.circuit_seconds = 3600;
  d.circuit_bytes = UINT64_C(100) * 1024 * 1024;
  d.reservation_seconds = 3600;
  d.buffer = 16 * 1024;
  d.stop_limit = WEFT_SEC(10);
  d.hop_limit = WEFT_SEC(30);
  d.max_exchanges = 16;
  d.issue_factor = 4;
  d.connects_per_second = 64;
  memcpy(c, &d, d.size);
}

/* ---- life ---- */

static int check(const weft_relay_server_config *c) {
  if (!c->sign || !c->peer_id || !c->public_key || c->public_key_len == 0) return WEFT_EINVAL;
  if (c->buffer == 0 || c->stop_limit == 0 || c->hop_limit == 0 || c->max_exchanges == 0) return WEFT_EINVAL;
  return c->addrs_len > WEFT_RELAY_ADDRS_MAX ? WEFT_EINVAL : WEFT_OK;
}

static int copy_addrs(weft_relay_server *r, const weft_relay_server_config *cfg) {
  size_t at = 0, all = 0;
  for (size_t i = 0; i < cfg->addrs_len; i++) all += cfg->addrs[i].len;
  /* The rest of a reservation is its voucher: two thirds of a message are free for addresses. */
  if (all > WEFT_RELAY_MESSAGE_MAX * 2 / 3) return WEFT_ETOOBIG;
  if (all == 0) return WEFT_OK;
  r->addr_mem = weft_mem_new(&r->alloc, all);
  if (!r->addr_mem) return WEFT_ENOMEM;
  r->addr_mem_len = all;
  for (size_t i = 0; i < cfg->addrs_len; i++) {
    r->addrs[i] = (weft_relay_bytes){r->addr_mem + at, cfg->addrs[i].len};
    if (cfg->addrs[i].len > 0) memcpy(r->addr_mem + at, cfg->addrs[i].data, cfg->addrs[i].len);
    at += cfg->addrs[i].len;
  }
  return WEFT_OK;
}

static int set_up(weft_relay_server *r, const weft_relay_server_config *cfg) {
  if (check(&r->cfg) != WEFT_OK) return WEFT_EINVAL;
  if (weft_peer_id_from_bytes(&r->id, r->cfg.peer_id, r->cfg.peer_id_len) != WEFT_OK) return WEFT_EINVAL;
  int rc = copy_addrs(r, &r->cfg);
  if (rc != WEFT_OK) return rc;
  r->key = weft_mem_dup(&r->alloc, cfg->public_key, cfg->public_key_len);
  if (!r->key) return WEFT_ENOMEM;
  r->cfg.peer_id = NULL;
  r->cfg.public_key = NULL;
  r->cfg.addrs = NULL;
  return WEFT_OK;
}

static void init_lists(weft_relay_server *r) {
  weft_list *lists[] = {&r->reservations, &r->reading,       &r->connecting, &r->open,  &r->draining,
                        &r->blocked,      &r->idle_prefixes, &r->telling,    &r->graves};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(lists); i++) weft_list_init(lists[i]);
  weft_evq_init(&r->q, NULL, 0, 0);
}

static void give_back(weft_relay_server *r) {
  weft_alloc a = r->alloc;
  weft_relay_table *tables[] = {&r->peers, &r->whos, &r->prefixes, &r->streams};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(tables); i++) weft_relay_table_free(tables[i], &a);
  if (r->key) weft_mem_free(&a, r->key, r->cfg.public_key_len);
  weft_mem_free(&a, r->addr_mem, r->addr_mem_len);
  weft_mem_free(&a, r, sizeof *r);
}

int weft_relay_server_new(weft_relay_server **out, const weft_relay_server_config *cfg,
                          const weft_relay_server_callbacks *cb, void *user) {
  assert(out && cfg && cb && cb->open_stop && cb->output && cb->shutdown && cb->reset);
  const weft_alloc *alloc = weft_alloc_or_libc(cfg->alloc);
  weft_relay_server *r = weft_mem_new(alloc, sizeof *r);
  if (!r) return WEFT_ENOMEM;
  r->alloc = *alloc;
  r->user = user;
  init_lists(r);
  weft_relay_server_config_default(&r->cfg);
  weft_sized_copy(&r->cfg, sizeof r->cfg, cfg);
  weft_sized_copy(&r->cb, sizeof r->cb, cb);
  int rc = set_up(r, cfg);
  if (rc != WEFT_OK) {
    give_back(r);
    return rc;
  }
  *out = r;
  return WEFT_OK;
}

static ptrdiff_t swallow(void *user, void *conn, uint32_t stream, const uint8_t *data, size_t len, weft_time now) {
  (void)user, (void)conn, (void)stream, (void)data, (void)now;
  return (ptrdiff_t)len;
}

static void ignore(void *user, void *conn, uint32_t stream, weft_time now) {
  (void)user, (void)conn, (void)stream, (void)now;
}

static void destroy(weft_relay_server *r) {
  r->cb.output = swallow;
  r->cb.shutdown = r->cb.reset = ignore;
  r->cb.consumed = NULL;
  for (size_t i = 0; i < r->peers.cap; i++)
    while (r->peers.slots[i]) weft_relay_peer_end(r, WEFT_LIST_ITEM(r->peers.slots[i], weft_relay_peer, node));
  weft_relay_clear_graves(r);
  weft_relay_prefix_free_all(r);
  give_back(r);
}

static void enter(weft_relay_server *r, weft_time now) {
  weft_evq_enter(&r->q);
  r->now = weft_time_max(r->now, now);
}

static void leave(weft_relay_server *r) {
  if (weft_evq_outermost(&r->q)) {
    weft_relay_tell(r);
    weft_relay_clear_graves(r);
  }
  if (weft_evq_leave(&r->q)) destroy(r);
}

void weft_relay_server_free(weft_relay_server *r) {
  if (!r) return;
  weft_evq_enter(&r->q);
  r->q.free_pending = true;
  if (weft_evq_leave(&r->q)) destroy(r);
}

/* ---- connections and streams ---- */

int weft_relay_server_peer(weft_relay_server *r, void *conn, const uint8_t *peer_id, size_t len, const weft_addr *addr,
                           bool relayed, weft_time now) {
  weft_peer_id id;
  if (weft_peer_id_from_bytes(&id, peer_id, len) != WEFT_OK) return WEFT_EINVAL;
  if (weft_relay_peer_find(r, conn)) return WEFT_ESTATE;
  enter(r, now);
  int rc = weft_relay_peer_begin(r, conn, &id, addr, relayed);
  leave(r);
  return rc;
}

int weft_relay_server_peer_gone(weft_relay_server *r, void *conn, weft_time now) {
  weft_relay_peer *p = weft_relay_peer_find(r, conn);
  if (!p) return WEFT_ENOTFOUND;
  enter(r, now);
  weft_relay_peer_end(r, p);
  leave(r);
  return WEFT_OK;
}

int weft_relay_server_stream(weft_relay_server *r, void *conn, uint32_t stream, weft_time now) {
  weft_relay_peer *p = weft_relay_peer_find(r, conn);
  int rc = WEFT_OK;
  if (!p) return WEFT_ENOTFOUND;
  if (weft_relay_stream_find(r, conn, stream)) return WEFT_ESTATE;
  enter(r, now);
  if (p->exchanges >= r->cfg.max_exchanges)
    rc = WEFT_ELIMIT;
  else if (!weft_relay_stream_new(r, p, stream, WEFT_RELAY_READING))
    rc = WEFT_ENOMEM;
  if (rc != WEFT_OK) r->cb.reset(r->user, conn, stream, r->now);
  leave(r);
  return rc;
}

int weft_relay_server_stop_ready(weft_relay_server *r, void *conn, uint32_t stream, weft_time now) {
  weft_relay_stream *s = weft_relay_stream_find(r, conn, stream);
  if (!s) return WEFT_ENOTFOUND;
  if (s->state != WEFT_RELAY_OPENING) return WEFT_ESTATE;
  enter(r, now);
  weft_relay_stop_ask(r, s);
  leave(r);
  return WEFT_OK;
}

static void hop_message(weft_relay_server *r, weft_relay_stream *s, int rc) {
  weft_relay_message m;
  if (rc == WEFT_ENOMEM) {
    weft_relay_stream_end(r, s, true);
    return;
  }
  if (rc == WEFT_OK) rc = weft_relay_hop_decode(&m, s->reader.body, s->reader.want);
  if (rc != WEFT_OK)
    weft_relay_stream_refuse(r, s, WEFT_RELAY_MALFORMED_MESSAGE,
                             rc == WEFT_ETOOBIG ? "a message of more than 4,096 bytes" : "a malformed message");
  else if (m.type == WEFT_RELAY_HOP_RESERVE)
    weft_relay_reserve(r, s);
  else if (m.type == WEFT_RELAY_HOP_CONNECT)
    weft_relay_connect(r, s, &m);
  else if (m.type == -1)
    weft_relay_stream_refuse(r, s, WEFT_RELAY_MALFORMED_MESSAGE, "a message without a type");
  else
    weft_relay_stream_refuse(r, s, WEFT_RELAY_UNEXPECTED_MESSAGE, "a message that is neither RESERVE nor CONNECT");
}

static size_t read_message(weft_relay_server *r, weft_relay_stream *s, const uint8_t *data, size_t len) {
  size_t taken;
  int rc = weft_relay_reader_input(&s->reader, &r->alloc, data, len, &taken);
  weft_relay_stream_consumed(r, s, taken);
  if (rc == WEFT_EAGAIN || s->item.gone) return taken;
  if (s->state == WEFT_RELAY_READING)
    hop_message(r, s, rc);
  else
    weft_relay_stop_answer(r, s, rc);
  if (!s->item.gone) weft_relay_reader_free(&s->reader, &r->alloc);
  return taken;
}

static size_t stream_input(weft_relay_server *r, weft_relay_stream *s, const uint8_t *data, size_t len) {
  switch (s->state) {
  case WEFT_RELAY_READING:
  case WEFT_RELAY_ASKING: return read_message(r, s, data, len);
  case WEFT_RELAY_WAITING:
  case WEFT_RELAY_RELAYING: return (size_t)weft_relay_circuit_input(r, s, data, len);
  case WEFT_RELAY_OPENING: weft_relay_connect_failed(r, s->circuit, "the target spoke before it was asked"); return len;
  case WEFT_RELAY_DRAINING: weft_relay_stream_consumed(r, s, len); return len;
  }
  return len;
}

ptrdiff_t weft_relay_server_input(weft_relay_server *r, void *conn, uint32_t stream, const uint8_t *data, size_t len,
                                  weft_time now) {
  weft_relay_stream *s = weft_relay_stream_find(r, conn, stream);
  size_t at = 0, n = 1;
  if (!s) return WEFT_ENOTFOUND;
  if (s->ended || r->q.depth > 0) return WEFT_ESTATE;
  enter(r, now);
  while (at < len && n > 0 && !s->item.gone) {
    n = stream_input(r, s, data + at, len - at);
    at += n;
  }
  if (s->item.gone) at = len;
  leave(r);
  return (ptrdiff_t)at;
}

static void end_of_input(weft_relay_server *r, weft_relay_stream *s) {
  s->ended = true;
  switch (s->state) {
  case WEFT_RELAY_READING: weft_relay_stream_end(r, s, true); break;
  case WEFT_RELAY_WAITING: break; /* goes to the target when there is one */
  case WEFT_RELAY_OPENING:
  case WEFT_RELAY_ASKING: weft_relay_connect_failed(r, s->circuit, "the target ended the stream"); break;
  case WEFT_RELAY_RELAYING: weft_relay_circuit_pump(r, s->circuit); break;
  case WEFT_RELAY_DRAINING: weft_relay_stream_flush(r, s); break;
  }
}

int weft_relay_server_input_end(weft_relay_server *r, void *conn, uint32_t stream, weft_time now) {
  weft_relay_stream *s = weft_relay_stream_find(r, conn, stream);
  if (!s) return WEFT_ENOTFOUND;
  enter(r, now);
  if (!s->ended) end_of_input(r, s);
  leave(r);
  return WEFT_OK;
}

int weft_relay_server_gone(weft_relay_server *r, void *conn, uint32_t stream, weft_time now) {
  weft_relay_stream *s = weft_relay_stream_find(r, conn, stream);
  if (!s) return WEFT_ENOTFOUND;
  enter(r, now);
  weft_relay_stream_lost(r, s, s->side == 0 ? "the dialer reset it" : "the target reset it");
  leave(r);
  return WEFT_OK;
}

static void flush(weft_relay_server *r, weft_relay_stream *s) {
  if (weft_relay_stream_flush(r, s) && s->circuit && s->circuit->state == WEFT_RELAY_OPEN)
    weft_relay_circuit_pump(r, s->circuit);
}

int weft_relay_server_writable(weft_relay_server *r, void *conn, uint32_t stream, weft_time now) {
  weft_relay_stream *s = weft_relay_stream_find(r, conn, stream);
  if (!s) return WEFT_ENOTFOUND;
  enter(r, now);
  flush(r, s);
  leave(r);
  return WEFT_OK;
}

/* ---- time ---- */

static weft_relay_stream *first_stream(const weft_list *l) {
  return weft_list_empty(l) ? NULL : WEFT_LIST_ITEM(l->next, weft_relay_stream, timed);
}

static weft_relay_circuit *first_circuit(const weft_list *l) {
  return weft_list_empty(l) ? NULL : WEFT_LIST_ITEM(l->next, weft_relay_circuit, timed);
}

static weft_relay_peer *first_reservation(const weft_relay_server *r) {
  return weft_list_empty(&r->reservations) ? NULL : WEFT_LIST_ITEM(r->reservations.next, weft_relay_peer, reserved);
}

static void end_late_streams(weft_relay_server *r, weft_list *l) {
  for (weft_relay_stream *s; (s = first_stream(l)) && weft_time_due(s->deadline, r->now);)
    weft_relay_stream_end(r, s, true);
}

static void run_timers(weft_relay_server *r) {
  weft_relay_circuit *c;
  weft_relay_peer *p;
  while ((p = first_reservation(r)) && weft_time_due(p->expires_at, r->now))
    weft_relay_unreserve(r, p, "its time is over");
  while ((c = first_circuit(&r->open)) && weft_time_due(c->deadline, r->now))
    weft_relay_circuit_cut(r, c, "time limit");
  while ((c = first_circuit(&r->connecting)) && weft_time_due(c->deadline, r->now))
    weft_relay_connect_failed(r, c, "the target did not answer in time");
  end_late_streams(r, &r->reading);
  end_late_streams(r, &r->draining);
}

/* Everything that waits is offered once. */
static void flush_all(weft_relay_server *r) {
  weft_list waiting;
  if (weft_list_empty(&r->blocked)) return;
  weft_list_insert_before(r->blocked.next, &waiting);
  weft_list_remove(&r->blocked);
  while (!weft_list_empty(&waiting)) {
    weft_relay_stream *s = WEFT_LIST_ITEM(waiting.next, weft_relay_stream, blocked);
    weft_list_remove(&s->blocked);
    weft_relay_stream_note_blocked(r, s);
    flush(r, s);
  }
}

int weft_relay_server_tick(weft_relay_server *r, weft_time now) {
  enter(r, now);
  run_timers(r);
  flush_all(r);
  leave(r);
  return WEFT_OK;
}

weft_time weft_relay_server_deadline(const weft_relay_server *r) {
  const weft_list *streams[] = {&r->reading, &r->draining}, *circuits[] = {&r->connecting, &r->open};
  const weft_relay_peer *p = first_reservation(r);
  weft_time at = p ? p->expires_at : WEFT_NEVER;
  for (int i = 0; i < 2; i++) {
    const weft_relay_stream *s = first_stream(streams[i]);
    const weft_relay_circuit *c = first_circuit(circuits[i]);
    if (s) at = weft_time_min(at, s->deadline);
    if (c) at = weft_time_min(at, c->deadline);
  }
  return at;
}

void weft_relay_server_get_stats(const weft_relay_server *r, weft_relay_server_stats *s) {
  weft_relay_server_stats all = r->stats;
  all.size = sizeof all;
  weft_sized_copy(s, s->size, &all);
}
