#define _GNU_SOURCE
#include "test/support/relay_end.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/addr_file.h"

/* ---- the relay's process -------------------------------------------------------------------------------------------------------- */

enum { ARGS_MAX = 40 };

static void run_relay(const relay_child *c, const char *bin, const char *const *args, size_t n) {
  char path[512];
  char *argv[ARGS_MAX] = {path, "-p", "0", "--quiet", "--addr-file", (char *)(uintptr_t)c->file};
  size_t at = 6;
  snprintf(path, sizeof path, "%s/webrtc-p2p-relay", bin);
  for (size_t i = 0; i < n && at + 1 < ARGS_MAX; i++) argv[at++] = (char *)(uintptr_t)args[i];
  int null = open("/dev/null", O_RDWR);
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  execv(path, argv);
  _exit(127);
}

static int read_address(relay_child *c) {
  app_addr_file f;
  weft_multiaddr ma;
  weft_multiaddr_part part;
  uint32_t transport;
  if (app_addr_file_read(c->file, &f) != WEFT_OK || weft_multiaddr_parse(&ma, f.addr, NULL) != WEFT_OK)
    return WEFT_EAGAIN;
  if (weft_multiaddr_to_addr(&ma, &c->addr, &transport) != WEFT_OK ||
      weft_multiaddr_find(&ma, WEFT_MA_P2P, &part) != WEFT_OK)
    return WEFT_EMALFORMED;
  return weft_peer_id_from_bytes(&c->id, part.value, part.len);
}

int relay_child_start(relay_child *c, const char *bin, const char *const *args, size_t n) {
  memset(c, 0, sizeof *c);
  strcpy(c->dir, "/tmp/weft-relay-XXXXXX");
  if (!mkdtemp(c->dir)) return WEFT_EINTERNAL;
  snprintf(c->file, sizeof c->file, "%s/relay.json", c->dir);
  c->pid = fork();
  if (c->pid == 0) run_relay(c, bin, args, n);
  for (int i = 0; i < 500 && c->pid > 0; i++) {
    if (read_address(c) == WEFT_OK) return WEFT_OK;
    if (waitpid(c->pid, NULL, WNOHANG) == c->pid) c->pid = 0;
    usleep(10000);
  }
  relay_child_stop(c);
  return WEFT_EINTERNAL;
}

void relay_child_stop(relay_child *c) {
  if (c->pid > 0) {
    kill(c->pid, SIGTERM);
    waitpid(c->pid, NULL, 0);
  }
  c->pid = 0;
  unlink(c->file);
  rmdir(c->dir);
}

long relay_child_rss_kib(const relay_child *c) {
  char path[64], line[256];
  long kib = 0;
  snprintf(path, sizeof path, "/proc/%ld/status", (long)c->pid);
  FILE *f = fopen(path, "r");
  while (f && fgets(line, sizeof line, f))
    if (sscanf(line, "VmRSS: %ld", &kib) == 1) break;
  if (f) fclose(f);
  return kib;
}

double relay_child_cpu_seconds(const relay_child *c) {
  char path[64], text[1024];
  unsigned long user = 0, sys = 0;
  snprintf(path, sizeof path, "/proc/%ld/stat", (long)c->pid);
  FILE *f = fopen(path, "r");
  if (!f) return 0;
  size_t n = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  text[n] = 0;
  const char *p = strrchr(text, ')'); /* the name may hold anything */
  if (p) sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys);
  return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

/* ---- the exchange ------------------------------------------------------------------------------------------------------------------- */

static relay_end *end_of(const app_stream *s) { return s->peer->host->user; }

static void failed(relay_end *e, int status, const char *what, weft_time now) {
  if (e->cb->failed) e->cb->failed(e, status, what, now);
}

static ptrdiff_t client_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  app_stream *s = user;
  return app_stream_send(s, data, len, now);
}

