#include <sodium.h>
#include <string.h>

#include "noise/noise_int.h"
#include "test/conformance/conform.h"

enum { MESSAGE_CAP = 70000 };

typedef struct keys {
  const uint8_t *is, *ie, *rs, *re, *prologue;
  size_t prologue_len;
} keys;

static bool key_at(conform_ctx *ctx, const conform_case *c, const char *path, const uint8_t **out) {
  size_t len = 0;
  *out = conform_bytes(ctx, c, path, &len);
  return *out && len == 32;
}

static bool read_keys(conform_ctx *ctx, const conform_case *c, keys *k) {
  k->prologue = conform_bytes(ctx, c, "input.prologue", &k->prologue_len);
  return k->prologue && key_at(ctx, c, "input.initiator_static", &k->is) &&
         key_at(ctx, c, "input.initiator_ephemeral", &k->ie) && key_at(ctx, c, "input.responder_static", &k->rs) &&
         key_at(ctx, c, "input.responder_ephemeral", &k->re);
}

typedef struct pair {
  weft_noise_handshake side[2]; /* initiator, responder */
  weft_noise_cipher send[2], recv[2];
} pair;

static bool start(pair *p, const keys *k) {
  return weft_noise_handshake_init(&p->side[0], true, k->prologue, k->prologue_len, k->is, k->ie) == WEFT_OK &&
         weft_noise_handshake_init(&p->side[1], false, k->prologue, k->prologue_len, k->rs, k->re) == WEFT_OK;
}

