/* identify: the Identify message of libp2p specs identify/README.md. */
#include "libp2p/identify.h"

#include <string.h>

#include "base/bytes.h"
#include "base/pb.h"

enum { /* field numbers of the Identify message */
       PUBLIC_KEY = 1,
       LISTEN_ADDRS = 2,
       PROTOCOLS = 3,
       OBSERVED_ADDR = 4,
       PROTOCOL_VERSION = 5,
       AGENT_VERSION = 6,
       SIGNED_PEER_RECORD = 8
};

static void put_text(weft_wr *w, uint32_t field, const char *text) {
  if (text) weft_pb_put_bytes(w, field, text, strlen(text));
}

static void put_optional(weft_wr *w, uint32_t field, const uint8_t *data, size_t len) {
  if (data) weft_pb_put_bytes(w, field, data, len);
}

int weft_identify_encode(const weft_identify *m, uint8_t *out, size_t cap, size_t *len) {
  uint8_t body[WEFT_IDENTIFY_MAX];
  weft_wr w;
  weft_wr_init(&w, body, sizeof body);
  put_optional(&w, PUBLIC_KEY, m->public_key, m->public_key_len);
  for (size_t i = 0; i < m->listen_addrs_len; i++)
    weft_pb_put_bytes(&w, LISTEN_ADDRS, m->listen_addrs[i].data, m->listen_addrs[i].len);
  for (size_t i = 0; i < m->protocols_len; i++) put_text(&w, PROTOCOLS, m->protocols[i]);
  put_optional(&w, OBSERVED_ADDR, m->observed_addr, m->observed_addr_len);
  put_text(&w, PROTOCOL_VERSION, m->protocol_version);
  put_text(&w, AGENT_VERSION, m->agent_version);
  put_optional(&w, SIGNED_PEER_RECORD, m->signed_peer_record, m->signed_peer_record_len);
  if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
  weft_wr o;
  weft_wr_init(&o, out, cap);
  weft_wr_uvarint_bytes(&o, body, weft_wr_len(&w));
  if (!weft_wr_ok(&o)) return WEFT_ETOOBIG;
  *len = weft_wr_len(&o);
  return WEFT_OK;
}

static void keep(weft_identify_bytes *list, size_t *n, const weft_pb_field *f) {
  if (*n < WEFT_IDENTIFY_LIST_MAX) list[(*n)++] = (weft_identify_bytes){f->data, f->len};
}

static void take_field(weft_identify *m, const weft_pb_field *f) {
  switch (f->number) {
  case PUBLIC_KEY: m->public_key = f->data, m->public_key_len = f->len; break;
  case LISTEN_ADDRS: keep(m->got_addrs, &m->got_addrs_len, f); break;
  case PROTOCOLS: keep(m->got_protocols, &m->got_protocols_len, f); break;
  case OBSERVED_ADDR: m->observed_addr = f->data, m->observed_addr_len = f->len; break;
  case PROTOCOL_VERSION: m->protocol_version = (const char *)f->data, m->protocol_version_len = f->len; break;
  case AGENT_VERSION: m->agent_version = (const char *)f->data, m->agent_version_len = f->len; break;
  case SIGNED_PEER_RECORD: m->signed_peer_record = f->data, m->signed_peer_record_len = f->len; break;
  default: break;
  }
}

static bool known(uint32_t number) {
  return (number >= PUBLIC_KEY && number <= AGENT_VERSION) || number == SIGNED_PEER_RECORD;
}

int weft_identify_decode(weft_identify *m, const uint8_t *data, size_t len) {
  weft_pb pb;
  weft_pb_field f;
  memset(m, 0, sizeof *m);
  weft_pb_init(&pb, data, len);
  while (weft_pb_next(&pb, &f)) {
    if (!known(f.number)) continue;
    if (f.wire != WEFT_PB_BYTES) return WEFT_EMALFORMED;
    take_field(m, &f);
  }
  return weft_pb_ok(&pb) ? WEFT_OK : WEFT_EMALFORMED;
}

bool weft_identify_has_protocol(const weft_identify *m, const char *protocol) {
  size_t n = strlen(protocol);
  for (size_t i = 0; i < m->got_protocols_len; i++)
    if (m->got_protocols[i].len == n && memcmp(m->got_protocols[i].data, protocol, n) == 0) return true;
  return false;
}

void weft_identify_reader_init(weft_identify_reader *r) { memset(r, 0, sizeof *r); }

int weft_identify_reader_input(weft_identify_reader *r, const uint8_t *data, size_t len) {
  uint64_t want;
  size_t n = len < sizeof r->buf - r->len ? len : sizeof r->buf - r->len;
  if (n > 0) memcpy(r->buf + r->len, data, n);
  r->len += n;
  int prefix = weft_uvarint_peek(r->buf, r->len, &want);
  if (prefix == 0) return WEFT_EAGAIN;
  if (prefix < 0) return WEFT_EMALFORMED;
  if (want > WEFT_IDENTIFY_READ_MAX) return WEFT_ETOOBIG;
  if (r->len - (size_t)prefix < want) return WEFT_EAGAIN;
  return weft_identify_decode(&r->message, r->buf + prefix, (size_t)want);
}
