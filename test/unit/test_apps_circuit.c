/* Circuits with a relay that does what the test says, and with one that is honest. */
#include "test/support/hex.h"
#include "test/unit/p2p_world.h"

static p2p_world w;
static unsigned opened, up, closed, goodbyes;
static weft_closed why;
static char why_text[256];
static app_circuits mine;

static void run_for(weft_time d) { p2p_run(&w, w.now + d, NULL); }

/* ---- a scripted relay ---- */

static uint8_t answer[8192];
static size_t answer_len;
static bool shut_after, reset_after;

static void script_data(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  (void)data;
  app_stream_consumed(s, len, now);
  if (answer_len > 0) ck_assert_int_eq(app_stream_send(s, answer, answer_len, now), (ptrdiff_t)answer_len);
  if (shut_after) app_stream_shutdown(s, now);
  if (reset_after) app_stream_reset(s, now);
  answer_len = 0;
}

static void scripted(const char *hex) {
  static const app_protocol hop = {.name = WEFT_RELAY_HOP_PROTOCOL, .manual_consume = true, .data = script_data};
  weft_rng rng;
  p2p_world_init(&w, 1, 2);
  rng = w.host.rng;
  w.hop = hop;
  const app_protocol *protocols[] = {&w.hop};
  app_host_init(&w.host, &rng, &w.identity, protocols, 1, &w);
  answer_len = hex_into(answer, sizeof answer, hex);
  shut_after = reset_after = false;
  opened = up = closed = goodbyes = 0;
}

static void on_opened(void *user, app_circuit *c, weft_time now) { (void)user, (void)c, (void)now, opened++; }
static void on_up(void *user, app_circuit *c, app_peer *p, weft_time now) {
  (void)user, (void)c, (void)p, (void)now, up++;
}

static void on_closed(void *user, app_circuit *c, const weft_closed *reason, bool goodbye, weft_time now) {
  (void)user, (void)c, (void)now;
  closed++;
  goodbyes += goodbye;
  why = *reason;
  snprintf(why_text, sizeof why_text, "%s", reason->text);
}

static weft_time mine_due(const void *unused) {
  (void)unused;
  return app_circuits_deadline(&mine);
}

/* Dials node 0 through the relay, with circuits of this file's own on node 1's connection. */
static void dial(void) {
  static const app_circuits_callbacks cb = {on_opened, on_up, on_closed};
  int rc;
  app_circuits_init(&mine, &cb, NULL);
  p2p_connect(&w.nodes[1], w.now);
  run_for(WEFT_SEC(1));
  ck_assert_ptr_nonnull(app_link_peer(w.nodes[1].up.link));
  ck_assert_ptr_nonnull(app_circuit_dial(&mine, app_link_peer(w.nodes[1].up.link), &w.nodes[0].id, &rc, w.now));
  for (int i = 0; i < 300; i++) {
    run_for(WEFT_MS(100));
    if (mine_due(NULL) <= w.now) app_circuits_tick(&mine, w.now);
  }
}

static void end(void) {
  app_circuits_end(&mine, w.now);
  p2p_world_end(&w);
}

static void expect(const char *step, int code) {
  ck_assert_uint_eq(closed, 1);
  ck_assert_uint_eq(up, 0);
  ck_assert_str_eq(why.step, step);
  ck_assert_msg(why.code == code, "%s, not %s: %s", weft_errname(why.code), weft_errname(code), why_text);
  ck_assert_ptr_null(mine.first);
}

/* HopMessage{type STATUS (08 02), status (28 varint)}, behind its length; circuit-v2.md. */
#define STATUS_OK "04 0802 2864"
#define STATUS_NO_RESERVATION "05 0802 28cc01"

START_TEST(a_relay_that_says_no) {
  scripted(STATUS_NO_RESERVATION);
  dial();
  expect("circuit", WEFT_EREFUSED);
  ck_assert_uint_eq(why.wire_code, WEFT_RELAY_NO_RESERVATION);
  end();
}
END_TEST

START_TEST(garbage_for_an_answer) {
  static const char *const cases[] = {"04 ffffffff", "ffffffffffffffffffff7f", "8140 08", "02 0803", "00", "02 1b1c"};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    scripted(cases[i]);
    dial();
    ck_assert_msg(closed == 1 && opened == 0 && why.code != WEFT_OK && why.code != WEFT_ETIMEDOUT, "%s: %s", cases[i],
                  why_text);
    end();
  }
}
END_TEST

START_TEST(a_relay_that_does_not_answer) {
  scripted("");
  dial();
  expect("message", WEFT_ETIMEDOUT);
  end();
}
END_TEST

START_TEST(a_relay_that_hangs_up) {
  scripted("");
  shut_after = true;
  dial();
  expect("message", WEFT_ECLOSED);
  end();
  scripted("");
  reset_after = true;
  dial();
  expect("circuit", WEFT_ERESET);
  end();
}
END_TEST

START_TEST(a_circuit_that_says_nothing) {
  scripted(STATUS_OK);
  dial();
  ck_assert_uint_eq(opened, 1);
  expect("security", WEFT_ETIMEDOUT);
  end();
}
END_TEST

START_TEST(a_circuit_that_is_cut_at_once) {
  scripted(STATUS_OK);
  reset_after = true;
  dial();
  ck_assert_uint_eq(closed, 1);
  ck_assert_int_ne(why.code, WEFT_ETIMEDOUT); /* at once, not when somebody has lost patience */
  ck_assert_uint_eq(goodbyes, 0);
  ck_assert_uint_eq(up, 0);
  end();
}
END_TEST

