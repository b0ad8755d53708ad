/* A relay over TCP that is not what it says, for the tests of webrtc-p2p-peer.
 *
 *   hostile_relay forge          RESERVE is answered with a voucher that another key has signed
 *   hostile_relay silent         nothing is ever answered
 *   hostile_relay garbage        bytes that are no message
 *   hostile_relay impostor       CONNECT leads to the relay itself, whoever was asked for
 *   hostile_relay certificate    CONNECT leads to a peer whose DTLS certificate is not the one it describes
 *
 * Prints its address, and behind it the peer id to dial; ends on SIGTERM.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apps/clock.h"
#include "apps/node.h"
#include "apps/private.h"
#include "apps/tcp_transport.h"
#include "webrtc/private_int.h"

#include <weft/relay/relay.h>

typedef struct hostile {
  app_node node;
  app_tcp_transport tcp;
  const char *mode;
  app_protocol hop;
  /* the peer behind its circuits */
  weft_identity alice;
  app_host host;
  app_private direct;
  app_udp *udp;
  weft_dtls_cert *other;
} hostile;

/* A circuit that ends here. */
typedef struct inner {
  hostile *h;
  app_stream *stream;
  app_link *link;
} inner;

static hostile *of(const app_stream *s) { return (hostile *)s->peer->host->user; }

/* ---- the circuit's far end ---- */

static ptrdiff_t inner_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  inner *c = user;
  return c->stream ? app_stream_send(c->stream, data, len, now) : WEFT_ECLOSED;
}

static void inner_ready(void *user, app_link *l, app_peer *p, weft_time now) {
  (void)user, (void)l, (void)p, (void)now;
}

static void inner_closed(void *user, app_link *l, const weft_closed *why, weft_time now) {
  inner *c = user;
  (void)why;
  c->link = NULL;
  app_link_free(l, now);
  if (c->stream) app_stream_reset(c->stream, now);
}

static void begin_inner(hostile *h, app_stream *s, weft_time now) {
  static const app_link_callbacks cb = {inner_output, inner_ready, inner_closed};
  app_link_config cfg = {.host = &h->host, .limited = true};
  inner *c = calloc(1, sizeof *c);
  if (!c) exit(1);
  c->h = h;
  c->stream = s;
  s->state = c;
  if (app_link_new(&c->link, &cfg, &cb, c) != WEFT_OK) exit(1);
  app_link_start(c->link, now);
}

/* ---- hop ---- */

static void say(app_stream *s, const weft_relay_message *m, weft_time now) {
  uint8_t buf[WEFT_RELAY_MESSAGE_MAX + 2];
  size_t len;
  if (weft_relay_hop_encode(m, buf, sizeof buf, &len) == WEFT_OK) app_stream_send(s, buf, len, now);
}

static int sign(void *user, const uint8_t *msg, size_t len, uint8_t *sig, size_t cap, size_t *sig_len) {
  (void)cap;
  return weft_identity_sign(user, msg, len, sig, sig_len);
}

/* Not time(2): the test programs have one of their own. */
static uint64_t in_an_hour(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_sec + 3600;
}

/* Everything in it is right, but for who signed it. */
static void forge(hostile *h, app_stream *s, weft_time now) {
  uint8_t voucher[1024];
  size_t len;
  uint64_t expire = in_an_hour();
  weft_relay_voucher v = {.relay = {h->node.identity.peer_id, sizeof h->node.identity.peer_id},
                          .peer = {s->peer->id.bytes, s->peer->id.len},
                          .expiration = expire};
  weft_relay_bytes key = {h->node.identity.key_protobuf, sizeof h->node.identity.key_protobuf};
  if (weft_relay_voucher_sign(&v, key, sign, &h->alice, voucher, sizeof voucher, &len) != WEFT_OK) exit(1);
  weft_relay_message m = {
      .type = WEFT_RELAY_HOP_STATUS, .status = WEFT_RELAY_OK, .has_reservation = true, .expire = expire};
  m.voucher = (weft_relay_bytes){voucher, len};
  say(s, &m, now);
}

static void answer(hostile *h, app_stream *s, weft_time now) {
  static const uint8_t garbage[] = {5, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 1, 2, 3};
  weft_relay_message ok = {
      .type = WEFT_RELAY_HOP_STATUS, .status = WEFT_RELAY_OK, .has_limit = true, .limit_duration = 60};
  if (strcmp(h->mode, "silent") == 0) return;
  if (strcmp(h->mode, "garbage") == 0) {
    app_stream_send(s, garbage, sizeof garbage, now);
  } else if (strcmp(h->mode, "forge") == 0) {
    forge(h, s, now);
  } else {
    say(s, &ok, now);
    begin_inner(h, s, now);
  }
}

/* The request is not read: what was asked for does not matter here. */
static void hop_data(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  inner *c = s->state;
  if (!c)
    answer(of(s), s, now);
  else if (c->link)
    app_link_input(c->link, data, len, now);
}

