/* The bytes of a stream, life by life: an id is used again after both sides reset its channel. */
#include <stdlib.h>
#include <string.h>

#include <weft/datachannel/datachannel.h>
#include <weft/libp2p/multistream.h>

#include "apps/replay.h"
#include "base/bytes.h"

/* With its length before it and its end of line. */
static bool begins_with_header(const session_unit *u) {
  static const char header[] = "\x13" WEFT_MULTISTREAM_HEADER "\n";
  return u->len >= sizeof header - 1 && memcmp(u->wire, header, sizeof header - 1) == 0;
}

static bool ends(const session_unit *u, bool dialer) {
  return strcmp(u->flag, "RESET") == 0 || (u->dialer == dialer && strcmp(u->flag, "FIN") == 0);
}

static void append(session_life *l, const session_unit *u) {
  memcpy(l->data + l->len, u->wire, u->len);
  for (size_t i = 0; i < u->len; i++) l->of[l->len + i] = u;
  l->len += u->len;
}

/* Every stream begins with multistream-select (but channel 0 of webrtc-direct, which has one life), so a header after an end is a beginning. */
bool session_life_take(session_life *l, const session *s, bool dialer, uint32_t stream, unsigned nth) {
  const session_cut *c = &s->cuts[SESSION_STREAMS];
  size_t room = 1;
  unsigned life = 0;
  bool ended = false;
  for (size_t i = 0; i < c->len; i++) room += c->units[i].stream == stream ? c->units[i].len : 0;
  *l = (session_life){malloc(room), 0, malloc(room * sizeof *l->of)};
  if (!l->data || !l->of) {
    session_life_free(l);
    return false;
  }
  for (size_t i = 0; i < c->len && life <= nth; i++) {
    const session_unit *u = &c->units[i];
    if (u->stream != stream) continue;
    if (u->dialer == dialer && u->len > 0) {
      if (ended && begins_with_header(u)) life++, ended = false;
      if (life == nth) append(l, u);
    }
    ended = ended || ends(u, dialer);
  }
  return true;
}

static bool is_of(const session_unit *u, session_cut_name cut, bool dialer, uint32_t stream) {
  bool handshake = cut == SESSION_NOISE && strcmp(u->flag, "handshake") == 0;
  return u->dialer == dialer && !handshake && (cut != SESSION_YAMUX_STREAMS || u->stream == stream);
}

static bool take_whole(session_life *l, const session *s, session_cut_name cut, bool dialer, uint32_t stream) {
  const session_cut *c = &s->cuts[cut];
  size_t room = 1;
  for (size_t i = 0; i < c->len; i++) room += is_of(&c->units[i], cut, dialer, stream) ? c->units[i].len : 0;
  *l = (session_life){malloc(room), 0, malloc(room * sizeof *l->of)};
  if (!l->data || !l->of) return false;
  for (size_t i = 0; i < c->len; i++)
    if (is_of(&c->units[i], cut, dialer, stream)) append(l, &c->units[i]);
  return true;
}

bool session_talk_take(session_talk *t, const session *s, session_cut_name cut, uint32_t stream, unsigned nth) {
  bool ok = true;
  *t = (session_talk){0};
  for (int dialer = 0; dialer < 2 && ok; dialer++)
    ok = cut == SESSION_STREAMS ? session_life_take(&t->side[dialer], s, dialer, stream, nth)
                                : take_whole(&t->side[dialer], s, cut, dialer, stream);
  if (!ok) session_talk_free(t);
  return ok;
}

void session_talk_free(session_talk *t) {
  session_life_free(&t->side[0]);
  session_life_free(&t->side[1]);
}

void session_life_free(session_life *l) {
  free(l->data);
  free((void *)l->of);
  *l = (session_life){0};
}

void session_lines_read(session_lines *n, const session_life *l) {
  weft_rd r, line;
  n->len = 0;
  weft_rd_init(&r, l->data, l->len);
  while (n->len < SESSION_LINES) {
    weft_rd_uvarint_sub(&r, &line);
    size_t size = weft_rd_left(&line);
    if (!weft_rd_ok(&r) || size < 2 || size > sizeof n->text[0] || line.p[size - 1] != '\n') return;
    bool own = size == sizeof WEFT_MULTISTREAM_HEADER && memcmp(line.p, WEFT_MULTISTREAM_HEADER, size - 1) == 0;
    if (own && n->len > 0) return; /* another negotiation, inside the protocol that was agreed on */
    if (line.p[0] != '/' || own) continue;
    memcpy(n->text[n->len], line.p, size - 1);
    n->text[n->len][size - 1] = 0;
    n->names[n->len] = n->text[n->len];
    n->end[n->len++] = l->len - weft_rd_left(&r);
  }
}

bool session_opener(const session *s, uint32_t stream, bool *dialer) {
  const session_cut *c = &s->cuts[SESSION_DCEP];
  for (size_t i = 0; i < c->len; i++) {
    const session_unit *u = &c->units[i];
    if (u->stream != stream || u->len == 0 || u->wire[0] != WEFT_DATACHANNEL_OPEN) continue;
    *dialer = u->dialer;
    return true;
  }
  return false;
}
