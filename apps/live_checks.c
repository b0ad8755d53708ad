/* The behaviours that only a running peer shows. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <weft/stun/stun.h>

#include "apps/clock.h"
#include "apps/live.h"
#include "ice/ice_int.h"

enum { PROBE_MS = 1500 };

void live_note(live *l, const live_behaviour *b, live_result result, const char *format, ...) {
  va_list args;
  if (l->checks_len == LIVE_CHECKS) return;
  live_check *c = &l->checks[l->checks_len++];
  *c = (live_check){.of = *b, .result = result};
  va_start(args, format);
  vsnprintf(c->seen, sizeof c->seen, format, args);
  va_end(args);
}

static live_result pass_if(bool ok) { return ok ? LIVE_PASS : LIVE_FAIL; }

/* ---- what a dialer can ask of a listener ---- */

static void unknown_version(live *l, const live_behaviour *b) {
  int control = live_probe(&l->target.addr, WEFT_WEBRTC_UFRAG_V1, &l->node.rng, 2 * PROBE_MS);
  if (control != 1) {
    live_note(l, b, LIVE_NOT_TESTABLE, "a check with version 1 alone is not answered either");
    return;
  }
  int unknown = live_probe(&l->target.addr, "libp2p+webrtc+v9/", &l->node.rng, PROBE_MS);
  int none = live_probe(&l->target.addr, "", &l->node.rng, PROBE_MS);
  live_note(l, b, pass_if(unknown == 0 && none == 0), "v9 %s, no prefix %s", unknown == 1 ? "answered" : "silence",
            none == 1 ? "answered" : "silence");
}

static bool noise_is_over(live *l) { return l->seen.noise_in >= 2 || l->closed; }

/* The listener speaks first; who has another prologue cannot open our answer, and its next message would prove that it did. */
static void wrong_prologue(live *l, const live_behaviour *b) {
  l->break_prologue = true;
  bool begun = live_dial(l) == WEFT_OK;
  if (begun) live_wait(l, noise_is_over, WEFT_SEC(12));
  l->break_prologue = false;
  if (!begun || l->seen.noise_in == 0)
    live_note(l, b, LIVE_NOT_TESTABLE, "the connection did not get as far as Noise: %s", l->why);
  else
    live_note(l, b, pass_if(l->seen.noise_in == 1 && !l->ready), "%s",
              l->seen.noise_in > 1 ? "the handshake went on"
              : l->closed          ? l->why
                                   : "silence");
  live_hang_up(l);
}

static void cookie(live *l, const live_behaviour *b) {
  live_seen *s = &l->seen;
  if (s->first_hello_answer < 0)
    live_note(l, b, LIVE_NOT_TESTABLE, "no answer to the ClientHello");
  else
    live_note(l, b, pass_if(s->first_hello_answer == 3 && s->first_in <= s->hello_out),
              "first answer is handshake type %d (3: HelloVerifyRequest), %zu bytes for %zu", s->first_hello_answer,
              s->first_in, s->hello_out);
}

/* ---- on a connection ---- */

static bool opens_seen(live *l) { return l->seen.opens > 0 || l->closed; }

static void parity(live *l, const live_behaviour *b) {
  live_wait(l, opens_seen, WEFT_SEC(3));
  if (l->seen.opens == 0)
    live_note(l, b, LIVE_NOT_TESTABLE, "the peer opened no channel");
  else
    live_note(l, b, pass_if(l->seen.opens_wrong == 0), "%u of %u channels of the peer have ids of our parity",
              l->seen.opens_wrong, l->seen.opens);
}

