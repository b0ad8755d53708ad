/* Unit tests: every test/unit/test_<layer>_<file>.c exports one suite; the generated main of a layer hands them to unit_run.
 *
 *   START_TEST(adds_up) { ck_assert_int_eq(1 + 1, 2); } END_TEST
 *   Suite *test_base_sum(void) {
 *     static const unit_test tests[] = {UNIT(adds_up)};
 *     return unit_suite("base/sum", tests, sizeof tests / sizeof tests[0]);     leak-checked fixture included
 *   }
 *
 * Plain Check code works too. Tests run in this process unless CK_FORK is set; CK_RUN_SUITE and CK_RUN_CASE pick some
 * (Check manual, "Environment Variable Reference").
 */
#ifndef TEST_SUPPORT_UNIT_H
#define TEST_SUPPORT_UNIT_H

#include <check.h>
#include <stddef.h>

typedef Suite *(*unit_suite_fn)(void);

/* Runs every suite in one runner and prints Check's summary; the exit status for main. */
int unit_run(const char *name, const unit_suite_fn *suites, size_t n);

typedef struct unit_test {
  const char *name;
  const TTest **test;
} unit_test;

#define UNIT(fn) \
  { #fn, &fn }

/* One suite with one case per test (60 s each), each inside the leak-checking fixture of alloc.h. */
Suite *unit_suite(const char *name, const unit_test *tests, size_t n);

#endif
