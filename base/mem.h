/* weft base (private to the project's layers): calls on a weft_alloc, and the copying of versioned structs. */
#ifndef WEFT_BASE_MEM_H
#define WEFT_BASE_MEM_H

#include "base.h"

/* libc's realloc and free in the weft_alloc shape; what a NULL `const weft_alloc *` in a config becomes. */
extern const weft_alloc weft_alloc_libc;
/* a when not NULL, else &weft_alloc_libc. */
const weft_alloc *weft_alloc_or_libc(const weft_alloc *a);

void *weft_mem_new(const weft_alloc *a, size_t n); /* zeroed; NULL on failure; n > 0 */
void *weft_mem_resize(const weft_alloc *a, void *p, size_t old_n, size_t new_n);
void weft_mem_free(const weft_alloc *a, void *p, size_t n); /* p NULL: nothing */
void *weft_mem_dup(const weft_alloc *a, const void *src, size_t n);

/* Copies a config, callbacks or stats struct that begins with `size_t size`: as many bytes as both sides know, the rest
 * of dst stays as it is (fill it with defaults before). dst->size becomes dst_size. */
void weft_sized_copy(void *dst, size_t dst_size, const void *src);

#endif
