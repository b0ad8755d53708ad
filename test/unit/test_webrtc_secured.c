/* Channel 0: prologue, handshake, the secured byte stream, and what may not happen on it. */
#include "test/support/hex.h"
#include "test/unit/webrtc_log.h"

static log_world l;

/* libp2p specs webrtc/webrtc-direct.md, "Test vectors": noise prologue. */
START_TEST(prologue_of_the_specification) {
  uint8_t client[32], server[32];
  weft_webrtc_prologue p;
  hex_into(client, 32, "3e79af40d6059617a0d83b83a52ce73b0c1f37a72c6043ad2969e2351bdca870");
  hex_into(server, 32, "30fc9f469c207419dfdd0aab5f27a86c973c94e40548db9375cca2e915973b99");
  weft_webrtc_make_prologue(&p, client, server);
  ck_assert_hex(
      p.bytes, sizeof p.bytes,
      "6c69627032702d7765627274632d6e6f6973653a12203e79af40d6059617a0d83b83a52ce73b0c1f37a72c6043ad2969e2351bdca870"
      "122030fc9f469c207419dfdd0aab5f27a86c973c94e40548db9375cca2e915973b99");
}
END_TEST

/* The dialer's certificate comes first, on both sides. */
START_TEST(prologue_of_a_connection) {
  weft_webrtc_prologue want, dialer, listener;
  log_init(&l, 20);
  weft_webrtc_make_prologue(&want, weft_dtls_cert_fingerprint(l.w.client_cert),
                            weft_dtls_cert_fingerprint(l.w.server_cert));
  weft_webrtc_prologue_of(log_dialer(&l), &dialer);
  weft_webrtc_prologue_of(log_accepted(&l), &listener);
  ck_assert_mem_eq(dialer.bytes, want.bytes, sizeof want.bytes);
  ck_assert_mem_eq(listener.bytes, want.bytes, sizeof want.bytes);
  log_end(&l);
}
END_TEST

START_TEST(secured_bytes_both_ways) {
  static uint8_t big[600 * 1024];
  log_init(&l, 1);
  ck_assert_int_eq(weft_webrtc_secured_send(log_dialer(&l), (const uint8_t *)"ping", 4, l.w.now), 4);
  ck_assert_int_eq(weft_webrtc_secured_send(log_accepted(&l), (const uint8_t *)"pong!", 5, l.w.now), 5);
  log_wait(&l, WEFT_MS(100));
  ck_assert_mem_eq(l.side[1].secured, "ping", 4);
  ck_assert_mem_eq(l.side[0].secured, "pong!", 5);
  size_t done = 0;
  for (int i = 0; i < 200 && done < sizeof big; i++) {
    ptrdiff_t took = weft_webrtc_secured_send(log_dialer(&l), big + done, sizeof big - done, l.w.now);
    ck_assert_int_ge(took, 0);
    done += (size_t)took;
    log_wait(&l, WEFT_MS(100));
  }
  log_wait(&l, WEFT_SEC(2));
  ck_assert_uint_eq(done, sizeof big);
  ck_assert_uint_eq(l.side[1].secured_len, sizeof big + 4);
  ck_assert_uint_gt(l.side[0].secured_writable, 0);
  ck_assert_uint_eq(l.side[0].n + l.side[1].n, 0); /* no stream was seen */
  uint32_t id = log_open(&l, log_dialer(&l));      /* and streams still work */
  log_send(&l, log_dialer(&l), id, "x");
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[1], id, "OD");
  log_end(&l);
}
END_TEST

static void zero(const char *hex) {
  uint8_t b[64];
  size_t n = hex_into(b, sizeof b, hex);
  ck_assert_int_eq(weft_datachannel_send(log_dialer(&l)->dc, 0, true, b, n, l.w.now), WEFT_OK);
}

