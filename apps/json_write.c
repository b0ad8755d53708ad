#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/json.h"

typedef struct sink {
  char *text;
  size_t len, cap;
} sink;

static void put(sink *s, const char *text, size_t len) {
  if (s->cap - s->len <= len) {
    s->cap = 2 * s->cap + len + 64;
    s->text = realloc(s->text, s->cap);
    if (!s->text) {
      fputs("out of memory\n", stderr);
      exit(EXIT_FAILURE);
    }
  }
  memcpy(s->text + s->len, text, len);
  s->len += len;
}

static void put_string(sink *s, const char *text, size_t len) {
  char escape[16];
  put(s, "\"", 1);
  for (size_t i = 0; i < len;) {
    const unsigned char *p = (const unsigned char *)text + i;
    size_t n = json_utf8(text + i, len - i);
    bool surrogate = n == 3 && p[0] == 0xed && p[1] >= 0xa0;
    if (n == 0)
      put(s, "\xef\xbf\xbd", 3);
    else if (surrogate || *p < 0x20 || *p == 0x7f)
      put(s, escape,
          (size_t)snprintf(escape, sizeof escape, "\\u%04x",
                           surrogate ? 0xd000u | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu) : (unsigned)*p));
    else if (*p == '"' || *p == '\\')
      put(s, (char[]){'\\', (char)*p}, 2);
    else
      put(s, (const char *)p, n);
    i += n ? n : 1;
  }
  put(s, "\"", 1);
}

static void put_value(sink *s, const json *j);

static void put_children(sink *s, const json *j, const char *brackets) {
  put(s, brackets, 1);
  for (const json *child = j->first; child; child = child->next) {
    if (child != j->first) put(s, ",", 1);
    if (j->type == JSON_OBJECT) {
      put_string(s, child->key, strlen(child->key));
      put(s, ":", 1);
    }
    put_value(s, child);
  }
  put(s, brackets + 1, 1);
}

static void put_value(sink *s, const json *j) {
  switch (j->type) {
  case JSON_NULL: put(s, "null", 4); break;
  case JSON_BOOL: put(s, j->flag ? "true" : "false", j->flag ? 4 : 5); break;
  case JSON_NUMBER: put(s, j->text, j->len); break;
  case JSON_STRING: put_string(s, j->text, j->len); break;
  case JSON_ARRAY: put_children(s, j, "[]"); break;
  case JSON_OBJECT: put_children(s, j, "{}"); break;
  }
}

char *json_write(const json *j, size_t *len) {
  sink s = {0};
  put_value(&s, j);
  put(&s, "", 1); /* the terminator */
  if (len) *len = s.len - 1;
  return s.text;
}
