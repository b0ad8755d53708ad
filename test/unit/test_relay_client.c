#include "test/unit/relay_client_rig.h"

static int try_config(const weft_relay_client_config *cfg) {
  weft_relay_client_callbacks cb = {sizeof cb, client_rig_output, client_rig_event};
  weft_relay_client *c = NULL;
  int rc = weft_relay_client_new(&c, cfg, &cb, NULL);
  weft_relay_client_free(c);
  return rc;
}

START_TEST(asks_for_the_ids_it_needs) {
  uint8_t ids[3][RIG_ID];
  weft_relay_client_config cfg = client_rig_config(WEFT_RELAY_RESERVE, ids);
  cfg.target_id = NULL;
  ck_assert_int_eq(try_config(&cfg), WEFT_OK);
  cfg.verify = NULL;
  ck_assert_int_eq(try_config(&cfg), WEFT_EINVAL);
  cfg = client_rig_config(WEFT_RELAY_RESERVE, ids);
  cfg.relay_id = NULL;
  ck_assert_int_eq(try_config(&cfg), WEFT_EINVAL);
  cfg = client_rig_config(WEFT_RELAY_RESERVE, ids);
  cfg.self_id = NULL;
  ck_assert_int_eq(try_config(&cfg), WEFT_EINVAL);
  cfg = client_rig_config(WEFT_RELAY_CONNECT, ids);
  cfg.relay_id = cfg.self_id = NULL;
  cfg.verify = NULL;
  ck_assert_int_eq(try_config(&cfg), WEFT_OK);
  cfg.target_id_len = 5;
  ck_assert_int_eq(try_config(&cfg), WEFT_EINVAL);
  cfg.target_id = NULL;
  ck_assert_int_eq(try_config(&cfg), WEFT_EINVAL);
  cfg.kind = WEFT_RELAY_ACCEPT;
  ck_assert_int_eq(try_config(&cfg), WEFT_OK);
  cfg.kind = (weft_relay_client_kind)0;
  ck_assert_int_eq(try_config(&cfg), WEFT_EINVAL);
  cfg.kind = (weft_relay_client_kind)4;
  ck_assert_int_eq(try_config(&cfg), WEFT_EINVAL);
}
END_TEST

START_TEST(starts_once) {
  client_rig *x = client_rig_idle(WEFT_RELAY_RESERVE);
  ck_assert_int_eq(client_rig_give(x, "x", 1), WEFT_ESTATE);
  ck_assert_int_eq(weft_relay_client_start(x->c, x->now), WEFT_OK);
  ck_assert_int_eq(weft_relay_client_start(x->c, x->now), WEFT_ESTATE);
  client_rig_free(x);
}
END_TEST

START_TEST(waits_for_its_limit_and_no_longer) {
  client_rig *x = client_rig_new(WEFT_RELAY_RESERVE);
  weft_relay_client_tick(x->c, WEFT_SEC(15) - 1);
  ck_assert_events(x, "");
  weft_relay_client_tick(x->c, WEFT_SEC(15));
  ck_assert_events(x, "CLOSED message WEFT_ETIMEDOUT 0; ");
  ck_assert_int_eq(x->closed.who, WEFT_WHO_TIMEOUT);
  weft_relay_client_tick(x->c, WEFT_SEC(100));
  ck_assert_events(x, "");
  client_rig_free(x);
}
END_TEST

START_TEST(offers_the_rest_of_its_request_in_tick) {
  client_rig *x = client_rig_idle(WEFT_RELAY_RESERVE);
  x->room = 1;
  weft_relay_client_start(x->c, x->now);
  ck_assert_hex(x->out, x->out_len, "02");
  x->room = 1;
  weft_relay_client_tick(x->c, x->now);
  ck_assert_hex(x->out, x->out_len, "0208");
  x->room = 9;
  weft_relay_client_tick(x->c, x->now);
  ck_assert_hex(x->out, x->out_len, "020800");
  client_rig_free(x);
}
END_TEST

