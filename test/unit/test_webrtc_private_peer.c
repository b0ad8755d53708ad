#include "test/support/alloc.h"
#include "test/support/unit.h"
#include "test/unit/js_peer.h"

static private_world w;
static js_peer js;

static private_side *a(void) { return &w.sides[0]; }
static private_side *b(void) { return &w.sides[1]; }

static void with_js(int side, uint64_t seed) {
  private_world_prepare(&w, seed, test_alloc());
  js_peer_init(&js, &w.sides[side], JS_NODE);
}

static void start(void) {
  private_side *ours = private_world_peer(js.s);
  ck_assert(private_world_make(ours));
  ck_assert_int_eq(weft_private_start(ours->p, w.now), WEFT_OK);
  js_peer_start(&js);
}

static void meet(void) {
  start();
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
}

/* ---- roles: ids follow the DTLS role, whoever offered (libp2p specs webrtc/README.md) ---- */

static uint32_t first_id(private_side *s) {
  uint32_t id = UINT32_MAX;
  ck_assert_int_eq(weft_webrtc_stream_open(s->c, &id, w.now), WEFT_OK);
  return id;
}

START_TEST(ids_of_the_client_are_even) {
  private_world_prepare(&w, 60, test_alloc());
  ck_assert(private_world_start(&w));
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
  ck_assert_uint_eq(first_id(a()) % 2, 1); /* ours answer as active: A is the server */
  ck_assert_uint_eq(first_id(b()), 0);     /* nothing is reserved here */
  private_world_end(&w);
}
END_TEST

START_TEST(an_answerer_that_is_passive) {
  with_js(1, 61);
  js.setup = "passive";
  meet();
  ck_assert(a()->c->setup.dtls_client && !b()->c->setup.dtls_client);
  ck_assert_uint_eq(first_id(a()) % 2, 0);
  ck_assert_uint_eq(first_id(b()) % 2, 1);
  private_world_end(&w);
}
END_TEST

START_TEST(an_offerer_that_is_active) {
  with_js(0, 62);
  js.setup = "active";
  meet();
  ck_assert(a()->c->setup.dtls_client && !b()->c->setup.dtls_client);
  ck_assert_int_eq(js.theirs.setup, WEFT_SDP_PASSIVE);
  private_world_end(&w);
}
END_TEST

START_TEST(an_offerer_that_is_passive) {
  with_js(0, 63);
  js.setup = "passive";
  meet();
  ck_assert_int_eq(js.theirs.setup, WEFT_SDP_ACTIVE);
  private_world_end(&w);
}
END_TEST

/* Both are controlling, or both controlled: RFC 8445 section 7.3.1.1 */
START_TEST(role_conflicts_are_settled) {
  for (int side = 0; side < 2; side++) {
    with_js(side, 64);
    js.role = side == 1 ? WEFT_ICE_CONTROLLING : WEFT_ICE_CONTROLLED;
    meet();
    ck_assert_int_ne(weft_ice_get_role(a()->c->ice), weft_ice_get_role(b()->c->ice));
    private_world_end(&w);
  }
}
END_TEST

/* ---- the certificate ---- */

#define ZERO8 "00:00:00:00:00:00:00:00"
#define OTHER_PRINT "a=fingerprint:sha-256 " ZERO8 ":" ZERO8 ":" ZERO8 ":" ZERO8 "\r\n"

START_TEST(one_of_several_fingerprints) {
  for (int side = 0; side < 2; side++) {
    with_js(side, 65);
    js.more =
        OTHER_PRINT "a=fingerprint:sha-1 00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00\r\n" OTHER_PRINT;
    meet();
    private_world_end(&w);
  }
}
END_TEST

START_TEST(a_certificate_that_was_not_described) {
  for (int side = 0; side < 2; side++) {
    with_js(side, 66);
    js.no_print = OTHER_PRINT;
    start();
    private_side *ours = private_world_peer(js.s);
    private_world_run(&w, WEFT_SEC(8), NULL);
    ck_assert_uint_eq(ours->closed_seen, 1);
    ck_assert_int_eq(ours->closed.code, WEFT_EAUTH);
    ck_assert_str_eq(ours->closed.layer, "dtls");
    ck_assert_str_eq(ours->closed.step, "certificate");
    ck_assert_uint_eq(ours->connected + ours->ready, 0);
    ck_assert_uint_eq(js.s->ready, 0); /* nothing was up there either */
    ck_assert(!private_world_take(ours, w.now));
    private_world_end(&w);
  }
}
END_TEST

static unsigned secrets[2];

static void on_keylog(void *user, const char *line) {
  const private_side *s = user;
  ck_assert_msg(strncmp(line, "CLIENT_RANDOM ", 14) == 0, "%s", line); /* one line a session */
  secrets[s->index]++;
}

START_TEST(keys_are_logged) {
  private_world_prepare(&w, 69, test_alloc());
  secrets[0] = secrets[1] = 0;
  a()->cfg.webrtc.keylog = b()->cfg.webrtc.keylog = on_keylog;
  ck_assert(private_world_start(&w));
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
  ck_assert_uint_eq(secrets[0], 1);
  ck_assert_uint_eq(secrets[1], 1);
  private_world_end(&w);
}
END_TEST

/* ---- consent is STUN's alone on this path: RFC 7675 section 5.1 ---- */

static bool no_stun(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                    weft_time now) {
  (void)user, (void)from, (void)to, (void)len, (void)now;
  return data[0] > 3;
}

static void chatter(private_world *x) {
  for (int i = 0; i < 2; i++)
    if (x->sides[i].c) weft_webrtc_stream_send(x->sides[i].c, 0, (const uint8_t *)"x", 1, x->now);
}

START_TEST(records_do_not_renew_consent) {
  private_world_prepare(&w, 67, test_alloc());
  ck_assert(private_world_start(&w));
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
  ck_assert_uint_eq(first_id(b()), 0);
  w.net.filter = no_stun;
  weft_time cut = w.now;
  while (w.now < cut + WEFT_SEC(40) && !a()->conn_closed) {
    private_world_run(&w, w.now + WEFT_MS(500), NULL);
    chatter(&w);
  }
  ck_assert_uint_eq(a()->conn_closed, 1);
  ck_assert_str_eq(a()->conn_why.layer, "ice");
  ck_assert_str_eq(a()->conn_why.step, "consent");
  private_world_end(&w);
}
END_TEST

Suite *test_webrtc_private_peer(void) {
  static const unit_test tests[] = {UNIT(ids_of_the_client_are_even),
                                    UNIT(an_answerer_that_is_passive),
                                    UNIT(an_offerer_that_is_active),
                                    UNIT(an_offerer_that_is_passive),
                                    UNIT(role_conflicts_are_settled),
                                    UNIT(one_of_several_fingerprints),
                                    UNIT(a_certificate_that_was_not_described),
                                    UNIT(keys_are_logged),
                                    UNIT(records_do_not_renew_consent)};
  return unit_suite("webrtc/private_peer", tests, sizeof tests / sizeof tests[0]);
}
