#include "test/support/private_world.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timer.h"
#include "test/support/clock.h"

static void fail(const char *what) {
  fprintf(stderr, "private_world: %s\n", what);
  abort();
}

static weft_dtls_cert *cert_of(uint8_t number) {
  static weft_dtls_cert *made[4];
  uint8_t seed[32] = {(uint8_t)(number + 1)};
  if (!made[number] && weft_dtls_cert_new(&made[number], seed, NULL) != WEFT_OK) fail("certificate");
  return made[number];
}

private_side *private_world_peer(private_side *s) { return &s->w->sides[!s->index]; }

/* ---- the signaling stream ---- */

static size_t under_way(const private_pipe *q) { return q->len - q->heard; }

static void write_pipe(private_side *s, const uint8_t *data, size_t len, weft_time now) {
  private_pipe *q = &s->pipe;
  if (q->len + len > sizeof q->said || q->writes_len == sizeof q->writes / sizeof q->writes[0]) fail("too much said");
  memcpy(q->said + q->len, data, len);
  if (s->w->tap) s->w->tap(s, q->said + q->len, len);
  for (size_t i = 0; i < len; i++) s->w->said_hash = (s->w->said_hash ^ q->said[q->len + i]) * UINT64_C(0x100000001b3);
  q->len += len;
  q->writes[q->writes_len].end = q->len;
  q->writes[q->writes_len++].at = weft_time_add(now, q->delay);
}

static ptrdiff_t on_stream_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  private_side *s = user;
  private_pipe *q = &s->pipe;
  size_t room = q->room == 0 ? len : q->room > under_way(q) ? q->room - under_way(q) : 0;
  size_t n = len < room ? len : room;
  if (q->reset || q->ended) return WEFT_ECLOSED;
  if (n < len) q->blocked = true;
  if (n > 0) write_pipe(s, data, n, now);
  return n > 0 ? (ptrdiff_t)n : WEFT_EAGAIN;
}

void private_world_say(private_side *s, const void *data, size_t len) { write_pipe(s, data, len, s->w->now); }

static void end_pipe(private_side *s, bool reset, weft_time now) {
  private_pipe *q = &s->pipe;
  if (q->ended || q->reset) return;
  q->ended = !reset;
  q->reset = reset;
  q->end_at = weft_time_add(now, q->delay);
}

static weft_time pipe_deadline(const private_pipe *q) {
  weft_time at = q->writes_done < q->writes_len ? q->writes[q->writes_done].at : WEFT_NEVER;
  if ((q->ended && !q->end_told) || (q->reset && !q->reset_told)) at = weft_time_min(at, q->end_at);
  return at;
}

static void hear(private_side *to, private_pipe *q, size_t end) {
  while (q->heard < end) {
    size_t n = end - q->heard;
    if (q->cut > 0 && n > q->cut) n = q->cut;
    const uint8_t *at = q->said + q->heard;
    q->heard += n;
    if (to->p) (void)weft_private_stream_input(to->p, at, n, to->w->now);
    if (!to->p && to->hear) to->hear(to, at, n);
  }
}

static void deliver_pipe(private_side *from) {
  private_pipe *q = &from->pipe;
  private_side *to = private_world_peer(from);
  weft_time now = from->w->now;
  while (q->writes_done < q->writes_len && q->writes[q->writes_done].at <= now)
    hear(to, q, q->writes[q->writes_done++].end);
  if (q->blocked && (q->room == 0 || under_way(q) < q->room)) {
    q->blocked = false;
    if (from->p) (void)weft_private_stream_writable(from->p, now);
  }
  if (q->ended && !q->end_told && q->end_at <= now) {
    q->end_told = true;
    if (to->p) (void)weft_private_stream_end(to->p, now);
  }
  if (q->reset && !q->reset_told && q->end_at <= now) {
    q->reset_told = true;
    if (to->p) (void)weft_private_stream_reset(to->p, now);
  }
}

/* ---- the connection ---- */

static int send_datagram(private_side *s, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                         size_t len, weft_time now) {
  private_world *w = s->w;
  return w->send ? w->send(w->user, local, remote, data, len, now) : net_send(&w->net, local, remote, data, len, now);
}

static int on_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                     weft_time now) {
  return send_datagram(user, local, remote, data, len, now);
}

static void keep_closed(weft_closed *dst, char text[PRIVATE_WORLD_TEXT], const weft_closed *src) {
  *dst = *src;
  snprintf(text, PRIVATE_WORLD_TEXT, "%s", src->text ? src->text : "");
  dst->text = text;
}

