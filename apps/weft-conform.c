/* weft conform: runs the cases of vectors/v1 against our own layers, or against any implementation through a shim; replays sessions; looks at a peer. */
#define _POSIX_C_SOURCE 200809L
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/args.h"
#include "apps/conform/run.h"
#include "apps/node.h"
#include "apps/weft.h"

typedef struct options {
  const char *layer, *dir, *shim, *format, *limit, *start, *expect, *filter;
  app_list files;
  bool verbose, strict;
  bool session, json;
  const char *live, *live_listen;
  app_number version, close_wait;
} options;

/* ---- files ---- */

static void run_file(conform_run *r, const char *path) {
  conform_file f;
  conform_tally before = r->reporter.total;
  if (conform_file_load(&f, path, stderr)) {
    conform_run_file(r, &f);
    conform_run_row(r, f.type, &before);
  } else {
    r->bad = true;
  }
  conform_file_free(&f);
}

static void run_folder(conform_run *r, const char *dir) {
  char pattern[1024];
  glob_t found;
  snprintf(pattern, sizeof pattern, "%s/*.json", dir);
  if (glob(pattern, 0, NULL, &found) != 0) {
    fprintf(stderr, "weft conform: no *.json in %s; name files with --file, or the folder with --dir\n", dir);
    r->bad = true;
    return;
  }
  for (size_t i = 0; i < found.gl_pathc && !conform_run_is_over(r); i++) run_file(r, found.gl_pathv[i]);
  globfree(&found);
}

/* ---- the command ---- */

static bool read_format(const char *name, conform_format *out) {
  static const char *const names[] = {"table", "tap", "junit", "json"};
  for (int i = 0; i < 4; i++) {
    *out = (conform_format)i;
    if (strcmp(name, names[i]) == 0) return true;
  }
  fprintf(stderr, "weft conform: --format is table, tap, junit or json, not '%s'\n", name);
  return false;
}

static bool check_shim(const char *command) {
  if (!command || command[strspn(command, " \t\n")]) return true;
  fputs("weft conform: --shim is empty: give the command that starts the implementation to test, or leave --shim out "
        "to test our own "
        "layers\n",
        stderr);
  return false;
}

static bool read_limit(const char *option, const char *text, int *ms) {
  char *end;
  double s = strtod(text, &end);
  *ms = s > 0 && s <= 3600 ? (int)(s * 1000 + 0.5) : 0;
  if (text[strspn(text, "0123456789.")] == '\0' && *end == '\0' && *ms > 0) return true;
  fprintf(stderr, "weft conform: %s is a number of seconds up to 3600, not '%s'\n", option, text);
  return false;
}

/* An expectation that no case had is stale; where only some cases were run, it may be of another. */
static int run_vectors(conform_run *r, const options *o) {
  bool all = !r->layer && !r->filter && o->files.len == 0;
  r->reporter.title = "vectors";
  r->reporter.width = 22;
  conform_run_begin(r);
  conform_expect_due(&r->expectations, NULL);
  for (size_t i = 0; i < o->files.len; i++) run_file(r, o->files.items[i]);
  if (o->files.len == 0) run_folder(r, o->dir ? o->dir : "vectors/v1");
  return conform_run_end(r, all);
}

/* ---- which of the four it is ---- */

typedef enum mode { CASES = 1, SESSION = 2, LIVE = 4, LIVE_LISTEN = 8 } mode;

static bool refuse(const char *first, const char *second, const char *why) {
  fprintf(stderr, "weft conform: '%s' cannot be combined with %s: %s\nTry 'weft conform --help'.\n", first, second,
          why);
  return false;
}

static bool one_mode(const options *o, mode *m) {
  static const char why[] = "one of --session, --live and --live-listen at a time";
  *m = o->session ? SESSION : o->live ? LIVE : o->live_listen ? LIVE_LISTEN : CASES;
  if (o->session && (o->live || o->live_listen)) return refuse("--session", o->live ? "--live" : "--live-listen", why);
  return !(o->live && o->live_listen) || refuse("--live", "--live-listen", why);
}

