#include "test/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "test/support/alloc.h"

enum { TIMEOUT_S = 60 };

Suite *unit_suite(const char *name, const unit_test *tests, size_t n) {
  Suite *s = suite_create(name);
  for (size_t i = 0; i < n; i++) {
    TCase *tc = tcase_create(tests[i].name);
    tcase_set_timeout(tc, TIMEOUT_S);
    tcase_add_checked_fixture(tc, leak_setup, leak_teardown);
    tcase_add_test(tc, *tests[i].test);
    suite_add_tcase(s, tc);
  }
  return s;
}

int unit_run(const char *name, const unit_suite_fn *suites, size_t n) {
  SRunner *sr = srunner_create(NULL);
  for (size_t i = 0; i < n; i++) srunner_add_suite(sr, suites[i]());
  if (!getenv("CK_FORK")) srunner_set_fork_status(sr, CK_NOFORK);
  printf("== unit %s\n", name);
  fflush(stdout);
  srunner_run_all(sr, CK_ENV);
  int failed = srunner_ntests_failed(sr);
  int run = srunner_ntests_run(sr);
  srunner_free(sr);
  return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
