/* Load on a webrtc-direct server that runs with --echo: many dials in a row, many clients at once, bulk data there and back.
 *
 *   interop_load dials ADDR COUNT          one after another: connect, chat one line, leave
 *   interop_load clients ADDR COUNT        all at once; all must be connected within 30 s, then each chats one line
 *   interop_load bulk ADDR MIB STREAMS     MIB mebibytes in all, there and back, over STREAMS streams; SHA-256 compared
 *   interop_load slow ADDR MIB             the same on one stream, but nothing is read for the first 3 s
 *   interop_load streams ADDR COUNT        COUNT streams one after another on one connection
 *
 * One JSON line on stdout; exit 0 only if nothing failed. Every run is bounded by 300 s.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/multiaddr/multiaddr.h>
#include <weft/webrtc/webrtc.h>

#include "apps/chat.h"
#include "apps/clock.h"
#include "apps/host.h"
#include "apps/loop.h"
#include "apps/udp.h"
#include "test/support/transfer.h"

enum { CLIENTS_MAX = 1000, STREAMS_MAX = 64 };
#define RUN_LIMIT WEFT_SEC(300)
#define ALL_CONNECTED_LIMIT WEFT_SEC(30)
#define SLOW_READER WEFT_SEC(3)

typedef struct client {
  struct load *load;
  app_udp udp;
  weft_webrtc *conn;
  app_peer *peer;
  weft_time started;
  bool ready, finished, failed, open;
} client;

typedef struct load {
  app_loop loop;
  app_host host;
  weft_rng rng;
  weft_identity identity;
  weft_dtls_cert *cert;
  weft_webrtc_direct_addr target;
  app_protocol protocol;
  client clients[CLIENTS_MAX];
  size_t clients_len, finished, failed, ready;
  transfer transfers[STREAMS_MAX];
  size_t transfers_len, transfers_done;
  uint64_t per_stream, remaining_streams;
  weft_time slow_until, began, all_ready_at, end_at;
  const char *mode;
  size_t wanted;
  double total_ms, worst_ms;
} load;

static void next_dial(load *l, weft_time now);

static void finish(load *l, client *c, bool ok, weft_time now) {
  if (c->finished) return;
  c->finished = true;
  c->failed = !ok;
  l->finished++;
  if (!ok) l->failed++;
  weft_webrtc_close(c->conn, WEFT_OK, now);
}

static void maybe_over(load *l) {
  if (l->finished >= l->wanted) app_loop_stop(&l->loop, l->failed ? 1 : 0);
}

/* ---- transfers ------------------------------------------------------------------------------------------------------------- */

static void on_transfer_closed(transfer *t, bool same, weft_time now);

static void start_transfer(client *c, transfer *t, weft_time now) {
  load *l = c->load;
  t->user = c;
  t->closed = on_transfer_closed;
  t->bytes = l->per_stream;
  t->seed++;
  t->unread = now < l->slow_until;
  if (transfer_open(t, c->peer, &l->protocol, now) != WEFT_OK) finish(l, c, false, now);
}

static void on_transfer_closed(transfer *t, bool same, weft_time now) {
  client *c = t->user;
  load *l = c->load;
  if (!same) transfer_complain(t);
  if (c->finished) return;
  if (same && l->remaining_streams > 0) {
    l->remaining_streams--;
    start_transfer(c, t, now);
    return;
  }
  l->transfers_done++;
  if (!same || l->transfers_done >= l->transfers_len || strcmp(l->mode, "dials") == 0 ||
      strcmp(l->mode, "clients") == 0)
    finish(l, c, same, now);
}

/* ---- connections -------------------------------------------------------------------------------------------------------------- */

static int on_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  client *c = user;
  (void)now;
  return app_udp_send(&c->udp, local, remote, data, len);
}

static void begin_work(client *c, weft_time now) {
  load *l = c->load;
  if (strcmp(l->mode, "dials") == 0 || strcmp(l->mode, "clients") == 0) {
    transfer *t = calloc(1, sizeof *t); /* one line; lives as long as the program */
    if (t) start_transfer(c, t, now);
    return;
  }
  for (size_t i = 0; i < l->transfers_len; i++) {
    l->transfers[i].seed = i * 1000003u;
    start_transfer(c, &l->transfers[i], now);
  }
}

