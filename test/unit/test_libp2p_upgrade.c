#include "test/unit/upgrade_rig.h"

static uint8_t much[700000];

START_TEST(both_sides_know_each_other_and_are_ready) {
  upgrade_rig *r = upgrade_rig_new(false);
  upgrade_rig_run(r, SIZE_MAX);
  for (unsigned i = 0; i < 2; i++) {
    ck_assert_str_eq(r->log[i], "S R ");
    ck_assert_uint_eq(r->peer_id_len[i], 38);
    ck_assert_mem_eq(r->peer_id[i], r->id[1 - i].peer_id, 38);
  }
  upgrade_rig_free(r);
}
END_TEST

START_TEST(any_piece_size_gives_the_same_events) {
  static const size_t pieces[] = {1, 2, 3, 5, 17, 100, 1000, SIZE_MAX};
  for (unsigned secured = 0; secured < 2; secured++)
    for (size_t i = 0; i < WEFT_ARRAY_LEN(pieces); i++) {
      upgrade_rig *r = upgrade_rig_new(secured);
      upgrade_rig_run(r, pieces[i]);
      uint32_t id = upgrade_rig_open(r, 0);
      upgrade_rig_send(r, 0, id, "question");
      weft_upgrade_stream_shutdown(r->u[0], id, r->now);
      upgrade_rig_run(r, pieces[i]);
      upgrade_rig_send(r, 1, id, "answer");
      weft_upgrade_stream_shutdown(r->u[1], id, r->now);
      upgrade_rig_run(r, pieces[i]);
      ck_assert_str_eq(r->log[0], secured ? "R O1 d1 f1 c1 " : "S R O1 d1 f1 c1 ");
      ck_assert_str_eq(r->log[1], secured ? "R o1 d1 f1 c1 " : "S R o1 d1 f1 c1 ");
      ck_assert(upgrade_rig_got(r, 1, "question") && upgrade_rig_got(r, 0, "answer"));
      upgrade_rig_free(r);
    }
}
END_TEST

/* All that the listener hears up to the first message, cut in two at every place. */
START_TEST(any_cut_gives_the_same_events) {
  for (unsigned secured = 0; secured < 2; secured++) {
    size_t total = 1;
    for (size_t cut = 0; cut <= total; cut++) {
      upgrade_rig *r = upgrade_rig_new(secured);
      size_t heard = 0;
      for (unsigned round = 0; round < 12; round++) {
        if (round == 6) upgrade_rig_send(r, 0, upgrade_rig_open(r, 0), "first");
        upgrade_pipe p = r->out[0];
        r->out[0] = (upgrade_pipe){0};
        size_t before = cut > heard && cut < heard + p.len ? cut - heard : 0;
        upgrade_rig_give(r, 1, p.bytes, before);
        upgrade_rig_give(r, 1, p.bytes + before, p.len - before);
        heard += p.len;
        free(p.bytes);
        upgrade_rig_pass(r, 1, SIZE_MAX);
      }
      ck_assert_str_eq(r->log[1], secured ? "R o1 d1 " : "S R o1 d1 ");
      ck_assert(upgrade_rig_got(r, 1, "first"));
      if (cut == 0) total = heard;
      upgrade_rig_free(r);
    }
    ck_assert_uint_gt(total, secured ? 50 : 300);
  }
}
END_TEST

START_TEST(output_that_takes_a_byte_at_a_time) {
  for (unsigned secured = 0; secured < 2; secured++) {
    upgrade_rig *r = upgrade_rig_new(secured);
    for (unsigned i = 0; i < 2; i++) weft_upgrade_free(r->u[i]);
    for (unsigned i = 0; i < 2; i++) r->out[i].len = 0;
    for (unsigned i = 0; i < 2; i++) {
      weft_upgrade_config cfg = upgrade_rig_config(r, i);
      cfg.secured = secured;
      ck_assert_int_eq(upgrade_rig_make(r, i, &cfg), WEFT_OK);
      r->take[i] = 0;
      weft_upgrade_start(r->u[i], r->now);
    }
    for (unsigned k = 0; k < 3000; k++) {
      if (k == 1500) upgrade_rig_send(r, 0, upgrade_rig_open(r, 0), "through");
      for (unsigned i = 0; i < 2; i++) {
        r->take[i] = 1;
        weft_upgrade_tick(r->u[i], r->now);
        r->take[i] = 0;
      }
      for (unsigned i = 0; i < 2; i++) upgrade_rig_pass(r, i, SIZE_MAX);
    }
    ck_assert_str_eq(r->log[1], secured ? "R o1 d1 " : "S R o1 d1 ");
    ck_assert(upgrade_rig_got(r, 1, "through"));
    upgrade_rig_free(r);
  }
}
END_TEST

