/* weft conform: runs the cases of vectors/v1 against our own layers, or against any implementation through a shim; replays sessions; looks at a peer. */
#define _POSIX_C_SOURCE 200809L
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/args.h"
#include "apps/conform/judge.h"
#include "apps/node.h"
#include "apps/weft.h"

/* A shim that answers nothing must not cost the time limit thousands of times. */
enum { HANGS_MAX = 10 };

typedef struct options {
  const char *layer, *dir, *shim, *format, *limit, *start, *expect, *filter;
  app_list files;
  bool verbose, strict;
  bool session, json;
  const char *live, *live_listen;
  app_number version;
} options;

typedef struct run {
  options o;
  conform_reporter reporter;
  conform_expectations expectations;
  conform_child child;
  unsigned hangs;
  bool bad_file;
} run;

/* ---- our own layers, in this process: a crash or a hang ends it, and says where ---- */

static char under_way[512];

static void ends_here(int sig) {
  static const char hang[] = "hang: ", crash[] = "crash: ";
  ssize_t n =
      sig == SIGALRM ? write(STDERR_FILENO, hang, sizeof hang - 1) : write(STDERR_FILENO, crash, sizeof crash - 1);
  if (n > 0) n = write(STDERR_FILENO, under_way, strlen(under_way));
  (void)n;
  _exit(APP_EXIT_INTERNAL);
}

/* A sanitizer's own handlers stay. */
static void watch(void) {
  static const int signals[] = {SIGALRM, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    struct sigaction old, now = {.sa_handler = ends_here};
    if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) sigaction(signals[i], &now, NULL);
  }
}

static void ask_ourselves(const conform_file *f, const conform_case *c, int limit_ms, conform_answer *a) {
  struct itimerval limit = {{0, 0}, {limit_ms / 1000, limit_ms % 1000 * 1000}}, none = {{0, 0}, {0, 0}};
  snprintf(under_way, sizeof under_way, "%s:%d: %s\n", f->path, c->line, c->id);
  *a = (conform_answer){.out = json_new(JSON_OBJECT)};
  setitimer(ITIMER_REAL, &limit, NULL);
  a->status = conform_op(c->op, c->in, a->out);
  setitimer(ITIMER_REAL, &none, NULL);
}

/* ---- one case ---- */

static void ask(run *r, const conform_file *f, const conform_case *c, conform_answer *a) {
  if (!r->o.shim) {
    ask_ourselves(f, c, r->child.limit_ms, a);
    return;
  }
  if (r->hangs < HANGS_MAX) {
    conform_child_ask(&r->child, c->op, c->in, a);
    r->hangs = a->outcome == CONFORM_HUNG ? r->hangs + 1 : 0;
    return;
  }
  *a = (conform_answer){.outcome = CONFORM_HUNG};
  snprintf(a->why, sizeof a->why, "not asked: the %d cases before it had no answer", HANGS_MAX);
}

/* Nothing was asked, and nothing is to be counted. */
static bool no_shim(const run *r) {
  if (!r->child.not_started) return false;
  fprintf(stderr,
          "weft conform: --shim: the command could not be started (the shell's exit status is %d): %s\n"
          "Check its path and that it may be executed; it runs in this folder through sh -c.\n",
          WEXITSTATUS(r->child.status), r->child.command);
  return true;
}

static void run_case(run *r, const conform_file *f, const conform_case *c) {
  char why[400];
  conform_answer a;
  ask(r, f, c, &a);
  if (r->child.not_started) {
    conform_answer_free(&a);
    return;
  }
  conform_report one = {.file = f, .c = c, .verdict = conform_judge(c, &a, r->o.strict, why, sizeof why), .why = why};
  conform_expected *e = conform_expect_find(&r->expectations, f->type, c->id);
  one.expected = e;
  if (e) e->seen++;
  if (one.verdict == CONFORM_SKIP)
    one.failed = r->expectations.listed && (!e || strcmp(e->outcome, "unsupported") != 0);
  else if (one.verdict == CONFORM_PASS)
    one.failed = e != NULL;
  else
    one.failed = !e || strcmp(e->outcome, conform_verdict_name(one.verdict)) != 0;
  conform_report_case(&r->reporter, &one);
  conform_answer_free(&a);
}

/* ---- files ---- */

static bool chosen(const run *r, const conform_file *f, const conform_case *c) {
  if (r->o.layer && strcmp(r->o.layer, f->layer) != 0) return false;
  return !r->o.filter || strstr(c->id, r->o.filter) || strstr(c->op, r->o.filter);
}

static conform_tally minus(conform_tally a, const conform_tally *b) {
  return (conform_tally){a.cases - b->cases, a.passed - b->passed, a.failed - b->failed, a.unsupported - b->unsupported,
                         a.expected - b->expected};
}

static void run_file(run *r, const char *path) {
  conform_file f;
  conform_tally before = r->reporter.total;
  if (!conform_file_load(&f, path, stderr)) {
    r->bad_file = true;
  } else {
    for (size_t i = 0; i < f.cases_len && !r->child.not_started; i++)
      if (chosen(r, &f, &f.cases[i])) run_case(r, &f, &f.cases[i]);
    conform_tally t = minus(r->reporter.total, &before);
    if (t.cases > 0) conform_report_file(&r->reporter, &f, &t);
  }
  conform_file_free(&f);
}

static bool run_folder(run *r) {
  char pattern[1024];
  glob_t found;
  snprintf(pattern, sizeof pattern, "%s/*.json", r->o.dir);
  if (glob(pattern, 0, NULL, &found) != 0) {
    fprintf(stderr, "weft conform: no *.json in %s; name files with --file, or the folder with --dir\n", r->o.dir);
    return false;
  }
  for (size_t i = 0; i < found.gl_pathc; i++) run_file(r, found.gl_pathv[i]);
  globfree(&found);
  return true;
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
  if (*end == '\0' && *ms > 0) return true;
  fprintf(stderr, "weft conform: %s is a number of seconds up to 3600, not '%s'\n", option, text);
  return false;
}

