/* A main for fuzz targets without libFuzzer: runs every file of the given folders, and of each some variations that the
 * same file always gives (bytes flipped, cut, doubled).
 *
 *   fuzz_stun [--variations N] test/fuzz/corpus/stun [FILE...]
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/support/hex.h"
#include "test/support/rng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_GROWTH = 64 };

static char current[512];
static volatile sig_atomic_t variation;
static unsigned long runs, variations = 100;

/* Only what may be called from a signal handler. */
static void on_crash(int sig) {
  ssize_t ignored = write(STDERR_FILENO, "crashed on ", 11);
  ignored = write(STDERR_FILENO, current, strlen(current));
  ignored = write(STDERR_FILENO, variation ? " (varied)\n" : "\n", variation ? 10 : 1);
  (void)ignored;
  signal(sig, SIG_DFL);
  raise(sig);
}

/* An exact copy, so that reading past the end is seen by a sanitizer. */
static void run(const uint8_t *data, size_t n) {
  uint8_t *copy = malloc(n ? n : 1);
  if (!copy) exit(EXIT_FAILURE);
  if (n > 0) memcpy(copy, data, n);
  LLVMFuzzerTestOneInput(copy, n);
  free(copy);
  runs++;
}

static size_t vary_once(test_rng *r, uint8_t *p, size_t n) {
  size_t at = n ? test_rng_below(r, (uint32_t)n) : 0;
  switch (test_rng_below(r, 6)) {
  case 0: return at;
  case 1:
    if (n) p[at] ^= (uint8_t)(1u << test_rng_below(r, 8));
    return n;
  case 2:
    if (n) p[at] = (uint8_t)test_rng_u64(r);
    return n;
  case 3:
    if (n) p[at] = test_rng_chance(r, 50) ? 0xff : 0;
    return n;
  case 4:
    if (n) memmove(p + at, p + at + 1, n - at - 1);
    return n ? n - 1 : 0;
  default:
    memmove(p + at + 1, p + at, n - at);
    p[at] = (uint8_t)test_rng_u64(r);
    return n + 1;
  }
}

static void run_variations(const uint8_t *data, size_t n, uint64_t seed) {
  test_rng r;
  uint8_t *p = malloc(n + MAX_GROWTH);
  if (!p) exit(EXIT_FAILURE);
  test_rng_init(&r, seed);
  for (unsigned long i = 0; i < variations; i++) {
    size_t m = n;
    if (n > 0) memcpy(p, data, n);
    for (uint32_t k = 1 + test_rng_below(&r, 8); k > 0; k--) m = vary_once(&r, p, m);
    variation = 1;
    run(p, m);
  }
  variation = 0;
  free(p);
}

static void run_file(const char *path, uint64_t seed) {
  size_t n;
  uint8_t *data = file_bytes(path, &n);
  snprintf(current, sizeof current, "%s", path);
  if (!data) {
    fprintf(stderr, "%s: cannot be read\n", path);
    exit(EXIT_FAILURE);
  }
  run(data, n);
  run_variations(data, n, seed);
  free(data);
}

static int not_hidden(const struct dirent *e) { return e->d_name[0] != '.'; }

static unsigned run_dir(const char *path) {
  struct dirent **names;
  int n = scandir(path, &names, not_hidden, alphasort);
  for (int i = 0; i < n; i++) {
    char file[512];
    snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
    run_file(file, (uint64_t)i);
    free(names[i]);
  }
  if (n >= 0) free(names);
  return n > 0 ? (unsigned)n : 0;
}

int main(int argc, char **argv) {
  unsigned files = 0;
  signal(SIGSEGV, on_crash);
  signal(SIGABRT, on_crash);
  run((const uint8_t *)"", 0);
  run_variations((const uint8_t *)"", 0, 0);
  for (int i = 1; i < argc; i++) {
    struct stat st;
    if (strcmp(argv[i], "--variations") == 0 && i + 1 < argc) {
      variations = strtoul(argv[++i], NULL, 10);
    } else if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode)) {
      files += run_dir(argv[i]);
    } else if (stat(argv[i], &st) == 0) {
      run_file(argv[i], 0);
      files++;
    }
  }
  printf("%u files, %lu inputs\n", files, runs);
  return EXIT_SUCCESS;
}
