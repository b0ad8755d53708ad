/* Routing records: RFC 0003 of libp2p's specs, PeerRecord. */
#include <string.h>

#include "base/pb.h"
#include "relay/relay_int.h"

enum { PEER_ID = 1, SEQ = 2, ADDRESSES = 3, ADDRESS_MULTIADDR = 1 };

static int read_address(weft_relay_peer_record *p, const weft_pb_field *whole) {
  weft_pb pb;
  weft_pb_field f;
  weft_relay_bytes addr = {NULL, 0};
  weft_pb_init(&pb, whole->data, whole->len);
  while (weft_pb_next(&pb, &f)) {
    if (f.number != ADDRESS_MULTIADDR) continue;
    if (f.wire != WEFT_PB_BYTES) return WEFT_EMALFORMED;
    addr = (weft_relay_bytes){f.data, f.len};
  }
  if (addr.len > 0 && p->addrs_len < WEFT_RELAY_ADDRS_MAX) p->addrs[p->addrs_len++] = addr;
  return weft_pb_ok(&pb) ? WEFT_OK : WEFT_EMALFORMED;
}

static int read_field(weft_relay_peer_record *p, const weft_pb_field *f) {
  if (f->number < PEER_ID || f->number > ADDRESSES) return WEFT_OK;
  if (f->wire != (f->number == SEQ ? WEFT_PB_VARINT : WEFT_PB_BYTES)) return WEFT_EMALFORMED;
  if (f->number == ADDRESSES) return read_address(p, f);
  if (f->number == SEQ) p->seq = f->value;
  if (f->number == PEER_ID) p->peer_id = (weft_relay_bytes){f->data, f->len};
  return WEFT_OK;
}

int weft_relay_peer_record_decode(weft_relay_peer_record *p, const uint8_t *data, size_t len) {
  weft_pb pb;
  weft_pb_field f;
  weft_peer_id id;
  memset(p, 0, sizeof *p);
  weft_pb_init(&pb, data, len);
  while (weft_pb_next(&pb, &f)) {
    int rc = read_field(p, &f);
    if (rc != WEFT_OK) return rc;
  }
  if (!weft_pb_ok(&pb)) return WEFT_EMALFORMED;
  return weft_peer_id_from_bytes(&id, p->peer_id.data, p->peer_id.len);
}
