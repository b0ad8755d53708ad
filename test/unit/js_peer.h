/* A peer on a private_world's signaling stream that is written by hand: the messages are those that js-libp2p 6.0.33 was seen to send, in its
 * browser form (Chromium) and its Node form (libdatachannel), and ours are taken as strictly as it takes them. What is beneath the stream is
 * an ordinary connection.
 *
 *   js_peer js;
 *   js_peer_init(&js, &w.sides[1], JS_NODE);      in the place of B, who answers
 *   js_peer_start(&js);
 *   ... private_world_run ...
 *   ck_assert_str_eq(js.complaint, "");
 */
#ifndef TEST_UNIT_JS_PEER_H
#define TEST_UNIT_JS_PEER_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "apps/json.h"
#include "test/support/private_world.h"
#include "webrtc/private_int.h"

typedef enum js_kind { JS_CHROMIUM, JS_NODE } js_kind;

typedef struct js_peer {
  private_side *s;
  js_kind kind;
  bool offerer;
  weft_ice_role role;   /* set wrong for a conflict */
  const char *setup;    /* a=setup of its description */
  const char *more;     /* lines put before its fingerprint */
  const char *no_print; /* not NULL: instead of its fingerprint line */
  size_t max_message_size;
  bool heard_description, heard_end;
  unsigned heard_candidates;
  char complaint[200]; /* what js-libp2p would not have taken */
  weft_sdp theirs;
  uint8_t in[20000];
  size_t in_len;
} js_peer;

static inline const char *js_ufrag(const js_peer *js) { return js->kind == JS_NODE ? "qX9b" : "G6/z"; }
static inline const char *js_pwd(const js_peer *js) {
  return js->kind == JS_NODE ? "0123456789abcdefghijkl" : "xPXpbPNL9sIpGbnJB7HFpJTv";
}

static inline void js_complain(js_peer *js, const char *what) {
  if (js->complaint[0] == 0) snprintf(js->complaint, sizeof js->complaint, "%s", what);
}

/* ---- what it says ---- */

static inline size_t js_varint(uint8_t *out, size_t v) {
  size_t n = 0;
  for (; v >= 0x80; v >>= 7) out[n++] = (uint8_t)(v | 0x80);
  out[n++] = (uint8_t)v;
  return n;
}

/* it-length-prefixed writes the length alone, then the message: two writes */
static inline void js_say(js_peer *js, int type, const char *text) {
  uint8_t frame[20000], prefix[4];
  size_t len = strlen(text), n = 0;
  frame[n++] = 0x08;
  frame[n++] = (uint8_t)type;
  frame[n++] = 0x12;
  n += js_varint(frame + n, len);
  memcpy(frame + n, text, len);
  n += len;
  private_world_say(js->s, prefix, js_varint(prefix, n));
  private_world_say(js->s, frame, n);
}

static inline void js_fingerprint(const js_peer *js, char out[128]) {
  const uint8_t *fp = weft_dtls_cert_fingerprint(js->s->cfg.webrtc.cert);
  size_t n = (size_t)sprintf(out, "a=fingerprint:sha-256 ");
  for (int i = 0; i < 32; i++) n += (size_t)sprintf(out + n, "%s%02X", i ? ":" : "", fp[i]);
  sprintf(out + n, "\r\n");
}

static inline void js_describe(js_peer *js, char *out, size_t cap) {
  char print[128], more[600];
  js_fingerprint(js, print);
  snprintf(more, sizeof more, "%s%s", js->more ? js->more : "", js->no_print ? js->no_print : print);
  if (js->kind == JS_NODE)
    snprintf(out, cap,
             "v=0\r\no=rtc 2895716304 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=group:LS 0\r\n"
             "a=msid-semantic:WMS *\r\na=ice-options:ice2,trickle\r\n%s"
             "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\n"
             "a=sctp-port:5000\r\na=max-message-size:%zu\r\na=setup:%s\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n",
             more, js->max_message_size, js->setup, js_ufrag(js), js_pwd(js));
  else
    snprintf(
        out, cap,
        "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
        "a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
        "c=IN IP4 0.0.0.0\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=ice-options:trickle\r\n%sa=setup:%s\r\na=mid:0\r\n"
        "a=sctp-port:5000\r\na=max-message-size:%zu\r\n",
        js_ufrag(js), js_pwd(js), more, js->setup, js->max_message_size);
}

