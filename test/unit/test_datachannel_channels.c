#include "test/unit/datachannel_rig.h"

START_TEST(opens_acknowledges_and_talks) {
  rig *r = rig_new(65535);
  uint16_t id = rig_open(r, 0, "chat");
  ck_assert_uint_eq(id, 2);
  ck_assert_int_eq(rig_send(r, 0, id, "before the ACK"), WEFT_OK);
  rig_run(r);
  ck_assert_uint_eq(rig_count(r, 0, OPENED, id), 1);
  ck_assert_uint_eq(rig_count(r, 0, ACKED, id), 1);
  int opened = rig_find(r, 1, OPENED, id), message = rig_find(r, 1, MESSAGE, id);
  ck_assert_int_lt(opened, message);
  ck_assert_str_eq(r->log[opened].text, "chat");
  ck_assert(r->log[opened].inbound);
  ck_assert_str_eq(r->log[message].text, "before the ACK");
  ck_assert_int_eq(rig_send(r, 1, id, "answer"), WEFT_OK);
  rig_run(r);
  ck_assert_str_eq(r->log[rig_find(r, 0, MESSAGE, id)].text, "answer");
  ck_assert(weft_datachannel_is_open(r->dc[0], id) && weft_datachannel_is_open(r->dc[1], id));
  ck_assert(!weft_datachannel_is_open(r->dc[0], 4));
  rig_free(r);
}
END_TEST

START_TEST(ids_follow_the_dtls_role) {
  rig *r = rig_new(65535);
  for (unsigned i = 0; i < 4; i++) {
    ck_assert_uint_eq(rig_open(r, 0, ""), 2 + 2 * i);
    ck_assert_uint_eq(rig_open(r, 1, ""), 1 + 2 * i);
  }
  rig_run(r);
  ck_assert_uint_eq(rig_stats(r, 0).channels, 8);
  ck_assert_uint_eq(rig_stats(r, 0).opened_in, 4);
  ck_assert_uint_eq(rig_stats(r, 1).opened_out, 4);
  rig_free(r);
}
END_TEST

START_TEST(priority_is_normal_unless_given) {
  rig *r = rig_new(10);
  rig_open(r, 0, "");
  ck_assert(r->last->data[2] == 1 && r->last->data[3] == 0);
  uint16_t id;
  weft_datachannel_params p = {.priority = 128};
  ck_assert_int_eq(weft_datachannel_open(r->dc[0], &p, &id, 0), WEFT_OK);
  ck_assert(r->last->data[2] == 0 && r->last->data[3] == 128);
  rig_free(r);
}
END_TEST

START_TEST(needs_the_association) {
  rig *r = calloc(1, sizeof *r);
  weft_datachannel_config cfg = rig_config(0);
  ck_assert_int_eq(rig_make(r, 0, &cfg), WEFT_OK);
  uint16_t id = 0;
  weft_datachannel_params p = {0};
  ck_assert_int_eq(weft_datachannel_open(r->dc[0], &p, &id, 0), WEFT_ESTATE);
  ck_assert_int_eq(weft_datachannel_input(r->dc[0], 1, 51, (const uint8_t *)"x", 1, 0), WEFT_ESTATE);
  ck_assert_int_eq(weft_datachannel_reset_in(r->dc[0], NULL, 0, 0), WEFT_ESTATE);
  ck_assert_int_eq(weft_datachannel_reset_done(r->dc[0], NULL, 0, 0, 0), WEFT_ESTATE);
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[0], 0, &p, 0), WEFT_OK);
  ck_assert_int_eq(rig_send(r, 0, 0, "x"), WEFT_ESTATE);
  ck_assert_int_eq(weft_datachannel_up(r->dc[0], 10, 10, 0), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_up(r->dc[0], 10, 10, 0), WEFT_ESTATE);
  ck_assert_int_eq(rig_send(r, 0, 0, "x"), WEFT_OK);
  rig_free(r);
}
END_TEST

START_TEST(negotiated_channels_need_no_dcep) {
  rig *r = rig_new(10);
  weft_datachannel_params p = {0};
  for (unsigned i = 0; i < 2; i++) ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[i], 0, &p, 0), WEFT_OK);
  ck_assert_ptr_null(r->first);
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[0], 0, &p, 0), WEFT_ESTATE);
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[0], 10, &p, 0), WEFT_EINVAL);
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[0], 65535, &p, 0), WEFT_EINVAL);
  p.reliability = (weft_datachannel_reliability)3;
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[0], 3, &p, 0), WEFT_EINVAL);
  ck_assert_int_eq(rig_send(r, 1, 0, "noise"), WEFT_OK);
  rig_run(r);
  ck_assert_str_eq(r->log[rig_find(r, 0, MESSAGE, 0)].text, "noise");
  ck_assert_uint_eq(rig_open(r, 0, ""), 2);
  rig_free(r);
}
END_TEST

