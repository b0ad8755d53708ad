/* Messages of /webrtc-signaling/0.0.1 (libp2p specs webrtc/webrtc.md, "Signaling Protocol"): protobuf behind a uvarint length. */
#include "webrtc/signaling.h"

#include <limits.h>
#include <string.h>

#include "base/bytes.h"
#include "base/pb.h"

enum { FIELD_TYPE = 1, FIELD_DATA = 2 };

/* The type is always written, OFFER's zero too: js-libp2p takes a message without one for no message. */
int weft_signaling_encode(const weft_signaling_message *m, uint8_t *out, size_t cap, size_t *len) {
  uint8_t head[16];
  weft_wr h, w;
  *len = 0;
  if (m->type < 0) return WEFT_EINVAL;
  weft_wr_init(&h, head, sizeof head);
  weft_pb_put_varint(&h, FIELD_TYPE, (uint64_t)m->type);
  size_t body = weft_wr_len(&h) + 1 + weft_uvarint_size(m->len) + m->len;
  if (m->len > WEFT_SIGNALING_MESSAGE_MAX || body > WEFT_SIGNALING_MESSAGE_MAX) return WEFT_ETOOBIG;
  weft_wr_init(&w, out, cap);
  weft_wr_uvarint(&w, body);
  weft_wr_bytes(&w, head, weft_wr_len(&h));
  weft_pb_put_bytes(&w, FIELD_DATA, m->data, m->len);
  if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
  *len = weft_wr_len(&w);
  return WEFT_OK;
}

/* Of a field that is there twice the last counts (protobuf, "Last One Wins"). */
int weft_signaling_decode(weft_signaling_message *m, const uint8_t *data, size_t len) {
  weft_pb pb;
  weft_pb_field f;
  *m = (weft_signaling_message){.type = -1};
  if (len > WEFT_SIGNALING_MESSAGE_MAX) return WEFT_ETOOBIG;
  weft_pb_init(&pb, data, len);
  while (weft_pb_next(&pb, &f)) {
    bool known = f.number == FIELD_TYPE || f.number == FIELD_DATA;
    if (known && f.wire != (f.number == FIELD_TYPE ? WEFT_PB_VARINT : WEFT_PB_BYTES)) return WEFT_EMALFORMED;
    if (f.number == FIELD_TYPE) m->type = f.value > INT_MAX ? INT_MAX : (int)f.value;
    if (f.number == FIELD_DATA) {
      m->data = f.data;
      m->len = f.len;
    }
  }
  return weft_pb_ok(&pb) ? WEFT_OK : WEFT_EMALFORMED;
}
