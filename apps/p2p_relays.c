#include <stdio.h>
#include <string.h>

#include "apps/addr_file.h"
#include "apps/clock.h"
#include "apps/p2p.h"

/* ---- which ones --------------------------------------------------------------------------------------------------------------- */

static int64_t unix_at_zero(void) { return app_clock_unix() - (int64_t)(app_clock_now() / WEFT_SEC(1)); }

static int bad_address(p2p *p, const char *where, const char *text) {
  char why[512];
  snprintf(why, sizeof why, "%s: %s", where, text);
  app_report_error(
      &p->node.report, "multiaddr", "relay", WEFT_EMALFORMED, why,
      "a relay's address looks like /ip4/127.0.0.1/tcp/9091/p2p/12D3Koo...; webrtc-p2p-relay prints its own");
  return APP_EXIT_USAGE;
}

static const app_dialer_callbacks dialer_callbacks;
static const app_reservation_callbacks reservation_callbacks;

/* False: there is no room for its text. */
static bool listen_text(const p2p_relay *r, const app_uplink_addr *a, char out[WEFT_MULTIADDR_TEXT_MAX]) {
  weft_multiaddr ma;
  return app_reservation_address(&a->ma, &r->res.cfg.self, &ma) == WEFT_OK &&
         weft_multiaddr_format(&ma, out, WEFT_MULTIADDR_TEXT_MAX) == WEFT_OK;
}

static p2p_relay *find_relay(p2p *p, const weft_peer_id *id) {
  for (size_t i = 0; i < p->relays_len; i++) {
    const weft_peer_id *known = &p->relays[i].res.cfg.relay;
    if (known->len == id->len && memcmp(known->bytes, id->bytes, id->len) == 0) return &p->relays[i];
  }
  return NULL;
}

static p2p_relay *new_relay(p2p *p, const weft_peer_id *id) {
  app_reservation_config cfg = {.relay = *id, .unix_at_zero = unix_at_zero()};
  if (p->relays_len == P2P_RELAYS) return NULL;
  p2p_relay *r = &p->relays[p->relays_len++];
  r->program = p;
  app_dialer_init(&r->dialer, &p->node, &p->tcp, &dialer_callbacks, r);
  weft_peer_id_from_bytes(&cfg.self, p->node.identity.peer_id, sizeof p->node.identity.peer_id);
  app_reservation_init(&r->res, &cfg, &reservation_callbacks, r);
  return r;
}

static bool knows(const p2p_relay *r, const app_uplink_addr *a) {
  for (size_t i = 0; i < r->addrs_len; i++)
    if (weft_multiaddr_equal(&r->addrs[i].ma, &a->ma)) return true;
  return false;
}

int p2p_add_relay(p2p *p, const weft_multiaddr *ma, const char *where) {
  char why[320], text[WEFT_MULTIADDR_TEXT_MAX];
  app_uplink_addr a;
  if (app_uplink_address(&a, ma, why, sizeof why) != WEFT_OK) return bad_address(p, where, why);
  p2p_relay *r = find_relay(p, &a.relay);
  if (!r) r = new_relay(p, &a.relay);
  if (!r) return bad_address(p, where, "too many relays");
  if (!listen_text(r, &a, text)) return bad_address(p, where, "it is too long");
  if (knows(r, &a)) return APP_EXIT_OK;
  if (r->given == P2P_RELAY_ADDRS) return bad_address(p, where, "too many addresses of one relay");
  r->addrs[r->given++] = a;
  r->addrs_len = r->given;
  return APP_EXIT_OK;
}

static int add_text(p2p *p, const char *text, const char *where) {
  weft_multiaddr ma;
  weft_multiaddr_error err;
  return weft_multiaddr_parse(&ma, text, &err) == WEFT_OK ? p2p_add_relay(p, &ma, where)
                                                          : bad_address(p, where, err.text);
}

static int add_from_file(p2p *p) {
  app_addr_file f;
  char why[512];
  int rc = app_addr_file_read(p->relay_file, &f);
  if (rc == WEFT_OK) {
    int code = add_text(p, f.addr, p->relay_file);
    return code == APP_EXIT_OK && f.direct_addr[0] ? add_text(p, f.direct_addr, p->relay_file) : code;
  }
  const char *what = rc == WEFT_ENOTFOUND    ? "does not exist"
                     : rc == WEFT_ECLOSED    ? "was left by a relay that is gone: ignored"
                     : rc == WEFT_EMALFORMED ? "is not an address file"
                                             : "cannot be read";
  snprintf(why, sizeof why, "no relay given, and %s %s", p->relay_file, what);
  app_report_error(&p->node.report, "app", "relay file", rc, why,
                   "start webrtc-p2p-relay here first, or give --relay its multiaddr");
  return APP_EXIT_USAGE;
}

