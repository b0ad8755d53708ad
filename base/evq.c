#include "base/evq.h"

#include <assert.h>
#include <string.h>

void weft_evq_init(weft_evq *q, void *ring, size_t item_size, uint16_t items) {
  *q = (weft_evq){.ring = ring, .item_size = item_size, .items = items};
}

void weft_evq_enter(weft_evq *q) {
  assert(q->depth < UINT16_MAX);
  q->depth++;
}

bool weft_evq_outermost(const weft_evq *q) { return q->depth == 1; }

bool weft_evq_leave(weft_evq *q) {
  assert(q->depth > 0);
  q->depth--;
  return q->depth == 0 && q->free_pending;
}

static uint8_t *slot(const weft_evq *q, unsigned i) { return q->ring + (q->head + i) % q->items * q->item_size; }

bool weft_evq_push(weft_evq *q, const void *item) {
  assert(q->count < q->items);
  if (q->count >= q->items) return false;
  memcpy(slot(q, q->count), item, q->item_size);
  q->count++;
  return true;
}

bool weft_evq_pop(weft_evq *q, void *item) {
  q->delivering = q->count > 0 && !q->free_pending;
  if (!q->delivering) return false;
  memcpy(item, slot(q, 0), q->item_size);
  q->head = (uint16_t)((q->head + 1u) % q->items);
  q->count--;
  return true;
}
