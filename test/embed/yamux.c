/* One byte pipe, many streams: two Yamux sessions joined in memory. The client opens two streams, asks on each, and the
 * server answers in upper case. */
#include <stdio.h>
#include <string.h>
#include <weft/yamux/yamux.h>

struct side {
  weft_yamux *yamux;
  unsigned char wire[4096]; /* on the way to the other side */
  size_t len;
  char heard[64];
  int server;
};

static ptrdiff_t output(void *user, const uint8_t *data, size_t len, weft_time now) {
  struct side *s = (struct side *)user;
  (void)now;
  if (len > sizeof s->wire - s->len) len = sizeof s->wire - s->len; /* the rest is offered again by tick */
  memcpy(s->wire + s->len, data, len);
  s->len += len;
  return (ptrdiff_t)len;
}

static void answer(struct side *s, const weft_stream_event *ev, weft_time now) {
  uint8_t upper[32];
  size_t n = ev->len < sizeof upper ? ev->len : sizeof upper;
  for (size_t i = 0; i < n; i++) upper[i] = (uint8_t)(ev->data[i] & ~0x20);
  weft_yamux_send(s->yamux, ev->stream, upper, n, now);
}

static void event(void *user, const weft_yamux_event *ev, weft_time now) {
  struct side *s = (struct side *)user;
  if (ev->type == WEFT_YAMUX_EVENT_CLOSED && ev->closed.code != WEFT_OK) printf("yamux: %s\n", ev->closed.text);
  if (ev->type != WEFT_YAMUX_EVENT_STREAM) return;
  if (ev->stream->type == WEFT_STREAM_REMOTE_CLOSED) weft_yamux_shutdown(s->yamux, ev->stream->stream, now);
  if (ev->stream->type != WEFT_STREAM_DATA) return;
  if (s->server)
    answer(s, ev->stream, now);
  else
    strncat(s->heard, (const char *)ev->stream->data, ev->stream->len);
}

static int start(struct side *s, int server) {
  weft_yamux_config cfg;
  weft_yamux_callbacks cb = {sizeof cb, output, event};
  weft_yamux_config_default(&cfg);
  cfg.client = !server;
  memset(s, 0, sizeof *s);
  s->server = server;
  return weft_yamux_new(&s->yamux, &cfg, &cb, s) || weft_yamux_start(s->yamux, 0);
}

static int pass(struct side *from, struct side *to) {
  unsigned char copy[sizeof from->wire];
  size_t len = from->len;
  memcpy(copy, from->wire, len);
  from->len = 0;
  if (len > 0) weft_yamux_input(to->yamux, copy, len, 0);
  return len > 0;
}

int main(void) {
  static struct side client, server;
  if (start(&client, 0) || start(&server, 1)) return 1;
  for (int i = 0; i < 2; i++) {
    uint32_t stream;
    if (weft_yamux_open(client.yamux, &stream, 0) != WEFT_OK) return 1;
    weft_yamux_send(client.yamux, stream, (const uint8_t *)(i ? "weft" : "warp"), 4, 0);
    weft_yamux_shutdown(client.yamux, stream, 0);
  }
  while (pass(&client, &server) + pass(&server, &client) > 0) continue;
  weft_yamux_close(client.yamux, WEFT_OK, 0);
  int ok = strcmp(client.heard, "WARPWEFT") == 0;
  weft_yamux_free(client.yamux);
  weft_yamux_free(server.yamux);
  printf("yamux: two streams over one pipe %s\n", ok ? "were answered" : "failed");
  return ok ? 0 : 1;
}
