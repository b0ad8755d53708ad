/* Packets, chunks and parameters: whoever walks sees the same, inside the input, and what was called sound decodes. */
#include <stdlib.h>
#include <string.h>

#include "sctp/crc32c.h"
#include "sctp/param.h"
#include "sctp/wire.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk_tlvs(weft_rd r, const uint8_t *start, const uint8_t *end) {
  weft_sctp_tlv t;
  int rc;
  const uint8_t *at = start;
  while ((rc = weft_sctp_tlv_next(&r, &t)) == 1) {
    REQUIRE(t.start == at && t.length >= 4 && t.value_len == t.length - 4u && t.value + t.value_len <= end);
    at = t.start + weft_sctp_pad4(t.length);
    if (t.type == WEFT_SCTP_PARAM_RESET_OUT) {
      weft_sctp_reset_out o;
      if (weft_sctp_reset_out_read(&o, &t) == WEFT_OK) REQUIRE(o.streams + 2 * o.streams_n <= end);
    }
  }
  REQUIRE(rc == 0);
}

static void walk_init(const weft_sctp_chunk *c) {
  weft_sctp_init i;
  weft_sctp_offer o;
  REQUIRE(weft_sctp_init_read(&i, c) == WEFT_OK);
  walk_tlvs(i.params, c->value + 16, c->value + c->value_len);
  weft_sctp_read_offer(i.params, &o);
  if (o.cookie) REQUIRE(o.cookie >= c->value && o.cookie + o.cookie_len <= c->value + c->value_len);
  for (size_t k = 0; k < o.unknown_n; k++) REQUIRE(o.unknown[k].start >= c->value && o.unknown[k].type & 0x4000);
}

static void walk_chunk(const weft_sctp_chunk *c) {
  weft_sctp_data d;
  weft_sctp_sack s;
  weft_sctp_forward f;
  weft_rd r;
  weft_rd_init(&r, c->value, c->value_len);
  switch (c->type) {
  case WEFT_SCTP_DATA: REQUIRE(weft_sctp_data_read(&d, c) == WEFT_OK && d.len + 12 == c->value_len); break;
  case WEFT_SCTP_INIT:
  case WEFT_SCTP_INIT_ACK: walk_init(c); break;
  case WEFT_SCTP_SACK:
    REQUIRE(weft_sctp_sack_read(&s, c) == WEFT_OK && 12 + 4u * s.gaps_n + 4u * s.dups_n == c->value_len);
    break;
  case WEFT_SCTP_FORWARD_TSN:
    REQUIRE(weft_sctp_forward_read(&f, c) == WEFT_OK && weft_rd_left(&f.streams) + 4 == c->value_len);
    break;
  case WEFT_SCTP_HEARTBEAT:
  case WEFT_SCTP_HEARTBEAT_ACK:
  case WEFT_SCTP_ABORT:
  case WEFT_SCTP_ERROR:
  case WEFT_SCTP_RE_CONFIG: walk_tlvs(r, c->value, c->value + c->value_len); break;
  default: break;
  }
}

/* The chunk headers, written again, make the same bytes. */
static void write_again(const weft_sctp_chunk *c) {
  uint8_t buf[65536 + 4];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  size_t at = weft_sctp_open_chunk(&w, c->type, c->flags);
  weft_wr_bytes(&w, c->value, c->value_len);
  weft_sctp_close_chunk(&w, at);
  REQUIRE(weft_wr_ok(&w) && weft_wr_len(&w) == weft_sctp_pad4(c->length) && memcmp(buf, c->start, c->length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weft_sctp_packet p;
  weft_sctp_chunk c;
  weft_sctp_crc32c_fn fast = weft_sctp_crc32c_choose();
  REQUIRE(weft_sctp_crc32c(fast, data, size) == weft_sctp_crc32c(weft_sctp_crc32c_table, data, size));
  if (weft_sctp_packet_check(data, size) != WEFT_OK) return 0;
  REQUIRE(weft_sctp_packet_read(&p, data, size) == WEFT_OK);
  const uint8_t *at = data + 12;
  int rc;
  while ((rc = weft_sctp_chunk_next(&p.chunks, &c)) == 1) {
    REQUIRE(c.start == at && c.value + c.value_len <= data + size);
    at = c.start + weft_sctp_pad4(c.length);
    walk_chunk(&c);
    write_again(&c);
  }
  REQUIRE(rc == 0);
  return 0;
}
