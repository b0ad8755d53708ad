/* weft sctp (private): memory for chunks, in three sizes that are kept for reuse and one that is not. In steady state nothing is
 * asked of the allocator; trim gives the kept blocks back.
 */
#ifndef WEFT_SCTP_POOL_H
#define WEFT_SCTP_POOL_H

#include "base/mem.h"

enum { WEFT_SCTP_POOL_SIZES = 3 };

typedef struct weft_sctp_pool {
  const weft_alloc *alloc;
  size_t size[WEFT_SCTP_POOL_SIZES];
  struct weft_sctp_free *kept[WEFT_SCTP_POOL_SIZES];
  size_t in_use, kept_bytes;
} weft_sctp_pool;

/* What a block carries at its front, so that it can be given back. */
typedef struct weft_sctp_block {
  uint32_t size;
} weft_sctp_block;

void weft_sctp_pool_init(weft_sctp_pool *p, const weft_alloc *alloc, size_t largest);
void *weft_sctp_pool_get(weft_sctp_pool *p,
                         size_t n); /* begins with a weft_sctp_block, already filled in; not zeroed; NULL: no memory */
void weft_sctp_pool_put(weft_sctp_pool *p, void *block);
size_t weft_sctp_pool_size(const weft_sctp_pool *p, size_t n); /* the bytes a get of n takes */
void weft_sctp_pool_trim(weft_sctp_pool *p);

#endif
