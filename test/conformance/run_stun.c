/* vectors/import/stun.json: STUN and the priorities of ICE. */
#include <string.h>

#include "ice/ice.h"
#include "stun/stun.h"
#include "test/conformance/conform.h"

static const char *class_name(weft_stun_class c) {
  switch (c) {
  case WEFT_STUN_REQUEST: return "request";
  case WEFT_STUN_INDICATION: return "indication";
  case WEFT_STUN_SUCCESS: return "success";
  case WEFT_STUN_ERROR: return "error";
  }
  return "?";
}

static bool address_is(const json *want, const weft_addr *a) {
  char ip[WEFT_ADDR_TEXT_MAX];
  weft_addr parsed;
  uint64_t port;
  const char *text = json_text(json_get(want, "ip")), *family = json_text(json_get(want, "family"));
  if (text == NULL || family == NULL || !json_u64(json_get(want, "port"), &port)) return false;
  if (weft_addr_parse_ip(&parsed, text, strlen(text)) != WEFT_OK) return false;
  (void)weft_addr_format_ip(a, ip, sizeof ip);
  return weft_addr_equal_ip(&parsed, a) && a->port == port &&
         strcmp(family, a->family == WEFT_AF_IP4 ? "ipv4" : "ipv6") == 0;
}

static bool u32_is(const json *want, const weft_stun_attr *a) {
  uint64_t v;
  uint32_t got;
  return json_u64(want, &v) && weft_stun_get_u32(a, &got) == WEFT_OK && got == v;
}

static bool u64_is(const json *want, const weft_stun_attr *a) {
  uint64_t v, got;
  return json_u64(want, &v) && weft_stun_get_u64(a, &got) == WEFT_OK && got == v;
}

static bool error_is(const json *want, const weft_stun_attr *a) {
  unsigned code;
  const char *reason, *text = json_text(json_get(want, "reason"));
  size_t n;
  uint64_t v;
  return weft_stun_get_error(a, &code, &reason, &n) == WEFT_OK && json_u64(json_get(want, "code"), &v) && v == code &&
         text != NULL && strlen(text) == n && memcmp(text, reason, n) == 0;
}

/* The decoded value, for the types this codec decodes. */
static bool decoded_is(const json *want, const weft_stun_msg *m, const weft_stun_attr *a) {
  weft_addr addr;
  if (json_is_null(want)) return true;
  switch (a->type) {
  case WEFT_STUN_PRIORITY:
  case WEFT_STUN_FINGERPRINT: return u32_is(want, a);
  case WEFT_STUN_ICE_CONTROLLED:
  case WEFT_STUN_ICE_CONTROLLING: return u64_is(want, a);
  case WEFT_STUN_MAPPED_ADDRESS:
  case WEFT_STUN_ALTERNATE_SERVER: return weft_stun_get_address(a, &addr) == WEFT_OK && address_is(want, &addr);
  case WEFT_STUN_XOR_MAPPED_ADDRESS:
    return weft_stun_get_xor_address(m, a, &addr) == WEFT_OK && address_is(want, &addr);
  case WEFT_STUN_ERROR_CODE: return error_is(want, a);
  default: return true;
  }
}

static bool attribute_is(conform_ctx *ctx, const json *want, const weft_stun_msg *m, const weft_stun_attr *a,
                         size_t at) {
  uint64_t type, len, offset;
  size_t n;
  const uint8_t *value = conform_bytes_of(ctx, json_get(want, "value"), &n);
  if (!json_u64(json_get(want, "type"), &type) || !json_u64(json_get(want, "length"), &len)) return false;
  if (json_u64(json_get(want, "offset"), &offset) && offset != at) return false;
  if (type != a->type || len != a->len || value == NULL || n != a->len || memcmp(value, a->value, n) != 0) return false;
  return decoded_is(json_get(want, "decoded"), m, a);
}

