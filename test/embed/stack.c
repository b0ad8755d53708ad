/* ice, dtls, sctp and datachannel stacked by hand on two UDP sockets, without webrtc/: each layer's output is the next one's input. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <weft/datachannel/datachannel.h>
#include <weft/dtls/dtls.h>
#include <weft/ice/ice.h>
#include <weft/sctp/sctp.h>

typedef struct end {
  int fd, client;
  weft_addr addr;
  weft_ice *ice;
  weft_dtls *dtls;
  weft_sctp *sctp;
  weft_datachannel *dc;
  char heard[32];
} end;

static int fill(void *ctx, uint8_t *dst, size_t n) {
  (void)ctx;
  return getrandom(dst, n, 0) == (ssize_t)n ? 0 : -1;
}

static weft_time clock_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (weft_time)t.tv_sec * 1000000 + (weft_time)t.tv_nsec / 1000;
}

/* ---- downwards: datachannel -> sctp -> dtls -> ice -> socket ---- */

static int dc_out(void *u, const weft_datachannel_out *o, const uint8_t *d, size_t n, weft_time now) {
  weft_sctp_message m;
  memset(&m, 0, sizeof m);
  m.stream = o->stream, m.ppid = o->ppid, m.unordered = o->unordered;
  return weft_sctp_send(((end *)u)->sctp, &m, d, n, now);
}
static int dc_reset(void *u, const uint16_t *ids, size_t n, weft_time now) {
  return weft_sctp_reset_streams(((end *)u)->sctp, ids, n, now);
}
static int sctp_out(void *u, const uint8_t *d, size_t n, weft_time now) {
  return weft_dtls_send(((end *)u)->dtls, d, n, now);
}
static int dtls_out(void *u, const uint8_t *d, size_t n, weft_time now) {
  return weft_ice_send(((end *)u)->ice, d, n, now);
}
static int ice_out(void *u, const weft_addr *local, const weft_addr *to, const uint8_t *d, size_t n, weft_time now) {
  struct sockaddr_in sa;
  (void)local, (void)now;
  memset(&sa, 0, sizeof sa);
  sa.sin_family = AF_INET, sa.sin_port = htons(to->port);
  memcpy(&sa.sin_addr, to->ip, 4);
  return sendto(((end *)u)->fd, d, n, 0, (struct sockaddr *)&sa, sizeof sa) == (ssize_t)n ? WEFT_OK : WEFT_EAGAIN;
}

/* ---- upwards: socket -> ice -> dtls -> sctp -> datachannel ---- */

static void dc_event(void *u, const weft_datachannel_event *ev, weft_time now) {
  end *e = (end *)u;
  if (ev->type != WEFT_DATACHANNEL_EVENT_MESSAGE) return;
  memcpy(e->heard, ev->data, ev->len < sizeof e->heard ? ev->len : sizeof e->heard - 1);
  if (!e->client) weft_datachannel_send(e->dc, ev->id, true, ev->data, ev->len, now);
}
static void sctp_event(void *u, const weft_sctp_event *ev, weft_time now) {
  end *e = (end *)u;
  uint16_t id;
  weft_datachannel_params chat;
  memset(&chat, 0, sizeof chat);
  chat.label = "chat", chat.label_len = 4;
  if (ev->type == WEFT_SCTP_EVENT_CONNECTED) {
    weft_datachannel_up(e->dc, ev->streams_out, ev->streams_in, now);
    if (e->client && weft_datachannel_open(e->dc, &chat, &id, now) == WEFT_OK)
      weft_datachannel_send(e->dc, id, true, (const uint8_t *)"hello", 5, now);
  }
  if (ev->type == WEFT_SCTP_EVENT_MESSAGE) weft_datachannel_input(e->dc, ev->stream, ev->ppid, ev->data, ev->len, now);
  if (ev->type == WEFT_SCTP_EVENT_RESET_IN) weft_datachannel_reset_in(e->dc, ev->streams, ev->streams_n, now);
  if (ev->type == WEFT_SCTP_EVENT_RESET_OUT)
    weft_datachannel_reset_done(e->dc, ev->streams, ev->streams_n, ev->code, now);
}
static void dtls_event(void *u, const weft_dtls_event *ev, weft_time now) {
  if (ev->type == WEFT_DTLS_EVENT_CONNECTED) weft_sctp_connect(((end *)u)->sctp, now);
  if (ev->type == WEFT_DTLS_EVENT_DATA) weft_sctp_input(((end *)u)->sctp, ev->data, ev->len, now);
}
static void ice_event(void *u, const weft_ice_event *ev, weft_time now) {
  if (ev->type == WEFT_ICE_EVENT_STATE && ev->state == WEFT_ICE_CONNECTED) weft_dtls_start(((end *)u)->dtls, now);
  if (ev->type == WEFT_ICE_EVENT_DATA) weft_dtls_input(((end *)u)->dtls, ev->data, ev->len, now);
}

