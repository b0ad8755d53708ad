#include "test/unit/datachannel_rig.h"

/* Side 1 has odd ids, so its peer may open even ones. Nothing is on the way at the start. */

static bool acked(const rig *r, uint16_t id) {
  for (const rig_item *i = r->first; i; i = i->next)
    if (i->kind == RIG_MESSAGE && i->out.stream == id && i->out.ppid == 50 && i->data[0] == 2) return true;
  return false;
}

static bool reset_on_the_way(const rig *r, uint16_t id) {
  for (const rig_item *i = r->first; i; i = i->next)
    for (size_t k = 0; i->kind == RIG_RESET && k < i->n; k++)
      if (i->ids[k] == id) return true;
  return false;
}

START_TEST(accepts_the_peers_parity) {
  rig *r = rig_new(100);
  rig_inject_open(r, 1, 4);
  ck_assert(acked(r, 4) && !reset_on_the_way(r, 4));
  ck_assert_uint_eq(rig_count(r, 1, OPENED, 4), 1);
  rig_inject_open(r, 1, 0); /* an ordinary id outside webrtc-direct */
  ck_assert_uint_eq(rig_count(r, 1, OPENED, 0), 1);
  rig_free(r);
}
END_TEST

START_TEST(refuses_the_wrong_parity) {
  rig *r = rig_new(100);
  rig_inject_open(r, 1, 3);
  rig_inject_open(r, 0, 6);
  ck_assert(!acked(r, 3) && reset_on_the_way(r, 3));
  ck_assert(!acked(r, 6) && reset_on_the_way(r, 6));
  ck_assert_uint_eq(r->logged, 0);
  ck_assert_uint_eq(rig_stats(r, 1).drop_parity, 1);
  ck_assert_uint_eq(rig_stats(r, 1).channels, 0);
  /* Its id is ours, but not before both resets: */
  ck_assert_uint_eq(rig_open(r, 1, ""), 1);
  ck_assert_uint_eq(rig_open(r, 1, ""), 5);
  rig_inject(r, 1, 3, 51, "x", 1);
  ck_assert_uint_eq(rig_stats(r, 1).drop_unknown_channel, 1);
  rig_free(r);
}
END_TEST

START_TEST(a_refused_id_comes_back_after_both_resets) {
  rig *r = rig_new(100);
  rig_inject_open(r, 1, 3);
  uint16_t ids[] = {3};
  weft_datachannel_reset_in(r->dc[1], ids, 1, 0);
  weft_datachannel_reset_done(r->dc[1], ids, 1, WEFT_OK, 0);
  ck_assert_uint_eq(rig_open(r, 1, ""), 1);
  ck_assert_uint_eq(rig_open(r, 1, ""), 3);
  ck_assert_uint_eq(rig_count(r, 1, CLOSED, 3), 0);
  rig_free(r);
}
END_TEST

START_TEST(wrong_parity_on_our_own_channel_closes_it) {
  rig *r = rig_new(100);
  uint16_t id = rig_open(r, 1, "");
  rig_run(r);
  rig_inject_open(r, 1, id);
  ck_assert_uint_eq(rig_stats(r, 1).drop_parity, 1);
  rig_run(r);
  ck_assert_int_eq(r->log[rig_find(r, 1, CLOSED, id)].code, WEFT_EPROTO);
  ck_assert_int_eq(r->log[rig_find(r, 0, CLOSED, id)].code, WEFT_ERESET);
  rig_free(r);
}
END_TEST

START_TEST(a_second_open_closes_the_channel) {
  rig *r = rig_new(100);
  rig_inject_open(r, 1, 2);
  rig_inject_open(r, 1, 2);
  ck_assert(reset_on_the_way(r, 2));
  ck_assert_uint_eq(rig_count(r, 1, OPENED, 2), 1);
  ck_assert_uint_eq(rig_stats(r, 1).drop_unexpected, 1);
  uint16_t ids[] = {2};
  weft_datachannel_reset_done(r->dc[1], ids, 1, WEFT_OK, 0);
  weft_datachannel_reset_in(r->dc[1], ids, 1, 0);
  ck_assert_int_eq(r->log[rig_find(r, 1, CLOSED, 2)].code, WEFT_EPROTO);
  rig_free(r);
}
END_TEST

START_TEST(an_open_cannot_touch_a_negotiated_channel) {
  rig *r = rig_new(100);
  weft_datachannel_params p = {0};
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[1], 0, &p, 0), WEFT_OK);
  rig_inject_open(r, 1, 0);
  ck_assert(!acked(r, 0) && !reset_on_the_way(r, 0));
  ck_assert_uint_eq(rig_stats(r, 1).drop_unexpected, 1);
  ck_assert(weft_datachannel_is_open(r->dc[1], 0));
  ck_assert_uint_eq(rig_stats(r, 1).opened_in, 0);
  rig_free(r);
}
END_TEST

