#include "test/unit/noise_rig.h"

START_TEST(one_byte_at_a_time) {
  noise_rig *r = noise_rig_new();
  for (unsigned i = 0; i < 2; i++) weft_noise_start(r->n[i], 0);
  noise_rig_run(r, 1);
  ck_assert(weft_noise_secured(r->n[0]) && weft_noise_secured(r->n[1]));
  for (unsigned i = 0; i < 20; i++) noise_rig_send(r, i % 2, "drip");
  noise_rig_run(r, 1);
  ck_assert(r->got[0].len == 40 && r->got[1].len == 40);
  noise_rig_free(r);
}
END_TEST

/* The responder's whole input, cut in two at every place, gives the same events. */
START_TEST(any_cut_gives_the_same_events) {
  noise_rig *once = noise_rig_secure();
  noise_rig_send(once, 0, "first");
  noise_rig_send(once, 0, "second");
  noise_rig_run(once, SIZE_MAX);
  const noise_pipe *all = &once->out[0];
  for (size_t cut = 0; cut <= all->len; cut++) {
    noise_rig *r = noise_rig_bare();
    weft_noise_config cfg = noise_rig_config(r, 1);
    ck_assert_int_eq(noise_rig_make(r, 1, &cfg), WEFT_OK);
    weft_noise_start(r->n[1], 0);
    weft_noise_input(r->n[1], all->bytes, cut, 0);
    weft_noise_input(r->n[1], all->bytes + cut, all->len - cut, 0);
    ck_assert_str_eq(r->order[1], "SDD");
    ck_assert(r->got[1].len == 11 && memcmp(r->got[1].bytes, "firstsecond", 11) == 0);
    noise_rig_free(r);
  }
  noise_rig_free(once);
}
END_TEST

START_TEST(the_largest_frames_pass_in_any_pieces) {
  static uint8_t big[200000];
  static const size_t pieces[] = {SIZE_MAX, 65537, 65536, 1500, 7};
  for (size_t i = 0; i < sizeof big; i++) big[i] = (uint8_t)(i * 31 >> 3);
  for (size_t i = 0; i < WEFT_ARRAY_LEN(pieces); i++) {
    noise_rig *r = noise_rig_secure();
    ck_assert_int_eq(weft_noise_send(r->n[0], big, sizeof big, 0), sizeof big);
    noise_rig_run(r, pieces[i]);
    ck_assert(r->got[1].len == sizeof big && memcmp(r->got[1].bytes, big, sizeof big) == 0);
    ck_assert_uint_eq(noise_rig_stats(r, 1).frames_in, 2 + 4);
    noise_rig_free(r);
  }
}
END_TEST

START_TEST(an_altered_frame_ends_it_and_what_follows_is_not_delivered) {
  for (size_t at = 2; at < 2 + 3 + 16; at++) {
    noise_rig *r = noise_rig_secure();
    size_t begin = r->out[0].len;
    noise_rig_send(r, 0, "bad");
    noise_rig_send(r, 0, "good");
    r->out[0].bytes[begin + at] ^= 1;
    noise_rig_run(r, SIZE_MAX);
    ck_assert_closed(r, 1, WEFT_WHO_PEER, "message", WEFT_EAUTH);
    ck_assert_uint_eq(r->got[1].len, 0);
    ck_assert_int_eq(noise_rig_send(r, 1, "x"), WEFT_ECLOSED);
    noise_rig_free(r);
  }
}
END_TEST

START_TEST(repeated_and_reordered_frames_end_it) {
  for (unsigned what = 0; what < 2; what++) {
    noise_rig *r = noise_rig_secure();
    size_t begin = r->out[0].len;
    noise_rig_send(r, 0, "one");
    noise_rig_send(r, 0, "two");
    const uint8_t *frames = r->out[0].bytes + begin;
    size_t one = 2 + 3 + 16;
    if (what == 0) weft_noise_input(r->n[1], frames, one, 0);             /* then again */
    weft_noise_input(r->n[1], what == 0 ? frames : frames + one, one, 0); /* the second first */
    ck_assert_closed(r, 1, WEFT_WHO_PEER, "message", WEFT_EAUTH);
    ck_assert_uint_eq(r->got[1].len, what == 0 ? 3 : 0);
    noise_rig_free(r);
  }
}
END_TEST

START_TEST(our_own_frames_back_end_it) {
  noise_rig *r = noise_rig_secure();
  size_t begin = r->out[0].len;
  noise_rig_send(r, 0, "mirror");
  weft_noise_input(r->n[0], r->out[0].bytes + begin, r->out[0].len - begin, 0);
  ck_assert_closed(r, 0, WEFT_WHO_PEER, "message", WEFT_EAUTH);
  noise_rig_free(r);
}
END_TEST

START_TEST(frames_shorter_than_a_tag_end_it) {
  for (uint8_t len = 0; len < 16; len++) {
    noise_rig *r = noise_rig_secure();
    uint8_t frame[20] = {0, len};
    weft_noise_input(r->n[1], frame, 2u + len, 0);
    ck_assert_closed(r, 1, WEFT_WHO_PEER, "message", WEFT_EMALFORMED);
    noise_rig_free(r);
  }
}
END_TEST

