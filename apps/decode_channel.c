/* Data channel messages: DCEP (RFC 8832), libp2p's frames (specs webrtc/README.md), and in them multistream-select, Noise and identify. */
#include <stdlib.h>
#include <string.h>

#include <weft/datachannel/datachannel.h>
#include <weft/libp2p/identify.h>

#include "apps/decode_int.h"

/* ---- DCEP ---- */

static void put_open(decode *d, const uint8_t *data, size_t len) {
  static const char *const kinds[] = {"reliable", "partial-rexmit", "partial-timed"};
  weft_datachannel_params p;
  if (weft_datachannel_open_decode(&p, data, len) != WEFT_OK) {
    weft_rd r;
    weft_rd_init(&r, data, len);
    weft_rd_skip(&r, 1);
    uint8_t type = weft_rd_u8(&r);
    weft_rd_skip(&r, 6);
    size_t label = weft_rd_u16(&r), protocol = weft_rd_u16(&r);
    if (!weft_rd_ok(&r))
      outline_broken(d->o, data, len, len, "%zu bytes, an OPEN has at least 12 (RFC 8832 section 5.1)", len);
    else if (label + protocol != weft_rd_left(&r))
      outline_broken(d->o, data, len, 8,
                     "a label of %zu and a protocol of %zu bytes, %zu follow (RFC 8832 section 5.1)", label, protocol,
                     weft_rd_left(&r));
    else
      outline_broken(d->o, data, len, 1, "channel type 0x%02x is not assigned (RFC 8832 section 5.1)", type);
    return;
  }
  outline_word(d->o, "channel", kinds[p.reliability]);
  if (p.unordered) outline_flag(d->o, "unordered");
  outline_number(d->o, "priority", p.priority);
  if (p.parameter) outline_number(d->o, "parameter", p.parameter);
  outline_text(d->o, "label", p.label, p.label_len);
  outline_text(d->o, "protocol", p.protocol, p.protocol_len);
}

void decode_dcep(decode *d, const uint8_t *data, size_t len) {
  int type = weft_datachannel_message_type(data, len);
  outline_begin(d->o, type == WEFT_DATACHANNEL_OPEN ? "OPEN" : type == WEFT_DATACHANNEL_ACK ? "ACK" : "dcep");
  if (type == WEFT_DATACHANNEL_OPEN)
    put_open(d, data, len);
  else if (type == WEFT_DATACHANNEL_ACK && len != 1)
    outline_broken(d->o, data, len, 1, "an ACK has 1 byte (RFC 8832 section 5.2)");
  else if (type != WEFT_DATACHANNEL_ACK)
    outline_broken(d->o, data, len, 0, "neither OPEN (3) nor ACK (2), RFC 8832 section 8.2.1");
  outline_end(d->o);
}

/* ---- what a stream says ---- */

/* All of b's bytes that are kept and the new ones, contiguous; NULL: no room. */
static const uint8_t *join(decode_bytes *b, const uint8_t *data, size_t len, size_t *total) {
  *total = b->len + len;
  if (b->len == 0) return data;
  if (!b->kept || *total > DECODE_KEPT) return NULL;
  memcpy(b->kept + b->len, data, len);
  return b->kept;
}

static void keep(decode_bytes *b, const uint8_t *data, size_t len) {
  if (!b->kept) b->kept = malloc(DECODE_KEPT);
  b->len = b->kept && len <= DECODE_KEPT ? len : 0;
  if (b->len > 0) memmove(b->kept, data, len);
}

static bool printable(const uint8_t *data, size_t len) {
  for (size_t i = 0; i < len; i++)
    if ((data[i] < 0x20 && data[i] != '\n') || data[i] == 0x7f) return false;
  return len > 0 && len <= 256;
}

static void put_identify(decode *d, const uint8_t *data, size_t len) {
  static weft_identify m;
  weft_rd r, body;
  weft_rd_init(&r, data, len);
  weft_rd_uvarint_sub(&r, &body);
  if (!weft_rd_ok(&r) || weft_identify_decode(&m, body.p, weft_rd_left(&body)) != WEFT_OK) return;
  outline_begin(d->o, "identify");
  outline_text(d->o, "agent", m.agent_version ? m.agent_version : "", m.agent_version_len);
  outline_text(d->o, "version", m.protocol_version ? m.protocol_version : "", m.protocol_version_len);
  outline_number(d->o, "protocols", m.got_protocols_len);
  outline_number(d->o, "addresses", m.got_addrs_len);
  outline_end(d->o);
}

