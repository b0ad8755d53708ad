/* Fragments of a ClientHello in any order, against a model: what comes out whole is what went in.
 *
 * Input: repeated {seq 1, length 2, offset 2, len 1, bytes}. */
#include <stdlib.h>
#include <string.h>

#include "dtls/reassembly.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 300 };

typedef struct model {
  bool open;
  uint16_t seq;
  uint32_t length;
  int byte[MAX]; /* -1: not yet */
} model;

static bool model_agrees(const model *m, const weft_dtls_fragment *f) {
  if (!m->open) return true;
  if (m->seq != f->seq || m->length != f->length) return false;
  for (uint32_t i = 0; i < f->len; i++)
    if (m->byte[f->offset + i] >= 0 && m->byte[f->offset + i] != f->data[i]) return false;
  return true;
}

static int model_add(model *m, const weft_dtls_fragment *f) {
  if (f->length > MAX) return WEFT_ETOOBIG;
  if (!model_agrees(m, f)) {
    m->open = false;
    return WEFT_EPROTO;
  }
  if (!m->open) {
    *m = (model){.open = true, .seq = f->seq, .length = f->length};
    for (int i = 0; i < MAX; i++) m->byte[i] = -1;
  }
  for (uint32_t i = 0; i < f->len; i++) m->byte[f->offset + i] = f->data[i];
  for (uint32_t i = 0; i < m->length; i++)
    if (m->byte[i] < 0) return 0;
  return 1;
}

static void check_whole(weft_dtls_reassembly *a, model *m) {
  size_t len;
  const uint8_t *record = weft_dtls_reassembly_take(a, 7, &len);
  weft_rd r, body;
  weft_dtls_record rec;
  weft_dtls_fragment f;
  weft_rd_init(&r, record, len);
  REQUIRE(weft_dtls_record_read(&r, &rec) && weft_rd_done(&r));
  weft_rd_init(&body, rec.body, rec.len);
  REQUIRE(weft_dtls_fragment_read(&body, &f) && weft_rd_done(&body));
  REQUIRE(f.len == m->length && f.length == m->length && f.seq == m->seq && f.offset == 0);
  for (uint32_t i = 0; i < f.len; i++) REQUIRE(f.data[i] == m->byte[i]);
  m->open = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weft_dtls_reassembly a;
  model m = {.open = false};
  size_t n = weft_dtls_reassembly_size(MAX);
  uint8_t *mem = malloc(n);
  REQUIRE(mem);
  weft_dtls_reassembly_init(&a, mem, MAX);
  weft_rd r;
  weft_rd_init(&r, data, size);
  while (weft_rd_left(&r) > 0) {
    weft_dtls_fragment f = {.type = 1};
    f.seq = weft_rd_u8(&r) & 3;
    f.length = weft_rd_u16(&r) & 0x1ff;
    f.offset = weft_rd_u16(&r) & 0x1ff;
    f.len = weft_rd_u8(&r);
    f.data = weft_rd_bytes(&r, f.len);
    if (!weft_rd_ok(&r) || f.offset > f.length || f.len > f.length - f.offset) break;
    int got = weft_dtls_reassembly_add(&a, &f);
    REQUIRE(got == model_add(&m, &f));
    if (got == 1) check_whole(&a, &m);
  }
  free(mem);
  return 0;
}
