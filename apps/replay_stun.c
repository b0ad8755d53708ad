/* STUN: every message decoded and written again, under the key that the user name gives; our own answers made again to the byte. */
#include <string.h>

#include <weft/ice/ice.h>
#include <weft/stun/stun.h>

#include "apps/replay_int.h"

typedef struct key {
  uint8_t txid[WEFT_STUN_TXID_LEN];
  char text[WEFT_STUN_USERNAME_MAX];
  size_t len;
} key;

/* webrtc-direct: the password of the server is its user name; that of the client, in version 2, is what follows the prefix of the server's name
 * (specs webrtc-direct.md, webrtc-direct v2). Each half of USERNAME is whose check it is, then who sends it. */
static const char *password_of(const char *to, size_t to_len, const char *from, size_t from_len, size_t *len) {
  static const char any[] = "libp2p+webrtc+v", v2[] = "libp2p+webrtc+v2/";
  bool to_server = to_len >= sizeof any - 1 && memcmp(to, any, sizeof any - 1) == 0;
  bool second = from_len >= sizeof v2 - 1 && memcmp(from, v2, sizeof v2 - 1) == 0;
  *len = to_server || !second ? to_len : from_len - (sizeof v2 - 1);
  return to_server || !second ? to : from + sizeof v2 - 1;
}

static bool key_of_request(const weft_stun_msg *m, key *k) {
  weft_stun_attr a;
  if (m->cls != WEFT_STUN_REQUEST || weft_stun_find(m, WEFT_STUN_USERNAME, &a) != WEFT_OK) return false;
  const char *name = (const char *)a.value, *colon = memchr(name, ':', a.len);
  if (!colon || a.len >= sizeof k->text) return false;
  size_t to = (size_t)(colon - name);
  const char *password = password_of(name, to, colon + 1, a.len - to - 1, &k->len);
  memcpy(k->txid, m->txid, sizeof k->txid);
  memcpy(k->text, password, k->len);
  return true;
}

static bool find_key(const session *s, const weft_stun_msg *answer, key *k) {
  const session_cut *c = &s->cuts[SESSION_STUN];
  for (size_t i = 0; i < c->len; i++) {
    weft_stun_msg m;
    if (weft_stun_parse(&m, c->units[i].wire, c->units[i].len) == WEFT_OK && key_of_request(&m, k) &&
        memcmp(k->txid, answer->txid, sizeof k->txid) == 0)
      return true;
  }
  return false;
}

/* Not known: of an answer whose question was lost on the way, or came before the recording. */
bool session_stun_password(const session *s, const weft_stun_msg *m, char out[WEFT_STUN_USERNAME_MAX]) {
  key k;
  if (strcmp(session_text(s, "transport"), "webrtc-direct") != 0) return false;
  if (!(m->cls == WEFT_STUN_REQUEST ? key_of_request(m, &k) : find_key(s, m, &k))) return false;
  memcpy(out, k.text, k.len);
  out[k.len] = 0;
  return true;
}

/* The padding that RFC 8489 section 14 leaves free is zero everywhere here; integrity and fingerprint are made anew. */
static bool written_again(const weft_stun_msg *m, const char *password) {
  uint8_t out[1500];
  weft_stun_writer w;
  weft_stun_attr a;
  size_t cursor = 0, len = 0;
  weft_stun_begin(&w, out, sizeof out, m->cls, m->method, m->txid);
  while (weft_stun_next(m, &cursor, &a)) {
    if (a.type == WEFT_STUN_MESSAGE_INTEGRITY)
      weft_stun_put_integrity(&w, password, strlen(password));
    else if (a.type == WEFT_STUN_FINGERPRINT)
      weft_stun_put_fingerprint(&w);
    else
      weft_stun_put(&w, a.type, a.value, a.len);
  }
  return weft_stun_end(&w, &len) == WEFT_OK && len == m->len && memcmp(out, m->data, len) == 0;
}

