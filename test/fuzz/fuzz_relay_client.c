/* One exchange of each kind against a relay that says anything, in pieces, with an output that may stall. First byte: the
 * kind and what the application does in events; then {op, length} and the bytes. */
#include <stdlib.h>
#include <string.h>

#include "relay/relay_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

static struct {
  weft_relay_client *c;
  weft_time now;
  size_t room, written;
  unsigned circuits, reservations, closes;
  weft_closed closed;
  bool free_inside, verified;
} t;

static ptrdiff_t output(void *user, const uint8_t *data, size_t len, weft_time now) {
  (void)user, (void)data, (void)now;
  REQUIRE(len > 0 && t.closes == 0);
  size_t n = len < t.room ? len : t.room;
  t.room -= n;
  t.written += n;
  return (ptrdiff_t)n;
}

static void event(void *user, const weft_relay_client_event *ev, weft_time now) {
  (void)user, (void)now;
  REQUIRE(t.closes == 0);
  if (ev->type == WEFT_RELAY_CLIENT_RESERVED) {
    t.reservations++;
    REQUIRE(ev->message->voucher.len == 0 || t.verified);
    REQUIRE(ev->expire > 1700000000 && ev->refresh_at >= t.now);
  }
  if (ev->type == WEFT_RELAY_CLIENT_CIRCUIT) {
    t.circuits++;
    REQUIRE(ev->peer_id.len > 0);
  }
  if (ev->type == WEFT_RELAY_CLIENT_CLOSED) {
    t.closes++;
    t.closed = ev->closed;
    REQUIRE(ev->closed.text && *ev->closed.text);
    REQUIRE((ev->closed.code == WEFT_OK) == (t.circuits + t.reservations == 1));
  }
  if (!t.free_inside) return;
  weft_relay_client_free(t.c);
  t.c = NULL;
}

/* A "signature" is the byte 1, which makes the signer the relay. */
static int verify(void *user, const uint8_t *key, size_t key_len, const uint8_t *msg, size_t len, const uint8_t *sig,
                  size_t sig_len, uint8_t *peer_id, size_t cap, size_t *peer_id_len) {
  static const uint8_t relay[34] = {0x12, 0x20, 1};
  (void)user, (void)key, (void)key_len, (void)msg, (void)len;
  if (sig_len != 1 || sig[0] != 1 || cap < sizeof relay) return WEFT_EAUTH;
  memcpy(peer_id, relay, sizeof relay);
  *peer_id_len = sizeof relay;
  t.verified = true;
  return WEFT_OK;
}

static void make(uint8_t mode) {
  static const uint8_t relay[34] = {0x12, 0x20, 1}, self[34] = {0x12, 0x20, 2}, target[34] = {0x12, 0x20, 3};
  weft_relay_client_callbacks cb = {sizeof cb, output, event};
  weft_relay_client_config cfg;
  weft_relay_client_config_default(&cfg);
  memset(&t, 0, sizeof t);
  t.room = mode & 16 ? 3 : SIZE_MAX;
  t.free_inside = mode & 32;
  cfg.kind = (weft_relay_client_kind)(1 + mode % 3);
  cfg.relay_id = relay, cfg.relay_id_len = sizeof relay;
  cfg.self_id = self, cfg.self_id_len = sizeof self;
  cfg.target_id = target, cfg.target_id_len = sizeof target;
  cfg.verify = verify;
  cfg.unix_at_zero = 1700000000;
  REQUIRE(weft_relay_client_new(&t.c, &cfg, &cb, NULL) == WEFT_OK);
  REQUIRE(weft_relay_client_start(t.c, t.now) == WEFT_OK);
}

static void give(const uint8_t *data, size_t len) {
  uint8_t *copy = malloc(len ? len : 1);
  if (!copy) abort();
  memcpy(copy, data, len);
  ptrdiff_t n = weft_relay_client_input(t.c, copy, len, t.now);
  REQUIRE(n >= 0 && (size_t)n <= len);
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *end = data + size;
  if (size == 0) return 0;
  make(*data++);
  while (end - data >= 2 && t.c) {
    uint8_t op = data[0];
    size_t n = data[1], left = (size_t)(end - data) - 2;
    data += 2;
    if (op < 192) {
      n += (size_t)(op & 15) << 8;
      if (n > left) n = left;
      give(data, n);
      data += n;
    } else if (op < 224) {
      t.now += WEFT_MS(50) * n;
      weft_relay_client_tick(t.c, t.now);
    } else if (op < 248) {
      t.room += n;
      weft_relay_client_tick(t.c, t.now);
    } else {
      weft_relay_client_input_end(t.c, t.now);
    }
    if (t.c) REQUIRE(t.closes == 1 || weft_relay_client_deadline(t.c) <= WEFT_SEC(10));
  }
  if (!t.c) return 0;
  weft_relay_client_tick(t.c, WEFT_SEC(3600));
  REQUIRE(!t.c || t.closes == 1);
  weft_relay_client_free(t.c);
  return 0;
}
