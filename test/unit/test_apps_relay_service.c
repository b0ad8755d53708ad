#include "apps/relay_service.h"

#include "test/unit/app_pipe.h"

/* A relay and its clients, each behind a pipe of its own. A client speaks hop and stop by hand; what it hears on a circuit is checked against one pattern. */
enum { CLIENTS = 3, PATTERN = 1 << 20 };

typedef struct client {
  app_pipe pipe;      /* end 0 is the client, end 1 the relay's side */
  app_stream *stream; /* its circuit, or the exchange before it */
  app_peer *registered;
  int status; /* of the last answer on a hop stream; 0: none */
  bool circuit, slow, ended, limited;
  unsigned asked, resets;
  size_t got, taken, unconsumed;
  uint8_t frame[512];
  size_t frame_len;
} client;

static app_relay_service relay;
static app_host relay_host;
static weft_identity relay_identity;
static test_rng relay_seed;
static client clients[CLIENTS];
static uint8_t pattern[PATTERN];
static unsigned opened, over, reserved;
static const char *over_why;
static weft_time now_;
static bool storming;

static client *client_of(const app_stream *s) { return ((const app_end *)s->peer->host->user)->owner; }

/* ---- a client's protocols ---- */

static void write_frame(app_stream *s, const weft_relay_message *m, bool stop) {
  uint8_t out[512];
  size_t len;
  ck_assert_int_eq((stop ? weft_relay_stop_encode : weft_relay_hop_encode)(m, out, sizeof out, &len), WEFT_OK);
  ptrdiff_t n = app_stream_send(s, out, len, now_);
  if (!storming) ck_assert_int_eq(n, (ptrdiff_t)len);
}

static void on_payload(app_stream *s, client *c, const uint8_t *data, size_t len) {
  ck_assert_uint_le(c->got + len, PATTERN);
  ck_assert_mem_eq(data, pattern + c->got, len);
  c->got += len;
  if (c->slow)
    c->unconsumed += len;
  else
    app_stream_consumed(s, len, now_);
}

/* A message of less than 128 bytes, then the circuit's bytes. */
static void on_frame(app_stream *s, client *c) {
  weft_relay_message m, ok = {.type = WEFT_RELAY_STOP_STATUS, .status = WEFT_RELAY_OK};
  if (s->inbound) {
    ck_assert_int_eq(weft_relay_stop_decode(&m, c->frame + 1, c->frame_len - 1), WEFT_OK);
    ck_assert_int_eq(m.type, WEFT_RELAY_STOP_CONNECT);
    c->asked++;
    c->stream = s;
    write_frame(s, &ok, true);
    c->circuit = true;
    return;
  }
  ck_assert_int_eq(
      weft_relay_hop_decode(&m, c->frame + 1 + (c->frame[0] > 127), c->frame_len - 1 - (c->frame[0] > 127)), WEFT_OK);
  c->status = m.status;
  if (m.status == WEFT_RELAY_OK && !m.has_reservation) c->circuit = true;
}

static size_t frame_size(const client *c) {
  if (c->frame_len == 0) return 1;
  if (c->frame[0] < 128) return 1u + c->frame[0];
  return c->frame_len < 2 ? 2 : 2u + (c->frame[0] & 127u) + ((size_t)c->frame[1] << 7);
}

static void on_data(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  client *c = client_of(s);
  (void)now;
  while (len > 0 && !(c->circuit && s == c->stream)) {
    size_t before = c->frame_len;
    ck_assert_uint_lt(before, sizeof c->frame);
    c->frame[c->frame_len++] = *data++;
    len--;
    app_stream_consumed(s, 1, now_);
    if (c->frame_len < 2 || c->frame_len < frame_size(c)) continue;
    on_frame(s, c);
    c->frame_len = 0;
  }
  if (len > 0) on_payload(s, c, data, len);
}

static void on_remote_closed(app_stream *s, weft_time now) {
  client *c = client_of(s);
  if (s == c->stream) c->ended = true;
  if (s != c->stream || !c->circuit) app_stream_shutdown(s, now);
}