static void put_data(decode *d, const decode_stream *s, const uint8_t *data, size_t len) {
  if (len == 0) return;
  outline_begin(d->o, "data");
  if (s->protocol[0]) outline_word(d->o, "of", s->protocol);
  outline_number(d->o, "bytes", len);
  if (printable(data, len))
    outline_text(d->o, "text", (const char *)data, len);
  else
    outline_bytes(d->o, "hex", data, len);
  if (strcmp(s->protocol, WEFT_IDENTIFY_PROTOCOL) == 0) put_identify(d, data, len);
  outline_end(d->o);
}

/* A line of multistream-select: length, text, newline. 1 and its size; 0: more is needed; -1: something else. */
static int line(const uint8_t *data, size_t len, const char **text, size_t *text_len, size_t *size) {
  uint64_t n;
  int prefix = weft_uvarint_peek(data, len, &n);
  if (prefix <= 0) return prefix == 0 ? 0 : -1;
  size_t left = len - (size_t)prefix;
  *text = (const char *)data + prefix;
  bool begins = left == 0 || (*text)[0] == '/' || (*text)[0] == 'n' || (*text)[0] == 'l'; /* a protocol, "na", "ls" */
  if (n < 2 || n > 1024 || !begins) return -1;
  if (left < n) return 0;
  if ((*text)[n - 1] != '\n') return -1;
  *text_len = (size_t)n - 1;
  *size = (size_t)prefix + (size_t)n;
  return 1;
}

static void put_line(decode *d, decode_stream *s, const char *text, size_t len) {
  outline_begin(d->o, "multistream");
  outline_text(d->o, "line", text, len);
  outline_end(d->o);
  bool name =
      text[0] == '/' && len < sizeof s->protocol && memchr(text, '"', len) == NULL && memchr(text, '\\', len) == NULL;
  for (size_t i = 0; i < len && name; i++) name = text[i] > 0x20 && text[i] < 0x7f;
  if (!name || (len == 18 && memcmp(text, "/multistream/1.0.0", 18) == 0)) return;
  memcpy(s->protocol, text, len);
  s->protocol[len] = 0;
}

void decode_stream_bytes(decode *d, decode_stream *s, unsigned way, const uint8_t *data, size_t len) {
  decode_bytes *b = &s->way[way];
  size_t total, at = 0, text_len, size;
  const char *text;
  const uint8_t *all = b->negotiated ? data : join(b, data, len, &total);
  if (b->negotiated || !all) {
    put_data(d, s, data, len);
    return;
  }
  int rc = 0;
  while (at < total && (rc = line(all + at, total - at, &text, &text_len, &size)) == 1) {
    put_line(d, s, text, text_len);
    at += size;
  }
  if (at < total && rc < 0) {
    b->negotiated = true;
    put_data(d, s, all + at, total - at);
    b->len = 0;
  } else {
    keep(b, all + at, total - at);
  }
}

void decode_multistream(decode *d, decode_stream *s, const uint8_t *data, size_t len) {
  const char *text;
  size_t at = 0, text_len, size;
  int rc = 1;
  while (at < len && (rc = line(data + at, len - at, &text, &text_len, &size)) == 1) at += size;
  decode_stream_bytes(d, s, 0, data, len);
  if (rc == 1 || s->protocol[0]) return;
  outline_broken(d->o, data, len, at,
                 rc == 0 ? "a line that is cut off (multistream-select README)"
                         : "no line: a length of at most 1,024, then text that ends with a newline (multistream-select "
                           "README)");
}

/* ---- Noise: a length of two bytes, then a message (specs noise/README.md) ---- */

