/* STUN messages, attribute by attribute (RFC 8489, RFC 8445). */

#include <string.h>

#include <weft/stun/stun.h>

#include "apps/decode_int.h"

static const char *attribute_name(uint16_t type) {
  static const struct {
    uint16_t type;
    const char *name;
  } names[] = {{WEFT_STUN_MAPPED_ADDRESS, "MAPPED-ADDRESS"},
               {WEFT_STUN_USERNAME, "USERNAME"},
               {WEFT_STUN_MESSAGE_INTEGRITY, "MESSAGE-INTEGRITY"},
               {WEFT_STUN_ERROR_CODE, "ERROR-CODE"},
               {WEFT_STUN_UNKNOWN_ATTRIBUTES, "UNKNOWN-ATTRIBUTES"},
               {WEFT_STUN_REALM, "REALM"},
               {WEFT_STUN_NONCE, "NONCE"},
               {WEFT_STUN_MESSAGE_INTEGRITY_SHA256, "MESSAGE-INTEGRITY-SHA256"},
               {WEFT_STUN_USERHASH, "USERHASH"},
               {WEFT_STUN_XOR_MAPPED_ADDRESS, "XOR-MAPPED-ADDRESS"},
               {WEFT_STUN_PRIORITY, "PRIORITY"},
               {WEFT_STUN_USE_CANDIDATE, "USE-CANDIDATE"},
               {WEFT_STUN_SOFTWARE, "SOFTWARE"},
               {WEFT_STUN_ALTERNATE_SERVER, "ALTERNATE-SERVER"},
               {WEFT_STUN_FINGERPRINT, "FINGERPRINT"},
               {WEFT_STUN_ICE_CONTROLLED, "ICE-CONTROLLED"},
               {WEFT_STUN_ICE_CONTROLLING, "ICE-CONTROLLING"}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(names); i++)
    if (names[i].type == type) return names[i].name;
  return "attribute";
}

/* Exact lengths of RFC 8489 section 14 and RFC 8445 section 16.1; 0xffff: any. */
static uint16_t exact_length(uint16_t type) {
  switch (type) {
  case WEFT_STUN_PRIORITY:
  case WEFT_STUN_FINGERPRINT: return 4;
  case WEFT_STUN_USE_CANDIDATE: return 0;
  case WEFT_STUN_ICE_CONTROLLED:
  case WEFT_STUN_ICE_CONTROLLING: return 8;
  case WEFT_STUN_MESSAGE_INTEGRITY: return 20;
  default: return 0xffff;
  }
}

static void put_address(decode *d, const weft_stun_msg *m, const weft_stun_attr *a) {
  weft_addr addr;
  char text[WEFT_ADDR_TEXT_MAX];
  bool mapped = a->type == WEFT_STUN_XOR_MAPPED_ADDRESS;
  int rc = mapped ? weft_stun_get_xor_address(m, a, &addr) : weft_stun_get_address(a, &addr);
  if (rc == WEFT_OK)
    outline_word(d->o, "address", weft_addr_format(&addr, text, sizeof text));
  else
    outline_broken(d->o, m->data, m->len, (size_t)(a->value - m->data),
                   "not an address: family 1 with 8 bytes or 2 with 20 (RFC 8489 section 14.1)");
}

static void put_value(decode *d, const weft_stun_msg *m, const weft_stun_attr *a) {
  weft_rd r;
  weft_rd_init(&r, a->value, a->len);
  switch (a->type) {
  case WEFT_STUN_USERNAME:
  case WEFT_STUN_SOFTWARE:
  case WEFT_STUN_REALM:
  case WEFT_STUN_NONCE: outline_text(d->o, "text", (const char *)a->value, a->len); break;
  case WEFT_STUN_MAPPED_ADDRESS:
  case WEFT_STUN_XOR_MAPPED_ADDRESS:
  case WEFT_STUN_ALTERNATE_SERVER: put_address(d, m, a); break;
  case WEFT_STUN_PRIORITY: outline_number(d->o, "value", weft_rd_u32(&r)); break;
  case WEFT_STUN_USE_CANDIDATE: break;
  case WEFT_STUN_ERROR_CODE:
    weft_rd_skip(&r, 2);
    outline_number(d->o, "code", (uint64_t)(weft_rd_u8(&r) & 7) * 100 + weft_rd_u8(&r));
    outline_text(d->o, "reason", (const char *)r.p, weft_rd_left(&r));
    break;
  default: outline_bytes(d->o, "value", a->value, a->len);
  }
}

