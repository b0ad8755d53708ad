#include "test/support/rng.h"
#include "test/unit/datachannel_rig.h"

START_TEST(closing_goes_both_ways) {
  rig *r = rig_new(100);
  uint16_t id = rig_open(r, 0, "");
  rig_run(r);
  rig_send(r, 0, id, "last words");
  ck_assert_int_eq(weft_datachannel_close_channel(r->dc[0], id, 0), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_close_channel(r->dc[0], id, 0), WEFT_OK);
  ck_assert_int_eq(rig_send(r, 0, id, "x"), WEFT_ECLOSED);
  ck_assert_uint_eq(rig_count(r, 0, CLOSED, id), 0);
  rig_run(r);
  int message = rig_find(r, 1, MESSAGE, id), closing = rig_find(r, 1, CLOSING, id), closed = rig_find(r, 1, CLOSED, id);
  ck_assert(message >= 0 && message < closing && closing < closed);
  ck_assert_int_eq(r->log[closed].code, WEFT_ERESET);
  ck_assert_int_eq(r->log[rig_find(r, 0, CLOSED, id)].code, WEFT_OK);
  ck_assert_uint_eq(rig_count(r, 0, CLOSING, id), 0);
  ck_assert_uint_eq(r->resets, 2);
  ck_assert_uint_eq(r->dc[0]->table_len + r->dc[1]->table_len, 0);
  ck_assert_uint_eq(rig_stats(r, 0).closed, 1);
  rig_free(r);
}
END_TEST

START_TEST(both_may_close_at_once) {
  rig *r = rig_new(100);
  uint16_t id = rig_open(r, 0, "");
  rig_run(r);
  weft_datachannel_close_channel(r->dc[0], id, 0);
  weft_datachannel_close_channel(r->dc[1], id, 0);
  rig_run(r);
  for (unsigned i = 0; i < 2; i++) {
    ck_assert_uint_eq(rig_count(r, i, CLOSED, id), 1);
    ck_assert_uint_eq(rig_count(r, i, CLOSING, id), 0);
    ck_assert_uint_eq(r->dc[i]->table_len, 0);
  }
  ck_assert_uint_eq(r->resets, 2);
  rig_free(r);
}
END_TEST

START_TEST(an_id_waits_for_both_resets) {
  rig *r = rig_new(100);
  uint16_t id = rig_open(r, 0, ""), ids[] = {id};
  rig_run(r);
  r->hold_resets = true;
  weft_datachannel_close_channel(r->dc[0], id, 0);
  ck_assert_uint_eq(rig_open(r, 0, ""), 4);
  weft_datachannel_reset_done(r->dc[0], ids, 1, WEFT_OK, 0);
  ck_assert_uint_eq(rig_open(r, 0, ""), 6);
  weft_datachannel_reset_in(r->dc[0], ids, 1, 0);
  ck_assert_uint_eq(rig_count(r, 0, CLOSED, id), 1);
  ck_assert_uint_eq(rig_open(r, 0, ""), 2);
  rig_free(r);
}
END_TEST

START_TEST(the_order_of_the_two_resets_does_not_matter) {
  rig *r = rig_new(100);
  uint16_t id = rig_open(r, 0, ""), ids[] = {id};
  rig_run(r);
  r->hold_resets = true;
  weft_datachannel_close_channel(r->dc[0], id, 0);
  weft_datachannel_reset_in(r->dc[0], ids, 1, 0);
  ck_assert_uint_eq(rig_count(r, 0, CLOSED, id), 0);
  ck_assert_uint_eq(rig_open(r, 0, ""), 4);
  weft_datachannel_reset_done(r->dc[0], ids, 1, WEFT_OK, 0);
  ck_assert_uint_eq(rig_count(r, 0, CLOSED, id), 1);
  ck_assert_uint_eq(rig_open(r, 0, ""), 2);
  rig_free(r);
}
END_TEST

