/* stun_message.*, stun_integrity.*, stun_fingerprint.*, demux.* */
#include "stun/stun.h"

#include <string.h>

#include "apps/conform/op.h"

static const char *class_name(weft_stun_class c) {
  static const char *const names[] = {"request", "indication", "success", "error"};
  return names[c];
}

static void put_address(json *to, const weft_addr *a) {
  char ip[WEFT_ADDR_TEXT_MAX];
  json_put_string(to, "family", a->family == WEFT_AF_IP4 ? "ipv4" : "ipv6");
  json_put_string(to, "ip", weft_addr_format_ip(a, ip, sizeof ip));
  json_put_u64(to, "port", a->port);
}

static conform_status put_error(json *to, const weft_stun_attr *a) {
  unsigned code;
  const char *reason;
  size_t n;
  int rc = weft_stun_get_error(a, &code, &reason, &n);
  if (rc != WEFT_OK) return conform_code(rc);
  json_put_u64(to, "code", code);
  json_put_text(to, "reason", reason, n);
  return CONFORM_OK;
}

/* The value, for the types this codec reads. */
static void put_decoded(json *to, const weft_stun_msg *m, const weft_stun_attr *a) {
  uint32_t u32;
  uint64_t u64;
  weft_addr addr;
  switch (a->type) {
  case WEFT_STUN_PRIORITY:
  case WEFT_STUN_FINGERPRINT:
    if (weft_stun_get_u32(a, &u32) == WEFT_OK) json_put_u64(to, "decoded", u32);
    break;
  case WEFT_STUN_ICE_CONTROLLED:
  case WEFT_STUN_ICE_CONTROLLING:
    if (weft_stun_get_u64(a, &u64) == WEFT_OK) json_put_u64(to, "decoded", u64);
    break;
  case WEFT_STUN_MAPPED_ADDRESS:
  case WEFT_STUN_ALTERNATE_SERVER:
    if (weft_stun_get_address(a, &addr) == WEFT_OK) put_address(json_put_object(to, "decoded"), &addr);
    break;
  case WEFT_STUN_XOR_MAPPED_ADDRESS:
    if (weft_stun_get_xor_address(m, a, &addr) == WEFT_OK) put_address(json_put_object(to, "decoded"), &addr);
    break;
  case WEFT_STUN_ERROR_CODE: (void)put_error(json_put_object(to, "decoded"), a); break;
  default: break;
  }
}

static conform_status decode(conform_call *c) {
  size_t len, cursor = 0, at = WEFT_STUN_HEADER_LEN;
  weft_stun_msg m;
  weft_stun_attr a;
  const uint8_t *data = conform_bytes(c, "hex", &len);
  if (!data) return CONFORM_BAD;
  int rc = weft_stun_parse(&m, data, len);
  if (rc != WEFT_OK) return conform_code(rc);
  json_put_string(c->out, "class", class_name(m.cls));
  json_put_u64(c->out, "method", m.method);
  json_put_u64(c->out, "length", m.len - WEFT_STUN_HEADER_LEN);
  json_put_hex(c->out, "transaction_id", m.txid, WEFT_STUN_TXID_LEN);
  json *list = json_put_array(c->out, "attributes");
  for (; weft_stun_next(&m, &cursor, &a); at = cursor) {
    json *to = json_put_object(list, NULL);
    json_put_u64(to, "type", a.type);
    json_put_u64(to, "length", a.len);
    json_put_u64(to, "offset", at);
    json_put_hex(to, "value", a.value, a.len);
    put_decoded(to, &m, &a);
  }
  return CONFORM_OK;
}

static conform_status unknown(conform_call *c) {
  size_t len;
  weft_stun_msg m;
  uint16_t types[16];
  const uint8_t *data = conform_bytes(c, "hex", &len);
  if (!data) return CONFORM_BAD;
  int rc = weft_stun_parse(&m, data, len);
  if (rc != WEFT_OK) return conform_code(rc);
  size_t n = weft_stun_unknown(&m, NULL, 0, types, WEFT_ARRAY_LEN(types));
  json *list = json_put_array(c->out, "types");
  for (size_t i = 0; i < n && i < WEFT_ARRAY_LEN(types); i++) json_put_u64(list, NULL, types[i]);
  return CONFORM_OK;
}

