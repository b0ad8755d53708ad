/* Base's decoders: address text, unsigned varints, protobuf, hex. What they accept must come back the same. */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/pb.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void addresses(const uint8_t *data, size_t n) {
  char text[128], back[WEFT_ADDR_TEXT_MAX];
  weft_addr a, b;
  if (n >= sizeof text) return;
  if (n > 0) memcpy(text, data, n);
  text[n] = '\0';
  if (weft_addr_parse_ip(&a, text, n) == WEFT_OK) {
    weft_addr_format_ip(&a, back, sizeof back);
    REQUIRE(weft_addr_parse_ip(&b, back, strlen(back)) == WEFT_OK && weft_addr_equal(&a, &b));
  }
  if (weft_addr_parse(&a, text) == WEFT_OK) {
    weft_addr_format(&a, back, sizeof back);
    REQUIRE(weft_addr_parse(&b, back) == WEFT_OK && weft_addr_equal(&a, &b));
  }
}

static void varints(const uint8_t *data, size_t n) {
  uint64_t v;
  uint8_t again[9];
  int used = weft_uvarint_peek(data, n, &v);
  REQUIRE(used <= 9 && used <= (int)n);
  if (used <= 0) return;
  weft_wr w;
  weft_wr_init(&w, again, sizeof again);
  weft_wr_uvarint(&w, v);
  REQUIRE(weft_wr_ok(&w) && weft_wr_len(&w) == (size_t)used && memcmp(again, data, (size_t)used) == 0);
}

static void protobuf(const uint8_t *data, size_t n, int depth) {
  weft_pb pb;
  weft_pb_field f;
  weft_pb_init(&pb, data, n);
  while (weft_pb_next(&pb, &f)) {
    REQUIRE(f.number >= 1 && f.number < 1u << 29);
    if (f.wire != WEFT_PB_BYTES) continue;
    REQUIRE(f.data >= data && f.len <= n && f.data + f.len <= data + n);
    if (depth < 4) protobuf(f.data, f.len, depth + 1);
  }
}

static void hex(const uint8_t *data, size_t n) {
  uint8_t raw[64], raw2[64];
  char text[2 * sizeof raw + 1];
  if (n / 2 > sizeof raw || weft_hex_decode(raw, n / 2, (const char *)data, n) != WEFT_OK) return;
  weft_hex_encode(text, raw, n / 2);
  REQUIRE(weft_hex_decode(raw2, n / 2, text, n) == WEFT_OK && memcmp(raw, raw2, n / 2) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  switch (data[0] & 3) {
  case 0: addresses(data + 1, size - 1); break;
  case 1: varints(data + 1, size - 1); break;
  case 2: protobuf(data + 1, size - 1, 0); break;
  default: hex(data + 1, size - 1); break;
  }
  return 0;
}
