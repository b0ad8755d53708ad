/* HopMessage and StopMessage: libp2p specs relay/circuit-v2.md, "Protobuf". */
#include <limits.h>
#include <string.h>

#include "base/pb.h"
#include "relay/relay_int.h"

enum { /* field numbers: HopMessage, StopMessage */
       TYPE = 1,
       PEER = 2,
       HOP_RESERVATION = 3,
       HOP_LIMIT = 4,
       HOP_STATUS = 5,
       STOP_LIMIT = 3,
       STOP_STATUS = 4
};
enum { PEER_ID = 1, PEER_ADDRS = 2 };
enum { RESERVATION_EXPIRE = 1, RESERVATION_ADDRS = 2, RESERVATION_VOUCHER = 3 };
enum { LIMIT_DURATION = 1, LIMIT_DATA = 2 };

typedef enum part { PART_NONE, PART_TYPE, PART_PEER, PART_RESERVATION, PART_LIMIT, PART_STATUS } part;

static part hop_part(uint32_t number) {
  switch (number) {
  case TYPE: return PART_TYPE;
  case PEER: return PART_PEER;
  case HOP_RESERVATION: return PART_RESERVATION;
  case HOP_LIMIT: return PART_LIMIT;
  case HOP_STATUS: return PART_STATUS;
  default: return PART_NONE;
  }
}

static part stop_part(uint32_t number) {
  switch (number) {
  case TYPE: return PART_TYPE;
  case PEER: return PART_PEER;
  case STOP_LIMIT: return PART_LIMIT;
  case STOP_STATUS: return PART_STATUS;
  default: return PART_NONE;
  }
}

/* ---- reading ---- */

static void add_addr(weft_relay_message *m, const weft_pb_field *f) {
  if (m->addrs_len < WEFT_RELAY_ADDRS_MAX) m->addrs[m->addrs_len++] = (weft_relay_bytes){f->data, f->len};
}

static int read_peer(weft_relay_message *m, const weft_pb_field *whole) {
  weft_pb pb;
  weft_pb_field f;
  weft_pb_init(&pb, whole->data, whole->len);
  m->has_peer = true;
  m->peer_id = (weft_relay_bytes){NULL, 0};
  if (!m->has_reservation) m->addrs_len = 0;
  while (weft_pb_next(&pb, &f)) {
    if (f.number != PEER_ID && f.number != PEER_ADDRS) continue;
    if (f.wire != WEFT_PB_BYTES) return WEFT_EMALFORMED;
    if (f.number == PEER_ID) m->peer_id = (weft_relay_bytes){f.data, f.len};
    if (f.number == PEER_ADDRS && !m->has_reservation) add_addr(m, &f);
  }
  return weft_pb_ok(&pb) ? WEFT_OK : WEFT_EMALFORMED;
}

static int read_reservation(weft_relay_message *m, const weft_pb_field *whole) {
  weft_pb pb;
  weft_pb_field f;
  weft_pb_init(&pb, whole->data, whole->len);
  m->has_reservation = true;
  m->addrs_len = 0;
  m->expire = 0;
  m->voucher = (weft_relay_bytes){NULL, 0};
  while (weft_pb_next(&pb, &f)) {
    if (f.number < RESERVATION_EXPIRE || f.number > RESERVATION_VOUCHER) continue;
    if (f.wire != (f.number == RESERVATION_EXPIRE ? WEFT_PB_VARINT : WEFT_PB_BYTES)) return WEFT_EMALFORMED;
    if (f.number == RESERVATION_EXPIRE) m->expire = f.value;
    if (f.number == RESERVATION_ADDRS) add_addr(m, &f);
    if (f.number == RESERVATION_VOUCHER) m->voucher = (weft_relay_bytes){f.data, f.len};
  }
  return weft_pb_ok(&pb) ? WEFT_OK : WEFT_EMALFORMED;
}

static int read_limit(weft_relay_message *m, const weft_pb_field *whole) {
  weft_pb pb;
  weft_pb_field f;
  weft_pb_init(&pb, whole->data, whole->len);
  m->has_limit = true;
  m->limit_duration = 0;
  m->limit_data = 0;
  while (weft_pb_next(&pb, &f)) {
    if (f.number != LIMIT_DURATION && f.number != LIMIT_DATA) continue;
    if (f.wire != WEFT_PB_VARINT) return WEFT_EMALFORMED;
    if (f.number == LIMIT_DURATION) m->limit_duration = f.value > UINT32_MAX ? UINT32_MAX : (uint32_t)f.value;
    if (f.number == LIMIT_DATA) m->limit_data = f.value;
  }
  return weft_pb_ok(&pb) ? WEFT_OK : WEFT_EMALFORMED;
}

/* -1 means absent here, so an unknown number must not become it. */
static int number_of(uint64_t v) { return v > INT_MAX ? INT_MAX : (int)v; }

