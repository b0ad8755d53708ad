#include "apps/link.h"

#include "test/unit/app_pipe.h"

static app_pipe pipe_;
static unsigned identified, said_len, remote_ends, stream_ends;
static int last_code;
static char agent[128];
static uint8_t said[8];

static void on_identified(void *user, app_peer *p, const weft_identify *id, weft_time now) {
  (void)user, (void)id, (void)now;
  identified++;
  memcpy(agent, p->agent, sizeof agent);
}

static void echo_data(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  if (s->inbound) {
    ck_assert_int_eq(app_stream_send(s, data, len, now), (ptrdiff_t)len);
    return;
  }
  ck_assert_uint_le(said_len + len, sizeof said);
  memcpy(said + said_len, data, len);
  said_len += (unsigned)len;
}

static void echo_opened(app_stream *s, weft_time now) {
  if (!s->inbound) ck_assert_int_eq(app_stream_send(s, (const uint8_t *)"hello", 5, now), 5);
  if (!s->inbound) app_stream_shutdown(s, now);
}

static void echo_remote_closed(app_stream *s, weft_time now) {
  remote_ends++;
  if (s->inbound) app_stream_shutdown(s, now);
}

static void echo_closed(app_stream *s, int code, weft_time now) {
  (void)s, (void)now;
  stream_ends++;
  last_code = code;
}

static const app_protocol echo = {.name = "/echo",
                                  .opened = echo_opened,
                                  .data = echo_data,
                                  .remote_closed = echo_remote_closed,
                                  .closed = echo_closed};
static const app_protocol *const protocols[] = {&echo};

static void begin(void) {
  identified = said_len = remote_ends = stream_ends = 0;
  last_code = 1;
  app_pipe_init(&pipe_, protocols, 1);
  for (int i = 0; i < 2; i++) pipe_.end[i].host.identified = on_identified;
}

static void talk(void) {
  int rc;
  ck_assert_uint_eq(pipe_.end[0].ready, 1);
  ck_assert_uint_eq(pipe_.end[1].ready, 1);
  ck_assert_mem_eq(pipe_.end[0].peer->id.bytes, pipe_.end[1].identity.peer_id, sizeof pipe_.end[1].identity.peer_id);
  ck_assert_mem_eq(pipe_.end[1].peer->id.bytes, pipe_.end[0].identity.peer_id, sizeof pipe_.end[0].identity.peer_id);
  app_peer_identify(pipe_.end[0].peer, pipe_.now);
  ck_assert_ptr_nonnull(app_stream_open(pipe_.end[0].peer, &echo, NULL, &rc, pipe_.now));
  app_pipe_run(&pipe_);
  ck_assert_uint_eq(identified, 1);
  ck_assert_uint_eq(said_len, 5);
  ck_assert_mem_eq(said, "hello", 5);
  ck_assert_uint_eq(remote_ends, 2);
  ck_assert_uint_eq(stream_ends, 2);
  ck_assert_int_eq(last_code, WEFT_OK);
}

START_TEST(two_hosts_meet_over_bytes) {
  begin();
  app_pipe_start(&pipe_, NULL);
  app_pipe_run(&pipe_);
  talk();
  app_pipe_free(&pipe_);
}
END_TEST

START_TEST(any_cut_gives_the_same) {
  for (size_t cut = 1; cut < 40; cut++) {
    begin();
    pipe_.cut = cut;
    app_pipe_start(&pipe_, NULL);
    app_pipe_run(&pipe_);
    talk();
    app_pipe_free(&pipe_);
  }
}
END_TEST

/* Both directions stop once at each byte of the set-up and go on. */
START_TEST(a_pause_at_every_byte_gives_the_same) {
  for (size_t at = 1; at < 700; at++) {
    begin();
    app_pipe_start(&pipe_, NULL);
    for (size_t left = at; left > 0; left--)
      if (!app_pipe_move(&pipe_, 1, 1) && !app_pipe_move(&pipe_, 0, 1)) break;
    app_pipe_run(&pipe_);
    talk();
    app_pipe_free(&pipe_);
  }
}
END_TEST

/* The stream below takes a byte at a time. */
START_TEST(a_narrow_output_gives_the_same) {
  begin();
  pipe_.end[0].room = pipe_.end[1].room = 0;
  app_pipe_start(&pipe_, NULL);
  for (int i = 0; i < 2000; i++)
    for (int k = 0; k < 2; k++) {
      pipe_.end[k].room = 1;
      app_link_writable(pipe_.end[k].link, pipe_.now);
      app_pipe_run(&pipe_);
    }
  pipe_.end[0].room = pipe_.end[1].room = SIZE_MAX;
  for (int k = 0; k < 2; k++) app_link_writable(pipe_.end[k].link, pipe_.now);
  app_pipe_run(&pipe_);
  talk();
  app_pipe_free(&pipe_);
}
END_TEST

