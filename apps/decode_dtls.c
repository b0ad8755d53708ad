/* DTLS records, handshake messages, and what is inside once the key log has the secret (RFC 6347, RFC 5246). */
#include <stdlib.h>
#include <string.h>

#include "apps/decode_int.h"
#include "dtls/alert.h"
#include "dtls/dtls.h"
#include "dtls/hello.h"

enum { SERVER_HELLO = 2, CERTIFICATE = 11 };

static const char *record_name(uint8_t type) {
  static const char *const names[] = {"change-cipher-spec", "alert", "handshake", "application-data"};
  return type >= WEFT_DTLS_CCS && type <= WEFT_DTLS_APPLICATION ? names[type - WEFT_DTLS_CCS] : "record";
}

static const char *handshake_name(uint8_t type) {
  switch (type) { /* RFC 5246 section 7.4, RFC 6347 section 4.3.2 */
  case 0: return "HelloRequest";
  case WEFT_DTLS_CLIENT_HELLO: return "ClientHello";
  case SERVER_HELLO: return "ServerHello";
  case WEFT_DTLS_HELLO_VERIFY_REQUEST: return "HelloVerifyRequest";
  case 4: return "NewSessionTicket";
  case CERTIFICATE: return "Certificate";
  case 12: return "ServerKeyExchange";
  case 13: return "CertificateRequest";
  case 14: return "ServerHelloDone";
  case 15: return "CertificateVerify";
  case 16: return "ClientKeyExchange";
  case WEFT_DTLS_FINISHED: return "Finished";
  default: return "handshake-message";
  }
}

/* ---- hellos ---- */

static void put_suite(decode *d, uint16_t suite) {
  const weft_dtls_suite *s = weft_dtls_suite_find(suite);
  if (s)
    outline_word(d->o, "suite", s->name);
  else
    outline_code(d->o, "suite", suite, 4);
}

/* A hello with another random is another session from the same addresses. */
static void begin_session(decode_flow *f, unsigned way, const uint8_t *random) {
  if (f->has_client_random && memcmp(f->client_random, random, 32) == 0) return;
  decode_flow_clear(f);
  memcpy(f->client_random, random, 32);
  f->has_client_random = true;
  f->client = way;
}

static void client_hello(decode *d, decode_flow *f, unsigned way, const weft_dtls_fragment *fr) {
  weft_dtls_hello h;
  weft_rd r;
  weft_rd_init(&r, fr->data, fr->len);
  if (!weft_dtls_hello_read_start(&r, &h)) {
    outline_broken(d->o, fr->data, fr->len, fr->len,
                   "the first fragment ends before the cookie (RFC 6347 section 4.2.1)");
    return;
  }
  outline_code(d->o, "version", h.version, 4);
  outline_bytes(d->o, "random", h.random, 32);
  if (h.cookie_len) outline_bytes(d->o, "cookie", h.cookie, h.cookie_len);
  begin_session(f, way, h.random);
  if (fr->len != fr->length) return;
  if (weft_dtls_hello_parse(&h, fr->data, fr->len) != WEFT_OK) {
    outline_broken(d->o, fr->data, fr->len, 0, "lengths inside do not add up (RFC 5246 section 7.4.1.2)");
    return;
  }
  outline_number(d->o, "suites", h.suites_len / 2);
  outline_number(d->o, "extension_bytes", h.extensions_len);
}

static void server_hello(decode *d, decode_flow *f, unsigned way, const weft_dtls_fragment *fr) {
  weft_rd r;
  weft_rd_init(&r, fr->data, fr->len);
  uint16_t version = weft_rd_u16(&r);
  const uint8_t *random = weft_rd_bytes(&r, 32);
  weft_rd_skip(&r, weft_rd_u8(&r));
  uint16_t suite = weft_rd_u16(&r);
  if (!weft_rd_ok(&r)) {
    outline_broken(d->o, fr->data, fr->len, fr->len, "it ends before the cipher suite (RFC 5246 section 7.4.1.3)");
    return;
  }
  outline_code(d->o, "version", version, 4);
  outline_bytes(d->o, "random", random, 32);
  put_suite(d, suite);
  if (f->keyed) return; /* sent again */
  memcpy(f->server_random, random, 32);
  f->suite = suite;
  f->has_server_random = true;
  f->client = 1 - way;
}

static void hello_verify(decode *d, const weft_dtls_fragment *fr) {
  weft_rd r, cookie;
  weft_rd_init(&r, fr->data, fr->len);
  weft_rd_skip(&r, 2);
  weft_rd_sub(&r, weft_rd_u8(&r), &cookie);
  if (weft_rd_ok(&r))
    outline_bytes(d->o, "cookie", cookie.p, weft_rd_left(&cookie));
  else
    outline_broken(d->o, fr->data, fr->len, fr->len, "it ends within the cookie (RFC 6347 section 4.2.1)");
}