static inline void js_say_candidates(js_peer *js) {
  const weft_addr *a = &js->s->addrs[0];
  char text[400];
  if (js->kind == JS_NODE) {
    snprintf(text, sizeof text,
             "{\"candidate\":\"a=candidate:2 1 UDP 2116026111 %u.%u.%u.%u %u typ host\",\"sdpMid\":\"0\","
             "\"usernameFragment\":\"\"}",
             a->ip[0], a->ip[1], a->ip[2], a->ip[3], a->port);
    js_say(js, 2, text);
    return;
  }
  js_say(
      js, 2,
      "{\"candidate\":\"candidate:1677722095 1 udp 2113937151 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 34426 typ "
      "host "
      "generation 0 ufrag G6/z network-cost 999\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,\"usernameFragment\":\"G6/z\"}");
  js_say(
      js, 2,
      "{\"candidate\":\"candidate:1677722095 1 udp 2113939711 0c0ac0a2-7e32-4df8-8d0d-a8ad3b1a9b9d.local 34427 typ "
      "host "
      "generation 0 ufrag G6/z network-cost 999\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,\"usernameFragment\":\"G6/z\"}");
}

static inline void js_say_description(js_peer *js) {
  char text[4096];
  js_describe(js, text, sizeof text);
  js_say(js, js->offerer ? 0 : 1, text);
  js_say_candidates(js);
}

/* ---- what it hears ---- */

static inline void js_begin_checks(js_peer *js) {
  weft_webrtc *c = js->s->c;
  weft_sdp_setup mine = strcmp(js->setup, "active") == 0    ? WEFT_SDP_ACTIVE
                        : strcmp(js->setup, "passive") == 0 ? WEFT_SDP_PASSIVE
                                                            : WEFT_SDP_ACTPASS;
  bool offerer_is_client = false;
  int rc = js->offerer ? weft_sdp_dtls_client(mine, js->theirs.setup, &offerer_is_client)
                       : weft_sdp_dtls_client(js->theirs.setup, mine, &offerer_is_client);
  if (rc != WEFT_OK) js_complain(js, "a=setup does not fit");
  weft_webrtc_enter(c, js->s->w->now);
  c->setup.dtls_client = js->offerer == offerer_is_client;
  c->setup.pins_len = js->theirs.fingerprints_len;
  memcpy(c->pins, js->theirs.fingerprints, js->theirs.fingerprints_len * 32);
  (void)weft_ice_set_remote(c->ice, js->theirs.ice_ufrag, js->theirs.ice_pwd);
  (void)weft_ice_start(c->ice, c->now);
  weft_webrtc_leave(c);
}

static inline void js_hear_description(js_peer *js, int type, const uint8_t *data, size_t len) {
  char why[160];
  if (type != (js->offerer ? 1 : 0)) js_complain(js, js->offerer ? "remote should send an SDP answer" : "no offer");
  if (js->complaint[0]) return;
  js->heard_description = true;
  if (weft_sdp_parse(&js->theirs, (const char *)data, len, why, sizeof why) != WEFT_OK) js_complain(js, why);
  if (js->complaint[0]) return;
  if (!js->offerer) js_say_description(js);
  js_begin_checks(js);
}

