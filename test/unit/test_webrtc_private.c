#define _GNU_SOURCE /* memmem */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/stun/stun.h>

#include "test/support/alloc.h"
#include "test/support/private_world.h"
#include "test/support/unit.h"
#include "webrtc/private_int.h"

static private_world w;

static void prepare(uint64_t seed) { private_world_prepare(&w, seed, test_alloc()); }

static void start(void) { ck_assert(private_world_start(&w)); }

static bool run_until_ready(void) { return private_world_run(&w, WEFT_SEC(15), private_world_ready); }

static private_side *a(void) { return &w.sides[0]; }
static private_side *b(void) { return &w.sides[1]; }

/* ---- making ---- */

START_TEST(what_a_configuration_needs) {
  weft_private *p;
  prepare(1);
  private_side *s = a();
  weft_private_config good = s->cfg, bad = good;
  weft_private_callbacks cb = s->cb;
  bad.webrtc.cert = NULL;
  ck_assert_int_eq(weft_private_new(&p, &bad, &s->cb, s), WEFT_EINVAL);
  ck_assert_ptr_null(p);
  bad = good, bad.webrtc.rng.fill = NULL;
  ck_assert_int_eq(weft_private_new(&p, &bad, &s->cb, s), WEFT_EINVAL);
  bad = good, bad.limit = 0;
  ck_assert_int_eq(weft_private_new(&p, &bad, &s->cb, s), WEFT_EINVAL);
  bad = good, bad.limit = WEFT_NEVER;
  ck_assert_int_eq(weft_private_new(&p, &bad, &s->cb, s), WEFT_EINVAL);
  bad = good, bad.peer_id_len = WEFT_PEER_ID_MAX + 1;
  ck_assert_int_eq(weft_private_new(&p, &bad, &s->cb, s), WEFT_EINVAL);
  bad = good, bad.peer_id = NULL;
  ck_assert_int_eq(weft_private_new(&p, &bad, &s->cb, s), WEFT_EINVAL);
  cb.stream_output = NULL;
  ck_assert_int_eq(weft_private_new(&p, &good, &cb, s), WEFT_EINVAL);
  cb = s->cb, cb.output = NULL;
  ck_assert_int_eq(weft_private_new(&p, &good, &cb, s), WEFT_EINVAL);
  cb = s->cb, cb.event = NULL;
  ck_assert_int_eq(weft_private_new(&p, &good, &cb, s), WEFT_EINVAL);
  w.rngs[0].fail_on = true;
  ck_assert_int_eq(weft_private_new(&p, &good, &s->cb, s), WEFT_ERANDOM);
  weft_private_free(NULL);
  private_world_end(&w);
}
END_TEST

START_TEST(calls_out_of_order) {
  weft_addr other = net_addr("10.0.0.1:5001");
  weft_ice_candidate c = {.type = WEFT_ICE_HOST, .component = 1, .priority = 1, .addr = other};
  prepare(2);
  ck_assert(private_world_make(a()));
  weft_private *p = a()->p;
  ck_assert_uint_ge(strlen(weft_private_local_ufrag(p)), WEFT_ICE_UFRAG_MIN);
  ck_assert_int_eq(weft_private_stream_input(p, (const uint8_t *)"x", 1, w.now), WEFT_ESTATE);
  ck_assert_int_eq(weft_private_add_remote(p, &c, w.now), WEFT_ESTATE);
  ck_assert_ptr_null(weft_private_take(p, NULL, NULL));
  ck_assert_int_eq(weft_private_start(p, w.now), WEFT_OK);
  ck_assert_int_eq(weft_private_start(p, w.now), WEFT_ESTATE);
  ck_assert_int_eq(weft_private_add_local(p, &other, w.now), WEFT_ESTATE);
  ck_assert_int_eq(weft_private_add_stun_server(p, &other, w.now), WEFT_ESTATE);
  ck_assert(!private_world_take(a(), w.now));
  ck_assert_int_eq(weft_private_close(p, WEFT_OK, w.now), WEFT_OK);
  ck_assert_int_eq(weft_private_close(p, WEFT_OK, w.now), WEFT_ECLOSED);
  ck_assert_uint_eq(a()->closed_seen, 1);
  ck_assert_int_eq(weft_private_start(p, w.now), WEFT_ESTATE);
  ck_assert_int_eq(weft_private_stream_input(p, (const uint8_t *)"x", 1, w.now), WEFT_OK);
  ck_assert_int_eq(weft_private_stream_writable(p, w.now), WEFT_OK);
  ck_assert_int_eq(weft_private_stream_end(p, w.now), WEFT_OK);
  ck_assert_int_eq(weft_private_stream_reset(p, w.now), WEFT_OK);
  ck_assert_int_eq(weft_private_add_remote(p, &c, w.now), WEFT_ESTATE);
  ck_assert_int_eq(weft_private_input(p, &other, &other, (const uint8_t *)"x", 1, w.now), WEFT_OK);
  ck_assert_int_eq(weft_private_tick(p, w.now), WEFT_OK);
  ck_assert_uint_eq(weft_private_deadline(p), WEFT_NEVER);
  ck_assert_uint_eq(a()->closed_seen, 1);
  ck_assert_str_eq(weft_private_local_ufrag(p), "");
  private_world_end(&w);
}
END_TEST