START_TEST(data_on_a_closing_channel_is_dropped) {
  rig *r = rig_new(100);
  uint16_t id = rig_open(r, 0, "");
  rig_run(r);
  r->hold_resets = true;
  weft_datachannel_close_channel(r->dc[0], id, 0);
  rig_send(r, 1, id, "on its way");
  rig_run(r);
  ck_assert_uint_eq(rig_count(r, 0, MESSAGE, id), 0);
  ck_assert_uint_eq(rig_stats(r, 0).drop_closing, 1);
  rig_free(r);
}
END_TEST

START_TEST(an_unanswered_reset_holds_the_id_for_a_while) {
  rig *r = rig_new(100);
  uint16_t id = rig_open(r, 0, ""), ids[] = {id};
  rig_run(r);
  r->hold_resets = true;
  r->now = WEFT_SEC(100);
  weft_datachannel_close_channel(r->dc[0], id, r->now);
  ck_assert_uint_eq(weft_datachannel_deadline(r->dc[0]), WEFT_NEVER);
  weft_datachannel_reset_done(r->dc[0], ids, 1, WEFT_OK, r->now);
  ck_assert_uint_eq(weft_datachannel_deadline(r->dc[0]), WEFT_SEC(130));
  weft_datachannel_tick(r->dc[0], WEFT_SEC(130) - 1);
  ck_assert_uint_eq(rig_count(r, 0, CLOSED, id), 0);
  weft_datachannel_tick(r->dc[0], WEFT_SEC(130));
  ck_assert_int_eq(r->log[rig_find(r, 0, CLOSED, id)].code, WEFT_ETIMEDOUT);
  ck_assert_uint_eq(weft_datachannel_deadline(r->dc[0]), WEFT_NEVER);
  r->now = WEFT_SEC(130);
  ck_assert_uint_eq(rig_open(r, 0, ""), id);
  rig_free(r);
}
END_TEST

START_TEST(held_ids_expire_in_turn) {
  rig *r = rig_new(100);
  uint16_t a[] = {rig_open(r, 0, "")}, b[] = {rig_open(r, 0, "")};
  rig_run(r);
  r->hold_resets = true;
  weft_datachannel_close_channel(r->dc[0], a[0], 0);
  weft_datachannel_close_channel(r->dc[0], b[0], 0);
  weft_datachannel_reset_done(r->dc[0], b, 1, WEFT_OK, WEFT_SEC(1));
  weft_datachannel_reset_done(r->dc[0], a, 1, WEFT_OK, WEFT_SEC(2));
  weft_datachannel_tick(r->dc[0], WEFT_SEC(31));
  ck_assert_uint_eq(rig_count(r, 0, CLOSED, b[0]), 1);
  ck_assert_uint_eq(rig_count(r, 0, CLOSED, a[0]), 0);
  weft_datachannel_reset_in(r->dc[0], a, 1, WEFT_SEC(31));
  ck_assert_int_eq(r->log[rig_find(r, 0, CLOSED, a[0])].code, WEFT_OK);
  ck_assert_uint_eq(weft_datachannel_deadline(r->dc[0]), WEFT_NEVER);
  rig_free(r);
}
END_TEST

START_TEST(a_denied_reset_leaves_the_id_unused_for_good) {
  rig *r = rig_new(100);
  uint16_t id = rig_open(r, 0, "");
  rig_run(r);
  r->reset_code = WEFT_EREFUSED;
  weft_datachannel_close_channel(r->dc[0], id, 0);
  rig_run(r);
  ck_assert_int_eq(r->log[rig_find(r, 0, CLOSED, id)].code, WEFT_EREFUSED);
  ck_assert_uint_eq(rig_stats(r, 0).channels, 0);
  ck_assert_int_eq(weft_datachannel_close_channel(r->dc[0], id, 0), WEFT_ENOTFOUND);
  weft_datachannel_tick(r->dc[0], WEFT_SEC(1000));
  ck_assert_uint_eq(rig_open(r, 0, ""), 4);
  uint16_t ids[] = {id};
  weft_datachannel_reset_in(r->dc[0], ids, 1, 0);
  rig_inject_open(r, 0, id);
  ck_assert_uint_eq(rig_open(r, 0, ""), 6);
  ck_assert_uint_eq(rig_count(r, 0, CLOSED, id), 1);
  rig_free(r);
}
END_TEST

