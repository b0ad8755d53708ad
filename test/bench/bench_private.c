/* How long two programs on one machine take from nothing to the first byte of their chat, through a relay and then directly: relay, signaling, ICE,
 * DTLS and SCTP, first byte; each from the moment its event is read. JSON lines on stdout, a table on stderr. BIN: where the programs are. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/clock.h"

enum { RUNS = 100, LINE_MAX_LEN = 4096 };

/* The event that ends each part; the first begins the first. */
static const struct part {
  const char *name, *mark;
} parts[] = {
    {"start", "\"event\":\"connecting\""},           {"relay", "\"path\":\"relayed\",\"dir\":\"out\""},
    {"signaling", "\"step\":\"answer received\""},   {"ice", "\"step\":\"path found\""},
    {"dtls", "\"path\":\"direct\",\"dir\":\"out\""}, {"first byte", "\"event\":\"message\""},
};
enum { PARTS = sizeof parts / sizeof parts[0] };

typedef struct child {
  pid_t pid;
  FILE *out;
} child;

static char bin[1024];

static child run(const char *program, char *const argv[]) {
  char path[1200];
  int fd[2];
  child c = {-1, NULL};
  snprintf(path, sizeof path, "%s/%s", bin, program);
  if (pipe2(fd, O_CLOEXEC) != 0) exit(1);
  c.pid = fork();
  if (c.pid == 0) {
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(fd[1], 1) < 0 || dup2(null, 2) < 0) _exit(127);
    execv(path, argv);
    _exit(127);
  }
  close(fd[1]);
  c.out = fdopen(fd[0], "r");
  if (c.pid < 0 || !c.out) exit(1);
  return c;
}

/* Reads on until a line like that; false at the end. */
static bool wait_for(child *c, const char *mark, char *line) {
  while (fgets(line, LINE_MAX_LEN, c->out))
    if (strstr(line, mark)) return true;
  return false;
}

static int end(child *c, int signo) {
  int status = 0;
  if (signo) kill(c->pid, signo);
  waitpid(c->pid, &status, 0);
  fclose(c->out);
  return status;
}

static int compare(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

static double percentile(double *v, size_t n, double p) {
  qsort(v, n, sizeof *v, compare);
  size_t i = (size_t)(p * (double)n);
  return v[i < n ? i : n - 1];
}

/* One dial; false: it did not go as it should. */
static bool dial(double took[PARTS]) {
  static char *const argv[] = {"webrtc-p2p-peer", "-m", "dial", "--json", "--bind", "127.0.0.1", "--send", "x", NULL};
  char line[LINE_MAX_LEN];
  child c = run("webrtc-p2p-peer", argv);
  weft_time last = 0, first = 0;
  bool good = true;
  for (int i = 0; i < PARTS && good; i++) {
    good = wait_for(&c, parts[i].mark, line);
    weft_time now = app_clock_now();
    if (i == 0) first = now;
    took[i] = i == 0 ? 0 : (double)(now - last) / 1000.0;
    last = now;
  }
  took[0] = (double)(last - first) / 1000.0;
  return end(&c, good ? 0 : SIGKILL) == 0 && good;
}

static void report(double took[PARTS][RUNS], size_t n) {
  for (int i = 0; i < PARTS; i++) {
    const char *name = i == 0 ? "total" : parts[i].name;
    double median = percentile(took[i], n, 0.5), p99 = percentile(took[i], n, 0.99);
    printf("{\"bench\":\"private_setup\",\"part\":\"%s\",\"runs\":%zu,\"median_ms\":%.2f,\"p99_ms\":%.2f}\n", name, n,
           median, p99);
    fprintf(stderr, "private to private, %-10s %7.2f ms median, %7.2f ms p99\n", name, median, p99);
  }
}

static void use_directory(char *dir) {
  const char *given = getenv("BIN");
  if (!realpath(given ? given : "build/bin", bin) || !mkdtemp(dir) || chdir(dir) != 0) {
    fprintf(stderr, "bench_private: no programs; BIN says where they are\n");
    exit(1);
  }
}

int main(void) {
  static char *const relay_argv[] = {"webrtc-p2p-relay", "-p", "0", "--json", NULL};
  static char *const alice_argv[] = {"webrtc-p2p-peer", "-m",     "listen",    "--json",
                                     "--echo",          "--bind", "127.0.0.1", NULL};
  static double took[PARTS][RUNS];
  char dir[] = "/tmp/bench_private.XXXXXX", line[LINE_MAX_LEN];
  size_t n = 0;
  use_directory(dir);
  child relay = run("webrtc-p2p-relay", relay_argv);
  bool up = wait_for(&relay, "\"event\":\"listening\"", line);
  for (int i = 0; i < 200 && access("relay_addr.json", R_OK) != 0; i++) usleep(10000);
  child alice = run("webrtc-p2p-peer", alice_argv);
  up = up && wait_for(&alice, "\"event\":\"listening\"", line);
  for (int i = 0; i < 200 && access("alice_webrtc_addr.json", R_OK) != 0; i++) usleep(10000);
  /* Nobody reads Alice's events any more: a pipe has room for some of them, so she gets a reader of her own. */
  pid_t drain = fork();
  if (drain == 0) {
    while (fgets(line, sizeof line, alice.out)) continue;
    _exit(0);
  }
  for (int i = 0; i < RUNS && up; i++) {
    double one[PARTS];
    if (!dial(one)) continue;
    for (int k = 0; k < PARTS; k++) took[k][n] = one[k];
    n++;
  }
  end(&alice, SIGTERM);
  end(&relay, SIGTERM);
  if (drain > 0) waitpid(drain, NULL, 0);
  if (chdir("/") == 0) rmdir(dir);
  if (n < RUNS) fprintf(stderr, "bench_private: %zu of %d dials went as they should\n", n, RUNS);
  if (n > 0) report(took, n);
  return n == RUNS ? 0 : 1;
}
