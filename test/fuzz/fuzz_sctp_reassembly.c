/* Reassembly alone: fragments of honest messages and of nonsense in any order. Bytes held are what was put in and not taken out, and
 * a whole honest exchange is delivered whole. */
#include <stdlib.h>
#include <string.h>

#include "sctp/reassembly.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WINDOW = 256, MAX_MESSAGE = 2000 };

typedef struct model {
  weft_sctp_pool pool;
  weft_sctp_reassembly r;
  uint8_t seen[WINDOW]; /* by TSN: a TSN comes once, as the association sees to it */
  size_t in, out, lost;
} model;

static void take(model *m, weft_sctp_fragment *run) {
  weft_sctp_message_in got;
  weft_sctp_reassembly_read(&m->r, run, &got);
  REQUIRE(got.len > 0 && got.len <= MAX_MESSAGE);
  m->out += got.len;
  weft_sctp_reassembly_release(&m->r, run);
}

static bool add(model *m, const weft_sctp_data *d) {
  weft_sctp_fragment *run = NULL;
  size_t before = m->r.bytes;
  int rc = weft_sctp_reassembly_add(&m->r, d, false, false, &run);
  if (rc < 0) return rc != WEFT_EPROTO && rc != WEFT_ETOOBIG;
  if (rc == WEFT_SCTP_KEPT) REQUIRE(m->r.bytes <= before + d->len);
  if (rc == WEFT_SCTP_TAKE_RUN) take(m, run);
  if (rc > 0 && !(d->flags & WEFT_SCTP_FLAG_U)) {
    while ((run = weft_sctp_reassembly_next(&m->r, d->stream))) take(m, run);
  }
  return true;
}

static bool one(model *m, const uint8_t *p) {
  static const uint8_t payload[256] = {7};
  weft_sctp_fragment *run;
  if (p[0] & 0x80) { /* skip or reset */
    if (p[0] & 0x40)
      weft_sctp_reassembly_reset(&m->r, p[1]);
    else {
      while ((run = weft_sctp_reassembly_skipped(&m->r, p[1] & 3, p[2] & 31))) take(m, run);
      weft_sctp_reassembly_dropped(&m->r, p[3]);
    }
    return true;
  }
  if (m->seen[p[1]]) return true;
  m->seen[p[1]] = 1;
  weft_sctp_data d = {.tsn = p[1],
                      .flags = p[0] & 7,
                      .stream = p[0] >> 3 & 3,
                      .ssn = p[2] & 31,
                      .ppid = 5,
                      .payload = payload,
                      .len = 1u + p[3]};
  return add(m, &d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  model m = {.in = 0};
  weft_sctp_pool_init(&m.pool, &weft_alloc_libc, 1376);
  REQUIRE(weft_sctp_reassembly_init(&m.r, &m.pool, size ? data[0] : 0, 0, MAX_MESSAGE) == WEFT_OK);
  for (size_t at = 1; at + 4 <= size; at += 4) {
    if (!one(&m, data + at)) break;
    REQUIRE(m.r.bytes <= m.pool.in_use && m.r.charge >= m.r.bytes && m.r.charge * 2 + 1 >= m.pool.in_use);
  }
  weft_sctp_reassembly_free(&m.r);
  REQUIRE(m.pool.in_use == 0 && m.r.bytes == 0 && m.r.charge == 0);
  weft_sctp_pool_trim(&m.pool);
  return 0;
}
