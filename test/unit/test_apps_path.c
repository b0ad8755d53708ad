/* The chat over two carriers, and the hand-over between them: what each event leads to, then random interleavings. */
#include "test/unit/path_rig.h"

static app_path_config dialer, listener;

static void defaults(void) {
  app_path_config_default(&dialer);
  app_path_config_default(&listener);
  dialer.dialer = true;
}

/* A rig whose dialer has a circuit, and tries the direct path. */
static rig *connected(uint64_t seed) {
  rig *r = rig_new(seed, &dialer, &listener);
  r->delay[APP_RELAYED] = WEFT_MS(20);
  r->delay[APP_DIRECT] = WEFT_MS(5);
  app_path_start(r->side[0].path, r->now);
  ck_assert_uint_eq(r->side[0].dials, 1);
  rig_up(r, APP_RELAYED);
  return r;
}

static const weft_closed no_path = {WEFT_WHO_TIMEOUT, "ice", "checks", WEFT_ETIMEDOUT, 0, "no path"};

static void fails(rig *r, bool again) { app_path_direct_failed(r->side[0].path, &no_path, again, r->now); }

START_TEST(the_chat_waits_for_the_direct_path) {
  defaults();
  rig *r = connected(1);
  ck_assert_uint_eq(r->side[0].tries, 1);
  rig_run(r, WEFT_SEC(3));
  ck_assert_uint_eq(r->side[0].opens, 0);
  rig_up(r, APP_DIRECT);
  rig_run(r, WEFT_SEC(4));
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(r->side[i].paths, 1);
    ck_assert_uint_eq(r->side[i].first_opens, 1);
    ck_assert_int_eq(r->side[i].carrier, APP_DIRECT);
  }
  rig_say(r, 0, "there");
  rig_say(r, 1, "and back");
  rig_run(r, WEFT_SEC(5));
  rig_assert_whole(r, 1);
  rig_free(r);
}
END_TEST

START_TEST(the_circuit_is_closed_when_signaling_is) {
  defaults();
  rig *r = connected(1);
  app_path_signaling(r->side[0].path, true, r->now);
  app_path_signaling(r->side[1].path, true, r->now);
  rig_up(r, APP_DIRECT);
  rig_run(r, WEFT_SEC(20));
  ck_assert_uint_eq(r->side[0].closes, 0);
  app_path_signaling(r->side[0].path, false, r->now);
  app_path_signaling(r->side[1].path, false, r->now);
  ck_assert_uint_eq(r->side[0].closes, 1);
  ck_assert_uint_eq(r->side[1].closes, 0);
  rig_run(r, WEFT_SEC(24));
  ck_assert_uint_eq(r->side[1].closes, 0);
  rig_run(r, WEFT_SEC(26)); /* a dialer that leaves it open: the listener does after 5 s */
  ck_assert_uint_eq(r->side[1].closes, 1);
  ck_assert_uint_eq(r->side[0].closes, 1);
  rig_leave(r, APP_RELAYED);
  rig_run(r, WEFT_SEC(60));
  ck_assert_uint_eq(r->side[0].dials, 1);
  ck_assert(!r->side[0].ended && !r->side[1].ended);
  rig_free(r);
}
END_TEST

START_TEST(without_a_direct_path_it_runs_relayed_and_tries_again) {
  weft_time pause = WEFT_SEC(5);
  defaults();
  rig *r = connected(1);
  for (unsigned i = 1; i <= 8; i++) {
    ck_assert_uint_eq(r->side[0].tries, i);
    fails(r, true);
    ck_assert_uint_eq(r->side[0].fallbacks, i);
    ck_assert_uint_eq(r->side[0].again, pause);
    rig_run(r, r->now + pause - 1);
    ck_assert_uint_eq(r->side[0].tries, i);
    rig_run(r, r->now + 1);
    pause = pause * 2 < WEFT_SEC(300) ? pause * 2 : WEFT_SEC(300);
  }
  ck_assert_uint_eq(r->side[0].tries, 9);
  ck_assert_int_eq(r->side[0].carrier, APP_RELAYED);
  ck_assert_int_eq(r->side[1].carrier, APP_RELAYED);
  ck_assert_uint_eq(r->side[0].opens, 1);
  ck_assert_uint_eq(r->side[0].closes, 0);
  fails(r, false);
  ck_assert_uint_eq(r->side[0].again, WEFT_NEVER);
  rig_run(r, r->now + WEFT_SEC(3600));
  ck_assert_uint_eq(r->side[0].tries, 9);
  rig_free(r);
}
END_TEST

