/* weft base (private to the project's layers): the protobuf subset that libp2p's messages use. Wire types 0 and 2; types 1
 * and 5 are skipped; groups (3, 4) and everything else are refused. Field 0, varints over 64 bits and lengths past the
 * end are refused. Unknown fields are the caller's to ignore.
 *
 *   weft_pb pb; weft_pb_field f;
 *   weft_pb_init(&pb, data, len);
 *   while (weft_pb_next(&pb, &f)) {
 *     if (f.number == 1 && f.wire == WEFT_PB_VARINT) flag = f.value;
 *     if (f.number == 2 && f.wire == WEFT_PB_BYTES) { msg = f.data; msg_len = f.len; }
 *   }
 *   if (!weft_pb_ok(&pb)) return WEFT_EMALFORMED;
 */
#ifndef WEFT_BASE_PB_H
#define WEFT_BASE_PB_H

#include "bytes.h"

enum { WEFT_PB_VARINT = 0, WEFT_PB_FIXED64 = 1, WEFT_PB_BYTES = 2, WEFT_PB_FIXED32 = 5 };

typedef struct weft_pb {
  weft_rd r;
} weft_pb;

typedef struct weft_pb_field {
  uint32_t number;
  uint8_t wire;        /* VARINT, BYTES, FIXED64 or FIXED32 */
  uint64_t value;      /* VARINT, FIXED64, FIXED32 */
  const uint8_t *data; /* BYTES: inside the input */
  size_t len;
} weft_pb_field;

void weft_pb_init(weft_pb *pb, const uint8_t *data, size_t len);
bool weft_pb_next(weft_pb *pb, weft_pb_field *f); /* false at the end or on an error; ask weft_pb_ok */
bool weft_pb_ok(const weft_pb *pb);

void weft_pb_put_varint(weft_wr *w, uint32_t field, uint64_t v);
void weft_pb_put_bytes(weft_wr *w, uint32_t field, const void *data, size_t len);

#endif
