/* An allocator that counts, checks sizes, and can be told to fail.
 *
 *   tcase_add_checked_fixture(tc, leak_setup, leak_teardown);     or unit_suite(), which does it
 *   START_TEST(x) { cfg.alloc = test_alloc(); ... }               whatever is left over fails the test
 *
 * Allocation failure sweep: the scenario runs with the 1st, then the 2nd, ... allocation refused, until one run has no
 * refusal. It must clean up after itself and not crash.
 *   ck_assert_uint_gt(alloc_sweep(scenario, ctx), 0);
 */
#ifndef TEST_SUPPORT_ALLOC_H
#define TEST_SUPPORT_ALLOC_H

#include "base/base.h"

typedef struct leak_alloc {
  weft_alloc alloc; /* hand &a.alloc out */
  size_t blocks, bytes, peak_bytes;
  size_t calls;   /* allocations and resizes asked for, frees not counted */
  size_t fail_at; /* this call from now (1: the next) is refused; 0: none */
  bool fail_on;   /* ... and all after it */
  size_t refused;
  size_t mismatches; /* wrong old_n, or a block that this allocator did not give */
} leak_alloc;

void leak_alloc_init(leak_alloc *a);
/* NULL when everything was given back with the right sizes, else a text (static storage). */
const char *leak_alloc_complaint(const leak_alloc *a);

/* The allocator of the running test. */
leak_alloc *test_leak(void);
const weft_alloc *test_alloc(void);
void leak_setup(void);
void leak_teardown(void);

/* Runs scenario(ctx) with each allocation refused in turn (at most 10,000 runs); how many runs saw a refusal. Fails the
 * test when a run leaves memory behind. */
size_t alloc_sweep(void (*scenario)(void *ctx), void *ctx);

#endif
