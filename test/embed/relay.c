/* A relay, and two peers of it, joined in memory: Bob reserves, Alice connects to him through the relay, and he answers her
 * in upper case. The streams stand for what a muxer gives; signatures are a checksum here, a program hands in
 * weft_identity_sign and weft_identity_verify. */
#include <stdio.h>
#include <string.h>
#include <weft/relay/relay.h>

enum { RESERVE = 0, DIAL = 1, STOP = 2, STREAMS = 3 };

struct stream {
  int conn; /* whose connection it is on: its address is the handle */
  uint32_t id;
  uint8_t to_relay[512], to_peer[512];
  size_t to_relay_len, to_peer_len;
  weft_relay_client *client;
  int circuit;
  char heard[32];
};

static struct stream streams[STREAMS];
static int alice, bob, stop_wanted, reserved;
static weft_relay_server *relay;
static uint8_t relay_id[34] = {0x12, 0x20, 'r'}, alice_id[34] = {0x12, 0x20, 'a'}, bob_id[34] = {0x12, 0x20, 'b'};
static const uint8_t relay_key[4] = {8, 1, 0x12, 0};

static uint8_t checksum(const uint8_t *msg, size_t len) {
  uint8_t sum = 7;
  for (size_t i = 0; i < len; i++) sum = (uint8_t)(sum * 31 + msg[i]);
  return sum;
}

static int sign(void *user, const uint8_t *msg, size_t len, uint8_t *sig, size_t cap, size_t *sig_len) {
  (void)user, (void)cap;
  sig[0] = checksum(msg, len);
  *sig_len = 1;
  return WEFT_OK;
}

static int verify(void *user, const uint8_t *key, size_t key_len, const uint8_t *msg, size_t len, const uint8_t *sig,
                  size_t sig_len, uint8_t *peer_id, size_t cap, size_t *peer_id_len) {
  (void)user, (void)key, (void)key_len;
  if (sig_len != 1 || sig[0] != checksum(msg, len) || cap < sizeof relay_id) return WEFT_EAUTH;
  memcpy(peer_id, relay_id, sizeof relay_id);
  *peer_id_len = sizeof relay_id;
  return WEFT_OK;
}

/* ---- the relay's side ---- */

static struct stream *find(void *conn, uint32_t id) {
  for (int i = 0; i < STREAMS; i++)
    if (streams[i].id == id && conn == (streams[i].conn ? (void *)&bob : (void *)&alice)) return &streams[i];
  return NULL;
}

static int open_stop(void *user, void *conn, uint32_t *stream, weft_time now) {
  (void)user, (void)conn, (void)now;
  *stream = streams[STOP].id;
  stop_wanted = 1;
  return WEFT_OK;
}

static ptrdiff_t relay_output(void *user, void *conn, uint32_t id, const uint8_t *data, size_t len, weft_time now) {
  struct stream *s = find(conn, id);
  (void)user, (void)now;
  if (len > sizeof s->to_peer - s->to_peer_len) len = sizeof s->to_peer - s->to_peer_len;
  memcpy(s->to_peer + s->to_peer_len, data, len);
  s->to_peer_len += len;
  return (ptrdiff_t)len;
}

static void nothing(void *user, void *conn, uint32_t stream, weft_time now) {
  (void)user, (void)conn, (void)stream, (void)now;
}

static void relay_event(void *user, const weft_relay_server_event *ev, weft_time now) {
  (void)user, (void)now;
  if (ev->type == WEFT_RELAY_SERVER_REFUSED) printf("relay: refused, %s\n", ev->reason);
}

static int start_relay(void) {
  weft_relay_server_config cfg;
  weft_relay_server_callbacks cb = {sizeof cb, open_stop, relay_output, NULL, nothing, nothing, relay_event};
  weft_relay_server_config_default(&cfg);
  cfg.peer_id = relay_id;
  cfg.peer_id_len = sizeof relay_id;
  cfg.public_key = relay_key;
  cfg.public_key_len = sizeof relay_key;
  cfg.sign = sign;
  return weft_relay_server_new(&relay, &cfg, &cb, NULL) ||
         weft_relay_server_peer(relay, &alice, alice_id, sizeof alice_id, NULL, false, 0) ||
         weft_relay_server_peer(relay, &bob, bob_id, sizeof bob_id, NULL, false, 0);
}

