/* Dialing: what is told when, and every way it can fail. */
#include "test/unit/webrtc_log.h"

static log_world l;

static weft_webrtc_event ready[2];
static uint8_t ready_peer[2][WEFT_PEER_ID_MAX];
static weft_addr ready_local[2], ready_remote[2];
static unsigned order[8];
static size_t steps;

static void keep_ready(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  (void)w, (void)now;
  if (ev->type == WEFT_WEBRTC_EVENT_STEP) order[steps++ % 8] = ev->step;
  if (ev->type != WEFT_WEBRTC_EVENT_READY) return;
  ready[s->server] = *ev;
  memcpy(ready_peer[s->server], ev->peer_id, ev->peer_id_len);
  ready_local[s->server] = *ev->local;
  ready_remote[s->server] = *ev->remote;
}

static void ready_as(uint8_t version) {
  weft_addr local, remote;
  size_t n;
  steps = 0;
  log_prepare(&l, version);
  l.hook = keep_ready;
  l.w.client_cfg.direct_version = version;
  log_connect(&l);
  for (int server = 0; server < 2; server++) {
    const weft_identity *peer = server ? &l.w.client_id : &l.w.server_id;
    ck_assert_uint_eq(ready[server].direct_version, version);
    ck_assert_int_eq(ready[server].inbound, server);
    ck_assert_uint_eq(ready[server].peer_id_len, sizeof peer->peer_id);
    ck_assert_mem_eq(ready_peer[server], peer->peer_id, sizeof peer->peer_id);
    ck_assert(weft_addr_equal(&ready_local[server], server ? &l.w.server_addr : &l.w.dialers[0].addr));
    ck_assert(weft_addr_equal(&ready_remote[server], server ? &l.w.dialers[0].addr : &l.w.server_addr));
    weft_webrtc *c = server ? log_accepted(&l) : log_dialer(&l);
    ck_assert_mem_eq(weft_webrtc_peer_id(c, &n), peer->peer_id, sizeof peer->peer_id);
    ck_assert_int_eq(weft_webrtc_get_path(c, &local, &remote), WEFT_OK);
    weft_webrtc_stats st = log_stats(c);
    ck_assert(st.started_at <= st.ice_at && st.ice_at < st.dtls_at && st.dtls_at < st.sctp_at &&
              st.sctp_at < st.noise_at);
    ck_assert_uint_lt(st.rtt, WEFT_MS(40));
  }
  ck_assert_uint_eq(steps, 4); /* the dialer's alone: the listener's caller knows nobody before READY */
  for (unsigned i = 0; i < 4; i++) ck_assert_uint_eq(order[i], i + 1);
  ck_assert_uint_eq(log_listener_stats(&l).connections, 1);
  ck_assert_uint_eq(log_listener_stats(&l).in_flight, 0);
  log_end(&l);
}

START_TEST(version_1) { ready_as(1); }
END_TEST
START_TEST(version_2) { ready_as(2); }
END_TEST

