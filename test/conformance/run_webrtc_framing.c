#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "test/conformance/conform.h"
#include "webrtc/deframe.h"
#include "weft/webrtc/webrtc.h"

/* null in the file is "no flag" here. */
static bool flag_is(const conform_case *c, const char *path, int flag) {
  return flag < 0 ? !conform_has(c, path) : conform_u64_is(c, path, (uint64_t)flag);
}

static bool message_is(conform_ctx *ctx, const conform_case *c, const char *path, const weft_webrtc_frame *f) {
  return f->message ? conform_hex_is(ctx, c, path, f->message, f->len) : !conform_has(c, path);
}

/* One channel message that holds exactly one frame. */
static void run_decode(conform_ctx *ctx, const conform_case *c) {
  size_t len, body_len = 0;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len), *body = NULL;
  weft_webrtc_deframer d;
  weft_webrtc_frame f = {.flag = WEFT_WEBRTC_FLAG_NONE};
  weft_webrtc_deframer_init(&d, NULL);
  int rc = weft_webrtc_deframer_next(&d, &in, &len, &body, &body_len);
  bool good = rc == 1 && len == 0 && weft_webrtc_frame_decode(&f, body, body_len) == WEFT_OK;
  if (!c->valid)
    conform_refused(ctx, c, !good);
  else
    conform_verdict(ctx, c, good && flag_is(c, "expected.flag", f.flag) && message_is(ctx, c, "expected.message", &f),
                    good ? "fields differ" : "refused");
  weft_webrtc_deframer_free(&d);
}

static void run_encode(conform_ctx *ctx, const conform_case *c) {
  uint8_t out[WEFT_WEBRTC_FRAME_MAX];
  size_t len = 0;
  uint64_t flag;
  weft_webrtc_frame f = {.flag = conform_u64(c, "input.flag", &flag) ? (int)flag : WEFT_WEBRTC_FLAG_NONE};
  if (conform_has(c, "input.message")) f.message = conform_bytes(ctx, c, "input.message", &f.len);
  bool good = weft_webrtc_frame_encode(&f, out, sizeof out, &len) == WEFT_OK;
  if (!c->valid)
    conform_refused(ctx, c, !good);
  else
    conform_verdict(ctx, c, good && conform_hex_is(ctx, c, "expected.hex", out, len), "bytes differ");
}

static bool next_is(conform_ctx *ctx, const conform_case *c, size_t i, const uint8_t *body, size_t len) {
  weft_webrtc_frame f;
  char flag[64], message[64];
  snprintf(flag, sizeof flag, "expected.messages.%zu.flag", i);
  snprintf(message, sizeof message, "expected.messages.%zu.message", i);
  return weft_webrtc_frame_decode(&f, body, len) == WEFT_OK && flag_is(c, flag, f.flag) &&
         message_is(ctx, c, message, &f);
}

/* Chunks as they come; messages may span them. */
static void run_stream(conform_ctx *ctx, const conform_case *c) {
  const json *chunks = json_get(c->input, "chunks"), *expected = json_get(c->expected, "messages");
  weft_webrtc_deframer d;
  size_t n = 0;
  bool good = chunks && expected;
  weft_webrtc_deframer_init(&d, NULL);
  for (const json *chunk = json_first(chunks); chunk; chunk = chunk->next) {
    size_t len, body_len;
    const uint8_t *in = conform_bytes_of(ctx, chunk, &len), *body;
    int rc;
    while ((rc = weft_webrtc_deframer_next(&d, &in, &len, &body, &body_len)) > 0)
      good = good && next_is(ctx, c, n++, body, body_len);
    good = good && rc == 0;
  }
  conform_verdict(ctx, c, good && n == expected->len && weft_webrtc_deframer_held(&d) == 0, "messages differ");
  weft_webrtc_deframer_free(&d);
}

int conform_webrtc_framing(conform_ctx *ctx) {
  conform_case c;
  while (conform_next(ctx, &c)) {
    if (strcmp(c.op, "decode") == 0)
      run_decode(ctx, &c);
    else if (strcmp(c.op, "encode") == 0)
      run_encode(ctx, &c);
    else if (strcmp(c.op, "stream") == 0)
      run_stream(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
