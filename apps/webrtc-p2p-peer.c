/* Demo 2, a peer: listens through a relay, or dials one that does, and chats over direct UDP where a path exists. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "apps/addr_file.h"
#include "apps/clock.h"
#include "apps/p2p.h"

#define POLL_EVERY WEFT_MS(500)
#define POLL_LIMIT WEFT_SEC(60)
/* The goodbyes: first of the chats, then of the relays' connections. */
#define LEAVE_CHATS WEFT_MS(500)
#define LEAVE_RELAYS WEFT_MS(1000)

/* ---- leaving --------------------------------------------------------------------------------------------------------------------- */

static void forget_file(p2p *p) {
  if (p->saved[0]) app_addr_file_remove(p->addr_file, p->saved);
  p->saved[0] = 0;
}

void p2p_leave(p2p *p, int code, weft_time now) {
  if (p->leaving) return;
  p->leaving = true;
  p->code = code;
  p->poll_at = WEFT_NEVER;
  p->leave_at = now + LEAVE_CHATS;
  forget_file(p); /* at once: a second Ctrl+C ends the process where it stands */
  p->session = NULL;
  app_sessions_close(&p->sessions, now);
}

static void say_goodbye(p2p *p, weft_time now) {
  p->goodbye_said = true;
  p->leave_at = now + LEAVE_RELAYS;
  p2p_relays_close(p, now);
}

static void go_on_leaving(p2p *p, weft_time now) {
  if (!p->goodbye_said && (now >= p->leave_at || app_sessions_idle(&p->sessions))) say_goodbye(p, now);
  if (p->goodbye_said && (now >= p->leave_at || !p2p_relays_busy(p))) app_loop_stop(&p->node.loop, p->code);
}

static void on_signal(void *user, int signo, weft_time now) {
  p2p *p = user;
  p2p_leave(p, p->listen ? APP_EXIT_OK : 128 + signo, now);
}

/* ---- whom to dial ------------------------------------------------------------------------------------------------------------------- */

static int bad_target(p2p *p, const char *why) {
  app_report_error(&p->node.report, "multiaddr", "address", WEFT_EMALFORMED, why,
                   "a full address looks like /ip4/127.0.0.1/tcp/9091/p2p/<relay>/p2p-circuit/webrtc/p2p/<peer>");
  return APP_EXIT_USAGE;
}

static int set_target(p2p *p, const char *text) {
  char why[320];
  if (app_target_parse(&p->target, text, why, sizeof why) != WEFT_OK) return bad_target(p, why);
  if (p->target.peer.len == sizeof p->node.identity.peer_id &&
      memcmp(p->target.peer.bytes, p->node.identity.peer_id, p->target.peer.len) == 0)
    return bad_target(p, "it names this peer itself");
  return p->target.has_relay ? p2p_add_relay(p, &p->target.relay, "the address") : p2p_add_relays(p, &p->relay_list);
}

static int dial_address(p2p *p, const char *text, weft_time now) {
  int code = set_target(p, text);
  if (code != APP_EXIT_OK) return code;
  app_report_connecting(&p->node.report, text);
  return p2p_dial(p, now);
}

/* The file of a listener that is gone is as good as none: a new one may be about to write it. */
static void poll_file(p2p *p, weft_time now) {
  app_addr_file f;
  char why[512];
  int rc = app_addr_file_read(p->addr_file, &f);
  int code = APP_EXIT_USAGE;
  p->poll_at = now + POLL_EVERY;
  if (rc == WEFT_OK) {
    p->poll_at = WEFT_NEVER;
    code = dial_address(p, f.addr, now);
    if (code != APP_EXIT_OK) p2p_leave(p, code, now);
    return;
  }
  if (now < p->poll_end) return;
  snprintf(why, sizeof why, "no address given, and %s %s", p->addr_file,
           rc == WEFT_ECLOSED     ? "was left by a peer that is gone"
           : rc == WEFT_ENOTFOUND ? "did not appear in time"
                                  : "is not an address file");
  app_report_error(&p->node.report, "app", "address file", rc, why,
                   "start webrtc-p2p-peer -m listen here first, or give its multiaddr as the argument");
  p2p_leave(p, code, now);
}

static int begin_dial(p2p *p, const char *text, weft_time now) {
  if (text) return dial_address(p, text, now);
  app_report_step(&p->node.report, "Looking for %s ...", p->addr_file);
  p->poll_end = now + (p->limit < POLL_LIMIT ? p->limit : POLL_LIMIT);
  poll_file(p, now);
  return APP_EXIT_OK;
}

