/* Whole connections with a peer whose DTLS is wrong: each is refused by name, hears nothing, and leaves nothing behind. */
#include "test/support/hostile.h"
#include "test/unit/webrtc_log.h"

static log_world l;
static hostile h;

static void prepare(uint64_t seed) {
  log_prepare(&l, seed);
  world_listen(&l.w);
}

/* Nothing was delivered, every gauge is zero, and the next dialer gets in. */
static void lives_on(size_t blocks) {
  ck_assert_uint_eq(l.side[0].n + l.side[1].n, 0);
  ck_assert_uint_eq(l.side[0].secured_len + l.side[1].secured_len, 0);
  ck_assert_uint_eq(l.w.accepted_len, 0);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight + log_listener_stats(&l).connections, 0);
  ck_assert_uint_eq(log_listener_stats(&l).accepted, 0);
  ck_assert_uint_le(test_leak()->blocks, blocks + 1); /* the schedule's memory stays */
  log_connect(&l);
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "still here");
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[1], id, "OD");
  log_end(&l);
}

static void refused(const char *step, int code, const char *text) {
  ck_assert_uint_eq(l.w.refused, 1);
  ck_assert_str_eq(l.w.last_refused.layer, "dtls");
  ck_assert_str_eq(l.w.last_refused.step, step);
  ck_assert_int_eq(l.w.last_refused.code, code);
  if (text) ck_assert_str_eq(l.w.refused_text, text);
}

/* The way the hostile peer takes leads to a handshake when nothing is wrong. */
START_TEST(it_can_also_be_honest) {
  prepare(1);
  hostile_client(&h, &l.w, l.w.client_cert, l.w.client_cert);
  hostile_begin(&h);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_int_eq(h.dtls.over, 1);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 1);
  ck_assert_uint_eq(l.w.refused, 0);
  hostile_end(&h);
  log_end(&l);
}
END_TEST

START_TEST(client_without_certificate) {
  prepare(2);
  size_t blocks = test_leak()->blocks;
  hostile_client(&h, &l.w, NULL, NULL);
  hostile_begin(&h);
  log_wait(&l, WEFT_SEC(2));
  ck_assert_int_eq(h.dtls.over, 0);
  ck_assert_uint_gt(h.alert, 0);
  refused("certificate", WEFT_EAUTH, "the peer presented no certificate");
  hostile_end(&h);
  lives_on(blocks);
}
END_TEST

/* Its Finished and everything after it lie before a proof that never comes. */
START_TEST(client_without_certificate_verify) {
  prepare(3);
  size_t blocks = test_leak()->blocks;
  hostile_client(&h, &l.w, l.w.client_cert, l.w.client_cert);
  h.skip_verify = true;
  hostile_begin(&h);
  log_wait(&l, WEFT_SEC(12));
  ck_assert_ptr_nonnull(h.key_cert); /* it got that far */
  ck_assert_int_eq(h.dtls.over, 0);
  ck_assert_uint_eq(l.w.refused, 1);
  ck_assert_str_eq(l.w.last_refused.layer, "dtls");
  ck_assert_int_lt(l.w.last_refused.code, 0);
  hostile_end(&h);
  lives_on(blocks);
}
END_TEST

START_TEST(client_signs_with_another_key) {
  prepare(4);
  size_t blocks = test_leak()->blocks;
  hostile_client(&h, &l.w, l.w.client_cert, l.w.server_cert);
  hostile_begin(&h);
  log_wait(&l, WEFT_SEC(2));
  ck_assert_int_eq(h.dtls.over, 0);
  refused("certificate verify", WEFT_EAUTH, NULL);
  hostile_end(&h);
  lives_on(blocks);
}
END_TEST

/* ---- what a dialer may meet ---- */

static void dialer_refuses(const char *step, const char *text) {
  const world_side *d = &l.w.dialers[0];
  ck_assert(d->closed_seen && !d->ready);
  ck_assert_str_eq(d->closed.layer, "dtls");
  ck_assert_str_eq(d->closed.step, step);
  ck_assert_int_lt(d->closed.code, 0);
  if (text) ck_assert_str_eq(d->text, text);
  ck_assert_uint_eq(d->steps, 1u << WEFT_WEBRTC_STEP_ICE); /* no SCTP, no Noise */
  ck_assert_uint_eq(l.side[0].n + l.side[0].secured_len, 0);
}

START_TEST(server_with_another_certificate) {
  log_prepare(&l, 5);
  hostile_server(&h, &l.w, l.w.client_cert, l.w.client_cert);
  world_dial(&l.w, 0);
  log_wait(&l, WEFT_SEC(5));
  dialer_refuses("certificate", "certificate does not match certhash");
  ck_assert_int_eq(h.dtls.over, 0);
  hostile_end(&h);
  log_end(&l);
}
END_TEST

