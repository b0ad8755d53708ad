#include "test/unit/yamux_rig.h"

enum { WINDOW = WEFT_YAMUX_WINDOW_UPDATE, DATA = WEFT_YAMUX_DATA };
enum { SYN = WEFT_YAMUX_SYN, ACK = WEFT_YAMUX_ACK, FIN = WEFT_YAMUX_FIN, RST = WEFT_YAMUX_RST };

START_TEST(there_and_back) {
  yamux_rig *r = yamux_rig_pair(NULL);
  for (unsigned side = 0; side < 2; side++) {
    yamux_rig_clear(r);
    unsigned peer = 1 - side;
    uint32_t id = yamux_rig_open(r, side);
    ck_assert_uint_eq(id, side == 0 ? 1 : 2);
    ck_assert_int_eq(yamux_rig_send(r, side, id, "question"), 8);
    ck_assert_int_eq(weft_yamux_shutdown(r->y[side], id, r->now), WEFT_OK);
    yamux_rig_run(r, SIZE_MAX);
    ck_assert_str_eq(r->log[peer], side == 0 ? "o1 d1 f1 " : "o2 d2 f2 ");
    ck_assert_got(r, peer, "question");
    ck_assert_int_eq(yamux_rig_send(r, peer, id, "answer"), 6); /* half closed: the other half works */
    ck_assert_int_eq(weft_yamux_shutdown(r->y[peer], id, r->now), WEFT_OK);
    yamux_rig_run(r, SIZE_MAX);
    ck_assert_str_eq(r->log[peer], side == 0 ? "o1 d1 f1 c1 " : "o2 d2 f2 c2 ");
    ck_assert_str_eq(r->log[side], side == 0 ? "O1 d1 f1 c1 " : "O2 d2 f2 c2 ");
    ck_assert_got(r, side, "answer");
    for (unsigned i = 0; i < 2; i++) ck_assert_uint_eq(yamux_rig_stats(r, i).streams, 0);
  }
  yamux_rig_free(r);
}
END_TEST

/* What go and js send, byte for byte: SYN, data, FIN; ACK from the other side. */
START_TEST(the_bytes_of_a_stream) {
  yamux_rig *r = yamux_rig_pair(NULL);
  uint32_t id = yamux_rig_open(r, 0);
  yamux_rig_send(r, 0, id, "hi");
  weft_yamux_shutdown(r->y[0], id, r->now);
  ck_assert_wire(r, 0,
                 "000100010000000100000000"
                 "0000000000000001000000026869"
                 "000100040000000100000000");
  yamux_rig_pass(r, 0, SIZE_MAX);
  ck_assert_wire(r, 1, "000100020000000100000000");
  yamux_rig_free(r);
}
END_TEST

START_TEST(ids_go_up_by_two_until_there_are_none) {
  yamux_rig *r = yamux_rig_pair(NULL);
  ck_assert_uint_eq(yamux_rig_open(r, 0), 1);
  ck_assert_uint_eq(yamux_rig_open(r, 0), 3);
  ck_assert_uint_eq(yamux_rig_open(r, 1), 2);
  for (unsigned i = 0; i < 2; i++) {
    uint32_t id;
    r->y[i]->next_id = 0xfffffffeu - 2 + (i == 0);
    ck_assert_uint_eq(yamux_rig_open(r, i), 0xfffffffcu + (i == 0));
    ck_assert_uint_eq(yamux_rig_open(r, i), 0xfffffffeu + (i == 0));
    ck_assert_int_eq(weft_yamux_open(r->y[i], &id, r->now), WEFT_ELIMIT);
  }
  yamux_rig_free(r);
}
END_TEST

START_TEST(opening_stops_at_the_limit) {
  weft_yamux_config cfg = yamux_rig_config(0);
  cfg.max_streams_out = 3;
  yamux_rig *r = yamux_rig_pair(&cfg);
  uint32_t id;
  for (unsigned i = 0; i < 3; i++) yamux_rig_open(r, 0);
  yamux_rig_run(r, SIZE_MAX);
  ck_assert_int_eq(weft_yamux_open(r->y[0], &id, r->now), WEFT_ELIMIT);
  weft_yamux_reset(r->y[0], 3, r->now);
  ck_assert_uint_eq(yamux_rig_open(r, 0), 7);
  yamux_rig_free(r);
}
END_TEST