static void on_event(void *user, weft_webrtc *conn, const weft_webrtc_event *ev, weft_time now) {
  client *c = user;
  load *l = c->load;
  if (ev->type == WEFT_WEBRTC_EVENT_READY) {
    double ms = (double)(now - c->started) / 1000.0;
    l->total_ms += ms;
    if (ms > l->worst_ms) l->worst_ms = ms;
    c->ready = true;
    l->ready++;
    if (l->ready == l->wanted) l->all_ready_at = now;
    c->peer = app_peer_new(&l->host, conn, &app_webrtc_muxer, ev->peer_id, ev->peer_id_len, now);
    begin_work(c, now);
  } else if (ev->type == WEFT_WEBRTC_EVENT_STREAM) {
    if (c->peer) app_peer_stream_event(c->peer, ev->stream, now);
  } else if (ev->type == WEFT_WEBRTC_EVENT_CLOSED) {
    if (!c->finished)
      fprintf(stderr, "load: connection ended: %s: %s: %s\n", ev->closed.layer, ev->closed.step, ev->closed.text);
    finish(l, c, false, now);
    if (c->peer) app_peer_free(c->peer, WEFT_ECLOSED, now);
    c->peer = NULL;
    if (strcmp(l->mode, "dials") == 0 && l->finished < l->wanted)
      l->end_at = now; /* dial again from the tick */
    else
      maybe_over(l);
  }
}

static void on_datagram(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                        weft_time now) {
  client *c = user;
  if (c->conn) weft_webrtc_input(c->conn, local, remote, data, len, now);
}

static void on_readable(void *user, short revents, weft_time now) {
  client *c = user;
  if (revents & POLLOUT) {
    app_udp_flush(&c->udp);
    weft_webrtc_tick(c->conn, now);
  }
  if (revents & POLLIN) app_udp_receive(&c->udp, on_datagram, c, now);
}

static bool dial(load *l, client *c, weft_time now) {
  weft_webrtc_config cfg;
  weft_webrtc_callbacks cb = {sizeof cb, on_output, on_event};
  weft_addr source;
  memset(c, 0, sizeof *c);
  c->load = l;
  c->started = now;
  if (app_udp_source(&l->target.addr, &source) != WEFT_OK || app_udp_open(&c->udp, &source) != WEFT_OK) return false;
  app_loop_watch(&l->loop, c->udp.fd, POLLIN, on_readable, c);
  weft_webrtc_config_default(&cfg);
  cfg.rng = l->rng;
  cfg.identity = &l->identity;
  cfg.cert = l->cert;
  cfg.remote = l->target.addr;
  cfg.certhash = l->target.certhash;
  cfg.expected_peer = l->target.peer.bytes;
  cfg.expected_peer_len = l->target.peer.len;
  cfg.auto_consume = false;
  c->open = true;
  return weft_webrtc_dial(&c->conn, &cfg, &cb, c) == WEFT_OK &&
         weft_webrtc_start(c->conn, &c->udp.bound, now) == WEFT_OK;
}

static void drop(load *l, client *c) {
  if (!c->open) return;
  app_udp_flush(&c->udp);
  weft_webrtc_free(c->conn);
  app_loop_unwatch(&l->loop, c->udp.fd);
  app_udp_close(&c->udp);
  c->open = false;
}

static void next_dial(load *l, weft_time now) {
  drop(l, &l->clients[0]);
  if (!dial(l, &l->clients[0], now)) app_loop_stop(&l->loop, 1);
}

/* ---- time ------------------------------------------------------------------------------------------------------------------------ */

static weft_time deadline(const void *user) {
  const load *l = user;
  weft_time at = app_host_deadline(&l->host);
  for (size_t i = 0; i < l->clients_len; i++) {
    weft_time d = l->clients[i].open ? weft_webrtc_deadline(l->clients[i].conn) : WEFT_NEVER;
    if (d < at) at = d;
  }
  if (l->end_at < at) at = l->end_at;
  if (l->slow_until != 0 && l->slow_until < at) at = l->slow_until;
  return at < l->began + RUN_LIMIT ? at : l->began + RUN_LIMIT;
}

static void read_again(load *l, weft_time now) {
  l->slow_until = 0;
  for (size_t i = 0; i < l->transfers_len; i++) transfer_read_again(&l->transfers[i], now);
}

static void tick(void *user, weft_time now) {
  load *l = user;
  for (size_t i = 0; i < l->clients_len; i++)
    if (l->clients[i].open && weft_webrtc_deadline(l->clients[i].conn) <= now)
      weft_webrtc_tick(l->clients[i].conn, now);
  app_host_tick(&l->host, now);
  if (l->slow_until != 0 && now >= l->slow_until) read_again(l, now);
  if (l->end_at != WEFT_NEVER && now >= l->end_at) {
    l->end_at = WEFT_NEVER;
    next_dial(l, now);
  }
  if (now >= l->began + RUN_LIMIT) {
    fprintf(stderr, "load: not done after 300 s\n");
    app_loop_stop(&l->loop, 1);
  }
}

