#include <stdio.h>
#include <string.h>

#include "dtls/dtls.h"
#include "dtls/hello.h"
#include "dtls/mbed.h"
#include "dtls/record.h"
#include "multiaddr/multiaddr.h"
#include "test/conformance/conform.h"

/* ---- records ---- */

static bool same_u64(const json *object, const char *key, uint64_t value) {
  uint64_t want;
  const json *field = json_get(object, key);
  return json_is_null(field) || (json_u64(field, &want) && want == value);
}

static bool same_hex16(const json *object, const char *key, uint16_t value) {
  char text[5];
  snprintf(text, sizeof text, "%04x", value);
  const char *want = json_text(json_get(object, key));
  return want && strcmp(want, text) == 0;
}

static bool same_fragment(const json *want, const weft_dtls_fragment *f) {
  return same_u64(want, "message_type", f->type) && same_u64(want, "message_length", f->length) &&
         same_u64(want, "message_seq", f->seq) && same_u64(want, "fragment_offset", f->offset) &&
         same_u64(want, "fragment_length", f->len);
}

static bool same_content(const json *want, const weft_dtls_record *rec) {
  weft_rd r;
  weft_dtls_fragment f;
  weft_rd_init(&r, rec->body, rec->len);
  if (rec->epoch != 0) return true;
  if (rec->type == WEFT_DTLS_HANDSHAKE) return weft_dtls_fragment_read(&r, &f) && (!want || same_fragment(want, &f));
  if (rec->type == WEFT_DTLS_ALERT)
    return rec->len == 2 && (!want || (same_u64(want, "alert_level", rec->body[0]) &&
                                       same_u64(want, "alert_description", rec->body[1])));
  return true;
}

static bool same_record(const json *want, const weft_dtls_record *rec) {
  return same_u64(want, "content_type", rec->type) && same_hex16(want, "version", rec->version) &&
         same_u64(want, "epoch", rec->epoch) && same_u64(want, "sequence", rec->seq) &&
         same_u64(want, "length", rec->len) && same_content(want, rec);
}

/* Whole datagram; want NULL: only whether it can be read. */
static bool read_datagram(const uint8_t *data, size_t len, const json *want) {
  weft_rd r;
  weft_dtls_record rec;
  const json *at = json_first(want);
  weft_rd_init(&r, data, len);
  for (; weft_dtls_record_read(&r, &rec); at = at ? at->next : NULL) {
    if (want ? !at || !same_record(at, &rec) : !same_content(NULL, &rec)) return false;
  }
  return weft_rd_done(&r) && !at && data;
}

static void run_record(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  const uint8_t *data = conform_bytes(ctx, c, "input.hex", &len);
  if (c->valid)
    conform_verdict(ctx, c, read_datagram(data, len, json_get(c->expected, "records")), "records differ");
  else
    conform_refused(ctx, c, !read_datagram(data, len, NULL));
}

static void run_flight(conform_ctx *ctx, const conform_case *c) {
  const json *want = json_first(json_get(c->expected, "records"));
  bool same = want != NULL;
  for (const json *d = json_first(json_get(c->input, "datagrams")); d; d = d->next) {
    size_t len;
    const uint8_t *data = conform_bytes_of(ctx, d, &len);
    same = same && want && read_datagram(data, len, want);
    want = want ? want->next : NULL;
  }
  conform_verdict(ctx, c, same && !want, "records differ");
}

/* ---- ClientHello ---- */

static bool same_bytes(conform_ctx *ctx, const json *field, const uint8_t *data, size_t len) {
  size_t n;
  const uint8_t *want = conform_bytes_of(ctx, field, &n);
  return want && n == len && (n == 0 || memcmp(want, data, n) == 0);
}

static bool same_suites(const json *want, const weft_dtls_hello *h) {
  weft_rd r;
  const json *at = json_first(want);
  weft_rd_init(&r, h->suites, h->suites_len);
  for (; weft_rd_left(&r) > 0; at = at->next) {
    char text[5];
    snprintf(text, sizeof text, "%04x", weft_rd_u16(&r));
    if (!at || strcmp(json_text(at), text) != 0) return false;
  }
  return !at;
}

