/* apps: the subcommands of `weft`. Each is a program of its own: argv[0] is its name as in usage texts ("weft decode"), the return value
 * its exit code. A new one is a file apps/weft-<name>.c, a line here and a line in the table of apps/weft.c.
 */
#ifndef APPS_WEFT_H
#define APPS_WEFT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct app_command {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *help; /* one line */
} app_command;

int weft_decode(int argc, char **argv);        /* weft-decode.c */
int weft_interop_agent(int argc, char **argv); /* weft-agent.c */
int weft_conform(int argc, char **argv);       /* weft-conform.c */

/* weft conform --session (weft-replay.c): n folders, with the run's implementation, layer (the cut whose cases count) and format. The exit code. */
struct conform_run;
int weft_replay(struct conform_run *r, const char *const *dirs, size_t n);
/* weft conform --live, --live-listen (weft-live.c): one of to and at is NULL; version of webrtc-direct; close_wait: seconds for the peer
 * to close by itself. The exit code. */
int weft_live(const char *to, const char *at, unsigned version, unsigned close_wait, bool json);

#endif
