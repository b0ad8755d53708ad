/* The tool: one subcommand per task. */
#include "apps/weft.h"

#include <stdio.h>
#include <string.h>

#include <weft/base/base.h>

#include "apps/node.h"

static int help(int argc, char **argv);

static const app_command commands[] = {
    {"decode", weft_decode, "shows the layers of a capture or of hex, and which byte breaks which rule"},
    {"interop-agent", weft_interop_agent, "one side of a transport test of libp2p's unified-testing"},
    {"conform", weft_conform, "conformance vectors against our layers or any implementation"},
    {"help", help, "this list; 'weft COMMAND --help' for one of them"},
};

static int help(int argc, char **argv) {
  (void)argc, (void)argv;
  printf("Usage: weft COMMAND [ARGUMENTS]\n\nCommands:\n");
  for (size_t i = 0; i < WEFT_ARRAY_LEN(commands); i++) printf("  %-16s %s\n", commands[i].name, commands[i].help);
  return APP_EXIT_OK;
}

static int run(const app_command *c, int argc, char **argv) {
  static char name[64];
  snprintf(name, sizeof name, "weft %s", c->name);
  argv[0] = name;
  return c->run(argc, argv);
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "help";
  if (strcmp(name, "--version") == 0) {
    printf("weft %d.%d.%d\n", WEFT_VERSION_MAJOR, WEFT_VERSION_MINOR, WEFT_VERSION_PATCH);
    return APP_EXIT_OK;
  }
  if (strcmp(name, "--help") == 0) name = "help";
  for (size_t i = 0; i < WEFT_ARRAY_LEN(commands); i++)
    if (strcmp(name, commands[i].name) == 0)
      return run(&commands[i], argc > 1 ? argc - 1 : argc, argc > 1 ? argv + 1 : argv);
  fprintf(stderr, "weft: no command '%s'\nTry 'weft help'.\n", name);
  return APP_EXIT_USAGE;
}
