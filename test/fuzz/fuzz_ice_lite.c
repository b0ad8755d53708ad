/* The listener's responder: a list of {address, delay, op, bytes}. Raw datagrams, and requests that the harness signs for
 * whatever USERNAME the input asks for. Never more bytes out than in, never anything but a success response. */
#include <stdlib.h>
#include <string.h>

#include "ice/ice.h"
#include "stun/stun.h"
#include "test/support/rng.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct world {
  weft_ice_lite *lite;
  weft_ice_mux *mux;
  size_t in, out, bound;
  weft_addr local;
} world;

static int output(void *user, const weft_addr *l, const weft_addr *r, const uint8_t *data, size_t len, weft_time now) {
  world *w = user;
  weft_stun_msg m;
  (void)l, (void)r, (void)now;
  REQUIRE(weft_stun_parse(&m, data, len) == WEFT_OK && m.cls == WEFT_STUN_SUCCESS);
  REQUIRE(weft_stun_check_fingerprint(&m) == 1);
  w->out += len;
  return (len & 1) != 0 ? WEFT_OK : WEFT_EAGAIN;
}

static int password(void *user, const weft_ice_lite_binding *b, const uint8_t **key, size_t *key_len) {
  (void)user;
  REQUIRE(weft_ice_cred_valid(b->server_ufrag, b->server_len, WEFT_ICE_UFRAG_MIN));
  REQUIRE(weft_ice_cred_valid(b->client_ufrag, b->client_len, WEFT_ICE_UFRAG_MIN));
  *key = (const uint8_t *)b->server_ufrag;
  *key_len = b->server_len;
  return b->server_ufrag[0] == 'x' ? WEFT_EAUTH : WEFT_OK;
}

static void binding(void *user, const weft_ice_lite_binding *b, weft_time now) {
  world *w = user;
  uint8_t key[WEFT_ICE_LITE_KEY_LEN];
  REQUIRE(weft_ice_lite_lookup(w->lite, b->local, b->remote, now, key) == WEFT_OK);
  REQUIRE(memcmp(key, b->key, sizeof key) == 0);
  w->bound++;
}

static size_t sign(uint8_t *buf, size_t cap, const uint8_t *name, size_t len) {
  static const uint8_t txid[12] = {1};
  weft_stun_writer w;
  size_t n = 0, key = 0;
  while (key < len && name[key] != ':') key++;
  weft_stun_begin(&w, buf, cap, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
  weft_stun_put(&w, WEFT_STUN_USERNAME, name, len);
  if (len > 30) weft_stun_put_u32(&w, WEFT_STUN_PRIORITY, 1);
  weft_stun_put_integrity(&w, name, key);
  if ((len & 1) != 0) weft_stun_put_fingerprint(&w);
  return weft_stun_end(&w, &n) == WEFT_OK ? n : 0;
}

static void step(world *w, const uint8_t op[4], const uint8_t *bytes, size_t len, weft_time now) {
  uint8_t buf[700];
  const uint8_t ip[16] = {0x20, 1, 0x0d, 0xb8, [15] = op[0] & 3};
  weft_addr from =
      (op[0] & 4) != 0 ? weft_addr_ip6(ip, (uint16_t)(op[0] >> 3)) : weft_addr_ip4(ip, (uint16_t)(op[0] >> 3));
  if (op[1] % 2 == 1) {
    len = sign(buf, sizeof buf, bytes, len);
    bytes = buf;
  }
  (void)weft_ice_mux_route(w->mux, &w->local, &from, bytes, len);
  size_t before = w->out;
  w->in += len;
  REQUIRE(weft_ice_lite_input(w->lite, &w->local, &from, bytes, len, now) == WEFT_OK);
  REQUIRE(w->out - before <= len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  test_rng r;
  world w = {0};
  weft_ice_lite_config cfg;
  weft_ice_lite_callbacks cb = {sizeof cb, output, password, binding};
  int target;
  weft_time now = 0;
  weft_ice_lite_config_default(&cfg);
  cfg.rng = test_rng_init(&r, 1);
  cfg.slots = 8;
  w.local = weft_addr_ip4((const uint8_t[]){192, 0, 2, 1}, 4001);
  REQUIRE(weft_ice_lite_new(&w.lite, &cfg, &cb, &w) == WEFT_OK);
  REQUIRE(weft_ice_mux_new(&w.mux, &cfg.rng, NULL) == WEFT_OK);
  REQUIRE(weft_ice_mux_add_ufrag(w.mux, "abcd", &target) == WEFT_OK);
  for (size_t steps = 0; size >= 4 && steps < 200; steps++) { /* {address, op, delay, length} bytes */
    size_t len = data[3] < size - 4 ? data[3] : size - 4;
    if (data[3] == 255) len = size - 4 < 600 ? size - 4 : 600;
    now += WEFT_MS(100) * data[2];
    step(&w, data, data + 4, len, now);
    data += 4 + len;
    size -= 4 + len;
  }
  REQUIRE(w.out <= w.in);
  weft_ice_mux_free(w.mux);
  weft_ice_lite_free(w.lite);
  return 0;
}
