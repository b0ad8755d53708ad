#include <string.h>

#include "base/bytes.h"
#include "test/conformance/conform.h"

static void run_encode(conform_ctx *ctx, const conform_case *c) {
  uint8_t buf[16];
  uint64_t value;
  weft_wr w;
  bool known = conform_u64(c, "input.value", &value);
  weft_wr_init(&w, buf, sizeof buf);
  weft_wr_uvarint(&w, known ? value : 0);
  if (!c->valid) {
    conform_refused(ctx, c, !known || !weft_wr_ok(&w));
    return;
  }
  bool same = weft_wr_ok(&w) && conform_hex_is(ctx, c, "expected.hex", buf, weft_wr_len(&w));
  conform_verdict(ctx, c, known && same && weft_uvarint_size(value) == weft_wr_len(&w), "bytes differ");
}

static void run_decode(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  weft_rd r;
  weft_rd_init(&r, in, len);
  uint64_t value = weft_rd_uvarint(&r);
  if (!c->valid) {
    conform_refused(ctx, c, !weft_rd_ok(&r));
    return;
  }
  bool same = weft_rd_ok(&r) && conform_u64_is(c, "expected.value", value);
  conform_verdict(ctx, c, same && conform_u64_is(c, "expected.consumed", len - weft_rd_left(&r)), "value differs");
}

int conform_varint(conform_ctx *ctx) {
  conform_case c;
  while (conform_next(ctx, &c)) {
    if (strcmp(c.op, "encode") == 0)
      run_encode(ctx, &c);
    else if (strcmp(c.op, "decode") == 0)
      run_decode(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