/* ---- a good session ---- */

static void check_good(const private_side *s, const char *first, const char *second) {
  const char *want[] = {first, second, "path found", "certificate verified", "association up"};
  ck_assert_uint_eq(s->steps_len, 5);
  for (size_t i = 0; i < 5; i++) ck_assert_str_eq(s->steps[i], want[i]);
  ck_assert_uint_eq(s->connected, 1);
  ck_assert_uint_eq(s->ready, 1);
  ck_assert_uint_eq(s->closed_seen, 0);
  ck_assert_uint_eq(s->selected, 1);
  ck_assert_int_eq(s->local_type, WEFT_ICE_HOST);
  ck_assert_int_eq(s->remote_type, WEFT_ICE_HOST);
  ck_assert_uint_eq(s->candidates_local, 1);
  ck_assert_uint_eq(s->candidates_remote, 1);
  ck_assert(!s->late_event);
}

START_TEST(two_peers_meet) {
  prepare(3);
  start();
  char line[64];
  snprintf(line, sizeof line, "a=ice-ufrag:%s\r\n", weft_private_local_ufrag(a()->p));
  ck_assert_ptr_nonnull(memmem(a()->pipe.said, a()->pipe.len, line, strlen(line)));
  ck_assert(run_until_ready());
  check_good(a(), "offer sent", "answer received");
  check_good(b(), "offer received", "answer sent");
  ck_assert_uint_eq(a()->peer_id_len, 4);
  ck_assert_mem_eq(a()->peer_id, a()->cfg.peer_id, 4);
  ck_assert_mem_eq(b()->peer_id, b()->cfg.peer_id, 4);
  ck_assert(weft_addr_equal(&a()->remote, &b()->addrs[0]));
  ck_assert_uint_lt(w.now, WEFT_SEC(1) + WEFT_MS(500)); /* 12 one-way trips of 10 ms */
  weft_webrtc_close(a()->c, WEFT_OK, w.now);
  private_world_run(&w, w.now + WEFT_SEC(1), NULL);
  ck_assert_uint_eq(a()->conn_closed, 1);
  ck_assert_uint_eq(b()->conn_closed, 1);
  ck_assert_int_eq(b()->conn_why.who, WEFT_WHO_PEER);
  ck_assert_int_eq(b()->conn_why.code, WEFT_ECLOSED);
  ck_assert(!w.livelock);
  private_world_end(&w);
}
END_TEST

START_TEST(ipv6_and_several_addresses) {
  prepare(4);
  private_world_set_addr(a(), "[2001:db8::1]:5000");
  a()->addrs[a()->addrs_len++] = net_addr("10.0.0.1:5000");
  private_world_set_addr(b(), "10.0.9.9:6000");
  b()->addrs[b()->addrs_len++] = net_addr("[2001:db8::2]:6000");
  start();
  ck_assert(run_until_ready());
  ck_assert_uint_eq(a()->candidates_local, 2);
  ck_assert_uint_eq(a()->candidates_remote, 2);
  ck_assert_uint_eq(a()->ready, 1);
  private_world_end(&w);
}
END_TEST

