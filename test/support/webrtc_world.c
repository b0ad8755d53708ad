#include "test/support/webrtc_world.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timer.h"
#include "test/support/clock.h"
#include "webrtc/webrtc_int.h"

static void fail(const char *what, int rc) {
  fprintf(stderr, "world: %s: %s\n", what, weft_strerror(rc));
  abort();
}

/* Making one takes milliseconds, and they are immutable. */
static weft_dtls_cert *cert_of(uint8_t number) {
  static weft_dtls_cert *made[4];
  uint8_t seed[32] = {number};
  if (made[number]) return made[number];
  int rc = weft_dtls_cert_new(&made[number], seed, NULL);
  if (rc != WEFT_OK) fail("certificate", rc);
  return made[number];
}

/* ---- events ---- */

static void keep(weft_closed *dst, char text[WORLD_TEXT], const weft_closed *src) {
  *dst = *src;
  snprintf(text, WORLD_TEXT, "%s", src->text ? src->text : "");
  dst->text = text;
}

static void note(world_side *s, const weft_webrtc_event *ev) {
  if (ev->type == WEFT_WEBRTC_EVENT_STEP) s->steps |= 1u << ev->step;
  if (ev->type == WEFT_WEBRTC_EVENT_PATH) s->paths++;
  if (ev->type == WEFT_WEBRTC_EVENT_READY) s->ready = true;
  if (ev->type == WEFT_WEBRTC_EVENT_CLOSED) {
    s->closed_seen = true;
    keep(&s->closed, s->text, &ev->closed);
  }
}

static void finish(world_side *s, const weft_webrtc_event *ev, weft_webrtc *c, weft_time now) {
  note(s, ev);
  if (s->w->on_event) s->w->on_event(s, ev, now);
  if (ev->type != WEFT_WEBRTC_EVENT_CLOSED || !s->c) return;
  s->c = NULL;
  weft_webrtc_free(c);
}

static void client_event(void *user, weft_webrtc *c, const weft_webrtc_event *ev, weft_time now) {
  finish(user, ev, c, now);
}

static void server_event(void *user, weft_webrtc *c, const weft_webrtc_event *ev, weft_time now) {
  world *w = user;
  if (ev->type == WEFT_WEBRTC_EVENT_REFUSED) {
    w->refused++;
    keep(&w->last_refused, w->refused_text, &ev->closed);
    return;
  }
  if (ev->type == WEFT_WEBRTC_EVENT_READY) {
    if (w->accepted_len == WORLD_DIALERS) abort();
    world_side *fresh = &w->accepted[w->accepted_len++];
    *fresh = (world_side){.w = w, .c = c, .server = true};
    weft_webrtc_set_data(c, fresh);
  }
  world_side *s = weft_webrtc_get_data(c);
  if (!s) abort(); /* an event before READY */
  finish(s, ev, c, now);
}

static int client_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                         weft_time now) {
  world_side *s = user;
  return net_send(&s->w->net, local, remote, data, len, now);
}

static int server_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                         weft_time now) {
  world *w = user;
  return net_send(&w->net, local, remote, data, len, now);
}

static void to_server(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                      weft_time now) {
  world *w = user;
  if (w->listener) weft_webrtc_listener_input(w->listener, local, remote, data, len, now);
}

static void to_client(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                      weft_time now) {
  world_side *s = user;
  if (s->c) weft_webrtc_input(s->c, local, remote, data, len, now);
}

/* ---- life ---- */

static void config(world *w, weft_webrtc_config *cfg, const weft_rng *rng, const weft_identity *id,
                   const weft_dtls_cert *cert) {
  weft_webrtc_config_default(cfg);
  cfg->rng = *rng;
  cfg->alloc = w->alloc;
  cfg->identity = id;
  cfg->cert = cert;
}

void world_prepare(world *w, uint64_t seed, const weft_alloc *alloc) {
  static const uint8_t server_seed[32] = {1}, client_seed[32] = {2};
  if (sodium_init() < 0) fail("sodium", WEFT_EINTERNAL);
  memset(w, 0, sizeof *w);
  net_init(&w->net, seed);
  w->alloc = alloc;
  w->now = WEFT_SEC(1);
  test_clock_set(w->now);
  weft_rng server_rng = test_rng_init(&w->rng, seed * 2 + 1), client_rng = test_rng_init(&w->client_rng, seed * 2 + 2);
  weft_identity_from_seed(&w->server_id, server_seed);
  weft_identity_from_seed(&w->client_id, client_seed);
  w->server_cert = cert_of(1);
  w->client_cert = cert_of(2);
  w->server_addr = net_addr("10.0.0.1:4001");
  config(w, &w->server_cfg, &server_rng, &w->server_id, w->server_cert);
  config(w, &w->client_cfg, &client_rng, &w->client_id, w->client_cert);
  w->client_cfg.remote = w->server_addr;
  w->client_cfg.certhash = weft_dtls_cert_fingerprint(w->server_cert);
  w->client_cfg.expected_peer = w->server_id.peer_id;
  w->client_cfg.expected_peer_len = sizeof w->server_id.peer_id;
  net_bind(&w->net, &w->server_addr, to_server, w);
  for (size_t i = 0; i < WORLD_DIALERS; i++) {
    world_side *s = &w->dialers[i];
    s->w = w;
    s->addr = net_addr("10.0.0.2:5000");
    s->addr.port = (uint16_t)(s->addr.port + i);
    net_bind(&w->net, &s->addr, to_client, s);
  }
}

