/* A circuit of webrtc-p2p-relay beside a plain copy between two TCP connections, each in a process of its own, both ends in this thread: bytes a
 * second and CPU per GB of the process in the middle; and what many idle circuits hold. JSON lines on stdout, a table on stderr.
 *   BIN: the directory of the programs (build/bin) */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/clock.h"
#include "apps/sockaddr.h"
#include "test/support/relay_end.h"

enum { MIB = 512, CHUNK = 65536, HELD = 400, AT_ONCE = 40 };
#define TOTAL ((uint64_t)MIB * 1024 * 1024)
#define RUN_LIMIT WEFT_SEC(120)

typedef struct pair {
  relay_end alice, bob;
} pair;

static app_loop loop;
static app_tcp_pool pool;
static relay_child middle; /* the relay, or the copying process, whose id alone is then used */
static weft_rng rng;
static pair pairs[HELD];
static size_t wanted, started, ready, circuits;
static bool carrying;
static uint8_t payload[CHUNK];
static weft_time began, give_up;

static void die(const char *what) {
  fprintf(stderr, "bench_relay: %s\n", what);
  exit(1);
}

static weft_time deadline(const void *user) {
  (void)user;
  return give_up;
}

static void tick(void *user, weft_time now) {
  (void)user, (void)now;
  die("not done in time");
}

static void begin_loop(void) {
  if (app_loop_init(&loop) != WEFT_OK || app_tcp_pool_init(&pool, &loop) != WEFT_OK) die("no loop");
  app_loop_timer(&loop, deadline, tick, NULL);
  give_up = app_clock_now() + RUN_LIMIT;
}

static void end_loop(void) {
  app_tcp_pool_end(&pool);
  app_loop_end(&loop);
}

static void print_speed(const char *row, double seconds, double cpu) {
  double gb = (double)TOTAL / 1e9;
  printf("{\"bench\":\"relay\",\"row\":\"%s\",\"mib\":%d,\"mib_per_s\":%.0f,\"middle_cpu_s_per_gb\":%.2f}\n", row, MIB,
         MIB / seconds, cpu / gb);
  fprintf(stderr, "%-24s %8.0f MiB/s %8.2f s of CPU per GB in the middle\n", row, MIB / seconds, cpu / gb);
}

/* ---- a circuit ----------------------------------------------------------------------------------------------------------------------- */

static const relay_end_callbacks callbacks;

static void start_next(weft_time now) {
  if (started == 2 * wanted) return;
  pair *p = &pairs[started / 2];
  relay_end *e = started % 2 == 0 ? &p->alice : &p->bob;
  started++;
  if (relay_end_start(e, &pool, &middle, &rng, &callbacks, p, now) != WEFT_OK) die("cannot connect");
}

static void set_up_done(weft_time now) {
  ready++;
  start_next(now);
  if (ready == 2 * wanted) app_loop_stop(&loop, 0);
}

static void on_ready(relay_end *e, weft_time now) {
  if (e == &((pair *)e->user)->alice)
    relay_end_reserve(e, now);
  else
    set_up_done(now);
}

static void on_reserved(relay_end *e, weft_time now) {
  (void)e;
  set_up_done(now);
}

static void push(relay_end *e, weft_time now) {
  while (carrying && e->circuit && e->sent < TOTAL) {
    size_t n = TOTAL - e->sent < CHUNK ? (size_t)(TOTAL - e->sent) : CHUNK;
    ptrdiff_t took = app_stream_send(e->circuit, payload, n, now);
    if (took <= 0) return;
    e->sent += (uint64_t)took;
  }
}

static void on_circuit(relay_end *e, weft_time now) {
  (void)now;
  if (e == &((pair *)e->user)->bob && ++circuits == wanted) app_loop_stop(&loop, 0);
}

static void on_data(relay_end *e, const uint8_t *data, size_t len, weft_time now) {
  (void)data, (void)len, (void)now;
  if (e->got == TOTAL) app_loop_stop(&loop, 0);
}

static void on_writable(relay_end *e, weft_time now) { push(e, now); }

static void on_failed(relay_end *e, int status, const char *what, weft_time now) {
  (void)e, (void)status, (void)now;
  die(what);
}

static const relay_end_callbacks callbacks = {on_ready, on_reserved, on_circuit, on_data, on_writable, NULL, on_failed};

static void run(void) {
  loop.stopped = false;
  if (app_loop_run(&loop) != 0) die("the loop failed");
}

