/* The stream rules: named exchanges with each peer, and every order of everything that can happen. */
#include <string.h>

#include "test/support/unit.h"
#include "webrtc/halves.h"

#define NONE WEFT_WEBRTC_FLAG_NONE
#define FIN WEFT_WEBRTC_FIN
#define STOP WEFT_WEBRTC_STOP_SENDING
#define RESET WEFT_WEBRTC_RESET
#define FIN_ACK WEFT_WEBRTC_FIN_ACK

#define LIMIT WEFT_SEC(10)

/* A script: 'F' 'S' 'R' 'A' flags that come (FIN, STOP_SENDING, RESET, FIN_ACK), 'X' the peer resets the channel, 'd' shutdown, 's' stop,
 * 'r' reset here, 'D' drained, '1' a second passes, 'T' eleven seconds pass. What goes out is written into sent: f s r a. */
typedef struct run {
  weft_webrtc_halves h;
  bool quirk;
  weft_time now;
  char sent[32];
  size_t n;
  unsigned remote_closed, resets;
} run;

static void flush(run *r) {
  int flag;
  while ((flag = weft_webrtc_halves_next(&r->h, r->quirk, r->now)) != NONE) {
    ck_assert_uint_lt(r->n, sizeof r->sent - 1);
    r->sent[r->n++] = "fsra"[flag];
    weft_webrtc_halves_sent(&r->h, flag);
  }
}

static void told(run *r, bool changed) {
  if (!changed) return;
  if (r->h.reset != WEFT_OK)
    r->resets++;
  else
    r->remote_closed++;
}

static void act(run *r, char what) {
  weft_webrtc_halves *h = &r->h;
  if (what == 'F') told(r, weft_webrtc_halves_flag(h, FIN, r->now));
  if (what == 'S') told(r, weft_webrtc_halves_flag(h, STOP, r->now));
  if (what == 'R') told(r, weft_webrtc_halves_flag(h, RESET, r->now));
  if (what == 'A') told(r, weft_webrtc_halves_flag(h, FIN_ACK, r->now));
  if (what == 'X') told(r, weft_webrtc_halves_channel_reset(h));
  if (what == 'd') (void)weft_webrtc_halves_shutdown(h);
  if (what == 's') (void)weft_webrtc_halves_stop(h);
  if (what == 'r' && h->reset == WEFT_OK) {
    weft_webrtc_halves_reset(h, WEFT_ECLOSED, true);
    r->resets++;
  }
  if (what == 'D') weft_webrtc_halves_drained(h, r->quirk, LIMIT, r->now);
  if (what == '1') r->now += WEFT_SEC(1);
  if (what == 'T') r->now += WEFT_SEC(11);
}

static run play(const char *script, bool quirk) {
  run r = {.quirk = quirk, .now = WEFT_SEC(5)};
  weft_webrtc_halves_init(&r.h);
  for (; *script; script++) {
    act(&r, *script);
    flush(&r);
  }
  return r;
}

static bool finished(const run *r) { return weft_webrtc_halves_finished(&r->h, r->now); }

START_TEST(exchanges) {
  static const struct {
    const char *script, *sent;
    bool quirk, finished;
    unsigned remote_closed;
    int reset;
  } cases[] = {
      /* js: FIN, we answer and end too, it acknowledges */
      {"F", "a", false, false, 1, WEFT_OK},
      {"Fd", "af", false, false, 1, WEFT_OK},
      {"FdA", "af", false, true, 1, WEFT_OK},
      {"FdD", "af", false, false, 1, WEFT_OK},
      {"FdD1", "af", false, false, 1, WEFT_OK},
      {"FdDT", "af", false, true, 1, WEFT_OK}, /* FIN_ACK never came */
      {"FdX", "af", false, true, 1, WEFT_OK},  /* the peer closed the channel instead */
      {"dFA", "fa", false, true, 1, WEFT_OK},
      {"dAF", "fa", false, true, 1, WEFT_OK},
      {"dA", "f", false, false, 0, WEFT_OK}, /* half open */
      {"Ad", "f", false, false, 0, WEFT_OK}, /* a FIN_ACK nobody asked for */
      {"AdF", "fa", false, false, 1, WEFT_OK},
      {"FF", "a", false, false, 1, WEFT_OK},
      /* go: Close() is FIN and STOP_SENDING */
      {"FS", "af", false, false, 1, WEFT_OK},
      {"SF", "fa", false, false, 1, WEFT_OK},
      {"SFA", "fa", false, true, 1, WEFT_OK},
      /* rust: no FIN_ACK, and none to it before our FIN */
      {"F", "", true, false, 1, WEFT_OK},
      {"Fd", "fa", true, false, 1, WEFT_OK},
      {"FdD", "fa", true, false, 1, WEFT_OK}, /* it may not have read it yet */
      {"FdD1", "fa", true, true, 1, WEFT_OK},
      {"FdDX", "fa", true, true, 1, WEFT_OK},
      {"F1", "a", true, false, 1, WEFT_OK},
      {"sd", "fs", true, false, 0, WEFT_OK},
      /* we read no more */
      {"s", "s", false, false, 0, WEFT_OK},
      {"sF", "sa", false, false, 1, WEFT_OK},
      {"sdAD", "sf", false, false, 0, WEFT_OK},
      {"sdADT", "sf", false, true, 0, WEFT_OK},
      {"Fs", "a", false, false, 1, WEFT_OK},
      /* resets */
      {"R", "", false, false, 0, WEFT_ERESET},
      {"FR", "a", false, false, 1, WEFT_ERESET},
      {"X", "", false, false, 0, WEFT_ERESET},   /* without FIN */
      {"FX", "a", false, false, 1, WEFT_ERESET}, /* with FIN, while we still write */
      {"dAX", "f", false, false, 0, WEFT_ERESET},
      {"r", "r", false, false, 0, WEFT_ECLOSED},
      {"rF", "r", false, false, 0, WEFT_ECLOSED},
      {"FdrA", "afr", false, false, 1, WEFT_ECLOSED},
      {"sdX", "sf", false, true, 0, WEFT_OK},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    run r = play(cases[i].script, cases[i].quirk);
    ck_assert_msg(strcmp(r.sent, cases[i].sent) == 0, "%s: sent '%s'", cases[i].script, r.sent);
    ck_assert_msg(finished(&r) == cases[i].finished, "%s: finished %d", cases[i].script, finished(&r));
    ck_assert_msg(r.remote_closed == cases[i].remote_closed, "%s: closed %u", cases[i].script, r.remote_closed);
    ck_assert_msg(r.h.reset == cases[i].reset, "%s: reset %d", cases[i].script, r.h.reset);
  }
}
END_TEST

