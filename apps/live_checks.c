/* The behaviours that only a running peer shows. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <weft/stun/stun.h>

#include "apps/clock.h"
#include "apps/live.h"
#include "ice/ice_int.h"

enum { PROBE_MS = 1500, SACK_USUAL_MS = 200, WAY_MS = 20 };

void live_note(live *l, const char *name, const char *clause, live_result result, const char *format, ...) {
  va_list args;
  if (l->checks_len == LIVE_CHECKS) return;
  live_check *c = &l->checks[l->checks_len++];
  *c = (live_check){.name = name, .clause = clause, .result = result};
  va_start(args, format);
  vsnprintf(c->seen, sizeof c->seen, format, args);
  va_end(args);
}

static live_result pass_if(bool ok) { return ok ? LIVE_PASS : LIVE_FAIL; }

/* ---- what a dialer can ask of a listener ---- */

static void unknown_version(live *l) {
  static const char name[] = "unknown ufrag version refused",
                    clause[] = "libp2p specs, webrtc-direct \"Connection Establishment\"";
  int control = live_probe(&l->target.addr, WEFT_WEBRTC_UFRAG_V1, &l->node.rng, 2 * PROBE_MS);
  if (control != 1) {
    live_note(l, name, clause, LIVE_NOT_TESTABLE, "a check with version 1 alone is not answered either");
    return;
  }
  int unknown = live_probe(&l->target.addr, "libp2p+webrtc+v9/", &l->node.rng, PROBE_MS);
  int none = live_probe(&l->target.addr, "", &l->node.rng, PROBE_MS);
  live_note(l, name, clause, pass_if(unknown == 0 && none == 0), "v9 %s, no prefix %s",
            unknown == 1 ? "answered" : "silence", none == 1 ? "answered" : "silence");
}

static bool noise_is_over(live *l) { return l->seen.noise_in >= 2 || l->closed; }

/* The listener speaks first; who has another prologue cannot open our answer, and its next message would prove that it did. */
static void wrong_prologue(live *l) {
  static const char name[] = "wrong Noise prologue refused",
                    clause[] = "libp2p specs, webrtc-direct \"Connection Security\"";
  l->break_prologue = true;
  bool begun = live_dial(l) == WEFT_OK;
  if (begun) live_wait(l, noise_is_over, WEFT_SEC(12));
  l->break_prologue = false;
  if (!begun || l->seen.noise_in == 0)
    live_note(l, name, clause, LIVE_NOT_TESTABLE, "the connection did not get as far as Noise: %s", l->why);
  else
    live_note(l, name, clause, pass_if(l->seen.noise_in == 1 && !l->ready), "%s",
              l->seen.noise_in > 1 ? "the handshake went on"
              : l->closed          ? l->why
                                   : "silence");
  live_hang_up(l);
}

static void cookie(live *l) {
  static const char name[] = "cookie before a large flight", clause[] = "RFC 6347 section 4.2.1";
  live_seen *s = &l->seen;
  if (s->first_hello_answer < 0)
    live_note(l, name, clause, LIVE_NOT_TESTABLE, "no answer to the ClientHello");
  else
    live_note(l, name, clause, pass_if(s->first_hello_answer == 3 && s->first_in <= s->hello_out),
              "first answer is handshake type %d (3: HelloVerifyRequest), %zu bytes for %zu", s->first_hello_answer,
              s->first_in, s->hello_out);
}

void live_dialer_checks(live *l) {
  unknown_version(l);
  if (!l->over) wrong_prologue(l);
}

/* ---- on a connection ---- */

static bool opens_seen(live *l) { return l->seen.opens > 0 || l->closed; }

static void parity(live *l) {
  static const char name[] = "stream id parity", clause[] = "RFC 8832 section 6";
  live_wait(l, opens_seen, WEFT_SEC(3));
  if (l->seen.opens == 0)
    live_note(l, name, clause, LIVE_NOT_TESTABLE, "the peer opened no channel");
  else
    live_note(l, name, clause, pass_if(l->seen.opens_wrong == 0),
              "%u of %u channels of the peer have ids of our parity", l->seen.opens_wrong, l->seen.opens);
}

static void whole_ping(live *l) {
  bool ok = live_ping(l, false);
  live_note(l, "ping answered", "libp2p specs, ping", pass_if(ok), "%s", ok ? "32 bytes came back" : l->why);
}

static bool is_acked(live *l) { return !l->seen.waiting || l->closed; }

/* One packet with nothing else under way and to which there is no answer (a ball has 32 bytes, these are 1), several times; the shortest tells how
 * long the peer waits when nothing disturbs. */
