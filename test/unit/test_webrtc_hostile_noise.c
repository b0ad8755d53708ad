/* Channel 0 with a peer whose proof of identity is wrong: it is refused by name, and nothing of what it or we wanted to say is heard. */
#include "noise/noise_int.h"
#include "test/unit/webrtc_log.h"

static log_world l;

static void gauges_are_zero(void) {
  ck_assert_uint_eq(log_listener_stats(&l).in_flight + log_listener_stats(&l).connections, 0);
}

/* The dialer has opened channels and spoken on them, and the listener refuses it. */
static void listener_refuses(const char *step, int code) {
  size_t blocks = test_leak()->blocks;
  world_dial(&l.w, 0);
  log_wait(&l, WEFT_SEC(12));
  ck_assert_uint_eq(l.w.refused, 1);
  ck_assert_str_eq(l.w.last_refused.layer, "noise");
  ck_assert_str_eq(l.w.last_refused.step, step);
  ck_assert_int_eq(l.w.last_refused.code, code);
  ck_assert_uint_eq(l.w.accepted_len, 0);
  ck_assert_uint_eq(l.side[1].n + l.side[1].secured_len, 0);
  ck_assert(l.w.dialers[0].closed_seen);
  gauges_are_zero();
  ck_assert_uint_le(test_leak()->blocks, blocks + 1);
}

static void say_early(weft_webrtc *c, weft_time now) {
  static const uint8_t frame[] = "\x08\x12\x06secret";
  for (int i = 0; i < 3; i++) {
    uint16_t id;
    ck_assert_int_eq(weft_datachannel_open(c->dc, &(weft_datachannel_params){0}, &id, now), WEFT_OK);
    ck_assert_int_eq(weft_datachannel_send(c->dc, id, true, frame, 9, now), WEFT_OK);
  }
}

static bool at_sctp(const world_side *s, const weft_webrtc_event *ev) {
  return !s->server && ev->type == WEFT_WEBRTC_EVENT_STEP && ev->step == WEFT_WEBRTC_STEP_SCTP;
}

/* ---- an identity whose key is somebody else's ---- */

static weft_identity forged; /* the public half of one, the secret of another */

static void forge(const weft_identity *shown, const weft_identity *signing) {
  forged = *shown;
  memcpy(forged.secret, signing->secret, sizeof forged.secret);
}

static void early(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  (void)w;
  if (at_sctp(s, ev)) say_early(s->c, now);
}

START_TEST(dialer_with_anothers_peer_id) {
  log_prepare(&l, 1);
  l.hook = early;
  forge(&l.w.client_id, &l.w.server_id);
  l.w.client_cfg.identity = &forged;
  world_listen(&l.w);
  listener_refuses("identity signature", WEFT_EAUTH);
  log_end(&l);
}
END_TEST

/* What a listener in a hurry sends: a channel and bytes on it, before the dialer has seen a proof of who it is. */
static void hear_early(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  static const uint8_t open[12] = {3}, frame[] = "\x08\x12\x06secret";
  (void)w;
  if (!at_sctp(s, ev)) return;
  ck_assert_int_eq(weft_datachannel_input(s->c->dc, 1, 50, open, sizeof open, now), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_input(s->c->dc, 1, 53, frame, 9, now), WEFT_OK);
  ck_assert_uint_eq(log_stats(s->c).streams, 1);
}

START_TEST(early_bytes_are_heard_once_the_peer_is_proven) {
  log_prepare(&l, 10);
  l.hook = hear_early;
  log_connect(&l);
  log_wait(&l, WEFT_MS(50));
  ck_assert_events(&l.side[0], 1, "OD");
  ck_assert_mem_eq(log_find(&l.side[0], 1)->first, "secret", 6);
  log_end(&l);
}
END_TEST

