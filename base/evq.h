/* weft base (private to the project's layers): deferred events and the entry/exit bookkeeping of the layer contract.
 * An object embeds one weft_evq. Every entry call runs between enter and leave; events without data are pushed and leave
 * at leave() (outermost only), events with data are raised at once by the layer itself at a consistent point.
 *
 *   weft_evq_enter(&x->q);
 *   ... weft_evq_push(&x->q, &ev); ...
 *   while (weft_evq_pop(&x->q, &ev)) x->cb.event(x->user, &ev, now);     only when weft_evq_outermost(&x->q)
 *   if (weft_evq_leave(&x->q)) x_destroy(x);                             true: free() was called meanwhile
 */
#ifndef WEFT_BASE_EVQ_H
#define WEFT_BASE_EVQ_H

#include "base.h"

typedef struct weft_evq {
  uint8_t *ring; /* items * item_size bytes, owned by the object */
  size_t item_size;
  uint16_t items, head, count;
  uint16_t depth;    /* entry calls under way */
  bool free_pending; /* free() was called from a callback */
  bool delivering;
} weft_evq;

/* ring has items * item_size bytes; the object sizes it for the most that one step can raise. */
void weft_evq_init(weft_evq *q, void *ring, size_t item_size, uint16_t items);
void weft_evq_enter(weft_evq *q);
bool weft_evq_outermost(const weft_evq *q);
bool weft_evq_leave(weft_evq *q);
/* false when the ring is full: a sizing bug of the layer (asserted in debug builds). */
bool weft_evq_push(weft_evq *q, const void *item);
/* false when empty, or when free is pending (no event follows free). */
bool weft_evq_pop(weft_evq *q, void *item);

#endif
