#include "apps/webrtc_conns.h"

#include <string.h>

#include "test/support/unit.h"
#include "test/support/webrtc_world.h"

/* A listener and a dialer on a simulated network, a host on each side. */
typedef struct node {
  app_host host;
  app_loop loop; /* its timers alone */
  app_webrtc_conns conns;
  app_webrtc_conn *conn;
  unsigned ready, identified, resets;
  weft_time ready_at;
  bool yamux; /* what the dialer asks for */
} node;

static world w;
static node nodes[2]; /* 0: the dialer's */
static bool idle;     /* the dialer says nothing */

static node *node_of(const world_side *s) { return &nodes[s->server ? 1 : 0]; }

static void on_ready(void *user, app_webrtc_conn *c, weft_time now) {
  node *n = user;
  n->ready++;
  n->ready_at = now;
  ck_assert_ptr_nonnull(c->peer);
  if (!idle || n == &nodes[1]) app_peer_identify(c->peer, now);
}

static void on_identified(void *user, app_peer *p, const weft_identify *id, weft_time now) {
  node *n = user;
  (void)id, (void)now;
  ck_assert_str_ne(p->agent, "");
  n->identified++;
}

static void on_event(world_side *s, const weft_webrtc_event *ev, weft_time now) {
  node *n = node_of(s);
  if (ev->type == WEFT_WEBRTC_EVENT_READY) {
    /* app_webrtc_conn_new is ready at once when the dialer's streams are channels */
    n->conn = s->data = app_webrtc_conn_new(&n->conns, s->c, ev, n->yamux, now);
  } else if (ev->type == WEFT_WEBRTC_EVENT_CLOSED) {
    app_webrtc_conn_free(s->data, WEFT_ECLOSED, now);
    s->data = n->conn = NULL;
  } else if (s->data) {
    if (ev->type == WEFT_WEBRTC_EVENT_STREAM && ev->stream->type == WEFT_STREAM_RESET) n->resets++;
    app_webrtc_conn_event(s->data, ev, now);
  }
}

static void begin(bool yamux) {
  world_init(&w, 5, NULL);
  w.on_event = on_event;
  idle = false;
  for (int i = 0; i < 2; i++) {
    node *n = &nodes[i];
    memset(n, 0, sizeof *n);
    n->loop.epoll = n->loop.signal_fd = -1;
    app_host_init(&n->host, &w.server_cfg.rng, i == 0 ? &w.client_id : &w.server_id, NULL, 0, n);
    n->host.identified = on_identified;
    ck_assert_int_eq(app_webrtc_conns_init(&n->conns, &n->loop, &n->host, on_ready, n), WEFT_OK);
  }
  nodes[0].yamux = yamux;
}

static void end(void) {
  for (int i = 0; i < 2; i++) {
    app_webrtc_conn_free(nodes[i].conn, WEFT_ECLOSED, w.now);
    app_loop_end(&nodes[i].loop);
  }
  world_end(&w);
}

static bool both_identified(world *unused) {
  (void)unused;
  return nodes[0].identified && nodes[1].identified;
}

static void meet(bool yamux) {
  begin(yamux);
  world_dial(&w, 0);
  ck_assert(world_run(&w, WEFT_SEC(5), both_identified));
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(nodes[i].ready, 1);
    ck_assert_int_eq(nodes[i].conn->yamux, yamux);
    ck_assert_int_eq(nodes[i].conn->inbound, i == 1);
  }
  ck_assert(weft_addr_equal(&nodes[1].conn->peer->remote, &w.dialers[0].addr));
}

START_TEST(channels_are_seen) {
  meet(false);
  end();
}
END_TEST

START_TEST(yamux_is_seen) {
  meet(true);
  end();
}
END_TEST

static bool listener_is_ready(world *unused) {
  (void)unused;
  return w.accepted_len > 0 && w.accepted[0].ready;
}

/* A dialer that waits for us: after a second its streams are channels. */
START_TEST(silence_means_channels) {
  begin(false);
  idle = true;
  world_dial(&w, 0);
  ck_assert(world_run(&w, WEFT_SEC(5), listener_is_ready));
  ck_assert_uint_eq(nodes[1].ready, 0);
  weft_time at = nodes[1].conns.due.at;
  ck_assert_uint_eq(at, w.now + APP_WEBRTC_DECIDE);
  app_due_tick(&nodes[1].conns.due, at - 1);
  ck_assert_uint_eq(nodes[1].ready, 0);
  app_due_tick(&nodes[1].conns.due, at);
  ck_assert_uint_eq(nodes[1].ready, 1);
  ck_assert(!nodes[1].conn->yamux);
  world_run(&w, WEFT_SEC(10), NULL);
  ck_assert_uint_eq(nodes[1].identified, 1);
  end();
}
END_TEST

START_TEST(no_channel_beside_a_session) {
  uint32_t stream;
  meet(true);
  ck_assert_int_eq(weft_webrtc_stream_open(w.dialers[0].c, &stream, w.now), WEFT_OK);
  weft_webrtc_stream_send(w.dialers[0].c, stream, (const uint8_t *)"hello", 5, w.now);
  world_run(&w, w.now + WEFT_SEC(2), NULL);
  ck_assert_uint_eq(nodes[0].resets, 1);
  ck_assert_uint_eq(nodes[1].ready, 1);
  end();
}
END_TEST

static bool listener_closed(world *unused) {
  (void)unused;
  return w.accepted_len > 0 && w.accepted[0].closed_seen;
}

/* Neither a channel nor a session: the connection is of no use. */
START_TEST(garbage_on_channel_0_ends_it) {
  static const uint8_t garbage[] = "\x05hello\n\xff\xff\xff\xff";
  begin(false);
  idle = true;
  world_dial(&w, 0);
  ck_assert(world_run(&w, WEFT_SEC(5), listener_is_ready));
  weft_webrtc_secured_send(w.dialers[0].c, garbage, sizeof garbage, w.now);
  ck_assert(world_run(&w, w.now + WEFT_SEC(20), listener_closed));
  ck_assert_uint_eq(nodes[1].ready, 0);
  end();
}
END_TEST

START_TEST(a_session_that_ends_ends_the_connection) {
  meet(true);
  app_link_close(nodes[0].conn->link, WEFT_OK, w.now);
  ck_assert(world_run(&w, w.now + WEFT_SEC(20), listener_closed));
  ck_assert_ptr_null(nodes[0].host.peers);
  ck_assert_ptr_null(nodes[1].host.peers);
  end();
}
END_TEST

Suite *test_apps_webrtc_conns(void) {
  static const unit_test tests[] = {UNIT(channels_are_seen),
                                    UNIT(yamux_is_seen),
                                    UNIT(silence_means_channels),
                                    UNIT(no_channel_beside_a_session),
                                    UNIT(garbage_on_channel_0_ends_it),
                                    UNIT(a_session_that_ends_ends_the_connection)};
  return unit_suite("apps/webrtc_conns", tests, sizeof tests / sizeof tests[0]);
}