/* Each option with the modes in which it means something. */
static bool options_fit(const options *o, mode m) {
  const struct {
    const char *name;
    bool given;
    unsigned modes;
  } table[] = {
      {"--layer", o->layer != NULL, CASES | SESSION},
      {"--file", o->files.len > 0, CASES},
      {"--dir", o->dir != NULL, CASES},
      {"--filter", o->filter != NULL, CASES | SESSION},
      {"--shim", o->shim != NULL, CASES | SESSION},
      {"--expect", o->expect != NULL, CASES | SESSION},
      {"--case-timeout", o->limit != NULL, CASES | SESSION},
      {"--start-timeout", o->start != NULL, CASES | SESSION},
      {"--format", o->format != NULL, CASES | SESSION},
      {"--strict-errors", o->strict, CASES | SESSION},
      {"--verbose", o->verbose, CASES | SESSION},
      {"--direct-version", o->version.given, LIVE | LIVE_LISTEN},
      {"--live-close-wait", o->close_wait.given, LIVE | LIVE_LISTEN},
      {"--json", o->json, LIVE | LIVE_LISTEN},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (!table[i].given || (table[i].modes & m)) continue;
    if (m == SESSION)
      return refuse("--session", table[i].name,
                    "its cases are in the folders of the sessions (--format json is its JSON)");
    if (m != CASES)
      return refuse(m == LIVE ? "--live" : "--live-listen", table[i].name,
                    "a running peer is looked at, no file is read (--json is its other format)");
    fprintf(stderr, "weft conform: %s needs --live or --live-listen%s\n", table[i].name,
            o->json ? "; vectors take --format json" : "");
    return false;
  }
  return true;
}

/* What is no option: the folders of --session. */
static bool arguments_fit(mode m, const char *const *args, int n) {
  if (m == SESSION && n == 0) {
    fputs("weft conform: --session needs a folder, such as vectors/recorded\n", stderr);
    return false;
  }
  if (m == SESSION || n == 0) return true;
  fprintf(stderr, "weft conform: unexpected argument '%s'%s\n", args[0],
          m == CASES ? ": files take --file, folders --dir or --session" : "");
  return false;
}