/* ---- the peers' side ---- */

static ptrdiff_t client_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  struct stream *s = (struct stream *)user;
  (void)now;
  memcpy(s->to_relay + s->to_relay_len, data, len);
  s->to_relay_len += len;
  return (ptrdiff_t)len;
}

static void client_event(void *user, const weft_relay_client_event *ev, weft_time now) {
  struct stream *s = (struct stream *)user;
  (void)now;
  if (ev->type == WEFT_RELAY_CLIENT_RESERVED) reserved = 1;
  if (ev->type == WEFT_RELAY_CLIENT_CIRCUIT) s->circuit = 1;
  if (ev->type == WEFT_RELAY_CLIENT_CIRCUIT && s == &streams[DIAL]) client_output(s, (const uint8_t *)"weft", 4, now);
  if (ev->type == WEFT_RELAY_CLIENT_CLOSED && ev->closed.code != WEFT_OK) printf("relay: %s\n", ev->closed.text);
}

static int start_client(int which, int conn, uint32_t id, weft_relay_client_kind kind) {
  struct stream *s = &streams[which];
  weft_relay_client_config cfg;
  weft_relay_client_callbacks cb = {sizeof cb, client_output, client_event};
  weft_relay_client_config_default(&cfg);
  cfg.kind = kind;
  cfg.relay_id = relay_id;
  cfg.self_id = conn ? bob_id : alice_id;
  cfg.target_id = bob_id;
  cfg.relay_id_len = cfg.self_id_len = cfg.target_id_len = sizeof relay_id;
  cfg.verify = verify;
  s->conn = conn;
  s->id = id;
  return weft_relay_client_new(&s->client, &cfg, &cb, s) || weft_relay_client_start(s->client, 0);
}

/* What the circuit carries: Alice listens, Bob answers. */
static void payload(struct stream *s, const uint8_t *data, size_t len) {
  uint8_t upper[16];
  strncat(s->heard, (const char *)data, len);
  for (size_t i = 0; i < len && i < sizeof upper; i++) upper[i] = (uint8_t)(data[i] & ~0x20);
  if (s == &streams[STOP]) client_output(s, upper, len < sizeof upper ? len : sizeof upper, 0);
}

static int pass(struct stream *s) {
  uint8_t copy[512];
  size_t len = s->to_relay_len;
  int moved = len > 0 || s->to_peer_len > 0;
  memcpy(copy, s->to_relay, len);
  s->to_relay_len = 0;
  if (len > 0) weft_relay_server_input(relay, s->conn ? &bob : &alice, s->id, copy, len, 0);
  len = s->to_peer_len;
  memcpy(copy, s->to_peer, len);
  s->to_peer_len = 0;
  size_t at = 0;
  if (len > 0 && !s->circuit) at = (size_t)weft_relay_client_input(s->client, copy, len, 0);
  if (at < len) payload(s, copy + at, len - at);
  return moved;
}

static void run(void) {
  for (int again = 1; again;) {
    again = stop_wanted;
    if (stop_wanted) weft_relay_server_stop_ready(relay, &bob, streams[STOP].id, 0);
    stop_wanted = 0;
    for (int i = 0; i < STREAMS; i++) again += pass(&streams[i]);
  }
}

int main(void) {
  if (start_relay() || start_client(RESERVE, 1, 1, WEFT_RELAY_RESERVE)) return 1;
  if (start_client(STOP, 1, 2, WEFT_RELAY_ACCEPT)) return 1;
  weft_relay_server_stream(relay, &bob, 1, 0);
  run();
  if (start_client(DIAL, 0, 1, WEFT_RELAY_CONNECT)) return 1;
  weft_relay_server_stream(relay, &alice, 1, 0);
  run();
  weft_relay_server_stats stats;
  stats.size = sizeof stats;
  weft_relay_server_get_stats(relay, &stats);
  int ok = reserved && strcmp(streams[STOP].heard, "weft") == 0 && strcmp(streams[DIAL].heard, "WEFT") == 0 &&
           stats.bytes_there == 4 && stats.bytes_back == 4;
  for (int i = 0; i < STREAMS; i++) weft_relay_client_free(streams[i].client);
  weft_relay_server_free(relay);
  printf("relay: a circuit of one reservation %s\n", ok ? "carried four bytes each way" : "failed");
  return ok ? 0 : 1;
}
