#include <string.h>

#include "sctp/crc32c.h"
#include "sctp/serial.h"
#include "sctp/wire.h"
#include "test/conformance/conform.h"

static bool u64_is(const json *field, uint64_t v) {
  uint64_t want;
  return json_u64(field, &want) && want == v;
}

static bool hex_is(conform_ctx *ctx, const json *field, const uint8_t *data, size_t len) {
  size_t n = 0;
  const uint8_t *want = conform_bytes_of(ctx, field, &n);
  return want && n == len && (n == 0 || memcmp(want, data, n) == 0);
}

static bool flag_is(const json *field, bool v) { return field && field->type == JSON_BOOL && field->flag == v; }

/* ---- parameters ------------------------------------------------------------------------------------------------------ */

static bool streams_are(const json *list, const uint8_t *p, size_t n) {
  if (!list || list->len != n) return false;
  for (size_t i = 0; i < n; i++) {
    if (!u64_is(json_at(list, i), weft_sctp_be16(p + 2 * i))) return false;
  }
  return true;
}

static bool decoded_is(const json *d, const weft_sctp_tlv *t) {
  weft_sctp_reset_out o;
  if (t->type == WEFT_SCTP_PARAM_RESET_OUT) {
    return weft_sctp_reset_out_read(&o, t) == WEFT_OK && u64_is(json_get(d, "request_seq"), o.request) &&
           u64_is(json_get(d, "response_seq"), o.response) && u64_is(json_get(d, "last_tsn"), o.last_tsn) &&
           streams_are(json_get(d, "streams"), o.streams, o.streams_n);
  }
  if (t->type == WEFT_SCTP_PARAM_RESPONSE) {
    return t->value_len >= 8 && u64_is(json_get(d, "response_seq"), weft_sctp_be32(t->value)) &&
           u64_is(json_get(d, "result"), weft_sctp_be32(t->value + 4));
  }
  return t->type == WEFT_SCTP_PARAM_ADD_OUT && t->value_len >= 8 &&
         u64_is(json_get(d, "request_seq"), weft_sctp_be32(t->value)) &&
         u64_is(json_get(d, "new_streams"), weft_sctp_be16(t->value + 4));
}

static bool tlv_is(conform_ctx *ctx, const json *want, const weft_sctp_tlv *t) {
  if (!u64_is(json_get(want, "type"), t->type) || !u64_is(json_get(want, "length"), t->length)) return false;
  if (!hex_is(ctx, json_get(want, "value"), t->value, t->value_len)) return false;
  const json *decoded = json_get(want, "decoded");
  return json_is_null(decoded) || decoded_is(decoded, t);
}

static bool tlvs_are(conform_ctx *ctx, const json *list, weft_rd r) {
  weft_sctp_tlv t;
  for (const json *want = json_first(list); want; want = want->next) {
    if (weft_sctp_tlv_next(&r, &t) != 1 || !tlv_is(ctx, want, &t)) return false;
  }
  return weft_sctp_tlv_next(&r, &t) == 0;
}

static bool value_tlvs_are(conform_ctx *ctx, const json *list, const weft_sctp_chunk *c) {
  weft_rd r;
  weft_rd_init(&r, c->value, c->value_len);
  return tlvs_are(ctx, list, r);
}

/* ---- chunks ---------------------------------------------------------------------------------------------------------- */

static bool data_is(conform_ctx *ctx, const json *want, const weft_sctp_chunk *c) {
  weft_sctp_data d;
  return weft_sctp_data_read(&d, c) == WEFT_OK && u64_is(json_get(want, "tsn"), d.tsn) &&
         u64_is(json_get(want, "stream_id"), d.stream) && u64_is(json_get(want, "ssn"), d.ssn) &&
         u64_is(json_get(want, "ppid"), d.ppid) && hex_is(ctx, json_get(want, "user_data"), d.payload, d.len) &&
         flag_is(json_get(want, "unordered"), d.flags & WEFT_SCTP_FLAG_U) &&
         flag_is(json_get(want, "beginning"), d.flags & WEFT_SCTP_FLAG_B) &&
         flag_is(json_get(want, "ending"), d.flags & WEFT_SCTP_FLAG_E) &&
         flag_is(json_get(want, "immediate"), d.flags & WEFT_SCTP_FLAG_I);
}