static int parse(options *o, int argc, char **argv, const char **args) {
  const app_option table[] = {
      {"layer", 'l', APP_ARG_TEXT, &o->layer, 0, 0, "LAYER",
       "only files of this layer (stun, sctp, ...); of sessions, only this cut"},
      {"file", 'f', APP_ARG_LIST, &o->files, 0, 0, "FILE", "this file instead of the folder's; may be repeated"},
      {"dir", 0, APP_ARG_TEXT, &o->dir, 0, 0, "DIR", "folder of the files (vectors/v1)"},
      {"filter", 0, APP_ARG_TEXT, &o->filter, 0, 0, "TEXT", "only cases whose id or operation contains this"},
      {"shim", 's', APP_ARG_TEXT, &o->shim, 0, 0, "COMMAND",
       "the implementation to test; without it, our own layers in this process"},
      {"expect", 0, APP_ARG_TEXT, &o->expect, 0, 0, "FILE",
       "known failures of that implementation; an entry that no case has is an error (exit 2)"},
      {"case-timeout", 0, APP_ARG_TEXT, &o->limit, 0, 0, "S", "seconds for one case (5)"},
      {"start-timeout", 0, APP_ARG_TEXT, &o->start, 0, 0, "S",
       "seconds for the first answer of a shim that was started (30)"},
      {"format", 0, APP_ARG_TEXT, &o->format, 0, 0, "F", "table, tap, junit or json (table)"},
      {"strict-errors", 0, APP_ARG_FLAG, &o->strict, 0, 0, NULL, "the class of a refusal counts too"},
      {"verbose", 'v', APP_ARG_FLAG, &o->verbose, 0, 0, NULL, "name what is unsupported or failed as expected"},
      {"session", 0, APP_ARG_FLAG, &o->session, 0, 0, NULL,
       "replay the recorded sessions in DIR... instead (made by --record); with --shim, ask it what is in them"},
      {"live", 0, APP_ARG_TEXT, &o->live, 0, 0, "MULTIADDR",
       "instead: dial this webrtc-direct listener, show what it does"},
      {"live-listen", 0, APP_ARG_TEXT, &o->live_listen, 0, 0, "MULTIADDR",
       "instead: wait there for a dialer (two minutes)"},
      {"direct-version", 0, APP_ARG_NUMBER, &o->version, 1, 2, "N", "of webrtc-direct, with --live (1)"},
      {"live-close-wait", 0, APP_ARG_NUMBER, &o->close_wait, 0, 3600, "S",
       "with --live, --live-listen: seconds for the peer to close by itself, to see that it says so (2)"},
      {"json", 0, APP_ARG_FLAG, &o->json, 0, 0, NULL, "with --live, --live-listen: one JSON object per behaviour"},
  };
  const app_usage u = {
      "weft conform",
      "[OPTIONS] [--session DIR...]",
      "Runs conformance vectors. Exit 0: all passed or as expected; 1: an unexpected result, an unexpected pass too;\n"
      "2: a file or an option is wrong. Without --shim a crash or hang of our own layers ends the run (1) and is "
      "named;\n"
      "--shim weft-shim goes on behind it. 'weft conform --session DIR...' replays recorded sessions instead,\n"
      "'weft conform --live MULTIADDR' or '--live-listen MULTIADDR' shows what a running peer does.\n"
      "A session replays in the modes that vectors/README.md gives: exact (the same bytes from us again), decode\n"
      "(the same fields, and the same bytes from them), reach (as far as it went; the bytes are free).",
      table,
      sizeof table / sizeof *table,
      (size_t)argc,
      "  weft conform --shim 'python3 my_shim.py' --layer stun\n"
      "  weft conform --session vectors/recorded --layer sctp\n"
      "  weft conform --session vectors/recorded --shim 'python3 my_shim.py'\n"
      "  weft conform --live /ip4/127.0.0.1/udp/4001/webrtc-direct/certhash/uEi.../p2p/12D3Koo...\n"
      "  weft conform --live-listen /ip4/127.0.0.1/udp/0/webrtc-direct\n"};
  return app_args_parse(&u, argc, argv, args);
}

static int run_cases(const options *o, mode m, const char *const *args, int n) {
  static conform_run r;
  r = (conform_run){.layer = o->layer, .filter = o->filter, .strict = o->strict};
  if (!read_format(o->format ? o->format : "table", &r.reporter.format) || !check_shim(o->shim) ||
      !read_limit("--case-timeout", o->limit ? o->limit : "5", &r.child.limit_ms) ||
      !read_limit("--start-timeout", o->start ? o->start : "30", &r.child.start_ms) ||
      !conform_expect_load(&r.expectations, o->expect))
    return APP_EXIT_USAGE;
  r.child.command = o->shim;
  r.reporter.verbose = o->verbose;
  int rc = m == SESSION ? weft_replay(&r, args, (size_t)n) : run_vectors(&r, o);
  conform_expect_free(&r.expectations);
  return rc;
}

static int run_mode(const options *o, const char *const *args, int n) {
  mode m;
  if (!one_mode(o, &m) || !options_fit(o, m) || !arguments_fit(m, args, n)) return APP_EXIT_USAGE;
  if (m == CASES || m == SESSION) return run_cases(o, m, args, n);
  return weft_live(o->live, o->live_listen, (unsigned)o->version.value, (unsigned)o->close_wait.value, o->json);
}

int weft_conform(int argc, char **argv) {
  options o = {.version = {1, false}, .close_wait = {2, false}};
  const char **args = calloc((size_t)argc + 1, sizeof *args);
  if (!args) return APP_EXIT_INTERNAL;
  int n = parse(&o, argc, argv, args);
  int rc = n == APP_ARGS_DONE ? APP_EXIT_OK : n < 0 ? APP_EXIT_USAGE : run_mode(&o, args, n);
  free(args);
  return rc;
}