static conform_status xor_address(conform_call *c) {
  uint8_t buf[64];
  size_t len, n = 0;
  weft_stun_writer w;
  weft_stun_msg m;
  weft_stun_attr a;
  weft_addr addr;
  const uint8_t *value = conform_bytes(c, "value", &len), *id = conform_fixed(c, "transaction_id", WEFT_STUN_TXID_LEN);
  if (!value || !id) return CONFORM_BAD;
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_SUCCESS, WEFT_STUN_BINDING, id);
  weft_stun_put(&w, WEFT_STUN_XOR_MAPPED_ADDRESS, value, len);
  int rc = weft_stun_end(&w, &n);
  if (rc == WEFT_OK) rc = weft_stun_parse(&m, buf, n);
  if (rc == WEFT_OK) rc = weft_stun_find(&m, WEFT_STUN_XOR_MAPPED_ADDRESS, &a);
  if (rc == WEFT_OK) rc = weft_stun_get_xor_address(&m, &a, &addr);
  if (rc == WEFT_OK) put_address(c->out, &addr);
  return conform_code(rc);
}

static conform_status error_code(conform_call *c) {
  size_t len;
  const uint8_t *value = conform_bytes(c, "value", &len);
  return value ? put_error(c->out, &(weft_stun_attr){WEFT_STUN_ERROR_CODE, (uint16_t)len, value}) : CONFORM_BAD;
}

static conform_status message_type(conform_call *c) {
  uint8_t head[20] = {0, 0, 0, 0, 0x21, 0x12, 0xa4, 0x42}, again[20];
  uint16_t type;
  weft_stun_msg m;
  weft_stun_writer w;
  if (!conform_u16(c, "type", &type)) return CONFORM_BAD;
  head[0] = (uint8_t)(type >> 8);
  head[1] = (uint8_t)type;
  int rc = weft_stun_parse(&m, head, sizeof head);
  if (rc != WEFT_OK) return conform_code(rc);
  weft_stun_begin(&w, again, sizeof again, m.cls, m.method, head + 8);
  json_put_string(c->out, "class", class_name(m.cls));
  json_put_u64(c->out, "method", m.method);
  json_put_u64(c->out, "type", (uint64_t)again[0] << 8 | again[1]);
  return CONFORM_OK;
}

/* ---- building ---- */

static bool put_attribute(conform_call *c, weft_stun_writer *w, const json *a) {
  conform_call field = {a, c->out, c->scratch};
  uint16_t type;
  size_t len;
  uint32_t u32;
  const char *ip = conform_text(&field, "ip");
  weft_addr addr;
  if (!conform_u16(&field, "type", &type)) return false;
  const uint8_t *value = conform_bytes_of(c, json_get(a, "value"), &len);
  if (value)
    weft_stun_put(w, type, value, len);
  else if (conform_u32(&field, "u32", &u32))
    weft_stun_put_u32(w, type, u32);
  else if (ip && weft_addr_parse_ip(&addr, ip, strlen(ip)) == WEFT_OK && conform_u16(&field, "port", &addr.port))
    weft_stun_put_xor_address(w, type, &addr);
  else
    return false;
  return true;
}

/* A message from its parts; integrity and FINGERPRINT last, as RFC 8489 sections 14.5 to 14.7 have it. */
static conform_status encode(conform_call *c) {
  static const char *const classes[] = {"request", "indication", "success", "error"};
  uint8_t out[2048];
  weft_stun_writer w;
  size_t len, cls = 0;
  uint16_t method;
  const uint8_t *id = conform_fixed(c, "transaction_id", WEFT_STUN_TXID_LEN);
  const char *password = conform_text(c, "password");
  while (cls < 4 && !conform_is(c, "class", classes[cls])) cls++;
  if (!id || cls == 4 || !conform_u16(c, "method", &method)) return CONFORM_BAD;
  weft_stun_begin(&w, out, sizeof out, (weft_stun_class)cls, method, id);
  for (const json *a = json_first(json_get(c->in, "attributes")); a; a = a->next)
    if (!put_attribute(c, &w, a)) return CONFORM_BAD;
  if (password && conform_is(c, "algorithm", "sha256"))
    weft_stun_put_integrity_sha256(&w, password, strlen(password));
  else if (password)
    weft_stun_put_integrity(&w, password, strlen(password));
  if (json_bool(json_get(c->in, "fingerprint"), false)) weft_stun_put_fingerprint(&w);
  int rc = weft_stun_end(&w, &len);
  if (rc == WEFT_OK) json_put_hex(c->out, "hex", out, len);
  return conform_code(rc);
}

