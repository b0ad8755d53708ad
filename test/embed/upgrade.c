/* From a raw byte stream to an authenticated connection with streams: two ends joined by pipes in memory go through
 * multistream, Noise, and Yamux; the dialer knows whom he wants, opens a stream, asks, and is answered in upper case. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <weft/libp2p/upgrade.h>

struct end {
  weft_upgrade *upgrade;
  weft_identity id;
  uint8_t pipe[4096]; /* on the way to the other end */
  size_t len;
  int dialer, ready;
  char heard[16];
};

static int entropy(void *ctx, uint8_t *dst, size_t n) {
  (void)ctx;
  randombytes_buf(dst, n);
  return 0;
}

static ptrdiff_t output(void *user, const uint8_t *data, size_t len, weft_time now) {
  struct end *e = (struct end *)user;
  (void)now;
  if (len > sizeof e->pipe - e->len) len = sizeof e->pipe - e->len; /* the rest is offered again */
  memcpy(e->pipe + e->len, data, len);
  e->len += len;
  return (ptrdiff_t)len;
}

static void on_stream(struct end *e, const weft_stream_event *ev, weft_time now) {
  uint8_t upper[16];
  if (ev->type == WEFT_STREAM_REMOTE_CLOSED && !e->dialer) weft_upgrade_stream_shutdown(e->upgrade, ev->stream, now);
  if (ev->type != WEFT_STREAM_DATA || ev->len > sizeof upper) return;
  for (size_t i = 0; i < ev->len; i++) upper[i] = (uint8_t)(ev->data[i] & ~0x20);
  if (e->dialer)
    strncat(e->heard, (const char *)ev->data, ev->len);
  else
    weft_upgrade_stream_send(e->upgrade, ev->stream, upper, ev->len, now);
}

static void event(void *user, const weft_upgrade_event *ev, weft_time now) {
  struct end *e = (struct end *)user;
  uint32_t stream;
  if (ev->type == WEFT_UPGRADE_EVENT_STREAM) on_stream(e, ev->stream, now);
  if (ev->type == WEFT_UPGRADE_EVENT_CLOSED && ev->closed.code != WEFT_OK)
    printf("upgrade: %s, %s: %s\n", ev->closed.layer, ev->closed.step, ev->closed.text);
  if (ev->type != WEFT_UPGRADE_EVENT_READY) return;
  e->ready = 1;
  if (!e->dialer || weft_upgrade_stream_open(e->upgrade, &stream, now) != WEFT_OK) return;
  weft_upgrade_stream_send(e->upgrade, stream, (const uint8_t *)"weft", 4, now);
  weft_upgrade_stream_shutdown(e->upgrade, stream, now);
}

static int start(struct end *e, struct end *wanted) {
  weft_upgrade_config cfg;
  weft_upgrade_callbacks cb = {sizeof cb, output, event};
  uint8_t peer[WEFT_PEER_ID_MAX];
  size_t peer_len = 0;
  weft_upgrade_config_default(&cfg);
  cfg.rng.fill = entropy;
  cfg.identity = &e->id;
  e->dialer = wanted != NULL;
  cfg.dialer = wanted != NULL;
  if (wanted && weft_identity_peer_id(wanted->id.key_protobuf, sizeof wanted->id.key_protobuf, peer, &peer_len))
    return 1;
  cfg.expected_peer = peer;
  cfg.expected_peer_len = peer_len;
  return weft_upgrade_new(&e->upgrade, &cfg, &cb, e) || weft_upgrade_start(e->upgrade, 0);
}

static int pass(struct end *from, struct end *to) {
  uint8_t copy[sizeof from->pipe];
  size_t len = from->len;
  memcpy(copy, from->pipe, len);
  from->len = 0;
  if (len > 0) weft_upgrade_input(to->upgrade, copy, len, 0);
  return len > 0;
}

int main(void) {
  static struct end dialer, listener;
  weft_rng rng = {entropy, NULL};
  if (sodium_init() < 0) return 1;
  if (weft_identity_generate(&dialer.id, &rng) || weft_identity_generate(&listener.id, &rng)) return 1;
  if (start(&listener, NULL) || start(&dialer, &listener)) return 1;
  while (pass(&dialer, &listener) + pass(&listener, &dialer) > 0) continue;
  int ok = dialer.ready && listener.ready && strcmp(dialer.heard, "WEFT") == 0;
  weft_upgrade_free(dialer.upgrade);
  weft_upgrade_free(listener.upgrade);
  printf("upgrade: a stream over Noise and Yamux %s\n", ok ? "was answered" : "failed");
  return ok ? 0 : 1;
}