START_TEST(bulk_both_ways_with_a_slow_output) {
  for (unsigned secured = 0; secured < 2; secured++) {
    upgrade_rig *r = upgrade_rig_ready(secured);
    uint32_t id[2] = {upgrade_rig_open(r, 0), upgrade_rig_open(r, 1)};
    size_t sent[2] = {0};
    for (unsigned round = 0; round < 5000 && (r->got[0].len < sizeof much || r->got[1].len < sizeof much); round++) {
      for (unsigned i = 0; i < 2; i++) {
        r->take[i] = 3000;
        sent[i] += (size_t)weft_upgrade_stream_send(r->u[i], id[i], much + sent[i], sizeof much - sent[i], r->now);
        weft_upgrade_tick(r->u[i], r->now);
        upgrade_rig_pass(r, i, 1000);
      }
      r->now += 100;
    }
    for (unsigned i = 0; i < 2; i++) {
      ck_assert_uint_eq(r->got[i].len, sizeof much);
      ck_assert_mem_eq(r->got[i].bytes, much, sizeof much);
      ck_assert_ptr_nonnull(strstr(r->log[i], i ? "w2 " : "w1 "));
    }
    upgrade_rig_free(r);
  }
}
END_TEST

/* ---- the trace ---- */

typedef struct seen_trace {
  char states[200];
  upgrade_pipe in, out;
  unsigned noise, yamux;
  const void *conn;
} seen_trace;

static void note_trace(void *user, const weft_trace *t) {
  seen_trace *s = user;
  size_t n = strlen(s->states);
  s->conn = t->conn;
  s->noise += strcmp(t->layer, "noise") == 0;
  s->yamux += strcmp(t->layer, "yamux") == 0;
  if (strcmp(t->layer, "upgrade") != 0) return;
  if (t->text) snprintf(s->states + n, sizeof s->states - n, "%s ", t->text);
  if (t->kind == WEFT_TRACE_IN) upgrade_pipe_add(&s->in, t->data, t->len);
  if (t->kind == WEFT_TRACE_OUT) upgrade_pipe_add(&s->out, t->data, t->len);
}

START_TEST(the_trace_sees_octets_and_states) {
  for (unsigned secured = 0; secured < 2; secured++) {
    seen_trace seen[2] = {{.conn = NULL}, {.conn = NULL}};
    upgrade_rig *r = upgrade_rig_bare();
    for (unsigned i = 0; i < 2; i++) {
      weft_upgrade_config cfg = upgrade_rig_config(r, i);
      cfg.secured = secured;
      cfg.trace = (weft_tracer){note_trace, &seen[i]};
      ck_assert_int_eq(upgrade_rig_make(r, i, &cfg), WEFT_OK);
      ck_assert_int_eq(weft_upgrade_start(r->u[i], r->now), WEFT_OK);
    }
    upgrade_rig_run(r, 7);
    weft_upgrade_close(r->u[0], WEFT_OK, r->now);
    upgrade_rig_run(r, 7);
    weft_upgrade_input_end(r->u[1], r->now);
    ck_assert_str_eq(seen[0].states, secured ? "MUXER READY ENDED " : "SECURITY NOISE READY CLOSING ENDED ");
    ck_assert_str_eq(seen[1].states, secured ? "MUXER READY FIN ENDED " : "SECURITY NOISE READY FIN CLOSING ENDED ");
    for (unsigned i = 0; i < 2; i++) {
      ck_assert_uint_gt(seen[i].out.len, 30);
      ck_assert_uint_eq(seen[i].out.len, seen[1 - i].in.len);
      ck_assert_mem_eq(seen[i].out.bytes, seen[1 - i].in.bytes, seen[i].out.len);
      ck_assert_ptr_eq(seen[i].conn, r->u[i]);
      ck_assert(seen[i].yamux > 3 && (secured ? seen[i].noise == 0 : seen[i].noise > 4));
    }
    for (unsigned i = 0; i < 2; i++) {
      free(seen[i].in.bytes);
      free(seen[i].out.bytes);
    }
    upgrade_rig_free(r);
  }
}
END_TEST

