/* A small JSON reader (RFC 8259) for test vectors. Numbers are kept as text; strings are UTF-8 and may hold zero bytes.
 *
 *   char err[96];
 *   json *doc = json_load("vectors/import/varint.json", err, sizeof err);
 *   for (const json *c = json_first(json_get(doc, "cases")); c; c = c->next)
 *     puts(json_text(json_find(c, "input.hex")));
 *   json_free(doc);
 *
 * Every lookup takes NULL and gives NULL (or the default) for what is not there.
 */
#ifndef TEST_SUPPORT_JSON_H
#define TEST_SUPPORT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } json_type;

typedef struct json {
  json_type type;
  int line;                  /* where it begins */
  bool flag;                 /* BOOL */
  char *key;                 /* member of an object */
  char *text;                /* STRING, NUMBER: terminated */
  size_t len;                /* STRING, NUMBER: bytes; ARRAY, OBJECT: elements */
  struct json *first, *last; /* ARRAY, OBJECT */
  struct json *next;
} json;

/* NULL and a text with the line in err when it is not JSON. */
json *json_parse(const char *text, size_t len, char *err, size_t err_cap);
json *json_load(const char *path, char *err, size_t err_cap);
void json_free(json *j);

const json *json_get(const json *object, const char *key);
const json *json_at(const json *array, size_t index);
/* A path of keys and indexes: "input.frames.0.header". */
const json *json_find(const json *j, const char *path);
const json *json_first(const json *j);
bool json_is_null(const json *j);     /* absent counts as null */
const char *json_text(const json *j); /* STRING or NUMBER, else NULL */
bool json_bool(const json *j, bool otherwise);
bool json_u64(const json *j, uint64_t *out); /* a NUMBER or a STRING of decimal digits */
bool json_i64(const json *j, int64_t *out);

#endif