static int begin_listen(p2p *p, weft_time now) {
  int code = p2p_add_relays(p, &p->relay_list);
  if (code == APP_EXIT_OK) p2p_reserve(p, now);
  return code;
}

/* ---- the loop ----------------------------------------------------------------------------------------------------------------------- */

static void on_datagram(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                        weft_time now) {
  p2p *p = user;
  for (size_t i = 0; i < p->relays_len; i++)
    if (app_dialer_input(&p->relays[i].dialer, local, remote, data, len, now)) return;
  (void)app_private_input(&p->sessions.direct, local, remote, data, len, now);
}

static void on_identified(void *user, app_peer *peer, const weft_identify *id, weft_time now) {
  p2p *p = user;
  (void)id;
  (void)now;
  if (peer->muxer == &app_webrtc_muxer)
    weft_webrtc_set_quirks(peer->conn, (weft_webrtc_quirks){.no_fin_ack = strstr(peer->agent, "rust-libp2p") != NULL});
  app_record_agent(p->node.record, peer->conn, peer->agent);
  app_report_detail(&p->node.report, "%s is %s", peer->id_text, peer->agent);
}

static weft_time deadline(const void *user) {
  const p2p *p = user;
  weft_time due[] = {p->poll_at, p->leave_at, p2p_chat_deadline(p), p2p_relays_deadline(p),
                     app_host_deadline(&p->node.host)};
  weft_time at = p->node.loop.stopped ? 0 : WEFT_NEVER; /* stopped in before_wait: no wait any more */
  for (size_t i = 0; i < WEFT_ARRAY_LEN(due); i++)
    if (due[i] < at) at = due[i];
  return at;
}

static void tick(void *user, weft_time now) {
  p2p *p = user;
  app_host_tick(&p->node.host, now);
  p2p_relays_tick(p, now);
  p2p_chat_tick(p, now);
  if (now >= p->poll_at) poll_file(p, now);
  if (!p->leaving && (now >= p->leave_at || (p->done && p->listen && !p->sessions.first)))
    p2p_leave(p, APP_EXIT_OK, now);
}

/* Leaving is looked at whenever something has happened, not only when a timer is due. */
static void before_wait(void *user, weft_time now) {
  p2p *p = user;
  if (p->leaving && !p->node.loop.stopped) go_on_leaving(p, now);
  app_node_flush(&p->node, now);
}

static void keylog(void *user, const char *line) {
  app_node_keylog(&((p2p *)((app_sessions *)user)->user)->node, line);
}

static int run(p2p *p, const char *text) {
  app_sessions_config cfg = {
      .host = &p->node.host,
      .report = &p->node.report,
      .accept = p->path,
      .direct = {.host = &p->node.host, .cert = p->node.cert, .types = p->types, .limit = p->ice_limit}};
  weft_time now = app_clock_now();
  cfg.accept.dialer = false;
  cfg.direct.record = p->node.record;
  cfg.direct.keylog = p->node.keylog || p->node.record ? keylog : NULL;
  p->node.on_datagram = on_datagram;
  p->node.on_writable = tick;
  p->node.host.identified = on_identified;
  p->node.report.prompt = p->listen ? "Alice: " : p->send.len == 0 ? "Bob: " : NULL;
  if (app_tcp_pool_init(&p->tcp, &p->node.loop) != WEFT_OK || app_sessions_start(&p->sessions, &cfg) != WEFT_OK)
    return APP_EXIT_INTERNAL;
  app_loop_before_wait(&p->node.loop, before_wait, p);
  app_loop_timer(&p->node.loop, deadline, tick, p);
  app_loop_signals(&p->node.loop, on_signal, p);
  int code = p->listen ? begin_listen(p, now) : begin_dial(p, text, now);
  if (code != APP_EXIT_OK) return code;
  code = app_loop_run(&p->node.loop);
  app_report_step(&p->node.report, p->listen ? "Stopped." : "Disconnected.");
  return code;
}

static void end(p2p *p) {
  weft_time now = app_clock_now();
  forget_file(p);
  p->leaving = true;
  app_sessions_end(&p->sessions, now);
  for (size_t i = 0; i < p->relays_len; i++) {
    app_reservation_end(&p->relays[i].res);
    app_dialer_end(&p->relays[i].dialer, now);
  }
  app_tcp_pool_end(&p->tcp);
  if (p->mdns.open) app_mdns_net_close(&p->mdns);
}

/* ---- the command line --------------------------------------------------------------------------------------------------------------------- */