/* ---- closing ---- */

START_TEST(close_says_goodbye) {
  for (unsigned secured = 0; secured < 2; secured++) {
    upgrade_rig *r = upgrade_rig_ready(secured);
    upgrade_rig_open(r, 0);
    upgrade_rig_run(r, SIZE_MAX);
    ck_assert_int_eq(weft_upgrade_close(r->u[0], WEFT_OK, r->now), WEFT_OK);
    ck_assert_str_eq(r->log[0], "O1 r1 C ");
    ck_assert_upgrade_closed(r, 0, WEFT_WHO_SELF, "yamux", "close", WEFT_OK);
    ck_assert_int_eq(weft_upgrade_close(r->u[0], WEFT_OK, r->now), WEFT_ECLOSED);
    upgrade_rig_run(r, SIZE_MAX);
    ck_assert_str_eq(r->log[1], "o1 ");
    weft_upgrade_input_end(r->u[1], r->now);
    ck_assert_str_eq(r->log[1], "o1 r1 C ");
    ck_assert_upgrade_closed(r, 1, WEFT_WHO_PEER, "yamux", "end", WEFT_OK);
    upgrade_rig_free(r);
  }
}
END_TEST

START_TEST(close_waits_for_the_output_but_not_for_ever) {
  for (unsigned late = 0; late < 2; late++) {
    upgrade_rig *r = upgrade_rig_ready(false);
    r->take[0] = 0;
    weft_upgrade_close(r->u[0], WEFT_OK, r->now);
    ck_assert_str_eq(r->log[0], "");
    ck_assert_uint_le(weft_upgrade_deadline(r->u[0]), r->now + WEFT_SEC(10));
    ck_assert_int_eq(weft_upgrade_input(r->u[0], much, 10, r->now), WEFT_OK);
    if (late) r->now += WEFT_SEC(10);
    if (!late) r->take[0] = SIZE_MAX;
    weft_upgrade_tick(r->u[0], r->now);
    ck_assert_str_eq(r->log[0], "C ");
    ck_assert_upgrade_closed(r, 0, WEFT_WHO_SELF, "yamux", "close", WEFT_OK);
    upgrade_rig_free(r);
  }
}
END_TEST

START_TEST(close_before_it_is_ready) {
  for (unsigned secured = 0; secured < 2; secured++)
    for (unsigned rounds = 0; rounds < 3; rounds++) {
      upgrade_rig *r = upgrade_rig_new(secured);
      for (unsigned k = 0; k < rounds && !strchr(r->log[0], 'R'); k++) {
        upgrade_rig_pass(r, 0, SIZE_MAX);
        upgrade_rig_pass(r, 1, SIZE_MAX);
      }
      if (strchr(r->log[0], 'R')) {
        upgrade_rig_free(r);
        continue;
      }
      weft_upgrade_close(r->u[0], WEFT_ECLOSED, r->now);
      ck_assert_upgrade_closed(r, 0, WEFT_WHO_SELF, secured || rounds == 0 ? "multistream" : "noise", "close",
                               WEFT_ECLOSED);
      ck_assert_int_eq(weft_upgrade_input(r->u[0], much, 5, r->now), WEFT_ESTATE);
      upgrade_rig_free(r);
    }
}
END_TEST

START_TEST(the_end_of_the_stream_names_the_step) {
  static const struct {
    bool secured;
    unsigned rounds;
    const char *layer, *step, *log;
  } ways[] = {{false, 0, "multistream", "security", "C "},
              {false, 1, "noise", "handshake", "C "},
              {false, 9, "yamux", "end", "S R C "},
              {true, 0, "multistream", "muxer", "C "},
              {true, 9, "yamux", "end", "R C "}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(ways); i++) {
    upgrade_rig *r = upgrade_rig_new(ways[i].secured);
    for (unsigned k = 0; k < ways[i].rounds; k++) {
      upgrade_rig_pass(r, 0, SIZE_MAX);
      upgrade_rig_pass(r, 1, SIZE_MAX);
    }
    ck_assert_int_eq(weft_upgrade_input_end(r->u[0], r->now), WEFT_OK);
    ck_assert_str_eq(r->log[0], ways[i].log);
    ck_assert_upgrade_closed(r, 0, WEFT_WHO_PEER, ways[i].layer, ways[i].step, WEFT_ECLOSED);
    ck_assert_int_eq(weft_upgrade_input_end(r->u[0], r->now), WEFT_ESTATE);
    upgrade_rig_free(r);
  }
}
END_TEST

