/* Of dtls.jsonl: the records of every datagram, the ClientHello (put together where it came in pieces), both certificates. */
#include <string.h>

#include "apps/conform/questions.h"
#include "base/bytes.h"
#include "dtls/hello.h"
#include "dtls/record.h"

enum { MESSAGE_MAX = 16384, CERTIFICATE = 11 };

/* A handshake message in clear whose fragments come in order. */
typedef struct message {
  uint8_t body[MESSAGE_MAX];
  size_t len, have;
  unsigned pieces;
  const session_unit *last;
  json *datagrams; /* that had a piece of it */
} message;

static bool add_pieces(message *m, const session_unit *u, uint8_t type, uint16_t seq) {
  weft_rd r, body;
  weft_dtls_record rec;
  weft_dtls_fragment f;
  unsigned before = m->pieces;
  weft_rd_init(&r, u->wire, u->len);
  while (weft_dtls_record_read(&r, &rec)) {
    weft_rd_init(&body, rec.body, rec.len);
    while (rec.type == WEFT_DTLS_HANDSHAKE && rec.epoch == 0 && weft_dtls_fragment_read(&body, &f)) {
      if (f.type != type || f.seq != seq || f.offset != m->have || f.length > MESSAGE_MAX || f.len > f.length - m->have)
        continue;
      memcpy(m->body + m->have, f.data, f.len);
      m->len = f.length;
      m->have += f.len;
      m->pieces++;
    }
  }
  return m->pieces > before;
}

/* False: not all of it is in the recording. Its datagrams are the caller's in either case. */
static bool gather(message *m, const session *s, bool dialer, uint8_t type, uint16_t seq) {
  const session_cut *c = &s->cuts[SESSION_DTLS];
  *m = (message){.datagrams = json_new(JSON_ARRAY)};
  for (size_t i = 0; i < c->len && (m->pieces == 0 || m->have < m->len); i++) {
    const session_unit *u = &c->units[i];
    if (u->dialer != dialer || !add_pieces(m, u, type, seq)) continue;
    json_put_hex(m->datagrams, NULL, u->wire, u->len);
    m->last = u;
  }
  return m->pieces > 0 && m->have == m->len;
}

static void ask_for_hello(questions *q, bool dialer, uint16_t seq) {
  static message m;
  bool whole = gather(&m, q->s, dialer, WEFT_DTLS_CLIENT_HELLO, seq);
  if (whole && m.datagrams->len > 1) {
    json *in = json_new(JSON_OBJECT), *want = json_new(JSON_OBJECT);
    json_put(in, "datagrams", m.datagrams);
    json_put_bool(want, "complete", true);
    json_put_hex(want, "message", m.body, m.len);
    question(q, m.last, "dtls_reassembly.join", in, want);
  } else {
    json_free(m.datagrams);
  }
  if (whole) question_as_read(q, m.last, "dtls_client_hello.decode", question_octets(m.body, m.len));
}

/* RFC 5246 section 7.4.2: a list of certificates, each and the whole with a length of three octets; its first is the sender's own. */
static bool first_certificate(const message *m, const uint8_t **der, size_t *len) {
  weft_rd r;
  weft_rd_init(&r, m->body, m->len);
  (void)weft_rd_u24(&r);
  *len = weft_rd_u24(&r);
  *der = r.p;
  return weft_rd_ok(&r) && *len > 0 && *len <= weft_rd_left(&r);
}

/* A listener's flight begins with a HelloVerifyRequest or not, and a ServerHello; a dialer's after its hellos: so its number is one of these. */
static void ask_for_certificate(questions *q, bool dialer) {
  static message m;
  const char *recorded = session_text(q->s, dialer ? "dialer.certificate_sha256" : "listener.certificate_sha256");
  const uint8_t *der;
  size_t len;
  bool whole = false;
  for (uint16_t seq = 0; seq < 4 && !whole; seq++) {
    whole = gather(&m, q->s, dialer, CERTIFICATE, seq) && first_certificate(&m, &der, &len);
    json_free(m.datagrams);
  }
  if (!whole) return;
  json *in = json_new(JSON_OBJECT), *want = json_new(JSON_OBJECT);
  char multihash[80];
  json_put_hex(in, "der", der, len);
  if (strlen(recorded) != 64) {
    json_free(want);
    question_as_read(q, m.last, "fingerprint.certificate", in);
    return;
  }
  snprintf(multihash, sizeof multihash, "1220%s", recorded);
  json_put_string(want, "multihash", multihash);
  question(q, m.last, "fingerprint.certificate", in, want);
}

void questions_dtls(questions *q) {
  for (size_t i = 0; i < q->s->cuts[SESSION_DTLS].len; i++) {
    const session_unit *u = &q->s->cuts[SESSION_DTLS].units[i];
    question_as_read(q, u, "dtls_record.decode", question_octets(u->wire, u->len));
  }
  for (unsigned dialer = 0; dialer < 2; dialer++) {
    for (uint16_t seq = 0; seq < 2; seq++) ask_for_hello(q, dialer == 1, seq);
    ask_for_certificate(q, dialer == 1);
  }
}
