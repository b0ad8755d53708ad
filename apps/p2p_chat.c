#include <string.h>

#include "apps/clock.h"
#include "apps/p2p.h"

/* ---- how it went -------------------------------------------------------------------------------------------------------------- */

static int exit_code(const p2p *p, bool met, const weft_closed *why) {
  if (why->code == WEFT_EAUTH) return APP_EXIT_REFUSED;
  if (p->done && why->code == WEFT_OK) return APP_EXIT_OK;
  if (p->opened) return why->who == WEFT_WHO_TIMEOUT ? APP_EXIT_TIMEOUT : APP_EXIT_PEER;
  if (why->who == WEFT_WHO_TIMEOUT) return met ? APP_EXIT_TIMEOUT : APP_EXIT_NO_ANSWER;
  bool chat = strcmp(why->layer, "chat") == 0 || strcmp(why->layer, "multistream") == 0;
  return chat || met ? APP_EXIT_PEER : APP_EXIT_NO_ANSWER;
}

const char *p2p_hint(const weft_closed *why) {
  bool relay = strcmp(why->layer, "relay") == 0;
  if (why->code == WEFT_EAUTH && strcmp(why->layer, "dtls") == 0)
    return "the certificate is not the one of the signaled description: somebody is in between, or the peer is broken";
  if (why->code == WEFT_EAUTH && relay) return "the relay is not what it says, or its clock is wrong: do not use it";
  if (why->code == WEFT_EAUTH) return "the address names another peer: take the address that is printed now";
  if (why->wire_code == WEFT_RELAY_NO_RESERVATION)
    return "the peer is not there any more: start webrtc-p2p-peer -m listen, and take the address it prints";
  if (why->wire_code == WEFT_RELAY_CONNECTION_FAILED)
    return "the peer holds a reservation but did not answer: is it still running?";
  if (why->wire_code == WEFT_RELAY_RESERVATION_REFUSED || why->wire_code == WEFT_RELAY_RESOURCE_LIMIT_EXCEEDED)
    return "the relay is full: raise its limits, or try again later";
  if (why->wire_code == WEFT_RELAY_PERMISSION_DENIED) return "the relay's --allow or --deny keeps this peer out";
  if (strcmp(why->layer, "tcp") == 0) return "is the relay running, and is its TCP port open? give --relay its address";
  if (strcmp(why->layer, "ice") == 0 || strcmp(why->step, "checks") == 0)
    return "the NATs of both sides allow no direct path: leave out --no-fallback to chat through the relay";
  if (why->code == WEFT_ETIMEDOUT) return "try again, or raise --timeout";
  if (why->who == WEFT_WHO_PEER) return "the other side ended it: its own log says why";
  return "";
}

/* ---- sessions ------------------------------------------------------------------------------------------------------------------- */

static void progress(p2p *p, weft_time now) { p->reply_until = p->send.len > 0 ? now + p->limit : WEFT_NEVER; }

static void send_next(p2p *p, weft_time now) {
  const char *text = p->send.items[p->sent++];
  app_session_send(p->session, (const uint8_t *)text, strlen(text), now);
  app_report_detail(&p->node.report, "Sent line %zu of %zu", p->sent, p->send.len);
}

static void on_opened(void *user, app_session *s, weft_time now) {
  p2p *p = user;
  if (p->listen) {
    app_report_step(&p->node.report, "%s opened the chat", s->peer_text);
    return;
  }
  p->opened = true;
  progress(p, now);
  app_report_step(&p->node.report, "Chat is open (%s).%s", APP_P2P_CHAT_PROTOCOL,
                  p->send.len == 0 ? " 'quit' or Ctrl+D leaves." : "");
  if (p->send.len > 0)
    send_next(p, now);
  else
    p2p_read_lines(p);
}

static void on_message(void *user, app_session *s, const uint8_t *data, size_t len, weft_time now) {
  p2p *p = user;
  app_report_message(&p->node.report, s->peer_text, data, len);
  if (p->send.len == 0 || p->done) return;
  progress(p, now);
  if (p->sent < p->send.len) {
    send_next(p, now);
    return;
  }
  p->done = true;
  app_session_finish(s, now);
}

static void on_room(void *user, app_session *s, weft_time now) {
  p2p *p = user;
  (void)s;
  if (!p->listen) app_line_input_resume(&p->input, now);
}

static void on_left(void *user, app_session *s, weft_time now) {
  p2p *p = user;
  (void)now;
  if (!p->done) app_report_step(&p->node.report, "%s ended the chat.", s->peer_text);
  if (!p->listen && p->sent == p->send.len && p->send.len == 0) p->done = true;
}