START_TEST(relay_only_never_tries) {
  defaults();
  dialer.relay_only = true;
  rig *r = connected(1);
  rig_run(r, WEFT_SEC(3600));
  ck_assert_uint_eq(r->side[0].tries, 0);
  ck_assert_int_eq(r->side[0].carrier, APP_RELAYED);
  ck_assert_uint_eq(r->side[0].first_opens, 1);
  rig_free(r);
}
END_TEST

START_TEST(no_fallback_ends_instead) {
  defaults();
  dialer.no_fallback = true;
  rig *r = connected(1);
  rig_run(r, WEFT_SEC(5));
  fails(r, true);
  ck_assert(r->side[0].ended);
  ck_assert_int_eq(r->side[0].why.code, WEFT_ETIMEDOUT);
  ck_assert_uint_eq(r->side[0].opens, 0);
  rig_free(r);
}
END_TEST

START_TEST(another_certificate_ends_it) {
  static const weft_closed other = {WEFT_WHO_PEER, "dtls", "certificate", WEFT_EAUTH, 0, "not the certificate"};
  defaults();
  rig *r = connected(1);
  app_path_direct_failed(r->side[0].path, &other, false, r->now);
  ck_assert(r->side[0].ended);
  ck_assert_int_eq(r->side[0].why.code, WEFT_EAUTH);
  ck_assert_uint_eq(r->side[0].opens, 0);
  rig_free(r);
}
END_TEST

/* Chatting relayed, and then a direct path is found. */
static rig *handing_over(void) {
  rig *r = connected(1);
  fails(r, true);
  rig_run(r, WEFT_SEC(1));
  rig_say(r, 0, "one,");
  rig_say(r, 1, "eins,");
  rig_run(r, WEFT_SEC(5));
  return r;
}

START_TEST(the_new_stream_waits_for_the_end_of_the_old) {
  defaults();
  rig *r = handing_over();
  r->delay[APP_RELAYED] = WEFT_SEC(2);
  rig_say(r, 0, "two,");
  rig_say(r, 1, "zwei,");
  rig_up(r, APP_DIRECT);
  rig_run(r, r->now + WEFT_MS(100));
  ck_assert_int_eq(r->side[0].carrier, APP_DIRECT);
  ck_assert_int_eq(r->side[1].carrier, APP_DIRECT);
  rig_say(r, 0, "three");
  rig_say(r, 1, "drei");
  rig_run(r, r->now + WEFT_MS(500)); /* three and drei are there, two and zwei on the way */
  ck_assert_uint_eq(r->side[1].got_len, strlen("one,"));
  ck_assert_uint_eq(r->side[0].got_len, strlen("eins,"));
  rig_run(r, r->now + WEFT_SEC(5));
  rig_assert_whole(r, 1);
  ck_assert_uint_eq(r->side[0].gaps + r->side[1].gaps, 0);
  ck_assert_uint_eq(r->side[0].closes, 1);
  rig_free(r);
}
END_TEST

START_TEST(an_old_stream_that_never_ends_is_reset) {
  defaults();
  rig *r = handing_over();
  r->delay[APP_RELAYED] = WEFT_SEC(30);
  rig_up(r, APP_DIRECT);
  rig_run(r, r->now + WEFT_MS(100));
  rig_say(r, 0, "two");
  rig_run(r, r->now + WEFT_SEC(9));
  ck_assert_uint_eq(r->side[1].got_len, strlen("one,"));
  ck_assert_uint_eq(r->side[1].gaps, 0);
  rig_run(r, r->now + WEFT_SEC(2));
  ck_assert_uint_eq(r->side[1].gaps, 1);
  rig_assert_whole(r, 1);
  rig_free(r);
}
END_TEST

START_TEST(a_frame_that_is_out_in_part_stays_on_its_stream) {
  char big[RIG_WINDOW + 2001];
  defaults();
  rig *r = handing_over();
  memset(big, 'x', sizeof big - 1);
  big[sizeof big - 1] = 0;
  r->cut_frames = true;
  r->delay[APP_RELAYED] = WEFT_SEC(1);
  rig_say(r, 0, big);
  rig_up(r, APP_DIRECT);
  rig_run(r, r->now + WEFT_MS(100));
  rig_say(r, 0, "y");
  ck_assert_uint_eq(r->side[0].finishes, 0);
  rig_run(r, r->now + WEFT_SEC(30));
  ck_assert_uint_eq(r->side[0].finishes, 1);
  rig_assert_whole(r, 1);
  rig_free(r);
}
END_TEST