START_TEST(data_before_open_is_dropped) {
  rig *r = rig_new(100);
  rig_inject(r, 1, 2, 51, "early", 5);
  rig_inject(r, 1, 2, 57, "", 0);
  ck_assert_uint_eq(rig_stats(r, 1).drop_unknown_channel, 2);
  ck_assert_uint_eq(r->logged, 0);
  rig_inject_open(r, 1, 2);
  rig_inject(r, 1, 2, 51, "late", 4);
  ck_assert_uint_eq(rig_count(r, 1, MESSAGE, 2), 1);
  rig_free(r);
}
END_TEST

START_TEST(an_ack_that_nobody_waits_for_is_ignored) {
  rig *r = rig_new(100);
  static const uint8_t ack[] = {2};
  rig_inject(r, 1, 2, 50, ack, 1);
  rig_inject_open(r, 1, 4);
  rig_inject(r, 1, 4, 50, ack, 1);
  uint16_t id = rig_open(r, 1, "");
  rig_inject(r, 1, id, 50, ack, 1);
  rig_inject(r, 1, id, 50, ack, 1);
  ck_assert_uint_eq(rig_count(r, 1, ACKED, id), 1);
  ck_assert_uint_eq(rig_stats(r, 1).drop_unexpected, 3);
  ck_assert_uint_eq(rig_count(r, 1, ACKED, 2) + rig_count(r, 1, ACKED, 4), 0);
  rig_free(r);
}
END_TEST

START_TEST(unknown_ppids_are_dropped) {
  rig *r = rig_new(100);
  rig_inject_open(r, 1, 2);
  static const uint32_t ppids[] = {0, 1, 49, 52, 54, 55, 58, 0xffffffff, 51u << 8};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(ppids); i++) rig_inject(r, 1, 2, ppids[i], "x", 1);
  ck_assert_uint_eq(rig_stats(r, 1).drop_unknown_ppid, WEFT_ARRAY_LEN(ppids));
  ck_assert_uint_eq(rig_count(r, 1, MESSAGE, 2), 0);
  ck_assert(weft_datachannel_is_open(r->dc[1], 2));
  rig_free(r);
}
END_TEST

START_TEST(empty_message_ppids_deliver_nothing_but_the_fact) {
  rig *r = rig_new(100);
  rig_inject_open(r, 1, 2);
  rig_inject(r, 1, 2, 56, "zzzz", 4);
  rig_inject(r, 1, 2, 57, "\0", 1);
  const rig_event *a = &r->log[r->logged - 2], *b = &r->log[r->logged - 1];
  ck_assert(a->type == MESSAGE && a->len == 0 && !a->binary);
  ck_assert(b->type == MESSAGE && b->len == 0 && b->binary);
  rig_free(r);
}
END_TEST

START_TEST(malformed_dcep_opens_nothing) {
  rig *r = rig_new(100);
  static const uint8_t cut[] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 'x'};
  rig_inject(r, 1, 2, 50, cut, sizeof cut); /* its label runs past the end */
  ck_assert(!acked(r, 2) && reset_on_the_way(r, 2));
  rig_inject(r, 1, 4, 50, "\x07", 1);
  rig_inject(r, 1, 4, 50, "", 0);
  ck_assert(!reset_on_the_way(r, 4));
  ck_assert_uint_eq(rig_stats(r, 1).drop_malformed, 3);
  ck_assert_uint_eq(r->logged, 0);
  rig_free(r);
}
END_TEST

START_TEST(one_channel_too_many_is_reset) {
  rig *r = calloc(1, sizeof *r);
  weft_datachannel_config cfg = rig_config(1);
  cfg.max_channels = 2;
  ck_assert_int_eq(rig_make(r, 1, &cfg), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_up(r->dc[1], 65535, 65535, 0), WEFT_OK);
  for (uint16_t id = 0; id < 6; id += 2) rig_inject_open(r, 1, id);
  ck_assert(acked(r, 0) && acked(r, 2) && !acked(r, 4) && reset_on_the_way(r, 4));
  ck_assert_uint_eq(rig_stats(r, 1).drop_limit, 1);
  /* A flood of them does not grow without end. */
  for (unsigned id = 6; id < 65534; id += 2) rig_inject_open(r, 1, (uint16_t)id);
  ck_assert_uint_le(r->dc[1]->table_len, 2 * 2 + 64);
  rig_free(r);
}
END_TEST

