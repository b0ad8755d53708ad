#include "base/timer.h"
#include "datachannel/datachannel_int.h"

enum {
  RESET_BATCH = 128, /* ids handed to the reset callback at once */
  RETRY_MS = 50      /* when the transport took neither ACK nor reset and says nothing */
};

int weft_datachannel_put(weft_datachannel *dc, const weft_datachannel_out *o, const uint8_t *data, size_t len) {
  int rc = dc->cb.output(dc->user, o, data, len, dc->now);
  if (rc == WEFT_OK) weft_datachannel_traced(dc, WEFT_TRACE_OUT, NULL, o->stream, o->ppid, data, len);
  return rc;
}

/* DCEP goes reliable and ordered whatever the channel is (RFC 8832 section 6). ch is in dc->acks. */
int weft_datachannel_send_ack(weft_datachannel *dc, weft_datachannel_channel *ch) {
  static const uint8_t ack[] = {WEFT_DATACHANNEL_ACK};
  weft_datachannel_out o = {.stream = ch->id, .ppid = WEFT_DATACHANNEL_PPID_DCEP};
  int rc = weft_datachannel_put(dc, &o, ack, sizeof ack);
  if (rc != WEFT_OK) return rc;
  ch->ack_due = false;
  weft_list_remove(&ch->work);
  return WEFT_OK;
}

void weft_datachannel_block(weft_datachannel *dc, weft_datachannel_channel *ch) {
  dc->refusals++;
  if (weft_list_empty(&ch->wait)) weft_list_push_back(&dc->blocked, &ch->wait);
}

static bool flush_acks(weft_datachannel *dc) {
  while (!weft_list_empty(&dc->acks)) {
    weft_datachannel_channel *ch = WEFT_LIST_ITEM(dc->acks.next, weft_datachannel_channel, work);
    int rc = weft_datachannel_send_ack(dc, ch);
    if (rc == WEFT_EAGAIN) return false;
    if (rc != WEFT_OK) weft_datachannel_begin_close(dc, ch, rc);
  }
  return true;
}

static size_t gather(const weft_datachannel *dc, uint16_t ids[RESET_BATCH]) {
  size_t n = 0;
  for (const weft_list *at = dc->resets.next; at != &dc->resets && n < RESET_BATCH; at = at->next)
    ids[n++] = WEFT_LIST_ITEM(at, weft_datachannel_channel, work)->id;
  return n;
}

static void sent(weft_datachannel *dc, size_t n, int rc) {
  while (n-- > 0) {
    weft_datachannel_channel *ch = WEFT_LIST_ITEM(dc->resets.next, weft_datachannel_channel, work);
    weft_list_remove(&ch->work);
    if (rc == WEFT_OK)
      ch->out = WEFT_DATACHANNEL_RESET_SENT;
    else
      weft_datachannel_reset_refused(dc, ch, rc);
  }
}

static bool flush_resets(weft_datachannel *dc) {
  uint16_t ids[RESET_BATCH];
  while (!weft_list_empty(&dc->resets)) {
    size_t n = gather(dc, ids);
    int rc = dc->cb.reset(dc->user, ids, n, dc->now);
    if (rc == WEFT_EAGAIN) return false;
    sent(dc, n, rc);
  }
  return true;
}

void weft_datachannel_flush(weft_datachannel *dc) {
  if (!dc->up || dc->q.free_pending) return;
  bool acks = flush_acks(dc), resets = flush_resets(dc);
  dc->retry_at = acks && resets ? WEFT_NEVER : weft_time_add(dc->now, WEFT_MS(RETRY_MS));
}
