#include "apps/relay_status.h"

#include <stdio.h>

#include "test/unit/app_pipe.h"

static app_pipe pipe_;
static app_relay_service service;
static app_relay_status_server server;
static app_relay_status_asker asker;
static app_relay_status heard;
static unsigned told;
static bool good;
static char why_[128];

static void done(void *user, const app_relay_status *st, const char *why, weft_time now) {
  (void)user, (void)now;
  told++;
  good = st != NULL;
  if (st) heard = *st;
  snprintf(why_, sizeof why_, "%s", why);
}

/* End 0 asks, end 1 is the relay; `remote` is what the relay sees of the asker. */
static void begin(const weft_addr *remote, bool limited, bool serves) {
  const app_protocol *asks[] = {&asker.protocol}, *answers[] = {&server.protocol};
  weft_relay_server_config cfg;
  memset(&pipe_, 0, sizeof pipe_);
  told = 0;
  app_relay_service_prepare(&service);
  app_relay_status_serve(&server, &service);
  app_relay_status_asker_init(&asker, done, NULL);
  app_pipe_end_init(&pipe_.end[0], 1, asks, 1);
  app_pipe_end_init(&pipe_.end[1], 2, answers, serves ? 1 : 0);
  for (int i = 0; i < 2; i++) pipe_.end[i].other = &pipe_.end[1 - i];
  weft_relay_server_config_default(&cfg);
  ck_assert_int_eq(app_relay_service_init(&service, &pipe_.end[1].host, &cfg, NULL, NULL), WEFT_OK);
  app_pipe_start(&pipe_, NULL);
  app_pipe_run(&pipe_);
  if (remote) pipe_.end[1].peer->remote = *remote;
  pipe_.end[1].peer->limited = limited;
  ck_assert_int_eq(app_relay_status_ask(&asker, pipe_.end[0].peer, 0), WEFT_OK);
  app_pipe_run(&pipe_);
  ck_assert_uint_eq(told, 1);
}

static void end(void) {
  app_pipe_free(&pipe_);
  app_relay_service_free(&service);
  ck_assert_uint_eq(told, 1);
}

START_TEST(loopback_is_answered) {
  static const uint8_t ip4[4] = {127, 0, 0, 1}, ip6[16] = {[15] = 1};
  weft_addr from[] = {weft_addr_ip4(ip4, 5), weft_addr_ip6(ip6, 5)};
  for (int i = 0; i < 2; i++) {
    begin(&from[i], false, true);
    ck_assert(good);
    ck_assert_uint_eq(heard.reservations + heard.circuits + heard.bytes, 0);
    end();
  }
}
END_TEST

START_TEST(nobody_else_is) {
  static const uint8_t ip4[4] = {192, 0, 2, 1}, loopback[4] = {127, 0, 0, 1};
  weft_addr outside = weft_addr_ip4(ip4, 5), here = weft_addr_ip4(loopback, 5);
  begin(&outside, false, true);
  ck_assert(!good);
  ck_assert_ptr_nonnull(strstr(why_, "on its own machine alone"));
  end();
  begin(NULL, false, true);
  ck_assert(!good);
  end();
  begin(&here, true, true); /* a circuit through somebody on this machine */
  ck_assert(!good);
  end();
}
END_TEST

START_TEST(who_does_not_speak_it_is_told_apart) {
  begin(NULL, false, false);
  ck_assert(!good);
  ck_assert_str_eq(why_, "this peer does not tell its status");
  end();
}
END_TEST

START_TEST(the_line) {
  app_relay_status st = {.reservations = 3,
                         .circuits = 2,
                         .circuits_total = 18446744073709551615u,
                         .bytes = 30,
                         .bytes_a_to_b = 10,
                         .bytes_b_to_a = 20},
                   back;
  char line[APP_RELAY_STATUS_MAX];
  st.refused[4] = 5;
  st.refused[5] = 1;
  size_t n = app_relay_status_format(&st, line, sizeof line);
  ck_assert_str_eq(line, "{\"reservations\":3,\"circuits\":2,\"circuits_total\":18446744073709551615,\"bytes\":30,"
                         "\"bytes_a_to_b\":10,\"bytes_b_to_a\":20,"
                         "\"refused\":{\"CONNECTION_FAILED\":5,\"NO_RESERVATION\":1}}");
  ck_assert_uint_eq(n, strlen(line));
  ck_assert_int_eq(app_relay_status_parse(&back, line), WEFT_OK);
  ck_assert_mem_eq(&back, &st, sizeof st);
  for (size_t cap = 0; cap <= n; cap++) ck_assert_uint_eq(app_relay_status_format(&st, line, cap), 0);
}
END_TEST

START_TEST(other_lines_are_refused) {
  static const char *const bad[] = {
      "",
      "{",
      "[]",
      "{\"reservations\":1}",
      "\"reservations\":1,\"circuits\":2",
      "{\"reservations\":-1,\"circuits\":0,\"circuits_total\":0,\"bytes\":0,\"bytes_a_to_b\":0,\"bytes_b_to_a\":0}",
      "{\"reservations\":1x,\"circuits\":0,\"circuits_total\":0,\"bytes\":0,\"bytes_a_to_b\":0,\"bytes_b_to_a\":0}"};
  app_relay_status st;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    ck_assert_int_eq(app_relay_status_parse(&st, bad[i]), WEFT_EMALFORMED);
}
END_TEST

Suite *test_apps_relay_status(void) {
  static const unit_test tests[] = {UNIT(loopback_is_answered), UNIT(nobody_else_is),
                                    UNIT(who_does_not_speak_it_is_told_apart), UNIT(the_line),
                                    UNIT(other_lines_are_refused)};
  return unit_suite("apps/relay_status", tests, sizeof tests / sizeof tests[0]);
}
