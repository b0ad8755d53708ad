/* SCTP: every packet decoded and written again from its fields; and the messages put together from DATA, which are those of the cuts above. */
#include <stdlib.h>
#include <string.h>

#include "apps/replay_int.h"
#include "sctp/crc32c.h"
#include "sctp/wire.h"

/* ---- chunks from their fields ---- */

static void put_data(weft_wr *w, const weft_sctp_chunk *c) {
  weft_sctp_data d;
  if (weft_sctp_data_read(&d, c) != WEFT_OK) return;
  weft_wr_u32(w, d.tsn);
  weft_wr_u16(w, d.stream);
  weft_wr_u16(w, d.ssn);
  weft_wr_u32(w, d.ppid);
  weft_wr_bytes(w, d.payload, d.len);
}

static void put_sack(weft_wr *w, const weft_sctp_chunk *c) {
  weft_sctp_sack s;
  if (weft_sctp_sack_read(&s, c) != WEFT_OK) return;
  weft_wr_u32(w, s.cumulative);
  weft_wr_u32(w, s.a_rwnd);
  weft_wr_u16(w, s.gaps_n);
  weft_wr_u16(w, s.dups_n);
  for (size_t i = 0; i < s.gaps_n; i++) {
    uint16_t start, end;
    weft_sctp_sack_gap(&s, i, &start, &end);
    weft_wr_u16(w, start);
    weft_wr_u16(w, end);
  }
  weft_wr_bytes(w, s.dups, 4 * (size_t)s.dups_n);
}

static void put_tlvs(weft_wr *w, weft_rd *r) {
  weft_sctp_tlv t;
  while (weft_sctp_tlv_next(r, &t) == 1) {
    size_t at = weft_sctp_open_tlv(w, t.type);
    weft_wr_bytes(w, t.value, t.value_len);
    weft_sctp_close_tlv(w, at);
  }
}

static void put_init(weft_wr *w, const weft_sctp_chunk *c) {
  weft_sctp_init i;
  if (weft_sctp_init_read(&i, c) != WEFT_OK) return;
  weft_wr_u32(w, i.tag);
  weft_wr_u32(w, i.a_rwnd);
  weft_wr_u16(w, i.streams_out);
  weft_wr_u16(w, i.streams_in);
  weft_wr_u32(w, i.tsn);
  put_tlvs(w, &i.params);
}

static void put_chunk(weft_wr *w, const weft_sctp_chunk *c) {
  size_t at = weft_sctp_open_chunk(w, c->type, c->flags);
  weft_rd r;
  weft_rd_init(&r, c->value, c->value_len);
  switch (c->type) {
  case WEFT_SCTP_DATA: put_data(w, c); break;
  case WEFT_SCTP_SACK: put_sack(w, c); break;
  case WEFT_SCTP_INIT:
  case WEFT_SCTP_INIT_ACK: put_init(w, c); break;
  case WEFT_SCTP_HEARTBEAT:
  case WEFT_SCTP_HEARTBEAT_ACK:
  case WEFT_SCTP_ABORT:
  case WEFT_SCTP_ERROR:
  case WEFT_SCTP_RE_CONFIG: put_tlvs(w, &r); break;
  default: weft_wr_bytes(w, c->value, c->value_len);
  }
  weft_sctp_close_chunk(w, at);
}

static bool written_again(const session_unit *u, uint32_t crc) {
  uint8_t out[2048];
  weft_sctp_packet p;
  weft_sctp_chunk c;
  weft_wr w;
  if (weft_sctp_packet_read(&p, u->wire, u->len) != WEFT_OK) return false;
  weft_wr_init(&w, out, sizeof out);
  weft_sctp_put_header(&w, p.source, p.destination, p.tag);
  while (weft_sctp_chunk_next(&p.chunks, &c) == 1) put_chunk(&w, &c);
  for (unsigned i = 0; i < 4; i++) out[8 + i] = (uint8_t)(crc >> (8 * i));
  return weft_wr_ok(&w) && weft_wr_len(&w) == u->len && memcmp(out, u->wire, u->len) == 0;
}

static void replay_packets(const session *s, session_report *r) {
  for (size_t i = 0; i < s->cuts[SESSION_SCTP].len; i++) {
    const session_unit *u = &s->cuts[SESSION_SCTP].units[i];
    uint32_t crc = u->len >= 12 ? weft_sctp_packet_crc(weft_sctp_crc32c_choose(), u->wire, u->len) : 0;
    bool zero = u->len >= 12 && memcmp(u->wire + 8, "\0\0\0\0", 4) == 0; /* RFC 9653 */
    session_check(r, s, SESSION_SCTP, u, SESSION_DECODE, weft_sctp_packet_check(u->wire, u->len) == WEFT_OK,
                  "malformed");
    session_check(r, s, SESSION_SCTP, u, SESSION_DECODE, written_again(u, zero ? 0 : crc),
                  "the same fields give other bytes");
  }
}

/* ---- messages ---- */

typedef struct messages {
  const session *s;
  session_report *r;
  bool *used[2]; /* of dcep.jsonl and messages.jsonl */
} messages;

static void on_message(void *user, unsigned way, uint16_t stream, uint32_t ppid, const uint8_t *data, size_t len) {
  messages *m = user;
  session_cut_name cut = ppid == 50 ? SESSION_DCEP : SESSION_MESSAGES; /* RFC 8831 section 8 */
  const session_cut *c = &m->s->cuts[cut];
  bool *used = m->used[cut - SESSION_DCEP], dialer = way == 0;
  size_t i = 0;
  while (i < c->len && (used[i] || c->units[i].dialer != dialer || c->units[i].stream != stream)) i++;
  const session_unit *u = i < c->len ? &c->units[i] : NULL;
  bool same =
      u && u->len == len && (len == 0 || memcmp(u->wire, data, len) == 0) && (cut == SESSION_DCEP || u->ppid == ppid);
  if (!same && dialer != m->s->us_dialer) return; /* not delivered: the channel, or the session, had ended here */
  if (u) used[i] = true;
  session_check(m->r, m->s, cut, u, SESSION_DECODE, same, "the next message on this stream in sctp.jsonl is another");
}

static void check_all_used(const messages *m, session_cut_name cut) {
  const session_cut *c = &m->s->cuts[cut];
  for (size_t i = 0; i < c->len; i++)
    if (!m->used[cut - SESSION_DCEP][i])
      session_check(m->r, m->s, cut, &c->units[i], SESSION_DECODE, false, "no DATA in sctp.jsonl holds it");
}

static void replay_messages(const session *s, session_report *r) {
  messages m = {s, r, {calloc(s->cuts[SESSION_DCEP].len + 1, 1), calloc(s->cuts[SESSION_MESSAGES].len + 1, 1)}};
  session_decoder x;
  if (m.used[0] && m.used[1] && session_decoder_open(&x, (decode_taps){&m, NULL, on_message, NULL})) {
    for (size_t i = 0; i < s->cuts[SESSION_SCTP].len; i++) {
      const session_unit *u = &s->cuts[SESSION_SCTP].units[i];
      decode_sctp(x.d, &x.d->alone, u->dialer ? 0 : 1, u->wire, u->len);
    }
    check_all_used(&m, SESSION_DCEP);
    check_all_used(&m, SESSION_MESSAGES);
    session_decoder_close(&x);
  }
  free(m.used[0]);
  free(m.used[1]);
}

void session_replay_sctp(const session *s, session_report *r) {
  replay_packets(s, r);
  replay_messages(s, r);
}
