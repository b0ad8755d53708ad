/* Demo 1, the client: dials a webrtc-direct server by its multiaddr and chats. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/addr_file.h"
#include "apps/args.h"
#include "apps/clock.h"
#include "apps/line_input.h"
#include "apps/node.h"

/* pion, hence go-libp2p, never answers again once its HelloVerifyRequest was lost (seen with pion dtls 3.1.2): when ICE works and DTLS has
 * not come up after this long, a fresh user name from a fresh port gets through. */
#define REDIAL_AFTER WEFT_SEC(5)

typedef struct client {
  app_node node;
  weft_webrtc *conn;
  app_webrtc_conns conns;
  bool yamux;
  app_line_input input;
  weft_webrtc_direct_addr target;
  app_peer *peer;
  app_stream *chat;
  app_list send; /* --send, in order */
  size_t sent;
  uint32_t pings;
  bool pinging, chatting, interactive, leaving, done_chat;
  weft_time limit, until; /* --timeout; for unattended runs until the next progress */
  weft_time redial_at;
  char shown[WEFT_MULTIADDR_TEXT_MAX];
  uint8_t version;
  int code;
} client;

/* ---- leaving ---------------------------------------------------------------------------------------------------------------- */

static void leave(client *c, int code, weft_time now) {
  if (c->leaving) return;
  c->leaving = true;
  c->code = code;
  if (c->conn)
    weft_webrtc_close(c->conn, WEFT_OK, now);
  else
    app_loop_stop(&c->node.loop, code);
}

/* Unattended work is done when the pings came back and the chat ended on both sides. */
static void maybe_done(client *c, weft_time now) {
  if (!c->interactive && !c->pinging && !c->chatting) leave(c, APP_EXIT_OK, now);
}

static void fail(client *c, const weft_closed *why, weft_time now) {
  app_report_error(&c->node.report, why->layer, why->step, why->code, why->text, app_node_hint(why, true));
  leave(c, app_node_exit_code(why, true, true), now);
}

static void progress(client *c, weft_time now) { c->until = c->interactive ? WEFT_NEVER : now + c->limit; }

/* ---- chat ---------------------------------------------------------------------------------------------------------------------- */

static void send_next(client *c, weft_time now) {
  const char *text = c->send.items[c->sent++];
  app_chat_send(c->chat, (const uint8_t *)text, strlen(text), now);
  app_report_detail(&c->node.report, "Sent line %zu of %zu", c->sent, c->send.len);
}

static void on_chat_opened(void *user, app_stream *s, weft_time now) {
  client *c = user;
  (void)s;
  progress(c, now);
  app_report_step(&c->node.report, "Chat is open (%s). 'quit' or Ctrl+D leaves.", APP_CHAT_PROTOCOL);
  if (c->send.len > 0) send_next(c, now);
  if (c->interactive) app_report_prompt(&c->node.report);
}

static void on_message(void *user, app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  client *c = user;
  app_report_message(&c->node.report, s->peer->id_text, data, len);
  progress(c, now);
  if (c->send.len == 0 || c->done_chat) return;
  if (c->sent < c->send.len) {
    send_next(c, now);
    return;
  }
  c->done_chat = true;
  app_chat_finish(s, now);
}

static void on_remote_closed(void *user, app_stream *s, weft_time now) {
  client *c = user;
  progress(c, now);
  if (c->interactive) app_report_step(&c->node.report, "The server ended the chat.");
  app_chat_finish(s, now);
}

static void on_chat_closed(void *user, app_stream *s, int code, weft_time now) {
  client *c = user;
  (void)s;
  c->chat = NULL;
  c->chatting = false;
  if (c->leaving) return;
  if (code == WEFT_OK && (c->done_chat || c->interactive)) {
    c->interactive = false;
    maybe_done(c, now);
    return;
  }
  weft_closed why = {WEFT_WHO_PEER,
                     "chat",
                     code == WEFT_EUNSUPPORTED ? "protocol" : "stream",
                     code == WEFT_OK ? WEFT_ECLOSED : code,
                     0,
                     code == WEFT_OK ? "the peer ended the chat before it had answered every line"
                                     : "the peer refused or reset the chat stream"};
  fail(c, &why, now);
}