/* ACK, or anything else that the peer says on the stream, makes room in the backlog; so does the stream's end. */
START_TEST(opening_stops_while_nothing_is_acknowledged) {
  static const struct {
    unsigned type, flags;
  } signs[] = {{WINDOW, ACK}, {DATA, ACK}, {WINDOW, 0}, {DATA, FIN}, {WINDOW, RST}, {DATA, ACK | RST}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(signs); i++) {
    uint32_t id;
    yamux_rig *r = yamux_rig_server(NULL);
    for (unsigned k = 0; k < 256; k++) yamux_rig_open(r, 1);
    ck_assert_int_eq(weft_yamux_open(r->y[1], &id, r->now), WEFT_ELIMIT);
    yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0); /* the peer's own streams are no matter */
    ck_assert_int_eq(weft_yamux_open(r->y[1], &id, r->now), WEFT_ELIMIT);
    for (unsigned k = 0; k < 2; k++) yamux_rig_frame(r, 1, signs[i].type, signs[i].flags, 4, 0, 0);
    ck_assert_int_eq(weft_yamux_open(r->y[1], &id, r->now), WEFT_OK);
    ck_assert_int_eq(weft_yamux_open(r->y[1], &id, r->now), WEFT_ELIMIT);
    yamux_rig_free(r);
  }
}
END_TEST

START_TEST(a_reset_of_ours_makes_room_in_the_backlog) {
  uint32_t id;
  yamux_rig *r = yamux_rig_server(NULL);
  for (unsigned k = 0; k < 256; k++) yamux_rig_open(r, 1);
  weft_yamux_reset(r->y[1], 10, r->now);
  ck_assert_int_eq(weft_yamux_open(r->y[1], &id, r->now), WEFT_OK);
  ck_assert_int_eq(weft_yamux_open(r->y[1], &id, r->now), WEFT_ELIMIT);
  yamux_rig_free(r);
}
END_TEST

START_TEST(reset_reaches_the_other_side) {
  yamux_rig *r = yamux_rig_pair(NULL);
  uint32_t id = yamux_rig_open(r, 0);
  yamux_rig_run(r, SIZE_MAX);
  ck_assert_int_eq(weft_yamux_reset(r->y[1], id, r->now), WEFT_OK);
  ck_assert_wire(r, 1, "000100080000000100000000");
  ck_assert_int_eq(weft_yamux_reset(r->y[1], id, r->now), WEFT_ENOTFOUND);
  yamux_rig_run(r, SIZE_MAX);
  ck_assert_log(r, 1, "o1 r1 ");
  ck_assert_log(r, 0, "O1 r1 ");
  ck_assert_int_eq(r->reset_code[0], WEFT_ERESET);
  ck_assert_int_eq(r->reset_code[1], WEFT_ECLOSED);
  ck_assert_uint_eq(yamux_rig_stats(r, 0).resets_in, 1);
  ck_assert_uint_eq(yamux_rig_stats(r, 1).resets_out, 1);
  yamux_rig_free(r);
}
END_TEST

START_TEST(reset_drops_what_was_not_sent) {
  static uint8_t much[400000];
  yamux_rig *r = yamux_rig_pair(NULL);
  uint32_t id = yamux_rig_open(r, 0);
  ck_assert_int_eq(weft_yamux_send(r->y[0], id, much, sizeof much, r->now), sizeof much);
  ck_assert_uint_gt(yamux_rig_stats(r, 0).buffered, 0);
  weft_yamux_reset(r->y[0], id, r->now);
  ck_assert_uint_eq(yamux_rig_stats(r, 0).buffered, 0);
  yamux_rig_run(r, SIZE_MAX);
  ck_assert_log(r, 1, "o1 d1 r1 ");
  yamux_rig_free(r);
}
END_TEST

static void open_and_reset(yamux_rig *r, unsigned side, const weft_yamux_event *ev) {
  uint32_t id;
  if (ev->type != WEFT_YAMUX_EVENT_RTT) return;
  ck_assert_int_eq(weft_yamux_open(r->y[side], &id, r->now), WEFT_OK);
  ck_assert_int_eq(weft_yamux_reset(r->y[side], id, r->now), WEFT_OK);
}

START_TEST(the_peer_never_hears_of_a_stream_reset_before_its_syn_left) {
  yamux_rig *r = yamux_rig_server(NULL);
  r->hook = open_and_reset;
  yamux_rig_frame(r, 1, WEFT_YAMUX_PING, ACK, 0, 1, 0);
  ck_assert_log(r, 1, "T r2 ");
  ck_assert_uint_eq(r->out[1].len, 0);
  yamux_rig_free(r);
}
END_TEST

