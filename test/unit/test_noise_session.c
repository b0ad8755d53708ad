#include "test/unit/noise_rig.h"

START_TEST(two_sides_become_secure) {
  noise_rig *r = noise_rig_secure();
  for (unsigned i = 0; i < 2; i++) {
    ck_assert_uint_eq(r->events[i][WEFT_NOISE_EVENT_SECURED], 1);
    ck_assert_uint_eq(r->peer_id_len[i], 38);
    ck_assert(memcmp(r->peer_id[i], r->id[1 - i].peer_id, 38) == 0);
    ck_assert_uint_eq(r->peer_key_len[i], 36);
    ck_assert(memcmp(r->peer_key[i], r->id[1 - i].key_protobuf, 36) == 0);
    ck_assert_uint_eq(weft_noise_deadline(r->n[i]), WEFT_NEVER);
  }
  uint8_t a[32], b[32];
  ck_assert_int_eq(weft_noise_handshake_hash(r->n[0], a), WEFT_OK);
  ck_assert_int_eq(weft_noise_handshake_hash(r->n[1], b), WEFT_OK);
  ck_assert(memcmp(a, b, 32) == 0);
  noise_rig_free(r);
}
END_TEST

START_TEST(data_goes_both_ways) {
  noise_rig *r = noise_rig_secure();
  ck_assert_int_eq(noise_rig_send(r, 0, "to the responder"), 16);
  ck_assert_int_eq(noise_rig_send(r, 1, "to the initiator"), 16);
  noise_rig_run(r, SIZE_MAX);
  ck_assert(r->got[1].len == 16 && memcmp(r->got[1].bytes, "to the responder", 16) == 0);
  ck_assert(r->got[0].len == 16 && memcmp(r->got[0].bytes, "to the initiator", 16) == 0);
  ck_assert_uint_eq(noise_rig_stats(r, 0).bytes_out, 16);
  ck_assert_uint_eq(noise_rig_stats(r, 1).bytes_in, 16);
  ck_assert_uint_eq(noise_rig_stats(r, 0).frames_out, 3);
  ck_assert_uint_eq(noise_rig_stats(r, 0).frames_in, 2);
  noise_rig_free(r);
}
END_TEST

START_TEST(the_same_randomness_gives_the_same_bytes) {
  noise_rig *a = noise_rig_secure(), *b = noise_rig_secure();
  for (unsigned i = 0; i < 2; i++) {
    noise_rig_send(a, i, "x");
    noise_rig_send(b, i, "x");
    ck_assert_uint_eq(a->out[i].len, b->out[i].len);
    ck_assert(memcmp(a->out[i].bytes, b->out[i].bytes, a->out[i].len) == 0);
  }
  noise_rig_free(a);
  noise_rig_free(b);
}
END_TEST

START_TEST(calls_before_their_time_are_refused) {
  noise_rig *r = noise_rig_new();
  uint8_t h[32];
  ck_assert_int_eq(weft_noise_input(r->n[0], h, 32, 0), WEFT_ESTATE);
  ck_assert_int_eq(weft_noise_input_end(r->n[0], 0), WEFT_ESTATE);
  ck_assert_int_eq(noise_rig_send(r, 0, "x"), WEFT_ESTATE);
  ck_assert_int_eq(weft_noise_handshake_hash(r->n[0], h), WEFT_ESTATE);
  ck_assert_int_eq(weft_noise_start(r->n[0], 0), WEFT_OK);
  ck_assert_int_eq(weft_noise_start(r->n[0], 0), WEFT_ESTATE);
  ck_assert_int_eq(noise_rig_send(r, 0, "x"), WEFT_ESTATE);
  ck_assert(!weft_noise_secured(r->n[0]));
  noise_rig_free(r);
}
END_TEST

START_TEST(bad_configurations_are_refused) {
  noise_rig *r = noise_rig_bare();
  for (unsigned i = 0; i < 8; i++) {
    weft_noise_config cfg = noise_rig_config(r, 0);
    if (i == 0) cfg.identity = NULL;
    if (i == 1) cfg.rng.fill = NULL;
    if (i == 2) cfg.muxers_len = 9;
    if (i == 3) cfg.expected_peer_len = WEFT_PEER_ID_MAX + 1;
    if (i == 4) cfg.send_limit = 10;
    if (i == 5) cfg.max_frame = 0;
    if (i == 6) cfg.max_frame = WEFT_NOISE_PLAINTEXT_MAX + 1;
    if (i == 7) r->rng[0].fail_on = true;
    ck_assert_int_eq(noise_rig_make(r, 0, &cfg), i == 7 ? WEFT_ERANDOM : WEFT_EINVAL);
  }
  noise_rig_free(r);
}
END_TEST