static void on_room(void *user, app_stream *s, weft_time now) {
  client *c = user;
  (void)s;
  app_line_input_resume(&c->input, now);
}

static bool on_line(void *user, const uint8_t *line, size_t len, weft_time now) {
  client *c = user;
  if (len == 4 && memcmp(line, "quit", 4) == 0) {
    if (c->chat) app_chat_finish(c->chat, now);
    return true;
  }
  if (c->chat && app_chat_send(c->chat, line, len, now) == WEFT_EAGAIN) return false;
  app_report_prompt(&c->node.report);
  return true;
}

static void on_input_end(void *user, weft_time now) {
  client *c = user;
  c->done_chat = true;
  if (c->chat) app_chat_finish(c->chat, now);
}

/* ---- ping and identify -------------------------------------------------------------------------------------------------------------- */

static void on_pinged(void *user, app_peer *p, weft_time rtt, weft_time now) {
  client *c = user;
  progress(c, now);
  app_report_ping(&c->node.report, p->id_text, rtt);
}

static void on_ping_done(void *user, app_peer *p, const weft_closed *why, weft_time now) {
  client *c = user;
  (void)p;
  c->pinging = false;
  if (why->code != WEFT_OK)
    fail(c, why, now);
  else
    maybe_done(c, now);
}

static void on_identified(void *user, app_peer *p, const weft_identify *id, weft_time now) {
  client *c = user;
  (void)id;
  (void)now;
  weft_webrtc_set_quirks(c->conn, (weft_webrtc_quirks){.no_fin_ack = strstr(p->agent, "rust-libp2p") != NULL});
  app_record_agent(c->node.record, c->conn, p->agent);
  app_report_step(&c->node.report, "The server is %s", p->agent);
}

/* ---- the connection -------------------------------------------------------------------------------------------------------------------- */

static int on_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  client *c = user;
  (void)now;
  return app_node_output(&c->node, local, remote, data, len);
}

static void on_step(client *c, const weft_webrtc_event *ev, weft_time now) {
  char remote[WEFT_ADDR_TEXT_MAX];
  switch (ev->step) {
  case WEFT_WEBRTC_STEP_ICE:
    c->redial_at = now + REDIAL_AFTER;
    app_report_step(&c->node.report, "ICE: %s answers", weft_addr_format(&c->target.addr, remote, sizeof remote));
    break;
  case WEFT_WEBRTC_STEP_DTLS:
    c->redial_at = WEFT_NEVER;
    app_report_step(&c->node.report, "DTLS: certificate matches the certhash");
    break;
  case WEFT_WEBRTC_STEP_SCTP: app_report_step(&c->node.report, "SCTP: association established"); break;
  case WEFT_WEBRTC_STEP_NOISE: app_report_step(&c->node.report, "Noise: peer id proven"); break;
  }
}

static void on_ready(void *user, app_webrtc_conn *conn, weft_time now) {
  client *c = user;
  int rc = WEFT_OK;
  c->peer = conn->peer;
  app_node_report_conn(&c->node, conn);
  app_report_step(&c->node.report, "WebRTC-Direct connection established!");
  progress(c, now);
  app_peer_identify(c->peer, now);
  if (c->chatting) c->chat = app_chat_open(&c->node.chat, c->peer, &rc, now);
  if (c->chatting && !c->chat) leave(c, APP_EXIT_INTERNAL, now);
  if (c->interactive) app_line_input_start(&c->input, &c->node.loop, on_line, on_input_end, c);
  if (c->pinging) app_peer_ping(c->peer, c->pings, 0, now);
}