static uint64_t trace_of(uint64_t seed) {
  prepare(seed);
  net_link *l = NULL;
  ck_assert(private_world_make(a()) && private_world_make(b()));
  for (int i = 0; i < 2; i++) {
    l = net_link_of(&w.net, &w.sides[i].addrs[0]);
    l->loss_ppm = 100000, l->jitter = WEFT_MS(30), l->duplicate_ppm = 50000;
  }
  ck_assert_int_eq(weft_private_start(b()->p, w.now), WEFT_OK);
  ck_assert_int_eq(weft_private_start(a()->p, w.now), WEFT_OK);
  ck_assert_msg(run_until_ready(), "seed %d", (int)seed);
  uint64_t hash = w.net.hash ^ w.said_hash;
  private_world_end(&w);
  return hash;
}

START_TEST(the_same_seed_gives_the_same_bytes) {
  uint64_t first = trace_of(5);
  ck_assert_uint_eq(first, trace_of(5));
  ck_assert_uint_ne(first, trace_of(6));
}
END_TEST

/* ---- time ---- */

static void check_timeout(private_side *s, const char *step) {
  ck_assert_uint_eq(s->closed_seen, 1);
  ck_assert_int_eq(s->closed.code, WEFT_ETIMEDOUT);
  ck_assert_int_eq(s->closed.who, WEFT_WHO_TIMEOUT);
  ck_assert_str_eq(s->closed.step, step);
  ck_assert_uint_gt(strlen(s->closed_text), 20);
  ck_assert(!s->late_event && !s->connected);
}

START_TEST(nobody_answers_the_offer) {
  prepare(7);
  ck_assert(private_world_make(a()));
  ck_assert_int_eq(weft_private_start(a()->p, w.now), WEFT_OK);
  ck_assert_uint_le(weft_private_deadline(a()->p), w.now + WEFT_SEC(10));
  private_world_run(&w, w.now + WEFT_SEC(10) - 1, NULL);
  ck_assert_uint_eq(a()->closed_seen, 0);
  private_world_run(&w, w.now + 1, NULL);
  check_timeout(a(), "signaling");
  ck_assert(a()->pipe.reset);
  private_world_end(&w);
}
END_TEST

START_TEST(nobody_offers) {
  prepare(8);
  b()->cfg.limit = WEFT_SEC(3);
  ck_assert(private_world_make(b()));
  ck_assert_int_eq(weft_private_start(b()->p, w.now), WEFT_OK);
  private_world_run(&w, w.now + WEFT_SEC(3), NULL);
  check_timeout(b(), "signaling");
  private_world_end(&w);
}
END_TEST

/* One of the filters of what the network carries. */
static bool no_datagram(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                        weft_time now) {
  (void)user, (void)from, (void)to, (void)data, (void)len, (void)now;
  return false;
}

static bool stun_only(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                      weft_time now) {
  (void)user, (void)from, (void)to, (void)len, (void)now;
  return data[0] < 4;
}

static bool no_records(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                       weft_time now) {
  (void)user, (void)from, (void)to, (void)len, (void)now;
  return data[0] != 23; /* application data: SCTP */
}

static void end_in(bool (*filter)(void *, const weft_addr *, const weft_addr *, const uint8_t *, size_t, weft_time),
                   const char *step) {
  prepare(9);
  a()->cfg.limit = b()->cfg.limit = WEFT_SEC(5);
  w.net.filter = filter;
  start();
  ck_assert(private_world_run(&w, WEFT_SEC(12), private_world_closed));
  bool first_is_a = a()->closed.who == WEFT_WHO_TIMEOUT;
  private_side *first = first_is_a ? a() : b(), *second = first_is_a ? b() : a();
  check_timeout(first, step);
  ck_assert_uint_eq(second->closed_seen, 1); /* by its own limit, or told by the stream's reset */
  ck_assert(second->closed.code == WEFT_ETIMEDOUT || second->closed.code == WEFT_ERESET);
  private_world_end(&w);
}

START_TEST(each_step_has_a_limit) {
  end_in(no_datagram, "checks");
  end_in(stun_only, "handshake");
  end_in(no_records, "handshake");
}
END_TEST

/* ---- the stream's end ---- */

START_TEST(the_stream_ends_before_the_description) {
  prepare(10);
  start();
  ck_assert_int_eq(weft_private_stream_end(a()->p, w.now), WEFT_OK);
  ck_assert_uint_eq(a()->closed_seen, 1);
  ck_assert_int_eq(a()->closed.code, WEFT_ECLOSED);
  ck_assert_str_eq(a()->closed.step, "signaling");
  private_world_run(&w, w.now + WEFT_SEC(1), NULL);
  ck_assert_int_eq(b()->closed.code, WEFT_ERESET); /* by A's reset */
  ck_assert_int_eq(b()->closed.who, WEFT_WHO_PEER);
  private_world_end(&w);
}
END_TEST

