/* sctp_packet.*, sctp_chunk.*, sctp_parameter.*, sctp_crc32c.*, sctp_serial.* */
#include <stdio.h>
#include <string.h>

#include "apps/conform/op.h"
#include "sctp/crc32c.h"
#include "sctp/serial.h"
#include "sctp/wire.h"

/* ---- parameters and causes ---- */

static void put_reset(json *to, const weft_sctp_reset_out *o) {
  json_put_u64(to, "request_seq", o->request);
  json_put_u64(to, "response_seq", o->response);
  json_put_u64(to, "last_tsn", o->last_tsn);
  json *streams = json_put_array(to, "streams");
  for (size_t i = 0; i < o->streams_n; i++) json_put_u64(streams, NULL, weft_sctp_be16(o->streams + 2 * i));
}

static void put_decoded(json *to, const weft_sctp_tlv *t) {
  weft_sctp_reset_out o;
  if (t->type == WEFT_SCTP_PARAM_RESET_OUT && weft_sctp_reset_out_read(&o, t) == WEFT_OK) {
    put_reset(json_put_object(to, "decoded"), &o);
  } else if (t->type == WEFT_SCTP_PARAM_RESPONSE && t->value_len >= 8) {
    json *d = json_put_object(to, "decoded");
    json_put_u64(d, "response_seq", weft_sctp_be32(t->value));
    json_put_u64(d, "result", weft_sctp_be32(t->value + 4));
  } else if (t->type == WEFT_SCTP_PARAM_ADD_OUT && t->value_len >= 8) {
    json *d = json_put_object(to, "decoded");
    json_put_u64(d, "request_seq", weft_sctp_be32(t->value));
    json_put_u64(d, "new_streams", weft_sctp_be16(t->value + 4));
  }
}

static void put_tlv(json *to, const weft_sctp_tlv *t) {
  json_put_u64(to, "type", t->type);
  json_put_u64(to, "length", t->length);
  json_put_hex(to, "value", t->value, t->value_len);
  put_decoded(to, t);
}

static void put_tlvs(json *list, weft_rd r) {
  weft_sctp_tlv t;
  while (weft_sctp_tlv_next(&r, &t) == 1) put_tlv(json_put_object(list, NULL), &t);
}

static void put_value_tlvs(json *list, const weft_sctp_chunk *k) {
  weft_rd r;
  weft_rd_init(&r, k->value, k->value_len);
  put_tlvs(list, r);
}

/* ---- chunks ---- */

static void put_data(json *to, const weft_sctp_chunk *k) {
  weft_sctp_data d;
  if (weft_sctp_data_read(&d, k) != WEFT_OK) return;
  json_put_u64(to, "tsn", d.tsn);
  json_put_u64(to, "stream_id", d.stream);
  json_put_u64(to, "ssn", d.ssn);
  json_put_u64(to, "ppid", d.ppid);
  json_put_hex(to, "user_data", d.payload, d.len);
  json_put_bool(to, "unordered", d.flags & WEFT_SCTP_FLAG_U);
  json_put_bool(to, "beginning", d.flags & WEFT_SCTP_FLAG_B);
  json_put_bool(to, "ending", d.flags & WEFT_SCTP_FLAG_E);
  json_put_bool(to, "immediate", d.flags & WEFT_SCTP_FLAG_I);
}

static void put_init(json *to, const weft_sctp_chunk *k) {
  weft_sctp_init i;
  if (weft_sctp_init_read(&i, k) != WEFT_OK) return;
  json_put_u64(to, "initiate_tag", i.tag);
  json_put_u64(to, "a_rwnd", i.a_rwnd);
  json_put_u64(to, "outbound_streams", i.streams_out);
  json_put_u64(to, "inbound_streams", i.streams_in);
  json_put_u64(to, "initial_tsn", i.tsn);
  put_tlvs(json_put_array(to, "parameters"), i.params);
}

static void put_sack(json *to, const weft_sctp_chunk *k) {
  weft_sctp_sack s;
  if (weft_sctp_sack_read(&s, k) != WEFT_OK) return;
  json_put_u64(to, "cumulative_tsn", s.cumulative);
  json_put_u64(to, "a_rwnd", s.a_rwnd);
  json *gaps = json_put_array(to, "gap_blocks"), *dups = json_put_array(to, "duplicates");
  for (size_t i = 0; i < s.gaps_n; i++) {
    uint16_t start, end;
    json *pair = json_put_array(gaps, NULL);
    weft_sctp_sack_gap(&s, i, &start, &end);
    json_put_u64(pair, NULL, start);
    json_put_u64(pair, NULL, end);
  }
  for (size_t i = 0; i < s.dups_n; i++) json_put_u64(dups, NULL, weft_sctp_be32(s.dups + 4 * i));
}

static void put_forward(json *to, const weft_sctp_chunk *k) {
  weft_sctp_forward f;
  if (weft_sctp_forward_read(&f, k) != WEFT_OK) return;
  json_put_u64(to, "new_cumulative_tsn", f.cumulative);
  json *streams = json_put_array(to, "streams");
  while (weft_rd_left(&f.streams) > 0) {
    json *pair = json_put_array(streams, NULL);
    json_put_u64(pair, NULL, weft_rd_u16(&f.streams));
    json_put_u64(pair, NULL, weft_rd_u16(&f.streams));
  }
}

