/* The channel "init" (libp2p specs webrtc/webrtc.md; interop facts of js-libp2p): A opens it, waits for the acknowledgement, closes it; B
 * answers the reset with a reset, or closes it first. It is never a stream to anybody. */
#include "datachannel/datachannel_int.h"
#include "test/support/alloc.h"
#include "test/support/unit.h"
#include "test/unit/js_peer.h"

static private_world w;
static js_peer js;
static unsigned streams_seen;

static private_side *a(void) { return &w.sides[0]; }
static private_side *b(void) { return &w.sides[1]; }

static void count_streams(private_side *s, const weft_webrtc_event *ev, weft_time now) {
  (void)s, (void)now;
  if (ev->type == WEFT_WEBRTC_EVENT_STREAM) streams_seen++;
}

static weft_webrtc *conn(const private_side *s) { return s->c ? s->c : s->p ? s->p->c : NULL; }

static bool channel_there(const private_side *s, uint16_t id) {
  weft_webrtc *c = conn(s);
  return c && c->dc && weft_datachannel_find(c->dc, id) != NULL;
}

static void start_ours(uint64_t seed) {
  private_world_prepare(&w, seed, test_alloc());
  streams_seen = 0;
  w.on_webrtc = count_streams;
  ck_assert(private_world_start(&w));
}

START_TEST(opened_acknowledged_closed) {
  start_ours(70);
  while (!conn(a())->dc || !channel_there(a(), 1)) ck_assert(private_world_step(&w, WEFT_SEC(15)));
  ck_assert(!a()->connected && !conn(a())->init_acked);
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
  ck_assert(a()->c->init_acked);
  ck_assert_uint_eq(a()->c->init_id, 1); /* A is the DTLS server: odd */
  private_world_run(&w, w.now + WEFT_SEC(2), NULL);
  ck_assert(!channel_there(a(), 1) && !channel_there(b(), 1)); /* reset both ways: js-libp2p waits for that */
  ck_assert_uint_eq(streams_seen, 0);
  private_world_end(&w);
}
END_TEST

/* A's side of the association is up before B's: without B's word it would not be the time to close the signaling stream. */
static bool no_way_back;
static bool lose_from_b(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                        weft_time now) {
  (void)user, (void)to, (void)len, (void)now;
  if (conn(a()) && conn(a())->stage == WEFT_WEBRTC_READY) no_way_back = true;
  return !no_way_back || data[0] < 4 || from->port != 6000;
}

START_TEST(a_waits_for_the_acknowledgement) {
  start_ours(71);
  no_way_back = false;
  w.net.filter = lose_from_b;
  private_world_run(&w, WEFT_SEC(5), NULL);
  ck_assert(no_way_back && conn(a())->stage == WEFT_WEBRTC_READY);
  ck_assert_uint_eq(a()->connected, 0);
  w.net.filter = NULL;
  ck_assert(private_world_run(&w, WEFT_SEC(10), private_world_ready));
  private_world_end(&w);
}
END_TEST

START_TEST(its_id_comes_back) {
  uint32_t id;
  start_ours(72);
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
  private_world_run(&w, w.now + WEFT_SEC(2), NULL);
  ck_assert_int_eq(weft_webrtc_stream_open(a()->c, &id, w.now), WEFT_OK);
  ck_assert_uint_eq(id, 1);
  weft_webrtc_stream_send(a()->c, id, (const uint8_t *)"hello", 5, w.now);
  private_world_run(&w, w.now + WEFT_SEC(1), NULL);
  ck_assert_uint_eq(streams_seen, 2); /* B's OPENED and DATA */
  private_world_end(&w);
}
END_TEST

/* js-libp2p's answerer closes "init" as soon as it sees it; also before it has acknowledged it. */
static void close_it(bool unacknowledged) {
  private_world_prepare(&w, 73, test_alloc());
  js_peer_init(&js, b(), JS_CHROMIUM);
  ck_assert(private_world_make(a()));
  ck_assert_int_eq(weft_private_start(a()->p, w.now), WEFT_OK);
  js_peer_start(&js);
  bool closed = false;
  while (!a()->connected) {
    ck_assert(private_world_step(&w, WEFT_SEC(9)));
    if (closed || !conn(b()) || !conn(b())->init_taken) continue;
    closed = true;
    if (unacknowledged) conn(a())->init_acked = false;
    weft_webrtc_enter(b()->c, w.now);
    ck_assert_int_eq(weft_datachannel_close_channel(b()->c->dc, 1, w.now), WEFT_OK);
    weft_webrtc_leave(b()->c);
  }
  ck_assert(closed);
  private_world_run(&w, w.now + WEFT_SEC(1), NULL);
  ck_assert(!channel_there(a(), 1) && !channel_there(b(), 1));
  ck_assert_uint_eq(a()->ready, 1);
  private_world_end(&w);
}

START_TEST(b_closes_it) { close_it(false); }
END_TEST

/* A close that no acknowledgement came before is one. */
START_TEST(a_close_is_an_acknowledgement) {
  start_ours(74);
  while (!channel_there(a(), 1)) ck_assert(private_world_step(&w, WEFT_SEC(15)));
  weft_webrtc *c = conn(a());
  weft_webrtc_enter(c, w.now);
  ck_assert_int_eq(weft_datachannel_reset_in(c->dc, (const uint16_t[]){1}, 1, w.now), WEFT_OK);
  weft_webrtc_leave(c);
  ck_assert(c->init_acked);
  private_world_end(&w);
}
END_TEST

/* Data on it is nobody's; its second opening is a stream like any other. */
START_TEST(what_else_comes_on_it) {
  private_world_prepare(&w, 75, test_alloc());
  js_peer_init(&js, a(), JS_NODE);
  streams_seen = 0;
  w.on_webrtc = count_streams;
  ck_assert(private_world_make(b()));
  ck_assert_int_eq(weft_private_start(b()->p, w.now), WEFT_OK);
  js_peer_start(&js);
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
  weft_webrtc *c = a()->c;
  weft_datachannel_params params = {.label = "init", .label_len = 4};
  uint16_t id;
  weft_webrtc_enter(c, w.now);
  ck_assert_int_eq(weft_datachannel_open(c->dc, &params, &id, w.now), WEFT_OK);
  weft_webrtc_leave(c);
  private_world_run(&w, w.now + WEFT_SEC(1), NULL);
  ck_assert_uint_eq(streams_seen, 1);
  private_world_end(&w);
}
END_TEST

Suite *test_webrtc_init(void) {
  static const unit_test tests[] = {UNIT(opened_acknowledged_closed),
                                    UNIT(a_waits_for_the_acknowledgement),
                                    UNIT(its_id_comes_back),
                                    UNIT(b_closes_it),
                                    UNIT(a_close_is_an_acknowledgement),
                                    UNIT(what_else_comes_on_it)};
  return unit_suite("webrtc/init", tests, sizeof tests / sizeof tests[0]);
}