static void flush_all(void *user, weft_time now) {
  load *l = user;
  (void)now;
  for (size_t i = 0; i < l->clients_len; i++) {
    if (!l->clients[i].open) continue;
    bool done = app_udp_flush(&l->clients[i].udp);
    app_loop_events(&l->loop, l->clients[i].udp.fd, done ? POLLIN : POLLIN | POLLOUT);
  }
}

static bool set_up(load *l, const char *addr) {
  weft_multiaddr ma;
  weft_multiaddr_error err;
  uint8_t seed[32];
  if (sodium_init() < 0) return false;
  if (weft_multiaddr_parse(&ma, addr, &err) != WEFT_OK ||
      weft_multiaddr_webrtc_direct_dial(&ma, &l->target, &err) != WEFT_OK) {
    fprintf(stderr, "load: %s\n", err.text);
    return false;
  }
  l->rng = app_entropy();
  if (weft_identity_generate(&l->identity, &l->rng) != WEFT_OK || l->rng.fill(l->rng.ctx, seed, sizeof seed) != 0)
    return false;
  if (weft_dtls_cert_new(&l->cert, seed, NULL) != WEFT_OK) return false;
  transfer_protocol(&l->protocol, APP_CHAT_PROTOCOL);
  const app_protocol *protocols[] = {&l->protocol};
  app_host_init(&l->host, &l->rng, &l->identity, protocols, 1, l);
  return app_loop_init(&l->loop) == WEFT_OK;
}

static bool plan(load *l, const char *mode, uint64_t a, uint64_t b) {
  l->mode = mode;
  l->wanted = 1;
  l->clients_len = 1;
  l->per_stream = 5;
  l->transfers_len = 1;
  if (strcmp(mode, "dials") == 0) {
    l->wanted = (size_t)a;
  } else if (strcmp(mode, "clients") == 0) {
    l->wanted = l->clients_len = (size_t)a;
  } else if (strcmp(mode, "bulk") == 0) {
    l->transfers_len = (size_t)b;
    l->per_stream = b ? a * 1024 * 1024 / b : 0;
  } else if (strcmp(mode, "slow") == 0) {
    l->per_stream = a * 1024 * 1024;
    l->slow_until = app_clock_now() + SLOW_READER;
  } else if (strcmp(mode, "streams") == 0) {
    l->remaining_streams = a - 1;
  } else {
    return false;
  }
  return a > 0 && l->transfers_len > 0 && l->transfers_len <= STREAMS_MAX && l->clients_len <= CLIENTS_MAX;
}

int main(int argc, char **argv) {
  static load l;
  uint64_t a = argc > 3 ? strtoull(argv[3], NULL, 10) : 0, b = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
  if (argc < 4 || !plan(&l, argv[1], a, b)) {
    fprintf(stderr, "usage: interop_load dials|clients|bulk|slow|streams ADDR N [STREAMS]\n");
    return 2;
  }
  if (!set_up(&l, argv[2])) return 2;
  l.began = app_clock_now();
  l.end_at = WEFT_NEVER;
  app_loop_before_wait(&l.loop, flush_all, &l);
  app_loop_timer(&l.loop, deadline, tick, &l);
  for (size_t i = 0; i < l.clients_len; i++)
    if (!dial(&l, &l.clients[i], app_clock_now())) return 1;
  int code = app_loop_run(&l.loop);
  double seconds = (double)(app_clock_now() - l.began) / 1e6;
  bool in_time =
      strcmp(l.mode, "clients") != 0 || (l.ready == l.wanted && l.all_ready_at - l.began < ALL_CONNECTED_LIMIT);
  printf("{\"mode\":\"%s\",\"wanted\":%zu,\"ready\":%zu,\"failed\":%zu,\"seconds\":%.3f,\"setup_ms_mean\":%.2f,\"setup_"
         "ms_worst\":%.2f,"
         "\"bytes_each_way\":%" PRIu64 "}\n",
         l.mode, l.wanted, l.ready, l.failed, seconds, l.ready ? l.total_ms / (double)l.ready : 0.0, l.worst_ms,
         l.per_stream * l.transfers_len);
  for (size_t i = 0; i < l.clients_len; i++) drop(&l, &l.clients[i]);
  weft_dtls_cert_free(l.cert);
  return code == 0 && in_time ? 0 : 1;
}
