#include "base/pb.h"
#include "test/unit/noise_rig.h"

/* A peer made by hand: it speaks Noise correctly and says in its payload what the test wants. It takes the place of
 * side 1 - victim. */
typedef struct hostile {
  noise_rig *r;
  unsigned victim;
  weft_noise_handshake hs;
} hostile;

static hostile attack(unsigned victim) {
  hostile h = {.r = noise_rig_bare(), .victim = victim};
  uint8_t s[32] = {0x51}, e[32] = {0x52};
  weft_noise_config cfg = noise_rig_config(h.r, victim);
  ck_assert_int_eq(noise_rig_make(h.r, victim, &cfg), WEFT_OK);
  ck_assert_int_eq(weft_noise_handshake_init(&h.hs, victim == 1, (const uint8_t *)"prologue", 8, s, e), WEFT_OK);
  weft_noise_start(h.r->n[victim], 0);
  return h;
}

static void give(hostile *h, const uint8_t *msg, size_t len) {
  uint8_t *frame = malloc(len + 2);
  frame[0] = (uint8_t)(len >> 8);
  frame[1] = (uint8_t)len;
  if (len > 0) memcpy(frame + 2, msg, len);
  weft_noise_input(h->r->n[h->victim], frame, len + 2, 0);
  free(frame);
}

static void say(hostile *h, const uint8_t *payload, size_t len) {
  static uint8_t wire[70000];
  size_t n = 0;
  ck_assert_int_eq(weft_noise_handshake_write(&h->hs, payload, len, wire, &n), WEFT_OK);
  give(h, wire, n);
}

static void hear(hostile *h) {
  static uint8_t plain[70000];
  noise_pipe *p = &h->r->out[h->victim];
  size_t len = (size_t)p->bytes[p->at] << 8 | p->bytes[p->at + 1], n = 0;
  ck_assert_int_eq(weft_noise_handshake_read(&h->hs, p->bytes + p->at + 2, len, plain, &n), WEFT_OK);
  p->at += 2 + len;
}

/* Up to the hostile peer's message with a payload, then that payload. */
static void answer_with(hostile *h, const uint8_t *payload, size_t len) {
  if (h->victim == 1) say(h, NULL, 0);
  hear(h);
  say(h, payload, len);
}

static size_t good_payload(hostile *h, const weft_identity *id, uint8_t *out, size_t cap) {
  size_t len = 0;
  ck_assert_int_eq(weft_noise_payload_encode(id, h->hs.s_pub, NULL, 0, out, cap, &len), WEFT_OK);
  return len;
}

static void end(hostile *h) {
  ck_assert_uint_eq(h->r->got[h->victim].len, 0);
  noise_rig_free(h->r);
}

START_TEST(the_hostile_peer_can_also_be_honest) {
  for (unsigned victim = 0; victim < 2; victim++) {
    hostile h = attack(victim);
    uint8_t payload[512];
    answer_with(&h, payload, good_payload(&h, &h.r->id[1 - victim], payload, sizeof payload));
    ck_assert(weft_noise_secured(h.r->n[victim]));
    end(&h);
  }
}
END_TEST

START_TEST(signatures_must_hold) {
  for (unsigned victim = 0; victim < 2; victim++) {
    for (unsigned what = 0; what < 3; what++) {
      hostile h = attack(victim);
      uint8_t payload[512];
      size_t len = good_payload(&h, &h.r->id[1 - victim], payload, sizeof payload);
      if (what == 0) payload[len - 1] ^= 1;                               /* forged */
      if (what == 1) memcpy(payload + 6, h.r->id[victim].public_key, 32); /* somebody else's key */
      if (what == 2) memset(payload + 40, 0, 64);                         /* zeros */
      answer_with(&h, payload, len);
      ck_assert_closed(h.r, victim, WEFT_WHO_PEER, "identity signature", WEFT_EAUTH);
      ck_assert_uint_eq(h.r->events[victim][WEFT_NOISE_EVENT_SECURED], 0);
      end(&h);
    }
  }
}
END_TEST

