/* Streams of a connection as the application sees them. */
#include "test/unit/webrtc_log.h"

static log_world l;

static size_t channels(weft_webrtc *c) {
  weft_datachannel_stats s = {.size = sizeof s};
  weft_datachannel_get_stats(c->dc, &s);
  return s.channels;
}

START_TEST(half_close_both_ways) {
  log_init(&l, 1);
  l.echo = true;
  uint32_t id = log_open(&l, log_dialer(&l));
  ck_assert_uint_eq(id, 2); /* even: the DTLS client's; 0 is Noise's */
  ck_assert_int_eq(log_send(&l, log_dialer(&l), id, "hello"), 5);
  ck_assert_int_eq(weft_webrtc_stream_shutdown(log_dialer(&l), id, l.w.now), WEFT_OK);
  ck_assert_int_eq(weft_webrtc_stream_shutdown(log_dialer(&l), id, l.w.now), WEFT_ESTATE);
  ck_assert_int_eq(log_send(&l, log_dialer(&l), id, "more"), WEFT_ESTATE);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_events(&l.side[1], id, "ODCX");
  ck_assert_events(&l.side[0], id, "DCX");
  ck_assert_mem_eq(log_find(&l.side[0], id)->first, "hello", 5);
  ck_assert_int_eq(log_send(&l, log_dialer(&l), id, "late"), WEFT_ENOTFOUND);
  ck_assert_uint_eq(log_stats(log_dialer(&l)).streams, 0);
  ck_assert_uint_eq(log_stats(log_accepted(&l)).streams, 0);
  ck_assert_uint_eq(log_open(&l, log_dialer(&l)), 2); /* the id is free again */
  ck_assert_uint_eq(log_open(&l, log_accepted(&l)), 1);
  log_end(&l);
}
END_TEST

START_TEST(before_ready_and_after_the_end) {
  uint32_t id;
  log_prepare(&l, 2);
  world_listen(&l.w);
  weft_webrtc *c = world_dial(&l.w, 0)->c;
  ck_assert_int_eq(weft_webrtc_stream_open(c, &id, l.w.now), WEFT_ESTATE);
  ck_assert_int_eq(weft_webrtc_secured_send(c, (const uint8_t *)"x", 1, l.w.now), WEFT_ESTATE);
  ck_assert_int_eq(weft_webrtc_stream_send(c, 2, (const uint8_t *)"x", 1, l.w.now), WEFT_ENOTFOUND);
  ck_assert(world_run(&l.w, l.w.now + WEFT_SEC(5), world_all_ready));
  ck_assert_int_eq(weft_webrtc_stream_shutdown(c, 77, l.w.now), WEFT_ENOTFOUND);
  ck_assert_int_eq(weft_webrtc_stream_reset(c, 77, l.w.now), WEFT_ENOTFOUND);
  ck_assert_int_eq(weft_webrtc_stream_stop(c, 77, l.w.now), WEFT_ENOTFOUND);
  ck_assert_int_eq(weft_webrtc_stream_consumed(c, 77, 1, l.w.now), WEFT_ENOTFOUND);
  ck_assert_uint_eq(weft_webrtc_stream_room(c, 77), 0);
  ck_assert_uint_eq(weft_webrtc_stream_room(c, 0), 0); /* channel 0 is no stream */
  log_end(&l);
}
END_TEST

START_TEST(reset_ends_both_directions) {
  log_init(&l, 3);
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "half a mess");
  log_wait(&l, WEFT_MS(100));
  ck_assert_int_eq(weft_webrtc_stream_reset(log_accepted(&l), id, l.w.now), WEFT_OK);
  ck_assert_events(&l.side[1], id, "ODR");
  ck_assert_int_eq(log_find(&l.side[1], id)->code, WEFT_ECLOSED);
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[0], id, "R");
  ck_assert_int_eq(log_find(&l.side[0], id)->code, WEFT_ERESET);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_uint_eq(log_open(&l, log_dialer(&l)), id);
  ck_assert_uint_eq(log_stats(log_accepted(&l)).streams_reset, 1);
  log_end(&l);
}
END_TEST

/* go-libp2p: "stream reset"; a channel that goes without FIN took data with it. */
START_TEST(channel_reset_without_fin_is_a_reset) {
  log_init(&l, 4);
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "x");
  log_wait(&l, WEFT_MS(100));
  weft_datachannel_close_channel(log_dialer(&l)->dc, (uint16_t)id, l.w.now);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_events(&l.side[1], id, "ODR");
  ck_assert_int_eq(log_find(&l.side[1], id)->code, WEFT_ERESET);
  log_end(&l);
}
END_TEST

