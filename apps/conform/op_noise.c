/* noise_xx.*, noise_payload.*, noise_prologue.*, noise_primitives.*, noise_frame.* */
#include <sodium.h>
#include <string.h>

#include "apps/conform/op.h"
#include "multiaddr/multiaddr.h"
#include "noise/noise_int.h"
#include "webrtc/webrtc_int.h"

enum { MESSAGE_CAP = 70000 };

typedef struct pair {
  weft_noise_handshake side[2]; /* initiator, responder */
  weft_noise_cipher send[2], recv[2];
} pair;

static bool ready(void) { return sodium_init() >= 0; }

static conform_status start(conform_call *c, pair *p) {
  size_t len, other_len;
  const uint8_t *prologue = conform_bytes(c, "init_prologue", &len),
                *other = conform_bytes(c, "resp_prologue", &other_len);
  const uint8_t *is = conform_fixed(c, "init_static", 32), *ie = conform_fixed(c, "init_ephemeral", 32);
  const uint8_t *rs = conform_fixed(c, "resp_static", 32), *re = conform_fixed(c, "resp_ephemeral", 32);
  if (!ready() || !prologue || !is || !ie || !rs || !re) return CONFORM_BAD;
  int rc = weft_noise_handshake_init(&p->side[0], true, prologue, len, is, ie);
  if (rc == WEFT_OK)
    rc = weft_noise_handshake_init(&p->side[1], false, other ? other : prologue, other ? other_len : len, rs, re);
  return conform_code(rc);
}

static void split(pair *p) {
  for (unsigned i = 0; i < 2; i++) weft_noise_handshake_split(&p->side[i], &p->send[i], &p->recv[i]);
}

/* One message to the other side, which must read it; its wire bytes are listed. */
static int pass_on(conform_call *c, pair *p, unsigned from, bool transport, const uint8_t *payload, size_t len,
                   json *messages) {
  uint8_t *wire = conform_memory(c, MESSAGE_CAP), *plain = conform_memory(c, MESSAGE_CAP);
  size_t n = len + WEFT_NOISE_TAG, got = len;
  int rc;
  if (len + 128 > MESSAGE_CAP) return WEFT_ETOOBIG;
  if (transport) {
    rc = weft_noise_seal(&p->send[from], NULL, 0, payload, len, wire);
    if (rc == WEFT_OK) rc = weft_noise_open(&p->recv[1 - from], NULL, 0, wire, n, plain);
  } else {
    rc = weft_noise_handshake_write(&p->side[from], payload, len, wire, &n);
    if (rc == WEFT_OK) rc = weft_noise_handshake_read(&p->side[1 - from], wire, n, plain, &got);
  }
  if (rc == WEFT_OK && (got != len || memcmp(plain, payload, len) != 0)) rc = WEFT_EINTERNAL;
  if (rc == WEFT_OK) json_put_hex(messages, NULL, wire, n);
  return rc;
}

static int payload_peer(const uint8_t *data, size_t len, const uint8_t *noise_static, char *text, size_t cap) {
  uint8_t id[WEFT_PEER_ID_MAX];
  size_t id_len = 0;
  weft_noise_payload p;
  weft_peer_id peer;
  int rc = weft_noise_payload_decode(&p, data, len);
  if (rc == WEFT_OK) rc = weft_noise_payload_verify(&p, noise_static);
  if (rc == WEFT_OK) rc = weft_identity_peer_id(p.key, p.key_len, id, &id_len);
  if (rc == WEFT_OK) rc = weft_peer_id_from_bytes(&peer, id, id_len);
  return rc == WEFT_OK ? weft_peer_id_format(&peer, text, cap) : rc;
}

static void put_peer(conform_call *c, const char *key, const json *payload, const uint8_t *noise_static) {
  char text[WEFT_PEER_ID_TEXT_MAX];
  size_t len;
  const uint8_t *data = conform_bytes_of(c, payload, &len);
  if (data && payload_peer(data, len, noise_static, text, sizeof text) == WEFT_OK) json_put_string(c->out, key, text);
}

static conform_status handshake(conform_call *c) {
  pair p;
  const json *payloads = json_get(c->in, "payloads");
  unsigned first = conform_is(c, "transport_first", "responder") ? 1 : 0, i = 0;
  conform_status s = start(c, &p);
  if (s != CONFORM_OK) return s;
  json *messages = json_put_array(c->out, "messages");
  for (const json *in = json_first(payloads); in; in = in->next, i++) {
    size_t len;
    const uint8_t *payload = conform_bytes_of(c, in, &len);
    if (!payload) return CONFORM_BAD;
    if (i == 3) split(&p);
    int rc = pass_on(c, &p, i < 3 ? i % 2 : (first + i - 3) % 2, i >= 3, payload, len, messages);
    if (rc != WEFT_OK) return conform_code(rc);
  }
  if (i < 3) return CONFORM_BAD;
  if (i == 3) split(&p);
  json_put_hex(c->out, "handshake_hash", p.side[0].h, 32);
  json_put_hex(c->out, "initiator_send_key", p.send[0].key, 32);
  json_put_hex(c->out, "responder_send_key", p.send[1].key, 32);
  put_peer(c, "responder_peer_id", json_at(payloads, 1), p.side[1].s_pub);
  put_peer(c, "initiator_peer_id", json_at(payloads, 2), p.side[0].s_pub);
  return CONFORM_OK;
}

