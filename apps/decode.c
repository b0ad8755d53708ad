#include "apps/decode.h"

#include <stdlib.h>
#include <string.h>

#include "apps/decode_int.h"

decode *decode_new(outline *o) {
  decode *d = calloc(1, sizeof *d);
  if (d) d->o = o;
  return d;
}

void decode_free(decode *d) {
  for (decode_flow *f = d->flows, *next; f; f = next) {
    next = f->next;
    decode_flow_clear(f);
    free(f);
  }
  decode_flow_clear(&d->alone);
  if (d->keys) weft_wipe(d->keys, DECODE_KEYS * sizeof *d->keys);
  free(d->keys);
  free(d);
}

/* ---- a datagram ---- */

static bool looks_like_sctp(const uint8_t *data, size_t len) {
  return len >= 16 && data[0] == 0x13 && data[1] == 0x88 && data[2] == 0x13 && data[3] == 0x88; /* ports 5000 */
}

/* RFC 7983 section 7; SCTP in clear is not on the wire, but in recordings. */
void decode_datagram(decode *d, decode_flow *f, unsigned way, const uint8_t *data, size_t len) {
  if (len == 0)
    outline_note(d->o, "empty");
  else if (looks_like_sctp(data, len))
    decode_sctp(d, f, way, data, len);
  else if (data[0] <= 3)
    decode_stun(d, data, len);
  else if (data[0] >= 20 && data[0] <= 63)
    decode_dtls(d, f, way, data, len);
  else
    outline_broken(d->o, data, len, 0, "first byte %u: neither STUN (0 to 3) nor DTLS (20 to 63), RFC 7983 section 7",
                   data[0]);
}

/* ---- a frame of a capture ---- */

static void begin_packet(decode *d, const packet *p, uint64_t unix_us) {
  char from[WEFT_ADDR_TEXT_MAX], to[WEFT_ADDR_TEXT_MAX], at[40];
  uint64_t since = unix_us > d->first_us ? unix_us - d->first_us : 0;
  snprintf(at, sizeof at, "%llu.%06llu", (unsigned long long)(since / 1000000), (unsigned long long)(since % 1000000));
  outline_begin(d->o, p->protocol == PACKET_TCP ? "tcp" : "udp");
  outline_number(d->o, "packet", d->packets);
  outline_word(d->o, "at", at);
  if (p->from.family != WEFT_AF_NONE) {
    outline_word(d->o, "from", weft_addr_format(&p->from, from, sizeof from));
    outline_word(d->o, "to", weft_addr_format(&p->to, to, sizeof to));
  }
  outline_number(d->o, "bytes", p->len);
}

static void no_payload(decode *d, const char *why) {
  outline_begin(d->o, "frame");
  outline_number(d->o, "packet", d->packets);
  outline_word(d->o, "skipped", why);
  outline_end(d->o);
}

void decode_packet(decode *d, uint32_t link, uint64_t unix_us, const uint8_t *data, size_t len) {
  packet p;
  unsigned way;
  if (d->packets++ == 0) d->first_us = unix_us;
  const char *why = packet_parse(&p, link, data, len);
  decode_flow *f = why ? NULL : decode_flow_of(d, &p, &way);
  if (!f) {
    no_payload(d, why ? why : "more conversations than are kept");
    return;
  }
  begin_packet(d, &p, unix_us);
  if (p.cut) outline_note(d->o, "the capture holds %zu bytes of it, there were more on the wire", p.len);
  if (p.protocol == PACKET_TCP)
    decode_tcp(d, f, way, &p);
  else
    decode_datagram(d, f, way, p.payload, p.len);
  outline_end(d->o);
}

/* ---- a unit alone ---- */

static const char *const layer_names[] = {"datagram", "stun", "dtls", "sctp", "dcep", "frames", "multistream", "yamux"};

bool decode_layer_named(const char *name, decode_layer *layer) {
  for (size_t i = 0; i < WEFT_ARRAY_LEN(layer_names); i++)
    if (strcmp(name, layer_names[i]) == 0) {
      *layer = (decode_layer)i;
      return true;
    }
  return false;
}

/* A stream that begins and ends with this unit. */
static void stream_alone(decode *d, decode_layer layer, const uint8_t *data, size_t len) {
  decode_flow *f = calloc(1, sizeof *f);
  decode_stream *s = f ? decode_stream_of(f, 1) : NULL;
  if (s && layer == DECODE_FRAMES) decode_frames(d, f, 0, s, data, len);
  if (s && layer == DECODE_MULTISTREAM) decode_multistream(d, s, data, len);
  if (f) decode_flow_clear(f);
  free(f);
}

/* Each line of hex is a unit of its own; only keys and the DTLS state go from one to the next. */
void decode_unit(decode *d, decode_layer layer, const uint8_t *data, size_t len) {
  outline_begin(d->o, "unit");
  outline_number(d->o, "bytes", len);
  switch (layer) {
  case DECODE_DATAGRAM: decode_datagram(d, &d->alone, 0, data, len); break;
  case DECODE_STUN: decode_stun(d, data, len); break;
  case DECODE_DTLS: decode_dtls(d, &d->alone, 0, data, len); break;
  case DECODE_SCTP: decode_sctp(d, &d->alone, 0, data, len); break;
  case DECODE_DCEP: decode_dcep(d, data, len); break;
  case DECODE_YAMUX: decode_yamux(d, data, len); break;
  case DECODE_FRAMES:
  case DECODE_MULTISTREAM: stream_alone(d, layer, data, len); break;
  }
  outline_end(d->o);
}