static void certificate(decode *d, unsigned way, const uint8_t *data, size_t len) {
  uint8_t hash[WEFT_DTLS_FINGERPRINT_LEN];
  weft_rd r;
  weft_rd_init(&r, data, len);
  weft_rd_skip(&r, 3);
  uint32_t n = weft_rd_u24(&r);
  const uint8_t *der = weft_rd_bytes(&r, n);
  if (!weft_rd_ok(&r) || weft_dtls_fingerprint(hash, der, n) != WEFT_OK) return; /* none: an empty list */
  outline_number(d->o, "certificate_bytes", n);
  outline_bytes(d->o, "sha256", hash, sizeof hash);
  if (d->taps.certificate) d->taps.certificate(d->taps.user, way, hash);
}

static void certificate_part(decode *d, decode_flow *f, unsigned way, const weft_dtls_fragment *fr) {
  decode_parts *p = f->certificate[way];
  if (fr->len == fr->length) {
    certificate(d, way, fr->data, fr->len);
    return;
  }
  if (!p) p = f->certificate[way] = calloc(1, sizeof *p);
  if (!p || fr->length > sizeof p->body) return;
  if (fr->offset == 0) *p = (decode_parts){.seq = fr->seq, .len = fr->length};
  if (fr->seq != p->seq || fr->offset != p->have || fr->length != p->len) return;
  memcpy(p->body + p->have, fr->data, fr->len);
  p->have += fr->len;
  if (p->have == p->len) certificate(d, way, p->body, p->len);
}

static void fragment(decode *d, decode_flow *f, unsigned way, const weft_dtls_fragment *fr) {
  outline_begin(d->o, handshake_name(fr->type));
  outline_number(d->o, "message", fr->seq);
  outline_number(d->o, "bytes", fr->length);
  if (fr->len != fr->length) {
    outline_number(d->o, "fragment_at", fr->offset);
    outline_number(d->o, "fragment_bytes", fr->len);
  }
  if (fr->offset == 0 && fr->type == WEFT_DTLS_CLIENT_HELLO) client_hello(d, f, way, fr);
  if (fr->offset == 0 && fr->type == SERVER_HELLO) server_hello(d, f, way, fr);
  if (fr->offset == 0 && fr->type == WEFT_DTLS_HELLO_VERIFY_REQUEST) hello_verify(d, fr);
  if (fr->type == CERTIFICATE) certificate_part(d, f, way, fr);
  outline_end(d->o);
}

void decode_handshake(decode *d, decode_flow *f, unsigned way, const uint8_t *data, size_t len) {
  weft_rd r;
  weft_dtls_fragment fr;
  weft_rd_init(&r, data, len);
  while (weft_rd_left(&r) > 0) {
    size_t at = len - weft_rd_left(&r);
    if (!weft_dtls_fragment_read(&r, &fr)) {
      outline_broken(d->o, data, len, at,
                     "a fragment that runs past its record or its message (RFC 6347 section 4.2.3)");
      return;
    }
    fragment(d, f, way, &fr);
  }
}

/* ---- protected records ---- */

static void start_keys(decode *d, decode_flow *f) {
  const weft_dtls_suite *suite = weft_dtls_suite_find(f->suite);
  const decode_key *key = f->has_client_random && f->has_server_random ? decode_key_of(d, f->client_random) : NULL;
  weft_dtls_secrets s;
  weft_dtls_keys k;
  if (f->keyed || !suite || !key) return;
  memcpy(s.master, key->master, sizeof s.master);
  memcpy(s.client_random, f->client_random, 32);
  memcpy(s.server_random, f->server_random, 32);
  s.prf = suite->gcm && suite->key_len == 32 ? MBEDTLS_SSL_TLS_PRF_SHA384 : MBEDTLS_SSL_TLS_PRF_SHA256;
  s.suite = f->suite;
  if (weft_dtls_keys_derive(&k, suite, &s) == WEFT_OK &&
      weft_dtls_half_start(&f->half[f->client], suite, k.client_key, k.client_iv, false) == WEFT_OK &&
      weft_dtls_half_start(&f->half[1 - f->client], suite, k.server_key, k.server_iv, false) == WEFT_OK)
    f->keyed = true;
  weft_wipe(&s, sizeof s);
  weft_wipe(&k, sizeof k);
}

