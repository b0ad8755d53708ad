/* A relay and its peers in memory: streams are buffers, time is a number, signatures are a checksum with the key in it.
 *
 *   relay_rig *r = relay_rig_new(NULL);                   or with a configuration of relay_rig_config()
 *   rig_conn *a = relay_rig_peer(r, 'a', "203.0.113.1"), *b = relay_rig_peer(r, 'b', "203.0.113.2");
 *   ck_assert_int_eq(relay_rig_reserve(r, b), WEFT_RELAY_OK);
 *   rig_circuit c = relay_rig_connect(r, a, 'b');          c.dialer, c.target: the two streams
 *   relay_rig_give(r, c.dialer, "hello", 5);               ck_assert_got(c.target, "hello");
 *   ck_assert_log(r, "RESERVED b; OPENED a b; ");
 */
#ifndef TEST_UNIT_RELAY_RIG_H
#define TEST_UNIT_RELAY_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/relay_int.h"
#include "test/support/alloc.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

enum { RIG_CONNS = 64, RIG_STREAMS = 64, RIG_KEY = 36, RIG_ID = 38 };
#define RIG_UNIX INT64_C(1700000000)

typedef struct rig_stream {
  struct rig_conn *conn;
  uint32_t id;
  bool used, shut, reset, stop;
  size_t room;     /* what output still takes */
  int refuse;      /* what output answers instead */
  size_t consumed; /* given back by the relay */
  uint8_t *got;
  size_t got_len, got_cap;
} rig_stream;

typedef struct rig_conn {
  struct relay_rig *rig;
  char name;
  bool no_stop;     /* open_stop fails */
  bool manual;      /* stop streams are left to the test */
  bool gone;        /* and nobody may name it */
  uint32_t next_id; /* ids the peer opens: odd */
  uint32_t next_stop;
  rig_stream streams[RIG_STREAMS];
} rig_conn;

typedef struct relay_rig {
  weft_relay_server *server;
  weft_time now;
  rig_conn *conns[RIG_CONNS];
  size_t conns_len;
  char log[4096];
  rig_stream *last_stop;
  bool bad_sign;
  void (*on_output)(struct relay_rig *r, rig_stream *s);
  void (*on_event)(struct relay_rig *r, const weft_relay_server_event *ev);
  void (*on_open_stop)(struct relay_rig *r, rig_conn *target);
  void (*on_shutdown)(struct relay_rig *r, rig_stream *s);
} relay_rig;

typedef struct rig_circuit {
  rig_stream *dialer, *target;
  int status;
} rig_circuit;

/* ---- names, keys, signatures ---- */

static inline void rig_key(uint8_t key[RIG_KEY], char name) {
  static const uint8_t head[4] = {0x08, 0x01, 0x12, 0x20}; /* PublicKey {Ed25519, 32 bytes} */
  memcpy(key, head, sizeof head);
  memset(key + 4, name, 32);
}

/* peer-ids.md: the identity multihash of the key. */
static inline void rig_id(uint8_t id[RIG_ID], char name) {
  id[0] = 0x00, id[1] = RIG_KEY;
  rig_key(id + 2, name);
}

static inline void rig_checksum(uint8_t sig[8], const uint8_t *key, size_t key_len, const uint8_t *msg, size_t len) {
  uint64_t h = 1469598103934665603u;
  for (size_t i = 0; i < key_len; i++) h = (h ^ key[i]) * 1099511628211u;
  for (size_t i = 0; i < len; i++) h = (h ^ msg[i]) * 1099511628211u;
  for (int i = 0; i < 8; i++) sig[i] = (uint8_t)(h >> (8 * i));
}

static inline int rig_sign_as(char name, const uint8_t *msg, size_t len, uint8_t *sig, size_t *sig_len) {
  uint8_t key[RIG_KEY];
  rig_key(key, name);
  rig_checksum(sig, key, sizeof key, msg, len);
  *sig_len = 8;
  return WEFT_OK;
}

static inline int rig_verify(void *user, const uint8_t *key, size_t key_len, const uint8_t *msg, size_t len,
                             const uint8_t *sig, size_t sig_len, uint8_t *peer_id, size_t cap, size_t *peer_id_len) {
  uint8_t want[8];
  (void)user;
  if (sig_len != 8 || key_len != RIG_KEY || cap < RIG_ID) return WEFT_EAUTH;
  rig_checksum(want, key, key_len, msg, len);
  if (memcmp(want, sig, 8) != 0) return WEFT_EAUTH;
  peer_id[0] = 0, peer_id[1] = RIG_KEY;
  memcpy(peer_id + 2, key, RIG_KEY);
  *peer_id_len = RIG_ID;
  return WEFT_OK;
}