START_TEST(a_reset_of_all_streams_closes_all) {
  rig *r = rig_new(100);
  weft_datachannel_params p = {0};
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[0], 0, &p, 0), WEFT_OK);
  for (unsigned i = 0; i < 5; i++) rig_open(r, 0, "");
  rig_run(r);
  r->hold_resets = true;
  weft_datachannel_reset_in(r->dc[0], NULL, 0, 0);
  for (uint16_t id = 0; id <= 10; id += 2) ck_assert_uint_eq(rig_count(r, 0, CLOSING, id), 1);
  ck_assert_uint_eq(r->reset_calls, 1);
  ck_assert_uint_eq(r->resets, 6);
  weft_datachannel_reset_done(r->dc[0], NULL, 0, WEFT_OK, 0);
  for (uint16_t id = 0; id <= 10; id += 2) ck_assert_uint_eq(rig_count(r, 0, CLOSED, id), 1);
  ck_assert_uint_eq(r->dc[0]->table_len, 0);
  rig_free(r);
}
END_TEST

START_TEST(resets_of_unknown_or_already_reset_ids_do_nothing) {
  rig *r = rig_new(100);
  uint16_t unknown[] = {7, 8, 99, 65535, 7};
  weft_datachannel_reset_in(r->dc[0], unknown, 5, 0);
  weft_datachannel_reset_done(r->dc[0], unknown, 5, WEFT_OK, 0);
  ck_assert(r->logged == 0 && r->resets == 0);
  uint16_t id = rig_open(r, 0, ""), twice[] = {id, id, id};
  rig_run(r);
  weft_datachannel_reset_done(r->dc[0], twice, 3, WEFT_OK, 0); /* nobody asked for it */
  ck_assert(weft_datachannel_is_open(r->dc[0], id));
  r->hold_resets = true;
  weft_datachannel_reset_in(r->dc[0], twice, 3, 0);
  weft_datachannel_reset_in(r->dc[0], twice, 3, 0);
  ck_assert_uint_eq(rig_count(r, 0, CLOSING, id), 1);
  ck_assert_uint_eq(r->resets, 1);
  rig_free(r);
}
END_TEST

/* RFC 8832 section 6: a reset instead of an ACK says that the channel was refused. */
START_TEST(a_refused_open_closes_at_the_opener) {
  rig *r = rig_new(100);
  weft_datachannel_params p = {0};
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[1], 2, &p, 0), WEFT_OK);
  weft_datachannel_close_channel(r->dc[1], 2, 0);
  uint16_t id = rig_open(r, 0, "");
  ck_assert_uint_eq(id, 2);
  rig_run(r);
  ck_assert_uint_eq(rig_count(r, 0, ACKED, id), 0);
  ck_assert_int_eq(r->log[rig_find(r, 0, CLOSED, id)].code, WEFT_ERESET);
  ck_assert_uint_eq(rig_count(r, 1, CLOSED, id), 1);
  ck_assert_uint_eq(r->dc[0]->table_len + r->dc[1]->table_len, 0);
  rig_free(r);
}
END_TEST

START_TEST(a_negotiated_channel_closed_before_up_is_just_gone) {
  rig *r = calloc(1, sizeof *r);
  weft_datachannel_config cfg = rig_config(0);
  ck_assert_int_eq(rig_make(r, 0, &cfg), WEFT_OK);
  weft_datachannel_params p = {0};
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[0], 0, &p, 0), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_close_channel(r->dc[0], 0, 0), WEFT_OK);
  ck_assert_uint_eq(rig_count(r, 0, CLOSED, 0), 1);
  ck_assert_uint_eq(r->resets, 0);
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[0], 0, &p, 0), WEFT_OK);
  rig_free(r);
}
END_TEST