START_TEST(empty_messages_are_no_data) {
  noise_rig *r = noise_rig_secure();
  uint8_t *at = weft_noise_frame_reserve(r->n[0], 16);
  ck_assert_int_eq(weft_noise_seal(&r->n[0]->sending, NULL, 0, NULL, 0, at), WEFT_OK);
  weft_noise_frame_commit(r->n[0], 16);
  noise_rig_send(r, 0, "after");
  noise_rig_run(r, SIZE_MAX);
  ck_assert_str_eq(r->order[1], "SD");
  noise_rig_free(r);
}
END_TEST

START_TEST(the_stream_may_end_between_frames) {
  noise_rig *r = noise_rig_secure();
  noise_rig_send(r, 0, "bye");
  noise_rig_run(r, SIZE_MAX);
  ck_assert_int_eq(weft_noise_input_end(r->n[1], 0), WEFT_OK);
  ck_assert_str_eq(r->order[1], "SDR");
  ck_assert_int_eq(weft_noise_input_end(r->n[1], 0), WEFT_ESTATE);
  ck_assert_int_eq(weft_noise_input(r->n[1], (const uint8_t *)"x", 1, 0), WEFT_ESTATE);
  ck_assert_int_eq(noise_rig_send(r, 1, "still"), 5); /* our side is open */
  weft_noise_close(r->n[1], WEFT_OK, 0);
  ck_assert_str_eq(r->order[1], "SDRC");
  noise_rig_free(r);
}
END_TEST

START_TEST(the_stream_may_not_end_inside_a_frame) {
  for (size_t n = 1; n < 2 + 3 + 16; n++) {
    noise_rig *r = noise_rig_secure();
    size_t begin = r->out[0].len;
    noise_rig_send(r, 0, "cut");
    weft_noise_input(r->n[1], r->out[0].bytes + begin, n, 0);
    weft_noise_input_end(r->n[1], 0);
    ck_assert_closed(r, 1, WEFT_WHO_PEER, "message", WEFT_ECLOSED);
    ck_assert_uint_eq(r->got[1].len, 0);
    noise_rig_free(r);
  }
}
END_TEST

START_TEST(the_stream_may_not_end_inside_the_handshake) {
  noise_rig *r = noise_rig_new();
  weft_noise_start(r->n[0], 0);
  weft_noise_input_end(r->n[0], 0);
  ck_assert_closed(r, 0, WEFT_WHO_PEER, "handshake", WEFT_ECLOSED);
  noise_rig_free(r);
}
END_TEST

START_TEST(input_while_closing_is_thrown_away) {
  noise_rig *r = noise_rig_secure();
  r->take[1] = 0;
  noise_rig_send(r, 1, "waits");
  weft_noise_close(r->n[1], WEFT_OK, 0);
  noise_rig_send(r, 0, "late");
  noise_rig_pass(r, 0, SIZE_MAX);
  ck_assert_int_eq(weft_noise_input_end(r->n[1], 0), WEFT_OK);
  ck_assert_str_eq(r->order[1], "S");
  noise_rig_free(r);
}
END_TEST

START_TEST(no_memory_ends_it) {
  noise_rig *r = noise_rig_secure();
  static uint8_t big[60000];
  weft_noise_send(r->n[0], big, sizeof big, 0);
  test_leak()->fail_at = 1;
  test_leak()->fail_on = true;
  const noise_pipe *p = &r->out[0];
  ck_assert_int_eq(weft_noise_input(r->n[1], p->bytes + p->at, p->len - p->at, 0), WEFT_ENOMEM);
  test_leak()->fail_at = 0;
  test_leak()->fail_on = false;
  ck_assert_closed(r, 1, WEFT_WHO_SELF, "memory", WEFT_ENOMEM);
  noise_rig_free(r);
}
END_TEST

/* After the first frames of a size, no more allocations. */
START_TEST(steady_traffic_allocates_nothing) {
  static const size_t sizes[] = {20, 16384, 65519};
  static uint8_t big[65519];
  for (size_t k = 0; k < WEFT_ARRAY_LEN(sizes); k++) {
    noise_rig *r = noise_rig_secure();
    size_t calls = 0;
    for (unsigned i = 0; i < 20; i++) {
      if (i == 4) calls = test_leak()->calls;
      ck_assert_int_eq(weft_noise_send(r->n[0], big, sizes[k], 0), (ptrdiff_t)sizes[k]);
      noise_rig_run(r, 1400);
    }
    ck_assert_uint_eq(test_leak()->calls, calls);
    noise_rig_free(r);
  }
}
END_TEST

Suite *test_noise_receive(void) {
  static const unit_test tests[] = {UNIT(one_byte_at_a_time),
                                    UNIT(any_cut_gives_the_same_events),
                                    UNIT(the_largest_frames_pass_in_any_pieces),
                                    UNIT(an_altered_frame_ends_it_and_what_follows_is_not_delivered),
                                    UNIT(repeated_and_reordered_frames_end_it),
                                    UNIT(our_own_frames_back_end_it),
                                    UNIT(frames_shorter_than_a_tag_end_it),
                                    UNIT(empty_messages_are_no_data),
                                    UNIT(the_stream_may_end_between_frames),
                                    UNIT(the_stream_may_not_end_inside_a_frame),
                                    UNIT(the_stream_may_not_end_inside_the_handshake),
                                    UNIT(input_while_closing_is_thrown_away),
                                    UNIT(no_memory_ends_it),
                                    UNIT(steady_traffic_allocates_nothing)};
  return unit_suite("noise/receive", tests, sizeof tests / sizeof tests[0]);
}