/* js-libp2p's answerer ends the stream when its side is up, which may be before ours is. */
static void end_at_answer(private_side *s, const weft_private_event *ev, weft_time now) {
  if (s->index == 0 && ev->type == WEFT_PRIVATE_EVENT_STEP && strcmp(ev->text, "path found") == 0)
    ck_assert_int_eq(weft_private_stream_end(s->p, now), WEFT_OK);
}

START_TEST(the_stream_ends_after_the_description) {
  prepare(11);
  w.on_private = end_at_answer;
  start();
  ck_assert(run_until_ready());
  ck_assert_uint_eq(a()->closed_seen + b()->closed_seen, 0);
  private_world_end(&w);
}
END_TEST

START_TEST(a_reset_counts_until_it_is_up) {
  prepare(12);
  a()->keep = b()->keep = true;
  start();
  while (b()->steps_len < 3) ck_assert(private_world_step(&w, WEFT_SEC(15)));
  ck_assert_int_eq(weft_private_stream_reset(b()->p, w.now), WEFT_OK);
  ck_assert_int_eq(b()->closed.code, WEFT_ERESET);
  private_world_end(&w);

  prepare(12);
  a()->keep = b()->keep = true;
  start();
  while (!a()->connected || !b()->connected) ck_assert(private_world_step(&w, WEFT_SEC(15)));
  ck_assert_int_eq(weft_private_stream_reset(a()->p, w.now), WEFT_OK);
  ck_assert_int_eq(weft_private_stream_end(b()->p, w.now), WEFT_OK);
  ck_assert(private_world_take(a(), w.now) && private_world_take(b(), w.now));
  ck_assert(run_until_ready());
  private_world_end(&w);
}
END_TEST

/* A candidate that was found after the answerer was up, and had closed the stream: what it gets for it is a reset. */
static void reset_when_verified(private_side *s, const weft_private_event *ev, weft_time now) {
  if (ev->type == WEFT_PRIVATE_EVENT_STEP && strcmp(ev->text, "certificate verified") == 0)
    ck_assert_int_eq(weft_private_stream_reset(s->p, now), WEFT_OK);
}

START_TEST(a_reset_after_the_certificate) {
  prepare(18);
  w.on_private = reset_when_verified;
  start();
  ck_assert(run_until_ready());
  private_world_end(&w);
}
END_TEST

static ptrdiff_t (*stream_output)(void *user, const uint8_t *data, size_t len, weft_time now);
static unsigned refusals;

static ptrdiff_t gone_after_the_answer(void *user, const uint8_t *data, size_t len, weft_time now) {
  const private_side *s = user;
  if (s->steps_len < 2) return stream_output(user, data, len, now);
  refusals++;
  return WEFT_ECLOSED;
}

static void late_stun(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                      weft_time now) {
  uint8_t out[64];
  size_t n;
  weft_addr mapped = net_addr("198.51.100.1:5000");
  (void)user;
  if (weft_stun_binding_answer(data, len, &mapped, out, sizeof out, &n) == WEFT_OK)
    net_send(&w.net, local, remote, out, n, now);
}

START_TEST(a_candidate_that_finds_no_stream) {
  prepare(19);
  refusals = 0;
  stream_output = a()->cb.stream_output;
  a()->cb.stream_output = gone_after_the_answer;
  a()->stun = net_addr("203.0.113.1:3478");
  net_bind(&w.net, &a()->stun, late_stun, NULL);
  net_link_of(&w.net, &a()->stun)->delay = WEFT_MS(40); /* after the answer, before the connection */
  start();
  ck_assert(run_until_ready());
  ck_assert_uint_ge(refusals, 1);
  ck_assert_uint_eq(a()->candidates_local, 2);
  private_world_end(&w);
}
END_TEST

/* ---- from inside events ---- */

static int act_at, act_kind, seen_events;

