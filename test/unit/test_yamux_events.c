#include "test/unit/yamux_rig.h"

enum { DATA = WEFT_YAMUX_DATA, WINDOW = WEFT_YAMUX_WINDOW_UPDATE };
enum { SYN = WEFT_YAMUX_SYN, FIN = WEFT_YAMUX_FIN };

static bool is(const weft_yamux_event *ev, weft_stream_event_type type) {
  return ev->type == WEFT_YAMUX_EVENT_STREAM && ev->stream->type == type;
}

static void echo(yamux_rig *r, unsigned side, const weft_yamux_event *ev) {
  if (side == 0) return;
  uint32_t id = ev->type == WEFT_YAMUX_EVENT_STREAM ? ev->stream->stream : 0;
  if (is(ev, WEFT_STREAM_DATA))
    ck_assert_int_eq(weft_yamux_send(r->y[1], id, ev->stream->data, ev->stream->len, r->now),
                     (ptrdiff_t)ev->stream->len);
  if (is(ev, WEFT_STREAM_REMOTE_CLOSED)) ck_assert_int_eq(weft_yamux_shutdown(r->y[1], id, r->now), WEFT_OK);
}

START_TEST(an_echo_from_inside_events) {
  yamux_rig *r = yamux_rig_pair(NULL);
  r->hook = echo;
  for (unsigned i = 0; i < 50; i++) {
    uint32_t id = yamux_rig_open(r, 0);
    yamux_rig_send(r, 0, id, "echo");
    weft_yamux_shutdown(r->y[0], id, r->now);
  }
  yamux_rig_run(r, 7);
  ck_assert_uint_eq(r->got[0].len, 200);
  for (unsigned i = 0; i < 2; i++) ck_assert_uint_eq(yamux_rig_stats(r, i).streams, 0);
  yamux_rig_free(r);
}
END_TEST

/* ACK, echo and FIN of many frames leave in one call of output. */
START_TEST(what_is_sent_in_events_leaves_together) {
  yamux_rig *r = yamux_rig_server(NULL);
  r->hook = echo;
  yamux_rig_give_hex(r, 1,
                     "000000050000000100000001 61 000000050000000300000001 62 "
                     "000200010000000000000009");
  ck_assert_uint_eq(r->outputs[1], 1);
  ck_assert_wire(r, 1,
                 "000100020000000100000000"
                 "000000000000000100000001"
                 "61"
                 "000100020000000300000000"
                 "000100040000000100000000"
                 "000000000000000300000001"
                 "62"
                 "000200020000000000000009"
                 "000100040000000300000000");
  yamux_rig_free(r);
}
END_TEST

static void from_opened(yamux_rig *r, unsigned side, const weft_yamux_event *ev) {
  if (is(ev, WEFT_STREAM_OPENED) && ev->stream->inbound) {
    yamux_rig_send(r, side, ev->stream->stream, "welcome");
    uint32_t back;
    ck_assert_int_eq(weft_yamux_open(r->y[side], &back, r->now), WEFT_OK);
    yamux_rig_send(r, side, back, "and more");
  }
}

START_TEST(sending_and_opening_when_a_stream_opens) {
  yamux_rig *r = yamux_rig_server(NULL);
  r->hook = from_opened;
  yamux_rig_frame(r, 1, DATA, SYN, 1, 1, 1);
  ck_assert_log(r, 1, "o1 O2 d1 ");
  ck_assert_wire(r, 1,
                 "000100020000000100000000"
                 "000000000000000100000007"
                 "77656c636f6d65"
                 "000100010000000200000000"
                 "000000000000000200000008"
                 "616e64206d6f7265");
  yamux_rig_free(r);
}
END_TEST

static weft_stream_event_type free_at;
static void free_it(yamux_rig *r, unsigned side, const weft_yamux_event *ev) {
  if (!is(ev, free_at)) return;
  weft_yamux_free(r->y[side]);
  r->y[side] = NULL;
  r->take[side] = 0;
  r->output_error[side] = WEFT_EINTERNAL;
}