/* The good messages up to the given one, which its receiver reads. */
static conform_status read_one(conform_call *c) {
  uint8_t *wire = conform_memory(c, MESSAGE_CAP), *plain = conform_memory(c, MESSAGE_CAP);
  uint64_t index;
  size_t len, n, got;
  pair p;
  const uint8_t *message = conform_bytes(c, "message", &n);
  conform_status s = start(c, &p);
  if (s != CONFORM_OK) return s;
  if (!message || !conform_u64(c, "message_index", &index) || index > 2) return CONFORM_BAD;
  for (unsigned i = 0; i < index; i++) {
    const uint8_t *payload = conform_bytes_of(c, json_at(json_get(c->in, "payloads"), i), &len);
    size_t wire_len;
    if (!payload || len + 128 > MESSAGE_CAP) return CONFORM_BAD;
    int rc = weft_noise_handshake_write(&p.side[i % 2], payload, len, wire, &wire_len);
    if (rc == WEFT_OK) rc = weft_noise_handshake_read(&p.side[1 - i % 2], wire, wire_len, plain, &got);
    if (rc != WEFT_OK) return conform_code(rc);
  }
  int rc = n > MESSAGE_CAP ? WEFT_ETOOBIG : weft_noise_handshake_read(&p.side[1 - index % 2], message, n, plain, &got);
  if (rc == WEFT_OK) json_put_hex(c->out, "payload", plain, got);
  return conform_code(rc);
}

static conform_status payload(conform_call *c) {
  static const char *const names[] = {"RSA", "Ed25519", "secp256k1", "ECDSA"};
  char text[WEFT_PEER_ID_TEXT_MAX];
  size_t len;
  weft_noise_payload p;
  weft_public_key key;
  const uint8_t *data = conform_bytes(c, "payload", &len), *noise_static = conform_fixed(c, "noise_static", 32);
  if (!ready() || !data || !noise_static) return CONFORM_BAD;
  int rc = payload_peer(data, len, noise_static, text, sizeof text);
  if (rc == WEFT_OK) rc = weft_noise_payload_decode(&p, data, len);
  if (rc == WEFT_OK) rc = weft_public_key_decode(&key, p.key, p.key_len);
  if (rc != WEFT_OK) return rc == WEFT_EUNSUPPORTED ? CONFORM_MALFORMED : conform_code(rc);
  json_put_string(c->out, "peer_id", text);
  json_put_string(c->out, "key_type", names[key.type]);
  return CONFORM_OK;
}

static conform_status hkdf(conform_call *c) {
  uint8_t out[3][32];
  size_t len;
  uint64_t n;
  const uint8_t *ck = conform_fixed(c, "chaining_key", 32), *ikm = conform_bytes(c, "input_key_material", &len);
  if (!ck || !ikm || !conform_u64(c, "outputs", &n) || n < 2 || n > 3) return CONFORM_BAD;
  weft_noise_hkdf(ck, ikm, len, (unsigned)n, out);
  json *list = json_put_array(c->out, "outputs");
  for (unsigned i = 0; i < n; i++) json_put_hex(list, NULL, out[i], 32);
  return CONFORM_OK;
}

static conform_status seal(conform_call *c) {
  weft_noise_cipher cipher;
  size_t ad_len, len;
  const uint8_t *key = conform_fixed(c, "key", 32), *ad = conform_bytes(c, "ad", &ad_len);
  const uint8_t *plain = conform_bytes(c, "plaintext", &len);
  if (!key || !ad || !plain) return CONFORM_BAD;
  uint8_t *out = conform_memory(c, len + WEFT_NOISE_TAG);
  weft_noise_cipher_set(&cipher, key);
  if (!conform_u64(c, "nonce_counter", &cipher.n)) return CONFORM_BAD;
  int rc = weft_noise_seal(&cipher, ad, ad_len, plain, len, out);
  if (rc == WEFT_OK) json_put_hex(c->out, "ciphertext", out, len + WEFT_NOISE_TAG);
  return conform_code(rc);
}

static conform_status open(conform_call *c) {
  weft_noise_cipher cipher;
  size_t ad_len, len;
  const uint8_t *key = conform_fixed(c, "key", 32), *ad = conform_bytes(c, "ad", &ad_len);
  const uint8_t *in = conform_bytes(c, "ciphertext", &len);
  if (!key || !ad || !in) return CONFORM_BAD;
  uint8_t *out = conform_memory(c, len);
  weft_noise_cipher_set(&cipher, key);
  if (!conform_u64(c, "nonce_counter", &cipher.n)) return CONFORM_BAD;
  int rc = weft_noise_open(&cipher, ad, ad_len, in, len, out);
  if (rc == WEFT_OK) json_put_hex(c->out, "plaintext", out, len - WEFT_NOISE_TAG);
  return conform_code(rc);
}