bool world_try_listen(world *w) {
  weft_webrtc_callbacks cb = {sizeof cb, server_output, server_event};
  return weft_webrtc_listen(&w->listener, &w->server_cfg, &cb, w) == WEFT_OK;
}

void world_listen(world *w) {
  if (!world_try_listen(w)) fail("listen", WEFT_EINVAL);
}

void world_init(world *w, uint64_t seed, const weft_alloc *alloc) {
  world_prepare(w, seed, alloc);
  world_listen(w);
}

/* weft_webrtc_dial chooses the user name itself. */
static int dial_named(world *w, world_side *s, const weft_webrtc_callbacks *cb) {
  const uint8_t(*pin)[WEFT_DTLS_FINGERPRINT_LEN] = (const uint8_t(*)[WEFT_DTLS_FINGERPRINT_LEN])w->client_cfg.certhash;
  weft_webrtc_setup setup = {.dtls_client = true,
                             .controlling = true,
                             .allow_loopback = true,
                             .secured = true,
                             .version = 1,
                             .ufrag = w->ufrag,
                             .pwd = w->ufrag,
                             .pins = pin,
                             .pins_len = 1,
                             .setup_limit = WEFT_SEC(30)};
  weft_webrtc_config full;
  int rc = weft_webrtc_check_config(&w->client_cfg, &full);
  if (rc == WEFT_OK) rc = weft_webrtc_new(&s->c, &full, &setup, cb, s);
  return rc == WEFT_OK ? weft_ice_set_remote(s->c->ice, w->ufrag, w->ufrag) : rc;
}

bool world_try_dial(world *w, size_t index) {
  world_side *s = &w->dialers[index];
  weft_webrtc_callbacks cb = {sizeof cb, client_output, client_event};
  int rc = w->ufrag ? dial_named(w, s, &cb) : weft_webrtc_dial(&s->c, &w->client_cfg, &cb, s);
  return rc == WEFT_OK && weft_webrtc_start(s->c, &s->addr, w->now) == WEFT_OK;
}

world_side *world_dial(world *w, size_t index) {
  if (!world_try_dial(w, index)) fail("dial", WEFT_EINVAL);
  return &w->dialers[index];
}

void world_end(world *w) {
  for (size_t i = 0; i < WORLD_DIALERS; i++) {
    weft_webrtc *c = w->dialers[i].c;
    w->dialers[i].c = NULL;
    weft_webrtc_free(c);
  }
  weft_webrtc_listener_free(w->listener);
  w->listener = NULL;
  net_free(&w->net);
}

/* ---- time ---- */

static weft_time deadline(const world *w) {
  weft_time at = net_deadline(&w->net);
  if (w->listener) at = weft_time_min(at, weft_webrtc_listener_deadline(w->listener));
  for (size_t i = 0; i < WORLD_DIALERS; i++)
    if (w->dialers[i].c) at = weft_time_min(at, weft_webrtc_deadline(w->dialers[i].c));
  return at;
}

static void moved(world *w, const char *whose, weft_time at) {
  if (at > w->now) return;
  if (!w->livelock) fprintf(stderr, "world: the %s's deadline stays at %llu\n", whose, (unsigned long long)at);
  w->livelock = true;
}

static void tick(world *w) {
  if (w->listener && weft_webrtc_listener_deadline(w->listener) <= w->now)
    weft_webrtc_listener_tick(w->listener, w->now);
  for (size_t i = 0; i < WORLD_DIALERS; i++) {
    weft_webrtc *c = w->dialers[i].c;
    if (!c || weft_webrtc_deadline(c) > w->now) continue;
    weft_webrtc_tick(c, w->now);
    c = w->dialers[i].c;
    if (c) moved(w, "dialer", weft_webrtc_deadline(c));
  }
  if (w->listener) moved(w, "listener", weft_webrtc_listener_deadline(w->listener));
}

bool world_step(world *w, weft_time until) {
  weft_time at = deadline(w);
  if (at > until || w->livelock) {
    if (until != WEFT_NEVER && until > w->now) w->now = until;
    return false;
  }
  w->steps++;
  w->now = weft_time_max(w->now, at);
  test_clock_set(w->now);
  net_deliver(&w->net, w->now);
  tick(w);
  return true;
}

bool world_run(world *w, weft_time until, bool (*done)(world *w)) {
  while (!done || !done(w))
    if (!world_step(w, until)) return done && done(w);
  return true;
}

bool world_all_ready(world *w) {
  size_t dialled = 0, ready = 0;
  for (size_t i = 0; i < WORLD_DIALERS; i++) {
    dialled += w->dialers[i].c != NULL;
    ready += w->dialers[i].ready;
  }
  return dialled > 0 && ready == dialled && w->accepted_len >= dialled;
}
