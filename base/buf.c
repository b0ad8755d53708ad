#include "base/buf.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST = 256, KEEP = 32768 /* two 16 KiB messages: traffic in steady state never allocates */ };

void weft_buf_init(weft_buf *b, const weft_alloc *alloc, size_t limit) {
  *b = (weft_buf){.alloc = alloc, .limit = limit, .keep = KEEP};
}

static void release(weft_buf *b) {
  weft_mem_free(b->alloc, b->mem, b->cap);
  b->mem = NULL;
  b->off = b->len = b->cap = 0;
}

void weft_buf_free(weft_buf *b) { release(b); }

/* Half as much again as the limit: then a full memory has at least a third of its bytes behind it, and moving the rest
 * to the front costs a constant per byte. */
static size_t most(const weft_buf *b) { return b->limit > SIZE_MAX / 2 ? b->limit : b->limit + b->limit / 2; }

static void move_to_front(weft_buf *b) {
  memmove(b->mem, b->mem + b->off, b->len);
  b->off = 0;
}

/* Grows so that `need` bytes fit from offset 0; the old bytes move along. */
static int grow(weft_buf *b, size_t need) {
  size_t cap = b->cap > SIZE_MAX / 2 ? most(b) : 2 * b->cap;
  if (cap < FIRST) cap = FIRST;
  if (cap > most(b)) cap = most(b);
  if (cap < need) cap = need;
  if (b->off > 0) move_to_front(b);
  uint8_t *mem = weft_mem_resize(b->alloc, b->mem, b->cap, cap);
  if (!mem) return WEFT_ENOMEM;
  b->mem = mem;
  b->cap = cap;
  return WEFT_OK;
}

uint8_t *weft_buf_reserve(weft_buf *b, size_t n) {
  if (n > weft_buf_room(b)) return NULL;
  size_t need = b->len + n;
  if (need > b->cap - b->off || !b->mem) {
    if (need <= b->cap && b->off > b->cap / 3)
      move_to_front(b);
    else if (grow(b, need) != WEFT_OK)
      return NULL;
  }
  return b->mem + b->off + b->len;
}

void weft_buf_commit(weft_buf *b, size_t n) {
  assert(n <= b->cap - b->off - b->len);
  b->len += n;
}

int weft_buf_append(weft_buf *b, const void *data, size_t len) {
  if (len > weft_buf_room(b)) return WEFT_ETOOBIG;
  if (len == 0) return WEFT_OK;
  uint8_t *at = weft_buf_reserve(b, len);
  if (!at) return WEFT_ENOMEM;
  memcpy(at, data, len);
  weft_buf_commit(b, len);
  return WEFT_OK;
}

const uint8_t *weft_buf_data(const weft_buf *b) { return b->mem ? b->mem + b->off : NULL; }

size_t weft_buf_len(const weft_buf *b) { return b->len; }

size_t weft_buf_room(const weft_buf *b) { return b->limit - b->len; }

void weft_buf_consume(weft_buf *b, size_t n) {
  assert(n <= b->len);
  b->len -= n;
  b->off += n;
  if (b->len > 0) return;
  b->off = 0;
  if (b->cap > b->keep) release(b);
}
