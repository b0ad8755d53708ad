/* apps: a file of test cases (vectors/FORMAT.md), read and checked.
 *
 *   conform_file f;
 *   if (!conform_file_load(&f, "vectors/v1/varint.json", stderr)) return 2;        what is wrong was said, with path and line
 *   for (size_t i = 0; i < f.cases_len; i++) ask(f.cases[i].op, f.cases[i].in);
 *   conform_file_free(&f);
 */
#ifndef APPS_CONFORM_VECTOR_H
#define APPS_CONFORM_VECTOR_H

#include <stdbool.h>
#include <stdio.h>

#include "apps/json.h"

typedef enum conform_result { CONFORM_VALID, CONFORM_INVALID, CONFORM_ACCEPTABLE } conform_result;

typedef struct conform_case {
  const char *id, *op, *comment;
  const char *error, *rule; /* INVALID: how it is to be refused, and what forbids it; else NULL */
  const json *in, *out, *also;
  conform_result result;
  int line;
} conform_case;

typedef struct conform_file {
  const char *path, *type, *layer;
  conform_case *cases;
  size_t cases_len;
  json *doc;
} conform_file;

/* False: not JSON, a field is missing or of another kind, an id comes twice, a flag has no note, the count is wrong. All of it is said, one line
 * each: "path:line: groups[0].tests[3]: 'result' is missing". */
bool conform_file_load(conform_file *f, const char *path, FILE *complaints);
void conform_file_free(conform_file *f);

#endif
