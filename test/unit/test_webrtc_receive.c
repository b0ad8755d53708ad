/* Incoming bytes: cut as peers cut them, broken, more than is wanted, and before the peer is known. */
#include "test/support/hex.h"
#include "test/unit/webrtc_log.h"

static log_world l;

/* A raw channel message of the dialer. */
static void raw(uint32_t id, const void *data, size_t len) {
  ck_assert_int_eq(weft_datachannel_send(log_dialer(&l)->dc, (uint16_t)id, true, data, len, l.w.now), WEFT_OK);
}

static void raw_hex(uint32_t id, const char *hex) {
  uint8_t b[256];
  raw(id, b, hex_into(b, sizeof b, hex));
}

static uint32_t opened(void) {
  uint32_t id = log_open(&l, log_dialer(&l));
  log_wait(&l, WEFT_MS(20));
  return id;
}

START_TEST(frames_as_js_and_rust_cut_them) {
  log_init(&l, 1);
  uint32_t id = opened();
  raw_hex(id, "05"); /* js: the length alone */
  raw_hex(id, "1203616263");
  raw_hex(id, "05120364656605120367"); /* rust: one and a half glued */
  raw_hex(id, "6869");
  raw_hex(id, "00");         /* a message with nothing in it */
  raw_hex(id, "0408001200"); /* FIN with an empty message */
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[1], id, "ODC");
  ck_assert_uint_eq(log_find(&l.side[1], id)->len, 9);
  ck_assert_mem_eq(log_find(&l.side[1], id)->first, "abcdefghi", 9);
  ck_assert(weft_webrtc_stream_at(log_dialer(&l), id) != NULL);
  log_end(&l);
}
END_TEST

START_TEST(data_and_fin_in_one_frame) {
  log_init(&l, 2);
  uint32_t id = opened();
  raw_hex(id, "0708001203616263");
  raw_hex(id, "051203646566"); /* after FIN: dropped, and the stream lives */
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[1], id, "ODC");
  ck_assert_uint_eq(log_find(&l.side[1], id)->len, 3);
  ck_assert_uint_eq(log_stats(log_accepted(&l)).drop_frame, 1);
  log_end(&l);
}
END_TEST

START_TEST(broken_frames_reset_the_stream_alone) {
  static const char *const broken[] = {
      "ff7f",       /* 16 KiB with its length is the most */
      "ffffffff7f", /* 32 GiB */
      "8000",       /* not the shortest length */
      "0380808012", /* a flag without end */
      "021301",     /* wire type 3 */
      "021001",     /* the message as a number */
      "03120561",   /* a message past the end */
      "020000",     /* field 0 */
  };
  log_init(&l, 3);
  uint32_t good = opened();
  for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
    uint32_t id = opened();
    raw_hex(id, broken[i]);
    log_wait(&l, WEFT_SEC(1));
    ck_assert_events(&l.side[1], id, "OR");
    ck_assert_int_eq(log_find(&l.side[1], id)->code, WEFT_EPROTO);
    ck_assert_events(&l.side[0], id, "R");
    ck_assert_uint_eq(log_stats(log_accepted(&l)).drop_frame, i + 1);
  }
  log_send(&l, log_dialer(&l), good, "still here");
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[1], good, "OD");
  log_end(&l);
}
END_TEST

START_TEST(flags_of_the_future_are_ignored) {
  log_init(&l, 4);
  uint32_t id = opened();
  raw_hex(id, "0708631203616263");
  raw_hex(id, "0408001801"); /* FIN with go's error code */
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[1], id, "ODC");
  log_end(&l);
}
END_TEST

/* Incomplete frames count against the window and are bounded together: the one that goes too far is reset. */
START_TEST(incomplete_frames_are_bounded) {
  static uint8_t part[16000];
  log_prepare(&l, 5);
  l.w.server_cfg.recv_window = 128 * 1024;
  log_connect(&l);
  part[0] = 0xfe, part[1] = 0x7f;
  uint32_t id[5];
  for (int i = 0; i < 5; i++) {
    id[i] = opened();
    raw(id[i], part, sizeof part);
    log_wait(&l, WEFT_MS(100));
  }
  for (int i = 0; i < 4; i++) ck_assert_events(&l.side[1], id[i], "O");
  ck_assert_events(&l.side[1], id[4], "OR");
  ck_assert_int_eq(log_find(&l.side[1], id[4])->code, WEFT_ELIMIT);
  for (int i = 0; i < 4; i++) weft_webrtc_stream_reset(log_accepted(&l), id[i], l.w.now);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_uint_eq(log_accepted(&l)->partial, 0);
  weft_sctp_stats s = {.size = sizeof s};
  weft_sctp_get_stats(log_accepted(&l)->sctp, &s);
  ck_assert_uint_eq(s.unconsumed, 0);
  log_end(&l);
}
END_TEST

