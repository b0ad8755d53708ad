/* Whole webrtc-direct connections over loopback UDP, both ends in this process, pinned to one core: set-up, bulk, ping, memory; and beside them what a raw
 * UDP packet and an AES-128-GCM record cost here and now. JSON lines on stdout, a table on stderr. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <mbedtls/gcm.h>
#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <weft/webrtc/webrtc.h>

#include "apps/clock.h"
#include "apps/udp.h"

enum { SETUPS = 200, PINGS = 5000, IDLE = 200, RAW = 200000, SEALS = 50000, MESSAGE = 16000, PING_BYTES = 64 };
#define BULK_TIME WEFT_SEC(3)
#define STEP_LIMIT WEFT_SEC(60)

typedef struct side {
  app_udp udp;
  weft_webrtc *conn; /* dialer */
  bool ready, closed;
  uint64_t received, frames;
} side;

typedef struct bench {
  weft_rng rng;
  weft_identity id_a, id_b;
  weft_dtls_cert *cert_a, *cert_b;
  weft_webrtc_listener *listener;
  side a, b; /* a dials b */
  weft_webrtc *accepted;
  bool echo;
} bench;

static double cpu_seconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static long rss_kib(void) {
  long pages = 0, ignored;
  FILE *f = fopen("/proc/self/statm", "r");
  if (!f) return 0;
  if (fscanf(f, "%ld %ld", &ignored, &pages) != 2) pages = 0;
  fclose(f);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int compare(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

static double percentile(double *v, size_t n, double p) {
  qsort(v, n, sizeof *v, compare);
  size_t i = (size_t)(p * (double)(n - 1) + 0.5);
  return n ? v[i] : 0;
}

static void require(bool ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "bench_direct: %s\n", what);
  exit(1);
}

/* ---- the two ends ------------------------------------------------------------------------------------------------------- */

static int output_a(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                    weft_time now) {
  bench *b = user;
  (void)now;
  return app_udp_send(&b->a.udp, local, remote, data, len);
}

static int output_b(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                    weft_time now) {
  bench *b = user;
  (void)now;
  return app_udp_send(&b->b.udp, local, remote, data, len);
}

static void event_a(void *user, weft_webrtc *c, const weft_webrtc_event *ev, weft_time now) {
  bench *b = user;
  (void)c;
  (void)now;
  if (ev->type == WEFT_WEBRTC_EVENT_READY) b->a.ready = true;
  if (ev->type == WEFT_WEBRTC_EVENT_CLOSED) b->a.closed = true;
  if (ev->type != WEFT_WEBRTC_EVENT_STREAM || ev->stream->type != WEFT_STREAM_DATA) return;
  b->a.received += ev->stream->len;
  b->a.frames++;
}

static void event_b(void *user, weft_webrtc *c, const weft_webrtc_event *ev, weft_time now) {
  bench *b = user;
  if (ev->type == WEFT_WEBRTC_EVENT_READY) {
    b->accepted = c;
    b->b.ready = true;
  } else if (ev->type == WEFT_WEBRTC_EVENT_CLOSED) {
    weft_webrtc_free(c);
  } else if (ev->type == WEFT_WEBRTC_EVENT_STREAM && ev->stream->type == WEFT_STREAM_DATA) {
    b->b.received += ev->stream->len;
    if (b->echo) weft_webrtc_stream_send(c, ev->stream->stream, ev->stream->data, ev->stream->len, now);
  }
}

static void in_a(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                 weft_time now) {
  bench *b = user;
  if (b->a.conn) weft_webrtc_input(b->a.conn, local, remote, data, len, now);
}

static void in_b(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                 weft_time now) {
  bench *b = user;
  weft_webrtc_listener_input(b->listener, local, remote, data, len, now);
}

static void turn(bench *b) {
  weft_time now = app_clock_now();
  app_udp_receive(&b->b.udp, in_b, b, now);
  app_udp_flush(&b->b.udp);
  app_udp_receive(&b->a.udp, in_a, b, now);
  app_udp_flush(&b->a.udp);
  now = app_clock_now();
  if (b->a.conn && weft_webrtc_deadline(b->a.conn) <= now) weft_webrtc_tick(b->a.conn, now);
  if (weft_webrtc_listener_deadline(b->listener) <= now) weft_webrtc_listener_tick(b->listener, now);
  app_udp_flush(&b->a.udp);
  app_udp_flush(&b->b.udp);
}

static weft_webrtc *dial(bench *b) {
  weft_webrtc_config cfg;
  weft_webrtc_callbacks cb = {sizeof cb, output_a, event_a};
  weft_webrtc *c;
  weft_time until = app_clock_now() + STEP_LIMIT;
  weft_webrtc_config_default(&cfg);
  cfg.rng = b->rng;
  cfg.identity = &b->id_a;
  cfg.cert = b->cert_a;
  cfg.remote = b->b.udp.bound;
  cfg.certhash = weft_dtls_cert_fingerprint(b->cert_b);
  b->a.ready = b->b.ready = b->a.closed = false;
  require(weft_webrtc_dial(&c, &cfg, &cb, b) == WEFT_OK, "dial");
  b->a.conn = c;
  require(weft_webrtc_start(c, &b->a.udp.bound, app_clock_now()) == WEFT_OK, "start");
  while (!b->a.ready || !b->b.ready) {
    turn(b);
    require(!b->a.closed && app_clock_now() < until, "no connection");
  }
  return c;
}

static void open_dialer_socket(bench *b) {
  static const uint8_t loopback[4] = {127, 0, 0, 1};
  weft_addr any = weft_addr_ip4(loopback, 0);
  require(app_udp_open(&b->a.udp, &any) == WEFT_OK, "socket");
}

static void hang_up(bench *b, weft_webrtc *c) {
  weft_webrtc_close(c, WEFT_OK, app_clock_now());
  app_udp_flush(&b->a.udp);
  weft_webrtc_free(c);
  b->a.conn = NULL;
  for (int i = 0; i < 4; i++) turn(b);
  app_udp_close(&b->a.udp);
  open_dialer_socket(b);
}

/* ---- figures -------------------------------------------------------------------------------------------------------------- */

static void bench_setup(bench *b) {
  static double total[SETUPS], ice[SETUPS], dtls[SETUPS], sctp[SETUPS], noise[SETUPS];
  for (size_t i = 0; i < SETUPS; i++) {
    weft_webrtc_stats st = {.size = sizeof st};
    weft_webrtc *c = dial(b);
    weft_webrtc_get_stats(c, &st);
    total[i] = (double)(st.noise_at - st.started_at) / 1000;
    ice[i] = (double)(st.ice_at - st.started_at) / 1000;
    dtls[i] = (double)(st.dtls_at - st.ice_at) / 1000;
    sctp[i] = (double)(st.sctp_at - st.dtls_at) / 1000;
    noise[i] = (double)(st.noise_at - st.sctp_at) / 1000;
    hang_up(b, c);
  }
  printf("{\"bench\":\"setup\",\"n\":%d,\"unit\":\"ms\",\"total_p50\":%.2f,\"total_p99\":%.2f,\"ice_p50\":%.2f,\"dtls_"
         "p50\":%.2f,"
         "\"sctp_p50\":%.2f,\"noise_p50\":%.2f}\n",
         SETUPS, percentile(total, SETUPS, 0.5), percentile(total, SETUPS, 0.99), percentile(ice, SETUPS, 0.5),
         percentile(dtls, SETUPS, 0.5), percentile(sctp, SETUPS, 0.5), percentile(noise, SETUPS, 0.5));
  fprintf(stderr,
          "set-up, both ends on one core   %.2f ms median, %.2f ms p99 (ice %.2f, dtls %.2f, sctp %.2f, noise %.2f)\n",
          percentile(total, SETUPS, 0.5), percentile(total, SETUPS, 0.99), percentile(ice, SETUPS, 0.5),
          percentile(dtls, SETUPS, 0.5), percentile(sctp, SETUPS, 0.5), percentile(noise, SETUPS, 0.5));
}

static void bench_bulk(bench *b) {
  static uint8_t message[MESSAGE];
  weft_webrtc *c = dial(b);
  uint32_t s;
  require(weft_webrtc_stream_open(c, &s, app_clock_now()) == WEFT_OK, "stream");
  b->b.received = 0;
  double cpu = cpu_seconds();
  weft_time began = app_clock_now(), now = began;
  while (now < began + BULK_TIME) {
    while (weft_webrtc_stream_room(c, s) >= MESSAGE && weft_webrtc_stream_send(c, s, message, MESSAGE, now) == MESSAGE)
      app_udp_flush(&b->a.udp);
    turn(b);
    now = app_clock_now();
  }
  double seconds = (double)(now - began) / 1e6, gb = (double)b->b.received / 1e9;
  cpu = cpu_seconds() - cpu;
  printf("{\"bench\":\"bulk\",\"message\":%d,\"mb_per_s\":%.1f,\"cpu_s_per_gb\":%.2f}\n", MESSAGE, gb * 1000 / seconds,
         gb > 0 ? cpu / gb : 0);
  fprintf(stderr, "bulk, 16 KB messages            %.1f MB/s, %.2f CPU s/GB\n", gb * 1000 / seconds,
          gb > 0 ? cpu / gb : 0);
  hang_up(b, c);
}

static void bench_ping(bench *b) {
  static double rtt[PINGS];
  uint8_t message[PING_BYTES] = {0};
  uint32_t s;
  weft_webrtc *c = dial(b);
  require(weft_webrtc_stream_open(c, &s, app_clock_now()) == WEFT_OK, "stream");
  b->echo = true;
  b->a.frames = 0;
  for (size_t i = 0; i < PINGS; i++) {
    weft_time began = app_clock_now(), until = began + STEP_LIMIT;
    require(weft_webrtc_stream_send(c, s, message, sizeof message, began) == PING_BYTES, "send");
    app_udp_flush(&b->a.udp);
    while (b->a.frames <= i) {
      turn(b);
      require(app_clock_now() < until, "no echo");
    }
    rtt[i] = (double)(app_clock_now() - began);
  }
  b->echo = false;
  double p50 = percentile(rtt, PINGS, 0.5), p99 = percentile(rtt, PINGS, 0.99);
  printf("{\"bench\":\"ping\",\"bytes\":%d,\"n\":%d,\"unit\":\"us\",\"p50\":%.1f,\"p99\":%.1f}\n", PING_BYTES, PINGS,
         p50, p99);
  fprintf(stderr, "ping, 64 B on a stream          %.1f us median, %.1f us p99\n", p50, p99);
  hang_up(b, c);
}

static void bench_memory(bench *b) {
  static weft_webrtc *conns[IDLE];
  static app_udp sockets[IDLE];
  long before = rss_kib();
  for (size_t i = 0; i < IDLE; i++) {
    conns[i] = dial(b);
    sockets[i] = b->a.udp; /* a connection each has its own port */
    open_dialer_socket(b);
  }
  /* Each socket's buffers are the bench's, not the connection's. */
  double socket_kib = (65536.0 + APP_UDP_QUEUE * sizeof(app_udp_item)) / 1024.0;
  double kib = (double)(rss_kib() - before) / IDLE;
  printf("{\"bench\":\"memory\",\"connections\":%d,\"rss_kib_per_connection_both_ends\":%.1f,\"socket_buffer_bound_"
         "kib\":%.1f}\n",
         IDLE, kib, socket_kib);
  fprintf(stderr, "memory, idle connection         %.1f KiB RSS for both ends\n", kib);
  b->a.conn = NULL;
  for (size_t i = 0; i < IDLE; i++) {
    weft_webrtc_free(conns[i]);
    app_udp_close(&sockets[i]);
  }
}

static void bench_raw_udp(bench *b) {
  uint8_t packet[1200] = {0}, in[2048];
  (void)b;
  static const uint8_t loopback[4] = {127, 0, 0, 1};
  weft_addr any = weft_addr_ip4(loopback, 0);
  app_udp x, y;
  require(app_udp_open(&x, &any) == WEFT_OK && app_udp_open(&y, &any) == WEFT_OK, "socket");
  double cpu = cpu_seconds();
  for (int i = 0; i < RAW; i++) {
    app_udp_send(&x, &x.bound, &y.bound, packet, sizeof packet);
    app_udp_flush(&x);
    if (read(y.fd, in, sizeof in) < 0) continue;
  }
  cpu = (cpu_seconds() - cpu) / RAW * 1e9;
  printf("{\"bench\":\"raw_udp\",\"bytes\":1200,\"unit\":\"ns\",\"send_and_receive\":%.0f}\n", cpu);
  fprintf(stderr, "bound: raw UDP 1200 B           %.0f ns to send and receive\n", cpu);
  app_udp_close(&x);
  app_udp_close(&y);
}

static void bench_gcm(void) {
  mbedtls_gcm_context g;
  uint8_t key[16] = {1}, iv[12] = {0}, tag[16], data[1200] = {0};
  mbedtls_gcm_init(&g);
  require(mbedtls_gcm_setkey(&g, MBEDTLS_CIPHER_ID_AES, key, 128) == 0, "gcm");
  double cpu = cpu_seconds();
  for (int i = 0; i < SEALS; i++)
    mbedtls_gcm_crypt_and_tag(&g, MBEDTLS_GCM_ENCRYPT, sizeof data, iv, sizeof iv, NULL, 0, data, data, sizeof tag,
                              tag);
  cpu = (cpu_seconds() - cpu) / SEALS * 1e9;
  mbedtls_gcm_free(&g);
  printf("{\"bench\":\"mbedtls_aes_128_gcm\",\"bytes\":1200,\"unit\":\"ns\",\"seal\":%.0f}\n", cpu);
  fprintf(stderr, "bound: mbedTLS AES-128-GCM      %.0f ns to seal 1200 B\n", cpu);
}

static void set_up(bench *b) {
  static const uint8_t loopback[4] = {127, 0, 0, 1};
  weft_addr any = weft_addr_ip4(loopback, 0);
  weft_webrtc_config cfg;
  weft_webrtc_callbacks cb = {sizeof cb, output_b, event_b};
  uint8_t seed_a[32] = {1}, seed_b[32] = {2};
  require(sodium_init() >= 0, "sodium");
  b->rng = app_entropy();
  weft_identity_from_seed(&b->id_a, seed_a);
  weft_identity_from_seed(&b->id_b, seed_b);
  require(weft_dtls_cert_new(&b->cert_a, seed_a, NULL) == WEFT_OK &&
              weft_dtls_cert_new(&b->cert_b, seed_b, NULL) == WEFT_OK,
          "certificate");
  require(app_udp_open(&b->b.udp, &any) == WEFT_OK, "socket");
  open_dialer_socket(b);
  weft_webrtc_config_default(&cfg);
  cfg.rng = b->rng;
  cfg.identity = &b->id_b;
  cfg.cert = b->cert_b;
  require(weft_webrtc_listen(&b->listener, &cfg, &cb, b) == WEFT_OK, "listen");
}

int main(void) {
  static bench b;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  (void)sched_setaffinity(0, sizeof one, &one);
  set_up(&b);
  bench_raw_udp(&b);
  bench_gcm();
  bench_setup(&b);
  bench_bulk(&b);
  bench_ping(&b);
  bench_memory(&b);
  weft_webrtc_listener_free(b.listener);
  app_udp_close(&b.a.udp);
  app_udp_close(&b.b.udp);
  weft_dtls_cert_free(b.cert_a);
  weft_dtls_cert_free(b.cert_b);
  return 0;
}
