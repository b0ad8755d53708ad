#include "apps/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 64, FILE_MAX = 256 << 20 };

typedef struct parser {
  const char *p, *end;
  int line, depth;
  char *err;
  size_t err_cap;
  bool failed;
} parser;

static void fail(parser *ps, const char *what) {
  if (!ps->failed) snprintf(ps->err, ps->err_cap, "line %d: %s", ps->line, what);
  ps->failed = true;
}

static void skip_space(parser *ps) {
  while (ps->p < ps->end && strchr(" \t\r\n", *ps->p) && *ps->p) {
    if (*ps->p == '\n') ps->line++;
    ps->p++;
  }
}

static bool take(parser *ps, char c) {
  if (ps->p == ps->end || *ps->p != c) return false;
  ps->p++;
  return true;
}

static bool take_word(parser *ps, const char *word) {
  size_t n = strlen(word);
  if ((size_t)(ps->end - ps->p) < n || memcmp(ps->p, word, n) != 0) return false;
  ps->p += n;
  return true;
}

static json *node(parser *ps, json_type type) {
  json *j = calloc(1, sizeof *j);
  if (!j) {
    fail(ps, "out of memory");
    return NULL;
  }
  j->type = type;
  j->line = ps->line;
  return j;
}

void json_free(json *j) {
  while (j) {
    json *next = j->next;
    json_free(j->first);
    free(j->key);
    free(j->text);
    free(j);
    j = next;
  }
}

/* ---- strings ---- */

size_t json_utf8(const char *text, size_t left) {
  const unsigned char *p = (const unsigned char *)text;
  size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
  if (n > left) return 0;
  for (size_t i = 1; i < n; i++)
    if ((p[i] & 0xc0) != 0x80) return 0;
  if (n > 1 && ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)))
    return 0;
  return n;
}

static uint32_t take_hex4(parser *ps) {
  uint32_t v = 0;
  for (int i = 0; i < 4; i++) {
    char c = ps->p < ps->end ? *ps->p++ : '\0';
    if (c >= '0' && c <= '9')
      v = v << 4 | (uint32_t)(c - '0');
    else if ((c | 32) >= 'a' && (c | 32) <= 'f')
      v = v << 4 | (uint32_t)((c | 32) - 'a' + 10);
    else
      fail(ps, "bad \\u escape");
  }
  return v;
}

static size_t put_utf8(char *out, uint32_t c) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = n - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
  out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
  return n;
}

/* A lone surrogate is written as three bytes: vectors use it for text that is not well formed. */
static uint32_t take_code_point(parser *ps) {
  uint32_t c = take_hex4(ps);
  if (c < 0xd800 || c > 0xdbff || ps->end - ps->p < 6 || ps->p[0] != '\\' || ps->p[1] != 'u') return c;
  const char *back = ps->p;
  ps->p += 2;
  uint32_t low = take_hex4(ps);
  if (low >= 0xdc00 && low <= 0xdfff) return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
  ps->p = back;
  return c;
}

static size_t take_escape(parser *ps, char *out) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  char c = ps->p < ps->end ? *ps->p++ : '\0';
  if (c == 'u') return put_utf8(out, take_code_point(ps));
  const char *at = c ? strchr(from, c) : NULL;
  if (!at) fail(ps, "bad escape");
  *out = at ? to[at - from] : '?';
  return 1;
}

/* The string after its opening quote; an escape is never shorter than what it stands for. */
static char *take_string(parser *ps, size_t *len) {
  const char *close = ps->p;
  while (close < ps->end && *close != '"') close += *close == '\\' ? 2 : 1;
  if (close >= ps->end) {
    fail(ps, "unterminated string");
    return NULL;
  }
  char *out = malloc((size_t)(close - ps->p) + 1);
  size_t n = 0;
  if (!out) {
    fail(ps, "out of memory");
    return NULL;
  }
  while (ps->p < close && !ps->failed) {
    char c = *ps->p++;
    if ((unsigned char)c < 0x20) fail(ps, "control character in a string");
    size_t octets = json_utf8(ps->p - 1, (size_t)(close - ps->p) + 1);
    if (octets == 0) fail(ps, "a string is not UTF-8");
    if (c == '\\') {
      n += take_escape(ps, out + n);
    } else {
      out[n++] = c;
      for (; octets > 1; octets--) out[n++] = *ps->p++;
    }
  }
  ps->p = close + 1;
  out[n] = '\0';
  *len = n;
  return out;
}

