#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/conform/judge.h"

static bool bad(const char *path, int line, const char *where, const char *what) {
  fprintf(stderr, "%s:%d: %s: %s\n", path, line, where, what);
  return false;
}

/* Optional: "clause" and "issue" may be absent, but are text. */
static bool is_text_or_absent(const json *j) { return !j || j->type == JSON_STRING; }

static bool read_entry(conform_expectations *e, const json *j, conform_expected *to) {
  static const char *const outcomes[] = {"fail", "crash", "hang", "garbage", "unsupported"};
  enum { OUTCOMES = sizeof outcomes / sizeof *outcomes };
  char where[32];
  size_t at = 0;
  snprintf(where, sizeof where, "expect[%zu]", e->len++);
  *to = (conform_expected){.pattern = json_text(json_get(j, "case")),
                           .outcome = json_text(json_get(j, "outcome")),
                           .reason = json_text(json_get(j, "reason")),
                           .issue = json_text(json_get(j, "issue")),
                           .line = j->line};
  if (!to->pattern || !strchr(to->pattern, '/')) return bad(e->path, j->line, where, "'case' must be \"type/tcId\"");
  if (!to->reason) return bad(e->path, j->line, where, "'reason' is missing: say what is wrong, and by which clause");
  if (!is_text_or_absent(json_get(j, "clause")) || !is_text_or_absent(json_get(j, "issue")))
    return bad(e->path, j->line, where, "'clause' and 'issue' must be strings where they are there");
  while (to->outcome && at < OUTCOMES && strcmp(to->outcome, outcomes[at]) != 0) at++;
  return (to->outcome && at < OUTCOMES) ||
         bad(e->path, j->line, where, "'outcome' must be fail, crash, hang, garbage or unsupported");
}

/* "unsupported": "listed": an implementation that says which cases it does not have, all of them. */
static bool read_listed(conform_expectations *e) {
  const json *j = json_get(e->doc, "unsupported");
  const char *text = json_text(j);
  e->listed = text && strcmp(text, "listed") == 0;
  return !j || e->listed || bad(e->path, j->line, "/unsupported", "must be \"listed\", or absent");
}

bool conform_expect_load(conform_expectations *e, const char *path) {
  char err[128];
  int line;
  *e = (conform_expectations){.path = path};
  if (!path) return true;
  e->doc = json_load(path, err, sizeof err);
  if (!e->doc) {
    const char *what = json_error(err, &line);
    return bad(path, line, "/", what);
  }
  const json *list = json_get(e->doc, "expect");
  if (!list || list->type != JSON_ARRAY) return bad(path, e->doc->line, "/", "'expect' must be an array");
  e->list = calloc(list->len + 1, sizeof *e->list);
  if (!e->list) abort();
  bool good = read_listed(e);
  for (const json *j = list->first; j; j = j->next) good = read_entry(e, j, &e->list[e->len]) && good;
  return good;
}

/* pattern: the whole "type/id", or its beginning and a '*'. */
static bool matches(const char *pattern, const char *type, const char *id) {
  size_t n = strlen(type), len = strlen(pattern), all = n + 1 + strlen(id);
  bool open = pattern[len - 1] == '*';
  if (open) len--;
  if (open ? len > all : len != all) return false;
  if (strncmp(pattern, type, len < n ? len : n) != 0) return false;
  if (len > n && pattern[n] != '/') return false;
  return len <= n + 1 || strncmp(pattern + n + 1, id, len - n - 1) == 0;
}

conform_expected *conform_expect_find(conform_expectations *e, const char *type, const char *id) {
  for (size_t i = 0; i < e->len; i++)
    if (matches(e->list[i].pattern, type, id)) return &e->list[i];
  return NULL;
}

void conform_expect_due(conform_expectations *e, const char *type) {
  size_t n = type ? strlen(type) : 0;
  for (size_t i = 0; i < e->len; i++)
    if (!type || (strncmp(e->list[i].pattern, type, n) == 0 && e->list[i].pattern[n] == '/')) e->list[i].due = true;
}

size_t conform_expect_unused(const conform_expectations *e) {
  size_t unused = 0;
  for (size_t i = 0; i < e->len; i++) {
    if (e->list[i].seen > 0 || !e->list[i].due) continue;
    fprintf(stderr, "%s:%d: expect[%zu]: no case is named '%s'; take the entry out, or correct its name\n", e->path,
            e->list[i].line, i, e->list[i].pattern);
    unused++;
  }
  return unused;
}

void conform_expect_free(conform_expectations *e) {
  free(e->list);
  json_free(e->doc);
}