typedef struct arguments {
  const char *mode, *ports, *types;
  bool relay_only, no_fallback;
  app_list stun, bind;
  app_number timeout, ice_timeout;
  app_node_options node;
} arguments;

static int usage(const char *text) {
  fprintf(stderr, "webrtc-p2p-peer: %s\n", text);
  return APP_EXIT_USAGE;
}

static int read_stun(p2p *p, const app_list *given) {
  for (size_t i = 0; i < given->len; i++) {
    p->stun_given = true;
    if (strcmp(given->items[i], "none") == 0) continue;
    if (p->stun_len == APP_PRIVATE_STUN) return usage("--stun may be given four times");
    if (weft_addr_parse(&p->stun[p->stun_len], given->items[i]) != WEFT_OK || p->stun[p->stun_len].port == 0)
      return usage("--stun takes <ip>:<port>, [<ipv6>]:<port>, or none");
    p->stun_len++;
  }
  return APP_EXIT_OK;
}

static int read_bind(p2p *p, const arguments *a) {
  unsigned min, max;
  char more;
  for (size_t i = 0; i < a->bind.len; i++)
    if (app_gather_bind(&p->gather, a->bind.items[i]) != WEFT_OK)
      return usage(
          "--bind takes an address of this machine, <ip> or <ip>:<port>, or an interface, at most eight times");
  if (!a->ports) return APP_EXIT_OK;
  if (sscanf(a->ports, "%5u-%5u%c", &min, &max, &more) != 2 || min == 0 || min > max || max > 65535)
    return usage("--ports takes <first>-<last>, for example 50000-50100");
  p->gather.port_min = (uint16_t)min;
  p->gather.port_max = (uint16_t)max;
  return APP_EXIT_OK;
}

static int read_types(p2p *p, const char *text) {
  static const weft_ice_candidate_type types[] = {WEFT_ICE_HOST, WEFT_ICE_SRFLX, WEFT_ICE_PRFLX};
  char list[64];
  if (!text) return APP_EXIT_OK;
  snprintf(list, sizeof list, "%s", text);
  for (char *rest = list, *word; (word = strsep(&rest, ",")) != NULL;) {
    uint32_t found = 0;
    for (size_t i = 0; i < WEFT_ARRAY_LEN(types); i++)
      if (strcmp(word, weft_ice_candidate_type_name(types[i])) == 0) found = WEFT_ICE_TYPE(types[i]);
    if (!found) return usage("--candidates takes types from host, srflx and prflx, with commas between them");
    p->types |= found;
  }
  return APP_EXIT_OK;
}

static int read_arguments(p2p *p, const arguments *a, const char *text) {
  if (!a->mode || (strcmp(a->mode, "listen") != 0 && strcmp(a->mode, "dial") != 0))
    return usage("give --mode listen, or --mode dial (-m)");
  p->listen = strcmp(a->mode, "listen") == 0;
  if (p->listen && text) return usage("listen takes no address; give its relay with --relay");
  if (p->listen && p->send.len > 0)
    return usage("--send is for dialing; a listener sends the lines it reads, or --echo");
  if (p->listen && (a->relay_only || a->no_fallback)) return usage("--relay-only and --no-fallback are for dialing");
  if (a->relay_only && a->no_fallback) return usage("--relay-only and --no-fallback exclude each other");
  if (p->echo && p->send.len > 0) return usage("--echo and --send exclude each other");
  for (size_t i = 0; i < p->send.len; i++)
    if (p->send.items[i][0] == 0 || strlen(p->send.items[i]) > APP_CHAT_LINE_MAX)
      return usage("--send takes 1 to 4096 bytes");
  p->limit = WEFT_SEC(a->timeout.value);
  p->ice_limit = a->ice_timeout.given ? WEFT_SEC(a->ice_timeout.value) : 0;
  app_path_config_default(&p->path);
  p->path.echo = p->echo;
  p->path.relay_only = a->relay_only;
  p->path.no_fallback = a->no_fallback;
  int code = read_stun(p, &a->stun);
  if (code == APP_EXIT_OK) code = read_bind(p, a);
  return code == APP_EXIT_OK ? read_types(p, a->types) : code;
}

