/* The gate under arbitrary datagrams and, so that something gets past it, hellos that carry the cookie it gave.
 *
 * Input: repeated {op 1, delay 1, source 1, len 2, bytes}; op bit 0: bytes are a hello body, sent with the source's
 * cookie as fragment [op * 4, ...). */
#include <stdlib.h>
#include <string.h>

#include "dtls/dtls.h"
#include "dtls/hello.h"
#include "dtls/record.h"
#include "test/support/rng.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct harness {
  weft_dtls_gate *g;
  uint64_t in, out;
  uint8_t cookie[4][32];
  unsigned hellos;
} harness;

static int on_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  harness *h = user;
  (void)local;
  (void)now;
  REQUIRE(len == 60);
  memcpy(h->cookie[remote->port & 3], data + 28, 32);
  h->out += len;
  return WEFT_OK;
}

static void on_hello(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  harness *h = user;
  weft_dtls_hello hello;
  (void)local;
  (void)remote;
  (void)now;
  h->hellos++;
  REQUIRE(len > 25 && len <= 25 + 1024);
  REQUIRE(weft_dtls_hello_parse(&hello, data + 25, len - 25) == WEFT_OK && hello.cookie_len == 32);
}

static size_t with_cookie(const harness *h, unsigned op, unsigned source, const uint8_t *body, size_t len,
                          uint8_t *out) {
  uint8_t whole[1024];
  if (len < 36 || len > sizeof whole - 32) return 0;
  memcpy(whole, body, 34);
  whole[34] = 0; /* no session id */
  whole[35] = 32;
  memcpy(whole + 36, h->cookie[source], 32);
  memcpy(whole + 68, body + 36, len - 36);
  size_t total = len + 32, from = (op >> 1) * 4u, n = total > from ? total - from : 0;
  if (op & 0x40 && n > 80) n = 80;
  if (op & 0x80) from = 0, n = total;
  weft_wr w;
  weft_wr_init(&w, out, 2048);
  weft_dtls_record_header(&w, 22, 0xfeff, 0, op, 12 + n);
  weft_dtls_fragment f = {1, (uint32_t)total, 1, (uint32_t)from, NULL, (uint32_t)n};
  weft_dtls_fragment_header(&w, &f);
  weft_wr_bytes(&w, whole + from, n);
  return n > 0 && weft_wr_ok(&w) ? weft_wr_len(&w) : 0;
}

static void run(harness *h, const uint8_t *data, size_t size) {
  static const uint8_t ip[4] = {192, 0, 2, 1};
  weft_addr local = weft_addr_ip4(ip, 1);
  weft_time now = 0;
  weft_rd r;
  weft_rd_init(&r, data, size);
  while (weft_rd_left(&r) > 0) {
    uint8_t op = weft_rd_u8(&r), made[2048];
    now += WEFT_MS(100) * weft_rd_u8(&r);
    unsigned source = weft_rd_u8(&r) & 3;
    size_t len = weft_rd_u16(&r) & 0x7ff;
    if (len > weft_rd_left(&r)) len = weft_rd_left(&r);
    const uint8_t *bytes = weft_rd_bytes(&r, len);
    weft_addr remote = weft_addr_ip4(ip, (uint16_t)(1000 + source));
    if (op & 1) {
      len = with_cookie(h, op, source, bytes, len, made);
      bytes = made;
    }
    h->in += len;
    REQUIRE(weft_dtls_gate_input(h->g, &local, &remote, bytes, len, now) == WEFT_OK);
    REQUIRE(h->out <= h->in);
    weft_time due = weft_dtls_gate_deadline(h->g);
    REQUIRE(due > now);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  harness h = {0};
  test_rng rng;
  weft_dtls_gate_config cfg;
  weft_dtls_gate_callbacks cb = {sizeof cb, on_output, on_hello};
  weft_dtls_gate_config_default(&cfg);
  cfg.rng = test_rng_init(&rng, 1);
  cfg.slots = 2;
  cfg.hello_max = 1024;
  REQUIRE(weft_dtls_gate_new(&h.g, &cfg, &cb, &h) == WEFT_OK);
  run(&h, data, size);
  weft_dtls_gate_stats s = {.size = sizeof s};
  weft_dtls_gate_get_stats(h.g, &s);
  REQUIRE(s.slots_used <= 2 && s.hellos == h.hellos && s.bytes_in == h.in && s.bytes_out == h.out);
  weft_dtls_gate_free(h.g);
  return 0;
}
