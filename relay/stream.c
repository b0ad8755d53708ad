/* Streams of the relay: what waits for output, and how they end. */
#include <string.h>

#include "base/mem.h"
#include "base/timer.h"
#include "relay/relay_int.h"

weft_relay_stream *weft_relay_stream_find(const weft_relay_server *r, const void *conn, uint32_t stream) {
  uint64_t hash = weft_relay_hash_stream(conn, stream);
  for (weft_relay_node *n = weft_relay_table_first(&r->streams, hash); n; n = weft_relay_node_next(n)) {
    weft_relay_stream *s = WEFT_LIST_ITEM(n, weft_relay_stream, node);
    if (s->peer->conn == conn && s->id == stream) return s;
  }
  return NULL;
}

/* Against max_exchanges of its connection. */
static bool counts(const weft_relay_stream *s) {
  return s->inbound && s->state >= WEFT_RELAY_READING && s->state != WEFT_RELAY_RELAYING;
}

weft_relay_stream *weft_relay_stream_new(weft_relay_server *r, weft_relay_peer *p, uint32_t id,
                                         weft_relay_stream_state state) {
  weft_relay_stream *s = weft_mem_new(&r->alloc, sizeof *s);
  if (!s) return NULL;
  if (weft_relay_table_add(&r->streams, &r->alloc, &s->node, weft_relay_hash_stream(p->conn, id)) != WEFT_OK) {
    weft_mem_free(&r->alloc, s, sizeof *s);
    return NULL;
  }
  weft_relay_item_init(&s->item, WEFT_RELAY_ITEM_STREAM);
  weft_list_init(&s->timed);
  weft_list_init(&s->blocked);
  weft_list_push_back(&p->streams, &s->of_peer);
  s->peer = p;
  s->id = id;
  s->queue.cap = r->cfg.buffer;
  s->inbound = state == WEFT_RELAY_READING;
  weft_relay_stream_set(r, s, state);
  return s;
}

void weft_relay_stream_set(weft_relay_server *r, weft_relay_stream *s, weft_relay_stream_state state) {
  bool counted = counts(s);
  s->state = state;
  s->peer->exchanges += (uint32_t)counts(s) - (uint32_t)counted;
  s->deadline = WEFT_NEVER;
  weft_list_remove(&s->timed);
  if (state == WEFT_RELAY_READING) {
    s->deadline = weft_time_add(r->now, r->cfg.hop_limit);
    weft_list_push_back(&r->reading, &s->timed);
  } else if (state == WEFT_RELAY_DRAINING) {
    s->deadline = weft_time_add(r->now, r->cfg.stop_limit);
    weft_list_push_back(&r->draining, &s->timed);
  }
}

/* While the streams of a connection that is gone are ended one by one, callbacks on the others may reach those that are
 * left: nothing is said there any more. */
static bool speaks(const weft_relay_stream *s) { return !s->item.gone && !s->peer->item.gone; }

static void drop_message(weft_relay_server *r, weft_relay_stream *s) {
  weft_mem_free(&r->alloc, s->message, s->message_len);
  s->message = NULL;
  s->message_at = s->message_len = 0;
}

void weft_relay_stream_end(weft_relay_server *r, weft_relay_stream *s, bool reset) {
  if (s->item.gone) return;
  weft_relay_table_remove(&r->streams, &s->node);
  weft_list_remove(&s->of_peer);
  weft_list_remove(&s->timed);
  weft_list_remove(&s->blocked);
  if (counts(s)) s->peer->exchanges--;
  weft_relay_reader_free(&s->reader, &r->alloc);
  weft_relay_queue_free(&s->queue, &r->alloc);
  drop_message(r, s);
  if (s->circuit) s->circuit->ends[s->side] = NULL;
  s->circuit = NULL;
  weft_relay_bury(r, &s->item);
  if (reset && !s->peer->item.gone) r->cb.reset(r->user, s->peer->conn, s->id, r->now);
}

void weft_relay_stream_lost(weft_relay_server *r, weft_relay_stream *s, const char *why) {
  weft_relay_circuit *c = s->circuit;
  bool dialer = s->side == 0, done = weft_relay_stream_done(s);
  weft_relay_stream_end(r, s, false);
  if (!c || c->state == WEFT_RELAY_OVER) return;
  if (c->state == WEFT_RELAY_OPEN && done) /* what it sent may still wait for the other side */
    weft_relay_circuit_pump(r, c);
  else if (c->state == WEFT_RELAY_CONNECTING && !dialer)
    weft_relay_connect_failed(r, c, why);
  else
    weft_relay_circuit_cut(r, c, why);
}

bool weft_relay_stream_blocked(const weft_relay_stream *s) {
  return s->message_at < s->message_len || s->queue.len > 0;
}

/* ---- writing ---- */

static void refused_by_output(weft_relay_server *r, weft_relay_stream *s) {
  weft_relay_circuit *c = s->circuit;
  if (c && c->state == WEFT_RELAY_CONNECTING && s->side == 1) {
    weft_relay_stream_end(r, s, true);
    weft_relay_connect_failed(r, c, "the stop stream refused our bytes");
  } else if (c && c->state != WEFT_RELAY_OVER) {
    weft_relay_circuit_cut(r, c, "a stream refused our bytes");
  } else {
    weft_relay_stream_end(r, s, true);
  }
}

