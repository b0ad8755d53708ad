/* A libp2p connection over TCP alone: TCP, Noise, Yamux, multistream, without circuits or WebRTC.
 *
 *   interop_tcp_link listen MULTIADDR                echoes the chat protocol of Demo 2 until SIGTERM; port 0 is any
 *   interop_tcp_link bulk MULTIADDR MIB STREAMS      MIB mebibytes in all, there and back; SHA-256 compared
 *   interop_tcp_link held MULTIADDR COUNT BYTES [N]  COUNT streams open at once: none ends before all were echoed; N (100)
 *                                                    at a time are being opened
 *   interop_tcp_link streams MULTIADDR COUNT BYTES   COUNT streams one after another
 *
 * Prints JSON lines: listening {addr}; connected and closed {peer}; identified {agent, protocols}; ping {rtt_us}; done {...}. A dialer
 * identifies, pings 3 times, does its work and leaves; exit 0 only if nothing failed. Every run of it is bounded by 120 s.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/multiaddr/multiaddr.h>

#include "apps/chat.h"
#include "apps/clock.h"
#include "apps/link.h"
#include "apps/loop.h"
#include "apps/tcp.h"
#include "test/support/transfer.h"

/* A session opens at most 256 streams that the peer has not acknowledged. */
enum { CONNECTIONS_MAX = 64, STREAMS_MAX = 2000, PINGS = 3, OPENING = 100 };
#define RUN_LIMIT WEFT_SEC(120)
#define P2P_CHAT "/webrtc-p2p-chat/1.0.0"

typedef struct connection {
  struct program *program;
  app_tcp *tcp;
  app_link *link;
} connection;

typedef struct program {
  app_loop loop;
  app_tcp_pool pool;
  app_tcp_listener listener;
  app_host host;
  weft_rng rng;
  weft_identity identity;
  app_chat chat;
  app_protocol protocol;
  weft_multiaddr addr;
  weft_addr ip;
  weft_peer_id peer;
  bool dialer, has_peer, finished;
  const char *mode;
  connection connections[CONNECTIONS_MAX];
  transfer *transfers;
  size_t transfers_len, opening, opened, echoed, done;
  uint64_t remaining, per_stream;
  weft_time began;
} program;

/* ---- the work of a dialer ---------------------------------------------------------------------------------------------------- */

static void end_program(program *p, int code) {
  if (p->finished) return;
  p->finished = true;
  app_loop_stop(&p->loop, code);
}

static void open_transfer(program *p, transfer *t, weft_time now);

static void report_done(program *p, weft_time now) {
  printf("{\"event\":\"done\",\"mode\":\"%s\",\"streams\":%zu,\"bytes_each_way\":%" PRIu64 ",\"ms\":%.1f}\n", p->mode,
         p->done, p->per_stream * p->done, (double)(now - p->began) / 1000.0);
  fflush(stdout);
}

static void on_transfer_closed(transfer *t, bool same, weft_time now) {
  program *p = t->user;
  if (!same) {
    if (!p->finished) transfer_complain(t);
    end_program(p, 1);
    return;
  }
  p->done++;
  if (p->remaining > 0) {
    p->remaining--;
    open_transfer(p, t, now);
    return;
  }
  if (p->done < p->transfers_len) return;
  report_done(p, now);
  app_link_close(p->connections[0].link, WEFT_OK, now);
}

static void on_echoed(transfer *t, weft_time now) {
  program *p = t->user;
  if (p->opened < p->transfers_len) open_transfer(p, &p->transfers[p->opened++], now);
  if (++p->echoed < p->transfers_len) return;
  for (size_t i = 0; i < p->transfers_len; i++) transfer_finish(&p->transfers[i], now);
}

static void open_transfer(program *p, transfer *t, weft_time now) {
  t->user = p;
  t->bytes = p->per_stream;
  t->closed = on_transfer_closed;
  t->echoed = strcmp(p->mode, "held") == 0 ? on_echoed : NULL;
  t->seed += (uint64_t)(t - p->transfers) + 1;
  if (transfer_open(t, app_link_peer(p->connections[0].link), &p->protocol, now) != WEFT_OK) end_program(p, 1);
}

static void on_identified(void *user, app_peer *peer, const weft_identify *id, weft_time now) {
  (void)user;
  printf("{\"event\":\"identified\",\"peer\":\"%s\",\"agent\":\"%s\",\"protocols\":%zu}\n", peer->id_text, peer->agent,
         id->got_protocols_len);
  fflush(stdout);
  app_peer_ping(peer, PINGS, WEFT_MS(20), now);
}

static void on_pinged(void *user, app_peer *peer, weft_time rtt, weft_time now) {
  (void)user, (void)now;
  printf("{\"event\":\"ping\",\"peer\":\"%s\",\"rtt_us\":%" PRId64 "}\n", peer->id_text, (int64_t)rtt);
}

