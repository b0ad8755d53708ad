/* weft conform --session: recorded sessions, replayed by our own layers and put as questions to an implementation. */
#define _GNU_SOURCE
#include <dirent.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apps/conform/guard.h"
#include "apps/conform/questions.h"
#include "apps/conform/run.h"
#include "apps/node.h"
#include "apps/replay.h"
#include "apps/weft.h"

enum { DEPTH = 4, MODES = 3 };

typedef struct found {
  conform_run *run;
  session_report replay;
  unsigned sessions;
  /* of the session under way */
  conform_file cut;              /* no cases in it: those of the replay are made one by one */
  unsigned *times[SESSION_CUTS]; /* by line and mode: how often a case has been named so */
} found;

/* ---- our own layers: the replay ---- */

static void count_none(found *f, const session *s) {
  for (int i = 0; i < SESSION_CUTS; i++) {
    const session_cut *c = &s->cuts[i];
    int lines = c->len > 0 ? c->units[c->len - 1].line : 0;
    f->times[i] = calloc((size_t)(lines + 1) * MODES, sizeof *f->times[i]);
    if (!f->times[i]) abort();
  }
}

static void on_case(void *user, const session *s, session_cut_name cut, const session_unit *u, session_mode mode,
                    bool good, const char *what) {
  static const char *const ops[] = {"replay.exact", "replay.decode", "replay.reach"};
  found *f = user;
  char path[1200], id[96];
  int line = u ? u->line : 0;
  unsigned nth = ++f->times[cut][line * MODES + (int)mode];
  snprintf(path, sizeof path, "%s/%s.jsonl", s->dir, session_cut_names[cut]);
  int n = snprintf(id, sizeof id, "%s/%d/%s", session_cut_names[cut], line, ops[mode]);
  if (nth > 1) snprintf(id + n, sizeof id - (size_t)n, ".%u", nth);
  f->cut.path = path;
  f->cut.layer = session_cut_names[cut];
  conform_run_found(f->run, &f->cut, &(conform_case){.id = id, .op = ops[mode], .comment = "", .line = line}, good,
                    what);
}

static void replay(found *f, const session *s, const char *name) {
  count_none(f, s);
  f->cut = (conform_file){.type = name};
  f->replay.on_case = on_case;
  f->replay.user = f;
  conform_guard_enter(s->dir, 0, "replay", 0);
  session_replay(s, &f->replay);
  conform_guard_leave();
  for (int i = 0; i < SESSION_CUTS; i++) free(f->times[i]);
}

/* ---- a session ---- */

/* The last two parts of the path, as in vectors/recorded: <implementation>-<version>/<scenario>. */
static void name_of(const char *dir, char *out, size_t cap) {
  char real[PATH_MAX];
  const char *at = dir + strlen(dir);
  while (at > dir && at[-1] == '/') at--;
  size_t end = (size_t)(at - dir);
  if (strncmp(dir, ".", end) == 0 || (end >= 2 && strncmp(dir + end - 2, "..", 2) == 0)) {
    dir = realpath(dir, real) ? real : dir;
    end = strlen(dir);
  }
  size_t start = end;
  for (int parts = 2; start > 0 && (dir[start - 1] != '/' || --parts > 0); start--) continue;
  snprintf(out, cap, "%.*s", (int)(end - start), dir + start);
}

static void run_session(found *f, const char *dir) {
  char why[1200], name[256];
  session s;
  conform_tally before = f->run->reporter.total;
  f->sessions++;
  if (session_load(&s, dir, why, sizeof why) != WEFT_OK) {
    fprintf(stderr, "weft conform: %s\n", why);
    f->run->bad = true;
    session_free(&s);
    return;
  }
  name_of(dir, name, sizeof name);
  conform_expect_due(&f->run->expectations, name);
  if (!f->run->child.command) replay(f, &s, name);
  for (int cut = 0; cut < SESSION_CUTS && !conform_run_is_over(f->run); cut++) {
    conform_file *file = conform_questions(&s, name, (session_cut_name)cut);
    conform_run_file(f->run, file);
    conform_questions_free(file);
  }
  conform_run_row(f->run, name, &before);
  session_free(&s);
}

/* ---- folders ---- */

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static char **names_in(const char *dir, size_t *n) {
  DIR *d = opendir(dir);
  char **names = NULL;
  *n = 0;
  for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
    if (e->d_name[0] == '.') continue;
    char **more = realloc(names, (*n + 1) * sizeof *names), *name = strdup(e->d_name);
    if (more) names = more;
    if (!more || !name) break;
    names[(*n)++] = name;
  }
  if (d) closedir(d);
  if (*n > 0) qsort(names, *n, sizeof *names, by_name);
  return names;
}

/* A folder with a session.json is a session; others are looked into, links are not followed. */
static void look(found *f, const char *dir, int depth) {
  char path[1024];
  struct stat st;
  size_t n;
  snprintf(path, sizeof path, "%s/session.json", dir);
  if (stat(path, &st) == 0) {
    run_session(f, dir);
    return;
  }
  if (depth == 0) return;
  char **names = names_in(dir, &n);
  for (size_t i = 0; i < n; i++) {
    int len = snprintf(path, sizeof path, "%s/%s", dir, names[i]);
    if (len < (int)sizeof path && lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) look(f, path, depth - 1);
    free(names[i]);
  }
  free(names);
}

static bool known_layer(const char *layer) {
  if (!layer) return true;
  for (int i = 0; i < SESSION_CUTS; i++)
    if (strcmp(layer, session_cut_names[i]) == 0) return true;
  fprintf(stderr, "weft conform: --layer '%s': the cuts of a session are", layer);
  for (int i = 0; i < SESSION_CUTS; i++) fprintf(stderr, "%s %s", i > 0 ? "," : "", session_cut_names[i]);
  fputs("\n", stderr);
  return false;
}

int weft_replay(conform_run *r, const char *const *dirs, size_t n) {
  found f = {.run = r};
  bool table = r->reporter.format == CONFORM_TABLE;
  if (!known_layer(r->layer)) return APP_EXIT_USAGE;
  if (sodium_init() < 0) return APP_EXIT_INTERNAL;
  r->reporter.title = "sessions";
  r->reporter.width = 48;
  conform_run_begin(r);
  for (size_t i = 0; i < n && !conform_run_is_over(r); i++) {
    unsigned before = f.sessions;
    look(&f, dirs[i], DEPTH);
    if (f.sessions == before) {
      fprintf(stderr, "weft conform: %s: no session.json there or below\n", dirs[i]);
      r->bad = true;
    }
  }
  const unsigned *by_mode = f.replay.by_mode;
  if (!r->child.command)
    fprintf(table ? stdout : stderr, "%u sessions: %u exact, %u decode, %u reach; and the questions a shim is asked\n",
            f.sessions, by_mode[0], by_mode[1], by_mode[2]);
  return conform_run_end(r, !r->layer && !r->filter);
}
