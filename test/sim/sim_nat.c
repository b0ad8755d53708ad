/* Two peers of /webrtc behind NATs in virtual time, for every row of test/nat/cells.txt: sim_nat --seeds N --first S [--cell NAME] [--verbose].
 * Each has a STUN server and a signaling stream that loses nothing; what is not direct would be relayed. The path is set up, lines go both
 * ways, what the row is about happens mid-session, lines go on - or the path dies and is tried again - and the dialer says goodbye. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/stun/stun.h>

#include "base/timer.h"
#include "test/sim/cells.h"
#include "test/support/private_world.h"
#include "webrtc/private_int.h"

enum { BOB = 0, ALICE = 1, LINE = 24, REPEAT_EVERY = 20, FW_CONTACTS = 8, CHECKS_MOST = 60, CHECKS_MANY = 200 };

typedef struct run {
  private_world w;
  nat_net nat;
  const cell *c;
  cell_place places[2];
  uint64_t seed;
  test_rng rng;
  bool failed;
  char why[200], path[CELL_TEXT * 2];
  weft_addr stun;
  struct {
    weft_addr remote;
    weft_time last;
  } fw[2][FW_CONTACTS];
  weft_time fw_timeout;
  /* of the chat */
  uint32_t stream[2];
  bool has_stream[2];
  size_t sent[2], received[2];
  /* seen */
  weft_time took;
  uint64_t checks;
} run;

