#include "dtls/reassembly.h"

#include <string.h>

#define FRONT (WEFT_DTLS_HEADER_LEN + WEFT_DTLS_FRAGMENT_HEADER_LEN)

size_t weft_dtls_reassembly_size(size_t max) { return FRONT + max + (max + 7) / 8; }

void weft_dtls_reassembly_init(weft_dtls_reassembly *a, uint8_t *mem, size_t max) {
  *a = (weft_dtls_reassembly){.mem = mem, .max = max};
}

void weft_dtls_reassembly_reset(weft_dtls_reassembly *a) { a->open = false; }

static uint8_t *bits(const weft_dtls_reassembly *a) { return a->mem + FRONT + a->max; }

static void begin(weft_dtls_reassembly *a, const weft_dtls_fragment *f) {
  a->open = true;
  a->seq = f->seq;
  a->length = f->length;
  a->have = 0;
  memset(bits(a), 0, (a->max + 7) / 8);
}

static bool agrees(const weft_dtls_reassembly *a, const weft_dtls_fragment *f) {
  if (f->seq != a->seq || f->length != a->length) return false;
  const uint8_t *message = a->mem + FRONT, *have = bits(a);
  for (uint32_t i = 0; i < f->len; i++) {
    uint32_t at = f->offset + i;
    if ((have[at / 8] >> at % 8 & 1) && message[at] != f->data[i]) return false;
  }
  return true;
}

static void fill(weft_dtls_reassembly *a, const weft_dtls_fragment *f) {
  uint8_t *message = a->mem + FRONT, *have = bits(a);
  for (uint32_t i = 0; i < f->len; i++) {
    uint32_t at = f->offset + i;
    uint8_t bit = (uint8_t)(1u << at % 8);
    if (have[at / 8] & bit) continue;
    have[at / 8] |= bit;
    message[at] = f->data[i];
    a->have++;
  }
}

int weft_dtls_reassembly_add(weft_dtls_reassembly *a, const weft_dtls_fragment *f) {
  if (f->length > a->max) return WEFT_ETOOBIG;
  if (!a->open) begin(a, f);
  if (!agrees(a, f)) {
    a->open = false;
    return WEFT_EPROTO;
  }
  fill(a, f);
  return a->have == a->length;
}

const uint8_t *weft_dtls_reassembly_take(weft_dtls_reassembly *a, uint64_t record_seq, size_t *len) {
  weft_wr w;
  weft_wr_init(&w, a->mem, FRONT);
  weft_dtls_record_header(&w, WEFT_DTLS_HANDSHAKE, WEFT_DTLS_VERSION_10, 0, record_seq,
                          WEFT_DTLS_FRAGMENT_HEADER_LEN + a->length);
  weft_dtls_fragment whole = {WEFT_DTLS_CLIENT_HELLO, a->length, a->seq, 0, NULL, a->length};
  weft_dtls_fragment_header(&w, &whole);
  *len = FRONT + a->length;
  a->open = false;
  return a->mem;
}
