#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/json.h"

static void *need(void *p) {
  if (p) return p;
  fputs("out of memory\n", stderr);
  exit(EXIT_FAILURE);
}

json *json_new(json_type type) {
  json *j = need(calloc(1, sizeof *j));
  j->type = type;
  return j;
}

static char *copy_text(const char *text, size_t len) {
  char *out = need(malloc(len + 1));
  if (len > 0) memcpy(out, text, len);
  out[len] = '\0';
  return out;
}

json *json_put(json *parent, const char *key, json *value) {
  if (key) {
    free(value->key);
    value->key = copy_text(key, strlen(key));
  }
  if (parent->last)
    parent->last->next = value;
  else
    parent->first = value;
  parent->last = value;
  parent->len++;
  return value;
}

json *json_put_object(json *parent, const char *key) { return json_put(parent, key, json_new(JSON_OBJECT)); }
json *json_put_array(json *parent, const char *key) { return json_put(parent, key, json_new(JSON_ARRAY)); }
void json_put_null(json *parent, const char *key) { json_put(parent, key, json_new(JSON_NULL)); }
void json_put_bool(json *parent, const char *key, bool value) {
  json_put(parent, key, json_new(JSON_BOOL))->flag = value;
}

void json_put_text(json *parent, const char *key, const char *text, size_t len) {
  json *j = json_put(parent, key, json_new(JSON_STRING));
  j->text = copy_text(text, len);
  j->len = len;
}

void json_put_string(json *parent, const char *key, const char *text) {
  if (text)
    json_put_text(parent, key, text, strlen(text));
  else
    json_put_null(parent, key);
}

void json_put_u64(json *parent, const char *key, uint64_t value) {
  char text[24];
  int n = snprintf(text, sizeof text, "%llu", (unsigned long long)value);
  json_put_text(parent, key, text, (size_t)n);
  if (value <= (uint64_t)1 << 53) parent->last->type = JSON_NUMBER;
}

void json_put_hex(json *parent, const char *key, const uint8_t *data, size_t len) {
  json *j = json_put(parent, key, json_new(JSON_STRING));
  j->text = need(malloc(2 * len + 1));
  j->len = 2 * len;
  for (size_t i = 0; i < len; i++) {
    j->text[2 * i] = "0123456789abcdef"[data[i] >> 4];
    j->text[2 * i + 1] = "0123456789abcdef"[data[i] & 15];
  }
  j->text[2 * len] = '\0';
}

json *json_copy(const json *j) {
  json *out = json_new(j->type);
  out->flag = j->flag;
  out->line = j->line;
  if (j->key) out->key = copy_text(j->key, strlen(j->key));
  if (j->text) {
    out->text = copy_text(j->text, j->len);
    out->len = j->len;
  }
  for (const json *child = j->first; child; child = child->next) json_put(out, NULL, json_copy(child));
  return out;
}