static inline int rig_sign(void *user, const uint8_t *msg, size_t len, uint8_t *sig, size_t cap, size_t *sig_len) {
  relay_rig *r = user;
  if (r->bad_sign || cap < 8) return WEFT_EINTERNAL;
  return rig_sign_as('r', msg, len, sig, sig_len);
}

static inline char rig_name(weft_relay_bytes id) { return id.len == RIG_ID ? (char)id.data[RIG_ID - 1] : '?'; }

/* ---- what the relay calls ---- */

static inline rig_stream *rig_stream_of(rig_conn *c, uint32_t id) {
  ck_assert_msg(!c->gone, "the connection of %c is gone", c->name);
  for (size_t i = 0; i < RIG_STREAMS; i++)
    if (c->streams[i].used && c->streams[i].id == id) return &c->streams[i];
  ck_abort_msg("no stream %u at %c", id, c->name);
  return NULL;
}

static inline rig_stream *rig_stream_new(rig_conn *c, uint32_t id) {
  for (size_t i = 0; i < RIG_STREAMS; i++) {
    rig_stream *s = &c->streams[i];
    if (s->used) continue;
    *s = (rig_stream){.conn = c, .id = id, .used = true, .room = SIZE_MAX};
    return s;
  }
  ck_abort_msg("too many streams");
  return NULL;
}

static inline int rig_open_stop(void *user, void *conn, uint32_t *stream, weft_time now) {
  relay_rig *r = user;
  rig_conn *c = conn;
  (void)now;
  if (r->on_open_stop) r->on_open_stop(r, c);
  if (c->no_stop) return WEFT_ELIMIT;
  *stream = c->next_stop += 2;
  r->last_stop = rig_stream_new(c, *stream);
  r->last_stop->stop = true;
  return WEFT_OK;
}

static inline ptrdiff_t rig_output(void *user, void *conn, uint32_t stream, const uint8_t *data, size_t len,
                                   weft_time now) {
  rig_stream *s = rig_stream_of(conn, stream);
  relay_rig *r = user;
  (void)now;
  ck_assert(len > 0 && !s->shut && !s->reset);
  if (s->refuse) return s->refuse;
  size_t n = len < s->room ? len : s->room;
  if (s->got_len + n > s->got_cap) {
    s->got_cap = 2 * (s->got_len + n);
    s->got = realloc(s->got, s->got_cap);
  }
  if (n > 0) memcpy(s->got + s->got_len, data, n);
  s->got_len += n;
  if (s->room != SIZE_MAX) s->room -= n;
  if (r->on_output) r->on_output(r, s);
  return (ptrdiff_t)n;
}

static inline void rig_consumed(void *user, void *conn, uint32_t stream, size_t n, weft_time now) {
  rig_stream *s = rig_stream_of(conn, stream);
  (void)user, (void)now;
  ck_assert(!s->reset && n > 0);
  s->consumed += n;
}

static inline void rig_shutdown(void *user, void *conn, uint32_t stream, weft_time now) {
  rig_stream *s = rig_stream_of(conn, stream);
  relay_rig *r = user;
  (void)now;
  ck_assert(!s->shut && !s->reset);
  s->shut = true;
  if (r->on_shutdown) r->on_shutdown(r, s);
}

static inline void rig_reset(void *user, void *conn, uint32_t stream, weft_time now) {
  rig_stream *s = rig_stream_of(conn, stream);
  (void)user, (void)now;
  ck_assert(!s->reset);
  s->reset = true;
}

static inline void rig_note(relay_rig *r, const char *text) {
  ck_assert_uint_lt(strlen(r->log) + strlen(text), sizeof r->log);
  strcat(r->log, text);
}

static inline void rig_event(void *user, const weft_relay_server_event *ev, weft_time now) {
  relay_rig *r = user;
  char line[256] = "?; ", peer = rig_name(ev->peer), target = rig_name(ev->target);
  ck_assert_uint_ge(now, r->now);
  if (ev->type == WEFT_RELAY_SERVER_RESERVED)
    snprintf(line, sizeof line, "%s %c; ", ev->renewed ? "RENEWED" : "RESERVED", peer);
  if (ev->type == WEFT_RELAY_SERVER_EXPIRED) snprintf(line, sizeof line, "EXPIRED %c: %s; ", peer, ev->reason);
  if (ev->type == WEFT_RELAY_SERVER_CIRCUIT_OPENED) snprintf(line, sizeof line, "OPENED %c %c; ", peer, target);
  if (ev->type == WEFT_RELAY_SERVER_CIRCUIT_CLOSED)
    snprintf(line, sizeof line, "CLOSED %c %c %u %u: %s; ", peer, target, (unsigned)ev->bytes_there,
             (unsigned)ev->bytes_back, ev->reason);
  if (ev->type == WEFT_RELAY_SERVER_REFUSED)
    snprintf(line, sizeof line, "REFUSED %c %s: %s; ", peer, weft_relay_status_name(ev->status), ev->reason);
  rig_note(r, line);
  if (r->on_event) r->on_event(r, ev);
}

