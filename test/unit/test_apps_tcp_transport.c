#define _GNU_SOURCE
#include "apps/tcp_transport.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/sockaddr.h"
#include "test/support/rng.h"
#include "test/unit/app_loop_rig.h"

typedef struct node {
  app_host host;
  test_rng seed;
  weft_identity identity;
  app_tcp_transport tcp;
  app_tcp_conn *conn; /* the one that became ready last */
  unsigned ready, closed, identified;
  weft_closed why;
  char text[160];
} node;

static node dialer, server;
static int raw[APP_TCP_UPGRADING_MAX + 100];
static size_t raw_len;

static void on_ready(void *user, app_tcp_conn *c, weft_time now) {
  node *n = user;
  n->ready++;
  n->conn = c;
  app_peer_identify(c->peer, now);
}

static void on_closed(void *user, app_tcp_conn *c, const weft_closed *why, weft_time now) {
  node *n = user;
  (void)c, (void)now;
  n->closed++;
  n->why = *why;
  snprintf(n->text, sizeof n->text, "%s", why->text);
  n->conn = NULL;
}

static void on_refused(void *user, const weft_addr *remote, const char *why, weft_time now) {
  node *n = user;
  (void)remote, (void)now;
  snprintf(n->text, sizeof n->text, "%s", why);
}

static void on_identified(void *user, app_peer *p, const weft_identify *id, weft_time now) {
  (void)p, (void)id, (void)now;
  ((node *)user)->identified++;
}

static void node_init(node *n, uint8_t number) {
  static const app_tcp_transport_callbacks cb = {on_ready, on_closed, NULL, on_refused};
  uint8_t seed[32] = {number};
  memset(n, 0, sizeof *n);
  weft_rng r = test_rng_init(&n->seed, number);
  ck_assert_int_eq(weft_identity_from_seed(&n->identity, seed), WEFT_OK);
  app_host_init(&n->host, &r, &n->identity, NULL, 0, n);
  n->host.identified = on_identified;
  ck_assert_int_eq(app_tcp_transport_init(&n->tcp, &loop, &n->host, &cb, n), WEFT_OK);
}

static weft_addr local(uint8_t last, uint16_t port) {
  uint8_t ip[4] = {127, 0, 0, last};
  return weft_addr_ip4(ip, port);
}

static void begin(void) {
  weft_addr a = local(1, 0);
  loop_begin();
  node_init(&dialer, 1);
  node_init(&server, 2);
  raw_len = 0;
  ck_assert_int_eq(app_tcp_transport_listen(&server.tcp, &a), WEFT_OK);
}

static void end(void) {
  weft_time now = app_clock_now();
  for (size_t i = 0; i < raw_len; i++) close(raw[i]);
  app_tcp_transport_end(&dialer.tcp, now);
  app_tcp_transport_end(&server.tcp, now);
  app_loop_end(&loop);
}

static void dial(const uint8_t *expected, size_t len) {
  app_tcp_conn *c;
  ck_assert_int_eq(app_tcp_transport_dial(&dialer.tcp, &c, &server.tcp.listeners[0].bound, expected, len, WEFT_SEC(15),
                                          app_clock_now()),
                   WEFT_OK);
}

/* A client that connects from 127.0.0.<last> and says nothing. */
static void silent(uint8_t last) {
  struct sockaddr_storage ss;
  weft_addr from = local(last, 0);
  socklen_t n = app_sockaddr_from(&ss, &from);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_ge(fd, 0);
  raw[raw_len++] = fd;
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, n), 0);
  n = app_sockaddr_from(&ss, &server.tcp.listeners[0].bound);
  ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, n), 0);
}

static bool both_identified(void) { return dialer.identified && server.identified; }

static bool both_closed(void) { return dialer.closed && server.closed; }

static bool dialer_closed(void) { return dialer.closed > 0; }

static bool all_delivered(void) { return app_tcp_transport_idle(&dialer.tcp) && app_tcp_transport_idle(&server.tcp); }

START_TEST(two_programs_meet) {
  begin();
  dial(server.identity.peer_id, sizeof server.identity.peer_id);
  ck_assert(loop_run(both_identified));
  ck_assert(server.conn->inbound && !dialer.conn->inbound);
  ck_assert(weft_addr_equal(app_tcp_conn_local(server.conn), app_tcp_conn_remote(dialer.conn)));
  ck_assert(weft_addr_equal(app_tcp_conn_remote(server.conn), app_tcp_conn_local(dialer.conn)));
  ck_assert_uint_eq(server.tcp.upgrading_len + dialer.tcp.upgrading_len, 0);
  app_tcp_transport_close(&dialer.tcp, app_clock_now());
  ck_assert(loop_run(both_closed));
  ck_assert_int_eq(dialer.why.code, WEFT_OK);
  ck_assert_int_eq(server.why.who, WEFT_WHO_PEER);
  app_tcp_transport_close(&server.tcp, app_clock_now());
  ck_assert(loop_run(all_delivered));
  end();
}
END_TEST

START_TEST(another_peer_id_is_refused) {
  begin();
  dial(dialer.identity.peer_id, sizeof dialer.identity.peer_id);
  ck_assert(loop_run(dialer_closed));
  ck_assert_int_eq(dialer.why.code, WEFT_EAUTH);
  ck_assert_uint_eq(dialer.ready, 0);
  end();
}
END_TEST

