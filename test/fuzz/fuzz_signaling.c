/* Signaling messages and the JSON in them: what is read can be written, and comes back the same. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "webrtc/signaling.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void message(const uint8_t *data, size_t size) {
  static uint8_t out[WEFT_SIGNALING_MESSAGE_MAX + 4];
  weft_signaling_message m, again;
  size_t len;
  weft_rd r;
  if (weft_signaling_decode(&m, data, size) != WEFT_OK || m.type < 0) return;
  if (weft_signaling_encode(&m, out, sizeof out, &len) != WEFT_OK) return; /* at the limit a clamped type is longer */
  weft_rd_init(&r, out, len);
  REQUIRE(weft_rd_uvarint(&r) == weft_rd_left(&r));
  size_t body = weft_rd_left(&r);
  REQUIRE(weft_signaling_decode(&again, weft_rd_bytes(&r, body), body) == WEFT_OK);
  REQUIRE(again.type == m.type && again.len == m.len);
  if (m.len > 0) REQUIRE(memcmp(again.data, m.data, m.len) == 0);
}

static void candidate(const uint8_t *data, size_t size) {
  char text[512], out[1024], back[512];
  bool end, end_again;
  size_t len;
  memset(text, 'x', sizeof text);
  int rc = weft_signaling_candidate_parse(data, size, text, sizeof text, &end);
  REQUIRE(memchr(text, 0, sizeof text));
  if (rc != WEFT_OK) return;
  REQUIRE(end == (text[0] == 0));
  if (weft_signaling_candidate_format(end ? NULL : text, "0", "abcd", out, sizeof out, &len) != WEFT_OK) return;
  REQUIRE(weft_signaling_candidate_parse((const uint8_t *)out, len, back, sizeof back, &end_again) == WEFT_OK);
  REQUIRE(end == end_again && strcmp(text, back) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  if (data[0] & 1)
    message(data + 1, size - 1);
  else
    candidate(data + 1, size - 1);
  return 0;
}
