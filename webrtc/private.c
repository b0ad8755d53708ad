/* A private-to-private connection: entries, events, the end. What follows from a call is done in settle(), when the outermost one ends. */
#include <string.h>

#include "base/bytes.h"
#include "webrtc/private_int.h"

enum { IN_MAX = WEFT_SIGNALING_MESSAGE_MAX + 3 /* with its length */ };

void weft_private_config_init(weft_private_config *c, size_t size) {
  weft_private_config d = {.size = sizeof d, .limit = WEFT_SEC(10)}; /* the 10 s of js-libp2p's inbound side */
  weft_webrtc_config_default(&d.webrtc);
  c->size = size;
  weft_sized_copy(c, size, &d);
}

/* ---- making ---- */

static bool complete(const weft_private *p) {
  return p->cb.stream_output && p->cb.output && p->cb.event && p->cfg.limit > 0 && p->cfg.limit != WEFT_NEVER &&
         p->cfg.peer_id_len <= WEFT_PEER_ID_MAX && (p->cfg.peer_id || p->cfg.peer_id_len == 0);
}

static void destroy(weft_private *p) {
  weft_alloc alloc = p->alloc;
  weft_webrtc_free(p->c);
  weft_buf_free(&p->in);
  weft_buf_free(&p->out);
  weft_wipe(p, sizeof *p);
  weft_mem_free(&alloc, p, sizeof *p);
}

int weft_private_new(weft_private **out, const weft_private_config *cfg, const weft_private_callbacks *cb, void *user) {
  weft_private_config full;
  *out = NULL;
  weft_private_config_default(&full);
  weft_sized_copy(&full, sizeof full, cfg);
  weft_private *p = weft_mem_new(full.webrtc.alloc, sizeof *p);
  if (!p) return WEFT_ENOMEM;
  p->cfg = full;
  p->alloc = *weft_alloc_or_libc(full.webrtc.alloc);
  p->user = user;
  p->limit_at = WEFT_NEVER;
  p->mid[0] = '0';
  weft_sized_copy(&p->cb, sizeof p->cb, cb);
  weft_buf_init(&p->in, &p->alloc, IN_MAX);
  weft_buf_init(&p->out, &p->alloc, WEFT_PRIVATE_OUT_MAX);
  int rc = complete(p) ? weft_private_make(p) : WEFT_EINVAL;
  p->cfg.peer_id = NULL;
  p->cfg.webrtc.alloc = &p->alloc;
  if (rc == WEFT_OK)
    *out = p;
  else
    destroy(p);
  return rc;
}

void weft_private_free(weft_private *p) {
  if (!p) return;
  if (p->q.depth > 0)
    p->q.free_pending = true;
  else
    destroy(p);
}

/* ---- telling ---- */

bool weft_private_alive(const weft_private *p) {
  return p->stage < WEFT_PRIVATE_TAKEN && !p->ending && !p->q.free_pending;
}

void weft_private_raise(weft_private *p, const weft_private_event *ev) {
  if (!p->q.free_pending) p->cb.event(p->user, ev, p->now);
}

void weft_private_step(weft_private *p, const char *text) {
  weft_private_event ev = {.type = WEFT_PRIVATE_EVENT_STEP, .text = text};
  if (weft_private_alive(p)) weft_private_raise(p, &ev);
}

void weft_private_fail(weft_private *p, const weft_closed *why) {
  if (!weft_private_alive(p)) return;
  const char *text = why->text ? why->text : weft_strerror(why->code);
  size_t n = strlen(text) < sizeof p->closed_text ? strlen(text) : sizeof p->closed_text - 1;
  p->ending = true;
  p->closed = *why;
  memcpy(p->closed_text, text, n);
  p->closed_text[n] = 0;
  p->closed.text = p->closed_text;
}

void weft_private_fail_here(weft_private *p, weft_who who, const char *step, int code, const char *text) {
  weft_closed why = {.who = who, .layer = "webrtc", .step = step, .code = code, .text = text};
  weft_private_fail(p, &why);
}

static void tell_connected(weft_private *p) {
  weft_private_event ev = {.type = WEFT_PRIVATE_EVENT_CONNECTED};
  p->stage = WEFT_PRIVATE_CONNECTED;
  p->limit_at = WEFT_NEVER;
  weft_private_raise(p, &ev);
}

static void tell_closed(weft_private *p) {
  weft_private_event ev = {.type = WEFT_PRIVATE_EVENT_CLOSED, .closed = p->closed};
  weft_webrtc *c = p->c;
  (void)weft_webrtc_close(c, p->closed.code, p->now); /* `ending` is set: it has nobody to tell */
  p->c = NULL;
  p->ending = false;
  p->stage = WEFT_PRIVATE_ENDED;
  weft_webrtc_free(c);
  weft_private_raise(p, &ev);
}

/* ---- entry and exit ---- */

static void enter(weft_private *p, weft_time now) {
  p->now = weft_time_max(p->now, now);
  weft_evq_enter(&p->q);
}

static void settle(weft_private *p) {
  weft_private_flush(p);
  if (weft_private_alive(p) && p->stage == WEFT_PRIVATE_CONNECTING && weft_private_is_up(p)) tell_connected(p);
  if (p->ending && !p->q.free_pending) tell_closed(p);
}

