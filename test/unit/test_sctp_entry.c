#include "test/support/unit.h"
#include "test/unit/sctp_link.h"

static uint8_t block[300000];

START_TEST(what_send_refuses) {
  sctp_link l;
  sctp_link_init(&l, 1);
  l.end[0].cfg.max_message_out = 1000;
  sctp_link_open(&l);
  ck_assert_int_eq(link_send(&l, 0, 0, "x", 1), WEFT_ESTATE);
  weft_sctp_connect(l.end[0].s, l.now);
  ck_assert_int_eq(link_send(&l, 0, 0, "x", 1), WEFT_ESTATE);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_int_eq(link_send(&l, 0, 0, "x", 0), WEFT_EINVAL);
  ck_assert_int_eq(link_send(&l, 0, 65535, "x", 1), WEFT_EINVAL);
  ck_assert_int_eq(link_send(&l, 0, 65534, "x", 1), WEFT_OK);
  ck_assert_int_eq(link_send(&l, 0, 0, block, 1001), WEFT_ETOOBIG);
  ck_assert_int_eq(link_send(&l, 0, 0, block, 1000), WEFT_OK);
  sctp_link_close(&l);
}
END_TEST

/* All or nothing, and WRITABLE once, when half is free. */
START_TEST(send_limit_and_writable) {
  sctp_link l;
  sctp_link_init(&l, 1);
  l.end[0].cfg.send_limit = 100000;
  sctp_link_connect(&l);
  for (int i = 0; i < 10; i++) ck_assert_int_eq(link_send(&l, 0, 0, block, 10000), WEFT_OK);
  ck_assert_int_eq(link_send(&l, 0, 0, block, 1), WEFT_EAGAIN);
  ck_assert_uint_eq(link_stats(&l, 0).buffered, 100000);
  ck_assert_uint_eq(weft_sctp_stream_buffered(l.end[0].s, 0), 100000);
  while (link_stats(&l, 0).buffered > 50000) {
    ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_WRITABLE], 0);
    ck_assert(sctp_link_step(&l));
  }
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_WRITABLE], 1);
  sctp_link_run(&l, WEFT_SEC(3));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_WRITABLE], 1);
  ck_assert_uint_eq(l.end[1].bytes, 100000);
  ck_assert_int_eq(link_send(&l, 0, 0, block, 150000), WEFT_OK); /* alone it may be larger than the limit */
  ck_assert_int_eq(link_send(&l, 0, 0, block, 1), WEFT_EAGAIN);
  sctp_link_run(&l, WEFT_SEC(3));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_WRITABLE], 2);
  sctp_link_close(&l);
}
END_TEST

/* One-byte messages cannot take more memory than four times the limit. */
START_TEST(small_messages_are_bounded_too) {
  sctp_link l;
  sctp_link_init(&l, 1);
  l.end[0].cfg.send_limit = 100000;
  sctp_link_connect(&l);
  size_t before = test_leak()->bytes;
  int rc = WEFT_OK;
  weft_sctp_hold(l.end[0].s);
  for (int i = 0; i < 200000 && rc == WEFT_OK; i++) rc = link_send(&l, 0, 0, "x", 1);
  ck_assert_int_eq(rc, WEFT_EAGAIN);
  ck_assert_uint_le(test_leak()->bytes - before, 450000);
  weft_sctp_release(l.end[0].s, l.now);
  sctp_link_run(&l, WEFT_SEC(10));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_WRITABLE], 1);
  sctp_link_close(&l);
}
END_TEST