/* What the dead stream had of it is no use: it goes again, whole. */
START_TEST(a_frame_that_was_cut_with_its_carrier_goes_again) {
  char big[RIG_WINDOW + 2001];
  defaults();
  dialer.relay_only = true;
  rig *r = connected(1);
  rig_run(r, WEFT_SEC(1));
  memset(big, 'x', sizeof big - 1);
  big[sizeof big - 1] = 0;
  r->cut_frames = true;
  r->delay[APP_RELAYED] = WEFT_SEC(1);
  rig_say(r, 0, big);
  rig_cut(r, APP_RELAYED);
  ck_assert_uint_eq(r->side[0].gaps, 1);
  rig_up(r, APP_RELAYED);
  rig_run(r, r->now + WEFT_SEC(30));
  rig_assert_whole(r, 1);
  rig_free(r);
}
END_TEST

START_TEST(a_direct_connection_that_takes_no_chat_leaves_it_relayed) {
  defaults();
  rig *r = handing_over();
  r->side[0].refuse_open = true;
  rig_up(r, APP_DIRECT);
  rig_say(r, 0, "two");
  rig_run(r, r->now + WEFT_SEC(5));
  ck_assert_int_eq(r->side[0].carrier, APP_RELAYED);
  ck_assert(!r->side[0].ended);
  ck_assert_uint_eq(r->side[0].closes, 0);
  rig_assert_whole(r, 1);
  rig_free(r);
}
END_TEST

START_TEST(a_lost_direct_path_goes_on_relayed) {
  defaults();
  rig *r = connected(1);
  rig_up(r, APP_DIRECT);
  rig_run(r, WEFT_SEC(1));
  ck_assert_uint_eq(r->side[0].closes, 1);
  rig_leave(r, APP_RELAYED);
  rig_run(r, WEFT_SEC(2));
  rig_cut(r, APP_DIRECT);
  ck_assert_uint_eq(r->side[0].lost, 1);
  ck_assert_uint_eq(r->side[1].lost, 1);
  ck_assert_uint_eq(r->side[0].dials, 2);
  rig_say(r, 0, "kept,");
  rig_say(r, 1, "too,");
  rig_up(r, APP_RELAYED);
  ck_assert_uint_eq(r->side[0].tries, 2);
  rig_run(r, WEFT_SEC(3));
  ck_assert_int_eq(r->side[0].carrier, APP_RELAYED);
  rig_assert_whole(r, 1);
  rig_up(r, APP_DIRECT);
  rig_run(r, WEFT_SEC(4));
  rig_say(r, 0, "direct");
  rig_run(r, WEFT_SEC(5));
  ck_assert_int_eq(r->side[1].carrier, APP_DIRECT);
  rig_assert_whole(r, 1);
  ck_assert_uint_eq(r->side[0].first_opens, 1);
  rig_free(r);
}
END_TEST

START_TEST(a_loss_is_not_waited_for_for_ever) {
  static const weft_closed none = {WEFT_WHO_PEER, "relay", "circuit", WEFT_EREFUSED, 204, "no reservation"};
  defaults();
  rig *r = connected(1);
  rig_up(r, APP_DIRECT);
  rig_run(r, WEFT_SEC(1));
  unsigned dials = r->side[0].dials;
  rig_cut(r, APP_RELAYED);
  rig_cut(r, APP_DIRECT);
  for (int i = 0; i < 100 && !r->side[0].ended; i++) {
    if (r->side[0].dials > dials) app_path_circuit_failed(r->side[0].path, &none, false, r->now);
    dials = r->side[0].dials;
    rig_run(r, r->now + WEFT_SEC(1));
  }
  ck_assert(r->side[0].ended && r->side[1].ended);
  ck_assert_int_eq(r->side[0].why.code, WEFT_ETIMEDOUT);
  ck_assert_int_eq(r->side[1].why.code, WEFT_ETIMEDOUT);
  ck_assert_uint_ge(dials, 6); /* 0, 1, 3, 7, 15, 31, 61 s */
  ck_assert_uint_le(dials, 9);
  rig_free(r);
}
END_TEST