static void leave(weft_private *p) {
  if (weft_evq_outermost(&p->q)) settle(p);
  if (weft_evq_leave(&p->q)) destroy(p);
}

/* ---- calls ---- */

/* What the agent is told before it begins. */
static int tell_agent(weft_private *p, int (*what)(weft_ice *, const weft_addr *, weft_time), const weft_addr *addr,
                      weft_time now) {
  if (p->stage != WEFT_PRIVATE_IDLE || p->ending) return WEFT_ESTATE;
  enter(p, now);
  weft_webrtc_enter(p->c, p->now);
  int rc = what(p->c->ice, addr, p->now);
  weft_webrtc_leave(p->c);
  leave(p);
  return rc;
}

int weft_private_add_local(weft_private *p, const weft_addr *base, weft_time now) {
  return tell_agent(p, weft_ice_add_local, base, now);
}

int weft_private_add_stun_server(weft_private *p, const weft_addr *server, weft_time now) {
  return tell_agent(p, weft_ice_add_stun_server, server, now);
}

int weft_private_add_remote(weft_private *p, const weft_ice_candidate *c, weft_time now) {
  if (p->stage == WEFT_PRIVATE_IDLE || !weft_private_alive(p)) return WEFT_ESTATE;
  enter(p, now);
  weft_private_add_candidate(p, c);
  leave(p);
  return WEFT_OK;
}

int weft_private_start(weft_private *p, weft_time now) {
  if (p->stage != WEFT_PRIVATE_IDLE || p->ending) return WEFT_ESTATE;
  enter(p, now);
  p->stage = WEFT_PRIVATE_WAITING;
  p->limit_at = weft_time_add(p->now, p->cfg.limit);
  int rc = weft_private_begin(p);
  if (rc == WEFT_OK && p->cfg.offerer && weft_private_alive(p)) weft_private_say_description(p, WEFT_SDP_ACTPASS);
  leave(p);
  return rc;
}

int weft_private_stream_input(weft_private *p, const uint8_t *data, size_t len, weft_time now) {
  if (p->stage == WEFT_PRIVATE_IDLE && !p->ending) return WEFT_ESTATE;
  if (p->stage > WEFT_PRIVATE_CONNECTING) return WEFT_OK;
  enter(p, now);
  weft_private_hear(p, data, len);
  leave(p);
  return WEFT_OK;
}

int weft_private_stream_writable(weft_private *p, weft_time now) {
  if (p->stage >= WEFT_PRIVATE_TAKEN) return WEFT_OK;
  enter(p, now);
  leave(p);
  return WEFT_OK;
}

/* js-libp2p's answerer closes the stream as soon as its side is up: then it is no news. */
int weft_private_stream_end(weft_private *p, weft_time now) {
  if (p->stage > WEFT_PRIVATE_WAITING) return WEFT_OK;
  enter(p, now);
  weft_private_fail_here(p, WEFT_WHO_PEER, "signaling", WEFT_ECLOSED,
                         "the peer ended the signaling stream before its description");
  leave(p);
  return WEFT_OK;
}

/* It says that the peer's side has failed, but for one case: an answerer that is up has closed the stream, and a candidate of ours came after
 * that. Then its DTLS is up, so is ours, and the connection itself tells how it goes on. */
int weft_private_stream_reset(weft_private *p, weft_time now) {
  if (p->stage > WEFT_PRIVATE_CONNECTING || (p->c && p->c->stage >= WEFT_WEBRTC_SCTP)) return WEFT_OK;
  enter(p, now);
  weft_private_fail_here(p, WEFT_WHO_PEER, "signaling", WEFT_ERESET,
                         "the peer reset the signaling stream: its side of the set-up failed");
  leave(p);
  return WEFT_OK;
}

int weft_private_input(weft_private *p, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                       size_t len, weft_time now) {
  if (!p->c || p->ending) return WEFT_OK;
  enter(p, now);
  (void)weft_webrtc_input(p->c, local, remote, data, len, p->now);
  leave(p);
  return WEFT_OK;
}

int weft_private_tick(weft_private *p, weft_time now) {
  if (!p->c || p->ending) return WEFT_OK;
  enter(p, now);
  if (weft_time_due(p->limit_at, p->now)) {
    const char *step, *text = weft_private_slow(p, &step);
    weft_private_fail_here(p, WEFT_WHO_TIMEOUT, step, WEFT_ETIMEDOUT, text);
  } else {
    (void)weft_webrtc_tick(p->c, p->now);
  }
  leave(p);
  return WEFT_OK;
}

weft_time weft_private_deadline(const weft_private *p) {
  if (!p->c || p->ending) return WEFT_NEVER;
  return weft_time_min(p->limit_at, weft_webrtc_deadline(p->c));
}

int weft_private_close(weft_private *p, int code, weft_time now) {
  if (p->stage >= WEFT_PRIVATE_TAKEN || p->ending) return WEFT_ECLOSED;
  enter(p, now);
  weft_private_fail_here(p, WEFT_WHO_SELF, "close", code, code == WEFT_OK ? "closed here" : weft_strerror(code));
  leave(p);
  return WEFT_OK;
}