/* ---- the world ---- */

static inline weft_relay_server_config relay_rig_config(void) {
  weft_relay_server_config cfg;
  weft_relay_server_config_default(&cfg);
  cfg.unix_at_zero = RIG_UNIX;
  return cfg;
}

static inline int relay_rig_try(relay_rig **out, const weft_relay_server_config *given) {
  weft_relay_server_config cfg = given ? *given : relay_rig_config();
  weft_relay_server_callbacks cb = {sizeof cb,    rig_open_stop, rig_output, rig_consumed,
                                    rig_shutdown, rig_reset,     rig_event};
  uint8_t id[RIG_ID], key[RIG_KEY];
  relay_rig *r = calloc(1, sizeof *r);
  rig_id(id, 'r');
  rig_key(key, 'r');
  cfg.alloc = test_alloc();
  cfg.peer_id = id, cfg.peer_id_len = sizeof id;
  cfg.public_key = key, cfg.public_key_len = sizeof key;
  cfg.sign = rig_sign, cfg.sign_user = r;
  r->now = WEFT_SEC(5);
  int rc = weft_relay_server_new(&r->server, &cfg, &cb, r);
  if (rc == WEFT_OK)
    *out = r;
  else
    free(r);
  return rc;
}

static inline relay_rig *relay_rig_new(const weft_relay_server_config *cfg) {
  relay_rig *r = NULL;
  ck_assert_int_eq(relay_rig_try(&r, cfg), WEFT_OK);
  return r;
}

static inline void relay_rig_free(relay_rig *r) {
  weft_relay_server_free(r->server);
  for (size_t i = 0; i < r->conns_len; i++) {
    for (size_t k = 0; k < RIG_STREAMS; k++) free(r->conns[i]->streams[k].got);
    free(r->conns[i]);
  }
  free(r);
}

static inline rig_conn *rig_conn_new(relay_rig *r, char name) {
  ck_assert_uint_lt(r->conns_len, RIG_CONNS);
  rig_conn *c = r->conns[r->conns_len++] = calloc(1, sizeof *c);
  c->rig = r;
  c->name = name;
  c->next_id = 1;
  return c;
}

static inline int relay_rig_join(relay_rig *r, rig_conn *c, const char *ip, bool relayed) {
  uint8_t id[RIG_ID];
  weft_addr addr;
  c->gone = false;
  rig_id(id, c->name);
  if (ip) ck_assert_int_eq(weft_addr_parse_ip(&addr, ip, strlen(ip)), WEFT_OK);
  return weft_relay_server_peer(r->server, c, id, sizeof id, ip ? &addr : NULL, relayed, r->now);
}

static inline rig_conn *relay_rig_peer(relay_rig *r, char name, const char *ip) {
  rig_conn *c = rig_conn_new(r, name);
  ck_assert_int_eq(relay_rig_join(r, c, ip, false), WEFT_OK);
  return c;
}

static inline void relay_rig_leave(relay_rig *r, rig_conn *c) {
  c->gone = true;
  ck_assert_int_eq(weft_relay_server_peer_gone(r->server, c, r->now), WEFT_OK);
}

static inline ptrdiff_t relay_rig_give(relay_rig *r, rig_stream *s, const void *data, size_t len) {
  return weft_relay_server_input(r->server, s->conn, s->id, data, len, r->now);
}

static inline void relay_rig_end(relay_rig *r, rig_stream *s) {
  ck_assert_int_eq(weft_relay_server_input_end(r->server, s->conn, s->id, r->now), WEFT_OK);
}

static inline void relay_rig_tick(relay_rig *r) { weft_relay_server_tick(r->server, r->now); }

static inline rig_stream *relay_rig_hop(relay_rig *r, rig_conn *c) {
  rig_stream *s = rig_stream_new(c, c->next_id);
  c->next_id += 2;
  ck_assert_int_eq(weft_relay_server_stream(r->server, c, s->id, r->now), WEFT_OK);
  return s;
}