/* ---- values ---- */

static json *take_value(parser *ps);

static void append(json *parent, json *child) {
  if (parent->last)
    parent->last->next = child;
  else
    parent->first = child;
  parent->last = child;
  parent->len++;
}

static json *take_member(parser *ps) {
  size_t len;
  if (!take(ps, '"')) {
    fail(ps, "key expected");
    return NULL;
  }
  char *key = take_string(ps, &len);
  skip_space(ps);
  if (!take(ps, ':')) fail(ps, "':' expected");
  json *value = ps->failed ? NULL : take_value(ps);
  if (!value) {
    free(key);
    return NULL;
  }
  value->key = key;
  return value;
}

static json *take_container(parser *ps, json_type type, char close) {
  json *j = node(ps, type);
  if (!j) return NULL;
  if (++ps->depth > MAX_DEPTH) fail(ps, "nested too deeply");
  skip_space(ps);
  if (!ps->failed && take(ps, close)) {
    ps->depth--;
    return j;
  }
  while (!ps->failed) {
    skip_space(ps);
    json *child = type == JSON_OBJECT ? take_member(ps) : take_value(ps);
    if (child) append(j, child);
    skip_space(ps);
    if (ps->failed || take(ps, close)) break;
    if (!take(ps, ',')) fail(ps, "',' or the closing bracket expected");
  }
  ps->depth--;
  return j;
}

static size_t digits(parser *ps) {
  const char *start = ps->p;
  while (ps->p < ps->end && *ps->p >= '0' && *ps->p <= '9') ps->p++;
  return (size_t)(ps->p - start);
}

static json *take_number(parser *ps) {
  const char *start = ps->p;
  take(ps, '-');
  const char *first = ps->p;
  size_t n = digits(ps);
  bool ok = n > 0 && (n == 1 || *first != '0');
  if (take(ps, '.')) ok = digits(ps) > 0 && ok;
  if (ps->p < ps->end && (*ps->p == 'e' || *ps->p == 'E')) {
    ps->p++;
    if (!take(ps, '+')) take(ps, '-');
    ok = digits(ps) > 0 && ok;
  }
  if (!ok) {
    fail(ps, "value expected");
    return NULL;
  }
  json *j = node(ps, JSON_NUMBER);
  if (!j) return NULL;
  j->len = (size_t)(ps->p - start);
  j->text = calloc(1, j->len + 1);
  if (j->text) memcpy(j->text, start, j->len);
  return j;
}

static json *take_value(parser *ps) {
  skip_space(ps);
  if (take(ps, '{')) return take_container(ps, JSON_OBJECT, '}');
  if (take(ps, '[')) return take_container(ps, JSON_ARRAY, ']');
  if (take_word(ps, "null")) return node(ps, JSON_NULL);
  bool yes = take_word(ps, "true");
  if (yes || take_word(ps, "false")) {
    json *j = node(ps, JSON_BOOL);
    if (j) j->flag = yes;
    return j;
  }
  if (!take(ps, '"')) return take_number(ps);
  json *j = node(ps, JSON_STRING);
  if (j) j->text = take_string(ps, &j->len);
  return j;
}

json *json_parse(const char *text, size_t len, char *err, size_t err_cap) {
  parser ps = {.p = text, .end = text + len, .line = 1, .err = err, .err_cap = err_cap};
  if (err_cap > 0) err[0] = '\0';
  json *j = take_value(&ps);
  skip_space(&ps);
  if (!ps.failed && ps.p != ps.end) fail(&ps, "more after the end");
  if (!ps.failed) return j;
  json_free(j);
  return NULL;
}