/* A signature taken from another session of the same identity says nothing about this one's static key. */
START_TEST(a_signature_over_another_static_key_is_refused) {
  hostile h = attack(0), other = attack(0);
  uint8_t payload[512];
  memset(other.hs.s_pub, 3, 32);
  answer_with(&h, payload, good_payload(&other, &h.r->id[1], payload, sizeof payload));
  ck_assert_closed(h.r, 0, WEFT_WHO_PEER, "identity signature", WEFT_EAUTH);
  end(&h);
  end(&other);
}
END_TEST

START_TEST(malformed_payloads_are_refused) {
  for (unsigned victim = 0; victim < 2; victim++) {
    for (unsigned what = 0; what < 4; what++) {
      hostile h = attack(victim);
      uint8_t payload[512];
      size_t len = good_payload(&h, &h.r->id[1 - victim], payload, sizeof payload);
      weft_wr w;
      weft_wr_init(&w, payload + len, sizeof payload - len);
      if (what == 0) len = 0;
      if (what == 1) len -= 1;
      if (what == 2) weft_pb_put_bytes(&w, 2, payload + 40, 64); /* identity_sig twice */
      if (what == 3) weft_pb_put_bytes(&w, 4, "\x12\x7f", 2);    /* extensions that run past their end */
      answer_with(&h, payload, len + weft_wr_len(&w));
      ck_assert_closed(h.r, victim, WEFT_WHO_PEER, "payload", WEFT_EMALFORMED);
      end(&h);
    }
  }
}
END_TEST

START_TEST(bad_identity_keys_are_named) {
  static const struct {
    uint8_t at, to;
    int code;
  } cases[] = {{3, 9, WEFT_EUNSUPPORTED}, {3, 3, WEFT_EMALFORMED}, {4, 0x13, WEFT_EMALFORMED}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    hostile h = attack(0);
    uint8_t payload[512];
    size_t len = good_payload(&h, &h.r->id[1], payload, sizeof payload);
    payload[cases[i].at] = cases[i].to; /* 0a 24 08 01 12 20 ... */
    answer_with(&h, payload, len);
    ck_assert_closed(h.r, 0, WEFT_WHO_PEER, "identity key", cases[i].code);
    end(&h);
  }
}
END_TEST

START_TEST(large_payloads_are_refused_at_their_header) {
  for (unsigned victim = 0; victim < 2; victim++) {
    hostile h = attack(victim);
    if (victim == 1) say(&h, NULL, 0);
    hear(&h);
    size_t most = weft_noise_handshake_overhead(&h.hs) + WEFT_NOISE_PAYLOAD_MAX;
    uint8_t header[2] = {(uint8_t)((most + 1) >> 8), (uint8_t)(most + 1)};
    size_t before = test_leak()->bytes;
    weft_noise_input(h.r->n[victim], header, 2, 0);
    ck_assert_closed(h.r, victim, WEFT_WHO_PEER, "handshake", WEFT_EPROTO);
    ck_assert_uint_le(test_leak()->bytes, before + 1024);
    end(&h);
  }
}
END_TEST

START_TEST(the_largest_payload_is_accepted) {
  hostile h = attack(0);
  static uint8_t payload[WEFT_NOISE_PAYLOAD_MAX];
  size_t len = good_payload(&h, &h.r->id[1], payload, sizeof payload);
  weft_wr w;
  weft_wr_init(&w, payload + len, sizeof payload - len);
  static uint8_t filling[WEFT_NOISE_PAYLOAD_MAX];
  weft_pb_put_bytes(&w, 9, filling, sizeof payload - len - 3);
  ck_assert_uint_eq(weft_wr_left(&w), 0);
  answer_with(&h, payload, sizeof payload);
  ck_assert(weft_noise_secured(h.r->n[0]));
  end(&h);
}
END_TEST

