#include "test/unit/datachannel_rig.h"

static void free_on_message(rig *r, unsigned side, const weft_datachannel_event *ev) {
  if (ev->type != MESSAGE) return;
  weft_datachannel_close_channel(r->dc[side], ev->id, 0);
  weft_datachannel_free(r->dc[side]);
  r->dc[side] = NULL;
}

START_TEST(free_inside_an_event_is_the_last_of_it) {
  rig *r = rig_new(100);
  rig_inject_open(r, 1, 2);
  r->hook = free_on_message;
  weft_datachannel *dc = r->dc[1];
  size_t logged = r->logged;
  ck_assert_int_eq(weft_datachannel_input(dc, 2, 51, (const uint8_t *)"x", 1, 0), WEFT_OK);
  ck_assert_uint_eq(r->logged, logged + 1);
  ck_assert_uint_eq(r->resets, 0);
  rig_free(r);
}
END_TEST

static void free_on_first_closing(rig *r, unsigned side, const weft_datachannel_event *ev) {
  if (ev->type != CLOSING) return;
  weft_datachannel_free(r->dc[side]);
  r->dc[side] = NULL;
}

START_TEST(no_event_follows_free) {
  rig *r = rig_new(100);
  for (uint16_t id = 0; id < 10; id += 2) rig_inject_open(r, 1, id);
  r->hook = free_on_first_closing;
  size_t logged = r->logged;
  ck_assert_int_eq(weft_datachannel_reset_in(r->dc[1], NULL, 0, 0), WEFT_OK);
  ck_assert_uint_eq(r->logged, logged + 1);
  rig_free(r);
}
END_TEST

static void reopen_on_closed(rig *r, unsigned side, const weft_datachannel_event *ev) {
  if (ev->type == CLOSED && side == 0 && r->logged < 100) rig_open(r, 0, "again");
}

START_TEST(a_closed_id_can_be_opened_from_its_own_event) {
  rig *r = rig_new(100);
  uint16_t id = rig_open(r, 0, "");
  rig_run(r);
  r->hook = reopen_on_closed;
  weft_datachannel_close_channel(r->dc[0], id, 0);
  rig_run(r);
  ck_assert_uint_eq(rig_count(r, 0, OPENED, id), 2);
  ck_assert_uint_eq(rig_count(r, 1, OPENED, id), 2);
  ck_assert(weft_datachannel_is_open(r->dc[0], id));
  rig_free(r);
}
END_TEST

static void open_another(rig *r, unsigned side, const weft_datachannel_event *ev) {
  if (ev->type != OPENED || side != 0 || ev->id != 2) return;
  size_t before = r->logged;
  rig_open(r, 0, "second");
  ck_assert_uint_eq(r->logged, before); /* its event waits for this one to return */
}

START_TEST(events_do_not_nest) {
  rig *r = rig_new(100);
  r->hook = open_another;
  rig_open(r, 0, "first");
  ck_assert_uint_eq(rig_count(r, 0, OPENED, 4), 1);
  rig_free(r);
}
END_TEST

static weft_time last_now;
static void note_now(void *user, const weft_datachannel_event *ev, weft_time now) {
  (void)user, (void)ev;
  last_now = now;
}

START_TEST(time_does_not_go_backwards) {
  rig *r = rig_new(100);
  r->dc[1]->cb.event = note_now;
  r->now = WEFT_SEC(5);
  rig_inject_open(r, 1, 2);
  ck_assert_uint_eq(last_now, WEFT_SEC(5));
  r->now = WEFT_SEC(3);
  rig_inject_open(r, 1, 4);
  ck_assert_uint_eq(last_now, WEFT_SEC(5));
  rig_free(r);
}
END_TEST

START_TEST(freeing_nothing_is_allowed) { weft_datachannel_free(NULL); }
END_TEST

Suite *test_datachannel_events(void) {
  static const unit_test tests[] = {UNIT(free_inside_an_event_is_the_last_of_it),
                                    UNIT(no_event_follows_free),
                                    UNIT(a_closed_id_can_be_opened_from_its_own_event),
                                    UNIT(events_do_not_nest),
                                    UNIT(time_does_not_go_backwards),
                                    UNIT(freeing_nothing_is_allowed)};
  return unit_suite("datachannel/events", tests, sizeof tests / sizeof tests[0]);
}