/* ---- the window ---- */

static uint8_t big[256 * 1024];

static size_t unconsumed(weft_webrtc *c) {
  weft_sctp_stats s = {.size = sizeof s};
  weft_sctp_get_stats(c->sctp, &s);
  return s.unconsumed;
}

START_TEST(a_slow_reader_holds_the_window) {
  log_prepare(&l, 6);
  l.w.server_cfg.auto_consume = false;
  l.w.server_cfg.recv_window = 128 * 1024;
  log_connect(&l);
  uint32_t id = opened();
  size_t sent = 0, given = 0;
  for (int i = 0; i < 20; i++) {
    ptrdiff_t took = weft_webrtc_stream_send(log_dialer(&l), id, big, sizeof big, l.w.now);
    ck_assert_int_ge(took, 0);
    sent += (size_t)took;
    log_wait(&l, WEFT_SEC(2));
  }
  log_stream *st = log_find(&l.side[1], id);
  ck_assert_uint_le(st->len, 128 * 1024 + 20 * 1024);
  ck_assert_uint_gt(st->len, 64 * 1024);
  ck_assert_uint_eq(unconsumed(log_accepted(&l)), st->len); /* frame headers are given back at once */
  ck_assert_int_eq(weft_webrtc_stream_consumed(log_accepted(&l), id, st->len + 1, l.w.now), WEFT_EINVAL);
  for (int i = 0; i < 200 && given < sent; i++) { /* little by little all of it comes */
    size_t n = st->len - given;
    ck_assert_int_eq(weft_webrtc_stream_consumed(log_accepted(&l), id, n, l.w.now), WEFT_OK);
    given += n;
    log_wait(&l, WEFT_SEC(1));
  }
  ck_assert_uint_eq(given, sent);
  ck_assert_events(&l.side[1], id, "OD"); /* alone it is never reset */
  ck_assert_uint_eq(unconsumed(log_accepted(&l)), 0);
  log_end(&l);
}
END_TEST

START_TEST(a_stalled_stream_gives_way_to_others) {
  log_prepare(&l, 7);
  l.w.server_cfg.auto_consume = false;
  l.w.server_cfg.recv_window = 128 * 1024;
  log_connect(&l);
  uint32_t slow = opened(), other = opened();
  weft_webrtc_stream_send(log_dialer(&l), slow, big, sizeof big, l.w.now);
  log_wait(&l, WEFT_SEC(28));
  ck_assert_events(&l.side[1], slow, "OD");
  log_send(&l, log_dialer(&l), other, "let me through");
  log_wait(&l, WEFT_SEC(5));
  ck_assert_events(&l.side[1], slow, "ODR");
  ck_assert_int_eq(log_find(&l.side[1], slow)->code, WEFT_ELIMIT);
  log_wait(&l, WEFT_SEC(20));
  ck_assert_events(&l.side[1], other, "OD");
  log_end(&l);
}
END_TEST

/* ---- before the peer id is proven ---- */

static int early_channels, early_bytes;

/* The dialer opens channels as soon as the association is up; READY is told to nobody yet. */
static void open_early(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  static uint8_t filler[20000];
  if (s->server || ev->type != WEFT_WEBRTC_EVENT_STEP || ev->step != WEFT_WEBRTC_STEP_SCTP) return;
  (void)w;
  for (int i = 0; i < early_channels; i++) {
    uint16_t id;
    ck_assert_int_eq(weft_datachannel_open(s->c->dc, &(weft_datachannel_params){0}, &id, now), WEFT_OK);
    weft_datachannel_send(s->c->dc, id, true, (const uint8_t *)"\x05\x12\x03hey", 6, now);
    weft_datachannel_send(s->c->dc, id, true, (const uint8_t *)"\x02\x08\x00", 3, now);
    if (early_bytes) weft_datachannel_send(s->c->dc, id, true, filler, (size_t)early_bytes, now);
  }
}

static bool stream_event_seen;

