/* Yamux over a socket pair and over Noise on loopback TCP (the whole upgrade), both ends in this thread, beside the bare
 * socket pair and bare TCP in the same run: bulk by size of write, streams opened, echoed and closed, memory of an idle
 * stream. JSON lines on stdout, a table on stderr. An argument picks the rows whose name has it ("noise"). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <weft/libp2p/upgrade.h>
#include <weft/yamux/yamux.h>

enum { RUNS = 3, READ = 65536, IDLE = 900, WRITE_MAX = 65536 };
#define RUN_SECONDS 0.3

typedef enum kind { BARE_PAIR, BARE_TCP, YAMUX_PAIR, YAMUX_MEMORY, NOISE_TCP, KINDS } kind;
static const char *const names[KINDS] = {"socket pair", "tcp", "yamux/socket pair", "yamux/memory", "yamux/noise/tcp"};

typedef struct end {
  kind k;
  int fd;
  weft_yamux *y;
  weft_upgrade *u;
  struct end *peer;
  uint8_t *memory; /* YAMUX_MEMORY: on the way to the peer */
  size_t memory_len;
  uint64_t received, closed;
  bool ready, echo;
} end;

static uint8_t payload[WRITE_MAX], scratch[READ];

static void die(const char *what) {
  perror(what);
  exit(1);
}

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static weft_time now_us(void) { return (weft_time)(now_s() * 1e6); }

static int fill(void *ctx, uint8_t *dst, size_t n) {
  (void)ctx;
  randombytes_buf(dst, n);
  return 0;
}

/* ---- the pipe ---- */

static ptrdiff_t output(void *user, const uint8_t *data, size_t len, weft_time now) {
  end *e = user;
  (void)now;
  if (e->k == YAMUX_MEMORY) {
    size_t n = len < READ - e->memory_len ? len : READ - e->memory_len;
    memcpy(e->memory + e->memory_len, data, n);
    e->memory_len += n;
    return (ptrdiff_t)n;
  }
  ssize_t n = send(e->fd, data, len, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN) die("send");
  return n < 0 ? 0 : n;
}

static void take(end *e, const uint8_t *data, size_t len) {
  if (e->u)
    weft_upgrade_input(e->u, data, len, now_us());
  else if (e->y)
    weft_yamux_input(e->y, data, len, now_us());
  else
    e->received += len;
}

static bool pump(end *e) {
  if (e->k == YAMUX_MEMORY) {
    size_t n = e->peer->memory_len;
    memcpy(scratch, e->peer->memory, n);
    e->peer->memory_len = 0;
    if (n > 0) take(e, scratch, n);
    weft_yamux_tick(e->peer->y, now_us());
    return n > 0;
  }
  ssize_t n = recv(e->fd, scratch, sizeof scratch, 0);
  if (n > 0) take(e, scratch, (size_t)n);
  if (e->peer->u) weft_upgrade_tick(e->peer->u, now_us());
  if (e->peer->y) weft_yamux_tick(e->peer->y, now_us());
  return n > 0;
}

/* ---- what the two sides do ---- */

static ptrdiff_t send_on(end *e, uint32_t stream, const uint8_t *data, size_t len) {
  if (e->u) return weft_upgrade_stream_send(e->u, stream, data, len, now_us());
  if (e->y) return weft_yamux_send(e->y, stream, data, len, now_us());
  return output(e, data, len, 0);
}

static int open_on(end *e, uint32_t *stream) {
  if (e->u) return weft_upgrade_stream_open(e->u, stream, now_us());
  return e->y ? weft_yamux_open(e->y, stream, now_us()) : WEFT_OK;
}

static void shut_on(end *e, uint32_t stream) {
  if (e->u)
    weft_upgrade_stream_shutdown(e->u, stream, now_us());
  else
    weft_yamux_shutdown(e->y, stream, now_us());
}

