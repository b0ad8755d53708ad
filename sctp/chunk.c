#include "sctp/wire.h"

int weft_sctp_data_read(weft_sctp_data *d, const weft_sctp_chunk *c) {
  weft_rd r;
  weft_rd_init(&r, c->value, c->value_len);
  d->flags = c->flags;
  d->tsn = weft_rd_u32(&r);
  d->stream = weft_rd_u16(&r);
  d->ssn = weft_rd_u16(&r);
  d->ppid = weft_rd_u32(&r);
  if (!weft_rd_ok(&r)) return WEFT_EMALFORMED;
  d->len = weft_rd_left(&r);
  d->payload = weft_rd_bytes(&r, d->len);
  return WEFT_OK;
}

int weft_sctp_init_read(weft_sctp_init *i, const weft_sctp_chunk *c) {
  weft_rd *r = &i->params;
  weft_rd_init(r, c->value, c->value_len);
  i->tag = weft_rd_u32(r);
  i->a_rwnd = weft_rd_u32(r);
  i->streams_out = weft_rd_u16(r);
  i->streams_in = weft_rd_u16(r);
  i->tsn = weft_rd_u32(r);
  return weft_rd_ok(r) ? WEFT_OK : WEFT_EMALFORMED;
}

int weft_sctp_sack_read(weft_sctp_sack *s, const weft_sctp_chunk *c) {
  weft_rd r;
  weft_rd_init(&r, c->value, c->value_len);
  s->cumulative = weft_rd_u32(&r);
  s->a_rwnd = weft_rd_u32(&r);
  s->gaps_n = weft_rd_u16(&r);
  s->dups_n = weft_rd_u16(&r);
  s->gaps = weft_rd_bytes(&r, (size_t)s->gaps_n * 4);
  s->dups = weft_rd_bytes(&r, (size_t)s->dups_n * 4);
  return weft_rd_done(&r) ? WEFT_OK : WEFT_EMALFORMED;
}

void weft_sctp_sack_gap(const weft_sctp_sack *s, size_t i, uint16_t *start, uint16_t *end) {
  *start = weft_sctp_be16(s->gaps + 4 * i);
  *end = weft_sctp_be16(s->gaps + 4 * i + 2);
}

static int forward_read(weft_sctp_forward *f, const weft_sctp_chunk *c, size_t entry) {
  weft_rd_init(&f->streams, c->value, c->value_len);
  f->cumulative = weft_rd_u32(&f->streams);
  if (!weft_rd_ok(&f->streams) || weft_rd_left(&f->streams) % entry != 0) return WEFT_EMALFORMED;
  return WEFT_OK;
}

int weft_sctp_forward_read(weft_sctp_forward *f, const weft_sctp_chunk *c) { return forward_read(f, c, 4); }

int weft_sctp_reset_out_read(weft_sctp_reset_out *o, const weft_sctp_tlv *t) {
  weft_rd r;
  weft_rd_init(&r, t->value, t->value_len);
  o->request = weft_rd_u32(&r);
  o->response = weft_rd_u32(&r);
  o->last_tsn = weft_rd_u32(&r);
  if (!weft_rd_ok(&r) || weft_rd_left(&r) % 2 != 0) return WEFT_EMALFORMED;
  o->streams_n = weft_rd_left(&r) / 2;
  o->streams = weft_rd_bytes(&r, o->streams_n * 2);
  return WEFT_OK;
}

static int tlvs_check(weft_rd r) {
  weft_sctp_tlv t;
  int rc;
  while ((rc = weft_sctp_tlv_next(&r, &t)) == 1) {}
  return rc;
}

static int value_check(const weft_sctp_chunk *c) {
  weft_rd r;
  weft_rd_init(&r, c->value, c->value_len);
  return tlvs_check(r);
}

static int init_check(const weft_sctp_chunk *c) {
  weft_sctp_init i;
  return weft_sctp_init_read(&i, c) == WEFT_OK ? tlvs_check(i.params) : WEFT_EMALFORMED;
}

int weft_sctp_chunk_check(const weft_sctp_chunk *c) {
  weft_sctp_sack sack;
  weft_sctp_forward forward;
  switch (c->type) {
  case WEFT_SCTP_DATA: return c->value_len >= 12 ? WEFT_OK : WEFT_EMALFORMED;
  case WEFT_SCTP_I_DATA: return c->value_len >= 16 ? WEFT_OK : WEFT_EMALFORMED;
  case WEFT_SCTP_INIT:
  case WEFT_SCTP_INIT_ACK: return init_check(c);
  case WEFT_SCTP_SACK: return weft_sctp_sack_read(&sack, c);
  case WEFT_SCTP_HEARTBEAT:
  case WEFT_SCTP_HEARTBEAT_ACK:
  case WEFT_SCTP_ABORT:
  case WEFT_SCTP_ERROR:
  case WEFT_SCTP_RE_CONFIG: return value_check(c);
  case WEFT_SCTP_SHUTDOWN: return c->value_len == 4 ? WEFT_OK : WEFT_EMALFORMED;
  case WEFT_SCTP_SHUTDOWN_ACK:
  case WEFT_SCTP_COOKIE_ACK:
  case WEFT_SCTP_SHUTDOWN_COMPLETE: return c->value_len == 0 ? WEFT_OK : WEFT_EMALFORMED;
  case WEFT_SCTP_FORWARD_TSN: return weft_sctp_forward_read(&forward, c);
  case WEFT_SCTP_I_FORWARD_TSN: return forward_read(&forward, c, 8);
  default: return WEFT_OK;
  }
}
