#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *libc_realloc(void *ctx, void *p, size_t old_n, size_t new_n) {
  (void)ctx;
  (void)old_n;
  if (new_n == 0) {
    free(p);
    return NULL;
  }
  return realloc(p, new_n);
}

const weft_alloc weft_alloc_libc = {libc_realloc, NULL};

const weft_alloc *weft_alloc_or_libc(const weft_alloc *a) { return a ? a : &weft_alloc_libc; }

void *weft_mem_resize(const weft_alloc *a, void *p, size_t old_n, size_t new_n) {
  a = weft_alloc_or_libc(a);
  return a->realloc(a->ctx, p, old_n, new_n);
}

void *weft_mem_new(const weft_alloc *a, size_t n) {
  assert(n > 0);
  void *p = weft_mem_resize(a, NULL, 0, n);
  if (p) memset(p, 0, n);
  return p;
}

void weft_mem_free(const weft_alloc *a, void *p, size_t n) {
  if (p) weft_mem_resize(a, p, n, 0);
}

void *weft_mem_dup(const weft_alloc *a, const void *src, size_t n) {
  void *p = weft_mem_resize(a, NULL, 0, n);
  if (p) memcpy(p, src, n);
  return p;
}

void weft_sized_copy(void *dst, size_t dst_size, const void *src) {
  size_t src_size;
  memcpy(&src_size, src, sizeof src_size);
  memcpy(dst, src, src_size < dst_size ? src_size : dst_size);
  memcpy(dst, &dst_size, sizeof dst_size);
}
