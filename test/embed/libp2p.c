/* What the libp2p layer gives an embedder: two ends joined by two byte pipes in memory agree on a protocol by
 * multistream-select and then ping each other. The same code runs over any byte stream. */
#include <stdio.h>
#include <string.h>
#include <weft/libp2p/multistream.h>
#include <weft/libp2p/ping.h>

typedef struct end {
  uint8_t pipe[512]; /* bytes under way to the other end */
  size_t len;
  weft_multistream *select;
  weft_ping *ping;
  bool agreed;
  unsigned answers;
} end;

static ptrdiff_t into_pipe(void *user, const uint8_t *data, size_t len, weft_time now) {
  end *e = (end *)user;
  size_t room = sizeof e->pipe - e->len, n = len < room ? len : room;
  (void)now;
  memcpy(e->pipe + e->len, data, n);
  e->len += n;
  return (ptrdiff_t)n;
}

static void on_select(void *user, const weft_multistream_event *ev, weft_time now) {
  (void)now;
  ((end *)user)->agreed = ev->type == WEFT_MULTISTREAM_EVENT_SELECTED;
}

static void on_ping(void *user, const weft_ping_event *ev, weft_time now) {
  (void)now;
  if (ev->type == WEFT_PING_EVENT_RTT) ((end *)user)->answers++;
}

/* A real program hands in getrandom() here. */
static int not_random(void *ctx, uint8_t *dst, size_t n) {
  for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)++ * (unsigned *)ctx;
  return 0;
}

static int make(end *e, bool dialer, unsigned *counter) {
  static const char *const protocols[] = {WEFT_PING_PROTOCOL};
  weft_multistream_config sc;
  weft_ping_config pc;
  weft_multistream_callbacks select_cb = {sizeof select_cb, into_pipe, on_select};
  weft_ping_callbacks ping_cb = {sizeof ping_cb, into_pipe, on_ping};
  weft_multistream_config_default(&sc);
  weft_ping_config_default(&pc);
  sc.dialer = dialer;
  sc.protocols = protocols;
  sc.protocols_len = 1;
  pc.rng.fill = not_random;
  pc.rng.ctx = counter;
  pc.responder = !dialer;
  pc.count = 3;
  if (weft_multistream_new(&e->select, &sc, &select_cb, e) != WEFT_OK) return -1;
  return weft_ping_new(&e->ping, &pc, &ping_cb, e);
}

/* Whatever lies in the pipe goes to the other end: to the negotiation until it is over, then to ping. */
static void deliver(end *from, end *to, weft_time now) {
  uint8_t bytes[sizeof from->pipe];
  size_t n = from->len, at = 0;
  memcpy(bytes, from->pipe, n);
  from->len = 0;
  if (!to->agreed) at = (size_t)weft_multistream_input(to->select, bytes, n, now);
  if (at < n) weft_ping_input(to->ping, bytes + at, n - at, now);
}

int main(void) {
  static end dialer, listener;
  unsigned counter = 0;
  bool pinging = false;
  weft_time now = 0;
  if (make(&dialer, true, &counter) != WEFT_OK || make(&listener, false, &counter) != WEFT_OK) return 1;
  weft_multistream_start(dialer.select, now);
  weft_multistream_start(listener.select, now);
  weft_ping_start(listener.ping, now);
  for (int round = 0; round < 20; round++, now += WEFT_MS(5)) {
    deliver(&dialer, &listener, now);
    deliver(&listener, &dialer, now);
    if (dialer.agreed && !pinging) pinging = weft_ping_start(dialer.ping, now) == WEFT_OK;
  }
  printf("libp2p: both agree on %s, %u pings answered\n", WEFT_PING_PROTOCOL, dialer.answers);
  bool good = dialer.agreed && listener.agreed && dialer.answers == 3;
  weft_multistream_free(dialer.select);
  weft_multistream_free(listener.select);
  weft_ping_free(dialer.ping);
  weft_ping_free(listener.ping);
  return good ? 0 : 1;
}
