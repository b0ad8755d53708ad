#define _GNU_SOURCE
#include "apps/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "test/unit/app_loop_rig.h"

enum { PLENTY = 4 << 20 };

typedef struct side {
  app_tcp *t;
  size_t to_send, sent, got;
  uint64_t sum;
  unsigned connected, ends, broken;
  int error;
  bool ending;
} side;

static app_tcp_pool pool;
static app_tcp_listener listener;
static side dialer, server;
static unsigned accepted, starved;
static uint8_t pattern[PLENTY];

static void push(side *s) {
  while (s->sent < s->to_send) {
    ptrdiff_t n = app_tcp_send(s->t, pattern + s->sent, s->to_send - s->sent);
    if (n <= 0) return;
    s->sent += (size_t)n;
  }
  if (s->ending) app_tcp_shutdown(s->t);
}

static void on_connected(void *user, app_tcp *t, weft_time now) {
  side *s = user;
  (void)t, (void)now;
  s->connected++;
  push(s);
}

static void on_data(void *user, app_tcp *t, const uint8_t *data, size_t len, weft_time now) {
  side *s = user;
  (void)t, (void)now;
  ck_assert_uint_le(s->got + len, PLENTY);
  ck_assert_mem_eq(data, pattern + s->got, len);
  s->got += len;
}

static void on_end(void *user, app_tcp *t, weft_time now) {
  (void)t, (void)now;
  ((side *)user)->ends++;
}

static void on_writable(void *user, app_tcp *t, weft_time now) {
  (void)t, (void)now;
  push(user);
}

static void on_broken(void *user, app_tcp *t, int error, weft_time now) {
  side *s = user;
  (void)t, (void)now;
  s->broken++;
  s->error = error;
}

static const app_tcp_callbacks callbacks = {on_connected, on_data, on_end, on_writable, on_broken};

static void on_accepted(void *user, app_tcp *t, weft_time now) {
  (void)user, (void)now;
  accepted++;
  if (server.t) {
    app_tcp_abort(t);
    return;
  }
  server.t = t;
  app_tcp_use(t, &callbacks, &server);
}

static void on_starved(void *user, int error, weft_time now) {
  (void)user, (void)now;
  ck_assert_int_eq(error, EMFILE);
  starved++;
}

static void begin(const weft_addr *at) {
  static const app_tcp_listener_callbacks cb = {on_accepted, on_starved};
  memset(&dialer, 0, sizeof dialer);
  memset(&server, 0, sizeof server);
  accepted = starved = 0;
  for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (uint8_t)(i * 31 >> 3 ^ i);
  loop_begin();
  ck_assert_int_eq(app_tcp_pool_init(&pool, &loop), WEFT_OK);
  ck_assert_int_eq(app_tcp_listen(&listener, &pool, at, &cb, NULL), WEFT_OK);
  ck_assert_uint_ne(listener.bound.port, 0);
}

static void begin4(void) {
  static const uint8_t ip[4] = {127, 0, 0, 1};
  weft_addr a = weft_addr_ip4(ip, 0);
  begin(&a);
}

static void dial(void) {
  ck_assert_int_eq(app_tcp_connect(&dialer.t, &pool, &listener.bound, &callbacks, &dialer), WEFT_OK);
}

static void end(void) {
  if (dialer.t) app_tcp_abort(dialer.t);
  if (server.t) app_tcp_abort(server.t);
  app_tcp_listener_close(&listener);
  app_tcp_pool_end(&pool);
  app_loop_end(&loop);
}

static bool both_connected(void) { return dialer.connected && server.t; }

static bool both_ended(void) { return dialer.ends && server.ends; }

static void exchange(void) {
  dialer.to_send = PLENTY;
  dialer.ending = true;
  dial();
  ck_assert(loop_run(both_connected));
  server.to_send = PLENTY;
  server.ending = true;
  push(&server);
  ck_assert(loop_run(both_ended));
  ck_assert_uint_eq(server.got, PLENTY);
  ck_assert_uint_eq(dialer.got, PLENTY);
  ck_assert_uint_eq(server.broken + dialer.broken, 0);
  end();
}

START_TEST(much_goes_both_ways) {
  begin4();
  exchange();
}
END_TEST

START_TEST(ip6_too) {
  static const uint8_t ip[16] = {[15] = 1};
  weft_addr a = weft_addr_ip6(ip, 0);
  begin(&a);
  exchange();
}
END_TEST

static unsigned turns_after_full;

static bool sender_is_full(void) {
  return both_connected() && dialer.sent > 0 && dialer.sent < PLENTY && ++turns_after_full > 3;
}

static bool all_read(void) { return server.got == PLENTY; }

