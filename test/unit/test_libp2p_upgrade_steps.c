/* The steps against peers that are made of single layers: with and without the muxer list, early, late, refusing. */
#include "test/unit/upgrade_rig.h"
#include "yamux/yamux_int.h"

/* The other side by hand: what side 1 (or 0) says is given to `noise` when that runs, else kept. */
typedef struct hand {
  upgrade_rig *r;
  unsigned victim;
  weft_noise *noise;
  upgrade_pipe plain;
  bool secured;
  size_t muxers;
} hand;

static ptrdiff_t hand_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  hand *h = user;
  (void)now;
  upgrade_rig_give(h->r, h->victim, data, len);
  return (ptrdiff_t)len;
}

static void hand_event(void *user, const weft_noise_event *ev, weft_time now) {
  hand *h = user;
  (void)now;
  if (ev->type == WEFT_NOISE_EVENT_DATA) upgrade_pipe_add(&h->plain, ev->data, ev->len);
  if (ev->type != WEFT_NOISE_EVENT_SECURED) return;
  h->secured = true;
  h->muxers = ev->muxers_len;
  if (ev->muxers_len > 0) ck_assert_str_eq(ev->muxers[0], "/yamux/1.0.0");
}

static void hand_start(hand *h, const char *const *muxers, size_t n) {
  weft_noise_callbacks cb = {sizeof cb, hand_output, hand_event};
  weft_noise_config c;
  weft_noise_config_default(&c);
  c.alloc = test_alloc();
  c.rng = test_rng_init(&h->r->rng[1 - h->victim], 7);
  c.identity = &h->r->id[1 - h->victim];
  c.initiator = h->victim == 1;
  c.muxers = muxers;
  c.muxers_len = n;
  ck_assert_int_eq(weft_noise_new(&h->noise, &c, &cb, h), WEFT_OK);
  weft_noise_start(h->noise, 0);
}

static void hand_hear(hand *h) {
  upgrade_pipe p = h->r->out[h->victim];
  h->r->out[h->victim] = (upgrade_pipe){0};
  weft_noise_input(h->noise, p.bytes, p.len, 0);
  free(p.bytes);
}

static void hand_say(hand *h, const char *hex) {
  uint8_t buf[4096];
  size_t n = hex_into(buf, sizeof buf, hex);
  ck_assert_int_eq(weft_noise_send(h->noise, buf, n, 0), (ptrdiff_t)n);
}

#define MULTISTREAM "132f6d756c746973747265616d2f312e302e300a" /* uvarint 19, "/multistream/1.0.0\n" */
#define NOISE "072f6e6f6973650a"                               /* 7, "/noise\n" */
#define YAMUX "0d2f79616d75782f312e302e300a"                   /* 13, "/yamux/1.0.0\n" */
#define NA "036e610a"
#define PING_SERVER "000200010000000000000001"

static void say_raw(upgrade_rig *r, unsigned victim, const char *hex) {
  uint8_t buf[4096];
  size_t n = hex_into(buf, sizeof buf, hex);
  upgrade_rig_give(r, victim, buf, n);
}

static upgrade_rig *victim_alone(unsigned side, bool secured) {
  upgrade_rig *r = upgrade_rig_bare();
  weft_upgrade_config cfg = upgrade_rig_config(r, side);
  cfg.secured = secured;
  ck_assert_int_eq(upgrade_rig_make(r, side, &cfg), WEFT_OK);
  weft_upgrade_start(r->u[side], r->now);
  return r;
}

static hand *negotiated(upgrade_rig *r, unsigned victim, const char *const *muxers, size_t n) {
  hand *h = calloc(1, sizeof *h);
  ck_assert_ptr_nonnull(h);
  *h = (hand){.r = r, .victim = victim};
  say_raw(r, victim, MULTISTREAM NOISE);
  ck_assert_hex(r->out[victim].bytes, 28, MULTISTREAM NOISE);
  memmove(r->out[victim].bytes, r->out[victim].bytes + 28, r->out[victim].len - 28);
  r->out[victim].len -= 28;
  hand_start(h, muxers, n);
  for (unsigned k = 0; k < 4 && !h->secured; k++) hand_hear(h);
  ck_assert(h->secured && h->muxers == 1); /* we list it always */
  return h;
}