static void put_body(json *to, const weft_sctp_chunk *k) {
  switch (k->type) {
  case WEFT_SCTP_DATA: put_data(to, k); break;
  case WEFT_SCTP_INIT:
  case WEFT_SCTP_INIT_ACK: put_init(to, k); break;
  case WEFT_SCTP_SACK: put_sack(to, k); break;
  case WEFT_SCTP_FORWARD_TSN: put_forward(to, k); break;
  case WEFT_SCTP_HEARTBEAT:
  case WEFT_SCTP_HEARTBEAT_ACK:
  case WEFT_SCTP_RE_CONFIG: put_value_tlvs(json_put_array(to, "parameters"), k); break;
  case WEFT_SCTP_ABORT: json_put_bool(to, "t_bit", k->flags & WEFT_SCTP_FLAG_T); /* fall through */
  case WEFT_SCTP_ERROR: put_value_tlvs(json_put_array(to, "causes"), k); break;
  case WEFT_SCTP_SHUTDOWN: json_put_u64(to, "cumulative_tsn", weft_sctp_be32(k->value)); break;
  case WEFT_SCTP_COOKIE_ECHO: json_put_hex(to, "cookie", k->value, k->value_len); break;
  case WEFT_SCTP_SHUTDOWN_COMPLETE: json_put_bool(to, "t_bit", k->flags & WEFT_SCTP_FLAG_T); break;
  default: json_put_hex(to, "value", k->value, k->value_len); break;
  }
}

static void put_chunk(json *to, const weft_sctp_chunk *k) {
  json_put_u64(to, "type", k->type);
  json_put_u64(to, "flags", k->flags);
  json_put_u64(to, "length", k->length);
  put_body(to, k);
}

/* ---- operations ---- */

static void put_crc(json *to, const char *key, uint32_t crc) {
  uint8_t be[4] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8), (uint8_t)crc};
  json_put_hex(to, key, be, sizeof be);
}

/* By the table and by the CPU; they must not differ. */
static bool packet_crc(const uint8_t *in, size_t len, uint32_t *crc) {
  *crc = weft_sctp_packet_crc(weft_sctp_crc32c_choose(), in, len);
  return *crc == weft_sctp_packet_crc(weft_sctp_crc32c_table, in, len);
}

static conform_status packet_decode(conform_call *c) {
  size_t len;
  uint32_t crc;
  weft_sctp_packet p;
  weft_sctp_chunk k;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  if (!in) return CONFORM_BAD;
  int rc = weft_sctp_packet_check(in, len);
  if (rc == WEFT_OK) rc = weft_sctp_packet_read(&p, in, len);
  if (rc != WEFT_OK || !packet_crc(in, len, &crc)) return conform_code(rc);
  json_put_u64(c->out, "source_port", p.source);
  json_put_u64(c->out, "destination_port", p.destination);
  json_put_u64(c->out, "verification_tag", p.tag);
  put_crc(c->out, "checksum", p.crc);
  json_put_bool(c->out, "checksum_ok", crc == p.crc);
  json *chunks = json_put_array(c->out, "chunks");
  while (weft_sctp_chunk_next(&p.chunks, &k) == 1) put_chunk(json_put_object(chunks, NULL), &k);
  return CONFORM_OK;
}

static conform_status packet_verify(conform_call *c) {
  size_t len;
  uint32_t crc;
  weft_sctp_packet p;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  if (!in) return CONFORM_BAD;
  int rc = weft_sctp_packet_read(&p, in, len);
  if (rc != WEFT_OK) return conform_code(rc);
  return packet_crc(in, len, &crc) && crc == p.crc ? CONFORM_OK : CONFORM_AUTH;
}

static conform_status chunk_decode(conform_call *c) {
  size_t len;
  weft_rd r;
  weft_sctp_chunk k;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  if (!in) return CONFORM_BAD;
  weft_rd_init(&r, in, len);
  if (weft_sctp_chunk_next(&r, &k) != 1) return CONFORM_MALFORMED;
  int rc = weft_sctp_chunk_check(&k);
  if (rc == WEFT_OK) put_chunk(c->out, &k);
  return conform_code(rc);
}

static conform_status parameter_decode(conform_call *c) {
  size_t len;
  weft_rd r;
  weft_sctp_tlv t;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  if (!in) return CONFORM_BAD;
  weft_rd_init(&r, in, len);
  if (weft_sctp_tlv_next(&r, &t) != 1) return CONFORM_MALFORMED;
  put_tlv(c->out, &t);
  return CONFORM_OK;
}

static conform_status crc32c(conform_call *c) {
  size_t len;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  if (!in) return CONFORM_BAD;
  uint32_t table = weft_sctp_crc32c(weft_sctp_crc32c_table, in, len);
  if (table != weft_sctp_crc32c(weft_sctp_crc32c_choose(), in, len)) return CONFORM_MALFORMED;
  put_crc(c->out, "crc32c", table);
  return CONFORM_OK;
}

static conform_status serial(conform_call *c) {
  uint32_t a, b;
  uint16_t bits;
  if (!conform_u16(c, "bits", &bits) || !conform_u32(c, "a", &a) || !conform_u32(c, "b", &b)) return CONFORM_BAD;
  json_put_bool(c->out, "a_lt_b", bits == 16 ? weft_sctp_ssn_lt((uint16_t)a, (uint16_t)b) : weft_sctp_tsn_lt(a, b));
  return CONFORM_OK;
}

const conform_entry conform_sctp[] = {{"sctp_packet.decode", packet_decode},
                                      {"sctp_packet.verify", packet_verify},
                                      {"sctp_chunk.decode", chunk_decode},
                                      {"sctp_parameter.decode", parameter_decode},
                                      {"sctp_crc32c.compute", crc32c},
                                      {"sctp_serial.compare", serial},
                                      {NULL, NULL}};