START_TEST(silence_is_named_too) {
  static const struct {
    bool secured;
    unsigned rounds;
    const char *layer;
  } ways[] = {{false, 0, "multistream"}, {false, 1, "noise"}, {true, 0, "multistream"}, {true, 9, "yamux"}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(ways); i++) {
    upgrade_rig *r = upgrade_rig_new(ways[i].secured);
    for (unsigned k = 0; k < ways[i].rounds; k++) {
      upgrade_rig_pass(r, 0, SIZE_MAX);
      upgrade_rig_pass(r, 1, SIZE_MAX);
    }
    for (unsigned k = 0; k < 9 && !strchr(r->log[0], 'C'); k++) {
      ck_assert_uint_ne(weft_upgrade_deadline(r->u[0]), WEFT_NEVER);
      ck_assert_uint_gt(weft_upgrade_deadline(r->u[0]), r->now);
      r->now = weft_upgrade_deadline(r->u[0]);
      weft_upgrade_tick(r->u[0], r->now);
    }
    ck_assert_str_eq(r->closed_layer[0], ways[i].layer);
    ck_assert_int_eq(r->closed[0].code, WEFT_ETIMEDOUT);
    ck_assert_int_eq(r->closed[0].who, WEFT_WHO_TIMEOUT);
    if (i < 3) ck_assert_uint_eq(r->now, WEFT_SEC(1) + WEFT_SEC(10));
    upgrade_rig_free(r);
  }
}
END_TEST

/* The limit counts from start: a peer that is a little late at every step does not get ten seconds for each. */
START_TEST(the_limit_is_for_all_steps_together) {
  upgrade_rig *r = upgrade_rig_new(false);
  r->now += WEFT_SEC(6);
  for (unsigned i = 0; i < 2; i++) upgrade_rig_pass(r, i, SIZE_MAX);
  ck_assert_uint_eq(weft_upgrade_deadline(r->u[0]), WEFT_SEC(11));
  weft_upgrade_tick(r->u[0], WEFT_SEC(11));
  ck_assert_upgrade_closed(r, 0, WEFT_WHO_TIMEOUT, "noise", "handshake", WEFT_ETIMEDOUT);
  upgrade_rig_free(r);
}
END_TEST

START_TEST(an_error_of_output_ends_it) {
  for (unsigned ready = 0; ready < 2; ready++)
    for (unsigned secured = 0; secured < 2; secured++) {
      upgrade_rig *r = ready ? upgrade_rig_ready(secured) : upgrade_rig_new(secured);
      if (ready) upgrade_rig_open(r, 0);
      r->output_error[0] = WEFT_ERESET;
      if (ready)
        upgrade_rig_send(r, 0, 1, "x");
      else
        upgrade_rig_pass(r, 1, SIZE_MAX), upgrade_rig_pass(r, 0, SIZE_MAX), upgrade_rig_pass(r, 1, SIZE_MAX);
      ck_assert_str_eq(r->log[0], ready ? "O1 r1 C " : "C ");
      ck_assert_int_eq(r->closed[0].code, WEFT_ERESET);
      if (ready) ck_assert_str_eq(r->closed_layer[0], secured ? "yamux" : "noise");
      upgrade_rig_free(r);
    }
}
END_TEST

/* ---- calls and events ---- */