static void note_conn(private_side *s, const weft_webrtc_event *ev) {
  if (ev->type == WEFT_WEBRTC_EVENT_READY) {
    s->ready++;
    s->peer_id_len = ev->peer_id_len;
    if (ev->peer_id) memcpy(s->peer_id, ev->peer_id, ev->peer_id_len);
  } else if (!s->ready) {
    s->late_event = true;
  }
  if (ev->type == WEFT_WEBRTC_EVENT_PATH) {
    s->paths++;
    s->local = *ev->local;
    s->remote = *ev->remote;
  }
  if (ev->type == WEFT_WEBRTC_EVENT_CLOSED) {
    s->conn_closed++;
    keep_closed(&s->conn_why, s->conn_text, &ev->closed);
  }
}

static void on_conn_event(void *user, weft_webrtc *c, const weft_webrtc_event *ev, weft_time now) {
  private_side *s = user;
  note_conn(s, ev);
  if (s->w->on_webrtc) s->w->on_webrtc(s, ev, now);
  if (ev->type != WEFT_WEBRTC_EVENT_CLOSED || s->c != c) return;
  s->c = NULL;
  weft_webrtc_free(c);
}

weft_webrtc_callbacks private_world_callbacks(void) {
  weft_webrtc_callbacks cb = {sizeof cb, on_output, on_conn_event};
  return cb;
}

bool private_world_take(private_side *s, weft_time now) {
  weft_webrtc_callbacks cb = private_world_callbacks();
  s->c = weft_private_take(s->p, &cb, s);
  if (s->c) end_pipe(s, false, now);
  return s->c != NULL;
}

/* ---- the exchange ---- */

static void note_candidate(private_side *s, const weft_private_event *ev) {
  if (ev->remote_candidate) {
    s->candidates_remote++;
    return;
  }
  if (s->candidates_local < PRIVATE_WORLD_CANDIDATES) s->candidates[s->candidates_local] = *ev->candidate;
  s->candidates_local++;
}

static void note(private_side *s, const weft_private_event *ev, weft_time now) {
  if (s->closed_seen) s->late_event = true;
  if (ev->type == WEFT_PRIVATE_EVENT_STEP && s->steps_len < PRIVATE_WORLD_STEPS) s->steps[s->steps_len++] = ev->text;
  if (ev->type == WEFT_PRIVATE_EVENT_CANDIDATE) note_candidate(s, ev);
  if (ev->type == WEFT_PRIVATE_EVENT_SELECTED) {
    if (s->selected++ == 0) s->selected_at = now;
    s->local = *ev->local;
    s->remote = *ev->remote;
    s->local_type = ev->local_type;
    s->remote_type = ev->remote_type;
  }
  if (ev->type == WEFT_PRIVATE_EVENT_CONNECTED) {
    s->connected++;
    s->connected_at = now;
  }
  if (ev->type == WEFT_PRIVATE_EVENT_CLOSED) {
    s->closed_seen++;
    keep_closed(&s->closed, s->closed_text, &ev->closed);
  }
}

static void on_private_event(void *user, const weft_private_event *ev, weft_time now) {
  private_side *s = user;
  note(s, ev, now);
  if (s->w->on_private) s->w->on_private(s, ev, now);
  if (ev->type == WEFT_PRIVATE_EVENT_CONNECTED && !s->keep && s->p) (void)private_world_take(s, now);
  if (ev->type == WEFT_PRIVATE_EVENT_CLOSED) end_pipe(s, true, now);
}

static void on_datagram(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                        weft_time now) {
  private_side *s = user;
  if (s->w->arrives && !s->w->arrives(s->w->user, s, local, remote, now)) return;
  if (s->c)
    (void)weft_webrtc_input(s->c, local, remote, data, len, now);
  else if (s->p)
    (void)weft_private_input(s->p, local, remote, data, len, now);
}

/* ---- life ---- */

static void prepare_side(private_world *w, int i, uint64_t seed, const weft_alloc *alloc) {
  static const uint8_t peer_ids[2][4] = {{0, 2, 'B', 'b'}, {0, 2, 'A', 'a'}};
  private_side *s = &w->sides[i];
  s->w = w;
  s->index = i;
  weft_private_config_default(&s->cfg);
  s->cfg.webrtc.rng = test_rng_init(&w->rngs[i], seed * 2 + (uint64_t)i);
  s->cfg.webrtc.alloc = alloc;
  s->cfg.webrtc.cert = w->certs[i] = cert_of((uint8_t)i);
  s->cfg.offerer = i == 0;
  s->cfg.peer_id = peer_ids[i];
  s->cfg.peer_id_len = sizeof peer_ids[i];
  s->cb = (weft_private_callbacks){sizeof s->cb, on_stream_output, on_output, on_private_event};
  s->pipe.delay = WEFT_MS(10);
  s->stun.family = WEFT_AF_NONE;
}

