/* Load on one webrtc-p2p-relay: COUNT peers reserve, COUNT others each open a circuit to one of them, all at the same time; then KIB kibibytes go through each
 * and come back, SHA-256 compared at the sender. Then one reservation and one circuit more are refused, with the right status.
 *
 *   interop_relay_load BIN [COUNT [KIB]]      BIN: the directory of the programs; 1000 and 64
 *
 * One JSON line on stdout; exit 0 only if nothing failed. Bounded by 300 s. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/clock.h"
#include "test/support/relay_end.h"

enum { AT_ONCE = 40 /* set-ups under way: a relay lets one source have 64 */, CHUNK = 4096 };
#define RUN_LIMIT WEFT_SEC(300)

typedef enum phase {
  CONNECTING = 0,
  OPENING = 1,
  CARRYING = 2,
  REFUSED_RESERVATION = 3,
  REFUSED_CIRCUIT = 4,
  DONE = 5
} phase;

typedef struct pair {
  relay_end alice, bob; /* bob dials */
  crypto_hash_sha256_state out, in;
  uint64_t held; /* alice: came and not yet sent back */
  bool done;
} pair;

typedef struct load {
  app_loop loop;
  app_tcp_pool pool;
  relay_child relay;
  weft_rng rng;
  pair *pairs;
  relay_end extra;
  size_t count, started, ready, circuits, done, failed;
  uint64_t bytes;
  phase phase;
  long rss_start, rss_ready, rss_open;
  weft_time began, ready_at, open_at, done_at;
  char what[160];
} load;

static load l;
static const relay_end_callbacks callbacks;

static pair *pair_of(const relay_end *e) { return e->user; }

static void stop(int code) { app_loop_stop(&l.loop, code); }

static void on_failed(relay_end *e, int status, const char *what, weft_time now);

/* ---- one after another: connecting and reserving, then circuits ------------------------------------------------------------------- */

static void start_next(weft_time now) {
  if (l.started == 2 * l.count) return;
  pair *p = &l.pairs[l.started / 2];
  relay_end *e = l.started % 2 == 0 ? &p->alice : &p->bob;
  l.started++;
  if (relay_end_start(e, &l.pool, &l.relay, &l.rng, &callbacks, p, now) != WEFT_OK)
    on_failed(e, 0, "cannot connect", now);
}

static void set_up_done(weft_time now) {
  l.ready++;
  start_next(now);
  if (l.ready < 2 * l.count) return;
  l.ready_at = now;
  l.rss_ready = relay_child_rss_kib(&l.relay);
  l.phase = OPENING;
  for (size_t i = 0; i < l.count; i++) relay_end_connect(&l.pairs[i].bob, l.pairs[i].alice.identity.peer_id, now);
}

static void on_ready(relay_end *e, weft_time now) {
  if (e == &l.extra || e == &pair_of(e)->alice)
    relay_end_reserve(e, now);
  else
    set_up_done(now);
}

static void on_reserved(relay_end *e, weft_time now) {
  if (e == &l.extra) {
    on_failed(e, 0, "a reservation beyond the limit was granted", now);
    return;
  }
  set_up_done(now);
}

/* ---- the circuits' bytes ------------------------------------------------------------------------------------------------------------ */

static void chunk_of(const pair *p, uint64_t at, uint8_t out[CHUNK]) {
  uint8_t nonce[crypto_stream_NONCEBYTES] = {0}, key[crypto_stream_KEYBYTES] = {1};
  memcpy(nonce, &at, sizeof at);
  size_t number = (size_t)(p - l.pairs);
  memcpy(nonce + 8, &number, sizeof number);
  crypto_stream(out, CHUNK, nonce, key);
}

static void push(relay_end *e, weft_time now) {
  pair *p = pair_of(e);
  uint8_t chunk[CHUNK];
  while (e->circuit && e->sent < l.bytes) {
    uint64_t at = e->sent / CHUNK * CHUNK;
    chunk_of(p, at, chunk);
    ptrdiff_t n = app_stream_send(e->circuit, chunk + (e->sent - at), CHUNK - (size_t)(e->sent - at), now);
    if (n <= 0) return;
    crypto_hash_sha256_update(&p->out, chunk + (e->sent - at), (unsigned long long)n);
    e->sent += (uint64_t)n;
  }
}

static void on_circuit(relay_end *e, weft_time now) {
  if (e != &pair_of(e)->bob || ++l.circuits < l.count) return;
  l.open_at = now;
  l.rss_open = relay_child_rss_kib(&l.relay);
  l.phase = CARRYING;
  for (size_t i = 0; i < l.count; i++) {
    crypto_hash_sha256_init(&l.pairs[i].out);
    crypto_hash_sha256_init(&l.pairs[i].in);
    push(&l.pairs[i].bob, now);
  }
}

static void bob_done(pair *p, weft_time now) {
  uint8_t out[32], in[32];
  crypto_hash_sha256_final(&p->out, out);
  crypto_hash_sha256_final(&p->in, in);
  if (memcmp(out, in, sizeof out) != 0) on_failed(&p->bob, 0, "other bytes came back", now);
  p->done = true;
  if (++l.done < l.count) return;
  l.done_at = now;
  l.phase = REFUSED_RESERVATION;
  if (relay_end_start(&l.extra, &l.pool, &l.relay, &l.rng, &callbacks, &l.pairs[0], now) != WEFT_OK) stop(1);
}

