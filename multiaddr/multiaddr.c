#include <string.h>

#include "multiaddr/multiaddr_int.h"

/* Text is parsed in time linear in its length but for base58, so that it is bounded, however it is spelled. */
enum { TEXT_IN_MAX = 4 * WEFT_MULTIADDR_TEXT_MAX };

static const char too_long[] = "longer than 1024 bytes, or 2047 characters as text";

/* ---- text --------------------------------------------------------------------------------------------------------- */

typedef struct words {
  const char *p, *end;
  const char *word;
  size_t len;
} words;

/* The next word behind a slash; false at the end of the text. */
static bool next_word(words *t) {
  if (t->p == t->end) return false;
  t->word = ++t->p;
  while (t->p < t->end && *t->p != '/') t->p++;
  t->len = (size_t)(t->p - t->word);
  return true;
}

/* A path: what is left of the text, but for a slash at its end. */
static void take_rest(words *t) {
  t->len = (size_t)(t->end - t->word);
  if (t->len > 0 && t->end[-1] == '/') t->len--;
  t->p = t->end;
}

static const char *parse_value(words *t, const weft_multiaddr_protocol *p, weft_wr *w) {
  if (!p->kind) return NULL;
  if (!next_word(t)) return p->missing;
  if (p->kind->path) take_rest(t);
  return weft_multiaddr_value_parse(p, t->word, t->len, w);
}

static int parse_component(words *t, size_t component, weft_wr *w, weft_multiaddr_error *err) {
  const char *name = t->word;
  size_t name_len = t->len;
  if (name_len == 0)
    return weft_multiaddr_fail(err, WEFT_EMALFORMED, component, "", 0, "no protocol between two slashes");
  const weft_multiaddr_protocol *p = weft_multiaddr_protocol_by_name(name, name_len);
  if (!p) return weft_multiaddr_fail(err, WEFT_EUNSUPPORTED, component, name, name_len, "unknown protocol");
  weft_wr_uvarint(w, p->code);
  const char *wrong = parse_value(t, p, w);
  if (wrong) return weft_multiaddr_fail(err, WEFT_EMALFORMED, component, name, name_len, wrong);
  if (!weft_wr_ok(w)) return weft_multiaddr_fail(err, WEFT_ETOOBIG, component, name, name_len, too_long);
  return WEFT_OK;
}

static int parse_words(words *t, weft_wr *w, weft_multiaddr_error *err) {
  size_t component = 0;
  while (next_word(t)) {
    if (component > 0 && t->len == 0 && t->p == t->end) return WEFT_OK; /* a slash at the end */
    int rc = parse_component(t, ++component, w, err);
    if (rc != WEFT_OK) return rc;
  }
  return WEFT_OK;
}

int weft_multiaddr_parse(weft_multiaddr *ma, const char *text, weft_multiaddr_error *err) {
  size_t len = strlen(text);
  words t = {text, text + len, NULL, 0};
  weft_wr w;
  ma->len = 0;
  if (len == 0 || text[0] != '/')
    return weft_multiaddr_fail(err, WEFT_EMALFORMED, 0, "", 0,
                               "does not begin with \"/\", as in \"/ip4/192.0.2.1/udp/4001/webrtc-direct\"");
  if (len > TEXT_IN_MAX) return weft_multiaddr_fail(err, WEFT_ETOOBIG, 0, "", 0, too_long);
  weft_wr_init(&w, ma->bytes, sizeof ma->bytes);
  int rc = parse_words(&t, &w, err);
  if (rc != WEFT_OK) return rc;
  ma->len = weft_wr_len(&w);
  if (weft_multiaddr_fits(ma) == WEFT_OK) return WEFT_OK;
  ma->len = 0;
  return weft_multiaddr_fail(err, WEFT_ETOOBIG, 0, "", 0, too_long);
}

int weft_multiaddr_format(const weft_multiaddr *ma, char *out, size_t cap) {
  weft_wr w;
  weft_multiaddr_part part;
  weft_wr_init(&w, (uint8_t *)out, cap);
  for (size_t at = 0; weft_multiaddr_next(ma, &at, &part);) {
    const weft_multiaddr_protocol *p = weft_multiaddr_protocol_by_code(part.code);
    weft_wr_u8(&w, '/');
    weft_wr_bytes(&w, p->name, strlen(p->name));
    if (!p->kind) continue;
    weft_wr_u8(&w, '/');
    weft_multiaddr_value_format(p, part.value, part.len, &w);
  }
  weft_wr_u8(&w, '\0');
  if (weft_wr_ok(&w)) return WEFT_OK;
  if (cap > 0) out[0] = '\0';
  return WEFT_ETOOBIG;
}

