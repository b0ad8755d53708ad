/* What is said on the signaling stream (libp2p specs webrtc/webrtc.md): the description first, then candidates as they are found. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "webrtc/private_int.h"

enum {
  PREFIX_MAX = 3,           /* the length of WEFT_SIGNALING_MESSAGE_MAX bytes */
  MAX_MESSAGE = 256 * 1024, /* what the channels take (datachannel.h) */
  CANDIDATE_MAX = 512,      /* a line with every part at its longest but the ufrag */
  JSON_MAX = CANDIDATE_MAX + 64 + WEFT_ICE_CRED_MAX + 33
};

/* ---- said ---- */

static void say(weft_private *p, int type, const char *data, size_t len) {
  weft_signaling_message m = {type, (const uint8_t *)data, len};
  size_t n = 0, room = len + 16;
  uint8_t *at = weft_buf_reserve(&p->out, room);
  int rc = at ? weft_signaling_encode(&m, at, room, &n) : WEFT_ENOMEM;
  if (rc == WEFT_OK)
    weft_buf_commit(&p->out, n);
  else
    weft_private_fail_here(p, WEFT_WHO_SELF, "signaling", rc, weft_strerror(rc));
}

static void raise_candidate(weft_private *p, const weft_ice_candidate *c, bool remote) {
  weft_private_event ev = {.type = WEFT_PRIVATE_EVENT_CANDIDATE, .candidate = c, .remote_candidate = remote};
  weft_private_raise(p, &ev);
}

static void say_json(weft_private *p, const char *candidate) {
  char json[JSON_MAX];
  size_t len;
  if (weft_signaling_candidate_format(candidate, p->mid, weft_ice_local_ufrag(p->c->ice), json, sizeof json, &len) ==
      WEFT_OK)
    say(p, WEFT_SIGNALING_CANDIDATE, json, len);
}

void weft_private_say_candidate(weft_private *p, const weft_ice_candidate *c) {
  char line[CANDIDATE_MAX];
  if (!p->described) {
    if (p->locals_len < WEFT_PRIVATE_LOCALS_MAX) p->locals[p->locals_len++] = *c;
    return;
  }
  if (weft_ice_candidate_format(c, line, sizeof line) != WEFT_OK) return;
  say_json(p, line);
  raise_candidate(p, c, false);
}

void weft_private_say_gathered(weft_private *p) {
  p->gathered = true;
  if (p->described) say_json(p, NULL);
}

static void say_held(weft_private *p) {
  for (size_t i = 0; i < p->locals_len && weft_private_alive(p); i++) weft_private_say_candidate(p, &p->locals[i]);
  if (p->gathered && weft_private_alive(p)) weft_private_say_gathered(p);
}

void weft_private_say_description(weft_private *p, weft_sdp_setup setup) {
  weft_sdp s = {
      .trickle = true, .setup = setup, .fingerprints_len = 1, .sctp_port = 5000, .max_message_size = MAX_MESSAGE};
  char text[WEFT_SDP_MAX];
  size_t len;
  memcpy(s.mid, p->mid, sizeof s.mid);
  snprintf(s.ice_ufrag, sizeof s.ice_ufrag, "%s", weft_ice_local_ufrag(p->c->ice));
  snprintf(s.ice_pwd, sizeof s.ice_pwd, "%s", weft_ice_local_pwd(p->c->ice));
  memcpy(s.fingerprints[0], weft_dtls_cert_fingerprint(p->cfg.webrtc.cert), sizeof s.fingerprints[0]);
  int rc = weft_sdp_write(&s, p->cfg.offerer, text, sizeof text, &len);
  if (rc != WEFT_OK) {
    weft_private_fail_here(p, WEFT_WHO_SELF, "sdp", rc, weft_strerror(rc));
    return;
  }
  say(p, p->cfg.offerer ? WEFT_SIGNALING_OFFER : WEFT_SIGNALING_ANSWER, text, len);
  p->described = true;
  weft_private_step(p, p->cfg.offerer ? "offer sent" : "answer sent");
  say_held(p);
}

/* Once the descriptions are exchanged the rest can do without: js-libp2p's answerer closes the stream when its side is up, and a late candidate
 * of ours finds it gone. */
static void refused(weft_private *p, int code) {
  weft_buf_consume(&p->out, weft_buf_len(&p->out));
  if (p->stage < WEFT_PRIVATE_CONNECTING)
    weft_private_fail_here(p, WEFT_WHO_SELF, "signaling", code, "the signaling stream takes no more");
}

void weft_private_flush(weft_private *p) {
  while (weft_buf_len(&p->out) > 0 && weft_private_alive(p)) {
    ptrdiff_t n = p->cb.stream_output(p->user, weft_buf_data(&p->out), weft_buf_len(&p->out), p->now);
    if (n < 0 && n != WEFT_EAGAIN) {
      refused(p, (int)n);
      return;
    }
    if (n <= 0) return;
    weft_buf_consume(&p->out, (size_t)n);
  }
}

/* ---- heard ---- */

static void broke(weft_private *p, int code, const char *text) {
  weft_private_fail_here(p, WEFT_WHO_PEER, "signaling", code, text);
}

/* A frame and its length must fit into a message of the peer's choice; ours never have over 4 KiB of data. */
static bool too_small(const weft_sdp *s) {
  return s->max_message_size != 0 && s->max_message_size < WEFT_WEBRTC_PAYLOAD_MAX + WEFT_WEBRTC_FRAME_OVERHEAD;
}