START_TEST(a_message_over_the_limit_closes_the_channel) {
  rig *r = calloc(1, sizeof *r);
  weft_datachannel_config cfg = rig_config(1);
  cfg.max_message = 20;
  ck_assert_int_eq(rig_make(r, 1, &cfg), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_up(r->dc[1], 100, 100, 0), WEFT_OK);
  rig_inject_open(r, 1, 2);
  rig_inject(r, 1, 2, 53, "12345678901234567890", 20);
  ck_assert(weft_datachannel_is_open(r->dc[1], 2));
  rig_inject(r, 1, 2, 53, "123456789012345678901", 21);
  ck_assert(!weft_datachannel_is_open(r->dc[1], 2) && reset_on_the_way(r, 2));
  ck_assert_uint_eq(rig_count(r, 1, MESSAGE, 2), 1);
  ck_assert_uint_eq(rig_stats(r, 1).drop_toobig, 1);
  static const uint8_t long_open[21] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 9};
  rig_inject(r, 1, 4, 50, long_open, sizeof long_open);
  ck_assert(!acked(r, 4) && reset_on_the_way(r, 4));
  ck_assert_uint_eq(rig_stats(r, 1).drop_toobig, 2);
  uint16_t ids[] = {2};
  weft_datachannel_reset_done(r->dc[1], ids, 1, WEFT_OK, 0);
  weft_datachannel_reset_in(r->dc[1], ids, 1, 0);
  ck_assert_int_eq(r->log[rig_find(r, 1, CLOSED, 2)].code, WEFT_ELIMIT);
  rig_free(r);
}
END_TEST

START_TEST(streams_that_do_not_exist_are_dropped) {
  rig *r = rig_new(10);
  rig_inject_open(r, 1, 10);
  rig_inject_open(r, 1, 65534);
  ck_assert_uint_eq(rig_stats(r, 1).drop_unknown_channel, 2);
  ck_assert_ptr_null(r->first);
  rig_free(r);
}
END_TEST

/* The peer has both resets and opens the id again; the answer to our reset comes only then. */
START_TEST(the_peer_may_reopen_before_our_reset_is_confirmed) {
  rig *r = rig_new(100);
  uint16_t ids[] = {2};
  rig_inject_open(r, 1, 2);
  weft_datachannel_reset_in(r->dc[1], ids, 1, 0);
  ck_assert(reset_on_the_way(r, 2));
  rig_inject_open(r, 1, 2);
  ck_assert_int_eq(r->log[rig_find(r, 1, CLOSED, 2)].code, WEFT_ERESET);
  ck_assert_uint_eq(rig_count(r, 1, OPENED, 2), 2);
  ck_assert_int_lt(rig_find(r, 1, CLOSED, 2), (int)r->logged - 1);
  rig_inject(r, 1, 2, 51, "x", 1);
  ck_assert_uint_eq(rig_count(r, 1, MESSAGE, 2), 1);
  unsigned outputs = r->outputs;
  ck_assert_int_eq(rig_send(r, 1, 2, "y"), WEFT_EAGAIN); /* the stream is being reset */
  ck_assert_uint_eq(r->outputs, outputs);
  weft_datachannel_reset_done(r->dc[1], ids, 1, WEFT_OK, 0);
  ck_assert_uint_eq(r->outputs, outputs + 1); /* the ACK */
  ck_assert_uint_eq(r->last_out.ppid, 50);
  ck_assert_uint_eq(rig_count(r, 1, WRITABLE, 2), 1);
  ck_assert_int_eq(rig_send(r, 1, 2, "y"), WEFT_OK);
  rig_free(r);
}
END_TEST

START_TEST(a_reopened_channel_can_close_before_the_confirmation) {
  rig *r = rig_new(100);
  uint16_t ids[] = {2};
  rig_inject_open(r, 1, 2);
  weft_datachannel_reset_in(r->dc[1], ids, 1, 0);
  rig_inject_open(r, 1, 2);
  weft_datachannel_reset_in(r->dc[1], ids, 1, 0);
  ck_assert_uint_eq(r->resets, 1);
  rig_inject_open(r, 1, 2); /* too early: our second reset is not even sent */
  ck_assert_uint_eq(rig_count(r, 1, OPENED, 2), 2);
  weft_datachannel_reset_done(r->dc[1], ids, 1, WEFT_OK, 0);
  ck_assert_uint_eq(r->resets, 2);
  ck_assert_uint_eq(rig_count(r, 1, CLOSED, 2), 1);
  weft_datachannel_reset_done(r->dc[1], ids, 1, WEFT_OK, 0);
  ck_assert_uint_eq(rig_count(r, 1, CLOSED, 2), 2);
  ck_assert_uint_eq(rig_stats(r, 1).channels, 0);
  ck_assert_uint_eq(r->dc[1]->table_len, 0);
  rig_free(r);
}
END_TEST