int weft_multiaddr_fits(const weft_multiaddr *ma) {
  char text[WEFT_MULTIADDR_TEXT_MAX];
  return weft_multiaddr_format(ma, text, sizeof text);
}

/* ---- bytes -------------------------------------------------------------------------------------------------------- */

/* One component from the front of r, values unchecked. *p is NULL when the code is not known, NULL or not on failure. */
static void read_component(weft_rd *r, const weft_multiaddr_protocol **p, weft_rd *value) {
  uint64_t code = weft_rd_uvarint(r);
  *p = weft_rd_ok(r) ? weft_multiaddr_protocol_by_code(code) : NULL;
  if (!*p) weft_rd_fail(r);
  if (*p && (*p)->size == WEFT_MULTIADDR_VARIABLE)
    weft_rd_uvarint_sub(r, value);
  else
    weft_rd_sub(r, *p ? (size_t)(*p)->size : 0, value);
}

static int check_component(weft_rd *r, size_t component, weft_multiaddr_error *err) {
  const weft_multiaddr_protocol *p;
  weft_rd value, code = *r;
  weft_rd_uvarint(&code);
  if (!weft_rd_ok(&code))
    return weft_multiaddr_fail(err, WEFT_EMALFORMED, component, "", 0, "protocol code is not a minimal varint");
  read_component(r, &p, &value);
  if (!p) return weft_multiaddr_fail(err, WEFT_EUNSUPPORTED, component, "", 0, "unknown protocol code");
  size_t len = weft_rd_left(&value);
  const char *wrong =
      weft_rd_ok(r) ? weft_multiaddr_value_check(p, weft_rd_bytes(&value, len), len) : "value runs past the end";
  if (!wrong && p->kind && p->kind->path && weft_rd_left(r) > 0) wrong = "nothing may follow a path";
  return wrong ? weft_multiaddr_fail(err, WEFT_EMALFORMED, component, p->name, strlen(p->name), wrong) : WEFT_OK;
}

int weft_multiaddr_from_bytes(weft_multiaddr *ma, const uint8_t *data, size_t len, weft_multiaddr_error *err) {
  weft_rd r;
  ma->len = 0;
  if (len == 0) return weft_multiaddr_fail(err, WEFT_EMALFORMED, 0, "", 0, "empty");
  if (len > sizeof ma->bytes) return weft_multiaddr_fail(err, WEFT_ETOOBIG, 0, "", 0, too_long);
  weft_rd_init(&r, data, len);
  for (size_t component = 1; weft_rd_left(&r) > 0; component++) {
    int rc = check_component(&r, component, err);
    if (rc != WEFT_OK) return rc;
  }
  memmove(ma->bytes, data, len);
  ma->len = len;
  if (weft_multiaddr_fits(ma) == WEFT_OK) return WEFT_OK;
  ma->len = 0;
  return weft_multiaddr_fail(err, WEFT_ETOOBIG, 0, "", 0, too_long);
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

bool weft_multiaddr_next(const weft_multiaddr *ma, size_t *at, weft_multiaddr_part *part) {
  const weft_multiaddr_protocol *p;
  weft_rd r, value;
  if (*at >= ma->len) return false;
  weft_rd_init(&r, ma->bytes + *at, ma->len - *at);
  read_component(&r, &p, &value);
  if (!weft_rd_ok(&r)) return false;
  part->code = p->code;
  part->name = p->name;
  part->len = weft_rd_left(&value);
  part->value = weft_rd_bytes(&value, part->len);
  *at = ma->len - weft_rd_left(&r);
  return true;
}

int weft_multiaddr_find(const weft_multiaddr *ma, uint32_t code, weft_multiaddr_part *part) {
  for (size_t at = 0; weft_multiaddr_next(ma, &at, part);)
    if (part->code == code) return WEFT_OK;
  return WEFT_ENOTFOUND;
}

bool weft_multiaddr_equal(const weft_multiaddr *a, const weft_multiaddr *b) {
  return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static void copy_range(weft_multiaddr *dst, const weft_multiaddr *src, size_t from, size_t to) {
  memmove(dst->bytes, src->bytes + from, to - from);
  dst->len = to - from;
}

int weft_multiaddr_split_circuit(const weft_multiaddr *ma, weft_multiaddr *relay, weft_multiaddr *rest) {
  weft_multiaddr_part p;
  for (size_t at = 0, before = 0; weft_multiaddr_next(ma, &at, &p); before = at) {
    if (p.code != WEFT_MA_P2P_CIRCUIT) continue;
    copy_range(rest, ma, at, ma->len);
    copy_range(relay, ma, 0, before);
    return WEFT_OK;
  }
  return WEFT_ENOTFOUND;
}
