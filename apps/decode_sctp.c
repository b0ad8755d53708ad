/* SCTP packets and chunks (RFC 9260, RFC 6525, RFC 3758), and messages put together from DATA. */
#include <stdlib.h>
#include <string.h>

#include "apps/decode_int.h"
#include "sctp/crc32c.h"
#include "sctp/wire.h"

static const char *chunk_name(uint8_t type) {
  switch (type) {
  case WEFT_SCTP_DATA: return "DATA";
  case WEFT_SCTP_INIT: return "INIT";
  case WEFT_SCTP_INIT_ACK: return "INIT-ACK";
  case WEFT_SCTP_SACK: return "SACK";
  case WEFT_SCTP_HEARTBEAT: return "HEARTBEAT";
  case WEFT_SCTP_HEARTBEAT_ACK: return "HEARTBEAT-ACK";
  case WEFT_SCTP_ABORT: return "ABORT";
  case WEFT_SCTP_SHUTDOWN: return "SHUTDOWN";
  case WEFT_SCTP_SHUTDOWN_ACK: return "SHUTDOWN-ACK";
  case WEFT_SCTP_ERROR: return "ERROR";
  case WEFT_SCTP_COOKIE_ECHO: return "COOKIE-ECHO";
  case WEFT_SCTP_COOKIE_ACK: return "COOKIE-ACK";
  case WEFT_SCTP_SHUTDOWN_COMPLETE: return "SHUTDOWN-COMPLETE";
  case WEFT_SCTP_I_DATA: return "I-DATA";
  case WEFT_SCTP_RE_CONFIG: return "RE-CONFIG";
  case WEFT_SCTP_FORWARD_TSN: return "FORWARD-TSN";
  case WEFT_SCTP_I_FORWARD_TSN: return "I-FORWARD-TSN";
  default: return "chunk";
  }
}

static const char *tlv_name(uint8_t chunk, uint16_t type) {
  if (chunk == WEFT_SCTP_ABORT || chunk == WEFT_SCTP_ERROR) return "cause";
  switch (type) {
  case WEFT_SCTP_PARAM_HEARTBEAT_INFO: return "heartbeat-info";
  case WEFT_SCTP_PARAM_COOKIE: return "state-cookie";
  case WEFT_SCTP_PARAM_UNRECOGNIZED: return "unrecognized-parameter";
  case WEFT_SCTP_PARAM_RESET_OUT: return "outgoing-reset-request";
  case WEFT_SCTP_PARAM_RESET_IN: return "incoming-reset-request";
  case WEFT_SCTP_PARAM_RESET_TSN: return "tsn-reset-request";
  case WEFT_SCTP_PARAM_RESPONSE: return "response";
  case WEFT_SCTP_PARAM_ADD_OUT: return "add-outgoing-streams";
  case WEFT_SCTP_PARAM_ADD_IN: return "add-incoming-streams";
  case WEFT_SCTP_PARAM_ZERO_CHECKSUM: return "zero-checksum-acceptable";
  case WEFT_SCTP_PARAM_EXTENSIONS: return "supported-extensions";
  case WEFT_SCTP_PARAM_FORWARD_TSN: return "forward-tsn-supported";
  default: return "parameter";
  }
}

/* ---- what waits ---- */

void decode_sctp_clear(decode_sctp_way *w) {
  for (decode_piece *p = w->pieces, *next; p; p = next) {
    next = p->next;
    free(p);
  }
  memset(w, 0, sizeof *w);
}

static void drop_piece(decode_sctp_way *w, decode_piece *p) {
  decode_piece **at = &w->pieces;
  while (*at != p) at = &(*at)->next;
  *at = p->next;
  w->pieces_len--;
  free(p);
}

static decode_piece *find_piece(const decode_sctp_way *w, uint32_t tsn) {
  for (decode_piece *p = w->pieces; p; p = p->next)
    if (!p->whole && p->tsn == tsn) return p;
  return NULL;
}

static void keep_piece(decode_sctp_way *w, const decode_piece *head, const uint8_t *data) {
  if (w->pieces_len == DECODE_PIECES) return;
  decode_piece *p = malloc(sizeof *p + head->len);
  if (!p) return;
  *p = *head;
  if (head->len > 0) memcpy(p->data, data, head->len);
  p->next = w->pieces;
  w->pieces = p;
  w->pieces_len++;
}

