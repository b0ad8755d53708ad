#include "test/unit/yamux_rig.h"

enum {
  DATA = WEFT_YAMUX_DATA,
  WINDOW = WEFT_YAMUX_WINDOW_UPDATE,
  SYN = WEFT_YAMUX_SYN,
  ACK = WEFT_YAMUX_ACK,
  FIN = WEFT_YAMUX_FIN,
  RST = WEFT_YAMUX_RST,
  INITIAL = 262144
};

#define GO_AWAY_PROTOCOL "000300000000000000000001"

/* ---- how peers open ---- */

START_TEST(syn_on_window_update_then_data) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  ck_assert_wire(r, 1, "000100020000000100000000"); /* ACK at once, on a zero WINDOW_UPDATE */
  yamux_rig_give_hex(r, 1, "000000000000000100000005 68656c6c6f");
  ck_assert_log(r, 1, "o1 d1 ");
  ck_assert_got(r, 1, "hello");
  yamux_rig_free(r);
}
END_TEST

START_TEST(syn_on_data) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_give_hex(r, 1, "000000010000000100000002 6869");
  ck_assert_log(r, 1, "o1 d1 ");
  ck_assert_wire(r, 1, "000100020000000100000000");
  yamux_rig_give_hex(r, 1, "000000010000000300000000"); /* and an empty one */
  ck_assert_log(r, 1, "o1 d1 o3 ");
  yamux_rig_free(r);
}
END_TEST

START_TEST(syn_data_fin_in_one_frame) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_give_hex(r, 1, "000000050000000100000002 6869");
  ck_assert_log(r, 1, "o1 d1 f1 ");
  weft_yamux_shutdown(r->y[1], 1, r->now);
  ck_assert_log(r, 1, "o1 d1 f1 c1 ");
  yamux_rig_free(r);
}
END_TEST

START_TEST(credit_on_syn_is_credit) {
  static uint8_t much[600000];
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 5, 0);
  r->out[1].len = 0;
  weft_yamux_send(r->y[1], 1, much, sizeof much, r->now);
  ck_assert_uint_eq(yamux_rig_stats(r, 1).bytes_out, INITIAL + 5);
  yamux_rig_free(r);
}
END_TEST

START_TEST(syn_and_rst_at_once_is_nothing) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN | RST, 1, 0, 0);
  yamux_rig_frame(r, 1, DATA, SYN | RST | FIN, 1, 3, 3);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  ck_assert_log(r, 1, "o1 ");
  ck_assert_uint_eq(yamux_rig_stats(r, 1).streams, 1);
  yamux_rig_free(r);
}
END_TEST

/* go-yamux numbers its streams before it sends their SYNs. */
START_TEST(ids_may_come_out_of_order) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 5, 0, 0);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  yamux_rig_frame(r, 1, WINDOW, SYN, 0xffffffff, 0, 0);
  ck_assert_log(r, 1, "o5 o1 o4294967295 ");
  yamux_rig_free(r);
}
END_TEST

/* ---- what no peer may do ---- */

typedef struct bad_case {
  const char *frames, *step;
  int code;
} bad_case;

START_TEST(violations_end_the_session) {
  static const bad_case cases[] = {
      {"010000000000000100000000", "frame", WEFT_EUNSUPPORTED},
      {"000400000000000000000000", "frame", WEFT_EMALFORMED},
      {"00ff00000000000000000000", "frame", WEFT_EMALFORMED},
      {"000100100000000100000000", "frame", WEFT_EMALFORMED}, /* an unknown flag */
      {"000000000000000000000001", "frame", WEFT_EPROTO},     /* data for the session */
      {"000100000000000000000001", "frame", WEFT_EPROTO},
      {"000100010000000000000000", "frame", WEFT_EPROTO}, /* SYN on 0 */
      {"000300000000000100000000", "frame", WEFT_EPROTO}, /* go-away for a stream */
      {"000100010000000200000000", "syn", WEFT_EPROTO},   /* our id */
      {"000100010000000700000000 000100010000000700000000", "syn", WEFT_EPROTO},
      {"000000010000000100040001", "syn", WEFT_EPROTO}, /* 262,145 octets with SYN */
      {"0001000100000001ffffffff", "syn", WEFT_EPROTO}, /* 2^32 - 1 beside the initial window */
      {"0001000100000001fffc0000", "syn", WEFT_EPROTO}, /* one too much */
      {"0001000100000001fffbffff 000100000000000100000001", "window", WEFT_EPROTO},
      {"000100010000000100000000 0001000000000001ffffffff", "window", WEFT_EPROTO},
      {"000100010000000100000000 000000000000000100040001", "window", WEFT_EPROTO},
      {"000000000000000901000001", "window", WEFT_EPROTO}, /* beyond 16 MiB, though the stream is unknown */
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    yamux_rig *r = yamux_rig_server(NULL);
    yamux_rig_give_hex(r, 1, cases[i].frames);
    ck_assert_yamux_closed(r, 1, WEFT_WHO_PEER, cases[i].step, cases[i].code);
    ck_assert_uint_ge(r->out[1].len, 12);
    ck_assert_hex(r->out[1].bytes + r->out[1].len - 12, 12, GO_AWAY_PROTOCOL);
    ck_assert_int_eq(weft_yamux_input(r->y[1], (const uint8_t *)"x", 1, r->now), WEFT_ESTATE);
    ck_assert_uint_eq(weft_yamux_deadline(r->y[1]), WEFT_NEVER);
    yamux_rig_free(r);
  }
}
END_TEST

