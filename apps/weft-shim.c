/* Our layers behind the shim protocol of vectors/SHIM.md: one JSON object per line in, one out. */
#include <stdio.h>
#include <string.h>

#include "apps/conform/child.h"

int main(int argc, char **argv) {
  const char *name;
  if (argc == 1) return conform_serve();
  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    for (size_t i = 0; (name = conform_op_name(i)) != NULL; i++) puts(name);
    return 0;
  }
  bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
  fputs("Usage: weft-shim [--list]\n\nAnswers the operations of vectors/SHIM.md on standard input, or lists them.\n",
        help ? stdout : stderr);
  return help ? 0 : 2;
}