static void act(private_side *s, const weft_private_event *ev, weft_time now) {
  (void)ev;
  if (s->index != 0 || seen_events++ != act_at) return;
  if (act_kind == 0) {
    weft_private *p = s->p;
    s->p = NULL;
    weft_private_free(p);
  } else {
    (void)weft_private_close(s->p, WEFT_OK, now);
  }
}

START_TEST(freed_or_closed_inside_any_event) {
  for (act_kind = 0; act_kind < 2; act_kind++)
    for (act_at = 0; act_at < 9; act_at++) {
      prepare(13);
      seen_events = 0;
      w.on_private = act;
      start();
      private_world_run(&w, WEFT_SEC(20), NULL);
      ck_assert_int_gt(seen_events, act_at);
      if (act_kind == 0) ck_assert_int_eq(seen_events, act_at + 1);
      if (act_kind == 1) ck_assert_uint_eq(a()->closed_seen, 1);
      ck_assert(!a()->late_event && a()->connected <= 1);
      private_world_end(&w);
      ck_assert_ptr_null(leak_alloc_complaint(test_leak()));
    }
}
END_TEST

/* ---- the handover ---- */

enum { EARLY = 10, EARLY_BYTES = 16000 };
static unsigned opened, ended;
static size_t got[64];
static bool order_broken;

static void speak_at_once(private_side *s, const weft_webrtc_event *ev, weft_time now) {
  if (s->index == 1 && ev->type == WEFT_WEBRTC_EVENT_READY)
    for (unsigned i = 0; i < EARLY; i++) {
      static uint8_t data[EARLY_BYTES];
      uint32_t id;
      memset(data, (int)i, sizeof data);
      ck_assert_int_eq(weft_webrtc_stream_open(s->c, &id, now), WEFT_OK);
      ck_assert_int_eq(weft_webrtc_stream_send(s->c, id, data, sizeof data, now), sizeof data);
      ck_assert_int_eq(weft_webrtc_stream_shutdown(s->c, id, now), WEFT_OK);
    }
  if (s->index != 0 || ev->type != WEFT_WEBRTC_EVENT_STREAM) return;
  uint32_t id = ev->stream->stream;
  ck_assert_uint_lt(id, 64);
  if (ev->stream->type == WEFT_STREAM_OPENED) opened++;
  if (ev->stream->type == WEFT_STREAM_DATA) {
    order_broken = order_broken || !s->ready || opened == 0;
    got[id] += ev->stream->len;
  }
  if (ev->stream->type == WEFT_STREAM_REMOTE_CLOSED) {
    ended++;
    ck_assert_uint_eq(got[id], EARLY_BYTES);
  }
}

START_TEST(nothing_said_before_the_handover_is_lost) {
  prepare(14);
  opened = ended = 0, order_broken = false;
  memset(got, 0, sizeof got);
  a()->keep = true;
  w.on_webrtc = speak_at_once;
  start();
  private_world_run(&w, WEFT_SEC(4), NULL);
  ck_assert_uint_eq(a()->connected, 1);
  ck_assert_uint_eq(b()->ready, 1);
  ck_assert_uint_eq(a()->ready + opened, 0); /* it all waits */
  ck_assert(private_world_take(a(), w.now));
  ck_assert_uint_eq(a()->ready, 0); /* told by the next call */
  ck_assert_uint_le(weft_webrtc_deadline(a()->c), w.now);
  ck_assert_ptr_null(weft_private_take(a()->p, NULL, NULL));
  ck_assert_int_eq(weft_private_close(a()->p, WEFT_OK, w.now), WEFT_ECLOSED);
  weft_private_free(a()->p); /* the connection does not need it any more */
  a()->p = NULL;
  weft_webrtc_tick(a()->c, w.now);
  ck_assert_uint_eq(a()->ready, 1);
  private_world_run(&w, WEFT_SEC(8), NULL);
  ck_assert_uint_eq(opened, EARLY);
  ck_assert_uint_eq(ended, EARLY);
  ck_assert(!order_broken && !a()->late_event);
  private_world_end(&w);
}
END_TEST

START_TEST(not_taken_it_ends_like_any_other) {
  prepare(15);
  a()->keep = true;
  start();
  while (!b()->ready || !a()->connected) ck_assert(private_world_step(&w, WEFT_SEC(15)));
  private_world_run(&w, w.now + WEFT_SEC(20), NULL); /* the limit was for the set-up */
  ck_assert_uint_eq(a()->closed_seen + b()->conn_closed, 0);
  weft_webrtc_close(b()->c, WEFT_OK, w.now);
  private_world_run(&w, w.now + WEFT_SEC(1), NULL);
  ck_assert_uint_eq(a()->closed_seen, 1);
  ck_assert_int_eq(a()->closed.who, WEFT_WHO_PEER);
  ck_assert(!private_world_take(a(), w.now));
  private_world_end(&w);
}
END_TEST