/* True the first time. */
static bool fresh_tsn(decode_sctp_way *w, uint32_t tsn) {
  if (!w->any) {
    w->any = true;
    w->highest = tsn;
  }
  int32_t ahead = (int32_t)(tsn - w->highest);
  if (ahead <= -DECODE_TSNS) return false;
  if (ahead > 0 && ahead >= DECODE_TSNS) memset(w->seen, 0, sizeof w->seen);
  for (int32_t i = 1; i <= ahead && ahead < DECODE_TSNS; i++) {
    uint32_t at = (w->highest + (uint32_t)i) % DECODE_TSNS;
    w->seen[at / 64] &= ~(UINT64_C(1) << at % 64);
  }
  if (ahead > 0) w->highest = tsn;
  uint64_t *word = &w->seen[tsn % DECODE_TSNS / 64], bit = UINT64_C(1) << tsn % 64;
  bool fresh = !(*word & bit);
  *word |= bit;
  return fresh;
}

/* ---- messages in their turn ---- */

static bool its_turn(decode_flow *f, unsigned way, const decode_piece *m, decode_stream **s) {
  *s = decode_stream_of(f, m->stream);
  if (!*s || (m->flags & WEFT_SCTP_FLAG_U)) return true;
  decode_bytes *b = &(*s)->way[way];
  if (!b->ssn_known) b->next_ssn = m->ssn;
  b->ssn_known = true;
  return (int16_t)(m->ssn - b->next_ssn) <= 0;
}

static void show_message(decode *d, decode_flow *f, unsigned way, const decode_piece *m, const uint8_t *data) {
  decode_stream *s = decode_stream_of(f, m->stream);
  if (s && !(m->flags & WEFT_SCTP_FLAG_U)) s->way[way].next_ssn = (uint16_t)(m->ssn + 1);
  decode_message(d, f, way, m->stream, m->ppid, data, m->len);
}

static void show_waiting(decode *d, decode_flow *f, unsigned way) {
  decode_sctp_way *w = &f->sctp[way];
  for (decode_piece *p = w->pieces; p;) {
    decode_stream *s;
    if (!p->whole || !its_turn(f, way, p, &s)) {
      p = p->next;
      continue;
    }
    show_message(d, f, way, p, p->data);
    drop_piece(w, p);
    p = w->pieces;
  }
}

static void take_message(decode *d, decode_flow *f, unsigned way, decode_piece *m, const uint8_t *data) {
  decode_stream *s;
  m->whole = true;
  if (!its_turn(f, way, m, &s)) {
    outline_note(d->o, "before its turn: message %u of the stream is missing", s->way[way].next_ssn);
    keep_piece(&f->sctp[way], m, data);
    return;
  }
  show_message(d, f, way, m, data);
  show_waiting(d, f, way);
}

/* ---- fragments ---- */

/* Joins the run of fragments around tsn when both ends are there. */
static void try_join(decode *d, decode_flow *f, unsigned way, uint32_t tsn) {
  decode_sctp_way *w = &f->sctp[way];
  uint32_t first = tsn, last = tsn;
  size_t total = 0;
  decode_piece *p;
  while ((p = find_piece(w, first)) != NULL && !(p->flags & WEFT_SCTP_FLAG_B)) first--;
  if (!p) return;
  while ((p = find_piece(w, last)) != NULL && !(p->flags & WEFT_SCTP_FLAG_E)) last++;
  if (!p) return;
  for (uint32_t t = first; t != last + 1; t++) total += find_piece(w, t)->len;
  uint8_t *whole = total <= DECODE_MESSAGE ? malloc(total + 1) : NULL;
  decode_piece head = *find_piece(w, first);
  size_t at = 0;
  for (uint32_t t = first; t != last + 1; t++) {
    p = find_piece(w, t);
    if (whole && p->len > 0) memcpy(whole + at, p->data, p->len);
    at += p->len;
    drop_piece(w, p);
  }
  head.len = total;
  if (whole)
    take_message(d, f, way, &head, whole);
  else
    outline_note(d->o, "a message of %zu bytes: larger than what is put together here", total);
  free(whole);
}

static void take_data(decode *d, decode_flow *f, unsigned way, const weft_sctp_data *c) {
  decode_piece head = {
      .tsn = c->tsn, .ppid = c->ppid, .stream = c->stream, .ssn = c->ssn, .flags = c->flags, .len = c->len};
  uint8_t both = WEFT_SCTP_FLAG_B | WEFT_SCTP_FLAG_E;
  if (!fresh_tsn(&f->sctp[way], c->tsn)) {
    outline_note(d->o, "sent again, or older than what is remembered");
  } else if ((c->flags & both) == both) {
    take_message(d, f, way, &head, c->payload);
  } else {
    keep_piece(&f->sctp[way], &head, c->payload);
    try_join(d, f, way, c->tsn);
  }
}