static bool read_description(weft_private *p, const weft_signaling_message *m, weft_sdp *s) {
  char why[160], text[WEFT_WEBRTC_TEXT_MAX];
  int rc = weft_sdp_parse(s, (const char *)m->data, m->len, why, sizeof why);
  if (rc == WEFT_OK && too_small(s)) {
    rc = WEFT_EUNSUPPORTED;
    snprintf(why, sizeof why, "a=max-message-size:%llu: a frame has up to %d bytes",
             (unsigned long long)s->max_message_size, WEFT_WEBRTC_PAYLOAD_MAX + WEFT_WEBRTC_FRAME_OVERHEAD);
  }
  if (rc == WEFT_OK) return true;
  snprintf(text, sizeof text, "the peer's description: %s", why);
  weft_private_fail_here(p, WEFT_WHO_PEER, "sdp", rc, text);
  return false;
}

static void hear_offer(weft_private *p, const weft_signaling_message *m) {
  weft_sdp s;
  bool offerer_is_client;
  if (p->cfg.offerer || p->stage != WEFT_PRIVATE_WAITING) {
    broke(p, WEFT_EPROTO, p->cfg.offerer ? "an offer instead of an answer" : "a second offer");
    return;
  }
  if (!read_description(p, m, &s)) return;
  /* Active where that may be: what js-libp2p chooses, and it saves a round trip. */
  weft_sdp_setup setup = s.setup == WEFT_SDP_ACTIVE ? WEFT_SDP_PASSIVE : WEFT_SDP_ACTIVE;
  if (weft_sdp_dtls_client(s.setup, setup, &offerer_is_client) != WEFT_OK) {
    broke(p, WEFT_EPROTO, "the offer's a=setup is not actpass, active or passive (RFC 8842 section 5.3)");
    return;
  }
  if (s.mid[0] != 0) memcpy(p->mid, s.mid, sizeof p->mid);
  weft_private_step(p, "offer received");
  if (weft_private_alive(p)) weft_private_say_description(p, setup);
  if (weft_private_alive(p)) weft_private_meet(p, &s, !offerer_is_client);
}

static void hear_answer(weft_private *p, const weft_signaling_message *m) {
  weft_sdp s;
  bool offerer_is_client;
  if (!p->cfg.offerer || p->stage != WEFT_PRIVATE_WAITING) {
    broke(p, WEFT_EPROTO, p->cfg.offerer ? "a second answer" : "an answer, and there was no offer");
    return;
  }
  if (!read_description(p, m, &s)) return;
  if (weft_sdp_dtls_client(WEFT_SDP_ACTPASS, s.setup, &offerer_is_client) != WEFT_OK) {
    broke(p, WEFT_EPROTO, "the answer's a=setup is not active or passive (RFC 8842 section 5.3)");
    return;
  }
  weft_private_step(p, "answer received");
  if (weft_private_alive(p)) weft_private_meet(p, &s, offerer_is_client);
}

/* Bad ones are ignored, as js-libp2p does. One may come before the description: the agent keeps it. */
static void hear_candidate(weft_private *p, const weft_signaling_message *m) {
  char text[CANDIDATE_MAX + WEFT_ICE_CRED_MAX];
  weft_ice_candidate c;
  bool end;
  if (++p->remotes > WEFT_PRIVATE_REMOTES_MAX) {
    p->remotes = WEFT_PRIVATE_REMOTES_MAX;
    return;
  }
  if (weft_signaling_candidate_parse(m->data, m->len, text, sizeof text, &end) != WEFT_OK) return;
  if (end) {
    weft_private_no_more_candidates(p);
  } else if (weft_ice_candidate_parse(&c, text, strlen(text)) == WEFT_OK) {
    raise_candidate(p, &c, true);
    if (weft_private_alive(p)) weft_private_add_candidate(p, &c);
  }
}

static void hear_message(weft_private *p, const uint8_t *data, size_t len) {
  weft_signaling_message m;
  if (weft_signaling_decode(&m, data, len) != WEFT_OK)
    broke(p, WEFT_EMALFORMED, "a signaling message is no protobuf");
  else if (m.type < 0)
    broke(p, WEFT_EPROTO, "a signaling message has no type");
  else if (m.type == WEFT_SIGNALING_OFFER)
    hear_offer(p, &m);
  else if (m.type == WEFT_SIGNALING_ANSWER)
    hear_answer(p, &m);
  else if (m.type == WEFT_SIGNALING_CANDIDATE)
    hear_candidate(p, &m);
}

/* The next whole message; false: more is needed, or it is none. */
static bool next(weft_private *p) {
  uint64_t body;
  int prefix = weft_uvarint_peek(weft_buf_data(&p->in), weft_buf_len(&p->in), &body);
  if (prefix < 0 || (prefix == 0 && weft_buf_len(&p->in) >= PREFIX_MAX) ||
      (prefix > 0 && body > WEFT_SIGNALING_MESSAGE_MAX)) {
    broke(p, prefix < 0 ? WEFT_EMALFORMED : WEFT_ETOOBIG, "a signaling message over 16 KiB, or not one");
    return false;
  }
  size_t whole = (size_t)prefix + (size_t)body;
  if (prefix == 0 || weft_buf_len(&p->in) < whole) return false;
  hear_message(p, weft_buf_data(&p->in) + prefix, (size_t)body);
  weft_buf_consume(&p->in, whole);
  return true;
}

void weft_private_hear(weft_private *p, const uint8_t *data, size_t len) {
  while (len > 0 && weft_private_alive(p)) {
    size_t room = weft_buf_room(&p->in), n = len < room ? len : room;
    if (weft_buf_append(&p->in, data, n) != WEFT_OK) {
      weft_private_fail_here(p, WEFT_WHO_SELF, "signaling", WEFT_ENOMEM, weft_strerror(WEFT_ENOMEM));
      return;
    }
    data += n;
    len -= n;
    while (weft_private_alive(p) && weft_buf_len(&p->in) > 0 && next(p)) continue;
  }
}
