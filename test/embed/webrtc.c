/* What the webrtc layer gives an embedder: a webrtc-direct listener and a dialer, here over an array instead of UDP. The dialer says
 * hello on a stream; the listener, which proves its peer id, says it back. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <weft/webrtc/webrtc.h>

static struct {
  weft_addr local, remote;
  size_t len;
  uint8_t data[1500];
} wire[64];
static size_t head, tail;
static weft_webrtc *dialer;
static weft_webrtc_listener *listener;
static weft_addr listens;
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

static void event(void *user, weft_webrtc *c, const weft_webrtc_event *ev, weft_time now) {
  uint32_t stream;
  (void)user;
  if (ev->type == WEFT_WEBRTC_EVENT_READY && !ev->inbound && weft_webrtc_stream_open(c, &stream, now) == WEFT_OK)
    weft_webrtc_stream_send(c, stream, (const uint8_t *)"hello", 5, now);
  if (ev->type != WEFT_WEBRTC_EVENT_STREAM || ev->stream->type != WEFT_STREAM_DATA) return;
  if (c == dialer)
    memcpy(answer, ev->stream->data, ev->stream->len < 15 ? ev->stream->len : 15);
  else
    weft_webrtc_stream_send(c, ev->stream->stream, ev->stream->data, ev->stream->len, now);
}

int main(void) {
  weft_identity id;
  weft_dtls_cert *cert;
  weft_webrtc_config cfg;
  weft_webrtc_callbacks cb;
  weft_addr from;
  uint8_t seed[32] = {1};
  if (sodium_init() < 0 || weft_identity_from_seed(&id, seed) != WEFT_OK ||
      weft_dtls_cert_new(&cert, seed, NULL) != WEFT_OK)
    return 1;
  weft_addr_parse(&listens, "127.0.0.1:4001");
  weft_addr_parse(&from, "127.0.0.1:5000");
  cb.size = sizeof cb, cb.output = output, cb.event = event;
  weft_webrtc_config_default(&cfg);
  cfg.rng.fill = fill, cfg.identity = &id, cfg.cert = cert;
  if (weft_webrtc_listen(&listener, &cfg, &cb, NULL) != WEFT_OK) return 1;
  cfg.remote = listens, cfg.certhash = weft_dtls_cert_fingerprint(cert);
  cfg.expected_peer = id.peer_id, cfg.expected_peer_len = sizeof id.peer_id;
  if (weft_webrtc_dial(&dialer, &cfg, &cb, NULL) != WEFT_OK || weft_webrtc_start(dialer, &from, 0) != WEFT_OK) return 1;
  for (weft_time now = 0; now < WEFT_SEC(5) && !answer[0]; now += WEFT_MS(1)) {
    for (; head < tail; head++)
      if (weft_addr_equal(&wire[head % 64].local, &listens))
        weft_webrtc_listener_input(listener, &listens, &wire[head % 64].remote, wire[head % 64].data,
                                   wire[head % 64].len, now);
      else
        weft_webrtc_input(dialer, &from, &listens, wire[head % 64].data, wire[head % 64].len, now);
    if (weft_webrtc_deadline(dialer) <= now) weft_webrtc_tick(dialer, now);
    if (weft_webrtc_listener_deadline(listener) <= now) weft_webrtc_listener_tick(listener, now);
  }
  printf("webrtc: the listener answered '%s' after %u datagrams\n", answer, (unsigned)tail);
  weft_webrtc_free(dialer);
  weft_webrtc_listener_free(listener);
  weft_dtls_cert_free(cert);
  return strcmp(answer, "hello") == 0 ? 0 : 1;
}
