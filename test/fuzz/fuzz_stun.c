/* STUN messages: what parses is walked, read, checked, answered, and written again to the same bytes but for padding. */
#include <stdlib.h>
#include <string.h>

#include "stun/stun.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const weft_stun_msg *m, const weft_stun_attr *a) {
  weft_addr addr;
  uint32_t u32;
  uint64_t u64;
  unsigned code;
  const char *reason;
  size_t n;
  (void)weft_stun_get_u32(a, &u32);
  (void)weft_stun_get_u64(a, &u64);
  if (weft_stun_get_error(a, &code, &reason, &n) == WEFT_OK) REQUIRE(code >= 300 && code <= 699 && n + 4 == a->len);
  if (weft_stun_get_address(a, &addr) == WEFT_OK) REQUIRE(addr.family == WEFT_AF_IP4 || addr.family == WEFT_AF_IP6);
  (void)weft_stun_get_xor_address(m, a, &addr);
}

static size_t padded(size_t n) { return (n + 3) & ~(size_t)3; }

/* The same attributes in the same order, with zero padding, must give the same message. */
static void write_again(const weft_stun_msg *m) {
  uint8_t *out = malloc(m->len);
  weft_stun_writer w;
  weft_stun_attr a;
  size_t cursor = 0, at = WEFT_STUN_HEADER_LEN, len, n = 0;
  REQUIRE(out != NULL);
  weft_stun_begin(&w, out, m->len, m->cls, m->method, m->txid);
  while (weft_stun_next(m, &cursor, &a)) {
    REQUIRE(a.value >= m->data + at && a.value + a.len <= m->data + m->len);
    REQUIRE(cursor == at + 4 + padded(a.len));
    at = cursor;
    read_all(m, &a);
    weft_stun_put(&w, a.type, a.value, a.len);
    REQUIRE(++n <= m->len / 4);
  }
  REQUIRE(weft_stun_end(&w, &len) == WEFT_OK && len == m->len && at == m->len);
  REQUIRE(memcmp(out, m->data, WEFT_STUN_HEADER_LEN) == 0);
  weft_stun_msg again;
  REQUIRE(weft_stun_parse(&again, out, len) == WEFT_OK);
  REQUIRE(again.integrity_at == m->integrity_at && again.integrity256_at == m->integrity256_at);
  REQUIRE(again.fingerprint_at == m->fingerprint_at);
  free(out);
}

static void look(const weft_stun_msg *m) {
  static const uint16_t types[] = {WEFT_STUN_USERNAME,           WEFT_STUN_MESSAGE_INTEGRITY,
                                   WEFT_STUN_FINGERPRINT,        WEFT_STUN_MESSAGE_INTEGRITY_SHA256,
                                   WEFT_STUN_XOR_MAPPED_ADDRESS, 0x7fff};
  uint16_t unknown[4];
  weft_stun_attr a;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(types); i++)
    if (weft_stun_find(m, types[i], &a) == WEFT_OK) REQUIRE(a.type == types[i]);
  (void)weft_stun_unknown(m, types, WEFT_ARRAY_LEN(types), unknown, WEFT_ARRAY_LEN(unknown));
  (void)weft_stun_check_fingerprint(m);
  (void)weft_stun_check_integrity(m, "VOkJxbRl1RmTxUk/WvJxBt", 22);
  (void)weft_stun_check_integrity_sha256(m, "VOkJxbRl1RmTxUk/WvJxBt", 22);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weft_stun_msg m;
  weft_addr from = {.family = WEFT_AF_IP6, .port = 9};
  uint8_t out[64];
  size_t len;
  bool stun = weft_stun_is(data, size);
  if (weft_stun_binding_answer(data, size, &from, out, sizeof out, &len) == WEFT_OK) REQUIRE(stun && len <= 44);
  if (weft_stun_parse(&m, data, size) != WEFT_OK) return 0;
  look(&m);
  write_again(&m);
  return 0;
}