static void whole_ping(live *l, const live_behaviour *b) {
  bool ok = live_ping(l, false);
  live_note(l, b, pass_if(ok), "%s", ok ? "32 bytes came back" : l->why);
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

static void consent(live *l, const live_behaviour *b) {
  for (int i = 0; i < 4 && !l->seen.stun_answered && !l->closed; i++) {
    ask_consent(l);
    live_wait(l, stun_is_answered, WEFT_MS(800));
  }
  live_note(l, b, pass_if(l->seen.stun_answered), "%s",
            l->seen.stun_answered ? "a success response came" : "no answer to four requests");
}

static void split(live *l, const live_behaviour *b) {
  live_end_stream(l);
  bool ok = live_ping(l, true);
  live_note(l, b, pass_if(ok), "%s", ok ? "ping answered" : l->closed ? l->why : "ping was not answered");
}

/* RFC 8831 section 6.6: one zero byte under a PPID of its own stands for it. */
static void zero_length(live *l, const live_behaviour *b) {
  live_end_stream(l);
  bool ok = live_ping(l, false), after = false;
  if (ok) {
    weft_webrtc_enter(l->conn, app_clock_now());
    weft_datachannel_send(l->conn->dc, (uint16_t)l->stream, true, NULL, 0, l->conn->now);
    weft_webrtc_leave(l->conn);
    after = live_ping(l, false);
  }
  live_note(l, b, ok ? pass_if(after) : LIVE_NOT_TESTABLE, "%s",
            after       ? "the stream goes on"
            : l->closed ? l->why
                        : "the stream answers no more");
}

static bool fin_ack_seen(live *l) {
  for (size_t i = 0; i < l->seen.fin_acks_len; i++)
    if (l->seen.fin_acks[i] == l->watched) return true;
  return l->closed;
}

static void fin(live *l, const live_behaviour *b) {
  live_end_stream(l);
  if (!live_ping(l, false)) {
    live_note(l, b, LIVE_NOT_TESTABLE, "ping was not answered before");
    return;
  }
  l->watched = l->stream;
  weft_webrtc_stream_shutdown(l->conn, l->stream, app_clock_now());
  bool ok = live_wait(l, fin_ack_seen, WEFT_SEC(10)) && !l->closed;
  live_note(l, b, pass_if(ok), "%s", ok ? "FIN_ACK came" : "no FIN_ACK within 10 s");
}

static bool reset_seen(live *l) {
  for (size_t i = 0; i < l->seen.reset_in_len; i++)
    if (l->seen.reset_in[i] == l->watched) return true;
  return l->closed;
}

static void channel_reset(live *l, const live_behaviour *b) {
  live_end_stream(l);
  if (!live_ping(l, false)) {
    live_note(l, b, LIVE_NOT_TESTABLE, "ping was not answered before");
    return;
  }
  l->watched = l->stream;
  l->seen.reset_in_len = 0;
  weft_webrtc_enter(l->conn, app_clock_now());
  weft_datachannel_close_channel(l->conn->dc, (uint16_t)l->watched, l->conn->now);
  weft_webrtc_leave(l->conn);
  bool ok = live_wait(l, reset_seen, WEFT_SEC(5)) && !l->closed;
  live_note(l, b, pass_if(ok), "%s", ok ? "its side was reset too" : "no outgoing reset request of its own within 5 s");
  l->stream = 0;
}

static void limit(live *l, const live_behaviour *b) {
  if (l->seen.frames == 0)
    live_note(l, b, LIVE_NOT_TESTABLE, "no frame came");
  else
    live_note(l, b, pass_if(l->seen.largest_frame <= WEFT_WEBRTC_FRAME_MAX), "the largest of %u carried %zu bytes",
              l->seen.frames, l->seen.largest_frame);
}

/* ---- all of them ---- */

typedef struct entry {
  live_behaviour of;
  void (*look)(live *l, const live_behaviour *b);
} entry;

static const entry dialer[] = {
    {{"unknown ufrag version refused", "libp2p specs, webrtc-direct \"Connection Establishment\""}, unknown_version},
    {{"wrong Noise prologue refused", "libp2p specs, webrtc-direct \"Connection Security\""}, wrong_prologue},
};

static const entry connected[] = {
    {{"cookie before a large flight", "RFC 6347 section 4.2.1"}, cookie},
    {{"stream id parity", "RFC 8832 section 6"}, parity},
    {{"ping answered", "libp2p specs, ping"}, whole_ping},
    {{"SACK within 200 ms or every second packet", "RFC 9260 section 6.2 (500 ms at most)"}, live_sack},
    {{"consent check answered", "RFC 7675 section 5.1"}, consent},
    {{"frame split over two channel messages accepted", "libp2p specs, webrtc \"Multiplexing\""}, split},
    {{"zero-length message survived", "RFC 8831 section 6.6"}, zero_length},
    {{"FIN answered by FIN_ACK", "libp2p specs, webrtc \"Closing the connection / stream\""}, fin},
    {{"reset of a channel answered by a reset", "RFC 8831 section 6.7"}, channel_reset},
    {{"frames of at most 16 KiB", "libp2p specs, webrtc \"Multiplexing\""}, limit},
    {{"close told: ABORT, SHUTDOWN or close_notify", "RFC 9260 section 9, RFC 5246 section 7.2.1"}, live_close_told},
    {{"close_notify answered", "RFC 5246 section 7.2.1"}, live_close_answered},
};

static const entry destructive[] = {
    {{"DATA without user data answered by ABORT", "RFC 9260 section 6.2"}, live_empty_data},
};

void live_dialer_checks(live *l) {
  for (size_t i = 0; i < WEFT_ARRAY_LEN(dialer) && !l->over; i++) dialer[i].look(l, &dialer[i].of);
}

static bool closed_with_a_word(const live *l) { return l->closed && l->seen.told != 0; }

/* A peer may close when it likes, if it says so; one that breaks off while it is looked at has failed, whatever is left to see. */
void live_connected_checks(live *l) {
  static const live_behaviour stays = {"the connection stays", "libp2p specs, webrtc-direct"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(connected) && !l->over; i++) {
    const entry *e = &connected[i];
    if (e->look == cookie && l->listener) continue;
    if (l->closed && !closed_with_a_word(l)) {
      live_note(l, &stays, LIVE_FAIL, "%s", l->why);
      return;
    }
    if (l->closed && e->look != live_close_told)
      live_note(l, &e->of, LIVE_NOT_TESTABLE, "the peer had closed the connection");
    else
      e->look(l, &e->of);
  }
}

void live_destructive_checks(live *l) {
  for (size_t i = 0; i < WEFT_ARRAY_LEN(destructive) && !l->over; i++) destructive[i].look(l, &destructive[i].of);
}
