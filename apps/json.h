/* apps: JSON (RFC 8259) as a tree, read and written. Numbers are kept as text; strings are UTF-8 and may hold zero bytes.
 *
 *   char err[96];
 *   json *doc = json_load("vectors/v1/varint.json", err, sizeof err);
 *   for (const json *c = json_first(json_get(doc, "groups")); c; c = c->next)
 *     puts(json_text(json_find(c, "params.op")));
 *   json_free(doc);
 *
 *   json *out = json_new(JSON_OBJECT);
 *   json_put_hex(json_put_array(out, "chunks"), NULL, data, len);           key NULL: an element of an array
 *   char *line = json_write(out, &n);                                       free() it
 *
 * Every lookup takes NULL and gives NULL (or the default) for what is not there.
 */
#ifndef APPS_JSON_H
#define APPS_JSON_H

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

/* NULL and a text with the line in err when it is not JSON, or a string is not UTF-8. json_load: or when the file has more than 256 MiB. */
json *json_parse(const char *text, size_t len, char *err, size_t err_cap);
json *json_load(const char *path, char *err, size_t err_cap);
/* The text of err without its line, which goes to *line (1 where it has none, as for a file that cannot be read). */
const char *json_error(const char *err, int *line);
void json_free(json *j);
/* A member whose name its object has twice, at any depth; NULL: there is none (RFC 8259 section 4: names should be unique). */
const json *json_repeated(const json *j);

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

/* ---- building; json_build.c. Without memory the program ends. ---- */

json *json_new(json_type type);
/* Appends value, which becomes the parent's; returns it. */
json *json_put(json *parent, const char *key, json *value);
json *json_put_object(json *parent, const char *key);
json *json_put_array(json *parent, const char *key);
void json_put_null(json *parent, const char *key);
void json_put_bool(json *parent, const char *key, bool value);
void json_put_u64(json *parent, const char *key, uint64_t value); /* above 2^53 a string of digits */
void json_put_text(json *parent, const char *key, const char *text, size_t len);
void json_put_string(json *parent, const char *key, const char *text); /* NULL: null */
void json_put_hex(json *parent, const char *key, const uint8_t *data, size_t len);
json *json_copy(const json *j); /* with its key */

/* Octets of the UTF-8 sequence at text (RFC 3629 section 4), with surrogates let through; 0 when it is none. left: at least 1. */
size_t json_utf8(const char *text, size_t left);
/* One line without its end, terminated. What is no UTF-8 becomes U+FFFD; a lone surrogate is written as its escape. */
char *json_write(const json *j, size_t *len);

#endif
