/* multistream-select: what our side said, again to the byte, with the other's octets as they came. */
#include <string.h>

#include <weft/libp2p/multistream.h>

#include "apps/replay_int.h"

typedef struct negotiation {
  session_lines said; /* what our side proposed or accepted */
  uint8_t out[1024];
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

/* Octet by octet: any cut gives the same. The octets taken. */
static size_t negotiate(negotiation *n, bool we_opened, const session_life *theirs) {
  weft_multistream *m;
  weft_multistream_config cfg;
  weft_multistream_callbacks cb = {sizeof cb, on_output, on_event};
  weft_multistream_config_default(&cfg);
  cfg.dialer = we_opened;
  cfg.protocols = n->said.names;
  cfg.protocols_len = n->said.len;
  if (weft_multistream_new(&m, &cfg, &cb, n) != WEFT_OK) return 0;
  weft_multistream_start(m, 0);
  size_t at = 0;
  while (at < theirs->len && !n->selected && weft_multistream_input(m, theirs->data + at, 1, 0) >= 0) at++;
  weft_multistream_free(m);
  return at;
}

bool session_negotiate(session_selected *out, const session *s, const session_talk *t, bool we_opened) {
  static negotiation n;
  const session_life *ours = &t->side[s->us_dialer];
  memset(&n, 0, sizeof n);
  *out = (session_selected){0};
  session_lines_read(&n.said, ours);
  if (n.said.len == 0) return false; /* it was reset, or the session ended, before our side said a protocol */
  out->used[!s->us_dialer] = negotiate(&n, we_opened, &t->side[!s->us_dialer]);
  out->used[s->us_dialer] = n.out_len;
  out->same = n.out_len <= ours->len && memcmp(n.out, ours->data, n.out_len) == 0;
  return n.selected; /* likewise, before theirs did */
}

void session_replay_negotiation(const session *s, session_report *r, session_cut_name cut, const session_talk *t,
                                bool we_opened) {
  session_selected got;
  if (session_negotiate(&got, s, t, we_opened))
    session_check(r, s, cut, t->side[s->us_dialer].of[0], SESSION_EXACT, got.same,
                  "what our side says to negotiate a protocol is another now");
}