static void client_event(void *user, const weft_relay_client_event *ev, weft_time now) {
  app_stream *s = user;
  relay_end *e = end_of(s);
  if (ev->type == WEFT_RELAY_CLIENT_RESERVED && ev->message->addrs_len == 0) {
    failed(e, 0, "the reservation has no address in it, and rust-libp2p takes none without", now);
  } else if (ev->type == WEFT_RELAY_CLIENT_RESERVED) {
    e->cb->reserved(e, now);
  } else if (ev->type == WEFT_RELAY_CLIENT_CIRCUIT) {
    e->circuit = s;
    e->up = true;
    e->cb->circuit(e, now);
  } else if (ev->closed.code != WEFT_OK) {
    failed(e, (int)ev->closed.wire_code, ev->closed.text, now);
  } else if (!e->up) {
    app_stream_shutdown(s, now);
  }
}

static int verify(void *user, const uint8_t *key, size_t key_len, const uint8_t *msg, size_t len, const uint8_t *sig,
                  size_t sig_len, uint8_t *peer_id, size_t cap, size_t *peer_id_len) {
  (void)user;
  if (cap < WEFT_PEER_ID_MAX) return WEFT_ETOOBIG;
  int rc = weft_identity_verify(key, key_len, msg, len, sig, sig_len);
  return rc == WEFT_OK ? weft_identity_peer_id(key, key_len, peer_id, peer_id_len) : rc;
}

static void start_client(app_stream *s, weft_relay_client_kind kind, weft_time now) {
  relay_end *e = end_of(s);
  weft_relay_client_callbacks cb = {sizeof cb, client_output, client_event};
  weft_relay_client_config c;
  weft_relay_client_config_default(&c);
  c.kind = kind;
  c.relay_id = e->relay->id.bytes;
  c.relay_id_len = e->relay->id.len;
  c.self_id = e->identity.peer_id;
  c.self_id_len = sizeof e->identity.peer_id;
  c.target_id = e->target;
  c.target_id_len = e->target ? 38 : 0;
  c.verify = verify;
  weft_relay_client_free(e->client);
  e->client = NULL;
  if (weft_relay_client_new(&e->client, &c, &cb, s) == WEFT_OK)
    weft_relay_client_start(e->client, now);
  else
    failed(e, 0, "no exchange could be begun", now);
}

static void hop_opened(app_stream *s, weft_time now) {
  start_client(s, end_of(s)->target ? WEFT_RELAY_CONNECT : WEFT_RELAY_RESERVE, now);
}

static void stop_opened(app_stream *s, weft_time now) { start_client(s, WEFT_RELAY_ACCEPT, now); }

static void on_data(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  relay_end *e = end_of(s);
  size_t n = 0;
  if (e->client && s != e->circuit) {
    ptrdiff_t used = weft_relay_client_input(e->client, data, len, now);
    n = used > 0 ? (size_t)used : 0;
  }
  if (s == e->circuit && n < len) {
    e->got += len - n;
    e->cb->data(e, data + n, len - n, now);
  }
  app_stream_consumed(s, len, now);
}

static void on_writable(app_stream *s, weft_time now) {
  relay_end *e = end_of(s);
  if (s == e->circuit && e->cb->writable) e->cb->writable(e, now);
}

static void on_remote_closed(app_stream *s, weft_time now) {
  relay_end *e = end_of(s);
  if (s == e->circuit && e->cb->ended) e->cb->ended(e, now);
  if (s != e->circuit) app_stream_shutdown(s, now);
}

static void on_stream_closed(app_stream *s, int code, weft_time now) {
  relay_end *e = end_of(s);
  bool was = s == e->circuit;
  if (was) e->circuit = NULL;
  if (code != WEFT_OK) failed(e, 0, was ? "the circuit was reset" : "the exchange was reset", now);
}

/* ---- the connection ----------------------------------------------------------------------------------------------------------------- */

static ptrdiff_t link_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  relay_end *e = user;
  (void)now;
  ptrdiff_t n = app_tcp_send(e->tcp, data, len);
  return n > 0 ? n : 0;
}