static void on_closed(client *c, const weft_closed *why, weft_time now) {
  weft_webrtc_stats st = {.size = sizeof st};
  weft_webrtc_get_stats(c->conn, &st);
  app_record_closed(c->node.record, c->conn, why);
  bool authenticated = st.ice_at != WEFT_NEVER, ready = c->peer != NULL;
  if (!c->leaving) {
    c->leaving = true;
    c->code = app_node_exit_code(why, authenticated, ready);
    app_report_error(&c->node.report, why->layer, why->step, why->code, why->text, app_node_hint(why, authenticated));
  }
  if (c->peer) {
    app_report_disconnected(&c->node.report, c->peer->id_text, why->text, app_who(why->who));
    c->peer = NULL;
  }
  app_webrtc_conn_free(weft_webrtc_get_data(c->conn), WEFT_ECLOSED, now);
  app_report_step(&c->node.report, "Disconnected.");
  app_loop_stop(&c->node.loop, c->code);
}

static void on_event(void *user, weft_webrtc *conn, const weft_webrtc_event *ev, weft_time now) {
  client *c = user;
  switch (ev->type) {
  case WEFT_WEBRTC_EVENT_STEP: on_step(c, ev, now); break;
  case WEFT_WEBRTC_EVENT_READY:
    weft_webrtc_set_data(conn, app_webrtc_conn_new(&c->conns, conn, ev, c->yamux, now));
    if (!weft_webrtc_get_data(conn)) leave(c, APP_EXIT_INTERNAL, now);
    break;
  case WEFT_WEBRTC_EVENT_STREAM:
  case WEFT_WEBRTC_EVENT_SECURED_DATA:
  case WEFT_WEBRTC_EVENT_SECURED_WRITABLE:
    if (weft_webrtc_get_data(conn)) app_webrtc_conn_event(weft_webrtc_get_data(conn), ev, now);
    break;
  case WEFT_WEBRTC_EVENT_CLOSED: on_closed(c, &ev->closed, now); break;
  case WEFT_WEBRTC_EVENT_PATH:
  case WEFT_WEBRTC_EVENT_REFUSED: break;
  }
}

/* ---- the program ------------------------------------------------------------------------------------------------------------------------- */

static void on_datagram(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                        weft_time now) {
  client *c = user;
  weft_webrtc_input(c->conn, local, remote, data, len, now);
}

static weft_time deadline(const void *user) {
  const client *c = user;
  weft_time a = c->conn ? weft_webrtc_deadline(c->conn) : WEFT_NEVER, b = app_host_deadline(&c->node.host);
  if (b < a) a = b;
  if (c->redial_at < a) a = c->redial_at;
  return !c->leaving && c->until < a ? c->until : a;
}

static int dial(client *c);

static void redial(client *c, weft_time now) {
  c->redial_at = WEFT_NEVER;
  if (c->leaving || c->peer) return;
  app_report_step(&c->node.report, "DTLS: no answer; dialling again from another port");
  weft_webrtc_free(c->conn);
  c->conn = NULL;
  app_node_close_socket(&c->node);
  int code = dial(c);
  if (code != APP_EXIT_OK) leave(c, code, now);
}

static void tick(void *user, weft_time now) {
  client *c = user;
  if (now >= c->redial_at) redial(c, now);
  if (!c->conn) return;
  weft_webrtc_tick(c->conn, now);
  app_host_tick(&c->node.host, now);
  if (c->leaving || now < c->until) return;
  weft_webrtc_stats st = {.size = sizeof st};
  weft_webrtc_get_stats(c->conn, &st);
  bool authenticated = st.ice_at != WEFT_NEVER;
  weft_closed why = {WEFT_WHO_TIMEOUT,
                     "app",
                     "timeout",
                     WEFT_ETIMEDOUT,
                     0,
                     c->peer ? "no answer from the peer within --timeout"
                             : "the connection was not ready within --timeout"};
  app_report_error(&c->node.report, why.layer, why.step, why.code, why.text, app_node_hint(&why, authenticated));
  leave(c, authenticated ? APP_EXIT_TIMEOUT : APP_EXIT_NO_ANSWER, now);
}

static void on_signal(void *user, int signo, weft_time now) {
  client *c = user;
  leave(c, 128 + signo, now);
}