static bool equals(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len) {
  return a && b && a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* One message from `from` to the other side: the wire bytes are `want`, the payload comes out again. */
static bool pass_on(pair *p, unsigned from, bool transport, const uint8_t *payload, size_t len, const uint8_t *want,
                    size_t want_len) {
  static uint8_t wire[MESSAGE_CAP], plain[MESSAGE_CAP];
  size_t n = len + WEFT_NOISE_TAG, got = len;
  if (len + 128 > sizeof wire) return false;
  if (transport) {
    if (weft_noise_seal(&p->send[from], NULL, 0, payload, len, wire) != WEFT_OK || !equals(wire, n, want, want_len))
      return false;
    return weft_noise_open(&p->recv[1 - from], NULL, 0, wire, n, plain) == WEFT_OK && equals(plain, got, payload, len);
  }
  return weft_noise_handshake_write(&p->side[from], payload, len, wire, &n) == WEFT_OK &&
         equals(wire, n, want, want_len) &&
         weft_noise_handshake_read(&p->side[1 - from], wire, n, plain, &got) == WEFT_OK &&
         equals(plain, got, payload, len);
}

static void split(pair *p) {
  for (unsigned i = 0; i < 2; i++) weft_noise_handshake_split(&p->side[i], &p->send[i], &p->recv[i]);
}

static bool known_results(conform_ctx *ctx, const conform_case *c, const pair *p) {
  bool ok = true;
  if (conform_has(c, "expected.handshake_hash"))
    ok = conform_hex_is(ctx, c, "expected.handshake_hash", p->side[0].h, 32) &&
         memcmp(p->side[0].h, p->side[1].h, 32) == 0;
  if (conform_has(c, "expected.initiator_send_key"))
    ok = ok && conform_hex_is(ctx, c, "expected.initiator_send_key", p->send[0].key, 32);
  if (conform_has(c, "expected.responder_send_key"))
    ok = ok && conform_hex_is(ctx, c, "expected.responder_send_key", p->send[1].key, 32);
  return ok;
}

static bool exchange(conform_ctx *ctx, const conform_case *c, pair *p) {
  unsigned first = conform_text_is(c, "input.transport_first", "responder") ? 1 : 0, i = 0;
  const json *want = json_first(json_get(c->expected, "messages"));
  for (const json *in = json_first(json_get(c->input, "payloads")); in;
       in = in->next, i++, want = want ? want->next : NULL) {
    size_t len = 0, want_len = 0;
    const uint8_t *payload = conform_bytes_of(ctx, in, &len), *wire = conform_bytes_of(ctx, want, &want_len);
    unsigned from = i < 3 ? i % 2 : (first + i - 3) % 2;
    if (i == 3) split(p);
    if (!payload || !wire || !pass_on(p, from, i >= 3, payload, len, wire, want_len)) return false;
  }
  if (i == 3) split(p);
  return i >= 3 && known_results(ctx, c, p);
}

/* Base58 (bitcoin alphabet) of the multihash: the text of a peer id. */
static void base58(const uint8_t *in, size_t len, char *out) {
  static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  uint8_t digits[2 * WEFT_PEER_ID_MAX] = {0};
  size_t n = 0, zeros = 0;
  while (zeros < len && in[zeros] == 0) zeros++;
  for (size_t i = zeros; i < len; i++) {
    unsigned carry = in[i];
    for (size_t j = 0; j < n || carry; j++) {
      carry += 256u * digits[j];
      digits[j] = (uint8_t)(carry % 58);
      carry /= 58;
      if (j >= n) n = j + 1;
    }
  }
  memset(out, '1', zeros);
  for (size_t i = 0; i < n; i++) out[zeros + i] = alphabet[digits[n - 1 - i]];
  out[zeros + n] = 0;
}

static bool payload_peer(conform_ctx *ctx, const json *hex, const uint8_t *noise_static, const conform_case *c,
                         const char *path) {
  uint8_t id[WEFT_PEER_ID_MAX];
  char text[2 * WEFT_PEER_ID_MAX + 1];
  size_t len = 0, id_len = 0;
  const uint8_t *data = conform_bytes_of(ctx, hex, &len);
  weft_noise_payload p;
  if (!data || weft_noise_payload_decode(&p, data, len) != WEFT_OK) return false;
  if (weft_noise_payload_verify(&p, noise_static) != WEFT_OK) return false;
  if (weft_identity_peer_id(p.key, p.key_len, id, &id_len) != WEFT_OK) return false;
  base58(id, id_len, text);
  return conform_text_is(c, path, text);
}

static void run_handshake(conform_ctx *ctx, const conform_case *c) {
  keys k;
  pair p;
  bool ok = read_keys(ctx, c, &k) && start(&p, &k) && exchange(ctx, c, &p);
  if (ok && strcmp(c->op, "libp2p_handshake") == 0) {
    const json *payloads = json_get(c->input, "payloads");
    ok = payload_peer(ctx, json_at(payloads, 1), p.side[1].s_pub, c, "expected.responder_peer_id") &&
         payload_peer(ctx, json_at(payloads, 2), p.side[0].s_pub, c, "expected.initiator_peer_id");
  }
  conform_verdict(ctx, c, ok, "messages, hash or keys differ");
}

/* The good messages up to the altered one, which its receiver must refuse. */
static bool refuses(conform_ctx *ctx, const conform_case *c, pair *p, uint64_t index) {
  static uint8_t wire[MESSAGE_CAP], plain[MESSAGE_CAP];
  const json *in = json_first(json_get(c->input, "payloads"));
  for (unsigned i = 0; i <= index && i < 3 && in; i++, in = in->next) {
    size_t len = 0, n = 0, got = 0;
    const uint8_t *payload = conform_bytes_of(ctx, in, &len);
    if (i == index) {
      const uint8_t *altered = conform_bytes(ctx, c, "input.message", &n);
      return weft_noise_handshake_read(&p->side[1 - i % 2], altered, n, plain, &got) != WEFT_OK;
    }
    if (!payload || weft_noise_handshake_write(&p->side[i % 2], payload, len, wire, &n) != WEFT_OK ||
        weft_noise_handshake_read(&p->side[1 - i % 2], wire, n, plain, &got) != WEFT_OK)
      return false;
  }
  return false;
}

static void run_tampered(conform_ctx *ctx, const conform_case *c) {
  keys k;
  pair p;
  uint64_t index = 0;
  bool ok = read_keys(ctx, c, &k) && start(&p, &k) && conform_u64(c, "input.message_index", &index);
  conform_refused(ctx, c, ok && refuses(ctx, c, &p, index));
}

static void run_payload(conform_ctx *ctx, const conform_case *c) {
  const uint8_t *noise_static = NULL;
  bool known = key_at(ctx, c, "input.noise_static", &noise_static);
  if (!c->valid) {
    size_t len = 0;
    const uint8_t *data = conform_bytes(ctx, c, "input.payload", &len);
    weft_noise_payload p;
    conform_refused(ctx, c,
                    known && data &&
                        (weft_noise_payload_decode(&p, data, len) != WEFT_OK ||
                         weft_noise_payload_verify(&p, noise_static) != WEFT_OK));
    return;
  }
  conform_verdict(ctx, c,
                  known && payload_peer(ctx, json_get(c->input, "payload"), noise_static, c, "expected.peer_id"),
                  "refused, or another peer id");
}

static void run_hkdf(conform_ctx *ctx, const conform_case *c) {
  const uint8_t *ck = NULL;
  uint8_t out[3][32];
  size_t len = 0;
  uint64_t n = 0;
  bool ok = key_at(ctx, c, "input.chaining_key", &ck) && conform_u64(c, "input.outputs", &n) && (n == 2 || n == 3);
  const uint8_t *ikm = conform_bytes(ctx, c, "input.input_key_material", &len);
  if (ok) weft_noise_hkdf(ck, ikm, len, (unsigned)n, out);
  const json *want = json_first(json_get(c->expected, "outputs"));
  for (unsigned i = 0; ok && i < n; i++, want = want->next) {
    size_t want_len = 0;
    const uint8_t *bytes = conform_bytes_of(ctx, want, &want_len);
    ok = want && equals(out[i], 32, bytes, want_len);
  }
  conform_verdict(ctx, c, ok, "outputs differ");
}

static void run_aead(conform_ctx *ctx, const conform_case *c) {
  static uint8_t out[MESSAGE_CAP];
  weft_noise_cipher cipher;
  const uint8_t *key = NULL;
  size_t ad_len = 0, len = 0;
  uint64_t n = 0;
  bool ok = key_at(ctx, c, "input.key", &key) && conform_u64(c, "input.nonce_counter", &n);
  const uint8_t *ad = conform_bytes(ctx, c, "input.ad", &ad_len),
                *plain = conform_bytes(ctx, c, "input.plaintext", &len);
  if (ok) {
    weft_noise_cipher_set(&cipher, key);
    cipher.n = n;
    ok = weft_noise_seal(&cipher, ad, ad_len, plain, len, out) == WEFT_OK &&
         conform_hex_is(ctx, c, "expected.ciphertext", out, len + WEFT_NOISE_TAG);
    cipher.n = n;
    ok = ok && weft_noise_open(&cipher, ad, ad_len, out, len + WEFT_NOISE_TAG, out) == WEFT_OK &&
         equals(out, len, plain, len);
  }
  conform_verdict(ctx, c, ok, "ciphertext differs");
}

static void run_x25519(conform_ctx *ctx, const conform_case *c) {
  const uint8_t *secret = NULL, *public_key = NULL;
  uint8_t shared[32];
  bool ok = key_at(ctx, c, "input.private", &secret) && key_at(ctx, c, "input.public", &public_key) &&
            crypto_scalarmult(shared, secret, public_key) == 0;
  if (!c->valid)
    conform_refused(ctx, c, !ok);
  else
    conform_verdict(ctx, c, ok && conform_hex_is(ctx, c, "expected.shared", shared, 32), "shared secret differs");
}

/* The prologue is given whole by whoever uses this layer (libp2p webrtc-direct, "Noise Handshake"); here it is put
 * together and must lead two sides to each other only when both have it. */
static void run_prologue(conform_ctx *ctx, const conform_case *c) {
  static const char prefix[] = "libp2p-webrtc-noise:";
  uint8_t out[256];
  size_t a_len = 0, b_len = 0;
  const uint8_t *a = conform_bytes(ctx, c, "input.client_fingerprint", &a_len);
  const uint8_t *b = conform_bytes(ctx, c, "input.server_fingerprint", &b_len);
  weft_wr w;
  weft_wr_init(&w, out, sizeof out);
  weft_wr_bytes(&w, prefix, sizeof prefix - 1);
  if (a) weft_wr_bytes(&w, a, a_len);
  if (b) weft_wr_bytes(&w, b, b_len);
  conform_verdict(ctx, c, a && b && weft_wr_ok(&w) && conform_hex_is(ctx, c, "expected.prologue", out, weft_wr_len(&w)),
                  "prologue differs");
}

typedef struct sink {
  uint8_t bytes[MESSAGE_CAP];
  size_t len;
} sink;

static ptrdiff_t take(void *user, const uint8_t *data, size_t len, weft_time now) {
  sink *s = user;
  (void)now;
  if (len > sizeof s->bytes - s->len) return -1;
  memcpy(s->bytes + s->len, data, len);
  s->len += len;
  return (ptrdiff_t)len;
}

static void ignore(void *user, const weft_noise_event *ev, weft_time now) { (void)user, (void)ev, (void)now; }

/* The frame a session makes of this message, by the code that frames every message. */
static void run_framing(conform_ctx *ctx, const conform_case *c) {
  static sink out;
  static const uint8_t key[32] = {1};
  weft_identity id;
  weft_noise_config cfg;
  weft_noise_callbacks cb = {sizeof cb, take, ignore};
  weft_noise *nz = NULL;
  size_t len = 0;
  const uint8_t *message = conform_bytes(ctx, c, "input.message", &len);
  weft_noise_config_default(&cfg);
  weft_identity_from_seed(&id, key);
  cfg.identity = &id;
  cfg.static_key = cfg.ephemeral_key = key;
  out.len = 0;
  bool ok = message && weft_noise_new(&nz, &cfg, &cb, &out) == WEFT_OK;
  uint8_t *at = ok ? weft_noise_frame_reserve(nz, len) : NULL;
  if (at) {
    if (len > 0) memcpy(at, message, len);
    weft_noise_frame_commit(nz, len);
    weft_noise_flush(nz);
  }
  conform_verdict(ctx, c, at && conform_hex_is(ctx, c, "expected.frame", out.bytes, out.len), "frame differs");
  weft_noise_free(nz);
}

int conform_noise(conform_ctx *ctx) {
  static const struct {
    const char *op;
    void (*run)(conform_ctx *, const conform_case *);
  } ops[] = {{"handshake", run_handshake}, {"libp2p_handshake", run_handshake},
             {"tampered", run_tampered},   {"payload", run_payload},
             {"hkdf", run_hkdf},           {"rekey_free_aead", run_aead},
             {"x25519", run_x25519},       {"prologue", run_prologue},
             {"framing", run_framing}};
  conform_case c;
  if (sodium_init() < 0) return -1;
  while (conform_next(ctx, &c)) {
    size_t i = 0;
    while (i < WEFT_ARRAY_LEN(ops) && strcmp(ops[i].op, c.op) != 0) i++;
    if (i < WEFT_ARRAY_LEN(ops))
      ops[i].run(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
