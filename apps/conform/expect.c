#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/conform/judge.h"

static bool bad(const char *path, int line, const char *what) {
  fprintf(stderr, "%s:%d: %s\n", path, line, what);
  return false;
}

static bool read_entry(conform_expectations *e, const json *j, conform_expected *to) {
  static const char *const outcomes[] = {"fail", "crash", "hang", "garbage"};
  size_t at = 0;
  *to = (conform_expected){.pattern = json_text(json_get(j, "case")),
                           .outcome = json_text(json_get(j, "outcome")),
                           .reason = json_text(json_get(j, "reason")),
                           .line = j->line};
  if (!to->pattern || !strchr(to->pattern, '/')) return bad(e->path, j->line, "'case' must be \"type/tcId\"");
  if (!to->reason) return bad(e->path, j->line, "'reason' is missing: say what is wrong, and by which clause");
  while (to->outcome && at < 4 && strcmp(to->outcome, outcomes[at]) != 0) at++;
  return (to->outcome && at < 4) || bad(e->path, j->line, "'outcome' must be fail, crash, hang or garbage");
}

bool conform_expect_load(conform_expectations *e, const char *path) {
  char err[128];
  *e = (conform_expectations){.path = path};
  if (!path) return true;
  e->doc = json_load(path, err, sizeof err);
  if (!e->doc) return bad(path, 1, err);
  const json *list = json_get(e->doc, "expect");
  if (!list || list->type != JSON_ARRAY) return bad(path, e->doc->line, "'expect' must be an array");
  e->list = calloc(list->len + 1, sizeof *e->list);
  if (!e->list) abort();
  bool good = true;
  for (const json *j = list->first; j; j = j->next) good = read_entry(e, j, &e->list[e->len++]) && good;
  return good;
}

static bool matches(const char *pattern, const char *type, const char *id) {
  size_t n = strlen(type), len = strlen(pattern);
  if (strncmp(pattern, type, n) != 0 || pattern[n] != '/') return false;
  if (pattern[len - 1] != '*') return strcmp(pattern + n + 1, id) == 0;
  return strncmp(pattern + n + 1, id, len - n - 2) == 0;
}

conform_expected *conform_expect_find(conform_expectations *e, const char *type, const char *id) {
  for (size_t i = 0; i < e->len; i++)
    if (matches(e->list[i].pattern, type, id)) return &e->list[i];
  return NULL;
}

void conform_expect_free(conform_expectations *e) {
  free(e->list);
  json_free(e->doc);
}
