/* One message behind its uvarint length (relay/circuit-v2.md "Protobuf": "length-prefixed"), from a byte stream. */
#include <string.h>

#include "base/mem.h"
#include "relay/relay_int.h"

static int size_it(weft_relay_reader *rd, const weft_alloc *a) {
  uint64_t want;
  int n = weft_uvarint_peek(rd->prefix, rd->prefix_len, &want);
  if (n < 0) return WEFT_EMALFORMED;
  /* Two bytes hold 16,383: whatever needs a third is too long. */
  if (n == 0) return rd->prefix_len == sizeof rd->prefix ? WEFT_ETOOBIG : WEFT_EAGAIN;
  if (want > WEFT_RELAY_MESSAGE_MAX) return WEFT_ETOOBIG;
  rd->want = (size_t)want;
  rd->body = weft_mem_new(a, rd->want > 0 ? rd->want : 1);
  if (!rd->body) return WEFT_ENOMEM;
  rd->sized = true;
  return WEFT_OK;
}

int weft_relay_reader_input(weft_relay_reader *rd, const weft_alloc *a, const uint8_t *data, size_t len,
                            size_t *taken) {
  size_t at = 0;
  *taken = 0;
  while (!rd->sized) {
    if (at == len) return WEFT_EAGAIN;
    rd->prefix[rd->prefix_len++] = data[at++];
    *taken = at;
    int rc = size_it(rd, a);
    if (rc != WEFT_OK && rc != WEFT_EAGAIN) return rc;
  }
  size_t n = rd->want - rd->have < len - at ? rd->want - rd->have : len - at;
  if (n > 0) memcpy(rd->body + rd->have, data + at, n);
  rd->have += n;
  *taken = at + n;
  return rd->have == rd->want ? WEFT_OK : WEFT_EAGAIN;
}

void weft_relay_reader_free(weft_relay_reader *rd, const weft_alloc *a) {
  if (rd->body) weft_mem_free(a, rd->body, rd->want > 0 ? rd->want : 1);
  memset(rd, 0, sizeof *rd);
}
