/* A relay with four connections of peers that say and do anything, in any order, and outputs that stall, fail, or end
 * things from inside. What must hold: nothing is written to a stream that is shut or reset, nothing but one message of the
 * relay's and then what the other side of the circuit sent, no more is kept of a stream than its message or the buffer of
 * its circuit, no limit is passed, deadlines move, and in the end every gauge is 0. */
#include <stdlib.h>
#include <string.h>

#include "relay/relay_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

enum { CONNS = 4, STREAMS = 12, STEPS = 500, BUFFER = 64, SECONDS = 20 };

typedef struct stream {
  uint32_t id;
  bool used, shut, ended, stop;
  size_t room;
  uint64_t taken, consumed; /* by the relay; given back */
  uint32_t tag, partner;    /* what it sends on a circuit is a pattern with its tag */
  bool piped;               /* from now on */
  uint64_t said, heard;     /* of a circuit */
  uint8_t prefix[2], prefix_len;
  size_t own; /* bytes of the relay's message that are still to come */
} stream;

typedef struct conn {
  bool here;
  uint8_t who;
  uint32_t next_hop, next_stop;
  stream streams[STREAMS];
} conn;

static struct {
  weft_relay_server *r;
  conn conns[CONNS];
  const uint8_t *p, *stop;
  weft_time now;
  uint64_t limit;
  unsigned reactions;
  uint32_t tags;
  stream *dialing; /* CONNECT is being said on it */
} w;

static uint8_t byte(void) { return w.p < w.stop ? *w.p++ : 0; }

static void id_of(uint8_t id[34], uint8_t who) {
  memset(id, who, 34);
  id[0] = 0x12, id[1] = 0x20;
}

static stream *find(conn *c, uint32_t id) {
  for (unsigned i = 0; i < STREAMS; i++)
    if (c->streams[i].used && c->streams[i].id == id) return &c->streams[i];
  return NULL;
}

static stream *new_stream(conn *c, uint32_t id, bool stop) {
  for (unsigned i = 0; i < STREAMS; i++) {
    if (c->streams[i].used) continue;
    c->streams[i] = (stream){.id = id, .used = true, .stop = stop, .room = SIZE_MAX, .tag = ++w.tags};
    return &c->streams[i];
  }
  return NULL;
}

static void leave(conn *c) {
  if (!c->here) return;
  c->here = false;
  memset(c->streams, 0, sizeof c->streams);
  REQUIRE(weft_relay_server_peer_gone(w.r, c, w.now) == WEFT_OK);
}

/* From inside a callback: what a connection underneath may raise. */
static void react(conn *c, stream *s) {
  if (w.reactions == 0) return;
  w.reactions--;
  uint8_t what = byte();
  uint32_t id = s ? s->id : 0;
  if (what % 16 == 1) leave(c);
  if (what % 16 == 2) leave(&w.conns[what / 16 % CONNS]);
  if (what % 16 == 3 && s) {
    s->used = false;
    weft_relay_server_gone(w.r, c, id, w.now);
  }
  if (what % 16 == 4 && s) weft_relay_server_writable(w.r, c, id, w.now);
}

static int open_stop(void *user, void *connection, uint32_t *id, weft_time now) {
  conn *c = connection;
  (void)user, (void)now;
  REQUIRE(c->here);
  stream *s = new_stream(c, c->next_stop, true);
  if (!s) return WEFT_ELIMIT;
  *id = c->next_stop;
  c->next_stop += 2;
  REQUIRE(w.dialing);
  s->partner = w.dialing->tag;
  w.dialing->partner = s->tag;
  w.dialing->piped = true;
  react(c, s);
  return c->here && s->used ? WEFT_OK : WEFT_ECLOSED;
}

static uint8_t pattern(uint32_t tag, uint64_t at) { return (uint8_t)(tag * 31 + at * 7); }

static void hear(stream *s, uint8_t b) {
  uint64_t len;
  if (s->own > 0) {
    s->own--;
  } else if (s->prefix_len < 2 && (s->prefix_len == 0 || s->prefix[s->prefix_len - 1] & 0x80)) {
    s->prefix[s->prefix_len++] = b;
    if (weft_uvarint_peek(s->prefix, s->prefix_len, &len) > 0) s->own = (size_t)len;
  } else {
    REQUIRE(s->partner != 0 && b == pattern(s->partner, s->heard++));
  }
}

static ptrdiff_t output(void *user, void *connection, uint32_t id, const uint8_t *data, size_t len, weft_time now) {
  conn *c = connection;
  stream *s = find(c, id);
  (void)user, (void)now;
  REQUIRE(c->here && s && !s->shut && len > 0);
  size_t n = len < s->room ? len : s->room;
  if (s->room != SIZE_MAX) s->room -= n;
  if (s->room == 77) return WEFT_EINTERNAL;
  for (size_t i = 0; i < n; i++) hear(s, data[i]);
  react(c, s);
  return (ptrdiff_t)n;
}

