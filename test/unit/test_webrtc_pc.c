/* The connection as a layer: time, memory, input of every kind, its end. */
#include "test/unit/webrtc_log.h"

static log_world l;

START_TEST(goodbye_reaches_the_other_side) {
  for (int server = 0; server < 2; server++) {
    log_init(&l, 1);
    const net_link *out = net_link_of(&l.w.net, server ? &l.w.server_addr : &l.w.dialers[0].addr);
    uint64_t sent = out->sent;
    weft_webrtc_close(server ? log_accepted(&l) : log_dialer(&l), WEFT_OK, l.w.now);
    ck_assert_uint_eq(out->sent - sent, 2); /* ABORT, close_notify */
    const world_side *here = server ? &l.w.accepted[0] : &l.w.dialers[0],
                     *there = server ? &l.w.dialers[0] : &l.w.accepted[0];
    ck_assert(here->closed_seen);
    ck_assert_int_eq(here->closed.who, WEFT_WHO_SELF);
    ck_assert_int_eq(here->closed.code, WEFT_OK);
    log_wait(&l, WEFT_MS(20));
    ck_assert(there->closed_seen);
    ck_assert_int_eq(there->closed.who, WEFT_WHO_PEER);
    ck_assert_ptr_nonnull(strstr(there->text, "closed the connection"));
    log_end(&l);
  }
}
END_TEST

static unsigned closed_events;

static void call_everything(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  (void)w;
  uint32_t id;
  if (ev->type != WEFT_WEBRTC_EVENT_CLOSED) return;
  closed_events++;
  ck_assert_int_eq(weft_webrtc_close(s->c, WEFT_OK, now), WEFT_ECLOSED);
  ck_assert_int_eq(weft_webrtc_stream_open(s->c, &id, now), WEFT_ECLOSED);
  ck_assert_int_eq(weft_webrtc_stream_send(s->c, 2, (const uint8_t *)"x", 1, now), WEFT_ECLOSED);
  ck_assert_int_eq(weft_webrtc_stream_reset(s->c, 2, now), WEFT_ECLOSED);
  ck_assert_int_eq(weft_webrtc_secured_send(s->c, (const uint8_t *)"x", 1, now), WEFT_ECLOSED);
  ck_assert_uint_eq(weft_webrtc_stream_room(s->c, 2), 0);
  ck_assert_uint_eq(weft_webrtc_deadline(s->c), WEFT_NEVER);
  ck_assert_uint_eq(log_stats(s->c).streams, 0);
}

START_TEST(exactly_one_closed_and_nothing_after) {
  closed_events = 0;
  log_init(&l, 2);
  l.hook = call_everything;
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "x");
  log_wait(&l, WEFT_MS(100));
  weft_webrtc_close(log_dialer(&l), WEFT_EPROTO, l.w.now);
  log_wait(&l, WEFT_SEC(2));
  ck_assert_uint_eq(closed_events, 2);
  ck_assert_int_eq(l.w.dialers[0].closed.code, WEFT_EPROTO);
  log_end(&l);
}
END_TEST

static void close_in_data(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  (void)w;
  if (s->server && ev->type == WEFT_WEBRTC_EVENT_STREAM && ev->stream->type == WEFT_STREAM_DATA)
    weft_webrtc_close(s->c, WEFT_OK, now);
}

START_TEST(close_inside_data) {
  log_init(&l, 3);
  l.hook = close_in_data;
  uint32_t id = log_open(&l, log_dialer(&l));
  for (int i = 0; i < 10; i++) log_send(&l, log_dialer(&l), id, "x");
  log_wait(&l, WEFT_MS(100));
  ck_assert(l.w.accepted[0].closed_seen && l.w.dialers[0].closed_seen);
  ck_assert_uint_eq(log_find(&l.side[1], id)->len, 1);
  log_end(&l);
}
END_TEST

