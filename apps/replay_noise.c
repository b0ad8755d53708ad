/* Noise, again to the byte: with the keys that were drawn, the peer's octets as they came, and what our side put into its messages. Over TCP, and
 * where Yamux runs inside, that is the whole session; in other webrtc-direct connections nothing follows the handshake on channel 0. */
#include <string.h>

#include <weft/libp2p/upgrade.h>
#include <weft/noise/noise.h>

#include "apps/replay_int.h"
#include "base/buf.h"
#include "base/hash.h"

enum { OUT_MAX = 256 << 20, TAG = 16 /* Noise section 5.1 */, LENGTH = 2 /* libp2p noise, "Wire Format" */ };

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

static bool key_of(const session *s, const char *path, uint8_t out[32]) {
  const char *hex = session_text(s, path);
  return strlen(hex) == 64 && weft_hex_decode(out, 32, hex, 64) == WEFT_OK;
}

static bool configure(const session *s, weft_noise_config *cfg, weft_identity *id, uint8_t keys[3][32]) {
  static const char *const muxers[] = {WEFT_UPGRADE_YAMUX};
  bool alone = !session_has(s, SESSION_UDP); /* on a byte stream of its own */
  weft_noise_config_default(cfg);
  if (!key_of(s, "noise.static_key", keys[0]) || !key_of(s, "noise.ephemeral_key", keys[1]) ||
      !key_of(s, "noise.identity_seed", keys[2]) || weft_identity_from_seed(id, keys[2]) != WEFT_OK)
    return false;
  cfg->static_key = keys[0];
  cfg->ephemeral_key = keys[1];
  cfg->identity = id;
  cfg->initiator = alone ? s->us_dialer : !s->us_dialer; /* specs webrtc-direct.md: the listener speaks first */
  if (!alone) return true;
  cfg->muxers = muxers;
  cfg->muxers_len = 1;
  return true;
}

/* ---- a session made again ---- */

typedef struct run {
  const session *s;
  session_report *r;
  session_cut_name below; /* where the octets are: tcp, circuit, or streams (0) */
  session_talk talk;
  size_t head[2]; /* octets before Noise begins */
  weft_noise *n;
  weft_buf out;
  bool secured;
  size_t next; /* the peer's next in noise.jsonl */
} run;

static ptrdiff_t on_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  (void)now;
  int rc = weft_buf_append(&((run *)user)->out, data, len);
  return rc == WEFT_OK ? (ptrdiff_t)len : rc;
}

static bool in_clear(const session_unit *u, bool dialer) {
  return u->dialer == dialer && u->flag[0] != 'h' && u->len > 0;
}

/* What came after our side had closed is not in noise.jsonl. */
static void opened(run *x, const uint8_t *data, size_t len) {
  const session_cut *c = &x->s->cuts[SESSION_NOISE];
  while (x->next < c->len && !in_clear(&c->units[x->next], !x->s->us_dialer)) x->next++;
  if (x->next == c->len) return;
  const session_unit *u = &c->units[x->next++];
  session_check(x->r, x->s, SESSION_NOISE, u, SESSION_DECODE, u->len == len && memcmp(u->wire, data, len) == 0,
                "the next message of the peer, opened with the keys of session.json, is another");
}

static void on_event(void *user, const weft_noise_event *ev, weft_time now) {
  run *x = user;
  (void)now;
  x->secured = x->secured || ev->type == WEFT_NOISE_EVENT_SECURED;
  if (ev->type == WEFT_NOISE_EVENT_DATA) opened(x, ev->data, ev->len);
}

static void say_again(run *x) {
  bool us = x->s->us_dialer;
  const session_cut *c = &x->s->cuts[SESSION_NOISE];
  weft_noise_start(x->n, 0);
  (void)weft_noise_input(x->n, x->talk.side[!us].data + x->head[!us], x->talk.side[!us].len - x->head[!us], 0);
  for (size_t i = 0; i < c->len && x->secured; i++)
    if (in_clear(&c->units[i], us)) (void)weft_noise_send(x->n, c->units[i].wire, c->units[i].len, 0);
}

/* Each of our units is the next part of what was just made. */
static void compare(run *x) {
  const session_cut *c = &x->s->cuts[x->below];
  bool us = x->s->us_dialer, whole = session_has(x->s, SESSION_NOISE);
  size_t at = 0, head = x->head[us], made = head + weft_buf_len(&x->out);
  for (size_t i = 0; i < c->len; i++) {
    const session_unit *u = &c->units[i];
    if (u->dialer != us || u->len == 0 || (x->below == SESSION_STREAMS && u->stream != 0)) continue;
    size_t from = at > head ? at : head, skip = from - at, to = at + u->len;
    at = to;
    if (to <= head || (!whole && from >= made)) continue;
    bool ok = to <= made && memcmp(weft_buf_data(&x->out) + (from - head), u->wire + skip, u->len - skip) == 0;
    session_check(x->r, x->s, x->below, u, SESSION_EXACT, ok,
                  whole ? "what our side says, sealed with the keys of session.json, is another now"
                        : "what our side says in the Noise handshake is another now");
  }
  session_check(x->r, x->s, x->below, NULL, SESSION_EXACT, at >= made || whole,
                "our side says more in the Noise handshake now");
}

