/* A full agent in virtual time: a list of {op, delay, where, length} bytes. The harness knows the credentials, so that
 * requests and answers with any content come with good integrity. Held: deadlines move, what is under way has one, exactly
 * one CLOSED and nothing after it, nothing is sent to where no pair can be, data goes out only on a path that answered. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/ice_int.h"
#include "stun/stun.h"
#include "test/support/rng.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char peer_ufrag[] = "peer", peer_pwd[] = "0123456789012345678901";

typedef struct world {
  weft_ice *ice;
  weft_time now;
  uint8_t check[700]; /* the last request that went out */
  size_t check_len, closed, sent;
  weft_addr check_local, check_remote;
  uint8_t act, acts; /* what to do from inside events, and how often still */
  bool freed, answered, sending, filtered;
  unsigned names; /* asked for since the last restart */
} world;

static weft_addr address(uint8_t where) {
  static const uint8_t ips[8][4] = {{192, 0, 2, 9}, {192, 0, 2, 10}, {10, 0, 0, 1},  {127, 0, 0, 1},
                                    {224, 0, 0, 1}, {0, 0, 0, 0},    {192, 0, 2, 1}, {169, 254, 1, 1}};
  return weft_addr_ip4(ips[where & 7], (uint16_t)(1000 + (where >> 3)));
}

static int output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                  weft_time now) {
  world *w = user;
  weft_stun_msg m;
  REQUIRE(now == w->now && len > 0 && len <= 1500 && w->closed == 0);
  REQUIRE(remote->port != 0 && !weft_addr_is_loopback(remote) && !weft_addr_is_multicast(remote) &&
          !weft_addr_is_unspecified(remote));
  REQUIRE(!w->filtered || remote->ip[0] != 10);
  w->sent++;
  if (w->sending) REQUIRE(w->answered);
  if (w->sending || weft_stun_parse(&m, data, len) != WEFT_OK || m.cls != WEFT_STUN_REQUEST || len > sizeof w->check)
    return WEFT_OK;
  memcpy(w->check, data, len);
  w->check_len = len;
  w->check_local = *local;
  w->check_remote = *remote;
  return (w->sent & 7) == 0 ? WEFT_EAGAIN : WEFT_OK;
}

static bool not_ten(void *user, const weft_addr *remote) {
  (void)user;
  return remote->ip[0] != 10;
}

/* Every second name is resolved. */
static void resolve(world *w, const weft_ice_candidate *named) {
  weft_ice_candidate c = *named;
  REQUIRE(c.addr.family == WEFT_AF_NONE && c.addr.port != 0 && c.host[0] == 'n');
  REQUIRE(++w->names <= 20);
  if ((c.host[1] & 1) == 0) return;
  uint16_t port = c.addr.port;
  c.addr = address((uint8_t)c.host[1]);
  c.addr.port = port;
  (void)weft_ice_add_remote(w->ice, &c, w->now);
}

static void event(void *user, const weft_ice_event *ev, weft_time now) {
  world *w = user;
  REQUIRE(w->closed == 0 && !w->freed && now == w->now);
  if (ev->type == WEFT_ICE_EVENT_CLOSED) w->closed++;
  if (ev->type == WEFT_ICE_EVENT_RESOLVE) resolve(w, ev->candidate);
  if (ev->type == WEFT_ICE_EVENT_SELECTED) REQUIRE(ev->local != NULL && ev->remote->port != 0);
  uint8_t act = w->acts > 0 ? w->act : 0; /* restart from every event would go on for ever, and rightly so */
  if (w->acts > 0) w->acts--;
  switch (act) {
  case 1:
    w->names = 0;
    (void)weft_ice_restart(w->ice, now);
    break;
  case 2: (void)weft_ice_close(w->ice, WEFT_OK, now); break;
  case 3:
    weft_ice_free(w->ice);
    w->freed = true;
    break;
  case 4: (void)weft_ice_set_remote(w->ice, peer_ufrag, peer_pwd); break;
  case 5: (void)weft_ice_start(w->ice, now); break;
  default: break;
  }
}

