#include "sctp/pool.h"

struct weft_sctp_free {
  weft_sctp_block block;
  struct weft_sctp_free *next;
};

void weft_sctp_pool_init(weft_sctp_pool *p, const weft_alloc *alloc, size_t largest) {
  *p = (weft_sctp_pool){.alloc = alloc, .size = {192, 640, largest}};
}

static int size_class(const weft_sctp_pool *p, size_t n) {
  int i = 0;
  while (i < WEFT_SCTP_POOL_SIZES && p->size[i] < n) i++;
  return i;
}

size_t weft_sctp_pool_size(const weft_sctp_pool *p, size_t n) {
  int c = size_class(p, n);
  return c < WEFT_SCTP_POOL_SIZES ? p->size[c] : n;
}

void *weft_sctp_pool_get(weft_sctp_pool *p, size_t n) {
  int c = size_class(p, n);
  size_t size = c < WEFT_SCTP_POOL_SIZES ? p->size[c] : n;
  struct weft_sctp_free *f = c < WEFT_SCTP_POOL_SIZES ? p->kept[c] : NULL;
  if (f) {
    p->kept[c] = f->next;
    p->kept_bytes -= size;
  } else {
    f = weft_mem_resize(p->alloc, NULL, 0, size);
    if (!f) return NULL;
    f->block.size = (uint32_t)size;
  }
  p->in_use += size;
  return f;
}

void weft_sctp_pool_put(weft_sctp_pool *p, void *block) {
  struct weft_sctp_free *f = block;
  size_t size = f->block.size;
  int c = size_class(p, size);
  p->in_use -= size;
  if (c == WEFT_SCTP_POOL_SIZES || p->size[c] != size) {
    weft_mem_free(p->alloc, f, size);
    return;
  }
  f->next = p->kept[c];
  p->kept[c] = f;
  p->kept_bytes += size;
}

void weft_sctp_pool_trim(weft_sctp_pool *p) {
  for (int c = 0; c < WEFT_SCTP_POOL_SIZES; c++) {
    while (p->kept[c]) {
      struct weft_sctp_free *f = p->kept[c];
      p->kept[c] = f->next;
      weft_mem_free(p->alloc, f, p->size[c]);
    }
  }
  p->kept_bytes = 0;
}
