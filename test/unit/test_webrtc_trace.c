/* What the trace hook is told: whose unit it is, between which addresses, on which stream. */
#include <string.h>

#include "test/support/unit.h"
#include "test/support/webrtc_world.h"

typedef struct seen {
  unsigned without_conn, early, sctp, messages, frames, fins;
  unsigned without_addresses, strangers;
  const void *conn; /* the one all units must be of; NULL: not known yet */
  uint32_t stream;  /* of the frame with "hello" */
  char states[128];
  uint64_t out_bytes, in_bytes;
} seen;

static seen client, server;

static bool has_conn(const weft_trace *t) {
  bool front = strcmp(t->layer, "webrtc") == 0 || strcmp(t->layer, "ice") == 0 || strcmp(t->layer, "dtls") == 0;
  return t->conn != NULL || front; /* the listener's lite responder and gate stand before all connections */
}

static void on_datagram(seen *s, const weft_trace *t) {
  if (!t->local || !t->remote) s->without_addresses++;
  if (!t->conn) s->early++;
  if (t->kind == WEFT_TRACE_IN) s->in_bytes += t->len;
  if (t->kind == WEFT_TRACE_OUT) s->out_bytes += t->len;
}

static void on_trace(void *user, const weft_trace *t) {
  seen *s = user;
  bool unit = t->kind == WEFT_TRACE_IN || t->kind == WEFT_TRACE_OUT;
  if (!has_conn(t)) s->without_conn++;
  if (t->conn && !s->conn) s->conn = t->conn;
  if (t->conn && t->conn != s->conn) s->strangers++;
  if (t->kind == WEFT_TRACE_STATE && strcmp(t->layer, "webrtc") == 0) {
    strcat(s->states, t->text);
    strcat(s->states, " ");
  }
  if (!unit) return;
  if (strcmp(t->layer, "webrtc") == 0) on_datagram(s, t);
  if (strcmp(t->layer, "sctp") == 0) s->sctp++;
  if (strcmp(t->layer, "datachannel") == 0 && (t->ppid == 50 || t->ppid == 53)) s->messages++;
  if (strcmp(t->layer, "stream") != 0) return;
  s->frames++;
  if (t->len == 5 && memcmp(t->data, "hello", 5) == 0) s->stream = t->stream;
  if (t->text && strcmp(t->text, "FIN") == 0) s->fins++;
}

START_TEST(units_are_told_with_all_that_names_them) {
  world w;
  uint32_t id;
  memset(&client, 0, sizeof client);
  memset(&server, 0, sizeof server);
  world_prepare(&w, 7, NULL);
  w.client_cfg.trace = (weft_tracer){on_trace, &client};
  w.server_cfg.trace = (weft_tracer){on_trace, &server};
  world_listen(&w);
  world_side *c = world_dial(&w, 0);
  ck_assert(world_run(&w, WEFT_SEC(5), world_all_ready));
  ck_assert_ptr_eq(client.conn, c->c);
  ck_assert_ptr_eq(server.conn, w.accepted[0].c);
  ck_assert_int_eq(weft_webrtc_stream_open(c->c, &id, w.now), WEFT_OK);
  ck_assert_int_eq((int)weft_webrtc_stream_send(c->c, id, (const uint8_t *)"hello", 5, w.now), 5);
  weft_webrtc_stream_shutdown(c->c, id, w.now);
  world_run(&w, w.now + WEFT_SEC(1), NULL);
  weft_webrtc_stats cs = {.size = sizeof cs};
  weft_webrtc_listener_stats ls = {.size = sizeof ls};
  weft_webrtc_get_stats(c->c, &cs);
  weft_webrtc_listener_get_stats(w.listener, &ls);
  /* every datagram once, both ways, by the layers' own counters */
  ck_assert_uint_eq(client.in_bytes, cs.bytes_in);
  ck_assert_uint_eq(client.out_bytes, cs.bytes_out);
  ck_assert_uint_eq(server.in_bytes, ls.bytes_in);
  ck_assert_uint_eq(server.out_bytes, ls.bytes_out);
  ck_assert_uint_eq(client.sctp, server.sctp);
  ck_assert_uint_eq(client.messages, server.messages);
  ck_assert_uint_eq(client.frames, server.frames);
  ck_assert_uint_eq(client.stream, id);
  ck_assert_uint_eq(server.stream, id);
  ck_assert(client.fins >= 1 && client.fins == server.fins);
  ck_assert_uint_eq(client.without_conn + server.without_conn + client.strangers + server.strangers, 0);
  ck_assert_uint_eq(client.without_addresses + server.without_addresses + client.early, 0);
  ck_assert_uint_ge(server.early, 4); /* a check and its answer, a hello and its cookie */
  ck_assert_str_eq(client.states, "ICE DTLS SCTP NOISE READY ");
  ck_assert_str_eq(server.states, "ICE DTLS SCTP NOISE READY ");
  world_end(&w);
}
END_TEST

Suite *test_webrtc_trace(void) {
  static const unit_test tests[] = {UNIT(units_are_told_with_all_that_names_them)};
  return unit_suite("webrtc/trace", tests, sizeof tests / sizeof tests[0]);
}