START_TEST(nobody_listens) {
  begin();
  dial(NULL, 0);
  app_tcp_transport_unlisten(&server.tcp);
  app_tcp_transport_end(&dialer.tcp, app_clock_now());
  app_tcp_conn *c;
  weft_addr nobody = local(1, 9);
  ck_assert_int_eq(app_tcp_transport_dial(&dialer.tcp, &c, &nobody, NULL, 0, WEFT_SEC(15), app_clock_now()), WEFT_OK);
  ck_assert(loop_run(dialer_closed));
  ck_assert_str_eq(dialer.why.layer, "tcp");
  ck_assert_str_eq(dialer.why.step, "connect");
  ck_assert_int_eq(dialer.why.code, WEFT_EREFUSED);
  ck_assert_str_eq(dialer.text, "Connection refused");
  end();
}
END_TEST

static size_t wanted_upgrading;

static bool upgrading(void) { return server.tcp.upgrading_len >= wanted_upgrading; }

static bool refused_one(void) { return server.tcp.refused == 1; }

static bool evicted_one(void) { return server.tcp.evicted == 1; }

/* They hold a socket each and nothing else happens: after the limit they are gone. */
START_TEST(silent_clients_are_given_up) {
  begin();
  for (int i = 0; i < 3; i++) silent(1);
  wanted_upgrading = 3;
  ck_assert(loop_run(upgrading));
  weft_time now = app_clock_now();
  app_due_tick(&server.tcp.due, now + APP_TCP_UPGRADE_LIMIT - WEFT_SEC(2));
  ck_assert_uint_eq(server.closed, 0);
  app_due_tick(&server.tcp.due, now + APP_TCP_UPGRADE_LIMIT);
  ck_assert_uint_eq(server.closed, 3);
  ck_assert_int_eq(server.why.code, WEFT_ETIMEDOUT);
  ck_assert_uint_eq(server.tcp.conns_len, 0);
  ck_assert_uint_eq(server.tcp.upgrading_len, 0);
  end();
}
END_TEST

START_TEST(one_source_cannot_take_all) {
  begin();
  for (int i = 0; i < APP_TCP_UPGRADING_PER_IP; i++) silent(2);
  wanted_upgrading = APP_TCP_UPGRADING_PER_IP;
  ck_assert(loop_run(upgrading));
  silent(2);
  ck_assert(loop_run(refused_one));
  ck_assert_uint_eq(server.tcp.upgrading_len, APP_TCP_UPGRADING_PER_IP);
  dial(server.identity.peer_id, sizeof server.identity.peer_id); /* from another address */
  ck_assert(loop_run(both_identified));
  end();
}
END_TEST

/* Those that are set up count too: an identity costs nothing. Another source is served. */
START_TEST(one_source_has_so_many_connections) {
  begin();
  server.tcp.max_per_source = 2;
  silent(1);
  wanted_upgrading = 1;
  ck_assert(loop_run(upgrading));
  dial(server.identity.peer_id, sizeof server.identity.peer_id); /* from 127.0.0.1 too */
  ck_assert(loop_run(both_identified));
  ck_assert_uint_eq(server.tcp.refused, 0);
  silent(1);
  ck_assert(loop_run(refused_one));
  ck_assert_str_eq(server.text, "this source has its connections already");
  ck_assert_uint_eq(server.tcp.conns_len, 2);
  silent(2);
  wanted_upgrading = 2;
  ck_assert(loop_run(upgrading));
  app_tcp_transport_close(&dialer.tcp, app_clock_now());
  ck_assert(loop_run(both_closed));
  silent(1); /* there is room again */
  wanted_upgrading = 3;
  ck_assert(loop_run(upgrading));
  ck_assert_uint_eq(server.tcp.refused, 1);
  end();
}
END_TEST

START_TEST(the_oldest_makes_way) {
  begin();
  for (size_t i = 0; i < APP_TCP_UPGRADING_MAX; i++) {
    silent((uint8_t)(2 + i / APP_TCP_UPGRADING_PER_IP));
    wanted_upgrading = i + 1;
    ck_assert(loop_run(upgrading));
  }
  const app_tcp_conn *oldest = server.tcp.oldest, *next = oldest->younger;
  ck_assert_ptr_nonnull(next);
  dial(server.identity.peer_id, sizeof server.identity.peer_id);
  ck_assert(loop_run(evicted_one));
  ck_assert_ptr_eq(server.tcp.oldest, next);
  ck_assert_int_eq(server.why.code, WEFT_ELIMIT);
  ck_assert(loop_run(both_identified));
  end();
}
END_TEST

START_TEST(dialing_into_silence_ends_in_time) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_storage ss;
  weft_addr a = local(1, 0);
  begin();
  raw[raw_len++] = fd;
  socklen_t n = app_sockaddr_from(&ss, &a);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, n), 0);
  ck_assert_int_eq(listen(fd, 1), 0);
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&ss, &n), 0);
  app_sockaddr_to(&a, &ss);
  app_tcp_conn *c;
  weft_time now = app_clock_now();
  ck_assert_int_eq(app_tcp_transport_dial(&dialer.tcp, &c, &a, NULL, 0, WEFT_SEC(2), now), WEFT_OK);
  ck_assert_uint_le(dialer.tcp.due.at, now + WEFT_SEC(2));
  app_due_tick(&dialer.tcp.due, now + WEFT_SEC(2));
  ck_assert_uint_eq(dialer.closed, 1);
  ck_assert_int_eq(dialer.why.who, WEFT_WHO_TIMEOUT);
  end();
}
END_TEST

Suite *test_apps_tcp_transport(void) {
  static const unit_test tests[] = {UNIT(two_programs_meet),
                                    UNIT(another_peer_id_is_refused),
                                    UNIT(nobody_listens),
                                    UNIT(silent_clients_are_given_up),
                                    UNIT(one_source_cannot_take_all),
                                    UNIT(one_source_has_so_many_connections),
                                    UNIT(the_oldest_makes_way),
                                    UNIT(dialing_into_silence_ends_in_time)};
  return unit_suite("apps/tcp_transport", tests, sizeof tests / sizeof tests[0]);
}
