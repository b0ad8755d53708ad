/* Reading messages: RFC 8489 sections 5, 14. */
#include "stun/stun_int.h"

#include <string.h>

bool weft_stun_is(const uint8_t *data, size_t len) {
  weft_rd r;
  weft_rd_init(&r, data, len);
  if (len < WEFT_STUN_HEADER_LEN || data[0] > 3) return false; /* RFC 7983 section 7 */
  weft_rd_skip(&r, 4);
  return weft_rd_u32(&r) == WEFT_STUN_COOKIE;
}

/* RFC 8489 section 5, figure 3: the class bits lie between the method bits. */
static void split_type(weft_stun_msg *m, uint16_t type) {
  m->cls = (weft_stun_class)(((type >> 7) & 2) | ((type >> 4) & 1));
  m->method = (uint16_t)((type & 0x000F) | ((type & 0x00E0) >> 1) | ((type & 0x3E00) >> 2));
}

static int parse_header(weft_stun_msg *m, const uint8_t *data, size_t len) {
  weft_rd r;
  weft_rd_init(&r, data, len);
  uint16_t type = weft_rd_u16(&r);
  uint16_t body = weft_rd_u16(&r);
  uint32_t cookie = weft_rd_u32(&r);
  m->txid = weft_rd_bytes(&r, WEFT_STUN_TXID_LEN);
  if (!weft_rd_ok(&r) || (type & 0xC000) != 0 || cookie != WEFT_STUN_COOKIE) return WEFT_EMALFORMED;
  if ((body & 3) != 0 || body != weft_rd_left(&r)) return WEFT_EMALFORMED;
  split_type(m, type);
  m->data = data;
  m->len = len;
  return WEFT_OK;
}

/* Notes the attributes that end the part that counts. MESSAGE-INTEGRITY after MESSAGE-INTEGRITY-SHA256 does not count
 * (RFC 8489 section 14.6); of two alike the first counts. */
static int note(weft_stun_msg *m, uint16_t type, size_t at) {
  if (m->fingerprint_at != 0) return WEFT_EMALFORMED; /* it must be the last, RFC 8489 section 14.7 */
  if (type == WEFT_STUN_FINGERPRINT) m->fingerprint_at = at;
  if (type == WEFT_STUN_MESSAGE_INTEGRITY && m->integrity_at == 0 && m->integrity256_at == 0) m->integrity_at = at;
  if (type == WEFT_STUN_MESSAGE_INTEGRITY_SHA256 && m->integrity256_at == 0) m->integrity256_at = at;
  return WEFT_OK;
}

/* One attribute at offset `at`; 0 when it does not lie inside, else the offset of the next one. */
static size_t read_attr(const weft_stun_msg *m, size_t at, weft_stun_attr *a) {
  weft_rd r;
  weft_rd_init(&r, m->data + at, m->len - at);
  a->type = weft_rd_u16(&r);
  a->len = weft_rd_u16(&r);
  a->value = weft_rd_bytes(&r, a->len);
  weft_rd_skip(&r, weft_stun_padded(a->len) - a->len);
  return weft_rd_ok(&r) ? m->len - weft_rd_left(&r) : 0;
}

int weft_stun_parse(weft_stun_msg *m, const uint8_t *data, size_t len) {
  memset(m, 0, sizeof *m);
  int rc = parse_header(m, data, len);
  for (size_t at = WEFT_STUN_HEADER_LEN; rc == WEFT_OK && at < len;) {
    weft_stun_attr a;
    size_t next = read_attr(m, at, &a);
    if (next == 0) return WEFT_EMALFORMED;
    rc = note(m, a.type, at);
    at = next;
  }
  return rc;
}

bool weft_stun_next(const weft_stun_msg *m, size_t *cursor, weft_stun_attr *a) {
  size_t at = *cursor == 0 ? WEFT_STUN_HEADER_LEN : *cursor;
  if (at >= m->len) return false;
  size_t next = read_attr(m, at, a);
  if (next == 0) return false;
  *cursor = next;
  return true;
}

