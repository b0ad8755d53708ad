/* A listener fed by any sources: {operation, source, data}. Operations make binding requests that are well formed (with any user name), ClientHellos
 * with the last cookie, raw datagrams and time. Checked: no more bytes to an unproven source than from it, the caps, that time moves,
 * and that nothing is left of all of it after a minute of silence. */
#include <stdlib.h>
#include <string.h>
#include <weft/stun/stun.h>

#include "base/bytes.h"
#include "base/timer.h"
#include "test/support/alloc.h"
#include "test/support/webrtc_world.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SOURCES = 8 };

typedef struct driver {
  world w; /* only its listener and clock are used */
  uint8_t cookie[SOURCES][64];
  uint8_t cookie_len[SOURCES];
  size_t idle_blocks;
} driver;

static weft_addr source(unsigned n) {
  const uint8_t ip[4] = {172, 16, 0, (uint8_t)(1 + n % SOURCES)};
  return weft_addr_ip4(ip, 5000);
}

/* Keeps cookies: record, handshake header, version, length, cookie (RFC 6347 section 4.2.1). */
static bool watch(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                  weft_time now) {
  driver *d = user;
  unsigned n = (unsigned)to->ip[3] - 1;
  (void)from, (void)now;
  REQUIRE(len <= 1200);
  if (n >= SOURCES || len < 28 || data[0] != 22 || data[13] != 3 || data[27] > 64 || 28u + data[27] > len) return false;
  d->cookie_len[n] = data[27];
  memcpy(d->cookie[n], data + 28, data[27]);
  return false;
}

static void give(driver *d, unsigned n, const uint8_t *data, size_t len) {
  weft_addr from = source(n);
  weft_webrtc_listener_input(d->w.listener, &d->w.server_addr, &from, data, len, d->w.now);
}

static size_t user_name(char *out, unsigned arg, const uint8_t *extra, size_t n) {
  static const char *const prefixes[] = {"libp2p+webrtc+v1/", "libp2p+webrtc+v2/", "libp2p+webrtc+v3/", ""};
  const char *prefix = prefixes[arg % 4];
  size_t len = strlen(prefix), half;
  memcpy(out, prefix, len);
  memset(out + len, 'a' + (int)(arg / 4 % 8), 26);
  len += 26;
  for (size_t i = 0; i < n; i++) out[len++] = (char)extra[i];
  half = len;
  out[len++] = ':';
  if (arg % 4 == 1)
    memcpy(out + len, "abcd", 4);
  else
    memcpy(out + len, out, half);
  return len + (arg % 4 == 1 ? 4 : half);
}

static void binding(driver *d, unsigned n, unsigned arg, const uint8_t *extra, size_t extra_len) {
  uint8_t buf[1200], txid[12] = {(uint8_t)arg};
  char name[400];
  weft_stun_writer w;
  size_t len = user_name(name, arg, extra, extra_len), key = 0, out;
  while (name[key] != ':') key++;
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
  weft_stun_put(&w, WEFT_STUN_USERNAME, name, len);
  weft_stun_put_u32(&w, WEFT_STUN_PRIORITY, arg);
  weft_stun_put_integrity(&w, name, key);
  weft_stun_put_fingerprint(&w);
  if (weft_stun_end(&w, &out) == WEFT_OK) give(d, n, buf, out);
}

static void hello(driver *d, unsigned n, unsigned arg) {
  uint8_t buf[512];
  weft_wr w;
  uint8_t cookie_len = arg & 1 ? d->cookie_len[n % SOURCES] : 0;
  size_t body = 2 + 32 + 1 + 1 + cookie_len + 2 + 2 + 2;
  weft_wr_init(&w, buf, sizeof buf);
  weft_wr_u8(&w, 22), weft_wr_u16(&w, 0xfefd), weft_wr_u16(&w, 0), weft_wr_u48(&w, arg); /* record */
  weft_wr_u16(&w, (uint16_t)(12 + body));
  weft_wr_u8(&w, 1), weft_wr_u24(&w, (uint32_t)body), weft_wr_u16(&w, arg & 1); /* ClientHello */
  weft_wr_u24(&w, 0), weft_wr_u24(&w, (uint32_t)body);
  weft_wr_u16(&w, 0xfefd), weft_wr_zero(&w, 32), weft_wr_u8(&w, 0);
  weft_wr_u8(&w, cookie_len), weft_wr_bytes(&w, d->cookie[n % SOURCES], cookie_len);
  weft_wr_u16(&w, 2), weft_wr_u16(&w, 0xc02b), weft_wr_u8(&w, 1), weft_wr_u8(&w, 0);
  REQUIRE(weft_wr_ok(&w));
  give(d, n, buf, weft_wr_len(&w));
}

static void pass(driver *d, weft_time t) {
  weft_time until = d->w.now + t;
  for (int i = 0; i < 100000; i++) {
    weft_time at = weft_webrtc_listener_deadline(d->w.listener);
    if (at > until) break;
    d->w.now = weft_time_max(d->w.now, at);
    weft_webrtc_listener_tick(d->w.listener, d->w.now);
    REQUIRE(weft_webrtc_listener_deadline(d->w.listener) > d->w.now);
  }
  d->w.now = until;
}

static void check(const driver *d) {
  weft_webrtc_listener_stats s = {.size = sizeof s};
  weft_webrtc_listener_get_stats(d->w.listener, &s);
  REQUIRE(s.unproven_bytes_out <= s.unproven_bytes_in);
  REQUIRE(s.in_flight <= 4 && s.connections == 0);
}

static void operate(driver *d, const uint8_t **p, const uint8_t *end) {
  uint8_t op = *(*p)++, arg = *p < end ? *(*p)++ : 0;
  unsigned n = arg / 32u;
  size_t left = (size_t)(end - *p), len = left < op / 4u ? left : op / 4u;
  switch (op % 4) {
  case 0: binding(d, n, arg % 32u, *p, len); break;
  case 1: hello(d, n, arg); return;
  case 2: give(d, n, *p, len); break;
  default: pass(d, WEFT_MS(10) * op * arg); return;
  }
  *p += len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static driver d;
  leak_alloc alloc;
  weft_webrtc_listener_stats s = {.size = sizeof s};
  memset(&d, 0, sizeof d);
  leak_alloc_init(&alloc);
  world_prepare(&d.w, 1, &alloc.alloc);
  d.w.server_cfg.max_in_flight = 4;
  world_listen(&d.w);
  d.w.net.filter = watch;
  d.w.net.filter_user = &d;
  for (const uint8_t *p = data, *end = data + size; p < end;) {
    operate(&d, &p, end);
    check(&d);
  }
  pass(&d, WEFT_SEC(60));
  weft_webrtc_listener_get_stats(d.w.listener, &s);
  REQUIRE(s.in_flight == 0 && d.w.accepted_len == 0);
  world_end(&d.w);
  REQUIRE(!leak_alloc_complaint(&alloc));
  return 0;
}