START_TEST(drained) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  weft_sctp *s = l.end[0].s;
  ck_assert_int_eq(weft_sctp_notify_drained(s, 5, l.now), WEFT_OK); /* at once: nothing is buffered */
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_DRAINED], 1);
  ck_assert_uint_eq(l.end[0].last[WEFT_SCTP_EVENT_DRAINED].stream, 5);
  link_send(&l, 0, 5, block, 5000);
  link_send(&l, 0, 6, block, 50000);
  ck_assert_int_eq(weft_sctp_notify_drained(s, 5, l.now), WEFT_OK);
  ck_assert_int_eq(weft_sctp_notify_drained(s, 5, l.now), WEFT_OK);
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_DRAINED], 1);
  while (l.end[0].events[WEFT_SCTP_EVENT_DRAINED] == 1) ck_assert(sctp_link_step(&l));
  ck_assert_uint_eq(weft_sctp_stream_buffered(s, 5), 0);
  ck_assert_uint_gt(weft_sctp_stream_buffered(s, 6), 0);
  sctp_link_run(&l, WEFT_SEC(2));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_DRAINED], 2);
  ck_assert_int_eq(weft_sctp_notify_drained(s, 65535, l.now), WEFT_EINVAL);
  ck_assert_uint_eq(weft_sctp_stream_buffered(s, 999), 0);
  sctp_link_close(&l);
}
END_TEST

static void again(sctp_end *e, const weft_sctp_event *ev) {
  if (ev->type == WEFT_SCTP_EVENT_DRAINED && e->events[WEFT_SCTP_EVENT_DRAINED] < 1000) {
    ck_assert_int_eq(weft_sctp_notify_drained(e->s, ev->stream, e->link->now), WEFT_OK);
  }
}

/* A callback that always asks again does not keep the call from returning, nor the deadline in the past. */
START_TEST(asking_again_in_the_callback) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  l.end[0].on_event = again;
  weft_sctp_notify_drained(l.end[0].s, 1, l.now);
  ck_assert_uint_lt(l.end[0].events[WEFT_SCTP_EVENT_DRAINED], 10);
  ck_assert_uint_gt(weft_sctp_deadline(l.end[0].s), l.now);
  sctp_link_close(&l);
}
END_TEST

/* ---- calls from callbacks -------------------------------------------------------------------------------------------- */

static void echo(sctp_end *e, const weft_sctp_event *ev) {
  if (ev->type != WEFT_SCTP_EVENT_MESSAGE) return;
  weft_sctp_message m = {.stream = ev->stream, .ppid = ev->ppid};
  ck_assert_int_eq(weft_sctp_send(e->s, &m, ev->data, ev->len, e->link->now), WEFT_OK);
}

START_TEST(echo_from_the_callback) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  l.end[1].on_event = echo;
  for (uint16_t i = 0; i < 20; i++) link_send(&l, 0, i, block, 7000);
  sctp_link_run(&l, WEFT_SEC(5));
  ck_assert_uint_eq(l.end[0].bytes, 140000);
  sctp_link_close(&l);
}
END_TEST

static void free_it(sctp_end *e, const weft_sctp_event *ev) {
  weft_sctp_event_type *when = e->ctx;
  if (ev->type != *when) return;
  weft_sctp_free(e->s);
  e->s = NULL;
}

/* free() in a callback: nothing of the object is heard any more, and nothing leaks. */
START_TEST(free_from_each_event) {
  for (weft_sctp_event_type when = WEFT_SCTP_EVENT_CONNECTED; when <= WEFT_SCTP_EVENT_CLOSED; when++) {
    sctp_link l;
    if (when == WEFT_SCTP_EVENT_RESTARTED) continue;
    sctp_link_init(&l, 1);
    l.end[1].cfg.send_limit = 3000;
    l.end[1].on_event = free_it;
    l.end[1].ctx = &when;
    sctp_link_open(&l);
    weft_sctp_connect(l.end[0].s, l.now);
    for (int i = 0; i < 400 && l.end[1].s; i++) {
      if (i == 100) {
        link_send(&l, 0, 1, block, 5000);
        link_send(&l, 1, 1, block, 3000);
        (void)link_send(&l, 1, 1, block, 3000);
        weft_sctp_notify_drained(l.end[1].s, 1, l.now);
        weft_sctp_reset_streams(l.end[1].s, &(uint16_t){2}, 1, l.now);
        weft_sctp_reset_streams(l.end[0].s, &(uint16_t){2}, 1, l.now);
      }
      if (i == 300) weft_sctp_abort(l.end[0].s, NULL, l.now);
      for (int k = 0; k < 3 && l.queued && l.end[1].s; k++) {
        link_packet p = l.queue[0];
        memmove(l.queue, l.queue + 1, --l.queued * sizeof p);
        sctp_end *e = &l.end[p.to];
        if (e->events[WEFT_SCTP_EVENT_CLOSED] == 0) (void)weft_sctp_input(e->s, p.data, p.len, l.now);
      }
      if (l.queued) continue;
      l.now += WEFT_MS(20);
      for (int k = 0; k < 2 && l.end[1].s; k++) weft_sctp_tick(l.end[k].s, l.now);
    }
    ck_assert_ptr_null(l.end[1].s);
    sctp_link_close(&l);
  }
}
END_TEST