static int target_from_text(client *c, const char *text) {
  weft_multiaddr ma;
  weft_multiaddr_error err;
  if (weft_multiaddr_parse(&ma, text, &err) == WEFT_OK &&
      weft_multiaddr_webrtc_direct_dial(&ma, &c->target, &err) == WEFT_OK)
    return APP_EXIT_OK;
  app_report_error(&c->node.report, "multiaddr", "address", WEFT_EMALFORMED, err.text,
                   "a full address looks like /ip4/127.0.0.1/udp/4001/webrtc-direct/certhash/uEi.../p2p/12D3Koo...");
  return APP_EXIT_USAGE;
}

static int find_target(client *c, const char *text, const char *addr_file, char *shown, size_t cap) {
  app_addr_file f;
  char why[512];
  const char *path = addr_file ? addr_file : "webrtc_direct_addr.json";
  int rc = text ? WEFT_OK : app_addr_file_read(path, &f);
  if (rc == WEFT_OK) {
    snprintf(shown, cap, "%s", text ? text : f.addr);
    return target_from_text(c, shown);
  }
  const char *what = rc == WEFT_ENOTFOUND    ? "does not exist"
                     : rc == WEFT_ECLOSED    ? "was left by a server that is gone: ignored"
                     : rc == WEFT_EMALFORMED ? "is not an address file"
                                             : "cannot be read";
  snprintf(why, sizeof why, "no address given, and %s %s", path, what);
  app_report_error(&c->node.report, "app", "address file", rc, why,
                   "start webrtc-direct-server here first, or give its multiaddr as the argument");
  return APP_EXIT_USAGE;
}

static int dial(client *c) {
  weft_webrtc_config cfg;
  weft_webrtc_callbacks cb = {sizeof cb, on_output, on_event};
  weft_addr source;
  char text[WEFT_ADDR_TEXT_MAX], why[160];
  weft_time now = app_clock_now();
  if (app_udp_source(&c->target.addr, &source) != WEFT_OK) {
    snprintf(why, sizeof why, "no route to %s", weft_addr_format(&c->target.addr, text, sizeof text));
    app_report_error(&c->node.report, "app", "route", WEFT_EINTERNAL, why,
                     "check the address, and that this machine has that address family");
    return APP_EXIT_NO_ANSWER;
  }
  app_udp *u = app_node_socket(&c->node, &source);
  if (!u) return APP_EXIT_INTERNAL;
  app_node_webrtc_config(&c->node, &cfg);
  cfg.remote = c->target.addr;
  cfg.certhash = c->target.certhash;
  cfg.expected_peer = c->target.peer.bytes;
  cfg.expected_peer_len = c->target.peer.len;
  cfg.direct_version = c->version;
  if (c->limit < cfg.ice_limit) cfg.ice_limit = c->limit;
  c->redial_at = WEFT_NEVER;
  app_report_connecting(&c->node.report, c->shown);
  int rc = weft_webrtc_dial(&c->conn, &cfg, &cb, c);
  if (rc == WEFT_OK) rc = weft_webrtc_start(c->conn, &u->bound, now);
  if (rc == WEFT_OK) return APP_EXIT_OK;
  app_report_error(&c->node.report, "webrtc", "dial", rc, weft_strerror(rc), "");
  return APP_EXIT_INTERNAL;
}

static int run(client *c, const char *text, const char *addr_file) {
  int code = find_target(c, text, addr_file, c->shown, sizeof c->shown);
  if (code != APP_EXIT_OK) return code;
  c->node.on_datagram = on_datagram;
  c->node.on_writable = tick;
  c->node.host.identified = on_identified;
  c->node.host.pinged = on_pinged;
  c->node.host.ping_done = on_ping_done;
  c->node.report.prompt = c->interactive ? "You: " : NULL;
  if (app_webrtc_conns_init(&c->conns, &c->node.loop, &c->node.host, on_ready, c) != WEFT_OK) return APP_EXIT_INTERNAL;
  c->conns.record = c->node.record;
  code = dial(c);
  if (code != APP_EXIT_OK) return code;
  c->until = app_clock_now() + c->limit;
  app_loop_timer(&c->node.loop, deadline, tick, c);
  app_loop_signals(&c->node.loop, on_signal, c);
  return app_loop_run(&c->node.loop);
}

