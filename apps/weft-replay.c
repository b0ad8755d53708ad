/* weft conform --session: replays recorded sessions with our own layers. */
#define _GNU_SOURCE
#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apps/node.h"
#include "apps/replay.h"
#include "apps/weft.h"

enum { DEPTH = 4 };

typedef struct found {
  session_report report;
  unsigned sessions;
  bool bad;
} found;

static void replay(found *f, const char *dir) {
  char why[1200];
  session s;
  session_report before = f->report;
  f->sessions++;
  if (session_load(&s, dir, why, sizeof why) == WEFT_OK) {
    session_replay(&s, &f->report);
    unsigned cases = f->report.cases - before.cases, failed = f->report.failed - before.failed;
    printf("%-64s %6u %6u %6u %6u\n", dir, cases, f->report.by_mode[0] - before.by_mode[0],
           f->report.by_mode[1] - before.by_mode[1], failed);
  } else {
    fprintf(stderr, "weft conform: %s\n", why);
    f->bad = true;
  }
  session_free(&s);
}

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

/* A folder with a session.json is a session; others are looked into. */
static void look(found *f, const char *dir, int depth) {
  char path[1024];
  struct stat st;
  size_t n;
  snprintf(path, sizeof path, "%s/session.json", dir);
  if (stat(path, &st) == 0) {
    replay(f, dir);
    return;
  }
  if (depth == 0) return;
  char **names = names_in(dir, &n);
  for (size_t i = 0; i < n; i++) {
    int len = snprintf(path, sizeof path, "%s/%s", dir, names[i]);
    if (len < (int)sizeof path && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) look(f, path, depth - 1);
    free(names[i]);
  }
  free(names);
}

static bool known_layer(const char *layer) {
  if (!layer) return true;
  for (int i = 0; i < SESSION_CUTS; i++)
    if (strcmp(layer, session_cut_names[i]) == 0) return true;
  fprintf(stderr,
          "weft conform: --layer '%s': the cuts of a session are udp, stun, dtls, sctp, dcep, messages, streams\n",
          layer);
  return false;
}

int weft_replay(const char *const *dirs, size_t n, const char *layer) {
  found f = {.report = {.out = stdout, .layer = layer}};
  if (!known_layer(layer)) return APP_EXIT_USAGE;
  if (sodium_init() < 0) return APP_EXIT_INTERNAL;
  printf("%-64s %6s %6s %6s %6s\n", "sessions", "cases", "exact", "decode", "failed");
  for (size_t i = 0; i < n; i++) {
    unsigned before = f.sessions;
    look(&f, dirs[i], DEPTH);
    if (f.sessions == before) {
      fprintf(stderr, "weft conform: %s: no session.json there or below\n", dirs[i]);
      f.bad = true;
    }
  }
  const session_report *r = &f.report;
  printf("%u sessions: %u exact, %u decode, %u reach\n", f.sessions, r->by_mode[0], r->by_mode[1], r->by_mode[2]);
  printf("%u cases, %u passed, %u failed\n", r->cases, r->passed, r->failed);
  if (f.bad) return APP_EXIT_USAGE;
  return r->failed > 0 ? APP_EXIT_INTERNAL : APP_EXIT_OK;
}