static void run_decode(conform_ctx *ctx, const conform_case *c) {
  size_t len, cursor = 0, at = WEFT_STUN_HEADER_LEN;
  weft_stun_msg m;
  weft_stun_attr a;
  const uint8_t *data = conform_bytes(ctx, c, "input.hex", &len);
  int rc = weft_stun_parse(&m, data, len);
  if (!c->valid) {
    conform_refused(ctx, c, rc != WEFT_OK);
    return;
  }
  bool same = rc == WEFT_OK && conform_text_is(c, "expected.class", class_name(m.cls)) &&
              conform_u64_is(c, "expected.method", m.method) && conform_u64_is(c, "expected.length", m.len - 20) &&
              conform_hex_is(ctx, c, "expected.transaction_id", m.txid, 12);
  const json *want = json_first(json_get(c->expected, "attributes"));
  while (same && weft_stun_next(&m, &cursor, &a)) {
    same = want != NULL && attribute_is(ctx, want, &m, &a, at);
    at = cursor;
    want = want == NULL ? NULL : want->next;
  }
  if (rc == WEFT_EMALFORMED)
    conform_fail(ctx, c, "refused");
  else
    conform_verdict(ctx, c, same && want == NULL, "differs");
}

static void run_fingerprint(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  weft_stun_msg m;
  const uint8_t *data = conform_bytes(ctx, c, "input.hex", &len);
  bool ok = weft_stun_parse(&m, data, len) == WEFT_OK;
  int want = json_bool(json_get(c->expected, "ok"), false) ? 1 : WEFT_EAUTH;
  conform_verdict(ctx, c, ok && weft_stun_check_fingerprint(&m) == want, "fingerprint verdict differs");
}

static bool derive_key(const conform_case *c, uint8_t *key, size_t cap, size_t *key_len) {
  const char *user = conform_text(c, "input.username"), *realm = conform_text(c, "input.realm");
  const char *password = conform_text(c, "input.password");
  if (user == NULL || realm == NULL) {
    *key_len = strlen(password);
    if (*key_len <= cap) memcpy(key, password, *key_len);
    return *key_len <= cap;
  }
  *key_len = conform_text_is(c, "input.key_algorithm", "md5") ? 16 : 32;
  return weft_stun_long_term_key(key, *key_len, user, realm, password) == WEFT_OK;
}

static void run_integrity(conform_ctx *ctx, const conform_case *c) {
  uint8_t key[256];
  size_t len, key_len;
  weft_stun_msg m;
  const uint8_t *data = conform_bytes(ctx, c, "input.hex", &len);
  bool sha256 = conform_text_is(c, "input.algorithm", "sha256");
  bool ok = weft_stun_parse(&m, data, len) == WEFT_OK && derive_key(c, key, sizeof key, &key_len) &&
            conform_hex_is(ctx, c, "expected.key", key, key_len);
  if (!ok) {
    conform_fail(ctx, c, "key differs");
    return;
  }
  int rc = sha256 ? weft_stun_check_integrity_sha256(&m, key, key_len) : weft_stun_check_integrity(&m, key, key_len);
  int want = json_bool(json_get(c->expected, "ok"), false) ? WEFT_OK : WEFT_EAUTH;
  conform_verdict(ctx, c, rc == want, "integrity verdict differs");
}

static void run_xor_address(conform_ctx *ctx, const conform_case *c) {
  uint8_t buf[64];
  size_t len, id_len, n = 0;
  weft_stun_writer w;
  weft_stun_msg m;
  weft_stun_attr a;
  weft_addr addr;
  const uint8_t *value = conform_bytes(ctx, c, "input.value", &len);
  const uint8_t *id = conform_bytes(ctx, c, "input.transaction_id", &id_len);
  if (value == NULL || id == NULL || id_len != 12) {
    conform_fail(ctx, c, "unreadable case");
    return;
  }
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_SUCCESS, WEFT_STUN_BINDING, id);
  weft_stun_put(&w, WEFT_STUN_XOR_MAPPED_ADDRESS, value, len);
  bool ok = weft_stun_end(&w, &n) == WEFT_OK && weft_stun_parse(&m, buf, n) == WEFT_OK &&
            weft_stun_find(&m, WEFT_STUN_XOR_MAPPED_ADDRESS, &a) == WEFT_OK &&
            weft_stun_get_xor_address(&m, &a, &addr) == WEFT_OK;
  if (!c->valid)
    conform_refused(ctx, c, !ok);
  else
    conform_verdict(ctx, c, ok && address_is(c->expected, &addr), "address differs");
}

static void run_error_code(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  unsigned code;
  const char *reason;
  size_t n;
  const uint8_t *value = conform_bytes(ctx, c, "input.value", &len);
  weft_stun_attr a = {WEFT_STUN_ERROR_CODE, (uint16_t)len, value};
  if (!c->valid)
    conform_refused(ctx, c, weft_stun_get_error(&a, &code, &reason, &n) != WEFT_OK);
  else
    conform_verdict(ctx, c, error_is(c->expected, &a), "error differs");
}