/* What weft_stun_parse leaves open. */
static void check_fingerprint(decode *d, const weft_stun_msg *m) {
  if (m->fingerprint_at && weft_stun_check_fingerprint(m) != 1)
    outline_broken(d->o, m->data, m->len, m->fingerprint_at + 4,
                   "the CRC-32 of the message is another (RFC 8489 section 14.7)");
}

static void put_attribute(decode *d, const weft_stun_msg *m, const weft_stun_attr *a) {
  uint16_t exact = exact_length(a->type);
  size_t at = (size_t)(a->value - m->data);
  outline_begin(d->o, attribute_name(a->type));
  outline_code(d->o, "type", a->type, 4);
  if (exact != 0xffff && a->len != exact)
    outline_broken(d->o, m->data, m->len, at - 2, "%u bytes, it has %u", a->len, exact);
  else if (a->type == WEFT_STUN_ERROR_CODE && a->len < 4)
    outline_broken(d->o, m->data, m->len, at - 2, "%u bytes, at least 4 (RFC 8489 section 14.8)", a->len);
  else
    put_value(d, m, a);
  outline_end(d->o);
}

/* Attributes as they stand, as far as they do; those behind MESSAGE-INTEGRITY too. */
static void put_attributes(decode *d, const weft_stun_msg *m, size_t end) {
  size_t at = WEFT_STUN_HEADER_LEN;
  bool last = false;
  while (at < end) {
    weft_rd r;
    weft_rd_init(&r, m->data + at, end - at);
    weft_stun_attr a = {.type = weft_rd_u16(&r), .len = weft_rd_u16(&r)};
    if (last) {
      outline_broken(d->o, m->data, m->len, at, "an attribute behind FINGERPRINT (RFC 8489 section 14.7)");
      return;
    }
    a.value = weft_rd_bytes(&r, a.len);
    weft_rd_skip(&r, (4 - a.len % 4u) % 4u);
    if (!weft_rd_ok(&r)) {
      outline_broken(d->o, m->data, m->len, at + 2,
                     "an attribute of %u bytes and its padding, %zu are left (RFC 8489 section 14)", a.len,
                     end - at < 4 ? 0 : end - at - 4);
      return;
    }
    put_attribute(d, m, &a);
    last = a.type == WEFT_STUN_FINGERPRINT;
    at = end - weft_rd_left(&r);
  }
}

static bool put_header(decode *d, weft_stun_msg *m) {
  static const char *const classes[] = {"request", "indication", "success", "error"};
  uint16_t type = (uint16_t)(m->data[0] << 8 | m->data[1]), length = (uint16_t)(m->data[2] << 8 | m->data[3]);
  m->cls = (weft_stun_class)((type >> 7 & 2) | (type >> 4 & 1));
  m->method = (uint16_t)((type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80));
  m->txid = m->data + 8;
  outline_word(d->o, "class", classes[m->cls]);
  if (m->method == WEFT_STUN_BINDING)
    outline_word(d->o, "method", "binding");
  else
    outline_code(d->o, "method", m->method, 3);
  outline_bytes(d->o, "transaction", m->txid, WEFT_STUN_TXID_LEN);
  if (length % 4)
    outline_broken(d->o, m->data, m->len, 2, "length %u is no multiple of 4 (RFC 8489 section 5)", length);
  else if (length + (size_t)WEFT_STUN_HEADER_LEN != m->len)
    outline_broken(d->o, m->data, m->len, 2, "length %u, but %zu bytes follow the header (RFC 8489 section 5)", length,
                   m->len - WEFT_STUN_HEADER_LEN);
  if (!weft_stun_is(m->data, m->len))
    outline_broken(d->o, m->data, m->len, 4, "the magic cookie is 0x2112a442 (RFC 8489 section 5)");
  return weft_stun_is(m->data, m->len);
}

void decode_stun(decode *d, const uint8_t *data, size_t len) {
  weft_stun_msg m = {.data = data, .len = len}, parsed;
  outline_begin(d->o, "stun");
  if (len < WEFT_STUN_HEADER_LEN) {
    outline_broken(d->o, data, len, len, "%zu bytes, a header has 20 (RFC 8489 section 5)", len);
  } else if (put_header(d, &m)) {
    size_t said = WEFT_STUN_HEADER_LEN + (size_t)(data[2] << 8 | data[3]);
    put_attributes(d, &m, said < len ? said : len);
    if (weft_stun_parse(&parsed, data, len) == WEFT_OK) check_fingerprint(d, &parsed);
  }
  outline_end(d->o);
}
