/* The JSON of a candidate (RTCIceCandidateInit of WebRTC 1.0): just enough of RFC 8259 to find one string in one object. */
#include <string.h>

#include "base/bytes.h"
#include "webrtc/sdp_int.h"
#include "webrtc/signaling.h"

enum { KEY_MAX = 32, DEPTH_MAX = 16 /* RFC 8259 section 9: nesting may be bounded; a candidate has none */ };

typedef struct scan {
  const uint8_t *p, *end;
  bool failed;
} scan;

static int look(const scan *s) { return !s->failed && s->p < s->end ? *s->p : -1; }

static void blank(scan *s) {
  while (look(s) == ' ' || look(s) == '\t' || look(s) == '\n' || look(s) == '\r') s->p++;
}

static bool take(scan *s, char c) {
  if (look(s) != c) return false;
  s->p++;
  return true;
}

static bool literal(scan *s, const char *text) {
  size_t n = strlen(text);
  if (s->failed || (size_t)(s->end - s->p) < n || memcmp(s->p, text, n) != 0) return false;
  s->p += n;
  return true;
}

static int hex_digit(int c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What is not ASCII is no part of a candidate: a '?' in its place makes it one that is not known. A zero is refused, since the result is
 * a terminated text. */
static int unicode(scan *s) {
  int v = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex_digit(look(s));
    if (digit < 0) return -1;
    v = v * 16 + digit;
    s->p++;
  }
  return v == 0 ? -1 : v < 0x80 ? v : '?';
}

static int escaped(scan *s) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  int c = look(s);
  if (c < 0) return -1;
  s->p++;
  if (c == 'u') return unicode(s);
  const char *at = c != 0 ? strchr(from, c) : NULL;
  return at ? to[at - from] : -1;
}

/* A string from its first quote on; *n: its whole length, of which what fits is in out, terminated. */
static void string(scan *s, char *out, size_t cap, size_t *n) {
  size_t len = 0;
  s->failed = s->failed || !take(s, '"');
  while (!s->failed && !take(s, '"')) {
    int c = look(s);
    if (c >= 0) s->p++;
    if (c == '\\')
      c = escaped(s);
    else if (c < 0x20)
      c = -1; /* RFC 8259 section 7: control characters must be escaped */
    s->failed = c < 0;
    if (!s->failed && len + 1 < cap) out[len] = (char)c;
    len++;
  }
  if (cap > 0) out[len < cap ? len : cap - 1] = 0;
  *n = len;
}

/* ---- values that nobody asks for ---- */

static bool digits(scan *s) {
  const uint8_t *from = s->p;
  while (look(s) >= '0' && look(s) <= '9') s->p++;
  return s->p > from;
}

/* RFC 8259 section 6. */
static bool number(scan *s) {
  (void)take(s, '-');
  if (!take(s, '0') && !digits(s)) return false;
  if (take(s, '.') && !digits(s)) return false;
  if (!take(s, 'e') && !take(s, 'E')) return true;
  if (!take(s, '+')) (void)take(s, '-');
  return digits(s);
}

static void skip_value(scan *s, unsigned depth);

static void name(scan *s, char *out, size_t cap, size_t *n) {
  blank(s);
  string(s, out, cap, n);
  blank(s);
  if (!take(s, ':')) s->failed = true;
}

/* Behind the bracket that opens it. */
static void skip_members(scan *s, char close, unsigned depth) {
  size_t n;
  blank(s);
  if (take(s, close)) return;
  do {
    if (close == '}') name(s, NULL, 0, &n);
    skip_value(s, depth);
    blank(s);
  } while (take(s, ','));
  if (!take(s, close)) s->failed = true;
}

static void skip_value(scan *s, unsigned depth) {
  size_t n;
  blank(s);
  if (depth == DEPTH_MAX)
    s->failed = true;
  else if (take(s, '{'))
    skip_members(s, '}', depth + 1);
  else if (take(s, '['))
    skip_members(s, ']', depth + 1);
  else if (look(s) == '"')
    string(s, NULL, 0, &n);
  else if (!literal(s, "null") && !literal(s, "true") && !literal(s, "false") && !number(s))
    s->failed = true;
}

/* ---- the one that is wanted ---- */

typedef struct found {
  bool any, end;
  size_t len;
} found;

static void take_candidate(scan *s, found *f, char *candidate, size_t cap) {
  f->any = true;
  f->len = 0;
  candidate[0] = 0;
  if (!literal(s, "null")) string(s, candidate, cap, &f->len);
  f->end = f->len == 0;
}

static void take_member(scan *s, found *f, char *candidate, size_t cap) {
  char key[KEY_MAX];
  size_t n;
  name(s, key, sizeof key, &n);
  blank(s);
  if (n < sizeof key && strcmp(key, "candidate") == 0)
    take_candidate(s, f, candidate, cap);
  else
    skip_value(s, 0);
  blank(s);
}

static void take_object(scan *s, found *f, char *candidate, size_t cap) {
  blank(s);
  if (take(s, '}')) return;
  do take_member(s, f, candidate, cap);
  while (take(s, ','));
  if (!take(s, '}')) s->failed = true;
}

int weft_signaling_candidate_parse(const uint8_t *json, size_t len, char *candidate, size_t cap, bool *end) {
  scan s = {json, json + len, false};
  found f = {0};
  *end = false;
  if (cap == 0) return WEFT_EINVAL;
  candidate[0] = 0;
  blank(&s);
  bool object = take(&s, '{');
  if (object)
    take_object(&s, &f, candidate, cap);
  else
    take_candidate(&s, &f, candidate, cap);
  blank(&s);
  if (s.failed || s.p != s.end || !f.any) return WEFT_EMALFORMED;
  if (!object && !f.end) return WEFT_EMALFORMED; /* a text alone can only be the empty one */
  if (f.len >= cap) return WEFT_ETOOBIG;
  *end = f.end;
  return WEFT_OK;
}

/* ---- writing ---- */

static bool plain(const char *text) {
  for (; *text; text++)
    if ((uint8_t)*text < 0x20 || (uint8_t)*text > 0x7e || *text == '"' || *text == '\\') return false;
  return true;
}

static void put(weft_wr *w, const char *text) { weft_wr_bytes(w, text, strlen(text)); }

static void put_text_or_null(weft_wr *w, const char *text) {
  if (!text) {
    put(w, "null");
    return;
  }
  put(w, "\"");
  put(w, text);
  put(w, "\"");
}

int weft_signaling_candidate_format(const char *candidate, const char *mid, const char *ufrag, char *out, size_t cap,
                                    size_t *len) {
  weft_wr w;
  *len = 0;
  if ((candidate && !plain(candidate)) || (mid && !plain(mid)) || (ufrag && !plain(ufrag))) return WEFT_EINVAL;
  weft_wr_init(&w, (uint8_t *)out, cap);
  if (candidate) {
    put(&w, "{\"candidate\":");
    put_text_or_null(&w, candidate);
    put(&w, ",\"sdpMid\":");
    put_text_or_null(&w, mid);
    put(&w, ",\"sdpMLineIndex\":0,\"usernameFragment\":");
    put_text_or_null(&w, ufrag);
    put(&w, "}");
  } else {
    put(&w, "null");
  }
  if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
  *len = weft_wr_len(&w);
  return WEFT_OK;
}