/* ---- messages and their lengths: without any key ---- */

static bool is_message(const session_unit *u, const uint8_t *body, size_t len) {
  if (u->flag[0] != 'h') return len == u->len + TAG;
  return len == u->len && memcmp(body, u->wire, len) == 0;
}

/* What our side sealed last may not have left; what came last may have come too late. */
static void compare_messages(const run *x, bool dialer) {
  const session_cut *c = &x->s->cuts[SESSION_NOISE];
  weft_rd r, body;
  weft_rd_init(&r, x->talk.side[dialer].data + x->head[dialer], x->talk.side[dialer].len - x->head[dialer]);
  for (size_t i = 0; i < c->len; i++) {
    const session_unit *u = &c->units[i];
    if (u->dialer != dialer) continue;
    weft_rd_sub(&r, weft_rd_u16(&r), &body);
    bool there = weft_rd_ok(&r);
    if (!there && dialer == x->s->us_dialer) return;
    session_check(x->r, x->s, SESSION_NOISE, u, SESSION_DECODE, there && is_message(u, body.p, weft_rd_left(&body)),
                  "the next message in the cut below has another length, or is another");
    if (!there) return;
  }
  bool more = dialer == x->s->us_dialer && weft_rd_left(&r) > 0;
  session_check(x->r, x->s, SESSION_NOISE, NULL, SESSION_DECODE, !more, "our side said more in the cut below");
}

/* ---- where it runs ---- */

static bool find_prologue(const session *s, session_report *r, uint8_t out[88], size_t *len) {
  session_certificates c;
  session_certificates_find(s, &c);
  bool both = c.known[0] && c.known[1];
  session_check(r, s, SESSION_DTLS, NULL, SESSION_REACH, both, "no certificate of both sides");
  if (both) *len = make_prologue(&c, out);
  return both;
}

/* libp2p specs connections/README.md: over TCP Noise is agreed upon first. */
static bool find_head(run *x) {
  session_selected got;
  if (x->below == SESSION_STREAMS) return true;
  bool selected = session_negotiate(&got, x->s, &x->talk, x->s->us_dialer);
  session_check(x->r, x->s, x->below, NULL, SESSION_REACH, selected || !session_reached(x->s, "NOISE"),
                "the two sides do not agree upon Noise");
  if (!selected) return false;
  session_check(x->r, x->s, x->below, NULL, SESSION_EXACT, got.same,
                "what our side says to negotiate Noise is another now");
  memcpy(x->head, got.used, sizeof x->head);
  return got.same;
}

static void make_again(run *x) {
  uint8_t keys[3][32], prologue[88];
  weft_identity id;
  weft_noise_config cfg;
  weft_noise_callbacks cb = {sizeof cb, on_output, on_event};
  if (!configure(x->s, &cfg, &id, keys)) return;
  if (x->below == SESSION_STREAMS && !find_prologue(x->s, x->r, prologue, &cfg.prologue_len)) return;
  cfg.prologue = prologue;
  weft_buf_init(&x->out, NULL, OUT_MAX);
  if (weft_noise_new(&x->n, &cfg, &cb, x) == WEFT_OK) {
    say_again(x);
    weft_noise_free(x->n);
    if (session_reached(x->s, "READY"))
      session_check(x->r, x->s, x->below, NULL, SESSION_REACH, x->secured,
                    "Noise does not end with what the peer said");
    compare(x);
  }
  weft_buf_free(&x->out);
  weft_identity_wipe(&id);
}

void session_replay_noise(const session *s, session_report *r) {
  run x = {.s = s, .r = r, .below = SESSION_STREAMS};
  if (session_has(s, SESSION_TCP)) x.below = SESSION_TCP;
  if (session_has(s, SESSION_CIRCUIT)) x.below = SESSION_CIRCUIT;
  if (strcmp(session_text(s, "transport"), "webrtc") == 0) return;
  if (!session_talk_take(&x.talk, s, x.below, 0, 0)) return;
  if (find_head(&x)) {
    if (session_has(s, SESSION_NOISE)) {
      compare_messages(&x, true);
      compare_messages(&x, false);
    }
    make_again(&x);
  }
  session_talk_free(&x.talk);
}