static void hand_free(hand *h) {
  weft_noise_free(h->noise);
  free(h->plain.bytes);
  upgrade_rig_free(h->r);
  free(h);
}

/* ---- the muxer, by list and by negotiation ---- */

START_TEST(a_listed_muxer_runs_without_negotiation) {
  static const char *const lists[][2] = {{"/yamux/1.0.0", "/mplex/6.7.0"}, {"/mplex/6.7.0", "/yamux/1.0.0"}};
  for (unsigned side = 0; side < 2; side++)
    for (unsigned i = 0; i < 2; i++) {
      hand *h = negotiated(victim_alone(side, false), side, lists[i], 2);
      hand_hear(h);
      ck_assert_str_eq(h->r->log[side], "S R ");
      ck_assert_hex(h->plain.bytes, h->plain.len, PING_SERVER);
      hand_say(h, side == 0 ? "000100010000000200000000" : "000100010000000100000000");
      ck_assert_str_eq(h->r->log[side], side == 0 ? "S R o2 " : "S R o1 ");
      hand_free(h);
    }
}
END_TEST

START_TEST(without_a_list_or_with_others_the_muxer_is_negotiated) {
  static const char *const others[] = {"/mplex/6.7.0"};
  for (unsigned side = 0; side < 2; side++)
    for (unsigned n = 0; n < 2; n++) {
      hand *h = negotiated(victim_alone(side, false), side, n ? others : NULL, n);
      hand_hear(h);
      ck_assert_str_eq(h->r->log[side], "S ");
      ck_assert_hex(h->plain.bytes, h->plain.len, side == 0 ? MULTISTREAM YAMUX : "");
      hand_say(h, MULTISTREAM YAMUX);
      ck_assert_str_eq(h->r->log[side], "S R ");
      hand_hear(h);
      ck_assert_hex(h->plain.bytes, h->plain.len, MULTISTREAM YAMUX PING_SERVER);
      hand_free(h);
    }
}
END_TEST

/* js and go send on without waiting for the answer (lazy negotiation): a stream in the same bytes. */
START_TEST(bytes_right_behind_the_proposal_are_the_muxers) {
  upgrade_rig *r = victim_alone(1, true);
  say_raw(r, 1, MULTISTREAM YAMUX "00000001000000010000000568656c6c6f");
  ck_assert_str_eq(r->log[1], "R o1 d1 ");
  ck_assert(upgrade_rig_got(r, 1, "hello"));
  upgrade_rig_free(r);
  hand *h = negotiated(victim_alone(1, false), 1, NULL, 0);
  hand_say(h, MULTISTREAM YAMUX "00000001000000010000000568656c6c6f");
  ck_assert_str_eq(h->r->log[1], "S R o1 d1 ");
  hand_free(h);
}
END_TEST

/* The same while our answer cannot leave: what comes early waits, and the end of the stream waits behind it. */
START_TEST(early_bytes_wait_for_our_answer) {
  for (unsigned end = 0; end < 2; end++) {
    upgrade_rig *r = victim_alone(1, true);
    r->take[1] = 3;
    say_raw(r, 1, MULTISTREAM YAMUX "000000010000000100000005");
    say_raw(r, 1, "68656c6c");
    say_raw(r, 1, "6f");
    if (end) weft_upgrade_input_end(r->u[1], r->now);
    ck_assert_str_eq(r->log[1], "");
    r->take[1] = SIZE_MAX;
    weft_upgrade_tick(r->u[1], r->now);
    ck_assert_str_eq(r->log[1], end ? "R o1 d1 r1 C " : "R o1 d1 ");
    ck_assert(upgrade_rig_got(r, 1, "hello"));
    upgrade_rig_free(r);
  }
}
END_TEST

