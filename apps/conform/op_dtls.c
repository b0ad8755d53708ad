/* dtls_record.*, dtls_client_hello.*, dtls_reassembly.*, dtls_prf.*, fingerprint.* */
#include <stdio.h>
#include <string.h>

#include "apps/conform/op.h"
#include "dtls/dtls.h"
#include "dtls/hello.h"
#include "dtls/mbed.h"
#include "dtls/reassembly.h"
#include "dtls/record.h"
#include "multiaddr/multiaddr.h"

static void put_hex16(json *to, const char *key, uint16_t v) {
  json_put_hex(to, key, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

/* ---- records ---- */

static bool put_content(json *to, const weft_dtls_record *rec) {
  weft_rd r;
  weft_dtls_fragment f;
  weft_rd_init(&r, rec->body, rec->len);
  if (rec->epoch != 0) return true;
  if (rec->type == WEFT_DTLS_HANDSHAKE) {
    if (!weft_dtls_fragment_read(&r, &f)) return false;
    json_put_u64(to, "message_type", f.type);
    json_put_u64(to, "message_length", f.length);
    json_put_u64(to, "message_seq", f.seq);
    json_put_u64(to, "fragment_offset", f.offset);
    json_put_u64(to, "fragment_length", f.len);
  } else if (rec->type == WEFT_DTLS_ALERT) {
    if (rec->len != 2) return false;
    json_put_u64(to, "alert_level", rec->body[0]);
    json_put_u64(to, "alert_description", rec->body[1]);
  }
  return true;
}

static bool put_datagram(json *list, const uint8_t *data, size_t len) {
  weft_rd r;
  weft_dtls_record rec;
  weft_rd_init(&r, data, len);
  while (weft_dtls_record_read(&r, &rec)) {
    json *to = json_put_object(list, NULL);
    json_put_u64(to, "content_type", rec.type);
    put_hex16(to, "version", rec.version);
    json_put_u64(to, "epoch", rec.epoch);
    json_put_u64(to, "sequence", rec.seq);
    json_put_u64(to, "length", rec.len);
    if (!put_content(to, &rec)) return false;
  }
  return weft_rd_done(&r);
}

static conform_status record_decode(conform_call *c) {
  size_t len;
  const uint8_t *data = conform_bytes(c, "hex", &len);
  if (!data) return CONFORM_BAD;
  return put_datagram(json_put_array(c->out, "records"), data, len) ? CONFORM_OK : CONFORM_MALFORMED;
}

static conform_status record_flight(conform_call *c) {
  json *list = json_put_array(c->out, "records");
  for (const json *d = json_first(json_get(c->in, "datagrams")); d; d = d->next) {
    size_t len;
    const uint8_t *data = conform_bytes_of(c, d, &len);
    if (!data) return CONFORM_BAD;
    if (!put_datagram(json_put_array(list, NULL), data, len)) return CONFORM_MALFORMED;
  }
  return CONFORM_OK;
}

/* RFC 6347 section 4.1.2.6: which of these record numbers a receiver takes, in this order. */
static conform_status record_window(conform_call *c) {
  weft_dtls_window w = {0};
  json *fresh = json_put_array(c->out, "fresh");
  for (const json *n = json_first(json_get(c->in, "sequence")); n; n = n->next) {
    uint64_t seq;
    if (!json_u64(n, &seq)) return CONFORM_BAD;
    bool is = weft_dtls_window_fresh(&w, seq);
    if (is) weft_dtls_window_mark(&w, seq);
    json_put_bool(fresh, NULL, is);
  }
  return CONFORM_OK;
}

/* ---- ClientHello ---- */

static void put_hello(json *to, const weft_dtls_hello *h) {
  weft_rd r, value;
  uint16_t type;
  put_hex16(to, "version", h->version);
  json_put_hex(to, "random", h->random, 32);
  json_put_hex(to, "session_id", h->session_id, h->session_id_len);
  json_put_hex(to, "cookie", h->cookie, h->cookie_len);
  json *suites = json_put_array(to, "cipher_suites"), *extensions;
  weft_rd_init(&r, h->suites, h->suites_len);
  while (weft_rd_left(&r) > 0) put_hex16(suites, NULL, weft_rd_u16(&r));
  json_put_hex(to, "compression", h->compression, h->compression_len);
  extensions = json_put_array(to, "extensions");
  weft_rd_init(&r, h->extensions, h->extensions_len);
  while (weft_dtls_hello_extension(&r, &type, &value)) {
    json *e = json_put_object(extensions, NULL);
    json_put_u64(e, "type", type);
    json_put_hex(e, "value", value.p, weft_rd_left(&value));
  }
}

static conform_status hello_decode(conform_call *c) {
  size_t len;
  const uint8_t *data = conform_bytes(c, "hex", &len);
  weft_dtls_hello h;
  if (!data) return CONFORM_BAD;
  int rc = weft_dtls_hello_parse(&h, data, len);
  if (rc == WEFT_OK) put_hello(c->out, &h);
  return conform_code(rc);
}

/* One record of a datagram that holds a fragment; < 0: it is none. */
static int add_fragments(weft_dtls_reassembly *a, const uint8_t *data, size_t len) {
  weft_rd r, body;
  weft_dtls_record rec;
  weft_dtls_fragment f;
  int rc = 0;
  weft_rd_init(&r, data, len);
  while (rc == 0 && weft_dtls_record_read(&r, &rec)) {
    weft_rd_init(&body, rec.body, rec.len);
    while (rc == 0 && weft_rd_left(&body) > 0)
      rc = weft_dtls_fragment_read(&body, &f) ? weft_dtls_reassembly_add(a, &f) : WEFT_EMALFORMED;
  }
  return rc != 0 || weft_rd_done(&r) ? rc : WEFT_EMALFORMED;
}

/* The message put together from datagrams in the order they came; "complete" false when something is still missing. */
static conform_status reassemble(conform_call *c) {
  weft_dtls_reassembly a;
  int rc = 0;
  weft_dtls_reassembly_init(&a, conform_memory(c, weft_dtls_reassembly_size(WEFT_DTLS_HELLO_MAX)), WEFT_DTLS_HELLO_MAX);
  for (const json *d = json_first(json_get(c->in, "datagrams")); d && rc == 0; d = d->next) {
    size_t len;
    const uint8_t *data = conform_bytes_of(c, d, &len);
    if (!data) return CONFORM_BAD;
    rc = add_fragments(&a, data, len);
  }
  if (rc < 0) return conform_code(rc);
  json_put_bool(c->out, "complete", rc == 1);
  if (rc == 1) {
    size_t len;
    const uint8_t *whole = weft_dtls_reassembly_take(&a, 0, &len);
    json_put_hex(c->out, "message", whole + WEFT_DTLS_HEADER_LEN + WEFT_DTLS_FRAGMENT_HEADER_LEN,
                 len - WEFT_DTLS_HEADER_LEN - WEFT_DTLS_FRAGMENT_HEADER_LEN);
  }
  return CONFORM_OK;
}

/* ---- certificates, PRF ---- */

static conform_status of_certificate(conform_call *c) {
  size_t len;
  const uint8_t *der = conform_bytes(c, "der", &len);
  uint8_t multihash[34] = {0x12, 0x20};
  char text[96], certhash[64];
  if (!der) return CONFORM_BAD;
  int rc = weft_dtls_fingerprint(multihash + 2, der, len);
  if (rc == WEFT_OK) rc = weft_certhash_format(multihash + 2, certhash, sizeof certhash);
  if (rc != WEFT_OK) return conform_code(rc);
  weft_dtls_fingerprint_format(text, multihash + 2);
  json_put_string(c->out, "sha-256", text);
  json_put_hex(c->out, "multihash", multihash, sizeof multihash);
  json_put_string(c->out, "certhash", certhash);
  return CONFORM_OK;
}

static conform_status fingerprint_parse(conform_call *c) {
  const json *text = conform_string(c, "text");
  uint8_t hash[WEFT_DTLS_FINGERPRINT_LEN];
  if (!text) return CONFORM_BAD;
  int rc = weft_dtls_fingerprint_parse(hash, text->text, text->len);
  if (rc != WEFT_OK) return conform_code(rc);
  json_put_string(c->out, "algorithm", "sha-256");
  json_put_hex(c->out, "hex", hash, sizeof hash);
  return CONFORM_OK;
}

/* mbedTLS's own, through the one call that we make of it. */
static conform_status prf(conform_call *c) {
  size_t secret_len, seed_len;
  uint64_t length;
  uint8_t out[512];
  const uint8_t *secret = conform_bytes(c, "secret", &secret_len), *seed = conform_bytes(c, "seed", &seed_len);
  const char *label = conform_text(c, "label");
  if (!secret || !seed || !label || !conform_u64(c, "length", &length) || length > sizeof out) return CONFORM_BAD;
  if (mbedtls_ssl_tls_prf(MBEDTLS_SSL_TLS_PRF_SHA256, secret, secret_len, label, seed, seed_len, out, length) != 0)
    return CONFORM_UNSUPPORTED;
  json_put_hex(c->out, "output", out, length);
  return CONFORM_OK;
}

const conform_entry conform_dtls[] = {{"dtls_record.decode", record_decode},
                                      {"dtls_record.flight", record_flight},
                                      {"dtls_record.window", record_window},
                                      {"dtls_client_hello.decode", hello_decode},
                                      {"dtls_reassembly.join", reassemble},
                                      {"fingerprint.certificate", of_certificate},
                                      {"fingerprint.parse", fingerprint_parse},
                                      {"dtls_prf.compute", prf},
                                      {NULL, NULL}};
