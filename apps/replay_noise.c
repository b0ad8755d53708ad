/* Noise on channel 0 of webrtc-direct, again to the byte: with the keys that were drawn, and the peer's messages as they came. */
#include <string.h>

#include <weft/dtls/dtls.h>
#include <weft/noise/noise.h>

#include "apps/replay_int.h"
#include "base/hash.h"

enum { SAID_MAX = 8192 };

typedef struct handshake {
  uint8_t out[SAID_MAX];
  size_t len;
  bool secured;
} handshake;

static void on_certificate(void *user, unsigned way, const uint8_t sha256[32]) {
  session_certificates *c = user;
  memcpy(c->sha256[1 - way], sha256, 32);
  c->known[1 - way] = true;
}

/* Both are in the handshake, which is in clear. */
void session_certificates_find(const session *s, session_certificates *c) {
  session_decoder x;
  *c = (session_certificates){0};
  if (!session_decoder_open(&x, (decode_taps){c, NULL, NULL, on_certificate})) return;
  for (size_t i = 0; i < s->cuts[SESSION_DTLS].len; i++) {
    const session_unit *u = &s->cuts[SESSION_DTLS].units[i];
    decode_dtls(x.d, &x.d->alone, u->dialer ? 0 : 1, u->wire, u->len);
  }
  session_decoder_close(&x);
}

/* specs webrtc-direct.md, "Connection Security": prefix, then both multihashes, the dialer's first. */
static size_t make_prologue(const session_certificates *c, uint8_t out[88]) {
  weft_wr w;
  weft_wr_init(&w, out, 88);
  weft_wr_bytes(&w, "libp2p-webrtc-noise:", 20);
  for (int dialer = 1; dialer >= 0; dialer--) {
    weft_wr_bytes(&w, "\x12\x20", 2);
    weft_wr_bytes(&w, c->sha256[dialer], 32);
  }
  return weft_wr_len(&w);
}

static ptrdiff_t on_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  handshake *h = user;
  (void)now;
  if (len > sizeof h->out - h->len) return WEFT_ETOOBIG;
  memcpy(h->out + h->len, data, len);
  h->len += len;
  return (ptrdiff_t)len;
}

static void on_event(void *user, const weft_noise_event *ev, weft_time now) {
  handshake *h = user;
  (void)now;
  h->secured = h->secured || ev->type == WEFT_NOISE_EVENT_SECURED;
}

static bool key_of(const session *s, const char *path, uint8_t out[32]) {
  const char *hex = session_text(s, path);
  return strlen(hex) == 64 && weft_hex_decode(out, 32, hex, 64) == WEFT_OK;
}

static bool configure(const session *s, weft_noise_config *cfg, weft_identity *id, uint8_t keys[3][32]) {
  weft_noise_config_default(cfg);
  if (!key_of(s, "noise.static_key", keys[0]) || !key_of(s, "noise.ephemeral_key", keys[1]) ||
      !key_of(s, "noise.identity_seed", keys[2]) || weft_identity_from_seed(id, keys[2]) != WEFT_OK)
    return false;
  cfg->static_key = keys[0];
  cfg->ephemeral_key = keys[1];
  cfg->identity = id;
  cfg->initiator = !s->us_dialer; /* specs webrtc-direct.md: the listener speaks first */
  return true;
}

static void feed(const session *s, weft_noise *n, handshake *h) {
  for (size_t i = 0; i < s->cuts[SESSION_STREAMS].len && !h->secured; i++) {
    const session_unit *u = &s->cuts[SESSION_STREAMS].units[i];
    if (u->stream == 0 && u->dialer != s->us_dialer && u->len > 0) (void)weft_noise_input(n, u->wire, u->len, 0);
  }
}

/* What our side said on channel 0 begins with what was just made. */
static bool same(const session *s, const handshake *h) {
  size_t at = 0;
  for (size_t i = 0; i < s->cuts[SESSION_STREAMS].len && at < h->len; i++) {
    const session_unit *u = &s->cuts[SESSION_STREAMS].units[i];
    if (u->stream != 0 || u->dialer != s->us_dialer) continue;
    size_t n = u->len < h->len - at ? u->len : h->len - at;
    if (memcmp(h->out + at, u->wire, n) != 0) return false;
    at += n;
  }
  return at == h->len;
}

void session_replay_noise(const session *s, session_report *r) {
  static handshake h;
  uint8_t keys[3][32], prologue[88];
  weft_identity id;
  weft_noise_config cfg;
  weft_noise_callbacks cb = {sizeof cb, on_output, on_event};
  weft_noise *n;
  session_certificates certs;
  if (strcmp(session_text(s, "transport"), "webrtc-direct") != 0 || !configure(s, &cfg, &id, keys)) return;
  memset(&h, 0, sizeof h);
  session_certificates_find(s, &certs);
  bool both = certs.known[0] && certs.known[1];
  session_check(r, s, SESSION_DTLS, NULL, SESSION_REACH, both, "no certificate of both sides");
  if (!both) return;
  cfg.prologue_len = make_prologue(&certs, prologue);
  cfg.prologue = prologue;
  if (weft_noise_new(&n, &cfg, &cb, &h) != WEFT_OK) return;
  weft_noise_start(n, 0);
  feed(s, n, &h);
  weft_noise_free(n);
  weft_identity_wipe(&id);
  session_check(r, s, SESSION_STREAMS, NULL, SESSION_REACH, h.secured, "Noise does not end with what the peer said");
  session_check(r, s, SESSION_STREAMS, NULL, SESSION_EXACT, same(s, &h),
                "what our side says in the Noise handshake is another now");
}
