#define _POSIX_C_SOURCE 200809L
#include "apps/conform/run.h"

#include <string.h>
#include <sys/wait.h>

#include "apps/conform/guard.h"
#include "apps/node.h"

/* A shim that answers nothing must not cost the time limit thousands of times. */
enum { HANGS_MAX = 10 };

void conform_run_begin(conform_run *r) {
  if (!r->child.command) conform_guard_install();
  conform_report_begin(&r->reporter);
}

/* Nobody reads on: as by `| head`, or the disk is full. A shim's run has SIGPIPE ignored, which would end it. */
static bool is_unread(void) { return ferror(stdout) != 0; }

bool conform_run_is_over(const conform_run *r) { return r->child.not_started || is_unread(); }

/* ---- one case ---- */

static void ask_ourselves(const conform_file *f, const conform_case *c, int limit_ms, conform_answer *a) {
  *a = (conform_answer){.out = json_new(JSON_OBJECT)};
  conform_guard_enter(f->path, c->line, c->id, limit_ms);
  a->status = conform_op(c->op, c->in, a->out);
  conform_guard_leave();
}

static void ask(conform_run *r, const conform_file *f, const conform_case *c, conform_answer *a) {
  if (!r->child.command) {
    ask_ourselves(f, c, r->child.limit_ms, a);
    return;
  }
  if (r->hangs < HANGS_MAX) {
    conform_child_ask(&r->child, c->op, c->in, a);
    r->hangs = a->outcome == CONFORM_HUNG ? r->hangs + 1 : 0;
    return;
  }
  *a = (conform_answer){.outcome = CONFORM_HUNG};
  snprintf(a->why, sizeof a->why, "not asked: the %d cases before it had no answer", HANGS_MAX);
}

/* Whether it counts against the run: what was not expected does, and so does an expected failure that passes. */
static bool counts(const conform_run *r, const conform_expected *e, conform_verdict v) {
  if (v == CONFORM_SKIP) return r->expectations.listed && (!e || strcmp(e->outcome, "unsupported") != 0);
  if (v == CONFORM_PASS) return e != NULL;
  return !e || strcmp(e->outcome, conform_verdict_name(v)) != 0;
}

static void note(conform_run *r, const conform_file *f, const conform_case *c, conform_verdict v, const char *why) {
  conform_expected *e = conform_expect_find(&r->expectations, f->type, c->id);
  conform_report one = {f, c, v, e, counts(r, e, v), why};
  if (e) e->seen++;
  if (e && !one.failed) e->met++;
  conform_report_case(&r->reporter, &one);
}

static bool chosen(const conform_run *r, const conform_file *f, const conform_case *c) {
  if (r->layer && strcmp(r->layer, f->layer) != 0) return false;
  return !r->filter || strstr(c->id, r->filter) || strstr(c->op, r->filter) || strstr(f->type, r->filter);
}

void conform_run_found(conform_run *r, const conform_file *f, const conform_case *c, bool good, const char *why) {
  if (chosen(r, f, c)) note(r, f, c, good ? CONFORM_PASS : CONFORM_FAIL, good ? "" : why);
}

static void run_case(conform_run *r, const conform_file *f, const conform_case *c) {
  char why[400];
  conform_answer a;
  ask(r, f, c, &a);
  if (!r->child.not_started) note(r, f, c, conform_judge(c, &a, r->strict, why, sizeof why), why);
  conform_answer_free(&a);
}

void conform_run_file(conform_run *r, const conform_file *f) {
  for (size_t i = 0; i < f->cases_len && !conform_run_is_over(r); i++)
    if (chosen(r, f, &f->cases[i])) run_case(r, f, &f->cases[i]);
}

/* ---- the run ---- */

void conform_run_row(conform_run *r, const char *name, const conform_tally *before) {
  const conform_tally *all = &r->reporter.total;
  conform_tally t = {all->cases - before->cases, all->passed - before->passed, all->failed - before->failed,
                     all->unsupported - before->unsupported, all->expected - before->expected};
  if (t.cases > 0) conform_report_row(&r->reporter, name, &t);
}

/* Nothing was asked, and nothing is to be counted. */
static bool no_shim(const conform_run *r) {
  if (!r->child.not_started) return false;
  fprintf(stderr,
          "weft conform: --shim: the command could not be started (the shell's exit status is %d): %s\n"
          "Check its path and that it may be executed; it runs in this folder through sh -c.\n",
          WEXITSTATUS(r->child.status), r->child.command);
  return true;
}

int conform_run_end(conform_run *r, bool stale) {
  conform_child_end(&r->child);
  if (no_shim(r)) return APP_EXIT_USAGE;
  bool unmet = stale && !r->bad && conform_expect_unused(&r->expectations) > 0;
  conform_report_end(&r->reporter, &r->expectations);
  if (is_unread()) {
    fputs("weft conform: standard output cannot be written: the report is not whole\n", stderr);
    return APP_EXIT_INTERNAL;
  }
  if (r->bad || unmet) return APP_EXIT_USAGE;
  if (r->reporter.total.cases == 0) {
    fputs("weft conform: no case was chosen: see what --layer and --filter leave, and that the files have tests\n",
          stderr);
    return APP_EXIT_USAGE;
  }
  return r->reporter.total.failed > 0 ? APP_EXIT_INTERNAL : APP_EXIT_OK;
}