START_TEST(the_first_message_has_no_payload) {
  hostile h = attack(1);
  uint8_t with[40] = {9};
  give(&h, with, 33);
  ck_assert_closed(h.r, 1, WEFT_WHO_PEER, "handshake", WEFT_EPROTO);
  end(&h);
}
END_TEST

START_TEST(short_first_messages_are_refused) {
  for (size_t len = 0; len < 32; len += 31) {
    hostile h = attack(1);
    uint8_t msg[32] = {9};
    give(&h, msg, len);
    ck_assert_closed(h.r, 1, WEFT_WHO_PEER, "handshake", WEFT_EMALFORMED);
    end(&h);
  }
}
END_TEST

START_TEST(low_order_points_are_refused) {
  hostile h = attack(1);
  uint8_t zero[32] = {0};
  give(&h, zero, 32);
  ck_assert_closed(h.r, 1, WEFT_WHO_PEER, "handshake", WEFT_EPROTO);
  ck_assert_uint_eq(h.r->out[1].len, 0);
  end(&h);
  h = attack(0);
  uint8_t msg[100] = {1};
  give(&h, msg, sizeof msg);
  ck_assert_closed(h.r, 0, WEFT_WHO_PEER, "handshake", WEFT_EPROTO);
  end(&h);
}
END_TEST

/* Its own messages back: the first looks like an ephemeral key, and then nothing fits. */
START_TEST(reflection_is_refused) {
  noise_rig *r = noise_rig_new();
  weft_noise_start(r->n[0], 0);
  weft_noise_input(r->n[0], r->out[0].bytes, r->out[0].len, 0);
  ck_assert_closed(r, 0, WEFT_WHO_PEER, "handshake", WEFT_EMALFORMED);
  noise_rig_free(r);
}
END_TEST

/* webrtc-direct's prologue is the two certificate hashes; swapped, it is another one. */
START_TEST(prologues_must_be_the_same) {
  static const char *const theirs[] = {"prologuE", "", "eugolorp", "prologue and more"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(theirs); i++) {
    noise_rig *r = noise_rig_bare();
    for (unsigned side = 0; side < 2; side++) {
      weft_noise_config cfg = noise_rig_config(r, side);
      if (side == 1) {
        cfg.prologue = i == 1 ? NULL : (const uint8_t *)theirs[i];
        cfg.prologue_len = strlen(theirs[i]);
      }
      ck_assert_int_eq(noise_rig_make(r, side, &cfg), WEFT_OK);
      weft_noise_start(r->n[side], 0);
    }
    noise_rig_run(r, SIZE_MAX);
    ck_assert_closed(r, 0, WEFT_WHO_PEER, "handshake", WEFT_EAUTH);
    ck_assert_ptr_nonnull(strstr(r->closed_text[0], "prologue"));
    ck_assert(!weft_noise_secured(r->n[1]));
    noise_rig_free(r);
  }
}
END_TEST

static noise_rig *expecting(unsigned side, const uint8_t *peer, size_t len) {
  noise_rig *r = noise_rig_bare();
  for (unsigned i = 0; i < 2; i++) {
    weft_noise_config cfg = noise_rig_config(r, i);
    if (i == side) {
      cfg.expected_peer = peer ? peer : r->id[1 - i].peer_id;
      cfg.expected_peer_len = len;
    }
    ck_assert_int_eq(noise_rig_make(r, i, &cfg), WEFT_OK);
    weft_noise_start(r->n[i], 0);
  }
  noise_rig_run(r, SIZE_MAX);
  return r;
}

START_TEST(the_expected_peer_is_let_in) {
  for (unsigned side = 0; side < 2; side++) {
    noise_rig *r = expecting(side, NULL, 38);
    ck_assert(weft_noise_secured(r->n[0]) && weft_noise_secured(r->n[1]));
    noise_rig_free(r);
  }
}
END_TEST

