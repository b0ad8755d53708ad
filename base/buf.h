/* weft base (private to the project's layers): a growable, bounded byte queue for streams. Bytes are contiguous, so a frame
 * can be parsed in place. Memory is given back when it runs empty only if it had grown past `keep`. At most one and a half times `limit` is allocated.
 *
 *   weft_buf b; weft_buf_init(&b, &alloc, 65536);
 *   if (weft_buf_append(&b, data, len) != WEFT_OK) ...       ETOOBIG past the limit, ENOMEM
 *   parse(weft_buf_data(&b), weft_buf_len(&b));
 *   weft_buf_consume(&b, used);
 *   weft_buf_free(&b);
 */
#ifndef WEFT_BASE_BUF_H
#define WEFT_BASE_BUF_H

#include "base.h"

typedef struct weft_buf {
  const weft_alloc *alloc; /* must outlive the buffer; NULL: libc */
  uint8_t *mem;
  size_t off, len, cap, limit;
  size_t keep; /* 32 KiB after init; a larger memory is given back when the buffer runs empty */
} weft_buf;

void weft_buf_init(weft_buf *b, const weft_alloc *alloc, size_t limit);
void weft_buf_free(weft_buf *b);
int weft_buf_append(weft_buf *b, const void *data, size_t len);
/* Room for n more bytes at the end, to be written and then committed; NULL on ETOOBIG or ENOMEM. */
uint8_t *weft_buf_reserve(weft_buf *b, size_t n);
void weft_buf_commit(weft_buf *b, size_t n);
const uint8_t *weft_buf_data(const weft_buf *b);
size_t weft_buf_len(const weft_buf *b);
size_t weft_buf_room(const weft_buf *b);      /* limit minus length */
void weft_buf_consume(weft_buf *b, size_t n); /* n <= len */

#endif