START_TEST(the_handshake_has_a_limit) {
  for (unsigned side = 0; side < 2; side++) {
    noise_rig *r = noise_rig_new();
    ck_assert_uint_eq(weft_noise_deadline(r->n[side]), WEFT_NEVER);
    ck_assert_int_eq(weft_noise_start(r->n[side], WEFT_SEC(5)), WEFT_OK);
    ck_assert_uint_eq(weft_noise_deadline(r->n[side]), WEFT_SEC(15));
    weft_noise_tick(r->n[side], WEFT_SEC(15) - 1);
    ck_assert_uint_eq(r->events[side][WEFT_NOISE_EVENT_CLOSED], 0);
    weft_noise_tick(r->n[side], WEFT_SEC(15));
    ck_assert_closed(r, side, WEFT_WHO_TIMEOUT, "handshake", WEFT_ETIMEDOUT);
    ck_assert_uint_eq(weft_noise_deadline(r->n[side]), WEFT_NEVER);
    noise_rig_free(r);
  }
}
END_TEST

START_TEST(closing_says_closed_once) {
  noise_rig *r = noise_rig_secure();
  ck_assert_int_eq(weft_noise_close(r->n[0], WEFT_OK, 0), WEFT_OK);
  ck_assert_int_eq(weft_noise_close(r->n[0], WEFT_OK, 0), WEFT_ECLOSED);
  weft_noise_tick(r->n[0], WEFT_SEC(100));
  ck_assert_closed(r, 0, WEFT_WHO_SELF, "close", WEFT_OK);
  ck_assert_int_eq(noise_rig_send(r, 0, "x"), WEFT_ECLOSED);
  ck_assert_int_eq(weft_noise_input(r->n[0], (const uint8_t *)"x", 1, 0), WEFT_ESTATE);
  ck_assert_int_eq(weft_noise_input_end(r->n[0], 0), WEFT_ESTATE);
  noise_rig_free(r);
}
END_TEST

START_TEST(closing_before_and_during_the_handshake) {
  noise_rig *r = noise_rig_new();
  ck_assert_int_eq(weft_noise_close(r->n[0], WEFT_ECLOSED, 0), WEFT_OK);
  ck_assert_closed(r, 0, WEFT_WHO_SELF, "close", WEFT_ECLOSED);
  weft_noise_start(r->n[1], 0);
  ck_assert_int_eq(weft_noise_close(r->n[1], WEFT_OK, 0), WEFT_OK);
  ck_assert_closed(r, 1, WEFT_WHO_SELF, "close", WEFT_OK);
  noise_rig_free(r);
}
END_TEST

START_TEST(a_clean_close_waits_for_what_was_sent) {
  noise_rig *r = noise_rig_secure();
  r->take[0] = 5;
  noise_rig_send(r, 0, "all of this arrives");
  weft_noise_close(r->n[0], WEFT_OK, 0);
  ck_assert_uint_eq(r->events[0][WEFT_NOISE_EVENT_CLOSED], 0);
  ck_assert_int_eq(noise_rig_send(r, 0, "x"), WEFT_ECLOSED);
  for (unsigned i = 0; i < 10; i++) weft_noise_tick(r->n[0], 0);
  ck_assert_closed(r, 0, WEFT_WHO_SELF, "close", WEFT_OK);
  noise_rig_run(r, SIZE_MAX);
  ck_assert(r->got[1].len == 19 && memcmp(r->got[1].bytes, "all of this arrives", 19) == 0);
  noise_rig_free(r);
}
END_TEST

START_TEST(a_clean_close_does_not_wait_for_ever) {
  noise_rig *r = noise_rig_secure();
  r->take[0] = 0;
  noise_rig_send(r, 0, "stuck");
  weft_noise_close(r->n[0], WEFT_OK, WEFT_SEC(1));
  ck_assert_uint_eq(weft_noise_deadline(r->n[0]), WEFT_SEC(11));
  weft_noise_tick(r->n[0], WEFT_SEC(11));
  ck_assert_closed(r, 0, WEFT_WHO_TIMEOUT, "close", WEFT_ETIMEDOUT);
  noise_rig_free(r);
}
END_TEST

START_TEST(a_close_with_a_reason_does_not_wait) {
  noise_rig *r = noise_rig_secure();
  r->take[0] = 0;
  noise_rig_send(r, 0, "stuck");
  weft_noise_close(r->n[0], WEFT_EPROTO, 0);
  ck_assert_closed(r, 0, WEFT_WHO_SELF, "close", WEFT_EPROTO);
  noise_rig_free(r);
}
END_TEST

static void free_self(noise_rig *r, unsigned side, const weft_noise_event *ev) {
  (void)ev;
  if (!r->n[side]) return;
  weft_noise_free(r->n[side]);
  r->n[side] = NULL;
}