START_TEST(secured_starts_at_the_muxer) {
  app_link_config secured = {.secured = true};
  begin();
  app_pipe_start(&pipe_, &secured);
  ck_assert_mem_eq(pipe_.end[1].in, "\x13/multistream/1.0.0\n\x0d/yamux/1.0.0\n", 34);
  app_pipe_run(&pipe_);
  talk();
  app_pipe_free(&pipe_);
}
END_TEST

START_TEST(secured_needs_to_know_the_peer) {
  app_link *l;
  begin();
  app_link_config c = {.host = &pipe_.end[0].host, .secured = true};
  ck_assert_int_ne(app_link_new(&l, &c, &app_pipe_callbacks, NULL), WEFT_OK);
  app_pipe_free(&pipe_);
}
END_TEST

START_TEST(limited_makes_a_limited_peer) {
  app_link_config limited = {.limited = true};
  int rc;
  begin();
  app_pipe_start(&pipe_, &limited);
  app_pipe_run(&pipe_);
  ck_assert_ptr_null(app_stream_open(pipe_.end[0].peer, &echo, NULL, &rc, 0));
  ck_assert_int_eq(rc, WEFT_EUNSUPPORTED);
  app_peer_identify(pipe_.end[0].peer, 0);
  app_pipe_run(&pipe_);
  ck_assert_uint_eq(identified, 1);
  app_pipe_free(&pipe_);
}
END_TEST

START_TEST(another_peer_is_refused_and_named) {
  static const uint8_t other[38] = {0x00, 0x24, 0x08, 0x01, 0x12, 0x20, 9};
  begin();
  app_link_config c = {
      .host = &pipe_.end[0].host, .dialer = true, .expected_peer = other, .expected_peer_len = sizeof other};
  app_link_config d = {.host = &pipe_.end[1].host};
  ck_assert_int_eq(app_link_new(&pipe_.end[0].link, &c, &app_pipe_callbacks, &pipe_.end[0]), WEFT_OK);
  ck_assert_int_eq(app_link_new(&pipe_.end[1].link, &d, &app_pipe_callbacks, &pipe_.end[1]), WEFT_OK);
  app_link_start(pipe_.end[0].link, 0);
  app_link_start(pipe_.end[1].link, 0);
  app_pipe_run(&pipe_);
  ck_assert_uint_eq(pipe_.end[0].closed, 1);
  ck_assert_int_eq(pipe_.end[0].why.code, WEFT_EAUTH);
  ck_assert_ptr_nonnull(app_link_proven(pipe_.end[0].link));
  ck_assert_mem_eq(app_link_proven(pipe_.end[0].link)->bytes, pipe_.end[1].identity.peer_id, 38);
  ck_assert_uint_eq(pipe_.end[1].ready, 0);
  app_pipe_free(&pipe_);
}
END_TEST

START_TEST(a_silent_peer_is_given_up_in_time) {
  app_link_config c = {.limit = WEFT_SEC(3)};
  begin();
  app_pipe_start(&pipe_, &c);
  ck_assert_uint_eq(app_link_deadline(pipe_.end[1].link), WEFT_SEC(3));
  app_link_tick(pipe_.end[1].link, WEFT_SEC(3));
  ck_assert_uint_eq(pipe_.end[1].closed, 1);
  ck_assert_int_eq(pipe_.end[1].why.code, WEFT_ETIMEDOUT);
  ck_assert_str_eq(pipe_.end[1].why.layer, "multistream");
  app_pipe_free(&pipe_);
}
END_TEST

START_TEST(a_goodbye_reaches_the_other_side) {
  int rc;
  begin();
  app_pipe_start(&pipe_, NULL);
  app_pipe_run(&pipe_);
  ck_assert_ptr_nonnull(app_stream_open(pipe_.end[1].peer, &echo, NULL, &rc, 0));
  app_link_close(pipe_.end[0].link, WEFT_OK, 0);
  ck_assert_uint_eq(pipe_.end[0].closed, 1);
  app_pipe_run(&pipe_);
  app_link_input_end(pipe_.end[1].link, 0);
  ck_assert_uint_eq(pipe_.end[1].closed, 1);
  ck_assert_int_eq(pipe_.end[1].why.who, WEFT_WHO_PEER);
  ck_assert_uint_eq(stream_ends, 1);
  ck_assert_int_ne(last_code, WEFT_OK);
  app_pipe_free(&pipe_);
}
END_TEST