static int read_part(weft_relay_message *m, part p, const weft_pb_field *f) {
  bool number = p == PART_TYPE || p == PART_STATUS;
  if (p == PART_NONE) return WEFT_OK;
  if (f->wire != (number ? WEFT_PB_VARINT : WEFT_PB_BYTES)) return WEFT_EMALFORMED;
  if (p == PART_TYPE) m->type = number_of(f->value);
  if (p == PART_STATUS) m->status = number_of(f->value);
  if (p == PART_PEER) return read_peer(m, f);
  if (p == PART_RESERVATION) return read_reservation(m, f);
  if (p == PART_LIMIT) return read_limit(m, f);
  return WEFT_OK;
}

static int decode(weft_relay_message *m, const uint8_t *data, size_t len, part (*part_of)(uint32_t)) {
  weft_pb pb;
  weft_pb_field f;
  memset(m, 0, sizeof *m);
  m->type = m->status = -1;
  weft_pb_init(&pb, data, len);
  while (weft_pb_next(&pb, &f)) {
    int rc = read_part(m, part_of(f.number), &f);
    if (rc != WEFT_OK) return rc;
  }
  return weft_pb_ok(&pb) ? WEFT_OK : WEFT_EMALFORMED;
}

int weft_relay_hop_decode(weft_relay_message *m, const uint8_t *data, size_t len) {
  return decode(m, data, len, hop_part);
}

int weft_relay_stop_decode(weft_relay_message *m, const uint8_t *data, size_t len) {
  return decode(m, data, len, stop_part);
}

/* ---- writing ---- */

static void put_inner(weft_wr *w, uint32_t field, const weft_wr *inner) {
  if (!weft_wr_ok(inner)) w->failed = true;
  weft_pb_put_bytes(w, field, inner->start, weft_wr_len(inner));
}

static void put_addrs(weft_wr *w, uint32_t field, const weft_relay_message *m) {
  for (size_t i = 0; i < m->addrs_len && i < WEFT_RELAY_ADDRS_MAX; i++)
    weft_pb_put_bytes(w, field, m->addrs[i].data, m->addrs[i].len);
}

static void put_peer(weft_wr *w, const weft_relay_message *m) {
  uint8_t buf[WEFT_RELAY_MESSAGE_MAX];
  weft_wr in;
  if (!m->has_peer) return;
  weft_wr_init(&in, buf, sizeof buf);
  weft_pb_put_bytes(&in, PEER_ID, m->peer_id.data, m->peer_id.len);
  if (!m->has_reservation) put_addrs(&in, PEER_ADDRS, m);
  put_inner(w, PEER, &in);
}

static void put_reservation(weft_wr *w, const weft_relay_message *m) {
  uint8_t buf[WEFT_RELAY_MESSAGE_MAX];
  weft_wr in;
  if (!m->has_reservation) return;
  weft_wr_init(&in, buf, sizeof buf);
  weft_pb_put_varint(&in, RESERVATION_EXPIRE, m->expire);
  put_addrs(&in, RESERVATION_ADDRS, m);
  if (m->voucher.len > 0) weft_pb_put_bytes(&in, RESERVATION_VOUCHER, m->voucher.data, m->voucher.len);
  put_inner(w, HOP_RESERVATION, &in);
}

static void put_limit(weft_wr *w, uint32_t field, const weft_relay_message *m) {
  uint8_t buf[24];
  weft_wr in;
  if (!m->has_limit) return;
  weft_wr_init(&in, buf, sizeof buf);
  if (m->limit_duration) weft_pb_put_varint(&in, LIMIT_DURATION, m->limit_duration);
  if (m->limit_data) weft_pb_put_varint(&in, LIMIT_DATA, m->limit_data);
  put_inner(w, field, &in);
}

static void put_number(weft_wr *w, uint32_t field, int v) {
  if (v >= 0) weft_pb_put_varint(w, field, (uint64_t)v);
}

int weft_relay_frame(const weft_wr *body, uint8_t *out, size_t cap, size_t *len) {
  weft_wr w;
  if (!weft_wr_ok(body) || weft_wr_len(body) > WEFT_RELAY_MESSAGE_MAX) return WEFT_ETOOBIG;
  weft_wr_init(&w, out, cap);
  weft_wr_uvarint_bytes(&w, body->start, weft_wr_len(body));
  if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
  *len = weft_wr_len(&w);
  return WEFT_OK;
}

int weft_relay_hop_encode(const weft_relay_message *m, uint8_t *out, size_t cap, size_t *len) {
  uint8_t buf[WEFT_RELAY_MESSAGE_MAX];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  put_number(&w, TYPE, m->type);
  put_peer(&w, m);
  put_reservation(&w, m);
  put_limit(&w, HOP_LIMIT, m);
  put_number(&w, HOP_STATUS, m->status);
  return weft_relay_frame(&w, out, cap, len);
}

int weft_relay_stop_encode(const weft_relay_message *m, uint8_t *out, size_t cap, size_t *len) {
  uint8_t buf[WEFT_RELAY_MESSAGE_MAX];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  put_number(&w, TYPE, m->type);
  put_peer(&w, m);
  put_limit(&w, STOP_LIMIT, m);
  put_number(&w, STOP_STATUS, m->status);
  return weft_relay_frame(&w, out, cap, len);
}
