/* Back-pressure on the way out, and that one call is one frame. */
#include "test/unit/webrtc_log.h"

static log_world l;
static uint8_t big[400 * 1024];

static ptrdiff_t send_n(weft_webrtc *c, uint32_t id, size_t n) {
  return weft_webrtc_stream_send(c, id, big, n, l.w.now);
}

START_TEST(a_full_stream_takes_no_more_until_half_is_free) {
  log_init(&l, 1);
  uint32_t id = log_open(&l, log_dialer(&l));
  size_t room = weft_webrtc_stream_room(log_dialer(&l), id);
  ck_assert_uint_gt(room, 250 * 1024);
  ck_assert_uint_le(room, 256 * 1024);
  ptrdiff_t took = send_n(log_dialer(&l), id, sizeof big);
  ck_assert_int_gt(took, 200 * 1024);
  ck_assert_int_lt(took, 256 * 1024 + 1);
  ck_assert_int_eq(send_n(log_dialer(&l), id, sizeof big), 0);
  ck_assert_events(&l.side[0], id, "-");
  log_wait(&l, WEFT_SEC(2));
  ck_assert_events(&l.side[0], id, "W");
  ck_assert_uint_eq(log_find(&l.side[1], id)->len, (size_t)took);
  ck_assert_uint_ge(weft_webrtc_stream_room(log_dialer(&l), id), room); /* then the OPEN was still on its way */
  log_end(&l);
}
END_TEST

/* What room() says is taken whole. */
START_TEST(room_is_the_truth) {
  log_prepare(&l, 2);
  l.w.client_cfg.stream_send_limit = 50000;
  log_connect(&l);
  uint32_t id = log_open(&l, log_dialer(&l));
  for (int i = 0; i < 40; i++) {
    size_t room = weft_webrtc_stream_room(log_dialer(&l), id), n = (size_t)(i % 3) * 7000 + 100;
    if (n > room) n = room;
    if (n > 0) ck_assert_int_eq(send_n(log_dialer(&l), id, n), (ptrdiff_t)n);
    if (i % 4 == 3) log_wait(&l, WEFT_MS(12));
  }
  log_wait(&l, WEFT_SEC(2));
  log_end(&l);
}
END_TEST

/* A chat line is one frame at the other end: one DATA event. */
static unsigned data_events;
static size_t longest;

static void count_data(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  (void)w, (void)now;
  if (!s->server || ev->type != WEFT_WEBRTC_EVENT_STREAM || ev->stream->type != WEFT_STREAM_DATA) return;
  data_events++;
  if (ev->stream->len > longest) longest = ev->stream->len;
}

START_TEST(one_call_is_one_frame) {
  data_events = 0, longest = 0;
  log_init(&l, 3);
  l.hook = count_data;
  uint32_t id = log_open(&l, log_dialer(&l));
  for (int i = 0; i < 10; i++) ck_assert_int_eq(log_send(&l, log_dialer(&l), id, "a line"), 6);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_uint_eq(data_events, 10);
  ck_assert_int_eq(send_n(log_dialer(&l), id, WEFT_WEBRTC_PAYLOAD_MAX), WEFT_WEBRTC_PAYLOAD_MAX);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_uint_eq(data_events, 11);
  ck_assert_uint_eq(longest, WEFT_WEBRTC_PAYLOAD_MAX);
  ck_assert_int_eq(send_n(log_dialer(&l), id, WEFT_WEBRTC_PAYLOAD_MAX + 1), WEFT_WEBRTC_PAYLOAD_MAX + 1);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_uint_eq(data_events, 13);
  ck_assert_int_eq(send_n(log_dialer(&l), id, 0), 0);
  log_end(&l);
}
END_TEST