START_TEST(the_first_circuit_must_be_had) {
  static const weft_closed none = {WEFT_WHO_PEER, "relay", "circuit", WEFT_EREFUSED, 204, "no reservation"};
  defaults();
  rig *r = rig_new(1, &dialer, &listener);
  app_path_start(r->side[0].path, 0);
  app_path_circuit_failed(r->side[0].path, &none, false, 0);
  ck_assert(r->side[0].ended);
  ck_assert_uint_eq(r->side[0].why.wire_code, 204);
  rig_free(r);
}
END_TEST

START_TEST(a_busy_relay_is_asked_again) {
  static const weft_closed full = {WEFT_WHO_PEER, "relay", "circuit", WEFT_EREFUSED, 201, "too many circuits"};
  unsigned dials = 0;
  defaults();
  rig *r = rig_new(1, &dialer, &listener);
  app_path_start(r->side[0].path, 0);
  for (int i = 0; i < 100 && !r->side[0].ended; i++) {
    weft_time pause = 1;
    if (r->side[0].dials > dials) pause = app_path_circuit_busy(r->side[0].path, &full, r->now);
    ck_assert((pause == 0) == r->side[0].ended);
    dials = r->side[0].dials;
    rig_run(r, r->now + WEFT_SEC(1));
  }
  ck_assert(r->side[0].ended);
  ck_assert_uint_eq(r->side[0].why.wire_code, 201);
  ck_assert_uint_ge(dials, 6); /* 0, 1, 3, 7, 15, 31, 61 s of 90 */
  ck_assert_uint_le(dials, 8);
  rig_free(r);
}
END_TEST

START_TEST(a_goodbye_ends_it) {
  defaults();
  rig *r = connected(1);
  rig_up(r, APP_DIRECT);
  rig_run(r, WEFT_SEC(1));
  rig_leave(r, APP_RELAYED);
  ck_assert(!r->side[1].ended);
  rig_gone(r, 1, APP_DIRECT, true);
  ck_assert(r->side[1].ended);
  rig_free(r);
}
END_TEST

START_TEST(quit_ends_both_sides) {
  defaults();
  rig *r = connected(1);
  rig_up(r, APP_DIRECT);
  rig_run(r, WEFT_SEC(1));
  rig_say(r, 0, "last words");
  app_path_finish(r->side[0].path, r->now);
  ck_assert_int_eq(app_path_send(r->side[0].path, (const uint8_t *)"no", 2, r->now), WEFT_ECLOSED);
  rig_say(r, 1, "mine");
  rig_run(r, WEFT_SEC(2));
  rig_assert_whole(r, 1);
  ck_assert_uint_eq(r->side[1].left, 1);
  ck_assert_uint_eq(r->side[0].left, 1);
  for (int i = 0; i < 2; i++) {
    ck_assert(r->side[i].ended);
    ck_assert_int_eq(r->side[i].why.code, WEFT_OK);
  }
  ck_assert_int_eq(r->side[0].why.who, WEFT_WHO_SELF);
  ck_assert_int_eq(r->side[1].why.who, WEFT_WHO_PEER);
  rig_free(r);
}
END_TEST

START_TEST(lines_before_the_chat_is_open_are_kept) {
  defaults();
  rig *r = rig_new(1, &dialer, &listener);
  app_path_start(r->side[0].path, 0);
  rig_say(r, 0, "early");
  app_path_finish(r->side[0].path, 0);
  ck_assert(!r->side[0].ended);
  rig_up(r, APP_RELAYED);
  fails(r, true);
  rig_run(r, WEFT_SEC(1));
  rig_assert_whole(r, 1);
  ck_assert(r->side[0].ended && r->side[1].ended);
  rig_free(r);
}
END_TEST

START_TEST(a_full_queue_says_so_and_then_not) {
  char line[1001];
  int rc = WEFT_OK;
  defaults();
  rig *r = connected(1);
  memset(line, 'l', 1000);
  line[1000] = 0;
  for (int i = 0; i < 400 && rc == WEFT_OK; i++)
    rc = app_path_send(r->side[0].path, (const uint8_t *)line, 1000, r->now);
  ck_assert_int_eq(rc, WEFT_EAGAIN);
  ck_assert_uint_eq(r->side[0].rooms, 0);
  for (int i = 0; i < 400; i++) r->side[1].got_len = 0; /* only the events count here */
  rig_up(r, APP_DIRECT);
  for (int i = 0; i < 2000 && r->side[0].rooms == 0; i++) {
    rig_step(r, WEFT_SEC(60));
    r->side[1].got_len = 0;
  }
  ck_assert_uint_eq(r->side[0].rooms, 1);
  rig_free(r);
}
END_TEST

