/* What the webrtc layer gives an embedder who has a stream to the peer already, over a relay for instance: the exchange of
 * /webrtc-signaling/0.0.1 on it and the direct connection that comes of it. Here the stream is two buffers and UDP an array. A says hello on
 * the direct connection, B says it back. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <weft/webrtc/signaling.h>

static struct {
  weft_addr local, remote;
  size_t len;
  uint8_t data[1500];
} wire[64];
static size_t head, tail;

static struct peer {
  weft_addr addr;
  weft_private *p;
  weft_webrtc *c;     /* once it is connected */
  uint8_t said[8192]; /* on the signaling stream */
  size_t said_len, heard;
} peers[2]; /* A, B */
static char answer[16];

static int fill(void *ctx, uint8_t *dst, size_t n) {
  (void)ctx;
  return getrandom(dst, n, 0) == (ssize_t)n ? 0 : -1;
}

static int output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                  weft_time now) {
  (void)user, (void)now;
  if (tail - head == 64 || len > sizeof wire[0].data) return WEFT_EAGAIN;
  wire[tail % 64].local = *remote; /* it arrives the other way round */
  wire[tail % 64].remote = *local;
  wire[tail % 64].len = len;
  memcpy(wire[tail++ % 64].data, data, len);
  return WEFT_OK;
}

static ptrdiff_t stream_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  struct peer *me = (struct peer *)user;
  size_t room = sizeof me->said - me->said_len, n = len < room ? len : room;
  (void)now;
  memcpy(me->said + me->said_len, data, n);
  me->said_len += n;
  return (ptrdiff_t)n;
}

static void conn_event(void *user, weft_webrtc *c, const weft_webrtc_event *ev, weft_time now) {
  uint32_t stream;
  if (ev->type == WEFT_WEBRTC_EVENT_READY && user == &peers[0] && weft_webrtc_stream_open(c, &stream, now) == WEFT_OK)
    weft_webrtc_stream_send(c, stream, (const uint8_t *)"hello", 5, now);
  if (ev->type != WEFT_WEBRTC_EVENT_STREAM || ev->stream->type != WEFT_STREAM_DATA) return;
  if (user == &peers[0])
    memcpy(answer, ev->stream->data, ev->stream->len < 15 ? ev->stream->len : 15);
  else
    weft_webrtc_stream_send(c, ev->stream->stream, ev->stream->data, ev->stream->len, now);
}

static void event(void *user, const weft_private_event *ev, weft_time now) {
  struct peer *me = (struct peer *)user;
  weft_webrtc_callbacks cb;
  (void)now;
  if (ev->type == WEFT_PRIVATE_EVENT_STEP) printf("private: %c: %s\n", me == &peers[0] ? 'A' : 'B', ev->text);
  if (ev->type == WEFT_PRIVATE_EVENT_CLOSED)
    fprintf(stderr, "private: %s: %s: %s\n", ev->closed.layer, ev->closed.step, ev->closed.text);
  if (ev->type != WEFT_PRIVATE_EVENT_CONNECTED) return;
  cb.size = sizeof cb, cb.output = output, cb.event = conn_event;
  me->c = weft_private_take(me->p, &cb, me); /* and the signaling stream is closed */
}

static int make(struct peer *me, const weft_private_config *cfg, const char *addr) {
  weft_private_callbacks cb;
  cb.size = sizeof cb, cb.stream_output = stream_output, cb.output = output, cb.event = event;
  weft_addr_parse(&me->addr, addr);
  return weft_private_new(&me->p, cfg, &cb, me) == WEFT_OK && weft_private_add_local(me->p, &me->addr, 0) == WEFT_OK &&
         weft_private_start(me->p, 0) == WEFT_OK;
}

static void run(struct peer *me, struct peer *other, weft_time now) {
  size_t from = other->heard;
  other->heard = other->said_len;
  weft_private_stream_input(me->p, other->said + from, other->said_len - from, now);
  if (me->c && weft_webrtc_deadline(me->c) <= now) weft_webrtc_tick(me->c, now);
  if (weft_private_deadline(me->p) <= now) weft_private_tick(me->p, now);
}

static void datagram(weft_time now) {
  struct peer *me = &peers[weft_addr_equal(&wire[head % 64].local, &peers[1].addr)];
  const weft_addr *remote = &wire[head % 64].remote;
  if (me->c)
    weft_webrtc_input(me->c, &me->addr, remote, wire[head % 64].data, wire[head % 64].len, now);
  else
    weft_private_input(me->p, &me->addr, remote, wire[head % 64].data, wire[head % 64].len, now);
}

int main(void) {
  weft_private_config cfg;
  weft_dtls_cert *cert;
  uint8_t seed[32] = {1};
  if (weft_dtls_cert_new(&cert, seed, NULL) != WEFT_OK) return 1;
  weft_private_config_default(&cfg);
  cfg.webrtc.rng.fill = fill, cfg.webrtc.cert = cert, cfg.allow_loopback = true;
  if (!make(&peers[1], &cfg, "127.0.0.1:6000")) return 1;
  cfg.offerer = true;
  if (!make(&peers[0], &cfg, "127.0.0.1:5000")) return 1;
  for (weft_time now = 0; now < WEFT_SEC(5) && !answer[0]; now += WEFT_MS(1)) {
    for (; head < tail; head++) datagram(now);
    run(&peers[0], &peers[1], now);
    run(&peers[1], &peers[0], now);
  }
  printf("private: B answered '%s' after %u datagrams\n", answer, (unsigned)tail);
  for (int i = 0; i < 2; i++) {
    weft_webrtc_free(peers[i].c);
    weft_private_free(peers[i].p);
  }
  weft_dtls_cert_free(cert);
  return strcmp(answer, "hello") == 0 ? 0 : 1;
}
