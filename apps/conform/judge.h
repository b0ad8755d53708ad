/* apps: what a case's answer is worth, what was expected of this implementation, and the run as a whole. */
#ifndef APPS_CONFORM_JUDGE_H
#define APPS_CONFORM_JUDGE_H

#include "apps/conform/child.h"
#include "apps/conform/vector.h"

typedef enum conform_verdict {
  CONFORM_PASS,
  CONFORM_FAIL, /* a wrong answer */
  CONFORM_CRASH,
  CONFORM_HANG,
  CONFORM_BROKEN, /* an answer that is none: garbage */
  CONFORM_SKIP    /* unsupported */
} conform_verdict;

const char *conform_verdict_name(conform_verdict v); /* "pass", "fail", "crash", "hang", "garbage", "unsupported" */

/* why: one line, "" for a pass. strict: the class of a refusal counts too. */
conform_verdict conform_judge(const conform_case *c, const conform_answer *a, bool strict, char *why, size_t cap);
/* Whether every field of want is in got with the same value; an array has the same length, null is the same as absent, a number the same as a
 * string of its digits. When not, why names the first difference. */
bool conform_same(const json *want, const json *got, char *why, size_t cap);

/* ---- expectations: expect.c ---- */

typedef struct conform_expected {
  const char *pattern, *outcome, *reason;
  const char *issue; /* where it was reported; NULL: nowhere */
  int line;
  unsigned seen, met; /* cases that had it; that failed in this way */
  bool due;           /* its case was to be asked */
} conform_expected;

typedef struct conform_expectations {
  const char *path;
  conform_expected *list;
  size_t len;
  json *doc;
  bool listed; /* a case that is unsupported without being expected counts as failed */
} conform_expectations;

/* False: said on stderr with path and line. path NULL: nothing is expected. */
bool conform_expect_load(conform_expectations *e, const char *path);
/* The cases of this type are all asked; NULL: those of every type. */
void conform_expect_due(conform_expectations *e, const char *type);
/* How many entries that are due no case of the run had; each is named on stderr with path, line, position and pattern. */
size_t conform_expect_unused(const conform_expectations *e);
/* The entry for "type/id", or NULL. A pattern may end in '*'. */
conform_expected *conform_expect_find(conform_expectations *e, const char *type, const char *id);
void conform_expect_free(conform_expectations *e);

/* ---- reports: report_cases.c ---- */

typedef enum conform_format { CONFORM_TABLE, CONFORM_TAP, CONFORM_JUNIT, CONFORM_JSON } conform_format;

typedef struct conform_tally {
  unsigned cases, passed, failed, unsupported, expected;
} conform_tally;

/* One case as it is reported. failed: it counts against the run, as an unexpected pass does. */
typedef struct conform_report {
  const conform_file *file;
  const conform_case *c;
  conform_verdict verdict;
  const conform_expected *expected;
  bool failed;
  const char *why;
} conform_report;

typedef struct conform_reporter {
  conform_format format;
  bool verbose;
  const char *title; /* of the first column: what is run */
  int width;         /* of that column */
  unsigned number;   /* of cases so far */
  conform_tally total;
  FILE *body; /* JUNIT: the cases so far, in memory */
  char *body_text;
  size_t body_len;
} conform_reporter;

void conform_report_begin(conform_reporter *r);
void conform_report_case(conform_reporter *r, const conform_report *one);
void conform_report_row(conform_reporter *r, const char *name, const conform_tally *t);
/* TABLE: with the reasons of what failed as expected. */
void conform_report_end(conform_reporter *r, const conform_expectations *e);

#endif
