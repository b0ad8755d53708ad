/* Two peers of /webrtc, fed with anything: {operation, argument, length, bytes}. Operations are bytes on either signaling stream, whole messages of
 * any type, what the other side really said with some of its bytes changed, datagrams from anywhere - raw, or binding requests with the right
 * keys -, time, and the ends of the stream. Checked: one CLOSED at most and nothing after it, READY before anything else of a connection, no
 * more candidates kept than the limits say, that time moves, and that all memory comes back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/stun/stun.h>

#include "base/bytes.h"
#include "test/support/alloc.h"
#include "test/support/private_world.h"
#include "webrtc/private_int.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct driver {
  private_world w;
  leak_alloc memory;
  const uint8_t *change; /* xored over what comes next on the stream, then on the network */
  size_t change_len;
} driver;

static driver d;

static void change_said(private_side *s, uint8_t *data, size_t len) {
  (void)s;
  for (size_t i = 0; i < len && d.change_len > 0; i++, d.change++, d.change_len--) data[i] ^= *d.change;
}

static bool change_carried(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                           weft_time now) {
  uint8_t copy[1500];
  (void)user;
  if (d.change_len == 0 || len > sizeof copy) return true;
  memcpy(copy, data, len);
  for (size_t i = 0; i < len && i < d.change_len; i++) copy[i] ^= d.change[i];
  d.change_len = 0;
  net_send(&d.w.net, from, to, copy, len, now);
  return false;
}

static weft_addr source(unsigned n) {
  const uint8_t ip[4] = {172, 16, 0, (uint8_t)(1 + n % 4)};
  return weft_addr_ip4(ip, (uint16_t)(5000 + n / 4));
}

static void datagram(private_side *s, const weft_addr *from, const uint8_t *data, size_t len) {
  if (s->c)
    weft_webrtc_input(s->c, &s->addrs[0], from, data, len, d.w.now);
  else if (s->p)
    weft_private_input(s->p, &s->addrs[0], from, data, len, d.w.now);
}

/* A check as the peer would send it, from anywhere. */
static void binding(private_side *s, unsigned arg) {
  uint8_t buf[700], txid[12] = {(uint8_t)arg};
  char name[2 * WEFT_ICE_CRED_MAX + 2];
  weft_stun_writer w;
  size_t len;
  weft_webrtc *c = s->c ? s->c : s->p ? s->p->c : NULL;
  weft_webrtc *other = private_world_peer(s)->p ? private_world_peer(s)->p->c : NULL;
  if (!c) return;
  int n = snprintf(name, sizeof name, "%s:%s", weft_ice_local_ufrag(c->ice),
                   other ? weft_ice_local_ufrag(other->ice) : "abcd");
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
  weft_stun_put(&w, WEFT_STUN_USERNAME, name, (size_t)n);
  weft_stun_put_u32(&w, WEFT_STUN_PRIORITY, arg * 0x01010101u);
  weft_stun_put_u64(&w, arg & 1 ? WEFT_STUN_ICE_CONTROLLING : WEFT_STUN_ICE_CONTROLLED, arg);
  if (arg & 2) weft_stun_put(&w, WEFT_STUN_USE_CANDIDATE, NULL, 0);
  const char *pwd = weft_ice_local_pwd(c->ice);
  weft_stun_put_integrity(&w, pwd, strlen(pwd));
  weft_stun_put_fingerprint(&w);
  weft_addr from = source(arg);
  if (weft_stun_end(&w, &len) == WEFT_OK) datagram(s, &from, buf, len);
}

static void message(private_side *s, unsigned type, const uint8_t *data, size_t len) {
  uint8_t out[300];
  weft_signaling_message m = {(int)type, data, len};
  size_t n;
  if (weft_signaling_encode(&m, out, sizeof out, &n) == WEFT_OK) weft_private_stream_input(s->p, out, n, d.w.now);
}

static void pass(weft_time t) {
  weft_time until = d.w.now + t;
  for (int i = 0; i < 5000 && private_world_step(&d.w, until); i++) continue;
  REQUIRE(!d.w.livelock);
}

static void end(private_side *s, unsigned arg) {
  if (arg % 4 == 0) weft_private_stream_end(s->p, d.w.now);
  if (arg % 4 == 1) weft_private_stream_reset(s->p, d.w.now);
  if (arg % 4 == 2) weft_private_stream_writable(s->p, d.w.now);
  if (arg % 4 == 3) weft_private_close(s->p, WEFT_OK, d.w.now);
}

static void operate(const uint8_t *op, const uint8_t *data, size_t len) {
  private_side *s = &d.w.sides[op[0] & 1];
  weft_addr from = source(op[1]), peer = private_world_peer(s)->addrs[0];
  switch (op[0] >> 1 & 7) {
  case 0: weft_private_stream_input(s->p, data, len, d.w.now); break;
  case 1: message(s, op[1] & 3, data, len); break;
  case 2: datagram(s, op[1] & 0x80 ? &peer : &from, data, len); break;
  case 3: binding(s, op[1]); break;
  case 4: pass(WEFT_MS(10) * op[1]); break;
  case 5: end(s, op[1]); break;
  default: d.change = data; d.change_len = len;
  }
}

static void check(const private_side *s) {
  REQUIRE(s->closed_seen <= 1 && s->connected <= 1 && s->ready <= 1 && s->conn_closed <= 1);
  REQUIRE(!s->late_event && !(s->closed_seen && s->ready));
  REQUIRE(s->candidates_remote <= WEFT_PRIVATE_REMOTES_MAX);
  REQUIRE(weft_buf_len(&s->p->in) <= WEFT_SIGNALING_MESSAGE_MAX + 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  leak_alloc_init(&d.memory);
  private_world_prepare(&d.w, 1, &d.memory.alloc);
  d.change_len = 0;
  d.w.tap = change_said;
  d.w.net.filter = change_carried;
  REQUIRE(private_world_start(&d.w));
  const uint8_t *p = data, *stop = data + size;
  for (int ops = 0; stop - p >= 3 && ops < 64; ops++) {
    size_t len = p[2], left = (size_t)(stop - p) - 3;
    if (len > left) len = left;
    operate(p, p + 3, len);
    for (int i = 0; i < 2; i++) check(&d.w.sides[i]);
    p += 3 + len;
  }
  private_world_end(&d.w);
  REQUIRE(!leak_alloc_complaint(&d.memory));
  return 0;
}
