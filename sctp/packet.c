#include "sctp/wire.h"

int weft_sctp_packet_read(weft_sctp_packet *p, const uint8_t *data, size_t len) {
  weft_rd_init(&p->chunks, data, len);
  p->source = weft_rd_u16(&p->chunks);
  p->destination = weft_rd_u16(&p->chunks);
  p->tag = weft_rd_u32(&p->chunks);
  p->crc = weft_rd_u32le(&p->chunks);
  return weft_rd_ok(&p->chunks) ? WEFT_OK : WEFT_EMALFORMED;
}

static void skip_padding(weft_rd *r, size_t length) {
  size_t pad = weft_sctp_pad4(length) - length, left = weft_rd_left(r);
  /* the last one may come without its padding: RFC 9260 section 3.2, "the receiver MUST ignore the padding" */
  weft_rd_skip(r, pad < left ? pad : left);
}

int weft_sctp_chunk_next(weft_rd *r, weft_sctp_chunk *c) {
  if (weft_rd_left(r) == 0) return weft_rd_ok(r) ? 0 : WEFT_EMALFORMED;
  c->start = r->p;
  c->type = weft_rd_u8(r);
  c->flags = weft_rd_u8(r);
  c->length = weft_rd_u16(r);
  if (c->length < 4) weft_rd_fail(r);
  c->value_len = (size_t)c->length - 4;
  c->value = weft_rd_bytes(r, c->value_len);
  if (!weft_rd_ok(r)) return WEFT_EMALFORMED;
  skip_padding(r, c->length);
  return 1;
}

int weft_sctp_tlv_next(weft_rd *r, weft_sctp_tlv *t) {
  if (weft_rd_left(r) == 0) return weft_rd_ok(r) ? 0 : WEFT_EMALFORMED;
  t->start = r->p;
  t->type = weft_rd_u16(r);
  t->length = weft_rd_u16(r);
  if (t->length < 4) weft_rd_fail(r);
  t->value_len = (size_t)t->length - 4;
  t->value = weft_rd_bytes(r, t->value_len);
  if (!weft_rd_ok(r)) return WEFT_EMALFORMED;
  skip_padding(r, t->length);
  return 1;
}

int weft_sctp_packet_check(const uint8_t *data, size_t len) {
  weft_sctp_packet p;
  weft_sctp_chunk c;
  if (weft_sctp_packet_read(&p, data, len) != WEFT_OK) return WEFT_EMALFORMED;
  int rc;
  while ((rc = weft_sctp_chunk_next(&p.chunks, &c)) == 1) {
    if (weft_sctp_chunk_check(&c) != WEFT_OK) return WEFT_EMALFORMED;
  }
  return rc;
}

uint16_t weft_sctp_be16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }

uint32_t weft_sctp_be32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void weft_sctp_put16(uint8_t *p, uint16_t v) {
  p[0] = (uint8_t)(v >> 8);
  p[1] = (uint8_t)v;
}

void weft_sctp_put32(uint8_t *p, uint32_t v) {
  weft_sctp_put16(p, (uint16_t)(v >> 16));
  weft_sctp_put16(p + 2, (uint16_t)v);
}

void weft_sctp_put_header(weft_wr *w, uint16_t source, uint16_t destination, uint32_t tag) {
  weft_wr_u16(w, source);
  weft_wr_u16(w, destination);
  weft_wr_u32(w, tag);
  weft_wr_u32(w, 0);
}

size_t weft_sctp_open_chunk(weft_wr *w, uint8_t type, uint8_t flags) {
  size_t at = weft_wr_len(w);
  weft_wr_u8(w, type);
  weft_wr_u8(w, flags);
  weft_wr_u16(w, 0);
  return at;
}

static void pad(weft_wr *w) { weft_wr_zero(w, weft_sctp_pad4(weft_wr_len(w)) - weft_wr_len(w)); }

size_t weft_sctp_open_tlv(weft_wr *w, uint16_t type) {
  pad(w);
  size_t at = weft_wr_len(w);
  weft_wr_u16(w, type);
  weft_wr_u16(w, 0);
  return at;
}

void weft_sctp_close_tlv(weft_wr *w, size_t at) { weft_wr_patch16(w, at + 2, (uint16_t)(weft_wr_len(w) - at)); }

void weft_sctp_close_chunk(weft_wr *w, size_t at) {
  weft_sctp_close_tlv(w, at);
  pad(w);
}