static bool init_is(conform_ctx *ctx, const json *want, const weft_sctp_chunk *c) {
  weft_sctp_init i;
  return weft_sctp_init_read(&i, c) == WEFT_OK && u64_is(json_get(want, "initiate_tag"), i.tag) &&
         u64_is(json_get(want, "a_rwnd"), i.a_rwnd) && u64_is(json_get(want, "outbound_streams"), i.streams_out) &&
         u64_is(json_get(want, "inbound_streams"), i.streams_in) && u64_is(json_get(want, "initial_tsn"), i.tsn) &&
         tlvs_are(ctx, json_get(want, "parameters"), i.params);
}

static bool gaps_are(const json *list, const weft_sctp_sack *s) {
  if (!list || list->len != s->gaps_n) return false;
  for (size_t i = 0; i < s->gaps_n; i++) {
    uint16_t start, end;
    weft_sctp_sack_gap(s, i, &start, &end);
    const json *pair = json_at(list, i);
    if (!u64_is(json_at(pair, 0), start) || !u64_is(json_at(pair, 1), end)) return false;
  }
  return true;
}

static bool sack_is(const json *want, const weft_sctp_chunk *c) {
  weft_sctp_sack s;
  if (weft_sctp_sack_read(&s, c) != WEFT_OK || !gaps_are(json_get(want, "gap_blocks"), &s)) return false;
  const json *dups = json_get(want, "duplicates");
  if (!dups || dups->len != s.dups_n) return false;
  for (size_t i = 0; i < s.dups_n; i++) {
    if (!u64_is(json_at(dups, i), weft_sctp_be32(s.dups + 4 * i))) return false;
  }
  return u64_is(json_get(want, "cumulative_tsn"), s.cumulative) && u64_is(json_get(want, "a_rwnd"), s.a_rwnd);
}

static bool forward_is(const json *want, const weft_sctp_chunk *c) {
  weft_sctp_forward f;
  const json *list = json_get(want, "streams");
  if (weft_sctp_forward_read(&f, c) != WEFT_OK || !u64_is(json_get(want, "new_cumulative_tsn"), f.cumulative))
    return false;
  for (const json *pair = json_first(list); pair; pair = pair->next) {
    uint16_t stream = weft_rd_u16(&f.streams), ssn = weft_rd_u16(&f.streams);
    if (!u64_is(json_at(pair, 0), stream) || !u64_is(json_at(pair, 1), ssn)) return false;
  }
  return list && weft_rd_done(&f.streams);
}

static bool body_is(conform_ctx *ctx, const json *want, const weft_sctp_chunk *c) {
  switch (c->type) {
  case WEFT_SCTP_DATA: return data_is(ctx, want, c);
  case WEFT_SCTP_INIT:
  case WEFT_SCTP_INIT_ACK: return init_is(ctx, want, c);
  case WEFT_SCTP_SACK: return sack_is(want, c);
  case WEFT_SCTP_FORWARD_TSN: return forward_is(want, c);
  case WEFT_SCTP_HEARTBEAT:
  case WEFT_SCTP_HEARTBEAT_ACK:
  case WEFT_SCTP_RE_CONFIG: return value_tlvs_are(ctx, json_get(want, "parameters"), c);
  case WEFT_SCTP_ABORT:
  case WEFT_SCTP_ERROR: return value_tlvs_are(ctx, json_get(want, "causes"), c);
  case WEFT_SCTP_SHUTDOWN: return u64_is(json_get(want, "cumulative_tsn"), weft_sctp_be32(c->value));
  case WEFT_SCTP_COOKIE_ECHO: return hex_is(ctx, json_get(want, "cookie"), c->value, c->value_len);
  case WEFT_SCTP_SHUTDOWN_ACK:
  case WEFT_SCTP_SHUTDOWN_COMPLETE:
  case WEFT_SCTP_COOKIE_ACK: return c->value_len == 0;
  case WEFT_SCTP_I_DATA: /* never negotiated: well formed is all that is asked */
  case WEFT_SCTP_I_FORWARD_TSN: return true;
  default: return hex_is(ctx, json_get(want, "value"), c->value, c->value_len);
  }
}

static bool chunk_is(conform_ctx *ctx, const json *want, const weft_sctp_chunk *c) {
  const json *t_bit = json_get(want, "t_bit");
  return u64_is(json_get(want, "type"), c->type) && u64_is(json_get(want, "flags"), c->flags) &&
         u64_is(json_get(want, "length"), c->length) &&
         (json_is_null(t_bit) || flag_is(t_bit, c->flags & WEFT_SCTP_FLAG_T)) && body_is(ctx, want, c);
}

/* ---- cases ----------------------------------------------------------------------------------------------------------- */