START_TEST(the_largest_that_is_allowed_is_taken) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, DATA, SYN, 1, INITIAL, INITIAL);
  ck_assert_uint_eq(r->got[1].len, INITIAL);
  yamux_rig_give_hex(r, 1, "0001000100000003fffbffff"); /* 2^32 - 1 with the initial window */
  ck_assert_log(r, 1, "o1 d1 o3 ");
  yamux_rig_frame(r, 1, DATA, 0, 9, 1 << 24, 1 << 24); /* unknown, and as long as a window can be */
  ck_assert_uint_eq(yamux_rig_stats(r, 1).drop_unknown_stream, 1);
  yamux_rig_frame(r, 1, DATA, 0, 1, 1, 1);
  ck_assert_uint_eq(r->got[1].len, INITIAL + 1);
  yamux_rig_free(r);
}
END_TEST

START_TEST(no_state_is_made_for_an_oversized_syn) {
  yamux_rig *r = yamux_rig_server(NULL);
  size_t before = test_leak()->calls;
  yamux_rig_frame(r, 1, DATA, SYN, 1, INITIAL + 1, 0);
  ck_assert_uint_eq(test_leak()->calls, before);
  ck_assert_uint_eq(yamux_rig_stats(r, 1).streams_in, 0);
  yamux_rig_free(r);
}
END_TEST

/* The window counts what was not consumed: byte 262,145 is one too many, whatever the frames. */
START_TEST(data_beyond_the_window_in_many_frames) {
  weft_yamux_config cfg = yamux_rig_config(1);
  cfg.auto_consume = false;
  yamux_rig *r = yamux_rig_server(&cfg);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  for (unsigned i = 0; i < 16; i++) yamux_rig_frame(r, 1, DATA, 0, 1, 16384, 16384);
  ck_assert_log(r, 1, "o1 d1 ");
  ck_assert_uint_eq(yamux_rig_stats(r, 1).unconsumed, INITIAL);
  yamux_rig_frame(r, 1, DATA, 0, 1, 1, 1);
  ck_assert_yamux_closed(r, 1, WEFT_WHO_PEER, "window", WEFT_EPROTO);
  ck_assert_uint_eq(yamux_rig_stats(r, 1).unconsumed, 0);
  yamux_rig_free(r);
}
END_TEST

/* ---- unknown streams ---- */

START_TEST(frames_for_unknown_streams_are_dropped_without_an_answer) {
  yamux_rig *r = yamux_rig_server(NULL);
  for (uint32_t id = 1; id <= 6; id++) {
    yamux_rig_frame(r, 1, DATA, 0, id, 700, 700);
    yamux_rig_frame(r, 1, DATA, FIN, id, 0, 0);
    yamux_rig_frame(r, 1, WINDOW, ACK, id, 0, 0);
    yamux_rig_frame(r, 1, WINDOW, RST, id, 0, 0);
    yamux_rig_frame(r, 1, WINDOW, 0, id, 0xffffffff, 0);
  }
  ck_assert_uint_eq(r->out[1].len, 0);
  ck_assert_log(r, 1, "");
  ck_assert_uint_eq(yamux_rig_stats(r, 1).drop_unknown_stream, 30);
  yamux_rig_free(r);
}
END_TEST