START_TEST(echo_comes_back_whole_over_a_hand_over) {
  defaults();
  listener.echo = true;
  rig *r = handing_over();
  char line[32];
  for (int i = 0; i < 200; i++) {
    snprintf(line, sizeof line, "line %d;", i);
    rig_say(r, 0, line);
    if (i == 100) rig_up(r, APP_DIRECT);
    rig_run(r, r->now + WEFT_MS(1));
  }
  app_path_finish(r->side[0].path, r->now);
  rig_run(r, r->now + WEFT_SEC(30));
  ck_assert_uint_eq(r->side[0].got_len, r->side[0].said_len + strlen("eins,"));
  ck_assert(r->side[0].ended && r->side[1].ended);
  ck_assert_uint_eq(r->side[0].gaps + r->side[1].gaps, 0);
  rig_free(r);
}
END_TEST

START_TEST(a_character_cut_in_two_is_shown_whole) {
  static const uint8_t half[] = {'a', 0xc3}, rest[] = {0xa9, 'b'};
  defaults();
  rig *r = connected(1);
  rig_up(r, APP_DIRECT);
  rig_run(r, WEFT_SEC(1));
  ck_assert_int_eq(app_path_send(r->side[0].path, half, 2, r->now), WEFT_OK);
  rig_run(r, WEFT_SEC(2));
  ck_assert_uint_eq(r->side[1].got_len, 1);
  ck_assert_int_eq(app_path_send(r->side[0].path, rest, 2, r->now), WEFT_OK);
  rig_run(r, WEFT_SEC(3));
  ck_assert_uint_eq(r->side[1].got_len, 4);
  ck_assert_int_eq(app_path_send(r->side[0].path, half, 2, r->now), WEFT_OK);
  app_path_finish(r->side[0].path, r->now);
  rig_run(r, WEFT_SEC(4));
  ck_assert_uint_eq(r->side[1].got_len, 6); /* what never became a character is shown at the end */
  rig_free(r);
}
END_TEST

/* ---- random interleavings ---- */

static void say_something(rig *r, int *number) {
  char line[64];
  int side = (int)rig_random(r, 2);
  snprintf(line, sizeof line, "<%d%.*s>", (*number)++, (int)rig_random(r, 40),
           "........................................");
  (void)rig_say(r, side, line);
}

/* Circuits and direct paths come up, lines go both ways all the time, the dialer closes the circuit when it asks to; then the direct path is lost
 * in an orderly moment (nothing on the way), and it goes on. */
static void hand_over_once(uint64_t seed) {
  int number = 0;
  defaults();
  rig *r = rig_new(seed, &dialer, &listener);
  r->delay[APP_RELAYED] = WEFT_MS(rig_random(r, 200));
  r->delay[APP_DIRECT] = WEFT_MS(rig_random(r, 200));
  r->cut_frames = rig_random(r, 2) == 0;
  app_path_start(r->side[0].path, 0);
  rig_up(r, APP_RELAYED);
  unsigned tries = 0, closes = 0, rounds = 60 + rig_random(r, 60);
  for (unsigned i = 0; i < rounds; i++) {
    for (uint32_t n = rig_random(r, 4); n > 0; n--) say_something(r, &number);
    if (r->side[0].tries > tries && rig_random(r, 8) == 0) {
      tries = r->side[0].tries;
      if (rig_random(r, 3) == 0)
        fails(r, true);
      else
        rig_up(r, APP_DIRECT);
    }
    if (r->side[0].closes > closes && rig_quiet(r, APP_RELAYED)) {
      closes = r->side[0].closes;
      rig_leave(r, APP_RELAYED);
    }
    rig_run(r, r->now + WEFT_MS(rig_random(r, 120)));
  }
  if (!app_path_is_open(r->side[0].path)) fails(r, true);
  rig_run(r, r->now + WEFT_SEC(60));
  rig_assert_whole(r, seed);
  ck_assert_msg(r->side[0].gaps + r->side[1].gaps == 0, "seed %llu: a gap", (unsigned long long)seed);
  app_path_finish(r->side[rig_random(r, 2)].path, r->now);
  rig_run(r, r->now + WEFT_SEC(60));
  ck_assert_msg(r->side[0].ended && r->side[1].ended, "seed %llu: it does not end", (unsigned long long)seed);
  rig_free(r);
}

START_TEST(nothing_is_lost_doubled_or_reordered) {
  for (uint64_t seed = 1; seed <= 400; seed++) hand_over_once(seed);
}
END_TEST