static void on_stream_closed(app_stream *s, int code, weft_time now) {
  client *c = client_of(s);
  (void)now;
  if (code != WEFT_OK) c->resets++;
  if (s == c->stream) c->stream = NULL;
  c->frame_len = 0;
}

static void on_hop_opened(app_stream *s, weft_time now) {
  const weft_relay_message *m = s->state;
  (void)now;
  if (m) write_frame(s, m, false);
}

static const app_protocol hop = {.name = WEFT_RELAY_HOP_PROTOCOL,
                                 .manual_consume = true,
                                 .dial_only = true,
                                 .limited = true,
                                 .opened = on_hop_opened,
                                 .data = on_data,
                                 .remote_closed = on_remote_closed,
                                 .closed = on_stream_closed};
static const app_protocol stop = {.name = WEFT_RELAY_STOP_PROTOCOL,
                                  .manual_consume = true,
                                  .data = on_data,
                                  .remote_closed = on_remote_closed,
                                  .closed = on_stream_closed};
static const app_protocol *const protocols[] = {&hop, &stop};

/* ---- the relay ---- */

static void on_relay_event(void *user, const weft_relay_server_event *ev, weft_time now) {
  (void)user, (void)now;
  if (ev->type == WEFT_RELAY_SERVER_RESERVED) reserved++;
  if (ev->type == WEFT_RELAY_SERVER_CIRCUIT_OPENED) opened++;
  if (ev->type != WEFT_RELAY_SERVER_CIRCUIT_CLOSED) return;
  over++;
  over_why = ev->reason;
}

static weft_relay_server_stats stats(void) {
  weft_relay_server_stats s = {.size = sizeof s};
  weft_relay_server_get_stats(relay.server, &s);
  return s;
}

static void begin(const weft_relay_server_config *with) {
  static const uint8_t seed[32] = {99};
  const app_protocol *mine[] = {&relay.hop, &relay.stop};
  weft_relay_server_config cfg;
  weft_relay_server_config_default(&cfg);
  if (with) cfg = *with;
  now_ = 0;
  opened = over = reserved = 0;
  for (size_t i = 0; i < PATTERN; i++) pattern[i] = (uint8_t)(i * 131 >> 4 ^ i);
  memset(clients, 0, sizeof clients);
  weft_rng r = test_rng_init(&relay_seed, 99);
  ck_assert_int_eq(weft_identity_from_seed(&relay_identity, seed), WEFT_OK);
  app_relay_service_prepare(&relay);
  app_host_init(&relay_host, &r, &relay_identity, mine, 2, NULL);
  ck_assert_int_eq(app_relay_service_init(&relay, &relay_host, &cfg, on_relay_event, NULL), WEFT_OK);
}

static void join(client *c, uint8_t number) {
  static const app_link_config small = {.window_max = 256 * 1024, .send_limit = 16 * 1024};
  memset(&c->pipe, 0, sizeof c->pipe);
  app_pipe_end_init(&c->pipe.end[0], number, protocols, 2);
  app_pipe_end_init(&c->pipe.end[1], (uint8_t)(number + 100), NULL, 0);
  for (int i = 0; i < 2; i++) {
    c->pipe.end[i].other = &c->pipe.end[1 - i];
    c->pipe.end[i].owner = c;
  }
  c->pipe.end[1].use = &relay_host;
  c->pipe.now = now_;
  app_pipe_start(&c->pipe, &small);
  app_pipe_run(&c->pipe);
  ck_assert_uint_eq(c->pipe.end[1].ready, 1);
  c->registered = c->pipe.end[1].peer;
  c->registered->limited = c->limited;
  ck_assert_int_eq(app_relay_service_peer(&relay, c->registered, now_), WEFT_OK);
}

/* Moves bytes until nobody has any. */
static void run(void) {
  bool more = true;
  while (more) {
    more = false;
    for (int i = 0; i < CLIENTS; i++)
      for (int k = 0; k < 2; k++)
        if (clients[i].pipe.end[0].in) more = app_pipe_move(&clients[i].pipe, k, SIZE_MAX) || more;
  }
}

