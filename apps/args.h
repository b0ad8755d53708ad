/* apps: command lines. Options may stand before or after the arguments; "--name value" and "--name=value"; "--" ends options.
 *
 *   static const app_option options[] = {
 *     {"port", 'p', APP_ARG_NUMBER, &port, 0, 65535, "N", "UDP port (0: any free one)"},
 *     {"json", 0, APP_ARG_FLAG, &json, 0, 0, NULL, "one JSON object per line on stdout"},
 *   };
 *   app_usage u = {"program", "[OPTIONS] [MULTIADDR]", "What it does.", options, 2, 1, "  program -p 4001\n"};
 *   int rc = app_args_parse(&u, argc, argv, positional);       number of positional arguments, or APP_ARGS_EXIT_...
 */
#ifndef APPS_ARGS_H
#define APPS_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum app_arg_kind { APP_ARG_FLAG, APP_ARG_TEXT, APP_ARG_LIST, APP_ARG_NUMBER } app_arg_kind;

enum { APP_LIST_MAX = 64 };
typedef struct app_list {
  const char *items[APP_LIST_MAX];
  size_t len;
} app_list;

typedef struct app_number {
  uint64_t value;
  bool given;
} app_number;

/* target: bool *, const char **, app_list *, app_number * by kind. */
typedef struct app_option {
  const char *name;
  char letter;
  app_arg_kind kind;
  void *target;
  uint64_t min, max;
  const char *value;
  const char *help;
} app_option;

typedef struct app_usage {
  const char *program, *synopsis, *about;
  const app_option *options;
  size_t options_len;
  size_t positional_max;
  const char *examples;
} app_usage;

enum {
  APP_ARGS_DONE = -1 /* --help or --version was printed: exit 0 */,
  APP_ARGS_BAD = -2 /* said what is wrong: exit 2 */
};

int app_args_parse(const app_usage *u, int argc, char **argv, const char **positional);

#endif