static void on_ping_done(void *user, app_peer *peer, const weft_closed *why, weft_time now) {
  program *p = user;
  (void)peer;
  if (why && why->code != WEFT_OK) {
    fprintf(stderr, "tcp_link: ping: %s\n", why->text);
    end_program(p, 1);
    return;
  }
  p->began = now;
  while (p->opened < p->transfers_len && p->opened < p->opening && !p->finished)
    open_transfer(p, &p->transfers[p->opened++], now);
}

/* ---- one connection ------------------------------------------------------------------------------------------------------------ */

static ptrdiff_t on_link_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  connection *c = user;
  (void)now;
  return c->tcp ? app_tcp_send(c->tcp, data, len) : WEFT_ECLOSED;
}

static void on_link_ready(void *user, app_link *l, app_peer *peer, weft_time now) {
  connection *c = user;
  (void)l;
  printf("{\"event\":\"connected\",\"peer\":\"%s\"}\n", peer->id_text);
  fflush(stdout);
  if (c->program->dialer) app_peer_identify(peer, now);
}

static void on_link_closed(void *user, app_link *l, const weft_closed *why, weft_time now) {
  connection *c = user;
  program *p = c->program;
  app_peer *peer = app_link_peer(l);
  bool left = p->dialer && p->done >= p->transfers_len && p->remaining == 0;
  printf("{\"event\":\"closed\",\"peer\":\"%s\",\"layer\":\"%s\",\"step\":\"%s\",\"code\":\"%s\"}\n",
         peer ? peer->id_text : "", why->layer, why->step, weft_errname(why->code));
  fflush(stdout);
  fprintf(stderr, "tcp_link: closed: %s: %s: %s\n", why->layer, why->step, why->text);
  app_link_free(l, now);
  if (c->tcp) app_tcp_close(c->tcp, now);
  *c = (connection){.program = p};
  if (p->dialer) end_program(p, left ? 0 : 1);
}

static bool start_link(connection *c, weft_time now) {
  program *p = c->program;
  app_link_config cfg = {.host = &p->host, .dialer = p->dialer};
  app_link_callbacks cb = {on_link_output, on_link_ready, on_link_closed};
  if (p->has_peer && p->dialer) {
    cfg.expected_peer = p->peer.bytes;
    cfg.expected_peer_len = p->peer.len;
  }
  return app_link_new(&c->link, &cfg, &cb, c) == WEFT_OK && app_link_start(c->link, now) == WEFT_OK;
}

static void on_connected(void *user, app_tcp *t, weft_time now) {
  connection *c = user;
  (void)t;
  if (!start_link(c, now)) end_program(c->program, 1);
}

static void on_data(void *user, app_tcp *t, const uint8_t *data, size_t len, weft_time now) {
  connection *c = user;
  (void)t;
  if (c->link) app_link_input(c->link, data, len, now);
}

static void on_end(void *user, app_tcp *t, weft_time now) {
  connection *c = user;
  (void)t;
  if (c->link) app_link_input_end(c->link, now);
}

static void on_writable(void *user, app_tcp *t, weft_time now) {
  connection *c = user;
  (void)t;
  if (c->link) app_link_writable(c->link, now);
}

static void on_broken(void *user, app_tcp *t, int error, weft_time now) {
  connection *c = user;
  fprintf(stderr, "tcp_link: %s\n", strerror(error));
  app_tcp_close(t, now);
  c->tcp = NULL;
  if (c->link)
    app_link_input_end(c->link, now);
  else if (c->program->dialer)
    end_program(c->program, 1);
}

static const app_tcp_callbacks tcp_callbacks = {on_connected, on_data, on_end, on_writable, on_broken};

static void on_accepted(void *user, app_tcp *t, weft_time now) {
  program *p = user;
  for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
    connection *c = &p->connections[i];
    if (c->tcp || c->link) continue;
    c->tcp = t;
    app_tcp_use(t, &tcp_callbacks, c);
    if (!start_link(c, now)) end_program(p, 1);
    return;
  }
  app_tcp_abort(t);
}

/* ---- the program --------------------------------------------------------------------------------------------------------------- */

static weft_time deadline(const void *user) {
  const program *p = user;
  weft_time at = app_host_deadline(&p->host), d;
  for (size_t i = 0; i < CONNECTIONS_MAX; i++)
    if (p->connections[i].link && (d = app_link_deadline(p->connections[i].link)) < at) at = d;
  return p->dialer && p->began + RUN_LIMIT < at ? p->began + RUN_LIMIT : at;
}

static void tick(void *user, weft_time now) {
  program *p = user;
  for (size_t i = 0; i < CONNECTIONS_MAX; i++)
    if (p->connections[i].link && app_link_deadline(p->connections[i].link) <= now)
      app_link_tick(p->connections[i].link, now);
  app_host_tick(&p->host, now);
  if (p->dialer && now >= p->began + RUN_LIMIT) {
    fprintf(stderr, "tcp_link: not done after 120 s\n");
    end_program(p, 1);
  }
}