START_TEST(a_reader_that_stops_stops_the_writer) {
  begin4();
  turns_after_full = 0;
  dialer.to_send = PLENTY;
  dial();
  ck_assert(loop_run(both_connected));
  app_tcp_read(server.t, false);
  size_t before = server.got;
  loop_until = sender_is_full;
  loop_give_up =
      app_clock_now() + WEFT_MS(300); /* nothing is left to do: the time runs out, or it would have been sent */
  loop.stopped = false;
  app_loop_run(&loop);
  ck_assert_uint_eq(server.got, before);
  if (dialer.sent < PLENTY) ck_assert_uint_lt(loop_turns, 100);
  app_tcp_read(server.t, true);
  ck_assert(loop_run(all_read));
  end();
}
END_TEST

static bool dialer_broken(void) { return dialer.broken > 0; }

START_TEST(nobody_listens) {
  begin4();
  app_tcp_listener_close(&listener);
  dial();
  ck_assert(loop_run(dialer_broken));
  ck_assert_int_eq(dialer.error, ECONNREFUSED);
  ck_assert_uint_eq(dialer.connected, 0);
  end();
}
END_TEST

static bool server_ended(void) { return server.ends + server.broken > 0; }

/* The dialer leaves while bytes for it are on the way: its last bytes arrive all the same, and no RST before them. */
START_TEST(the_last_bytes_arrive) {
  begin4();
  dial();
  ck_assert(loop_run(both_connected));
  server.to_send = PLENTY;
  push(&server);
  ck_assert_int_eq(app_tcp_send(dialer.t, pattern, 100), 100);
  app_tcp_close(dialer.t, app_clock_now());
  dialer.t = NULL;
  ck_assert_uint_eq(pool.lingering_len, 1);
  ck_assert(loop_run(server_ended));
  ck_assert_uint_eq(server.got, 100);
  ck_assert_uint_eq(server.broken, 0);
  end();
}
END_TEST

static bool nothing_lingers(void) { return pool.lingering_len == 0; }

START_TEST(lingering_ends) {
  begin4();
  dial();
  ck_assert(loop_run(both_connected));
  app_tcp_close(dialer.t, app_clock_now());
  dialer.t = NULL;
  ck_assert(loop_run(nothing_lingers)); /* the server keeps its side open */
  end();
}
END_TEST

START_TEST(a_reset_is_told_once) {
  begin4();
  dial();
  ck_assert(loop_run(both_connected));
  /* Closing with bytes unread sends RST (RFC 2525 section 2.17). */
  ck_assert_int_eq(app_tcp_send(server.t, pattern, 1000), 1000);
  app_tcp_read(dialer.t, false);
  app_tcp_abort(dialer.t);
  dialer.t = NULL;
  ck_assert(loop_run(server_ended));
  ck_assert_uint_eq(server.broken + server.ends, 1);
  end();
}
END_TEST

static bool is_starved(void) { return starved > 0; }

static bool got_in(void) { return accepted == 2; }

/* No descriptor is left: the connection waits in the backlog, the loop does not spin, and it is served afterwards. */
START_TEST(no_descriptor_left) {
  struct rlimit old, low;
  begin4();
  dial();
  ck_assert(loop_run(both_connected));
  app_tcp *first = dialer.t, *second;
  getrlimit(RLIMIT_NOFILE, &old);
  ck_assert_int_eq(app_tcp_connect(&second, &pool, &listener.bound, &callbacks, &dialer), WEFT_OK);
  low = old;
  int next = dup(0);
  close(next);
  low.rlim_cur = (rlim_t)next;
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
  bool seen = loop_run(is_starved);
  loop_until = got_in;
  loop_give_up = app_clock_now() + WEFT_MS(250);
  loop.stopped = false;
  loop_turns = 0;
  app_loop_run(&loop);
  unsigned turns = loop_turns;
  setrlimit(RLIMIT_NOFILE, &old);
  ck_assert(seen);
  ck_assert_uint_eq(accepted, 1);
  ck_assert_uint_lt(turns, 20);
  ck_assert(loop_run(got_in));
  app_tcp_abort(second);
  dialer.t = first;
  end();
}
END_TEST

Suite *test_apps_tcp(void) {
  static const unit_test tests[] = {UNIT(much_goes_both_ways),
                                    UNIT(ip6_too),
                                    UNIT(a_reader_that_stops_stops_the_writer),
                                    UNIT(nobody_listens),
                                    UNIT(the_last_bytes_arrive),
                                    UNIT(lingering_ends),
                                    UNIT(a_reset_is_told_once),
                                    UNIT(no_descriptor_left)};
  return unit_suite("apps/tcp", tests, sizeof tests / sizeof tests[0]);
}
