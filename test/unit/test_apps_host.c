#include <string.h>

#include "apps/host.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

/* A connection without a network. Like webrtc's, it raises what a call leads to before the outermost call returns: at once, or, from inside an
 * event, after it. */
typedef struct fake {
  app_peer *peer;
  uint32_t next;
  uint8_t sent[4096];
  size_t sent_len;
  unsigned resets, shutdowns;
  bool busy, pending, closing;
  weft_stream_event event;
} fake;

static fake conn;
static app_host host;
static test_rng rng;
static weft_identity identity;
static unsigned pings, done;
static int done_code;

static int fake_open(void *c, uint32_t *stream, weft_time now) {
  (void)now;
  *stream = ((fake *)c)->next++;
  return WEFT_OK;
}

static ptrdiff_t fake_send(void *c, uint32_t stream, const uint8_t *data, size_t len, weft_time now) {
  fake *f = c;
  (void)stream, (void)now;
  ck_assert_uint_le(f->sent_len + len, sizeof f->sent);
  memcpy(f->sent + f->sent_len, data, len);
  f->sent_len += len;
  return (ptrdiff_t)len;
}

static void raise_event(fake *f, weft_stream_event_type type, uint32_t stream, int code, weft_time now) {
  weft_stream_event ev = {.type = type, .stream = stream, .code = code};
  if (f->busy) {
    f->pending = true;
    f->event = ev;
  } else if (f->peer) {
    app_peer_stream_event(f->peer, &ev, now);
  }
}

static int fake_shutdown(void *c, uint32_t stream, weft_time now) {
  ((fake *)c)->shutdowns++;
  raise_event(c, WEFT_STREAM_CLOSED, stream, WEFT_OK, now);
  return WEFT_OK;
}

static int fake_reset(void *c, uint32_t stream, weft_time now) {
  ((fake *)c)->resets++;
  raise_event(c, WEFT_STREAM_RESET, stream, WEFT_ECLOSED, now);
  return WEFT_OK;
}

static int fake_consumed(void *c, uint32_t stream, size_t n, weft_time now) {
  (void)c, (void)stream, (void)n, (void)now;
  return WEFT_OK;
}

static size_t fake_room(const void *c, uint32_t stream) {
  (void)c, (void)stream;
  return 65536;
}

static const app_muxer muxer = {fake_open, fake_send, fake_shutdown, fake_reset, fake_consumed, fake_room};

static void close_now(weft_time now) {
  if (conn.peer) app_peer_free(conn.peer, WEFT_ECLOSED, now);
  conn.peer = NULL;
}

static void give(const void *data, size_t len, weft_time now) {
  weft_stream_event ev = {.type = WEFT_STREAM_DATA, .stream = 2, .data = data, .len = len};
  conn.sent_len = 0;
  conn.busy = true;
  app_peer_stream_event(conn.peer, &ev, now);
  conn.busy = false;
  if (conn.pending && conn.peer) app_peer_stream_event(conn.peer, &conn.event, now);
  conn.pending = false;
  if (conn.closing) close_now(now);
}

static void pinged(void *user, app_peer *p, weft_time rtt, weft_time now) {
  (void)user, (void)p, (void)rtt, (void)now;
  pings++;
}

/* As the client does when a ping fails: the connection goes, and the peer with it. */
static void ping_done(void *user, app_peer *p, const weft_closed *why, weft_time now) {
  (void)user;
  done++;
  done_code = why->code;
  ck_assert_ptr_eq(p, conn.peer);
  conn.closing = true;
  if (!conn.busy) close_now(now);
}

static void begin(void) {
  static const uint8_t seed[32] = {1}, peer_id[34] = {0x12, 0x20};
  memset(&conn, 0, sizeof conn);
  conn.next = 2;
  pings = done = 0;
  weft_rng r = test_rng_init(&rng, 1);
  ck_assert_int_eq(weft_identity_from_seed(&identity, seed), WEFT_OK);
  app_host_init(&host, &r, &identity, NULL, 0, NULL);
  host.pinged = pinged;
  host.ping_done = ping_done;
  conn.peer = app_peer_new(&host, &conn, &muxer, peer_id, sizeof peer_id, 0);
  ck_assert_ptr_nonnull(conn.peer);
}

static const char agreed[] = "\x13/multistream/1.0.0\n\x11/ipfs/ping/1.0.0\n";

START_TEST(pings_come_back) {
  uint8_t echo[32];
  begin();
  ck_assert_int_eq(app_peer_ping(conn.peer, 2, 0, 0), WEFT_OK);
  ck_assert_uint_eq(conn.sent_len, sizeof agreed - 1);
  ck_assert_mem_eq(conn.sent, agreed, sizeof agreed - 1);
  give(agreed, sizeof agreed - 1, WEFT_MS(5));
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(conn.sent_len, sizeof echo);
    memcpy(echo, conn.sent, sizeof echo);
    give(echo, sizeof echo, WEFT_MS(10));
  }
  ck_assert_uint_eq(pings, 2);
  ck_assert_uint_eq(done, 1);
  ck_assert_int_eq(done_code, WEFT_OK);
  ck_assert_uint_eq(conn.shutdowns, 1);
}
END_TEST