static int make(end *e, int client, const weft_dtls_cert *own, const weft_dtls_cert *peer) {
  static const weft_ice_callbacks ice_cb = {sizeof ice_cb, ice_out, ice_event};
  static const weft_dtls_callbacks dtls_cb = {sizeof dtls_cb, dtls_out, dtls_event};
  static const weft_sctp_callbacks sctp_cb = {sizeof sctp_cb, sctp_out, sctp_event};
  static const weft_datachannel_callbacks dc_cb = {sizeof dc_cb, dc_out, dc_reset, dc_event};
  struct sockaddr_in sa;
  socklen_t n = sizeof sa;
  weft_ice_config ic;
  weft_dtls_config tc;
  weft_sctp_config sc;
  weft_datachannel_config dcc;
  memset(&sa, 0, sizeof sa);
  sa.sin_family = AF_INET, sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  e->client = client, e->fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(e->fd, (struct sockaddr *)&sa, n) != 0 || getsockname(e->fd, (struct sockaddr *)&sa, &n) != 0) return 0;
  e->addr = weft_addr_ip4((const uint8_t *)&sa.sin_addr, ntohs(sa.sin_port));
  weft_ice_config_default(&ic), weft_dtls_config_default(&tc), weft_sctp_config_default(&sc),
      weft_datachannel_config_default(&dcc);
  ic.rng.fill = tc.rng.fill = sc.rng.fill = fill;
  ic.role = client ? WEFT_ICE_CONTROLLING : WEFT_ICE_CONTROLLED, ic.allow_loopback = true;
  tc.role = client ? WEFT_DTLS_CLIENT : WEFT_DTLS_SERVER, tc.cert = own, tc.pin = weft_dtls_cert_fingerprint(peer);
  dcc.even = client != 0;
  return weft_ice_new(&e->ice, &ic, &ice_cb, e) == WEFT_OK && weft_dtls_new(&e->dtls, &tc, &dtls_cb, e) == WEFT_OK &&
         weft_sctp_new(&e->sctp, &sc, &sctp_cb, e) == WEFT_OK &&
         weft_datachannel_new(&e->dc, &dcc, &dc_cb, e) == WEFT_OK;
}

/* What signaling would carry: the other's user name, password and address. */
static int introduce(end *e, const end *other, weft_time now) {
  weft_ice_candidate c;
  memset(&c, 0, sizeof c);
  c.type = WEFT_ICE_HOST, c.component = 1, c.priority = weft_ice_priority(WEFT_ICE_HOST, 65535, 1),
  c.addr = other->addr;
  strcpy(c.foundation, "1");
  weft_ice_add_local(e->ice, &e->addr, now);
  weft_ice_set_remote(e->ice, weft_ice_local_ufrag(other->ice), weft_ice_local_pwd(other->ice));
  return weft_ice_add_remote(e->ice, &c, now) == WEFT_OK && weft_ice_start(e->ice, now) == WEFT_OK;
}

static void serve(end *e, weft_time now) {
  uint8_t buf[2048];
  struct sockaddr_in sa;
  socklen_t n = sizeof sa;
  ssize_t got;
  for (; (got = recvfrom(e->fd, buf, sizeof buf, MSG_DONTWAIT, (struct sockaddr *)&sa, &n)) > 0; n = sizeof sa) {
    weft_addr from = weft_addr_ip4((const uint8_t *)&sa.sin_addr, ntohs(sa.sin_port));
    weft_ice_input(e->ice, &e->addr, &from, buf, (size_t)got, now);
  }
  weft_ice_tick(e->ice, now), weft_dtls_tick(e->dtls, now), weft_sctp_tick(e->sctp, now),
      weft_datachannel_tick(e->dc, now);
}

static void done(end *e) {
  weft_datachannel_free(e->dc), weft_sctp_free(e->sctp), weft_dtls_free(e->dtls), weft_ice_free(e->ice);
  close(e->fd);
}

int main(void) {
  static end a, b;
  const uint8_t seed_a[32] = {1}, seed_b[32] = {2};
  weft_dtls_cert *cert_a, *cert_b;
  weft_time start = clock_now(), now = start;
  if (weft_dtls_cert_new(&cert_a, seed_a, NULL) != WEFT_OK || weft_dtls_cert_new(&cert_b, seed_b, NULL) != WEFT_OK)
    return 1;
  if (!make(&a, 1, cert_a, cert_b) || !make(&b, 0, cert_b, cert_a)) return 1;
  if (!introduce(&b, &a, now) || !introduce(&a, &b, now)) return 1;
  while (!a.heard[0] && (now = clock_now()) < start + WEFT_SEC(10)) {
    struct pollfd fds[2] = {{a.fd, POLLIN, 0}, {b.fd, POLLIN, 0}};
    poll(fds, 2, 10); /* a program would wait for the least of the deadlines */
    now = clock_now();
    serve(&a, now), serve(&b, now);
  }
  printf("stack: '%s' there and back on a data channel\n", a.heard);
  int ok = strcmp(a.heard, "hello") == 0 && strcmp(b.heard, "hello") == 0;
  done(&a), done(&b);
  weft_dtls_cert_free(cert_a), weft_dtls_cert_free(cert_b);
  return ok ? 0 : 1;
}
