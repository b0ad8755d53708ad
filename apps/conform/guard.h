/* apps: names the case that was being asked of our own layers when the process crashes or a case takes too long. Such a run ends: one line on
 * standard error with file, line and case, a hint at weft-shim, which goes on, and exit status 1. A sanitizer's report comes before that line; after one of a UBSan
 * that recovers the run goes on.
 *
 *   conform_guard_install();
 *   conform_guard_enter("vectors/v1/varint.json", 12, "enc-0", 5000);
 *   ...
 *   conform_guard_leave();
 */
#ifndef APPS_CONFORM_GUARD_H
#define APPS_CONFORM_GUARD_H

/* Handlers of SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGALRM where nobody has any, on a stack of their own. */
void conform_guard_install(void);
/* line 0: the file as a whole. limit_ms 0: no time limit. What standard output holds is written first, so that a crash loses none of it. */
void conform_guard_enter(const char *path, int line, const char *id, int limit_ms);
void conform_guard_leave(void);

#endif
