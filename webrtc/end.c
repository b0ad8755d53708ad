/* How a connection ends: whoever found out, the end is made when nothing is in the middle of a call (pc.c, settle). */
#include <stdio.h>
#include <string.h>

#include "webrtc/webrtc_int.h"

enum { USER_INITIATED_ABORT = 12 };

/* An ABORT that the peer's program asked for (RFC 9260 section 3.3.10.12) is how connections end here. */
static bool is_goodbye(const weft_closed *why) {
  return why->who == WEFT_WHO_PEER && strcmp(why->layer, "sctp") == 0 && why->wire_code == USER_INITIATED_ABORT;
}

/* The text lives in the layer that failed, and goes with it. */
void weft_webrtc_fail(weft_webrtc *c, const weft_closed *why) {
  if (c->ending) return;
  c->ending = true;
  c->closed = *why;
  if (is_goodbye(why)) c->closed.code = WEFT_ECLOSED;
  const char *text = is_goodbye(why) ? "the peer closed the connection"
                     : why->text     ? why->text
                                     : weft_strerror(why->code);
  size_t n = strlen(text) < sizeof c->closed_text ? strlen(text) : sizeof c->closed_text - 1;
  memcpy(c->closed_text, text, n);
  c->closed_text[n] = 0;
  c->closed.text = c->closed_text;
}

void weft_webrtc_fail_here(weft_webrtc *c, const char *step, int code, const char *text) {
  weft_closed why = {.who = WEFT_WHO_SELF, .layer = "webrtc", .step = step, .code = code, .text = text};
  weft_webrtc_fail(c, &why);
}

static const weft_closed *slow_step(weft_webrtc_stage stage) {
  static const weft_closed
      ice = {WEFT_WHO_TIMEOUT, "ice", "checks",
             WEFT_ETIMEDOUT,   0,     "no path to the peer within the time for the set-up"},
      dtls = {WEFT_WHO_TIMEOUT,
              "dtls",
              "handshake",
              WEFT_ETIMEDOUT,
              0,
              "the DTLS handshake did not end within the time for the set-up: too much was lost, or the peer is not "
              "a webrtc-direct one"},
      sctp = {WEFT_WHO_TIMEOUT, "sctp", "handshake",
              WEFT_ETIMEDOUT,   0,      "the SCTP association was not up within the time for the set-up"},
      noise = {WEFT_WHO_TIMEOUT, "noise", "handshake",
               WEFT_ETIMEDOUT,   0,       "the peer did not prove its peer id within the time for the set-up"};
  if (stage <= WEFT_WEBRTC_ICE) return &ice;
  if (stage == WEFT_WEBRTC_DTLS) return &dtls;
  return stage == WEFT_WEBRTC_SCTP ? &sctp : &noise;
}

void weft_webrtc_setup_timeout(weft_webrtc *c) { weft_webrtc_fail(c, slow_step(c->stage)); }

/* SCTP ABORT, then close_notify: what go, js and rust send and take as the end. Before DTLS is up its alert says why. */
static void say_goodbye(weft_webrtc *c) {
  bool up = c->stage >= WEFT_WEBRTC_SCTP;
  if (c->sctp)
    weft_sctp_abort(c->sctp, c->closed.who == WEFT_WHO_SELF && c->closed.code == WEFT_OK ? "closed" : c->closed_text,
                    c->now);
  if (c->dtls) weft_dtls_close(c->dtls, up ? WEFT_OK : c->closed.code, c->now);
  weft_ice_close(c->ice, WEFT_OK, c->now);
}

void weft_webrtc_end(weft_webrtc *c) {
  if (!c->ending || c->ended || c->q.free_pending) return;
  c->ended = true;
  if (c->sctp) weft_sctp_release(c->sctp, c->now);
  say_goodbye(c);
  weft_webrtc_set_stage(c, WEFT_WEBRTC_ENDED);
  c->setup_at = WEFT_NEVER;
  weft_webrtc_streams_end(c);
  c->events = (uint8_t)((c->events & WEFT_WEBRTC_TELL_READY) | WEFT_WEBRTC_TELL_CLOSED);
  if (c->listener) weft_webrtc_listener_ended(c);
}

int weft_webrtc_close(weft_webrtc *c, int code, weft_time now) {
  if (c->ending) return WEFT_ECLOSED;
  weft_webrtc_enter(c, now);
  weft_closed why = {.who = WEFT_WHO_SELF,
                     .layer = "webrtc",
                     .step = "close",
                     .code = code,
                     .text = code == WEFT_OK ? "closed here" : weft_strerror(code)};
  weft_webrtc_fail(c, &why);
  weft_webrtc_leave(c);
  return WEFT_OK;
}