START_TEST(free_inside_any_event_ends_everything_there) {
  static const struct {
    weft_stream_event_type at;
    const char *log;
  } ways[] = {{WEFT_STREAM_OPENED, "o1 "},
              {WEFT_STREAM_DATA, "o1 d1 "},
              {WEFT_STREAM_REMOTE_CLOSED, "o1 d1 f1 "},
              {WEFT_STREAM_RESET, "o1 d1 f1 r1 "}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(ways); i++) {
    uint8_t in[64];
    size_t n =
        hex_into(in, sizeof in, "000000050000000100000003 616263 000100080000000100000000 000000010000000300000000");
    yamux_rig *r = yamux_rig_server(NULL);
    r->hook = free_it;
    free_at = ways[i].at;
    ck_assert_int_eq(weft_yamux_input(r->y[1], in, n, r->now), WEFT_OK);
    ck_assert_log(r, 1, ways[i].log);
    ck_assert_ptr_null(r->y[1]);
    ck_assert_uint_eq(r->out[1].len, 0);
    yamux_rig_free(r);
  }
}
END_TEST

static void free_at_closed(yamux_rig *r, unsigned side, const weft_yamux_event *ev) {
  if (ev->type != WEFT_YAMUX_EVENT_CLOSED) return;
  weft_yamux_free(r->y[side]);
  r->y[side] = NULL;
}

START_TEST(free_inside_closed) {
  for (unsigned i = 0; i < 3; i++) {
    yamux_rig *r = yamux_rig_server(NULL);
    r->hook = free_at_closed;
    if (i == 0) yamux_rig_give_hex(r, 1, "ff0000000000000000000000 00");
    if (i == 1) weft_yamux_close(r->y[1], WEFT_OK, r->now);
    if (i == 2) weft_yamux_tick(r->y[1], r->now + WEFT_SEC(60));
    ck_assert_log(r, 1, "C ");
    ck_assert_ptr_null(r->y[1]);
    yamux_rig_free(r);
  }
}
END_TEST

static void close_at_data(yamux_rig *r, unsigned side, const weft_yamux_event *ev) {
  if (is(ev, WEFT_STREAM_DATA)) ck_assert_int_eq(weft_yamux_close(r->y[side], WEFT_OK, r->now), WEFT_OK);
}

START_TEST(close_inside_an_event) {
  yamux_rig *r = yamux_rig_server(NULL);
  r->hook = close_at_data;
  yamux_rig_give_hex(r, 1, "000000010000000100000001 61 000000010000000300000001 61");
  ck_assert_log(r, 1, "o1 d1 r1 C ");
  ck_assert_wire(r, 1, "000100020000000100000000000300000000000000000000");
  yamux_rig_free(r);
}
END_TEST

static void refill(yamux_rig *r, unsigned side, const weft_yamux_event *ev) {
  static uint8_t much[600000];
  if (!is(ev, WEFT_STREAM_WRITABLE) || r->got[1].len > 5000000) return;
  while (weft_yamux_send(r->y[side], ev->stream->stream, much, sizeof much, r->now) == sizeof much) continue;
}

START_TEST(writable_keeps_a_sender_going) {
  static uint8_t much[600000];
  yamux_rig *r = yamux_rig_pair(NULL);
  r->hook = refill;
  uint32_t id = yamux_rig_open(r, 0);
  weft_yamux_send(r->y[0], id, much, sizeof much, r->now);
  yamux_rig_run(r, SIZE_MAX);
  ck_assert_uint_ge(r->got[1].len, 5000000);
  yamux_rig_free(r);
}
END_TEST

START_TEST(writable_is_told_once_and_not_after_the_end) {
  static uint8_t much[600000];
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  yamux_rig_frame(r, 1, WINDOW, SYN, 3, 0, 0);
  for (uint32_t id = 1; id <= 3; id += 2) weft_yamux_send(r->y[1], id, much, sizeof much, r->now);
  weft_yamux_shutdown(r->y[1], 3, r->now);
  yamux_rig_frame(r, 1, WINDOW, 0, 3, 1000000, 0);
  yamux_rig_frame(r, 1, WINDOW, FIN, 3, 0, 0);
  for (unsigned i = 0; i < 3; i++) yamux_rig_frame(r, 1, WINDOW, 0, 1, 80000, 0);
  ck_assert_log(r, 1, "o1 o3 f3 c3 w1 ");
  yamux_rig_free(r);
}
END_TEST