static char *read_all(FILE *f, size_t *len) {
  char *text = NULL;
  size_t cap = 0, n = 0;
  do {
    if (n == cap) {
      char *more = realloc(text, cap = cap ? 2 * cap : 1 << 16);
      if (!more) break;
      text = more;
    }
    n += fread(text + n, 1, cap - n, f);
  } while (n == cap && n <= FILE_MAX);
  *len = n;
  if (n < cap && n <= FILE_MAX && !ferror(f)) return text;
  if (n > FILE_MAX) errno = EFBIG;
  free(text);
  return NULL;
}

json *json_load(const char *path, char *err, size_t err_cap) {
  size_t len = 0;
  FILE *f = fopen(path, "rb");
  char *text = f ? read_all(f, &len) : NULL;
  if (!text) snprintf(err, err_cap, "cannot be read: %s", strerror(errno));
  json *j = text ? json_parse(text, len, err, err_cap) : NULL;
  if (f) fclose(f);
  free(text);
  return j;
}

const char *json_error(const char *err, int *line) {
  const char *colon = strchr(err, ':');
  *line = 1;
  return sscanf(err, "line %d:", line) == 1 && colon ? colon + 2 : err;
}

/* ---- names that come twice ---- */

static int by_key(const void *a, const void *b) {
  return strcmp((*(const json *const *)a)->key, (*(const json *const *)b)->key);
}

/* Of this object's own members. */
static const json *repeated_here(const json *j) {
  const json **members = j->type == JSON_OBJECT && j->len > 1 ? malloc(j->len * sizeof *members) : NULL;
  const json *found = NULL;
  size_t n = 0;
  if (!members) return NULL;
  for (const json *m = j->first; m; m = m->next) members[n++] = m;
  qsort(members, n, sizeof *members, by_key);
  for (size_t i = 1; i < n && !found; i++)
    if (strcmp(members[i]->key, members[i - 1]->key) == 0) found = members[i];
  free((void *)members);
  return found;
}

const json *json_repeated(const json *j) {
  const json *found = j ? repeated_here(j) : NULL;
  for (const json *child = json_first(j); child && !found; child = child->next) found = json_repeated(child);
  return found;
}

/* ---- lookups ---- */

const json *json_first(const json *j) { return j ? j->first : NULL; }

static const json *member(const json *object, const char *key, size_t len) {
  if (!object || object->type != JSON_OBJECT) return NULL;
  for (const json *m = object->first; m; m = m->next)
    if (strlen(m->key) == len && memcmp(m->key, key, len) == 0) return m;
  return NULL;
}

const json *json_get(const json *object, const char *key) { return member(object, key, strlen(key)); }

const json *json_at(const json *array, size_t index) {
  if (!array || array->type != JSON_ARRAY) return NULL;
  const json *j = array->first;
  while (j && index-- > 0) j = j->next;
  return j;
}

const json *json_find(const json *j, const char *path) {
  while (j && *path) {
    size_t n = strcspn(path, ".");
    j = j->type == JSON_ARRAY ? json_at(j, strtoul(path, NULL, 10)) : member(j, path, n);
    path += n;
    if (*path == '.') path++;
  }
  return j;
}

bool json_is_null(const json *j) { return !j || j->type == JSON_NULL; }

const char *json_text(const json *j) {
  return j && (j->type == JSON_STRING || j->type == JSON_NUMBER) ? j->text : NULL;
}

bool json_bool(const json *j, bool otherwise) { return j && j->type == JSON_BOOL ? j->flag : otherwise; }

bool json_u64(const json *j, uint64_t *out) {
  const char *t = json_text(j);
  uint64_t v = 0;
  if (!t || !*t) return false;
  for (; *t; t++) {
    if (*t < '0' || *t > '9') return false;
    unsigned d = (unsigned)(*t - '0');
    if (v > (UINT64_MAX - d) / 10) return false;
    v = v * 10 + d;
  }
  *out = v;
  return true;
}

bool json_i64(const json *j, int64_t *out) {
  const char *t = json_text(j);
  char *end;
  if (!t || !*t) return false;
  long long v = strtoll(t, &end, 10);
  *out = v;
  return *end == '\0';
}
