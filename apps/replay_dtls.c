/* DTLS: the recorded handshake cannot be had again byte for byte, since its keys are drawn anew; what is shown is that every record opens under the
 * key log and holds what sctp.jsonl says, and that the dialer's hello gets as far as a ServerHello with our gate and our server. */
#include <stdlib.h>
#include <string.h>

#include <weft/dtls/dtls.h>

#include "apps/clock.h"
#include "apps/replay_int.h"
#include "dtls/hello.h"

enum { HELLO_MAX = 4096 };

/* ---- records ---- */

typedef struct opened {
  const session *s;
  session_report *r;
  size_t at[2]; /* in sctp.jsonl, by who sent: 1 the dialer */
} opened;

static const session_unit *next_packet(const opened *o, unsigned dialer) {
  const session_cut *c = &o->s->cuts[SESSION_SCTP];
  for (size_t i = o->at[dialer]; i < c->len; i++)
    if (c->units[i].dialer == (dialer == 1)) return &c->units[i];
  return NULL;
}

/* Everything we sent is in both; of what came, DTLS gives each record on once, and some come too early. */
static void on_sctp(void *user, unsigned way, const uint8_t *data, size_t len) {
  opened *o = user;
  unsigned dialer = 1 - way;
  const session_unit *u = next_packet(o, dialer);
  bool same = u && u->len == len && memcmp(u->wire, data, len) == 0, ours = (dialer == 1) == o->s->us_dialer;
  if (same || ours)
    session_check(o->r, o->s, SESSION_SCTP, u, SESSION_DECODE, same, "not what the record in dtls.jsonl holds");
  if (same) o->at[dialer] = (size_t)(u - o->s->cuts[SESSION_SCTP].units) + 1;
}

static void replay_records(const session *s, session_report *r) {
  opened o = {s, r, {0, 0}};
  session_decoder x;
  if (!session_decoder_open(&x, (decode_taps){&o, on_sctp, NULL, NULL})) return;
  decode_keylog(x.d, (const char *)s->keylog, s->keylog_len);
  for (size_t i = 0; i < s->cuts[SESSION_DTLS].len; i++) {
    const session_unit *u = &s->cuts[SESSION_DTLS].units[i];
    unsigned long before = x.out.broken;
    decode_datagram(x.d, &x.d->alone, u->dialer ? 0 : 1, u->wire, u->len);
    session_check(r, s, SESSION_DTLS, u, SESSION_REACH, x.out.broken == before,
                  "breaks a rule: weft decode says which");
  }
  session_check(r, s, SESSION_DTLS, NULL, SESSION_REACH, x.d->alone.keyed,
                "keylog.txt does not hold the session's secret");
  for (unsigned dialer = 0; dialer < 2; dialer++)
    session_check(r, s, SESSION_SCTP, next_packet(&o, dialer), SESSION_DECODE, !next_packet(&o, dialer),
                  "no record in dtls.jsonl holds it");
  session_decoder_close(&x);
}

/* ---- the hello ---- */

typedef struct hello {
  uint8_t body[HELLO_MAX];
  size_t len, have;
} hello;

/* The DTLS client's first message, whatever it was cut into; its fragments follow one another. On /webrtc either side may be the client. */
static bool take_hello(const session *s, hello *h) {
  const session_cut *c = &s->cuts[SESSION_DTLS];
  memset(h, 0, sizeof *h);
  for (size_t i = 0; i < c->len && (h->len == 0 || h->have < h->len); i++) {
    weft_rd r, body;
    weft_dtls_record rec;
    weft_dtls_fragment f;
    weft_rd_init(&r, c->units[i].wire, c->units[i].len);
    while (weft_dtls_record_read(&r, &rec)) {
      weft_rd_init(&body, rec.body, rec.len);
      if (rec.type != WEFT_DTLS_HANDSHAKE || rec.epoch != 0 || !weft_dtls_fragment_read(&body, &f)) continue;
      if (f.type != WEFT_DTLS_CLIENT_HELLO || f.seq != 0 || f.offset != h->have || f.length > HELLO_MAX) continue;
      memcpy(h->body + h->have, f.data, f.len);
      h->len = f.length;
      h->have += f.len;
    }
  }
  return h->len > 0 && h->have == h->len;
}