static inline void relay_rig_give_hex(relay_rig *r, rig_stream *s, const char *hex) {
  uint8_t buf[8192];
  size_t n = hex_into(buf, sizeof buf, hex);
  ck_assert_int_eq(relay_rig_give(r, s, buf, n), (ptrdiff_t)n);
}

/* Takes the message at the front of what the relay wrote to s. The message points into `keep`. */
static inline weft_relay_message relay_rig_message(rig_stream *s, uint8_t keep[4096]) {
  weft_relay_message m;
  uint64_t len;
  int n = weft_uvarint_peek(s->got, s->got_len, &len);
  ck_assert(n > 0 && len <= 4096 && s->got_len >= (size_t)n + len);
  memcpy(keep, s->got + n, (size_t)len);
  s->got_len -= (size_t)n + (size_t)len;
  memmove(s->got, s->got + n + len, s->got_len);
  ck_assert_int_eq(
      s->stop ? weft_relay_stop_decode(&m, keep, (size_t)len) : weft_relay_hop_decode(&m, keep, (size_t)len), WEFT_OK);
  return m;
}

static inline int relay_rig_status(rig_stream *s) {
  uint8_t keep[4096];
  weft_relay_message m = relay_rig_message(s, keep);
  ck_assert_int_eq(m.type, s->stop ? WEFT_RELAY_STOP_STATUS : WEFT_RELAY_HOP_STATUS);
  return m.status;
}

static inline int relay_rig_reserve(relay_rig *r, rig_conn *c) {
  rig_stream *s = relay_rig_hop(r, c);
  relay_rig_give_hex(r, s, "02 0800");
  int status = relay_rig_status(s);
  ck_assert(s->shut && s->got_len == 0);
  relay_rig_end(r, s);
  ck_assert_int_eq(weft_relay_server_input_end(r->server, c, s->id, r->now), WEFT_ENOTFOUND);
  s->used = false;
  free(s->got);
  s->got = NULL;
  return status;
}

static inline void rig_connect_message(uint8_t out[64], size_t *len, char target) {
  uint8_t id[RIG_ID];
  rig_id(id, target);
  weft_relay_message m = {.type = WEFT_RELAY_HOP_CONNECT, .status = -1, .has_peer = true, .peer_id = {id, sizeof id}};
  ck_assert_int_eq(weft_relay_hop_encode(&m, out, 64, len), WEFT_OK);
}

/* CONNECT, sent and no more. */
static inline rig_stream *relay_rig_dial(relay_rig *r, rig_conn *c, char target) {
  uint8_t msg[64];
  size_t len;
  rig_stream *s = relay_rig_hop(r, c);
  rig_connect_message(msg, &len, target);
  ck_assert_int_eq(relay_rig_give(r, s, msg, len), (ptrdiff_t)len);
  return s;
}

/* The stop stream that the relay opened last to a peer of that name. */
static inline rig_stream *relay_rig_stop(relay_rig *r, char name) {
  ck_assert(r->last_stop && r->last_stop->conn->name == name);
  return r->last_stop;
}

static inline void relay_rig_ready(relay_rig *r, rig_stream *s) {
  ck_assert_int_eq(weft_relay_server_stop_ready(r->server, s->conn, s->id, r->now), WEFT_OK);
}

static inline rig_circuit relay_rig_connect(relay_rig *r, rig_conn *c, char target) {
  uint8_t keep[4096];
  rig_circuit x = {.dialer = relay_rig_dial(r, c, target)};
  if (x.dialer->got_len > 0) {
    x.status = relay_rig_status(x.dialer);
    return x;
  }
  x.target = relay_rig_stop(r, target);
  relay_rig_ready(r, x.target);
  ck_assert_int_eq(relay_rig_message(x.target, keep).type, WEFT_RELAY_STOP_CONNECT);
  relay_rig_give_hex(r, x.target, "04 0801 2064"); /* STATUS OK */
  x.status = relay_rig_status(x.dialer);
  x.dialer->consumed = x.target->consumed = 0;
  return x;
}

static inline weft_relay_server_stats relay_rig_stats(const relay_rig *r) {
  weft_relay_server_stats s = {.size = sizeof s};
  weft_relay_server_get_stats(r->server, &s);
  return s;
}

#define ck_assert_log(r, text) \
  do { \
    ck_assert_str_eq((r)->log, (text)); \
    (r)->log[0] = 0; \
  } while (0)
#define ck_assert_got(s, text) \
  do { \
    ck_assert_uint_eq((s)->got_len, strlen(text)); \
    ck_assert(memcmp((s)->got, (text), strlen(text)) == 0); \
    (s)->got_len = 0; \
  } while (0)

#endif