static bool same_extensions(conform_ctx *ctx, const json *want, const weft_dtls_hello *h) {
  weft_rd r, value;
  uint16_t type;
  const json *at = json_first(want);
  weft_rd_init(&r, h->extensions, h->extensions_len);
  for (; weft_dtls_hello_extension(&r, &type, &value); at = at->next)
    if (!at || !same_u64(at, "type", type) || !same_bytes(ctx, json_get(at, "value"), value.p, weft_rd_left(&value)))
      return false;
  return weft_rd_done(&r) && !at;
}

static bool same_hello(conform_ctx *ctx, const json *want, const weft_dtls_hello *h) {
  return same_hex16(want, "version", h->version) && same_bytes(ctx, json_get(want, "random"), h->random, 32) &&
         same_bytes(ctx, json_get(want, "session_id"), h->session_id, h->session_id_len) &&
         same_bytes(ctx, json_get(want, "cookie"), h->cookie, h->cookie_len) &&
         same_suites(json_get(want, "cipher_suites"), h) &&
         same_bytes(ctx, json_get(want, "compression"), h->compression, h->compression_len) &&
         same_extensions(ctx, json_get(want, "extensions"), h);
}

static void run_hello(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  const uint8_t *data = conform_bytes(ctx, c, "input.hex", &len);
  weft_dtls_hello h;
  int rc = weft_dtls_hello_parse(&h, data, len);
  if (c->valid)
    conform_verdict(ctx, c, rc == WEFT_OK && same_hello(ctx, c->expected, &h), "fields differ");
  else
    conform_refused(ctx, c, rc != WEFT_OK);
}

/* ---- certificates, PRF ---- */

static void run_certificate(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  const uint8_t *der = conform_bytes(ctx, c, "input.der", &len);
  uint8_t multihash[34] = {0x12, 0x20}, back[32];
  char text[96], line[128], certhash[64];
  bool same = der && weft_dtls_fingerprint(multihash + 2, der, len) == WEFT_OK;
  weft_dtls_fingerprint_format(text, multihash + 2);
  snprintf(line, sizeof line, "sha-256 %s", text);
  same = same && conform_text_is(c, "expected.fingerprints.sha-256", text) &&
         weft_dtls_fingerprint_parse(back, line, strlen(line)) == WEFT_OK && memcmp(back, multihash + 2, 32) == 0;
  same = same && conform_hex_is(ctx, c, "expected.multihash", multihash, sizeof multihash);
  same = same && weft_certhash_format(multihash + 2, certhash, sizeof certhash) == WEFT_OK &&
         conform_text_is(c, "expected.certhash", certhash);
  conform_verdict(ctx, c, same, "hashes differ");
}

/* mbedTLS's own, through the one call that we make of it. */
static void run_prf(conform_ctx *ctx, const conform_case *c) {
  size_t secret_len, seed_len;
  uint64_t length;
  uint8_t out[512];
  const uint8_t *secret = conform_bytes(ctx, c, "input.secret", &secret_len);
  const uint8_t *seed = conform_bytes(ctx, c, "input.seed", &seed_len);
  const char *label = conform_text(c, "input.label");
  bool ok =
      secret && seed && label && conform_u64(c, "input.length", &length) && length <= sizeof out &&
      mbedtls_ssl_tls_prf(MBEDTLS_SSL_TLS_PRF_SHA256, secret, secret_len, label, seed, seed_len, out, length) == 0;
  conform_verdict(ctx, c, ok && conform_hex_is(ctx, c, "expected.output", out, length), "output differs");
}

int conform_dtls(conform_ctx *ctx) {
  conform_case c;
  while (conform_next(ctx, &c)) {
    if (strcmp(c.op, "record") == 0)
      run_record(ctx, &c);
    else if (strcmp(c.op, "flight") == 0)
      run_flight(ctx, &c);
    else if (strcmp(c.op, "client_hello") == 0)
      run_hello(ctx, &c);
    else if (strcmp(c.op, "certificate") == 0)
      run_certificate(ctx, &c);
    else if (strcmp(c.op, "prf") == 0)
      run_prf(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op");
  }
  return 0;
}