/* ---- a bad network, and no memory ---- */

enum { CHANGE_TRUNCATE, CHANGE_FLIP, CHANGE_REPEAT, CHANGES };
static unsigned change_at, sent;
static int change_kind;
static size_t change_where;
static bool changing;

static bool change(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                   weft_time now) {
  uint8_t copy[2000];
  (void)user;
  if (changing || sent++ != change_at) return true;
  memcpy(copy, data, len);
  size_t at = len * change_where / 5;
  if (change_kind == CHANGE_FLIP) copy[at < len ? at : len - 1] ^= 0x10;
  changing = true;
  for (int i = 0; i < (change_kind == CHANGE_REPEAT ? 5 : 1); i++)
    net_send(&w.net, from, to, copy, change_kind == CHANGE_TRUNCATE ? at : len, now);
  changing = false;
  return change_kind == CHANGE_REPEAT;
}

static bool over(private_world *x) {
  bool done[2];
  for (int i = 0; i < 2; i++) done[i] = x->sides[i].ready || x->sides[i].closed_seen;
  return done[0] && done[1];
}

/* What a network breaks in the clear may end the set-up, but only with one CLOSED on each side; a repetition does nothing. */
START_TEST(every_datagram_truncated_flipped_and_repeated) {
  unsigned sessions = 0, good = 0;
  for (change_kind = 0; change_kind < CHANGES; change_kind++)
    for (change_where = 0; change_where < (change_kind == CHANGE_REPEAT ? 1u : 5u); change_where++)
      for (change_at = 0; change_at < 30; change_at++) {
        prepare(16);
        w.net.filter = change;
        sent = 0;
        start();
        ck_assert_msg(private_world_run(&w, WEFT_SEC(25), over), "kind %d, datagram %u", change_kind, change_at);
        bool up = a()->ready && b()->ready;
        sessions++;
        good += up;
        if (change_kind == CHANGE_REPEAT) ck_assert_msg(up, "datagram %u five times", change_at);
        ck_assert(!a()->late_event && !b()->late_event && !w.livelock);
        private_world_end(&w);
        ck_assert_ptr_null(leak_alloc_complaint(test_leak()));
      }
  ck_assert_uint_gt(good * 10, sessions * 9);
}
END_TEST

static void scenario(void *ctx) {
  (void)ctx;
  prepare(17);
  if (private_world_start(&w)) private_world_run(&w, WEFT_SEC(25), over);
  for (int i = 0; i < 2; i++) ck_assert(!w.sides[i].late_event);
  ck_assert(!w.livelock);
  private_world_end(&w);
}

START_TEST(every_allocation_refused_in_turn) { ck_assert_uint_gt(alloc_sweep(scenario, NULL), 50); }
END_TEST

Suite *test_webrtc_private(void) {
  static const unit_test tests[] = {UNIT(what_a_configuration_needs),
                                    UNIT(calls_out_of_order),
                                    UNIT(two_peers_meet),
                                    UNIT(ipv6_and_several_addresses),
                                    UNIT(the_same_seed_gives_the_same_bytes),
                                    UNIT(nobody_answers_the_offer),
                                    UNIT(nobody_offers),
                                    UNIT(each_step_has_a_limit),
                                    UNIT(the_stream_ends_before_the_description),
                                    UNIT(the_stream_ends_after_the_description),
                                    UNIT(a_reset_counts_until_it_is_up),
                                    UNIT(a_reset_after_the_certificate),
                                    UNIT(a_candidate_that_finds_no_stream),
                                    UNIT(freed_or_closed_inside_any_event),
                                    UNIT(nothing_said_before_the_handover_is_lost),
                                    UNIT(not_taken_it_ends_like_any_other),
                                    UNIT(every_datagram_truncated_flipped_and_repeated),
                                    UNIT(every_allocation_refused_in_turn)};
  return unit_suite("webrtc/private", tests, sizeof tests / sizeof tests[0]);
}