START_TEST(data_on_its_way_to_a_stream_we_reset_is_dropped) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  weft_yamux_reset(r->y[1], 1, r->now);
  r->out[1].len = 0;
  yamux_rig_frame(r, 1, DATA, 0, 1, 5000, 5000);
  yamux_rig_frame(r, 1, DATA, FIN, 1, 0, 0);
  ck_assert_log(r, 1, "o1 r1 ");
  ck_assert_uint_eq(r->got[1].len, 0);
  ck_assert_uint_eq(r->out[1].len, 0);
  yamux_rig_free(r);
}
END_TEST

static void reset_at_data(yamux_rig *r, unsigned side, const weft_yamux_event *ev) {
  if (ev->type == WEFT_YAMUX_EVENT_STREAM && ev->stream->type == WEFT_STREAM_DATA)
    weft_yamux_reset(r->y[side], ev->stream->stream, r->now);
}

START_TEST(a_stream_reset_amid_its_frame) {
  yamux_rig *r = yamux_rig_server(NULL);
  r->hook = reset_at_data;
  yamux_rig_frame(r, 1, DATA, SYN | FIN, 1, 1000, 400);
  yamux_rig_give(r, 1, (const uint8_t[600]){0}, 600); /* the rest of the body */
  yamux_rig_frame(r, 1, DATA, SYN, 3, 2, 2);
  ck_assert_log(r, 1, "o1 d1 r1 o3 d3 r3 ");
  ck_assert_uint_eq(r->got[1].len, 402);
  ck_assert_int_eq(r->reset_code[1], WEFT_ECLOSED);
  yamux_rig_free(r);
}
END_TEST

/* ---- closing flags, in all orders and on all frames ---- */

START_TEST(fin_on_any_frame_closes_after_its_data) {
  static const struct {
    unsigned type;
    size_t body;
  } forms[] = {{DATA, 0}, {DATA, 3}, {WINDOW, 0}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(forms); i++)
    for (unsigned ack = 0; ack <= ACK; ack += ACK) {
      yamux_rig *r = yamux_rig_pair(NULL);
      uint32_t id = yamux_rig_open(r, 1); /* ours, so that ACK means something */
      size_t n = forms[i].body;
      yamux_rig_frame(r, 1, forms[i].type, ack | FIN, id, (uint32_t)n, n);
      ck_assert_log(r, 1, n ? "O2 d2 f2 " : "O2 f2 ");
      yamux_rig_frame(r, 1, forms[i].type == DATA ? WINDOW : DATA, FIN, id, 0, 0); /* again */
      ck_assert_log(r, 1, n ? "O2 d2 f2 " : "O2 f2 ");
      ck_assert_int_eq(yamux_rig_send(r, 1, id, "still open"), 10);
      weft_yamux_shutdown(r->y[1], id, r->now);
      ck_assert_log(r, 1, n ? "O2 d2 f2 c2 " : "O2 f2 c2 ");
      yamux_rig_free(r);
    }
}
END_TEST

START_TEST(rst_on_any_frame_resets) {
  for (unsigned type = DATA; type <= WINDOW; type++)
    for (unsigned flags = 0; flags < 16; flags++) {
      if (!(flags & RST) || (flags & SYN)) continue;
      yamux_rig *r = yamux_rig_server(NULL);
      yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
      yamux_rig_frame(r, 1, type, flags, 1, type == DATA ? 5 : 7, type == DATA ? 5 : 0);
      ck_assert_log(r, 1, "o1 r1 ");
      ck_assert_int_eq(r->reset_code[1], WEFT_ERESET);
      ck_assert_uint_eq(r->reset_wire_code[1], type == DATA ? 0 : 7); /* go-libp2p's error code */
      yamux_rig_frame(r, 1, DATA, SYN, 1, 2, 2);                      /* the id may come again */
      ck_assert_log(r, 1, "o1 r1 o1 d1 ");
      yamux_rig_free(r);
    }
}
END_TEST

START_TEST(rst_after_both_fins_is_for_nobody) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN | FIN, 1, 0, 0);
  weft_yamux_shutdown(r->y[1], 1, r->now);
  yamux_rig_frame(r, 1, WINDOW, RST, 1, 0, 0);
  ck_assert_log(r, 1, "o1 f1 c1 ");
  yamux_rig_free(r);
}
END_TEST