START_TEST(free_inside_an_event_is_the_last_of_it) {
  noise_rig *r = noise_rig_new();
  for (unsigned i = 0; i < 2; i++) weft_noise_start(r->n[i], 0);
  noise_rig_pass(r, 0, SIZE_MAX);
  noise_rig_pass(r, 1, SIZE_MAX); /* the initiator is secure */
  noise_rig_send(r, 0, "one");
  noise_rig_send(r, 0, "two");
  r->hook = free_self;
  noise_rig_pass(r, 0, SIZE_MAX); /* message 3 and both frames in one piece */
  ck_assert_str_eq(r->order[1], "S");
  noise_rig_free(r);
}
END_TEST

START_TEST(free_inside_data_and_closed) {
  noise_rig *r = noise_rig_secure();
  noise_rig_send(r, 0, "one");
  noise_rig_send(r, 0, "two");
  r->hook = free_self;
  noise_rig_pass(r, 0, SIZE_MAX);
  ck_assert_str_eq(r->order[1], "SD");
  weft_noise_close(r->n[0], WEFT_OK, 0);
  ck_assert_str_eq(r->order[0], "SC");
  weft_noise_free(NULL);
  noise_rig_free(r);
}
END_TEST

static void close_on_data(noise_rig *r, unsigned side, const weft_noise_event *ev) {
  if (ev->type == WEFT_NOISE_EVENT_DATA) weft_noise_close(r->n[side], WEFT_EPROTO, r->now);
}

START_TEST(nothing_is_delivered_after_close) {
  noise_rig *r = noise_rig_secure();
  noise_rig_send(r, 0, "one");
  noise_rig_send(r, 0, "two");
  r->hook = close_on_data;
  noise_rig_pass(r, 0, SIZE_MAX);
  ck_assert_str_eq(r->order[1], "SDC");
  ck_assert_uint_eq(r->got[1].len, 3);
  noise_rig_free(r);
}
END_TEST

static void answer(noise_rig *r, unsigned side, const weft_noise_event *ev) {
  if (ev->type == WEFT_NOISE_EVENT_SECURED || ev->type == WEFT_NOISE_EVENT_DATA)
    if (r->out[side].len < 1000) ck_assert_int_gt(noise_rig_send(r, side, "from the event"), 0);
}

START_TEST(sending_from_events_works) {
  noise_rig *r = noise_rig_new();
  r->hook = answer;
  for (unsigned i = 0; i < 2; i++) weft_noise_start(r->n[i], 0);
  noise_rig_run(r, SIZE_MAX);
  ck_assert_uint_gt(r->got[0].len, 100);
  ck_assert_uint_gt(r->got[1].len, 100);
  noise_rig_free(r);
}
END_TEST

static void whole_life(void *ctx) {
  (void)ctx;
  noise_rig *r = noise_rig_bare();
  bool made = true;
  for (unsigned i = 0; i < 2; i++) {
    static const char *const muxers[] = {"/yamux/1.0.0"};
    weft_noise_config cfg = noise_rig_config(r, i);
    cfg.muxers = muxers;
    cfg.muxers_len = 1;
    if (noise_rig_make(r, i, &cfg) != WEFT_OK) {
      r->n[i] = NULL;
      made = false;
    }
  }
  for (unsigned i = 0; made && i < 2; i++) weft_noise_start(r->n[i], 0);
  if (made) noise_rig_run(r, 50);
  if (made && weft_noise_secured(r->n[0]))
    noise_rig_send(r, 0, "a message that is cut in pieces, so that it must be kept");
  if (made) noise_rig_run(r, 7);
  noise_rig_free(r);
}

START_TEST(survives_every_allocation_failure) { ck_assert_uint_gt(alloc_sweep(whole_life, NULL), 5); }
END_TEST

/* An allocator that looks into what is given back. */
typedef struct spy {
  const uint8_t *secrets[6];
  size_t n, found, frees;
} spy;

static void look(spy *s, const uint8_t *p, size_t n) {
  s->frees++;
  for (size_t k = 0; k < s->n; k++)
    for (size_t at = 0; at + 16 <= n; at++) s->found += memcmp(p + at, s->secrets[k], 16) == 0;
}

static void *spy_realloc(void *ctx, void *p, size_t old_n, size_t new_n) {
  if (p && new_n == 0) look(ctx, p, old_n);
  const weft_alloc *a = test_alloc();
  return a->realloc(a->ctx, p, old_n, new_n);
}