START_TEST(calls_that_do_not_fit) {
  uint32_t id;
  upgrade_rig *r = upgrade_rig_bare();
  weft_upgrade_config cfg = upgrade_rig_config(r, 0);
  cfg.identity = NULL;
  ck_assert_int_eq(upgrade_rig_make(r, 0, &cfg), WEFT_EINVAL);
  cfg = upgrade_rig_config(r, 0);
  cfg.rng.fill = NULL;
  ck_assert_int_eq(upgrade_rig_make(r, 0, &cfg), WEFT_EINVAL);
  cfg = upgrade_rig_config(r, 0);
  cfg.expected_peer_len = WEFT_PEER_ID_MAX + 1;
  ck_assert_int_eq(upgrade_rig_make(r, 0, &cfg), WEFT_EINVAL);
  cfg = upgrade_rig_config(r, 0);
  cfg.limit = 0;
  ck_assert_int_eq(upgrade_rig_make(r, 0, &cfg), WEFT_EINVAL);
  cfg = upgrade_rig_config(r, 0);
  ck_assert_int_eq(upgrade_rig_make(r, 0, &cfg), WEFT_OK);
  ck_assert_int_eq(weft_upgrade_input(r->u[0], much, 1, r->now), WEFT_ESTATE);
  ck_assert_int_eq(weft_upgrade_input_end(r->u[0], r->now), WEFT_ESTATE);
  ck_assert_uint_eq(weft_upgrade_deadline(r->u[0]), WEFT_NEVER);
  ck_assert_int_eq(weft_upgrade_stream_open(r->u[0], &id, r->now), WEFT_ESTATE);
  weft_upgrade_start(r->u[0], r->now);
  ck_assert_int_eq(weft_upgrade_start(r->u[0], r->now), WEFT_ESTATE);
  ck_assert_int_eq(weft_upgrade_stream_open(r->u[0], &id, r->now), WEFT_ESTATE);
  ck_assert_int_eq(upgrade_rig_send(r, 0, 1, "x"), WEFT_ESTATE);
  ck_assert_uint_eq(weft_upgrade_stream_room(r->u[0], 1), 0);
  weft_upgrade_close(r->u[0], WEFT_OK, r->now);
  ck_assert_int_eq(weft_upgrade_stream_open(r->u[0], &id, r->now), WEFT_ECLOSED);
  ck_assert_int_eq(weft_upgrade_stream_shutdown(r->u[0], 1, r->now), WEFT_ECLOSED);
  ck_assert_int_eq(weft_upgrade_stream_reset(r->u[0], 1, r->now), WEFT_ECLOSED);
  ck_assert_int_eq(weft_upgrade_stream_consumed(r->u[0], 1, 1, r->now), WEFT_ECLOSED);
  upgrade_rig_free(r);
}
END_TEST

START_TEST(streams_are_those_of_yamux) {
  upgrade_rig *r = upgrade_rig_ready(false);
  uint32_t id = upgrade_rig_open(r, 1);
  ck_assert_uint_eq(id, 2); /* the listener is the Yamux server */
  ck_assert_uint_eq(weft_upgrade_stream_room(r->u[1], id), 262144);
  upgrade_rig_run(r, SIZE_MAX);
  ck_assert_int_eq(weft_upgrade_stream_reset(r->u[0], id, r->now), WEFT_OK);
  upgrade_rig_run(r, SIZE_MAX);
  ck_assert_str_eq(r->log[0], "o2 r2 ");
  ck_assert_str_eq(r->log[1], "O2 r2 ");
  upgrade_rig_free(r);
}
END_TEST

START_TEST(consumption_and_stream_limits_are_handed_on) {
  upgrade_rig *r = upgrade_rig_bare();
  for (unsigned i = 0; i < 2; i++) {
    weft_upgrade_config cfg = upgrade_rig_config(r, i);
    cfg.auto_consume = false;
    cfg.max_streams = 1;
    ck_assert_int_eq(upgrade_rig_make(r, i, &cfg), WEFT_OK);
    weft_upgrade_start(r->u[i], r->now);
  }
  upgrade_rig_run(r, SIZE_MAX);
  upgrade_rig_clear(r);
  uint32_t id = upgrade_rig_open(r, 0);
  upgrade_rig_open(r, 0);
  weft_upgrade_stream_send(r->u[0], id, much, 400000, r->now);
  upgrade_rig_run(r, SIZE_MAX);
  ck_assert_str_eq(r->log[1], "o1 d1 ");
  ck_assert_str_eq(r->log[0], "O1 O3 r3 ");
  ck_assert_uint_eq(r->got[1].len, 262144);
  ck_assert_int_eq(weft_upgrade_stream_consumed(r->u[1], id, 262145, r->now), WEFT_EINVAL);
  ck_assert_int_eq(weft_upgrade_stream_consumed(r->u[1], id, 262144, r->now), WEFT_OK);
  upgrade_rig_run(r, SIZE_MAX);
  ck_assert_uint_eq(r->got[1].len, 400000);
  upgrade_rig_free(r);
}
END_TEST

