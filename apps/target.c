#include "apps/target.h"

#include <stdio.h>
#include <string.h>

static int wrong(char *why, size_t cap, const char *text) {
  snprintf(why, cap, "%s", text);
  return WEFT_EMALFORMED;
}

/* [/webrtc]/p2p/X, and nothing else. */
static int read_peer(app_target *t, const weft_multiaddr *rest, char *why, size_t cap) {
  weft_multiaddr_part p;
  size_t at = 0;
  bool more = weft_multiaddr_next(rest, &at, &p);
  if (more && p.code == WEFT_MA_WEBRTC) more = weft_multiaddr_next(rest, &at, &p);
  if (!more) return wrong(why, cap, "add \"/p2p/<peer id>\" at its end: whom to dial");
  if (p.code != WEFT_MA_P2P) return wrong(why, cap, "behind the relay only /webrtc/p2p/<peer id> may follow");
  if (weft_peer_id_from_bytes(&t->peer, p.value, p.len) != WEFT_OK)
    return wrong(why, cap, "its last /p2p is no peer id");
  if (weft_multiaddr_next(rest, &at, &p)) return wrong(why, cap, "nothing may follow the peer id");
  return WEFT_OK;
}

int app_target_parse(app_target *t, const char *text, char *why, size_t cap) {
  weft_multiaddr ma, rest;
  weft_multiaddr_error err;
  weft_multiaddr_part p;
  size_t at = 0;
  memset(t, 0, sizeof *t);
  if (weft_multiaddr_parse(&ma, text, &err) != WEFT_OK) return wrong(why, cap, err.text);
  if (weft_multiaddr_split_circuit(&ma, &t->relay, &rest) == WEFT_OK) {
    t->has_relay = t->relay.len > 0;
    return read_peer(t, &rest, why, cap);
  }
  if (weft_multiaddr_next(&ma, &at, &p) && p.code != WEFT_MA_WEBRTC && p.code != WEFT_MA_P2P)
    return wrong(why, cap, "it names no circuit: it must be <relay>/p2p-circuit/webrtc/p2p/<peer id>");
  return read_peer(t, &ma, why, cap);
}
