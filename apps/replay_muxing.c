/* Yamux's frames: those that Noise held, written again from their fields, and the octets of each stream in them. */
#include <string.h>

#include <weft/yamux/yamux.h>

#include "apps/replay_int.h"

enum { HEADER = WEFT_YAMUX_HEADER_LEN };

/* ---- noise.jsonl holds them ---- */

/* Where both sides list Yamux in the handshake it begins at once; else it is agreed upon first (libp2p noise, "stream_muxers"). */
static bool find_head(const session *s, session_report *r, const session_talk *t, size_t head[2]) {
  static const char first[] = "\x13/multistream/1.0.0\n";
  session_selected got;
  bool us = s->us_dialer;
  head[0] = head[1] = 0;
  const session_life *ours = &t->side[us];
  if (ours->len < sizeof first - 1 || memcmp(ours->data, first, sizeof first - 1) != 0) return true;
  bool selected = session_negotiate(&got, s, t, us);
  session_check(r, s, SESSION_NOISE, NULL, SESSION_REACH, selected || s->cuts[SESSION_YAMUX].len == 0,
                "the two sides do not agree upon Yamux");
  if (!selected) return false;
  session_check(r, s, SESSION_NOISE, NULL, SESSION_EXACT, got.same,
                "what our side says to negotiate Yamux is another now");
  memcpy(head, got.used, sizeof got.used);
  return got.same;
}

/* Our last frames may not have been sealed; what came last may have come too late. */
static void compare_frames(const session *s, session_report *r, const session_talk *t, bool dialer, size_t at) {
  const session_cut *c = &s->cuts[SESSION_YAMUX];
  const session_life *l = &t->side[dialer];
  bool ours = dialer == s->us_dialer;
  for (size_t i = 0; i < c->len; i++) {
    const session_unit *u = &c->units[i];
    if (u->dialer != dialer) continue;
    size_t left = l->len - at, n = ours && u->len > left ? left : u->len;
    bool same = n <= left && memcmp(l->data + at, u->wire, n) == 0;
    session_check(r, s, SESSION_YAMUX, u, SESSION_DECODE, same, "the next octets in noise.jsonl are others");
    if (!same) return;
    at += n;
  }
  session_check(r, s, SESSION_YAMUX, NULL, SESSION_DECODE, !ours || at == l->len, "noise.jsonl holds more of our side");
}

static void replay_frames(const session *s, session_report *r) {
  session_talk t;
  size_t head[2];
  if (!session_talk_take(&t, s, SESSION_NOISE, 0, 0)) return;
  if (find_head(s, r, &t, head)) {
    compare_frames(s, r, &t, true, head[1]);
    compare_frames(s, r, &t, false, head[0]);
  }
  session_talk_free(&t);
}

/* ---- written again ---- */

/* cut: the connection may have ended inside it. */
static bool written_again(const session_unit *u, weft_yamux_header *h, bool cut) {
  uint8_t again[HEADER];
  if (u->len < HEADER || weft_yamux_header_decode(h, u->wire) != WEFT_OK) return false;
  weft_yamux_header_encode(h, again);
  size_t whole = HEADER + (h->type == WEFT_YAMUX_DATA ? (size_t)h->length : 0);
  return memcmp(again, u->wire, HEADER) == 0 && (u->len == whole || (cut && u->len < whole));
}

static bool is_last_of_peer(const session *s, size_t i) {
  const session_cut *c = &s->cuts[SESSION_YAMUX];
  if (c->units[i].dialer == s->us_dialer) return false;
  for (size_t k = i + 1; k < c->len; k++)
    if (c->units[k].dialer != s->us_dialer) return false;
  return true;
}

static const char *flag_of(const weft_yamux_header *h) {
  return h->flags & WEFT_YAMUX_RST ? "RESET" : h->flags & WEFT_YAMUX_FIN ? "FIN" : "";
}

static bool is_unit(const session_unit *octets, const session_unit *u, const weft_yamux_header *h) {
  return octets->dialer == u->dialer && octets->t_us == u->t_us && octets->stream == h->stream &&
         strcmp(octets->flag, flag_of(h)) == 0 && octets->len == u->len - HEADER &&
         memcmp(octets->wire, u->wire + HEADER, octets->len) == 0;
}

/* yamux-streams.jsonl has a line for each frame of a stream with octets, FIN or RST, in the same order. */
static void replay_octets(const session *s, session_report *r) {
  const session_cut *c = &s->cuts[SESSION_YAMUX], *streams = &s->cuts[SESSION_YAMUX_STREAMS];
  weft_yamux_header h;
  size_t next = 0;
  for (size_t i = 0; i < c->len; i++) {
    const session_unit *u = &c->units[i];
    bool ok = written_again(u, &h, is_last_of_peer(s, i));
    session_check(r, s, SESSION_YAMUX, u, SESSION_DECODE, ok, "no frame, or the same fields give other bytes");
    if (!ok || h.type > WEFT_YAMUX_WINDOW_UPDATE || (u->len == HEADER && !flag_of(&h)[0])) continue;
    const session_unit *o = next < streams->len ? &streams->units[next++] : NULL;
    session_check(r, s, SESSION_YAMUX_STREAMS, o, SESSION_DECODE, o && is_unit(o, u, &h),
                  "the next frame with octets or an end of a stream in yamux.jsonl is another");
  }
  for (; next < streams->len; next++)
    session_check(r, s, SESSION_YAMUX_STREAMS, &streams->units[next], SESSION_DECODE, false,
                  "no frame in yamux.jsonl holds it");
}

/* ---- what is said in streams first ---- */

/* The side that opened the connection has the odd ids (yamux spec, "StreamID field"). */
static void replay_negotiation(const session *s, session_report *r, uint32_t id) {
  session_talk t;
  if (!session_talk_take(&t, s, SESSION_YAMUX_STREAMS, id, 0)) return;
  session_replay_negotiation(s, r, SESSION_YAMUX_STREAMS, &t, (id % 2 == 1) == s->us_dialer);
  session_talk_free(&t);
}

static void replay_negotiations(const session *s, session_report *r) {
  const session_cut *c = &s->cuts[SESSION_YAMUX_STREAMS];
  for (size_t i = 0; i < c->len; i++) {
    bool first = true;
    for (size_t k = 0; k < i && first; k++) first = c->units[k].stream != c->units[i].stream;
    if (first) replay_negotiation(s, r, c->units[i].stream);
  }
}

void session_replay_muxing(const session *s, session_report *r) {
  replay_frames(s, r);
  replay_octets(s, r);
  replay_negotiations(s, r);
}