static void run_message_type(conform_ctx *ctx, const conform_case *c) {
  uint8_t head[20] = {0, 0, 0, 0, 0x21, 0x12, 0xa4, 0x42}, out[20];
  uint64_t type = 0;
  weft_stun_msg m;
  weft_stun_writer w;
  (void)conform_u64(c, "input.type", &type);
  head[0] = (uint8_t)(type >> 8);
  head[1] = (uint8_t)type;
  int rc = weft_stun_parse(&m, head, sizeof head);
  if (!c->valid) {
    conform_refused(ctx, c, rc != WEFT_OK);
    return;
  }
  weft_stun_begin(&w, out, sizeof out, m.cls, m.method, head + 8);
  conform_verdict(ctx, c,
                  rc == WEFT_OK && conform_text_is(c, "expected.class", class_name(m.cls)) &&
                      conform_u64_is(c, "expected.method", m.method) && memcmp(out, head, 2) == 0,
                  "type differs");
}

/* Only STUN or not is decided here; the other ranges are the peer connection's. */
static void run_demux(conform_ctx *ctx, const conform_case *c) {
  uint8_t head[20] = {0, 0, 0, 0, 0x21, 0x12, 0xa4, 0x42};
  uint64_t first = 0;
  (void)conform_u64(c, "input.first_byte", &first);
  head[0] = (uint8_t)first;
  conform_verdict(ctx, c, weft_stun_is(head, sizeof head) == conform_text_is(c, "expected.protocol", "stun"),
                  "differs");
}

static void run_priority(conform_ctx *ctx, const conform_case *c) {
  static const weft_ice_candidate_type all[] = {WEFT_ICE_HOST, WEFT_ICE_SRFLX, WEFT_ICE_PRFLX, WEFT_ICE_RELAY};
  uint64_t pref = 0, component = 0;
  (void)conform_u64(c, "input.local_preference", &pref);
  (void)conform_u64(c, "input.component", &component);
  for (size_t i = 0; i < WEFT_ARRAY_LEN(all); i++) {
    if (!conform_text_is(c, "input.type", weft_ice_candidate_type_name(all[i]))) continue;
    uint32_t got = weft_ice_priority(all[i], (uint16_t)pref, (uint16_t)component);
    conform_verdict(ctx, c, conform_u64_is(c, "expected.priority", got), "priority differs");
    return;
  }
  conform_unsupported(ctx, c, "candidate type");
}

static void run_pair_priority(conform_ctx *ctx, const conform_case *c) {
  uint64_t g = 0, d = 0;
  (void)conform_u64(c, "input.G", &g);
  (void)conform_u64(c, "input.D", &d);
  if (g > 0x7FFFFFFF || d > 0x7FFFFFFF) {
    conform_strict(ctx, c, "no candidate has a priority over 2^31-1 (RFC 8445 section 5.1.2); the value needs 65 bits");
    return;
  }
  uint64_t got = weft_ice_pair_priority((uint32_t)g, (uint32_t)d);
  conform_verdict(ctx, c, conform_u64_is(c, "expected.priority", got), "pair priority differs");
}

static void run_userhash(conform_ctx *ctx, const conform_case *c) {
  uint8_t hash[32];
  int rc = weft_stun_userhash(hash, conform_text(c, "input.username"), conform_text(c, "input.realm"));
  conform_verdict(ctx, c, rc == WEFT_OK && conform_hex_is(ctx, c, "expected.hash", hash, sizeof hash), "hash differs");
}

int conform_stun(conform_ctx *ctx) {
  static const struct {
    const char *op;
    void (*run)(conform_ctx *ctx, const conform_case *c);
  } ops[] = {{"decode", run_decode},
             {"fingerprint", run_fingerprint},
             {"integrity", run_integrity},
             {"xor_address", run_xor_address},
             {"error_code", run_error_code},
             {"message_type", run_message_type},
             {"demux", run_demux},
             {"ice_priority", run_priority},
             {"ice_pair_priority", run_pair_priority},
             {"userhash", run_userhash}};
  conform_case c;
  while (conform_next(ctx, &c)) {
    size_t i = 0;
    while (i < WEFT_ARRAY_LEN(ops) && strcmp(ops[i].op, c.op) != 0) i++;
    if (i < WEFT_ARRAY_LEN(ops))
      ops[i].run(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