int main(int argc, char **argv) {
  static p2p p;
  static arguments a = {.timeout = {90, false}};
  const app_option options[] = {
      {"mode", 'm', APP_ARG_TEXT, &a.mode, 0, 0, "MODE", "listen (Alice), or dial (Bob)"},
      {"relay", 'r', APP_ARG_LIST, &p.relay_list, 0, 0, "MULTIADDR",
       "relay, over TCP or webrtc-direct; may be given several times; dial: for an address that names none"},
      {"relay-file", 0, APP_ARG_TEXT, &p.relay_file, 0, 0, "FILE",
       "without --relay: where the relay saved its address (relay_addr.json)"},
      {"addr-file", 0, APP_ARG_TEXT, &p.addr_file, 0, 0, "FILE",
       "listen: where to save the address; dial: where to look for it (alice_webrtc_addr.json)"},
      {"stun", 0, APP_ARG_LIST, &a.stun, 0, 0, "ADDR", "STUN server <ip>:<port>, or none; default: the relay"},
      {"bind", 0, APP_ARG_LIST, &a.bind, 0, 0, "ADDR",
       "start direct connections from this address or interface alone: <ip>, <ip>:<port>, or its name"},
      {"ports", 0, APP_ARG_TEXT, &a.ports, 0, 0, "MIN-MAX", "UDP ports for direct connections"},
      {"candidates", 0, APP_ARG_TEXT, &a.types, 0, 0, "TYPES",
       "tell and use only these: of host, srflx, prflx, with commas"},
      {"relay-only", 0, APP_ARG_FLAG, &a.relay_only, 0, 0, NULL, "dial: never try a direct path"},
      {"no-fallback", 0, APP_ARG_FLAG, &a.no_fallback, 0, 0, NULL, "dial: never chat through the relay"},
      {"echo", 0, APP_ARG_FLAG, &p.echo, 0, 0, NULL, "send everything back; the end of the input does not end it"},
      {"send", 's', APP_ARG_LIST, &p.send, 0, 0, "TEXT",
       "dial: send TEXT, wait for the reply, then the next; leave after the last"},
      {"timeout", 't', APP_ARG_NUMBER, &a.timeout, 1, 86400, "S",
       "seconds for the set-up, and for each reply to --send (90)"},
      {"ice-timeout", 0, APP_ARG_NUMBER, &a.ice_timeout, 1, 300, "S", "seconds for one try of the direct path (10)"},
      {"key-file", 0, APP_ARG_TEXT, &a.node.key_file, 0, 0, "FILE",
       "identity key, made if absent; without it the identity is fresh"},
      {"json", 0, APP_ARG_FLAG, &a.node.json, 0, 0, NULL, "one JSON object per event on stdout"},
      {"quiet", 'q', APP_ARG_FLAG, &a.node.quiet, 0, 0, NULL, "only addresses, received lines and errors"},
      {"verbose", 'v', APP_ARG_FLAG, &a.node.verbose, 0, 0, NULL, "say more"},
      {"keylog", 0, APP_ARG_TEXT, &a.node.keylog, 0, 0, "FILE", "append DTLS secrets for Wireshark (NSS key log)"},
      {"record", 0, APP_ARG_TEXT, &a.node.record, 0, 0, "DIR",
       "record each connection, cut at every layer: DIR, DIR-2, ..."},
  };
  const app_usage u = {
      "webrtc-p2p-peer",
      "-m listen|dial [OPTIONS] [MULTIADDR]",
      "Two peers find each other through a circuit relay and chat over direct UDP (libp2p WebRTC).",
      options,
      sizeof options / sizeof options[0],
      1,
      "  webrtc-p2p-peer -m listen\n"
      "  webrtc-p2p-peer -m dial\n"
      "  webrtc-p2p-peer -m dial /ip4/127.0.0.1/tcp/9091/p2p/12D3Koo.../p2p-circuit/webrtc/p2p/12D3Koo...\n"};
  const app_protocol *protocols[APP_PROTOCOLS_MAX];
  const char *positional[1] = {NULL};
  p.addr_file = "alice_webrtc_addr.json";
  p.relay_file = "relay_addr.json";
  p.poll_at = p.leave_at = p.reply_until = WEFT_NEVER;
  app_gather_init(&p.gather, &p.node);
  int n = app_args_parse(&u, argc, argv, positional);
  if (n < 0) return n == APP_ARGS_DONE ? APP_EXIT_OK : APP_EXIT_USAGE;
  int code = read_arguments(&p, &a, positional[0]);
  if (code != APP_EXIT_OK) return code;
  p2p_sessions_init(&p);
  a.node.argc = argc;
  a.node.argv = argv;
  a.node.listener = p.listen;
  a.node.protocols = protocols;
  a.node.protocols_len = app_sessions_protocols(&p.sessions, protocols);
  code = app_node_init(&p.node, &a.node, NULL, &p);
  if (code == APP_EXIT_OK) {
    code = run(&p, positional[0]);
    end(&p);
  }
  app_node_end(&p.node);
  return code;
}