START_TEST(stop_sending_ends_the_peers_writing) {
  log_init(&l, 5);
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "one");
  log_wait(&l, WEFT_MS(100));
  ck_assert_int_eq(weft_webrtc_stream_stop(log_accepted(&l), id, l.w.now), WEFT_OK);
  ck_assert_int_eq(weft_webrtc_stream_stop(log_accepted(&l), id, l.w.now), WEFT_ESTATE);
  log_send(&l, log_dialer(&l), id, "two"); /* on its way already: dropped there */
  log_wait(&l, WEFT_MS(100));
  ck_assert_uint_eq(log_find(&l.side[1], id)->len, 3);
  ck_assert_int_eq(log_send(&l, log_dialer(&l), id, "three"), WEFT_ECLOSED);
  ck_assert_uint_eq(weft_webrtc_stream_room(log_dialer(&l), id), 0);
  ck_assert_int_eq(weft_webrtc_stream_shutdown(log_dialer(&l), id, l.w.now), WEFT_OK);
  ck_assert_int_eq(log_send(&l, log_accepted(&l), id, "back"), 4); /* the other direction goes on */
  weft_webrtc_stream_shutdown(log_accepted(&l), id, l.w.now);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_events(&l.side[0], id, "DCX");
  ck_assert_events(&l.side[1], id, "ODX"); /* who reads no more is not told of the end */
  log_end(&l);
}
END_TEST

/* A peer that never says FIN_ACK: ten seconds after its transport has everything the stream ends. */
START_TEST(without_fin_ack_the_limit_decides) {
  log_init(&l, 6);
  weft_webrtc_set_quirks(log_accepted(&l), (weft_webrtc_quirks){.no_fin_ack = true});
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "x");
  weft_webrtc_stream_shutdown(log_dialer(&l), id, l.w.now);
  log_wait(&l, WEFT_MS(100));
  weft_webrtc_stream_at(log_accepted(&l), id)->halves.owed =
      0; /* the listener forgets the FIN_ACK that it holds back */
  weft_datachannel_send(log_accepted(&l)->dc, (uint16_t)id, true, (const uint8_t *)"\x02\x08\x00", 3,
                        l.w.now); /* its FIN */
  log_wait(&l, WEFT_SEC(9));
  ck_assert_events(&l.side[0], id, "C");
  log_wait(&l, WEFT_SEC(2));
  ck_assert_events(&l.side[0], id, "CX");
  log_end(&l);
}
END_TEST

START_TEST(rust_is_given_no_fin_ack_before_our_fin) {
  log_init(&l, 7);
  weft_webrtc_set_quirks(log_accepted(&l), (weft_webrtc_quirks){.no_fin_ack = true});
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "ask");
  weft_webrtc_stream_shutdown(log_dialer(&l), id, l.w.now);
  log_wait(&l, WEFT_MS(500));
  ck_assert(!weft_webrtc_stream_at(log_dialer(&l), id)->halves.fin_acked);
  log_send(&l, log_accepted(&l), id, "answer");
  weft_webrtc_stream_shutdown(log_accepted(&l), id, l.w.now);
  log_wait(&l, WEFT_MS(300));
  ck_assert_events(&l.side[1], id, "ODCX"); /* done when the transport has it */
  ck_assert_events(&l.side[0], id, "DCX");
  id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "ask");
  weft_webrtc_stream_shutdown(log_dialer(&l), id, l.w.now);
  log_wait(&l, WEFT_MS(1300)); /* a second later it is told anyway */
  ck_assert(weft_webrtc_stream_at(log_dialer(&l), id)->halves.fin_acked);
  log_end(&l);
}
END_TEST

START_TEST(two_thousand_one_after_another) {
  log_init(&l, 8);
  l.echo = true;
  for (int i = 0; i < 2000; i++) {
    uint32_t id = log_open(&l, log_dialer(&l));
    ck_assert_uint_le(id, 64); /* they come back */
    log_send(&l, log_dialer(&l), id, "x");
    weft_webrtc_stream_shutdown(log_dialer(&l), id, l.w.now);
    log_wait(&l, WEFT_MS(50));
    ck_assert_events(&l.side[0], id, "DCX");
  }
  ck_assert_uint_eq(log_stats(log_accepted(&l)).streams_opened_in, 2000);
  ck_assert_uint_eq(log_stats(log_accepted(&l)).streams, 0);
  ck_assert_uint_le(channels(log_accepted(&l)), 4);
  log_end(&l);
}
END_TEST