static void fail(run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail(run *r, const char *format, ...) {
  va_list args;
  if (r->failed) return;
  r->failed = true;
  va_start(args, format);
  vsnprintf(r->why, sizeof r->why, format, args);
  va_end(args);
}

static bool named(const run *r, const char *start) { return strncmp(r->c->name, start, strlen(start)) == 0; }

/* ---- the network ---- */

static void fw_note(run *r, int who, const weft_addr *remote, weft_time now) {
  size_t at = 0;
  for (size_t i = 0; i < FW_CONTACTS; i++) {
    if (weft_addr_equal(&r->fw[who][i].remote, remote)) {
      at = i;
      break;
    }
    if (r->fw[who][i].last < r->fw[who][at].last) at = i;
  }
  r->fw[who][at].remote = *remote;
  r->fw[who][at].last = now;
}

static int send_datagram(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                         weft_time now) {
  run *r = user;
  for (int i = 0; i < 2; i++)
    for (size_t j = 0; j < r->w.sides[i].addrs_len; j++)
      if (from->family == WEFT_AF_IP6 && weft_addr_equal(&r->w.sides[i].addrs[j], from)) fw_note(r, i, to, now);
  return nat_send(&r->nat, from, to, data, len, now);
}

static bool arrives(void *user, private_side *s, const weft_addr *local, const weft_addr *remote, weft_time now) {
  run *r = user;
  if (local->family != WEFT_AF_IP6 || !r->places[s->index].fw6) return true;
  for (size_t i = 0; i < FW_CONTACTS; i++)
    if (weft_addr_equal(&r->fw[s->index][i].remote, remote))
      return weft_time_since(now, r->fw[s->index][i].last) < r->fw_timeout;
  return false;
}

static void stun_server(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                        weft_time now) {
  run *r = user;
  uint8_t out[64];
  size_t n;
  if (weft_stun_binding_answer(data, len, remote, out, sizeof out, &n) == WEFT_OK)
    (void)net_send(&r->w.net, local, remote, out, n, now);
}

static uint32_t loss_of(const run *r) {
  if (named(r, "loss-5") || named(r, "loss-relayed")) return 50000;
  return named(r, "loss-10") ? 100000 : 0;
}

static net_link link_of(run *r) {
  net_link l = {.delay = WEFT_MS(5 + test_rng_below(&r->rng, 45)), .loss_ppm = loss_of(r)};
  l.jitter = WEFT_MS(test_rng_below(&r->rng, 10));
  if (named(r, "mtu-1280")) l.mtu = 1280 - 48; /* the headers of IPv6 and UDP */
  return l;
}

static void place_side(run *r, int who) {
  private_side *s = &r->w.sides[who];
  const cell_place *p = &r->places[who];
  char text[64];
  s->addrs_len = 0;
  if (p->addr6[0]) {
    snprintf(text, sizeof text, "[%s]:%d", p->addr6, 5000 + who);
    s->addrs[s->addrs_len++] = net_addr(text);
  }
  if (p->addr4[0]) {
    snprintf(text, sizeof text, "%s:%d", p->addr4, 5000 + who);
    s->addrs[s->addrs_len++] = net_addr(text);
    s->stun = r->stun;
  }
  for (int i = 1; named(r, "many-networks") && i < 21; i++) { /* of containers and the like: nobody else is there */
    snprintf(text, sizeof text, "172.%d.%d.1:%d", 17 + who, i, 5000 + who);
    s->addrs[s->addrs_len++] = net_addr(text);
  }
  s->pipe.delay = WEFT_MS(5 + test_rng_below(&r->rng, 150));
  s->cfg.limit = loss_of(r) ? WEFT_SEC(10) : WEFT_SEC(5);
}

static void prepare(run *r, const cell *c, uint64_t seed) {
  memset(r, 0, sizeof *r);
  r->c = c;
  r->seed = seed;
  test_rng_init(&r->rng, seed * 1000003);
  private_world_prepare(&r->w, seed, NULL);
  r->w.send = send_datagram;
  r->w.arrives = arrives;
  r->w.user = r;
  r->fw_timeout = WEFT_SEC(30);
  nat_net_init(&r->nat, &r->w.net, seed);
  cell_build(c, &r->nat, r->places);
  for (size_t i = 0; i < r->nat.boxes_len; i++) {
    r->nat.boxes[i].link = link_of(r);
    if (named(r, "mapping-timeout")) r->nat.boxes[i].timeout = WEFT_SEC(5);
  }
  r->stun = net_addr("203.0.113.9:3478");
  net_bind(&r->w.net, &r->stun, stun_server, r);
  *net_link_of(&r->w.net, &r->stun) = link_of(r);
  place_side(r, BOB);
  place_side(r, ALICE);
}

/* ---- lines ---- */

static uint8_t byte_at(const run *r, int who, size_t i) {
  uint64_t x = (r->seed * 2 + (uint64_t)who + 1) * UINT64_C(0x9e3779b97f4a7c15) + i * UINT64_C(0x2545F4914F6CDD1D);
  return (uint8_t)(x >> 40);
}

static void hear(run *r, int who, const uint8_t *data, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (data[i] != byte_at(r, !who, r->received[who] + i)) {
      fail(r, "byte %zu is wrong", r->received[who] + i);
      return;
    }
  r->received[who] += len;
  if (r->received[who] > r->sent[!who]) fail(r, "more came than was said");
}

static void on_webrtc(private_side *s, const weft_webrtc_event *ev, weft_time now) {
  run *r = s->w->user;
  int who = s->index;
  if (ev->type == WEFT_WEBRTC_EVENT_READY && who == BOB) {
    int rc = weft_webrtc_stream_open(s->c, &r->stream[who], now);
    if (rc != WEFT_OK) fail(r, "open: %s", weft_errname(rc));
    r->has_stream[who] = rc == WEFT_OK;
  }
  if (ev->type != WEFT_WEBRTC_EVENT_STREAM) return;
  if (ev->stream->type == WEFT_STREAM_OPENED) {
    r->stream[who] = ev->stream->stream;
    r->has_stream[who] = true;
  }
  if (ev->stream->type == WEFT_STREAM_DATA) hear(r, who, ev->stream->data, ev->stream->len);
}

static void say(run *r, int who) {
  uint8_t line[LINE];
  private_side *s = &r->w.sides[who];
  if (!s->c || !r->has_stream[who]) return;
  for (size_t i = 0; i < LINE; i++) line[i] = byte_at(r, who, r->sent[who] + i);
  ptrdiff_t n = weft_webrtc_stream_send(s->c, r->stream[who], line, LINE, r->w.now);
  if (n > 0) r->sent[who] += (size_t)n;
}

static bool all_heard(private_world *w) {
  const run *r = w->user;
  return r->received[BOB] == r->sent[ALICE] && r->received[ALICE] == r->sent[BOB];
}

static bool died(private_world *w) { return w->sides[0].conn_closed && w->sides[1].conn_closed; }

static bool both_may_speak(private_world *w) {
  const run *r = w->user;
  return r->has_stream[BOB] && r->has_stream[ALICE];
}

/* True: every line of both sides came within `patience` of the last. */
static bool chat(run *r, unsigned lines, weft_time patience) {
  private_world_run(&r->w, r->w.now + patience, both_may_speak);
  for (unsigned i = 0; i < lines; i++) {
    say(r, BOB);
    say(r, ALICE);
    private_world_run(&r->w, r->w.now + WEFT_MS(50), NULL);
  }
  return private_world_run(&r->w, r->w.now + patience, all_heard) && r->sent[BOB] > 0 && r->sent[ALICE] > 0;
}

/* ---- set-up ---- */

static void link_hosts(run *r) {
  for (int i = 0; i < 2; i++)
    for (size_t j = 0; j < r->w.sides[i].addrs_len; j++) *net_link_of(&r->w.net, &r->w.sides[i].addrs[j]) = link_of(r);
}

static bool decided(private_world *w) { return private_world_ready(w) || private_world_closed(w); }

static uint64_t checks_of(const private_side *s) {
  weft_ice_stats st = {.size = sizeof st};
  weft_webrtc *c = s->c ? s->c : s->p ? s->p->c : NULL;
  if (!c) return 0;
  weft_ice_get_stats(c->ice, &st);
  return st.checks_sent;
}

static void note_path(run *r, const char *path) {
  size_t n = strlen(r->path);
  snprintf(r->path + n, sizeof r->path - n, "%s%s", n ? "," : "", path);
}

static void check_refusal(run *r) {
  bool checks = false;
  for (int i = 0; i < 2; i++) {
    const private_side *s = &r->w.sides[i];
    if (s->closed.code == WEFT_ETIMEDOUT && strcmp(s->closed.step, "checks") == 0) checks = true;
    if (s->selected || s->connected) fail(r, "half a path: %s, %s", s->closed.step, s->closed_text);
  }
  if (!checks) fail(r, "no path, and not for want of answers: %s", r->w.sides[0].closed_text);
}

/* One exchange on the signaling stream; true: direct. */
static bool attempt(run *r) {
  weft_time from = r->w.now;
  r->has_stream[0] = r->has_stream[1] = false;
  memset(r->sent, 0, sizeof r->sent);
  memset(r->received, 0, sizeof r->received);
  if (!private_world_start(&r->w)) {
    fail(r, "no start");
    return false;
  }
  link_hosts(r);
  uint64_t checks = 0;
  while (!decided(&r->w)) {
    uint64_t now = checks_of(&r->w.sides[0]) + checks_of(&r->w.sides[1]);
    if (now > checks) checks = now;
    if (!private_world_step(&r->w, from + WEFT_SEC(30))) break;
  }
  r->took = r->w.now - from;
  r->checks = checks;
  if (checks > (named(r, "many") ? CHECKS_MANY : CHECKS_MOST)) fail(r, "%" PRIu64 " checks", checks);
  if (!decided(&r->w)) fail(r, "undecided after 30 s");
  if (private_world_ready(&r->w)) return true;
  check_refusal(r);
  return false;
}

/* Both sides send where the other is: they use the same pair, and in one LAN it is the direct one. */
static void check_pair(run *r) {
  weft_addr local[2], remote[2];
  for (int i = 0; i < 2; i++)
    if (!r->w.sides[i].c || weft_webrtc_get_path(r->w.sides[i].c, &local[i], &remote[i]) != WEFT_OK) {
      fail(r, "no path");
      return;
    }
  for (int i = 0; i < 2; i++) {
    weft_addr host = nat_host_of(&r->nat, &remote[i]);
    if (!weft_addr_equal(&host, &local[!i]))
      fail(r, "%s sends elsewhere than the other is", i == BOB ? "Bob" : "Alice");
    if (named(r, "same-lan") && !weft_addr_equal(&remote[i], &local[!i])) fail(r, "not the shortest path");
  }
}

/* ---- what happens mid-session ---- */

static void block_all(run *r, bool blocked) {
  for (size_t i = 0; i < r->nat.boxes_len; i++) r->nat.boxes[i].blocked = blocked;
}

static void disturb(run *r) {
  if (named(r, "rebind")) nat_flush(r->places[named(r, "rebind-dialer") ? BOB : ALICE].outer);
  if (named(r, "udp-lost")) block_all(r, true);
  if (named(r, "mapping-timeout")) private_world_run(&r->w, r->w.now + WEFT_SEC(12), NULL);
}

static void repair(run *r) {
  block_all(r, false);
  private_world_again(&r->w);
}

/* The path holds, or both find out that it died: RFC 7675 gives them 30 s for it. */
static void go_on(run *r) {
  if (chat(r, 20, WEFT_SEC(10))) return;
  if (!private_world_run(&r->w, r->w.now + WEFT_SEC(40), died)) {
    fail(r, "neither lines nor an end: %zu of %zu, %zu of %zu", r->received[ALICE], r->sent[BOB], r->received[BOB],
         r->sent[ALICE]);
    return;
  }
  note_path(r, "relayed");
  repair(r);
  note_path(r, attempt(r) ? "direct" : "relayed");
  if (!r->failed && r->w.sides[0].c && !chat(r, 5, WEFT_SEC(10))) fail(r, "no lines on the second path");
}

static void goodbye(run *r) {
  private_side *bob = &r->w.sides[BOB], *alice = &r->w.sides[ALICE];
  if (!bob->c || r->failed) return;
  weft_webrtc_close(bob->c, WEFT_OK, r->w.now);
  private_world_run(&r->w, r->w.now + WEFT_SEC(1), NULL);
  if (loss_of(r)) return; /* a goodbye may be lost: then time tells */
  if (!alice->conn_closed || alice->conn_why.who != WEFT_WHO_PEER) fail(r, "Alice does not know that Bob left");
}

static void play(run *r, const cell *c, uint64_t seed) {
  prepare(r, c, seed);
  r->w.on_webrtc = on_webrtc;
  if (named(r, "udp-late")) block_all(r, true);
  bool direct = attempt(r);
  note_path(r, direct ? "direct" : "relayed");
  if (named(r, "udp-late")) {
    repair(r);
    note_path(r, (direct = attempt(r)) ? "direct" : "relayed");
  }
  if (direct && !r->failed) {
    if (!chat(r, 10, WEFT_SEC(8)))
      fail(r, "lines are missing: %zu of %zu, %zu of %zu%s", r->received[ALICE], r->sent[BOB], r->received[BOB],
           r->sent[ALICE], r->has_stream[ALICE] ? "" : ", Alice has no stream");
    if (!r->failed) check_pair(r);
    disturb(r);
    if (!r->failed) go_on(r);
    if (!r->failed && r->w.sides[0].c) check_pair(r);
  }
  if (!r->failed && strcmp(r->path, c->path) != 0) fail(r, "%s in the place of %s", r->path, c->path);
  goodbye(r);
  if (r->w.livelock) fail(r, "a deadline that does not move");
  if (r->w.sides[0].late_event || r->w.sides[1].late_event) fail(r, "an event out of order");
}

/* ---- all of them ---- */

typedef struct tally {
  unsigned passed, failed;
  bool verbose;
  const char *only;
} tally;

/* Not for a lab of network namespaces. */
static const cell more[] = {{"many-networks", "port", "port", "direct"},
                            {"many-networks-sym", "full", "sym", "direct"}};

static uint64_t hash_of(const run *r) { return r->w.net.hash ^ r->w.said_hash; }

static void one(tally *t, const cell *c, uint64_t seed, bool twice) {
  static run r;
  play(&r, c, seed);
  uint64_t hash = hash_of(&r);
  weft_time took = r.took;
  private_world_end(&r.w);
  if (!r.failed && twice) {
    play(&r, c, seed);
    private_world_end(&r.w);
    if (hash_of(&r) != hash) fail(&r, "the second run differs");
  }
  *(r.failed ? &t->failed : &t->passed) += 1;
  if (r.failed)
    printf("FAIL %s seed %" PRIu64 ": %s\n", c->name, seed, r.why);
  else if (t->verbose)
    printf("ok %s seed %" PRIu64 ": %s, %s/%s, %" PRIu64 " ms, %" PRIu64 " checks, hash %016" PRIx64 "\n", c->name,
           seed, r.path, weft_ice_candidate_type_name(r.w.sides[0].local_type),
           weft_ice_candidate_type_name(r.w.sides[0].remote_type), took / 1000, r.checks, hash);
  fflush(stdout);
}

int main(int argc, char **argv) {
  static cell cells[CELLS_MAX];
  uint64_t seeds = 3, first = 1;
  tally t = {0};
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc)
      seeds = strtoull(argv[++i], NULL, 10);
    else if (strcmp(argv[i], "--first") == 0 && i + 1 < argc)
      first = strtoull(argv[++i], NULL, 10);
    else if (strcmp(argv[i], "--cell") == 0 && i + 1 < argc)
      t.only = argv[++i];
    else if (strcmp(argv[i], "--verbose") == 0)
      t.verbose = true;
    else {
      fprintf(stderr, "usage: sim_nat [--seeds N] [--first S] [--cell NAME] [--verbose]\n");
      return 2;
    }
  }
  size_t n = cells_load("test/nat/cells.txt", cells, CELLS_MAX);
  for (size_t i = 0; i < sizeof more / sizeof more[0] && n < CELLS_MAX; i++) cells[n++] = more[i];
  for (uint64_t seed = first; seed < first + seeds; seed++)
    for (size_t i = 0; i < n; i++)
      if (!t.only || strcmp(t.only, cells[i].name) == 0) one(&t, &cells[i], seed, (seed + i) % REPEAT_EVERY == 1);
  printf("%u passed, %u failed\n", t.passed, t.failed);
  return t.failed > 0;
}