static void abort_it(sctp_end *e, const weft_sctp_event *ev) {
  if (ev->type == WEFT_SCTP_EVENT_MESSAGE) weft_sctp_abort(e->s, "enough", e->link->now);
}

/* abort() in the middle of a row of messages: CLOSED is the next and last event. */
START_TEST(abort_from_a_message) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  l.end[1].on_event = abort_it;
  for (uint16_t i = 5; i > 0; i--) link_inject_data(&l, 1, 3, (uint32_t)i + 1, 1, i, "later", 5);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_MESSAGE], 0);
  link_inject_data(&l, 1, 3, 1, 1, 0, "first", 5);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_MESSAGE], 1);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], 1);
  sctp_link_close(&l);
}
END_TEST

START_TEST(time_backwards_is_ignored) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_send(&l, 0, 1, "x", 1);
  weft_time due = weft_sctp_deadline(l.end[0].s);
  ck_assert_int_eq(weft_sctp_tick(l.end[0].s, 5), WEFT_OK);
  ck_assert_uint_eq(weft_sctp_deadline(l.end[0].s), due);
  sctp_link_close(&l);
}
END_TEST

/* ---- configuration and memory ---------------------------------------------------------------------------------------- */

START_TEST(configurations) {
  sctp_end e = {0};
  weft_sctp *s;
  weft_sctp_callbacks cb = {sizeof cb, link_output, link_event};
  weft_sctp_config good, c;
  weft_sctp_config_default(&good);
  good.alloc = test_alloc();
  ck_assert_int_eq(weft_sctp_new(&s, &good, &cb, &e), WEFT_EINVAL); /* no rng */
  ck_assert_ptr_null(s);
  good.rng = test_rng_init(&e.rng, 1);
  c = good, c.mtu = 508;
  ck_assert_int_eq(weft_sctp_new(&s, &c, &cb, &e), WEFT_EINVAL);
  c = good, c.mtu = 1158;
  ck_assert_int_eq(weft_sctp_new(&s, &c, &cb, &e), WEFT_EINVAL);
  c = good, c.recv_window = 1499;
  ck_assert_int_eq(weft_sctp_new(&s, &c, &cb, &e), WEFT_EINVAL);
  c = good, c.streams_in = 0;
  ck_assert_int_eq(weft_sctp_new(&s, &c, &cb, &e), WEFT_EINVAL);
  c = good, c.rto_min = c.rto_max + 1;
  ck_assert_int_eq(weft_sctp_new(&s, &c, &cb, &e), WEFT_EINVAL);
  e.rng.fail_on = true;
  ck_assert_int_eq(weft_sctp_new(&s, &good, &cb, &e), WEFT_ERANDOM);
  e.rng.fail_on = false;
  ck_assert_int_eq(weft_sctp_new(&s, &good, &cb, &e), WEFT_OK);
  weft_sctp_free(s);
  weft_sctp_free(NULL);
}
END_TEST

