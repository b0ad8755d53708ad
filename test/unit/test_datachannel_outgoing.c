#include "test/unit/datachannel_rig.h"

START_TEST(a_refused_ack_goes_out_later) {
  rig *r = rig_new(100);
  r->full[1] = true;
  rig_inject_open(r, 1, 2);
  ck_assert_uint_eq(r->outputs, 0);
  ck_assert_uint_eq(weft_datachannel_deadline(r->dc[1]), WEFT_MS(50));
  weft_datachannel_tick(r->dc[1], WEFT_MS(50));
  ck_assert_uint_eq(weft_datachannel_deadline(r->dc[1]), WEFT_MS(100));
  r->full[1] = false;
  weft_datachannel_tick(r->dc[1], WEFT_MS(100));
  ck_assert_uint_eq(r->outputs, 1);
  ck_assert_uint_eq(r->last_out.ppid, 50);
  ck_assert_uint_eq(weft_datachannel_deadline(r->dc[1]), WEFT_NEVER);
  rig_free(r);
}
END_TEST

START_TEST(the_ack_goes_before_data) {
  rig *r = rig_new(100);
  r->full[1] = true;
  rig_inject_open(r, 1, 2);
  ck_assert_int_eq(rig_send(r, 1, 2, "x"), WEFT_EAGAIN);
  r->full[1] = false;
  ck_assert_int_eq(rig_send(r, 1, 2, "x"), WEFT_OK);
  ck_assert(r->first->out.ppid == 50 && r->first->next->out.ppid == 51);
  rig_free(r);
}
END_TEST

static void answer_at_once(rig *r, unsigned side, const weft_datachannel_event *ev) {
  if (ev->type == OPENED && ev->inbound) ck_assert_int_eq(rig_send(r, side, ev->id, "hello"), WEFT_OK);
}

START_TEST(the_ack_goes_before_data_sent_from_the_opened_event) {
  rig *r = rig_new(100);
  r->hook = answer_at_once;
  rig_inject_open(r, 1, 2);
  ck_assert_uint_eq(r->outputs, 2);
  ck_assert(r->first->out.ppid == 50 && r->first->next->out.ppid == 51);
  rig_free(r);
}
END_TEST

static void close_at_once(rig *r, unsigned side, const weft_datachannel_event *ev) {
  if (ev->type == OPENED && ev->inbound)
    ck_assert_int_eq(weft_datachannel_close_channel(r->dc[side], ev->id, 0), WEFT_OK);
}

START_TEST(a_channel_refused_by_the_application_is_not_acknowledged) {
  rig *r = rig_new(100);
  r->hook = close_at_once;
  uint16_t id = rig_open(r, 0, "");
  rig_run(r);
  ck_assert_uint_eq(r->outputs, 1); /* the OPEN alone */
  ck_assert_uint_eq(rig_count(r, 0, ACKED, id), 0);
  ck_assert_uint_eq(rig_count(r, 0, CLOSED, id), 1);
  ck_assert_uint_eq(rig_count(r, 1, CLOSED, id), 1);
  rig_free(r);
}
END_TEST

START_TEST(refused_resets_go_out_later) {
  rig *r = rig_new(100);
  uint16_t id = rig_open(r, 0, "");
  rig_run(r);
  r->full[0] = true;
  weft_datachannel_close_channel(r->dc[0], id, 0);
  ck_assert_uint_eq(r->resets, 0);
  ck_assert_uint_ne(weft_datachannel_deadline(r->dc[0]), WEFT_NEVER);
  r->full[0] = false;
  weft_datachannel_writable(r->dc[0], 0);
  ck_assert_uint_eq(r->resets, 1);
  rig_run(r);
  ck_assert_uint_eq(rig_count(r, 0, CLOSED, id), 1);
  rig_free(r);
}
END_TEST

START_TEST(many_resets_share_a_call) {
  rig *r = rig_new(1000);
  uint16_t ids[300];
  for (unsigned i = 0; i < 300; i++) ids[i] = rig_open(r, 0, "");
  rig_run(r);
  weft_datachannel_reset_in(r->dc[1], ids, 300, 0);
  ck_assert_uint_eq(r->resets, 300);
  ck_assert_uint_eq(r->reset_calls, 3); /* 128, 128, 44 */
  rig_run(r);
  rig_free(r);
}
END_TEST

static int failing_reset(void *user, const uint16_t *ids, size_t n, weft_time now) {
  (void)user, (void)ids, (void)n, (void)now;
  return WEFT_ECLOSED;
}

START_TEST(a_transport_that_cannot_reset_ends_the_channel) {
  rig *r = rig_new(100);
  uint16_t id = rig_open(r, 0, "");
  r->dc[0]->cb.reset = failing_reset;
  weft_datachannel_close_channel(r->dc[0], id, 0);
  ck_assert_int_eq(r->log[rig_find(r, 0, CLOSED, id)].code, WEFT_ECLOSED);
  ck_assert_uint_eq(rig_stats(r, 0).channels, 0);
  rig_free(r);
}
END_TEST

static void send_again(rig *r, unsigned side, const weft_datachannel_event *ev) {
  if (ev->type == WRITABLE)
    while (rig_send(r, side, ev->id, "x") == WEFT_OK) continue;
}

/* The transport takes two messages each time. Whoever was served last waits longest. */
START_TEST(everyone_gets_a_turn_when_the_transport_is_tight) {
  rig *r = rig_new(100);
  uint16_t ids[3];
  for (unsigned i = 0; i < 3; i++) ids[i] = rig_open(r, 0, "");
  rig_run(r);
  r->full[0] = true;
  for (unsigned i = 0; i < 3; i++) ck_assert_int_eq(rig_send(r, 0, ids[i], "x"), WEFT_EAGAIN);
  r->hook = send_again;
  for (unsigned round = 0; round < 3; round++) {
    r->full[0] = false;
    r->room[0] = 2;
    weft_datachannel_writable(r->dc[0], 0);
  }
  rig_run(r);
  for (unsigned i = 0; i < 3; i++) ck_assert_uint_eq(rig_count(r, 1, MESSAGE, ids[i]), 2);
  rig_free(r);
}
END_TEST

static void just_count(void *user, const weft_trace *t) {
  unsigned *n = user;
  n[t->kind]++;
  ck_assert_str_eq(t->layer, "datachannel");
}

START_TEST(traces_what_comes_and_goes) {
  unsigned seen[5] = {0};
  rig *r = rig_new(100);
  r->dc[1]->cfg.trace = (weft_tracer){just_count, seen};
  rig_inject_open(r, 1, 2);
  rig_inject(r, 1, 2, 99, "x", 1);
  ck_assert(seen[WEFT_TRACE_IN] == 2 && seen[WEFT_TRACE_OUT] == 1 && seen[WEFT_TRACE_DROP] == 1);
  rig_free(r);
}
END_TEST

Suite *test_datachannel_outgoing(void) {
  static const unit_test tests[] = {UNIT(a_refused_ack_goes_out_later),
                                    UNIT(the_ack_goes_before_data),
                                    UNIT(the_ack_goes_before_data_sent_from_the_opened_event),
                                    UNIT(a_channel_refused_by_the_application_is_not_acknowledged),
                                    UNIT(refused_resets_go_out_later),
                                    UNIT(many_resets_share_a_call),
                                    UNIT(a_transport_that_cannot_reset_ends_the_channel),
                                    UNIT(everyone_gets_a_turn_when_the_transport_is_tight),
                                    UNIT(traces_what_comes_and_goes)};
  return unit_suite("datachannel/outgoing", tests, sizeof tests / sizeof tests[0]);
}
