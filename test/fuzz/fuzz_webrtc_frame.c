/* The frame decoder: any cut of the bytes gives the same frames, and what was decoded encodes to a frame that decodes to the same. */
#include <stdlib.h>
#include <string.h>

#include "webrtc/deframe.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct outcome {
  int rc;
  size_t frames;
  uint64_t hash;
} outcome;

static void mix(outcome *o, uint64_t v) { o->hash = (o->hash ^ v) * UINT64_C(0x100000001b3); }

static void round_trip(const weft_webrtc_frame *f) {
  static uint8_t out[WEFT_WEBRTC_FRAME_MAX];
  weft_webrtc_frame again;
  const uint8_t *body, *p = out;
  size_t len, body_len;
  weft_webrtc_deframer d;
  if (weft_webrtc_frame_encode(f, out, sizeof out, &len) != WEFT_OK)
    return; /* longer than it came: a flag clamped, a field repeated */
  weft_webrtc_deframer_init(&d, NULL);
  REQUIRE(weft_webrtc_deframer_next(&d, &p, &len, &body, &body_len) == 1 && len == 0);
  REQUIRE(weft_webrtc_frame_decode(&again, body, body_len) == WEFT_OK);
  REQUIRE(again.flag == f->flag && again.len == f->len && (again.message != NULL) == (f->message != NULL));
  if (f->len > 0) REQUIRE(memcmp(again.message, f->message, f->len) == 0);
  weft_webrtc_deframer_free(&d);
}

static outcome feed(const uint8_t *data, size_t size, size_t cut) {
  outcome o = {.hash = UINT64_C(0xcbf29ce484222325)};
  weft_webrtc_deframer d;
  weft_webrtc_deframer_init(&d, NULL);
  for (size_t at = 0; at < size && o.rc >= 0; at += cut) {
    const uint8_t *p = data + at, *body;
    size_t n = size - at < cut ? size - at : cut, body_len;
    while ((o.rc = weft_webrtc_deframer_next(&d, &p, &n, &body, &body_len)) > 0) {
      weft_webrtc_frame f;
      o.frames++;
      REQUIRE(body_len <= WEFT_WEBRTC_FRAME_MAX);
      if (weft_webrtc_frame_decode(&f, body, body_len) != WEFT_OK) {
        mix(&o, 1);
        continue;
      }
      mix(&o, (uint64_t)((int64_t)f.flag + 7));
      for (size_t i = 0; i < f.len; i++) mix(&o, f.message[i]);
      round_trip(&f);
    }
    REQUIRE(weft_webrtc_deframer_held(&d) <= WEFT_WEBRTC_FRAME_MAX);
  }
  weft_webrtc_deframer_free(&d);
  return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  outcome whole = feed(data + 1, size - 1, size), cut = feed(data + 1, size - 1, 1u + data[0]);
  REQUIRE(whole.frames == cut.frames && whole.hash == cut.hash && (whole.rc < 0) == (cut.rc < 0));
  return 0;
}