/* Where the attributes that count end: at the first integrity attribute, else at FINGERPRINT, else at the end. */
static size_t counted_end(const weft_stun_msg *m) {
  size_t end = m->fingerprint_at != 0 ? m->fingerprint_at : m->len;
  if (m->integrity_at != 0 && m->integrity_at < end) end = m->integrity_at;
  if (m->integrity256_at != 0 && m->integrity256_at < end) end = m->integrity256_at;
  return end;
}

static int find_at(const weft_stun_msg *m, size_t at, weft_stun_attr *a) {
  return at != 0 && read_attr(m, at, a) != 0 ? WEFT_OK : WEFT_ENOTFOUND;
}

int weft_stun_find(const weft_stun_msg *m, uint16_t type, weft_stun_attr *a) {
  if (type == WEFT_STUN_MESSAGE_INTEGRITY) return find_at(m, m->integrity_at, a);
  if (type == WEFT_STUN_MESSAGE_INTEGRITY_SHA256) return find_at(m, m->integrity256_at, a);
  if (type == WEFT_STUN_FINGERPRINT) return find_at(m, m->fingerprint_at, a);
  size_t end = counted_end(m);
  for (size_t at = WEFT_STUN_HEADER_LEN; at < end;) {
    size_t next = read_attr(m, at, a);
    if (next == 0) break;
    if (a->type == type) return WEFT_OK;
    at = next;
  }
  return WEFT_ENOTFOUND;
}

static bool known_here(uint16_t type) {
  static const uint16_t mine[] = {
      WEFT_STUN_MAPPED_ADDRESS,
      WEFT_STUN_USERNAME,
      WEFT_STUN_MESSAGE_INTEGRITY,
      WEFT_STUN_ERROR_CODE,
      WEFT_STUN_UNKNOWN_ATTRIBUTES,
      WEFT_STUN_REALM,
      WEFT_STUN_NONCE,
      WEFT_STUN_MESSAGE_INTEGRITY_SHA256,
      WEFT_STUN_USERHASH,
      WEFT_STUN_XOR_MAPPED_ADDRESS,
      WEFT_STUN_PRIORITY,
      WEFT_STUN_USE_CANDIDATE,
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(mine); i++)
    if (mine[i] == type) return true;
  return false;
}

static bool listed(const uint16_t *types, size_t n, uint16_t type) {
  for (size_t i = 0; i < n; i++)
    if (types[i] == type) return true;
  return false;
}

size_t weft_stun_unknown(const weft_stun_msg *m, const uint16_t *known, size_t known_n, uint16_t *types, size_t cap) {
  size_t n = 0, end = counted_end(m);
  weft_stun_attr a;
  for (size_t at = WEFT_STUN_HEADER_LEN; at < end;) {
    size_t next = read_attr(m, at, &a);
    if (next == 0) break;
    at = next;
    if (a.type >= 0x8000 || known_here(a.type) || listed(known, known_n, a.type)) continue;
    if (n < cap) types[n] = a.type;
    n++;
  }
  return n;
}

int weft_stun_get_u32(const weft_stun_attr *a, uint32_t *out) {
  weft_rd r;
  weft_rd_init(&r, a->value, a->len);
  *out = weft_rd_u32(&r);
  return weft_rd_done(&r) ? WEFT_OK : WEFT_EMALFORMED;
}

int weft_stun_get_u64(const weft_stun_attr *a, uint64_t *out) {
  weft_rd r;
  weft_rd_init(&r, a->value, a->len);
  *out = weft_rd_u64(&r);
  return weft_rd_done(&r) ? WEFT_OK : WEFT_EMALFORMED;
}

int weft_stun_get_error(const weft_stun_attr *a, unsigned *code, const char **reason, size_t *reason_len) {
  weft_rd r;
  weft_rd_init(&r, a->value, a->len);
  weft_rd_skip(&r, 2);
  unsigned hundreds = weft_rd_u8(&r) & 7u; /* RFC 8489 section 14.8 */
  unsigned number = weft_rd_u8(&r);
  if (!weft_rd_ok(&r) || hundreds < 3 || hundreds > 6 || number > 99) return WEFT_EMALFORMED;
  *code = hundreds * 100 + number;
  *reason_len = weft_rd_left(&r);
  *reason = (const char *)weft_rd_bytes(&r, *reason_len);
  return WEFT_OK;
}