START_TEST(keys_are_wiped) {
  static const uint8_t s[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, e[32] = {9, 8, 7, 6, 5, 4, 3, 2, 1};
  for (unsigned secured = 0; secured < 2; secured++) {
    noise_rig *r = noise_rig_bare();
    spy spied = {.secrets = {s, e, r->id[0].secret}, .n = 3};
    weft_alloc alloc = {spy_realloc, &spied};
    weft_noise_config cfg = noise_rig_config(r, 0), peer = noise_rig_config(r, 1);
    cfg.alloc = &alloc;
    cfg.static_key = s;
    cfg.ephemeral_key = e;
    ck_assert_int_eq(noise_rig_make(r, 0, &cfg), WEFT_OK);
    ck_assert_int_eq(noise_rig_make(r, 1, &peer), WEFT_OK);
    uint8_t sending[32], receiving[32];
    if (secured) {
      for (unsigned i = 0; i < 2; i++) weft_noise_start(r->n[i], 0);
      noise_rig_run(r, SIZE_MAX);
      static const weft_noise_handshake nothing;
      ck_assert(memcmp(&r->n[0]->hs, &nothing, sizeof nothing) == 0); /* gone with the end of the handshake */
      memcpy(sending, r->n[0]->sending.key, 32);
      memcpy(receiving, r->n[0]->receiving.key, 32);
      spied.secrets[spied.n++] = sending;
      spied.secrets[spied.n++] = receiving;
    }
    weft_noise_free(r->n[0]);
    r->n[0] = NULL;
    ck_assert_uint_gt(spied.frees, 1);
    ck_assert_uint_eq(spied.found, 0);
    noise_rig_free(r);
  }
}
END_TEST

START_TEST(keys_are_wiped_when_it_closes) {
  noise_rig *r = noise_rig_secure();
  static const uint8_t zero[32];
  ck_assert(memcmp(r->n[0]->sending.key, zero, 32) != 0);
  weft_noise_close(r->n[0], WEFT_OK, 0);
  ck_assert(memcmp(r->n[0]->sending.key, zero, 32) == 0 && memcmp(r->n[0]->receiving.key, zero, 32) == 0);
  noise_rig_free(r);
}
END_TEST

enum { SEEN = 200 };

static void note_trace(void *user, const weft_trace *t) {
  char *seen = user;
  size_t n = strlen(seen);
  bool clear = t->kind != WEFT_TRACE_STATE && !t->text;
  snprintf(seen + n, SEEN - n, "%s%.*s ",
           t->kind == WEFT_TRACE_IN    ? "<"
           : t->kind == WEFT_TRACE_OUT ? ">"
                                       : "",
           clear ? (int)t->len : 20, clear ? (const char *)t->data : t->text);
}

START_TEST(traces_messages_and_states) {
  noise_rig *r = noise_rig_bare();
  char seen[SEEN] = "";
  for (unsigned i = 0; i < 2; i++) {
    weft_noise_config cfg = noise_rig_config(r, i);
    if (i == 0) cfg.trace = (weft_tracer){note_trace, seen};
    ck_assert_int_eq(noise_rig_make(r, i, &cfg), WEFT_OK);
    weft_noise_start(r->n[i], 0);
  }
  noise_rig_run(r, SIZE_MAX);
  ck_assert_str_eq(seen, "HANDSHAKE >handshake <handshake >handshake SECURED ");
  weft_noise_send(r->n[0], (const uint8_t *)"question", 8, 0);
  noise_rig_run(r, SIZE_MAX);
  weft_noise_send(r->n[1], (const uint8_t *)"answer", 6, 0);
  noise_rig_run(r, SIZE_MAX);
  ck_assert_str_eq(seen + 51, ">question <answer ");
  noise_rig_free(r);
}
END_TEST

Suite *test_noise_session(void) {
  static const unit_test tests[] = {UNIT(two_sides_become_secure),
                                    UNIT(data_goes_both_ways),
                                    UNIT(the_same_randomness_gives_the_same_bytes),
                                    UNIT(calls_before_their_time_are_refused),
                                    UNIT(bad_configurations_are_refused),
                                    UNIT(the_handshake_has_a_limit),
                                    UNIT(closing_says_closed_once),
                                    UNIT(closing_before_and_during_the_handshake),
                                    UNIT(a_clean_close_waits_for_what_was_sent),
                                    UNIT(a_clean_close_does_not_wait_for_ever),
                                    UNIT(a_close_with_a_reason_does_not_wait),
                                    UNIT(free_inside_an_event_is_the_last_of_it),
                                    UNIT(free_inside_data_and_closed),
                                    UNIT(nothing_is_delivered_after_close),
                                    UNIT(sending_from_events_works),
                                    UNIT(survives_every_allocation_failure),
                                    UNIT(keys_are_wiped),
                                    UNIT(keys_are_wiped_when_it_closes),
                                    UNIT(traces_messages_and_states)};
  return unit_suite("noise/session", tests, sizeof tests / sizeof tests[0]);
}