void decode_noise_bytes(decode *d, decode_bytes *b, const uint8_t *data, size_t len) {
  size_t total, at = 0;
  const uint8_t *all = join(b, data, len, &total);
  if (!all) {
    b->len = 0;
    outline_note(d->o, "more than is kept: Noise messages are lost here");
    return;
  }
  while (total - at >= 2) {
    size_t n = (size_t)all[at] << 8 | all[at + 1];
    if (total - at - 2 < n) break;
    outline_begin(d->o, "noise");
    outline_number(d->o, "message", ++b->noise_messages);
    outline_number(d->o, "bytes", n);
    if (b->noise_messages == 1 && n == 32) outline_bytes(d->o, "ephemeral", all + at + 2, n);
    if (b->noise_messages == 1) b->sealed_from = n == 32 ? 3 : 2; /* XX: messages 1 and 3, or 2, are the handshake */
    if (b->noise_messages == b->sealed_from)
      outline_note(
          d->o,
          "encrypted from here on: no key log has Noise's keys; of a recorded session, noise.jsonl has it in clear");
    outline_end(d->o);
    at += 2 + n;
  }
  keep(b, all + at, total - at);
}

/* ---- frames ---- */

static void put_frame(decode *d, unsigned way, decode_stream *s, const uint8_t *body, size_t len) {
  static const char *const flags[] = {"FIN", "STOP_SENDING", "RESET", "FIN_ACK"};
  weft_webrtc_frame f;
  outline_begin(d->o, "frame");
  outline_number(d->o, "bytes", len);
  if (weft_webrtc_frame_decode(&f, body, len) != WEFT_OK) {
    outline_broken(d->o, body, len, 0,
                   "no protobuf with flag = 1 and message = 2 (libp2p specs, webrtc \"Multiplexing\")");
  } else {
    if (f.flag >= 0) outline_word(d->o, "flag", f.flag < 4 ? flags[f.flag] : "unknown");
    if (f.len > 0 && s->id == 0 && !s->opened)
      decode_noise_bytes(d, &s->way[way], f.message, f.len);
    else if (f.len > 0)
      decode_stream_bytes(d, s, way, f.message, f.len);
  }
  outline_end(d->o);
}

void decode_frames(decode *d, decode_flow *f, unsigned way, decode_stream *s, const uint8_t *data, size_t len) {
  decode_bytes *b = &s->way[way];
  const uint8_t *body, *start = data;
  size_t body_len, all = len;
  int rc;
  (void)f;
  if (!b->started) weft_webrtc_deframer_init(&b->frames, NULL);
  b->started = true;
  while ((rc = weft_webrtc_deframer_next(&b->frames, &data, &len, &body, &body_len)) > 0)
    put_frame(d, way, s, body, body_len);
  if (rc == 0) return;
  outline_broken(d->o, start, all, all - len,
                 "no frame length: at most 16,384 with itself, in shortest form (libp2p specs, webrtc)");
  weft_webrtc_deframer_free(&b->frames);
  b->started = false;
}

void decode_message(decode *d, decode_flow *f, unsigned way, uint16_t stream, uint32_t ppid, const uint8_t *data,
                    size_t len) {
  decode_stream *s = decode_stream_of(f, stream);
  if (d->taps.message) d->taps.message(d->taps.user, way, stream, ppid, data, len);
  outline_begin(d->o, "message");
  outline_number(d->o, "stream", stream);
  outline_number(d->o, "bytes", len);
  switch (ppid) { /* RFC 8831 section 8 */
  case WEFT_DATACHANNEL_PPID_DCEP:
    if (s) s->opened = s->opened || (len > 0 && data[0] == WEFT_DATACHANNEL_OPEN);
    decode_dcep(d, data, len);
    break;
  case WEFT_DATACHANNEL_PPID_STRING: outline_text(d->o, "text", (const char *)data, len); break;
  case WEFT_DATACHANNEL_PPID_BINARY:
    if (s) decode_frames(d, f, way, s, data, len);
    break;
  case WEFT_DATACHANNEL_PPID_STRING_EMPTY:
  case WEFT_DATACHANNEL_PPID_BINARY_EMPTY: outline_flag(d->o, "empty"); break;
  default: outline_note(d->o, "PPID %u is none of WebRTC's (RFC 8831 section 8)", (unsigned)ppid);
  }
  outline_end(d->o);
}