static bool crc_is(const json *text, uint32_t crc) {
  char hex[9];
  for (unsigned i = 0; i < 8; i++) hex[i] = "0123456789abcdef"[crc >> (28 - 4 * i) & 15];
  hex[8] = 0;
  return json_text(text) && strcmp(json_text(text), hex) == 0;
}

static bool packet_is(conform_ctx *ctx, const conform_case *c, const uint8_t *in, size_t len) {
  weft_sctp_packet p;
  weft_sctp_chunk chunk;
  if (weft_sctp_packet_read(&p, in, len) != WEFT_OK) return false;
  bool sum_ok = weft_sctp_packet_crc(weft_sctp_crc32c_choose(), in, len) == p.crc;
  if (sum_ok != (weft_sctp_packet_crc(weft_sctp_crc32c_table, in, len) == p.crc)) return false;
  if (!conform_u64_is(c, "expected.source_port", p.source) ||
      !conform_u64_is(c, "expected.destination_port", p.destination) ||
      !conform_u64_is(c, "expected.verification_tag", p.tag) || !crc_is(json_get(c->expected, "checksum"), p.crc) ||
      !flag_is(json_get(c->expected, "checksum_ok"), sum_ok)) {
    return false;
  }
  for (const json *want = json_first(json_get(c->expected, "chunks")); want; want = want->next) {
    if (weft_sctp_chunk_next(&p.chunks, &chunk) != 1 || !chunk_is(ctx, want, &chunk)) return false;
  }
  return weft_sctp_chunk_next(&p.chunks, &chunk) == 0;
}

static void run_packet(conform_ctx *ctx, const conform_case *c) {
  size_t len = 0;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  bool sound = in && weft_sctp_packet_check(in, len) == WEFT_OK;
  if (c->valid)
    conform_verdict(ctx, c, sound && packet_is(ctx, c, in, len), sound ? "fields differ" : "refused");
  else
    conform_refused(ctx, c, !sound);
}

static void run_chunk(conform_ctx *ctx, const conform_case *c) {
  size_t len = 0;
  weft_rd r;
  weft_sctp_chunk chunk;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  weft_rd_init(&r, in, len);
  bool sound = weft_sctp_chunk_next(&r, &chunk) == 1 && weft_sctp_chunk_check(&chunk) == WEFT_OK;
  if (c->valid)
    conform_verdict(ctx, c, sound && chunk_is(ctx, c->expected, &chunk), sound ? "fields differ" : "refused");
  else
    conform_refused(ctx, c, !sound);
}

static void run_parameter(conform_ctx *ctx, const conform_case *c) {
  size_t len = 0;
  weft_rd r;
  weft_sctp_tlv t;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  weft_rd_init(&r, in, len);
  bool sound = weft_sctp_tlv_next(&r, &t) == 1;
  if (c->valid)
    conform_verdict(ctx, c, sound && tlv_is(ctx, c->expected, &t), sound ? "fields differ" : "refused");
  else
    conform_refused(ctx, c, !sound);
}

static void run_crc32c(conform_ctx *ctx, const conform_case *c) {
  size_t len = 0;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  uint32_t table = weft_sctp_crc32c(weft_sctp_crc32c_table, in, len),
           chosen = weft_sctp_crc32c(weft_sctp_crc32c_choose(), in, len);
  conform_verdict(ctx, c, crc_is(json_get(c->expected, "crc32c"), table) && table == chosen, "value differs");
}

static void run_serial(conform_ctx *ctx, const conform_case *c) {
  uint64_t bits = 0, a = 0, b = 0;
  bool given = conform_u64(c, "input.bits", &bits) && conform_u64(c, "input.a", &a) && conform_u64(c, "input.b", &b);
  bool less = bits == 16 ? weft_sctp_ssn_lt((uint16_t)a, (uint16_t)b) : weft_sctp_tsn_lt((uint32_t)a, (uint32_t)b);
  conform_verdict(ctx, c, given && flag_is(json_get(c->expected, "a_lt_b"), less), "order differs");
}

int conform_sctp(conform_ctx *ctx) {
  conform_case c;
  while (conform_next(ctx, &c)) {
    if (strcmp(c.op, "packet") == 0)
      run_packet(ctx, &c);
    else if (strcmp(c.op, "chunk") == 0)
      run_chunk(ctx, &c);
    else if (strcmp(c.op, "parameter") == 0)
      run_parameter(ctx, &c);
    else if (strcmp(c.op, "crc32c") == 0)
      run_crc32c(ctx, &c);
    else if (strcmp(c.op, "serial") == 0)
      run_serial(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