START_TEST(time_going_back_is_ignored) {
  log_init(&l, 4);
  weft_webrtc *c = log_dialer(&l);
  weft_time at = weft_webrtc_deadline(c);
  weft_webrtc_tick(c, 0);
  ck_assert_uint_eq(weft_webrtc_deadline(c), at);
  weft_webrtc_tick(c, l.w.now);
  ck_assert(weft_webrtc_deadline(c) > l.w.now);
  weft_webrtc_input(c, &l.w.dialers[0].addr, &l.w.server_addr, (const uint8_t *)"\x16", 1, 0);
  log_wait(&l, WEFT_SEC(60));
  ck_assert(!l.w.dialers[0].closed_seen);
  log_end(&l);
}
END_TEST

/* Time jumps an hour: both ends notice by themselves, and neither crashes. */
START_TEST(an_hour_passes_at_once) {
  log_init(&l, 5);
  l.w.now += WEFT_SEC(3600);
  log_wait(&l, WEFT_SEC(60));
  log_end(&l);
}
END_TEST

/* RFC 7983: 0-3 and 20-63 are looked at, in every state. */
START_TEST(every_first_byte_in_every_state) {
  uint8_t data[100] = {0};
  static const weft_time waits[] = {0, WEFT_MS(12), WEFT_MS(25), WEFT_MS(40), WEFT_MS(60), WEFT_SEC(1)};
  for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
    log_prepare(&l, 6);
    world_listen(&l.w);
    world_dial(&l.w, 0);
    log_wait(&l, waits[i]);
    weft_webrtc_listener_stats before = log_listener_stats(&l);
    uint64_t drops = log_stats(log_dialer(&l)).drop_demux;
    for (unsigned b = 0; b < 256; b++) {
      data[0] = (uint8_t)b;
      for (size_t n = 0; n <= sizeof data; n += 33) {
        weft_webrtc_input(log_dialer(&l), &l.w.dialers[0].addr, &l.w.server_addr, data, n, l.w.now);
        weft_webrtc_listener_input(l.w.listener, &l.w.server_addr, &l.w.dialers[0].addr, data, n, l.w.now);
      }
    }
    ck_assert_uint_ge(log_stats(log_dialer(&l)).drop_demux - drops, 208 * 3 + 256);
    ck_assert_uint_eq(log_listener_stats(&l).drop_demux - before.drop_demux, 208 * 3 + 256);
    ck_assert(world_run(&l.w, l.w.now + WEFT_SEC(20), world_all_ready));
    log_end(&l);
  }
}
END_TEST

START_TEST(large_datagrams_in_every_state) {
  static uint8_t data[65507];
  log_prepare(&l, 7);
  world_listen(&l.w);
  world_dial(&l.w, 0);
  for (int i = 0; i < 40; i++) {
    for (unsigned b = 0; b < 64; b += 7) {
      data[0] = (uint8_t)b;
      weft_webrtc_input(log_dialer(&l), &l.w.dialers[0].addr, &l.w.server_addr, data, sizeof data, l.w.now);
      weft_webrtc_listener_input(l.w.listener, &l.w.server_addr, &l.w.dialers[0].addr, data, sizeof data, l.w.now);
    }
    log_wait(&l, WEFT_MS(5));
  }
  ck_assert(world_run(&l.w, l.w.now + WEFT_SEC(20), world_all_ready));
  log_end(&l);
}
END_TEST

START_TEST(a_dialer_is_not_fed_where_it_does_not_belong) {
  log_init(&l, 8);
  ck_assert_int_eq(
      weft_webrtc_input(log_accepted(&l), &l.w.server_addr, &l.w.dialers[0].addr, (const uint8_t *)"x", 1, l.w.now),
      WEFT_ESTATE);
  ck_assert_int_eq(weft_webrtc_start(log_accepted(&l), &l.w.server_addr, l.w.now), WEFT_ESTATE);
  int mark;
  weft_webrtc_set_data(log_dialer(&l), &mark);
  ck_assert_ptr_eq(weft_webrtc_get_data(log_dialer(&l)), &mark);
  log_end(&l);
}
END_TEST

/* No datagram is larger than the configured size, whatever is in it. */
static size_t largest;

static bool measure(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                    weft_time now) {
  (void)user, (void)from, (void)to, (void)data, (void)now;
  if (len > largest) largest = len;
  return true;
}

