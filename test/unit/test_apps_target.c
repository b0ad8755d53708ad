#include "apps/target.h"

#include <string.h>

#include "test/support/unit.h"

#define R "/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"
#define X "12D3KooWGgPn2MjxEseXuMHA1xv7gtD5KL5sEgRVEeGysp8VJn7m"

static int read(app_target *t, const char *text, char *why) {
  char id[WEFT_PEER_ID_TEXT_MAX];
  int rc = app_target_parse(t, text, why, 200);
  if (rc != WEFT_OK) return rc;
  ck_assert_int_eq(weft_peer_id_format(&t->peer, id, sizeof id), WEFT_OK);
  ck_assert_str_eq(id, X);
  return rc;
}

START_TEST(a_whole_address) {
  app_target t;
  char why[200], relay[WEFT_MULTIADDR_TEXT_MAX];
  ck_assert_int_eq(read(&t, "/ip4/1.2.3.4/tcp/9091" R "/p2p-circuit/webrtc/p2p/" X, why), WEFT_OK);
  ck_assert(t.has_relay);
  weft_multiaddr_format(&t.relay, relay, sizeof relay);
  ck_assert_str_eq(relay, "/ip4/1.2.3.4/tcp/9091" R);
  ck_assert_int_eq(read(&t, "/ip4/1.2.3.4/tcp/9091" R "/p2p-circuit/p2p/" X, why), WEFT_OK);
}
END_TEST

START_TEST(the_part_behind_the_relay) {
  static const char *const forms[] = {"/p2p-circuit/webrtc/p2p/" X, "/webrtc/p2p/" X, "/p2p/" X, "/p2p-circuit/p2p/" X};
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    app_target t;
    char why[200];
    ck_assert_int_eq(read(&t, forms[i], why), WEFT_OK);
    ck_assert(!t.has_relay);
  }
}
END_TEST

START_TEST(what_is_wrong_is_said) {
  static const char *const cases[][2] = {
      {"hello", "must begin with"},
      {"/ip4/1.2.3.4/tcp/9091" R, "names no circuit"},
      {"/ip4/1.2.3.4/tcp/9091" R "/p2p-circuit", "add \"/p2p/<peer id>\""},
      {"/ip4/1.2.3.4/tcp/9091" R "/p2p-circuit/webrtc", "add \"/p2p/<peer id>\""},
      {"/ip4/1.2.3.4/tcp/9091" R "/p2p-circuit/tcp/1/p2p/" X, "only /webrtc/p2p"},
      {"/ip4/1.2.3.4/tcp/9091" R "/p2p-circuit/webrtc/p2p/" X "/tcp/1", "nothing may follow"},
      {"/ip4/1.2.3.4/tcp/9091" R "/p2p-circuit" R "/p2p-circuit/webrtc/p2p/" X, "nothing may follow"},
      {"/webrtc", "add \"/p2p/<peer id>\""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    app_target t;
    char why[200] = "";
    ck_assert_int_eq(app_target_parse(&t, cases[i][0], why, sizeof why), WEFT_EMALFORMED);
    ck_assert_msg(strlen(why) > 0 && (i == 0 || strstr(why, cases[i][1])), "%s: %s", cases[i][0], why);
  }
}
END_TEST

Suite *test_apps_target(void) {
  static const unit_test tests[] = {UNIT(a_whole_address), UNIT(the_part_behind_the_relay),
                                    UNIT(what_is_wrong_is_said)};
  return unit_suite("apps/target", tests, sizeof tests / sizeof tests[0]);
}