void private_world_prepare(private_world *w, uint64_t seed, const weft_alloc *alloc) {
  if (sodium_init() < 0) fail("sodium");
  memset(w, 0, sizeof *w);
  net_init(&w->net, seed);
  w->said_hash = UINT64_C(0xcbf29ce484222325);
  w->now = WEFT_SEC(1);
  test_clock_set(w->now);
  for (int i = 0; i < 2; i++) prepare_side(w, i, seed, alloc);
  private_world_set_addr(&w->sides[0], "10.0.0.1:5000");
  private_world_set_addr(&w->sides[1], "10.0.0.2:6000");
}

void private_world_set_addr(private_side *s, const char *addr) {
  s->addrs[0] = net_addr(addr);
  s->addrs_len = 1;
}

void private_world_bind(private_side *s) {
  for (size_t i = 0; i < s->addrs_len; i++) {
    net_bind(&s->w->net, &s->addrs[i], on_datagram, s);
    net_link_of(&s->w->net, &s->addrs[i])->delay = WEFT_MS(10);
  }
}

bool private_world_make(private_side *s) {
  private_world_bind(s);
  if (weft_private_new(&s->p, &s->cfg, &s->cb, s) != WEFT_OK) return false;
  for (size_t i = 0; i < s->addrs_len; i++)
    if (weft_private_add_local(s->p, &s->addrs[i], s->w->now) != WEFT_OK) return false;
  return s->stun.family == WEFT_AF_NONE || weft_private_add_stun_server(s->p, &s->stun, s->w->now) == WEFT_OK;
}

bool private_world_start(private_world *w) {
  if (!private_world_make(&w->sides[0]) || !private_world_make(&w->sides[1])) return false;
  return weft_private_start(w->sides[1].p, w->now) == WEFT_OK && weft_private_start(w->sides[0].p, w->now) == WEFT_OK;
}

static void free_side(private_side *s) {
  weft_webrtc *c = s->c;
  weft_private *p = s->p;
  s->c = NULL;
  s->p = NULL;
  weft_webrtc_free(c);
  weft_private_free(p);
}

void private_world_again(private_world *w) {
  for (int i = 0; i < 2; i++) {
    private_side *s = &w->sides[i];
    free_side(s);
    for (size_t j = 0; j < s->addrs_len; j++) net_unbind(&w->net, &s->addrs[j]);
    private_side fresh = {.w = w,
                          .index = i,
                          .cfg = s->cfg,
                          .addrs_len = s->addrs_len,
                          .stun = s->stun,
                          .keep = s->keep,
                          .cb = s->cb,
                          .hear = s->hear,
                          .data = s->data};
    fresh.pipe.delay = s->pipe.delay;
    memcpy(fresh.addrs, s->addrs, sizeof fresh.addrs);
    *s = fresh;
  }
}

void private_world_end(private_world *w) {
  for (int i = 0; i < 2; i++) free_side(&w->sides[i]);
  net_free(&w->net);
}

/* ---- time ---- */

static weft_time side_deadline(const private_side *s) {
  weft_time at = pipe_deadline(&s->pipe);
  if (s->p) at = weft_time_min(at, weft_private_deadline(s->p));
  if (s->c) at = weft_time_min(at, weft_webrtc_deadline(s->c));
  return at;
}

static void tick_side(private_side *s) {
  weft_time now = s->w->now;
  if (s->p && weft_private_deadline(s->p) <= now) {
    (void)weft_private_tick(s->p, now);
    if (s->p && weft_private_deadline(s->p) <= now && !s->c) s->w->livelock = true;
  }
  if (s->c && weft_webrtc_deadline(s->c) <= now) {
    (void)weft_webrtc_tick(s->c, now);
    if (s->c && weft_webrtc_deadline(s->c) <= now) s->w->livelock = true;
  }
}

bool private_world_step(private_world *w, weft_time until) {
  weft_time at =
      weft_time_min(net_deadline(&w->net), weft_time_min(side_deadline(&w->sides[0]), side_deadline(&w->sides[1])));
  if (at > until || at == WEFT_NEVER || w->livelock) {
    if (until != WEFT_NEVER && until > w->now) w->now = until;
    return false;
  }
  w->steps++;
  w->now = weft_time_max(w->now, at);
  test_clock_set(w->now);
  net_deliver(&w->net, w->now);
  for (int i = 0; i < 2; i++) deliver_pipe(&w->sides[i]);
  for (int i = 0; i < 2; i++) tick_side(&w->sides[i]);
  return true;
}

bool private_world_run(private_world *w, weft_time until, bool (*done)(private_world *w)) {
  while (!done || !done(w))
    if (!private_world_step(w, until)) return done && done(w);
  return true;
}

bool private_world_ready(private_world *w) { return w->sides[0].ready && w->sides[1].ready; }
bool private_world_closed(private_world *w) { return w->sides[0].closed_seen && w->sides[1].closed_seen; }