static void dialer_ended(p2p *p, bool met, const weft_closed *why, weft_time now) {
  int code = exit_code(p, met, why);
  p->session = NULL;
  if (code != APP_EXIT_OK)
    app_report_error(&p->node.report, why->layer, why->step, why->code,
                     why->code == WEFT_OK ? "the peer ended the chat before it had answered every line" : why->text,
                     p2p_hint(why));
  p2p_leave(p, code, now);
}

static void on_ended(void *user, app_session *s, const weft_closed *why, weft_time now) {
  p2p *p = user;
  if (p->wants_circuit == s) p->wants_circuit = NULL;
  if (s->met) app_report_disconnected(&p->node.report, s->peer_text, why->text, app_who(why->who));
  if (!p->leaving && !p->listen) dialer_ended(p, s->met, why, now);
}

static int on_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  p2p *p = user;
  (void)now;
  return app_node_output(&p->node, local, remote, data, len);
}

void p2p_sessions_init(p2p *p) {
  static const app_sessions_callbacks callbacks = {.need_circuit = p2p_need_circuit,
                                                   .attempt = p2p_attempt,
                                                   .output = on_output,
                                                   .opened = on_opened,
                                                   .message = on_message,
                                                   .room = on_room,
                                                   .left = on_left,
                                                   .ended = on_ended,
                                                   .resolve = p2p_resolve,
                                                   .relay_path = p2p_relay_path};
  app_sessions_init(&p->sessions, &callbacks, p);
}

int p2p_dial(p2p *p, weft_time now) {
  app_path_config cfg = p->path;
  cfg.dialer = true;
  cfg.set_up = p->limit;
  p->session = app_session_new(&p->sessions, &p->target.peer, &cfg, now);
  if (!p->session) return APP_EXIT_INTERNAL;
  app_session_start(p->session, now);
  return APP_EXIT_OK;
}

/* ---- lines ------------------------------------------------------------------------------------------------------------------------- */

static void end_chats(p2p *p, weft_time now) {
  p->done = true;
  app_sessions_finish(&p->sessions, now);
  if (p->leaving || p->leave_at != WEFT_NEVER) return;
  /* A peer that does not end its side is not waited for long. */
  p->leave_at = p->listen && !p->sessions.first ? now : now + WEFT_SEC(5);
}

static bool to_everybody(p2p *p, const uint8_t *line, size_t len, weft_time now) {
  unsigned n = 0;
  for (app_session *s = p->sessions.first, *next; s; s = next) {
    next = s->next;
    int rc = app_session_send(s, line, len, now);
    if (rc == WEFT_EAGAIN) app_report_step(&p->node.report, "%s reads too slowly: line not sent to it", s->peer_text);
    n++;
  }
  if (n == 0) app_report_step(&p->node.report, "Nobody is connected: line not sent");
  return true;
}

static bool on_line(void *user, const uint8_t *line, size_t len, weft_time now) {
  p2p *p = user;
  if (len == 4 && memcmp(line, "quit", 4) == 0) {
    end_chats(p, now);
    return true;
  }
  bool taken = true;
  if (p->listen)
    to_everybody(p, line, len, now);
  else if (p->session)
    taken = app_session_send(p->session, line, len, now) != WEFT_EAGAIN;
  app_report_prompt(&p->node.report);
  return taken;
}

/* Unattended, with --echo, it is no sign that somebody wants to leave. */
static void on_input_end(void *user, weft_time now) {
  p2p *p = user;
  if (p->echo) return;
  if (p->listen) app_report_step(&p->node.report, "End of input: leaving. (Without a terminal, --echo stays.)");
  end_chats(p, now);
}

void p2p_read_lines(p2p *p) {
  if (p->reading || p->leaving) return;
  p->reading = true;
  app_line_input_start(&p->input, &p->node.loop, on_line, on_input_end, p);
  app_report_prompt(&p->node.report);
}

/* ---- time ---------------------------------------------------------------------------------------------------------------------------- */

void p2p_chat_tick(p2p *p, weft_time now) {
  app_sessions_tick(&p->sessions, now);
  if (p->leaving || now < p->reply_until) return;
  weft_closed why = {WEFT_WHO_TIMEOUT, "app", "timeout", WEFT_ETIMEDOUT, 0, "no reply from the peer within --timeout"};
  app_report_error(&p->node.report, why.layer, why.step, why.code, why.text, p2p_hint(&why));
  p2p_leave(p, APP_EXIT_TIMEOUT, now);
}

weft_time p2p_chat_deadline(const p2p *p) {
  weft_time at = app_sessions_deadline(&p->sessions);
  return p->leaving || at < p->reply_until ? at : p->reply_until;
}
