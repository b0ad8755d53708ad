/* SCTP alone: two associations in one thread over a memory pipe. JSON lines on stdout, a table on stderr. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weft/sctp/sctp.h>

enum { SLOTS = 4096, PACKET = 1200, RUNS = 5 };

typedef struct pipe_end {
  weft_sctp *sctp;
  uint8_t (*packet)[PACKET];
  size_t len[SLOTS], head, tail;
  size_t bytes, messages;
  unsigned char up, blocked;
} pipe_end;

static int fill(void *ctx, uint8_t *dst, size_t n) {
  uint32_t *x = ctx;
  for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)((*x = *x * 1664525u + 1013904223u) >> 24);
  return 0;
}

static int output(void *user, const uint8_t *data, size_t len, weft_time now) {
  pipe_end *e = user;
  (void)now;
  if (e->tail - e->head == SLOTS) return WEFT_EAGAIN;
  memcpy(e->packet[e->tail % SLOTS], data, len);
  e->len[e->tail++ % SLOTS] = len;
  return WEFT_OK;
}

static void event(void *user, const weft_sctp_event *ev, weft_time now) {
  pipe_end *e = user;
  (void)now;
  if (ev->type == WEFT_SCTP_EVENT_CONNECTED) e->up = 1;
  if (ev->type == WEFT_SCTP_EVENT_WRITABLE) e->blocked = 0;
  if (ev->type != WEFT_SCTP_EVENT_MESSAGE) return;
  e->bytes += ev->len;
  e->messages++;
}

static double cpu_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void carry(pipe_end *from, pipe_end *to, weft_time now, int batch) {
  if (from->head == from->tail) return;
  if (batch) weft_sctp_hold(to->sctp);
  for (; from->head != from->tail; from->head++) {
    (void)weft_sctp_input(to->sctp, from->packet[from->head % SLOTS], from->len[from->head % SLOTS], now);
  }
  if (batch) (void)weft_sctp_release(to->sctp, now);
}

static void push(pipe_end *a, const uint8_t *data, size_t size, weft_time now) {
  weft_sctp_message m = {.stream = 1, .ppid = 53};
  weft_sctp_hold(a->sctp);
  for (int i = 0; i < 256 && !a->blocked; i++) {
    if (weft_sctp_send(a->sctp, &m, data, size, now) == WEFT_EAGAIN) a->blocked = 1;
  }
  (void)weft_sctp_release(a->sctp, now);
}

typedef struct result {
  double ns_per_packet, mb_per_s, messages_per_s;
} result;

static void start(pipe_end end[2], int zero_checksum, uint32_t seed[2]) {
  for (int i = 0; i < 2; i++) {
    weft_sctp_config cfg;
    weft_sctp_config_default(&cfg);
    memset(&end[i], 0, sizeof end[i]);
    end[i].packet = malloc(SLOTS * sizeof *end[i].packet);
    seed[i] = (uint32_t)i + 1;
    cfg.rng = (weft_rng){fill, &seed[i]};
    cfg.zero_checksum = zero_checksum;
    if (weft_sctp_new(&end[i].sctp, &cfg, &(weft_sctp_callbacks){sizeof(weft_sctp_callbacks), output, event},
                      &end[i]) != WEFT_OK)
      exit(1);
  }
}

static result run(size_t size, int zero_checksum, int batch, double seconds) {
  static pipe_end end[2];
  static uint8_t data[65536];
  uint32_t seed[2];
  weft_time now = WEFT_SEC(1);
  start(end, zero_checksum, seed);
  weft_sctp_connect(end[0].sctp, now);
  while (!end[0].up || !end[1].up) {
    carry(&end[0], &end[1], now, 0);
    carry(&end[1], &end[0], now, 0);
  }
  double begin = cpu_now(), used = 0;
  while (used < seconds * 1e9) {
    for (int i = 0; i < 64; i++) {
      now += 100;
      push(&end[0], data, size, now);
      carry(&end[0], &end[1], now, batch);
      carry(&end[1], &end[0], now, batch);
    }
    for (int i = 0; i < 2; i++) {
      if (weft_sctp_deadline(end[i].sctp) <= now) (void)weft_sctp_tick(end[i].sctp, now);
    }
    used = cpu_now() - begin;
  }
  weft_sctp_stats st = {.size = sizeof st};
  weft_sctp_get_stats(end[0].sctp, &st);
  result r = {used / (double)st.packets_out, (double)end[1].bytes / used * 1e3, (double)end[1].messages / used * 1e9};
  for (int i = 0; i < 2; i++) {
    weft_sctp_free(end[i].sctp);
    free(end[i].packet);
  }
  return r;
}

static int by_cost(const void *a, const void *b) {
  const result *x = a, *y = b;
  return (x->ns_per_packet > y->ns_per_packet) - (x->ns_per_packet < y->ns_per_packet);
}

int main(void) {
  static const size_t sizes[] = {16384, 1024, 64};
  for (int zero = 0; zero < 2; zero++) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      result r[RUNS];
      for (int k = 0; k < RUNS; k++) r[k] = run(sizes[i], zero, 1, 0.2);
      qsort(r, RUNS, sizeof r[0], by_cost);
      result m = r[RUNS / 2];
      printf("{\"bench\":\"sctp_pipe\",\"message\":%zu,\"zero_checksum\":%s,\"ns_per_packet\":%.0f,\"mb_per_s\":%.0f,"
             "\"messages_per_s\":%.0f}\n",
             sizes[i], zero ? "true" : "false", m.ns_per_packet, m.mb_per_s, m.messages_per_s);
      fprintf(stderr, "sctp pipe, %5zu B%s  %5.0f ns per packet, both ends   %6.0f MB/s %9.0f messages/s\n", sizes[i],
              zero ? ", no checksum" : "             ", m.ns_per_packet, m.mb_per_s, m.messages_per_s);
    }
  }
  return 0;
}