/* The right certificate is public: what counts is that its key signed the key exchange. */
START_TEST(server_with_a_borrowed_certificate) {
  log_prepare(&l, 6);
  hostile_server(&h, &l.w, l.w.server_cert, l.w.client_cert);
  world_dial(&l.w, 0);
  log_wait(&l, WEFT_SEC(5));
  dialer_refuses("certificate verify", NULL);
  hostile_end(&h);
  log_end(&l);
}
END_TEST

/* use_srtp with one profile and no MKI (RFC 5764 section 4.1.1) in ServerHello: another profile in its place. */
static uint8_t profile;
static bool changed;

static bool change_srtp(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                        weft_time now) {
  static const uint8_t ours[] = {0, 14, 0, 5, 0, 2, 0, 1, 0};
  log_world *w = user;
  uint8_t copy[2048];
  if (!weft_addr_equal(from, &w->w.server_addr) || len > sizeof copy || data[0] != 22 || data[13] != 2) return true;
  memcpy(copy, data, len);
  for (size_t i = 0; i + sizeof ours <= len; i++)
    if (memcmp(copy + i, ours, sizeof ours) == 0) copy[i + 7] = profile, changed = true;
  w->w.net.filter = NULL;
  net_send(&w->w.net, from, to, copy, len, now);
  w->w.net.filter = change_srtp;
  return false;
}

START_TEST(server_chooses_another_srtp_profile) {
  static const uint8_t profiles[] = {2, 5, 7, 8};
  for (size_t i = 0; i < sizeof profiles; i++) {
    prepare(7 + i);
    size_t blocks = test_leak()->blocks;
    profile = profiles[i];
    changed = false;
    l.w.net.filter = change_srtp;
    l.w.net.filter_user = &l;
    world_dial(&l.w, 0);
    log_wait(&l, WEFT_SEC(12));
    ck_assert(changed);
    dialer_refuses("hello", NULL);
    l.w.net.filter = NULL;
    memset(&l.w.dialers[0].closed_seen, 0, sizeof l.w.dialers[0].closed_seen);
    lives_on(blocks);
  }
}
END_TEST

/* None at all is what a server without the extension says (RFC 5764 section 4.1.1): no media is sent here, so the handshake goes on, and
 * what such a server then says is not listened to before its peer id is proven. */
START_TEST(server_chooses_no_srtp_profile) {
  static const mbedtls_ssl_srtp_profile none[] = {MBEDTLS_TLS_SRTP_UNSET};
  log_prepare(&l, 11);
  hostile_server(&h, &l.w, l.w.server_cert, l.w.server_cert);
  mbedtls_ssl_conf_dtls_srtp_protection_profiles(&h.dtls.conf, none);
  world_dial(&l.w, 0);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_int_eq(h.dtls.over, 1);
  ck_assert(l.w.dialers[0].steps & 1u << WEFT_WEBRTC_STEP_DTLS);
  for (int i = 0; i < 100; i++) hostile_write(&h, (const uint8_t *)"neither SCTP nor Noise", 22);
  log_wait(&l, WEFT_SEC(40));
  ck_assert(l.w.dialers[0].closed_seen && !l.w.dialers[0].ready);
  ck_assert_str_eq(l.w.dialers[0].closed.layer, "sctp");
  ck_assert_int_eq(l.w.dialers[0].closed.code, WEFT_ETIMEDOUT);
  ck_assert_uint_eq(l.side[0].n + l.side[0].secured_len, 0);
  hostile_end(&h);
  log_end(&l);
}
END_TEST

/* A client whose handshake is good and that then sends application data which is no SCTP: 10 s, and it is gone. */
START_TEST(client_that_never_speaks_sctp) {
  prepare(12);
  size_t blocks = test_leak()->blocks;
  hostile_client(&h, &l.w, l.w.client_cert, l.w.client_cert);
  hostile_begin(&h);
  log_wait(&l, WEFT_SEC(1));
  ck_assert_int_eq(h.dtls.over, 1);
  for (uint8_t n = 0; n < 200; n++) {
    uint8_t junk[200];
    memset(junk, n, sizeof junk);
    if (n > 0) hostile_write(&h, junk, n);
  }
  log_wait(&l, WEFT_SEC(12));
  ck_assert_uint_eq(l.w.refused, 1);
  ck_assert_str_eq(l.w.last_refused.layer, "sctp");
  hostile_end(&h);
  lives_on(blocks);
}
END_TEST

Suite *test_webrtc_hostile_dtls(void) {
  static const unit_test tests[] = {UNIT(it_can_also_be_honest),
                                    UNIT(client_without_certificate),
                                    UNIT(client_without_certificate_verify),
                                    UNIT(client_signs_with_another_key),
                                    UNIT(server_with_another_certificate),
                                    UNIT(server_with_a_borrowed_certificate),
                                    UNIT(server_chooses_another_srtp_profile),
                                    UNIT(server_chooses_no_srtp_profile),
                                    UNIT(client_that_never_speaks_sctp)};
  return unit_suite("webrtc/hostile_dtls", tests, sizeof tests / sizeof tests[0]);
}
