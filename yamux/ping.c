#include "base/timer.h"
#include "yamux/yamux_int.h"

/* js-libp2p answers a second ping, or an answer it did not ask for, with a protocol error: one at a time, and each
 * answer has the id of its ping. */
void weft_yamux_ping_begin(weft_yamux *y) {
  y->ping_out = true;
  y->ping_id++;
  y->ping_sent_at = y->now;
  y->ping_limit_at = weft_time_add(y->now, y->cfg.ping_timeout);
  weft_yamux_control(y, WEFT_YAMUX_PING, WEFT_YAMUX_SYN, 0, y->ping_id);
}

static void answered(weft_yamux *y) {
  weft_time sample = weft_time_since(y->now, y->ping_sent_at);
  y->rtt = y->rtt == WEFT_NEVER ? sample : y->rtt / 2 + sample / 2;
  y->ping_out = false;
  y->ping_limit_at = WEFT_NEVER;
  y->tell_rtt = true;
}

void weft_yamux_ping_frame(weft_yamux *y, const weft_yamux_header *h) {
  if (h->flags & WEFT_YAMUX_SYN) {
    y->stats.pings_in++;
    if (weft_yamux_flood(y)) weft_yamux_control(y, WEFT_YAMUX_PING, WEFT_YAMUX_ACK, h->stream, h->length);
  } else if (y->ping_out && h->length == y->ping_id) {
    answered(y);
  } else {
    weft_yamux_flood(y);
  }
}

/* Memory of busier times goes back once per keepalive. */
static void give_memory_back(weft_yamux *y) {
  if (weft_buf_len(&y->tx) == 0) weft_buf_free(&y->tx);
  if (weft_buf_len(&y->control) == 0) weft_buf_free(&y->control);
  for (weft_list *i = y->streams.next; i != &y->streams; i = i->next) {
    weft_yamux_stream *s = WEFT_LIST_ITEM(i, weft_yamux_stream, all);
    if (weft_buf_len(&s->out) == 0) weft_buf_free(&s->out);
  }
}

/* A peer that still sends is alive, even if our ping waits behind megabytes of a slow path. */
static void late(weft_yamux *y) {
  weft_time sign = weft_time_max(y->ping_sent_at, y->heard_at);
  y->ping_limit_at = weft_time_add(sign, y->cfg.ping_timeout);
  if (weft_time_due(y->ping_limit_at, y->now))
    weft_yamux_fail(y, WEFT_WHO_TIMEOUT, "keepalive", WEFT_ETIMEDOUT, "the peer did not answer a ping in time");
}

void weft_yamux_ping_time(weft_yamux *y) {
  if (weft_time_due(y->ping_limit_at, y->now)) late(y);
  if (y->state != WEFT_YAMUX_STATE_RUNNING || !weft_time_due(y->ping_at, y->now)) return;
  y->ping_at = weft_time_add(y->now, y->cfg.keepalive);
  give_memory_back(y);
  if (!y->ping_out) weft_yamux_ping_begin(y);
}

int weft_yamux_ping(weft_yamux *y, weft_time now) {
  if (y->state != WEFT_YAMUX_STATE_RUNNING) return WEFT_ESTATE;
  if (y->ping_out) return WEFT_EAGAIN;
  weft_yamux_enter(y, now);
  weft_yamux_ping_begin(y);
  weft_yamux_leave(y);
  return WEFT_OK;
}