static void shut_3_at_writable(yamux_rig *r, unsigned side, const weft_yamux_event *ev) {
  if (is(ev, WEFT_STREAM_WRITABLE)) ck_assert_int_eq(weft_yamux_shutdown(r->y[side], 3, r->now), WEFT_OK);
}

/* Both streams became writable in one call; the event of the first one ends the second. */
START_TEST(writable_is_not_told_of_what_was_shut_meanwhile) {
  static uint8_t much[600000];
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  yamux_rig_frame(r, 1, WINDOW, SYN, 3, 0, 0);
  for (uint32_t id = 1; id <= 3; id += 2) weft_yamux_send(r->y[1], id, much, sizeof much, r->now);
  r->hook = shut_3_at_writable;
  yamux_rig_give_hex(r, 1, "000100000000000100100000 000100000000000300100000");
  ck_assert_log(r, 1, "o1 o3 w1 ");
  yamux_rig_free(r);
}
END_TEST

static void close_at_writable(yamux_rig *r, unsigned side, const weft_yamux_event *ev) {
  if (is(ev, WEFT_STREAM_WRITABLE)) ck_assert_int_eq(weft_yamux_close(r->y[side], WEFT_OK, r->now), WEFT_OK);
}

START_TEST(writable_is_not_told_while_closing) {
  static uint8_t much[600000];
  yamux_rig *r = yamux_rig_server(NULL);
  for (uint32_t id = 1; id <= 3; id += 2) {
    yamux_rig_frame(r, 1, WINDOW, SYN, id, 0, 0);
    weft_yamux_send(r->y[1], id, much, sizeof much, r->now);
  }
  r->hook = close_at_writable;
  yamux_rig_give_hex(r, 1, "000100000000000100100000 000100000000000300100000");
  ck_assert_log(r, 1, "o1 o3 w1 r1 r3 C ");
  yamux_rig_free(r);
}
END_TEST

static char traced[4000];
static void note_trace(void *user, const weft_trace *t) {
  (void)user;
  ck_assert_str_eq(t->layer, "yamux");
  size_t n = strlen(traced);
  if (t->kind == WEFT_TRACE_STATE || t->kind == WEFT_TRACE_DROP)
    snprintf(traced + n, sizeof traced - n, "%s ", t->text);
  else
    snprintf(traced + n, sizeof traced - n, "%s%s%zu ", t->kind == WEFT_TRACE_IN ? "<" : ">", t->text ? t->text : "",
             t->len);
}

START_TEST(the_trace_sees_frames_and_states) {
  weft_yamux_config cfg = yamux_rig_config(1);
  traced[0] = 0;
  cfg.trace.fn = note_trace;
  yamux_rig *r = yamux_rig_server(&cfg);
  yamux_rig_frame(r, 1, DATA, SYN, 1, 5, 5);
  yamux_rig_frame(r, 1, DATA, 0, 9, 5, 5);
  yamux_rig_send(r, 1, 1, "abc");
  weft_yamux_close(r->y[1], WEFT_OK, r->now);
  ck_assert_str_eq(traced, "RUNNING >12 <12 <data5 >12 <12 drop_unknown_stream <data5 >15 CLOSING >12 CLOSED ");
  yamux_rig_free(r);
}
END_TEST

Suite *test_yamux_events(void) {
  static const unit_test tests[] = {
      UNIT(an_echo_from_inside_events),
      UNIT(what_is_sent_in_events_leaves_together),
      UNIT(sending_and_opening_when_a_stream_opens),
      UNIT(free_inside_any_event_ends_everything_there),
      UNIT(free_inside_closed),
      UNIT(close_inside_an_event),
      UNIT(writable_keeps_a_sender_going),
      UNIT(writable_is_not_told_of_what_was_shut_meanwhile),
      UNIT(writable_is_not_told_while_closing),
      UNIT(writable_is_told_once_and_not_after_the_end),
      UNIT(the_trace_sees_frames_and_states),
  };
  return unit_suite("yamux/events", tests, sizeof tests / sizeof tests[0]);
}