static void consumed(void *user, void *connection, uint32_t id, size_t n, weft_time now) {
  conn *c = connection;
  stream *s = find(c, id);
  (void)user, (void)now;
  REQUIRE(c->here && n > 0);
  if (s) s->consumed += n;
}

static void shut_stream(void *user, void *connection, uint32_t id, weft_time now) {
  conn *c = connection;
  stream *s = find(c, id);
  (void)user, (void)now;
  REQUIRE(c->here && s && !s->shut);
  s->shut = true;
  react(c, s);
}

static void reset_stream(void *user, void *connection, uint32_t id, weft_time now) {
  conn *c = connection;
  stream *s = find(c, id);
  (void)user, (void)now;
  REQUIRE(c->here);
  if (s) s->used = false;
}

static void event(void *user, const weft_relay_server_event *ev, weft_time now) {
  (void)user, (void)now;
  REQUIRE(ev->peer.len == 34);
  REQUIRE(ev->type == WEFT_RELAY_SERVER_RESERVED || ev->type == WEFT_RELAY_SERVER_CIRCUIT_OPENED || *ev->reason);
  REQUIRE(ev->bytes_there <= w.limit && ev->bytes_back <= w.limit);
  react(&w.conns[byte() % CONNS], NULL);
}

static int sign(void *user, const uint8_t *msg, size_t len, uint8_t *sig, size_t cap, size_t *sig_len) {
  (void)user, (void)msg, (void)len;
  REQUIRE(cap >= 64);
  memset(sig, 7, 64);
  *sig_len = 64;
  return WEFT_OK;
}

static void make(uint8_t mode) {
  static const uint8_t key[4] = {8, 1, 0x12, 0};
  weft_relay_server_callbacks cb = {sizeof cb, open_stop, output, consumed, shut_stream, reset_stream, event};
  weft_relay_server_config cfg;
  uint8_t id[34];
  weft_relay_server_config_default(&cfg);
  id_of(id, 'r');
  cfg.peer_id = id, cfg.peer_id_len = sizeof id;
  cfg.public_key = key, cfg.public_key_len = sizeof key;
  cfg.sign = sign;
  cfg.max_reservations = mode & 1 ? 2 : 16;
  cfg.max_circuits = mode & 2 ? 2 : 0;
  cfg.circuit_bytes = w.limit = mode & 8 ? 40 : 300;
  cfg.circuit_seconds = SECONDS;
  cfg.reservation_seconds = 60;
  cfg.buffer = BUFFER;
  cfg.max_exchanges = 4;
  w.reactions = mode & 4 ? 60 : 0;
  REQUIRE(weft_relay_server_new(&w.r, &cfg, &cb, NULL) == WEFT_OK);
}

static void join(conn *c, uint8_t who) {
  uint8_t id[34], ip[4] = {192, 0, 2, (uint8_t)(who % 2)};
  if (c->here) return;
  id_of(id, who % 3);
  weft_addr addr = weft_addr_ip4(ip, 0);
  *c = (conn){.here = true, .who = who % 3, .next_hop = 1, .next_stop = 2};
  REQUIRE(weft_relay_server_peer(w.r, c, id, sizeof id, who & 8 ? NULL : &addr, who & 16, w.now) == WEFT_OK);
}

static void give(conn *c, stream *s, const uint8_t *data, size_t len) {
  uint32_t id = s->id;
  uint8_t *copy = malloc(len ? len : 1);
  if (!copy) abort();
  memcpy(copy, data, len);
  for (size_t i = 0; i < len && s->piped; i++) copy[i] = pattern(s->tag, s->said + i);
  bool piped = s->piped;
  ptrdiff_t n = weft_relay_server_input(w.r, c, id, copy, len, w.now);
  free(copy);
  if (n == WEFT_ENOTFOUND || n == WEFT_ESTATE) return;
  REQUIRE(n >= 0 && (size_t)n <= len);
  if (!s->used || s->id != id) return;
  s->taken += (uint64_t)n;
  if (piped) s->said += (uint64_t)n;
  const weft_relay_stream *now = weft_relay_stream_find(w.r, c, id);
  if (now && now->state == WEFT_RELAY_RELAYING) s->piped = true;
}

/* Until it is a circuit's a byte at a time, so that it is known where the circuit begins. */
static void give_anything(conn *c, stream *s, const uint8_t *data, size_t len) {
  uint32_t id = s->id;
  size_t at = 0;
  w.dialing = s->stop ? NULL : s;
  while (at < len && !s->piped && s->used && s->id == id && c->here) give(c, s, data + at++, 1);
  w.dialing = NULL;
  if (s->used && s->id == id && c->here) give(c, s, data + at, len - at);
}

