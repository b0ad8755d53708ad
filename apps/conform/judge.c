#include "apps/conform/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *conform_verdict_name(conform_verdict v) {
  static const char *const names[] = {"pass", "fail", "crash", "hang", "garbage", "unsupported"};
  return names[v];
}

/* ---- comparing ---- */

typedef struct differ {
  char path[160];
  char *why;
  size_t cap;
  bool partial; /* what the answer leaves out is not compared */
} differ;

static void short_text(const json *j, char *out, size_t cap) {
  char *text = j ? json_write(j, NULL) : NULL;
  snprintf(out, cap, "%.70s%s", text ? text : "nothing", text && strlen(text) > 70 ? "..." : "");
  free(text);
}

static bool differs(differ *d, const json *want, const json *got) {
  char a[80], b[80];
  short_text(got, a, sizeof a);
  short_text(want, b, sizeof b);
  snprintf(d->why, d->cap, "%s is %s, expected %s", d->path[0] ? d->path : "out", a, b);
  return false;
}

static bool same(differ *d, const json *want, const json *got);

/* Runs the comparison with one more step in the path. */
static bool same_at(differ *d, const char *step, const json *want, const json *got) {
  size_t n = strlen(d->path);
  snprintf(d->path + n, sizeof d->path - n, "%s%.40s", n ? "." : "", step);
  bool is = same(d, want, got);
  if (is) d->path[n] = '\0';
  return is;
}

static bool same_members(differ *d, const json *want, const json *got) {
  if (!got || got->type != JSON_OBJECT) return differs(d, want, got);
  for (const json *m = want->first; m; m = m->next) {
    const json *have = json_get(got, m->key);
    if ((have || !d->partial) && !same_at(d, m->key, m, have)) return false;
  }
  return true;
}

static bool same_elements(differ *d, const json *want, const json *got) {
  char index[24];
  size_t i = 0;
  if (!got || got->type != JSON_ARRAY || got->len != want->len) return differs(d, want, got);
  for (const json *w = want->first, *g = got->first; w; w = w->next, g = g->next) {
    snprintf(index, sizeof index, "%zu", i++);
    if (!same_at(d, index, w, g)) return false;
  }
  return true;
}

static bool same(differ *d, const json *want, const json *got) {
  if (want->type == JSON_NULL) return json_is_null(got) || differs(d, want, got);
  if (want->type == JSON_OBJECT) return same_members(d, want, got);
  if (want->type == JSON_ARRAY) return same_elements(d, want, got);
  if (want->type == JSON_BOOL)
    return (got && got->type == JSON_BOOL && got->flag == want->flag) || differs(d, want, got);
  const char *text = json_text(got);
  return (text && got->len == want->len && memcmp(text, want->text, want->len) == 0) || differs(d, want, got);
}

bool conform_same(const json *want, const json *got, char *why, size_t cap) {
  differ d = {.why = why, .cap = cap};
  return same(&d, want, got);
}

static bool same_partial(const json *want, const json *got, char *why, size_t cap) {
  differ d = {.why = why, .cap = cap, .partial = true};
  return same(&d, want, got);
}

/* Fields under `also` count only where the answer has them. */
static bool same_where_given(const json *also, const json *got, char *why, size_t cap) {
  differ d = {.why = why, .cap = cap};
  for (const json *m = json_first(also); m; m = m->next) {
    const json *have = json_get(got, m->key);
    if (have && !same_at(&d, m->key, m, have)) return false;
  }
  return true;
}

/* ---- judging ---- */

static conform_verdict fail(char *why, size_t cap, const char *what, ...) __attribute__((format(printf, 3, 4)));
static conform_verdict fail(char *why, size_t cap, const char *what, ...) {
  va_list args;
  va_start(args, what);
  vsnprintf(why, cap, what, args);
  va_end(args);
  return CONFORM_FAIL;
}

static conform_verdict judge_ok(const conform_case *c, const conform_answer *a, char *why, size_t cap) {
  if (c->result == CONFORM_INVALID) return fail(why, cap, "accepted, though forbidden by %s", c->rule);
  if (c->out && !(a->partial ? same_partial : conform_same)(c->out, a->out, why, cap)) return CONFORM_FAIL;
  return same_where_given(c->also, a->out, why, cap) ? CONFORM_PASS : CONFORM_FAIL;
}

conform_verdict conform_judge(const conform_case *c, const conform_answer *a, bool strict, char *why, size_t cap) {
  static const conform_verdict of_outcome[] = {CONFORM_PASS, CONFORM_CRASH, CONFORM_HANG, CONFORM_BROKEN};
  why[0] = '\0';
  if (a->outcome != CONFORM_ANSWERED) {
    (void)fail(why, cap, "%s", a->why);
    return of_outcome[a->outcome];
  }
  if (a->status == CONFORM_UNSUPPORTED) return CONFORM_SKIP;
  if (a->status == CONFORM_BAD) return fail(why, cap, "the case was not understood");
  if (a->status == CONFORM_OK) return judge_ok(c, a, why, cap);
  const char *class = conform_status_name(a->status);
  if (c->result == CONFORM_VALID) return fail(why, cap, "refused (%s)", class);
  if (strict && c->error && strcmp(class, c->error) != 0)
    return fail(why, cap, "refused as %s, expected %s", class, c->error);
  return CONFORM_PASS;
}
