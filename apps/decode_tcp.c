/* TCP as far as it is in clear: multistream-select, then the lengths of Noise messages. And Yamux frames, where somebody has them in clear. */
#include <string.h>

#include "apps/decode_int.h"

/* ---- TCP ---- */

static void noise_or_lines(decode *d, decode_flow *f, unsigned way, const uint8_t *data, size_t len) {
  decode_stream *s = decode_stream_of(f, 0);
  if (!s) return;
  if (strcmp(s->protocol, "/noise") == 0 && s->way[way].noise_messages + s->way[1 - way].noise_messages > 0) {
    decode_noise_bytes(d, &s->way[way], data, len);
    return;
  }
  decode_bytes *b = &s->way[way];
  if (strcmp(s->protocol, "/noise") == 0 && len >= 2 && data[0] == 0 &&
      b->len == 0) { /* no line begins with a zero length */
    b->negotiated = true;
    decode_noise_bytes(d, b, data, len);
    return;
  }
  decode_stream_bytes(d, s, way, data, len);
}

void decode_tcp(decode *d, decode_flow *f, unsigned way, const packet *p) {
  decode_tcp_way *t = &f->tcp[way];
  if (p->flags & PACKET_SYN) {
    if (!t->known || t->next != p->seq + 1) decode_flow_clear(f);
    *t = (decode_tcp_way){true, p->seq + 1};
    outline_flag(d->o, "SYN");
    return;
  }
  if (p->flags & PACKET_RST) outline_flag(d->o, "RST");
  if (p->flags & PACKET_FIN) outline_flag(d->o, "FIN");
  if (p->len == 0) return;
  if (!t->known) *t = (decode_tcp_way){true, p->seq};
  int32_t behind = (int32_t)(t->next - p->seq);
  if (behind < 0) {
    outline_note(d->o, "%d bytes before it are missing: not decoded", (int)-behind);
    return;
  }
  if ((size_t)behind >= p->len) {
    outline_note(d->o, "sent again");
    return;
  }
  t->next = p->seq + (uint32_t)p->len;
  noise_or_lines(d, f, way, p->payload + behind, p->len - (size_t)behind);
}

/* ---- Yamux ---- */

enum { YAMUX_HEADER = 12 };

static void put_flags(decode *d, uint16_t flags) {
  static const char *const names[] = {"SYN", "ACK", "FIN", "RST"};
  for (unsigned i = 0; i < 4; i++)
    if (flags & 1u << i) outline_flag(d->o, names[i]);
}

/* The bytes behind the header; false: the rest cannot be read. */
static bool yamux_frame(decode *d, weft_rd *r, const uint8_t *data, size_t len) {
  static const char *const types[] = {"DATA", "WINDOW-UPDATE", "PING", "GO-AWAY"};
  size_t at = len - weft_rd_left(r), left = weft_rd_left(r);
  uint8_t version = weft_rd_u8(r), type = weft_rd_u8(r);
  uint16_t flags = weft_rd_u16(r);
  uint32_t stream = weft_rd_u32(r), value = weft_rd_u32(r);
  if (left < YAMUX_HEADER) {
    outline_broken(d->o, data, len, len, "%zu bytes, a header has 12 (yamux spec, Framing)", left);
    return false;
  }
  if (version != 0 || type > 3) {
    outline_broken(d->o, data, len, version ? at : at + 1, "version %u, type %u: version 0, types 0 to 3 (yamux spec)",
                   version, type);
    return false;
  }
  outline_begin(d->o, types[type]);
  outline_number(d->o, "stream", stream);
  put_flags(d, flags);
  outline_number(d->o, type == 0 ? "bytes" : "value", value);
  if (flags > 15)
    outline_broken(d->o, data, len, at + 2, "flags 0x%04x: only the lowest four are defined (yamux spec)", flags);
  if (type == 0 && value <= weft_rd_left(r) && value > 0)
    outline_begin(d->o, "data"), outline_bytes(d->o, "hex", weft_rd_bytes(r, value), value), outline_end(d->o);
  else if (type == 0 && value > 0)
    outline_note(d->o, "%zu of them are here", weft_rd_left(r));
  outline_end(d->o);
  return type != 0 || value == 0 || weft_rd_left(r) > 0;
}

void decode_yamux(decode *d, const uint8_t *data, size_t len) {
  weft_rd r;
  weft_rd_init(&r, data, len);
  outline_begin(d->o, "yamux");
  while (weft_rd_left(&r) > 0 && yamux_frame(d, &r, data, len)) continue;
  outline_end(d->o);
}