START_TEST(another_peer_than_expected_is_refused_by_name) {
  uint8_t other[38] = {0, 36, 8, 1, 0x12, 0x20, 7};
  for (unsigned side = 0; side < 2; side++) {
    for (unsigned how = 0; how < 2; how++) {
      noise_rig *r = how ? expecting(side, NULL, 37) : expecting(side, other, 38);
      ck_assert_closed(r, side, WEFT_WHO_PEER, "peer id", WEFT_EAUTH);
      ck_assert_ptr_nonnull(strstr(r->closed_text[side], "/p2p/"));
      ck_assert(r->closed_peer_len[side] == 38 && memcmp(r->closed_peer[side], r->id[1 - side].peer_id, 38) == 0);
      ck_assert_uint_eq(r->events[side][WEFT_NOISE_EVENT_SECURED], 0);
      noise_rig_free(r);
    }
  }
}
END_TEST

/* The initiator shows who it is only to the peer it wanted. */
START_TEST(nothing_is_said_to_the_wrong_peer) {
  uint8_t other[38] = {0, 36, 8, 1, 0x12, 0x20, 7};
  noise_rig *r = expecting(0, other, 38);
  ck_assert_uint_eq(r->out[0].len, 2 + 32); /* the first message alone */
  noise_rig_free(r);
}
END_TEST

START_TEST(muxers_are_exchanged) {
  static const char *const some[] = {"/yamux/1.0.0", "/other/1"};
  noise_rig *r = noise_rig_bare();
  for (unsigned i = 0; i < 2; i++) {
    weft_noise_config cfg = noise_rig_config(r, i);
    cfg.muxers = some;
    cfg.muxers_len = i == 0 ? 2 : 1;
    ck_assert_int_eq(noise_rig_make(r, i, &cfg), WEFT_OK);
    weft_noise_start(r->n[i], 0);
  }
  noise_rig_run(r, SIZE_MAX);
  ck_assert_str_eq(r->muxers[0], "/yamux/1.0.0 ");
  ck_assert_str_eq(r->muxers[1], "/yamux/1.0.0 /other/1 ");
  noise_rig_free(r);
}
END_TEST

START_TEST(too_long_muxer_names_are_refused) {
  static char name[WEFT_NOISE_PAYLOAD_MAX];
  memset(name, 'm', sizeof name - 1);
  const char *const muxers[] = {name};
  noise_rig *r = noise_rig_bare();
  weft_noise_config cfg = noise_rig_config(r, 0);
  cfg.muxers = muxers;
  cfg.muxers_len = 1;
  ck_assert_int_eq(noise_rig_make(r, 0, &cfg), WEFT_ETOOBIG);
  noise_rig_free(r);
}
END_TEST

Suite *test_noise_establish(void) {
  static const unit_test tests[] = {UNIT(the_hostile_peer_can_also_be_honest),
                                    UNIT(signatures_must_hold),
                                    UNIT(a_signature_over_another_static_key_is_refused),
                                    UNIT(malformed_payloads_are_refused),
                                    UNIT(bad_identity_keys_are_named),
                                    UNIT(large_payloads_are_refused_at_their_header),
                                    UNIT(the_largest_payload_is_accepted),
                                    UNIT(the_first_message_has_no_payload),
                                    UNIT(short_first_messages_are_refused),
                                    UNIT(low_order_points_are_refused),
                                    UNIT(reflection_is_refused),
                                    UNIT(prologues_must_be_the_same),
                                    UNIT(the_expected_peer_is_let_in),
                                    UNIT(another_peer_than_expected_is_refused_by_name),
                                    UNIT(nothing_is_said_to_the_wrong_peer),
                                    UNIT(muxers_are_exchanged),
                                    UNIT(too_long_muxer_names_are_refused)};
  return unit_suite("noise/establish", tests, sizeof tests / sizeof tests[0]);
}
