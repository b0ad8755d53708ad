/* Reads JSON lines on standard input and prints the values at the given paths, tab-separated, "-" where there is none.
 * Exit 1 at the first line that is not an object whose first key is "event" and that has a number t_ms.
 *
 *   webrtc-direct-client --json ... | jsonl event text
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/json.h"

static bool is_event(const json *j) {
  const json *t = json_get(j, "t_ms");
  return j && j->type == JSON_OBJECT && j->first && strcmp(j->first->key, "event") == 0 && t && t->type == JSON_NUMBER;
}

static void print_value(const json *j) {
  const char *text = json_text(j);
  fputs(text ? text : j && j->type == JSON_BOOL ? (j->flag ? "true" : "false") : "-", stdout);
}

int main(int argc, char **argv) {
  char *line = NULL, err[96];
  size_t cap = 0;
  ssize_t n;
  int bad = 0;
  while (!bad && (n = getline(&line, &cap, stdin)) > 0) {
    json *j = json_parse(line, (size_t)n, err, sizeof err);
    bad = !is_event(j);
    if (bad) fprintf(stderr, "not an event: %s", line);
    for (int i = 1; !bad && i < argc; i++) {
      print_value(json_find(j, argv[i]));
      putchar(i + 1 < argc ? '\t' : '\n');
    }
    json_free(j);
  }
  free(line);
  return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