static void decode_again(const session *s, session_report *r, const session_unit *u) {
  weft_stun_msg m;
  char password[WEFT_STUN_USERNAME_MAX];
  bool ok = weft_stun_parse(&m, u->wire, u->len) == WEFT_OK;
  /* RFC 8445 section 7.1.1 asks for it in checks; those who only ask a server for their address need none. */
  ok = ok && weft_stun_check_fingerprint(&m) == (m.integrity_at || m.fingerprint_at ? 1 : 0);
  session_check(r, s, SESSION_STUN, u, SESSION_DECODE, ok, "not a STUN message with a good fingerprint");
  if (!ok || !session_stun_password(s, &m, password)) return;
  session_check(r, s, SESSION_STUN, u, SESSION_DECODE,
                weft_stun_check_integrity(&m, password, strlen(password)) == WEFT_OK,
                "the integrity is not that of the user name");
  session_check(r, s, SESSION_STUN, u, SESSION_DECODE, written_again(&m, password),
                "the same attributes give other bytes");
}

/* ---- our answers again ---- */

typedef struct answerer {
  uint8_t out[1500];
  size_t len;
} answerer;

static int keep(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                weft_time now) {
  answerer *a = user;
  (void)local, (void)remote, (void)now;
  a->len = len < sizeof a->out ? len : 0;
  memcpy(a->out, data, a->len);
  return WEFT_OK;
}

static int password(void *user, const weft_ice_lite_binding *b, const uint8_t **k, size_t *len) {
  (void)user;
  *k = (const uint8_t *)password_of(b->server_ufrag, b->server_len, b->client_ufrag, b->client_len, len);
  return WEFT_OK;
}

static void binding(void *user, const weft_ice_lite_binding *b, weft_time now) { (void)user, (void)b, (void)now; }

static int no_chance(void *ctx, uint8_t *dst, size_t n) {
  (void)ctx;
  memset(dst, 7, n);
  return 0;
}

static const session_unit *answer_to(const session *s, const session_unit *q) {
  const session_cut *c = &s->cuts[SESSION_STUN];
  for (size_t i = 0; i < c->len; i++) {
    const session_unit *u = &c->units[i];
    if (u->dialer != q->dialer && u->len >= 20 && u->wire[0] == 1 && memcmp(u->wire + 8, q->wire + 8, 12) == 0)
      return u;
  }
  return NULL;
}

/* As whoever answered saw the asker: a NAT or a proxy between them is not seen from here, so of the other side's answers it is read from them. */
static weft_addr asker(const session *s, const session_unit *answer, const weft_addr *seen_here) {
  weft_stun_msg m;
  weft_stun_attr a;
  weft_addr mapped;
  if (answer->dialer == s->us_dialer || weft_stun_parse(&m, answer->wire, answer->len) != WEFT_OK ||
      weft_stun_find(&m, WEFT_STUN_XOR_MAPPED_ADDRESS, &a) != WEFT_OK ||
      weft_stun_get_xor_address(&m, &a, &mapped) != WEFT_OK)
    return *seen_here;
  return mapped;
}

static void exact(const session *s, session_report *r, const session_unit *q, const weft_addr *dialer,
                  const weft_addr *listener) {
  const session_unit *want = q->len >= 20 && q->wire[0] == 0 ? answer_to(s, q) : NULL;
  answerer a = {.len = 0};
  weft_ice_lite *lite;
  weft_ice_lite_config cfg;
  weft_ice_lite_callbacks cb = {sizeof cb, keep, password, binding};
  if (!want || !session_is_ours(s, want->dialer)) return;
  weft_ice_lite_config_default(&cfg);
  cfg.rng.fill = no_chance;
  if (weft_ice_lite_new(&lite, &cfg, &cb, &a) != WEFT_OK) return;
  weft_addr from = asker(s, want, q->dialer ? dialer : listener);
  (void)weft_ice_lite_input(lite, q->dialer ? listener : dialer, &from, q->wire, q->len, 0);
  weft_ice_lite_free(lite);
  session_check(r, s, SESSION_STUN, want, SESSION_EXACT, a.len == want->len && memcmp(a.out, want->wire, a.len) == 0,
                "our answer to this request is another one now");
}

void session_replay_stun(const session *s, session_report *r) {
  const session_cut *c = &s->cuts[SESSION_STUN];
  weft_addr dialer, listener;
  bool known = weft_addr_parse(&dialer, session_text(s, "dialer.address")) == WEFT_OK &&
               weft_addr_parse(&listener, session_text(s, "listener.address")) == WEFT_OK;
  for (size_t i = 0; i < c->len; i++) {
    decode_again(s, r, &c->units[i]);
    if (known && strcmp(session_text(s, "transport"), "webrtc-direct") == 0)
      exact(s, r, &c->units[i], &dialer, &listener);
  }
}