static const char *why_no_keys(const decode_flow *f) {
  if (!f->has_client_random) return "encrypted: the capture does not hold the ClientHello";
  if (!f->has_server_random) return "encrypted: the capture does not hold the ServerHello";
  if (!weft_dtls_suite_find(f->suite)) return "encrypted: with a cipher suite that is not known here";
  return "encrypted: the key log does not hold this session (--keylog FILE)";
}

static void alert(decode *d, const uint8_t *data, size_t len) {
  if (len != 2) {
    outline_broken(d->o, data, len, 0, "an alert of %zu bytes, it has 2 (RFC 5246 section 7.2)", len);
    return;
  }
  outline_word(d->o, "level", data[0] == 2 ? "fatal" : data[0] == 1 ? "warning" : "?");
  outline_number(d->o, "alert", data[1]);
  outline_word(d->o, "text", data[1] == WEFT_DTLS_ALERT_CLOSE_NOTIFY ? "close_notify" : weft_dtls_alert_text(data[1]));
}

static void content(decode *d, decode_flow *f, unsigned way, uint8_t type, const uint8_t *data, size_t len) {
  if (type == WEFT_DTLS_HANDSHAKE) decode_handshake(d, f, way, data, len);
  if (type == WEFT_DTLS_ALERT) alert(d, data, len);
  if (type != WEFT_DTLS_APPLICATION) return;
  if (d->taps.sctp)
    d->taps.sctp(d->taps.user, way, data, len);
  else
    decode_sctp(d, f, way, data, len);
}

static void protected_record(decode *d, decode_flow *f, unsigned way, const weft_dtls_record *rec) {
  static uint8_t plain[WEFT_DTLS_PLAIN_MAX];
  size_t len;
  start_keys(d, f);
  if (!f->keyed) {
    if (f->no_keys_told)
      outline_word(d->o, "encrypted", "yes");
    else
      outline_note(d->o, "%s", why_no_keys(f));
    f->no_keys_told = true;
    return;
  }
  int rc = weft_dtls_half_reopen(&f->half[way], rec, plain, sizeof plain, &len);
  if (rc != WEFT_OK) {
    outline_broken(d->o, rec->body, rec->len, rec->len > 16 ? rec->len - 16 : 0,
                   "the tag is not that of these bytes under the session's key (RFC 5246 section 6.2.3.3)");
    return;
  }
  outline_number(d->o, "clear_bytes", len);
  content(d, f, way, rec->type, plain, len);
}

static void record(decode *d, decode_flow *f, unsigned way, const weft_dtls_record *rec) {
  outline_begin(d->o, record_name(rec->type));
  outline_number(d->o, "epoch", rec->epoch);
  outline_number(d->o, "number", rec->seq);
  outline_number(d->o, "bytes", rec->len);
  if (rec->epoch > 0)
    protected_record(d, f, way, rec);
  else if (rec->type == WEFT_DTLS_APPLICATION)
    outline_broken(d->o, rec->raw, rec->len + WEFT_DTLS_HEADER_LEN, 3,
                   "application data in epoch 0 (RFC 6347 section 4.1)");
  else
    content(d, f, way, rec->type, rec->body, rec->len);
  outline_end(d->o);
}

static void bad_record(decode *d, const uint8_t *data, size_t len, size_t at) {
  weft_rd r;
  weft_rd_init(&r, data + at, len - at);
  uint8_t type = weft_rd_u8(&r);
  uint16_t version = weft_rd_u16(&r);
  weft_rd_skip(&r, 8);
  uint16_t n = weft_rd_u16(&r);
  if (type < WEFT_DTLS_CCS || type > WEFT_DTLS_APPLICATION)
    outline_broken(d->o, data, len, at, "record type %u: 20 to 23 (RFC 6347 section 4.1)", type);
  else if (weft_rd_ok(&r) && version != WEFT_DTLS_VERSION_10 && version != WEFT_DTLS_VERSION_12)
    outline_broken(d->o, data, len, at + 1, "version 0x%04x: DTLS 1.0 is 0xfeff, 1.2 is 0xfefd", version);
  else
    outline_broken(d->o, data, len, at + 11, "a record of %u bytes, %zu are left (RFC 6347 section 4.1)", n,
                   weft_rd_left(&r));
}

void decode_dtls(decode *d, decode_flow *f, unsigned way, const uint8_t *data, size_t len) {
  weft_rd r;
  weft_dtls_record rec;
  weft_rd_init(&r, data, len);
  outline_begin(d->o, "dtls");
  while (weft_rd_left(&r) > 0) {
    size_t at = len - weft_rd_left(&r);
    if (!weft_dtls_record_read(&r, &rec)) {
      bad_record(d, data, len, at);
      break;
    }
    record(d, f, way, &rec);
  }
  outline_end(d->o);
}
