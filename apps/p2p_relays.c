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

static const app_uplink_callbacks uplink_callbacks;
static const app_reservation_callbacks reservation_callbacks;

int p2p_add_relay(p2p *p, const weft_multiaddr *ma, const char *where) {
  char why[320];
  app_reservation_config cfg;
  if (p->relays_len == P2P_RELAYS) return bad_address(p, where, "too many relays");
  p2p_relay *r = &p->relays[p->relays_len];
  r->program = p;
  app_uplink_init(&r->up, &p->node, &p->tcp, &uplink_callbacks, r);
  if (app_uplink_address(&r->up, ma, why, sizeof why) != WEFT_OK) return bad_address(p, where, why);
  weft_peer_id_from_bytes(&cfg.self, p->node.identity.peer_id, sizeof p->node.identity.peer_id);
  cfg.relay = r->up.relay;
  cfg.unix_at_zero = unix_at_zero();
  if (app_reservation_address(ma, &cfg.self, &r->listen_addr) != WEFT_OK ||
      weft_multiaddr_format(&r->listen_addr, r->listen_text, sizeof r->listen_text) != WEFT_OK)
    return bad_address(p, where, "it is too long");
  app_reservation_init(&r->res, &cfg, &reservation_callbacks, r);
  p->relays_len++;
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
  if (rc == WEFT_OK) return add_text(p, f.addr, p->relay_file);
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

static void relay_up(void *user, app_uplink *u, app_peer *relay, weft_time now) {
  p2p_relay *r = user;
  p2p *p = r->program;
  app_report_step(&p->node.report, "Relay: connected to %s, %s", relay->id_text,
                  u->direct ? "webrtc-direct" : "TCP with Noise and Yamux");
  (void)app_peer_identify(relay, now);
  if (p->listen) {
    app_reservation_connected(&r->res, relay, now);
  } else if (p->wants_circuit) {
    app_session *s = p->wants_circuit;
    p->wants_circuit = NULL;
    app_session_circuit(s, relay, now);
  }
}

static void dial_next(p2p *p, const weft_closed *why, weft_time now) {
  app_session *s = p->wants_circuit;
  if (++p->relay_at < p->relays_len) {
    app_report_connecting(&p->node.report, p->relays[p->relay_at].up.text);
    app_uplink_dial(&p->relays[p->relay_at].up, now);
    return;
  }
  p->wants_circuit = NULL;
  app_session_no_circuit(s, why, why->code == WEFT_EAUTH, now);
}

static void relay_down(void *user, app_uplink *u, const weft_closed *why, weft_time now) {
  p2p_relay *r = user;
  p2p *p = r->program;
  (void)u;
  if (p->leaving) return;
  if (p->listen)
    app_reservation_disconnected(&r->res, why, now);
  else if (p->wants_circuit)
    dial_next(p, why, now);
  else
    app_report_step(&p->node.report, "Relay: connection lost: %s", why->text);
}

static const app_uplink_callbacks uplink_callbacks = {relay_up, relay_down};

void p2p_need_circuit(void *user, app_session *s, weft_time now) {
  p2p *p = user;
  for (size_t i = 0; i < p->relays_len; i++)
    if (p->relays[i].up.peer) {
      app_session_circuit(s, p->relays[i].up.peer, now);
      return;
    }
  p->wants_circuit = s;
  p->relay_at = 0;
  app_report_connecting(&p->node.report, p->relays[0].up.text);
  app_uplink_dial(&p->relays[0].up, now);
}

void p2p_relay_path(void *user, const app_circuit *c, char *local, char *remote) {
  const p2p *p = user;
  for (size_t i = 0; i < p->relays_len; i++) {
    const app_uplink *u = &p->relays[i].up;
    if (!u->peer || strcmp(u->peer->id_text, c->relay_text) != 0) continue;
    app_uplink_local(u, local);
    weft_addr_format(&u->to, remote, WEFT_ADDR_TEXT_MAX);
    return;
  }
}

/* ---- reservations ------------------------------------------------------------------------------------------------------------------ */

static void dial_relay(void *user, app_reservation *res, weft_time now) {
  p2p_relay *r = user;
  (void)res;
  app_report_connecting(&r->program->node.report, r->up.text);
  app_uplink_dial(&r->up, now);
}

/* The address of the first reservation is what the file holds. */
static void announce(p2p *p, p2p_relay *r, weft_time now) {
  p->ever_reserved = true;
  snprintf(p->saved, sizeof p->saved, "%s", r->listen_text);
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

static void on_reserved(void *user, app_reservation *res, bool first, weft_time now) {
  p2p_relay *r = user;
  p2p *p = r->program;
  app_report_reserved(&p->node.report, r->up.peer->id_text, r->listen_text, res->expire);
  if (first) app_report_listening(&p->node.report, r->listen_text);
  if (!p->ever_reserved) announce(p, r, now);
}

static bool all_failed(const p2p *p) {
  for (size_t i = 0; i < p->relays_len; i++)
    if (!p->relays[i].failed) return false;
  return true;
}

static void on_failed(void *user, app_reservation *res, const weft_closed *why, weft_time again, weft_time now) {
  p2p_relay *r = user;
  p2p *p = r->program;
  char text[WEFT_MULTIADDR_TEXT_MAX + 320], hint[160];
  if (p->leaving) return;
  r->failed = !res->ever;
  bool hopeless = !p->ever_reserved && all_failed(p);
  snprintf(text, sizeof text, "no reservation at %s: %s", r->up.text, why->text);
  snprintf(hint, sizeof hint, "it is tried again in %u s", (unsigned)(again / WEFT_SEC(1)));
  app_report_error(&p->node.report, why->layer, why->step, why->code, text, hopeless ? p2p_hint(why) : hint);
  if (hopeless) p2p_leave(p, why->code == WEFT_EAUTH ? APP_EXIT_REFUSED : APP_EXIT_NO_ANSWER, now);
}

static const app_reservation_callbacks reservation_callbacks = {dial_relay, on_reserved, on_failed};

void p2p_reserve(p2p *p, weft_time now) {
  for (size_t i = 0; i < p->relays_len && !p->leaving; i++) app_reservation_start(&p->relays[i].res, now);
}

/* ---- where direct connections start from -------------------------------------------------------------------------------------------- */

void p2p_attempt(void *user, weft_time now) {
  p2p *p = user;
  weft_addr locals[APP_GATHER_ADDRS], servers[APP_PRIVATE_STUN];
  bool loopback = false;
  size_t n = 0;
  (void)now;
  for (size_t i = 0; i < p->relays_len; i++) {
    const app_uplink *u = &p->relays[i].up;
    if (u->peer && weft_addr_is_loopback(&u->to)) loopback = true;
    if (u->peer && !p->stun_given && n < APP_PRIVATE_STUN) servers[n++] = u->to; /* same number over UDP */
  }
  for (size_t i = 0; i < p->stun_len; i++) servers[n++] = p->stun[i];
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
  for (size_t i = 0; i < p->relays_len; i++) app_uplink_close(&p->relays[i].up, now);
}

bool p2p_relays_busy(const p2p *p) {
  for (size_t i = 0; i < p->relays_len; i++)
    if (app_uplink_busy(&p->relays[i].up)) return true;
  return p->tcp.lingering_len > 0;
}

void p2p_relays_tick(p2p *p, weft_time now) {
  for (size_t i = 0; i < p->relays_len; i++) {
    app_uplink_tick(&p->relays[i].up, now);
    if (p->listen && !p->leaving && app_reservation_deadline(&p->relays[i].res) <= now)
      app_reservation_tick(&p->relays[i].res, now);
  }
}

weft_time p2p_relays_deadline(const p2p *p) {
  weft_time at = WEFT_NEVER;
  for (size_t i = 0; i < p->relays_len; i++) {
    weft_time a = app_uplink_deadline(&p->relays[i].up), b = WEFT_NEVER;
    if (p->listen && !p->leaving) b = app_reservation_deadline(&p->relays[i].res);
    if (a < at) at = a;
    if (b < at) at = b;
  }
  return at;
}