START_TEST(an_early_noise_message_waits_too) {
  upgrade_rig *r = victim_alone(1, false);
  hand h = {.r = r, .victim = 1};
  r->take[1] = 0;
  say_raw(r, 1, MULTISTREAM NOISE);
  hand_start(&h, NULL, 0);
  r->take[1] = SIZE_MAX;
  weft_upgrade_tick(r->u[1], r->now);
  ck_assert_uint_gt(r->out[1].len, 28 + 100); /* header and answer, then message 2 */
  memmove(r->out[1].bytes, r->out[1].bytes + 28, r->out[1].len - 28);
  r->out[1].len -= 28;
  hand_hear(&h);
  ck_assert(h.secured);
  ck_assert_str_eq(r->log[1], "S ");
  weft_noise_free(h.noise);
  upgrade_rig_free(r);
}
END_TEST

/* The dialer's proposal and its first Noise message in one piece. */
START_TEST(a_noise_message_right_behind_the_proposal) {
  upgrade_rig *r = upgrade_rig_new(false);
  upgrade_rig_give(r, 0, "\x13/multistream/1.0.0\n\x07/noise\n", 28);
  ck_assert_uint_eq(r->out[0].len, 28 + 2 + 32);
  upgrade_rig_pass(r, 0, SIZE_MAX);
  ck_assert_uint_gt(r->out[1].len, 28 + 100); /* header and answer, which the dialer has, then message 2 */
  memmove(r->out[1].bytes, r->out[1].bytes + 28, r->out[1].len - 28);
  r->out[1].len -= 28;
  upgrade_rig_run(r, SIZE_MAX);
  ck_assert_str_eq(r->log[1], "S R ");
  upgrade_rig_free(r);
}
END_TEST

/* Noise is full, and all of it leaves at once: Yamux goes on by itself. */
START_TEST(yamux_goes_on_when_noise_has_room_again) {
  static uint8_t much[600000];
  upgrade_rig *r = upgrade_rig_ready(false);
  uint32_t id = upgrade_rig_open(r, 0);
  upgrade_rig_run(r, SIZE_MAX);
  r->take[0] = 0;
  ptrdiff_t n = weft_upgrade_stream_send(r->u[0], id, much, 250000, r->now);
  ck_assert_int_eq(n, 250000);
  ck_assert_uint_gt(r->u[0]->yamux->buffered, 0);
  r->take[0] = SIZE_MAX;
  weft_noise_tick(r->u[0]->noise, r->now); /* as any of its calls would */
  ck_assert(r->u[0]->noise_writable);
  ck_assert_int_eq(weft_upgrade_stream_room(r->u[0], id) > 0, 1);
  weft_upgrade_stream_consumed(r->u[0], id, 0, r->now); /* any call */
  ck_assert(!r->u[0]->noise_writable);
  ck_assert_uint_eq(r->u[0]->yamux->buffered, 0);
  upgrade_rig_run(r, SIZE_MAX);
  ck_assert_uint_eq(r->got[1].len, 250000);
  upgrade_rig_free(r);
}
END_TEST

START_TEST(the_muxer_is_proposed_again_when_noise_has_room_again) {
  hand *h = negotiated(victim_alone(0, false), 0, NULL, 0);
  weft_upgrade *u = h->r->u[0];
  ck_assert_ptr_nonnull(u->select);
  u->noise_writable = true;
  weft_upgrade_input(u, NULL, 0, h->r->now);
  ck_assert(!u->noise_writable);
  hand_hear(h);
  hand_say(h, MULTISTREAM YAMUX);
  ck_assert_str_eq(h->r->log[0], "S R ");
  hand_free(h);
}
END_TEST

START_TEST(without_randomness_there_is_no_handshake) {
  upgrade_rig *r = victim_alone(0, false);
  size_t blocks = test_leak()->blocks;
  ck_assert_uint_ge(blocks, 2); /* the object, and its first negotiation */
  r->rng[0].fail_on = true;
  say_raw(r, 0, MULTISTREAM NOISE);
  ck_assert_upgrade_closed(r, 0, WEFT_WHO_SELF, "noise", "handshake", WEFT_ERANDOM);
  upgrade_rig_free(r);
}
END_TEST

