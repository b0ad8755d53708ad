/* One STUN binding request with a user name of any version, from a socket of its own. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/stun/stun.h>

#include "apps/clock.h"
#include "apps/live.h"
#include "apps/sockaddr.h"

static size_t make_request(const char *prefix, weft_rng *rng, uint8_t *out, size_t cap, uint8_t txid[12]) {
  static const char letters[] = "abcdefghijklmnop";
  uint8_t random[32];
  char name[64], both[132];
  weft_stun_writer w;
  size_t len;
  if (rng->fill(rng->ctx, txid, 12) != 0 || rng->fill(rng->ctx, random, sizeof random) != 0) return 0;
  int n = snprintf(name, sizeof name, "%s", prefix);
  for (size_t i = 0; i < sizeof random && n + 1 < (int)sizeof name; i++) name[n++] = letters[random[i] & 15];
  name[n] = 0;
  snprintf(both, sizeof both, "%s:%s", name, name);
  weft_stun_begin(&w, out, cap, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
  weft_stun_put(&w, WEFT_STUN_USERNAME, both, strlen(both));
  weft_stun_put(&w, WEFT_STUN_ICE_CONTROLLING, random, 8);
  weft_stun_put(&w, WEFT_STUN_PRIORITY, "\x6e\x00\x01\xff", 4);
  weft_stun_put_integrity(&w, name, (size_t)n);
  weft_stun_put_fingerprint(&w);
  return weft_stun_end(&w, &len) == WEFT_OK ? len : 0;
}

static bool is_success(const uint8_t *data, ssize_t n, const uint8_t txid[12]) {
  return n >= 20 && data[0] == 1 && data[1] == 1 && memcmp(data + 8, txid, 12) == 0;
}

/* Sent three times: a datagram may be lost. */
static int ask(int fd, const uint8_t *request, size_t len, const uint8_t txid[12], int wait_ms) {
  uint8_t in[1500];
  for (int i = 0; i < 3; i++) {
    struct pollfd p = {fd, POLLIN, 0};
    weft_time until = app_clock_now() + WEFT_MS((unsigned)wait_ms) / 3;
    if (send(fd, request, len, 0) < 0 && i == 2) return 0; /* refused: nobody is there */
    while (app_clock_now() < until && poll(&p, 1, (int)((until - app_clock_now()) / 1000 + 1)) > 0)
      if (is_success(in, recv(fd, in, sizeof in, 0), txid)) return 1;
  }
  return 0;
}

int live_probe(const weft_addr *to, const char *prefix, weft_rng *rng, int wait_ms) {
  struct sockaddr_storage ss;
  uint8_t request[512], txid[12];
  socklen_t n = app_sockaddr_from(&ss, to);
  size_t len = make_request(prefix, rng, request, sizeof request, txid);
  int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = WEFT_EINTERNAL;
  if (fd >= 0 && len > 0 && connect(fd, (struct sockaddr *)&ss, n) == 0) rc = ask(fd, request, len, txid, wait_ms);
  if (fd >= 0) close(fd);
  return rc;
}