static void on_data(relay_end *e, const uint8_t *data, size_t len, weft_time now) {
  pair *p = pair_of(e);
  if (e == &p->bob) {
    crypto_hash_sha256_update(&p->in, data, len);
    if (e->got == l.bytes && !p->done) bob_done(p, now);
    return;
  }
  /* The windows are far larger than what goes around. */
  if (app_stream_send(e->circuit, data, len, now) != (ptrdiff_t)len) on_failed(e, 0, "the echo did not fit", now);
}

static void on_writable(relay_end *e, weft_time now) {
  if (e == &pair_of(e)->bob) push(e, now);
}

/* ---- the end ------------------------------------------------------------------------------------------------------------------------- */

static void on_failed(relay_end *e, int status, const char *what, weft_time now) {
  if (e == &l.extra && l.phase == REFUSED_RESERVATION && status == WEFT_RELAY_RESERVATION_REFUSED) {
    l.phase = REFUSED_CIRCUIT;
    relay_end_connect(e, l.pairs[0].alice.identity.peer_id, now);
    return;
  }
  if (e == &l.extra && l.phase == REFUSED_CIRCUIT && status == WEFT_RELAY_RESOURCE_LIMIT_EXCEEDED) {
    l.phase = DONE;
    stop(0);
    return;
  }
  if (l.phase == DONE) return;
  l.failed++;
  snprintf(l.what, sizeof l.what, "%s (%d)", what, status);
  stop(1);
}

static const relay_end_callbacks callbacks = {on_ready, on_reserved, on_circuit, on_data, on_writable, NULL, on_failed};

static weft_time deadline(const void *user) {
  (void)user;
  return l.began + RUN_LIMIT;
}

static void tick(void *user, weft_time now) {
  (void)user, (void)now;
  snprintf(l.what, sizeof l.what, "not done in time, in phase %d", (int)l.phase);
  stop(1);
}

static double seconds(weft_time from, weft_time to) { return to > from ? (double)(to - from) / 1e6 : 0; }

static void print(int code) {
  double circuits = l.count > 0 ? (double)(l.rss_open - l.rss_ready) / (double)l.count : 0;
  double peers = l.count > 0 ? (double)(l.rss_ready - l.rss_start) / (double)(2 * l.count) : 0;
  printf("{\"ok\":%s,\"reservations\":%zu,\"circuits\":%zu,\"bytes_each_way\":%" PRIu64
         ",\"kib_per_connection\":%.1f,\"kib_per_circuit\":%.1f,\"s_set_up\":%.2f,\"s_open\":%.2f,\"s_carry\":%.2f,"
         "\"relay_cpu_s\":%.2f,\"what\":\"%s\"}\n",
         code == 0 ? "true" : "false", l.count, l.circuits, l.bytes, peers, circuits, seconds(l.began, l.ready_at),
         seconds(l.ready_at, l.open_at), seconds(l.open_at, l.done_at), relay_child_cpu_seconds(&l.relay), l.what);
}

static int start_relay(const char *bin) {
  char n[24];
  const char *args[] = {"--max-reservations",        n,   "--max-circuits",          n,
                        "--max-reservations-per-ip", "0", "--max-circuits-per-peer", "0",
                        "--max-connections-per-ip",  "0"};
  snprintf(n, sizeof n, "%zu", l.count);
  return relay_child_start(&l.relay, bin, args, sizeof args / sizeof args[0]);
}

static void free_all(void) {
  weft_time now = app_clock_now();
  l.phase = DONE;
  for (size_t i = 0; i < l.count; i++) {
    if (l.pairs[i].alice.cb) relay_end_free(&l.pairs[i].alice, now);
    if (l.pairs[i].bob.cb) relay_end_free(&l.pairs[i].bob, now);
  }
  if (l.extra.cb) relay_end_free(&l.extra, now);
  relay_child_stop(&l.relay);
  app_tcp_pool_end(&l.pool);
  app_loop_end(&l.loop);
  free(l.pairs);
}

int main(int argc, char **argv) {
  if (argc < 2 || sodium_init() < 0) return 2;
  l.count = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
  l.bytes = 1024 * (argc > 3 ? strtoul(argv[3], NULL, 10) : 64);
  l.pairs = calloc(l.count ? l.count : 1, sizeof *l.pairs);
  l.rng = app_entropy();
  l.began = app_clock_now();
  if (!l.pairs || l.count == 0 || app_loop_init(&l.loop) != WEFT_OK || app_tcp_pool_init(&l.pool, &l.loop) != WEFT_OK)
    return 2;
  app_loop_timer(&l.loop, deadline, tick, NULL);
  if (start_relay(argv[1]) != WEFT_OK) {
    fprintf(stderr, "relay_load: the relay did not start\n");
    return 2;
  }
  l.rss_start = relay_child_rss_kib(&l.relay);
  for (size_t i = 0; i < AT_ONCE; i++) start_next(l.began);
  int code = app_loop_run(&l.loop);
  print(code);
  free_all();
  return code;
}
