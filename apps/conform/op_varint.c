/* varint.*: multiformats unsigned-varint. */
#include "apps/conform/op.h"
#include "base/bytes.h"

static conform_status encode(conform_call *c) {
  uint8_t buf[16];
  uint64_t value;
  weft_wr w;
  if (!json_find(c->in, "value")) return CONFORM_BAD;
  if (!conform_u64(c, "value", &value)) return CONFORM_LIMIT; /* above 2^64 */
  weft_wr_init(&w, buf, sizeof buf);
  weft_wr_uvarint(&w, value);
  if (!weft_wr_ok(&w) || weft_uvarint_size(value) != weft_wr_len(&w)) return CONFORM_LIMIT;
  json_put_hex(c->out, "hex", buf, weft_wr_len(&w));
  return CONFORM_OK;
}

static conform_status decode(conform_call *c) {
  size_t len;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  weft_rd r;
  if (!in) return CONFORM_BAD;
  weft_rd_init(&r, in, len);
  uint64_t value = weft_rd_uvarint(&r);
  if (!weft_rd_ok(&r)) return CONFORM_MALFORMED;
  json_put_u64(c->out, "value", value);
  json_put_u64(c->out, "consumed", len - weft_rd_left(&r));
  return CONFORM_OK;
}

const conform_entry conform_varint[] = {{"varint.encode", encode}, {"varint.decode", decode}, {NULL, NULL}};