/* An expectation that no case had is stale; where only some cases were run, it may be of another. */
static bool has_stale(const run *r) {
  bool all = !r->o.layer && !r->o.filter && r->o.files.len == 0;
  return all && conform_expect_unused(&r->expectations) > 0;
}

static int run_all(run *r) {
  bool found = true;
  conform_report_begin(&r->reporter);
  for (size_t i = 0; i < r->o.files.len; i++) run_file(r, r->o.files.items[i]);
  if (r->o.files.len == 0) found = run_folder(r);
  conform_child_end(&r->child);
  if (no_shim(r)) return APP_EXIT_USAGE;
  bool stale = found && !r->bad_file && has_stale(r);
  conform_report_end(&r->reporter);
  if (r->bad_file || !found || stale) return APP_EXIT_USAGE;
  if (r->reporter.total.cases == 0) {
    fputs("weft conform: no case was chosen\n", stderr);
    return APP_EXIT_USAGE;
  }
  return r->reporter.total.failed > 0 ? APP_EXIT_INTERNAL : APP_EXIT_OK;
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
      {"--filter", o->filter != NULL, CASES},
      {"--shim", o->shim != NULL, CASES},
      {"--expect", o->expect != NULL, CASES},
      {"--case-timeout", o->limit != NULL, CASES},
      {"--start-timeout", o->start != NULL, CASES},
      {"--format", o->format != NULL, CASES},
      {"--strict-errors", o->strict, CASES},
      {"--verbose", o->verbose, CASES},
      {"--direct-version", o->version.given, LIVE | LIVE_LISTEN},
      {"--json", o->json, LIVE | LIVE_LISTEN},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (!table[i].given || (table[i].modes & m)) continue;
    if (m == SESSION)
      return refuse("--session", table[i].name, "sessions are replayed by our own layers and reported as a table");
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
       "replay the recorded sessions in DIR... instead (made by --record)"},
      {"live", 0, APP_ARG_TEXT, &o->live, 0, 0, "MULTIADDR",
       "instead: dial this webrtc-direct listener, show what it does"},
      {"live-listen", 0, APP_ARG_TEXT, &o->live_listen, 0, 0, "MULTIADDR",
       "instead: wait there for a dialer (two minutes)"},
      {"direct-version", 0, APP_ARG_NUMBER, &o->version, 1, 2, "N", "of webrtc-direct, with --live (1)"},
      {"json", 0, APP_ARG_FLAG, &o->json, 0, 0, NULL, "with --live, --live-listen: one JSON object per behaviour"},
  };
  const app_usage u = {
      "weft conform",
      "[OPTIONS] [--session DIR...]",
      "Runs conformance vectors. Exit 0: all passed or as expected; 1: an unexpected result, an unexpected pass too;\n"
      "2: a file or an option is wrong. 'weft conform --session DIR...' replays recorded sessions instead,\n"
      "'weft conform --live MULTIADDR' or '--live-listen MULTIADDR' shows what a running peer does.\n"
      "A session replays in the modes that vectors/README.md gives: exact (the same bytes from us again), decode\n"
      "(the same fields, and the same bytes from them), reach (as far as it went; the bytes are free).",
      table,
      sizeof table / sizeof *table,
      (size_t)argc,
      "  weft conform --shim 'python3 my_shim.py' --layer stun\n"
      "  weft conform --session vectors/recorded --layer sctp\n"
      "  weft conform --live /ip4/127.0.0.1/udp/4001/webrtc-direct/certhash/uEi.../p2p/12D3Koo...\n"
      "  weft conform --live-listen /ip4/127.0.0.1/udp/0/webrtc-direct\n"};
  return app_args_parse(&u, argc, argv, args);
}

static int run_cases(run *r) {
  options *o = &r->o;
  if (!o->dir) o->dir = "vectors/v1";
  if (!read_format(o->format ? o->format : "table", &r->reporter.format) || !check_shim(o->shim) ||
      !read_limit("--case-timeout", o->limit ? o->limit : "5", &r->child.limit_ms) ||
      !read_limit("--start-timeout", o->start ? o->start : "30", &r->child.start_ms) ||
      !conform_expect_load(&r->expectations, o->expect))
    return APP_EXIT_USAGE;
  r->child.command = o->shim;
  r->reporter.verbose = o->verbose;
  if (!o->shim) watch();
  int rc = run_all(r);
  conform_expect_free(&r->expectations);
  return rc;
}

static int run_mode(run *r, const char *const *args, int n) {
  const options *o = &r->o;
  mode m;
  if (!one_mode(o, &m) || !options_fit(o, m) || !arguments_fit(m, args, n)) return APP_EXIT_USAGE;
  if (m == CASES) return run_cases(r);
  if (m == SESSION) return weft_replay(args, (size_t)n, o->layer);
  return weft_live(o->live, o->live_listen, (unsigned)o->version.value, o->json);
}

int weft_conform(int argc, char **argv) {
  static run r;
  const char **args = calloc((size_t)argc + 1, sizeof *args);
  if (!args) return APP_EXIT_INTERNAL;
  r.o = (options){.version = {1, false}};
  int n = parse(&r.o, argc, argv, args);
  int rc = n == APP_ARGS_DONE ? APP_EXIT_OK : n < 0 ? APP_EXIT_USAGE : run_mode(&r, args, n);
  free(args);
  return rc;
}