/* ---- integrity ---- */

static bool derive_key(const conform_call *c, uint8_t *key, size_t cap, size_t *len) {
  const char *user = conform_text(c, "username"), *realm = conform_text(c, "realm"),
             *password = conform_text(c, "password");
  if (!password) return false;
  if (!user || !realm) {
    *len = strlen(password);
    if (*len <= cap) memcpy(key, password, *len);
    return *len <= cap;
  }
  *len = conform_is(c, "key_algorithm", "md5") ? 16 : 32;
  return weft_stun_long_term_key(key, *len, user, realm, password) == WEFT_OK;
}

static conform_status check_integrity(conform_call *c) {
  uint8_t key[256];
  size_t len, key_len;
  weft_stun_msg m;
  const uint8_t *data = conform_bytes(c, "hex", &len);
  if (!data || !derive_key(c, key, sizeof key, &key_len)) return CONFORM_BAD;
  int rc = weft_stun_parse(&m, data, len);
  if (rc != WEFT_OK) return conform_code(rc);
  rc = conform_is(c, "algorithm", "sha256") ? weft_stun_check_integrity_sha256(&m, key, key_len)
                                            : weft_stun_check_integrity(&m, key, key_len);
  if (rc == WEFT_OK) json_put_hex(c->out, "key", key, key_len);
  return rc == WEFT_ENOTFOUND ? CONFORM_AUTH : conform_code(rc);
}

static conform_status check_fingerprint(conform_call *c) {
  size_t len;
  weft_stun_msg m;
  const uint8_t *data = conform_bytes(c, "hex", &len);
  if (!data) return CONFORM_BAD;
  int rc = weft_stun_parse(&m, data, len);
  if (rc != WEFT_OK) return conform_code(rc);
  return weft_stun_check_fingerprint(&m) == 1 ? CONFORM_OK : CONFORM_AUTH;
}

static conform_status userhash(conform_call *c) {
  uint8_t hash[32];
  const char *user = conform_text(c, "username"), *realm = conform_text(c, "realm");
  if (!user || !realm) return CONFORM_BAD;
  int rc = weft_stun_userhash(hash, user, realm);
  if (rc == WEFT_OK) json_put_hex(c->out, "hash", hash, sizeof hash);
  return conform_code(rc);
}

/* Only what is STUN is decided in this layer, and what is DTLS in webrtc/; nothing else is spoken on the socket. */
static conform_status demux(conform_call *c) {
  uint8_t head[20] = {0, 0, 0, 0, 0x21, 0x12, 0xa4, 0x42};
  uint16_t first;
  if (!conform_u16(c, "first_byte", &first) || first > 255) return CONFORM_BAD;
  head[0] = (uint8_t)first;
  json_put_bool(c->out, "stun", weft_stun_is(head, sizeof head));
  return CONFORM_OK;
}

const conform_entry conform_stun[] = {{"stun_message.decode", decode},
                                      {"stun_message.encode", encode},
                                      {"stun_message.unknown", unknown},
                                      {"stun_message.xor_address", xor_address},
                                      {"stun_message.error_code", error_code},
                                      {"stun_message.type", message_type},
                                      {"stun_integrity.check", check_integrity},
                                      {"stun_integrity.userhash", userhash},
                                      {"stun_fingerprint.check", check_fingerprint},
                                      {"demux.first_byte", demux},
                                      {NULL, NULL}};