START_TEST(no_memory_for_what_comes_early_says_so) {
  static uint8_t junk[5000];
  upgrade_rig *r = victim_alone(1, true);
  r->take[1] = 0;
  say_raw(r, 1, MULTISTREAM YAMUX);
  ck_assert_int_eq(weft_upgrade_input(r->u[1], junk, 10, r->now), WEFT_OK);
  test_leak()->fail_at = 1;
  ck_assert_int_eq(weft_upgrade_input(r->u[1], junk, sizeof junk, r->now), WEFT_ENOMEM);
  ck_assert_upgrade_closed(r, 1, WEFT_WHO_SELF, "multistream", "muxer", WEFT_ENOMEM);
  upgrade_rig_free(r);
}
END_TEST

/* ---- refusals ---- */

START_TEST(what_a_stranger_may_send_early_is_bounded) {
  static uint8_t junk[70000];
  for (unsigned secured = 0; secured < 2; secured++) {
    upgrade_rig *r = victim_alone(1, secured);
    size_t limit = secured ? 1024 * 1024 : 65537, given = 0;
    r->take[1] = 0;
    say_raw(r, 1, secured ? MULTISTREAM YAMUX : MULTISTREAM NOISE);
    while (given + 1000 <= limit) upgrade_rig_give(r, 1, junk, 1000), given += 1000;
    upgrade_rig_give(r, 1, junk, limit - given);
    ck_assert_str_eq(r->log[1], "");
    upgrade_rig_give(r, 1, junk, 1);
    ck_assert_upgrade_closed(r, 1, WEFT_WHO_PEER, "multistream", secured ? "muxer" : "security", WEFT_ELIMIT);
    upgrade_rig_free(r);
  }
}
END_TEST

START_TEST(a_peer_that_speaks_something_else) {
  static const struct {
    unsigned side;
    bool secured;
    const char *says, *step;
    int code;
  } ways[] = {
      {0, false, MULTISTREAM NA, "security", WEFT_EUNSUPPORTED},
      {0, true, MULTISTREAM NA, "muxer", WEFT_EUNSUPPORTED},
      {0, false, "132f6d756c746973747265616d2f322e302e300a", "security", WEFT_EPROTO},
      {0, false, "474554202f20485454502f312e310d0a", "security",
       WEFT_ECLOSED}, /* "GET / HTTP/1.1": a line of 71 octets */
      {1, false, MULTISTREAM "ffffff", "security", WEFT_EMALFORMED},
      {1, true, MULTISTREAM "00", "muxer", WEFT_ETOOBIG},
      {0, false, MULTISTREAM YAMUX, "security", WEFT_EPROTO},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(ways); i++) {
    upgrade_rig *r = victim_alone(ways[i].side, ways[i].secured);
    say_raw(r, ways[i].side, ways[i].says);
    if (ways[i].code == WEFT_ECLOSED) weft_upgrade_input_end(r->u[0], r->now);
    ck_assert_upgrade_closed(r, ways[i].side, WEFT_WHO_PEER, "multistream", ways[i].step, ways[i].code);
    upgrade_rig_free(r);
  }
}
END_TEST

START_TEST(another_peer_than_expected) {
  for (unsigned side = 0; side < 2; side++) {
    upgrade_rig *r = upgrade_rig_bare();
    for (unsigned i = 0; i < 2; i++) {
      weft_upgrade_config cfg = upgrade_rig_config(r, i);
      if (i == side) {
        cfg.expected_peer = r->id[side].peer_id; /* not that of the other side */
        cfg.expected_peer_len = sizeof r->id[side].peer_id;
      }
      ck_assert_int_eq(upgrade_rig_make(r, i, &cfg), WEFT_OK);
      weft_upgrade_start(r->u[i], r->now);
    }
    upgrade_rig_run(r, SIZE_MAX);
    ck_assert_str_eq(r->log[side], "C ");
    ck_assert_upgrade_closed(r, side, WEFT_WHO_PEER, "noise", "peer id", WEFT_EAUTH);
    ck_assert_uint_eq(r->peer_id_len[side], 38);
    ck_assert_mem_eq(r->peer_id[side], r->id[1 - side].peer_id, 38); /* who it was */
    upgrade_rig_free(r);
  }
}
END_TEST