/* An older caller's smaller structs: what it does not know keeps its default. */
START_TEST(smaller_structs) {
  weft_sctp_config c;
  size_t small = offsetof(weft_sctp_config, sack_delay);
  memset(&c, 0xee, sizeof c);
  weft_sctp_config_init(&c, small);
  ck_assert_uint_eq(c.size, small);
  ck_assert_uint_eq(c.mtu, 1160);
  ck_assert_uint_eq(c.sack_delay, UINT64_C(0xeeeeeeeeeeeeeeee));
  sctp_end e = {0};
  sctp_link l = {.now = 1};
  weft_sctp *s;
  weft_sctp_callbacks cb = {sizeof cb, link_output, link_event};
  c.rng = test_rng_init(&e.rng, 1);
  c.alloc = test_alloc();
  e.link = &l;
  ck_assert_int_eq(weft_sctp_new(&s, &c, &cb, &e), WEFT_OK);
  ck_assert_uint_eq(s->cfg.sack_delay, WEFT_MS(20));
  weft_sctp_stats st = {.size = offsetof(weft_sctp_stats, duplicates)};
  st.duplicates = 77;
  weft_sctp_get_stats(s, &st);
  ck_assert_uint_eq(st.duplicates, 77);
  weft_sctp_free(s);
}
END_TEST

/* An idle association is small, however many streams were announced. */
START_TEST(idle_memory) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  ck_assert_uint_le(test_leak()->bytes, 2 * 6000);
  sctp_link_close(&l);
}
END_TEST

static void scenario(void *ctx) {
  (void)ctx;
  sctp_link l;
  weft_sctp_callbacks cb = {sizeof cb, link_output, link_event};
  sctp_link_init(&l, 1);
  l.loss = 5;
  bool made = true;
  for (int i = 0; i < 2; i++) made = weft_sctp_new(&l.end[i].s, &l.end[i].cfg, &cb, &l.end[i]) == WEFT_OK && made;
  for (int i = 0; made && i < 400; i++) {
    if (i == 0) weft_sctp_connect(l.end[0].s, l.now);
    for (uint16_t k = 0; i > 10 && i < 20 && k < 6; k++) (void)link_send(&l, i & 1, k, block, 3000u * k + 1);
    if (i == 30) (void)weft_sctp_reset_streams(l.end[0].s, (uint16_t[]){1, 2, 40}, 3, l.now);
    if (i == 31) (void)weft_sctp_notify_drained(l.end[0].s, 60, l.now);
    if (i == 300) (void)weft_sctp_close(l.end[0].s, WEFT_OK, l.now);
    for (int k = 0; k < 20 && l.queued; k++) {
      link_packet p = l.queue[0];
      memmove(l.queue, l.queue + 1, --l.queued * sizeof p);
      sctp_end *e = &l.end[p.to];
      if (e->events[WEFT_SCTP_EVENT_CLOSED]) continue;
      int rc = weft_sctp_input(e->s, p.data, p.len, l.now);
      ck_assert(rc == WEFT_OK || rc == WEFT_ENOMEM);
    }
    l.now += WEFT_MS(50);
    for (int k = 0; k < 2; k++) weft_sctp_tick(l.end[k].s, l.now);
  }
  sctp_link_close(&l);
}

START_TEST(every_allocation_refused_once) { ck_assert_uint_gt(alloc_sweep(scenario, NULL), 20); }
END_TEST

Suite *test_sctp_entry(void) {
  static const unit_test tests[] = {UNIT(what_send_refuses),
                                    UNIT(send_limit_and_writable),
                                    UNIT(small_messages_are_bounded_too),
                                    UNIT(drained),
                                    UNIT(asking_again_in_the_callback),
                                    UNIT(echo_from_the_callback),
                                    UNIT(free_from_each_event),
                                    UNIT(abort_from_a_message),
                                    UNIT(time_backwards_is_ignored),
                                    UNIT(configurations),
                                    UNIT(smaller_structs),
                                    UNIT(idle_memory),
                                    UNIT(every_allocation_refused_once)};
  return unit_suite("sctp/entry", tests, sizeof tests / sizeof tests[0]);
}