/* As one datagram, with a cookie where there was none. */
static size_t put_hello(const hello *h, const uint8_t *cookie, size_t cookie_len, uint8_t *out, size_t cap) {
  weft_wr w;
  size_t before = 2 + 32 + 1 + (size_t)h->body[34]; /* version, random, session id */
  size_t len = h->len + cookie_len;
  uint16_t seq = cookie_len ? 1 : 0;
  weft_dtls_fragment f = {.type = WEFT_DTLS_CLIENT_HELLO, .length = (uint32_t)len, .seq = seq, .len = (uint32_t)len};
  weft_wr_init(&w, out, cap);
  weft_dtls_record_header(&w, WEFT_DTLS_HANDSHAKE, WEFT_DTLS_VERSION_10, 0, seq, len + WEFT_DTLS_FRAGMENT_HEADER_LEN);
  weft_dtls_fragment_header(&w, &f);
  weft_wr_bytes(&w, h->body, before);
  weft_wr_u8(&w, (uint8_t)cookie_len);
  weft_wr_bytes(&w, cookie, cookie_len);
  weft_wr_bytes(&w, h->body + before + 1, h->len - before - 1);
  return weft_wr_ok(&w) ? weft_wr_len(&w) : 0;
}

typedef struct front {
  uint8_t verify[256], whole[HELLO_MAX + 64];
  size_t verify_len, whole_len;
  bool server_hello;
} front;

static int on_verify(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  front *f = user;
  (void)local, (void)remote, (void)now;
  f->verify_len = len <= sizeof f->verify ? len : 0;
  memcpy(f->verify, data, f->verify_len);
  return WEFT_OK;
}

static void on_hello(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  front *f = user;
  (void)local, (void)remote, (void)now;
  f->whole_len = len <= sizeof f->whole ? len : 0;
  memcpy(f->whole, data, f->whole_len);
}

static int on_flight(void *user, const uint8_t *data, size_t len, weft_time now) {
  front *f = user;
  (void)now;
  if (len > 13 && data[0] == WEFT_DTLS_HANDSHAKE && data[13] == 2) f->server_hello = true;
  return WEFT_OK;
}

static void on_event(void *user, const weft_dtls_event *ev, weft_time now) { (void)user, (void)ev, (void)now; }

static void to_server(front *f) {
  static const uint8_t seed[32] = {1};
  weft_dtls *d;
  weft_dtls_cert *cert;
  weft_dtls_config cfg;
  weft_dtls_callbacks cb = {sizeof cb, on_flight, on_event};
  if (weft_dtls_cert_new(&cert, seed, NULL) != WEFT_OK) return;
  weft_dtls_config_default(&cfg);
  cfg.rng = app_entropy();
  cfg.cert = cert;
  cfg.role = WEFT_DTLS_SERVER;
  cfg.gated = true;
  if (weft_dtls_new(&d, &cfg, &cb, f) == WEFT_OK) {
    weft_dtls_start(d, 0);
    (void)weft_dtls_input(d, f->whole, f->whole_len, 0);
    weft_dtls_free(d);
  }
  weft_dtls_cert_free(cert);
}

static void through_gate(const hello *h, front *f) {
  static const uint8_t ip[4] = {127, 0, 0, 1};
  weft_addr a = weft_addr_ip4(ip, 1), b = weft_addr_ip4(ip, 2);
  uint8_t datagram[HELLO_MAX + 300];
  weft_dtls_gate *g;
  weft_dtls_gate_config cfg;
  weft_dtls_gate_callbacks cb = {sizeof cb, on_verify, on_hello};
  weft_dtls_gate_config_default(&cfg);
  cfg.rng = app_entropy();
  if (weft_dtls_gate_new(&g, &cfg, &cb, f) != WEFT_OK) return;
  size_t n = put_hello(h, NULL, 0, datagram, sizeof datagram);
  weft_dtls_gate_input(g, &a, &b, datagram, n, 0);
  if (f->verify_len > 28 && f->verify_len == 28u + f->verify[27]) { /* record 13, handshake 12, version 2, length 1 */
    n = put_hello(h, f->verify + 28, f->verify[27], datagram, sizeof datagram);
    weft_dtls_gate_input(g, &a, &b, datagram, n, 0);
  }
  weft_dtls_gate_free(g);
}

static void replay_hello(const session *s, session_report *r) {
  static hello h;
  static front f;
  if (!take_hello(s, &h)) return; /* lost on the way, and what came later has another number */
  memset(&f, 0, sizeof f);
  through_gate(&h, &f);
  session_check(r, s, SESSION_DTLS, NULL, SESSION_REACH, f.verify_len > 0, "our gate does not answer the hello");
  session_check(r, s, SESSION_DTLS, NULL, SESSION_REACH, f.whole_len > 0,
                "our gate does not take the hello with a cookie");
  if (f.whole_len > 0) to_server(&f);
  session_check(r, s, SESSION_DTLS, NULL, SESSION_REACH, f.server_hello,
                "our server does not answer with a ServerHello");
}

void session_replay_dtls(const session *s, session_report *r) {
  replay_records(s, r);
  replay_hello(s, r);
}
