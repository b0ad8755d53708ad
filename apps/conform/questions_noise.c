/* Of Noise's handshake, in channel 0 of webrtc-direct (streams.jsonl) or over TCP and through relays (noise.jsonl): the prologue, our frames, and the payloads of both
 * sides, which our keys in session.json open. */
#include <stdlib.h>
#include <string.h>

#include <weft/libp2p/upgrade.h>

#include "apps/conform/questions.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "noise/noise_int.h"

enum { MESSAGES = 3 };

typedef struct exchange {
  questions *q;
  session_life
      said[2]; /* the initiator's, the responder's: in channel 0 the listener's first (specs webrtc-direct.md) */
  struct {
    const uint8_t *data;
    size_t len;
    const session_unit *unit;
  } messages[MESSAGES];
  uint8_t prologue[88];
  size_t prologue_len;
  bool initiator;            /* our side */
  const char *const *muxers; /* that our payload lists */
  size_t muxers_len;
} exchange;

/* libp2p noise, "Wire Format": each message with its length of two octets. */
static bool find_messages(exchange *x) {
  weft_rd r[2];
  for (int i = 0; i < 2; i++) weft_rd_init(&r[i], x->said[i].data, x->said[i].len);
  for (int i = 0; i < MESSAGES; i++) {
    weft_rd *from = &r[i % 2];
    if (weft_rd_left(from) < 2) return false;
    x->messages[i].unit = x->said[i % 2].of[x->said[i % 2].len - weft_rd_left(from)];
    x->messages[i].len = weft_rd_u16(from);
    x->messages[i].data = weft_rd_bytes(from, x->messages[i].len);
    if (!weft_rd_ok(from)) return false;
  }
  return true;
}

static void ask_for_frames(exchange *x) {
  for (int i = 0; i < MESSAGES; i++) {
    const session_unit *u = x->messages[i].unit;
    if (!session_is_ours(x->q->s, u->dialer)) continue;
    json *in = json_new(JSON_OBJECT), *want = json_new(JSON_OBJECT);
    json_put_hex(in, "message", x->messages[i].data, x->messages[i].len);
    uint8_t frame[2 + WEFT_NOISE_PAYLOAD_MAX + 256];
    weft_wr w;
    weft_wr_init(&w, frame, sizeof frame);
    weft_wr_u16(&w, (uint16_t)x->messages[i].len);
    weft_wr_bytes(&w, x->messages[i].data, x->messages[i].len);
    json_put_hex(want, "frame", frame, weft_wr_len(&w));
    question(x->q, u, "noise_frame.encode", in, want);
  }
}

/* specs webrtc-direct.md, "Connection Security": prefix, then both multihashes, the dialer's first. False: a certificate is not known. */
static bool make_prologue(exchange *x) {
  session_certificates c;
  session_certificates_find(x->q->s, &c);
  memcpy(x->prologue, "libp2p-webrtc-noise:", 20);
  for (size_t i = 0; i < 2; i++) {
    memcpy(x->prologue + 20 + 34 * i, "\x12\x20", 2);
    memcpy(x->prologue + 22 + 34 * i, c.sha256[1 - i], 32);
  }
  x->prologue_len = sizeof x->prologue;
  return c.known[0] && c.known[1];
}

static void ask_for_prologue(exchange *x) {
  json *in = json_new(JSON_OBJECT), *want = json_new(JSON_OBJECT);
  json_put_hex(in, "client_fingerprint", x->prologue + 20, 34);
  json_put_hex(in, "server_fingerprint", x->prologue + 54, 34);
  json_put_hex(want, "prologue", x->prologue, sizeof x->prologue);
  question(x->q, x->messages[0].unit, "noise_prologue.build", in, want);
}

/* ---- what the messages hold ---- */

static bool key_of(const session *s, const char *path, uint8_t out[32]) {
  const char *hex = session_text(s, path);
  return strlen(hex) == 64 && weft_hex_decode(out, 32, hex, 64) == WEFT_OK;
}

static void ask_for_payload(exchange *x, int message, const uint8_t *payload, size_t len, const uint8_t key[32]) {
  const session_unit *u = x->messages[message].unit;
  const char *id = session_text(x->q->s, u->dialer ? "dialer.peer_id" : "listener.peer_id");
  json *in = json_new(JSON_OBJECT), *want = json_new(JSON_OBJECT);
  json_put_hex(in, "payload", payload, len);
  json_put_hex(in, "noise_static", key, 32);
  if (id[0]) json_put_string(want, "peer_id", id);
  question(x->q, u, "noise_payload.verify", in, want);
}