START_TEST(the_expected_peer_is_copied) {
  upgrade_rig *r = upgrade_rig_bare();
  uint8_t expected[38];
  memcpy(expected, r->id[1].peer_id, 38);
  for (unsigned i = 0; i < 2; i++) {
    weft_upgrade_config cfg = upgrade_rig_config(r, i);
    cfg.expected_peer = i == 0 ? expected : NULL;
    cfg.expected_peer_len = i == 0 ? 38 : 0;
    ck_assert_int_eq(upgrade_rig_make(r, i, &cfg), WEFT_OK);
    weft_upgrade_start(r->u[i], r->now);
  }
  memset(expected, 0, sizeof expected);
  upgrade_rig_run(r, SIZE_MAX);
  ck_assert_str_eq(r->log[0], "S R ");
  upgrade_rig_free(r);
}
END_TEST

START_TEST(a_broken_layer_is_named) {
  upgrade_rig *r = upgrade_rig_ready(false);
  uint32_t id = upgrade_rig_open(r, 0);
  upgrade_rig_run(r, SIZE_MAX);
  upgrade_rig_send(r, 1, id, "secret");
  r->out[1].bytes[10] ^= 1;
  upgrade_rig_run(r, SIZE_MAX);
  ck_assert_str_eq(r->log[0], "O1 r1 C ");
  ck_assert_upgrade_closed(r, 0, WEFT_WHO_PEER, "noise", "message", WEFT_EAUTH);
  upgrade_rig_free(r);
}
END_TEST

START_TEST(a_peer_that_breaks_yamux_hears_so) {
  hand *h = negotiated(victim_alone(1, false), 1, (const char *const[]){"/yamux/1.0.0"}, 1);
  hand_hear(h);
  h->plain.len = 0;
  hand_say(h, "000100010000000100000000 000100010000000100000000");
  ck_assert_str_eq(h->r->log[1], "S R o1 r1 C ");
  ck_assert_upgrade_closed(h->r, 1, WEFT_WHO_PEER, "yamux", "syn", WEFT_EPROTO);
  hand_hear(h);
  ck_assert_hex(h->plain.bytes, h->plain.len, "000300000000000000000001");
  hand_free(h);
}
END_TEST

/* Noise ends while Yamux waits for its go-away to be taken: the streams still end before the connection does. */
START_TEST(a_layer_that_breaks_during_close) {
  upgrade_rig *r = upgrade_rig_ready(false);
  static uint8_t much[500000];
  uint32_t id = upgrade_rig_open(r, 0);
  upgrade_rig_run(r, SIZE_MAX);
  r->take[0] = 0;
  weft_upgrade_stream_send(r->u[0], id, much, sizeof much, r->now);
  weft_upgrade_close(r->u[0], WEFT_OK, r->now);
  ck_assert_str_eq(r->log[0], "O1 ");
  upgrade_rig_give(r, 0, "\0\x04junk", 6);
  ck_assert_str_eq(r->log[0], "O1 r1 C ");
  ck_assert_upgrade_closed(r, 0, WEFT_WHO_PEER, "noise", "message", WEFT_EMALFORMED);
  upgrade_rig_free(r);
}
END_TEST

Suite *test_libp2p_upgrade_steps(void) {
  static const unit_test tests[] = {
      UNIT(a_listed_muxer_runs_without_negotiation),
      UNIT(without_a_list_or_with_others_the_muxer_is_negotiated),
      UNIT(bytes_right_behind_the_proposal_are_the_muxers),
      UNIT(early_bytes_wait_for_our_answer),
      UNIT(an_early_noise_message_waits_too),
      UNIT(a_noise_message_right_behind_the_proposal),
      UNIT(yamux_goes_on_when_noise_has_room_again),
      UNIT(the_muxer_is_proposed_again_when_noise_has_room_again),
      UNIT(without_randomness_there_is_no_handshake),
      UNIT(no_memory_for_what_comes_early_says_so),
      UNIT(what_a_stranger_may_send_early_is_bounded),
      UNIT(a_peer_that_speaks_something_else),
      UNIT(another_peer_than_expected),
      UNIT(the_expected_peer_is_copied),
      UNIT(a_broken_layer_is_named),
      UNIT(a_peer_that_breaks_yamux_hears_so),
      UNIT(a_layer_that_breaks_during_close),
  };
  return unit_suite("libp2p/upgrade_steps", tests, sizeof tests / sizeof tests[0]);
}
