/* Data channels, libp2p's frames and multistream-select: decoded and written again; what our side said, again to the byte. */
#include <stdlib.h>
#include <string.h>

#include <weft/datachannel/datachannel.h>
#include <weft/libp2p/multistream.h>

#include "apps/replay_int.h"
#include "base/bytes.h"
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

enum { LINES_MAX = 8, SAID_MAX = 1024 };

typedef struct negotiation {
  char lines[LINES_MAX][128]; /* what our side proposed or accepted */
  const char *names[LINES_MAX];
  size_t lines_len;
  uint8_t out[SAID_MAX];
  size_t out_len;
  bool selected;
} negotiation;

static ptrdiff_t on_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  negotiation *n = user;
  (void)now;
  if (len > sizeof n->out - n->out_len) return WEFT_ETOOBIG;
  memcpy(n->out + n->out_len, data, len);
  n->out_len += len;
  return (ptrdiff_t)len;
}

static void on_event(void *user, const weft_multistream_event *ev, weft_time now) {
  negotiation *n = user;
  (void)now;
  n->selected = n->selected || ev->type == WEFT_MULTISTREAM_EVENT_SELECTED;
}

/* All that one side said on a stream, frames without payload left out. */
static size_t gather(const session *s, bool dialer, uint32_t stream, uint8_t *out, size_t cap) {
  size_t n = 0;
  for (size_t i = 0; i < s->cuts[SESSION_STREAMS].len; i++) {
    const session_unit *u = &s->cuts[SESSION_STREAMS].units[i];
    if (u->dialer != dialer || u->stream != stream) continue;
    size_t take = u->len < cap - n ? u->len : cap - n;
    memcpy(out + n, u->wire, take);
    n += take;
  }
  return n;
}

/* Protocol names at the beginning of what our side said; the header and "na" are multistream's own. */
static void read_lines(negotiation *n, const uint8_t *data, size_t len) {
  weft_rd r, line;
  weft_rd_init(&r, data, len);
  while (n->lines_len < LINES_MAX) {
    weft_rd_uvarint_sub(&r, &line);
    size_t size = weft_rd_left(&line);
    if (!weft_rd_ok(&r) || size < 2 || size > sizeof n->lines[0] || line.p[size - 1] != '\n') return;
    bool own = size == sizeof WEFT_MULTISTREAM_HEADER && memcmp(line.p, WEFT_MULTISTREAM_HEADER, size - 1) == 0;
    if (line.p[0] != '/' || own) continue;
    memcpy(n->lines[n->lines_len], line.p, size - 1);
    n->lines[n->lines_len][size - 1] = 0;
    n->names[n->lines_len] = n->lines[n->lines_len];
    n->lines_len++;
  }
}

static void negotiate(const session *s, negotiation *n, bool we_opened, uint32_t stream) {
  static uint8_t theirs[SAID_MAX];
  weft_multistream *m;
  weft_multistream_config cfg;
  weft_multistream_callbacks cb = {sizeof cb, on_output, on_event};
  weft_multistream_config_default(&cfg);
  cfg.dialer = we_opened;
  cfg.protocols = n->names;
  cfg.protocols_len = n->lines_len;
  if (weft_multistream_new(&m, &cfg, &cb, n) != WEFT_OK) return;
  weft_multistream_start(m, 0);
  size_t len = gather(s, !s->us_dialer, stream, theirs, sizeof theirs);
  for (size_t i = 0; i < len && !n->selected; i++)
    if (weft_multistream_input(m, theirs + i, 1, 0) < 0) break; /* byte by byte: any cut gives the same */
  weft_multistream_free(m);
}

/* An id that is used again has two lives: only the first is looked at, which is all that ends before SELECTED. */
static void replay_negotiation(const session *s, session_report *r, const session_unit *open) {
  static negotiation n;
  static uint8_t ours[SAID_MAX];
  memset(&n, 0, sizeof n);
  size_t len = gather(s, s->us_dialer, open->stream, ours, sizeof ours);
  read_lines(&n, ours, len);
  if (n.lines_len == 0) return; /* it was reset, or the session ended, before our side said a protocol */
  negotiate(s, &n, open->dialer == s->us_dialer, open->stream);
  if (!n.selected) return; /* likewise, before theirs did */
  bool same = n.out_len <= len && memcmp(n.out, ours, n.out_len) == 0;
  session_check(r, s, SESSION_STREAMS, NULL, SESSION_EXACT, same,
                "what our side says to negotiate a protocol is another now");
}

void session_replay_streams(const session *s, session_report *r) {
  const session_cut *c = &s->cuts[SESSION_DCEP];
  for (size_t i = 0; i < c->len; i++) {
    bool first = c->units[i].len > 0 && c->units[i].wire[0] == WEFT_DATACHANNEL_OPEN;
    for (size_t k = 0; k < i; k++)
      first = first && !(c->units[k].stream == c->units[i].stream && c->units[k].wire[0] == WEFT_DATACHANNEL_OPEN);
    if (first) replay_negotiation(s, r, &c->units[i]);
  }
}