START_TEST(negotiated_beyond_the_streams_closes_at_up) {
  rig *r = calloc(1, sizeof *r);
  weft_datachannel_config cfg = rig_config(0);
  ck_assert_int_eq(rig_make(r, 0, &cfg), WEFT_OK);
  weft_datachannel_params p = {0};
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[0], 0, &p, 0), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[0], 8, &p, 0), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[0], 9, &p, 0), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_up(r->dc[0], 8, 100, 0), WEFT_OK);
  ck_assert_int_eq(r->log[rig_find(r, 0, CLOSED, 8)].code, WEFT_ELIMIT);
  ck_assert_int_eq(r->log[rig_find(r, 0, CLOSED, 9)].code, WEFT_ELIMIT);
  ck_assert(weft_datachannel_is_open(r->dc[0], 0));
  ck_assert_uint_eq(rig_stats(r, 0).channels, 1);
  ck_assert_uint_eq(r->resets, 0);
  rig_free(r);
}
END_TEST

START_TEST(the_smaller_stream_count_rules) {
  rig *r = calloc(1, sizeof *r);
  weft_datachannel_config cfg = rig_config(0);
  ck_assert_int_eq(rig_make(r, 0, &cfg), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_up(r->dc[0], 65535, 7, 0), WEFT_OK); /* 2, 4, 6 */
  for (unsigned i = 0; i < 3; i++) rig_open(r, 0, "");
  uint16_t id;
  ck_assert_int_eq(weft_datachannel_open(r->dc[0], &(weft_datachannel_params){0}, &id, 0), WEFT_ELIMIT);
  rig_free(r);
}
END_TEST

START_TEST(max_channels_bounds_opening) {
  rig *r = calloc(1, sizeof *r);
  weft_datachannel_config cfg = rig_config(0);
  cfg.max_channels = 2;
  ck_assert_int_eq(rig_make(r, 0, &cfg), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_up(r->dc[0], 100, 100, 0), WEFT_OK);
  rig_open(r, 0, "");
  weft_datachannel_params p = {0};
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[0], 0, &p, 0), WEFT_OK);
  uint16_t id;
  ck_assert_int_eq(weft_datachannel_open(r->dc[0], &p, &id, 0), WEFT_ELIMIT);
  ck_assert_int_eq(weft_datachannel_open_negotiated(r->dc[0], 1, &p, 0), WEFT_ELIMIT);
  rig_free(r);
}
END_TEST

START_TEST(open_refused_by_the_transport_takes_nothing) {
  rig *r = rig_new(100);
  uint16_t id;
  weft_datachannel_params p = {0};
  r->full[0] = true;
  ck_assert_int_eq(weft_datachannel_open(r->dc[0], &p, &id, 0), WEFT_EAGAIN);
  ck_assert_uint_eq(r->logged, 0);
  ck_assert_uint_eq(rig_stats(r, 0).channels, 0);
  weft_datachannel_writable(r->dc[0], 0);
  ck_assert_uint_eq(rig_count(r, 0, WRITABLE, WEFT_DATACHANNEL_ID_NONE), 1);
  weft_datachannel_writable(r->dc[0], 0);
  ck_assert_uint_eq(rig_count(r, 0, WRITABLE, WEFT_DATACHANNEL_ID_NONE), 1);
  r->full[0] = false;
  ck_assert_uint_eq(rig_open(r, 0, ""), 2);
  rig_free(r);
}
END_TEST

START_TEST(send_refused_by_the_transport_takes_nothing) {
  rig *r = rig_new(100);
  uint16_t id = rig_open(r, 0, "");
  rig_run(r);
  r->full[0] = true;
  ck_assert_int_eq(rig_send(r, 0, id, "x"), WEFT_EAGAIN);
  ck_assert_int_eq(rig_send(r, 0, id, "x"), WEFT_EAGAIN);
  ck_assert_uint_eq(rig_stats(r, 0).messages_out, 0);
  r->full[0] = false;
  weft_datachannel_writable(r->dc[0], 0);
  ck_assert_uint_eq(rig_count(r, 0, WRITABLE, id), 1);
  ck_assert_int_eq(rig_send(r, 0, id, "x"), WEFT_OK);
  weft_datachannel_writable(r->dc[0], 0);
  ck_assert_uint_eq(rig_count(r, 0, WRITABLE, id), 1);
  rig_run(r);
  ck_assert_uint_eq(rig_count(r, 1, MESSAGE, id), 1);
  rig_free(r);
}
END_TEST

