#include <stdlib.h>
#include <string.h>

#include "multiaddr/multiaddr.h"
#include "test/conformance/conform.h"

enum { MAX_BYTES = 1024, MAX_TEXT = 8192 + 2 };

static char prefix_of(const char *base, bool *found) {
  for (int c = 0; c < 128; c++) {
    const char *name = weft_multibase_name((char)c);
    *found = name && base && strcmp(name, base) == 0;
    if (*found) return (char)c;
  }
  return 0;
}

static void run_encode(conform_ctx *ctx, const conform_case *c) {
  static char text[MAX_TEXT];
  size_t len, out_len;
  bool found;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  char prefix = prefix_of(conform_text(c, "input.base"), &found);
  if (!found) {
    conform_unsupported(ctx, c, "base %s", conform_text(c, "input.base"));
    return;
  }
  int rc = weft_multibase_encode(prefix, in, len, text, sizeof text, &out_len);
  conform_verdict(ctx, c, rc == WEFT_OK && strlen(text) == out_len && conform_text_is(c, "expected.text", text),
                  "text differs");
}

static void run_decode(conform_ctx *ctx, const conform_case *c) {
  uint8_t out[MAX_BYTES];
  size_t n = 0;
  char prefix = 0;
  const char *text = conform_text(c, "input.text");
  int rc = weft_multibase_decode(text, strlen(text), &prefix, out, sizeof out, &n);
  if (!c->valid) {
    conform_refused(ctx, c, rc != WEFT_OK);
    return;
  }
  bool same = rc == WEFT_OK && conform_hex_is(ctx, c, "expected.hex", out, n);
  conform_verdict(ctx, c, same && conform_text_is(c, "expected.base", weft_multibase_name(prefix)),
                  "bytes or base differ");
}

int conform_multibase(conform_ctx *ctx) {
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