static void sack(live *l) {
  static const char name[] = "SACK within 200 ms", clause[] = "RFC 9260 section 6.2 (500 ms at most)";
  live_wait(l, is_acked, WEFT_SEC(1));
  l->seen.delays_len = 0;
  size_t thrown = 0;
  for (int i = 0; i < 5 && !l->closed && l->stream != 0; i++) {
    live_wait(l, is_acked, WEFT_SEC(1));
    if (l->seen.waiting || live_put(l, l->ball, 1, false) != WEFT_OK) continue;
    thrown++;
    live_wait(l, is_acked, WEFT_SEC(1));
  }
  if (l->stream != 0 && !l->closed)
    live_put(l, l->ball, sizeof l->ball - thrown, false); /* the peer has read part of a ball */
  if (l->seen.delays_len == 0) {
    live_note(l, name, clause, LIVE_NOT_TESTABLE, "no DATA was acknowledged while alone");
    return;
  }
  weft_time least = WEFT_NEVER, most = 0;
  for (size_t i = 0; i < l->seen.delays_len; i++) {
    weft_time d = l->seen.delays[i];
    least = d < least ? d : least;
    most = d > most ? d : most;
  }
  live_note(l, name, clause, pass_if(least <= WEFT_MS(SACK_USUAL_MS + WAY_MS)), "%.1f to %.1f ms", (double)least / 1000,
            (double)most / 1000);
}

static bool stun_is_answered(live *l) { return l->seen.stun_answered || l->closed; }

/* The halves of USERNAME change places for who answers the other; keys as in replay_stun.c. */
static void ask_consent(live *l) {
  char name[WEFT_STUN_USERNAME_MAX + 1];
  uint8_t out[512], priority[4] = {0x6e, 0, 1, 0xff}, tie[8] = {1};
  weft_stun_writer w;
  size_t len, to;
  const char *colon = strchr(l->seen.username, ':');
  if (!colon) return;
  to = (size_t)(colon - l->seen.username);
  if (l->seen.username_ours)
    snprintf(name, sizeof name, "%s", l->seen.username);
  else
    snprintf(name, sizeof name, "%s:%.*s", colon + 1, (int)to, l->seen.username);
  const char *key = l->conn->ice->remote_pwd;
  if (!l->seen.username_ours) { /* a lite agent has no credentials of its own: they are in the name */
    bool second = strncmp(l->seen.username, WEFT_WEBRTC_UFRAG_V2, sizeof WEFT_WEBRTC_UFRAG_V2 - 1) == 0;
    static char password[WEFT_STUN_USERNAME_MAX + 1];
    snprintf(password, sizeof password, "%.*s", (int)to, l->seen.username);
    key = second ? password + sizeof WEFT_WEBRTC_UFRAG_V2 - 1 : password;
  }
  l->node.rng.fill(l->node.rng.ctx, l->seen.txid, sizeof l->seen.txid);
  weft_stun_begin(&w, out, sizeof out, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, l->seen.txid);
  weft_stun_put(&w, WEFT_STUN_USERNAME, name, strlen(name));
  weft_stun_put(&w, l->listener ? WEFT_STUN_ICE_CONTROLLED : WEFT_STUN_ICE_CONTROLLING, tie, sizeof tie);
  weft_stun_put(&w, WEFT_STUN_PRIORITY, priority, sizeof priority);
  weft_stun_put_integrity(&w, key, strlen(key));
  weft_stun_put_fingerprint(&w);
  if (weft_stun_end(&w, &len) != WEFT_OK) return;
  weft_webrtc_enter(l->conn, app_clock_now());
  (void)weft_webrtc_output(l->conn, &l->conn->local, &l->conn->remote, out, len);
  weft_webrtc_leave(l->conn);
}

static void consent(live *l) {
  for (int i = 0; i < 4 && !l->seen.stun_answered && !l->closed; i++) {
    ask_consent(l);
    live_wait(l, stun_is_answered, WEFT_MS(800));
  }
  live_note(l, "consent check answered", "RFC 7675 section 5.1", pass_if(l->seen.stun_answered), "%s",
            l->seen.stun_answered ? "a success response came" : "no answer to four requests");
}

static void split(live *l) {
  live_end_stream(l);
  bool ok = live_ping(l, true);
  live_note(l, "frame split over two channel messages accepted", "libp2p specs, webrtc \"Multiplexing\"", pass_if(ok),
            "%s",
            ok          ? "ping answered"
            : l->closed ? l->why
                        : "ping was not answered");
}