/* The numbers in what came, in order; false: not rising, so something came twice or late. */
static bool rising(const char *text, size_t len, int *count) {
  int last = -1;
  *count = 0;
  for (size_t i = 0; i < len; i++) {
    if (text[i] != '<') continue;
    int n = atoi(text + i + 1);
    if (n <= last) return false;
    last = n;
    ++*count;
  }
  return true;
}

/* Carriers are cut at any moment: what is missing was on the way, and GAP or the end says so; nothing comes twice or late. */
static void cut_at_random(uint64_t seed) {
  int number = 0, counted[2], said[2];
  defaults();
  dialer.set_up = listener.wait = WEFT_SEC(3600);
  rig *r = rig_new(seed, &dialer, &listener);
  r->delay[APP_RELAYED] = WEFT_MS(rig_random(r, 200));
  r->delay[APP_DIRECT] = WEFT_MS(rig_random(r, 200));
  app_path_start(r->side[0].path, 0);
  unsigned tries = 0, closes = 0, dials = 0;
  for (unsigned i = 0; i < 200; i++) {
    for (uint32_t n = rig_random(r, 3); n > 0; n--) say_something(r, &number);
    if (r->side[0].dials > dials) {
      dials = r->side[0].dials;
      rig_up(r, APP_RELAYED);
    } else if (r->side[0].tries > tries && r->up[APP_RELAYED]) {
      tries = r->side[0].tries;
      if (rig_random(r, 2))
        rig_up(r, APP_DIRECT);
      else
        fails(r, true);
    } else if (r->side[0].closes > closes) {
      closes = r->side[0].closes;
      if (r->up[APP_RELAYED]) rig_leave(r, APP_RELAYED);
    } else if (rig_random(r, 12) == 0) {
      app_carrier c = (app_carrier)rig_random(r, 2);
      if (r->up[c]) rig_cut(r, c);
    }
    rig_run(r, r->now + WEFT_MS(rig_random(r, 300)));
  }
  unsigned gaps = r->side[0].gaps + r->side[1].gaps;
  for (int i = 0; i < 2; i++) {
    ck_assert_msg(rising(r->side[1 - i].got, r->side[1 - i].got_len, &counted[i]), "seed %llu: out of order",
                  (unsigned long long)seed);
    ck_assert(rising(r->side[i].said, r->side[i].said_len, &said[i]));
  }
  /* What is still queued at the end comes when a path does. */
  if (gaps == 0 && app_path_is_open(r->side[0].path)) {
    rig_run(r, r->now + WEFT_SEC(30));
    rig_assert_whole(r, seed);
  }
  rig_free(r);
}

START_TEST(cuts_lose_at_most_what_was_on_the_way) {
  for (uint64_t seed = 1; seed <= 400; seed++) cut_at_random(seed);
}
END_TEST

Suite *test_apps_path(void) {
  static const unit_test tests[] = {UNIT(the_chat_waits_for_the_direct_path),
                                    UNIT(the_circuit_is_closed_when_signaling_is),
                                    UNIT(without_a_direct_path_it_runs_relayed_and_tries_again),
                                    UNIT(relay_only_never_tries),
                                    UNIT(no_fallback_ends_instead),
                                    UNIT(another_certificate_ends_it),
                                    UNIT(the_new_stream_waits_for_the_end_of_the_old),
                                    UNIT(an_old_stream_that_never_ends_is_reset),
                                    UNIT(a_frame_that_is_out_in_part_stays_on_its_stream),
                                    UNIT(a_frame_that_was_cut_with_its_carrier_goes_again),
                                    UNIT(a_direct_connection_that_takes_no_chat_leaves_it_relayed),
                                    UNIT(a_lost_direct_path_goes_on_relayed),
                                    UNIT(a_loss_is_not_waited_for_for_ever),
                                    UNIT(the_first_circuit_must_be_had),
                                    UNIT(a_busy_relay_is_asked_again),
                                    UNIT(a_goodbye_ends_it),
                                    UNIT(quit_ends_both_sides),
                                    UNIT(lines_before_the_chat_is_open_are_kept),
                                    UNIT(a_full_queue_says_so_and_then_not),
                                    UNIT(echo_comes_back_whole_over_a_hand_over),
                                    UNIT(a_character_cut_in_two_is_shown_whole),
                                    UNIT(nothing_is_lost_doubled_or_reordered),
                                    UNIT(cuts_lose_at_most_what_was_on_the_way)};
  return unit_suite("apps/path", tests, sizeof tests / sizeof tests[0]);
}