/* ---- chunks ---- */

static void data(decode *d, decode_flow *f, unsigned way, const weft_sctp_chunk *c) {
  weft_sctp_data v;
  if (weft_sctp_data_read(&v, c) != WEFT_OK) {
    outline_broken(d->o, c->start, c->length, 2,
                   "a DATA chunk of %u bytes, its header alone has 16 (RFC 9260 section 3.3.1)", c->length);
    return;
  }
  outline_number(d->o, "tsn", v.tsn);
  outline_number(d->o, "stream", v.stream);
  outline_number(d->o, "ssn", v.ssn);
  outline_number(d->o, "ppid", v.ppid);
  if (v.flags & WEFT_SCTP_FLAG_U) outline_flag(d->o, "unordered");
  if (!(v.flags & WEFT_SCTP_FLAG_B)) outline_flag(d->o, "not_first");
  if (!(v.flags & WEFT_SCTP_FLAG_E)) outline_flag(d->o, "not_last");
  outline_number(d->o, "bytes", v.len);
  if (v.len == 0)
    outline_broken(d->o, c->start, c->length, 2,
                   "no user data (RFC 9260 section 3.3.1, answered by ABORT with cause 9)");
  else
    take_data(d, f, way, &v);
}

static void sack(decode *d, const weft_sctp_chunk *c) {
  weft_sctp_sack v;
  uint16_t start, end;
  if (weft_sctp_sack_read(&v, c) != WEFT_OK) {
    outline_broken(d->o, c->start, c->length, 2,
                   "the counts of gaps and duplicates need another length (RFC 9260 section 3.3.4)");
    return;
  }
  outline_number(d->o, "cumulative", v.cumulative);
  outline_number(d->o, "window", v.a_rwnd);
  if (v.dups_n) outline_number(d->o, "duplicates", v.dups_n);
  for (uint16_t i = 0; i < v.gaps_n; i++) {
    weft_sctp_sack_gap(&v, i, &start, &end);
    outline_begin(d->o, "gap");
    outline_number(d->o, "first", v.cumulative + start);
    outline_number(d->o, "last", v.cumulative + end);
    if (start < 2 || end < start)
      outline_broken(d->o, NULL, 0, 0, "blocks %u to %u (RFC 9260 section 3.3.4)", start, end);
    outline_end(d->o);
  }
}

/* The peer's next message on these streams is number 0 again. */
static void reset_out(decode *d, decode_flow *f, unsigned way, const weft_sctp_tlv *t) {
  weft_sctp_reset_out v;
  if (weft_sctp_reset_out_read(&v, t) != WEFT_OK) {
    outline_broken(d->o, t->start, t->length, 2, "a request of %u bytes (RFC 6525 section 4.1)", t->length);
    return;
  }
  outline_number(d->o, "request", v.request);
  outline_number(d->o, "last_tsn", v.last_tsn);
  if (v.streams_n > 0) outline_number(d->o, "first_stream", weft_sctp_be16(v.streams));
  outline_number(d->o, "streams", v.streams_n);
  for (decode_stream *s = f->streams; s; s = s->next)
    for (size_t i = 0; i < v.streams_n; i++)
      if (s->id == weft_sctp_be16(v.streams + 2 * i)) {
        decode_bytes *b = &s->way[way];
        if (b->started) weft_webrtc_deframer_free(&b->frames);
        free(b->kept);
        memset(b, 0, sizeof *b);
        s->protocol[0] = 0;
        break;
      }
}

static void tlvs(decode *d, decode_flow *f, unsigned way, const weft_sctp_chunk *c, weft_rd *r) {
  weft_sctp_tlv t;
  const uint8_t *here = r->p;
  int rc;
  while ((rc = weft_sctp_tlv_next(r, &t)) == 1) {
    here = r->p;
    outline_begin(d->o, tlv_name(c->type, t.type));
    outline_code(d->o, "type", t.type, 4);
    bool text = c->type == WEFT_SCTP_ABORT && t.type == WEFT_SCTP_CAUSE_USER_ABORT;
    if (c->type == WEFT_SCTP_RE_CONFIG && t.type == WEFT_SCTP_PARAM_RESET_OUT)
      reset_out(d, f, way, &t);
    else if (text)
      outline_text(d->o, "reason", (const char *)t.value, t.value_len);
    else if (t.value_len > 0)
      outline_bytes(d->o, "value", t.value, t.value_len);
    outline_end(d->o);
  }
  if (rc < 0)
    outline_broken(d->o, c->start, c->length, (size_t)(here - c->start) + 2,
                   "a length that is below 4 or runs past its chunk (RFC 9260 section 3.2.1)");
}