static void hop(conn *c, uint8_t what) {
  uint8_t msg[64] = {2, 8, 0};
  size_t len = 3;
  stream *s = c->here ? new_stream(c, c->next_hop, false) : NULL;
  if (!s) return;
  c->next_hop += 2;
  int rc = weft_relay_server_stream(w.r, c, s->id, w.now);
  if (rc != WEFT_OK) {
    REQUIRE(rc == WEFT_ELIMIT && !s->used);
    return;
  }
  if (what & 1) {
    uint8_t id[34];
    id_of(id, what / 2 % 3);
    weft_relay_message m = {.type = WEFT_RELAY_HOP_CONNECT, .status = -1, .has_peer = true, .peer_id = {id, 34}};
    REQUIRE(weft_relay_hop_encode(&m, msg, sizeof msg, &len) == WEFT_OK);
  }
  w.dialing = s;
  if ((what & 0xc0) != 0xc0) give(c, s, msg, len);
  w.dialing = NULL;
}

static void answer_stop(conn *c, uint8_t what) {
  static const uint8_t ok[] = {4, 8, 1, 0x20, 0x64}, refused[] = {5, 8, 1, 0x20, 0xca, 1};
  for (unsigned i = 0; i < STREAMS && c->here; i++) {
    stream *s = &c->streams[i];
    if (!s->used || !s->stop) continue;
    (void)weft_relay_server_stop_ready(w.r, c, s->id, w.now);
    if (!s->used || !c->here || what % 4 == 3 || s->piped) continue;
    give(c, s, what % 4 == 2 ? refused : ok, what % 4 == 2 ? 6 : 5);
  }
}

static void check(void) {
  weft_relay_server_stats st = {.size = sizeof st};
  weft_relay_server_get_stats(w.r, &st);
  REQUIRE(st.peers <= CONNS && st.reservations <= CONNS);
  REQUIRE(weft_relay_server_deadline(w.r) > w.now - WEFT_SEC(10));
  for (unsigned i = 0; i < CONNS; i++)
    for (unsigned k = 0; k < STREAMS; k++) {
      const stream *s = &w.conns[i].streams[k];
      if (s->used) REQUIRE(s->consumed <= s->taken && s->taken - s->consumed <= BUFFER);
    }
}

static void step(void) {
  uint8_t op = byte(), arg = byte();
  conn *c = &w.conns[op >> 6];
  stream *s = &c->streams[arg % STREAMS];
  bool there = c->here && s->used;
  switch (op & 15) {
  case 0: join(c, byte()); break;
  case 1:
  case 2: hop(c, arg); break;
  case 3: answer_stop(c, arg); break;
  case 4:
  case 5: {
    size_t n = byte(), left = (size_t)(w.stop - w.p);
    if (n > left) n = left;
    const uint8_t *p = w.p;
    w.p += n;
    if (there) give_anything(c, s, p, n);
    break;
  }
  case 6:
    if (there) {
      s->ended = true;
      (void)weft_relay_server_input_end(w.r, c, s->id, w.now);
    }
    break;
  case 7:
    if (there) {
      s->used = false;
      (void)weft_relay_server_gone(w.r, c, s->id, w.now);
    }
    break;
  case 8:
    if (there) s->room = byte();
    break;
  case 9:
    if (there) {
      s->room = SIZE_MAX;
      (void)weft_relay_server_writable(w.r, c, s->id, w.now);
    }
    break;
  case 10: leave(c); break;
  case 11:
    w.now += WEFT_MS(100) * arg;
    weft_relay_server_tick(w.r, w.now);
    REQUIRE(weft_relay_server_deadline(w.r) > w.now);
    break;
  default: weft_relay_server_tick(w.r, w.now); break;
  }
  check();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  memset(&w, 0, sizeof w);
  w.now = WEFT_SEC(100);
  w.p = data;
  w.stop = data + size;
  make(byte());
  for (unsigned i = 0; i < STEPS && w.p < w.stop; i++) step();
  weft_relay_server_stats st = {.size = sizeof st};
  w.reactions = 0;
  if (size % 2) {
    for (unsigned i = 0; i < CONNS; i++) leave(&w.conns[i]);
    weft_relay_server_get_stats(w.r, &st);
    REQUIRE(st.peers == 0 && st.reservations == 0 && st.circuits == 0 && w.r->circuits == 0 && w.r->whos.len == 0);
    REQUIRE(w.r->streams.len == 0);
  }
  weft_relay_server_free(w.r);
  return 0;
}