/* The tick that finds out ends the stream, and the program then ends everything: nothing may be touched after that. */
START_TEST(an_unanswered_ping_ends_in_order) {
  begin();
  ck_assert_int_eq(app_peer_ping(conn.peer, 2, 0, 0), WEFT_OK);
  give(agreed, sizeof agreed - 1, WEFT_MS(5));
  /* The first deadline is that of the negotiation, which is over. */
  for (int i = 0; i < 2 && done == 0; i++) {
    weft_time at = app_host_deadline(&host);
    ck_assert_uint_le(at, WEFT_SEC(11));
    app_host_tick(&host, at);
  }
  ck_assert_uint_eq(done, 1);
  ck_assert_int_eq(done_code, WEFT_ETIMEDOUT);
  ck_assert_uint_eq(conn.resets, 1);
  ck_assert_ptr_null(host.peers);
}
END_TEST

START_TEST(no_ping_protocol_is_said_once) {
  begin();
  ck_assert_int_eq(app_peer_ping(conn.peer, 2, 0, 0), WEFT_OK);
  give("\x13/multistream/1.0.0\n\x03na\n", 24, WEFT_MS(5));
  ck_assert_uint_eq(done, 1);
  ck_assert_int_eq(done_code, WEFT_EUNSUPPORTED);
}
END_TEST

START_TEST(a_silent_negotiation_ends) {
  begin();
  ck_assert_int_eq(app_peer_identify(conn.peer, 0), WEFT_OK);
  weft_time at = app_host_deadline(&host);
  app_host_tick(&host, at);
  ck_assert_uint_eq(conn.resets, 1);
  ck_assert_uint_eq(app_host_deadline(&host), WEFT_NEVER);
  app_peer_free(conn.peer, WEFT_OK, at);
}
END_TEST

static void protocol_opened(app_stream *s, weft_time now) {
  (void)now;
  done++;
  s->state = NULL;
}

static const app_protocol anywhere = {.name = "/anywhere", .limited = true, .opened = protocol_opened};
static const app_protocol direct_only = {.name = "/direct-only", .opened = protocol_opened};

static void begin_relayed(void) {
  static const app_protocol *const both[] = {&direct_only, &anywhere};
  static const uint8_t peer_id[34] = {0x12, 0x20};
  begin();
  app_peer_free(conn.peer, WEFT_OK, 0);
  weft_rng r = test_rng_init(&rng, 1);
  app_host_init(&host, &r, &identity, both, 2, NULL);
  conn.peer = app_peer_new(&host, &conn, &muxer, peer_id, sizeof peer_id, 0);
  ck_assert_ptr_nonnull(conn.peer);
  conn.peer->limited = true;
}

/* circuit-v2.md: a relayed connection is limited; libp2p runs only what says that it may on those. */
START_TEST(a_relayed_connection_opens_only_limited_protocols) {
  int rc = WEFT_OK;
  begin_relayed();
  ck_assert_ptr_null(app_stream_open(conn.peer, &direct_only, NULL, &rc, 0));
  ck_assert_int_eq(rc, WEFT_EUNSUPPORTED);
  ck_assert_uint_eq(conn.sent_len, 0);
  ck_assert_ptr_nonnull(app_stream_open(conn.peer, &anywhere, NULL, &rc, 0));
  conn.peer->limited = false;
  ck_assert_ptr_nonnull(app_stream_open(conn.peer, &direct_only, NULL, &rc, 0));
  close_now(0);
}
END_TEST

static void propose(const char *text, size_t len) {
  weft_stream_event ev = {.type = WEFT_STREAM_OPENED, .stream = 2, .inbound = true};
  app_peer_stream_event(conn.peer, &ev, 0);
  give(text, len, 0);
}

START_TEST(a_relayed_connection_accepts_only_limited_protocols) {
  static const char refused[] = "\x13/multistream/1.0.0\n\x0d/direct-only\n",
                    taken[] = "\x13/multistream/1.0.0\n\x0a/anywhere\n";
  begin_relayed();
  propose(refused, sizeof refused - 1);
  ck_assert_uint_eq(done, 0);
  ck_assert_mem_eq(conn.sent + conn.sent_len - 4, "\x03na\n", 4);
  close_now(0);
  begin_relayed();
  propose(taken, sizeof taken - 1);
  ck_assert_uint_eq(done, 1);
  close_now(0);
  begin_relayed();
  conn.peer->limited = false;
  propose(refused, sizeof refused - 1);
  ck_assert_uint_eq(done, 1);
  close_now(0);
}
END_TEST

static weft_addr address(const char *text) {
  weft_addr a;
  ck_assert_int_eq(weft_addr_parse_ip(&a, text, strlen(text)), WEFT_OK);
  return a;
}

START_TEST(a_source_is_an_address_or_a_64) {
  static const struct {
    const char *a, *b;
    bool same;
  } cases[] = {{"192.0.2.1", "192.0.2.1", true},
               {"192.0.2.1", "192.0.2.2", false},
               {"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true},
               {"2001:db8:0:1::1", "2001:db8:0:2::1", false},
               {"192.0.2.1", "c000:201::", false}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    weft_addr a = address(cases[i].a), b = address(cases[i].b);
    a.port = 1;
    ck_assert(app_same_source(&a, &b) == cases[i].same);
  }
}
END_TEST

Suite *test_apps_host(void) {
  static const unit_test tests[] = {UNIT(pings_come_back),
                                    UNIT(an_unanswered_ping_ends_in_order),
                                    UNIT(no_ping_protocol_is_said_once),
                                    UNIT(a_silent_negotiation_ends),
                                    UNIT(a_relayed_connection_opens_only_limited_protocols),
                                    UNIT(a_relayed_connection_accepts_only_limited_protocols),
                                    UNIT(a_source_is_an_address_or_a_64)};
  return unit_suite("apps/host", tests, sizeof tests / sizeof tests[0]);
}