static void part(client *c) {
  app_pipe *p = &c->pipe;
  if (!p->end[0].in) return;
  app_relay_service_peer_gone(&relay, c->registered, now_);
  app_link_free(p->end[1].link, now_);
  p->end[1].link = NULL;
  app_pipe_free(p);
  p->end[0].in = NULL;
}

static void end(void) {
  for (int i = 0; i < CLIENTS; i++) part(&clients[i]);
  ck_assert_uint_eq(stats().circuits, 0);
  ck_assert_uint_eq(stats().peers, 0);
  ck_assert_uint_eq(relay.orphans, 0);
  for (size_t i = 0; i < relay.slots_cap; i++) ck_assert_ptr_null(relay.slots[i]);
  app_relay_service_free(&relay);
}

/* ---- what clients do ---- */

static weft_relay_message reserve_message = {.type = WEFT_RELAY_HOP_RESERVE, .status = -1};

static bool open_hop(client *c, weft_relay_message *m) {
  int rc;
  app_stream *s = app_stream_open(c->pipe.end[0].peer, &hop, m, &rc, now_);
  c->status = 0;
  if (m->type == WEFT_RELAY_HOP_CONNECT) c->stream = s;
  return s != NULL;
}

static weft_relay_message *connect_message(const client *to) {
  static weft_relay_message m;
  m = (weft_relay_message){.type = WEFT_RELAY_HOP_CONNECT, .status = -1, .has_peer = true};
  m.peer_id = (weft_relay_bytes){to->pipe.end[0].identity.peer_id, sizeof to->pipe.end[0].identity.peer_id};
  return &m;
}

static void reserve(client *c) {
  ck_assert(open_hop(c, &reserve_message));
  run();
  ck_assert_int_eq(c->status, WEFT_RELAY_OK);
}

static void connect_to(client *c, client *to) {
  ck_assert(open_hop(c, connect_message(to)));
  run();
}

static void circuit(client *a, client *b) {
  join(a, 1);
  join(b, 2);
  reserve(b);
  connect_to(a, b);
  ck_assert_int_eq(a->status, WEFT_RELAY_OK);
  ck_assert(a->circuit && b->circuit);
  ck_assert_uint_eq(opened, 1);
}

static void push(client *c, size_t up_to) {
  while (c->stream && c->taken < up_to) {
    ptrdiff_t n = app_stream_send(c->stream, pattern + c->taken, up_to - c->taken, now_);
    if (n <= 0) return;
    c->taken += (size_t)n;
  }
}

static void push_all(client *c, size_t up_to) {
  for (int i = 0; i < 1000 && c->taken < up_to; i++) {
    push(c, up_to);
    run();
  }
}

static void consume_at_most(client *c, size_t most) {
  size_t n = c->unconsumed < most ? c->unconsumed : most;
  c->unconsumed -= n;
  if (c->stream && n > 0) app_stream_consumed(c->stream, n, now_);
}

static void consume(client *c) { consume_at_most(c, SIZE_MAX); }

static client *const a = &clients[0], *const b = &clients[1];

START_TEST(a_circuit_carries_both_ways_and_ends) {
  begin(NULL);
  circuit(a, b);
  push_all(a, PATTERN);
  push_all(b, PATTERN);
  ck_assert_uint_eq(b->got, PATTERN);
  ck_assert_uint_eq(a->got, PATTERN);
  ck_assert_uint_eq(stats().bytes_there, PATTERN);
  ck_assert_uint_eq(stats().bytes_back, PATTERN);
  app_stream_shutdown(a->stream, now_);
  run();
  ck_assert(b->ended && !a->ended);
  ck_assert_uint_eq(over, 0);
  app_stream_shutdown(b->stream, now_);
  run();
  ck_assert(a->ended);
  ck_assert_uint_eq(over, 1);
  ck_assert_str_eq(over_why, "both sides ended it");
  ck_assert_uint_eq(a->resets + b->resets, 0);
  end();
}
END_TEST