/* ---- every order ---- */

static size_t count(const char *text, char c) {
  size_t n = 0;
  for (; *text; text++) n += *text == c;
  return n;
}

static size_t index_of(const char *text, char c) {
  const char *p = strchr(text, c);
  return p ? (size_t)(p - text) : SIZE_MAX;
}

static void check(const char *script, const run *r) {
  const char *sent = r->sent;
  for (const char *c = "fsra"; *c; c++) ck_assert_msg(count(sent, *c) <= 1, "%s: '%s' repeats %c", script, sent, *c);
  ck_assert_msg(r->remote_closed <= 1 && r->resets <= 1, "%s: told twice", script);
  ck_assert_msg(index_of(sent, 'r') == SIZE_MAX || sent[strlen(sent) - 1] == 'r', "%s: '%s' goes on after RESET",
                script, sent);
  if (count(sent, 'a')) ck_assert_msg(index_of(script, 'F') != SIZE_MAX, "%s: FIN_ACK without FIN", script);
  if (count(sent, 'f')) ck_assert_msg(strpbrk(script, "dS") != NULL, "%s: FIN unasked", script);
  if (finished(r)) {
    ck_assert_msg(r->h.reset == WEFT_OK && count(sent, 'f') == 1, "%s: finished without FIN", script);
    ck_assert_msg(index_of(script, 'F') != SIZE_MAX || index_of(script, 's') != SIZE_MAX, "%s: finished, the peer not",
                  script);
    ck_assert_msg(strpbrk(script, r->quirk ? "ADX" : "ATX") != NULL, "%s: finished unacknowledged", script);
  }
  if (r->quirk && index_of(script, '1') == SIZE_MAX && index_of(script, 'T') == SIZE_MAX) {
    size_t f = index_of(sent, 'f'), a = index_of(sent, 'a'), s = index_of(sent, 's');
    ck_assert_msg((a == SIZE_MAX || f < a) && (s == SIZE_MAX || f < s), "%s: '%s' would end the reading of rust",
                  script, sent);
  }
}

START_TEST(every_order_of_five) {
  static const char things[] = "FSRAXdsrD1T";
  size_t n = sizeof things - 1, total = n * n * n * n * n;
  for (size_t i = 0; i < total; i++) {
    char script[6] = {0};
    size_t x = i;
    for (size_t k = 0; k < 5; k++, x /= n) script[k] = things[x % n];
    for (int quirk = 0; quirk < 2; quirk++) {
      run r = play(script, quirk);
      check(script, &r);
    }
  }
}
END_TEST

/* From every state two plain ends lead out: nothing waits for ever. */
START_TEST(every_order_can_end) {
  static const char things[] = "FSRAXdsrD1T";
  size_t n = sizeof things - 1, total = n * n * n * n;
  for (size_t i = 0; i < total; i++) {
    char script[16] = {0};
    size_t x = i;
    for (size_t k = 0; k < 4; k++, x /= n) script[k] = things[x % n];
    strcat(script, "dFDT");
    for (int quirk = 0; quirk < 2; quirk++) {
      run r = play(script, quirk);
      ck_assert_msg(finished(&r) || r.h.reset != WEFT_OK, "%s: neither finished nor reset, sent '%s'", script, r.sent);
    }
  }
}
END_TEST

START_TEST(deadlines_are_told) {
  run r = play("F", true);
  ck_assert_uint_eq(weft_webrtc_halves_deadline(&r.h, true), WEFT_SEC(6));
  ck_assert_uint_eq(weft_webrtc_halves_deadline(&r.h, false), WEFT_NEVER);
  r = play("FdD", false);
  ck_assert_uint_eq(weft_webrtc_halves_deadline(&r.h, false), WEFT_SEC(15));
  r = play("sdD", false);
  ck_assert_uint_eq(weft_webrtc_halves_deadline(&r.h, false), WEFT_SEC(15));
  r = play("R", false);
  ck_assert_uint_eq(weft_webrtc_halves_deadline(&r.h, false), WEFT_NEVER);
}
END_TEST

Suite *test_webrtc_halves(void) {
  static const unit_test tests[] = {UNIT(exchanges), UNIT(every_order_of_five), UNIT(every_order_can_end),
                                    UNIT(deadlines_are_told)};
  return unit_suite("webrtc/halves", tests, sizeof tests / sizeof tests[0]);
}