/* JSON.parse, then RTCIceCandidate: "candidate:" is demanded of the text, "null" and "" are the end. */
static inline void js_hear_candidate(js_peer *js, const uint8_t *data, size_t len) {
  char err[96];
  json *j = json_parse((const char *)data, len, err, sizeof err);
  const char *line = json_text(json_get(j, "candidate"));
  weft_ice_candidate c;
  if (!j) js_complain(js, err);
  if (j && j->type == JSON_NULL) js->heard_end = true;
  if (j && j->type != JSON_NULL) {
    if (!line || strncmp(line, "candidate:", 10) != 0 || weft_ice_candidate_parse(&c, line, strlen(line)) != WEFT_OK)
      js_complain(js, "not a candidate");
    else if (!json_text(json_get(j, "sdpMid")) || js->heard_end)
      js_complain(js, js->heard_end ? "a candidate after the end" : "no sdpMid");
    else if (js->s->c)
      weft_ice_add_remote(js->s->c->ice, &c, js->s->w->now);
    js->heard_candidates++;
  }
  json_free(j);
}

static inline void js_hear_frame(js_peer *js, const uint8_t *m, size_t len) {
  size_t n = 0, at = 3;
  if (len < 4 || m[0] != 0x08 || m[2] != 0x12) { /* js takes a message without a type for none */
    js_complain(js, "no type, or no data");
    return;
  }
  for (int shift = 0; at < len; shift += 7) {
    n |= (size_t)(m[at] & 0x7f) << shift;
    if (!(m[at++] & 0x80)) break;
  }
  if (at + n != len) {
    js_complain(js, "a field more, or a wrong length");
    return;
  }
  if (!js->heard_description)
    js_hear_description(js, m[1], m + at, n);
  else if (m[1] != 2)
    js_complain(js, "ICE candidate message expected");
  else
    js_hear_candidate(js, m + at, n);
}

static inline void js_hear(private_side *s, const uint8_t *data, size_t len) {
  js_peer *js = s->data;
  ck_assert_uint_le(js->in_len + len, sizeof js->in);
  memcpy(js->in + js->in_len, data, len);
  js->in_len += len;
  for (;;) {
    size_t n = 0, at = 0;
    for (int shift = 0; at < js->in_len; shift += 7) {
      n |= (size_t)(js->in[at] & 0x7f) << shift;
      if (!(js->in[at++] & 0x80)) break;
    }
    if (at == 0 || (js->in[at - 1] & 0x80) || js->in_len < at + n) return;
    js_hear_frame(js, js->in + at, n);
    memmove(js->in, js->in + at + n, js->in_len - at - n);
    js->in_len -= at + n;
  }
}

/* ---- its life ---- */

static inline void js_peer_init(js_peer *js, private_side *s, js_kind kind) {
  memset(js, 0, sizeof *js);
  js->s = s;
  js->kind = kind;
  js->offerer = s->index == 0;
  js->role = js->offerer ? WEFT_ICE_CONTROLLING : WEFT_ICE_CONTROLLED;
  js->setup = js->offerer ? "actpass" : "active";
  js->max_message_size = 262144;
  s->data = js;
  s->hear = js_hear;
}

static inline void js_peer_start(js_peer *js) {
  private_side *s = js->s;
  weft_webrtc_config full;
  weft_webrtc_callbacks cb = private_world_callbacks();
  weft_webrtc_setup setup = {.inbound = !js->offerer,
                             .controlling = js->role == WEFT_ICE_CONTROLLING,
                             .open_init = js->offerer,
                             .ufrag = js_ufrag(js),
                             .pwd = js_pwd(js),
                             .setup_limit = WEFT_SEC(10)};
  ck_assert_int_eq(weft_webrtc_check_config(&s->cfg.webrtc, &full), WEFT_OK);
  private_world_bind(s);
  ck_assert_int_eq(weft_webrtc_new(&s->c, &full, &setup, &cb, s), WEFT_OK);
  weft_webrtc_enter(s->c, s->w->now);
  weft_webrtc_begin(s->c);
  weft_ice_add_local(s->c->ice, &s->addrs[0], s->w->now);
  weft_ice_gather(s->c->ice, s->w->now);
  weft_webrtc_leave(s->c);
  if (js->offerer) js_say_description(js);
}

#endif