START_TEST(one_too_many_is_reset) {
  log_prepare(&l, 9);
  l.w.server_cfg.max_streams = 3;
  log_connect(&l);
  uint32_t id[4], own;
  for (int i = 0; i < 4; i++) {
    id[i] = log_open(&l, log_dialer(&l));
    log_send(&l, log_dialer(&l), id[i], "x");
  }
  log_wait(&l, WEFT_SEC(1));
  for (int i = 0; i < 3; i++) ck_assert_events(&l.side[1], id[i], "OD");
  ck_assert_events(&l.side[1], id[3], "-");
  ck_assert_events(&l.side[0], id[3], "R");
  ck_assert_int_eq(weft_webrtc_stream_open(log_accepted(&l), &own, l.w.now), WEFT_ELIMIT);
  weft_webrtc_stream_reset(log_accepted(&l), id[0], l.w.now);
  ck_assert_int_eq(weft_webrtc_stream_open(log_accepted(&l), &own, l.w.now), WEFT_OK);
  log_end(&l);
}
END_TEST

static void reset_in_data(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  (void)w;
  if (s->server && ev->type == WEFT_WEBRTC_EVENT_STREAM && ev->stream->type == WEFT_STREAM_DATA)
    weft_webrtc_stream_reset(s->c, ev->stream->stream, now);
}

START_TEST(reset_inside_data_stops_delivery) {
  log_init(&l, 10);
  l.hook = reset_in_data;
  uint32_t id = log_open(&l, log_dialer(&l));
  for (int i = 0; i < 20; i++) log_send(&l, log_dialer(&l), id, "frame");
  log_wait(&l, WEFT_SEC(1));
  ck_assert_events(&l.side[1], id, "ODR");
  ck_assert_uint_eq(log_find(&l.side[1], id)->len, 5);
  ck_assert_events(&l.side[0], id, "R");
  log_end(&l);
}
END_TEST

START_TEST(the_end_of_the_connection_resets_every_stream) {
  log_init(&l, 11);
  uint32_t a = log_open(&l, log_dialer(&l)), b = log_open(&l, log_accepted(&l));
  log_send(&l, log_dialer(&l), a, "x");
  log_send(&l, log_accepted(&l), b, "x");
  log_wait(&l, WEFT_MS(100));
  weft_webrtc_close(log_dialer(&l), WEFT_OK, l.w.now);
  ck_assert_ptr_null(log_dialer(&l)); /* CLOSED was told, and it was freed */
  ck_assert_events(&l.side[0], a, "R");
  ck_assert_int_eq(log_find(&l.side[0], a)->code, WEFT_ECLOSED);
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[1], a, "ODR");
  ck_assert_events(&l.side[1], b, "R");
  ck_assert(l.w.accepted[0].closed_seen);
  ck_assert_int_eq(l.w.accepted[0].closed.who, WEFT_WHO_PEER);
  log_end(&l);
}
END_TEST

START_TEST(no_memory_for_a_flag) { /* the stream ends, and both sides know */
  log_init(&l, 12);
  uint32_t id = log_open(&l, log_dialer(&l));
  for (int i = 0; i < 100; i++) ck_assert_int_eq(log_send(&l, log_dialer(&l), id, "hello"), 5);
  test_leak()->fail_at = 1;
  ck_assert_int_eq(weft_webrtc_stream_shutdown(log_dialer(&l), id, l.w.now), WEFT_OK);
  ck_assert_uint_eq(test_leak()->refused, 1);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_events(&l.side[0], id, "R");
  ck_assert_int_eq(log_find(&l.side[0], id)->code, WEFT_ENOMEM);
  ck_assert_events(&l.side[1], id, "ODR");
  ck_assert_uint_eq(log_dialer(&l)->table_len, 0);
  log_end(&l);
}
END_TEST

Suite *test_webrtc_streams(void) {
  static const unit_test tests[] = {UNIT(half_close_both_ways),
                                    UNIT(before_ready_and_after_the_end),
                                    UNIT(reset_ends_both_directions),
                                    UNIT(channel_reset_without_fin_is_a_reset),
                                    UNIT(stop_sending_ends_the_peers_writing),
                                    UNIT(without_fin_ack_the_limit_decides),
                                    UNIT(rust_is_given_no_fin_ack_before_our_fin),
                                    UNIT(two_thousand_one_after_another),
                                    UNIT(one_too_many_is_reset),
                                    UNIT(reset_inside_data_stops_delivery),
                                    UNIT(the_end_of_the_connection_resets_every_stream),
                                    UNIT(no_memory_for_a_flag)};
  return unit_suite("webrtc/streams", tests, sizeof tests / sizeof tests[0]);
}