static void op_request(world *w, const weft_addr *from, const uint8_t *bytes, size_t len) {
  uint8_t buf[600], flags = len > 0 ? bytes[0] : 0, txid[12] = {0};
  char name[300];
  weft_stun_writer s;
  size_t n = 0;
  weft_addr local = address(6);
  const char *ufrag = weft_ice_local_ufrag(w->ice), *pwd = weft_ice_local_pwd(w->ice);
  memcpy(name, ufrag, strlen(ufrag));
  memcpy(name + strlen(ufrag), ":peer", 5);
  memcpy(txid, bytes, len < 12 ? len : 12);
  weft_stun_begin(&s, buf, sizeof buf, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
  if ((flags & 1) == 0) weft_stun_put(&s, WEFT_STUN_USERNAME, name, strlen(ufrag) + 5);
  if ((flags & 2) == 0) weft_stun_put_u32(&s, WEFT_STUN_PRIORITY, (uint32_t)len << 24 | 99);
  if ((flags & 4) != 0) weft_stun_put(&s, WEFT_STUN_USE_CANDIDATE, NULL, 0);
  weft_stun_put_u64(&s, (flags & 8) != 0 ? WEFT_STUN_ICE_CONTROLLED : WEFT_STUN_ICE_CONTROLLING,
                    (flags & 16) != 0 ? 0 : UINT64_MAX);
  if (len > 12 && (flags & 32) != 0) weft_stun_put(&s, (uint16_t)(bytes[12] << 8 | flags), bytes, len);
  weft_stun_put_integrity(&s, pwd, strlen(pwd));
  weft_stun_put_fingerprint(&s);
  if (weft_stun_end(&s, &n) == WEFT_OK) (void)weft_ice_input(w->ice, &local, from, buf, n, w->now);
}

static void op_response(world *w, const uint8_t *bytes, size_t len) {
  uint8_t buf[256], flags = len > 0 ? bytes[0] : 0, check[700];
  weft_stun_writer s;
  size_t n = 0;
  if (w->check_len == 0) return;
  memcpy(check, w->check, w->check_len);
  weft_addr mapped = address(len > 1 ? bytes[1] : 0), local = w->check_local, remote = w->check_remote;
  bool error = (flags & 1) != 0;
  weft_stun_begin(&s, buf, sizeof buf, error ? WEFT_STUN_ERROR : WEFT_STUN_SUCCESS, WEFT_STUN_BINDING, check + 8);
  if (error)
    weft_stun_put_error(&s, (flags & 2) != 0 ? 487 : 400, "");
  else
    weft_stun_put_xor_address(&s, WEFT_STUN_XOR_MAPPED_ADDRESS, &mapped);
  weft_stun_put_integrity(&s, (flags & 4) != 0 ? "bad" : peer_pwd, (flags & 4) != 0 ? 3 : 22);
  if (weft_stun_end(&s, &n) != WEFT_OK) return;
  if (!error && (flags & 4) == 0) w->answered = true;
  (void)weft_ice_input(w->ice, &local, &remote, buf, n, w->now);
}

static void op_candidate(world *w, const weft_addr *addr, const uint8_t *bytes, size_t len) {
  static weft_ice_candidate c;
  if (weft_ice_candidate_parse(&c, (const char *)bytes, len) == WEFT_ENOMEM) return;
  memset(&c, 0, sizeof c);
  c.type = WEFT_ICE_HOST;
  c.component = 1;
  c.priority = 100 + (uint32_t)len;
  c.addr = *addr;
  c.foundation[0] = 'f';
  if (len == 1) { /* a name, of which there are 64 */
    c.addr.family = WEFT_AF_NONE;
    snprintf(c.host, sizeof c.host, "n%c.local", '0' + (bytes[0] & 63));
  }
  (void)weft_ice_add_remote(w->ice, &c, w->now);
}

static void op_setup(world *w, uint8_t what, const weft_addr *addr) {
  switch (what % 7) {
  case 0: (void)weft_ice_set_remote(w->ice, peer_ufrag, peer_pwd); break;
  case 1: (void)weft_ice_start(w->ice, w->now); break;
  case 2:
    w->names = 0;
    if (weft_ice_restart(w->ice, w->now) == WEFT_OK) w->check_len = 0;
    break;
  case 3: /* the filter is for what the peer says */
    if (!w->filtered || not_ten(NULL, addr)) (void)weft_ice_add_stun_server(w->ice, addr, w->now);
    break;
  case 4: (void)weft_ice_gather(w->ice, w->now); break;
  case 5: (void)weft_ice_add_local(w->ice, addr, w->now); break;
  default: (void)weft_ice_end_of_candidates(w->ice, w->now); break;
  }
}

static void op_send(world *w) {
  w->sending = true;
  (void)weft_ice_send(w->ice, (const uint8_t *)"data", 4, w->now);
  w->sending = false;
}

/* What is under way has a timer, and what is used was answered. */
static void check(const weft_ice *ice) {
  if (ice->state == WEFT_ICE_CLOSED) return;
  for (weft_list *n = ice->pairs.next; n != &ice->pairs; n = n->next) {
    const weft_ice_pair *p = WEFT_LIST_ITEM(n, weft_ice_pair, node);
    bool timed = p->tx.deadline != WEFT_NEVER || p->trigger_at != WEFT_NEVER;
    REQUIRE(!p->nominating || p->tx.deadline != WEFT_NEVER);
    REQUIRE(p->state != WEFT_ICE_IN_PROGRESS || p->old || timed);
    REQUIRE(p->state == WEFT_ICE_SUCCEEDED ? p->valid : p->state != WEFT_ICE_FAILED || !p->valid);
  }
  REQUIRE(ice->selected == NULL || ice->selected->valid);
  REQUIRE(ice->nominated == NULL || ice->selected == ice->nominated);
}

static void step(world *w, const uint8_t op[4], const uint8_t *bytes, size_t len) {
  weft_addr from = address(op[2]), local = address(6);
  w->act = op[0] >> 4;
  w->acts = 4;
  switch (op[0] % 10) {
  case 0: (void)weft_ice_input(w->ice, &local, &from, bytes, len, w->now); break;
  case 1:
  case 2: op_request(w, &from, bytes, len); break;
  case 3:
  case 4: op_response(w, bytes, len); break;
  case 5: op_candidate(w, &from, bytes, len); break;
  case 6: op_setup(w, len > 0 ? bytes[0] : 0, &from); break;
  case 7: op_send(w); break;
  case 8: (void)weft_ice_authenticated(w->ice, &local, &from, w->now); break;
  default:
    if (op[2] == 0xFF) (void)weft_ice_close(w->ice, WEFT_EPROTO, w->now);
    break;
  }
}

static void pass_time(world *w, weft_time d) {
  weft_time end = w->now + d;
  w->act = 0;
  for (size_t i = 0; !w->freed && weft_ice_deadline(w->ice) <= end; i++) {
    weft_time at = weft_ice_deadline(w->ice);
    if (at > w->now) w->now = at;
    REQUIRE(i < 100000 && weft_ice_tick(w->ice, w->now) == WEFT_OK);
    REQUIRE(weft_ice_deadline(w->ice) > w->now);
    check(w->ice);
  }
  w->now = end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  test_rng r;
  world w = {0};
  weft_ice_config cfg;
  weft_ice_callbacks cb = {sizeof cb, output, event};
  weft_addr base = address(6);
  if (size < 1) return 0;
  weft_ice_config_default(&cfg);
  cfg.rng = test_rng_init(&r, 1);
  cfg.role = (data[0] & 1) != 0 ? WEFT_ICE_CONTROLLING : WEFT_ICE_CONTROLLED;
  cfg.aggressive = (data[0] & 2) != 0;
  w.filtered = (data[0] & 16) != 0;
  if (w.filtered) cfg.remote_allowed = not_ten;
  REQUIRE(weft_ice_new(&w.ice, &cfg, &cb, &w) == WEFT_OK);
  (void)weft_ice_add_local(w.ice, &base, 0);
  if ((data[0] & 4) != 0) (void)weft_ice_set_remote(w.ice, peer_ufrag, peer_pwd);
  if ((data[0] & 8) != 0) (void)weft_ice_start(w.ice, 0);
  data++;
  size--;
  for (size_t steps = 0; size >= 4 && steps < 200 && !w.freed; steps++) {
    size_t len = data[3] < size - 4 ? data[3] : size - 4;
    pass_time(&w, WEFT_MS(1) * data[1] * data[1]);
    if (!w.freed) step(&w, data, data + 4, len);
    if (!w.freed) check(w.ice);
    data += 4 + len;
    size -= 4 + len;
  }
  if (!w.freed) {
    pass_time(&w, WEFT_SEC(100));
    weft_ice_free(w.ice);
  }
  REQUIRE(w.closed <= 1);
  return 0;
}