static void watch_early(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  open_early(w, s, ev, now);
  if (ev->type == WEFT_WEBRTC_EVENT_STREAM && !s->ready) stream_event_seen = true;
}

START_TEST(early_streams_wait_and_are_capped) {
  early_channels = 12, early_bytes = 0, stream_event_seen = false;
  log_prepare(&l, 8);
  l.hook = watch_early;
  log_connect(&l);
  log_wait(&l, WEFT_SEC(1));
  ck_assert(!stream_event_seen);
  for (uint32_t id = 2; id <= 20; id += 2) {
    ck_assert_events(&l.side[1], id, "ODC");
    ck_assert_mem_eq(log_find(&l.side[1], id)->first, "hey", 3);
  }
  ck_assert_events(&l.side[1], 22, "-");
  ck_assert_events(&l.side[1], 24, "-");
  ck_assert_uint_eq(log_stats(log_accepted(&l)).drop_early, 2);
  ck_assert_uint_eq(log_stats(log_accepted(&l)).streams, 10);
  log_end(&l);
}
END_TEST

START_TEST(early_bytes_are_capped) {
  early_channels = 2, early_bytes = 16 * 1024;
  log_prepare(&l, 9);
  l.hook = watch_early;
  log_connect(&l);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_events(&l.side[1], 2, "-");
  ck_assert_events(&l.side[1], 4, "-");
  ck_assert_uint_eq(log_stats(log_accepted(&l)).streams, 0);
  ck_assert_uint_eq(unconsumed(log_accepted(&l)), 0);
  ck_assert_uint_eq(log_open(&l, log_accepted(&l)), 1); /* the connection is well */
  log_end(&l);
}
END_TEST

/* The peer id is never proven: nothing of it is seen, and everything is given back. */
static void break_prologue(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  watch_early(w, s, ev, now);
  if (!s->server && ev->type == WEFT_WEBRTC_EVENT_STEP && ev->step == WEFT_WEBRTC_STEP_DTLS)
    s->c->peer_fingerprint[0] ^= 1;
}

START_TEST(an_impostor_is_never_heard) {
  early_channels = 5, early_bytes = 1000, stream_event_seen = false;
  log_prepare(&l, 10);
  l.hook = break_prologue;
  world_listen(&l.w);
  world_dial(&l.w, 0);
  ck_assert(!world_run(&l.w, l.w.now + WEFT_SEC(20), world_all_ready));
  ck_assert(!stream_event_seen);
  ck_assert_uint_eq(l.side[1].n, 0);
  ck_assert_uint_eq(l.w.accepted_len, 0);
  ck_assert_uint_eq(l.w.refused, 1);
  ck_assert(l.w.dialers[0].closed_seen && !l.w.dialers[0].ready);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 0);
  log_end(&l);
}
END_TEST

/* ---- DCEP of the wrong parity: the stream is reset, no stream is seen ---- */
START_TEST(wrong_parity_is_reset) {
  log_init(&l, 11);
  static const uint8_t open[] = {3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  weft_sctp_message m = {.stream = 7, .ppid = 50}; /* the dialer's ids are even */
  ck_assert_int_eq(weft_sctp_send(log_dialer(&l)->sctp, &m, open, sizeof open, l.w.now), WEFT_OK);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_events(&l.side[1], 7, "-");
  ck_assert_uint_eq(log_stats(log_accepted(&l)).streams, 0);
  uint32_t id = opened();
  log_send(&l, log_dialer(&l), id, "fine");
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[1], id, "OD");
  log_end(&l);
}
END_TEST

Suite *test_webrtc_receive(void) {
  static const unit_test tests[] = {UNIT(frames_as_js_and_rust_cut_them),
                                    UNIT(data_and_fin_in_one_frame),
                                    UNIT(broken_frames_reset_the_stream_alone),
                                    UNIT(flags_of_the_future_are_ignored),
                                    UNIT(incomplete_frames_are_bounded),
                                    UNIT(a_slow_reader_holds_the_window),
                                    UNIT(a_stalled_stream_gives_way_to_others),
                                    UNIT(early_streams_wait_and_are_capped),
                                    UNIT(early_bytes_are_capped),
                                    UNIT(an_impostor_is_never_heard),
                                    UNIT(wrong_parity_is_reset)};
  return unit_suite("webrtc/receive", tests, sizeof tests / sizeof tests[0]);
}