/* rust-libp2p says FIN on channel 0 after the handshake; nothing is answered, and it stays open. */
START_TEST(fin_on_channel_0_changes_nothing) {
  log_init(&l, 2);
  zero("020800");
  log_wait(&l, WEFT_SEC(20));
  ck_assert(!l.w.accepted[0].closed_seen && !l.w.dialers[0].closed_seen);
  ck_assert(weft_datachannel_is_open(log_accepted(&l)->dc, 0));
  ck_assert(weft_datachannel_is_open(log_dialer(&l)->dc, 0));
  ck_assert_int_eq(log_dialer(&l)->zero_ended, false);         /* no FIN came back */
  ck_assert_int_eq(log_accepted(&l)->quirks.no_fin_ack, true); /* without waiting for identify */
  ck_assert_int_eq(log_dialer(&l)->quirks.no_fin_ack, false);
  uint32_t id = log_open(&l, log_accepted(&l));
  log_send(&l, log_accepted(&l), id, "x");
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[0], id, "OD");
  log_end(&l);
}
END_TEST

START_TEST(garbage_on_channel_0_ends_the_connection) {
  static const struct {
    const char *hex, *layer;
  } cases[] = {{"ff7f", "webrtc"}, {"021301", "webrtc"}, {"0512030001aa", "noise"}};
  for (size_t i = 0; i < 3; i++) {
    log_init(&l, 3 + i);
    zero(cases[i].hex);
    log_wait(&l, WEFT_MS(100));
    ck_assert(l.w.accepted[0].closed_seen);
    ck_assert_str_eq(l.w.accepted[0].closed.layer, cases[i].layer);
    ck_assert_int_eq(l.w.accepted[0].closed.who, WEFT_WHO_PEER);
    ck_assert(l.w.dialers[0].closed_seen);
    log_end(&l);
  }
}
END_TEST

/* ---- handshakes that must fail ---- */

static void (*tamper)(weft_webrtc *dialer);

static void at_dtls(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  (void)w, (void)now;
  if (!s->server && ev->type == WEFT_WEBRTC_EVENT_STEP && ev->step == WEFT_WEBRTC_STEP_DTLS) tamper(s->c);
}

static void swap_sides(weft_webrtc *c) {
  c->setup.inbound = true;
} /* prologue the other way round, and both would begin */
static void other_hash(weft_webrtc *c) { c->peer_fingerprint[31] ^= 1; }

static void refused_with(void (*how)(weft_webrtc *), uint64_t seed) {
  tamper = how;
  log_prepare(&l, seed);
  l.hook = at_dtls;
  world_listen(&l.w);
  world_dial(&l.w, 0);
  log_wait(&l, WEFT_SEC(35));
  ck_assert(l.w.dialers[0].closed_seen && !l.w.dialers[0].ready);
  ck_assert_uint_eq(l.w.accepted_len, 0);
  ck_assert_uint_eq(l.w.refused, 1);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight + log_listener_stats(&l).connections, 0);
  ck_assert_uint_eq(l.side[0].n + l.side[1].n, 0);
  log_end(&l);
}

START_TEST(another_prologue) { refused_with(other_hash, 10); }
END_TEST
START_TEST(swapped_prologue) { refused_with(swap_sides, 11); }
END_TEST

static void fin_first(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  (void)w;
  if (s->server || ev->type != WEFT_WEBRTC_EVENT_STEP || ev->step != WEFT_WEBRTC_STEP_SCTP) return;
  weft_datachannel_send(s->c->dc, 0, true, (const uint8_t *)"\x02\x08\x00", 3, now);
}

START_TEST(fin_before_the_handshake_is_over) {
  log_prepare(&l, 12);
  l.hook = fin_first;
  world_listen(&l.w);
  world_dial(&l.w, 0);
  log_wait(&l, WEFT_SEC(2));
  ck_assert_uint_eq(l.w.refused, 1);
  ck_assert_str_eq(l.w.last_refused.layer, "noise");
  ck_assert_int_eq(l.w.last_refused.code, WEFT_ECLOSED);
  log_end(&l);
}
END_TEST

Suite *test_webrtc_secured(void) {
  static const unit_test tests[] = {UNIT(prologue_of_the_specification),
                                    UNIT(prologue_of_a_connection),
                                    UNIT(secured_bytes_both_ways),
                                    UNIT(fin_on_channel_0_changes_nothing),
                                    UNIT(garbage_on_channel_0_ends_the_connection),
                                    UNIT(another_prologue),
                                    UNIT(swapped_prologue),
                                    UNIT(fin_before_the_handshake_is_over)};
  return unit_suite("webrtc/secured", tests, sizeof tests / sizeof tests[0]);
}
