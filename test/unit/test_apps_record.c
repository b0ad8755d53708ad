#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/record.h"
#include "test/support/unit.h"

/* ---- a folder, and what is written there ---- */

static char dir[64];

static void make_dir(void) {
  strcpy(dir, "/tmp/weft-test-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void) {
  char path[400];
  DIR *d = opendir(dir);
  ck_assert_ptr_nonnull(d);
  for (struct dirent *e; (e = readdir(d)) != NULL;) {
    snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
    unlink(path);
  }
  closedir(d);
  ck_assert_int_eq(rmdir(dir), 0);
}

static const char *text_of(const char *name) {
  static char text[8192];
  char path[128];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  FILE *f = fopen(path, "r");
  if (!f) return "(no such file)";
  text[fread(text, 1, sizeof text - 1, f)] = 0;
  fclose(f);
  return text;
}

/* ---- a recording that is fed by hand ---- */

static const int link_conn, webrtc_conn; /* their addresses are the connections */
static app_record *r;

static void begin(void) {
  static char *argv[] = {"program", NULL};
  app_record_config cfg = {
      .dir = dir, .program = "program", .peer_id = "us", .listener = true, .argc = 1, .argv = argv};
  char why[200];
  make_dir();
  ck_assert_int_eq(app_record_open(&r, &cfg, why, sizeof why), WEFT_OK);
}

static void begin_tcp(void) {
  app_record_link l = {.record = r};
  weft_addr_parse(&l.local, "127.0.0.1:9091");
  weft_addr_parse(&l.remote, "127.0.0.1:1234");
  app_record_begin_link(&l, &link_conn, &(app_record_muxer){.max_streams = 7});
}

static void end(void) { ck_assert_int_eq(app_record_end(r), WEFT_OK); }

static void traced(const void *conn, const char *layer, weft_trace_kind kind, const char *text, const char *data,
                   size_t len, weft_time now) {
  weft_trace t = {.kind = kind, .layer = layer, .text = text, .data = (const uint8_t *)data, .len = len, .now = now};
  t.conn = conn;
  weft_tracer tracer = app_record_tracer(r);
  tracer.fn(tracer.user, &t);
}

#define SYN_DATA4 "\0\0\0\1\0\0\0\3\0\0\0\4"
#define ACK_3 "\0\1\0\2\0\0\0\3\0\0\0\0"
#define FIN_3 "\0\1\0\4\0\0\0\3\0\0\0\0"
#define LINE(t, from) "{\"t_us\":" #t ",\"from\":\"" from "\","

static void yamux_in(const char *text, const char *data, size_t len, weft_time now) {
  traced(&link_conn, "yamux", WEFT_TRACE_IN, text, data, len, now);
}
static void yamux_out(const char *frame, weft_time now) {
  traced(&link_conn, "yamux", WEFT_TRACE_OUT, NULL, frame, 12, now);
}

START_TEST(what_is_said_inside_a_frame_stands_behind_it) {
  begin();
  begin_tcp();
  traced(&link_conn, "upgrade", WEFT_TRACE_IN, NULL, "x", 1, 1000);
  yamux_in(NULL, SYN_DATA4, 12, 1010);
  yamux_out(ACK_3, 1011);
  yamux_in("data", "ab", 2, 1020);
  yamux_out(FIN_3, 1021);
  yamux_in("data", "cd", 2, 1030);
  yamux_in(NULL, FIN_3, 12, 1040);
  end();
  ck_assert_str_eq(
      text_of("yamux.jsonl"),
      LINE(10, "dialer") "\"wire\":\"00000001000000030000000461626364\"}\n" LINE(
          11, "listener") "\"wire\":\"000100020000000300000000\"}\n" LINE(21,
                                                                          "listener") "\"wire\":"
                                                                                      "\"000100040000000300000000\"}"
                                                                                      "\n" LINE(40,
                                                                                                "dialer") "\"wire\":"
                                                                                                          "\"0001000400"
                                                                                                          "000003000000"
                                                                                                          "00\"}\n");
  ck_assert_str_eq(
      text_of("yamux-streams.jsonl"),
      LINE(10, "dialer") "\"stream\":3,\"wire\":\"61626364\"}\n" LINE(
          21, "listener") "\"stream\":3,\"flag\":\"FIN\",\"wire\":\"\"}\n" LINE(40,
                                                                                "dialer") "\"stream\":3,\"flag\":"
                                                                                          "\"FIN\",\"wire\":\"\"}\n");
  remove_dir();
}
END_TEST

START_TEST(a_frame_that_was_cut_is_there_as_far_as_it_came) {
  begin();
  begin_tcp();
  traced(&link_conn, "upgrade", WEFT_TRACE_IN, NULL, "x", 1, 1000);
  yamux_in(NULL, SYN_DATA4, 12, 1010);
  yamux_in("data", "a", 1, 1010);
  yamux_out(ACK_3, 1011);
  app_record_closed(r, &link_conn, &(weft_closed){WEFT_WHO_PEER, "tcp", "connection", WEFT_ERESET, 0, "broken"});
  end();
  ck_assert_str_eq(text_of("yamux.jsonl"), LINE(10, "dialer") "\"wire\":\"00000001000000030000000461\"}\n" LINE(
                                               11, "listener") "\"wire\":\"000100020000000300000000\"}\n");
  remove_dir();
}
END_TEST

/* What broke a socket is its RESET; a goodbye of ours its FIN, behind the peer's if that came. */
START_TEST(how_the_socket_ended_is_told) {
  static const struct {
    weft_closed why;
    bool peer_first;
    const char *lines;
  } cases[] = {
      {{WEFT_WHO_PEER, "tcp", "connection", WEFT_ERESET, 0, ""},
       false,
       LINE(0, "dialer") "\"flag\":\"RESET\",\"wire\":\"\"}\n"},
      {{WEFT_WHO_TIMEOUT, "yamux", "keepalive", WEFT_ETIMEDOUT, 0, ""},
       false,
       LINE(0, "listener") "\"flag\":\"RESET\",\"wire\":\"\"}\n"},
      {{WEFT_WHO_SELF, "yamux", "close", WEFT_OK, 0, ""},
       false,
       LINE(0, "listener") "\"flag\":\"FIN\",\"wire\":\"\"}\n"},
      {{WEFT_WHO_PEER, "tcp", "end", WEFT_ECLOSED, 0, ""},
       true,
       LINE(5, "dialer") "\"flag\":\"FIN\",\"wire\":\"\"}\n" LINE(5, "listener") "\"flag\":\"FIN\",\"wire\":\"\"}\n"},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    char want[400];
    begin();
    begin_tcp();
    traced(&link_conn, "upgrade", WEFT_TRACE_IN, NULL, "x", 1, 1000);
    if (cases[i].peer_first) traced(&link_conn, "upgrade", WEFT_TRACE_IN, "FIN", NULL, 0, 1005);
    app_record_closed(r, &link_conn, &cases[i].why);
    end();
    snprintf(want, sizeof want, LINE(0, "dialer") "\"wire\":\"78\"}\n%s", cases[i].lines);
    ck_assert_str_eq(text_of("tcp.jsonl"), want);
    remove_dir();
  }
}
END_TEST

static void webrtc_handshake(void) {
  traced(&webrtc_conn, "webrtc", WEFT_TRACE_STATE, "ICE", NULL, 0, 1000);
  traced(&webrtc_conn, "webrtc", WEFT_TRACE_STATE, "NOISE", NULL, 0, 1000);
  traced(&webrtc_conn, "noise", WEFT_TRACE_OUT, "handshake", "one", 3, 1000);
}

/* Its handshake came before it was known how the streams run. */
START_TEST(noise_is_kept_where_yamux_runs_inside) {
  begin();
  webrtc_handshake();
  app_record_begin_link(&(app_record_link){.record = r, .inside = &webrtc_conn}, &link_conn, &(app_record_muxer){0});
  traced(&webrtc_conn, "noise", WEFT_TRACE_IN, NULL, "two", 3, 1000);
  yamux_out(ACK_3, 1000);
  end();
  ck_assert_str_eq(text_of("noise.jsonl"), LINE(0, "listener") "\"flag\":\"handshake\",\"wire\":\"6f6e65\"}\n" LINE(
                                               0, "dialer") "\"wire\":\"74776f\"}\n");
  ck_assert_str_eq(text_of("yamux.jsonl"), LINE(0, "listener") "\"wire\":\"000100020000000300000000\"}\n");
  ck_assert_ptr_nonnull(strstr(text_of("session.json"), "\"noise\": {\"mode\": \"exact\", \"units\": 2}"));
  remove_dir();
}
END_TEST

START_TEST(without_yamux_there_are_no_files_of_it) {
  begin();
  webrtc_handshake();
  end();
  ck_assert_str_eq(text_of("noise.jsonl"), "(no such file)");
  ck_assert_str_eq(text_of("yamux.jsonl"), "(no such file)");
  ck_assert_ptr_null(strstr(text_of("session.json"), "noise"));
  remove_dir();
}
END_TEST

/* A program that listens dials its relay. */
START_TEST(a_dialed_connection_has_the_other_role) {
  begin();
  app_record_dialed(r, &webrtc_conn);
  webrtc_handshake();
  end();
  ck_assert_ptr_nonnull(strstr(text_of("session.json"), "\"recorded_by\": \"dialer\""));
  remove_dir();
}
END_TEST

Suite *test_apps_record(void) {
  static const unit_test tests[] = {UNIT(what_is_said_inside_a_frame_stands_behind_it),
                                    UNIT(a_frame_that_was_cut_is_there_as_far_as_it_came),
                                    UNIT(how_the_socket_ended_is_told),
                                    UNIT(noise_is_kept_where_yamux_runs_inside),
                                    UNIT(without_yamux_there_are_no_files_of_it),
                                    UNIT(a_dialed_connection_has_the_other_role)};
  return unit_suite("apps/record", tests, sizeof tests / sizeof tests[0]);
}