static void on_signal(void *user, int signo, weft_time now) {
  program *p = user;
  (void)signo, (void)now;
  end_program(p, 0);
}

static void print_listening(program *p) {
  char text[WEFT_MULTIADDR_TEXT_MAX];
  weft_multiaddr ma = {.len = 0};
  weft_peer_id id;
  weft_peer_id_from_bytes(&id, p->identity.peer_id, sizeof p->identity.peer_id);
  weft_multiaddr_append_addr(&ma, &p->listener.bound, WEFT_MA_TCP);
  weft_multiaddr_append_peer(&ma, &id);
  weft_multiaddr_format(&ma, text, sizeof text);
  printf("{\"event\":\"listening\",\"addr\":\"%s\"}\n", text);
  fflush(stdout);
}

static bool plan(program *p, int argc, char **argv) {
  uint64_t a = argc > 3 ? strtoull(argv[3], NULL, 10) : 0, b = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
  p->mode = argv[1];
  p->dialer = strcmp(p->mode, "listen") != 0;
  p->transfers_len = 1;
  p->opening = argc > 5 ? (size_t)strtoull(argv[5], NULL, 10) : OPENING;
  p->per_stream = b;
  if (strcmp(p->mode, "bulk") == 0) {
    p->transfers_len = (size_t)b;
    p->per_stream = b ? a * 1024 * 1024 / b : 0;
  } else if (strcmp(p->mode, "held") == 0) {
    p->transfers_len = (size_t)a;
  } else if (strcmp(p->mode, "streams") == 0) {
    p->remaining = a - 1;
  } else if (p->dialer) {
    return false;
  }
  if (p->dialer && (a == 0 || p->per_stream == 0 || p->transfers_len > STREAMS_MAX)) return false;
  p->transfers = calloc(p->transfers_len, sizeof *p->transfers);
  return p->transfers != NULL;
}

static bool parse_addr(program *p, const char *text) {
  weft_multiaddr_error err;
  weft_multiaddr_part part;
  uint32_t transport;
  if (weft_multiaddr_parse(&p->addr, text, &err) != WEFT_OK) {
    fprintf(stderr, "tcp_link: %s\n", err.text);
    return false;
  }
  p->has_peer = weft_multiaddr_find(&p->addr, WEFT_MA_P2P, &part) == WEFT_OK &&
                weft_peer_id_from_bytes(&p->peer, part.value, part.len) == WEFT_OK;
  return weft_multiaddr_to_addr(&p->addr, &p->ip, &transport) == WEFT_OK && transport == WEFT_MA_TCP;
}

static bool set_up(program *p) {
  const app_protocol *protocols[] = {&p->chat.protocol, &p->protocol};
  if (sodium_init() < 0) return false;
  p->rng = app_entropy();
  if (weft_identity_generate(&p->identity, &p->rng) != WEFT_OK) return false;
  app_chat_init(&p->chat, &(app_chat_callbacks){0}, true, p);
  p->chat.protocol.name = P2P_CHAT;
  transfer_protocol(&p->protocol, P2P_CHAT);
  app_host_init(&p->host, &p->rng, &p->identity, protocols, 2, p);
  p->host.identified = on_identified;
  p->host.pinged = on_pinged;
  p->host.ping_done = on_ping_done;
  for (size_t i = 0; i < CONNECTIONS_MAX; i++) p->connections[i].program = p;
  return app_loop_init(&p->loop) == WEFT_OK && app_tcp_pool_init(&p->pool, &p->loop) == WEFT_OK &&
         app_loop_timer(&p->loop, deadline, tick, p) == WEFT_OK && app_loop_signals(&p->loop, on_signal, p) == WEFT_OK;
}

static bool begin(program *p) {
  p->began = app_clock_now();
  if (p->dialer)
    return app_tcp_connect(&p->connections[0].tcp, &p->pool, &p->ip, &tcp_callbacks, &p->connections[0]) == WEFT_OK;
  if (app_tcp_listen(&p->listener, &p->pool, &p->ip, &(app_tcp_listener_callbacks){on_accepted, NULL}, p) != WEFT_OK)
    return false;
  print_listening(p);
  return true;
}

int main(int argc, char **argv) {
  static program p;
  if (argc < 3 || !plan(&p, argc, argv) || !parse_addr(&p, argv[2])) {
    fprintf(stderr, "usage: interop_tcp_link listen|bulk|held|streams MULTIADDR [N [M [OPENING]]]\n");
    return 2;
  }
  if (!set_up(&p) || !begin(&p)) {
    perror("tcp_link");
    return 1;
  }
  int code = app_loop_run(&p.loop);
  for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
    app_link_free(p.connections[i].link, app_clock_now());
    if (p.connections[i].tcp) app_tcp_abort(p.connections[i].tcp);
  }
  app_tcp_pool_end(&p.pool);
  app_loop_end(&p.loop);
  free(p.transfers);
  return code;
}
