#include <string.h>

#include "base/bytes.h"
#include "datachannel/datachannel_int.h"

enum {
  UNORDERED = 0x80,      /* high bit of the channel type, RFC 8832 section 5.1 */
  PRIORITY_NORMAL = 256, /* RFC 8831 section 6.4 */
};

int weft_datachannel_open_encode(const weft_datachannel_params *p, uint8_t *out, size_t cap, size_t *len) {
  if (p->reliability != WEFT_DATACHANNEL_RELIABLE && p->reliability != WEFT_DATACHANNEL_REXMIT &&
      p->reliability != WEFT_DATACHANNEL_TIMED)
    return WEFT_EINVAL;
  weft_wr w;
  weft_wr_init(&w, out, cap);
  weft_wr_u8(&w, WEFT_DATACHANNEL_OPEN);
  weft_wr_u8(&w, (uint8_t)((unsigned)p->reliability | (p->unordered ? (unsigned)UNORDERED : 0u)));
  weft_wr_u16(&w, p->priority);
  weft_wr_u32(&w, p->parameter);
  weft_wr_u16(&w, p->label_len);
  weft_wr_u16(&w, p->protocol_len);
  if (p->label_len > 0) weft_wr_bytes(&w, p->label, p->label_len);
  if (p->protocol_len > 0) weft_wr_bytes(&w, p->protocol, p->protocol_len);
  if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
  *len = weft_wr_len(&w);
  return WEFT_OK;
}

int weft_datachannel_open_decode(weft_datachannel_params *p, const uint8_t *data, size_t len) {
  weft_rd r;
  weft_rd_init(&r, data, len);
  weft_datachannel_params got = {0};
  if (weft_rd_u8(&r) != WEFT_DATACHANNEL_OPEN) return WEFT_EMALFORMED;
  uint8_t type = weft_rd_u8(&r);
  got.unordered = (type & UNORDERED) != 0;
  got.reliability = (weft_datachannel_reliability)(type & ~UNORDERED);
  got.priority = weft_rd_u16(&r);
  got.parameter = weft_rd_u32(&r);
  got.label_len = weft_rd_u16(&r);
  got.protocol_len = weft_rd_u16(&r);
  got.label = (const char *)weft_rd_bytes(&r, got.label_len);
  got.protocol = (const char *)weft_rd_bytes(&r, got.protocol_len);
  if (!weft_rd_done(&r) || (type & ~UNORDERED) > WEFT_DATACHANNEL_TIMED) return WEFT_EMALFORMED;
  *p = got;
  return WEFT_OK;
}

int weft_datachannel_message_type(const uint8_t *data, size_t len) {
  if (len == 0) return WEFT_EMALFORMED;
  if (data[0] == WEFT_DATACHANNEL_OPEN) return WEFT_DATACHANNEL_OPEN;
  /* An ACK is one byte (RFC 8832 section 5.2); more after it is tolerated, since nothing can be in it. */
  return data[0] == WEFT_DATACHANNEL_ACK ? WEFT_DATACHANNEL_ACK : WEFT_EMALFORMED;
}

size_t weft_datachannel_open_size(const weft_datachannel_params *p) {
  return WEFT_DATACHANNEL_OPEN_HEADER + (size_t)p->label_len + p->protocol_len;
}

uint16_t weft_datachannel_wire_priority(uint16_t priority) { return priority ? priority : PRIORITY_NORMAL; }
