#include "base/bytes.h"
#include "yamux/yamux.h"

enum { VERSION = 0, FLAGS = WEFT_YAMUX_SYN | WEFT_YAMUX_ACK | WEFT_YAMUX_FIN | WEFT_YAMUX_RST };

/* Yamux "Framing": version, type, flags, stream id, length; big endian. */
int weft_yamux_header_decode(weft_yamux_header *h, const uint8_t data[WEFT_YAMUX_HEADER_LEN]) {
  weft_rd r;
  weft_rd_init(&r, data, WEFT_YAMUX_HEADER_LEN);
  h->version = weft_rd_u8(&r);
  h->type = weft_rd_u8(&r);
  h->flags = weft_rd_u16(&r);
  h->stream = weft_rd_u32(&r);
  h->length = weft_rd_u32(&r);
  if (h->version != VERSION) return WEFT_EUNSUPPORTED;
  return h->type <= WEFT_YAMUX_GO_AWAY && (h->flags & ~FLAGS) == 0 ? WEFT_OK : WEFT_EMALFORMED;
}

void weft_yamux_header_encode(const weft_yamux_header *h, uint8_t out[WEFT_YAMUX_HEADER_LEN]) {
  weft_wr w;
  weft_wr_init(&w, out, WEFT_YAMUX_HEADER_LEN);
  weft_wr_u8(&w, h->version);
  weft_wr_u8(&w, h->type);
  weft_wr_u16(&w, h->flags);
  weft_wr_u32(&w, h->stream);
  weft_wr_u32(&w, h->length);
}