START_TEST(a_tiny_limit_still_moves) {
  log_prepare(&l, 4);
  l.w.client_cfg.stream_send_limit = 10;
  log_connect(&l);
  uint32_t id = log_open(&l, log_dialer(&l));
  size_t done = 0;
  for (int i = 0; i < 200 && done < 300; i++) {
    ptrdiff_t took = send_n(log_dialer(&l), id, 300 - done);
    ck_assert_int_ge(took, 0);
    done += (size_t)took;
    log_wait(&l, WEFT_MS(60));
  }
  ck_assert_uint_eq(done, 300);
  ck_assert_uint_eq(log_find(&l.side[1], id)->len, 300);
  log_end(&l);
}
END_TEST

/* Sixteen full streams meet the association's limit; all get through, and every one is told WRITABLE. */
START_TEST(the_association_is_shared) {
  uint32_t id[16];
  size_t took[16];
  log_init(&l, 5);
  for (int i = 0; i < 16; i++) {
    id[i] = log_open(&l, log_dialer(&l));
    ptrdiff_t n = send_n(log_dialer(&l), id[i], sizeof big);
    ck_assert_int_ge(n, 0);
    took[i] = (size_t)n;
  }
  ck_assert_uint_eq(took[15], 0);
  ck_assert_uint_lt(weft_webrtc_stream_room(log_dialer(&l), id[15]), 20000); /* though it is empty itself */
  log_wait(&l, WEFT_SEC(20));
  for (int i = 0; i < 16; i++) {
    ck_assert_events(&l.side[0], id[i], "W");
    log_stream *st = log_find(&l.side[1], id[i]);
    ck_assert_uint_eq(st ? st->len : 0, took[i]);
    ck_assert_int_eq(weft_webrtc_stream_shutdown(log_dialer(&l), id[i], l.w.now), WEFT_OK);
  }
  log_wait(&l, WEFT_SEC(5));
  for (int i = 0; i < 16; i++) ck_assert(strchr(log_find(&l.side[1], id[i])->events, 'C') != NULL);
  log_end(&l);
}
END_TEST

/* An output that refuses now and then loses nothing. */
START_TEST(refused_output_is_offered_again) {
  log_init(&l, 6);
  l.echo = true;
  net_link_of(&l.w.net, &l.w.server_addr)->refuse_ppm = 300000;
  net_link_of(&l.w.net, &l.w.dialers[0].addr)->refuse_ppm = 300000;
  uint32_t id = log_open(&l, log_dialer(&l));
  ck_assert_int_eq(send_n(log_dialer(&l), id, 100000), 100000);
  weft_webrtc_stream_shutdown(log_dialer(&l), id, l.w.now);
  log_wait(&l, WEFT_SEC(20));
  ck_assert_uint_eq(log_find(&l.side[0], id)->len, 100000);
  ck_assert_events(&l.side[0], id, "DCX");
  log_end(&l);
}
END_TEST

START_TEST(cut_short_for_want_of_memory) { /* WRITABLE follows all the same */
  log_init(&l, 7);
  uint32_t id = log_open(&l, log_dialer(&l));
  log_wait(&l, WEFT_SEC(1));
  test_leak()->fail_at = 8;
  ptrdiff_t took = send_n(log_dialer(&l), id, 200 * 1024);
  ck_assert_uint_eq(test_leak()->refused, 1);
  ck_assert_int_gt(took, 0);
  ck_assert_int_lt(took, 200 * 1024);
  log_wait(&l, WEFT_SEC(2));
  ck_assert_events(&l.side[0], id, "W");
  ck_assert_uint_eq(log_find(&l.side[1], id)->len, (size_t)took);
  log_end(&l);
}
END_TEST

Suite *test_webrtc_send(void) {
  static const unit_test tests[] = {UNIT(a_full_stream_takes_no_more_until_half_is_free),
                                    UNIT(room_is_the_truth),
                                    UNIT(one_call_is_one_frame),
                                    UNIT(a_tiny_limit_still_moves),
                                    UNIT(the_association_is_shared),
                                    UNIT(cut_short_for_want_of_memory),
                                    UNIT(refused_output_is_offered_again)};
  return unit_suite("webrtc/send", tests, sizeof tests / sizeof tests[0]);
}