int p2p_add_relays(p2p *p, const app_list *given) {
  int code = APP_EXIT_OK;
  for (size_t i = 0; i < given->len && code == APP_EXIT_OK; i++) code = add_text(p, given->items[i], "--relay");
  return given->len > 0 ? code : add_from_file(p);
}

/* ---- their connections ---------------------------------------------------------------------------------------------------------- */

static void dial(p2p_relay *r, weft_time now) { app_dialer_dial(&r->dialer, r->addrs, r->given, now); }

static app_peer *peer_of(const p2p_relay *r) { return r->dialer.up ? r->dialer.up->peer : NULL; }

static void relay_dialling(void *user, const app_uplink_addr *at, weft_time now) {
  p2p_relay *r = user;
  (void)now;
  app_report_connecting(&r->program->node.report, at->text);
}

static void relay_up(void *user, app_dialer *d, app_peer *relay, weft_time now) {
  p2p_relay *r = user;
  p2p *p = r->program;
  app_report_step(&p->node.report, "Relay: connected to %s, %s", relay->id_text,
                  d->up->at->direct ? "webrtc-direct" : "TCP with Noise and Yamux");
  (void)app_peer_identify(relay, now);
  if (p->listen) {
    app_reservation_connected(&r->res, relay, now);
  } else if (p->wants_circuit) {
    app_session *s = p->wants_circuit;
    p->wants_circuit = NULL;
    app_session_circuit(s, relay, now);
  }
}

/* Of all relays, what tells most. */
static void no_relay(p2p *p, weft_time now) {
  app_session *s = p->wants_circuit;
  const weft_closed *why = &p->relays[0].dialer.why;
  for (size_t i = 1; i < p->relays_len; i++)
    if (app_dialer_tells(&p->relays[i].dialer.why) > app_dialer_tells(why)) why = &p->relays[i].dialer.why;
  p->wants_circuit = NULL;
  app_session_no_circuit(s, why, why->code == WEFT_EAUTH, now);
}

static void relay_down(void *user, app_dialer *d, bool lost, const weft_closed *why, weft_time now) {
  p2p_relay *r = user;
  p2p *p = r->program;
  (void)d;
  if (p->leaving) return;
  if (p->listen)
    app_reservation_disconnected(&r->res, why, now);
  else if (lost || !p->wants_circuit)
    app_report_step(&p->node.report, "Relay: connection lost: %s", why->text);
  else if (++p->relay_at < p->relays_len)
    dial(&p->relays[p->relay_at], now);
  else
    no_relay(p, now);
}

static const app_dialer_callbacks dialer_callbacks = {relay_dialling, relay_up, relay_down};

void p2p_need_circuit(void *user, app_session *s, weft_time now) {
  p2p *p = user;
  for (size_t i = 0; i < p->relays_len; i++)
    if (peer_of(&p->relays[i])) {
      app_session_circuit(s, peer_of(&p->relays[i]), now);
      return;
    }
  p->wants_circuit = s;
  p->relay_at = 0;
  dial(&p->relays[0], now);
}

void p2p_relay_path(void *user, const app_circuit *c, char *local, char *remote) {
  const p2p *p = user;
  for (size_t i = 0; i < p->relays_len; i++) {
    const app_uplink *u = p->relays[i].dialer.up;
    if (!u || !u->peer || strcmp(u->peer->id_text, c->relay_text) != 0) continue;
    app_uplink_local(u, local);
    weft_addr_format(&u->at->to, remote, WEFT_ADDR_TEXT_MAX);
    return;
  }
}

/* ---- reservations ------------------------------------------------------------------------------------------------------------------ */

static void dial_relay(void *user, app_reservation *res, weft_time now) {
  (void)res;
  dial(user, now);
}