START_TEST(rst_after_one_fin_resets) {
  for (unsigned ours = 0; ours < 2; ours++) {
    yamux_rig *r = yamux_rig_server(NULL);
    yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
    if (ours)
      weft_yamux_shutdown(r->y[1], 1, r->now);
    else
      yamux_rig_frame(r, 1, DATA, FIN, 1, 0, 0);
    yamux_rig_frame(r, 1, DATA, RST, 1, 0, 0);
    ck_assert_log(r, 1, ours ? "o1 r1 " : "o1 f1 r1 ");
    yamux_rig_free(r);
  }
}
END_TEST

START_TEST(data_after_fin_resets_that_stream_alone) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 3, 0, 0);
  yamux_rig_frame(r, 1, WINDOW, SYN | FIN, 1, 0, 0);
  r->out[1].len = 0;
  yamux_rig_frame(r, 1, DATA, 0, 1, 0, 0); /* an empty one hurts nobody */
  yamux_rig_frame(r, 1, WINDOW, 0, 1, 10, 0);
  ck_assert_log(r, 1, "o3 o1 f1 ");
  yamux_rig_frame(r, 1, DATA, 0, 1, 4, 4);
  ck_assert_log(r, 1, "o3 o1 f1 r1 ");
  ck_assert_int_eq(r->reset_code[1], WEFT_EPROTO);
  ck_assert_wire(r, 1, "000100080000000100000000");
  yamux_rig_frame(r, 1, DATA, 0, 3, 2, 2);
  ck_assert_log(r, 1, "o3 o1 f1 r1 d3 ");
  yamux_rig_free(r);
}
END_TEST

/* ---- limits ---- */

START_TEST(streams_beyond_the_limit_are_refused) {
  weft_yamux_config cfg = yamux_rig_config(1);
  cfg.max_streams_in = 2;
  yamux_rig *r = yamux_rig_server(&cfg);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  yamux_rig_frame(r, 1, WINDOW, SYN, 3, 0, 0);
  r->out[1].len = 0;
  yamux_rig_frame(r, 1, DATA, SYN, 5, 100, 100);
  ck_assert_wire(r, 1, "000100080000000500000000");
  ck_assert_log(r, 1, "o1 o3 ");
  ck_assert_uint_eq(yamux_rig_stats(r, 1).refused_streams, 1);
  yamux_rig_frame(r, 1, WINDOW, RST, 1, 0, 0);
  yamux_rig_frame(r, 1, WINDOW, SYN, 7, 0, 0);
  ck_assert_log(r, 1, "o1 o3 r1 o7 ");
  yamux_rig_free(r);
}
END_TEST

START_TEST(without_memory_a_stream_is_refused) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  r->out[1].len = 0;
  test_leak()->fail_at = 1;
  yamux_rig_frame(r, 1, WINDOW, SYN, 3, 0, 0);
  test_leak()->fail_at = 0;
  ck_assert_wire(r, 1, "000100080000000300000000");
  ck_assert_log(r, 1, "o1 ");
  yamux_rig_free(r);
}
END_TEST

START_TEST(go_away_is_told_once_and_streams_go_on) {
  yamux_rig *r = yamux_rig_server(NULL);
  uint32_t id;
  yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
  yamux_rig_give_hex(r, 1, "000300000000000000000002");
  yamux_rig_give_hex(r, 1, "000300000000000000000000");
  ck_assert_log(r, 1, "o1 G ");
  ck_assert_uint_eq(r->go_away_code[1], 2);
  ck_assert_int_eq(weft_yamux_open(r->y[1], &id, r->now), WEFT_ESTATE);
  r->out[1].len = 0;
  yamux_rig_frame(r, 1, WINDOW, SYN, 3, 0, 0); /* it said it would not */
  ck_assert_wire(r, 1, "000100080000000300000000");
  yamux_rig_frame(r, 1, DATA, FIN, 1, 2, 2);
  ck_assert_int_eq(yamux_rig_send(r, 1, 1, "yes"), 3);
  ck_assert_log(r, 1, "o1 G d1 f1 ");
  yamux_rig_free(r);
}
END_TEST

/* ---- the pipe ---- */

