/* dtls_cookie.*: the stateless exchange in front of a listener (RFC 6347 section 4.2.1). The operation makes the second hello from the first one
 * and the cookie it got. */
#include <string.h>

#include "apps/conform/op.h"
#include "dtls/dtls.h"
#include "dtls/hello.h"
#include "dtls/record.h"

enum { HELLO_MAX = 4096, FRONT = WEFT_DTLS_HEADER_LEN + WEFT_DTLS_FRAGMENT_HEADER_LEN };

typedef struct seen {
  uint8_t cookie[255];
  size_t cookie_len, answer_len;
  unsigned answers, hellos;
} seen;

static int output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                  weft_time now) {
  seen *s = user;
  weft_rd r;
  (void)local, (void)remote, (void)now;
  s->answers++;
  s->answer_len = len;
  weft_rd_init(&r, data, len);
  weft_rd_skip(&r, FRONT + 2); /* records, fragment, server_version */
  s->cookie_len = weft_rd_u8(&r);
  weft_rd_copy(&r, s->cookie, s->cookie_len);
  return WEFT_OK;
}

static void hello(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                  weft_time now) {
  (void)local, (void)remote, (void)data, (void)len, (void)now;
  ((seen *)user)->hellos++;
}

static bool source(const conform_call *c, const char *ip_path, const char *port_path, weft_addr *a) {
  const char *ip = conform_text(c, ip_path);
  return ip && weft_addr_parse_ip(a, ip, strlen(ip)) == WEFT_OK && conform_u16(c, port_path, &a->port);
}

/* What the case wants done to the cookie. */
static void spoil(seen *s, const char *what) {
  if (!what) return;
  if (strcmp(what, "flipped") == 0 && s->cookie_len > 0) s->cookie[s->cookie_len - 1] ^= 1;
  if (strcmp(what, "truncated") == 0 && s->cookie_len > 0) s->cookie_len--;
  if (strcmp(what, "zero") == 0) memset(s->cookie, 0, s->cookie_len);
  if (strcmp(what, "empty") == 0) s->cookie_len = 0;
}

/* The datagram again with the cookie in its hello, as message and record 1. */
static size_t second(const seen *s, const uint8_t *first, size_t len, bool other_random, uint8_t *out, size_t cap) {
  weft_wr w;
  size_t before = FRONT + 2 + 32 + 1 + (len > FRONT + 34 ? first[FRONT + 34] : 0);
  if (before + 1 > len || first[before] != 0) return 0; /* a cookie is in it already */
  size_t body = len - FRONT + s->cookie_len;
  weft_wr_init(&w, out, cap);
  weft_dtls_record_header(&w, WEFT_DTLS_HANDSHAKE, WEFT_DTLS_VERSION_10, 0, 1, body + WEFT_DTLS_FRAGMENT_HEADER_LEN);
  weft_dtls_fragment f = {WEFT_DTLS_CLIENT_HELLO, (uint32_t)body, 1, 0, NULL, (uint32_t)body};
  weft_dtls_fragment_header(&w, &f);
  weft_wr_bytes(&w, first + FRONT, before - FRONT);
  weft_wr_u8(&w, (uint8_t)s->cookie_len);
  weft_wr_bytes(&w, s->cookie, s->cookie_len);
  weft_wr_bytes(&w, first + before + 1, len - before - 1);
  if (other_random && weft_wr_ok(&w)) out[FRONT + 2] ^= 1;
  return weft_wr_ok(&w) ? weft_wr_len(&w) : 0;
}

static conform_status exchange_on(conform_call *c, weft_dtls_gate *gate, seen *s) {
  uint8_t again[HELLO_MAX];
  weft_addr local, a, b;
  uint64_t after = 0;
  size_t len;
  const uint8_t *first = conform_bytes(c, "hello", &len);
  (void)weft_addr_parse_ip(&local, "127.0.0.1", 9);
  local.port = 4001;
  if (!first || !source(c, "first.ip", "first.port", &a) || !source(c, "second.ip", "second.port", &b))
    return CONFORM_BAD;
  (void)conform_u64(c, "second.after_us", &after);
  weft_dtls_gate_input(gate, &local, &a, first, len, 0);
  if (s->answers == 0) return CONFORM_MALFORMED;
  json_put_bool(c->out, "amplified", s->answer_len > len);
  spoil(s, conform_text(c, "second.cookie"));
  size_t n = second(s, first, len, conform_is(c, "second.random", "changed"), again, sizeof again);
  if (n == 0) return CONFORM_BAD;
  weft_dtls_gate_input(gate, &local, &b, again, n, after);
  return s->hellos == 1 ? CONFORM_OK : CONFORM_AUTH;
}

static conform_status exchange(conform_call *c) {
  seen s = {0};
  weft_dtls_gate *gate;
  weft_dtls_gate_config cfg;
  weft_dtls_gate_callbacks cb = {sizeof cb, output, hello};
  weft_dtls_gate_config_default(&cfg);
  if (!conform_rng(c, &cfg.rng) || weft_dtls_gate_new(&gate, &cfg, &cb, &s) != WEFT_OK) return CONFORM_BAD;
  conform_status status = exchange_on(c, gate, &s);
  weft_dtls_gate_free(gate);
  return status;
}

const conform_entry conform_cookie[] = {{"dtls_cookie.exchange", exchange}, {NULL, NULL}};