START_TEST(empty_messages_have_their_own_ppids) {
  rig *r = rig_new(100);
  uint16_t id = rig_open(r, 0, "");
  rig_run(r);
  for (unsigned binary = 0; binary < 2; binary++) {
    ck_assert_int_eq(weft_datachannel_send(r->dc[0], id, binary, NULL, 0, 0), WEFT_OK);
    ck_assert_uint_eq(r->last_out.ppid, binary ? 57 : 56);
    ck_assert_uint_eq(r->last->len, 1);
    rig_run(r);
    const rig_event *got = &r->log[r->logged - 1];
    ck_assert(got->type == MESSAGE && got->len == 0 && got->binary == (binary == 1));
  }
  ck_assert_int_eq(weft_datachannel_send(r->dc[0], id, true, (const uint8_t *)"b", 1, 0), WEFT_OK);
  ck_assert_uint_eq(r->last_out.ppid, 53);
  ck_assert_int_eq(rig_send(r, 0, id, "s"), WEFT_OK);
  ck_assert_uint_eq(r->last_out.ppid, 51);
  rig_free(r);
}
END_TEST

/* RFC 8832 section 6: ordered until the peer was heard, and DCEP always ordered and reliable. */
START_TEST(unordered_only_after_the_peer_was_heard) {
  rig *r = rig_new(100);
  uint16_t id;
  weft_datachannel_params p = {.unordered = true, .reliability = WEFT_DATACHANNEL_REXMIT, .parameter = 5};
  ck_assert_int_eq(weft_datachannel_open(r->dc[0], &p, &id, 0), WEFT_OK);
  ck_assert(!r->last_out.unordered && !r->last_out.limit_retransmits);
  rig_send(r, 0, id, "x");
  ck_assert(!r->last_out.unordered && r->last_out.limit_retransmits && r->last_out.max_retransmits == 5);
  rig_run(r); /* ends with the ACK */
  ck_assert(!r->last_out.unordered && !r->last_out.limit_retransmits && r->last_out.ppid == 50);
  rig_send(r, 0, id, "x");
  ck_assert(r->last_out.unordered);
  rig_send(r, 1, id, "x");
  ck_assert(r->last_out.unordered && r->last_out.limit_retransmits && r->last_out.max_retransmits == 5);
  rig_free(r);
}
END_TEST

START_TEST(reliability_parameters_reach_the_transport) {
  rig *r = rig_new(100);
  uint16_t id;
  weft_datachannel_params p = {.reliability = WEFT_DATACHANNEL_REXMIT, .parameter = 0x12345};
  ck_assert_int_eq(weft_datachannel_open(r->dc[0], &p, &id, 0), WEFT_OK);
  rig_send(r, 0, id, "x");
  ck_assert(r->last_out.limit_retransmits && r->last_out.max_retransmits == 65535 && r->last_out.lifetime == 0);
  p = (weft_datachannel_params){.reliability = WEFT_DATACHANNEL_TIMED, .parameter = 250};
  ck_assert_int_eq(weft_datachannel_open(r->dc[0], &p, &id, 0), WEFT_OK);
  rig_send(r, 0, id, "x");
  ck_assert(!r->last_out.limit_retransmits && r->last_out.lifetime == WEFT_MS(250));
  p.parameter = 0;
  ck_assert_int_eq(weft_datachannel_open(r->dc[0], &p, &id, 0), WEFT_OK);
  rig_send(r, 0, id, "x");
  ck_assert_uint_gt(r->last_out.lifetime, 0);
  ck_assert_uint_lt(r->last_out.lifetime, WEFT_MS(1));
  rig_free(r);
}
END_TEST