/* Of the addresses that the relay tells, those that others may reach it at. They are told on, never dialled: nothing makes us send where it says. */
static bool of_use(const p2p_relay *r, const app_uplink_addr *a) {
  const weft_peer_id *id = &r->res.cfg.relay;
  const weft_addr *here = &r->dialer.up->at->to;
  return a->relay.len == id->len && memcmp(a->relay.bytes, id->bytes, id->len) == 0 && !knows(r, a) &&
         !weft_addr_is_unspecified(&a->to) && !weft_addr_is_multicast(&a->to) &&
         (!weft_addr_is_loopback(&a->to) || weft_addr_is_loopback(here)) &&
         (!weft_addr_is_link_local(&a->to) || weft_addr_is_link_local(here));
}

static void learn_addresses(p2p_relay *r) {
  const weft_relay_message *m = r->res.answer;
  char why[320], text[WEFT_MULTIADDR_TEXT_MAX];
  weft_multiaddr ma;
  weft_multiaddr_error err;
  r->addrs_len = r->given;
  for (size_t i = 0; i < m->addrs_len && r->addrs_len < P2P_RELAY_ADDRS; i++) {
    app_uplink_addr *a = &r->addrs[r->addrs_len];
    if (weft_multiaddr_from_bytes(&ma, m->addrs[i].data, m->addrs[i].len, &err) == WEFT_OK &&
        app_uplink_address(a, &ma, why, sizeof why) == WEFT_OK && of_use(r, a) && listen_text(r, a, text))
      r->addrs_len++;
  }
}

/* The first address of the first reservation is what the file holds. */
static void announce(p2p *p, const char *addr, weft_time now) {
  p->ever_reserved = true;
  snprintf(p->saved, sizeof p->saved, "%s", addr);
  if (app_addr_file_write(p->addr_file, p->saved, p->node.peer_id, NULL) != WEFT_OK) {
    char why[512];
    snprintf(why, sizeof why, "cannot write %s", p->addr_file);
    p->saved[0] = 0;
    app_report_error(&p->node.report, "app", "address file", WEFT_EINTERNAL, why,
                     "give --addr-file a path that can be written");
    p2p_leave(p, APP_EXIT_INTERNAL, now);
    return;
  }
  app_report_step(&p->node.report, "Dial it with:  webrtc-p2p-peer -m dial %s", p->saved);
  app_report_step(&p->node.report, "Waiting for peers... (Ctrl+C to stop)");
  p2p_read_lines(p);
}

static void print_listening(p2p_relay *r) {
  char text[WEFT_MULTIADDR_TEXT_MAX];
  learn_addresses(r);
  for (size_t i = 0; i < r->addrs_len; i++)
    if (listen_text(r, &r->addrs[i], text)) app_report_listening(&r->program->node.report, text);
}

static void on_reserved(void *user, app_reservation *res, bool first, weft_time now) {
  p2p_relay *r = user;
  p2p *p = r->program;
  char text[WEFT_MULTIADDR_TEXT_MAX] = "";
  (void)listen_text(r, &r->addrs[0], text);
  app_report_reserved(&p->node.report, peer_of(r)->id_text, text, res->expire);
  if (first) print_listening(r);
  if (!p->ever_reserved) announce(p, text, now);
}

static bool all_failed(const p2p *p) {
  for (size_t i = 0; i < p->relays_len; i++)
    if (!p->relays[i].failed) return false;
  return true;
}

/* p2p_hint's words on ICE are of a peer behind a NAT. */
static const char *relay_hint(const weft_closed *why) {
  if (strcmp(why->layer, "ice") != 0) return p2p_hint(why);
  return "is the relay running, and is its UDP port open? give --relay its address";
}

static void on_failed(void *user, app_reservation *res, const weft_closed *why, weft_time again, weft_time now) {
  p2p_relay *r = user;
  p2p *p = r->program;
  char text[WEFT_MULTIADDR_TEXT_MAX + 320], hint[160];
  if (p->leaving) return;
  r->failed = !res->ever;
  bool hopeless = !p->ever_reserved && all_failed(p);
  snprintf(text, sizeof text, "no reservation at %s: %s", why == &r->dialer.why ? r->dialer.why_addr : r->addrs[0].text,
           why->text);
  snprintf(hint, sizeof hint, "it is tried again in %u s", (unsigned)(again / WEFT_SEC(1)));
  app_report_error(&p->node.report, why->layer, why->step, why->code, text, hopeless ? relay_hint(why) : hint);
  if (hopeless) p2p_leave(p, why->code == WEFT_EAUTH ? APP_EXIT_REFUSED : APP_EXIT_NO_ANSWER, now);
}