static void on_stream(end *e, const weft_stream_event *ev) {
  if (ev->type == WEFT_STREAM_DATA) e->received += ev->len;
  if (ev->type == WEFT_STREAM_DATA && e->echo) send_on(e, ev->stream, ev->data, ev->len);
  if (ev->type == WEFT_STREAM_REMOTE_CLOSED && e->echo) shut_on(e, ev->stream);
  if (ev->type == WEFT_STREAM_CLOSED) e->closed++;
}

static void yamux_event(void *user, const weft_yamux_event *ev, weft_time now) {
  (void)now;
  if (ev->type == WEFT_YAMUX_EVENT_STREAM) on_stream(user, ev->stream);
}

static void upgrade_event(void *user, const weft_upgrade_event *ev, weft_time now) {
  end *e = user;
  (void)now;
  if (ev->type == WEFT_UPGRADE_EVENT_READY) e->ready = true;
  if (ev->type == WEFT_UPGRADE_EVENT_STREAM) on_stream(e, ev->stream);
  if (ev->type == WEFT_UPGRADE_EVENT_CLOSED) fprintf(stderr, "%s: %s\n", ev->closed.layer, ev->closed.text), exit(1);
}

/* ---- making a pair ---- */

static void tcp_pair(int fd[2]) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t n = sizeof a;
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  fd[0] = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&a, n) || listen(listener, 1) ||
      getsockname(listener, (struct sockaddr *)&a, &n) || connect(fd[0], (struct sockaddr *)&a, n) ||
      (fd[1] = accept(listener, NULL, NULL)) < 0)
    die("tcp");
  close(listener);
  for (int i = 0; i < 2; i++) setsockopt(fd[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void make_yamux(end *e, bool client, const weft_alloc *alloc) {
  weft_yamux_config c;
  weft_yamux_callbacks cb = {sizeof cb, output, yamux_event};
  weft_yamux_config_default(&c);
  c.client = client;
  c.alloc = alloc;
  c.accept_backlog = 1000;
  if (weft_yamux_new(&e->y, &c, &cb, e) || weft_yamux_start(e->y, now_us())) die("yamux");
}

static void make_upgrade(end *e, bool dialer, const weft_identity *id) {
  weft_upgrade_config c;
  weft_upgrade_callbacks cb = {sizeof cb, output, upgrade_event};
  weft_upgrade_config_default(&c);
  c.rng.fill = fill;
  c.identity = id;
  c.dialer = dialer;
  if (weft_upgrade_new(&e->u, &c, &cb, e) || weft_upgrade_start(e->u, now_us())) die("upgrade");
}

static void make(end e[2], kind k, const weft_alloc *alloc) {
  static weft_identity ids[2];
  weft_rng rng = {fill, NULL};
  int fd[2] = {-1, -1};
  memset(e, 0, 2 * sizeof *e);
  if (k == BARE_TCP || k == NOISE_TCP) tcp_pair(fd);
  if ((k == BARE_PAIR || k == YAMUX_PAIR) && socketpair(AF_UNIX, SOCK_STREAM, 0, fd)) die("socketpair");
  for (int i = 0; i < 2; i++) {
    e[i] = (end){.k = k, .fd = fd[i], .peer = &e[1 - i], .memory = malloc(READ)};
    if (fd[i] >= 0) fcntl(fd[i], F_SETFL, O_NONBLOCK);
  }
  for (int i = 0; i < 2; i++) {
    if (k == YAMUX_PAIR || k == YAMUX_MEMORY) make_yamux(&e[i], i == 0, alloc);
    if (k != NOISE_TCP) continue;
    weft_identity_generate(&ids[i], &rng);
    make_upgrade(&e[i], i == 0, &ids[i]);
  }
  for (int i = 0; i < 100000 && k == NOISE_TCP && (!e[0].ready || !e[1].ready); i++) pump(&e[0]), pump(&e[1]);
}

static void unmake(end e[2]) {
  for (int i = 0; i < 2; i++) {
    weft_yamux_free(e[i].y);
    weft_upgrade_free(e[i].u);
    if (e[i].fd >= 0) close(e[i].fd);
    free(e[i].memory);
  }
}

/* ---- measurements ---- */

static double bulk(kind k, size_t size) {
  end e[2];
  uint32_t stream = 0;
  make(e, k, NULL);
  if (open_on(&e[0], &stream) != WEFT_OK) die("open");
  double begin = now_s(), used = 0;
  while ((used = now_s() - begin) < RUN_SECONDS) {
    for (size_t sent = 0; sent < READ; sent += size)
      if (send_on(&e[0], stream, payload, size) < (ptrdiff_t)size) break;
    while (pump(&e[1])) pump(&e[0]);
    pump(&e[0]);
  }
  double rate = (double)e[1].received / used / 1e6;
  unmake(e);
  return rate;
}

static double echoes(kind k) {
  end e[2];
  uint64_t opened = 0;
  make(e, k, NULL);
  e[1].echo = true;
  double begin = now_s(), used = 0;
  while ((used = now_s() - begin) < RUN_SECONDS) {
    uint32_t stream;
    while (opened - e[0].closed < 100 && open_on(&e[0], &stream) == WEFT_OK) {
      opened++;
      send_on(&e[0], stream, payload, 32);
      shut_on(&e[0], stream);
    }
    pump(&e[1]);
    pump(&e[0]);
  }
  double rate = (double)e[0].closed / used;
  unmake(e);
  return rate;
}

static size_t held;
static void *counting(void *ctx, void *p, size_t old_n, size_t new_n) {
  (void)ctx;
  if (new_n == 0) free(p);
  void *q = new_n == 0 ? NULL : realloc(p, new_n);
  if (q || new_n == 0) held = held - old_n + new_n;
  return q;
}

static void idle_memory(void) {
  weft_alloc a = {counting, NULL};
  end e[2];
  uint32_t stream;
  make(e, YAMUX_MEMORY, &a);
  for (int i = 0; i < 100; i++) pump(&e[i & 1]);
  size_t sessions = held / 2;
  for (int i = 0; i < IDLE; i++) {
    if (open_on(&e[0], &stream) != WEFT_OK) die("open");
    pump(&e[1]);
    pump(&e[0]);
  }
  size_t each = (held / 2 - sessions) / IDLE;
  printf("{\"bench\":\"yamux_memory\",\"session_bytes\":%zu,\"idle_stream_bytes\":%zu}\n", sessions, each);
  fprintf(stderr, "yamux memory: %zu B a session, %zu B an idle stream\n", sessions, each);
  unmake(e);
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  const char *only = argc > 1 ? argv[1] : "";
  static const size_t sizes[] = {64, 1024, 16384, 65536};
  static const kind muxed[] = {YAMUX_MEMORY, YAMUX_PAIR, NOISE_TCP};
  double r[RUNS];
  if (sodium_init() < 0) return 1;
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
    for (kind k = 0; k < KINDS; k++) {
      if (!strstr(names[k], only)) continue;
      for (int i = 0; i < RUNS; i++) r[i] = bulk(k, sizes[s]);
      qsort(r, RUNS, sizeof r[0], by_value);
      printf("{\"bench\":\"yamux_bulk\",\"over\":\"%s\",\"write\":%zu,\"mb_per_s\":%.1f}\n", names[k], sizes[s],
             r[RUNS / 2]);
      fprintf(stderr, "yamux bulk, writes of %5zu B, %-18s %7.0f MB/s\n", sizes[s], names[k], r[RUNS / 2]);
    }
  for (size_t m = 0; m < sizeof muxed / sizeof muxed[0]; m++) {
    if (!strstr(names[muxed[m]], only)) continue;
    for (int i = 0; i < RUNS; i++) r[i] = echoes(muxed[m]);
    qsort(r, RUNS, sizeof r[0], by_value);
    printf("{\"bench\":\"yamux_streams\",\"over\":\"%s\",\"per_s\":%.0f}\n", names[muxed[m]], r[RUNS / 2]);
    fprintf(stderr, "yamux open + echo + close, %-18s %7.0f a second\n", names[muxed[m]], r[RUNS / 2]);
  }
  idle_memory();
  return 0;
}
