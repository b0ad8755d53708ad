/* apps: an implementation behind the shim protocol (vectors/SHIM.md): a process that reads one JSON object per line and answers one per line.
 *
 *   conform_child c = {.command = "python3 my_shim.py", .limit_ms = 5000, .start_ms = 30000};
 *   conform_answer a;
 *   conform_child_ask(&c, "varint.decode", in, &a);        starts it when it is not running
 *   ...
 *   conform_answer_free(&a);
 *   conform_child_end(&c);
 *
 * After a crash, a hang or garbage the process and its group are killed, and the next question starts it again. */
#ifndef APPS_CONFORM_CHILD_H
#define APPS_CONFORM_CHILD_H

#include <sys/types.h>

#include "apps/conform/op.h"

typedef enum conform_outcome {
  CONFORM_ANSWERED,
  CONFORM_CRASHED, /* ended, or closed its output, before it answered */
  CONFORM_HUNG,    /* no answer within the limit */
  CONFORM_GARBAGE  /* an answer that is none */
} conform_outcome;

typedef struct conform_answer {
  conform_outcome outcome;
  conform_status status;
  json *out;     /* ANSWERED with CONFORM_OK */
  bool partial;  /* fields that are not in out are not to be compared */
  char why[200]; /* of the other outcomes */
} conform_answer;

typedef struct conform_child {
  const char *command;
  int limit_ms, start_ms; /* for an answer; for the first one of a process, which includes its start */
  pid_t pid;              /* 0: not running */
  bool fresh;             /* it has not answered yet */
  bool reads;             /* its input was open when it was last written to */
  bool answered_once;     /* this process or one before it */
  bool
      not_started; /* the shell could not start the command: 126 or 127 (POSIX, Shell Command Language, 2.8.2) before any answer */
  int status; /* of the process that ended last, as waitpid gives it */
  int to, from;
  unsigned id;
  char *line; /* what was read of the answer */
  size_t len, cap;
} conform_child;

void conform_child_ask(conform_child *c, const char *op, const json *in, conform_answer *a);
void conform_child_end(conform_child *c);
void conform_answer_free(conform_answer *a);

/* weft-shim: answers standard input's lines on standard output until the end; the exit status. */
int conform_serve(void);

#endif
