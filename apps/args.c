#include "apps/args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/base/base.h>

static void print_help(const app_usage *u) {
  printf("Usage: %s %s\n\n%s\n\nOptions:\n", u->program, u->synopsis, u->about);
  for (size_t i = 0; i < u->options_len; i++) {
    const app_option *o = &u->options[i];
    char left[64];
    char letter[8] = "    ";
    if (o->letter) snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->value ? " " : "", o->value ? o->value : "");
    printf("  %-30s %s\n", left, o->help);
  }
  printf("      --version                  print the version and exit\n");
  printf("      --help                     print this and exit\n");
  if (u->examples) printf("\nExamples:\n%s", u->examples);
}

static int bad(const app_usage *u, const char *what, const char *which, const char *remedy) {
  fprintf(stderr, "%s: %s '%s'%s%s\nTry '%s --help'.\n", u->program, what, which, remedy ? ": " : "",
          remedy ? remedy : "", u->program);
  return APP_ARGS_BAD;
}

static const app_option *find_long(const app_usage *u, const char *name, size_t len) {
  for (size_t i = 0; i < u->options_len; i++)
    if (strlen(u->options[i].name) == len && strncmp(u->options[i].name, name, len) == 0) return &u->options[i];
  return NULL;
}

static const app_option *find_letter(const app_usage *u, char letter) {
  for (size_t i = 0; i < u->options_len; i++)
    if (u->options[i].letter && u->options[i].letter == letter) return &u->options[i];
  return NULL;
}

static int set_number(const app_usage *u, const app_option *o, const char *value) {
  app_number *n = o->target;
  char *end;
  char remedy[96];
  errno = 0;
  unsigned long long v = strtoull(value, &end, 10);
  snprintf(remedy, sizeof remedy, "--%s takes a whole number from %llu to %llu", o->name, (unsigned long long)o->min,
           (unsigned long long)o->max);
  if (value[0] < '0' || value[0] > '9' || *end || errno || v < o->min || v > o->max)
    return bad(u, "bad value", value, remedy);
  n->value = v;
  n->given = true;
  return 0;
}

static int set_list(const app_usage *u, const app_option *o, const char *value) {
  app_list *l = o->target;
  if (l->len == APP_LIST_MAX) return bad(u, "too many of option", o->name, NULL);
  l->items[l->len++] = value;
  return 0;
}

static int set_option(const app_usage *u, const app_option *o, const char *value) {
  switch (o->kind) {
  case APP_ARG_FLAG: *(bool *)o->target = true; return 0;
  case APP_ARG_TEXT: *(const char **)o->target = value; return 0;
  case APP_ARG_LIST: return set_list(u, o, value);
  case APP_ARG_NUMBER: return set_number(u, o, value);
  }
  return APP_ARGS_BAD;
}

/* Handles argv[*i] (an option), taking argv[*i + 1] when it needs a value. */
static int one_option(const app_usage *u, int argc, char **argv, int *i) {
  const char *arg = argv[*i], *value = NULL;
  const app_option *o;
  if (arg[1] == '-') {
    const char *eq = strchr(arg, '=');
    o = find_long(u, arg + 2, eq ? (size_t)(eq - arg - 2) : strlen(arg + 2));
    if (eq) value = eq + 1;
  } else {
    o = find_letter(u, arg[1]);
    if (o && arg[2]) value = arg + 2;
  }
  if (!o) return bad(u, "unknown option", arg, NULL);
  if (o->kind == APP_ARG_FLAG) return value ? bad(u, "option takes no value", arg, NULL) : set_option(u, o, NULL);
  if (!value) {
    if (*i + 1 >= argc) return bad(u, "missing value of option", arg, NULL);
    value = argv[++*i];
  }
  return set_option(u, o, value);
}

int app_args_parse(const app_usage *u, int argc, char **argv, const char **positional) {
  size_t n = 0;
  bool options = true;
  for (int i = 1; i < argc; i++) {
    const char *arg = argv[i];
    if (options && strcmp(arg, "--") == 0) {
      options = false;
    } else if (options && strcmp(arg, "--help") == 0) {
      print_help(u);
      return APP_ARGS_DONE;
    } else if (options && strcmp(arg, "--version") == 0) {
      printf("%s (weft) %d.%d.%d\n", u->program, WEFT_VERSION_MAJOR, WEFT_VERSION_MINOR, WEFT_VERSION_PATCH);
      return APP_ARGS_DONE;
    } else if (options && arg[0] == '-' && arg[1]) {
      int rc = one_option(u, argc, argv, &i);
      if (rc != 0) return rc;
    } else {
      if (n == u->positional_max) return bad(u, "unexpected argument", arg, NULL);
      positional[n++] = arg;
    }
  }
  return (int)n;
}