static const app_reservation_callbacks reservation_callbacks = {dial_relay, on_reserved, on_failed};

void p2p_reserve(p2p *p, weft_time now) {
  for (size_t i = 0; i < p->relays_len && !p->leaving; i++) app_reservation_start(&p->relays[i].res, now);
}

/* ---- where direct connections start from -------------------------------------------------------------------------------------------- */

/* The relay's UDP port of the same machine; when it is not known, the number of its TCP port. */
static weft_addr stun_at(const p2p_relay *r) {
  const weft_addr *here = &r->dialer.up->at->to;
  for (size_t i = 0; i < r->addrs_len; i++)
    if (r->addrs[i].direct && weft_addr_equal_ip(&r->addrs[i].to, here)) return r->addrs[i].to;
  return *here;
}

static void report_stun(p2p *p, const weft_addr *servers, size_t n) {
  char text[WEFT_ADDR_TEXT_MAX];
  for (size_t i = 0; i < n; i++)
    app_report_detail(&p->node.report, "STUN: asking %s", weft_addr_format(&servers[i], text, sizeof text));
}

void p2p_attempt(void *user, weft_time now) {
  p2p *p = user;
  weft_addr locals[APP_GATHER_ADDRS], servers[APP_PRIVATE_STUN];
  bool loopback = false;
  size_t n = 0;
  (void)now;
  for (size_t i = 0; i < p->relays_len; i++) {
    const app_uplink *u = p->relays[i].dialer.up;
    if (!u || !u->peer) continue;
    if (weft_addr_is_loopback(&u->at->to)) loopback = true;
    if (!p->stun_given && n < APP_PRIVATE_STUN) servers[n++] = stun_at(&p->relays[i]);
  }
  for (size_t i = 0; i < p->stun_len; i++) servers[n++] = p->stun[i];
  report_stun(p, servers, n);
  size_t found = app_gather_addrs(&p->gather, loopback, locals, APP_GATHER_ADDRS);
  app_private_set_locals(&p->sessions.direct, locals, found, loopback || p->gather.loopback);
  app_private_set_stun(&p->sessions.direct, servers, n);
}

static void on_found(void *user, const char *name, const weft_addr *ip, weft_time now) {
  p2p *p = user;
  app_private_resolved(&p->sessions.direct, name, ip, now);
}

static void on_name_ended(void *user, const char *name, unsigned addresses, weft_time now) {
  p2p *p = user;
  (void)now;
  if (addresses == 0) app_report_detail(&p->node.report, "mDNS: nobody answers for %s", name);
}

void p2p_resolve(void *user, const char *name, weft_time now) {
  p2p *p = user;
  if (!p->mdns_tried && app_mdns_net_open(&p->mdns, &p->node.loop, &p->node.rng, on_found, on_name_ended, p) != WEFT_OK)
    app_report_detail(&p->node.report, "mDNS: no interface has multicast, names are not resolved");
  p->mdns_tried = true;
  if (p->mdns.open) (void)app_mdns_ask(&p->mdns.mdns, name, now);
}

/* ---- all of them ---------------------------------------------------------------------------------------------------------------------- */

void p2p_relays_close(p2p *p, weft_time now) {
  for (size_t i = 0; i < p->relays_len; i++) app_dialer_close(&p->relays[i].dialer, now);
}

bool p2p_relays_busy(const p2p *p) {
  for (size_t i = 0; i < p->relays_len; i++)
    if (app_dialer_busy(&p->relays[i].dialer)) return true;
  return p->tcp.lingering_len > 0;
}

void p2p_relays_tick(p2p *p, weft_time now) {
  for (size_t i = 0; i < p->relays_len; i++) {
    app_dialer_tick(&p->relays[i].dialer, now);
    if (p->listen && !p->leaving && app_reservation_deadline(&p->relays[i].res) <= now)
      app_reservation_tick(&p->relays[i].res, now);
  }
}

weft_time p2p_relays_deadline(const p2p *p) {
  weft_time at = WEFT_NEVER;
  for (size_t i = 0; i < p->relays_len; i++) {
    weft_time a = app_dialer_deadline(&p->relays[i].dialer), b = WEFT_NEVER;
    if (p->listen && !p->leaving) b = app_reservation_deadline(&p->relays[i].res);
    if (a < at) at = a;
    if (b < at) at = b;
  }
  return at;
}
