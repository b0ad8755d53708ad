/* An open circuit: bytes from one side to the other, counted, and nothing else (relay/circuit-v2.md "Circuit opening":
 * after STATUS OK the streams carry the peers' bytes alone). */
#include "base/timer.h"
#include "relay/relay_int.h"

void weft_relay_circuit_over(weft_relay_server *r, weft_relay_circuit *c, const char *why) {
  if (c->state == WEFT_RELAY_OVER) return;
  if (c->state == WEFT_RELAY_OPEN) {
    r->stats.circuits--;
    weft_relay_notice(r, &c->item, WEFT_RELAY_SERVER_CIRCUIT_CLOSED);
  }
  c->state = WEFT_RELAY_OVER;
  c->why = why;
  weft_list_remove(&c->timed);
  r->circuits--;
  for (int i = 0; i < 2; i++) {
    c->whos[i]->circuits--;
    weft_relay_who_put(r, c->whos[i]);
  }
  weft_relay_bury(r, &c->item);
}

void weft_relay_circuit_cut(weft_relay_server *r, weft_relay_circuit *c, const char *why) {
  weft_relay_circuit_over(r, c, why);
  for (int i = 0; i < 2; i++)
    if (c->ends[i]) weft_relay_stream_end(r, c->ends[i], true);
}

/* The sender is cut off; what he was allowed still reaches the receiver, and then an end. */
static void data_limit(weft_relay_server *r, weft_relay_circuit *c, weft_relay_stream *from, weft_relay_stream *to) {
  weft_relay_circuit_over(r, c, "data limit");
  to->circuit = NULL;
  c->ends[to->side] = NULL;
  weft_relay_stream_end(r, from, true);
  if (to->item.gone) return;
  weft_relay_stream_set(r, to, WEFT_RELAY_DRAINING);
  weft_relay_stream_finish(r, to);
}

static void count(weft_relay_server *r, weft_relay_circuit *c, unsigned side, size_t n) {
  c->bytes[side] += n;
  if (side == 0)
    r->stats.bytes_there += n;
  else
    r->stats.bytes_back += n;
}

/* Straight through when nothing waits before it. */
static size_t pass(weft_relay_server *r, weft_relay_stream *from, weft_relay_stream *to, const uint8_t *data,
                   size_t len) {
  weft_relay_circuit *c = from->circuit;
  if (to->state != WEFT_RELAY_RELAYING || weft_relay_stream_blocked(to)) return 0;
  unsigned side = from->side;
  size_t n = weft_relay_stream_offer(r, to, data, len);
  count(r, c, side, n);
  if (c->state != WEFT_RELAY_OVER) weft_relay_stream_consumed(r, from, n);
  return n;
}

ptrdiff_t weft_relay_circuit_input(weft_relay_server *r, weft_relay_stream *s, const uint8_t *data, size_t len) {
  weft_relay_circuit *c = s->circuit;
  weft_relay_stream *to = c->ends[1 - s->side];
  uint64_t left = r->cfg.circuit_bytes ? r->cfg.circuit_bytes - c->bytes[s->side] : UINT64_MAX;
  size_t n = len < left ? len : (size_t)left;
  size_t done = pass(r, s, to, data, n);
  if (c->state == WEFT_RELAY_OVER) return (ptrdiff_t)len;
  ptrdiff_t kept = weft_relay_queue_push(&to->queue, &r->alloc, data + done, n - done);
  if (kept < 0) {
    weft_relay_circuit_cut(r, c, "no memory");
    return (ptrdiff_t)len;
  }
  count(r, c, s->side, (size_t)kept);
  done += (size_t)kept;
  weft_relay_stream_note_blocked(r, to);
  if (to->finish) weft_relay_stream_flush(r, to);
  if (c->state == WEFT_RELAY_OVER) return (ptrdiff_t)len;
  /* What goes beyond the limit before the target has agreed waits with the caller: there is nothing to cut yet. */
  if (done < n || n == len || c->state == WEFT_RELAY_CONNECTING) return (ptrdiff_t)done;
  data_limit(r, c, s, to);
  return (ptrdiff_t)len;
}

void weft_relay_circuit_opened(weft_relay_server *r, weft_relay_circuit *c) {
  weft_relay_message m = {.type = WEFT_RELAY_HOP_STATUS, .status = WEFT_RELAY_OK};
  uint8_t out[256];
  size_t len;
  c->state = WEFT_RELAY_OPEN;
  weft_list_remove(&c->timed);
  c->deadline = WEFT_NEVER;
  if (r->cfg.circuit_seconds > 0) {
    c->deadline = weft_time_add(r->now, weft_relay_seconds(r->cfg.circuit_seconds));
    weft_list_push_back(&r->open, &c->timed);
  }
  r->stats.circuits++;
  r->stats.circuits_total++;
  weft_relay_stream_set(r, c->ends[0], WEFT_RELAY_RELAYING);
  weft_relay_stream_set(r, c->ends[1], WEFT_RELAY_RELAYING);
  weft_relay_notice(r, &c->item, WEFT_RELAY_SERVER_CIRCUIT_OPENED);
  weft_relay_put_limit(r, &m);
  if (weft_relay_hop_encode(&m, out, sizeof out, &len) == WEFT_OK && weft_relay_stream_write(r, c->ends[0], out, len))
    weft_relay_circuit_pump(r, c);
  else if (c->state == WEFT_RELAY_OPEN)
    weft_relay_circuit_cut(r, c, "no memory");
}

bool weft_relay_stream_done(const weft_relay_stream *s) { return !s || (s->ended && s->shut); }

/* Each end of a sender goes to his receiver behind the last byte. A stream that is not there any more ended both ways. */
void weft_relay_circuit_pump(weft_relay_server *r, weft_relay_circuit *c) {
  for (int i = 0; i < 2 && c->state == WEFT_RELAY_OPEN; i++) {
    if (!c->ends[i]) continue;
    if (c->ends[1 - i] && c->ends[1 - i]->ended) c->ends[i]->finish = true;
    weft_relay_stream_flush(r, c->ends[i]);
  }
  if (c->state != WEFT_RELAY_OPEN || !weft_relay_stream_done(c->ends[0]) || !weft_relay_stream_done(c->ends[1])) return;
  weft_relay_circuit_over(r, c, "both sides ended it");
  for (int i = 0; i < 2; i++)
    if (c->ends[i]) weft_relay_stream_end(r, c->ends[i], false);
}