START_TEST(a_broken_stream_below_ends_it) {
  begin();
  app_pipe_start(&pipe_, NULL);
  app_pipe_run(&pipe_);
  pipe_.end[0].broken = true;
  app_peer_identify(pipe_.end[0].peer, 0);
  ck_assert_uint_eq(pipe_.end[0].closed, 1);
  ck_assert_int_eq(pipe_.end[0].why.code, WEFT_ECLOSED);
  app_pipe_free(&pipe_);
}
END_TEST

/* Whatever follows the set-up, it ends this connection and nothing else. */
START_TEST(garbage_after_the_upgrade_ends_it) {
  uint8_t garbage[64];
  memset(garbage, 0xa5, sizeof garbage);
  garbage[0] = 0; /* a Noise message of 40 bytes: whole, so that it is looked at */
  garbage[1] = 40;
  begin();
  app_pipe_start(&pipe_, NULL);
  app_pipe_run(&pipe_);
  app_link_input(pipe_.end[1].link, garbage, sizeof garbage, 0);
  ck_assert_uint_eq(pipe_.end[1].closed, 1);
  ck_assert_str_eq(pipe_.end[1].why.layer, "noise");
  app_link_input_end(pipe_.end[1].link, 0);
  ck_assert_uint_eq(pipe_.end[1].closed, 1);
  app_link_input(pipe_.end[1].link, garbage, sizeof garbage, 0);
  ck_assert_uint_eq(pipe_.end[1].closed, 1);
  app_pipe_free(&pipe_);
}
END_TEST

/* The answer to identify is larger than a reader takes (8 KiB): that stream ends, the connection goes on. */
static void huge_opened(app_stream *s, weft_time now) {
  static uint8_t answer[16000] = {0x80 | (15998 & 127), 15998 >> 7, 0x32}; /* field 6, agentVersion */
  app_stream_send(s, answer, sizeof answer, now);                          /* and no end: the asker is to make one */
}

START_TEST(a_huge_identify_is_refused) {
  static const app_protocol huge = {.name = WEFT_IDENTIFY_PROTOCOL, .opened = huge_opened};
  int rc;
  begin();
  for (size_t i = 0; i < pipe_.end[1].host.accepted_len; i++)
    if (strcmp(pipe_.end[1].host.accepted[i], WEFT_IDENTIFY_PROTOCOL) == 0)
      pipe_.end[1].host.accepted_protocols[i] = &huge;
  app_pipe_start(&pipe_, NULL);
  app_pipe_run(&pipe_);
  app_peer_identify(pipe_.end[0].peer, 0);
  app_pipe_run(&pipe_);
  ck_assert_uint_eq(identified, 0);
  ck_assert_str_eq(pipe_.end[0].peer->agent, "");
  ck_assert_ptr_null(pipe_.end[0].peer->streams);
  ck_assert_ptr_nonnull(app_stream_open(pipe_.end[0].peer, &echo, NULL, &rc, 0));
  app_pipe_run(&pipe_);
  ck_assert_uint_eq(said_len, 5);
  app_pipe_free(&pipe_);
}
END_TEST

START_TEST(so_many_streams_of_a_peer) {
  app_link_config few = {.max_streams = 4};
  int rc;
  begin();
  app_pipe_start(&pipe_, &few);
  app_pipe_run(&pipe_);
  for (int i = 0; i < 6; i++) ck_assert_ptr_nonnull(app_stream_open(pipe_.end[0].peer, &echo, NULL, &rc, 0));
  ck_assert(app_pipe_move(&pipe_, 1, SIZE_MAX));
  unsigned open = 0;
  for (const app_stream *s = pipe_.end[1].peer->streams; s; s = s->next) open++;
  ck_assert_uint_eq(open, 4);
  app_pipe_free(&pipe_);
}
END_TEST

Suite *test_apps_link(void) {
  static const unit_test tests[] = {UNIT(two_hosts_meet_over_bytes),
                                    UNIT(any_cut_gives_the_same),
                                    UNIT(a_pause_at_every_byte_gives_the_same),
                                    UNIT(a_narrow_output_gives_the_same),
                                    UNIT(secured_starts_at_the_muxer),
                                    UNIT(secured_needs_to_know_the_peer),
                                    UNIT(limited_makes_a_limited_peer),
                                    UNIT(another_peer_is_refused_and_named),
                                    UNIT(a_silent_peer_is_given_up_in_time),
                                    UNIT(a_goodbye_reaches_the_other_side),
                                    UNIT(a_broken_stream_below_ends_it),
                                    UNIT(garbage_after_the_upgrade_ends_it),
                                    UNIT(a_huge_identify_is_refused),
                                    UNIT(so_many_streams_of_a_peer)};
  return unit_suite("apps/link", tests, sizeof tests / sizeof tests[0]);
}
