/* One libp2p Message in its protobuf: {1: flag enum, 2: message bytes} (libp2p specs webrtc/README.md, "Multiplexing"). */
#include "base/bytes.h"
#include "base/pb.h"
#include "webrtc/webrtc.h"

enum { FIELD_FLAG = 1, FIELD_MESSAGE = 2 };

static size_t body_size(const weft_webrtc_frame *f) {
  size_t n = 0;
  if (f->flag >= 0) n += 1 + weft_uvarint_size((uint64_t)f->flag);
  if (f->message) n += 1 + weft_uvarint_size(f->len) + f->len;
  return n;
}

int weft_webrtc_frame_encode(const weft_webrtc_frame *f, uint8_t *out, size_t cap, size_t *len) {
  weft_wr w;
  if (f->len > WEFT_WEBRTC_FRAME_MAX) return WEFT_ETOOBIG;
  size_t body = body_size(f);
  if (weft_uvarint_size(body) + body > WEFT_WEBRTC_FRAME_MAX) return WEFT_ETOOBIG;
  weft_wr_init(&w, out, cap);
  weft_wr_uvarint(&w, body);
  if (f->flag >= 0) weft_pb_put_varint(&w, FIELD_FLAG, (uint64_t)f->flag);
  if (f->message) weft_pb_put_bytes(&w, FIELD_MESSAGE, f->message, f->len);
  if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
  *len = weft_wr_len(&w);
  return WEFT_OK;
}

/* Of a repeated field the last counts, as protobuf has it; go's error code (3) and other fields are not looked at. */
static int take_field(weft_webrtc_frame *f, const weft_pb_field *field) {
  if (field->number == FIELD_FLAG) {
    if (field->wire != WEFT_PB_VARINT) return WEFT_EMALFORMED;
    f->flag = field->value > INT32_MAX ? INT32_MAX : (int)field->value;
  } else if (field->number == FIELD_MESSAGE) {
    if (field->wire != WEFT_PB_BYTES) return WEFT_EMALFORMED;
    f->message = field->data;
    f->len = field->len;
  }
  return WEFT_OK;
}

int weft_webrtc_frame_decode(weft_webrtc_frame *f, const uint8_t *data, size_t len) {
  weft_pb pb;
  weft_pb_field field;
  *f = (weft_webrtc_frame){.flag = WEFT_WEBRTC_FLAG_NONE};
  weft_pb_init(&pb, data, len);
  while (weft_pb_next(&pb, &field))
    if (take_field(f, &field) != WEFT_OK) return WEFT_EMALFORMED;
  return weft_pb_ok(&pb) ? WEFT_OK : WEFT_EMALFORMED;
}
