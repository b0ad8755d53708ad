/* Signed envelopes: RFC 0002 of libp2p's specs. */
#include <string.h>

#include "base/pb.h"
#include "relay/relay_int.h"

enum { PUBLIC_KEY = 1, PAYLOAD_TYPE = 2, PAYLOAD = 3, SIGNATURE = 5 };

static weft_relay_bytes *field_of(weft_relay_envelope *e, uint32_t number) {
  switch (number) {
  case PUBLIC_KEY: return &e->public_key;
  case PAYLOAD_TYPE: return &e->payload_type;
  case PAYLOAD: return &e->payload;
  case SIGNATURE: return &e->signature;
  default: return NULL;
  }
}

int weft_relay_envelope_decode(weft_relay_envelope *e, const uint8_t *data, size_t len) {
  weft_pb pb;
  weft_pb_field f;
  memset(e, 0, sizeof *e);
  weft_pb_init(&pb, data, len);
  while (weft_pb_next(&pb, &f)) {
    weft_relay_bytes *to = field_of(e, f.number);
    if (!to) continue;
    if (f.wire != WEFT_PB_BYTES) return WEFT_EMALFORMED;
    *to = (weft_relay_bytes){f.data, f.len};
  }
  if (!weft_pb_ok(&pb) || e->public_key.len == 0 || e->signature.len == 0) return WEFT_EMALFORMED;
  return WEFT_OK;
}

int weft_relay_envelope_encode(const weft_relay_envelope *e, uint8_t *out, size_t cap, size_t *len) {
  weft_wr w;
  weft_wr_init(&w, out, cap);
  weft_pb_put_bytes(&w, PUBLIC_KEY, e->public_key.data, e->public_key.len);
  weft_pb_put_bytes(&w, PAYLOAD_TYPE, e->payload_type.data, e->payload_type.len);
  weft_pb_put_bytes(&w, PAYLOAD, e->payload.data, e->payload.len);
  weft_pb_put_bytes(&w, SIGNATURE, e->signature.data, e->signature.len);
  if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
  *len = weft_wr_len(&w);
  return WEFT_OK;
}

/* RFC 0002 "Signature Production / Verification": each of domain, type and payload behind its uvarint length. */
int weft_relay_envelope_signing_input(const char *domain, const weft_relay_envelope *e, uint8_t *out, size_t cap,
                                      size_t *len) {
  weft_wr w;
  weft_wr_init(&w, out, cap);
  weft_wr_uvarint_bytes(&w, domain, strlen(domain));
  weft_wr_uvarint_bytes(&w, e->payload_type.data, e->payload_type.len);
  weft_wr_uvarint_bytes(&w, e->payload.data, e->payload.len);
  if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
  *len = weft_wr_len(&w);
  return WEFT_OK;
}