/* libdatachannel has 1,024 ids: 511 of ours, and they must come back. */
START_TEST(two_thousand_streams_over_1024_ids) {
  rig *r = rig_new(1024);
  for (unsigned i = 0; i < 2000; i++) {
    uint16_t id = rig_open(r, i % 2, "");
    ck_assert_uint_eq(id, i % 2 ? 1 : 2);
    rig_send(r, i % 2, id, "x");
    rig_run(r);
    weft_datachannel_close_channel(r->dc[i % 2], id, 0);
    rig_run(r);
  }
  ck_assert_uint_eq(rig_stats(r, 0).closed, 2000);
  ck_assert_uint_eq(rig_stats(r, 1).messages_in, 1000);
  ck_assert_uint_eq(r->dc[0]->table_len + r->dc[1]->table_len, 0);
  rig_free(r);
}
END_TEST

START_TEST(every_id_opens_and_closes) {
  rig *r = calloc(1, sizeof *r);
  for (unsigned i = 0; i < 2; i++) {
    weft_datachannel_config cfg = rig_config(i);
    cfg.max_channels = 65535;
    ck_assert_int_eq(rig_make(r, i, &cfg), WEFT_OK);
    ck_assert_int_eq(weft_datachannel_up(r->dc[i], 65535, 65535, 0), WEFT_OK);
  }
  unsigned opened = 0;
  for (unsigned i = 0; i < 2; i++) {
    uint16_t id;
    weft_datachannel_params p = {0};
    while (weft_datachannel_open(r->dc[i], &p, &id, 0) == WEFT_OK) {
      if (++opened % 64 == 0) rig_run(r);
    }
  }
  rig_run(r);
  ck_assert_uint_eq(opened, 65534); /* 0 is reserved: 1 to 65,534 */
  ck_assert_uint_eq(rig_stats(r, 0).channels, 65534);
  for (unsigned id = 1; id < 65535; id++) weft_datachannel_close_channel(r->dc[id % 2], (uint16_t)id, 0);
  rig_run(r);
  for (unsigned i = 0; i < 2; i++) {
    ck_assert_uint_eq(rig_stats(r, i).closed, 65534);
    ck_assert_uint_eq(r->dc[i]->table_len, 0);
  }
  ck_assert_uint_eq(rig_open(r, 0, ""), 2);
  rig_free(r);
}
END_TEST

/* ---- a transport that delivers in any order SCTP allows ---- */

static bool shares_a_stream(const rig_item *a, const rig_item *b) {
  for (size_t i = 0; i < (a->kind == RIG_MESSAGE ? 1 : a->n); i++)
    for (size_t k = 0; k < (b->kind == RIG_MESSAGE ? 1 : b->n); k++)
      if ((a->kind == RIG_MESSAGE ? a->out.stream : a->ids[i]) == (b->kind == RIG_MESSAGE ? b->out.stream : b->ids[k]))
        return true;
  return false;
}

/* On one stream everything stays in order, but the answer to a reset may come before or after what the other side sends. */
static bool may_go(const rig *r, const rig_item *item) {
  for (const rig_item *i = r->first; i != item; i = i->next)
    if (i->to == item->to && i->kind != RIG_DONE && item->kind != RIG_DONE && shares_a_stream(i, item)) return false;
  return true;
}

static bool deliver_any(rig *r, test_rng *rng) {
  rig_item *candidates[256], *before = NULL;
  size_t n = 0;
  for (rig_item *i = r->first; i && n < 256; i = i->next)
    if (may_go(r, i)) candidates[n++] = i;
  if (n == 0) return false;
  rig_item *chosen = candidates[test_rng_below(rng, (uint32_t)n)];
  for (rig_item *i = r->first; i != chosen; i = i->next) before = i;
  *(before ? &before->next : &r->first) = chosen->next;
  if (r->last == chosen) r->last = before;
  rig_deliver(r, chosen);
  free(chosen->data);
  free(chosen);
  return true;
}