START_TEST(the_far_peers_bytes_in_the_same_message) {
  scripted(STATUS_OK "13 2f6d756c746973747265616d2f312e302e300a 03 6e610a"); /* /multistream/1.0.0, na */
  dial();
  ck_assert_uint_eq(opened, 1);
  expect("security", WEFT_EUNSUPPORTED);
  end();
}
END_TEST

START_TEST(what_is_no_relay) {
  weft_rng rng;
  scripted("");
  rng = w.host.rng;
  app_host_init(&w.host, &rng, &w.identity, NULL, 0, &w);
  dial();
  expect("hop", WEFT_EUNSUPPORTED);
  end();
}
END_TEST

START_TEST(the_relays_connection_breaks_at_any_moment) {
  for (weft_time at = 0; at < WEFT_MS(400); at += WEFT_MS(7)) {
    p2p_world_init(&w, 1, 2);
    p2p_reserve(&w, 0);
    ck_assert(p2p_run(&w, WEFT_SEC(5), p2p_alice_reserved));
    p2p_call(&w, 1, 0, &(app_path_config){.relay_only = true, .set_up = WEFT_SEC(90), .stall = WEFT_SEC(10)});
    run_for(at);
    p2p_disconnect(&w, at % 2);
    run_for(WEFT_SEC(5));
    /* Before the chat was open it is over, with its circuit; after that it is back. */
    const app_session *s = w.nodes[1].session;
    if (s)
      ck_assert_msg(app_path_is_open(s->path), "broken after %u ms", (unsigned)(at / 1000));
    else
      ck_assert_ptr_null(w.nodes[1].sessions.circuits.first);
    p2p_world_end(&w);
  }
}
END_TEST

/* Far more than the relay, the pipes and the windows hold together, to a listener that echoes: each byte comes back, once. */
START_TEST(back_pressure_reaches_the_sender) {
  static char line[1001];
  memset(line, 'b', 1000);
  p2p_world_init(&w, 1, 2);
  w.nodes[0].sessions.cfg.accept.echo = true;
  p2p_reserve(&w, 0);
  ck_assert(p2p_run(&w, WEFT_SEC(5), p2p_alice_reserved));
  p2p_call(&w, 1, 0, &(app_path_config){.relay_only = true, .set_up = WEFT_SEC(90), .stall = WEFT_SEC(10)});
  ck_assert(p2p_run(&w, w.now + WEFT_SEC(5), p2p_bob_open));
  size_t sent = 0, back = 0, refused = 0;
  while (sent < 4000000 || back < sent) {
    while (sent < 4000000) {
      int rc = app_session_send(w.nodes[1].session, (const uint8_t *)line, 1000, w.now);
      if (rc == WEFT_EAGAIN) refused++;
      if (rc != WEFT_OK) break;
      sent += 1000;
    }
    run_for(WEFT_MS(10));
    back += w.nodes[1].got_len;
    w.nodes[0].got_len = w.nodes[1].got_len = 0;
    ck_assert_uint_lt(w.now, WEFT_SEC(600));
  }
  ck_assert_uint_eq(back, sent);
  ck_assert_uint_gt(refused, 0);
  p2p_world_end(&w);
}
END_TEST

static unsigned refused_streams;

static void count_refused(app_stream *s, int code, weft_time now) {
  (void)s, (void)now;
  if (code == WEFT_ERESET) refused_streams++;
}

/* Stop streams on which the relay says nothing, or names peers who then say nothing. */
START_TEST(circuits_that_are_not_proven_are_bounded) {
  static const app_protocol stop = {.name = WEFT_RELAY_STOP_PROTOCOL, .dial_only = true, .closed = count_refused};
  int rc;
  p2p_world_init(&w, 1, 2);
  p2p_reserve(&w, 0);
  ck_assert(p2p_run(&w, WEFT_SEC(5), p2p_alice_reserved));
  refused_streams = 0;
  for (int i = 0; i < APP_CIRCUITS_UNPROVEN + 10; i++)
    ck_assert_ptr_nonnull(app_stream_open(app_link_peer(w.nodes[0].down.link), &stop, NULL, &rc, w.now));
  run_for(WEFT_SEC(1));
  ck_assert_uint_eq(refused_streams, 10);
  run_for(WEFT_SEC(20)); /* those that were taken end with their limit, and there is room again */
  ck_assert_ptr_null(w.nodes[0].sessions.circuits.first);
  p2p_call(&w, 1, 0, NULL);
  run_for(WEFT_SEC(3));
  ck_assert_uint_eq(w.nodes[0].opened, 1);
  p2p_world_end(&w);
}
END_TEST

Suite *test_apps_circuit(void) {
  static const unit_test tests[] = {UNIT(a_relay_that_says_no),
                                    UNIT(garbage_for_an_answer),
                                    UNIT(a_relay_that_does_not_answer),
                                    UNIT(a_relay_that_hangs_up),
                                    UNIT(a_circuit_that_says_nothing),
                                    UNIT(a_circuit_that_is_cut_at_once),
                                    UNIT(the_far_peers_bytes_in_the_same_message),
                                    UNIT(what_is_no_relay),
                                    UNIT(the_relays_connection_breaks_at_any_moment),
                                    UNIT(circuits_that_are_not_proven_are_bounded),
                                    UNIT(back_pressure_reaches_the_sender)};
  return unit_suite("apps/circuit", tests, sizeof tests / sizeof tests[0]);
}