START_TEST(no_datagram_is_too_large) {
  static uint8_t big[300000];
  static const uint16_t sizes[] = {576, 1200, 1252, 1453};
  for (size_t i = 0; i < 4; i++) {
    largest = 0;
    log_prepare(&l, 9);
    l.echo = true;
    l.w.client_cfg.mtu = l.w.server_cfg.mtu = sizes[i];
    l.w.net.filter = measure;
    log_connect(&l);
    uint32_t id = log_open(&l, log_dialer(&l));
    weft_webrtc_stream_send(log_dialer(&l), id, big, sizeof big, l.w.now);
    log_wait(&l, WEFT_SEC(5));
    ck_assert_uint_le(largest, sizes[i]);
    ck_assert_uint_gt(largest, sizes[i] - 8u);
    log_end(&l);
  }
}
END_TEST

/* Steady traffic asks for no memory. */
START_TEST(no_memory_per_packet) {
  log_init(&l, 10);
  l.echo = true;
  uint32_t id = log_open(&l, log_dialer(&l));
  for (int i = 0; i < 200; i++) {
    log_send(&l, log_dialer(&l), id, "warm up");
    log_wait(&l, WEFT_MS(10));
  }
  size_t calls = test_leak()->calls;
  for (int i = 0; i < 200; i++) {
    log_send(&l, log_dialer(&l), id, "steady");
    log_wait(&l, WEFT_MS(10));
  }
  ck_assert_uint_eq(test_leak()->calls, calls);
  log_end(&l);
}
END_TEST

/* Each allocation refused in turn: the set-up may fail, nothing may leak or crash. */
static void whole_life(void *ctx) {
  (void)ctx;
  weft_webrtc_callbacks cb;
  memset(&l, 0, sizeof l);
  world_prepare(&l.w, 11, test_alloc());
  (void)cb;
  l.w.user = &l;
  l.w.on_event = log_event;
  l.echo = true;
  if (!world_try_listen(&l.w) || !world_try_dial(&l.w, 0)) {
    world_end(&l.w);
    return;
  }
  world_run(&l.w, l.w.now + WEFT_SEC(40), world_all_ready);
  if (log_dialer(&l)) {
    uint32_t id;
    if (weft_webrtc_stream_open(log_dialer(&l), &id, l.w.now) == WEFT_OK) log_send(&l, log_dialer(&l), id, "hello");
  }
  world_run(&l.w, l.w.now + WEFT_SEC(1), NULL);
  world_end(&l.w);
}

START_TEST(every_allocation_may_fail) { ck_assert_uint_gt(alloc_sweep(whole_life, NULL), 50); }
END_TEST

/* The same with randomness. */
START_TEST(every_draw_may_fail) {
  for (int server = 0; server < 2; server++)
    for (size_t n = 0; n < 60; n++) {
      memset(&l, 0, sizeof l);
      world_prepare(&l.w, 12, test_alloc());
      test_rng *r = server ? &l.w.rng : &l.w.client_rng;
      r->fail_on = true;
      r->fail_after = n;
      l.w.user = &l;
      l.w.on_event = log_event;
      if (world_try_listen(&l.w) && world_try_dial(&l.w, 0)) world_run(&l.w, l.w.now + WEFT_SEC(31), world_all_ready);
      world_end(&l.w);
    }
}
END_TEST

Suite *test_webrtc_pc(void) {
  static const unit_test tests[] = {UNIT(goodbye_reaches_the_other_side),
                                    UNIT(exactly_one_closed_and_nothing_after),
                                    UNIT(close_inside_data),
                                    UNIT(time_going_back_is_ignored),
                                    UNIT(an_hour_passes_at_once),
                                    UNIT(every_first_byte_in_every_state),
                                    UNIT(large_datagrams_in_every_state),
                                    UNIT(a_dialer_is_not_fed_where_it_does_not_belong),
                                    UNIT(no_datagram_is_too_large),
                                    UNIT(no_memory_per_packet),
                                    UNIT(every_allocation_may_fail),
                                    UNIT(every_draw_may_fail)};
  return unit_suite("webrtc/pc", tests, sizeof tests / sizeof tests[0]);
}