static void one_step(rig *r, test_rng *rng) {
  unsigned side = test_rng_below(rng, 2);
  uint16_t id = (uint16_t)test_rng_below(rng, 12);
  weft_datachannel_params p = {0};
  switch (test_rng_below(rng, 8)) {
  case 0: weft_datachannel_open(r->dc[side], &p, &id, 0); break;
  case 1: weft_datachannel_close_channel(r->dc[side], id, 0); break;
  case 2: rig_send(r, side, id, "traffic"); break;
  case 3: r->full[side] = !r->full[side]; break;
  case 4: weft_datachannel_writable(r->dc[side], 0); break;
  default: deliver_any(r, rng); break;
  }
}

static unsigned open_at_end;
static void count_open(rig *r, unsigned side, const weft_datachannel_event *ev) {
  (void)r, (void)side;
  open_at_end += ev->type == OPENED;
  open_at_end -= ev->type == CLOSED;
}

START_TEST(random_lives_add_up) {
  uint64_t opened = 0;
  for (uint64_t seed = 0; seed < 200; seed++) {
    test_rng rng;
    test_rng_init(&rng, seed);
    rig *r = rig_new(12);
    r->hook = count_open;
    open_at_end = 0;
    for (unsigned i = 0; i < 600; i++) one_step(r, &rng);
    r->full[0] = r->full[1] = false;
    for (unsigned side = 0; side < 2; side++) weft_datachannel_writable(r->dc[side], 0);
    while (deliver_any(r, &rng)) continue;
    /* Both agree on what is open, and no protocol rule was broken on the way. */
    for (uint16_t id = 0; id < 12; id++)
      ck_assert_int_eq(weft_datachannel_is_open(r->dc[0], id), weft_datachannel_is_open(r->dc[1], id));
    for (unsigned side = 0; side < 2; side++) {
      weft_datachannel_stats s = rig_stats(r, side);
      ck_assert_uint_eq(s.drop_malformed + s.drop_parity + s.drop_unexpected + s.drop_unknown_channel + s.drop_limit,
                        0);
      ck_assert_uint_eq(s.channels, r->dc[side]->table_len);
      opened += s.opened_in;
    }
    ck_assert_uint_eq(open_at_end, rig_stats(r, 0).channels + rig_stats(r, 1).channels);
    for (uint16_t id = 0; id < 12; id++) weft_datachannel_close_channel(r->dc[id % 2], id, 0);
    while (deliver_any(r, &rng)) continue;
    ck_assert_uint_eq(r->dc[0]->table_len + r->dc[1]->table_len, 0);
    ck_assert_uint_eq(open_at_end, 0);
    rig_free(r);
  }
  ck_assert_uint_gt(opened, 1000);
}
END_TEST

Suite *test_datachannel_closing(void) {
  static const unit_test tests[] = {UNIT(closing_goes_both_ways),
                                    UNIT(both_may_close_at_once),
                                    UNIT(an_id_waits_for_both_resets),
                                    UNIT(the_order_of_the_two_resets_does_not_matter),
                                    UNIT(data_on_a_closing_channel_is_dropped),
                                    UNIT(an_unanswered_reset_holds_the_id_for_a_while),
                                    UNIT(held_ids_expire_in_turn),
                                    UNIT(a_denied_reset_leaves_the_id_unused_for_good),
                                    UNIT(a_reset_of_all_streams_closes_all),
                                    UNIT(resets_of_unknown_or_already_reset_ids_do_nothing),
                                    UNIT(a_refused_open_closes_at_the_opener),
                                    UNIT(a_negotiated_channel_closed_before_up_is_just_gone),
                                    UNIT(two_thousand_streams_over_1024_ids),
                                    UNIT(every_id_opens_and_closes),
                                    UNIT(random_lives_add_up)};
  return unit_suite("datachannel/closing", tests, sizeof tests / sizeof tests[0]);
}
