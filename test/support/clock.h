/* The wall clock that libraries underneath see. mbedTLS 2.28 puts time() into Hello randoms, so a test that wants the same
 * bytes from the same seed needs time() itself to be virtual: time_override.c defines it for every test program.
 *
 *   test_clock_set(now);     time() is then TEST_UNIX_AT_ZERO plus now, in seconds
 */
#ifndef TEST_SUPPORT_CLOCK_H
#define TEST_SUPPORT_CLOCK_H

#include "base/base.h"

#define TEST_UNIX_AT_ZERO INT64_C(1767225600) /* 2026-01-01T00:00:00Z */

void test_clock_set(weft_time now);

#endif
