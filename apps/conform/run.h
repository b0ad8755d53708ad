/* apps: the cases of a run, asked of an implementation, judged, reported and counted.
 *
 *   conform_run r = {.child = {.command = "python3 my_shim.py", .limit_ms = 5000, .start_ms = 30000}};      command NULL: our own layers
 *   conform_run_begin(&r);
 *   conform_run_file(&r, &file);
 *   int exit_code = conform_run_end(&r, true);
 */
#ifndef APPS_CONFORM_RUN_H
#define APPS_CONFORM_RUN_H

#include "apps/conform/judge.h"

typedef struct conform_run {
  const char *layer, *filter; /* NULL: all */
  bool strict;                /* the class of a refusal counts too */
  conform_reporter reporter;
  conform_expectations expectations;
  conform_child child;
  unsigned hangs; /* in a row */
  bool bad;       /* something could not be read: exit status 2 */
} conform_run;

void conform_run_begin(conform_run *r);
/* Every case that layer and filter choose; none after the shim could not be started. */
void conform_run_file(conform_run *r, const conform_file *f);
/* A case that was judged elsewhere; why is one line, "" when it is good. */
void conform_run_found(conform_run *r, const conform_file *f, const conform_case *c, bool good, const char *why);
/* The row of the table for what was counted since before. */
void conform_run_row(conform_run *r, const char *name, const conform_tally *before);
bool conform_run_is_over(const conform_run *r); /* the shim could not be started, or nobody reads the report */
/* Ends the shim, says the totals; the exit status. stale: expectations that are due and were not met are an error. */
int conform_run_end(conform_run *r, bool stale);

#endif
