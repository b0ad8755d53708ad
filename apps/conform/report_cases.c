#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/conform/judge.h"

void conform_report_begin(conform_reporter *r) {
  switch (r->format) {
  case CONFORM_TABLE:
    printf("%-*s %6s %7s %7s %12s %9s\n", r->width, r->title, "cases", "passed", "failed", "unsupported", "expected");
    break;
  case CONFORM_TAP: puts("TAP version 13"); break;
  case CONFORM_JUNIT:
    r->body = open_memstream(&r->body_text, &r->body_len);
    if (!r->body) abort();
    break;
  case CONFORM_JSON: puts("{\"cases\":["); break;
  }
}

/* "unexpected pass" where a failure was expected. */
static const char *word(const conform_report *one) {
  return one->verdict == CONFORM_PASS && one->failed ? "unexpected pass" : conform_verdict_name(one->verdict);
}

static const char *reason(const conform_report *one) {
  if (one->verdict == CONFORM_SKIP && one->failed) return "nothing says that this case may be unsupported";
  return one->verdict == CONFORM_PASS && one->failed ? one->expected->reason : one->why;
}

/* Line 0: the file as a whole. */
static void put_place(const conform_report *one) {
  fputs(one->file->path, stdout);
  if (one->c->line > 0) printf(":%d", one->c->line);
  fputs(": ", stdout);
}

static void table_case(const conform_reporter *r, const conform_report *one) {
  if (!one->failed && (!r->verbose || one->verdict == CONFORM_PASS)) return;
  bool expected = one->expected && !one->failed;
  put_place(one);
  printf("%s%s: %s: %s", expected ? "expected " : "", word(one), one->c->id,
         expected ? one->expected->reason : reason(one));
  if (expected && one->expected->issue) printf(" (%s)", one->expected->issue);
  putchar('\n');
}

/* A string of JSON is one of YAML, in which TAP has its diagnostics. */
static void put_quoted(const char *text) {
  json *j = json_new(JSON_ARRAY);
  json_put_string(j, NULL, text);
  char *line = json_write(json_first(j), NULL);
  puts(line);
  free(line);
  json_free(j);
}

static void tap_case(const conform_reporter *r, const conform_report *one) {
  bool ok = one->verdict == CONFORM_PASS || one->verdict == CONFORM_SKIP;
  printf("%s %u - %s/%s", ok && !one->failed ? "ok" : "not ok", r->number, one->file->type, one->c->id);
  if (one->verdict == CONFORM_SKIP) printf(" # SKIP unsupported");
  if (one->expected && !one->failed) printf(" # TODO %s", one->expected->reason);
  putchar('\n');
  if (!one->failed) return;
  printf("  ---\n  file: ");
  put_quoted(one->file->path);
  printf("  line: %d\n  %s: ", one->c->line, word(one));
  put_quoted(reason(one));
  puts("  ...");
}

static void put_xml(FILE *to, const char *text) {
  static const char special[] = "&<>\"";
  static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
  while (*text) {
    const char *at = strchr(special, *text);
    size_t n = json_utf8(text, strlen(text));
    if (at)
      fputs(names[at - special], to);
    else if (n == 0 || (unsigned char)*text < 0x20)
      fputc('?', to); /* XML 1.0 section 2.2 has no other way for it */
    else
      fwrite(text, 1, n, to);
    text += n ? n : 1;
  }
}

static void junit_case(FILE *to, const conform_report *one) {
  fprintf(to, "<testcase classname=\"");
  put_xml(to, one->file->type);
  fprintf(to, "\" name=\"");
  put_xml(to, one->c->id);
  fprintf(to, "\">");
  if (one->failed) {
    fprintf(to, "<failure type=\"%s\" message=\"", word(one));
    put_xml(to, reason(one));
    fprintf(to, "\"/>");
  } else if (one->verdict != CONFORM_PASS) {
    fprintf(to, "<skipped message=\"");
    put_xml(to, one->expected ? one->expected->reason : "unsupported");
    fprintf(to, "\"/>");
  }
  fputs("</testcase>\n", to);
}