/* All kinds of frames, cut in two at every place, and a byte at a time. */
START_TEST(any_cut_gives_the_same_events) {
  static const char script[] =
      "000200010000000000000007 000100010000000100000000 000000010000000300000005 68656c6c6f"
      "00000000000000010000000161 0000000400000003000000020a0b 000000000000000900000003010203"
      "000000000000000100000000 0001000000000001000000ff 000100010000000500000000 00010008000000050000002a"
      "000000040000000100000003717273 000300000000000000000000";
  uint8_t in[512];
  size_t n = hex_into(in, sizeof in, script);
  yamux_rig *once = yamux_rig_server(NULL);
  yamux_rig_give(once, 1, in, n);
  ck_assert_log(once, 1, "o1 o3 d3 d1 d3 f3 o5 r5 d1 f1 G ");
  for (size_t cut = 0; cut <= n + 1; cut++) {
    yamux_rig *r = yamux_rig_server(NULL);
    if (cut <= n) {
      yamux_rig_give(r, 1, in, cut);
      yamux_rig_give(r, 1, in + cut, n - cut);
    } else {
      for (size_t i = 0; i < n; i++) yamux_rig_give(r, 1, in + i, 1);
    }
    ck_assert_str_eq(r->log[1], once->log[1]);
    ck_assert(r->got[1].len == once->got[1].len && memcmp(r->got[1].bytes, once->got[1].bytes, r->got[1].len) == 0);
    ck_assert_uint_eq(yamux_rig_stats(r, 1).frames_in, 12);
    yamux_rig_free(r);
  }
  yamux_rig_free(once);
}
END_TEST

START_TEST(data_is_delivered_as_it_arrives) {
  yamux_rig *r = yamux_rig_server(NULL);
  yamux_rig_frame(r, 1, DATA, SYN, 1, 200000, 1);
  size_t blocks = test_leak()->calls;
  for (unsigned i = 0; i < 1000; i++) yamux_rig_give(r, 1, (const uint8_t[100]){0}, 100);
  ck_assert_uint_eq(r->got[1].len, 1 + 100000);
  ck_assert_uint_le(test_leak()->calls, blocks);
  yamux_rig_free(r);
}
END_TEST

START_TEST(the_end_of_the_pipe) {
  static const struct {
    const char *last;
    int code;
  } ends[] = {
      {"", WEFT_ECLOSED},
      {"000300000000000000000000", WEFT_OK},
      {"000300000000000000000001", WEFT_ECLOSED},
      {"000300000000000000000000 00", WEFT_ECLOSED},
      {"000000000000000100000002 61", WEFT_ECLOSED},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(ends); i++) {
    yamux_rig *r = yamux_rig_server(NULL);
    yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
    yamux_rig_frame(r, 1, WINDOW, SYN, 3, 0, 0);
    yamux_rig_give_hex(r, 1, ends[i].last);
    ck_assert_int_eq(weft_yamux_input_end(r->y[1], r->now), WEFT_OK);
    ck_assert_yamux_closed(r, 1, WEFT_WHO_PEER, "end", ends[i].code);
    ck_assert_ptr_nonnull(strstr(r->log[1], "r1 r3 C "));
    ck_assert_int_eq(r->reset_code[1], WEFT_ECLOSED);
    ck_assert_int_eq(weft_yamux_input_end(r->y[1], r->now), WEFT_ESTATE);
    yamux_rig_free(r);
  }
}
END_TEST

Suite *test_yamux_receive(void) {
  static const unit_test tests[] = {
      UNIT(syn_on_window_update_then_data),
      UNIT(syn_on_data),
      UNIT(syn_data_fin_in_one_frame),
      UNIT(credit_on_syn_is_credit),
      UNIT(syn_and_rst_at_once_is_nothing),
      UNIT(ids_may_come_out_of_order),
      UNIT(violations_end_the_session),
      UNIT(the_largest_that_is_allowed_is_taken),
      UNIT(no_state_is_made_for_an_oversized_syn),
      UNIT(data_beyond_the_window_in_many_frames),
      UNIT(frames_for_unknown_streams_are_dropped_without_an_answer),
      UNIT(data_on_its_way_to_a_stream_we_reset_is_dropped),
      UNIT(a_stream_reset_amid_its_frame),
      UNIT(fin_on_any_frame_closes_after_its_data),
      UNIT(rst_on_any_frame_resets),
      UNIT(rst_after_both_fins_is_for_nobody),
      UNIT(rst_after_one_fin_resets),
      UNIT(data_after_fin_resets_that_stream_alone),
      UNIT(streams_beyond_the_limit_are_refused),
      UNIT(without_memory_a_stream_is_refused),
      UNIT(go_away_is_told_once_and_streams_go_on),
      UNIT(any_cut_gives_the_same_events),
      UNIT(data_is_delivered_as_it_arrives),
      UNIT(the_end_of_the_pipe),
  };
  return unit_suite("yamux/receive", tests, sizeof tests / sizeof tests[0]);
}