/* webrtc-rs needs a moment after its association is up before it can take anything on channel 0. */
START_TEST(rust_is_spoken_to_late) {
  static const struct {
    const char *ufrag;
    bool late;
  } cases[] = {{"libp2p+webrtc+v1/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", true},
               {"libp2p+webrtc+v1/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde", false},
               {"libp2p+webrtc+v1/0123456789abcdef0123456789abcdef", false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    log_prepare(&l, 70 + i);
    l.w.ufrag = cases[i].ufrag;
    log_connect(&l);
    weft_webrtc_stats st = log_stats(log_accepted(&l));
    ck_assert_int_eq(st.noise_at - st.sctp_at >= WEFT_MS(50), cases[i].late);
    log_end(&l);
  }
}
END_TEST

/* Six round trips and a half: set-up may not quietly become slower. */
static bool dialer_ready(world *w) { return w->dialers[0].ready; }

START_TEST(set_up_takes_few_round_trips) {
  log_prepare(&l, 3);
  net_link_of(&l.w.net, &l.w.server_addr)->delay = WEFT_MS(50);
  net_link_of(&l.w.net, &l.w.dialers[0].addr)->delay = WEFT_MS(50);
  weft_time start = l.w.now;
  world_listen(&l.w);
  world_dial(&l.w, 0);
  ck_assert(world_run(&l.w, l.w.now + WEFT_SEC(5), dialer_ready));
  ck_assert_uint_le(l.w.now - start, WEFT_MS(700));
  ck_assert_uint_eq(l.w.accepted_len,
                    0); /* the listener waits until its last message is acknowledged, or the dialer goes on */
  log_open(&l, log_dialer(&l));
  log_wait(&l, WEFT_MS(51));
  ck_assert_uint_eq(l.w.accepted_len, 1);
  log_end(&l);
}
END_TEST

START_TEST(over_ipv6) {
  log_prepare(&l, 4);
  l.w.server_addr = net_addr("[fd00::1]:4001");
  l.w.client_cfg.remote = l.w.server_addr;
  net_bind(&l.w.net, &l.w.server_addr, l.w.net.bindings[0].fn, &l.w);
  net_unbind(&l.w.net, &l.w.dialers[0].addr);
  l.w.dialers[0].addr = net_addr("[fd00::2]:5000");
  net_bind(&l.w.net, &l.w.dialers[0].addr, l.w.net.bindings[2].fn, &l.w.dialers[0]);
  log_connect(&l);
  log_end(&l);
}
END_TEST

START_TEST(what_is_missing_is_refused) {
  weft_webrtc *c;
  weft_webrtc_listener *listener;
  weft_webrtc_callbacks cb = {sizeof cb, NULL, NULL};
  log_prepare(&l, 5);
  weft_webrtc_config good = l.w.client_cfg, bad;
#define REFUSED(change) \
  do { \
    bad = good; \
    change; \
    ck_assert_int_eq(weft_webrtc_dial(&c, &bad, &cb, NULL), WEFT_EINVAL); \
    ck_assert_ptr_null(c); \
  } while (0)
  REFUSED(bad.certhash = NULL);
  REFUSED(bad.cert = NULL);
  REFUSED(bad.identity = NULL);
  REFUSED(bad.rng.fill = NULL);
  REFUSED(bad.remote.family = WEFT_AF_NONE);
  REFUSED(bad.remote.port = 0);
  REFUSED(bad.direct_version = 0);
  REFUSED(bad.direct_version = 3);
  REFUSED(bad.mtu = 500);
  REFUSED(bad.expected_peer_len = 100);
  REFUSED(bad.recv_window = 1000);
  REFUSED(bad.stream_send_limit = 0);
  bad = good;
  bad.identity = NULL;
  ck_assert_int_eq(weft_webrtc_listen(&listener, &bad, &cb, NULL), WEFT_EINVAL);
  log_end(&l);
}
END_TEST

/* ---- failures: one CLOSED with a layer, a step and a text; not a byte to the application; gauges at zero ---- */

static bool dialer_closed(world *w) { return w->dialers[0].closed_seen; }

static void fails(const char *layer, int code, weft_who who, weft_time within) {
  if (!l.w.listener) world_listen(&l.w);
  world_dial(&l.w, 0);
  ck_assert(world_run(&l.w, l.w.now + within + WEFT_MS(100), dialer_closed));
  log_wait(&l, WEFT_SEC(30)); /* the listener's side may take its own time */
  const world_side *d = &l.w.dialers[0];
  ck_assert(d->closed_seen && !d->ready);
  ck_assert_str_eq(d->closed.layer, layer);
  ck_assert_int_eq(d->closed.code, code);
  ck_assert_int_eq(d->closed.who, who);
  ck_assert_uint_gt(strlen(d->text), 20);
  ck_assert_uint_eq(l.side[0].n + l.side[1].n, 0);
  ck_assert_uint_eq(l.w.accepted_len, 0);
  ck_assert_uint_eq(log_listener_stats(&l).connections + log_listener_stats(&l).in_flight, 0);
}

START_TEST(wrong_certhash) {
  uint8_t other[32] = {9};
  log_prepare(&l, 6);
  l.w.client_cfg.certhash = other;
  fails("dtls", WEFT_EAUTH, WEFT_WHO_PEER, WEFT_SEC(1));
  ck_assert_ptr_nonnull(strstr(l.w.dialers[0].text, "certificate does not match certhash"));
  ck_assert_str_eq(l.w.dialers[0].closed.step, "certificate");
  ck_assert_uint_eq(l.w.refused, 1); /* our alert told it */
  ck_assert_str_eq(l.w.last_refused.layer, "dtls");
  ck_assert_uint_eq(log_listener_stats(&l).refused, 1);
  log_end(&l);
}
END_TEST

START_TEST(wrong_peer_id) {
  log_prepare(&l, 7);
  l.w.client_cfg.expected_peer = l.w.client_id.peer_id;
  world_listen(&l.w);
  world_dial(&l.w, 0);
  log_wait(&l, WEFT_SEC(5));
  const world_side *d = &l.w.dialers[0];
  ck_assert(d->closed_seen && !d->ready);
  ck_assert_str_eq(d->closed.layer, "noise");
  ck_assert_int_eq(d->closed.code, WEFT_EAUTH);
  ck_assert_str_eq(d->closed.step, "peer id");
  /* The listener has proven the dialer by then; it is told of the end. */
  log_wait(&l, WEFT_SEC(1));
  ck_assert_uint_eq(log_listener_stats(&l).connections + log_listener_stats(&l).in_flight, 0);
  log_end(&l);
}
END_TEST

START_TEST(any_peer_when_none_is_expected) {
  log_prepare(&l, 8);
  l.w.client_cfg.expected_peer = NULL;
  l.w.client_cfg.expected_peer_len = 0;
  log_connect(&l);
  log_end(&l);
}
END_TEST

START_TEST(nobody_listens) {
  log_prepare(&l, 9);
  net_link_of(&l.w.net, &l.w.dialers[0].addr)->cut = true;
  weft_time start = l.w.now;
  fails("ice", WEFT_ETIMEDOUT, WEFT_WHO_TIMEOUT, WEFT_SEC(15));
  ck_assert_uint_eq(l.w.dialers[0].steps, 0);
  ck_assert_uint_ge(l.w.now, start + WEFT_SEC(15));
  log_end(&l);
}
END_TEST

/* STUN is answered, DTLS is not: the listener is full. */
static bool no_dtls(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                    weft_time now) {
  (void)user, (void)from, (void)to, (void)len, (void)now;
  return data[0] <= 3;
}

START_TEST(answered_but_never_connected) {
  log_prepare(&l, 10);
  l.w.net.filter = no_dtls;
  fails("dtls", WEFT_ETIMEDOUT, WEFT_WHO_TIMEOUT, WEFT_SEC(30));
  ck_assert_uint_eq(l.w.dialers[0].steps, 1u << WEFT_WEBRTC_STEP_ICE);
  log_end(&l);
}
END_TEST

START_TEST(free_at_any_event) {
  for (int at = 0; at < 5; at++) {
    log_prepare(&l, 11);
    world_listen(&l.w);
    world_side *s = world_dial(&l.w, 0);
    for (int i = 0; i < 1000 && s->steps < (2u << at) && !s->ready; i++) world_step(&l.w, l.w.now + WEFT_SEC(5));
    weft_webrtc *c = s->c;
    s->c = NULL;
    weft_webrtc_free(c);
    log_wait(&l, WEFT_SEC(60)); /* the listener notices by itself */
    ck_assert_uint_eq(log_listener_stats(&l).connections + log_listener_stats(&l).in_flight, 0);
    log_end(&l);
  }
}
END_TEST

static int free_at;

static void free_in_event(log_world *w, world_side *s, const weft_webrtc_event *ev, weft_time now) {
  (void)w, (void)now;
  if (s->server || free_at-- != 0 || ev->type == WEFT_WEBRTC_EVENT_CLOSED) return;
  weft_webrtc *c = s->c;
  s->c = NULL;
  weft_webrtc_free(c);
}

START_TEST(free_inside_any_event) {
  for (int at = 0; at < 8; at++) {
    free_at = at;
    log_prepare(&l, 12);
    l.hook = free_in_event;
    world_listen(&l.w);
    world_dial(&l.w, 0);
    log_wait(&l, WEFT_SEC(1));
    if (log_accepted(&l)) {
      uint32_t id = log_open(&l, log_accepted(&l));
      log_send(&l, log_accepted(&l), id, "x");
      weft_webrtc_stream_shutdown(log_accepted(&l), id, l.w.now);
    }
    log_wait(&l, WEFT_SEC(1));
    log_end(&l);
  }
}
END_TEST

Suite *test_webrtc_direct(void) {
  static const unit_test tests[] = {UNIT(version_1),
                                    UNIT(version_2),
                                    UNIT(rust_is_spoken_to_late),
                                    UNIT(set_up_takes_few_round_trips),
                                    UNIT(over_ipv6),
                                    UNIT(what_is_missing_is_refused),
                                    UNIT(wrong_certhash),
                                    UNIT(wrong_peer_id),
                                    UNIT(any_peer_when_none_is_expected),
                                    UNIT(nobody_listens),
                                    UNIT(answered_but_never_connected),
                                    UNIT(free_at_any_event),
                                    UNIT(free_inside_any_event)};
  return unit_suite("webrtc/direct", tests, sizeof tests / sizeof tests[0]);
}