static void hop_writable(app_stream *s, weft_time now) {
  inner *c = s->state;
  if (c && c->link) app_link_writable(c->link, now);
}

static void hop_closed(app_stream *s, int code, weft_time now) {
  inner *c = s->state;
  (void)code;
  if (!c) return;
  c->stream = NULL;
  app_link_free(c->link, now);
  free(c);
}

/* ---- the direct connection that is offered ---- */

static int udp_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                      weft_time now) {
  hostile *h = user;
  (void)now;
  return app_node_output(&h->node, local, remote, data, len);
}

/* The description is out, with one fingerprint; DTLS is to show another certificate. */
static void direct_event(void *user, app_direct *d, const app_private_event *ev, weft_time now) {
  hostile *h = user;
  (void)now;
  if (ev->type == APP_PRIVATE_STEP && strcmp(ev->text, "answer sent") == 0) d->attempt->c->cfg.cert = h->other;
}

static void on_datagram(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                        weft_time now) {
  hostile *h = user;
  app_private_input(&h->direct, local, remote, data, len, now);
}

/* ---- the program ---- */

static void tcp_ready(void *user, app_tcp_conn *c, weft_time now) { (void)user, (void)c, (void)now; }
static void tcp_closed(void *user, app_tcp_conn *c, const weft_closed *why, weft_time now) {
  (void)user, (void)c, (void)why, (void)now;
}

static void on_signal(void *user, int signo, weft_time now) {
  hostile *h = user;
  (void)signo, (void)now;
  app_loop_stop(&h->node.loop, 0);
}

static weft_time deadline(const void *user) {
  const hostile *h = user;
  weft_time a = app_host_deadline(&h->node.host), b = app_host_deadline(&h->host), c = app_private_deadline(&h->direct);
  if (b < a) a = b;
  return c < a ? c : a;
}

static void tick(void *user, weft_time now) {
  hostile *h = user;
  app_host_tick(&h->node.host, now);
  app_host_tick(&h->host, now);
  app_private_tick(&h->direct, now);
}

static void make_alice(hostile *h) {
  static const app_private_callbacks cb = {udp_output, direct_event};
  static const uint8_t loopback[4] = {127, 0, 0, 1};
  uint8_t seed[32] = {7};
  weft_addr any = weft_addr_ip4(loopback, 0);
  app_private_init(&h->direct, &cb, h);
  const app_protocol *protocols[] = {&h->direct.protocol};
  bool impostor = strcmp(h->mode, "certificate") != 0;
  if (weft_identity_generate(&h->alice, &h->node.rng) != WEFT_OK) exit(1);
  app_host_init(&h->host, &h->node.rng, impostor ? &h->node.identity : &h->alice, protocols, 1, h);
  app_private_config cfg = {.host = &h->host, .cert = h->node.cert};
  if (app_private_start(&h->direct, &cfg) != WEFT_OK || weft_dtls_cert_new(&h->other, seed, NULL) != WEFT_OK) exit(1);
  h->node.on_datagram = on_datagram;
  h->udp = app_node_socket(&h->node, &any);
  if (!h->udp) exit(1);
  app_private_set_locals(&h->direct, &h->udp->bound, 1, true);
}

int main(int argc, char **argv) {
  static hostile h;
  static const app_tcp_transport_callbacks cb = {.ready = tcp_ready, .closed = tcp_closed};
  static const uint8_t loopback[4] = {127, 0, 0, 1};
  const app_protocol *protocols[] = {&h.hop};
  char alice[128];
  weft_peer_id id;
  if (argc != 2) return 2;
  h.mode = argv[1];
  h.hop =
      (app_protocol){.name = WEFT_RELAY_HOP_PROTOCOL, .data = hop_data, .writable = hop_writable, .closed = hop_closed};
  app_node_options o = {.quiet = true, .protocols = protocols, .protocols_len = 1};
  weft_addr any = weft_addr_ip4(loopback, 0);
  if (app_node_init(&h.node, &o, NULL, &h) != 0) return 1;
  make_alice(&h);
  if (app_tcp_transport_init(&h.tcp, &h.node.loop, &h.node.host, &cb, &h) != WEFT_OK) return 1;
  if (app_tcp_transport_listen(&h.tcp, &any) != WEFT_OK) return 1;
  app_loop_timer(&h.node.loop, deadline, tick, &h);
  app_loop_signals(&h.node.loop, on_signal, &h);
  weft_peer_id_from_bytes(&id, h.alice.peer_id, sizeof h.alice.peer_id);
  weft_peer_id_format(&id, alice, sizeof alice);
  printf("/ip4/127.0.0.1/tcp/%u/p2p/%s %s\n", h.tcp.listeners[0].bound.port, h.node.peer_id, alice);
  fflush(stdout);
  app_loop_run(&h.node.loop);
  app_private_end(&h.direct, app_clock_now());
  app_tcp_transport_end(&h.tcp, app_clock_now());
  weft_dtls_cert_free(h.other);
  app_node_end(&h.node);
  return 0;
}