/* Leaves rss of the relay before the circuits are opened. */
static long open_circuits(size_t n) {
  const char *bin = getenv("BIN") ? getenv("BIN") : "build/bin";
  const char *args[] = {"--max-reservations",      "0", "--max-circuits",  "0", "--max-reservations-per-ip", "0",
                        "--max-circuits-per-peer", "0", "--circuit-bytes", "0", "--max-connections-per-ip",  "0"};
  wanted = n;
  started = ready = circuits = 0;
  if (relay_child_start(&middle, bin, args, sizeof args / sizeof args[0]) != WEFT_OK) die("the relay did not start");
  begin_loop();
  for (size_t i = 0; i < AT_ONCE; i++) start_next(app_clock_now());
  run();
  long rss = relay_child_rss_kib(&middle);
  for (size_t i = 0; i < n; i++) relay_end_connect(&pairs[i].bob, pairs[i].alice.identity.peer_id, app_clock_now());
  run();
  return rss;
}

static void close_circuits(size_t n) {
  for (size_t i = 0; i < n; i++) {
    relay_end_free(&pairs[i].alice, app_clock_now());
    relay_end_free(&pairs[i].bob, app_clock_now());
  }
  relay_child_stop(&middle);
  end_loop();
}

static void bench_circuit(void) {
  open_circuits(1);
  double cpu = relay_child_cpu_seconds(&middle);
  began = app_clock_now();
  carrying = true;
  push(&pairs[0].bob, began);
  run();
  carrying = false;
  print_speed("circuit", (double)(app_clock_now() - began) / 1e6, relay_child_cpu_seconds(&middle) - cpu);
  close_circuits(1);
}

static void bench_held(void) {
  long before = open_circuits(HELD), after = relay_child_rss_kib(&middle);
  double kib = (double)(after - before) / HELD;
  printf("{\"bench\":\"relay\",\"row\":\"held\",\"circuits\":%d,\"kib_per_circuit\":%.1f,\"relay_rss_kib\":%ld}\n",
         HELD, kib, after);
  fprintf(stderr, "%-24s %8d circuits, %.1f KiB each, %ld KiB in all\n", "held", HELD, kib, after);
  close_circuits(HELD);
}

/* ---- the plain copy -------------------------------------------------------------------------------------------------------------------- */

static int listener(weft_addr *at) {
  static const uint8_t ip[4] = {127, 0, 0, 1};
  struct sockaddr_storage ss;
  weft_addr a = weft_addr_ip4(ip, 0);
  socklen_t n = app_sockaddr_from(&ss, &a);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&ss, n) != 0 || listen(fd, 2) != 0) die("no listener");
  n = sizeof ss;
  if (getsockname(fd, (struct sockaddr *)&ss, &n) != 0) die("no address");
  app_sockaddr_to(at, &ss);
  return fd;
}

static void copy_all(int fd) {
  static uint8_t buf[CHUNK];
  int from = accept(fd, NULL, NULL), to = accept(fd, NULL, NULL);
  for (ssize_t n; (n = recv(from, buf, sizeof buf, 0)) > 0;)
    for (ssize_t at = 0, m; at < n; at += m)
      if ((m = send(to, buf + at, (size_t)(n - at), MSG_NOSIGNAL)) <= 0) _exit(1);
  pause();
}

static int dial(const weft_addr *a) {
  struct sockaddr_storage ss;
  socklen_t n = app_sockaddr_from(&ss, a);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&ss, n) != 0) die("cannot connect");
  return fd;
}

static void carry(int out, int in) {
  static uint8_t buf[CHUNK];
  uint64_t sent = 0, got = 0;
  while (got < TOTAL) {
    struct pollfd p[2] = {{.fd = in, .events = POLLIN}, {.fd = out, .events = sent < TOTAL ? POLLOUT : 0}};
    if (poll(p, 2, 10000) <= 0) die("the copy stands still");
    if (p[1].revents & POLLOUT) {
      ssize_t n =
          send(out, payload, TOTAL - sent < CHUNK ? (size_t)(TOTAL - sent) : CHUNK, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n > 0) sent += (uint64_t)n;
    }
    if (p[0].revents & POLLIN) {
      ssize_t n = recv(in, buf, sizeof buf, MSG_DONTWAIT);
      if (n > 0) got += (uint64_t)n;
    }
  }
}

static void bench_copy(void) {
  weft_addr at;
  int fd = listener(&at);
  middle.pid = fork();
  if (middle.pid == 0) copy_all(fd);
  int out = dial(&at), in = dial(&at);
  began = app_clock_now();
  carry(out, in);
  print_speed("plain TCP copy", (double)(app_clock_now() - began) / 1e6, relay_child_cpu_seconds(&middle));
  kill(middle.pid, SIGKILL);
  waitpid(middle.pid, NULL, 0);
  close(out);
  close(in);
  close(fd);
}

int main(void) {
  if (sodium_init() < 0) return 1;
  rng = app_entropy();
  bench_copy();
  bench_circuit();
  bench_held();
  return 0;
}
