#include "apps/conform/op.h"

#include <stdlib.h>
#include <string.h>

#include <weft/base/base.h>

#include "base/hash.h"

static const conform_entry *const tables[] = {
    conform_varint, conform_multiaddr, conform_keys,        conform_stun,       conform_ice, conform_sctp,
    conform_dtls,   conform_noise,     conform_datachannel, conform_framing,    conform_sdp, conform_relay,
    conform_libp2p, conform_yamux,     conform_cookie,      conform_association};

struct conform_scratch {
  conform_scratch *next;
  uint64_t bytes[]; /* aligned for anything */
};

static const conform_entry *find(const char *op) {
  for (size_t i = 0; i < WEFT_ARRAY_LEN(tables); i++)
    for (const conform_entry *e = tables[i]; e->op; e++)
      if (strcmp(e->op, op) == 0) return e;
  return NULL;
}

const char *conform_op_name(size_t nth) {
  for (size_t i = 0; i < WEFT_ARRAY_LEN(tables); i++)
    for (const conform_entry *e = tables[i]; e->op; e++)
      if (nth-- == 0) return e->op;
  return NULL;
}

void conform_release(conform_call *c) {
  while (c->scratch) {
    conform_scratch *gone = c->scratch;
    c->scratch = gone->next;
    free(gone);
  }
}

conform_status conform_op(const char *op, const json *in, json *out) {
  const conform_entry *e = find(op);
  if (!e) return CONFORM_UNSUPPORTED;
  conform_call c = {in, out, NULL};
  conform_status s = e->run(&c);
  conform_release(&c);
  return s;
}

const char *conform_status_name(conform_status s) {
  static const char *const names[] = {"ok", "malformed", "auth", "state", "limit", "unsupported", "bad request"};
  return names[s];
}

conform_status conform_code(int rc) {
  switch (rc) {
  case WEFT_OK: return CONFORM_OK;
  case WEFT_EAUTH: return CONFORM_AUTH;
  case WEFT_ETOOBIG:
  case WEFT_ELIMIT: return CONFORM_LIMIT;
  case WEFT_ESTATE:
  case WEFT_EPROTO:
  case WEFT_ECLOSED:
  case WEFT_ERESET:
  case WEFT_ETIMEDOUT:
  case WEFT_EREFUSED: return CONFORM_STATE;
  case WEFT_EUNSUPPORTED: return CONFORM_UNSUPPORTED;
  default: return CONFORM_MALFORMED;
  }
}

void *conform_memory(conform_call *c, size_t n) {
  conform_scratch *s = calloc(1, sizeof *s + n + 8);
  if (!s) abort();
  s->next = c->scratch;
  c->scratch = s;
  return s->bytes;
}

const uint8_t *conform_bytes_of(conform_call *c, const json *field, size_t *len) {
  *len = 0;
  if (!field || field->type != JSON_STRING) return NULL;
  uint8_t *bytes = conform_memory(c, field->len / 2);
  if (weft_hex_decode(bytes, field->len / 2, field->text, field->len) != WEFT_OK) return NULL;
  *len = field->len / 2;
  return bytes;
}

const uint8_t *conform_bytes(conform_call *c, const char *path, size_t *len) {
  return conform_bytes_of(c, json_find(c->in, path), len);
}

const uint8_t *conform_fixed(conform_call *c, const char *path, size_t len) {
  size_t n;
  const uint8_t *bytes = conform_bytes(c, path, &n);
  return bytes && n == len ? bytes : NULL;
}

const json *conform_string(const conform_call *c, const char *path) {
  const json *j = json_find(c->in, path);
  return j && j->type == JSON_STRING ? j : NULL;
}

const char *conform_text(const conform_call *c, const char *path) {
  const json *j = conform_string(c, path);
  return j ? j->text : NULL;
}

bool conform_u64(const conform_call *c, const char *path, uint64_t *out) {
  return json_u64(json_find(c->in, path), out);
}

bool conform_u32(const conform_call *c, const char *path, uint32_t *out) {
  uint64_t v;
  if (!conform_u64(c, path, &v) || v > UINT32_MAX) return false;
  *out = (uint32_t)v;
  return true;
}

bool conform_u16(const conform_call *c, const char *path, uint16_t *out) {
  uint64_t v;
  if (!conform_u64(c, path, &v) || v > UINT16_MAX) return false;
  *out = (uint16_t)v;
  return true;
}

bool conform_is(const conform_call *c, const char *path, const char *text) {
  const char *value = conform_text(c, path);
  return value && strcmp(value, text) == 0;
}

typedef struct tape {
  const uint8_t *at;
  size_t left;
} tape;

static int fill(void *ctx, uint8_t *dst, size_t n) {
  tape *t = ctx;
  if (n > t->left) return -1;
  memcpy(dst, t->at, n);
  t->at += n;
  t->left -= n;
  return 0;
}

bool conform_rng(conform_call *c, weft_rng *rng) {
  tape *t = conform_memory(c, sizeof *t);
  t->at = conform_bytes(c, "rng", &t->left);
  *rng = (weft_rng){fill, t};
  return t->at != NULL;
}
