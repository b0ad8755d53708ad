#include "apps/conform/vector.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* where: the test or group being read, as "groups[0].tests[3]"; "" stands for the whole file, "/". */
typedef struct checker {
  const char *path;
  FILE *out;
  bool bad;
  char where[64];
} checker;

__attribute__((format(printf, 3, 4))) static void complain(checker *k, int line, const char *what, ...) {
  va_list args;
  fprintf(k->out, "%s:%d: %s: ", k->path, line, k->where[0] ? k->where : "/");
  va_start(args, what);
  vfprintf(k->out, what, args);
  va_end(args);
  fputc('\n', k->out);
  k->bad = true;
}

static const json *field(checker *k, const json *object, const char *name, json_type type) {
  static const char *const kinds[] = {"null", "true or false", "a number", "a string", "an array", "an object"};
  const json *j = json_get(object, name);
  if (j && j->type == type) return j;
  if (!j)
    complain(k, object->line, "'%s' is missing", name);
  else
    complain(k, j->line, "'%s' must be %s", name, kinds[type]);
  return NULL;
}

/* As common.schema.json has it: an id stands in expectations and in every report. */
static const char *id_field(checker *k, const json *test) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const json *j = field(k, test, "tcId", JSON_STRING);
  if (!j) return NULL;
  if (j->len > 0 && strspn(j->text, letters) == j->len) return j->text;
  complain(k, j->line, "'tcId' is made of letters, digits, '.', '_' and '-'");
  return NULL;
}

static const char *text_field(checker *k, const json *object, const char *name) {
  const json *j = field(k, object, name, JSON_STRING);
  return j ? j->text : NULL;
}

static bool one_of(const char *text, const char *const *words, size_t n, size_t *at) {
  for (*at = 0; text && *at < n; ++*at)
    if (strcmp(text, words[*at]) == 0) return true;
  return false;
}

static void check_flags(checker *k, const json *test, const json *notes) {
  for (const json *f = json_first(field(k, test, "flags", JSON_ARRAY)); f; f = f->next)
    if (f->type != JSON_STRING)
      complain(k, f->line, "a flag must be a string");
    else if (!json_get(notes, f->text))
      complain(k, f->line, "flag '%s' has no note", f->text);
}

static void check_result(checker *k, const json *test, conform_case *c) {
  static const char *const results[] = {"valid", "invalid", "acceptable"};
  static const char *const errors[] = {"malformed", "auth", "state", "limit"};
  size_t at;
  const char *result = text_field(k, test, "result");
  if (!result) return;
  if (!one_of(result, results, 3, &at)) {
    complain(k, test->line, "'result' is '%s', not valid, invalid or acceptable", result);
    return;
  }
  c->result = (conform_result)at;
  if (c->result == CONFORM_VALID) c->out = field(k, test, "out", JSON_OBJECT);
  if (c->result != CONFORM_INVALID) return;
  c->error = text_field(k, test, "error");
  c->rule = text_field(k, test, "rule");
  if (c->error && !one_of(c->error, errors, 4, &at))
    complain(k, test->line, "'error' is '%s', not malformed, auth, state or limit", c->error);
}

static void check_test(checker *k, const json *test, const char *op, const json *notes, conform_case *c) {
  *c = (conform_case){.op = op, .line = test->line, .out = json_get(test, "out"), .also = json_get(test, "also")};
  if (test->type != JSON_OBJECT) {
    complain(k, test->line, "must be an object");
    return;
  }
  c->id = id_field(k, test);
  c->comment = text_field(k, test, "comment");
  c->in = field(k, test, "in", JSON_OBJECT);
  check_flags(k, test, notes);
  check_result(k, test, c);
}

static const char *group_op(checker *k, const json *group, const char *type) {
  const json *params = field(k, group, "params", JSON_OBJECT);
  const char *op = params ? text_field(k, params, "op") : NULL;
  size_t n = type ? strlen(type) : 0;
  if (op && type && (strncmp(op, type, n) != 0 || op[n] != '.'))
    complain(k, params->line, "'op' is '%s', not of type '%s'", op, type);
  if (params) (void)text_field(k, params, "source"), (void)text_field(k, params, "licence");
  return op ? op : "";
}