int main(int argc, char **argv) {
  static client c;
  static app_number version = {1, false}, pings, timeout = {60, false};
  static app_node_options o;
  static const char *addr_file, *mux = "channels";
  static const app_option options[] = {
      {"addr-file", 0, APP_ARG_TEXT, &addr_file, 0, 0, "FILE", "read the address from FILE (webrtc_direct_addr.json)"},
      {"direct-version", 0, APP_ARG_NUMBER, &version, 1, 2, "N",
       "webrtc-direct 1 (default: every listener has it) or 2"},
      {"mux", 0, APP_ARG_TEXT, &mux, 0, 0, "WAY",
       "channels: a data channel per stream (default); yamux: one Yamux session inside channel 0"},
      {"send", 's', APP_ARG_LIST, &c.send, 0, 0, "TEXT",
       "send TEXT, wait for the reply, then the next; leave after the last"},
      {"ping", 0, APP_ARG_NUMBER, &pings, 1, 1000000, "N", "ping N times; without --send leave after the last"},
      {"timeout", 't', APP_ARG_NUMBER, &timeout, 1, 86400, "S",
       "seconds for the set-up, and for each reply to --send (60)"},
      {"key-file", 0, APP_ARG_TEXT, &o.key_file, 0, 0, "FILE",
       "identity key, made if absent; without it the identity is fresh"},
      {"json", 0, APP_ARG_FLAG, &o.json, 0, 0, NULL, "one JSON object per event on stdout"},
      {"quiet", 'q', APP_ARG_FLAG, &o.quiet, 0, 0, NULL, "only received lines and errors"},
      {"verbose", 'v', APP_ARG_FLAG, &o.verbose, 0, 0, NULL, "say more"},
      {"keylog", 0, APP_ARG_TEXT, &o.keylog, 0, 0, "FILE", "append DTLS secrets for Wireshark (NSS key log)"},
      {"record", 0, APP_ARG_TEXT, &o.record, 0, 0, "DIR", "record the session there, cut at every layer"},
  };
  static const app_usage usage = {
      "webrtc-direct-client",
      "[OPTIONS] [MULTIADDR]",
      "Dials a libp2p WebRTC-Direct server by its multiaddr, or by the file it saved, and chats.",
      options,
      sizeof options / sizeof options[0],
      1,
      "  webrtc-direct-client /ip4/127.0.0.1/udp/4001/webrtc-direct/certhash/uEi.../p2p/12D3Koo...\n"
      "  webrtc-direct-client --send hello --send bye\n"
      "  webrtc-direct-client --ping 10 --json\n"};
  static const app_chat_callbacks chat = {on_chat_opened, on_message, on_remote_closed, on_room, on_chat_closed};
  const char *positional[1] = {NULL};
  int n = app_args_parse(&usage, argc, argv, positional);
  if (n < 0) return n == APP_ARGS_DONE ? APP_EXIT_OK : APP_EXIT_USAGE;
  for (size_t i = 0; i < c.send.len; i++)
    if (c.send.items[i][0] == 0 || strlen(c.send.items[i]) > APP_CHAT_LINE_MAX) {
      fprintf(stderr, "webrtc-direct-client: --send takes 1 to %d bytes\n", APP_CHAT_LINE_MAX);
      return APP_EXIT_USAGE;
    }
  c.yamux = strcmp(mux, "yamux") == 0;
  if (!c.yamux && strcmp(mux, "channels") != 0) {
    fprintf(stderr, "webrtc-direct-client: --mux takes channels or yamux\n");
    return APP_EXIT_USAGE;
  }
  c.version = (uint8_t)version.value;
  c.pings = (uint32_t)pings.value;
  c.pinging = pings.given;
  c.limit = WEFT_SEC(timeout.value);
  c.chatting = c.send.len > 0 || !pings.given;
  c.interactive = c.send.len == 0 && !pings.given;
  o.argc = argc;
  o.argv = argv;
  int code = app_node_init(&c.node, &o, &chat, &c);
  if (code == APP_EXIT_OK) code = run(&c, positional[0], addr_file);
  weft_webrtc_free(c.conn);
  app_node_end(&c.node);
  return code;
}