static weft_upgrade_event_type act_at;
static void free_it(upgrade_rig *r, unsigned side, const weft_upgrade_event *ev) {
  if (side != 1 || ev->type != act_at) return;
  weft_upgrade_free(r->u[1]);
  r->u[1] = NULL; /* output asserts that it is not called any more */
}

static void close_it(upgrade_rig *r, unsigned side, const weft_upgrade_event *ev) {
  if (side == 1 && ev->type == act_at) weft_upgrade_close(r->u[1], WEFT_OK, r->now);
}

START_TEST(free_and_close_inside_any_event) {
  for (unsigned what = 0; what < 2; what++)
    for (unsigned secured = 0; secured < 2; secured++)
      for (unsigned at = WEFT_UPGRADE_EVENT_SECURED; at <= WEFT_UPGRADE_EVENT_CLOSED; at++) {
        if (secured && at == WEFT_UPGRADE_EVENT_SECURED) continue;
        upgrade_rig *r = upgrade_rig_new(secured);
        act_at = (weft_upgrade_event_type)at;
        r->hook = what ? close_it : free_it;
        upgrade_rig_run(r, 50);
        uint32_t id;
        if (weft_upgrade_stream_open(r->u[0], &id, r->now) == WEFT_OK) upgrade_rig_send(r, 0, id, "hello");
        upgrade_rig_run(r, 50);
        if (r->u[1]) weft_upgrade_input_end(r->u[1], r->now);
        if (what == 0) ck_assert_ptr_null(r->u[1]);
        if (what == 1) ck_assert_ptr_nonnull(strchr(r->log[1], 'C'));
        const char *c = strchr(r->log[1], 'C');
        if (c) ck_assert_str_eq(c, "C ");
        upgrade_rig_free(r);
      }
}
END_TEST

static void scenario(void *ctx) {
  upgrade_rig *r = upgrade_rig_bare();
  const bool *secured = ctx;
  for (unsigned i = 0; i < 2; i++) {
    weft_upgrade_config cfg = upgrade_rig_config(r, i);
    cfg.secured = *secured;
    if (upgrade_rig_make(r, i, &cfg) != WEFT_OK) goto end;
    weft_upgrade_start(r->u[i], r->now);
  }
  upgrade_rig_run(r, 333);
  uint32_t id;
  if (weft_upgrade_stream_open(r->u[0], &id, r->now) == WEFT_OK)
    weft_upgrade_stream_send(r->u[0], id, much, 100000, r->now);
  upgrade_rig_run(r, 5000);
  weft_upgrade_close(r->u[0], WEFT_OK, r->now);
  upgrade_rig_run(r, 333);
end:
  upgrade_rig_free(r);
}

START_TEST(every_allocation_may_fail) {
  for (unsigned i = 0; i < 2; i++) {
    bool secured = i == 1;
    ck_assert_uint_gt(alloc_sweep(scenario, &secured), 10);
  }
}
END_TEST

Suite *test_libp2p_upgrade(void) {
  static const unit_test tests[] = {
      UNIT(both_sides_know_each_other_and_are_ready),
      UNIT(any_piece_size_gives_the_same_events),
      UNIT(any_cut_gives_the_same_events),
      UNIT(output_that_takes_a_byte_at_a_time),
      UNIT(bulk_both_ways_with_a_slow_output),
      UNIT(the_trace_sees_octets_and_states),
      UNIT(close_says_goodbye),
      UNIT(close_waits_for_the_output_but_not_for_ever),
      UNIT(close_before_it_is_ready),
      UNIT(the_end_of_the_stream_names_the_step),
      UNIT(silence_is_named_too),
      UNIT(the_limit_is_for_all_steps_together),
      UNIT(an_error_of_output_ends_it),
      UNIT(calls_that_do_not_fit),
      UNIT(streams_are_those_of_yamux),
      UNIT(consumption_and_stream_limits_are_handed_on),
      UNIT(free_and_close_inside_any_event),
      UNIT(every_allocation_may_fail),
  };
  return unit_suite("libp2p/upgrade", tests, sizeof tests / sizeof tests[0]);
}
