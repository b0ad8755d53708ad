/* Data channels, libp2p's frames and multistream-select: decoded and written again; what our side said, again to the byte. */
#include <stdlib.h>
#include <string.h>

#include <weft/datachannel/datachannel.h>

#include "apps/replay_int.h"
#include "webrtc/deframe.h"

/* ---- DCEP ---- */

static bool open_again(const session_unit *u) {
  weft_datachannel_params p;
  uint8_t out[2048];
  size_t n;
  return weft_datachannel_open_decode(&p, u->wire, u->len) == WEFT_OK &&
         weft_datachannel_open_encode(&p, out, sizeof out, &n) == WEFT_OK && n == u->len &&
         memcmp(out, u->wire, n) == 0;
}

static void replay_dcep(const session *s, session_report *r) {
  for (size_t i = 0; i < s->cuts[SESSION_DCEP].len; i++) {
    const session_unit *u = &s->cuts[SESSION_DCEP].units[i];
    int type = weft_datachannel_message_type(u->wire, u->len);
    bool ok = type == WEFT_DATACHANNEL_OPEN ? open_again(u) : type == WEFT_DATACHANNEL_ACK && u->len == 1;
    session_check(r, s, SESSION_DCEP, u, SESSION_DECODE, ok, "no OPEN or ACK, or the same fields give other bytes");
  }
}

/* ---- frames ---- */

typedef struct lane { /* one direction of one stream */
  bool dialer;
  uint32_t stream;
  weft_webrtc_deframer frames;
  size_t next; /* in streams.jsonl */
} lane;

typedef struct lanes {
  lane *list;
  size_t len;
} lanes;

static lane *lane_of(lanes *l, bool dialer, uint32_t stream) {
  for (size_t i = 0; i < l->len; i++)
    if (l->list[i].dialer == dialer && l->list[i].stream == stream) return &l->list[i];
  lane *more = realloc(l->list, (l->len + 1) * sizeof *more);
  if (!more) return NULL;
  l->list = more;
  more[l->len] = (lane){.dialer = dialer, .stream = stream};
  weft_webrtc_deframer_init(&more[l->len].frames, NULL);
  return &l->list[l->len++];
}

static const session_unit *next_frame(const session *s, lane *l) {
  const session_cut *c = &s->cuts[SESSION_STREAMS];
  for (; l->next < c->len; l->next++)
    if (c->units[l->next].dialer == l->dialer && c->units[l->next].stream == l->stream) return &c->units[l->next++];
  return NULL;
}

static int flag_of(const char *name) {
  static const char *const names[] = {"FIN", "STOP_SENDING", "RESET", "FIN_ACK"};
  for (int i = 0; i < 4; i++)
    if (strcmp(names[i], name) == 0) return i;
  return WEFT_WEBRTC_FLAG_NONE;
}

static void frame(const session *s, session_report *r, lane *l, const uint8_t *body, size_t len) {
  uint8_t again[WEFT_WEBRTC_FRAME_MAX + 16];
  weft_webrtc_frame f;
  size_t n = 0;
  size_t before = l->next;
  const session_unit *u = next_frame(s, l);
  bool ok = weft_webrtc_frame_decode(&f, body, len) == WEFT_OK;
  bool same = ok && u && f.flag == flag_of(u->flag) && f.len == u->len &&
              (f.len == 0 || memcmp(f.message, u->wire, f.len) == 0);
  if (ok && !same && l->dialer != s->us_dialer) { /* of a stream that had ended here */
    l->next = before;
    return;
  }
  session_check(r, s, SESSION_STREAMS, u, SESSION_DECODE, same,
                "the next frame on this stream in messages.jsonl is another");
  if (!same || !session_is_ours(s, l->dialer)) return;
  weft_webrtc_frame mine = {.flag = flag_of(u->flag), .message = u->len ? u->wire : NULL, .len = u->len};
  ok = weft_webrtc_frame_encode(&mine, again, sizeof again, &n) == WEFT_OK && n >= len &&
       memcmp(again + n - len, body, len) == 0;
  session_check(r, s, SESSION_STREAMS, u, SESSION_EXACT, ok, "our frame of this payload and flag is another one now");
}

static void replay_frames(const session *s, session_report *r) {
  lanes all = {NULL, 0};
  for (size_t i = 0; i < s->cuts[SESSION_MESSAGES].len; i++) {
    const session_unit *u = &s->cuts[SESSION_MESSAGES].units[i];
    lane *l = lane_of(&all, u->dialer, u->stream);
    const uint8_t *data = u->wire, *body;
    size_t len = u->len, body_len;
    int rc = 0;
    while (l && (rc = weft_webrtc_deframer_next(&l->frames, &data, &len, &body, &body_len)) > 0)
      frame(s, r, l, body, body_len);
    session_check(r, s, SESSION_MESSAGES, u, SESSION_DECODE, rc == 0, "no frames");
  }
  for (size_t i = 0; i < all.len; i++) {
    const session_unit *u = next_frame(s, &all.list[i]);
    if (u) session_check(r, s, SESSION_STREAMS, u, SESSION_DECODE, false, "no frame in messages.jsonl holds it");
    weft_webrtc_deframer_free(&all.list[i].frames);
  }
  free(all.list);
}

void session_replay_channels(const session *s, session_report *r) {
  replay_dcep(s, r);
  replay_frames(s, r);
}

/* ---- multistream-select ---- */

static void replay_negotiations(const session *s, session_report *r, const session_unit *open) {
  bool more = true;
  for (unsigned nth = 0; more; nth++) {
    session_talk t;
    more = session_talk_take(&t, s, SESSION_STREAMS, open->stream, nth) && t.side[s->us_dialer].len > 0;
    if (more) session_replay_negotiation(s, r, SESSION_STREAMS, &t, open->dialer == s->us_dialer);
    session_talk_free(&t);
  }
}

void session_replay_streams(const session *s, session_report *r) {
  const session_cut *c = &s->cuts[SESSION_DCEP];
  for (size_t i = 0; i < c->len; i++) {
    bool first = c->units[i].len > 0 && c->units[i].wire[0] == WEFT_DATACHANNEL_OPEN;
    for (size_t k = 0; k < i; k++)
      first = first && !(c->units[k].stream == c->units[i].stream && c->units[k].wire[0] == WEFT_DATACHANNEL_OPEN);
    if (first) replay_negotiations(s, r, &c->units[i]);
  }
}