static conform_status x25519(conform_call *c) {
  uint8_t shared[32];
  const uint8_t *secret = conform_fixed(c, "private", 32), *public_key = conform_fixed(c, "public", 32);
  if (!secret || !public_key || !ready()) return CONFORM_BAD;
  if (crypto_scalarmult(shared, secret, public_key) != 0) return CONFORM_MALFORMED;
  json_put_hex(c->out, "shared", shared, sizeof shared);
  return CONFORM_OK;
}

static const uint8_t *sha256_of(conform_call *c, const char *path) {
  const uint8_t *multihash = conform_fixed(c, path, 34);
  return multihash && multihash[0] == 0x12 && multihash[1] == 0x20 ? multihash + 2 : NULL;
}

static conform_status prologue(conform_call *c) {
  weft_webrtc_prologue p;
  const uint8_t *client = sha256_of(c, "client_fingerprint"), *server = sha256_of(c, "server_fingerprint");
  if (!client || !server) return CONFORM_MALFORMED;
  weft_webrtc_make_prologue(&p, client, server);
  json_put_hex(c->out, "prologue", p.bytes, sizeof p.bytes);
  return CONFORM_OK;
}

/* What a session writes, or hands to its application; how it ended. */
typedef struct sink {
  uint8_t bytes[MESSAGE_CAP];
  size_t len;
  bool closed;
  int code;
} sink;

static ptrdiff_t take(void *user, const uint8_t *data, size_t len, weft_time now) {
  sink *s = user;
  (void)now;
  if (len > sizeof s->bytes - s->len) return -1;
  memcpy(s->bytes + s->len, data, len);
  s->len += len;
  return (ptrdiff_t)len;
}

static void note(void *user, const weft_noise_event *ev, weft_time now) {
  sink *s = user;
  if (ev->type == WEFT_NOISE_EVENT_DATA) (void)take(s, ev->data, ev->len, now);
  if (ev->type != WEFT_NOISE_EVENT_CLOSED) return;
  s->closed = true;
  s->code = ev->closed.code;
}

static weft_noise *session_into(sink *s) {
  static const uint8_t key[32] = {1};
  weft_identity id;
  weft_noise_config cfg;
  weft_noise_callbacks cb = {sizeof cb, take, note};
  weft_noise *nz = NULL;
  weft_noise_config_default(&cfg);
  weft_identity_from_seed(&id, key);
  cfg.identity = &id;
  cfg.static_key = cfg.ephemeral_key = key;
  return ready() && weft_noise_new(&nz, &cfg, &cb, s) == WEFT_OK ? nz : NULL;
}

/* The frame a session makes of this message, by the code that frames every message. */
static conform_status frame(conform_call *c) {
  size_t len;
  const uint8_t *message = conform_bytes(c, "message", &len);
  if (!message) return CONFORM_BAD;
  if (len > 65535) return CONFORM_LIMIT;
  sink *out = conform_memory(c, sizeof *out);
  weft_noise *nz = session_into(out);
  uint8_t *at = nz ? weft_noise_frame_reserve(nz, len) : NULL;
  if (at) {
    if (len > 0) memcpy(at, message, len);
    weft_noise_frame_commit(nz, len);
    weft_noise_flush(nz);
    json_put_hex(c->out, "frame", out->bytes, out->len);
  }
  weft_noise_free(nz);
  return at ? CONFORM_OK : CONFORM_LIMIT;
}

static bool feed(conform_call *c, weft_noise *nz, const sink *s) {
  for (const json *chunk = json_first(json_get(c->in, "chunks")); chunk; chunk = chunk->next) {
    size_t len;
    const uint8_t *data = conform_bytes_of(c, chunk, &len);
    if (!data) return false;
    if (!s->closed) (void)weft_noise_input(nz, data, len, 0);
  }
  if (json_bool(json_get(c->in, "end"), false) && !s->closed) (void)weft_noise_input_end(nz, 0);
  return true;
}

/* A session whose handshake is done, with this key to read with. */
static conform_status receive(conform_call *c) {
  const uint8_t *key = conform_fixed(c, "key", 32);
  sink *got = conform_memory(c, sizeof *got);
  weft_noise *nz = key ? session_into(got) : NULL;
  if (!nz) return CONFORM_BAD;
  nz->state = WEFT_NOISE_STATE_SECURED;
  weft_noise_cipher_set(&nz->receiving, key);
  bool fed = feed(c, nz, got);
  weft_noise_free(nz);
  if (!fed) return CONFORM_BAD;
  if (got->closed) return conform_code(got->code);
  json_put_hex(c->out, "data", got->bytes, got->len);
  return CONFORM_OK;
}

const conform_entry conform_noise[] = {{"noise_xx.handshake", handshake},
                                       {"noise_xx.read", read_one},
                                       {"noise_payload.verify", payload},
                                       {"noise_prologue.build", prologue},
                                       {"noise_primitives.hkdf", hkdf},
                                       {"noise_primitives.seal", seal},
                                       {"noise_primitives.open", open},
                                       {"noise_primitives.x25519", x25519},
                                       {"noise_frame.encode", frame},
                                       {"noise_frame.receive", receive},
                                       {NULL, NULL}};