START_TEST(the_peers_message_limit_holds) {
  rig *r = calloc(1, sizeof *r);
  weft_datachannel_config cfg = rig_config(0);
  cfg.peer_max_message = 3;
  ck_assert_int_eq(rig_make(r, 0, &cfg), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_up(r->dc[0], 100, 100, 0), WEFT_OK);
  uint16_t id = rig_open(r, 0, "");
  ck_assert_int_eq(rig_send(r, 0, id, "1234"), WEFT_ETOOBIG);
  ck_assert_int_eq(rig_send(r, 0, id, "123"), WEFT_OK);
  rig_free(r);
}
END_TEST

START_TEST(unknown_ids_are_refused) {
  rig *r = rig_new(100);
  ck_assert_int_eq(rig_send(r, 0, 2, "x"), WEFT_ENOTFOUND);
  ck_assert_int_eq(weft_datachannel_close_channel(r->dc[0], 2, 0), WEFT_ENOTFOUND);
  rig_free(r);
}
END_TEST

START_TEST(long_labels_pass) {
  static char label[65535];
  memset(label, 'L', sizeof label);
  rig *r = rig_new(100);
  uint16_t id;
  weft_datachannel_params p = {.label = label, .label_len = 65535, .protocol = label, .protocol_len = 65535};
  ck_assert_int_eq(weft_datachannel_open(r->dc[0], &p, &id, 0), WEFT_OK);
  rig_run(r);
  ck_assert_uint_eq(rig_count(r, 1, OPENED, id), 1);
  ck_assert_uint_eq(rig_count(r, 0, ACKED, id), 1);
  rig_free(r);
}
END_TEST

static void whole_life(void *ctx) {
  (void)ctx;
  rig *r = calloc(1, sizeof *r);
  bool made = true;
  for (unsigned i = 0; i < 2; i++) {
    weft_datachannel_config cfg = rig_config(i);
    made = made && rig_make(r, i, &cfg) == WEFT_OK && weft_datachannel_up(r->dc[i], 100, 100, 0) == WEFT_OK;
  }
  for (unsigned i = 0; made && i < 10; i++) {
    static char label[600];
    uint16_t id;
    weft_datachannel_params p = {.label = label, .label_len = i % 2 ? 600 : 3};
    if (weft_datachannel_open(r->dc[i % 2], &p, &id, 0) != WEFT_OK) continue;
    rig_run(r);
    if (i % 3 == 0) weft_datachannel_close_channel(r->dc[0], id, 0);
    rig_run(r);
  }
  rig_free(r);
}

START_TEST(survives_every_allocation_failure) { ck_assert_uint_gt(alloc_sweep(whole_life, NULL), 5); }
END_TEST

START_TEST(an_older_caller_with_shorter_structs_works) {
  static rig r;
  struct {
    size_t size;
    const weft_alloc *alloc;
  } small;
  weft_datachannel_config_init((weft_datachannel_config *)(void *)&small, sizeof small);
  small.alloc = test_alloc();
  ck_assert_int_eq(rig_make(&r, 0, (const weft_datachannel_config *)(const void *)&small), WEFT_OK);
  struct {
    size_t size;
    uint64_t opened_in, guard;
  } stats = {.size = 16, .guard = 77};
  weft_datachannel_get_stats(r.dc[0], (weft_datachannel_stats *)(void *)&stats);
  ck_assert(stats.guard == 77 && stats.opened_in == 0);
  weft_datachannel_free(r.dc[0]);
}
END_TEST

Suite *test_datachannel_channels(void) {
  static const unit_test tests[] = {UNIT(opens_acknowledges_and_talks),
                                    UNIT(ids_follow_the_dtls_role),
                                    UNIT(priority_is_normal_unless_given),
                                    UNIT(needs_the_association),
                                    UNIT(negotiated_channels_need_no_dcep),
                                    UNIT(negotiated_beyond_the_streams_closes_at_up),
                                    UNIT(the_smaller_stream_count_rules),
                                    UNIT(max_channels_bounds_opening),
                                    UNIT(open_refused_by_the_transport_takes_nothing),
                                    UNIT(send_refused_by_the_transport_takes_nothing),
                                    UNIT(empty_messages_have_their_own_ppids),
                                    UNIT(unordered_only_after_the_peer_was_heard),
                                    UNIT(reliability_parameters_reach_the_transport),
                                    UNIT(the_peers_message_limit_holds),
                                    UNIT(unknown_ids_are_refused),
                                    UNIT(long_labels_pass),
                                    UNIT(survives_every_allocation_failure),
                                    UNIT(an_older_caller_with_shorter_structs_works)};
  return unit_suite("datachannel/channels", tests, sizeof tests / sizeof tests[0]);
}