/* What is on the way to a target that does not read: its own window and what the relay may hold, and the dialer is stopped. */
START_TEST(a_slow_reader_stops_the_sender) {
  begin(NULL);
  circuit(a, b);
  b->slow = true;
  push_all(a, PATTERN);
  /* The target's window; in the relay its 16 KiB, the send limit of the target's stream, and what the dialer's window let come; the dialer's own
   * send limit. */
  ck_assert_uint_le(a->taken, (256 + 16 + 16 + 256 + 16) * 1024);
  ck_assert_uint_le(b->got, 256 * 1024);
  ck_assert_uint_ge(b->got, 255 * 1024);
  size_t stuck = a->taken;
  push_all(a, PATTERN);
  ck_assert_uint_eq(a->taken, stuck);
  for (int i = 0; i < 200 && b->got < PATTERN; i++) {
    consume(b);
    run();
    push(a, PATTERN);
    run();
  }
  ck_assert_uint_eq(b->got, PATTERN);
  end();
}
END_TEST

/* The other circuits of the same connections go on. */
START_TEST(a_slow_reader_stops_nobody_else) {
  client *c = &clients[2];
  begin(NULL);
  circuit(a, b);
  join(c, 3);
  b->slow = true;
  push_all(a, PATTERN);
  size_t stuck = b->got;
  reserve(c);
  ck_assert_uint_eq(reserved, 2);
  ck_assert_uint_eq(b->got, stuck);
  end();
}
END_TEST

/* The relay answers on a new stream, whatever it says. */
static void is_answered(client *c) {
  ck_assert(open_hop(c, &reserve_message));
  run();
  ck_assert_int_ne(c->status, 0);
}

/* Both sides have ended their direction while the last of one's bytes still wait for the other to read: none is lost, wherever they wait and in
 * whatever parts they are read. The connection has other streams meanwhile: slots are used again. */
static void check_outlives(size_t n, size_t read_at_once) {
  begin(NULL);
  circuit(a, b);
  b->slow = true;
  push_all(a, n);
  ck_assert_uint_eq(a->taken, n);
  app_stream_shutdown(a->stream, now_);
  app_stream_shutdown(b->stream, now_);
  run();
  ck_assert(a->ended && !b->ended);
  for (int i = 0; i < 40 && !b->ended; i++) {
    for (size_t k = 0; k < relay.slots_cap; k++) is_answered(a);
    consume_at_most(b, read_at_once);
    run();
  }
  ck_assert_uint_eq(b->got, n);
  ck_assert(b->ended);
  ck_assert_uint_eq(a->resets + b->resets, 0);
  ck_assert_uint_eq(over, 1);
  ck_assert_str_eq(over_why, "both sides ended it");
  ck_assert_uint_eq(relay.orphans, 0);
  end();
}

START_TEST(bytes_outlive_their_stream) { /* they wait with the service, in the server, with the target's stream */
  check_outlives(500 * 1024, SIZE_MAX);
  for (size_t kib = 256; kib < 300; kib += 4) check_outlives(kib * 1024, SIZE_MAX);
  for (size_t kib = 360; kib < 440; kib += 4) check_outlives(kib * 1024, 16 * 1024);
}
END_TEST

START_TEST(a_reset_reaches_the_other_side) {
  begin(NULL);
  circuit(a, b);
  app_stream_reset(a->stream, now_);
  run();
  ck_assert_uint_eq(b->resets, 1);
  ck_assert_uint_eq(over, 1);
  end();
}
END_TEST

START_TEST(a_lost_connection_ends_its_circuits) {
  begin(NULL);
  circuit(a, b);
  b->slow = true;
  push_all(a, PATTERN);
  part(b);
  run();
  ck_assert_uint_eq(a->resets, 1);
  ck_assert_uint_eq(over, 1);
  ck_assert_uint_eq(stats().reservations, 0);
  end();
}
END_TEST

START_TEST(a_relayed_peer_is_refused_in_words) {
  begin(NULL);
  a->limited = true;
  join(a, 1);
  ck_assert(open_hop(a, &reserve_message));
  run();
  ck_assert_int_eq(a->status, WEFT_RELAY_PERMISSION_DENIED);
  end();
}
END_TEST