/* The totals stand before the cases, so the cases wait in memory. */
static void junit_end(conform_reporter *r) {
  const conform_tally *t = &r->total;
  char totals[120];
  if (fclose(r->body) != 0) abort();
  snprintf(totals, sizeof totals, "tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\"", t->cases, t->failed,
           t->unsupported + t->expected);
  printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"weft conform\" %s>\n<testsuite "
         "name=\"%s\" %s>\n",
         totals, r->title, totals);
  fwrite(r->body_text, 1, r->body_len, stdout);
  puts("</testsuite>\n</testsuites>");
  free(r->body_text);
  r->body = NULL;
}

static void json_case(const conform_reporter *r, const conform_report *one) {
  json *j = json_new(JSON_OBJECT);
  json_put_string(j, "type", one->file->type);
  json_put_string(j, "tcId", one->c->id);
  json_put_string(j, "op", one->c->op);
  json_put_string(j, "file", one->file->path);
  json_put_u64(j, "line", (uint64_t)one->c->line);
  json_put_string(j, "verdict", conform_verdict_name(one->verdict));
  json_put_bool(j, "expected", !one->failed);
  if (one->why[0]) json_put_string(j, "why", one->why);
  if (one->expected) json_put_string(j, "reason", one->expected->reason);
  if (one->expected && one->expected->issue) json_put_string(j, "issue", one->expected->issue);
  if (one->c->rule) json_put_string(j, "rule", one->c->rule);
  char *text = json_write(j, NULL);
  printf("%s%s\n", r->number > 1 ? "," : "", text);
  free(text);
  json_free(j);
}

static void count(conform_tally *t, const conform_report *one) {
  t->cases++;
  if (one->failed)
    t->failed++;
  else if (one->verdict == CONFORM_SKIP)
    t->unsupported++;
  else if (one->verdict == CONFORM_PASS)
    t->passed++;
  else
    t->expected++;
}

void conform_report_case(conform_reporter *r, const conform_report *one) {
  r->number++;
  count(&r->total, one);
  switch (r->format) {
  case CONFORM_TABLE: table_case(r, one); break;
  case CONFORM_TAP: tap_case(r, one); break;
  case CONFORM_JUNIT: junit_case(r->body, one); break;
  case CONFORM_JSON: json_case(r, one); break;
  }
}

void conform_report_row(conform_reporter *r, const char *name, const conform_tally *t) {
  if (r->format != CONFORM_TABLE) return;
  printf("%-*s %6u %7u %7u %12u %9u\n", r->width, name, t->cases, t->passed, t->failed, t->unsupported, t->expected);
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

static bool same_ground(const conform_expected *a, const conform_expected *b) {
  return strcmp(a->outcome, b->outcome) == 0 && strcmp(a->reason, b->reason) == 0 && same_text(a->issue, b->issue);
}

/* What failed as expected, one line for each reason. */
static void put_grounds(const conform_expectations *e) {
  for (size_t i = 0; i < e->len; i++) {
    const conform_expected *x = &e->list[i];
    unsigned n = 0;
    size_t first = 0;
    while (first < i && !(e->list[first].met > 0 && same_ground(&e->list[first], x))) first++;
    if (x->met == 0 || first < i || strcmp(x->outcome, "unsupported") == 0) continue;
    for (size_t k = i; k < e->len; k++)
      if (same_ground(&e->list[k], x)) n += e->list[k].met;
    printf("Expected: %s of %u: %s (%s)\n", x->outcome, n, x->reason, x->issue ? x->issue : "not reported");
  }
}

void conform_report_end(conform_reporter *r, const conform_expectations *e) {
  const conform_tally *t = &r->total;
  switch (r->format) {
  case CONFORM_TABLE: put_grounds(e); break;
  case CONFORM_TAP: printf("1..%u\n", r->number); break;
  case CONFORM_JUNIT: junit_end(r); break;
  case CONFORM_JSON:
    printf("],\n\"totals\":{\"cases\":%u,\"passed\":%u,\"failed\":%u,\"unsupported\":%u,\"expected\":%u}}\n", t->cases,
           t->passed, t->failed, t->unsupported, t->expected);
    break;
  }
  fflush(stdout);
  FILE *to = r->format == CONFORM_TABLE ? stdout : stderr;
  if (t->unsupported + t->expected > 0)
    fprintf(to, "Not counted: %u unsupported, %u failed as expected\n", t->unsupported, t->expected);
  fprintf(to, "%u cases, %u passed, %u failed\n", t->passed + t->failed, t->passed, t->failed);
}