static void init(decode *d, decode_flow *f, unsigned way, const weft_sctp_chunk *c) {
  weft_sctp_init v;
  if (weft_sctp_init_read(&v, c) != WEFT_OK) {
    outline_broken(d->o, c->start, c->length, 2, "%u bytes, at least 20 (RFC 9260 section 3.3.2)", c->length);
    return;
  }
  outline_code(d->o, "tag", v.tag, 8);
  outline_number(d->o, "window", v.a_rwnd);
  outline_number(d->o, "streams_out", v.streams_out);
  outline_number(d->o, "streams_in", v.streams_in);
  outline_number(d->o, "tsn", v.tsn);
  if (v.tag == 0) outline_broken(d->o, c->start, c->length, 4, "tag 0 (RFC 9260 section 3.3.2)");
  tlvs(d, f, way, c, &v.params);
}

static void forward_tsn(decode *d, const weft_sctp_chunk *c) {
  weft_sctp_forward v;
  if (weft_sctp_forward_read(&v, c) == WEFT_OK)
    outline_number(d->o, "cumulative", v.cumulative);
  else
    outline_broken(d->o, c->start, c->length, 2, "%u bytes (RFC 3758 section 3.2)", c->length);
}

static void chunk(decode *d, decode_flow *f, unsigned way, const weft_sctp_chunk *c) {
  weft_rd r;
  weft_rd_init(&r, c->value, c->value_len);
  outline_begin(d->o, chunk_name(c->type));
  outline_number(d->o, "type", c->type);
  switch (c->type) {
  case WEFT_SCTP_DATA: data(d, f, way, c); break;
  case WEFT_SCTP_INIT:
  case WEFT_SCTP_INIT_ACK: init(d, f, way, c); break;
  case WEFT_SCTP_SACK: sack(d, c); break;
  case WEFT_SCTP_FORWARD_TSN: forward_tsn(d, c); break;
  case WEFT_SCTP_HEARTBEAT:
  case WEFT_SCTP_HEARTBEAT_ACK:
  case WEFT_SCTP_ABORT:
  case WEFT_SCTP_ERROR:
  case WEFT_SCTP_RE_CONFIG: tlvs(d, f, way, c, &r); break;
  default:
    if (c->value_len > 0) outline_bytes(d->o, "value", c->value, c->value_len);
  }
  outline_end(d->o);
}

/* RFC 9653 section 5: a zero checksum is for who has agreed on it. */
static void check_crc(decode *d, const weft_sctp_packet *p, const uint8_t *bytes, size_t len) {
  uint32_t want = weft_sctp_packet_crc(weft_sctp_crc32c_choose(), bytes, len);
  if (p->crc == 0)
    outline_note(d->o, "checksum 0 (RFC 9653)");
  else if (p->crc != want)
    outline_broken(d->o, bytes, len, 8, "the CRC-32C of the packet is another (RFC 9260 section 6.8)");
}

void decode_sctp(decode *d, decode_flow *f, unsigned way, const uint8_t *bytes, size_t len) {
  weft_sctp_packet p;
  weft_sctp_chunk c;
  int rc;
  outline_begin(d->o, "sctp");
  if (weft_sctp_packet_read(&p, bytes, len) != WEFT_OK) {
    outline_broken(d->o, bytes, len, len, "%zu bytes, a header has 12 (RFC 9260 section 3.1)", len);
    outline_end(d->o);
    return;
  }
  outline_number(d->o, "from_port", p.source);
  outline_number(d->o, "to_port", p.destination);
  outline_code(d->o, "tag", p.tag, 8);
  check_crc(d, &p, bytes, len);
  const uint8_t *here = p.chunks.p;
  while ((rc = weft_sctp_chunk_next(&p.chunks, &c)) == 1) {
    chunk(d, f, way, &c);
    here = p.chunks.p;
  }
  if (rc < 0)
    outline_broken(d->o, bytes, len, (size_t)(here - bytes) + 2,
                   "a chunk's length that is below 4 or runs past the packet (RFC 9260 section 3.2)");
  outline_end(d->o);
}