/* Our own message again, to have the state behind it; false: it is another now, which the replay of the session tells. */
static bool write_ours(exchange *x, weft_noise_handshake *hs, int message, const weft_identity *id) {
  uint8_t payload[WEFT_NOISE_PAYLOAD_MAX], out[WEFT_NOISE_PAYLOAD_MAX + 256];
  size_t payload_len = 0, len = 0;
  if (message > 0 && weft_noise_payload_encode(id, hs->s_pub, x->muxers, x->muxers_len, payload, sizeof payload,
                                               &payload_len) != WEFT_OK)
    return false;
  if (weft_noise_handshake_write(hs, payload, payload_len, out, &len) != WEFT_OK || len != x->messages[message].len ||
      memcmp(out, x->messages[message].data, len) != 0)
    return false;
  if (message > 0) ask_for_payload(x, message, payload, payload_len, hs->s_pub);
  return true;
}

static bool read_theirs(exchange *x, weft_noise_handshake *hs, int message) {
  size_t len = 0;
  uint8_t *payload = malloc(x->messages[message].len + 1);
  bool ok = payload && weft_noise_handshake_read(hs, x->messages[message].data, x->messages[message].len, payload,
                                                 &len) == WEFT_OK;
  if (ok && message > 0) ask_for_payload(x, message, payload, len, hs->rs);
  free(payload);
  return ok;
}

static void ask_for_payloads(exchange *x) {
  const session *s = x->q->s;
  uint8_t static_key[32], ephemeral[32], seed[32];
  weft_identity id;
  weft_noise_handshake hs;
  int us = x->initiator ? 0 : 1;
  if (!key_of(s, "noise.static_key", static_key) || !key_of(s, "noise.ephemeral_key", ephemeral) ||
      !key_of(s, "noise.identity_seed", seed) || weft_identity_from_seed(&id, seed) != WEFT_OK)
    return;
  if (weft_noise_handshake_init(&hs, x->initiator, x->prologue, x->prologue_len, static_key, ephemeral) == WEFT_OK)
    for (int i = 0; i < MESSAGES; i++)
      if (!(i % 2 == us ? write_ours(x, &hs, i, &id) : read_theirs(x, &hs, i))) break;
  weft_identity_wipe(&id);
}

void questions_noise(questions *q) {
  static exchange x;
  memset(&x, 0, sizeof x);
  x.q = q;
  x.initiator = !q->s->us_dialer;
  if (strcmp(session_text(q->s, "transport"), "webrtc-direct") != 0) return;
  if (!session_life_take(&x.said[0], q->s, false, 0, 0) || !session_life_take(&x.said[1], q->s, true, 0, 0)) abort();
  if (find_messages(&x)) {
    ask_for_frames(&x);
    if (make_prologue(&x)) {
      ask_for_prologue(&x);
      ask_for_payloads(&x);
    }
  }
  for (int i = 0; i < 2; i++) session_life_free(&x.said[i]);
}

/* ---- over TCP ---- */

/* The first of noise.jsonl, which has no lengths. */
static bool take_messages(exchange *x) {
  const session_cut *c = &x->q->s->cuts[SESSION_NOISE];
  size_t n = 0;
  for (size_t i = 0; i < c->len && n < MESSAGES; i++) {
    const session_unit *u = &c->units[i];
    if (strcmp(u->flag, "handshake") != 0 || u->dialer != (n % 2 == 0) || u->len > WEFT_NOISE_PAYLOAD_MAX + 256) break;
    x->messages[n].data = u->wire;
    x->messages[n].len = u->len;
    x->messages[n++].unit = u;
  }
  return n == MESSAGES;
}

/* That of channel 0 is asked about in streams.jsonl. */
void questions_noise_messages(questions *q) {
  static const char *const muxers[] = {WEFT_UPGRADE_YAMUX};
  exchange x = {.q = q, .initiator = q->s->us_dialer, .muxers = muxers, .muxers_len = 1};
  if (session_has(q->s, SESSION_UDP) || !take_messages(&x)) return;
  ask_for_frames(&x);
  ask_for_payloads(&x);
}
