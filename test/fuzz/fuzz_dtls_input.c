/* A session under arbitrary datagrams: a server or a client in its handshake, or one that is connected, with records
 * that a peer with the keys has sealed among them.
 *
 * Input: {kind 1} then repeated {op 1, delay 1, len 2, bytes}; op: 0 datagram as it is, 1 record in clear of type 20 +
 * op / 8, 2 sealed record of that type, 3 tick, 4 send, 5 close. */
#include <stdlib.h>
#include <string.h>

#include "dtls/dtls_int.h"
#include "test/support/rng.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct harness {
  weft_dtls *d;
  weft_dtls_half peer; /* what the other side seals with, when connected */
  bool keyed;
  unsigned connected, closed, freed;
  uint64_t sealed, data;
} harness;

static weft_dtls_cert *cert;

static int on_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  (void)user;
  (void)now;
  REQUIRE(data && len > 0 && len <= 1200);
  return WEFT_OK;
}

static void on_event(void *user, const weft_dtls_event *ev, weft_time now) {
  harness *h = user;
  (void)now;
  REQUIRE(h->closed == 0 && !h->freed);
  if (ev->type == WEFT_DTLS_EVENT_CONNECTED) h->connected++;
  if (ev->type == WEFT_DTLS_EVENT_DATA) {
    h->data++;
    if (ev->len == 77) {
      weft_dtls_free(h->d);
      h->freed = 1;
    }
  }
  if (ev->type == WEFT_DTLS_EVENT_CLOSED) {
    REQUIRE(ev->closed.text && ev->closed.step);
    h->closed++;
  }
}

/* As after a handshake, which is too slow to run for each input. */
static void connect(harness *h, bool server, int suite) {
  uint8_t key[32] = {1}, iv[12] = {2};
  weft_dtls *d = h->d;
  const weft_dtls_suite *s = weft_dtls_suite_find(suite);
  REQUIRE(weft_dtls_half_start(&d->rx, s, key, iv, false) == WEFT_OK);
  REQUIRE(weft_dtls_half_start(&d->tx, s, key, iv, false) == WEFT_OK);
  REQUIRE(weft_dtls_half_start(&h->peer, s, key, iv, true) == WEFT_OK);
  d->keyed = h->keyed = true;
  d->state = WEFT_DTLS_STATE_CONNECTED;
  d->limit_at = WEFT_NEVER;
  if (!server) weft_dtls_drop_engine(d);
}

static size_t clear_record(uint8_t type, const uint8_t *body, size_t len, uint8_t *out, size_t cap) {
  static uint64_t number;
  weft_wr w;
  weft_wr_init(&w, out, cap);
  weft_dtls_record_header(&w, type, WEFT_DTLS_VERSION_12, 0, ++number & 0xffff, len);
  weft_wr_bytes(&w, body, len);
  return weft_wr_ok(&w) ? weft_wr_len(&w) : 0;
}

static void step(harness *h, uint8_t op, const uint8_t *bytes, size_t len, weft_time now) {
  uint8_t made[4096];
  uint8_t type = (uint8_t)(20 + (op / 8) % 4);
  switch (op % 8) {
  case 1: weft_dtls_input(h->d, made, clear_record(type, bytes, len, made, sizeof made), now); break;
  case 2:
    if (!h->keyed) break;
    h->sealed += type == WEFT_DTLS_APPLICATION;
    weft_dtls_input(h->d, made, weft_dtls_half_seal(&h->peer, type, bytes, len, made, sizeof made), now);
    break;
  case 3: weft_dtls_tick(h->d, now); break;
  case 4: (void)weft_dtls_send(h->d, bytes, len, now); break;
  case 5: (void)weft_dtls_close(h->d, len % 2 ? WEFT_EPROTO : WEFT_OK, now); break;
  default: weft_dtls_input(h->d, bytes, len, now); break;
  }
}

static void run(harness *h, weft_rd *r) {
  weft_time now = 0;
  while (weft_rd_left(r) > 0 && !h->freed) {
    uint8_t op = weft_rd_u8(r);
    now += WEFT_MS(50) * weft_rd_u8(r);
    size_t len = weft_rd_u16(r) & 0x7ff;
    if (len > weft_rd_left(r)) len = weft_rd_left(r);
    step(h, op, weft_rd_bytes(r, len), len, now);
    if (h->freed) return;
    if (weft_dtls_deadline(h->d) <= now) weft_dtls_tick(h->d, now);
    REQUIRE(weft_dtls_deadline(h->d) > now);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  harness h = {0};
  test_rng rng;
  static const uint8_t seed[32] = {7};
  weft_rd r;
  weft_rd_init(&r, data, size);
  uint8_t kind = weft_rd_u8(&r);
  weft_dtls_config cfg;
  weft_dtls_callbacks cb = {sizeof cb, on_output, on_event};
  if (!cert) REQUIRE(weft_dtls_cert_new(&cert, seed, NULL) == WEFT_OK);
  weft_dtls_config_default(&cfg);
  cfg.rng = test_rng_init(&rng, 1);
  cfg.cert = cert;
  cfg.role = kind & 1 ? WEFT_DTLS_SERVER : WEFT_DTLS_CLIENT;
  REQUIRE(weft_dtls_new(&h.d, &cfg, &cb, &h) == WEFT_OK);
  REQUIRE(weft_dtls_start(h.d, 0) == WEFT_OK);
  if (kind & 2) connect(&h, kind & 1, weft_dtls_suite_ids[(kind >> 2) % 3]);
  run(&h, &r);
  REQUIRE(h.data <= h.sealed && h.closed <= 1);
  REQUIRE(h.connected == 0);
  if (!h.freed) weft_dtls_free(h.d);
  if (h.keyed) weft_dtls_half_stop(&h.peer);
  return 0;
}