START_TEST(the_data_limit_is_exact) {
  weft_relay_server_config cfg;
  weft_relay_server_config_default(&cfg);
  cfg.circuit_bytes = 100000;
  begin(&cfg);
  circuit(a, b);
  push_all(a, 100000);
  ck_assert_uint_eq(b->got, 100000);
  ck_assert_uint_eq(over, 0);
  push(a, 100001);
  run();
  ck_assert_uint_eq(b->got, 100000);
  ck_assert(b->ended);
  ck_assert_uint_eq(over, 1);
  ck_assert_uint_eq(a->resets, 1);
  end();
}
END_TEST

/* The target never answers: the time is the relay's, and the dialer hears of it. */
START_TEST(a_silent_target_is_given_up) {
  begin(NULL);
  join(a, 1);
  join(b, 2);
  reserve(b);
  ck_assert(open_hop(a, connect_message(b)));
  app_pipe_run(&a->pipe);
  now_ = app_relay_service_deadline(&relay);
  ck_assert_uint_eq(now_, WEFT_SEC(10));
  app_relay_service_tick(&relay, now_);
  app_pipe_run(&a->pipe);
  ck_assert_int_eq(a->status, WEFT_RELAY_CONNECTION_FAILED);
  end();
}
END_TEST

/* ---- anything at any time: nothing is touched after it is gone, and nothing stays ---- */

static uint64_t dice;

static uint32_t roll(uint32_t n) {
  dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(dice >> 33) % n;
}

static void anything(client *c) {
  app_end *e = &c->pipe.end[0];
  app_peer *p = e->closed ? NULL : e->peer;
  switch (roll(12)) {
  case 0:
    if (p && !c->stream) open_hop(c, &reserve_message);
    break;
  case 1:
    if (p && !c->stream) {
      c->circuit = false;
      c->got = c->taken = 0;
      open_hop(c, connect_message(&clients[roll(CLIENTS)]));
    }
    break;
  case 2:
    if (c->stream) app_stream_reset(c->stream, now_);
    break;
  case 3:
    if (c->stream) app_stream_shutdown(c->stream, now_);
    break;
  case 4: c->slow = !c->slow; break;
  case 5: consume(c); break;
  case 6:
    now_ += WEFT_MS(1u << roll(15));
    app_relay_service_tick(&relay, now_);
    break;
  case 7:
    if (roll(20) == 0) part(c);
    break;
  default:
    if (c->circuit && c->stream) push(c, PATTERN);
    for (int k = 0; k < 2; k++)
      if (e->in) app_pipe_move(&c->pipe, (int)roll(2), 1 + roll(2000));
  }
}

/* Payload in a storm may follow a client's own restart: it is not compared. */
static void storm(uint64_t seed) {
  dice = seed;
  storming = true;
  begin(NULL);
  memset(pattern, 0, sizeof pattern);
  for (uint8_t i = 0; i < CLIENTS; i++) join(&clients[i], (uint8_t)(i + 1));
  reserve(b);
  if (roll(4) > 0) connect_to(a, b);
  for (int i = 0; i < 400; i++) {
    client *c = &clients[roll(CLIENTS)];
    if (!c->pipe.end[0].in) {
      memset(c, 0, sizeof *c);
      join(c, (uint8_t)(c - clients + 1));
    }
    c->got = 0;
    anything(c);
  }
  storming = false;
  end();
}

START_TEST(storms_leave_nothing) {
  unsigned circuits = 0;
  for (uint64_t seed = 1; seed <= 60; seed++) {
    storm(seed);
    circuits += opened;
  }
  ck_assert_uint_gt(circuits, 60); /* they did reach what is to be tested */
}
END_TEST

Suite *test_apps_relay_service(void) {
  static const unit_test tests[] = {
      UNIT(a_circuit_carries_both_ways_and_ends), UNIT(a_slow_reader_stops_the_sender),
      UNIT(a_slow_reader_stops_nobody_else),      UNIT(bytes_outlive_their_stream),
      UNIT(a_reset_reaches_the_other_side),       UNIT(a_lost_connection_ends_its_circuits),
      UNIT(a_relayed_peer_is_refused_in_words),   UNIT(the_data_limit_is_exact),
      UNIT(a_silent_target_is_given_up),          UNIT(storms_leave_nothing)};
  return unit_suite("apps/relay_service", tests, sizeof tests / sizeof tests[0]);
}