START_TEST(ends_with_the_stream_beneath) {
  client_rig *x = client_rig_new(WEFT_RELAY_RESERVE);
  weft_relay_client_input_end(x->c, x->now);
  ck_assert_events(x, "CLOSED message WEFT_ECLOSED 0; ");
  client_rig_free(x);
  x = client_rig_idle(WEFT_RELAY_CONNECT);
  x->refuse = WEFT_ERESET;
  weft_relay_client_start(x->c, x->now);
  ck_assert_events(x, "CLOSED output WEFT_ERESET 0; ");
  client_rig_free(x);
}
END_TEST

START_TEST(malformed_and_oversized_answers) {
  static const struct {
    const char *hex, *events;
  } cases[] = {{"03080012", "CLOSED message WEFT_EMALFORMED 0; "},
               {"8120", "CLOSED message WEFT_ETOOBIG 0; "},
               {"8000", "CLOSED message WEFT_EMALFORMED 0; "}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    client_rig *x = client_rig_new(WEFT_RELAY_RESERVE);
    client_rig_hex(x, cases[i].hex);
    ck_assert_events(x, cases[i].events);
    ck_assert_uint_eq(x->out_len, 3); /* a relay is told nothing */
    client_rig_free(x);
  }
}
END_TEST

/* Any cut of the relay's bytes gives the same events, and the same rest. */
START_TEST(split_at_every_byte) {
  uint8_t msg[1024];
  size_t len = client_rig_reservation(msg, RIG_UNIX + 3605, 'r', 'a', RIG_UNIX + 3605);
  memcpy(msg + len, "rest", 4);
  for (size_t cut = 0; cut <= len + 4; cut++) {
    client_rig *x = client_rig_new(WEFT_RELAY_RESERVE);
    ptrdiff_t a = client_rig_give(x, msg, cut), b = client_rig_give(x, msg + a, len + 4 - (size_t)a);
    ck_assert_int_eq(a + b, (ptrdiff_t)len);
    ck_assert_events(x, "RESERVED 1700003605 3305; CLOSED reservation WEFT_OK 100; ");
    client_rig_free(x);
  }
  client_rig *x = client_rig_new(WEFT_RELAY_RESERVE);
  for (size_t i = 0; i < len + 4; i++) ck_assert_int_eq(client_rig_give(x, msg + i, 1), i < len);
  ck_assert_events(x, "RESERVED 1700003605 3305; CLOSED reservation WEFT_OK 100; ");
  client_rig_free(x);
}
END_TEST

START_TEST(free_from_an_event_ends_the_events) {
  client_rig *x = client_rig_new(WEFT_RELAY_CONNECT);
  x->free_on_event = true;
  client_rig_hex(x, "040802 2864");
  ck_assert_events(x, "CIRCUIT b; ");
  client_rig_free(x);
  weft_relay_client_free(NULL);
}
END_TEST

static void scenario(void *ctx) {
  client_rig *x = NULL;
  uint8_t msg[1024];
  (void)ctx;
  if (client_rig_try(&x, WEFT_RELAY_RESERVE) != WEFT_OK) return;
  size_t len = client_rig_reservation(msg, RIG_UNIX + 3605, 'r', 'a', RIG_UNIX + 3605);
  weft_relay_client_start(x->c, x->now);
  client_rig_give(x, msg, len);
  ck_assert(x->closed.code == WEFT_OK || x->closed.code == WEFT_ENOMEM);
  client_rig_free(x);
}

START_TEST(every_allocation_may_fail) { ck_assert_uint_ge(alloc_sweep(scenario, NULL), 2); }
END_TEST

Suite *test_relay_client(void) {
  static const unit_test tests[] = {UNIT(asks_for_the_ids_it_needs),
                                    UNIT(starts_once),
                                    UNIT(waits_for_its_limit_and_no_longer),
                                    UNIT(offers_the_rest_of_its_request_in_tick),
                                    UNIT(ends_with_the_stream_beneath),
                                    UNIT(malformed_and_oversized_answers),
                                    UNIT(split_at_every_byte),
                                    UNIT(free_from_an_event_ends_the_events),
                                    UNIT(every_allocation_may_fail)};
  return unit_suite("relay/client", tests, sizeof tests / sizeof tests[0]);
}