/* Our reset is still on its way when the id is opened again, and there is no room for the channel. */
START_TEST(a_reopening_without_room_is_reset_again) {
  rig *r = calloc(1, sizeof *r);
  weft_datachannel_config cfg = rig_config(1);
  cfg.max_channels = 1;
  ck_assert_int_eq(rig_make(r, 1, &cfg), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_up(r->dc[1], 100, 100, 0), WEFT_OK);
  uint16_t ids[] = {2};
  rig_inject_open(r, 1, 2);
  weft_datachannel_reset_in(r->dc[1], ids, 1, 0);
  r->dc[1]->cfg.max_channels = 0;
  rig_inject_open(r, 1, 2);
  ck_assert_uint_eq(rig_stats(r, 1).drop_limit, 1);
  ck_assert_uint_eq(rig_count(r, 1, OPENED, 2), 1);
  ck_assert_uint_eq(rig_count(r, 1, CLOSED, 2), 1);
  ck_assert_uint_eq(r->resets, 1);
  weft_datachannel_reset_done(r->dc[1], ids, 1, WEFT_OK, 0);
  ck_assert_uint_eq(r->resets, 2);
  weft_datachannel_reset_in(r->dc[1], ids, 1, 0);
  weft_datachannel_reset_done(r->dc[1], ids, 1, WEFT_OK, 0);
  ck_assert_uint_eq(r->dc[1]->table_len, 0);
  rig_free(r);
}
END_TEST

static int reuse_result;
static void take_the_id(rig *r, unsigned side, const weft_datachannel_event *ev) {
  weft_datachannel_params p = {0};
  if (ev->type == CLOSED) reuse_result = weft_datachannel_open_negotiated(r->dc[side], ev->id, &p, 0);
}

START_TEST(an_id_with_a_reset_on_its_way_cannot_be_taken) {
  rig *r = rig_new(100);
  uint16_t ids[] = {2};
  rig_inject_open(r, 1, 2);
  weft_datachannel_reset_in(r->dc[1], ids, 1, 0);
  r->hook = take_the_id;
  rig_inject_open(r, 1, 2);
  ck_assert_int_eq(reuse_result, WEFT_ESTATE);
  ck_assert_uint_eq(rig_count(r, 1, OPENED, 2), 2);
  rig_free(r);
}
END_TEST

static void confirm(rig *r, unsigned side, const weft_datachannel_event *ev) {
  uint16_t ids[] = {ev->id};
  if (ev->type == CLOSED) weft_datachannel_reset_done(r->dc[side], ids, 1, WEFT_OK, 0);
}

START_TEST(the_confirmation_may_come_from_inside_the_event) {
  rig *r = rig_new(100);
  uint16_t ids[] = {2};
  rig_inject_open(r, 1, 2);
  weft_datachannel_reset_in(r->dc[1], ids, 1, 0);
  r->hook = confirm;
  rig_inject_open(r, 1, 2);
  ck_assert_uint_eq(rig_count(r, 1, OPENED, 2), 2);
  ck_assert_int_eq(rig_send(r, 1, 2, "x"), WEFT_OK);
  rig_free(r);
}
END_TEST

Suite *test_datachannel_incoming(void) {
  static const unit_test tests[] = {UNIT(accepts_the_peers_parity),
                                    UNIT(refuses_the_wrong_parity),
                                    UNIT(a_refused_id_comes_back_after_both_resets),
                                    UNIT(wrong_parity_on_our_own_channel_closes_it),
                                    UNIT(a_second_open_closes_the_channel),
                                    UNIT(an_open_cannot_touch_a_negotiated_channel),
                                    UNIT(data_before_open_is_dropped),
                                    UNIT(an_ack_that_nobody_waits_for_is_ignored),
                                    UNIT(unknown_ppids_are_dropped),
                                    UNIT(empty_message_ppids_deliver_nothing_but_the_fact),
                                    UNIT(malformed_dcep_opens_nothing),
                                    UNIT(one_channel_too_many_is_reset),
                                    UNIT(a_message_over_the_limit_closes_the_channel),
                                    UNIT(streams_that_do_not_exist_are_dropped),
                                    UNIT(the_peer_may_reopen_before_our_reset_is_confirmed),
                                    UNIT(a_reopened_channel_can_close_before_the_confirmation),
                                    UNIT(a_reopening_without_room_is_reset_again),
                                    UNIT(an_id_with_a_reset_on_its_way_cannot_be_taken),
                                    UNIT(the_confirmation_may_come_from_inside_the_event)};
  return unit_suite("datachannel/incoming", tests, sizeof tests / sizeof tests[0]);
}