static size_t count(const json *groups) {
  size_t n = 0;
  for (const json *g = json_first(groups); g; g = g->next) {
    const json *tests = json_get(g, "tests");
    n += tests ? tests->len : 0;
  }
  return n;
}

static void check_groups(checker *k, conform_file *f, const json *groups, const json *notes) {
  size_t g = 0;
  f->cases = calloc(count(groups) + 1, sizeof *f->cases);
  if (!f->cases) abort();
  for (const json *group = json_first(groups); group; group = group->next, g++) {
    size_t t = 0;
    snprintf(k->where, sizeof k->where, "groups[%zu]", g);
    const char *op = group_op(k, group, f->type);
    for (const json *test = json_first(field(k, group, "tests", JSON_ARRAY)); test; test = test->next, t++) {
      snprintf(k->where, sizeof k->where, "groups[%zu].tests[%zu]", g, t);
      check_test(k, test, op, notes, &f->cases[f->cases_len++]);
    }
  }
  k->where[0] = '\0';
}

static int by_id(const void *a, const void *b) {
  const conform_case *x = *(const conform_case *const *)a, *y = *(const conform_case *const *)b;
  int order = strcmp(x->id, y->id);
  return order ? order : x->line - y->line;
}

/* Where a case stands in the file; its index alone says it, for every group's tests are read in order. */
static void locate(checker *k, const conform_file *f, const conform_case *c) {
  size_t index = (size_t)(c - f->cases), g = 0;
  for (const json *group = json_first(json_get(f->doc, "groups")); group; group = group->next, g++) {
    const json *tests = json_get(group, "tests");
    size_t n = tests && tests->type == JSON_ARRAY ? tests->len : 0;
    if (index < n) {
      snprintf(k->where, sizeof k->where, "groups[%zu].tests[%zu]", g, index);
      return;
    }
    index -= n;
  }
}

static void check_ids(checker *k, const conform_file *f) {
  const conform_case **sorted = malloc((f->cases_len + 1) * sizeof *sorted);
  size_t n = 0;
  if (!sorted) abort();
  for (size_t i = 0; i < f->cases_len; i++)
    if (f->cases[i].id) sorted[n++] = &f->cases[i];
  qsort(sorted, n, sizeof *sorted, by_id);
  for (size_t i = 1; i < n; i++) {
    if (strcmp(sorted[i]->id, sorted[i - 1]->id) != 0) continue;
    locate(k, f, sorted[i]);
    complain(k, sorted[i]->line, "tcId '%s' was used on line %d", sorted[i]->id, sorted[i - 1]->line);
  }
  k->where[0] = '\0';
  free(sorted);
}

static void check_head(checker *k, conform_file *f) {
  uint64_t n;
  f->type = text_field(k, f->doc, "type");
  f->layer = text_field(k, f->doc, "layer");
  (void)text_field(k, f->doc, "schema");
  (void)text_field(k, f->doc, "mode");
  (void)field(k, f->doc, "spec", JSON_ARRAY);
  const json *number = field(k, f->doc, "numberOfTests", JSON_NUMBER), *notes = field(k, f->doc, "notes", JSON_OBJECT);
  const json *groups = field(k, f->doc, "groups", JSON_ARRAY);
  check_groups(k, f, groups, notes);
  if (number && groups && (!json_u64(number, &n) || n != f->cases_len))
    complain(k, number->line, "'numberOfTests' is %s, but there are %zu", number->text, f->cases_len);
}

bool conform_file_load(conform_file *f, const char *path, FILE *complaints) {
  char err[128];
  checker k = {.path = path, .out = complaints};
  *f = (conform_file){.path = path, .doc = json_load(path, err, sizeof err)};
  if (!f->doc) {
    int line;
    const char *what = json_error(err, &line);
    complain(&k, line, "%s", what);
    return false;
  }
  if (f->doc->type != JSON_OBJECT) {
    complain(&k, f->doc->line, "must be an object");
    return false;
  }
  const json *twice = json_repeated(f->doc);
  if (twice) complain(&k, twice->line, "'%s' is there twice in one object", twice->key);
  check_head(&k, f);
  check_ids(&k, f);
  return !k.bad;
}

void conform_file_free(conform_file *f) {
  free(f->cases);
  json_free(f->doc);
  *f = (conform_file){0};
}
