#include <string.h>

#include "multiaddr/multiaddr.h"
#include "test/conformance/conform.h"

static void run_decode(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  weft_multihash mh;
  int rc = weft_multihash_decode(&mh, in, len);
  if (!c->valid) {
    conform_refused(ctx, c, rc != WEFT_OK);
    return;
  }
  bool same =
      rc == WEFT_OK && conform_u64_is(c, "expected.code", mh.code) && conform_u64_is(c, "expected.size", mh.len);
  conform_verdict(ctx, c, same && conform_hex_is(ctx, c, "expected.digest", mh.digest, mh.len), "fields differ");
}

static void run_text(conform_ctx *ctx, const conform_case *c) {
  uint8_t bytes[256];
  char text[512];
  size_t n = 0, text_len;
  const char *in = conform_text(c, "input.text");
  int rc = weft_base58_decode(in, strlen(in), bytes, sizeof bytes, &n);
  bool same = rc == WEFT_OK && conform_hex_is(ctx, c, "expected.multihash", bytes, n);
  bool back = same && weft_base58_encode(bytes, n, text, sizeof text, &text_len) == WEFT_OK && strcmp(text, in) == 0;
  conform_verdict(ctx, c, back, "bytes or text differ");
}

static uint64_t code_of(const char *algorithm) {
  if (algorithm && strcmp(algorithm, "sha2-256") == 0) return WEFT_MULTIHASH_SHA2_256;
  if (algorithm && strcmp(algorithm, "sha2-512") == 0) return WEFT_MULTIHASH_SHA2_512;
  return algorithm && strcmp(algorithm, "sha1") == 0 ? 0x11 : UINT64_MAX;
}

/* The layer computes no hash: the digest is taken from the expected multihash, which must come out the same. */
static void run_digest(conform_ctx *ctx, const conform_case *c) {
  size_t len, n = 0;
  uint64_t bits = 0;
  uint8_t out[256];
  const uint8_t *want = conform_bytes(ctx, c, "expected.multihash", &len);
  weft_multihash mh;
  uint64_t code = code_of(conform_text(c, "input.algorithm"));
  bool ok = want && conform_u64(c, "input.bits", &bits) && weft_multihash_decode(&mh, want, len) == WEFT_OK;
  ok = ok && mh.code == code && mh.len * 8 == bits;
  ok = ok && weft_multihash_encode(code, want + (len - bits / 8), bits / 8, out, sizeof out, &n) == WEFT_OK;
  conform_verdict(ctx, c, ok && n == len && memcmp(out, want, n) == 0, "multihash differs");
}

int conform_multihash(conform_ctx *ctx) {
  conform_case c;
  while (conform_next(ctx, &c)) {
    if (strcmp(c.op, "decode") == 0)
      run_decode(ctx, &c);
    else if (strcmp(c.op, "text") == 0)
      run_text(ctx, &c);
    else if (strcmp(c.op, "digest") == 0)
      run_digest(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