/* Bytes that output took, 0 when it takes none now or the stream ended under it. */
static size_t offer(weft_relay_server *r, weft_relay_stream *s, const uint8_t *data, size_t len) {
  ptrdiff_t n = r->cb.output(r->user, s->peer->conn, s->id, data, len, r->now);
  if (s->item.gone) return 0;
  if (n < 0 && n != WEFT_EAGAIN) refused_by_output(r, s);
  return n > 0 ? (size_t)n : 0;
}

size_t weft_relay_stream_offer(weft_relay_server *r, weft_relay_stream *s, const uint8_t *data, size_t len) {
  size_t at = 0, n = 1;
  if (s->busy) return 0;
  s->busy = true;
  while (at < len && n > 0 && speaks(s)) {
    n = offer(r, s, data + at, len - at);
    at += n;
  }
  s->busy = false;
  return at;
}

static void flush_message(weft_relay_server *r, weft_relay_stream *s) {
  if (!s->message) return;
  size_t n = weft_relay_stream_offer(r, s, s->message + s->message_at, s->message_len - s->message_at);
  if (s->item.gone) return;
  s->message_at += n;
  if (s->message_at == s->message_len) drop_message(r, s);
}

/* Payload that leaves gives its sender room again. */
static void flush_queue(weft_relay_server *r, weft_relay_stream *s) {
  /* What the dialer said early waits until the other side has agreed. */
  if (s->state != WEFT_RELAY_RELAYING && s->state != WEFT_RELAY_DRAINING) return;
  while (s->queue.len > 0 && !s->message) {
    size_t len, n;
    const uint8_t *data = weft_relay_queue_front(&s->queue, &len);
    n = weft_relay_stream_offer(r, s, data, len);
    if (s->item.gone || n == 0) return;
    weft_relay_queue_pop(&s->queue, n);
    if (s->circuit && s->circuit->ends[1 - s->side]) weft_relay_stream_consumed(r, s->circuit->ends[1 - s->side], n);
    if (s->item.gone || n < len) return;
  }
}

void weft_relay_stream_note_blocked(weft_relay_server *r, weft_relay_stream *s) {
  bool listed = !weft_list_empty(&s->blocked), is = weft_relay_stream_blocked(s);
  if (is && !listed) weft_list_push_back(&r->blocked, &s->blocked);
  if (!is && listed) weft_list_remove(&s->blocked);
}

/* A call from inside its own output leaves the rest to the call around it. */
bool weft_relay_stream_flush(weft_relay_server *r, weft_relay_stream *s) {
  if (s->busy) return true;
  flush_message(r, s);
  if (!s->item.gone) flush_queue(r, s);
  if (s->item.gone) return false;
  weft_relay_stream_note_blocked(r, s);
  if (s->finish && !s->shut && !weft_relay_stream_blocked(s)) {
    s->shut = true;
    r->cb.shutdown(r->user, s->peer->conn, s->id, r->now);
  }
  if (!s->item.gone && s->state == WEFT_RELAY_DRAINING && s->shut && s->ended) weft_relay_stream_end(r, s, false);
  return !s->item.gone;
}

bool weft_relay_stream_write(weft_relay_server *r, weft_relay_stream *s, const uint8_t *data, size_t len) {
  size_t n = s->message ? 0 : weft_relay_stream_offer(r, s, data, len);
  if (s->item.gone) return false;
  if (n == len) return true;
  uint8_t *mem = weft_mem_resize(&r->alloc, s->message, s->message_len, s->message_len + len - n);
  if (!mem) return false;
  memcpy(mem + s->message_len, data + n, len - n);
  s->message = mem;
  s->message_len += len - n;
  weft_relay_stream_note_blocked(r, s);
  return true;
}

void weft_relay_stream_finish(weft_relay_server *r, weft_relay_stream *s) {
  s->finish = true;
  weft_relay_stream_flush(r, s);
}

/* ---- answers ---- */

void weft_relay_stream_answer(weft_relay_server *r, weft_relay_stream *s, const weft_relay_message *m) {
  uint8_t out[WEFT_RELAY_FRAME_MAX];
  size_t len;
  weft_relay_stream_set(r, s, WEFT_RELAY_DRAINING);
  if (weft_relay_hop_encode(m, out, sizeof out, &len) != WEFT_OK || !weft_relay_stream_write(r, s, out, len)) {
    weft_relay_stream_end(r, s, true);
    return;
  }
  weft_relay_stream_finish(r, s);
}

void weft_relay_stream_refuse(weft_relay_server *r, weft_relay_stream *s, int status, const char *why) {
  weft_relay_message m = {.type = WEFT_RELAY_HOP_STATUS, .status = status};
  r->stats.refused[weft_relay_status_index(status)]++;
  s->refused = status;
  s->why = why;
  weft_relay_notice(r, &s->item, WEFT_RELAY_SERVER_REFUSED);
  weft_relay_stream_answer(r, s, &m);
}

void weft_relay_stream_consumed(weft_relay_server *r, weft_relay_stream *s, size_t n) {
  if (n > 0 && speaks(s) && r->cb.consumed) r->cb.consumed(r->user, s->peer->conn, s->id, n, r->now);
}
