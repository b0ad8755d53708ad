/* Payload that waits for its receiver: a ring of fixed size. */
#include <string.h>

#include "base/mem.h"
#include "relay/relay_int.h"

ptrdiff_t weft_relay_queue_push(weft_relay_queue *q, const weft_alloc *a, const uint8_t *data, size_t len) {
  size_t n = q->cap - q->len < len ? q->cap - q->len : len;
  if (n == 0) return 0;
  if (!q->mem) q->mem = weft_mem_new(a, q->cap);
  if (!q->mem) return WEFT_ENOMEM;
  size_t end = (q->at + q->len) % q->cap;
  size_t first = q->cap - end < n ? q->cap - end : n;
  memcpy(q->mem + end, data, first);
  memcpy(q->mem, data + first, n - first);
  q->len += n;
  return (ptrdiff_t)n;
}

const uint8_t *weft_relay_queue_front(const weft_relay_queue *q, size_t *len) {
  *len = q->cap - q->at < q->len ? q->cap - q->at : q->len;
  return q->mem + q->at;
}

void weft_relay_queue_pop(weft_relay_queue *q, size_t n) {
  q->len -= n;
  q->at = q->len > 0 ? (q->at + n) % q->cap : 0;
}

void weft_relay_queue_free(weft_relay_queue *q, const weft_alloc *a) {
  weft_mem_free(a, q->mem, q->cap);
  q->mem = NULL;
  q->at = q->len = 0;
}