static void link_ready(void *user, app_link *l, app_peer *p, weft_time now) {
  relay_end *e = user;
  (void)l;
  e->peer = p;
  e->cb->ready(e, now);
}

static void link_closed(void *user, app_link *l, const weft_closed *why, weft_time now) {
  relay_end *e = user;
  (void)l;
  e->peer = NULL;
  failed(e, 0, why->text, now);
}

static void on_connected(void *user, app_tcp *t, weft_time now) {
  static const app_link_callbacks cb = {link_output, link_ready, link_closed};
  relay_end *e = user;
  app_link_config cfg = {.host = &e->host,
                         .dialer = true,
                         .expected_peer = e->relay->id.bytes,
                         .expected_peer_len = e->relay->id.len,
                         .limit = WEFT_SEC(60)};
  (void)t;
  if (app_link_new(&e->link, &cfg, &cb, e) == WEFT_OK)
    app_link_start(e->link, now);
  else
    failed(e, 0, "no memory", now);
}

static void tcp_data(void *user, app_tcp *t, const uint8_t *data, size_t len, weft_time now) {
  (void)t;
  app_link_input(((relay_end *)user)->link, data, len, now);
}

static void tcp_end(void *user, app_tcp *t, weft_time now) {
  relay_end *e = user;
  (void)t;
  if (e->link) app_link_input_end(e->link, now);
}

static void tcp_writable(void *user, app_tcp *t, weft_time now) {
  relay_end *e = user;
  (void)t;
  if (e->link) app_link_writable(e->link, now);
}

static void tcp_broken(void *user, app_tcp *t, int error, weft_time now) {
  (void)t;
  failed(user, 0, strerror(error), now);
}

int relay_end_start(relay_end *e, app_tcp_pool *pool, const relay_child *relay, const weft_rng *rng,
                    const relay_end_callbacks *cb, void *user, weft_time now) {
  static const app_tcp_callbacks tcp = {on_connected, tcp_data, tcp_end, tcp_writable, tcp_broken};
  const app_protocol *protocols[] = {&e->hop, &e->stop};
  (void)now;
  memset(e, 0, sizeof *e);
  e->relay = relay;
  e->cb = cb;
  e->user = user;
  e->hop = (app_protocol){.name = WEFT_RELAY_HOP_PROTOCOL,
                          .manual_consume = true,
                          .dial_only = true,
                          .opened = hop_opened,
                          .data = on_data,
                          .writable = on_writable,
                          .remote_closed = on_remote_closed,
                          .closed = on_stream_closed};
  e->stop = e->hop;
  e->stop.name = WEFT_RELAY_STOP_PROTOCOL;
  e->stop.dial_only = false;
  e->stop.opened = stop_opened;
  int rc = weft_identity_generate(&e->identity, rng);
  if (rc != WEFT_OK) return rc;
  app_host_init(&e->host, rng, &e->identity, protocols, 2, e);
  return app_tcp_connect(&e->tcp, pool, &relay->addr, &tcp, e);
}

static void open_hop(relay_end *e, const uint8_t *target, weft_time now) {
  int rc;
  e->target = target;
  if (!app_stream_open(e->peer, &e->hop, NULL, &rc, now)) failed(e, 0, weft_strerror(rc), now);
}

void relay_end_reserve(relay_end *e, weft_time now) { open_hop(e, NULL, now); }

void relay_end_connect(relay_end *e, const uint8_t target[38], weft_time now) { open_hop(e, target, now); }

void relay_end_free(relay_end *e, weft_time now) {
  static const relay_end_callbacks nobody;
  e->cb = &nobody;
  weft_relay_client_free(e->client);
  app_link_free(e->link, now);
  if (e->tcp) app_tcp_abort(e->tcp);
  e->client = NULL;
  e->link = NULL;
  e->tcp = NULL;
}