static void dialer_refuses(const char *step) {
  l.hook = hear_early;
  world_listen(&l.w);
  world_dial(&l.w, 0);
  log_wait(&l, WEFT_SEC(12));
  const world_side *d = &l.w.dialers[0];
  ck_assert(d->closed_seen && !d->ready);
  ck_assert_str_eq(d->closed.layer, "noise");
  ck_assert_str_eq(d->closed.step, step);
  ck_assert_int_eq(d->closed.code, WEFT_EAUTH);
  ck_assert_uint_eq(l.side[0].n + l.side[0].secured_len, 0);
  ck_assert_uint_eq(l.side[1].n + l.side[1].secured_len, 0);
  gauges_are_zero();
}

START_TEST(listener_with_anothers_peer_id) {
  log_prepare(&l, 2);
  forge(&l.w.server_id, &l.w.client_id);
  l.w.server_cfg.identity = &forged;
  dialer_refuses("identity signature");
  log_end(&l);
}
END_TEST

START_TEST(listener_is_somebody_else) {
  log_prepare(&l, 3);
  l.w.client_cfg.expected_peer = l.w.client_id.peer_id;
  dialer_refuses("peer id");
  log_end(&l);
}
END_TEST

/* ---- points of low order (RFC 7748 section 6.1: the result is all zero): 0, 1, and the two of order 8 ---- */

static const uint8_t (*point)[32];

static void low_order_answer(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  uint8_t frame[3 + 2 + 2 + 96] = {0x64, 0x12, 0x62, 0, 96}; /* length 100, field 2 of 98 bytes, Noise message of 96 */
  (void)w;
  if (!at_sctp(s, ev)) return;
  memcpy(frame + 5, *point, 32);
  say_early(s->c, now);
  weft_noise_free(s->c->noise); /* its own answer stays away */
  s->c->noise = NULL;
  ck_assert_int_eq(weft_datachannel_send(s->c->dc, 0, true, frame, 5 + 96, now), WEFT_OK);
}

START_TEST(point_of_low_order) {
  static const uint8_t points[][32] = {
      {0},
      {1},
      {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
       0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
      {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
       0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57}};
  for (size_t i = 0; i < 4; i++) {
    point = &points[i];
    log_prepare(&l, 4 + i);
    l.hook = low_order_answer;
    world_listen(&l.w);
    listener_refuses("handshake", WEFT_EPROTO);
    log_end(&l);
  }
}
END_TEST

/* ---- a prologue with the two certificates' hashes the other way round: everything else of the handshake is right ---- */

static void swap_hashes(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  weft_webrtc_prologue p;
  weft_noise *n = NULL;
  if (!at_sctp(s, ev)) return;
  say_early(s->c, now);
  weft_webrtc_make_prologue(&p, weft_dtls_cert_fingerprint(w->w.server_cert),
                            weft_dtls_cert_fingerprint(w->w.client_cert));
  weft_noise_config cfg;
  weft_noise_callbacks cb;
  weft_noise_config_default(&cfg);
  cfg.rng = s->c->cfg.rng;
  cfg.alloc = &s->c->alloc;
  cfg.identity = s->c->cfg.identity;
  cfg.prologue = p.bytes;
  cfg.prologue_len = sizeof p.bytes;
  cb = s->c->noise->cb;
  ck_assert_int_eq(weft_noise_new(&n, &cfg, &cb, s->c), WEFT_OK);
  weft_noise_free(s->c->noise);
  s->c->noise = n;
  weft_noise_start(n, now);
}

START_TEST(swapped_prologue_hashes) {
  log_prepare(&l, 9);
  l.hook = swap_hashes;
  world_listen(&l.w);
  listener_refuses("handshake", WEFT_EAUTH);
  log_end(&l);
}
END_TEST

Suite *test_webrtc_hostile_noise(void) {
  static const unit_test tests[] = {UNIT(dialer_with_anothers_peer_id),
                                    UNIT(early_bytes_are_heard_once_the_peer_is_proven),
                                    UNIT(listener_with_anothers_peer_id),
                                    UNIT(listener_is_somebody_else),
                                    UNIT(point_of_low_order),
                                    UNIT(swapped_prologue_hashes)};
  return unit_suite("webrtc/hostile_noise", tests, sizeof tests / sizeof tests[0]);
}