START_TEST(calls_that_do_not_fit) {
  uint32_t id;
  yamux_rig *r = yamux_rig_bare();
  weft_yamux_config cfg = yamux_rig_config(0);
  ck_assert_int_eq(yamux_rig_make(r, 0, &cfg), WEFT_OK);
  ck_assert_int_eq(weft_yamux_open(r->y[0], &id, r->now), WEFT_ESTATE);
  ck_assert_int_eq(yamux_rig_send(r, 0, 1, "x"), WEFT_ESTATE);
  ck_assert_int_eq(weft_yamux_ping(r->y[0], r->now), WEFT_ESTATE);
  ck_assert_int_eq(weft_yamux_input(r->y[0], (const uint8_t *)"x", 1, r->now), WEFT_ESTATE);
  weft_yamux_start(r->y[0], r->now);
  ck_assert_int_eq(weft_yamux_start(r->y[0], r->now), WEFT_ESTATE);
  ck_assert_int_eq(yamux_rig_send(r, 0, 1, "x"), WEFT_ENOTFOUND);
  ck_assert_int_eq(weft_yamux_shutdown(r->y[0], 1, r->now), WEFT_ENOTFOUND);
  ck_assert_int_eq(weft_yamux_reset(r->y[0], 1, r->now), WEFT_ENOTFOUND);
  ck_assert_uint_eq(weft_yamux_room(r->y[0], 1), 0);
  id = yamux_rig_open(r, 0);
  ck_assert_uint_eq(weft_yamux_room(r->y[0], id), 262144);
  weft_yamux_shutdown(r->y[0], id, r->now);
  ck_assert_int_eq(weft_yamux_shutdown(r->y[0], id, r->now), WEFT_OK);
  ck_assert_int_eq(yamux_rig_send(r, 0, id, "x"), WEFT_ECLOSED);
  ck_assert_uint_eq(weft_yamux_room(r->y[0], id), 0);
  weft_yamux_close(r->y[0], WEFT_OK, r->now);
  ck_assert_int_eq(weft_yamux_open(r->y[0], &id, r->now), WEFT_ECLOSED);
  ck_assert_int_eq(yamux_rig_send(r, 0, id, "x"), WEFT_ECLOSED);
  yamux_rig_free(r);
}
END_TEST

/* ---- all orders of opening, closing and resetting, against a model ---- */

typedef struct model {
  bool known, fin_in, fin_out, over;
} model;

/* One step of either side; the letters it must give on side 1 (the stream is the peer's, id 1). */
static const char *step(yamux_rig *r, model *m, unsigned op) {
  switch (op) {
  case 0:
    weft_yamux_shutdown(r->y[1], 1, r->now);
    if (!m->known || m->over || m->fin_out) return "";
    m->fin_out = true;
    m->over = m->fin_in;
    return m->over ? "c1 " : "";
  case 1:
    weft_yamux_reset(r->y[1], 1, r->now);
    if (!m->known || m->over) return "";
    m->over = true;
    return "r1 ";
  case 2:
  case 3:
    yamux_rig_frame(r, 1, op == 2 ? DATA : WINDOW, FIN | (op == 2 ? ACK : 0), 1, 0, 0);
    if (!m->known || m->over || m->fin_in) return "";
    m->fin_in = true;
    m->over = m->fin_out;
    return m->over ? "f1 c1 " : "f1 ";
  case 4:
    yamux_rig_frame(r, 1, WINDOW, RST, 1, 0, 0);
    if (!m->known || m->over) return "";
    m->over = true;
    return "r1 ";
  case 5:
    if (m->known && !m->over) return ""; /* a second SYN is a violation */
    *m = (model){.known = true};
    yamux_rig_frame(r, 1, WINDOW, SYN, 1, 0, 0);
    return "o1 ";
  default:
    if (m->known && !m->over && m->fin_in) return "";
    yamux_rig_frame(r, 1, DATA, 0, 1, 1, 1);
    return m->known && !m->over ? "d1 " : "";
  }
}

START_TEST(every_order_of_closing_agrees_with_a_model) {
  enum { OPS = 7, STEPS = 6 };
  unsigned all = 1;
  for (unsigned i = 0; i < STEPS; i++) all *= OPS;
  for (unsigned code = 0; code < all; code++) {
    yamux_rig *r = yamux_rig_server(NULL);
    model m = {0};
    unsigned rest = code;
    for (unsigned i = 0; i < STEPS; i++, rest /= OPS) {
      yamux_rig_clear(r);
      const char *want = step(r, &m, rest % OPS);
      ck_assert_str_eq(r->log[1], want);
      ck_assert_uint_eq(yamux_rig_stats(r, 1).streams, m.known && !m.over);
    }
    yamux_rig_free(r);
  }
}
END_TEST

Suite *test_yamux_stream(void) {
  static const unit_test tests[] = {
      UNIT(there_and_back),
      UNIT(the_bytes_of_a_stream),
      UNIT(ids_go_up_by_two_until_there_are_none),
      UNIT(opening_stops_at_the_limit),
      UNIT(opening_stops_while_nothing_is_acknowledged),
      UNIT(a_reset_of_ours_makes_room_in_the_backlog),
      UNIT(reset_reaches_the_other_side),
      UNIT(reset_drops_what_was_not_sent),
      UNIT(the_peer_never_hears_of_a_stream_reset_before_its_syn_left),
      UNIT(calls_that_do_not_fit),
      UNIT(every_order_of_closing_agrees_with_a_model),
  };
  return unit_suite("yamux/stream", tests, sizeof tests / sizeof tests[0]);
}