/* RFC 8831 section 6.6: one zero byte under a PPID of its own stands for it. */
static void zero_length(live *l) {
  live_end_stream(l);
  bool ok = live_ping(l, false), after = false;
  if (ok) {
    weft_webrtc_enter(l->conn, app_clock_now());
    weft_datachannel_send(l->conn->dc, (uint16_t)l->stream, true, NULL, 0, l->conn->now);
    weft_webrtc_leave(l->conn);
    after = live_ping(l, false);
  }
  live_note(l, "zero-length message survived", "RFC 8831 section 6.6", ok ? pass_if(after) : LIVE_NOT_TESTABLE, "%s",
            after       ? "the stream goes on"
            : l->closed ? l->why
                        : "the stream answers no more");
}

static bool fin_ack_seen(live *l) {
  for (size_t i = 0; i < l->seen.fin_acks_len; i++)
    if (l->seen.fin_acks[i] == l->watched) return true;
  return l->closed;
}

static void fin(live *l) {
  static const char name[] = "FIN answered by FIN_ACK",
                    clause[] = "libp2p specs, webrtc \"Closing the connection / stream\"";
  live_end_stream(l);
  if (!live_ping(l, false)) {
    live_note(l, name, clause, LIVE_NOT_TESTABLE, "ping was not answered before");
    return;
  }
  l->watched = l->stream;
  weft_webrtc_stream_shutdown(l->conn, l->stream, app_clock_now());
  bool ok = live_wait(l, fin_ack_seen, WEFT_SEC(10)) && !l->closed;
  live_note(l, name, clause, pass_if(ok), "%s", ok ? "FIN_ACK came" : "no FIN_ACK within 10 s");
}

static bool reset_seen(live *l) {
  for (size_t i = 0; i < l->seen.reset_in_len; i++)
    if (l->seen.reset_in[i] == l->watched) return true;
  return l->closed;
}

static void channel_reset(live *l) {
  static const char name[] = "reset of a channel answered by a reset", clause[] = "RFC 8831 section 6.7";
  live_end_stream(l);
  if (!live_ping(l, false)) {
    live_note(l, name, clause, LIVE_NOT_TESTABLE, "ping was not answered before");
    return;
  }
  l->watched = l->stream;
  l->seen.reset_in_len = 0;
  weft_webrtc_enter(l->conn, app_clock_now());
  weft_datachannel_close_channel(l->conn->dc, (uint16_t)l->watched, l->conn->now);
  weft_webrtc_leave(l->conn);
  bool ok = live_wait(l, reset_seen, WEFT_SEC(5)) && !l->closed;
  live_note(l, name, clause, pass_if(ok), "%s",
            ok ? "its side was reset too" : "no outgoing reset request of its own within 5 s");
  l->stream = 0;
}

static void limit(live *l) {
  static const char name[] = "frames of at most 16 KiB", clause[] = "libp2p specs, webrtc \"Multiplexing\"";
  if (l->seen.frames == 0)
    live_note(l, name, clause, LIVE_NOT_TESTABLE, "no frame came");
  else
    live_note(l, name, clause, pass_if(l->seen.largest_frame <= WEFT_WEBRTC_FRAME_MAX),
              "the largest of %u carried %zu bytes", l->seen.frames, l->seen.largest_frame);
}

static bool goodbye_seen(live *l) { return l->seen.goodbye; }

/* close_notify of ours must be answered by one (RFC 5246 section 7.2.1); an ABORT is as good an end. */
static void goodbye(live *l) {
  weft_webrtc_enter(l->conn, app_clock_now());
  weft_dtls_close(l->conn->dtls, WEFT_OK, l->conn->now);
  weft_webrtc_leave(l->conn);
  l->seen.goodbye = false;
  live_wait(l, live_is_closed, WEFT_SEC(1));
  bool ok = live_wait(l, goodbye_seen, WEFT_SEC(5));
  live_note(l, "close_notify answered", "RFC 5246 section 7.2.1", pass_if(ok), "%s",
            ok ? "an alert came back" : "silence for 5 s");
}

void live_connected_checks(live *l) {
  static void (*const checks[])(live *) = {parity,      whole_ping, sack,          consent, split,
                                           zero_length, fin,        channel_reset, limit,   goodbye};
  if (!l->listener) cookie(l);
  for (size_t i = 0; i < sizeof checks / sizeof checks[0] && !l->over; i++) {
    if (l->closed) {
      live_note(l, "the connection stays", "", LIVE_FAIL, "%s", l->why);
      return;
    }
    checks[i](l);
  }
}
